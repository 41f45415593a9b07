"""The module tree of a design, and the lines about one module."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from aigchip_tui.model import events as ev
from aigchip_tui.model.proof import DESIGN_RUNGS, VARIANT_RUNGS, Rung, Status
from aigchip_tui.synth.memories import EdgeCost, by_depth_reason, total_cost
from aigchip_tui.ui.projections.ladder import WORDS, ladder, status_role
from aigchip_tui.ui.projections.text import Line, Role, Span, cells, fit, plain, wrap
from aigchip_tui.ui.projections.views import AttemptView, DesignView, Snapshot, VariantView, variant_ladder

LADDER_CELLS = len(VARIANT_RUNGS)
AUTHOR_CELLS = 28
_STATUS: Mapping[str, tuple[str, Role]] = {
    "needed": ("to do", "dim"), "calling": ("asked", "accent"), "replied": ("proving", "accent"),
    "proven": ("proven", "good"), "stuck": ("? waits", "wait"), "skipped": ("skipped", "warn"),
    "failed": ("failed", "bad"),
}


@dataclass(frozen=True, kw_only=True)
class TreeRow:
    """A node of the tree as it stands on the screen."""

    name: str
    depth: int
    instance: ev.InstanceNamed
    parents: bool
    folded: bool


def tree_rows(instances: tuple[ev.InstanceNamed, ...], folded: Collection[str] = ()) -> list[TreeRow]:
    """Parents before children, brothers in the order of the dataflow; children of a folded node are left out."""
    children: dict[str, list[ev.InstanceNamed]] = {}
    names = {i.name for i in instances}
    for instance in instances:
        parent = instance.parent if instance.parent in names and instance.parent != instance.name else ""
        children.setdefault(parent, []).append(instance)
    rows: list[TreeRow] = []
    seen: set[str] = set()

    def walk(parent: str, depth: int) -> None:
        for instance in children.get(parent, ()):
            if instance.name in seen:
                continue
            seen.add(instance.name)
            has = instance.name in children
            rows.append(TreeRow(
                name=instance.name, depth=depth, instance=instance, parents=has, folded=has and instance.name in folded,
            ))
            if instance.name not in folded:
                walk(instance.name, depth + 1)

    walk("", 0)
    return rows


def author_words(snapshot: Snapshot, instance: ev.InstanceNamed) -> str:
    """Who wrote the module."""
    if instance.author != "generator":
        return "template"
    variant = snapshot.variants.get(instance.variant)
    attempt = variant.attempt if variant is not None else None
    return attempt.by if attempt is not None else "nobody yet"


def status_words(snapshot: Snapshot, instance: ev.InstanceNamed) -> tuple[str, Role]:
    """Where the module stands, as a word and a colour."""
    if instance.author != "generator":
        return ("template", "dim")
    variant = snapshot.variants.get(instance.variant)
    return _STATUS.get(variant.status, (variant.status, "")) if variant is not None else ("to do", "dim")


def tree_line(snapshot: Snapshot, row: TreeRow, width: int) -> Line:
    """One node: its name, how often it is used, its ladder, where it stands, and who wrote it where there is room."""
    fold = ("+" if row.folded else "-") if row.parents else " "
    count = f" x{row.instance.count}" if row.instance.count > 1 else ""
    name = f" {'  ' * row.depth}{fold} {plain(row.name)}{count}"
    word, role = status_words(snapshot, row.instance)
    wide = width >= 60
    room = width - LADDER_CELLS - 10 - (AUTHOR_CELLS if wide else 0)
    spans: list[Span] = [(fit(name, room), "head" if row.parents else ""), (" ", "")]
    if row.instance.author == "generator":
        spans.extend(ladder(variant_ladder(snapshot.variants.get(row.instance.variant))))
    else:
        spans.append((" " * LADDER_CELLS, ""))
    spans += [(" ", ""), (fit(word, 8), role)]
    if wide and row.instance.author == "generator":
        spans.append((fit(plain(author_words(snapshot, row.instance)), AUTHOR_CELLS), "dim"))
    return tuple(spans)


def design_title(design: DesignView | None, *, best: bool, width: int) -> Line:
    """The line above the tree: which design it is of."""
    if design is None:
        return ((fit(" no design yet", width), "dim"),)
    f = design.figures
    figures = f.latency.short if f is not None else design.status
    text = f" {design.id}{' best' if best else ''}  {figures}"
    room = width - LADDER_CELLS - 9
    if cells(text) >= room:
        return ((fit(text, width), "head"),)
    return ((fit(text, room), "head"), (fit(" proof", LADDER_CELLS + 9), "dim"))


def variant_title(snapshot: Snapshot, instance: ev.InstanceNamed | None, variant: VariantView | None) -> Line:
    """The line above the code: module, local settings, author."""
    if instance is not None and instance.author != "generator":
        return ((f"{plain(instance.module)} ", "head"), ("by template", "dim"))
    if variant is None:
        return (("no module", "dim"),)
    attempt = variant.attempt
    spans: list[Span] = [(variant.module, "head"), ("  ", "")]
    spans.append((f"by {attempt.by}" if attempt is not None else "nobody has written it yet", "accent"))
    if attempt is not None and attempt.taken_from:
        spans.append((f"  {attempt.taken_from.partition(',')[0]}", "dim"))
    if len(variant.attempts) > 1:
        spans.append((f"  attempt {variant.attempts[-1].number}", "dim"))
    if variant.label:
        spans.append((f"  {plain(variant.label)}", "dim"))
    return tuple((plain(text), role) for text, role in spans)


def rung_lines(attempt: AttemptView | None, width: int) -> list[Line]:
    """Every rung with its word and its evidence; a waiver says who and why."""
    lines: list[Line] = []
    for rung in VARIANT_RUNGS:
        status = attempt.status(rung) if attempt is not None else "not run"
        outcome = attempt.rungs.get(rung) if attempt is not None else None
        words = outcome.told if outcome is not None else ""
        if status == "waived" and attempt is not None:
            by, reason = attempt.waived.get(rung, ("", ""))
            if outcome is not None and not by:
                by, reason = outcome.waived_by, outcome.reason
            words = f"waived by {by}: {reason}" + (f"; {words}" if words else "")
        lines += _rung(rung, status, words, width)
    return lines


def design_rung_lines(design: DesignView, width: int) -> list[Line]:
    """The rungs that the whole design climbs, which follow those of its modules."""
    lines: list[Line] = []
    for rung in DESIGN_RUNGS:
        outcome = design.rungs.get(rung)
        lines += _rung(rung, outcome.status if outcome is not None else "not run",
                       outcome.told if outcome is not None else "", width)
    return lines


def _rung(rung: Rung, status: Status, words: str, width: int) -> list[Line]:
    head = f" {WORDS[rung]:13} {status:8} "
    pieces = wrap(plain(words), max(20, width - cells(head))) or [""]
    first: Line = ((f" {WORDS[rung]:13} ", "dim"), (f"{status:8} ", status_role(status)), (pieces[0], ""))
    return [first, *(((" " * cells(head), ""), (piece, "")) for piece in pieces[1:])]


def stream_lines(costs: Sequence[EdgeCost], width: int) -> list[Line]:
    """Every stream of a design: from where to where, token, depth, cost; then why they are as deep as they are."""
    total = total_cost(costs)
    count = "1 stream" if len(costs) == 1 else f"{len(costs)} streams"
    lines: list[Line] = [((f" {count}, {total.lut} LUT, {total.bram18} BRAM18 (estimate)", "head"),)]
    ends = [" -> ".join(each.ends) for each in costs]
    room = max(map(cells, ends), default=0)
    for end, each in zip(ends, costs, strict=True):
        cost = each.cost
        used = ", ".join(f"{amount} {name}" for amount, name in (
            (cost.lut, "LUT"), (cost.bram18, "BRAM18"), (cost.uram, "URAM")) if amount)
        several = f" x{each.copies}" if each.copies > 1 else ""
        told = f"{plain(each.token)}{several}, depth {each.edge.depth}, {used}"
        if cells(end) + cells(told) + 4 <= width:
            lines.append(((f" {fit(end, room)}  ", ""), (told, "dim")))
        else:
            lines.append(((f" {end}", ""),))
            lines += [((f"   {piece}", "dim"),) for piece in wrap(told, max(20, width - 4))]
    for reason, alike in by_depth_reason(costs).items():
        depths = sorted({each.edge.depth for each in alike})
        text = f"depth {', '.join(map(str, depths))}: {plain(reason)}"
        lines += [((f" {piece}", "dim"),) for piece in wrap(text, max(20, width - 2))]
    paces = [pace for each in costs for pace in each.paces]
    if paces:
        lines.append(((" tokens of a command, cycles at most", "head"),))
    for end, cycles in paces:
        lines += [((f" {piece}", "dim"),) for piece in wrap(f"{end}: {plain(cycles)}", max(20, width - 2))]
    return lines


def instruction_lines(variant: VariantView, width: int) -> list[Line]:
    """The numbered lines that the generator was given."""
    lines: list[Line] = []
    for number, text in enumerate(variant.instruction, 1):
        for i, piece in enumerate(wrap(plain(text), max(20, width - 6)) or [""]):
            lines.append(((f" {number:>3}  " if not i else " " * 6, "mark"), (piece, "")))
    return lines
