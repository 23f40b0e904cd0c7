"""Activation functions on NumPy arrays, with their derivatives, and softmax over one axis.

Every `..._backward(g, ...)` returns `g` times the derivative, elementwise. NaN in, NaN out. All are written in few
passes over memory, in place on one new array where that is possible.
"""

from math import pi, sqrt

import numpy as np

from rushlight.kernels.numpy_common import constant, count_nonzero, narrow, row_sums, widen
from rushlight.kernels.numpy_pointwise import sigmoid, times

Array = np.ndarray


# Softmax --------------------------------------------------------------------------------------------------------------


def softmax(x: Array, axis: int) -> Array:
    """`exp(x) / sum(exp(x))` along `axis`, computed from differences to the maximum so that nothing overflows."""
    dtype, x = x.dtype, widen(x)
    if not x.size:
        return x.astype(dtype)
    out = x - np.maximum.reduce(x, axis, None, None, True)
    np.exp(out, out=out)
    out /= _sums(out, axis)
    return narrow(out, dtype)


def softmax_backward(g: Array, y: Array, axis: int) -> Array:
    """The gradient of `softmax` from its result `y`: `y (g - sum(g y))`."""
    dtype, g, y = g.dtype, widen(g), widen(y)
    total = np.vecdot(g, y, axis=axis)
    out = g - (total[..., None] if axis == g.ndim - 1 else np.expand_dims(total, axis))
    out *= y
    return narrow(out, dtype)


def log_softmax(x: Array, axis: int) -> Array:
    """`x - log(sum(exp(x)))` along `axis`, without overflow."""
    dtype, x = x.dtype, widen(x)
    if not x.size:
        return x.astype(dtype)
    out = x - np.maximum.reduce(x, axis, None, None, True)
    out -= np.log(_sums(np.exp(out), axis))
    return narrow(out, dtype)


def log_softmax_backward(g: Array, y: Array, axis: int) -> Array:
    """The gradient of `log_softmax` from its result `y`: `g - exp(y) sum(g)`."""
    dtype, g, y = g.dtype, widen(g), widen(y)
    out = np.exp(y)
    out *= _sums(g, axis)
    np.subtract(g, out, out=out)
    return narrow(out, dtype)


def _sums(x: Array, axis: int) -> Array:
    """The sums along an axis, which stays with length 1."""
    return row_sums(x)[..., None] if axis == x.ndim - 1 else np.add.reduce(x, axis, None, None, True)


# Piecewise linear -----------------------------------------------------------------------------------------------------


def threshold(x: Array, threshold: float, value: float) -> Array:
    """`x` where it is above `threshold` (or NaN), else `value`."""
    # PyTorch takes complex numbers here, and their real parts. Half precision is compared in single precision.
    wide = widen(x)
    return np.where(wide <= np.asarray(threshold.real, wide.dtype), np.asarray(value.real, x.dtype), x)


def threshold_backward(g: Array, x: Array, threshold: float) -> Array:
    """`g` where `x` is above `threshold` (or NaN), else 0."""
    x = widen(x)
    return np.where(x <= np.asarray(threshold.real, x.dtype), np.zeros((), g.dtype), g)


def hardtanh(x: Array, low: float, high: float) -> Array:
    """`x` limited to `[low, high]`; a zero that equals a limit keeps its sign."""
    first, second = constant(low, x.dtype), constant(high, x.dtype)
    if x.dtype.char == "e":  # of a zero and a negative zero NumPy gives the first, in other types the second
        out = np.asarray(np.maximum(x, first))
        return np.minimum(out, second, out=out)
    out = np.asarray(np.maximum(first, x))
    return np.minimum(second, out, out=out)


def hardtanh_backward(g: Array, x: Array, low: float, high: float) -> Array:
    """`g` where `x` is strictly between `low` and `high`, else 0."""
    x = widen(x)
    return np.where((x > low) & (x < high), g, np.zeros((), g.dtype))


def leaky_relu(x: Array, slope: float) -> Array:
    """`x` where positive, else `slope * x`."""
    if 0 < slope <= 1:
        return np.maximum(x, times(x, slope))  # the same, and one call less
    return np.where(x > 0, x, times(x, slope))


def leaky_relu_backward(g: Array, x: Array, slope: float) -> Array:
    """`g` where `x` is positive, else `slope * g`."""
    return np.where(x > 0, g, times(g, slope))


def prelu(x: Array, weight: Array) -> Array:
    """`x` where positive, else `weight * x`; `weight` broadcasts to x's shape."""
    return np.where(x > 0, x, x * weight)


def hardswish(x: Array) -> Array:
    """`x * clip(x + 3, 0, 6) / 6`."""
    dtype, x = x.dtype, widen(x)
    out = _clip_shifted(x)
    out *= x
    out /= 6
    return narrow(out, dtype)


def hardswish_backward(g: Array, x: Array) -> Array:
    """`g` times 0 up to x = -3, 1 from x = 3 on, `x / 3 + 1 / 2` between."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    out = x / 3
    out += 0.5
    out = np.where(x >= 3, np.ones((), x.dtype), out)
    return narrow(np.where(x <= -3, np.zeros((), x.dtype), out * g), dtype)


def hardsigmoid(x: Array) -> Array:
    """`clip(x + 3, 0, 6) / 6`."""
    dtype, x = x.dtype, widen(x)
    out = _clip_shifted(x)
    out /= 6
    return narrow(out, dtype)


def hardsigmoid_backward(g: Array, x: Array) -> Array:
    """`g / 6` where x is strictly between -3 and 3, else 0."""
    # PyTorch's constant is rounded to float32 whatever the dtype.
    return np.where((x > -3) & (x < 3), times(g, _SIXTH), np.zeros((), g.dtype))


_SIXTH = float(np.float32(1 / 6))


def hardshrink(x: Array, bound: float) -> Array:
    """`x` where its absolute value is above `bound` (or NaN), else 0."""
    limit = constant(bound, x.dtype)
    return np.where((x >= -limit) & (x <= limit), np.zeros((), x.dtype), x)


def hardshrink_backward(g: Array, x: Array, bound: float) -> Array:
    """`g` where the absolute value of `x` is above `bound`, else 0; of softshrink too."""
    limit = constant(bound, x.dtype)
    return np.where((x > limit) | (x < -limit), g, np.zeros((), g.dtype))


def softshrink(x: Array, bound: float) -> Array:
    """`x` moved towards 0 by `bound`, and 0 where it would pass it."""
    dtype, x = x.dtype, widen(x)
    bound = np.asarray(bound, x.dtype)  # type: ignore[assignment]
    return narrow(np.where(x > bound, x - bound, np.where(x < -bound, x + bound, x * np.zeros((), x.dtype))), dtype)


# Smooth ---------------------------------------------------------------------------------------------------------------


def gelu(x: Array, approximate: str) -> Array:
    """`x Phi(x)`, Phi the normal distribution function, by erf ("none") or approximated by tanh ("tanh")."""
    dtype, x = x.dtype, widen(x)
    out = _gelu_cdf(x, approximate)
    out *= x
    return narrow(out, dtype)


def gelu_backward(g: Array, x: Array, approximate: str) -> Array:
    """`g` times the derivative of `gelu`."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    if approximate == "none":
        out = _own(x * x)
        out *= constant(-0.5, x.dtype)
        np.exp(out, out=out)
        out *= x
        out *= constant(1 / sqrt(2 * pi), x.dtype)
        out += _gelu_cdf(x, approximate)
    else:
        cdf = _gelu_cdf(x, approximate)
        slope = x * x
        slope *= 3 * 0.044715
        slope += 1
        slope *= sqrt(2 / pi)
        out = 1 - cdf
        out *= cdf
        out *= 2 * slope
        out *= x
        out += cdf
    out *= g
    return narrow(out, dtype)


def silu(x: Array) -> Array:
    """`x * sigmoid(x)`."""
    dtype, x = x.dtype, widen(x)
    out = _one_plus_exp_minus(x)
    return narrow(np.divide(x, out, out=out), dtype)


def silu_backward(g: Array, x: Array) -> Array:
    """`g` times `s (1 + x (1 - s))` with `s = sigmoid(x)`."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    s = _one_plus_exp_minus(x)
    np.reciprocal(s, out=s)
    out = 1 - s
    out *= x
    out += 1
    out *= s
    out *= g
    return narrow(out, dtype)


def elu(x: Array, alpha: float, scale: float, input_scale: float) -> Array:
    """`scale x` where not negative, else `scale alpha (exp(input_scale x) - 1)`."""
    dtype, x = x.dtype, widen(x)
    out = np.minimum(x, 0)
    out = _own(out)
    out *= input_scale
    np.expm1(out, out=out)
    out *= alpha * scale
    out = np.where(x < 0, out, x * np.asarray(scale, x.dtype))
    return narrow(out, dtype)


def elu_backward(g: Array, value: Array, alpha: float, scale: float, input_scale: float, is_result: bool) -> Array:
    """`g` times the derivative of `elu`, from its input, or from its result with `is_result`."""
    dtype, g, value = g.dtype, widen(g), widen(value)
    if is_result:
        below = value + alpha * scale
        below *= input_scale
    else:
        below = np.exp(np.minimum(value, 0) * input_scale)
        below *= alpha * scale * input_scale
    factor = np.where(value > 0, np.asarray(scale, value.dtype), below)
    return narrow(g * factor, dtype)


def softplus(x: Array, beta: float, threshold: float) -> Array:
    """`log(1 + exp(beta x)) / beta`, or `x` itself where `beta x` is above `threshold`."""
    if beta == 1 and x.dtype.char in "fd":
        found = np.log1p(np.exp(x))
        linear = x > constant(threshold, x.dtype)
        return np.where(linear, x, found) if count_nonzero(linear) else found
    dtype, x = x.dtype, widen(x)
    scaled = x if beta == 1 else x * constant(beta, x.dtype)
    out = np.log1p(np.exp(scaled))
    if beta != 1:
        out /= beta
    linear = scaled > constant(threshold, x.dtype)
    return narrow(np.where(linear, x, out) if count_nonzero(linear) else np.asarray(out), dtype)


def softplus_backward(g: Array, x: Array, beta: float, threshold: float) -> Array:
    """`g` times `sigmoid(beta x)`, or `g` itself where `beta x` is above `threshold`."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    scaled = x * np.asarray(beta, x.dtype)
    z = np.exp(scaled)
    return narrow(np.where(scaled > threshold, g, g * z / (z + 1)), dtype)


def mish(x: Array) -> Array:
    """`x tanh(log(1 + exp(x)))`."""
    dtype, x = x.dtype, widen(x)
    out = _own(np.log1p(np.exp(x)))
    np.tanh(out, out=out)
    out *= x
    return narrow(out, dtype)


def mish_backward(g: Array, x: Array) -> Array:
    """`g` times `t + x s (1 - t^2)` with `t = tanh(softplus(x))` and `s = sigmoid(x)`."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    t = np.tanh(np.log1p(np.exp(x)))
    out = 1 - t * t
    out *= x
    out /= _one_plus_exp_minus(x)
    out += t
    out *= g
    return narrow(out, dtype)


def log_sigmoid(x: Array) -> Array:
    """`log(1 / (1 + exp(-x)))`, as `min(x, 0) - log(1 + exp(-abs(x)))`."""
    dtype, x = x.dtype, widen(x)
    out = _own(np.abs(x))
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.subtract(np.minimum(x, 0), out, out=out)
    return narrow(out, dtype)


def log_sigmoid_backward(g: Array, x: Array) -> Array:
    """`g` times `sigmoid(-x)`, without overflow."""
    dtype, g, x = g.dtype, widen(g), widen(x)
    z = widen(narrow(np.exp(-np.abs(x)), dtype))  # PyTorch keeps it from its forward
    # sigmoid(-x) is z / (1 + z) for positive x and 1 / (1 + z) for negative ones.
    out = np.where(x < 0, np.ones((), x.dtype), z) / (1 + z)
    return narrow(g * out, dtype)


def _own(x: Array) -> Array:
    """A ufunc's result as an array: of 0-dimensional operands it is a scalar, which cannot be written to."""
    return x if isinstance(x, np.ndarray) else np.asarray(x)


def _clip_shifted(x: Array) -> Array:
    out = _own(x + np.asarray(3, x.dtype))
    np.maximum(out, 0, out=out)
    return np.minimum(out, 6, out=out)


def _one_plus_exp_minus(x: Array) -> Array:
    out = _own(np.negative(x))
    np.exp(out, out=out)
    out += 1
    return out


def _gelu_cdf(x: Array, approximate: str) -> Array:
    """The normal distribution function, or its approximation by tanh."""
    if approximate == "none":
        if x.size >= _MANY and x.dtype.char == "f" and x.flags.c_contiguous:
            return _normal_cdf(x)
        from scipy.special import ndtr

        return _own(ndtr(x))
    out = _own(x * x)
    out *= 0.044715
    out += 1
    out *= x
    out *= sqrt(2 / pi)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out


# From how many elements on SciPy's function takes longer than `_normal_cdf`, and how many fit into a cache.
_MANY, _BLOCK = 2048, 1 << 15

# ``atanh(2 Phi(x) - 1) / x`` in powers of x ** 2: up to 6, 2 Phi(x) - 1 is off by less than 2**-25 of itself; at 6.5 it
# is 1.
NORMAL = (
    1.7887125173467667e-13, -1.8422393666928203e-11, 7.198536711126787e-10, -1.2161658869619643e-08,
    1.2789240820418464e-08, 3.1354419165395842e-06, -5.278099234996424e-05, -3.63615232232926e-05,
    0.03633538482656801, 0.7978845722546736,
)  # fmt: skip


def _normal_cdf(x: Array) -> Array:
    """The normal distribution function in float32, as ``(1 + tanh(x P(x ** 2))) / 2``, which NumPy is quick at."""
    out = np.empty_like(x)
    flat, found = x.reshape(-1), out.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        part = found[start : start + _BLOCK]
        z = np.minimum(flat[start : start + _BLOCK], np.float32(6.5))
        np.maximum(z, np.float32(-6.5), out=z)
        square = z * z
        np.multiply(square, np.float32(NORMAL[0]), out=part)
        for coefficient in NORMAL[1:-1]:
            part += np.float32(coefficient)
            part *= square
        part += np.float32(NORMAL[-1])
        part *= z
        np.tanh(part, out=part)
        part += np.float32(1)
        part *= np.float32(0.5)
    return out


def gated(a: Array, b: Array) -> Array:
    """`a sigmoid(b)`, the gated linear unit; half precision is rounded once."""
    return narrow(widen(a) * sigmoid(widen(b)), a.dtype) if a.dtype.itemsize == 2 else a * sigmoid(b)


def gated_backward(g: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The gradients of `gated` by `a` and `b`; in half precision the logistic function is rounded as well."""
    s = sigmoid(b)
    if g.dtype.itemsize > 2:
        return g * s, g * a * s * (1 - s)
    wide = widen(s)
    return g * s, narrow((1 - wide) * wide * widen(a) * widen(g), g.dtype)
