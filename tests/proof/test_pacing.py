"""Cycles are contracted: each process works no longer than its commands ask for, and what wastes cycles turns red."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

import msgspec
import numpy as np
import pytest

from aigchip_tui.csim.run import simulate_variant
from aigchip_tui.csim.wire import Measures, stream_names
from aigchip_tui.library.demos import Demo, load_demos, load_library
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.formulas import evaluate
from aigchip_tui.model.module import Port, Settings, Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Pace, Template, borrowed_of, pace_of
from aigchip_tui.proof.crossing import Crossed, crossed
from aigchip_tui.proof.ladder import header_name
from aigchip_tui.proof.pacing import commands_of, paced
from aigchip_tui.sandbox.box import UNCONFINED
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.embedded import EmbeddedSynthesizer

CORES = ("inner_product", "pe_array", "rowwise")
RATED = RungOutcome(rung="rate", status="passed", evidence="II=1")
Judge = Callable[[Demo, str], RungOutcome]


@cache
def template(name: str = "gemm") -> Template:
    return load_template(name)


def processes() -> list[Demo]:
    """One demonstration of each process of each template."""
    found = []
    for family in ("gemm", *CORES):
        library, kinds = load_demos(family), template(family).modules()
        found += [library.of(m)[0] for m in library.modules if not kinds[m].inlined]
    return found


def children(family: Template, module: str, settings: Settings) -> list[tuple[Variant, str]]:
    texts: list[tuple[Variant, str]] = []
    library = load_library(family.name, borrowed_of(family))
    for name, child in family.modules()[module].children(settings):
        texts += children(family, name, child)
        variant = family.variant(name, child)
        texts.append((variant, next(iter(answers([variant_case(variant)], library.of(name)))).code))
    return texts


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The rate rung of a text in the place of a demonstration's."""
    work = tmp_path_factory.mktemp("pacing")
    with Worker(UNCONFINED) as worker:

        def asked(demo: Demo, body: str) -> RungOutcome:
            family, settings = template(demo.template), dict(demo.settings)
            synthesizer = EmbeddedSynthesizer(build=Build(device=device("zcu104")), template=family, worker=worker)
            variant, called = family.variant(demo.module, settings), children(family, demo.module, settings)
            cases = family.modules()[demo.module].cases(settings, np.random.default_rng(3))
            timed = synthesizer.in_virtual_time(variant, body, called)
            pace = pace_of(family, demo.module, settings)
            assert timed is not None
            assert pace is not None
            result = simulate_variant(
                variant, body, {header_name(v): f"{v.prologue}{text}\n{v.epilogue}" for v, text in called}, cases,
                sandbox=UNCONFINED, workdir=work, cache=work / "programs", environment=dict(os.environ),
                headers=family.headers(), timed_text=timed.text,
            )
            assert result.passed, (result.cause, result.log[:500])
            return paced(RATED, pace, variant.ports, cases, result, timed.intervals)

        yield asked


@pytest.mark.parametrize(
    "demo", [d if d.module in ("drain", "post", "ctrl", "inner_product") else pytest.param(d, marks=pytest.mark.deep)
             for d in processes()], ids=lambda d: f"{d.template}-{d.module}",
)
def test_a_process_keeps_its_pace(demo: Demo, judge: Judge) -> None:
    outcome = judge(demo, demo.code)
    assert outcome.status == "passed", outcome.evidence
    assert "in virtual time" in outcome.evidence
    ports = template(demo.template).variant(demo.module, dict(demo.settings)).ports
    contracted = [port.name for port in ports if port.cycles]
    assert contracted or demo.module.startswith("ctrl")
    assert all(f" {name} " in outcome.evidence.partition("first token and across")[2] for name in contracted)


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
    "one command waits for what the others save": (
        "        const int words = c.rows * c.row_words;\n",
        "        const int words = c.rows * c.row_words;\n        for (int s = 0; s < (c.last ? 60 : 0); ++s) {\n"
        "#pragma HLS PIPELINE off\n            row_start = s;\n        }\n        row_start = 0;\n",
        "cross out too late: the first after",
    ),
}


@pytest.mark.parametrize("name", WASTEFUL)
def test_what_wastes_cycles_turns_red(name: str, judge: Judge) -> None:
    old, new, said = WASTEFUL[name]
    demo = next(d for d in load_demos("gemm").of("flush") if d.code.count(old) == 1)
    outcome = judge(demo, demo.code.replace(old, new))
    assert outcome.status == "failed"
    assert said in outcome.evidence
    assert "rows * row_words" in outcome.evidence
    assert [each.code for each in outcome.findings] == ["rate-cycles"]


@pytest.mark.deep
@pytest.mark.parametrize(("module", "was", "now"), [
    ("relay_mixed", "command.tokens + HEARERS - 1; ++t", "command.tokens + HEARERS + 1; ++t"),
    ("relay_mixed", "t < command.tokens + HEARERS - 1; ++t", "t <= command.tokens + HEARERS - 1; ++t"),
    ("systolic_array", "STAGES - 1 + SLICES - 1; ++t", "STAGES - 1 + SLICES + 1; ++t"),
])  # fmt: skip
def test_iterations_in_which_nothing_enters_or_leaves_turn_red(module: str, was: str, now: str, judge: Judge) -> None:
    demo = load_demos("gemm").of(module)[0]
    assert demo.code.count(was) == 1
    outcome = judge(demo, demo.code.replace(was, now))
    assert outcome.status == "failed"
    assert "its pipelined loops work" in outcome.evidence


@pytest.mark.parametrize("family", ["gemm", *CORES])
def test_every_process_and_none_but_processes_has_a_pace_and_ports_that_count_its_commands(family: str) -> None:
    for module, spec in template(family).modules().items():
        if family != "gemm" and module in borrowed_of(template(family)):
            continue
        for settings in islice(spec.legal_settings(), 0, None, 1 + sum(1 for _ in spec.legal_settings()) // 3):
            pace = pace_of(template(family), module, settings)
            assert (pace is None) == spec.inlined, module
            if pace is None:
                continue
            streams = [p for p in template(family).variant(module, settings).ports if p.kind == "stream"]
            streams = [p for p in streams if pace.commands == "cmd" and p.name != "cmd"]
            assert all(port.first and port.cycles for port in streams)
            for case in spec.cases(settings, np.random.default_rng(1)):
                rows = commands_of(pace, case)
                assert rows
                assert all(pace.cycles(row) == pace.worked(row) + pace.beside for row in rows)
                fields = [dict(zip(pace.fields, row, strict=True)) for row in rows]
                for port in streams:
                    tokens = sum(evaluate(port.tokens, each) for each in fields)
                    assert {case.counts[name] for name in stream_names(port)} == {tokens}, (module, port.name)


def test_what_crosses_a_port_is_compared_command_by_command() -> None:
    pace = Pace(fields=("words", "last"), work="words", beside=5)
    port = Port(name="out", direction="out", kind="stream", element="data_t", bits=8, cpp_type="", tokens="words",
                first="5", cycles="words + 1")
    rows = [[2, 0], [0, 0], [3, 1]]

    def seen(*times: int, taken: tuple[int, ...] = (0, 9, 10)) -> list[Crossed]:
        return list(crossed([port], pace, rows, Measures(times={"cmd": taken, "out": times})))

    kept = seen(4, 5, 15, 16, 18)
    assert [each.words for each in kept] == ["out 4 of 5 and 2 of 3", "out 5 of 5 and 4 of 4"]
    assert [each.room for each in kept] == [2, 0]
    for times, said in (
        ((4, 5, 16, 17, 18), "the first after 6 cycles of 5 (5), all in 3 of 4"),
        ((4, 7, 12, 13, 14), "of command 1 cross out too late: the first after 4 cycles of 5 (5), all in 4 of 3"),
        ((4, 5, 15, 16), "3 commands and 4 tokens of 3 and 5 crossed out: a command has words tokens."),
    ):
        assert said in seen(*times)[-1].breach
    assert "2 commands and 5 tokens" in seen(4, 5, 15, 16, 18, taken=(0, 9))[-1].breach


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
    ports = tuple(msgspec.structs.replace(port, first="", cycles="") for port in variant.ports)
    bare = msgspec.structs.replace(variant, ports=ports)
    assert bare.key == variant.key
