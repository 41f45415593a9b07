"""Opens a session's house: every tool its settings name, checked before anything is journalled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.engine.house import House
from aigchip_tui.engine.making import build_of, workload_of
from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.client import open_generator
from aigchip_tui.model.errors import MissingToolError
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.modules.loader import load_template
from aigchip_tui.proof.ladder import Bench, Reader
from aigchip_tui.proof.reading import Reading
from aigchip_tui.sandbox.choose import Probes, choose
from aigchip_tui.sandbox.worker import Worker
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
    elapsed_s: Callable[[], float],
) -> House:
    """Everything the session's steps need; raises AigchipError naming what is missing on this machine."""
    from aigchip_tui.csim.compile import find_compiler
    from aigchip_tui.search.search import open_search

    find_compiler(environment)
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    cache = session.place.cache / "csim"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    template = load_template(settings.template)
    generator = open_generator(settings.generator, environment=environment)
    sandbox = choose(Probes(scratch=work, environment=environment), wanted=settings.sandbox)
    if sandbox.name == "none" and settings.sandbox != "none" and generator.spec.is_language_model:
        raise MissingToolError(
            "No sandbox holds on this machine, and code written by a language model is not run without one.",
            hint="Install bubblewrap, or make the session with --sandbox none.",
        )
    build, workload = build_of(settings), workload_of(settings)
    bench = Bench(
        sandbox=sandbox, workdir=work, cache=cache, environment=dict(environment), headers=template.headers(),
    )
    worker = Worker(sandbox, memory_bytes=READ_BYTES)
    return House(
        settings=settings, build=build, workload=workload, template=template,
        library=load_demos(settings.template), generator=generator,
        synthesizer=EmbeddedSynthesizer(build=build, template=template, worker=worker),
        bench=bench, read=sandboxed_reader(worker), close=worker.close, blobs=session.blobs,
        search=open_search(build, workload, settings), now_text=now_text, elapsed_s=elapsed_s,
        cancelled=threading.Event(),
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
