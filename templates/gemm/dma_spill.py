"""dma_spill: the only process on the memory of C where sums are spilled: loads, spills and stores in program order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, EquivalentMutant, LoopRule

from .common import (
    PORT_BYTES,
    command_port,
    commands,
    declaration,
    in_every_format,
    memory_port,
    most_lanes,
    number,
    powers_of_two,
    random_data,
    stream_port,
    vector,
)
from .dma_store import MOST_RESULTS, Style
from .numbers import Numbers, numbers_of
from .parts import SUM_ELEMENTS, spill_words

if TYPE_CHECKING:
    import numpy as np

    from .common import Elements

_SUMS: dict[Style, str] = {
    "gather": "A word of memory has more elements than a token of sums: spill gathers the tokens of a word in order, "
    "the first in the lowest elements, counts how many of the command's tokens are left and fills with zeros behind "
    "the last; load counts in the same way and gives the tokens of a word in the same order.",
    "pass": "A word of memory has as many elements as a token of sums: spill writes a word for every token, and load "
    "gives a token for every word.",
    "cut": "A word of memory has fewer elements than a token of sums: spill keeps a token for as many words as it "
    "takes, sends each word from its lowest elements and moves the others down; load moves a token down and puts each "
    "word on top until it is whole.",
}
_RESULTS: dict[Style, str] = {
    "gather": "A word of memory is wider than a token of results: store gathers the tokens of a word in order, the "
    "first one in the lowest lanes; it counts how many of the command's tokens are left, and behind the last one fills "
    "with zeros.",
    "pass": "A word of memory is as wide as a token of results: for store every token is a word.",
    "cut": "A word of memory is narrower than a token of results: store keeps a token for as many words as it holds, "
    "takes each word from its lowest lanes and moves the others down.",
}
_SUM_RATE: dict[Style, str] = {
    "gather": "Loops load and spill are pipelined with as many cycles a word as a word has tokens of sums.",
    "pass": "Loops load and spill are pipelined with one cycle a word, which is a token of sums.",
    "cut": "Loops load and spill are pipelined with one cycle a word, of which a token of sums has several.",
}
_RESULT_RATE: dict[Style, str] = {
    "gather": "Loop store is pipelined with as many cycles a word as a word has tokens of results.",
    "pass": "Loop store is pipelined with one cycle a word, which is a token of results.",
    "cut": "Loop store is pipelined with one cycle a word, of which a token of results has several.",
}

EQUIVALENT = (
    EquivalentMutant(
        was="#pragma HLS PIPELINE II=RESULT_RATIO",
        now="#pragma HLS PIPELINE II=16",
        reason="Where a word of 32 elements has tokens of two results, the ratio is 16 (other ratios turn red).",
    ),
)


def _style(elements: int, port: int) -> Style:
    return "gather" if elements < port else "pass" if elements == port else "cut"


class DmaSpill:
    """One process, because memory is asked for a sum only after it confirmed that the sum is there."""

    name = "dma_spill"
    function = "dma_spill"
    summary = "brings spilled sums back, spills sums and writes results, one burst for each tile"
    inlined = False
    equivalent_mutants: tuple[EquivalentMutant, ...] = EQUIVALENT

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Eleven topics; the styles follow from which of word and token is wider, for sums and for results."""
        port, lanes, sums = _numbers(settings)
        of_sums, of_results = _style(sums * SUM_ELEMENTS, port), _style(lanes, port)
        return (
            f"Elements in a word of the AXI port, each a data_t: {port}.",
            "Results packed in a token: as many as a word of the port holds."
            if of_results == "pass"
            else f"Results packed in a token: {lanes}.",
            f"Sums packed in a token of spill and of pre, each an acc_t: {sums}.",
            "Elements of memory that a sum takes, DATA_BITS of it each, its lowest in the first one: "
            f"{SUM_ELEMENTS}; the unrolled "
            "loops part_sum and part_element take a token apart, join_sum and join_element put it together.",
            "Function dma_spill takes the stream cmd of move_cmd, the stream in of results, the stream spill of sums, "
            "the memory mem as an hls::burst_maxi of words, and the stream pre of sums; words and results are vectors "
            "of data_t, sums vectors of acc_t.",
            "Read commands until one has last set, then end and keep nothing. A command with load set reads sums into "
            "pre, one with raw set writes sums from spill, any other writes results from in.",
            "Each command is one burst of words words from word index addr on, asked for before its only loop, which "
            "is counted and reads or writes one word in every iteration: loop load, spill or store.",
            "Behind spill and store wait for write_response, so that a load reads what the command before it wrote.",
            _SUMS[of_sums],
            _RESULTS[of_results],
            _SUM_RATE[of_sums],
            _RESULT_RATE[of_results],
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """Command, results, sums to spill, memory, sums that come back."""
        port, lanes, sums = _numbers(settings)
        numbers = numbers_of(settings)
        memory = memory_port("mem", "out", "data_t", port, tokens="words of the command", numbers=numbers)
        return (
            command_port("move_cmd", per="1 per tile of C, 2 more where its sums are spilled"),
            stream_port("in", "in", "data_t", lanes, tokens="0 if load else 0 if raw else tokens",
                        order="row, column word", numbers=numbers),
            stream_port("spill", "in", "acc_t", sums, tokens="0 if load else tokens if raw else 0",
                        order="m block, n block, slice of rows, part", numbers=numbers),
            Port(
                name="mem", direction="inout", kind="m_axi", element="data_t", bits=memory.bits, lanes=port,
                cpp_type=f"hls::burst_maxi<{vector('data_t', port)}>", tokens=memory.tokens, order=memory.order,
                end=memory.end,
            ),
            stream_port("pre", "out", "acc_t", sums, tokens="tokens if load else 0",
                        order="m block, n block, slice of rows, part", numbers=numbers),
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Bits of an element, which the type header leaves to the type."""
        return "constexpr int DATA_BITS = 8 * sizeof(data_t);  // of an element"

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """None."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """Four ports, every width of a bank word of results, raw or not, and every part of at least one bank word."""
        return in_every_format(self._legal)

    @staticmethod
    def _legal(numbers: Numbers) -> Iterator[Settings]:
        for width in PORT_BYTES:
            for lanes in powers_of_two(1, MOST_RESULTS * numbers.sum_parts):
                # A raw result is a sum, any other takes an element.
                for sums in powers_of_two(max(1, lanes // numbers.sum_parts), most_lanes("acc_t", numbers)):
                    yield {"port": width // numbers.data_bytes, "lanes": lanes, "sums": sums}

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """Sums of one token, of whole and of broken words go to memory and come back behind results of other tiles."""
        import numpy as np

        port, lanes, sums = _numbers(settings)
        numbers = numbers_of(settings)
        per_word = max(1, port // (sums * SUM_ELEMENTS))
        results = max(1, port // lanes)
        launches = {
            "one token": ([1], [1]),
            "whole words": ([2 * per_word], [4 * results]),
            "broken last words": ([3 * per_word + max(1, per_word // 2), 1], [3 * results + max(1, results // 2), 2]),
        }
        cases = []
        for name, (spilled, stored) in launches.items():
            room = sum(spill_words(n, sums, port) for n in spilled) + sum(-(-n * lanes // port) for n in stored) + 8
            before = random_data(rng, (room * port,), numbers=numbers)
            after, address = before.copy(), 1
            rows: list[dict[str, int]] = []
            given: list[Elements] = []
            taken: list[Elements] = []
            loads: list[dict[str, int]] = []
            for tokens, result_tokens in zip(spilled, stored, strict=True):
                tile = rng.integers(
                    -(1 << (numbers.sum_bits - 1)), 1 << (numbers.sum_bits - 1), size=tokens * sums,
                    dtype=numbers.sums,
                )
                words = spill_words(tokens, sums, port)
                image = tile.view(numbers.data)
                after[address * port : (address + words) * port] = 0
                after[address * port : address * port + image.size] = image
                move = {"raw": 1, "tokens": tokens, "words": words, "addr": address}
                rows.append({"load": 0, **move})
                loads.append({"load": 1, **move})
                given.append(tile)
                address += words + 1
                data = random_data(rng, (result_tokens * lanes,), numbers=numbers)
                words = -(-data.size // port)
                after[address * port : (address + words) * port] = 0
                after[address * port : address * port + data.size] = data
                rows.append({"load": 0, "raw": 0, "tokens": result_tokens, "words": words, "addr": address})
                taken.append(data)
                address += words + 1
            # The tile that was spilled last comes back at once, the others behind it.
            rows += loads[::-1]
            data_bytes, count = commands("move_cmd", rows)
            cases.append(
                TestCase(
                    name=name,
                    inputs={
                        "cmd": data_bytes, "in": np.concatenate(taken).tobytes(),
                        "spill": np.concatenate(given).tobytes(),
                    },
                    counts={"cmd": count, "in": sum(stored), "spill": sum(spilled), "pre": sum(spilled)},
                    expected={"pre": np.concatenate(given[::-1]).tobytes()},
                    memories={"mem": before.tobytes()},
                    expected_memories={"mem": after.tobytes()},
                )
            )
        return tuple(cases)

    def conformance(self, settings: Settings) -> Conformance:
        """A word or a token a cycle, whichever is narrower, in each of the three loops."""
        port, lanes, sums = _numbers(settings)
        elements = sums * SUM_ELEMENTS
        of_sums, of_results = _style(elements, port), _style(lanes, port)
        sum_ii = port // elements if of_sums == "gather" else 1
        result_ii = port // lanes if of_results == "gather" else 1
        loops = [
            LoopRule(label="part_sum", trip=sums, unroll=True),
            LoopRule(label="part_element", trip=SUM_ELEMENTS, unroll=True),
            LoopRule(label="join_sum", trip=sums, unroll=True),
            LoopRule(label="join_element", trip=SUM_ELEMENTS, unroll=True),
            LoopRule(label="load", pipeline_ii=sum_ii),
            LoopRule(label="spill", pipeline_ii=sum_ii),
            LoopRule(label="store", pipeline_ii=result_ii),
        ]
        if of_sums == "gather":
            loops += [
                LoopRule(label="give", trip=sum_ii, unroll=True, named=False),
                LoopRule(label="given", trip=elements, unroll=True, named=False),
                LoopRule(label="take", trip=sum_ii, unroll=True, named=False),
                LoopRule(label="taken", trip=elements, unroll=True, named=False),
            ]
        elif of_sums == "cut":
            loops += [
                LoopRule(label="move", trip=elements - port, unroll=True, named=False),
                LoopRule(label="top", trip=port, unroll=True, named=False),
                LoopRule(label="bottom", trip=port, unroll=True, named=False),
                LoopRule(label="shift", trip=elements - port, unroll=True, named=False),
            ]
        if of_results == "gather":
            loops += [
                LoopRule(label="tokens", trip=result_ii, unroll=True, named=False),
                LoopRule(label="lanes", trip=lanes, unroll=True, named=False),
            ]
        elif of_results == "cut":
            loops += [
                LoopRule(label="lowest", trip=port, unroll=True, named=False),
                LoopRule(label="down", trip=lanes - port, unroll=True, named=False),
            ]
        return Conformance(loops=tuple(loops), ii=max(sum_ii, result_ii))


def _numbers(settings: Settings) -> tuple[int, int, int]:
    return number(settings, "port"), number(settings, "lanes"), number(settings, "sums")


SPEC = DmaSpill()
