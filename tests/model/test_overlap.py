"""Overlap by edge classes agrees with a walk over all visits, in which loads, array and stores wait for each other."""

from __future__ import annotations

import random
from itertools import product

from aigchip_tui.model.overlap import LAST, WHOLE, Tiles, overlapped, spilled


def tiles(
    counts: tuple[int, int, int], *, visit: int, outer: int = 0, inner: int = 0, store: int = 0, last: float = 1.0
) -> Tiles:
    """Tiles whose cost is that of a full one, times `last` for each axis on whose end it lies (if it has several)."""

    def scaled(cycles: int, *classes: tuple[int, int]) -> int:
        for which, count in classes:
            cycles = int(cycles * last) if which == LAST and count > 1 else cycles
        return cycles

    o, i, k = counts
    both = (0, 1)
    return Tiles(
        o, i, k,
        [[[scaled(visit, (x, o), (y, i), (z, k)) for z in both] for y in both] for x in both],
        [[scaled(outer, (x, o), (z, k)) for z in both] for x in both],
        [[scaled(inner, (y, i), (z, k)) for z in both] for y in both],
        [[scaled(store, (x, o), (y, i)) for y in both] for x in both],
    )  # fmt: skip


def walked(t: Tiles) -> int:
    """Every visit in its turn: a load waits for the one in front and for a block, the array for loads and for a block
    of C, a store for the array and for the store in front. Time 0 is when the first tiles of both operands are there.
    """
    ends = (t.count_outer - 1, t.count_inner - 1, t.count_k - 1)
    first = max(t.load_outer[0][0], t.load_inner[0][0])
    done = {"outer": 0, "inner": 0}
    held: dict[str, tuple[int, int] | None] = {"outer": None, "inner": None}
    freed = {"outer": [0, 0], "inner": [0, 0]}
    array = stored = 0
    blocks = [0, 0]
    for at in product(*(range(count) for count in (t.count_outer, t.count_inner, t.count_k))):
        o, i, k = (int(place == end) for place, end in zip(at, ends, strict=True))
        wanted = {"outer": ((at[0], at[2]), t.load_outer[o][k]), "inner": ((at[1], at[2]), t.load_inner[i][k])}
        for operand, (tile, cycles) in wanted.items():
            if held[operand] != tile:
                if held[operand] is not None:
                    freed[operand].append(array)
                done[operand] = max(done[operand], freed[operand].pop(0)) + cycles
                held[operand] = tile
        begin = max(array, *done.values())
        if at[2] == 0:
            begin = max(begin, blocks.pop(0))
        array = begin + t.visit[o][i][k]
        if at[2] == ends[2]:
            stored = max(array, stored) + t.store[o][i]
            blocks.append(stored)
    return int(max(array, stored) - first)


def test_a_single_tile_is_visited_and_stored() -> None:
    assert overlapped(tiles((1, 1, 1), visit=50, outer=700, inner=20, store=9), WHOLE) == 59


def test_the_slowest_of_visit_load_and_store_sets_the_pace() -> None:
    """Six tiles along the inner axis: five loads follow the first visit, five stores the first tile of C."""
    assert overlapped(tiles((1, 6, 1), visit=50, inner=20, store=9), WHOLE) == 6 * 50 + 9
    assert overlapped(tiles((1, 6, 1), visit=50, inner=80, store=9), WHOLE) == 5 * 80 + 50 + 9
    assert overlapped(tiles((1, 6, 1), visit=50, inner=20, store=90), WHOLE) == 50 + 5 * 90 + 90


def test_an_operand_that_stays_has_a_whole_run_to_be_loaded_in() -> None:
    assert overlapped(tiles((3, 6, 1), visit=50, outer=290), WHOLE) == 3 * 6 * 50
    # 60 cycles more than a run, twice; the first tile is there when the layer begins.
    assert overlapped(tiles((3, 6, 1), visit=50, outer=360), WHOLE) == 3 * 6 * 50 + 2 * 60


def test_k_in_several_tiles_loads_both_operands_for_each_visit() -> None:
    assert overlapped(tiles((1, 2, 3), visit=50, outer=70, inner=20, store=30), WHOLE) == 5 * 70 + 50 + 30
    # Behind the first tile of C, which ends with its third visit, both stores go on without a pause.
    assert overlapped(tiles((1, 2, 3), visit=50, outer=70, inner=20, store=300), WHOLE) == 2 * 70 + 50 + 2 * 300


def test_classes_of_tiles_stand_for_a_walk_over_the_visits() -> None:
    """Random costs: what the classes say is never a tenth less than a walk, and nine in ten are within 5 % of it."""
    draw = random.Random(5)
    errors = []
    for _ in range(4000):
        counts = (draw.randint(1, 6), draw.randint(1, 6), draw.randint(1, 4))
        visit, outer, inner, store = (draw.randint(50, 2000) for _ in range(4))
        t = tiles(counts, visit=visit, outer=outer, inner=inner, store=store, last=draw.uniform(0.1, 1))
        walk = walked(t) + max(outer, inner)
        errors.append((overlapped(t, WHOLE) + max(outer, inner)) / walk - 1)
    errors.sort()
    assert errors[0] >= -0.1
    assert errors[len(errors) * 9 // 10] <= 0.05


def test_spilled_sums_keep_the_memory_of_c_busy() -> None:
    """Two tiles of C and three tiles along k: sums leave twice and come back twice, results leave once."""
    t = tiles((1, 2, 3), visit=50, store=30)
    moved = [[100, 100], [100, 100]]
    # Runs of two visits: out (100 each), in and out (200 each), in and the result (130 each), the last result behind.
    assert spilled(t, moved, WHOLE) == 2 * 100 + 2 * 200 + 2 * 130 + 30
    assert spilled(tiles((1, 2, 3), visit=500, store=30), moved, WHOLE) == 6 * 500 + 30
