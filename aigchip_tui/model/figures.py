"""Latency and resources of a design, in three types by who says so: they neither mix nor look alike.

An `Estimate` is our own reading of the C++, a `ToolResult` stands in the report of a synthesis or cosimulation, a
`Measurement` was taken on a board. Their latencies are ordered among themselves only: mypy refuses to compare an
estimate with a measurement, and sorting a mixture raises TypeError. Who needs the bare number, for an axis or a
document that carries `basis` beside it, asks for `latency.ms`. As text a latency always says its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, Self

import msgspec

if TYPE_CHECKING:
    from aigchip_tui.model.events import DesignEvaluated

Kind = Literal["estimate", "tool", "measured"]
"""The three types by name, for what draws them."""

WORDS = {"estimate": "est"}
"""Short word for a basis; all others are shown as they are."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long a workload takes: clock cycles, milliseconds, and who says so (estimate, csynth, cosim, measured)."""

    cycles: int
    ms: float
    basis: str

    def __lt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.ms < other.ms

    def __str__(self) -> str:
        return latency_words(self.ms, self.basis)

    @property
    def short(self) -> str:
        """As text where room is scarce: `42.75 ms est`."""
        return f"{digits(self.ms)} ms {self.word}"

    @property
    def word(self) -> str:
        """Who says so, short."""
        return basis_word(self.basis)


class EstimatedLatency(Latency, frozen=True, tag="estimated"):
    """A latency that we believe."""

    basis: Literal["estimate"] = "estimate"


class ReportedLatency(Latency, frozen=True, tag="reported"):
    """A latency that a tool reports."""


class MeasuredLatency(Latency, frozen=True, tag="measured"):
    """A latency that a board took."""

    basis: Literal["measured"] = "measured"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the three types share: resources, the clock in MHz, what the latency counts, and blobs with more.

    `over` names the first resource that the device does not have; `layers` and `wiring` are blobs of the latency of
    each layer and of the top that joins the modules.
    """

    clock_mhz: float
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    counted: str = ""
    layers: str = ""
    unknown: tuple[str, ...] = ()
    over: str = ""
    wiring: str = ""


class Estimate(Figures, frozen=True, tag="estimate"):
    """Figures that the reader of the C++ believes; no tool has confirmed them."""

    latency: EstimatedLatency
    kind: Literal["estimate"] = "estimate"


class ToolResult(Figures, frozen=True, tag="tool"):
    """Figures of a tool's report; `latency.basis` says which (csynth, cosim)."""

    latency: ReportedLatency
    kind: Literal["tool"] = "tool"


class Measurement(Figures, frozen=True, tag="measured"):
    """Figures of a board."""

    latency: MeasuredLatency
    kind: Literal["measured"] = "measured"


AnyFigures = Estimate | ToolResult | Measurement


def figures_of(event: DesignEvaluated) -> AnyFigures:
    """The figures of a journalled event, as the type that its `basis` names; only estimates and measurements of ours
    are called so, all else is a tool's.
    """
    rest = {name: getattr(event, name) for name in Figures.__struct_fields__}
    cycles, ms = event.latency_cycles, event.latency_ms
    if event.basis == "estimate":
        return Estimate(latency=EstimatedLatency(cycles=cycles, ms=ms), **rest)
    if event.basis == "measured":
        return Measurement(latency=MeasuredLatency(cycles=cycles, ms=ms), **rest)
    return ToolResult(latency=ReportedLatency(cycles=cycles, ms=ms, basis=event.basis), **rest)


def of_one_kind(found: Iterable[AnyFigures]) -> Kind:
    """The kind that most figures have: only designs of one kind compete for the front; the first one breaks a tie."""
    counts = Counter(one.kind for one in found)
    return max(counts, key=lambda kind: counts[kind]) if counts else "estimate"


def beats(found: AnyFigures, other: AnyFigures | None) -> bool:
    """Whether figures are faster than others of their kind; those of another kind are never beaten."""
    return other is None or (found.kind == other.kind and found.latency.ms < other.latency.ms)


def basis_word(basis: str) -> str:
    """Short word for who says so; an unknown one is shown as it is."""
    return WORDS.get(basis, basis)


def digits(value: float) -> str:
    """Milliseconds with four significant digits, for an axis whose title says the kind."""
    if value >= 1000:
        return f"{value:.0f}"
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 10 else f"{value:.3f}" if value >= 0.1 else f"{value:.4f}"


def latency_words(ms: float, basis: str) -> str:
    """A latency as text: number, unit, who says so."""
    return f"{digits(ms)} ms ({basis})"
