"""Elementwise operations: arithmetic, comparison, logic, and the elementary functions.

Each line of derivative is the textbook one; ``conj`` is there for complex numbers, whose gradient PyTorch defines as the
conjugate Wirtinger derivative, so that it points in the direction of steepest ascent.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import numpy_pointwise as kernels
from . import elementwise_general as general
from .declare import Array, composite, elementwise, formula, in_formulas, operation

# ---------------------------------------------------------------------------------------------- arithmetic
def _no_bool_subtraction(common: dtypes.dtype, *operands: Any) -> None:
    if common is dtypes.bool_ or any(getattr(x, "_dtype", None) is dtypes.bool_ for x in operands):
        one = all(getattr(x, "_dtype", None) is dtypes.bool_ or isinstance(x, bool) for x in operands)
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
            if one
            else "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


def _no_bool_negation(common: dtypes.dtype, *operands: Any) -> None:
    if common is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )


@elementwise(name="_add", node="AddBackward0", aten="add", kernel=np.add, function=False, method=False,
             operators=("__add__", "__radd__"), input="grad", other="grad")  # fmt: skip
def _add(input: Array, other: Array | float) -> Array:
    """The sum of corresponding elements."""


@elementwise(name="_sub", node="SubBackward0", aten="sub", kernel=np.subtract, function=False, method=False,
             operators=("__sub__",), check=_no_bool_subtraction, input="grad", other="-grad")  # fmt: skip
def _sub(input: Array, other: Array | float) -> Array:
    """The difference of corresponding elements."""


@elementwise(name="_rsub", node="RsubBackward1", aten="rsub", kernel=kernels.rsub, function=False, method=False,
             operators=("__rsub__",), check=_no_bool_subtraction, input="-grad", other="grad")  # fmt: skip
def _rsub(input: Array, other: Array | float) -> Array:
    """`other` minus `input`."""


@operation(name="_add_scaled", node="AddBackward0", aten="add", function=False, method=False,
           input="fit_like(grad, shape(input))", other="fit_like(grad * alpha, shape(other))")  # fmt: skip
def _add_scaled(input: Array, other: Array, alpha: float) -> Array:
    """``input + alpha * other`` for tensors of one dtype."""
    return input + other * alpha


@formula(aliasing=True)
def fit_like(grad: Any, shape: Any) -> Any:
    """The gradient of an input that was broadcast from `shape`."""
    return grad if grad.shape == shape else sum_to_size(grad, shape)  # type: ignore[name-defined]  # noqa: F821


def scaled(input: Any, other: Any, alpha: Any) -> tuple[Any, Any]:
    """The operands of ``input + alpha * other``, converted to their common dtype; a number is already multiplied."""
    common = general.result_type(input, other)
    if isinstance(alpha, complex) and not common.is_complex:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if isinstance(alpha, float) and common.category < dtypes.FLOATING:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if not isinstance(other, TensorBase):
        return input.to(common), other * alpha
    return input.to(common), other.to(common)


@composite(raw=kernels.add)
def add(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """``input + alpha * other``.

    Args:
        input: a tensor.
        other: a tensor or number; it broadcasts against `input`.
        alpha: the number by which `other` is multiplied first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes do not broadcast, or `alpha` does not fit the dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.add.html
    """
    if alpha == 1 and type(alpha) is not bool:
        return _add(input, other, out=out)
    input, other = scaled(input, other, alpha)
    if not isinstance(other, TensorBase):
        return _add(input, other, out=out)
    result = _add_scaled(input, other, alpha)
    return result if out is None else out.copy_(result)


@composite(raw=kernels.sub)
def sub(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
    """``input - alpha * other``; see `add`."""
    if alpha == 1 and type(alpha) is not bool:
        return _sub(input, other, out=out)
    return add(input, other, alpha=-alpha, out=out)


composite(name="subtract")(sub)


@composite(function=True, method=False)
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``other - alpha * input``."""
    return _rsub(input, other) if alpha == 1 else _rsub(input * alpha, other)


@elementwise(kernel=np.multiply, operators=("__mul__", "__rmul__"), input="grad * conj(other)", other="grad * conj(input)")
def mul(input: Array, other: Array | float) -> Array:
    """The product of corresponding elements."""


composite(name="multiply")(mul)


@elementwise(name="_div", node="DivBackward0", aten="div", kernel=np.true_divide, function=False, method=False,
             operators=("__truediv__",), floating=True,
             input="grad / conj(other)", other="-grad * conj((input / other) / other)")  # fmt: skip
def _div(input: Array, other: Array | float) -> Array:
    """The quotient of corresponding elements."""


@elementwise(name="_div_trunc", node="DivBackward1", aten="div", kernel=kernels.div_trunc, function=False, method=False,
             input="zeros_like(grad)", other="zeros_like(grad)")  # fmt: skip
def _div_trunc(input: Array, other: Array | float) -> Array:
    """The quotient rounded towards zero."""


@elementwise(name="_div_floor", node="DivBackward1", aten="div", kernel=kernels.floor_divide, function=False,
             method=False, input="zeros_like(grad)", other="zeros_like(grad)")  # fmt: skip
def _div_floor(input: Array, other: Array | float) -> Array:
    """The quotient rounded down."""


@composite(raw=kernels.div)
def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Any = None) -> Any:
    """The quotient of corresponding elements; integers are divided as floating-point numbers.

    Args:
        input: the dividend.
        other: the divisor, a tensor or number.
        rounding_mode: None, ``"trunc"`` (towards zero) or ``"floor"`` (down); the last two keep integers.
        out: the tensor to write to.

    Raises:
        RuntimeError: the shapes do not broadcast, or the rounding mode is none of these.
    """
    if rounding_mode is None:
        return _div(input, other, out=out)
    if rounding_mode == "trunc":
        return _div_trunc(input, other, out=out)
    if rounding_mode == "floor":
        return _div_floor(input, other, out=out)
    raise RuntimeError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
    )


composite(name="divide")(div)
composite(name="true_divide")(div)


@composite(function=False, name="__rtruediv__")
def _rtruediv(input: Any, other: Any) -> Any:
    return reciprocal(input) * other


@elementwise(floating=True, kernel=kernels.reciprocal, input="-grad * conj(result * result)")
def reciprocal(input: Array) -> Array:
    """One divided by each element."""


@elementwise(kernel=kernels.floor_divide, node="NotImplemented", operators=("__floordiv__",))
def floor_divide(input: Array, other: Array | float) -> Array:
    """The quotient of corresponding elements rounded down."""


@elementwise(kernel=kernels.remainder, operators=("__mod__",),
             input="grad", other="-grad * floor_divide(input, other)")  # fmt: skip
def remainder(input: Array, other: Array | float) -> Array:
    """The remainder of division rounded down; it has the sign of `other`."""


@elementwise(kernel=kernels.fmod, input="grad", other="-grad * div_trunc(input, other)")
def fmod(input: Array, other: Array | float) -> Array:
    """The remainder of division rounded towards zero; it has the sign of `input`."""


in_formulas(kernels.div_trunc, lambda a, b: div(a, b, rounding_mode="trunc"), "div_trunc")


@composite(function=False, name="__rmod__")
def _rmod(input: Any, other: Any) -> Any:
    return remainder(input.new_full((), other), input)


@composite(function=False, name="__rfloordiv__")
def _rfloordiv(input: Any, other: Any) -> Any:
    return floor_divide(input.new_full((), other), input)


@elementwise(kernel=np.negative, operators=("__neg__",), check=_no_bool_negation, input="-grad")
def neg(input: Array) -> Array:
    """Each element with its sign changed."""


composite(name="negative")(neg)


@composite(function=True, name="positive")
def positive(input: Any) -> Any:
    """The tensor itself."""
    if input._dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


composite(function=False, name="__pos__")(positive)


# ---------------------------------------------------------------------------------------------- powers
def _no_negative_integer_power(input: Any, exponent: Any) -> None:
    if isinstance(exponent, int) and exponent < 0 and input._dtype.category <= dtypes.INTEGRAL:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


@operation(name="_pow_number", node="PowBackward0", aten="pow", kernel=kernels.pow_number, function=False, method=False,
           input="pow_backward(grad, input, exponent)", tangent="pow_backward(input_t, input, exponent)")  # fmt: skip
def _pow_number(input: Array, exponent: float) -> Array:
    """Each element to a fixed power."""


@formula
def pow_backward(grad: Any, input: Any, exponent: Any) -> Any:
    """The gradient of ``input ** exponent``; zero for exponent zero, also where the input is zero."""
    if exponent == 0:
        return zeros_like(grad)  # type: ignore[name-defined]  # noqa: F821
    return grad * conj(pow_slope(input, exponent))  # type: ignore[name-defined]  # noqa: F821


in_formulas(kernels.pow_slope, lambda x, exponent: _pow_number(x, exponent - 1) * exponent, "pow_slope")


@elementwise(name="_pow", node="PowBackward1", aten="pow", kernel=kernels.pow_, function=False, method=False,
             input="grad * conj(other * _pow(input, other - 1))",
             other="grad * conj(pow_exponent_slope(input, other, result))")  # fmt: skip
def _pow(input: Array, other: Array | float) -> Array:
    """Each element to the power of the corresponding one."""


@elementwise(name="_pow_base", node="PowBackward2", aten="pow", kernel=kernels.pow_base, function=False, method=False,
             input="grad * conj(pow_exponent_slope(other, input, result))")  # fmt: skip
def _pow_base(input: Array, other: Array | float) -> Array:
    """The number `other` to the power of each element."""


@formula
def pow_exponent_slope(base: Any, exponent: Any, result: Any) -> Any:
    """``result * log(base)``, but zero where ``base == 0`` and the exponent is not negative."""
    return where((base == 0) & nonnegative(exponent), zeros_like(result), result * log_of(base))  # type: ignore[name-defined]  # noqa: F821


in_formulas(kernels.nonnegative, lambda x: x.real >= 0 if x._dtype.is_complex else x >= 0, "nonnegative")
in_formulas(kernels.log, lambda x: x.log() if isinstance(x, TensorBase) else kernels.log(np.asarray(x)).item(), "log_of")


@composite(raw=kernels.pow_)
def pow(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """`input` to the power of `exponent`; at least one of them is a tensor.

    Raises:
        RuntimeError: the shapes do not broadcast, or integers are raised to a negative power.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.pow.html
    """
    if isinstance(exponent, TensorBase):
        if isinstance(input, TensorBase):
            return _pow(input, exponent, out=out)
        return _pow_base(exponent, input, out=out)
    if not isinstance(exponent, (int, float, complex)):
        raise TypeError(
            f"pow(): argument 'exponent' (position 2) must be Number, not {type(exponent).__name__}"
        )
    if input._dtype.category < dtypes.FLOATING:
        _no_negative_integer_power(input, exponent)
        common = general.result_type(input, exponent)
        if common is not input._dtype:
            input = input.to(common)
    elif isinstance(exponent, complex) and not input._dtype.is_complex:
        input = input.to(input._dtype.to_complex())
    result = _pow_number(input, exponent)
    return result if out is None else out.copy_(result)


@composite(function=False, name="__pow__")
def _pow_operator(input: Any, exponent: Any) -> Any:
    kind = type(exponent)
    if (kind is int or kind is float) and input._dtype.plain:
        return _pow_number(input, exponent)
    if not isinstance(exponent, (TensorBase, int, float, complex)):
        return NotImplemented
    return pow(input, exponent)


@composite(function=False, name="__rpow__")
def _rpow(input: Any, other: Any) -> Any:
    return _pow_base(input, other)


@composite()
def float_power(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """The power computed in float64 or complex128."""
    wide = dtypes.complex128 if general.result_type(input, exponent).is_complex else dtypes.float64
    both = [x.to(wide) if isinstance(x, TensorBase) else x for x in (input, exponent)]
    return pow(*both, out=out)


@composite()
def square(input: Any, *, out: Any = None) -> Any:
    """The square of each element."""
    return pow(input, 2, out=out)


@elementwise(kernel=np.sqrt, floating=True, input="grad / conj(2 * result)")
def sqrt(input: Array) -> Array:
    """The non-negative square root of each element."""


@elementwise(kernel=kernels.rsqrt, floating=True, input="-0.5 * grad * conj(result * result * result)")
def rsqrt(input: Array) -> Array:
    """One divided by the square root of each element."""


# ---------------------------------------------------------------------------------------------- elementary functions
@elementwise(kernel=np.exp, floating=True, input="grad * conj(result)")
def exp(input: Array) -> Array:
    """e to the power of each element."""


@elementwise(kernel=np.exp2, floating=True, input="grad * conj(result) * 0.6931471805599453")
def exp2(input: Array) -> Array:
    """Two to the power of each element."""


@elementwise(kernel=np.expm1, floating=True, input="grad * conj(result + 1)")
def expm1(input: Array) -> Array:
    """``exp(x) - 1``, precise near zero."""


@elementwise(kernel=np.log, floating=True, input="grad / conj(input)")
def log(input: Array) -> Array:
    """The natural logarithm of each element."""


@elementwise(kernel=np.log2, floating=True, input="grad / conj(input * 0.6931471805599453)")
def log2(input: Array) -> Array:
    """The logarithm of each element to base 2."""


@elementwise(kernel=np.log10, floating=True, input="grad / conj(input * 2.302585092994046)")
def log10(input: Array) -> Array:
    """The logarithm of each element to base 10."""


@elementwise(kernel=np.log1p, floating=True, input="grad / conj(input + 1)")
def log1p(input: Array) -> Array:
    """``log(1 + x)``, precise near zero."""


@elementwise(kernel=np.sin, floating=True, input="grad * conj(cos(input))")
def sin(input: Array) -> Array:
    """The sine of each element (radians)."""


@elementwise(kernel=np.cos, floating=True, input="grad * -conj(sin(input))")
def cos(input: Array) -> Array:
    """The cosine of each element (radians)."""


@elementwise(kernel=np.tan, floating=True, input="grad * conj(1 + result * result)")
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


@elementwise(kernel=np.arctan2, floating=True, input="grad * other / (input * input + other * other)",
             other="-grad * input / (input * input + other * other)")  # fmt: skip
def atan2(input: Array, other: Array | float) -> Array:
    """The angle of the point (`other`, `input`), in radians between -pi and pi."""


@elementwise(kernel=np.sinh, floating=True, input="grad * conj(cosh(input))")
def sinh(input: Array) -> Array:
    """The hyperbolic sine of each element."""


@elementwise(kernel=np.cosh, floating=True, input="grad * conj(sinh(input))")
def cosh(input: Array) -> Array:
    """The hyperbolic cosine of each element."""


@elementwise(kernel=np.tanh, floating=True, input="grad * conj(1 - result * result)")
def tanh(input: Array) -> Array:
    """The hyperbolic tangent of each element."""


@elementwise(kernel=np.arcsinh, floating=True, input="grad * conj(rsqrt(input * input + 1))")
def asinh(input: Array) -> Array:
    """The inverse hyperbolic sine of each element."""


@elementwise(kernel=np.arccosh, floating=True, input="grad * conj(rsqrt(input - 1) * rsqrt(input + 1))")
def acosh(input: Array) -> Array:
    """The inverse hyperbolic cosine of each element."""


@elementwise(kernel=np.arctanh, floating=True, input="grad * conj(1 / (1 - input * input))")
def atanh(input: Array) -> Array:
    """The inverse hyperbolic tangent of each element."""


for _name, _function in (("arcsin", asin), ("arccos", acos), ("arctan", atan), ("arctan2", atan2), ("arcsinh", asinh),
                         ("arccosh", acosh), ("arctanh", atanh)):  # fmt: skip
    composite(name=_name)(_function)


@elementwise(kernel=kernels.sigmoid, floating=True, input="grad * conj((1 - result) * result)")
def sigmoid(input: Array) -> Array:
    """The logistic function ``1 / (1 + exp(-x))`` of each element."""


@elementwise(kernel=kernels.erf, floating=True, input="grad * exp(-(input * input)) * 1.1283791670955126")
def erf(input: Array) -> Array:
    """The error function of each element."""


@elementwise(kernel=kernels.erfc, floating=True, input="grad * exp(-(input * input)) * -1.1283791670955126")
def erfc(input: Array) -> Array:
    """One minus the error function of each element."""


@elementwise(kernel=kernels.relu, input="grad * positive_part_slope(result)")
def relu(input: Array) -> Array:
    """The larger of each element and zero."""


in_formulas(kernels.step, lambda x: kernels_step(x), "positive_part_slope")


def kernels_step(x: Any) -> Any:
    """1 where `x` is positive, else 0, as a tensor that no gradient passes."""
    return (x.detach() > 0).to(x._dtype)


@elementwise(node="AbsBackward0", kernel=np.abs, operators=("__abs__",), input="grad * sgn(input)",
             tangent="real_part(input_t * conj(sgn(input)))")  # fmt: skip
def abs(input: Array) -> Array:
    """The absolute value (the modulus, for complex numbers) of each element."""


composite(name="absolute")(abs)


@elementwise(kernel=kernels.sgn, input="sgn_backward(grad, input, result)")
def sgn(input: Array) -> Array:
    """``x / |x|``, and 0 at 0: the sign, for real numbers."""


@formula
def sgn_backward(grad: Any, input: Any, result: Any) -> Any:
    """The gradient of `sgn`: zero on the reals, the part along the circle for complex numbers."""
    if not is_complex_value(input):  # type: ignore[name-defined]  # noqa: F821
        return zeros_like(grad)  # type: ignore[name-defined]  # noqa: F821
    length = abs(input)
    along = real_part(grad / result) * result  # type: ignore[name-defined]  # noqa: F821
    return where(length == 0, zeros_like(grad), (grad - along) / length)  # type: ignore[name-defined]  # noqa: F821


in_formulas(lambda x: x.dtype.kind == "c", lambda x: x._dtype.is_complex, "is_complex_value")
in_formulas(lambda x: x.real, lambda x: x.real, "real_part", aliasing=True)


@elementwise(name="conj_physical", node="ConjPhysicalBackward0", kernel=np.conjugate, input="conj(grad)",
             tangent="conj(input_t)")  # fmt: skip
def conj_physical(input: Array) -> Array:
    """The complex conjugate of each element."""


@elementwise(name="_conj", node="ConjBackward0", aten="conj", kernel=np.conjugate, function=False, method=False,
             input="conj(grad)", tangent="conj(input_t)")  # fmt: skip
def _conj(input: Array) -> Array:
    """The complex conjugate of each element."""


@composite(name="conj")
def conj_(input: Any) -> Any:
    """The complex conjugate of each element; a real tensor itself."""
    return _conj(input) if input._dtype.is_complex else input


in_formulas(kernels.conj, conj_, "conj", aliasing=True)


@composite()
def resolve_conj(input: Any) -> Any:
    """The tensor itself: conjugates are computed at once."""
    return input


composite(name="resolve_neg")(resolve_conj)


@elementwise(kernel=np.angle, floating=True, input="angle_backward(grad, input)")
def angle(input: Array) -> Array:
    """The angle of each complex number in radians; 0 or pi for real numbers."""


@formula
def angle_backward(grad: Any, input: Any) -> Any:
    """The gradient of `angle`: zero on the reals."""
    if not is_complex_value(input):  # type: ignore[name-defined]  # noqa: F821
        return zeros_like(grad)  # type: ignore[name-defined]  # noqa: F821
    length = abs(input)
    turned = input * 1j / (length * length)
    return where(length == 0, zeros_like(input), grad * turned)  # type: ignore[name-defined]  # noqa: F821


@elementwise(kernel=np.sign, input="zeros_like(grad)")
def sign(input: Array) -> Array:
    """-1, 0 or 1 by the sign of each element."""


@elementwise(kernel=np.floor, input="zeros_like(grad)")
def floor(input: Array) -> Array:
    """The largest integer not above each element."""


@elementwise(kernel=np.ceil, input="zeros_like(grad)")
def ceil(input: Array) -> Array:
    """The smallest integer not below each element."""


@elementwise(kernel=np.trunc, input="zeros_like(grad)")
def trunc(input: Array) -> Array:
    """Each element with its fraction dropped."""


composite(name="fix")(trunc)


@elementwise(kernel=kernels.frac, input="grad")
def frac(input: Array) -> Array:
    """The fraction of each element, with its sign."""


@elementwise(name="_round", node="RoundBackward0", aten="round", kernel=np.rint, function=False, method=False,
             input="zeros_like(grad)")  # fmt: skip
def _round(input: Array) -> Array:
    """Each element rounded to the nearest integer, halves to even."""


@operation(name="_round_decimals", node="RoundBackward1", aten="round", kernel=kernels.round_decimals, function=False,
           method=False, input="zeros_like(grad)")  # fmt: skip
def _round_decimals(input: Array, decimals: int) -> Array:
    """Each element rounded to a number of decimals."""


@composite()
def round(input: Any, *, decimals: int = 0, out: Any = None) -> Any:
    """Each element rounded to the nearest integer (halves to even), or to a number of decimals."""
    return _round(input, out=out) if decimals == 0 else _round_decimals(input, decimals)


# ---------------------------------------------------------------------------------------------- choosing
@elementwise(kernel=np.maximum, input="grad * share(input, other, input >= other)",
             other="grad * share(input, other, other >= input)")  # fmt: skip
def maximum(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; NaN if either is NaN."""


@elementwise(kernel=np.minimum, input="grad * share(input, other, input <= other)",
             other="grad * share(input, other, other <= input)")  # fmt: skip
def minimum(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; NaN if either is NaN."""


in_formulas(kernels.share, lambda a, b, chosen: chosen.to(a._dtype) * (1 - 0.5 * (a == b).to(a._dtype)), "share")


@elementwise(kernel=np.fmax, input="grad * chosen(input, other, input >= other)",
             other="grad * chosen(other, input, input < other)")  # fmt: skip
def fmax(input: Array, other: Array) -> Array:
    """The larger of corresponding elements; a NaN loses against a number."""


@elementwise(kernel=np.fmin, input="grad * chosen(input, other, input <= other)",
             other="grad * chosen(other, input, other < input)")  # fmt: skip
def fmin(input: Array, other: Array) -> Array:
    """The smaller of corresponding elements; a NaN loses against a number."""


in_formulas(kernels.chosen, lambda a, b, wins: (wins | (b != b)).to(a._dtype), "chosen")


@operation(name="_where", node="WhereBackward0", aten="where", kernel=np.where, function=False, method=False,
           input="fit_like(where(condition, grad, zeros_like(grad)), shape(input))",
           other="fit_like(where(condition, zeros_like(grad), grad), shape(other))",
           tangent="where(condition, input_t, other_t)")  # fmt: skip
def _where(condition: Array, input: Array, other: Array) -> Array:
    """Elements of one tensor or another."""


@composite(method=False, raw=np.where)
def where(condition: Any, input: Any = None, other: Any = None, *, out: Any = None) -> Any:
    """Elements of `input` where the condition holds, of `other` elsewhere; with the condition alone, where it holds.

    Raises:
        RuntimeError: the condition is not boolean, or the shapes do not broadcast.
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition._dtype is dtypes.uint8:
        condition = condition.to(dtypes.bool_)
    elif condition._dtype is not dtypes.bool_:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {_scalar_name(condition)}")
    common = general.result_type(input, other)
    if not isinstance(input, TensorBase):
        input = condition.new_full((), input, dtype=common)
    if not isinstance(other, TensorBase):
        other = condition.new_full((), other, dtype=common)
    general.broadcast_shapes(general.broadcast_shapes(condition._shape, input._shape), other._shape)
    result = _where(condition, input.to(common), other.to(common))
    return result if out is None else out.copy_(result)


def _scalar_name(t: Any) -> str:
    return t._dtype.legacy.removesuffix("Tensor")


@composite(function=False, name="where")
def _where_method(input: Any, condition: Any, other: Any) -> Any:
    return where(condition, input, other)


@operation(name="_clamp", node="ClampBackward1", aten="clamp", kernel=kernels.clamp, function=False, method=False,
           input="grad * inside(input, min, max)")  # fmt: skip
def _clamp(input: Array, min: Any, max: Any) -> Array:
    """Each element limited to an interval."""


in_formulas(kernels.inside, lambda x, low, high: kernels_inside(x, low, high), "inside")


def kernels_inside(x: Any, low: Any, high: Any) -> Any:
    """1 where `x` is within the limits, else 0, as a tensor that no gradient passes."""
    from ..base import wrap

    return wrap(kernels.inside(x._data, low, high))


@composite()
def clamp(input: Any, min: Any = None, max: Any = None, *, out: Any = None) -> Any:
    """Each element limited to the interval from `min` to `max` (numbers or tensors, either may be None).

    Raises:
        RuntimeError: neither limit is given.
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        result = input
        if min is not None:
            result = maximum(result, min)
        if max is not None:
            result = minimum(result, max)
    else:
        common = general.result_type(input, *[x for x in (min, max) if x is not None])
        result = _clamp(input.to(common), min, max)
    return result if out is None else out.copy_(result)


composite(name="clip")(clamp)


@composite()
def clamp_min(input: Any, min: Any) -> Any:
    """Each element, but at least `min`."""
    return clamp(input, min=min)


@composite()
def clamp_max(input: Any, max: Any) -> Any:
    """Each element, but at most `max`."""
    return clamp(input, max=max)


@elementwise(name="_lerp", node="SubBackward0", kernel=np.subtract, function=False, method=False, input="grad", other="-grad")
def _difference(input: Array, other: Array) -> Array:
    """The difference of corresponding elements."""


@composite()
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """``input + weight * (end - input)``."""
    return input + weight * (end - input)


@composite()
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``input + value * tensor1 * tensor2``."""
    return add(input, tensor1 * tensor2, alpha=value)


@composite()
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``input + value * tensor1 / tensor2``."""
    return add(input, tensor1 / tensor2, alpha=value)


# ---------------------------------------------------------------------------------------------- comparison and logic
@elementwise(kernel=np.equal, result="bool", operators=("__eq__",))
def eq(input: Array, other: Array | float) -> Array:
    """Whether corresponding elements are equal."""


@elementwise(kernel=np.not_equal, result="bool", operators=("__ne__",))
def ne(input: Array, other: Array | float) -> Array:
    """Whether corresponding elements differ."""


@elementwise(kernel=np.less, result="bool", operators=("__lt__",))
def lt(input: Array, other: Array | float) -> Array:
    """Whether elements are less than the corresponding ones."""


@elementwise(kernel=np.less_equal, result="bool", operators=("__le__",))
def le(input: Array, other: Array | float) -> Array:
    """Whether elements are at most the corresponding ones."""


@elementwise(kernel=np.greater, result="bool", operators=("__gt__",))
def gt(input: Array, other: Array | float) -> Array:
    """Whether elements are greater than the corresponding ones."""


@elementwise(kernel=np.greater_equal, result="bool", operators=("__ge__",))
def ge(input: Array, other: Array | float) -> Array:
    """Whether elements are at least the corresponding ones."""


for _name, _function in (("not_equal", ne), ("less", lt), ("less_equal", le), ("greater", gt), ("greater_equal", ge)):
    composite(name=_name)(_function)


@elementwise(kernel=np.logical_and, result="bool")
def logical_and(input: Array, other: Array) -> Array:
    """Whether both corresponding elements are non-zero."""


@elementwise(kernel=np.logical_or, result="bool")
def logical_or(input: Array, other: Array) -> Array:
    """Whether at least one of corresponding elements is non-zero."""


@elementwise(kernel=np.logical_xor, result="bool")
def logical_xor(input: Array, other: Array) -> Array:
    """Whether exactly one of corresponding elements is non-zero."""


@elementwise(kernel=np.logical_not, result="bool")
def logical_not(input: Array) -> Array:
    """Whether each element is zero."""


def _integers_only(name: str) -> Any:
    def check(common: dtypes.dtype, *operands: Any) -> None:
        if common.category > dtypes.INTEGRAL:
            kind = common.legacy.removesuffix("Tensor")
            raise NotImplementedError(f'"{name}" not implemented for \'{kind}\'')

    return check


@elementwise(kernel=np.bitwise_and, operators=("__and__", "__rand__"), check=_integers_only("bitwise_and_cpu"))
def bitwise_and(input: Array, other: Array | float) -> Array:
    """The bits set in both corresponding integers."""


@elementwise(kernel=np.bitwise_or, operators=("__or__", "__ror__"), check=_integers_only("bitwise_or_cpu"))
def bitwise_or(input: Array, other: Array | float) -> Array:
    """The bits set in at least one of corresponding integers."""


@elementwise(kernel=np.bitwise_xor, operators=("__xor__", "__rxor__"), check=_integers_only("bitwise_xor_cpu"))
def bitwise_xor(input: Array, other: Array | float) -> Array:
    """The bits set in exactly one of corresponding integers."""


@elementwise(kernel=np.invert, operators=("__invert__",), check=_integers_only("bitwise_not_cpu"))
def bitwise_not(input: Array) -> Array:
    """The bits of each integer inverted; the opposite, for booleans."""


@elementwise(kernel=np.left_shift, operators=("__lshift__",), check=_integers_only("lshift_cpu"))
def bitwise_left_shift(input: Array, other: Array | float) -> Array:
    """Each integer shifted left by the corresponding number of bits."""


@elementwise(kernel=np.right_shift, operators=("__rshift__",), check=_integers_only("rshift_cpu"))
def bitwise_right_shift(input: Array, other: Array | float) -> Array:
    """Each integer shifted right by the corresponding number of bits."""


@elementwise(kernel=np.isnan, result="bool", inplace=False)
def isnan(input: Array) -> Array:
    """Whether each element is NaN."""


@elementwise(kernel=np.isinf, result="bool", inplace=False)
def isinf(input: Array) -> Array:
    """Whether each element is infinite."""


@elementwise(kernel=np.isfinite, result="bool", inplace=False)
def isfinite(input: Array) -> Array:
    """Whether each element is neither infinite nor NaN."""


@elementwise(kernel=np.signbit, result="bool", inplace=False)
def signbit(input: Array) -> Array:
    """Whether the sign bit of each element is set."""
