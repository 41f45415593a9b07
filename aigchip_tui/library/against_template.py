"""Whether demonstrations say what their template would say: module, settings and instruction lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.laws_base import demo_finding
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.modules.protocol import Template


def template_findings(demos: Sequence[Demo], template: Template) -> list[Finding]:
    """Demos whose module, settings or instruction lines are not those of the template."""
    return [finding for demo in demos for finding in _of(demo, template)]


def _of(demo: Demo, template: Template) -> Iterator[Finding]:
    if demo.module not in template.modules():
        names = ", ".join(template.modules())
        yield demo_finding(
            "L1",
            demo,
            f"the template has no module {demo.module!r}.",
            file="demo.yaml",
            suggestion=f"Modules: {names}.",
        )
        return
    try:
        asked = tuple(" ".join(text.split()) for text in template.variant(demo.module, demo.settings).instruction)
    except (AigchipError, KeyError, TypeError, ValueError) as error:
        yield demo_finding("L1", demo, f"its settings are not those of the module ({error}).", file="demo.yaml")
        return
    if len(asked) != len(demo.instruction):
        yield demo_finding(
            "L1",
            demo,
            f"its instruction has {len(demo.instruction)} lines, the template's for these settings {len(asked)}.",
            file="instruction.md",
        )
        return
    for number, (mine, theirs) in enumerate(zip(demo.instruction, asked, strict=True), start=1):
        if mine != theirs:
            yield demo_finding(
                "L1",
                demo,
                f'line {number} is "{mine}", the template says "{theirs}".',
                file="instruction.md",
                row=number,
                suggestion="Take the template's line, or mend the settings in demo.yaml.",
            )
