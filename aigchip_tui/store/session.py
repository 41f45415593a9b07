"""A session folder: create, open, list, clone, archive (DESIGN sec. 4)."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import uuid as uuids
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.events import SCHEMA
from aigchip_tui.store.blobs import BlobStore, unchanged
from aigchip_tui.store.fs import Fs, StoreError
from aigchip_tui.store.inbox import Inbox
from aigchip_tui.store.journal import Checkpoint, JournalReader, last_schema
from aigchip_tui.store.settings import read_settings, settings_text
from aigchip_tui.store.trust import TrustList
from aigchip_tui.store.work import WorkFolder

EXAMPLE = "example"
FORMAT = 1
"""Version of the folder's layout; sessions of a newer one open read-only."""
SETTINGS_NAME = "session.yaml"
JOURNAL_NAME = "journal.jsonl"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_OWN_KEYS = ("format", "id", "cloned_from")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where sessions live and what belongs to this user.

    `root` holds the sessions, `data` the user's own records (which sessions are trusted), `cache` what may be deleted
    at any time. `redact` takes secrets out of everything before it is written.
    """

    root: Path
    data: Path
    cache: Path
    fs: Fs = field(default_factory=Fs)
    redact: Callable[[bytes], bytes] = unchanged

    @property
    def trust(self) -> TrustList:
        """The user's list of own sessions."""
        return TrustList(self.data / "made", fs=self.fs)


def resolve_place(option: str | Path | None, *, environment: Mapping[str, str], redact: Callable[[bytes], bytes]
                  = unchanged, fs: Fs | None = None) -> Place:
    """The place by `--sessions DIR`, else $AIGCHIP_SESSIONS, else the user's data folder."""
    import platformdirs

    data = Path(platformdirs.user_data_dir("aigchip-tui", appauthor=False))
    cache = Path(platformdirs.user_cache_dir("aigchip-tui", appauthor=False))
    chosen = str(option) if option else environment.get("AIGCHIP_SESSIONS", "")
    root = Path(chosen).expanduser() if chosen else data / "sessions"
    return Place(root=Path(os.path.abspath(root)), data=data, cache=cache, fs=fs or Fs(), redact=redact)


@dataclass(frozen=True, kw_only=True)
class Session:
    """An opened session. `read_only` is the reason why nothing may be written, empty when it may.

    `settings` is session.yaml without the members `format`, `id` and `cloned_from`, which are the store's.
    """

    name: str
    folder: Path
    id: str
    settings: dict[str, Any]
    read_only: str
    blobs: BlobStore
    inbox: Inbox
    work: WorkFolder
    place: Place

    @property
    def journal(self) -> Path:
        """The journal's path."""
        return self.folder / JOURNAL_NAME

    @property
    def log(self) -> Path:
        """The detached engine's log."""
        return self.folder / "engine.log"

    def reader(self, start: Checkpoint | None = None) -> JournalReader:
        """A reader from the beginning, or from where another one stood."""
        return JournalReader(self.journal, blobs=self.blobs, start=start)

    def require_writable(self) -> None:
        """Raise AigchipError with the reason when the session is read-only."""
        if self.read_only:
            raise AigchipError(f"Session {self.name} is read-only: {self.read_only}.",
                               hint=f"Make it yours with `aigchip-tui clone {self.name} NEW`.")

    def send(self, command: Mapping[str, Any]) -> str:
        """Leave a command for the engine; its uuid. Refused when the session is read-only.

        Whoever sends, a key that slipped into its words is written nowhere.
        """
        self.require_writable()
        return self.inbox.send({name: self._harmless(value) for name, value in command.items()})

    def _harmless(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return self.place.redact(value.encode("utf-8", "replace")).decode("utf-8", "replace")


def check_name(name: str) -> str:
    """The name itself; AigchipError when it breaks the rule [a-z0-9][a-z0-9_-]{0,62}."""
    if not _NAME.fullmatch(name):
        raise AigchipError(
            f"{name[:80]!r} is not a session name.",
            hint="Use 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit.",
        )
    return name


def create_session(place: Place, name: str, settings: Mapping[str, Any]) -> Session:
    """Make a session with all its settings written out; it appears whole or not at all.

    Raises AigchipError when the name breaks the rule or is taken, StoreError when the disk refuses.
    """
    half = build_half(place, name, settings)
    place.fs.write_new(half / JOURNAL_NAME, b"")
    return publish(place, name, half)


def build_half(place: Place, name: str, settings: Mapping[str, Any], *, cloned_from: str = "") -> Path:
    """A hidden folder in the making with session.yaml and empty subfolders; `publish` gives it its name.

    `name` is written into the settings, whatever they say of it.
    """
    check_name(name)
    clash = [key for key in _OWN_KEYS if key in settings]
    if clash:
        raise AigchipError(f"The setting {clash[0]} is reserved for the store.", hint="Name it otherwise.")
    own = {"format": FORMAT, "id": uuids.uuid4().hex, **({"cloned_from": cloned_from} if cloned_from else {})}
    text = settings_text({**own, "name": name, **{key: value for key, value in settings.items() if key != "name"}})
    place.fs.make_folders(place.root)
    _refuse_taken(place, name)
    half = place.root / f".new-{secrets.token_hex(8)}"
    if not place.fs.mkdir(half):
        raise StoreError(f"{half} is there already.", hint="Try again.")
    for part in ("blobs", "inbox", "work"):
        place.fs.mkdir(half / part)
    place.fs.write_new(half / SETTINGS_NAME, text)
    return half


def _refuse_taken(place: Place, name: str) -> None:
    if os.path.lexists(place.root / name):
        raise AigchipError(f"There is a session {name} already in {place.root}.",
                           hint="Choose another name, or resume that one.")


def publish(place: Place, name: str, half: Path) -> Session:
    """Sync a session in the making, put it on the trust list, give it its name, and open it."""
    place.fs.sync_folder(half)
    settings = read_settings(half / SETTINGS_NAME)
    place.trust.add(str(settings["id"]), place.root / name, made_in=half)
    with place.fs.exclusive(place.root):
        _refuse_taken(place, name)
        place.fs.rename(half, place.root / name)
    place.fs.sync_folder(place.root)
    return open_session(place, name)


def open_session(place: Place, name: str) -> Session:
    """Open a session by name for reading, and for writing when this user made or adopted it.

    The name `example` opens the session that ships, read-only, where there is no other of that name. Raises
    AigchipError with the nearest names when there is none, or when session.yaml cannot be read.
    """
    folder = place.root / check_name(name)
    if folder.is_symlink() or not folder.is_dir():
        if name == EXAMPLE and (shipped := example_folder()) is not None:
            return replace(open_folder(place, shipped), read_only="it is the example that ships")
        near = difflib.get_close_matches(name, session_names(place), n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "`aigchip-tui ls` lists what there is."
        raise AigchipError(f"There is no session {name} in {place.root}.", hint=hint)
    return open_folder(place, folder)


def example_folder() -> Path | None:
    """The finished session that ships with the application, in the checkout or the wheel."""
    package = Path(__file__).resolve().parent.parent
    shipped = (package.parent / "sessions" / EXAMPLE, package / "_data" / "sessions" / EXAMPLE)
    return next((folder for folder in shipped if (folder / SETTINGS_NAME).is_file()), None)


def open_folder(place: Place, folder: Path) -> Session:
    """Open the session in `folder`, wherever it lies (the example session, an archived one)."""
    try:
        settings = read_settings(folder / SETTINGS_NAME)
    except FileNotFoundError:
        raise AigchipError(f"{folder} is not a session: it has no {SETTINGS_NAME}.",
                           hint="Choose a session that `aigchip-tui ls` lists.") from None
    layout, session_id = settings.get("format"), settings.get("id")
    if not isinstance(layout, int) or not isinstance(session_id, str):
        raise AigchipError(f"{folder / SETTINGS_NAME} lacks `format` or `id`.", hint="Restore it from a copy.")
    read_only = place.trust.distrust(session_id, folder)
    if layout > FORMAT:
        read_only = f"it was made by a newer release (format {layout}, this one knows {FORMAT})"
    elif (schema := last_schema(folder / JOURNAL_NAME)) > SCHEMA:
        read_only = f"a newer release has written to it (schema {schema}, this one knows {SCHEMA})"
    blobs = BlobStore(folder / "blobs", fs=place.fs, redact=place.redact)
    return Session(
        name=folder.name, folder=folder, id=session_id, read_only=read_only,
        settings={key: value for key, value in settings.items() if key not in _OWN_KEYS},
        blobs=blobs, inbox=Inbox(folder / "inbox", fs=place.fs),
        work=WorkFolder(folder / "work", fs=place.fs, blobs=blobs), place=place,
    )


def session_names(place: Place) -> list[str]:
    """Names of the sessions in the place, sorted; halves in the making and archived ones are left out."""
    try:
        names = os.listdir(place.root)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if _NAME.fullmatch(name) and (place.root / name / SETTINGS_NAME).is_file())
