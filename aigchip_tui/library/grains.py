"""The two grains of an instruction (paper sec. III): explicit, line by line, and high-level, what is wanted alone.

The laws of demonstrations are those of explicit instructions. A high-level one names the module, its settings and its
interface; which loops, registers and counters answer it stays open, so the proof ladder is all that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.demotext import MARK
from aigchip_tui.model.module import Settings, Variant
from aigchip_tui.model.session import Grain
from aigchip_tui.modules.protocol import Template

_EMPTY_MARK = re.compile(r"//\s*\[\d+\]\s*$")


@runtime_checkable
class WordsSettings(Protocol):
    """A template that says its local settings in words: setting, or `setting=value`, to a phrase with one `{}`."""

    def setting_words(self, module: str) -> Mapping[str, str]:
        """Phrases for the settings of one module kind."""
        ...


def instruction_in(grain: Grain, template: Template, variant: Variant) -> tuple[str, ...]:
    """A variant's instruction lines in a grain."""
    return variant.instruction if grain == "explicit" else high_level(template, variant.module, variant.settings)


def high_level(template: Template, module: str, settings: Settings) -> tuple[str, ...]:
    """What a module is for, its settings in words, and the declaration of its function: one line each."""
    spec = template.modules()[module]
    words = template.setting_words(module) if isinstance(template, WordsSettings) else {}
    phrases = [
        words.get(f"{name}={value}", words.get(name, f"{name} {{}}")).format(value) for name, value in settings.items()
    ]
    summary = spec.summary.rstrip(".")
    return (
        f"Write the module {module}: {summary[0].lower()}{summary[1:]}.",
        *([f"Its settings: {'; '.join(phrases)}."] if phrases else []),
        f"Its function: {spec.signature(settings)}",
    )


def demos_in(grain: Grain, template: Template, demos: Sequence[Demo]) -> tuple[Demo, ...]:
    """Demonstrations as a prompt of this grain shows them: a high-level one keeps its reasons and loses its marks."""
    if grain == "explicit":
        return tuple(demos)
    return tuple(
        msgspec.structs.replace(
            demo, instruction=high_level(template, demo.module, demo.settings), code=without_marks(demo.code)
        )
        for demo in demos
    )


def without_marks(code: str) -> str:
    """Code without the numbers of instruction lines; a comment that was a mark alone goes."""
    rows = []
    for row in code.splitlines():
        if _EMPTY_MARK.fullmatch(row.strip()):
            continue
        bare = _EMPTY_MARK.sub("", row)
        marked = MARK.search(bare)
        rows.append(f"{bare[: marked.start()]}// {marked.group(2)}" if marked else bare.rstrip())
    return "\n".join(rows) + "\n"


def readable(code: str) -> str:
    """Code for somebody who does not see its instruction: reasons without line numbers, and none where no code follows.

    Nothing but comments is changed.
    """
    rows = code.splitlines()
    kept = []
    for number, row in enumerate(rows):
        following = next((other for other in rows[number + 1 :] if other.strip()), "// [0]")
        if row.lstrip().startswith("//") and MARK.search(row) and MARK.search(following):
            continue
        kept.append(row)
    return without_marks("\n".join(kept))
