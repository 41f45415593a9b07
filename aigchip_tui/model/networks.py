"""Six convolutional networks as GEMM layers, computed from their architectures at any input size (batch 1).

A convolution becomes C[M,N] = A[M,K] * B[K,N] by im2col: M output pixels, K = inputs per group * kernel area,
N outputs per group; `count` is the number of equal GEMMs, one a group. Pooling, activation and addition are
not GEMMs and do not appear.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.layer import Layer, LayerKind

MAX_INPUT = 1024


class _Trunk:
    """Follows one feature map (square, `size` pixels, `channels` deep) and collects the layers it passes."""

    def __init__(self, size: int, channels: int = 3) -> None:
        self.size = size
        self.channels = channels
        self.layers: list[Layer] = []

    def conv(
        self,
        name: str,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
    ) -> _Trunk:
        """Adds a convolution and moves on to its output; padding keeps the size unless it is given."""
        padding = kernel // 2 if pad is None else pad
        self.size = (self.size + 2 * padding - kernel) // stride + 1
        if self.size < 1:
            raise AigchipError(
                f"The input is too small: no pixel is left after layer {name}.", hint="Take a larger one."
            )
        depthwise = groups == self.channels == outputs and groups > 1
        kind: LayerKind = "depthwise" if depthwise else "conv"
        self.layers.append(
            Layer(
                name=name,
                kind=kind,
                m=self.size**2,
                k=self.channels // groups * kernel**2,
                n=outputs // groups,
                count=groups,
            )
        )
        self.channels = outputs
        return self

    def pool(self, kernel: int, stride: int, *, pad: int = 0, ceil: bool = False) -> _Trunk:
        """Shrinks the map as a pooling window does."""
        span = (self.size + 2 * pad - kernel) / stride
        self.size = (math.ceil(span) if ceil else math.floor(span)) + 1
        if self.size < 1:
            raise AigchipError(
                "The input is too small: no pixel is left after a pooling layer.", hint="Take a larger one."
            )
        return self

    def branch(self) -> _Trunk:
        """A second reader of the same map that adds to the same list."""
        other = _Trunk(self.size, self.channels)
        other.layers = self.layers
        return other

    def dense(self, name: str, inputs: int, outputs: int) -> _Trunk:
        """Adds a fully connected layer."""
        self.layers.append(Layer(name=name, kind="fc", m=1, k=inputs, n=outputs, count=1))
        return self


def alexnet(size: int) -> list[Layer]:
    """AlexNet with two groups as in Caffe's reference model (Krizhevsky 2012); pooling before fc6 adapts to
    6x6.
    """
    net = _Trunk(size)
    net.conv("conv1", 96, 11, stride=4, pad=2).pool(3, 2)
    net.conv("conv2", 256, 5, groups=2).pool(3, 2)
    net.conv("conv3", 384, 3).conv("conv4", 384, 3, groups=2).conv("conv5", 256, 3, groups=2)
    return net.dense("fc6", 256 * 36, 4096).dense("fc7", 4096, 4096).dense("fc8", 4096, 1000).layers


def vgg16(size: int) -> list[Layer]:
    """VGG-16, configuration D (Simonyan 2014); pooling before fc6 adapts to 7x7."""
    net = _Trunk(size)
    for block, (depth, channels) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), start=1):
        for index in range(1, depth + 1):
            net.conv(f"conv{block}_{index}", channels, 3)
        net.pool(2, 2)
    return net.dense("fc6", 512 * 49, 4096).dense("fc7", 4096, 4096).dense("fc8", 4096, 1000).layers


# Inception modules of GoogLeNet: 1x1, 3x3 reduction, 3x3, 5x5 reduction, 5x5, pool projection (Szegedy 2014,
# table 1).
_INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet(size: int) -> list[Layer]:
    """GoogLeNet, Inception v1 with 5x5 branches and ceiling pooling, without the auxiliary classifiers."""
    net = _Trunk(size)
    net.conv("conv1", 64, 7, stride=2).pool(3, 2, ceil=True)
    net.conv("conv2_red", 64, 1).conv("conv2", 192, 3).pool(3, 2, ceil=True)
    for name, (one, red3, three, red5, five, proj) in _INCEPTION.items():
        if name in {"4a", "5a"}:
            net.pool(3, 2, ceil=True)
        net.branch().conv(f"{name}_1x1", one, 1)
        net.branch().conv(f"{name}_3x3r", red3, 1).conv(f"{name}_3x3", three, 3)
        net.branch().conv(f"{name}_5x5r", red5, 1).conv(f"{name}_5x5", five, 5)
        net.branch().conv(f"{name}_pool", proj, 1)
        net.channels = one + three + five + proj
    return net.dense("fc", net.channels, 1000).layers


def resnet50(size: int) -> list[Layer]:
    """ResNet-50 v1.5: the stride of a stage stands in its first 3x3 convolution (He 2015; v1.5 of NVIDIA and
    torchvision).
    """
    net = _Trunk(size)
    net.conv("conv1", 64, 7, stride=2).pool(3, 2, pad=1)
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=2):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 2 else 1
            shortcut, name = net.branch(), f"res{stage}{chr(ord('a') + block)}"
            net.conv(f"{name}_1", width, 1).conv(f"{name}_2", width, 3, stride=stride).conv(f"{name}_3", 4 * width, 1)
            if block == 0:
                shortcut.conv(f"{name}_ds", 4 * width, 1, stride=stride)
    return net.dense("fc", 2048, 1000).layers


# Inverted residuals of MobileNet-V2: expansion, outputs, repeats, first stride (Sandler 2018, table 2).
_INVERTED = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenetv2(size: int) -> list[Layer]:
    """MobileNet-V2 of width 1.0; depthwise layers are one GEMM of N=1, K=9 a channel."""
    net = _Trunk(size)
    net.conv("conv1", 32, 3, stride=2)
    block = 0
    for expansion, outputs, repeats, first_stride in _INVERTED:
        for repeat in range(repeats):
            block += 1
            inner = net.channels * expansion
            if expansion > 1:
                net.conv(f"b{block}_expand", inner, 1)
            net.conv(f"b{block}_dw", inner, 3, stride=first_stride if repeat == 0 else 1, groups=inner)
            net.conv(f"b{block}_project", outputs, 1)
    return net.conv("conv_last", 1280, 1).dense("fc", 1280, 1000).layers


# Fire modules of SqueezeNet 1.1: squeeze and expand channels; pooling stands before fire4 and fire6 (Iandola
# 2016, v1.1).
_FIRE = {
    2: (16, 64),
    3: (16, 64),
    4: (32, 128),
    5: (32, 128),
    6: (48, 192),
    7: (48, 192),
    8: (64, 256),
    9: (64, 256),
}


def squeezenet(size: int) -> list[Layer]:
    """SqueezeNet 1.1; its classifier is a convolution."""
    net = _Trunk(size)
    net.conv("conv1", 64, 3, stride=2, pad=0).pool(3, 2, ceil=True)
    for index, (squeeze, expand) in _FIRE.items():
        if index in {4, 6}:
            net.pool(3, 2, ceil=True)
        net.conv(f"fire{index}_s", squeeze, 1)
        net.branch().conv(f"fire{index}_e1", expand, 1)
        net.conv(f"fire{index}_e3", expand, 3)
        net.channels = 2 * expand
    return net.conv("conv10", 1000, 1).layers


NETWORKS: dict[str, Callable[[int], list[Layer]]] = {
    "alexnet": alexnet,
    "vgg16": vgg16,
    "googlenet": googlenet,
    "resnet50": resnet50,
    "mobilenetv2": mobilenetv2,
    "squeezenet": squeezenet,
}
# Other spellings, written as `normal_network_name` writes them.
ALIASES = {
    "alex": "alexnet",
    "vgg": "vgg16",
    "inceptionv1": "googlenet",
    "inception": "googlenet",
    "resnet": "resnet50",
    "mobilenet": "mobilenetv2",
    "squeezenet11": "squeezenet",
    "squeeze": "squeezenet",
    "resnet50v15": "resnet50",
}


def network_layers(name: str, size: int) -> tuple[Layer, ...]:
    """GEMM layers of a network at `size` x `size` pixels; raises AigchipError for a size it cannot take."""
    if not 1 <= size <= MAX_INPUT:
        raise AigchipError(f"Input size {size} of {name} is outside 1 .. {MAX_INPUT}.")
    return tuple(NETWORKS[name](size))
