"""Cycles, trips and tokens of commands: a process's control, evaluated for the commands that it is given.

Equal commands cost the same, and a pipelined loop whose control repeats is not walked to its end, so a layer of a
million tokens costs a few evaluations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from aigchip_tui.cpp.constants import NotConstantError, apply_binary
from aigchip_tui.csim.timing import LoopTiming
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer_cycles import BURST_START
from aigchip_tui.synth import control as c

Key = TypeVar("Key", int, str)

FUEL = 4_000_000
"""Statements that one command may take here; a loop without end is refused, not waited for."""
MEMORY_START = BURST_START
"""Cycles from a read request to the first word of its burst, and from the last word of a write to its response, assumed
until measured on a board (SPACE sec. 3)."""


class UnreadControlError(AigchipError):
    """The control of a process does not say what a command costs, and why."""


def beats_read(memory: str) -> str:
    """Where the beats that a command reads of a memory stand among its tokens; no port can have this name."""
    return f"{memory}.read"


class CommandCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one command costs a process that never waits for tokens.

    `cycles`: from taking the command to the next one. Of these, `lead` go by before the first token can move (the
    wait for a burst included), and `work` are the cycles in which loops take their tokens; the rest empties pipelines.
    `head`: until the first token has left (0: none leaves). `trips` by loop number, `tokens` by port (reads and
    writes alike, beats of memories too), `released`: blocks by port.
    """

    cycles: int
    lead: int
    work: int
    head: int
    trips: dict[int, int]
    tokens: dict[str, int]
    released: dict[str, int]


class _Tally:
    """What a command has cost so far."""

    def __init__(self, values: dict[str, int]) -> None:
        self.values = values
        self.cycles = 0
        self.lead = -1
        self.work = 0
        self.head = 0
        self.fuel = FUEL
        self.taken = False
        self.pipelined: LoopTiming | None = None
        self.trips: dict[int, int] = {}
        self.tokens: dict[str, int] = {}
        self.released: dict[str, int] = {}

    def spend(self) -> None:
        self.fuel -= 1
        if self.fuel < 0:
            raise UnreadControlError(f"a command takes more than {FUEL} steps of control")

    def token(self, token: c.Token) -> None:
        _count(self.tokens, token.port)
        if token.memory and not token.write:
            _count(self.tokens, beats_read(token.port))
        if not token.memory and self.lead < 0:
            self.lead = self.cycles
        if token.write and not self.head:
            self.head = self.cycles + (self.pipelined.depth if self.pipelined is not None else 1)


class _Ended(Exception):  # noqa: N818 - control flow: the command before this one has ended
    pass


class _Jumped(Exception):  # noqa: N818 - control flow of the program that is evaluated
    def __init__(self, kind: str) -> None:
        self.kind = kind


Run = Callable[[_Tally], None]
Value = Callable[[dict[str, int]], int]


class Process:
    """A process that commands can be given to; costs of equal commands are remembered."""

    def __init__(self, program: c.ControlProgram) -> None:
        if program.unknown:
            raise UnreadControlError(f"{program.function}: {program.unknown}")
        self.program = program
        self._run = _Compiler(program).block(program.body)
        self._known: dict[tuple[int, ...], CommandCost] = {}

    def cost(self, command: Sequence[int]) -> CommandCost:
        """What this command costs; its values in the order of the program's fields.

        Each command is followed as if it were the last of its stream, so that the process ends. Raises
        UnreadControlError where the cost depends on what is not known.
        """
        key = tuple(command)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._walk(key)
        return found

    def _walk(self, command: tuple[int, ...]) -> CommandCost:
        fields = zip(self.program.fields, command, strict=True)
        t = _Tally({_field(name): 1 if name == "last" else value for name, value in fields})
        try:
            self._run(t)
        except _Ended:
            pass
        except UnreadControlError as problem:
            raise UnreadControlError(f"{self.program.function}: {problem}") from None
        except KeyError as problem:
            raise UnreadControlError(f"{self.program.function}: {problem} has no value.") from None
        if not t.taken:
            raise UnreadControlError(f"{self.program.function} takes no command.")
        return CommandCost(
            cycles=t.cycles, lead=max(t.lead, 0), work=t.work, head=t.head, trips=t.trips, tokens=t.tokens,
            released=t.released,
        )


def _field(name: str) -> str:
    """Where a field of the command stands among the values: no scalar can have this name."""
    return f".{name}"


class _Compiler:
    """Statements as functions, because a loop asks for them again and again."""

    def __init__(self, program: c.ControlProgram) -> None:
        self._timings = {timing.number: timing for timing in program.timings}

    def block(self, statements: Sequence[c.Statement]) -> Run:
        """All statements, one after the other."""
        runs = [self._one(statement) for statement in statements]

        def run(tally: _Tally) -> None:
            for each in runs:
                each(tally)

        return runs[0] if len(runs) == 1 else run

    def _one(self, statement: c.Statement) -> Run:
        match statement:
            case c.Token():
                token = statement
                return lambda tally: tally.token(token)
            case c.Set(name, value):
                return self._set(name, _value(value))
            case c.Choice(condition, yes, no):
                return self._choice(_value(condition), self.block(yes), self.block(no))
            case c.Loop():
                timing = self._timings.get(statement.number)
                if timing is not None and timing.pipelined:
                    return self._pipelined(statement, timing)
                return self._rolled(statement, timing)
            case c.Take():
                return _take
            case c.Wait():
                return _confirmed
            case c.Block(port, _, held):
                return _nothing if held else lambda tally: _count(tally.released, port)
            case c.Jump(kind):
                return self._jump(kind)

    def _set(self, name: str, value: Value) -> Run:
        def run(tally: _Tally) -> None:
            tally.values[name] = value(tally.values)

        return run

    def _choice(self, condition: Value, yes: Run, no: Run) -> Run:
        return lambda tally: (yes if condition(tally.values) else no)(tally)

    def _jump(self, kind: str) -> Run:
        def run(tally: _Tally) -> None:
            raise _Jumped(kind)

        return run

    def _iteration(self, loop: c.Loop) -> Callable[[_Tally], bool]:
        body, step = self.block(loop.body), self.block(loop.step)

        def run(tally: _Tally) -> bool:
            tally.spend()
            try:
                body(tally)
            except _Jumped as jump:
                if jump.kind == "break":
                    return False
            step(tally)
            return True

        return run

    def _rolled(self, loop: c.Loop, timing: LoopTiming | None) -> Run:
        """A loop that costs its iterations one after the other, or none where it is unrolled."""
        start, condition, iteration = self.block(loop.start), _value(loop.condition), self._iteration(loop)

        def run(tally: _Tally) -> None:
            start(tally)
            first = not loop.before
            while first or condition(tally.values):
                first = False
                if timing is not None and tally.pipelined is None:
                    tally.cycles += timing.straight
                    _count(tally.trips, loop.number)
                if not iteration(tally):
                    return

        return run

    def _pipelined(self, loop: c.Loop, timing: LoopTiming) -> Run:
        start, condition, walk = self.block(loop.start), _value(loop.condition), self._trips(loop)
        inner, waits = self._rolled(loop, None), _reads_memory(loop.body)

        def run(tally: _Tally) -> None:
            if tally.pipelined is not None:
                inner(tally)
                return
            start(tally)
            if waits and condition(tally.values):
                tally.cycles += MEMORY_START
            tally.pipelined = timing
            trips = walk(tally)
            tally.pipelined = None
            _count(tally.trips, loop.number, trips)
            if trips:
                tally.work += timing.ii * trips if tally.lead >= 0 else 0
                tally.cycles += timing.ii * (trips - 1) + max(timing.depth - 1, timing.ii)

        return run

    def _trips(self, loop: c.Loop) -> Callable[[_Tally], int]:
        """Walks the control of a pipelined loop; where it repeats, the repetitions are counted at once."""
        condition, iteration, counted = _value(loop.condition), self._iteration(loop), _bound(loop)

        def run(tally: _Tally) -> int:
            values = tally.values
            known = counted(values) if counted is not None and values.get(loop.counter) == 0 else 0
            seen: dict[tuple[int, ...], tuple[int, dict[str, int]]] = {}
            trips, first = 0, not loop.before
            while first or condition(values):
                first = False
                if known > 2:
                    counter, values[loop.counter] = values[loop.counter], 0
                    state = tuple(values.values())
                    values[loop.counter] = counter
                    before = seen.get(state)
                    if before is not None:
                        skipped = _repeated(tally, before, trips, known)
                        trips += skipped
                        values[loop.counter] += skipped
                        known = 0
                        continue
                    seen[state] = (trips, dict(tally.tokens))
                trips += 1
                if not iteration(tally):
                    break
            return trips

        return run


def _repeated(tally: _Tally, before: tuple[int, dict[str, int]], trips: int, known: int) -> int:
    """Counts whole periods up to `known` trips at once; gives the trips that were skipped."""
    period = trips - before[0]
    rounds = (known - trips) // period
    for port, count in tally.tokens.items():
        tally.tokens[port] = count + rounds * (count - before[1].get(port, 0))
    return rounds * period


def _bound(loop: c.Loop) -> Value | None:
    match loop.condition:
        case c.Operation("<", (c.Name(name), bound)) if loop.counter and name == loop.counter:
            return _value(bound)
    return None


def _take(tally: _Tally) -> None:
    if tally.taken:
        raise _Ended
    tally.taken = True


def _confirmed(tally: _Tally) -> None:
    tally.cycles += MEMORY_START


def _nothing(tally: _Tally) -> None:
    del tally


def _count(counts: dict[Key, int], key: Key, more: int = 1) -> None:
    counts[key] = counts.get(key, 0) + more


_BINARY: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "<": operator.lt, ">": operator.gt, "<=": operator.le,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "&": operator.and_, "|": operator.or_,
    "^": operator.xor,
}
_UNARY: dict[str, Callable[[int], int]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "!": lambda value: int(not value),
}


def _value(expression: c.Expression) -> Value:
    """An expression as a function of the scalars; it raises UnreadControlError where it depends on data."""
    match expression:
        case c.Number(number):
            return lambda values: number
        case c.Field(name):
            return operator.itemgetter(_field(name))
        case c.Name(name):
            return operator.itemgetter(name)
        case c.Operation("?", (condition, yes, no)):
            test, first, second = _value(condition), _value(yes), _value(no)
            return lambda values: first(values) if test(values) else second(values)
        case c.Operation("&&", (left, right)):
            first, second = _value(left), _value(right)
            return lambda values: int(first(values) != 0 and second(values) != 0)
        case c.Operation("||", (left, right)):
            first, second = _value(left), _value(right)
            return lambda values: int(first(values) != 0 or second(values) != 0)
        case c.Operation(name, (one,)) if name in _UNARY:
            apply, first = _UNARY[name], _value(one)
            return lambda values: apply(first(values))
        case c.Operation(name, (left, right)) if name in _BINARY:
            both, first, second = _BINARY[name], _value(left), _value(right)
            return lambda values: both(first(values), second(values))
        case c.Operation(name, (left, right)):
            first, second = _value(left), _value(right)
            return lambda values: _rare(name, first(values), second(values))
    why = expression.why if isinstance(expression, c.Opaque) else "an expression is not understood"
    return lambda values: _unknown(why)


def _rare(name: str, left: int, right: int) -> int:
    try:
        return apply_binary(name, left, right)
    except NotConstantError:
        raise UnreadControlError(f"{left} {name} {right} has no value") from None


def _unknown(why: str) -> int:
    raise UnreadControlError(why)


def _reads_memory(statements: Sequence[c.Statement]) -> bool:
    for statement in statements:
        match statement:
            case c.Token(_, write, memory) if memory and not write:
                return True
            case c.Choice(_, yes, no) if _reads_memory(yes) or _reads_memory(no):
                return True
            case c.Loop() if _reads_memory(statement.body):
                return True
            case _:
                continue
    return False
