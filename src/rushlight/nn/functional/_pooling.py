"""Pooling, with PyTorch's arguments: `return_indices` decides whether one tensor or two are returned."""

from typing import Any

from ...ops import pooling as ops
from ...tensor import Tensor
from .._sizes import _list_with_default

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]

avg_pool1d = ops.avg_pool1d
avg_pool2d = ops.avg_pool2d
avg_pool3d = ops.avg_pool3d
adaptive_avg_pool1d = ops.adaptive_avg_pool1d


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima as `max_pool1d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        kernel_size: the sizes of the windows.
        stride: the steps between windows; `kernel_size` unless given.
        padding: how many minus infinities are put around.
        dilation: the steps between a window's elements.
        ceil_mode: whether windows may begin inside and end outside.
        return_indices: ignored: the places are returned in any case.
    """
    stride = [] if stride is None else stride
    return ops.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Take the maximum of each window of ``(N, C, L)`` or ``(C, L)``; the arguments are those of `max_pool2d`."""
    stride = [] if stride is None else stride
    if return_indices:
        return ops.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return ops.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima as `max_pool2d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        kernel_size: the sizes of the windows.
        stride: the steps between windows; `kernel_size` unless given.
        padding: how many minus infinities are put around.
        dilation: the steps between a window's elements.
        ceil_mode: whether windows may begin inside and end outside.
        return_indices: ignored: the places are returned in any case.
    """
    stride = [] if stride is None else stride
    return ops.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Take the maximum of each window of ``(N, C, H, W)`` or ``(C, H, W)``.

    Args:
        input: the tensor.
        kernel_size: size of the windows.
        stride: step between them; their size by default.
        padding: how far they reach over the border.
        dilation: distance between the elements of a window.
        ceil_mode: round the output's size up.
        return_indices: return the positions of the maxima too.
    """
    stride = [] if stride is None else stride
    if return_indices:
        return ops.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return ops.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the maxima as `max_pool3d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        kernel_size: the sizes of the windows.
        stride: the steps between windows; `kernel_size` unless given.
        padding: how many minus infinities are put around.
        dilation: the steps between a window's elements.
        ceil_mode: whether windows may begin inside and end outside.
        return_indices: ignored: the places are returned in any case.
    """
    stride = [] if stride is None else stride
    return ops.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Take the maximum of each window of ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `max_pool2d`."""
    stride = [] if stride is None else stride
    if return_indices:
        return ops.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return ops.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode)


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima as `adaptive_max_pool1d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        output_size: how many windows there are along each dimension.
        return_indices: ignored: the places are returned in any case.
    """
    return ops.adaptive_max_pool1d(input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Take maxima of ``(N, C, L)`` or ``(C, L)`` over windows that make the output `output_size` large.

    With `return_indices` the positions of the maxima are returned too.
    """
    values = adaptive_max_pool1d_with_indices(input, output_size)
    return values if return_indices else values[0]


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima as `adaptive_max_pool2d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        output_size: how many windows there are along each dimension.
        return_indices: ignored: the places are returned in any case.
    """
    return ops.adaptive_max_pool2d(input, _list_with_default(output_size, input.size()))


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Take maxima of ``(N, C, H, W)`` or ``(C, H, W)`` over windows that make the output `output_size` large.

    With `return_indices` the positions of the maxima are returned too.
    """
    values = adaptive_max_pool2d_with_indices(input, output_size)
    return values if return_indices else values[0]


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima as `adaptive_max_pool3d` does, and where they were found.

    Args:
        input: the signals, images or volumes.
        output_size: how many windows there are along each dimension.
        return_indices: ignored: the places are returned in any case.
    """
    return ops.adaptive_max_pool3d(input, _list_with_default(output_size, input.size()))


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Take maxima of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` over windows that make the output `output_size` large.

    With `return_indices` the positions of the maxima are returned too.
    """
    values = adaptive_max_pool3d_with_indices(input, output_size)
    return values if return_indices else values[0]


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Take means of ``(N, C, H, W)`` or ``(C, H, W)`` over windows that make the output `output_size` large."""
    return ops.adaptive_avg_pool2d(input, _list_with_default(output_size, input.size()))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Take means of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` over windows that make the output `output_size` large."""
    return ops.adaptive_avg_pool3d(input, _list_with_default(output_size, input.size()))
