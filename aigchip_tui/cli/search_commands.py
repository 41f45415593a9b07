"""`demo`, `new`, `run`: begin a search, and run it in the foreground."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigchip_tui.cli.common import engine_state, open_session, place, seems_alive
from aigchip_tui.cli.limit_options import LIMIT_OPTIONS, raise_it, send_limits, taken_limits
from aigchip_tui.cli.output import counted, document, json_option, note, say, sessions_option, tape_options
from aigchip_tui.cli.progress import Progress
from aigchip_tui.cli.same_session import refuse_other_flags
from aigchip_tui.cli.show_commands import print_session, session_report
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aigchip_tui.store.session import Place, Session

DEMO_REQUEST = "ResNet-50 at 224x224 on a ZCU104, at most 1024 DSPs, int8"
DEMO_EVALUATIONS = 64

_FLAGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--workload", "workload", {"help": "resnet50@224, gemm:MxKxN, FILE.yaml"}),
    ("--device", "device", {"help": "zcu104, a part, a board"}),
    ("--dsp", "dsp_limit", {"type": int, "help": "Most DSPs."}),
    ("--clock", "clock_mhz", {"type": int, "help": "Clock in MHz, 150 to 300."}),
    ("--precision", "precision", {"type": click.Choice(["int8", "int16", "fp16"])}),
    ("--output", "output", {"type": click.Choice(["scaled", "raw"]), "help": "Scaled elements, or raw sums."}),
    ("--axi", "axi_bytes", {"type": int, "help": "Bytes of each AXI port: 8, 16, 32, 64."}),
)

_CACHE_OPTIONS = (
    click.option("--no-cache", is_flag=True, help="Take no module and no proof from your cache, keep none there."),
    click.option("--reuse", is_flag=True, help="Also take modules that another generator wrote; shown as such."),
)


def _new_options(command: Callable[..., int]) -> Callable[..., int]:
    options = [
        click.option("--request", "request_text", default="", help="What you need, in plain words."),
        *(click.option(flag, name, default=None, **extra) for flag, name, extra in _FLAGS),
        click.option("--template", default=None, metavar="NAME|FOLDER",
                     help="Accelerator family: gemm, inner_product, pe_array, rowwise, or the folder of your own; its "
                     "Python runs with your rights."),
        click.option("--generator", default=None, help="offline (adapter, not a language model) or openai:MODEL."),
        click.option("--grain", type=click.Choice(["explicit", "high"]), default=None,
                     help="Instructions of prompts: line by line (explicit), or what is wanted alone (high)."),
        click.option("--synth", type=click.Choice(["embedded", "vitis"]), default=None,
                     help="Who judges designs: the embedded estimator; Vitis HLS is not built yet."),
        click.option("--population", type=int, default=None,
                     help="Designs that breed; at most a quarter of the evaluations."),
        click.option("--seed", type=int, default=None, help="Of all random draws; equal seeds, equal designs."),
        click.option("--jobs", type=int, default=None, help="Steps at a time."),
        click.option("--gate", type=click.Choice(["never", "stuck", "interfaces", "every"]), default=None,
                     help="When you are asked: never, when attempts are used up (default), at every broken contract, "
                     "for every module."),
        *LIMIT_OPTIONS,
        click.option("--pin", "pins", multiple=True, help="PARAM=VALUE that every design keeps."),
        click.option("--from", "parent", default=None, help="Session whose best designs begin the search."),
        click.option("--sandbox", type=click.Choice(["auto", "none"]), default=None,
                     help="none: run a model's code with your rights where no sandbox holds."),
        click.option("--executor", default=None, help="Where steps run: local."),
        click.option("--prompt", type=click.Path(path_type=Path), default=None, help="A prompt template of your own."),
        click.option("--prompt-budget", "prompt_budget_tokens", type=click.IntRange(2048, 1_000_000), default=None,
                     help="Tokens of a prompt and its reply together, for a server with a small context."),
        *_CACHE_OPTIONS,
        click.option("--practice", is_flag=True, help="An adapter that makes mistakes: meet decisions at once."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _cache_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_CACHE_OPTIONS):
        command = option(command)
    return command


@click.command("new")
@click.argument("name")
@_new_options
@json_option
@sessions_option
def new_command(name: str, as_json: bool, sessions: str | None, **options: Any) -> int:
    """Make the session NAME; nothing is run yet."""
    session = _make(sessions, name, options)
    if as_json:
        document({"name": session.name, "folder": str(session.folder), "settings": session.settings})
    else:
        _say_understanding(session)
        say(f"made {session.name}. Begin: aigchip-tui start {session.name}   (detached), or: run {session.name}")
    return 0


def _make(sessions: str | None, name: str, options: dict[str, Any]) -> Session:
    import msgspec

    from aigchip_tui.engine.making import make_settings, parse_pins, understand, user_devices
    from aigchip_tui.store.session import create_session

    where = place(sessions)
    devices = user_devices(where.data / "devices.yaml")
    if options.pop("no_cache", False):
        if options.get("reuse"):
            raise AigchipError("--reuse takes from the cache that --no-cache leaves alone.", hint="Give one of them.")
        options["cache"] = False
    flags = {key: (flag, options.pop(key)) for flag, key, _ in _FLAGS if options.get(key) is not None}
    for _, key, _extra in _FLAGS:
        options.pop(key, None)
    text = _redacted(where, options.pop("request_text"))
    if not text and "workload" not in flags:
        raise AigchipError("Nothing to compute was named.", hint='Say --request "ResNet-50 at 224 on a ZCU104" or '
                           "--workload resnet50@224.")
    generator = str(options.get("generator") or "offline")
    if text and generator.startswith("openai:"):
        from aigchip_tui.engine.asking import understand_by_model

        request, told = understand_by_model(
            text, flags, generator=generator, seed=int(options.get("seed") or 1), environment=os.environ,
            devices=devices,
        )
        if told:
            note(told)
    else:
        request = understand(text, flags, devices=devices)
    if options.get("template"):
        from aigchip_tui.modules.own_templates import template_given

        options["template"] = template_given(str(options["template"]), keep=True).name
    extra: dict[str, object] = {
        # Zero is a value: only what was not given is left out.
        k: v for k, v in options.items() if v is not None and (v is not False or k == "cache") and v != ()
    }
    extra["pins"] = parse_pins(extra.pop("pins", ()))  # type: ignore[arg-type]  # click gives a tuple of texts
    if "prompt" in extra:
        from aigchip_tui.llm.prompts import load_prompt_template

        extra["prompt"] = _redacted(where, load_prompt_template(Path(str(extra["prompt"]))))
    if "parent" in extra:
        open_session(sessions, str(extra["parent"]))
    settings = make_settings(name, request, extra, devices=devices, base=Path.cwd())
    if settings.grain == "high" and settings.generator.startswith("offline"):
        note("The offline adapter refuses high-level instructions: every module will wait for you in the inbox.")
    if options.get("template") and settings.generator.startswith("offline"):
        _note_untaught(settings.template)
    values = msgspec.to_builtins(settings, str_keys=True)
    del values["name"]
    return create_session(where, name, _lists(values))


def _note_untaught(name: str) -> None:
    """Say which modules of a template nothing teaches: the offline adapter will refuse them."""
    from aigchip_tui.library.demos import load_library
    from aigchip_tui.modules.own_templates import named_template
    from aigchip_tui.modules.protocol import borrowed_of

    family = named_template(name)
    taught = load_library(name, borrowed_of(family)).modules
    untaught = [module for module in family.modules() if module not in taught]
    if untaught:
        note(f"Nothing teaches {', '.join(untaught)} of {name} yet, so the offline adapter will refuse: "
             f"aigchip-tui demos add FOLDER --template {name}.")


def _redacted(where: Place, text: str) -> str:
    """A key that slipped into the words of a person is stored nowhere."""
    return where.redact(text.encode("utf-8", "replace")).decode("utf-8")


def _lists(value: Any) -> Any:
    """Tuples as lists, all the way down: YAML keeps plain values only."""
    if isinstance(value, dict):
        return {k: _lists(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(v) for v in value]
    return value


def _say_understanding(session: Session) -> None:
    from aigchip_tui.engine.history import settings_of

    told = settings_of(session).understanding
    for key, value, words in told.understood:
        say(f"  understood  {key} = {value}  ({words})")
    for key, value, reason in told.assumed:
        say(f"  assumed     {key} = {value}  ({reason})")
    if told.not_understood:
        say(f"  not understood: {', '.join(told.not_understood)}")


@click.command("run")
@click.argument("name")
@click.option("--take-over", is_flag=True, help="Take the session from an engine that cannot be known to be gone.")
@click.option("--upgrade", is_flag=True, help="Go on although template or demonstrations changed.")
@_new_options
@json_option
@tape_options
@sessions_option
def run_command(
    name: str, take_over: bool, upgrade: bool, as_json: bool, sessions: str | None, **options: Any
) -> int:
    """Run NAME to its end in the foreground; a session that does not exist is made from the flags first."""
    from aigchip_tui.store.session import session_names

    jobs = options.get("jobs") or 0
    if name not in session_names(place(sessions)):
        session = _make(sessions, name, options)
        if not as_json:
            _say_understanding(session)
    else:
        session = open_session(sessions, name)
        limits = taken_limits(options)
        refuse_other_flags(session, options)
        if limits and seems_alive(engine_state(session)):
            raise AigchipError(f"An engine of {name} runs already.",
                               hint=f"Give it other limits with: aigchip-tui start {name} {limits.words()}")
        send_limits(session, limits)
    return run_to_end(session, as_json=as_json, jobs=jobs, take_over=take_over, upgrade=upgrade)


def run_to_end(
    session: Session, *, as_json: bool = False, jobs: int = 0, take_over: bool = False, upgrade: bool = False
) -> int:
    """Run in the foreground with progress lines; the exit code of the contract."""
    from aigchip_tui.engine.advance import AWAY_REASON
    from aigchip_tui.engine.detached import install_signals, leave
    from aigchip_tui.engine.runner import Handle, run_engine
    from aigchip_tui.model.state import CAP_REACHED
    from aigchip_tui.model.summary import best

    handle = Handle()
    restore = install_signals(handle, stop_on=(signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
    progress = Progress(say=note if as_json else say)
    try:
        result = run_engine(
            session, environment=dict(os.environ), handle=handle, jobs=jobs, take_over=take_over, upgrade=upgrade,
            on_event=progress.show,
        )
    finally:
        restore()
    report = session_report(result.settings, result.state, alive=False)
    if as_json:
        document(report)
    else:
        say()
        print_session(report)
    if result.reason.startswith("signal"):
        leave(130, cut=bool(result.cut))
        return 130
    if result.reason.startswith(AWAY_REASON):
        stop = "" if result.reason.endswith((".", "?")) else "."
        note(f"{result.reason}{stop} What was left unanswered is asked again by: aigchip-tui run {session.name}")
        return 4
    if result.reason == "paused":
        note(f"{session.name} is paused, and nothing is begun before you say so: aigchip-tui resume {session.name}")
        return 4
    if result.reason == "waiting":
        open_ones = counted(len(result.state.open_decisions), "decision")
        note(f"{open_ones} to answer: aigchip-tui inbox {session.name}")
        return 4
    if result.state.finished.startswith(CAP_REACHED):
        note(raise_it(result.state.finished, session.name))
    return 0 if best(result.state, result.settings.goal) is not None else 1


@click.command("demo")
@click.option("--headless", is_flag=True, help="Progress lines even in a terminal.")
@click.option("--evaluations", type=int, default=DEMO_EVALUATIONS, show_default=True)
@_cache_options
@sessions_option
def demo_command(headless: bool, evaluations: int, no_cache: bool, reuse: bool, sessions: str | None) -> int:
    """Begin a first search at once: "ResNet-50 at 224x224 on a ZCU104, at most 1024 DSPs, int8"."""
    session = _demo_session(sessions, evaluations, no_cache=no_cache, reuse=reuse)
    if headless or not (sys.stdout.isatty() and sys.stdin.isatty()):
        code = run_to_end(session)
        if code == 0:
            _leave_results(session)
        return code
    from aigchip_tui.cli.attach_commands import open_application
    from aigchip_tui.cli.control_commands import start_detached
    from aigchip_tui.engine.history import view

    say(start_detached(session))
    code = open_application(sessions, session.name)
    if view(session).state.proofs_finished:
        _leave_results(session)
    else:
        say(f"When it is done: aigchip-tui export {session.name} --out FOLDER")
    return code


def _demo_session(sessions: str | None, evaluations: int, **caches: bool) -> Session:
    """The demo under way, or a new one: demo, demo-2, ..."""
    from aigchip_tui.engine.history import view
    from aigchip_tui.store.session import session_names

    where = place(sessions)
    taken = set(session_names(where))
    number = 1
    while True:
        name = "demo" if number == 1 else f"demo-{number}"
        if name not in taken:
            session = _make(sessions, name, {
                "request_text": DEMO_REQUEST, "evaluations": evaluations, "jobs": min(2, os.cpu_count() or 1),
                **caches,
            })
            _say_understanding(session)
            return session
        session = open_session(sessions, name)
        if not session.read_only and not view(session).state.proofs_finished:
            refuse_other_flags(session, caches)
            return session
        number += 1


def _leave_results(session: Session) -> None:
    """The best design as a project, and the plot of latency against DSP."""
    from aigchip_tui.cli.export_commands import export_best

    for line in export_best(session):
        say(line)
