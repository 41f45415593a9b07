"""The numbers of one design that modules, driver and top share, and each module's local settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Settings
from aigchip_tui.model.space import Build, DesignPoint, Link

from .common import MAX_TOKEN_BITS, ceil_div, most_lanes
from .numbers import INT8, Numbers, precision, tagged
from .parts import part_shape

Mode = Literal["dealt", "broadcast", "sliced", "single"]
Gather = Literal["rows", "columns", "sum", "single"]

MAX_TILE_COLUMNS = 4096
"""Columns of a tile of C whose bias the post module holds at most."""


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Memories of one buffer: `height` banks of `depth` words, each of `width` packed elements."""

    height: int
    width: int
    depth: int

    @property
    def settings(self) -> Settings:
        """The buffer's part of a module's local settings."""
        return {"part_h": self.height, "part_w": self.width, "depth": self.depth}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Everything that the hardware of a design depends on.

    Splits are (m, n, k). `port` counts elements of an AXI word. `slices`: serial tokens of a block of sums.
    `lane` is what takes a word at once, `array` how many of these an array has (`DesignPoint.cell` and `grid`).
    `pack`: MACs that share a DSP block. `raw`: results are sums with their bias, not scaled elements. `array_link`,
    `arrays_link`: how words reach the lanes of an array, and the arrays. `spills`: whether sums may leave for memory
    between tiles along k. `mapped`: whether each layer maps the arrays along m to m or to n. `uram`: whether the
    device has UltraRAM.
    """

    lane: tuple[int, int, int]
    array: tuple[int, int, int]
    arrays: tuple[int, int, int]
    port: int
    a: Buffer
    b: Buffer
    c: Buffer
    reuse: str
    slices: int
    numbers: Numbers = INT8
    pack: int = 1
    raw: bool = False
    array_link: Link = "fanout"
    arrays_link: Link = "fanout"
    spills: bool = False
    mapped: bool = False
    uram: bool = False

    @property
    def qm(self) -> int:
        """Rows of sums of one array."""
        return self.lane[0] * self.array[0]

    @property
    def qn(self) -> int:
        """Columns of sums of one array."""
        return self.lane[1] * self.array[1]

    @property
    def qk(self) -> int:
        """Products that one array adds up in a step."""
        return self.lane[2] * self.array[2]

    @property
    def pm(self) -> int:
        """Rows of a block of sums over all arrays."""
        return self.qm * self.arrays[0]

    @property
    def pn(self) -> int:
        """Columns of a block of sums over all arrays."""
        return self.qn * self.arrays[1]

    @property
    def wide_n(self) -> int:
        """Columns of B in a token: more than a block of sums has where arrays may be mapped to n."""
        return self.pn * self.mapped_arrays

    @property
    def mapped_arrays(self) -> int:
        """Arrays that each layer maps to m or to n: those along m, 1 where the split decides."""
        return self.arrays[0] if self.mapped else 1

    @property
    def pk(self) -> int:
        """Elements along k that one step takes over all arrays."""
        return self.qk * self.arrays[2]

    @property
    def count(self) -> int:
        """Number of arrays."""
        return self.arrays[0] * self.arrays[1] * self.arrays[2]

    @property
    def mixed(self) -> bool:
        """True if the arrays lie along several axes."""
        return sum(factor > 1 for factor in self.arrays) > 1

    @property
    def modes(self) -> tuple[Mode, Mode, Gather]:
        """How operand A and operand B reach arrays along one axis, and how their sums are gathered."""
        m, n, k = self.arrays
        if m > 1:
            return "dealt", "broadcast", "rows"
        if n > 1:
            return "broadcast", "dealt", "columns"
        return ("sliced", "sliced", "sum") if k > 1 else ("single", "single", "single")

    @property
    def part(self) -> tuple[int, int]:
        """Rows and columns of the sums that the banks of C take in a cycle: a token of spilled sums."""
        return part_shape(self.pm, self.slices, self.c.height, self.c.width)

    @property
    def tile_parts(self) -> int:
        """Tokens of spilled sums in the largest tile: a copy of buffer C, which `pre` holds."""
        rows, columns = self.part
        return self.c.height * self.c.width * self.c.depth // (rows * columns)

    def native(self, operand: Literal["a", "b"]) -> tuple[int, int]:
        """Rows and elements along k of the token that a buffer's banks can deliver in one cycle."""
        banks, rows = (self.a, self.pm) if operand == "a" else (self.b, self.wide_n)
        return min(banks.height, rows), min(banks.width, self.pk)

    def has_arbiter(self, operand: Literal["a", "b"]) -> bool:
        """True if the banks deliver less than the token that the arrays take."""
        rows, width = self.native(operand)
        return rows * width < (self.pm if operand == "a" else self.wide_n) * self.pk

    @property
    def result_elements(self) -> int:
        """Elements of memory that a result takes."""
        return self.numbers.sum_parts if self.raw else 1

    @property
    def bias_words(self) -> int:
        """Words of bias (as wide as a bank word of C) that the widest tile of C needs."""
        rows = ceil_div(self.pm, self.c.height)
        return max(1, min(self.mapped_arrays * (self.c.depth // rows), MAX_TILE_COLUMNS // self.c.width))


def slices_of(qm: int, pm: int, pn: int, numbers: Numbers = INT8) -> int | None:
    """Serial tokens in which a block of pm x pn sums travels, or None if no slicing fits a token."""
    slices = 1
    while (pm // slices) * pn > most_lanes("acc_t", numbers):
        slices *= 2
        if slices > qm:
            return None
    return slices


def _buffer(name: str, kib: int, height: int, width: int, element_bytes: int) -> Buffer:
    depth = kib * 1024 // (element_bytes * height * width)
    if depth < 1:
        raise AigchipError(f"part_{name}: {height} banks of {width} elements are more than buf_{name} has elements.")
    return Buffer(height=height, width=width, depth=depth)


def shape_of(point: DesignPoint, build: Build) -> Shape:
    """The numbers of a legal design; raises AigchipError for what the template cannot build."""
    numbers = precision(build.precision)
    slices = slices_of(point.qm, point.pm, point.pn, numbers)
    widest = max(point.pm, point.wide_n) * point.pk
    if slices is None or widest > most_lanes("data_t", numbers):
        raise AigchipError(f"not built yet: a token of more than {MAX_TOKEN_BITS} bits.")
    if point.part_c.w > point.pn:
        raise AigchipError(
            f"not built yet: part_c_w of {point.part_c.w} above the {point.pn} columns of a block of sums."
        )
    cell, grid = point.cell, point.grid
    return Shape(
        lane=(cell.m, cell.n, cell.k),
        array=(grid.m, grid.n, grid.k),
        arrays=(point.arrays.m, point.arrays.n, point.arrays.k),
        port=build.axi_elements,
        a=_buffer("a", point.buf_a, point.part_a.h, point.part_a.w, numbers.data_bytes),
        b=_buffer("b", point.buf_b, point.part_b.h, point.part_b.w, numbers.data_bytes),
        c=_buffer("c", point.buf_c, point.part_c.h, point.part_c.w, numbers.sum_bytes),
        reuse=point.stays,
        slices=slices,
        numbers=numbers,
        pack=point.dsp_pack,
        raw=build.output == "raw",
        array_link="forward" if point.linked else "fanout",
        arrays_link=point.arrays_link,
        spills=point.spills,
        mapped=point.mapped,
        uram=build.device.has_uram,
    )


def local_settings(shape: Shape) -> dict[str, tuple[str, Settings]]:
    """Module and local settings of every process, by instance name, in the order of the dataflow."""
    mode_a, mode_b, gather = shape.modes
    grid: Settings = dict(zip(("along_m", "along_n", "along_k"), shape.arrays, strict=True))
    found: dict[str, tuple[str, Settings]] = {
        "ctrl": (
            "ctrl" + ("_mapped" if shape.mapped else "") + ("_spill" if shape.spills else ""),
            {
                "reuse": shape.reuse,
                "arrays": shape.count,
                "arbiter_a": "yes" if shape.has_arbiter("a") else "no",
                "arbiter_b": "yes" if shape.has_arbiter("b") else "no",
            },
        )
    }
    operands: tuple[tuple[Literal["a", "b"], Buffer, int, Mode], ...] = (
        ("a", shape.a, shape.pm, mode_a),
        ("b", shape.b, shape.wide_n, mode_b),
    )
    for operand, buffer, rows, mode in operands:
        wide: Settings = {"rows": rows, "k": shape.pk}
        in_rows, in_k = shape.native(operand)
        found[f"dma_{operand}"] = ("dma_load", {"port": shape.port})
        found[f"fill_{operand}"] = ("fill", {"port": shape.port, **buffer.settings})
        found[f"drain_{operand}"] = ("drain", {"operand": operand, **buffer.settings, **wide})
        if shape.has_arbiter(operand):
            found[f"arbiter_{operand}"] = ("arbiter", {"in_rows": in_rows, "in_k": in_k, **wide})
        if shape.mapped and shape.arrays_link == "forward":
            found[f"inter_{operand}"] = ("relay_mapped", {"operand": operand, **grid, **wide})
        elif shape.mapped and shape.mixed:
            found[f"inter_{operand}"] = ("interconnect_mapped_mixed", {"operand": operand, **grid, **wide})
        elif shape.mapped:
            found[f"inter_{operand}"] = ("interconnect_mapped", {"arrays": shape.count, **wide})
        elif shape.mixed:
            sharers = shape.arrays[1 if operand == "a" else 0]
            chained = shape.arrays_link == "forward" and sharers > 1
            module = "relay_mixed" if chained else "interconnect_mixed"
            found[f"inter_{operand}"] = (module, {"operand": operand, **grid, **wide})
        elif mode == "broadcast" and shape.arrays_link == "forward":
            found[f"inter_{operand}"] = ("relay", {"arrays": shape.count, **wide})
        else:
            found[f"inter_{operand}"] = ("interconnect", {"mode": mode, "arrays": shape.count, **wide})
    found["array"] = (
        "systolic_array" if shape.array_link == "forward" else "pe_array",
        {
            "lane_m": shape.lane[0],
            "lane_n": shape.lane[1],
            "lane_k": shape.lane[2],
            "m": shape.array[0],
            "n": shape.array[1],
            "k": shape.array[2],
            "slices": shape.slices,
            **({"pack": shape.pack} if shape.pack > 1 else {}),
        },
    )
    one_array: Settings = {"rows": shape.qm, "columns": shape.qn, "slices": shape.slices}
    all_arrays: Settings = {"rows": shape.pm, "columns": shape.pn, "slices": shape.slices}
    if shape.mixed:
        chained = shape.arrays_link == "forward" and shape.arrays[2] > 1
        found["collector"] = ("cascade_mixed" if chained else "collector_mixed", {**grid, **one_array})
    elif gather == "sum" and shape.arrays_link == "forward":
        found["collector"] = ("cascade", {"arrays": shape.count, **one_array})
    else:
        found["collector"] = ("collector", {"mode": gather, "arrays": shape.count, **one_array})
    found["accumulate"] = ("accumulate", {**all_arrays, **shape.c.settings})
    found["flush"] = ("flush", shape.c.settings)
    words: Settings = {"lanes": shape.c.width, "bias_words": shape.bias_words}
    found["post"] = ("post_raw", {**words, "parts": shape.result_elements}) if shape.raw else ("post", words)
    found["dma_c"] = ("dma_store", {"port": shape.port, "lanes": shape.c.width * shape.result_elements})
    if shape.spills:
        found |= _spilling(shape)
    return {name: (module, _tagged(module, settings, shape)) for name, (module, settings) in found.items()}


def _spilling(shape: Shape) -> dict[str, tuple[str, Settings]]:
    """The processes on buffer C and its memory of a design that spills sums."""
    part_rows, part_columns = shape.part
    blocks: Settings = {"rows": shape.pm, "columns": shape.pn}
    return {
        "accumulate": ("accumulate_spill", {**blocks, "slices": shape.slices, **shape.c.settings}),
        "flush": ("flush_spill", {**blocks, "part_rows": part_rows, **shape.c.settings}),
        "dma_c": (
            "dma_spill",
            {"port": shape.port, "lanes": shape.c.width * shape.result_elements, "sums": part_rows * part_columns},
        ),
    }


def _tagged(module: str, settings: Settings, shape: Shape) -> Settings:
    # ctrl touches no element: its code and its proof are those of every number format.
    return settings if module.startswith("ctrl") else tagged(settings, shape.numbers)
