"""Latency of assembled designs: what the schedule predicts is what the simulation in virtual time sees."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.bench.cycles import LayerCycles, compare_cycles
from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import simulate_system
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.workload import Workload
from aigchip_tui.proof.pacing import overtaken
from aigchip_tui.sandbox.box import UNCONFINED
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.embedded import EmbeddedSynthesizer

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

PLAIN = designs.point("m4n4", "n2k4", "m2", a=(8, 8), b=(8, 16), c=(4, 8), kib=16)
CASES = {
    "two arrays, edges everywhere": (PLAIN, Layer(name="x", kind="conv", m=77, k=300, n=70)),
    "arbiters, reuse of A": (
        designs.point("m4k4", "n8", reuse="a", a=(2, 2), b=(2, 4), c=(4, 8)),
        Layer(name="x", kind="gemm", m=40, k=100, n=50),
    ),
    "slices, reuse of B": (
        designs.point("m8n8", "m2n2", "m2", reuse="b", a=(16, 16), b=(16, 16), c=(8, 16), kib=16),
        Layer(name="x", kind="gemm", m=100, k=64, n=90),
    ),
    "k in several tiles": (
        designs.point("k16", "n4", a=(1, 16), b=(4, 16), c=(1, 4)), Layer(name="x", kind="gemm", m=24, k=4000, n=10),
    ),
    "spilled sums, reuse of A": (
        designs.point("m4n4", "n2k4", "m2", reuse="a_spill", a=(8, 8), b=(8, 16), c=(4, 8)),
        Layer(name="x", kind="gemm", m=77, k=500, n=200),
    ),
    "spilled sums, reuse of B": (
        designs.point("m4k4", "n8", reuse="b_spill", a=(2, 2), b=(2, 4), c=(4, 8)),
        Layer(name="x", kind="gemm", m=100, k=700, n=60),
    ),
    "bound by a narrow store": (
        designs.point("m2n4k2", "m4", "k8", a=(8, 16), b=(4, 16), c=(8, 1), kib=16),
        Layer(name="x", kind="gemm", m=100, k=27, n=64),
    ),
    "arrays mapped to n": (
        designs.point("m2n4k2", "m2n2", "m4", a=(16, 4), b=(32, 4), c=(8, 8), arrays_map="run_time", kib=16),
        Layer(name="x", kind="gemm", m=21, k=300, n=190),
    ),
    "arrays mapped to m": (
        designs.point("m2n4k2", "m2n2", "m4", a=(16, 4), b=(32, 4), c=(8, 8), arrays_map="run_time", kib=16),
        Layer(name="x", kind="gemm", m=190, k=300, n=21),
    ),
    "linked arrays along m and n, those along m mapped to n": (
        designs.point(
            "m2n2k2", "m2", "m2n4", a=(8, 4), b=(16, 4), c=(8, 8), arrays_map="run_time", arrays_link="forward", kib=16
        ),
        Layer(name="x", kind="gemm", m=21, k=300, n=190),
    ),
    "arrays along m and k, those along m mapped to n": (
        designs.point("m2n2k2", "m2n2", "m4k2", a=(16, 4), b=(16, 4), c=(8, 4), arrays_map="run_time", kib=16),
        Layer(name="x", kind="gemm", m=21, k=500, n=190),
    ),
    "a short last tile behind one that loads slowly": (
        designs.point("m16k4", "k2", "n8", dsp_pack=2, a=(64, 2), b=(32, 4), c=(64, 2), kib=32),
        Layer(name="x", kind="gemm", m=77, k=300, n=70),
    ),
    "spilled sums, a short tile beside one that loads slowly": (
        designs.point("n4", "n4k2", "m2k2", reuse="b_spill", a=(64, 1), b=(8, 16), c=(4, 2), kib=16),
        Layer(name="x", kind="gemm", m=77, k=300, n=70),
    ),
    "arrays mapped to n, spilled sums": (
        designs.point("m2n4k2", "m2", "m4", reuse="a_spill", a=(8, 4), b=(16, 4), c=(8, 4), arrays_map="run_time"),
        Layer(name="x", kind="gemm", m=21, k=700, n=300),
    ),
}  # fmt: skip
Asked = Callable[..., LayerCycles]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Compares one layer of a design, with bodies changed as asked."""
    work = tmp_path_factory.mktemp("latency")
    template, build = bench.template(), designs.build()
    where: Mapping[str, object] = {
        "sandbox": UNCONFINED, "workdir": work, "cache": work / "programs", "environment": dict(os.environ),
        "headers": template.headers(),
    }
    with Worker(UNCONFINED) as worker:
        synthesizer = EmbeddedSynthesizer(
            build=build, template=template, worker=worker, bench=Bench(**where),  # type: ignore[arg-type]
        )

        def ask(point: DesignPoint, layer: Layer, edits: Mapping[str, tuple[str, str]] | None = None) -> LayerCycles:
            netlist = template.netlist(point, build)
            bodies = designs.bodies_of(netlist)
            for module, (old, new) in (edits or {}).items():
                key = next(key for key in bodies if key.startswith(f"{module}-"))
                assert old in bodies[key]
                bodies[key] = bodies[key].replace(old, new, 1)
            result, rows = compare_cycles(
                template, netlist, bodies, point, build, [layer], synthesizer=synthesizer,
                bench=Bench(**where), rng=np.random.default_rng(3),  # type: ignore[arg-type]
            )
            assert result.passed, (result.cause, result.log[:2000])
            return rows[0]

        yield ask


def test_every_dsp_block_of_a_design_has_a_name(tmp_path: Path) -> None:
    point, layer = CASES["two arrays, edges everywhere"]
    template, build = bench.template(), designs.build()
    netlist = template.netlist(point, build)
    with Worker(UNCONFINED) as worker:
        report = EmbeddedSynthesizer(
            build=build, template=template, worker=worker,
            bench=Bench(sandbox=UNCONFINED, workdir=tmp_path, cache=tmp_path / "programs",
                        environment=dict(os.environ), headers=template.headers()),
        ).evaluate(
            netlist=netlist, files={}, bodies=designs.bodies_of(netlist), point=point, build=build,
            workload=Workload(name="x", layers=(layer,)),
        )
    said = re.search(
        r"DSP: (\d+) in the array \((\d+) MACs\); others: post (\d+) \(scale\), control (\d+) ", report.evidence
    )
    assert said is not None, report.evidence
    array, macs, scale, control = map(int, said.groups())
    assert array == macs == point.macs
    assert array + scale + control == report.figures.dsp


QUICK = ("two arrays, edges everywhere", "k in several tiles", "spilled sums, reuse of A", "arrays mapped to n")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.deep) for name in CASES]
)
def test_cycles_tokens_trips_and_beats_are_those_of_the_simulation(name: str, asked: Asked) -> None:
    row = asked(*CASES[name])
    assert row.counts > 30
    assert not row.differs
    assert abs(row.schedule_error) <= 0.01, (row.estimated, row.simulated)
    assert abs(row.model_error) <= 0.07, (row.analytic, row.simulated)


def test_a_pipeline_that_is_gone_costs_what_the_loop_then_costs(asked: Asked) -> None:
    point, layer = CASES["two arrays, edges everywhere"]
    edit = {"collector": ("#pragma HLS PIPELINE II=1\n            hls::vector<acc_t, PART> part[ARRAYS];",
                          "#pragma HLS PIPELINE II=100\n            hls::vector<acc_t, PART> part[ARRAYS];")}
    before, after = asked(point, layer), asked(point, layer, edit)
    # 90 tokens, one every 100 cycles, where before 75 of steps paced them: the collector sets the pace of each visit.
    assert 1.02 < after.estimated / before.estimated < 1.4
    assert abs(after.schedule_error) <= 0.02, (after.estimated, after.simulated)


def test_a_process_that_wastes_cycles_is_found_in_the_assembled_design(tmp_path: Path) -> None:
    point, layer = CASES["two arrays, edges everywhere"]
    template, build = bench.template(), designs.build()
    netlist = template.netlist(point, build)
    bodies = designs.bodies_of(netlist)
    key = next(key for key in bodies if key.startswith("flush-"))
    loop = "i < words; ++i) {\n#pragma HLS PIPELINE II=1\n"
    assert bodies[key].count(loop) == 1
    bodies[key] = bodies[key].replace(
        loop, loop.replace("i < words", "i < 2 * words") + "            if (i % 2 != 0) continue;\n"
    )
    test = template.system_test(netlist, point, build, [layer], np.random.default_rng(3))
    environment = dict(os.environ)
    with Worker(UNCONFINED) as worker:
        timings, paces = EmbeddedSynthesizer(
            build=build, template=template, worker=worker,
            bench=Bench(sandbox=UNCONFINED, workdir=tmp_path, cache=tmp_path / "programs",
                        environment=environment, headers=template.headers()),
        ).launches(netlist, bodies, point, test.cases)
    result = simulate_system(
        template.assemble(netlist, bodies), test.main, test.cases, sandbox=UNCONFINED, workdir=tmp_path,
        cache=tmp_path / "programs", environment=environment, timings=timings,
    )
    assert result.passed
    # 77 x 70 results in words of 8, in tiles that hold whole blocks of sums: each word takes two iterations now.
    assert re.match(r"flush work \d+ cycles in the launch '0 x', their contract allows \d+", overtaken(paces, result))
    others = [pace for pace in paces if pace.names != ("flush",)]
    assert {name for pace in others for name in pace.names} >= {"dma_a", "drain_b", "array", "post", "dma_c"}
    assert overtaken(others, result) == ""


def test_one_block_instead_of_two_costs_the_overlap(tmp_path: Path) -> None:
    """Loads and stores hide behind the array because of the second block, not by themselves."""
    point, layer = CASES["two arrays, edges everywhere"]
    template, build = bench.template(), designs.build()
    netlist = template.netlist(point, build)
    bodies = designs.bodies_of(netlist)
    files = template.assemble(netlist, bodies)
    test = template.system_test(netlist, point, build, [layer], np.random.default_rng(3))
    environment = dict(os.environ)
    with Worker(UNCONFINED) as worker:
        synthesizer = EmbeddedSynthesizer(
            build=build, template=template, worker=worker,
            bench=Bench(sandbox=UNCONFINED, workdir=tmp_path, cache=tmp_path / "programs",
                        environment=environment, headers=template.headers()),
        )
        timings = synthesizer.study(netlist, bodies, point, [layer]).timings
    cycles = {}
    for blocks in (2, 1):
        single, found = re.subn(r"(\], 2> )(\w+);", rf"\1\2; \2.set_depth({blocks});", files["gemm.cpp"])
        assert found == 3
        result = simulate_system(
            {**files, "gemm.cpp": single}, test.main, test.cases, sandbox=UNCONFINED, workdir=tmp_path,
            cache=tmp_path / "programs", environment=environment, timings=timings,
        )
        assert result.passed
        cycles[blocks] = result.measures[test.cases[0].name].cycles
    # Eight tiles of B take 5472 beats, the steps of the arrays 6750 cycles: hidden behind them, or in front of them.
    assert cycles[2] < 9000
    assert cycles[1] > 6750 + 5472
