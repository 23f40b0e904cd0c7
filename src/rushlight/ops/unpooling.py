"""Putting maxima back where max pooling found them."""

from typing import Any

from .. import dtypes
from ..kernels import numpy_unpooling as kernels
from .arguments import explained
from .declare import Array, composite, operation
from .pooling_parts import HIDDEN


@operation(kernel=kernels.max_unpool, node="MaxUnpool2DBackward0", aten="max_unpool2d", tangent="linear", **HIDDEN,
           input="max_pool_gather(grad, indices, 2)")  # fmt: skip
def _max_unpool2d(input: Array, indices: Array, sizes: tuple[int, ...]) -> Array:
    """Images of zeros but for the input's elements at their places."""


@operation(kernel=kernels.max_unpool, node="MaxUnpool3DBackward0", aten="max_unpool3d", tangent="linear", **HIDDEN,
           input="max_pool_gather(grad, indices, 3)")  # fmt: skip
def _max_unpool3d(input: Array, indices: Array, sizes: tuple[int, ...]) -> Array:
    """Volumes of zeros but for the input's elements at their places."""


def _check(input: Any, indices: Any, dims: int, got: str) -> None:
    shape = input._shape
    if indices._dtype is not dtypes.int64:
        raise RuntimeError(f"elements in indices should be type int64{got}")
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{len(shape)} dimensions."
        )
    if indices._shape != shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(shape)}) but got indices tensor "
            f"with shape: {list(indices._shape)}"
        )
    for i in range(1, len(shape)):
        if not shape[i]:
            raise RuntimeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch "
                f"dimensions, but got {list(shape)} with dimension {i} being empty."
            )
    if not input._dtype.is_floating_point:
        kind = input._dtype.legacy.removesuffix("Tensor")
        raise NotImplementedError(f"\"max_unpool{dims}d\" not implemented for '{kind}'")


@composite(method=False, function=False)
@explained
def max_unpool2d(input: Any, indices: Any, output_size: Any) -> Any:
    """Images ``(N, C, *output_size)`` of zeros but for the elements of `input` at `indices`.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        indices: positions in the flattened images of the result, int64, like `input`.
        output_size: height and width of the result.

    Raises:
        RuntimeError: shapes or dtypes do not go together, or a position is outside of the result.
    """
    sizes = tuple(output_size)
    if len(sizes) != 2:
        raise RuntimeError(
            f"There should be exactly two elements (height, width) in output_size, but got {len(sizes)} elements."
        )
    _check(input, indices, 2, f" but got: {indices._dtype.legacy.removesuffix('Tensor')}")
    return _max_unpool2d(input, indices, sizes)


@composite(method=False, function=False)
@explained
def max_unpool3d(input: Any, indices: Any, output_size: Any, stride: Any, padding: Any) -> Any:
    """Volumes of zeros but for the elements of `input` at `indices`; see `max_unpool2d`.

    `stride` and `padding` are those of the pooling; they are only checked.

    Raises:
        RuntimeError: sizes or strides are not three positive integers.
    """
    for name, given in (("output_size", output_size), ("stride", stride), ("padding", padding)):
        if len(given) != 3:
            colon = "" if name == "output_size" else ":"
            raise RuntimeError(
                f"There should be exactly three elements (depth, height, width) in {name}, but got{colon} {len(given)} "
                "elements."
            )
    if min(stride) <= 0:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(stride)}")
    _check(input, indices, 3, "")
    return _max_unpool3d(input, indices, tuple(output_size))
