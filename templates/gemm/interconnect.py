"""interconnect: hands the wide tokens of one operand to the arrays.

Row r of a token belongs to array r % arrays, so that the slices of C that the collector joins are contiguous rows
(research/microarchitecture.md sec. 2, point 10); words along k are cut contiguously.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

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

ARRAYS: Final = (2, 4, 8)

_MODE_WORDS: Final = {
    "dealt": "The rows of a token are dealt to the arrays in turn, as cards are: neighbouring rows go to different "
    "arrays, and each array keeps the order of its rows (loop arrays over the arrays and loop deal over the words of "
    "a share, both fully unrolled).",
    "broadcast": "Every array takes the whole token (loop arrays, fully unrolled).",
    "sliced": "Every row of a token is cut along k into neighbouring parts of equal length, one for each array in "
    "order (loop arrays over the arrays and loop cut over the words of a share, both fully unrolled).",
    "single": "The only array takes the token as it is.",
}


class Interconnect:
    """One operand's way from its buffer to the arrays, a token a cycle."""

    name = "interconnect"
    function = "interconnect"
    summary = "Hands the tokens of one operand to the arrays."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, number of arrays, and how they share it."""
        arrays = number(settings, "arrays")
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            f"Behind the interconnect stand {arrays} arrays." if arrays > 1 else "Behind it stands a single array.",
            _MODE_WORDS[str(settings["mode"])],
            "The process is interconnect with the ports cmd (inter_cmd), in, and out, an array of streams with one "
            "stream for each array; tokens hold rows one after the other (data_t), and what is called a row is a "
            "column when the operand is B.",
            "The process reads commands until one has last set; a command asks for a number of tokens.",
            "All tokens of a command are iterations of a single loop, named tokens, pipelined with an initiation "
            "interval of one.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one share per array out per iteration."""
        rows, k, arrays = (number(settings, key) for key in ("rows", "k", "arrays"))
        share = rows * k // (arrays if settings["mode"] in ("dealt", "sliced") else 1)
        numbers = numbers_of(settings)
        orders = {
            "dealt": "as they come; rows r with r % arrays = index",
            "broadcast": "as they come",
            "sliced": "as they come; words along k of its own part",
            "single": "as they come",
        }
        return (
            command_port("inter_cmd"),
            stream_port(
                "in",
                "in",
                "data_t",
                rows * k,
                tokens="tokens",
                order="block m, block n, k; in a token row, k",
                numbers=numbers,
            ),
            stream_port(
                "out",
                "out",
                "data_t",
                share,
                copies=arrays,
                tokens="tokens",
                order=orders[str(settings["mode"])],
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
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Every token up to 4096 bits, for a single array and for 2, 4 and 8 along one axis."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for mode in _MODE_WORDS:
            for arrays in (1,) if mode == "single" else ARRAYS:
                for rows in powers_of_two(arrays if mode == "dealt" else 1, most):
                    for k in powers_of_two(arrays if mode == "sliced" else 1, most // rows):
                        yield {"mode": mode, "arrays": arrays, "rows": rows, "k": k}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, of one and of many tokens."""
        return (
            self._case("one token", settings, [1], rng),
            self._case("several visits", settings, [3, 1, 7, 2], rng),
        )

    def _case(self, name: str, settings: Settings, visits: list[int], rng: np.random.Generator) -> TestCase:
        rows, k, arrays = (number(settings, key) for key in ("rows", "k", "arrays"))
        raw, count = commands("inter_cmd", [{"tokens": tokens} for tokens in visits])
        total = sum(visits)
        token = random_data(rng, (total, rows, k), numbers=numbers_of(settings))
        part = k // arrays
        expected = {}
        for index in range(arrays):
            if settings["mode"] == "dealt":
                share = token[:, index::arrays, :]
            elif settings["mode"] == "sliced":
                share = token[:, :, index * part : (index + 1) * part]
            else:
                share = token
            expected[f"out[{index}]"] = share.tobytes()
        return TestCase(
            name=name,
            inputs={"cmd": raw, "in": token.tobytes()},
            counts={"cmd": count, "in": total, **dict.fromkeys(expected, total)},
            expected=expected,
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; the arrays are served in the same cycle."""
        rows, k, arrays = (number(settings, key) for key in ("rows", "k", "arrays"))
        loops = [LoopRule(label="tokens", pipeline_ii=1)]
        mode = settings["mode"]
        if mode != "single":
            loops.append(LoopRule(label="arrays", trip=arrays, unroll=True))
        if mode in ("dealt", "sliced"):
            label = "deal" if mode == "dealt" else "cut"
            loops.append(LoopRule(label=label, trip=rows * k // arrays, unroll=True))
        return Conformance(loops=tuple(loops))


SPEC = Interconnect()
