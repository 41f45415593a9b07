"""Content-addressed sources, prompts, replies and logs: `blobs/ab/cdef...`, named by their SHA-256."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aigchip_tui.store.capping import HEAD_BYTES, TAIL_BYTES, cap_text
from aigchip_tui.store.fs import Fs, StoreError, read_regular
from aigchip_tui.store.record import SPILL_BYTES

BLOB_LIMIT = 64 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCRATCH = ".new"


def unchanged(data: bytes) -> bytes:
    """The redactor that redacts nothing."""
    return data


class BlobStore:
    """Blobs of one session. `redact` sees all bytes before they are hashed and written.

    Order of a put: contents synced, renamed, folder synced; so a digest that the journal mentions always leads to
    whole contents. Reading checks the digest.
    """

    def __init__(self, folder: Path, *, fs: Fs, redact: Callable[[bytes], bytes] = unchanged) -> None:
        self.folder = folder
        self._fs = fs
        self._redact = redact
        self._durable: set[str] = set()

    def path(self, digest: str) -> Path:
        """Where the blob lies; StoreError when `digest` is not 64 hexadecimal digits."""
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"{digest[:80]!r} is not the name of a blob.", hint="A blob is named by its SHA-256.")
        return self.folder / digest[:2] / digest[2:]

    @staticmethod
    def digest(data: bytes) -> str:
        """The name that `data` has as a blob."""
        return hashlib.sha256(data).hexdigest()

    def put(self, data: bytes) -> str:
        """Keep `data` durably; its digest. Equal contents are kept once."""
        data = self._redact(data)
        if len(data) > BLOB_LIMIT:
            raise StoreError(f"A blob of {len(data)} bytes is longer than {BLOB_LIMIT}.", hint="Cap it first.")
        digest = hashlib.sha256(data).hexdigest()
        if digest in self._durable:
            return digest
        path = self.path(digest)
        if self._same(path, data):
            # Another process may have died between its rename and its sync of the folder.
            file = self._fs.open_append(path)
            try:
                file.sync()
            finally:
                file.close()
            self._fs.sync_folder(self.folder)
            self._fs.sync_folder(path.parent)
        else:
            self._write(path, data)
        self._durable.add(digest)
        return digest

    def _same(self, path: Path, data: bytes) -> bool:
        try:
            return read_regular(path, limit=len(data)) == data
        except (FileNotFoundError, StoreError):
            return False

    def _write(self, path: Path, data: bytes) -> None:
        scratch = self.folder / _SCRATCH
        self._fs.mkdir(scratch)
        self._fs.mkdir(path.parent)
        # Synced even if it was there: whoever made it may have died before its own sync.
        self._fs.sync_folder(self.folder)
        self._fs.replace(path, data, scratch=scratch / secrets.token_hex(8))

    def put_text(self, text: str) -> str:
        """Keep a text as UTF-8; lone surrogates become `?`."""
        return self.put(text.encode("utf-8", "replace"))

    def put_log(self, log: str | bytes, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> str:
        """Keep a log capped to its head and tail."""
        return self.put_text(cap_text(log, head=head, tail=tail))

    def get(self, digest: str) -> bytes:
        """Contents of a blob; StoreError when it is missing or its contents no longer match its name."""
        path = self.path(digest)
        try:
            data = read_regular(path, limit=BLOB_LIMIT)
        except FileNotFoundError:
            raise StoreError(f"The blob {path} is missing.", hint="Restore it from a copy of the session.") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(f"The blob {path} is damaged: its contents do not match its name.",
                             hint="Restore it from a copy of the session.")
        return data

    def get_text(self, digest: str) -> str:
        """A blob as text."""
        return self.get(digest).decode("utf-8", "replace")

    def has(self, digest: str) -> bool:
        """Whether a file of that name is there (its contents are not checked)."""
        return self.path(digest).is_file()

    def keep(self, text: str) -> dict[str, Any]:
        """A JSON-ready holder of a text: `{"text": ...}` under 2 KB, else `{"blob": digest, "bytes": length}`."""
        data = text.encode("utf-8", "replace")
        if len(data) < SPILL_BYTES // 2:
            return {"text": data.decode("utf-8")}
        return {"blob": self.put(data), "bytes": len(data)}

    def kept(self, holder: Mapping[str, Any]) -> str:
        """The text of a holder made by `keep`; StoreError when it is none."""
        if isinstance(text := holder.get("text"), str):
            return text
        if isinstance(digest := holder.get("blob"), str):
            return self.get_text(digest)
        raise StoreError("A kept text holds neither `text` nor `blob`.", hint="The event that names it is damaged.")

    def sweep(self) -> int:
        """Remove what an earlier crash left half-written; how many. Only the holder of the engine lock may call it."""
        scratch = self.folder / _SCRATCH
        try:
            names = os.listdir(scratch)
        except (FileNotFoundError, NotADirectoryError):
            return 0
        for name in names:
            self._fs.unlink(scratch / name)
        return len(names)
