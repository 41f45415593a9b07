"""The contract rung tells what breaks an interface, and offers repairs that keep it again."""

from __future__ import annotations

import pytest

from aigchip_tui.model.module import Port
from aigchip_tui.proof.contract import contract_findings
from aigchip_tui.proof.cures import cures

BODY = """\
constexpr int ROWS = 8;  // [1] rows of banks
constexpr int WORDS = 16;
constexpr int DEPTH = 512;
typedef data_t block_t[ROWS][WORDS][DEPTH];
typedef hls::vector<data_t, ROWS * WORDS> wide_t;
void drain(hls::stream<drain_cmd>& cmd, hls::stream_of_blocks<block_t>& in,
           hls::stream<wide_t>& out) {
}
"""


def _port(name: str, kind: str, cpp_type: str, *, element: str = "data_t", bits: int = 8, lanes: int = 1) -> Port:
    return Port(
        name=name, direction="out" if name == "out" else "in", kind=kind,  # type: ignore[arg-type]  # literals
        element=element, bits=bits, lanes=lanes, cpp_type=cpp_type,
    )


PORTS = (
    _port("cmd", "stream", "hls::stream<drain_cmd>&", element="drain_cmd", bits=224),
    _port("in", "blocks", "hls::stream_of_blocks<data_t[8][16][512]>&"),
    _port("out", "stream", "hls::stream<hls::vector<data_t, 128>>&", lanes=128),
)


def test_a_kept_contract_has_no_findings_through_typedefs_and_constants() -> None:
    assert contract_findings(BODY, "drain", PORTS) == []


def test_a_wrong_constant_is_a_width_mismatch_in_bits() -> None:
    found = contract_findings(BODY.replace("WORDS = 16", "WORDS = 8"), "drain", PORTS)
    assert any(f.code == "contract-width" and "1024 bit" in f.message and "512" in f.message for f in found)
    assert all(f.blocking for f in found)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("hls::stream<drain_cmd>& cmd", "hls::stream<fill_cmd>& cmd", "contract-type"),
        ("hls::stream<drain_cmd>& cmd, ", "", "contract-arity"),
        ("void drain(", "void other(", "contract-function"),
        ("DEPTH = 512", "DEPTH = 256", "contract-type"),
    ],
)
def test_other_breaches_are_named(old: str, new: str, code: str) -> None:
    assert code in {f.code for f in contract_findings(BODY.replace(old, new), "drain", PORTS)}


def test_the_first_cure_sets_the_one_wrong_constant_and_every_cure_keeps_the_contract() -> None:
    broken = BODY.replace("WORDS = 16", "WORDS = 8")
    offered = cures(broken, "drain", PORTS, contract_findings(broken, "drain", PORTS))
    assert offered[0].title == "set WORDS to 16 (now 8)"
    assert offered[0].body == BODY
    for cure in offered:
        assert contract_findings(cure.body, "drain", PORTS) == []


def test_no_cure_is_offered_for_what_is_no_interface_fault() -> None:
    assert cures(BODY, "drain", PORTS, []) == []


def test_the_constant_that_takes_the_number_of_its_own_line_comes_first() -> None:
    body = BODY.replace("ROWS = 8;  // [1] rows of banks\nconstexpr int WORDS = 16;",
                        "ROWS = 8;  // [1] rows of banks\nconstexpr int WORDS = 8;  // [2] words")
    body = body.replace("typedef data_t block_t[ROWS][WORDS][DEPTH];", "typedef data_t block_t[8][16][DEPTH];")
    found = contract_findings(body, "drain", PORTS)
    plain = cures(body, "drain", PORTS, found)
    assert plain[0].title == "set ROWS to 16 (now 8)"
    told = cures(body, "drain", PORTS, found, instruction=("Rows of banks: 8.", "A row holds 16 words."))
    assert told[0].title == "set WORDS to 16 (now 8)"
