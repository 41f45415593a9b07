"""Commands to the engine: one `<uuid>.json` each, by atomic rename, acted on exactly once (DESIGN sec. 4)."""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid as uuids
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import Fs, StoreError, disk_error, read_regular
from aigchip_tui.store.record import Record

COMMAND_LIMIT = 1 << 20
_SENT = "sent"
"""Member of a document that orders it: nanoseconds since 1970, later than those of all commands that waited."""
_LATEST = 1 << 62
_NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command as found. `fault` is the reason why its file cannot be understood; then `payload` is empty."""

    uuid: str
    payload: dict[str, Any]
    fault: str = ""


def settled_commands(records: Iterable[Record]) -> set[str]:
    """Uuids of the commands that the journal has accepted or refused: any event with a member `uuid` settles it."""
    return {uuid for record in records if isinstance(uuid := record.payload.get("uuid"), str) and uuid}


class Inbox:
    """The folder of commands that wait. Anybody trusted sends; only the engine settles."""

    def __init__(self, folder: Path, *, fs: Fs, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self.folder = folder
        self._fs = fs
        self._clock_ns = clock_ns

    def send(self, payload: Mapping[str, Any], *, uuid: str | None = None) -> str:
        """Leave a command durably; its uuid. With no engine it waits ("queued").

        Raises AigchipError when the payload is no JSON or above 1 MB, or when `uuid` is not a lower-case uuid.
        """
        uuid = uuid if uuid is not None else str(uuids.uuid4())
        if not _NAME.fullmatch(f"{uuid}.json"):
            raise AigchipError(f"{uuid!r} is not a uuid.", hint="Leave it out, or give one in lower case.")
        try:
            # Files of one tick have no order of their own; a clock that was set back gives none either.
            last = max((sent for sent, _ in self._waiting()), default=0)
            data = msgspec.json.encode({**payload, _SENT: max(self._clock_ns(), last + 1)}, order="sorted")
        except (TypeError, ValueError, OverflowError, RecursionError, UnicodeError) as problem:
            raise AigchipError(f"The command cannot be written as JSON: {problem}.") from problem
        if len(data) > COMMAND_LIMIT:
            raise AigchipError(f"The command is longer than {COMMAND_LIMIT} bytes.", hint="Shorten what it carries.")
        self._fs.mkdir(self.folder)
        self._fs.sync_folder(self.folder.parent)
        self._fs.replace(self.folder / f"{uuid}.json", data, scratch=self.folder / f".{uuid}.new")
        return uuid

    def pending(self, settled: set[str] | frozenset[str] = frozenset()) -> list[Command]:
        """Commands that wait in the order of their sending; those in `settled` are left out. Reads only."""
        return [command for _, command in self._waiting(settled)]

    def _waiting(self, settled: set[str] | frozenset[str] = frozenset()) -> list[tuple[int, Command]]:
        found: list[tuple[int, str]] = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    match = _NAME.fullmatch(entry.name)
                    if match is None or match[1] in settled or entry.is_dir(follow_symlinks=False):
                        continue
                    # A command may be settled and removed while we look.
                    with contextlib.suppress(FileNotFoundError):
                        found.append((entry.stat(follow_symlinks=False).st_mtime_ns, match[1]))
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise disk_error(problem, self.folder, "read") from problem
        commands: list[tuple[int, Command]] = []
        for written, uuid in sorted(found):
            try:
                commands.append(self._read(uuid, written))
            except FileNotFoundError:
                continue
        return sorted(commands, key=lambda pair: (pair[0], pair[1].uuid))

    def _read(self, uuid: str, written: int) -> tuple[int, Command]:
        """When a command was sent, by itself or else by its file, and the command."""
        try:
            data = read_regular(self.folder / f"{uuid}.json", limit=COMMAND_LIMIT)
            payload = msgspec.json.decode(data, type=dict[str, Any])
        except StoreError as problem:
            return written, Command(uuid=uuid, payload={}, fault=problem.message)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            return written, Command(uuid=uuid, payload={}, fault=f"The command is not a JSON object: {problem}.")
        sent = payload.pop(_SENT, written)
        return sent if isinstance(sent, int) and 0 < sent < _LATEST else written, Command(uuid=uuid, payload=payload)

    def done(self, uuid: str) -> None:
        """Remove a command whose acceptance or refusal is synced in the journal."""
        self._fs.unlink(self.folder / f"{uuid}.json")

    def sweep(self, settled: set[str] | frozenset[str]) -> int:
        """Remove commands that the journal settled before a crash came between; how many."""
        left = [command.uuid for command in self.pending() if command.uuid in settled]
        for uuid in left:
            self.done(uuid)
        return len(left)
