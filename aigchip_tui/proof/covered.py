"""What coverage has found so far, kept in a file so that an interrupted run goes on.

A file belongs to one template, module, library and version of the code that answers and proves; anything else in it
is left aside and written over.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.modules.protocol import Template

ROOMS = ("model", "modules", "library", "llm", "cpp", "sandbox", "csim", "proof")
"""Packages whose sources decide what is answered and what is found."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer", omit_defaults=True):
    """How the adapter answered the variant of that digest; a refusal names the settings and why."""

    digest: str
    origin: str
    subject: str = ""
    why: str = ""


class Simulated(msgspec.Struct, frozen=True, kw_only=True, tag="simulated", omit_defaults=True):
    """What the rungs from static to module simulation said: `rung` is the red one, empty when all are green.

    `text` is the digest of what was compiled, with stimuli drawn from `seed`; `alike` says that another setting with
    the same text ran in its stead.
    """

    digest: str
    seed: int
    text: str
    subject: str
    rung: str = ""
    why: str = ""
    alike: bool = False


class _Head(msgspec.Struct, frozen=True, kw_only=True, tag="head"):
    key: str


_DECODER = msgspec.json.Decoder(_Head | Answer | Simulated)


class Covered:
    """The findings about one module, in memory and in the file `<template>-<module>.jsonl` of `folder`."""

    def __init__(self, folder: Path, template: str, module: str, key: str) -> None:
        self.answers: dict[str, Answer] = {}
        self.simulated: dict[tuple[str, int], Simulated] = {}
        self._path = folder / f"{template}-{module}.jsonl"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._read(key):
            self.answers, self.simulated = {}, {}
            self._path.unlink(missing_ok=True)
            self._append([_Head(key=key)])

    def answered(self, answers: Sequence[Answer]) -> None:
        """Keeps answers."""
        self.answers |= {answer.digest: answer for answer in answers}
        self._append(answers)

    def add(self, verdict: Simulated) -> None:
        """Keeps a verdict."""
        self.simulated[verdict.digest, verdict.seed] = verdict
        self._append([verdict])

    def _read(self, key: str) -> bool:
        """Whether the file is about `key`; lines that were cut off are left out."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            return False
        with contextlib.suppress(msgspec.DecodeError):
            head = _DECODER.decode(lines[0])
            if not isinstance(head, _Head) or head.key != key:
                return False
            for line in lines[1:]:
                with contextlib.suppress(msgspec.DecodeError):
                    record = _DECODER.decode(line)
                    if isinstance(record, Answer):
                        self.answers[record.digest] = record
                    elif isinstance(record, Simulated):
                        self.simulated[record.digest, record.seed] = record
            if lines[-1]:
                self._append([])
            return True
        return False

    def _append(self, records: Sequence[msgspec.Struct]) -> None:
        text = b"".join(msgspec.json.encode(record) + b"\n" for record in records) or b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(self._path, flags, 0o600), "wb") as file:
            file.write(text)


def coverage_key(template: Template, library: DemoLibrary, module: str, compiler: str) -> str:
    """Digest of all that decides what is found: template, demonstrations, our own code, the compiler.

    Of the demonstrations only those count that the module is answered from, and those of inlined modules if it calls
    any.
    """
    kinds = template.modules()
    calls = any(kinds[module].children(settings) for settings in kinds[module].legal_settings())
    names = {module, *(name for name, kind in kinds.items() if calls and kind.inlined)}
    demos = [demo.hash for demo in library.demos if demo.module in names]
    return hashlib.sha256("\n".join([template.hash, module, _code(), compiler, *demos]).encode()).hexdigest()


@functools.cache
def _code() -> str:
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".h", ".jinja") and path.is_file():
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
