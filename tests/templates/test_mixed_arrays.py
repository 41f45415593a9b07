"""Arrays along several axes: every word reaches the arrays that need it, every sum its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.model.rules import BUILT_ARRAYS, refusals
from aigchip_tui.model.space import ARRAYS_SPLITS, Reuse

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

MODULES = {"interconnect_mixed": 760, "collector_mixed": 1432}


def test_every_split_of_the_arrays_is_built() -> None:
    assert set(BUILT_ARRAYS) == set(ARRAYS_SPLITS)
    assert len(BUILT_ARRAYS) == 20


@pytest.mark.parametrize("module", MODULES)
def test_settings_are_counted_and_demonstrations_keep_the_laws(module: str) -> None:
    assert len(bench.legal(module)) == MODULES[module]
    assert bench.demo_faults(module) == []
    assert bench.unseen_pragmas(module) == set()


@pytest.mark.parametrize("module", MODULES)
def test_answers_are_right_and_within_their_contract(module: str, tmp_path: Path) -> None:
    for settings in bench.legal(module, 12, seed=5):
        assert bench.contract_faults(module, settings, bench.body_of(module, settings)) == []
    for settings in bench.legal(module, 2, seed=6):
        bench.proven(module, settings, tmp_path, sanitize=True)


@pytest.mark.parametrize(("module", "name", "mutations"), [
    ("interconnect_mixed", "a-mn", [("NEXT = ALONG_N * ALONG_K", "NEXT = ALONG_K"), ("x / PART * DEALT", "x / PART")]),
    ("interconnect_mixed", "b-nk", [("g % ALONG_K * PART", "g % ALONG_K"), ("g / NEXT % DEALT", "g % DEALT")]),
    ("collector_mixed", "mk-four-by-two", [("sum +=", "sum ="), ("(i * ALONG_N + j) * ALONG_K", "i * ALONG_N + j")]),
])
def test_mutants_fail(module: str, name: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving(module, bench.demo(module, name), mutations, tmp_path) == []


def test_the_stimuli_multiply_matrices_when_they_are_put_together() -> None:
    """Golden shares of A and of B, multiplied array by array and collected, are the product of the tokens."""
    rng = np.random.default_rng(8)
    grid = {"along_m": 2, "along_n": 2, "along_k": 2}
    case = {
        operand: bench.spec_of("interconnect_mixed").cases({"operand": operand, **grid, "rows": rows, "k": 4}, rng)[0]
        for operand, rows in (("a", 4), ("b", 8))
    }
    a = np.frombuffer(case["a"].inputs["in"], np.int8).reshape(4, 4).astype(int)
    b = np.frombuffer(case["b"].inputs["in"], np.int8).reshape(8, 4).astype(int)
    blocks = np.empty((2, 2, 2, 2, 4), dtype=int)
    for index in range(8):
        share = {x: np.frombuffer(case[x].expected[f"out[{index}]"], np.int8).reshape(-1, 2).astype(int) for x in "ab"}
        blocks[np.unravel_index(index, (2, 2, 2))] = share["a"] @ share["b"].T
    joined = np.empty((4, 8), dtype=int)
    for i in range(2):
        for j in range(2):
            joined[i::2, j::2] = blocks[i, j].sum(axis=0)
    assert (joined == a @ b.T).all()


@pytest.mark.parametrize(("arrays", "reuse", "depth"), [("m2n2k2", "output", 0), ("m4k2", "a", 0), ("n2k4", "b", 1)])
def test_assembled_designs_are_exact(arrays: str, reuse: Reuse, depth: int, tmp_path: Path) -> None:
    design = designs.point("m2k4", "n2k2", arrays, reuse=reuse, a=(4, 16), b=(2, 8), c=(2, 2), kib=16)
    assert not refusals(design, designs.build())
    netlist = bench.template().netlist(design, designs.build())
    assert {i.variant.module for i in netlist.instances} >= set(MODULES)
    designs.proven(designs.run(design, tmp_path, depth=depth))
