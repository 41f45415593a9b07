"""HLS pragmas and Tcl directives as values: kind, options, and where they apply."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from aigchip_tui.cpp.constants import evaluate


class Pragma(msgspec.Struct, frozen=True, kw_only=True):
    """One `#pragma HLS` line (or Tcl directive): its kind in upper case, options by lower-case name, bare
    words.

    `location` is empty for a pragma in the text, `function` or `function/label` for a directive.
    """

    kind: str
    options: dict[str, str]
    words: tuple[str, ...]
    line: int
    location: str = ""

    def number(self, name: str, constants: Mapping[str, int] | None = None) -> int | None:
        """Integer value of an option, constants folded; None when absent or unknown."""
        text = self.options.get(name)
        return None if text is None else evaluate(text, constants)

    def has(self, word: str) -> bool:
        """Whether a bare word (`off`, `complete`, `rewind`) stands in the pragma, whatever its case."""
        return word in self.words or self.options.get(word, "").lower() in ("true", "1", "yes")


_OPTION = re.compile(
    r"([A-Za-z_]\w*)\s*=\s*(\"[^\"]*\"|(?:\([^)]*\)|[^\s=(]+\([^)]*\)[^\s=]*|[^\s=]+(?<![-+*/]))"
    r"(?:\s*[-+*/<>]+\s*[^\s=]+(?<![-+*/])(?!\s*=))*)|(\S+)"
)


def parse_pragma(text: str, line: int) -> Pragma | None:
    """The pragma whose text after `#pragma` is given; None when it is not an HLS pragma."""
    head, _, rest = text.strip().partition(" ")
    if head.upper() not in ("HLS", "AP"):
        return None
    words = rest.split(None, 1)
    if not words:
        return None
    kind = words[0].upper()
    options: dict[str, str] = {}
    bare: list[str] = []
    for match in _OPTION.finditer(words[1] if len(words) > 1 else ""):
        if match.group(1):
            options[match.group(1).lower()] = match.group(2).strip('"')
        else:
            bare.append(match.group(3).lower())
    if kind in ("RESOURCE",):
        kind = "BIND_STORAGE" if "ram" in options.get("core", "").lower() else "BIND_OP"
    return Pragma(kind=kind, options=options, words=tuple(bare), line=line)


_TCL_FLAGS = frozenset(
    {"off", "rewind", "recursive", "region", "skip_exit_check", "flush", "enable_flush", "complete", "force"}
)


LOOP_DIRECTIVES = frozenset(
    ["PIPELINE", "UNROLL", "LOOP_FLATTEN", "LOOP_TRIPCOUNT", "DATAFLOW", "LATENCY", "PERFORMANCE"]
)
"""Directives whose place may be a loop; others name a variable of the function behind the same slash."""

# fmt: off
KINDS = frozenset(
    [
        "AGGREGATE", "ALIAS", "ALLOCATION", "ARRAY_MAP", "ARRAY_PARTITION", "ARRAY_RESHAPE", "BIND_OP",
        "BIND_STORAGE", "CACHE", "DATAFLOW", "DATA_PACK", "DEPENDENCE", "DISAGGREGATE", "EXPRESSION_BALANCE",
        "FUNCTION_INSTANTIATE", "INLINE", "INTERFACE", "LATENCY", "LOOP_FLATTEN", "LOOP_MERGE", "LOOP_TRIPCOUNT",
        "OCCURRENCE", "PERFORMANCE", "PIPELINE", "PROTOCOL", "RESET", "RESOURCE", "SHARED", "STABLE", "STREAM",
        "TOP", "UNROLL",
    ]
)
"""Pragmas and directives that a tool of any year knows."""
# fmt: on


def commands_of(text: str) -> list[tuple[int, str]]:
    """The commands of a Tcl text with their lines: continued lines joined, those parted by `;` apart, comments gone."""
    found: list[tuple[int, str]] = []
    lines = text.replace("\r\n", "\n").split("\n")
    position = 0
    while position < len(lines):
        begin, line = position + 1, lines[position]
        while line.endswith("\\") and position + 1 < len(lines):
            position += 1
            line = line[:-1] + " " + lines[position].strip()
        position += 1
        for piece in re.findall(r'(?:"[^"]*"|\{[^}]*\}|\[[^\]]*\]|[^;])+', line):
            command = piece.strip()
            if command.startswith("#"):
                break
            if command:
                found.append((begin, command))
    return found


_TCL_COMMAND = re.compile(r"set\b|set_|config_|create_|open_|add_|source\b|if\b|foreach\b|csynth_|export_")


def unknown_directives(text: str) -> list[str]:
    """Sentences about the directives of a Tcl text that no tool knows, or about a text that is none."""
    commands = commands_of(text)
    if commands and not any(_TCL_COMMAND.match(command) for _, command in commands):
        return [f"directives, line {commands[0][0]}: no command of a Tcl file of directives stands there or below"]
    return [
        f"directives, line {number}: '{command.split()[0][:60]}' is not known"
        for number, command in commands
        if command.startswith("set_directive_") and command.split()[0][14:].upper() not in KINDS
    ]


_CONFIGURED = {
    ("config_compile", "pipeline_loops"): "auto_pipeline",
    ("config_compile", "unsafe_math_optimizations"): "unsafe_math",
    ("config_array_partition", "complete_threshold"): "small_array",
}
_ABOUT_DESIGN = frozenset(
    f"config_{what}"
    for what in ("array_partition", "bind", "compile", "core", "dataflow", "op", "schedule", "storage", "unroll")
)
"""Configurations that change what is made; the others change names, files and simulation."""


def parse_configuration(text: str) -> tuple[dict[str, int], list[str]]:
    """What the `config_` commands of a Tcl text set, by the name of the estimator's option, and sentences about the
    settings that are not followed."""
    found: dict[str, int] = {}
    notes: list[str] = []
    for number, command in commands_of(text):
        words = [word.strip('"{}') for word in command.split()]
        if words[0] == "open_solution" and "-flow_target" in words[:-1]:
            found["platform"] = int(words[words.index("-flow_target") + 1] == "vitis")
        if words[0] not in _ABOUT_DESIGN:
            continue
        for position, word in enumerate(words[1:], 1):
            if not word.startswith("-") or re.match(r"-\d", word):
                continue
            given = words[position + 1] if position + 1 < len(words) and words[position + 1][:1] != "-" else "1"
            value = {"true": 1, "false": 0}.get(given.lower(), evaluate(given))
            name = _CONFIGURED.get((words[0], word[1:]))
            if name is None or value is None:
                if not word.startswith("-name_"):
                    notes.append(f"directives, line {number}: '{words[0]} {word[:60]}' is not followed")
            else:
                found[name] = value
    return found, notes


def parse_directives(text: str) -> list[Pragma]:
    """Directives of a Tcl file (`set_directive_pipeline -II 1 "f/loop"`), read as text and never run.

    The location is the first operand, a second operand is the variable. Other commands are passed over.
    """
    found: list[Pragma] = []
    for number, line in commands_of(text):
        match = re.match(r"set_directive_(\w+)\s+(.*)", line)
        if match is None:
            continue
        kind = match.group(1).upper()
        parts = re.findall(r'"[^"]*"|\{[^}]*\}|\S+', match.group(2))
        options: dict[str, str] = {}
        bare: list[str] = []
        operands: list[str] = []
        position = 0
        while position < len(parts):
            part = parts[position].strip('"{}')
            position += 1
            if part.startswith("-") and not re.match(r"-\d", part):
                name = part[1:].lower()
                if name in _TCL_FLAGS or position >= len(parts):
                    bare.append(name)
                else:
                    options[name] = parts[position].strip('"{}')
                    position += 1
            else:
                operands.append(part)
        if len(operands) > 1:
            options.setdefault("variable", operands[1])
        if "type" in options:
            bare.append(options["type"].lower())
        if kind == "ALLOCATION" and "variable" in options:
            options.setdefault("instances", options.pop("variable"))
        location = operands[0] if operands else ""
        found.append(Pragma(kind=kind, options=options, words=tuple(bare), line=number, location=location))
    return found


def clock_of_directives(text: str) -> float | None:
    """Clock period in ns of a `create_clock -period` line, or None."""
    match = re.search(r"create_clock\s+.*?-period\s+\"?([\d.]+)", text)
    return float(match.group(1)) if match else None
