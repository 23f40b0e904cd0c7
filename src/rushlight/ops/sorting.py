"""Sorting, selecting by rank, distinct elements, searching and counting."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import sorting as kernels
from ..kernels.layout import dense
from ..kernels.numpy_common import narrow, widen
from ..kernels.numpy_sorting import is_among, unique_elements
from .arguments import explained, type_name
from .declare import Array, composite, in_formulas, operation
from .dimensions import bool_argument, int_dim, nonempty, wrap_dim
from .elementwise_general import number_array, result_type
from .numbers import number_for
from .out import finish_out, refuse_shared, several_out
from .supported import refuse

_SELECTED = "put_back(grad, indices, dim, True, shape(input))"


# ---------------------------------------------------------------------------------------------- sorting
@operation(name="_sort", node="SortBackward0", aten="sort", function=False, method=False, out=False,
           kernel=kernels.sort, outputs=("values", "indices"), differentiable=("values",), input=_SELECTED)  # fmt: skip
def _sort(input: Array, dim: int, descending: bool) -> Any:
    """The sorted elements and their places."""


@operation(name="_sort_stable", node="SortBackward1", aten="sort", function=False, method=False, out=False,
           kernel=kernels.sort, outputs=("values", "indices"), differentiable=("values",), input=_SELECTED)  # fmt: skip
def _sort_stable(input: Array, dim: int, descending: bool) -> Any:
    """The sorted elements and their places, where the order of equal elements matters to the caller."""


def _no_complex(function: str, input: Any) -> None:
    if input._dtype.is_complex:
        raise RuntimeError(f"{function}(): does not support complex input")


@composite()
def sort(input: Any, dim: Any = -1, descending: bool = False, stable: bool | None = None, *, out: Any = None) -> Any:
    """The elements in ascending order along a dimension, and where they were, as ``(values, indices)``.

    NaN comes after all numbers. Equal elements keep their order.

    Args:
        input: a tensor of real numbers.
        dim: the dimension.
        descending: whether the largest come first.
        stable: accepted; the order is always stable.
        out: the pair of tensors to write to.

    Raises:
        IndexError: there is no such dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sort.html
    """
    if isinstance(dim, str) or isinstance(dim, float):
        raise TypeError(
            f"sort() received an invalid combination of arguments - got ({type_name(dim)}), but expected one of:\n * "
            "(*, bool stable, int dim = -1, bool descending = False)\n * (int dim = -1, bool descending = False)\n"
        )
    dim = int_dim("sort", input, dim)
    _no_complex("sort", input)
    function = _sort if stable is None else _sort_stable
    if stable is not None:
        bool_argument("sort", stable, "stable")
    return several_out(out, function(input, dim, bool_argument("sort", descending, "descending")), "sort")


@operation(name="_argsort", aten="argsort", function=False, method=False, out=False, kernel=kernels.argsort)
def _argsort(input: Array, dim: int, descending: bool) -> Array:
    """The places of the sorted elements."""


@composite()
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """Where the elements in ascending order along a dimension are; see `sort`.

    Args:
        input: the tensor.
        dim: the dimension.
        descending: whether the largest come first.
        stable: whether equal elements keep their order.
    """
    dim = int_dim("argsort", input, dim)
    _no_complex("sort", input)
    bool_argument("argsort", stable, "stable")
    return _argsort(input, dim, bool_argument("argsort", descending, "descending"))


@composite()
def msort(input: Any, *, out: Any = None) -> Any:
    """The elements in ascending order along the first dimension."""
    if out is None and isinstance(input, TensorBase) and input._dtype.plain and mode.unseen(input):
        data = input._data
        if data.ndim and data.size:
            sorted_data = dense(data).copy("K")
            integers, lowest = _NEGATIVE_ZERO[data.itemsize]
            words = sorted_data.view(integers)
            if words.item(words.argmin()) != lowest:  # without -0.0, equal elements are the same
                sorted_data.sort(0)
                return wrap(sorted_data)
    return finish_out(out, sort(input, 0)[0], "msort", apart=(input,))


# By the size of a number in bytes, the type of integers of that size, and the one that -0.0 looks like: the lowest.
_NEGATIVE_ZERO = {n: (np.dtype(f"i{n}"), -(1 << (8 * n - 1))) for n in (4, 8)}


@operation(name="_topk", node="TopkBackward0", aten="topk", function=False, method=False, out=False,
           kernel=kernels.topk, outputs=("values", "indices"), differentiable=("values",), input=_SELECTED)  # fmt: skip
def _topk(input: Array, k: int, dim: int, largest: bool) -> Any:
    """The largest or smallest elements and their places."""


@composite()
@explained
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The `k` largest (or smallest) elements along a dimension, and where they are, as ``(values, indices)``.

    Args:
        input: a tensor of real numbers.
        k: how many.
        dim: the dimension.
        largest: whether the largest or the smallest are wanted.
        sorted: accepted; the results are always in order.
        out: the pair of tensors to write to.

    Raises:
        RuntimeError: there are fewer than `k`.
        IndexError: there is no such dimension.
    """
    dim = int_dim("topk", input, dim)
    if not input._dtype.plain:
        _no_complex("topk", input)
        if input._dtype is dtypes.bool_:
            raise RuntimeError("topk does not support bool dtypes on CPU")
    if not 0 <= k <= (input._shape[dim] if input._shape else 1):
        raise RuntimeError("selected index k out of range")
    found = _topk(input, int(k), dim, bool(largest))
    return found if out is None else several_out(out, found, "topk")


@operation(name="_kthvalue", node="KthvalueBackward0", aten="kthvalue", function=False, method=False, out=False,
           kernel=kernels.kth, outputs=("values", "indices"), differentiable=("values",),
           input="put_back(grad, indices, dim, keepdim, shape(input))")  # fmt: skip
def _kthvalue(input: Array, k: int, dim: int, keepdim: bool) -> Any:
    """The element of some rank and its place."""


@composite()
@explained
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The `k`-th smallest element along a dimension, and where it is, as ``(values, indices)``; `k` counts from 1.

    Args:
        input: the tensor.
        k: which of the elements.
        dim: the dimension.
        keepdim: whether it stays, with length 1.
        out: the pair of tensors to write to.

    Raises:
        RuntimeError: there are fewer than `k`.
        IndexError: there is no such dimension.
    """
    dim = int_dim("kthvalue", input, dim)
    if not input._data.size:
        nonempty("kthvalue", input, (dim,))
    if not 1 <= k <= (input._shape[dim] if input._shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    if not input._dtype.plain and input._shape:
        refuse("kthvalue_cpu", input, dtypes.BOOL, dtypes.COMPLEX)
    if out is None:
        return _kthvalue(input, k - 1, dim, bool_argument("kthvalue", keepdim))
    refuse_shared(out[0], input)
    return several_out(out, _kthvalue(input, k - 1, dim, bool_argument("kthvalue", keepdim)), "kthvalue")


# ---------------------------------------------------------------------------------------------- distinct elements
def no_derivative(name: str) -> Any:
    """The error of backward through an operation that has no derivative.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


in_formulas(no_derivative, no_derivative, "no_derivative")


@operation(name="_unique", node="Unique2Backward0", aten="_unique2", function=False, method=False, out=False,
           outputs=("output", "inverse", "counts"), differentiable=("output",),
           input="no_derivative('_unique2')")  # fmt: skip
def _unique(input: Array, return_inverse: bool, return_counts: bool) -> Any:
    """The distinct elements in order; if asked for, which of them each element is, and how often each occurs."""
    return unique_elements(input, return_inverse, return_counts)


@operation(name="_unique_dim", node="UniqueDimBackward0", aten="unique_dim", function=False, method=False, out=False,
           outputs=("output", "inverse", "counts"), differentiable=("output",),
           input="no_derivative('unique_dim')")  # fmt: skip
def _unique_dim(input: Array, dim: int) -> Any:
    """The distinct slices along a dimension in order, which of them each slice is, and how often each occurs."""
    wide = widen(input)
    found, inverse, counts = np.unique(wide, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    return narrow(found, input.dtype), inverse.reshape(-1), counts


@operation(name="_unique_consecutive", node="UniqueConsecutiveBackward0", aten="unique_consecutive", function=False,
           method=False, out=False, outputs=("output", "inverse", "counts"), differentiable=("output",),
           input="no_derivative('unique_consecutive')")  # fmt: skip
def _unique_consecutive(input: Array, dim: int | None) -> Any:
    """One element (or slice) for each run of equal ones, which run each is in, and how long each run is."""
    x = input.reshape(-1) if dim is None else np.moveaxis(input, dim, 0)
    n = len(x)
    new = np.ones(n, bool)
    if n:
        new[1:] = (x[1:] != x[:-1]).any(tuple(range(1, x.ndim)))
    starts = np.flatnonzero(new)
    inverse = np.cumsum(new) - 1
    counts = np.diff(np.append(starts, n))
    found = x[new]
    return (
        (found, inverse.reshape(input.shape), counts) if dim is None else (np.moveaxis(found, 0, dim), inverse, counts)
    )


def _parts(results: Any, return_inverse: bool, return_counts: bool) -> Any:
    output, inverse, counts = results
    wanted = (output, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return wanted[0] if len(wanted) == 1 else wanted


@composite()
@explained
def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements, in ascending order, or the distinct slices along a dimension.

    Args:
        input: the tensor.
        sorted: accepted; the result is always in order.
        return_inverse: whether to return also which of them each element is.
        return_counts: whether to return also how often each occurs.
        dim: the dimension, or None for single elements.
    """
    if input._dtype.is_complex:
        refuse("unique" if dim is None else "unique_dim", input, dtypes.COMPLEX)
    if dim is None and not return_inverse and mode.unseen(input):
        found, _, counts = unique_elements(input._data, False, return_counts)
        return (wrap(found), wrap(counts)) if return_counts else wrap(found)
    if dim is None:
        return _parts(_unique(input, return_inverse, return_counts), return_inverse, return_counts)
    return _parts(_unique_dim(input, _along(input._shape, dim)), return_inverse, return_counts)


def _along(shape: tuple[int, ...], dim: int) -> int:
    """The dimension along which slices of a tensor are compared.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: slices have no elements.
    """
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    at = wrap_dim(dim, len(shape))
    if 0 in (*shape[:at], *shape[at + 1 :]):
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return at


@composite()
@explained
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """One element for each run of equal ones, of all in order or of the slices along a dimension; see `unique`.

    Args:
        input: the tensor.
        return_inverse: whether to return also which run each element belongs to.
        return_counts: whether to return also how long each run is.
        dim: the dimension; all elements in order by default.
    """
    refuse("unique" if dim is None else "unique_dim", input, dtypes.COMPLEX)
    if dim is not None:
        dim = _along(input._shape, dim)
    return _parts(_unique_consecutive(input, dim), return_inverse, return_counts)


# ---------------------------------------------------------------------------------------------- searching
@operation(name="_searchsorted", aten="searchsorted", function=False, method=False, out=False)
def _searchsorted(sorted_sequence: Array, values: Array, right: bool, out_int32: bool) -> Array:
    """Where values belong in sorted sequences."""
    found = kernels.row_search(sorted_sequence, values, right)
    return found.astype(np.int32) if out_int32 else found


@composite(method=False)
@explained
def searchsorted(
    sorted_sequence: Any, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Where values must be put into sorted sequences so that these stay sorted.

    Args:
        sorted_sequence: a vector, or as many rows as there are of values.
        input: the values, a tensor or a number.
        out_int32: whether to return int32 instead of int64.
        right: whether a value goes after equal ones, not before.
        side: ``"left"`` or ``"right"``, another way to say `right`.
        sorter: the places of the elements of an unsorted `sorted_sequence` in order.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes do not match, or `side` is unknown or contradicts `right`.
    """
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if not isinstance(input, TensorBase):
        input = wrap(np.asarray(input))
        if len(sorted_sequence._shape) != 1:
            raise RuntimeError(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but "
                f"we got boundaries tensor dim({len(sorted_sequence._shape)}) and input value's dim(0) numel(1)"
            )
    a, b = sorted_sequence._shape, input._shape
    if len(a) != 1 and not b:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({len(a)}) and input value's dim(0) numel(1)"
        )
    if len(a) != 1 and a[:-1] != b[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(a)} and input value tensor "
            f"{list(b)}"
        )
    if not (input._dtype.plain and sorted_sequence._dtype.plain) and input._data.size:
        for x in (input, sorted_sequence):
            refuse("searchsorted_out_cpu", x, dtypes.COMPLEX)
        if sorted_sequence._dtype is dtypes.bool_:
            refuse("searchsorted_out_cpu", input, dtypes.BOOL)
    if sorter is not None:
        sorted_sequence = wrap(np.take_along_axis(sorted_sequence._data, sorter._data, -1))
    found = _searchsorted(sorted_sequence, input, right or side == "right", out_int32)
    return found if out is None else finish_out(out, found, "searchsorted")


@composite(method=False)
@explained
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False, out: Any = None) -> Any:
    """Which interval between sorted boundaries each value lies in; `right` whether these include their left end.

    Args:
        input: the values, or one number.
        boundaries: a vector of numbers in increasing order.
        out_int32: whether the results are int32 instead of int64.
        right: whether an interval includes its left end instead of its right one.
        out: the tensor to write to.

    Raises:
        RuntimeError: the boundaries are no vector.
    """
    if len(boundaries._shape) != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({len(boundaries._shape)})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@composite(method=False)
@explained
def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False, out: Any = None
) -> Any:  # fmt: skip
    """Whether each element is among `test_elements`; either may be a number.

    Args:
        elements: the elements.
        test_elements: what they are compared with.
        assume_unique: accepted; it makes no difference.
        invert: whether to answer the opposite.
        out: the tensor to write to.

    Raises:
        RuntimeError: these are truth values or complex numbers.
    """
    operands = elements, test_elements
    kinds = [x._dtype if isinstance(x, TensorBase) else dtypes.of_operand(x) for x in operands]
    for x, kind in zip(operands, kinds):
        if kind is dtypes.complex32:  # which PyTorch refuses only where there is something to compare
            if not isinstance(elements, TensorBase) or elements._data.size:
                name = result_type(*operands).scalar_name
                raise NotImplementedError(f"\"isin_default_cpu\" not implemented for '{name}'")
        elif kind is dtypes.bool_ or kind.is_complex:
            kind = kind if isinstance(x, TensorBase) or kind is dtypes.bool_ else dtypes.complex128
            raise RuntimeError(f"Unsupported input type encountered for isin(): {kind.scalar_name}")
    common = result_type(*operands)  # in which a number is rounded as its tensor's elements are
    arrays = [
        number_array(x, common)
        if not isinstance(x, TensorBase)
        else x._data
        if x._dtype is common
        else x._data.astype(common.numpy)
        for x in operands
    ]
    # Where NaN stands among bfloat16 numbers, NumPy cannot sort them.
    a, b = map(widen, arrays)
    found = wrap(np.asarray(is_among(a, b, bool(invert))))
    return found if out is None else finish_out(out, found, "isin")


# ---------------------------------------------------------------------------------------------- counting
@operation(name="_weight_of_each", aten="bincount", node="torch::autograd::NotImplemented", function=False,
           method=False, out=False, weights="not_implemented(grad, 'bincount')")  # fmt: skip
def _weight_of_each(input: Array, weights: Array, minlength: int) -> Array:
    """The sum of the weights of the occurrences of each number."""
    found = np.bincount(input, weights, minlength)
    return found.astype(np.float32) if weights.dtype == np.float32 else found


@composite()
@explained
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of the numbers 0, 1, 2, ... occurs, or the sum of the weights of its occurrences.

    Args:
        input: a vector of non-negative integers.
        weights: a weight for each, if any.
        minlength: the least length of the result.

    Raises:
        RuntimeError: the input is no such vector, or `weights` has another length.
    """
    if input._dtype is not dtypes.int64:
        refuse("bincount_cpu", input, dtypes.BOOL, dtypes.FLOATING, dtypes.COMPLEX)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    data = input._data
    if len(input._shape) != 1:
        raise _no_counts()
    if weights is None:
        try:
            return wrap(np.bincount(data, None, minlength))
        except ValueError:  # that is how NumPy refuses negative numbers, too
            raise _no_counts() from None
    if data.size and np.minimum.reduce(data) < 0:
        raise _no_counts()
    if weights._shape != input._shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return _weight_of_each(input, weights, minlength)


def _no_counts() -> RuntimeError:
    return RuntimeError("bincount only supports 1-d non-negative integral inputs.")


def _range(function: str, data: Array, low: float, high: float) -> tuple[float, float]:
    if low == high and data.size:
        low, high = float(data.min()), float(data.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"{function}: range of [{low:g}, {high:g}] is not finite")
    if low == high:
        low, high = low - 1, high + 1
    if low > high:
        raise RuntimeError(f"{function}: max must be larger than min")
    return low, high


@composite()
@explained
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0, *, out: Any = None) -> Any:
    """How many elements lie in each of `bins` intervals of equal width from `min` to `max`.

    The limits are those of the elements if both are equal; elements outside are not counted.

    Raises:
        RuntimeError: the limits are not finite or in the wrong order, or `bins` is not positive.
        NotImplementedError: the elements are no floating-point numbers.
    """
    min, max = [x._data.item() if isinstance(x, TensorBase) and not x._shape else x for x in (min, max)]
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if input._dtype.category < dtypes.COMPLEX:
        for limit in (min, max):
            number_for(float(limit), input._dtype)
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{input._dtype.scalar_name}'")
    data = input._data.reshape(-1)
    low, high = _range("torch.histc", data, min, max)
    data = data[(data >= low) & (data <= high)]
    kind = data.dtype.type
    places = ((data - kind(low)) * kind(bins) / (kind(high) - kind(low))).astype(np.int64)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins)
    return finish_out(out, wrap(counts.astype(input._data.dtype)), "histc")
