"""Expressions of the syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import integer_literal
from aigchip_tui.cpp.grammar import text_of
from aigchip_tui.cpp.parse_types import MAX_DEPTH, TypeParser
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node


class ExpressionParser(TypeParser):
    """Expressions of the syntax tree."""

    def expression(self, node: Node) -> ast.Expr:
        """One expression."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise AigchipError(f"Line {self.line(node)}: an expression is nested deeper than {MAX_DEPTH}.")
        found = self._expression(node)
        self.depth -= 1
        found.line = self.line(node)
        return found

    def _expression(self, node: Node) -> ast.Expr:
        kind = node.type
        if kind == "identifier" or kind == "field_identifier" or kind == "type_identifier":
            return ast.Name(text_of(node), space=self.space)
        if kind == "number_literal":
            return _number(text_of(node))
        if kind == "binary_expression":
            return self._binary(node)
        if kind == "subscript_expression":
            base, indices = node.child_by_field_name("argument"), node.child_by_field_name("indices")
            if base is None or indices is None or not indices.named_children:
                return ast.Text(text_of(node))
            return ast.Index(self.expression(base), self.expression(indices.named_children[0]))
        if kind == "parenthesized_expression":
            inner = [child for child in node.named_children if child.type != "comment"]
            return self.expression(inner[0]) if inner else ast.Text("")
        if kind == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = node.child_by_field_name("operator")
            if left is None or right is None:
                return ast.Text(text_of(node))
            word = text_of(operator) if operator is not None else "="
            return ast.Assign(word[:-1], self.expression(left), self._initialiser(right))
        if kind == "update_expression":
            operand = node.child_by_field_name("argument")
            operator = node.child_by_field_name("operator")
            if operand is None or operator is None:
                return ast.Text(text_of(node))
            return ast.Unary(text_of(operator), self.expression(operand), operator.start_byte > operand.start_byte)
        if kind in ("unary_expression", "pointer_expression"):
            operand = node.child_by_field_name("argument")
            operator = node.child_by_field_name("operator")
            if operand is None or operator is None:
                return ast.Text(text_of(node))
            word = text_of(operator)
            return ast.Unary(_WORDS.get(word, word), self.expression(operand))
        if kind == "call_expression":
            return self._call(node)
        if kind == "field_expression":
            base, name = node.child_by_field_name("argument"), node.child_by_field_name("field")
            if base is None or name is None:
                return ast.Text(text_of(node))
            return ast.Member(self.expression(base), text_of(name).partition("<")[0])
        if kind == "cast_expression":
            target, value = node.child_by_field_name("type"), node.child_by_field_name("value")
            if target is None or value is None:
                return ast.Text(text_of(node))
            return ast.Cast(self.type_descriptor(target), self.expression(value))
        if kind == "conditional_expression":
            parts = [node.child_by_field_name(name) for name in ("condition", "consequence", "alternative")]
            if parts[0] is None or parts[1] is None or parts[2] is None:
                return ast.Text(text_of(node))
            return ast.Conditional(self.expression(parts[0]), self.expression(parts[1]), self.expression(parts[2]))
        if kind in ("true", "false"):
            return ast.Number(int(kind == "true"), "bool")
        if kind == "char_literal":
            return ast.Number(_character(text_of(node)), "int")
        if kind == "null":
            return ast.Number(0, "int")
        if kind == "lambda_expression":
            return self._lambda(node)
        if kind in ("qualified_identifier", "template_function", "template_type"):
            return self._qualified(node)
        if kind == "compound_literal_expression":
            target, value = node.child_by_field_name("type"), node.child_by_field_name("value")
            if target is None:
                return ast.Text(text_of(node))
            return ast.Cast(self.type_descriptor(target), self._initialiser(value) if value is not None else None)
        if kind in ("initializer_list", "argument_list"):
            return self._initialiser(node)
        if kind == "sizeof_expression":
            target, value = node.child_by_field_name("type"), node.child_by_field_name("value")
            if target is not None:
                return ast.SizeOf(self.type_descriptor(target))
            return ast.SizeOf(self.expression(value)) if value is not None else ast.Text(text_of(node))
        if kind == "comma_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                return ast.Binary(",", self.expression(left), self.expression(right))
        if kind == "this":
            return ast.Name("this", space=self.space)
        if kind == "declaration":
            return ast.Text("")
        return ast.Text(text_of(node))

    def _binary(self, node: Node) -> ast.Expr:
        chain: list[tuple[str, Node, int]] = []
        probe: Node = node
        while probe.type == "binary_expression":
            left, right = probe.child_by_field_name("left"), probe.child_by_field_name("right")
            operator = probe.child_by_field_name("operator")
            if left is None or right is None or operator is None:
                return ast.Text(text_of(node))
            chain.append((_WORDS.get(operator.type, operator.type), right, self.line(probe)))
            probe = left
        converted = self._converted(probe) if chain[-1][0] in ("+", "-", "*", "&") else None
        if converted is not None:
            operator_text, right, line = chain.pop()
            found: ast.Expr = ast.Cast(converted, ast.Unary(operator_text, self.expression(right)), line)
        else:
            found = self.expression(probe)
        for operator_text, right, line in reversed(chain):
            found = ast.Binary(operator_text, found, self.expression(right), line)
        return found

    def _converted(self, node: Node) -> ast.TypeRef | None:
        """The type of `(T) - x`, which reads as a difference as long as nobody knows that T is a type."""
        inner = node.named_children if node.type == "parenthesized_expression" else []
        if len(inner) != 1 or inner[0].type not in ("identifier", "qualified_identifier", "template_function"):
            return None
        name = self._qualified(inner[0])
        if not self.names_type(name.name, name.scope):
            return None
        found = self.type_ref(name.name, name.arguments)
        found.scope = name.scope if name.scope not in ("std", "hls") else ""
        return found

    def _qualified(self, node: Node) -> ast.Name:
        scope = ""
        owner: ast.TypeRef | None = None
        while node.type == "qualified_identifier":
            part, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
            if name is None:
                break
            if part is not None and part.type == "template_type" and name.type != "qualified_identifier":
                owner = self.type_of_node(part)
                owner.scope = scope
            word = text_of(part).partition("<")[0] if part is not None else "::"
            scope = f"{scope}::{word}".replace("::::", "::") if scope else word
            node = name
        if node.type in ("template_function", "template_type"):
            name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
            return ast.Name(
                text_of(name) if name is not None else "",
                scope,
                self._type_arguments(listed) if listed is not None else (),
                space=self.space,
                owner=owner,
            )
        return ast.Name(text_of(node), scope, space=self.space, owner=owner)

    def _call(self, node: Node) -> ast.Expr:
        function, listed = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        arguments = tuple(
            self._initialiser(child)
            for child in (listed.named_children if listed is not None else ())
            if child.type != "comment"
        )
        if function is None:
            return ast.Text(text_of(node))
        if function.type == "primitive_type" or function.type == "sized_type_specifier":
            return ast.Cast(self.type_of_node(function), arguments[0] if arguments else None)
        if function.type == "parenthesized_expression" and len(arguments) == 1:
            inner = [child for child in function.named_children if child.type != "comment"]
            if inner and inner[0].type == "identifier":
                return ast.Cast(self.type_ref(text_of(inner[0])), arguments[0])
        callee = self.expression(function)
        if isinstance(callee, ast.Name):
            if callee.name in ("static_cast", "reinterpret_cast", "const_cast") and callee.arguments and arguments:
                target = callee.arguments[0]
                if isinstance(target, ast.TypeRef):
                    return ast.Cast(target, arguments[0])
            if self.names_type(callee.name, callee.scope):
                target_type = self.type_ref(callee.name, callee.arguments)
                target_type.scope = callee.scope if callee.scope not in ("std", "hls") else ""
                value = arguments[0] if len(arguments) == 1 else ast.Braces(arguments) if arguments else None
                return ast.Cast(target_type, value)
        return ast.Call(callee, arguments)

    def _initialiser(self, node: Node) -> ast.Expr:
        if node.type in ("initializer_list", "argument_list"):
            items = tuple(self._initialiser(child) for child in node.named_children if child.type != "comment")
            if node.type == "argument_list" and len(items) == 1:
                return items[0]
            return ast.Braces(items, self.line(node))
        return self.expression(node)

    def _lambda(self, node: Node) -> ast.Expr:
        body, declarator = node.child_by_field_name("body"), node.child_by_field_name("declarator")
        if body is None:
            return ast.Text(text_of(node))
        listed = declarator.child_by_field_name("parameters") if declarator is not None else None
        line = self.line(node)
        return ast.Lambda(
            ast.Function(
                f"lambda of line {line}",
                self.type_ref("auto"),
                self.parameters(listed) if listed is not None else (),
                self.block(body),
                (),
                line,
                space=self.space,
                file=self.place(int(node.start_point[0]))[0],
            )
        )


_WORDS = {"and": "&&", "or": "||", "bitand": "&", "bitor": "|", "xor": "^", "not_eq": "!=", "not": "!", "compl": "~"}
"""Operators that have a name as well."""

_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11}


def _character(text: str) -> int:
    """Value of a character literal, its escape sequence read."""
    body = text[text.index("'") + 1 : -1]
    if len(body) == 1:
        return ord(body)
    if not body.startswith("\\") or len(body) < 2:
        return 0
    if body[1] == "x":
        return int(body[2:] or "0", 16) & 255
    if body[1:].isdigit():
        return int(body[1:], 8) & 255 if set(body[1:]) <= set("01234567") else 0
    return _ESCAPES.get(body[1], ord(body[1]))


def _number(text: str) -> ast.Number:
    value = integer_literal(text)
    if value is not None:
        return ast.Number(value, "int")
    body = text.replace("'", "")
    kind = "double"
    if body[-1:] in "fF" and not body.lower().startswith("0x"):
        body, kind = body[:-1], "float"
    elif body[-1:] in "lL":
        body = body[:-1]
    elif body[-1:] in "hH":
        body, kind = body[:-1], "half"
    try:
        return ast.Number(float.fromhex(body) if body.lower().startswith("0x") else float(body), kind)
    except (ValueError, OverflowError):
        return ast.Number(0, "int")
