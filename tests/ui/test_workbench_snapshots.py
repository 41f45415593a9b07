"""Pictures of the workbench, so that a change of how it looks is seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from textual.pilot import Pilot

if TYPE_CHECKING:
    from tests.ui.ui_session import Made, settle
else:
    from ui_session import Made, settle


def after(*keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Press keys once the first snapshot is drawn."""

    async def run(pilot: Pilot[int]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    return run


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        pytest.param((), (80, 24), id="overview-80"),
        pytest.param((), (120, 40), id="overview-120"),
        pytest.param(("2",), (200, 50), id="population-200"),
        pytest.param(("3", "n", "n", "n", "end"), (80, 24), id="modules-80"),
        pytest.param(("3", "n", "n", "n", "end"), (200, 50), id="modules-200"),
        pytest.param(("4",), (80, 24), id="inbox-80"),
        pytest.param(("4", "a"), (80, 24), id="diff-80"),
        pytest.param(("4", "w"), (80, 24), id="waive-80"),
        pytest.param(("5",), (120, 40), id="logs-120"),
    ],
)
def test_it_looks_as_it_did(full: Made, snap_compare: Any, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    assert snap_compare(full.app(), run_before=after(*keys), terminal_size=size)


def test_without_colour_every_state_still_has_its_word(
    full: Made, snap_compare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = full.app(environment={"NO_COLOR": "1"})
    assert snap_compare(app, run_before=after("4"), terminal_size=(80, 24))
