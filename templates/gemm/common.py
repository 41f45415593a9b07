"""Words and ports that all modules of the template share, and how a design becomes local settings.

Names of local settings (every module reads only these keys; numbers are powers of two but for gearbox and reorder):

| module       | settings |
| ------------ | -------- |
| dma_load     | port |
| fill         | port, part_h, part_w, depth |
| drain        | operand ("a" or "b"), part_h, part_w, depth, rows, k |
| arbiter      | in_rows, in_k, rows, k |
| gearbox      | unit, in_units, out_units |
| reorder      | rows, columns, lanes |
| interconnect | mode ("dealt", "broadcast", "sliced", "single"), arrays, rows, k |
| interconnect_mixed | operand ("a" or "b"), along_m, along_n, along_k, rows, k |
| interconnect_mapped | arrays, rows, k |
| interconnect_mapped_mixed | as interconnect_mixed, with several arrays along m |
| mac          | format, multiplier, adder |
| pe_lane      | m, n, k, pack (2 where two MACs share a DSP block) |
| pe_array, systolic_array | lane_m, lane_n, lane_k, m, n, k, slices, pack |
| relay        | arrays, rows, k |
| relay_mixed  | as interconnect_mixed, where arrays share an operand |
| relay_mapped | as interconnect_mapped_mixed, and for arrays along m alone |
| cascade      | arrays, rows, columns, slices |
| collector    | mode ("rows", "columns", "sum", "single"), arrays, rows, columns, slices |
| cascade_mixed | as collector_mixed, with several arrays along k |
| collector_mixed | along_m, along_n, along_k, rows, columns, slices |
| accumulate   | rows, columns, slices, part_h, part_w, depth |
| flush        | part_h, part_w, depth |
| post         | lanes, bias_words |
| post_raw     | lanes, parts, bias_words |
| dma_store    | port, lanes |
| accumulate_spill | as accumulate |
| flush_spill  | rows, columns, part_rows, part_h, part_w, depth |
| dma_spill    | port, lanes, sums |
| ctrl_spill   | as ctrl, without reuse "output" |
| ctrl_mapped  | as ctrl, for 2 arrays and more |
| ctrl_mapped_spill | as ctrl_mapped, without reuse "output" |
| ctrl         | reuse ("a", "b", "output"), arrays, arbiter_a ("yes" or "no"), arbiter_b |

`unit`: elements that a gearbox keeps together.
`port`: elements in a word of an AXI port. `rows` of drain, arbiter, interconnect: rows of the wide token over all
arrays (PM or PN), `k` its elements along k over all arrays (PK). `rows`, `columns` of the collector: QM and QN of one
array; of accumulate: PM and PN of a block (a token holds rows / slices of them). `part_h`: banks, `part_w`:
elements of a bank word, `depth`: words of a bank.
`part_rows`: rows of a part of sums (what the banks of C take in a cycle), `sums`: its elements.
`arrays`: number of arrays; `along_m`, `along_n`, `along_k` where they lie along several axes. `precision`: number
format where it is not int8; ctrl has none, it touches no element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from aigchip_tui.model.module import Port, Settings

from .numbers import ALL, INT8, Numbers, tagged
from .types import COMMANDS, command_fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Elements = NDArray[np.signedinteger[Any]]

MAX_TOKEN_BITS: Final = 4096
"""Widest token that a stream may carry (SPACE sec. 1)."""

BITS: Final = {name: INT8.bits(name) for name in ("data_t", "acc_t")}
"""Widths of elements and sums in bits for templates that build int8 alone."""

PORT_BYTES: Final = (8, 16, 32, 64)
"""Widths of an AXI data port in bytes."""

INCLUDES: Final = ("hls_stream.h", "hls_vector.h", "hls_streamofblocks.h", "gemm_types.hpp")
"""Headers that the template's prologue includes for every module."""


BURSTS: Final = "hls_burst_maxi.h"
"""Header of an AXI master whose bursts a module asks for itself; only such a module includes it."""


def ceil_div(value: int, by: int) -> int:
    """Quotient rounded up."""
    return -(-value // by)


def powers_of_two(low: int, high: int) -> tuple[int, ...]:
    """Powers of two from `low` to `high`, both inclusive; `low` is a power of two."""
    values = []
    while low <= high:
        values.append(low)
        low *= 2
    return tuple(values)


def number(settings: Mapping[str, int | str], key: str) -> int:
    """A numeric local setting."""
    value = settings[key]
    if not isinstance(value, int):
        raise TypeError(f"setting {key} is {value!r}, not a number")
    return value


def vector(element: str, lanes: int) -> str:
    """C++ type of a token of packed elements."""
    return f"hls::vector<{element}, {lanes}>"


def block(element: str, height: int, width: int, depth: int) -> str:
    """C++ type of a block: `height` banks of `depth` words, each of `width` packed elements."""
    return f"{vector(element, width)}[{height}][{depth}]"


def command_port(
    struct: str,
    name: str = "cmd",
    *,
    direction: Literal["in", "out"] = "in",
    copies: int | None = None,
    per: str = "",
) -> Port:
    """The stream of commands of a process; `copies` makes it an array of streams (one per array)."""
    bits = 32 * len(command_fields(struct))
    return Port(
        name=name,
        direction=direction,
        kind="stream",
        element=struct,
        bits=bits,
        copies=copies or 1,
        cpp_type=f"hls::stream<{struct}>&" if copies is None else f"hls::stream<{struct}>[{copies}]",
        tokens=per or "commands until `last`",
        order="program order",
        end="field last of the command",
    )


def stream_port(
    name: str,
    direction: Literal["in", "out"],
    element: str,
    lanes: int,
    *,
    copies: int | None = None,
    depth: int = 2,
    tokens: str,
    order: str,
    end: str = "the command counts the tokens",
    numbers: Numbers = INT8,
) -> Port:
    """A stream of packed tokens; `copies` makes it an array of streams, also an array of one."""
    token = vector(element, lanes)
    return Port(
        name=name,
        direction=direction,
        kind="stream",
        element=element,
        bits=numbers.bits(element),
        lanes=lanes,
        copies=copies or 1,
        depth=depth,
        cpp_type=f"hls::stream<{token}>&" if copies is None else f"hls::stream<{token}>[{copies}]",
        tokens=tokens,
        order=order,
        end=end,
    )


def blocks_port(
    name: str,
    direction: Literal["in", "out"],
    element: str,
    height: int,
    width: int,
    depth: int,
    *,
    tokens: str,
    order: str = "one block at a time",
    end: str = "the command counts the blocks",
    numbers: Numbers = INT8,
) -> Port:
    """Two blocks of `height` banks, each of `depth` words of `width` elements; `lanes`: elements of a block."""
    return Port(
        name=name,
        direction=direction,
        kind="blocks",
        element=element,
        bits=numbers.bits(element),
        lanes=height * width * depth,
        depth=2,
        cpp_type=f"hls::stream_of_blocks<{block(element, height, width, depth)}>&",
        tokens=tokens,
        order=order,
        end=end,
    )


def memory_port(
    name: str, direction: Literal["in", "out"], element: str, lanes: int | None, *, tokens: str, numbers: Numbers = INT8
) -> Port:
    """A pointer to memory behind an AXI master; `lanes` None: plain elements instead of packed words."""
    const = "const " if direction == "in" else ""
    word = element if lanes is None else vector(element, lanes)
    return Port(
        name=name,
        direction=direction,
        kind="m_axi",
        element=element,
        bits=numbers.bits(element),
        lanes=lanes or 1,
        cpp_type=f"{const}{word}*",
        tokens=tokens,
        order="rising addresses in a burst",
        end="the command counts the words",
    )


def scalar_port(name: str, element: str = "int", *, tokens: str = "once per launch") -> Port:
    """A scalar argument by value."""
    return Port(
        name=name,
        direction="in",
        kind="scalar",
        element=element,
        bits=INT8.bits(element),
        cpp_type=element,
        tokens=tokens,
    )


def parameter(port: Port) -> str:
    """The port as a C++ parameter: `hls::stream<x>& name` or `hls::stream<x> name[4]`."""
    if port.cpp_type.endswith("]"):
        head, _, copies = port.cpp_type.rpartition("[")
        return f"{head} {port.name}[{copies}"
    return f"{port.cpp_type} {port.name}"


def declaration(function: str, ports: Sequence[Port], *, result: str = "void") -> str:
    """C++ declaration of a function with these ports in order."""
    return f"{result} {function}({', '.join(parameter(port) for port in ports)});"


def settings_product(axes: Mapping[str, Iterable[int | str]]) -> Iterator[Settings]:
    """All combinations of values, the last key fastest."""
    names = list(axes)
    if not names:
        yield {}
        return
    head, rest = names[0], {name: axes[name] for name in names[1:]}
    for value in axes[head]:
        for tail in settings_product(rest):
            yield {head: value, **tail}


def commands(struct: str, rows: Sequence[Mapping[str, int]]) -> tuple[bytes, int]:
    """Raw bytes and number of commands; `last` is set on the last one when a row does not give it."""
    import numpy as np

    names = command_fields(struct)
    if struct not in COMMANDS:
        raise KeyError(struct)
    table = np.zeros((len(rows), len(names)), dtype="<i4")
    for index, row in enumerate(rows):
        full = {"last": int(index == len(rows) - 1), **row}
        if set(full) != set(names):
            raise KeyError(f"{struct} has fields {names}, not {sorted(full)}")
        table[index] = [full[name] for name in names]
    return table.tobytes(), len(rows)


def random_data(
    rng: np.random.Generator, shape: tuple[int, ...], *, corners: float = 0.1, numbers: Numbers = INT8
) -> Elements:
    """Full-range elements of which about `corners` are the least or the greatest there is."""
    import numpy as np

    data = rng.integers(numbers.lowest, numbers.highest + 1, size=shape, dtype=numbers.data)
    drawn = rng.random(shape, dtype=np.float32)
    data[drawn < corners] = numbers.highest
    data[drawn < 0.75 * corners] = numbers.lowest
    return data


def most_lanes(element: str, numbers: Numbers) -> int:
    """Elements that a token of 4096 bits holds, down to a power of two."""
    most = MAX_TOKEN_BITS // numbers.bits(element)
    return int(1 << (most.bit_length() - 1))


def in_every_format(settings: Callable[[Numbers], Iterator[Settings]]) -> Iterator[Settings]:
    """Local settings of every number format that is built, int8 first."""
    for numbers in ALL.values():
        for each in settings(numbers):
            yield tagged(each, numbers)
