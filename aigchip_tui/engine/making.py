"""From a request in plain words and flags to the settings of a session, everything written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import msgspec

from aigchip_tui.llm.prompts import check_prompt_template
from aigchip_tui.llm.spec import parse_spec
from aigchip_tui.model.device import Device, device, read_devices
from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.model.limits import RANGES, limit_refusal
from aigchip_tui.model.module import Setting
from aigchip_tui.model.request import Request, settle
from aigchip_tui.model.request_words import Wish, read_wishes
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.space import Build, check_parameter
from aigchip_tui.model.workload import Workload, workload
from aigchip_tui.modules.own_templates import named_template
from aigchip_tui.modules.protocol import narrowed_of
from aigchip_tui.search.encoding import Pins
from aigchip_tui.search.searcher import Searcher, SearchSettings

MAX_JOBS = 64
PRACTICE_FAULTS = "offline:faults=0.4"


def understand(text: str, flags: Mapping[str, tuple[str, object]], *, devices: Iterable[Device] = ()) -> Request:
    """The request of words and flags together; a flag wins over the words. `flags` maps a wish to (flag, value)."""
    known = tuple(devices)
    wishes, left_over = read_wishes(text, devices=known) if text.strip() else ({}, ())
    for key, (flag, value) in flags.items():
        wishes[key] = Wish(value=value, words=f"{flag} {value}")
        if key == "dsp_limit":
            wishes.pop("dsp_percent", None)
    return settle(text, wishes, left_over, by="parser", devices=known)


def make_settings(
    name: str,
    request: Request,
    options: Mapping[str, object],
    *,
    devices: Iterable[Device] = (),
    base: Path | None = None,
) -> SessionSettings:
    """Settings of a new session. `options` are further settings by name (generator, evaluations, gate, ...).

    Raises AigchipError for contradictions, naming the option.
    """
    known = tuple(devices)
    is_file = request.workload.lower().endswith((".yaml", ".yml"))
    if is_file:
        _plain_file((base or Path()) / request.workload)
    asked = workload(request.workload, base=base)
    board = device(request.device, extra=known)
    values: dict[str, object] = {
        "name": name, "request": request.text, "understanding": request.understanding, "workload": asked.name,
        "layers": asked.layers if is_file else (), "device": board.name,
        "custom_device": board if board in known else None, "precision": request.precision,
        "output": request.output, "clock_mhz": request.clock_mhz, "dsp_limit": request.dsp_limit,
        "axi_bytes": request.axi_bytes, "goal": request.goal, **{k: v for k, v in options.items() if v is not None},
    }
    if request.reuse:
        values["pins"] = {"reuse": request.reuse, **cast("Mapping[str, Setting]", options.get("pins") or {})}
    if values.get("practice"):
        values.setdefault("generator", PRACTICE_FAULTS)
        values.setdefault("gate", "interfaces")
    if str(values.get("generator", "")).startswith("openai:"):
        values.setdefault("selection", "model")
    try:
        settings = msgspec.convert(msgspec.to_builtins(values), SessionSettings)
    except msgspec.ValidationError as problem:
        raise AigchipError(f"The settings do not fit: {problem}.", hint="See aigchip-tui new --help.") from problem
    return checked(settings)


def _plain_file(path: Path) -> None:
    """Refuse what is there but is no plain file: reading a pipe or a device may never end."""
    if path.exists() and not path.is_file():
        raise AigchipError(f"{path} is not a plain file.", hint="Give the path of a YAML file of layers.")


def checked(settings: SessionSettings) -> SessionSettings:
    """The settings themselves; AigchipError when a figure is out of range."""
    for option, figure, least, most in (
        ("--population", settings.population, 0, 100_000), ("--jobs", settings.jobs, 1, MAX_JOBS),
        ("--seed", settings.seed, 0, 2**62),
    ):
        if not least <= figure <= most:
            raise AigchipError(f"{option} {figure} is outside {least} .. {most}.")
    for name in RANGES:
        if why := limit_refusal(name, getattr(settings, name)):
            raise AigchipError(why)
    parse_spec(settings.generator)
    if settings.prompt:
        check_prompt_template(settings.prompt)
    pins = _fitting_template(settings)
    if settings.synth != "embedded":
        raise AigchipError("The Vitis HLS back end is not built yet.", hint="Use --synth embedded.")
    if settings.executor != "local":
        raise AigchipError(f"The executor {settings.executor!r} is not built yet.", hint="Use --executor local.")
    if settings.pins and not settings.parent:
        _keep_to(settings, pins)
    return msgspec.structs.replace(
        settings, lag=max(settings.lag, settings.jobs), population=settings.effective_population(),
        dsp_limit=build_of(settings).dsp_budget,
    )


def _keep_to(settings: SessionSettings, pins: Pins) -> None:
    """Refuse pins that no design keeps to: such a search would end before its first proposal."""
    searcher = Searcher(build_of(settings), workload_of(settings), SearchSettings(pins=pins),
                        session_seed=settings.seed)
    try:
        searcher.ask(())
    except NoResultError as none:
        given = " ".join(f"--pin {name}={value}" for name, value in settings.pins.items())
        raise AigchipError(f"{given}: {none.message}") from none


def _fitting_template(settings: SessionSettings) -> Pins:
    """The pins in the part of the space that the template has. Refuses an unknown template, and what the template does
    not have: a precision, raw sums, a pinned value.
    """
    narrowed = narrowed_of(named_template(settings.template))
    for name, asked in (("precision", settings.precision), ("output", settings.output)):
        values = narrowed.get(name)
        if values is not None and asked not in values:
            raise AigchipError(
                f"The template {settings.template} has no {name} {asked}.",
                hint=f"It has {', '.join(map(str, values))}.",
            )
    return Pins.of(settings.pins, narrowed)


def parse_pins(pins: Iterable[str], *, flag: str = "--pin") -> dict[str, Setting]:
    """`PARAM=VALUE` texts as parameters of the space; AigchipError names an unknown one, and one with two values.

    `flag` is the option that they were given to.
    """
    found: dict[str, Setting] = {}
    for text in pins:
        name, equals, value = text.partition("=")
        if not equals:
            raise AigchipError(f"{flag} {text!r} is not PARAM=VALUE.", hint=f"For instance {flag} reuse=output.")
        checked_value = check_parameter(name, value)
        if found.setdefault(name, checked_value) != checked_value:
            raise AigchipError(
                f"{flag} gives {name} two values, {found[name]} and {checked_value}.", hint="Give one of them."
            )
    return found


def user_devices(path: Path) -> tuple[Device, ...]:
    """Devices of the user's own list, none when there is no such file."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise AigchipError(f"Could not read {path}: {problem.strerror}.", hint="Make it readable.") from problem
    return read_devices(text, source=str(path))


def build_of(settings: SessionSettings) -> Build:
    """What is asked for and not searched."""
    board = settings.custom_device or device(settings.device)
    return Build(
        device=board, precision=settings.precision, output=settings.output, clock_mhz=settings.clock_mhz,
        axi_bytes=settings.axi_bytes, dsp_limit=settings.dsp_limit,
    )


def workload_of(settings: SessionSettings) -> Workload:
    """The session's workload, from its own layers where it has them."""
    if settings.layers:
        return Workload(name=settings.workload, layers=settings.layers)
    return workload(settings.workload)
