"""ctrl: demonstrations, coverage, commands of every stream, prompts within the budget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from aigchip_tui.csim.run import simulate_system, stream_table
from aigchip_tui.llm.coverage import answer_coverage, module_cases
from aigchip_tui.sandbox.box import UNCONFINED

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench

Settings = dict[str, int | str]

SEVERAL: Settings = {"reuse": "output", "arrays": 4, "arbiter_a": "yes", "arbiter_b": "no"}


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults("ctrl") == []


def test_every_setting_is_answered_within_its_contract_and_the_token_budget() -> None:
    settings = bench.legal("ctrl")
    assert len(settings) == 48
    for choice in settings:
        assert bench.contract_faults("ctrl", choice, bench.body_of("ctrl", choice)) == []
    coverage = answer_coverage(module_cases(bench.template(), "ctrl"), bench.library().of("ctrl"))
    assert (coverage.variants, coverage.refused) == (48, ())


@pytest.mark.deep
def test_every_answer_is_right(tmp_path: Path) -> None:
    for settings in bench.legal("ctrl"):
        bench.proven("ctrl", settings, tmp_path)
    bench.proven("ctrl", SEVERAL, tmp_path, sanitize=True)


def test_commands_of_a_small_layer_by_hand() -> None:
    """Two tiles along m and n, one along k, output reuse: A stays for both n, B is asked for every visit."""
    settings: Settings = {"reuse": "output", "arrays": 1, "arbiter_a": "no", "arbiter_b": "no"}
    cases = bench.spec_of("ctrl").cases(settings, np.random.default_rng(3))
    case = next(case for case in cases if case.name == "one tile of another axis")
    table = np.frombuffer(case.memories["table"], "<i4").tolist()
    assert table[0] == 3  # tiles along m
    assert table[5] == 2  # tiles along n
    drain = np.frombuffer(case.expected["drain_a"], "<i4").reshape(-1, 7)
    assert drain[:, 2].tolist() == [2, 2, 2]
    assert drain[:, 6].tolist() == [0, 0, 1]
    assert case.counts["drain_b"] == 6
    stores = np.frombuffer(case.expected["dma_c"], "<i4").reshape(-1, 4)
    assert stores[:, 3].tolist() == [0, 0, 0, 0, 0, 1]
    accumulate = np.frombuffer(case.expected["accumulate"], "<i4").reshape(-1, 6)
    assert accumulate[:, 3:5].tolist() == [[1, 1]] * 6


MUTATIONS = (
    ("last_layer && take_a == row[VISITS]", "last_layer || take_a == row[VISITS]"),
    ("if (row[A_REPLAYS] > 1) a.n.left = 1;", ""),
    ("x.b = edge ? 0 :", "x.b = edge ? 1 :"),
    ("take_b += row[B_REPLAYS]", "take_b += 1"),
    ("t.k.left == row[ALONG_K], k", "t.k.left == row[ALONG_K], 1"),
    ("if (k != 0) {", "{"),
)
NOT_AHEAD = (
    ("v + row[A_REPLAYS] == take_a", "v + row[A_REPLAYS] != take_a"),
    ("v + row[B_REPLAYS] == take_b", "v + row[B_REPLAYS] != take_b"),
    ("v + row[A_REPLAYS] == take_a", "v == take_a"),
    ("v + row[B_REPLAYS] == take_b", "v == take_b"),
)
"""Every stream carries the right commands; tiles are asked for too late or too early."""


def test_mutated_code_fails(tmp_path: Path) -> None:
    assert bench.surviving("ctrl", bench.demo("ctrl", "output_single"), MUTATIONS[:3], tmp_path) == []


def test_tiles_that_are_not_asked_for_one_refresh_ahead_turn_the_module_simulation_red(tmp_path: Path) -> None:
    assert bench.surviving("ctrl", bench.demo("ctrl", "output_single"), NOT_AHEAD, tmp_path) == []


def test_tiles_asked_for_are_counted_by_hand() -> None:
    """Three layers of five visits each: five tiles along m, along n, along k."""
    settings: Settings = {"reuse": "output", "arrays": 1, "arbiter_a": "no", "arbiter_b": "no"}
    cases = bench.spec_of("ctrl").cases(settings, np.random.default_rng(3))
    case = next(case for case in cases if case.name == "tiles of one axis")
    counted = {each.stream: each.tokens for each in case.ahead}
    assert {each.of for each in case.ahead} == {"inter_a"}
    a = (2, 3, 4, 5, 5, *[6] * 5, 8, 9, 10, 11, 11)
    b = (*[1] * 5, 3, 4, 5, 6, 6, 8, 9, 10, 11, 11)
    assert counted == {"dma_a": a, "fill_a": a, "drain_a": a, "dma_b": b, "fill_b": b, "drain_b": b}


@pytest.mark.deep
def test_more_mutated_code_fails(tmp_path: Path) -> None:
    assert bench.surviving("ctrl", bench.demo("ctrl", "output_single"), MUTATIONS[3:], tmp_path) == []


def _stuck(body: str, workdir: Path) -> dict[str, int]:
    """Commands written to each stream before ctrl waits for ever: nobody takes the second command of inter_a."""
    settings: Settings = {"reuse": "output", "arrays": 1, "arbiter_a": "no", "arbiter_b": "no"}
    variant = bench.template().variant("ctrl", settings)
    case = next(
        c for c in bench.spec_of("ctrl").cases(settings, np.random.default_rng(1)) if c.name == "tiles of one axis"
    )
    streams = [port for port in variant.ports if port.kind == "stream"]
    lines = ["void alone(const std::int32_t* table, int layers) {", "#pragma HLS DATAFLOW"]
    for port in streams:
        lines.append(f"    {port.cpp_type.removesuffix('&')} {port.name};")
        lines.append(f"#pragma HLS STREAM variable={port.name} depth={1 if port.name == 'inter_a' else 64}")
    arguments = ", ".join(port.name for port in streams)
    lines += [f"    {variant.key.replace('-', '_')}::ctrl(table, layers, {arguments});", "}"]
    text = f"{variant.prologue}{body}\n{variant.epilogue}" + "\n".join(lines)
    result = simulate_system(
        {**bench.template().headers(), "alone.cpp": text},
        '#include "aigchip_bench.h"\n#include "alone.cpp"\nAIGCHIP_BENCH(alone, "table", "layers")\n',
        [msgspec.structs.replace(case, expected={}, counts={})],
        sandbox=UNCONFINED,
        workdir=workdir,
        cache=workdir / "programs",
        environment=os.environ,
    )
    assert result.cause == "deadlock", (result.cause, result.log)
    return {str(row["stream"]): int(str(row["occupancy"])) for row in stream_table(result.log)}


def test_tiles_are_asked_for_one_refresh_ahead(tmp_path: Path) -> None:
    """Five tiles along m: the second visit is held back, the third tile of A is asked for already."""
    right = bench.demo("ctrl", "output_single").code
    late = right.replace("v + row[A_REPLAYS] == take_a", "v == take_a")
    later = right.replace("v + row[A_REPLAYS] == take_a", "v + row[A_REPLAYS] != take_a")
    for body, ahead in ((right, 3), (late, 2), (later, 2)):
        held = _stuck(_without_arbiters(body), tmp_path)
        assert held["inter_a"] == 1
        assert (held["dma_a"], held["fill_a"], held["drain_a"]) == (ahead,) * 3


def _without_arbiters(body: str) -> str:
    """output_single has an arbiter on B; its lines are left out here."""
    return "\n".join(line for line in body.splitlines() if "arbiter_b" not in line)
