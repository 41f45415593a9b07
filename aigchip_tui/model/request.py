"""Requests: what a human wants, from plain words (a deterministic parser) or from a model's JSON answer.

Both ways end in `settle`, so that the same checks and the same defaults hold. What was understood, assumed and not
understood is kept with the words it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

import msgspec

from aigchip_tui.model.crippled import notes
from aigchip_tui.model.device import Device, device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.request_words import MAX_REQUEST, Wish, read_wishes
from aigchip_tui.model.rules import build_refusals
from aigchip_tui.model.session import Goal, Understanding
from aigchip_tui.model.space import AXI_BYTES, CLOCKS_MHZ, OUTPUTS, REUSES, Build, Output, Precision, may_spill
from aigchip_tui.model.strictyaml import integer_of
from aigchip_tui.model.workload import DEFAULT_INPUT, with_usual_packing, workload

DEFAULT_DEVICE = "zcu104"
DEFAULT_CLOCK_MHZ = 200
SLOW_CLOCK_MHZ = 150
DEFAULT_AXI_BYTES = 16
PRECISIONS = ("int8", "int16", "fp16")
SPILLING_REUSES = tuple(reuse for reuse in REUSES if may_spill(reuse))


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, checked and complete. `dsp_limit` 0 means 70 % of the device; `reuse` is empty unless spilled
    sums are asked for; `understanding` says why.
    """

    text: str
    workload: str
    device: str
    precision: Precision = "int8"
    output: Output = "scaled"
    clock_mhz: int = DEFAULT_CLOCK_MHZ
    dsp_limit: int = 0
    axi_bytes: int = DEFAULT_AXI_BYTES
    goal: Goal = Goal()
    reuse: Literal["", "a_spill", "b_spill"] = ""
    understanding: Understanding = Understanding()


# What a model is asked to answer with; every field may be null, nothing else is allowed.
REQUEST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "workload", "device", "dsp_limit", "dsp_percent", "precision", "output", "clock_mhz", "axi_bytes", "minimise",
        "latency_limit_ms", "reuse", "not_understood",
    ],
    "properties": {
        "workload": {"type": ["string", "null"], "description": (
            "NETWORK@SIZE (alexnet, vgg16, googlenet, resnet50, mobilenetv2, squeezenet) or gemm:MxKxN; join by +")},
        "device": {"type": ["string", "null"], "description": "board or part as the text names it"},
        "dsp_limit": {"type": ["integer", "null"], "description": "most DSPs allowed"},
        "dsp_percent": {"type": ["number", "null"], "description": "most DSPs allowed, in percent of the device"},
        "precision": {"type": ["string", "null"], "enum": [*PRECISIONS, None]},
        "output": {"type": ["string", "null"], "enum": [*OUTPUTS, None], "description": (
            "results scaled to the precision, or raw sums")},
        "clock_mhz": {"type": ["integer", "null"]},
        "axi_bytes": {"type": ["integer", "null"], "enum": [*AXI_BYTES, None]},
        "minimise": {"type": ["string", "null"], "enum": ["latency", "dsp", None]},
        "latency_limit_ms": {"type": ["number", "null"]},
        "reuse": {"type": ["string", "null"], "enum": [*SPILLING_REUSES, None], "description": (
            "only if the text asks for spilled partial sums: the operand that is kept")},
        "not_understood": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip


def parse_request(text: str, *, devices: Iterable[Device] = ()) -> Request:
    """The request that plain words mean, by a fixed grammar of phrases; equal text gives an equal result.

    Raises AigchipError for an unknown network or device (with the nearest names), for contradictions, for figures out
    of range, and for a text that names nothing to compute.
    """
    known = tuple(devices)
    wishes, left_over = read_wishes(text, devices=known)
    return settle(text, wishes, left_over, by="parser", devices=known)


def request_from_json(answer: str, text: str, *, by: str, devices: Iterable[Device] = ()) -> Request:
    """The request of a model's JSON answer (REQUEST_SCHEMA), under the same checks as words; `by` names the model.

    A model may not invent: a file that the human's `text` does not name, or a budget where it has no figure, is
    refused.
    Raises AigchipError naming the field.
    """
    if len(answer) > 4 * MAX_REQUEST:
        raise AigchipError(
            f"The answer of {by} has {len(answer)} characters.", hint="Put the request into simpler words."
        )
    try:
        values = json.loads(answer)
    except (ValueError, RecursionError):
        raise AigchipError(f"The answer of {by} is not JSON.", hint="Put the request into simpler words.") from None
    if not isinstance(values, dict):
        raise AigchipError(f"The answer of {by} is not a JSON object.")
    unknown = [key for key in values if key not in REQUEST_SCHEMA["properties"]]
    if unknown:
        raise AigchipError(f"The answer of {by} has the unknown field {unknown[0]!r}.")
    wishes: dict[str, Wish] = {}
    for key, value in values.items():
        if value is None or key == "not_understood":
            continue
        _check_json_field(key, value, by)
        _check_not_invented(key, value, text, by)
        wishes[key] = Wish(value=value, words=f"{by}: {value}")
    left_over = values.get("not_understood") or []
    if not isinstance(left_over, list) or not all(isinstance(each, str) for each in left_over):
        raise AigchipError(f"The answer of {by}, not_understood: expected a list of texts.")
    return settle(text, wishes, tuple(each[:200] for each in left_over[:50]), by=by, devices=tuple(devices))


def settle(
    text: str, wishes: Mapping[str, Wish], left_over: tuple[str, ...], *, by: str, devices: tuple[Device, ...] = ()
) -> Request:
    """Checks wishes, fills in defaults with their reasons, and keeps the record of both."""
    assumed: list[tuple[str, str, str]] = []
    if "workload" not in wishes:
        raise AigchipError(
            "Nothing to compute was found in the request.",
            hint="Name a network (ResNet-50 at 224), a product (gemm:384x1536x77) or a file of layers (FILE.yaml).",
        )
    asked = workload(str(wishes["workload"].value)) if not _is_file(wishes["workload"]) else None
    said = name = asked.name if asked else str(wishes["workload"].value)
    if named := asked:
        asked = with_usual_packing(named)
        name = asked.name
    if asked and "input" not in wishes and "@" in name and "@" not in str(wishes["workload"].value):
        assumed.append(("input", str(DEFAULT_INPUT), "the usual size of ImageNet"))
    board = device(str(wishes["device"].value), extra=devices) if "device" in wishes else device(DEFAULT_DEVICE)
    if "device" not in wishes:
        assumed.append(("device", board.name, "no device was named; the paper uses this board"))
    usual, why = (DEFAULT_CLOCK_MHZ, "the paper's clock")
    if board.dsp_slice == "DSP48E1":
        usual, why = (SLOW_CLOCK_MHZ, "a 7-series device: an addition and a comparison miss 200 MHz in one cycle")
    clock = int(cast(int, _value(wishes, "clock_mhz", usual, why, assumed)))
    precision = cast(Precision, _value(wishes, "precision", "int8", "the paper's precision", assumed))
    output = cast(Output, wishes["output"].value if "output" in wishes else "scaled")
    axi = int(cast(int, _value(wishes, "axi_bytes", DEFAULT_AXI_BYTES, "one 128-bit port an operand", assumed)))
    limit = _dsp_limit(wishes, board, assumed)
    build = Build(
        device=board, precision=precision, output=output, clock_mhz=clock, axi_bytes=axi, dsp_limit=limit
    )
    for refusal in build_refusals(build):
        raise AigchipError(refusal.message)
    goal = _goal(wishes, assumed)
    reuse = cast(Literal["", "a_spill", "b_spill"], wishes["reuse"].value if "reuse" in wishes else "")
    if reuse and "reuse of" not in wishes["reuse"].words.lower():
        assumed.append(("reuse", reuse, "spilled sums come with reuse of A or of B; --pin reuse=b_spill takes B"))
    if asked and "depthwise" in (why_so := notes(build, asked)):
        alone = any(layer.kind == "depthwise" and layer.n == 1 for layer in asked.layers)
        packings = [part.partition("/")[2] for part in name.split("+") if "/" in part]
        why = why_so["depthwise"]
        if named and name != said:
            without, _, _ = notes(build, named)["depthwise"].partition(";")
            why += f"; with /dw1 behind the network {without}"
        assumed.append(("depthwise layers", "unpacked" if alone else ", ".join(packings), why))
    understood = tuple((key, _shown(key, wish.value, said, board), wish.words) for key, wish in wishes.items())
    understanding = Understanding(understood=understood, assumed=tuple(assumed), not_understood=left_over, by=by)
    return Request(
        text=text, workload=name, device=board.name, precision=precision, output=output, clock_mhz=clock,
        dsp_limit=limit, axi_bytes=axi, goal=goal, reuse=reuse, understanding=understanding,
    )  # fmt: skip


def _is_file(wish: Wish) -> bool:
    return str(wish.value).lower().endswith((".yaml", ".yml"))


def _value(
    wishes: Mapping[str, Wish], key: str, default: int | str, why: str, assumed: list[tuple[str, str, str]]
) -> object:
    if key in wishes:
        return wishes[key].value
    assumed.append((key, str(default), why))
    return default


def _dsp_limit(wishes: Mapping[str, Wish], board: Device, assumed: list[tuple[str, str, str]]) -> int:
    if "dsp_limit" in wishes and "dsp_percent" in wishes:
        raise AigchipError("DSPs are limited twice, by number and by percent.", hint="Say one of them.")
    if {"dsp_limit", "dsp_percent"} & set(wishes):
        # Peers count the same way: CHaiDNN's "1024 DSP" build takes 1352 in all (SPACE sec. 5).
        assumed.append(("dsp_limit counts", "multipliers of the array", "control and post-processing come on top; "
                        "the figures show all"))
    if "dsp_limit" in wishes:
        return integer_of(wishes["dsp_limit"].value, where="DSP limit", least=4, most=board.dsp)
    if "dsp_percent" in wishes:
        percent = float(cast(float, wishes["dsp_percent"].value))
        if not 0 < percent <= 100:
            raise AigchipError(f"{percent:g} % of the DSPs is outside 0 .. 100 %.")
        return integer_of(int(board.dsp * percent / 100), where="DSP limit", least=4, most=board.dsp)
    assumed.append(("dsp_limit", str(Build(device=board).dsp_budget), f"70 % of the {board.dsp} DSPs of {board.name}"))
    return 0


def _goal(wishes: Mapping[str, Wish], assumed: list[tuple[str, str, str]]) -> Goal:
    limit = float(cast(float, wishes["latency_limit_ms"].value)) if "latency_limit_ms" in wishes else 0.0
    if "latency_limit_ms" in wishes and not 0 < limit <= 1e7:
        raise AigchipError(f"A latency limit of {limit:g} ms is out of range.")
    if "minimise" in wishes:
        minimise = str(wishes["minimise"].value)
    elif limit and not {"dsp_limit", "dsp_percent"} & set(wishes):
        minimise = "dsp"
        assumed.append(("minimise", "dsp", "latency has a limit, so the smallest design that keeps it is wanted"))
    else:
        minimise = "latency"
        assumed.append(("minimise", "latency", "no other goal was named"))
    return Goal(minimise="dsp" if minimise == "dsp" else "latency", latency_limit_ms=limit)


def _shown(key: str, value: object, name: str, board: Device) -> str:
    return {"workload": name, "device": board.name}.get(key, f"{value:g}" if isinstance(value, float) else str(value))


def _check_json_field(key: str, value: object, by: str) -> None:
    rules = REQUEST_SCHEMA["properties"][key]
    kinds: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}
    expected = rules["type"][0]
    if isinstance(value, bool) or not isinstance(value, kinds[expected]) or value not in rules.get("enum", [value]):
        raise AigchipError(f"The answer of {by}, {key}: {str(value)[:60]!r} is not allowed.")
    if key == "clock_mhz" and not CLOCKS_MHZ[0] <= cast(int, value) <= CLOCKS_MHZ[1]:
        raise AigchipError(f"A clock of {value} MHz is outside {CLOCKS_MHZ[0]} .. {CLOCKS_MHZ[1]} MHz.")


def _check_not_invented(key: str, value: object, text: str, by: str) -> None:
    if key == "workload" and _is_file(Wish(value=value, words="")) and str(value) not in text:
        raise AigchipError(f"The answer of {by} names the file {str(value)[:60]!r}, which the request does not.")
    if key in ("dsp_limit", "dsp_percent") and not any(c.isdigit() for c in text) and "half" not in text.lower():
        raise AigchipError(f"The answer of {by} invents {key}={value}: the request names no figure.")
