"""arbiter: gathers the narrow tokens of a buffer into the wide tokens that the arrays take (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .banks import SIDES
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


class Arbiter:
    """Holds a wide token in registers and sends it with its last part."""

    name = "arbiter"
    function = "arbiter"
    summary = "gathers narrow tokens of a buffer into the wide tokens of the arrays"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eight topics; words follow whether rows, elements along k, or both come in parts."""
        in_rows, in_k, rows, k = _numbers(settings)
        by_rows = (
            "A narrow token brings all rows of the wide one."
            if in_rows == rows
            else "The rows of a wide token arrive part by part, from the first rows to the last."
        )
        by_k = (
            "A narrow token brings whole rows."
            if in_k == k
            else "A row arrives part by part along k; all parts of some rows arrive before those of the "
            "next rows."
        )
        return (
            "arbiter gathers narrow tokens of a buffer into wide ones for the arrays: for each arbiter_cmd "
            "it reads from "
            "in and sends tokens wide tokens to out; it ends after the command whose last is set.",
            f"Rows of a wide token: {rows}, walked by the unrolled loop EACH_ROW.",
            f"Elements of a row of a wide token along k: {k}, walked by the unrolled loop EACH_COLUMN; "
            "lanes are packed "
            "row by row.",
            f"Rows of a narrow token: {in_rows}.",
            by_rows,
            f"Elements of a row of a narrow token along k: {in_k}; its lanes too are packed row by row.",
            by_k,
            "One loop per command, labelled GATHER, takes a narrow token every cycle and sends the wide "
            "one with its "
            "last part.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, narrow tokens in, wide tokens out."""
        in_rows, in_k, rows, k = _numbers(settings)
        numbers = numbers_of(settings)
        parts = rows // in_rows * (k // in_k)
        return (
            command_port("arbiter_cmd", per="one per visit"),
            stream_port(
                "in",
                "in",
                "data_t",
                in_rows * in_k,
                tokens=f"tokens * {parts}",
                order="m block, n block, k, part of rows, part of k",
                numbers=numbers,
            ),
            stream_port(
                "out", "out", "data_t", rows * k, tokens="tokens", order="m block, n block, k",
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
        """Every wide token up to 4096 bits with every narrower one that a partition can give."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for rows in powers_of_two(1, most):
            for k in powers_of_two(1, most // rows):
                for in_rows in powers_of_two(1, min(rows, SIDES[-1])):
                    for in_k in powers_of_two(1, min(k, SIDES[-1])):
                        if in_rows * in_k < rows * k:
                            yield {"in_rows": in_rows, "in_k": in_k, "rows": rows, "k": k}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """A launch of three visits, and one of a single wide token."""
        return (self._case("visits", settings, [1, 5, 2], rng), self._case("single", settings, [1], rng))

    def _case(self, name: str, settings: Settings, visits: list[int], rng: np.random.Generator) -> TestCase:
        in_rows, in_k, rows, k = _numbers(settings)
        wide = random_data(rng, (sum(visits), rows, k), numbers=numbers_of(settings))
        narrow = wide.reshape(-1, rows // in_rows, in_rows, k // in_k, in_k).transpose(0, 1, 3, 2, 4)
        cmd, count = commands("arbiter_cmd", [{"tokens": tokens} for tokens in visits])
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": narrow.tobytes()},
            counts={"cmd": count, "in": narrow.size // (in_rows * in_k), "out": sum(visits)},
            expected={"out": wide.tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """GATHER at II 1, lanes unrolled."""
        _, _, rows, k = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="GATHER", pipeline_ii=1),
                LoopRule(label="EACH_ROW", trip=rows, unroll=True),
                LoopRule(label="EACH_COLUMN", trip=k, unroll=True),
            ),
        )


def _numbers(settings: Settings) -> tuple[int, int, int, int]:
    return (
        number(settings, "in_rows"),
        number(settings, "in_k"),
        number(settings, "rows"),
        number(settings, "k"),
    )


SPEC = Arbiter()
