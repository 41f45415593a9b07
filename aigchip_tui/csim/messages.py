"""Messages of g++, clang and the sanitizers as findings."""

from __future__ import annotations

import re

from aigchip_tui.csim.harness import SIGNATURE_MESSAGE
from aigchip_tui.model.finding import Finding

_LINE = re.compile(
    r"^(?P<file>[^:\s][^:]*):(?P<line>\d+):(?:(?P<col>\d+):)? (?P<what>fatal error|error|warning): (?P<text>.*)$"
)
_LINKER = re.compile(
    r"(?P<file>[^:\s]+\.(?:hpp|h|cpp)):\S*\s*(?P<text>undefined reference to .*|multiple definition of .*)$"
)
_SUGGESTION = re.compile(r"did you mean '(?P<name>[^']+)'")
_KINDS: tuple[tuple[str, str], ...] = (
    ("interface", re.escape(SIGNATURE_MESSAGE)),
    ("undefined_name", r"was not declared|undeclared identifier|has not been declared|does not name a type"
                       r"|unknown type name|has no member named|no member named|is not a member of"
                       r"|no type named|undefined reference|is not a class, namespace"),
    ("arity", r"too (?:few|many) arguments|requires \d+ arguments?|candidate expects \d+ arguments"),
    ("type", r"no matching function|no match for|cannot convert|invalid conversion|could not convert"
             r"|cannot bind|no viable|incompatible|invalid operands|discards qualifiers|assignment of read-only"
             r"|not assignable|invalid type|no known conversion|invalid types"),
    ("redefinition", r"redefinition|redeclar|conflicting declaration|multiple definition"),
    ("missing_include", r"file not found|No such file or directory"),
    ("memory", r"out of memory|virtual memory exhausted|instantiation depth exceeds|recursive template instantiation"),
    ("syntax", r"expected |stray |unterminated|missing terminating|extraneous|unbalanced|before '"),
)


def compiler_findings(log: str, *, limit: int = 20) -> tuple[Finding, ...]:
    """Errors of a compiler or linker log in the order of the log; notes and warnings are left out."""
    found: list[Finding] = []
    for line in log.splitlines():
        match = _LINE.match(line)
        if match is not None and match["what"] != "warning":
            found.append(_finding(match["file"], int(match["line"]), int(match["col"] or 0), match["text"]))
            continue
        linker = _LINKER.search(line)
        if linker is not None:
            found.append(_finding(linker["file"], 0, 0, linker["text"]))
    return tuple(found[:limit])


def _finding(file: str, line: int, col: int, text: str) -> Finding:
    kind = next((kind for kind, pattern in _KINDS if re.search(pattern, text)), "compile")
    better = _SUGGESTION.search(text)
    return Finding(
        severity="error", kind=kind, code="C++", message=text[:600], file=file.rsplit("/", 1)[-1], line=line, col=col,
        suggestion=f"Write {better['name']}." if better else "", fix=better["name"] if better else "",
    )


_UNDEFINED = re.compile(r"^(?P<file>\S+?):(?P<line>\d+):(?P<col>\d+): runtime error: (?P<text>.*)$", re.M)
_ADDRESS = re.compile(r"ERROR: AddressSanitizer: (?P<what>[\w-]+)(?P<rest>[^\n]*)")
_FRAME = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (?P<function>.+?) (?P<file>\S+?):(?P<line>\d+)(?::(?P<col>\d+))?$", re.M)


def sanitizer_findings(log: str, own_files: frozenset[str]) -> tuple[Finding, ...]:
    """What ASan and UBSan reported, placed at the first frame that lies in one of `own_files`."""
    found: list[Finding] = []
    for match in _UNDEFINED.finditer(log):
        outside = re.search(r"out of bounds|insufficient space", match["text"]) is not None
        kind = "out_of_bounds" if outside else "undefined_behaviour"
        found.append(Finding(
            severity="error", kind=kind, code="UBSan", message=match["text"][:400],
            file=match["file"].rsplit("/", 1)[-1], line=int(match["line"]), col=int(match["col"]),
        ))
    for match in _ADDRESS.finditer(log):
        file, line, col, function = "", 0, 0, ""
        for frame in _FRAME.finditer(log, match.end()):
            name = frame["file"].rsplit("/", 1)[-1]
            if name in own_files:
                file, line, col, function = name, int(frame["line"]), int(frame["col"] or 0), frame["function"]
                break
        memory = match["what"] in ("out-of-memory", "hard", "requested") or "rss limit" in match["rest"]
        kind = "memory" if memory else "out_of_bounds" if "overflow" in match["what"] else "memory_access"
        found.append(Finding(
            severity="error", kind=kind, code="ASan",
            message=f"{match['what']}{' in ' + function if function else ''}"[:400], file=file, line=line, col=col,
        ))
    return tuple(found)
