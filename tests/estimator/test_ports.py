"""Ports of memories: no bank takes more accesses in a cycle than it has ports, and accesses that ask the same share."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.schedule import Ports
from aigchip_tui.estimator.tracks import Track

_BANKS = st.one_of(st.none(), st.sets(st.integers(0, 2), min_size=1).map(lambda found: tuple(sorted(found))))
_ASKED = st.lists(st.tuples(_BANKS, st.booleans(), st.integers(0, 3)), max_size=24)


@settings(max_examples=150, deadline=None)
@given(
    asked=_ASKED,
    capacity=st.sampled_from([(2, 2, 2), (2, 1, 1), (2, 2, 1), (1, 1, 1)]),
    interval=st.sampled_from([0, 64]),
)
def test_no_bank_takes_more_accesses_in_a_cycle_than_it_has_ports(
    asked: list[tuple[tuple[int, ...] | None, bool, int]], capacity: tuple[int, int, int], interval: int
) -> None:
    track = Track()
    ports = Ports({1: capacity}, interval or None)
    placed: dict[int, list[tuple[tuple[int, ...] | None, bool]]] = {}
    for banks, write, earliest in asked:
        access = track.access(1, banks, write)
        cycle = ports.reserve(access, earliest)
        assert cycle >= earliest
        assert all(not fits_beside(placed.get(one, []), banks, write, capacity) for one in range(earliest, cycle))
        assert fits_beside(placed.get(cycle, []), banks, write, capacity)
        placed.setdefault(cycle, []).append((banks, write))


def fits_beside(
    others: list[tuple[tuple[int, ...] | None, bool]],
    banks: tuple[int, ...] | None,
    write: bool,
    capacity: tuple[int, int, int],
) -> bool:
    """Whether one more access finds a port: one that may touch any bank is counted at each."""
    for bank in range(3) if banks is None else banks:
        there = [way for other, way in others if other is None or bank in other]
        if len(there) >= capacity[0] or there.count(write) >= capacity[2 if write else 1]:
            return False
    return True


def test_nodes_that_ask_the_same_of_ports_are_counted_together() -> None:
    graph, track = Graph(), Track()
    for banks, write in (((0,), False), ((0,), False), ((0,), True), (None, False)):
        graph.add("store" if write else "load", 1, 1.0, (), access=track.access(1, banks, write))
    graph.add("load", 1, 1.0, (), access=Track().access(1, (0,), False))
    graph.add("fadd32", 1, 1.0, ())
    assert graph.access[0] is graph.access[1]
    assert graph.accesses() == {(1, (0,), False): 3, (1, (0,), True): 1, (1, None, False): 1}
