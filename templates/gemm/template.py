"""The gemm template: its modules, the tree of a design, and how bodies become readable files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Final, cast

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.module import Edge, Instance, Netlist, Port, Settings, Variant
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.definitions import definitions
from aigchip_tui.modules.protocol import ModuleSpec, Pace, SystemTest

from . import (
    accumulate,
    accumulate_spill,
    arbiter,
    cascade,
    cascade_mixed,
    collector,
    collector_mixed,
    ctrl,
    ctrl_mapped,
    ctrl_mapped_spill,
    ctrl_spill,
    dma_load,
    dma_spill,
    dma_store,
    drain,
    fill,
    flush,
    flush_spill,
    gearbox,
    interconnect,
    interconnect_mapped,
    interconnect_mapped_mixed,
    interconnect_mixed,
    mac,
    pe_array,
    pe_lane,
    post,
    post_raw,
    relay,
    relay_mapped,
    relay_mixed,
    reorder,
    systolic_array,
)
from .common import BURSTS, INCLUDES
from .fitting import between
from .grains import EVERYWHERE, SETTING_WORDS
from .numbers import INT8, Numbers, numbers_of, precision
from .paces import CTRL, Crossing, crossing_of, ctrl_pace, pace_of
from .shape import Shape, local_settings, shape_of
from .system import copied_words
from .top import TOP, connections, top_files
from .types import types_header

if TYPE_CHECKING:
    import numpy as np

VERSION: Final = "1"

_TYPE_NAME: Final = re.compile(r"\b\w+_t\b")

SPECS: Final[tuple[ModuleSpec, ...]] = (
    mac.SPEC,
    pe_lane.SPEC,
    pe_array.SPEC,
    systolic_array.SPEC,
    dma_load.SPEC,
    fill.SPEC,
    drain.SPEC,
    arbiter.SPEC,
    gearbox.SPEC,
    reorder.SPEC,
    interconnect.SPEC,
    interconnect_mixed.SPEC,
    interconnect_mapped.SPEC,
    interconnect_mapped_mixed.SPEC,
    relay.SPEC,
    relay_mixed.SPEC,
    relay_mapped.SPEC,
    collector.SPEC,
    collector_mixed.SPEC,
    cascade.SPEC,
    cascade_mixed.SPEC,
    accumulate.SPEC,
    flush.SPEC,
    post.SPEC,
    post_raw.SPEC,
    dma_store.SPEC,
    ctrl.SPEC,
    accumulate_spill.SPEC,
    flush_spill.SPEC,
    dma_spill.SPEC,
    ctrl_spill.SPEC,
    ctrl_mapped.SPEC,
    ctrl_mapped_spill.SPEC,
)


def header_name(variant: Variant) -> str:
    """File of a variant in an assembled design."""
    return f"{variant.key.replace('-', '_')}.hpp"


def header_text(variant: Variant, body: str) -> str:
    """A variant's file: the template's frame around the generated body; element types stand in the type header."""
    prologue = variant.prologue
    if variant.elements:
        prologue = prologue.replace(f"\n{variant.elements}\n", "").replace('#include "ap_int.h"\n', "")
    return f"{prologue}\n{body.strip()}\n\n{variant.epilogue}"


KEPT_VARIANTS = 4096
"""Variants that are not made twice: more than a search meets, fewer than coverage walks through."""


class GemmTemplate:
    """Tiled GEMM on a three-level array (SPACE sec. 2).

    A template with another compute core between the same buffers is a subclass: see `cores.CoreTemplate`.
    """

    name = "gemm"
    version = VERSION

    def __init__(self, digest: str, specs: Sequence[ModuleSpec] = SPECS) -> None:
        self.hash = digest
        self._modules = {spec.name: spec for spec in specs}
        self._variants: dict[tuple[str, tuple[tuple[str, int | str], ...]], Variant] = {}

    def modules(self) -> Mapping[str, ModuleSpec]:
        """Module kinds by name, children before parents."""
        return self._modules

    def variant(self, module: str, settings: Settings) -> Variant:
        """The variant a generator is asked for; raises AigchipError for an unknown module."""
        index = (module, tuple(sorted(settings.items())))
        if index not in self._variants:
            if len(self._variants) >= KEPT_VARIANTS:
                self._variants.clear()
            self._variants[index] = self._variant(module, settings)
        return self._variants[index]

    def owner(self, module: str) -> str:
        """The template whose module this is; its variants are the same in every template that has it."""
        return self.name

    def pace(self, module: str, settings: Settings) -> Pace | None:
        """The cycles that a process takes for a command at most; None where none are contracted."""
        spec = self._modules.get(module)
        if module in CTRL and spec is not None:
            return ctrl_pace(cast("ctrl.Ctrl", spec).fields)
        return pace_of(module, settings)

    def crossing(self, module: str, settings: Settings) -> Crossing:
        """How tokens cross the ports of a process; empty where they do as its pace says."""
        return crossing_of(module, settings)

    def _paced(self, module: str, settings: Settings, ports: tuple[Port, ...]) -> tuple[Port, ...]:
        pace = self.pace(module, settings)
        if pace is None or module in CTRL:
            return ports
        crossing = self.crossing(module, settings)

        def contracted(port: Port) -> Port:
            if port.kind != "stream" or port.name == pace.commands:
                return port
            waited, cycles = crossing.get(port.name) or crossing.get("") or ("", pace.work)
            if not waited or waited.isdecimal():
                first = str(int(waited or 0) + pace.beside)
            else:
                first = f"{waited} + {pace.beside}"
            return msgspec.structs.replace(port, first=first, cycles=cycles)

        return tuple(contracted(port) for port in ports)

    def _variant(self, module: str, settings: Settings) -> Variant:
        spec = self._modules.get(module)
        if spec is None:
            raise AigchipError(
                f"The template {self.name} has no module {module!r}.", hint=f"It has {', '.join(self._modules)}."
            )
        numbers = numbers_of(settings)
        children = [self.variant(name, child) for name, child in spec.children(settings)]
        bare = Variant(
            template=self.owner(module),
            module=module,
            function=spec.function,
            settings=settings,
            instruction=spec.instruction(settings),
            ports=self._paced(module, settings, spec.ports(settings)),
            prologue="",
            epilogue="",
            signatures=tuple(self._modules[child.module].signature(child.settings) for child in children),
            children=tuple(child.key for child in children),
            elements="" if numbers == INT8 else numbers.typedefs,
        )
        space = bare.key.replace("-", "_")
        includes = [f'#include "{name}"' for name in (*INCLUDES, *(header_name(child) for child in children))]
        uses = [f"using {child.key.replace('-', '_')}::{child.function};" for child in children]
        declared: list[str] = []
        supplied = spec.prologue(settings).strip()
        if any("burst_maxi" in port.cpp_type for port in bare.ports):
            includes.insert(0, f'#include "{BURSTS}"')
        if any("ap_int" in text for text in (bare.elements, *bare.instruction)):
            includes.insert(0, '#include "ap_int.h"')
        for text in (bare.elements, "\n".join(uses), supplied):
            if text:
                declared += ["", text]
        head = f"// {module}: {spec.summary[0].lower()}{spec.summary[1:].rstrip('.')}."
        parts = [head, "#pragma once", "", *includes, "", f"namespace {space} {{", *declared]
        named = {port.element for port in bare.ports} | set(_TYPE_NAME.findall(" ".join(bare.instruction)))
        return Variant(
            template=bare.template,
            module=module,
            function=spec.function,
            settings=settings,
            instruction=bare.instruction,
            ports=bare.ports,
            prologue="\n".join((*parts, "")),
            epilogue=f"}}  // namespace {space}\n",
            signatures=bare.signatures,
            children=bare.children,
            types=(
                *definitions({"gemm_types.hpp": types_header(numbers)}, named),
                # What is more than a using declaration: a generator has to know it.
                *((supplied,) if "=" in supplied else ()),
            ),
            elements=bare.elements,
        )

    def setting_words(self, module: str) -> Mapping[str, str]:
        """Local settings in the words of a high-level instruction."""
        return {**EVERYWHERE, **SETTING_WORDS.get(module, {})}

    def headers(self) -> dict[str, str]:
        """The type header that every module's prologue includes."""
        return {"gemm_types.hpp": types_header()}

    def supplied_includes(self) -> tuple[str, ...]:
        """Headers that the prologue includes."""
        return (*INCLUDES, BURSTS)

    def between(
        self, lanes_in: int, lanes_out: int, block: tuple[int, int] | None, precision_name: str
    ) -> tuple[tuple[str, Settings], ...]:
        """Modules with local settings between tokens of two widths and orders; see `fitting.between`."""
        return between(lanes_in, lanes_out, block, precision(precision_name))

    def netlist(self, point: DesignPoint, build: Build) -> Netlist:
        """The module tree of a design with local settings, arbiters inserted where native tokens differ."""
        return self.tree(shape_of(point, build))

    def tree(self, shape: Shape) -> Netlist:
        """The module tree for the numbers of a design."""
        processes = {name: self.variant(module, settings) for name, (module, settings) in self.processes(shape).items()}
        instances = [*self._inlined(shape, processes["array"])]
        for name, variant in processes.items():
            count = shape.count if name == "array" else 1
            instances.append(Instance(name=name, variant=variant, count=count, parent=TOP))
        instances.append(Instance(name=TOP, variant=self._top_variant(shape), author="template"))
        edges = connections(shape, processes)
        return Netlist(instances=tuple(instances), edges=edges, processes=len(processes) - 1 + shape.count)

    def processes(self, shape: Shape) -> dict[str, tuple[str, Settings]]:
        """Module and local settings of every process by instance name, producers first."""
        return local_settings(shape)

    def inlined(self, shape: Shape) -> tuple[tuple[str, int], ...]:
        """Functions inlined into the array's loop, each into the one before it: name, and copies in its caller."""
        return ("lane", prod(shape.array)), ("mac", prod(shape.lane) // shape.pack)

    def _inlined(self, shape: Shape, array: Variant) -> list[Instance]:
        found: list[Instance] = []
        parent, name = array, "array"
        for child_name, count in self.inlined(shape):
            ((module, settings),) = self._modules[parent.module].children(parent.settings)
            variant = self.variant(module, settings)
            found.insert(0, Instance(name=child_name, variant=variant, count=count, parent=name))
            parent, name = variant, child_name
        return found

    def _top_variant(self, shape: Shape) -> Variant:
        return Variant(
            template=self.name,
            module="top",
            function=TOP,
            settings={**copied_words(shape)},
            instruction=("Connect the processes of the design in one dataflow region.",),
            ports=(),
            prologue="",
            epilogue="",
        )

    def assemble(self, netlist: Netlist, bodies: Mapping[str, str]) -> dict[str, str]:
        """File name to text of the whole design; `bodies` maps variant keys to generated text.

        Raises AigchipError if a body is missing.
        """
        used = {port.element for instance in netlist.instances for port in instance.variant.ports}
        files = {"gemm_types.hpp": types_header(_numbers_of(netlist), used)}
        for instance in netlist.instances:
            if instance.author == "template":
                continue
            variant = instance.variant
            if variant.key not in bodies:
                raise AigchipError(f"No code for {instance.name} ({variant.key}).", hint="Generate it first.")
            files[header_name(variant)] = header_text(variant, bodies[variant.key])
        files.update(top_files(netlist, header_name))
        return files

    def system_test(
        self,
        netlist: Netlist,
        point: DesignPoint,
        build: Build,
        layers: Sequence[Layer],
        rng: np.random.Generator,
    ) -> SystemTest:
        """Driver, stimuli and golden result for the assembled design; empty `layers` asks for the standard sizes."""
        from .system import system_test

        return system_test(shape_of(point, build), point, build, layers, rng)

    def commands(
        self, point: DesignPoint, build: Build, layers: Sequence[Layer]
    ) -> tuple[str, tuple[TestCase, ...]]:
        """ctrl, and a launch of it for each layer with the tiles of its plan."""
        from .system import command_cases

        return "ctrl", command_cases(shape_of(point, build), point, build, layers)

    def host_files(
        self, point: DesignPoint, build: Build, layers: Sequence[Layer], rng: np.random.Generator
    ) -> dict[str, str]:
        """Driver and self-checking test bench in C++ for an exported project.

        The test bench runs launches of odd sizes and one launch for each of `layers` with the tiles of the tile plan;
        its data are drawn when it runs.
        """
        from .host import host_header, host_test
        from .host_guide import host_guide
        from .system import layer_tiles, odd_pairs

        shape = shape_of(point, build)
        launches = [*odd_pairs(shape, rng), *([layer_tiles(point, build, layer)] for layer in layers)]
        return {
            "gemm_host.hpp": host_header(shape), "gemm_test.cpp": host_test(launches, shape),
            "README.md": host_guide(shape),
        }


def _numbers_of(netlist: Netlist) -> Numbers:
    """The number format of a design."""
    return next((numbers_of(i.variant.settings) for i in netlist.instances if i.name == "array"), INT8)


def create(digest: str) -> GemmTemplate:
    """The template; `digest` is the hash of its files."""
    return GemmTemplate(digest)


__all__ = ["Edge", "GemmTemplate", "create", "header_name", "header_text"]
