"""Source files of the person who asks: read with the headers that they quote, never from outside their project."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from aigchip_tui.cpp.preprocess import of_the_tool
from aigchip_tui.model.errors import AigchipError

MAX_SOURCE = 8 << 20
_MAX_HEADERS = 256
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_QUOTED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+\.\w+)>)', re.M)
_USUAL_FOLDERS = (".", "include", "inc", "includes", "headers", "src")
"""Where projects keep the headers that they give their compiler the folder of."""


def read_text(path: Path, *, what: str = "C or C++") -> str:
    """Text of a file; raises AigchipError when it cannot be read or is no source. `what` the file should hold."""
    try:
        # A pipe without a writer must not hold the command.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise AigchipError(f"{path} is no file.", hint=f"Give the path of a file of {what}.")
            data = stream.read(MAX_SOURCE + 1)
    except OSError as problem:
        hint = f"Give the path of a file of {what}."
        raise AigchipError(f"Could not read {path}: {problem.strerror}.", hint=hint) from None
    if len(data) > MAX_SOURCE:
        raise AigchipError(f"{path} is longer than {MAX_SOURCE >> 20} MB.", hint="Give the kernel alone.")
    return _decoded(path, data, what)


def _decoded(path: Path, data: bytes, what: str) -> str:
    """Text of the bytes: UTF-8, or what a byte order mark says; bytes that are no text are refused."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        place = data.index(b"\0")
        raise AigchipError(
            f"{path} is no text: byte {place} is zero.",
            hint=f"Give {what} as text, in UTF-8 or with a byte order mark.",
        )
    return data.decode("utf-8", errors="replace")


def project_folder(files: Sequence[Path], here: Path) -> Path:
    """Folder beyond which no header is read: where the command runs if the files lie in it, else their common one."""
    real = [_real(path) for path in files]
    base = _real(here)
    if all(path.is_relative_to(base) for path in real):
        return base
    return Path(os.path.commonpath([path.parent for path in real]))


def with_headers(files: Sequence[Path], folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Texts of the files, and of the headers that they and their headers include, by path within `folder`.

    A header is looked for beside who includes it, then in the usual folders of the project upwards from there. One that
    lies outside of the folder, also through a link, or that is absent, is left out: who reads the text says that it is
    missing. Raises AigchipError for a file that cannot be read.
    """
    sources = {_name(_real(path), folder): read_text(path) for path in files}
    headers: dict[str, str] = {}
    waiting = [(folder / name, text) for name, text in sources.items()]
    while waiting and len(headers) < _MAX_HEADERS:
        path, text = waiting.pop()
        for quoted, angled in _QUOTED.findall(text):
            name = quoted or angled
            found = _header(name, path.parent, folder)
            if found is None or (of_the_tool(name) and of_the_tool(name, read_text(found))):
                continue
            name = _name(found, folder)
            if name not in sources and name not in headers:
                headers[name] = read_text(found)
                waiting.append((found, headers[name]))
    return sources, headers


def _header(name: str, start: Path, folder: Path) -> Path | None:
    """The header of this name as it is included from the folder `start`."""
    found = _inside(start / name, folder)
    for above in () if found is not None else (start, *start.parents):
        for usual in _USUAL_FOLDERS:
            found = found or _inside(above / usual / name, folder)
        if found is not None or above == folder:
            break
    return found


def _inside(path: Path, folder: Path) -> Path | None:
    try:
        if not os.path.isfile(path):
            return None
        real = _real(path)
        return real if real.is_relative_to(folder) else None
    except (OSError, ValueError):
        return None


def _real(path: Path) -> Path:
    """The path with its links followed; a circle of links stays as it is, and cannot be read."""
    return Path(os.path.realpath(path))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
