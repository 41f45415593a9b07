"""flush_spill: a tile of C out of the packed banks, finished sums row by row, spilled ones block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .accumulate import Accumulate
from .accumulate_spill import as_parts
from .banks import partitions, place
from .common import blocks_port, ceil_div, command_port, commands, declaration, in_every_format, number, stream_port
from .numbers import Numbers, numbers_of
from .parts import part_shape

if TYPE_CHECKING:
    import numpy as np

MOST_TOKENS = 4096
"""Tokens of one command of a test case at most."""

Tile = tuple[int, int, int, int]
"""mb, nb, row_depth, raw."""


class FlushSpill:
    """One bank word a cycle to post, or one part of a block of sums a cycle on its way back to the array."""

    name = "flush_spill"
    function = "flush_spill"
    summary = "reads a tile of sums from the banks, finished ones row by row, spilled ones block by block"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eleven topics; only numbers change."""
        rows, columns, part_rows, height, width, depth = _numbers(settings)
        return (
            "flush_spill reads tiles of sums: for each unload_cmd it takes a block of in under a read_lock, sends the "
            "tile and frees it; it ends after the command whose last is set.",
            f"Banks: {height}, walked by the unrolled loops EACH_BANK and PACK_BANK; tile row r lies in bank r modulo "
            "this number, and every further round of rows starts row_depth addresses higher.",
            f"A bank word packs {width} consecutive sums of a tile row; consecutive words of a tile row lie at "
            "consecutive addresses.",
            f"A bank holds {depth} words.",
            "Every bank is a memory of its own that is read in whole words: in is partitioned completely along its "
            "banks and not along its words.",
            "Where raw is not set the tile is finished: rows rows of row_words bank words each go to out, row by row; "
            "one loop, labelled SEND, sends a word every cycle: a word of every bank comes into the array bank_words, "
            "partitioned completely, and the bank of the tile row chooses the one to send.",
            f"Rows of a block of sums: {rows}; a tile has mb such blocks along m, the outer walk of what is spilled.",
            f"Columns of a block of sums: {columns}; a tile has nb such blocks along n, the inner walk.",
            f"Rows of a part: {part_rows}; a part is one bank word of each, from successive banks at one address.",
            "Within a block the parts of a row of parts follow one another along n, before the next row of parts.",
            "Where raw is set the sums come back: the parts of all blocks go to spill, each packed row by row; one "
            "loop, labelled SPILL, sends a part every cycle, and the unrolled loop EACH_LANE packs a bank word.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, blocks in, words of finished sums and parts of spilled ones out."""
        rows, columns, part_rows, height, width, depth = _numbers(settings)
        numbers = numbers_of(settings)
        return (
            command_port("unload_cmd", per="one per residency of C"),
            blocks_port("in", "in", "acc_t", height, width, depth, tokens="one per command", numbers=numbers),
            stream_port(
                "out", "out", "acc_t", width, tokens="0 if raw else rows * row_words",
                order="tile row, word along n", numbers=numbers,
            ),
            stream_port(
                "spill", "out", "acc_t", part_rows * width,
                tokens=f"mb * nb * {rows * columns // (part_rows * width)} if raw else 0",
                order="m block, n block, slice of rows, part", numbers=numbers,
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
        """What accumulate_spill hands over, once for all slicings with parts of equally many rows."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        seen = set()
        for settings in Accumulate.legal_of(numbers):
            rows, height, width = (number(settings, key) for key in ("rows", "part_h", "part_w"))
            part_rows, _ = part_shape(rows, number(settings, "slices"), height, width)
            found: Settings = {
                "rows": rows, "columns": settings["columns"], "part_rows": part_rows,
                "part_h": height, "part_w": width, "depth": settings["depth"],
            }  # fmt: skip
            key = tuple(found.values())
            if key not in seen:
                seen.add(key)
                yield found

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """A launch of finished and spilled tiles in turn: a block, several blocks with room behind their rows, one
        over as many addresses as a case may read."""
        rows, columns, _, height, width, depth = _numbers(settings)
        one = ceil_div(columns, width)
        most_nb = max(1, min(3, depth // ceil_div(rows, height) // one))
        row_depth = min(most_nb * one + 1, depth // ceil_div(rows, height))
        most_mb = max(1, min(2 * ceil_div(height, rows) + 1, depth // row_depth * height // rows))
        most = max(1, MOST_TOKENS // (rows * one))
        mb, nb = min(most_mb, most), min(most_nb, max(1, most // min(most_mb, most)))
        far_depth = depth // ceil_div(rows, height)
        tiles: list[Tile] = [
            (1, 1, one, 1), (mb, nb, row_depth, 0), (mb, nb, row_depth, 1), (1, 1, far_depth, 1), (1, 1, far_depth, 0),
        ]  # fmt: skip
        return (self._case("tiles", settings, tiles, rng), self._case("again", settings, tiles[2:3], rng))

    def _case(self, name: str, settings: Settings, tiles: list[Tile], rng: np.random.Generator) -> TestCase:
        rows, columns, _, height, width, depth = _numbers(settings)
        numbers = numbers_of(settings)
        bound = 1 << (numbers.sum_bits - 1)
        rows_of_commands, blocks = [], []
        sent: list[bytes] = []
        spilled: list[bytes] = []
        words, parts = 0, 0
        for mb, nb, row_depth, raw in tiles:
            block = rng.integers(-bound, bound, size=(height, depth, width), dtype=numbers.sums)
            blocks.append(block.tobytes())
            row_words = nb * columns // width
            tile = block[place((height, width, depth), mb * rows, nb * columns, row_depth)]
            if raw:
                cut = as_parts(tile, settings)
                spilled.append(cut.tobytes())
                parts += cut.shape[0]
            else:
                sent.append(tile.tobytes())
                words += mb * rows * row_words
            rows_of_commands.append(
                {"rows": mb * rows, "row_words": row_words, "mb": mb, "nb": nb, "row_depth": row_depth, "raw": raw}
            )
        cmd, count = commands("unload_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(blocks)},
            counts={"cmd": count, "in": count, "out": words, "spill": parts},
            expected={"out": b"".join(sent), "spill": b"".join(spilled)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """SEND and SPILL at II 1, banks unrolled and partitioned, lanes of a bank word unrolled."""
        _, _, _, height, width, _ = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="SEND", pipeline_ii=1),
                LoopRule(label="SPILL", pipeline_ii=1),
                LoopRule(label="EACH_BANK", trip=height, unroll=True),
                LoopRule(label="PACK_BANK", trip=height, unroll=True),
                LoopRule(label="EACH_LANE", trip=width, unroll=True),
            ),
            partitions=(*partitions("in"), *partitions("bank_words")),
        )


def _numbers(settings: Settings) -> tuple[int, int, int, int, int, int]:
    return (
        number(settings, "rows"), number(settings, "columns"), number(settings, "part_rows"),
        number(settings, "part_h"), number(settings, "part_w"), number(settings, "depth"),
    )


SPEC = FlushSpill()
