"""Fixtures of this room: a session built from events, empty and full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.model import events as ev
from aigchip_tui.model.proof import VARIANT_RUNGS
from aigchip_tui.store.session import Place

if TYPE_CHECKING:
    from tests.ui.ui_session import CURED, Made, tree
else:
    from ui_session import CURED, Made, tree


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path / "sessions", data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.fixture
def made(place: Place) -> Iterator[Made]:
    """An empty session with an engine's first line."""
    one = Made(place)
    yield one
    one.hold.close()


@pytest.fixture
def full(made: Made) -> Made:
    """Three designs with figures, one in flight whose lane waits for a human."""
    for key, module in (("pe_lane-1", "pe_lane"), ("ctrl-1", "ctrl"), ("compute-1", "pe_array")):
        made.variant(key, module)
    made.variant("pe_lane-2", "pe_lane")
    for number, (latency, dsp) in enumerate(((24.1, 1024), (163.2, 128), (170.0, 256)), 1):
        made.design(number, tree())
        for key in ("pe_lane-1", "ctrl-1", "compute-1"):
            if number == 1:
                made.attempt(key, source=CURED)
                for rung in VARIANT_RUNGS[:5]:
                    made.rung(key, rung)
                made.record(ev.VariantProven(variant=key, attempt=1))
        made.evaluated(number, latency, dsp)
    made.design(4, tree(lane="pe_lane-2"))
    made.attempt("pe_lane-2")
    made.question("pe_lane-2", "pe_lane")
    return made


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"
