"""Calls to a generator through the openai client: streaming, limits, retries, cancelling, typed causes."""

from __future__ import annotations

import hashlib
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from aigchip_tui.llm.errors import CallError, Cause
from aigchip_tui.llm.failures import failure_of, retry_delay
from aigchip_tui.llm.ledger import FREE, Price, price_from
from aigchip_tui.llm.offline import INJECTED_HEADER, count_tokens
from aigchip_tui.llm.redact import Redactor
from aigchip_tui.llm.spec import GeneratorSpec, Limits, Message, Reply, parse_spec
from aigchip_tui.llm.transport import TapeMode, bounded, http_library, offline_transport, tape_of, tape_transport
from aigchip_tui.model.errors import MissingToolError

_POLL_S = 0.05
MAX_REPLY_CHARACTERS = 400_000
MAX_BODY_BYTES = 16 << 20
"""Bytes of a reply on the wire, where each token may come in a JSON document of its own."""


class _Closed(Exception):  # noqa: N818 (a signal, not an error)
    pass


class Generator:
    """Asks one generator. Safe between threads; at most `limits.concurrency` calls run at a time."""

    def __init__(
        self,
        spec: GeneratorSpec,
        client: Any,
        *,
        limits: Limits,
        price: Price | None,
        redact: Redactor,
        clock: Callable[[], float] = time.monotonic,
        official: bool = False,
        replayed: bool = False,
        taped: bool = False,
        server: str = "",
    ) -> None:
        self.spec = spec
        self.replayed = replayed
        """Whether replies come from a recording and nobody is asked."""
        self.taped = taped
        """Whether calls are recorded or come from a recording, which must hold each of them."""
        self._server = server
        self.price = price
        self.limits = limits
        self._client = client
        self._redact = redact
        self._answered = False
        self._clock = clock
        self._slots = threading.BoundedSemaphore(limits.concurrency)
        self._limit_name = "max_completion_tokens" if official else "max_tokens"
        self._unsupported: set[str] = set()

    @property
    def identity(self) -> str:
        """Who answers: the spec, and for a model which server it is on; equal names elsewhere are another generator."""
        where = hashlib.sha256(self._server.encode()).hexdigest()[:16]
        return f"{self.spec.text} at {where}" if self.spec.is_language_model else self.spec.text

    def generate(
        self,
        messages: Sequence[Message],
        *,
        seed: int,
        stream_to: Callable[[str], None] | None = None,
        max_tokens: int = 4096,
        json_schema: Mapping[str, Any] | None = None,
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Asks once and returns the reply; `stream_to` gets the text piece by piece.

        Requests that surely did no paid work (429, 5xx before a reply, no connection) are repeated within
        the limits, waiting as long as Retry-After says. Raises `CallError` with a typed cause and whether
        the outcome is known.
        """
        stop = cancel if cancel is not None else threading.Event()
        began = self._clock()
        while not self._slots.acquire(timeout=_POLL_S):
            self._check(stop, began, requests=0)
        try:
            return self._retrying(messages, seed, stream_to, max_tokens, json_schema, stop, began)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _check(self, stop: threading.Event, began: float, *, requests: int) -> None:
        outcome: Literal["none", "unknown"] = "none"
        if stop.is_set():
            raise CallError("cancelled", "The call was cancelled.", outcome=outcome, requests=requests)
        if self._clock() - began > self.limits.total_s:
            raise CallError(
                "timeout", f"No reply within {self.limits.total_s:g} s.", outcome=outcome, requests=requests
            )

    def _retrying(
        self,
        messages: Sequence[Message],
        seed: int,
        stream_to: Callable[[str], None] | None,
        max_tokens: int,
        json_schema: Mapping[str, Any] | None,
        stop: threading.Event,
        began: float,
    ) -> Reply:
        requests, waits = 0, 0
        while True:
            self._check(stop, began, requests=requests)
            requests += 1
            try:
                return self._once(messages, seed, stream_to, max_tokens, json_schema, stop, began, requests)
            except CallError as error:
                error.requests = requests
                if error.cause == "bad_request" and self._drop_option(str(error)):
                    continue
                waits += 1
                delay = retry_delay(error, waits, self.limits.first_wait_s, seed=seed)
                if delay is None or waits >= self.limits.attempts:
                    raise
                if delay > self.limits.longest_wait_s or self._clock() - began + delay > self.limits.total_s:
                    raise
                if stop.wait(delay):
                    raise CallError("cancelled", "The call was cancelled.", requests=requests) from None

    def _failure(self, error: BaseException, collected: _Collected) -> CallError:
        """The typed cause of a failed request; a server may repeat the key that it refuses."""
        failure = failure_of(error, partial=collected.text, model=self.spec.model)
        if failure.cause == "garbage" and self._is_no_chat(collected):
            failure.cause = "no_chat"
        failure.message = self._redact.text(failure.message)
        return failure

    def _is_no_chat(self, collected: _Collected) -> bool:
        """A page where no reply was ever seen is no model's: every further call would be answered by it too."""
        kind = collected.headers.get("content-type", "")
        return not self._answered and not collected.chunks and bool(kind) and "event-stream" not in kind

    def _drop_option(self, message: str) -> bool:
        """Whether the server refused an optional parameter that can be left out (or spelt otherwise)."""
        said = message.lower()
        if self._limit_name in said and "limit" not in self._unsupported:
            other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
            self._unsupported.add("limit")
            self._limit_name = other[self._limit_name]
            return True
        for name in ("stream_options", "response_format", "seed"):
            if name in said and name not in self._unsupported:
                self._unsupported.add(name)
                return True
        return False

    def _options(self, seed: int, max_tokens: int, json_schema: Mapping[str, Any] | None) -> dict[str, Any]:
        options: dict[str, Any] = {self._limit_name: max_tokens}
        if "seed" not in self._unsupported:
            options["seed"] = seed
        if "stream_options" not in self._unsupported:
            options["stream_options"] = {"include_usage": True}
        if json_schema is not None and "response_format" not in self._unsupported:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(json_schema), "strict": False},
            }
        return options

    def _once(
        self,
        messages: Sequence[Message],
        seed: int,
        stream_to: Callable[[str], None] | None,
        max_tokens: int,
        json_schema: Mapping[str, Any] | None,
        stop: threading.Event,
        began: float,
        requests: int,
    ) -> Reply:
        sent = [{"role": message["role"], "content": self._redact.text(message["content"])} for message in messages]
        asked = self._clock()
        inbox: queue.Queue[Any] = queue.Queue()
        gone = threading.Event()
        reader = threading.Thread(
            target=self._read,
            args=(sent, self._options(seed, max_tokens, json_schema), inbox, gone),
            name="generator call",
            daemon=True,
        )
        reader.start()
        collected = _Collected()
        try:
            while True:
                try:
                    item = inbox.get(timeout=_POLL_S)
                except queue.Empty:
                    self._check_running(stop, began, collected, requests)
                    continue
                if item is _Closed:
                    break
                if isinstance(item, BaseException):
                    raise self._failure(item, collected) from item
                try:
                    piece = collected.take(item)
                except (AttributeError, TypeError, ValueError) as error:
                    raise self._failure(error, collected) from error
                if not collected.first_at:
                    collected.first_at = self._clock()
                if piece and stream_to is not None:
                    stream_to(self._redact.text(piece))
                if collected.length > MAX_REPLY_CHARACTERS:
                    raise CallError(
                        "too_long",
                        f"The reply is longer than {MAX_REPLY_CHARACTERS} characters.",
                        outcome="unknown",
                    )
                self._check_running(stop, began, collected, requests)
        finally:
            gone.set()
        return self._reply(collected, sent, asked, requests)

    def _check_running(self, stop: threading.Event, began: float, collected: _Collected, requests: int) -> None:
        try:
            self._check(stop, began, requests=requests)
        except CallError as error:
            error.outcome = "unknown"
            error.partial = collected.text
            raise

    def _read(
        self, messages: list[dict[str, str]], options: dict[str, Any], inbox: queue.Queue[Any], gone: threading.Event
    ) -> None:
        """Runs in a thread of its own, so that a silent server cannot hold up cancelling."""
        model = self.spec.model or "offline-adapter"
        try:
            raw = self._client.chat.completions.with_raw_response.create(
                model=model, messages=messages, stream=True, **options
            )
            inbox.put(dict(raw.headers))
            with raw.parse() as stream:
                for chunk in stream:
                    if gone.is_set():
                        return
                    inbox.put(chunk)
            inbox.put(_Closed)
        except BaseException as error:  # whatever ends this thread is told to the caller, who raises it
            inbox.put(error)

    def _reply(self, collected: _Collected, sent: Sequence[Message], asked: float, requests: int) -> Reply:
        if not collected.chunks:
            kind = collected.headers.get("content-type", "none")
            cause: Cause = "empty" if "event-stream" in kind else "garbage"
            raise CallError(
                "no_chat" if self._is_no_chat(collected) else cause,
                f"The server sent no reply that can be read (content type {kind.partition(';')[0]}).",
                hint="Is the base URL that of an OpenAI-compatible server that can stream?",
                outcome="unknown",
            )
        if not collected.finish:
            raise CallError(
                "cut_stream",
                f"The reply broke off after {collected.length} characters.",
                outcome="unknown",
                partial=collected.text,
            )
        if not collected.text.strip():
            raise CallError("empty", "The reply is empty.", outcome="unknown")
        prompt = sum(count_tokens(message["content"]) for message in sent)
        self._answered = True
        notes = tuple(f"the server does not take {name}" for name in sorted(self._unsupported - {"limit"}))
        return Reply(
            text=self._redact.text(collected.text),
            model=collected.model or self.spec.model,
            prompt_tokens=collected.prompt_tokens if collected.counted else prompt,
            completion_tokens=(collected.completion_tokens if collected.counted else count_tokens(collected.text)),
            tokens_estimated=not collected.counted,
            finish_reason=collected.finish,
            latency_s=self._clock() - asked,
            first_token_s=max(0.0, collected.first_at - asked),
            request_id=collected.headers.get("x-request-id", ""),
            requests=requests,
            notes=notes,
            injected=collected.headers.get(INJECTED_HEADER, ""),
        )


class _Collected:
    """What has arrived of one reply."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.pieces: list[str] = []
        self.length = 0
        self.chunks = 0
        self.finish = ""
        self.model = ""
        self.counted = False
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.first_at = 0.0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def take(self, item: Any) -> str:
        """Takes headers or a chunk in; returns the text that it adds."""
        if isinstance(item, dict):
            self.headers = {str(name).lower(): str(value) for name, value in item.items()}
            return ""
        self.chunks += 1
        self.model = item.model or self.model
        if item.usage is not None:
            self.counted = True
            self.prompt_tokens = int(item.usage.prompt_tokens or 0)
            self.completion_tokens = int(item.usage.completion_tokens or 0)
        piece = ""
        if not isinstance(item.choices or [], list):
            raise TypeError("the choices are no list")
        for choice in item.choices or ():
            if choice.index not in (0, None):
                continue
            if choice.delta is not None and choice.delta.content:
                piece += choice.delta.content
            if choice.finish_reason:
                self.finish = choice.finish_reason
        if piece:
            self.pieces.append(piece)
            self.length += len(piece)
        return piece


def open_generator(
    spec: str | GeneratorSpec,
    *,
    environment: Mapping[str, str],
    limits: Limits | None = None,
    tape: Path | None = None,
    tape_mode: TapeMode = "replay",
    clock: Callable[[], float] = time.monotonic,
    seen: Callable[[bytes], None] | None = None,
) -> Generator:
    """Opens a generator; key, base URL and price come from `environment` only, never from a session.

    OPENAI_API_KEY and OPENAI_BASE_URL are those of the openai client; a server on the loopback interface
    needs no key. A `tape` (else that of $AIGCHIP_RECORD or $AIGCHIP_REPLAY) records or replays HTTP;
    replaying needs no key and reaches no server. `seen` gets the request bodies
    of the offline adapter. Raises `MissingToolError` when there is no key, `AigchipError` for an unknown
    generator.
    """
    parsed = parse_spec(spec) if isinstance(spec, str) else spec
    import openai

    http = http_library()
    bounds = limits if limits is not None else Limits()
    if tape is None:
        tape, tape_mode = tape_of(environment)
    redact = Redactor(environment)
    key = environment.get("OPENAI_API_KEY", "").strip()
    base_url = environment.get("OPENAI_BASE_URL", "").strip() or "https://api.openai.com/v1"
    price = price_from(environment)
    official = "//api.openai.com/" in base_url + "/"
    transport: Any = None
    if parsed.kind == "offline":
        base_url, key, price, official = "http://offline.invalid/v1", "none-needed", FREE, False
        transport = offline_transport(fault_rate=parsed.fault_rate, seen=seen)
    elif tape is not None and tape_mode == "replay":
        key = key or "none-needed"
    elif not key:
        if not re.match(r"https?://(localhost|127\.|\[::1\])", base_url):
            raise MissingToolError(
                "There is no key for the language model: OPENAI_API_KEY is not set.",
                hint="Set it (and OPENAI_BASE_URL for another server), or use --generator offline.",
            )
        key = "none-needed"
    if tape is not None:
        inner = transport if transport is not None or tape_mode == "replay" else http.HTTPTransport()
        transport = tape_transport(tape, tape_mode, redact=redact, inner=inner)
    timeout = http.Timeout(bounds.between_chunks_s, connect=bounds.connect_s)
    hooks = {"response": [bounded(MAX_BODY_BYTES)]}
    session = (
        http.Client(transport=transport, timeout=timeout, event_hooks=hooks) if transport is not None
        else openai.DefaultHttpxClient(timeout=timeout, event_hooks=hooks)
    )
    client = openai.OpenAI(
        api_key=key, base_url=base_url, max_retries=0, timeout=timeout, http_client=session,
        # What is unpacked here could be any size.
        default_headers={"Accept-Encoding": "identity"},
    )
    replayed = tape is not None and tape_mode == "replay"
    return Generator(
        parsed, client, limits=bounds, price=FREE if replayed else price, redact=redact, clock=clock,
        official=official, replayed=replayed, taped=tape is not None, server=base_url,
    )


__all__ = ["Generator", "GeneratorSpec", "Limits", "Message", "Reply", "open_generator", "parse_spec"]
