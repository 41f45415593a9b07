"""Says at once that a session's files changed, where the system tells. Looking stays the guarantee: NFS tells nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

CHANGES = ("created", "modified", "moved", "deleted")
"""What the system calls a change; that somebody opened a file is none, or reading would wake the reader."""


def watch(folder: Path, changed: Callable[[], None]) -> Callable[[], None]:
    """Call `changed`, in a thread of its own, when the journal or the inbox of a session changes; returns what ends it.

    Where nothing can be watched (no inotify left, a folder that is gone) nothing is called.
    """
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    journal, inbox = folder / "journal.jsonl", folder / "inbox"

    def ours(path: Path) -> bool:
        return path == journal or path.parent == inbox

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in CHANGES and (
                ours(Path(os.fsdecode(event.src_path))) or ours(Path(os.fsdecode(event.dest_path)))
            ):
                changed()

    observer = Observer()
    observer.daemon = True
    handler = Handler()
    try:
        for place in (folder, inbox):
            if place.is_dir():
                observer.schedule(handler, str(place))
        observer.start()
    except (OSError, RuntimeError):
        return lambda: None

    def end() -> None:
        with contextlib.suppress(OSError, RuntimeError):
            observer.stop()

    return end
