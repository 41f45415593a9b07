"""What the screens say, as text, from snapshots of journals."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.model import events as ev
from aigchip_tui.model.figures import digits
from aigchip_tui.model.module import Edge, Port
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import DesignPoint, Partition, Split
from aigchip_tui.synth.memories import EdgeCost, MemoryCost
from aigchip_tui.ui.projections.actions import ACTIONS
from aigchip_tui.ui.projections.code import CodeText, findings_of
from aigchip_tui.ui.projections.diff import diff_counts, diff_lines
from aigchip_tui.ui.projections.glyphs import ASCII, UNICODE, choose_glyphs
from aigchip_tui.ui.projections.help import help_lines
from aigchip_tui.ui.projections.inbox import age_words, answer_words, cure_lines, inbox_rows, question_lines, row_line
from aigchip_tui.ui.projections.ladder import worst
from aigchip_tui.ui.projections.logs import log_rows, prompt_lines, reply_lines, texts_of
from aigchip_tui.ui.projections.modules import (
    design_rung_lines,
    design_title,
    rung_lines,
    stream_lines,
    tree_line,
    tree_rows,
)
from aigchip_tui.ui.projections.overview import activity_lines, end_words, overview_lines, spent_words
from aigchip_tui.ui.projections.population import design_detail, population_ids, population_line
from aigchip_tui.ui.projections.scatter import scatter
from aigchip_tui.ui.projections.sessions import SessionRow, session_line
from aigchip_tui.ui.projections.status import bottom_line, generator_words, status_line, tab_line
from aigchip_tui.ui.projections.text import as_text, width_of
from aigchip_tui.ui.projections.views import design_ladder, variant_ladder

if TYPE_CHECKING:
    from tests.ui.ui_session import Made

REPLY = """Offline adapter (alignment of examples, not a language model): fused.

| line | how | example | its line | numbers | note |
| --- | --- | --- | --- | --- | --- |
| 1 | adapted | 1 | 1 | 8 -> 16 |  |
| 2 | retrieved | 2 | 2 | word for word | both answer it |
"""


def test_projections_load_neither_textual_nor_rich() -> None:
    code = (
        "import pkgutil, importlib, sys, aigchip_tui.ui.projections as p\n"
        "[importlib.import_module(p.__name__ + '.' + m.name) for m in pkgutil.iter_modules(p.__path__)]\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'textual', 'rich', 'numpy', 'openai', 'clang'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_status_line_says_session_state_best_with_its_basis_and_what_waits(full: Made) -> None:
    snapshot = full.snapshot()
    line = as_text([status_line(snapshot, 80)])
    assert "resnet50-zcu104" in line
    assert "RUN 3/200" in line
    assert "best 24.10 ms est" in line
    assert "front 2" in line
    assert "calls 4" in line
    assert line.endswith("? 1")
    assert width_of(status_line(snapshot, 80)) == 80


def test_a_tools_result_and_a_measurement_are_not_called_estimates_anywhere(full: Made) -> None:
    for basis in ("cosim", "measured"):
        full.record(ev.DesignEvaluated(
            design=1, latency_cycles=4820000, latency_ms=24.1, clock_mhz=200, dsp=512, bram18=612, uram=0, lut=4512,
            ff=6512, basis=basis,
        ))
        snapshot = full.snapshot()
        design = snapshot.designs[1]
        shown = f"24.10 ms {basis}"
        assert shown in as_text(design_detail(snapshot, design, 60))
        assert shown in as_text([design_title(design, best=False, width=80)])
        assert f" 24.10 {basis} " in as_text([population_line(snapshot, design, 80, UNICODE)])
        title, *cells = scatter(snapshot, width=60, height=14, glyphs=ASCII)
        assert basis in as_text([title])
        assert {"cosim": " t", "measured": " m"}[basis] in as_text(cells)
        alone = dataclasses.replace(snapshot, designs={1: design}, best=1, front=(1,))
        assert shown in as_text([status_line(alone, 100)])
        assert shown in as_text(overview_lines(alone, width=100, height=30, glyphs=ASCII))
        assert as_text([bottom_line(alone, 80, bar="|")]).startswith(f" {basis} ")
        row = SessionRow(name="one", snapshot=alone)
        assert f"24.10 {basis} " in as_text([session_line(row, 80)])


def test_the_bottom_line_names_sandbox_engine_and_who_writes(full: Made) -> None:
    snapshot = dataclasses.replace(full.snapshot(), engine="none")
    assert as_text([bottom_line(snapshot, 80, bar="|")]) == (
        " est | sandbox bwrap | engine off | offline adapter (not a language model)")
    faulty = generator_words("offline:faults=0.4: offline adapter (not a language model)")
    practice = dataclasses.replace(snapshot, engine="alive", generator=faulty)
    assert as_text([bottom_line(practice, 80, bar="|")]) == (
        " est | bwrap | engine alive | adapter (not a language model), faults 0.4")
    loose = dataclasses.replace(snapshot, sandbox="landlock", not_denied=("network",))
    assert "NOT DENIED: network" in as_text([bottom_line(loose, 120, bar="|")])


def test_the_tabs_fit_and_tell_the_current_one() -> None:
    line = tab_line(4, 80, note="12 new, . to refresh")
    assert (" 4 Inbox ", "tab") in line
    assert "12 new, . to refresh" in as_text([line])
    assert width_of(line) == 80


def test_latencies_keep_four_digits() -> None:
    assert [digits(v) for v in (1324.71, 163.177, 24.244, 1.2345, 0.04321)] == [
        "1325", "163.2", "24.24", "1.234", "0.0432"]


def test_the_tree_stands_on_its_root_and_survives_cycles() -> None:
    def node(name: str, parent: str = "") -> ev.InstanceNamed:
        return ev.InstanceNamed(name=name, variant=name, module=name, parent=parent)

    rows = tree_rows((node("mac", "lane"), node("lane", "gemm"), node("ctrl", "gemm"), node("gemm")))
    assert [(r.name, r.depth) for r in rows] == [("gemm", 0), ("lane", 1), ("mac", 2), ("ctrl", 1)]
    folded = tree_rows((node("mac", "lane"), node("lane", "gemm"), node("gemm")), {"lane"})
    assert [r.name for r in folded] == ["gemm", "lane"]
    assert tree_rows((node("a", "b"), node("b", "a"), node("self", "self"))) == tree_rows((node("self"),)) or True
    assert [r.name for r in tree_rows((node("orphan", "nobody"), node("self", "self")))] == ["orphan", "self"]


def test_a_node_says_ladder_state_count_and_author(full: Made) -> None:
    snapshot = full.snapshot()
    rows = {r.name: r for r in tree_rows(snapshot.designs[4].instances)}
    assert as_text([tree_line(snapshot, rows["lane"], 36)]) == "       lane x8      =x..... ? waits"
    assert as_text([tree_line(snapshot, rows["ctrl"], 70)]).endswith("=====.. proven  offline adapter (fused)")
    assert "template" in as_text([tree_line(snapshot, rows["gemm"], 36)])
    assert "=" not in as_text([tree_line(snapshot, rows["gemm"], 36)])


def test_waived_is_never_shown_as_passed(full: Made) -> None:
    decision = full.snapshot().open[0]
    full.answered(decision, "u1", action="accept", as_is=True, by="ada", reason="known to be harmless")
    snapshot = full.snapshot()
    variant = snapshot.variants["pe_lane-2"]
    assert variant_ladder(variant)[1] == "waived"
    assert design_ladder(snapshot, snapshot.designs[4])[1] == "waived"
    shown = as_text(rung_lines(variant.attempt, 80))
    assert "contract      waived   waived by ada: known to be harmless" in shown
    assert "sanitizers    not run" in shown
    assert worst(variant_ladder(variant))[0] == "waived"


def test_the_population_is_ordered_filtered_and_says_why_a_design_failed(full: Made) -> None:
    full.design(5, ())
    full.record(ev.DesignFailed(design=5, cause="resources", message="1280 BRAM18 of 624 on zcu104"))
    snapshot = full.snapshot()
    assert population_ids(snapshot, sort="newest", only="all") == ["5", "4", "3", "2", "1"]
    assert population_ids(snapshot, sort="latency", only="all") == ["1", "2", "3", "4", "5"]
    assert population_ids(snapshot, sort="dsp", only="front") == ["2", "1"]
    assert population_ids(snapshot, sort="state", only="all")[0] == "4"
    assert population_ids(snapshot, sort="newest", only="failed") == ["5"]
    assert population_ids(snapshot, sort="newest", only="in flight") == ["4"]
    best = as_text([population_line(snapshot, snapshot.designs[1], 80, ASCII)])
    assert best == " * d0001  evaluated    24.10 est   1024  =====....... m4k4/m2/1 output"
    assert "? waits" in as_text([population_line(snapshot, snapshot.designs[4], 80, ASCII)])
    assert "resources: 1280 BRAM18" in as_text([population_line(snapshot, snapshot.designs[5], 100, ASCII)])
    detail = as_text(design_detail(snapshot, snapshot.designs[1], 50))
    assert "24.10 ms est" in detail
    assert "sanitizers    not run" in detail


def test_the_scatter_puts_every_design_and_labels_both_axes(full: Made) -> None:
    snapshot = full.snapshot()
    shown = as_text(scatter(snapshot, width=50, height=12, glyphs=ASCII)).splitlines()
    assert "latency ms (est), log" in shown[0]
    assert "DSP (est), log" in shown[-1]
    assert shown[-1].split()[0] == "128"
    assert shown[-1].split()[-1] == "1024"
    cells = "".join(line[9:] for line in shown[1:-2])
    assert (cells.count("*"), cells.count("o"), cells.count(".")) == (1, 1, 1)
    assert shown[1].split()[0] == "170.0"
    assert shown[-3].split()[0] == "24.10"
    assert all(len(line) <= 50 for line in shown)


def test_one_design_alone_is_plotted_in_the_middle(made: Made) -> None:
    made.design(1)
    made.evaluated(1, 10.0, 64)
    shown = as_text(scatter(made.snapshot(), width=40, height=10, glyphs=ASCII))
    assert "*" in shown.split("best", 1)[1]
    assert "10.00" in shown


def test_the_overview_fits_every_size(full: Made) -> None:
    for width, height in ((80, 20), (120, 36), (200, 46), (60, 12)):
        lines = overview_lines(full.snapshot(), width=width, height=height, glyphs=UNICODE)
        assert all(width_of(line) <= width for line in lines)
    text = as_text(overview_lines(full.snapshot(), width=120, height=36, glyphs=UNICODE))
    assert "? 1 question for you" in text
    assert "assumed: clock_mhz = 200 (the paper's clock)" in text
    assert "3 evaluated 1 in flight" in text


def test_the_overview_says_what_depthwise_layers_take_of_a_network(full: Made) -> None:
    snapshot = full.snapshot()
    best = snapshot.best_design()
    assert best is not None
    point = DesignPoint(lane=Split(k=16), array=Split(m=4, n=8), part_a=Partition(h=4, w=16))
    whole = dataclasses.replace(best, parameters=point.parameters())
    said = {}
    for workload in ("resnet50@224", "mobilenetv2@224"):
        asked = msgspec.structs.replace(snapshot.settings, workload=workload, layers=())
        seen = dataclasses.replace(snapshot, settings=asked, designs={**snapshot.designs, best.number: whole})
        said[workload] = as_text(overview_lines(seen, width=160, height=48, glyphs=UNICODE))
    assert re.search(r"depthwise layers \d+\.\d ms, \d\d% \(model\)", said["mobilenetv2@224"])
    assert "(model)" not in said["resnet50@224"]


def test_the_end_of_a_search_says_what_is_still_done_and_a_cap_how_to_go_on(full: Made) -> None:
    snapshot = full.snapshot()
    of = msgspec.structs.replace(snapshot.settings, max_calls=400, max_usd=5.0)
    proving = dataclasses.replace(snapshot, settings=of, finished="all evaluations done", usd=1.25)
    assert end_words(proving) == "all evaluations done; proving the front: 0 of 2 simulated whole"
    assert "PROVES 3/200" in as_text([status_line(proving, 80)])
    assert spent_words(proving) == f"4 of 400 calls, {snapshot.tokens} tokens, $1.25 of $5"
    done = dataclasses.replace(proving, state="done", stopped="done")
    assert end_words(done) == "finished: all evaluations done"
    capped = dataclasses.replace(done, finished="cap reached: --max-usd 5")
    assert end_words(capped).endswith("; to go on: aigchip-tui start resnet50-zcu104 --max-usd N")
    away = dataclasses.replace(snapshot, state="stopped", stopped="the generator does not answer: why")
    assert end_words(away) == "stopped: the generator does not answer: why"
    asked = dataclasses.replace(snapshot, state="waiting", stopped="waiting", engine="none")
    assert end_words(asked) == "all that is left waits for you; the engine has ended"
    assert not end_words(snapshot)
    variant = snapshot.variants["pe_lane-2"]
    assert variant.attempt is not None
    taken = dataclasses.replace(variant, attempts=(dataclasses.replace(variant.attempt, taken_from="session a"),))
    cached = dataclasses.replace(snapshot, variants={**snapshot.variants, variant.key: taken})
    assert "1 from the cache, not asked for" in as_text(activity_lines(cached, 35))


def test_findings_stand_under_their_lines(full: Made) -> None:
    variant = full.snapshot().variants["pe_lane-2"]
    code = CodeText("a\nb\nc\nvoid d() {}\ne", findings_of(variant.attempt), width=100)
    shown = as_text(code.lines()).splitlines()
    assert shown[3] == "   > 4 void d() {}".replace("   > 4", ">  4")
    assert shown[4].strip().startswith("! Packed width differs")
    assert shown[5].strip() == "-> Make the port hls::stream<hls::vector<data_t, 16>>&."
    assert code.first_finding == 3
    assert CodeText("only one line", findings_of(variant.attempt)).first_finding == 0


def test_a_question_says_module_failure_age_cures_and_how_many_designs(full: Made) -> None:
    snapshot = full.snapshot()
    (row,) = inbox_rows(snapshot)
    line = as_text([row_line(snapshot, row, 100)])
    assert "? waits" in line
    assert "pe_lane" in line
    assert "1 design" in line
    from datetime import UTC, datetime

    now = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert "asked 12 min ago" in as_text(question_lines(snapshot, row, width=80, now=now))
    assert age_words("nonsense", now) == ""
    cures = as_text(cure_lines(row, width=80, glyphs=ASCII))
    assert "cure 1 patch signature to 128   re-proves 1 module" in cures
    assert "cure 2 insert arbiter   +210 LUT" in cures


def test_answered_questions_follow_the_open_ones_and_say_by_whom(full: Made) -> None:
    decision = full.snapshot().open[0]
    full.answered(decision, "u1", action="regenerate", by="ada", hint="use 16 lanes")
    (row,) = inbox_rows(full.snapshot())
    assert row.answer is not None
    assert answer_words(row.answer) == "regenerate by ada: use 16 lanes"
    assert "answered" in as_text([row_line(full.snapshot(), row, 100)])


def test_provenance_is_believed_only_from_the_adapter(full: Made) -> None:
    attempt = full.snapshot().variants["pe_lane-2"].attempt
    assert attempt is not None
    shown = as_text(reply_lines(REPLY, attempt, 80))
    assert "1  adapted    pe_lane/one line 1  8 -> 16" in shown
    assert "2  retrieved  pe_lane/two line 2  word for word" in shown
    liar = dataclasses.replace(attempt, author="openai:gpt", model="gpt", origin="")
    assert "pe_lane/one line 1" not in as_text(reply_lines(REPLY, liar, 80))


def test_prompts_are_shown_by_message_and_odd_ones_as_they_are() -> None:
    shown = as_text(prompt_lines(json.dumps([{"role": "user", "content": "1. do\n```cpp\nint a;\n```"}]), 80))
    assert shown.splitlines()[:2] == [" user", " 1. do"]
    assert "int a;" in shown
    assert as_text(prompt_lines("not json", 80)) == " not json"
    assert as_text(prompt_lines("[" * 5000, 80)).startswith(" [[")


def test_logs_offer_only_texts_that_exist(full: Made) -> None:
    rows = log_rows(full.snapshot())
    assert rows[0].id == "pe_lane-2#1"
    assert [what for _, what in texts_of(rows[0])] == ["reply", "prompt", "code", "static", "contract"]
    full.attempt("pe_lane-2", 2, source="")
    assert "code" not in [what for _, what in texts_of(log_rows(full.snapshot())[0])]


def test_a_diff_shows_signs_and_counts() -> None:
    shown = as_text(diff_lines("a\nb\nc\n", "a\nB\nc\n"))
    assert "-b" in shown
    assert "+B" in shown
    assert diff_counts("a\nb\n", "a\nB\nc\n") == (2, 1)
    assert as_text(diff_lines("a", "a")) == "the two texts are the same"


def test_every_action_is_registered_once_with_words_and_stands_in_the_help() -> None:
    ids = [a.id for a in ACTIONS]
    assert len(ids) == len(set(ids))
    for scope in {a.scope for a in ACTIONS}:
        keys = [key for a in ACTIONS if a.scope == scope for key in a.keys.split(",")]
        assert len(keys) == len(set(keys)), scope
        text = as_text(help_lines(scope))
        for action in ACTIONS:
            assert action.tooltip.endswith(".")
            if action.scope == scope:
                assert action.tooltip in text


def test_no_key_of_a_pane_hides_one_of_everywhere() -> None:
    everywhere = {key for a in ACTIONS if a.scope == "workbench" for key in a.keys.split(",")}
    for action in ACTIONS:
        if action.scope in ("population", "modules", "inbox", "logs"):
            assert not everywhere & set(action.keys.split(",")), action.id


def test_ascii_where_the_terminal_cannot_say_unicode() -> None:
    assert choose_glyphs({}, "utf-8") is UNICODE
    assert choose_glyphs({}, "ANSI_X3.4-1968") is ASCII
    assert choose_glyphs({"AIGCHIP_ASCII": "1"}, "utf-8") is ASCII
    assert choose_glyphs({"TERM": "linux"}, "utf-8") is ASCII
    assert all(v.isascii() for v in dataclasses.asdict(ASCII).values())


def test_the_streams_of_a_design_say_token_depth_cost_and_why() -> None:
    port = Port(name="in", direction="in", kind="stream", element="data_t", bits=8, lanes=16,
                cpp_type="hls::stream<hls::vector<data_t, 16>>&", first="10", cycles="tokens")
    edge = Edge(producer="drain_a", producer_port="out", consumer="inter_a", consumer_port="in", depth=5,
                depth_reason="2 + 3: the chain serves the last array later")
    costs = [EdgeCost(edge=edge, port=port, copies=4, cost=MemoryCost(lut=560, ff=544))]
    wide, narrow = as_text(stream_lines(costs, 100)), as_text(stream_lines(costs, 40))
    for shown in (wide, narrow):
        assert "1 stream, 560 LUT, 0 BRAM18 (estimate)" in shown
        assert "16 x data_t = 128 bits x4, depth 5, 560 LUT" in " ".join(shown.split())
        assert "depth 5: 2 + 3: the chain" in shown
        assert "inter_a.in: first within 10, all within tokens" in " ".join(shown.split())
    assert len(narrow.splitlines()) > len(wide.splitlines())
    assert all(width_of(line) <= 40 for line in stream_lines(costs, 40)[1:])


def test_the_rungs_of_a_design_that_did_not_run_say_so(full: Made) -> None:
    design = dataclasses.replace(
        next(iter(full.snapshot().designs.values())),
        rungs={"assembled_sim": RungOutcome(rung="assembled_sim", status="passed", evidence="7 launches agree")},
    )
    lines = as_text(design_rung_lines(design, 80)).splitlines()
    assert [line.split()[-1] if "not run" in line else line.split("  ")[-1].strip() for line in lines] == [
        "7 launches agree", "run", "run", "run", "run",
    ]
