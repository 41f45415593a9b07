"""A body that declares, runs or calls what is outside is red before it is compiled; no demonstration is."""

from __future__ import annotations

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.modules.loader import load_template
from aigchip_tui.proof.structure import structure_findings

GOOD = "constexpr int N = 4;\ntypedef hls::vector<data_t, N> word_t;\n"
HOSTILE = (
    'extern "C" int open(const char*, int, ...);',
    'struct Q { Q() { int f = open("/secret", 0); } }; Q q_;',
    "int kill(int, int);",
    "static int early = work();",
    "const word_t early(work());",
    "namespace other { int a; }",
    "using namespace std;",
    "template <int K> struct A { static int x; };",
    "void f(int a) { kill(-1, 9); }",
    'void f(int a) { std::system("ls"); }',
    "void f(int a) { ::write(1, &a, 4); }",
    "void f(int a) { auto p = open; p(0); }",
    'void f(int a) { std::ofstream out("/tmp/x"); out.put(1); }',
    "void f(int a) { int open(const char*); open(0); }",
    "void f(int a) { extern int other; other = 1; }",
)


def test_every_demonstration_is_built_of_constants_types_and_its_own_functions() -> None:
    library, template = load_demos("gemm"), load_template("gemm")
    modules = template.modules()
    for module in library.modules:
        for demo in library.of(module):
            called = {modules[name].function for name, _ in modules[module].children(dict(demo.settings))}
            supplied = template.variant(module, dict(demo.settings)).supplied_functions
            assert structure_findings(demo.code, called | {*supplied}) == [], demo.label


@pytest.mark.parametrize("text", HOSTILE)
def test_what_reaches_outside_is_a_blocking_finding(text: str) -> None:
    found = structure_findings(GOOD + text, ())
    assert found
    assert all(f.blocking and f.kind == "forbidden" for f in found)


def test_a_child_may_be_called_only_where_it_is_one() -> None:
    body = "void pe_array(int a) { pe_lane(a); }"
    assert structure_findings(body, ("pe_lane",)) == []
    assert structure_findings(body, ()) != []
