"""Tokens against the contract of their port: how many of each command cross each stream, and in which cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from aigchip_tui.csim.wire import Measures, stream_names
from aigchip_tui.model.formulas import evaluate
from aigchip_tui.model.module import Port
from aigchip_tui.modules.protocol import Pace


class Crossed(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of one command at one stream: cycles until the first one after the command was taken, and cycles from
    the first to the last, both with what is contracted; or the `breach` of the contract in words.
    """

    port: str
    first: int = 0
    most_first: int = 0
    cycles: int = 0
    most_cycles: int = 0
    breach: str = ""

    @property
    def room(self) -> int:
        """Cycles by which the last token might have come later."""
        return self.most_first - self.first + self.most_cycles - self.cycles

    @property
    def words(self) -> str:
        """As a rung's evidence has it."""
        return f"{self.port} {self.first} of {self.most_first} and {self.cycles} of {self.most_cycles}"


def crossed(ports: Sequence[Port], pace: Pace, rows: Sequence[Sequence[int]], measures: Measures) -> Iterator[Crossed]:
    """What each contracted stream did for each of the commands `rows` of one launch, up to its first breach.

    Streams of one port have the port's name. The module's own simulation offers every token at once and takes what
    leaves at once, so that nobody holds it up.
    """
    taken = measures.times.get(pace.commands, ())
    fields = [dict(zip(pace.fields, row, strict=True)) for row in rows]
    for port in ports:
        if port.cycles:
            for name in stream_names(port):
                yield from _stream(port, name, taken, fields, measures.times.get(name, ()))


def _stream(
    port: Port, name: str, taken: Sequence[int], fields: Sequence[Mapping[str, int]], times: Sequence[int]
) -> Iterator[Crossed]:
    counts = [evaluate(port.tokens, each) for each in fields]
    if len(taken) != len(fields) or len(times) != sum(counts):
        seen = f"{len(taken)} commands and {len(times)} tokens of {len(fields)} and {sum(counts)}"
        yield Crossed(port=port.name, breach=f"{seen} crossed {name}: a command has {port.tokens} tokens.")
        return
    at = 0
    for number, (count, each) in enumerate(zip(counts, fields, strict=True)):
        if not count:
            continue
        here = Crossed(
            port=port.name, first=times[at] - taken[number], most_first=evaluate(port.first, each),
            cycles=times[at + count - 1] - times[at] + 1, most_cycles=evaluate(port.cycles, each),
        )
        at += count
        if here.first > here.most_first or here.cycles > here.most_cycles:
            breach = (
                f"the tokens of command {number + 1} cross {name} too late: the first after {here.first} cycles of "
                f"{here.most_first} ({port.first}), all in {here.cycles} of {here.most_cycles} ({port.cycles}; virtual "
                "time)."
            )
            yield msgspec.structs.replace(here, breach=breach)
            return
        yield here
