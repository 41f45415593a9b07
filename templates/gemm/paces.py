"""Cycles that each process may take for a command: what a test bench that never holds it up must see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aigchip_tui.model.layer_cycles import BURST_START
from aigchip_tui.model.module import Settings
from aigchip_tui.modules.protocol import Pace

from .common import ceil_div, number
from .parts import SUM_ELEMENTS
from .relay_mapped import far, near
from .relay_mixed import hearers
from .types import command_fields

BESIDE: Final = 10
"""Cycles of a command beside those of its tokens, at the slowest part and the fastest clock that are built for: it is
read, and the pipeline is filled and emptied."""

PRODUCTS: Final = 40
"""The same where the number of tokens is a product that is computed first, or the pipeline is deep."""

MEMORY: Final = BURST_START
"""Cycles from a request to the first word of a burst (SPACE sec. 3)."""

VISIT: Final = 40
"""Cycles in which ctrl commands a visit, in a loop that is not pipelined."""

Work = tuple[str, str, int]
"""Struct of the command, cycles of its tokens, and cycles beside them."""

Crossing = Mapping[str, tuple[str, str]]
"""By port (empty: any other) the cycles that a command's first token waits for beside what all wait for, and those in
which its tokens cross."""


def pace_of(module: str, settings: Settings) -> Pace | None:
    """The pace that a process of gemm is contracted to; None for a module that is no process of its own."""
    found = _WORK.get(module)
    if found is None:
        return None
    struct, work, beside = found(settings)
    return Pace(fields=command_fields(struct), work=work, beside=beside)


def crossing_of(module: str, settings: Settings) -> Crossing:
    """How tokens cross the ports of a process of gemm; empty where they do as its pace says."""
    found = _CROSSINGS.get(module)
    return found(settings) if found is not None else {}


CTRL: Final = ("ctrl", "ctrl_spill", "ctrl_mapped", "ctrl_mapped_spill")


def ctrl_pace(fields: tuple[str, ...]) -> Pace:
    """The pace of a commander: it reads a layer's row of the table, then commands its visits and the round in front."""
    work = f"{len(fields)} + {VISIT} * (VISITS + 1)"
    return Pace(commands="table", fields=fields, work=work, beside=MEMORY + PRODUCTS)


def _array(s: Settings) -> Work:
    slices = number(s, "slices")
    return "array_cmd", f"blocks * max(kb, {slices}) + {slices}" if slices > 1 else "blocks * kb", PRODUCTS


def _systolic(s: Settings) -> Work:
    m, n, k, slices = (number(s, key) for key in ("m", "n", "k", "slices"))
    period, tail = m + n - 2 + slices, m + n + k - 3 + slices - 1
    return "array_cmd", f"(blocks - 1) * max(kb, {period}) + kb + {tail}", PRODUCTS


def _fill(s: Settings) -> Work:
    return "fill_cmd", _times("rows * row_words", ceil_div(number(s, "port"), number(s, "part_w"))), PRODUCTS


def _drain(s: Settings) -> Work:
    parts = ceil_div(number(s, "rows"), number(s, "part_h")) * ceil_div(number(s, "k"), number(s, "part_w"))
    blocks = "own * kb * ((replays - 1) * other_full + other_last)"
    return "drain_cmd", _times(blocks, parts), PRODUCTS


def _arbiter(s: Settings) -> Work:
    parts = number(s, "rows") // number(s, "in_rows") * (number(s, "k") // number(s, "in_k"))
    return "arbiter_cmd", _times("tokens", parts), BESIDE


def _reorder(s: Settings) -> Work:
    return "reorder_cmd", f"(blocks + 1) * {number(s, 'rows') * number(s, 'columns')}", BESIDE


def _chain(struct: str, length: Callable[[Settings], int]) -> Callable[[Settings], Work]:
    return lambda s: (struct, f"tokens + {length(s) - 1}", BESIDE)


def _mapped_chain(s: Settings) -> Work:
    return "share_cmd", f"blocks * kb + {_behind(s)}", PRODUCTS


def _behind(s: Settings) -> str:
    """Steps by which the last array is behind the first one."""
    return f"({far(s)} if serial else {near(s)})"


def _accumulate(struct: str) -> Callable[[Settings], Work]:
    def of(s: Settings) -> Work:
        rows, slices = number(s, "rows"), number(s, "slices")
        parts = slices * ceil_div(rows // slices, number(s, "part_h"))
        return struct, _times("mb * nb", parts * ceil_div(number(s, "columns"), number(s, "part_w"))), PRODUCTS

    return of


def _flush_spill(s: Settings) -> Work:
    part = number(s, "part_rows") * number(s, "part_w")
    parts = number(s, "rows") * number(s, "columns") // part
    return "unload_cmd", f"mb * nb * {parts} if raw else rows * row_words", PRODUCTS


def _post(_: Settings) -> Work:
    # The bias of a word's columns is read before the first row.
    return "post_cmd", "(rows + 1) * row_words", MEMORY + PRODUCTS


def _dma_store(s: Settings) -> Work:
    return "store_cmd", _times("words", max(1, number(s, "port") // number(s, "lanes"))), BESIDE


def _dma_spill(s: Settings) -> Work:
    sums, results = _spill_rates(s)
    # A response is waited for behind a burst of writes, as the first word in front of one of reads.
    work = _times("words", sums) if sums == results else f"words * ({sums} if load else {sums} if raw else {results})"
    return "move_cmd", work, MEMORY + PRODUCTS


def _spill_rates(s: Settings) -> tuple[int, int]:
    """Cycles in which a word of the port is filled: with sums, with results."""
    port = number(s, "port")
    return max(1, port // (number(s, "sums") * SUM_ELEMENTS)), max(1, port // number(s, "lanes"))


def _plain(struct: str, work: str, beside: int = BESIDE) -> Callable[[Settings], Work]:
    return lambda _: (struct, work, beside)


def _times(work: str, factor: int) -> str:
    return work if factor == 1 else f"{work} * {factor}"


_WORK: Final[Mapping[str, Callable[[Settings], Work]]] = {
    "pe_array": _array,
    "systolic_array": _systolic,
    "dma_load": _plain("load_cmd", "words", MEMORY + BESIDE),
    "fill": _fill,
    "drain": _drain,
    "arbiter": _arbiter,
    "gearbox": _plain("gear_cmd", "max(takes + 1, tokens)"),
    "reorder": _reorder,
    "interconnect": _plain("inter_cmd", "tokens"),
    "interconnect_mixed": _plain("inter_cmd", "tokens"),
    "interconnect_mapped": _plain("share_cmd", "blocks * kb", PRODUCTS),
    "interconnect_mapped_mixed": _plain("share_cmd", "blocks * kb", PRODUCTS),
    "relay_mapped": _mapped_chain,
    "relay": _chain("inter_cmd", lambda s: number(s, "arrays")),
    "relay_mixed": _chain("inter_cmd", hearers),
    "collector": _plain("collect_cmd", "tokens"),
    "collector_mixed": _plain("collect_cmd", "tokens"),
    "cascade": _chain("collect_cmd", lambda s: number(s, "arrays")),
    "cascade_mixed": _chain("collect_cmd", lambda s: number(s, "along_k")),
    "accumulate": _accumulate("accum_cmd"),
    "accumulate_spill": _accumulate("resume_cmd"),
    "flush": _plain("flush_cmd", "rows * row_words", PRODUCTS),
    "flush_spill": _flush_spill,
    "post": _post,
    "post_raw": _post,
    "dma_store": _dma_store,
    "dma_spill": _dma_spill,
}


def _along(length: Callable[[Settings], int]) -> Callable[[Settings], Crossing]:
    """A chain of so many registers: a token crosses the stream of an array as much later as that is farther away."""
    return lambda s: {"": (str(length(s) - 1), "tokens")}


def _systolic_crossing(s: Settings) -> Crossing:
    m, n, k, slices = (number(s, key) for key in ("m", "n", "k", "slices"))
    before = f"(blocks - 1) * max(kb, {m + n - 2 + slices})"
    return {"out": (f"kb + {m + n + k - 3}", f"{before} + {slices}"), "": ("", f"{before} + kb")}


def _gearbox_crossing(s: Settings) -> Crossing:
    return {"out": (str(ceil_div(number(s, "out_units"), number(s, "in_units"))), "max(takes + 1, tokens)")}


def _reorder_crossing(s: Settings) -> Crossing:
    size = number(s, "rows") * number(s, "columns")
    return {"in": ("", f"blocks * {size}"), "out": (str(size), f"blocks * {size}")}


def _arbiter_crossing(s: Settings) -> Crossing:
    parts = number(s, "rows") // number(s, "in_rows") * (number(s, "k") // number(s, "in_k"))
    return {"out": (str(parts - 1), f"(tokens - 1) * {parts} + 1")} if parts > 1 else {}


def _dma_spill_crossing(s: Settings) -> Crossing:
    sums, results = _spill_rates(s)
    # Sums that come back are a token when all of its words are there.
    token = ceil_div(number(s, "sums") * SUM_ELEMENTS, number(s, "port"))
    by_sums = _times("words", sums)
    return {"in": ("", _times("words", results)), "spill": ("", by_sums), "pre": (str(token), by_sums)}


def _array_crossing(s: Settings) -> Crossing:
    # The slices of a block leave while the next one is worked on; operands are taken for all but the last slices.
    slices = number(s, "slices")
    longest = f"max(kb, {slices})" if slices > 1 else "kb"
    return {"out": (longest, f"(blocks - 1) * {longest} + {slices}")}


_CROSSINGS: Final[Mapping[str, Callable[[Settings], Crossing]]] = {
    "pe_array": _array_crossing,
    "systolic_array": _systolic_crossing,
    "arbiter": _arbiter_crossing,
    "gearbox": _gearbox_crossing,
    "reorder": _reorder_crossing,
    "relay": _along(lambda s: number(s, "arrays")),
    "relay_mixed": _along(hearers),
    "relay_mapped": lambda s: {"": (_behind(s), "blocks * kb")},
    "cascade": _along(lambda s: number(s, "arrays")),
    "cascade_mixed": _along(lambda s: number(s, "along_k")),
    "dma_spill": _dma_spill_crossing,
    # The bias of a word's columns is read before the first row.
    "post": lambda _: {"": ("row_words", "rows * row_words")},
    "post_raw": lambda _: {"": ("row_words", "rows * row_words")},
}
