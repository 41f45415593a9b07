"""Estimates with other constants are those of a new walk, and most of them need none."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.estimator import estimate as room
from aigchip_tui.estimator.estimate import estimate_design, read_design
from aigchip_tui.estimator.traced import Trace
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


def test_trip_counts_that_decide_nothing_cost_no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[Any] = []
    walk = room._estimate

    def counted(*asked: Any) -> Any:
        walks.append(asked)
        return walk(*asked)

    monkeypatch.setattr(room, "_estimate", counted)
    design = read_design({"k.cpp": "void k(int n, int a[999]) { for (int i = 0; i < n; i++) a[i] += i; }"})
    # Counters of 7 bits from 65 to 127 trips: one walk; 128 trips are counted with one more bit.
    latencies = [estimate_design(design, sets={"n": n}).latency_max for n in range(65, 128)]
    assert [b - a for a, b in pairwise(latencies) if a and b] == [1] * 62
    assert len(walks) == 1
    estimate_design(design, sets={"n": 128})
    assert len(walks) == 2


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


def test_a_constant_that_needs_a_walk_each_time_is_traced_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[set[str]] = []
    walk = room._estimate

    def seen(*asked: Any) -> Any:
        traced.append({name for name, value in asked[4].items() if type(value) is not int})
        return walk(*asked)

    monkeypatch.setattr(room, "_estimate", seen)
    quarters = read_design({"k.cpp": KERNEL.replace("factor=TILE", "factor=TILE/4")}, constants={"N": 64, "TILE": 16})
    for tile in (16, 20, 24, 28):
        estimate_design(quarters, sets={"n": 8, "TILE": tile})
    assert traced == [{"n", "N", "TILE"}, {"n", "TILE"}, {"n"}, {"n"}]  # the first walk shows it of N
    traced.clear()
    design = read_design({"k.cpp": KERNEL}, constants={"N": 64, "TILE": 4})
    for tile in (4, 5, 6, 7):
        estimate_design(design, sets={"n": 8, "TILE": tile})
    assert traced == [{"n", "N", "TILE"}, {"n"}, {"n"}, {"n"}]
    for n in range(8, 128, 7):
        estimate_design(design, sets={"n": n, "TILE": 7})
    assert all("n" in names for names in traced)
    again = estimate_design(design, sets={"n": 9, "TILE": 5})
    assert again == estimate_design(read_design({"k.cpp": replaced(TILE=5)}), sets={"n": 9})
