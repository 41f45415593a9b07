"""From text to the typed syntax tree, through tree-sitter; what is not understood becomes `Unread`, never a
crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.ambiguous import attached, edited, mistaken
from aigchip_tui.cpp.grammar import parse_root, text_of
from aigchip_tui.cpp.limits import SOURCE_LIMITS, size_findings
from aigchip_tui.cpp.names import Written
from aigchip_tui.cpp.parse_statements import SKIPPED, StatementParser
from aigchip_tui.cpp.parse_types import Templates, inner_declarator
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_READINGS = 4
"""Times that a text is read again to resolve what reads as a conversion or a template and is none."""


class Parser(StatementParser):
    """Namespace scope: functions, records, aliases, enumerators, variables."""

    def members(self, node: Node) -> None:
        """Everything at namespace scope below `node`."""
        for child in node.named_children:
            if child.type == "ERROR":
                self.unit.errors.append((self.line(child), text_of(child)[:60]))
            self.member(child)

    def _nested(self, node: Node) -> None:
        self.depth += 1
        if self.depth < 30:
            self.members(node)
        self.depth -= 1

    def _namespace(self, node: Node) -> None:
        """A namespace (an anonymous or inline one is seen through) or a linkage specification."""
        body, name = node.child_by_field_name("body"), node.child_by_field_name("name")
        if body is None:
            return
        outer = self.space
        for part in text_of(name).replace(" ", "").split("::") if name is not None else ():
            path = self.unit.names.open(part, self.space)
            if any(child.type == "inline" for child in node.children):
                self.unit.names.use_space(self.space, Written(part, "", self.space))
            self.space = path
        if body.type == "declaration_list":
            self._nested(body)
        else:
            self.member(body)
        self.space = outer

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
            self._add_function(node, templates)
        elif kind in ("struct_specifier", "class_specifier", "union_specifier"):
            self.record(node, templates)
        elif kind == "enum_specifier":
            self._enum(node)
        elif kind == "type_definition":
            self._typedef(node)
        elif kind == "alias_declaration":
            alias, target = node.child_by_field_name("name"), node.child_by_field_name("type")
            if alias is not None and target is not None:
                self._alias(text_of(alias), self.type_descriptor(target), templates)
        elif kind in ("using_declaration", "namespace_alias_definition"):
            self._using(node)
        elif kind == "declaration":
            self._declaration_member(node, templates)
        elif kind == "preproc_call":
            pragma = self._pragma(node)
            if pragma is not None:
                self.unit.pragmas.append(pragma)
        elif kind in ("namespace_definition", "linkage_specification"):
            self._namespace(node)
        elif kind in ("ERROR", "declaration_list"):
            self._nested(node)

    def _alias(self, name: str, target: ast.TypeRef, templates: Templates = ()) -> None:
        key = self.unit.names.declare(name, self.space)
        self.unit.aliases[key] = (target, templates)
        if target.name != name or target.scope:
            self.unit.names.alias(name, self.space, Written(target.name, target.scope, target.space))

    def _using(self, node: Node) -> None:
        """`using a::b;`, `using namespace a;`, `namespace b = a;`."""
        named = [child for child in node.named_children if child.type != "comment"]
        if not named:
            return
        scope, _, name = text_of(named[-1]).replace(" ", "").rpartition("::")
        written = Written(name, scope or ("::" if text_of(named[-1]).startswith("::") else ""), self.space)
        if node.type == "namespace_alias_definition":
            self.unit.names.alias(text_of(named[0]), self.space, written)
        elif any(child.type == "namespace" for child in node.children):
            self.unit.names.use_space(self.space, written)
        elif scope not in ("std", "hls"):
            self.unit.names.alias(name, self.space, written)

    def _add_function(self, node: Node, templates: Templates) -> None:
        function = self.function(node, templates)
        if function is None:
            return
        record = self.unit.records.get(function.owner)
        if record is not None:
            record.define(function)
            return
        key = self.unit.names.declare(function.name, function.space)
        self.unit.functions.setdefault(key, []).append(function)

    def _declaration_member(self, node: Node, templates: Templates) -> None:
        inner = node.child_by_field_name("type")
        if inner is not None and inner.type in ("struct_specifier", "class_specifier", "enum_specifier"):
            self.member(inner, templates)
        declarator = node.child_by_field_name("declarator")
        probe = declarator
        while probe is not None and probe.type in ("pointer_declarator", "reference_declarator"):
            probe = inner_declarator(probe)
        if probe is not None and probe.type == "function_declarator":
            self._add_function(node, templates)
            return
        for variable in self.declaration(node).variables:
            self._add_variable(variable)

    def _add_variable(self, variable: ast.Variable) -> None:
        variable.key = self.unit.names.declare(variable.name, self.space)
        self.unit.variables.append(variable)

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
                if "type_parameter" in child.type:
                    self.type_parameters.add(text_of(name))
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
                    self._alias(text_of(name), self.type_ref("int"))
                return
            for name in names:
                if tag is None:
                    self.record(inner, (), text_of(name))
                elif text_of(name) != text_of(tag):
                    self._alias(text_of(name), self.type_ref(text_of(tag)))
            return
        base = self._base(node)
        for declarator in node.children_by_field_name("declarator"):
            label, full = self.declared(declarator, base)
            if label:
                self._alias(label, full)

    def _enum(self, node: Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if body is None:
            return
        inner = self.space
        scoped = any(child.type in ("class", "struct") for child in node.children)
        if name is not None:
            self._alias(text_of(name), self.type_ref("int"))
            inner = self.unit.names.open(text_of(name), self.space)
        previous: ast.Expr | None = None
        offset = 0
        outer = self.space
        for child in body.named_children:
            if child.type != "enumerator":
                continue
            label, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if value is not None:
                self.space = inner
                previous, offset = self.expression(value), 0
                self.space = outer
            if label is not None:
                number = ast.Number(offset, "int")
                found = number if previous is None else ast.Binary("+", previous, number)
                for space in {inner} if scoped else {inner, outer}:
                    self.unit.enumerators[self.unit.names.declare(text_of(label), space)] = found
            offset += 1

    def record(self, node: Node, templates: Templates = (), name: str = "") -> None:
        """A struct or class: its fields and methods."""
        named = node.child_by_field_name("name")
        name = name or (text_of(named) if named is not None else "")
        body = node.child_by_field_name("body")
        if body is None or not name:
            return
        outer = self.space
        arguments: tuple[ast.TypeRef | ast.Expr, ...] = ()
        primary = ""
        if named is not None and named.type == "template_type":
            listed, label = named.child_by_field_name("arguments"), named.child_by_field_name("name")
            arguments = self._type_arguments(listed) if listed is not None else ()
            primary = self.unit.names.declare(text_of(label) if label is not None else name, outer)
            name = f"{name} at {named.start_byte}".replace("::", " ")
        key = self.unit.names.declare(name, outer)
        bases: list[ast.TypeRef] = []
        for child in node.named_children:
            if child.type == "base_class_clause":
                bases = [
                    self.type_of_node(part)
                    for part in child.named_children
                    if part.type in ("type_identifier", "template_type", "qualified_identifier")
                ]
        self.space = self.unit.names.open(name, outer)
        for base in bases:
            self.unit.names.use_space(self.space, Written(base.name, base.scope, base.space))
        fields: list[ast.Variable] = []
        record = ast.Record(key, (), {}, templates, tuple(bases), self.line(node))
        self.unit.records[key] = record
        if primary:
            self.unit.specialised.setdefault(primary, []).append((arguments, record))
        for child in body.named_children:
            if child.type == "field_declaration":
                fields += self._fields(child, templates)
            elif child.type in ("function_definition", "template_declaration"):
                self._method(child, record, templates)
            elif child.type in (
                "struct_specifier",
                "class_specifier",
                "enum_specifier",
                "alias_declaration",
                "type_definition",
                "using_declaration",
            ):
                self.member(child)
        record.fields = tuple(fields)
        self.space = outer

    def _fields(self, node: Node, templates: Templates) -> list[ast.Variable]:
        """Fields of one declaration; static ones of a plain record are globals of its space."""
        inner = node.child_by_field_name("type")
        if inner is not None and inner.type in (
            "struct_specifier",
            "class_specifier",
            "enum_specifier",
            "union_specifier",
        ):
            self.member(inner)
        base = self._base(node)
        value = node.child_by_field_name("default_value")
        static = any(text_of(part) in ("static", "constexpr") for part in node.children)
        found: list[ast.Variable] = []
        for declarator in node.children_by_field_name("declarator"):
            probe: Node | None = declarator
            while probe is not None and probe.type in ("pointer_declarator", "reference_declarator"):
                probe = inner_declarator(probe)
            if probe is not None and probe.type == "function_declarator":
                continue
            name, full = self.declared(declarator, base)
            init = self.expression(value) if value is not None else None
            field = ast.Variable(name, full, init, self.line(node), static=static, constexpr=static)
            found.append(field)
            if static and init is not None and not templates:
                self._add_variable(field)
        return found

    def _method(self, node: Node, record: ast.Record, templates: Templates) -> None:
        if node.type == "template_declaration":
            listed = node.child_by_field_name("parameters")
            templates = templates + (self._templates(listed) if listed is not None else ())
            inside = [part for part in node.named_children if part.type == "function_definition"]
            if not inside:
                return
            node = inside[0]
        function = self.function(node, templates)
        if function is not None:
            function.owner = record.name
            record.define(function)

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
        outer = self.space
        scope, _, label = text_of(name).replace(" ", "").rpartition("::")
        owner = self._owner(scope) if scope else ""
        self.space = owner or outer
        parameters = self.parameters(listed)
        body_node = node.child_by_field_name("body")
        body = self.block(body_node) if body_node is not None else None
        if body is not None:
            body.statements = (*self._member_values(node), *body.statements)
        base.pointers += pointers
        space, self.space = self.space, outer
        words = {text_of(child) for child in node.children if child.type in ("storage_class_specifier", "virtual")}
        return ast.Function(
            label,
            base,
            parameters,
            body,
            templates,
            self.line(node),
            self.place(int(node.end_point[0]))[1],
            owner if owner in self.unit.records else "",
            space,
            "static" in words,
            "virtual" in words,
            self._broken_line(body_node) if body_node is not None and body_node.has_error else 0,
            self.place(int(node.start_point[0]))[0],
        )

    def _member_values(self, node: Node) -> list[ast.Stmt]:
        """`: x(a), y{b}` of a constructor as assignments to its members."""
        found: list[ast.Stmt] = []
        for listed in node.named_children:
            for child in listed.named_children if listed.type == "field_initializer_list" else ():
                parts = [part for part in child.named_children if part.type != "comment"]
                if len(parts) == 2 and parts[0].type == "field_identifier":
                    line = self.line(child)
                    place = ast.Member(ast.Name("this", space=self.space), text_of(parts[0]), line)
                    found.append(ast.Evaluate(ast.Assign("", place, self._initialiser(parts[1]), line)))
        return found

    def _broken_line(self, node: Node) -> int:
        """Line of the first text below a node that does not parse, or 0.

        A pragma between the header and the body of a loop tears them apart for the grammar: that is no fault.
        """
        if node.type == "ERROR":
            return self.line(node)
        if node.is_missing:
            torn = node.type == ";" and self.source[node.end_byte :].lstrip().startswith(b"#")
            return 0 if torn else self.line(node)
        for child in node.children:
            if child.has_error:
                found = self._broken_line(child)
                if found:
                    return found
        return 0

    def _owner(self, scope: str) -> str:
        """Path of the namespace or record before the name of a function that is defined outside of it."""
        names = self.unit.names
        first, _, last = scope.partition("<")[0].rpartition("::")
        return names.key_of(last, first, self.space) or names.space_of(last, first, self.space)


def parse(
    text: str, prelude: str = "", root: str = "", *, path: str = "", parts: Sequence[tuple[str, int]] = ()
) -> ast.Unit:
    """The syntax tree of preprocessed text; `prelude` (included text, its files in `parts`) is read first.

    Lines count within the file that holds them, `path` for the text itself. `root` is the space of the file's own
    names, where several files are read together.

    Raises AigchipError when the text is too large or too deeply nested to be read.
    """
    findings = size_findings(text, SOURCE_LIMITS) or (size_findings(prelude, SOURCE_LIMITS) if prelude else [])
    if findings:
        raise AigchipError(findings[0].message, hint=findings[0].suggestion)
    joined = attached(prelude + "\n" + text if prelude else text)
    included = list(parts) or [("", prelude.count("\n") + 1)] if prelude else []
    parser = Parser([*included, (path, text.count("\n") + 1)], root)
    root_node = parse_root(joined)
    for _ in range(_MOST_READINGS):
        edits = mistaken(root_node, joined)
        if not edits:
            break
        joined = edited(joined, edits)
        root_node = parse_root(joined)
    parser.source = joined.encode()
    parser.members(root_node)
    return parser.unit
