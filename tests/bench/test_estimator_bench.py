"""`bench estimator`: what was fitted beside what was held out, and every reported loop in the shares."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from aigchip_tui.bench.estimator_bench import held_out_by_name, measure
from aigchip_tui.bench.estimator_loops import loop_fit, loop_pairs
from aigchip_tui.bench.estimator_report import scatter_svg, table_lines
from aigchip_tui.model.errors import AigchipError

KERNEL = """
void other(int a[8]) { for (int i = 0; i < 8; i++) for (int j = 0; j < 9; j++) a[i] += a[7 - i] * j; }
void NAME(int a[TRIP], int b[TRIP]) {
  first: for (int i = 0; i < TRIP; i++) {
    b[i] = a[i] + 1;
  }
}
"""
SUMMARY = """
== Synthesis Summary Report of 'NAME'
    | Modules | Issue|    | Latency | Latency|Iteration|         | Trip|          |    |   |        |        |    |
    | & Loops | Type |Slack| (cycles)|  (ns)  | Latency | Interval|Count| Pipelined|BRAM|DSP|   FF   |   LUT  |URAM|
"""
COLUMNS = ["id", "set", "kernel", "tool", "device", "clock", "lat_max", "bram", "dsp", "ff", "lut"]
COLUMNS += ["category", "source", "directives", "note"]


def table(folder: Path, name: str, kernels: list[tuple[str, int, int]]) -> Path:
    """A pairs file of kernels (name, trip count, reported latency) and their sources."""
    path = folder / name
    with path.open("w", newline="") as stream:
        out = csv.DictWriter(stream, COLUMNS, delimiter="\t", restval="")
        out.writeheader()
        for kernel, trip, latency in kernels:
            source = folder / "o" / "r" / f"{kernel}.cpp"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(KERNEL.replace("NAME", kernel).replace("TRIP", str(trip)))
            row = {"id": kernel, "set": "few", "kernel": kernel, "tool": "2022.2", "device": "xcu55c", "clock": "5.0"}
            figures = {"lat_max": str(latency), "dsp": "0", "ff": "20", "lut": "90", "category": "other"}
            out.writerow({**row, **figures, "source": f"o/r/{kernel}.cpp"})
    return path


def names(held: bool, count: int) -> list[str]:
    """Kernel names on one side of the declared split."""
    return [name for name in (f"k{number}" for number in range(99)) if held_out_by_name(name) is held][:count]


def test_a_declared_fifth_and_a_second_table_are_held_out(tmp_path: Path) -> None:
    kept, held, more = names(False, 4), names(True, 1)[0], names(False, 5)[-1]
    pairs = table(tmp_path, "pairs.tsv", [(name, 50, 52) for name in (*kept, held)])
    second = table(tmp_path, "more.tsv", [(more, 50, 104)])
    bench = measure(pairs, tmp_path, held_out=second)
    groups = {group.name: group for group in bench.groups}
    assert (groups["FITTED"].rows, groups["HELD OUT"].rows) == (4, 2)
    assert {one.id for one in bench.outcomes if one.held_out} == {held, more}
    assert groups["HELD OUT"].figures["latency"].p90 > groups["FITTED"].figures["latency"].p90
    lines = table_lines(bench)
    heading = next(number for number, line in enumerate(lines) if line.split() == ["FITTED", "HELD", "OUT"])
    assert lines[heading + 1].split() == ["files", "estimated", "4/4", "2/2"]
    assert scatter_svg(bench).count('fill="none" stroke="#1b6ca8"') == 2, "rings are the held-out kernels"


def test_the_row_names_the_function_that_is_estimated(tmp_path: Path) -> None:
    """Another function of the file is larger; the figures are those of the kernel's."""
    name = names(False, 1)[0]
    bench = measure(table(tmp_path, "pairs.tsv", [(name, 40, 42)]), tmp_path)
    assert bench.outcomes[0].estimated["latency"] in range(40, 45)
    assert all(group.name != "HELD OUT" for group in bench.groups)
    assert "HELD OUT" not in "\n".join(table_lines(bench)), "one side alone is not compared"


def test_the_clock_is_compared_where_a_report_tells_it(tmp_path: Path) -> None:
    """Of a report beside the table or below the sources; without one there is no figure and no claim."""
    pairs = table(tmp_path, "pairs.tsv", [(name, 50, 52) for name in names(False, 4)])
    group = measure(pairs, tmp_path).groups[0]
    assert ("clock" in group.figures, group.timing_agreed) == (False, None)
    ours = measure(pairs, tmp_path).outcomes[0].estimated["clock"] or 0
    row = "    |+ NAME|     -|SLACK|       52| 260.000|        -|       53|    -|        no|   -|  3|20|90|   -|\n"
    lines = pairs.read_text().replace("directives", "report_file").splitlines()
    for number, slack in ((1, 3.65 - ours / 1000), (2, -0.30)):
        text = SUMMARY + row.replace("SLACK", f"{slack:5.2f}")
        (tmp_path / f"{number}.rpt").write_text(text)
        lines[number] = lines[number].rsplit("\t", 2)[0] + f"\t{number}.rpt\t"
    pairs.write_text("\n".join(lines))
    bench = measure(pairs, tmp_path)
    group = bench.groups[0]
    assert (group.figures["clock"].count, group.timing_agreed, group.timing_missed) == (2, 0.5, 1)
    assert abs(bench.outcomes[0].relative_error("clock") or 0) < 0.01
    assert bench.outcomes[1].reported["clock"] == 3950
    assert [" 50%" in line for line in table_lines(bench)[:2]] == [False, True]


def test_every_reported_loop_counts(tmp_path: Path) -> None:
    name = names(False, 1)[0]
    pairs = table(tmp_path, "pairs.tsv", [(name, 40, 42)])
    rows = [("first", 40, 1), ("outer_first", 80, 1), ("Loop 1", 40, 1), ("first", 40, 3)]
    more = {"depth": 3, "lat": 0, "pipelined": "yes"}
    loops = [{"name": loop, "trip": trip, "II": ii, **more} for loop, trip, ii in rows]
    (tmp_path / "loops.json").write_text(json.dumps([{"id": name, "kernel": name, "loops": loops}]))
    fit = loop_fit(pairs, tmp_path, tmp_path / "loops.json")
    assert (fit.loops, fit.matched, fit.nested, fit.unmatched) == (4, 2, 1, 1)
    assert (fit.trips_exact, fit.intervals_exact) == (2, 2), "what is not found is not exact"


NESTS = """
#include "sizes.h"
void nests(int a[TRIP][4][65], int b[TRIP]) {
  int sums[8] = {0};
  w: for (int i = 0; i < TRIP; i++) x: for (int j = 0; j < 4; j++) y: for (int k = 0; k < 5; k++)
    z: for (int l = 0; l < 65; l++) a[i][j][l] = k;
  same: for (int i = 0; i < 8; i++) sums[i] += b[i];
  same: for (int i = 0; i < TRIP; i++) b[i] = sums[i & 7];
}
"""


def test_loops_are_found_under_the_names_that_reports_give_them(tmp_path: Path) -> None:
    """`Loop 1` clears an array, a nest of four loses a name in the middle, a name may stand twice.

    The header that the source includes has another name in its repository, as the note of the row says.
    """
    pairs = table(tmp_path, "pairs.tsv", [("nests", 40, 42)])
    folder = tmp_path / "o" / "r"
    (folder / "nests.cpp").write_text(NESTS)
    (folder / "nests.h").write_text("#define TRIP 40\n")
    text = pairs.read_text().rstrip("\n")
    pairs.write_text(f"{text}sizes.h = <kernel>.h beside the source\n")
    rows = [("Loop 1", 8, 1), ("w_y_z", 40 * 4 * 5 * 65, 1), ("same", 40, 1), ("same", 8, 1)]
    loops = [{"name": one, "trip": trip, "II": ii, "pipelined": "yes"} for one, trip, ii in rows]
    (tmp_path / "loops.json").write_text(json.dumps([{"id": "nests", "kernel": "nests", "loops": loops}]))
    found = list(loop_pairs(pairs, tmp_path, tmp_path / "loops.json"))
    assert [one.ours.name if one.ours else "" for one in found] == ["clear_sums", "w_x_y_z", "same", "same"]
    assert [one.by_name for one in found] == [True, False, True, True]
    assert all(one.trip_exact and one.interval_exact for one in found)


def test_a_table_without_kernels_is_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("id\tsource\nx\ty\n")
    with pytest.raises(AigchipError, match="not a pairs file"):
        measure(tmp_path / "pairs.tsv", tmp_path)
