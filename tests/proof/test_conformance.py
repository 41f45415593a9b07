"""The conformance rung sees wrong or missing directives that compile and simulate like right ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aigchip_tui.library.demos import load_demos
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule, PragmaRule
from aigchip_tui.proof.conformance import conformance_findings
from aigchip_tui.proof.reading import known_constants

REPO = Path(__file__).resolve().parents[2]

BODY = """\
constexpr int LANES = 16;
void step(acc_t sums[LANES]) {
#pragma HLS INLINE
    copy: for (int x = 0; x < LANES; ++x) {
#pragma HLS UNROLL
        sums[x] = 0;
    }
}
void work(hls::stream<work_cmd>& cmd, hls::stream<hls::vector<acc_t, LANES>>& out) {
    acc_t sums[2][LANES];
#pragma HLS ARRAY_PARTITION variable=sums type=complete dim=2
    bool last = false;
    while (!last) {
        const work_cmd c = cmd.read();
        const int turns = c.steps * 2;
#pragma HLS BIND_OP variable=turns op=mul impl=fabric
        steps: for (int t = 0; t < c.steps; ++t) {
#pragma HLS PIPELINE II=1
            step(sums[0]);
        }
        last = c.last;
    }
}
"""
RULES = Conformance(
    pragmas=(PragmaRule(kind="BIND_OP", options={"op": "mul", "impl": "fabric"}, operator="*"),),
    arrays=(ArrayRule(variable="sums", extents=(2, 16)),),
    loops=(LoopRule(label="copy", trip=16, unroll=True), LoopRule(label="steps", pipeline_ii=1)),
    partitions=(PartitionRule(variable="sums", dim=2),),
)


def test_what_the_settings_demand_passes() -> None:
    assert conformance_findings(BODY, "work", RULES) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("#pragma HLS UNROLL\n", "", "conformance-unroll"),
        ("#pragma HLS PIPELINE II=1\n", "", "conformance-pipeline"),
        ("PIPELINE II=1", "PIPELINE II=2", "conformance-pipeline"),
        ("dim=2", "dim=1", "conformance-partition"),
        ("#pragma HLS ARRAY_PARTITION variable=sums type=complete dim=2\n", "", "conformance-partition"),
        ("type=complete dim=2", "type=cyclic factor=2 dim=2", "conformance-partition"),
        ("LANES = 16", "LANES = 8", "conformance-trip"),
        ("x < LANES", "x <= LANES", "conformance-trip"),
        ("copy:", "other:", "conformance-loop"),
        ("#pragma HLS INLINE\n", "", "conformance-inline"),
        ("#pragma HLS INLINE\n", "#pragma HLS INLINE off\n", "conformance-inline"),
        ("#pragma HLS UNROLL\n", "#pragma HLS UNROLL factor=8\n", "conformance-unroll"),
        ("PIPELINE II=1", "PIPELINE off", "conformance-pipeline"),
        ("PIPELINE II=1", "PIPELINE II=1 rewind", "conformance-pipeline"),
        ("#pragma HLS BIND_OP variable=turns op=mul impl=fabric\n", "", "conformance-pragma"),
        ("impl=fabric", "impl=dsp", "conformance-pragma"),
        ("variable=turns", "variable=last", "conformance-pragma"),
        ("impl=fabric", "impl=fabric latency=4", "conformance-pragma"),
        ("sums[2][LANES]", "sums[4][LANES]", "conformance-array"),
        ("    bool last = false;\n", "#pragma HLS DATAFLOW\n    bool last = false;\n", "conformance-unasked"),
        ("    while (!last) {\n", "    while (!last) {\n#pragma HLS PIPELINE\n", "conformance-unasked"),
        ("#pragma HLS UNROLL\n", "#pragma HLS UNROLL\n#pragma HLS UNROLL\n", "conformance-unasked"),
        ("void work(", "#pragma HLS INTERFACE port=out mode=axis\nvoid work(", "conformance-unasked"),
    ],
)
def test_each_deviation_is_a_blocking_finding(old: str, new: str, code: str) -> None:
    found = conformance_findings(BODY.replace(old, new, 1), "work", RULES)
    assert code in {f.code for f in found}
    assert all(f.blocking for f in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type=complete dim=2", "complete dim=2"),
        ("HLS ARRAY_PARTITION variable=sums type=complete dim=2", "hls array_partition dim=2 variable=sums"),
        ("PIPELINE II=1", "pipeline"),
        ("PIPELINE II=1", "PIPELINE ii = 1"),
        ("#pragma HLS UNROLL", "#pragma HLS UNROLL factor=LANES"),
        ("op=mul impl=fabric", "impl=FABRIC op=mul"),
        ("turns", "product"),
        ("int x = 0; x < LANES; ++x", "int x = LANES - 1; x >= 0; --x"),
        ("    bool last = false;\n", "#pragma HLS INLINE off\n    bool last = false;\n"),
        # What lives below a pipelined loop is space anyway: a loop and an array of the author's own may say so.
        ("step(sums[0]);", "acc_t own[4];\n#pragma HLS ARRAY_PARTITION variable=own complete\nstep(sums[0]);"),
        ("step(sums[0]);", "for (int i = 0; i < 4; ++i) {\n#pragma HLS UNROLL\nuse(i);\n}"),
    ],
)
def test_equally_good_spellings_pass(old: str, new: str) -> None:
    assert conformance_findings(BODY.replace(old, new), "work", RULES) == []


def test_a_loop_below_a_pipelined_one_must_be_unrolled() -> None:
    found = conformance_findings(
        BODY.replace("step(sums[0]);", "for (int i = 0; i < 4; ++i) {\nuse(i);\n}"), "work", RULES
    )
    assert [f.code for f in found] == ["conformance-unroll"]
    assert found[0].suggestion == "#pragma HLS UNROLL"
    assert found[0].line > 0


def test_a_trip_count_for_reports_is_a_warning() -> None:
    text = BODY.replace("#pragma HLS PIPELINE II=1\n", "#pragma HLS PIPELINE II=1\n#pragma HLS LOOP_TRIPCOUNT max=9\n")
    assert [(f.code, f.blocking) for f in conformance_findings(text, "work", RULES)] == [
        ("conformance-tripcount", False)
    ]


def test_a_label_of_the_authors_own_may_be_another() -> None:
    rules = msgspec.structs.replace(
        RULES, loops=(LoopRule(label="copy", trip=16, unroll=True, named=False), LoopRule(label="steps", pipeline_ii=1))
    )
    assert conformance_findings(BODY.replace("copy:", ""), "work", rules) == []
    assert conformance_findings(BODY.replace("x < LANES", "x < LANES - 1"), "work", rules) != []


def test_constants_of_the_template_headers_fold() -> None:
    rules = msgspec.structs.replace(
        RULES, loops=(LoopRule(label="copy", trip=73, unroll=True), LoopRule(label="steps", pipeline_ii=1))
    )
    body = BODY.replace("x < LANES", "x < WORDS")
    assert conformance_findings(body, "work", rules, {"WORDS": 73}) == []
    assert conformance_findings(body, "work", rules, {"WORDS": 72}) != []


def test_every_pragma_of_every_demonstration_is_seen_when_it_goes_or_changes() -> None:
    """Each rule of a module matters: the demos conform, and stop conforming without any one of their pragmas."""
    template, unseen = load_template("gemm"), []
    headers = list(template.headers().values())
    for demo in load_demos("gemm", roots=[REPO / "demos"]).demos:
        spec = template.modules()[demo.module]
        rules = spec.conformance(dict(demo.settings))
        rows = demo.code.splitlines()
        for number, text in [(-1, ""), *((n, t) for n, t in enumerate(rows) if t.startswith("#pragma HLS"))]:
            left = "\n".join(row for n, row in enumerate(rows) if n != number)
            found = conformance_findings(left, spec.function, rules, known_constants(left, headers))
            if any(f.blocking for f in found) != (number >= 0):
                unseen.append(f"{demo.label}: {text}: {found}")
    assert unseen == []
