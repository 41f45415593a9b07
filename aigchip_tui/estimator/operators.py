"""What an operator takes: states, delay and hardware, from the table of its family at one clock."""

from __future__ import annotations

import re
from math import log2
from typing import Any

import msgspec

from aigchip_tui.estimator.glue import adder, comparison
from aigchip_tui.estimator.operator_tables import FAMILIES
from aigchip_tui.estimator.regions import Binding
from aigchip_tui.estimator.values import Kind

SLICE_STATES = 4
"""Stages of a DSP slice with all its registers, whatever the clock is."""
_SLICE_STAGES = 3
"""States of a narrow product in a slice, where one of LUTs is too slow for the clock."""
_LUT_PRODUCT_BITS = 10
"""Widest operand of a product that is made of LUTs when nothing else needs its slice."""
_SLICED = (2020, 2022)
"""Years of the tools whose reports name the product of one slice, not summed there, with all of its registers; the
others take one state for it."""
_CHOICE_NS = 0.105
"""Delay of the multiplexer in front of a shared core for each doubling of its inputs: reports of pipelines in which 2,
6, 30 and 87 operations share a core of 3.33 ns estimate 3.44, 3.64, 3.89 and 4.03 ns."""
_DSP_ADDER_BITS = 48
"""Width of the adder within a DSP slice."""


class Cost(msgspec.Struct, frozen=True):
    """States (1: combinational), delay per state in ns, DSP slices, flip-flops, LUTs."""

    states: int
    delay: float
    dsp: int = 0
    ff: int = 0
    lut: int = 0


_PREFIXES = (
    (("xc7", "xa7", "xq7", "zynq7"), "zynq"),
    (("xcku", "xcvu", "xcu", "xcv", "xav", "xqku", "xqv", "u2", "u5"), "virtexuplus"),
    (("xczu", "xck", "xcau", "xcsu", "xazu", "xaau", "xqzu"), "zynquplus"),
)


_GRADE = re.compile(r"-([1-3])(?:[A-Za-z]{1,2})?(?:-|$)")
"""Speed grade of a part name: `xc7z020clg400-2`, `xczu7ev-ffvc1156-2-e`."""


def family_of(part: str) -> str:
    """Operator family of a part name; an unknown part is read as UltraScale+ (the estimate notes it)."""
    return _family(part) or "virtexuplus"


def known_part(part: str) -> bool:
    """Whether a name is that of a part of a known family."""
    return bool(_family(part))


def _family(part: str) -> str:
    lowered = part.lower().strip()
    return next((family for prefixes, family in _PREFIXES if lowered.startswith(prefixes)), "")


def one_at_a_time(divider: Cost, bits: int) -> Cost:
    """A divider that takes its next operands once it has ended: instances of 2022 to 2024 of 32 to 38 bits."""
    return Cost(divider.states, divider.delay, 0, 12 * bits + 10, (43 * bits + 52) // 6)


class Operators:
    """Operators of one family at one clock; `budget` is what a chain of operators may take within a state, in
    ns.
    """

    def __init__(
        self, part: str, clock_ns: float, uncertainty_ns: float | None = None, *, tool_year: int = 2025
    ) -> None:
        self.family = family_of(part)
        self.table: dict[str, Any] = FAMILIES[self.family]
        self.clock_ns = clock_ns
        self.tool_year = tool_year
        self.uncertainty_ns = clock_ns * 0.27 if uncertainty_ns is None else uncertainty_ns
        self.budget = clock_ns - self.uncertainty_ns
        grade = _GRADE.search(part)
        self.grade = float(self.table["grades"].get(int(grade.group(1)), 1.0)) if grade is not None else 1.0
        self.grade *= next((by for name, by in self.table["speeds"].items() if part.lower().startswith(name)), 1.0)
        self._cores: dict[tuple[str, int], Cost] = {}
        self._labelled: dict[tuple[str, int], tuple[str, Cost]] = {}
        self._memories: dict[tuple[bool, bool], Cost] = {}
        for local in (False, True):
            states, delay = self.table["local_load" if local else "load"]
            self._memories[(local, False)] = Cost(states, float(delay) * self.grade)
            stored = float(self.table["local_store" if local else "store"]) * self.grade
            self._memories[(local, True)] = Cost(1, stored)
        self.small_bits, delay = self.table.get("small", (0, 0.0))
        """Bits of a bank up to which it is made of LUTs that are faster than block RAM, 0 where they are not."""
        self._small = Cost(2, float(delay) * self.grade), Cost(1, float(delay) * self.grade)
        self._cache: dict[tuple[str, int, int, int], Cost] = {}

    def floating(self, name: str, bits: int) -> Cost:
        """A floating-point core (`fadd`, `fmul`, `fdiv`, `fcmp`, `convert`, ...); half takes the single core."""
        found = self._cores.get((name, bits))
        if found is None:
            found = self._cores[(name, bits)] = self._floating(name, bits)
        return found

    def first_stage(self, label: str, turns: int) -> float:
        """Delay in ns of a core's first stage behind the choice among the operands of so many operations."""
        name = label.rstrip("0123456789")
        return self.floating(name, int(label[len(name) :] or 32)).delay + _CHOICE_NS * log2(max(1, turns))

    def labelled(self, name: str, bits: int) -> tuple[str, Cost]:
        """The label that a floating-point core's nodes carry (`fadd32`), and the core."""
        found = self._labelled.get((name, bits))
        if found is None:
            found = self._labelled[(name, bits)] = f"{name}{bits}", self.floating(name, bits)
        return found

    def _floating(self, name: str, bits: int) -> Cost:
        rows = self.table["fp"].get(f"{name}{64 if bits > 32 else 32}") or self.table["fp"][f"{name}64"]
        for least, states, delay, dsp, ff, lut in rows:
            if self.budget >= least * self.grade:
                if bits == 16:
                    dsp, ff, lut = min(dsp, 2), ff // 2, lut // 2
                return Cost(states, min(delay * self.grade, self.budget), dsp, ff, lut)
        raise KeyError(name)

    def shortest(self) -> dict[str, int]:
        """Cores that exist with fewer states than usual at this clock; a recurrence is given those."""
        return {
            name: states
            for name, (least, states) in self.table.get("recurrence", {}).items()
            if least <= self.budget < least + 1.0
        }

    def memory(self, local: bool, write: bool, small: bool = False) -> Cost:
        """Access to a RAM, made of LUTs if it is small: a load takes two states, a store one."""
        return self._small[write] if small else self._memories[(local, write)]

    def simple(self, name: str, bits: int, left: int = 0, right: int = 0) -> Cost:
        """An integer or logic operator; `left` and `right` are operand widths of a multiplication."""
        key = (name, bits, left, right)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._simple(name, bits, left, right)
        return found

    def _simple(self, name: str, bits: int, left: int, right: int) -> Cost:
        table = self.table
        grade = self.grade
        if name in ("add", "sub"):
            base, slope = table["add"]
            return Cost(1, (base + slope * bits) * grade, 0, 0, adder(bits))
        if name == "cmp":
            base, slope = table["compare"]
            return Cost(1, (base + slope * min(bits, 64) * 0.85) * grade, 0, 0, comparison(bits, self.tool_year))
        if name == "logic":
            return Cost(1, table["logic"] * grade, 0, 0, max(2, bits))
        if name == "select":
            return Cost(1, table["select"] * grade, 0, 0, max(2, bits))
        if name == "shift":
            return Cost(1, table["shift"] * grade, 0, 0, 3 * bits)
        if name == "mul":
            return self.multiplier(left, right, bits)
        if name in ("div", "rem"):
            states = bits + 4
            return Cost(states, min(self.budget, 2.0), 0, 2 * bits * (bits + 4), bits * (3 * bits + 13) // 2)
        return Cost(1, table["logic"] * grade, 0, 0, bits)

    @property
    def slice_delay(self) -> float:
        """Delay at the ends of a DSP slice with all its registers, in ns."""
        return min(0.7, self.budget)

    @property
    def fifo_delay(self) -> float:
        """Delay of reading or writing a FIFO, in ns."""
        return min(0.5 * self.budget, float(self.table["fifo"]))

    def one_slice(self, left: int, right: int) -> bool:
        """Whether a product of these widths fits one DSP slice."""
        wide, narrow = self.table["dsp_widths"]
        return bool(max(left, right) <= wide and min(left, right) <= narrow)

    def multiplier(self, left: int, right: int, bits: int) -> Cost:
        """An integer product that no pragma shapes: LUTs, one slice with its registers, or several slices."""
        big, small = max(left, right), min(left, right)
        if big <= _LUT_PRODUCT_BITS:
            base, slope = self.table["fabric"]
            delay = (base + slope * big) * self.grade
            if delay <= self.budget or small <= 4:
                return Cost(1, min(delay, self.budget), 0, 0, -(-5 * big * big // 8))
            return Cost(_SLICE_STAGES, self.slice_delay, 1, 0, 0)
        if small > 4 and self.one_slice(left, right) and _SLICED[0] <= self.tool_year <= _SLICED[1]:
            return Cost(SLICE_STATES, self.slice_delay, 1, 0, 0)
        return self.product(left, right, bits)

    def product(self, left: int, right: int, bits: int) -> Cost:
        """A product without registers of its own: slices by their operand widths, states by how many it cascades."""
        wide, narrow = self.table["dsp_widths"]
        big, small = max(left, right), min(left, right)
        base, slope = self.table["multiply"]
        if small <= 4 or big + small <= 10:
            return Cost(1, base * 0.8 * self.grade, 0, 0, big * small)
        pieces = -(-(big - 1) // (wide - 1)) * -(-(small - 1) // (narrow - 1)) if small > 1 else 1
        if bits <= 32 and big > narrow and small > narrow:
            pieces = min(pieces, 3)
        delay = base + slope * big if pieces == 1 else base + slope * (big + 8 * (pieces - 1) ** 0.5)
        delay = (min(delay, self.table["slice"]) if pieces == 1 else delay) * self.grade
        states = 1 if delay <= self.budget else 2 if delay <= 2 * self.budget and pieces <= 4 else 5
        for widest, slices, slowest in self.table["products"] if pieces > 1 else ():
            if big <= widest and slowest * self.grade <= self.budget:
                states, delay = slices, slowest * self.grade * slices
                break
        if states == 1:
            return Cost(1, delay, pieces, 0, 20 if pieces > 1 else 0)
        stages = 0 if pieces == 1 else 361 if big > 36 else 165 if states == 2 else 215
        luts = 0 if pieces == 1 else 178 if big > 36 else 50 if states == 2 else 1
        return Cost(states, min(self.budget, delay / states), pieces, stages, luts)

    def bound(self, label: str, how: Binding, bits: int, left: int, right: int) -> Cost:
        """An operator as BIND_OP makes it: in LUTs (`fabric`), in DSP slices, with a latency of its own.

        `label` is a node's (`mul`, `add`, `fadd32`, ...); an implementation that it lacks leaves the usual one.
        """
        core = label.rstrip("0123456789")
        if core != label:
            usual = self.floating(core, bits)
            made = self.table["bound"].get(label, {}).get(how.implementation)
            found = usual if made is None else Cost(usual.states, usual.delay, made[0], usual.ff, made[1])
        elif label == "mul" and how.implementation == "fabric":
            usual = self.product(left, right, bits)
            found = Cost(usual.states, usual.delay, 0, usual.ff, left * right)
        elif label == "mul" and how.implementation == "dsp":
            found = self.product(max(left, 9), max(right, 9), bits)
        elif label == "add" and how.implementation == "dsp":
            usual = self._simple(label, bits, left, right)
            found = Cost(usual.states, usual.delay, -(-bits // _DSP_ADDER_BITS), usual.ff, 0)
        else:
            found = self.simple(label, bits, left, right)
        if how.latency < 0:
            return found
        states = how.latency + 1
        work = found.delay * found.states
        stages = bits * how.latency if core == label else found.ff * states // max(1, found.states)
        return Cost(states, min(self.budget, max(work / states, 0.3)), found.dsp, stages, found.lut)

    def name_of(self, kind: Kind, operation: str) -> Cost:
        """Cost of an arithmetic operation on a kind."""
        if kind.letter == "f":
            return self.floating(operation, kind.bits)
        return self.simple(operation.removeprefix("f"), kind.bits, kind.bits, kind.bits)
