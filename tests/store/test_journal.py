"""The journal: its lines, torn and damaged ones, fencing, incremental reading."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.blobs import BlobStore
from aigchip_tui.store.fs import Fs, StoreError
from aigchip_tui.store.journal import JournalReader, JournalWriter, mentioned
from aigchip_tui.store.record import ENGINE_STARTED, Entry, Record, decode_line, encode_line, encode_payload

ASSETS = Path(__file__).parent / "assets"


def at_ease() -> None:
    """A guard that finds the lock ours."""


class Desk:
    """A journal in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.jsonl"
        self.path.touch()
        self.blobs = BlobStore(folder / "blobs", fs=Fs())
        (folder / "blobs").mkdir(exist_ok=True)

    def writer(self, guard: Callable[[], None] = at_ease, **options: Any) -> JournalWriter:
        return JournalWriter(self.path, fs=Fs(), blobs=self.blobs, clock=lambda: 1.5, guard=guard, **options)

    def started(self, nonce: str = "n", guard: Callable[[], None] = at_ease) -> JournalWriter:
        writer = self.writer(guard)
        writer.start(Entry(kind=ENGINE_STARTED), nonce=nonce)
        return writer

    def reader(self) -> JournalReader:
        return JournalReader(self.path, blobs=self.blobs)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "session")


def line(seq: int, *, epoch: int = 1, kind: str = "Done", **payload: Any) -> bytes:
    return encode_line(seq=seq, epoch=epoch, time="1970-01-01T00:00:00.000Z", kind=kind, schema=1,
                       payload=encode_payload(Entry(kind=kind, payload=payload)))


def seqs(records: list[Record]) -> list[int]:
    return [record.seq for record in records]


def test_a_line_holds_seven_members_and_a_crc_over_the_canonical_rest(desk: Desk) -> None:
    desk.started().append([Entry(kind="DesignProposed", schema=3, payload={"z": "é", "a": [1, {"y": 2, "b": None}]})])
    raw = desk.path.read_bytes().splitlines()[1]
    value = json.loads(raw)
    assert list(value) == ["seq", "crc", "epoch", "time", "kind", "schema", "payload"]
    crc = value.pop("crc")
    canonical = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    assert crc == zlib.crc32(canonical)
    assert value == {
        "seq": 2, "epoch": 1, "time": "1970-01-01T00:00:01.500Z", "kind": "DesignProposed", "schema": 3,
        "payload": {"a": [1, {"b": None, "y": 2}], "z": "é"},
    }
    assert list(value["payload"]) == ["a", "z"]


def test_the_journal_of_the_first_release_reads_as_it_did_then() -> None:
    reader = JournalReader(ASSETS / "journal-1.jsonl")
    records = reader.poll()
    assert [(r.seq, r.epoch, r.kind, r.schema) for r in records] == [
        (1, 1, "EngineStarted", 1), (2, 1, "DesignProposed", 1), (3, 2, "EngineStarted", 1), (4, 2, "DesignFailed", 1),
    ]
    assert records[1].payload == {"number": 1, "parameters": {"lane": "m4k16", "buf_a": 64}, "label": "naïve \"x\"\n"}
    assert [damage.torn for damage in reader.damage] == [True]
    assert [fenced.seq for fenced in reader.fenced] == [4]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
PAYLOAD = st.dictionaries(
    TEXT.filter(lambda key: not key.startswith("$")), JSON, max_size=5,
)


@given(payload=PAYLOAD, seq=st.integers(1, 10**15), epoch=st.integers(0, 10**9), schema=st.integers(0, 10**6))
def test_any_payload_survives_its_line(payload: dict[str, Any], seq: int, epoch: int, schema: int) -> None:
    data = encode_payload(Entry(kind="Kind", payload=payload))
    raw = encode_line(seq=seq, epoch=epoch, time="t", kind="Kind", schema=schema, payload=data)
    assert raw.count(b"\n") == 1
    record = decode_line(raw[:-1])
    assert record is not None
    assert (record.seq, record.epoch, record.schema, record.payload) == (seq, epoch, schema, payload)


@given(data=st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    raw = line(7, design=3, text="abc")[:-1]
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))
    assert decode_line(raw[:place] + bytes([byte]) + raw[place + 1:]) is None


@pytest.mark.parametrize("payload", [{"f": object()}, {"s": "\ud800"}, {"$payload": "x"}])
def test_what_cannot_be_written_is_refused_before_anything_is(desk: Desk, payload: dict[str, Any]) -> None:
    writer = desk.started()
    before = desk.path.read_bytes()
    with pytest.raises(AigchipError):
        writer.append([Entry(kind="Fine"), Entry(kind="Bad", payload=payload)])
    assert desk.path.read_bytes() == before
    writer.append([Entry(kind="Fine")])


def test_torn_at_every_byte_readers_see_a_prefix_and_a_restart_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "calm")
    writer = desk.started()
    ends = [desk.path.stat().st_size]
    for number in range(3):
        writer.append([Entry(kind="Done", payload={"number": number, "nest": {"deep": {"er": "}}"}}})])
        ends.append(desk.path.stat().st_size)
    whole = desk.path.read_bytes()
    calm = desk.reader().poll()
    torn = Desk(tmp_path / "torn")
    for cut in range(len(whole) + 1):
        torn.path.write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        reader = torn.reader()
        assert reader.poll() == calm[:kept], "a viewer sees whole lines only"
        assert reader.damage == ()
        assert torn.path.read_bytes() == whole[:cut], "a viewer never writes"
        # A line that lacks nothing but its newline was never acknowledged, but may well count.
        kept = sum(end - 1 <= cut for end in ends)
        restarted = torn.writer()
        records, started = restarted.start(Entry(kind=ENGINE_STARTED), nonce="again")
        assert records[:-1] == calm[:kept]
        assert records[-1].kind == ENGINE_STARTED
        assert records[-1].seq == kept + 1
        assert all(damage.torn for damage in started.damage)
        end = b"" if cut in (0, *ends) else b"\n"
        assert torn.path.read_bytes().startswith(whole[:cut] + end + b'{"seq":'), "the evidence is kept and ended"
        assert reader.poll() == records[sum(end <= cut for end in ends):], "the viewer catches up"
        restarted.append([Entry(kind="After")])
        assert torn.reader().poll()[-1].kind == "After"
        restarted.close()


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_torn_again_and_again_no_whole_line_is_ever_lost(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int],
) -> None:
    desk = Desk(tmp_path_factory.mktemp("torn"))
    kept: list[Record] = []
    for cut in cuts:
        writer = desk.writer()
        records, _ = writer.start(Entry(kind=ENGINE_STARTED), nonce="n")
        assert records[: len(kept)] == kept
        begin = desk.path.stat().st_size
        writer.append([Entry(kind="Done", payload={"cut": cut, "pad": "x" * 50}) for _ in range(2)])
        writer.close()
        data = desk.path.read_bytes()
        desk.path.write_bytes(data[: max(begin, len(data) - cut)])
        kept = desk.reader().poll()
    final = desk.reader()
    assert final.poll() == kept
    assert all(damage.torn for damage in final.damage)


def test_a_wrong_crc_in_the_middle_is_skipped_and_told_with_what_it_touched(desk: Desk) -> None:
    rotten = line(2, design=17, figure=10).replace(b'"figure":10', b'"figure":90')
    desk.path.write_bytes(line(1, design=16) + rotten + line(3, design=18))
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 3]
    (damage,) = reader.damage
    assert not damage.torn
    assert damage.kind == "Done"
    assert damage.payload == {"design": 17, "figure": 90}
    assert mentioned(damage, "design") == ("17",)


def test_a_rotten_line_at_the_end_is_not_taken_for_a_torn_one(desk: Desk) -> None:
    desk.path.write_bytes(line(1, kind=ENGINE_STARTED) + line(2, design=5).replace(b":5}", b":6}"))
    writer = desk.started()
    writer.append([Entry(kind="Done")])
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 3, 4]
    assert [damage.torn for damage in reader.damage] == [False]


def test_a_broken_line_that_no_start_follows_is_not_torn(desk: Desk) -> None:
    desk.path.write_bytes(line(1) + line(2)[:50] + b"\n" + line(3))
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 3]
    assert [damage.torn for damage in reader.damage] == [False]


def test_a_number_counts_once(desk: Desk) -> None:
    desk.path.write_bytes(line(1) + line(2, design=1) + line(2, design=2) + line(3))
    reader = desk.reader()
    assert [record.payload for record in reader.poll()] == [{}, {"design": 1}, {}]
    assert [fenced.seq for fenced in reader.fenced] == [2]


def test_a_lost_newline_costs_no_line(desk: Desk) -> None:
    for glue in (b"", b"\x00", b"J"):
        desk.path.write_bytes(line(1)[:-1] + glue + line(2) + line(3))
        assert seqs(desk.reader().poll()) == [1, 2, 3]
    desk.path.write_bytes(line(1)[:20] + line(1) + line(2))
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 2]
    assert len(reader.damage) == 1


def test_lines_that_vanished_whole_are_noticed(desk: Desk) -> None:
    desk.path.write_bytes(line(1) + line(4))
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 4]
    assert [(damage.cause, damage.torn) for damage in reader.damage] == [("2 lines are missing", False)]


def test_lines_of_an_older_epoch_after_a_newer_start_are_dropped(desk: Desk) -> None:
    desk.path.write_bytes(
        line(1, epoch=1, kind=ENGINE_STARTED) + line(2, epoch=1) + line(3, epoch=2, kind=ENGINE_STARTED)
        + line(3, epoch=1, late=1) + line(4, epoch=1, late=2) + line(4, epoch=2)
    )
    reader = desk.reader()
    records = reader.poll()
    assert [(record.seq, record.epoch) for record in records] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert [(fenced.seq, fenced.epoch) for fenced in reader.fenced] == [(3, 1), (4, 1)]


def test_an_engine_that_was_replaced_writes_in_vain(desk: Desk) -> None:
    first = desk.started("first")
    first.append([Entry(kind="Done")])
    late = desk.writer()
    records, _ = late.start(Entry(kind=ENGINE_STARTED), nonce="late")
    assert records[-1].epoch == 2
    first.append([Entry(kind="TooLate")])
    late.append([Entry(kind="InTime")])
    assert [record.kind for record in desk.reader().poll()][-1] == "InTime"
    assert "TooLate" not in [record.kind for record in desk.reader().poll()]


def test_a_start_that_collides_is_repeated_with_the_next_epoch(desk: Desk) -> None:
    rival = line(1, epoch=1, kind=ENGINE_STARTED, nonce="rival")
    asked = 0

    def guard() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            with desk.path.open("ab") as file:
                file.write(rival)

    writer = desk.writer(guard)
    records, _ = writer.start(Entry(kind=ENGINE_STARTED), nonce="mine")
    assert [(record.seq, record.epoch, record.payload["nonce"]) for record in records] == [
        (1, 1, "rival"), (2, 2, "mine"),
    ]
    writer.append([Entry(kind="Done")])
    assert [(record.seq, record.epoch) for record in desk.reader().poll()] == [(1, 1), (2, 2), (3, 2)]


class TakenOverError(AigchipError):
    """What the guard of a test raises."""


@pytest.mark.parametrize("asked", [1, 2])
def test_a_batch_is_acknowledged_only_if_the_lock_is_ours_before_and_after(desk: Desk, asked: int) -> None:
    calls = 0
    armed = False

    def guard() -> None:
        nonlocal calls
        calls += armed
        if armed and calls == asked:
            raise TakenOverError("taken over")

    writer = desk.started(guard=guard)
    armed = True
    with pytest.raises(TakenOverError):
        writer.append([Entry(kind="Done")])
    assert len(desk.reader().poll()) == asked
    if asked == 2:
        with pytest.raises(StoreError, match="earlier write"):
            writer.append([Entry(kind="Done")])


def test_a_reader_gets_each_record_once_whatever_the_chunks(desk: Desk, tmp_path: Path) -> None:
    whole = b"".join(line(number, text="é" * number) for number in range(1, 30))
    reader = desk.reader()
    found: list[Record] = []
    for step in range(0, len(whole), 37):
        desk.path.write_bytes(whole[: step + 37])
        found += reader.poll()
        again = JournalReader(desk.path, start=reader.checkpoint())
        assert again.poll() == []
        reader = again
    assert seqs(found) == list(range(1, 30))


def test_payloads_of_4_kb_move_into_blobs_and_come_back(desk: Desk) -> None:
    writer = desk.started()
    payload = {"design": 9, "module": "pe_lane", "log": "x" * 4096}
    written = writer.append([Entry(kind="Done", payload=payload)])
    assert written[0].payload == payload
    assert max(len(raw) for raw in desk.path.read_bytes().splitlines()) < 400
    assert desk.reader().poll()[1] == written[0]
    plain = JournalReader(desk.path).poll()[1].payload
    assert plain["design"] == 9
    digest = plain["$payload"]
    desk.blobs.path(digest).write_bytes(b"{}")
    reader = desk.reader()
    assert len(reader.poll()) == 1
    assert mentioned(reader.damage[0], "design") == ("9",)
    assert not reader.damage[0].torn


def test_secrets_are_redacted_before_anything_is_written(desk: Desk) -> None:
    writer = desk.writer(redact=lambda data: data.replace(b"sk-canary", b"[redacted]"))
    writer.start(Entry(kind=ENGINE_STARTED), nonce="n")
    record = writer.append([Entry(kind="Done", payload={"text": "key sk-canary"})])[0]
    assert record.payload == {"text": "key [redacted]"}
    assert b"sk-canary" not in desk.path.read_bytes()
    assert desk.reader().poll()[-1] == record


def test_a_journal_that_shrinks_is_told(desk: Desk) -> None:
    desk.path.write_bytes(line(1) + line(2))
    reader = desk.reader()
    reader.poll()
    desk.path.write_bytes(line(1))
    with pytest.raises(StoreError, match="shorter"):
        reader.poll()


def test_hostile_lines_cost_nothing_but_themselves(desk: Desk) -> None:
    deep = b'{"seq":1,"crc":1,' + b"[" * 100_000
    huge = b"y" * (9 << 20)
    desk.path.write_bytes(line(1) + deep + b"\n" + huge + b"\n\n\x00\xff\n" + line(4))
    reader = desk.reader()
    assert seqs(reader.poll()) == [1, 4]
    assert len(reader.damage) >= 4
    desk.path.write_bytes(line(1) + huge)
    reader = desk.reader()
    assert seqs(reader.poll()) == [1]
    assert reader.poll() == []
    desk.started().append([Entry(kind="Done")])
    assert [record.kind for record in reader.poll()] == [ENGINE_STARTED, "Done"]


def test_a_newer_schema_is_seen(desk: Desk) -> None:
    desk.started().append([Entry(kind="Done", schema=4), Entry(kind="Done", schema=2)])
    reader = desk.reader()
    reader.poll()
    assert reader.newest_schema == 4
