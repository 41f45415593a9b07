"""Statements of the syntax tree; what is not understood becomes `Unread`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.grammar import text_of
from aigchip_tui.cpp.parse_expressions import ExpressionParser
from aigchip_tui.cpp.parse_types import MAX_DEPTH
from aigchip_tui.cpp.pragmas import Pragma, parse_pragma
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node

SKIPPED = frozenset(["comment", "access_specifier", "preproc_include", "static_assert_declaration"])
"""Nodes that say nothing to a synthesizer."""

_TYPE_NODES = frozenset(
    [
        "struct_specifier",
        "class_specifier",
        "union_specifier",
        "enum_specifier",
        "type_definition",
        "alias_declaration",
        "using_declaration",
        "namespace_alias_definition",
    ]
)
"""Nodes that declare types or bring names in; a block that holds one is a space of its own."""


class StatementParser(ExpressionParser):
    """Statements of the syntax tree; what is not understood becomes `Unread`."""

    def _pragma(self, node: Node) -> Pragma | None:
        directive, argument = node.child_by_field_name("directive"), node.child_by_field_name("argument")
        if directive is None or argument is None or not text_of(directive).endswith("pragma"):
            return None
        return parse_pragma(text_of(argument), self.line(node))

    def block(self, node: Node, label: str = "") -> ast.Block:
        """A statement as a block; the pragmas directly in it are its own."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise AigchipError(f"Line {self.line(node)}: statements are nested deeper than {MAX_DEPTH}.")
        statements: list[ast.Stmt] = []
        pragmas: list[Pragma] = []
        children = node.named_children if node.type == "compound_statement" else [node]
        outer = self.space
        if any(child.type in _TYPE_NODES or _declares_type(child) for child in children):
            self.space = self.unit.names.open(f"{{{node.start_byte}}}", outer)
        hanging: ast.Loop | None = None
        for child in children:
            if child.type == "preproc_call":
                pragma = self._pragma(child)
                if pragma is not None and hanging is not None:
                    hanging.pragmas = (*hanging.pragmas, pragma)
                elif pragma is not None:
                    pragmas.append(pragma)
            elif child.type != "comment":
                if hanging is not None:
                    inner = self.block(child)
                    hanging.body = ast.Block(inner.statements, hanging.pragmas + inner.pragmas, inner.line, inner.label)
                    hanging.pragmas = hanging.body.pragmas
                    hanging.end_line = self.place(int(child.end_point[0]))[1]
                else:
                    self._statement_into(child, statements, "")
                hanging = _without_body(statements[-1] if statements else None, child)
        self.depth -= 1
        self.space = outer
        return ast.Block(tuple(statements), tuple(pragmas), self.line(node), label)

    def _statement_into(self, node: Node, statements: list[ast.Stmt], label: str) -> None:
        statement = self.statement(node, label)
        if statement is not None:
            statements.append(statement)

    def statement(self, node: Node, label: str = "") -> ast.Stmt | None:
        """One statement."""
        kind = node.type
        if kind == "expression_statement":
            inner = node.named_children
            return ast.Evaluate(self.expression(inner[0])) if inner else None
        if kind == "declaration":
            inner_type = node.child_by_field_name("type")
            if inner_type is not None and inner_type.type in _TYPE_NODES:
                self.member(inner_type)
            return self.declaration(node)
        if kind == "compound_statement":
            return self.block(node, label)
        if kind in ("for_statement", "while_statement", "do_statement", "for_range_loop"):
            return self._loop(node, label)
        if kind == "if_statement":
            condition = node.child_by_field_name("condition")
            yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
            if no is not None and no.type == "else_clause":
                inner = [child for child in no.named_children if child.type != "comment"]
                no = inner[0] if inner else None
            if condition is None or yes is None:
                return ast.Unread(text_of(node)[:60], self.line(node))
            return ast.If(
                self._condition(condition), self.block(yes), self.block(no) if no is not None else None, self.line(node)
            )
        if kind == "return_statement":
            inner = node.named_children
            return ast.Return(self.expression(inner[0]) if inner else None, self.line(node))
        if kind in ("break_statement", "continue_statement", "goto_statement"):
            return ast.Jump(kind.partition("_")[0], self.line(node))
        if kind == "labeled_statement":
            name = node.child_by_field_name("label")
            inner = [child for child in node.named_children if child.type not in ("statement_identifier", "comment")]
            blocks = [child for child in inner if child.type != "preproc_call"]
            if not blocks:
                return None
            return self.statement(blocks[-1], text_of(name) if name is not None else "")
        if kind == "switch_statement":
            return self._switch(node)
        if kind in _TYPE_NODES:
            self.member(node)
            return None
        if kind in SKIPPED or kind in ("preproc_def", "empty_statement", ";"):
            return None
        if kind == "ERROR":
            self.unit.errors.append((self.line(node), text_of(node)[:60]))
        return ast.Unread(text_of(node)[:60], self.line(node))

    def _condition(self, node: Node) -> ast.Expr:
        if node.type == "condition_clause":
            value = node.child_by_field_name("value")
            if value is not None:
                node = value
        return self.expression(node)

    def declaration(self, node: Node) -> ast.Declaration:
        """A declaration statement."""
        base = self._base(node)
        words = {
            text_of(child) for child in node.children if child.type in ("storage_class_specifier", "type_qualifier")
        }
        variables: list[ast.Variable] = []
        for declarator in node.children_by_field_name("declarator"):
            init: ast.Expr | None = None
            inner: Node | None = declarator
            if declarator.type == "init_declarator":
                value = declarator.child_by_field_name("value")
                inner = declarator.child_by_field_name("declarator")
                if value is not None:
                    init = self._initialiser(value)
            elif declarator.type == "function_declarator":
                listed = declarator.child_by_field_name("parameters")
                inner = declarator.child_by_field_name("declarator")
                if listed is not None and listed.named_children:
                    init = ast.Braces(
                        tuple(ast.Name(text_of(part), space=self.space) for part in listed.named_children)
                    )
            name, full = self.declared(inner, base)
            variable = ast.Variable(name, full, init, self.line(declarator), "static" in words, "constexpr" in words)
            variable.extern = "extern" in words and init is None
            variables.append(variable)
        return ast.Declaration(tuple(variables))

    def _loop(self, node: Node, label: str) -> ast.Stmt:
        kind = {"for_statement": "for", "while_statement": "while", "do_statement": "do"}.get(node.type, "range")
        body_node = node.child_by_field_name("body")
        if body_node is None or kind == "range":
            return ast.Unread(text_of(node)[:60], self.line(node))
        init_node, step_node = node.child_by_field_name("initializer"), node.child_by_field_name("update")
        condition_node = node.child_by_field_name("condition")
        init = self.statement(init_node) if init_node is not None and init_node.type == "declaration" else None
        if init_node is not None and init is None:
            init = ast.Evaluate(self.expression(init_node))
        line = self.line(node)
        body = self.block(body_node)
        return ast.Loop(
            kind,
            init,
            self._condition(condition_node) if condition_node is not None else None,
            self.expression(step_node) if step_node is not None else None,
            body,
            label,
            line,
            body.pragmas,
            self.place(int(node.end_point[0]))[1],
        )

    def _switch(self, node: Node) -> ast.Stmt:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        cases: list[tuple[ast.Expr | None, tuple[ast.Stmt, ...]]] = []
        for child in body.named_children if body is not None else ():
            if child.type != "case_statement":
                continue
            value = child.child_by_field_name("value")
            statements: list[ast.Stmt] = []
            for part in child.named_children:
                if (value is not None and part == value) or part.type in ("comment", "preproc_call"):
                    continue
                self._statement_into(part, statements, "")
            cases.append((self.expression(value) if value is not None else None, tuple(statements)))
        subject = self._condition(condition) if condition is not None else ast.Number(0, "int")
        return ast.Switch(subject, tuple(cases), self.line(node))


def _without_body(statement: ast.Stmt | None, node: Node) -> ast.Loop | None:
    """The loop at the end of a statement whose body is torn off by a pragma between header and body."""
    last = node
    while last.children:
        last = last.children[-1]
    if not last.is_missing or not isinstance(statement, ast.Loop):
        return None
    while statement.body.statements and isinstance(statement.body.statements[-1], ast.Loop):
        statement = statement.body.statements[-1]
    return statement if not statement.body.statements else None


def _declares_type(node: Node) -> bool:
    kind = node.child_by_field_name("type") if node.type == "declaration" else None
    return kind is not None and kind.type in _TYPE_NODES and kind.child_by_field_name("body") is not None
