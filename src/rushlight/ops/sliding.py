"""Images as columns of sliding blocks, and back."""

import math
from typing import Any

import numpy as np

from .arguments import explained
from .declare import Array, composite, operation
from .dimensions import one_or_several

_HIDDEN: dict[str, Any] = {"function": False, "method": False, "out": False}


def _counts(size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[int, int]:
    """How many blocks fit beside and above each other."""
    down, across = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    return down, across


def _block_rows(i: int, j: int, counts: Any, dilation: Any, stride: Any) -> tuple[slice, slice]:
    """Where entry (i, j) of all blocks lies in the padded image."""
    top, left = i * dilation[0], j * dilation[1]
    return (
        slice(top, top + counts[0] * stride[0], stride[0]),
        slice(left, left + counts[1] * stride[1], stride[1]),
    )


def _columns(x: Array, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    if x.ndim == 3:
        return _columns(x[None], size, kernel, dilation, padding, stride)[0]
    n, c = x.shape[:2]
    counts = _counts(size, kernel, dilation, padding, stride)
    padded = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    found = np.empty((n, c, *kernel, *counts), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows, columns = _block_rows(i, j, counts, dilation, stride)
            found[:, :, i, j] = padded[:, :, rows, columns][:, :, : counts[0], : counts[1]]
    return found.reshape(n, c * math.prod(kernel), math.prod(counts))


def _images(x: Array, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    if x.ndim == 2:
        return _images(x[None], size, kernel, dilation, padding, stride)[0]
    n = x.shape[0]
    counts = _counts(size, kernel, dilation, padding, stride)
    blocks = x.reshape(n, x.shape[1] // math.prod(kernel), *kernel, *counts)
    found = np.zeros((n, blocks.shape[1], size[0] + 2 * padding[0], size[1] + 2 * padding[1]), x.dtype)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows, columns = _block_rows(i, j, counts, dilation, stride)
            found[:, :, rows, columns] += blocks[:, :, i, j]
    return found[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]].copy()


@operation(name="_im2col", aten="im2col", node="Im2ColBackward0", kernel=_columns, **_HIDDEN, tangent="linear",
           input="_col2im(grad, size, kernel, dilation, padding, stride)")  # fmt: skip
def _im2col(input: Array, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """The sliding blocks of images as columns."""


@operation(name="_col2im", aten="col2im", node="Col2ImBackward0", kernel=_images, **_HIDDEN, tangent="linear",
           input="_im2col(grad, size, kernel, dilation, padding, stride)")  # fmt: skip
def _col2im(input: Array, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    """Images in which the columns' blocks are added up."""


def _pair(value: Any) -> tuple[int, int]:
    found = one_or_several(value)
    return (found, found) if isinstance(found, int) else found  # type: ignore[return-value]


@composite(function=False, method=False, name="unfold_images")
@explained("im2col")
def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The sliding blocks of images as columns.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the blocks' size.
        dilation: the distance of a block's entries.
        padding: zeros around the images.
        stride: the distance of blocks.

    Returns:
        ``(N, C * entries of a block, blocks)``, or the same without N.

    Raises:
        RuntimeError: no block fits.
        IndexError: the input has another number of dimensions.
    """
    kernel, spread, edge, step = (_pair(v) for v in (kernel_size, dilation, padding, stride))
    dims = len(input._shape)
    if dims not in (3, 4):
        raise IndexError(f"Dimension out of range (expected to be in range of [{-dims}, {dims - 1}], but got {dims})")
    size = tuple(input._shape[-2:])
    counts = _counts(size, kernel, spread, edge, step)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {size}, kernel_size={kernel}, dilation={spread}, padding={edge}, "
            f"calculated shape of the array of sliding blocks as {counts}, but its components must be at least one."
        )
    return _im2col(input, size, kernel, spread, edge, step)


@composite(function=False, method=False, name="fold_images")
@explained("col2im")
def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Images in which sliding blocks, given as columns, are added up; the arguments are those of `unfold`.

    Raises:
        RuntimeError: the input has not the shape that `unfold` would give.
    """
    size, kernel, spread, edge, step = (_pair(v) for v in (output_size, kernel_size, dilation, padding, stride))
    if len(input._shape) not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(input._shape)}"
        )
    if input._shape[-2] % math.prod(kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input._shape[-2]} and kernel_size={kernel}."
        )
    counts = _counts(size, kernel, spread, edge, step)
    if math.prod(counts) != input._shape[-1]:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={spread}, padding={edge}, stride={step}, "
            "expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{counts[0]} * {counts[1]} = {math.prod(counts)}, but got input.size(2)={input._shape[-1]}."
        )
    return _col2im(input, size, kernel, spread, edge, step)
