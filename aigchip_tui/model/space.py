"""Design points of the gemm template: splits, links, buffers, partitions and reuse, by parameter name.

The array hierarchy is MAC -> lane -> array -> arrays; each level unrolls m x n x k by its split. What makes a
point legal is in `rules.py`, what it costs in `resources.py`, how a layer is cut into tiles in `tiling.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal, cast, get_args

import msgspec

from aigchip_tui.model.device import Device
from aigchip_tui.model.errors import AigchipError

Link = Literal["fanout", "forward"]
Reuse = Literal["a", "b", "output", "a_spill", "b_spill"]
Precision = Literal["int8", "int16", "fp16"]
Output = Literal["scaled", "raw"]
Style = Literal["uni", "mul", "bro"]
ArraysMap = Literal["fixed", "run_time"]
LINKS: tuple[Link, ...] = get_args(Link)
ARRAYS_MAPS: tuple[ArraysMap, ...] = get_args(ArraysMap)
REUSES: tuple[Reuse, ...] = get_args(Reuse)
OUTPUTS: tuple[Output, ...] = get_args(Output)
# What a search draws from. Reuse of A or B that spills sums is built where it is asked for (a pin, a what-if): by the
# analytic model it wins no array shape 2 % over reuse of the output (tests/search/test_spilling.py).
SEARCHED_REUSES: tuple[Reuse, ...] = ("a", "b", "output")
LANE_PRODUCTS = (2, 4, 8, 16, 32, 64)
ARRAY_PRODUCTS = (2, 4, 8, 16, 32, 64)
ARRAYS_PRODUCTS = (1, 2, 4, 8)
DSP_PACKS = (1, 2)
BUFFER_KIB = (8, 16, 32, 64, 128, 256, 512)
PARTITION_FACTORS = (1, 2, 4, 8, 16, 32, 64)
CLOCKS_MHZ = (150, 300)
AXI_BYTES = (8, 16, 32, 64)
MAX_TOKEN_BITS = 4096
# Bits of an element of A, B and of the result, and of a partial sum (SPACE sec. 1).
ELEMENT_BITS: Mapping[Precision, int] = {"int8": 8, "int16": 16, "fp16": 16}
SUM_BITS: Mapping[Precision, int] = {"int8": 32, "int16": 48, "fp16": 32}
ACC_BITS = SUM_BITS["int8"]
_SPLIT = re.compile(r"(?:m(\d{1,4}))?(?:n(\d{1,4}))?(?:k(\d{1,4}))?")


def stays(reuse: str) -> Literal["a", "b", "output"]:
    """The operand that stays longest under a reuse pattern, whether it spills or not."""
    return cast(Literal["a", "b", "output"], reuse.removesuffix("_spill"))


def may_spill(reuse: str) -> bool:
    """Whether a reuse pattern keeps sums in memory between tiles along k where it has to."""
    return reuse.endswith("_spill")


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """How one level of the array unrolls its units along m, n and k; text form `m4k16`, `1` for a single
    unit.
    """

    m: int = 1
    n: int = 1
    k: int = 1

    @property
    def product(self) -> int:
        """Number of units of the level."""
        return self.m * self.n * self.k

    @property
    def axes(self) -> str:
        """The axes that are unrolled: `mk` for m4k16, empty for a single unit."""
        return "".join(axis for axis, factor in zip("mnk", (self.m, self.n, self.k), strict=True) if factor > 1)

    @property
    def styles(self) -> tuple[Style, Style, Style]:
        """NoC style of A, B and C: all units' words distinct (uni), one word (bro), between (mul); SPACE sec.
        1.
        """
        total = self.product
        words = (self.m * self.k, self.k * self.n, self.m * self.n)
        # A single unit receives its own word: unicast.
        return cast(
            tuple[Style, Style, Style],
            tuple("uni" if w == total else "bro" if w == 1 else "mul" for w in words),
        )

    def __str__(self) -> str:
        text = "".join(
            f"{axis}{factor}" for axis, factor in zip("mnk", (self.m, self.n, self.k), strict=True) if factor > 1
        )
        return text or "1"

    @classmethod
    def parse(cls, text: str) -> Split:
        """The split written as `m4k16` or `1`; raises AigchipError for anything else, zero and repeated axes
        included.
        """
        if text == "1":
            return cls()
        match = _SPLIT.fullmatch(text)
        if match is None or not text:
            raise AigchipError(
                f"{text!r} is not a split.", hint="Write axes in the order m, n, k, for instance m4k16, or 1."
            )
        factors = [int(group) if group else 1 for group in match.groups()]
        if any(group is not None and int(group) < 2 for group in match.groups()):
            raise AigchipError(f"{text!r}: a factor of a split is at least 2; leave out an axis that is not unrolled.")
        return cls(m=factors[0], n=factors[1], k=factors[2])


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """Banks of a buffer: `h` along its rows (m of A and C, n of B), `w` along its words (k of A and B, n of
    C).
    """

    h: int = 1
    w: int = 1

    @property
    def banks(self) -> int:
        """Elements that can be read in one cycle."""
        return self.h * self.w


class DesignPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the design space: every searched parameter of the gemm template (SPACE sec. 1).

    Buffers are KiB of one copy; double buffering doubles them. `reuse` is the operand that stays longest:
    outer loops m-k-n for a, n-k-m for b, m-n-k for output. `a_spill` and `b_spill` have the same order on hardware that
    keeps sums in memory between the tiles along k, where k and the inner axis are cut; the others refuse such layers.
    `arrays_map` run_time: each layer maps the arrays that the split puts along m to m or to n (`model.mapping`).
    """

    lane: Split
    array: Split
    arrays: Split = Split()
    lane_link: Link = "fanout"
    array_link: Link = "fanout"
    arrays_link: Link = "fanout"
    dsp_pack: int = 1
    buf_a: int = 32
    buf_b: int = 32
    buf_c: int = 32
    part_a: Partition = Partition()
    part_b: Partition = Partition()
    part_c: Partition = Partition()
    reuse: Reuse = "output"
    arrays_map: ArraysMap = "fixed"

    @property
    def mapped(self) -> bool:
        """Whether each layer says along which axis the arrays lie."""
        return self.arrays_map == "run_time" and self.arrays.m > 1

    @property
    def stays(self) -> Literal["a", "b", "output"]:
        """The operand that stays longest, whether sums may be spilled or not."""
        return stays(self.reuse)

    @property
    def spills(self) -> bool:
        """Whether the hardware can keep sums in memory between the tiles along k."""
        return may_spill(self.reuse)

    def part_lanes(self, sum_bits: int) -> int:
        """Sums that buffer C takes in a cycle, which is a token of spilled ones."""
        return min(self.part_c.h, self.pm // self.c_slices(sum_bits)) * self.part_c.w

    @property
    def levels(self) -> tuple[Split, Split, Split]:
        """The splits of lane, array and arrays."""
        return (self.lane, self.array, self.arrays)

    @property
    def links(self) -> tuple[Link, Link, Link]:
        """The links of lane, array and arrays."""
        return (self.lane_link, self.array_link, self.arrays_link)

    @property
    def pm(self) -> int:
        """Rows of C in parallel, over all three levels."""
        return self.lane.m * self.array.m * self.arrays.m

    @property
    def pn(self) -> int:
        """Columns of C in parallel, over all three levels."""
        return self.lane.n * self.array.n * self.arrays.n

    @property
    def pk(self) -> int:
        """Products summed in parallel, over all three levels."""
        return self.lane.k * self.array.k * self.arrays.k

    @property
    def qm(self) -> int:
        """Rows of C of one array."""
        return self.lane.m * self.array.m

    @property
    def qn(self) -> int:
        """Columns of C of one array."""
        return self.lane.n * self.array.n

    @property
    def wide_n(self) -> int:
        """Columns of B in a token: those of a block of sums, or of all arrays where they may be mapped to n."""
        return self.pn * (self.arrays.m if self.mapped else 1)

    @property
    def qk(self) -> int:
        """Products summed inside one array."""
        return self.lane.k * self.array.k

    @property
    def linked(self) -> bool:
        """Whether units of an array hand words to their neighbours, at whatever level."""
        return "forward" in (self.lane_link, self.array_link)

    @property
    def cell(self) -> Split:
        """The MACs of an array that take a word in the same cycle: a lane; where its MACs are linked, one of each lane,
        or a single one where the lanes are linked too. What a DSP holds stays together.
        """
        if self.lane_link == "fanout":
            return self.lane
        cell = self.array if self.array_link == "fanout" else Split()
        if self.dsp_pack == 1 or cell.m * cell.n > 1:
            return cell
        pair = Split(n=2) if self.lane.n > 1 else Split(m=min(self.lane.m, 2))
        return Split(m=cell.m * pair.m, n=cell.n * pair.n, k=cell.k)

    @property
    def grid(self) -> Split:
        """The cells of an array along each axis; neighbours are linked where a link is forward."""
        lane, array, cell = self.lane, self.array, self.cell
        return Split(
            m=lane.m * array.m // cell.m, n=lane.n * array.n // cell.n, k=lane.k * array.k // cell.k
        )

    @property
    def macs(self) -> int:
        """Multiplications and additions that work in parallel."""
        return self.pm * self.pn * self.pk

    @property
    def multipliers(self) -> int:
        """DSP blocks of the array: one for `dsp_pack` MACs."""
        return self.macs // self.dsp_pack

    def c_slices(self, sum_bits: int) -> int:
        """Serial slices in which a block of Pm x Pn sums leaves an array: a power of two up to qm.

        A slice has to fit a token of 4096 bits and the rows of banks of buffer C (SPACE sec. 1,
        microarchitecture sec. 3).
        """
        wanted = max(_ceil(self.pm, self.part_c.h), _ceil(self.pm * self.pn * sum_bits, MAX_TOKEN_BITS))
        return min(_power_of_two_at_least(wanted), self.qm)

    def block_tokens(self, sum_bits: int) -> int:
        """Serial tokens in which an array hands over its block of sums: as few as fit tokens of 4096 bits."""
        return min(_power_of_two_at_least(_ceil(self.pm * self.pn * sum_bits, MAX_TOKEN_BITS)), self.qm)

    def c_lanes(self, sum_bits: int) -> int:
        """Sums packed in one token from the collector to buffer C."""
        return self.pm // self.c_slices(sum_bits) * self.pn

    def c_cycles_per_block(self, sum_bits: int) -> int:
        """Cycles that buffer C needs to take one block of Pm x Pn sums."""
        slices = self.c_slices(sum_bits)
        rows = self.pm // slices
        return slices * _ceil(rows, self.part_c.h) * _ceil(self.pn, self.part_c.w)

    @property
    def token_cycles(self) -> tuple[int, int]:
        """Cycles that buffers A and B need to deliver a token; 1 if their partitions suffice."""
        a = _ceil(self.pm, self.part_a.h) * _ceil(self.pk, self.part_a.w)
        b = _ceil(self.wide_n, self.part_b.h) * _ceil(self.pk, self.part_b.w)
        return a, b

    def parameters(self) -> dict[str, int | str]:
        """All parameters flat, by name; splits as text. Those of LATER are left out where they are what they were."""
        flat: dict[str, int | str] = {
            "lane": str(self.lane),
            "lane_link": self.lane_link,
            "array": str(self.array),
            "array_link": self.array_link,
            "arrays": str(self.arrays),
            "arrays_link": self.arrays_link,
            "dsp_pack": self.dsp_pack,
            "buf_a": self.buf_a,
            "buf_b": self.buf_b,
            "buf_c": self.buf_c,
        }
        for name, part in (("part_a", self.part_a), ("part_b", self.part_b), ("part_c", self.part_c)):
            flat[f"{name}_h"], flat[f"{name}_w"] = part.h, part.w
        flat["reuse"] = self.reuse
        flat["arrays_map"] = self.arrays_map
        return {name: value for name, value in flat.items() if LATER.get(name) != value}

    @classmethod
    def from_parameters(cls, values: Mapping[str, int | str]) -> DesignPoint:
        """The point with these parameters; all of PARAMETERS must be there but those of LATER.

        Raises AigchipError naming an unknown or missing parameter, or a value outside its vocabulary.
        """
        unknown = [name for name in values if name not in PARAMETERS]
        if unknown:
            raise AigchipError(f"Unknown parameter {unknown[0]!r}.", hint=f"Known: {', '.join(PARAMETERS)}.")
        values = {**LATER, **values}
        missing = [name for name in PARAMETERS if name not in values]
        if missing:
            raise AigchipError(f"The parameter {missing[0]!r} is missing.")
        v = {name: check_parameter(name, value) for name, value in values.items()}
        parts = {
            name: Partition(h=cast(int, v[f"{name}_h"]), w=cast(int, v[f"{name}_w"]))
            for name in ("part_a", "part_b", "part_c")
        }
        return cls(
            lane=Split.parse(str(v["lane"])),
            array=Split.parse(str(v["array"])),
            arrays=Split.parse(str(v["arrays"])),
            lane_link=cast(Link, v["lane_link"]),
            array_link=cast(Link, v["array_link"]),
            arrays_link=cast(Link, v["arrays_link"]),
            dsp_pack=cast(int, v["dsp_pack"]),
            buf_a=cast(int, v["buf_a"]),
            buf_b=cast(int, v["buf_b"]),
            buf_c=cast(int, v["buf_c"]),
            **parts,
            reuse=cast(Reuse, v["reuse"]),
            arrays_map=cast(ArraysMap, v["arrays_map"]),
        )


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for and not searched: device, precision, clock, AXI port and budgets.

    `dsp_limit` counts multipliers of the array; 0 means 70 % of the device. `axi_bytes` is the width of each
    of the ports of A, B and C. `output`: results are scaled to elements, or are raw sums with their bias.
    `resource_share` is the share of LUT that a design may take (SPACE sec. 1).
    """

    device: Device
    precision: Precision = "int8"
    output: Output = "scaled"
    clock_mhz: int = 200
    axi_bytes: int = 16
    dsp_limit: int = 0
    resource_share: float = 0.7

    @property
    def data_bits(self) -> int:
        """Bits of an element of A, of B and of the result."""
        return ELEMENT_BITS[self.precision]

    @property
    def pairs_fit(self) -> bool:
        """Whether two products can share a DSP: a pair of bytes is 27 bits wide, and the multiplier of a DSP48E1 takes
        25 (AMD UG479, UG579).
        """
        return self.precision == "int8" and self.device.dsp_slice == "DSP48E2"

    @property
    def data_bytes(self) -> int:
        """Bytes of an element of A, of B and of the result."""
        return self.data_bits // 8

    @property
    def sum_bits(self) -> int:
        """Bits of a partial sum."""
        return SUM_BITS[self.precision]

    @property
    def sum_cell_bytes(self) -> int:
        """Bytes that a sum counts in buffer C: a power of two, so that a bank's depth is one too."""
        return 1 << (self.sum_bits // 8 - 1).bit_length()

    @property
    def axi_elements(self) -> int:
        """Elements of A or B in a word of an AXI port."""
        return self.axi_bytes // self.data_bytes

    @property
    def output_bytes(self) -> int:
        """Bytes of a result in memory: of an element, or of a raw sum."""
        return self.sum_cell_bytes if self.output == "raw" else self.data_bytes

    @property
    def dsp_budget(self) -> int:
        """Multipliers that a design may use."""
        return self.dsp_limit or int(self.device.dsp * self.resource_share)

    @property
    def clock_ns(self) -> float:
        """Period of the requested clock in nanoseconds."""
        return 1000.0 / self.clock_mhz

    @property
    def dram_bytes_per_cycle(self) -> float:
        """Bytes a cycle that external memory sustains: 80 % of its peak (SPACE sec. 3)."""
        return 0.8 * self.device.ddr_gbps * 1000.0 / self.clock_mhz


@cache
def splits_of_products(products: tuple[int, ...]) -> tuple[Split, ...]:
    """All splits into powers of two whose product is one of `products`, in a fixed order (by product, then m,
    n, k).
    """
    return tuple(split for product in products for split in _splits(product))


def _splits(product: int) -> Iterator[Split]:
    m = 1
    while m <= product:
        n = 1
        while m * n <= product:
            yield Split(m=m, n=n, k=product // (m * n))
            n *= 2
        m *= 2


# Splits by level over all mixes: 83, 83 and 20 (SPACE sec. 1).
LANE_SPLITS = splits_of_products(LANE_PRODUCTS)
ARRAY_SPLITS = splits_of_products(ARRAY_PRODUCTS)
ARRAYS_SPLITS = splits_of_products(ARRAYS_PRODUCTS)


def _texts(splits: tuple[Split, ...]) -> tuple[str, ...]:
    return tuple(str(split) for split in splits)


# Every searched parameter with its whole vocabulary; what a release can build is a part of it (`rules.py`).
PARAMETERS: Mapping[str, tuple[int, ...] | tuple[str, ...]] = {
    "lane": _texts(LANE_SPLITS),
    "lane_link": LINKS,
    "array": _texts(ARRAY_SPLITS),
    "array_link": LINKS,
    "arrays": _texts(ARRAYS_SPLITS),
    "arrays_link": LINKS,
    "dsp_pack": DSP_PACKS,
    "buf_a": BUFFER_KIB,
    "buf_b": BUFFER_KIB,
    "buf_c": BUFFER_KIB,
    "part_a_h": PARTITION_FACTORS,
    "part_a_w": PARTITION_FACTORS,
    "part_b_h": PARTITION_FACTORS,
    "part_b_w": PARTITION_FACTORS,
    "part_c_h": PARTITION_FACTORS,
    "part_c_w": PARTITION_FACTORS,
    "reuse": REUSES,
    "arrays_map": ARRAYS_MAPS,
}

# Parameters that came behind others, and what designs without them have: sessions of earlier releases do not name them.
LATER: Mapping[str, int | str] = {"arrays_map": "fixed"}


def check_parameter(name: str, value: int | str) -> int | str:
    """The value of a parameter in its own type (`"32"` becomes 32 where numbers are meant).

    Raises AigchipError naming the parameter and its vocabulary.
    """
    vocabulary = PARAMETERS.get(name)
    if vocabulary is None:
        raise AigchipError(f"Unknown parameter {name!r}.", hint=f"Known: {', '.join(PARAMETERS)}.")
    if isinstance(vocabulary[0], int) and isinstance(value, str) and value.isdecimal() and len(value) < 8:
        value = int(value)
    if isinstance(value, bool) or value not in vocabulary:
        legal = ", ".join(map(str, vocabulary)) if len(vocabulary) <= 12 else f"{vocabulary[0]} .. {vocabulary[-1]}"
        raise AigchipError(f"{name}={value} is not a value of this parameter.", hint=f"Values: {legal}.")
    return value


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


def _power_of_two_at_least(value: int) -> int:
    return 1 << (value - 1).bit_length()
