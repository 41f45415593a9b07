"""Code out of a reply: fences, prose around, replies that were cut off."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$")
_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OPEN_THINKING = re.compile(r"<think(?:ing)?>(?!.*</think)", re.DOTALL)
_MARK = re.compile(r"//\s*\[\d+\]")
_INCLUDE = re.compile(r"^\s*#\s*include\s*[<\"]([^>\"]+)[>\"]")
_ONCE = re.compile(r"^\s*#\s*pragma\s+once\b")
_CODE_ROW = re.compile(r"^\s*(//|#\s*pragma|\}|\{|[\w:<>,&*\s\[\]]+\(|.*[;{}]\s*(//.*)?$)")
_FUNCTION = re.compile(r"\w\s*\([^;]*\)\s*\{", re.DOTALL)


class Extracted(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a reply, empty when it holds none; `notes` say what was left aside, `cut` that its end
    is missing.
    """

    code: str
    notes: tuple[str, ...] = ()
    cut: bool = False


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    language: str
    code: str
    closed: bool


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    fence, language = "", ""
    rows: list[str] = []
    for raw in text.splitlines():
        found = _FENCE.match(raw)
        if fence:
            if found and found.group(1).startswith(fence) and not found.group(2):
                blocks.append(_Block(language=language, code="\n".join(rows), closed=True))
                fence, rows = "", []
            else:
                rows.append(raw)
        elif found:
            fence, language = found.group(1), found.group(2).lower()
    if fence:
        blocks.append(_Block(language=language, code="\n".join(rows), closed=False))
    return blocks


def _bare(text: str) -> str:
    """The rows from the first to the last that look like code, when there is a function among them."""
    rows = text.splitlines()
    coded = [at for at, row in enumerate(rows) if row.strip() and _CODE_ROW.match(row)]
    if not coded:
        return ""
    code = "\n".join(rows[coded[0] : coded[-1] + 1])
    return code if _FUNCTION.search(code) and code.count(";") >= 1 else ""


def _balance(code: str) -> int:
    bare = re.sub(r"//[^\n]*", "", code)
    return bare.count("{") - bare.count("}")


def extract_code(text: str, *, finish_reason: str = "stop", supplied_includes: Collection[str] = ()) -> Extracted:
    """The code of a reply.

    Of several fenced blocks the one with most marks, then the longest, is taken. Includes of headers that
    the template supplies are left out. A reply that ends before its fence is closed is `cut`.
    """
    notes: list[str] = []
    spoken = _THINKING.sub("", text)
    if _OPEN_THINKING.search(spoken):
        spoken = _OPEN_THINKING.split(spoken)[0]
    blocks = [block for block in _blocks(spoken) if block.code.strip()]
    cut = finish_reason == "length"
    if blocks:
        best = max(blocks, key=lambda block: (len(_MARK.findall(block.code)), len(block.code)))
        if len(blocks) > 1:
            notes.append(f"block {blocks.index(best) + 1} of {len(blocks)} fenced blocks is taken")
        code = best.code
        if not best.closed:
            cut = cut or best is blocks[-1]
    else:
        code = _bare(spoken)
        if code:
            notes.append("the code stood without a fence")
    if not code.strip():
        return Extracted(code="", notes=("the reply holds no code",), cut=cut)
    kept = []
    for row in code.splitlines():
        include = _INCLUDE.match(row)
        if include and include.group(1) in supplied_includes:
            notes.append(f"#include of {include.group(1)} left out, the template supplies it")
        elif _ONCE.match(row):
            notes.append("#pragma once left out, the template supplies it")
        else:
            kept.append(row.rstrip())
    code = "\n".join(kept).strip("\n") + "\n"
    if cut:
        notes.append("the reply was cut off before its end")
    elif _balance(code) > 0:
        notes.append(f"{_balance(code)} braces are not closed")
    return Extracted(code=code, notes=tuple(notes), cut=cut)
