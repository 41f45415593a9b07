"""Plain words become settings, with the words they came from; nonsense is refused with the nearest names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.model.device import read_devices
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.request import REQUEST_SCHEMA, parse_request, request_from_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ResNet-50 at 224x224 on a ZCU104, at most 1024 DSPs, int8",
         {"workload": "resnet50@224", "device": "zcu104", "dsp_limit": 1024, "precision": "int8"}),
        ("VGG-16 at 128 on a PYNQ-Z2", {"workload": "vgg16@128", "device": "pynq-z2", "dsp_limit": 0}),
        ("MobileNet-V2/dw8 at 192 on a zcu104", {"workload": "mobilenetv2@192/dw8"}),
        ("mobilenetv2@224/dw16, raw sums", {"workload": "mobilenetv2@224/dw16", "output": "raw"}),
        ("gemm:384x1536x77", {"workload": "gemm:384x1536x77", "device": "zcu104"}),
        ("a matrix product of 384 x 1536 x 77 on the Alveo U50", {"workload": "gemm:384x1536x77", "device": "u50"}),
        ("MobileNet-V2 with 60 % of the DSPs of a KV260 at 250 MHz",
         {"workload": "mobilenetv2@224/dw16", "device": "k26", "dsp_limit": 748, "clock_mhz": 250}),
        ("googlenet, half of the DSPs of the Ultra96", {"device": "ultra96-v2", "dsp_limit": 180}),
        ("resnet50@128 on zu7 with fewer than 1024 DSPs", {"workload": "resnet50@128", "dsp_limit": 1023}),
        ("resnet50 on a zcu104 with less than 1k dsp", {"dsp_limit": 999}),
        ("resnet50 on a zcu104, at most 1.5k DSPs", {"dsp_limit": 1500}),
        ("resnet50 on a zcu104, DSP budget of 1 k", {"dsp_limit": 1000}),
        ("Inception v1, 224 pixels, on zcu 104 in 8-bit", {"workload": "googlenet@224", "precision": "int8"}),
        ("AlexNet and SqueezeNet 1.1 for xczu9eg-ffvb1156-2-e",
         {"workload": "alexnet@224+squeezenet@224", "device": "zcu102"}),
        ("resnet 50 through a 256 bit AXI port at 0.25 GHz", {"axi_bytes": 32, "clock_mhz": 250}),
        ("My/Layers.yaml on a zcu104", {"workload": "My/Layers.yaml"}),
        ("resnet50 with 1,024 DSPs at 250 megahertz", {"dsp_limit": 1024, "clock_mhz": 250}),
        ("resnet50, dsp limit 512, clock period of 4 ns", {"dsp_limit": 512, "clock_mhz": 250}),
        ("vgg16 with a 6.667 ns clock, don't use more than 200 dsps", {"dsp_limit": 200, "clock_mhz": 150}),
        ("vgg-16 128 on a pynq, a quarter of the DSPs", {"workload": "vgg16@128", "dsp_limit": 55}),
        ("matmul 384 by 1536 by 77 on ultra96", {"workload": "gemm:384x1536x77"}),
        ("a 384x1536 matrix times a 1536x77 matrix", {"workload": "gemm:384x1536x77"}),
        ("M=384, N=77, K=1536 on zcu104", {"workload": "gemm:384x1536x77"}),
        ("384x1536x77 on zcu104", {"workload": "gemm:384x1536x77"}),
    ],
)  # fmt: skip
def test_plain_words_become_settings(text: str, expected: dict[str, object]) -> None:
    request = parse_request(text)
    assert {key: getattr(request, key) for key in expected} == expected
    assert request.understanding.not_understood == ()
    assert request.understanding.by == "parser"


@pytest.mark.parametrize(
    ("text", "minimise", "limit"),
    [
        ("ResNet-50 as small as possible under 10 ms", "dsp", 10.0),
        ("ResNet-50, the fewest DSPs, at least 40 fps", "dsp", 25.0),
        ("ResNet-50 under 0.5 s", "dsp", 500.0),
        ("ResNet-50 with at most 512 DSPs, latency under 50 ms", "latency", 50.0),
        ("ResNet-50 as fast as possible", "latency", 0.0),
        ("ResNet-50 with the lowest latency within 900us", "latency", 0.9),
        ("ResNet-50", "latency", 0.0),
        ("ResNet-50 under 10,5 ms", "dsp", 10.5),
        ("ResNet-50 within 1,500 us", "dsp", 1.5),
    ],
)
def test_goals(text: str, minimise: str, limit: float) -> None:
    goal = parse_request(text).goal
    assert goal.minimise == minimise
    assert goal.latency_limit_ms == pytest.approx(limit)


def test_words_reasons_and_rest_are_kept() -> None:
    understanding = parse_request("ResNet-50 on a ZCU104 at batch 1, low power, 50 % of the LUTs").understanding
    understood = {key: words for key, _, words in understanding.understood}
    assert understood == {"batch": "batch 1", "device": "on a ZCU104", "workload": "ResNet-50"}
    assert understanding.not_understood == ("low power", "50 % of the LUTs".lower())
    assumed = {key: value for key, value, _ in understanding.assumed}
    assert assumed["input"] == "224"
    assert assumed["dsp_limit"] == "1209"
    assert all(reason for _, _, reason in understanding.assumed)


def test_a_lower_bound_is_not_taken_for_an_upper_one() -> None:
    request = parse_request("resnet50 on a zcu104 with at least 512 DSPs")
    assert request.dsp_limit == 0
    assert "512 dsps" in " ".join(request.understanding.not_understood)


@pytest.mark.parametrize("words", [
    "latency at least 10 ms", "at most 60 fps", "-5 dsps", "1.024 dsps", "at 30 watts", "at 200 khz", "1000 classes",
])
def test_a_figure_that_is_no_wish_is_left_over_and_settles_nothing(words: str) -> None:
    request = parse_request(f"resnet50 on a zcu104, {words}")
    assert (request.workload, request.dsp_limit, request.clock_mhz) == ("resnet50@224", 0, 200)
    assert not request.goal.latency_limit_ms
    assert words.removeprefix("at ").removeprefix("most ") in " ".join(request.understanding.not_understood)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("please make me a sandwich", "Nothing to compute"), ("", "empty"), ("asdf qwer 123", "Nothing to compute"),
        ("ResNet-18 on a ZCU104", "Unknown network 'resnet-18'. Nearest: resnet50"),
        ("yolov5 on zcu104", "Known: alexnet"),
        ("Resnett-50 on zcu102", "Unknown network.*: resnet50"),
        ("VGG16 on a ZCU105", "Unknown device 'zcu105'. Nearest: zcu104"), ("vgg16 on a Foo9000", "Unknown device"),
        ("resnet50 on a toaster", "Unknown device 'toaster'"), ("resnet50 int4", "Unknown precision"),
        ("resnet50 fp16", "not built yet: precision fp16"), ("resnet50 at 500 MHz", "outside 150 .. 300 MHz"),
        ("resnet50 as fast as possible and as small as possible", "two things at once"),
        ("resnet50 on zcu104 or zcu102", "two things at once"),
        ("resnet50 with 3000 DSPs", "3000 is outside 4 .. 1728"),
        ("resnet50 with 120 % of the DSPs", "120 % of the DSPs"), ("resnet50 at 224x112", "only squares"),
        ("resnet50 under 0 ms", "out of range"), ("x" * 3000, "at most 2000"),
        ("resnet50 with 512 DSPs, 40 % of the DSPs", "limited twice"),
        ("resnet50 on a zcu104, not int8", "does not want: 'not int8'"),
        ("resnet50 but not on a zcu104", "does not want: 'not on a zcu104'"),
        ("resnet50 through 100 bit ports", "100 bits is none of 64, 128, 256, 512"),
        ("resnet50 with a 3.8 ns clock", "not a whole number of MHz. Ask for 263 MHz"),
        ("a 3x4 matrix times a 5x6 matrix", "4 columns meet 5 rows"),
    ],
)  # fmt: skip
def test_nonsense_and_contradictions_are_refused(text: str, says: str) -> None:
    with pytest.raises(AigchipError, match=says) as caught:
        parse_request(text)
    assert "\n" not in str(caught.value)


def test_a_users_device_is_understood() -> None:
    mine = read_devices(
        "devices: [{name: labboard, part: xcx1, family: zynq, lut: 9000, ff: 9000, dsp: 64, bram18: 20, ddr_gbps: 1}]",
        source="d.yaml",
    )
    assert parse_request("resnet50 on a Labboard", devices=mine).device == "labboard"


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        parse_request(text)
    except AigchipError:
        return


def _answer(**fields: object) -> str:
    blank: dict[str, object] = dict.fromkeys(REQUEST_SCHEMA["required"])
    return json.dumps(blank | {"not_understood": []} | fields)


def test_a_models_answer_gives_the_same_request_as_the_parser() -> None:
    text = "ResNet-50 at 224x224 on a ZCU104, at most 1024 DSPs, int8"
    answer = _answer(
        workload="resnet50@224", device="ZCU104", dsp_limit=1024, precision="int8", not_understood=["fast"]
    )
    by_model, by_words = request_from_json(answer, text, by="m"), parse_request(text)
    for key in ("workload", "device", "dsp_limit", "precision", "clock_mhz", "axi_bytes", "goal"):
        assert getattr(by_model, key) == getattr(by_words, key)
    assert by_model.understanding.by == "m"
    assert by_model.understanding.not_understood == ("fast",)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("no json", "is not JSON"), ("[]", "not a JSON object"), (_answer(workload="resnet18"), "Unknown network"),
        (_answer(workload="resnet50", dsp_limit="many"), "dsp_limit: 'many' is not allowed"),
        (_answer(workload="resnet50", minimise="power"), "minimise: 'power' is not allowed"),
        (_answer(workload="resnet50", speed=1), "unknown field 'speed'"), (_answer(), "Nothing to compute"),
        (_answer(workload="/etc/passwd.yaml"), "which the request does not"),
        (_answer(workload="resnet50", dsp_limit=100), "invents dsp_limit"),
        (_answer(workload="resnet50", clock_mhz=900), "outside 150"), ("[" * 5000, "is not JSON"),
    ],
)  # fmt: skip
def test_a_models_answer_is_checked_like_words(answer: str, says: str) -> None:
    with pytest.raises(AigchipError, match=says):
        request_from_json(answer, "a network please", by="m")
