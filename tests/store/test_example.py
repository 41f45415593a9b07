"""The session that ships: small, finished, readable by anybody, writable by nobody, and silent about its machine."""

from __future__ import annotations

import getpass
import json
import shutil
import socket
from pathlib import Path

import pytest

from aigchip_tui.engine.history import view
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.summary import session_document
from aigchip_tui.store.clone import clone_session
from aigchip_tui.store.session import Place, create_session, example_folder, open_session

WELL_KNOWN = {"example", "localhost", "designer", "root"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache")


def shipped() -> Path:
    folder = example_folder()
    assert folder is not None
    return folder


def test_it_opens_read_only_where_there_is_no_other_and_can_be_adopted(place: Place) -> None:
    example = open_session(place, "example")
    assert example.folder == shipped()
    with pytest.raises(AigchipError, match="it is the example that ships"):
        example.send({"kind": "pause"})
    mine = clone_session(example, "mine")
    assert mine.read_only == ""
    assert view(mine).state.counts() == view(example).state.counts()
    create_session(place, "example", {"workload": "gemm:8x8x8", "device": "pynq-z2"})
    assert open_session(place, "example").folder == place.root / "example"


def test_it_is_a_finished_search_with_questions_answered(place: Place) -> None:
    seen = view(open_session(place, "example"))
    report = session_document(seen.settings, seen.state, alive=False)
    assert report["state"] == "done"
    assert report["damaged"] == []
    assert report["best"]["proof"]["assembled_sim"] == "passed"
    answers = [answer.action for _, answer in seen.state.closed_decisions.values()]
    assert {"accept", "regenerate", "patch"} <= set(answers)


def test_it_is_small_and_names_no_machine_and_no_person() -> None:
    files = [path for path in shipped().rglob("*") if path.is_file()]
    assert {path.relative_to(shipped()).parts[0] for path in files} == {"session.yaml", "journal.jsonl", "blobs"}
    assert sum(path.stat().st_size for path in files) < 1_600_000
    names = {socket.gethostname(), getpass.getuser()} - WELL_KNOWN
    told = [b"/home/", b"/root/", b"/tmp/", b"/Users/", *(f'"{name}"'.encode() for name in names)]
    assert [path.name for path in files if any(word in path.read_bytes() for word in told)] == []
    for line in (shipped() / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == "EngineStarted":
            assert (record["payload"]["host"], record["payload"]["boot_id"]) == ("example", "example")
        assert record["payload"].get("by", "designer") == "designer"


def test_looking_at_it_writes_nothing_to_it(place: Place, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in shipped().rglob("*")}
    view(open_session(place, "example"))
    assert {path: path.stat().st_mtime_ns for path in shipped().rglob("*")} == before
    copy = tmp_path / "copy"
    shutil.copytree(shipped(), copy)
    assert {path.name for path in copy.iterdir()} == {"session.yaml", "journal.jsonl", "blobs"}
