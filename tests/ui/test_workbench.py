"""The workbench by keys only: what it shows, what it sends, and what it leaves alone."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from textual.geometry import Region
from textual.message import Message
from textual.widgets import TextArea

from aigchip_tui.llm.redact import redactor
from aigchip_tui.model import events as ev
from aigchip_tui.ui.feed import SnapshotArrived
from aigchip_tui.ui.projections.text import as_text
from aigchip_tui.ui.screens.answering import AskScreen, DiffScreen, PatchScreen
from aigchip_tui.ui.screens.sessions import SessionsScreen
from aigchip_tui.ui.screens.workbench import Workbench
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.code_view import CodeView
from aigchip_tui.ui.widgets.lines import LinesView
from aigchip_tui.ui.widgets.table import LineTable

if TYPE_CHECKING:
    from tests.ui.ui_session import BODY, CURED, Made, settle, tree
else:
    from ui_session import BODY, CURED, Made, settle, tree

if TYPE_CHECKING:
    from pathlib import Path

    from textual.screen import Screen

pytestmark = pytest.mark.anyio
SIZE = (80, 24)


def bar(screen: Screen[Any], name: str) -> str:
    return as_text([screen.query_one(f"#{name}", Bar).line])


async def test_the_first_screen_comes_from_the_journal_by_one_kind_of_message(full: Made) -> None:
    messages: list[Message] = []
    app = full.app()
    async with app.run_test(size=SIZE, message_hook=messages.append) as pilot:
        bench = await settle(pilot)
        assert "best 24.10 ms est" in bar(bench, "status")
        assert "sandbox bwrap" in bar(bench, "bottom")
        assert "(not a language model)" in bar(bench, "bottom")
        arrived = [m for m in messages if isinstance(m, SnapshotArrived)]
        assert len({id(m) for m in arrived}) == 1
        assert "? 1 question for you" in as_text(bench.query_one("#overview-facts", LinesView).lines)


async def test_numbers_switch_screens_and_esc_goes_back_to_the_same_row(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        table = bench.query_one("#population-table", LineTable)
        assert table.order == ["4", "3", "2", "1"]
        await pilot.press("down", "down", "enter")
        await settle(pilot, lambda b: b.current == 3)
        assert "d0002" in bar(bench, "tree-title")
        await pilot.press("escape")
        await settle(pilot, lambda b: b.current == 2)
        assert bench.current == 2
        assert table.cursor == "2"
        assert table.has_focus


async def test_live_data_never_moves_the_cursor_and_a_dot_brings_what_is_new(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("2", "down")
        await settle(pilot)
        table = bench.query_one("#population-table", LineTable)
        assert table.cursor == "3"
        full.design(5)
        full.design(6)
        full.evaluated(3, 1.5, 64)
        await settle(pilot, lambda b: 6 in b.snapshot.designs)
        assert table.order == ["4", "3", "2", "1"]
        assert table.cursor == "3"
        assert "2 new, . to refresh" in bar(bench, "tabs")
        assert "1.500 est" in as_text([table._row(1)])
        await pilot.press("full_stop")
        await pilot.pause()
        assert table.order == ["6", "5", "4", "3", "2", "1"]
        assert table.cursor == "3"
        assert "new" not in bar(bench, "tabs")


async def test_only_changed_rows_are_painted_again(full: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        table = bench.query_one("#population-table", LineTable)
        while not table.order:
            await pilot.pause()
        await pilot.pause()
        painted: list[Region] = []

        def refresh(*regions: Region, **options: bool) -> None:
            painted.extend(regions or [table.region])

        monkeypatch.setattr(table, "refresh", refresh)
        full.design(5)
        full.evaluated(2, 160.0, 120)
        await settle(pilot, lambda b: 5 in b.snapshot.designs)
        assert {(region.y, region.height) for region in painted} == {(2, 1)}
        assert all(region.width < 40 for region in painted), "what stands right of the change is not sent again"


async def test_the_top_shows_the_wiring_that_the_template_wrote(full: Made) -> None:
    full.evaluated(4, 20.0, 900, wiring="void gemm() {\n    ctrl(table);\n}\n")
    app = full.app()
    async with app.run_test(size=(120, 40)) as pilot:
        bench = await settle(pilot, lambda b: b.snapshot.best == 4)
        await pilot.press("3", "home")
        await settle(pilot)
        assert "by template" in bar(bench, "code-title")
        assert "ctrl(table);" in as_text(bench.query_one("#code", CodeView).code.lines())


async def test_the_tree_shows_code_with_its_findings_and_author(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=(120, 40)) as pilot:
        bench = await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("n", "n", "n")
        await pilot.pause()
        assert "d0004" in bar(bench, "tree-title")
        table = bench.query_one("#tree", LineTable)
        assert table.order == ["gemm", "ctrl", "compute", "lane"]
        assert "template" in bar(bench, "code-title")
        await pilot.press("end")
        await settle(pilot)
        assert "by offline adapter (fused)" in bar(bench, "code-title")
        shown = as_text(bench.query_one("#code", CodeView).code.lines())
        assert "! Packed width differs" in shown
        await pilot.press("tab")
        await pilot.pause()
        assert "sanitizers    not run" in as_text(bench.query_one("#module-lines", LinesView).lines)
        await pilot.press("a")
        await settle(pilot, lambda b: b.current == 4)
        assert bench.query_one("#inbox-list", LineTable).cursor == "pe_lane-1"


async def test_a_shows_the_diff_and_only_enter_takes_the_cure(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "a")
        await pilot.pause()
        assert isinstance(app.screen, DiffScreen)
        assert "+void pe_lane" in as_text(app.screen.query_one("#answer-diff", LinesView).lines)
        assert full.sent() == []
        await pilot.press("escape")
        await pilot.pause()
        assert full.sent() == []
        await pilot.press("a", "2", "enter")
        await pilot.pause()
        (sent,) = full.sent()
        assert (sent["action"], sent["cure"], sent["decision"], sent["by"]) == ("accept", 2, "pe_lane-1", "ada")
        assert sent["question"] == "print-pe_lane-1"


async def test_the_answer_binds_to_the_question_that_was_painted(full: Made) -> None:
    """A question that is superseded while its diff is open keeps the old fingerprint: the engine refuses it."""
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("4", "a")
        await pilot.pause()
        old = bench.snapshot.open[0]
        full.answered(old, "u9", action="regenerate", by="bob")
        full.attempt("pe_lane-2", 2)
        full.question("pe_lane-2", "pe_lane", number=2)
        await settle(pilot, lambda b: any(d.id == "pe_lane-2" for d in b.snapshot.open))
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = full.sent()
        assert (sent["decision"], sent["question"]) == ("pe_lane-1", old.fingerprint)


async def test_no_single_key_commits_anything(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4")
        for key in ("a", "w", "r", "p", "s", "u", "ctrl+y", "ctrl+x", "ctrl+e"):
            await pilot.press(key)
            await pilot.pause()
            assert full.sent() == [], key
            while not isinstance(app.screen, Workbench):
                await pilot.press("escape")
                await pilot.pause()
        assert full.sent() == []


async def test_a_waiver_needs_a_reason(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "w", "enter")
        await pilot.pause()
        assert isinstance(app.screen, AskScreen)
        assert full.sent() == []
        await pilot.press(*"fine", "enter")
        await pilot.pause()
        (sent,) = full.sent()
        assert (sent["as_is"], sent["reason"], sent["cure"]) == (True, "fine", None)


async def test_a_rung_that_cannot_be_waived_says_so(made: Made) -> None:
    made.variant("ctrl-1", "ctrl")
    made.design(1, tree())
    made.attempt("ctrl-1")
    made.question("ctrl-1", "ctrl", rung="compile", label="does not compile")
    app = made.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("4", "w")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
        assert "cannot be waived" in bar(bench, "hint")


async def test_regenerate_sends_the_hint(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "r", *"4 lanes", "enter")
        await pilot.pause()
        (sent,) = full.sent()
        assert (sent["action"], sent["hint"]) == ("regenerate", "4 lanes")


async def test_a_patch_is_typed_reviewed_and_taken(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "p")
        await pilot.pause()
        assert isinstance(app.screen, PatchScreen)
        assert app.screen.text == BODY
        app.screen.query_one(TextArea).move_cursor((0, 0))
        await pilot.press("/", "/", "1", "enter", "ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, DiffScreen)
        assert full.sent() == []
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
        (sent,) = full.sent()
        assert sent["action"] == "patch"
        assert full.session.blobs.get_text(sent["source"]) == "//1\n" + BODY


async def test_a_patch_that_was_begun_is_not_lost_by_one_esc(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "p")
        await pilot.pause()
        await pilot.press("x", "escape")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, PatchScreen)
        assert app.screen.text != BODY


async def test_the_users_editor_gets_a_copy_in_work_and_its_text_becomes_a_diff(
    full: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def editor(command: list[str]) -> int:
        from pathlib import Path

        seen.append(list(command))
        Path(command[-1]).write_text(CURED, encoding="utf-8")
        return 0

    app = full.app(run_editor=editor, environment={"VISUAL": "code --wait", "EDITOR": "ed"})
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        monkeypatch.setattr(app, "suspend", contextlib.nullcontext)
        await pilot.press("4", "e")
        await pilot.pause()
        assert seen[0][:2] == ["code", "--wait"]
        assert seen[0][2] == str(full.session.work.path("pe_lane-1", "pe_lane.hpp"))
        assert isinstance(app.screen, DiffScreen)
        assert full.sent() == []
        await pilot.press("enter")
        await pilot.pause()
        (sent,) = full.sent()
        assert full.session.blobs.get_text(sent["source"]) == CURED
        assert bench.snapshot.name == "resnet50-zcu104"


async def test_skip_and_undo_ask_first(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("4", "s", "enter")
        await pilot.pause()
        assert [s["action"] for s in full.sent()] == ["skip"]
        full.answered(bench.snapshot.open[0], full.session.inbox.pending()[0].uuid, action="skip", by="ada")
        await settle(pilot, lambda b: not b.snapshot.open)
        assert "accepted" in bar(bench, "hint")
        await pilot.press("u", "enter")
        await pilot.pause()
        assert full.sent()[-1]["action"] == "undo"


async def test_what_the_engine_refuses_is_said(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("4", "s", "enter")
        await pilot.pause()
        full.record(ev.CommandRefused(uuid=full.session.inbox.pending()[0].uuid, why="it was answered by bob"))
        await settle(pilot, lambda b: bool(b.snapshot.commands))
        assert "refused: it was answered by bob" in bar(bench, "hint")


async def test_read_only_sends_nothing_and_says_why(full: Made) -> None:
    app = full.app(read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("4")
        for key in ("a", "w", "r", "p", "s", "u", "ctrl+y", "ctrl+e"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, Workbench), key
        assert full.sent() == []
        assert "--read-only" in bar(bench, "hint")
        full.answered(bench.snapshot.open[0], "u1", action="skip", by="ada")
        await settle(pilot, lambda b: bool(b.snapshot.closed))
        await pilot.press("1", "4")
        await pilot.pause()
        assert "undo" not in bar(bench, "hint"), "what cannot be done is not offered"
        assert "read-only" in bar(bench, "hint")


async def test_a_long_refusal_is_shown_whole(full: Made) -> None:
    cure = "Go on with them: aigchip-tui resume resnet50-zcu104 --upgrade."
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        bench.say(f"The engine ended at once: the template changed since the session was last run. {cure}", bad=True)
        await pilot.pause()
        shown = bench.query_one("#message", LinesView)
        assert shown.display
        words = " ".join(as_text(shown.lines).split())
        assert words.endswith(cure), "the end of the sentence says what to do"
        assert shown.size.height == len(shown.lines) == 2
        bench.say("short")
        await pilot.pause()
        assert not shown.display
        assert "short" in bar(bench, "hint")


async def test_quitting_the_view_leaves_no_command_and_no_thread(full: Made) -> None:
    import threading

    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("q")
    assert app.return_value == 0
    assert full.sent() == []
    assert not any(t.name == "feed" and t.is_alive() for t in threading.enumerate())


async def test_pause_is_sent_after_a_yes(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+y", "enter")
        await pilot.pause()
        assert full.sent() == [{"kind": "pause", "by": "ada"}]


async def test_stop_drains_first_then_cuts_and_says_what_was_cut(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert "longer than\n30 s is cut" in as_text(app.screen.query_one(LinesView).lines)
        await pilot.press("escape")
        await pilot.pause()
        assert full.sent() == [], "nothing is sent without a yes"
        await pilot.press("ctrl+x", "enter")
        await pilot.pause()
        assert full.sent() == [{"kind": "stop", "by": "ada"}]
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert "End them now?" in as_text(app.screen.query_one(LinesView).lines)
        await pilot.press("enter")
        await pilot.pause()
        assert full.sent()[1:] == [{"kind": "stop", "by": "ada", "as_is": True}]
        uuids = tuple(command.uuid for command in full.session.inbox.pending())
        full.record(ev.EngineStopped(reason="stopped", cut=("generate:pe_lane-1:1",), uuids=uuids))
        await settle(pilot, lambda b: bool(b.snapshot.stopped))
        said = " ".join(as_text(bench.query_one("#message", LinesView).lines).split())
        assert "cut, to be done again: generate:pe_lane-1:1" in said


async def test_a_key_in_an_answer_reaches_no_file(full: Made) -> None:
    place = dataclasses.replace(full.place, redact=redactor({"OPENAI_API_KEY": "sk-canary-4711"}))
    session = dataclasses.replace(full.session, place=place)
    uuid = session.send({"kind": "decide", "decision": "d", "action": "regenerate", "hint": "use sk-canary-4711"})
    written = (session.inbox.folder / f"{uuid}.json").read_bytes()
    assert b"canary" not in written
    assert b"use " in written


async def test_logs_show_reply_prompt_and_rung_and_keep_the_choice(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=(120, 40)) as pilot:
        bench = await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        text = bench.query_one("#logs-text", LinesView)
        assert "a reply" in as_text(text.lines)
        await pilot.press("tab", "tab", "tab", "tab")
        await pilot.pause()
        assert "failed" in as_text(text.lines)
        assert "Packed width differs" in as_text(text.lines)
        await pilot.press("enter")
        await settle(pilot)
        assert text.has_focus
        await pilot.press("escape")
        await settle(pilot)
        assert bench.query_one("#logs-table", LineTable).has_focus
        assert bench.current == 5


async def test_the_list_of_sessions_opens_one_and_esc_comes_back(full: Made, tmp_path: Path) -> None:
    from aigchip_tui.ui.app import WorkbenchApp

    Made(full.place, "another").hold.close()
    (full.place.root / "broken").mkdir()
    (full.place.root / "broken" / "session.yaml").write_text("format: 1\n", encoding="utf-8")
    app = WorkbenchApp(full.surroundings())
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(app.screen, SessionsScreen) and app.screen.query_one(LineTable).order:
                break
        table = app.screen.query_one(LineTable)
        assert set(table.order) == {"another", "broken", "resnet50-zcu104"}
        assert table.order[-1] == "broken"
        table_text = as_text([table._row(i) for i in range(3)])
        assert "24.10 est" in table_text
        assert "unreadable:" in table_text
        table.go_to("resnet50-zcu104")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, SessionsScreen)
        assert table.cursor == "resnet50-zcu104"


async def test_an_empty_place_says_how_to_begin(full: Made) -> None:
    from aigchip_tui.ui.app import WorkbenchApp

    app = WorkbenchApp(full.surroundings(names=lambda: ()))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.1)
        assert "aigchip-tui demo" in as_text(app.screen.query_one("#sessions-none", LinesView).lines)


async def test_the_palette_is_made_from_the_registry(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        bench = await settle(pilot)
        titles = [c.title for c in app.get_system_commands(bench)]
        assert "Inbox (4)" in titles
        assert "Pause the search (ctrl+y)" in titles
        await pilot.press("colon")
        await pilot.pause()
        assert type(app.screen).__name__ == "CommandPalette"
        await pilot.press(*"inbox", "enter", "enter")
        await settle(pilot, lambda b: b.current == 4)


async def test_help_names_every_key_of_the_screen(full: Made) -> None:
    app = full.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("4", "question_mark")
        await pilot.pause()
        shown = as_text(app.screen.query_one("#help-lines", LinesView).lines)
        assert "Ask the generator again, with a hint of yours." in shown
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
