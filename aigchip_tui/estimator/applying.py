"""Pragmas and directives applied to the objects they name: partitions, storage, interfaces, dependences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import evaluate
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.cpp.tokens import significant
from aigchip_tui.estimator.express import ExpressionWalk
from aigchip_tui.estimator.objects import (
    Binding,
    Memory,
    Partition,
    Registers,
    Stream,
    Struct,
    View,
    fresh,
)
from aigchip_tui.estimator.regions import OPERATOR_LABELS, Region
from aigchip_tui.estimator.values import Val

_ABOUT_VARIABLES = frozenset(
    [
        "ARRAY_PARTITION",
        "ARRAY_RESHAPE",
        "STREAM",
        "BIND_STORAGE",
        "INTERFACE",
        "DEPENDENCE",
        "AGGREGATE",
        "BIND_OP",
    ]
)
_LAST = re.compile(r"\d+$")
_NAMES = re.compile(r"(?<![\w.])[A-Za-z_]")
_MOST_BANKS = 1 << 20
"""Banks of one array; nothing that is built has as many."""
_GREATEST = 1 << 31
"""No factor, depth, latency or interval is larger."""
_FROM_ONE = frozenset(["factor", "ii"])
"""Options of which 0 is as if they were absent."""


class PragmaWalk(ExpressionWalk):
    """Pragmas and directives applied to the objects they name: partitions, storage, interfaces, dependences."""

    def _function_pragmas(self, function: ast.Function) -> list[Pragma]:
        found = list(function.body.pragmas) if function.body is not None else []
        found += [pragma for pragma in self.directives if pragma.location == function.name]
        return found

    def interface_pragmas(self, function: ast.Function) -> list[Pragma]:
        """The INTERFACE pragmas and directives of a function."""
        return [pragma for pragma in self._function_pragmas(function) if pragma.kind == "INTERFACE"]

    def _prepare_function(self, function: ast.Function) -> None:
        """Directives about the variables of a function, wherever in it they are declared."""
        self.pragmas, self.around = {}, function.body
        wanted = [one for one in self.directives if one.location.split("/")[0] == function.name]
        self._prepare(wanted, ())

    def _prepare(self, pragmas: Sequence[Pragma], statements: Sequence[ast.Stmt]) -> None:
        """Pragmas about variables of a block: those that it declares itself wait for them, others are applied."""
        about = [pragma for pragma in pragmas if pragma.kind in _ABOUT_VARIABLES]
        if not about:
            return
        own = {
            variable.name
            for statement in statements
            if isinstance(statement, ast.Declaration)
            for variable in statement.variables
        }
        waiting = dict(self.pragmas)
        for pragma in about:
            name = (pragma.options.get("variable") or pragma.options.get("port") or "").split("[")[0]
            if not name and pragma.kind == "INTERFACE":
                continue
            if not name and pragma.kind == "DEPENDENCE":
                self._depend_on_class(pragma)
                continue
            bound = self.lookup(name) if name not in own else None
            if bound is None or pragma.kind == "BIND_OP":
                waiting[name] = [*waiting.get(name, ()), pragma]
            if bound is not None and not isinstance(bound, Val):
                changed = self.apply_pragma(bound, pragma)
                if changed is not bound:
                    self._rebind(bound, changed)
        self.pragmas = waiting

    def region_within(self, pragmas: Sequence[Pragma]) -> Region:
        """The region that the ALLOCATION and EXPRESSION_BALANCE pragmas of a function, loop or block make."""
        asked = [pragma for pragma in pragmas if pragma.kind in ("ALLOCATION", "EXPRESSION_BALANCE")]
        if not asked:
            return self.region
        limits, instances = dict(self.region.limits), dict(self.region.instances)
        balanced = self.region.balanced
        for pragma in asked:
            if pragma.kind == "EXPRESSION_BALANCE":
                balanced = not pragma.has("off")
            units = self._option(pragma, "limit")
            if pragma.kind != "ALLOCATION" or units is None or units < 1:
                continue
            for name in pragma.options.get("instances", pragma.options.get("variable", "")).split(","):
                label = OPERATOR_LABELS.get(name.lower())
                if "function" in pragma.words:
                    instances[name] = tuple(self.resource((id(pragma), name, one), 1) for one in range(units))
                elif label is not None:
                    limits[label] = self.resource((id(pragma), label), units)
        return Region(limits, instances, balanced)

    def _rebind(self, old: Binding, new: Binding) -> None:
        """Puts an object in another's place under all its names, those of the functions inlined around included."""
        self.rebound += 1
        for scopes in (self.scopes, *self.frames):
            for scope in scopes:
                for name, bound in scope.items():
                    if bound is old:
                        scope[name] = new

    def apply_pragma(self, place: Binding, pragma: Pragma) -> Binding:
        """Effect of a pragma on an existing object; complete partition of all dimensions makes registers."""
        if isinstance(place, Struct):
            place.fields = {name: self.apply_pragma(item, pragma) for name, item in place.fields.items()}
            return place
        if isinstance(place, View):
            if isinstance(place.target, Memory):
                self.apply_pragma(place.target, pragma)
            return place
        if isinstance(place, Stream):
            if pragma.kind == "STREAM":
                depth = self._option(pragma, "depth")
                place.depth = depth if depth is not None else place.depth
                place.explicit = True
            elif pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE"):
                place.banks.append(pragma)
            elif pragma.kind == "BIND_STORAGE":
                place.storage = _storage_of(pragma)
            elif pragma.kind == "INTERFACE":
                place.axis = "axis" in (pragma.options.get("mode", ""), *pragma.words)
            return place
        if not isinstance(place, Memory):
            return place
        if pragma.kind == "STREAM":
            place.fifo, place.depth = True, self._option(pragma, "depth") or 0
            place.ports = self.capacity[place.number] = (2, 1, 1)
        if pragma.kind in ("ARRAY_PARTITION", "ARRAY_RESHAPE"):
            return self._partition(place, pragma)
        if pragma.kind == "BIND_STORAGE":
            kind = (pragma.options.get("type") or pragma.options.get("core") or "").lower()
            place.storage = _storage_of(pragma)
            if not place.local and not self.options.bind_arguments:
                pass
            elif "1p" in kind:
                place.ports = (1, 1, 1)
            elif "s2p" in kind:
                place.ports = (2, 1, 1)
            elif "1wnr" in kind:
                place.ports = (64, 64, 1)
            self.capacity[place.number] = place.ports
            place.latency = self._option(pragma, "latency")
        elif pragma.kind == "INTERFACE":
            mode = pragma.options.get("mode", "") or (pragma.words[0] if pragma.words else "")
            if "m_axi" in mode or "m_axi" in pragma.words:
                place.axi = True
                place.bundle = pragma.options.get("bundle", "gmem")
            elif "ap_fifo" in mode or "axis" in mode or "axis" in pragma.words or "ap_fifo" in pragma.words:
                place.ports = (1, 1, 1)
                self.capacity[place.number] = place.ports
        elif pragma.kind == "DEPENDENCE":
            self._depend(place, pragma)
        return place

    def _depend(self, memory: Memory, pragma: Pragma) -> None:
        """DEPENDENCE: what the designer knows of reads after writes; other directions bound nothing here."""
        given = {*pragma.words, pragma.options.get("type", "").lower(), pragma.options.get("direction", "").lower()}
        if given & {"war", "waw"}:
            return
        within = "intra" in given
        if "false" in given or pragma.options.get("dependent", "").lower() == "false":
            (self.free_within if within else self.free).add(memory.number)
        elif not within:
            distance = self._option(pragma, "distance")
            if distance is not None and distance > 0:
                self.distances[memory.number] = distance

    def _depend_on_class(self, pragma: Pragma) -> None:
        """A DEPENDENCE without a variable holds for all visible arrays, or for all pointers."""
        words = {*pragma.words, pragma.options.get("class", "").lower()}
        for scope in self.scopes:
            for bound in scope.values():
                if isinstance(bound, Memory):
                    pointer = 0 in bound.extents
                    if not ("pointer" in words and not pointer) and not ("array" in words and pointer):
                        self._depend(bound, pragma)

    def _option(self, pragma: Pragma, name: str) -> int | None:
        """Value of a numeric option in the current scope; one that makes no sense is warned of and left out."""
        value = self._folded_option(pragma, name)
        text = pragma.options.get(name, "")
        unreadable = value is None and text != "" and not _NAMES.search(text)
        if unreadable or (value is not None and not 0 <= value <= _GREATEST):
            told = text[:40] if value is None else value
            self.warn(f"{pragma.kind} at line {pragma.line}: {name}={told} makes no sense and is left out")
            return None
        if value == 0 and name in _FROM_ONE:
            self.warn(f"{pragma.kind} at line {pragma.line}: {name}=0 makes no sense and is left out")
        return value

    def _folded_option(self, pragma: Pragma, name: str) -> int | None:
        text = pragma.options.get(name)
        if text is None:
            return None
        direct = pragma.number(name)
        if direct is not None:
            return direct
        known: dict[str, int] = {}
        for token in significant(text):
            if token.kind == "name":
                found = self.fold(ast.Name(token.text, line=pragma.line, space=self.space))
                if found is not None:
                    known[token.text] = found
        return evaluate(text, known)

    def _partition(self, memory: Memory, pragma: Pragma) -> Binding:
        style = pragma.options.get("type", "").lower()
        for word in ("complete", "cyclic", "block"):
            if word in pragma.words:
                style = word
        style = style or "complete"
        dimension = self._option(pragma, "dim")
        dimension = 1 if dimension is None else dimension
        factor = self._option(pragma, "factor") or 1
        positions = range(len(memory.extents)) if dimension == 0 else [dimension - 1]
        memory.asked = True
        decided = self.decisions.get(memory.order, {}) if memory.local else {}
        for position in positions:
            if 0 <= position < len(memory.extents) and position not in decided:
                extent = memory.extents[position]
                if style == "complete" or factor > 1:
                    made = Partition("complete", extent) if style == "complete" else Partition(style, factor)
                    memory.partitions = {**memory.partitions, position: made}
        if memory.banks > _MOST_BANKS:
            self.unread(
                f"line {pragma.line}: {pragma.kind} parts '{memory.name}' into {memory.banks} banks,"
                f" more than {_MOST_BANKS}: lower its factors"
            )
            memory.partitions = {}
            return memory
        if pragma.kind == "ARRAY_RESHAPE":
            memory.reshaped = memory.banks
        everywhere = all(
            position in memory.partitions
            and (memory.partitions[position].style == "complete" or memory.partitions[position].factor >= extent)
            for position, extent in enumerate(memory.extents)
        )
        if everywhere and memory.words <= 65536 and not memory.axi and pragma.kind == "ARRAY_PARTITION":
            return Registers(memory.type, memory.extents, fresh())
        return memory

    def within_latency(self, cycles: int, pragmas: Sequence[Pragma], what: str) -> int:
        """Cycles of a function or of one iteration under LATENCY: at least `min`; above `max` is warned of."""
        for pragma in pragmas:
            if pragma.kind == "LATENCY":
                least, most = self._option(pragma, "min"), self._option(pragma, "max")
                cycles = max(cycles, least or 0)
                if most is not None and cycles > most:
                    self.warn(f"LATENCY max={most} of the {what} is not met: {cycles} cycles")
        return cycles

    def _loop_pragmas(self, loop: ast.Loop) -> list[Pragma]:
        found = list(loop.pragmas)
        if self.directives:
            name = loop.label or f"VITIS_LOOP_{loop.line}_"
            wanted = f"{self.source_function}/{name}"
            found += [
                pragma
                for pragma in self.directives
                if pragma.location == wanted or (not loop.label and _LAST.sub("", pragma.location) == wanted)
            ]
        return found


def _storage_of(pragma: Pragma) -> str:
    """What BIND_STORAGE names: `uram`, `lutram` (also shift registers), `bram`, or "" for what the tool likes."""
    kind = (pragma.options.get("type") or pragma.options.get("core") or "").lower()
    impl = pragma.options.get("impl", "").lower() or kind
    if "uram" in impl:
        return "uram"
    if "lut" in impl or "srl" in impl:
        return "lutram"
    return "bram" if "bram" in impl else ""
