# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Pooling over windows, and to a given size."""

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .._sizes import _single
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


class _MaxPoolNd(Module):
    """What the maximum poolings share."""

    kernel_size: Any
    stride: Any
    padding: Any
    dilation: Any
    return_indices: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _pool(self, function: Any, input: Tensor) -> Any:
        shape = self.kernel_size, self.stride, self.padding, self.dilation
        return function(input, *shape, ceil_mode=self.ceil_mode, return_indices=self.return_indices)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The maximum of each window.

    The arguments are those of `MaxPool2d`.

    Shape:
        ``(N, C, L)`` or ``(C, L)``, each spatial size L to
        ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool1d, input)


class MaxPool2d(_MaxPoolNd):
    """The maximum of each window.

    Args:
        kernel_size: size of the window.
        stride: step between windows; the size of the window by default.
        padding: how far windows reach over the border; at most half their size.
        dilation: distance between the elements of a window.
        return_indices: also return where the maxima were, as positions in the flattened spatial dimensions.
        ceil_mode: let the last window reach over the border rather than leave out elements.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)``, each spatial size L to
        ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool2d, input)


class MaxPool3d(_MaxPoolNd):
    """The maximum of each window.

    The arguments are those of `MaxPool2d`.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)``, each spatial size L to
        ``(L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
    """

    def forward(self, input: Tensor) -> Any:
        return self._pool(F.max_pool3d, input)


class _AvgPoolNd(Module):
    """What the average poolings share."""

    kernel_size: Any
    stride: Any
    padding: Any
    ceil_mode: bool
    count_include_pad: bool

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of ``(N, C, L)`` or ``(C, L)``.

    Args:
        kernel_size: size of the window.
        stride: step between windows; the size of the window by default.
        padding: zeros on both sides; at most half the window.
        ceil_mode: let the last window reach over the border rather than leave out elements.
        count_include_pad: whether the zeros count.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _DividingAvgPoolNd(_AvgPoolNd):
    """What the average poolings share whose divisor can be given."""

    divisor_override: int | None

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def _pool(self, function: Any, input: Tensor) -> Tensor:
        shape = self.kernel_size, self.stride, self.padding
        return function(  # type: ignore[no-any-return]
            input, *shape, self.ceil_mode, self.count_include_pad, self.divisor_override
        )


class AvgPool2d(_DividingAvgPoolNd):
    """The mean of each window of ``(N, C, H, W)`` or ``(C, H, W)``.

    Args:
        kernel_size: size of the window.
        stride: step between windows; the size of the window by default.
        padding: zeros on both sides; at most half the window.
        ceil_mode: let the last window reach over the border rather than leave out elements.
        count_include_pad: whether the zeros count.
        divisor_override: what to divide the sum by instead of the number of elements.
    """

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.avg_pool2d, input)


class AvgPool3d(_DividingAvgPoolNd):
    """The mean of each window of ``(N, C, D, H, W)`` or ``(C, D, H, W)``; the arguments are those of `AvgPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return self._pool(F.avg_pool3d, input)


class _AdaptiveMaxPoolNd(Module):
    output_size: Any
    return_indices: bool

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPoolNd(Module):
    output_size: Any

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maxima of windows chosen so that the output gets a given size.

    Args:
        output_size: the spatial size of the output, a number or one for each dimension.
        return_indices: also return where the maxima were, as positions in the flattened spatial dimensions.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maxima of windows chosen so that the output gets a given size.

    Args:
        output_size: the spatial size of the output, a number or one for each dimension; None keeps the input's.
        return_indices: also return where the maxima were, as positions in the flattened spatial dimensions.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maxima of windows chosen so that the output gets a given size.

    The arguments are those of `AdaptiveMaxPool2d`.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of windows chosen so that the output gets a given size.

    Args:
        output_size: the spatial size of the output, a number or one for each dimension.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of windows chosen so that the output gets a given size.

    Args:
        output_size: the spatial size of the output, a number or one for each dimension; None keeps the input's.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of windows chosen so that the output gets a given size.

    Args:
        output_size: the spatial size of the output, a number or one for each dimension; None keeps the input's.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with the given spatial size.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)
