"""The rate rung: what a command costs by the module's own C++, and pragmas that change nothing."""

from __future__ import annotations

import msgspec
import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.model.device import device
from aigchip_tui.model.module import Settings
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.modules.loader import load_template
from aigchip_tui.proof.ladder import rated
from aigchip_tui.proof.reading import read
from aigchip_tui.sandbox.box import UNCONFINED
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.synth.embedded import EmbeddedSynthesizer


def rate_rung(module: str, settings: Settings, body: str) -> RungOutcome:
    template = load_template("gemm")
    variant, spec = template.variant(module, settings), template.modules()[module]
    rules = spec.conformance(settings)
    reading = read({
        "body": body, "function": variant.function, "ports": msgspec.to_builtins(variant.ports),
        "conformance": msgspec.to_builtins(rules), "headers": list(template.headers().values()), "cures": False,
    })
    assert not reading["conformance"], reading["conformance"]
    with Worker(UNCONFINED) as worker:
        synthesizer = EmbeddedSynthesizer(build=Build(device=device("zcu104")), template=template, worker=worker)
        return rated(synthesizer.rate, variant, body, (), rules, reading["undemanded"])


@pytest.mark.parametrize(("module", "cost"), [
    ("dma_load", "words iterations of burst at II=1"), ("flush", "(rows * row_words) iterations of SEND at II=1"),
])
def test_the_evidence_says_what_a_command_costs_in_its_own_fields(module: str, cost: str) -> None:
    demo = load_demos("gemm").of(module)[0]
    outcome = rate_rung(module, dict(demo.settings), demo.code)
    assert outcome.status == "passed"
    assert cost in outcome.evidence
    assert not outcome.findings


def test_a_pragma_whose_removal_changes_no_rung_is_reported_as_dead() -> None:
    demo = load_demos("gemm").of("dma_load")[0]
    head, brace, rest = demo.code.partition(") {\n")
    outcome = rate_rung("dma_load", dict(demo.settings), f"{head}{brace}#pragma HLS INLINE off\n{rest}")
    assert outcome.status == "passed", "a dead pragma is a warning"
    assert [finding.code for finding in outcome.findings] == ["rate-dead"]
    assert outcome.findings[0].line == head.count("\n") + 2
