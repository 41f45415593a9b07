"""The offline adapter behind the protocol of a chat server: bytes in, bytes out, no network."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from aigchip_tui.llm.adapter import Answer, answer

INJECTED_HEADER = "x-offline-injected"
MODEL = "offline-adapter"
PIECE = 240
"""Characters of one piece of a streamed reply."""


class ServerReply(msgspec.Struct, frozen=True, kw_only=True):
    """Status, headers and body of a reply, the body in the pieces in which it is sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...]


def count_tokens(text: str) -> int:
    """Tokens by the rule of thumb of 3.2 characters each, rounded up; no tokenizer."""
    return math.ceil(len(text) / 3.2)


def _error(status: int, message: str) -> ServerReply:
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": None}})
    return ServerReply(status=status, headers=(("content-type", "application/json"),), pieces=(body.encode(),))


def _messages(request: Mapping[str, Any]) -> list[Mapping[str, object]] | None:
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    return messages if all(isinstance(message, dict) for message in messages) else None


def handle(method: str, path: str, body: bytes, *, fault_rate: float = 0.0) -> ServerReply:
    """Answers one HTTP request; equal bytes have equal replies.

    POST .../chat/completions answers by alignment, streamed or whole; GET .../models names the one model.
    What the adapter got wrong on purpose stands in the header INJECTED_HEADER only.
    """
    route = path.partition("?")[0].rstrip("/")
    if method == "GET" and route.endswith("/models"):
        listed = json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "local"}]})
        return ServerReply(status=200, headers=(("content-type", "application/json"),), pieces=(listed.encode(),))
    if method != "POST" or not route.endswith("/chat/completions"):
        return _error(404, f"There is no {method} {route} here.")
    try:
        request = json.loads(body)
    except ValueError:
        return _error(400, "The body is not JSON.")
    messages = _messages(request) if isinstance(request, dict) else None
    if messages is None:
        return _error(400, "The body has no messages.")
    seed = request.get("seed")
    reply = answer(messages, fault_rate=fault_rate, seed=seed if isinstance(seed, int) else 0)
    ident = hashlib.sha256(body).hexdigest()[:24]
    headers = [("x-request-id", f"offline-{ident}")]
    if reply.injected is not None:
        record = {"kind": reply.injected.kind, "line": reply.injected.line, "detail": reply.injected.detail}
        headers.append((INJECTED_HEADER, json.dumps(record)))
    sent = "\n".join(str(message.get("content", "")) for message in messages)
    usage = {
        "prompt_tokens": count_tokens(sent),
        "completion_tokens": count_tokens(reply.text),
        "total_tokens": count_tokens(sent) + count_tokens(reply.text),
    }
    if request.get("stream"):
        options = request.get("stream_options")
        with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        headers.append(("content-type", "text/event-stream"))
        pieces = tuple(_events(reply, ident, usage if with_usage else None))
        return ServerReply(status=200, headers=tuple(headers), pieces=pieces)
    headers.append(("content-type", "application/json"))
    whole = {
        "id": f"chatcmpl-{ident}",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": "stop",
            }
        ],
        "usage": usage,
    }
    return ServerReply(status=200, headers=tuple(headers), pieces=(json.dumps(whole).encode(),))


def _pieces(text: str) -> Sequence[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _events(reply: Answer, ident: str, usage: Mapping[str, int] | None) -> Iterator[bytes]:
    frame: dict[str, Any] = {
        "id": f"chatcmpl-{ident}",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
    }

    def event(delta: Mapping[str, str], finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return b"data: " + json.dumps({**frame, "choices": [choice]}).encode() + b"\n\n"

    yield event({"role": "assistant", "content": ""}, None)
    for piece in _pieces(reply.text):
        yield event({"content": piece}, None)
    yield event({}, "stop")
    if usage is not None:
        yield b"data: " + json.dumps({**frame, "choices": [], "usage": usage}).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"
