"""The one registry of keys: bindings, help, hints and palette are all made from it. Knows nothing of Textual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["everywhere", "workbench", "population", "modules", "inbox", "logs", "sessions", "answer"]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A thing that can be done: id for the user's keymap, keys, a word for the hint line, a sentence for the help."""

    id: str
    keys: str
    action: str
    word: str
    tooltip: str
    scope: Scope
    hint: bool = False
    writes: bool = False
    palette: bool = False

    @property
    def key(self) -> str:
        """The key as people read it."""
        shown = {
            "question_mark": "?", "full_stop": ".", "escape": "esc", "colon": ":", "left_square_bracket": "[",
            "right_square_bracket": "]", "slash": "/", "enter": "Enter", "tab": "Tab",
        }
        first = self.keys.split(",")[0]
        return shown.get(first, first)


ACTIONS: tuple[Action, ...] = (
    Action(id="screen.overview", keys="1", action="screen(1)", word="Overview", scope="workbench", palette=True,
           tooltip="What was asked, found and is going on."),
    Action(id="screen.population", keys="2", action="screen(2)", word="Population", scope="workbench", palette=True,
           tooltip="All designs with their figures."),
    Action(id="screen.modules", keys="3", action="screen(3)", word="Modules", scope="workbench", palette=True,
           tooltip="The module tree of a design, its proofs and its code."),
    Action(id="screen.inbox", keys="4", action="screen(4)", word="Inbox", scope="workbench", palette=True,
           tooltip="Questions that wait for you, and what was answered."),
    Action(id="screen.logs", keys="5", action="screen(5)", word="Logs", scope="workbench", palette=True,
           tooltip="Prompts, replies with the source of each line, logs of the rungs."),
    Action(id="back", keys="escape", action="back", word="back", scope="workbench",
           tooltip="Back to where you came from, on the same row."),
    Action(id="refresh", keys="full_stop", action="take_latest", word="refresh", scope="workbench",
           tooltip="Take the newest order of a list that was frozen under your cursor."),
    Action(id="help", keys="question_mark,f1", action="help", word="help", scope="workbench",
           tooltip="Keys and signs.", palette=True),
    Action(id="palette", keys="colon", action="app.command_palette", word="palette", scope="workbench",
           tooltip="Find an action by its name (also ctrl+p)."),
    Action(id="quit", keys="q", action="quit_view", word="quit the view", scope="workbench", palette=True,
           tooltip="Close this view. The engine goes on."),
    Action(id="engine.pause", keys="ctrl+y", action="control('pause')", word="Pause the search", scope="workbench",
           tooltip="Begin no new steps; what is under way is finished.", writes=True, palette=True),
    Action(id="engine.resume", keys="ctrl+r", action="control('resume')", word="Resume the search", scope="workbench",
           tooltip="Begin steps again after a pause.", writes=True, palette=True),
    Action(id="engine.start", keys="ctrl+e", action="start_engine", word="Start the engine", scope="workbench",
           tooltip="Start the detached engine of this session.", writes=True, palette=True),
    Action(id="engine.stop", keys="ctrl+x", action="control('stop')", word="Stop the engine", scope="workbench",
           tooltip="Let the engine finish its steps and end; again: end them at once. Nothing is lost.", writes=True,
           palette=True),

    Action(id="population.open", keys="enter", action="open", word="modules", scope="population", hint=True,
           tooltip="See the module tree and the code of the design."),
    Action(id="population.sort", keys="s", action="sort", word="sort", scope="population", hint=True,
           tooltip="Order by proposal, latency, DSP, or state."),
    Action(id="population.only", keys="f", action="only", word="filter", scope="population", hint=True,
           tooltip="All designs, the front, those in flight, or those that failed."),

    Action(id="modules.code", keys="enter", action="code", word="code", scope="modules", hint=True,
           tooltip="Read the code over the whole width."),
    Action(id="modules.fold", keys="space", action="fold", word="fold", scope="modules", hint=True,
           tooltip="Fold or unfold the modules below."),
    Action(id="modules.page", keys="tab", action="page(1)", word="next page", scope="modules", hint=True,
           tooltip="Code, proof, instruction."),
    Action(id="modules.page_back", keys="shift+tab", action="page(-1)", word="page before", scope="modules",
           tooltip="The page before."),
    Action(id="modules.next", keys="right_square_bracket,n", action="design(1)", word="next design", scope="modules",
           hint=True, tooltip="The next design."),
    Action(id="modules.previous", keys="left_square_bracket,N", action="design(-1)", word="design before",
           scope="modules", tooltip="The design before."),
    Action(id="modules.best", keys="b", action="best", word="best", scope="modules", hint=True,
           tooltip="Follow the best design."),
    Action(id="modules.finding", keys="exclamation_mark,x", action="finding", word="finding", scope="modules",
           tooltip="Go to the first finding in the code."),
    Action(id="modules.question", keys="a", action="question", word="its question", scope="modules",
           tooltip="Go to the question that waits about this module."),

    Action(id="inbox.diff", keys="a,enter", action="accept", word="diff", scope="inbox", hint=True,
           writes=True, tooltip="See what a cure would change; Enter there takes it."),
    Action(id="inbox.waive", keys="w", action="waive", word="waive", scope="inbox", hint=True, writes=True,
           tooltip="Waive the red rung, with a reason. Waived is never shown as passed."),
    Action(id="inbox.regenerate", keys="r", action="regenerate", word="regenerate", scope="inbox", hint=True,
           writes=True, tooltip="Ask the generator again, with a hint of yours."),
    Action(id="inbox.patch", keys="p", action="patch", word="patch", scope="inbox", hint=True, writes=True,
           tooltip="Mend the code by hand here."),
    Action(id="inbox.editor", keys="e", action="editor", word="$EDITOR", scope="inbox", hint=True, writes=True,
           tooltip="Mend the code in your own editor."),
    Action(id="inbox.skip", keys="s", action="skip", word="skip", scope="inbox", hint=True, writes=True,
           tooltip="Give the designs that need this module up."),
    Action(id="inbox.undo", keys="u", action="undo", word="undo", scope="inbox", hint=True, writes=True,
           tooltip="Take an answer back, as long as no figures rest on it."),
    Action(id="inbox.evidence", keys="tab", action="page(1)", word="more", scope="inbox", hint=True,
           tooltip="Code, findings, instruction, prompt, reply, log."),
    Action(id="inbox.evidence_back", keys="shift+tab", action="page(-1)", word="evidence before", scope="inbox",
           tooltip="The evidence before."),
    Action(id="inbox.focus", keys="o", action="focus_evidence", word="scroll", scope="inbox",
           tooltip="Move the keys into the evidence, to scroll it; esc goes back."),

    Action(id="logs.open", keys="enter", action="open", word="read", scope="logs", hint=True,
           tooltip="Move the keys into the text, to scroll it; esc goes back to the row."),
    Action(id="logs.page", keys="tab", action="page(1)", word="next text", scope="logs", hint=True,
           tooltip="Reply, source of each line, prompt, logs of the rungs, code."),
    Action(id="logs.page_back", keys="shift+tab", action="page(-1)", word="text before", scope="logs",
           tooltip="The text before."),

    Action(id="sessions.open", keys="enter", action="open", word="open", scope="sessions", hint=True,
           tooltip="Open the session."),
    Action(id="sessions.reload", keys="r", action="reload", word="look again", scope="sessions", hint=True,
           tooltip="Read the folder of the sessions again."),
    Action(id="sessions.quit", keys="q", action="quit_view", word="quit", scope="sessions", hint=True,
           tooltip="Close this view. Engines go on."),
    Action(id="sessions.help", keys="question_mark,f1", action="help", word="help", scope="sessions", hint=True,
           tooltip="Keys and signs."),
)


def actions_of(*scopes: Scope) -> list[Action]:
    """Actions of some scopes in the order of the registry."""
    return [a for a in ACTIONS if a.scope in scopes]
