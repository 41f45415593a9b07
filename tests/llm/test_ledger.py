"""Caps hold in the worst case, unknown outcomes keep their reservation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.ledger import FREE, Caps, Cost, Ledger, Price, price_from, worst_case
from aigchip_tui.model.errors import AigchipError

PRICE = Price(prompt=1.0, completion=10.0)


def test_a_worst_case_is_prompt_and_longest_completion() -> None:
    assert worst_case(1000, 2000, PRICE) == Cost(calls=1, tokens=3000, usd=0.021)


def test_settling_replaces_the_reservation() -> None:
    ledger = Ledger(caps=Caps(calls=2, tokens=10_000), price=PRICE)
    ledger.reserve("a", prompt_tokens=1000, max_completion_tokens=4000)
    assert ledger.total == Cost(calls=1, tokens=5000, usd=0.041)
    ledger.settle("a", prompt_tokens=900, completion_tokens=100)
    assert ledger.total.tokens == 1000
    assert ledger.total.usd == pytest.approx(0.0019)
    assert ledger.open_calls == ()


def test_an_unknown_outcome_keeps_its_reservation_and_a_known_one_gives_it_back() -> None:
    ledger = Ledger(caps=Caps(tokens=6000), price=FREE)
    ledger.reserve("lost", prompt_tokens=1000, max_completion_tokens=2000)
    ledger.reserve("refused", prompt_tokens=1000, max_completion_tokens=2000)
    with pytest.raises(CallError, match="cap of 6000 tokens would be passed"):
        ledger.reserve("next", prompt_tokens=1, max_completion_tokens=1)
    ledger.release("refused")
    ledger.reserve("next", prompt_tokens=1000, max_completion_tokens=2000)
    assert ledger.open_calls == ("lost", "next")


def test_a_call_asked_again_after_a_kill_is_reserved_once() -> None:
    ledger = Ledger(caps=Caps(calls=1), price=FREE)
    first = ledger.reserve("a", prompt_tokens=1, max_completion_tokens=1)
    assert ledger.reserve("a", prompt_tokens=1, max_completion_tokens=1) == first
    assert ledger.total.calls == 1


@pytest.mark.parametrize(
    ("caps", "says"),
    [
        (Caps(calls=0), "cap of 0 calls"),
        (Caps(tokens=10), "cap of 10 tokens"),
        (Caps(usd=0.01), "cap of 0.01 USD"),
    ],
)
def test_each_cap_refuses_before_the_call(caps: Caps, says: str) -> None:
    with pytest.raises(CallError, match=says) as caught:
        Ledger(caps=caps, price=PRICE).reserve("a", prompt_tokens=1000, max_completion_tokens=1000)
    assert caught.value.cause == "cap"
    assert caught.value.permanent


def test_a_cap_in_dollars_needs_a_price() -> None:
    with pytest.raises(CallError, match="AIGCHIP_PRICE"):
        Ledger(caps=Caps(usd=5.0), price=None).reserve("a", prompt_tokens=1, max_completion_tokens=1)


def test_what_was_spent_before_counts() -> None:
    ledger = Ledger(caps=Caps(calls=3), price=FREE, spent=Cost(calls=3))
    with pytest.raises(CallError, match=r"cap of 3 calls is reached \(3 made"):
        ledger.reserve("a", prompt_tokens=1, max_completion_tokens=1)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 500), st.integers(1, 500), st.sampled_from(["settle", "release", "lost"]), st.floats(0, 1)
        ),
        max_size=30,
    )
)
def test_no_sequence_of_calls_passes_a_cap(calls: list[tuple[int, int, str, float]]) -> None:
    caps = Caps(calls=10, tokens=3000, usd=0.02)
    ledger = Ledger(caps=caps, price=PRICE)
    for number, (prompt, completion, outcome, share) in enumerate(calls):
        try:
            ledger.reserve(str(number), prompt_tokens=prompt, max_completion_tokens=completion)
        except CallError:
            continue
        if outcome == "settle":
            ledger.settle(str(number), prompt_tokens=prompt, completion_tokens=int(completion * share))
        elif outcome == "release":
            ledger.release(str(number))
        total = ledger.total
        assert total.calls <= 10
        assert total.tokens <= 3000
        assert total.usd <= 0.02 + 1e-9


def test_the_price_comes_from_the_environment() -> None:
    assert price_from({}) is None
    assert price_from({"AIGCHIP_PRICE": "0.5/1.5"}) == Price(prompt=0.5, completion=1.5)
    for bad in ("free", "1", "1/2/3", "-1/2", "nan/1"):
        with pytest.raises(AigchipError, match="is not a price"):
            price_from({"AIGCHIP_PRICE": bad})
