"""What a synthesizer answers: figures of a whole design with their basis, and the rate of one module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.model.figures import AnyFigures
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Netlist, Variant
from aigchip_tui.model.proof import Rung, RungOutcome
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.protocol import Conformance
from aigchip_tui.synth.launches import LaunchPace

_RUNGS: Mapping[str, Rung] = {"estimate": "estimate", "csynth": "synthesis", "cosim": "cosim", "measured": "measured"}


class LayerFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Latency of one distinct layer shape: cycles of one GEMM, how often it occurs, and what bounds it."""

    name: str
    m: int
    k: int
    n: int
    count: int
    cycles: int
    bound_by: str
    roofline_cycles: int


class DesignReport(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a design, whose type says whether they are an estimate, a tool's result or a measurement."""

    figures: AnyFigures
    evidence: str
    layers: tuple[LayerFigure, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def rung(self) -> Rung:
        """The rung of the ladder that such figures pass."""
        return _RUNGS[self.figures.latency.basis]


class Synthesizer(Protocol):
    """Judges designs and modules."""

    name: str

    def evaluate(
        self, *, netlist: Netlist, files: Mapping[str, str], bodies: Mapping[str, str], point: DesignPoint,
        build: Build, workload: Workload,
    ) -> DesignReport:
        """Figures of an assembled design on a workload; raises AigchipError when it cannot judge it."""
        ...

    def rate(
        self, variant: Variant, body: str, children: Sequence[tuple[Variant, str]], rules: Conformance
    ) -> RungOutcome:
        """The rate rung: does the module reach its contracted initiation interval?"""
        ...


class TimedText(msgspec.Struct, frozen=True, kw_only=True):
    """A module's file with the timing of its loops, as it is simulated, and the intervals of its pipelined loops by
    their number.
    """

    text: str
    intervals: dict[int, int]


@runtime_checkable
class KeepsVirtualTime(Protocol):
    """A synthesizer that knows what each loop of a module costs."""

    def in_virtual_time(
        self, variant: Variant, body: str, children: Sequence[tuple[Variant, str]]
    ) -> TimedText | None:
        """The module's file in virtual time; None where the cost of its loops is not known."""
        ...

    def launches(
        self, netlist: Netlist, bodies: Mapping[str, str], point: DesignPoint, cases: Sequence[TestCase]
    ) -> tuple[dict[str, tuple[LoopTiming, ...]], tuple[LaunchPace, ...]]:
        """The timing of every loop by the module's file, and what the commands of each launch may cost its processes;
        both empty where that is not known.
        """
        ...
