"""pe_lane: the MACs that share a cycle at the lowest level of the array, inlined into it.

A lane of m x n x k MACs multiplies m rows of A with n columns of B over k words. Operand styles follow from the
split (SPACE sec. 1): an operand that several MACs use is copied into registers (fan-out), one that a single MAC
uses goes straight to it; sums over k meet in an adder tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.space import LANE_SPLITS, Split
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PartitionRule

from .common import declaration, in_every_format, number, random_data
from .mac import PAIR_FIELD, defaults
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

    from .common import Elements

WIDEST_PAIRS: Final = (Split(m=2, k=64), Split(n=2, k=64))
"""Pairs of MACs over all words of the widest array: one of each lane in an array whose lanes have linked MACs."""


def _array_port(
    name: str, direction: Literal["in", "out"], element: str, length: int, order: str, numbers: Numbers
) -> Port:
    """An array argument of an inlined function, all elements at once."""
    const = "const " if direction == "in" else ""
    return Port(
        name=name,
        direction=direction,
        kind="array",
        element=element,
        bits=numbers.bits(element),
        lanes=length,
        cpp_type=f"{const}{element}[{length}]",
        tokens="one array per call",
        order=order,
        end="the call",
    )


EQUIVALENT: Final = (
    EquivalentMutant(
        was="i * COLUMNS + j",
        now="i * COLUMNS - j",
        reason="With a single column of B, j is 0 (lanes of several columns turn red).",
    ),
    *(
        EquivalentMutant(
            was=f"{index} * WORDS + k",
            now=f"{index} * WORDS - k",
            reason="With a single word along k, k is 0 (lanes of several words turn red).",
        )
        for index in "ij"
    ),
)


class PeLane:
    """A lane of m x n x k MACs as a function of three arrays of registers."""

    name = "pe_lane"
    function = "pe_lane"
    summary = "The MACs of one lane, fed by registers and summed over k."
    inlined = True
    equivalent_mutants = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Three sizes and the operand styles that follow from them."""
        m, n, k = (number(settings, axis) for axis in "mnk")
        pairs = paired(settings)
        return (
            f"The lane works on {m} rows of A at once." if m > 1 else "The lane works on a single row of A.",
            f"It works on {n} columns of B at once." if n > 1 else "It works on a single column of B.",
            f"Each row and each column brings {k} words along k."
            if k > 1
            else "Each row and each column brings a single word along k.",
            "The function is pe_lane with the array arguments a, b and c: a holds the rows of A one after the other "
            "(data_t), b the columns of B one after the other (data_t), and c receives a sum for each row and column, "
            "row by row (acc_t).",
            "The function is inlined into its caller.",
            "All three arrays are partitioned completely, so that each element is a register of its own.",
            "Each word of A is copied into a register of the completely partitioned array a_register (loop copy_a, "
            "fully unrolled), from which all columns take it."
            if n > 1
            else "Each word of A goes straight to the only column, which takes it in pairs of rows."
            if pairs == "m"
            else "Each word of A goes straight to the only column that takes it.",
            "Each word of B is copied into a register of the completely partitioned array b_register (loop copy_b, "
            "fully unrolled), from which all rows take it" + (" in pairs of columns." if pairs == "n" else ".")
            if m > 1 or pairs == "n"
            else "Each word of B goes straight to the only row that takes it.",
            _NEST[pairs],
            _pair_words(pairs)
            if pairs
            else "A sum starts from zero, and each word adds its product with a call of mac, so that the adders of a "
            "sum form a tree."
            if k > 1
            else "A sum is a single product: one call of mac adds it to zero.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Arrays a[m*k], b[n*k] and c[m*n] of registers."""
        m, n, k = (number(settings, axis) for axis in "mnk")
        numbers = numbers_of(settings)
        return (
            _array_port("a", "in", "data_t", m * k, "row, word along k", numbers),
            _array_port("b", "in", "data_t", n * k, "column, word along k", numbers),
            _array_port("c", "out", "acc_t", m * n, "row, column", numbers),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration that an array's prompt shows."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing beyond the template's own."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """The MAC of the number format."""
        return (("mac", defaults(numbers_of(settings), _pack(settings))),)

    def legal_settings(self) -> Iterator[Settings]:
        """All 83 splits into powers of two with product 2 to 64, in every number format; int8 also in pairs.

        Where the MACs of a lane are linked, a lane here is what stands between two links: a single MAC as well, and a
        pair for each of 64 words along k.
        """
        splits = (*LANE_SPLITS, Split())
        yield from in_every_format(lambda _: ({"m": split.m, "n": split.n, "k": split.k} for split in splits))
        for split in (*LANE_SPLITS, *WIDEST_PAIRS):
            if split.m * split.n > 1:
                yield {"m": split.m, "n": split.n, "k": split.k, "pack": 2}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """All of the least element (the largest sum), a single one among zeros, and random full-range data."""
        import numpy as np

        m, n, k = (number(settings, axis) for axis in "mnk")
        numbers = numbers_of(settings)
        low, high = numbers.lowest, numbers.highest

        def full(rows: int, value: int) -> Elements:
            return np.full((rows, k), value, numbers.data)

        operands: list[tuple[str, Elements, Elements]] = [
            (f"all {low}", full(m, low), full(n, low)),
            (f"{low} times {high}", full(m, low), full(n, high)),
        ]
        one_a, one_b = full(m, 0), full(n, 0)
        one_a[m - 1, k - 1], one_b[n - 1, k - 1] = -1, high
        operands.append(("one word", one_a, one_b))
        operands += [
            (f"random {index}", random_data(rng, (m, k), numbers=numbers), random_data(rng, (n, k), numbers=numbers))
            for index in range(5)
        ]
        return tuple(
            TestCase(
                name=name,
                inputs={"a": a.tobytes(), "b": b.tobytes()},
                expected={"c": (a.astype(numbers.sums) @ b.astype(numbers.sums).T).astype(numbers.sums).tobytes()},
            )
            for name, a, b in operands
        )

    def conformance(self, settings: Settings) -> Conformance:
        """Every loop unrolled, every array in registers."""
        m, n, k = (number(settings, axis) for axis in "mnk")
        pairs = paired(settings)
        nest = (("rows", m // 2 if pairs == "m" else m), ("columns", n // 2 if pairs == "n" else n), ("words", k))
        loops = [LoopRule(label=label, trip=trip, unroll=True, named=False) for label, trip in nest]
        partitions = [PartitionRule(variable=name, dim=1) for name in ("a", "b", "c")]
        arrays = []
        if n > 1:
            loops.append(LoopRule(label="copy_a", trip=m * k, unroll=True))
            partitions.append(PartitionRule(variable="a_register", dim=1))
            arrays.append(ArrayRule(variable="a_register", extents=(m * k,)))
        if m > 1 or pairs == "n":
            loops.append(LoopRule(label="copy_b", trip=n * k, unroll=True))
            partitions.append(PartitionRule(variable="b_register", dim=1))
            arrays.append(ArrayRule(variable="b_register", extents=(n * k,)))
        return Conformance(
            loops=tuple(loops), partitions=tuple(partitions), arrays=tuple(arrays), inline=True, ii=None
        )


_NEST: Final = {
    "": "The MACs stand in three nested loops, rows outside, columns inside, words innermost, each fully unrolled.",
    "n": "The MACs stand in three nested loops, rows outside, columns inside in steps of two, words innermost, each "
    "fully unrolled.",
    "m": "The MACs stand in three nested loops, rows outside in steps of two, columns inside, words innermost, each "
    "fully unrolled.",
}


def _pack(settings: Settings) -> int:
    return int(settings.get("pack", 1))


def paired(settings: Settings) -> Literal["", "m", "n"]:
    """The axis along which two MACs share a DSP block: n where the lane has columns to pair, else m."""
    if _pack(settings) == 1:
        return ""
    return "n" if number(settings, "n") > 1 else "m"


def _pair_words(pairs: str) -> str:
    own, shared = ("columns", "A") if pairs == "n" else ("rows", "B")
    return (
        f"A call of mac multiplies the words of two neighbouring {own}, the further one as upper, with a word of "
        f"{shared}, and adds to a packed sum that holds both sums: the nearer one's in its lowest {PAIR_FIELD} bits, "
        "the further one's above. After four words at the latest it is split, both parts are added to sums of their "
        "own, and it starts from zero again."
    )


SPEC = PeLane()
