"""accumulate_spill: accumulate for designs that spill sums, whose residencies start from what memory brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase

from .accumulate import SPARE_BITS, Accumulate, Residency, bank_settings
from .banks import place, unwritten
from .common import command_port, commands, number, stream_port
from .numbers import numbers_of
from .parts import part_shape

if TYPE_CHECKING:
    import numpy as np

    from .common import Elements


class AccumulateSpill(Accumulate):
    """Accumulate with a third start of a residency: sums that come back from memory, a part for each addition."""

    name = "accumulate_spill"
    function = "accumulate_spill"
    summary = "adds slices of sums into the banks of C, from sums that memory brings back"

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """The topics of accumulate; where sums start from is worded anew."""
        _, *rest, starts, last = super().instruction(settings)
        assert starts.startswith("Sums start")
        return (
            "accumulate_spill adds sums into tiles of C: it keeps a block of out under a write_lock up to the "
            "resume_cmd whose final is set, then hands it over; it ends after the command whose last is set.",
            *(line.replace("that is read and written in whole words", "of whole words") for line in rest),
            "Where first is set sums start from zero, or, if resume is set, from a token of pre for each addition; "
            "else from what the block holds. Where first is not set, resume is not either.",
            last,
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Commands, slices of sums in, parts of sums that come back, blocks out."""
        _, slices_in, blocks = super().ports(settings)
        rows, columns, slices, height, width, _ = bank_settings(settings)
        high, wide = part_shape(rows, slices, height, width)
        pre = stream_port(
            "pre", "in", "acc_t", high * wide,
            tokens=f"mb * nb * {rows * columns // (high * wide)} if resume else 0",
            order="m block, n block, slice of rows, part", numbers=numbers_of(settings),
        )
        return command_port("resume_cmd", per="one per visit"), slices_in, pre, blocks

    def _case(
        self, name: str, settings: Settings, residencies: list[Residency], rng: np.random.Generator
    ) -> TestCase:
        """Every second residency starts from sums that come back."""
        import numpy as np

        rows, columns, slices, height, width, depth = bank_settings(settings)
        numbers = numbers_of(settings)
        bound = 1 << (numbers.sum_bits - SPARE_BITS)
        rows_of_commands: list[dict[str, int]] = []
        tokens: list[bytes] = []
        brought: list[bytes] = []
        held: list[bytes] = []
        count_in, count_pre = 0, 0
        for index, (mb, nb, row_depth, visits) in enumerate(residencies):
            resumed = index % 2 == len(residencies) % 2
            total: Elements = np.zeros((mb * rows, nb * columns), dtype=numbers.sums)
            if resumed:
                total = rng.integers(-bound, bound, size=total.shape, dtype=numbers.sums)
                parts = as_parts(total, settings)
                brought.append(parts.tobytes())
                count_pre += parts.shape[0]
            for visit in range(visits):
                sums = rng.integers(-bound, bound, size=total.shape, dtype=numbers.sums)
                total = total + sums
                tokens.append(sums.reshape(mb, rows, nb, columns).transpose(0, 2, 1, 3).tobytes())
                count_in += mb * nb * slices
                rows_of_commands.append(
                    {
                        "mb": mb,
                        "nb": nb,
                        "row_depth": row_depth,
                        "first": int(visit == 0),
                        "resume": int(visit == 0 and resumed),
                        "final": int(visit == visits - 1),
                    }
                )
            block = unwritten((height, depth, width), numbers.sums)
            block[place((height, width, depth), mb * rows, nb * columns, row_depth)] = total
            held.append(block.tobytes())
        cmd, count = commands("resume_cmd", rows_of_commands)
        return TestCase(
            name=name,
            inputs={"cmd": cmd, "in": b"".join(tokens), "pre": b"".join(brought)},
            counts={"cmd": count, "in": count_in, "pre": count_pre, "out": len(residencies)},
            expected={"out": b"".join(held)},
        )


def as_parts(tile: Elements, settings: Settings) -> Elements:
    """The sums of a tile of whole blocks as parts (part, sum): m block, n block, then rows and columns of parts.

    `settings` have rows and columns of a block, its slices (or `part_rows`), and the banks part_h and part_w.
    """
    rows, columns, width = number(settings, "rows"), number(settings, "columns"), number(settings, "part_w")
    high = (
        number(settings, "part_rows") if "part_rows" in settings
        else part_shape(rows, number(settings, "slices"), number(settings, "part_h"), width)[0]
    )
    mb, nb = tile.shape[0] // rows, tile.shape[1] // columns
    cut = tile.reshape(mb, rows // high, high, nb, columns // width, width)
    return cut.transpose(0, 3, 1, 4, 2, 5).reshape(-1, high * width)


SPEC = AccumulateSpill()
