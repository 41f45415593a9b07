"""A request in plain words read by the session's language model, with the parser behind it when that fails."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from aigchip_tui.engine.making import understand
from aigchip_tui.llm.client import open_generator
from aigchip_tui.llm.request_model import ask_settings
from aigchip_tui.model.device import Device, device_index
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.networks import NETWORKS
from aigchip_tui.model.request import REQUEST_SCHEMA, Request, request_from_json, settle
from aigchip_tui.model.request_words import Wish


def understand_by_model(
    text: str,
    flags: Mapping[str, tuple[str, object]],
    *,
    generator: str,
    seed: int,
    environment: Mapping[str, str],
    devices: Iterable[Device] = (),
) -> tuple[Request, str]:
    """The request as the model reads it, under the parser's checks, and a note; flags win over both.

    When the model does not answer, or answers what the checks refuse, the parser reads the words, and the note says so.
    """
    known = tuple(devices)
    try:
        asked = open_generator(generator, environment=environment)
        try:
            told = ask_settings(
                asked, text, REQUEST_SCHEMA, seed=seed,
                known={
                    "workload": tuple(NETWORKS),
                    "device": tuple(sorted({d.name for d in device_index(known).values()})),
                },
            )
        finally:
            asked.close()
        answer = json.dumps({**told.settings, "not_understood": list(told.not_understood)})
        request = request_from_json(answer, text, by=asked.spec.text, devices=known)
    except AigchipError as problem:
        return understand(text, flags, devices=known), f"the words were read by the parser: {problem}"
    return (request, "") if not flags else (_overridden(request, flags, known), "")


def _overridden(request: Request, flags: Mapping[str, tuple[str, object]], known: tuple[Device, ...]) -> Request:
    """The model's reading with the flags in place of what they name; everything is checked together."""
    wishes: dict[str, Wish] = {
        key: Wish(value=_own(request, key), words=words)
        for key, _, words in request.understanding.understood if hasattr(request, key)
    }
    if request.goal.latency_limit_ms:
        wishes["latency_limit_ms"] = Wish(value=request.goal.latency_limit_ms, words=request.understanding.by)
    for key, (flag, value) in flags.items():
        wishes[key] = Wish(value=value, words=f"{flag} {value}")
    return settle(
        request.text, wishes, request.understanding.not_understood, by=request.understanding.by, devices=known
    )


def _own(request: Request, key: str) -> int | str:
    value = getattr(request, key)
    assert isinstance(value, int | str)
    return value
