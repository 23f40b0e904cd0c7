"""Repeating and rearranging the elements of a tensor into new memory, and sums that undo broadcasting."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import choosing
from ..kernels import numpy_views as kernels
from ..kernels.copying import copy_into, repeated
from ..memory_format import contiguous_format, preserve_format
from ..warn import warn_once
from .arguments import explained, need_ints, no_tensor, type_name
from .broadcasting import _expand, expand
from .convert import _clone, copy_in
from .copies import copy_of
from .declare import REGISTRY, Array, composite, formula, in_formulas, operation
from .dimensions import distinct, wrap_dim
from .elementwise_general import sum_to_shape
from .out import finish_out
from .sizes import sizes
from .steps import hidden, operand
from .view import _view, reshape, unsqueeze, view_method

_clone_op, _expand_op, _unsqueeze_op = REGISTRY["_clone"], REGISTRY["_expand"], REGISTRY["unsqueeze"]
_view_op = REGISTRY["_view"]

in_formulas(
    lambda like, shape: np.zeros(shape, like.dtype),
    lambda like, shape: wrap(np.zeros(shape, like._data.dtype)),
    "zeros_of",
)


# ---------------------------------------------------------------------------------------------- sums to a shape
@operation(name="_sum_to_size", aten="sum", node="SumBackward1", function=False, method=False, tangent="linear",
           input="expand(grad, shape(input))")  # fmt: skip
def _sum_to_size(input: Array, size: Any) -> Array:
    """Summed over the dimensions along which a tensor of shape `size` would be broadcast to the input's shape."""
    return sum_to_shape(input, size)


def _sum_array(a: Array, size: Any) -> Array:
    return a if a.shape == size else sum_to_shape(a, size)


@composite(function=False, raw=_sum_array)
def sum_to_size(input: Any, *size: Any, **named: Any) -> Any:
    """The opposite of broadcasting: summed over the dimensions that `size` lacks or has as 1.

    Raises:
        RuntimeError: `size` does not broadcast to the tensor's shape.
    """
    new = sizes("sum_to_size", size, "size", named)
    shape = input._shape
    if not new:
        return input.sum()
    if new == shape:
        return input
    lead = len(shape) - len(new)
    if lead < 0 or any(n not in (1, m) for n, m in zip(new, shape[lead:])):
        raise RuntimeError(f"size {{{list(new)}}} is not expandable to size {{{list(shape)}}}.")
    if input._dtype.category < dtypes.FLOATING:
        input = input.to(dtypes.int64)
    dims = (*range(lead), *(lead + i for i, n in enumerate(new) if n == 1 != shape[lead + i]))
    found = input.sum(dims, keepdim=True)
    return view_method(found, new) if lead else found


# ---------------------------------------------------------------------------------------------- repeating
@operation(name="_repeat", aten="repeat", node="RepeatBackward0", function=False, method=False, tangent="linear",
           input="repeat_backward(grad, repeats, shape(input))")  # fmt: skip
def _repeat(input: Array, repeats: Any) -> Array:
    """The tensor repeated along each dimension."""
    return repeated(input, repeats)


@formula
def repeat_backward(grad: Any, repeats: Any, shape: Any) -> Any:
    """The sum of the gradients of all repetitions."""
    full = (1,) * (len(repeats) - len(shape)) + tuple(shape)
    pairs: tuple[int, ...] = ()
    for r, n in zip(repeats, full):
        pairs += (r, n)
    if 0 in repeats:
        return zeros_of(grad, shape)  # type: ignore[name-defined]  # noqa: F821
    ones: tuple[int, ...] = ()
    for n in full:
        ones += (1, n)
    return reshape(sum_to_size(reshape(grad, pairs), ones), shape)


@composite(function=False)
def repeat(input: Any, *repeats: Any, **named: Any) -> Any:
    """A copy of the tensor repeated along each dimension.

    Raises:
        RuntimeError: there are fewer numbers than dimensions.
    """
    given = sizes("repeat", repeats, "repeats", named)
    if len(given) < len(input._shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    return _repeat(input, given)


@composite()
def tile(input: Any, *dims: Any, **named: Any) -> Any:
    """A copy of the tensor repeated along each dimension; missing numbers are 1.

    Args:
        input: the tensor.
        dims: the numbers of copies, as one sequence or as several arguments.
    """
    given = sizes("tile", dims, "dims", named)
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("tile", input) from None
    return _repeat(input, (1,) * (n - len(given)) + given)


@composite()
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each entry of a dimension (or of the flattened tensor) repeated on the spot.

    Args:
        input: the tensor; alone, how often to repeat each index.
        repeats: how often: a number, or a tensor with one for each entry.
        dim: the dimension.
        output_size: the size of the result in that dimension, which is checked, and spares nothing here.

    Raises:
        RuntimeError: the numbers of repeats are negative, not as many as there are entries, or do not make
            `output_size`.
        NotImplementedError: they are no int32 or int64.
    """
    if isinstance(repeats, np.integer):
        repeats = int(repeats)
    if repeats is None:
        return wrap(_repeated(input, output_size))
    if dim is None:
        input, dim = input.contiguous().view(-1) if len(input._shape) != 1 or isinstance(repeats, int) else input, 0
    at = wrap_dim(dim, len(input._shape))
    shape = input._shape
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        if output_size not in (None, shape[at] * repeats):
            raise RuntimeError(
                f"repeat_interleave: Invalid output_size, expected {shape[at] * repeats} but got {output_size}"
            )
        size = (*shape[: at + 1], repeats, *shape[at + 1 :])
        if shape and hidden(input):
            repeated = input._data.repeat(repeats, at)
            node, wide = input._node, wrap(repeated.reshape(size))
            if node is not None:
                node = _unsqueeze_op.link(node, shape, at + 1)
                node = _expand_op.link(node, (*shape[: at + 1], 1, *shape[at + 1 :]), size)
                node = wide._node = _clone_op.link(node, size, contiguous_format)
                node = _view_op.link(node, size, repeated.shape)
            return operand(repeated, wide, node)
        if shape and mode.unseen(input):
            wide = wrap(input._data.repeat(repeats, at).reshape(size))
        else:
            wide = _clone(expand(unsqueeze(input, at + 1), size), contiguous_format)
        return _view(wide, (*shape[:at], shape[at] * repeats, *shape[at + 1 :]))
    dims = len(repeats._shape)
    if dims > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if not dims or repeats._shape == (1,):
        repeats = repeats.expand(shape[at])
    elif repeats._shape[0] != shape[at]:
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats._shape[0]} and input.size({at}) = {shape[at]}"
        )
    return input.index_select(at, wrap(_repeated(repeats, output_size)))


def _repeated(repeats: Any, output_size: int | None) -> Array:
    """The indices of a vector of counts, each as often as its count says.

    Raises:
        RuntimeError: they are no vector, negative, or do not add up to what was said.
        NotImplementedError: they are not integers.
    """
    if len(repeats._shape) != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats._dtype not in (dtypes.int32, dtypes.int64):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{repeats._dtype.scalar_name}'")
    counts = repeats._data
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    found = np.repeat(np.arange(counts.size), counts)
    if output_size not in (None, found.size):
        raise RuntimeError("allocated size does not match required size")
    return found


# ---------------------------------------------------------------------------------------------- rearranging
def _flip_array(a: Array, dims: Any) -> Array:
    found = np.empty(a.shape, a.dtype) if a.flags.c_contiguous else copy_in(np.asarray(a), preserve_format)
    if dims == (0,):
        seen = a[::-1]
    else:
        seen = a[tuple([_BACK if d in dims else _FORTH for d in range(a.ndim)])]
    copy_into(found, seen)
    return found


_FORTH, _BACK = slice(None), slice(None, None, -1)


@operation(name="_flip", aten="flip", node="FlipBackward0", function=False, method=False, tangent="linear",
           input="_flip(grad, dims)")  # fmt: skip
def _flip(input: Array, dims: Any) -> Array:
    """With some dimensions in reverse."""
    return _flip_array(input, dims)


@composite()
def flip(input: Any, *dims: Any, **named: Any) -> Any:
    """A copy with some dimensions in reverse.

    Args:
        input: the tensor.
        dims: the dimensions, as one sequence or as several arguments.

    Raises:
        RuntimeError: a dimension is given twice.
    """
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("flip", input) from None
    given = distinct([wrap_dim(d, n) for d in sizes("flip", dims, "dims", named)])
    return _flip(input, tuple(given) if n else ())


@composite()
@explained
def fliplr(input: Any) -> Any:
    """A copy with dimension 1 in reverse.

    Raises:
        RuntimeError: there are fewer than two dimensions.
    """
    if len(input._shape) < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return _flip(input, (1,))


@composite()
@explained
def flipud(input: Any) -> Any:
    """A copy with dimension 0 in reverse.

    Raises:
        RuntimeError: there is no dimension.
    """
    if not input._shape:
        raise RuntimeError("Input must be >= 1-d.")
    return _flip(input, (0,))


@operation(name="_rot90", aten="rot90", node="Rot90Backward0", function=False, method=False, tangent="linear",
           input="_rot90(grad, -k, dims)")  # fmt: skip
def _rot90(input: Array, k: int, dims: Any) -> Array:
    """Turned by quarters in a plane."""
    a, b = dims
    k %= 4
    if not k:
        return input.copy("C")
    if k == 2:
        return _flip_array(input, dims)
    return _flip_array(input, (b,) if k == 1 else (a,)).swapaxes(a, b)


@composite()
@explained
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """A copy turned `k` times by 90 degrees in the plane of two dimensions.

    Args:
        input: the tensor.
        k: the number of turns; negative ones turn the other way.
        dims: the two dimensions; turns go from the first towards the second.

    Raises:
        RuntimeError: not exactly two different dimensions are given.
    """
    n = len(input._shape)
    given = tuple(dims)
    if len(given) != 2:
        need_ints("rot90", "dims", dims, 3)
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(given)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    if given[0] == given[1] or abs(given[0] - given[1]) == n:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {given[0]} and dim1 = {given[1]}")
    return _rot90(input, k, (wrap_dim(given[0], n), wrap_dim(given[1], n)))


# ---------------------------------------------------------------------------------------------- triangles, diagonals
def _check_matrices(name: str, a: Array) -> None:
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@operation(input="tril(grad, diagonal)", tangent="linear")
def tril(input: Array, diagonal: int = 0) -> Array:
    """The lower triangle of matrices; the other elements are 0.

    Args:
        input: shape (*, rows, columns).
        diagonal: the highest diagonal that is kept.
    """
    _check_matrices("tril", input)
    return choosing.tril(input, diagonal)


@operation(input="triu(grad, diagonal)", tangent="linear")
def triu(input: Array, diagonal: int = 0) -> Array:
    """The upper triangle of matrices; the other elements are 0.

    Args:
        input: shape (*, rows, columns).
        diagonal: the lowest diagonal that is kept.
    """
    _check_matrices("triu", input)
    return choosing.triu(input, diagonal)


def _triangle_inplace(op: Any) -> Any:
    def method(input: Any, diagonal: int = 0) -> Any:
        from .inplace import apply_inplace, change_inplace

        data = input._data
        if 0 in data.strides and data.ndim > 1 and kernels.overlaps_itself(data):
            # Where elements lie on one place, it is zero if any of them is to be.
            zero = np.zeros((), data.dtype)
            gone = np.tri(*data.shape[-2:], diagonal - (op == "triu"), bool) == (op == "triu")
            return change_inplace(op, (input, diagonal), lambda a: np.copyto(a, zero, where=gone), True)
        return apply_inplace(REGISTRY[op], input, (diagonal,), {})

    method.__name__ = method.__qualname__ = op + "_"
    method.__doc__ = f"The in-place form of `{op}`."
    return composite(inplace=True)(method)


_triangle_inplace("tril")
_triangle_inplace("triu")


def _diag_embed_kernel(a: Array, offset: int, dim1: int, dim2: int) -> Array:
    n = a.shape[-1] + abs(offset)
    if a.ndim == 1 and dim1 + dim2 == 1 and not offset:
        flat = np.zeros(n * n, a.dtype)
        flat[:: n + 1] = a
        return flat.reshape(n, n)
    # The result is made with the matrix dimensions last in order, then looked at with them in their places.
    whole = np.zeros(_with_square(a.shape[:-1], dim1, dim2, n), a.dtype)
    kernels.diagonal(whole, offset, dim1, dim2)[...] = a
    return whole


def _with_square(lead: Any, dim1: int, dim2: int, n: int) -> list[int]:
    shape = list(lead)
    for d in sorted((dim1, dim2)):
        shape.insert(d, n)
    return shape


@operation(name="_diag_embed", aten="diag_embed", node="DiagEmbedBackward0", function=False, method=False,
           tangent="linear", kernel=_diag_embed_kernel, input="_diagonal(grad, offset, dim1, dim2)")  # fmt: skip
def _diag_embed(input: Array, offset: int, dim1: int, dim2: int) -> Array:
    """Matrices with given diagonals."""


@composite()
@explained
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices that have the last dimension on a diagonal and zeros elsewhere.

    Args:
        input: the tensor.
        offset: which diagonal: 0 for the main one, positive for those above.
        dim1, dim2: where the dimensions of the matrices stand.

    Raises:
        RuntimeError: both new dimensions are the same.
    """
    n = len(input._shape) + 1
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diag_embed(input, offset, a, b)


@composite()
def diag(input: Any, diagonal: int = 0, *, out: Any = None) -> Any:
    """A matrix with a vector on its diagonal, or the diagonal of a matrix as a copy.

    Raises:
        RuntimeError: the tensor has neither one nor two dimensions.
    """
    try:
        n = len(input._shape)
    except AttributeError:
        raise no_tensor("diag", input) from None
    if n == 1:
        return finish_out(out, _diag_embed(input, diagonal, 0, 1), "diag")
    if n == 2:
        return finish_out(out, copy_of("_diagonal")(input, diagonal, 0, 1), "diag")
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")


@composite()
@explained
def diagflat(input: Any, offset: int = 0) -> Any:
    """A matrix with all elements of the tensor on its diagonal."""
    return diag(input.contiguous().view(-1), offset)


# ---------------------------------------------------------------------------------------------- grids
@composite(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Any, ...]:
    """The coordinates of a grid: each vector expanded over the dimensions of the others.

    Args:
        tensors: vectors or numbers.
        indexing: ``"ij"`` (the first vector runs along dimension 0), or ``"xy"`` (along dimension 1).

    Raises:
        RuntimeError: a tensor has more than one dimension, or the indexing is neither.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    if indexing is None:
        warn_once("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
        indexing = "ij"
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for i, t in enumerate(tensors):
        if not isinstance(t, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type_name(t)}")
        if len(t._shape) > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {_described(t)}")
    given = list(tensors)
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    shape = tuple([t._data.size for t in given])
    found = []
    for i, t in enumerate(given):
        placed = [1] * len(given)
        placed[i] = shape[i]
        found.append(_expand(_view(t, tuple(placed)), shape))
    if swap:
        found[0], found[1] = found[1], found[0]
    return tuple(found)


def _described(t: Any) -> str:
    return repr(t)
