"""drain: replays an operand tile out of the packed banks as tokens, block by block (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .banks import block_shapes, holds, partitions, place, relation
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
    random_data,
    stream_port,
)
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_TOKENS = 3000
"""Tokens of one command of a test case at most (about)."""

Tile = tuple[int, int, int, int, int, int]
"""own, kb, replays, other_full, other_last, row_depth."""


class Drain:
    """Sends each wide token whole if a word of every bank holds it, else in parts."""

    name = "drain"
    function = "drain"
    summary = "replays an operand tile from the banks in the order in which the arrays use it"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eleven topics; words follow the operand, the banks and the bank word against the wide token."""
        height, width, depth, rows, k = _numbers(settings)
        order = {
            "a": "The operand is A: its own row blocks are outermost in a pass, and each is sent once for "
            "every block of "
            "the other operand before the next one follows.",
            "b": "The operand is B: the blocks of the other operand are outermost in a pass, and for each "
            "of them all own row blocks are sent in turn, so that neither blocks nor passes need counters.",
        }[str(settings["operand"])]
        fit_rows = {
            "fewer": "A wide token has more rows than there are banks: it is sent in parts of one row a bank, each "
            "next part row_depth addresses higher, and a row block takes as many such steps as it has parts.",
            "equal": "A wide token has as many rows as there are banks: one address holds them all, and the next row "
            "block lies row_depth addresses higher.",
            "more": "A wide token has fewer rows than there are banks: successive row blocks lie in successive groups "
            "of banks before the address rises by row_depth.",
        }[relation(height, rows)]
        fit_columns = {
            "fewer": "A row of a wide token is longer than a bank word: it is sent in parts of a bank word, each at "
            "the next address, and these parts follow one another before the next part of rows.",
            "equal": "A row of a wide token is as long as a bank word: every step along k takes the next address.",
            "more": "A row of a wide token is shorter than a bank word: successive steps along k take successive "
            "groups of its lanes before the next address.",
        }[relation(width, k)]
        return (
            "drain replays operand tiles: for each drain_cmd it takes a block of in under a read_lock, makes replays "
            "passes over it, each for other_full blocks of the other operand and the last for other_last, and frees "
            "it; it ends after the command whose last is set.",
            order,
            f"Rows of a wide token: {rows}; a tile has own row blocks of this height.",
            f"Elements of a row of a wide token along k: {k}; each row block is walked along k in kb steps, innermost.",
            f"Banks: {height}, walked by the unrolled loop EACH_BANK; tile row r lies in bank r modulo this number.",
            fit_rows,
            f"A bank word packs {width} consecutive elements of a tile row, walked by the unrolled loop EACH_LANE: "
            "element e of the row lies in lane e modulo this number.",
            fit_columns,
            f"A bank holds {depth} words.",
            "Every bank is a memory of its own that is read in whole words: in is partitioned completely along its "
            "banks and not along its words.",
            "One loop per command, labelled SEND, sends a token every cycle; a token packs the lanes read row by row.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, blocks in, tokens of what a word of every bank and the wide token share."""
        height, width, depth, rows, k = _numbers(settings)
        numbers = numbers_of(settings)
        lanes_high, lanes_wide = min(height, rows), min(width, k)
        parts = rows // lanes_high * (k // lanes_wide)
        order = "m block, n block, k, part of rows, part of k"
        return (
            command_port("drain_cmd", per="one per refresh"),
            blocks_port("in", "in", "data_t", height, width, depth, tokens="one per command", numbers=numbers),
            stream_port(
                "out",
                "out",
                "data_t",
                lanes_high * lanes_wide,
                tokens=f"own * kb * ((replays - 1) * other_full + other_last) * {parts}",
                order=order,
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
        """Every buffer with every wide token that fits both 4096 bits and the block.

        B has at most as many rows as a slice of sums has columns: it holds one row of C at least.
        """
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for operand in ("a", "b"):
            for rows in powers_of_two(1, most if operand == "a" else most_lanes("acc_t", numbers)):
                for k in powers_of_two(1, most // rows):
                    for shape in block_shapes(numbers.data_bytes):
                        if holds(shape, rows, k):
                            height, width, depth = shape
                            yield {
                                "operand": operand,
                                "part_h": height,
                                "part_w": width,
                                "depth": depth,
                                "rows": rows,
                                "k": k,
                            }

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """A launch of a single block, a shorter last pass, and a long row; one over the whole depth."""
        height, width, depth, rows, k = _numbers(settings)
        parts = ceil_div(rows, height) * ceil_div(k, width)
        steps = max(2, MOST_TOKENS // parts)
        deepest = depth // ceil_div(rows, height)
        long_kb = min(3, deepest * width // k)
        long_depth = min(ceil_div(long_kb * k, width) + 1, deepest)

        def room(kb: int) -> int:
            return depth // ceil_div(kb * k, width) * height // rows

        # The orders of A and B differ only with several row blocks.
        kb = next((kb for kb in range(long_kb, 0, -1) if room(kb) > 1), 1)
        own = min(2 * ceil_div(height, rows) + 1, room(kb), max(2, steps // (kb * 5)))
        row_depth = depth // ceil_div(own * rows, height)
        far_kb = max(1, min(deepest * width // k // 3, steps // 8))
        far_own = max(1, min(room(far_kb), steps // far_kb))
        far_depth = depth // ceil_div(far_own * rows, height)
        return (
            self._case(
                "replays",
                settings,
                [
                    (1, 1, 1, 1, 1, ceil_div(k, width)),
                    (own, kb, 3, 2, 1, row_depth),
                    (1, long_kb, 1, 3, 2, long_depth),
                ],
                rng,
            ),
            self._case("far", settings, [(far_own, far_kb, 1, 2, 1, far_depth)], rng),
        )

    def _case(
        self, name: str, settings: Settings, tiles: list[Tile], rng: np.random.Generator
    ) -> TestCase:
        import numpy as np

        height, width, depth, rows, k = _numbers(settings)
        lanes = (min(height, rows), min(width, k))
        outer_first = settings["operand"] == "a"
        rows_of_commands, blocks, sent, count_out = [], [], [], 0
        for own, kb, replays, other_full, other_last, row_depth in tiles:
            block = random_data(rng, (height, depth, width), numbers=numbers_of(settings))
            tile = block[place((height, width, depth), own * rows, kb * k, row_depth)]
            parts = tile.reshape(own, rows // lanes[0], lanes[0], kb, k // lanes[1], lanes[1])
            walk = parts.transpose(0, 3, 1, 4, 2, 5)
            for replay in range(replays):
                others = other_last if replay == replays - 1 else other_full
                tokens = np.stack([walk] * others, axis=1 if outer_first else 0)
                sent.append(tokens.tobytes())
                count_out += tokens.size // (lanes[0] * lanes[1])
            blocks.append(block.tobytes())
            rows_of_commands.append(
                {
                    "own": own,
                    "kb": kb,
                    "replays": replays,
                    "other_full": other_full,
                    "other_last": other_last,
                    "row_depth": row_depth,
                }
            )
        cmd, count = commands("drain_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(blocks)},
            counts={"cmd": count, "in": count, "out": count_out},
            expected={"out": b"".join(sent)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """SEND at II 1, banks unrolled and partitioned, lanes of a bank word unrolled."""
        height, width, *_ = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="SEND", pipeline_ii=1),
                LoopRule(label="EACH_BANK", trip=height, unroll=True),
                LoopRule(label="EACH_LANE", trip=width, unroll=True),
            ),
            partitions=partitions("in"),
        )


def _numbers(settings: Settings) -> tuple[int, int, int, int, int]:
    return (
        number(settings, "part_h"),
        number(settings, "part_w"),
        number(settings, "depth"),
        number(settings, "rows"),
        number(settings, "k"),
    )


SPEC = Drain()
