"""reorder: lets tokens that arrive row by row leave column by column (SPACE sec. 1: arbiters keyed by order too)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PragmaRule

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
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_SIDE: Final = 16
"""Rows and columns of a block at most."""

_LUTRAM_WORDS: Final = 64

_STORES: Final = {
    "lutram": "The memory has room for two blocks of tokens and is small: LUTRAM (ram_s2p).",
    "bram": "The memory has room for two blocks of tokens and is large: block RAM (ram_s2p).",
}


class Reorder:
    """Two blocks of tokens: one comes in while the other one leaves."""

    name = "reorder"
    function = "reorder"
    summary = "lets tokens that arrive row by row leave column by column"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Seven topics; words follow which kind of memory holds the blocks."""
        rows, columns, lanes = _numbers(settings)
        return (
            "reorder changes the order of tokens block by block: for each reorder_cmd it takes blocks blocks from in, "
            "tokens row by row, and sends them to out column by column; it ends after the command whose last is set.",
            f"Rows of a block: {rows}.",
            f"Columns of a block: {columns}.",
            f"Elements of a token, each a data_t: {lanes}.",
            _STORES[_store(settings)],
            "While a block comes in, the one before leaves from the other half of the memory; the halves change "
            "places behind each block.",
            "One loop per command, labelled SWAP, takes and sends a token every cycle; it goes one block further "
            "than it takes.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, and equal tokens in and out."""
        rows, columns, lanes = _numbers(settings)
        numbers = numbers_of(settings)
        per = f"blocks * {rows * columns}"
        return (
            command_port("reorder_cmd", per="one per tile"),
            stream_port("in", "in", "data_t", lanes, tokens=per, order="block, row, column", numbers=numbers),
            stream_port("out", "out", "data_t", lanes, tokens=per, order="block, column, row", numbers=numbers),
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
        """Every block of 2 to 16 rows and columns; tokens of a power of two of elements or three times one."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        widths = powers_of_two(1, most_lanes("data_t", numbers))
        for rows in range(2, MOST_SIDE + 1):
            for columns in range(2, MOST_SIDE + 1):
                for lanes in sorted({*widths, *(3 * width for width in widths[:-2])}):
                    yield {"rows": rows, "columns": columns, "lanes": lanes}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Several commands, of one and of more blocks, and a launch of a single block."""
        return (self._case("blocks", settings, [2, 1, 3], rng), self._case("single", settings, [1], rng))

    def _case(self, name: str, settings: Settings, blocks: list[int], rng: np.random.Generator) -> TestCase:
        rows, columns, lanes = _numbers(settings)
        tokens = random_data(rng, (sum(blocks), rows, columns, lanes), numbers=numbers_of(settings))
        cmd, count = commands("reorder_cmd", [{"blocks": each} for each in blocks])
        total = sum(blocks) * rows * columns
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": tokens.tobytes()},
            counts={"cmd": count, "in": total, "out": total},
            expected={"out": tokens.transpose(0, 2, 1, 3).tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """SWAP at II 1 on a memory of two blocks, whose halves never meet."""
        rows, columns, _ = _numbers(settings)
        impl = _store(settings)
        return Conformance(
            loops=(LoopRule(label="SWAP", pipeline_ii=1),),
            pragmas=(
                PragmaRule(kind="BIND_STORAGE", options={"type": "ram_s2p", "impl": impl}),
                PragmaRule(kind="DEPENDENCE", options={"type": "inter", "dependent": "false"}, loop="SWAP"),
            ),
            arrays=(ArrayRule(extents=(2 * rows * columns,)),),
        )


def _store(settings: Settings) -> str:
    rows, columns, _ = _numbers(settings)
    return "lutram" if 2 * rows * columns <= _LUTRAM_WORDS else "bram"


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "rows"), number(settings, "columns"), number(settings, "lanes")


SPEC = Reorder()
