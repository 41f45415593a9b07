"""Estimates with other constants are those of a new walk, and most of them need none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.estimator import estimate as room
from aigchip_tui.estimator.estimate import estimate_design, read_design
from aigchip_tui.estimator.traced import Trace, formula
from aigchip_tui.model.errors import AigchipError

KERNEL = """
#define N 64
#define TILE 4
static int scale(int x, int k) {
#pragma HLS INLINE
  return x * k + N;
}
void kernel(const int a[4096], int b[4096], int n) {
  int part[N];
#pragma HLS ARRAY_PARTITION variable=part cyclic factor=TILE
fill:
  for (int i = 0; i < N; i++) part[i] = a[i];
outer:
  for (int i = 0; i < n; i++) {
#pragma HLS LOOP_TRIPCOUNT min=1 max=N
  inner:
    for (int j = i; j < N / 2; j += 2) {
#pragma HLS PIPELINE II=2
#pragma HLS UNROLL factor=TILE
      b[i * N + j] = scale(part[j], n) + b[i * N + j];
    }
  }
  if (n > 8) b[0] = N;
}
"""


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The constants that each walk of a design read with some traces, in the order of the walks."""
    found: list[set[str]] = []
    walk = room._estimate

    def seen(*asked: Any) -> Any:
        if asked[4]:
            found.append({name for name, value in asked[4].items() if type(value) is not int})
        return walk(*asked)

    monkeypatch.setattr(room, "_estimate", seen)
    return found


def replaced(**constants: int) -> str:
    text = KERNEL
    for name, value in constants.items():
        text = text.replace({"N": "#define N 64", "TILE": "#define TILE 4"}[name], f"#define {name} {value}")
    return text


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 200), st.sampled_from([1, 2, 3, 4, 8])), max_size=4))
def test_another_estimate_is_that_of_another_walk(points: list[tuple[int, int, int]]) -> None:
    design = read_design({"k.cpp": KERNEL}, constants={"N": 64, "TILE": 4})
    for n, size, tile in points:
        again = estimate_design(design, sets={"n": n, "N": size, "TILE": tile})
        written = read_design({"k.cpp": replaced(N=size, TILE=tile)})
        assert again == estimate_design(written, sets={"n": n})


def test_the_figures_are_plain_numbers() -> None:
    design = read_design({"k.cpp": KERNEL}, constants={"N": 64})
    for n in (20, 21):
        found = estimate_design(design, sets={"n": n})
        for value in (found, *found.loops, *found.functions):
            members = [getattr(value, name) for name in value.__struct_fields__]
            assert {type(one) for one in members} <= {int, float, str, bool, tuple, type(None)}
    assert estimate_design(design, sets={"n": 5}).loops[0].trip == 64


def test_trip_counts_that_decide_nothing_cost_no_walk(walked: list[set[str]]) -> None:
    design = read_design({"k.cpp": "void k(int n, int a[999]) { for (int i = 0; i < n; i++) a[i] += i; }"})
    found = [estimate_design(design, sets={"n": n}) for n in range(65, 129)]
    latencies = [one.latency_max for one in found]
    assert [b - a for a, b in pairwise(latencies) if a and b] == [1] * 63
    # A counter, its adder and its test have 8 bits from 128 trips on: figures, that decide nothing.
    assert (found[-1].lut, found[-1].ff) == (found[-2].lut + 2, found[-2].ff + 1)  # type: ignore[operator]
    assert len(walked) == 1
    estimate_design(design, sets={"n": 0})
    assert len(walked) == 2


def test_a_constant_that_decides_an_if_of_the_text_is_refused() -> None:
    text = "#define N 8\n#if N > 4\nvoid k(int a[N]) { for (int i = 0; i < N; i++) a[i] = i; }\n#endif\n"
    design = read_design({"k.cpp": text}, constants={"N": 8})
    assert estimate_design(design).loops[0].trip == 8
    with pytest.raises(AigchipError, match="'N' decides an #if"):
        estimate_design(design, sets={"N": 2})


def test_what_python_takes_out_of_a_constant_is_remembered() -> None:
    def way(n: Any) -> Any:
        return [n * step for step in range(n)][-1] + len("x" * n) + {5: 1, 6: 2}[n]

    trace = Trace({"n": 5})
    assert way(trace.inputs["n"]) == 26
    assert trace.again({"n": 5}) is not None
    assert trace.again({"n": 6}) is None


@pytest.mark.parametrize(("way", "names"), [
    (lambda n, m: {(3 - n) * 2: 1}, {"n"}),
    (lambda n, m: range(-(-n // 1)), {"n"}),
    (lambda n, m: range(n + m * 0), set()),
    (lambda n, m: range(n // 4), set()),
    (lambda n, m: range(n * m), set()),
    (lambda n, m: n + 1 > 4 or {m: 1}, set()),
    (lambda n, m: [n * 0] * (m & 3), set()),
])
def test_a_constant_decides_when_every_other_value_leads_another_way(way: Any, names: set[str]) -> None:
    trace = Trace({"n": 5, "m": 3})
    way(**trace.inputs)
    assert trace.decisive() == names
    for other in [*range(-20, 5), *range(6, 20)] if names else ():
        assert trace.again({"n": other, "m": 3}) is None


def test_a_constant_that_needs_a_walk_each_time_is_seldom_traced(walked: list[set[str]]) -> None:
    quarters = read_design({"k.cpp": KERNEL.replace("factor=TILE", "factor=TILE/4")}, constants={"N": 64, "TILE": 16})
    for tile in (16, 20, 24, 28):
        estimate_design(quarters, sets={"n": 8, "TILE": tile})
    assert ["TILE" in names for names in walked] == [True, True, False, False]
    walked.clear()
    design = read_design({"k.cpp": KERNEL}, constants={"N": 64, "TILE": 4})
    for tile in range(4, 10):
        estimate_design(design, sets={"n": 8, "TILE": tile})
    # The first walk shows that every other factor needs one.
    assert ["TILE" in names for names in walked] == [True, False, False, False, False, False]
    walked.clear()
    for n in range(8, 128, 7):
        estimate_design(design, sets={"n": n, "TILE": 7})
    # What rested so far is traced from the walk on in which it first moves.
    assert walked
    assert all(names == {"n"} for names in walked), walked
    again = estimate_design(design, sets={"n": 9, "TILE": 5})
    assert again == estimate_design(read_design({"k.cpp": replaced(TILE=5)}), sets={"n": 9})


def test_a_constant_is_traced_again_where_a_walk_goes_another_way_before_it_asks_for_it(walked: list[set[str]]) -> None:
    text = """#define N 64
void k(int a[9999], int b[9999]) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[j] += b[i];
}
"""
    design = read_design({"k.cpp": text}, constants={"N": 64})
    for size in (64, 60, 65, 66, 67, 61, 62):
        found = estimate_design(design, sets={"N": size})
        assert found == estimate_design(read_design({"k.cpp": text.replace("N 64", f"N {size}")})), size
    # Up to 64 copies the inner loop is unrolled, and each count needs a walk; from 65 on it stays one.
    assert walked == [{"N"}, set(), {"N"}, set(), set()]


def test_a_count_of_doublings_needs_no_walk(walked: list[set[str]]) -> None:
    text = "void k(int n, int a[999]) { for (int i = 1; i < n; i <<= 1) a[i] += i; }"
    design = read_design({"k.cpp": text})
    trips = [estimate_design(design, sets={"n": n}).loops[0].trip for n in range(3, 40)]
    assert trips == [(n - 1).bit_length() for n in range(3, 40)]
    assert len(walked) == 1


def test_only_a_product_asks_for_the_bits_of_a_constant(walked: list[set[str]]) -> None:
    for operator, walks in (("+", 1), ("*", 3)):
        walked.clear()
        text = f"void k(int n, int a[64]) {{ for (int i = 0; i < 64; i++) a[i] = a[i] {operator} n; }}"
        design = read_design({"k.cpp": text})
        for n in (75, 100, 150, 300):
            estimate_design(design, sets={"n": n})
        assert len(walked) == walks


def test_a_size_of_zero_is_told_of_in_the_line_of_its_declaration() -> None:
    text = """#define N 4
typedef unsigned char keys[N][8];
void k(unsigned char a[8]) {
  keys rows;
  for (int i = 0; i < 8; i++) { rows[0][i] = a[i]; a[i] = rows[0][7 - i]; }
}
"""
    found = estimate_design(read_design({"k.cpp": text}, constants={"N": 4}), sets={"N": 0})
    assert found.unknown == ("line 4: the size of 'rows' is no positive constant",)
    assert found == estimate_design(read_design({"k.cpp": text.replace("N 4", "N 0")}))


def test_an_estimate_that_was_made_before_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    design = read_design({"k.cpp": KERNEL}, constants={"N": 64, "TILE": 4})
    first = [estimate_design(design, sets={"n": 8, "TILE": tile}) for tile in (2, 3, 4, 5)]
    monkeypatch.setattr(room, "_estimate", None)
    assert [estimate_design(design, sets={"n": 8, "TILE": tile}) for tile in (2, 3, 4, 5)] == first


def test_keys_are_known_by_their_order() -> None:
    def way(trace: Trace) -> Any:
        numbers: Any = trace.inputs
        n, m = numbers["n"], numbers["m"]
        places = {trace.ranked(n * 8): "row", trace.ranked(m): "other", trace.ranked(3): "copy"}
        return [places.get(trace.ranked(key)) for key in (n * 8, n * 4 + n * 4, m, 3)]

    trace = Trace({"n": 5, "m": 7})
    assert way(trace) == ["row", "row", "other", "copy"]
    for n in range(-2, 20):
        for m in range(-2, 60):
            same = trace.again({"n": n, "m": m}) is not None
            assert same == (3 < m < 8 * n), (n, m)  # apart and in the order in which they were
    equal = Trace({"n": 3, "m": 7})
    assert way(equal) == ["row", "row", "other", "copy"]
    assert equal.again({"m": 3}) is None
    assert equal.again({"m": 8}) is not None


def test_a_formula_is_one_step_and_decides_nothing() -> None:
    def counted(words: int, wide: bool) -> tuple[int, str]:
        return (words // 512 if words > 512 else 0), "wide" if wide else "narrow"

    blocks: Any = formula(counted)

    assert blocks(1024, True) == (2, "wide")
    trace = Trace({"n": 100})
    count, text = blocks(trace.inputs["n"], False)
    assert text != "wide"
    again = trace.again({"n": 5120})
    assert again is not None
    assert [again[one.slot] for one in (count, text)] == [10, "narrow"]


@pytest.mark.parametrize("place", ["", "pick = a[N];", "a[N] = 0;"])
def test_an_address_may_become_that_of_a_copy_and_be_it_no_longer(place: str) -> None:
    text = f"""#define N 40
void k(float a[64], float b[64], float s[2]) {{
  float sum = 0, pick = 0;
#pragma HLS PIPELINE
  {place}
  for (int i = 0; i < 16; i++) sum += a[i] * b[i];
  s[0] = sum + pick;
  s[1] = a[N] + a[N + 4];
}}
"""
    design = read_design({"k.cpp": text}, constants={"N": 40})
    for value in (40, 42, 5, 6, 11, 13, 30, 40, 0, 5):
        written = read_design({"k.cpp": text.replace("N 40", f"N {value}")})
        assert estimate_design(design, sets={"N": value}) == estimate_design(written), value


@pytest.mark.parametrize("name", ["LANES", "BANKS", "EVERY"])
@pytest.mark.parametrize("value", [0, -2])
def test_a_constant_without_a_meaning_is_told_of_as_its_number_is(name: str, value: int) -> None:
    text = """#define LANES 4
#define BANKS 4
#define EVERY 4
void k(float a[64]) {
  float b[64];
#pragma HLS ARRAY_PARTITION variable=b cyclic factor=BANKS
  for (int i = 0; i < 64; i++) b[i] = a[i];
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II=EVERY
#pragma HLS UNROLL factor=LANES
    a[i] = b[i] + 1;
  }
}
"""
    design = read_design({"k.cpp": text}, constants={"LANES": 4, "BANKS": 4, "EVERY": 4})
    assert not estimate_design(design).warnings
    found = estimate_design(design, sets={name: value})
    assert len(found.warnings) == 1
    written = read_design({"k.cpp": text.replace(f"{name} 4", f"{name} {value}")})
    assert found == estimate_design(written)


def test_what_a_loop_keeps_for_the_next_walk_holds_no_constant_of_this_one() -> None:
    text = """#define F 24
void k(double d[100][80], double m[80], double c[80]) {
  for (int i = 0; i < 100; i++)
    for (int j = 0; j < 80; j++) {
#pragma HLS UNROLL factor=F
      d[i][j] -= m[j];
    }
  for (int i = 0; i < 80; i++)
    for (int j = 0; j < 100; j++) c[i] += d[j][i];
}
"""
    design = read_design({"k.cpp": text}, constants={"F": 24})
    for factor in (24, 16, 11):
        written = read_design({"k.cpp": text.replace("F 24", f"F {factor}")})
        assert estimate_design(design, sets={"F": factor}) == estimate_design(written)


def test_walks_with_many_factors_are_known_when_the_size_moves(walked: list[set[str]]) -> None:
    text = """#define N 960
#define F 2
void k(int a[N], int b[N]) {
  for (int i = 0; i < N; i++) {
#pragma HLS PIPELINE
#pragma HLS UNROLL factor=F
    a[i] = b[i];
  }
}
"""
    design = read_design({"k.cpp": text}, constants={"N": 960, "F": 2})
    for size in (960, 1920, 2880):
        for factor in range(2, 38):
            estimate_design(design, sets={"N": size, "F": factor})
        if size == 1920:
            walked.clear()
    assert len(walked) < 24
