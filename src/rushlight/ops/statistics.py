"""Variances, medians, modes and quantiles, and sums and means without NaN."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.mode import unseen
from ..base import TensorBase, wrap
from ..kernels import along, choosing, sorting
from ..kernels import numpy_statistics as kernels
from ..kernels.reduction import sum_over
from ..warn import warn
from .arguments import explained
from .data import cast
from .declare import Array, composite, formula, in_formulas, operation
from .dimensions import Axes, Unstated, axes_of, bool_argument, int_dim, need_tensor, nonempty, reduced_axes
from .matmul import _squeeze_at
from .out import finish_out, several_out
from .reduction import mean_over, sum_dtype
from .reduction_formulas import _take_along, length
from .sorting import _sort
from .supported import refuse
from .view import reshape


# ---------------------------------------------------------------------------------------------- variance
@formula
def var_backward(grad: Any, input: Any, axes: Any, correction: Any, keepdims: Any) -> Any:
    """The gradient of a variance: the distances from the mean, scaled."""
    n = length(input.shape, axes)
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    middle = mean_over(input, axes, True)  # type: ignore[name-defined]
    if n - correction <= 0 and len(axes) == len(input.shape):
        return grad * no_freedom(input, middle)  # type: ignore[name-defined]  # noqa: F821
    scale = 2 / (n - correction) if n != correction else inf  # type: ignore[name-defined]  # noqa: F821
    return distance_times(input, middle, scale, grad)  # type: ignore[name-defined]  # noqa: F821


@formula
def std_backward(grad: Any, input: Any, result: Any, axes: Any, correction: Any, keepdims: Any) -> Any:
    """The gradient of a standard deviation; zero where that is zero."""
    scaled = where(result == 0, zeros_like(grad), grad / (result * 2))  # type: ignore[name-defined]  # noqa: F821
    return var_backward(scaled, input, axes, correction, keepdims)


@formula
def std_tangent(tangent: Any, input: Any, result: Any, axes: Any, correction: Any, keepdims: Any) -> Any:
    """The tangent of a standard deviation; zero where that is zero."""
    n = length(input.shape, axes)
    along = conj(input - mean_over(input, axes, True)) * tangent  # type: ignore[name-defined]  # noqa: F821
    along = real_part(mean_over(along, axes, keepdims)) * n / (n - correction)  # type: ignore[name-defined]  # noqa: F821
    return where(result == 0, zeros_like(along), along / result)  # type: ignore[name-defined]  # noqa: F821


in_formulas(math.inf, math.inf, "inf")
in_formulas(
    along.distance_times,
    lambda x, mean, scale, grad: grad * ((x - mean) if scale == 1 else (x - mean) * scale),
    "distance_times",
)
in_formulas(
    lambda x, m: np.where(x == m, x.dtype.type(np.nan), x.dtype.type(np.inf)),
    lambda x, m: wrap(np.where(x._data == m._data, x._data.dtype.type(np.nan), x._data.dtype.type(np.inf))),
    "no_freedom",
)


in_formulas(mean_over, lambda x, axes, keepdims: x.mean(axes, keepdim=keepdims), "mean_over")

_VAR = "var_backward(grad, input, dim, correction, keepdim)"


@operation(name="_var", rows=True, node="VarBackward0", aten="var", function=False, method=False, out=False, input=_VAR)
def _var(input: Array, dim: Any, correction: Any, keepdim: bool) -> Array:
    """The variance over some dimensions."""
    return along.variance(input, dim, correction, keepdim)[0]


@operation(name="_std", rows=True, node="StdBackward0", aten="std", function=False, method=False, out=False,
           input="std_backward(grad, input, result, dim, correction, keepdim)",
           tangent="std_tangent(input_t, input, result, dim, correction, keepdim)")  # fmt: skip
def _std(input: Array, dim: Any, correction: Any, keepdim: bool) -> Array:
    """The standard deviation over some dimensions."""
    return along.deviation(input, dim, correction, keepdim)[0]


_MEAN = "None if grads[1] is None else share_over(grads[1], shape(input), dim, keepdim)"


@operation(name="_var_mean", node="VarMeanBackward0", aten="var_mean", function=False, method=False, out=False,
           rows=True,
           outputs=("var", "mean"),
           input="sum_of_two(None if grads[0] is None else var_backward(grads[0], input, dim, correction, keepdim), "
                 + _MEAN + ")")  # fmt: skip
def _var_mean(input: Array, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The variance and the mean over some dimensions."""
    return kernels.with_running_mean(along.variance(input, dim, correction, keepdim), input, dim, keepdim)


@operation(name="_std_mean", node="StdMeanBackward0", aten="std_mean", function=False, method=False, out=False,
           rows=True,
           outputs=("std", "mean"),
           input="sum_of_two(None if grads[0] is None "
                 "else std_backward(grads[0], input, std, dim, correction, keepdim), "
                 + _MEAN + ")")  # fmt: skip
def _std_mean(input: Array, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The standard deviation and the mean over some dimensions."""
    return kernels.with_running_mean(along.deviation(input, dim, correction, keepdim), input, dim, keepdim)


_UNSTATED = Unstated(1)


def _spread_arguments(function: str, input: Any, dim: Any, unbiased: Any, correction: Any) -> tuple[Axes, Any]:
    need_tensor(function, input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        bool_argument(function, unbiased, "unbiased")
    if correction is None:
        correction = _UNSTATED if dim is unbiased is None else 0 if unbiased is False else 1
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = axes_of(dim, len(input._shape))
    if (length(input._shape, axes) if input._data.size else 0) - correction <= 0:
        warn(
            f"{function}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel)."
        )
    return axes, correction


@composite()
def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
    out: Any = None,
) -> Any:  # fmt: skip
    """The variance, of all elements or over some dimensions.

    Args:
        input: a tensor of floating-point or complex numbers.
        dim: one dimension, several, or None for all.
        unbiased: False is another way to say ``correction=0``.
        keepdim: whether the dimensions stay, with length 1.
        correction: what is subtracted from the number of elements to divide by; 1 unless given.
        out: the tensor to write to.

    Raises:
        RuntimeError: the elements are integers or booleans.
        IndexError: there is no such dimension.
    """
    axes, correction = _spread_arguments("var", input, dim, unbiased, correction)
    result = _var(input, axes, correction, bool_argument("var", keepdim))
    if out is None:
        return result
    return finish_out(out, result, "var", converts=result._data.size == 1 or not input._data.size)


@composite()
def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
    out: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation, the square root of the variance; the arguments are those of `var`."""
    axes, correction = _spread_arguments("std", input, dim, unbiased, correction)
    result = _std(input, axes, correction, bool_argument("std", keepdim))
    if out is None:
        return result
    return finish_out(out, result, "std", converts=result._data.size == 1 or not input._data.size)


@composite(method=False)
@explained
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The variance and the mean; the arguments are those of `var`."""
    axes, correction = _spread_arguments("var_mean", input, dim, unbiased, correction)
    return tuple(_var_mean(input, axes, correction, bool_argument("var_mean", keepdim)))


@composite(method=False)
@explained
def std_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The standard deviation and the mean; the arguments are those of `var`."""
    axes, correction = _spread_arguments("std_mean", input, dim, unbiased, correction)
    return tuple(_std_mean(input, axes, correction, bool_argument("std_mean", keepdim)))


# ---------------------------------------------------------------------------------------------- median and mode
@operation(name="_median", node="MedianBackward0", aten="median", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _median(input: Array) -> Array:
    """The middle element; of two the smaller."""
    if not input.size:
        return np.full((), np.nan, input.dtype)
    return sorting.median(input.reshape(-1), 0, False, False)[0]


@operation(name="_nanmedian", node="NanmedianBackward0", aten="nanmedian", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _nanmedian(input: Array) -> Array:
    """The middle of the elements that are not NaN."""
    if not input.size:
        return np.full((), np.nan, input.dtype)
    return sorting.median(input.reshape(-1), 0, False, True)[0]


_PUT_BACK = "put_back(grad, indices, dim, keepdim, shape(input))"


@operation(name="_median_dim", node="MedianBackward1", aten="median", function=False, method=False, out=False,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _median_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The middle elements along a dimension and their places."""
    return sorting.median(input, dim, keepdim, False)


@operation(name="_nanmedian_dim", node="NanmedianBackward1", aten="nanmedian", function=False, method=False, out=False,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _nanmedian_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The middle of the elements that are not NaN along a dimension and their places."""
    return sorting.median(input, dim, keepdim, True)


def _middle(function: str, whole: Any, along: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    need_tensor(function, input)
    if dim is None:
        if not input._data.size and input._dtype.category != dtypes.FLOATING:
            # NaN, converted.
            return input.new_full((), math.nan, dtype=dtypes.float32).to(input._dtype)
        refuse("median_cpu", input, dtypes.BOOL, dtypes.COMPLEX)
        return finish_out(out, whole(input), function)
    at = int_dim(function, input, dim)
    nonempty("median", input, (at,))
    refuse("median_out", input, dtypes.BOOL, dtypes.COMPLEX)
    return several_out(out, along(input, at, bool_argument(function, keepdim)), function)


@composite()
def median(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The middle element in order, of two the smaller; NaN if there is one.

    Of all elements; or along a dimension, with its place, as ``(values, indices)``.

    Args:
        input: the tensor.
        dim: the dimension, if the values along it and their places are wanted.
        keepdim: whether it stays, with length 1.
        out: the pair of tensors to write to.

    Raises:
        IndexError: there is no such dimension, or it has no elements.
    """
    return _middle("median", _median, _median_dim, input, dim, keepdim, out)


@composite()
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The middle of the elements that are not NaN; see `median`."""
    return _middle("nanmedian", _nanmedian, _nanmedian_dim, input, dim, keepdim, out)


@operation(name="_mode", rows=True, node="ModeBackward0", aten="mode", function=False, method=False, out=False,
           kernel=sorting.mode,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _mode(input: Array, dim: int, keepdim: bool) -> Any:
    """The most frequent elements along a dimension and their places."""


@composite()
def mode(input: Any, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along a dimension (of several the least) and its last place: ``(values, indices)``.

    Args:
        input: the tensor.
        dim: the dimension.
        keepdim: whether it stays, with length 1.
        out: the pair of tensors to write to.
    """
    at = int_dim("mode", input, dim)
    nonempty("mode", input, (at,))
    if input._data.size and input._shape:
        refuse("mode_cpu", input, dtypes.COMPLEX)
    return several_out(out, _mode(input, at, bool_argument("mode", keepdim)), "mode")


# ---------------------------------------------------------------------------------------------- quantiles
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
_FEW = 8  # quantiles
_ROUNDED = {"nearest": np.rint, "higher": np.ceil}  # where the element stands; else below the place


def _placed(data: Array, low: Array, above: Array) -> Array:
    """A copy of a vector whose elements of these ranks are in their places; those `above` come right behind `low`."""
    places = np.unique(low)
    found = np.partition(data, places)
    for rank in sorted(set(above.tolist()) - set(places.tolist())):
        # The least of what lies behind; finding it is quicker than one more partition.
        beyond = found[rank : int(next((p for p in places if p > rank), len(found)))]
        at = int(beyond.argmin())
        beyond[0], beyond[at] = beyond[at], beyond[0]
    return found


def _quantile(function: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip_nan: bool) -> Any:
    need_tensor(function, input)
    if input._dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{function}() input tensor must be either float or double dtype")
    if isinstance(q, TensorBase):
        if q._dtype is not input._dtype:
            raise RuntimeError(f"{function}() q tensor must be same dtype as the input tensor")
        if len(q._shape) > 1:
            raise RuntimeError(f"{function}() q must be a scalar or 1D tensor")
        places, scalar = reshape(q, (-1,)), not q._shape
        if input._data.size and not ((places._data >= 0) & (places._data <= 1)).all():
            raise RuntimeError(f"{function}() q values must be in the range [0, 1]")
    else:
        if not 0 <= q <= 1:
            raise RuntimeError(f"{function}() q must be in the range [0, 1] but got {q:g}")
        places, scalar = wrap(np.asarray([q], input._data.dtype)), True
    if not input._data.size:
        raise RuntimeError(f"{function}() input tensor must be non-empty")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{function}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    dims = len(input._shape)
    if scalar and dims and unseen(input, places):
        at = None if dim is None else int_dim(function, input, dim)
        one = kernels.one_quantile(input._data, places._data[0], at, keepdim, interpolation)
        if one is not None:
            return wrap(one)
    few = False
    if dim is None:
        # Where nobody asks for the other elements' places, only those that are wanted are put there.
        few = unseen(input) and places._data.size <= _FEW
        ordered = input.reshape(-1) if few else _sort(input.reshape(-1), 0, False)[0]
        kept = (1,) * dims
    else:
        at = int_dim(function, input, dim)
        ordered = _sort(input.movedim(at, -1) if dims else input.reshape(1), max(dims - 1, 0), False)[0]
        kept = tuple([1 if i == at else n for i, n in enumerate(input._shape)])
    data = ordered._data
    last = data.shape[-1] - 1
    # NaN comes last, and is the largest. Ranks lie row by row, and so do the results.
    if skip_nan:
        missing = np.ascontiguousarray(np.add.reduce(data != data, -1, np.int64, None, True))
        rank = places * wrap(np.maximum(last - missing, 0).astype(data.dtype))
    else:
        end = np.maximum.reduce(data, -1, keepdims=True) if few else np.ascontiguousarray(data[..., -1:])
        if unseen(places):
            kind = data.dtype.type
            rank = wrap(np.where(end != end, kind(last), places._data * kind(last)))
        else:
            rank = (places * last).masked_fill(wrap(end != end), last)
    low = _ROUNDED.get(interpolation, np.floor)(rank._data)
    axis = data.ndim - 1
    if few:
        if skip_nan and 0 < missing[0] <= last:
            data = choosing.masked_select(data, data == data)
        ordered = wrap(_placed(data, low.astype(np.int64), np.ceil(rank._data).astype(np.int64)))
    result = _take_along(ordered, wrap(low.astype(np.int64)), axis)
    if interpolation in ("linear", "midpoint"):
        if interpolation == "midpoint":
            weight = wrap(np.full_like(low, 0.5))
        else:
            weight = wrap(rank._data - low) if unseen(rank) else rank - wrap(low)
        above = _take_along(ordered, wrap(np.ceil(rank._data).astype(np.int64)), axis)
        result = result.lerp(above, weight)
    if keepdim:
        result = result.reshape((*kept, places._data.size))
    if not scalar:
        result = result.unsqueeze(0).transpose(0, -1)
    return _squeeze_at(result, result._data.ndim - 1)


@composite()
@explained
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear", out: Any = None
) -> Any:
    """The values below which given fractions of the elements lie, of all elements or along a dimension.

    Args:
        input: a float32 or float64 tensor.
        q: a fraction, or a vector of fractions, which makes a first dimension of the result.
        dim: the dimension, or None for all elements.
        keepdim: whether the dimension stays, with length 1.
        interpolation: what lies between two elements: linear, lower, higher, midpoint or nearest.
        out: the tensor to write to.

    Raises:
        RuntimeError: a fraction is not between 0 and 1, or an argument is of the wrong kind.
    """
    return finish_out(out, _quantile("quantile", input, q, dim, keepdim, interpolation, False), "quantile")


@composite()
@explained
def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear", out: Any = None
) -> Any:
    """As `quantile`, of the elements that are not NaN.

    Args:
        input: the tensor.
        q: which parts of the elements, from 0 to 1, lie below.
        dim: the dimension; of all elements unless given.
        keepdim: whether it stays, with length 1.
        interpolation: what stands between two elements; see `quantile`.
        out: the tensor to write to.
    """
    return finish_out(out, _quantile("nanquantile", input, q, dim, keepdim, interpolation, True), "nanquantile")


# ---------------------------------------------------------------------------------------------- without NaN
@operation(name="_nansum", rows=True, node="NansumBackward0", aten="nansum", function=False, method=False, out=False,
           input="cast_to(spread_over(grad, shape(input), dim, keepdim) "
                 "* cast_to(not_nan(input), dtype), source)")  # fmt: skip
def _nansum(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The sum of the elements that are not NaN, over some dimensions."""
    x = input if dtype is None else cast(input, dtype, False)
    return sum_over(choosing.without_nan(x), dim, keepdim)


in_formulas(lambda x: (x == x).astype(x.dtype), lambda x: wrap((x._data == x._data).astype(x._data.dtype)), "not_nan")


@composite()
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The sum of the elements that are not NaN; the arguments are those of `sum`.

    Raises:
        RuntimeError: the input is complex.
    """
    axes = reduced_axes("nansum", input, dim)
    if input._dtype.is_complex:
        raise RuntimeError("nansum on CPU does not support complex inputs")
    kind = sum_dtype("nansum", input, dtype, out)
    floating = kind is not None and input._dtype.category == dtypes.FLOATING and input._data.size > 0
    if floating and (kind.is_complex or (dtype is None and kind.category < dtypes.FLOATING)):
        raise NotImplementedError(f"\"nansum_cpu\" not implemented for '{kind.scalar_name}'")
    return finish_out(
        out, _nansum(input, axes, bool_argument("nansum", keepdim), kind, kind and input._dtype), "nansum"
    )


@composite()
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The mean of the elements that are not NaN; the arguments are those of `sum`.

    Raises:
        RuntimeError: the input holds integers.
    """
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input._dtype.scalar_name}"
        )
    axes = reduced_axes("nanmean", input, dim)
    here = input._data == input._data
    count = np.count_nonzero(here) if len(axes) == here.ndim and not keepdim else here.sum(axes, keepdims=keepdim)
    return finish_out(out, nansum(input, axes, keepdim, dtype=dtype) / wrap(np.asarray(count, np.int64)), "nanmean")
