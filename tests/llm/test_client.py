"""Calls through the real openai client: to the adapter in this process and behind HTTP, and to bad servers."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.client import Generator, Limits, open_generator, parse_spec
from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.failures import asked_wait, retry_delay
from aigchip_tui.llm.prompts import build_prompt
from aigchip_tui.llm.serve import serving
from aigchip_tui.model.errors import AigchipError, MissingToolError

DEMOS = load_demos("toy", roots=[Path(__file__).parents[1] / "library" / "samples"]).of("lane")
PROMPT = build_prompt(DEMOS[3].instruction, (), (DEMOS[3], DEMOS[0]))
FAST = Limits(first_wait_s=0.01, attempts=4, connect_s=2, between_chunks_s=0.4, total_s=20)


def offline(spec: str = "offline", **options: object) -> Generator:
    return open_generator(spec, environment={}, limits=FAST, **options)  # type: ignore[arg-type]  # passed through


def test_the_adapter_answers_in_process_and_streams() -> None:
    pieces: list[str] = []
    reply = offline().generate(PROMPT.messages, seed=1, stream_to=pieces.append)
    assert "".join(pieces) == reply.text
    assert len(pieces) > 2
    assert DEMOS[3].code in reply.text
    assert (reply.finish_reason, reply.requests, reply.tokens_estimated) == ("stop", 1, False)
    assert reply.prompt_tokens == pytest.approx(PROMPT.tokens, abs=2)
    assert reply.request_id.startswith("offline-")


def test_behind_http_the_adapter_gets_and_gives_identical_bytes() -> None:
    for spec, rate in (("offline", 0.0), ("offline:faults=1", 1.0)):
        seen: list[bytes] = []
        inside = offline(spec, seen=seen.append).generate(PROMPT.messages, seed=5)
        with serving(fault_rate=rate) as server:
            client = open_generator(
                "openai:offline-adapter", environment={"OPENAI_BASE_URL": server.base_url}, limits=FAST
            )
            outside = client.generate(PROMPT.messages, seed=5)
            client.close()
            assert server.bodies == seen
        assert (outside.text, outside.request_id, outside.injected) == (inside.text, inside.request_id, inside.injected)
        assert outside.prompt_tokens == inside.prompt_tokens


def test_the_server_also_answers_whole_and_lists_its_model() -> None:
    import openai

    with serving() as server:
        client = openai.OpenAI(api_key="x", base_url=server.base_url)
        whole = client.chat.completions.create(model="any", messages=list(PROMPT.messages))  # type: ignore[arg-type]  # plain dictionaries
        assert DEMOS[3].code in (whole.choices[0].message.content or "")
        assert [model.id for model in client.models.list()] == ["offline-adapter"]
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model="any", messages=[])
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="any", input="x")


@pytest.mark.parametrize(
    "text", ["offline:faults=2", "offline:", "offline:faults=", "openai:", "gpt", "openai:a b", ""]
)
def test_an_unknown_generator_is_refused(text: str) -> None:
    with pytest.raises(AigchipError, match="There is no generator"):
        parse_spec(text)


def test_the_canonical_spelling_of_a_generator() -> None:
    assert parse_spec("offline:faults=0.30").text == "offline:faults=0.3"
    assert parse_spec("openai:org/model-1.5:free").text == "openai:org/model-1.5:free"
    assert not parse_spec("offline").is_language_model
    assert parse_spec("offline").is_deterministic
    assert not parse_spec("offline:faults=0.3").is_deterministic


def test_a_missing_key_is_told_unless_the_server_is_local() -> None:
    with pytest.raises(MissingToolError, match="OPENAI_API_KEY is not set"):
        open_generator("openai:m", environment={})
    open_generator("openai:m", environment={"OPENAI_BASE_URL": "http://localhost:1/v1"}).close()


class Scripted(ThreadingHTTPServer):
    """Serves one action after the other, the last for ever."""

    daemon_threads = True

    def __init__(self, actions: list[Callable[[BaseHTTPRequestHandler], None]]) -> None:
        super().__init__(("127.0.0.1", 0), _Scripted)
        self.actions = actions
        self.count = 0
        self.asked: list[dict[str, object]] = []
        self.keys: list[str] = []
        self.encodings: list[str] = []


class _Scripted(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.server.keys.append(self.headers.get("authorization", ""))
        self.server.encodings.append(self.headers.get("accept-encoding", ""))
        action = self.server.actions[min(self.server.count, len(self.server.actions) - 1)]
        self.server.count += 1
        action(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class calls it so)
        pass


def status(
    code: int, *, said: str = "no", error_code: str = "", **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"error": {"message": said, "code": error_code or None}}).encode()
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


def sse(
    *parts: bytes, hold_s: float = 0.0, kind: str = "text/event-stream"
) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", kind)
        handler.send_header("connection", "close")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
        time.sleep(hold_s)
        handler.close_connection = True

    return act


def slam(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


FINE = sse(chunk("Hello "), chunk("there.", "stop"), b"data: [DONE]\n\n")


@pytest.fixture
def scripted() -> Iterator[Callable[..., tuple[Generator, Scripted]]]:
    servers: list[Scripted] = []

    def start(*actions: Callable[[BaseHTTPRequestHandler], None], limits: Limits = FAST) -> tuple[Generator, Scripted]:
        server = Scripted(list(actions))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        environment = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "canary-key-0123456789"}
        return open_generator("openai:m", environment=environment, limits=limits), server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Start = Callable[..., tuple[Generator, Scripted]]


def test_a_plain_reply_and_what_was_asked(scripted: Start) -> None:
    generator, server = scripted(FINE)
    reply = generator.generate([{"role": "user", "content": "Say it."}], seed=7, max_tokens=99)
    assert reply.text == "Hello there."
    assert reply.tokens_estimated
    asked = server.asked[0]
    assert (asked["model"], asked["seed"], asked["max_tokens"], asked["stream"]) == ("m", 7, 99, True)
    assert server.keys == ["Bearer canary-key-0123456789"]


def test_429_is_repeated_as_long_as_retry_after_says(scripted: Start) -> None:
    generator, server = scripted(status(429, retry_after="0.2"), status(503), FINE)
    began = time.monotonic()
    reply = generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert (reply.requests, server.count) == (3, 3)
    assert time.monotonic() - began >= 0.2


def test_a_wait_longer_than_the_limit_is_not_waited_for(scripted: Start) -> None:
    generator, server = scripted(status(429, retry_after="3600"), FINE)
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert (caught.value.cause, caught.value.retry_after_s, server.count) == ("rate_limited", 3600.0, 1)


@pytest.mark.parametrize(
    ("action", "cause", "outcome", "requests"),
    [
        (status(429), "rate_limited", "none", 4),
        (status(500), "server_error", "none", 4),
        (status(429, error_code="insufficient_quota"), "quota", "none", 1),
        (status(401), "auth", "none", 1),
        (status(404), "no_model", "none", 1),
        (status(400), "bad_request", "none", 1),
        (status(400, error_code="context_length_exceeded"), "too_long", "none", 1),
        (sse(chunk("Half a ")), "cut_stream", "unknown", 1),
        (sse(chunk("Half a "), b"data: {\n\n"), "garbage", "unknown", 1),
        (sse(chunk("Half a "), hold_s=0.8), "timeout", "unknown", 1),
        (sse(b"data: garbage\n\n"), "garbage", "unknown", 1),
        (sse(b"data: [1]\n\n"), "garbage", "unknown", 1),
        (sse(b'data: {"choices": "none"}\n\n'), "garbage", "unknown", 1),
        (sse(b'data: {"choices": [{"index": 0, "delta": {"content": 7}}]}\n\n'), "garbage", "unknown", 1),
        (sse(b'data: {"choices": [], "usage": {"prompt_tokens": "many"}}\n\n'), "garbage", "unknown", 1),
        (sse(b"<html>Welcome</html>", kind="text/html"), "no_chat", "unknown", 1),
        (sse(), "empty", "unknown", 1),
        (sse(chunk("  ", "stop")), "empty", "unknown", 1),
        (sse(hold_s=0.8), "timeout", "unknown", 1),
        (sse(b'data: {"error": {"message": "overloaded"}}\n\n'), "server_error", "unknown", 1),
        (slam, "cut_stream", "unknown", 1),
    ],
)
def test_a_bad_server_is_a_typed_cause(
    scripted: Start, action: Callable[[BaseHTTPRequestHandler], None], cause: str, outcome: str, requests: int
) -> None:
    generator, server = scripted(action)
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    error = caught.value
    assert (error.cause, error.outcome, error.requests, server.count) == (cause, outcome, requests, requests)
    assert "\n" not in str(error)
    assert "canary-key" not in str(error)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    generator = open_generator("openai:m", environment={"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}, limits=FAST)
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert (caught.value.cause, caught.value.outcome, caught.value.requests) == ("unreachable", "none", 4)


def test_half_a_reply_keeps_what_had_arrived(scripted: Start) -> None:
    generator, _ = scripted(sse(chunk("Half a ")))
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert caught.value.partial == "Half a "


def test_an_endless_reply_is_cut(scripted: Start) -> None:
    generator, _ = scripted(sse(*[chunk("y" * 5000)] * 100))
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert caught.value.cause == "too_long"


def test_an_endless_line_is_cut_before_it_fills_the_memory(scripted: Start) -> None:
    generator, _ = scripted(sse(b"data: ", *[b"y" * (1 << 20)] * 17))
    with pytest.raises(CallError, match="16 MB") as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert (caught.value.cause, caught.value.outcome) == ("too_long", "unknown")


def test_replies_are_asked_for_unpacked(scripted: Start) -> None:
    generator, server = scripted(FINE)
    generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert server.encodings == ["identity"]


def test_cancelling_does_not_wait_for_a_silent_server(scripted: Start) -> None:
    limits = Limits(between_chunks_s=30, total_s=60)
    generator, _ = scripted(sse(chunk("Half"), hold_s=3), limits=limits)
    stop = threading.Event()
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1, cancel=stop, stream_to=lambda _: stop.set())
    assert (caught.value.cause, caught.value.outcome) == ("cancelled", "unknown")


def test_the_whole_call_has_a_limit(scripted: Start) -> None:
    limits = Limits(between_chunks_s=30, total_s=0.3)
    generator, _ = scripted(sse(chunk("Half"), hold_s=2), limits=limits)
    with pytest.raises(CallError) as caught:
        generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert (caught.value.cause, caught.value.outcome) == ("timeout", "unknown")


def test_an_option_that_the_server_does_not_take_is_left_out(scripted: Start) -> None:
    refuse = [
        status(400, said="Unsupported parameter: 'max_tokens', use 'max_completion_tokens'."),
        status(400, said="stream_options is not permitted"),
        status(400, said="seed: extra inputs are not permitted"),
    ]
    generator, server = scripted(*refuse, FINE)
    reply = generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert reply.requests == 4
    last = server.asked[-1]
    assert "max_completion_tokens" in last
    assert not {"max_tokens", "seed", "stream_options"} & set(last)
    assert reply.notes == ("the server does not take seed", "the server does not take stream_options")
    generator.generate([{"role": "user", "content": "x"}], seed=1)
    assert server.count == 5


def test_at_most_as_many_calls_run_as_allowed(scripted: Start) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        FINE(handler)

    generator, server = scripted(slow, limits=Limits(concurrency=2))
    threads = [
        threading.Thread(target=generator.generate, args=([{"role": "user", "content": "x"}],), kwargs={"seed": i})
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (server.count, most) == (6, 2)


def test_a_tape_replays_without_server_or_key(scripted: Start, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    messages = [{"role": "user", "content": "Say it."}]
    _, server = scripted(FINE, status(400))
    environment = {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1",
        "OPENAI_API_KEY": "canary-key-0123456789",
    }
    live = open_generator("openai:m", environment=environment, limits=FAST, tape=tape, tape_mode="record")
    assert live.generate(messages, seed=1).text == "Hello there."
    replayed = open_generator("openai:m", environment={}, limits=FAST, tape=tape)
    assert replayed.generate(messages, seed=1).text == "Hello there."
    assert server.count == 1
    with pytest.raises(CallError) as caught:
        replayed.generate(messages, seed=2)
    assert caught.value.cause == "not_recorded"
    assert "canary-key" not in tape.read_text()
    with pytest.raises(AigchipError, match="cannot be read") as refused:
        open_generator("openai:m", environment={}, tape=tmp_path / "none.jsonl")
    assert refused.value.exit_code == 2, "a wrong flag, not a search without a result"


def test_the_environment_names_a_tape(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    recorded = open_generator("offline", environment={"AIGCHIP_RECORD": str(tape)})
    assert not recorded.replayed
    first = recorded.generate(PROMPT.messages, seed=3)
    assert tape.stat().st_mode & 0o077 == 0
    replayed = open_generator("openai:m", environment={"AIGCHIP_REPLAY": str(tape)})
    assert replayed.replayed
    with pytest.raises(CallError, match="holds no reply"):
        replayed.generate(PROMPT.messages, seed=3)
    again = open_generator("offline", environment={"AIGCHIP_REPLAY": str(tape)}).generate(PROMPT.messages, seed=3)
    assert again.text == first.text


@pytest.mark.parametrize(("environment", "words"), [
    ({"AIGCHIP_RECORD": "/tmp/a", "AIGCHIP_REPLAY": "/tmp/b"}, "Both"),
    ({"AIGCHIP_REPLAY": "tape.jsonl"}, "not an absolute path"),
    ({"AIGCHIP_REPLAY": "/no/such/tape"}, "cannot be read"),
    ({"AIGCHIP_RECORD": "/no/such/folder/tape"}, "cannot be written"),
])
def test_a_tape_that_cannot_be_used_is_refused_at_once(environment: dict[str, str], words: str) -> None:
    with pytest.raises(AigchipError, match=words):
        open_generator("offline", environment=environment)


def test_the_adapter_is_taped_too(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    first = offline("offline:faults=1", tape=tape, tape_mode="record").generate(PROMPT.messages, seed=3)
    again = offline(tape=tape, tape_mode="replay").generate(PROMPT.messages, seed=3)
    assert (again.text, again.injected) == (first.text, first.injected)


def test_keys_never_leave_in_a_prompt_and_never_come_back(scripted: Start) -> None:
    generator, server = scripted(sse(chunk("The key is canary-key-0123456789.", "stop")))
    pieces: list[str] = []
    reply = generator.generate(
        [{"role": "user", "content": "My key: canary-key-0123456789"}], seed=1, stream_to=pieces.append
    )
    assert "canary-key" not in json.dumps(server.asked)
    assert reply.text == "The key is [redacted]."
    assert "".join(pieces) == reply.text


def test_retry_after_in_every_spelling() -> None:
    assert asked_wait({"Retry-After": "3"}) == 3.0
    assert asked_wait({"retry-after-ms": "250"}) == 0.25
    assert asked_wait({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, now=lambda: 40.0) == 60.0
    assert asked_wait({"retry-after": "soon"}) is None
    assert asked_wait({}) is None


def test_waits_double_and_are_drawn_from_the_seed() -> None:
    error = CallError("server_error", "no")
    waits = [retry_delay(error, attempt, 1.0, seed=1) for attempt in (1, 2, 3)]
    assert waits == [retry_delay(error, attempt, 1.0, seed=1) for attempt in (1, 2, 3)]
    for attempt, wait in enumerate(waits, start=1):
        assert wait is not None
        assert 2 ** (attempt - 1) / 2 <= wait <= 2 ** (attempt - 1)
    assert retry_delay(CallError("cut_stream", "no", outcome="unknown"), 1, 1.0, seed=1) is None
    assert retry_delay(CallError("auth", "no"), 1, 1.0, seed=1) is None
