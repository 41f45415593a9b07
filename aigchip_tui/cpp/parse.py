"""From text to the typed syntax tree, through tree-sitter; what is not understood becomes `Unread`, never a
crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.grammar import parse_root, text_of
from aigchip_tui.cpp.limits import SOURCE_LIMITS, size_findings
from aigchip_tui.cpp.parse_statements import SKIPPED, StatementParser
from aigchip_tui.cpp.parse_types import Templates, inner_declarator
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node


class Parser(StatementParser):
    """Namespace scope: functions, records, aliases, enumerators, variables."""

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
        if kind in SKIPPED:
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
            probe = inner_declarator(probe)
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
            declarator = inner_declarator(declarator)
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
