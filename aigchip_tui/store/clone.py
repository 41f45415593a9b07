"""Clone (which adopts) and archive (which only moves) sessions."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.blobs import BLOB_LIMIT, BlobStore
from aigchip_tui.store.fs import Fs, StoreError, disk_error, read_regular
from aigchip_tui.store.lock import LOCK_NAME, read_lock, refusal
from aigchip_tui.store.machine import Machine, is_gone
from aigchip_tui.store.session import JOURNAL_NAME, Place, Session, build_half, check_name, open_session, publish

ARCHIVE = ".archive"
_CHUNK = 4 << 20
_PAIR = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")


def clone_session(source: Session, name: str, *, settings: Mapping[str, Any] | None = None) -> Session:
    """Make a session of this user's own with the source's settings, journal and blobs; the source is only read.

    `settings` replace those of the source (an adopted session should ask anew for what weakens safety, such as
    `sandbox: none`). Blobs are checked on the way; a damaged one is left out, and reading it says so. Lock, inbox, log
    and work copies stay behind. The source may be running: the journal is copied first and up to its last whole line,
    and the blobs that it names are there by then.
    """
    place = source.place
    half = build_half(place, name, {**source.settings, **(settings or {})}, cloned_from=source.id)
    try:
        _copy_journal(place.fs, source.journal, half / JOURNAL_NAME)
        _copy_blobs(place, source.blobs.folder, half / "blobs")
        return publish(place, name, half)
    except AigchipError:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _copy_journal(fs: Fs, source: Path, target: Path) -> None:
    try:
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as problem:
        raise disk_error(problem, source, "read") from problem
    file = fs.create(target)
    try:
        rest = b""
        while part := os.read(fd, _CHUNK):
            data = rest + part
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if end:
                file.append(data[:end])
        file.sync()
    except OSError as problem:
        raise disk_error(problem, source, "read") from problem
    finally:
        file.close()
        os.close(fd)


def _copy_blobs(place: Place, source: Path, target: Path) -> None:
    blobs = BlobStore(target, fs=place.fs, redact=place.redact)
    for pair in _names(source, _PAIR):
        for rest in _names(source / pair, _REST):
            try:
                data = read_regular(source / pair / rest, limit=BLOB_LIMIT)
            except (FileNotFoundError, StoreError):
                continue
            if blobs.digest(data) == pair + rest:
                blobs.put(data)


def _names(folder: Path, rule: re.Pattern[str]) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if rule.fullmatch(name))
    except OSError:
        return []


def archive_session(place: Place, name: str, *, machine: Machine) -> Path:
    """Move a session out of the list into `.archive/` beside it, whole and unchanged; where it lies now.

    Refused while it has an engine, or one that cannot be known to be gone. `restore_session` brings it back.
    """
    session = open_session(place, name)
    shelf = place.root / ARCHIVE
    place.fs.mkdir(shelf)
    with place.fs.exclusive(session.folder):
        holder = read_lock(session.folder)
        if holder is not None and not is_gone(holder.owner, machine):
            raise refusal(name, holder)
        number = 1
        while os.path.lexists(target := shelf / (name if number == 1 else f"{name}.{number}")):
            number += 1
        place.fs.unlink(session.folder / LOCK_NAME)
        place.fs.rename(session.folder, target)
    place.fs.sync_folder(shelf)
    place.fs.sync_folder(place.root)
    return target


def archived_names(place: Place) -> list[str]:
    """Names on the shelf, sorted; a second `first` is called `first.2`."""
    return _names(place.root / ARCHIVE, re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(\.[0-9]+)?"))


def restore_session(place: Place, archived: str, name: str = "") -> Session:
    """Bring an archived session back under `name` (by default the one it had)."""
    name = check_name(name or archived.partition(".")[0])
    if archived not in archived_names(place):
        raise AigchipError(f"There is no archived session {archived}.", hint="Look into the folder .archive.")
    with place.fs.exclusive(place.root):
        if os.path.lexists(place.root / name):
            raise AigchipError(f"There is a session {name} already.", hint="Give another name.")
        place.fs.rename(place.root / ARCHIVE / archived, place.root / name)
    place.fs.sync_folder(place.root)
    place.fs.sync_folder(place.root / ARCHIVE)
    return open_session(place, name)
