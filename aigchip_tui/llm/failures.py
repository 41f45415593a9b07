"""From what the openai client raises to our typed causes, and how long to wait before asking again."""

from __future__ import annotations

import email.utils
import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from aigchip_tui.llm.errors import CallError, Cause

Outcome = Literal["none", "unknown"]


def asked_wait(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that the server asks to wait: Retry-After in seconds or as a date, or retry-after-ms; else
    None.
    """
    low = {name.lower(): value for name, value in headers.items()}
    try:
        if "retry-after-ms" in low:
            return max(0.0, float(low["retry-after-ms"]) / 1000)
        value = low.get("retry-after")
        if value is None:
            return None
        try:
            return max(0.0, float(value))
        except ValueError:
            moment = email.utils.parsedate_tz(value)
            return None if moment is None else max(0.0, email.utils.mktime_tz(moment) - now())
    except ValueError:
        return None


def retry_delay(error: CallError, attempt: int, first_wait_s: float, *, seed: int) -> float | None:
    """Seconds to wait before request number `attempt` + 1, None when the same request must not be repeated.

    Only requests that surely did no paid work are repeated. Retry-After is honoured; else the wait
    doubles, drawn between half and the whole of it from the seed.
    """
    if (
        error.permanent
        or error.outcome == "unknown"
        or error.cause
        not in (
            "rate_limited",
            "server_error",
            "unreachable",
        )
    ):
        return None
    if error.retry_after_s is not None:
        return error.retry_after_s
    longest = first_wait_s * float(2 ** (attempt - 1))
    return longest * (0.5 + random.Random(f"wait {seed} {attempt}").random() / 2)


def _said(error: Any) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        message = inner.get("message") if isinstance(inner, dict) else inner
        if message:
            return str(message)[:300]
    return str(getattr(error, "message", error))[:300]


def _code(error: Any) -> str:
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    return str(inner.get("code") or "") if isinstance(inner, dict) else ""


def failure_of(error: BaseException, *, partial: str, model: str) -> CallError:
    """The typed cause of what ended a request; `partial` is the text that had arrived."""
    import openai

    root: BaseException | None = error
    while root is not None:
        if isinstance(root, CallError):
            return root
        root = root.__cause__
    if isinstance(error, openai.APITimeoutError):
        return CallError("timeout", "The server is silent for too long.", outcome=_outcome_of(error), partial=partial)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, model)
    if isinstance(error, openai.APIConnectionError):
        if partial:
            return _cut(partial)
        outcome = _outcome_of(error)
        cause: Cause = "unreachable" if outcome == "none" else "cut_stream"
        detail = str(error.__cause__ or error)[:200]
        hint = "Check OPENAI_BASE_URL and the network." if outcome == "none" else ""
        what = "cannot be reached" if outcome == "none" else "closed the connection without a reply"
        return CallError(cause, f"The server {what} ({detail}).", hint=hint, outcome=outcome)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return CallError(
            "garbage", "The server sent something that is not a reply.", outcome="unknown", partial=partial
        )
    if isinstance(error, openai.APIError):
        return CallError("server_error", f"The server broke off: {_said(error)}.", outcome="unknown", partial=partial)
    names = {cls.__name__ for cls in type(error).__mro__}
    if names & {"ReadTimeout", "TimeoutException"}:
        return CallError("timeout", "The server fell silent.", outcome="unknown", partial=partial)
    if names & {"TransportError", "StreamError", "HTTPError", "RemoteProtocolError", "ReadError", "DecodingError"}:
        return _cut(partial)
    return CallError(
        "garbage",
        f"The server's reply cannot be read ({type(error).__name__}: {str(error)[:120]}).",
        outcome="unknown",
        partial=partial,
    )


def _cut(partial: str) -> CallError:
    return CallError(
        "cut_stream", f"The reply broke off after {len(partial)} characters.", outcome="unknown", partial=partial
    )


def _outcome_of(error: BaseException) -> Outcome:
    """Whether the request can have reached the server: not when no connection came about."""
    names = {cls.__name__ for cls in type(error.__cause__).__mro__} if error.__cause__ else set()
    never_sent = {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError"}
    return "none" if names & never_sent else "unknown"


def _of_status(error: Any, model: str) -> CallError:
    status = int(error.status_code)
    said, code = _said(error), _code(error)
    headers = dict(getattr(error.response, "headers", {}))
    if status in (401, 403):
        return CallError("auth", f"The server refuses the key ({status}: {said}).", hint="Check OPENAI_API_KEY.")
    if status == 404:
        return CallError(
            "no_model", f"The server knows no model {model!r} here ({said}).", hint="Check model and OPENAI_BASE_URL."
        )
    if status == 429 and (code == "insufficient_quota" or ("quota" in said.lower() and "billing" in said.lower())):
        return CallError("quota", f"The account's quota is used up ({said}).", hint="Check plan and billing.")
    if status == 429:
        return CallError("rate_limited", f"The server limits the rate ({said}).", retry_after_s=asked_wait(headers))
    if status in (408, 409, 425) or status >= 500:
        return CallError("server_error", f"The server failed ({status}: {said}).", retry_after_s=asked_wait(headers))
    if code == "context_length_exceeded" or "context length" in said.lower():
        return CallError(
            "too_long", f"The prompt does not fit the model ({said}).", hint="Lower the token budget of prompts."
        )
    return CallError("bad_request", f"The server refuses the request ({status}: {said}).")
