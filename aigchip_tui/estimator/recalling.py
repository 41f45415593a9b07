"""Copies of a pipelined loop below an unrolled parent that are not walked: what they are follows from the last one.

The walk of a loop reads registers, arrays and how the tool builds these. Where the registers hold what they held
before, or constants that stand in indices and comparisons alone and move all indices of an array alike, each step of
the walk would come out as it did; only addresses move. So the loop is what it was, and leaves what it left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import add

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.lifting import LiftWalk
from aigchip_tui.estimator.machine import MachineWalk
from aigchip_tui.estimator.objects import Binding, Cell, Layer, Memory, fresh
from aigchip_tui.estimator.outcomes import Level, Lifted, Outside, Row, Single
from aigchip_tui.estimator.recalls import Comparison, Left, Match, Question, Recall, cells, crosses_zero, keeps_banks
from aigchip_tui.estimator.standing import COMPARISONS, Standing, begun, standing
from aigchip_tui.estimator.values import Kind, Lin, Val

_FIXED_VALUES = (Val, type(None))
_INDEX_BITS = 32
_RECALLED = 3
"""Copies of a loop that are kept for others to follow from."""


class RecallWalk(MachineWalk, LiftWalk):
    """Pipelined loops that follow from their last copy."""

    def question(
        self, loop: ast.Loop, nest: Sequence[Level], pragmas: Sequence[Pragma], target: int
    ) -> Question | None:
        """What the walk of a loop starts from; None where that cannot be told."""
        text = standing(loop)
        if text is None or self.trace is not None or self.facts or self.owner is not None or self.pinning:
            return None
        bound = tuple([self.find(name) for name in text.names])
        built: list[tuple[object, ...]] = []
        dealt: list[tuple[int, int]] = []
        numbers: set[int] = set()
        for one in bound:
            if isinstance(one, Memory):
                if one.axi or one.fifo or one.number in numbers:
                    return None
                numbers.add(one.number)
                built.append(self._built(one))
                dealt.append(self._dealt(one))
            elif type(one) is Cell:
                if one.number in numbers:
                    return None
                numbers.add(one.number)
            elif not isinstance(one, _FIXED_VALUES):
                return None
        headers, starts = [], []
        for level in nest:
            header = level.header
            headers.append(
                (id(level.loop), level.factor, None)
                if header is None
                else (id(level.loop), level.factor, header.low, header.high, header.step, header.exact, header.mean,
                      header.may_end)
            )
            if header is not None:
                starts.append(header.start)
        place = (
            headers, target, tuple(pragmas), self.again, self.region, self.bindings, self.pragmas, self.bound,
            self.space, self.function_name, self.source_file, self.inlining,
        )
        return Question(text, tuple(nest), place, bound, tuple(built), tuple(dealt), tuple(starts))

    def _dealt(self, memory: Memory) -> tuple[int, int]:
        """Banks that the loops so far ask for."""
        return memory.dealt, self.uses.of(memory.order).dealt

    def _built(self, memory: Memory) -> tuple[object, ...]:
        """How the tool builds an array, as far as any loop may ask."""
        number, use = memory.number, self.uses.of(memory.order)
        return (
            number, tuple(memory.partitions.items()), memory.ports, memory.asked, memory.latency, memory.storage,
            memory.rom, self.capacity.get(number), number in self.free, number in self.free_within,
            self.distances.get(number), use.banks, use.columns, use.stores > 1,
            tuple(self.decisions.get(memory.order, {}).items()),
        )

    def recalled(self, loop: ast.Loop, asked: Question) -> bool:
        """Whether a loop follows from its last copy; what it leaves is left then."""
        for known in reversed(self.recalls.get(id(loop), ())):
            match = self._match(known, asked)
            if match is not None and self.work + known.work <= self.options.limit:
                self._follow(loop, asked, match)
                return True
        return False

    def _follow(self, loop: ast.Loop, asked: Question, match: Match) -> None:
        """Leaves what the loop leaves that a match was found with."""
        known, layer = match.known, self.layer
        read: list[int] = []
        for place, _ in known.asked:
            cell = asked.bound[place]
            assert isinstance(cell, Cell)
            value = layer.read(cell)
            if value.node >= 0 and value.graph is self.graph:
                read.append(value.node)
        for kept in match.looked:
            taken = self.taken_over(self.graph, kept, self.given_outside(self.graph, kept))
            read += [value.node for value in taken if value.graph is self.graph]
        self.work += known.work
        self.line = known.line
        self.held |= known.held
        left = known.left
        if left.apart:
            outside = [self._outside_moved(one, match) for one in left.outside]
            rows = [self._row_moved(one, match) for one in left.rows]
            left = left._replace(outside=outside, rows=rows)
        settled = []
        for place, kind in known.set:
            cell = asked.bound[place]
            assert isinstance(cell, Cell)
            settled.append((cell.number, kind))
        self.leave_loop(left, loop, read, settled)

    @staticmethod
    def _outside_moved(one: Outside, match: Match) -> Outside:
        terms, (constants,) = match.address(one.memory.number, one.terms, [one.constants])
        return Outside(one.memory, terms, constants)

    @staticmethod
    def _row_moved(one: Row, match: Match) -> Row:
        column = len(one.memory.extents) - 1
        steps = match.steps_of(one.memory.number)
        moved = tuple(map(add, one.constants, (*steps[:column], *steps[column + 1 :])))
        return Row(one.memory, match.moved(one.terms), moved, one.loads)

    def _match(self, known: Recall, asked: Question) -> Match | None:
        """How the values of a copy differ from those of the last one that was walked; None where more differs."""
        before = known.question
        if before.place != asked.place or before.built != asked.built or before.text is not asked.text:
            return None
        if any(self._dealt(memory) != dealt for memory, dealt in known.dealt):
            return None
        for old, new in zip(before.bound, asked.bound, strict=True):
            if old is not new and not self._stands_for(old, new):
                return None
        match, names = Match(known), asked.text.names
        for place, old in known.asked:
            cell = asked.bound[place]
            assert isinstance(cell, Cell)
            value = _peek(self.layer, cell)
            if value is None or not match.value(old, value, names[place].name):
                return None
        for old, new in zip(before.starts, asked.starts, strict=True):
            if not match.value(old, new, ""):
                return None
        if not match.ordered():
            return None
        for one, other in match.symbols.items():
            if known.symbols[one] != self._known_of(other):
                return None
        if match.shifts and not self._may_move(match, asked):
            return None
        return match if all(self._finds(match, one) for one in known.looked) else None

    def _finds(self, match: Match, one: Single | Lifted) -> bool:
        """Whether a copy finds as much stored around it as the loop before did."""
        if isinstance(one, Single):
            terms, (constants,) = match.address(one.number, one.terms, [one.constants])
            return (constants in self.stored_outside(self.graph, one.number, terms)) is one.known
        terms, loads = match.address(one.number, one.terms, one.loads)
        _, stores = match.address(one.number, one.terms, one.stores)
        kept = Lifted(one.number, terms, frozenset(loads), frozenset(stores), one.missing)
        match.looked.append(kept)
        return len(kept.loads - self.given_outside(self.graph, kept).keys()) == one.missing

    def _stands_for(self, old: Binding | Val | None, new: Binding | Val | None) -> bool:
        """Whether an object of a copy is to it what another one was to the copy before."""
        if isinstance(old, Cell) and isinstance(new, Cell):
            return old.kind == new.kind and (old.root in self.unset) is (new.root in self.unset)
        if isinstance(old, Val) and isinstance(new, Val):
            return old.const is not None and old.const == new.const and old.kind == new.kind
        return False

    def _known_of(self, symbol: int) -> tuple[object, ...]:
        """What the walk may ask of a symbol."""
        return self.ranges.get(symbol), self.means.get(symbol), symbol in self.exits, symbol in self.wrapping

    def _may_move(self, match: Match, asked: Question) -> bool:
        """Whether constants that moved change addresses alone."""
        text, known = asked.text, match.known
        if not text.offsets.isdisjoint([text.names[place].name for place, _ in known.asked]):
            return False
        for name, bound in zip(text.names, asked.bound, strict=True):
            if name.name in text.offsets and not (isinstance(bound, Cell) and _holds_index(bound.kind)):
                return False
            if name.name in text.apart and not (
                isinstance(bound, Memory) and match.parts(name.name, bound, _rolled(asked))
            ):
                return False
            steps = match.steps(name.name) if name.name in text.arrays else ()
            if not any(steps):
                continue
            if not isinstance(bound, Memory) or len(bound.extents) != len(steps):
                return False
            track = known.tracks.get(bound.number)
            for place, step in enumerate(steps):
                if not step:
                    continue
                if not text.beside[name.name][place] <= known.straight:
                    return False
                if not keeps_banks(bound, place, step, track):
                    return False
                if 0 in bound.extents or (
                    track is not None and any(crosses_zero(shape, place, step) for shape in track.shapes.values())
                ):
                    return False
        if match.shifts.keys().isdisjoint(text.compared):
            return True
        return not known.facts and self._judged_alike(match)

    def _judged_alike(self, match: Match) -> bool:
        """Whether comparisons with constants that moved come out as before, and ask as much of the hardware."""
        known = match.known
        sides: dict[int, Val] = {}
        for place, old in known.asked:
            shift = match.shifts.get(known.question.text.names[place].name)
            if shift and old.lin is not None:
                const = None if old.const is None else old.const + shift
                lin = Lin(old.lin.constant + shift, old.lin.terms)
                sides[id(old)] = Val(old.kind, old.node, const, lin, old.graph, old.need)
        asked: dict[object, object] = {}
        for operator, left, right in known.judged:
            one, other = sides.get(id(left), left), sides.get(id(right), right)
            if one is not left or other is not right:
                if not self._alike(left, one) or not self._alike(right, other):
                    return False
                if _decided(operator, left, right) is not _decided(operator, one, other):
                    return False
                if self.verdict(operator, left, right) is not self.verdict(operator, one, other):
                    return False
            key = (operator, self.identity(left), self.identity(right))
            now = (operator, self.identity(one), self.identity(other))
            if asked.setdefault(key, now) != now:
                return False
        return len(set(asked.values())) == len(asked)

    def _alike(self, old: Val, new: Val) -> bool:
        return old is new or (old.const == 0) is (new.const == 0)

    def remember(
        self, loop: ast.Loop, asked: Question, left: Left, inner: Layer, judged: Sequence[Comparison],
        front: Iterable[int], held: set[int], work: int, first: int,
    ) -> None:
        """Keeps what a loop was and left, where a copy may follow from it.

        `front` are arrays that it loads or keeps around itself, `first` is the first symbol of its walk.
        """
        graph = inner.graph
        places = cells(asked.bound)
        tracks = self.tracks_of(graph)
        made_outside = {id(value) for _, value in inner.asked.values() if value.node >= 0}
        built = tuple([self._built(one) for one in asked.bound if isinstance(one, Memory)])
        memories = [one for one in asked.bound if isinstance(one, Memory)]
        known = {one.number for one in memories}
        follows = (
            asked.place[3] == self.again
            and all(number in places for number in inner.asked)
            and all(number in known for number in (*left.touched, *tracks))
            and not any(value.graph is self.graph and value.node >= 0 for value in inner.values.values())
            and not any(id(left) in made_outside or id(right) in made_outside for _, left, right in judged)
        )
        if not follows:
            return
        around = {*front, *left.apart}
        dealt = [(one, self._dealt(one)) for one in memories]
        for memory, was, now, earlier, later in zip(memories, asked.built, built, asked.dealt, dealt, strict=True):
            # What a loop decides of an array it would have found decided, but for what was done before that.
            if was != now and (
                was[:1] + was[2:13] != now[:1] + now[2:13]
                or memory.number in around
                or (len(memory.extents) == 1 and was[1] != now[1])
            ):
                return
            if memory.number in around and earlier != later[1]:
                return
        values = [value for _, value in inner.asked.values()] + [*asked.starts]
        symbols = {one for value in values if value.lin is not None for one, _ in value.lin.terms}
        if any(one >= first for one in symbols):
            # A register that was first read within the loop is taken for one that its iterations change.
            return
        written = {access for number, track in tracks.items() if len(track.shapes) > 1 for access in track.under}
        facts = bool(written) and any(number == graph.number for number, _ in self.facts_at)
        # Loops that keep something in front of themselves ask what others do, and those that divide by banks.
        wanted = [one for one in dealt if one[0].number in around or len(one[0].extents) == 1]
        recalls = self.recalls.setdefault(id(loop), [])
        del recalls[: 1 - _RECALLED]
        read = tuple([(places[number], value) for number, (_, value) in inner.asked.items()])
        recalls.append(Recall(
            question=asked._replace(built=built),
            left=left,
            asked=read,
            straight=_straight(asked.text, read),
            set=tuple([
                (places[number], value.kind) for number, value in inner.values.items()
                if number in places and inner.phis.get(number) is not value
            ]),
            begun=first,
            symbols={one: self._known_of(one) for one in symbols},
            dealt=tuple(wanted),
            judged=judged,
            looked=tuple(self.looked),
            tracks=tracks,
            facts=facts,
            held=frozenset(held),
            work=work,
            line=self.line,
        ))

    def leave_loop(
        self, left: Left, loop: ast.Loop, read: Sequence[int], settled: Iterable[tuple[int, Kind]]
    ) -> None:
        """What a pipelined loop does to the state machine around it; `read` are the nodes that it waits for, `settled`
        the registers that it sets, by their numbers.
        """
        outcome, touched = left.outcome, left.touched
        self.body.loops.append(outcome)
        self.usage.include(left.usage, module=True)
        self.slowest = max(self.slowest, left.slowest_ns)
        for outer in self.touched:
            for number, write in touched.items():
                outer[number] = outer.get(number, False) or write
        inputs = [*read]
        if left.apart:
            touched = {number: write for number, write in touched.items() if number not in left.apart}
        for row in left.rows:
            inputs += self.row_loads(row)
        node = self._macro(touched, inputs, left.latency, loop.line, outcome.name, left.loaded, loop)
        for one in left.outside:
            self.access(one.memory, one.place(), Val(one.memory.type.kind, node, None, None, self.graph))
            # It is stored in the state in which the loop is waited for.
            self.graph.states[-1] = 0
        self.body.loop_macros += 1
        self.body.single, self.body.around = outcome, left.prologue
        for number, kind in settled:
            if number not in self.layer.values and self.layer.parent is None:
                continue
            lin = Lin(0, ((fresh(), 1),)) if kind.letter == "i" else None
            self.layer.values[number] = Val(kind, node, None, lin, self.graph)


def _peek(layer: Layer, cell: Cell) -> Val | None:
    """What a register holds; None where that would be found by adding a node."""
    at: Layer | None = layer
    while at is not None:
        found = at.values.get(cell.number)
        if found is not None:
            return found
        if at.loop and at.assigned is not None and cell.root in at.assigned:
            return None
        at = at.parent
    return None


def _holds_index(kind: Kind) -> bool:
    """Whether a register holds any index as it is."""
    return kind.letter == "i" and kind.bits >= _INDEX_BITS


def _rolled(asked: Question) -> frozenset[str]:
    """Counters of the loops of a nest that begin at numbers."""
    return frozenset([begun(level.loop) for level in asked.nest]) & asked.text.counters


def _straight(text: Standing, asked: Iterable[tuple[int, Val]]) -> frozenset[str]:
    """Names that are numbers or linear forms, of which indices need no hardware."""
    values = {text.names[place].name for place, one in asked if one.node < 0 and one.lin is not None}
    return text.counters | (values - text.assigned)


def _decided(operator: str, left: Val, right: Val) -> bool | None:
    """What a comparison of two constants says."""
    a, b = left.const, right.const
    if a is None or b is None or operator not in COMPARISONS:
        return None
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b, "==": a == b, "!=": a != b}[operator]
