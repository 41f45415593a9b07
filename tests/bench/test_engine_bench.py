"""The engine's bench counts calls and proofs of the same designs in both arms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from aigchip_tui.bench.engine_bench import bench_engine, searched_designs
from aigchip_tui.library.demos import load_library
from aigchip_tui.llm.client import open_generator
from aigchip_tui.model.device import device
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import workload
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import borrowed_of
from aigchip_tui.proof.demonstrations import DemoProver, Proved

BUILD, WORK = Build(device=device("zcu104")), workload("gemm:64x64x64")


class _Prover:
    """Says green, or red for one module, and keeps what it was asked."""

    def __init__(self, asked: list[str], red: str) -> None:
        self.asked, self.red = asked, red

    def text(self, subject: str, module: str, settings: dict[str, Any], body: str) -> Proved:
        self.asked.append(subject)
        failed = RungOutcome(rung="compile", status="failed", evidence="no")
        return Proved(subject=subject, outcomes=(failed,) if module == self.red else ())


@pytest.mark.parametrize("name", ["gemm", "pe_array"])
def test_each_variant_once_against_each_design_whole(name: str) -> None:
    template = load_template(name)
    points = list(searched_designs(template, BUILD, WORK, count=3, seed=2))
    trees = [
        {i.variant.key for i in template.netlist(point, BUILD).instances if i.author == "generator"}
        for point in points
    ]
    provers: list[list[str]] = []

    @contextmanager
    def new_prover() -> Iterator[DemoProver]:
        provers.append([])
        yield cast(DemoProver, _Prover(provers[-1], red="flush"))

    seconds = iter(range(1000))
    report = bench_engine(
        template, load_library(name, borrowed_of(template)), BUILD, WORK, open_generator("offline", environment={}),
        new_prover, designs=3, seed=2, clock=lambda: float(next(seconds)),
    )
    shared, whole = report["shared"], report["whole"]
    assert shared["model_calls"] == len(set().union(*trees)) == len(set(provers[0])) == len(provers[0])
    assert whole["model_calls"] == sum(map(len, trees)) > shared["model_calls"]
    assert [set(asked) for asked in provers[1:]] == trees
    assert shared["designs"] == whole["designs"] == 3
    assert whole["red"] == 3
    assert whole["variants_proven"] == whole["model_calls"] - 3
    assert (whole["seconds"], whole["calls_per_design"]) == (3.0, round(whole["model_calls"] / 3, 2))
    assert report["calls_saved"] == round(1 - shared["model_calls"] / whole["model_calls"], 3)
    assert whole["tokens"] > shared["tokens"] > 0
