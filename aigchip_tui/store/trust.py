"""Which sessions this user made or adopted; all others open read-only (DESIGN sec. 4).

The list lies in the user's own data folder, never in a session, so a session from elsewhere cannot claim to be ours.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import msgspec

from aigchip_tui.store.fs import Fs, StoreError, read_regular

_ID = re.compile(r"[0-9a-f]{32}")
_LIMIT = 64 * 1024


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session of ours was seen last: its real path and its inode."""

    folder: str
    inode: int


class TrustList:
    """One small file per session id. A session keeps its trust when it is moved within a file system or restored in
    place, and loses it when it arrives as a copy under another path: then `clone` adopts it."""

    def __init__(self, folder: Path, *, fs: Fs) -> None:
        self.folder = folder
        self._fs = fs

    def add(self, session_id: str, folder: Path, *, made_in: Path | None = None) -> None:
        """Remember that this user made or adopted the session in `folder` (still lying in `made_in`, if that is given).

        Durable on return.
        """
        self._fs.make_folders(self.folder)
        made = Made(folder=_spelt(folder), inode=os.stat(made_in or folder).st_ino)
        scratch = self.folder / f".{session_id}.{secrets.token_hex(4)}"
        self._fs.replace(self.folder / f"{session_id}.json", msgspec.json.encode(made), scratch=scratch)

    def distrust(self, session_id: str, folder: Path) -> str:
        """Why the session is not trusted; empty when it is."""
        not_ours = "this user neither made nor adopted it"
        if not _ID.fullmatch(session_id):
            return not_ours
        try:
            status = os.lstat(folder)
            data = read_regular(self.folder / f"{session_id}.json", limit=_LIMIT)
            made = msgspec.json.decode(data, type=Made)
        except (OSError, StoreError, msgspec.DecodeError):
            return not_ours
        if status.st_uid != os.geteuid():
            return "its folder belongs to another user"
        if status.st_mode & 0o022:
            return "others may write to its folder"
        if made.folder != _spelt(folder) and made.inode != status.st_ino:
            return not_ours
        return ""


def _spelt(folder: Path) -> str:
    """The real path as text; bytes that are no UTF-8 are written out, so that any folder has a spelling."""
    return os.fsencode(os.path.realpath(folder)).decode("utf-8", "backslashreplace")
