"""The words of a source do not matter, its structure does: renaming moves nothing, a changed loop moves as computed."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest

from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.estimator.estimate import Estimate, estimate
from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.module import Variant
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Template
from aigchip_tui.synth.reading import module_request
from tests.estimator.kernels import KERNELS
from tests.estimator.renaming import renamed

NAMES = ("name", "function", "line", "file", "bound", "reason")


def figures(text: str) -> dict[str, Any]:
    """All figures of an estimate; names, lines and sentences left out."""
    found = msgspec.to_builtins(estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c"))
    for loop in found["loops"]:
        for word in NAMES:
            loop.pop(word)
    return {name: value for name, value in found.items() if name not in ("top", "file", "functions", "unknown")}


@pytest.mark.parametrize("kernel", KERNELS)
def test_other_names_and_no_comments_are_the_same_estimate(kernel: str) -> None:
    text = KERNELS[kernel]
    before = figures(text)
    assert before["loops"] or before["latency_max"] is not None
    for seed in range(3):
        other = renamed(text, seed)
        assert "//" not in other
        assert "/*" not in other
        assert figures(other) == before, other


@cache
def _template() -> Template:
    return load_template("gemm")


def _children(module: str, settings: dict[str, int | str]) -> list[tuple[Variant, str]]:
    texts: list[tuple[Variant, str]] = []
    for name, child in _template().modules()[module].children(settings):
        texts += _children(name, child)
        variant = _template().variant(name, child)
        texts.append((variant, next(iter(answers([variant_case(variant)], load_demos("gemm").of(name)))).code))
    return texts


def _demos() -> list[Demo]:
    library = load_demos("gemm")
    return [demo for module in library.modules for demo in library.of(module)[:2]]


@pytest.mark.parametrize("demo", _demos(), ids=lambda demo: demo.label)
def test_our_own_modules_are_read_by_structure_alone(demo: Demo) -> None:
    settings = dict(demo.settings)
    request = module_request(
        _template().variant(demo.module, settings), demo.code, _children(demo.module, settings),
        headers=_template().headers(), clock_ns=5.0, part="xczu7ev",
    )
    files = dict(request["files"])
    found = preprocess(files[request["main"]], files)
    text = f"{found.prelude}\n{found.text}"
    assert figures(renamed(text, 1)) == figures(text)


def read(text: str) -> Estimate:
    return estimate({"k.cpp": text}, clock_ns=5.0, part="xcu55c")


def test_the_layout_of_the_text_does_not_choose_the_top() -> None:
    """Nobody calls either function: the one of more statements is the top, on however many lines it stands."""
    text = (
        "void seed(int a[8]) {\n  a[0]\n  =\n  1\n  ;\n}\n"
        "void f(int a[8]) { for (int i = 0; i < 8; i++) { a[i] += i; a[i] *= 3; } }\n"
    )
    assert read(text).top == "f"
    assert figures(renamed(text, 1)) == figures(text)


def loop(found: Estimate, name: str) -> tuple[int, int, int]:
    """Trip count, II and latency of a pipelined loop."""
    one = next(each for each in found.loops if each.name == name)
    assert one.trip is not None
    assert one.ii is not None
    assert one.latency is not None
    return one.trip, one.ii, one.latency


def test_a_doubled_trip_count_adds_its_iterations_and_nothing_else() -> None:
    """1024 more iterations of `add`, each II cycles apart: latency grows by 1024 * II; hardware by one counter bit."""
    text = KERNELS["histogram"]
    once, twice = read(text), read(text.replace("1024", "2048"))
    trip, interval, cycles = loop(once, "add")
    assert (trip, loop(twice, "add")[0]) == (1024, 2048)
    assert loop(twice, "add")[1:] == (interval, cycles + 1024 * interval)
    assert once.latency_max is not None
    assert twice.latency_max == once.latency_max + 1024 * interval
    assert (twice.dsp, twice.bram18) == (once.dsp, once.bram18)


def test_without_its_pipeline_a_loop_pays_its_depth_each_time() -> None:
    """II * (trip - 1) + depth - 1 becomes trip * (cycles of one iteration), when nothing is pipelined unasked."""
    text = KERNELS["histogram"]
    kept = read(text)
    off = read(text.replace("#pragma HLS PIPELINE", "#pragma HLS PIPELINE off"))
    plain = next(each for each in off.loops if each.name == "add")
    trip, interval, cycles = loop(kept, "add")
    depth = next(each for each in kept.loops if each.name == "add").depth
    assert depth is not None
    assert cycles == interval * (trip - 1) + max(depth - 1, interval)
    assert not plain.pipelined
    assert plain.ii is None
    assert plain.depth is not None
    assert plain.latency == 1024 * plain.depth
    assert plain.depth > interval


def test_without_its_partition_the_ports_set_the_interval() -> None:
    """32 products a cycle read a row of `a` and a column of `b`: with all banks II is 1, with two ports 32 / 2 = 16."""
    text = KERNELS["matrix product"].replace(
        "  row:", "#pragma HLS ARRAY_PARTITION variable=a complete dim=2\n"
        "#pragma HLS ARRAY_PARTITION variable=b complete dim=1\n  row:", 1,
    )
    both = next(each for each in read(text).loops if each.pipelined)
    assert both.ii == 1
    one = text.replace("#pragma HLS ARRAY_PARTITION variable=b complete dim=1\n", "")
    slower = next(each for each in read(one).loops if each.pipelined)
    assert slower.ii == 16
    assert slower.bound.startswith("ports")
    assert slower.latency is not None
    assert both.latency is not None
    assert slower.latency - both.latency >= 15 * (32 * 32 - 1)


def test_a_cyclic_factor_serves_two_elements_a_bank() -> None:
    """A cyclic factor f serves 2 f elements a cycle: 32 elements take 32 / (2 f) cycles."""
    text = KERNELS["matrix product"].replace(
        "  row:", "#pragma HLS ARRAY_PARTITION variable=a complete dim=2\n"
        "#pragma HLS ARRAY_PARTITION variable=b cyclic factor=F dim=1\n  row:", 1,
    )
    found = [next(each.ii for each in read(text.replace("=F", f"={f}")).loops if each.pipelined) for f in (2, 4, 8, 16)]
    assert found == [8, 4, 2, 1]
