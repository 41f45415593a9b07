"""What calls may cost: worst cases are reserved before a call, and an unknown outcome keeps its
reservation.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import msgspec

from aigchip_tui.llm.errors import CallError
from aigchip_tui.model.errors import AigchipError

PRICE_VARIABLE = "AIGCHIP_PRICE"


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """Upper limits of a session; None is no limit. Tokens are prompt and completion together."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars per million prompt and completion tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The cost of one call in US dollars."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


FREE = Price(prompt=0.0, completion=0.0)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Calls, tokens and US dollars, spent or reserved."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(calls=self.calls + other.calls, tokens=self.tokens + other.tokens, usd=self.usd + other.usd)


def price_from(environment: Mapping[str, str]) -> Price | None:
    """The price in AIGCHIP_PRICE, `IN/OUT` in US dollars per million tokens; None when it is not set."""
    text = environment.get(PRICE_VARIABLE, "").strip()
    if not text:
        return None
    try:
        prompt, completion = (float(part) for part in text.split("/"))
    except ValueError:
        prompt = completion = -1.0
    if not (0 <= prompt < 1e6 and 0 <= completion < 1e6):
        raise AigchipError(
            f"{PRICE_VARIABLE}={text!r} is not a price.", hint="Write IN/OUT in USD per million tokens, as 0.5/1.5."
        )
    return Price(prompt=prompt, completion=completion)


def worst_case(prompt_tokens: int, max_completion_tokens: int, price: Price | None) -> Cost:
    """The most that one call can cost; `prompt_tokens` is an upper estimate."""
    usd = price.of(prompt_tokens, max_completion_tokens) if price is not None else 0.0
    return Cost(calls=1, tokens=prompt_tokens + max_completion_tokens, usd=usd)


def over_cap(caps: Caps, spent: Cost, worst: Cost, *, price: Price | None) -> str:
    """Why the call may not be made, empty when it may: the caps against what is spent or reserved plus
    this call.
    """
    after = spent.plus(worst)
    if caps.calls is not None and after.calls > caps.calls:
        return f"the cap of {caps.calls} calls is reached ({spent.calls} made or in flight)"
    if caps.tokens is not None and after.tokens > caps.tokens:
        return (
            f"the cap of {caps.tokens} tokens would be passed: {spent.tokens} spent or reserved, "
            f"up to {worst.tokens} more"
        )
    if caps.usd is not None:
        if price is None:
            return f"a cap in USD needs the model's price: set {PRICE_VARIABLE}=IN/OUT in USD per million tokens"
        if after.usd > caps.usd + 1e-12:
            return (
                f"the cap of {caps.usd:.2f} USD would be passed: {spent.usd:.4f} spent or reserved, "
                f"up to {worst.usd:.4f} more"
            )
    return ""


class Ledger:
    """Reservations and spending of one process, under caps; safe between threads.

    `spent` at the start comes from the journal: settled calls, and the reservations of calls whose
    outcome is unknown.
    """

    def __init__(self, *, caps: Caps, price: Price | None, spent: Cost | None = None) -> None:
        self.caps = caps
        self.price = price
        self._settled = spent if spent is not None else Cost()
        self._open: dict[str, Cost] = {}
        self._lock = threading.Lock()

    @property
    def total(self) -> Cost:
        """Spent and reserved together: what the caps are compared with."""
        with self._lock:
            return self._total()

    def _total(self) -> Cost:
        total = self._settled
        for cost in self._open.values():
            total = total.plus(cost)
        return total

    @property
    def open_calls(self) -> tuple[str, ...]:
        """Calls whose reservation still stands: in flight, or ended with an unknown outcome."""
        with self._lock:
            return tuple(self._open)

    def reserve(self, call: str, *, prompt_tokens: int, max_completion_tokens: int) -> Cost:
        """Reserves the worst case of a call; raises `CallError` with cause "cap" when a cap would be passed.

        A call that already holds a reservation (asked again after a kill) keeps it and is not counted twice.
        """
        with self._lock:
            if call in self._open:
                return self._open[call]
            worst = worst_case(prompt_tokens, max_completion_tokens, self.price)
            refusal = over_cap(self.caps, self._total(), worst, price=self.price)
            if refusal:
                raise CallError("cap", f"No call: {refusal}.", hint="Raise the cap, or use --generator offline.")
            self._open[call] = worst
            return worst

    def settle(self, call: str, *, prompt_tokens: int, completion_tokens: int) -> Cost:
        """Replaces the reservation by what the call really took."""
        usd = self.price.of(prompt_tokens, completion_tokens) if self.price is not None else 0.0
        cost = Cost(calls=1, tokens=prompt_tokens + completion_tokens, usd=usd)
        with self._lock:
            self._open.pop(call, None)
            self._settled = self._settled.plus(cost)
        return cost

    def release(self, call: str) -> None:
        """Gives a reservation back: the server surely did no paid work."""
        with self._lock:
            self._open.pop(call, None)
