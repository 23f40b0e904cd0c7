"""Special functions of each element, and what else is computed element by element but seldom; see pointwise.py."""

import math
from typing import Any

import numpy as np

from ..dtypes import BOOL, COMPLEX, INTEGRAL
from ..kernels import numpy_special as kernels
from .declare import Array, composite, elementwise, formula, in_formulas, operation
from .pointwise import mul, pow
from .supported import integers_only, missing, refused


# ---------------------------------------------------------------------------------------------- gamma functions
@elementwise(
    kernel=kernels.lgamma, floating=True, check=missing("lgamma_vml_cpu", COMPLEX), input="grad * digamma(input)"
)
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function of each element."""


@elementwise(kernel=kernels.digamma, floating=True, check=missing("digamma", COMPLEX),
             input="grad * _polygamma(input, 1)")  # fmt: skip
def digamma(input: Array) -> Array:
    """The derivative of `lgamma` at each element."""


@operation(name="_polygamma", aten="polygamma", node="PolygammaBackward0", function=False, method=False, out=False,
           kernel=kernels.polygamma, input="grad * _polygamma(input, n + 1)")  # fmt: skip
def _polygamma(input: Array, n: int) -> Array:
    """The n-th derivative of `digamma` at each element."""


@composite(method=False)
def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of `digamma` at each element.

    Raises:
        RuntimeError: `n` is negative.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(input if input.is_floating_point() else input.float(), n)


@elementwise(kernel=kernels.erfinv, floating=True, check=missing("erfinv_vml_cpu", COMPLEX),
             input="grad * exp(erfinv(input) ** 2) * 0.886226925452758")  # fmt: skip
def erfinv(input: Array) -> Array:
    """The inverse of `erf` at each element."""


@elementwise(kernel=kernels.i0, floating=True, check=missing("i0_vml_cpu", COMPLEX), input="grad * bessel_i1(input)")
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 0 of each element."""


@elementwise(name="bessel_i1", node="SpecialI1Backward0", kernel=kernels.i1, function=False, method=False,
             inplace=False, input="grad * bessel_i1_slope(input, result)")  # fmt: skip
def bessel_i1(input: Array) -> Array:
    """The modified Bessel function of the first kind and order 1 of each element."""


@formula
def bessel_i1_slope(input: Any, result: Any) -> Any:
    """The derivative of `bessel_i1`; half of `i0` at zero."""
    safe = where(input == 0, ones_like(input), input)  # type: ignore[name-defined]  # noqa: F821
    return i0(input) - where(input == 0, 0.5 * ones_like(input), result / safe)  # type: ignore[name-defined]  # noqa: F821


_NO_SLOPE = "no_derivative('{}: input')"
_DENSITY = "exp((input - 1) * log(other) - other - lgamma(input))"


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
def logit(input: Any, eps: float | None = None, *, out: Any = None) -> Any:
    """The inverse of `sigmoid` at each element, which `eps` first moves into ``[eps, 1 - eps]``."""
    from .overwrite import into

    missing("logit_cpu", COMPLEX)(input._dtype)
    return into(out, _logit(input if input.is_floating_point() else input.float(), eps))


@elementwise(kernel=kernels.xlogy, number_node="XlogyBackward2", floating=True, check=missing("xlogy_cpu", COMPLEX),
             input="grad * xlogy_slope(input, other)", other="grad * input / other")  # fmt: skip
def xlogy(input: Array, other: Array | float) -> Array:
    """``input * log(other)``, and 0 where `input` is 0 (and `other` is not NaN)."""


@elementwise(kernel=np.logaddexp, inplace=False, check=missing("logaddexp_cpu", BOOL, INTEGRAL),
             input="grad / (1 + exp(other - input))", other="grad / (1 + exp(input - other))")  # fmt: skip
def logaddexp(input: Array, other: Array) -> Array:
    """``log(exp(input) + exp(other))``, computed without overflow."""


@elementwise(kernel=np.logaddexp2, inplace=False, check=missing("logaddexp2_cpu", BOOL, INTEGRAL, COMPLEX),
             input="grad / (1 + exp2(other - input))", other="grad / (1 + exp2(input - other))")  # fmt: skip
def logaddexp2(input: Array, other: Array) -> Array:
    """``log2(2 ** input + 2 ** other)``, computed without overflow."""


@elementwise(kernel=np.hypot, check=missing("hypot_cpu", BOOL, INTEGRAL, COMPLEX), input="grad * (input / result)",
             other="grad * (other / result)")  # fmt: skip
def hypot(input: Array, other: Array) -> Array:
    """The length of the hypotenuse of the right triangle with legs `input` and `other`."""


@elementwise(kernel=kernels.sinc, floating=True, input="grad * conj(sinc_slope(input))")
def sinc(input: Array) -> Array:
    """``sin(pi x) / (pi x)``, and 1 at 0."""


@elementwise(
    node="Deg2RadBackward0",
    kernel=kernels.deg2rad,
    floating=True,
    check=refused("deg2rad is not supported for complex tensors.", COMPLEX, RuntimeError),
    input="grad * 0.017453292519943295",
)
def deg2rad(input: Array) -> Array:
    """Each angle in degrees as an angle in radians."""


@elementwise(
    node="Rad2DegBackward0",
    kernel=kernels.rad2deg,
    floating=True,
    check=refused("rad2deg is not supported for complex tensors.", COMPLEX, RuntimeError),
    input="grad * 57.29577951308232",
)
def rad2deg(input: Array) -> Array:
    """Each angle in radians as an angle in degrees."""


# ---------------------------------------------------------------------------------------------- signs and integers
@elementwise(kernel=np.copysign, number_node="CopysignBackward1", floating=True, check=missing("copysign_cpu", COMPLEX),
             input="grad * sign_ratio(input, result)", other="zeros_like(grad)")  # fmt: skip
def copysign(input: Array, other: Array | float) -> Array:
    """The magnitude of `input` with the sign of `other`."""


@elementwise(kernel=kernels.heaviside, node="torch::autograd::NotImplemented", check=missing("heaviside_cpu", COMPLEX),
             input="not_implemented(grad, 'heaviside')", values="not_implemented(grad, 'heaviside')")  # fmt: skip
def heaviside(input: Array, values: Array) -> Array:
    """0 where `input` is negative, 1 where it is positive, and `values` where it is 0."""


@elementwise(kernel=np.nextafter, check=missing("nextafter_cpu", BOOL, INTEGRAL, COMPLEX),
             input="grad * (input != other)", other="zeros_like(grad)")  # fmt: skip
def nextafter(input: Array, other: Array) -> Array:
    """The floating-point number next to `input` in the direction of `other`."""


@composite()
def ldexp(input: Any, other: Any, *, out: Any = None) -> Any:
    """``input * 2 ** other``."""
    result = mul(input, pow(2.0, other))
    return result if out is None else out.copy_(result)


@composite(function=False)
def ldexp_(input: Any, other: Any) -> Any:
    """Multiplies by ``2 ** other``."""
    return input.mul_(pow(2.0, other))


@elementwise(**integers_only("gcd_cpu", np.gcd, BOOL))
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of corresponding integers."""


@elementwise(**integers_only("lcm_cpu", np.lcm, BOOL))
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of corresponding integers."""


# ---------------------------------------------------------------------------------------------- for formulas
def _logit_slope(grad: Any, input: Any, eps: float | None) -> Any:
    slope = grad / (input * (1 - input))
    if eps is None:
        return slope.masked_fill((input < 0) | (input > 1), math.nan)
    return slope.masked_fill((input < eps) | (input > 1 - eps), 0)


def _xlogy_slope(input: Any, other: Any) -> Any:
    return other.log().masked_fill((input == 0) & (other <= 0), 0)


def _sinc_slope(x: Any) -> Any:
    turn = x * math.pi
    return ((turn.cos() * turn - turn.sin()) / (turn * x)).masked_fill(x == 0, 0)


def _sign_ratio(input: Any, result: Any) -> Any:
    return (result / input).masked_fill(input == 0, 0)


in_formulas(kernels.logit_slope, _logit_slope, "logit_slope")
in_formulas(kernels.xlogy_slope, _xlogy_slope, "xlogy_slope")
in_formulas(kernels.sinc_slope, _sinc_slope, "sinc_slope")
in_formulas(kernels.sign_ratio, _sign_ratio, "sign_ratio")
