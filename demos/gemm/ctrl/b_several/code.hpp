// [1] every array has a command stream of its own
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
    // [8] an axis that starts again steps the one around it
    if (step(t.m, row, ALONG_M) && step(t.k, row, ALONG_K)) step(t.n, row, ALONG_N);
    // [7] end of the step to the next tile
}

// [2] a command stream for each process, so that each runs at its own pace
void ctrl(
    const std::int32_t* table, int layers, hls::stream<load_cmd>& dma_a, hls::stream<load_cmd>& dma_b,
    hls::stream<fill_cmd>& fill_a, hls::stream<fill_cmd>& fill_b, hls::stream<drain_cmd>& drain_a,
    hls::stream<drain_cmd>& drain_b,
    // [3] commands of the arbiter behind drain_a
    hls::stream<arbiter_cmd>& arbiter_a,
    // [4] commands of the arbiter behind drain_b
    hls::stream<arbiter_cmd>& arbiter_b,
    // [2] commands of the interconnects
    hls::stream<inter_cmd>& inter_a, hls::stream<inter_cmd>& inter_b,
    // [1] commands of the arrays
    hls::stream<array_cmd> array[ARRAYS],
    // [2] commands of the processes behind the arrays
    hls::stream<collect_cmd>& collector, hls::stream<accum_cmd>& accumulate, hls::stream<flush_cmd>& flush,
    hls::stream<post_cmd>& post, hls::stream<store_cmd>& dma_c) {
    // [5] copied once: what visits look up needs no bus
layer:
    for (int l = 0; l < layers; ++l) {
        int row[LAYER_WORDS];
#pragma HLS BIND_STORAGE variable=row type=ram_2p impl=lutram
    read:
        for (int w = 0; w < LAYER_WORDS; ++w) {
#pragma HLS PIPELINE II=1
            row[w] = table[l * LAYER_WORDS + w];
        }
        // [6] processes end with the last layer, none earlier
        const bool last_layer = l == layers - 1;
        // [9] the tile that is visited
        tile t = {{row[ALONG_M]}, {row[ALONG_N]}, {row[ALONG_K]}};
        // [10] the next tile of A to load, and the visit that takes it
        tile a = t;
        int take_a = 0;
        // [11] the next tile of B to load, and the visit that takes it
        tile b = t;
        int take_b = 0;
        // [9] not pipelined: a full stream can hold back later commands only
    visit:
        for (int v = -1; v < row[VISITS]; ++v) {
#pragma HLS PIPELINE off
            // [10] loaded one refresh ahead, so that the transfer hides behind computation
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
            // [11] loaded one refresh ahead, so that the transfer hides behind computation
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
            // [9] the round in front only asks for tiles
            if (v < 0) continue;
            const int m = t.m.left == 1, n = t.n.left == 1, k = t.k.left == 1, mn = 2 * m + n;
            // [6] the last visit ends every process
            const bool last = last_layer && v + 1 == row[VISITS];
            // [12] tokens of the visit, as many of A as of B
            const int steps = row[STEPS + 2 * mn + k];
            // [3] the arbiter of A repacks the tokens of every visit
            arbiter_a.write(arbiter_cmd{steps, last});
            // [4] the arbiter of B repacks the tokens of every visit
            arbiter_b.write(arbiter_cmd{steps, last});
            // [12] both interconnects forward them
            inter_a.write(inter_cmd{steps, last});
            inter_b.write(inter_cmd{steps, last});
            // [1] the arrays compute the same visit on equal commands
        each_array:
            for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                array[g].write(array_cmd{row[BLOCKS + mn], row[KB + k], last});
            }
            // [12] the sums stay in their buffer while k runs
            collector.write(collect_cmd{row[SLICES + mn], last});
            accumulate.write(accum_cmd{row[MB + m], row[NB + n], row[C_DEPTH], t.k.left == row[ALONG_K], k, last});
            // [13] the last tile along k completes the sums
            if (k != 0) {
                flush.write(flush_cmd{row[A_ROWS + m], row[C_WORDS + n], row[C_DEPTH], last});
                post.write(post_cmd{row[A_ROWS + m], row[C_WORDS + n], row[BIAS_ADDR] + t.n.bias, row[MULTIPLIER],
                                    row[SHIFT], row[RELU], last});
                dma_c.write(store_cmd{row[C_TOKENS + mn], row[C_STORES + mn], row[C_ADDR] + t.m.c + t.n.c, last});
            }
            // [9] on to the tile of the next visit
            advance(t, row);
        }
        // [5] end of the layer
    }
    // [2] the last layer is commanded
}
