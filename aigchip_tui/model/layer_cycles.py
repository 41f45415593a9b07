"""The analytic model's cycles of a layer cut into tiles: what each class of tiles costs, and how it overlaps.

One text for whole numbers (`model.tiling`) and for arrays of designs and layers (`search.analytic`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aigchip_tui.model.overlap import Arithmetic, Tiles, overlapped, spilled

# Cycles from a read request to its first word, assumed until measured on a board (SPACE sec. 3: a = 60, b =
# 0).
BURST_START = 60
# Cycles from the end of a burst to the moment in which the array may take what it brought.
LOAD_END = 3
# Cycles of a layer in which nothing flows: ctrl reads the layer's row of the table (one burst), the first tiles are
# asked for, and the last token runs through the empty processes; seen in simulated designs.
LAYER_OVERHEAD = 160
# Cycles between two visits in which the slowest process of the array's pipeline takes no token (command, depth).
VISIT_START = 4
# Cycles in which ctrl commands one visit, as the estimator reads them from its C++.
VISIT_COMMANDS = 28
# Cycles of post between two tiles beside the burst that brings the next tile's bias.
STORE_START = 10


class Cut(NamedTuple):
    """A design, a layer, and the tiles that the layer is cut into; sizes in elements, rates in bytes a cycle.

    `rows_a`, `rows_b`: rows of A and columns of B with their padding; `lda`, `ldb`, `ldc`: k and
    columns of C with that of memory; `memory_rate`: of all ports together;
    `visit_start`: cycles of a visit in which nothing is added up; `least_steps`, `block_cycles`: of a block of sums,
    see `model.tiling` and `model.space`; `cycles_a`, `cycles_b`: of a token, which serves `share_a`, `share_b` steps.
    """

    pm: Any
    pn: Any
    pk: Any
    part_c_w: Any
    cycles_a: Any
    cycles_b: Any
    share_a: Any
    share_b: Any
    least_steps: Any
    block_cycles: Any
    visit_start: Any
    fill: Any
    rate_a: Any
    rate_b: Any
    rate_c: Any
    rate_sums: Any
    data_bytes: Any
    output_bytes: Any
    sum_bytes: Any
    rows_a: Any
    rows_b: Any
    k: Any
    lda: Any
    ldb: Any
    ldc: Any
    memory_rate: Any
    tm: Any
    tn: Any
    tk: Any
    nm: Any
    nn: Any
    nk: Any


def layer_cycles(cut: Cut, stays: str, may_spill: bool, a: Arithmetic) -> Any:
    """Cycles of the layer from launch to end, as if each port had the memory for itself.

    `stays` is the operand that stays longest; `may_spill`: sums leave for memory where k and the inner axis are cut.
    """
    c = cut
    rows = _sizes(c.rows_a, c.tm, c.nm, a)
    columns = _sizes(c.rows_b, c.tn, c.nn, a)
    words_a, words_b = (_sizes(ld, c.tk, c.nk, a) for ld in (c.lda, c.ldb))
    steps = [a.ceil_div(size, c.pk) for size in _sizes(c.k, c.tk, c.nk, a)]
    # A block of sums takes its steps, the wait of near lanes for far ones, or the time in which buffer C takes it.
    block = [a.largest(delivered(c, kb, a), c.least_steps, c.block_cycles) for kb in steps]
    load_a = [[_load(c, r, w, c.rate_a, a) for w in words_a] for r in rows]
    load_b = [[_load(c, n, w, c.rate_b, a) for w in words_b] for n in columns]
    count = (c.nm, c.nn)
    if stays == "b":
        rows, columns, count = columns, rows, (c.nn, c.nm)
        load_a, load_b = load_b, load_a
    side = (c.pn, c.pm) if stays == "b" else (c.pm, c.pn)
    visit: list[list[list[Any]]] = []
    store: list[list[Any]] = []
    moved: list[list[Any]] = []
    for outer in rows:
        visit.append([])
        store.append([])
        moved.append([])
        for inner in columns:
            blocks = a.ceil_div(outer, side[0]) * a.ceil_div(inner, side[1])
            visit[-1].append([a.largest(blocks * each + c.visit_start, VISIT_COMMANDS) for each in block])
            tile = (inner, outer) if stays == "b" else (outer, inner)
            store[-1].append(_store(c, *tile, a))
            moved[-1].append(a.ceil_div(outer * inner * c.sum_bytes, c.rate_sums) + BURST_START)
    tiles = Tiles(count[0], count[1], c.nk, visit, load_a, load_b, store)
    cycles = overlapped(tiles, a)
    if may_spill:
        cycles = a.choose((c.nk > 1) & (count[1] > 1), spilled(tiles, moved, a), cycles)
    first = a.largest(load_a[0][0], load_b[0][0]) - BURST_START
    return first + cycles + c.fill + LAYER_OVERHEAD


def delivered(c: Any, kb: Any, a: Arithmetic) -> Any:
    """Cycles in which the banks of A and of B deliver the tokens of a block of kb steps; `c` is a Cut, or what has its
    words for them.
    """
    return a.largest(a.ceil_div(kb, c.share_a) * c.cycles_a, a.ceil_div(kb, c.share_b) * c.cycles_b)


def _sizes(total: Any, tile: Any, count: Any, a: Arithmetic) -> list[Any]:
    """What a full tile and the last one hold of an axis; the same where there is one tile."""
    last = total - (count - 1) * tile
    return [a.choose(count > 1, tile, last), last]


def _load(c: Cut, rows: Any, words: Any, rate: Any, a: Arithmetic) -> Any:
    return a.ceil_div(rows * words * c.data_bytes, rate) + BURST_START + LOAD_END


def _store(c: Cut, rows: Any, columns: Any, a: Arithmetic) -> Any:
    """Cycles in which a tile of C leaves: the bias of its columns is read first, then a bank word leaves a cycle, or as
    the port takes them.
    """
    words = a.ceil_div(columns, c.part_c_w)
    leaves = a.ceil_div(rows * words * c.part_c_w * c.output_bytes, c.rate_c)
    return leaves + BURST_START + words + STORE_START
