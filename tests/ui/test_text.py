"""Foreign text becomes harmless lines that fit."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.ui.projections.text import (
    Line,
    beside,
    cells,
    crop,
    crop_line,
    fit,
    pad_line,
    plain,
    plain_lines,
    spread,
    width_of,
    wrap,
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("a\rb\x08c\x00", "a\\x0db\\x08c\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("if (a\u202e) {", "if (a\\u202e) {"),
        ("zero\u200bwidth\u2028line", "zero\\u200bwidth\\u2028line"),
        ("\U000e0041", "\\U000e0041"),
        ("a\tb", "a    b"),
        ("[bold red]markup[/]", "[bold red]markup[/]"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_left(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


@given(st.text())
def test_every_line_of_any_text_is_printable(text: str) -> None:
    for line in plain_lines(text):
        assert line.isprintable()
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in line)


def test_only_newline_ends_a_line() -> None:
    assert plain_lines("a\x0bb\x0cc\u2028d\ne\r\nf\n") == ["a\\x0bb\\x0cc\\u2028d", "e", "f"]


@given(st.text(alphabet="ab 漢é~", max_size=30), st.integers(min_value=1, max_value=20))
def test_a_cropped_text_fits_and_a_fitted_one_fills(text: str, width: int) -> None:
    assert cells(crop(text, width)) <= width
    assert cells(fit(text, width)) == width
    if cells(text) <= width:
        assert crop(text, width) == text


@given(st.text(alphabet="abc d漢", max_size=60), st.integers(min_value=2, max_value=20))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    pieces = wrap(text, width)
    assert all(cells(piece) <= width for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_an_empty_text_wraps_to_no_line() -> None:
    assert wrap("", 10) == []


def test_lines_are_cropped_padded_spread_and_joined() -> None:
    line: Line = (("abc", "good"), ("defg", "bad"))
    assert crop_line(line, 5) == (("abc", "good"), ("d~", "bad"))
    assert width_of(pad_line(line, 12)) == 12
    assert spread(line, (("xy", ""),), 6) == (("abc", "good"), ("~", "bad"), ("xy", ""))
    joined = beside([line], [(("r", ""),), (("s", ""),)], left_width=8, bar="|")
    assert ["".join(t for t, _ in each) for each in joined] == ["abcdefg | r", "        | s"]
