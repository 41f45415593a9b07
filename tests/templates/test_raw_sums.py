"""Raw sums: what leaves is the sum with its bias, whole; its bytes count in traffic, model and golden result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.request import parse_request
from aigchip_tui.model.resources import screened_resources
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import Build, Precision
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.loader import base_module
from aigchip_tui.search.analytic import latency

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

MODULE = "post_raw"
DESIGN = designs.point("m2n2k2", "m2n2k2", "k2", a=(4, 8), b=(2, 4), c=(4, 4), kib=16)
ODD = Layer(name="odd", kind="gemm", m=37, k=50, n=29)


def _raw(precision: Precision = "int8", axi_bytes: int = 16) -> Build:
    return msgspec.structs.replace(designs.build(axi_bytes, precision), output="raw")


def test_it_has_as_many_settings_as_its_rules_leave_and_keeps_the_laws() -> None:
    assert len(bench.legal(MODULE)) == 70
    assert bench.demo_faults(MODULE) == []


@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_answers_are_right_and_within_their_contract(precision: str, tmp_path: Path) -> None:
    for settings in bench.legal(MODULE, 2, seed=7, precision=precision):
        assert bench.contract_faults(MODULE, settings, bench.body_of(MODULE, settings)) == []
        bench.proven(MODULE, settings, tmp_path, sanitize=True)


def test_mutants_fail(tmp_path: Path) -> None:
    shown = bench.demo(MODULE, "narrow")
    assert bench.surviving(MODULE, shown, [
        ("static_cast<scaled_t>(sums[l]) + offsets[l]", "sums[l]"),
        ("p * PART_BITS", "(PARTS - 1 - p) * PART_BITS"),
        ("held[word]", "held[0]"),
        ("bias[c.bias_addr + i]", "bias[i]"),
    ], tmp_path) == []


def test_every_pragma_is_seen() -> None:
    assert bench.unseen_pragmas(MODULE) == set()


@pytest.mark.parametrize(("precision", "axi_bytes", "depth"), [("int8", 16, 0), ("int16", 8, 0), ("int8", 64, 1)])
def test_an_assembled_design_lets_out_what_the_matrices_say(
    precision: Precision, axi_bytes: int, depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _raw(precision, axi_bytes)
    assert not refusals(DESIGN, asked)
    monkeypatch.setattr(designs, "build", lambda *_: asked)
    designs.proven(designs.run(DESIGN, tmp_path, depth=depth))


def test_the_golden_memory_holds_the_product_with_its_bias() -> None:
    """Matrices, bias and result taken back out of the memories by hand, one tile of one layer."""
    small = Layer(name="small", kind="gemm", m=8, k=16, n=16)
    test = bench.template().system_test(
        bench.template().netlist(DESIGN, _raw()), DESIGN, _raw(), [small], np.random.default_rng(9)
    )
    (case,) = test.cases
    row = np.frombuffer(case.memories["table"], "<i4")
    at = {name: int(row[index]) for index, name in enumerate(base_module("gemm", "types").LAYER_FIELDS)}
    a = np.frombuffer(case.memories["a"], np.int8)[at["A_ADDR"] * 16 :][: 8 * 16].reshape(8, 16).astype(int)
    b = np.frombuffer(case.memories["b"], np.int8)[at["B_ADDR"] * 16 :][: 16 * 16].reshape(16, 16).astype(int)
    bias = np.frombuffer(case.memories["bias"], "<i4")[at["BIAS_ADDR"] * 4 :][:16].astype(int)
    wanted = (a @ b.T + bias).astype("<i4").tobytes()
    assert case.expected_memories["c"][at["C_ADDR"] * 16 :][: len(wanted)] == wanted


@pytest.mark.parametrize(("precision", "size"), [("int8", 4), ("int16", 8)])
def test_traffic_and_model_count_the_bytes_of_a_sum(precision: Precision, size: int) -> None:
    scaled, raw = plan_tiles(DESIGN, designs.build(16, precision), ODD), plan_tiles(DESIGN, _raw(precision), ODD)
    assert raw.c_bytes * scaled.ldc * _raw(precision).data_bytes == scaled.c_bytes * raw.ldc * size
    cycles = latency([DESIGN], _raw(precision), Workload(name="odd", layers=(ODD,)))
    assert [int(each) for each in cycles] == [raw.cycles]


def test_no_multiplier_scales_them() -> None:
    assert screened_resources(DESIGN, _raw()).lut < screened_resources(DESIGN, designs.build()).lut
    post = next(i.variant for i in bench.template().netlist(DESIGN, _raw()).instances if i.name == "post")
    assert (post.module, post.settings) == (MODULE, {"lanes": 4, "parts": 4, "bias_words": 256})


@pytest.mark.parametrize(("text", "output", "precision"), [
    ("ResNet-50, raw sums", "raw", "int8"),
    ("gemm:8x8x8 int16 with raw int32 sums out", "raw", "int16"),
    ("gemm:8x8x8, unscaled results", "raw", "int8"),
    ("gemm:8x8x8", "scaled", "int8"),
])
def test_a_request_may_ask_for_them(text: str, output: str, precision: str) -> None:
    request = parse_request(text)
    assert (request.output, request.precision, request.understanding.not_understood) == (output, precision, ())


def test_a_template_without_them_says_so() -> None:
    from aigchip_tui.engine import making

    request = parse_request("gemm:8x8x8, raw sums")
    settings = making.make_settings("any", request, {})
    assert (settings.output, making.build_of(settings).output) == ("raw", "raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "narrowed_of", lambda _: {"output": ("scaled",)})
        with pytest.raises(AigchipError, match="has no output raw"):
            making.make_settings("any", request, {})
