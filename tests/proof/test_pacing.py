"""Cycles are contracted: each process works no longer than its commands ask for, and what wastes cycles turns red."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache

import msgspec
import numpy as np
import pytest

from aigchip_tui.csim.run import simulate_variant
from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.formulas import evaluate
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Template, pace_of
from aigchip_tui.proof.ladder import header_name
from aigchip_tui.proof.pacing import commands_of, paced
from aigchip_tui.sandbox.box import UNCONFINED
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.embedded import EmbeddedSynthesizer

RATED = RungOutcome(rung="rate", status="passed", evidence="II=1")
Judge = Callable[[Demo, str], RungOutcome]


@cache
def template() -> Template:
    return load_template("gemm")


def processes() -> list[Demo]:
    """One demonstration of each process."""
    library, kinds = load_demos("gemm"), template().modules()
    return [library.of(m)[0] for m in library.modules if m in kinds and not kinds[m].inlined]


def children(module: str, settings: dict[str, int | str]) -> list[tuple[Variant, str]]:
    texts: list[tuple[Variant, str]] = []
    for name, child in template().modules()[module].children(settings):
        texts += children(name, child)
        variant = template().variant(name, child)
        texts.append((variant, next(iter(answers([variant_case(variant)], load_demos("gemm").of(name)))).code))
    return texts


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The rate rung of a text in the place of a demonstration's."""
    work = tmp_path_factory.mktemp("pacing")
    with Worker(UNCONFINED) as worker:
        synthesizer = EmbeddedSynthesizer(build=Build(device=device("zcu104")), template=template(), worker=worker)

        def asked(demo: Demo, body: str) -> RungOutcome:
            settings = dict(demo.settings)
            variant, called = template().variant(demo.module, settings), children(demo.module, settings)
            cases = template().modules()[demo.module].cases(settings, np.random.default_rng(3))
            timed = synthesizer.in_virtual_time(variant, body, called)
            pace = pace_of(template(), demo.module, settings)
            assert timed is not None
            assert pace is not None
            result = simulate_variant(
                variant, body, {header_name(v): f"{v.prologue}{text}\n{v.epilogue}" for v, text in called}, cases,
                sandbox=UNCONFINED, workdir=work, cache=work / "programs", environment=dict(os.environ),
                headers=template().headers(), timed_text=timed.text,
            )
            assert result.passed, (result.cause, result.log[:500])
            return paced(RATED, pace, cases, result, timed.intervals)

        yield asked


@pytest.mark.parametrize(
    "demo", [d if d.module in ("drain", "post", "ctrl") else pytest.param(d, marks=pytest.mark.deep)
             for d in processes()], ids=lambda d: d.module,
)
def test_a_process_keeps_its_pace(demo: Demo, judge: Judge) -> None:
    outcome = judge(demo, demo.code)
    assert outcome.status == "passed", outcome.evidence
    assert "in virtual time" in outcome.evidence


WASTEFUL = {
    "an iteration in two moves nothing": (
        "i < words; ++i) {\n#pragma HLS PIPELINE II=1\n", "i < 2 * words; ++i) {\n#pragma HLS PIPELINE II=1\n"
        "            if (i % 2 != 0) continue;\n", "its pipelined loops work",
    ),
    "a loop in front of the tokens": (
        "        const int words = c.rows * c.row_words;\n",
        "        const int words = c.rows * c.row_words;\n        for (int s = 0; s < 90; ++s) {\n"
        "#pragma HLS PIPELINE off\n            row_start = s;\n        }\n        row_start = 0;\n", "it takes",
    ),
}


@pytest.mark.parametrize("name", WASTEFUL)
def test_what_wastes_cycles_turns_red(name: str, judge: Judge) -> None:
    old, new, said = WASTEFUL[name]
    demo = next(d for d in load_demos("gemm").of("flush") if d.code.count(old) == 1)
    outcome = judge(demo, demo.code.replace(old, new))
    assert outcome.status == "failed"
    assert said in outcome.evidence
    assert "rows * row_words a command" in outcome.evidence
    assert [each.code for each in outcome.findings] == ["rate-cycles"]


def test_every_process_and_none_but_processes_has_a_pace_that_counts_its_commands() -> None:
    kinds = template().modules()
    for module, spec in kinds.items():
        settings = next(iter(spec.legal_settings()))
        pace = pace_of(template(), module, settings)
        assert (pace is None) == spec.inlined, module
        if pace is None:
            continue
        for case in spec.cases(settings, np.random.default_rng(1)):
            rows = commands_of(pace, case)
            assert rows
            assert all(pace.cycles(row) == pace.worked(row) + pace.beside for row in rows)
        streams = [p for p in template().variant(module, settings).ports if p.kind == "stream" and p.name != "cmd"]
        assert all(port.cycles == ("" if pace.commands == "table" else pace.work) for port in streams)


def test_a_formula_has_a_value_or_is_refused() -> None:
    fields = {"rows": 3, "kb": 5, "raw": 1}
    for formula, value in (
        ("rows * (kb - 1) // 2", 6), ("max(kb, 8) + min(rows, 2)", 10), ("kb if raw else rows", 5), ("7", 7),
    ):  # fmt: skip
        assert evaluate(formula, fields) == value
    for wrong in ("rows +", "other", "rows ** 2", "__import__('os')", "rows.real", "max()", "True", "open('x')"):
        with pytest.raises(AigchipError):
            evaluate(wrong, fields)


def test_cycles_are_part_of_a_port_and_not_of_its_identity() -> None:
    settings = dict(load_demos("gemm").of("flush")[0].settings)
    variant = template().variant("flush", settings)
    bare = msgspec.structs.replace(variant, ports=tuple(msgspec.structs.replace(p, cycles="") for p in variant.ports))
    assert bare.key == variant.key
