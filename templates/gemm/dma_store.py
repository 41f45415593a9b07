"""dma_store: writes the tiles of the result to memory, one burst for each tile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule

from .common import (
    PORT_BYTES,
    ceil_div,
    command_port,
    commands,
    declaration,
    in_every_format,
    memory_port,
    number,
    powers_of_two,
    random_data,
    settings_product,
    stream_port,
)
from .numbers import numbers_of

if TYPE_CHECKING:
    import numpy as np

MOST_RESULTS: Final = 64
"""Sums of a bank word of C at most; a result of raw sums takes several elements."""

Style = Literal["gather", "pass", "cut"]

_STYLE: Final[dict[Style, str]] = {
    "gather": "A word of memory is wider than a token: gather the tokens of a word in order, the first one in the "
    "lowest lanes; count how many of the command's tokens are left, and behind the last one fill with zeros.",
    "pass": "A word of memory is as wide as a token: every token is a word.",
    "cut": "A word of memory is narrower than a token: keep a token for as many words as it holds, take each word "
    "from its lowest lanes and move the others down.",
}
_LOOP: Final[dict[Style, str]] = {
    "gather": "For each command write words words in a row to mem, starting at word index addr: a single counted loop "
    "named burst that writes without conditions, pipelined with as many cycles a word as a word has tokens.",
    "pass": "For each command write words words in a row to mem, starting at word index addr: a single counted loop "
    "named burst that writes without conditions, pipelined with one cycle a word.",
    "cut": "For each command write words words in a row to mem, starting at word index addr: a single counted loop "
    "named burst that writes without conditions, pipelined with one cycle a word.",
}


def _style(settings: Settings) -> Style:
    port, lanes = number(settings, "port"), number(settings, "lanes")
    return "gather" if lanes < port else "pass" if lanes == port else "cut"


class DmaStore:
    """The process that writes the result."""

    name = "dma_store"
    function = "dma_store"
    summary = "fits the result's tokens to the AXI word and writes one tile as a single burst"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; the style follows from which of word and token is wider."""
        style = _style(settings)
        return (
            f"Elements in a word of the AXI port, each a data_t: {number(settings, 'port')}.",
            "Results packed in a token: as many as a word of the port holds."
            if style == "pass"
            else f"Results packed in a token: {number(settings, 'lanes')}.",
            "Function dma_store takes the stream cmd of store_cmd, the stream in of tokens, and the memory mem as a "
            "pointer to words; tokens and words are vectors of data_t.",
            "Read commands until one has last set, then end and keep nothing.",
            _STYLE[style],
            _LOOP[style],
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Command, stream of results, and memory."""
        port, lanes, numbers = number(settings, "port"), number(settings, "lanes"), numbers_of(settings)
        return (
            command_port("store_cmd", per="1 per tile of C"),
            stream_port("in", "in", "data_t", lanes, tokens="tokens", order="row, column word",
                        numbers=numbers),
            memory_port("mem", "out", "data_t", port, tokens="words of the command", numbers=numbers),
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
        """36 in every number format: four ports times nine widths of a token, raw sums included."""
        return in_every_format(
            lambda numbers: settings_product(
                {
                    "port": [width // numbers.data_bytes for width in PORT_BYTES],
                    "lanes": powers_of_two(1, MOST_RESULTS * numbers.sum_parts),
                }
            )
        )

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Tiles of one token, of whole and of broken words, several in one launch, untouched memory around them."""
        import numpy as np

        port, lanes, numbers = number(settings, "port"), number(settings, "lanes"), numbers_of(settings)
        ratio = max(1, port // lanes)
        launches = {
            "one token": [1],
            "whole words": [4 * ratio],
            "broken last word": [3 * ratio + max(1, ratio // 2)],
            "several tiles": [2, 5 * ratio + 1, 1, 2 * ratio - 1 or 1],
        }
        cases = []
        for name, tiles in launches.items():
            before = random_data(rng, (96 * max(1, lanes // port) * port,), numbers=numbers)
            after, address = before.copy(), 2
            tokens, rows = [], []
            for count in tiles:
                data = random_data(rng, (count * lanes,), numbers=numbers)
                words = ceil_div(count * lanes, port)
                after[address * port : (address + words) * port] = 0
                after[address * port : address * port + data.size] = data
                tokens.append(data)
                rows.append({"tokens": count, "words": words, "addr": address})
                address += words + 1
            data_bytes, count = commands("store_cmd", rows)
            cases.append(
                TestCase(
                    name=name,
                    inputs={"cmd": data_bytes, "in": np.concatenate(tokens).tobytes()},
                    counts={"cmd": count, "in": sum(tiles)},
                    memories={"mem": before.tobytes()},
                    expected_memories={"mem": after.tobytes()},
                )
            )
        return tuple(cases)

    def conformance(self, settings: Settings) -> Conformance:
        """One token or one word a cycle, whichever is narrower."""
        port, lanes = number(settings, "port"), number(settings, "lanes")
        style = _style(settings)
        ii = port // lanes if style == "gather" else 1
        loops = [LoopRule(label="burst", pipeline_ii=ii)]
        if style == "gather":
            loops += [
                LoopRule(label="tokens", trip=ii, unroll=True, named=False),
                LoopRule(label="lanes", trip=lanes, unroll=True, named=False),
            ]
        elif style == "cut":
            loops += [
                LoopRule(label="lowest", trip=port, unroll=True, named=False),
                LoopRule(label="down", trip=lanes - port, unroll=True, named=False),
            ]
        return Conformance(loops=tuple(loops), ii=ii)


SPEC = DmaStore()
