"""A coverer of template gemm on this machine's compiler, in a folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from aigchip_tui.csim.bench import Bench
from aigchip_tui.library.demos import DemoLibrary, load_demos, shipped_root
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.modules.loader import load_template
from aigchip_tui.proof.covered import Covered, coverage_key
from aigchip_tui.proof.covering import CoverageReport, Coverer, Select
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.proof.reading import Reading, read
from aigchip_tui.sandbox.box import UNCONFINED

TEMPLATE = load_template("gemm")
LIBRARY = load_demos("gemm", roots=[shipped_root()])


class House:
    """A coverer in a folder of its own, and what it told."""

    def __init__(self, folder: Path, library: DemoLibrary = LIBRARY) -> None:
        self.folder, self.library = folder, library
        self.told: list[str] = []
        bench = Bench(sandbox=UNCONFINED, workdir=folder / "work", cache=folder / "programs",
                      environment=dict(os.environ), headers=TEMPLATE.headers())
        green = RungOutcome(rung="rate", status="passed", evidence="not judged here")
        prover = DemoProver(
            TEMPLATE, library, bench=bench, read=lambda payload: msgspec.convert(read(payload), Reading),
            rate=lambda *_: green,
        )
        self.coverer = Coverer(TEMPLATE, library, prover, bench, seed=1, tell=self.told.append)

    def covered(self, module: str) -> Covered:
        """What was found so far."""
        key = coverage_key(TEMPLATE, self.library, module, "a compiler")
        return Covered(self.folder / "found", "gemm", module, key)

    def cover(self, module: str, select: Select | None) -> CoverageReport:
        """All of a module's settings."""
        return self.coverer.cover(module, self.covered(module), select)
