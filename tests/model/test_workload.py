"""Networks computed from their architectures agree with the published layers; other texts and files are
checked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.networks import NETWORKS
from aigchip_tui.model.strictyaml import load_yaml
from aigchip_tui.model.workload import read_workload, workload

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "networks.yaml"
# Millions of multiply-accumulates at 224x224, from the papers and model zoos.
PUBLISHED_MMAC = {"alexnet": 724, "vgg16": 15470, "googlenet": 1583, "resnet50": 4089, "mobilenetv2": 301,
                  "squeezenet": 349}  # fmt: skip


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference layers are not here")
def test_all_layers_equal_the_reference_at_both_sizes() -> None:
    document = load_yaml(REFERENCE.read_bytes(), source="networks.yaml")
    assert isinstance(document, dict)
    compared = 0
    for name, sizes in document["networks"].items():
        for size, layers in sizes.items():
            ours = [(x.name, x.m, x.k, x.n, x.count) for x in workload(f"{name}@{size}").layers]
            assert ours == [(x["name"], x["M"], x["K"], x["N"], x["count"]) for x in layers], f"{name}@{size}"
            compared += len(ours)
    assert compared == 2 * (8 + 16 + 58 + 54 + 53 + 26)


@pytest.mark.parametrize("name", list(PUBLISHED_MMAC))
def test_macs_are_within_half_a_percent_of_the_published(name: str) -> None:
    assert workload(name).macs / 1e6 == pytest.approx(PUBLISHED_MMAC[name], rel=0.005)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_any_usable_size_gives_consistent_layers(name: str) -> None:
    small, large = workload(f"{name}@96"), workload(f"{name}@256")
    assert [x.name for x in small.layers] == [x.name for x in large.layers]
    assert all(s.k == b.k and s.n == b.n and s.m <= b.m for s, b in zip(small.layers, large.layers, strict=True))
    assert small.weights == large.weights


def test_equal_shapes_are_merged_without_losing_work() -> None:
    resnet = workload("resnet50@224")
    unique = resnet.unique()
    assert len(unique) < len(resnet.layers)
    assert len({x.shape for x in unique}) == len(unique)
    assert sum(x.macs for x in unique) == resnet.macs


def test_spellings_and_sums_of_workloads() -> None:
    assert workload("ResNet-50@224x224").name == "resnet50@224"
    assert workload("gemm:384x1536x77").layers[0].shape == (384, 77, 1536)
    both = workload("squeezenet@64 + gemm:8x9x10")
    assert both.macs == workload("squeezenet@64").macs + 720
    assert both.layers[-1].name == "gemm:8x9x10/gemm"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("resnet5O", "Nearest: resnet50"), ("quantum", "Known: alexnet"), ("resnet50@0", "outside 1"),
        ("resnet50@9999", "outside"), ("resnet50@224x225", "one number"), ("gemm:3x4", "is not gemm:MxKxN"),
        ("gemm:0x4x4", "m: 0 is outside"), ("gemm:4x200000x4", "overflow"), ("", "empty"), ("net.onnx", "not built"),
        ("/nonexistent/x.yaml", "No such file"), ("squeezenet@5", "too small"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(spec: str, says: str) -> None:
    with pytest.raises(AigchipError, match=says):
        workload(spec)


def test_yaml_of_layers(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("name: odd\nlayers:\n  - {name: one, M: 7, K: 13, N: 5, count: 3}\n  - squeezenet@64\n")
    odd = workload("odd.yaml", base=tmp_path)
    assert odd.name == "odd"
    assert odd.layers[0].macs == 7 * 13 * 5 * 3
    assert len(odd.layers) == 27


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("layers: [{m: 1, k: 2}]", "'n' is missing"), ("layers: [{m: 1, k: 2, n: 1.5}]", "whole number"),
        ("layers: [{m: 1, k: 2, n: 3, stride: 2}]", "unknown key 'stride'"), ("layers: []", "at least one"),
        ("layers: [{m: 1, M: 1, k: 2, n: 3}]", "occurs twice"), ("layers: [{m: true, k: 1, n: 1}]", "whole number"),
        ("layers: [{m: 1, k: 1, n: 1, kind: pool}]", "'pool' is unknown"), ("7", "expected a mapping"),
        ("layers: [{m: 1, k: 1, n: 1, name: '$(rm)'}]", "letters"),
    ],
)  # fmt: skip
def test_wrong_layers_are_refused_naming_the_place(text: str, says: str) -> None:
    with pytest.raises(AigchipError, match=says):
        read_workload(text, source="w.yaml", name="w")
