// [1] one stream each
constexpr int ARRAYS = 8;

// [7] tiles left, and how far this one lies in each memory
struct axis {
    int left, a, b, c, bias;
};
struct tile {
    axis m, n, k;
};

bool step(axis& x, const int row[LAYER_WORDS], int along) {
#pragma HLS INLINE
    const bool edge = x.left == 1;
    x.left = edge ? row[along] : x.left - 1;
    x.a = edge ? 0 : x.a + row[along + 1];
    x.b = edge ? 0 : x.b + row[along + 2];
    x.c = edge ? 0 : x.c + row[along + 3];
    x.bias = edge ? 0 : x.bias + row[along + 4];
    return edge;
}

void advance(tile& t, const int row[LAYER_WORDS]) {
#pragma HLS INLINE
    // [8] innermost first
    if (step(t.n, row, ALONG_N) && step(t.k, row, ALONG_K)) step(t.m, row, ALONG_M);
    // [7] the next tile
}

// [2] one stream a process
void ctrl(
    const std::int32_t* table, int layers, hls::stream<load_cmd>& dma_a, hls::stream<load_cmd>& dma_b,
    hls::stream<fill_cmd>& fill_a, hls::stream<fill_cmd>& fill_b, hls::stream<drain_cmd>& drain_a,
    hls::stream<drain_cmd>& drain_b,
    // [3] none
    // [4] behind drain_b
    hls::stream<arbiter_cmd>& arbiter_b,
    // [2] operands
    hls::stream<inter_cmd>& inter_a, hls::stream<inter_cmd>& inter_b,
    // [1] one each
    hls::stream<array_cmd> array[ARRAYS],
    // [2] sums
    hls::stream<collect_cmd>& collector, hls::stream<accum_cmd>& accumulate, hls::stream<flush_cmd>& flush,
    hls::stream<post_cmd>& post, hls::stream<store_cmd>& dma_c) {
    // [5] read word by word
layer:
    for (int l = 0; l < layers; ++l) {
        int row[LAYER_WORDS];
#pragma HLS BIND_STORAGE variable=row type=ram_2p impl=lutram
    read:
        for (int w = 0; w < LAYER_WORDS; ++w) {
#pragma HLS PIPELINE II=1
            row[w] = table[l * LAYER_WORDS + w];
        }
        // [6] none ends earlier
        const bool last_layer = l == layers - 1;
        // [9] the visited tile
        tile t = {{row[ALONG_M]}, {row[ALONG_N]}, {row[ALONG_K]}};
        // [10] the tile to ask for, and the visit that takes it
        tile a = t;
        int take_a = 0;
        // [11] the same of B
        tile b = t;
        int take_b = 0;
        // [9] a full stream holds back later commands only
    visit:
        for (int v = -1; v < row[VISITS]; ++v) {
#pragma HLS PIPELINE off
            // [10] loads hide behind refreshes
            if (take_a < row[VISITS] && (v < 0 || v + row[A_REPLAYS] == take_a)) {
                if (row[A_REPLAYS] > 1) a.n.left = 1;
                take_a += row[A_REPLAYS];
                const bool last_a = last_layer && take_a == row[VISITS];
                const int m = a.m.left == 1, n = a.n.left == 1, k = a.k.left == 1;
                dma_a.write(load_cmd{row[A_ADDR] + a.m.a + a.k.a, row[A_WORDS + 2 * m + k], last_a});
                fill_a.write(fill_cmd{row[A_ROWS + m], row[K_WORDS + k], row[A_DEPTH + k], last_a});
                drain_a.write(drain_cmd{row[MB + m], row[KB + k], row[A_REPLAYS], row[NB], row[NB + n],
                                        row[A_DEPTH + k], last_a});
                advance(a, row);
            }
            // [11] loads hide behind refreshes
            if (take_b < row[VISITS] && (v < 0 || v + row[B_REPLAYS] == take_b)) {
                if (row[B_REPLAYS] > 1) b.m.left = 1;
                take_b += row[B_REPLAYS];
                const bool last_b = last_layer && take_b == row[VISITS];
                const int m = b.m.left == 1, n = b.n.left == 1, k = b.k.left == 1;
                dma_b.write(load_cmd{row[B_ADDR] + b.n.b + b.k.b, row[B_WORDS + 2 * n + k], last_b});
                fill_b.write(fill_cmd{row[B_ROWS + n], row[K_WORDS + k], row[B_DEPTH + k], last_b});
                drain_b.write(drain_cmd{row[NB + n], row[KB + k], row[B_REPLAYS], row[MB], row[MB + m],
                                        row[B_DEPTH + k], last_b});
                advance(b, row);
            }
            // [9] in front
            if (v < 0) continue;
            const int m = t.m.left == 1, n = t.n.left == 1, k = t.k.left == 1, mn = 2 * m + n;
            // [6] all end here
            const bool last = last_layer && v + 1 == row[VISITS];
            // [12] of A as of B
            const int steps = row[STEPS + 2 * mn + k];
            // [3] none
            // [4] every visit
            arbiter_b.write(arbiter_cmd{steps, last});
            // [12] both
            inter_a.write(inter_cmd{steps, last});
            inter_b.write(inter_cmd{steps, last});
            // [1] all alike
        each_array:
            for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                array[g].write(array_cmd{row[BLOCKS + mn], row[KB + k], last});
            }
            // [12] held while k runs
            collector.write(collect_cmd{row[SLICES + mn], last});
            accumulate.write(accum_cmd{row[MB + m], row[NB + n], row[C_DEPTH], t.k.left == row[ALONG_K], k, last});
            // [13] sums are complete
            if (k != 0) {
                flush.write(flush_cmd{row[A_ROWS + m], row[C_WORDS + n], row[C_DEPTH], last});
                post.write(post_cmd{row[A_ROWS + m], row[C_WORDS + n], row[BIAS_ADDR] + t.n.bias, row[MULTIPLIER],
                                    row[SHIFT], row[RELU], last});
                dma_c.write(store_cmd{row[C_TOKENS + mn], row[C_STORES + mn], row[C_ADDR] + t.m.c + t.n.c, last});
            }
            // [9] next visit
            advance(t, row);
        }
        // [5] next layer
    }
    // [2] all is commanded
}
