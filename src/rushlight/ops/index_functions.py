"""Reading and writing entries of one dimension, or elements at flat indices, by index tensors."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import entries
from ..kernels import numpy_indexing as kernels
from ..kernels.numpy_gather import all_within, scatter_reduce
from ..kernels.numpy_views import overlaps_itself
from ..memory_format import preserve_format
from ..warn import warn, warn_once
from .arguments import explained
from .convert import to_dtype
from .declare import Array, composite, formula, in_formulas, operation
from .dimensions import wrap_dim
from .index_parts import index_tensor
from .indexing import _index_put, of_two_dtypes, put_at
from .inplace import check
from .numbers import number_for
from .out import finish_out, refuse_reading, refuse_shared
from .overlap import refuse_overlap
from .overwrite import change, copying, replace
from .supported import refuse
from .view import reshape, view_method


# ---------------------------------------------------------------------------------------------- one dimension
@operation(name="_index_select", aten="index_select", node="IndexSelectBackward0", function=False, method=False,
           kernel=entries.index_select, tangent="_index_select(input_t, dim, index)",
           input="index_select_backward(grad, shape(input), dim, index)")  # fmt: skip
def _index_select(input: Array, dim: int, index: Array) -> Array:
    """Entries of a dimension."""


@formula
def index_select_backward(grad: Any, shape: Any, dim: Any, index: Any) -> Any:
    """The gradient of `index_select`: entries added up where they came from."""
    if not shape:
        return reshape(grad, shape)
    return index_backward(grad, shape, [index], (dim,))  # type: ignore[name-defined]  # noqa: F821


def _vector(name: str, index: Any) -> Any:
    if len(index._shape) > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector")
    return index if index._shape else view_method(index, 1)


@composite()
def index_select(input: Any, dim: int, index: Any, *, out: Any = None) -> Any:
    """The entries of a dimension at the indices of a vector, as a copy.

    Raises:
        IndexError: an index is out of range, or the index is not a vector.
        RuntimeError: the indices are not integers.
    """
    n = len(input._shape)
    at = dim if type(dim) is int and 0 <= dim < n else wrap_dim(dim, n)
    if index._dtype is not dtypes.int64 and index._dtype is not dtypes.int32:
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if len(index._shape) != 1:
        index = _vector("index_select", index)
    if out is None:
        return _index_select(input, at, index)
    refuse_overlap(out)
    return finish_out(out, _index_select(input, at, index), "index_select", apart=(input, index))


@operation(name="_index_add", aten="index_add", node="IndexAddBackward0", function=False, method=False,
           kernel=copying(entries.index_add), input="grad",
           source="multiplied(reshape(_index_select(grad, dim, index), shape(source)), alpha)",
           keeps={"source": "source"})  # fmt: skip
def _index_add(input: Array, dim: int, index: Array, source: Array, alpha: Any) -> Array:
    """With entries of another tensor added."""


@formula(aliasing=True)
def multiplied(x: Any, number: Any) -> Any:
    """`x` times a number, which is usually 1."""
    return x if number == 1 else x * number


def _gathered(function: str, input: Any, dim: int, index: Any, source: Any) -> tuple[int, Any]:
    """The dimension and the index vector by which entries of `source` go into those of `input`, both checked."""
    at = wrap_dim(dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError(
            f"{function}(): Index is supposed to be a vector, but got dim: {len(index._shape)} with type: "
            f"{index._dtype.scalar_name} and size: {list(index._shape)}"
        )
    if index._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{function}(): Expected dtype int32/int64 for index but got: {index._dtype.scalar_name}")
    if source._dtype is not input._dtype:
        raise RuntimeError(
            f"{function}(): self ({input._dtype.scalar_name}) and source ({source._dtype.scalar_name}) must have the "
            "same scalar type"
        )
    if at and at >= len(source._shape):
        raise RuntimeError(
            f"{function}(): Indexing dim {at} is out of bounds of the source tensor with dim {len(source._shape)}"
        )
    have = source._shape[at] if source._shape else 1
    if index._data.size != have:
        if not source._shape:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        raise RuntimeError(
            f"{function}(): Number of indices ({index._data.size}) should be equal to source.size(dim): ({have}), for "
            f"dim: {at}"
        )
    mine, theirs = input._shape, source._shape
    if mine and theirs:
        mine, theirs = mine[:at] + mine[at + 1 :], theirs[:at] + theirs[at + 1 :]
    if mine != theirs:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(input._shape)} source.shape = {list(source._shape)}"
        )
    return at, index if index._shape else view_method(index, 1)


def _index_add_operands(input: Any, dim: int, index: Any, source: Any, alpha: Any) -> tuple[Any, ...]:
    return input, *_gathered("index_add_", input, dim, index, source), source, alpha


@composite()
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """With ``alpha`` times the entries of `source` added to those of a dimension at the indices of a vector.

    Raises:
        RuntimeError: the shapes or dtypes do not match, or an index is out of range.
    """
    found = _index_add(*_index_add_operands(input, dim, index, source, alpha))
    return finish_out(out, found, "index_add", apart=(input, index, source))


@composite(inplace=True)
def index_add_(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """The in-place form of `index_add`."""
    check(input, mode.local.grad and (input._node is not None or getattr(source, "_node", None) is not None))
    return change("_index_add", entries.index_add, *_index_add_operands(input, dim, index, source, alpha))


@operation(name="_index_copy", aten="index_copy", node="IndexCopyBackward0", function=False, method=False,
           kernel=copying(kernels.index_copy), input="_index_fill(grad, dim, index, 0)",
           source="reshape(_index_select(grad, dim, index), shape(source))", keeps={"source": "source"})  # fmt: skip
def _index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """With entries replaced by those of another tensor."""


def _index_copy_operands(input: Any, dim: int, index: Any, source: Any) -> tuple[Any, ...]:
    at = wrap_dim(dim, len(input._shape))
    index = _vector("index_copy_", index)
    if index._dtype is not dtypes.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index._dtype.scalar_name}")
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input._dtype.scalar_name} and (source) {source._dtype.scalar_name}"
        )
    if source._shape and input._shape:
        mine, theirs = (s[:at] + s[at + 1 :] for s in (input._shape, source._shape))
        if mine != theirs:
            raise RuntimeError(
                "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
                f"{' '.join(map(str, mine))} at dimension {at} and source slice shape: {' '.join(map(str, theirs))} at "
                f"dimension {at}."
            )
    have = source._shape[at] if source._shape else 1
    if index._data.size != have:
        raise IndexError(
            f"index_copy_(): Number of indices ({index._data.size}) should be equal to source.size(dim) ({have})"
        )
    n = input._shape[at] if input._shape else 1
    bad = index._data[(index._data < 0) | (index._data >= n)]
    if bad.size:
        raise IndexError(f"index_copy_(): index {int(bad[0])} is out of bounds for dimension {at} with size {n}")
    return input, at, index, source


@composite()
@explained
def index_copy(input: Any, dim: int, index: Any, source: Any, *, out: Any = None) -> Any:
    """With the entries of a dimension at the indices of a vector replaced by those of `source`.

    Raises:
        IndexError: an index is out of range or their number wrong.
        RuntimeError: the shapes or dtypes do not match.
    """
    found = _index_copy(*_index_copy_operands(input, dim, index, source))
    return finish_out(out, found, "index_copy", apart=(input, index, source))


@composite(inplace=True)
def index_copy_(input: Any, dim: int, index: Any, source: Any) -> Any:
    """The in-place form of `index_copy`."""
    check(input, mode.local.grad and (input._node is not None or getattr(source, "_node", None) is not None))
    return change("_index_copy", kernels.index_copy, *_index_copy_operands(input, dim, index, source))


_EXTREMES = {"amax": "maximum_cpu", "amin": "minimum_cpu"}


def _index_reduce_operands(input: Any, dim: int, index: Any, source: Any, reduce: str) -> tuple[Any, ...]:
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    at, index = _gathered("index_reduce_", input, dim, index, source)
    warn_once("index_reduce() is in beta and the API may change at any time.")
    if len(source._shape) < 2:
        refuse("index_func_", input, dtypes.BOOL, dtypes.COMPLEX)
    size, places = input._shape[at] if input._shape else 1, index._data
    if places.size and reduce in _EXTREMES:
        if 0 <= places[0] < size:
            refuse(_EXTREMES[reduce], input, dtypes.COMPLEX)
    if not all_within(places, size):
        raise IndexError("index out of range in self")
    if places.size and reduce == "mean":
        refuse("div_floor_cpu", input, dtypes.BOOL)
    return input, at, index.to(dtypes.int64), source, reduce


def _each(index: Array, dim: int, shape: tuple[int, ...]) -> Array:
    """An index of entries as one for each of their elements."""
    shape = shape or (1,)
    return np.broadcast_to(index.reshape([-1 if d == dim else 1 for d in range(len(shape))]), shape)


in_formulas(_each, lambda index, dim, shape: wrap(_each(index._data, dim, shape)), "each_by_entry")


def _reduced_by_index(a: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool) -> Array:
    return scatter_reduce(a, dim, _each(index, dim, source.shape), np.atleast_1d(source), reduce, include_self)


@formula(aliasing=True)
def with_dimension(source: Any) -> Any:
    """A tensor of no dimensions as one of one element."""
    return source if source.shape else reshape(source, (1,))


_OF_SOURCE = "with_dimension(source), reduce, include_self, result"
_EACH = "each_by_entry(index, dim, shape(source))"


@operation(name="_index_reduce", aten="index_reduce", node="IndexReduceBackward0", function=False, method=False,
           kernel=_reduced_by_index,
           input=f"scatter_reduce_input(grad, input, dim, {_EACH}, {_OF_SOURCE})",
           source=f"reshape(scatter_reduce_src(grad, input, dim, {_EACH}, {_OF_SOURCE}), shape(source))")  # fmt: skip
def _index_reduce(input: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool) -> Array:
    """With entries of another tensor reduced into entries."""


@composite()
@explained
def index_reduce(
    input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True, out: Any = None
) -> Any:
    """With the entries of `source` reduced into those of a dimension at the indices of a vector.

    Args:
        input: the tensor.
        dim: the dimension.
        index: for each entry of `source`, which entry of `input` it goes into; indices may repeat.
        source: the values.
        reduce: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the former elements take part.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension, the index is no vector, or an index is out of range.
        NotImplementedError: there is no such reduction of the dtype.
        RuntimeError: the reduction is unknown, or the shapes or dtypes do not match.
    """
    operands = _index_reduce_operands(input, dim, index, source, reduce)
    return finish_out(out, _index_reduce(*operands, include_self), "index_reduce", apart=(input, index, source))


@composite(inplace=True)
def index_reduce_(input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> Any:
    """The in-place form of `index_reduce`."""
    check(input, mode.local.grad and (input._node is not None or getattr(source, "_node", None) is not None))
    operands = _index_reduce_operands(input, dim, index, source, reduce)
    refuse_reading(input, index, source)
    return replace("_index_reduce", *operands, include_self)


@operation(name="_index_fill", aten="index_fill", node="IndexFillBackward0", function=False, method=False,
           kernel=copying(kernels.index_fill, preserve_format), input="_index_fill(grad, dim, index, 0)")  # fmt: skip
def _index_fill(input: Array, dim: int, index: Array, value: Any) -> Array:
    """With entries set to a number."""


in_formulas(np.unique, lambda index: wrap(np.unique(index._data)), "without_repetition")


@operation(name="_index_fill_tensor", aten="index_fill", node="IndexFillBackward1", function=False, method=False,
           kernel=copying(kernels.index_fill, preserve_format), input="_index_fill(grad, dim, index, 0)",
           value="fit_like(_index_select(grad, dim, without_repetition(index)), shape(value))")  # fmt: skip
def _index_fill_tensor(input: Array, dim: int, index: Array, value: Array) -> Array:
    """With entries set to the element of a 0-dim tensor."""


def _index_fill_operands(input: Any, dim: int, index: Any, value: Any) -> tuple[str, tuple[Any, ...]]:
    if isinstance(value, TensorBase) and value._shape:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {len(value._shape)} "
            "dimension(s)."
        )
    if index._dtype is not dtypes.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if len(index._shape) > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if isinstance(value, complex) and not input._dtype.is_complex:
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    at, index = wrap_dim(dim, len(input._shape)), _vector("index_fill_", index)
    if isinstance(value, TensorBase):
        return "_index_fill_tensor", (input, at, index, to_dtype(value, input._dtype))
    return "_index_fill", (input, at, index, number_for(value, input._dtype)[()])


@composite()
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """With the entries of a dimension at the indices of a vector set to one value.

    Raises:
        IndexError: an index is out of range.
    """
    name, operands = _index_fill_operands(input, dim, index, value)
    return (_index_fill if name == "_index_fill" else _index_fill_tensor)(*operands)


@composite(inplace=True)
def index_fill_(input: Any, dim: int, index: Any, value: Any) -> Any:
    """The in-place form of `index_fill`."""
    check(input, mode.local.grad and (input._node is not None or getattr(value, "_node", None) is not None))
    name, operands = _index_fill_operands(input, dim, index, value)
    expanded = 0 in input._data.strides and overlaps_itself(input._data)
    found = change(name, kernels.index_fill, *operands, overlap=expanded)
    if expanded:
        warn(
            "Use of index_fill_ on expanded tensors is deprecated. Please clone() the tensor before performing this "
            "operation. This also applies to advanced indexing e.g. tensor[mask] = scalar"
        )
    return found


# ---------------------------------------------------------------------------------------------- several index tensors
@composite()
@explained
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """With values put at the places that index tensors name, as ``input[indices] = values`` would; see `index_put_`.

    Args:
        input: the tensor.
        indices: a tuple of index tensors (or None), as in ``input[indices]``.
        values: what is put there; broadcasts.
        accumulate: whether values are added to what is there.
    """
    tensors, dims = _places_to_put(input, indices, values)
    return _index_put(input, tensors, values, dims, accumulate)


@composite(inplace=True)
def index_put_(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """Puts values at the places that index tensors name, or adds them, in place.

    Args:
        input: the tensor to change.
        indices: a tuple of index tensors, one for each dimension from the first; None stands for a whole dimension.
        values: a tensor of the same dtype that broadcasts to what ``input[indices]`` would give.
        accumulate: whether to add; indices may then repeat.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: the values do not fit.
        TypeError: the indices are not a tuple of tensors.
    """
    tensors, dims = _places_to_put(input, indices, values)
    refuse_reading(input, values, *tensors)
    return put_at(input, tensors, values, dims, accumulate)


def _places_to_put(input: Any, indices: Any, values: Any) -> tuple[list[Any], tuple[int, ...]]:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"index_put(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}"
        )
    tensors, dims, count = _placed(indices)
    if count > len(input._shape):
        raise IndexError(f"too many indices for tensor of dimension {len(input._shape)} (got {count})")
    if values._dtype is not input._dtype:
        raise of_two_dtypes(input, tensors, values, dims)
    return tensors, dims


def _placed(indices: Any) -> tuple[list[Any], tuple[int, ...], int]:
    tensors: list[Any] = []
    dims: list[int] = []
    dim = 0
    for x in indices:
        if x is None:
            dim += 1
            continue
        t = index_tensor(x)
        tensors.append(t)
        dims.append(dim)
        dim += len(t._shape) if t._dtype is dtypes.bool_ else 1
    return tensors, tuple(dims), dim


# ---------------------------------------------------------------------------------------------- flat indices
@operation(name="_take", aten="take", node="TakeBackward0", function=False, method=False, kernel=kernels.take,
           input="take_backward(grad, shape(input), index)", keeps="input")  # fmt: skip
def _take(input: Array, index: Array) -> Array:
    """Elements by flat index."""


@operation(name="take_backward", function=False, method=False, kernel=kernels.take_backward, input="_take(grad, index)")
def take_backward(input: Array, size: Any, index: Array) -> Array:
    """The gradient of `take`."""


@composite()
@explained
def take(input: Any, index: Any, *, out: Any = None) -> Any:
    """The elements at indices into the flattened tensor, in the shape of the index.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: the index is not int64.
    """
    if index._dtype is not dtypes.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index._dtype.scalar_name}")
    refuse_shared(out, input, index)
    return finish_out(out, _take(input, index), "take")


@operation(name="_put", aten="put", node="PutBackward0", function=False, method=False,
           kernel=copying(kernels.put_flat, preserve_format),
           input="grad if accumulate else _put(grad, index, zeros_of(grad, shape(source)), False)",
           source="reshape(_take(grad, index), shape(source))", keeps={"source": "source"})  # fmt: skip
def _put(input: Array, index: Array, source: Array, accumulate: bool) -> Array:
    """With values at flat indices."""


def _check_put_flat(input: Any, index: Any, source: Any) -> None:
    if index._dtype is not dtypes.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index._dtype.scalar_name}")
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input._dtype.scalar_name} and source.dtype = {source._dtype.scalar_name}"
        )
    if index._data.size != source._data.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._data.size}, index.numel() = {index._data.size}"
        )
    if index._data.size and not input._data.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")


@composite()
@explained
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """With values put at indices into the flattened tensor, or added.

    Args:
        input: the tensor.
        index: places in the tensor as one row.
        source: as many values.
        accumulate: whether they are added.

    Raises:
        IndexError: an index is out of range or the numbers of elements differ.
        RuntimeError: the indices are not int64, or the dtypes of both others differ.
    """
    _check_put_flat(input, index, source)
    return _put(input, index, source, accumulate)


@composite(inplace=True)
def put_(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """The in-place form of `put`."""
    _check_put_flat(input, index, source)
    return change("_put", kernels.put_flat, input, index, source, accumulate)


# ---------------------------------------------------------------------------------------------- indices under a mask
def _inside(input: Any, indices: Any) -> tuple[Any, ...]:
    """The indices, brought to the nearest entry where they lie outside."""
    return tuple(
        [None if index is None else index.clamp(-input.size(d), input.size(d) - 1) for d, index in enumerate(indices)]
    )


@composite(method=False)
@explained
def _unsafe_masked_index(input: Any, mask: Any, indices: Any, fill: Any) -> Any:
    """``input[indices]`` where the mask is true, else `fill`; there the indices may lie outside."""
    return input[_inside(input, indices)].masked_fill(~mask, fill)


@composite(method=False)
@explained
def _unsafe_masked_index_put_accumulate(input: Any, mask: Any, indices: Any, values: Any) -> Any:
    """A copy with `values` added at the indices where the mask is true; elsewhere these may lie outside."""
    return input.index_put(_inside(input, indices), values.masked_fill(~mask, 0), accumulate=True)
