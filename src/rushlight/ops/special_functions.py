"""Special functions of each element, and what else is computed element by element but seldom; see pointwise.py."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..dtypes import BOOL, COMPLEX, FLOATING, INTEGRAL, bool_, int32
from ..kernels import numpy_special as kernels
from ..kernels import special
from ..kernels.layout import lies_in_rows
from .arguments import explained, type_name
from .declare import REGISTRY, Array, composite, elementwise, in_formulas, operation
from .inplace import apply_inplace, castable, check
from .numbers import number_for
from .out import finish_out
from .ranges import arange
from .signatures import is_int
from .steps import hidden, with_result
from .supported import full_precision, integers_only, missing, refuse, refused


# ---------------------------------------------------------------------------------------------- gamma functions
@elementwise(
    kernel=special.lgamma, floating=True, check=missing("lgamma_vml_cpu", COMPLEX), input="grad * digamma(input)"
)
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function of each element."""


@elementwise(kernel=special.digamma, floating=True, check=missing("digamma", COMPLEX),
             input="grad * _polygamma(input, 1)")  # fmt: skip
def digamma(input: Array) -> Array:
    """The derivative of `lgamma` at each element."""


@operation(name="_polygamma", aten="polygamma", node="PolygammaBackward0", function=False, method=False, out=False,
           kernel=special.polygamma, input="grad * _polygamma(input, n + 1)",
           tangent="input_t * _polygamma(input, n + 1)")  # fmt: skip
def _polygamma(input: Array, n: int) -> Array:
    """The n-th derivative of `digamma` at each element."""


@operation(name="_polygamma_in_place", aten="polygamma_", node="PolygammaBackward1", function=False, method=False,
           out=False, kernel=special.polygamma, input="grad * _polygamma(input, n + 1)",
           tangent="input_t * _polygamma(input, n + 1)")  # fmt: skip
def _polygamma_in_place(input: Array, n: int) -> Array:
    """The n-th derivative of `digamma` at each element, in place of it."""


@composite(method=False)
@explained
def polygamma(n: int, input: Any, *, out: Any = None) -> Any:
    """The n-th derivative of `digamma` at each element.

    Raises:
        RuntimeError: `n` is negative.
    """
    if type(n) is not int and not is_int(n):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type_name(n)}")
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if not input._dtype.plain:
        refuse("digamma" if n == 0 else "polygamma", input, COMPLEX)
        input = floating(input)
    result = _polygamma(input, int(n))
    return result if out is None else finish_out(out, result, "polygamma", apart=(input,))


@composite(name="polygamma", function=False)
def polygamma_method(input: Any, n: int) -> Any:
    """The n-th derivative of `digamma` at each element."""
    return polygamma(n, input)


@composite(function=False, inplace=True)
def polygamma_(input: Any, n: int) -> Any:
    """The in-place form of `polygamma`.

    Raises:
        RuntimeError: `n` is negative.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    check(input, input._node is not None)
    missing("digamma" if n == 0 else "polygamma", COMPLEX)(input._dtype)
    castable(floating_type(input._dtype), input._dtype)
    return apply_inplace(REGISTRY["_polygamma_in_place"], input, (n,), {})


def floating_type(dtype: dtypes.dtype) -> dtypes.dtype:
    """The dtype itself, or the default floating-point type for integers and booleans."""
    return dtype if dtype.category >= FLOATING else dtypes.get_default_dtype()


def floating(input: Any) -> Any:
    """The tensor, converted to the default floating-point type if it holds integers or booleans."""
    return input if input._dtype.category >= FLOATING else input.to(dtypes.get_default_dtype())


@operation(name="_mvlgamma", aten="mvlgamma", node="MvlgammaBackward0", kernel=special.mvlgamma, function=False,
           method=False, out=False, rows=True, input="grad * mvlgamma_slope(input, p)",
           tangent="input_t * mvlgamma_slope(input, p)")  # fmt: skip
def _mvlgamma(input: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension `p` at each element."""


def _check_mvlgamma(input: Any, p: int, to: Any = None) -> None:
    """Refuses other arguments than `mvlgamma` has, and a tensor that cannot take the result.

    Raises:
        RuntimeError: the dtype or `p` is not allowed.
    """
    if input._dtype.category == BOOL:
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    missing("lgamma_vml_cpu", COMPLEX)(input._dtype)
    result = floating_type(input._dtype)
    if to is not None and not dtypes.can_cast(result, to._dtype):
        raise RuntimeError(
            f"mvlgamma: result type {input._dtype.scalar_name} can't be cast to the desired output type "
            f"{result.scalar_name}"
        )


@composite()
@explained
def mvlgamma(input: Any, p: int, *, out: Any = None) -> Any:
    """The logarithm of the multivariate gamma function of dimension `p` at each element.

    Raises:
        RuntimeError: `p` is less than 1, or the tensor is boolean.
    """
    _check_mvlgamma(input, p, out)
    return finish_out(out, _mvlgamma(floating(input), p), "mvlgamma")


@composite(function=False, inplace=True)
def mvlgamma_(input: Any, p: int) -> Any:
    """The in-place form of `mvlgamma`."""
    _check_mvlgamma(input, p, input)
    return apply_inplace(REGISTRY["_mvlgamma"], input, (p,), {})


@elementwise(name="special_zeta", number_node="SpecialZetaBackward2", number_first_node="SpecialZetaBackward1",
             kernel=kernels.zeta, floating=True, function=False, method=False, out=True, inplace=False,
             tangent="refused", check=full_precision("zeta_cpu"), input="no_derivative('zeta')",
             other="grad * -not_whole(input, grad) * special_zeta(not_whole(input, grad) + 1, other)")  # fmt: skip
def zeta(input: Array | float, other: Array | float) -> Array:
    """The Hurwitz zeta function, the sum of ``(other + k) ** -input`` over all k from 0 on."""


# ---------------------------------------------------------------------------------------------- error functions
@elementwise(kernel=kernels.erfinv, floating=True, check=missing("erfinv_vml_cpu", COMPLEX),
             input="times(exp(erfinv(input) ** 2), 0.886226925452758) * grad")  # fmt: skip
def erfinv(input: Array) -> Array:
    """The inverse of `erf` at each element."""


@elementwise(name="special_erfcx", kernel=kernels.erfcx, floating=True, function=False, method=False, out=True,
             inplace=False, check=full_precision("erfcx_cpu"),
             input="grad * (2 * input * result - 1.1283791670955126)")  # fmt: skip
def erfcx(input: Array) -> Array:
    """``exp(x**2) * erfc(x)`` of each element, which does not overflow for large positive ones."""


@elementwise(name="special_ndtr", node="MulBackward1", kernel=kernels.ndtr, floating=True, function=False, method=False,
             out=True, inplace=False, check=missing("erf_vml_cpu", COMPLEX),
             input="grad * exp(-(input * input) / 2) * 0.3989422804014327")  # fmt: skip
def ndtr(input: Array) -> Array:
    """The distribution function of the standard normal distribution at each element."""


@elementwise(name="special_ndtri", kernel=kernels.ndtri, floating=True, function=False, method=False, out=True,
             inplace=False, check=full_precision("ndtri_cpu"),
             input="grad * exp(result * result / 2) * 2.5066282746310002")  # fmt: skip
def ndtri(input: Array) -> Array:
    """The inverse of `ndtr` at each element: NaN outside [0, 1]."""


@elementwise(name="special_log_ndtr", kernel=kernels.log_ndtr, floating=True, function=False, method=False, out=True,
             inplace=False, check=full_precision("log_ndtr_cpu"),
             input="grad * exp(-(result + input * input / 2)) * 0.3989422804014327")  # fmt: skip
def log_ndtr(input: Array) -> Array:
    """The logarithm of `ndtr` at each element, precise also where that is near 0."""


# ---------------------------------------------------------------------------------------------- incomplete gamma
_NO_SLOPE = "no_derivative('{}: input')"
_DENSITY = "exp((input - 1) * log(other) - other - lgamma(not_whole(input, grad)))"


@elementwise(kernel=kernels.igamma, check=missing("igamma_cpu", BOOL, INTEGRAL, COMPLEX), tangent="refused",
             input=_NO_SLOPE.format("igamma"), other=f"grad * {_DENSITY}")  # fmt: skip
def igamma(input: Array, other: Array) -> Array:
    """The regularised lower incomplete gamma function of `input` up to `other`, both positive."""


@elementwise(kernel=kernels.igammac, check=missing("igammac_cpu", BOOL, INTEGRAL, COMPLEX), tangent="refused",
             input=_NO_SLOPE.format("igammac"), other=f"-grad * {_DENSITY}")  # fmt: skip
def igammac(input: Array, other: Array) -> Array:
    """The regularised upper incomplete gamma function of `input` from `other` on, both positive."""


# ---------------------------------------------------------------------------------------------- logarithms and angles
@operation(name="_logit", aten="logit", node="LogitBackward0", function=False, method=False, out=False,
           kernel=kernels.logit, input="logit_slope(grad, input, eps)")  # fmt: skip
def _logit(input: Array, eps: float | None) -> Array:
    """The inverse of `sigmoid`."""


@composite()
@explained
def logit(input: Any, eps: float | None = None, *, out: Any = None) -> Any:
    """The inverse of `sigmoid` at each element, which `eps` first moves into ``[eps, 1 - eps]``."""
    if not input._dtype.plain:
        refuse("logit_cpu", input, COMPLEX)
        input = floating(input)
        if eps is not None and input._dtype.itemsize == 2:
            number_for(eps, input._dtype)  # which must hold it
    result = _logit(input, eps)
    return result if out is None else finish_out(out, result, "logit", apart=(input,))


@composite(function=False, inplace=True)
def logit_(input: Any, eps: float | None = None) -> Any:
    """The in-place form of `logit`."""
    missing("logit_cpu", COMPLEX)(input._dtype)
    castable(floating_type(input._dtype), input._dtype)
    return apply_inplace(REGISTRY["_logit"], input, (eps,), {})


@elementwise(kernel=kernels.xlogy, number_node="XlogyBackward2", number_first_node="XlogyBackward1", floating=True,
             check=missing("xlogy_cpu", COMPLEX), input="xlogy_backward(grad, input, other)",
             other="grad * input / other")  # fmt: skip
def xlogy(input: Array | float, other: Array | float) -> Array:
    """``input * log(other)``, and 0 where `input` is 0 (and `other` is not NaN)."""


@elementwise(name="special_xlog1py", node="SpecialXlog1PyBackward0", number_node="SpecialXlog1PyBackward2",
             number_first_node="SpecialXlog1PyBackward1", kernel=kernels.xlog1py, floating=True, function=False,
             method=False, out=True, inplace=False, check=missing("xlog1py_cpu", COMPLEX),
             input="xlog1py_backward(grad, input, other)", other="grad * input / (other + 1)")  # fmt: skip
def xlog1py(input: Array | float, other: Array | float) -> Array:
    """``input * log(1 + other)``, and 0 where `input` is 0 (and `other` is not NaN)."""


@elementwise(name="special_entr", kernel=kernels.entr, floating=True, function=False, method=False, out=True,
             inplace=False, check=missing("entr_cpu", COMPLEX), input="grad * -(1 + log(input))")  # fmt: skip
def entr(input: Array) -> Array:
    """The entropy ``-x * log(x)`` of each element; 0 at 0 and minus infinity below."""


@elementwise(kernel=kernels.logaddexp, inplace=False, check=missing("logaddexp_cpu", BOOL, INTEGRAL),
             input="grad / conj(1 + exp(other - input))", other="grad / conj(1 + exp(input - other))")  # fmt: skip
def logaddexp(input: Array, other: Array) -> Array:
    """``log(exp(input) + exp(other))``, computed without overflow."""


@elementwise(kernel=np.logaddexp2, inplace=False, check=missing("logaddexp2_cpu", BOOL, INTEGRAL, COMPLEX),
             input="grad / (1 + exp2(other - input))", other="grad / (1 + exp2(input - other))")  # fmt: skip
def logaddexp2(input: Array, other: Array) -> Array:
    """``log2(2 ** input + 2 ** other)``, computed without overflow."""


@elementwise(kernel=np.hypot, check=missing("hypot_cpu", BOOL, INTEGRAL, COMPLEX), input="grad * input / result",
             other="grad * other / result")  # fmt: skip
def hypot(input: Array, other: Array) -> Array:
    """The length of the hypotenuse of the right triangle with legs `input` and `other`."""


@elementwise(kernel=kernels.sinc, floating=True, input="sinc_backward(grad, input)")
def sinc(input: Array) -> Array:
    """``sin(pi x) / (pi x)``, and 1 at 0."""


@elementwise(
    node="Deg2RadBackward0",
    kernel=kernels.deg2rad,
    floating=True,
    check=refused("deg2rad is not supported for complex tensors.", COMPLEX, RuntimeError),
    input="times(grad, 0.017453292519943295)",
)
def deg2rad(input: Array) -> Array:
    """Each angle in degrees as an angle in radians."""


@elementwise(
    node="Rad2DegBackward0",
    kernel=kernels.rad2deg,
    floating=True,
    check=refused("rad2deg is not supported for complex tensors.", COMPLEX, RuntimeError),
    input="times(grad, 57.29577951308232)",
)
def rad2deg(input: Array) -> Array:
    """Each angle in radians as an angle in degrees."""


# ---------------------------------------------------------------------------------------------- signs and integers
@elementwise(kernel=np.copysign, number_node="CopysignBackward1", floating=True, check=missing("copysign_cpu", COMPLEX),
             input="grad * sign_ratio(input, result)", other="zeros_like(result)")  # fmt: skip
def copysign(input: Array, other: Array | float) -> Array:
    """The magnitude of `input` with the sign of `other`."""


def _same_kinds(common: Any, input: Any, values: Any) -> None:
    if input._dtype.is_complex or values._dtype.is_complex:
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input._dtype is not values._dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@elementwise(kernel=kernels.heaviside, node="torch::autograd::NotImplemented", check=_same_kinds,
             input="not_implemented(grad, 'heaviside')", values="not_implemented(grad, 'heaviside')")  # fmt: skip
def heaviside(input: Array, values: Array) -> Array:
    """0 where `input` is negative, 1 where it is positive, and `values` where it is 0."""


@elementwise(kernel=np.nextafter, check=missing("nextafter_cpu", BOOL, INTEGRAL, COMPLEX),
             input="where(input != other, grad, 0.0)", other="zeros_like(grad)")  # fmt: skip
def nextafter(input: Array, other: Array) -> Array:
    """The floating-point number next to `input` in the direction of `other`."""


def _no_truth_as_exponent(common: Any, input: Any, other: Any) -> None:
    if other._dtype is bool_ and input._dtype.is_floating_point:
        raise NotImplementedError("\"ldexp_cpu_exp\" not implemented for 'Bool'")


_LDEXP: dict[str, Any] = {"node": "LdexpBackward0", "aten": "ldexp", "function": False, "method": False, "out": True}


@elementwise(name="_ldexp", kernel=special.ldexp, floating=True, check=_no_truth_as_exponent, **_LDEXP,
             input="grad * conj(exp2(not_whole(other, grad)))",
             other="times(grad * conj(result), 0.6931471805599453)", keeps="result")  # fmt: skip
def _ldexp(input: Array, other: Array) -> Array:
    """``input * 2 ** other``."""


@elementwise(name="_ldexp_whole", kernel=special.ldexp_whole, check=_no_truth_as_exponent, **_LDEXP,
             input="grad * exp2(not_whole(other, grad))", keeps="result")  # fmt: skip
def _ldexp_whole(input: Array, other: Array) -> Array:
    """``input * 2 ** other`` for integer exponents, of which the powers may be too large for the type."""


def _ldexp_for(input: Any, other: Any) -> str:
    tensors = isinstance(input, TensorBase) and isinstance(other, TensorBase)
    if tensors and input._dtype.is_floating_point and other._dtype.category < FLOATING:
        return "_ldexp_whole"
    return "_ldexp"


_LDEXP_WHOLE = REGISTRY["_ldexp_whole"]


@composite()
def ldexp(input: Any, other: Any, *, out: Any = None) -> Any:
    """``input * 2 ** other``."""
    if _ldexp_for(input, other) != "_ldexp_whole":
        return _ldexp(input, other, out=out)
    if out is None and other._dtype is int32 and input._dtype.plain and input._shape == other._shape:
        x, exponents = input._data, other._data
        if hidden(input, other) and lies_in_rows(x) and lies_in_rows(exponents):
            if input._node is None:
                return wrap(np.ldexp(x, exponents))
            return with_result(_LDEXP_WHOLE, 1, np.ldexp(x, exponents), input, other)
    return _ldexp_whole(input, other, out=out)


@composite(function=False, inplace=True)
def ldexp_(input: Any, other: Any) -> Any:
    """The in-place form of `ldexp`.

    Raises:
        TypeError: the exponents are no tensor.
    """
    if not isinstance(other, TensorBase):
        raise TypeError(f"ldexp_(): argument 'other' (position 1) must be Tensor, not {type_name(other)}")
    return apply_inplace(REGISTRY[_ldexp_for(input, other)], input, (other,), {})


@elementwise(**integers_only("gcd_cpu", np.gcd, BOOL))
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of corresponding integers."""


def _least_multiple(x: Array, y: Array) -> Array:
    found: Array = np.lcm(x, y)
    # A multiple that wraps around has PyTorch's sign: it takes the absolute value in 32 bits or more.
    return np.abs(found) if found.dtype.itemsize >= 4 else found


@elementwise(**integers_only("lcm_cpu", _least_multiple, BOOL))
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of corresponding integers."""


# ---------------------------------------------------------------------------------------------- for formulas
def _logit_slope(grad: Any, input: Any, eps: float | None) -> Any:
    slope = grad / (input * (1 - input))
    if eps is None:
        return slope.masked_fill((input < 0) | (input > 1), math.nan)
    return slope.masked_fill((input < eps) | (input > 1 - eps), 0)


def _xlogy_backward(grad: Any, input: Any, other: Any) -> Any:
    return xlogy(grad, other).masked_fill((input == 0) & (other <= 0), 0)


def _xlog1py_backward(grad: Any, input: Any, other: Any) -> Any:
    return xlog1py(grad, other).masked_fill((input == 0) & (other <= -1), 0)


def _mvlgamma_slope(input: Any, p: int) -> Any:
    return (input[..., None] - arange(p, dtype=input.dtype) / 2).digamma().sum(-1)


def _sinc_backward(grad: Any, x: Any) -> Any:
    turn = x * math.pi
    square = turn * x
    slope = (turn.cos() * turn - turn.sin()) / square
    return (grad * slope.conj()).masked_fill(square == 0, 0)


def _sign_ratio(input: Any, result: Any) -> Any:
    return (result / input).masked_fill(input == 0, 0)


in_formulas(special.logit_slope, _logit_slope, "logit_slope")
in_formulas(kernels.xlogy_backward, _xlogy_backward, "xlogy_backward")
in_formulas(kernels.xlog1py_backward, _xlog1py_backward, "xlog1py_backward")
in_formulas(kernels.mvlgamma_slope, _mvlgamma_slope, "mvlgamma_slope")
in_formulas(kernels.sinc_backward, _sinc_backward, "sinc_backward")
in_formulas(kernels.sign_ratio, _sign_ratio, "sign_ratio")
