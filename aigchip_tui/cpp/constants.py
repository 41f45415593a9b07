"""Constant expressions of C++ text: integer arithmetic as the compiler folds it, without a compiler."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from aigchip_tui.cpp.tokens import Token, significant

TYPE_BITS: dict[str, int] = {
    "bool": 8,
    "char": 8,
    "signed char": 8,
    "unsigned char": 8,
    "short": 16,
    "unsigned short": 16,
    "int": 32,
    "unsigned": 32,
    "unsigned int": 32,
    "long": 64,
    "unsigned long": 64,
    "long long": 64,
    "unsigned long long": 64,
    "float": 32,
    "double": 64,
    "half": 16,
    "size_t": 64,
    "int8_t": 8,
    "int16_t": 16,
    "int32_t": 32,
    "int64_t": 64,
    "uint8_t": 8,
    "uint16_t": 16,
    "uint32_t": 32,
    "uint64_t": 64,
}
"""Storage width in bits of the built-in types, by their name without `std::`."""

_PRECEDENCE: dict[str, int] = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    ">": 7,
    "<=": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "%": 10,
}
_CAST_TYPES = frozenset(TYPE_BITS) | {"signed", "const"}
_MAX_BITS = 128


class NotConstantError(Exception):
    """The expression has no integer value that is known from the constants alone."""


@lru_cache(maxsize=512)
def integer_literal(text: str) -> int | None:
    """Value of an integer literal (decimal, hexadecimal, octal, binary, digit separators, suffixes), else
    None.
    """
    body = text.replace("'", "").lower()
    if body.startswith("0x"):
        body = body.rstrip("ul")
        base = 16
    elif body.startswith("0b"):
        body, base = body.rstrip("ul"), 2
    else:
        body = body.rstrip("ul")
        base = 8 if len(body) > 1 and body[0] == "0" else 10
    try:
        return int(body, base)
    except ValueError:
        return None


def apply_binary(operator: str, left: int, right: int) -> int:
    """One C++ operator on two integers (division truncates towards zero); raises NotConstantError when
    undefined.
    """
    if operator == "+":
        value = left + right
    elif operator == "-":
        value = left - right
    elif operator == "*":
        value = left * right
    elif operator in ("/", "%"):
        if right == 0:
            raise NotConstantError("division by zero")
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        value = quotient if operator == "/" else left - quotient * right
    elif operator == "<<":
        if not 0 <= right < _MAX_BITS:
            raise NotConstantError("shift out of range")
        value = left << right
    elif operator == ">>":
        if not 0 <= right < _MAX_BITS:
            raise NotConstantError("shift out of range")
        value = left >> right
    elif operator == "&":
        value = left & right
    elif operator == "|":
        value = left | right
    elif operator == "^":
        value = left ^ right
    elif operator == "<":
        value = int(left < right)
    elif operator == ">":
        value = int(left > right)
    elif operator == "<=":
        value = int(left <= right)
    elif operator == ">=":
        value = int(left >= right)
    elif operator == "==":
        value = int(left == right)
    elif operator == "!=":
        value = int(left != right)
    elif operator == "&&":
        value = int(bool(left) and bool(right))
    elif operator == "||":
        value = int(bool(left) or bool(right))
    else:
        raise NotConstantError(operator)
    if abs(value) >> _MAX_BITS:
        raise NotConstantError("wider than 128 bits")
    return value


class _Reader:
    """Precedence climbing over a token list."""

    def __init__(self, stream: list[Token], constants: Mapping[str, int]) -> None:
        self.stream = stream
        self.constants = constants
        self.position = 0
        self.depth = 0

    def peek(self, ahead: int = 0) -> str:
        position = self.position + ahead
        return self.stream[position].text if position < len(self.stream) else ""

    def expect(self, text: str) -> None:
        if self.peek() != text:
            raise NotConstantError(f"expected {text}")
        self.position += 1

    def ternary(self) -> int:
        self.depth += 1
        if self.depth > 60:
            raise NotConstantError("nested too deeply")
        condition = self.binary(1)
        if self.peek() == "?":
            self.position += 1
            yes = self.ternary()
            self.expect(":")
            no = self.ternary()
            condition = yes if condition else no
        self.depth -= 1
        return condition

    def binary(self, lowest: int) -> int:
        left = self.unary()
        while True:
            operator = self.peek()
            rank = _PRECEDENCE.get(operator, 0)
            if rank < lowest:
                return left
            self.position += 1
            left = apply_binary(operator, left, self.binary(rank + 1))

    def unary(self) -> int:
        self.depth += 1
        if self.depth > 60:
            raise NotConstantError("nested too deeply")
        word = self.peek()
        try:
            if word == "-":
                self.position += 1
                return -self.unary()
            if word == "+":
                self.position += 1
                return self.unary()
            if word == "!":
                self.position += 1
                return int(not self.unary())
            if word == "~":
                self.position += 1
                return ~self.unary()
            if word == "(" and self._cast_ahead():
                while self.peek() != ")":
                    self.position += 1
                self.position += 1
                return self.unary()
            return self.primary()
        finally:
            self.depth -= 1

    def _cast_ahead(self) -> bool:
        position = self.position + 1
        words = []
        while position < len(self.stream) and self.stream[position].text != ")":
            words.append(self.stream[position].text)
            position += 1
        words = [word for word in words if word not in ("std", "::")]
        return bool(words) and all(word in _CAST_TYPES for word in words)

    def primary(self) -> int:
        if self.position >= len(self.stream):
            raise NotConstantError("empty")
        token = self.stream[self.position]
        self.position += 1
        if token.kind == "number":
            value = integer_literal(token.text)
            if value is None:
                raise NotConstantError(token.text)
            return value
        if token.text == "(":
            inner = self.ternary()
            self.expect(")")
            return inner
        if token.kind == "string" and len(token.text) == 3 and token.text[0] == "'":
            return ord(token.text[1])
        if token.kind == "name":
            return self._named(token.text)
        raise NotConstantError(token.text)

    def _named(self, name: str) -> int:
        while self.peek() == "::" and self.position + 1 < len(self.stream):
            self.position += 1
            name = f"{name}::{self.peek()}"
            self.position += 1
        if name == "true":
            return 1
        if name == "false":
            return 0
        if name == "sizeof" and self.peek() == "(":
            return self._sizeof()
        if name in ("static_cast",) and self.peek() == "<":
            while self.peek() not in (">", ""):
                self.position += 1
            self.expect(">")
            self.expect("(")
            value = self.ternary()
            self.expect(")")
            return value
        bare = name.removeprefix("std::")
        if bare in _CAST_TYPES and self.peek() in ("(", "{"):
            close = ")" if self.peek() == "(" else "}"
            self.position += 1
            value = self.ternary()
            self.expect(close)
            return value
        if bare in ("max", "min", "abs") and self.peek() == "(":
            self.position += 1
            values = [self.ternary()]
            while self.peek() == ",":
                self.position += 1
                values.append(self.ternary())
            self.expect(")")
            return max(values) if bare == "max" else min(values) if bare == "min" else abs(values[0])
        known = self.constants.get(name)
        if known is None:
            known = self.constants.get(name.rsplit("::", 1)[-1])
        if known is None:
            raise NotConstantError(name)
        return +known

    def _sizeof(self) -> int:
        self.expect("(")
        words = []
        while self.peek() not in (")", ""):
            words.append(self.peek())
            self.position += 1
        self.expect(")")
        name = " ".join(word for word in words if word not in ("std", "::", "const"))
        bits = TYPE_BITS.get(name)
        if bits is None:
            raise NotConstantError(f"sizeof({name})")
        return bits // 8


def evaluate(expression: str, constants: Mapping[str, int] | None = None) -> int | None:
    """Integer value of a constant expression, or None when it is not known.

    `constants` maps names (plain or qualified) to integers. Integer arithmetic, comparisons, logic, `?:`,
    casts to built-in types, `sizeof` of built-in types, `std::min` and `std::max` are folded; wrap-around is
    not modelled.
    """
    reader = _Reader(significant(expression), constants or {})
    if not reader.stream:
        return None
    try:
        value = reader.ternary()
    except (NotConstantError, RecursionError):
        return None
    return value if reader.position == len(reader.stream) else None
