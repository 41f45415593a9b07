"""Screen 4: questions that wait for a human, their evidence, and the four answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from aigchip_tui.model.decision import Decision
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.code import CodeText
from aigchip_tui.ui.projections.inbox import (
    InboxRow,
    can_waive,
    cure_lines,
    finding_lines,
    inbox_rows,
    is_gate,
    question_lines,
    row_line,
)
from aigchip_tui.ui.projections.logs import reply_lines, text_lines
from aigchip_tui.ui.projections.modules import instruction_lines
from aigchip_tui.ui.projections.text import EMPTY, Line, crop_line, plain_lines, width_of
from aigchip_tui.ui.projections.views import AttemptView, Snapshot
from aigchip_tui.ui.screens.answering import AskScreen, Choice, ConfirmScreen, DiffScreen, PatchScreen
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.code_view import CodeView
from aigchip_tui.ui.widgets.lines import FocusLines, LinesView
from aigchip_tui.ui.widgets.table import LineTable

EVIDENCE = ("code", "findings", "instruction", "prompt", "reply", "log")


class InboxPane(Pane):
    """The list above; below, the question under the cursor with one of its evidences and its cures."""

    scope = "inbox"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("inbox", without=[])
    DEFAULT_CSS = """
    InboxPane { layout: vertical; }
    InboxPane #inbox-list { height: 6; }
    InboxPane #inbox-question { height: auto; min-height: 2; max-height: 4; }
    InboxPane #inbox-cures { height: auto; max-height: 4; }
    InboxPane #inbox-code, InboxPane #inbox-lines { height: 1fr; }
    InboxPane #inbox-lines { display: none; }
    InboxPane.-lines #inbox-lines { display: block; }
    InboxPane.-lines #inbox-code { display: none; }
    InboxPane.-tall #inbox-list { height: 12; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = 0
        self._rows: dict[str, InboxRow] = {}
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield LineTable("inbox-list", self._row_line)
        yield Bar("inbox-rule")
        yield LinesView("inbox-question")
        yield CodeView("inbox-code")
        yield FocusLines("inbox-lines")
        yield LinesView("inbox-cures")

    def on_resize(self) -> None:
        self.set_class(self.app.size.height >= 36, "-tall")
        self._shown = ()
        self.call_after_refresh(lambda: self.show(self.snapshot))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        rows = inbox_rows(snapshot)
        self._rows = {row.id: row for row in rows}
        self.query_one(LineTable).set_rows([row.id for row in rows])
        self._show_question(snapshot)

    def _row_line(self, name: str, width: int) -> Line:
        row = self._rows.get(name)
        return row_line(self.snapshot, row, width) if row is not None else EMPTY

    @property
    def row(self) -> InboxRow | None:
        """The question under the cursor."""
        return self._rows.get(self.query_one(LineTable).cursor)

    def attempt(self, decision: Decision) -> AttemptView | None:
        """The attempt that the question is about."""
        variant = self.snapshot.variants.get(decision.variant)
        return variant.attempt_number(decision.attempt) if variant is not None else None

    def source(self, decision: Decision) -> str:
        """The text that the question is about."""
        attempt = self.attempt(decision)
        return self.workbench.texts.get(attempt.source) if attempt is not None and attempt.source else ""

    def _show_question(self, snapshot: Snapshot) -> None:
        row = self.row
        width = self.size.width or self.app.size.width
        question, cures = self.query_one("#inbox-question", LinesView), self.query_one("#inbox-cures", LinesView)
        if row is None:
            self.query_one("#inbox-rule", Bar).show(EMPTY)
            question.show([((" Nothing waits for you.", "dim"),)])
            cures.show([])
            self.add_class("-lines")
            self.query_one("#inbox-lines", FocusLines).show([])
            self._shown = ()
            return
        bar = self.query_one("#inbox-rule", Bar)
        tabs: Line = tuple((f" {title} ", "tab" if i == self.page else "dim") for i, title in enumerate(EVIDENCE))
        head: Line = ((self.workbench.glyphs.rule * 2, "dim"), *tabs)
        bar.show((*head, (self.workbench.glyphs.rule * max(0, width - width_of(head)), "dim")))
        question.show(question_lines(snapshot, row, width=width, now=self.workbench.surroundings.now()))
        cures.show(cure_lines(row, width=width, glyphs=self.workbench.glyphs))
        attempt = self.attempt(row.decision)
        shown = (row.id, self.page, width, attempt)
        if shown == self._shown:
            return
        keep = shown[:3] == self._shown[:3]
        self._shown = shown
        self.set_class(self.page != 0, "-lines")
        if self.page == 0:
            code = CodeText(self.source(row.decision), row.decision.findings, width=width)
            view = self.query_one(CodeView)
            view.show_code(code, keep=keep)
            if not keep:
                self.call_after_refresh(view.go_to_finding)
            return
        lines = self.query_one("#inbox-lines", FocusLines)
        if not keep:
            lines.scroll_to(0, 0, animate=False)
        lines.show(self._evidence(row.decision, attempt, width))

    def _evidence(self, decision: Decision, attempt: AttemptView | None, width: int) -> list[Line]:
        variant = self.snapshot.variants.get(decision.variant)
        texts = self.workbench.texts
        if self.page == 1:
            return finding_lines(decision, width)
        if self.page == 2:
            return instruction_lines(variant, width) if variant is not None else []
        if attempt is None:
            return [((" this attempt is not in the journal", "dim"),)]
        if self.page == 3:
            return text_lines(texts.get(attempt.prompt), width, prompt=True)
        if self.page == 4:
            return reply_lines(texts.get(attempt.reply), attempt, width)
        log = texts.get(attempt.logs.get(decision.rung, ""))
        outcome = attempt.rungs.get(decision.rung)
        said = log or (outcome.log if outcome is not None else "")
        if not said:
            words = outcome.evidence if outcome is not None and outcome.evidence else "this rung left no log"
            return text_lines(words, width)
        return text_lines(said, width)

    # -- moving ----------------------------------------------------------------------------------------------------

    def first_focus(self) -> Widget | None:
        return self.query_one(LineTable)

    def go_to(self, decision: str) -> None:
        """Put the cursor on a decision."""
        self.query_one(LineTable).set_rows(list(self._rows), force=True)
        self.query_one(LineTable).go_to(decision)

    def take_latest(self) -> None:
        self.query_one(LineTable).take_latest()

    def go_back(self) -> bool:
        table = self.query_one(LineTable)
        if not table.has_focus:
            table.focus()
            return True
        return False

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        event.stop()
        self._show_question(self.snapshot)

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.action_accept()

    def action_page(self, step: int) -> None:
        """The next evidence."""
        focused = not self.query_one(LineTable).has_focus
        self.page = (self.page + step) % len(EVIDENCE)
        self._show_question(self.snapshot)
        if focused:
            self.action_focus_evidence()

    def action_focus_evidence(self) -> None:
        """Move the keys into the evidence."""
        self.call_after_refresh(self.query_one("#inbox-code" if self.page == 0 else "#inbox-lines").focus)

    def hint(self) -> Line:
        row = self.row
        line = super().hint()
        if row is None or row.answer is not None:
            undo: Line = ((" u", "key"), (" undo this answer ", "")) if row is not None else EMPTY
            if self.workbench.cannot_write():
                undo = ((" read-only ", "wait"),)
            return (*undo, (" Tab", "key"), (" evidence ", ""))
        return crop_line(line, self.size.width or 80)

    # -- answering -------------------------------------------------------------------------------------------------

    def _asked(self) -> Decision | None:
        """The open question under the cursor, as it is painted; says why there is none."""
        row = self.row
        why = self.workbench.cannot_write()
        if why:
            self.workbench.say(why, bad=True)
        elif row is None:
            self.workbench.say("nothing waits for you")
        elif row.answer is not None:
            self.workbench.say("this one is answered; u takes the answer back")
        else:
            return row.decision
        return None

    def action_accept(self) -> None:
        """The diff of the cures; for a gate's question, a plain yes."""
        decision = self._asked()
        if decision is None:
            return
        if not decision.cures:
            self._accept_plain(decision)
            return
        before = self.source(decision)
        choices = [
            Choice(title=f"cure {c.number}: {c.title}", cost=c.cost, before=before,
                   after=self.workbench.texts.get(c.source), value=c.number)
            for c in decision.cures
        ]

        def then(number: int | None) -> None:
            if number is not None:
                self.workbench.answer(decision, "accept", cure=number)

        self.app.push_screen(DiffScreen(f"{decision.module}: {decision.question}", choices), then)

    def _accept_plain(self, decision: Decision) -> None:
        if not is_gate(decision):
            self.workbench.say("the machine knows no cure: r regenerate, p patch, w accept as it is, s skip")
            return

        def then(sure: bool | None) -> None:
            if sure:
                self.workbench.answer(decision, "accept")

        self.app.push_screen(ConfirmScreen(
            f"Accept {decision.module}?", "All its rungs passed; the gate asks before it is used.", verb="accept it",
        ), then)

    def action_waive(self) -> None:
        """Accept as it is, with a reason."""
        decision = self._asked()
        if decision is None:
            return
        if not can_waive(decision):
            self.workbench.say(f"rung {decision.rung} cannot be waived: cure, regenerate, patch or skip", bad=True)
            return

        def then(reason: str | None) -> None:
            if reason:
                self.workbench.answer(decision, "accept", as_is=True, reason=reason)

        self.app.push_screen(AskScreen(
            f"Accept {decision.module} as it is, red on {decision.rung}?",
            f"{decision.question} The rung is shown as waived, never as passed, with your name and this reason.",
            placeholder="your reason", needed=True, verb="waive it",
        ), then)

    def action_regenerate(self) -> None:
        """Ask the generator again, with a hint."""
        decision = self._asked()
        if decision is None:
            return
        offline = self.snapshot.settings.generator.startswith("offline")
        note = ("The offline adapter reads only numbered lines and code: it cannot follow a hint, and gives the same "
                "answer to the same prompt." if offline else "The hint and the diagnosis go into the next prompt.")

        def then(hint: str | None) -> None:
            if hint is not None:
                self.workbench.answer(decision, "regenerate", hint=hint)

        self.app.push_screen(AskScreen(
            f"Regenerate {decision.module}", f"{decision.question} {note}", placeholder="a hint (may be empty)",
            verb="ask again",
        ), then)

    def action_skip(self) -> None:
        """Give the designs up that need this module."""
        decision = self._asked()
        if decision is None:
            return
        variant = self.snapshot.variants.get(decision.variant)
        names = [f"d{n:04d}" for n in variant.designs] if variant is not None else []

        def then(sure: bool | None) -> None:
            if sure:
                self.workbench.answer(decision, "skip")

        self.app.push_screen(ConfirmScreen(
            f"Skip {decision.module}?",
            f"These designs fail with the cause `skipped`: {', '.join(names[:12]) or 'none'}. u takes it back.",
            verb="skip it",
        ), then)

    def action_undo(self) -> None:
        """Take an answer back."""
        why = self.workbench.cannot_write()
        row = self.row
        if why:
            self.workbench.say(why, bad=True)
            return
        if row is None or row.answer is None:
            row = next((r for r in self._rows.values() if r.answer is not None), None)
        if row is None or row.answer is None:
            self.workbench.say("nothing was answered yet")
            return
        decision, answer = row.decision, row.answer

        def then(sure: bool | None) -> None:
            if sure:
                self.workbench.answer(decision, "undo", bind=False)

        self.app.push_screen(ConfirmScreen(
            f"Take back the answer to {decision.id}?",
            f"{decision.module}: {answer.action} by {answer.by or 'somebody'}. The question is asked again; the engine "
            "refuses when figures rest on the answer.", verb="take it back",
        ), then)

    def action_patch(self) -> None:
        """Mend the code in our own editor."""
        decision = self._asked()
        if decision is None:
            return
        # The editor widget paints what it is given, so it is given no control characters.
        before = "".join(f"{line}\n" for line in plain_lines(self.source(decision)))
        screen = PatchScreen(
            f"patch {decision.module}: {decision.question}", before, findings=finding_lines(decision, self.size.width),
            review=lambda text: self._review(decision, before, text, screen),
            line=next((f.line for f in decision.findings if f.line), 0),
        )
        self.app.push_screen(screen)

    def _review(self, decision: Decision, before: str, after: str, screen: PatchScreen | None) -> None:
        if after == before:
            self.workbench.say("the text is as it was: nothing to take")
            return

        def then(taken: int | None) -> None:
            if taken is None:
                return
            if screen is not None:
                screen.dismiss(None)
            self.workbench.patch(decision, after)

        self.app.push_screen(DiffScreen(
            f"{decision.module}: {decision.question}",
            [Choice(title="patch by hand", cost="re-proves 1 module", before=before, after=after, value=0)],
        ), then)

    def action_editor(self) -> None:
        """Mend the code in the user's own editor, on a copy in work/."""
        decision = self._asked()
        if decision is None:
            return
        before = self.source(decision)
        try:
            after = self.workbench.edit(decision, before)
        except AigchipError as problem:
            self.workbench.say(str(problem), bad=True)
            return
        if after is not None:
            self._review(decision, before, after, None)
