"""Modal screens of an answer: the diff that Enter takes, a line of text, the patch by hand, a plain question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from aigchip_tui.ui.projections.diff import diff_counts, diff_lines
from aigchip_tui.ui.projections.text import Line, plain, wrap
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import FocusLines

_FRAME = """
{0} {{ align: center middle; }}
{0} > Vertical {{ width: 100%; height: 100%; background: $background; }}
{0} .rule {{ color: $text-muted; }}
"""


class Choice:
    """One answer that could be taken: a title, what it costs, the text before and after, and its number."""

    def __init__(self, *, title: str, cost: str, before: str, after: str, value: int) -> None:
        self.title, self.cost, self.before, self.after, self.value = title, cost, before, after, value


class DiffScreen(ModalScreen[int | None]):
    """The unified diff of an answer. Enter takes it, esc leaves it; tab shows the next one."""

    DEFAULT_CSS = _FRAME.format("DiffScreen")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take", id="answer.take", tooltip="Send this answer."),
        Binding("escape,q", "leave", "leave", id="answer.leave", tooltip="Send nothing."),
        Binding("tab,right_square_bracket", "other(1)", "next", id="answer.next", tooltip="The next cure."),
        Binding("shift+tab,left_square_bracket", "other(-1)", "before", id="answer.before", tooltip="The cure before."),
        Binding("1,2,3,4,5,6,7,8,9", "", "", show=False),
    ]

    def __init__(self, subject: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._subject = subject
        self._choices = list(choices)
        self._index = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("answer-title", classes="-status")
            yield Bar("answer-choice")
            yield FocusLines("answer-diff")
            yield Bar("answer-hint")

    def on_mount(self) -> None:
        self._draw()
        self.query_one(FocusLines).focus()

    def _draw(self) -> None:
        choice = self._choices[self._index]
        many = len(self._choices) > 1
        added, removed = diff_counts(choice.before, choice.after)
        self.query_one("#answer-title", Bar).show(((f" {plain(self._subject)}", "head"),))
        place = f"{self._index + 1}/{len(self._choices)}  " if many else ""
        self.query_one("#answer-choice", Bar).show((
            (f" {place}", "dim"), (plain(choice.title), "accent"), (f"  {plain(choice.cost)}", "dim"),
            (f"  +{added}", "add"), (f" -{removed}", "del"),
        ))
        view = self.query_one(FocusLines)
        view.scroll_to(0, 0, animate=False)
        view.show(diff_lines(choice.before, choice.after))
        hint: Line = ((" Enter", "key"), (" take it ", ""), (" esc", "key"), (" leave ", ""))
        if many:
            hint = (*hint, (" Tab", "key"), (" next cure ", ""), (" 1-9", "key"), (" show that one ", ""))
        self.query_one("#answer-hint", Bar).show(hint)

    def on_key(self, event: Key) -> None:
        if event.key.isdigit():
            event.stop()
            if 1 <= int(event.key) <= len(self._choices):
                self._index = int(event.key) - 1
                self._draw()

    def action_other(self, step: int) -> None:
        """Another cure."""
        self._index = (self._index + step) % len(self._choices)
        self._draw()

    def action_take(self) -> None:
        """Take what is shown."""
        self.dismiss(self._choices[self._index].value)

    def action_leave(self) -> None:
        """Take nothing."""
        self.dismiss(None)


class AskScreen(ModalScreen[str | None]):
    """One line of text from the human: a reason or a hint."""

    DEFAULT_CSS = """
    AskScreen { align: center bottom; background: $background 60%; }
    AskScreen > Vertical { height: auto; max-height: 100%; width: 100%; background: $panel; padding: 1 2; }
    AskScreen #ask-lines { height: auto; max-height: 10; background: $panel; }
    AskScreen Input { margin-top: 1; }
    AskScreen Bar { background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="ask.leave", tooltip="Send nothing."),
    ]

    def __init__(
        self, title: str, text: str, *, placeholder: str = "", needed: bool = False, verb: str = "send",
    ) -> None:
        super().__init__()
        self._title, self._text, self._placeholder, self._needed = title, text, placeholder, needed
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("ask-title")
            yield FocusLines("ask-lines")
            field = Input(placeholder=self._placeholder, id="ask-input", select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Bar("ask-hint")

    def on_mount(self) -> None:
        self.query_one("#ask-title", Bar).show(((plain(self._title), "head"),))
        lines: list[Line] = [((piece, ""),) for piece in wrap(plain(self._text), max(20, self.app.size.width - 6))]
        self.query_one("#ask-lines", FocusLines).show(lines)
        self.query_one("#ask-lines").styles.height = max(1, min(10, len(lines)))
        self.query_one("#ask-hint", Bar).show((
            ("Enter", "key"), (f" {self._verb} ", ""), (" esc", "key"), (" leave", ""),
        ))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if self._needed and not text:
            self.query_one("#ask-hint", Bar).show((("a reason is needed", "bad"), ("  esc", "key"), (" leave", "")))
            return
        self.dismiss(text)

    def action_leave(self) -> None:
        """Nothing is sent."""
        self.dismiss(None)


class ConfirmScreen(ModalScreen[bool]):
    """A question that Enter answers with yes."""

    DEFAULT_CSS = """
    ConfirmScreen { align: center bottom; background: $background 60%; }
    ConfirmScreen > Vertical { height: auto; width: 100%; background: $panel; padding: 1 2; }
    ConfirmScreen FocusLines { height: auto; max-height: 12; background: $panel; }
    ConfirmScreen Bar { background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "yes", "yes", id="confirm.yes", tooltip="Do it."),
        Binding("escape,q,n", "no", "no", id="confirm.no", tooltip="Do nothing."),
    ]

    def __init__(self, title: str, text: str, *, verb: str) -> None:
        super().__init__()
        self._title, self._text, self._verb = title, text, verb

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("confirm-title")
            yield FocusLines("confirm-lines")
            yield Bar("confirm-hint")

    def on_mount(self) -> None:
        self.query_one("#confirm-title", Bar).show(((plain(self._title), "head"),))
        view = self.query_one(FocusLines)
        lines: list[Line] = [((piece, ""),) for piece in wrap(plain(self._text), max(20, self.app.size.width - 6))]
        view.styles.height = max(1, min(12, len(lines)))
        view.show(lines)
        self.query_one("#confirm-hint", Bar).show((
            ("Enter", "key"), (f" {self._verb} ", ""), (" esc", "key"), (" leave", ""),
        ))
        view.focus()

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Do nothing."""
        self.dismiss(False)


class PatchScreen(ModalScreen[str | None]):
    """The code in an editor of our own; ctrl+s shows the diff that Enter takes."""

    DEFAULT_CSS = """
    PatchScreen > Vertical { width: 100%; height: 100%; background: $background; }
    PatchScreen TextArea { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,f2", "review", "review", id="patch.review", tooltip="See the diff; Enter there takes it.",
                priority=True),
        Binding("escape", "leave", "leave", id="patch.leave", tooltip="Leave; a changed text asks first.",
                priority=True),
    ]

    def __init__(self, subject: str, text: str, *, findings: Sequence[Line], review: Callable[[str], None],
                 line: int = 0) -> None:
        super().__init__()
        self._subject, self._text, self._findings, self._review = subject, text, list(findings), review
        self._line = line

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("patch-title", classes="-status")
            yield FocusLines("patch-findings")
            area = TextArea(self._text, show_line_numbers=True, tab_behavior="indent", id="patch-text", soft_wrap=False)
            area.indent_type = "spaces"
            area.indent_width = 4
            area.cursor_blink = False
            yield area
            yield Bar("patch-hint")

    def on_mount(self) -> None:
        self.query_one("#patch-title", Bar).show(((f" {plain(self._subject)}", "head"),))
        view = self.query_one("#patch-findings", FocusLines)
        view.styles.height = min(4, len(self._findings))
        view.show(self._findings)
        self.query_one("#patch-hint", Bar).show((
            (" ctrl+s", "key"), (" review the diff ", ""), (" esc", "key"), (" leave ", ""),
            (" ctrl+z", "key"), (" undo ", ""),
        ))
        area = self.query_one(TextArea)
        area.focus()
        if self._line:
            area.move_cursor((max(0, self._line - 1), 0), center=True)

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self.query_one(TextArea).text

    def action_review(self) -> None:
        """Show the diff of what was typed."""
        self._review(self.text)

    def action_leave(self) -> None:
        """Leave at once when nothing was typed, else ask."""
        if self.text == self._text:
            self.dismiss(None)
            return

        def then(sure: bool | None) -> None:
            if sure:
                self.dismiss(None)

        self.app.push_screen(
            ConfirmScreen("Leave the patch?", "What you typed here is lost.", verb="leave it"), then
        )
