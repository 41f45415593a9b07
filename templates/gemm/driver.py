"""The host driver in numpy: how a layer becomes a row of the table, and matrices become tiles in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aigchip_tui.model.errors import AigchipError

from .common import ceil_div
from .ctrl import axis_words, refreshes
from .ctrl_spill import spills
from .numbers import INT8, Numbers
from .parts import spill_words
from .post import golden
from .post_raw import raw_parts
from .shape import Shape
from .types import LAYER_FIELDS, MAP_FIELDS, MAP_SPILL_FIELDS, SPILL_FIELDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .common import Elements

    Sums = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PostSettings:
    """y = saturate(((sum + bias) * multiplier + rounding) >> shift), negative values to zero when `relu`."""

    multiplier: int = 1
    shift: int = 0
    relu: bool = False


@dataclass(frozen=True, kw_only=True)
class LayerTiles:
    """C[m, n] = A[m, k] * B[k, n] cut into tiles of at most tm x tn x tk.

    `to_n`: the layer maps the arrays to n, by a design whose layers choose (`Shape.mapped`).
    """

    m: int
    n: int
    k: int
    tm: int
    tn: int
    tk: int
    to_n: bool = False

    @property
    def counts(self) -> tuple[int, int, int]:
        """Tiles along m, n and k."""
        return ceil_div(self.m, self.tm), ceil_div(self.n, self.tn), ceil_div(self.k, self.tk)


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Rows or columns that the tiles of one axis hold: of every tile but the last, and of the last one."""

    full: int
    edge: int

    def of(self, index: int, count: int) -> int:
        """The figure of tile `index` of `count`."""
        return self.edge if index == count - 1 else self.full

    def up(self, by: int) -> Extent:
        """What holds both figures if it holds `by`, as many as are needed."""
        return Extent(full=ceil_div(self.full, by), edge=ceil_div(self.edge, by))

    def times(self, by: int) -> Extent:
        """Both figures multiplied."""
        return Extent(full=self.full * by, edge=self.edge * by)


def _extent(size: int, tile: int, step: int) -> Extent:
    count = ceil_div(size, tile)
    return Extent(full=ceil_div(min(tile, size), step), edge=ceil_div(size - (count - 1) * tile, step))


def layer_fields(shape: Shape) -> tuple[str, ...]:
    """Names of the words of a layer's row in order."""
    if shape.mapped:
        return (*LAYER_FIELDS, *MAP_FIELDS, *(MAP_SPILL_FIELDS if shape.spills else ()))
    return (*LAYER_FIELDS, *SPILL_FIELDS) if shape.spills else LAYER_FIELDS


class LayerLayout:
    """Block counts, words and addresses of one layer's tiles: what the table says and how memory is laid out.

    Where arrays are mapped in each layer, one operand is narrow: its rows are fewer than a token has, and a token holds
    the words of as many steps along k as arrays are mapped (`shares`). So buffers hold blocks of as many rows, longer
    or shorter ones, whatever the mapping is. Buffer C holds as many rows too, those of the arrays in turn; mapped to n,
    they are the parts of one row of C, and leave as such.

    Raises AigchipError if a tile does not fit its buffer, or sums would have to be spilled by a design that cannot.
    """

    def __init__(self, shape: Shape, tiles: LayerTiles) -> None:
        self.shape, self.tiles = shape, tiles
        self.nm, self.nn, self.nk = tiles.counts
        if tiles.to_n and not shape.mapped:
            raise AigchipError("The arrays of this design are not mapped to n: their split is fixed.")
        share = shape.mapped_arrays
        self.shares = (share, 1) if tiles.to_n else (1, share)
        self.parts_of_row = share if tiles.to_n else 1
        self.rows, self.columns = shape.pm // self.parts_of_row, shape.pn * self.parts_of_row
        self.mb = _extent(tiles.m, tiles.tm, self.rows)
        self.nb = _extent(tiles.n, tiles.tn, self.columns)
        self.kb = _extent(tiles.k, tiles.tk, shape.pk)
        self.a_kb, self.b_kb = (self.kb.up(share) for share in self.shares)
        self.k_words, self.b_k_words = (kb.times(shape.pk).up(shape.port) for kb in (self.a_kb, self.b_kb))
        self.c_words = self.nb.times(shape.pn).up(shape.c.width)
        self.row_words = self.c_words.times(self.parts_of_row)
        self.a_tile = self.mb.full * shape.pm * self.k_words.full
        self.b_tile = self.nb.full * shape.wide_n * self.b_k_words.full
        self.c_tile = self.store_words(self.mb.full, self.c_words.full)
        self.spilled = spills(shape.reuse, self.nm, self.nn, self.nk)
        self.spill_tile = self.sum_words(self.mb.full, self.nb.full) if self.spilled else 0
        self._check()

    def _check(self) -> None:
        shape, t = self.shape, self.tiles
        if self.spilled and not shape.spills:
            raise AigchipError(
                f"Reuse {shape.reuse} with {self.nm} x {self.nn} x {self.nk} tiles spills sums, and this design has "
                f"nothing that brings them back.", hint=f"Take reuse {shape.reuse}_spill."
            )
        row_a = ceil_div(self.k_words.full * shape.port, shape.a.width)
        row_b = ceil_div(self.b_k_words.full * shape.port, shape.b.width)
        needs = (
            ("A", ceil_div(self.mb.full * shape.pm, shape.a.height) * row_a, shape.a.depth),
            ("B", ceil_div(self.nb.full * shape.wide_n, shape.b.height) * row_b, shape.b.depth),
            ("C", ceil_div(self.mb.full * shape.pm, shape.c.height) * self.c_words.full, shape.c.depth),
            ("bias", self.row_words.full, shape.bias_words),
        )
        for name, need, depth in needs:
            if need > depth:
                raise AigchipError(
                    f"A tile of {t.tm} x {t.tn} x {t.tk} needs {need} addresses in a bank of {name}, there are {depth}."
                )

    def parts(self, mb: int, nb: int) -> int:
        """Tokens of spilled sums of a tile."""
        rows, columns = self.shape.part
        return mb * self.shape.pm * nb * self.shape.pn // (rows * columns)

    def sum_words(self, mb: int, nb: int) -> int:
        """AXI words of a tile of spilled sums."""
        rows, columns = self.shape.part
        return spill_words(self.parts(mb, nb), rows * columns, self.shape.port)

    @property
    def spill_words(self) -> int:
        """AXI words of the layer's region of spilled sums: the tiles of C that wait at the same time."""
        return (self.nn if self.shape.reuse == "a" else self.nm) * self.spill_tile

    def store_words(self, mb: int, c_words: int) -> int:
        """AXI words of a tile of C."""
        elements = mb * self.shape.pm * c_words * self.shape.c.width * self.shape.result_elements
        return ceil_div(elements, self.shape.port)

    @property
    def words(self) -> tuple[int, int, int, int]:
        """Words that the layer takes in A, B, bias and C."""
        return (
            self.nm * self.nk * self.a_tile,
            self.nn * self.nk * self.b_tile,
            self.nn * self.row_words.full,
            self.nm * self.nn * self.c_tile,
        )

    def row(self, *, a: int, b: int, bias: int, c: int, post: PostSettings, spill: int = 0) -> dict[str, int]:
        """The layer's words of the table by name; `a`, `b`, `bias`, `c` are its first words in the memories, `spill`
        that of its spilled sums in the memory of C.
        """
        s, nm, nn, nk = self.shape, self.nm, self.nn, self.nk
        row = {
            **axis_words("M", nm, a=nk * self.a_tile, c=nn * self.c_tile),
            **axis_words("N", nn, b=nk * self.b_tile, c=self.c_tile, bias=self.row_words.full),
            **axis_words("K", nk, a=self.a_tile, b=self.b_tile),
            "VISITS": nm * nn * nk, **refreshes(s.reuse, nm, nn, nk),
            "A_ADDR": a, "B_ADDR": b, "C_ADDR": c, "BIAS_ADDR": bias,
            "MULTIPLIER": post.multiplier, "SHIFT": post.shift, "RELU": int(post.relu),
            "C_DEPTH": self.c_words.full,
            **self._groups(),
        }  # fmt: skip
        if s.spills:
            row |= self._spill_words(spill)
        if s.mapped:
            row |= self._map_words()
        if set(row) != set(self.fields):
            raise AssertionError(set(row) ^ set(self.fields))
        return row

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the words of the layer's row in order."""
        return layer_fields(self.shape)

    def _spill_words(self, addr: int) -> dict[str, int]:
        words = {"SPILLS": int(self.spilled), "SPILL_ADDR": addr, "SPILL_TILE": self.spill_tile}
        for index in range(4):
            mb, nb = (getattr(extent, ("full", "edge")[end]) for extent, end in (
                (self.mb, index // 2), (self.nb, index % 2),
            ))
            number = f"_{index}" if index else ""
            words[f"SPILL_TOKENS{number}"], words[f"SPILL_WORDS{number}"] = self.parts(mb, nb), self.sum_words(mb, nb)
        return {f"MAP_{name}": word for name, word in words.items()} if self.shape.mapped else words

    def _map_words(self) -> dict[str, int]:
        words = {"TO_N": int(self.tiles.to_n)}
        axes = {
            "A_KB": self.a_kb, "B_KB": self.b_kb, "B_K_WORDS": self.b_k_words,
            "POST_ROWS": self.mb.times(self.rows), "POST_WORDS": self.row_words,
        }
        for name, extent in axes.items():
            words |= {name: extent.full, f"{name}_1": extent.edge}
        for index in range(8):
            name = f"B_STEPS_{index}" if index else "B_STEPS"
            words[name] = self._steps(index, self.b_kb)
        return words

    def _steps(self, index: int, kb: Extent) -> int:
        """Tokens of a visit of `kb` along k; `index` is + 4 at the edge of m, + 2 of n, + 1 of k."""
        ends = ("full", "edge")
        edges = ((self.mb, 2), (self.nb, 1), (kb, 0))
        mb, nb, along_k = (getattr(extent, ends[index >> place & 1]) for extent, place in edges)
        return int(mb * nb * along_k)

    def _groups(self) -> dict[str, int]:
        s, groups = self.shape, {}

        def put(name: str, index: int, value: int) -> None:
            groups[name if index == 0 else f"{name}_{index}"] = value

        ends = ("full", "edge")
        for index, end in enumerate(ends):
            mb, nb, kb, k_words, b_k_words, c_words = (
                getattr(extent, end)
                for extent in (self.mb, self.nb, self.kb, self.k_words, self.b_k_words, self.c_words)
            )
            put("MB", index, mb)
            put("NB", index, nb)
            put("KB", index, kb)
            put("A_ROWS", index, mb * s.pm)
            put("B_ROWS", index, nb * s.wide_n)
            put("K_WORDS", index, k_words)
            put("A_DEPTH", index, ceil_div(k_words * s.port, s.a.width))
            put("B_DEPTH", index, ceil_div(b_k_words * s.port, s.b.width))
            put("C_WORDS", index, c_words)
        for index in range(4):
            high, low = ends[index // 2], ends[index % 2]
            mb, nb = getattr(self.mb, high), getattr(self.nb, low)
            put("A_WORDS", index, mb * s.pm * getattr(self.k_words, low))
            put("B_WORDS", index, getattr(self.nb, high) * s.wide_n * getattr(self.b_k_words, low))
            put("BLOCKS", index, mb * nb)
            put("SLICES", index, mb * nb * s.slices)
            put("C_TOKENS", index, mb * s.pm * getattr(self.c_words, low))
            put("C_STORES", index, self.store_words(mb, getattr(self.c_words, low)))
        for index in range(8):
            put("STEPS", index, self._steps(index, self.a_kb))
        return groups

    # Memory images. Every tile begins at a multiple of the largest tile's size.

    def pack_a(self, a: Elements) -> Elements:
        """The tiles of A (m x k) in the order (m, k) as a flat image; padding inside tiles is zero."""
        return self._pack(a, self.tiles.tm, self.mb, self.rows, self.a_tile, self.shares[0])

    def pack_b(self, b: Elements) -> Elements:
        """The tiles of B (k x n), transposed, in the order (n, k) as a flat image.

        Where arrays are mapped to n, a tile has a part of its columns for each array, and a token one of each part.
        """
        return self._pack(b.T, self.tiles.tn, self.nb, self.columns, self.b_tile, self.shares[1], self.parts_of_row)

    def _pack(
        self, rows: Elements, tile: int, blocks: Extent, step: int, words: int, share: int, parts: int = 1
    ) -> Elements:
        import numpy as np

        port, tk, pk = self.shape.port, self.tiles.tk, self.shape.pk
        count, kb = ceil_div(rows.shape[0], tile), self.kb.up(share)
        image = np.zeros((count * self.nk, words * port), dtype=rows.dtype)
        for i in range(count):
            for k in range(self.nk):
                part = rows[i * tile : (i + 1) * tile, k * tk : (k + 1) * tk]
                height, tokens = blocks.of(i, count), kb.of(k, self.nk)
                whole = np.zeros((height * step, tokens * share * pk), dtype=rows.dtype)
                whole[: part.shape[0], : part.shape[1]] = part
                dealt = whole.reshape(parts, height * step // parts, -1).transpose(1, 0, 2)
                # Successive steps along k in successive rows, as many as a token serves.
                held = dealt.reshape(-1, tokens, share, pk).transpose(0, 2, 1, 3).reshape(-1, tokens * pk)
                padded = np.zeros((held.shape[0], ceil_div(held.shape[1], port) * port), dtype=rows.dtype)
                padded[:, : held.shape[1]] = held
                image[i * self.nk + k, : padded.size] = padded.ravel()
        return image.ravel()

    def pack_bias(self, bias: Elements) -> Elements:
        """The bias of every tile along n, each padded with zeros to whole words."""
        import numpy as np

        image = np.zeros((self.nn, self.row_words.full * self.shape.c.width), dtype=bias.dtype)
        for n in range(self.nn):
            part = bias[n * self.tiles.tn : (n + 1) * self.tiles.tn]
            image[n, : part.size] = part
        return image.ravel()

    def pack_c(self, tiles: dict[tuple[int, int], Elements], before: Elements) -> Elements:
        """The image of C after the tiles (rows x elements, padded) were stored over `before`."""
        image = before.copy().reshape(self.nm * self.nn, -1)
        for (m, n), tile in tiles.items():
            size = self.store_words(self.mb.of(m, self.nm), self.c_words.of(n, self.nn)) * self.shape.port
            image[m * self.nn + n, :size] = 0
            image[m * self.nn + n, : tile.size] = tile.ravel()
        return image.ravel()

    def unpack_c(self, image: Elements) -> Elements:
        """C (m x n) out of its image."""
        import numpy as np

        s, t, tiles = self.shape, self.tiles, image.reshape(self.nm * self.nn, -1)
        result = s.numbers.sums if s.raw else image.dtype
        c = np.zeros((t.m, t.n), dtype=result)
        for m in range(self.nm):
            for n in range(self.nn):
                rows = self.mb.of(m, self.nm) * self.rows
                width = self.row_words.of(n, self.nn) * s.c.width
                tile = tiles[m * self.nn + n, : rows * width * s.result_elements].view(result).reshape(rows, width)
                target = c[m * t.tm : (m + 1) * t.tm, n * t.tn : (n + 1) * t.tn]
                target[:] = tile[: target.shape[0], : target.shape[1]]
        return c


def golden_post(sums: Sums, bias: Sums, post: PostSettings, numbers: Numbers = INT8) -> Elements:
    """Results of sums (rows x columns) and a bias for each column."""
    return golden(sums, bias, multiplier=post.multiplier, shift=post.shift, relu=post.relu, numbers=numbers)


def golden_tiles(
    layout: LayerLayout, a: Elements, b: Elements, bias: Elements, post: PostSettings
) -> dict[tuple[int, int], Elements]:
    """Every tile of C as it is stored, its padding included, which holds what the bias alone gives."""
    import numpy as np

    t, s = layout.tiles, layout.shape
    sums = a.astype(np.int64) @ b.astype(np.int64)
    biases = layout.pack_bias(bias).reshape(layout.nn, -1)
    found = {}
    for m in range(layout.nm):
        for n in range(layout.nn):
            rows = layout.mb.of(m, layout.nm) * layout.rows
            width = layout.row_words.of(n, layout.nn) * s.c.width
            tile = np.zeros((rows, width), dtype=np.int64)
            part = sums[m * t.tm : (m + 1) * t.tm, n * t.tn : (n + 1) * t.tn]
            tile[: part.shape[0], : part.shape[1]] = part
            bias_of = biases[n, :width].astype(np.int64)
            found[m, n] = raw_parts(tile + bias_of, s.numbers) if s.raw else golden_post(tile, bias_of, post, s.numbers)
    return found


def golden_spills(layout: LayerLayout, a: Elements, b: Elements, before: Elements) -> Elements:
    """The image of the region of spilled sums after the launch: what each tile of C was before its last tile of k.

    `before` is the region as it was; every sum takes SUM_ELEMENTS elements of memory, its lowest bits first.
    """
    import numpy as np

    s, t = layout.shape, layout.tiles
    image = before.copy().reshape(-1, layout.spill_tile * s.port)
    whole = (layout.nk - 1) * t.tk
    sums = a[:, :whole].astype(np.int64) @ b[:whole].astype(np.int64)
    rows, columns = s.part
    for m in range(layout.nm):
        for n in range(layout.nn):
            mb, nb = layout.mb.of(m, layout.nm), layout.nb.of(n, layout.nn)
            tile = np.zeros((mb * s.pm, nb * s.pn), dtype=s.numbers.sums)
            part = sums[m * t.tm : (m + 1) * t.tm, n * t.tn : (n + 1) * t.tn]
            # Mapped to n, the parts of a row of C lie in successive rows of the buffer.
            of_rows = tile.reshape(mb * layout.rows, -1)
            of_rows[: part.shape[0], : part.shape[1]] = part
            cut = tile.reshape(mb, s.pm // rows, rows, nb, s.pn // columns, columns).transpose(0, 3, 1, 4, 2, 5)
            words = np.ascontiguousarray(cut).reshape(-1).view(s.numbers.data)
            place = n if s.reuse == "a" else m
            image[place, : layout.sum_words(mb, nb) * s.port] = 0
            image[place, : words.size] = words
    return image.ravel()


def table_words(rows: list[dict[str, int]]) -> Any:
    """The table as int32 (layers x words)."""
    import numpy as np

    names = [*LAYER_FIELDS, *(name for name in (*SPILL_FIELDS, *MAP_FIELDS, *MAP_SPILL_FIELDS) if name in rows[0])]
    return np.array([[row[name] for name in names] for row in rows], dtype="<i4")
