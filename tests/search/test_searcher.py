"""Searchers propose legal designs only, never twice, the same ones for any number of jobs, and find good ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.session import Goal
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import read_workload
from aigchip_tui.search import oracle
from aigchip_tui.search.analytic import latency
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import ARRAYS, GENE_SIZES, Pins, genes_of, genes_of_parameters, point_of
from aigchip_tui.search.operators import crossed, mutated_anywhere, repaired, stepped
from aigchip_tui.search.searcher import (
    Method,
    Outcome,
    Proposal,
    Screen,
    Searcher,
    SearchSettings,
    Told,
    analytic_screen,
    goal_key,
    propose,
    seeds_of,
)

BUILD = Build(device=device("zcu104"), dsp_limit=256)
WORK = read_workload(
    "layers: [{m: 784, k: 288, n: 96}, {m: 196, k: 960, n: 160, count: 3}, {m: 1, k: 1024, n: 500}]",
    source="t",
    name="t",
)
# The first four 32-bit words of SHA-256 of "7/test/1/0", scaled to 0 .. 999; worked out by hand.
KNOWN_DRAWS = [173, 839, 592, 351]


def judged(number: int, proposal: Proposal) -> Told:
    ms = float(latency([proposal.point], BUILD, WORK)[0]) / 2e5
    return Told(
        number=number, parameters=proposal.parameters, outcome="evaluated", latency_ms=ms,
        dsp=proposal.point.multipliers,
    )


def run(
    settings: SearchSettings, count: int, *, seed: int = 1, screen: Screen | None = None,
    judge: Callable[[int, Proposal], Told] = judged,
) -> list[Told]:  # fmt: skip
    searcher = Searcher(BUILD, WORK, settings, session_seed=seed, screen=screen)
    history: list[Told] = []
    for number in range(1, count + 1):
        history.append(judge(number, searcher.ask(history)))
    return history


def best(history: list[Told]) -> float:
    return min(told.latency_ms for told in history)


@pytest.mark.parametrize("method", ["default", "paper", "random"])
def test_every_proposal_is_legal_and_repeats_with_the_seed(method: Method) -> None:
    settings = SearchSettings(method=method, evaluations=80)
    history = run(settings, 60)
    points = [point_of(genes_of_parameters(told.parameters)) for told in history]
    for point in points[::6]:
        assert refusals(point, BUILD, WORK) == ()
    assert [told.parameters for told in run(settings, 60)] == [told.parameters for told in history]
    assert [told.parameters for told in run(settings, 60, seed=2)] != [told.parameters for told in history]
    if method != "paper":
        assert len({genes_of(point) for point in points}) == len(points)


def test_asking_a_fresh_searcher_is_the_same_as_keeping_one() -> None:
    settings = SearchSettings(evaluations=60, lag=3)
    history = run(settings, 40)
    for length in (0, 1, 14, 15, 16, 30, 39):
        fresh = propose(history[:length], build=BUILD, workload=WORK, session_seed=1, settings=settings)
        assert fresh.parameters == history[length].parameters


def test_results_younger_than_the_lag_change_nothing() -> None:
    settings = SearchSettings(evaluations=60, lag=4)
    history = run(settings, 40)
    for length in (20, 30, 39):
        known = history[: length - 3]
        late = [Told(number=t.number, parameters=t.parameters, outcome="pending") for t in history[length - 3 : length]]
        fresh = propose([*known, *late], build=BUILD, workload=WORK, session_seed=1, settings=settings)
        assert fresh.parameters == history[length].parameters
    older = [*history[:35], Told(number=36, parameters=history[35].parameters, outcome="failed"), *history[36:]]
    changed = [
        propose([*older[:n]], build=BUILD, workload=WORK, session_seed=1, settings=settings).parameters
        != propose(history[:n], build=BUILD, workload=WORK, session_seed=1, settings=settings).parameters
        for n in (36, 37, 38)
    ]
    assert changed == [False, False, False]


@pytest.mark.parametrize("outcome", ["failed", "refused", "waiting", "damaged"])
def test_other_outcomes_are_data_and_the_search_goes_on(outcome: Outcome) -> None:
    def judge(number: int, proposal: Proposal) -> Told:
        told = judged(number, proposal)
        return told if number % 3 else Told(number=number, parameters=told.parameters, outcome=outcome)

    history = run(SearchSettings(evaluations=60), 50, judge=judge)
    assert len({tuple(told.parameters.values()) for told in history}) == 50
    assert best(history) < math.inf


def test_if_everything_fails_it_draws_on_at_random() -> None:
    history = run(
        SearchSettings(evaluations=40), 30,
        judge=lambda number, p: Told(number=number, parameters=p.parameters, outcome="failed"),
    )  # fmt: skip
    assert len({tuple(told.parameters.values()) for told in history}) == 30


def test_pins_hold_in_every_proposal() -> None:
    pins = Pins.of({"reuse": "output", "buf_a": "64", "lane": "k8", "dsp_pack": 1})
    fixed = {"reuse": "output", "buf_a": 64, "lane": "k8"}
    for screen in (None, analytic_screen(BUILD, WORK)):
        for told in run(SearchSettings(evaluations=60, pins=pins, screen=4), 40, screen=screen):
            assert {name: told.parameters[name] for name in fixed} == fixed


def test_pins_hold_in_the_designs_that_a_search_begins_with() -> None:
    free = run(SearchSettings(evaluations=40), 3)
    other = "b" if free[0].parameters["reuse"] == "output" else "output"
    settings = SearchSettings(
        evaluations=40, pins=Pins.of({"reuse": other}), seeds=seeds_of([told.parameters for told in free])
    )
    assert {told.parameters["reuse"] for told in run(settings, 3)} == {other}


def test_a_part_of_the_space_holds_in_every_proposal_and_for_seeds() -> None:
    part = {"lane": ("k2", "k8"), "array": ("n4",), "reuse": ("output", "b"), "lane_link": ("fanout",)}
    free = run(SearchSettings(evaluations=40), 2)
    kept = {**free[0].parameters, "lane": "k8", "array": "n4", "arrays": "1", "reuse": "output"}
    pins = Pins.of({"reuse": "b"}, part)
    assert not pins.has(genes_of_parameters(free[0].parameters))
    for screen in (None, analytic_screen(BUILD, WORK)):
        settings = SearchSettings(
            evaluations=60, pins=pins, screen=4, seeds=seeds_of([free[0].parameters, free[1].parameters])
        )
        told = run(settings, 40, screen=screen)
        assert {t.parameters["lane"] for t in told} == {"k2", "k8"}
        assert {(t.parameters["array"], t.parameters["reuse"]) for t in told} == {("n4", "b")}
    assert Pins.of({}, part).has(genes_of_parameters(kept))
    with pytest.raises(AigchipError, match="template has no lane=m4"):
        Pins.of({"lane": "m4"}, part)


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        ({"buf_a": 7}, "buf_a=7"), ({"nothing": 1}, "Unknown parameter"),
    ],
)  # fmt: skip
def test_pins_outside_the_scope_are_refused_by_name(pins: dict[str, int | str], says: str) -> None:
    with pytest.raises(AigchipError, match=says):
        Pins.of(pins)


def test_links_fan_out_unless_a_pin_says_otherwise() -> None:
    for link in ("fanout", "forward"):
        pins = Pins.of({"array_link": link} if link == "forward" else {})
        told = run(SearchSettings(evaluations=60, pins=pins), 40, screen=analytic_screen(BUILD, WORK))
        assert {(t.parameters["array_link"], t.parameters["arrays_link"]) for t in told} == {(link, "fanout")}


def test_pins_that_leave_no_legal_design_say_why() -> None:
    settings = SearchSettings(pins=Pins.of({"lane": "k64", "array": "m64"}))
    with pytest.raises(NoResultError, match=r"No legal design is left.*token of A would be \d+ bits"):
        run(settings, 1)


def test_seeds_come_first_and_what_is_not_built_is_left_out() -> None:
    first = run(SearchSettings(evaluations=40), 5)
    unknown = {**first[0].parameters, "lane_link": "sideways"}
    seeds = seeds_of([first[3].parameters, unknown, first[2].parameters])
    history = run(SearchSettings(evaluations=40, seeds=seeds), 4)
    assert [told.parameters for told in history[:2]] == [first[3].parameters, first[2].parameters]


def test_population_is_at_most_a_quarter_of_the_evaluations() -> None:
    assert SearchSettings(evaluations=40).effective_population() == 10
    assert SearchSettings(evaluations=400).effective_population() == 32
    assert SearchSettings(evaluations=4000, method="paper").effective_population() == 50
    assert SearchSettings(evaluations=1).effective_population() == 2


def test_goals_order_designs_as_they_say() -> None:
    fast, small = Goal(), Goal(minimise="dsp", latency_limit_ms=10)
    assert goal_key(fast, 5, 100) < goal_key(fast, 6, 10)
    assert goal_key(small, 9, 10) < goal_key(small, 5, 100) < goal_key(small, 11, 1) < goal_key(small, 12, 1)
    assert goal_key(small, 12, 1) < goal_key(small, 1, 1, feasible=False)


def test_smallest_under_a_limit_is_found() -> None:
    found = oracle.solve(BUILD, WORK)
    limit = found.fastest(128) / 2e5 * 1.3
    goal = Goal(minimise="dsp", latency_limit_ms=limit)
    history = run(SearchSettings(evaluations=100, goal=goal), 100, screen=analytic_screen(BUILD, WORK))
    kept = [told for told in history if told.latency_ms <= limit]
    smallest = min(dsp for dsp in (4, 8, 16, 32, 64, 128) if found.fastest(dsp) / 2e5 <= limit)
    assert min(told.dsp for told in kept) == smallest


def test_default_is_near_the_oracle_where_random_is_not() -> None:
    optimum = oracle.solve(BUILD, WORK).fastest(256) / 2e5
    default = sorted(best(run(SearchSettings(evaluations=120), 120, seed=seed)) for seed in range(1, 6))
    random = sorted(best(run(SearchSettings(method="random", evaluations=120), 120, seed=seed)) for seed in range(1, 6))
    assert optimum <= default[0] * 1.0005
    assert optimum / default[2] >= 0.95
    assert default[2] < random[2]


def test_screening_finds_as_good_a_design_with_a_quarter_of_the_runs() -> None:
    screen = analytic_screen(BUILD, WORK)
    screened = sorted(best(run(SearchSettings(evaluations=25), 25, seed=s, screen=screen)) for s in range(1, 4))
    plain = sorted(best(run(SearchSettings(method="paper", evaluations=100), 100, seed=s)) for s in range(1, 4))
    assert screened[1] <= plain[1] * 1.01


def test_draws_are_the_same_everywhere() -> None:
    """Known values: SHA-256 of '7/test/1/0' in 32-bit words."""
    draws = Draws(7, "test", 1)
    assert [draws.below(1000) for _ in range(4)] == KNOWN_DRAWS
    assert [Draws(7, "test", 2).below(1000), Draws(8, "test", 1).below(1000)] != KNOWN_DRAWS[:2]
    many = Draws(1, "spread", 1)
    counts = [0] * 10
    for _ in range(10_000):
        counts[many.below(10)] += 1
    assert min(counts) > 850


def test_operators_stay_in_the_encoding_and_do_what_they_say() -> None:
    draws = Draws(3, "operators", 1)
    genes = tuple(size // 2 for size in GENE_SIZES)
    other = tuple(0 for _ in GENE_SIZES)
    moved = 0
    for _ in range(500):
        one = mutated_anywhere(genes, draws)
        assert sum(a != b for a, b in zip(one, genes, strict=True)) == 1
        assert all(x in pair for x, *pair in zip(crossed(genes, other, draws), genes, other, strict=True))
        step = stepped(genes, draws)
        moved += step != genes
        for changed in (one, step):
            assert all(0 <= gene < size for gene, size in zip(changed, GENE_SIZES, strict=True))
    assert moved > 300
    # A step that takes more words than a partition has banks could not be repaired.
    point = point_of(repaired((*genes[:ARRAYS], 0, *genes[ARRAYS + 1 :]), BUILD))
    assert point.token_cycles == (1, 1)
    assert min(point.part_a.w, point.part_b.w) >= 16
    assert point.part_c.w == min(64, point.pn)


def test_steps_keep_a_bank_word_of_c_within_a_row_of_sums() -> None:
    draws = Draws(4, "operators", 2)
    genes = repaired(tuple(size // 2 for size in GENE_SIZES), BUILD)
    narrower = 0
    for _ in range(3000):
        before, genes = point_of(genes), stepped(genes, draws)
        assert point_of(genes).part_c.w <= point_of(genes).pn
        narrower += point_of(genes).pn < before.part_c.w
    assert narrower > 10


def test_repair_serves_pinned_levels() -> None:
    settings = SearchSettings(pins=Pins.of({"array": "n64", "part_b_h": 8}), repair=1.0)
    for seed in range(5):
        point = Searcher(BUILD, WORK, settings, session_seed=seed).ask([]).point
        assert (point.part_c.w, point.part_b.h) == (64, 8)
