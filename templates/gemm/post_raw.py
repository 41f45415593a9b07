"""post_raw: lets finished sums out as they are, with their bias (SPACE sec. 2: post, or raw sums).

A sum leaves as neighbouring parts of the width of an element, so that whatever stands behind moves elements only. It
takes a power of two of bytes, as in the bias and in buffer C.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule

from .banks import SIDES
from .common import (
    command_port,
    commands,
    declaration,
    in_every_format,
    memory_port,
    number,
    powers_of_two,
    stream_port,
)
from .numbers import Numbers, numbers_of
from .post import MOST_BIAS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .common import Elements

Tile = tuple[int, int, int]
"""rows, row_words, bias_addr."""


class PostRaw:
    """One word a cycle, no multiplier; the bias of the tile's columns is loaded once per command.

    Contract: a sum with its bias fits acc_t.
    """

    name = "post_raw"
    function = "post_raw"
    summary = "adds bias to finished sums and lets them out as they are"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Seven topics; only numbers change."""
        lanes, parts, bias_words = _numbers(settings)
        return (
            "post_raw lets finished sums out as they are: for each post_cmd it reads rows rows of row_words words each "
            "from in and sends as many words to out; it ends after the command whose last is set.",
            f"Sums of a word: {lanes}, walked by the unrolled loop EACH_LANE; sums and bias come as acc_t.",
            f"Neighbouring data_t in which a sum leaves, the lowest bits first: {parts}, walked by the unrolled loop "
            "EACH_PART.",
            f"Words of bias held for a tile: {bias_words}; every row of the tile uses the same ones.",
            "Before the rows of a command, the loop LOAD_BIAS reads row_words words of bias from bias_addr on, a word "
            "every cycle.",
            "A result is the sum plus its bias in scaled_t; multiplier, shift and relu of the command are not heeded.",
            "One loop per command, labelled ADD_BIAS, takes a word every cycle.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, words of sums in, bias in memory, words of results out."""
        lanes, parts, _ = _numbers(settings)
        numbers = numbers_of(settings)
        per = "rows * row_words"
        return (
            command_port("post_cmd", per="one per flush"),
            stream_port("in", "in", "acc_t", lanes, tokens=per, order="tile row, word along n", numbers=numbers),
            memory_port(
                "bias", "in", "acc_t", lanes, tokens="row_words words from bias_addr per command", numbers=numbers
            ),
            stream_port(
                "out", "out", "data_t", lanes * parts, tokens=per, order="tile row, word along n", numbers=numbers
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
        """Every width of a bank row with every number of words up to the widest tile."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        for lanes in SIDES:
            for bias_words in powers_of_two(1, MOST_BIAS // lanes):
                yield {"lanes": lanes, "parts": numbers.sum_parts, "bias_words": bias_words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Several tiles, the widest one among them; sums and bias at both ends; commands that ask for a scale."""
        _, _, bias_words = _numbers(settings)
        some = min(3, bias_words)
        return (
            self._case("tiles", settings, [(1, 1, 0), (5, some, 2), (1, bias_words, 3), (3, 1, 0)], rng),
            self._case("again", settings, [(2, some, some)], rng),
        )

    def _case(self, name: str, settings: Settings, tiles: list[Tile], rng: np.random.Generator) -> TestCase:
        lanes, _, _ = _numbers(settings)
        numbers = numbers_of(settings)
        size = max(addr + words for _, words, addr in tiles)
        half = 1 << (numbers.sum_bits - 2)
        bias = _full_range(rng, (size, lanes), half)
        rows_of_commands, taken, sent = [], [], []
        for rows, row_words, bias_addr in tiles:
            sums = _full_range(rng, (rows, row_words, lanes), half)
            taken.append(sums.astype(numbers.sums).tobytes())
            sent.append(raw_parts(sums + bias[bias_addr : bias_addr + row_words], numbers).tobytes())
            scale = {"multiplier": int(rng.integers(1 << 16)), "shift": int(rng.integers(20)), "relu": 1}
            rows_of_commands.append({"rows": rows, "row_words": row_words, "bias_addr": bias_addr, **scale})
        cmd, count = commands("post_cmd", rows_of_commands)
        words = sum(rows * row_words for rows, row_words, _ in tiles)
        memory = bias.astype(numbers.sums).tobytes()
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(taken)},
            counts={"cmd": count, "in": words, "out": words},
            expected={"out": b"".join(sent)},
            memories={"bias": memory},
            expected_memories={"bias": memory},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """Both loops at II 1, lanes and parts unrolled."""
        lanes, parts, bias_words = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="LOAD_BIAS", pipeline_ii=1),
                LoopRule(label="ADD_BIAS", pipeline_ii=1),
                LoopRule(label="EACH_LANE", trip=lanes, unroll=True),
                LoopRule(label="EACH_PART", trip=parts, unroll=True),
            ),
            arrays=(ArrayRule(extents=(bias_words,)),),
        )


def raw_parts(sums: NDArray[np.int64], numbers: Numbers) -> Elements:
    """Raw sums as elements, the lowest bits of each first; the last axis becomes as many times longer."""
    results: Elements = sums.astype(numbers.sums).view(numbers.data)
    return results


def _full_range(rng: np.random.Generator, shape: tuple[int, ...], end: int) -> NDArray[np.int64]:
    """Values from -end to end - 1, an eighth of them at an end."""
    import numpy as np

    values = rng.integers(-end, end, size=shape)
    kind = rng.random(shape)
    return np.where(kind < 0.06, -end, np.where(kind > 0.94, end - 1, values)).astype(np.int64)


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "lanes"), number(settings, "parts"), number(settings, "bias_words")


SPEC = PostRaw()
