"""What an estimate is asked for besides the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aigchip_tui.model.errors import AigchipError

_PLATFORM = {"axi_latency": 71, "axi_response": 70, "axi_widest": 512}
"""Cycles to a word and to an answer on the AXI masters of a kernel for a platform, which expects 64 of its memory, and
the bits to which the tool widens them unless it is told otherwise."""
_WIDENING_YEAR = 2020


class TooLargeError(AigchipError):
    """The unrolled text is larger than the reader takes."""


class SpentError(BaseException):
    """The limit of a worker is reached; no handler of ours takes it for a fault of the text."""


@dataclass(slots=True)
class Options:
    """Switches of the tool: `unsafe_math` re-associates floating sums, `auto_pipeline` is the trip count up
    to which an innermost loop is unrolled into its parent (0: nothing is pipelined unasked), `limit` bounds
    the walk. `deal_arrays` lets it deal an array out over as many banks as the unrolled accesses need; before that it
    made copies of an array that is written at one place for its many readers. `forward_stores` keeps what one iteration
    stores in a register, from which the next one takes it when it loads the same element. `average_trips` gives the
    average-case latency of the tool instead of its worst case: loops whose bounds vary with an outer counter count
    with their average trips, unless they are flattened. `bind_arguments`: RESOURCE shapes the memory behind an array
    argument, as before 2020; since then its INTERFACE alone does. `axi_widest` are the bits to which it widens an AXI
    port unasked (0: never). `platform` makes a kernel for a platform: its arguments are AXI ports and registers
    unasked, and its ports expect a memory that answers later and are widened. `tool_year` is the year of the tool's
    version, by which its reports count comparisons and AXI masters and name products in DSP slices."""

    unsafe_math: bool = False
    auto_pipeline: int = 64
    limit: int = 400_000
    axi_read_states: int = 2
    axi_latency: int = 8
    axi_response: int = 5
    small_array: int = 4
    imperfect_flatten: bool = True
    auto_partition: bool = True
    deal_arrays: bool = True
    forward_stores: bool = False
    axi_widest: int = 0
    bind_arguments: bool = False
    average_trips: bool = False
    platform: bool = False
    tool_year: int = 2025

    def configured(self, switches: Mapping[str, int]) -> Options:
        """These options with some switches set, by their names."""
        found = replace(self)
        given = _PLATFORM | dict(switches) if switches.get("platform") else switches
        for name, value in given.items():
            setattr(found, name, type(getattr(self, name))(value))
        if found.tool_year < _WIDENING_YEAR:
            found.axi_widest = 0
        return found

    def key(self) -> tuple[object, ...]:
        """All switches, to look an estimate up by."""
        return tuple([getattr(self, name) for name in self.__slots__])

    def exhausted(self, line: int) -> None:
        """The walk has grown too large, at a line of the text."""
        raise TooLargeError(
            f"Line {line}: with its loops unrolled, the code is larger than the estimator walks.",
            hint="Lower the unroll factors there and in the loops around it.",
        )
