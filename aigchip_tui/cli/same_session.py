"""`run NAME` of a session that is there: flags that would have made another one are refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.model.session import SessionSettings
    from aigchip_tui.store.session import Session

_FLAGS = {
    "request_text": "--request", "dsp_limit": "--dsp", "clock_mhz": "--clock", "axi_bytes": "--axi", "pins": "--pin",
    "parent": "--from", "no_cache": "--no-cache",
}
_OF_THE_RUN = ("jobs",)
"""Flags that change how fast a session runs, and nothing of what it is."""


def refuse_other_flags(session: Session, options: Mapping[str, Any]) -> None:
    """Raise AigchipError naming the first given flag that says something else than the session's settings."""
    from aigchip_tui.engine.history import settings_of

    given = {
        name: value for name, value in options.items()
        if value is not None and value is not False and value != () and value != "" and name not in _OF_THE_RUN
    }
    if not given:
        return
    settings = settings_of(session)
    for name, value in given.items():
        has, asked = _pair(settings, name, value, session)
        if has != asked:
            flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
            raise AigchipError(
                f"Session {session.name} is there already with another {flag}: {_short(has)}, not {_short(asked)}.",
                hint=f"Go on with it as it is (aigchip-tui run {session.name}), or give the new one another name.",
            )


def _pair(settings: SessionSettings, name: str, value: Any, session: Session) -> tuple[Any, Any]:
    """What the session has and what the flag asks for, in the same words."""
    import msgspec

    if name == "request_text":
        return settings.request, session.place.redact(str(value).encode("utf-8", "replace")).decode("utf-8")
    if name == "no_cache":
        return not settings.cache, True
    if name == "workload":
        from aigchip_tui.model.workload import workload

        return settings.workload, workload(str(value), base=Path.cwd()).name
    if name == "device":
        from aigchip_tui.engine.making import user_devices
        from aigchip_tui.model.device import device

        return settings.device, device(str(value), extra=user_devices(session.place.data / "devices.yaml")).name
    if name == "template":
        from aigchip_tui.modules.own_templates import template_given

        return settings.template, template_given(str(value)).name
    if name == "pins":
        from aigchip_tui.engine.making import parse_pins

        return settings.pins, parse_pins(value)
    if name == "prompt":
        from aigchip_tui.llm.prompts import load_prompt_template

        text = load_prompt_template(Path(str(value)))
        return settings.prompt, session.place.redact(text.encode("utf-8", "replace")).decode("utf-8")
    if name == "population":
        return settings.population, msgspec.structs.replace(settings, population=value).effective_population()
    if name == "generator" and settings.practice:
        return value, value
    return getattr(settings, name), value


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    text = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
    text = " ".join(text.split()) or "none"
    return text if len(text) <= 60 else f"{text[:57]}..."
