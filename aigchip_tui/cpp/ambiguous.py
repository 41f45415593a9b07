"""Text that the grammar reads in another way than C++: pragmas between a header and its body, casts and templates that
are none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma\b[ \t]*([^\n]*)", re.MULTILINE)
_BEFORE_BODY = re.compile(r"(?:^|\W)(for|while|if)\s*$")
_ALONE = re.compile(r"(?:^|\W)(else|do)$")
_LONGEST_HEADER = 2000


def attached(text: str) -> str:
    """The text with every pragma between the header of a statement and its body as an attribute of the body.

    The grammar knows directives only between statements. Lines stay where they are.
    """
    text = _within_bodies(_CONVERSION.sub(lambda match: _SIZED[match.group(1)], text))
    out: list[str] = []
    last = 0
    held = False
    for match in _PRAGMA.finditer(text):
        between = text[last : match.start()]
        before = between if between.strip() else ("]" if held else "")
        held = (held and not between.strip()) or _heads(before.rstrip())
        out.append(between)
        if held:
            written = match.group(1).replace("\\", "\\\\").replace('"', '\\"')
            out.append(f'[[pragma("{written}")]]')
        else:
            out.append(match.group())
        last = match.end()
    out.append(text[last:])
    return "".join(out)


_SIZED = {"unsigned": "uint32_t", "signed": "int32_t", "short": "int16_t", "long": "int64_t"}
_CONVERSION = re.compile(r"(?<=[=(,+\-*/%<>&|!?:~^\[])[ \t]*\b(unsigned|signed|short|long)(?=[ \t]*\([ \t]*[^)*\s])")
"""`unsigned(x)` within an expression, which the grammar takes for a declaration where more follows."""


_AHEAD = re.compile(
    r"(\)(?:[ \t]*const)?)[ \t]*"
    r"((?:\n[ \t]*#[ \t]*pragma\b[^\n]*|\n[ \t]*)*\n[ \t]*#[ \t]*pragma\b[^\n]*(?:\n[ \t]*)*)\{"
)


def _within_bodies(text: str) -> str:
    """Pragmas between the head of a function and its `{` stand behind the `{`; lines stay where they are."""

    def moved(match: re.Match[str]) -> str:
        if _heads(text[: match.start() + 1]):
            return match.group()
        return f"{match.group(1)} {{{match.group(2)} "

    return _AHEAD.sub(moved, text) if "pragma" in text else text


def _heads(text: str) -> bool:
    """Whether a text ends with the header of a statement, so that its body comes next."""
    if not text.endswith(")"):
        return _ALONE.search(text[-8:]) is not None
    depth = 0
    for position in range(len(text) - 1, max(-1, len(text) - _LONGEST_HEADER), -1):
        letter = text[position]
        depth += (letter == ")") - (letter == "(")
        if not depth:
            return _BEFORE_BODY.search(text[max(0, position - 80) : position]) is not None
    return False


@lru_cache(maxsize=2)
def _query(pattern: str) -> Query:
    import tree_sitter_cpp
    from tree_sitter import Language, Query

    return Query(Language(tree_sitter_cpp.language()), pattern)


def _nodes(root: Node, pattern: str) -> list[Node]:
    from tree_sitter import QueryCursor

    return QueryCursor(_query(pattern)).captures(root).get("it", [])


_WITHIN = re.compile(r"\(\s*[\w:][^();]*\(")
"""A word and an opening parenthesis within parentheses, without which nothing is read as a conversion to a function."""
Edit = tuple[int, bytes]
"""What is put in front of a byte of a text."""


def mistaken(root: Node, text: str) -> list[Edit]:
    """What tells the grammar that something is no type and no template; it changes no value."""
    casts = _mistaken_casts(root) if _WITHIN.search(text) else ()
    return sorted({*casts, *(_mistaken_templates(root) if _COMPARED.search(text) else ())})


def _mistaken_casts(root: Node) -> set[Edit]:
    """A `+` behind the `(` of what is read as a conversion to a function, `(a * (b[i])) + c`: no type is one."""
    found: set[Edit] = set()
    for node in _nodes(root, "(abstract_function_declarator) @it"):
        probe: Node | None = node
        while probe is not None and probe.type.startswith("abstract_"):
            probe = probe.parent
        if probe is None or probe.type != "type_descriptor" or probe.parent is None:
            continue
        if probe.parent.type == "cast_expression" and b"(*" not in (probe.text or b"").replace(b" ", b""):
            found.add((probe.start_byte, b"+"))
    return found


_COMPARED = re.compile(r"<[^;{}]*?>=")
"""Where a comparison with `<` may be read as the beginning of a template that ends in `>=`."""


def _mistaken_templates(root: Node) -> set[Edit]:
    """Parentheses around the first operand of `a < b && c >= d` where it is read as a template: `>=` ends none."""
    found: set[Edit] = set()
    for node in _nodes(root, "(template_argument_list) @it"):
        after, named = node.next_sibling or _behind(node), node.parent
        if after is None or named is None or after.start_byte != node.end_byte or (after.text or b"")[:1] != b"=":
            continue
        name = named.child_by_field_name("name")
        if name is not None:
            above = named.parent if named.type == "template_method" else None
            found.add(((above or name).start_byte, b"("))
            found.add((name.end_byte, b")"))
    return found


def _behind(node: Node) -> Node | None:
    """The token behind a node."""
    probe: Node | None = node
    while probe is not None and probe.next_sibling is None:
        probe = probe.parent
    return None if probe is None else probe.next_sibling


def edited(text: str, edits: list[Edit]) -> str:
    """The text with something put in at these bytes."""
    source = text.encode()
    places = [place for place, _ in edits]
    pieces = [source[begin:end] for begin, end in zip([0, *places], [*places, len(source)], strict=True)]
    joined = pieces[0] + b"".join(added + piece for (_, added), piece in zip(edits, pieces[1:], strict=True))
    return joined.decode(errors="replace")
