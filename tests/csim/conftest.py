"""How the tests of this room simulate a body."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aigchip_tui.csim.run import SimulationResult, simulate_variant
from aigchip_tui.model.module import Variant
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.sandbox.box import UNCONFINED

if TYPE_CHECKING:
    from tests.csim.csim_samples import TYPES, Simulate
else:
    from csim_samples import TYPES, Simulate


@pytest.fixture(scope="session")
def program_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of programs for all tests of a run."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture
def simulate(tmp_path: Path, program_cache: Path) -> Simulate:
    """Simulates a body without confinement (the sandbox has its own tests)."""

    def run(variant: Variant, body: str, cases: Sequence[TestCase], **options: Any) -> SimulationResult:
        settings: dict[str, Any] = {
            "children": {}, "sandbox": UNCONFINED, "workdir": tmp_path, "cache": program_cache,
            "environment": os.environ, "headers": {"types.hpp": TYPES},
        }
        settings |= options
        return simulate_variant(variant, body, settings.pop("children"), cases, **settings)

    return run
