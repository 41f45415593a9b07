"""Local settings in the words of a high-level instruction, by module kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BANKS: Final = {
    "part_h": "{} banks",
    "part_w": "bank words of {} elements",
    "depth": "{} words in a bank",
}
_TOKEN: Final = {"rows": "wide tokens of {} rows", "k": "{} elements along k in each row"}
_GRID: Final = {
    "along_m": "arrays along m: {}",
    "along_n": "arrays along n: {}",
    "along_k": "arrays along k: {}",
}

_CTRL: Final = {
    "reuse=a": "reuse of A",
    "reuse=b": "reuse of B",
    "reuse=output": "reuse of the output",
    "arrays": "arrays: {}",
    "arbiter_a=yes": "an arbiter behind the buffer of A",
    "arbiter_a=no": "no arbiter behind the buffer of A",
    "arbiter_b=yes": "an arbiter behind the buffer of B",
    "arbiter_b=no": "no arbiter behind the buffer of B",
}

SETTING_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "mac": {
        "format=byte_word": "operands of a byte and sums of a word",
        "format=byte_long": "operands of a byte and sums of a long word",
        "format=half_sum": "operands of a half word and sums of 48 bits",
        "format=byte_pair": "a pair of bytes times a byte, and packed sums of a long word",
        "multiplier=dsp": "its multiplier in a DSP block",
        "multiplier=fabric": "its multiplier in LUTs",
        "adder=free": "its adder wherever the tool puts it",
        "adder=fabric": "its adder in LUTs",
    },
    "pe_lane": {
        "m": "rows of A: {}",
        "n": "columns of B: {}",
        "k": "words along k: {}",
        "pack": "MACs that share a DSP block: {}",
    },
    "pe_array": {
        "lane_m": "rows of A in a lane: {}",
        "lane_n": "columns of B in a lane: {}",
        "lane_k": "words along k in a lane: {}",
        "m": "lanes along m: {}",
        "n": "lanes along n: {}",
        "k": "lanes along k: {}",
        "slices": "tokens in which a block of sums leaves: {}",
        "pack": "MACs of its lanes that share a DSP block: {}",
    },
    "systolic_array": {
        "lane_m": "rows of A in a lane: {}",
        "lane_n": "columns of B in a lane: {}",
        "lane_k": "words along k in a lane: {}",
        "m": "lanes along m: {}",
        "n": "lanes along n: {}",
        "k": "lanes along k: {}",
        "slices": "tokens in which a block of sums leaves: {}",
        "pack": "MACs of its lanes that share a DSP block: {}",
    },
    "dma_load": {"port": "an AXI port of {} elements"},
    "fill": {"port": "AXI words of {} elements", **_BANKS},
    "drain": {"operand=a": "operand A", "operand=b": "operand B", **_BANKS, **_TOKEN},
    "arbiter": {"in_rows": "narrow tokens of {} rows", "in_k": "{} elements along k in each of their rows", **_TOKEN},
    "gearbox": {
        "unit": "units of {} elements",
        "in_units": "tokens that come in of {} units",
        "out_units": "tokens that leave of {} units",
    },
    "reorder": {
        "rows": "blocks of {} rows",
        "columns": "{} columns",
        "lanes": "tokens of {} elements",
    },
    "interconnect": {
        "mode=dealt": "rows that are dealt to the arrays in turn",
        "mode=broadcast": "tokens that go to all arrays",
        "mode=sliced": "rows that are cut along k, a slice for each array",
        "mode=single": "a single array behind it",
        "arrays": "arrays: {}",
        **_TOKEN,
    },
    "interconnect_mixed": {"operand=a": "operand A", "operand=b": "operand B", **_GRID, **_TOKEN},
    "relay_mixed": {"operand=a": "operand A", "operand=b": "operand B", **_GRID, **_TOKEN},
    "cascade_mixed": {
        **_GRID,
        "rows": "rows of a block of one array: {}",
        "columns": "columns of a block of one array: {}",
        "slices": "tokens of a block: {}",
    },
    "interconnect_mapped": {"arrays": "arrays: {}", **_TOKEN},
    "interconnect_mapped_mixed": {"operand=a": "operand A", "operand=b": "operand B", **_GRID, **_TOKEN},
    "relay_mapped": {"operand=a": "operand A", "operand=b": "operand B", **_GRID, **_TOKEN},
    "collector_mixed": {
        **_GRID,
        "rows": "rows of a block of one array: {}",
        "columns": "columns of a block of one array: {}",
        "slices": "tokens of a block: {}",
    },
    "collector": {
        "mode=rows": "arrays that hold different rows, dealt in turn",
        "mode=columns": "arrays that hold different columns, dealt in turn",
        "mode=sum": "arrays whose sums are added up",
        "mode=single": "a single array in front of it",
        "arrays": "arrays: {}",
        "rows": "rows of a block of one array: {}",
        "columns": "columns of a block of one array: {}",
        "slices": "tokens of a block: {}",
    },
    "relay": {"arrays": "arrays in the chain: {}", **_TOKEN},
    "cascade": {
        "arrays": "arrays in the chain: {}",
        "rows": "rows of a block of one array: {}",
        "columns": "columns of a block of one array: {}",
        "slices": "tokens of a block: {}",
    },
    "accumulate": {
        "rows": "rows of a block of sums: {}",
        "columns": "columns of a block of sums: {}",
        "slices": "tokens of a block: {}",
        **_BANKS,
    },
    "flush": _BANKS,
    "post": {"lanes": "words of {} elements", "bias_words": "room for {} words of bias"},
    "post_raw": {
        "lanes": "words of {} sums",
        "parts": "{} elements for each sum that leaves",
        "bias_words": "room for {} words of bias",
    },
    "dma_store": {"port": "an AXI port of {} elements", "lanes": "tokens of {} results"},
    "accumulate_spill": {
        "rows": "rows of a block of sums: {}",
        "columns": "columns of a block of sums: {}",
        "slices": "tokens of a block: {}",
        **_BANKS,
    },
    "flush_spill": {
        "rows": "rows of a block of sums: {}",
        "columns": "columns of a block of sums: {}",
        "part_rows": "parts of {} rows",
        **_BANKS,
    },
    "dma_spill": {
        "port": "an AXI port of {} elements", "lanes": "tokens of {} results", "sums": "tokens of {} sums",
    },
    "ctrl_spill": _CTRL,
    "ctrl_mapped": _CTRL,
    "ctrl_mapped_spill": _CTRL,
    "ctrl": _CTRL,
}
"""Phrases with one `{}` for the value, by module kind and setting; `setting=value` where the value is a choice."""

EVERYWHERE: Final[Mapping[str, str]] = {"precision": "{} operands"}
"""Phrases of the settings that every module kind may have."""
