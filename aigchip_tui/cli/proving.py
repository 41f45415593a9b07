"""A prover of demonstrations and designs on this machine: sandbox, worker, compile cache, estimator."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigchip_tui.csim.bench import Bench
    from aigchip_tui.library.adding import Proven
    from aigchip_tui.library.demos import Demo, DemoLibrary
    from aigchip_tui.modules.protocol import Template
    from aigchip_tui.proof.covered import Covered
    from aigchip_tui.proof.demonstrations import DemoProver


@contextmanager
def prover_and_bench(
    family: Template, library: DemoLibrary, seed: int, *, programs: Path | None = None
) -> Iterator[tuple[DemoProver, Bench]]:
    """The prover, and the bench on which it and assembled simulations run; both end with the block.

    `programs` is the folder of compiled programs, the user's own if None.
    """
    import platformdirs

    from aigchip_tui.csim.bench import Bench
    from aigchip_tui.engine.opening import READ_BYTES, sandboxed_reader
    from aigchip_tui.model.device import device
    from aigchip_tui.model.space import Build
    from aigchip_tui.proof.demonstrations import DemoProver
    from aigchip_tui.sandbox.choose import Probes, choose
    from aigchip_tui.sandbox.worker import Worker
    from aigchip_tui.synth.embedded import EmbeddedSynthesizer

    cache = programs or Path(platformdirs.user_cache_dir("aigchip-tui", appauthor=False)) / "csim"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aigchip-proving-") as scratch:
        work = Path(scratch)
        sandbox = choose(Probes(scratch=work, environment=os.environ))
        with Worker(sandbox, memory_bytes=READ_BYTES) as worker:
            synthesizer = EmbeddedSynthesizer(build=Build(device=device("zcu104")), template=family, worker=worker)
            bench = Bench(
                sandbox=sandbox, workdir=work, cache=cache, environment=dict(os.environ), headers=family.headers(),
            )
            yield DemoProver(
                family, library, bench=bench, read=sandboxed_reader(worker), rate=synthesizer.rate, seed=seed,
                in_virtual_time=synthesizer.in_virtual_time,
            ), bench


def coverage_file(family: Template, library: DemoLibrary, module: str) -> Covered:
    """What coverage has found of a module so far, from this user's cache folder; it may be deleted at any time."""
    import platformdirs

    from aigchip_tui.csim.compile import find_compiler
    from aigchip_tui.proof.covered import Covered, coverage_key

    folder = Path(platformdirs.user_cache_dir("aigchip-tui", appauthor=False)) / "coverage"
    key = coverage_key(family, library, module, find_compiler(os.environ).version)
    return Covered(folder, family.name, module, key)


def prove_added(family: Template, library: DemoLibrary, demo: Demo) -> Proven:
    """A demo of the user's own on the ladder, as it stands and at its extremes, before it is used."""
    from aigchip_tui.library.adding import Proven
    from aigchip_tui.library.against_template import template_findings
    from aigchip_tui.proof.checking import wrong_of

    words = [finding.message for finding in template_findings([demo], family)]
    if words:
        return Proven(template=family.hash, asked=("words",), wrong=tuple(words))
    with prover_and_bench(family, library, 1) as (prover, _):
        climbs = [prover.demonstration(demo)]
        if climbs[0].red is None:
            climbs += prover.at_extremes(demo)
    wrong = tuple(text for climb in climbs for text in wrong_of(climb))
    return Proven(template=family.hash, asked=tuple(climb.subject for climb in climbs), wrong=wrong)
