"""Mutants of a text: which are made, and that the switched text names the same ones."""

from __future__ import annotations

from aigchip_tui.proof.mutations import mutants_of

BODY = """\
constexpr int LANES = 16 + 1;
void work(hls::stream<work_cmd>& cmd, hls::stream<hls::vector<acc_t, LANES>>& out) {
#pragma HLS INLINE off
    int at = 0;
steps:
    for (int t = 0; t < LANES; ++t) {
#pragma HLS PIPELINE II=1
        const auto c = cmd.read();
        at += c.step;
        if (at == 3) out.write(c.token);
        constexpr int TWICE = LANES + LANES;
    }
}
"""


def _changes() -> list[tuple[str, str]]:
    return [(each.was, each.now) for each in mutants_of(BODY).mutants]


def test_every_kind_of_mistake_is_made() -> None:
    changes = _changes()
    for wanted in (
        ("#pragma HLS INLINE off", ""), ("#pragma HLS INLINE off", "#pragma HLS INLINE"),
        ("#pragma HLS PIPELINE II=1", ""), ("#pragma HLS PIPELINE II=1", "#pragma HLS PIPELINE II=16"),
        ("t < LANES", "t <= LANES"), ("t < LANES", "t < LANES - 1"), ("++t", "--t"), ("16 + 1", "16 - 1"),
        ("at += c.step", "at -= c.step"), ("at += c.step;", ";"), ("at == 3", "at != 3"),
        ("out.write(c.token);", ";"), ("cmd.read()", "std::remove_cvref_t<decltype(cmd.read())>{}"),
    ):
        assert wanted in changes
    assert not any(was == "int t = 0" for was, _ in changes)


def test_each_mutant_changes_its_own_line_only() -> None:
    original = BODY.splitlines()
    for each in mutants_of(BODY).mutants:
        rows = each.text.splitlines()
        assert len(rows) == len(original)
        assert [n for n, (a, b) in enumerate(zip(original, rows, strict=True), 1) if a != b] == [each.line], each.name


def test_constants_cannot_be_switched_and_all_else_can() -> None:
    made = mutants_of(BODY)
    fixed = {each.was for each in made.mutants if not each.switch and not each.was.startswith("#pragma")}
    assert fixed == {"16 + 1", "LANES + LANES"}
    for each in made.mutants:
        if each.switch:
            assert f"{each.switch}" in made.switched
    assert len({each.switch for each in made.mutants if each.switch}) == sum(1 for m in made.mutants if m.switch)


def test_the_name_says_where_and_what() -> None:
    assert "line 6: `t < LANES` -> `t <= LANES`" in [each.name for each in mutants_of(BODY).mutants]
