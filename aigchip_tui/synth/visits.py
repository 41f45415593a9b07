"""What each tile visit of a layer costs each process, from the commands and the processes' own control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.synth import control as c
from aigchip_tui.synth.commands import CommandCost, Process
from aigchip_tui.synth.trace import LayerTrace
from aigchip_tui.synth.wiring import Part, Wiring

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]


class Commanded(msgspec.Struct, frozen=True, kw_only=True):
    """The commands of one process: distinct costs, and which of them each command has."""

    costs: tuple[CommandCost, ...]
    which: Integers

    def of(self, read: str) -> Integers:
        """A figure of each command: `cycles`, `lead`, `work` or `head`."""
        import numpy as np

        values = np.array([getattr(cost, read) for cost in self.costs] or [0], dtype=np.int64)
        return values[self.which] if self.which.size else self.which

    def tokens(self, port: str) -> Integers:
        """Tokens (beats) of each command at a port."""
        import numpy as np

        values = np.array([cost.tokens.get(port, 0) for cost in self.costs] or [0], dtype=np.int64)
        return values[self.which] if self.which.size else self.which

    def released(self, port: str) -> Integers:
        """Blocks that each command hands over or frees at a port."""
        import numpy as np

        values = np.array([cost.released.get(port, 0) for cost in self.costs] or [0], dtype=np.int64)
        return values[self.which] if self.which.size else self.which


def sequences(wiring: Wiring, trace: LayerTrace, processes: Mapping[str, Process]) -> dict[str, Commanded]:
    """The cost of every command of every process; commands that differ in fields nobody counts with are equal."""
    import numpy as np

    found = {}
    for name, port in wiring.commands.items():
        process, rows = processes[name], trace.commands[port]
        if rows.shape[0] and rows.shape[1] != len(process.program.fields):
            raise AigchipError(f"{name} takes {len(process.program.fields)} fields, its commands have {rows.shape[1]}.")
        used = [i for i, field in enumerate(process.program.fields) if field in fields_of(process.program)]
        asked = np.ascontiguousarray(rows[:, used]) if used else np.zeros((rows.shape[0], 1), dtype=np.int32)
        packed = asked.view([("", asked.dtype)] * asked.shape[1]).ravel()
        _, first, which = np.unique(packed, return_index=True, return_inverse=True)
        costs = []
        for index in first:
            command = [0] * len(process.program.fields)
            for i in used:
                command[i] = int(rows[index, i])
            costs.append(process.cost(command))
        found[name] = Commanded(costs=tuple(costs), which=which.astype(np.int64))
    return found


def fields_of(program: c.ControlProgram) -> frozenset[str]:
    """Fields of the command that decide a process's cycles or tokens."""
    return frozenset(_fields(program.body))


def _fields(statements: tuple[c.Statement, ...]) -> set[str]:
    found: set[str] = set()
    for one in statements:
        match one:
            case c.Set(_, value):
                found |= _fields_in(value)
            case c.Choice(condition, yes, no):
                found |= _fields_in(condition) | _fields((*yes, *no))
            case c.Loop():
                found |= _fields_in(one.condition) | _fields((*one.start, *one.step, *one.body))
            case _:
                pass
    return found - {"last"}


def _fields_in(expression: c.Expression) -> set[str]:
    match expression:
        case c.Field(name):
            return {name}
        case c.Operation(_, operands):
            return {name for operand in operands for name in _fields_in(operand)}
    return set()


class Refreshes(msgspec.Struct, frozen=True, kw_only=True):
    """The loads of one operand: in which visit each is taken, and after which visit's commands it is asked for.

    `asked`: cycle in which the load's command is there if the commander is not held back.
    """

    taken: Integers
    asked: Integers
    load: tuple[Commanded, ...]


class Residencies(msgspec.Struct, frozen=True, kw_only=True):
    """Tiles of results on their way to memory, one column each, and the sums that come back.

    `which`: by process of the store the distinct cost of its command, -1 where it has none for this tile. `brings`: the
    distinct cost of the store's last process for the sums of the visit behind this one, which it brings before it
    stores this tile; -1 where there are none.
    """

    costs: tuple[tuple[CommandCost, ...], ...]
    which: Integers
    brings: Integers


class VisitTable(msgspec.Struct, frozen=True, kw_only=True):
    """A layer visit by visit. Arrays are (process of the core, visit), in cycles of a visit that waits for nobody.

    `lead`: before a process can take tokens, `work`: in which it takes them, `tail`: until it is ready for the next
    command, `latency`: from taking a token to giving one. Of each edge of the core, `ahead` are the cycles by which
    its producer may begin before its consumer, and `early` those by which it may end before it, until the FIFO is
    full. `released`: blocks of results handed over. `there`: cycle
    in which a visit's commands are there if the commander is not held back. `resumed`: tokens of sums that a visit
    starts from.
    """

    lead: Integers
    work: Integers
    tail: Integers
    latency: Integers
    ahead: Integers
    early: Integers
    released: Integers
    there: Integers
    refreshes: tuple[Refreshes, ...]
    resumed: Integers
    residencies: Residencies


def visit_table(wiring: Wiring, trace: LayerTrace, costs: Mapping[str, Commanded]) -> VisitTable:
    """Aligns all commands to tile visits by the tokens that they move; AigchipError where the tokens disagree."""
    import numpy as np

    core, last = wiring.core, wiring.core.last
    visits = costs[last].which.size
    columns = np.array([_aligned(core, name, costs, visits) for name in core.processes])
    work = dict(zip(core.processes, columns[:, 1], strict=True))
    slowest = columns[:, 1].max(axis=0)
    ahead, early = [], []
    for edge, copies in zip(core.edges, core.copies, strict=True):
        tokens = np.maximum(1, costs[edge.consumer].tokens(edge.consumer_port) // copies)
        if tokens.size != visits:
            raise AigchipError(f"{edge.consumer} has {tokens.size} commands for {visits} tile visits.")
        ahead.append(edge.depth * np.maximum(1, slowest // tokens))
        early.append(edge.depth * np.maximum(1, work[edge.consumer] // tokens))
    refreshes = []
    for part, edge in zip(wiring.loads, wiring.operands, strict=True):
        taken = _taken(core, edge.consumer, costs, visits)
        asked = trace.times[wiring.commands[part.first]]
        if asked.size != taken.size:
            raise AigchipError(f"{part.first} has {asked.size} commands, {edge.consumer} takes {taken.size} blocks.")
        refreshes.append(Refreshes(taken=taken, asked=asked, load=tuple(costs[p] for p in part.processes)))
    return VisitTable(
        lead=columns[:, 0], work=columns[:, 1], tail=columns[:, 2], latency=columns[:, 3],
        ahead=np.array(ahead), early=np.array(early),
        released=costs[last].released(wiring.result.producer_port), there=trace.times[wiring.commands[last]],
        refreshes=tuple(refreshes), resumed=_resumed(wiring, costs, visits), residencies=_residencies(wiring, costs),
    )


def _resumed(wiring: Wiring, costs: Mapping[str, Commanded], visits: int) -> Integers:
    import numpy as np

    back = wiring.back
    return costs[back.consumer].tokens(back.consumer_port) if back else np.zeros(visits, dtype=np.int64)


def _residencies(wiring: Wiring, costs: Mapping[str, Commanded]) -> Residencies:
    """Aligns the commands of the store to the tiles that leave, by the tokens that they move."""
    import numpy as np

    store, back = wiring.store, wiring.back
    count = costs[store.first].which.size
    at: dict[str, Integers] = {store.first: np.arange(count)}
    brings = np.full(count, -1, dtype=np.int64)
    for name in store.processes[1:]:
        comes = np.zeros(count, dtype=np.int64)
        for edge in store.edges:
            if edge.consumer == name:
                given = costs[edge.producer].tokens(edge.producer_port)
                comes += np.where(at[edge.producer] >= 0, given[at[edge.producer]], 0)
        own = costs[name]
        brought = np.zeros(own.which.size, dtype=bool)
        if back is not None and back.producer == name:
            brought = own.tokens(back.producer_port) > 0
        stored = np.flatnonzero(~brought)
        tiles = np.flatnonzero(comes)
        if stored.size != tiles.size:
            raise AigchipError(f"{name} has {stored.size} commands for {tiles.size} tiles of results.")
        at[name] = np.full(count, -1, dtype=np.int64)
        at[name][tiles] = stored
        loads = np.flatnonzero(brought)
        behind = np.searchsorted(stored, loads)
        if loads.size and (behind[-1] == stored.size or np.unique(behind).size != loads.size):
            raise AigchipError(f"{name} does not bring sums back once before it stores a tile.")
        brings[tiles[behind]] = own.which[loads]
    which = [np.where(at[name] >= 0, costs[name].which[at[name]], -1) for name in store.processes]
    return Residencies(
        costs=tuple(costs[name].costs for name in store.processes), which=np.array(which), brings=brings
    )


def _aligned(core: Part, name: str, costs: Mapping[str, Commanded], visits: int) -> list[Integers]:
    """(lead, work, tail, latency) of each visit for one process of the core."""
    import numpy as np

    commanded = costs[name]
    lead, work = commanded.of("lead"), commanded.of("work")
    tail, latency = commanded.of("cycles") - lead - work, np.maximum(1, commanded.of("head") - lead)
    if commanded.which.size == visits:
        return [lead, work, tail, latency]
    # A command that lasts several visits: its pipeline is filled in the first one and emptied in the last one.
    taken = _taken(core, name, costs, visits)
    share, produced = _shares(core, name, costs, visits)
    lengths = np.diff([*taken, visits])
    spread = [np.zeros(visits, dtype=np.int64) for _ in range(2)]
    spread[0][taken] = lead
    spread[1][taken + lengths - 1] = tail
    per_token = np.maximum(1, work // np.maximum(1, produced))
    return [spread[0], share * np.repeat(per_token, lengths), spread[1], np.repeat(latency, lengths)]


def _shares(core: Part, name: str, costs: Mapping[str, Commanded], visits: int) -> tuple[Integers, Integers]:
    """(tokens that each visit takes from a process, tokens of each of its commands)."""
    edge = next(e for e in core.edges if e.producer == name)
    consumer = costs[edge.consumer]
    if consumer.which.size != visits:
        raise AigchipError(f"{edge.consumer} has {consumer.which.size} commands for {visits} tile visits.")
    return consumer.tokens(edge.consumer_port), costs[name].tokens(edge.producer_port)


def _taken(core: Part, name: str, costs: Mapping[str, Commanded], visits: int) -> Integers:
    """The visit in which each command of a process begins, by the tokens that it makes and its consumer takes."""
    import numpy as np

    if costs[name].which.size == visits:
        return np.arange(visits)
    share, produced = _shares(core, name, costs, visits)
    starts = np.concatenate(([0], np.cumsum(share)))
    begins = np.concatenate(([0], np.cumsum(produced)))
    taken = np.searchsorted(starts, begins[:-1])
    if begins[-1] != starts[-1] or not np.array_equal(starts[taken], begins[:-1]):
        raise AigchipError(
            f"{name} makes {begins[-1]} tokens in {produced.size} commands, and they do not fill whole tile visits of "
            f"{starts[-1]} tokens."
        )
    return taken
