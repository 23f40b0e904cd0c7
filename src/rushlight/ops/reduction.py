"""Reductions: sums, means, products, extremes, and whether all or any elements hold."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import numpy_reduction as kernels
from ..kernels import reduction as sums
from ..kernels.numpy_common import narrow, widen
from .codegen import ALIASING
from .data import cast, given_dtype, type_name
from .declare import Array, composite, formula, in_formulas, operation
from .out import finish_out, several_out
from .supported import refuse

Axes = tuple[int, ...]


# ---------------------------------------------------------------------------------------------- dimensions
def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: there is no such dimension; a tensor without dimensions is treated as having one.
    """
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return dim + n if dim < 0 else dim


def axes_of(dim: Any, ndim: int) -> Axes:
    """The dimensions to reduce, counted from the front: one, several, or for None and an empty sequence all.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: one is given twice.
        TypeError: it is no integer.
    """
    if dim is None:
        return tuple(range(ndim))
    found: tuple[int, ...]
    if type(dim) is int:
        found = (wrap_dim(dim, ndim),)
    elif isinstance(dim, (tuple, list)):
        if not dim:
            return tuple(range(ndim))
        found = tuple([wrap_dim(int(d), ndim) for d in dim])
        for i, d in enumerate(found):
            if d in found[:i]:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    elif hasattr(dim, "__index__") and not isinstance(dim, bool):
        found = (wrap_dim(int(dim), ndim),)
    else:
        raise TypeError(type_name(dim))
    return found if ndim else ()


_SUM_FORMS = (
    "(Tensor input, *, torch.dtype dtype = None)\n * (Tensor input, tuple of ints dim, bool keepdim = False, *, "
    "torch.dtype dtype = None, Tensor out = None)\n"
)


def _need_tensor(function: str, input: Any) -> None:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")


def _axes(function: str, input: Any, dim: Any, forms: str = _SUM_FORMS) -> Axes:
    _need_tensor(function, input)
    try:
        return axes_of(dim, len(input._shape))
    except TypeError:
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but "
            f"expected one of:\n * {forms}"
        ) from None


def int_dim(function: str, input: Any, dim: Any) -> int:
    """One dimension counted from the front.

    Raises:
        TypeError: it is no integer, or `input` no tensor.
        IndexError: there is no such dimension.
    """
    _need_tensor(function, input)
    if type(dim) is not int:
        if not hasattr(dim, "__index__") or isinstance(dim, bool):
            raise TypeError(f"{function}(): argument 'dim' (position 1) must be int, not {type_name(dim)}")
        dim = dim.__index__()
    return wrap_dim(dim, len(input._shape))


def nonempty(function: str, input: Any, dims: Axes) -> None:
    """Refuses to find an extreme among no elements.

    Raises:
        IndexError: a dimension to reduce has no elements.
    """
    for d in dims:
        if input._shape and not input._shape[d]:
            raise IndexError(f"{function}(): Expected reduction dim {d} to have non-zero size.")


# ---------------------------------------------------------------------------------------------- for formulas
in_formulas(math.prod, math.prod, "count_of")
in_formulas(
    lambda x, d: x if d is None or x.dtype == d.numpy else cast(x, d),
    lambda x, d: x if d is None or x._dtype is d else x.to(d),
    "cast_to",
    aliasing=True,
)


@operation(name="spread", node="ExpandBackward0", aten="expand", function=False, method=False, out=False,
           kernel=kernels.spread, tangent="linear", input="sum_to_size(grad, shape(input))")  # fmt: skip
def spread(input: Array, size: Any) -> Array:
    """`input` broadcast to `size`: the gradient of a sum. Unlike `expand`, it is no view for in-place changes."""


ALIASING.add("spread")


def _spread_over(grad: Any, shape: Axes, axes: Axes, keepdims: bool) -> Any:
    if not keepdims and len(axes) != len(shape):
        grad = grad.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return grad.expand(shape)


in_formulas(kernels.spread_over, _spread_over, "spread_over", aliasing=True)
in_formulas(
    lambda x, axes, keepdims: sums.sum_over(x, axes, keepdims),
    lambda x, axes, keepdims: _sum_dims(x, axes, keepdims, None, None),  # type: ignore[has-type]
    "sum_over",
)
in_formulas(kernels.equal_places, lambda x, chosen: wrap(kernels.equal_places(x._data, chosen._data)), "equal_places")
in_formulas(
    lambda x, chosen: (x == chosen).astype(x.dtype),
    lambda x, chosen: wrap((x._data == chosen._data).astype(x._data.dtype)),
    "same_places",
)
in_formulas(
    lambda x, axes, shape: x.reshape([1 if i in axes else n for i, n in enumerate(shape)]),
    lambda x, axes, shape: x.reshape([1 if i in axes else n for i, n in enumerate(shape)]),
    "with_dims",
    aliasing=True,
)


@operation(name="_take_along", node="GatherBackward0", aten="gather", function=False, method=False,
           kernel=kernels.take_along, input="_put_along(grad, indices, dim, shape(input))",
           tangent="linear")  # fmt: skip
def _take_along(input: Array, indices: Array, dim: int) -> Array:
    """The elements at `indices` along a dimension."""


@operation(name="_put_along", node="ScatterAddBackward0", aten="scatter_add", function=False, method=False,
           kernel=kernels.put_along, input="_take_along(grad, indices, dim)", tangent="linear")  # fmt: skip
def _put_along(input: Array, indices: Array, dim: int, size: Any) -> Array:
    """Zeros of a size with elements added at `indices` along a dimension."""


@operation(name="_put_one", node="ScatterBackward0", aten="scatter", function=False, method=False,
           kernel=kernels.put_one, input="_take_along(grad, indices, dim)", tangent="linear")  # fmt: skip
def _put_one(input: Array, indices: Array, dim: int, size: Any) -> Array:
    """Zeros of a size with elements put at different `indices` along a dimension."""


@formula
def put_back(grad: Any, indices: Any, dim: int, keepdim: bool, shape: Axes) -> Any:
    """The gradient of having chosen one element along a dimension."""
    if not keepdim and shape:
        grad = with_dims(grad, (dim,), shape)  # type: ignore[name-defined]  # noqa: F821
        indices = with_dims(indices, (dim,), shape)  # type: ignore[name-defined]  # noqa: F821
    return _put_one(grad, indices, dim, shape)


@formula
def shared_evenly(grad: Any, input: Any, result: Any) -> Any:
    """A gradient divided evenly among all elements that equal the result."""
    places = equal_places(input, result)  # type: ignore[name-defined]  # noqa: F821
    return places * (grad / places.sum())


@formula
def shared_over(grad: Any, input: Any, result: Any, axes: Any, keepdims: Any) -> Any:
    """Gradients divided evenly among the elements along some dimensions that equal the result."""
    if not keepdims:
        shape = input.shape
        grad = with_dims(grad, axes, shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, shape)  # type: ignore[name-defined]  # noqa: F821
    places = same_places(input, result)  # type: ignore[name-defined]  # noqa: F821
    return places * (grad / sum_over(places, axes, True))  # type: ignore[name-defined]  # noqa: F821


# ---------------------------------------------------------------------------------------------- sum
@operation(name="_sum", node="SumBackward0", aten="sum", function=False, method=False,
           kernel=sums.sum_all, out=False, input="spread(grad, shape(input))", tangent="linear")  # fmt: skip
def _sum(input: Array) -> Array:
    """The sum of all elements of a float32 or float64 tensor."""


@operation(name="_sum_all", node="SumBackward0", aten="sum", function=False, method=False, out=False,
           input="cast_to(spread(grad, shape(input)), source)", tangent="linear")  # fmt: skip
def _sum_all(input: Array, dtype: Any, source: Any) -> Array:
    """The sum of all elements, converted first."""
    x = cast(input, dtype, False)
    return sums.sum_over(x, tuple(range(x.ndim)))


@operation(name="_sum_dims", rows=True, node="SumBackward1", aten="sum", function=False, method=False, out=False,
           input="cast_to(spread_over(grad, shape(input), dim, keepdim), source)", tangent="linear")  # fmt: skip
def _sum_dims(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The sum over some dimensions, converted first unless `dtype` is None."""
    return sums.sum_over(input if dtype is None else cast(input, dtype, False), dim, keepdim)


def sum_dtype(function: str, input: Any, dtype: Any) -> Any:
    """The dtype in which to add: the one given, int64 for integers, and None for the input's own."""
    if dtype is not None:
        dtype = given_dtype(function, dtype)
        return None if dtype is input._dtype else dtype
    category = input._dtype.category
    return dtypes.int64 if category < dtypes.FLOATING and input._dtype is not dtypes.int64 else None


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
            _need_tensor("sum", input)
        return _sum_all(input, sum_dtype("sum", input, None) or input._dtype, input._dtype)
    if keepdims:
        keepdim = keepdims
    if type(dim) is int and dtype is None and out is None and isinstance(input, TensorBase) and input._dtype.plain:
        n = len(input._shape)
        if -n <= dim < n:
            keepdim = keepdim if keepdim is True else bool_argument("sum", keepdim)
            return _sum_dims(input, (dim + n if dim < 0 else dim,), keepdim, None, None)
    if axis is not None:
        if dim is not None:
            raise TypeError("sum() got an unexpected keyword argument 'axis'")
        dim = axis
    axes = _axes("sum", input, dim)
    kind = sum_dtype("sum", input, dtype)
    if dim is None and not keepdim and out is None:
        return _sum_all(input, kind or input._dtype, input._dtype)
    return finish_out(out, _sum_dims(input, axes, bool_argument("sum", keepdim), kind, kind and input._dtype), "sum")


def bool_argument(function: str, value: Any, name: str = "keepdim") -> bool:
    """An argument that must be True or False.

    Raises:
        TypeError: it is neither.
    """
    if value is True or value is False:
        return value
    raise TypeError(f"{function}(): argument '{name}' must be bool, not {type_name(value)}")


# ---------------------------------------------------------------------------------------------- mean
@operation(name="_mean", node="MeanBackward0", aten="mean", function=False, method=False, kernel=sums.mean_all,
           out=False, input="spread(grad / count_of(shape(input)), shape(input))", tangent="linear")  # fmt: skip
def _mean(input: Array) -> Array:
    """The mean of all elements of a float32 or float64 tensor."""


@operation(name="_mean_all", node="MeanBackward0", aten="mean", function=False, method=False, out=False,
           input="cast_to(spread(grad / count_of(shape(input)), shape(input)), source)", tangent="linear")  # fmt: skip
def _mean_all(input: Array, dtype: Any, source: Any) -> Array:
    """The mean of all elements, converted first."""
    x = cast(input, dtype, False)
    return mean_over(x, tuple(range(x.ndim)), False)


@operation(name="_mean_dims", rows=True, node="MeanBackward1", aten="mean", function=False, method=False, out=False,
           input="cast_to(spread_over(grad / length(shape(input), dim), shape(input), dim, keepdim), source)",
           tangent="linear")  # fmt: skip
def _mean_dims(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The mean over some dimensions, converted first unless `dtype` is None."""
    return mean_over(input if dtype is None else cast(input, dtype, False), dim, keepdim)


def length(shape: Axes, axes: Axes) -> int:
    """How many elements a reduction over `axes` takes together."""
    n = 1
    for a in axes:
        n *= shape[a]
    return n


in_formulas(length, length, "length")


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
    _need_tensor(function, input)
    if dtype is not None:
        dtype = given_dtype(function, dtype)
        if dtype.category < dtypes.FLOATING:
            raise RuntimeError(
                f"{function}(): could not infer output dtype. Optional dtype must be either a floating point or "
                f"complex dtype. Got: {dtype.scalar_name}"
            )
        return None if dtype is input._dtype else dtype
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
            _need_tensor("mean", input)
    if keepdims:
        keepdim = keepdims
    if type(dim) is int and dtype is None and out is None and isinstance(input, TensorBase) and input._dtype.plain:
        n = len(input._shape)
        if -n <= dim < n:
            keepdim = keepdim if keepdim is True else bool_argument("mean", keepdim)
            return _mean_dims(input, (dim + n if dim < 0 else dim,), keepdim, None, None)
    kind = _mean_dtype("mean", input, dtype)
    if axis is not None:
        if dim is not None:
            raise TypeError("mean() got an unexpected keyword argument 'axis'")
        dim = axis
    axes = _axes("mean", input, dim)
    if dim is None and not keepdim and out is None:
        return _mean_all(input, kind or input._dtype, input._dtype)
    return finish_out(out, _mean_dims(input, axes, bool_argument("mean", keepdim), kind, kind and input._dtype), "mean")


# ---------------------------------------------------------------------------------------------- extremes
@operation(name="_max", node="MaxBackward1", aten="max", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _max(input: Array) -> Array:
    """The largest element."""
    return np.maximum.reduce(input, None, None, np.empty((), input.dtype))


@operation(name="_min", node="MinBackward1", aten="min", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _min(input: Array) -> Array:
    """The smallest element."""
    return np.minimum.reduce(input, None, None, np.empty((), input.dtype))


@operation(name="_max_dim", node="MaxBackward0", aten="max", function=False, method=False, kernel=kernels.max_along,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",),
           input="put_back(grad, indices, dim, keepdim, shape(input))", out=False)  # fmt: skip
def _max_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The largest elements along a dimension, and where they are."""


@operation(name="_min_dim", node="MinBackward0", aten="min", function=False, method=False, kernel=kernels.min_along,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",),
           input="put_back(grad, indices, dim, keepdim, shape(input))", out=False)  # fmt: skip
def _min_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The smallest elements along a dimension, and where they are."""


def _extreme(
    function: str, whole: Any, along: Any, pairwise: Any, input: Any, dim: Any, keepdim: bool, other: Any, out: Any
) -> Any:
    if other is not None:
        if dim is not None:
            raise TypeError(f"{function}(): argument 'dim' (position 1) must be int, not {type_name(dim)}")
        dim = other
    if isinstance(dim, TensorBase):
        return pairwise(input, dim, out=out)
    _need_tensor(function, input)
    if dim is None:
        if not input._data.size:
            raise RuntimeError(
                f"{function}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        if input._dtype.is_complex:
            raise NotImplementedError(f"\"{function}_all\" not implemented for '{input._dtype.scalar_name}'")
        return finish_out(out, whole(input), function, converts=True)
    if type(dim) is not int and not hasattr(dim, "__index__"):
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but "
            "expected one of:\n * (Tensor input, *, Tensor out = None)\n * (Tensor input, Tensor other, *, Tensor "
            "out = None)\n * (Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
        )
    dim = int_dim(function, input, dim)
    if input._dtype.is_complex:
        raise RuntimeError(f"{function}(): does not support complex input")
    nonempty(function, input, (dim,))
    return several_out(out, along(input, dim, bool_argument(function, keepdim)), function)


@composite(raw=lambda x: np.maximum.reduce(x, None))
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None) -> Any:
    """The largest element; or the largest elements along a dimension and their places; or of two tensors.

    Args:
        input: a tensor of real numbers.
        dim: None for the largest of all elements, a dimension for the named tuple ``(values, indices)``, or a second
            tensor
            for the larger of corresponding elements.
        keepdim: whether the dimension stays, with length 1.
        other: the second tensor by name.
        out: the tensor, or pair of tensors, to write to.

    Raises:
        RuntimeError: there are no elements, or they are complex.
        IndexError: there is no such dimension, or it has no elements.
    """
    if dim is None and other is None and out is None and isinstance(input, TensorBase):
        if input._dtype.plain and input._data.size:
            return _max(input)
    from .comparison import maximum

    return _extreme("max", _max, _max_dim, maximum, input, dim, keepdim, other, out)


@composite(raw=lambda x: np.minimum.reduce(x, None))
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None) -> Any:
    """The smallest element; or the smallest elements along a dimension and their places; or of two tensors.

    The arguments and errors are those of `max`.
    """
    if dim is None and other is None and out is None and isinstance(input, TensorBase):
        if input._dtype.plain and input._data.size:
            return _min(input)
    from .comparison import minimum

    return _extreme("min", _min, _min_dim, minimum, input, dim, keepdim, other, out)


@operation(name="_amax", rows=True, node="AmaxBackward0", aten="amax", function=False, method=False, out=False,
           input="shared_over(grad, input, result, dim, keepdim)")  # fmt: skip
def _amax(input: Array, dim: Any, keepdim: bool) -> Array:
    """The largest elements over some dimensions."""
    return np.maximum.reduce(input, dim, None, None, keepdim)


@operation(name="_amin", rows=True, node="AminBackward0", aten="amin", function=False, method=False, out=False,
           input="shared_over(grad, input, result, dim, keepdim)")  # fmt: skip
def _amin(input: Array, dim: Any, keepdim: bool) -> Array:
    """The smallest elements over some dimensions."""
    return np.minimum.reduce(input, dim, None, None, keepdim)


def _extreme_over(function: str, name: str, operation: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    axes = _axes(function, input, dim)
    if not input._data.size:
        if dim is None or dim in ((), []):
            raise RuntimeError(
                f"{function}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        nonempty(function, input, tuple(dim) if isinstance(dim, (tuple, list)) else (dim,))
    if input._dtype.is_complex:
        raise NotImplementedError(f"\"{name}_values_cpu\" not implemented for '{input._dtype.scalar_name}'")
    return finish_out(out, operation(input, axes, bool_argument(function, keepdim)), function)


@composite()
def amax(input: Any, dim: Any = (), keepdim: bool = False, *, out: Any = None) -> Any:
    """The largest elements over some dimensions, or of all; a gradient is shared evenly among equal ones.

    Raises:
        RuntimeError: there are no elements.
        IndexError: there is no such dimension, or it has no elements.
    """
    return _extreme_over("amax", "max", _amax, input, dim, keepdim, out)


@composite()
def amin(input: Any, dim: Any = (), keepdim: bool = False, *, out: Any = None) -> Any:
    """The smallest elements over some dimensions, or of all; see `amax`."""
    return _extreme_over("amin", "min", _amin, input, dim, keepdim, out)


@formula(aliasing=True)
def sum_of_two(first: Any, second: Any) -> Any:
    """The sum of two gradients, either of which may be None."""
    if first is None:
        return second
    return first if second is None else first + second


@operation(name="_aminmax", rows=True, node="AminmaxBackward0", aten="aminmax", function=False, method=False, out=False,
           outputs=("min", "max"),
           input="sum_of_two(None if grads[0] is None else shared_over(grads[0], input, min, dim, keepdim), "
                 "None if grads[1] is None else shared_over(grads[1], input, max, dim, keepdim))")  # fmt: skip
def _aminmax(input: Array, dim: Any, keepdim: bool) -> Any:
    """The smallest and the largest elements over some dimensions."""
    return np.minimum.reduce(input, dim, None, None, keepdim), np.maximum.reduce(input, dim, None, None, keepdim)


@composite()
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """The smallest and the largest elements, of all or along a dimension, as the named tuple ``(min, max)``.

    Raises:
        RuntimeError: there are no elements.
        IndexError: there is no such dimension.
    """
    _need_tensor("aminmax", input)
    axes = axes_of(dim, len(input._shape))
    if dim is not None and input._shape and not input._shape[dim]:
        raise IndexError(f"aminmax: Expected reduction dim {dim % len(input._shape)} to have non-zero size.")
    refuse("aminmax_cpu", input, dtypes.COMPLEX)
    if not input._data.size and not length(input._shape, axes):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return several_out(out, _aminmax(input, axes, keepdim), "aminmax")


@operation(name="_argmax", aten="argmax", function=False, method=False, out=False)
def _argmax(input: Array, dim: Any, keepdim: bool) -> Array:
    """Where the largest elements are."""
    return input.argmax(dim, keepdims=keepdim) if input.ndim else np.zeros((), np.int64)


@operation(name="_argmin", aten="argmin", function=False, method=False, out=False)
def _argmin(input: Array, dim: Any, keepdim: bool) -> Array:
    """Where the smallest elements are."""
    return input.argmin(dim, keepdims=keepdim) if input.ndim else np.zeros((), np.int64)


def _arg_extreme(function: str, operation: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    _need_tensor(function, input)
    if input._dtype.category in (dtypes.BOOL, dtypes.COMPLEX):
        raise RuntimeError(
            f"{function}(): does not support {'bool' if input._dtype is dtypes.bool_ else 'complex'} input"
        )
    if dim is not None:
        dim = int_dim(function, input, dim)
        nonempty(function, input, (dim,))
    elif not input._data.size:
        raise IndexError(f"{function}(): Expected reduction dim to be specified for input.numel() == 0.")
    return finish_out(out, operation(input, dim, bool_argument(function, keepdim)), function)


@composite()
def argmax(input: Any, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Where the largest element is: its place among all, or along a dimension; the first of equal ones.

    Raises:
        IndexError: there is no such dimension, or there are no elements.
        RuntimeError: the elements are booleans or complex numbers.
    """
    return _arg_extreme("argmax", _argmax, input, dim, keepdim, out)


@composite()
def argmin(input: Any, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Where the smallest element is: its place among all, or along a dimension; the first of equal ones."""
    return _arg_extreme("argmin", _argmin, input, dim, keepdim, out)


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
    axes = () if dim in ((), []) else _axes(function, input, dim)
    if function == "all" and out is not None and out._dtype is dtypes.uint8:
        input = input.to(dtypes.uint8)
    result = operation(input, axes, bool_argument(function, keepdim))
    # PyTorch keeps bytes as bytes here, from the time before it had booleans.
    return finish_out(out, result.to(dtypes.uint8) if input._dtype is dtypes.uint8 else result, function)


@composite()
def all(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Whether all elements are true (not zero), of all or along some dimensions; True if there are none."""
    return _truth("all", _all_of, input, dim, keepdim, out)


@composite()
def any(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Whether any element is true (not zero), of all or along some dimensions; False if there are none."""
    return _truth("any", _any_of, input, dim, keepdim, out)


@composite()
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not zero, of all or along some dimensions."""
    return wrap(np.count_nonzero(input._data, _axes("count_nonzero", input, dim)))
