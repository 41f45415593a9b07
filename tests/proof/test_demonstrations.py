"""Demonstrations are proven as they stand, mutated, line by line, and each from the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aigchip_tui.csim.bench import Bench
from aigchip_tui.library.demos import Demo, DemoLibrary, load_demos
from aigchip_tui.model.module import Settings
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import EquivalentMutant, Template
from aigchip_tui.proof.checking import check_module
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.proof.reading import Reading, read
from aigchip_tui.sandbox.box import UNCONFINED

REPO = Path(__file__).resolve().parents[2]
LIBRARY = load_demos("gemm", roots=[REPO / "demos"])


class _Weak:
    """A module kind with some of its attributes replaced."""

    def __init__(self, spec: Any, **instead: Any) -> None:
        self._spec, self._instead = spec, instead

    def __getattr__(self, name: str) -> Any:
        return self._instead[name] if name in self._instead else getattr(self._spec, name)


class _Changed:
    """The template with one of its module kinds changed."""

    def __init__(self, template: Template, module: str, **instead: Any) -> None:
        self._template = template
        self._kinds = {**template.modules(), module: _Weak(template.modules()[module], **instead)}

    def modules(self) -> Any:
        return self._kinds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._template, name)


def _green(*_: object) -> RungOutcome:
    """Rates are judged in tests/synth."""
    return RungOutcome(rung="rate", status="passed", evidence="not judged here")


def _prover(folder: Path, template: Template, library: DemoLibrary = LIBRARY) -> DemoProver:
    bench = Bench(sandbox=UNCONFINED, workdir=folder / "work", cache=folder / "programs",
                  environment=dict(os.environ), headers=template.headers())
    return DemoProver(
        template, library, bench=bench, read=lambda payload: msgspec.convert(read(payload), Reading), rate=_green
    )


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory) -> DemoProver:
    return _prover(tmp_path_factory.mktemp("prover"), load_template("gemm"))


def _demo(label: str) -> Demo:
    return next(demo for demo in LIBRARY.demos if demo.label == label)


@pytest.mark.parametrize("label", ["mac/half_fabric", "dma_store/gather_4_of_16"])
def test_every_mutant_turns_a_rung_red(label: str, prover: DemoProver) -> None:
    mutated = list(prover.mutants(_demo(label)))
    assert [each.name for each in mutated if each.survived] == []
    rungs = {each.rung for each in mutated}
    assert rungs == {"conformance", "module_sim"}


def test_the_calls_of_a_parent_turn_no_mutant_red(prover: DemoProver) -> None:
    mutated = list(prover.mutants(_demo("pe_lane/k16"), number=6))
    assert len(mutated) == 6
    assert "static" not in {each.rung for each in mutated}


def test_a_sample_of_mutants_is_drawn_from_the_seed(prover: DemoProver) -> None:
    demo = _demo("mac/byte_dsp")
    everything = [each.name for each in prover.mutants(demo)]
    drawn = [each.name for each in prover.mutants(demo, number=3)]
    assert len(drawn) == 3
    assert set(drawn) < set(everything)
    assert drawn == [each.name for each in prover.mutants(demo, number=3)]


def _weak_cases(settings: Settings, rng: object) -> tuple[TestCase, ...]:
    zero = bytes(4)
    inputs = {"a": zero[:1], "b": zero[:1], "sum_in": zero}
    return (TestCase(name="0 * 0", inputs=inputs, expected={"sum_out": zero}),)


def test_a_weak_test_bench_lets_a_mutant_survive(tmp_path: Path) -> None:
    template: Any = _Changed(load_template("gemm"), "mac", cases=_weak_cases)
    survivors = [each for each in _prover(tmp_path, template).mutants(_demo("mac/byte_dsp")) if each.survived]
    assert any("sum_in + product" in each.name for each in survivors)


def test_a_listed_equivalent_is_no_survivor_and_a_red_one_stays_red(tmp_path: Path) -> None:
    listed = tuple(
        EquivalentMutant(was=was, now=now, reason="for this test")
        for was, now in (("sum_in + product", "sum_in - product"), ("#pragma HLS INLINE", ""))
    )
    template: Any = _Changed(load_template("gemm"), "mac", cases=_weak_cases, equivalent_mutants=listed)
    mutated = list(_prover(tmp_path, template).mutants(_demo("mac/byte_dsp")))
    assert [each.equivalent for each in mutated if "sum_in - product" in each.name] == ["for this test"]
    assert [(each.rung, each.equivalent) for each in mutated if each.name.endswith("`#pragma HLS INLINE` -> ``")] == [
        ("conformance", "")
    ]


def test_dead_code_is_named_by_its_line(prover: DemoProver) -> None:
    demo = _demo("dma_load/port_16")
    assert prover.uncovered(demo) == ()
    never = "bool last = false;\n    if (mem == nullptr) {\n        last = true;\n    }"
    dead = demo.code.replace("bool last = false;", never, 1)
    line = dead.splitlines().index("        last = true;") + 1
    assert prover.uncovered(msgspec.structs.replace(demo, code=dead)) == (line,)


def test_a_module_check_is_green_for_the_library_and_red_for_a_wrong_demo(prover: DemoProver, tmp_path: Path) -> None:
    told: list[str] = []
    done = check_module(prover, LIBRARY, "mac", mutants=2, tell=told.append)
    assert done.wrong == ()
    assert (done.demos, done.mutants, sum(done.red.values()), done.lines) == (8, 16, 16, "100 %")
    assert 0 <= done.left_out + done.left_out_refused <= done.demos
    assert len(told) == 9
    demo = _demo("mac/byte_dsp")
    wrong = msgspec.structs.replace(demo, code=demo.code.replace("sum_in + product", "sum_in - product"))
    library = msgspec.structs.replace(LIBRARY, demos=(wrong,))
    found = check_module(_prover(tmp_path, load_template("gemm"), library), library, "mac", mutants=2, tell=told.append)
    assert any("module_sim" in each for each in found.wrong)
    assert found.mutants == 0


def _deep() -> Iterator[Any]:
    for demo in LIBRARY.demos:
        yield pytest.param(demo, id=demo.label)


@pytest.mark.deep
@pytest.mark.parametrize("demo", _deep())
def test_every_mutant_of_the_library_is_seen_and_no_line_is_dead(demo: Demo, prover: DemoProver) -> None:
    assert [f"{each.demo} {each.name}" for each in prover.mutants(demo) if each.survived] == []
    assert prover.uncovered(demo) in ((), None)
