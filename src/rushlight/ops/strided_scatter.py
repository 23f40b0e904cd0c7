"""Copies in which what a look by strides shows is replaced."""

from typing import Any

import numpy as np

from ..base import settle
from ..kernels.numpy_views import overlaps_itself, strided
from ..memory_format import contiguous_format
from .arguments import explained
from .declare import Array, composite, in_formulas, operation
from .out import finish_out


def _laid_out(a: Array, size: Any, stride: Any, offset: int, own: Any) -> tuple[Array, Array]:
    """A copy of an array that lies in memory by the shape, strides and offset `own`, and the look at that memory."""
    shape, strides, start = own
    ends = [at + sum((n - 1) * s for n, s in zip(sizes, steps)) for sizes, steps, at in (own, (size, stride, offset))]
    memory = np.zeros(max(ends) + 1, a.dtype)
    found = strided(memory, shape, [s * a.itemsize for s in strides], start * a.itemsize)
    found[...] = a
    return found, strided(memory, size, [s * a.itemsize for s in stride], offset * a.itemsize)


def _scattered(input: Array, src: Array, size: Any, stride: Any, offset: int, own: Any) -> Array:
    """A copy that lies in memory like the input, whose shape, strides and offset are `own`, with `src` looked in."""
    found, look = _laid_out(input, size, stride, offset, own)
    look[...] = src
    return found


@operation(kernel=_scattered, aten="as_strided_scatter", function=False, method=False, out=False,
           node="AsStridedScatterBackward0",
           input="strided_scatter_of(grad, zeros_of(grad, shape(src)), size, stride, offset, own)",
           src="strided_part_of(grad, size, stride, offset, own)")  # fmt: skip
def _as_strided_scatter(input: Array, src: Array, size: Any, stride: Any, offset: int, own: Any) -> Array:
    """With what a look by strides shows replaced."""


@composite()
@explained
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
    whole = input.detach()
    if overlaps_itself(settle(input)):
        whole = whole.clone(memory_format=contiguous_format)  # as PyTorch does, so that the look is at the copy
    look = whole.as_strided(size, stride, storage_offset)
    if src._shape != look._shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src._shape)}, slice size = {list(look._shape)}"
        )
    own = whole._shape, whole.stride(), whole.storage_offset()
    offset = own[2] if storage_offset is None else storage_offset
    found = _as_strided_scatter(input, src, tuple(size), tuple(stride), offset, own)
    return finish_out(out, found, "as_strided_scatter")


in_formulas(
    _scattered,
    lambda grad, src, size, stride, offset, own: as_strided_scatter(
        grad.contiguous(), src, size, stride, offset - own[2]
    ),
    "strided_scatter_of",
)
in_formulas(
    lambda *look: _laid_out(*look)[1].copy(),
    lambda grad, size, stride, offset, own: grad.contiguous().as_strided(size, stride, offset - own[2]),
    "strided_part_of",
)
