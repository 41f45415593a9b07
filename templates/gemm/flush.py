"""flush: a finished tile of C out of the packed banks, row by row (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .banks import block_shapes, partitions, place
from .common import blocks_port, command_port, commands, declaration, in_every_format, number, stream_port
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_TOKENS = 4096
"""Tokens of one command of a test case at most."""


class Flush:
    """Sends one bank word a cycle as it is."""

    name = "flush"
    function = "flush"
    summary = "reads a finished tile of sums from the banks, row by row"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Six topics; words follow the height (a single or several banks)."""
        height, width, depth = _numbers(settings)
        rows = (
            "There is a single bank: every tile row starts row_depth addresses above the one before."
            if height == 1
            else f"There are {height} banks, walked by the unrolled loop EACH_BANK: tile row r lies in bank r modulo "
            "this number, and every further round of rows starts row_depth addresses higher."
        )
        return (
            "flush reads finished tiles of sums: for each flush_cmd it takes a block of in under a read_lock, sends "
            "rows rows of row_words words each and frees it; it ends after the command whose last is set.",
            rows,
            f"A bank word packs {width} consecutive sums of a tile row and is sent as it is; consecutive words of a "
            "tile row lie at consecutive addresses.",
            f"A bank holds {depth} words.",
            "Every bank is a memory of its own that is read in whole words: in is partitioned completely along its "
            "banks and not along its words.",
            "One loop per command, labelled SEND, sends a word every cycle: a word of every bank comes into the array "
            "bank_words, partitioned completely, and the bank of the tile row chooses the one to send.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, blocks in, words out."""
        height, width, depth = _numbers(settings)
        numbers = numbers_of(settings)
        return (
            command_port("flush_cmd", per="one per residency of C"),
            blocks_port("in", "in", "acc_t", height, width, depth, tokens="one per command", numbers=numbers),
            stream_port(
                "out", "out", "acc_t", width, tokens="rows * row_words", order="tile row, word along n",
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
        """Every partition and size of a buffer of acc_t whose banks have an address at least."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        for height, width, depth in block_shapes(numbers.sum_bytes):
            yield {"part_h": height, "part_w": width, "depth": depth}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """A launch of four tiles: a word, one with room behind its rows, a tall one, one over all addresses."""
        height, _, depth = _numbers(settings)
        odd = min(3, depth)
        tall = min(depth * height, max(2 * height + 1, 9))
        rounds = min(depth, 4)
        far_depth = depth // rounds
        far_words = max(1, min(far_depth, MOST_TOKENS // (rounds * height)))
        tiles = [
            (1, 1, 1),
            (min(height + 1, depth // odd * height), max(1, odd - 1), odd),
            (tall, 1, 1),
            (rounds * height, far_words, far_depth),
        ]
        return (self._case("tiles", settings, tiles, rng), self._case("again", settings, tiles[1:2], rng))

    def _case(
        self, name: str, settings: Settings, tiles: list[tuple[int, int, int]], rng: np.random.Generator
    ) -> TestCase:
        height, width, depth = _numbers(settings)
        numbers = numbers_of(settings)
        bound = 1 << (numbers.sum_bits - 1)
        rows_of_commands, blocks, sent = [], [], []
        for rows, row_words, row_depth in tiles:
            block = rng.integers(-bound, bound, size=(height, depth, width), dtype=numbers.sums)
            tile = block[place((height, width, depth), rows, row_words * width, row_depth)]
            blocks.append(block.tobytes())
            sent.append(tile.tobytes())
            rows_of_commands.append({"rows": rows, "row_words": row_words, "row_depth": row_depth})
        cmd, count = commands("flush_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(blocks)},
            counts={"cmd": count, "in": count, "out": sum(rows * words for rows, words, _ in tiles)},
            expected={"out": b"".join(sent)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """SEND at II 1, banks unrolled and partitioned."""
        height, _, _ = _numbers(settings)
        each_bank = () if height == 1 else (LoopRule(label="EACH_BANK", trip=height, unroll=True),)
        return Conformance(
            loops=(
                LoopRule(label="SEND", pipeline_ii=1),
                *each_bank,
            ),
            partitions=(*partitions("in"), *partitions("bank_words")),
        )


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "part_h"), number(settings, "part_w"), number(settings, "depth")


SPEC = Flush()
