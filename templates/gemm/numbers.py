"""Number formats of a design: element, sum and the wide result of scaling, in C++ and in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Settings


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Types of one precision: `data_t` (operands and result), `acc_t` (sums and bias), `scaled_t` (scaled sums).

    Widths are bits. A type that C++ has no integer for is an ap_int, which takes 8 bytes in C simulation up to 64 bits.
    """

    precision: str
    data_bits: int
    sum_bits: int
    wide_bits: int

    @property
    def data_bytes(self) -> int:
        """Bytes of an element of A, B and of the result."""
        return self.data_bits // 8

    @property
    def sum_bytes(self) -> int:
        """Bytes of a sum in C simulation and in memory: a power of two."""
        return 1 << (self.sum_bits // 8 - 1).bit_length()

    @property
    def sum_parts(self) -> int:
        """Elements that a raw sum takes in memory."""
        return self.sum_bytes // self.data_bytes

    @property
    def data(self) -> str:
        """numpy name of an element."""
        return f"<i{self.data_bytes}"

    @property
    def sums(self) -> str:
        """numpy name of a sum."""
        return f"<i{self.sum_bytes}"

    @property
    def lowest(self) -> int:
        """The least element."""
        return -(1 << (self.data_bits - 1))

    @property
    def highest(self) -> int:
        """The greatest element."""
        return (1 << (self.data_bits - 1)) - 1

    @property
    def needs_ap_int(self) -> bool:
        """Whether a type is an ap_int."""
        return any("ap_int" in text for text in (_cpp(self.sum_bits), _cpp(self.wide_bits)))

    def bits(self, element: str) -> int:
        """Width of an element type of the type header, or of a C++ integer."""
        widths = {
            "data_t": self.data_bits, "acc_t": self.sum_bits, "std::int8_t": 8, "std::int16_t": 16,
            "std::int32_t": 32, "std::int64_t": 64, "int": 32,
        }  # fmt: skip
        return widths[element]

    @property
    def typedefs(self) -> str:
        """The types and the ends of an element's range as C++ declarations."""
        rows = (
            ("data_t", self.data_bits, "element of A, of B and of the result"),
            ("acc_t", self.sum_bits, "sum of products, bias"),
            ("scaled_t", self.wide_bits, "sum and bias times a multiplier"),
        )
        return "\n".join(
            (
                *(f"typedef {_cpp(bits)} {name};  // {meaning}" for name, bits, meaning in rows),
                f"constexpr int DATA_LOWEST = {self.lowest};  // ends of the range of data_t",
                f"constexpr int DATA_HIGHEST = {self.highest};",
            )
        )


def _cpp(bits: int) -> str:
    return f"std::int{bits}_t" if bits in (8, 16, 32, 64) else f"ap_int<{bits}>"


INT8: Final = Numbers(precision="int8", data_bits=8, sum_bits=32, wide_bits=64)
INT16: Final = Numbers(precision="int16", data_bits=16, sum_bits=48, wide_bits=80)
"""A sum of 2^16 products fits 47 bits; with its bias, times a multiplier of 31 bits, it fits 80."""

ALL: Final[Mapping[str, Numbers]] = {numbers.precision: numbers for numbers in (INT8, INT16)}


def numbers_of(settings: Settings) -> Numbers:
    """The number format that local settings ask for; int8 unless the setting `precision` says otherwise."""
    return precision(str(settings.get("precision", "int8")))


def precision(name: str) -> Numbers:
    """A number format by name; raises AigchipError for one that is not built."""
    if name not in ALL:
        raise AigchipError(f"not built yet: precision {name}; {' and '.join(ALL)} are.")
    return ALL[name]


def tagged(settings: Settings, numbers: Numbers) -> Settings:
    """The settings for a number format: int8 is not named, so that its settings stay what they were."""
    return settings if numbers == INT8 else {**settings, "precision": numbers.precision}
