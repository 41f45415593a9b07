"""Asking a language model for one JSON object that fits a schema, and reading whatever it sends."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from aigchip_tui.llm.client import Generator, Message, Reply
from aigchip_tui.llm.errors import CallError


class Structured(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON object of a reply, with the reply."""

    values: dict[str, Any]
    reply: Reply


def first_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text, fenced or with prose around it; None when there is none."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
        at = text.find("{", at + 1)
    return None


def ask_object(
    generator: Generator,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    *,
    seed: int,
    max_tokens: int = 1024,
    cancel: threading.Event | None = None,
) -> Structured:
    """Asks for an object of the schema; servers that take no schema get it in words.

    Unknown properties are left out where the schema forbids them; what the values mean is for the caller
    to check. Raises `CallError` with cause "garbage" when the reply holds no JSON object.
    """
    told = json.dumps(schema, ensure_ascii=False, indent=1)
    asked = [
        *messages,
        {"role": "user", "content": f"Reply with one JSON object of this JSON schema and nothing else:\n{told}"},
    ]
    reply = generator.generate(asked, seed=seed, max_tokens=max_tokens, json_schema=schema, cancel=cancel)
    values = first_object(reply.text)
    if values is None:
        raise CallError("garbage", "The model's reply holds no JSON object.", partial=reply.text, outcome="unknown")
    known = schema.get("properties")
    if isinstance(known, Mapping) and schema.get("additionalProperties") is False:
        values = {name: value for name, value in values.items() if name in known}
    return Structured(values=values, reply=reply)
