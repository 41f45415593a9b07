"""What the application is given from outside: session, clock, environment, editor, and who the person is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.projections.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from aigchip_tui.store.session import Session
    from aigchip_tui.ui.feed import Steps

LONGEST_TEXT = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything that is not Textual's: tests give their own."""

    environment: Mapping[str, str]
    now: Callable[[], datetime]
    by: str
    interval_s: float
    follow: Callable[[Session], Steps]
    run_editor: Callable[[Sequence[str]], int]
    start_engine: Callable[[Session], str]
    names: Callable[[], Sequence[str]] = lambda: ()
    open: Callable[[str], Session] | None = None
    watch: Callable[[Path, Callable[[], None]], Callable[[], None]] | None = None
    """Tells when the files of a session's folder change (`ui.watch.watch`); None: they are only polled."""
    glyphs: Glyphs = UNICODE
    root: Path = field(default_factory=Path)

    def editor(self) -> list[str]:
        """The user's editor as arguments: $VISUAL, else $EDITOR, else vi. Never from a session."""
        import shlex

        text = self.environment.get("VISUAL") or self.environment.get("EDITOR") or "vi"
        try:
            return shlex.split(text) or ["vi"]
        except ValueError:
            return [text]


class Texts:
    """Blobs of a session as text, the last ones kept."""

    def __init__(self, read: Callable[[str], str], *, keep: int = 64) -> None:
        self._read = read
        self._keep = keep
        self._texts: dict[str, str] = {}

    def get(self, digest: str) -> str:
        """The text of a blob; what is wrong with it, in brackets, when it cannot be read."""
        if not digest:
            return ""
        if digest not in self._texts:
            if len(self._texts) >= self._keep:
                self._texts.pop(next(iter(self._texts)))
            self._texts[digest] = self._fetch(digest)
        return self._texts[digest]

    def _fetch(self, digest: str) -> str:
        try:
            text = self._read(digest)
        except (AigchipError, OSError) as problem:
            return f"[{problem}]"
        if len(text) > LONGEST_TEXT:
            return f"{text[:LONGEST_TEXT]}\n[{len(text) - LONGEST_TEXT} more characters are not shown]"
        return text
