"""Workloads: the GEMM layers of one or several networks, from a short text (`resnet50@224`, `gemm:MxKxN`) or
a YAML file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer, LayerKind
from aigchip_tui.model.networks import ALIASES, MAX_INPUT, NETWORKS, network_layers
from aigchip_tui.model.packing import CHANNELS, USUAL_CHANNELS, packed
from aigchip_tui.model.strictyaml import MAX_YAML_BYTES, integer_of, load_yaml, mapping_of

__all__ = [
    "Layer",
    "LayerKind",
    "Workload",
    "checked_layer",
    "nearest_networks",
    "normal_network_name",
    "read_workload",
    "read_workload_file",
    "workload",
]

DEFAULT_INPUT = 224
MAX_DIMENSION = 1 << 20
MAX_LAYERS = 4096
# acc_t is 32 bit: k products of at most 2**14 in magnitude must fit, with the bias beside them.
MAX_K_INT8 = (1 << 31) // (1 << 14) - 1
_KINDS: tuple[LayerKind, ...] = ("conv", "depthwise", "fc", "gemm")
_GEMM = re.compile(r"gemm:(\d{1,9})x(\d{1,9})x(\d{1,9})", re.IGNORECASE)


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """What an accelerator has to compute: layers in program order; equal shapes stay apart, `unique` merges
    them.
    """

    name: str
    layers: tuple[Layer, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference (batch 1)."""
        return sum(layer.macs for layer in self.layers)

    @property
    def weights(self) -> int:
        """Weights of all layers, in elements."""
        return sum(layer.k * layer.n * layer.count for layer in self.layers)

    def unique(self) -> tuple[Layer, ...]:
        """Layers of distinct (m, n, k), each with the summed count and the first layer's name; largest work
        first.
        """
        merged: dict[tuple[int, int, int], Layer] = {}
        for layer in self.layers:
            known = merged.get(layer.shape)
            count = layer.count + (known.count if known else 0)
            merged[layer.shape] = msgspec.structs.replace(known or layer, count=count)
        return tuple(sorted(merged.values(), key=lambda layer: (-layer.macs, layer.name)))


def normal_network_name(text: str) -> str | None:
    """The network meant by `text` in any spelling (`ResNet-50`, `VGG 16`), or None."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    plain = ALIASES.get(plain, plain)
    return plain if plain in NETWORKS else None


def workload(spec: str, *, base: Path | None = None) -> Workload:
    """The workload of a short text: `NETWORK[@SIZE][/dwCHANNELS]`, `gemm:MxKxN`, several joined by `+`, or a path of a
    YAML file.

    Paths are taken relative to `base` (the current folder if None). Raises AigchipError for unknown networks
    (with the nearest names), sizes out of range and unreadable files.
    """
    text = spec.strip()
    if not text:
        raise AigchipError(
            "The workload is empty.", hint="Say for instance resnet50@224, gemm:384x1536x77 or FILE.yaml."
        )
    if text.lower().endswith((".yaml", ".yml")):
        return read_workload_file((base or Path()) / text)
    if text.lower().endswith(".onnx"):
        raise AigchipError(
            f"{text}: ONNX is not built yet.", hint="Write its layers into a YAML file: name, m, k, n, count."
        )
    parts = [_one_workload(part.strip()) for part in text.split("+")]
    if len(parts) == 1:
        return parts[0]
    names = [part.name for part in parts]
    layers = tuple(
        msgspec.structs.replace(layer, name=f"{part.name}/{layer.name}") for part in parts for layer in part.layers
    )
    return Workload(name="+".join(names), layers=layers)


def with_usual_packing(asked: Workload) -> Workload:
    """The workload with `USUAL_CHANNELS` in a GEMM of those networks that have depthwise layers and name no number."""
    parts = [
        f"{part}/dw{USUAL_CHANNELS}" if "/" not in part and _has_channels_alone(part) else part
        for part in asked.name.split("+")
    ]
    name = "+".join(parts)
    return workload(name) if name != asked.name else asked


def _has_channels_alone(part: str) -> bool:
    return any(layer.kind == "depthwise" and layer.n == 1 for layer in _one_workload(part).layers)


def _one_workload(text: str) -> Workload:
    if text.lower().startswith("gemm"):
        match = _GEMM.fullmatch(text)
        if match is None:
            raise AigchipError(f"{text!r} is not gemm:MxKxN.", hint="For instance gemm:384x1536x77.")
        m, k, n = (int(figure) for figure in match.groups())
        layer = checked_layer(Layer(name="gemm", kind="gemm", m=m, k=k, n=n), where=text)
        return Workload(name=text.lower(), layers=(layer,))
    text, slash, packing = text.partition("/")
    packing = packing.lower()
    if slash and packing not in {f"dw{channels}" for channels in CHANNELS}:
        raise AigchipError(
            f"/{packing} behind {text} is no packing of depthwise layers.",
            hint=f"Known: {', '.join(f'/dw{channels}' for channels in CHANNELS)} (channels in a GEMM).",
        )
    name, at, size_text = text.partition("@")
    network = normal_network_name(name)
    if network is None:
        raise AigchipError(f"Unknown network {name!r}.", hint=nearest_networks(name))
    size = DEFAULT_INPUT
    if at:
        match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", size_text.strip())
        if match is None or (match[2] and match[2] != match[1]):
            raise AigchipError(f"{text!r}: the input size after @ must be one number of pixels, for instance @224.")
        size = int(match[1])
    if not 1 <= size <= MAX_INPUT:
        raise AigchipError(f"{text!r}: input size {size} is outside 1 .. {MAX_INPUT}.")
    layers = network_layers(network, size)
    if slash:
        if not any(layer.kind == "depthwise" for layer in layers):
            raise AigchipError(f"{network}@{size} has no depthwise layers for /{packing} to pack.", hint=f"Say {text}.")
        return Workload(name=f"{network}@{size}/{packing}", layers=packed(layers, int(packing.removeprefix("dw"))))
    return Workload(name=f"{network}@{size}", layers=layers)


def nearest_networks(name: str) -> str:
    """A sentence naming the networks nearest to `name`, or all of them."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    near = difflib.get_close_matches(plain, [*NETWORKS, *ALIASES], n=3, cutoff=0.55)
    known = list(dict.fromkeys(ALIASES.get(each, each) for each in near))
    return f"Nearest: {', '.join(known)}." if known else f"Known: {', '.join(NETWORKS)}, gemm:MxKxN, FILE.yaml."


def checked_layer(layer: Layer, *, where: str) -> Layer:
    """The same layer if its dimensions are usable, else AigchipError naming the dimension."""
    for axis, size in (("m", layer.m), ("k", layer.k), ("n", layer.n), ("count", layer.count)):
        integer_of(size, where=f"{where}, {axis}", least=1, most=MAX_DIMENSION)
    if layer.k > MAX_K_INT8:
        raise AigchipError(
            f"{where}: k={layer.k} could overflow 32-bit sums of int8 products.",
            hint=f"At most {MAX_K_INT8}; split the layer.",
        )
    return layer


def read_workload_file(path: Path) -> Workload:
    """Workload of a YAML file; see `read_workload`. Raises AigchipError if the file cannot be read."""
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise AigchipError(f"{path}: larger than {MAX_YAML_BYTES} bytes.")
        data = path.read_bytes()
    except OSError as error:
        raise AigchipError(
            f"{path}: {error.strerror or error}.", hint="Give the path of a YAML file of layers."
        ) from None
    return read_workload(data, source=str(path), name=path.stem)


def read_workload(text: str | bytes, *, source: str, name: str) -> Workload:
    """Workload of a YAML document `layers: [{name, m, k, n, count, kind}]`, `name:` optional; capital letters
    are allowed.

    An entry may also be a short text (`resnet50@224`). Raises AigchipError naming the entry and key.
    """
    document = load_yaml(text, source=source)
    if isinstance(document, list):
        document = {"layers": document}
    values = mapping_of(document, where=source, known=("name", "layers"), required=("layers",))
    entries = values["layers"]
    if not isinstance(entries, list) or not entries:
        raise AigchipError(f"{source}: 'layers' must be a list of at least one layer.")
    layers: list[Layer] = []
    for index, entry in enumerate(entries):
        layers.extend(_layers_of(entry, where=f"{source}: layer {index + 1}", number=index + 1))
        if len(layers) > MAX_LAYERS:
            raise AigchipError(f"{source}: more than {MAX_LAYERS} layers.")
    title = values.get("name", name)
    if not isinstance(title, str) or not re.fullmatch(r"[\w.@:+ -]{1,64}", title):
        raise AigchipError(f"{source}: name must be at most 64 letters, digits and . _ @ : + -.")
    return Workload(name=title, layers=tuple(layers))


def _layers_of(entry: object, *, where: str, number: int) -> Iterable[Layer]:
    if isinstance(entry, str):
        return _one_workload(entry.strip()).layers
    if not isinstance(entry, dict):
        raise AigchipError(f"{where}: expected a mapping with m, k, n.")
    lowered = {key.lower() if isinstance(key, str) else key: value for key, value in entry.items()}
    if len(lowered) != len(entry):
        raise AigchipError(f"{where}: a key occurs twice, in capital and small letters.")
    values = mapping_of(lowered, where=where, known=("name", "kind", "m", "k", "n", "count"), required=("m", "k", "n"))
    kind = values.get("kind", "gemm")
    kinds: dict[object, LayerKind] = {each: each for each in _KINDS}
    kinds["dw"] = "depthwise"
    if not isinstance(kind, str) or kind not in kinds:
        raise AigchipError(f"{where}, kind: {kind!r} is unknown.", hint=f"Known: {', '.join(_KINDS)}.")
    name = values.get("name", f"layer{number}")
    if not isinstance(name, str) or not re.fullmatch(r"[\w./+-]{1,64}", name):
        raise AigchipError(f"{where}, name: {name!r} must be at most 64 letters, digits and . _ / + -.")
    figures = {
        axis: integer_of(values.get(axis, 1), where=f"{where}, {axis}", least=1, most=MAX_DIMENSION)
        for axis in ("m", "k", "n", "count")
    }
    return [checked_layer(Layer(name=name, kind=kinds[kind], **figures), where=where)]
