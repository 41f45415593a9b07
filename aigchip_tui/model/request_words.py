"""The phrases of a plain-word request: each rule eats the words it understands; what is left carries no known
meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from aigchip_tui.model.device import Device, device, device_index, nearest_names, normal_name
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.request_figures import (
    COUNT,
    NUMBER,
    TIMES,
    axi_bytes,
    clock_mhz,
    count,
    figure,
    milliseconds,
)
from aigchip_tui.model.workload import nearest_networks, normal_network_name

MAX_REQUEST = 2000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One setting that a request asks for, with the words it came from."""

    value: object
    words: str


_NETWORK = re.compile(
    r"\b(?:(?:res|alex|google|squeeze|mobile|dense|efficient|shuffle|le|u|mnas|ghost|conv|seg|retina|center|point)-?net"
    r"|vgg|inception|yolo|bert|vit|gpt|llama|deit|xception|nasnet|ssd|resnext|swin)"
    r"(?:[- ]?v?\d+(?:\.\d+)?(?![\d]*\s*(?:x\s*\d|mhz|dsp|%|ms|px|fps|bit)))?"
    r"(?:[- ]?v\d(?:\.\d)?)?[a-z]*(?:@\d+(?:x\d+)?)?(?:/dw[\w-]*)?"
)
_DEVICE_LIKE = re.compile(
    r"\b(?:zcu[- ]?\d+\w*|zc\d{3}|xc[a-z0-9]+(?:-[a-z0-9]+)*|(?:xilinx |amd )?(?:alveo[- ]?)?u\d{2,3}c?\b|alveo\b"
    r"|(?:kria[- ])?k[vrd]?\d{2,3}\b|kria\b|pynq(?:[- ]?z\d)?|ultra ?96(?:[- ]?v\d)?|vck\d+|vcu\d+|kcu\d+|zybo\w*"
    r"|zedboard|arty\w*|nexys\w*|zu\d+[a-z]*)"
)
_ON_A = re.compile(r"\b(?:on|for|onto|targeting) (?:a |an |the |my |our )?([a-z][\w.+-]*\d[\w.+-]*|[a-z]{3,}[\w.+-]*)")
_LIMIT = (
    r"(?:at most|(?:no|not|(?:do not|don't) (?:use|take|exceed)) more than|(?:do not|don't) exceed|up to|"
    r"a maximum of|maximum(?: of)?|max\.?|limit(?:ed)?(?: of| to)?|within|<=|≤)"
)
_LEAST = r"(?:at least|a minimum of|minimum|min\.?|>=|≥|more than|over|above|>)"
_STRICT = r"(?:fewer than|less than|under|below|<)"
_BOUND = rf"(?:(?P<strict>{_STRICT})|{_LIMIT}|using|use|with|in)?\s*"
_DSP = r"(?:dsp48s?e?\d?|dsps?(?: slices| blocks)?|multipliers|macs)\b"
# fmt: off
_WORDS_WITHOUT_MEANING = frozenset([
    "a", "about", "accelerate", "accelerator", "accelerators", "ai", "an", "and", "any", "as", "at", "available",
    "be", "board", "boards", "build", "by", "chip", "cnn", "could", "create", "deep", "design", "designs", "device",
    "dnn", "do", "for", "fpga", "from", "generate", "get", "give", "hardware", "have", "help", "hls", "how", "i",
    "image", "images", "in", "inference", "inferences", "input", "inputs", "into", "is", "it", "its", "kindly",
    "learning", "least", "let", "like", "machine", "make", "me", "model", "module", "moment", "most", "my", "need",
    "needs", "net", "network", "networks", "neural", "of", "on", "one", "only", "or", "our", "out", "overall",
    "performance", "please", "possible", "precision", "quantised", "quantized", "really", "resolution", "run",
    "running", "runs", "same", "should", "size", "so", "some", "target", "targeting", "than", "that", "the", "then",
    "there", "these", "this", "through", "to", "total", "use", "used", "uses", "using", "very", "via", "want",
    "wanted", "wants", "we", "which", "while", "will", "with", "without", "work", "workload", "would", "you", "your",
])
# fmt: on


class _Reader:
    """The text on its way: matched phrases are replaced by blanks, so that no word is read twice."""

    def __init__(self, text: str) -> None:
        self.source = re.sub(r"\s", " ", text)
        # One character each way, so that a place in `rest` is the same place in `source`.
        lowered = (c.lower() if len(c.lower()) == 1 else c for c in self.source)
        self.rest = "".join(lowered).replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{MICRO SIGN}", "u")
        self.wishes: dict[str, Wish] = {}

    def take(self, match: re.Match[str]) -> str:
        words = " ".join(self.source[match.start() : match.end()].split())
        self.rest = self.rest[: match.start()] + "\0" * (match.end() - match.start()) + self.rest[match.end() :]
        return words

    def wish(self, key: str, value: object, words: str) -> None:
        known = self.wishes.get(key)
        if known is not None and known.value != value:
            raise AigchipError(
                f"The request asks for two things at once: {known.words!r} and {words!r}.", hint="Say one."
            )
        self.wishes[key] = Wish(value=value, words=words)

    def each(self, pattern: str | re.Pattern[str], use: Callable[[re.Match[str]], tuple[str, object] | None]) -> None:
        compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
        position = 0
        while (match := compiled.search(self.rest, position)) is not None:
            position = max(match.end(), position + 1)
            found = use(match)
            if found is not None:
                self.wish(found[0], found[1], self.take(match))


def read_wishes(text: str, *, devices: Iterable[Device] = ()) -> tuple[dict[str, Wish], tuple[str, ...]]:
    """(wishes by setting, phrases that carry meaning and were not understood) of a plain-word request.

    Raises AigchipError for unknown networks, devices and precisions, and for contradictions.
    """
    if len(text) > MAX_REQUEST:
        raise AigchipError(f"The request has {len(text)} characters, at most {MAX_REQUEST} are read.")
    if not text.strip():
        raise AigchipError("The request is empty.", hint="Say for instance: ResNet-50 at 224x224 on a ZCU104.")
    reader = _Reader(text)
    _read_goals(reader)
    _read_budgets(reader)
    _read_output(reader)
    _read_spilling(reader)
    _read_precision(reader)
    _read_batch(reader)
    _read_devices(reader, tuple(devices))
    _read_workload(reader)
    _refuse_unknown_target(reader, tuple(devices))
    _refuse_negations(reader)
    return reader.wishes, _left_over(reader)


def _read_budgets(reader: _Reader) -> None:
    reader.each(
        rf"{_BOUND}{NUMBER}\s*(?:%|percent|per cent) (?:of )?(?:the |its |all |all the )?(?:available )?{_DSP}",
        lambda m: ("dsp_percent", figure(m["number"])),
    )
    reader.each(
        rf"(?<![\w.]){_BOUND}(?:a )?(?P<part>half|quarter|all) (?:of )?(?:the |its |all )?{_DSP}",
        lambda m: ("dsp_percent", _PARTS[m["part"]]),
    )
    reader.each(
        rf"(?<!at least )(?<![\w.]){_BOUND}{COUNT}\s*{_DSP}(?! per)",
        lambda m: ("dsp_limit", count(m["number"]) - (1 if m["strict"] else 0)),
    )
    reader.each(
        rf"\b(?:(?:{_LIMIT}|limit)\s*{_DSP}\s*(?:count|to|of|:|=)?|{_DSP}\s*(?:budget|limit)|{_DSP}\s*(?=[o:=<≤au]))"
        rf"\s*(?:of|:|=|<=|≤|at most|up to)?\s*{COUNT}\b(?!\s*(?:[x*%]|[a-z]*hz|[mu]?s\b))",
        lambda m: ("dsp_limit", count(m["number"])),
    )
    reader.each(
        rf"(?:at |with |clock(?:ed)?(?: of| at)? )*(?:an? )?"
        rf"(?:{NUMBER}\s*(?P<unit>mhz|ghz|(?:mega|giga)hertz))\b(?: clock)?",
        lambda m: ("clock_mhz", clock_mhz(figure(m["number"]), m["unit"])),
    )
    reader.each(
        rf"(?:at |with )?(?:an? )?(?:(?:clock )?period|clock)(?: of|:|=)?\s*{NUMBER}\s*(?P<unit>ns|nanoseconds)\b",
        lambda m: ("clock_mhz", clock_mhz(figure(m["number"]), m["unit"])),
    )
    reader.each(
        rf"(?:at |with )?(?:an? )?{NUMBER}[- ]?(?P<unit>ns|nanoseconds?) (?:clock(?: period)?|period)\b",
        lambda m: ("clock_mhz", clock_mhz(figure(m["number"]), m["unit"])),
    )
    reader.each(
        r"(?:with )?(?:an? )?(?P<number>\d+)[- ]?(?P<unit>bytes?|bits?)(?: wide)? "
        r"(?:axi|memory|dma)? ?(?:ports?|bus|axi|interfaces?)\b",
        lambda m: ("axi_bytes", axi_bytes(int(m["number"]), m["unit"])),
    )
    reader.each(
        rf"(?:(?:latency|time)\s*(?:of|is)?\s*)?(?:(?P<least>{_LEAST})|{_STRICT}|{_LIMIT}|in|:|=)?\s*{NUMBER}\s*"
        r"(?P<unit>ms|msec|milliseconds?|us|microseconds?|s|sec|seconds?)\b"
        r"(?: latency| per (?:image|frame|inference))?",
        # A latency from below is no limit that a search could keep: it stays among what was not understood.
        lambda m: None if m["least"] else ("latency_limit_ms", figure(m["number"]) * milliseconds(m["unit"])),
    )
    reader.each(
        rf"(?P<most>{_STRICT}|{_LIMIT})?\s*{_LEAST}?\s*{NUMBER}\s*"
        r"(?:fps|(?:frames|images|inferences)(?: per |/| a )s(?:ec(?:ond)?)?)\b",
        lambda m: None if m["most"] or not figure(m["number"]) else (
            "latency_limit_ms", round(1000.0 / figure(m["number"]), 6)
        ),
    )


_PARTS = {"half": 50.0, "quarter": 25.0, "all": 100.0}


def _read_output(reader: _Reader) -> None:
    # Before the precision: "raw int32 sums" says nothing of the operands.
    reader.each(
        r"\b(?:with |and |as )?(?:raw|unscaled)(?: u?int[- ]?\d+)?(?: partial)?"
        r" (?:sums?|results?|outputs?|accumulators?)(?: out)?\b",
        lambda _: ("output", "raw"),
    )


def _read_spilling(reader: _Reader) -> None:
    reader.each(
        r"\b(?:with |and |by )?(?:spill(?:ed|ing)?(?: the| its)?(?: partial)? (?:sums?|accumulators?)"
        r"|partial sums (?:spilled|in memory)|keep(?:ing)?(?: the| its)? partial sums in memory)"
        r"(?: to (?:memory|ddr|dram))?(?:,? (?:and|with|under) reuse of (?P<operand>[ab])\b)?",
        lambda m: ("reuse", f"{m['operand'] or 'a'}_spill"),
    )


def _read_precision(reader: _Reader) -> None:
    built = {"int8": "int8", "8bit": "int8", "i8": "int8", "int16": "int16", "16bit": "int16", "fp16": "fp16",
             "float16": "fp16", "half precision": "fp16"}  # fmt: skip

    def use(match: re.Match[str]) -> tuple[str, object]:
        word = match["word"]
        plain = word if " precision" in word and word.startswith("half") else re.sub(r"[- ]", "", word)
        plain = plain.removesuffix("integer").removesuffix("fixedpoint")
        if plain not in built:
            raise AigchipError(f"Unknown precision {word!r}.", hint="Known: int8, int16, fp16.")
        return "precision", built[plain]

    reader.each(
        r"(?:in |with |using |at )?\b(?P<word>u?int[- ]?\d+|bf16|bfloat16|fp[- ]?\d+|float[- ]?\d+|half precision"
        r"|\d+[- ]?bit(?: integer| fixed[- ]point)?(?! (?:axi|port|bus|memory|dma))|double precision|single precision"
        r"|binary|ternary)\b(?: precision| weights| quanti[sz]ed)?",
        use,
    )


def _read_batch(reader: _Reader) -> None:
    reader.each(r"\bbatch(?:[- ]size)?(?: of|:|=)? ?(?:1|one)\b(?![.\d])", lambda _: ("batch", 1))


def _read_goals(reader: _Reader) -> None:
    resource = r"(?:area|size|resources|dsps?|dsp (?:count|usage)|resource usage|cost)"
    small = (
        rf"as (?:small|cheap|compact) as possible|(?:the )?(?:smallest|cheapest)(?: possible)?"
        rf"(?: (?:design|accelerator|{resource}))?"
        rf"|minimi[sz](?:e|ing) (?:the )?{resource}|(?:the )?(?:fewest|minimum|minimal) {resource}(?: possible)?"
        r"|(?:with )?as few dsps as possible"
    )
    fast = (
        r"as (?:fast|quick(?:ly)?) as possible|(?:the )?(?:fastest|quickest)(?: possible)?(?: design| accelerator)?"
        r"|minimi[sz](?:e|ing) (?:the )?(?:latency|time)"
        r"|(?:the )?(?:lowest|minimum|minimal|best|least) (?:possible )?latency"
        r"|maxim(?:um|i[sz]e|al) (?:the )?(?:speed|throughput|performance)"
    )
    reader.each(rf"\b(?:{fast})", lambda _: ("minimise", "latency"))
    reader.each(rf"\b(?:{small})", lambda _: ("minimise", "dsp"))


def _read_devices(reader: _Reader, extra: tuple[Device, ...]) -> None:
    index = device_index(extra)
    names = {each for known in index.values() for each in (known.name, known.board, *known.aliases) if each}
    for name in sorted(names, key=lambda each: (-len(each), each)):
        loose = r"[- ]?".join(re.escape(part) for part in re.split(r"[- ]", name.lower()))
        reader.each(
            rf"\b(?:on |for |onto |targeting )?(?:an? |the |my )?(?:xilinx |amd )?"
            rf"(?<![\w-]){loose}(?![\w])(?!-[a-z0-9])(?: board| device| card)?",
            partial(_known_device, device(name, extra=extra).name),
        )

    def unknown(match: re.Match[str]) -> tuple[str, object]:
        return "device", device(match[0].strip(), extra=extra).name

    reader.each(_DEVICE_LIKE, unknown)


def _known_device(name: str, _: re.Match[str]) -> tuple[str, object]:
    return "device", name


def _read_workload(reader: _Reader) -> None:
    parts: list[tuple[int, str, str]] = []

    def file_or_gemm(match: re.Match[str]) -> None:
        words = reader.take(match)
        if match["file"]:
            parts.append((match.start(), words, words))
        else:
            parts.append((match.start(), f"gemm:{match['m']}x{match['k']}x{match['n']}", words))

    reader.each(
        rf"(?P<file>[\w./~-]+\.ya?ml)\b"
        rf"|\b(?:gemm|mat[- ]?mul|matrix[- ](?:product|multiplication|multiply))(?: (?:of|with|sized?))*[: ]+"
        rf"(?P<m>\d+){TIMES}(?P<k>\d+){TIMES}(?P<n>\d+)\b",
        file_or_gemm,
    )
    reader.each(
        rf"\b(?:an? )?(?P<m>\d+){TIMES}(?P<k>\d+) matrix (?:times|by|with|and) (?:an? )?"
        rf"(?P<k2>\d+){TIMES}(?P<n>\d+)(?: matrix| one)?\b",
        _product,
    )
    reader.each(r"\bm ?= ?(?P<m>\d+)[, ]+k ?= ?(?P<k>\d+)[, ]+n ?= ?(?P<n>\d+)\b", _product)
    reader.each(r"\bm ?= ?(?P<m>\d+)[, ]+n ?= ?(?P<n>\d+)[, ]+k ?= ?(?P<k>\d+)\b", _product)

    def network(match: re.Match[str]) -> None:
        spelled, slash, packing = match[0].partition("/")
        name, _, at = spelled.partition("@")
        known = normal_network_name(name)
        if known is None:
            raise AigchipError(f"Unknown network {name.strip()!r}.", hint=nearest_networks(name))
        parts.append((match.start(), known + (f"@{at}" if at else "") + slash + packing, reader.take(match)))
        beside = _PIXELS_BESIDE.match(reader.rest, match.end())
        if not at and beside is not None:
            reader.wish("input", int(beside["pixels"]), reader.take(beside).strip(", "))

    reader.each(_NETWORK, network)
    if not parts:
        reader.each(rf"(?<![\w.])(?P<m>\d+){TIMES}(?P<k>\d+){TIMES}(?P<n>\d+)\b(?!{TIMES})", _product)
    if any(":" not in part and "." not in part for _, part, _ in parts):
        _read_input_size(reader)
    if not parts:
        return
    _join_workload(reader, parts)


def _product(match: re.Match[str]) -> tuple[str, object] | None:
    """The product of sizes without the word; `224x224x3` is an image."""
    m, k, n, rows = (match.groupdict().get(name) for name in ("m", "k", "n", "k2"))
    if rows not in (None, k):
        raise AigchipError(f"The matrices of {match[0].strip()!r} do not fit: {k} columns meet {rows} rows.")
    if m == k and n == "3":
        return None
    return "workload", f"gemm:{m}x{k}x{n}"


_NOTHING_OF_IT = (
    r"(?=\s*(?:$|[,;:.!?()\0]|(?:on|onto|in|into|with|without|and|under|below|within|for|using|use|as|at|to|by|"
    r"targeting|input|inputs|images?|resolution|square|max|maximum|no|not|less|fewer|than|the|an?|via|please|int8|int16|"
    r"batch|clock|but|or|running|run|is|px|pixels)\b))"
)
"""After a figure without a unit: nothing that could be its unit."""
_PIXELS_BESIDE = re.compile(rf",?\s+(?P<pixels>\d{{2,4}})\b(?:\s*(?:px|pixels)\b)?{_NOTHING_OF_IT}")


def _read_input_size(reader: _Reader) -> None:
    reader.each(
        r"(?:\b(?:at|@|with|input|inputs|of|size|resolution|images?)\s*:?\s*)*"
        rf"(?<![\w.])(?:3\s*x\s*)?(?P<a>\d{{1,5}}){TIMES}(?P<b>\d{{1,5}})(?:\s*x\s*3)?\b"
        r"(?: pixels| px| images?| inputs?| resolution)?",
        lambda m: ("input", _square(m)),
    )
    reader.each(
        r"(?:\b(?:at|input(?: size)?|size|resolution)\s*(?:of\s*)?)(?P<a>\d{2,5})\b(?:\s*(?:px|pixels))?"
        rf"{_NOTHING_OF_IT}|(?<![\w.])(?P<b>\d{2,5})\s*(?:px|pixels)\b",
        lambda m: ("input", int(m["a"] or m["b"])),
    )


def _join_workload(reader: _Reader, parts: list[tuple[int, str, str]]) -> None:
    parts.sort()
    if "input" in reader.wishes:
        pixels = reader.wishes["input"].value
        parts = [
            (at, p if p.startswith("gemm") or "@" in p or "." in p else "/".join([f"{n}@{pixels}", *packing]), w)
            for at, p, w in parts for n, *packing in [p.split("/")]
        ]
    reader.wish("workload", "+".join(dict.fromkeys(part for _, part, _ in parts)), ", ".join(w for _, _, w in parts))


def _square(match: re.Match[str]) -> int:
    if match["a"] != match["b"]:
        raise AigchipError(f"Inputs of {match['a']} x {match['b']} pixels are not built yet: only squares are.")
    return int(match["a"])


def _refuse_unknown_target(reader: _Reader, extra: tuple[Device, ...]) -> None:
    """`on a Foo9000`: a noun where a device stands, and no device was found, is a device nobody knows."""
    for match in _ON_A.finditer(reader.rest):
        word = match[1].rstrip(".,;")
        if (
            "device" not in reader.wishes
            and word not in _WORDS_WITHOUT_MEANING
            and (any(c.isdigit() for c in word) or match[0].startswith("on"))
        ):
            hint = nearest_names(normal_name(word), device_index(extra))
            raise AigchipError(f"Unknown device {word!r}.", hint=hint)
    if "workload" in reader.wishes:
        return
    words = [w for w in re.findall(r"[a-z][\w.+-]*", reader.rest.replace("\0", " ")) if w not in _WORDS_WITHOUT_MEANING]
    for word in words:
        if nearest_networks(word).startswith("Nearest"):
            raise AigchipError(f"Unknown network {word!r}.", hint=nearest_networks(word))


def _refuse_negations(reader: _Reader) -> None:
    """`not int8`, `not on a zcu104`: taking the wish for its opposite would be worse than asking again."""
    found = re.search(
        r"\b(?:not|no|never|without|except|avoid|(?:do not|don't) use)\s+"
        r"(?:(?:on|in|at|an?|the|using|use|with|any|for)\s+)*\0+", reader.rest,
    )
    if found is not None:
        said = " ".join(reader.source[found.start() : found.end()].split())
        raise AigchipError(f"The request says what it does not want: {said!r}.", hint="Say what it shall be.")


def _left_over(reader: _Reader) -> tuple[str, ...]:
    """Runs of neighbouring words that nothing has read and that are not mere grammar."""
    phrases: list[str] = []
    for piece in re.split(r"[\0,;!?]+|\.(?:\s|$)", reader.rest):
        words = piece.split()
        meaning = [i for i, word in enumerate(words) if word.strip(".:()'\"-&+/") not in _WORDS_WITHOUT_MEANING | {""}]
        if meaning:
            phrases.append(" ".join(words[meaning[0] : meaning[-1] + 1]))
    return tuple(phrases)
