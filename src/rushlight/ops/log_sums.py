"""Logarithms of sums of exponentials, computed without overflow: of all along dimensions, and of the running sums."""

from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import along
from .declare import Array, composite, formula, in_formulas, operation
from .dimensions import bool_argument, int_dim, reduced_axes
from .out import finish_out
from .supported import refuse, refuse_complex_halves


@operation(name="_logsumexp", node="LogsumexpBackward0", aten="logsumexp", function=False, method=False, out=False,
           rows=True,
           kernel=along.logsumexp, input="logsumexp_backward(grad, input, result, dim, keepdim)")  # fmt: skip
def _logsumexp(input: Array, dim: Any, keepdim: bool) -> Array:
    """The logarithm of the sum of exponentials over some dimensions."""


@formula
def logsumexp_backward(grad: Any, input: Any, result: Any, axes: Any, keepdims: Any) -> Any:
    """The gradient of `logsumexp`: the softmax."""
    if not keepdims:
        grad = with_dims(grad, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, input.shape)  # type: ignore[name-defined]  # noqa: F821
    return relative_powers(input, result, grad)  # type: ignore[name-defined]  # noqa: F821


in_formulas(along.relative_powers, lambda x, result, grad: grad * (x - result).exp().conj(), "relative_powers")


@composite()
def logsumexp(input: Any, dim: Any, keepdim: bool = False, *, out: Any = None) -> Any:
    """The logarithm of the sum of the exponentials over some dimensions, without overflow.

    Args:
        input: the tensor.
        dim: one dimension or several.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.

    Raises:
        TypeError: `dim` is missing.
        RuntimeError: `out` holds integers or booleans.
    """
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    if out is not None and out._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"logsumexp(): Expected floating point type for result tensor, but got: {out._dtype.scalar_name}"
        )
    axes = reduced_axes("logsumexp", input, dim)
    refuse_complex_halves("exp_vml_cpu", input)
    if input._dtype.category < dtypes.FLOATING:
        input = input.to(dtypes.get_default_dtype())
    return finish_out(out, _logsumexp(input, axes, bool_argument("logsumexp", keepdim)), "logsumexp")


@operation(name="_logcumsumexp", node="LogcumsumexpBackward0", aten="logcumsumexp", function=False, method=False,
           rows=True,
           out=False, kernel=along.logcumsumexp,
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
    lambda x: np.where(x > 0, np.log(np.where(x > 0, x, x.dtype.type(1))), x.dtype.type(smallest(x.dtype))),
    _log_of_positive,
    "log_of_positive",
)
in_formulas(lambda x, dim: np.flip(x, dim) if x.ndim else x, lambda x, dim: x.flip(dim), "flip_along", aliasing=True)


@composite()
def logcumsumexp(input: Any, dim: int, *, out: Any = None) -> Any:
    """The logarithms of the running sums of exponentials along a dimension.

    Args:
        input: the tensor.
        dim: the dimension.
        out: the tensor to write to.

    Raises:
        NotImplementedError: the elements are integers or booleans.
    """
    dim = int_dim("logcumsumexp", input, dim)
    if not input._dtype.plain:
        refuse("logcumsumexp_out_cpu", input, dtypes.BOOL, dtypes.INTEGRAL)
        refuse_complex_halves("logcumsumexp_out_cpu", input)
    result = _logcumsumexp(input, dim)
    return result if out is None else finish_out(out, result, "logcumsumexp", apart=(input,))
