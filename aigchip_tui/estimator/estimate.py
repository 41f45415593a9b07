"""`estimate`: from HLS C++ text to latency, interval, resources and clock, with what is unknown and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.link import link
from aigchip_tui.cpp.parse import parse
from aigchip_tui.cpp.pragmas import (
    LOOP_DIRECTIVES,
    Pragma,
    parse_configuration,
    parse_directives,
    unknown_directives,
)
from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.estimator.adapters import interfaces
from aigchip_tui.estimator.arrays import Storage
from aigchip_tui.estimator.canonical import canonical
from aigchip_tui.estimator.deciding import BeginAnewError
from aigchip_tui.estimator.doubts import doubts
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Binding, Layer, Memory, Partition, fresh
from aigchip_tui.estimator.operators import Operators, known_part
from aigchip_tui.estimator.options import Options, SpentError
from aigchip_tui.estimator.outcomes import FunctionOutcome, LoopOutcome
from aigchip_tui.estimator.platforms import unasked_interfaces
from aigchip_tui.estimator.result import Estimate, FunctionEstimate, LoopEstimate
from aigchip_tui.estimator.settable import refuse_inner_names
from aigchip_tui.estimator.tops import top_of
from aigchip_tui.estimator.traverse import (
    inner_loops,
    names_of_loop,
    states_banks,
)
from aigchip_tui.estimator.types import MOST_BITS
from aigchip_tui.estimator.uses import Uses
from aigchip_tui.estimator.utilization import storage, utilization
from aigchip_tui.estimator.values import Lin, Val, integer
from aigchip_tui.estimator.walk import Walker
from aigchip_tui.estimator.walks import Walks
from aigchip_tui.model.collecting import without_collection
from aigchip_tui.model.errors import AigchipError

_ENDLESS = "it never ends, since its counter never passes its bound"
_MOST_WARNINGS = 40
_MOST_WALKS = 4
"""Walks of a design whose arrays turn out to be built otherwise than the walk before took them to be."""


class Design(msgspec.Struct, frozen=True):
    """A source once read: its syntax tree and directives, to be estimated again and again with other
    constants.

    `constants` are macros that stay names in the tree, with their values; `decided` are those of them that an #if asks
    for, which cannot change without reading again. `walks` keeps what walks asked of their constants.
    """

    unit: ast.Unit
    directives: tuple[Pragma, ...]
    missing: tuple[str, ...]
    tops: dict[str, ast.Function] = msgspec.field(default_factory=dict)
    """Functions found to estimate, by the name asked for."""
    constants: dict[str, int] = msgspec.field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    walks: Walks = msgspec.field(default_factory=Walks)
    configuration: dict[str, int] = msgspec.field(default_factory=dict)
    """Switches that the directives set, by their names in `Options`."""
    notes: tuple[str, ...] = ()
    """What of the directives is not known, and what would stop a compiler."""
    warnings: tuple[str, ...] = ()
    """Pragmas that mean nothing where they stand, and variables that are computed and never used."""


def read_design(
    sources: Mapping[str, str],
    *,
    directives: str = "",
    include: Mapping[str, str] | None = None,
    defines: Mapping[str, str] | None = None,
    constants: Mapping[str, int] | None = None,
) -> Design:
    """Reads C or C++ sources (path to text) once; `include` holds headers, `directives` the text of a Tcl
    file, `constants` macros whose values `estimate_design` may change.

    Headers among the sources are read through their #include. Raises AigchipError when nothing can be read.
    """
    given = dict(constants or {})
    files = {**(include or {}), **sources}
    mains = {name: text for name, text in sources.items() if not name.endswith((".h", ".hpp", ".hh", ".inc"))}
    units: list[ast.Unit] = []
    missing: list[str] = []
    faults: list[str] = []
    decided: frozenset[str] = frozenset()
    chosen = mains or dict(sources)
    for number, (path, text) in enumerate(chosen.items()):
        resolved = preprocess(text, files, defines, path=path, constants=given)
        decided |= resolved.decided
        root = f"@{number}" if len(chosen) > 1 else ""
        units.append(parse(resolved.text, resolved.prelude, root, path=path, parts=resolved.parts))
        missing += resolved.missing
        faults += resolved.faults
    if not units:
        raise AigchipError("There is no source to estimate.", hint="Name a C or C++ file.")
    linked = link(units)
    warnings = tuple(doubts(linked))
    asked = tuple(parse_directives(directives))
    unit = canonical(linked, asked)
    told = "is never used: the tool builds nothing for it"
    warnings += tuple(f"'{name[:40]}' at line {line} {told}" for line, name in sorted(unit.unused))
    unit.banked = any(states_banks(function) for functions in unit.functions.values() for function in functions)
    configuration, unfollowed = parse_configuration(directives)
    return Design(
        unit,
        asked,
        tuple(dict.fromkeys(missing)),
        constants=given,
        decided=decided,
        configuration=configuration,
        notes=(*dict.fromkeys(faults), *unknown_directives(directives), *unfollowed, *_nowhere(unit, asked)),
        warnings=warnings,
    )


def _nowhere(unit: ast.Unit, directives: Sequence[Pragma]) -> list[str]:
    """Sentences about directives whose function or loop is not in the text."""
    if not directives:
        return []
    labels: dict[str, set[str]] = {}
    for functions in unit.functions.values():
        for function in functions:
            loops = inner_loops(function.body) if function.body is not None else ()
            labels.setdefault(function.name, set()).update(name for loop in loops for name in names_of_loop(loop))
    found = []
    for one in directives:
        where, _, label = one.location.partition("/")
        place = where.rpartition("::")[2]
        known = place in labels and (not label or label in labels[place] or one.kind not in LOOP_DIRECTIVES)
        if not known and not (place and place in unit.method_names):
            found.append(f"directives, line {one.line}: '{one.location[:80]}' is not in these files")
    return found


def top_function(design: Design, top: str = "") -> ast.Function:
    """The function to estimate, see `tops`."""
    return top_of(design.unit, top)


def estimate(
    sources: Mapping[str, str],
    *,
    top: str = "",
    clock_ns: float = 5.0,
    part: str = "xczu7ev",
    sets: Mapping[str, int] | None = None,
    directives: str = "",
    include: Mapping[str, str] | None = None,
    defines: Mapping[str, str] | None = None,
    options: Options | None = None,
    uncertainty_ns: float | None = None,
) -> Estimate:
    """Estimates the function `top` of C or C++ sources (path to text) for a clock period in ns and a part.

    `sets` gives values to arguments of the top, macros and constants at file scope, `directives` is the
    text of a Tcl file of directives. Raises AigchipError with one sentence when the text cannot be read.
    """
    given = dict(sets or {})
    design = read_design(sources, directives=directives, include=include, defines=defines, constants=given)
    if given:
        refuse_inner_names(design.unit, top_function(design, top), given)
    asked = (options or Options()).configured(design.configuration)
    with without_collection():
        return _estimate(design, top, clock_ns, part, given, asked, uncertainty_ns)


def estimate_design(
    design: Design,
    *,
    top: str = "",
    clock_ns: float = 5.0,
    part: str = "xczu7ev",
    sets: Mapping[str, int] | None = None,
    options: Options | None = None,
    uncertainty_ns: float | None = None,
) -> Estimate:
    """Estimates a design that was read before; see `estimate`.

    With other constants the design is walked again only where one of them changes the way of a walk (see `traced`).
    Raises AigchipError for a constant that decides an #if of the text.
    """
    given = {**design.constants, **(sets or {})}
    for name in design.decided:
        if given[name] != design.constants[name]:
            raise AigchipError(
                f"'{name}' decides an #if of the source.", hint=f"Read the source again with {name}={given[name]}."
            )
    asked = (options or Options()).configured(design.configuration)
    with without_collection():
        if not given:
            return _estimate(design, top, clock_ns, part, given, asked, uncertainty_ns)
        key = (top, clock_ns, part, uncertainty_ns, asked.key(), *sorted(given))
        return design.walks.estimate(
            key, given, lambda traced: _estimate(design, top, clock_ns, part, traced, asked, uncertainty_ns)
        )


def _estimate(
    design: Design,
    top: str,
    clock_ns: float,
    part: str,
    sets: Mapping[str, int],
    options: Options,
    uncertainty_ns: float | None,
) -> Estimate:
    function = design.tops.get(top)
    if function is None:
        function = design.tops[top] = top_function(design, top)
    operators = Operators(part, clock_ns, uncertainty_ns, tool_year=options.tool_year)
    decisions: dict[int, dict[int, Partition]] = {}
    uses = Uses()
    turn, anew = 0, options.deal_arrays
    while True:
        walker = Walker(design.unit, operators, options, sets, design.directives)
        if options.platform:
            asked = walker.interface_pragmas(function)
            walker.directives = (*unasked_interfaces(function, asked, walker.resolve), *walker.directives)
        walker.decisions, walker.uses = decisions, uses
        # Where nothing decided is withdrawn, a walk that decides something is repeated.
        walker.provisional = options.deal_arrays and turn < _MOST_WALKS - 1
        walker.splits_now = options.deal_arrays and turn == 0
        walker.may_begin_anew = anew
        before = {order: dict(plan) for order, plan in decisions.items()}
        walker.ready_globals()
        walker.graph = Graph()
        walker.layer = Layer(None, walker.graph)
        walker.function_name, walker.main_file, walker.line = function.name, function.file, function.line
        arguments = [_port(walker, parameter) for parameter in function.parameters]
        try:
            outcome, _ = walker.run_function(function, arguments)
        except BeginAnewError:
            anew = False
            uses.begin_anew()
            walker.leave()
            continue
        except (SpentError, MemoryError) as error:
            line, where, limit = walker.line, walker.source_function, str(error) or "the memory that it may take"
            # What the walk has made goes first: to say so takes memory, too.
            del walker, arguments
            raise AigchipError(
                f"Line {line}, in '{where[:80]}': to estimate it costs more than {limit}.",
                hint="Lower the unroll factors there and in the loops around it, or give the kernel alone.",
            ) from None
        except RecursionError as error:
            raise AigchipError(
                f"Line {walker.line}: calls and templates are nested too deeply to be estimated.",
                hint="Do they end? If so, write the innermost ones out.",
            ) from error
        if not options.deal_arrays:
            uses.withdraw(decisions)
        turn += 1
        if turn == _MOST_WALKS or (not uses.mistaken(walker.dealt_late) and (not walker.again or decisions == before)):
            break
        walker.leave()
    found = _result(walker, function, outcome, operators, design, arguments, part)
    walker.leave()
    return found


def _port(walker: Walker, parameter: ast.Variable) -> Binding | Val:
    kind = walker.resolve(parameter.type)
    if parameter.name in walker.sets and kind.scalar():
        return integer(walker.sets[parameter.name], kind.kind)
    if kind.pointers and not kind.extents and kind.form != "stream":
        kind.extents = (0,)
        kind.pointers = 0
        place = walker.declare(kind, parameter.name, local=False)
        return place
    if kind.scalar() and not kind.reference:
        symbol = fresh()
        walker.scalars.add(symbol)
        return Val(kind.kind, -1, None, Lin(0, ((symbol, 1),)) if kind.kind.letter == "i" else None)
    return walker.declare(kind, parameter.name, local=False)


def _flatten(loops: Sequence[LoopOutcome], level: int = 0) -> list[LoopEstimate]:
    found: list[LoopEstimate] = []
    for loop in loops:
        found.append(
            LoopEstimate(
                name=loop.name,
                function=loop.function,
                line=loop.line,
                file=loop.file,
                trip=loop.trip[1],
                trip_min=loop.trip[0],
                ii=None if loop.unread else loop.interval,
                depth=None if loop.unread else loop.depth,
                latency=None if loop.unread else loop.latency[1],
                latency_min=None if loop.unread else loop.latency[0],
                pipelined=loop.pipelined,
                bound=loop.bound,
                flattened=loop.flattened,
                unrolled=loop.unrolled,
                target=loop.target,
                reason=loop.reason,
                level=level,
                straight=loop.straight,
                beside=loop.beside,
            )
        )
        found += _flatten(loop.children, level + 1)
    return found


def _result(
    walker: Walker,
    function: ast.Function,
    outcome: FunctionOutcome,
    operators: Operators,
    design: Design,
    arguments: Sequence[Binding | Val],
    part: str,
) -> Estimate:
    names = [parameter.name for parameter in function.parameters]
    rules = Storage.of(part)
    parts = utilization(
        (
            *outcome.usage.parts(operators),
            interfaces(
                names,
                arguments,
                walker.interface_pragmas(function),
                tool_year=operators.tool_year,
                wide=rules.wide,
            ),
            *storage(walker, outcome.usage.reads, rules),
        )
    )
    total = parts[-1]
    loops = tuple(_flatten(outcome.loops))
    unknown = list(walker.notes)
    for loop in loops:
        if loop.trip is None:
            place = f"line {loop.line}" if loop.file == function.file else f"{loop.file}:{loop.line}"
            endless = (loop.file, loop.line) in walker.endless
            why = _ENDLESS if endless else "its trip count is known only at run time"
            unknown.append(f"loop '{loop.name}' at {place}: {why}")
    for name in sorted(walker.types.unknown):
        unknown.append(f"type '{name}' is not in the text; read as a 32-bit integer")
    for name in sorted(walker.types.no_width):
        unknown.append(f"type '{name}' is none: an integer has 1 to {MOST_BITS} bits")
    if not known_part(part):
        unknown.append(f"part '{part}' is not known; operators of UltraScale+ are used")
    if design.unit.errors:
        line, text = design.unit.errors[0]
        unknown.append(f"line {line} does not parse ('{text.strip()[:30]}'): what it declares is not known")
    unknown += design.notes
    unknown += [f"header '{name}' is not among these files" for name in design.missing]
    # The request on an AXI master takes a state of its own, to which the tool gives all of the clock's budget.
    masters = any(isinstance(one, Memory) and one.axi for one in arguments)
    slowest = max(outcome.slowest_ns, operators.budget if masters else 0.01)
    whole = walker.gaps == 0 and not walker.types.no_width
    functions = [
        FunctionEstimate(name=outcome.name, line=outcome.line, latency=outcome.latency[1], interval=outcome.interval)
    ]
    functions += [
        FunctionEstimate(
            name=one.name,
            line=one.line,
            latency=one.latency[1],
            interval=one.interval if one.latency[1] is not None else None,
        )
        for one in outcome.processes
    ]
    return Estimate(
        top=function.name,
        file=function.file,
        latency_min=outcome.latency[0] if whole else None,
        latency_max=outcome.latency[1] if whole else None,
        interval=outcome.interval if whole else None,
        dsp=total.dsp if whole else None,
        bram18=total.bram18 if whole else None,
        uram=total.uram if whole else None,
        lut=total.lut if whole else None,
        ff=total.ff if whole else None,
        clock_ns=operators.clock_ns,
        estimated_clock_ns=round(slowest, 3) if whole else None,
        timing_met=slowest <= operators.budget + 1e-9 if whole else None,
        budget_ns=round(operators.budget, 3),
        loops=loops,
        functions=tuple(functions),
        parts=parts if whole else (),
        unknown=tuple(dict.fromkeys(unknown)),
        warnings=(*design.warnings[:_MOST_WARNINGS], *walker.warnings),
    )


__all__ = [
    "Design",
    "Estimate",
    "FunctionEstimate",
    "LoopEstimate",
    "estimate",
    "estimate_design",
    "read_design",
]
