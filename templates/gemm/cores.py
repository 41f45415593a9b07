"""What a template with another compute core between gemm's buffers needs: its tree, ports and stimuli of the core.

Such a template has a single process `array` of its own kind and a part of the design space; control, memory access,
buffers, collection and post-processing are gemm's own modules, and the variants of these are gemm's variants.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Netlist, Port, Setting, Settings
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import ModuleSpec, Pace

from .common import command_port, commands, random_data, stream_port
from .paces import PRODUCTS, Crossing
from .shape import Shape, local_settings
from .template import SPECS, GemmTemplate
from .types import command_fields

if TYPE_CHECKING:
    import numpy as np

Part = Mapping[str, tuple[Setting, ...]]
"""Values that a template leaves to parameters of the design space."""

Words = Mapping[str, Mapping[str, str]]
"""Phrases of local settings by module kind."""

_REPLACED: Final = ("pe_lane", "pe_array", "systolic_array")
"""Modules of gemm's own compute core."""

_STEPS: Final = "blocks * kb"
"""Cycles in which a core takes the tokens of a command."""

BARE: Final[Part] = {
    "precision": ("int8",),
    "lane_link": ("fanout",),
    "array_link": ("fanout",),
    "arrays_link": ("fanout",),
    "arrays_map": ("fixed",),
    "dsp_pack": (1,),
}
"""What every core of this kind leaves of precision, links and packing."""


class CoreTemplate(GemmTemplate, ABC):
    """gemm's processes around another compute core; a subclass names the core, its functions and its design space."""

    core: ClassVar[tuple[ModuleSpec, ...]]
    """Module kinds of the core, children before parents, the process last."""
    lends: ClassVar[tuple[str, ...]] = ()
    """Modules of gemm's core that this one calls."""
    narrowed: ClassVar[Part]
    words: ClassVar[Words] = {}
    """Local settings of the core's modules in words, as in `grains.SETTING_WORDS`."""

    def __init__(self, digest: str) -> None:
        kept = [spec for spec in SPECS if spec.name not in _REPLACED or spec.name in self.lends]
        self._own = {spec.name for spec in self.core}
        kept = [spec for spec in kept if spec.name not in self._own]
        at = next(index for index, spec in enumerate(kept) if not spec.inlined)
        super().__init__(digest, (*kept[:at], *self.core, *kept[at:]))

    @property
    def borrowed(self) -> Mapping[str, str]:
        """Modules that are gemm's, their demonstrations included."""
        return {name: "gemm" for name in self.modules() if name not in self._own}

    def owner(self, module: str) -> str:
        """gemm for its modules, so that a variant proven there is proven here."""
        return self.name if module in self._own else "gemm"

    def setting_words(self, module: str) -> Mapping[str, str]:
        """Local settings in the words of a high-level instruction."""
        return self.words.get(module, {}) if module in self._own else super().setting_words(module)

    def pace(self, module: str, settings: Settings) -> Pace | None:
        """That of gemm's processes, and of a core that takes a token of A and of B every cycle."""
        if module not in self._own:
            return super().pace(module, settings)
        if module != self.core[-1].name:
            return None
        return Pace(fields=command_fields("array_cmd"), work=_STEPS, beside=PRODUCTS)

    def crossing(self, module: str, settings: Settings) -> Crossing:
        """That of gemm's processes; the first sums of a core are there when a block has been walked along k."""
        return {"out": ("kb", _STEPS)} if module in self._own else super().crossing(module, settings)

    @abstractmethod
    def core_settings(self, shape: Shape) -> Settings:
        """Local settings of the core for the numbers of a design."""

    def netlist(self, point: DesignPoint, build: Build) -> Netlist:
        """The module tree of a design; raises AigchipError for a point outside this template's space."""
        parameters = point.parameters()
        for name, values in self.narrowed.items():
            if name in parameters and parameters[name] not in values:
                raise AigchipError(f"The template {self.name} has no {name}={parameters[name]}.")
        return super().netlist(point, build)

    def processes(self, shape: Shape) -> dict[str, tuple[str, Settings]]:
        """gemm's processes with the core in the place of its array."""
        found = local_settings(shape)
        found["array"] = (self.core[-1].name, self.core_settings(shape))
        return found


def core_ports(rows: int, columns: int, words: int) -> tuple[Port, ...]:
    """Ports of a core that takes a token of A and of B a step and sends a block of rows x columns sums as one token."""
    return (
        command_port("array_cmd"),
        stream_port(
            "in_a", "in", "data_t", rows * words, tokens="blocks * kb", order="block, k; in a token row, k"
        ),
        stream_port(
            "in_b", "in", "data_t", columns * words, tokens="blocks * kb", order="block, k; in a token column, k"
        ),
        stream_port("out", "out", "acc_t", rows * columns, tokens="blocks", order="block; in a token row, column"),
    )


def core_cases(rows: int, columns: int, words: int, rng: np.random.Generator) -> tuple[TestCase, ...]:
    """Launches of one and of several commands, blocks of one and of more steps, and data that is -128 throughout."""
    return (
        _case("one block of one step", (rows, columns, words), [(1, 1)], rng),
        _case("blocks of several steps", (rows, columns, words), [(2, 3), (3, 2)], rng),
        _case("several visits", (rows, columns, words), [(1, 3), (4, 1), (1, 1), (5, 2)], rng),
        _case("all -128", (rows, columns, words), [(2, 2)], rng, lowest=True),
    )


def _case(
    name: str,
    size: tuple[int, int, int],
    visits: Sequence[tuple[int, int]],
    rng: np.random.Generator,
    *,
    lowest: bool = False,
) -> TestCase:
    import numpy as np

    rows, columns, words = size
    raw, count = commands("array_cmd", [{"blocks": blocks, "kb": kb} for blocks, kb in visits])
    lengths = [kb for blocks, kb in visits for _ in range(blocks)]
    steps = sum(lengths)
    a, b = random_data(rng, (steps, rows, words)), random_data(rng, (steps, columns, words))
    if lowest:
        a, b = np.full_like(a, -128), np.full_like(b, -128)
    products = np.einsum("smk,snk->smn", a.astype(np.int32), b.astype(np.int32))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    sums = np.add.reduceat(products, starts, axis=0, dtype=np.int32)
    return TestCase(
        name=name,
        inputs={"cmd": raw, "in_a": a.tobytes(), "in_b": b.tobytes()},
        counts={"cmd": count, "in_a": steps, "in_b": steps, "out": len(lengths)},
        expected={"out": sums.astype("<i4").tobytes()},
    )
