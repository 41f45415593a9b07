constexpr int UNIT = 8;  // [2] elements that stay together: fewer inputs of each multiplexer
constexpr int IN_UNITS = 3;  // [3] units of a token that comes in
constexpr int TAKEN = IN_UNITS * UNIT;
typedef hls::vector<data_t, TAKEN> in_t;
constexpr int OUT_UNITS = 2;  // [4] units of a token that leaves
constexpr int SENT = OUT_UNITS * UNIT;
typedef hls::vector<data_t, SENT> out_t;
constexpr int ELEMENTS = (OUT_UNITS - 1) * UNIT + TAKEN;  // [5] a token comes when the waiting units fill no token

// [1] a process: commands and tokens of one width in, tokens of the other out
void gearbox(hls::stream<gear_cmd>& cmd, hls::stream<in_t>& in, hls::stream<out_t>& out) {
    bool last = false;
COMMAND:
    while (!last) {
        const gear_cmd c = cmd.read();
        hls::vector<data_t, ELEMENTS> held(0);  // [5] registers; a command begins with none waiting
        int waiting = 0;  // units
        int left = c.takes;  // [6] counted by what leaves, which is more often than what comes
    GEAR:
        for (int i = 0; i < c.tokens; ++i) {
#pragma HLS PIPELINE II=1
            if (waiting < OUT_UNITS && left > 0) {
                --left;
                const in_t token = in.read();  // [5] behind the units that wait
            EACH_START:
                for (int w = 0; w < OUT_UNITS; ++w) {
#pragma HLS UNROLL
                    if (w != waiting) continue;  // constant places: registers with an enable, no shifting
                EACH_ELEMENT:
                    for (int e = 0; e < TAKEN; ++e) {
#pragma HLS UNROLL
                        held[w * UNIT + e] = token[e];
                    }
                }
                waiting += IN_UNITS;
            }  // [6] a token is whole, or the last one takes what there is
            out_t token;  // [7] constant lanes: wires, no multiplexer
        EACH_SENT:
            for (int s = 0; s < SENT; ++s) {
#pragma HLS UNROLL
                token[s] = held[s];
            }
            out.write(token);
        MOVE:
            for (int e = 0; e < ELEMENTS; ++e) {
#pragma HLS UNROLL
                held[e] = e + SENT < ELEMENTS ? held[e + SENT] : data_t(0);
            }
            waiting -= OUT_UNITS;
        }  // [6] end of the command
        last = c.last != 0;  // [1] ends on the marked command and keeps nothing
    }
}
