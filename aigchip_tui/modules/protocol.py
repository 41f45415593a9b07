"""What a template provides: its modules, their instructions and test benches, and how they become one design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

from aigchip_tui.model.formulas import evaluate
from aigchip_tui.model.module import Netlist, Port, Setting, Settings, Variant
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.model.workload import Layer

if TYPE_CHECKING:
    import numpy as np


class LoopRule(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled loop that the settings demand: its trip count (None: run time) and its directive.

    `named` says that the instruction gives the label; a loop whose label is the author's own choice is judged only
    where the label stands. `pipeline_off` demands `PIPELINE off`; a rule without a directive forbids any.
    """

    label: str
    trip: int | None = None
    unroll: bool = False
    pipeline_ii: int | None = None
    pipeline_off: bool = False
    named: bool = True


class PartitionRule(msgspec.Struct, frozen=True, kw_only=True):
    """An ARRAY_PARTITION that the settings demand; `factor` is None for complete partitioning."""

    variable: str
    dim: int
    kind: Literal["complete", "cyclic", "block"] = "complete"
    factor: int | None = None


class PragmaRule(msgspec.Struct, frozen=True, kw_only=True):
    """Any other directive that the settings demand, once.

    `options` hold the value of each option in lower case, alternatives parted by `|`; the text may have no others but
    `variable`. An empty `variable` leaves the name to the author. `operator` is the C++ operator that must stand in
    that variable's initialiser (`*` for a BIND_OP of a multiplication), `loop` the label of the loop it must stand in.
    """

    kind: str
    options: dict[str, str] = {}
    variable: str = ""
    operator: str = ""
    loop: str = ""


class ArrayRule(msgspec.Struct, frozen=True, kw_only=True):
    """A local array that the settings demand, by its extents; an empty `variable` leaves the name to the author."""

    extents: tuple[int, ...]
    variable: str = ""


class Conformance(msgspec.Struct, frozen=True, kw_only=True):
    """Pragmas, loops and arrays that compilation and simulation cannot see (DESIGN sec. 6); `ii`: contracted rate.

    The rules name every HLS pragma of a body: one that they do not name is a finding (`proof.conformance` lists the
    few that change no hardware).
    """

    loops: tuple[LoopRule, ...] = ()
    partitions: tuple[PartitionRule, ...] = ()
    pragmas: tuple[PragmaRule, ...] = ()
    arrays: tuple[ArrayRule, ...] = ()
    dataflow: bool = False
    inline: bool = False
    ii: int | None = 1


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles that a process takes for a command at most, if nobody holds it up.

    `work`: in which its pipelined loops move the command's tokens, a formula of `model.formulas`; `beside`: to read the
    command, to wait for memory, to fill and empty pipelines. `commands` is the port of the commands, or the memory that
    holds a table of them; `fields` are their 32-bit words in order.
    """

    fields: tuple[str, ...]
    work: str
    beside: int
    commands: str = "cmd"

    def worked(self, command: Sequence[int]) -> int:
        """Cycles in which pipelined loops may work for one command, its words in the order of `fields`."""
        return evaluate(self.work, dict(zip(self.fields, command, strict=True)))

    def cycles(self, command: Sequence[int]) -> int:
        """Cycles that one command may take from the one in front to the next."""
        return self.worked(command) + self.beside


class EquivalentMutant(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a module's code that no proof can see because it changes nothing, with the reason.

    `was` and `now` are the code of the changed place, blanks folded (`proof.mutations.Mutant`).
    """

    was: str
    now: str
    reason: str


class SystemTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test of an assembled design: a driver with `main`, its raw memories, and the golden memories after it.

    The process that runs generated code writes memories raw; the comparison with `expected_memories` happens outside.
    """

    main: str
    cases: tuple[TestCase, ...]
    note: str = ""


@runtime_checkable
class ModuleSpec(Protocol):
    """One kind of module of a template."""

    name: str
    function: str
    summary: str
    inlined: bool

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Instruction lines without their numbers; same topics in the same order for all settings (research laws)."""
        ...

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Port contracts in the order of the C++ parameters."""
        ...

    def signature(self, settings: Settings) -> str:
        """C++ declaration that a parent's prompt shows."""
        ...

    def prologue(self, settings: Settings) -> str:
        """Declarations the template supplies inside the namespace before the body (may be empty)."""
        ...

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """Modules this one calls, with their settings."""
        ...

    def legal_settings(self) -> Iterator[Settings]:
        """Every legal local setting, for coverage and for counting variants."""
        ...

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Stimuli with golden outputs computed here, never by the module under test."""
        ...

    def conformance(self, settings: Settings) -> Conformance:
        """Loops, partitions and regions the settings demand."""
        ...


@runtime_checkable
class ListsEquivalentMutants(Protocol):
    """A module kind that names mutants of its demonstrations which are no mistakes."""

    equivalent_mutants: tuple[EquivalentMutant, ...]


@runtime_checkable
class PacesProcesses(Protocol):
    """A template that contracts the cycles of its processes."""

    def pace(self, module: str, settings: Settings) -> Pace | None:
        """The pace of a process; None for a module that is inlined, or whose cycles are not contracted."""
        ...


@runtime_checkable
class Template(Protocol):
    """An accelerator family."""

    name: str
    version: str
    hash: str

    def modules(self) -> Mapping[str, ModuleSpec]:
        """Module kinds by name, children before parents."""
        ...

    def variant(self, module: str, settings: Settings) -> Variant:
        """The variant a generator is asked for."""
        ...

    def headers(self) -> dict[str, str]:
        """Headers that every variant's prologue includes, by file name (the type header)."""
        ...

    def supplied_includes(self) -> tuple[str, ...]:
        """Names of the headers that the prologue includes, so that a reply's own includes of them are left out."""
        ...

    def netlist(self, point: DesignPoint, build: Build) -> Netlist:
        """The module tree of a design with local settings, arbiters inserted where native tokens differ."""
        ...

    def assemble(self, netlist: Netlist, bodies: Mapping[str, str]) -> dict[str, str]:
        """File name to text of the whole design; `bodies` maps variant keys to generated text."""
        ...

    def system_test(
        self, netlist: Netlist, point: DesignPoint, build: Build, layers: Sequence[Layer], rng: np.random.Generator
    ) -> SystemTest:
        """Driver, stimuli and golden result for the assembled design; no `layers` asks for the standard odd sizes."""
        ...

    def host_files(
        self, point: DesignPoint, build: Build, layers: Sequence[Layer], rng: np.random.Generator
    ) -> dict[str, str]:
        """Driver and self-checking test bench in C++ for an exported project; its data are drawn when it runs."""
        ...


@runtime_checkable
class Narrows(Protocol):
    """A template that has a part of the design space only.

    `narrowed` maps a parameter of the space, `precision` or `output` to the values it has here; what is not named is
    not narrowed. Search, pins and requests keep to it.
    """

    narrowed: Mapping[str, tuple[Setting, ...]]


@runtime_checkable
class Borrows(Protocol):
    """A template with modules of another one: `borrowed` maps a module kind to the template whose demos teach it."""

    borrowed: Mapping[str, str]


def pace_of(template: Template, module: str, settings: Settings) -> Pace | None:
    """The pace that a template contracts for a module; None where it contracts none."""
    return template.pace(module, settings) if isinstance(template, PacesProcesses) else None


def narrowed_of(template: Template) -> Mapping[str, tuple[Setting, ...]]:
    """The values that a template leaves to parameters of the space; empty if it has the whole of it."""
    return template.narrowed if isinstance(template, Narrows) else {}


def borrowed_of(template: Template) -> Mapping[str, str]:
    """The modules that a template has from other ones, by the template that lends them."""
    return template.borrowed if isinstance(template, Borrows) else {}


@runtime_checkable
class CommandsProcesses(Protocol):
    """A template with one process that commands all others."""

    def commands(
        self, point: DesignPoint, build: Build, layers: Sequence[Layer]
    ) -> tuple[str, tuple[TestCase, ...]]:
        """The commander's instance name, and a launch of it alone for each layer with the tiles of its plan."""
        ...


@runtime_checkable
class FitsTokens(Protocol):
    """A template with modules for an edge whose two sides have tokens of different width or order."""

    def between(
        self, lanes_in: int, lanes_out: int, block: tuple[int, int] | None, precision_name: str
    ) -> tuple[tuple[str, Settings], ...]:
        """Modules with local settings, in order. Widths are elements; tokens of a `block` (rows, columns) come row by
        row and are taken column by column. Raises AigchipError for widths that no module has.
        """
        ...


@runtime_checkable
class HostDriver(Protocol):
    """A template that also writes the host side of an exported project."""

    def host_files(
        self, point: DesignPoint, build: Build, layers: Sequence[Layer], rng: np.random.Generator
    ) -> dict[str, str]:
        """Driver and self-checking test bench in C++ by file name; its `main` takes a seed and draws the data.

        `README.md` among them is no file of its own: sections of the project's README on what the top computes, its
        ports and how the host calls it.
        """
        ...
