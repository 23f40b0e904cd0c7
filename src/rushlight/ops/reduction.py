"""Reductions: sums, products and means, and whether all or any elements hold."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import numpy_common
from ..kernels import reduction as sums
from ..kernels.along import prod_over
from ..kernels.numpy_common import narrow, widen
from ..kernels.numpy_statistics import without_each
from .arguments import type_name
from .data import cast, given_dtype
from .declare import Array, composite, in_formulas, operation
from .dimensions import ALL, Axes, bool_argument, int_dim, need_tensor, reduced_axes
from .out import finish_out, refuse_dtype
from .reduction_formulas import length
from .supported import refuse_complex_halves


# ---------------------------------------------------------------------------------------------- sum
@operation(name="_sum", node="SumBackward0", aten="sum", function=False, method=False,
           kernel=sums.sum_all, out=False, input="spread(grad, shape(input))", tangent="linear")  # fmt: skip
def _sum(input: Array) -> Array:
    """The sum of all elements of a float32 or float64 tensor."""


@operation(name="_sum_all", node="SumBackward0", aten="sum", function=False, method=False, out=False,
           input="cast_to(spread(grad, shape(input)), source)", tangent="linear")  # fmt: skip
def _sum_all(input: Array, dtype: Any, source: Any) -> Array:
    """The sum of all elements, converted first."""
    if input.dtype.kind == "b" and dtype is dtypes.int64:
        return np.asarray(numpy_common.count_nonzero(input))
    return _sum_as(input, ALL[input.ndim], False, dtype)


@operation(name="_sum_dims", rows=True, node="SumBackward1", aten="sum", function=False, method=False, out=False,
           input="cast_to(spread_over(grad, shape(input), dim, keepdim), source)", tangent="linear")  # fmt: skip
def _sum_dims(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The sum over some dimensions, converted first unless `dtype` is None."""
    return sums.sum_over(input, dim, keepdim) if dtype is None else _sum_as(input, dim, keepdim, dtype)


def _sum_as(input: Array, axes: Axes, keepdim: bool, dtype: Any) -> Array:
    """The sum over some dimensions, converted first."""
    if dtype is dtypes.int64 and input.dtype.char in "bhilqBHI?":  # NumPy converts them a few at a time
        return np.add.reduce(input, axes, np.int64, None, keepdim)  # type: ignore[no-any-return]
    return sums.sum_over(cast(input, dtype, False), axes, keepdim)


in_formulas(
    lambda x, axes, keepdims: sums.sum_over(x, axes, keepdims),
    lambda x, axes, keepdims: _sum_dims(x, axes, keepdims, None, None),
    "sum_over",
)


def sum_dtype(function: str, input: Any, dtype: Any, out: Any = None) -> Any:
    """The dtype in which to add: the one given or that of ``out=``, int64 for integers, None for the input's own."""
    if isinstance(out, TensorBase):
        if dtype is not None:
            refuse_dtype(function, out._dtype, dtype)
        dtype = out._dtype
    if dtype is not None:
        dtype = given_dtype(function, dtype)
        return None if dtype is input._dtype else dtype
    if input._dtype.plain:
        return None
    asked = input._data.size and (input._shape or not function.startswith("cum"))  # else no kernel is
    if input._dtype is dtypes.complex32 and asked:
        refuse_complex_halves(_KERNELS.get(function, f"{function}_out_cpu"), input)
    category = input._dtype.category
    return dtypes.int64 if category < dtypes.FLOATING and input._dtype is not dtypes.int64 else None


# PyTorch's kernels whose names are not made of the functions'.
_KERNELS = {"sum": "sum_cpu"}


@composite(raw=lambda x: sums.sum_all(x))
def sum(
    input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None, axis: Any = None,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """The sum of the elements, of all or along some dimensions.

    Args:
        input: a tensor.
        dim: one dimension or several; all if None.
        keepdim: whether the dimensions stay, with length 1.
        dtype: the element type to convert to first; integers and booleans are added as int64 unless it is given.
        out: the tensor to write to.
        axis, keepdims: `dim` and `keepdim` by NumPy's names.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: a dimension is given twice.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sum.html
    """
    if dim is None and dtype is None and out is None and not keepdim and axis is None:
        try:
            if input._dtype.plain:
                return _sum(input)
        except AttributeError:
            need_tensor("sum", input)
        return _sum_all(input, sum_dtype("sum", input, None) or input._dtype, input._dtype)
    if keepdims:
        keepdim = keepdims
    if axis is not None:
        if dim is not None:
            raise TypeError("sum() got an unexpected keyword argument 'axis'")
        dim = axis
    if type(dim) is int and dtype is None and out is None and isinstance(input, TensorBase) and input._dtype.plain:
        n = len(input._shape)
        if -n <= dim < n:
            keepdim = keepdim if keepdim is True else bool_argument("sum", keepdim)
            return _sum_dims(input, (dim + n if dim < 0 else dim,), keepdim, None, None)
    axes = reduced_axes("sum", input, dim)
    kind = sum_dtype("sum", input, dtype, out)
    if dim is None and not keepdim and out is None:
        return _sum_all(input, kind or input._dtype, input._dtype)
    return finish_out(out, _sum_dims(input, axes, bool_argument("sum", keepdim), kind, kind and input._dtype), "sum")


# ---------------------------------------------------------------------------------------------- product
@operation(name="_prod_all", node="ProdBackward0", aten="prod", function=False, method=False, out=False,
           input="cast_to(prod_backward(grad, cast_to(input, dtype), None, result), source)")  # fmt: skip
def _prod_all(input: Array, dtype: Any, source: Any) -> Array:
    """The product of all elements, converted first unless `dtype` is None."""
    x = input if dtype is None else cast(input, dtype, False)
    return prod_over(x, ALL[x.ndim])


@operation(name="_prod_dim", rows=True, node="ProdBackward1", aten="prod", function=False, method=False, out=False,
           input="cast_to(prod_backward(grad if keepdim else with_dims(grad, (dim,), shape(input)), "
                 "cast_to(input, dtype), dim, result), source)")  # fmt: skip
def _prod_dim(input: Array, dim: int, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The product along a dimension, converted first unless `dtype` is None."""
    x = input if dtype is None else cast(input, dtype, False)
    return prod_over(x, (dim,) if x.ndim else (), keepdim)


def _prod_backward(grad: Array, x: Array, dim: int | None, result: Array) -> Array:
    """The gradient by each element: `grad`, with the dimension, times the product of the others."""
    if dim is None and not abs(result) > 0 and np.count_nonzero(x == 0) > 1:
        return np.zeros(x.shape, x.dtype)  # also beside infinity, as in PyTorch
    return np.multiply(grad, without_each(x, dim, result), order="C")  # type: ignore[no-any-return]


def _prod_backward_tensor(grad: Any, x: Any, dim: int | None, result: Any) -> Any:
    """The same, made of operations that have derivatives themselves; that of a single element is independent of it."""
    if not x._shape:
        return grad
    if not (x == 0).any():
        return grad * ((result if dim is None else result.reshape(grad._shape)) / x).conj()
    if dim is None:
        return _prod_backward_tensor(grad, x.reshape(-1), 0, result).reshape(x._shape)
    n = x._shape[dim]
    if n == 1:
        return grad
    from .joining import cat

    one = x.narrow(dim, 0, 1).detach() * 0 + 1
    before = cat([one, x.narrow(dim, 0, n - 1)], dim).cumprod(dim)
    after = cat([one, x.flip(dim).narrow(dim, 0, n - 1)], dim).cumprod(dim).flip(dim)
    return grad * (before * after).conj()


in_formulas(_prod_backward, _prod_backward_tensor, "prod_backward", aliasing=True)


@composite(raw=lambda x: np.multiply.reduce(x, None))
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The product of all elements or along a dimension; integers and booleans are multiplied as int64.

    Args:
        input: the tensor.
        dim: the dimension; all elements are multiplied unless given.
        keepdim: whether the dimension stays, with length 1.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension.
        TypeError: `dim` is no integer.
    """
    if dtype is out is None and isinstance(input, TensorBase) and input._dtype.plain:
        if dim is None:
            return _prod_all(input, None, None)
        n = len(input._shape)
        if type(dim) is int and -n <= dim < n:
            return _prod_dim(input, dim + n if dim < 0 else dim, bool_argument("prod", keepdim), None, None)
    need_tensor("prod", input)
    if dim is not None and not hasattr(dim, "__index__"):
        raise TypeError(
            f"prod() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but expected one "
            "of:\n * (Tensor input, *, torch.dtype dtype = None)\n * (Tensor input, int dim, bool keepdim = False, "
            "*, torch.dtype dtype = None, Tensor out = None)\n"
        )
    kind = sum_dtype("prod", input, dtype, out)
    source = kind and input._dtype
    if dim is None:
        return finish_out(out, _prod_all(input, kind, source), "prod")
    at = int_dim("prod", input, dim)
    return finish_out(out, _prod_dim(input, at, bool_argument("prod", keepdim), kind, source), "prod")


# ---------------------------------------------------------------------------------------------- mean
@operation(name="_mean", node="MeanBackward0", aten="mean", function=False, method=False, kernel=sums.mean_all,
           out=False, input="share(grad, shape(input))", tangent="linear")  # fmt: skip
def _mean(input: Array) -> Array:
    """The mean of all elements of a float32 or float64 tensor."""


@operation(name="_mean_all", node="MeanBackward0", aten="mean", function=False, method=False, out=False,
           input="cast_to(share(grad, shape(input)), source)", tangent="linear")  # fmt: skip
def _mean_all(input: Array, dtype: Any, source: Any) -> Array:
    """The mean of all elements, converted first."""
    x = cast(input, dtype, False)
    return mean_over(x, ALL[x.ndim], False)


@operation(name="_mean_dims", rows=True, node="MeanBackward1", aten="mean", function=False, method=False, out=False,
           input="cast_to(share_over(grad, shape(input), dim, keepdim), source)",
           tangent="linear")  # fmt: skip
def _mean_dims(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The mean over some dimensions, converted first unless `dtype` is None."""
    return mean_over(input if dtype is None else cast(input, dtype, False), dim, keepdim)


def mean_over(x: np.ndarray, axes: Axes, keepdims: bool) -> Any:
    """The mean over some axes; narrow types are added and divided in float32."""
    n = length(x.shape, axes)
    if not n:
        shape = [1 if i in axes else k for i, k in enumerate(x.shape) if keepdims or i not in axes]
        return np.full(shape, np.nan, x.dtype)
    if x.dtype.char in "fdFD":
        return sums.sum_over(x, axes, keepdims) / n
    return narrow(sums.sum_over(widen(x), axes, keepdims) / n, x.dtype)


def _mean_dtype(function: str, input: Any, dtype: Any) -> Any:
    need_tensor(function, input)
    if dtype is not None:
        dtype = given_dtype(function, dtype)
        if dtype.category < dtypes.FLOATING:
            raise RuntimeError(
                f"{function}(): could not infer output dtype. Optional dtype must be either a floating point or "
                f"complex dtype. Got: {dtype.scalar_name}"
            )
        return None if dtype is input._dtype else dtype
    refuse_complex_halves("sum_cpu" if input._data.size else "div_cpu", input)
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{function}(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {input._dtype.scalar_name}"
        )
    return None


@composite(raw=lambda x: sums.mean_all(x))
def mean(
    input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None, axis: Any = None,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """The mean of the elements, of all or along some dimensions; the arguments are those of `sum`.

    Raises:
        RuntimeError: the elements are integers or booleans, and no other dtype is given.
        IndexError: there is no such dimension.
    """
    if dim is None and dtype is None and out is None and not keepdim and axis is None:
        try:
            if input._dtype.plain:
                return _mean(input)
        except AttributeError:
            need_tensor("mean", input)
    if keepdims:
        keepdim = keepdims
    if axis is not None:
        if dim is not None:
            raise TypeError("mean() got an unexpected keyword argument 'axis'")
        dim = axis
    if type(dim) is int and dtype is None and out is None and isinstance(input, TensorBase) and input._dtype.plain:
        n = len(input._shape)
        if -n <= dim < n:
            keepdim = keepdim if keepdim is True else bool_argument("mean", keepdim)
            return _mean_dims(input, (dim + n if dim < 0 else dim,), keepdim, None, None)
    kind = _mean_dtype("mean", input, dtype)
    axes = reduced_axes("mean", input, dim)
    if dim is None and not keepdim and out is None:
        return _mean_all(input, kind or input._dtype, input._dtype)
    return finish_out(out, _mean_dims(input, axes, bool_argument("mean", keepdim), kind, kind and input._dtype), "mean")


# ---------------------------------------------------------------------------------------------- truth
@operation(name="_all", rows=True, aten="all", function=False, method=False, out=False)
def _all_of(input: Array, dim: Any, keepdim: bool) -> Array:
    """Whether all elements are true."""
    return np.logical_and.reduce(input, dim, None, None, keepdim)


@operation(name="_any", rows=True, aten="any", function=False, method=False, out=False)
def _any_of(input: Array, dim: Any, keepdim: bool) -> Array:
    """Whether any element is true."""
    return np.logical_or.reduce(input, dim, None, None, keepdim)


def _truth(function: str, operation: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    # Here, and only here, no dimensions mean none and not all.
    axes = () if isinstance(dim, (tuple, list)) and not dim else reduced_axes(function, input, dim)
    if out is not None and out._dtype is dtypes.uint8 and input._data.size != 1:
        input = input.to(dtypes.uint8)
    if input._dtype is dtypes.complex32:
        input = input != 0  # NumPy would look at the real parts
    result = operation(input, axes, bool_argument(function, keepdim))
    # PyTorch keeps bytes as bytes here, from the time before it had booleans.
    return finish_out(out, result.to(dtypes.uint8) if input._dtype is dtypes.uint8 else result, function)


@composite()
def all(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Whether all elements are true (not zero), of all or along some dimensions; True if there are none.

    Args:
        input: the tensor.
        dim: the dimension or dimensions; all unless given.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.
    """
    return _truth("all", _all_of, input, dim, keepdim, out)


@composite()
def any(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Whether any element is true (not zero), of all or along some dimensions; False if there are none.

    Args:
        input: the tensor.
        dim: the dimension or dimensions; all unless given.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.
    """
    return _truth("any", _any_of, input, dim, keepdim, out)


@composite()
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not zero, of all or along some dimensions."""
    data = input._data if input._dtype is not dtypes.complex32 else input._data != 0
    if dim is None:
        return wrap(np.array(numpy_common.count_nonzero(data)))
    axes = reduced_axes("count_nonzero", input, dim)
    return wrap(np.asarray(np.add.reduce(data.astype(bool, copy=False), axes, np.int64), order="C"))
