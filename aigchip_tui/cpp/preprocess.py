"""Macros, conditionals and quoted includes resolved in text, line numbers of the main file kept."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from aigchip_tui.cpp.constants import evaluate
from aigchip_tui.model.errors import AigchipError

_PIECE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|\.?\d(?:[eEpP][+-]|[\w.'])*|[A-Za-z_]\w*""",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(\w*)[ \t]*(.*)")
_LIBRARY = re.compile(r"(ap_|hls_|hls/|etc/|utils/|ac_|mc_|std|math|string|assert|iostream|cmath|complex)")
"""Headers of the tool and of the language: what they declare is known without their text."""
_KNOWN = re.compile(
    r"(?:\w+/)*(?:ap_(?:int|fixed)(?:_base|_ref|_special|_sim)?|ap_(?:axi_sdata|common|cint|utils|shift_reg)"
    r"|hls_(?:stream|vector|math|half|task|burst_maxi|streamofblocks|np_channel|directio|print))\.h(?:pp)?"
)
"""Headers of the tool whose types the estimator knows: not read where a project carries a copy of them."""
_VENDOR = re.compile("Xilinx|Advanced Micro Devices|Mentor Graphics|Siemens")
"""Who holds the rights to a copy of the tool's headers."""
_DECLARES = re.compile(r"\b(?:typedef|using|define|struct|class)\b")
_PREAMBLE = 4000
_MAX_OUTPUT = 4_000_000
_MAX_INCLUDE_DEPTH = 16
_MOST_FAULTS = 8
_LONGEST_LIST = 150_000
"""Characters of a file of values that is read as one line."""


class Macro(msgspec.Struct, frozen=True):
    """A macro: its body, and its parameters when it is called like a function."""

    body: str
    parameters: tuple[str, ...] | None = None
    variadic: bool = False


class Preprocessed(msgspec.Struct, frozen=True, kw_only=True):
    """Text without directives (pragmas kept), as many lines as the main file; `prelude` is what was included.

    `parts` are the included files in the order of the prelude, each with its number of lines; `decided` are the
    constants that a condition asked for.
    """

    prelude: str
    text: str
    missing: tuple[str, ...]
    parts: tuple[tuple[str, int], ...] = ()
    decided: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    """Directives that stop a compiler: #error, and an #if without its #endif, or the other way round."""


_PREDEFINED = {
    "__SYNTHESIS__": "1",
    "__VITIS_HLS__": "1",
    "__cplusplus": "201703L",
    "NULL": "0",
    "INT_MAX": "2147483647",
    "hls_thread_local": "",
    "INT_MIN": "(-2147483648)",
    "INT8_MAX": "127",
    "INT8_MIN": "(-128)",
    "UINT8_MAX": "255",
    "INT16_MAX": "32767",
    "UINT16_MAX": "65535",
    "INT32_MAX": "2147483647",
    "UINT32_MAX": "4294967295",
    "NAN": "(0.0f)",
    "INFINITY": "(1e38f)",
    "FLT_MAX": "(3e38f)",
    "M_PI": "3.14159265358979323846",
}


class _Preprocessor:
    def __init__(self, files: Mapping[str, str], defines: Mapping[str, str], constants: frozenset[str]) -> None:
        self.files = dict(files)
        self.by_name: dict[str, str | None] = {}
        for name in files:
            short = name.rsplit("/", 1)[-1]
            self.by_name[short] = None if short in self.by_name else name
        self.macros: dict[str, Macro] = {name: Macro(body) for name, body in {**_PREDEFINED, **defines}.items()}
        self.fixed = frozenset(defines)
        self.constants = constants
        self.decided: set[str] = set()
        self.missing: list[str] = []
        self.faults: list[str] = []
        self.line = 0
        self.prelude: list[str] = []
        self.parts: list[tuple[str, int]] = []
        self.seen: set[str] = set()
        self.produced = 0

    def run(self, text: str, depth: int = 0, path: str = "") -> str:
        """Resolves the file at `path`; included text is collected in `prelude`."""
        out: list[str] = []
        pending: list[str] = []
        active: list[tuple[bool, bool]] = []
        lines = _strip_comments(text.replace("\r\n", "\n")).split("\n")
        position = 0
        while position < len(lines):
            line = lines[position]
            position += 1
            self.line = position
            extra = 0
            while line.endswith("\\") and position < len(lines):
                line = line[:-1] + " " + lines[position]
                position += 1
                extra += 1
            stripped = line.lstrip()
            on = all(state for state, _ in active)
            if not stripped.startswith("#"):
                pending.append(line if on else "")
                pending += [""] * extra
                continue
            match = _DIRECTIVE.match(line)
            word, rest = (match.group(1), match.group(2).strip()) if match else ("", "")
            self._flush(pending, out)
            within = word == "include" and on and _awaits_values(out)
            kept = self._directive(word, rest, active, on, (depth, path), within)
            out.append(kept)
            out += [""] * extra
        self._flush(pending, out)
        if active:
            self._fault(f"{len(active)} #if without #endif", path)
        return "\n".join(out)

    def _fault(self, what: str, path: str) -> None:
        place = f"{path}, " if path else ""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(f"{place}{what}")

    def _flush(self, pending: list[str], out: list[str]) -> None:
        if pending:
            text = self.expand("\n".join(pending), self.constants)
            if "__attribute__" in text:
                text = _without_attributes(text)
            if "_Pragma" in text:
                text = _PRAGMA_LINE.sub(lambda match: self.expand(match.group(), self.constants), _written_out(text))
            out.append(text)
            pending.clear()

    def _directive(
        self, word: str, rest: str, active: list[tuple[bool, bool]], on: bool, place: tuple[int, str], within: bool
    ) -> str:
        if word in ("if", "ifdef", "ifndef"):
            if not on:
                active.append((False, True))
                return ""
            truth = self._condition(rest) if word == "if" else (rest.split(" ")[0] in self.macros) == (word == "ifdef")
            active.append((truth, truth))
        elif word in ("elif", "else") and active:
            _, taken = active.pop()
            outer = all(state for state, _ in active)
            truth = outer and not taken and (word == "else" or self._condition(rest))
            active.append((truth, taken or truth))
        elif word == "endif" and active:
            active.pop()
        elif word in ("elif", "else", "endif"):
            self._fault(f"line {self.line}: #{word} without #if", place[1])
        elif not on:
            return ""
        elif word == "error":
            self._fault(f"line {self.line}: #error {rest[:60]}".rstrip(), place[1])
        elif word == "define":
            self._define(rest)
        elif word == "undef":
            self.macros.pop(rest.strip(), None)
        elif word == "include":
            return self._include(rest, *place, within)
        elif word == "pragma":
            return "#pragma " + self.expand(rest, self.constants)
        return ""

    def _define(self, rest: str) -> None:
        match = re.match(r"([A-Za-z_]\w*)(\(([^)]*)\))?(.*)", rest, re.DOTALL)
        if match is None or match.group(1) in self.fixed:
            return
        name, has, listed, body = match.groups()
        if has is None:
            self.macros[name] = Macro(body.strip())
            return
        parameters = tuple(part.strip() for part in listed.split(",") if part.strip())
        variadic = bool(parameters) and parameters[-1] == "..."
        self.macros[name] = Macro(body.strip(), parameters[:-1] if variadic else parameters, variadic)

    def _include(self, rest: str, depth: int, path: str, within: bool) -> str:
        """What stands in the place of an #include: a list of values where one is awaited `within` braces, else nothing,
        since declarations go to the prelude.
        """
        match = re.match(r"([\"<])([^\">]+)[\">]", self.expand(rest) if rest[:1] not in '"<' else rest)
        if match is None:
            return ""
        name = match.group(2)
        key = self._found(name, path)
        if of_the_tool(name, "" if key is None else self.files[key]):
            return ""
        if key is None:
            if match.group(1) == '"' and not _LIBRARY.match(name):
                self.missing.append(name)
            return ""
        if within and len(self.files[key]) <= _LONGEST_LIST:
            values = _strip_comments(self.files[key])
            if not any(mark in values for mark in ";#"):
                return self.expand(" ".join(values.split()), self.constants)
        if key in self.seen or depth >= _MAX_INCLUDE_DEPTH:
            return ""
        self.seen.add(key)
        text = self.run(self.files[key], depth + 1, key)
        self.prelude.append(text)
        self.parts.append((key, text.count("\n") + 1))
        return ""

    def _found(self, name: str, path: str) -> str | None:
        """The file that an include means: beside who names it, by its whole name, or the nearest that ends in it."""
        folder = posixpath.dirname(path)
        beside = posixpath.normpath(posixpath.join(folder, name))
        if beside in self.files:
            return beside
        if name in self.files:
            return name
        short = name.rsplit("/", 1)[-1]
        if short not in self.by_name or self.by_name[short] is not None:
            return self.by_name.get(short)
        ending = "/" + posixpath.normpath(name).replace("../", "")
        alike = [one for one in self.files if one.endswith(ending)]
        return max(alike, key=lambda one: (len(posixpath.commonpath([one, folder])), -len(one)), default=None)

    def _condition(self, text: str) -> bool:
        text = re.sub(
            r"defined\s*(?:\(\s*(\w+)\s*\)|(\w+))",
            lambda match: "1" if (match.group(1) or match.group(2)) in self.macros else "0",
            text,
        )
        if self.constants:
            self.decided |= self.constants.intersection(re.findall(r"\w+", self.expand(text, self.constants)))
        text = self.expand(text)
        text = re.sub(
            r"\b[A-Za-z_]\w*\b", lambda match: match.group() if match.group() in ("true", "false") else "0", text
        )
        return bool(evaluate(text))

    def expand(self, text: str, hidden: frozenset[str] = frozenset(), depth: int = 0) -> str:
        """Macros of `text` replaced; a macro is not expanded within its own expansion."""
        if depth > 40:
            raise AigchipError("Macros are nested too deeply to be expanded.")
        macros = self.macros
        if macros.keys().isdisjoint(_WORD.findall(text)):
            return text
        out: list[str] = []
        last = 0
        end = len(text)
        position = 0
        changed = False
        while True:
            match = _PIECE.search(text, position)
            if match is None:
                break
            word = match.group()
            position = match.end()
            macro = macros.get(word)
            if macro is None or word in hidden:
                continue
            if macro.parameters is None:
                replaced = self.expand(macro.body, hidden | {word}, depth + 1) if macro.body else ""
            else:
                start = position
                while start < end and text[start] in " \t\n":
                    start += 1
                if start >= end or text[start] != "(":
                    continue
                arguments, position = _arguments(text, start)
                if arguments is None:
                    break
                lost = text.count("\n", match.start(), position)
                replaced = self._call(macro, word, arguments, hidden, depth) + "\n" * lost
            out.append(text[last : match.start()])
            out.append(replaced)
            self.produced += len(replaced)
            if self.produced > _MAX_OUTPUT:
                raise AigchipError("The macros of this source expand to more than 4 MB of text.")
            last = position
            changed = True
        if not changed:
            return text
        out.append(text[last:])
        return "".join(out)

    def _call(self, macro: Macro, name: str, arguments: list[str], hidden: frozenset[str], depth: int) -> str:
        parameters = macro.parameters or ()
        given = dict(zip(parameters, arguments, strict=False))
        if macro.variadic:
            given["__VA_ARGS__"] = ", ".join(arguments[len(parameters) :])
        body = macro.body
        for parameter, argument in given.items():
            body = re.sub(rf"(?<!#)#\s*{re.escape(parameter)}\b", lambda _, a=argument: f'"{a}"', body)  # type: ignore[misc]  # a default argument binds the loop variable
        pasted = "##" in body
        replaced = re.sub(
            r"[A-Za-z_]\w*",
            lambda match: (
                (given[match.group()] if pasted else self.expand(given[match.group()], hidden, depth + 1))
                if match.group() in given
                else match.group()
            ),
            body,
        )
        if pasted:
            replaced = re.sub(r"\s*##\s*", "", replaced)
        return self.expand(replaced.replace("\n", " "), hidden | {name}, depth + 1)


def _without_attributes(text: str) -> str:
    """The text without `__attribute__((...))`, which says nothing of hardware; lines stay where they are."""
    kept: list[str] = []
    last = 0
    for match in re.finditer(r"\b__attribute__\s*(?=\()", text):
        if match.start() >= last:
            kept.append(text[last : match.start()])
            _, last = _arguments(text, match.end())
            kept.append("\n" * text.count("\n", match.start(), last))
    return "".join((*kept, text[last:]))


def of_the_tool(header: str, text: str = "") -> bool:
    """Whether a header is one of the tool's own, whose types and functions are known without its text.

    A project's own header of such a name declares something, and no vendor holds the rights to it.
    """
    if _KNOWN.fullmatch(header) is None:
        return False
    return _VENDOR.search(text, 0, _PREAMBLE) is not None or _DECLARES.search(text) is None


def _awaits_values(lines: Sequence[str]) -> bool:
    """Whether a text ends where values may follow: behind `{`, `=`, `(` or a comma."""
    return next((line.rstrip()[-1] in "{=(," for line in reversed(lines) if line.strip()), False)


def _arguments(text: str, start: int) -> tuple[list[str] | None, int]:
    depth = 0
    current: list[str] = []
    arguments: list[str] = []
    for position in range(start, len(text)):
        letter = text[position]
        if letter in "([{":
            depth += 1
            if depth == 1:
                continue
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                arguments.append("".join(current).strip())
                return arguments, position + 1
        elif letter == "," and depth == 1:
            arguments.append("".join(current).strip())
            current = []
            continue
        current.append(letter)
    return None, len(text)


_OPERATOR = re.compile(r'[ \t]*\b_Pragma[ \t]*\([ \t]*L?"((?:\\.|[^"\\\n])*)"[ \t]*\)[ \t]*')
_PRAGMA_LINE = re.compile(r"^#pragma .*$", re.MULTILINE)


def _written_out(text: str) -> str:
    """`_Pragma("...")` as a pragma on a line of its own; lines that follow are joined until their numbers are right."""
    found: list[str] = []
    owed = 0
    for number, line in enumerate(text.split("\n")):
        pieces = _OPERATOR.split(line)
        kept: list[str] = []
        for position, piece in enumerate(pieces):
            if position % 2:
                kept.append("#pragma " + re.sub(r"\\(.)", r"\1", piece))
            elif piece.strip():
                kept.append(piece)
        first = kept[0] if kept else ""
        if owed and number and not first.startswith("#pragma") and not found[-1].startswith("#pragma"):
            found[-1] += " " + first
            owed -= 1
        else:
            found.append(first)
        found += kept[1:]
        owed += max(0, len(kept) - 1)
    return "\n".join(found)


_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", re.DOTALL)


def _strip_comments(text: str) -> str:
    if "//" not in text and "/*" not in text:
        return text

    def blank(match: re.Match[str]) -> str:
        piece = match.group()
        return " " + "\n" * piece.count("\n") if piece.startswith("/") else piece

    return _COMMENT.sub(blank, text)


def preprocess(
    main: str,
    files: Mapping[str, str] | None = None,
    defines: Mapping[str, str] | None = None,
    *,
    path: str = "",
    constants: Mapping[str, int] | None = None,
) -> Preprocessed:
    """Resolves the text `main`: macros, conditionals and those includes that `files` (path to text) holds.

    An include is looked for beside the file at `path` that names it, then by its whole name, then by its last part
    where that is unique. `defines` are macros that the text cannot redefine, `constants` such that stay names in it.
    System headers are not read; quoted ones that are absent are listed in `missing`. Raises AigchipError when macros
    explode.
    """
    given = constants or {}
    fixed = {**(defines or {}), **{name: str(value) for name, value in given.items()}}
    worker = _Preprocessor(files or {}, fixed, frozenset(given))
    text = worker.run(main, 0, path)
    return Preprocessed(
        prelude="\n".join(worker.prelude),
        text=text,
        missing=tuple(dict.fromkeys(worker.missing)),
        parts=tuple(worker.parts),
        decided=frozenset(worker.decided),
        faults=tuple(worker.faults),
    )
