"""The symbolic walk over expressions: constants fold, integers stay linear, the rest becomes operator nodes."""

from __future__ import annotations

import math

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.estimator.dependences import DependenceWalk
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
    fresh,
)
from aigchip_tui.estimator.values import BOOL, DOUBLE, FLOAT, INT, Kind, Lin, Val, integer, merge_kind

_COMPARISONS = frozenset(["<", ">", "<=", ">=", "==", "!="])
_MATH = {
    "exp": "fexp",
    "expf": "fexp",
    "log": "flog",
    "logf": "flog",
    "log2": "flog",
    "log10": "flog",
    "log1p": "flog",
    "sqrt": "fsqrt",
    "sqrtf": "fsqrt",
    "rsqrt": "fsqrt",
    "sin": "ftrig",
    "cos": "ftrig",
    "tan": "ftrig",
    "sinf": "ftrig",
    "cosf": "ftrig",
    "tanf": "ftrig",
    "tanh": "ftrig",
    "tanhf": "ftrig",
    "atan": "ftrig",
    "atan2": "ftrig",
    "sinh": "ftrig",
    "cosh": "ftrig",
    "pow": "fpow",
    "powf": "fpow",
    "exp2": "fexp",
    "expm1": "fexp",
    "erf": "ftrig",
    "asin": "ftrig",
    "acos": "ftrig",
    "cbrt": "fpow",
    "hypot": "fsqrt",
}
_FREE_MATH = frozenset(["fabs", "fabsf", "abs", "copysign", "isnan", "isinf", "signbit"])
_ROUND = frozenset(["floor", "ceil", "round", "trunc", "rint", "floorf", "ceilf", "roundf", "fmod", "fmodf", "lround"])


class ExpressionWalk(DependenceWalk):
    """Evaluates expressions within the current layer and graph."""

    unit: ast.Unit
    template_types: set[str]
    multiplier: str = ""

    def constant_named(self, expression: ast.Name) -> Val | None:
        """A constant that is no variable; the walk over functions knows it."""
        raise NotImplementedError

    def resolve(self, reference: ast.TypeRef) -> Type:
        """A written type in the current scope."""
        raise NotImplementedError

    def function_named(self, callee: ast.Name, call: ast.Call) -> ast.Function | None:
        """The function that a call means."""
        raise NotImplementedError

    def invoke(self, function: ast.Function, callee: ast.Name, call: ast.Call, owner: Struct | None = None) -> Result:
        """A call of a function in the text."""
        raise NotImplementedError

    def memory_copy(self, call: ast.Call, name: str) -> None:
        """`memcpy` and its kin."""
        raise NotImplementedError

    def method_of(self, callee: ast.Member) -> tuple[ast.Function, Struct] | None:
        """A method defined in the text."""
        raise NotImplementedError

    # --- building nodes --------------------------------------------------------------------------------------------

    def sources(self, *values: Result) -> tuple[int, ...]:
        """Nodes of values made in the current graph; others are there from the start."""
        found: list[int] = []
        graph = self.graph
        for value in values:
            if isinstance(value, Group):
                if value.items:
                    found += [item.node for item in value.values() if item.graph is graph and item.node >= 0]
                if value.graph is graph and value.node >= 0:
                    found.append(value.node)
            elif value.graph is graph and value.node >= 0:
                found.append(value.node)
        return tuple(dict.fromkeys(found))

    def operate(self, name: str, kind: Kind, operands: tuple[Val, ...], *, lin: Lin | None = None) -> Val:
        """A value computed by an operator node; on integers it is a new symbol unless a linear form is known."""
        if name.startswith("f") and any(operand.kind.letter == "f" for operand in (*operands, Val(kind))):
            bits = max(
                [operand.kind.bits for operand in operands if operand.kind.letter == "f"]
                + [kind.bits if kind.letter == "f" else 0]
            )
            cost = self.operators.floating(name, bits)
            label = f"{name}{bits}"
        else:
            bits = max([kind.bits, *(operand.kind.bits for operand in operands)]) if name != "mul" else kind.bits
            left = operands[0].kind.bits if operands else bits
            right = operands[1].kind.bits if len(operands) > 1 else left
            cost = self.operators.simple(
                name,
                bits,
                self.width(operands[0]) if operands else left,
                self.width(operands[1]) if len(operands) > 1 else right,
            )
            label = name
            if name == "mul" and self.multiplier:
                label = f"mul_{self.multiplier}"
                cost = self.operators.bound_multiplier(
                    self.multiplier, bits, self.width(operands[0]), self.width(operands[-1])
                )
        widths = tuple(self.width(operand) for operand in operands)
        node = self.graph.add(
            label, cost.states, cost.delay, self.sources(*operands), bits=bits, widths=widths, line=self.line
        )
        if lin is None and kind.letter == "i":
            lin = Lin(0, ((fresh(), 1),))
        return Val(kind, node, None, lin, self.graph)

    def width(self, value: Val) -> int:
        """Bits that a value needs: constants and loop counters need less than their type."""
        if isinstance(value.const, int):
            return max(1, int(value.const).bit_length() + (1 if value.const < 0 else 0))
        if value.lin is not None and value.kind.letter == "i" and value.node < 0:
            bounds = self.range_of(value.lin)
            if bounds is not None:
                largest = max(abs(bounds[0]), abs(bounds[1]))
                return min(value.kind.bits, max(1, largest.bit_length() + (1 if bounds[0] < 0 else 0)))
        return min(value.kind.bits, value.need) if value.need else value.kind.bits

    def convert(self, value: Val, kind: Kind) -> Val:
        """Conversion of a value to a kind; between number families it costs a core."""
        if value.kind == kind:
            return value
        if value.const is not None:
            number: float = value.const
            if kind.letter == "i":
                try:
                    whole = int(number)
                except (ValueError, OverflowError):
                    whole = 0
                if kind.bits < 64 and value.kind.bits > kind.bits:
                    whole &= (1 << kind.bits) - 1
                    if kind.signed and whole >> (kind.bits - 1):
                        whole -= 1 << kind.bits
                return integer(whole, kind)
            return Val(kind, -1, number if kind.letter == "x" else float(number))
        left, right = value.kind.letter, kind.letter
        if left == right or {left, right} == {"i", "x"}:
            if left == "f":
                return self.operate("resize", kind, (value,)) if value.kind.bits != kind.bits else value
            lin = value.lin if right == "i" and kind.bits >= min(value.kind.bits, 16) else None
            if lin is None and right == "i":
                lin = Lin(0, ((fresh(), 1),))
            return Val(kind, value.node, None, lin, value.graph, min(kind.bits, self.width(value)))
        cost = self.operators.floating(
            "convert", max(value.kind.bits if left == "f" else 0, kind.bits if right == "f" else 0)
        )
        bits = max(value.kind.bits if left == "f" else 0, kind.bits if right == "f" else 0)
        node = self.graph.add(f"convert{bits}", cost.states, cost.delay, self.sources(value), bits=bits, line=self.line)
        return Val(kind, node, None, Lin(0, ((fresh(), 1),)) if right == "i" else None, self.graph)

    # --- expressions -----------------------------------------------------------------------------------------------

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
        if isinstance(expression, ast.Number):
            if expression.kind in ("int", "bool"):
                return integer(int(expression.value), INT if expression.kind == "int" else BOOL)
            return Val(FLOAT if expression.kind == "float" else DOUBLE, -1, float(expression.value))
        if isinstance(expression, ast.Name):
            return self.named(expression)
        if isinstance(expression, ast.Binary):
            return self.binary(expression)
        if isinstance(expression, ast.Index | ast.Member):
            return self.load(self.place(expression))
        if isinstance(expression, ast.Assign):
            return self.assign(expression)
        if isinstance(expression, ast.Unary):
            return self.unary(expression)
        if isinstance(expression, ast.Call):
            return self.call(expression)
        if isinstance(expression, ast.Cast):
            return self.cast(expression)
        if isinstance(expression, ast.Conditional):
            return self.conditional(expression)
        if isinstance(expression, ast.Braces):
            return self.braces(expression)
        if isinstance(expression, ast.SizeOf):
            return self.size_of(expression)
        return integer(0)

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
        bound = self.lookup(expression.name)
        if bound is None:
            constant = self.constant_named(expression)
            if constant is not None:
                return constant
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
        right_result = self.result(expression.right)
        if isinstance(left_result, Group) or isinstance(right_result, Group):
            return self.group_binary(operator, left_result, right_result)
        return self.arithmetic(operator, left_result, right_result)

    def group_binary(self, operator: str, left: Result, right: Result) -> Result:
        """Elementwise operation on vectors."""
        shape = left.type if isinstance(left, Group) else right.type  # type: ignore[union-attr]  # one side is a group
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

    def arithmetic(self, operator: str, left: Val, right: Val) -> Val:
        """One operator on two scalars."""
        if left.const is not None and right.const is not None:
            folded = self.fold_pair(operator, left, right)
            if folded is not None:
                return folded
        if operator in _COMPARISONS:
            return self.compare(operator, left, right)
        if operator in ("&&", "||"):
            return self.operate("logic", BOOL, (left, right))
        kind = merge_kind(left.kind, right.kind)
        if kind.letter == "f":
            return self.floating(operator, kind, left, right)
        if kind.letter == "x":
            return self.fixed(operator, kind, left, right)
        return self.whole(operator, kind, left, right)

    def fold_pair(self, operator: str, left: Val, right: Val) -> Val | None:
        """Both constant."""
        a, b = left.const, right.const
        if isinstance(a, int) and isinstance(b, int) and left.kind.letter == "i" and right.kind.letter == "i":
            try:
                value = apply_binary(operator, a, b)
            except NotConstantError:
                return None
            kind = BOOL if operator in _COMPARISONS or operator in ("&&", "||") else merge_kind(left.kind, right.kind)
            return integer(value, kind if kind.bits >= 32 or kind is BOOL else INT)
        assert a is not None
        assert b is not None
        try:
            if operator in _COMPARISONS or operator in ("&&", "||"):
                outcome = {
                    "<": a < b,
                    ">": a > b,
                    "<=": a <= b,
                    ">=": a >= b,
                    "==": a == b,
                    "!=": a != b,
                    "&&": bool(a) and bool(b),
                    "||": bool(a) or bool(b),
                }[operator]
                return integer(int(outcome), BOOL)
            number = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else math.inf}.get(operator)
        except (OverflowError, ValueError):
            return None
        if number is None:
            return None
        return Val(merge_kind(left.kind, right.kind), -1, float(number))

    def compare(self, operator: str, left: Val, right: Val) -> Val:
        """A comparison; decided when ranges of linear forms decide it."""
        if left.lin is not None and right.lin is not None and left.kind.letter == "i" and right.kind.letter == "i":
            bounds = self.range_of(left.lin.plus(right.lin, -1))
            if bounds is not None:
                low, high = bounds
                verdict: bool | None = None
                if operator in ("<", ">="):
                    verdict = True if high < 0 else False if low >= 0 else None
                    verdict = verdict if operator == "<" or verdict is None else not verdict
                elif operator in (">", "<="):
                    verdict = True if low > 0 else False if high <= 0 else None
                    verdict = verdict if operator == ">" or verdict is None else not verdict
                else:
                    verdict = False if low > 0 or high < 0 else True if low == high == 0 else None
                    verdict = verdict if operator == "==" or verdict is None else not verdict
                if verdict is not None:
                    return integer(int(verdict), BOOL)
        kind = merge_kind(left.kind, right.kind)
        if kind.letter == "f":
            return self.operate("fcmp", BOOL, (self.convert(left, kind), self.convert(right, kind)))
        return self.operate("cmp", BOOL, (left, right))

    def floating(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Floating-point arithmetic; products with one and sums with zero are folded as the compiler may."""
        left, right = self.convert(left, kind), self.convert(right, kind)
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if one.const == 1.0:
                    return other
            return self.operate("fmul", kind, (left, right))
        if operator in ("+", "-"):
            if right.const == 0.0 or (left.const == 0.0 and operator == "+" and self.options.unsafe_math):
                return left if right.const == 0.0 else right
            return self.add_tree("fadd", kind, left, right, operator)
        if operator == "/":
            if right.const is not None and right.const not in (0.0,) and math.frexp(right.const)[0] in (0.5, -0.5):
                return self.operate("fmul", kind, (left, right))
            return self.operate("fdiv", kind, (left, right))
        return self.operate("fmul", kind, (left, right))

    def add_tree(self, name: str, kind: Kind, left: Val, right: Val, operator: str) -> Val:
        """A floating addition (sums are re-associated only under unsafe math, by the balancer)."""
        found = self.operate(name, kind, (left, right))
        if operator == "+":
            self.associative.add((self.graph.number, found.node))
        return found

    def fixed(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Fixed-point arithmetic."""
        name = {"+": "add", "-": "add", "*": "mul", "/": "div", "%": "rem"}.get(operator, "logic")
        if operator == "*":
            kind = Kind(
                "x", min(256, left.kind.bits + right.kind.bits), kind.signed, left.kind.integer + right.kind.integer
            )
        elif operator in ("<<", ">>"):
            return (
                Val(left.kind, left.node, None, None, left.graph)
                if right.const is not None
                else self.operate("shift", left.kind, (left, right))
            )
        return self.operate(name, kind, (left, right))

    def whole(self, operator: str, kind: Kind, left: Val, right: Val) -> Val:
        """Integer arithmetic; linear forms stay linear, powers of two are wiring."""
        if kind.bits < 32 and operator not in ("&", "|", "^"):
            kind = Kind("i", 32, True) if operator not in ("*",) else kind
        a, b = left.lin, right.lin
        if operator in ("+", "-"):
            if right.const == 0:
                return left
            if left.const == 0 and operator == "+":
                return right
            lin = a.plus(b, 1 if operator == "+" else -1) if a is not None and b is not None else None
            if lin is not None and not lin.terms:
                return integer(lin.constant, kind)
            if lin is not None and left.node < 0 and right.node < 0:
                return Val(kind, -1, None, lin)
            found = self.operate(
                "add",
                Kind(
                    "i",
                    min(64, max(self.width(left), self.width(right)) + 1) if kind.bits <= 64 else kind.bits,
                    kind.signed,
                ),
                (left, right),
                lin=lin,
            )
            self.associative.add((self.graph.number, found.node)) if operator == "+" else None
            wide = max(self.width(left), self.width(right)) + 1
            return Val(kind, found.node, None, found.lin, found.graph, min(kind.bits, wide))
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one.const, int):
                    if one.const in (0, 1):
                        return other if one.const else integer(0, kind)
                    lin = other.lin.times(one.const) if other.lin is not None else None
                    if lin is not None and other.node < 0:
                        return Val(kind, -1, None, lin)
                    if one.const & (one.const - 1) == 0 and one.const > 0:
                        return Val(kind, other.node, None, lin, other.graph)
                    if bin(abs(one.const)).count("1") <= 2 or (abs(one.const) + 1) & abs(one.const) == 0:
                        return self.operate("add", kind, (other,), lin=lin)
                    return self.operate("mul", kind, (other, one), lin=lin)
            product = max(32, min(64, self.width(left) + self.width(right))) if kind.bits <= 64 else kind.bits
            found = self.operate("mul", Kind("i", min(product, max(kind.bits, 32)), kind.signed), (left, right))
            wide = self.width(left) + self.width(right)
            return Val(merge_kind(kind, INT), found.node, None, found.lin, found.graph, wide)
        if operator in ("/", "%"):
            if isinstance(right.const, int) and right.const > 0:
                if right.const == 1:
                    return left if operator == "/" else integer(0, kind)
                if right.const & (right.const - 1) == 0:
                    return Val(
                        kind, left.node, None, Lin(0, ((self.derived(operator, left, right.const), 1),)), left.graph
                    )
                first = self.operate("mul", kind, (left, right))
                return self.operate("add", kind, (first, left)) if operator == "%" else first
            return self.operate("div" if operator == "/" else "rem", kind, (left, right))
        if operator in ("<<", ">>"):
            if isinstance(right.const, int):
                lin = None
                if operator == "<<" and left.lin is not None and 0 <= right.const < 64:
                    lin = left.lin.times(1 << right.const)
                elif operator == ">>":
                    lin = Lin(0, ((self.derived(">>", left, right.const), 1),))
                return Val(kind, left.node, None, lin, left.graph)
            return self.operate("shift", kind, (left, right))
        if operator in ("&", "|", "^"):
            if isinstance(right.const, int) and operator == "&" and right.const & (right.const + 1) == 0:
                return Val(kind, left.node, None, Lin(0, ((self.derived("&", left, right.const), 1),)), left.graph)
            return self.operate("logic", kind, (left, right))
        return self.operate("logic", kind, (left, right))

    def derived(self, operator: str, value: Val, constant: int) -> int:
        """Symbol of a function of a linear form: equal arguments give the equal symbol."""
        terms = value.lin.terms if value.lin is not None else ((fresh(), 1),)
        start = value.lin.constant if value.lin is not None else 0
        key = (operator, terms, start, constant)
        found = self.derived_symbols.get(key)
        if found is None:
            found = self.derived_symbols[key] = fresh()
            bounds = self.range_of(Lin(start, terms))
            if bounds is not None and bounds[0] >= 0:
                low, high = bounds
                if operator == "%":
                    self.ranges[found] = (0, min(high, constant - 1))
                elif operator == "&":
                    self.ranges[found] = (0, min(high, constant))
                elif operator == "/":
                    self.ranges[found] = (low // constant, high // constant)
                else:
                    self.ranges[found] = (low >> constant, high >> constant)
        return found

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
        found = self.value(expression.operand)
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

    def choose(self, condition: Val, yes: Result, no: Result) -> Result:
        """A multiplexer of two results."""
        if isinstance(yes, Group) or isinstance(no, Group):
            shape = yes.type if isinstance(yes, Group) else no.type  # type: ignore[union-attr]  # one side is a group
            node = self.graph.add(
                "select",
                1,
                self.operators.simple("select", shape.total_bits).delay,
                self.sources(condition, yes, no),
                bits=shape.total_bits,
            )
            return Group(shape, node, self.graph)
        if yes is no:
            return yes
        if yes.const is not None and yes.const == no.const:
            return yes
        kind = merge_kind(yes.kind, no.kind)
        yes, no = self.convert(yes, kind), self.convert(no, kind)
        cost = self.operators.simple("select", kind.bits)
        node = self.graph.add("select", 1, cost.delay, self.sources(condition, yes, no), bits=kind.bits, line=self.line)
        lin = Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None
        if lin is not None and yes.lin is not None and no.lin is not None:
            first, second = self.range_of(yes.lin), self.range_of(no.lin)
            if first is not None and second is not None:
                self.ranges[lin.terms[0][0]] = (min(first[0], second[0]), max(first[1], second[1]))
        return Val(kind, node, None, lin, self.graph)

    def size_of(self, expression: ast.SizeOf) -> Val:
        """`sizeof`, in bytes."""
        if isinstance(expression.operand, ast.TypeRef):
            return integer(self.resolve(expression.operand).total_bits // 8 or 1)
        if isinstance(expression.operand, ast.Name):
            bound = self.lookup(expression.operand.name)
            if isinstance(bound, Memory):
                return integer(bound.words * bound.type.bits // 8)
            if isinstance(bound, Registers):
                words = 1
                for extent in bound.extents:
                    words *= extent
                return integer(words * bound.type.bits // 8)
            if isinstance(bound, Cell):
                return integer(bound.kind.bits // 8 or 1)
            reference = self.resolve(ast.TypeRef(expression.operand.name))
            return integer(reference.total_bits // 8 or 1)
        return integer(4)

    # --- calls -----------------------------------------------------------------------------------------------------

    def call(self, expression: ast.Call) -> Result:
        """A call: stream and vector methods, math, memory helpers, functions of the unit."""
        callee = expression.callee
        if isinstance(callee, ast.Member):
            return self.method(callee, expression)
        if not isinstance(callee, ast.Name):
            return integer(0)
        name = callee.name
        function = self.function_named(callee, expression)
        if function is not None:
            return self.invoke(function, callee, expression)
        arguments = expression.arguments
        if name in ("memcpy", "memmove", "memset"):
            self.memory_copy(expression, name)
            return integer(0)
        if name in _MATH:
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
            return self.operate(_MATH[name], kind, tuple(self.convert(item, kind) for item in values))
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
        if name in ("max", "min", "fmax", "fmin", "fmaxf", "fminf") and len(arguments) == 2:
            left, right = self.value(arguments[0]), self.value(arguments[1])
            if left.const is not None and right.const is not None:
                return left if (left.const > right.const) == (name.startswith(("max", "fmax"))) else right
            kind = merge_kind(left.kind, right.kind)
            left, right = self.convert(left, kind), self.convert(right, kind)
            chosen = self.choose(self.compare("<", left, right), left, right)
            return chosen
        if name == "__builtin_expect" and arguments:
            return self.result(arguments[0])
        type_like = self.unit.aliases.get(name) or self.unit.records.get(name) or name in self.template_types
        if type_like:
            inner = arguments[0] if len(arguments) == 1 else (ast.Braces(arguments) if arguments else None)
            return self.cast(ast.Cast(ast.TypeRef(name, callee.arguments), inner))
        for argument in arguments:
            self.result(argument)
        if name not in ("assert", "printf", "fprintf", "puts", "exit", "sizeof", "read_lock", "write_lock"):
            self.note(f"call of '{name}' at line {expression.line}: its body is not in the text")
        return Val(INT, -1, None, Lin(0, ((fresh(), 1),)))

    def method(self, callee: ast.Member, expression: ast.Call) -> Result:
        """A method of a stream, a vector, a lock or a record."""
        stream = self.stream_of(callee.base)
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
            base = self.value(callee.base)
            extra = [self.value(argument) for argument in arguments]
            if name in ("to_float", "to_double"):
                return self.convert(base, FLOAT if name == "to_float" else DOUBLE)
            if any(item.const is None for item in extra):
                return self.operate("shift", base.kind, (base, extra[0]))
            kind = base.kind
            if name == "range" and len(extra) == 2 and extra[0].const is not None and extra[1].const is not None:
                kind = Kind("i", int(abs(extra[0].const - extra[1].const)) + 1, False)
            return Val(kind, base.node, None, Lin(0, ((fresh(), 1),)), base.graph)
        if name in ("reduce_add",):
            found = self.result(callee.base)
            if isinstance(found, Group) and found.type.element is not None:
                total: Val | None = None
                for key in range(found.type.count):
                    item = found.item(key, found.type.element)
                    if isinstance(item, Val):
                        total = item if total is None else self.arithmetic("+", total, item)
                return total if total is not None else integer(0)
        record = self.method_of(callee)
        if record is not None:
            function, owner = record
            return self.invoke(function, ast.Name(function.name), expression, owner)
        for argument in arguments:
            self.result(argument)
        if name not in ("read_request", "write_request", "write_response", "set_depth", "resize"):
            self.note(f"method '{name}' at line {expression.line} is not known")
        return Val(INT, -1, None, Lin(0, ((fresh(), 1),)))

    def assign(self, expression: ast.Assign) -> Result:
        """An assignment, compound or plain."""
        if expression.operator:
            place = self.place(expression.target)
            old = self.load(place)
            right = self.result(expression.value)
            if isinstance(old, Group) or isinstance(right, Group):
                new: Result = self.group_binary(expression.operator, old, right)
            else:
                new = self.convert(self.arithmetic(expression.operator, old, right), old.kind)
            self.store(place, new)
            return new
        found = self.result(expression.value)
        place = self.place(expression.target)
        self.store(place, found)
        return found

    def place(self, expression: ast.Expr) -> Binding:
        """What an expression designates: a register, an element of a memory, a part of a record."""
        if isinstance(expression, ast.Name):
            bound = self.lookup(expression.name)
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
            offset = self.value(expression.right)
            if expression.operator == "-":
                offset = self.arithmetic("-", integer(0), offset)
            if isinstance(base, Memory | View | Registers):
                return self.offset(base, offset)
            return base
        if isinstance(expression, ast.Cast) and expression.value is not None:
            return self.place(expression.value)
        found = self.result(expression)
        return self.hold(found)

    def stream_of(self, expression: ast.Expr) -> Stream | None:
        """The stream an expression designates, if it does."""
        if isinstance(expression, ast.Name):
            bound = self.lookup(expression.name)
            return bound if isinstance(bound, Stream) and not bound.extents else None
        if isinstance(expression, ast.Index | ast.Member):
            root: ast.Expr = expression
            while isinstance(root, ast.Index | ast.Member):
                root = root.base
            if not isinstance(root, ast.Name) or not isinstance(self.lookup(root.name), Stream | Struct | View):
                return None
            bound_place = self.place(expression)
            return bound_place if isinstance(bound_place, Stream) else None
        return None
