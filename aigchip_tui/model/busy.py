"""What array and ports have to do in all for a layer cut into tiles, whatever overlaps: cuts are compared by it.

One text for whole numbers (`model.tiling`) and for arrays of cuts, designs and layers (`search.cuts`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aigchip_tui.model.layer_cycles import (
    BURST_START,
    LAYER_OVERHEAD,
    STORE_START,
    VISIT_COMMANDS,
    Cut,
    delivered,
)
from aigchip_tui.model.overlap import Arithmetic


class Traffic(NamedTuple):
    """Bytes of a layer by memory; how often the operands are read, and how often sums leave or come back."""

    a_bytes: Any
    b_bytes: Any
    result_bytes: Any
    sum_bytes: Any
    reads_a: Any
    reads_b: Any
    moves: Any

    @property
    def c_bytes(self) -> Any:
        """Results and spilled sums."""
        return self.result_bytes + self.sum_bytes

    def shared_cycles(self, cut: Cut, a: Arithmetic) -> Any:
        """Cycles in which the memory that all ports share moves it all."""
        return a.whole((self.a_bytes + self.b_bytes + self.c_bytes) / cut.memory_rate)


class Busy(NamedTuple):
    """Cycles of the array, of the busiest port, and of the first loads and the last store."""

    compute: Any
    memory: Any
    edge: Any

    def cycles(self, a: Arithmetic) -> Any:
        """The sum by which cuts are compared."""
        return a.largest(self.compute, self.memory) + self.edge


def traffic(cut: Cut, stays: str, may_spill: bool, a: Arithmetic) -> Traffic:
    """Of a layer; `stays` is the operand that stays longest, `may_spill`: sums leave for memory where k and the inner
    axis are cut.
    """
    c = cut
    reads_a, reads_b = reads(stays, c.nm, c.nn, c.nk, a)
    sum_bytes, moves = 0, 0
    if may_spill:
        moves = a.choose((c.nk > 1) & ((c.nn if stays == "a" else c.nm) > 1), 2 * c.nk - 2, 0)
        sum_bytes = c.rows_a * c.rows_b * c.sum_bytes * moves
    return Traffic(
        a_bytes=c.rows_a * c.lda * reads_a * c.data_bytes, b_bytes=c.rows_b * c.ldb * reads_b * c.data_bytes,
        result_bytes=c.rows_a * c.ldc * c.output_bytes, sum_bytes=sum_bytes, reads_a=reads_a, reads_b=reads_b,
        moves=moves,
    )  # fmt: skip


def busy(cut: Cut, moved: Traffic, may_spill: bool, a: Arithmetic) -> Busy:
    """Of a layer that moves so much."""
    c = cut
    visits = c.nm * c.nn * c.nk
    steps = (c.nk - 1) * _block(c, a.ceil_div(c.tk, c.pk), a)
    steps = steps + _block(c, a.ceil_div(c.k - (c.nk - 1) * c.tk, c.pk), a)
    # Rows and columns of memory are padded to whole blocks.
    compute = a.ceil_div(c.rows_a, c.pm) * a.ceil_div(c.rows_b, c.pn) * steps + visits * c.visit_start
    results = a.ceil_div(moved.result_bytes, c.rate_c)
    memory = a.largest(
        a.ceil_div(moved.a_bytes, c.rate_a) + c.nm * c.nk * moved.reads_a * BURST_START,
        a.ceil_div(moved.b_bytes, c.rate_b) + c.nn * c.nk * moved.reads_b * BURST_START,
        results + c.nm * c.nn * (BURST_START + STORE_START) + c.nm * a.ceil_div(c.ldc, c.part_c_w),
    )
    if may_spill:
        # One process on the memory of C: results, sums both ways, and for each burst the wait for its first word or
        # its response.
        bursts = c.nm * c.nn * (moved.moves + 1) * BURST_START
        memory = a.largest(memory, results + a.ceil_div(moved.sum_bytes, c.rate_sums) + bursts)
    first = a.largest(
        a.ceil_div(a.smallest(c.tm, c.rows_a) * a.smallest(c.tk, c.lda) * c.data_bytes, c.rate_a),
        a.ceil_div(a.smallest(c.tn, c.rows_b) * a.smallest(c.tk, c.ldb) * c.data_bytes, c.rate_b),
    )
    last = (c.rows_a - (c.nm - 1) * c.tm) * (c.ldc - (c.nn - 1) * c.tn) * c.output_bytes
    return Busy(
        compute=a.largest(compute, visits * VISIT_COMMANDS) + c.fill,
        memory=a.largest(memory, moved.shared_cycles(c, a)),
        edge=first + a.ceil_div(last, c.rate_c) + LAYER_OVERHEAD,
    )


def reads(stays: str, nm: Any, nn: Any, nk: Any, a: Arithmetic) -> tuple[Any, Any]:
    """How often A and B are read from memory; a tile stays while nothing else is needed. `stays`: the operand that
    stays longest.
    """
    if stays == "a":
        return 1, a.choose(nn * nk == 1, 1, nm)
    if stays == "b":
        return a.choose(nm * nk == 1, 1, nn), 1
    return a.choose(nk == 1, 1, nn), a.choose(nn * nk == 1, 1, nm)


def _block(c: Cut, kb: Any, a: Arithmetic) -> Any:
    """Cycles of a block of sums over kb steps."""
    return a.largest(delivered(c, kb, a), c.least_steps, c.block_cycles)
