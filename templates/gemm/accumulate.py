"""accumulate: adds slices of sums into the packed banks of C over the k tiles of a residency (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, EquivalentMutant, LoopRule, PragmaRule

from .banks import block_shapes, holds, partitions, place, relation, unwritten
from .common import (
    blocks_port,
    ceil_div,
    command_port,
    commands,
    declaration,
    in_every_format,
    most_lanes,
    number,
    powers_of_two,
    stream_port,
)
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

    from .common import Elements

MOST_SUMS = 4096 * 64
"""Sums of one visit of a test case at most (about)."""

MOST_STEPS = 4096
"""Cycles of one visit of a test case at most (about)."""

SPARE_BITS = 4
"""Sums of test cases leave so many bits free, so that three visits do not overflow."""

MOST_MULTIPLIERS = 64 * 64 * 8
"""Multipliers of the largest array hierarchy: the products of the three levels' splits."""

Residency = tuple[int, int, int, int]
"""mb, nb, row_depth, visits."""


EQUIVALENT = (
    *(
        EquivalentMutant(
            was=was,
            now=";",
            reason="Where a block of sums fills all banks, every block begins with the first group (demos whose blocks "
            "do not turn red).",
        )
        for was in ("row_group = block_group;", "block_group = row_group;")
    ),
    EquivalentMutant(
        was="row * COLUMNS + first_column",
        now="row * COLUMNS - first_column",
        reason="Where a part has whole rows, its first column is 0 (demos whose parts have not turn red).",
    ),
)


class Accumulate:
    """Keeps a block of C locked from the first to the final visit, which touch each address once."""

    name = "accumulate"
    function = "accumulate"
    summary = "adds slices of sums into the banks of C"
    inlined = False
    equivalent_mutants = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Thirteen topics; words follow the slices, the banks and the bank word against a token."""
        rows, columns, slices, height, width, depth = bank_settings(settings)
        by_rows, by_columns = relation(height, rows // slices), relation(width, columns)
        fit_rows = {
            "fewer": "A token has more rows than there are banks: it is added in parts of one row a bank, each next "
            "part row_depth addresses higher.",
            "equal": "A token has as many rows as there are banks: it takes one address, and the rows that follow lie "
            "row_depth addresses higher.",
            "more": "A token has fewer rows than there are banks: successive groups of rows lie in successive groups "
            "of banks before the address rises by row_depth.",
        }[by_rows]
        fit_columns = {
            "fewer": "A row of a token is longer than a bank word: it is added in parts of a bank word, each at the "
            "next address, and these parts follow one another before the next part of rows.",
            "equal": "A row of a token is as long as a bank word: every block along n takes the next address.",
        }[by_columns]
        return (
            "accumulate adds sums into tiles of C: it takes a block of out under a write_lock, keeps it over all "
            "accum_cmd up to the one whose final is set, and hands it over then; it ends after the command whose last "
            "is set.",
            f"Rows of a block of sums: {rows}; a command visits mb such blocks along m, its outer walk.",
            "A token of in brings all rows of a block of sums, packed row by row."
            if slices == 1
            else f"A block of sums arrives in {slices} tokens of in, slices of equally many rows packed row by row, "
            "from the first rows to the last.",
            f"Columns of a block of sums: {columns}; a command visits nb such blocks along n, its inner walk.",
            f"Banks: {height}, walked by the unrolled loop EACH_BANK; tile row r lies in bank r modulo this number.",
            fit_rows,
            f"A bank word packs {width} consecutive sums of a tile row, walked by the unrolled loop EACH_LANE: column "
            "e of the tile lies in lane e modulo this number.",
            fit_columns,
            f"A bank holds {depth} words.",
            "Every bank is a memory of its own that is read and written in whole words: out is partitioned completely "
            "along its banks and not along its words.",
            "A token has more sums than the banks take in a cycle: it stays in a register until its last part is "
            "added, and the unrolled loops EACH_PART and EACH_SUM choose the part."
            if "fewer" in (by_rows, by_columns)
            else "The banks take a whole token every cycle.",
            "Sums start from zero in a command whose first is set, and are added to what the block holds in all "
            "others.",
            "One loop per command, labelled ADD, starts an addition every cycle; no address comes twice in a command, "
            "so a dependence of block between its iterations is ruled out.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, slices of sums in, blocks out."""
        rows, columns, slices, height, width, depth = bank_settings(settings)
        numbers = numbers_of(settings)
        return (
            command_port("accum_cmd", per="one per visit"),
            stream_port(
                "in",
                "in",
                "acc_t",
                rows // slices * columns,
                tokens=f"mb * nb * {slices}",
                order="m block, n block, slice of rows",
                numbers=numbers,
            ),
            blocks_port(
                "out", "out", "acc_t", height, width, depth, tokens="one per command whose final is set",
                numbers=numbers,
            ),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration with folded constants."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Every block of sums in every slicing that fits a token, with every buffer that holds it.

        A bank word is never longer than a row of a block: a word is read, added to and written in one piece, and the
        same word in consecutive cycles would be read before it is written.
        """
        return in_every_format(self.legal_of)

    @staticmethod
    def legal_of(numbers: Numbers) -> Iterator[Settings]:
        """The legal settings of one number format."""
        most = most_lanes("acc_t", numbers)
        for rows in powers_of_two(1, most_lanes("data_t", numbers)):
            for columns in powers_of_two(1, min(most, MOST_MULTIPLIERS // rows)):
                for slices in powers_of_two(max(1, rows * columns // most), rows):
                    for shape in block_shapes(numbers.sum_bytes):
                        if shape[1] <= columns and holds(shape, rows, columns):
                            height, width, depth = shape
                            yield {
                                "rows": rows,
                                "columns": columns,
                                "slices": slices,
                                "part_h": height,
                                "part_w": width,
                                "depth": depth,
                            }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Residencies of one to three visits, a tile with room behind its rows, one over all addresses."""
        rows, columns, slices, height, width, depth = bank_settings(settings)
        per_block = slices * ceil_div(rows // slices, height) * ceil_div(columns, width)
        blocks = max(1, min(MOST_SUMS // (rows * columns), MOST_STEPS // per_block))
        deepest = depth // ceil_div(rows, height)
        one = ceil_div(columns, width)
        long_nb = min(3, deepest * width // columns)
        long_depth = min(ceil_div(long_nb * columns, width) + 1, deepest)

        def room(nb: int) -> int:
            return depth // ceil_div(nb * columns, width) * height // rows

        # Both walks need several blocks to be told apart.
        nb = next((nb for nb in range(long_nb, 0, -1) if room(nb) > 1), 1)
        mb = min(2 * ceil_div(height, rows) + 1, room(nb), max(2, blocks // nb))
        row_depth = ceil_div(nb * columns, width)
        far_nb = max(1, min(2 * ceil_div(width, columns) + 1, deepest * width // columns, blocks))
        far_mb = max(1, min(room(far_nb), 4, blocks // far_nb))
        far_depth = depth // ceil_div(far_mb * rows, height)
        return (
            self._case(
                "residencies",
                settings,
                [(1, 1, one, 1), (mb, nb, row_depth, 3), (1, long_nb, long_depth, 2)],
                rng,
            ),
            self._case("far", settings, [(far_mb, far_nb, far_depth, 1)], rng),
        )

    def _case(
        self, name: str, settings: Settings, residencies: list[Residency], rng: np.random.Generator
    ) -> TestCase:
        import numpy as np

        rows, columns, slices, height, width, depth = bank_settings(settings)
        numbers = numbers_of(settings)
        bound = 1 << (numbers.sum_bits - SPARE_BITS)
        rows_of_commands: list[dict[str, int]] = []
        tokens: list[bytes] = []
        held: list[bytes] = []
        count_in = 0
        for mb, nb, row_depth, visits in residencies:
            where = place((height, width, depth), mb * rows, nb * columns, row_depth)
            total: Elements = np.zeros((mb * rows, nb * columns), dtype=numbers.sums)
            for visit in range(visits):
                sums = rng.integers(-bound, bound, size=total.shape, dtype=numbers.sums)
                total += sums
                walk = sums.reshape(mb, rows, nb, columns).transpose(0, 2, 1, 3)
                tokens.append(walk.tobytes())
                count_in += mb * nb * slices
                rows_of_commands.append(
                    {
                        "mb": mb,
                        "nb": nb,
                        "row_depth": row_depth,
                        "first": int(visit == 0),
                        "final": int(visit == visits - 1),
                    }
                )
            block = unwritten((height, depth, width), numbers.sums)
            block[where] = total
            held.append(block.tobytes())
        cmd, count = commands("accum_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(tokens)},
            counts={"cmd": count, "in": count_in, "out": len(residencies)},
            expected={"out": b"".join(held)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """ADD at II 1, banks unrolled and partitioned, lanes of a bank word and of a part unrolled."""
        rows, columns, slices, height, width, _ = bank_settings(settings)
        lanes = min(height, rows // slices) * width
        parts = rows // slices * columns // lanes
        each_part = (
            ()
            if parts == 1
            else (
                LoopRule(label="EACH_PART", trip=parts, unroll=True),
                LoopRule(label="EACH_SUM", trip=lanes, unroll=True),
            )
        )
        return Conformance(
            loops=(
                LoopRule(label="ADD", pipeline_ii=1),
                *each_part,
                LoopRule(label="EACH_BANK", trip=height, unroll=True),
                LoopRule(label="EACH_LANE", trip=width, unroll=True),
            ),
            partitions=partitions("out"),
            pragmas=(
                PragmaRule(
                    kind="DEPENDENCE", variable="block", options={"type": "inter", "dependent": "false"}, loop="ADD"
                ),
            ),
        )


def bank_settings(settings: Settings) -> tuple[int, int, int, int, int, int]:
    """rows, columns, slices, part_h, part_w and depth."""
    return (
        number(settings, "rows"),
        number(settings, "columns"),
        number(settings, "slices"),
        number(settings, "part_h"),
        number(settings, "part_w"),
        number(settings, "depth"),
    )


SPEC = Accumulate()
