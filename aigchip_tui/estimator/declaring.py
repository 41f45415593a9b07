"""Declarations: globals, locals, locks, initialisers."""

from __future__ import annotations

from itertools import product

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.names import plain_key
from aigchip_tui.estimator.lasting import is_table, lasts
from aigchip_tui.estimator.machine import MachineWalk
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Memory,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    fresh,
)
from aigchip_tui.estimator.outcomes import LoopOutcome
from aigchip_tui.estimator.regions import OPERATOR_LABELS
from aigchip_tui.estimator.regions import Binding as OperatorBinding
from aigchip_tui.estimator.values import Blank, Lin, Val, integer

_MOST_CLEARED = 4096
"""Elements of an array whose clearing is unrolled into a pipelined body."""


class DeclarationWalk(MachineWalk):
    """Declarations: globals, locals, locks, initialisers."""

    def ready_globals(self) -> None:
        """Namespace-scope variables: constants as values, arrays as memories (read-only ones as ROM)."""
        scope: dict[str, Binding | Val] = {}
        self.scopes.append(scope)
        defined = {plain_key(one.key): one.key for one in self.unit.variables if not one.extern}
        for variable in self.unit.variables:
            if variable.extern and plain_key(variable.key) in defined:
                continue
            kind = self.resolve(variable.type)
            constant = variable.constexpr or variable.type.constant
            if kind.scalar() and constant and variable.init is not None:
                given = self.sets.get(variable.name)
                found = self.value(variable.init) if given is None else integer(given)
                scope[variable.key] = self.convert(found, kind.kind) if found.const is not None else found
            elif kind.form in ("auto",) and variable.init is not None:
                scope[variable.key] = self.value(variable.init)
            else:
                place = self.declare(self._sized(kind, variable), variable.name)
                if isinstance(place, Memory):
                    place.rom = constant
                    place.line = variable.line
                self._owns(place)
                scope[variable.key] = place
        for variable in self.unit.variables:
            definition = defined.get(plain_key(variable.key), "")
            if variable.extern and definition:
                scope[variable.key] = scope[definition]

    def _sized(self, kind: Type, variable: ast.Variable) -> Type:
        if kind.extents and kind.extents[0] == 0 and isinstance(variable.init, ast.Braces):
            kind.extents = (len(variable.init.items), *kind.extents[1:])
        return kind

    def binds_operators(self) -> bool:
        """Whether a pragma about some variable here shapes operators."""
        return any(pragma.kind == "BIND_OP" for asked in self.pragmas.values() for pragma in asked)

    def _bindings_of(self, name: str) -> dict[str, OperatorBinding]:
        """How BIND_OP makes the operators whose result a variable takes, by the label of their nodes."""
        found: dict[str, OperatorBinding] = {}
        for pragma in self.pragmas.get(name, ()):
            label = OPERATOR_LABELS.get(pragma.options.get("op", "").lower())
            if pragma.kind == "BIND_OP" and label is not None:
                latency = self._option(pragma, "latency")
                how = pragma.options.get("impl", "").lower()
                found[label] = OperatorBinding("" if how == "auto" else how, -1 if latency is None else latency)
        return found

    def variable(self, variable: ast.Variable) -> None:
        """A local declaration."""
        outer = self.bindings
        self.bindings = self._bindings_of(variable.name)
        self._variable(variable)
        self.bindings = outer

    def _variable(self, variable: ast.Variable) -> None:
        self.line = variable.line or self.line
        channel = variable.type.scope.rpartition("::")[2]
        if variable.type.name == "task" or channel in ("split", "merge"):
            what = f"hls::{channel}" if channel else "hls::task"
            self.unread(f"line {self.line}: {what} runs for ever, at the pace of its data, which is not followed")
            return
        kind = self._sized(self.resolve(variable.type), variable)
        scope = self.scopes[-1]
        if min(kind.extents, default=1) < 1 and variable.init is None and None not in variable.type.extents:
            self.unread(f"line {self.line}: the size of '{variable.name}' is no positive constant")
        if (
            kind.pointers or kind.reference or (kind.form == "auto" and variable.type.reference)
        ) and variable.init is not None:
            scope[variable.name] = self.place(variable.init)
            return
        if variable.type.name in ("read_lock", "write_lock"):
            scope[variable.name] = self._locked(kind, variable)
            return
        if variable.name.startswith("["):
            self._unpack(variable)
            return
        if kind.form == "auto":
            if variable.init is not None:
                scope[variable.name] = self.hold(self.result(variable.init))
            return
        if kind.scalar() and variable.init is not None and (variable.type.constant or variable.constexpr):
            found = self.value(variable.init)
            if found.const is not None:
                scope[variable.name] = self.convert(found, kind.kind)
                return
            held = self._declared(kind, variable)
            scope[variable.name] = held
            self.store(held, found)
            return
        place = self._declared(kind, variable)
        scope[variable.name] = place
        if isinstance(place, Struct) and not kind.extents and self._made(place, variable.init):
            return
        if isinstance(place, Memory) and is_table(variable, self.around):
            place.rom = True
        elif lasts(variable, self.around):
            return
        elif variable.init is not None and not (variable.static and isinstance(place, Memory)):
            if isinstance(place, Memory):
                if variable.type.constant:
                    place.rom = True
                elif isinstance(variable.init, ast.Braces):
                    self._clear(place, variable.line)
            elif isinstance(place, Registers) and isinstance(variable.init, ast.Braces):
                self._fill(place, variable.init)
            elif isinstance(variable.init, ast.Braces) and not variable.init.items:
                pass
            elif not isinstance(place, Stream):
                found_result = self.result(variable.init)
                self.store(place, found_result)
        elif isinstance(place, Cell | Registers) and not variable.static:
            self.unset.add(place.root)
            if isinstance(place, Cell):
                self.layer.write(
                    place, Blank(kind.kind, -1, None, Lin(0, ((fresh(), 1),)) if kind.kind.letter == "i" else None)
                )

    def _unpack(self, variable: ast.Variable) -> None:
        """`auto [x, y] = value`: the members of a record under names of their own."""
        names = [word.strip() for word in variable.name.strip("[]").split(",")]
        if variable.init is None:
            return
        whole = self.place(variable.init) if variable.type.reference else self.hold(self.result(variable.init))
        parts = list(whole.fields.values()) if isinstance(whole, Struct) else []
        if isinstance(whole, Registers | Memory):
            parts = [self.indexed(whole, integer(number)) for number in range(len(names))]
        if len(parts) < len(names):
            self.unread(f"line {variable.line}: what '{variable.name}' takes apart is not known")
        self.scopes[-1].update(zip(names, parts, strict=False))

    def _made(self, place: Struct, init: ast.Expr | None) -> bool:
        """Whether a constructor makes a local record: `A t(x)`, `A t{x}`, `A t`."""
        if init is None or isinstance(init, ast.Braces):
            return self.constructed(place, init.items if init is not None else ())
        return False

    def _fill(self, place: Registers, init: ast.Braces) -> None:
        items = [self.result(item) for item in init.items]
        total = 1
        for extent in place.extents:
            total *= extent
        if len(place.extents) != 1 or total > 4096:
            return
        zero: Result = integer(0, place.type.kind) if place.type.kind.letter == "i" else Val(place.type.kind, -1, 0.0)
        for number in range(total):
            value = items[number] if number < len(items) else zero
            if place.type.scalar() or not isinstance(value, Val):
                self.store(self.register_item(place, (number,)), value)

    def _clear(self, memory: Memory, line: int) -> None:
        """`int a[N] = {}` of a memory is a loop of its own that writes one element a cycle, however it is banked.

        In a pipelined body that loop is unrolled.
        """
        if memory.words <= 1:
            return
        if self.pipelined:
            if memory.words <= _MOST_CLEARED:
                for indices in product(*(range(extent) for extent in memory.extents)):
                    self.access(memory, tuple(integer(index) for index in indices), integer(0, memory.type.kind))
            return
        words = memory.words
        memory.written = True
        self.uses.of(memory.order).moved.update(range(len(memory.extents)))
        for outer in self.touched:
            outer[memory.number] = True
        outcome = LoopOutcome(
            f"clear_{memory.name}",
            line,
            (words, words),
            1,
            1,
            (words, words),
            True,
            "",
            self.function_name,
            reason=f"store {memory.name}",
            file=self.source_file,
        )
        self.body.loops.append(outcome)
        self._macro({memory.number: True}, (), (words + 2, words + 2), line, outcome.name)
        self.body.loop_macros += 1
        self.body.single, self.body.around = outcome, 0
        self.usage.add_control(1, 1, ((0, words),), self.operators.tool_year)

    def _locked(self, kind: Type, variable: ast.Variable) -> Binding:
        """The block that a lock gives access to: banked as its channel, whose memory it is."""
        block = self.declare(kind, variable.name, local=False)
        items = variable.init.items if isinstance(variable.init, ast.Braces) else ()
        channel = self.place(items[0]) if items else None
        asked = [*channel.banks] if isinstance(channel, Stream) else []
        for pragma in (*asked, *self.pragmas.get(variable.name, [])):
            block = self.apply_pragma(block, pragma)
        if isinstance(block, Memory):
            self.used_memories[block.number] = block
        return block

    def _declared(self, kind: Type, variable: ast.Variable) -> Binding:
        pragmas = self.pragmas.get(variable.name, [])
        if not kind.extents or kind.form in ("stream", "blocks"):
            place = self.declare(kind, variable.name)
        else:
            words = 1
            for extent in kind.extents:
                words *= max(1, extent)
            constant = variable.type.constant or variable.static
            small = words <= self.options.small_array and not constant
            place = self.declare(kind, variable.name, registers=small)
        for pragma in pragmas:
            place = self.apply_pragma(place, pragma)
        self._owns(place)
        return place

    def _owns(self, place: Binding) -> None:
        """Remembers what a declaration takes memories for."""
        if isinstance(place, Memory):
            self.used_memories[place.number] = place
        elif isinstance(place, Stream):
            self.all_memories.append(place)
        elif isinstance(place, Struct):
            for item in place.fields.values():
                if isinstance(item, Memory):
                    self.used_memories[item.number] = item
