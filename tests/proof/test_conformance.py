"""The conformance rung sees wrong or missing directives that compile and simulate like right ones."""

from __future__ import annotations

import pytest

from aigchip_tui.modules.protocol import Conformance, LoopRule, PartitionRule
from aigchip_tui.proof.conformance import conformance_findings

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
        steps: for (int t = 0; t < c.steps; ++t) {
#pragma HLS PIPELINE II=1
            step(sums[0]);
        }
        last = c.last;
    }
}
"""
RULES = Conformance(
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
    ],
)
def test_each_deviation_is_a_blocking_finding(old: str, new: str, code: str) -> None:
    found = conformance_findings(BODY.replace(old, new, 1), "work", RULES)
    assert code in {f.code for f in found}
    assert all(f.blocking for f in found)


def test_constants_of_the_template_headers_fold() -> None:
    rules = Conformance(loops=(LoopRule(label="copy", trip=73, unroll=True),))
    body = BODY.replace("x < LANES", "x < WORDS")
    assert conformance_findings(body, "work", rules, {"WORDS": 73}) == []
    assert conformance_findings(body, "work", rules, {"WORDS": 72}) != []
