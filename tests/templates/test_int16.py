"""int16: the same module texts as int8, proven for 16-bit elements and 48-bit sums, alone and assembled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.model.layer import Layer
from aigchip_tui.model.rules import refusals

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

TYPED = [name for name in bench.template().modules() if not name.startswith("ctrl")]
DESIGN = designs.point("m2n2k2", "m2n2k2", "k2", a=(4, 8), b=(2, 4), c=(4, 4), kib=16)


@pytest.mark.parametrize("module", [name for name in TYPED if name not in ("mac", "pe_lane")])
def test_both_number_formats_have_one_text_and_two_proofs(module: str) -> None:
    template = bench.template()
    wide = bench.legal(module, 1, seed=5, precision="int16")[0]
    narrow = {name: value for name, value in wide.items() if name != "precision"}
    one, other = template.variant(module, narrow), template.variant(module, wide)
    assert one.instruction == other.instruction
    assert one.key != other.key
    assert (one.elements, "ap_int<48>" in other.elements) == ("", True)


def test_ctrl_serves_both_number_formats() -> None:
    template = bench.template()
    both = [template.netlist(DESIGN, designs.build(precision=precision)) for precision in ("int8", "int16")]
    keys = {i.variant.key for netlist in both for i in netlist.instances if i.name == "ctrl"}
    assert len(keys) == 1


def test_an_assembled_design_is_exact_at_its_declared_depths(tmp_path: Path) -> None:
    assert not refusals(DESIGN, designs.build(precision="int16"))
    designs.proven(designs.run(DESIGN, tmp_path, precision="int16"))


def test_sums_beyond_32_bits_are_kept(tmp_path: Path) -> None:
    """1000 products of up to 2^30 need 40 bits."""
    layer = Layer(name="deep", kind="gemm", m=5, k=1000, n=9)
    result = designs.proven(designs.run(DESIGN, tmp_path, precision="int16", layers=[layer], fibers=False))
    assert result.cases_run == 1


def test_a_sum_of_32_bits_is_seen(tmp_path: Path) -> None:
    settings = bench.legal("pe_array", 1, seed=3, precision="int16")[0]
    body = bench.body_of("pe_array", settings)
    assert "acc_t sum" in body
    narrow = body.replace("acc_t tile[", "std::int32_t tile[")
    assert not bench.simulate("pe_array", settings, tmp_path, body=narrow).passed


def test_golden_results_of_post_have_no_width() -> None:
    """A sum near 2^47 times a multiplier near 2^31 needs 78 bits before the shift."""
    case = bench.spec_of("post").cases({"lanes": 2, "bias_words": 2, "precision": "int16"}, np.random.default_rng(1))[0]
    table = np.frombuffer(case.inputs["cmd"], "<i4").reshape(-1, 7)
    rows, words, bias_addr, multiplier, shift, relu, _ = (int(field) for field in table[3])
    first = sum(int(line[0]) * int(line[1]) for line in table[:3]) * 2
    sums = np.frombuffer(case.inputs["in"], "<i8")[first : first + rows * words * 2]
    results = np.frombuffer(case.expected["out"], "<i2")[first : first + rows * words * 2]
    bias = np.frombuffer(case.memories["bias"], "<i8")[bias_addr * 2 :]
    for index, (value, result) in enumerate(zip(sums, results, strict=True)):
        scaled = ((int(value) + int(bias[index % (words * 2)])) * multiplier + (1 << (shift - 1))) >> shift
        assert result == min(max(scaled, 0 if relu else -(2**15)), 2**15 - 1)
