"""What a rung of a design rests on is counted over its modules, and a waiver is never a pass."""

from __future__ import annotations

from aigchip_tui.export.proof_table import proof_page
from aigchip_tui.model import events as ev
from aigchip_tui.model.evidence import evidence_of
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.state import SessionState
from aigchip_tui.model.summary import ladder


def state_of(*outcomes: tuple[str, RungOutcome]) -> SessionState:
    state = SessionState()
    for key in ("lane-1", "ctrl-1"):
        module = key.partition("-")[0]
        state.apply(ev.VariantDeclared(key=key, module=module, function=module, settings={"k": 4}, instruction=()))
        state.apply(ev.ReplyRecorded(
            call=key, variant=key, attempt=1, reply="r", source="s", model="m", generator="offline adapter"))
    state.apply(ev.DesignProposed(number=1, parameters={}))
    state.apply(ev.DesignElaborated(design=1, processes=2, instances=tuple(
        ev.InstanceNamed(name=name, variant=key, module=key.partition("-")[0])
        for name, key in (("lane", "lane-1"), ("ctrl", "ctrl-1"), ("other", "ctrl-1"))
    )))
    for key, outcome in outcomes:
        state.apply(ev.RungFinished(variant=key, attempt=1, outcome=outcome))
    return state


def test_values_are_added_over_modules_and_each_module_counts_once() -> None:
    passed = [
        (key, RungOutcome(rung="module_sim", status="passed", evidence=f"{n} values in 3 tokens agree"))
        for key, n in (("lane-1", 40), ("ctrl-1", 2))
    ]
    state = state_of(*passed)
    assert evidence_of(state, state.designs[1], "module_sim") == "2 modules: 2 passed; 42 values compared in all"
    assert evidence_of(state, state.designs[1], "rate") == ""
    partly = state_of(passed[0])
    assert evidence_of(partly, partly.designs[1], "module_sim") == (
        "2 modules: 1 passed, 1 not run; 40 values compared in all")


def test_foreign_text_stays_one_plain_cell_and_a_waiver_names_who_and_why() -> None:
    nasty = "width |96|\n# a [link](x) <b>\x1b[31m"
    state = state_of(("lane-1", RungOutcome(rung="contract", status="failed", evidence=nasty)))
    state.variants["lane-1"].attempts[0].waived["contract"] = ("ada", "the | board differs")
    lines = proof_page(state, state.designs[1], ladder(state, state.designs[1])).splitlines()
    row = next(line for line in lines if line.startswith("| contract | waived"))
    assert row == (
        r"| contract | waived | by ada: the \| board differs; width \|96\| # a \[link\](x) \<b\>?\[31m |")
    assert not any("\n" in line or "\x1b" in line for line in lines)
    assert lines.count("### ctrl, other") == 1
