"""Reported loop tables against the arithmetic of a pipelined loop and against estimated loops."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import msgspec

from aigchip_tui.bench.estimator_sources import Sources, estimate_row
from aigchip_tui.model.errors import AigchipError


class LoopArithmetic(msgspec.Struct, frozen=True, kw_only=True):
    """How many reported pipelined loops obey latency = II * (trip - 1) + max(depth - 1, II)."""

    loops: int
    exact: int


def loop_arithmetic(table: Path) -> LoopArithmetic:
    """Checks the arithmetic of the estimator on reported loop tables (`loops.json`)."""
    loops = exact = 0
    for kernel in json.loads(table.read_text()):
        for loop in kernel["loops"]:
            if loop["pipelined"] != "yes" or None in (loop["II"], loop["depth"], loop["trip"], loop["lat"]):
                continue
            loops += 1
            expected = pipelined_cycles(loop["trip"], loop["II"], loop["depth"])
            exact += expected == loop["lat"]
    return LoopArithmetic(loops=loops, exact=exact)


class LoopFit(msgspec.Struct, frozen=True, kw_only=True):
    """Reported pipelined loops against estimated ones: how many agree in trip count and interval, of all of them.

    `matched` have an estimated loop of their name. Of the others, `nested` end in the same innermost loop, which one
    side flattened further than the other; what is `unmatched` the tool unrolled, named otherwise or made itself (the
    clearing of an array). All count in the shares.
    """

    loops: int
    matched: int
    nested: int
    unmatched: int
    trips_exact: int
    intervals_exact: int


def loop_fit(pairs: Path, sources: Path, table: Path) -> LoopFit:
    """Estimates every kernel of a loop table and compares trip counts and intervals of its pipelined loops."""
    finder = Sources(sources)
    with pairs.open(newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream, delimiter="\t")}
    loops = matched = nested = trips = intervals = 0
    for kernel in json.loads(table.read_text()):
        row = rows.get(kernel["id"])
        found = finder.read(row) if row is not None else None
        if row is None or found is None:
            continue
        pipelined = [one for one in kernel["loops"] if one["pipelined"] == "yes" and one["trip"] is not None]
        loops += len(pipelined)
        try:
            estimated = estimate_row(row, *found)
        except AigchipError:
            continue
        for reported in pipelined:
            name = own_name(reported["name"])
            same = [loop for loop in estimated.loops if loop.name == name]
            inner = same or [loop for loop in estimated.loops if loop.pipelined and _innermost(loop.name, name)]
            exact = [loop for loop in inner if loop.trip == reported["trip"]]
            matched += bool(same)
            nested += bool(inner) and not same
            trips += bool(exact)
            intervals += any(loop.ii == reported["II"] for loop in exact or inner)
    return LoopFit(
        loops=loops,
        matched=matched,
        nested=nested,
        unmatched=loops - matched - nested,
        trips_exact=trips,
        intervals_exact=intervals,
    )


def _innermost(ours: str, reported: str) -> bool:
    """Whether one of two names of flattened nests ends in the other (`loop_10_loop_12` and `loop_12`)."""
    return bool(reported) and (f"_{ours}".endswith(f"_{reported}") or f"_{reported}".endswith(f"_{ours}"))


def own_name(reported: str) -> str:
    """Our name of a reported loop: `VITIS_LOOP_12_3` is the loop of line 12, labels stay."""
    parts = re.findall(r"VITIS_LOOP_(\d+)_\d+|([A-Za-z]\w*?)(?=_VITIS_LOOP|$)", reported)
    return "_".join(f"loop_{line}" if line else label for line, label in parts if line or label)


def pipelined_cycles(trip: int, interval: int, depth: int) -> int:
    """Cycles of a pipelined loop from its trip count, interval and depth."""
    return interval * (trip - 1) + max(depth - 1, interval) if trip > 0 else 0
