"""Reads one module's C++ with the estimator; runs in a sandboxed worker and takes and gives plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from aigchip_tui.cpp.ast import Unit
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.estimator.estimate import LoopEstimate
from aigchip_tui.estimator.traverse import inner_loops
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant


def module_request(
    variant: Variant, body: str, children: Sequence[tuple[Variant, str]], *, headers: Mapping[str, str],
    clock_ns: float, part: str,
) -> dict[str, Any]:
    """What `read_module` is asked: the module and its children in their files and namespaces, as they are assembled."""
    files = dict(headers)
    for one, text in (*children, (variant, body)):
        files[_file(one)] = f"{one.prologue}{text}\n{one.epilogue}"
    return {
        "files": files, "main": _file(variant), "function": variant.function, "clock_ns": clock_ns, "part": part,
    }


def _file(variant: Variant) -> str:
    return f"{variant.key.replace('-', '_')}.hpp"


def read_module(payload: dict[str, Any]) -> dict[str, Any]:
    """Rate, depth and resources of one module.

    `payload` is a `module_request`. `ii` and `depth` are those of the pipelined loop that works through a command;
    `control` is the process's control with the timing of every loop. Raises AigchipError when a part of the module
    cannot be read.
    """
    from aigchip_tui.estimator.estimate import estimate_design, read_design, top_function
    from aigchip_tui.synth.slicing import control_of, loop_numbers

    files = dict(payload["files"])
    main = payload["main"]
    design = read_design({main: files.pop(main)}, include=files)
    found = estimate_design(
        design, top=payload["function"], clock_ns=payload["clock_ns"], part=payload["part"],
    )
    if found.dsp is None:
        raise AigchipError(f"{payload['function']} cannot be read whole: {found.unknown[0]}.")
    numbers = loop_numbers(design.unit, main)
    function = top_function(design, payload["function"])
    control = control_of(design.unit, function, _timings(found.loops, design.unit, numbers, main), numbers)
    ii, depth = 1, 1
    for loop in found.loops:
        if loop.ii is not None and loop.pipelined:
            ii, depth = max(ii, loop.ii), max(depth, loop.depth or 1)
    return {
        "ii": ii, "depth": depth, "dsp": found.dsp, "bram18": found.bram18, "uram": found.uram, "lut": found.lut,
        "ff": found.ff, "unknown": [each for each in found.unknown if "known only at run time" not in each],
        "control": msgspec.to_builtins(control),
    }


def _timings(
    loops: Sequence[LoopEstimate], unit: Unit, numbers: Mapping[int, int], file: str
) -> list[LoopTiming]:
    """Timings of the module's own loops by their number; a loop that is reported twice is as slow as its slower one."""
    lines = {
        loop.line: numbers[id(loop)]
        for found in unit.functions.values() for f in found if f.body is not None
        for loop in inner_loops(f.body) if id(loop) in numbers
    }
    timings: dict[int, LoopTiming] = {}
    for loop in loops:
        number = lines.get(loop.line) if loop.file == file else None
        if number is None:
            continue
        timing = LoopTiming(number=number, label=loop.name, pipelined=loop.pipelined, ii=loop.ii or 1,
                            depth=max(1, loop.depth or 1), straight=max(1, loop.straight))
        known = timings.get(number)
        if known is None or (timing.ii, timing.depth, timing.straight) > (known.ii, known.depth, known.straight):
            timings[number] = timing
    return [timings[number] for number in sorted(timings)]
