"""Ports and frames of small modules of our own, written as a generator would write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aigchip_tui.csim.run import SimulationResult
from aigchip_tui.model.module import Port, Variant

TYPES = """#pragma once
#include <cstdint>
typedef std::int8_t data_t;
typedef std::int32_t acc_t;
struct run_cmd { std::int32_t steps; std::int32_t last; };
"""

Simulate = Callable[..., SimulationResult]


def stream(name: str, direction: Any, element: str, lanes: int, bits: int, *, copies: int | None = None) -> Port:
    """A stream port as the templates write it."""
    token = element if lanes == 0 else f"hls::vector<{element}, {lanes}>"
    return Port(
        name=name, direction=direction, kind="stream", element=element, bits=bits, lanes=lanes or 1,
        copies=copies or 1,
        cpp_type=f"hls::stream<{token}>&" if copies is None else f"hls::stream<{token}>[{copies}]",
    )


def blocks(name: str, direction: Any, element: str, shape: str, count: int) -> Port:
    """A stream of blocks whose element is one byte."""
    return Port(
        name=name, direction=direction, kind="blocks", element=element, bits=8, lanes=count,
        cpp_type=f"hls::stream_of_blocks<{element}{shape}>&",
    )


def scalar(name: str) -> Port:
    """An int by value."""
    return Port(name=name, direction="in", kind="scalar", element="int", bits=32, cpp_type="int")


def module(name: str, ports: Sequence[Port]) -> Variant:
    """A variant in a frame like the templates'."""
    variant = Variant(
        template="samples", module=name, function=name, settings={}, instruction=(name,), ports=tuple(ports),
        prologue="", epilogue="}\n",
    )
    space = variant.key.replace("-", "_")
    prologue = (
        '#pragma once\n#include "hls_stream.h"\n#include "hls_vector.h"\n#include "hls_streamofblocks.h"\n'
        f'#include "types.hpp"\nnamespace {space} {{\n'
    )
    return Variant(
        template="samples", module=name, function=name, settings={}, instruction=(name,), ports=tuple(ports),
        prologue=prologue, epilogue="}\n",
    )
