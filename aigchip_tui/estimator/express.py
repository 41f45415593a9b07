"""Expressions of the symbolic walk: names, operators, casts, assignments and the places they designate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Group,
    Memory,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    View,
)
from aigchip_tui.estimator.overloads import Held, OverloadWalk
from aigchip_tui.estimator.reasons import why_unread
from aigchip_tui.estimator.values import BOOL, DOUBLE, FLOAT, INT, Kind, Lin, Val, integer


class ExpressionWalk(OverloadWalk):
    """Expressions of the symbolic walk: names, operators, casts, assignments and the places they designate."""

    def fold(self, expression: ast.Expr) -> int | None:
        """Integer value of a constant expression in the current scope; nothing is added to the graph."""
        if isinstance(expression, ast.Number):
            return int(expression.value) if expression.kind in ("int", "bool") else None
        saved_graph, saved_guard, line = self.graph, self.guard, self.line
        self.graph, self.guard = Graph(), ()
        try:
            found = self.value(expression)
        finally:
            self.graph, self.guard, self.line = saved_graph, saved_guard, line
        return +found.const if isinstance(found.const, int) else None

    def constant_named(self, expression: ast.Name) -> Val | None:
        """An enumerator, a `--set` constant, a template value or a static member of a template."""
        name = expression.name
        if expression.owner is not None:
            return self._static_member(expression)
        value = self.bound.get(name) if not expression.scope else None
        if isinstance(value, int):
            return integer(value)
        if name in self.sets:
            return integer(self.sets[name])
        key = self.unit.names.key_of(name, expression.scope, expression.space)
        memo = self.constants_memo.get(key)
        if memo is not None:
            return memo
        enumerator = self.unit.enumerators.get(key)
        if enumerator is not None:
            found = self.value(enumerator) if isinstance(enumerator, ast.Expr) else integer(enumerator)
            self.constants_memo[key] = found
            return found
        return self._static_member(expression) if expression.scope else None

    def _static_member(self, expression: ast.Name) -> Val | None:
        """`T::size` of a template parameter, or of a record that is itself a template."""
        given = self.bound.get(expression.scope)
        if expression.owner is not None:
            given = self.resolve(expression.owner)
        scope, _, last = expression.scope.rpartition("::")
        key = given.record if isinstance(given, Type) else self.unit.names.key_of(last, scope, expression.space)
        counted = self.unit.enumerators.get(f"{key}::{expression.name}")
        if counted is not None:
            return self.value(counted) if isinstance(counted, ast.Expr) else integer(counted)
        alias = self.unit.aliases.get(key)
        if alias is not None:
            given = self.resolve(alias[0]) if not isinstance(given, Type) else given
            key = given.record
        if isinstance(given, Type) and given.scalar() and expression.name in ("width", "iwidth"):
            return integer(given.kind.bits if expression.name == "width" else given.kind.integer)
        record = self.unit.records.get(key)
        for variable in record.fields if record is not None else ():
            if variable.name == expression.name and variable.init is not None:
                saved, self.bound = self.bound, given.bindings if isinstance(given, Type) else self.bound
                try:
                    return self.value(variable.init)
                finally:
                    self.bound = saved
        return None

    def resolve(self, reference: ast.TypeRef) -> Type:
        """A written type in the current scope."""
        return self.types.resolve(reference, self.bound)

    def value(self, expression: ast.Expr) -> Val:
        """Scalar value of an expression."""
        found = self.result(expression)
        if isinstance(found, Group):
            return Val(Kind("i", found.type.total_bits, False), found.node, None, None, found.graph)
        return found

    def result(self, expression: ast.Expr) -> Result:
        """Value of an expression, scalar or group."""
        self.spend(1)
        if expression.line:
            self.line = expression.line
        reader = _READERS.get(type(expression))
        return integer(0) if reader is None else reader(self, expression)

    def number(self, expression: ast.Number) -> Val:
        """A literal."""
        if expression.kind in ("int", "bool"):
            return integer(int(expression.value), INT if expression.kind == "int" else BOOL)
        return Val(FLOAT if expression.kind == "float" else DOUBLE, -1, float(expression.value))

    def element(self, expression: ast.Index | ast.Member) -> Result:
        """An element of an array or a field of a record."""
        if isinstance(expression, ast.Index) and "operator[]" in self.method_names:
            base = self.place(expression.base)
            found = self.element_of(base, expression.index) if isinstance(base, Struct) else None
            if found is not None:
                return found
        return self.load(self.place(expression))

    def text(self, expression: ast.Text) -> Val:
        """A string says nothing to hardware; whatever else is text here is not understood."""
        word = expression.value.strip()
        if word and not word.endswith('"'):
            self.unread(f"line {self.line}: {why_unread(word)}")
        return integer(0)

    def loose_lambda(self, expression: ast.Lambda) -> Val:
        """A lambda that is handed on instead of called."""
        self.unread(f"line {expression.line}: a lambda is handed on, which is not followed")
        return integer(0)

    def extent(self, expression: ast.Extent) -> Val:
        """Number of elements of an array, for a range-based `for`."""
        place = self.place(expression.operand)
        skipped = len(place.indices) if isinstance(place, View) else 0
        if isinstance(place, View):
            place = place.target
        if isinstance(place, Struct):
            place = next(iter(place.fields.values()), place)
        if isinstance(place, Memory | Registers | Stream) and len(place.extents) > skipped and place.extents[skipped]:
            return integer(place.extents[skipped])
        self.unread(f"line {expression.line}: the number of elements that a loop goes through is not known")
        return integer(0)

    def called(self, expression: ast.Call) -> Result:
        """A call; the walk over calls knows what it means."""
        return self.call(expression)

    def braces(self, expression: ast.Braces) -> Result:
        """A braced list: one scalar, or a group with numbered items."""
        if len(expression.items) == 1 and not isinstance(expression.items[0], ast.Braces):
            return self.result(expression.items[0])
        group = Group(Type("struct"), -1, self.graph)
        for number, item in enumerate(expression.items):
            group.items[number] = self.result(item)
        return group

    def named(self, expression: ast.Name) -> Result:
        """Value behind a name."""
        bound = self.find(expression)
        if bound is None:
            constant = self.constant_named(expression)
            if constant is not None:
                return constant
            if expression.name not in self.name_symbols:
                # A name within a type has no line of its own: the type is needed where the walk stands.
                self.note(f"'{expression.name}' at line {expression.line or self.line} is not declared in these files")
            return Val(INT, -1, None, Lin(0, ((self.symbol_of_name(expression.name), 1),)))
        if isinstance(bound, Val):
            return bound
        return self.load(bound)

    def binary(self, expression: ast.Binary) -> Result:
        """A binary operator."""
        operator = expression.operator
        if operator == ",":
            self.result(expression.left)
            return self.result(expression.right)
        left_result = self.result(expression.left)
        if operator in ("&&", "||") and not isinstance(left_result, Group) and left_result.const is not None:
            truth = bool(left_result.const)
            if truth == (operator == "||"):
                return integer(int(truth), BOOL)
            right_value = self.value(expression.right)
            return right_value if right_value.const is None else integer(int(bool(right_value.const)), BOOL)
        if operator in ("<<", ">>") and not isinstance(left_result, Group):
            stream = self.stream_of(expression.left)
            if stream is not None:
                return integer(0)
        return self.combined(operator, left_result, self.result(expression.right))

    def combined(self, operator: str, left: Result, right: Result) -> Result:
        """A binary operator on what both sides came to."""
        if isinstance(left, Group) or isinstance(right, Group):
            return self.of_groups(operator, left, right)
        return self.arithmetic(operator, left, right)

    def of_groups(self, operator: str, left: Result, right: Result) -> Result:
        """An operator on records, as the text defines it, or on vectors."""
        found = self.overloaded(operator, (left, right))
        if found is not None:
            return found
        if self.not_overloaded(operator, (left, right)):
            return integer(0)
        return self.group_binary(operator, left, right)

    def group_binary(self, operator: str, left: Result, right: Result) -> Result:
        """Elementwise operation on vectors."""
        shape = left.type if isinstance(left, Group) else right.type  # type: ignore[union-attr]  # one side is a group
        if shape.record == "complex" and operator in ("+", "-", "*"):
            return self._complex(operator, shape, left, right)
        if shape.record == "complex" and operator == "/":
            self.unread(f"line {self.line}: a quotient of complex numbers is not followed")
        if shape.form != "vector" or shape.element is None:
            whole = Val(INT, -1)
            return self.operate("logic", whole.kind, (self.flat(left), self.flat(right)))
        out = Group(shape, -1, self.graph)
        for key in range(shape.count):
            a = left.item(key, shape.element) if isinstance(left, Group) else left
            b = right.item(key, shape.element) if isinstance(right, Group) else right
            if isinstance(a, Group) or isinstance(b, Group):
                return out
            out.items[key] = self.arithmetic(operator, a, b)
        return out

    def _complex(self, operator: str, shape: Type, left: Result, right: Result) -> Result:
        """A sum, difference or product of complex numbers, by their parts."""
        parts = [
            [one.item("re", shape.fields["re"]), one.item("im", shape.fields["im"])]
            if isinstance(one, Group)
            else [one, integer(0)]
            for one in (left, right)
        ]
        (a, b), (c, d) = [[self.value(Held(part, self.line)) for part in pair] for pair in parts]
        out = Group(shape, -1, self.graph)
        if operator != "*":
            out.items = {"re": self.arithmetic(operator, a, c), "im": self.arithmetic(operator, b, d)}
        elif not isinstance(left, Group) or not isinstance(right, Group):
            factor, (x, y) = (a, (c, d)) if not isinstance(left, Group) else (c, (a, b))
            out.items = {"re": self.arithmetic("*", factor, x), "im": self.arithmetic("*", factor, y)}
        else:
            out.items = {
                "re": self.arithmetic("-", self.arithmetic("*", a, c), self.arithmetic("*", b, d)),
                "im": self.arithmetic("+", self.arithmetic("*", a, d), self.arithmetic("*", b, c)),
            }
        return out

    def flat(self, value: Result) -> Val:
        """A result as one wide scalar."""
        if isinstance(value, Val):
            return value
        nodes = self.sources(value)
        node = (
            self.graph.add("concat", 0, 0.0, nodes, bits=value.type.total_bits)
            if len(nodes) > 1
            else (nodes[0] if nodes else -1)
        )
        return Val(Kind("i", value.type.total_bits, False), node, None, None, self.graph)

    def unary(self, expression: ast.Unary) -> Result:
        """A unary operator."""
        operator = expression.operator
        if operator in ("++", "--"):
            place = self.place(expression.operand)
            old = self.load(place)
            if isinstance(old, Group):
                return old
            new = self.arithmetic("+" if operator == "++" else "-", old, integer(1))
            self.store(place, self.convert(new, old.kind))
            return old if expression.postfix else new
        if operator == "*":
            return self.load(self.place(expression))
        if operator == "&":
            return self.result(expression.operand)
        operand = self.result(expression.operand)
        if isinstance(operand, Group) and operand.type.form == "struct":
            defined = self.overloaded(operator, (operand,))
            if defined is not None:
                return defined
            self.not_overloaded(operator, (operand,))
        found = self.value(Held(operand, expression.line))
        if operator == "-":
            if found.const is not None:
                return (
                    integer(-int(found.const), found.kind)
                    if found.kind.letter == "i"
                    else Val(found.kind, -1, -found.const)
                )
            if found.kind.letter == "f":
                node = self.graph.add("logic", 1, self.operators.simple("logic", 1).delay, self.sources(found), bits=1)
                return Val(found.kind, node, None, None, self.graph)
            return self.arithmetic("-", integer(0, found.kind), found)
        if operator == "!":
            if found.const is not None:
                return integer(int(not found.const), BOOL)
            return Val(BOOL, found.node, None, None, found.graph)
        if operator == "~":
            if isinstance(found.const, int):
                return integer(~found.const, found.kind)
            return Val(found.kind, found.node, None, None, found.graph)
        return found

    def cast(self, expression: ast.Cast) -> Result:
        """A conversion written out."""
        target = self.resolve(expression.type)
        if expression.value is None:
            if target.scalar():
                return integer(0, target.kind) if target.kind.letter == "i" else Val(target.kind, -1, 0.0)
            group = Group(target, -1, self.graph)
            return group
        if target.form == "struct" and not target.pointers and not isinstance(expression.value, ast.Braces):
            made = self.declare(target, "")
            if isinstance(made, Struct) and self.constructed(made, (expression.value,)):
                return self.load(made)
        elif target.form == "struct" and isinstance(expression.value, ast.Braces):
            made = self.declare(target, "")
            if isinstance(made, Struct) and not self.constructed(made, expression.value.items):
                self.store(made, self.result(expression.value))
            return self.load(made)
        found = self.result(expression.value)
        if target.scalar() and isinstance(found, Val):
            return self.convert(found, target.kind)
        if target.form == "vector" and isinstance(found, Val) and target.element is not None and not target.pointers:
            spread = Group(target, -1, self.graph)
            for key in range(target.count):
                spread.items[key] = self.convert(found, target.element.kind) if target.element.scalar() else found
            return spread
        return found

    def conditional(self, expression: ast.Conditional) -> Result:
        """`?:` as a multiplexer, or one side when the condition is known."""
        condition = self.value(expression.condition)
        if condition.const is not None:
            return self.result(expression.yes if condition.const else expression.no)
        yes, no = self.result(expression.yes), self.result(expression.no)
        return self.choose(condition, yes, no)

    def size_of(self, expression: ast.SizeOf) -> Val:
        """`sizeof`, in bytes."""
        if isinstance(expression.operand, ast.TypeRef):
            return integer(self.resolve(expression.operand).total_bits // 8 or 1)
        if isinstance(expression.operand, ast.Name):
            bound = self.find(expression.operand)
            if isinstance(bound, Memory):
                return integer(bound.words * bound.type.bits // 8)
            if isinstance(bound, Registers):
                words = 1
                for extent in bound.extents:
                    words *= extent
                return integer(words * bound.type.bits // 8)
            if isinstance(bound, Cell):
                return integer(bound.kind.bits // 8 or 1)
            reference = self.resolve(ast.TypeRef(expression.operand.name, space=expression.operand.space))
            return integer(reference.total_bits // 8 or 1)
        return integer(4)

    def assign(self, expression: ast.Assign) -> Result:
        """An assignment, compound or plain."""
        if expression.operator:
            place = self.place(expression.target)
            old = self.load(place)
            return self.changed(expression.operator, place, old, self.result(expression.value))
        found = self.result(expression.value)
        if isinstance(expression.target, ast.Call) and self.store_bits(expression.target, found):
            return found
        place = self.place(expression.target)
        self.store(place, found)
        return found

    def changed(self, operator: str, place: Binding, old: Result, right: Result) -> Result:
        """A compound assignment to a place that holds `old`."""
        if isinstance(old, Group) or isinstance(right, Group):
            if isinstance(place, Struct) and self._changes(operator, old):
                changed = self.overloaded(f"{operator}=", (old, right), place)
                if changed is not None:
                    return self.load(place)
            new: Result = self.of_groups(operator, old, right)
        else:
            new = self.convert(self.arithmetic(operator, old, right), old.kind)
        self.store(place, new)
        return new

    def _changes(self, operator: str, old: Result) -> bool:
        """Whether a record defines the compound assignment itself."""
        return isinstance(old, Group) and self.method_named(old.type.record, f"operator{operator}=", 1) is not None

    def evaluated(self, expression: Held) -> Result:
        """What is evaluated already."""
        return expression.result

    def place(self, expression: ast.Expr) -> Binding:
        """What an expression designates: a register, an element of a memory, a part of a record."""
        if isinstance(expression, ast.Name):
            bound = self.find(expression)
            if bound is None or isinstance(bound, Val):
                return self.scratch(expression.name)
            return bound
        if isinstance(expression, ast.Index):
            base = self.place(expression.base)
            index = self.value(expression.index)
            return self.indexed(base, index)
        if isinstance(expression, ast.Member):
            base = self.place(expression.base)
            return self.member(base, expression.name)
        if isinstance(expression, ast.Unary) and expression.operator == "*":
            return self.indexed(self.place(expression.operand), integer(0))
        if isinstance(expression, ast.Unary) and expression.operator == "&":
            return self.place(expression.operand)
        if isinstance(expression, ast.Binary) and expression.operator in ("+", "-"):
            base = self.place(expression.left)
            if not isinstance(base, Memory | View | Registers):
                return self.hold(self.result(expression))  # a sum, and no pointer moved
            offset = self.value(expression.right)
            if expression.operator == "-":
                offset = self.arithmetic("-", integer(0), offset)
            return self.offset(base, offset)
        if isinstance(expression, ast.Cast) and expression.value is not None:
            if self._makes_record(expression.type):
                return self.hold(self.result(expression))
            return self.place(expression.value)
        found = self.result(expression)
        return self.hold(found)

    def _makes_record(self, reference: ast.TypeRef) -> bool:
        """Whether a conversion to a type runs a constructor of the text."""
        return not reference.pointers and not reference.reference and self.resolve(reference).form == "struct"

    def stream_of(self, expression: ast.Expr) -> Stream | None:
        """The stream an expression designates, if it does."""
        if isinstance(expression, ast.Name):
            bound = self.find(expression)
            return bound if isinstance(bound, Stream) and not bound.extents else None
        if isinstance(expression, ast.Index | ast.Member):
            root: ast.Expr = expression
            while isinstance(root, ast.Index | ast.Member):
                root = root.base
            if not isinstance(root, ast.Name) or not isinstance(self.find(root), Stream | Struct | View):
                return None
            bound_place = self.place(expression)
            return bound_place if isinstance(bound_place, Stream) else None
        return None


_READERS: dict[type[ast.Expr], Callable[[ExpressionWalk, Any], Result]] = {
    ast.Number: ExpressionWalk.number,
    ast.Name: ExpressionWalk.named,
    ast.Binary: ExpressionWalk.binary,
    ast.Index: ExpressionWalk.element,
    ast.Member: ExpressionWalk.element,
    ast.Assign: ExpressionWalk.assign,
    ast.Unary: ExpressionWalk.unary,
    ast.Call: ExpressionWalk.called,
    ast.Cast: ExpressionWalk.cast,
    ast.Conditional: ExpressionWalk.conditional,
    ast.Braces: ExpressionWalk.braces,
    ast.SizeOf: ExpressionWalk.size_of,
    ast.Text: ExpressionWalk.text,
    Held: ExpressionWalk.evaluated,
    ast.Lambda: ExpressionWalk.loose_lambda,
    ast.Extent: ExpressionWalk.extent,
}
"""Who reads which kind of expression; a table, because a large body holds a hundred thousand of them."""
