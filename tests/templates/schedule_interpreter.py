"""A slow, plain interpreter of the tile schedule: what crosses every data edge of a design, from its definition alone.

It knows splits, tiles, the order of visits, the mapping of a layer's arrays and the operands, and nothing of how the
template counts blocks, packs memory or writes commands. Tokens are bytes in the order in which an edge carries them.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from aigchip_tui.model.space import DesignPoint

SUM_BITS = 32


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


class Interpreter:
    """Tokens of an int8 design by edge (`tokens`), and words and commands that are counted only (`counts`).

    Edges are named as in the top; `wide_a`, `wide_b` are those in front of the interconnects, by whatever process.
    """

    def __init__(self, point: DesignPoint, axi_elements: int) -> None:
        self.point, self.axi = point, axi_elements
        self.tokens: dict[str, list[bytes]] = {}
        self.counts: dict[str, int] = {}

    def _put(self, edge: str, values: Any, kind: type = np.int8) -> None:
        self.tokens.setdefault(edge, []).append(np.ascontiguousarray(values, dtype=kind).tobytes())

    def _count(self, edge: str, number: int = 1) -> None:
        self.counts[edge] = self.counts.get(edge, 0) + number

    def layer(self, tiles: Any, a: Any, b: Any, bias: Any, post: Any) -> None:
        """One layer: `tiles` has m, n, k, tm, tn, tk and to_n, `post` multiplier, shift and relu."""
        p, t = self.point, tiles
        counts = {"m": _ceil(t.m, t.tm), "n": _ceil(t.n, t.tn), "k": _ceil(t.k, t.tk)}
        order = {"a": "mkn", "b": "nkm", "output": "mnk"}[p.stays]
        inner = {"a": "n", "b": "m"}.get(p.stays, "k")
        spills = p.spills and counts["k"] > 1 and counts[inner] > 1
        before: tuple[int, int, int] | None = None
        held: dict[tuple[int, int], list[Any]] = {}
        for at in itertools.product(*(range(counts[axis]) for axis in order)):
            m, n, k = (at[order.index(axis)] for axis in "mnk")
            rows, columns, along_k = min(t.tm, t.m - m * t.tm), min(t.tn, t.n - n * t.tn), min(t.tk, t.k - k * t.tk)
            of_a, of_b = a[m * t.tm :][:rows], b[:, n * t.tn :][:, :columns]
            tile = _Tile(p, t.to_n, of_a[:, k * t.tk :][:, :along_k], of_b[k * t.tk :][:along_k])
            if before is None or (before[0], before[2]) != (m, k):
                self._load("a", tile.a, tile.blocks_m * p.pm, tile.a_steps)
            if before is None or (before[1], before[2]) != (n, k):
                self._load("b", tile.b.T, tile.blocks_n * p.wide_n, tile.b_steps)
            before = m, n, k
            for process in ("inter_a", "inter_b", "collector", "accumulate"):
                self._count(f"ctrl_to_{process}")
            if spills and k > 0:
                self._parts("dma_c_to_accumulate", held[m, n])
            sums = self._visit(tile)
            held[m, n] = [x + y for x, y in zip(held[m, n], sums, strict=True)] if k > 0 else sums
            final = k == counts["k"] - 1
            if spills and not final:
                self._parts("flush_to_dma_c", held[m, n])
            if spills or final:
                self._count("ctrl_to_flush")
            if final:
                self._count("ctrl_to_post")
                whole = np.zeros((tile.a.shape[0], tile.b.shape[1]), dtype=np.int64)
                whole[:rows, :columns] = of_a.astype(np.int64) @ of_b
                self._put("flush_to_post", whole, np.int32)
                added = np.zeros(whole.shape[1], dtype=np.int64)
                added[:columns] = bias[n * t.tn :][:columns]
                result = (whole + added) * post.multiplier + ((1 << post.shift) >> 1)
                result >>= post.shift
                self._put("post_to_dma_c", np.clip(np.maximum(result, 0) if post.relu else result, -128, 127))

    def _load(self, operand: str, rows: Any, height: int, steps: int) -> None:
        """A refresh: its AXI words, `height` rows of `steps` tokens; their values too where rows lie as they are."""
        self._count(f"ctrl_to_dma_{operand}")
        words = _ceil(steps * self.point.pk, self.axi)
        if not self.point.mapped:
            self._put(f"dma_{operand}_to_fill_{operand}", _padded(rows, rows.shape[0], words * self.axi))
        self._count(f"dma_{operand}_to_fill_{operand}", height * words)

    def _visit(self, tile: _Tile) -> list[Any]:
        """The sums of each block of a tile along one tile of k."""
        p, g, found = self.point, self.point.arrays, []
        count = g.product
        for bm, bn in itertools.product(range(tile.blocks_m), range(tile.blocks_n)):
            for step in range(tile.steps if not p.mapped else 0):
                along_k = slice(step * p.pk, (step + 1) * p.pk)
                self._put("wide_a", tile.a[bm * p.pm :][: p.pm, along_k])
                self._put("wide_b", tile.b[along_k, bn * p.pn :][:, : p.pn].T)
            block = np.zeros((p.pm, p.pn), dtype=np.int64)
            for i, j, cut in itertools.product(range(g.m), range(g.n), range(g.k)):
                rows, columns = tile.rows_of(i, bm), tile.columns_of(i, j, bn)
                number = f"[{(i * g.n + j) * g.k + cut}]" if count > 1 else ""
                own = [np.arange(p.qk) + step * p.pk + cut * p.qk for step in range(tile.steps)]
                for words in own:
                    self._put(f"inter_a_to_array{number}", tile.a[rows][:, words])
                    self._put(f"inter_b_to_array{number}", tile.b[words][:, columns].T)
                every = np.concatenate(own)
                sums = tile.a[rows][:, every].astype(np.int64) @ tile.b[every][:, columns]
                self._put(f"array_to_collector{number}", sums, np.int32)
                block[i :: g.m, j :: g.n] += sums
            self._put("collector_to_accumulate", block, np.int32)
            found.append(block)
        return found

    def _parts(self, edge: str, blocks: list[Any]) -> None:
        """Spilled sums: block by block, in each the parts that the banks of C take in a cycle."""
        p = self.point
        rows, columns = min(p.part_c.h, p.pm // p.block_tokens(SUM_BITS)), p.part_c.w
        for block in blocks:
            cut = block.reshape(p.pm // rows, rows, p.pn // columns, columns).transpose(0, 2, 1, 3)
            self._put(edge, cut, np.int32)


class _Tile:
    """The operands of a visit, filled up with zeros to whole blocks and steps."""

    def __init__(self, point: DesignPoint, to_n: bool, a: Any, b: Any) -> None:
        self.point, self.to_n = point, to_n
        moved = point.arrays.m if point.mapped else 1
        self.pm, self.pn = (point.pm // moved, point.pn * moved) if to_n else (point.pm, point.pn)
        self.blocks_m, self.blocks_n = _ceil(a.shape[0], self.pm), _ceil(b.shape[1], self.pn)
        self.steps = _ceil(a.shape[1], point.pk)
        shared = _ceil(self.steps, moved)
        self.a_steps, self.b_steps = (shared, self.steps) if to_n else (self.steps, shared)
        self.a = _padded(a, self.blocks_m * self.pm, self.steps * point.pk)
        self.b = _padded(b, self.steps * point.pk, self.blocks_n * self.pn)

    def rows_of(self, i: int, block: int) -> Any:
        """Rows of A of the arrays at place i along m: dealt in turn, or all of them where these lie along n."""
        dealt, place = (1, 0) if self.to_n else (self.point.arrays.m, i)
        return np.arange(block * self.pm + place, (block + 1) * self.pm, dealt)

    def columns_of(self, i: int, j: int, block: int) -> Any:
        """Columns of B of the arrays at places i and j: of the i-th part of the tile where these lie along n."""
        part = i * self.blocks_n * self.point.pn if self.to_n else 0
        first = part + block * self.point.pn
        return np.arange(first + j, first + self.point.pn, self.point.arrays.n)


def _padded(values: Any, rows: int, columns: int) -> Any:
    return np.pad(values, ((0, rows - values.shape[0]), (0, columns - values.shape[1])))
