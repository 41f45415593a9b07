"""Signatures: canonical parameter types, constants folded, independent of layout."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp.signatures import namespace_constants, signature_of, signatures
from aigchip_tui.model.errors import AigchipError

LANE = """
constexpr int ROWS = 16;
constexpr int LANES = ROWS * 4;
template <int W, typename T = int>
static inline acc_t mac(const data_t a, hls::vector<data_t, 4*ROWS>& b, int c[4][ROWS]);
void pe_lane(hls::stream< hls::vector<data_t , LANES> > &in_a, hls::stream<int> out[3],
             const hls::vector<data_t,16>* p, unsigned   long long n /* words */) {
#pragma HLS INLINE off
}
"""


def test_types_are_canonical_and_folded() -> None:
    signature = signature_of(LANE, "pe_lane")
    assert [parameter.type_text for parameter in signature.parameters] == [
        "hls::stream<hls::vector<data_t, 64>>&",
        "hls::stream<int>[3]",
        "const hls::vector<data_t, 16>*",
        "unsigned long long",
    ]
    assert [parameter.name for parameter in signature.parameters] == ["in_a", "out", "p", "n"]
    assert signature.return_type == "void"
    assert signature.defined


def test_declarations_templates_and_rendering() -> None:
    mac = signature_of(LANE, "mac")
    assert not mac.defined
    assert mac.template_parameters == ("int W", "typename T=int")
    assert mac.render() == "acc_t mac(const data_t a, hls::vector<data_t, 64>& b, int c[4][16])"


def test_layout_and_comments_change_nothing() -> None:
    squeezed = LANE.replace("\n", " \n\n /* x */ ").replace(
        "constexpr int ROWS = 16; \n\n /* x */", "constexpr int ROWS = 16;\n"
    )
    plain = [(s.name, [p.type_text for p in s.parameters]) for s in signatures(LANE)]
    moved = [
        (s.name, [p.type_text for p in s.parameters])
        for s in signatures(squeezed.replace(" #pragma", "\n#pragma").replace("/* x */ #", "\n#"))
    ]
    assert moved == plain


def test_given_constants_override_and_namespaces_are_entered() -> None:
    text = "namespace ns { enum mode { A = 3, B }; constexpr int N = PORT / 2; void f(int x[N], int y[B]); }"
    assert namespace_constants(text, {"PORT": 16})["N"] == 8
    assert [p.type_text for p in signature_of(text, "f", {"PORT": 16}).parameters] == ["int[8]", "int[4]"]


def test_absent_function_and_oversized_text_are_refused_in_a_sentence() -> None:
    with pytest.raises(AigchipError, match="No function 'top'"):
        signature_of(LANE, "top")
    with pytest.raises(AigchipError, match="nested deeper"):
        signatures("int x = " + "(" * 5000 + "1" + ")" * 5000 + ";")
