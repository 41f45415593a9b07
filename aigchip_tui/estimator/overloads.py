"""Operators and constructors that records define, and which of several functions of one name a call means."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Group, Memory, Registers, Result, Struct, Type, View
from aigchip_tui.estimator.registers import RegisterWalk
from aigchip_tui.estimator.traverse import acts
from aigchip_tui.estimator.values import Val


@dataclass(slots=True, eq=False)
class Held(ast.Expr):
    """An operand that is evaluated already."""

    result: Result
    line: int = 0


class OverloadWalk(RegisterWalk):
    """Operators and constructors that records define, and which of several functions of one name a call means."""

    @abstractmethod
    def result(self, expression: ast.Expr) -> Result:
        """Value of an expression, scalar or group."""

    def overloaded(self, operator: str, operands: Sequence[Result], owner: Struct | None = None) -> Result | None:
        """Result of an operator that the text defines for a record; None when it defines none for these operands.

        `owner` is the record that a compound assignment changes.
        """
        first = operands[0]
        name = ast.Name(f"operator{operator}", space=self.space)
        if isinstance(first, Group) and first.type.form == "struct":
            method = self.method_named(first.type.record, name.name, len(operands) - 1)
            if method is not None and method.body is not None and len(method.parameters) == len(operands) - 1:
                place = owner if owner is not None else self.hold(first)
                if isinstance(place, Struct):
                    call = ast.Call(name, tuple(Held(one, self.line) for one in operands[1:]), self.line)
                    return self.invoke(method, name, call, place)
        if self.unit.names.key_of(name.name, "", self.space):
            call = ast.Call(name, tuple(Held(one, self.line) for one in operands), self.line)
            function = self.meant(name, call)
            if function is not None and len(function.parameters) == len(operands):
                return self.invoke(function, name, call)
        return None

    def not_overloaded(self, operator: str, operands: Sequence[Result]) -> bool:
        """Whether an operand is a record of the text whose operator is not in it: then its result is unknown."""
        for one in operands:
            if isinstance(one, Group) and one.type.form == "struct" and one.type.record in self.unit.records:
                name = one.type.record.rpartition("::")[2]
                self.unread(f"line {self.line}: operator '{operator}' of '{name}' is not in these files")
                return True
        return False

    def meant(self, callee: ast.Name, call: ast.Call) -> ast.Function | None:
        """The function that a call means: of those with fitting parameters the one whose types fit best."""
        first = self.function_named(callee, call)
        if first is None:
            return None
        key = self.unit.names.key_of(callee.name, callee.scope, callee.space)
        rivals = [
            one
            for one in self.unit.functions.get(key, ())
            if one.body is not None and not one.templates and len(one.parameters) == len(first.parameters)
        ]
        if len(rivals) < 2 or first.templates:
            return first
        kinds = [self._kind_of(argument) for argument in call.arguments]
        return max(rivals, key=lambda one: self._fit(one, kinds))

    def _kind_of(self, argument: ast.Expr) -> Type | None:
        """Type of an argument, seen without leaving a trace; None when finding it would act."""
        if isinstance(argument, Held):
            found = argument.result
        elif acts(argument):
            return None
        else:
            saved = self.graph, self.guard, dict(self.layer.values)
            self.graph, self.guard = Graph(), ()
            try:
                found = self.result(argument)
            finally:
                self.graph, self.guard, self.layer.values = saved
        return Type("scalar", found.kind) if isinstance(found, Val) else found.type

    def _fit(self, function: ast.Function, kinds: Sequence[Type | None]) -> int:
        score = 0
        for parameter, given in zip(function.parameters, kinds, strict=False):
            wanted = self.types.resolve(parameter.type, self.bound)
            if given is None or wanted.form != given.form:
                continue
            if wanted.form == "scalar":
                score += 1 + (wanted.kind.letter == given.kind.letter) * 4 + (wanted.kind == given.kind) * 8
            else:
                score += 13 if wanted.record == given.record else 0
        return score

    def element_of(self, place: Struct, index: ast.Expr) -> Result | None:
        """`v[i]` of a record that is no array and has `operator[]`."""
        method = self.method_named(place.type.record, "operator[]", 1)
        if method is None or method.body is None:
            return None
        for label, part in place.type.fields.items():
            bound = place.fields.get(label)
            extents = bound.extents if isinstance(bound, Memory | Registers) else ()
            if len(extents) > len(part.extents) or isinstance(bound, View):
                return None
        callee = ast.Name(method.name, space=self.space)
        return self.invoke(method, callee, ast.Call(callee, (index,), self.line), place)

    def constructed(self, place: Struct, arguments: Sequence[ast.Expr]) -> bool:
        """Runs the constructor of a record for these arguments; False when the text has none for them."""
        record = self.unit.records.get(place.type.record)
        if record is None:
            return False
        for field in record.fields:
            part = place.fields.get(field.name)
            if part is not None and field.init is not None and not field.static:
                saved, self.bound = self.bound, {**self.bound, **place.type.bindings}
                try:
                    self.store(part, self.result(field.init))
                finally:
                    self.bound = saved
        label = record.name.rpartition("::")[2].partition("<")[0]
        method = record.method(label, len(arguments))
        if method is None or method.body is None or not method.takes(len(arguments)):
            return False
        callee = ast.Name(label, space=self.space)
        self.invoke(method, callee, ast.Call(callee, tuple(arguments), self.line), place)
        return True
