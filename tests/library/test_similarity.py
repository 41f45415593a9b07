"""The pair of demos is scored as a pair: first the lines that either has, then how near the numbers are."""

from __future__ import annotations

import itertools
from pathlib import Path

from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.library.similarity import choose_demos, choose_pair

DEMOS = load_demos("toy", roots=[Path(__file__).parent / "samples"]).of("lane")
SUMS = ("The products are summed by an adder tree.", "The products are summed one after another in a chain.")
EXITS = ("Each sum passes one register before it leaves.", "Each sum leaves at once.")


def asked(elements: int, sum_: str, leave: str, skip: int = 3) -> list[str]:
    return [
        f"Each token packs {elements} elements.",
        sum_,
        leave,
        f"The first {skip} tokens of a command are skipped.",
        "A new token starts every cycle.",
    ]


def test_the_pair_covers_every_line_of_every_setting() -> None:
    for elements, sum_, leave in itertools.product((2, 16, 64), SUMS, EXITS):
        choice = choose_pair(asked(elements, sum_, leave), DEMOS)
        assert (choice.covered, choice.total) == (5, 5)
        assert len(choice.demos) == 2
        assert "5 of 5 lines word for word" in choice.reason


def test_a_complementary_pair_beats_two_that_are_each_nearer() -> None:
    demos = [demo for demo in DEMOS if demo.name != "tree_direct_32"]
    line = asked(16, SUMS[0], EXITS[1], 5)
    names = [demo.name for demo in choose_pair(line, demos).demos]
    assert set(names) == {"tree_register_8", "chain_direct_4"}


def test_nearest_numbers_decide_among_equal_covers() -> None:
    line = asked(32, SUMS[0], EXITS[1], 7)
    assert choose_pair(line, DEMOS).demos[0].name == "tree_direct_32"
    one = choose_demos(asked(16, SUMS[1], EXITS[0], 5), DEMOS, count=1)
    assert [demo.name for demo in one.demos] == ["chain_register_16"]
    assert one.nearness == 2.5


def test_dissimilar_and_random_differ_and_are_reproducible() -> None:
    line = asked(32, SUMS[0], EXITS[1], 7)
    far = choose_demos(line, DEMOS, by="dissimilar")
    assert far.covered < 5
    drawn = {choose_demos(line, DEMOS, by="random", seed=seed).reason for seed in range(20)}
    assert len(drawn) > 2
    assert choose_demos(line, DEMOS, by="random", seed=3) == choose_demos(line, DEMOS, by="random", seed=3)


def test_the_order_in_which_demos_are_given_does_not_matter() -> None:
    line = asked(64, SUMS[0], EXITS[0])
    assert choose_pair(line, DEMOS) == choose_pair(line, tuple(reversed(DEMOS)))


def test_fewer_demos_than_asked_for() -> None:
    line = asked(64, SUMS[0], EXITS[0])
    assert choose_pair(line, DEMOS[:1]).demos == DEMOS[:1]
    assert choose_pair(line, ()).demos == ()
    assert choose_demos(line, DEMOS, count=3).covered == 5


def invented(name: str, *lines: str) -> Demo:
    return Demo(template="toy", module="lane", name=name, settings={}, instruction=lines, code="// [1] x\nx;\n")


def test_cover_comes_before_nearness() -> None:
    line = [f"Topic {letter} has 8." for letter in "abcde"]
    wide = invented("wide", *(text.replace("8", "8192") for text in line))
    near = invented("near", *line[:4])
    assert choose_demos(line, (near, wide), count=1).demos == (wide,)


def test_a_line_that_both_have_counts_once() -> None:
    line = ["Topic a has 8.", "Topic b has 8."]
    first, second = invented("y1", line[0]), invented("y2", line[1])
    twins = [invented(name, "Topic a has 16.", "Topic b has 16.") for name in ("x1", "x2")]
    assert choose_pair(line, (*twins, first, second)).demos == (first, second)
