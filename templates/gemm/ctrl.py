"""ctrl: walks the tiles of each layer and commands every other process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import TestCase
from aigchip_tui.modules.protocol import Conformance, LoopRule, PartitionRule

from .common import (
    command_port,
    commands,
    declaration,
    memory_port,
    number,
    scalar_port,
    settings_product,
)
from .types import COMMANDS, LAYER_FIELDS, LAYER_WORDS

if TYPE_CHECKING:
    import numpy as np

REUSES: Final = ("a", "b", "output")
ARRAYS: Final = (1, 2, 4, 8)

_ORDER: Final = {
    "a": "Visit the tiles with n innermost, then k, then m, so that a tile of A stays while n runs (reuse of A).",
    "b": "Visit the tiles with m innermost, then k, then n, so that a tile of B stays while m runs (reuse of B).",
    "output": "Visit the tiles with k innermost, then n, then m, so that a tile of C stays while its sums grow "
    "(reuse of output).",
}
_WALK_A: Final = {
    "a": "Reuse of A asks for tiles of A with k inside m: their addresses grow by A_TILE from A_ADDR.",
    "b": "Reuse of B asks for tiles of A with m inside k, over and over: along m addresses grow by A_BAND, the next "
    "k begins A_TILE further than the last one began, and after the last k all starts again at A_ADDR.",
    "output": "Reuse of output asks for tiles of A with k inside m: along k addresses grow by A_TILE, the k tiles of "
    "one m are walked A_PASSES times, and the next m begins A_BAND further.",
}
_WALK_B: Final = {
    "a": "Reuse of A asks for tiles of B with n inside k, over and over: along n addresses grow by B_BAND, the next "
    "k begins B_TILE further than the last one began, and after the last k all starts again at B_ADDR.",
    "b": "Reuse of B asks for tiles of B with k inside n: their addresses grow by B_TILE from B_ADDR.",
    "output": "Reuse of output asks for tiles of B with k inside n, over and over: addresses grow by B_TILE from "
    "B_ADDR, and after the last k of the last n all starts again at B_ADDR.",
}
_RESULT: Final = {
    "a": "Reuse of A finishes the tiles of C with n inside m: the address grows by C_TILE from C_ADDR with each "
    "finished tile, the bias by C_WORDS_FULL from BIAS_ADDR along n.",
    "b": "Reuse of B finishes the tiles of C with m inside n: along m the address grows by C_BAND, the next n begins "
    "C_TILE further than the last one began, the bias grows by C_WORDS_FULL from BIAS_ADDR along n.",
    "output": "Reuse of output finishes the tiles of C with n inside m: the address grows by C_TILE from C_ADDR with "
    "each finished tile, the bias by C_WORDS_FULL from BIAS_ADDR along n.",
}


def _streams(settings: Settings) -> tuple[tuple[str, str], ...]:
    arbiters = [(f"arbiter_{x}", "arbiter_cmd") for x in "ab" if settings[f"arbiter_{x}"] == "yes"]
    return (
        ("dma_a", "load_cmd"),
        ("dma_b", "load_cmd"),
        ("fill_a", "fill_cmd"),
        ("fill_b", "fill_cmd"),
        ("drain_a", "drain_cmd"),
        ("drain_b", "drain_cmd"),
        *arbiters,
        ("inter_a", "inter_cmd"),
        ("inter_b", "inter_cmd"),
        ("array", "array_cmd"),
        ("collector", "collect_cmd"),
        ("accumulate", "accum_cmd"),
        ("flush", "flush_cmd"),
        ("post", "post_cmd"),
        ("dma_c", "store_cmd"),
    )


def trace(reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
    """Every command that a launch of these layers needs, by stream name without arbiters left out.

    Written from the tile schedule by plain loops, independently of how ctrl counts. `rows` are layers of the table.
    """
    out: dict[str, list[dict[str, int]]] = {name: [] for name, _ in _streams({"arbiter_a": "yes", "arbiter_b": "yes"})}
    for row in rows:
        _layer_trace(reuse, row, out)
    for stream in out.values():
        for index, command in enumerate(stream):
            command["last"] = int(index == len(stream) - 1)
    return out


def _visits(reuse: str, nm: int, nn: int, nk: int) -> Iterator[tuple[int, int, int]]:
    if reuse == "a":
        yield from ((m, n, k) for m in range(nm) for k in range(nk) for n in range(nn))
    elif reuse == "b":
        yield from ((m, n, k) for n in range(nn) for k in range(nk) for m in range(nm))
    else:
        yield from ((m, n, k) for m in range(nm) for n in range(nn) for k in range(nk))


def _layer_trace(reuse: str, row: Mapping[str, int], out: dict[str, list[dict[str, int]]]) -> None:
    nm, nn, nk = row["NM"], row["NN"], row["NK"]
    visits = list(_visits(reuse, nm, nn, nk))

    def edge(name: str, index: int, count: int) -> int:
        return row[f"{name}_{'EDGE' if index == count - 1 else 'FULL'}"]

    def group(name: str, *flags: bool) -> int:
        index = sum(1 << place for place, flag in enumerate(reversed(flags)) if flag)
        return row[name if index == 0 else f"{name}_{index}"]

    runs: dict[str, list[int]] = {"a": [], "b": []}
    for v, (m, n, k) in enumerate(visits):
        for x, tile, before in (("a", (m, k), visits[v - 1][::2]), ("b", (n, k), visits[v - 1][1:])):
            if v == 0 or tile != before:
                runs[x].append(v)
    for x, own, count in (("a", 0, nm), ("b", 1, nn)):
        axis, rows_name = ("MB", "A_ROWS") if x == "a" else ("NB", "B_ROWS")
        other, other_count = ("NB", nn) if x == "a" else ("MB", nm)
        upper = x.upper()
        for v, after in zip(runs[x], [*runs[x][1:], len(visits)], strict=True):
            r, k = visits[v][own], visits[v][2]
            address = row[f"{upper}_ADDR"] + r * row[f"{upper}_BAND"] + k * row[f"{upper}_TILE"]
            words = group(f"{upper}_WORDS", r == count - 1, k == nk - 1)
            out[f"dma_{x}"].append({"addr": address, "words": words})
            depth = edge(f"{upper}_DEPTH", k, nk)
            out[f"fill_{x}"].append(
                {"rows": edge(rows_name, r, count), "row_words": edge("K_WORDS", k, nk), "row_depth": depth}
            )
            out[f"drain_{x}"].append(
                {
                    "own": edge(axis, r, count),
                    "kb": edge("KB", k, nk),
                    "replays": after - v,
                    "other_full": row[f"{other}_FULL"],
                    "other_last": edge(other, visits[after - 1][1 - own], other_count),
                    "row_depth": depth,
                }
            )
    for m, n, k in visits:
        m_edge, n_edge, k_edge = m == nm - 1, n == nn - 1, k == nk - 1
        steps = {"tokens": group("STEPS", m_edge, n_edge, k_edge)}
        for name in ("arbiter_a", "arbiter_b", "inter_a", "inter_b"):
            out[name].append(dict(steps))
        out["array"].append({"blocks": group("BLOCKS", m_edge, n_edge), "kb": edge("KB", k, nk)})
        out["collector"].append({"tokens": group("SLICES", m_edge, n_edge)})
        out["accumulate"].append(
            {
                "mb": edge("MB", m, nm),
                "nb": edge("NB", n, nn),
                "row_depth": row["C_DEPTH"],
                "first": int(k == 0),
                "final": int(k_edge),
            }
        )
        if not k_edge:
            continue
        height, width = edge("A_ROWS", m, nm), edge("C_WORDS", n, nn)
        out["flush"].append({"rows": height, "row_words": width, "row_depth": row["C_DEPTH"]})
        out["post"].append(
            {
                "rows": height,
                "row_words": width,
                "bias_addr": row["BIAS_ADDR"] + n * row["C_WORDS_FULL"],
                "multiplier": row["MULTIPLIER"],
                "shift": row["SHIFT"],
                "relu": row["RELU"],
            }
        )
        out["dma_c"].append(
            {
                "tokens": group("C_TOKENS", m_edge, n_edge),
                "words": group("C_STORES", m_edge, n_edge),
                "addr": row["C_ADDR"] + m * row["C_BAND"] + n * row["C_TILE"],
            }
        )


class Ctrl:
    """The process that turns the layer table into commands for all others."""

    name = "ctrl"
    function = "ctrl"
    summary = "reads the layer table and commands every process, loads one refresh ahead"
    inlined = False

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; reuse rewords the walks, each arbiter and the arrays one line of their own."""
        reuse = str(settings["reuse"])
        count = number(settings, "arrays")
        return (
            "There is a single array: array is one stream of array_cmd."
            if count == 1
            else f"The arrays work alike, array holds one stream of array_cmd for each; their number: {count}.",
            "Function ctrl takes table (pointer to constant std::int32_t), the number of layers, and a stream of "
            "commands for every process, in this order: dma_a, dma_b (load_cmd), fill_a, fill_b (fill_cmd), drain_a, "
            "drain_b (drain_cmd), the arbiters if there are any, inter_a, inter_b (inter_cmd), array, collector "
            "(collect_cmd), accumulate (accum_cmd), flush (flush_cmd), post (post_cmd), dma_c (store_cmd).",
            "The banks of A deliver less than a token: stream arbiter_a of arbiter_cmd stands before inter_a."
            if settings["arbiter_a"] == "yes"
            else "The banks of A deliver whole tokens: there is no arbiter_a.",
            "The banks of B deliver less than a token: stream arbiter_b of arbiter_cmd stands before inter_a, behind "
            "that of A."
            if settings["arbiter_b"] == "yes"
            else "The banks of B deliver whole tokens: there is no arbiter_b.",
            "Layers run one after the other. Copy the LAYER_WORDS words of a layer from table into a register file "
            "first, one a cycle; namespace field names them. FULL stands for every tile but the last of an axis, EDGE "
            "for the last one; words for all combinations of edges stand in a group, its index says which edges.",
            "Field last is set in the final command of each stream: only in the last layer, there in the last visit, "
            "the last load, the last tile finished.",
            _ORDER[reuse],
            "Work through VISITS visits in one loop that is not pipelined: were two visits in flight, a full stream "
            "could hold back a command of the visit before it. One more step in front only asks for the first tiles.",
            "Ask for tiles of A one refresh ahead (dma_a with A_WORDS, fill_a): the first one before the first visit, "
            "the next one whenever a visit takes a new tile, A_LOADS in all.",
            _WALK_A[reuse],
            "Ask for tiles of B in the same way (dma_b with B_WORDS, fill_b), B_LOADS in all.",
            _WALK_B[reuse],
            "A visit that takes a new tile of A commands drain_a, which then serves A_REPLAYS visits; more than one "
            "visit means that they run to the edge of n.",
            "A visit that takes a new tile of B commands drain_b, which then serves B_REPLAYS visits; more than one "
            "visit means that they run to the edge of m.",
            "Every visit commands both interconnects (STEPS), the collector (SLICES) and accumulate, whose first is "
            "set for the first tile along k and final for the last one.",
            "The visit of the last tile along k finishes a tile of C: command flush, post and dma_c (C_TOKENS, "
            "C_STORES).",
            _RESULT[reuse],
        )

    def ports(self, settings: Settings) -> tuple[Port, ...]:
        """The table, the number of layers, and one command stream per process in the order of `signature`."""
        arrays = number(settings, "arrays")
        streams = tuple(
            command_port(
                struct,
                name,
                direction="out",
                copies=arrays if name == "array" and arrays > 1 else None,
                per=COMMANDS[struct][0],
            )
            for name, struct in _streams(settings)
        )
        return (
            memory_port("table", "in", "std::int32_t", None, tokens="LAYER_WORDS words a layer"),
            scalar_port("layers"),
            *streams,
        )

    def signature(self, settings: Settings) -> str:
        """C++ declaration."""
        return declaration(self.function, self.ports(settings))

    def prologue(self, settings: Settings) -> str:
        """Nothing: command structs and words of the table stand in the type header."""
        return ""

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """ctrl calls nobody."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """48: three reuse patterns, 1 to 8 arrays, an arbiter or none on each operand."""
        return settings_product(
            {"reuse": REUSES, "arrays": ARRAYS, "arbiter_a": ("yes", "no"), "arbiter_b": ("yes", "no")}
        )

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """One layer of a single tile, odd counts of tiles with edges, and three layers in one launch."""
        reuse = str(settings["reuse"])
        free = {"a": ((3, 4, 1), (2, 1, 3)), "b": ((4, 3, 1), (1, 2, 3)), "output": ((2, 3, 4), (3, 2, 1))}[reuse]
        launches = {
            "single tile": [(1, 1, 1)],
            "several tiles": [free[0]],
            "one tile of another axis": [free[1]],
            "three layers": [(1, 3, 1), free[1], free[0]],
            "tiles of one axis": [(5, 1, 1), (1, 5, 1), (1, 1, 5)],
        }
        return tuple(self._case(name, settings, shapes, rng) for name, shapes in launches.items())

    def _case(
        self, name: str, settings: Settings, shapes: list[tuple[int, int, int]], rng: np.random.Generator
    ) -> TestCase:
        import numpy as np

        rows = [_random_row(str(settings["reuse"]), *shape, rng) for shape in shapes]
        table = np.array([[row[field] for field, _ in LAYER_FIELDS] for row in rows], dtype="<i4")
        wanted = trace(str(settings["reuse"]), list(rows))
        expected, counts = {}, {}
        arrays = number(settings, "arrays")
        for stream, struct in _streams(settings):
            data, count = commands(struct, wanted[stream])
            names = [f"array[{i}]" for i in range(arrays)] if stream == "array" and arrays > 1 else [stream]
            expected.update(dict.fromkeys(names, data))
            counts.update(dict.fromkeys(names, count))
        return TestCase(
            name=name,
            inputs={"layers": np.int32(len(rows)).tobytes()},
            counts=counts,
            expected=expected,
            memories={"table": table.tobytes()},
            expected_memories={"table": table.tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """The visit loop is not pipelined (see the instruction), so no rate is contracted."""
        loops: tuple[LoopRule, ...] = (
            LoopRule(label="layer"),
            LoopRule(label="read", trip=LAYER_WORDS, pipeline_ii=1),
            LoopRule(label="visit"),
        )
        if number(settings, "arrays") > 1:
            loops += (LoopRule(label="each_array", trip=number(settings, "arrays"), unroll=True),)
        return Conformance(loops=loops, partitions=(PartitionRule(variable="row", dim=1),), ii=None)


def _random_row(reuse: str, nm: int, nn: int, nk: int, rng: np.random.Generator) -> dict[str, int]:
    """A layer of the table with consistent counts of tiles and loads; all other words are random and distinct."""
    names = [name for name, _ in LAYER_FIELDS]
    values = (rng.permutation(1_000_000)[: len(names)] + 1).tolist()
    row = dict(zip(names, values, strict=True))
    row.update(NM=nm, NN=nn, NK=nk, VISITS=nm * nn * nk, **refreshes(reuse, nm, nn, nk))
    row["A_BAND"], row["B_BAND"] = nk * row["A_TILE"], nk * row["B_TILE"]
    row["C_BAND"] = nn * row["C_TILE"]
    for axis, count in (("MB", nm), ("NB", nn), ("KB", nk)):
        if count == 1:
            row[f"{axis}_FULL"] = row[f"{axis}_EDGE"]
    return row


def refreshes(reuse: str, nm: int, nn: int, nk: int) -> dict[str, int]:
    """Loads, replays and passes of A and B under a reuse pattern without spilled sums."""
    a = {"a": nm * nk, "b": nn * nk * nm if nm * nk > 1 else 1, "output": nm * (nn * nk if nk > 1 else 1)}[reuse]
    whole_b = 1 if nn * nk == 1 else nm * nn * nk
    b = {"a": whole_b, "b": nn * nk, "output": whole_b}[reuse]
    visits = nm * nn * nk
    return {
        "A_LOADS": a,
        "A_REPLAYS": visits // a,
        "A_PASSES": nn if reuse == "output" and nk > 1 else 1,
        "B_LOADS": b,
        "B_REPLAYS": visits // b,
    }


SPEC = Ctrl()
