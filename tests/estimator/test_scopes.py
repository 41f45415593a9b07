"""Equal spellings in different namespaces, blocks, functions and files are different things to the estimator."""

from __future__ import annotations

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.model.errors import AigchipError


def read(text: str, top: str = "top", **more: str) -> Estimate:
    return estimate({"k.cpp": text, **{f"{name}.cpp": body for name, body in more.items()}}, top=top)


def trips(found: Estimate) -> dict[str, int | None]:
    return {loop.name: loop.trip for loop in found.loops}


LOOP = "void {name}(int v[64]) {{ {label}: for (int i = 0; i < N; ++i) v[i] = v[i] + {label}_step; }}\n"


def test_two_namespaces_keep_their_constants_and_functions() -> None:
    text = (
        "namespace small { const int N = 8; const int A_step = 1; " + LOOP.format(name="work", label="A") + "}\n"
        "namespace large { const int N = 48; const int B_step = 2; " + LOOP.format(name="work", label="B") + "}\n"
        "void top(int v[64], int w[64]) { small::work(v); large::work(w); }\n"
    )
    assert trips(read(text)) == {"A": 8, "B": 48}


def test_a_using_declaration_brings_one_function_in() -> None:
    text = (
        "namespace lane_7 { constexpr int N = 24;\n"
        "void lane(int v[64]) { L: for (int i = 0; i < N; ++i) v[i] += 1; } }\n"
        "namespace array_3 { using lane_7::lane; constexpr int N = 4; void run(int v[64]) { lane(v); } }\n"
        "void top(int v[64]) { array_3::run(v); }\n"
    )
    assert trips(read(text)) == {"L": 24}


def test_types_of_equal_spelling_keep_their_widths() -> None:
    text = (
        "#include <ap_int.h>\n"
        "namespace narrow { typedef ap_int<8> word; int mul(word a, word b) { return a * b; } }\n"
        "namespace wide { typedef ap_int<64> word; long mul(word a, word b) { return a * b; } }\n"
        "long top(int a, int b) { return {space}::mul(a, b); }\n"
    )
    narrow = read(text.replace("{space}", "narrow")).dsp
    wide = read(text.replace("{space}", "wide")).dsp
    assert narrow is not None
    assert wide is not None
    assert narrow <= 1 < wide, "8 x 8 bits fit one DSP slice, 64 x 64 do not"


def test_a_local_hides_a_global_and_a_block_hides_both() -> None:
    text = (
        "const int n = 100;\n"
        "void top(int v[128]) {\n"
        "  G: for (int i = 0; i < n; ++i) v[i] += 1;\n"
        "  const int n = 10;\n"
        "  L: for (int i = 0; i < n; ++i) v[i] += 2;\n"
        "  { const int n = 20; B: for (int i = 0; i < n; ++i) v[i] += 3; }\n"
        "  M: for (int i = 0; i < ::n; ++i) v[i] += 4;\n"
        "}\n"
    )
    assert trips(read(text)) == {"G": 100, "L": 10, "B": 20, "M": 100}


def test_a_callee_does_not_see_its_callers_names() -> None:
    text = (
        "const int bound = 16;\n"
        "void inner(int v[64]) { I: for (int i = 0; i < bound; ++i) v[i] += 1; }\n"
        "void top(int v[64]) { const int bound = 50; O: for (int i = 0; i < bound; ++i) v[i] += 2; inner(v); }\n"
    )
    assert trips(read(text)) == {"O": 50, "I": 16}


def test_a_partition_holds_for_the_array_of_its_own_function() -> None:
    # Eight elements in a cycle need eight banks or four cycles of two ports: only `first` states the partition.
    body = (
        "void {name}(int a[64], int s[8]) {{\n  int buf[64];\n{pragma}"
        "  {name}_in: for (int i = 0; i < 64; ++i) {{\n#pragma HLS PIPELINE\n    buf[i] = a[i];\n  }}\n"
        "  {name}_out: for (int i = 0; i < 8; ++i) {{\n#pragma HLS PIPELINE\n    int sum = 0;\n"
        "    for (int k = 0; k < 8; ++k) {{\n#pragma HLS UNROLL\n      sum += buf[i * 8 + k];\n    }}\n"
        "    s[i] = sum;\n  }}\n}}\n"
    )
    pragma = "#pragma HLS ARRAY_PARTITION variable=buf cyclic factor=8\n"
    text = (
        body.format(name="first", pragma=pragma) + body.format(name="second", pragma="")
        + "void top(int a[64], int s[8], int b[64], int t[8]) { first(a, s); second(b, t); }\n"
    )
    found = {loop.name: loop.ii for loop in read(text).loops}
    assert (found["first_out"], found["second_out"]) == (1, 4)


def test_an_inner_variable_of_equal_name_leaves_the_outer_constant() -> None:
    text = (
        "void top(int v[64]) {\n  int count = 12;\n"
        "  A: for (int i = 0; i < 4; ++i) { int count = v[i]; count += 1; v[i] = count; }\n"
        "  B: for (int i = 0; i < count; ++i) v[i] += 1;\n}\n"
    )
    assert trips(read(text))["B"] == 12


def test_methods_see_their_record_and_its_bases() -> None:
    text = (
        "struct base { static const int N = 6; int total; void add(int x) { total += x; } };\n"
        "struct adder : base { void all(int v[64]) { A: for (int i = 0; i < N; ++i) add(v[i]); } };\n"
        "int top(int v[64]) { adder a; a.total = 0; a.all(v); return a.total; }\n"
    )
    found = read(text)
    assert trips(found) == {"A": 6}
    assert found.unknown == ()


def test_a_template_s_configuration_gives_its_constants() -> None:
    text = (
        "struct config { static const unsigned n_in = 40; };\n"
        "template<class CONFIG_T> void layer(int v[64]) {\n"
        "  L: for (unsigned i = 0; i < CONFIG_T::n_in; ++i) v[i] += 1;\n}\n"
        "void top(int v[64]) { layer<config>(v); }\n"
    )
    assert trips(read(text)) == {"L": 40}


def test_files_keep_their_own_statics_and_link_their_functions() -> None:
    helper = (
        "static const int N = 9;\nstatic int step() { return 2; }\n"
        "void helper(int v[64]) { H: for (int i = 0; i < N; ++i) v[i] += step(); }\n"
    )
    text = (
        "static const int N = 30;\nstatic int step() { return 1; }\nvoid helper(int v[64]);\n"
        "void top(int v[64]) { T: for (int i = 0; i < N; ++i) v[i] += step(); helper(v); }\n"
    )
    found = read(text, helper=helper)
    assert trips(found) == {"T": 30, "H": 9}
    assert found.latency_max is not None
    assert {loop.name: loop.file for loop in found.loops} == {"T": "k.cpp", "H": "helper.cpp"}


def test_a_body_in_another_file_leaves_every_total_unknown() -> None:
    text = (
        "void helper(int v[64]);\n"
        "void top(int v[64]) { T: for (int i = 0; i < 30; ++i) v[i] += 1; helper(v); }\n"
    )
    found = read(text)
    totals = (found.latency_min, found.latency_max, found.interval, found.dsp, found.bram18, found.uram, found.lut,
              found.ff, found.estimated_clock_ns, found.timing_met)
    assert set(totals) == {None}
    assert found.unknown == ("line 2: 'helper' is declared, but its body is not in these files",)
    assert trips(found) == {"T": 30}, "what could be read is still told"
    assert found.loops[0].latency is not None


@pytest.mark.parametrize(("body", "why"), [
    ("int r = 0; if (x > 3) goto out; r = x; out: return r;", "goto"),
    ("int (*f)(int) = x ? &twice : &endless; return f(x);", "pointer"),
    ("return endless(x);", "calls itself"),
    ("try { return twice(x); } catch (int e) { return 0; }", "exceptions"),
    ("if (x) throw 1; return x;", "exceptions"),
    ("thing t; return t.weigh(x);", "virtual"),
    ("return nowhere(x);", "not defined"),
    ("return twice(x +);", "does not parse"),
])
def test_what_cannot_be_followed_is_said_in_one_sentence(body: str, why: str) -> None:
    text = (
        "int twice(int x) { return 2 * x; }\n"
        "int endless(int x) { return x ? endless(x - 1) : 0; }\n"
        "struct thing { virtual int weigh(int x) { return x; } };\n"
        f"int top(int x) {{ {body} }}\n"
    )
    found = read(text)
    assert found.latency_max is None
    assert found.dsp is None
    assert any(why in sentence for sentence in found.unknown), found.unknown


@pytest.mark.parametrize("top", ["f", ""])
def test_a_top_of_two_files_is_refused_with_its_places(top: str) -> None:
    files = {"a.c": "int f(int x) { return x * 3; }\n", "b.c": "\nint f(float x) { return x; }\nint g(int x);\n"}
    with pytest.raises(AigchipError, match=r"'f' is defined in several files: a\.c, line 1; b\.c, line 2"):
        estimate(files, top=top)


def test_a_name_within_a_type_is_said_where_the_type_is_needed() -> None:
    found = read("typedef ap_uint<NOWHERE> word;\n\nvoid top(word *a) { a[1] = a[0]; }\n", "top")
    assert "'NOWHERE' at line 3 is not declared in these files" in found.unknown


@pytest.mark.parametrize("call", ["f(x)", "(*f)(x)"])
def test_a_pointer_to_one_function_is_that_function(call: str) -> None:
    text = "int cube(int x) { return x * x * x; }\nint top(int x) { int (*f)(int) = &cube; return CALL; }\n"
    assert read(text.replace("CALL", call), "top") == read(text.replace("CALL", "cube(x)"), "top")


def test_a_top_that_is_absent_declared_or_ambiguous_is_named() -> None:
    text = "namespace a { int f(int x) { return x; } } namespace b { int f(int x) { return x; } } int g(int x);\n"
    with pytest.raises(AigchipError, match="No function 'h'"):
        read(text, "h")
    with pytest.raises(AigchipError, match="'g' is declared, but its body"):
        read(text, "g")
    with pytest.raises(AigchipError, match="names 2 functions"):
        read(text, "f")
    assert read(text, "b::f").top == "f"
