"""Each law catches the demo that breaks it, and says nothing about lawful demos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from aigchip_tui.library.demos import Demo, load_demos, shipped_root, templates
from aigchip_tui.library.laws import LAWS, law_findings

SAMPLES = Path(__file__).parent / "samples"
DEMOS = load_demos("toy", roots=[SAMPLES]).of("lane")


def changed(
    name: str,
    code: Callable[[str], str] = lambda text: text,
    line: Callable[[int, str], str] = lambda number, text: text,
) -> list[Demo]:
    """The sample library with one demo changed; fails when nothing changed."""
    result = []
    for demo in DEMOS:
        if demo.name != name:
            result.append(demo)
            continue
        lines = tuple(line(number, text) for number, text in enumerate(demo.instruction, start=1))
        new = msgspec.structs.replace(demo, code=code(demo.code), instruction=tuple(text for text in lines if text))
        assert (new.code, new.instruction) != (demo.code, demo.instruction)
        result.append(new)
    return result


def test_the_samples_are_lawful() -> None:
    assert law_findings(DEMOS) == []
    assert len(LAWS) == 14


Case = tuple[str, str, Callable[[str], str], Callable[[int, str], str], str]
CASES: list[Case] = [
    (
        "L1",
        "tree_register_8",
        lambda c: c,
        lambda n, t: "A new token starts every cycle." if n == 2 else t,
        "same words",
    ),
    ("L2", "tree_register_8", lambda c: c, lambda n, t: t + " Or 5." if n == 4 else t, "numbers 3 and 5"),
    ("L4", "tree_register_8", lambda c: c, lambda n, t: t.replace("8", "1"), "says the number 1"),
    ("L5", "tree_register_8", lambda c: c.replace("i < step", "i <= step"), lambda n, t: t, "other code"),
    ("L5", "tree_direct_32", lambda c: c.replace("II=1", "II=2"), lambda n, t: t, "2 stands where there is 1"),
    (
        "L5",
        "tree_direct_32",
        lambda c: c.replace("  // [3] nothing is left\n", ""),
        lambda n, t: t,
        "2 segments against 3",
    ),
    ("L6", "tree_direct_32", lambda c: c.replace("PARTIALS", "PARTS"), lambda n, t: t, "other code"),
    ("L7", "tree_direct_32", lambda c: "int stray;\n" + c, lambda n, t: t, "before the first mark"),
    ("L7", "tree_direct_32", lambda c: c.replace("[5]", "[6]"), lambda n, t: t, "has no mark"),
    ("L7", "tree_direct_32", lambda c: c.replace("[5] end", "[8] end"), lambda n, t: t, "names line 8"),
    ("L7", "tree_direct_32", lambda c: c.replace("= 32;", "= 32; // TODO"), lambda n, t: t, "placeholder"),
    ("L7", "tree_direct_32", lambda c: c + "#include <cmath>\n", lambda n, t: t, "does not belong"),
    ("L7", "tree_direct_32", lambda c: c.replace("= 32;", "= 32 + 32;"), lambda n, t: t, "stands 2 times"),
    (
        "L7",
        "tree_direct_32",
        lambda c: c.replace("SKIPPED = 7;", "SKIPPED = 14 / 2;"),
        lambda n, t: t,
        "stands 0 times",
    ),
    ("L7", "tree_direct_32", lambda c: c.replace("i < ELEMENTS", "i < 32"), lambda n, t: t, "is the number of line 1"),
    ("L7", "tree_direct_32", lambda c: c.replace("// [3] nothing is left", "// [3]"), lambda n, t: t, "has no reason"),
    ("L3", "tree_direct_32", lambda c: c.replace("c[t]", "c[t + 224]"), lambda n, t: t, "equals 32 times 7"),
    (
        "L8",
        "chain_direct_4",
        lambda c: c.replace("// [3] nothing is held at the exit", "// [2] moved"),
        lambda n, t: t,
        "segments",
    ),
    (
        "L11",
        "tree_direct_32",
        lambda c: c.replace("constexpr int SKIPPED", "constexpr int SPARE = 5;\nconstexpr int SKIPPED"),
        lambda n, t: t,
        "SPARE is declared and used nowhere",
    ),
    ("L11", "tree_direct_32", lambda c: c + "// sum = 0;\n", lambda n, t: t, "is code"),
    ("L11", "tree_direct_32", lambda c: c + "// [5] if (first) sum(0)\n", lambda n, t: t, "is code"),
    ("L11", "tree_direct_32", lambda c: c + "// [5] why" + " so" * 45 + "\n", lambda n, t: t, "wider than 120"),
    ("L11", "tree_direct_32", lambda c: c.replace("[5] end", "[5] end "), lambda n, t: t, "ends in blanks"),
    ("L9", "tree_direct_32", lambda c: c.replace("} // [5] end", "// [5] end"), lambda n, t: t, "left open"),
]


@pytest.mark.parametrize(("law", "name", "code", "line", "says"), CASES)
def test_a_broken_law_is_found(
    law: str, name: str, code: Callable[[str], str], line: Callable[[int, str], str], says: str
) -> None:
    found = [f for f in law_findings(changed(name, code, line)) if says in f.message]
    assert found, [f.message for f in law_findings(changed(name, code, line))]
    if law != "L6":
        assert law in {finding.code for finding in found}
    assert all(finding.file.startswith("toy/lane/") for finding in found)


def test_a_name_that_a_variant_does_not_define_is_found() -> None:
    def without_partials(code: str) -> str:
        return code.replace("constexpr int PARTIALS = 1;\n", "").replace("sum[PARTIALS]", "sum[1]")

    demos = [
        msgspec.structs.replace(demo, code=without_partials(demo.code)) if "chain" in demo.name else demo
        for demo in DEMOS
    ]
    used = [
        msgspec.structs.replace(demo, code=demo.code.replace("    held = sum[0];", "    held = sum[PARTIALS - 1];"))
        for demo in demos
    ]
    assert any(f.code == "L6" and "does not define PARTIALS" in f.message for f in law_findings(used))


def test_segments_in_another_order_are_found() -> None:
    def turn(code: str) -> str:
        rows = code.splitlines(keepends=True)
        return "".join([*rows[2:4], *rows[:2], *rows[4:]])

    found = [f for f in law_findings(changed("chain_direct_4", turn)) if f.code == "L8"]
    assert found
    assert all(f.blocking for f in found)


def test_a_variant_in_another_scope_is_found() -> None:
    def deeper(code: str) -> str:
        return code.replace("    c[t] = sum[0];", "    {").replace("  // [3] nothing is left", "  // [3] closes\n    }")

    demos = [msgspec.structs.replace(demo, code=deeper(demo.code)) if "direct" in demo.name else demo for demo in DEMOS]
    found = [f for f in law_findings(demos) if f.code == "L9"]
    assert [f.severity for f in found] == ["error", "error"]
    assert "braces deep" in found[0].message


def test_a_pragma_in_another_scope_than_its_declaration_is_found() -> None:
    def moved(code: str) -> str:
        pragma = "#pragma HLS ARRAY_PARTITION variable=sum complete\n"
        return code.replace(pragma, "").replace("i < ELEMENTS; ++i) {\n", "i < ELEMENTS; ++i) {\n" + pragma)

    demos = [msgspec.structs.replace(d, code=moved(d.code)) if "tree" in d.name else d for d in DEMOS]
    assert [f.code for f in law_findings(demos)] == ["L9", "L9"]


def test_a_parameter_on_a_row_of_its_own_is_no_declaration_of_the_file() -> None:
    def spread(code: str) -> str:
        code = code.replace("(const data_t *a, const data_t *b,", "(\n    const data_t *a,\n    const data_t *b,")
        pragma = "#pragma HLS ARRAY_PARTITION variable=a cyclic factor=2\n"
        return code.replace("visits: //", pragma + "visits: //")

    assert law_findings([msgspec.structs.replace(d, code=spread(d.code)) for d in DEMOS]) == []


def test_a_demo_too_long_for_two_in_a_prompt_is_found() -> None:
    found = law_findings(changed("tree_direct_32", lambda code: code + "// a long comment\n" * 1500))
    assert [f.code for f in found] == ["L0"]
    assert "only one demo would be shown" in found[0].message


def test_too_few_demos_are_found() -> None:
    assert [f.code for f in law_findings(DEMOS[:2])] == ["L0"]


def test_topics_that_cannot_be_told_apart_are_found() -> None:
    found = law_findings(changed("tree_direct_32", line=lambda n, t: "" if n == 3 else t + " Or so." if n == 2 else t))
    assert any(f.code == "L1" and "topics cannot be told apart" in f.message for f in found)


def test_a_derived_number_is_suspected() -> None:
    demos = []
    for demo in DEMOS:
        elements, skipped = int(demo.lines[0].numbers[0]), int(demo.lines[3].numbers[0])
        lines = (*demo.instruction, f"In all {elements * skipped} elements are left out.")
        code = demo.code + f"// [6] said twice\nconstexpr int LEFT_OUT = {elements * skipped};\n"
        demos.append(msgspec.structs.replace(demo, instruction=lines, code=code))
    assert any(f.code == "L3" and "times that of line" in f.message for f in law_findings(demos))


def test_the_shipped_demos_break_no_law() -> None:
    blocking = [
        f"{f.file}:{f.line} {f.code} {f.message}"
        for template in templates([shipped_root()])
        for f in law_findings(load_demos(template, roots=[shipped_root()]))
        if f.blocking
    ]
    assert blocking == []
