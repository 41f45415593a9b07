"""post: bias, scale, activation and saturation of finished sums to elements (SPACE sec. 2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule

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
from .numbers import INT8, Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .common import Elements

MOST_BIAS = 4096
"""Bias values that the module holds at most: the columns of the widest tile of C."""

Tile = tuple[int, int, int, int, int, int]
"""rows, row_words, bias_addr, multiplier, shift, relu."""


EQUIVALENT = tuple(
    EquivalentMutant(was=was, now=now, reason="A result at the bound becomes the bound, which it is.")
    for was, now in (
        ("result < 0", "result <= 0"),
        ("result > HIGHEST", "result >= HIGHEST"),
        ("capped < LOWEST", "capped <= LOWEST"),
    )
)


class Post:
    """One result word a cycle; the bias of the tile's columns is loaded once per command.

    Contract: multiplier >= 0, 0 <= shift <= 62, and the result before the shift fits scaled_t.
    """

    name = "post"
    function = "post"
    summary = "adds bias, scales, clamps and saturates finished sums"
    inlined = False
    equivalent_mutants = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eight topics; only numbers change."""
        lanes, bias_words = _numbers(settings)
        return (
            "post turns finished sums into results: for each post_cmd it reads rows rows of row_words "
            "words each from in "
            "and sends as many words to out; it ends after the command whose last is set.",
            f"Elements of a word: {lanes}, walked by the unrolled loop EACH_LANE; sums and bias come as "
            "acc_t, results "
            "leave as data_t.",
            f"Words of bias held for a tile: {bias_words}; every row of the tile uses the same ones.",
            "Before the rows of a command, the loop LOAD_BIAS reads row_words words of bias from bias_addr "
            "on, a word "
            "every cycle.",
            "A result is the sum plus its bias, times multiplier, plus half of the last place, shifted "
            "right by shift, all "
            "in scaled_t; a shift of zero adds no half.",
            "When relu is set, negative results become zero.",
            "Results beyond the range of data_t saturate at its ends, DATA_LOWEST and DATA_HIGHEST.",
            "One loop per command, labelled SCALE, takes a word every cycle.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, words of sums in, bias in memory, words of results out."""
        lanes, _ = _numbers(settings)
        numbers = numbers_of(settings)
        per = "rows * row_words"
        return (
            command_port("post_cmd", per="one per flush"),
            stream_port("in", "in", "acc_t", lanes, tokens=per, order="tile row, word along n", numbers=numbers),
            memory_port(
                "bias", "in", "acc_t", lanes, tokens="row_words words from bias_addr per command", numbers=numbers
            ),
            stream_port("out", "out", "data_t", lanes, tokens=per, order="tile row, word along n", numbers=numbers),
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
    def _legal(_: Numbers) -> Iterator[Settings]:
        for lanes in SIDES:
            for bias_words in powers_of_two(1, MOST_BIAS // lanes):
                yield {"lanes": lanes, "bias_words": bias_words}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Tiles with and without activation, rounding and scale; the widest tile; sums at both ends."""
        _, bias_words = _numbers(settings)
        some = min(3, bias_words)
        tiles: list[Tile] = [
            (1, 1, 0, 1, 0, 0),
            (5, some, 2, 0x5A827999, 42, 0),
            (4, some, 1, 3, 2, 1),
            (1, bias_words, 3, 0x7FFFFFFF, 48, 1),
            (3, 1, 0, 1, 1, 0),
        ]
        return (
            self._case("tiles", settings, tiles, rng),
            self._case("again", settings, [(2, some, some, 0x40000001, 45, 0)], rng),
        )

    def _case(self, name: str, settings: Settings, tiles: list[Tile], rng: np.random.Generator) -> TestCase:
        import numpy as np

        lanes, _ = _numbers(settings)
        numbers = numbers_of(settings)
        size = max(addr + words for _, words, addr, *_ in tiles)
        small = rng.integers(-300, 300, size=(size, lanes))
        large = rng.integers(-(2**24), 2**24, size=(size, lanes))
        bias = np.where(rng.random((size, lanes)) < 0.5, small, large)
        rows_of_commands, taken, sent = [], [], []
        for rows, row_words, bias_addr, multiplier, shift, relu in tiles:
            sums = self._sums(rng, (rows, row_words, lanes), shift, numbers)
            used = bias[bias_addr : bias_addr + row_words]
            taken.append(sums.astype(numbers.sums).tobytes())
            result = golden(sums, used, multiplier=multiplier, shift=shift, relu=bool(relu), numbers=numbers)
            sent.append(result.tobytes())
            rows_of_commands.append(
                {
                    "rows": rows,
                    "row_words": row_words,
                    "bias_addr": bias_addr,
                    "multiplier": multiplier,
                    "shift": shift,
                    "relu": relu,
                }
            )
        cmd, count = commands("post_cmd", rows_of_commands)
        words = sum(rows * row_words for rows, row_words, *_ in tiles)
        memory = bias.astype(numbers.sums).tobytes()
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(taken)},
            counts={"cmd": count, "in": words, "out": words},
            expected={"out": b"".join(sent)},
            memories={"bias": memory},
            expected_memories={"bias": memory},
        )

    @staticmethod
    def _sums(rng: np.random.Generator, shape: tuple[int, ...], shift: int, numbers: Numbers) -> NDArray[np.int64]:
        """Mostly sums whose result is near the range of an element, with full-range ones and both ends mixed in."""
        import numpy as np

        end = 1 << (numbers.sum_bits - 1)
        near = max(3 * numbers.highest, 1 << min(30, max(0, shift - 22)))
        sums = rng.integers(-near, near, size=shape)
        kind = rng.random(shape)
        sums = np.where(kind < 0.1, rng.integers(-end, end, size=shape), sums)
        sums = np.where(kind > 0.95, np.where(kind > 0.975, end - 1, -end), sums)
        return sums.astype(np.int64)

    def conformance(self, settings: Settings) -> Conformance:
        """Both loops at II 1, lanes unrolled."""
        lanes, bias_words = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="LOAD_BIAS", pipeline_ii=1),
                LoopRule(label="SCALE", pipeline_ii=1),
                LoopRule(label="EACH_LANE", trip=lanes, unroll=True),
            ),
            arrays=(ArrayRule(extents=(bias_words,)),),
        )


def golden(
    sums: NDArray[np.int64],
    bias: NDArray[np.int64],
    *,
    multiplier: int,
    shift: int,
    relu: bool,
    numbers: Numbers = INT8,
) -> Elements:
    """Results of post for sums and their bias, which broadcast; sums beyond 32 bits are scaled in whole numbers."""
    import numpy as np

    half = 1 << (shift - 1) if shift else 0
    biased = sums.astype(np.int64) + bias.astype(np.int64)
    # Python's integers have no width: scaled sums of 48 bits do not fit 64.
    exact = biased.astype(object) if numbers.wide_bits > 64 else biased
    scaled = (exact * multiplier + half) >> shift
    if relu:
        scaled = np.maximum(scaled, 0)
    results: Elements = np.clip(scaled, numbers.lowest, numbers.highest).astype(numbers.data)
    return results


def _numbers(settings: Settings) -> tuple[int, int]:
    return number(settings, "lanes"), number(settings, "bias_words")


SPEC = Post()
