"""Masks: filling, selecting and scattering where a condition holds; and writing copies of parts of a tensor."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import choosing
from ..kernels import numpy_masks as kernels
from ..kernels.numpy_views import diagonal, overlaps_itself, strided
from ..memory_format import preserve_format
from . import elementwise_general as general
from .arguments import explained, no_tensor
from .convert import copy_in, to_dtype
from .declare import Array, composite, operation
from .dimensions import bool_argument, wrap_dim
from .inplace import change_inplace
from .numbers import number_for
from .out import finish_out, refuse_shared
from .overwrite import replace


# ---------------------------------------------------------------------------------------------- masks
@operation(name="_masked_fill", aten="masked_fill", node="MaskedFillBackward0", function=False, method=False,
           kernel=choosing.masked_fill, input="fit_like(_masked_fill(grad, mask, 0), shape(input))")  # fmt: skip
def _masked_fill(input: Array, mask: Array, value: Any) -> Array:
    """With a number where the mask is true."""


@operation(name="_masked_fill_tensor", aten="masked_fill", node="MaskedFillBackward1", function=False, method=False,
           kernel=choosing.masked_fill, input="fit_like(_masked_fill(grad, mask, 0), shape(input))",
           value="fit_like(where(mask, grad, 0.0), shape(value))")  # fmt: skip
def _masked_fill_tensor(input: Array, mask: Array, value: Array) -> Array:
    """With the element of a 0-dim tensor where the mask is true."""


def _masked_fill_operands(input: Any, mask: Any, value: Any) -> tuple[Any, ...]:
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask._dtype.c_name}")
    if isinstance(value, TensorBase):
        if value._shape:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{len(value._shape)} dimension(s)."
            )
        general.broadcast_shapes(mask._shape, input._shape)
        if value._dtype is not input._dtype:
            number_for(value._data.item(), input._dtype)
        return "_masked_fill_tensor", (input, mask, to_dtype(value, input._dtype))
    general.broadcast_shapes(mask._shape, input._shape)
    return "_masked_fill", (input, mask, number_for(value, input._dtype)[()])


@composite()
@explained
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """With one value (a number or 0-dim tensor) where the mask is true; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or the shapes do not broadcast.
    """
    if type(value) is float and mask._dtype is dtypes.bool_ and mask._shape == input._shape and input._dtype.plain:
        if -60000 <= value <= 60000:
            return _masked_fill(input, mask, value)
    name, operands = _masked_fill_operands(input, mask, value)
    return (_masked_fill if name == "_masked_fill" else _masked_fill_tensor)(*operands)


@composite(inplace=True)
def masked_fill_(input: Any, mask: Any, value: Any) -> Any:
    """The in-place form of `masked_fill`; the mask must broadcast to the tensor.

    Raises:
        RuntimeError: it does not.
    """
    name, operands = _masked_fill_operands(input, mask, value)
    wide = general.broadcast_shapes(mask._shape, input._shape)
    if wide != input._shape:
        raise RuntimeError(f"output with shape {list(input._shape)} doesn't match the broadcast shape {list(wide)}")
    filled, array = operands[2]._data if isinstance(operands[2], TensorBase) else operands[2], mask._data
    return change_inplace(name, operands, lambda a: choosing.fill_where(a, array, filled), overlap=True)


@operation(name="_masked_select", aten="masked_select", node="MaskedSelectBackward0", function=False, method=False,
           kernel=choosing.masked_select, keeps="input",
           input="masked_select_backward(grad, shape(input), mask)")  # fmt: skip
def _masked_select(input: Array, mask: Array) -> Array:
    """The elements where the mask is true."""


@operation(name="masked_select_backward", function=False, method=False, kernel=choosing.masked_select_backward,
           input="_masked_select(grad, mask)")  # fmt: skip
def masked_select_backward(input: Array, size: Any, mask: Array) -> Array:
    """The gradient of `masked_select`."""


@composite()
@explained
def masked_select(input: Any, mask: Any, *, out: Any = None) -> Any:
    """The elements where the mask is true, in one dimension; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or the shapes do not broadcast.
    """
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    if mask._shape != input._shape:
        general.broadcast_shapes(mask._shape, input._shape)
    if out is None:
        return _masked_select(input, mask)
    refuse_shared(out, input, mask)
    return finish_out(out, _masked_select(input, mask), "masked_select")


@operation(name="_masked_scatter", aten="masked_scatter", node="MaskedScatterBackward0", function=False, method=False,
           kernel=kernels.masked_scatter, input="fit_like(_masked_fill(grad, mask, 0), shape(input))",
           source="masked_scatter_backward(grad, mask, shape(source))")  # fmt: skip
def _masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """With values in order where the mask is true."""


@operation(name="masked_scatter_backward", function=False, method=False, kernel=kernels.masked_scatter_backward,
           input="_masked_scatter(zeros_of(grad, shape(input)), mask, grad)")  # fmt: skip
def masked_scatter_backward(input: Array, mask: Array, size: Any) -> Array:
    """The gradient of `masked_scatter` by its values."""


def _check_masked_scatter(input: Any, mask: Any, source: Any) -> None:
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask._dtype.scalar_name}"
        )
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input._dtype.scalar_name} and {source._dtype.scalar_name}"
        )
    general.broadcast_shapes(mask._shape, input._shape)


@composite()
@explained
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """With the elements of `source`, in order, where the mask is true; input and mask broadcast.

    Raises:
        RuntimeError: the mask is not boolean, or there are not enough values.
    """
    _check_masked_scatter(input, mask, source)
    return _masked_scatter(input, mask, source)


@composite(inplace=True)
def masked_scatter_(input: Any, mask: Any, source: Any) -> Any:
    """The in-place form of `masked_scatter`."""
    _check_masked_scatter(input, mask, source)
    return replace("_masked_scatter", input, mask, source)


# ---------------------------------------------------------------------------------------------- where they are
@composite()
def nonzero(input: Any, *, as_tuple: bool = False, out: Any = None) -> Any:
    """The indices of all elements that are not zero, in row-major order.

    Args:
        input: the tensor.
        as_tuple: whether to return a tensor of indices for each dimension instead of one matrix with a row for each
            element.
        out: the tensor to write to.

    Raises:
        TypeError: `out` is no tensor.
    """
    try:
        a = input._data
    except AttributeError:
        raise no_tensor("nonzero", input) from None
    if as_tuple is not False:
        bool_argument("nonzero", as_tuple, "as_tuple")
        if out is not None:
            raise TypeError(f"nonzero(): argument 'out' must be Tensor, not {type(out).__name__}")
        if a.ndim and a.size < choosing.SMALLEST and type(a) is np.ndarray:
            return tuple([wrap(i.copy()) for i in a.nonzero()])
        return tuple([wrap(i) for i in choosing.nonzero(a if a.ndim else a.reshape(1))])
    found = choosing.nonzero(a).T if a.ndim else np.zeros((int(bool(a)), 0), np.int64)
    return finish_out(out, wrap(found), "nonzero")


@composite()
def argwhere(input: Any) -> Any:
    """The indices of all elements that are not zero, a row for each."""
    if not isinstance(input, TensorBase):
        raise no_tensor("argwhere", input)
    return nonzero(input)


# ---------------------------------------------------------------------------------------------- the opposite of views
def _copy_as_it_lies(a: Array) -> Array:
    """A copy with the strides of an array, and so with gaps where it has some, unless elements share their memory."""
    if a.flags.c_contiguous or not a.size or type(a) is not np.ndarray or overlaps_itself(a) or min(a.strides) < 0:
        return copy_in(a, preserve_format)
    reach = sum((n - 1) * s for n, s in zip(a.shape, a.strides, strict=True)) // a.itemsize
    found = strided(np.empty(reach + 1, a.dtype), a.shape, a.strides)
    found[...] = a
    return found


@operation(name="_select_scatter", aten="select_scatter", node="SelectScatterBackward0", function=False, method=False,
           input="_select_scatter(grad, zeros_of(grad, shape(src)), dim, index)",
           src="_select(grad, dim, index)")  # fmt: skip
def _select_scatter(input: Array, src: Array, dim: int, index: int) -> Array:
    """With the entry at one index of a dimension replaced."""
    found = _copy_as_it_lies(input)
    found[(slice(None),) * dim + (index,)] = src
    return found


def _same_shape(name: str, expected: Any, src: Any) -> None:
    if src._shape != expected:
        raise RuntimeError(
            f"expected src to have a size equal to the {name} of self. src size = {list(src._shape)}, {name} size = "
            f"{list(expected)}"
        )


@composite()
@explained
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy in which the part that `select` shows is replaced by `src`.

    Args:
        input: the tensor.
        src: what is put there.
        dim, index: the arguments of `select`.
    """
    _same_shape("slice", input.select(dim, index)._shape, src)
    return _select_scatter(input, src, wrap_dim(dim, len(input._shape)), index)


@operation(name="_slice_scatter", aten="slice_scatter", node="SliceScatterBackward0", function=False, method=False,
           input="_slice_scatter(grad, zeros_of(grad, shape(src)), dim, start, end, step)",
           src="_slice(grad, dim, start, end, step)")  # fmt: skip
def _slice_scatter(input: Array, src: Array, dim: int, start: Any, end: Any, step: Any) -> Array:
    """With a range of a dimension replaced."""
    found = _copy_as_it_lies(input)
    found[(slice(None),) * dim + (slice(start, end, step),)] = src
    return found


@composite()
@explained
def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1, *, out: Any = None
) -> Any:  # fmt: skip
    """A copy in which the part that a slice shows is replaced by `src`.

    Args:
        input: the tensor.
        src: what is put there.
        dim: the dimension that is sliced.
        start, end, step: the slice.
    """
    at = wrap_dim(dim, len(input._shape))
    last = input._shape[at] if end is None else end
    expected = input._data[(slice(None),) * at + (slice(start, last, step),)].shape
    _same_shape("slice", expected, src)
    found = _slice_scatter(input, src, at, 0 if start is None else start, last, step)
    return finish_out(out, found, "slice_scatter")


@operation(name="_diagonal_scatter", aten="diagonal_scatter", node="DiagonalScatterBackward0", function=False,
           method=False, input="_diagonal_scatter(grad, zeros_of(grad, shape(src)), offset, dim1, dim2)",
           src="_diagonal(grad, offset, dim1, dim2)")  # fmt: skip
def _diagonal_scatter(input: Array, src: Array, offset: int, dim1: int, dim2: int) -> Array:
    """With a diagonal replaced."""
    found = _copy_as_it_lies(input)
    diagonal(found, offset, dim1, dim2)[...] = src
    return found


@composite()
@explained
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy in which the part that `diagonal` shows is replaced by `src`.

    Args:
        input: the tensor.
        src: what is put there.
        offset, dim1, dim2: the arguments of `diagonal`.
    """
    n = len(input._shape)
    _same_shape("slice", input.diagonal(offset, dim1, dim2)._shape, src)
    return _diagonal_scatter(input, src, offset, wrap_dim(dim1, n), wrap_dim(dim2, n))


@composite()
@explained
def nonzero_static(input: Any, *, size: int, fill_value: int = -1, out: Any = None) -> Any:
    """The indices of the first `size` elements that are not zero, filled up with `fill_value`.

    Raises:
        RuntimeError: the size is negative.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    a = input._data
    indices = np.argwhere(a) if a.ndim else np.empty((1 if a else 0, 0), np.int64)
    found = np.full((size, a.ndim), fill_value, np.int64)
    found[: len(indices)] = indices[:size]
    return finish_out(out, wrap(found), "nonzero_static")
