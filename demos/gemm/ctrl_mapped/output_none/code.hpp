// [1] every array has a command stream of its own
constexpr int ARRAYS = 8;

// [7] an axis that starts again steps the one around it
void advance(tile& t, const int row[MAP_LAYER_WORDS]) {
#pragma HLS INLINE
    if (step(t.k, row, ALONG_K) && step(t.n, row, ALONG_N)) step(t.m, row, ALONG_M);
}

// [2] a command stream for each process, so that each runs at its own pace
void ctrl_mapped(
    const std::int32_t* table, int layers, hls::stream<load_cmd>& dma_a, hls::stream<load_cmd>& dma_b,
    hls::stream<fill_cmd>& fill_a, hls::stream<fill_cmd>& fill_b, hls::stream<drain_cmd>& drain_a,
    hls::stream<drain_cmd>& drain_b,
    // [3] no arbiter of A
    // [4] no arbiter of B
    // [2] commands of the interconnects
    hls::stream<share_cmd>& inter_a, hls::stream<share_cmd>& inter_b,
    // [1] commands of the arrays
    hls::stream<array_cmd> array[ARRAYS],
    // [2] commands of the processes behind the arrays
    hls::stream<collect_cmd>& collector, hls::stream<accum_cmd>& accumulate, hls::stream<flush_cmd>& flush,
    hls::stream<post_cmd>& post, hls::stream<store_cmd>& dma_c) {
    // [5] copied once: what visits look up needs no bus
layer:
    for (int l = 0; l < layers; ++l) {
        int row[MAP_LAYER_WORDS];
#pragma HLS BIND_STORAGE variable=row type=ram_2p impl=lutram
    read:
        for (int w = 0; w < MAP_LAYER_WORDS; ++w) {
#pragma HLS PIPELINE II=1
            row[w] = table[l * MAP_LAYER_WORDS + w];
        }
        // [6] the visit behind which every process ends, none but in the last layer
        const int end = l == layers - 1 ? row[VISITS] : 0;
        // [8] the tile that is visited
        tile t = {{row[ALONG_M]}, {row[ALONG_N]}, {row[ALONG_K]}};
        // [9] the next tile of A to load, and the visit that takes it
        tile a = t;
        int take_a = 0;
        // [10] the next tile of B to load, and the visit that takes it
        tile b = t;
        int take_b = 0;
        // [8] not pipelined: a full stream can hold back later commands only
    visit:
        for (int v = -1; v < row[VISITS]; ++v) {
#pragma HLS PIPELINE off
            // [9] loaded one refresh ahead, so that the transfer hides behind computation
            if (take_a < row[VISITS] && (v < 0 || v + row[A_REPLAYS] == take_a)) {
                if (row[A_REPLAYS] > 1) a.n.left = 1;
                take_a += row[A_REPLAYS];
                const int m = a.m.left == 1, n = a.n.left == 1, k = a.k.left == 1;
                dma_a.write(load_cmd{row[A_ADDR] + a.m.a + a.k.a, row[A_WORDS + 2 * m + k], take_a == end});
                fill_a.write(fill_cmd{row[A_ROWS + m], row[K_WORDS + k], row[A_DEPTH + k], take_a == end});
                drain_a.write(drain_cmd{row[MB + m], row[A_KB + k], row[A_REPLAYS], row[NB], row[NB + n],
                    row[A_DEPTH + k], take_a == end});
                advance(a, row);
            }
            // [10] loaded one refresh ahead, so that the transfer hides behind computation
            if (take_b < row[VISITS] && (v < 0 || v + row[B_REPLAYS] == take_b)) {
                if (row[B_REPLAYS] > 1) b.m.left = 1;
                take_b += row[B_REPLAYS];
                const int m = b.m.left == 1, n = b.n.left == 1, k = b.k.left == 1;
                dma_b.write(load_cmd{row[B_ADDR] + b.n.b + b.k.b, row[B_WORDS + 2 * n + k], take_b == end});
                fill_b.write(fill_cmd{row[B_ROWS + n], row[B_K_WORDS + k], row[B_DEPTH + k], take_b == end});
                drain_b.write(drain_cmd{row[NB + n], row[B_KB + k], row[B_REPLAYS], row[MB], row[MB + m],
                    row[B_DEPTH + k], take_b == end});
                advance(b, row);
            }
            // [8] the round in front only asks for tiles
            if (v < 0) continue;
            const int m = t.m.left == 1, n = t.n.left == 1, k = t.k.left == 1, mn = 2 * m + n;
            // [6] the last visit ends every process
            const bool last = v + 1 == end;
            // [3] no arbiter of A
            // [4] no arbiter of B
            // [11] tokens of the operand whose rows all arrays share serve several steps
            const int blocks = row[BLOCKS + mn], kb = row[KB + k], to_n = row[TO_N];
            inter_a.write(share_cmd{blocks, kb, to_n != 0, last});
            inter_b.write(share_cmd{blocks, kb, to_n == 0, last});
            // [1] the arrays compute the same visit on equal commands
        each_array:
            for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                array[g].write(array_cmd{blocks, kb, last});
            }
            // [11] the sums stay in their buffer while k runs
            collector.write(collect_cmd{row[SLICES + mn], last});
            accumulate.write(accum_cmd{row[MB + m], row[NB + n], row[C_DEPTH], t.k.left == row[ALONG_K], k, last});
            // [12] sums are complete; mapped to n, the arrays' rows of buffer C are parts of a row of the result
            if (k != 0) {
                flush.write(flush_cmd{row[A_ROWS + m], row[C_WORDS + n], row[C_DEPTH], last});
                post.write(post_cmd{row[POST_ROWS + m], row[POST_WORDS + n], row[BIAS_ADDR] + t.n.bias, row[MULTIPLIER],
                    row[SHIFT], row[RELU], last});
                dma_c.write(store_cmd{row[C_TOKENS + mn], row[C_STORES + mn], row[C_ADDR] + t.m.c + t.n.c, last});
            }
            // [8] on to the tile of the next visit
            advance(t, row);
        }
        // [5] end of the layer
    }
    // [2] the last layer is commanded
}
