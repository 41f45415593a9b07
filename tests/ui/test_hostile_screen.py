"""What a model wrote reaches the terminal as text only: neither control sequences nor markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from textual.screen import Screen

from aigchip_tui.ui.projections.text import as_text
from aigchip_tui.ui.screens.workbench import Workbench
from aigchip_tui.ui.widgets.code_view import CodeView

if TYPE_CHECKING:
    from tests.ui.ui_session import settle, tree
else:
    from ui_session import settle, tree

if TYPE_CHECKING:
    from tests.ui.ui_session import Made

pytestmark = pytest.mark.anyio
EVIL = "\x1b]52;c;b3duZWQ=\x07\x1b[2J\x9b31m[bold red]markup[/bold red] [@click=app.exit]x[/] \u202egnp.exe\r\x08"


def painted(screen: Screen[Any]) -> str:
    """Every cell of the screen as the compositor would send it, without the styles' own sequences."""
    return "\n".join(
        "".join(segment.text for segment in strip if segment.control is None)
        for strip in screen._compositor.render_strips()
    )


def harmless(text: str) -> bool:
    return all(c == "\n" or c.isprintable() for c in text)


@pytest.fixture
def evil(made: Made) -> Made:
    made.variant("pe_lane-1", "pe_lane")
    made.design(1, tree(), lane=EVIL)
    made.attempt("pe_lane-1", source=f"int a; // {EVIL}\n" * 3, reply=EVIL, prompt=EVIL, generator=EVIL, origin="",
                 model=EVIL)
    made.question("pe_lane-1", "pe_lane", question=EVIL, label=EVIL)
    made.rung("pe_lane-1", "compile", "failed", log=EVIL * 3, evidence=EVIL)
    return made


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_no_screen_sends_what_a_terminal_would_obey(evil: Made, size: tuple[int, int]) -> None:
    app = evil.app()
    async with app.run_test(size=size) as pilot:
        bench = await settle(pilot)
        keys = ["1", "2", "3", "end", "tab", "tab", "tab", "enter", "escape", "4", "tab", "tab", "tab", "tab", "tab",
                "tab", "a", "escape", "p", "escape", "w", "escape", "s", "escape", "5", "tab", "tab", "tab", "tab",
                "tab", "enter", "escape"]
        seen = ""
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            shown = painted(app.screen)
            assert harmless(shown), key
            seen += shown
        assert isinstance(app.screen, Workbench)
        assert "[bold red]markup[/bold red]" in seen
        assert "\\x1b]52;c;" in seen
        code = bench.query_one("#code", CodeView).code
        assert "\\u202egnp.exe" in as_text(code.lines())
