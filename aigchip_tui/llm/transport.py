"""Transports under the openai client: the adapter in this process, and tapes that record and replay.

The HTTP library is the one that the installed openai client was built on (`httpx`, or `httpx2` since its
version 3); everything here is loaded with the first call, never with `--help`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.offline import handle
from aigchip_tui.llm.spec import RECORD_VARIABLE, REPLAY_VARIABLE
from aigchip_tui.model.errors import AigchipError

TapeMode = Literal["record", "replay"]


def http_library() -> Any:
    """The module of the HTTP library under the installed openai client."""
    import openai

    base = next(cls for cls in openai.DefaultHttpxClient.__mro__ if cls.__module__.startswith("httpx"))
    return importlib.import_module(base.__module__.partition(".")[0])


def _stream_of(http: Any, pieces: Sequence[bytes]) -> Any:
    base: Any = http.SyncByteStream

    class Pieces(base):  # type: ignore[misc]  # the base class is known at run time only
        def __iter__(self) -> Iterator[bytes]:
            yield from pieces

    return Pieces()


def bounded(most_bytes: int) -> Callable[[Any], None]:
    """A hook on responses that ends a body after `most_bytes` with `CallError` "too_long".

    A client of streams keeps a line until it ends, and a server need not end it.
    """
    base: Any = http_library().SyncByteStream

    class Bounded(base):  # type: ignore[misc]  # the base class is known at run time only
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __iter__(self) -> Iterator[bytes]:
            left = most_bytes
            for piece in self._inner:
                left -= len(piece)
                if left < 0:
                    raise CallError(
                        "too_long", f"The reply is longer than {most_bytes >> 20} MB on the wire.", outcome="unknown"
                    )
                yield piece

        def close(self) -> None:
            self._inner.close()

    def bound(response: Any) -> None:
        response.stream = Bounded(response.stream)

    return bound


def offline_transport(*, fault_rate: float = 0.0, seen: Callable[[bytes], None] | None = None) -> Any:
    """A transport that hands each request to the adapter in this process; `seen` gets the bytes of each
    body.
    """
    http = http_library()

    base: Any = http.BaseTransport

    class OfflineTransport(base):  # type: ignore[misc]  # the base class is known at run time only
        def handle_request(self, request: Any) -> Any:
            body = request.read()
            if seen is not None:
                seen(body)
            reply = handle(request.method, request.url.path, body, fault_rate=fault_rate)
            return http.Response(
                reply.status,
                headers=list(reply.headers),
                stream=_stream_of(http, reply.pieces),
                request=request,
            )

    return OfflineTransport()


def _request_hash(body: bytes) -> str:
    """Identity of a request: its JSON in canonical form, however the token limit is spelt."""
    try:
        request = json.loads(body)
    except ValueError:
        return hashlib.sha256(body).hexdigest()
    if isinstance(request, dict) and "max_completion_tokens" in request:
        request["max_tokens"] = request.pop("max_completion_tokens")
    return hashlib.sha256(json.dumps(request, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def tape_of(environment: Mapping[str, str]) -> tuple[Path | None, TapeMode]:
    """The tape that the environment names by its absolute path, if any; AigchipError when it names two, or a relative
    one.
    """
    named: list[tuple[str, TapeMode]] = [
        (text, mode) for variable, mode in _TAPE_MODES.items() if (text := environment.get(variable, ""))
    ]
    if not named:
        return None, "replay"
    if len(named) > 1:
        raise AigchipError(f"Both {RECORD_VARIABLE} and {REPLAY_VARIABLE} are set.", hint="Unset one of them.")
    path, mode = Path(named[0][0]), named[0][1]
    if not path.is_absolute():
        raise AigchipError(f"The tape {str(path)!r} is not an absolute path.", hint="Give the whole path.")
    return path, mode


_TAPE_MODES: Mapping[str, TapeMode] = {RECORD_VARIABLE: "record", REPLAY_VARIABLE: "replay"}
KEPT_HEADERS = ("content-type", "x-request-id", "retry-after", "x-offline-injected")


class _Tape:
    """A file of request hashes and replies, one JSON document a line; equal requests are served in
    recorded order.
    """

    def __init__(self, path: Path, mode: TapeMode, redact: Callable[[bytes], bytes]) -> None:
        self.path = path
        self.mode = mode
        self.redact = redact
        self.lock = threading.Lock()
        self.served: dict[str, int] = defaultdict(int)
        self.replies: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if mode == "record":
            try:
                # Prompts and replies are nobody else's business.
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
            except OSError as error:
                raise AigchipError(f"The tape {path} cannot be written: {error.strerror}.",
                                   hint="Name a file in a folder of yours.") from error
        else:
            try:
                text = path.read_text(encoding="utf-8")
            except OSError as error:
                raise AigchipError(f"The tape {path} cannot be read: {error.strerror}.",
                                   hint="Record one first, with --record FILE.") from error
            except UnicodeDecodeError:
                raise AigchipError(f"{path} is no tape.", hint="Give a file that --record made.") from None
            for row, line in enumerate(text.splitlines(), start=1):
                try:
                    entry = json.loads(line)
                    self.replies[str(entry["request"])].append(entry)
                except (ValueError, KeyError, TypeError):
                    raise AigchipError(f"{path}, row {row}: not a recorded reply.",
                                       hint="Give a file that --record made.") from None

    def find(self, body: bytes) -> dict[str, Any]:
        key = _request_hash(body)
        with self.lock:
            known = self.replies.get(key, [])
            at = self.served[key]
            self.served[key] += 1
        if not known:
            raise CallError(
                "not_recorded",
                f"The tape {self.path} holds no reply to this request ({key[:12]}).",
                hint="Record it again, or continue with a live generator.",
            )
        return known[min(at, len(known) - 1)]

    def keep(self, body: bytes, status: int, headers: Sequence[tuple[str, str]], reply: bytes) -> None:
        entry = {
            "request": _request_hash(body),
            "asked": body.decode("utf-8", "replace"),
            "status": status,
            "headers": [[name, value] for name, value in headers if name.lower() in KEPT_HEADERS],
            "body": reply.decode("utf-8", "replace"),
        }
        line = self.redact(json.dumps(entry, ensure_ascii=False).encode()) + b"\n"
        with self.lock, self.path.open("ab") as file:
            file.write(line)


def tape_transport(path: Path, mode: TapeMode, *, redact: Callable[[bytes], bytes], inner: Any = None) -> Any:
    """A transport that records what `inner` answers, or replays a recording and sends nothing.

    Replaying raises `CallError` with cause "not_recorded" for a request that was not recorded.
    """
    http = http_library()
    tape = _Tape(path, mode, redact)

    base: Any = http.BaseTransport

    class TapeTransport(base):  # type: ignore[misc]  # the base class is known at run time only
        def handle_request(self, request: Any) -> Any:
            body = request.read()
            if mode == "replay":
                entry = tape.find(body)
                return http.Response(
                    int(entry["status"]),
                    headers=[(str(name), str(value)) for name, value in entry["headers"]],
                    stream=_stream_of(http, [str(entry["body"]).encode()]),
                    request=request,
                )
            response = inner.handle_request(request)
            heads = [(name, value) for name, value in response.headers.multi_items()]
            return http.Response(
                response.status_code,
                headers=[(n, v) for n, v in heads if n.lower() not in ("content-encoding", "content-length")],
                stream=_recorded(http, response, body, heads),
                request=request,
            )

        def close(self) -> None:
            if inner is not None:
                inner.close()

    def _recorded(http: Any, response: Any, body: bytes, heads: Sequence[tuple[str, str]]) -> Any:
        base: Any = http.SyncByteStream

        class Recorded(base):  # type: ignore[misc]  # the base class is known at run time only
            def __init__(self) -> None:
                self.pieces: list[bytes] = []
                self.kept = False

            def __iter__(self) -> Iterator[bytes]:
                for piece in response.iter_bytes():
                    self.pieces.append(piece)
                    yield piece

            def close(self) -> None:
                response.close()
                if not self.kept:
                    self.kept = True
                    tape.keep(body, response.status_code, heads, b"".join(self.pieces))

        return Recorded()

    return TapeTransport()
