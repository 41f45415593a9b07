"""Opens a session's house: every tool its settings name, checked before anything is journalled."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.csim.bench import Bench
from aigchip_tui.engine.house import House
from aigchip_tui.engine.making import build_of, workload_of
from aigchip_tui.engine.reuse import open_reuse
from aigchip_tui.engine.stopwatch import Stopwatch
from aigchip_tui.library.demos import load_library
from aigchip_tui.llm.client import open_generator
from aigchip_tui.model.errors import MissingToolError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Setting
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.own_templates import named_template
from aigchip_tui.modules.protocol import borrowed_of, narrowed_of
from aigchip_tui.proof.ladder import Reader
from aigchip_tui.proof.reading import Reading
from aigchip_tui.sandbox.choose import Probes, choose
from aigchip_tui.sandbox.worker import Worker
from aigchip_tui.search.encoding import Pins
from aigchip_tui.search.searcher import Searcher, SearchSettings, analytic_screen, seeds_of
from aigchip_tui.store.fs import StoreError, disk_error
from aigchip_tui.store.session import Session
from aigchip_tui.synth.embedded import EmbeddedSynthesizer

READ_WALL_S = 6.0
READ_BYTES = 500 << 20


def open_house(
    session: Session,
    settings: SessionSettings,
    *,
    environment: Mapping[str, str],
    work: Path,
    now_text: Callable[[], str],
    stopwatch: Stopwatch,
    seeds: Sequence[Mapping[str, Setting]] = (),
) -> House:
    """Everything the session's steps need; raises AigchipError naming what is missing on this machine.

    `seeds` are designs that the search proposes first.
    """
    from aigchip_tui.csim.compile import find_compiler
    find_compiler(environment)
    cache = session.place.cache / "csim"
    for folder in (work, cache):
        _private(folder)
    template = named_template(settings.template)
    generator = open_generator(settings.generator, environment=environment)
    sandbox = choose(Probes(scratch=work, environment=environment), wanted=settings.sandbox)
    if sandbox.name == "none" and settings.sandbox != "none" and generator.spec.is_language_model:
        raise MissingToolError(
            "No sandbox holds on this machine, and code written by a language model is not run without one.",
            hint="Install bubblewrap, or make the session with --sandbox none.",
        )
    build, workload = build_of(settings), workload_of(settings)
    pins = Pins.of(settings.pins, narrowed_of(template))
    bench = Bench(
        sandbox=sandbox, workdir=work, cache=cache, environment=dict(environment), headers=template.headers(),
    )
    worker = Worker(sandbox, memory_bytes=READ_BYTES)
    return House(
        settings=settings, build=build, workload=workload, template=template,
        library=load_library(template.name, borrowed_of(template)), generator=generator,
        synthesizer=EmbeddedSynthesizer(build=build, template=template, worker=worker, bench=bench),
        bench=bench, read=sandboxed_reader(worker), close=worker.close, blobs=session.blobs,
        search=_searcher(build, workload, settings, pins, seeds), now_text=now_text, stopwatch=stopwatch,
        cancelled=threading.Event(),
        reuse=open_reuse(session, settings, generator, environment=environment, now_text=now_text),
    )


def _private(folder: Path) -> None:
    """Make a folder in the user's cache; StoreError in one sentence when it cannot be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raised = disk_error(problem, folder, "write into")
        raise StoreError(raised.message, hint="Set XDG_CACHE_HOME to a folder that can be written.",
                         errno=raised.errno) from problem


def _searcher(
    build: Build, workload: Workload, settings: SessionSettings, pins: Pins, seeds: Sequence[Mapping[str, Setting]]
) -> Searcher:
    """The session's search: the domain evolution, screened by the analytic model, within the template's part of the
    space and with the human's pins.
    """
    return Searcher(
        build, workload,
        SearchSettings(
            evaluations=settings.evaluations, population=settings.effective_population(), lag=settings.lag,
            goal=settings.goal, pins=pins, seeds=seeds_of(seeds),
        ),
        session_seed=settings.seed, screen=analytic_screen(build, workload),
    )


def sandboxed_reader(worker: Worker) -> Reader:
    """Reads generated text in a worker under limits: it may cost 2 s and 500 MB, and nothing else."""

    def read(payload: dict[str, Any]) -> Reading | Finding:
        answer = worker.run("aigchip_tui.proof.reading:read", payload, wall_s=READ_WALL_S)
        if not answer.ok:
            return Finding(
                severity="error", kind="unreadable", code=f"reader-{answer.cause}",
                message=f"The text could not be read ({answer.cause}): {answer.message}"[:400],
                environment=answer.cause == "not_started",
            )
        return msgspec.convert(answer.value, Reading)

    return read
