"""fill: AXI words of an operand tile into the packed banks of a block (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .banks import block_shapes, partitions, place, relation, unwritten
from .common import (
    PORT_BYTES,
    blocks_port,
    ceil_div,
    command_port,
    commands,
    declaration,
    in_every_format,
    number,
    random_data,
    stream_port,
)
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_WORDS = 16384
"""AXI words of one command of a test case at most."""


class Fill:
    """Writes a tile row by row in whole bank words: one AXI word each, a piece of one, or several gathered."""

    name = "fill"
    function = "fill"
    summary = "stores the words of an operand tile in the banks of a ping-pong buffer"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eight topics; words follow the height (one or several banks) and the bank word against the AXI word."""
        port, height, width, depth = _numbers(settings)
        rows = (
            "There is a single bank: every tile row starts row_depth addresses above the one before."
            if height == 1
            else f"There are {height} banks, walked by the unrolled loop EACH_BANK: tile row r lies in bank r modulo "
            "this number, and every further round of rows starts row_depth addresses higher."
        )
        fit = {
            "equal": "A bank word is as long as an AXI word: each AXI word is written as it comes, and the next one "
            "goes to the next address.",
            "more": "A bank word is longer than an AXI word: AXI words gather side by side in a register, walked by "
            "the unrolled loop EACH_LANE, with zeros where none has come yet; a bank word is written when it is full "
            "or its tile row ends.",
            "fewer": "A bank word is shorter than an AXI word: the AXI word stays in a register while its pieces, "
            "chosen by the unrolled loops EACH_PIECE and EACH_LANE, are written as bank words to consecutive "
            "addresses, one a cycle.",
        }[relation(width, port)]
        return (
            "fill stores operand tiles in a ping-pong buffer: for each fill_cmd it takes a block of out under a "
            "write_lock and hands it over when the tile is complete; it writes nothing but the words of the tile, "
            "and ends after the command whose last is set.",
            f"A token of in is one AXI word with {port} consecutive elements of a tile row; a tile has rows rows of "
            "row_words words each, one after another.",
            rows,
            f"A bank word packs {width} consecutive elements of a tile row: element e of the row lies in lane e "
            "modulo this number, at the start of the row plus e divided by it.",
            fit,
            f"A bank holds {depth} words.",
            "Every bank is a memory of its own that is written in whole words: out is partitioned completely along "
            "its banks and not along its words.",
            "One loop per command, labelled WRITE, makes all writes of the tile and is pipelined to start a write "
            "every cycle.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, AXI words in, blocks out."""
        numbers = numbers_of(settings)
        port, height, width, depth = _numbers(settings)
        return (
            command_port("fill_cmd", per="one per refresh"),
            stream_port(
                "in", "in", "data_t", port, tokens="rows * row_words", order="tile row, word along k",
                numbers=numbers,
            ),
            blocks_port("out", "out", "data_t", height, width, depth, tokens="one per command", numbers=numbers),
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
        """Every port width with every partition and size of a buffer of data_t."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        for port in PORT_BYTES:
            for height, width, depth in block_shapes(numbers.data_bytes):
                yield {"port": port // numbers.data_bytes, "part_h": height, "part_w": width, "depth": depth}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """A launch with a tile of one word, an odd, a tall and a wide one, rows apart; a launch with a full tile."""
        port, height, width, depth = _numbers(settings)
        rounds = depth // ceil_div(port, width)
        wide = min(depth * width // port, MOST_WORDS)
        odd = min(3, wide)
        odd_rounds = depth // ceil_div(odd * port, width)
        tall = min(rounds * height, max(height + 1, 64))
        # Rows farther apart than they are long: only then is it seen where each of them begins.
        apart = ceil_div(odd * port, width) + 1
        apart_rows = min(height + 2, depth // apart * height) or 1
        small = [
            (1, 1, 0), (min(height + 1, odd_rounds * height), odd, 0), (tall, 1, 0), (1, wide, 0),
            (apart_rows, odd, apart if apart_rows > height else 0), (1, 1, 0),
        ]
        full_words = min(ceil_div(width, port) * 4, wide)
        room = depth // ceil_div(full_words * port, width) * height
        full_rows = min(room, max(1, MOST_WORDS // full_words))
        return (
            self._case("small", settings, small, rng),
            self._case("full", settings, [(full_rows, full_words, 0)], rng),
        )

    def _case(
        self, name: str, settings: Settings, tiles: list[tuple[int, int, int]], rng: np.random.Generator
    ) -> TestCase:
        """`tiles`: rows, AXI words of a row, and addresses from row to row (0: as few as a row needs)."""
        import numpy as np

        port, height, width, depth = _numbers(settings)
        numbers = numbers_of(settings)
        rows_of_commands, words, blocks = [], [], []
        for rows, row_words, apart in tiles:
            row_length = ceil_div(row_words * port, width)
            row_depth = apart or row_length
            tile = random_data(rng, (rows, row_words * port), numbers=numbers)
            block = unwritten((height, depth, width), numbers.data)
            # The last bank word of a row is written whole, with zeros behind the row.
            padded = np.zeros((rows, row_length * width), dtype=numbers.data)
            padded[:, : tile.shape[1]] = tile
            where = place((height, width, depth), rows, row_length * width, row_depth)
            block[where] = padded
            rows_of_commands.append({"rows": rows, "row_words": row_words, "row_depth": row_depth})
            words.append(tile.tobytes())
            blocks.append(block.tobytes())
        cmd, count = commands("fill_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(words)},
            counts={"cmd": count, "in": sum(rows * row_words for rows, row_words, _ in tiles), "out": count},
            expected={"out": b"".join(blocks)},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """WRITE at II 1, banks unrolled and partitioned, lanes of a bank word unrolled."""
        port, height, width, _ = _numbers(settings)
        each_bank = () if height == 1 else (LoopRule(label="EACH_BANK", trip=height, unroll=True),)
        each_piece = () if width >= port else (LoopRule(label="EACH_PIECE", trip=port // width, unroll=True),)
        each_lane = () if width == port else (LoopRule(label="EACH_LANE", trip=width, unroll=True),)
        return Conformance(
            loops=(LoopRule(label="WRITE", pipeline_ii=1), *each_bank, *each_piece, *each_lane),
            partitions=partitions("out"),
        )


def _numbers(settings: Settings) -> tuple[int, int, int, int]:
    return (
        number(settings, "port"),
        number(settings, "part_h"),
        number(settings, "part_w"),
        number(settings, "depth"),
    )


SPEC = Fill()
