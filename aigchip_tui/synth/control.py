"""The control of a process: its commands, loops and tokens as its own C++ writes them, its data left out.

A `ControlProgram` is what remains of a module when everything is dropped that moves neither a loop bound nor a token.
It is plain data: a worker reads it out of generated text (`synth/slicing.py`), and whoever wants cycles evaluates it
for commands (`synth/commands.py`) without touching the text again.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from aigchip_tui.csim.timing import LoopTiming


class Number(msgspec.Struct, frozen=True, tag="number"):
    """A constant."""

    value: int


class Field(msgspec.Struct, frozen=True, tag="field"):
    """A field of the command that is worked on."""

    name: str


class Name(msgspec.Struct, frozen=True, tag="name"):
    """A scalar of the process."""

    name: str


class Operation(msgspec.Struct, frozen=True, tag="operation"):
    """An operator of C with one, two or (`?`) three operands."""

    operator: str
    operands: tuple[Expression, ...]


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A value that depends on data or is not understood; `why` in words."""

    why: str


Expression: TypeAlias = Number | Field | Name | Operation | Opaque


class Take(msgspec.Struct, frozen=True, tag="take"):
    """The next command is read."""


class Token(msgspec.Struct, frozen=True, tag="token"):
    """A token is read from or written to a port, or a beat of a memory moves; `port` is the parameter's name."""

    port: str
    write: bool = False
    memory: bool = False


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Memory confirms what was written before the process goes on."""


class Block(msgspec.Struct, frozen=True, tag="block"):
    """A block of a stream of blocks is acquired (`held`) or handed over."""

    port: str
    write: bool
    held: bool


class Set(msgspec.Struct, frozen=True, tag="set"):
    """A scalar takes a value."""

    name: str
    value: Expression


class Choice(msgspec.Struct, frozen=True, tag="choice"):
    """if, else."""

    condition: Expression
    yes: tuple[Statement, ...]
    no: tuple[Statement, ...] = ()


class Loop(msgspec.Struct, frozen=True, tag="loop"):
    """A loop; `number` counts the loops of the module's own text in order, from 0."""

    number: int
    label: str
    start: tuple[Statement, ...]
    condition: Expression
    step: tuple[Statement, ...]
    body: tuple[Statement, ...]
    counter: str = ""
    before: bool = True


class Jump(msgspec.Struct, frozen=True, tag="jump"):
    """break or continue."""

    kind: str


Statement: TypeAlias = Take | Token | Wait | Block | Set | Choice | Loop | Jump


class ControlProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A process: the port it takes commands from, their fields in order, its statements, the timings of its loops.

    Every field is a 32-bit integer. `unknown` says why there is no program; then `body` is empty.
    """

    function: str
    command_port: str = ""
    fields: tuple[str, ...] = ()
    body: tuple[Statement, ...] = ()
    timings: tuple[LoopTiming, ...] = ()
    unknown: str = ""


def text_of(expression: Expression) -> str:
    """An expression as a designer writes it."""
    match expression:
        case Number(value):
            return str(value)
        case Field(name) | Name(name):
            return name
        case Operation("?", (condition, yes, no)):
            return f"({text_of(condition)} ? {text_of(yes)} : {text_of(no)})"
        case Operation(operator, (one,)):
            return f"{operator}{text_of(one)}"
        case Operation(operator, (left, right)):
            return f"({text_of(left)} {operator} {text_of(right)})"
        case _:
            return "?"


def loops_text(program: ControlProgram) -> str:
    """Cycles of a command as its own C++ says: the trips of each pipelined loop in fields of the command."""
    if program.unknown:
        return f"cycles of a command unknown: {program.unknown}"
    timings = {timing.number: timing for timing in program.timings if timing.pipelined}
    parts = [
        f"{text_of(_inlined(bound, sets))} iterations of {loop.label or 'a loop'} at II={timings[loop.number].ii}"
        for loop, bound, sets in _counted(program.body, {}) if loop.number in timings
    ]
    return f"a command takes {', then '.join(parts)}" if parts else "no loop of a command is pipelined"


def _counted(
    statements: tuple[Statement, ...], sets: dict[str, Expression]
) -> list[tuple[Loop, Expression, dict[str, Expression]]]:
    found: list[tuple[Loop, Expression, dict[str, Expression]]] = []
    for one in statements:
        match one:
            case Set(name, value):
                sets[name] = _inlined(value, sets)
            case Loop(condition=Operation("<", (Name(_), bound))):
                found.append((one, bound, dict(sets)))
            case Loop():
                found += _counted(one.body, sets)
            case _:
                pass
    return found


def _inlined(expression: Expression, sets: dict[str, Expression]) -> Expression:
    """An expression with the scalars that were set before it written out; factors of one are left away."""
    match expression:
        case Name(name) if name in sets:
            return sets[name]
        case Operation(operator, operands):
            inner = tuple(_inlined(operand, sets) for operand in operands)
            if operator == "*" and Number(1) in inner:
                return next(one for one in inner if one != Number(1)) if inner != (Number(1),) * 2 else Number(1)
            return Operation(operator, inner)
    return expression
