"""Estimates, tool results and measurements are types of their own; no text shows a latency without its kind."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from aigchip_tui.cli.progress import Progress
from aigchip_tui.export.plot import latency_plot
from aigchip_tui.model import events as ev
from aigchip_tui.model.figures import EstimatedLatency, MeasuredLatency, figures_of
from aigchip_tui.model.session import Goal, SessionSettings
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import best, front, thriftier

PACKAGE = Path(__file__).resolve().parents[2] / "aigchip_tui"
SHOWING = ("cli", "ui", "export", "engine", "bench")


def evaluated(number: int, ms: float, dsp: int, basis: str = "estimate") -> ev.DesignEvaluated:
    return ev.DesignEvaluated(
        design=number, latency_cycles=int(ms * 2e5), latency_ms=ms, clock_mhz=200, dsp=dsp, bram18=1, uram=0, lut=1,
        ff=1, basis=basis, counted="GEMM only",
    )


def state_of(*events: ev.DesignEvaluated) -> SessionState:
    state = SessionState()
    for number in sorted({one.design for one in events}):
        state.apply(ev.DesignProposed(number=number, parameters={}))
    for one in events:
        state.apply(one)
    return state


def test_latencies_of_different_kinds_are_not_compared() -> None:
    believed, taken = EstimatedLatency(cycles=2, ms=2.0), MeasuredLatency(cycles=1, ms=1.0)
    assert EstimatedLatency(cycles=1, ms=1.0) < believed
    with pytest.raises(TypeError):
        # mypy refuses it too, else it would call the next comment unused.
        _ = taken < believed  # type: ignore[operator]
    with pytest.raises(TypeError):
        min([believed, taken])


def test_what_a_tool_reported_is_neither_estimate_nor_measurement() -> None:
    bases = ("estimate", "csynth", "cosim", "measured")
    kinds = {basis: figures_of(evaluated(1, 1.0, 1, basis)).kind for basis in bases}
    assert kinds == {"estimate": "estimate", "csynth": "tool", "cosim": "tool", "measured": "measured"}


def test_only_figures_of_one_kind_compete_for_the_front() -> None:
    state = state_of(
        evaluated(1, 30.0, 256), evaluated(2, 20.0, 512), evaluated(3, 1.0, 1, "measured"), evaluated(4, 25.0, 512),
    )
    assert [design.number for design in front(state.evaluated())] == [2, 1]
    chosen = best(state, Goal())
    assert chosen is not None
    assert chosen.number == 2


def test_a_design_as_fast_with_fewer_dsps_is_named_beside_the_best() -> None:
    fast, near, far = evaluated(1, 20.0, 1000), evaluated(2, 20.19, 600), evaluated(3, 20.3, 400)

    def named(*events: ev.DesignEvaluated, least_dsp: bool = False) -> int | None:
        found = thriftier(state_of(*events), Goal(minimise="dsp" if least_dsp else "latency"))
        return found.number if found is not None else None

    assert named(fast, near, far) == 2
    assert named(fast, far) is None, "1.5 % slower is slower"
    assert named(fast, evaluated(4, 20.1, 950)) is None, "a twentieth is no saving"
    assert named(fast, evaluated(5, 20.0, 500, "measured")) is None, "kinds are not compared"
    assert named(fast, near, least_dsp=True) is None


def test_progress_lines_say_the_kind_and_no_measurement_beats_an_estimate() -> None:
    said: list[str] = []
    progress = Progress(said.append)
    state = SessionState()
    for one in (evaluated(1, 30.0, 256), evaluated(2, 1.0, 256, "measured"), evaluated(3, 20.0, 256)):
        progress.show(one, state)
    shown = ("30.00 ms (estimate)", "1.000 ms (measured)", "20.00 ms (estimate)")
    assert all(words in line for words, line in zip(shown, said, strict=True))
    assert [line.endswith("best") for line in said] == [True, False, True]


def test_each_kind_has_a_shape_of_its_own_in_the_plot() -> None:
    settings = SessionSettings(name="s", workload="resnet50@224", device="zcu104")
    text = latency_plot(settings, state_of(
        evaluated(1, 30.0, 256), evaluated(2, 20.0, 512), evaluated(3, 25.0, 256, "measured"),
        evaluated(4, 26.0, 300, "csynth"),
    ))
    assert (text.count("<circle"), text.count("<polygon"), text.count("<rect")) == (2, 1, 2)
    assert "estimate (circles), measured (triangles)" in text
    assert "d0003: 25.00 ms (measured), 256 DSP" in text


def bare_latencies(tree: ast.Module) -> list[int]:
    """Lines that turn `.latency.ms` or `latency_ms` into text themselves, in a string with no word for the kind."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            whole = ast.unparse(node)
            if ("latency.ms" in whole or "latency_ms" in whole) and not ("latency.word" in whole or "basis" in whole):
                found.append(node.lineno)
    return found


def test_no_place_prints_a_latency_without_its_kind() -> None:
    assert bare_latencies(ast.parse("say(f'{design.figures.latency.ms:.3f} ms')")) == [1]
    found = {
        str(path.relative_to(PACKAGE)): lines
        for room in SHOWING for path in sorted((PACKAGE / room).rglob("*.py"))
        if (lines := bare_latencies(ast.parse(path.read_text())))
    }
    assert found == {}
