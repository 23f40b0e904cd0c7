"""Activation functions and their derivatives: compiled loops on large arrays, NumPy's functions otherwise.

Functions and arguments are those of `numpy_activation`; the texts are what the loops compute (see `pointwise`).
"""

from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np

from . import numpy_activation as on_numpy
from .copying import join
from .pointwise import LARGE, MEANINGS, Loop, either

Array = np.ndarray

_CDF = f"(1 + erf(x * {sqrt(0.5)!r})) * 0.5"
_TANH = f"tanh((x * x * 0.044715 + 1) * x * {sqrt(2 / pi)!r})"
_SLOPE = f"(x * x * {3 * 0.044715!r} + 1) * {sqrt(2 / pi)!r}"
_SQUASHED = "tanh(log1p(exp(x)))"

MEANINGS["to_six"] = "x: select(x < 0, 0, select(x > 6, 6, x))"

# Piecewise linear -----------------------------------------------------------------------------------------------------
threshold = either(on_numpy.threshold, "x, threshold, value: select(x <= threshold, value, x)")
threshold_backward = either(on_numpy.threshold_backward, "g, x, threshold: select(x <= threshold, 0, g)")
hardtanh = either(on_numpy.hardtanh, "x, low, high: select(x > high, high, select(x < low, low, x))")
hardtanh_backward = either(on_numpy.hardtanh_backward, "g, x, low, high: select((x > low) & (x < high), g, 0)")
leaky_relu = either(on_numpy.leaky_relu, "x, slope: select(x > 0, x, x * slope)")
leaky_relu_backward = either(on_numpy.leaky_relu_backward, "g, x, slope: select(x > 0, g, g * slope)")
hardswish = either(on_numpy.hardswish, "x: to_six(x + 3) * x / 6")
hardswish_backward = either(on_numpy.hardswish_backward, "g, x: select(x <= -3, 0, select(x >= 3, 1, x / 3 + 0.5) * g)")
hardsigmoid = either(on_numpy.hardsigmoid, "x: to_six(x + 3) / 6")
hardsigmoid_backward = either(
    on_numpy.hardsigmoid_backward, f"g, x: select((x > -3) & (x < 3), g * {float(np.float32(1 / 6))!r}, 0)"
)
hardshrink = either(on_numpy.hardshrink, "x, bound: select((x >= -bound) & (x <= bound), 0, x)")
hardshrink_backward = either(on_numpy.hardshrink_backward, "g, x, bound: select((x > bound) | (x < -bound), g, 0)")
softshrink = either(on_numpy.softshrink, "x, bound: select(x > bound, x - bound, select(x < -bound, x + bound, x * 0))")
prelu = either(on_numpy.prelu, "x, weight: select(x > 0, x, x * weight)")
prelu_grad_input = either(
    lambda g, x, weight: np.where(x > 0, g, g * weight),
    "g, x, weight: select(x > 0, g, g * weight)",
    "prelu_grad_input",
)
prelu_grad_weight = either(
    lambda g, x: np.where(x > 0, np.zeros((), g.dtype), x * g), "g, x: select(x > 0, 0, x * g)", "prelu_grad_weight"
)

# Smooth ---------------------------------------------------------------------------------------------------------------
silu = either(on_numpy.silu, "x: x / (exp(-x) + 1)")
silu_backward = either(on_numpy.silu_backward, "g, x: ((1 - sigmoid(x)) * x + 1) * sigmoid(x) * g")
elu = either(
    on_numpy.elu,
    "x, alpha, scale, input_scale: select(x < 0, expm1(x * input_scale) * (alpha * scale), x * scale)",
)
softplus = either(on_numpy.softplus, "x, beta, threshold: select(x * beta > threshold, x, log1p(exp(x * beta)) / beta)")
softplus_backward = either(
    on_numpy.softplus_backward,
    "g, x, beta, threshold: select(x * beta > threshold, g, g * exp(x * beta) / (exp(x * beta) + 1))",
)
mish = either(on_numpy.mish, f"x: {_SQUASHED} * x")
mish_backward = either(
    on_numpy.mish_backward,
    f"g, x: ((1 - {_SQUASHED} * {_SQUASHED}) * x * sigmoid(x) + {_SQUASHED}) * g",
)
log_sigmoid = either(on_numpy.log_sigmoid, "x: select(x > 0, 0, x) - log1p(exp(-abs(x)))")
log_sigmoid_backward = either(
    on_numpy.log_sigmoid_backward, "g, x: g * (select(x < 0, 1, exp(-abs(x))) / (1 + exp(-abs(x))))"
)

_GELU = {
    "none": either(partial(on_numpy.gelu, approximate="none"), f"x: {_CDF} * x", "gelu"),
    "tanh": either(partial(on_numpy.gelu, approximate="tanh"), f"x: ({_TANH} + 1) * 0.5 * x", "gelu_tanh"),
}
_GELU_BACKWARD = {
    "none": either(
        partial(on_numpy.gelu_backward, approximate="none"),
        f"g, x: (exp(x * x * -0.5) * x * {1 / sqrt(2 * pi)!r} + {_CDF}) * g", "gelu_backward",
    ),
    "tanh": either(
        partial(on_numpy.gelu_backward, approximate="tanh"),
        f"g, x: ((1 - {_TANH} * {_TANH}) * 0.5 * x * {_SLOPE} + ({_TANH} + 1) * 0.5) * g", "gelu_tanh_backward",
    ),
}  # fmt: skip
_ELU_BACKWARD = {
    is_result: either(
        partial(on_numpy.elu_backward, is_result=is_result),
        f"g, x, alpha, scale, input_scale: g * select(x > 0, scale, {below})", f"elu_backward_{is_result}",
    )
    for is_result, below in (
        (True, "(x + alpha * scale) * input_scale"),
        (False, "exp(x * input_scale) * (alpha * scale * input_scale)"),
    )
}  # fmt: skip


def gelu(x: Array, approximate: str) -> Any:
    """See `numpy_activation.gelu`."""
    return _GELU[approximate](x)


def gelu_backward(g: Array, x: Array, approximate: str) -> Any:
    """See `numpy_activation.gelu_backward`."""
    return _GELU_BACKWARD[approximate](g, x)


def elu_backward(g: Array, value: Array, alpha: float, scale: float, input_scale: float, is_result: bool) -> Any:
    """See `numpy_activation.elu_backward`."""
    return _ELU_BACKWARD[is_result](g, value, alpha, scale, input_scale)


# Gated ----------------------------------------------------------------------------------------------------------------
_GATED = either(on_numpy.gated, "a, b: a * sigmoid(b)", "glu")
_GATED_BACKWARD = Loop("glu_backward", ("g", "a", "b"), ("g * sigmoid(b)", "g * a * sigmoid(b) * (1 - sigmoid(b))"))


def glu(x: Array, dim: int) -> Any:
    """The first half of an array along a dimension, times the logistic function of the second."""
    return _GATED(*np.split(x, 2, dim))


def glu_backward(g: Array, x: Array, dim: int) -> Any:
    """The gradient of `glu` by `x`."""
    a, b = np.split(x, 2, dim)
    made = _GATED_BACKWARD(g, a, b) if g.size >= LARGE else None
    if made is not None:
        return join(made, dim)
    halves = on_numpy.gated_backward(g, a, b)
    return np.concatenate(halves, dim, np.empty(x.shape, halves[0].dtype))
