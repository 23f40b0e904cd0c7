"""Reductions beyond sums: products, variances, norms, medians, quantiles, and running sums, products and extremes."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels import numpy_reduction as reductions
from ..kernels import numpy_statistics as kernels
from ..kernels.numpy_common import narrow, widen
from ..warn import warn
from .data import cast, given_dtype, type_name
from .declare import Array, composite, formula, in_formulas, operation
from .elementwise_general import broadcast_shapes, result_type
from .matmul import _squeeze_at
from .out import finish_out, refuse_dtype, several_out
from .overwrite import replace
from .pointwise import refuse_bool_subtraction
from .reduction import (
    _axes,
    _need_tensor,
    _take_along,
    axes_of,
    bool_argument,
    int_dim,
    length,
    nonempty,
    sum_dtype,
)
from .sorting import _sort
from .supported import refuse

Axes = tuple[int, ...]


# ---------------------------------------------------------------------------------------------- product
@operation(name="_prod_all", node="ProdBackward0", aten="prod", function=False, method=False, out=False,
           input="cast_to(grad * without_each(cast_to(input, dtype), None), source)")  # fmt: skip
def _prod_all(input: Array, dtype: Any, source: Any) -> Array:
    """The product of all elements, converted first unless `dtype` is None."""
    x = input if dtype is None else cast(input, dtype, False)
    return reductions.prod_over(x, tuple(range(x.ndim)))


@operation(name="_prod_dim", rows=True, node="ProdBackward1", aten="prod", function=False, method=False, out=False,
           input="cast_to((grad if keepdim else with_dims(grad, (dim,), shape(input))) "
                 "* without_each(cast_to(input, dtype), dim), source)")  # fmt: skip
def _prod_dim(input: Array, dim: int, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The product along a dimension, converted first unless `dtype` is None."""
    x = input if dtype is None else cast(input, dtype, False)
    return reductions.prod_over(x, (dim,) if x.ndim else (), keepdim)


def _without_each_tensor(x: Any, dim: Any) -> Any:
    """For each element the product of the others, conjugated, made of operations that have derivatives themselves."""
    if dim is None:
        return _without_each_tensor(x.reshape(-1), 0).reshape(x.shape) if x._shape else x * 0 + 1
    if not x._shape:
        return x * 0 + 1
    if x._dtype.is_complex:
        x = x.conj()
    zeros = bool((x == 0).any())
    if not zeros:
        return x.prod(dim, keepdim=True) / x
    from .joining import cat

    n = x._shape[dim]
    one = x.narrow(dim, 0, 1).detach() * 0 + 1
    before = cat([one, x.narrow(dim, 0, n - 1)], dim).cumprod(dim)
    after = cat([one, x.flip(dim).narrow(dim, 0, n - 1)], dim).cumprod(dim).flip(dim)
    return before * after


in_formulas(kernels.without_each, _without_each_tensor, "without_each")


@composite(raw=lambda x: np.multiply.reduce(x, None))
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The product of all elements or along a dimension; integers and booleans are multiplied as int64.

    Raises:
        IndexError: there is no such dimension.
        TypeError: `dim` is no integer.
    """
    _need_tensor("prod", input)
    if dim is not None and not isinstance(dim, int):
        raise TypeError(
            f"prod() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but expected one "
            "of:\n * (Tensor input, *, torch.dtype dtype = None)\n * (Tensor input, int dim, bool keepdim = False, "
            "*, torch.dtype dtype = None, Tensor out = None)\n"
        )
    kind = sum_dtype("prod", input, dtype)
    source = kind and input._dtype
    if dim is None:
        return finish_out(out, _prod_all(input, kind, source), "prod")
    at = int_dim("prod", input, dim)
    return finish_out(out, _prod_dim(input, at, bool_argument("prod", keepdim), kind, source), "prod")


# ---------------------------------------------------------------------------------------------- variance
@formula
def var_backward(grad: Any, input: Any, axes: Any, correction: Any, keepdims: Any) -> Any:
    """The gradient of a variance: the distances from the mean, scaled."""
    n = length(input.shape, axes)
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    middle = mean_over(input, axes, True)  # type: ignore[name-defined]  # noqa: F821
    if n - correction <= 0 and len(axes) == len(input.shape):
        return grad * no_freedom(input, middle)  # type: ignore[name-defined]  # noqa: F821
    return grad * ((input - middle) * 2 / (n - correction))  # type: ignore[name-defined]


@formula
def std_backward(grad: Any, input: Any, result: Any, axes: Any, correction: Any, keepdims: Any) -> Any:
    """The gradient of a standard deviation; zero where that is zero."""
    scaled = where(result == 0, zeros_like(grad), grad / (result * 2))  # type: ignore[name-defined]  # noqa: F821
    return var_backward(scaled, input, axes, correction, keepdims)


in_formulas(math.inf, math.inf, "inf")
in_formulas(
    lambda x, m: np.where(x == m, x.dtype.type(np.nan), x.dtype.type(np.inf)),
    lambda x, m: wrap(np.where(x._data == m._data, x._data.dtype.type(np.nan), x._data.dtype.type(np.inf))),
    "no_freedom",
)


def _raw_mean(x: Any, axes: Axes, keepdims: bool) -> Any:
    from .reduction import mean_over

    return mean_over(x, axes, keepdims)


in_formulas(_raw_mean, lambda x, axes, keepdims: x.mean(axes, keepdim=keepdims), "mean_over")

_VAR = "var_backward(grad, input, dim, correction, keepdim)"


@operation(name="_var", rows=True, node="VarBackward0", aten="var", function=False, method=False, out=False, input=_VAR)
def _var(input: Array, dim: Any, correction: Any, keepdim: bool) -> Array:
    """The variance over some dimensions."""
    return kernels.variance(input, dim, correction, keepdim)[0]


@operation(name="_std", rows=True, node="StdBackward0", aten="std", function=False, method=False, out=False,
           input="std_backward(grad, input, result, dim, correction, keepdim)")  # fmt: skip
def _std(input: Array, dim: Any, correction: Any, keepdim: bool) -> Array:
    """The standard deviation over some dimensions."""
    return narrow(np.sqrt(kernels.variance(widen(input), dim, correction, keepdim)[0]), input.real.dtype)


_MEAN = "None if grads[1] is None else spread_over(grads[1] / length(shape(input), dim), shape(input), dim, keepdim)"


@operation(name="_var_mean", node="VarMeanBackward0", aten="var_mean", function=False, method=False, out=False,
           rows=True,
           outputs=("var", "mean"),
           input="sum_of_two(None if grads[0] is None else var_backward(grads[0], input, dim, correction, keepdim), "
                 + _MEAN + ")")  # fmt: skip
def _var_mean(input: Array, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The variance and the mean over some dimensions."""
    return kernels.variance(input, dim, correction, keepdim)


@operation(name="_std_mean", node="StdMeanBackward0", aten="std_mean", function=False, method=False, out=False,
           rows=True,
           outputs=("std", "mean"),
           input="sum_of_two(None if grads[0] is None "
                 "else std_backward(grads[0], input, std, dim, correction, keepdim), "
                 + _MEAN + ")")  # fmt: skip
def _std_mean(input: Array, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The standard deviation and the mean over some dimensions."""
    variance, mean = kernels.variance(input, dim, correction, keepdim)
    return np.sqrt(variance), mean


def _spread_arguments(function: str, input: Any, dim: Any, unbiased: Any, correction: Any) -> tuple[Axes, Any]:
    _need_tensor(function, input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = axes_of(dim, len(input._shape))
    others = length(input._shape, tuple([i for i in range(len(input._shape)) if i not in axes]))
    if input._data.size // max(others, 1) - correction <= 0:
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
    return finish_out(out, _var(input, axes, correction, bool_argument("var", keepdim)), "var")


@composite()
def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None,
    out: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation, the square root of the variance; the arguments are those of `var`."""
    axes, correction = _spread_arguments("std", input, dim, unbiased, correction)
    return finish_out(out, _std(input, axes, correction, bool_argument("std", keepdim)), "std")


@composite(method=False)
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The variance and the mean; the arguments are those of `var`."""
    axes, correction = _spread_arguments("var_mean", input, dim, unbiased, correction)
    return tuple(_var_mean(input, axes, correction, bool_argument("var_mean", keepdim)))


@composite(method=False)
def std_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The standard deviation and the mean; the arguments are those of `var`."""
    axes, correction = _spread_arguments("std_mean", input, dim, unbiased, correction)
    return tuple(_std_mean(input, axes, correction, bool_argument("std_mean", keepdim)))


# ---------------------------------------------------------------------------------------------- vector norms
in_formulas(kernels.sign, lambda x: x.sgn() if x._dtype.is_complex else wrap(kernels.sign(x._data)), "sign_of")
in_formulas(
    lambda x, chosen: ((x == chosen) | (x != x)).astype(chosen.dtype),
    lambda x, chosen: wrap(((x._data == chosen._data) | (x._data != x._data)).astype(chosen._data.dtype)),
    "nan_or_equal",
)


@formula
def norm_backward(grad: Any, input: Any, result: Any, p: float, axes: Any, keepdims: Any) -> Any:
    """The gradient of a vector norm, by p; where the norm has no derivative, the subgradient that PyTorch chooses."""
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    if p == 0:
        return zeros_like(input)  # type: ignore[name-defined]  # noqa: F821
    if p == 1:
        return attached(sign_of(input) * grad, input)  # type: ignore[name-defined]  # noqa: F821
    none = zeros_like(result)  # type: ignore[name-defined]  # noqa: F821
    if p == 2:
        return grad * where(result == 0, zeros_like(input), input / result)  # type: ignore[name-defined]  # noqa: F821
    if p == inf or p == -inf:  # type: ignore[name-defined]  # noqa: F821
        places = nan_or_equal(abs(input), result)  # type: ignore[name-defined]  # noqa: F821
        share = places / sum_over(places, axes, True)  # type: ignore[name-defined]  # noqa: F821
        return attached(sign_of(input) * share * grad, input)  # type: ignore[name-defined]  # noqa: F821
    size = abs(input)
    if p < 1:
        slope = where(input == 0, zeros_like(input), sign_of(input) * _pow_number(size, p - 1))  # type: ignore[name-defined]  # noqa: F821
        return slope * (grad * _pow_number(result, 1 - p))  # type: ignore[name-defined]  # noqa: F821
    if p < 2:
        slope = sign_of(input) * _pow_number(size, p - 1)  # type: ignore[name-defined]  # noqa: F821
    else:
        slope = input * _pow_number(size, p - 2)  # type: ignore[name-defined]  # noqa: F821
    return slope * where(result == 0, none, grad / _pow_number(result, p - 1))  # type: ignore[name-defined]  # noqa: F821


@operation(name="_vector_norm", rows=True, node="LinalgVectorNormBackward0", aten="linalg_vector_norm", function=False,
           method=False, out=False,
           input="cast_to(norm_backward(grad, cast_to(input, dtype), result, ord, dim, keepdim), source)")  # fmt: skip
def _vector_norm(input: Array, ord: float, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The norm of vectors along some dimensions, converted first unless `dtype` is None."""
    return kernels.vector_norm(input if dtype is None else cast(input, dtype, False), ord, dim, keepdim)


def vector_norm(
    x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    """The norm of vectors: of all elements, or along some dimensions.

    Args:
        x: a tensor of floating-point or complex numbers.
        ord: the p of the p-norm, also 0 (the number of non-zeros), inf (the largest) and -inf (the smallest).
        dim: one dimension, several, or None for all.
        keepdim: whether the dimensions stay, with length 1.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the elements are integers, or there are none and the norm has no value then.
        IndexError: there is no such dimension.
    """
    _need_tensor("linalg_vector_norm", x)
    if x._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + x._dtype.scalar_name
        )
    kind = None
    if dtype is not None:
        kind = given_dtype("linalg_vector_norm", dtype)
        kind = None if kind is x._dtype else kind
    axes = axes_of(dim, len(x._shape))
    if (ord < 0 or ord == math.inf) and not x._data.size:
        name = "inf" if ord == math.inf else f"{ord:g}"
        if dim is None or dim in ((), []):
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {name} norm on an empty tensor because the operation does not "
                "have an identity"
            )
        for d in (dim,) if isinstance(dim, int) else dim:
            if not x._shape[d]:
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {name} norm on the dimension {d}because this dimension is "
                    "empty and the operation does not have an identity"
                )
    ord = float(ord) if isinstance(ord, (int, float)) else float(ord.item())
    return finish_out(out, _vector_norm(x, ord, axes, keepdim, kind, kind and x._dtype), "linalg_vector_norm")


@composite()
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Any = None, dtype: Any = None) -> Any:
    """The norm of a tensor seen as one vector, or of vectors or matrices along some dimensions.

    Args:
        input: the tensor.
        p: a number for the p-norm, ``"fro"`` for the Euclidean norm, ``"nuc"`` for the nuclear norm of matrices.
        dim: one dimension, several, or None for all.
        keepdim: whether the dimensions stay, with length 1.
        out: the tensor to write to.
        dtype: the element type to convert to first.

    Raises:
        RuntimeError: the norm is unknown, or the elements are integers.
    """
    if isinstance(p, str) and p not in ("fro",):
        from .matrix_functions import matrix_norm

        if dim is None:
            dim = tuple(range(len(input._shape)))
        return matrix_norm(input, p, dim, keepdim, dtype=dtype, out=out)
    return vector_norm(input, 2 if p is None or p == "fro" else p, dim, keepdim, dtype=dtype, out=out)


@operation(name="_dist", node="DistBackward0", aten="dist", function=False, method=False, out=False,
           input="fit_like(norm_of_difference(grad, input, other, result, p), shape(input))",
           other="fit_like(-norm_of_difference(grad, input, other, result, p), shape(other))")  # fmt: skip
def _dist(input: Array, other: Array, p: float) -> Array:
    """The norm of the difference."""
    difference = input - other
    return kernels.vector_norm(difference, p, tuple(range(difference.ndim)), False)


@formula
def norm_of_difference(grad: Any, input: Any, other: Any, result: Any, p: float) -> Any:
    """The gradient of the norm of a difference."""
    difference = input - other
    return norm_backward(grad, difference, result, p, tuple(range(difference.ndim)), False)


@composite()
def dist(input: Any, other: Any, p: Any = 2) -> Any:
    """The p-norm of the difference of two tensors, which broadcast.

    Raises:
        RuntimeError: the shapes do not broadcast, or the numbers are no floating-point or complex ones.
    """
    if not isinstance(other, TensorBase):
        raise TypeError(f"dist(): argument 'other' (position 2) must be Tensor, not {type_name(other)}")
    refuse_bool_subtraction(input, other)
    broadcast_shapes(input._shape, other._shape)
    common = result_type(input, other)
    if common.category < dtypes.FLOATING:
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {common.scalar_name} instead."
        )
    given: Any = (input, other)
    input, other = (x if x._dtype is common else x.to(common) for x in given)
    return _dist(input, other, float(p))


# ---------------------------------------------------------------------------------------------- log of sums
@operation(name="_logsumexp", node="LogsumexpBackward0", aten="logsumexp", function=False, method=False, out=False,
           rows=True,
           kernel=kernels.logsumexp, input="logsumexp_backward(grad, input, result, dim, keepdim)")  # fmt: skip
def _logsumexp(input: Array, dim: Any, keepdim: bool) -> Array:
    """The logarithm of the sum of exponentials over some dimensions."""


@formula
def logsumexp_backward(grad: Any, input: Any, result: Any, axes: Any, keepdims: Any) -> Any:
    """The gradient of `logsumexp`: the softmax."""
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    return grad * conj(exp(input - result))  # type: ignore[name-defined]  # noqa: F821


@composite()
def logsumexp(input: Any, dim: Any, keepdim: bool = False, *, out: Any = None) -> Any:
    """The logarithm of the sum of the exponentials over some dimensions, without overflow."""
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    axes = _axes("logsumexp", input, dim)
    if input._dtype.category < dtypes.FLOATING:
        input = input.to(dtypes.get_default_dtype())
    return finish_out(out, _logsumexp(input, axes, bool_argument("logsumexp", keepdim)), "logsumexp")


@operation(name="_logcumsumexp", node="LogcumsumexpBackward0", aten="logcumsumexp", function=False, method=False,
           rows=True,
           out=False, kernel=kernels.logcumsumexp,
           tangent="logcumsumexp_jvp(input_t, input, result, dim)",
           input="logcumsumexp_backward(grad, input, result, dim)")  # fmt: skip
def _logcumsumexp(input: Array, dim: int) -> Array:
    """The logarithms of running sums of exponentials."""


in_formulas(lambda x: x.dtype.kind == "c", lambda x: x._dtype.is_complex, "of_complex")


@formula
def logcumsumexp_jvp(tangent: Any, input: Any, result: Any, dim: int) -> Any:
    """The tangent of `logcumsumexp`."""
    if not input.shape:
        return tangent
    if of_complex(input):  # type: ignore[name-defined]  # noqa: F821
        return exp(_logcumsumexp(input + log(tangent), dim) - result)  # type: ignore[name-defined]  # noqa: F821
    return logcumsumexp_tangent(tangent, input, result, dim) - logcumsumexp_tangent(-tangent, input, result, dim)


@formula(aliasing=True)
def logcumsumexp_backward(grad: Any, input: Any, result: Any, dim: int) -> Any:
    """The gradient of `logcumsumexp`."""
    if not input.shape:
        return grad
    if of_complex(input):  # type: ignore[name-defined]  # noqa: F821
        logs = log(grad) - conj(result)  # type: ignore[name-defined]  # noqa: F821
        sums = flip_along(_logcumsumexp(flip_along(logs, dim), dim), dim)  # type: ignore[name-defined]  # noqa: F821
        return exp(sums + conj(input))  # type: ignore[name-defined]  # noqa: F821
    return logcumsumexp_part(grad, input, result, dim) - logcumsumexp_part(-grad, input, result, dim)


@formula
def logcumsumexp_tangent(tangent: Any, input: Any, result: Any, dim: int) -> Any:
    """The tangent of `logcumsumexp` that comes from the positive tangents, computed by logarithms."""
    return exp(_logcumsumexp(input + log(tangent.clamp_min(0)), dim) - result)  # type: ignore[name-defined]  # noqa: F821


@formula
def logcumsumexp_part(grad: Any, input: Any, result: Any, dim: int) -> Any:
    """The gradient of `logcumsumexp` that comes from the positive part of `grad`, computed by logarithms."""
    logs = log_of_positive(grad)  # type: ignore[name-defined]  # noqa: F821
    sums = _logcumsumexp(flip_along(logs - result, dim), dim)  # type: ignore[name-defined]  # noqa: F821
    return exp(flip_along(sums, dim) + input)  # type: ignore[name-defined]  # noqa: F821


def smallest(dtype: np.dtype) -> Any:
    """The least finite number of a real floating-point type of NumPy's or of ml_dtypes's."""
    return dtypes.finfo(dtypes.from_numpy(dtype)).min


def _log_of_positive(x: Any) -> Any:
    from .comparison import where

    positive = x > 0
    return where(positive, where(positive, x, 1.0).log(), float(smallest(x._data.dtype)))


in_formulas(
    lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1)), smallest(x.dtype)), _log_of_positive, "log_of_positive"
)
in_formulas(lambda x, dim: np.flip(x, dim) if x.ndim else x, lambda x, dim: x.flip(dim), "flip_along", aliasing=True)


@composite()
def logcumsumexp(input: Any, dim: int, *, out: Any = None) -> Any:
    """The logarithms of the running sums of exponentials along a dimension.

    Raises:
        NotImplementedError: the elements are integers or booleans.
    """
    dim = int_dim("logcumsumexp", input, dim)
    refuse("logcumsumexp_out_cpu", input, dtypes.BOOL, dtypes.INTEGRAL)
    return finish_out(out, _logcumsumexp(input, dim), "logcumsumexp")


# ---------------------------------------------------------------------------------------------- running reductions
@operation(name="_cumsum", rows=True, node="CumsumBackward0", aten="cumsum", function=False, method=False, out=False,
           input="cast_to(reverse_cumsum(grad, dim), source)", tangent="linear")  # fmt: skip
def _cumsum(input: Array, dim: int, dtype: Any, source: Any) -> Array:
    """Running sums, converted first unless `dtype` is None."""
    return kernels.cumsum(input if dtype is None else cast(input, dtype, False), dim)


@operation(name="_cumsum_reversed", node="FlipBackward0", aten="flip", function=False, method=False, out=False,
           input="cumsum_along(grad, dim)", tangent="linear")  # fmt: skip
def _cumsum_reversed(input: Array, dim: int) -> Array:
    """Running sums from the end."""
    return kernels.cumsum_reversed(input, dim)


in_formulas(kernels.cumsum_reversed, lambda x, dim: _cumsum_reversed(x, dim), "reverse_cumsum")
in_formulas(kernels.cumsum, lambda x, dim: _cumsum(x, dim, None, None), "cumsum_along")


@composite()
def cumsum(input: Any, dim: int, *, dtype: Any = None, out: Any = None) -> Any:
    """The running sums along a dimension; integers and booleans are added as int64.

    Raises:
        IndexError: there is no such dimension.
    """
    dim = int_dim("cumsum", input, dim)
    if dtype is None and out is not None:
        dtype = out._dtype  # the numbers are converted before, not after
    elif out is not None:
        refuse_dtype("cumsum", out._dtype, dtype)
    kind = sum_dtype("cumsum", input, dtype)
    return finish_out(out, _cumsum(input, dim, kind, kind and input._dtype), "cumsum")


@composite(inplace=True)
def cumsum_(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The in-place form of `cumsum`."""
    dim = int_dim("cumsum", input, dim)
    if dtype is not None:
        refuse_dtype("cumsum", input._dtype, given_dtype("cumsum", dtype))
    kind = sum_dtype("cumsum", input, None)
    return replace("_cumsum", input, dim, kind, kind and input._dtype)


@operation(name="_cumprod", rows=True, node="CumprodBackward0", aten="cumprod", function=False, method=False, out=False,
           input="cast_to(cumprod_backward(grad, cast_to(input, dtype), result, dim), source)")  # fmt: skip
def _cumprod(input: Array, dim: int, dtype: Any, source: Any) -> Array:
    """Running products, converted first unless `dtype` is None."""
    return kernels.cumprod(input if dtype is None else cast(input, dtype, False), dim)


def _cumprod_backward_tensor(grad: Any, input: Any, result: Any, dim: int) -> Any:
    """The gradient of running products; with zeros among the elements, element by element."""
    if not input._shape:
        return grad
    x = input.conj() if input._dtype.is_complex else input
    products = result.conj() if input._dtype.is_complex else result
    if not bool((input._data == 0).any()):
        return _cumsum_reversed(grad * products, dim) / x
    from .joining import cat

    n = input._shape[dim]
    parts = []
    for k in range(n):
        rest = x.narrow(dim, k, n - k)
        one = rest.narrow(dim, 0, 1).detach() * 0 + 1
        without = cat([one, rest.narrow(dim, 1, n - k - 1)], dim).cumprod(dim)
        total = (grad.narrow(dim, k, n - k) * without).sum(dim, keepdim=True)
        if k:
            total = total * x.narrow(dim, 0, k).prod(dim, keepdim=True)
        parts.append(total)
    return cat(parts, dim)


in_formulas(kernels.cumprod_backward, _cumprod_backward_tensor, "cumprod_backward")


@composite()
def cumprod(input: Any, dim: int, *, dtype: Any = None, out: Any = None) -> Any:
    """The running products along a dimension; integers and booleans are multiplied as int64.

    Raises:
        IndexError: there is no such dimension.
    """
    dim = int_dim("cumprod", input, dim)
    if dtype is None and out is not None:
        dtype = out._dtype  # the numbers are converted before, not after
    elif out is not None:
        refuse_dtype("cumprod", out._dtype, dtype)
    kind = sum_dtype("cumprod", input, dtype)
    return finish_out(out, _cumprod(input, dim, kind, kind and input._dtype), "cumprod")


@composite(inplace=True)
def cumprod_(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The in-place form of `cumprod`."""
    dim = int_dim("cumprod", input, dim)
    if dtype is not None:
        refuse_dtype("cumprod", input._dtype, given_dtype("cumprod", dtype))
    kind = sum_dtype("cumprod", input, None)
    return replace("_cumprod", input, dim, kind, kind and input._dtype)


_RUNNING = "_put_along(grad, indices, dim, shape(input))"


@operation(name="_cummax", rows=True, node="CummaxBackward0", aten="cummax", function=False, method=False, out=False,
           kernel=kernels.cummax, outputs=("values", "indices"), differentiable=("values",),
           input=_RUNNING)  # fmt: skip
def _cummax(input: Array, dim: int) -> Any:
    """The largest elements so far and their places."""


@operation(name="_cummin", rows=True, node="CumminBackward0", aten="cummin", function=False, method=False, out=False,
           kernel=kernels.cummin, outputs=("values", "indices"), differentiable=("values",),
           input=_RUNNING)  # fmt: skip
def _cummin(input: Array, dim: int) -> Any:
    """The smallest elements so far and their places."""


@composite()
def cummax(input: Any, dim: int, *, out: Any = None) -> Any:
    """The largest elements so far along a dimension, and where they are, as ``(values, indices)``."""
    dim = int_dim("cummax", input, dim)
    refuse("cummax_cpu", input, dtypes.COMPLEX)
    return several_out(out, _cummax(input, dim), "cummax")


@composite()
def cummin(input: Any, dim: int, *, out: Any = None) -> Any:
    """The smallest elements so far along a dimension, and where they are, as ``(values, indices)``."""
    dim = int_dim("cummin", input, dim)
    refuse("cummin_cpu", input, dtypes.COMPLEX)
    return several_out(out, _cummin(input, dim), "cummin")


# ---------------------------------------------------------------------------------------------- median and mode
@operation(name="_median", node="MedianBackward0", aten="median", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _median(input: Array) -> Array:
    """The middle element; of two the smaller."""
    return kernels.median(input.reshape(-1), 0, False, False)[0]


@operation(name="_nanmedian", node="NanmedianBackward0", aten="nanmedian", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _nanmedian(input: Array) -> Array:
    """The middle of the elements that are not NaN."""
    return kernels.median(input.reshape(-1), 0, False, True)[0]


_PUT_BACK = "put_back(grad, indices, dim, keepdim, shape(input))"


@operation(name="_median_dim", node="MedianBackward1", aten="median", function=False, method=False, out=False,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _median_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The middle elements along a dimension and their places."""
    return kernels.median(input, dim, keepdim, False)


@operation(name="_nanmedian_dim", node="NanmedianBackward1", aten="nanmedian", function=False, method=False, out=False,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _nanmedian_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The middle of the elements that are not NaN along a dimension and their places."""
    return kernels.median(input, dim, keepdim, True)


def _middle(function: str, whole: Any, along: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    _need_tensor(function, input)
    if dim is None:
        if not input._data.size:
            least = None if input._dtype.category != dtypes.INTEGRAL else np.iinfo(input._dtype.numpy).min
            return input.new_full((), math.nan if least is None else least)
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

    Raises:
        IndexError: there is no such dimension, or it has no elements.
    """
    return _middle("median", _median, _median_dim, input, dim, keepdim, out)


@composite()
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The middle of the elements that are not NaN; see `median`."""
    return _middle("nanmedian", _nanmedian, _nanmedian_dim, input, dim, keepdim, out)


@operation(name="_mode", rows=True, node="ModeBackward0", aten="mode", function=False, method=False, out=False,
           kernel=kernels.mode,
           outputs=("values", "indices"), differentiable=("values",), input=_PUT_BACK)  # fmt: skip
def _mode(input: Array, dim: int, keepdim: bool) -> Any:
    """The most frequent elements along a dimension and their places."""


@composite()
def mode(input: Any, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along a dimension (of several the least) and its last place: ``(values, indices)``."""
    at = int_dim("mode", input, dim)
    nonempty("mode", input, (at,))
    if input._data.size:
        refuse("mode_cpu", input, dtypes.COMPLEX)
    return several_out(out, _mode(input, at, bool_argument("mode", keepdim)), "mode")


# ---------------------------------------------------------------------------------------------- quantiles
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(function: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, skip_nan: bool) -> Any:
    _need_tensor(function, input)
    if input._dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{function}() input tensor must be either float or double dtype")
    if isinstance(q, TensorBase):
        if q._dtype is not input._dtype:
            raise RuntimeError(f"{function}() q tensor must be same dtype as the input tensor")
        if len(q._shape) > 1:
            raise RuntimeError(f"{function}() q must be a scalar or 1D tensor")
        places, scalar = q._data.reshape(-1), not q._shape
    else:
        if not 0 <= q <= 1:
            raise RuntimeError(f"{function}() q must be in the range [0, 1] but got {q:g}")
        places, scalar = np.asarray([q], input._data.dtype), True
    if not input._data.size:
        raise RuntimeError(f"{function}() input tensor must be non-empty")
    if places.size and not ((places >= 0) & (places <= 1)).all():
        raise RuntimeError(f"{function}() q values must be in the range [0, 1]")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{function}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    dims = len(input._shape)
    if dim is None:
        ordered = _sort(input.reshape(-1), 0, False)[0]
        kept = (1,) * dims
    else:
        at = int_dim(function, input, dim)
        ordered = _sort(input.movedim(at, -1) if dims else input.reshape(1), max(dims - 1, 0), False)[0]
        kept = tuple([1 if i == at else n for i, n in enumerate(input._shape)])
    data = ordered._data
    last = data.shape[-1] - 1
    missing = (data != data).sum(-1, keepdims=True)
    if skip_nan:
        rank = places * np.maximum(last - missing, 0).astype(data.dtype)
    else:
        rank = np.where(missing > 0, data.dtype.type(last), places * data.dtype.type(last))
    if interpolation == "nearest":
        rank = np.rint(rank)
    elif interpolation == "lower":
        rank = np.floor(rank)
    elif interpolation == "higher":
        rank = np.ceil(rank)
    low = np.floor(rank)
    axis = ordered._data.ndim - 1
    result = _take_along(ordered, wrap(low.astype(np.int64)), axis)
    if interpolation in ("linear", "midpoint"):
        weight = np.full_like(rank, 0.5) if interpolation == "midpoint" else rank - low
        above = _take_along(ordered, wrap(np.ceil(rank).astype(np.int64)), axis)
        result = result.lerp(above, wrap(weight.astype(data.dtype)))
    if keepdim:
        result = result.reshape((*kept, places.size))
    if not scalar:
        result = result.unsqueeze(0).transpose(0, -1)
    return _squeeze_at(result, result._data.ndim - 1)


@composite()
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
def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear", out: Any = None
) -> Any:
    """As `quantile`, of the elements that are not NaN."""
    return finish_out(out, _quantile("nanquantile", input, q, dim, keepdim, interpolation, True), "nanquantile")


# ---------------------------------------------------------------------------------------------- without NaN
@operation(name="_nansum", rows=True, node="NansumBackward0", aten="nansum", function=False, method=False, out=False,
           input="cast_to(spread_over(grad, shape(input), dim, keepdim) "
                 "* cast_to(not_nan(input), dtype), source)")  # fmt: skip
def _nansum(input: Array, dim: Any, keepdim: bool, dtype: Any, source: Any) -> Array:
    """The sum of the elements that are not NaN, over some dimensions."""
    x = input if dtype is None else cast(input, dtype, False)
    return reductions.sum_over(np.where(x != x, x.dtype.type(0), x), dim, keepdim)


in_formulas(lambda x: (x == x).astype(x.dtype), lambda x: wrap((x._data == x._data).astype(x._data.dtype)), "not_nan")


@composite()
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The sum of the elements that are not NaN; the arguments are those of `sum`."""
    axes = _axes("nansum", input, dim)
    if input._dtype.is_complex:
        raise RuntimeError("nansum on CPU does not support complex inputs")
    kind = sum_dtype("nansum", input, dtype)
    return finish_out(
        out, _nansum(input, axes, bool_argument("nansum", keepdim), kind, kind and input._dtype), "nansum"
    )


@composite()
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    """The mean of the elements that are not NaN; the arguments are those of `sum`."""
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input._dtype.scalar_name}"
        )
    axes = _axes("nanmean", input, dim)
    count = wrap((input._data == input._data).sum(axes, keepdims=keepdim))
    return finish_out(out, nansum(input, axes, keepdim, dtype=dtype) / count, "nanmean")
