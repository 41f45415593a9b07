"""`--evaluations` and the caps for a session that is there: other limits, journalled by its engine, told by `show`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.limits import RANGES, SessionLimits, limit_refusal
from aigchip_tui.model.state import CAP_REACHED

if TYPE_CHECKING:
    from aigchip_tui.store.session import Session

LIMIT_OPTIONS = (
    click.option("--evaluations", type=int, default=None, help="Designs to evaluate."),
    click.option("--max-calls", type=int, default=None, help="Most model calls; 0 is no cap, here and below."),
    click.option("--max-tokens", type=int, default=None, help="Most tokens, of prompts and replies together."),
    click.option("--max-usd", type=float, default=None, help="Most US dollars; AIGCHIP_PRICE says what tokens cost."),
    click.option("--max-hours", type=float, default=None, help="Most hours of work, over all engines of the session."),
)


def limit_options(command: Callable[..., int]) -> Callable[..., int]:
    """The five flags, for commands on a session that is there."""
    for option in reversed(LIMIT_OPTIONS):
        command = option(command)
    return command


def taken_limits(options: dict[str, Any]) -> SessionLimits:
    """The limits among `options`, which lose them; AigchipError for one out of range."""
    limits = SessionLimits(**{name: options.pop(name, None) for name in RANGES})
    for name, value in limits.given():
        if why := limit_refusal(name, value):
            raise AigchipError(why)
    return limits


def send_limits(session: Session, limits: SessionLimits) -> SessionLimits:
    """Leave those limits for the engine that are not as asked already, and return them."""
    import msgspec

    from aigchip_tui.engine.history import settings_of, view
    from aigchip_tui.engine.sending import limits_payload, somebody
    from aigchip_tui.model.session import limited

    if not limits:
        return limits
    now = limited(settings_of(session), view(session, outlined=True).state.limits)
    same = {name: None for name, value in limits.given() if getattr(now, name) == value}
    new = msgspec.structs.replace(limits, **same)
    if new:
        session.send(limits_payload(new, by=somebody()))
    return new


def raise_it(finished: str, name: str) -> str:
    """How to go on with a search that a cap ended; `finished` is its reason."""
    words = {"--max-calls": " calls", "--max-tokens": " tokens", "--max-usd": " USD", "--max-hours": " hours"}
    flag = next((flag for flag, unit in words.items() if flag in finished or unit in finished), "--max-calls")
    return (f"{finished.removeprefix(CAP_REACHED + ': ')} ended the search; with a higher cap it goes on where it "
            f"ended: aigchip-tui run {name} {flag} N   (0: no cap)")
