"""The same program in other words: identifiers renamed, comments stripped, white space changed, pragmas kept."""

from __future__ import annotations

import random
import re

from aigchip_tui.cpp.tokens import Token, tokens

_WORDS = """
alignas auto bool break case char class const constexpr continue default do double else enum explicit extern false
float for friend goto half if inline int long namespace new nullptr operator private protected public register
return short signed sizeof static static_assert static_cast struct switch template this throw true try typedef typename
union unsigned using virtual void volatile while final override
int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t int8 int16 int32 int64 uint8 uint16 uint32 uint64
uint size_t ptrdiff_t NULL std hls main
ap_int ap_uint ap_fixed ap_ufixed ap_axiu ap_axis stream stream_of_blocks read_lock write_lock vector array complex
burst_maxi AP_RND AP_RND_CONV AP_SAT AP_TRN AP_WRAP INT_MAX
read write read_nb write_nb read_request write_request write_response
empty full size range bit test get put data last keep strb user id dest length to_int
to_uint to_float to_double reduce_add real imag
memcpy memset memmove assert printf max min abs fmax fmin fmaxf fminf fabs fabsf floor ceil round trunc floorf ceilf
exp expf log logf log2 log10 sqrt sqrtf sin cos tan sinf cosf tanf tanh tanhf atan atan2 sinh cosh pow powf exp2 erf
asin acos include define undef ifdef ifndef elif endif pragma once error line defined HLS AP ap
"""
_RESERVED = frozenset(_WORDS.split())


def renamed(text: str, seed: int) -> str:
    """The program with every identifier of its own under another name; comments gone, lines and blanks changed."""
    draw = random.Random(seed)
    stream = [token for token in tokens(_joined(text)) if token.kind != "comment"]
    names = sorted({token.text for token in stream if token.kind == "name"} - _RESERVED)
    fresh = [f"q{number}_{draw.randrange(1000)}" for number in range(len(names))]
    draw.shuffle(fresh)
    known = dict(zip(names, fresh, strict=True))
    out: list[str] = []
    directive = False
    for position, token in enumerate(stream):
        if token.kind == "newline":
            out.append("\n" if directive or draw.random() < 0.5 else " ")
            directive = False
        elif token.kind == "space":
            out.append(" " * draw.randrange(1, 3))
        elif token.text == "#" and _starts_line(stream, position):
            out.append("" if not out or out[-1].endswith("\n") else "\n")
            out.append("#")
            directive = True
        elif token.kind == "name" and not (directive and _is_word_of_a_pragma(stream, position)):
            out.append(known.get(token.text, token.text))
        else:
            out.append(token.text)
    return "".join(out)


def _joined(text: str) -> str:
    """Block comments without their lines, so that none stands within a directive."""
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def _starts_line(stream: list[Token], position: int) -> bool:
    before = position - 1
    while before >= 0 and stream[before].kind == "space":
        before -= 1
    return before < 0 or stream[before].kind == "newline"


def _is_word_of_a_pragma(stream: list[Token], position: int) -> bool:
    """Whether a name in a directive is the pragma's own: a key, or a value of `type=`, `mode=` and their kin."""
    start = position
    while start > 0 and stream[start].kind != "newline":
        start -= 1
    words = [token.text for token in stream[start : position] if token.kind not in ("space", "newline")]
    if words[:2] != ["#", "pragma"]:
        return words[:1] == ["#"] and len(words) == 1
    after = next((token.text for token in stream[position + 1 :] if token.kind != "space"), "")
    if after == "=" or len(words) <= 3:
        return True
    if words[-1] == "=":
        return words[-2].lower() not in ("variable", "port", "factor", "depth", "ii", "dim", "min", "max", "instances",
                                         "limit", "distance", "latency")
    return True
