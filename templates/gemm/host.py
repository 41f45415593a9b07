"""The host driver in C++ for exported projects: packing, layer table, unpacking, and a self-checking test bench."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .driver import LayerTiles
from .host_words import FIXED, MAPPED, RAW, SCALED
from .shape import Shape

_HOST: Final = """\
// Host side of the accelerator: cuts layers into tiles, packs them into memory, writes the layer table.
//
// Every tile of A, B and C is contiguous, so that one refresh is one burst. Rows and columns that fill up the last
// tile are zero. Written by the template for this design; im2col is done before, by the caller.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "hls_vector.h"

#include "gemm_types.hpp"

namespace host {

@CONSTANTS@

typedef hls::vector<data_t, PORT> word_t;
typedef hls::vector<acc_t, C_WIDTH> bias_t;

// C[m][n] = @MEANING@ in tiles of tm x tn x tk.
struct layer {
    int m, n, k;
    int tm, tn, tk;
    std::int32_t multiplier, shift;
    bool relu;
@MAPPED
    bool to_n;  // arrays are mapped to n, else to m
@END
};

// What the accelerator reads and writes in a launch; a launch holds layers that do not read each other's results.
struct memories {
    std::vector<std::int32_t> table;
    std::vector<word_t> a, b, c;
    std::vector<bias_t> bias;
    int layers = 0;
};

inline int ceil_div(int value, int by) { return (value + by - 1) / by; }

// A figure of every tile but the last of an axis, and of the last one.
struct extent {
    int full, edge;
    int of(int index, int count) const { return index == count - 1 ? edge : full; }
    int pick(int at_edge) const { return at_edge ? edge : full; }
};

inline extent blocks(int size, int tile, int step) {
    const int count = ceil_div(size, tile);
    return {ceil_div(tile < size ? tile : size, step), ceil_div(size - (count - 1) * tile, step)};
}

// Where the tiles of one layer stand in memory.
class layout {
  public:
    explicit layout(const layer& of)
        : l(of),
          nm(ceil_div(of.m, of.tm)),
          nn(ceil_div(of.n, of.tn)),
          nk(ceil_div(of.k, of.tk)),
@MAPPED
          parts(of.to_n ? ARRAYS : 1),
          mb(blocks(of.m, of.tm, PM / parts)),
          nb(blocks(of.n, of.tn, PN * parts)),
          kb(blocks(of.k, of.tk, PK)),
          a_kb{ceil_div(kb.full, parts), ceil_div(kb.edge, parts)},
          b_kb{ceil_div(kb.full, ARRAYS / parts), ceil_div(kb.edge, ARRAYS / parts)},
          k_words{ceil_div(a_kb.full * PK, PORT), ceil_div(a_kb.edge * PK, PORT)},
          b_k_words{ceil_div(b_kb.full * PK, PORT), ceil_div(b_kb.edge * PK, PORT)},
@ELSE
          mb(blocks(of.m, of.tm, PM)),
          nb(blocks(of.n, of.tn, PN)),
          kb(blocks(of.k, of.tk, PK)),
          k_words{ceil_div(kb.full * PK, PORT), ceil_div(kb.edge * PK, PORT)},
@END
          c_words{ceil_div(nb.full * PN, C_WIDTH), ceil_div(nb.edge * PN, C_WIDTH)},
          a_tile(mb.full * PM * k_words.full),
          b_tile(nb.full * @WIDE_N@ * @B_K_WORDS@.full),
          c_tile(store_words(mb.full, c_words.full)) {
        const bool spilled = nk > 1 && ((REUSE == 'a' && nn > 1) || (REUSE == 'b' && nm > 1));
@SPILLS
        spill_tile = spilled ? sum_words(mb.full, nb.full) : 0;
@END
        const bool fits = ceil_div(mb.full * PM, A_HEIGHT) * ceil_div(k_words.full * PORT, A_WIDTH) <= A_DEPTH &&
                          @FITS_B@ <= B_DEPTH &&
                          ceil_div(mb.full * PM, C_HEIGHT) * c_words.full <= C_DEPTH && @BIAS_WORDS@ <= BIAS_WORDS;
@SPILLS
        if (!fits) {
            throw std::invalid_argument("a tile does not fit its buffer");
        }
@ELSE
        if (spilled || !fits) {
            throw std::invalid_argument(spilled ? "these tiles would spill sums" : "a tile does not fit its buffer");
        }
@END
    }

    // Appends a layer with its data: a is m x k, b is k x n, bias has n values.
    static layout append(const layer& l, const std::vector<data_t>& a, const std::vector<data_t>& b,
                         const std::vector<acc_t>& bias, memories& to) {
        layout at(l);
        at.a_addr = static_cast<int>(to.a.size());
        at.b_addr = static_cast<int>(to.b.size());
        at.c_addr = static_cast<int>(to.c.size());
        at.bias_addr = static_cast<int>(to.bias.size());
        to.a.resize(to.a.size() + at.nm * at.nk * at.a_tile, word_t(0));
        to.b.resize(to.b.size() + at.nn * at.nk * at.b_tile, word_t(0));
@SPILLS
        at.spill_addr = at.c_addr + at.nm * at.nn * at.c_tile;
        to.c.resize(at.spill_addr + (REUSE == 'a' ? at.nn : at.nm) * at.spill_tile, word_t(0));
@ELSE
        to.c.resize(to.c.size() + at.nm * at.nn * at.c_tile, word_t(0));
@END
        to.bias.resize(to.bias.size() + at.nn * at.c_words.full@AT_PARTS@, bias_t(0));
        for (int k = 0; k < l.k; ++k) {
@MAPPED
            // A token of the operand whose rows all arrays share serves a step for each array: their words lie in
            // successive rows.
            for (int m = 0; m < l.m; ++m) {
                at.put(to.a, at.a_addr + m / l.tm * at.nk * at.a_tile, at.a_tile, m % l.tm, k, at.parts, at.k_words,
                       a[m * l.k + k]);
            }
            // Mapped to n, each array has a part of the columns of a tile, and a token one column of each part.
            for (int n = 0; n < l.n; ++n) {
                const int part = at.nb.of(n / l.tn, at.nn) * PN;
                const int row = n % l.tn % part * at.parts + n % l.tn / part;
                at.put(to.b, at.b_addr + n / l.tn * at.nk * at.b_tile, at.b_tile, l.to_n ? row : n % l.tn, k,
                       ARRAYS / at.parts, at.b_k_words, b[k * l.n + n]);
            }
@ELSE
            for (int m = 0; m < l.m; ++m) {
                at.put(to.a, at.a_addr, at.a_tile, m, l.tm, k, a[m * l.k + k]);
            }
            for (int n = 0; n < l.n; ++n) {
                at.put(to.b, at.b_addr, at.b_tile, n, l.tn, k, b[k * l.n + n]);
            }
@END
        }
        for (int n = 0; n < l.n; ++n) {
            const int column = n % l.tn;
            to.bias[at.bias_addr + n / l.tn * at.c_words.full@AT_PARTS@ + column / C_WIDTH][column % C_WIDTH] = bias[n];
        }
        at.describe(to.table);
        ++to.layers;
        return at;
    }

@RESULT@
  private:
    int store_words(int mb_, int words) const { return ceil_div(mb_ * PM * words * C_WIDTH@SUM_ELEMENTS@, PORT); }

@SPILLS
    // Tokens and words of a tile of spilled sums, each as wide as the banks of C together.
    int sum_parts(int mb_, int nb_) const { return mb_ * PM * nb_ * PN / PART_SUMS; }
    int sum_words(int mb_, int nb_) const { return ceil_div(sum_parts(mb_, nb_) * PART_SUMS * SUM_ELEMENTS, PORT); }

@END
@MAPPED
    // `row` is that of a tile; a token holds the words of `share` steps along k, which lie in successive rows.
    void put(std::vector<word_t>& memory, int addr, int tile_words, int row, int k, int share, const extent& words,
             data_t value) {
        const int tile_k = k / l.tk, step = k % l.tk / PK, column = step / share * PK + k % l.tk % PK;
        const int word = tile_k * tile_words + (row * share + step % share) * words.of(tile_k, nk);
        memory[addr + word + column / PORT][column % PORT] = value;
    }
@ELSE
    void put(std::vector<word_t>& memory, int addr, int tile_words, int row, int tile_rows, int k, data_t value) {
        const int tile_k = k / l.tk, column = k % l.tk;
        const int word = (row / tile_rows * nk + tile_k) * tile_words + row % tile_rows * k_words.of(tile_k, nk);
        memory[addr + word + column / PORT][column % PORT] = value;
    }
@END

    // The words that ctrl reads, in the order of namespace field.
    void describe(std::vector<std::int32_t>& table) const {
        std::vector<std::int32_t> row(field::@ROW_WORDS@, 0);
@SPILLS
        row[field::@SPILL@SPILLS] = spill_tile > 0;
        row[field::@SPILL@SPILL_ADDR] = spill_addr;
        row[field::@SPILL@SPILL_TILE] = spill_tile;
@END
@MAPPED
        row[field::TO_N] = l.to_n;
@END
        const int visits = nm * nn * nk;
        const int all_a = REUSE == 'a' ? nm * nk : REUSE == 'b' ? (nm * nk > 1 ? visits : 1) : nk > 1 ? visits : nm;
        const int all_b = REUSE == 'b' ? nn * nk : nn * nk > 1 ? visits : 1;
        row[field::VISITS] = visits;
        row[field::A_REPLAYS] = visits / all_a;
        row[field::B_REPLAYS] = visits / all_b;
        for (int edge = 0; edge < 2; ++edge) {
            row[field::MB + edge] = mb.pick(edge);
            row[field::NB + edge] = nb.pick(edge);
            row[field::KB + edge] = kb.pick(edge);
            row[field::A_ROWS + edge] = mb.pick(edge) * PM;
            row[field::B_ROWS + edge] = nb.pick(edge) * @WIDE_N@;
            row[field::K_WORDS + edge] = k_words.pick(edge);
            row[field::A_DEPTH + edge] = ceil_div(k_words.pick(edge) * PORT, A_WIDTH);
            row[field::B_DEPTH + edge] = ceil_div(@B_K_WORDS@.pick(edge) * PORT, B_WIDTH);
@MAPPED
            row[field::A_KB + edge] = a_kb.pick(edge);
            row[field::B_KB + edge] = b_kb.pick(edge);
            row[field::B_K_WORDS + edge] = b_k_words.pick(edge);
            row[field::POST_ROWS + edge] = mb.pick(edge) * (PM / parts);
            row[field::POST_WORDS + edge] = c_words.pick(edge) * parts;
@END
            row[field::C_WORDS + edge] = c_words.pick(edge);
        }
        row[field::C_DEPTH] = c_words.full;
        row[field::A_ADDR] = a_addr;
        row[field::B_ADDR] = b_addr;
        row[field::C_ADDR] = c_addr;
        row[field::BIAS_ADDR] = bias_addr;
        // Along each axis: tiles, then the words from one to the next in A, B, C and bias.
        const int along_m[] = {nm, nk * a_tile, 0, nn * c_tile, 0};
        const int along_n[] = {nn, 0, nk * b_tile, c_tile, c_words.full@PARTS@};
        const int along_k[] = {nk, a_tile, b_tile, 0, 0};
        for (int i = 0; i < 5; ++i) {
            row[field::ALONG_M + i] = along_m[i];
            row[field::ALONG_N + i] = along_n[i];
            row[field::ALONG_K + i] = along_k[i];
        }
        row[field::MULTIPLIER] = l.multiplier;
        row[field::SHIFT] = l.shift;
        row[field::RELU] = l.relu;
        for (int high = 0; high < 2; ++high) {
            for (int low = 0; low < 2; ++low) {
                const int at = 2 * high + low;
                row[field::A_WORDS + at] = mb.pick(high) * PM * k_words.pick(low);
                row[field::B_WORDS + at] = nb.pick(high) * @WIDE_N@ * @B_K_WORDS@.pick(low);
                row[field::BLOCKS + at] = mb.pick(high) * nb.pick(low);
                row[field::SLICES + at] = mb.pick(high) * nb.pick(low) * SLICES;
                row[field::C_TOKENS + at] = mb.pick(high) * PM * c_words.pick(low);
                row[field::C_STORES + at] = store_words(mb.pick(high), c_words.pick(low));
@SPILLS
                row[field::@SPILL@SPILL_TOKENS + at] = sum_parts(mb.pick(high), nb.pick(low));
                row[field::@SPILL@SPILL_WORDS + at] = sum_words(mb.pick(high), nb.pick(low));
@END
                for (int k_edge = 0; k_edge < 2; ++k_edge) {
@MAPPED
                    row[field::STEPS + 2 * at + k_edge] = mb.pick(high) * nb.pick(low) * a_kb.pick(k_edge);
                    row[field::B_STEPS + 2 * at + k_edge] = mb.pick(high) * nb.pick(low) * b_kb.pick(k_edge);
@ELSE
                    row[field::STEPS + 2 * at + k_edge] = mb.pick(high) * nb.pick(low) * kb.pick(k_edge);
@END
                }
            }
        }
        table.insert(table.end(), row.begin(), row.end());
    }

    layer l;
@MAPPED
    int nm, nn, nk;
    int parts;  // of a row of C, one for each array that lies along n
    extent mb, nb, kb, a_kb, b_kb, k_words, b_k_words, c_words;
@ELSE
    int nm, nn, nk;
    extent mb, nb, kb, k_words, c_words;
@END
    int a_tile, b_tile, c_tile;
    int a_addr = 0, b_addr = 0, c_addr = 0, bias_addr = 0;
@SPILLS
    int spill_tile = 0, spill_addr = 0;  // words of the sums of a tile, first word of the region behind the result
@END
};

}  // namespace host
"""

_TEST: Final = """\
// Test bench: random layers through the accelerator, every result compared with a plain computation.
//
// Usage: gemm_test [seed [cosim]]. Ends with 0 only if every value agrees and at least one was compared.
// cosim: only launches whose memories co-simulation copies whole.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "gemm.hpp"
#include "gemm_host.hpp"

namespace {

struct data {
    std::vector<data_t> a, b;
    std::vector<acc_t> bias;
};

data random_data(const host::layer& l, std::mt19937& draw) {
    std::uniform_int_distribution<int> element(DATA_LOWEST, DATA_HIGHEST), start(-65536, 65535), corner(0, 9);
    data d{std::vector<data_t>(l.m * l.k), std::vector<data_t>(l.k * l.n), std::vector<acc_t>(l.n)};
    for (auto* matrix : {&d.a, &d.b}) {
        for (data_t& value : *matrix) {
            value = static_cast<data_t>(corner(draw) == 0 ? DATA_LOWEST : element(draw));
        }
    }
    for (acc_t& value : d.bias) {
        value = start(draw);
    }
    return d;
}

@GOLDEN_TYPE@ golden(const host::layer& l, const data& d, int m, int n) {
    std::int64_t sum = d.bias[n];
    for (int k = 0; k < l.k; ++k) {
        sum += static_cast<std::int64_t>(d.a[m * l.k + k]) * d.b[k * l.n + n];
    }
@GOLDEN@}

// Co-simulation copies as many words as its port's depth says, also where a launch needs fewer; false if it needs more.
template <typename Word>
bool lengthen(std::vector<Word>& memory, int depth) {
    const bool copied = memory.size() <= static_cast<std::size_t>(depth);
    if (copied) {
        memory.resize(depth, Word(0));
    }
    return copied;
}

bool lengthen(host::memories& m) {
    return lengthen(m.table, COSIM_WORDS_TABLE) && lengthen(m.a, COSIM_WORDS_A) && lengthen(m.b, COSIM_WORDS_B) &&
           lengthen(m.bias, COSIM_WORDS_BIAS) && lengthen(m.c, COSIM_WORDS_C);
}

// One launch, run twice on the same memories; returns the number of values that differ.
long check(const std::vector<host::layer>& layers, bool cosim, std::mt19937& draw, long& compared) {
    host::memories memory;
    std::vector<data> inputs;
    std::vector<host::layout> at;
    for (const host::layer& l : layers) {
        inputs.push_back(random_data(l, draw));
        at.push_back(host::layout::append(l, inputs.back().a, inputs.back().b, inputs.back().bias, memory));
    }
    if (!lengthen(memory) && cosim) {
        return 0;
    }
    long wrong = 0;
    for (int run = 0; run < 2; ++run) {
        for (host::word_t& word : memory.c) {
            word = host::word_t(static_cast<data_t>(draw()));
        }
        gemm(memory.table.data(), memory.layers, memory.a.data(), memory.b.data(), memory.bias.data(),
             memory.c.data());
        for (std::size_t i = 0; i < layers.size(); ++i) {
            for (int m = 0; m < layers[i].m; ++m) {
                for (int n = 0; n < layers[i].n; ++n) {
                    const @COMPARED@ got = at[i].result(memory, m, n), wanted = golden(layers[i], inputs[i], m, n);
                    ++compared;
                    if (got != wanted && wrong++ < 10) {
                        std::printf("layer %zu, run %d: C[%d][%d] is @FORMAT@, should be @FORMAT@\\n", i, run, m, n,
                                    got, wanted);
                    }
                }
            }
        }
    }
    return wrong;
}

}  // namespace

int main(int argc, char** argv) {
    const unsigned seed = argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 1;
    const bool cosim = argc > 2 && std::strcmp(argv[2], "cosim") == 0;
    std::mt19937 draw(seed);
    // m, n, k, tm, tn, tk, multiplier, shift, relu@TO_N@; one launch a row of layers
    const std::vector<std::vector<host::layer>> launches = {
@LAUNCHES@
    };
    long compared = 0, wrong = 0;
    for (const auto& layers : launches) {
        wrong += check(layers, cosim, draw, compared);
    }
    std::printf("%ld values compared, %ld differ (seed %u)\\n", compared, wrong, seed);
    return compared > 0 && wrong == 0 ? 0 : 1;
}
"""

def _filled(text: str, shape: Shape) -> str:
    row = f"{'MAP_' if shape.mapped else ''}{'SPILL_' if shape.spills else ''}LAYER_WORDS"
    places = {
        **(RAW if shape.raw else SCALED), **(MAPPED if shape.mapped else FIXED),
        "@ROW_WORDS@": row, "@SPILL@": "MAP_" if shape.mapped else "",
    }
    for place, words in places.items():
        text = text.replace(place, words)
    return text


def host_header(shape: Shape) -> str:
    """Text of gemm_host.hpp for a design."""
    figures: list[tuple[str, int, str]] = [
        ("PM", shape.pm, "rows of a block of sums"),
        ("PN", shape.pn, "columns of a block of sums"),
        ("PK", shape.pk, "elements along k that a step takes"),
        ("SLICES", shape.slices, "tokens of a block of sums"),
        ("PORT", shape.port, "elements of an AXI word"),
        ("A_HEIGHT", shape.a.height, "banks of buffer A along m"),
        ("A_WIDTH", shape.a.width, "elements of a bank word of A, along k"),
        ("A_DEPTH", shape.a.depth, "words of a bank"),
        ("B_HEIGHT", shape.b.height, "banks of buffer B along n"),
        ("B_WIDTH", shape.b.width, "elements of a bank word of B, along k"),
        ("B_DEPTH", shape.b.depth, "words of a bank"),
        ("C_HEIGHT", shape.c.height, "banks of buffer C along m"),
        ("C_WIDTH", shape.c.width, "elements of a bank word of C, along n; results in a token"),
        ("C_DEPTH", shape.c.depth, "words of a bank"),
        ("BIAS_WORDS", shape.bias_words, "words of bias that post holds"),
    ]
    if shape.mapped:
        figures.append(("ARRAYS", shape.mapped_arrays, "arrays, along m or along n"))
        figures.append(("WIDE_N", shape.wide_n, "columns of B in a token"))
    if shape.spills:
        rows, columns = shape.part
        figures.append(("PART_SUMS", rows * columns, "sums that the banks of C give in a cycle"))
    if shape.spills or shape.raw:
        figures.append(("SUM_ELEMENTS", shape.numbers.sum_parts, "elements that a raw sum takes in memory"))
    if shape.raw:
        figures.append(("ELEMENT_BITS", shape.numbers.data_bits, "bits of an element"))
    lines = [f"constexpr int {name} = {value};  // {meaning}" for name, value, meaning in figures]
    letter = shape.reuse[0]
    lines.append(f"constexpr char REUSE = '{letter}';  // operand that stays longest: a, b or o for the output")
    return _filled(_chosen(_HOST, shape), shape).replace("@CONSTANTS@", "\n".join(lines))


def _chosen(text: str, shape: Shape) -> str:
    """The text with what stands between @SPILLS or @MAPPED and @ELSE or @END where a design is so, and with
    what stands between @ELSE and @END where it is not.
    """
    said = {"@SPILLS": shape.spills, "@MAPPED": shape.mapped}
    kept, keep = [], True
    for line in text.splitlines(keepends=True):
        match line.strip():
            case "@ELSE":
                keep = not keep
            case "@END":
                keep = True
            case word if word in said:
                keep = said[word]
            case _ if keep:
                kept.append(line)
    return "".join(kept)


def host_test(launches: Sequence[Sequence[LayerTiles]], shape: Shape) -> str:
    """Text of gemm_test.cpp: the given launches with varied post settings."""
    posts = ((1, 0, "false"), (77, 12, "true"), (3, 7, "false"), (201, 16, "true"))
    rows, drawn = [], 0
    for layers in launches:
        cells = []
        for t in layers:
            multiplier, shift, relu = posts[drawn % len(posts)]
            drawn += 1
            to_n = f", {str(t.to_n).lower()}" if shape.mapped else ""
            cells.append(f"{{{t.m}, {t.n}, {t.k}, {t.tm}, {t.tn}, {t.tk}, {multiplier}, {shift}, {relu}{to_n}}}")
        rows.append(f"        {{{', '.join(cells)}}},")
    return _filled(_TEST, shape).replace("@LAUNCHES@", "\n".join(rows))
