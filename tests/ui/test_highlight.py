"""The lexer colours C++ and can neither fail, lose a character, nor be slowed down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.ui.projections.highlight import Highlighter, highlight_line


def roles(line: str) -> dict[str, str]:
    return {text.strip(): role for text, role in highlight_line(line)[0] if text.strip()}


def test_words_numbers_comments_and_marks_are_told_apart() -> None:
    found = roles("constexpr int PORT = 16;  // [2] beats of data_t")
    assert found["constexpr"] == "keyword"
    assert found["int"] == "type"
    assert found["16"] == "number"
    assert found["[2]"] == "mark"
    assert found["beats of data_t"] == "comment"
    assert roles("    out.write(x_t{1});")["write"] == "function"


def test_a_pragma_is_one_and_keeps_its_comment() -> None:
    spans, still_open = highlight_line("#pragma HLS PIPELINE II=1 // [3] why")
    assert spans == [("#pragma HLS PIPELINE II=1 ", "pragma"), ("// [3] why", "comment")]
    assert not still_open


def test_a_block_comment_reaches_over_lines() -> None:
    shown = Highlighter(["int a; /* one", "two", "three */ int b;"])
    assert shown.line(1) == [("two", "comment")]
    assert shown.line(2)[0] == ("three */", "comment")
    assert ("int", "type") in shown.line(2)
    assert highlight_line("/*/ still open")[1]
    assert not highlight_line("/* closed */ int a;")[1]


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=200), st.booleans())
def test_no_character_is_lost(line: str, in_comment: bool) -> None:
    spans, _ = highlight_line(line, in_comment)
    assert "".join(text for text, _ in spans) == line


@given(st.text(alphabet="/*\"'\\ab0.#", max_size=60))
def test_quotes_and_slashes_in_any_order_lose_nothing(line: str) -> None:
    assert "".join(text for text, _ in highlight_line(line)[0]) == line


def test_a_huge_line_is_left_uncoloured() -> None:
    line = "+" * 60_000
    assert highlight_line(line) == ([(line, "")], False)
