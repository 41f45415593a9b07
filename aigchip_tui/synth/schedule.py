"""Latency of a layer as a max-plus schedule over tile visits (SPACE sec. 2; research/microarchitecture.md sec. 3 and
6).

Each process costs iterations * II + depth a command. Loads run one refresh ahead into the free one of two blocks, the
processes from drain to accumulate move as one pipeline (FIFOs of depth 2), flush, post and store drain the other
block of C. Equal iterations of a loop are not walked twice: once the whole state has moved by one constant, the rest
follows.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.tiling import BURST_START, LAYER_OVERHEAD, TilePlan, fill_cycles

ORDERS = {"output": "mnk", "a": "mkn", "b": "nkm"}
# Depth of a process whose C++ was not read: what Vitis reports for loops of this kind.
TYPICAL_DEPTH = 4


class ModuleTiming(msgspec.Struct, frozen=True, kw_only=True):
    """Initiation interval of a module's pipelined loop and its depth, in cycles."""

    ii: int = 1
    depth: int = TYPICAL_DEPTH


class LayerLatency(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles of one GEMM of a layer, what bounds it, and how long each part would take alone.

    `bound_by` is a process (`array`, `drain_a`, ...), `load_a`, `load_b`, `store` or `memory` (all ports together).
    """

    cycles: int
    bound_by: str
    parts: dict[str, int]
    visits: int


class _Costs:
    """Cycles a command costs each part, by the sizes of the tile."""

    def __init__(self, plan: TilePlan, point: DesignPoint, build: Build, timings: Mapping[str, ModuleTiming]) -> None:
        self.plan, self.point, self.build = plan, point, build
        array = timings.get("array", timings.get("pe_array", ModuleTiming(depth=fill_cycles(point))))
        self.timing = {**dict(timings), "array": array}
        self._visits: dict[tuple[int, int, int], tuple[int, str]] = {}
        self.chain = sum(
            self._of(name).depth
            for name in ("drain_a", "arbiter_a", "interconnect_a", "array", "collector", "accumulate")
        )
        self.load_depth = self._of("dma_a").depth + self._of("fill_a").depth

    def _of(self, name: str) -> ModuleTiming:
        return self.timing.get(name, ModuleTiming())

    def _cost(self, name: str, iterations: int) -> int:
        timing = self._of(name)
        return iterations * timing.ii + timing.depth

    def load(self, operand: str, rows: int, words_of_k: int) -> tuple[int, int]:
        """(cycles of a refresh once its burst has begun, bytes moved): dma and fill as a pipeline."""
        part = self.point.part_a if operand == "a" else self.point.part_b
        words = rows * -(-words_of_k // self.build.axi_elements)
        slowdown = max(1, self.build.axi_elements // part.w)
        cycles = max(self._cost(f"dma_{operand}", words), self._cost(f"fill_{operand}", words * slowdown))
        return cycles, words * self.build.axi_bytes

    def visit(self, rows: int, columns: int, depth: int) -> tuple[int, str]:
        """(cycles of a visit in the steady state, the process that sets them); sizes in elements."""
        known = self._visits.get((rows, columns, depth))
        if known is not None:
            return known
        point = self.point
        blocks = -(-rows // point.pm) * -(-columns // point.pn)
        steps = -(-depth // point.pk)
        tokens_a = blocks * steps * -(-point.pm // point.part_a.h) * -(-point.pk // point.part_a.w)
        tokens_b = blocks * steps * -(-point.pn // point.part_b.h) * -(-point.pk // point.part_b.w)
        slices = point.c_slices(self.build.sum_bits)
        iterations = {
            "drain_a": tokens_a, "arbiter_a": tokens_a, "drain_b": tokens_b, "arbiter_b": tokens_b,
            "interconnect_a": blocks * steps, "interconnect_b": blocks * steps,
            "array": blocks * max(steps, slices), "collector": blocks * slices,
            "accumulate": blocks * point.c_cycles_per_block(self.build.sum_bits),
        }  # fmt: skip
        costs = {name: self._cost(name, count) for name, count in iterations.items()}
        slowest = max(costs, key=lambda name: (costs[name], name == "array"))
        self._visits[rows, columns, depth] = (costs[slowest], slowest)
        return costs[slowest], slowest

    def store(self, rows: int, columns: int) -> tuple[int, int]:
        """(cycles of flush, post and dma_c for one tile of C, bytes moved)."""
        point, width = self.point, self.point.part_c.w
        whole_rows = -(-rows // point.pm) * point.pm
        words = whole_rows * -(-(-(-columns // point.pn) * point.pn) // width)
        moved = words * width * self.build.output_bytes
        beats = max(words, -(-moved // self.build.axi_bytes))
        cycles = max(self._cost("flush", words), self._cost("post", words), self._cost("dma_c", beats))
        return cycles, moved


# The state of the schedule: times, all absolute cycles.
_DMA_A, _DMA_B, _USED_A, _USED_B, _READY_A, _READY_B, _FRONT, _BACK, _FLUSH, _FLUSH_BEFORE = range(10)


class _Schedule:
    def __init__(self, costs: _Costs, order: str) -> None:
        self.costs, self.order = costs, order
        plan = costs.plan
        self.count = {"m": plan.nm, "n": plan.nn, "k": plan.nk}
        self.tile = {"m": plan.tm, "n": plan.tn, "k": plan.tk}
        self.size = {"m": plan.m, "n": plan.n, "k": plan.k}
        self.state = [0] * 10
        self.touched: set[int] = set()
        self.held_a: tuple[int, int] | None = None
        self.held_b: tuple[int, int] | None = None
        self.parts = dict.fromkeys(("load_a", "load_b", "compute", "store"), 0)
        self.stalled = dict.fromkeys(("load_a", "load_b", "store"), 0)
        self.slowest: dict[str, int] = {}
        self.at = {"m": 0, "n": 0, "k": 0}
        self.walked = 0

    def _extent(self, axis: str) -> int:
        index, count = self.at[axis], self.count[axis]
        return self.tile[axis] if index < count - 1 else self.size[axis] - index * self.tile[axis]

    def _set(self, entry: int, value: int) -> None:
        self.state[entry] = value
        self.touched.add(entry)

    def run(self, level: int = 0) -> None:
        """Walks the loops from `level` inwards; equal iterations are skipped once the state moves by a constant."""
        if level == 3:
            self._visit()
            return
        axis, last = self.order[level], self.count[self.order[level]] - 1
        index, before = 0, list(self.state)
        while index <= last:
            self.at[axis] = index
            outer_touched, self.touched = self.touched, set()
            sums = self._sums()
            self.run(level + 1)
            index += 1
            if index >= 3 and index < last:
                skipped = self._skip(before, last - index, sums)
                if skipped:
                    self._rename(axis, index - 1 + skipped)
                    index += skipped
            before = list(self.state)
            self.touched |= outer_touched
        self.at[axis] = 0

    def _skip(self, before: list[int], left: int, sums: tuple[dict[str, int], ...]) -> int:
        """Number of equal full iterations to skip: all `left` if what this one touched moved by one constant."""
        moves = {self.state[e] - before[e] for e in self.touched}
        still = all(self.state[e] == before[e] for e in range(len(self.state)) if e not in self.touched)
        if len(moves) != 1 or not still or min(moves) <= 0:
            return 0
        move = moves.pop()
        for entry in self.touched:
            self.state[entry] += left * move
        for now, old in zip((self.parts, self.stalled, self.slowest), sums, strict=True):
            for name in now:
                now[name] += left * (now[name] - old.get(name, 0))
        return left

    def _sums(self) -> tuple[dict[str, int], ...]:
        return dict(self.parts), dict(self.stalled), dict(self.slowest)

    def _rename(self, axis: str, index: int) -> None:
        # The blocks held are those of the last iteration that was skipped.
        if axis in "mk" and self.held_a is not None:
            self.held_a = (index, self.held_a[1]) if axis == "m" else (self.held_a[0], index)
        if axis in "nk" and self.held_b is not None:
            self.held_b = (index, self.held_b[1]) if axis == "n" else (self.held_b[0], index)

    def _visit(self) -> None:
        self.walked += 1
        state, at = self.state, self.at
        rows, columns, depth = self._extent("m"), self._extent("n"), self._extent("k")
        if (at["m"], at["k"]) != self.held_a:
            self.held_a = (at["m"], at["k"])
            self._refresh("a", -(-rows // self.costs.point.pm) * self.costs.point.pm, depth)
        if (at["n"], at["k"]) != self.held_b:
            self.held_b = (at["n"], at["k"])
            self._refresh("b", -(-columns // self.costs.point.pn) * self.costs.point.pn, depth)
        cycles, slowest = self.costs.visit(rows, columns, depth)
        start = max(state[_FRONT], state[_READY_A], state[_READY_B])
        self.stalled["load_a" if state[_READY_A] >= state[_READY_B] else "load_b"] += start - state[_FRONT]
        back = max(start + self.costs.chain, state[_BACK])
        if at["k"] == 0:
            self.stalled["store"] += max(0, state[_FLUSH_BEFORE] - back)
            back = max(back, state[_FLUSH_BEFORE])
        self._set(_BACK, back + cycles)
        self._set(_FRONT, max(start + cycles, back + cycles - self.costs.chain))
        self.parts["compute"] += cycles
        self.slowest[slowest] = self.slowest.get(slowest, 0) + cycles
        if at["k"] == self.count["k"] - 1:
            flush, _ = self.costs.store(rows, columns)
            self.parts["store"] += flush
            self._set(_FLUSH_BEFORE, state[_FLUSH])
            self._set(_FLUSH, max(state[_FLUSH], state[_BACK]) + flush)

    def _refresh(self, operand: str, rows: int, depth: int) -> None:
        state = self.state
        dma, used, ready = (_DMA_A, _USED_A, _READY_A) if operand == "a" else (_DMA_B, _USED_B, _READY_B)
        point = self.costs.point
        load, _ = self.costs.load(operand, rows, -(-depth // point.pk) * point.pk)
        # The request is out before the block is free; data flow when both are there.
        begin = max(state[dma] + BURST_START, state[used])
        self._set(used, state[_FRONT])
        self._set(dma, begin + load)
        self._set(ready, begin + load + self.costs.load_depth)
        self.parts[f"load_{operand}"] += load + BURST_START


def layer_cycles(
    plan: TilePlan, point: DesignPoint, build: Build, timings: Mapping[str, ModuleTiming] | None = None
) -> LayerLatency:
    """Cycles of one GEMM of a layer under its tile plan; im2col on the host is not counted.

    `timings` are by instance name (`dma_a`, `fill_a`, `drain_a`, `arbiter_a`, `interconnect_a`, `array`, `collector`,
    `accumulate`, `flush`, `post`, `dma_c`, and `_b`); what is missing has II 1 and a typical depth. External memory
    is shared: a layer never takes less than all its bytes at 80 % of the peak.
    """
    costs = _Costs(plan, point, build, timings or {})
    schedule = _Schedule(costs, ORDERS[point.reuse])
    schedule.run()
    cycles = schedule.state[_FLUSH] + costs._of("dma_c").depth + LAYER_OVERHEAD
    shared = -(-(plan.a_bytes + plan.b_bytes + plan.c_bytes) // build.dram_bytes_per_cycle)
    parts = {**schedule.parts, "memory": int(shared)}
    if shared > cycles:
        return LayerLatency(cycles=int(shared) + LAYER_OVERHEAD, bound_by="memory", parts=parts, visits=plan.visits)
    waits = max(schedule.stalled, key=lambda name: schedule.stalled[name])
    process = max(schedule.slowest, key=lambda name: schedule.slowest[name])
    bound_by = waits if schedule.stalled[waits] > cycles - schedule.stalled[waits] else process
    if max(parts["load_a"], parts["load_b"], parts["store"]) > parts["compute"]:
        bound_by = max(("load_a", "load_b", "store"), key=lambda name: parts[name])
    return LayerLatency(cycles=cycles, bound_by=bound_by, parts=parts, visits=plan.visits)
