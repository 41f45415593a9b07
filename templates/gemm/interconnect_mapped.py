"""interconnect_mapped: hands the tokens of one operand to arrays that each layer maps to m or to n.

Rows of a token are dealt to shares, one for each array. The operand along whose axis the arrays lie sends a token for
each step, and every array takes its own share. Of the other operand all arrays take the same rows: its shares are
those of successive steps along k, handed out one after the other. So its banks, arbiter and memory work on tokens of
the same shape in either mapping, and deliver one in as many steps as there are arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule, PragmaRule

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
from .interconnect import ARRAYS
from .numbers import Numbers, numbers_of

if TYPE_CHECKING:
    import numpy as np

Visit = tuple[int, int, int]
"""blocks, kb, serial."""


class InterconnectMapped:
    """One operand's way from its buffer to arrays along m or n, a step a cycle."""

    name = "interconnect_mapped"
    function = "interconnect_mapped"
    summary = "Hands the tokens of one operand to arrays that each layer maps to m or to n."
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Size of a token, number of arrays, and the two ways of its shares to them."""
        return (
            f"Rows of a token that comes in: {number(settings, 'rows')}.",
            f"Words along k in each of its rows: {number(settings, 'k')}.",
            f"Arrays behind the interconnect: {number(settings, 'arrays')}.",
            "The rows of a token are dealt in turn, as cards are, to shares, one for each array: neighbouring rows go "
            "to different shares, and each share keeps the order of its rows (loop deal over the words of a token, "
            "fully unrolled); the completely partitioned array shares holds them.",
            "The process is interconnect_mapped with the ports cmd (share_cmd), in, and out, an array of streams with "
            "one stream for each array; tokens and shares hold rows one after the other (data_t), and what is called a "
            "row is a column when the operand is B.",
            "The process reads commands until one has last set; a command asks for blocks of kb steps each.",
            "Where serial is zero every step takes a token, and each array gets its own share. Where it is not, a "
            "token serves as many steps as it has shares, in each of which all arrays get the same one, the first "
            "share first; every block begins with a new token.",
            "All steps of a command are iterations of a single loop, named steps, pipelined with an initiation "
            "interval of one; loop arrays over the arrays is fully unrolled, and the product that counts the steps is "
            "bound to LUTs.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, one wide token in and one share per array out per iteration."""
        rows, k, arrays = _numbers(settings)
        numbers = numbers_of(settings)
        return (
            command_port("share_cmd"),
            stream_port(
                "in", "in", "data_t", rows * k, tokens=f"blocks * ((kb + {arrays - 1}) // {arrays} if serial else kb)",
                order="block m, block n, k; in a token row, k", numbers=numbers,
            ),
            stream_port(
                "out", "out", "data_t", rows * k // arrays, copies=arrays, tokens="blocks * kb",
                order="as they come; rows r with r % arrays = index, or = step % arrays where serial", numbers=numbers,
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
        """Every token up to 4096 bits that has a row for each of 2, 4 or 8 arrays."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        most = most_lanes("data_t", numbers)
        for arrays in ARRAYS:
            for rows in powers_of_two(arrays, most):
                for k in powers_of_two(1, most // rows):
                    yield {"arrays": arrays, "rows": rows, "k": k}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Launches of one and of several commands, both ways, with blocks of fewer and of more steps than arrays."""
        arrays = number(settings, "arrays")
        return (
            self._case("one step", settings, [(1, 1, 0)], rng),
            self._case("one serial step", settings, [(1, 1, 1)], rng),
            self._case(
                "both ways", settings,
                [(2, arrays + 1, 1), (3, 2, 0), (2, arrays, 1), (3, 1, 1), (1, 2 * arrays - 1, 1), (1, arrays, 0)], rng,
            ),
        )

    def _case(self, name: str, settings: Settings, visits: list[Visit], rng: np.random.Generator) -> TestCase:
        import numpy as np

        rows, k, arrays = _numbers(settings)
        raw, count = commands("share_cmd", [{"blocks": b, "kb": kb, "serial": serial} for b, kb, serial in visits])
        tokens, handed = [], []
        for blocks, kb, serial in visits:
            for _ in range(blocks):
                fresh = random_data(rng, (-(-kb // arrays) if serial else kb, rows, k), numbers=numbers_of(settings))
                tokens.append(fresh)
                # Axes: token, row of a share, share, word.
                dealt = fresh.reshape(-1, rows // arrays, arrays, k)
                for step in range(kb):
                    if serial:
                        handed.append(np.stack([dealt[step // arrays, :, step % arrays]] * arrays))
                    else:
                        handed.append(dealt[step].transpose(1, 0, 2))
        shares = np.stack(handed, axis=1)
        expected = {f"out[{index}]": shares[index].tobytes() for index in range(arrays)}
        token = np.concatenate(tokens)
        return TestCase(
            name=name,
            inputs={"cmd": raw, "in": token.tobytes()},
            counts={"cmd": count, "in": len(token), **dict.fromkeys(expected, len(handed))},
            expected=expected,
        )

    def conformance(self, settings: Settings) -> Conformance:
        """One pipelined loop; the arrays are served in the same cycle."""
        rows, k, arrays = _numbers(settings)
        return Conformance(
            loops=(
                LoopRule(label="steps", pipeline_ii=1),
                LoopRule(label="deal", trip=rows * k, unroll=True),
                LoopRule(label="arrays", trip=arrays, unroll=True),
            ),
            partitions=(PartitionRule(variable="shares", dim=1),),
            pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
            arrays=(ArrayRule(variable="shares", extents=(arrays,)),),
        )


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "rows"), number(settings, "k"), number(settings, "arrays")


SPEC = InterconnectMapped()
