"""What the host driver says in other words where results are raw sums, and where layers map their arrays."""

from __future__ import annotations

from typing import Final

SCALED: Final = {
    "@MEANING@": "saturate(((A[m][k] * B[k][n] + bias[n]) * multiplier + rounding) >> shift)",
    "@RESULT@": """\
    // The result at row m and column n after the launch.
    data_t result(const memories& from, int m, int n) const {
        const int tile_m = m / l.tm, tile_n = n / l.tn;
        const int element = m % l.tm * c_words.of(tile_n, nn)@PARTS@ * C_WIDTH + n % l.tn;
        return from.c[c_addr + (tile_m * nn + tile_n) * c_tile + element / PORT][element % PORT];
    }
""",
    "@SUM_ELEMENTS@": "",
    "@GOLDEN_TYPE@": "data_t",
    "@GOLDEN@": """\
    sum = (sum * l.multiplier + (l.shift > 0 ? std::int64_t{1} << (l.shift - 1) : 0)) >> l.shift;
    sum = l.relu && sum < 0 ? 0 : sum;
    return static_cast<data_t>(sum > DATA_HIGHEST ? DATA_HIGHEST : sum < DATA_LOWEST ? DATA_LOWEST : sum);
""",
    "@COMPARED@": "int",
    "@FORMAT@": "%d",
}
"""What a design whose results are scaled to elements says."""

RAW: Final = {
    "@MEANING@": "A[m][k] * B[k][n] + bias[n], raw: multiplier, shift and relu are not heeded,",
    "@RESULT@": """\
    // The raw sum at row m and column n after the launch; memory holds it in elements, the lowest bits first.
    acc_t result(const memories& from, int m, int n) const {
        const int tile_m = m / l.tm, tile_n = n / l.tn;
        const int first = (m % l.tm * c_words.of(tile_n, nn)@PARTS@ * C_WIDTH + n % l.tn) * SUM_ELEMENTS;
        std::uint64_t bits = 0;
        for (int element = first + SUM_ELEMENTS - 1; element >= first; --element) {
            const data_t part = from.c[c_addr + (tile_m * nn + tile_n) * c_tile + element / PORT][element % PORT];
            bits = bits << ELEMENT_BITS | (static_cast<std::uint64_t>(part) & ((1u << ELEMENT_BITS) - 1));
        }
        return static_cast<acc_t>(static_cast<std::int64_t>(bits));
    }
""",
    "@SUM_ELEMENTS@": " * SUM_ELEMENTS",
    "@GOLDEN_TYPE@": "std::int64_t",
    "@GOLDEN@": "    return sum;\n",
    "@COMPARED@": "long long",
    "@FORMAT@": "%lld",
}
"""What a design says whose results are raw sums."""


FIXED: Final = {
    "@FITS_B@": "ceil_div(nb.full * PN, B_HEIGHT) * ceil_div(k_words.full * PORT, B_WIDTH)",
    "@BIAS_WORDS@": "c_words.full", "@WIDE_N@": "PN", "@B_K_WORDS@": "k_words", "@PARTS@": "", "@AT_PARTS@": "",
    "@TO_N@": "",
}
"""What a design says whose arrays lie along the axes of their split."""

MAPPED: Final = {
    "@FITS_B@": "ceil_div(nb.full * WIDE_N, B_HEIGHT) * ceil_div(b_k_words.full * PORT, B_WIDTH)",
    "@BIAS_WORDS@": "c_words.full * parts",
    "@WIDE_N@": "WIDE_N", "@B_K_WORDS@": "b_k_words", "@PARTS@": " * parts", "@AT_PARTS@": " * at.parts",
    "@TO_N@": ", to_n",
}
"""What a design says each of whose layers maps the arrays to m or to n."""
