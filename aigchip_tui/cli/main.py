"""`aigchip-tui`: the group of commands, loaded one by one, and the way every error ends as one sentence."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from aigchip_tui import __version__
from aigchip_tui.model.errors import AigchipError

TRACEBACK_VARIABLE = "AIGCHIP_TRACEBACK"

_COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("search_commands", "A first search at once: ResNet-50 on a ZCU104, no key, no Vitis, no network."),
    "new": ("search_commands", "Make a session from plain words or flags."),
    "run": ("search_commands", "Run a session to its end in the foreground (resumes if begun)."),
    "start": ("control_commands", "Start the detached engine of a session."),
    "stop": ("control_commands", "Stop the engine: it drains, then says what was cut."),
    "pause": ("control_commands", "Begin no new steps."),
    "resume": ("control_commands", "Go on after a pause or a stop."),
    "attach": ("attach_commands", "Open the workbench on a session."),
    "ls": ("session_commands", "List sessions."),
    "clone": ("session_commands", "Copy a session into one that is yours."),
    "archive": ("session_commands", "Pack a finished session away."),
    "show": ("show_commands", "Say where a session stands."),
    "inbox": ("inbox_commands", "List the decisions that wait for a human."),
    "decide": ("inbox_commands", "Answer a decision: accept, regenerate, patch, skip, undo."),
    "try": ("try_command", "What if a design had other parameters: rules and analytic model."),
    "diff": ("diff_command", "Two designs or two variants of a session, compared."),
    "check": ("code_commands", "Findings on HLS C++ sources."),
    "estimate": ("code_commands", "Estimate latency and resources of HLS C or C++."),
    "contracts": ("contracts_command", "Ports of each module of an HLS project, every edge, what does not fit."),
    "demos": ("demos_commands", "List and prove the demonstrations."),
    "export": ("export_commands", "Write a design as a project of its own."),
    "bench": ("bench_commands", "Measurements: search, estimator, hardware, engine."),
    "doctor": ("doctor_commands", "What is here, and what each missing thing would give."),
}


class LazyGroup(click.Group):
    """Loads the module of a command only when that command is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the way of one design."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of this name."""
        found = _COMMANDS.get(cmd_name)
        if found is None:
            return None
        module = importlib.import_module(f"aigchip_tui.cli.{found[0]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command by name; an unknown one is refused with the nearest names."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], _COMMANDS, n=3)
            raise AigchipError(
                f"There is no command {args[0]!r}.",
                hint=f"Did you mean {' or '.join(near)}?" if near else "See aigchip-tui --help.",
            )
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aigchip-tui")
@click.option("--sessions", type=click.Path(), default=None, help="Folder of the sessions.")
@click.pass_context
def app(ctx: click.Context, sessions: str | None) -> None:
    """A terminal workbench in which a language model designs AI accelerators and you stay in control.

    Without a command it opens the application.
    """
    if ctx.invoked_subcommand is None:
        from aigchip_tui.cli.attach_commands import open_application

        ctx.exit(open_application(sessions))


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code of the command-line contract."""
    _any_text_prints()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        result = _run(words)
        sys.stdout.flush()
    except AigchipError as problem:
        return _exit(problem.exit_code, str(problem))
    except click.UsageError as problem:
        return _exit(2, _sentence(problem, words))
    except click.ClickException as problem:
        return _exit(2, problem.format_message())
    except _EndedError as problem:
        return _exit(128 + problem.number, "ended")
    except (click.Abort, KeyboardInterrupt):
        return _exit(130, "interrupted")
    except BrokenPipeError:
        # Whoever read our output has had enough; what is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _exit(0)
    except OSError as problem:
        where = f" ({problem.filename})" if problem.filename else ""
        return _exit(3, f"The system refused: {problem.strerror or problem}{where}.")
    except Exception as problem:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        return _exit(1, f"A fault of aigchip-tui itself: {type(problem).__name__}: {problem}. "
                        f"Please report it with what {TRACEBACK_VARIABLE}=1 shows.")
    return _exit(result if isinstance(result, int) else 0)


def _run(words: list[str]) -> object:
    """Run one command; errors come out as they are (click's own `main` would turn a closed pipe into exit code 1)."""
    if os.environ.get("_AIGCHIP_TUI_COMPLETE"):
        return app.main(args=words, prog_name="aigchip-tui", standalone_mode=False)
    try:
        with _ends_in_order(words), app.make_context("aigchip-tui", words) as context:
            return app.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code


class _EndedError(KeyboardInterrupt):
    """Somebody ends this process with a signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _ends_in_order(words: list[str]) -> Iterator[None]:
    """A command that is ended by a signal puts away its scratch folders first; the application restores its screen
    by itself, and engines have handlers of their own.
    """
    command = next((word for word in words if word in _COMMANDS), "")
    if command in ("", "attach") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise _EndedError(number)

    # What `nohup` has us ignore stays ignored.
    ending = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for number in ending:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


def _sentence(problem: click.UsageError, words: list[str]) -> str:
    """What click says of wrong use, on one line, with the command whose help tells more."""
    if problem.ctx is not None:
        where = problem.ctx.command_path
    else:
        where = " ".join(["aigchip-tui", *(word for word in words[:1] if word in _COMMANDS)])
    said = " ".join(problem.format_message().split()).rstrip(".,")
    # click before 8.2 prints the help of a group by itself.
    if problem.ctx is not None and isinstance(problem, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        group = problem.ctx.command
        assert isinstance(group, click.Group)
        said = f"Say what to do: {', '.join(group.list_commands(problem.ctx))}"
    return f"{said}{'' if said.endswith('?') else '.'} See {where} --help."


def _any_text_prints() -> None:
    """A terminal that lacks a character gets an escape in its place, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _exit(code: int, sentence: str = "") -> int:
    if sentence:
        from aigchip_tui.cli.output import note
        from aigchip_tui.llm.redact import redactor

        try:
            note(f"aigchip-tui: {redactor(os.environ).text(sentence)}")
        except BrokenPipeError:
            # Whoever read our errors is gone; the exit code still tells.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
