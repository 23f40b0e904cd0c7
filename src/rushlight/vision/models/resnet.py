"""Residual networks (He et al. 2015; Xie et al. 2016; Zagoruyko and Komodakis 2016) as torchvision builds them.

Parameters have torchvision's names and are drawn in its order: the same seed gives the same network, and its files of
weights fit. As there, a bottleneck has its stride in the 3x3 convolution ("version 1.5").
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from ... import nn
from ...nn.modules._fused import normalized, summed
from ...tensor import Tensor
from ..transforms.presets import ImageClassification
from .registry import Weights, WeightsEnum, older_arguments, register_model


def _conv3x3(inputs: int, outputs: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, groups, bias=False)


def _conv1x1(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and the input added to their result.

    Args:
        inplanes: channels of the input.
        planes: channels of the result.
        stride: of the first convolution.
        downsample: what makes the input fit the result, None where it fits.
        groups: must be 1.
        base_width: must be 64.
        dilation: must be 1.
        norm_layer: makes a normalization of so many channels; `BatchNorm2d` by default.

    Raises:
        ValueError: `groups` or `base_width` is not what it must be.
        NotImplementedError: `dilation` is not 1.
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if (groups, base_width) != (1, 64):
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = _conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """The block's result, `(N, planes, H / stride, W / stride)`."""
        out = normalized(self.bn1, self.relu, self.conv1(x))
        out = self.bn2(self.conv2(out))
        return summed(out, x if self.downsample is None else self.downsample(x), self.relu)


class Bottleneck(nn.Module):
    """A 1x1, a 3x3 and a 1x1 convolution, the last to `4 * planes` channels, and the input added to their result.

    Args:
        inplanes: channels of the input.
        planes: a quarter of the channels of the result.
        stride: of the 3x3 convolution.
        downsample: what makes the input fit the result, None where it fits.
        groups: of the 3x3 convolution.
        base_width: its channels in a group for 64 `planes`.
        dilation: of the 3x3 convolution.
        norm_layer: makes a normalization of so many channels; `BatchNorm2d` by default.
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * base_width / 64) * groups
        wide = planes * self.expansion
        self.conv1 = _conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = _conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = _conv1x1(width, wide)
        self.bn3 = norm_layer(wide)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """The block's result, `(N, 4 planes, H / stride, W / stride)`."""
        out = normalized(self.bn1, self.relu, self.conv1(x))
        out = normalized(self.bn2, self.relu, self.conv2(out))
        out = self.bn3(self.conv3(out))
        return summed(out, x if self.downsample is None else self.downsample(x), self.relu)


class ResNet(nn.Module):
    """A residual network for images `(N, 3, H, W)`, returning scores `(N, num_classes)`.

    Args:
        block: `BasicBlock` or `Bottleneck`.
        layers: how many blocks each of the four stages has.
        num_classes: how many scores.
        zero_init_residual: whether each block starts as the identity (its last normalization scaled by zero).
        groups: of the bottlenecks' 3x3 convolutions.
        width_per_group: the bottlenecks' `base_width`.
        replace_stride_with_dilation: for each of the last three stages, whether it keeps the resolution and widens
        its windows.
        norm_layer: makes a normalization of so many channels; `BatchNorm2d` by default.

    Raises:
        ValueError: `replace_stride_with_dilation` has not three entries.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: list[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        dilate = [False, False, False] if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {dilate}")
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, 7, 2, 3, bias=False)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._initialize(zero_init_residual)

    def _initialize(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                last: Any = getattr(module, "bn3" if isinstance(module, Bottleneck) else "bn2", None)
                if isinstance(module, (BasicBlock, Bottleneck)) and last.weight is not None:
                    nn.init.constant_(last.weight, 0)

    def _make_layer(
        self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        """One stage; only its first block changes the resolution and the number of channels."""
        outputs = planes * block.expansion
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != outputs:
            downsample = nn.Sequential(_conv1x1(self.inplanes, outputs, stride), self._norm_layer(outputs))
        common: dict[str, Any] = {"groups": self.groups, "base_width": self.base_width, "norm_layer": self._norm_layer}
        stage: list[nn.Module] = [block(self.inplanes, planes, stride, downsample, dilation=first_dilation, **common)]
        self.inplanes = outputs
        stage += [block(outputs, planes, dilation=self.dilation, **common) for _ in range(1, blocks)]
        return nn.Sequential(*stage)

    def forward(self, x: Tensor) -> Tensor:
        """Scores for each class, `(N, num_classes)`."""
        x = self.maxpool(normalized(self.bn1, self.relu, self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


# ---------------------------------------------------------------------------------------------- weights
@cache
def _categories() -> list[str]:
    """The names of ImageNet's 1000 classes."""
    return Path(__file__).with_name("imagenet.txt").read_text(encoding="utf-8").splitlines()


_ISSUE = "https://github.com/pytorch/vision/issues/3995"
_RECIPES = "https://github.com/pytorch/vision/tree/main/references/classification"


def _weights(
    file: str, params: int, top1: float, top5: float, gflops: float, megabytes: float, recipe: str, resize: int = 256
) -> Weights:
    """A set of weights for ImageNet, by the name of its file and what torchvision has measured."""
    meta = {
        "min_size": (1, 1),
        "categories": _categories(),
        "num_params": params,
        "recipe": recipe,
        "_metrics": {"ImageNet-1K": {"acc@1": top1, "acc@5": top5}},
        "_ops": gflops,
        "_file_size": megabytes,
    }
    transforms = partial(ImageClassification, crop_size=224, resize_size=resize)
    return Weights(f"https://download.pytorch.org/models/{file}.pth", transforms, meta)


class ResNet18_Weights(WeightsEnum):
    """The weights of `resnet18`."""

    IMAGENET1K_V1 = _weights("resnet18-f37072fd", 11689512, 69.758, 89.078, 1.814, 44.661, f"{_RECIPES}#resnet")
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """The weights of `resnet34`."""

    IMAGENET1K_V1 = _weights("resnet34-b627a593", 21797672, 73.314, 91.420, 3.664, 83.275, f"{_RECIPES}#resnet")
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """The weights of `resnet50`."""

    IMAGENET1K_V1 = _weights("resnet50-0676ba61", 25557032, 76.130, 92.862, 4.089, 97.781, f"{_RECIPES}#resnet")
    IMAGENET1K_V2 = _weights(
        "resnet50-11ad3fa6", 25557032, 80.858, 95.434, 4.089, 97.79, f"{_ISSUE}#issuecomment-1013906621", 232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """The weights of `resnet101`."""

    IMAGENET1K_V1 = _weights("resnet101-63fe2227", 44549160, 77.374, 93.546, 7.801, 170.511, f"{_RECIPES}#resnet")
    IMAGENET1K_V2 = _weights("resnet101-cd907fc2", 44549160, 81.886, 95.780, 7.801, 170.53, f"{_ISSUE}#new-recipe", 232)
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """The weights of `resnet152`."""

    IMAGENET1K_V1 = _weights("resnet152-394f9c45", 60192808, 78.312, 94.046, 11.514, 230.434, f"{_RECIPES}#resnet")
    IMAGENET1K_V2 = _weights(
        "resnet152-f82ba261", 60192808, 82.284, 96.002, 11.514, 230.474, f"{_ISSUE}#new-recipe", 232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """The weights of `resnext50_32x4d`."""

    IMAGENET1K_V1 = _weights("resnext50_32x4d-7cdf4587", 25028904, 77.618, 93.698, 4.23, 95.789, f"{_RECIPES}#resnext")
    IMAGENET1K_V2 = _weights(
        "resnext50_32x4d-1a0047aa", 25028904, 81.198, 95.340, 4.23, 95.833, f"{_ISSUE}#new-recipe", 232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """The weights of `resnext101_32x8d`."""

    IMAGENET1K_V1 = _weights(
        "resnext101_32x8d-8ba56ff5", 88791336, 79.312, 94.526, 16.414, 339.586, f"{_RECIPES}#resnext"
    )
    IMAGENET1K_V2 = _weights(
        "resnext101_32x8d-110c445d", 88791336, 82.834, 96.228, 16.414, 339.673, f"{_ISSUE}#new-recipe-with-fixres", 232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """The weights of `resnext101_64x4d`."""

    IMAGENET1K_V1 = _weights(
        "resnext101_64x4d-173b62eb", 83455272, 83.246, 96.454, 15.46, 319.318,
        "https://github.com/pytorch/vision/pull/5935", 232,
    )  # fmt: skip
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """The weights of `wide_resnet50_2`."""

    IMAGENET1K_V1 = _weights(
        "wide_resnet50_2-95faca4d", 68883240, 78.468, 94.086, 11.398, 131.82,
        "https://github.com/pytorch/vision/pull/912#issue-445437439",
    )  # fmt: skip
    IMAGENET1K_V2 = _weights(
        "wide_resnet50_2-9ba9bcbe", 68883240, 81.602, 95.758, 11.398, 263.124, f"{_ISSUE}#new-recipe-with-fixres", 232
    )
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """The weights of `wide_resnet101_2`."""

    IMAGENET1K_V1 = _weights(
        "wide_resnet101_2-32ee1156", 126886696, 78.848, 94.284, 22.753, 242.896,
        "https://github.com/pytorch/vision/pull/912#issue-445437439",
    )  # fmt: skip
    IMAGENET1K_V2 = _weights(
        "wide_resnet101_2-d733dc28", 126886696, 82.510, 96.020, 22.753, 484.747, f"{_ISSUE}#new-recipe", 232
    )
    DEFAULT = IMAGENET1K_V2


# ---------------------------------------------------------------------------------------------- builders
def _fixed(options: dict[str, Any], name: str, value: Any) -> None:
    """Sets an option that is not free any more.

    Raises:
        ValueError: another value was given.
    """
    if options.setdefault(name, value) != value:
        raise ValueError(f"The parameter '{name}' expected value {value} but got {options[name]} instead.")


def _builder(
    name: str,
    about: str,
    block: type[BasicBlock | Bottleneck],
    layers: list[int],
    kinds: type[WeightsEnum],
    **fixed: int,
) -> Callable[..., ResNet]:
    """The function that builds one of the networks, put on the list of models."""

    def build(*, weights: Any = None, progress: bool = True, **options: Any) -> ResNet:
        chosen = kinds.verify(weights)
        for key, value in fixed.items():
            _fixed(options, key, value)
        if chosen is not None:
            _fixed(options, "num_classes", len(chosen.meta["categories"]))
        model = ResNet(block, layers, **options)
        if chosen is not None:
            model.load_state_dict(chosen.get_state_dict(progress=progress, check_hash=True))
        return model

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"""{about}

    Args:
        weights: a member of `{kinds.__name__}` or its name; None for random weights.
        progress: whether to show a bar while downloading.
        **options: go to `ResNet`.

    Raises:
        urllib.error.URLError: the weights are neither in the cache nor reachable.
    """
    return register_model(weights=kinds)(older_arguments(kinds["IMAGENET1K_V1"])(build))


resnet18 = _builder("resnet18", "ResNet-18.", BasicBlock, [2, 2, 2, 2], ResNet18_Weights)
resnet34 = _builder("resnet34", "ResNet-34.", BasicBlock, [3, 4, 6, 3], ResNet34_Weights)
resnet50 = _builder("resnet50", "ResNet-50.", Bottleneck, [3, 4, 6, 3], ResNet50_Weights)
resnet101 = _builder("resnet101", "ResNet-101.", Bottleneck, [3, 4, 23, 3], ResNet101_Weights)
resnet152 = _builder("resnet152", "ResNet-152.", Bottleneck, [3, 8, 36, 3], ResNet152_Weights)
resnext50_32x4d = _builder(
    "resnext50_32x4d", "ResNeXt-50, 32 groups of 4.", Bottleneck, [3, 4, 6, 3], ResNeXt50_32X4D_Weights,
    groups=32, width_per_group=4,
)  # fmt: skip
resnext101_32x8d = _builder(
    "resnext101_32x8d", "ResNeXt-101, 32 groups of 8.", Bottleneck, [3, 4, 23, 3], ResNeXt101_32X8D_Weights,
    groups=32, width_per_group=8,
)  # fmt: skip
resnext101_64x4d = _builder(
    "resnext101_64x4d", "ResNeXt-101, 64 groups of 4.", Bottleneck, [3, 4, 23, 3], ResNeXt101_64X4D_Weights,
    groups=64, width_per_group=4,
)  # fmt: skip
wide_resnet50_2 = _builder(
    "wide_resnet50_2", "ResNet-50 with bottlenecks twice as wide.", Bottleneck, [3, 4, 6, 3], Wide_ResNet50_2_Weights,
    width_per_group=128,
)  # fmt: skip
wide_resnet101_2 = _builder(
    "wide_resnet101_2", "ResNet-101 with bottlenecks twice as wide.", Bottleneck, [3, 4, 23, 3],
    Wide_ResNet101_2_Weights, width_per_group=128,
)  # fmt: skip
