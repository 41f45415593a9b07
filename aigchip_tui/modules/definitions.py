"""Definitions of types out of the headers that a template supplies, for prompts that name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_DEFINED = re.compile(
    r"(?P<comment>(?:^//[^\n]*\n)*)^(?P<text>struct (?P<struct>\w+) \{.*?^\};|typedef [^;{}]+?(?P<typedef>\w+);[^\n]*)",
    re.M | re.S,
)


def definitions(headers: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """The structs and typedefs of `names` as they stand in the headers, comments before them included, in their order.

    A name that no header defines (`int`, a type of the library) is left out.
    """
    wanted = set(names)
    found = []
    for text in headers.values():
        for match in _DEFINED.finditer(text):
            if (match["struct"] or match["typedef"]) in wanted:
                found.append(match["comment"] + match["text"])
    return tuple(found)
