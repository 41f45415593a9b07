"""ctrl: walks the tiles of each layer and commands every other process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from aigchip_tui.model.module import Port, Settings
from aigchip_tui.model.testcase import Ahead, TestCase
from aigchip_tui.modules.protocol import ArrayRule, Conformance, EquivalentMutant, LoopRule, PragmaRule

from .common import (
    command_port,
    commands,
    declaration,
    memory_port,
    number,
    scalar_port,
    settings_product,
)
from .types import COMMANDS, LAYER_FIELDS

if TYPE_CHECKING:
    import numpy as np

REUSES: Final = ("a", "b", "output")
ARRAYS: Final = (1, 2, 4, 8)

_ORDER: Final = {
    "a": "Reuse of A: tiles follow with n innermost, then k, then m, so that a tile of A stays while n runs.",
    "b": "Reuse of B: tiles follow with m innermost, then k, then n, so that a tile of B stays while m runs.",
    "output": "Reuse of output: tiles follow with k innermost, then n, then m, so that a tile of C stays while k runs.",
}


EQUIVALENT: Final = (
    EquivalentMutant(
        was="v < 0",
        now="v <= 0",
        reason="In round 0 the other term holds too: the first tile was asked for in the round in front.",
    ),
    *(
        EquivalentMutant(
            was=f"row[{x}_REPLAYS] > 1",
            now=f"row[{x}_REPLAYS] >= 1",
            reason="A tile serves a single visit only where the other axis has one tile: one is left already.",
        )
        for x in "AB"
    ),
)
"""Mutants that change nothing."""


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


def asked_for(reuse: str, rows: list[Mapping[str, int]], operand: str) -> list[int]:
    """Tiles of an operand (a or b) that are asked for before each visit of a launch commands anything.

    The first tile of a layer in the round in front of its visits, the next with the visit that takes a new one.
    """
    counts: list[int] = []
    before = 0
    for row in rows:
        visits = list(tile_visits(reuse, row["ALONG_M"], row["ALONG_N"], row["ALONG_K"]))
        runs = _runs(visits, operand)
        counts += [before + min(len(runs), 1 + sum(run <= v for run in runs)) for v in range(len(visits))]
        before += len(runs)
    return counts


def _runs(visits: list[tuple[int, int, int]], operand: str) -> list[int]:
    """The visits that take a new tile of the operand."""
    own = slice(0, 3, 2) if operand == "a" else slice(1, 3)
    return [v for v, tile in enumerate(visits) if v == 0 or tile[own] != visits[v - 1][own]]


def tile_visits(reuse: str, nm: int, nn: int, nk: int) -> Iterator[tuple[int, int, int]]:
    """Tiles (m, n, k) in the order in which they are visited."""
    if reuse == "a":
        yield from ((m, n, k) for m in range(nm) for k in range(nk) for n in range(nn))
    elif reuse == "b":
        yield from ((m, n, k) for n in range(nn) for k in range(nk) for m in range(nm))
    else:
        yield from ((m, n, k) for m in range(nm) for n in range(nn) for k in range(nk))


def _layer_trace(reuse: str, row: Mapping[str, int], out: dict[str, list[dict[str, int]]]) -> None:
    nm, nn, nk = row["ALONG_M"], row["ALONG_N"], row["ALONG_K"]
    visits = list(tile_visits(reuse, nm, nn, nk))

    def edge(name: str, index: int, count: int) -> int:
        return row[f"{name}_1" if index == count - 1 else name]

    def group(name: str, *flags: bool) -> int:
        index = sum(1 << place for place, flag in enumerate(reversed(flags)) if flag)
        return row[name if index == 0 else f"{name}_{index}"]

    runs = {x: _runs(visits, x) for x in "ab"}
    for x, own, count in (("a", 0, nm), ("b", 1, nn)):
        axis, rows_name = ("MB", "A_ROWS") if x == "a" else ("NB", "B_ROWS")
        other, other_count = ("NB", nn) if x == "a" else ("MB", nm)
        upper = x.upper()
        for v, after in zip(runs[x], [*runs[x][1:], len(visits)], strict=True):
            r, k = visits[v][own], visits[v][2]
            word = 1 + own  # of A or of B
            address = row[f"{upper}_ADDR"] + r * row[f"ALONG_{'MN'[own]}_{word}"] + k * row[f"ALONG_K_{word}"]
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
                    "other_full": row[other],
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
                "bias_addr": row["BIAS_ADDR"] + n * row["ALONG_N_4"],
                "multiplier": row["MULTIPLIER"],
                "shift": row["SHIFT"],
                "relu": row["RELU"],
            }
        )
        out["dma_c"].append(
            {
                "tokens": group("C_TOKENS", m_edge, n_edge),
                "words": group("C_STORES", m_edge, n_edge),
                "addr": row["C_ADDR"] + m * row["ALONG_M_3"] + n * row["ALONG_N_3"],
            }
        )


class Ctrl:
    """The process that turns the layer table into commands for all others."""

    name = "ctrl"
    function = "ctrl"
    summary = "reads the layer table and commands every process, loads one refresh ahead"
    inlined = False
    equivalent_mutants = EQUIVALENT
    fields: tuple[str, ...] = LAYER_FIELDS
    reuses: tuple[str, ...] = REUSES

    def streams(self, settings: Settings) -> tuple[tuple[str, str], ...]:
        """Streams of commands and the structs they carry, in the order of the parameters."""
        return _streams(settings)

    def instruction(self, settings: Settings) -> tuple[str, ...]:
        """Lines of the instruction; reuse, each arbiter and the arrays reword one line of their own."""
        reuse = str(settings["reuse"])
        count = number(settings, "arrays")
        return (
            "There is a single array: array is one stream of array_cmd."
            if count == 1
            else f"The arrays are alike, array holds a stream of array_cmd for each; their number: {count}.",
            "Function ctrl takes table (pointer to constant std::int32_t), int layers and streams of "
            "commands: dma_a, dma_b (load_cmd), fill_a, fill_b (fill_cmd), drain_a, drain_b (drain_cmd), the "
            "arbiters, inter_a, inter_b (inter_cmd), array, collector (collect_cmd), accumulate (accum_cmd), "
            "flush (flush_cmd), post (post_cmd), dma_c (store_cmd).",
            "The banks of A deliver parts of tokens: there is arbiter_a (arbiter_cmd), commanded every visit."
            if settings["arbiter_a"] == "yes"
            else "The banks of A deliver whole tokens: no arbiter_a.",
            "The banks of B deliver parts of tokens: there is arbiter_b (arbiter_cmd), commanded every visit."
            if settings["arbiter_b"] == "yes"
            else "The banks of B deliver whole tokens: no arbiter_b.",
            "Layers run one after the other; copy the LAYER_WORDS words of a layer from table into a LUTRAM "
            "first, one a cycle. Namespace field (open) names them; the word behind a name is for tiles at the "
            "edge of its axis. A group over several axes holds a word for each case, the last axis changing fastest "
            "(m and n: at neither edge, at that of n, of m, of both).",
            "Field last is set in the final command of a stream, in the last layer only.",
            "An axis counts the tiles left and adds up distances in A, B, C and bias by the words of its group "
            "(ALONG_M, ALONG_N, ALONG_K: tiles, then a distance each); behind the last tile it starts again and "
            "tells so.",
            _ORDER[reuse],
            "Loop visit makes VISITS visits, with a round in front that only asks for tiles. It is not pipelined:"
            " a full stream could hold back a command of the round before.",
            "Tiles of A are asked for one refresh ahead (dma_a with A_WORDS, fill_a, drain_a): the first in the "
            "round in front, the next before a visit takes a new one. One that serves several visits (A_REPLAYS) "
            "covers all of n and counts as the last tile along it.",
            "Tiles of B are asked for in the same way (dma_b with B_WORDS, fill_b, drain_b). One that serves several "
            "visits (B_REPLAYS) covers all of m and counts as the last tile along it.",
            "Every visit commands inter_a and inter_b (STEPS), array (BLOCKS), collector (SLICES) and accumulate:"
            " first at the first tile along k, final at the last.",
            "A visit of the last tile along k finishes a tile of C: flush, post and dma_c (C_TOKENS, C_STORES) follow.",
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
            for name, struct in self.streams(settings)
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
        """The names of the words of the table."""
        return "using namespace field;"

    def children(self, settings: Settings) -> tuple[tuple[str, Settings], ...]:
        """ctrl calls nobody."""
        return ()

    def legal_settings(self) -> Iterator[Settings]:
        """48: three reuse patterns, 1 to 8 arrays, an arbiter or none on each operand."""
        return settings_product(
            {"reuse": self.reuses, "arrays": ARRAYS, "arbiter_a": ("yes", "no"), "arbiter_b": ("yes", "no")}
        )

    def cases(self, settings: Settings, rng: np.random.Generator) -> tuple[TestCase, ...]:
        """One layer of a single tile, odd counts of tiles with edges, and three layers in one launch."""
        reuse = str(settings["reuse"])
        return tuple(self._case(name, settings, shapes, rng) for name, shapes in self.launches(reuse).items())

    def launches(self, reuse: str) -> dict[str, list[tuple[int, int, int]]]:
        """Counts of tiles along m, n and k for the layers of each launch."""
        free = {"a": ((3, 4, 1), (2, 1, 3)), "b": ((4, 3, 1), (1, 2, 3)), "output": ((2, 3, 4), (3, 2, 1))}[reuse]
        return {
            "single tile": [(1, 1, 1)],
            "several tiles": [free[0]],
            "one tile of another axis": [free[1]],
            "three layers": [(1, 3, 1), free[1], free[0]],
            "tiles of one axis": [(5, 1, 1), (1, 5, 1), (1, 1, 5)],
            "one tile of B": [(1, 1, 2), (5, 1, 1)],
            "one tile of A": [(1, 1, 2), (1, 5, 1)],
        }
    def random_row(self, reuse: str, nm: int, nn: int, nk: int, rng: np.random.Generator) -> dict[str, int]:
        """A layer of the table with consistent counts of tiles and loads; other words are random and distinct."""
        values = (rng.choice(1_000_000, size=len(self.fields), replace=False) + 1).tolist()
        row = dict(zip(self.fields, values, strict=True))
        row.update(ALONG_M=nm, ALONG_N=nn, ALONG_K=nk, VISITS=nm * nn * nk, **refreshes(reuse, nm, nn, nk))
        return row

    def trace(self, reuse: str, rows: list[Mapping[str, int]]) -> dict[str, list[dict[str, int]]]:
        """Every command that a launch of these layers needs."""
        return trace(reuse, rows)

    def _case(
        self, name: str, settings: Settings, shapes: list[tuple[int, int, int]], rng: np.random.Generator
    ) -> TestCase:
        import numpy as np

        rows = [self.random_row(str(settings["reuse"]), *shape, rng) for shape in shapes]
        table = np.array([[row[field] for field in self.fields] for row in rows], dtype="<i4")
        wanted = self.trace(str(settings["reuse"]), list(rows))
        expected, counts = {}, {}
        arrays = number(settings, "arrays")
        for stream, struct in self.streams(settings):
            data, count = commands(struct, wanted[stream])
            names = [f"array[{i}]" for i in range(arrays)] if stream == "array" and arrays > 1 else [stream]
            expected.update(dict.fromkeys(names, data))
            counts.update(dict.fromkeys(names, count))
        # inter_a is the first that every visit commands; the line says what stands before it.
        ahead = tuple(
            Ahead(stream=f"{process}_{x}", of="inter_a", tokens=tuple(asked_for(str(settings["reuse"]), list(rows), x)))
            for x in "ab"
            for process in ("dma", "fill", "drain")
        )
        return TestCase(
            name=name,
            ahead=ahead,
            inputs={"layers": np.int32(len(rows)).tobytes()},
            counts=counts,
            expected=expected,
            memories={"table": table.tobytes()},
            expected_memories={"table": table.tobytes()},
        )

    def conformance(self, settings: Settings) -> Conformance:
        """The visit loop is not pipelined (see the instruction), so no rate is contracted."""
        loops: tuple[LoopRule, ...] = (
            LoopRule(label="layer", named=False),
            LoopRule(label="read", trip=len(self.fields), pipeline_ii=1, named=False),
            LoopRule(label="visit", pipeline_off=True),
        )
        if number(settings, "arrays") > 1:
            loops += (LoopRule(label="each_array", trip=number(settings, "arrays"), unroll=True, named=False),)
        lutram = PragmaRule(kind="BIND_STORAGE", options={"type": "ram_2p|ram_s2p", "impl": "lutram"})
        return Conformance(loops=loops, pragmas=(lutram,), arrays=(ArrayRule(extents=(len(self.fields),)),), ii=None)


def axis_words(axis: str, tiles: int, *, a: int = 0, b: int = 0, c: int = 0, bias: int = 0) -> dict[str, int]:
    """The group of words of one axis: tiles, and the words from one to the next in each memory."""
    words = (tiles, a, b, c, bias)
    return {f"ALONG_{axis}_{i}" if i else f"ALONG_{axis}": word for i, word in enumerate(words)}


def refreshes(reuse: str, nm: int, nn: int, nk: int) -> dict[str, int]:
    """Visits that a refresh of A and one of B serve under a reuse pattern."""
    visits = nm * nn * nk
    a = {"a": nm * nk, "b": visits if nm * nk > 1 else 1, "output": visits if nk > 1 else nm}[reuse]
    b = {"a": visits if nn * nk > 1 else 1, "b": nn * nk, "output": visits if nn * nk > 1 else 1}[reuse]
    return {"A_REPLAYS": visits // a, "B_REPLAYS": visits // b}


SPEC = Ctrl()
