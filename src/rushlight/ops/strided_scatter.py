"""Copies in which what a look by strides shows is replaced."""

from typing import Any

import numpy as np

from ..kernels.numpy_views import strided
from .declare import Array, composite, in_formulas, operation
from .out import finish_out


def _scattered(input: Array, src: Array, size: Any, stride: Any, offset: int, own: Any) -> Array:
    """A copy that lies in memory like the input, whose shape, strides and offset are `own`, with `src` looked in."""
    shape, strides, start = own
    ends = [at + sum((n - 1) * s for n, s in zip(sizes, steps)) for sizes, steps, at in (own, (size, stride, offset))]
    item = input.itemsize
    memory = np.zeros(max(ends) + 1, input.dtype)
    found = strided(memory, shape, [s * item for s in strides], start * item)
    found[...] = input
    strided(memory, size, [s * item for s in stride], offset * item)[...] = src
    return found


@operation(kernel=_scattered, aten="as_strided_scatter", function=False, method=False, out=False,
           node="AsStridedScatterBackward0",
           input="strided_scatter_of(grad, zeros_of(grad, shape(src)), size, stride, offset)",
           src="strided_part_of(grad, size, stride, offset)")  # fmt: skip
def _as_strided_scatter(input: Array, src: Array, size: Any, stride: Any, offset: int, own: Any) -> Array:
    """With what a look by strides shows replaced."""


def _strides(a: Array) -> Any:
    return tuple(s // a.itemsize for s in np.empty(a.shape, a.dtype).strides)


def _part(grad: Array, size: Any, stride: Any, offset: int) -> Array:
    return strided(np.ascontiguousarray(grad), size, [s * grad.itemsize for s in stride], offset * grad.itemsize)


@composite()
def as_strided_scatter(
    input: Any, src: Any, size: Any, stride: Any, storage_offset: int | None = None, *, out: Any = None
) -> Any:
    """A copy in which the part that `as_strided` shows is replaced by `src`.

    Args:
        input: the tensor.
        src: what is put there.
        size, stride, storage_offset: the arguments of `as_strided`.

    Raises:
        RuntimeError: the look would leave the memory, or `src` has another shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided_scatter.html
    """
    look = input.detach().as_strided(size, stride, storage_offset)
    if src._shape != look._shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src._shape)}, slice size = {list(look._shape)}"
        )
    own = input._shape, input.stride(), input.storage_offset()
    offset = own[2] if storage_offset is None else storage_offset
    found = _as_strided_scatter(input, src, tuple(size), tuple(stride), offset, own)
    return finish_out(out, found, "as_strided_scatter")


# Of a gradient, as if it lay row by row.
in_formulas(
    lambda grad, src, size, stride, offset: _scattered(
        grad, src, size, stride, offset, (grad.shape, _strides(grad), 0)
    ),
    lambda grad, src, size, stride, offset: as_strided_scatter(grad.contiguous(), src, size, stride, offset),
    "strided_scatter_of",
)
in_formulas(
    _part,
    lambda grad, size, stride, offset: grad.contiguous().as_strided(size, stride, offset),
    "strided_part_of",
    aliasing=True,
)
