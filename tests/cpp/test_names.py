"""Names mean what C++ look-up says: innermost first, through namespaces, records, aliases and `using`."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp.names import Names, Written
from aigchip_tui.cpp.parse import parse


def test_the_innermost_declaration_hides_the_outer_ones() -> None:
    names = Names()
    names.open("a", "")
    names.open("b", "a")
    for space in ("", "a", "a::b"):
        names.declare("N", space)
    assert [names.key_of("N", "", space) for space in ("", "a", "a::b")] == ["N", "a::N", "a::b::N"]
    assert names.key_of("N", "::", "a::b") == "N"
    assert names.key_of("N", "a", "a::b") == "a::N"
    assert names.key_of("M", "", "a::b") == ""


def test_using_and_aliases_lead_to_the_declaration() -> None:
    names = Names()
    for space in ("deep", "far", "user"):
        names.open(space, "")
    names.open("inner", "deep")
    names.declare("size", "deep::inner")
    names.declare("depth", "far")
    names.alias("in", "user", Written("inner", "deep", ""))
    names.use_space("user", Written("far", "", ""))
    names.alias("count", "", Written("size", "deep::inner", ""))
    assert names.key_of("size", "in", "user") == "deep::inner::size"
    assert names.key_of("depth", "", "user") == "far::depth"
    assert names.key_of("count", "", "user") == "deep::inner::size"
    assert names.key_of("size", "", "user") == ""


def test_names_that_import_each_other_end() -> None:
    names = Names()
    names.alias("a", "", Written("b", "", ""))
    names.alias("b", "", Written("a", "", ""))
    names.open("x", "")
    names.open("y", "")
    names.use_space("x", Written("y", "", ""))
    names.use_space("y", Written("x", "", ""))
    assert names.key_of("a", "", "") == ""
    assert names.key_of("anything", "", "x") == ""


def test_the_tree_keeps_what_each_space_declares() -> None:
    unit = parse(
        "namespace a { const int N = 1; struct T { int x; }; int f(int v) { return v; } }\n"
        "namespace b::c { const int N = 2; struct T { int x, y; static const int W = 3; }; "
        "enum class E { one = 5 }; }\n"
        "int b::c::g(int v) { typedef short word; return v; }\n"
        "inline namespace v1 { int h() { return 0; } }\n"
    )
    assert set(unit.records) == {"a::T", "b::c::T"}
    assert {"a::f", "b::c::g", "v1::h"} <= set(unit.functions)
    assert {variable.key for variable in unit.variables} == {"a::N", "b::c::N", "b::c::T::W"}
    assert set(unit.enumerators) == {"b::c::E::one"}
    assert unit.names.key_of("h", "", "") == "v1::h", "an inline namespace is seen through"
    assert unit.functions["b::c::g"][0].space == "b::c"
    assert unit.names.key_of("word", "", "b::c") == "", "a block's type is the block's own"


def test_lines_count_within_their_own_file() -> None:
    unit = parse(
        "int top(int x) {\n    return inner(x);\n}\n", "\n\nint inner(int x) { return x; }", path="top.cpp",
        parts=[("inner.hpp", 3)],
    )
    inner, top = unit.functions["inner"][0], unit.functions["top"][0]
    assert (inner.file, inner.line) == ("inner.hpp", 3)
    assert (top.file, top.line, top.end_line) == ("top.cpp", 1, 3)


def test_spaces_that_are_nowhere_in_the_text_are_looked_for_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """`using namespace std; using namespace hls;` stands in every header of many a project."""
    names, asked = Names(), []
    for _ in range(4):
        for space in ("std", "hls", "xf"):
            names.use_space("", Written(space))
    names.open("late", "")
    names.use_space("", Written("late"))
    names.declare("width", "late")
    looked = names._space_named

    def counted(written: Written, steps: int) -> str | None:
        asked.append(written)
        assert len(asked) < 100
        return looked(written, steps)

    monkeypatch.setattr(names, "_space_named", counted)
    assert names.key_of("width", "", "") == "late::width"
    assert names.key_of("nothing", "", "f") == ""
    assert names.space_of("late", "", "") == "late"
