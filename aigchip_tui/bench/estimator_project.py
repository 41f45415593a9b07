"""Files that a kernel's source needs of its repository: what it includes, and definitions in other files."""

from __future__ import annotations

import os
import re
from pathlib import Path

_INCLUDED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
_SOURCES = (".c", ".cc", ".cpp", ".cxx")
_BENCHES = re.compile(r"(^|[_.-])(tb|test|testbench|test_?bench|apatb|host|main)([_.-]|\d|$)", re.IGNORECASE)
_TOOL_FOLDERS = frozenset([".git", ".autopilot", "syn", "impl", "sim", "csim", "xilinx.com"])
_MOST_FILES = 256
_MOST_ROUNDS = 4
_MAX_TEXT = 8 << 20
_DECLARED = re.compile(
    r'^[ \t]*(?:extern[ \t]*"C"[ \t]*\{?[ \t]*)?(?!return\b|else\b)'
    r'[A-Za-z_][\w:<>, \t*&]*[ \t*&]([A-Za-z_]\w*)[ \t]*\([^(){}=;]*\)[ \t]*;',
    re.MULTILINE,
)


class Project:
    """Texts below one folder; a file is found by its path beside who asks, or by its name when that is its only one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._by_name: dict[str, list[Path]] | None = None
        self._texts: dict[Path, str] = {}

    def read(self, source: Path) -> tuple[dict[str, str], dict[str, str]]:
        """The source, files that define what it only declares, and everything that they include; by name or path."""
        texts = {source.name: self.text(source)}
        headers = {one.name: self.text(one) for one in sorted(source.parent.glob("*.h*")) if one.is_file()}
        paths = {source.name: source}
        for _ in range(_MOST_ROUNDS):
            self._include(paths, texts, headers)
            more = self._defining(source, texts, headers)
            if not more:
                break
            for path in more:
                name = path.name if path.name not in texts else os.path.relpath(path, source.parent)
                texts[name], paths[name] = self.text(path), path
        return texts, headers

    def text(self, path: Path) -> str:
        """Text of a file, empty when it cannot be read or is too long to be a source."""
        if path not in self._texts:
            try:
                small = path.stat().st_size <= _MAX_TEXT
                self._texts[path] = path.read_text(errors="replace") if small else ""
            except OSError:
                self._texts[path] = ""
        return self._texts[path]

    def _include(self, paths: dict[str, Path], texts: dict[str, str], headers: dict[str, str]) -> None:
        waiting = [(paths[name], text) for name, text in texts.items()]
        waiting += [(next(iter(paths.values())).parent / name, text) for name, text in headers.items()]
        while waiting and len(headers) < _MOST_FILES:
            path, text = waiting.pop()
            for quoted in _INCLUDED.findall(text):
                found = self._find(path.parent, quoted)
                short = quoted.rsplit("/", 1)[-1]
                if found is None or quoted in headers or short in texts or headers.get(short) == self.text(found):
                    continue
                headers[quoted] = self.text(found)
                waiting.append((found, headers[quoted]))

    def _find(self, folder: Path, quoted: str) -> Path | None:
        beside = Path(os.path.normpath(folder / quoted))
        if beside.is_relative_to(self.root) and beside.is_file():
            return beside
        ending = Path(quoted).parts
        found = [one for one in self._named(ending[-1]) if one.parts[-len(ending):] == ending] if ending else []
        return found[0] if len({self.text(one) for one in found}) == 1 else None

    def _named(self, name: str) -> list[Path]:
        if self._by_name is None:
            self._by_name = {}
            for folder, below, files in os.walk(self.root):
                below[:] = sorted(one for one in below if one not in _TOOL_FOLDERS)
                for one in files:
                    self._by_name.setdefault(one, []).append(Path(folder, one))
        return self._by_name.get(name, [])

    def _defining(self, source: Path, texts: dict[str, str], headers: dict[str, str]) -> list[Path]:
        """Files in the source's folder that define functions which the texts declare, call and do not define."""
        every = "\n".join((*texts.values(), *headers.values()))
        bodies = "\n".join(texts.values())
        wanted = {
            name for name in _DECLARED.findall(every)
            if len(re.findall(rf"\b{name}\s*[(<]", bodies)) and not _defines(every, name)
        }
        found: list[Path] = []
        for path in sorted(source.parent.iterdir()) if wanted else ():
            if path.suffix.lower() not in _SOURCES or path.name in texts or _BENCHES.search(path.stem):
                continue
            here = {name for name in wanted if _defines(self.text(path), name)}
            if here and not _defines(self.text(path), "main"):
                found.append(path)
                wanted -= here
        return found


def _defines(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\s*\([^;{{}}]*\)\s*\{{", text) is not None
