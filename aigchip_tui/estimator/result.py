"""What an estimate says: of a loop, of a function, of the whole design."""

from __future__ import annotations

from typing import Literal

import msgspec


class LoopEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One loop: trip counts, initiation interval, pipeline depth (iteration latency), latency in cycles.

    None means unknown (a run-time bound, a call whose body is not in the text). `bound` says what bounds the interval;
    `reason` names the operators of the longest path of a pipelined body, or says why a loop is not pipelined;
    `flattened` counts the loops merged into this one, `unrolled` the copies of its body. `straight` are
    the cycles of an iteration beside the loops in it, for a loop that is not pipelined. `beside` names the loop or call
    that runs at the same time and takes at least as long, so that this one adds nothing.
    """

    name: str
    function: str
    line: int
    file: str
    trip: int | None
    trip_min: int | None
    ii: int | None
    depth: int | None
    latency: int | None
    latency_min: int | None
    pipelined: bool
    bound: str = ""
    flattened: int = 1
    unrolled: int = 1
    target: int = 1
    level: int = 0
    reason: str = ""
    straight: int = 0
    beside: str = ""


class FunctionEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One function or dataflow process: latency and interval in cycles, None when a bound is known only at
    run time.

    For a process of our own style (`while (!last)` around one counted pipelined loop) `loops` holds the
    symbolic cost: a command of n steps takes `ii * (n - 1) + depth` cycles.
    """

    name: str
    line: int
    latency: int | None
    interval: int | None


class PartEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a utilization table: BRAM in 18-kbit blocks, URAM, DSP slices, flip-flops, LUTs.

    The parts of modules within the design are counted with its own.
    """

    name: str
    bram18: int = 0
    uram: int = 0
    dsp: int = 0
    ff: int = 0
    lut: int = 0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader of the C++ believes a design costs; never a tool's result (`basis`).

    Latencies and interval in cycles, BRAM in 18-kbit blocks, clocks in ns; `budget_ns` is the period less its
    uncertainty, which the slowest state (`estimated_clock_ns`) must meet. `unknown` lists what is not known and why,
    `warnings` pragmas that are not met and variables that nothing uses;
    `parts` is what the totals are sums of;
    where a part of the design could not be read, no total is known either and all of them are None.
    """

    top: str
    file: str
    latency_min: int | None
    latency_max: int | None
    interval: int | None
    dsp: int | None
    bram18: int | None
    uram: int | None
    lut: int | None
    ff: int | None
    clock_ns: float
    estimated_clock_ns: float | None
    timing_met: bool | None
    budget_ns: float
    loops: tuple[LoopEstimate, ...]
    functions: tuple[FunctionEstimate, ...] = ()
    parts: tuple[PartEstimate, ...] = ()
    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    basis: Literal["estimate"] = "estimate"


class SweptPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of an `Estimate` (same units) with these values of the constants.

    `unknown` is why figures are None, or what else is not known; `error` why there is no estimate at all.
    """

    values: dict[str, int]
    latency_min: int | None = None
    latency_max: int | None = None
    interval: int | None = None
    dsp: int | None = None
    bram18: int | None = None
    uram: int | None = None
    lut: int | None = None
    ff: int | None = None
    estimated_clock_ns: float | None = None
    timing_met: bool | None = None
    unknown: tuple[str, ...] = ()
    error: str = ""
    basis: Literal["estimate"] = "estimate"
