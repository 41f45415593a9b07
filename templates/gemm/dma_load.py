"""dma_load: reads the tiles of one operand from memory, one burst for each refresh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .common import (
    PORT_BYTES,
    command_port,
    commands,
    declaration,
    in_every_format,
    memory_port,
    number,
    random_data,
    settings_product,
    stream_port,
)
from .numbers import numbers_of

if TYPE_CHECKING:
    import numpy as np


class DmaLoad:
    """The process that reads operand A or B."""

    name = "dma_load"
    function = "dma_load"
    summary = "reads one tile of an operand from memory as a single burst"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; only the width of the port varies."""
        return (
            f"Elements in a word of the AXI port, each a data_t: {number(settings, 'port')}.",
            "Function dma_load takes the stream cmd of load_cmd, the memory mem as a pointer to constant words, and "
            "the stream out of words; a word is a vector of data_t as wide as the port.",
            "Read commands until one has last set, then end and keep nothing.",
            "For each command read words words in a row from mem, starting at word index addr, and write each to out: "
            "a single counted loop named burst without conditions, so that it becomes a burst of a word a cycle.",
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Command, memory, and the stream of words to fill."""
        port, numbers = number(settings, "port"), numbers_of(settings)
        return (
            command_port("load_cmd", per="1 per refresh"),
            memory_port("mem", "in", "data_t", port, tokens="words of the command", numbers=numbers),
            stream_port("out", "out", "data_t", port, tokens="words", order="rising addresses",
                        numbers=numbers),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Four widths of the port in every number format."""
        return in_every_format(
            lambda numbers: settings_product({"port": [width // numbers.data_bytes for width in PORT_BYTES]})
        )

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Bursts that jump, overlap, repeat and hold a single word."""
        port, numbers = number(settings, "port"), numbers_of(settings)
        launches = {
            "one word": [(7, 1)],
            "bursts that jump": [(40, 5), (0, 17), (59, 1), (3, 40)],
            "the same burst again": [(11, 16), (11, 16)],
            "the whole memory": [(0, 64)],
        }
        cases = []
        for name, bursts in launches.items():
            memory = random_data(rng, (64, port), numbers=numbers)
            words = [memory[addr : addr + words].tobytes() for addr, words in bursts]
            data, count = commands("load_cmd", [{"addr": addr, "words": n} for addr, n in bursts])
            cases.append(
                TestCase(
                    name=name,
                    inputs={"cmd": data},
                    counts={"cmd": count, "out": sum(n for _, n in bursts)},
                    expected={"out": b"".join(words)},
                    memories={"mem": memory.tobytes()},
                    expected_memories={"mem": memory.tobytes()},
                )
            )
        return tuple(cases)

    def conformance(self, settings: Settings) -> Conformance:
        """One word a cycle."""
        return Conformance(loops=(LoopRule(label="burst", pipeline_ii=1),), ii=1)


SPEC = DmaLoad()
