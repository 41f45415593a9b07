"""Values of a call: which generator, within which limits, and the reply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from aigchip_tui.model.errors import AigchipError

Message = Mapping[str, str]
RECORD_VARIABLE, REPLAY_VARIABLE = "AIGCHIP_RECORD", "AIGCHIP_REPLAY"
"""Environment variables that name a tape by its absolute path."""

_FAULTS = re.compile(r"offline:faults=(0(?:\.\d+)?|1(?:\.0+)?|\.\d+)")
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,127}")


class GeneratorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A generator as the user names it: `offline`, `offline:faults=0.3` or `openai:MODEL`."""

    kind: Literal["offline", "openai"]
    model: str = ""
    fault_rate: float = 0.0

    @property
    def text(self) -> str:
        """The canonical spelling; part of a variant's key, so that no code passes from one to another."""
        if self.kind == "openai":
            return f"openai:{self.model}"
        return f"offline:faults={self.fault_rate:g}" if self.fault_rate else "offline"

    @property
    def is_language_model(self) -> bool:
        """False for the offline adapter, which aligns demonstrations and is never called a language model."""
        return self.kind == "openai"

    @property
    def is_deterministic(self) -> bool:
        """Whether asking again with the same lines brings the same reply, whatever the seed."""
        return self.kind == "offline" and not self.fault_rate


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Time-outs in seconds and how often and how long to wait for a server.

    `between_chunks_s` limits the silence of a server, `total_s` a whole call with its retries; `attempts`
    counts requests of one call; a server may ask to wait up to `longest_wait_s`. `concurrency` calls run
    at a time.
    """

    connect_s: float = 10.0
    between_chunks_s: float = 120.0
    total_s: float = 900.0
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 120.0
    concurrency: int = 4


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a generator answered, and what the call took.

    `finish_reason` as the server says it; "length" is a reply cut off at its token limit. Token counts
    are the server's, or estimated when `tokens_estimated`. `injected` is the record of a mistake made on
    purpose; only tests read it.
    """

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    latency_s: float
    request_id: str = ""
    requests: int = 1
    tokens_estimated: bool = False
    first_token_s: float = 0.0
    notes: tuple[str, ...] = ()
    injected: str = ""


def parse_spec(text: str) -> GeneratorSpec:
    """The generator that `--generator` names; raises `AigchipError` for anything else."""
    if text == "offline":
        return GeneratorSpec(kind="offline")
    faults = _FAULTS.fullmatch(text)
    if faults:
        return GeneratorSpec(kind="offline", fault_rate=float(faults.group(1)))
    kind, _, model = text.partition(":")
    if kind == "openai" and _MODEL.fullmatch(model):
        return GeneratorSpec(kind="openai", model=model)
    raise AigchipError(
        f"There is no generator {text!r}.", hint="Use offline, offline:faults=RATE (0 to 1) or openai:MODEL."
    )
