"""A demonstration says what its template says for the same settings."""

from __future__ import annotations

import msgspec
import pytest

from aigchip_tui.library.against_template import template_findings
from aigchip_tui.library.demos import Demo, load_demos, shipped_root, templates
from aigchip_tui.modules.loader import load_template

NAMES = templates([shipped_root()])


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_demos_say_what_their_template_says(name: str) -> None:
    found = template_findings(load_demos(name, roots=[shipped_root()]).demos, load_template(name))
    assert [finding.message for finding in found] == []


def test_what_differs_is_told() -> None:
    template = load_template(NAMES[0])
    demo = load_demos(NAMES[0], roots=[shipped_root()]).demos[0]

    def says(changed: Demo) -> str:
        (finding,) = template_findings([changed], template)
        assert finding.blocking
        return finding.message

    lines = demo.instruction
    assert "has no module 'nothing'" in says(msgspec.structs.replace(demo, module="nothing"))
    assert 'line 1 is "Other."' in says(msgspec.structs.replace(demo, instruction=("Other.", *lines[1:])))
    assert f"has {len(lines) - 1} lines" in says(msgspec.structs.replace(demo, instruction=lines[1:]))
    assert "are not those of the module" in says(msgspec.structs.replace(demo, settings={"nothing": 1}))
