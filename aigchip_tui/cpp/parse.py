"""From text to the typed syntax tree, through tree-sitter; what is not understood becomes `Unread`, never a
crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.constants import integer_literal
from aigchip_tui.cpp.grammar import parse_root, text_of
from aigchip_tui.cpp.limits import SOURCE_LIMITS, size_findings
from aigchip_tui.cpp.pragmas import Pragma, parse_pragma
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node

Templates = tuple[tuple[str, "ast.TypeRef | ast.Expr | None"], ...]

_MAX_DEPTH = 120
_KNOWN_TEMPLATES = frozenset(
    [
        "stream",
        "vector",
        "stream_of_blocks",
        "burst_maxi",
        "ap_int",
        "ap_uint",
        "ap_fixed",
        "ap_ufixed",
        "ap_axiu",
        "ap_axis",
        "axis",
        "qdma_axis",
        "read_lock",
        "write_lock",
        "array",
        "complex",
        "ap_shift_reg",
        "pair",
    ]
)
_SKIP = frozenset(["comment", "access_specifier", "preproc_include", "using_declaration", "static_assert_declaration"])


class Parser:
    """Converts one tree; `shift` is subtracted from rows so that prelude lines count as 0."""

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift
        self.unit = ast.Unit()
        self.depth = 0
        self.type_names: set[str] = set(_KNOWN_TEMPLATES)

    def line(self, node: Node) -> int:
        return max(0, int(node.start_point[0]) + 1 - self.shift)

    # --- namespace scope -------------------------------------------------------------------------------------------

    def members(self, node: Node, owner: str = "") -> None:
        """Everything at namespace scope below `node`."""
        for child in node.named_children:
            kind = child.type
            if kind in ("namespace_definition", "linkage_specification"):
                body = child.child_by_field_name("body")
                if body is not None:
                    if body.type == "declaration_list":
                        self._nested(body)
                    else:
                        self.member(body)
            elif kind == "ERROR":
                self.unit.errors.append((self.line(child), text_of(child)[:60]))
                self._nested(child)
            else:
                self.member(child)

    def _nested(self, node: Node) -> None:
        self.depth += 1
        if self.depth < 30:
            self.members(node)
        self.depth -= 1

    def member(self, node: Node, templates: Templates = ()) -> None:
        """One declaration at namespace scope."""
        kind = node.type
        if kind in _SKIP:
            return
        if kind == "template_declaration":
            listed = node.child_by_field_name("parameters")
            given = self._templates(listed) if listed is not None else ()
            for child in node.named_children:
                if child.type != "template_parameter_list":
                    self.member(child, given)
        elif kind == "function_definition":
            function = self.function(node, templates)
            if function is not None:
                self.unit.functions.setdefault(function.name, []).append(function)
        elif kind in ("struct_specifier", "class_specifier", "union_specifier"):
            self.record(node, templates)
        elif kind == "enum_specifier":
            self._enum(node)
        elif kind == "type_definition":
            self._typedef(node)
        elif kind == "alias_declaration":
            alias, target = node.child_by_field_name("name"), node.child_by_field_name("type")
            if alias is not None and target is not None:
                self.unit.aliases[text_of(alias)] = (self.type_descriptor(target), templates)
                self.type_names.add(text_of(alias))
        elif kind == "declaration":
            self._declaration_member(node, templates)
        elif kind == "preproc_call":
            pragma = self._pragma(node)
            if pragma is not None:
                self.unit.pragmas.append(pragma)
        elif kind in ("namespace_definition", "linkage_specification", "ERROR", "declaration_list"):
            self._nested(node)

    def _declaration_member(self, node: Node, templates: Templates) -> None:
        inner = node.child_by_field_name("type")
        if inner is not None and inner.type in ("struct_specifier", "class_specifier", "enum_specifier"):
            self.member(inner, templates)
        declarator = node.child_by_field_name("declarator")
        probe = declarator
        while probe is not None and probe.type in ("pointer_declarator", "reference_declarator"):
            probe = _inner(probe)
        if probe is not None and probe.type == "function_declarator":
            function = self.function(node, templates)
            if function is not None:
                self.unit.functions.setdefault(function.name, []).append(function)
            return
        self.unit.variables.extend(self.declaration(node).variables)

    def _templates(self, listed: Node) -> Templates:
        found: list[tuple[str, ast.TypeRef | ast.Expr | None]] = []
        for child in listed.named_children:
            name = child.child_by_field_name("declarator") or child.child_by_field_name("name")
            default: ast.TypeRef | ast.Expr | None = None
            value = child.child_by_field_name("default_value")
            default_type = child.child_by_field_name("default_type")
            if value is not None:
                default = self.expression(value)
            elif default_type is not None:
                default = self.type_of_node(default_type)
            if name is None:
                named = [part for part in child.named_children if part.type in ("type_identifier", "identifier")]
                name = named[-1] if named else None
            if name is not None:
                found.append((text_of(name), default))
        return tuple(found)

    def _typedef(self, node: Node) -> None:
        inner = node.child_by_field_name("type")
        if inner is None:
            return
        if inner.type in ("struct_specifier", "class_specifier", "union_specifier", "enum_specifier"):
            names = node.children_by_field_name("declarator")
            self.member(inner)
            tag = inner.child_by_field_name("name")
            if inner.type == "enum_specifier":
                for name in names:
                    self.unit.aliases[text_of(name)] = (ast.TypeRef("int"), ())
                return
            for name in names:
                if tag is None:
                    self.record(inner, (), text_of(name))
                elif text_of(name) != text_of(tag):
                    self.unit.aliases[text_of(name)] = (ast.TypeRef(text_of(tag)), ())
                self.type_names.add(text_of(name))
            return
        base = self._base(node)
        for declarator in node.children_by_field_name("declarator"):
            label, full = self.declared(declarator, base)
            if label:
                self.unit.aliases[label] = (full, ())
                self.type_names.add(label)

    def _enum(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self.unit.aliases[text_of(name)] = (ast.TypeRef("int"), ())
            self.type_names.add(text_of(name))
        body = node.child_by_field_name("body")
        previous: ast.Expr | None = None
        offset = 0
        for child in body.named_children if body is not None else ():
            if child.type != "enumerator":
                continue
            label, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if value is not None:
                previous, offset = self.expression(value), 0
            if label is not None:
                number = ast.Number(offset, "int")
                self.unit.enumerators[text_of(label)] = (
                    number if previous is None else ast.Binary("+", previous, number)
                )
            offset += 1

    def record(self, node: Node, templates: Templates = (), name: str = "") -> None:
        """A struct or class: its fields and methods."""
        named = node.child_by_field_name("name")
        name = name or (text_of(named) if named is not None else "")
        body = node.child_by_field_name("body")
        if body is None or not name:
            return
        self.type_names.add(name)
        fields: list[ast.Variable] = []
        methods: dict[str, ast.Function] = {}
        bases: list[ast.TypeRef] = []
        for child in node.named_children:
            if child.type == "base_class_clause":
                bases = [
                    self.type_of_node(part)
                    for part in child.named_children
                    if part.type in ("type_identifier", "template_type", "qualified_identifier")
                ]
        for child in body.named_children:
            if child.type == "field_declaration":
                base = self._base(child)
                inner = child.child_by_field_name("type")
                if inner is not None and inner.type in ("struct_specifier", "enum_specifier", "union_specifier"):
                    self.member(inner)
                value = child.child_by_field_name("default_value")
                static = any(text_of(part) in ("static", "constexpr") for part in child.children)
                for declarator in child.children_by_field_name("declarator"):
                    if declarator.type == "function_declarator":
                        continue
                    field_name, full = self.declared(declarator, base)
                    init = self.expression(value) if value is not None else None
                    variable = ast.Variable(field_name, full, init, self.line(child), static=static, constexpr=static)
                    fields.append(variable)
            elif child.type in ("function_definition", "template_declaration"):
                target, given = child, templates
                if child.type == "template_declaration":
                    listed = child.child_by_field_name("parameters")
                    given = templates + (self._templates(listed) if listed is not None else ())
                    inside = [part for part in child.named_children if part.type == "function_definition"]
                    if not inside:
                        continue
                    target = inside[0]
                function = self.function(target, given)
                if function is not None:
                    function.owner = name
                    methods[function.name] = function
            elif child.type in ("struct_specifier", "enum_specifier", "alias_declaration", "type_definition"):
                self.member(child)
        self.unit.records[name] = ast.Record(name, tuple(fields), methods, templates, tuple(bases), self.line(node))

    def function(self, node: Node, templates: Templates) -> ast.Function | None:
        """A function definition or declaration."""
        declarator = node.child_by_field_name("declarator")
        base = self._base(node)
        pointers = 0
        while declarator is not None and declarator.type in ("pointer_declarator", "reference_declarator"):
            pointers += declarator.type == "pointer_declarator"
            declarator = _inner(declarator)
        if declarator is None or declarator.type != "function_declarator":
            return None
        name, listed = declarator.child_by_field_name("declarator"), declarator.child_by_field_name("parameters")
        if name is None or listed is None:
            return None
        parameters: list[ast.Variable] = []
        for child in listed.named_children:
            if child.type not in ("parameter_declaration", "optional_parameter_declaration"):
                continue
            declared = child.child_by_field_name("declarator")
            inner = self._base(child)
            if declared is None:
                if inner.name != "void":
                    parameters.append(ast.Variable("", inner, None, self.line(child)))
                continue
            label, full = self.declared(declared, inner)
            value = child.child_by_field_name("default_value")
            init = self.expression(value) if value is not None else None
            parameters.append(ast.Variable(label, full, init, self.line(child)))
        body_node = node.child_by_field_name("body")
        body = self.block(body_node) if body_node is not None else None
        base.pointers += pointers
        owner = ""
        label = text_of(name)
        if "::" in label:
            owner, _, label = label.rpartition("::")
        function = ast.Function(
            label,
            base,
            tuple(parameters),
            body,
            templates,
            self.line(node),
            int(node.end_point[0]) + 1 - self.shift,
            owner,
        )
        return function

    # --- types -----------------------------------------------------------------------------------------------------

    def _base(self, node: Node) -> ast.TypeRef:
        kind = node.child_by_field_name("type")
        reference = self.type_of_node(kind) if kind is not None else ast.TypeRef("int")
        for child in node.children:
            if child.type == "type_qualifier" and text_of(child) in ("const", "constexpr"):
                reference.constant = True
        return reference

    def type_of_node(self, node: Node) -> ast.TypeRef:
        """A type node as a TypeRef (a fresh one each time)."""
        kind = node.type
        if kind == "qualified_identifier":
            scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
            inner = self.type_of_node(name) if name is not None else ast.TypeRef("int")
            prefix = text_of(scope) if scope is not None else ""
            if prefix and prefix not in ("std", "hls"):
                inner.scope = prefix if not inner.scope else f"{prefix}::{inner.scope}"
            return inner
        if kind == "template_type":
            name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
            arguments = self._type_arguments(listed) if listed is not None else ()
            return ast.TypeRef(text_of(name) if name is not None else "int", arguments)
        if kind == "type_descriptor":
            return self.type_descriptor(node)
        if kind in ("struct_specifier", "class_specifier", "union_specifier", "enum_specifier"):
            name = node.child_by_field_name("name")
            return ast.TypeRef(text_of(name) if name is not None else "int")
        if kind == "dependent_type":
            return self.type_of_node(node.named_children[0]) if node.named_children else ast.TypeRef("int")
        if kind == "decltype":
            return ast.TypeRef("auto")
        return ast.TypeRef(" ".join(text_of(node).split()))

    def type_descriptor(self, node: Node) -> ast.TypeRef:
        """A type with its abstract declarator."""
        if node.type != "type_descriptor":
            return self.type_of_node(node)
        base = self._base(node)
        declarator = node.child_by_field_name("declarator")
        return self.declared(declarator, base)[1] if declarator is not None else base

    def _type_arguments(self, listed: Node) -> tuple[ast.TypeRef | ast.Expr, ...]:
        found: list[ast.TypeRef | ast.Expr] = []
        for child in listed.named_children:
            if child.type == "type_descriptor":
                found.append(self.type_descriptor(child))
            elif child.type != "comment":
                found.append(self.expression(child))
        return tuple(found)

    def declared(self, node: Node | None, base: ast.TypeRef) -> tuple[str, ast.TypeRef]:
        """Name and full type of a declarator over a base type."""
        pointers, reference = base.pointers, base.reference
        extents: tuple[ast.Expr | None, ...] = ()
        depth = 0
        while node is not None and depth < 32:
            depth += 1
            kind = node.type
            if kind in ("pointer_declarator", "abstract_pointer_declarator"):
                pointers += 1
                node = _inner(node)
            elif kind in ("reference_declarator", "abstract_reference_declarator"):
                reference = True
                node = _inner(node)
            elif kind in ("array_declarator", "abstract_array_declarator"):
                size = node.child_by_field_name("size")
                extents = (self.expression(size) if size is not None else None, *extents)
                node = node.child_by_field_name("declarator")
            elif kind in ("parenthesized_declarator", "abstract_parenthesized_declarator", "init_declarator"):
                node = node.child_by_field_name("declarator") or _inner(node)
            elif kind == "function_declarator":
                node = node.child_by_field_name("declarator")
            else:
                break
        full = ast.TypeRef(
            base.name, base.arguments, pointers, reference, base.constant, extents + base.extents, base.scope
        )
        return (text_of(node) if node is not None else ""), full

    # --- statements ------------------------------------------------------------------------------------------------

    def _pragma(self, node: Node) -> Pragma | None:
        directive, argument = node.child_by_field_name("directive"), node.child_by_field_name("argument")
        if directive is None or argument is None or not text_of(directive).endswith("pragma"):
            return None
        return parse_pragma(text_of(argument), self.line(node))

    def block(self, node: Node, label: str = "") -> ast.Block:
        """A statement as a block; the pragmas directly in it are its own."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise AigchipError(f"Line {self.line(node)}: statements are nested deeper than {_MAX_DEPTH}.")
        statements: list[ast.Stmt] = []
        pragmas: list[Pragma] = []
        children = node.named_children if node.type == "compound_statement" else [node]
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
                    hanging.end_line = int(child.end_point[0]) + 1 - self.shift
                else:
                    self._statement_into(child, statements, "")
                hanging = _without_body(statements[-1] if statements else None, child)
        self.depth -= 1
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
            if inner_type is not None and inner_type.type in ("struct_specifier", "enum_specifier"):
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
        if kind in ("type_definition", "alias_declaration"):
            self.member(node)
            return None
        if kind in _SKIP or kind in ("preproc_def", "empty_statement", ";"):
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
                    init = ast.Braces(tuple(ast.Name(text_of(part)) for part in listed.named_children))
            name, full = self.declared(inner, base)
            variables.append(
                ast.Variable(name, full, init, self.line(declarator), "static" in words, bool(words & {"constexpr"}))
            )
        return ast.Declaration(tuple(variables))

    def _initialiser(self, node: Node) -> ast.Expr:
        if node.type in ("initializer_list", "argument_list"):
            items = tuple(self._initialiser(child) for child in node.named_children if child.type != "comment")
            if node.type == "argument_list" and len(items) == 1:
                return items[0]
            return ast.Braces(items, self.line(node))
        return self.expression(node)

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
            int(node.end_point[0]) + 1 - self.shift,
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

    # --- expressions -----------------------------------------------------------------------------------------------

    def expression(self, node: Node) -> ast.Expr:
        """One expression."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise AigchipError(f"Line {self.line(node)}: an expression is nested deeper than {_MAX_DEPTH}.")
        found = self._expression(node)
        self.depth -= 1
        found.line = self.line(node)
        return found

    def _expression(self, node: Node) -> ast.Expr:
        kind = node.type
        if kind == "identifier" or kind == "field_identifier" or kind == "type_identifier":
            return ast.Name(text_of(node))
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
            return ast.Unary(text_of(operator), self.expression(operand))
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
            body = text_of(node).strip("'")
            return ast.Number(ord(body) if len(body) == 1 else 0, "int")
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
            return ast.Name("this")
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
            chain.append((operator.type, right, self.line(probe)))
            probe = left
        found = self.expression(probe)
        for operator_text, right, line in reversed(chain):
            found = ast.Binary(operator_text, found, self.expression(right), line)
        return found

    def _qualified(self, node: Node) -> ast.Name:
        scope = ""
        while node.type == "qualified_identifier":
            part, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
            if name is None:
                break
            scope = (scope + "::" if scope else "") + (text_of(part) if part is not None else "")
            node = name
        if node.type in ("template_function", "template_type"):
            name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
            return ast.Name(
                text_of(name) if name is not None else "",
                scope,
                self._type_arguments(listed) if listed is not None else (),
            )
        return ast.Name(text_of(node), scope)

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
                return ast.Cast(ast.TypeRef(text_of(inner[0])), arguments[0])
        callee = self.expression(function)
        if isinstance(callee, ast.Name):
            if callee.name in ("static_cast", "reinterpret_cast", "const_cast") and callee.arguments and arguments:
                target = callee.arguments[0]
                if isinstance(target, ast.TypeRef):
                    return ast.Cast(target, arguments[0])
            if callee.name in self.type_names and callee.name not in self.unit.functions:
                target_type = ast.TypeRef(callee.name, callee.arguments)
                value = arguments[0] if len(arguments) == 1 else ast.Braces(arguments) if arguments else None
                return ast.Cast(target_type, value)
        return ast.Call(callee, arguments)


def _inner(node: Node) -> Node | None:
    inner = node.child_by_field_name("declarator")
    if inner is not None:
        return inner
    named = [child for child in node.named_children if child.type not in ("type_qualifier", "comment")]
    return named[-1] if named else None


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


def parse(text: str, prelude: str = "") -> ast.Unit:
    """The syntax tree of preprocessed text; `prelude` (included text) is read first and its lines count as 0.

    Raises AigchipError when the text is too large or too deeply nested to be read.
    """
    findings = size_findings(text, SOURCE_LIMITS) or (size_findings(prelude, SOURCE_LIMITS) if prelude else [])
    if findings:
        raise AigchipError(findings[0].message, hint=findings[0].suggestion)
    joined = prelude + "\n" + text if prelude else text
    parser = Parser(prelude.count("\n") + 1 if prelude else 0)
    parser.members(parse_root(joined))
    return parser.unit


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
