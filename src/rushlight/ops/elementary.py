"""The elementary functions of each element: roots, exponentials, trigonometry, signs, rounding; see pointwise.py."""

from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels import complex_halves, tangent
from ..kernels import numpy_pointwise as kernels
from .arguments import explained, no_tensor
from .attached import attached
from .declare import REGISTRY, Array, composite, elementwise, formula, in_formulas, operation, write_out
from .supported import NO_BOOL, NO_COMPLEX, NO_INTEGERS, both, missing, refused


@elementwise(kernel=np.sqrt, floating=True, input="grad / conj(2 * result)")
def sqrt(input: Array) -> Array:
    """The non-negative square root of each element."""


@elementwise(kernel=kernels.rsqrt, floating=True, once="float16", input="-0.5 * grad * conj(result * result * result)")
def rsqrt(input: Array) -> Array:
    """One divided by the square root of each element."""


# ---------------------------------------------------------------------------------------------- elementary functions
@elementwise(kernel=np.exp, floating=True, input="grad * conj(result)")
def exp(input: Array) -> Array:
    """e to the power of each element."""


@elementwise(kernel=np.exp2, floating=True, input="times(grad * conj(result), 0.6931471805599453)")
def exp2(input: Array) -> Array:
    """Two to the power of each element."""


@elementwise(kernel=np.expm1, floating=True, input="grad * conj(result + 1)")
def expm1(input: Array) -> Array:
    """``exp(x) - 1``, precise near zero."""


@elementwise(kernel=np.log, floating=True, input="grad / conj(input)")
def log(input: Array) -> Array:
    """The natural logarithm of each element."""


@elementwise(kernel=kernels.log2, floating=True, input="grad / conj(times(input, 0.6931471805599453))")
def log2(input: Array) -> Array:
    """The logarithm of each element to base 2."""


@elementwise(kernel=np.log10, floating=True, input="grad / conj(times(input, 2.302585092994046))")
def log10(input: Array) -> Array:
    """The logarithm of each element to base 10."""


@elementwise(kernel=np.log1p, node="Log1PBackward0", floating=True, input="grad / conj(input + 1)")
def log1p(input: Array) -> Array:
    """``log(1 + x)``, precise near zero."""


@elementwise(kernel=np.sin, floating=True, input="grad * conj(cos(input))")
def sin(input: Array) -> Array:
    """The sine of each element (radians)."""


@elementwise(kernel=np.cos, floating=True, input="grad * -conj(sin(input))")
def cos(input: Array) -> Array:
    """The cosine of each element (radians)."""


@elementwise(kernel=tangent.tan, floating=True, input="grad * conj(1 + result * result)")
def tan(input: Array) -> Array:
    """The tangent of each element (radians)."""


@elementwise(kernel=np.arcsin, floating=True, input="grad * conj(rsqrt(1 - input * input))")
def asin(input: Array) -> Array:
    """The arc sine of each element, in radians."""


@elementwise(kernel=np.arccos, floating=True, input="grad * -conj(rsqrt(1 - input * input))")
def acos(input: Array) -> Array:
    """The arc cosine of each element, in radians."""


@elementwise(kernel=np.arctan, floating=True, input="grad / conj(input * input + 1)")
def atan(input: Array) -> Array:
    """The arc tangent of each element, in radians."""


@formula
def over_square_sum(grad: Any, input: Any, other: Any) -> Any:
    """``grad / (input**2 + other**2)``, and zero times `grad` where both are zero."""
    input, other = not_whole(input, grad), not_whole(other, grad)  # type: ignore[name-defined]  # noqa: F821
    total = input * input + other * other
    return grad * where(total == 0, zeros_like(total), 1 / total)  # type: ignore[name-defined]  # noqa: F821


in_formulas(
    lambda x, grad: x if x.dtype.kind in "fV" else x.astype(grad.dtype),
    lambda x, grad: x if x.is_floating_point() else x.to(grad._dtype),
    "not_whole",
    aliasing=True,
)


@elementwise(kernel=np.arctan2, floating=True, check=missing("atan2_cpu", NO_COMPLEX),
             input="over_square_sum(grad * other, input, other)",
             other="-over_square_sum(grad * input, input, other)")  # fmt: skip
def atan2(input: Array, other: Array) -> Array:
    """The angle of the point (`other`, `input`), in radians between -pi and pi."""


@elementwise(kernel=np.sinh, floating=True, input="grad * conj(cosh(input))")
def sinh(input: Array) -> Array:
    """The hyperbolic sine of each element."""


@elementwise(kernel=np.cosh, floating=True, input="grad * conj(sinh(input))")
def cosh(input: Array) -> Array:
    """The hyperbolic cosine of each element."""


@elementwise(kernel=np.tanh, floating=True, once="float16 bfloat16", input="grad * conj(1 - result * result)")
def tanh(input: Array) -> Array:
    """The hyperbolic tangent of each element."""


@elementwise(kernel=np.arcsinh, floating=True, input="grad * conj(rsqrt(input * input + 1))")
def asinh(input: Array) -> Array:
    """The inverse hyperbolic sine of each element."""


@elementwise(kernel=np.arccosh, floating=True, input="grad * conj(acosh_slope(input))")
def acosh(input: Array) -> Array:
    """The inverse hyperbolic cosine of each element."""


@formula
def acosh_slope(input: Any) -> Any:
    """The derivative of `acosh`, on the real numbers also where `acosh` is not defined, as in PyTorch."""
    if is_complex_value(input):  # type: ignore[name-defined]  # noqa: F821
        return rsqrt(input - 1) * rsqrt(input + 1)
    return rsqrt(input * input - 1)


@elementwise(kernel=np.arctanh, floating=True, input="grad / conj(1 - input * input)")
def atanh(input: Array) -> Array:
    """The inverse hyperbolic tangent of each element."""


for _name, _function in (("arcsin", asin), ("arccos", acos), ("arctan", atan), ("arctan2", atan2), ("arcsinh", asinh),
                         ("arccosh", acosh), ("arctanh", atanh)):  # fmt: skip
    composite(name=_name)(_function)


@elementwise(kernel=kernels.sigmoid, floating=True, once="bfloat16", input="grad * conj(1 - result) * conj(result)")
def sigmoid(input: Array) -> Array:
    """The logistic function ``1 / (1 + exp(-x))`` of each element."""


@elementwise(
    kernel=kernels.erf,
    floating=True,
    check=missing("erf_vml_cpu", NO_COMPLEX),
    input="times(exp(-(input * input)), 1.1283791670955126) * grad",
)
def erf(input: Array) -> Array:
    """The error function of each element."""


@elementwise(
    kernel=kernels.erfc,
    floating=True,
    check=missing("erfc_vml_cpu", NO_COMPLEX),
    input="times(exp(-(input * input)), -1.1283791670955126) * grad",
)
def erfc(input: Array) -> Array:
    """One minus the error function of each element."""


@elementwise(
    kernel=kernels.relu,
    check=both(
        refused("Boolean inputs not supported for relu", NO_BOOL, RuntimeError),
        refused("clamp is not supported for complex types", NO_COMPLEX),
    ),
    input="relu_backward(grad, result)",
    out=False,
)
def relu(input: Array) -> Array:
    """The larger of each element and zero."""


in_formulas(
    kernels.relu_backward,
    lambda grad, result: attached(grad.masked_fill(result.detach() == 0, 0), result),
    "relu_backward",
)


@elementwise(node="AbsBackward0", kernel=np.abs, operators=("__abs__",), input="grad * sgn(input)",
             check=missing("abs_cpu", NO_BOOL),
             tangent="real_part(input_t * conj(sgn(input)))")  # fmt: skip
def abs(input: Array) -> Array:
    """The absolute value (the modulus, for complex numbers) of each element."""


composite(name="absolute")(abs)


@elementwise(kernel=kernels.sgn, tangent=None, input="sgn_backward(grad, input, result)")
def sgn(input: Array) -> Array:
    """``x / |x|``, and 0 at 0: the sign, for real numbers."""


@formula
def sgn_backward(grad: Any, input: Any, result: Any) -> Any:
    """The gradient of `sgn`: zero on the reals, the part along the circle for complex numbers."""
    if not is_complex_value(input):  # type: ignore[name-defined]  # noqa: F821
        return zeros_of(grad, grad.shape)  # type: ignore[name-defined]  # noqa: F821
    length = abs(input)
    along = real_part(grad / result) * result  # type: ignore[name-defined]  # noqa: F821
    return where(length == 0, zeros_like(grad), (grad - along) / length)  # type: ignore[name-defined]  # noqa: F821


in_formulas(lambda x: x.dtype.kind in "cW", lambda x: x._dtype.is_complex, "is_complex_value")
in_formulas(complex_halves.real, lambda x: x.real, "real_part", aliasing=True)


@elementwise(name="_conj_physical", node="ConjPhysicalBackward0", aten="conj_physical", kernel=kernels.conj_physical,
             function=False, method=False, input="conj(grad)", tangent="conj(input_t)")  # fmt: skip
def _conj_physical(input: Array) -> Array:
    """The complex conjugate of each element."""


@composite(raw=kernels.conj_physical)
def conj_physical(input: Any, *, out: Any = None) -> Any:
    """The complex conjugate of each element; a real tensor itself."""
    if out is None and isinstance(input, TensorBase) and not input._dtype.is_complex:
        return input
    return _conj_physical(input, out=out)


@elementwise(name="_conj_physical_", node="ConjPhysicalBackward1", aten="conj_physical_", kernel=kernels.conj_physical,
             function=False, method=False, input="conj(grad)", tangent="conj(input_t)")  # fmt: skip
def _conj_physical_inplace(input: Array) -> Array:
    """The complex conjugate of each element, in place of it."""


@elementwise(name="_conj", node="ConjBackward0", aten="conj", kernel=np.conjugate, function=False, method=False,
             input="conj(grad)", tangent="conj(input_t)")  # fmt: skip
def _conj(input: Array) -> Array:
    """The complex conjugate of each element."""


@composite(name="conj")
def conj_(input: Any) -> Any:
    """The complex conjugate of each element; a real tensor itself."""
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("conj", input) from None
    return _conj(input) if dtype.is_complex else input


def _conj_in_formulas(value: Any) -> Any:
    return conj_(value) if isinstance(value, TensorBase) else value.conjugate()


in_formulas(kernels.conj, _conj_in_formulas, "conj", aliasing=True)


@composite()
def resolve_conj(input: Any) -> Any:
    """The tensor itself: conjugates are computed at once."""
    if not isinstance(input, TensorBase):
        raise no_tensor("resolve_conj", input)
    return input


composite(name="resolve_neg")(resolve_conj)


@elementwise(kernel=kernels.angle, floating=True, inplace=False, tangent=None, input="angle_backward(grad, input)")
def angle(input: Array) -> Array:
    """The angle of each complex number in radians; 0 or pi for real numbers."""


@formula
def angle_backward(grad: Any, input: Any) -> Any:
    """The gradient of `angle`: zero on the reals."""
    if not is_complex_value(input):  # type: ignore[name-defined]  # noqa: F821
        return zeros_like(grad)  # type: ignore[name-defined]  # noqa: F821
    length = abs(input)
    return where(length == 0, zeros_like(input), grad * input / (length * length) * 1j)  # type: ignore[name-defined]  # noqa: F821


@elementwise(
    kernel=kernels.sgn,
    check=refused(
        "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.", NO_COMPLEX
    ),
    input="zeros_like(grad)",
)
def sign(input: Array) -> Array:
    """-1, 0 or 1 by the sign of each element."""


def _not_complex(name: str) -> Any:
    return both(missing(f"{name}_vml_cpu", NO_BOOL), refused(f"{name} is not supported for complex inputs", NO_COMPLEX))


@elementwise(kernel=np.floor, check=_not_complex("floor"), input="zeros_like(grad)")
def floor(input: Array) -> Array:
    """The largest integer not above each element."""


@elementwise(kernel=np.ceil, check=_not_complex("ceil"), input="zeros_like(grad)")
def ceil(input: Array) -> Array:
    """The smallest integer not below each element."""


@elementwise(kernel=np.trunc, check=_not_complex("trunc"), input="zeros_like(grad)")
def trunc(input: Array) -> Array:
    """Each element with its fraction dropped."""


composite(name="fix")(trunc)


@elementwise(kernel=kernels.frac, check=missing("frac_cpu", NO_BOOL, NO_INTEGERS, NO_COMPLEX), input="grad")
def frac(input: Array) -> Array:
    """The fraction of each element, with its sign."""


@elementwise(name="_round", node="RoundBackward0", aten="round", kernel=kernels.round_, function=False, method=False,
             check=missing("round_vml_cpu", NO_BOOL, NO_COMPLEX),
             input="zeros_like(grad)")  # fmt: skip
def _round(input: Array) -> Array:
    """Each element rounded to the nearest integer, halves to even."""


@operation(name="_round_decimals", node="RoundBackward1", aten="round", kernel=kernels.round_decimals, function=False,
           method=False, input="zeros_like(grad)")  # fmt: skip
def _round_decimals(input: Array, decimals: int) -> Array:
    """Each element rounded to a number of decimals."""


@composite()
def round(input: Any, *, decimals: int | None = None, out: Any = None) -> Any:
    """Each element rounded to the nearest integer (halves to even), or to a number of decimals."""
    if decimals is None:
        return _round(input, out=out)
    check_decimals(input, decimals)
    result = _round_decimals(input, decimals)
    return result if out is None else write_out(REGISTRY["_round"], out, result, (input,))


def check_decimals(input: Any, decimals: int) -> None:
    """Refuses the rounding of other than real floating-point numbers to decimals.

    Raises:
        NotImplementedError: they are others.
    """
    if isinstance(input, TensorBase) and not input._dtype.is_floating_point:
        kernel = "round_cpu" if decimals else "round_vml_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input._dtype.scalar_name}'")


# ---------------------------------------------------------------------------------------------- parts of numbers
@operation(name="_frexp", aten="frexp", node="FrexpBackward0", outputs=("mantissa", "exponent"),
           differentiable=("mantissa",), function=False, method=False, out=False, kernel=kernels.frexp,
           input="grad / power_of_two(exponent, grad)")  # fmt: skip
def _frexp(input: Array) -> Array:
    """Mantissas between 1/2 and 1 and the powers of two they are multiplied by."""


@composite()
@explained
def frexp(input: Any, *, out: Any = None) -> Any:
    """Each element as ``mantissa * 2 ** exponent`` with mantissas between 1/2 and 1, and 0 for 0.

    Returns:
        the named tuple ``(mantissa, exponent)``, of which the second is int32.

    Raises:
        RuntimeError: the elements are not real floating-point numbers.
    """
    if not input._dtype.is_floating_point:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    result = _frexp(input)
    return result if out is None else write_out(REGISTRY["_frexp"], out, result)


in_formulas(
    lambda exponent, like: np.exp2(exponent.astype(like.dtype)),
    lambda exponent, like: exp2(exponent.to(like._dtype)),
    "power_of_two",
)
