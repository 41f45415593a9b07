"""High-level instructions: derived from the same settings, without marks, and honestly refused by the adapter."""

from __future__ import annotations

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.library.demotext import read_segments
from aigchip_tui.library.grains import demos_in, high_level, instruction_in, readable, without_marks
from aigchip_tui.llm.adapter import answer
from aigchip_tui.llm.prompts import build_prompt
from aigchip_tui.model.module import Settings
from aigchip_tui.modules.loader import load_template

TEMPLATES = ("gemm", "inner_product", "rowwise", "pe_array")


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_differs_in_the_explicit_grain_differs_in_the_high_one(name: str) -> None:
    template, library = load_template(name), load_demos(name)
    for module in library.modules:
        variants = [template.variant(module, dict(demo.settings)) for demo in library.of(module)]
        coarse = {instruction_in("high", template, variant) for variant in variants}
        assert len(coarse) == len({variant.instruction for variant in variants})
        for variant in variants:
            lines = instruction_in("high", template, variant)
            assert 2 <= len(lines) <= 3
            assert variant.function in lines[-1]
            assert "{}" not in "".join(lines)
            assert instruction_in("explicit", template, variant) == variant.instruction


def test_settings_are_said_in_words() -> None:
    gemm = load_template("gemm")
    assert high_level(gemm, "post", {"lanes": 8, "bias_words": 64})[:2] == (
        "Write the module post: adds bias, scales, clamps and saturates finished sums.",
        "Its settings: words of 8 elements; room for 64 words of bias.",
    )
    drain: Settings = {"operand": "a", "part_h": 4, "part_w": 16, "depth": 64, "rows": 8, "k": 16}
    assert "operand A; 4 banks" in high_level(gemm, "drain", drain)[1]
    assert "int16 operands" in high_level(gemm, "drain", {**drain, "precision": "int16"})[1]


def test_marks_leave_the_code_and_their_reasons_stay() -> None:
    code = "// [1] width\nconstexpr int W = 4;  // [2] lanes\nint x[W];  // plain\n    // [3]\n}  // [4]\n"
    assert without_marks(code) == "// width\nconstexpr int W = 4;  // lanes\nint x[W];  // plain\n}\n"


@pytest.mark.parametrize("module", ["pe_lane", "drain", "ctrl"])
def test_demonstrations_are_shown_in_the_same_grain_and_the_adapter_refuses(module: str) -> None:
    template, library = load_template("gemm"), load_demos("gemm")
    demos = library.of(module)
    shown = demos_in("high", template, demos[:2])
    for demo, original in zip(shown, demos, strict=False):
        assert read_segments(demo.code, lines=99)[0] == ()
        assert [row.split("//")[0].rstrip() for row in demo.code.splitlines() if row.split("//")[0].strip()] == [
            row.split("//")[0].rstrip() for row in original.code.splitlines() if row.split("//")[0].strip()
        ]
    asked = template.variant(module, dict(demos[2].settings))
    prompt = build_prompt(instruction_in("high", template, asked), asked.signatures, shown, grain="high")
    assert "// [3] reason" not in prompt.messages[0]["content"]
    reply = answer(prompt.messages)
    assert reply.kind == "refused"
    assert reply.refusals


def test_code_to_read_keeps_the_reasons_that_code_follows() -> None:
    code = (
        "// [1] width\nconstexpr int W = 4;\nconstexpr int L = W;  // [2] lanes\n// [3] nothing to count\n// [4] none\n"
        "int x = 0;  // [5] counter\n// a plain word\n// [6] the end\n}\n// [2]\n"
    )
    assert readable(code) == (
        "// width\nconstexpr int W = 4;\nconstexpr int L = W;  // lanes\n"
        "int x = 0;  // counter\n// a plain word\n// the end\n}\n"
    )
    assert readable("int x;  // an answer without marks\n") == "int x;  // an answer without marks\n"


def test_of_every_demonstration_only_comments_change() -> None:
    for name in TEMPLATES:
        for demo in load_demos(name).demos:
            bare = [row.split("//")[0].rstrip() for row in demo.code.splitlines()]
            read = readable(demo.code)
            assert [row.split("//")[0].rstrip() for row in read.splitlines() if row.split("//")[0].strip()] == [
                row for row in bare if row.strip()
            ]
            assert "// [" not in read
