# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Unpooling, pooling over windows of random places, and pooling by powers."""

from typing import Any, ClassVar

from ...tensor import Tensor
from .. import functional as F
from .._sizes import _pair, _single, _triple
from .module import Module

__all__ = [
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _MaxUnpoolNd(Module):
    """What the unpoolings share; a subclass says how a size becomes one for each dimension, and the function."""

    kernel_size: Any
    stride: Any
    padding: Any

    _sizes: ClassVar[Any]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = self._sizes(kernel_size)
        self.stride = self._sizes(kernel_size if stride is None else stride)
        self.padding = self._sizes(padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts the maxima of `MaxPool1d` back where they were found, zeros elsewhere.

    Args:
        kernel_size: the pooling's.
        stride: the pooling's; the window's size by default.
        padding: the pooling's.

    Shape:
        ``(N, C, L)`` or ``(C, L)``, and the indices alike, to the pooling's input, whose size can be given.
    """

    _sizes = staticmethod(_single)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts the maxima of `MaxPool2d` back where they were found, zeros elsewhere.

    The arguments are those of `MaxUnpool1d`.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)``, and the indices alike, to the pooling's input, whose size can be given.
    """

    _sizes = staticmethod(_pair)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts the maxima of `MaxPool3d` back where they were found, zeros elsewhere.

    The arguments are those of `MaxUnpool1d`.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)``, and the indices alike, to the pooling's input, whose size can be given.
    """

    _sizes = staticmethod(_triple)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class _FractionalMaxPoolNd(Module):
    """What the fractional poolings share."""

    _random_samples: Tensor | None
    kernel_size: Any
    output_size: Any
    output_ratio: Any
    return_indices: bool

    _sizes: ClassVar[Any]

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes = self._sizes
        self.kernel_size = sizes(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = sizes(output_size) if output_size is not None else None
        self.output_ratio = sizes(output_ratio) if output_ratio is not None else None
        if output_size is None and output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _pool(self, function: Any, input: Tensor) -> Any:
        shape = self.kernel_size, self.output_size, self.output_ratio
        return function(input, *shape, self.return_indices, _random_samples=self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maxima of windows of random places, as many as the output's size or a part of the input's.

    Args:
        kernel_size: size of the window.
        output_size: the spatial size of the output, a number or one for each dimension.
        output_ratio: the output's size as a part of the input's, instead; between 0 and 1.
        return_indices: also return where the maxima were, as positions in the flattened spatial dimensions.
        _random_samples: numbers between 0 and 1, ``(N, C, 2)``, which decide the windows' places; drawn unless given.

    Raises:
        ValueError: not exactly one of size and ratio is given, or the ratio is not between 0 and 1.
    """

    _sizes = staticmethod(_pair)

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.fractional_max_pool2d, input)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The maxima of windows of random places in volumes; see `FractionalMaxPool2d`."""

    _sizes = staticmethod(_triple)

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:  # fmt: skip
        if min(_single(kernel_size), default=1) <= 0:
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        super().__init__(kernel_size, output_size, output_ratio, return_indices, _random_samples)

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.fractional_max_pool3d, input)


class _LPPoolNd(Module):
    """What the power poolings share."""

    norm_type: float
    kernel_size: Any
    stride: Any
    ceil_mode: bool

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The root of the sum of powers in each window of ``(N, C, L)`` or ``(C, L)``.

    Args:
        norm_type: the power; infinite for the maximum.
        kernel_size: size of the window.
        stride: step between windows; the size of the window by default.
        ceil_mode: let the last window reach over the border rather than leave out elements.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """The root of the sum of powers in each window of ``(N, C, H, W)`` or ``(C, H, W)``; see `LPPool1d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """The root of the sum of powers in each window of ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `LPPool1d`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
