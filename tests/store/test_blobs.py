"""Blobs, capped logs and editable copies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.store.blobs import BlobStore
from aigchip_tui.store.capping import CappedLog, cap_text
from aigchip_tui.store.fs import Fs, Op, StoreError
from aigchip_tui.store.work import WORK_LIMIT, WorkFolder


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    folder = tmp_path / "blobs"
    folder.mkdir()
    return BlobStore(folder, fs=Fs())


def test_a_blob_lies_under_its_digest_and_comes_back(blobs: BlobStore) -> None:
    digest = blobs.put(b"source\x00\xff")
    assert digest == hashlib.sha256(b"source\x00\xff").hexdigest()
    path = blobs.folder / digest[:2] / digest[2:]
    assert path.read_bytes() == b"source\x00\xff"
    assert path.stat().st_mode & 0o777 == 0o600
    assert blobs.get(digest) == b"source\x00\xff"
    assert blobs.has(digest)


def test_equal_contents_are_written_once_and_damaged_ones_are_healed(tmp_path: Path, blobs: BlobStore) -> None:
    digest = blobs.put(b"x" * 100)
    writes: list[Op] = []
    again = BlobStore(blobs.folder, fs=Fs(writes.append))
    assert again.put(b"x" * 100) == digest
    assert [op.name for op in writes if op.name == "write"] == []
    assert [op.name for op in writes] == ["open", "sync", "sync_folder", "sync_folder"]
    blobs.path(digest).write_bytes(b"x" * 99 + b"y")
    with pytest.raises(StoreError, match="damaged"):
        blobs.get(digest)
    BlobStore(blobs.folder, fs=Fs()).put(b"x" * 100)
    assert blobs.get(digest) == b"x" * 100


def test_order_is_contents_synced_then_renamed_then_folder_synced(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    folder.mkdir()
    ops: list[Op] = []
    digest = BlobStore(folder, fs=Fs(ops.append)).put(b"source")
    names = [op.name for op in ops]
    assert names[-5:] == ["create", "write", "sync", "rename", "sync_folder"]
    assert ops[-1].path == folder / digest[:2]
    assert folder in [op.path for op in ops[:-5] if op.name == "sync_folder"]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_digests_name_blobs(blobs: BlobStore, name: str) -> None:
    with pytest.raises(StoreError, match="not the name of a blob"):
        blobs.get(name)


def test_missing_and_linked_blobs_are_told(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing"):
        blobs.get("0" * 64)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    path = blobs.path(digest)
    path.parent.mkdir()
    path.symlink_to(secret)
    with pytest.raises(StoreError, match="is a link"):
        blobs.get(digest)


def test_secrets_never_reach_a_blob(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    folder.mkdir()
    store = BlobStore(folder, fs=Fs(), redact=lambda data: data.replace(b"canary", b"[...]"))
    assert store.get(store.put(b"a canary")) == b"a [...]"
    assert store.kept(store.keep("canary" * 2000)) == "[...]" * 2000


def test_short_texts_are_kept_in_the_event_and_long_ones_beside_it(blobs: BlobStore) -> None:
    short, long = "é" * 10, "é" * 5000
    assert blobs.keep(short) == {"text": short}
    holder = blobs.keep(long)
    assert set(holder) == {"blob", "bytes"}
    assert blobs.kept(holder) == long
    with pytest.raises(StoreError):
        blobs.kept({})


def test_half_written_blobs_are_swept(blobs: BlobStore) -> None:
    digest = blobs.put(b"whole")
    (blobs.folder / ".new" / "0123").write_bytes(b"ha")
    assert blobs.sweep() == 1
    assert blobs.sweep() == 0
    assert blobs.get(digest) == b"whole"


@given(
    whole=st.text(st.sampled_from("abc\né€😀"), max_size=4000), step=st.integers(1, 500),
    head=st.integers(1, 100), tail=st.integers(1, 100),
)
def test_a_capped_log_is_itself_or_a_head_a_count_and_a_tail(whole: str, step: int, head: int, tail: int) -> None:
    log = CappedLog(head=head, tail=tail)
    data = whole.encode()
    for begin in range(0, len(data), step):
        log.feed(data[begin:begin + step])
    text = log.text()
    if len(data) <= head + tail:
        assert text == whole
        return
    note = next(line for line in text.splitlines() if line.startswith("[... ") and "left out" in line)
    first, _, last = text.partition(note + "\n")
    left_out = int(note.split()[1])
    assert head // 2 <= len(data) - left_out <= head + tail
    assert whole.startswith(first) or whole.startswith(first[:-1])
    assert whole.endswith(last)
    assert 0 <= len(data) - left_out - len(last.encode()) - len(first[:-1].encode()) <= 7


def test_a_capped_log_uses_bounded_memory_and_cuts_at_line_ends() -> None:
    log = CappedLog(head=1000, tail=1000)
    for number in range(20_000):
        log.feed(b"line %d\n" % number)
        assert len(log._head) + len(log._tail) < 10_000
    lines = log.text().splitlines()
    assert lines[0] == "line 0"
    assert lines[-1] == "line 19999"
    assert all(line.startswith("line ") or "left out" in line for line in lines)
    assert cap_text("short") == "short"


@pytest.fixture
def work(tmp_path: Path, blobs: BlobStore) -> WorkFolder:
    return WorkFolder(tmp_path / "work", fs=Fs(), blobs=blobs)


def test_what_is_read_of_a_work_copy_is_a_blob_first(work: WorkFolder, blobs: BlobStore) -> None:
    path = work.put("q1", "arbiter_a.hpp", "first\n")
    assert work.names("q1") == ["arbiter_a.hpp"]
    path.write_text("edited\n", encoding="utf-8")
    taken = work.take("q1", "arbiter_a.hpp")
    assert taken.text == "edited\n"
    path.write_text("edited again\n", encoding="utf-8")
    assert blobs.get_text(taken.blob) == "edited\n"
    work.put("q1", "arbiter_a.hpp", "anew\n")
    assert path.read_text(encoding="utf-8") == "anew\n"
    work.remove("q1")
    assert not path.parent.exists()


def test_work_copies_follow_no_links(work: WorkFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("canary", encoding="utf-8")
    path = work.put("q1", "a.hpp", "text")
    path.unlink()
    path.symlink_to(secret / "key")
    with pytest.raises(StoreError, match="is a link"):
        work.take("q1", "a.hpp")
    (work.folder / "q2").symlink_to(secret)
    with pytest.raises(StoreError, match="link or no folder"):
        work.take("q2", "key")
    with pytest.raises(StoreError, match="link or no folder"):
        work.put("q2", "key", "overwritten")
    with pytest.raises(StoreError, match="link or no folder"):
        work.remove("q2")
    assert (secret / "key").read_text(encoding="utf-8") == "canary"


def test_pipes_folders_giants_and_bytes_are_refused(work: WorkFolder) -> None:
    path = work.put("q1", "a.hpp", "text")
    os.mkfifo(path.with_name("pipe"))
    path.with_name("folder").mkdir()
    path.with_name("giant").write_bytes(b"x" * (WORK_LIMIT + 1))
    path.with_name("bytes").write_bytes(b"\xff\xfe")
    for name, why in [("pipe", "not a plain file"), ("folder", "not a plain file"), ("giant", "longer than"),
                      ("bytes", "not UTF-8"), ("absent", "no work copy")]:
        with pytest.raises(StoreError, match=why):
            work.take("q1", name)


@pytest.mark.parametrize("name", ["", ".", "..", "../q1", "a/b", ".hidden", "a\x00b", "a" * 200])
def test_work_names_lead_nowhere_else(work: WorkFolder, name: str) -> None:
    with pytest.raises(StoreError, match="not a name"):
        work.path("q1", name)
    with pytest.raises(StoreError, match="not a name"):
        work.take(name, "a")
