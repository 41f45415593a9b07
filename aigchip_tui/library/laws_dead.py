"""The law of dead text (L11): nothing in a demonstration that does nothing for its own settings.

Lines that never run are counted when the demonstration runs (`proof.line_coverage`); here is what needs no run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import without_comment
from aigchip_tui.library.laws_base import demo_finding
from aigchip_tui.library.topics import Topics
from aigchip_tui.model.finding import Finding

WIDEST = 120

_CONSTANT = re.compile(r"\b(?:constexpr|const)\s+[\w:<>, ]+?[\s&](\w+)\s*(?:=|\[)")
_TYPE = re.compile(r"\btypedef\s[^;]*?(\w+)(?:\[[^;\]]*\])*;|\busing\s+(\w+)\s*=")
_VARIABLE = re.compile(r"^\s*(?:int|bool|\w+_t|std::u?int\d+_t|hls::vector<[^;=]*>)\s+(\w+)\s*(?:=|;|\[|\()", re.M)
_MARK = re.compile(r"^\s*\[\d+\]\s*")
_CODE = re.compile(r"[;{}]\s*$|^\s*(?:for|if|while|switch|return)\b.*[(;]|^\s*#\s*\w+|^\s*\w+(?:\.\w+)?\(.*\)\s*$")


def dead_text(demos: Sequence[Demo], topics: Topics) -> Iterator[Finding]:
    """L11: a name that is declared and not used, code in a comment, a row wider than 120 or with blanks at its end."""
    for demo in demos:
        rows = demo.code.splitlines()
        bare = "\n".join(without_comment(row) for row in rows)
        for name in dict.fromkeys(_declared(bare)):
            if len(re.findall(rf"\b{name}\b", bare)) == 1:
                before = bare[: next(re.finditer(rf"\b{name}\b", bare)).start()]
                yield demo_finding("L11", demo, f"{name} is declared and used nowhere.", row=before.count("\n") + 1)
        for number, text in enumerate(rows, start=1):
            comment = _MARK.sub("", text.partition("//")[2])
            if _CODE.search(comment):
                yield demo_finding(
                    "L11", demo, f'the comment "{comment.strip()}" is code.', row=number,
                    suggestion="A comment says why; what does not run is left out.",
                )
            if len(text) > WIDEST or text != text.rstrip() or "\t" in text:
                yield demo_finding(
                    "L11", demo, f"the row is wider than {WIDEST}, ends in blanks or has a tab.", row=number
                )


def _declared(code: str) -> Iterator[str]:
    for pattern in (_CONSTANT, _TYPE, _VARIABLE):
        for match in pattern.finditer(code):
            yield next(name for name in match.groups() if name)
