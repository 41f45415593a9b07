"""Calls of what the text does not define: mathematics, streams, locks, vectors and bit types."""

from __future__ import annotations

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.constant_calls import run_constant
from aigchip_tui.estimator.objects import (
    Cell,
    Group,
    Memory,
    Registers,
    Result,
    Stream,
    Struct,
    Type,
    fresh,
)
from aigchip_tui.estimator.overloads import Held
from aigchip_tui.estimator.tool_methods import ToolMethodWalk
from aigchip_tui.estimator.traverse import acts
from aigchip_tui.estimator.types import is_builtin
from aigchip_tui.estimator.values import BOOL, DOUBLE, FLOAT, INT, Kind, Lin, Val, integer, merge_kind

_MATH = {
    "exp": "fexp",
    "log": "flog",
    "log2": "flog",
    "log10": "flog",
    "log1p": "flog",
    "sqrt": "fsqrt",
    "rsqrt": "fsqrt",
    "sin": "ftrig",
    "cos": "ftrig",
    "tan": "ftrig",
    "tanh": "ftrig",
    "atan": "ftrig",
    "atan2": "ftrig",
    "sinh": "ftrig",
    "cosh": "ftrig",
    "pow": "fpow",
    "exp2": "fexp",
    "expm1": "fexp",
    "erf": "ftrig",
    "asin": "ftrig",
    "acos": "ftrig",
    "cbrt": "fpow",
    "hypot": "fsqrt",
}
"""Functions of mathematics, each also with an `f` behind its name, and the operator that computes it."""
_FREE_MATH = frozenset(["fabs", "fabsf", "abs", "copysign", "isnan", "isinf", "signbit"])
_ROUND = frozenset(["floor", "ceil", "round", "trunc", "rint", "floorf", "ceilf", "roundf", "fmod", "fmodf", "lround"])


class CalleeWalk(ToolMethodWalk):
    """Calls of what the text does not define: mathematics, streams, locks, vectors and bit types."""

    def call(self, expression: ast.Call) -> Result:
        """A call: stream and vector methods, math, memory helpers, functions of the unit."""
        callee = expression.callee
        if isinstance(callee, ast.Member):
            return self.method(callee, expression)
        if isinstance(callee, ast.Lambda):
            return self.invoke_lambda(callee.function, expression)
        if len(expression.arguments) == 2 and self.is_integer(callee):
            return self.method(ast.Member(callee, "range", expression.line), expression)
        if not isinstance(callee, ast.Name):
            self.unread(f"line {expression.line}: a function is called through a pointer or an expression")
            return integer(0)
        name = callee.name
        if callee.scope.endswith("numeric_limits") and not expression.arguments:
            return Val(INT, -1, None, Lin(0, ((fresh(), 1),)))
        if self.owner is not None and not callee.scope:
            method = self.method_named(self.owner.type.record, name, len(expression.arguments))
            if method is not None:
                return self.invoke(method, callee, expression, self.owner)
        if callee.owner is not None:
            record = self.resolve(callee.owner)
            method = self.method_named(record.record, name, len(expression.arguments))
            if method is not None:
                return self.invoke(method, callee, expression, Struct(record, {}, fresh()))
        function = self.meant(callee, expression)
        if function is not None:
            constant = self._constant_call(function, expression)
            return self.invoke(function, callee, expression) if constant is None else constant
        found = self._called_object(callee, expression)
        if found is not None:
            return found
        arguments = expression.arguments
        if name in ("memcpy", "memmove", "memset"):
            self.memory_copy(expression, name)
            return integer(0)
        operator = _MATH.get(name) or _MATH.get(name.removesuffix("f"))
        if operator is not None:
            values = [self.value(argument) for argument in arguments]
            kind = merge_kind(values[0].kind, values[-1].kind) if values else DOUBLE
            if kind.letter == "i":
                kind = DOUBLE
            if kind.letter == "x":
                return self.operate("mul", kind, tuple(values[:1]) * 2)
            if all(item.const is not None for item in values):
                return Val(kind, -1, 1.0)
            if name.startswith("pow") and values[-1].const == 2:
                base = self.convert(values[0], kind)
                return self.operate("fmul", kind, (base, base))
            return self.operate(operator, kind, tuple(self.convert(item, kind) for item in values))
        if name in _FREE_MATH:
            found = self.value(arguments[0]) if arguments else integer(0)
            if found.kind.letter == "i" and name == "abs":
                return self.operate("add", found.kind, (found,))
            return Val(found.kind, found.node, None if found.const is None else abs(found.const), None, found.graph)
        if name in _ROUND:
            values = [self.value(argument) for argument in arguments]
            if not values or values[0].kind.letter == "i":
                return values[0] if values else integer(0)
            return self.operate("fadd", values[0].kind, tuple(values[:1]))
        if name in ("max", "min") and len(arguments) == 1 and isinstance(arguments[0], ast.Braces):
            return self._of_all(callee, arguments[0].items, expression.line)
        if name in ("max", "min", "fmax", "fmin", "fmaxf", "fminf") and len(arguments) == 2:
            left, right = self.value(arguments[0]), self.value(arguments[1])
            if left.const is not None and right.const is not None:
                return left if (left.const > right.const) == (name.startswith(("max", "fmax"))) else right
            kind = merge_kind(left.kind, right.kind)
            left, right = self.convert(left, kind), self.convert(right, kind)
            chosen = self.choose(self.compare("<", left, right), left, right)
            return chosen
        if name == "swap" and len(arguments) == 2:
            first, second = (self.place(argument) for argument in arguments)
            left_value, right_value = self.load(first), self.load(second)
            self.store(first, right_value)
            self.store(second, left_value)
            return integer(0)
        if name == "__builtin_expect" and arguments:
            return self.result(arguments[0])
        if name == "recip" and len(arguments) == 1:
            value = self.value(arguments[0])
            return self.arithmetic("/", Val(value.kind, -1, 1.0), value)
        if name in ("sincos", "sincosf") and len(arguments) == 3:
            angle = Held(self.value(arguments[0]), expression.line)
            for part, place in zip(("sin", "cos"), arguments[1:], strict=True):
                value = self.value(ast.Call(ast.Name(part, space=self.space), (angle,), expression.line))
                self.store(self.place(place), value)
            return integer(0)
        key = self.unit.names.key_of(name, callee.scope, callee.space)
        if (
            key in self.unit.aliases
            or key in self.unit.records
            or isinstance(self.bound.get(name), Type)
            or (callee.scope in ("", "std") and is_builtin(name))
        ):
            inner = arguments[0] if len(arguments) == 1 else (ast.Braces(arguments) if arguments else None)
            written = ast.TypeRef(name, callee.arguments, scope=callee.scope, space=callee.space)
            return self.cast(ast.Cast(written, inner))
        for argument in arguments:
            self.result(argument)
        if name not in ("assert", "printf", "fprintf", "puts", "exit", "sizeof", "read_lock", "write_lock"):
            self._no_body(callee, expression)
        return Val(INT, -1, None, Lin(0, ((fresh(), 1),)))

    def _of_all(self, callee: ast.Name, items: tuple[ast.Expr, ...], line: int) -> Result:
        """`std::min({a, b, c})`, one comparison after the other."""
        found = self.result(items[0]) if items else integer(0)
        for item in items[1:]:
            found = self.call(ast.Call(callee, (Held(found, line), item), line))
        return found

    def _constant_call(self, function: ast.Function, call: ast.Call) -> Val | None:
        """The result of a call with constant arguments that is one itself."""
        if not call.arguments and function.returns.name == "void":
            return None
        values: list[int] = []
        for argument in call.arguments:
            value = None if acts(argument) else self.fold(argument)
            if value is None:
                return None
            values.append(value)
        found = run_constant(function, values, self.fold, self.meant)
        return None if found is None else integer(found)

    def _called_object(self, callee: ast.Name, call: ast.Call) -> Result | None:
        """`f(x)` of a record with `operator()`, and `w(7, 0)`, the bits of an integer."""
        bound = self.find(callee)
        if isinstance(bound, Struct):
            method = self.method_named(bound.type.record, "operator()", len(call.arguments))
            return self.invoke(method, callee, call, bound) if method is not None else None
        whole = isinstance(bound, Val | Cell) and bound.kind.letter in "ix"
        if whole and len(call.arguments) == 2:
            return self.method(ast.Member(callee, "range", call.line), call)
        return None

    def method(self, callee: ast.Member, expression: ast.Call) -> Result:
        """A method of a stream, a vector, a lock or a record."""
        stream = self.stream_of(callee.base) or self._burst_of(callee)
        name = callee.name
        arguments = expression.arguments
        if stream is not None:
            if name in ("read", "read_nb", "get"):
                token = self.stream_read(stream)
                if arguments:
                    self.store(self.place(arguments[0]), token)
                    return Val(BOOL, token.node, None, None, self.graph)
                return token
            if name in ("write", "write_nb", "put"):
                self.stream_write(stream, self.result(arguments[0]) if arguments else integer(0))
                return integer(1, BOOL)
            node = self.graph.add("stream_state", 1, 0.1, (), bits=1)
            return Val(BOOL, node, None, None, self.graph)
        record = self.method_of(callee, len(arguments)) if name in self.method_names else None
        if record is not None:
            function, owner = record
            return self.invoke(function, ast.Name(function.name), expression, owner)
        if name in (
            "range",
            "get",
            "test",
            "to_int",
            "to_uint",
            "to_float",
            "to_double",
            "bit",
            "length",
            "real",
            "imag",
        ):
            whole = self.result(callee.base)
            if isinstance(whole, Group) and whole.type.record == "complex" and name in ("real", "imag"):
                return whole.item(name[:2], whole.type.fields[name[:2]])
            base = self.value(Held(whole, expression.line))
            extra = [self.value(argument) for argument in arguments]
            if name in ("to_float", "to_double"):
                return self.convert(base, FLOAT if name == "to_float" else DOUBLE)
            if any(item.const is None for item in extra):
                return self.operate("shift", base.kind, (base, extra[0]))
            kind = base.kind
            if name == "range" and len(extra) == 2 and extra[0].const is not None and extra[1].const is not None:
                kind = Kind("i", int(abs(extra[0].const - extra[1].const)) + 1, False)
            return Val(kind, base.node, None, Lin(0, ((fresh(), 1),)), base.graph)
        if name == "size" and not arguments:
            place = self.place(callee.base)
            if isinstance(place, Memory | Registers) and place.extents:
                return integer(place.extents[0])
        if name == "concat" and len(arguments) == 1:
            return self.flat(self.braces(ast.Braces((callee.base, arguments[0]), expression.line)))
        if name in ("reduce_add",):
            found = self.result(callee.base)
            if isinstance(found, Group) and found.type.element is not None:
                total: Val | None = None
                for key in range(found.type.count):
                    item = found.item(key, found.type.element)
                    if isinstance(item, Val):
                        total = item if total is None else self.arithmetic("+", total, item)
                return total if total is not None else integer(0)
        known = self.tool_method(callee, expression)
        if known is not None:
            return known
        for argument in arguments:
            self.result(argument)
        if name not in ("read_request", "write_request", "write_response", "set_depth", "resize"):
            self.unread(f"line {expression.line}: what method '{name}' does is not in these files")
        return Val(INT, -1, None, Lin(0, ((fresh(), 1),)))

    def _burst_of(self, callee: ast.Member) -> Stream | None:
        """The words of a burst that the text asked for (hls::burst_maxi): they come and go like tokens."""
        bound = self.find(callee.base) if isinstance(callee.base, ast.Name) else None
        if not isinstance(bound, Memory) or callee.name not in ("read", "write"):
            return None
        bound.read |= callee.name == "read"
        bound.written |= callee.name == "write"
        return Stream(bound.number, bound.type, 1, bound.name)

    def _no_body(self, callee: ast.Name, call: ast.Call) -> None:
        """Says why a call cannot be followed."""
        name = callee.name
        if self.find(callee) is not None:
            self.unread(f"line {call.line}: '{name}' is called through a pointer or an object, which is not followed")
        elif self.unit.functions.get(self.unit.names.key_of(name, callee.scope, callee.space)):
            self.unread(f"line {call.line}: '{name}' is declared, but its body is not in these files")
        else:
            self.unread(f"line {call.line}: '{name}' is called, but it is not defined in these files")
