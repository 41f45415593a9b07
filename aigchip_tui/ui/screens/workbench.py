"""The workbench: five numbered panes over one snapshot, a status line above and the provenance of everything below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen

from aigchip_tui.engine.loop import DRAIN_S
from aigchip_tui.engine.sending import answer_payload, control_payload
from aigchip_tui.model.decision import Action, Decision
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.ui.feed import Feed, SnapshotArrived
from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.glyphs import Glyphs
from aigchip_tui.ui.projections.status import TABS, bottom_line, status_line, tab_line
from aigchip_tui.ui.projections.text import Line, plain, width_of, wrap
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.answering import ConfirmScreen
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.surroundings import Surroundings, Texts
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.lines import LinesView
from aigchip_tui.ui.widgets.table import LineTable

if TYPE_CHECKING:
    from aigchip_tui.store.session import Session

MESSAGE_S = 8.0
LONG_MESSAGE_S = 30.0
"""A message of more than one line is read longer."""
_STOPS = ("stop", "stop now")


def _ended(snapshot: Snapshot) -> str:
    """What a stop led to."""
    cut = f"cut, to be done again: {', '.join(snapshot.cut)}" if snapshot.cut else "no step was cut"
    return f"the engine has ended, {cut}; nothing is lost, ctrl+e goes on"


def _overview() -> Pane:
    from aigchip_tui.ui.screens.overview import OverviewPane

    return OverviewPane()


def _population() -> Pane:
    from aigchip_tui.ui.screens.population import PopulationPane

    return PopulationPane()


def _modules() -> Pane:
    from aigchip_tui.ui.screens.modules import ModulesPane

    return ModulesPane()


def _inbox() -> Pane:
    from aigchip_tui.ui.screens.inbox import InboxPane

    return InboxPane()


def _logs() -> Pane:
    from aigchip_tui.ui.screens.logs import LogsPane

    return LogsPane()


_PANES: tuple[Callable[[], Pane], ...] = (_overview, _population, _modules, _inbox, _logs)


class Workbench(Screen[None]):
    """One session. Panes are made when they are first asked for; only the one in sight is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of("workbench")
    DEFAULT_CSS = """
    Workbench { layout: vertical; background: $background; }
    Workbench #body { height: 1fr; }
    Workbench #message { height: auto; max-height: 5; display: none; }
    """

    def __init__(self, session: Session, surroundings: Surroundings, *, read_only: bool = False) -> None:
        super().__init__()
        self.session = session
        self.surroundings = surroundings
        self.read_only = read_only
        self.steps = surroundings.follow(session)
        self.snapshot: Snapshot = self.steps.empty()
        self.texts = Texts(session.blobs.get_text)
        self.current = 1
        self._panes: dict[int, Pane] = {}
        self._trail: list[int] = []
        self._feed: Feed | None = None
        self._message: Line = ()
        self._pending = 0
        self.sent: dict[str, str] = {}

    @property
    def glyphs(self) -> Glyphs:
        """The drawing signs of this terminal."""
        return self.surroundings.glyphs

    def compose(self) -> ComposeResult:
        yield Bar("status", classes="-status")
        yield Bar("tabs")
        with Container(id="body"):
            yield self._make(1)
        yield LinesView("message")
        yield Bar("hint")
        yield Bar("bottom", classes="-status")

    def _make(self, number: int) -> Pane:
        pane = _PANES[number - 1]()
        self._panes[number] = pane
        return pane

    def on_mount(self) -> None:
        self.draw()
        self._focus()
        watch = self.surroundings.watch
        self._feed = Feed(
            self.steps, self._deliver, interval_s=self.surroundings.interval_s,
            watch=partial(watch, self.session.folder) if watch is not None else None,
        )
        self._feed.start()
        self.set_interval(30.0, self.draw)

    def _deliver(self, snapshot: Snapshot) -> None:
        # Called in the feed's thread: posting is all that may be done there.
        self.post_message(SnapshotArrived(snapshot))

    def on_unmount(self) -> None:
        if self._feed is not None:
            self._feed.stop()

    def on_resize(self) -> None:
        self._draw_bars()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        """The newest look: settle what was sent, draw the pane in sight."""
        self.snapshot = message.snapshot
        for uuid, what in list(self.sent.items()):
            outcome = message.snapshot.commands.get(uuid)
            if outcome is not None:
                del self.sent[uuid]
                accepted = outcome == "accepted"
                self.say(_ended(message.snapshot) if accepted and what in _STOPS else f"{what}: {outcome}",
                         bad=not accepted)
        self.draw()

    @property
    def pane(self) -> Pane:
        """The pane in sight."""
        return self._panes[self.current]

    def draw(self) -> None:
        """Draw bars and the pane in sight."""
        with self.app.batch_update():
            if self.pane.is_mounted:
                self.pane.show(self.snapshot)
            self._draw_bars()

    def _draw_bars(self) -> None:
        width = self.size.width or self.app.size.width
        self.query_one("#status", Bar).show(status_line(self.snapshot, width))
        note = f"{self._pending} new, . to refresh" if self._pending else ""
        self.query_one("#tabs", Bar).show(tab_line(self.current, width, note=note))
        long = width_of(self._message) > width
        above = self.query_one("#message", LinesView)
        above.display = long
        above.show([((f" {piece}", self._message[0][1]),) for piece in wrap(self._message[0][0].strip(), width - 2)]
                   if long else [])
        self.query_one("#hint", Bar).show(self._message if self._message and not long else self.pane.hint())
        self.query_one("#bottom", Bar).show(bottom_line(self.snapshot, width, bar=self.glyphs.bar))

    def say(self, text: str, *, bad: bool = False) -> None:
        """A message on the hint line for some seconds, above it when it is long; it takes no focus."""
        self._message = ((f" {plain(text)}", "bad" if bad else "wait"),)
        message = self._message
        self._draw_bars()

        def clear() -> None:
            if self._message is message:
                self._message = ()
                self._draw_bars()

        self.set_timer(MESSAGE_S if width_of(message) <= self.size.width else LONG_MESSAGE_S, clear)

    def on_line_table_pending_changed(self, event: LineTable.PendingChanged) -> None:
        self._pending = event.pending
        self._draw_bars()

    def on_descendant_focus(self) -> None:
        self._draw_bars()

    # -- moving ----------------------------------------------------------------------------------------------------

    async def action_screen(self, number: int) -> None:
        """Show another pane."""
        if number != self.current:
            self._trail = [*self._trail[-8:], self.current]
        await self._go(number)

    async def _go(self, number: int) -> None:
        if number not in self._panes:
            await self.query_one("#body").mount(self._make(number))
        self.current = number
        self._pending = 0
        for other, pane in self._panes.items():
            pane.display = other == number
        self._message = ()
        self.draw()
        self._focus()

    def _focus(self) -> None:
        target = self.pane.first_focus() if self.pane.is_mounted else None
        if target is not None:
            target.focus()

    async def action_back(self) -> None:
        """Out of what was drilled into; else to the pane before; else to the list of sessions."""
        if self.pane.go_back():
            self._draw_bars()
        elif self._trail:
            await self._go(self._trail.pop())
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_take_latest(self) -> None:
        """Take the newest order of the frozen list."""
        self.pane.take_latest()

    def open_decision(self, decision: str) -> None:
        """Go to a question."""
        from aigchip_tui.ui.screens.inbox import InboxPane

        async def go() -> None:
            await self.action_screen(4)
            pane = self.pane
            if isinstance(pane, InboxPane):
                pane.go_to(decision)

        self.call_later(go)

    def open_design(self, number: int) -> None:
        """Go to the modules of a design."""
        from aigchip_tui.ui.screens.modules import ModulesPane

        async def go() -> None:
            await self.action_screen(3)
            pane = self.pane
            if isinstance(pane, ModulesPane):
                pane.choose_design(number)

        self.call_later(go)

    def action_help(self) -> None:
        """Keys and signs."""
        from aigchip_tui.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.pane.scope, TABS[self.current - 1]))

    def action_quit_view(self) -> None:
        """Close the view; the engine goes on."""
        self.app.exit(0)

    # -- writing ---------------------------------------------------------------------------------------------------

    def cannot_write(self) -> str:
        """Why nothing may be sent; empty when it may."""
        if self.read_only:
            return "this view was opened with --read-only"
        if self.session.read_only:
            name = self.session.name
            return f"read-only: {self.session.read_only}; aigchip-tui clone {name} NEW makes it yours"
        return ""

    def send(self, payload: dict[str, Any], what: str) -> None:
        """Leave a command for the engine, and say what becomes of it."""
        why = self.cannot_write()
        if why:
            self.say(why, bad=True)
            return
        try:
            uuid = self.session.send(payload)
        except (AigchipError, OSError) as problem:
            self.say(str(problem), bad=True)
            return
        self.sent[uuid] = what
        if self.snapshot.engine in ("alive", "unknown"):
            self.say(f"{what}: sent")
        else:
            self.say(f"{what}: queued, no engine runs (ctrl+e starts it)")
        if self._feed is not None:
            self._feed.nudge()

    def answer(
        self, decision: Decision, action: Action, *, cure: int | None = None, as_is: bool = False, reason: str = "",
        hint: str = "", source: str = "", bind: bool = True,
    ) -> None:
        """Answer a question as it was painted: its fingerprint goes along."""
        payload = answer_payload(
            decision.id, action, by=self.surroundings.by, question=decision.fingerprint if bind else "", cure=cure,
            as_is=as_is, reason=reason, hint=hint, source=source,
        )
        what = f"cure {cure} for {decision.module}" if cure is not None else f"{action} {decision.module}"
        self.send(payload, what)

    def patch(self, decision: Decision, text: str) -> None:
        """Send a text by hand: it becomes a blob before anything acts on it."""
        try:
            self.session.require_writable()
            source = self.session.blobs.put_text(text)
        except (AigchipError, OSError) as problem:
            self.say(str(problem), bad=True)
            return
        self.answer(decision, "patch", source=source)

    def edit(self, decision: Decision, before: str) -> str | None:
        """The text after the user's editor ran on a copy in work/; None when it was left as it was."""
        name = f"{decision.module}.hpp"
        path = self.session.work.put(decision.id, name, before)
        command = [*self.surroundings.editor(), str(path)]
        try:
            with self.app.suspend():
                code = self.surroundings.run_editor(command)
        except OSError as problem:
            raise AigchipError(f"{command[0]} cannot be started: {problem.strerror}.", hint="Set $EDITOR.") from None
        self.refresh(layout=True)
        if code != 0:
            raise AigchipError(f"{command[0]} ended with {code}.", hint=f"Your text lies in {path}.")
        after = self.session.work.take(decision.id, name).text
        if after == before:
            self.say("the text is as it was: nothing to take")
            return None
        return after

    def action_control(self, kind: str) -> None:
        """Pause, resume or stop the engine, after a yes."""
        words = {
            "pause": "No new steps are begun; what is under way is finished. ctrl+r goes on.",
            "resume": "Steps are begun again.",
            "stop": f"The engine finishes the steps under way and ends; what takes longer than {DRAIN_S:.0f} s is cut, "
                    "and done again at the next start. Nothing is lost. ctrl+x once more cuts at once.",
        }
        now = kind == "stop" and "stop" in self.sent.values()
        if now:
            words["stop"] = "The engine was asked to stop and still finishes its steps. End them now?"
        what = "stop now" if now else kind

        def then(sure: bool | None) -> None:
            if sure:
                self.send(control_payload(kind, by=self.surroundings.by, now=now), what)

        why = self.cannot_write()
        if not why and kind == "stop" and self.snapshot.engine not in ("alive", "unknown"):
            why = "no engine runs: there is nothing to stop"
        if why:
            self.say(why, bad=True)
            return
        self.app.push_screen(
            ConfirmScreen(f"{kind.capitalize()} the search of {self.session.name}?", words[kind], verb=what), then
        )

    def action_start_engine(self) -> None:
        """Start the detached engine, after a yes."""
        why = self.cannot_write()
        if why or self.snapshot.engine in ("alive", "unknown"):
            self.say(why or "the engine runs already", bad=bool(why))
            return

        def work() -> None:
            try:
                said = self.surroundings.start_engine(self.session)
                self.app.call_from_thread(self.say, said)
            except (AigchipError, OSError) as problem:
                said = str(problem).replace("\naigchip-tui: ", " ").replace("\n", " ")
                self.app.call_from_thread(self.say, said, bad=True)

        def then(sure: bool | None) -> None:
            if sure:
                self.say("starting the engine")
                self.run_worker(work, thread=True, exclusive=True, group="engine", exit_on_error=False)

        self.app.push_screen(ConfirmScreen(
            f"Start the engine of {self.session.name}?",
            "It runs by itself, also when you close this view or the terminal.", verb="start it",
        ), then)
