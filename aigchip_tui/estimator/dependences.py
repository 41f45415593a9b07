"""Dependences that memories carry between iterations, what a compiler keeps in registers, and what leaves a
loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub

from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.lifting import LiftWalk
from aigchip_tui.estimator.objects import Memory
from aigchip_tui.estimator.traced import gcd
from aigchip_tui.estimator.tracks import Constants, Terms, Track
from aigchip_tui.estimator.values import Lin, Val

_Difference = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""A dimension, and the term by which two addresses differ there, each way."""


class DependenceWalk(LiftWalk):
    """Adds carried dependences to the graph of a loop after its body has been walked."""

    def carried(
        self,
        graph: Graph,
        nest: tuple[tuple[int, int], ...],
        free: frozenset[int],
        innermost: bool,
        outside: Graph | None,
    ) -> int:
        """Adds the dependences that memories carry between iterations of a loop nest to `graph.back`.

        `nest` lists (symbol, trip) outermost first; `free` are memories whose carried dependences a pragma
        denies; `innermost`: the text has no loop in the body, not even an unrolled one; `outside` is the graph around
        it where all below is unrolled `early`, as `hoist` has it.
        Returns the cycles that elements kept in registers take around the loop.
        """
        cycles = 0
        for number, track in self.tracks_of(graph).items():
            if number in free:
                continue
            writes = [entry for entry in track.log if entry[0]]
            if not writes:
                continue
            reads = [entry for entry in track.log if not entry[0]]
            inside = [entry for entry in track.log if (graph.number, entry[3]) not in self.pinned]
            promoted = bool(reads) and bool(inside) and self._promotable(nest, inside, self._is_local(number))
            around = 0
            if promoted and outside is not None and len(nest) == 1:
                around = self.lift(graph, outside, number, track)
            cycles = max(cycles, around)
            if promoted and not around:
                if len(nest) == 1:
                    self.running_sums.add(number)
                kept = {entry[2]: entry[3] for entry in track.log if entry[0]}
                last = set(kept.values())
                for entry in track.log:
                    if entry[3] not in last:
                        graph.access[entry[3]] = None
            known = self.distances.get(number)
            before = len(graph.back)
            alone = len({entry[1:3] for entry in writes}) == 1 and not track.guarded
            self._carried_pairs(
                graph, nest, track, writes, reads, promoted, self.options.forward_stores and alone, innermost
            )
            memory = self.memories.get(number)
            if known is None and isinstance(memory, Memory) and memory.axi:
                # Whoever reads through a port waits for the answer to each write, and asks in the state where it comes.
                graph.back[before:] = [(source, target, 1, -1) for source, target, _, _ in graph.back[before:]]
            elif known is not None:
                graph.back[before:] = [
                    (source, target, known, extra) for source, target, _, extra in graph.back[before:]
                ]
        return cycles

    def _is_local(self, number: int) -> bool:
        memory = self.memories.get(number)
        return isinstance(memory, Memory) and memory.local

    def _promotable(
        self, nest: tuple[tuple[int, int], ...], log: list[tuple[bool, Terms, Constants, int]], local: bool
    ) -> bool:
        """Whether all that is touched are addresses that stay the same in all iterations of the innermost
        loop: the compiler keeps them in registers. Elements of fixed index are kept there by splitting the array."""
        inner = nest[-1][0]
        first = log[0]
        fixed = not self.options.deal_arrays and not any(first[1])
        if (not local or fixed) and any(entry[2] != first[2] for entry in log):
            return False
        return all(entry[1] == first[1] for entry in log) and not any(
            symbol == inner or symbol in self.deltas or symbol in self.variant
            for terms in first[1]
            for symbol, _ in terms
        )

    def _carried_pairs(
        self,
        graph: Graph,
        nest: tuple[tuple[int, int], ...],
        track: Track,
        writes: list[tuple[bool, Terms, Constants, int]],
        reads: list[tuple[bool, Terms, Constants, int]],
        promoted: bool,
        forwarded: bool,
        innermost: bool,
    ) -> None:
        by_terms: dict[Terms, list[tuple[Constants, int]]] = {}
        meeting: dict[tuple[Terms, Constants], list[tuple[Constants, int]]] = {}
        strides: dict[Terms, tuple[int, ...]] = {}
        mine = graph.number
        nodes = [entry[3] for entry in (*writes, *reads)] if self.pinned or self.facts_at else []
        fixed = {node for node in nodes if (mine, node) in self.pinned}
        known = {node: found for node in nodes if (found := self.facts_at.get((mine, node)))}
        reset = any(entry[3] in fixed for entry in writes)
        for _, terms, constants, node in reads:
            by_terms.setdefault(terms, []).append((constants, node))
            steps = strides.get(terms)
            if steps is None:
                steps = strides[terms] = self._strides(nest, terms)
            meeting.setdefault((terms, self.ranked(_residues(constants, steps))), []).append((constants, node))
        # Only the difference of two addresses' constants counts, so that copies of a body ask few questions.
        answers: dict[tuple[Terms, Terms], dict[tuple[bool, Constants], tuple[bool, int]]] = {}
        differences: dict[tuple[Terms, Terms], list[_Difference]] = {}
        gaps: list[_Difference] | None = None
        budget = 20_000
        for _, terms, constants, node in writes:
            for other, every in by_terms.items():
                crosses = terms != other
                asked = answers.setdefault((terms, other), {})
                if crosses and known:
                    gaps = differences.get((terms, other))
                    if gaps is None:
                        gaps = differences[(terms, other)] = _differences(terms, other)
                # Of the reads that move alike, only those a whole number of steps away can meet the write.
                entries: Sequence[tuple[Constants, int]] = every
                if not crosses:
                    entries = meeting.get((terms, self.ranked(_residues(constants, strides[terms]))), ())
                for key, reader in entries:
                    budget -= 1
                    if budget < 0:
                        graph.back.append((node, reader, 1, 0))
                        return
                    if crosses and gaps and _apart(known.get(reader, ()) + known.get(node, ()), gaps, constants, key):
                        continue
                    pinned = node in fixed or reader in fixed
                    question = (pinned, self.ranked(tuple(map(sub, constants, key))))
                    answer = asked.get(question)
                    if answer is None:
                        crossing = self._crossing(nest, terms, constants, other, key) if crosses else None
                        distance = (
                            self.distance(nest, terms, constants, other, key, pinned) if crossing is None else crossing
                        )
                        answer = asked[question] = (crossing is not None, distance)
                    crossed, distance = answer
                    same = distance != 1 and not crosses and constants == key
                    if same and self._chosen_bank(graph, node, nest, terms):
                        graph.back.append((node, reader, 1, 0))
                        continue
                    if crossed:
                        if distance:
                            graph.back.append((node, reader, distance, 0))
                    elif distance:
                        near = innermost and distance == 1 and not promoted and not crosses
                        if near and self._hand_on(graph, nest, track, (terms, constants, node), (key, reader)):
                            continue
                        kept = promoted or (forwarded and distance == 1)
                        # The exit of an unrolled body hands a sum on a state before it could be stored.
                        hands_on = promoted and self.leaving
                        saved = -graph.states[reader] - 1 - hands_on if kept else 0
                        if promoted and reset:
                            # A choice between the value to begin with and the running one stands for the load.
                            graph.operation[reader], graph.states[reader] = "select", 1
                            graph.delay[reader] = self.operators.simple("select", 1).delay
                            saved = -1 - self.leaving
                        elif nest[-1][0] in self.wrapping and not kept and crosses != (len(nest) > 1):
                            # Reports of triangular loops show such cycles without the load of a matrix.
                            if len(terms) > 1:
                                saved = -graph.states[reader]
                            if not crosses:
                                graph.back.append((node, node, 1, 1))
                        graph.back.append((node, reader, distance, saved))

    def _chosen_bank(self, graph: Graph, node: int, nest: tuple[tuple[int, int], ...], terms: Terms) -> bool:
        """Whether a store picks its bank by a remainder, and the next iteration another at the same word of it.

        The tool does not see through the division that makes a bank's address unless it is by a power of two.
        """
        access = graph.access[node]
        memory = self.memories.get(access.memory) if access is not None else None
        if access is None or not isinstance(memory, Memory) or (access.banks is not None and len(access.banks) < 2):
            return False
        inner = nest[-1][0]
        moved = [(position, by) for position, each in enumerate(terms) for symbol, by in each if symbol == inner]
        found = [(memory.partitions.get(position), by) for position, by in moved]
        return bool(found) and all(
            one is not None and one.style == "cyclic" and one.factor & (one.factor - 1) and by % one.factor
            for one, by in found
        )

    def _hand_on(
        self,
        graph: Graph,
        nest: tuple[tuple[int, int], ...],
        track: Track,
        stored: tuple[Terms, Constants, int],
        loaded: tuple[Constants, int],
    ) -> bool:
        """Makes a register of a load of exactly what the iteration before stored; False where it is no such load.

        All stores of the body move alike and none is conditional, so that nothing else can have changed the element.
        """
        terms, constants, node = stored
        inner = nest[-1][0]
        if track.guarded or graph.access[loaded[1]] is None or (graph.number, loaded[1]) in self.pinned:
            return False
        if any(entry[0] and entry[1] != terms for entry in track.log):
            return False
        if constants == loaded[0]:
            return False
        for dimension, written, read in zip(terms, constants, loaded[0], strict=False):
            if any(symbol in self.variant or symbol in self.deltas for symbol, _ in dimension):
                return False
            if written - read != sum(by for symbol, by in dimension if symbol == inner):
                return False
        kept = track.stores.get(terms, {}).get(constants)
        if kept is None or kept[0] != node or not isinstance(kept[1], Val) or kept[1].graph is not graph:
            return False
        reader = loaded[1]
        graph.operation[reader], graph.states[reader], graph.delay[reader] = "phi", 0, 0.0
        graph.sources[reader], graph.access[reader] = (), None
        if kept[1].node > reader:
            graph.back.append((kept[1].node, reader, 1, 0))
        return True

    def _strides(self, nest: tuple[tuple[int, int], ...], terms: Terms) -> tuple[int, ...]:
        """By what each dimension of an address moves from one iteration to the next: 0 it stays, 1 anything."""
        moving = {symbol for symbol, _ in nest}
        found = []
        for dimension in terms:
            steps = [
                coefficient * self.deltas.get(symbol, 1)
                for symbol, coefficient in dimension
                if symbol in moving or symbol in self.deltas
            ]
            opaque = any(
                symbol in self.variant and symbol not in moving and symbol not in self.deltas for symbol, _ in dimension
            )
            found.append(1 if opaque or len(steps) > 1 else abs(steps[0]) if steps else 0)
        return tuple(found)

    def _crossing(
        self, nest: tuple[tuple[int, int], ...], written: Terms, a: Constants, read: Terms, b: Constants
    ) -> int | None:
        """Distance when fixed indices pin the iterations of the write and of the read (a[j][i] and a[i][j]).

        0 when they never meet later, None when the indices do not pin both.
        """
        inner = nest[-1][0]
        symbols = {symbol for terms in (*written, *read) for symbol, _ in terms}
        moving = (symbols & self.variant) | (symbols & self.deltas.keys())
        moving |= symbols.intersection(symbol for symbol, _ in nest)
        at_write: Lin | None = None
        at_read: Lin | None = None
        for position in range(min(len(written), len(read))):
            first, second = Lin(a[position], written[position]), Lin(b[position], read[position])
            mine = [term for term in first.terms if term[0] in moving]
            theirs = [term for term in second.terms if term[0] in moving]
            if mine == [(inner, 1)] and not theirs:
                at_write = second.plus(first, -1).plus(Lin(0, ((inner, 1),)))
            elif theirs == [(inner, 1)] and not mine:
                at_read = first.plus(second, -1).plus(Lin(0, ((inner, 1),)))
            elif mine or theirs:
                return None
        if at_write is None or at_read is None:
            return None
        gap = at_read.plus(at_write, -1)
        return max(0, gap.constant) if not gap.terms else None

    def distance(
        self,
        nest: tuple[tuple[int, int], ...],
        written: Terms,
        a: Constants,
        read: Terms,
        b: Constants,
        pinned: bool = False,
    ) -> int:
        """Iterations after a write until the read meets the same element; 0 when it never does in this nest."""
        solved: dict[int, int] = {}
        moving = dict(nest)
        loose = False
        for position in range(min(len(written), len(read))):
            first, second = written[position], read[position]
            if first == second:
                steps = [
                    (symbol, coefficient * self.deltas.get(symbol, 1))
                    for symbol, coefficient in first
                    if symbol in moving or symbol in self.deltas
                ]
                opaque = [
                    symbol
                    for symbol, _ in first
                    if symbol not in moving and symbol not in self.deltas and symbol in self.variant
                ]
                gap = a[position] - b[position]
                if opaque:
                    loose = True
                    continue
                if not steps:
                    if gap:
                        return 0
                elif len(steps) == 1:
                    symbol, step = steps[0]
                    if symbol not in moving:
                        symbol = nest[-1][0]
                    if gap % step:
                        return 0
                    count = gap // step
                    if abs(count) >= max(1, moving.get(symbol, 1 << 30)):
                        return 0
                    if solved.setdefault(symbol, count) != count:
                        return 0
                else:
                    outcome = self._solve_sum(steps, gap, moving)
                    if outcome is None:
                        return 0
                    for symbol, count in outcome.items():
                        if solved.setdefault(symbol, count) != count:
                            return 0
                continue
            difference = Lin(a[position], first).plus(Lin(b[position], second), -1)
            bounds = self._free_bounds(Lin(a[position], first), Lin(b[position], second))
            if bounds is not None and (bounds[0] > 0 or bounds[1] < 0):
                return 0
            divisor = 0
            for _, coefficient in (*first, *second):
                divisor = gcd(divisor, abs(coefficient))
            if divisor > 1 and difference.constant % divisor:
                return 0
            loose = True
        if pinned and len(nest) > 1:
            solved.setdefault(nest[-1][0], 0)
        if pinned and loose:
            return max(1, nest[-1][1]) if nest[-1][1] < 1 << 30 else 1
        total, weight = 0, 1
        fixed = True
        for symbol, trip in reversed(nest):
            if symbol in solved:
                total += solved[symbol] * weight
            else:
                fixed = False
            weight *= max(1, trip)
        if total > 0:
            return total
        if total < 0:
            return 0 if fixed or not loose else 1
        if fixed and not loose:
            return 0
        if not loose:
            weight = 1
            for symbol, trip in reversed(nest):
                if symbol not in solved and trip > 1:
                    return 1 if nest[-1][0] in self.wrapping else weight
                weight *= max(1, trip)
            return 0
        return 1

    def _solve_sum(self, steps: list[tuple[int, int]], gap: int, moving: dict[int, int]) -> dict[int, int] | None:
        """Counts for several counters in one dimension (linearised addresses): the smallest that reach the
        gap.
        """
        ordered = sorted(steps, key=lambda item: -abs(item[1]))
        rest = gap
        counts: dict[int, int] = {}
        for symbol, step in ordered:
            count = round(rest / step) if abs(step) > 1 else rest // step
            limit = max(1, moving.get(symbol, 1 << 30))
            if abs(count) >= limit:
                return None
            counts[symbol] = count
            rest -= count * step
        return counts if rest == 0 else None

    def _free_bounds(self, first: Lin, second: Lin) -> tuple[int, int] | None:
        a, b = self.range_of(first), self.range_of(second)
        mine, theirs = ({symbol for symbol, _ in lin.terms} for lin in (first, second))
        shared = mine & theirs
        # Of a counter that begins at another one, a scheduler does not know how far it is from that.
        if shared and shared.isdisjoint(self.local_symbols) and self.slanted.isdisjoint(mine ^ theirs):
            joined = self.range_of(first.plus(second, -1))
            if joined is not None:
                return joined
        if a is None or b is None:
            return None
        return a[0] - b[1], a[1] - b[0]


def _differences(first: Terms, second: Terms) -> list[_Difference]:
    """Dimensions in which the terms of two addresses differ by one symbol, with its term in both directions."""
    found: list[_Difference] = []
    for position in range(min(len(first), len(second))):
        gap = Lin(0, first[position]).plus(Lin(0, second[position]), -1)
        if len(gap.terms) == 1:
            found.append((position, gap.terms, gap.times(-1).terms))
    return found


def _apart(facts: tuple[Lin, ...], gaps: list[_Difference], a: Constants, b: Constants) -> bool:
    """Whether a condition that holds at an access keeps two addresses different in some dimension.

    Only a counter compared with a constant counts; of two counters (k > i) a scheduler knows nothing.
    """
    for position, ahead, back in gaps if facts else ():
        gap = a[position] - b[position]
        for fact in facts:
            if (fact.terms == ahead and gap >= fact.constant) or (fact.terms == back and -gap >= fact.constant):
                return True
    return False


def _residues(constants: Constants, strides: tuple[int, ...]) -> Constants:
    """What two addresses must share so that one reaches the other in whole steps."""
    return tuple(
        constant % stride if stride else constant for constant, stride in zip(constants, strides, strict=False)
    )
