"""Servers that refuse, babble, break off or say nothing: typed causes, a living engine, caps that hold."""

from __future__ import annotations

import functools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aigchip_tui.cli.show_commands import limit_lines
from aigchip_tui.engine import opening, runner
from aigchip_tui.engine.history import view
from aigchip_tui.engine.making import make_settings, understand
from aigchip_tui.engine.runner import Handle, RunResult, run_engine
from aigchip_tui.engine.sending import limits_payload
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.llm.client import open_generator
from aigchip_tui.llm.offline import handle as adapter
from aigchip_tui.llm.redact import redactor
from aigchip_tui.llm.spec import Limits
from aigchip_tui.model import events as ev
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.state import AWAY, SessionState
from aigchip_tui.model.summary import session_document
from aigchip_tui.store.session import Place, Session, create_session, open_session

QUICK = Limits(
    connect_s=2.0, between_chunks_s=0.6, total_s=6.0, attempts=3, first_wait_s=0.01, longest_wait_s=0.5, concurrency=4,
)
KEY = "sk-canary-0123456789abcdef"


class Server(ThreadingHTTPServer):
    """A loopback server that counts requests and answers each by `script(number)`: a mood of the handler."""

    daemon_threads = True

    def __init__(self, script: Callable[[int], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.requests = 0
        self.times: list[float] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with self.server.lock:
            number = self.server.requests
            self.server.requests += 1
            self.server.times.append(time.monotonic())
            self.server.bodies.append(body)
        getattr(self, f"mood_{self.server.script(number)}")(body)

    def _send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, pieces: tuple[bytes, ...]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def mood_good(self, body: bytes) -> None:
        self._stream(adapter("POST", self.path, body).pieces)
        self.wfile.write(b"0\r\n\r\n")

    def mood_half(self, body: bytes) -> None:
        pieces = adapter("POST", self.path, body).pieces
        self._stream(pieces[: max(1, len(pieces) // 2)])
        self.close_connection = True

    def mood_limited(self, body: bytes) -> None:
        self._send(429, b'{"error":{"message":"slow down"}}', retry_after="0.2")

    def mood_patient(self, body: bytes) -> None:
        self._send(429, b'{"error":{"message":"come back in a year"}}', retry_after="31536000")

    def mood_broken(self, body: bytes) -> None:
        self._send(500, b'{"error":{"message":"internal"}}')

    def mood_html(self, body: bytes) -> None:
        self._send(200, b"<html>\xff\xfe welcome to the hotel network</html>", "text/html")

    def mood_noise(self, body: bytes) -> None:
        self._stream((b"data: {\"id\": \x00\xff\n\n", b"data: 12\n\n", b"data: [DONE]\n\n"))
        self.wfile.write(b"0\r\n\r\n")

    def mood_refusing(self, body: bytes) -> None:
        self._send(401, f'{{"error":{{"message":"wrong key {KEY}"}}}}'.encode())

    def mood_silent(self, body: bytes) -> None:
        time.sleep(1.5)

    def mood_closing(self, body: bytes) -> None:
        self.close_connection = True

    def mood_empty(self, body: bytes) -> None:
        self._stream((b"data: [DONE]\n\n",))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Says nothing."""


@contextmanager
def serving(mood: Callable[[int], str] | str | Server) -> Iterator[Server]:
    server = mood if isinstance(mood, Server) else Server(mood if callable(mood) else lambda number: mood)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@pytest.fixture(autouse=True)
def quick_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of a real network are not waited for."""
    monkeypatch.setattr(opening, "open_generator", functools.partial(open_generator, limits=QUICK))


def begin(base: Path, cache: Path, **options: object) -> Session:
    """A new session that asks a language model and runs what it says unconfined (here it only ever says our own)."""
    place = Place(root=base / "sessions", data=base / "data", cache=cache, redact=redactor({"OPENAI_API_KEY": KEY}))
    request = understand("gemm:8x8x8 on a PYNQ-Z2, at most 16 DSPs", {})
    settings = make_settings("asked", request, {
        "generator": "openai:some-model", "evaluations": 3, "gate": "never", "sandbox": "none",
        "selection": "numeric", "jobs": 1, **options,
    })
    values = msgspec.json.decode(msgspec.json.encode(settings), type=dict[str, Any])
    del values["name"]
    return create_session(place, "asked", values)


def environment(base_url: str, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": KEY, "AIGCHIP_NO_CACHE": "1", **more}


def run(session: Session, base_url: str, *, more: Mapping[str, str] | None = None, **options: Any) -> RunResult:
    return run_engine(session, environment=environment(base_url, **(more or {})), **options)


def written(session: Session) -> list[str]:
    """Variants that have a text."""
    return [v.key for v in view(session).state.variants.values() if any(a.source for a in v.attempts)]


@pytest.mark.parametrize(("mood", "cause", "kept"), [
    ("limited", "rate_limited", False), ("patient", "rate_limited", False), ("broken", "server_error", False),
    ("html", "no_chat", True), ("noise", "garbage", True), ("half", "cut_stream", True),
    ("closing", "cut_stream", True), ("silent", "timeout", True), ("empty", "empty", True), ("refusing", "auth", False),
])
def test_a_bad_server_is_a_typed_cause_and_the_engine_lives(
    tmp_path: Path, user_cache: Path, mood: str, cause: str, kept: bool
) -> None:
    session = begin(tmp_path, user_cache, evaluations=1 if mood == "silent" else 2, max_attempts=2)
    with serving(mood) as server:
        result = run(session, server.base_url)
        assert server.requests
    assert result.reason.startswith("the generator does not answer: The server " if cause in AWAY else "done")
    state = view(session).state
    assert not state.damaged
    failed = list(state.designs.values())
    assert {d.status for d in failed} == {"failed"}
    assert {d.cause for d in failed} <= {cause, "garbage"} if cause == "empty" else {d.cause for d in failed} == {cause}
    assert written(session) == [], "half a reply is no module"
    assert cause not in AWAY or not state.finished, "the rest of the search is kept for a generator that answers"
    assert (state.spend.tokens > 0) == kept, "what may have been paid for stays charged, what was not does not"
    assert not state.spend.reserved
    tries = max(len(v.attempts) for v in state.variants.values())
    assert tries == (1 if cause in AWAY else 2), "no reply is a failed attempt; a server that is away is none"
    assert KEY.encode() not in session.journal.read_bytes()


def test_a_refused_key_is_told_in_the_words_of_the_server_and_without_the_key(tmp_path: Path, user_cache: Path) -> None:
    session = begin(tmp_path, user_cache, evaluations=1)
    told: list[str] = []

    def listen(event: ev.AnyEvent, state: SessionState) -> None:
        told.extend(str(getattr(event, name, "")) for name in ("message", "reason"))

    with serving("refusing") as server:
        result = run(session, server.base_url, on_event=listen)
    assert "refuses the key (401" in result.reason
    assert "Check OPENAI_API_KEY" in result.reason
    assert any(" was not generated: The server refuses the key" in line for line in told)
    assert not any(KEY in line for line in told), "the server repeats the key; screens must not"


def test_retry_after_is_honoured_and_the_call_then_succeeds(tmp_path: Path, user_cache: Path) -> None:
    session = begin(tmp_path, user_cache, evaluations=1)
    handle = Handle()

    def enough(event: ev.AnyEvent, state: SessionState) -> None:
        if isinstance(event, ev.ReplyRecorded):
            handle.stop()

    with serving(lambda number: "limited" if number == 0 else "good") as server:
        run(session, server.base_url, handle=handle, on_event=enough)
    assert server.times[1] - server.times[0] >= 0.19, "asked to wait 0.2 s"
    assert written(session)


def test_a_dead_server_gives_no_module_to_a_session_begun_offline_and_says_why(
    tmp_path: Path, user_cache: Path
) -> None:
    session = begin(tmp_path, user_cache, generator="offline", evaluations=4)
    handle = Handle()

    def enough(event: ev.AnyEvent, state: SessionState) -> None:
        if isinstance(event, ev.ReplyRecorded) and len(state.variants) >= 2:
            handle.stop()

    run(session, "http://127.0.0.1:9/v1", handle=handle, on_event=enough)
    before = written(session)
    assert before
    settings = session.folder / "session.yaml"
    settings.write_text(settings.read_text().replace("generator: offline", "generator: openai:some-model"))
    session = open_session(session.place, "asked")
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{port.getsockname()[1]}/v1"
        said: list[str] = []
        result = run(session, dead, on_event=lambda event, state: said.append(getattr(event, "cause", "")))
    assert result.reason.startswith("the generator does not answer: The server cannot be reached")
    assert written(session) == before
    state = view(session).state
    assert {d.cause for d in state.designs.values()} == {"unreachable"}
    assert all("The server cannot be reached" in d.message for d in state.designs.values())
    refusals = [v.attempts[-1].refusal for v in state.variants.values() if v.status == "failed"]
    assert all("cannot be reached" in refusal for refusal in refusals)
    assert state.engine is not None
    assert state.engine.generator == "openai:some-model"


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("cap", ["calls", "tokens", "usd"])
def test_caps_hold_with_reservations_counted(tmp_path: Path, user_cache: Path, cap: str, jobs: int) -> None:
    most: dict[str, object] = {"calls": {"max_calls": 3}, "tokens": {"max_tokens": 20_000}, "usd": {"max_usd": 0.03}}
    session = begin(tmp_path, user_cache, jobs=jobs, **most[cap])  # type: ignore[arg-type]  # options by name
    seen: list[tuple[int, int, float]] = []

    def look(event: ev.AnyEvent, state: SessionState) -> None:
        seen.append((state.spend.calls, state.spend.tokens, state.spend.worst_usd))

    with serving("half") as server:
        result = run(session, server.base_url, more={"AIGCHIP_PRICE": "1/2"}, on_event=look)
        assert server.requests
    assert result.reason == "done"
    calls, tokens, usd = (max(column) for column in zip(*seen, strict=True))
    if cap == "calls":
        assert calls <= 3
        assert server.requests <= 3
    elif cap == "tokens":
        assert 0 < tokens <= 20_000
    else:
        assert 0 < usd <= 0.03
    causes = {d.cause for d in result.state.designs.values()}
    assert causes == {"cap"}, "what was not built for want of calls says so, and no reply is no verdict yet"
    assert result.state.finished.startswith("cap reached: ")
    assert "proposed" not in {d.status for d in result.state.designs.values()}


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.deep
class _FiftySeconds(Stopwatch):
    """Every engine has worked for fifty seconds that no event has told."""

    @property
    def uncounted_s(self) -> float:
        return 50.0


def test_hours_are_those_of_all_engines(tmp_path: Path, user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "Stopwatch", _FiftySeconds)
    session = begin(tmp_path, user_cache, generator="offline", evaluations=1, max_hours=0.02)
    handle = Handle()
    first = run(session, "", handle=handle, on_event=lambda event, state: handle.stop())
    assert not first.state.finished
    second = run(session, "")
    assert second.state.finished == "cap reached: --max-hours 0.02"
    report = session_document(second.settings, second.state)
    assert limit_lines(report) == ["  caps        0.0278 of 0.02 hours of work"]
    session.send(limits_payload(SessionLimits(max_hours=2, max_calls=500), by="me"))
    third = run(session, "")
    assert third.state.finished == "all evaluations done"
    for settings, state in ((third.settings, third.state), (view(session).settings, view(session).state)):
        assert limit_lines(session_document(settings, state))[-1] == (
            "  changed     --max-calls 500 (made with 0), --max-hours 2 (made with 0.02)"
        ), "the run and show tell the same"


def test_a_counting_server_sees_at_most_the_calm_calls_and_one_a_kill(tmp_path: Path, user_cache: Path) -> None:
    def whole(base: Path, kills: list[int]) -> tuple[int, list[Any]]:
        session = begin(base, user_cache, evaluations=1, max_attempts=1)
        with serving("good") as server:
            for kill_at in [*kills, 0]:
                count = 0

                def die(event: ev.AnyEvent, state: SessionState, at: int = kill_at) -> None:
                    nonlocal count
                    if isinstance(event, ev.CallStarted | ev.ReplyRecorded):
                        count += 1
                        if count == at:
                            raise Killed

                # Only the calls are counted here: what the ladder says of the texts is another test's business.
                try:
                    run(session, server.base_url, on_event=die)
                except Killed:
                    assert kill_at
            state = view(session).state
            return server.requests, sorted((k, [a.source for a in v.attempts]) for k, v in state.variants.items())

    calm, texts = whole(tmp_path / "calm", [])
    kills = [2, 3, 4, 5]
    seen, same = whole(tmp_path / "hard", kills)
    assert calm <= seen <= calm + len(kills)
    assert [key for key, _ in same] == [key for key, _ in texts]
