"""mac: demonstrations, coverage, golden results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
else:
    import compute_bench as bench


def test_demonstrations_keep_the_laws() -> None:
    assert bench.demo_faults("mac") == []
    assert len({demo.code for demo in bench.library().of("mac")}) >= 4


def test_every_setting_is_answered_within_its_contract() -> None:
    settings = bench.legal("mac", precision="")
    assert len(settings) == 14
    for choice in settings:
        body = bench.body_of("mac", choice)
        assert bench.contract_faults("mac", choice, body) == []
        assert body.count("BIND_OP variable=product op=mul impl=dsp") == (choice["multiplier"] == "dsp")
        assert body.count("BIND_OP variable=sum op=add impl=fabric") == (choice["adder"] == "fabric")


def test_the_int8_designs_use_the_first_variant() -> None:
    template = bench.template()
    default = template.variant("mac", {})
    assert default.key == template.variant("mac", {"format": "byte_word", "multiplier": "dsp", "adder": "free"}).key


@pytest.mark.deep
def test_every_answer_is_right(tmp_path: Path) -> None:
    for settings in bench.legal("mac", precision=""):
        bench.proven("mac", settings, tmp_path, sanitize=True)


def test_golden_results_are_plain_arithmetic() -> None:
    for settings in bench.legal("mac", precision=""):
        for case in bench.spec_of("mac").cases(settings, np.random.default_rng(5)):
            given = {name: int.from_bytes(raw, "little", signed=True) for name, raw in case.inputs.items()}
            total = int.from_bytes(case.expected["sum_out"], "little", signed=True)
            operand = given["a"] if "a" in given else given["upper"] * 2**18 + given["lower"]
            assert total == given["sum_in"] + operand * given["b"]


def test_mutations_are_seen(tmp_path: Path) -> None:
    byte, half = bench.demo("mac", "byte_dsp"), bench.demo("mac", "half_fabric")
    mutations = [("sum_in + product", "sum_in - product"), ("sum_in + product", "product"), ("* b", "+ b")]
    assert bench.surviving("mac", byte, mutations, tmp_path) == []
    # A product of half words that is only half a word wide wraps around.
    narrow = [("const std::int32_t product", "const std::int16_t product")]
    assert bench.surviving("mac", half, narrow, tmp_path) == []


def test_every_missing_pragma_is_seen() -> None:
    assert bench.unseen_pragmas("mac") == set()
