"""Where the offline adapter says that each line came from, read back from its reply."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from aigchip_tui.llm.adapter.answer import HEAD

Origin = Literal["retrieved", "adapted", "fused", "refused"]

_HEAD = re.compile(re.escape(HEAD) + r": (retrieved|adapted|fused|refused)\.")
_ROW = re.compile(r"^\| (\d+) \| (retrieved|adapted|fused) \| (\d+) \| (\d+) \| ([^|]*) \| ([^|]*) \|$")
_REFUSED = re.compile(r'^- (?:Line (\d+) \("(.*?)"\)|The request): (.*)$')
_NOTE = re.compile(r"^- Note: (.*)$")


class LineOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction line's source: demonstration number (from 1, as shown in the prompt), its line,
    numbers, note.
    """

    line: int
    how: Literal["retrieved", "adapted", "fused"]
    demo: int
    demo_line: int
    numbers: str
    note: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter's reply says about itself; `refusals` are (line or 0, sentence)."""

    origin: Origin
    lines: tuple[LineOrigin, ...] = ()
    refusals: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()


def read_provenance(text: str) -> Provenance | None:
    """The provenance in a reply of the offline adapter, None when the reply is not one of its.

    Only for replies that came from the adapter: a language model could write the same words.
    """
    head = _HEAD.match(text)
    if head is None:
        return None
    lines: list[LineOrigin] = []
    refusals: list[tuple[int, str]] = []
    notes: list[str] = []
    fence = ""
    for row in text.splitlines():
        mark = re.match(r"^(`{3,})", row)
        if mark and not fence:
            fence = mark.group(1)
            continue
        if fence:
            if row.strip() == fence:
                fence = ""
            continue
        if found := _ROW.match(row):
            number, how, demo, demo_line, numbers, note = found.groups()
            lines.append(
                LineOrigin(
                    line=int(number),
                    how=how,  # type: ignore[arg-type]  # the pattern allows nothing else
                    demo=int(demo),
                    demo_line=int(demo_line),
                    numbers=numbers.strip(),
                    note=note.strip(),
                )
            )
        elif found := _NOTE.match(row):
            notes.append(found.group(1))
        elif found := _REFUSED.match(row):
            refusals.append((int(found.group(1) or 0), row[2:]))
    return Provenance(
        origin=head.group(1),  # type: ignore[arg-type]  # the pattern allows nothing else
        lines=tuple(lines),
        refusals=tuple(refusals),
        notes=tuple(notes),
    )
