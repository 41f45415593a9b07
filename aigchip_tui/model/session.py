"""Settings of a session: everything session.yaml holds, defaults written out (DESIGN sec. 4 and 5)."""

from __future__ import annotations

from typing import Literal

import msgspec

from aigchip_tui.model.decision import Gate
from aigchip_tui.model.device import Device
from aigchip_tui.model.layer import Layer
from aigchip_tui.model.limits import SessionLimits
from aigchip_tui.model.module import Setting

Grain = Literal["explicit", "high"]
"""How fine the instructions of prompts are: line by line, or what is wanted alone."""

DEFAULT_EVALUATIONS = 64
PROMPT_BUDGET_TOKENS = 12288
"""Of a prompt and its reply: the two longest demonstrations, the types they name, a failed attempt and the reply."""
MAX_POPULATION = 32


class Understanding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of the words of a request: (setting, value, the words or the reason) and the words left over."""

    understood: tuple[tuple[str, str, str], ...] = ()
    assumed: tuple[tuple[str, str, str], ...] = ()
    not_understood: tuple[str, ...] = ()
    by: str = "parser"


class Goal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the search minimises, and the limit on the other figure (0: none)."""

    minimise: Literal["latency", "dsp"] = "latency"
    latency_limit_ms: float = 0.0


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session's settings. `lag` bounds the designs under way while the search proposes; jobs never exceed it."""

    schema: int = 1
    name: str
    request: str = ""
    understanding: Understanding = Understanding()
    workload: str
    layers: tuple[Layer, ...] = ()
    """The layers themselves, when they came from a file: the session does not depend on that file."""
    device: str
    custom_device: Device | None = None
    """The device itself, when it came from the user's own list."""
    precision: Literal["int8", "int16", "fp16"] = "int8"
    output: Literal["scaled", "raw"] = "scaled"
    clock_mhz: int = 200
    dsp_limit: int = 0
    axi_bytes: int = 16
    goal: Goal = Goal()
    template: str = "gemm"
    generator: str = "offline"
    selection: Literal["numeric", "model"] = "numeric"
    grain: Grain = "explicit"
    synth: Literal["embedded", "vitis"] = "embedded"
    evaluations: int = DEFAULT_EVALUATIONS
    population: int = 0
    seed: int = 1
    jobs: int = 2
    lag: int = 4
    gate: Gate = "stuck"
    max_attempts: int = 4
    max_calls: int = 0
    max_tokens: int = 0
    max_usd: float = 0.0
    max_hours: float = 0.0
    prompt_budget_tokens: int = PROMPT_BUDGET_TOKENS
    prompt: str = ""
    """The text of the user's own prompt template; empty for the shipped one."""
    pins: dict[str, Setting] = {}
    sandbox: Literal["auto", "none"] = "auto"
    executor: str = "local"
    practice: bool = False
    cache: bool = True
    """Proven variants and passed proofs are taken from the user's cache and kept in it."""
    reuse: bool = False
    """Texts of other generators may be taken from the cache, and are shown as such."""
    parent: str = ""
    """Session whose designs seeded this one (`--from`)."""

    def effective_population(self) -> int:
        """The population, at most a quarter of the evaluations (SPACE sec. 4)."""
        largest = max(2, self.evaluations // 4)
        return min(self.population or MAX_POPULATION, largest)


def limited(settings: SessionSettings, limits: SessionLimits) -> SessionSettings:
    """The settings with the limits that a human gave later; everything else is as the session was made."""
    return msgspec.structs.replace(settings, **dict(limits.given()))
