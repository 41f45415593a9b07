"""Large sessions open from a snapshot of the fold; the journal remains the truth (DESIGN sec. 4, Index).

A snapshot plus what the journal holds after it folds to the same state as the whole journal: it is kept only of a
journal without damage, whose marks would depend on what follows.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.model import decision, events, finding, module, packed, proof, state, upcast
from aigchip_tui.model.packed import outline, pack, unpack
from aigchip_tui.model.state import SessionState
from aigchip_tui.store.index import Index
from aigchip_tui.store.journal import Checkpoint, JournalReader
from aigchip_tui.store.record import Record
from aigchip_tui.store.session import Session

WORTH_BYTES = 8 << 20
"""Journal bytes behind the last snapshot that make a new one worth its writing; shorter journals need none."""
WHOLE, OUTLINE = "whole", "outline"


@dataclass
class Lines:
    """Sequence numbers of journal lines that screens order by."""

    begun: dict[str, dict[int, int]] = field(default_factory=dict)
    """By variant and attempt: the line that began it."""
    judged: dict[int, int] = field(default_factory=dict)
    """By design: the line of its newest rung."""

    def note(self, records: Iterable[Record]) -> None:
        """Take in what follows."""
        for record in records:
            payload: dict[str, Any] = record.payload
            design, variant, attempt = payload.get("design"), payload.get("variant"), payload.get("attempt")
            if isinstance(variant, str) and variant and isinstance(attempt, int):
                self.begun.setdefault(variant, {}).setdefault(attempt, record.seq)
            if record.kind == "RungFinished" and isinstance(design, int) and design:
                self.judged[design] = record.seq


class _Kept(msgspec.Struct, array_like=True):
    lines: Lines
    state: msgspec.Raw


@dataclass
class Resumed:
    """A state as it was at a checkpoint."""

    state: SessionState
    lines: Lines
    checkpoint: Checkpoint


@functools.cache
def fold_version() -> str:
    """Names the release and the very code that folds, so that no other one's snapshot is taken for its own."""
    here = Path(__file__).parent
    files = [Path(str(each.__file__)) for each in (decision, events, finding, module, packed, proof, state, upcast)]
    digest = hashlib.sha256(importlib.metadata.version("aigchip-tui").encode())
    for path in (*files, here / "history.py", here / "indexing.py"):
        digest.update(path.read_bytes() if path.suffix == ".py" and path.is_file() else str(path).encode())
    return digest.hexdigest()


def resume(session: Session, kind: str = WHOLE) -> Resumed | None:
    """The newest snapshot that still fits the journal; None when there is none."""
    found = Index(session.place.cache).load(session, kind, version=fold_version())
    if found is None:
        return None
    try:
        kept = msgspec.msgpack.decode(found.state, type=_Kept)
        return Resumed(state=unpack(bytes(kept.state)), lines=kept.lines, checkpoint=found.checkpoint)
    except msgspec.DecodeError:
        return None


def keep(session: Session, folded: SessionState, lines: Lines, reader: JournalReader, *, since: int) -> bool:
    """Keep a snapshot when it is worth it: `since` is the journal's offset at the last one. False when none is kept.

    A session at rest is kept to its last line, so that its outline alone is enough from then on.
    """
    checkpoint = reader.checkpoint()
    new = checkpoint.offset - since
    if new < WORTH_BYTES and not (new and since and folded.stopped):
        return False
    if folded.damaged or checkpoint.unresolved or not all(each.torn for each in checkpoint.damage):
        return False
    states = {WHOLE: _packed(folded, lines), OUTLINE: _packed(outline(folded), lines)}
    return Index(session.place.cache).save(session, states, checkpoint, version=fold_version())


def _packed(folded: SessionState, lines: Lines) -> bytes:
    return msgspec.msgpack.encode(_Kept(lines=lines, state=msgspec.Raw(pack(folded))))
