"""Signatures of functions: parameter types written canonically with their constants folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.cpp.constants import evaluate
from aigchip_tui.cpp.grammar import line_of, parse_root, text_of
from aigchip_tui.cpp.limits import SOURCE_LIMITS, size_findings
from aigchip_tui.cpp.tokens import significant
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_DEPTH = 200


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a function.

    `type_text` is canonical: `hls::stream<hls::vector<data_t, 64>>&`, `const data_t[4][16]`; one blank after
    a comma and between words, none elsewhere, constants folded to decimal numbers, array extents after the
    type.
    """

    name: str
    type_text: str
    position: int
    line: int
    default: str = ""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A function's name, return type and parameters; `defined` tells a definition from a declaration."""

    name: str
    return_type: str
    parameters: tuple[Parameter, ...]
    line: int
    defined: bool
    template_parameters: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()

    def render(self) -> str:
        """The signature on one line, as a parent's prompt or a finding shows it."""
        inner = ", ".join(_declare(parameter) for parameter in self.parameters)
        return f"{self.return_type} {self.name}({inner})"


def _declare(parameter: Parameter) -> str:
    head, bracket, extents = parameter.type_text.partition("[")
    extents = bracket + extents
    if head.endswith(">") and "[" in parameter.type_text and parameter.type_text.count("<", 0) != head.count("<"):
        head, extents = parameter.type_text, ""
    return f"{head} {parameter.name}{extents}".strip()


def namespace_constants(text: str, constants: Mapping[str, int] | None = None) -> dict[str, int]:
    """Integer constants that stand at namespace scope (constexpr, const, enumerators), in order, each from
    the former.
    """
    refuse_oversized(text)
    known = dict(constants or {})
    for node in _namespace_members(parse_root(text)):
        _learn(node, known)
    return known


def signatures(text: str, constants: Mapping[str, int] | None = None) -> tuple[Signature, ...]:
    """Signatures of all functions defined or declared at namespace scope, constants of the text folded.

    `constants` adds or overrides names (a template's `PORT`). Raises AigchipError when the text is too large
    to read.
    """
    refuse_oversized(text)
    root = parse_root(text)
    known = dict(constants or {})
    found: list[Signature] = []
    for node in _namespace_members(root):
        _learn(node, known)
        signature = _signature(node, known)
        if signature is not None:
            found.append(signature)
    return tuple(found)


def signature_of(text: str, name: str, constants: Mapping[str, int] | None = None) -> Signature:
    """The signature of one function (its definition before a declaration); raises AigchipError when it is not
    there.
    """
    found = [signature for signature in signatures(text, constants) if signature.name == name]
    found.sort(key=lambda signature: not signature.defined)
    if not found:
        raise AigchipError(f"No function '{name}' is defined in the text.", hint="Keep the name of the module.")
    return found[0]


def variables(node: Node, constants: Mapping[str, int]) -> list[tuple[str, str]]:
    """Name and canonical type of each variable of a declaration, constants folded."""
    base = _base_type(node, constants)
    found = []
    for declarator in node.children_by_field_name("declarator"):
        inner = declarator.child_by_field_name("declarator") if declarator.type == "init_declarator" else declarator
        name, suffix = _declared(inner, constants)
        found.append((name, base + suffix))
    return found


def refuse_oversized(text: str) -> None:
    """Raises AigchipError when the text is too large or too deeply nested to be read safely."""
    findings = size_findings(text, SOURCE_LIMITS)
    if findings:
        raise AigchipError(findings[0].message, hint=findings[0].suggestion)


def _namespace_members(root: Node, depth: int = 0) -> Iterator[Node]:
    for child in root.named_children:
        if (
            child.type
            in (
                "namespace_definition",
                "linkage_specification",
                "declaration_list",
                "preproc_if",
                "preproc_ifdef",
                "preproc_else",
                "ERROR",
            )
            and depth < 40
        ):
            yield from _namespace_members(child, depth + 1)
        else:
            yield child


def _learn(node: Node, known: dict[str, int]) -> None:
    if node.type == "declaration":
        words = {
            text_of(child) for child in node.children if child.type in ("type_qualifier", "storage_class_specifier")
        }
        if not words & {"const", "constexpr"}:
            return
        for child in node.children_by_field_name("declarator"):
            if child.type == "init_declarator":
                name, value = child.child_by_field_name("declarator"), child.child_by_field_name("value")
                if name is not None and value is not None and name.type == "identifier":
                    text = text_of(value).strip()
                    number = evaluate(text[1:-1] if text.startswith("{") else text, known)
                    if number is not None:
                        known.setdefault(text_of(name), number)
    elif node.type in ("enum_specifier",):
        _learn_enumerators(node, known)
    elif node.type == "preproc_def":
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None:
            number = evaluate(text_of(value), known)
            if number is not None:
                known.setdefault(text_of(name), number)


def _learn_enumerators(node: Node, known: dict[str, int]) -> None:
    following = 0
    body = node.child_by_field_name("body")
    for child in body.named_children if body is not None else ():
        if child.type != "enumerator":
            continue
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        number = evaluate(text_of(value), known) if value is not None else following
        if name is None or number is None:
            return
        known.setdefault(text_of(name), number)
        following = number + 1


def _signature(node: Node, known: Mapping[str, int]) -> Signature | None:
    templates: tuple[str, ...] = ()
    if node.type == "template_declaration":
        listed = node.child_by_field_name("parameters")
        templates = tuple(_plain(text_of(child)) for child in listed.named_children) if listed is not None else ()
        inner = [child for child in node.named_children if child.type in ("function_definition", "declaration")]
        if not inner:
            return None
        node = inner[0]
    if node.type not in ("function_definition", "declaration"):
        return None
    declarator = node.child_by_field_name("declarator")
    suffix = ""
    while declarator is not None and declarator.type in ("pointer_declarator", "reference_declarator"):
        suffix += "*" if declarator.type == "pointer_declarator" else "&"
        declarator = _inner_declarator(declarator)
    if declarator is None or declarator.type != "function_declarator":
        return None
    name = declarator.child_by_field_name("declarator")
    listed = declarator.child_by_field_name("parameters")
    if name is None or listed is None:
        return None
    parameters: list[Parameter] = []
    for child in listed.named_children:
        if child.type in ("parameter_declaration", "optional_parameter_declaration"):
            parameter = _parameter(child, len(parameters), known)
            if parameter is not None:
                parameters.append(parameter)
    qualifiers = tuple(
        text_of(child)
        for child in node.children
        if child.type in ("storage_class_specifier", "type_qualifier") and text_of(child) != "const"
    )
    return Signature(
        name=text_of(name),
        return_type=_base_type(node, known) + suffix,
        parameters=tuple(parameters),
        line=line_of(node),
        defined=node.type == "function_definition",
        template_parameters=templates,
        qualifiers=qualifiers,
    )


def _parameter(node: Node, position: int, known: Mapping[str, int]) -> Parameter | None:
    base = _base_type(node, known)
    declarator = node.child_by_field_name("declarator")
    if base == "void" and declarator is None:
        return None
    name, suffix = _declared(declarator, known)
    value = node.child_by_field_name("default_value")
    return Parameter(
        name=name,
        type_text=base + suffix,
        position=position,
        line=line_of(node),
        default=_plain(text_of(value)) if value is not None else "",
    )


def _inner_declarator(node: Node) -> Node | None:
    inner = node.child_by_field_name("declarator")
    if inner is not None:
        return inner
    named = [child for child in node.named_children if child.type not in ("type_qualifier", "comment")]
    return named[-1] if named else None


def _declared(node: Node | None, known: Mapping[str, int]) -> tuple[str, str]:
    """Name and type suffix (`*`, `&`, `[4][16]`) of a declarator."""
    prefix, extents = "", ""
    depth = 0
    while node is not None and depth < 32:
        depth += 1
        if node.type in ("pointer_declarator", "abstract_pointer_declarator"):
            prefix += "*"
            node = _inner_declarator(node)
        elif node.type in ("reference_declarator", "abstract_reference_declarator"):
            prefix += "&&" if text_of(node).startswith("&&") else "&"
            node = _inner_declarator(node)
        elif node.type in ("array_declarator", "abstract_array_declarator"):
            size = node.child_by_field_name("size")
            extents = f"[{_folded(text_of(size), known) if size is not None else ''}]" + extents
            node = node.child_by_field_name("declarator")
        elif node.type in ("parenthesized_declarator", "abstract_parenthesized_declarator"):
            name, inner = _declared(_inner_declarator(node), known)
            return name, prefix + (f"({inner})" if inner else "") + extents
        else:
            return text_of(node), prefix + extents
    return "", prefix + extents


def _folded(text: str, known: Mapping[str, int]) -> str:
    number = evaluate(text, known)
    return _plain(text) if number is None else str(number)


def _base_type(node: Node, known: Mapping[str, int]) -> str:
    kind = node.child_by_field_name("type")
    constant = any(child.type == "type_qualifier" and text_of(child) == "const" for child in node.children)
    name = canonical_type(kind, known) if kind is not None else ""
    return f"const {name}" if constant else name


def canonical_type(node: Node, known: Mapping[str, int], depth: int = 0) -> str:
    """A type node as canonical text, its template arguments folded."""
    if depth > _MAX_DEPTH:
        raise AigchipError("A type is nested too deeply to be read.")
    if node.type == "qualified_identifier":
        scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
        head = text_of(scope) + "::" if scope is not None else "::"
        return head + (canonical_type(name, known, depth + 1) if name is not None else "")
    if node.type == "template_type":
        name, listed = node.child_by_field_name("name"), node.child_by_field_name("arguments")
        arguments = [
            _argument(child, known, depth + 1)
            for child in (listed.named_children if listed else ())
            if child.type != "comment"
        ]
        return f"{text_of(name) if name is not None else ''}<{', '.join(arguments)}>"
    if node.type == "type_descriptor":
        base = _base_type(node, known)
        _, suffix = _declared(node.child_by_field_name("declarator"), known)
        return base + suffix
    return _plain(text_of(node))


def _argument(node: Node, known: Mapping[str, int], depth: int) -> str:
    number = evaluate(text_of(node), known)
    if number is not None:
        return str(number)
    if node.type in ("type_descriptor", "template_type", "qualified_identifier"):
        return canonical_type(node, known, depth)
    return _plain(text_of(node))


def _plain(text: str) -> str:
    """Tokens joined canonically: a blank between words and after a comma, none elsewhere."""
    out = ""
    previous = ""
    for token in significant(text):
        if out and (
            previous == ","
            or ((out[-1].isalnum() or out[-1] == "_") and (token.text[0].isalnum() or token.text[0] == "_"))
        ):
            out += " "
        out += token.text
        previous = token.text
    return out
