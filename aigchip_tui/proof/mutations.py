"""Wrong versions of a body, one thing wrong in each: pragmas, loop bounds, dropped reads and writes, flipped operators.

Where C++ allows it, a mutant can also be chosen at run time: `Mutants.switched` is one text that behaves as the
original, or as the mutant whose number stands in the environment variable AIGCHIP_MUTANT. So a hundred mutants cost
one compilation. Constants, array extents and template arguments cannot be switched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from aigchip_tui.cpp.grammar import line_of, parse_root, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

VARIABLE: Final = "AIGCHIP_MUTANT"

_FLIPPED: Final[Mapping[str, str]] = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "+": "-", "-": "+",
}
_STEPPED: Final[Mapping[str, str]] = {"+=": "-=", "-=": "+=", "++": "--", "--": "++"}
_CONSTANT_SCOPES: Final = frozenset({
    "template_argument_list", "static_assert_declaration", "type_definition", "alias_declaration",
    "parameter_list", "case_statement", "template_parameter_list", "preproc_def",
})
_PRAGMA: Final = re.compile(r"^[ \t]*#pragma[ \t]+HLS[ \t]+(.*?)[ \t]*$", re.M)
_CHANGES: Final = (
    (r"\bII=\w+", "II=16"), (r"\bdim=(\d+)", "dim=3"), (r"\boff\b", ""), (r"\bimpl=(?:dsp|fabric|lutram)", "impl=auto"),
    (r"^INLINE$", "INLINE off"), (r"^UNROLL$", "UNROLL factor=3"), (r"\bdependent=false", "dependent=true"),
    (r"\btype=inter\b", "type=intra"),
)
"""How a pragma is changed besides being deleted: what is sought in it, and what stands there instead."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong version: where, what became of it, the whole text, and its number in the switched text (0: none).

    `was` and `now` are the code of the changed place.
    """

    line: int
    was: str
    now: str
    text: str
    switch: int = 0

    @property
    def name(self) -> str:
        """Where and what, on one line."""
        return f"line {self.line}: `{_short(self.was)}` -> `{_short(self.now)}`"


class Mutants(msgspec.Struct, frozen=True, kw_only=True):
    """All mutants of a body, and the text that behaves as any of those with a switch."""

    mutants: tuple[Mutant, ...]
    switched: str


class _Edit(msgspec.Struct, frozen=True, kw_only=True):
    start: int
    end: int
    text: str


def mutants_of(code: str) -> Mutants:
    """Every mutant of a body that `cpp.limits.screen` has passed."""
    return _Maker(code).make()


class _Maker:
    """Collects mutants and, beside them, the switched text."""

    def __init__(self, code: str) -> None:
        self._bytes = code.encode()
        self._found: list[Mutant] = []
        self._helpers: list[str] = []
        self._opening: list[tuple[int, int, str]] = []
        self._closing: list[tuple[int, int, str]] = []
        self._replaced: list[_Edit] = []

    def make(self) -> Mutants:
        for match in _PRAGMA.finditer(self._bytes.decode()):
            self._pragma(match)
        self._walk(parse_root(self._bytes.decode()), depth=0, inside=False, constant=False)
        found = sorted(self._found, key=lambda mutant: (mutant.line, mutant.switch))
        return Mutants(mutants=tuple(found), switched=self._switched())

    def _pragma(self, match: re.Match[str]) -> None:
        code, said = self._bytes.decode(), match.group(1)
        line = code.count("\n", 0, match.start()) + 1
        whole = f"#pragma HLS {said}"
        versions = [("", "")]
        for pattern, instead in _CHANGES:
            changed = re.sub(pattern, instead, said, count=1).strip()
            if changed != said and re.search(pattern, said):
                versions.append((f"#pragma HLS {changed}", f"#pragma HLS {changed}"))
        for now, text in versions:
            self._found.append(Mutant(
                line=line, was=whole, now=now, text=code[: match.start()] + text + code[match.end():],
            ))

    def _walk(self, node: Node, *, depth: int, inside: bool, constant: bool) -> None:
        inside = inside or node.type == "compound_statement"
        constant = constant or node.type in _CONSTANT_SCOPES or (
            node.type == "declaration" and any(text_of(c) == "constexpr" for c in node.children)
        )
        match node.type:
            case "binary_expression":
                self._binary(node, depth, switchable=inside and not constant)
            case "assignment_expression" if inside:
                self._stepped(node, depth)
            case "update_expression" if inside:
                self._update(node, depth)
            case "call_expression" if inside and _method(node) == "read":
                self._read(node, depth)
            case "expression_statement" if inside:
                self._dropped(node, depth)
            case _:
                pass
        for index, child in enumerate(node.children):
            extent = node.type == "array_declarator" and node.field_name_for_child(index) == "size"
            self._walk(child, depth=depth + 1, inside=inside, constant=constant or extent)

    def _binary(self, node: Node, depth: int, *, switchable: bool) -> None:
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if operator is None or right is None or text_of(operator) not in _FLIPPED:
            return
        sign = text_of(operator)
        versions = [(_Edit(start=operator.start_byte, end=operator.end_byte, text=_FLIPPED[sign]),
                     f"l {_FLIPPED[sign]} r")]
        if _is_condition(node) and sign in ("<", "<=", ">", ">="):
            less = "- 1" if sign[0] == "<" else "+ 1"
            if len(sign) == 2:
                more = "+ 1" if sign[0] == "<" else "- 1"
                versions = [(_Edit(start=right.end_byte, end=right.end_byte, text=f" {more}"), f"l {sign} r {more}")]
            versions.append((_Edit(start=right.end_byte, end=right.end_byte, text=f" {less}"), f"l {sign} r {less}"))
        choices = []
        for edit, expression in versions:
            number = self._add(node, edit, switchable=switchable)
            choices.append(f"aigchip_mutant == {number} ? {expression} : ")
        if switchable:
            name = self._helper("const L& l, const R& r", f"return {''.join(choices)}l {sign} r;", two=True)
            self._wrap(node, depth, f"{name}(", ")")
            self._replaced.append(_Edit(start=operator.start_byte, end=operator.end_byte, text=","))

    def _stepped(self, node: Node, depth: int) -> None:
        operator = node.child_by_field_name("operator")
        if operator is None or text_of(operator) not in _STEPPED:
            return
        sign = text_of(operator)
        edit = _Edit(start=operator.start_byte, end=operator.end_byte, text=_STEPPED[sign])
        number = self._add(node, edit, switchable=True)
        name = self._helper(
            "L& l, const R& r", f"if (aigchip_mutant == {number}) l {_STEPPED[sign]} r; else l {sign} r;", two=True
        )
        self._wrap(node, depth, f"{name}(", ")")
        self._replaced.append(_Edit(start=operator.start_byte, end=operator.end_byte, text=","))

    def _update(self, node: Node, depth: int) -> None:
        operator = node.child_by_field_name("operator")
        if operator is None:
            return
        sign = text_of(operator)
        prefix = operator.start_byte == node.start_byte
        edit = _Edit(start=operator.start_byte, end=operator.end_byte, text=_STEPPED[sign])
        number = self._add(node, edit, switchable=prefix)
        if prefix:
            name = self._helper("L& l", f"return aigchip_mutant == {number} ? {_STEPPED[sign]}l : {sign}l;")
            self._wrap(node, depth, f"{name}(", ")")
            self._replaced.append(_Edit(start=operator.start_byte, end=operator.end_byte, text=""))

    def _read(self, node: Node, depth: int) -> None:
        stream = text_of(node)[: text_of(node).rindex(".")]
        token = f"std::remove_cvref_t<decltype({stream}.read())>{{}}"
        number = self._add(node, _Edit(start=node.start_byte, end=node.end_byte, text=token), switchable=True)
        self._wrap(node, depth, f"(aigchip_mutant == {number} ? {token} : ", ")")

    def _dropped(self, node: Node, depth: int) -> None:
        """A statement that writes to a stream, a memory, an array or a variable, left out."""
        inner = node.named_children[0] if node.named_children else None
        writes = inner is not None and (
            inner.type == "assignment_expression" or (inner.type == "call_expression" and _method(inner) == "write")
        )
        if writes:
            number = self._add(node, _Edit(start=node.start_byte, end=node.end_byte, text=";"), switchable=True)
            self._wrap(node, depth, f"{{ if (aigchip_mutant != {number}) ", " }")

    def _add(self, node: Node, edit: _Edit, *, switchable: bool) -> int:
        number = len(self._found) + 1
        code = self._bytes
        text = (code[: edit.start] + edit.text.encode() + code[edit.end:]).decode()
        now = (code[node.start_byte: edit.start] + edit.text.encode() + code[edit.end: node.end_byte]).decode()
        self._found.append(Mutant(
            line=line_of(node), was=text_of(node), now=now, text=text, switch=number if switchable else 0,
        ))
        return number

    def _helper(self, parameters: str, body: str, *, two: bool = False) -> str:
        name = f"aigchip_site_{len(self._helpers)}"
        types = "class L, class R" if two else "class L"
        self._helpers.append(f"template <{types}> inline auto {name}({parameters}) {{ {body} }}")
        return name

    def _wrap(self, node: Node, depth: int, before: str, after: str) -> None:
        self._opening.append((node.start_byte, depth, before))
        self._closing.append((node.end_byte, depth, after))

    def _switched(self) -> str:
        """The original with every switchable place wrapped; at one place, closings stand before openings."""
        edits = [(at, 0, -depth, at, text) for at, depth, text in self._closing]
        edits += [(at, 1, depth, at, text) for at, depth, text in self._opening]
        edits += [(e.start, 2, 0, e.end, e.text) for e in self._replaced]
        parts, at = [], 0
        for start, _, _, end, text in sorted(edits):
            parts += [self._bytes[at:start].decode(), text]
            at = end
        parts.append(self._bytes[at:].decode())
        chooser = (
            f'inline const int aigchip_mutant = ::getenv("{VARIABLE}") ? ::atoi(::getenv("{VARIABLE}")) : 0;'
        )
        return "\n".join([chooser, *self._helpers, "".join(parts)])


def _is_condition(node: Node) -> bool:
    parent = node.parent
    condition = parent.child_by_field_name("condition") if parent is not None else None
    return parent is not None and parent.type == "for_statement" and condition is not None and condition == node


def _method(node: Node) -> str:
    function = node.child_by_field_name("function")
    field = function.child_by_field_name("field") if function is not None else None
    return text_of(field) if field is not None else ""


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."

