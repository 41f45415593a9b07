"""Statements of the syntax tree; what is not understood becomes `Unread`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.grammar import parse_root, text_of
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
        node, given = self._attributes(node)
        pragmas += given
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

    def _attributes(self, node: Node) -> tuple[Node, list[Pragma]]:
        """A statement without its attributes, and the pragmas that `ambiguous.attached` made of some."""
        found: list[Pragma] = []
        while node.type == "attributed_statement":
            *heads, body = [child for child in node.named_children if child.type != "comment"]
            for head in heads:
                for attribute in head.named_children:
                    name = attribute.child_by_field_name("name")
                    text = text_of(attribute).partition("(")[2].rpartition(")")[0].strip()
                    if name is not None and text_of(name) == "pragma" and text[:1] == '"':
                        written = re.sub(r"\\(.)", r"\1", text[1:-1])
                        pragma = parse_pragma(written, self.line(attribute))
                        found += [pragma] if pragma is not None else []
            node = body
        return node, found

    def _statement_into(self, node: Node, statements: list[ast.Stmt], label: str) -> None:
        statement = self.statement(node, label)
        if statement is not None:
            statements.append(statement)

    def statement(self, node: Node, label: str = "") -> ast.Stmt | None:
        """One statement."""
        kind = node.type
        if kind == "attributed_statement":
            return self.statement(self._attributes(node)[0], label)
        if kind == "expression_statement":
            inner = node.named_children
            return ast.Evaluate(self.expression(inner[0])) if inner and not _prints(inner[0]) else None
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
            declared = self._declared_in(condition)
            branch = ast.If(
                self._condition(condition), self.block(yes), self.block(no) if no is not None else None, self.line(node)
            )
            return ast.Block((*declared, branch), (), self.line(node)) if declared else branch
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

    def _declared_in(self, node: Node) -> list[ast.Stmt]:
        """What a condition declares: `if (int t = f())`, `if (int t = f(); t > 3)`."""
        found: list[ast.Stmt] = []
        before, value = node.child_by_field_name("initializer"), node.child_by_field_name("value")
        inner = before.named_children[0] if before is not None and before.named_children else None
        for part in (inner, value):
            if part is not None and part.type == "declaration":
                declaration = self.declaration(part)
                given = part.child_by_field_name("value")
                if given is not None and declaration.variables:
                    declaration.variables[0].init = self._initialiser(given)
                found.append(declaration)
        return found

    def _condition(self, node: Node) -> ast.Expr:
        if node.type == "condition_clause":
            value = node.child_by_field_name("value")
            if value is not None:
                node = value
        if node.type == "declaration":
            names = [variable.name for variable in self.declaration(node).variables]
            return ast.Name(names[-1] if names else "", line=self.line(node), space=self.space)
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
                if listed is None or not listed.named_children or self._prototype(listed):
                    continue
                init = self._reread(text_of(listed), self.line(declarator))
            name, full = self.declared(inner, base)
            variable = ast.Variable(name, full, init, self.line(declarator), "static" in words, "constexpr" in words)
            variable.extern = "extern" in words and init is None
            variables.append(variable)
        return ast.Declaration(tuple(variables))

    def _prototype(self, listed: Node) -> bool:
        """Whether what stands behind a local name are parameters of a function, not values for an object."""
        for part in listed.named_children:
            kind = part.child_by_field_name("type")
            if part.type != "parameter_declaration" or kind is None or part.child_by_field_name("declarator") is None:
                return kind is not None and kind.type in ("primitive_type", "sized_type_specifier")
            if kind.type != "type_identifier" or self.names_type(text_of(kind)):
                return True
            declared = part.child_by_field_name("declarator")
            if declared is not None and declared.type == "identifier":
                return True
        return False

    def _reread(self, text: str, line: int) -> ast.Expr:
        """Values in parentheses that read as parameters, `A t(a[i])`."""
        root = parse_root(f"void f() {{ g{text}; }}")
        calls = [root]
        while calls:
            node = calls.pop()
            if node.type == "call_expression":
                listed = node.child_by_field_name("arguments")
                assert listed is not None
                items = [self._initialiser(child) for child in listed.named_children if child.type != "comment"]
                for item in items:
                    for part in _within(item):
                        part.line = line
                return ast.Braces(tuple(items), line)
            calls += node.named_children
        return ast.Text(text, line)

    def _loop(self, node: Node, label: str) -> ast.Stmt:
        kind = {"for_statement": "for", "while_statement": "while", "do_statement": "do"}.get(node.type, "range")
        body_node = node.child_by_field_name("body")
        if body_node is None:
            return ast.Unread(text_of(node)[:60], self.line(node))
        if kind == "range":
            return self._range_loop(node, body_node, label)
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

    def _range_loop(self, node: Node, body_node: Node, label: str) -> ast.Stmt:
        """`for (T x : a)` as the loop that counts the elements of `a`."""
        array, declarator = node.child_by_field_name("right"), node.child_by_field_name("declarator")
        if array is None or declarator is None or array.type == "initializer_list":
            return ast.Unread(text_of(node)[:60], self.line(node))
        line = self.line(node)
        counter = ast.Name(f"element {node.start_byte}", line=line, space=self.space)
        name, full = self.declared(declarator, self._base(node))
        element = ast.Variable(name, full, ast.Index(self.expression(array), counter, line), line)
        body = self.block(body_node)
        body = ast.Block((ast.Declaration((element,)), *body.statements), body.pragmas, body.line, body.label)
        first = ast.Variable(counter.name, self.type_ref("int"), ast.Number(0, "int"), line)
        return ast.Loop(
            "for",
            ast.Declaration((first,)),
            ast.Binary("<", counter, ast.Extent(self.expression(array), line), line),
            ast.Unary("++", counter, False, line),
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


def _within(expression: ast.Expr) -> tuple[ast.Expr, ...]:
    """An expression and its direct operands: their lines are shown."""
    match expression:
        case ast.Index(base, index):
            return (expression, base, index)
        case ast.Binary(_, left, right):
            return (expression, left, right)
    return (expression,)


def _declares_type(node: Node) -> bool:
    kind = node.child_by_field_name("type") if node.type == "declaration" else None
    return kind is not None and kind.type in _TYPE_NODES and kind.child_by_field_name("body") is not None


def _prints(node: Node) -> bool:
    """Whether an expression writes to the console (`std::cout << a`), of which no hardware is made."""
    depth = 0
    while node.type == "binary_expression" and depth < MAX_DEPTH:
        left = node.child_by_field_name("left")
        if left is None:
            return False
        node, depth = left, depth + 1
    return depth > 0 and text_of(node).removeprefix("std::") in ("cout", "cerr", "clog")
