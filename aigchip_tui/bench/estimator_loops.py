"""Reported loop tables against the arithmetic of a pipelined loop and against estimated loops."""

from __future__ import annotations

import contextlib
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.bench.estimator_sources import Sources, estimate_row
from aigchip_tui.estimator.estimate import LoopEstimate
from aigchip_tui.model.errors import AigchipError

_CLEARED = re.compile(r"Loop(_\d+)+")


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

    `matched` have an estimated loop of their name (`Loop 1` is the clearing of an array). Of the others, `nested` are
    the same nest, which one side flattened further than the other or named shorter; what is `unmatched` the tool
    unrolled, named otherwise or made itself. All count in the shares.
    """

    loops: int
    matched: int
    nested: int
    unmatched: int
    trips_exact: int
    intervals_exact: int


class LoopPair(msgspec.Struct, frozen=True, kw_only=True):
    """A reported pipelined loop and the estimated loop that stands for it, None when there is none."""

    kernel: str
    name: str
    trip: int
    interval: int | None
    ours: LoopEstimate | None
    by_name: bool

    @property
    def trip_exact(self) -> bool:
        """Whether the estimated trip count is the reported one."""
        return self.ours is not None and self.ours.trip == self.trip

    @property
    def interval_exact(self) -> bool:
        """Whether the estimated interval is the reported one."""
        return self.ours is not None and self.ours.ii == self.interval


def loop_fit(pairs: Path, sources: Path, table: Path) -> LoopFit:
    """Estimates every kernel of a loop table and compares trip counts and intervals of its pipelined loops."""
    found = list(loop_pairs(pairs, sources, table))
    matched = sum(one.by_name for one in found)
    unmatched = sum(one.ours is None for one in found)
    return LoopFit(
        loops=len(found),
        matched=matched,
        nested=len(found) - matched - unmatched,
        unmatched=unmatched,
        trips_exact=sum(one.trip_exact for one in found),
        intervals_exact=sum(one.interval_exact for one in found),
    )


def loop_pairs(pairs: Path, sources: Path, table: Path) -> Iterator[LoopPair]:
    """Every reported pipelined loop of a table, with its estimate."""
    finder = Sources(sources)
    with pairs.open(newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream, delimiter="\t")}
    for kernel in json.loads(table.read_text()):
        row = rows.get(kernel["id"])
        found = finder.read(row) if row is not None else None
        if row is None or found is None:
            continue
        pipelined = [one for one in kernel["loops"] if one["pipelined"] == "yes" and one["trip"] is not None]
        loops: tuple[LoopEstimate, ...] = ()
        with contextlib.suppress(AigchipError):
            loops = estimate_row(row, *found).loops
        taken: set[int] = set()
        for one in pipelined:
            chosen = _partner(one, loops, taken)
            if chosen is not None:
                taken.add(chosen)
            ours = loops[chosen] if chosen is not None else None
            yield LoopPair(
                kernel=kernel["id"],
                name=one["name"],
                trip=one["trip"],
                interval=one["II"],
                ours=ours,
                by_name=ours is not None and _likeness(ours, own_name(one["name"])) == 0,
            )


def _partner(reported: Mapping[str, object], loops: Sequence[LoopEstimate], taken: set[int]) -> int | None:
    """The estimated loop of a reported one: by name, then one that is no other's yet, then by its figures."""
    name = own_name(str(reported["name"]))
    ranked = [
        (likeness, place in taken, loop.trip != reported["trip"], loop.ii != reported["II"], place)
        for place, loop in enumerate(loops)
        if (likeness := _likeness(loop, name)) is not None
    ]
    return min(ranked)[-1] if ranked else None


def _likeness(ours: LoopEstimate, name: str) -> int | None:
    """0 for the same name, 1 for the same nest under another name, None for another loop.

    A nest of four loops or more is reported without the name of a middle one (`a_c_d` for a, b, c, d); a text that
    stood in a file of its own has other line numbers.
    """
    if ours.name == name or (_CLEARED.fullmatch(name) and ours.name.startswith("clear_")):
        return 0
    if not ours.pipelined or not name:
        return None
    if f"_{ours.name}".endswith(f"_{name}") or f"_{name}".endswith(f"_{ours.name}"):
        return 1
    if ours.flattened >= 4 and _shortened(ours.name, name):
        return 1
    return 1 if "_loop_" in name and re.sub(r"_loop_\d+", "_loop_", name) == re.sub(
        r"_loop_\d+", "_loop_", ours.name
    ) else None


def _shortened(ours: str, name: str) -> bool:
    """Whether one name is another without a part in its middle."""
    cuts = (place for place, letter in enumerate(name) if letter == "_")
    return any(ours.startswith(name[: cut + 1]) and ours.endswith(name[cut:]) for cut in cuts)


def own_name(reported: str) -> str:
    """Our name of a reported loop: `VITIS_LOOP_12_3` is the loop of line 12, labels stay."""
    if re.fullmatch(r"Loop [\d.]+", reported):
        return re.sub(r"[ .]", "_", reported)
    parts = re.findall(r"VITIS_LOOP_(\d+)_\d+|([A-Za-z]\w*?)(?=_VITIS_LOOP|$)", reported)
    return "_".join(f"loop_{line}" if line else label for line, label in parts if line or label)


def pipelined_cycles(trip: int, interval: int, depth: int) -> int:
    """Cycles of a pipelined loop from its trip count, interval and depth."""
    return interval * (trip - 1) + max(depth - 1, interval) if trip > 0 else 0
