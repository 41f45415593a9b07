"""The commands of a layer, as the design's own commander writes them: its C++ is compiled and run natively.

It runs alone, with streams that are never full, and keeps virtual time, so that each command has the cycle in which
it would be there if nobody held the commander back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.csim.bench import Bench
from aigchip_tui.csim.run import Limits, simulate_variant
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.testcase import TestCase

if TYPE_CHECKING:

    import numpy as np
    import numpy.typing as npt


    Commands = npt.NDArray[np.int32]
    Cycles = npt.NDArray[np.int64]

TRACE_LIMITS = Limits(cpu_s=60.0, wall_s=180.0)


class LayerTrace(msgspec.Struct, frozen=True, kw_only=True):
    """Commands of one launch by the commander's port (commands x fields), and the cycle in which each is there."""

    name: str
    commands: dict[str, Commands]
    times: dict[str, Cycles]


def layer_traces(
    variant: Variant, body: str, timings: Sequence[LoopTiming], cases: Sequence[TestCase], bench: Bench
) -> tuple[LayerTrace, ...]:
    """Every command of each launch; AigchipError in one sentence when the commander does not run to its end."""
    import numpy as np

    result = simulate_variant(
        variant, body, {}, cases, sandbox=bench.sandbox, workdir=bench.workdir, cache=bench.cache,
        environment=bench.environment, headers=bench.headers, timings=timings, limits=TRACE_LIMITS,
    )
    # Nothing is compared here: what the commander does wrong is for the rungs below.
    if result.cause not in ("", "nothing_compared"):
        why = result.findings[0].message if result.findings else result.cause
        raise AigchipError(f"{variant.module} could not be run for its commands ({result.cause}): {why}")
    traces = []
    for case in cases:
        commands: dict[str, Commands] = {}
        times: dict[str, Cycles] = {}
        for port in variant.ports:
            name = port.name if port.copies == 1 else f"{port.name}[0]"
            if port.kind != "stream" or name not in result.counts[case.name]:
                continue
            count = result.counts[case.name][name]
            words = np.frombuffer(result.outputs[case.name][name], dtype="<i4")
            commands[port.name] = words.reshape(count, -1) if count else words.reshape(0, 1)
            seen = result.measures[case.name].times.get(name, ()) if case.name in result.measures else ()
            times[port.name] = np.array(seen, dtype=np.int64)
            if times[port.name].size != count:
                raise AigchipError(f"{variant.module} wrote {count} commands and {times[port.name].size} times.")
        traces.append(LayerTrace(name=case.name, commands=commands, times=times))
    return tuple(traces)
