"""Printing: plain lines for people, one JSON document for programs, and text made harmless for a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from aigchip_tui.model.errors import AigchipError

_P = ParamSpec("_P")
_R = TypeVar("_R")


def harmless(text: str) -> str:
    """Text of a model or a tool without control sequences: everything below blank but newline and tab is shown."""
    return "".join(
        c if c in "\n\t" or (c.isprintable() and ord(c) != 0x9B) else f"\\x{ord(c):02x}" if ord(c) < 256 else "?"
        for c in text
    )


def say(text: str = "") -> None:
    """One line for a person, on stdout."""
    print(harmless(text), flush=True)  # a log or a pipe shows progress as it comes


def note(text: str) -> None:
    """Something beside the result, on stderr."""
    print(harmless(text), file=sys.stderr)


def document(value: Any) -> None:
    """The one JSON document on stdout."""
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    text = json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False)
    # A lone surrogate (a name that was no UTF-8) stays an escape, which JSON allows.
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    sys.stdout.write("\n")


def table(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> None:
    """A plain table: left-aligned words, right-aligned numbers."""
    body = [[("" if c is None else str(c)) for c in row] for row in rows]
    numeric = [
        bool(body) and all(_is_number(row[i]) for row in body if row[i]) for i in range(len(headers))
    ]
    widths = [max(len(h), *(len(row[i]) for row in body)) if body else len(h) for i, h in enumerate(headers)]
    for row in [list(headers), *body]:
        cells = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True)]
        say("  ".join(cells).rstrip())


def counted(number: int, what: str, several: str = "") -> str:
    """`1 design`, `2 designs`; `several` where its plural takes no s alone."""
    return f"{number} {what}" if number == 1 else f"{number} {several or f'{what}s'}"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def sessions_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--sessions DIR`, also given before the command."""

    @click.option("--sessions", type=click.Path(), default=None, help="Folder of the sessions.")
    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if kwargs.get("sessions") is None:
            parent = click.get_current_context().parent
            kwargs["sessions"] = parent.params.get("sessions") if parent is not None else None
        return command(*args, **kwargs)

    return wrapped


def tape_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--record FILE` and `--replay FILE`: model calls on tape, for this command and the engine that it starts."""
    from aigchip_tui.llm.spec import RECORD_VARIABLE, REPLAY_VARIABLE

    @click.option("--record", type=click.Path(dir_okay=False), help="Append every model call and its reply to FILE.")
    @click.option("--replay", type=click.Path(dir_okay=False), help="Take replies from a recording; nobody is asked.")
    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if kwargs["record"] and kwargs["replay"]:
            raise AigchipError("A tape is recorded or replayed, not both.", hint="Give --record or --replay.")
        for variable, name in ((RECORD_VARIABLE, "record"), (REPLAY_VARIABLE, "replay")):
            path = kwargs.pop(name)
            if path:
                os.environ[variable] = os.path.abspath(str(path))
        return command(*args, **kwargs)

    return wrapped


def json_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--json`: one document on stdout, nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(command)
