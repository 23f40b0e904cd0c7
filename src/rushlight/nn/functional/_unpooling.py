"""Unpooling, fractional pooling and power-average pooling, with PyTorch's arguments and checks."""

from typing import Any

from ...ops import fractional_pooling, unpooling
from ...ops.elementary import relu
from ...ops.random_creation import rand
from ...tensor import Tensor
from .._sizes import _pair, _single, _triple
from ._pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


# ---------------------------------------------------------------------------------------------- unpooling
def _unpool_output_size(input: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> list[int]:
    """The spatial size of an unpooled tensor: what the pooling's arguments make of the input's, or a near one.

    Raises:
        ValueError: the size given is none that the pooling could have come from.
    """
    dims = len(kernel_size)
    usual = [
        (n - 1) * s + k - 2 * p
        for n, s, k, p in zip(input.shape[-dims:], stride, kernel_size, padding, strict=True)
    ]  # fmt: skip
    if output_size is None:
        return usual
    if len(output_size) == dims + 2:
        output_size = output_size[2:]
    if len(output_size) != dims:
        raise ValueError(
            "output_size should be a sequence containing "
            f"{dims} or {dims + 2} elements, but it has a length of '{len(output_size)}'"
        )
    for d in range(dims):
        least, most = usual[d] - stride[d], usual[d] + stride[d]
        if not least < output_size[d] < most:
            raise ValueError(f'invalid output_size "{output_size}" (dim {d} must be between {least} and {most})')
    return list(output_size)


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put the maxima of `max_pool1d` back where they were found, zeros elsewhere.

    Args:
        input: ``(N, C, L)`` or ``(C, L)``.
        indices: where each element goes, as the pooling returned it.
        kernel_size: the pooling's.
        stride: the pooling's; the window's size by default.
        padding: the pooling's.
        output_size: the result's size, where several give the same pooled size.

    Raises:
        ValueError: the size does not fit.
        RuntimeError: shapes or dtypes do not go together, or an index is outside of the result.
    """
    kernel_size = _single(kernel_size)
    stride = kernel_size if stride is None else _single(stride)
    size = _unpool_output_size(input, kernel_size, stride, _single(padding), output_size)
    unpooled: Tensor = unpooling.max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [*size, 1])
    return unpooled.squeeze(-1)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put the maxima of `max_pool2d` back where they were found; see `max_unpool1d`."""
    kernel_size = _pair(kernel_size)
    stride = kernel_size if stride is None else _pair(stride)
    size = _unpool_output_size(input, kernel_size, stride, _pair(padding), output_size)
    return unpooling.max_unpool2d(input, indices, size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put the maxima of `max_pool3d` back where they were found; see `max_unpool1d`."""
    kernel_size = _triple(kernel_size)
    stride = kernel_size if stride is None else _triple(stride)
    padding = _triple(padding)
    size = _unpool_output_size(input, kernel_size, stride, padding, output_size)
    return unpooling.max_unpool3d(input, indices, size, stride, padding)


# ---------------------------------------------------------------------------------------------- windows at random
def _fractional(
    dims: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    name = f"fractional_max_pool{dims}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if dims == 2 and len(output_ratio) > 2:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        ratios = (_pair if dims == 2 else _triple)(output_ratio)
        output_size = [int(input.size(d - dims) * ratios[d]) for d in range(dims)]
    if samples is None:
        batch = 1 if input.dim() == dims + 1 else input.size(0)
        samples = rand(batch, input.size(-dims - 1), dims, dtype=input.dtype)
    pool = fractional_pooling.fractional_max_pool2d if dims == 2 else fractional_pooling.fractional_max_pool3d
    pooled: tuple[Tensor, Tensor] = pool(input, kernel_size, output_size, samples)
    return pooled


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return what `fractional_max_pool2d` does, and where the maxima were found.

    Args:
        input: the images or volumes.
        kernel_size: the sizes of the windows.
        output_size, output_ratio: the sizes of the result, or what part of the input's sizes they are.
        return_indices: ignored: the places are returned in any case.
    """
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """Take the maxima of windows of random places in ``(N, C, H, W)`` or ``(C, H, W)``.

    Args:
        input: the images.
        kernel_size: the windows' size, an integer or one a dimension.
        output_size: the result's height and width.
        output_ratio: the result's size as a part of the input's, instead; one number a dimension.
        return_indices: whether to return the positions of the maxima too.
        _random_samples: what decides the windows' places: numbers between 0 and 1, ``(N, C, 2)``.

    Raises:
        ValueError: neither a size nor a ratio is given.
        RuntimeError: the windows do not fit the input.
    """
    pooled = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return pooled if return_indices else pooled[0]


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return what `fractional_max_pool3d` does, and where the maxima were found.

    Args:
        input: the images or volumes.
        kernel_size: the sizes of the windows.
        output_size, output_ratio: the sizes of the result, or what part of the input's sizes they are.
        return_indices: ignored: the places are returned in any case.
    """
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """Take the maxima of windows of random places in volumes; see `fractional_max_pool2d`."""
    pooled = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pooled if return_indices else pooled[0]


# ---------------------------------------------------------------------------------------------- powers
def _lp_pool(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool, elements: int, average: Any,
    greatest: Any,
) -> Tensor:  # fmt: skip
    """The p-norm of every window, of as many `elements`, by average pooling; of infinite order by max pooling."""
    found: Tensor
    if isinstance(norm_type, (int, float)) and abs(norm_type) == float("inf"):
        size = input.abs()
        found = greatest(size if norm_type > 0 else -size, kernel_size, stride, 0, 1, ceil_mode)
        return found if norm_type > 0 else -found
    means = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    found = (means.sign() * relu(means.abs())).mul(elements).pow(1.0 / norm_type)
    return found


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the `norm_type`-th root of the sum of powers in every window of ``(N, C, L)`` or ``(C, L)``.

    Args:
        input: the sequences.
        norm_type: the power, infinite for maxima of absolute values.
        kernel_size: the windows' size.
        stride: the step between them; their size by default.
        ceil_mode: whether windows may reach over the far border.
    """
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, kernel_size, avg_pool1d, max_pool1d)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the `norm_type`-th root of the sum of powers in every window of images; see `lp_pool1d`."""
    h, w = _pair(kernel_size)
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, h * w, avg_pool2d, max_pool2d)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Take the `norm_type`-th root of the sum of powers in every window of volumes; see `lp_pool1d`."""
    d, h, w = _triple(kernel_size)
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, d * h * w, avg_pool3d, max_pool3d)
