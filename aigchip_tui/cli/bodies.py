"""Bodies of functions that a file declares and another file of its project defines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from aigchip_tui.cli.own_sources import read_text
from aigchip_tui.cpp.limits import SOURCE_LIMITS
from aigchip_tui.model.errors import AigchipError

_MISSING = re.compile(r"'((?:\w+::)*\w+)' is declared, but its body is not in these files")
_SUFFIXES = frozenset([".c", ".cc", ".cpp", ".cxx"])
_END = re.compile(r"[;{}]")
_CLOSED = re.compile(r"\)\s*(?:const\s*)?$")
_MOST_FILES = 64
"""Files of a project that are looked into."""


def missing_bodies(unknown: Sequence[str]) -> list[str]:
    """Names of functions of which an estimate says that their bodies are in none of its files."""
    return list(dict.fromkeys(name for why in unknown for name in _MISSING.findall(why)))


def files_with_bodies(names: Sequence[str], files: Sequence[Path], headers: Sequence[Path], top: str) -> list[Path]:
    """Files beside those given, or beside their headers, that define these functions and neither `main` nor the top.

    A function that several of them define stays missing: which one is meant cannot be known.
    """
    given = {path.resolve() for path in files}
    here = Path.cwd()
    texts: dict[Path, str] = {}
    for path in _beside(files, headers):
        if path not in given and len(texts) < _MOST_FILES:
            try:
                texts[path] = read_text(path)
            except AigchipError:
                continue
    found: dict[Path, None] = {}
    for name in names:
        plain = name.rpartition("::")[2]
        defining = [
            path
            for path, text in texts.items()
            if _defines(text, plain) and not _defines(text, "main") and not (top and _defines(text, top))
        ]
        if len(defining) == 1:
            found[defining[0]] = None
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in found]


def _beside(files: Sequence[Path], headers: Sequence[Path]) -> Iterator[Path]:
    folders = dict.fromkeys(path.resolve().parent for path in (*files, *headers))
    for folder in folders:
        for beside in dict.fromkeys((folder, folder.parent / "src")):
            if beside.is_dir():
                listed = (path.resolve() for path in beside.iterdir() if path.suffix in _SUFFIXES and path.is_file())
                yield from sorted(path for path in listed if path.parent == beside and _readable(path))


def _readable(path: Path) -> bool:
    return path.stat().st_size <= SOURCE_LIMITS.characters


def _defines(text: str, name: str) -> bool:
    """Whether a text holds the head of a function of this name before a brace; comments may be taken for text."""
    end = -1
    for head in re.finditer(rf"\b{re.escape(name)}\s*\(", text):
        if end < head.end():
            found = _END.search(text, head.end())
            if found is None:
                return False
            end = found.start()
        if text[end] == "{" and _CLOSED.search(text, max(head.end(), end - 40), end):
            return True
    return False
