"""dma_load and dma_store: demonstrations, coverage, bursts and broken words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench


@pytest.mark.parametrize("module", ["dma_load", "dma_store"])
def test_demonstrations_keep_the_laws(module: str) -> None:
    assert bench.demo_faults(module) == []


@pytest.mark.parametrize(("module", "count"), [("dma_load", 4), ("dma_store", 36)])
def test_every_setting_is_answered_within_its_contract(module: str, count: int) -> None:
    settings = bench.legal(module)
    assert len(settings) == count
    for choice in settings:
        assert bench.contract_faults(module, choice, bench.body_of(module, choice)) == []


@pytest.mark.deep
def test_every_answer_is_right(tmp_path: Path) -> None:
    for module in ("dma_load", "dma_store"):
        for settings in bench.legal(module):
            bench.proven(module, settings, tmp_path)
            bench.proven(module, settings, tmp_path, sanitize=True)


LOAD = (("mem[c.addr + w]", "mem[w]"), ("w < c.words", "w < c.words - 1"), ("last = c.last != 0", "last = true"))
GATHER = (("if (t < left)", "if (t <= left)"), ("left -= RATIO", "left -= 1"), ("[t * LANES + i]", "[t + i]"))
CUT = (("taken == RATIO - 1", "taken == RATIO"), ("token[i + PORT]", "token[i]"), ("word[i] = token[i]", "word[i] = 0"))
MUTATED = (("dma_load", "port_16", LOAD), ("dma_store", "gather_4_of_16", GATHER), ("dma_store", "cut_32_to_8", CUT))


def test_mutated_code_fails(tmp_path: Path) -> None:
    for module, name, mutations in MUTATED:
        assert bench.surviving(module, bench.demo(module, name), mutations[:1], tmp_path) == []


@pytest.mark.deep
def test_more_mutated_code_fails(tmp_path: Path) -> None:
    for module, name, mutations in MUTATED:
        assert bench.surviving(module, bench.demo(module, name), mutations[1:], tmp_path) == []


@pytest.mark.parametrize("module", ["dma_load", "dma_store"])
def test_every_missing_pragma_is_seen(module: str) -> None:
    """Simulation cannot see a pragma; conformance must."""
    assert bench.unseen_pragmas(module) == set()
