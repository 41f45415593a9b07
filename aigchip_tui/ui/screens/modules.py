"""Screen 3: the module tree of a design with its proofs, and one module's code, proof and instruction.

The node that the template writes stands for the whole design: its wiring, its rungs, its streams."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.synth.memories import EdgeCost
from aigchip_tui.ui.keys import bindings_of
from aigchip_tui.ui.projections.code import CodeText, findings_of
from aigchip_tui.ui.projections.modules import (
    TreeRow,
    design_rung_lines,
    design_title,
    instruction_lines,
    rung_lines,
    stream_lines,
    tree_line,
    tree_rows,
    variant_title,
)
from aigchip_tui.ui.projections.text import EMPTY, Line, Span, plain, wrap
from aigchip_tui.ui.projections.views import DesignView, Snapshot, VariantView
from aigchip_tui.ui.screens.pane import Pane
from aigchip_tui.ui.widgets.bars import Bar
from aigchip_tui.ui.widgets.code_view import CodeView
from aigchip_tui.ui.widgets.lines import FocusLines
from aigchip_tui.ui.widgets.table import LineTable

PAGES = ("code", "proof", "instruction")
TOP_PAGES = ("code", "proof", "streams")
"""Of the node that the template writes."""


class ModulesPane(Pane):
    """Tree at the left, the module under the cursor at the right; Enter gives the code the whole width."""

    scope = "modules"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("modules", without=["enter"])
    DEFAULT_CSS = """
    ModulesPane { layout: horizontal; }
    ModulesPane #tree-side { width: 36; border-right: vkey $panel; }
    ModulesPane #code-side { width: 1fr; }
    ModulesPane.-wide #tree-side { width: 44; }
    ModulesPane.-huge #tree-side { width: 66; }
    ModulesPane.-reading #tree-side { display: none; }
    ModulesPane FocusLines { display: none; }
    ModulesPane CodeView { display: block; }
    ModulesPane.-lines CodeView { display: none; }
    ModulesPane.-lines #module-lines { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.design: int | None = None
        self.follow_best = True
        self.page = 0
        self._folded: set[str] = set()
        self._rows: dict[str, TreeRow] = {}
        self._shown: tuple[object, ...] = ()
        self._streams: tuple[int, tuple[EdgeCost, ...]] | None = None

    def compose(self) -> ComposeResult:
        with Container(id="tree-side"):
            yield Bar("tree-title")
            yield LineTable("tree", self._tree_row, freezes=False)
        with Container(id="code-side"):
            yield Bar("code-title")
            yield CodeView("code")
            yield FocusLines("module-lines")

    def on_resize(self) -> None:
        self.set_class(self.app.size.width >= 100, "-wide")
        self.set_class(self.app.size.width >= 150, "-huge")
        self._shown = ()
        self.call_after_refresh(lambda: self.show(self.snapshot))

    # -- drawing ---------------------------------------------------------------------------------------------------

    def current_design(self, snapshot: Snapshot) -> DesignView | None:
        """The chosen design; else the best; else the newest that has a tree."""
        if not self.follow_best and self.design in snapshot.designs:
            return snapshot.designs[self.design] if self.design is not None else None
        best = snapshot.best_design()
        if best is not None:
            return best
        trees = [d for d in snapshot.designs.values() if d.instances]
        kept = [d for d in trees if d.number == self.design]
        return next(iter(kept or trees or snapshot.designs.values()), None)

    def show(self, snapshot: Snapshot) -> None:
        design = self.current_design(snapshot)
        self.design = design.number if design is not None else None
        rows = tree_rows(design.instances, self._folded) if design is not None else []
        self._rows = {row.name: row for row in rows}
        table = self.query_one("#tree", LineTable)
        side = self.query_one("#tree-side")
        width = side.size.width or 36
        best = design is not None and design.number == snapshot.best
        self.query_one("#tree-title", Bar).show(design_title(design, best=best, width=width))
        table.set_rows(list(self._rows), force=True)
        self._show_module(snapshot)

    def _tree_row(self, name: str, width: int) -> Line:
        row = self._rows.get(name)
        return tree_line(self.snapshot, row, width) if row is not None else EMPTY

    def variant(self, snapshot: Snapshot) -> VariantView | None:
        """The variant under the cursor."""
        row = self._rows.get(self.query_one("#tree", LineTable).cursor)
        return snapshot.variants.get(row.instance.variant) if row is not None else None

    def _show_module(self, snapshot: Snapshot) -> None:
        row = self._rows.get(self.query_one("#tree", LineTable).cursor)
        variant = self.variant(snapshot)
        attempt = variant.attempt if variant is not None else None
        self.query_one("#code-title", Bar).show((
            *((f" {title} ", "tab" if i == self.page else "dim") for i, title in enumerate(_pages(row))), ("  ", ""),
            *variant_title(snapshot, row.instance if row is not None else None, variant),
        ))
        width = self.query_one("#code-side").size.width or 44
        design = snapshot.designs.get(self.design) if self.design is not None else None
        about = attempt if attempt is not None else design
        shown = (self.page, row.name if row is not None else "", self.design, width, about, variant)
        if shown == self._shown:
            return
        keep = shown[:4] == self._shown[:4]
        self._shown = shown
        source = attempt.source if attempt is not None else self._wiring(snapshot, row)
        self.set_class(self.page != 0 or not source, "-lines")
        if self.page == 0 and source:
            code = CodeText(self.workbench.texts.get(source), findings_of(attempt), width=width)
            view = self.query_one(CodeView)
            view.show_code(code, keep=keep)
            if not keep:
                self.call_after_refresh(view.go_to_finding)
            return
        lines = self.query_one("#module-lines", FocusLines)
        if not keep:
            lines.scroll_to(0, 0, animate=False)
        lines.show(self._lines(variant, row, width))

    def _wiring(self, snapshot: Snapshot, row: TreeRow | None) -> str:
        """Blob of the top, when the cursor is on the node that the template wrote."""
        design = snapshot.designs.get(self.design) if self.design is not None else None
        if row is None or row.instance.author == "generator" or design is None or design.figures is None:
            return ""
        return design.figures.wiring

    def _lines(self, variant: VariantView | None, row: TreeRow | None, width: int) -> list[Line]:
        if variant is None:
            return self._top_lines(row, width)
        attempt = variant.attempt
        if self.page == 1:
            return rung_lines(attempt, width)
        if self.page == 2:
            return instruction_lines(variant, width)
        word = attempt.refusal if attempt is not None and attempt.refusal else "No code yet."
        spans: list[Span] = [(f" {piece}", "wait" if attempt is not None and attempt.refusal else "dim")
                             for piece in wrap(plain(word), width - 2)]
        return [(span,) for span in spans]

    def _top_lines(self, row: TreeRow | None, width: int) -> list[Line]:
        design = self.snapshot.designs.get(self.design) if self.design is not None else None
        if row is None or row.instance.author == "generator" or design is None:
            return []
        text = "Written by the template when the design is assembled."
        if self.page == 1:
            return design_rung_lines(design, width)
        if self.page == 2:
            try:
                return stream_lines(self._streams_of(design), width)
            except AigchipError as problem:
                text = str(problem)
        return [((f" {piece}", "dim"),) for piece in wrap(plain(text), width - 2)]

    def _streams_of(self, design: DesignView) -> tuple[EdgeCost, ...]:
        from aigchip_tui.engine.streams import design_streams  # loads the template: nothing else here needs it

        if self._streams is None or self._streams[0] != design.number:
            found = design_streams(self.snapshot.settings, design.parameters, design.instances)
            self._streams = (design.number, found)
        return self._streams[1]

    # -- acting ----------------------------------------------------------------------------------------------------

    def first_focus(self) -> Widget | None:
        return self.query_one("#tree", LineTable)

    def go_back(self) -> bool:
        if self.has_class("-reading"):
            self.remove_class("-reading")
            self.query_one("#tree", LineTable).focus()
            self._shown = ()
            self.call_after_refresh(lambda: self.show(self.snapshot))
            return True
        return False

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        event.stop()
        self._show_module(self.snapshot)

    def on_line_table_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.action_code()

    def action_code(self) -> None:
        """The code over the whole width."""
        self.add_class("-reading")
        self._shown = ()

        def then() -> None:
            self.show(self.snapshot)
            target: Any = self.query_one("#module-lines" if self.has_class("-lines") else CodeView)
            target.focus()

        self.call_after_refresh(then)

    def action_fold(self) -> None:
        """Fold or unfold below the node under the cursor."""
        name = self.query_one("#tree", LineTable).cursor
        self._folded ^= {name}
        self.show(self.snapshot)

    def action_page(self, step: int) -> None:
        """Code, proof, then the instruction, or the streams of the whole design."""
        self.page = (self.page + step) % len(PAGES)
        reading = self.has_class("-reading")
        self._show_module(self.snapshot)
        if reading:
            self.action_code()

    def choose_design(self, number: int) -> None:
        """Show another design and stay with it."""
        self.design, self.follow_best = number, False
        self.show(self.snapshot)

    def action_design(self, step: int) -> None:
        """The next or previous design that has a tree."""
        numbers = [n for n, d in self.snapshot.designs.items() if d.instances]
        if numbers:
            here = numbers.index(self.design) if self.design in numbers else 0
            self.choose_design(numbers[(here + step) % len(numbers)])

    def action_best(self) -> None:
        """Follow the best design again."""
        self.follow_best, self.design = True, None
        self.show(self.snapshot)

    def action_finding(self) -> None:
        """Go to the first finding."""
        if not self.query_one(CodeView).go_to_finding():
            self.workbench.say("no finding here")

    def action_question(self) -> None:
        """Go to the question about this module."""
        variant = self.variant(self.snapshot)
        if variant is not None and variant.decision:
            self.workbench.open_decision(variant.decision)
        else:
            self.workbench.say("no question waits about this module")


def _pages(row: TreeRow | None) -> tuple[str, ...]:
    return TOP_PAGES if row is not None and row.instance.author != "generator" else PAGES
