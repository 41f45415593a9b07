"""System tests of an assembled design: odd sizes, independent layers in one launch, repeated launches, canaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.layer import Layer
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.model.tiling import plan_tiles
from aigchip_tui.modules.protocol import SystemTest

from .common import random_data
from .driver import LayerLayout, LayerTiles, PostSettings, golden_spills, golden_tiles, table_words
from .shape import Shape

if TYPE_CHECKING:
    import numpy as np

    from .common import Elements

MAIN: Final = (
    '#include "aigchip_bench.h"\n#include "gemm.cpp"\n\nAIGCHIP_BENCH(gemm, "table", "layers", "a", "b", "bias", "c")\n'
)

LAUNCHES: Final = 6
"""Launches of two layers that sample the odd sizes."""

MAX_GAP: Final = 5
"""Most words of rubbish between two regions of a memory."""


def system_test(
    shape: Shape, point: DesignPoint, build: Build, layers: Sequence[Layer], rng: np.random.Generator
) -> SystemTest:
    """Driver, stimuli and golden memories of a design.

    Given layers run in one launch each with the tiles of the tile plan. Without layers, M, N and K are sampled from
    {1, P-1, P, P+1, 2T+1} with small tiles T on the buffers of full size, two independent layers a launch, and the
    last launch is repeated. Every memory has rubbish between its regions, which must stay.
    """
    cases: list[TestCase] = []
    if layers:
        for index, layer in enumerate(layers):
            cases.append(_launch(f"{index} {layer.name}", shape, [layer_tiles(point, build, layer)], rng))
        return SystemTest(main=MAIN, cases=tuple(cases), note=f"{len(cases)} layers, tiles of the plan")
    for index, pair in enumerate(odd_pairs(shape, rng)):
        names = " and ".join(f"{t.m}x{t.n}x{t.k}/{t.tm}x{t.tn}x{t.tk}{' to n' if t.to_n else ''}" for t in pair)
        cases.append(_launch(f"{index}: {names}", shape, pair, rng))
    again = cases[-1]
    cases.append(
        TestCase(
            name=f"{again.name}, again",
            inputs=again.inputs,
            memories={"c": again.memories["c"]},
            expected_memories=again.expected_memories,
        )
    )
    return SystemTest(
        main=MAIN, cases=tuple(cases), note=f"{LAUNCHES} launches of two layers of odd sizes, the last one repeated"
    )


def layer_tiles(point: DesignPoint, build: Build, layer: Layer) -> LayerTiles:
    """A layer with the tiles of its plan."""
    plan = plan_tiles(point, build, layer)
    return LayerTiles(m=layer.m, n=layer.n, k=layer.k, tm=plan.tm, tn=plan.tn, tk=plan.tk, to_n=plan.along == "n")


def command_cases(
    shape: Shape, point: DesignPoint, build: Build, layers: Sequence[Layer]
) -> tuple[TestCase, ...]:
    """A launch of ctrl for each layer: its row of the table with the tiles of the plan, all addresses from 0."""
    import numpy as np

    cases = []
    for index, layer in enumerate(layers):
        row = LayerLayout(shape, layer_tiles(point, build, layer)).row(a=0, b=0, bias=0, c=0, post=PostSettings())
        cases.append(TestCase(
            name=f"{index} {layer.name}", inputs={"layers": np.int32(1).tobytes()},
            memories={"table": table_words([row]).tobytes()},
        ))
    return tuple(cases)


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _small_tile(shape: Shape, to_n: bool) -> dict[str, int]:
    # Whole tokens, whole banks, whole words of memory; two blocks an axis where the buffers hold them, so that a tile
    # at the edge has fewer blocks than the others.
    share = shape.mapped_arrays
    unit = _unit(shape, to_n)
    tile = {
        "m": max(unit["m"], max(shape.a.height, shape.c.height) // (share if to_n else 1)),
        "n": max(unit["n"], shape.b.height // (1 if to_n else share), shape.c.width * (share if to_n else 1)),
        "k": share * max(shape.pk, shape.a.width, shape.b.width, shape.port),
    }
    room = (
        ("m", "k", shape.a.height * shape.a.width * shape.a.depth),
        ("n", "k", shape.b.height * shape.b.width * shape.b.depth),
        ("m", "n", shape.c.height * shape.c.width * shape.c.depth),
    )
    for axis in "nmk":
        larger = {**tile, axis: 2 * tile[axis]}
        if all(larger[x] * larger[y] <= elements for x, y, elements in room):
            tile = larger
    return tile


def _unit(shape: Shape, to_n: bool) -> dict[str, int]:
    """Rows, columns and words along k of a step."""
    if to_n:
        return {"m": shape.qm, "n": shape.wide_n, "k": shape.pk}
    return {"m": shape.pm, "n": shape.pn, "k": shape.pk}


def copied_words(shape: Shape) -> Mapping[str, int]:
    """Words of each memory that hold any launch of `odd_pairs`: what co-simulation has to copy.

    Sizes along m and n only grow a layer; along k they also choose its tiles, so every size is tried.
    """
    most = dict.fromkeys(("table", "a", "b", "bias", "c"), 0)
    for to_n in (False, True) if shape.mapped else (False,):
        tile = _small_tile(shape, to_n)
        for k in _odd_sizes(shape, to_n)["k"]:
            layout = LayerLayout(shape, _tiles(shape, tile, 2 * tile["m"] + 1, 2 * tile["n"] + 1, k, to_n=to_n))
            a, b, bias, c = layout.words
            spilled = layout.spill_words if layout.spilled else 0
            words = {"table": len(layout.fields), "a": a, "b": b, "bias": bias, "c": c + spilled}
            most = {memory: max(most[memory], words[memory]) for memory in most}
    return {memory: 2 * words for memory, words in most.items()}


def _odd_sizes(shape: Shape, to_n: bool) -> dict[str, list[int]]:
    tile, unit = _small_tile(shape, to_n), _unit(shape, to_n)
    return {axis: sorted({1, max(1, unit[axis] - 1), unit[axis], unit[axis] + 1, 2 * tile[axis] + 1}) for axis in "mnk"}


def odd_pairs(shape: Shape, rng: np.random.Generator) -> list[list[LayerTiles]]:
    """Launches of two layers whose sizes are sampled from {1, P-1, P, P+1, 2T+1}, the largest first.

    Where each layer maps the arrays, the first layer of a launch maps them to m, the second to n.
    """
    if shape.mapped:
        to_m, to_n = (_odd_layers(shape, rng, LAUNCHES, to_n=to_n) for to_n in (False, True))
    else:
        drawn = _odd_layers(shape, rng, 2 * LAUNCHES)
        to_m, to_n = drawn[::2], drawn[1::2]
    return [list(pair) for pair in zip(to_m, to_n, strict=True)]


def _odd_layers(shape: Shape, rng: np.random.Generator, count: int, *, to_n: bool = False) -> list[LayerTiles]:
    tile, sizes = _small_tile(shape, to_n), _odd_sizes(shape, to_n)
    order: dict[str, list[int]] = {axis: [] for axis in "mnk"}
    wanted = [(2 * tile["m"] + 1, 2 * tile["n"] + 1, 2 * tile["k"] + 1)]
    while len(wanted) < count:
        drawn = []
        for axis in "mnk":
            if not order[axis]:
                order[axis] = [int(size) for size in rng.permutation(sizes[axis])]
            drawn.append(order[axis].pop())
        wanted.append((drawn[0], drawn[1], drawn[2]))
    return [_tiles(shape, tile, *size, to_n=to_n) for size in wanted]


def _tiles(shape: Shape, tile: dict[str, int], m: int, n: int, k: int, *, to_n: bool) -> LayerTiles:
    # Reuse of A or B keeps sums in place only if one axis is whole; it shrinks until it fits the buffers.
    tm, tn, tk = tile["m"], tile["n"], tile["k"]
    if shape.reuse == "output" or shape.spills or k <= tk:
        return LayerTiles(m=m, n=n, k=k, tm=tm, tn=tn, tk=tk, to_n=to_n)
    deep_a = shape.a.depth * shape.a.height * shape.a.width // tm
    deep_b = shape.b.depth * shape.b.height * shape.b.width // tn
    whole = _up(k, tk)
    if whole <= min(deep_a, deep_b):
        return LayerTiles(m=m, n=n, k=k, tm=tm, tn=tn, tk=whole, to_n=to_n)
    return LayerTiles(m=min(m, tm), n=min(n, tn), k=k, tm=tm, tn=tn, tk=tk, to_n=to_n)


def _launch(name: str, shape: Shape, layers: Sequence[LayerTiles], rng: np.random.Generator) -> TestCase:
    import numpy as np

    numbers = shape.numbers
    images: dict[str, list[Elements]] = {x: [] for x in ("a", "b", "bias", "c")}
    after: list[Elements] = []
    width = dict.fromkeys(("a", "b", "c"), shape.port * numbers.data_bytes)
    width["bias"] = shape.c.width * numbers.sum_bytes
    used = dict.fromkeys(images, 0)
    rows = []

    def put(memory: str, image: Elements, wanted: Elements | None = None) -> int:
        """Appends a region to a memory and gives its first word; `wanted` is what it holds after the launch."""
        place = used[memory]
        images[memory].append(image.view(np.int8))
        used[memory] += image.nbytes // width[memory]
        if wanted is not None:
            after.append(wanted.view(np.int8))
        return place

    def gap() -> None:
        for memory, parts in images.items():
            rubbish = random_data(rng, (int(rng.integers(1, MAX_GAP + 1)) * width[memory],))
            parts.append(rubbish)
            used[memory] += rubbish.size // width[memory]
            if memory == "c":
                after.append(rubbish)

    gap()
    for tiles in layers:
        layout = LayerLayout(shape, tiles)
        post = PostSettings(
            multiplier=int(rng.integers(1, 1 << 8)), shift=int(rng.choice([0, 7, 12, 16])), relu=bool(rng.integers(2))
        )
        a = random_data(rng, (tiles.m, tiles.k), numbers=numbers)
        b = random_data(rng, (tiles.k, tiles.n), numbers=numbers)
        bias = rng.integers(-(1 << 16), 1 << 16, size=tiles.n, dtype=numbers.sums)
        before = random_data(rng, (layout.words[3] * shape.port,), numbers=numbers)
        at = {"a": put("a", layout.pack_a(a)), "b": put("b", layout.pack_b(b)),
              "bias": put("bias", layout.pack_bias(bias)),
              "c": put("c", before, layout.pack_c(golden_tiles(layout, a, b, bias, post), before))}
        spill = 0
        if layout.spilled:
            gap()
            region = random_data(rng, (layout.spill_words * shape.port,), numbers=numbers)
            spill = put("c", region, golden_spills(layout, a, b, region))
        rows.append(layout.row(**at, post=post, spill=spill))
        gap()
    memories = {memory: np.concatenate(parts).tobytes() for memory, parts in images.items()}
    memories["table"] = table_words(rows).tobytes()
    return TestCase(
        name=name,
        inputs={"layers": np.int32(len(rows)).tobytes()},
        memories=memories,
        expected_memories={"c": np.concatenate(after).tobytes()},
    )
