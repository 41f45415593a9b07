"""Gearbox and reorder buffer: tokens of any width into any other, rows into columns, every element in its place."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.bench.arbiters_bench import edge_of
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Settings
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import FitsTokens

if TYPE_CHECKING:
    from tests.templates import bank_bench as bench
else:
    import bank_bench as bench

MODULES = ("gearbox", "reorder")
TEMPLATE = load_template("gemm")


def _between(lanes_in: int, lanes_out: int, block: tuple[int, int] | None = None) -> tuple[tuple[str, Settings], ...]:
    assert isinstance(TEMPLATE, FitsTokens)
    return TEMPLATE.between(lanes_in, lanes_out, block, "int8")


def test_any_two_widths_up_to_an_axi_word_have_a_gearbox_of_their_own() -> None:
    legal = {tuple(sorted(dict(settings).items())) for settings in bench.legal("gearbox")}
    assert len(legal) == 13_152
    seen = set()
    for lanes_in in range(1, 65):
        for lanes_out in range(1, 65):
            found = _between(lanes_in, lanes_out)
            if lanes_in == lanes_out:
                assert found == ()
                continue
            ((module, settings),) = found
            unit = int(settings["unit"])
            assert (unit * int(settings["in_units"]), unit * int(settings["out_units"])) == (lanes_in, lanes_out)
            assert module == "gearbox"
            assert tuple(sorted(settings.items())) in legal
            seen.add(tuple(settings.values()))
    assert len(seen) == 64 * 63


def test_other_widths_and_words_are_refused_in_a_sentence() -> None:
    for widths in ((130, 7), (0, 4), (5, 0)):
        with pytest.raises(AigchipError, match="No gearbox turns tokens of"):
            _between(*widths)
    with pytest.raises(AigchipError, match="'24-16' is no pair of widths"):
        edge_of("24-16")
    assert str(edge_of("24:16@4x6")) == "24:16@4x6"


def test_order_changes_in_whole_tokens_before_the_width_does() -> None:
    assert [module for module, _ in _between(24, 16, (4, 6))] == ["reorder", "gearbox"]
    assert [module for module, _ in _between(16, 16, (4, 6))] == ["reorder"]


@pytest.mark.parametrize("module", MODULES)
def test_demonstrations_state_their_settings_and_keep_the_laws(module: str) -> None:
    assert list(bench.faults_of_demos(module)) == []


def test_the_golden_tokens_are_those_of_an_element_by_element_walk() -> None:
    """The stimuli's golden tokens against queues that move one element at a time."""
    draw = random.Random(3)
    for settings in (dict(draw.choice(bench.legal("gearbox"))) for _ in range(20)):
        unit, in_units, out_units = (int(settings[key]) for key in ("unit", "in_units", "out_units"))
        for case in bench.spec("gearbox").cases(settings, np.random.default_rng(4)):
            came = list(np.frombuffer(case.inputs["in"], dtype=np.int8))
            left: list[int] = []
            for takes, tokens, _ in np.frombuffer(case.inputs["cmd"], dtype="<i4").reshape(-1, 3).tolist():
                queue = [came.pop(0) for _ in range(takes * in_units * unit)]
                while queue:
                    left += [queue.pop(0) if queue else 0 for _ in range(out_units * unit)]
                    tokens -= 1
                assert tokens == 0
            assert case.expected["out"] == np.array(left, dtype=np.int8).tobytes()


@pytest.mark.parametrize(("module", "name", "old", "new"), [
    ("gearbox", "twelve-to-sixteen", "i <= c.takes", "i < c.takes"),
    ("gearbox", "twelve-to-sixteen", "held[e + SENT] : data_t(0)", "held[e + SENT] : held[e]"),
    ("gearbox", "sixteen-to-ten", "waiting < OUT_UNITS && left > 0", "waiting < OUT_UNITS - 1 && left > 0"),
    ("gearbox", "short-units", "w * UNIT + e", "w + e"),
    ("reorder", "few", "half = BLOCK - half", "half = half"),
    ("reorder", "tall", "from + COLUMNS", "from + ROWS"),
])
def test_mutants_fail(module: str, name: str, old: str, new: str, tmp_path: Path) -> None:
    shown = bench.demo(module, name)
    result = bench.run(module, dict(shown.settings), bench.mutated(shown.code, old, new), tmp_path)
    assert not result.passed


def test_conformance_sees_missing_directives() -> None:
    for module, name, directives in (
        ("gearbox", "short-units", ("PIPELINE II=1", "UNROLL")),
        ("reorder", "few", ("PIPELINE II=1", "DEPENDENCE", "BIND_STORAGE")),
    ):
        shown = bench.demo(module, name)
        for directive in directives:
            lines = shown.code.splitlines(keepends=True)
            lines.remove(next(line for line in lines if f"#pragma HLS {directive}" in line))
            assert bench.nonconforming(module, dict(shown.settings), "".join(lines)), directive


@pytest.mark.deep
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("seed", [3, 4])
def test_answers_simulate_with_sanitizers(module: str, seed: int, tmp_path: Path) -> None:
    for settings in bench.sampled(module, 6, seed=seed):
        result = bench.run(module, settings, bench.ask(module, settings), tmp_path, sanitize=True, seed=seed)
        assert result.passed, (settings, result.cause, result.findings, result.mismatches[:3])
