"""pe_array: the process that feeds a grid of lanes and keeps a block of sums until its k steps are done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule, PragmaRule

from .common import (
    command_port,
    commands,
    declaration,
    in_every_format,
    most_lanes,
    number,
    powers_of_two,
    random_data,
    stream_port,
)
from .numbers import INT8, Numbers, numbers_of, tagged

if TYPE_CHECKING:
    import numpy as np


EQUIVALENT = (
    EquivalentMutant(
        was="row * COLUMNS + ln * LANE_COLUMNS",
        now="row * COLUMNS - ln * LANE_COLUMNS",
        reason="With a single lane along n, ln is 0 (arrays of several turn red).",
    ),
    EquivalentMutant(
        was="command.kb > SLICES",
        now="command.kb >= SLICES",
        reason="Where both are equal, either is the greater.",
    ),
)


class Sizes(NamedTuple):
    """Lane sizes, grid of lanes, slices, and the array's totals (QM, QN, QK)."""

    lane_m: int
    lane_n: int
    lane_k: int
    m: int
    n: int
    k: int
    slices: int

    @property
    def rows(self) -> int:
        """Rows of A in a token."""
        return self.lane_m * self.m

    @property
    def columns(self) -> int:
        """Columns of B in a token."""
        return self.lane_n * self.n

    @property
    def words(self) -> int:
        """Words along k in each row and column of a token."""
        return self.lane_k * self.k


def sizes_of(settings: Settings) -> Sizes:
    """The sizes in the local settings of an array."""
    return Sizes(*(number(settings, key) for key in Sizes._fields))


def block_slices(rows: int, columns: int, *, arrays: int = 1, numbers: Numbers = INT8) -> Iterator[int]:
    """Slice counts that a block of sums allows: powers of two that divide its rows and fit a token of 4096 bits.

    `arrays` is by how much the collector widens a slice (arrays along m or n; 1 when they are along k).
    """
    for slices in powers_of_two(1, rows):
        if rows // slices * columns * arrays <= most_lanes("acc_t", numbers):
            yield slices


class PeArray:
    """A grid of m x n x k lanes; one step of k per cycle, sums kept over the steps of a block."""

    name = "pe_array"
    function = "pe_array"
    summary = "A grid of lanes that keeps a block of sums over its steps along k."
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Sizes of a lane, the grid of lanes, and how a finished block leaves."""
        s = sizes_of(settings)
        return (
            f"Rows of A in one lane: {s.lane_m}.",
            f"Columns of B in one lane: {s.lane_n}.",
            f"Words along k in one lane: {s.lane_k}.",
            f"The array has {s.m} lanes along m." if s.m > 1 else "The array has a single lane along m.",
            f"The array has {s.n} lanes along n." if s.n > 1 else "The array has a single lane along n.",
            f"The array has {s.k} lanes along k." if s.k > 1 else "The array has a single lane along k.",
            f"A block of sums leaves in {s.slices} slices of whole rows, one a cycle, while the next block is summed: "
            "finished sums move into the completely partitioned array held, which shifts by a slice (loops hand_over, "
            "take and shift, unrolled), and a block never takes fewer steps than it has slices; the product that "
            "counts the steps is bound to LUTs."
            if s.slices > 1
            else "A block of sums leaves as a single token (loop take, unrolled) in the cycle of its last step of k; "
            "the product that counts the steps is bound to LUTs.",
            "The process pe_array has the ports cmd (array_cmd), in_a, in_b and out: a token of in_a holds all rows of "
            "A, one of in_b all columns of B (data_t), one of out whole rows of sums (acc_t), one after the other.",
            "The function array_step, inlined, multiplies a token of A with a token of B.",
            "Each word of A is copied into a register of the completely partitioned array a_register (loop copy_a, "
            "unrolled), from which all lanes along n take it."
            if s.n > 1
            else "Each word of A goes straight from the token to its only lane along n.",
            "Each word of B is copied into a register of the completely partitioned array b_register (loop copy_b, "
            "unrolled), from which all lanes along m take it."
            if s.m > 1
            else "Each word of B goes straight from the token to its only lane along m.",
            "The lanes stand in three nested loops lanes_m, lanes_n and lanes_k, unrolled; each takes neighbouring "
            "rows, columns and words into the completely partitioned arrays lane_a and lane_b (loops pick_a and "
            "pick_b, unrolled).",
            "Lanes along k work on the same sums: each calls pe_lane into its own lane_c, and all are added up in tile "
            "(loops clear and reduce, unrolled)."
            if s.k > 1
            else "The only lane along k calls pe_lane straight into tile.",
            "The sums of a block stay in the completely partitioned array sums: the first step of a block starts them, "
            "each later one adds its tile (loop accumulate, unrolled).",
            "The process reads commands until one has last set; a command asks for blocks of sums of kb steps along k.",
            "All steps of a command are iterations of a single loop, steps, pipelined with an initiation interval of "
            "one.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, a token of A and one of B per step, slices of finished blocks."""
        s, numbers = sizes_of(settings), numbers_of(settings)
        return (
            command_port("array_cmd"),
            stream_port(
                "in_a",
                "in",
                "data_t",
                s.rows * s.words,
                tokens="blocks * kb",
                order="block, k; in a token row, k",
                numbers=numbers,
            ),
            stream_port(
                "in_b",
                "in",
                "data_t",
                s.columns * s.words,
                tokens="blocks * kb",
                order="block, k; in a token column, k",
                numbers=numbers,
            ),
            stream_port(
                "out",
                "out",
                "acc_t",
                s.rows * s.columns // s.slices,
                tokens=f"blocks * {s.slices}" if s.slices > 1 else "blocks",
                order="block, slice; in a token row, column",
                numbers=numbers,
            ),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration for the top."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """The lane of the given sizes."""
        s = sizes_of(settings)
        lane: Settings = {"m": s.lane_m, "n": s.lane_n, "k": s.lane_k}
        if "pack" in settings:
            lane["pack"] = settings["pack"]
        return (("pe_lane", tagged(lane, numbers_of(settings))),)

    def legal_settings(self) -> Iterator[Settings]:
        """All 83 x 83 splits of lane and array whose tokens fit 4096 bits, with every number of slices; int8 also in
        pairs of MACs."""
        yield from in_every_format(self._legal)
        for settings in self._legal(INT8):
            if number(settings, "lane_m") * number(settings, "lane_n") > 1:
                yield {**settings, "pack": 2}

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        for lane in LANE_SPLITS:
            for array in ARRAY_SPLITS:
                rows, columns, words = lane.m * array.m, lane.n * array.n, lane.k * array.k
                if max(rows, columns) * words > most_lanes("data_t", numbers):
                    continue
                for slices in block_slices(rows, columns, numbers=numbers):
                    yield {
                        "lane_m": lane.m,
                        "lane_n": lane.n,
                        "lane_k": lane.k,
                        "m": array.m,
                        "n": array.n,
                        "k": array.k,
                        "slices": slices,
                    }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, with fewer, as many and more steps than slices."""
        s = sizes_of(settings)
        beyond = min(s.slices, 32) + 1
        return (
            self._case("one block of one step", settings, [(1, 1)], rng),
            self._case("steps around the slices", settings, [(2, min(s.slices, 32)), (2, beyond), (3, 2)], rng),
            self._case("several visits", settings, [(1, 3), (4, 1), (1, 1), (5, 2)], rng),
            self._case("all lowest", settings, [(2, 2)], rng, lowest=True),
        )

    def _case(
        self,
        name: str,
        settings: Settings,
        visits: list[tuple[int, int]],
        rng: np.random.Generator,
        *,
        lowest: bool = False,
    ) -> TestCase:
        import numpy as np

        s, numbers = sizes_of(settings), numbers_of(settings)
        raw, count = commands("array_cmd", [{"blocks": blocks, "kb": kb} for blocks, kb in visits])
        steps = sum(blocks * kb for blocks, kb in visits)
        blocks_in_all = sum(blocks for blocks, _ in visits)
        a = random_data(rng, (steps, s.rows, s.words), numbers=numbers)
        b = random_data(rng, (steps, s.columns, s.words), numbers=numbers)
        if lowest:
            a, b = np.full_like(a, numbers.lowest), np.full_like(b, numbers.lowest)
        # Products of one step, then the sum over the steps of each block.
        products = a.astype(numbers.sums) @ b.astype(numbers.sums).transpose(0, 2, 1)
        lengths = [kb for blocks, kb in visits for _ in range(blocks)]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        sums = np.add.reduceat(products, starts, axis=0, dtype=numbers.sums)
        return TestCase(
            name=name,
            inputs={"cmd": raw, "in_a": a.tobytes(), "in_b": b.tobytes()},
            counts={"cmd": count, "in_a": steps, "in_b": steps, "out": blocks_in_all * s.slices},
            expected={"out": sums.tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; lanes, registers and sums unrolled and partitioned."""
        s = sizes_of(settings)
        sums, tile = s.rows * s.columns, s.lane_m * s.lane_n
        loops = [
            LoopRule(label="steps", pipeline_ii=1),
            LoopRule(label="lanes_m", trip=s.m, unroll=True),
            LoopRule(label="lanes_n", trip=s.n, unroll=True),
            LoopRule(label="lanes_k", trip=s.k, unroll=True),
            LoopRule(label="pick_a", trip=s.lane_m * s.lane_k, unroll=True),
            LoopRule(label="pick_b", trip=s.lane_n * s.lane_k, unroll=True),
            LoopRule(label="accumulate", trip=tile, unroll=True),
            LoopRule(label="take", trip=sums // s.slices, unroll=True),
        ]
        extents = {"sums": sums, "tile": tile, "lane_a": s.lane_m * s.lane_k, "lane_b": s.lane_n * s.lane_k}
        if s.n > 1:
            loops.append(LoopRule(label="copy_a", trip=s.rows * s.words, unroll=True))
            extents["a_register"] = s.rows * s.words
        if s.m > 1:
            loops.append(LoopRule(label="copy_b", trip=s.columns * s.words, unroll=True))
            extents["b_register"] = s.columns * s.words
        if s.k > 1:
            loops += [LoopRule(label=label, trip=tile, unroll=True) for label in ("clear", "reduce")]
            extents["lane_c"] = tile
        if s.slices > 1:
            loops.append(LoopRule(label="shift", trip=sums - sums // s.slices, unroll=True))
            loops.append(LoopRule(label="hand_over", trip=sums, unroll=True))
            extents["held"] = sums
        return Conformance(
            loops=tuple(loops),
            partitions=tuple(PartitionRule(variable=name, dim=1) for name in extents),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
            arrays=tuple(ArrayRule(variable=name, extents=(size,)) for name, size in extents.items()),
        )


SPEC = PeArray()
