"""Every shipped demonstration keeps its contracted rate by its own directives; without them it does not."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.module import Variant
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Template
from aigchip_tui.synth.reading import module_request, read_module


@cache
def _template() -> Template:
    return load_template("gemm")


def _processes() -> list[Demo]:
    library, modules = load_demos("gemm"), _template().modules()
    return [d for m in library.modules if m in modules and not modules[m].inlined for d in library.of(m)]


def _children(module: str, settings: dict[str, int | str]) -> list[tuple[Variant, str]]:
    texts: list[tuple[Variant, str]] = []
    for name, child in _template().modules()[module].children(settings):
        texts += _children(name, child)
        variant = _template().variant(name, child)
        texts.append((variant, next(iter(answers([variant_case(variant)], load_demos("gemm").of(name)))).code))
    return texts


def _read(
    module: str, settings: dict[str, int | str], body: str, *, clock_ns: float = 5.0, part: str = "xczu7ev-ffvc1156-2-e"
) -> dict[str, Any]:
    return read_module(module_request(
        _template().variant(module, settings), body, _children(module, settings), headers=_template().headers(),
        clock_ns=clock_ns, part=part,
    ))


@pytest.mark.parametrize("demo", _processes(), ids=lambda d: d.label)
def test_a_demonstration_reaches_its_contracted_interval(demo: Demo) -> None:
    rules = _template().modules()[demo.module].conformance(dict(demo.settings))
    if rules.ii is None:
        pytest.skip("the module has no contracted interval")
    assert _read(demo.module, dict(demo.settings), demo.code)["ii"] <= rules.ii


_SPILLING = ("accumulate_spill", "flush_spill", "dma_spill")
_NO_RATE = {"ctrl", "ctrl_spill", "ctrl_mapped", "ctrl_mapped_spill"}
_IN_NO_DESIGN = {"gearbox"}


@pytest.mark.parametrize(("demo", "precision"), [
    *((demo, "int8") for demo in _processes() if demo.module not in _NO_RATE | _IN_NO_DESIGN),
    *((demo, "int16") for demo in _processes() if demo.module in _SPILLING),
], ids=lambda each: each if isinstance(each, str) else each.label)
def test_a_module_of_a_design_keeps_its_interval_on_the_slowest_part_too(demo: Demo, precision: str) -> None:
    """A PYNQ-Z2 at 150 MHz, where an addition and a comparison of 32 bits take more than a cycle."""
    settings = dict(demo.settings) | ({} if precision == "int8" else {"precision": precision})
    variant = variant_case(_template().variant(demo.module, settings))
    answered = next(iter(answers([variant], load_demos("gemm").of(demo.module))))
    found = _read(demo.module, settings, answered.code, clock_ns=6.667, part="xc7z020clg400-1")
    assert found["ii"] == _template().modules()[demo.module].conformance(settings).ii, found["control"]["timings"]


@pytest.mark.parametrize("module", ["fill", "drain", "accumulate", "flush"])
def test_without_its_bank_partition_a_buffer_is_too_slow(module: str) -> None:
    library = load_demos("gemm").of(module)
    for demo in library:
        kept = [row for row in demo.code.splitlines() if "ARRAY_PARTITION" not in row]
        rules = _template().modules()[module].conformance(dict(demo.settings))
        assert rules.ii is not None
        slower = int(_read(demo.module, dict(demo.settings), "\n".join(kept))["ii"]) > rules.ii
        assert slower == (int(demo.settings["part_h"]) > 1), "a single bank needs no partition, several do"


def test_twice_the_lanes_are_twice_the_multipliers() -> None:
    spec = _template().modules()["pe_array"]
    figures = []
    for lanes in (4, 8):
        settings: dict[str, int | str] = {
            "lane_m": 2, "lane_n": 2, "lane_k": 4, "m": lanes, "n": 1, "k": 1, "slices": 1,
        }
        variant = _template().variant(spec.name, settings)
        answered = next(iter(answers([variant_case(variant)], load_demos("gemm").of("pe_array"))))
        figures.append(_read("pe_array", settings, answered.code)["dsp"])
    control = 2 * figures[0] - figures[1]
    assert 0 <= control <= 8, "what does not double is the loop's own arithmetic"
    assert figures[0] - control == 2 * 2 * 4 * 4
