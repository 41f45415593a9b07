"""The tree of a design, local settings, wiring, files, and the driver's memory layout."""

from __future__ import annotations

import importlib
import random
import re
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Netlist
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import DesignPoint

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs


def part(name: str) -> ModuleType:
    """A file of the loaded template package."""
    return importlib.import_module(f"{type(bench.template()).__module__.rpartition('.')[0]}.{name}")


def netlist(design: DesignPoint, axi_bytes: int = 16) -> Netlist:
    return bench.template().netlist(design, designs.build(axi_bytes))


def names(tree: Netlist) -> dict[str, int]:
    return {instance.name: instance.count for instance in tree.instances}


@cache
def legal_designs(count: int) -> list[tuple[DesignPoint, int]]:
    """Random designs that the rules of the space allow, with an AXI width."""
    draw = random.Random(7)
    found: list[tuple[DesignPoint, int]] = []
    while len(found) < count:
        design, axi_bytes = designs.random_design(draw)
        if not refusals(design, designs.build(axi_bytes)):
            found.append((design, axi_bytes))
    return found


def test_a_tree_counts_its_instances_and_processes() -> None:
    tree = netlist(designs.point("m2k4", "m4n2", "n4", a=(8, 4), b=(8, 4)))
    counted = names(tree)
    assert (counted["mac"], counted["lane"], counted["array"]) == (8, 8, 4)
    assert tree.instances[0].name == "mac"
    assert tree.instances[-1].author == "template"
    assert tree.processes == sum(i.count for i in tree.instances if i.parent == "gemm") == 18
    order = [instance.name for instance in tree.instances]
    assert all(order.index(i.name) < order.index(i.parent) for i in tree.instances if i.parent)


@pytest.mark.parametrize(("a", "b", "expected"), [
    ((4, 4), (8, 4), set()), ((4, 2), (8, 4), {"arbiter_a"}), ((64, 64), (4, 4), {"arbiter_b"}),
    ((1, 1), (1, 1), {"arbiter_a", "arbiter_b"}),
])  # fmt: skip
def test_arbiters_stand_where_banks_deliver_less_than_a_token(
    a: tuple[int, int], b: tuple[int, int], expected: set[str]
) -> None:
    tree = netlist(designs.point("m2k4", "m2n8", a=a, b=b))
    assert {name for name in names(tree) if name.startswith("arbiter")} == expected
    ctrl = next(instance for instance in tree.instances if instance.name == "ctrl").variant
    assert {x for x in ("arbiter_a", "arbiter_b") if ctrl.settings[x] == "yes"} == expected


@cache
def _legal(module: str) -> frozenset[tuple[tuple[str, int | str], ...]]:
    return frozenset(tuple(sorted(choice.items())) for choice in bench.spec_of(module).legal_settings())


def test_local_settings_of_legal_designs_are_legal_for_their_modules() -> None:
    for design, axi_bytes in legal_designs(300):
        for instance in netlist(design, axi_bytes).instances:
            if instance.author == "generator":
                key = tuple(sorted(instance.variant.settings.items()))
                assert key in _legal(instance.variant.module), (instance.name, instance.variant.settings)


def test_both_sides_of_every_edge_agree_and_every_port_is_connected() -> None:
    for design, axi_bytes in legal_designs(100):
        tree = netlist(design, axi_bytes)
        variants = {instance.name: instance.variant for instance in tree.instances}
        seen = set()
        for edge in tree.edges:
            assert edge.depth >= 1
            assert edge.depth_reason
            tokens = {
                next(port.token_bits for port in variants[name].ports if port.name == port_name)
                for name, port_name in ((edge.producer, edge.producer_port), (edge.consumer, edge.consumer_port))
            }
            assert len(tokens) == 1
            assert max(tokens) <= 4096 or "blocks" in {
                port.kind for port in variants[edge.producer].ports if port.name == edge.producer_port
            }
            seen |= {(edge.producer, edge.producer_port), (edge.consumer, edge.consumer_port)}
        streams = {
            (instance.name, port.name)
            for instance in tree.instances
            if instance.parent == "gemm"
            for port in instance.variant.ports
            if port.kind in ("stream", "blocks")
        }
        assert streams == seen


def test_a_mismatched_edge_is_refused_with_both_widths() -> None:
    shape = part("shape").shape_of(designs.point("m4", "n4"), designs.build())
    local = part("shape").local_settings(shape)
    template = bench.template()
    processes = {name: template.variant(module, choice) for name, (module, choice) in local.items()}
    processes["dma_a"] = template.variant("dma_load", {"port": 32})
    with pytest.raises(AigchipError, match=r"dma_a\.out sends data_t x 32 .* fill_a\.in takes data_t x 16"):
        part("top").connections(shape, processes)


def test_equal_instructions_are_one_variant_whatever_the_design() -> None:
    one = {i.name: i.variant.key for i in netlist(designs.point("m4", "n4")).instances}
    two = {i.name: i.variant.key for i in netlist(designs.point("m4", "n4", kib=16)).instances}
    assert one["array"] == two["array"]
    assert one["ctrl"] == two["ctrl"]
    assert one["fill_a"] != two["fill_a"]
    three = {i.name: i.variant.key for i in netlist(designs.point("m4", "n4", reuse="a")).instances}
    assert {name for name in one if one[name] != three[name]} == {"ctrl"}


def test_what_is_not_built_is_refused_by_name() -> None:
    with pytest.raises(AigchipError, match="not built yet: a token"):
        netlist(designs.point("m64", "m16k2"))


def test_files_of_a_design() -> None:
    design = designs.point("m4", "n4", "m2", a=(8, 4), b=(4, 4))
    tree = netlist(design)
    bodies = designs.bodies_of(tree)
    files = bench.template().assemble(tree, bodies)
    variants = {i.variant.key for i in tree.instances if i.author == "generator"}
    assert len(files) == len(variants) + 3
    for key in variants:
        name = key.replace("-", "_")
        text = files[f"{name}.hpp"]
        assert f"namespace {name} {{" in text
        assert bodies[key].strip() in text
        assert text.index("#pragma once") < text.index("#include")
    top = files["gemm.cpp"]
    assert top.count("#pragma HLS DATAFLOW") == 1
    assert top.count("#pragma HLS STREAM ") == sum("_to_" in line and "stream<" in line for line in top.splitlines())
    for port in ("table", "a", "b", "bias", "c"):
        assert re.search(rf"INTERFACE m_axi port={port} bundle={port} ", top)
    assert max(len(line) for line in top.splitlines() if "HLS INTERFACE" not in line) <= 120
    del bodies[next(iter(bodies))]
    with pytest.raises(AigchipError, match="No code for"):
        bench.template().assemble(tree, bodies)


def test_the_header_names_every_word_of_the_table() -> None:
    types = part("types")
    text = bench.template().headers()["gemm_types.hpp"]
    for name, _, meaning in types.LAYER_GROUPS:
        assert re.search(rf"\b{name} = {types.LAYER_FIELDS.index(name)}, +// {re.escape(meaning)}", text)
    assert f"LAYER_WORDS = {types.LAYER_WORDS}\n" in text
    for name, _, meaning in types.SPILL_GROUPS:
        index = types.LAYER_WORDS + types.SPILL_FIELDS.index(name)
        assert re.search(rf"\b{name} = {index}, +// {re.escape(meaning)}", text)
    for struct, (_, fields) in types.COMMANDS.items():
        assert f"struct {struct} {{" in text
        assert fields[-1][0] == "last"


sizes = st.integers(1, 90)


@settings(max_examples=40, deadline=None)
@given(m=sizes, n=sizes, k=sizes, tiles=st.tuples(*[st.integers(1, 3)] * 3), c_width=st.sampled_from([1, 2, 8]))
def test_packing_puts_each_element_where_the_table_says(
    m: int, n: int, k: int, tiles: tuple[int, int, int], c_width: int
) -> None:
    """Walks the tiles by the words of the table alone and finds every element, zeros elsewhere."""
    driver = part("driver")
    shape = part("shape").shape_of(
        designs.point("m4", "n8k4", a=(4, 8), b=(8, 8), c=(4, c_width), kib=64), designs.build(8)
    )
    tm, tn, tk = (step * count for step, count in zip((4, 8, 8), tiles, strict=True))
    layout = driver.LayerLayout(shape, driver.LayerTiles(m=m, n=n, k=k, tm=tm, tn=tn, tk=tk))
    row = layout.row(a=3, b=5, bias=1, c=7, post=driver.PostSettings())
    rng = np.random.default_rng(m * n * k)
    a = rng.integers(-128, 128, size=(m, k), dtype=np.int8)
    image = layout.pack_a(a).reshape(-1, 8)
    found = 0
    for i in range(m):
        for j in range(k):
            tile_m, tile_k = i // tm, j // tk
            words = row["K_WORDS_1"] if tile_k == row["ALONG_K"] - 1 else row["K_WORDS"]
            base = tile_m * row["ALONG_M_1"] + tile_k * row["ALONG_K_1"]
            at = base + i % tm * words + j % tk // 8
            assert image[at, j % tk % 8] == a[i, j]
            found += abs(int(a[i, j]))
    assert found == np.abs(image.astype(int)).sum()
    b = rng.integers(-128, 128, size=(k, n), dtype=np.int8)
    assert np.abs(layout.pack_b(b).astype(int)).sum() == np.abs(b.astype(int)).sum()
    bias = rng.integers(-1000, 1000, size=n, dtype=np.int32)
    golden = driver.golden_tiles(layout, a, b, bias, driver.PostSettings(multiplier=3, shift=9, relu=True))
    stored = layout.pack_c(golden, np.zeros(layout.words[3] * 8, dtype=np.int8))
    plain = (a.astype(np.int64) @ b.astype(np.int64) + bias) * 3
    wanted = np.clip(np.floor_divide(plain + 256, 512), 0, 127)
    assert (layout.unpack_c(stored) == wanted).all()


def test_tiles_that_do_not_fit_or_would_spill_are_refused() -> None:
    driver, shapes = part("driver"), part("shape")
    shape = shapes.shape_of(designs.point("m4", "n4", reuse="a"), designs.build())
    with pytest.raises(AigchipError, match="addresses in a bank of A"):
        driver.LayerLayout(shape, driver.LayerTiles(m=512, n=16, k=512, tm=512, tn=16, tk=512))
    with pytest.raises(AigchipError, match="Reuse a with 1 x 2 x 2 tiles spills sums"):
        driver.LayerLayout(shape, driver.LayerTiles(m=4, n=32, k=32, tm=4, tn=16, tk=16))


def test_system_tests_are_fresh_and_hold_what_they_promise() -> None:
    design, asked = designs.point("m4", "n4"), designs.build()
    tree = netlist(design)
    tests = [bench.template().system_test(tree, design, asked, (), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert tests[0] == tests[1]
    assert tests[0] != tests[2]
    words = part("types").LAYER_WORDS
    for case in tests[0].cases:
        assert np.frombuffer(case.inputs["layers"], "<i4").tolist() == [2]
        if "again" not in case.name:
            assert len(case.memories["table"]) == 2 * 4 * words
            assert case.memories["c"] != case.expected_memories["c"]
            assert set(case.memories) == {"table", "a", "b", "bias", "c"}
        assert set(case.expected_memories) == {"c"}
    assert "again" in tests[0].cases[-1].name
