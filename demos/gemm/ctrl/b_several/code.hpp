// [1] one command stream per array
constexpr int ARRAYS = 8;

// [2] one stream of commands per process, so that none waits for another's command
void ctrl(const std::int32_t* table, int layers,
          hls::stream<load_cmd>& dma_a, hls::stream<load_cmd>& dma_b,
          hls::stream<fill_cmd>& fill_a, hls::stream<fill_cmd>& fill_b,
          hls::stream<drain_cmd>& drain_a, hls::stream<drain_cmd>& drain_b,
          // [3] gathers tokens of A from narrow banks
          hls::stream<arbiter_cmd>& arbiter_a,
          // [4] gathers tokens of B from narrow banks
          hls::stream<arbiter_cmd>& arbiter_b,
          // [2] both operands on their way to the arrays
          hls::stream<inter_cmd>& inter_a, hls::stream<inter_cmd>& inter_b,
          // [1] one stream for each
          hls::stream<array_cmd> array[ARRAYS],
          // [2] sums on their way to memory
          hls::stream<collect_cmd>& collector, hls::stream<accum_cmd>& accumulate,
          hls::stream<flush_cmd>& flush, hls::stream<post_cmd>& post, hls::stream<store_cmd>& dma_c) {
    // [5] a layer's words in registers: every visit picks several at once
layer:
    for (int l = 0; l < layers; ++l) {
        std::int32_t row[field::LAYER_WORDS];
#pragma HLS ARRAY_PARTITION variable=row complete dim=1
    read:
        for (int w = 0; w < field::LAYER_WORDS; ++w) {
#pragma HLS PIPELINE II=1
            row[w] = table[l * field::LAYER_WORDS + w];
        }
        // [6] processes end with the last layer, not before
        const bool last_layer = l == layers - 1;
        // [7] the tile that is visited
        int m = 0;
        int n = 0;
        int k = 0;
        // [9] the tile of A that is asked for next; visits that the present one still serves
        int a_m = 0;
        int a_k = 0;
        int a_asked = 0;
        int a_left = 0;
        // [10] where the next tile of A and the first one of its k stand
        std::int32_t a_addr = row[field::A_ADDR];
        std::int32_t a_start = row[field::A_ADDR];
        // [11] the same for B
        int b_n = 0;
        int b_k = 0;
        int b_asked = 0;
        int b_left = 0;
        // [12] where the next tile of B stands
        std::int32_t b_addr = row[field::B_ADDR];
        // [17] where the tile of C, the first one of its n and their bias stand
        std::int32_t c_addr = row[field::C_ADDR];
        std::int32_t c_start = row[field::C_ADDR];
        std::int32_t bias_addr = row[field::BIAS_ADDR];
        // [8] visits do not overlap: a full stream must not hold back an earlier command
    visit:
        for (int step = 0; step <= row[field::VISITS]; ++step) {
#pragma HLS PIPELINE off
            // [9] one refresh ahead, so that a load hides behind a whole refresh
            if (a_left == 0 && a_asked < row[field::A_LOADS]) {
                const bool a_m_edge = a_m == row[field::NM] - 1;
                const bool a_k_edge = a_k == row[field::NK] - 1;
                ++a_asked;
                const bool a_last = last_layer && a_asked == row[field::A_LOADS];
                dma_a.write(load_cmd{a_addr, row[field::A_WORDS + 2 * a_m_edge + a_k_edge], a_last});
                fill_a.write(fill_cmd{a_m_edge ? row[field::A_ROWS_EDGE] : row[field::A_ROWS_FULL],
                                      a_k_edge ? row[field::K_WORDS_EDGE] : row[field::K_WORDS_FULL],
                                      a_k_edge ? row[field::A_DEPTH_EDGE] : row[field::A_DEPTH_FULL], a_last});
                // [10] down all m of one k, then the next k, then from the start
                ++a_m;
                a_addr += row[field::A_BAND];
                if (a_m_edge) {
                    a_m = 0;
                    ++a_k;
                    a_start += row[field::A_TILE];
                    if (a_k_edge) {
                        a_k = 0;
                        a_start = row[field::A_ADDR];
                    }
                    a_addr = a_start;
                }
            // [9] asked
            }
            // [11] B is asked for like A
            if (b_left == 0 && b_asked < row[field::B_LOADS]) {
                const bool b_n_edge = b_n == row[field::NN] - 1;
                const bool b_k_edge = b_k == row[field::NK] - 1;
                ++b_asked;
                const bool b_last = last_layer && b_asked == row[field::B_LOADS];
                dma_b.write(load_cmd{b_addr, row[field::B_WORDS + 2 * b_n_edge + b_k_edge], b_last});
                fill_b.write(fill_cmd{b_n_edge ? row[field::B_ROWS_EDGE] : row[field::B_ROWS_FULL],
                                      b_k_edge ? row[field::K_WORDS_EDGE] : row[field::K_WORDS_FULL],
                                      b_k_edge ? row[field::B_DEPTH_EDGE] : row[field::B_DEPTH_FULL], b_last});
                // [12] tiles of B lie in the order in which they are visited
                b_addr += row[field::B_TILE];
                ++b_k;
                if (b_k_edge) {
                    b_k = 0;
                    ++b_n;
                }
            // [11] asked
            }
            // [8] the step in front of the first visit has asked, no more
            if (step == 0) {
                continue;
            }
            // [7] what the visited tile touches
            const bool m_edge = m == row[field::NM] - 1;
            const bool n_edge = n == row[field::NN] - 1;
            const bool k_edge = k == row[field::NK] - 1;
            const std::int32_t mb = m_edge ? row[field::MB_EDGE] : row[field::MB_FULL];
            const std::int32_t nb = n_edge ? row[field::NB_EDGE] : row[field::NB_FULL];
            const std::int32_t kb = k_edge ? row[field::KB_EDGE] : row[field::KB_FULL];
            // [6] every process ends with this visit at the latest
            const bool last = last_layer && step == row[field::VISITS];
            // [13] a tile of A replayed along n ends at the edge of n
            if (a_left == 0) {
                a_left = row[field::A_REPLAYS];
                drain_a.write(drain_cmd{mb, kb, a_left, row[field::NB_FULL], a_left > 1 ? row[field::NB_EDGE] : nb,
                                        k_edge ? row[field::A_DEPTH_EDGE] : row[field::A_DEPTH_FULL],
                                        last_layer && step + a_left > row[field::VISITS]});
            }
            --a_left;
            // [14] a tile of B replayed along m ends at the edge of m
            if (b_left == 0) {
                b_left = row[field::B_REPLAYS];
                drain_b.write(drain_cmd{nb, kb, b_left, row[field::MB_FULL], b_left > 1 ? row[field::MB_EDGE] : mb,
                                        k_edge ? row[field::B_DEPTH_EDGE] : row[field::B_DEPTH_FULL],
                                        last_layer && step + b_left > row[field::VISITS]});
            }
            --b_left;
            // [15] as many tokens of A as of B
            const std::int32_t steps = row[field::STEPS + 4 * m_edge + 2 * n_edge + k_edge];
            // [3] one command a visit
            arbiter_a.write(arbiter_cmd{steps, last});
            // [4] one command a visit
            arbiter_b.write(arbiter_cmd{steps, last});
            // [15] both operands meet in the arrays
            inter_a.write(inter_cmd{steps, last});
            inter_b.write(inter_cmd{steps, last});
            const int edges = 2 * m_edge + n_edge;
            // [1] all arrays step together
        each_array:
            for (int g = 0; g < ARRAYS; ++g) {
#pragma HLS UNROLL
                array[g].write(array_cmd{row[field::BLOCKS + edges], kb, last});
            }
            // [15] sums stay in the buffer from the first tile along k to the last
            collector.write(collect_cmd{row[field::SLICES + edges], last});
            accumulate.write(accum_cmd{mb, nb, row[field::C_DEPTH], k == 0, k_edge, last});
            // [16] sums are complete
            if (k_edge) {
                const std::int32_t rows = m_edge ? row[field::A_ROWS_EDGE] : row[field::A_ROWS_FULL];
                const std::int32_t words = n_edge ? row[field::C_WORDS_EDGE] : row[field::C_WORDS_FULL];
                flush.write(flush_cmd{rows, words, row[field::C_DEPTH], last});
                post.write(post_cmd{rows, words, bias_addr, row[field::MULTIPLIER], row[field::SHIFT], row[field::RELU],
                                    last});
                dma_c.write(store_cmd{row[field::C_TOKENS + edges], row[field::C_STORES + edges], c_addr, last});
            }
            // [17] down all m of one n, then the next n
            c_addr += row[field::C_BAND];
            if (m_edge) {
                if (k_edge) {
                    c_start += row[field::C_TILE];
                    bias_addr += row[field::C_WORDS_FULL];
                }
                c_addr = c_start;
            }
            // [7] m, then k, then n
            ++m;
            if (m_edge) {
                m = 0;
                ++k;
                if (k_edge) {
                    k = 0;
                    ++n;
                }
            }
            // [8] next visit
        }
        // [5] next layer
    }
    // [2] all processes have their last command
}
