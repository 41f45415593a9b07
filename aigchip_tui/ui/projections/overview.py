"""The first screen: what was asked, what was found, what is going on, what waits."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from aigchip_tui.engine.making import build_of, workload_of
from aigchip_tui.model.crippled import KindCost, kind_costs
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.figures import digits
from aigchip_tui.model.module import Setting
from aigchip_tui.model.proof import FINAL_DESIGN_RUNGS
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.state import CAP_REACHED
from aigchip_tui.model.summary import LADDER
from aigchip_tui.ui.projections.glyphs import Glyphs
from aigchip_tui.ui.projections.ladder import WORDS, ladder
from aigchip_tui.ui.projections.scatter import scatter
from aigchip_tui.ui.projections.status import KIND_ROLES
from aigchip_tui.ui.projections.text import Line, Role, Span, beside, crop, crop_line, plain, width_of, wrap
from aigchip_tui.ui.projections.views import DesignView, Snapshot, design_ladder


def overview_lines(snapshot: Snapshot, *, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """All lines of the screen for its size."""
    head = request_lines(snapshot, width)
    left_width = width - facts_width(width) - 2
    plot = plot_lines(snapshot, width=left_width, height=height - len(head), glyphs=glyphs)
    facts = [crop_line(line, facts_width(width)) for line in fact_lines(snapshot, facts_width(width))]
    return [crop_line(line, width) for line in (*head, *beside(plot, facts, left_width=left_width, bar=glyphs.bar))]


def facts_width(width: int) -> int:
    """Columns of the facts beside the plot."""
    return 36 if width < 100 else 50


def plot_lines(snapshot: Snapshot, *, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The plot, not higher than half its width."""
    return scatter(snapshot, width=min(width, 100), height=min(height, max(12, width // 2), 34), glyphs=glyphs)


def request_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """The request in the words of the human, and what became of them."""
    s = snapshot.settings
    lines: list[Line] = []
    if s.request:
        pieces = wrap(plain(s.request), width - 2)
        lines += [((f" {piece}", "head"),) for piece in pieces[:2]]
    goal = "least latency" if s.goal.minimise == "latency" else "fewest DSP"
    limit = f", under {s.goal.latency_limit_ms:g} ms" if s.goal.latency_limit_ms else ""
    sums = ", raw sums" if s.output == "raw" else ""
    dsp = f", <= {s.dsp_limit} DSP in the array" if s.dsp_limit else ""
    lines.append((
        (f" {plain(s.workload)} on {plain(s.device)}, {s.precision}{sums}, {s.clock_mhz} MHz{dsp}; {goal}{limit}", ""),
    ))
    if s.understanding.assumed:
        words = ", ".join(f"{k} = {v} ({why})" for k, v, why in s.understanding.assumed)
        lines.append(((crop(f" assumed: {plain(words)}", width), "dim"),))
    if s.understanding.not_understood:
        words = ", ".join(s.understanding.not_understood)
        lines.append(((crop(f" not understood: {plain(words)}", width), "warn"),))
    if snapshot.read_only:
        lines.append(((crop(f" read-only: {plain(snapshot.read_only)}", width), "wait"),))
    lines.extend(((crop(f" damaged: {plain(each)}", width), "bad"),) for each in snapshot.damaged[:2])
    return [*lines, ()]


def fact_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """The best design, the front, the work under way, and what waits."""
    lines: list[Line] = []
    if snapshot.open:
        n = len(snapshot.open)
        lines.append(((f"? {n} question{'s' if n > 1 else ''} for you", "wait"), ("  press 4", "key")))
    lines += best_lines(snapshot, width)
    lines += [(), *activity_lines(snapshot, width)]
    front = [snapshot.designs[n] for n in snapshot.front if n in snapshot.designs]
    if len(front) > 1:
        lines += [(), (("Front", "head"), ("  least latency first", "dim"))]
        for design in front[:12]:
            assert design.figures is not None
            f = design.figures
            lines.append((
                (f"{design.id} ", "key" if design.number == snapshot.best else ""),
                (f"{digits(f.latency.ms):>7} ms {f.latency.word:4}", ""), (f"{f.dsp:>5} DSP", ""),
            ))
    return lines


def best_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """The best design with its figures, its shape and its proof."""
    design = snapshot.best_design()
    if design is None or design.figures is None:
        words = "no design has met the goal yet" if snapshot.done else "no design has figures yet"
        return [(("Best", "head"), (f"  {words}", "dim"))]
    f = design.figures
    amount, word = f.latency.short.rsplit(" ", 1)
    kind: Span = (word, KIND_ROLES[f.kind])
    lines: list[Line] = [
        (("Best ", "head"), (design.id, "key"), (f"  {amount} ", "head"), kind),
        ((f"  {f.dsp} DSP  {f.bram18} BRAM18  {f.uram} URAM ", ""), kind),
        ((f"  {f.lut} LUT  {f.ff} FF ", ""), kind),
        ((f"  {plain(design.shape)}", "dim"),),
        proof_line(snapshot, design),
    ]
    if f.counted:
        lines += [((f"  {piece}", "dim"),) for piece in wrap(plain(f.counted), width - 2)[:2]]
    lines += kind_lines(snapshot, design, width)
    if f.unknown:
        lines.append(((f"  unknown: {plain(', '.join(f.unknown))}", "warn"),))
    return lines


COSTLY_SHARE = 0.1
"""Share of a network from which on the layers of a kind are said to be what a GEMM is bad at."""


def kind_lines(snapshot: Snapshot, design: DesignView, width: int) -> list[Line]:
    """What depthwise or fully connected layers take of the network by the analytic model, where it is much, and why."""
    costs = _kind_costs(msgspec.json.encode(snapshot.settings), tuple(design.parameters.items()))
    return [
        ((f"  {piece}", "warn"),)
        for cost in costs if cost.share >= COSTLY_SHARE
        for piece in wrap(f"{cost.kind} layers {cost.ms:.1f} ms, {cost.share:.0%} (model): {cost.why}", width - 2)[:3]
    ]


@lru_cache(maxsize=8)
def _kind_costs(settings: bytes, parameters: tuple[tuple[str, Setting], ...]) -> tuple[KindCost, ...]:
    # Asked with every redraw; it takes some milliseconds for a large network.
    asked = msgspec.json.decode(settings, type=SessionSettings)
    try:
        return kind_costs(DesignPoint.from_parameters(dict(parameters)), build_of(asked), workload_of(asked))
    except AigchipError:  # a point or a workload of another release: nothing can be said
        return ()


def proof_line(snapshot: Snapshot, design: DesignView) -> Line:
    """The ladder and its first red or missing rung in words."""
    statuses = design_ladder(snapshot, design)
    note: Span = ("", "")
    for rung, status in zip(LADDER, statuses, strict=True):
        if status == "failed":
            note = (f"  {WORDS[rung]} red", "bad")
            break
        if status == "waived":
            note = (f"  {WORDS[rung]} waived", "warn")
            break
    return (("  proof ", "dim"), *ladder(statuses), note)


def activity_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """What is under way, by kind of work; what ended how."""
    s = snapshot
    counts: dict[str, int] = {}
    for variant in s.variants.values():
        counts[variant.status] = counts.get(variant.status, 0) + 1
    work: list[tuple[str, int, Role]] = [
        ("proven", counts.get("proven", 0), "good"), ("asked", counts.get("calling", 0), "accent"),
        ("proving", counts.get("replied", 0), "accent"), ("to do", counts.get("needed", 0), "dim"),
        ("stuck", counts.get("stuck", 0), "wait"), ("failed", counts.get("failed", 0), "bad"),
        ("skipped", counts.get("skipped", 0), "warn"),
    ]
    modules: list[list[Span]] = [[("Modules ", "head")]]
    for word, count, role in work:
        if count:
            if width_of(tuple(modules[-1])) + len(f" {count} {word}") > width:
                modules.append([("        ", "")])
            modules[-1] += [(f" {count}", role), (f" {word}", "dim")]
    designs: Line = (
        ("Designs ", "head"), (f" {s.done}", "good"), (" evaluated", "dim"), (f" {s.in_flight}", "accent"),
        (" in flight", "dim"),
    )
    lines: list[Line] = [designs]
    if s.failed:
        lines.append((("         ", ""), (f"{s.failed}", "bad"), (" failed", "dim")))
    if s.screened:
        lines.append((("         ", ""), (f"{s.screened} screened by the model", "dim")))
    lines += [tuple(each) for each in modules]
    cached = sum(1 for v in s.variants.values() if v.attempt is not None and v.attempt.taken_from)
    if cached:
        lines.append((("         ", ""), (f"{cached} from the cache, not asked for", "dim")))
    pieces = wrap(plain(spent_words(s)), width - 9)
    lines += [(("Spent    " if not i else "         ", "head"), (piece, "")) for i, piece in enumerate(pieces)]
    return [*lines, *(((piece if not i else f"  {piece}", "dim"),)
                      for i, piece in enumerate(wrap(plain(end_words(s)), width - 3)) if piece)]


def spent_words(snapshot: Snapshot) -> str:
    """Calls, tokens and money, each beside its cap where it has one."""
    s, caps = snapshot, snapshot.settings
    calls = f"{s.calls} of {caps.max_calls} calls" if caps.max_calls else f"{s.calls} calls"
    tokens = f"{s.tokens} of {caps.max_tokens} tokens" if caps.max_tokens else f"{s.tokens} tokens"
    words = f"{calls}, {tokens}"
    if caps.max_usd:
        return f"{words}, ${s.usd:.2f} of ${caps.max_usd:g}"
    return f"{words}, ${s.usd:.2f}" if s.usd else words


def end_words(snapshot: Snapshot) -> str:
    """How the search ended and what is still done, or why the engine stopped before; empty while it goes on."""
    s = snapshot
    if s.problem:
        return f"cannot be read: {s.problem}"
    raised = ""
    if s.finished.startswith(CAP_REACHED):
        flag = next((word for word in s.finished.split() if word.startswith("--max-")), "--max-calls")
        raised = f"; to go on: aigchip-tui start {s.name} {flag} N"
    if s.state == "done":
        return f"finished: {s.finished}{raised}"
    if s.finished and s.state == "running":
        front = [s.designs[n] for n in s.front if n in s.designs]
        proven = sum(all(rung in design.rungs for rung in FINAL_DESIGN_RUNGS) for design in front)
        return f"{s.finished.rstrip('.')}; proving the front: {proven} of {len(front)} simulated whole{raised}"
    if s.state == "waiting":
        return "all that is left waits for you" + ("" if s.engine in ("alive", "unknown") else "; the engine has ended")
    return f"stopped: {s.stopped}" if s.stopped else ""
