"""Cycles of a layer: a max-plus schedule over tile visits, command FIFOs and ping-pong blocks (SPACE sec. 2).

The loads run ahead as far as blocks are free, the processes of the core move as one pipeline at the pace of the
slowest, the store empties the other block of results. Visits that cost the same from the same state are not walked
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aigchip_tui.synth.commands import CommandCost
from aigchip_tui.synth.visits import Refreshes, Residencies, VisitTable
from aigchip_tui.synth.wiring import Wiring

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

STALE = 8
"""A moment this many of the longest loads, visits and stores ago decides nothing any more."""


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """Cycles of a layer from launch to end, and how many cycles the core waited for whom.

    `waits`: `load_<n>` by index of the load, `store`, `commands`. `walked`: visits that were computed one by one.
    """

    cycles: int
    waits: dict[str, int]
    walked: int


class _Load(NamedTuple):
    """One refresh: cycles of its two ends, as sums over the processes of the load."""

    first_word: int
    lead: int
    work: int
    filled: int
    released: int


class _Store(NamedTuple):
    """One tile of results or of spilled sums on its way to memory, through the processes of the store `members`.

    By process: cycles before it can take tokens (`leads`), from the first token of the store to its own (`offsets`),
    and from its last token to its next command (`tails`).
    """

    members: tuple[int, ...]
    work: int
    leads: tuple[int, ...]
    offsets: tuple[int, ...]
    tails: tuple[int, ...]


class _Back(NamedTuple):
    """The sums of the next visit on their way back, which the store brings before it stores what this visit made.

    `room`: cycles of work until it needs places that this visit's sums have had, or -1 if it needs none; `freed`:
    cycles from this visit's first addition until there are places for all.
    """

    lead: int
    work: int
    tail: int
    room: int
    freed: int


class _Visit(NamedTuple):
    """Everything that one visit costs, processes of the core in their order; equal visits are equal values."""

    gap: int
    lead: tuple[int, ...]
    work: tuple[int, ...]
    tail: tuple[int, ...]
    latency: tuple[int, ...]
    ahead: tuple[int, ...]
    early: tuple[int, ...]
    asks: tuple[tuple[int, ...], ...]
    loads: tuple[_Load | None, ...]
    opens: bool
    store: _Store | None
    resumes: bool
    brings: _Back | None


class _State(NamedTuple):
    """Moments in cycles. `core` and `free`: when the processes of core and store take their next command. Per load:
    free again, filled, blocks freed, commands not yet obeyed. `back`: first and last token of the sums that the next
    visit starts from.
    """

    command: int
    core: tuple[int, ...]
    backs: tuple[int, ...]
    free: tuple[int, ...]
    flushed: tuple[int, ...]
    dma: tuple[int, ...]
    filled: tuple[int, ...]
    freed: tuple[tuple[int, ...], ...]
    pending: tuple[tuple[int, ...], ...]
    back: tuple[int, int] = (0, 0)


def compose(wiring: Wiring, table: VisitTable, *, command_depth: int) -> Composed:
    """Cycles of a layer; `command_depth` commands wait at each process."""
    visits = _visits(table, wiring.back.depth if wiring.back else 0)
    plan = _Plan.of(wiring)
    longest = max(max(sum(column) for column in zip(v.lead, v.work, v.tail, v.latency, strict=True)) for v in visits)
    longest += max((sum(load) for v in visits for load in v.loads if load is not None), default=0)
    longest += max((sum(v.brings) for v in visits if v.brings), default=0)
    longest += max((v.store.work + sum(v.store.leads) + sum(v.store.tails) for v in visits if v.store), default=0)
    blocks = tuple(edge.depth for edge in wiring.operands)
    state = _State(
        command=0, core=(0,) * len(wiring.core.processes), backs=(0,) * (command_depth + 1),
        free=(0,) * len(table.residencies.costs), flushed=(0,) * wiring.result.depth, dma=(0,) * len(blocks),
        filled=(0,) * len(blocks), freed=tuple((0,) * (depth - 1) for depth in blocks), pending=((),) * len(blocks),
    )
    known: dict[tuple[_Visit, _State], tuple[_State, int, tuple[int, ...]]] = {}
    waits = [0] * (len(blocks) + 2)
    offset = 0
    for visit in visits:
        found = known.get((visit, state))
        if found is None:
            after, waited = _step(plan, state, visit)
            shift = after.core[-1]
            found = known[visit, state] = (_moved(after, shift, -STALE * longest), shift, waited)
        state, shift, waited = found
        offset += shift
        for index, cycles in enumerate(waited):
            waits[index] += cycles
    names = [*(f"load_{index}" for index in range(len(blocks))), "store", "commands"]
    return Composed(
        cycles=offset + max(*state.core, *state.free), waits=dict(zip(names, waits, strict=True)), walked=len(known),
    )


class _Plan(NamedTuple):
    """Who gives tokens to whom in the core, and which process of it empties the blocks of each load."""

    producers: tuple[tuple[int, ...], ...]
    edges: tuple[tuple[int, int], ...]
    takers: tuple[int, ...]

    @classmethod
    def of(cls, wiring: Wiring) -> _Plan:
        place = {name: index for index, name in enumerate(wiring.core.processes)}
        return cls(
            tuple(tuple(place[e.producer] for e in wiring.core.edges if e.consumer == name) for name in place),
            tuple((place[e.producer], place[e.consumer]) for e in wiring.core.edges),
            tuple(place[edge.consumer] for edge in wiring.operands),
        )


def _visits(table: VisitTable, back_depth: int) -> list[_Visit]:
    """The visits in order; equal ones are one object."""
    import numpy as np

    count = table.there.size
    gaps = np.diff(table.there, prepend=0)
    loads, asks = [], []
    for refreshes in table.refreshes:
        each = _loads(refreshes)
        row: list[_Load | None] = [None] * count
        for visit, load in zip(refreshes.taken.tolist(), each, strict=True):
            row[visit] = load
        loads.append(row)
        asks.append(_asks(table.there, refreshes.asked))
    opens = np.concatenate(([1], table.released[:-1]))
    stores = iter(zip(_stores(table.residencies), table.residencies.brings.tolist(), strict=True))
    resumed = table.resumed.tolist()
    interned: dict[_Visit, _Visit] = {}
    found = []
    shapes = (table.lead, table.work, table.tail, table.latency, table.ahead, table.early)
    figures = [[tuple(row) for row in each.T.tolist()] for each in shapes]
    columns = zip(gaps.tolist(), *figures, opens.tolist(), table.released.tolist(), strict=True)
    for index, (gap, lead, work, tail, latency, ahead, early, opened, released) in enumerate(columns):
        store, brought = next(stores) if released else (None, -1)
        visit = _Visit(
            gap=gap, lead=lead, work=work, tail=tail, latency=latency, ahead=ahead, early=early,
            asks=tuple(row[index] for row in asks),
            loads=tuple(row[index] for row in loads), opens=opened > 0, store=store,
            resumes=resumed[index] > 0,
            brings=None if brought < 0 else _back(
                table.residencies.costs[-1][brought], resumed[index], resumed[index + 1], work[-1], back_depth
            ),
        )
        found.append(interned.setdefault(visit, visit))
    return found


def _asks(there: Integers, asked: Integers) -> list[tuple[int, ...]]:
    """For each visit, how long before its own commands loads are asked for since the visit before."""
    import numpy as np

    rows: list[tuple[int, ...]] = [()] * there.size
    places = np.searchsorted(there, asked)
    for place, moment in zip(np.minimum(places, there.size - 1).tolist(), asked.tolist(), strict=True):
        rows[place] = (*rows[place], max(0, int(there[place]) - moment))
    return rows


def _loads(refreshes: Refreshes) -> list[_Load]:
    """A load as one pipeline: the first process waits for memory, the last one for a free block."""
    dma, fill = refreshes.load[0], refreshes.load[-1]
    found: dict[tuple[int, ...], _Load] = {}
    out = []
    for pair in zip(*(sequence.which.tolist() for sequence in refreshes.load), strict=True):
        load = found.get(pair)
        if load is None:
            first, last = dma.costs[pair[0]], fill.costs[pair[-1]]
            work = max(s.costs[index].work for s, index in zip(refreshes.load, pair, strict=True))
            heads = sum(s.costs[index].head for s, index in zip(refreshes.load[:-1], pair[:-1], strict=True))
            load = found[pair] = _Load(
                first_word=heads, lead=last.lead, work=work, filled=last.cycles - last.lead - last.work,
                released=first.cycles - first.lead - first.work - (heads - first.lead),
            )
        out.append(load)
    return out


def _back(cost: CommandCost, before: int, tokens: int, additions: int, depth: int) -> _Back:
    """How `tokens` sums come back while those of the visit in front, `before`, are taken out of a FIFO of `depth`."""
    free = depth - before
    waits = tokens > free
    return _Back(
        lead=cost.lead, work=cost.work, tail=cost.cycles - cost.lead - cost.work,
        room=free * cost.work // tokens if waits else -1,
        freed=(tokens - free) * additions // max(1, before) if waits else 0,
    )


def _stores(residencies: Residencies) -> list[_Store]:
    found: dict[tuple[int, ...], _Store] = {}
    out = []
    for key in map(tuple, residencies.which.T.tolist()):
        value = found.get(key)
        if value is None:
            members = tuple(place for place, index in enumerate(key) if index >= 0)
            costs = [residencies.costs[place][key[place]] for place in members]
            offsets = [0]
            for cost in costs[:-1]:
                offsets.append(offsets[-1] + cost.head - cost.lead)
            value = found[key] = _Store(
                members=members, work=max(cost.work for cost in costs), leads=tuple(cost.lead for cost in costs),
                offsets=tuple(offsets), tails=tuple(cost.cycles - cost.lead - cost.work for cost in costs),
            )
        out.append(value)
    return out


def _step(plan: _Plan, state: _State, visit: _Visit) -> tuple[_State, tuple[int, ...]]:
    """The state after a visit, and the cycles that the core waited for each load, the store and the commander."""
    issued = state.command + visit.gap
    pending = [
        (*queue, *(issued - early for early in asks)) for queue, asks in zip(state.pending, visit.asks, strict=True)
    ]
    command = max(issued, state.backs[0])
    dma, filled, freed = list(state.dma), list(state.filled), list(state.freed)
    ready: dict[int, int] = {}
    for index, load in enumerate(visit.loads):
        if load is None:
            continue
        asked, pending[index] = pending[index][0], pending[index][1:]
        word = max(dma[index], asked + 1) + load.first_word
        begin = max(word, max(filled[index], freed[index][0]) + load.lead)
        dma[index] = begin + load.work + load.released
        filled[index] = begin + load.work + load.filled
        ready[plan.takers[index]] = filled[index] + 1
    waited = [0] * (len(dma) + 2)
    for index, taker in enumerate(plan.takers):
        able = max(state.core[taker], command + 1) + visit.lead[taker]
        waited[index] = max(0, ready.get(taker, able) - able)
    waited[-1] = max(0, command - max(state.core))
    core, added = _flow(plan, state, visit, command, ready, waited)
    for index, load in enumerate(visit.loads):
        if load is not None:
            freed[index] = (*freed[index][1:], state.core[plan.takers[index]] + 1)
    free, flushed, back = list(state.free), state.flushed, state.back
    if visit.brings is not None:
        brings = visit.brings
        first = max(free[-1], command + 1) + brings.lead
        if brings.room >= 0:
            first = max(first, added + 1 - brings.room)
        done = max(first + brings.work, added + brings.freed if brings.room >= 0 else 0)
        back = (first, done)
        free[-1] = done + brings.tail
    if visit.store is not None:
        store = visit.store
        can = [free[place] + lead for place, lead in zip(store.members, store.leads, strict=True)]
        begin = max(core[-1] + 1, *(moment - offset for moment, offset in zip(can, store.offsets, strict=True)))
        for place, offset, tail in zip(store.members, store.offsets, store.tails, strict=True):
            free[place] = begin + store.work + offset + tail
        flushed = (*flushed[1:], free[0] + 1)
    after = _State(
        command=command, core=core, backs=(*state.backs[1:], core[-1]), free=tuple(free), flushed=flushed,
        dma=tuple(dma), filled=tuple(filled), freed=tuple(freed), pending=tuple(pending), back=back,
    )
    return after, tuple(waited)


def _flow(
    plan: _Plan, state: _State, visit: _Visit, command: int, ready: dict[int, int], waited: list[int]
) -> tuple[tuple[int, ...], int]:
    """When each process of the core is free again, and when the last one takes its first token.

    Tokens flow forward, and nobody runs ahead of who takes them.
    """
    starts: list[int] = []
    for index, producers in enumerate(plan.producers):
        able = max(state.core[index], command + 1) + visit.lead[index]
        if index == len(plan.producers) - 1 and visit.opens:
            waited[-2] = max(0, state.flushed[0] - able)
            able = max(able, state.flushed[0])
        if index == len(plan.producers) - 1 and visit.resumes:
            able = max(able, state.back[0] + 1)
        first = (starts[p] + visit.latency[p] for p in producers)
        starts.append(max((able, ready.get(index, able), *first)))
    backwards = sorted(range(len(plan.edges)), key=lambda edge: -plan.edges[edge][1])
    for edge in backwards:
        producer, consumer = plan.edges[edge]
        starts[producer] = max(starts[producer], starts[consumer] - visit.latency[producer] - visit.ahead[edge])
    ends: list[int] = []
    for index, producers in enumerate(plan.producers):
        through = (ends[p] + visit.latency[p] for p in producers)
        ends.append(max((starts[index] + visit.work[index], *through)))
    if visit.resumes:
        ends[-1] = max(ends[-1], state.back[1] + 1)
    for edge in backwards:
        producer, consumer = plan.edges[edge]
        ends[producer] = max(ends[producer], ends[consumer] - visit.latency[producer] - visit.early[edge])
    return tuple(end + tail for end, tail in zip(ends, visit.tail, strict=True)), starts[-1]


def _moved(state: _State, shift: int, least: int) -> _State:
    """All moments relative to `shift`, none earlier than `least`."""

    def all_of(moments: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(max(moment - shift, least) for moment in moments)

    return _State(
        command=max(state.command - shift, least), core=all_of(state.core), backs=all_of(state.backs),
        free=all_of(state.free), flushed=all_of(state.flushed), dma=all_of(state.dma), filled=all_of(state.filled),
        freed=tuple(all_of(each) for each in state.freed),
        pending=tuple(all_of(p) for p in state.pending), back=(state.back[0] - shift, state.back[1] - shift)
        if state.back[1] - shift > least else (least, least),
    )
