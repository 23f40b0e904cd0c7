"""Activation functions.

Each has its gradient twice: on arrays, in `kernels.numpy_activation`, and on Tensors, written out of other
operations, for second derivatives. Both stand in formulas under one name.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, tensor_names
from ..kernels import activation as kernels
from .arguments import explained
from .attached import attached
from .declare import REGISTRY, Array, apply_inplace, composite, in_formulas, operation
from .numbers import number_for
from .softmax import axis_of
from .softmax import log_softmax as log_softmax
from .softmax import softmax as softmax

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


def floating(kernel: Callable[..., Any], name: str, refused: str = "iubc") -> Callable[..., Any]:
    """A kernel that refuses integers, booleans and complex numbers with PyTorch's text for its kernel `name`."""

    @functools.wraps(kernel)
    def checked(input: Array, *args: Any, **kwargs: Any) -> Any:
        letter = input.dtype.kind
        if letter in refused or (letter == "W" and "c" in refused):  # complex numbers of two halves
            kind = dtypes.from_numpy(input.dtype).legacy.removesuffix("Tensor")
            raise NotImplementedError(f"\"{name}\" not implemented for '{kind}'")
        return kernel(input, *args, **kwargs)

    return checked


def only(grad: Any, mask: Any) -> Any:
    """The gradient where a condition holds, zero elsewhere, whatever it is there: infinite or NaN."""
    return grad.masked_fill(mask.detach().logical_not(), 0)


def constant_mask(mask: Any, like: Any) -> Any:
    """A condition as ones and zeros that no gradient passes."""
    return mask.detach().to(like._dtype)


# ---------------------------------------------------------------------------------------------- piecewise linear
@operation(kernel=kernels.hardtanh, node="HardtanhBackward0", **_HIDDEN,
           input="hardtanh_backward(grad, input, min_val, max_val)")  # fmt: skip
def hardtanh(input: Array, min_val: float = -1, max_val: float = 1) -> Array:
    """Each element limited to the interval from `min_val` to `max_val`."""


@operation(kernel=lambda input: kernels.hardtanh(input, 0, 6), node="HardtanhBackward0", aten="hardtanh", **_HIDDEN,
           input="hardtanh_backward(grad, input, 0, 6)")  # fmt: skip
def relu6(input: Array) -> Array:
    """Each element limited to the interval from 0 to 6."""


in_formulas(
    kernels.hardtanh_backward,
    lambda grad, input, low, high: attached(only(grad, (input > low) & (input < high)), input),
    "hardtanh_backward",
)


def _threshold(input: Array, threshold: float, value: float) -> Array:
    dtype = dtypes.from_numpy(input.dtype)
    threshold, value = [v.item() if isinstance(v, TensorBase) else v for v in (threshold, value)]
    # Half precision is compared in single precision.
    compared = dtypes.float32 if dtype.is_floating_point and dtype.itemsize == 2 else dtype
    bound, filled = number_for(threshold, compared).item(), number_for(value, dtype).item()
    return kernels.threshold(input, bound, filled)  # type: ignore[no-any-return]


@operation(kernel=_threshold, method=False, input="threshold_backward(grad, input, threshold)")
def threshold(input: Array, threshold: float, value: float) -> Array:
    """The elements above `threshold`, and `value` in the place of the others."""


in_formulas(
    kernels.threshold_backward,
    lambda grad, input, bound: attached(only(grad, (input <= bound).logical_not()), input),
    "threshold_backward",
)


_leaky_relu = floating(kernels.leaky_relu, "leaky_relu_cpu")


@operation(kernel=_leaky_relu, **_HIDDEN,
           input="leaky_relu_backward(grad, input, negative_slope)")  # fmt: skip
def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    """The positive elements, and `negative_slope` times the others."""


def _leaky(grad: Any, input: Any, slope: float) -> Any:
    positive = constant_mask(input > 0, grad)
    return attached(grad * (positive + slope * (1 - positive)), input)


in_formulas(kernels.leaky_relu_backward, _leaky, "leaky_relu_backward")


@operation(node="RreluWithNoiseBackward0", shows=("lower", "upper", "training"), **_HIDDEN,
           input="attached(grad * noise, input)")  # fmt: skip
def _rrelu(input: Array, noise: Array, lower: float, upper: float, training: bool) -> Array:
    """Each element times its factor."""
    return input * noise  # type: ignore[no-any-return]


@operation(node="RreluWithNoiseBackward0", shows=("training",), rows=True, **_HIDDEN,
           input="leaky_relu_backward(grad, input, (lower + upper) / 2)")  # fmt: skip
def _rrelu_by_mean(input: Array, lower: float, upper: float, training: bool) -> Array:
    """`leaky_relu` with the middle of the range of slopes."""
    return _leaky_relu(input, (lower + upper) / 2)  # type: ignore[no-any-return]


def _rrelu_operands(
    input: Any, lower: float, upper: float, training: bool, generator: Any
) -> tuple[str, tuple[Any, ...]]:  # fmt: skip
    """The operation that computes `rrelu`, and its operands behind `input`: when training, each element's factor first.

    Raises:
        RuntimeError: the bounds are out of order.
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return "_rrelu_by_mean", (lower, upper, training)
    from .. import empty
    from ..base import wrap

    kind = input._dtype
    if not kind.is_floating_point or kind is dtypes.float16:
        raise NotImplementedError(f"\"rrelu_with_noise_out_cpu\" not implemented for '{kind.scalar_name}'")
    below = np.asarray(input._data <= 0)
    noise = np.ones(input._shape, input._data.dtype)
    # PyTorch draws for the elements that are not positive only, in float64.
    drawn = empty(int(np.count_nonzero(below)), dtype=dtypes.float64).uniform_(lower, upper, generator=generator)
    noise[below] = drawn._data
    return "_rrelu", (wrap(noise), lower, upper, training)


@composite(method=False)
def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Any = None) -> Any:
    """`leaky_relu` with a slope drawn for each element when `training`, else the middle of the range.

    Args:
        input: floating-point numbers.
        lower: the least slope.
        upper: the greatest slope.
        training: whether slopes are drawn.
        generator: draws them; the default one unless given.

    Raises:
        RuntimeError: `lower` is greater than `upper`.
    """
    name, operands = _rrelu_operands(input, lower, upper, training, generator)
    return tensor_names[name](input, *operands)


@composite(method=False)
def rrelu_(
    input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> Any:
    """The in-place form of `rrelu`."""
    name, operands = _rrelu_operands(input, lower, upper, training, generator)
    return apply_inplace(REGISTRY[name], input, operands, {})


@operation(kernel=kernels.prelu, node="PreluKernelBackward0", **_HIDDEN,
           input="attached(prelu_grad_input(grad, input, weight), input)",
           weight="attached(fit_like(prelu_grad_weight(grad, input), shape(weight)), input)",
           keeps="weight")  # fmt: skip
def _prelu_kernel(input: Array, weight: Array) -> Array:
    """The positive elements, and `weight` times the others."""


in_formulas(
    kernels.prelu_grad_input,
    lambda grad, input, weight: grad * (constant_mask(input > 0, grad) + constant_mask(input <= 0, grad) * weight),
    "prelu_grad_input",
)
in_formulas(
    kernels.prelu_grad_weight,
    lambda grad, input: grad * input * constant_mask(input <= 0, grad),
    "prelu_grad_weight",
)


@composite()
@explained
def prelu(input: Any, weight: Any) -> Any:
    """The positive elements, and `weight` times the others; one weight, or one for each channel (dimension 1).

    Raises:
        RuntimeError: there is another number of weights.
    """
    count = weight.numel()
    if count != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._shape[1] if input.ndim > 1 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel "
                f"size = {channels}."
            )
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if weight.ndim != input.ndim:
        weight = weight.view((1, count, *(1,) * (input.ndim - 2))[: input.ndim])
    return _prelu_kernel(input, weight)


def _hardshrink(input: Array, lambd: float) -> Array:
    if input.dtype.itemsize == 2:
        number_for(lambd, dtypes.from_numpy(input.dtype))  # which must hold it
    return kernels.hardshrink(input, lambd)


@operation(kernel=floating(_hardshrink, "hardshrink_cpu"),
           input="shrink_backward(grad, input, lambd)")  # fmt: skip
def hardshrink(input: Array, lambd: float = 0.5) -> Array:
    """The elements whose absolute value is above `lambd`, and zero in the place of the others."""


def _softshrink(input: Array, lambd: float) -> Array:
    kind = dtypes.from_numpy(input.dtype)
    most = dtypes.finfo(kind).max
    if not 0 <= lambd <= most:
        raise RuntimeError(
            f"lambda must be in range [0, {most:.6g}] for input dtype "
            f"{kind.legacy.removesuffix('Tensor')}, but found {lambd:g}"
        )
    return kernels.softshrink(input, lambd)


@operation(kernel=floating(_softshrink, "softshrink_cpu"), **_HIDDEN, out=True,
           input="shrink_backward(grad, input, lambd)")  # fmt: skip
def softshrink(input: Array, lambd: float = 0.5) -> Array:
    """Each element moved towards zero by `lambd`, but not past it."""


in_formulas(
    kernels.hardshrink_backward,
    lambda grad, input, bound: attached(only(grad, (input > bound) | (input < -bound)), input),
    "shrink_backward",
)


@operation(
    kernel=floating(kernels.hardsigmoid, "hardsigmoid_cpu"), **_HIDDEN, input="hardsigmoid_backward(grad, input)"
)
def hardsigmoid(input: Array) -> Array:
    """``input / 6 + 1 / 2`` limited to the interval from 0 to 1."""


in_formulas(
    kernels.hardsigmoid_backward,
    lambda grad, input: only(grad, (input > -3) & (input < 3)) * float(np.float32(1 / 6)),
    "hardsigmoid_backward",
)


@operation(kernel=floating(kernels.hardswish, "hardswish_cpu"), **_HIDDEN, input="hardswish_backward(grad, input)")
def hardswish(input: Array) -> Array:
    """``input * hardsigmoid(input)``."""


def _hardswish_again(grad: Any, input: Any) -> Any:
    above = input >= 3
    ends = above | (input <= -3)  # without NaN, whose gradient is NaN
    return grad.masked_fill(ends, 0) * (input.masked_fill(ends, 0) / 3 + 0.5) + only(grad, above)


in_formulas(kernels.hardswish_backward, _hardswish_again, "hardswish_backward")


# ---------------------------------------------------------------------------------------------- smooth
def _gelu(input: Array, *, approximate: str) -> Array:
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return kernels.gelu(input, approximate)


@operation(kernel=floating(_gelu, "GeluKernelImpl"), **_HIDDEN, out=True,
           input="gelu_backward(grad, input, approximate)")  # fmt: skip
def gelu(input: Array, *, approximate: str = "none") -> Array:
    """Each element times the normal distribution function of it, exactly or (``"tanh"``) approximated.

    Raises:
        RuntimeError: `approximate` is neither ``"none"`` nor ``"tanh"``.
    """


def _gelu_again(grad: Any, input: Any, approximate: str) -> Any:
    if approximate == "none":
        cdf = ((input * math.sqrt(0.5)).erf() + 1) * 0.5
        return grad * (cdf + input * (input * input * -0.5).exp() * (1 / math.sqrt(2 * math.pi)))
    squared = input * input
    t = (input * (squared * 0.044715 + 1) * math.sqrt(2 / math.pi)).tanh()
    slope = (squared * (3 * 0.044715) + 1) * math.sqrt(2 / math.pi)
    return grad * ((t + 1) * 0.5 + input * (1 - t * t) * slope * 0.5)


in_formulas(kernels.gelu_backward, _gelu_again, "gelu_backward")


@operation(kernel=floating(kernels.silu, "silu_cpu", "iub"), **_HIDDEN, input="silu_backward(grad, input)")
def silu(input: Array) -> Array:
    """``input * sigmoid(input)``."""


def _silu_again(grad: Any, input: Any) -> Any:
    s = input.sigmoid()
    return grad * s * (1 + input * (1 - s))


in_formulas(kernels.silu_backward, _silu_again, "silu_backward")


@operation(kernel=floating(kernels.mish, "mish_cpu"), **_HIDDEN, input="mish_backward(grad, input)")
def mish(input: Array) -> Array:
    """``input * tanh(softplus(input))``."""


def _mish_again(grad: Any, input: Any) -> Any:
    smooth: Any = softplus(input)
    t = smooth.tanh()
    return grad * (t + input * input.sigmoid() * (1 - t * t))


in_formulas(kernels.mish_backward, _mish_again, "mish_backward")


@operation(kernel=floating(kernels.softplus, "softplus_cpu"), **_HIDDEN, out=True,
           input="softplus_backward(grad, input, beta, threshold)")  # fmt: skip
def softplus(input: Array, beta: float = 1, threshold: float = 20) -> Array:
    """``log(1 + exp(beta * input)) / beta``, and the input itself where ``beta * input`` is above `threshold`."""


def _softplus_again(grad: Any, input: Any, beta: float, threshold: float) -> Any:
    linear = constant_mask(input * beta > threshold, grad)
    return grad * (linear + (1 - linear) * (input * beta).sigmoid())


in_formulas(kernels.softplus_backward, _softplus_again, "softplus_backward")


@operation(
    kernel=floating(kernels.log_sigmoid, "log_sigmoid_cpu"), **_HIDDEN, out=True, rows=True,
    input="log_sigmoid_backward(grad, input)",
)  # fmt: skip
def log_sigmoid(input: Array) -> Array:
    """``log(sigmoid(input))``, without overflow."""


in_formulas(kernels.log_sigmoid_backward, lambda grad, input: grad * (-input).sigmoid(), "log_sigmoid_backward")


# The constants of Klambauer et al. (2017), for which mean 0 and variance 1 are a fixed point.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _elu_slope(grad: Any, input: Any, alpha: float, scale: float, input_scale: float) -> Any:
    positive = input > 0  # not NaN, whose gradient is NaN
    below = (input.masked_fill(input >= 0, 0) * input_scale).exp() * (alpha * scale * input_scale)
    return only(grad, positive.logical_not()) * below + only(grad, positive) * scale


in_formulas(
    lambda grad, input, alpha, scale, input_scale: kernels.elu_backward(grad, input, alpha, scale, input_scale, False),
    _elu_slope,
    "elu_backward",
)


@operation(kernel=floating(lambda input, alpha: kernels.elu(input, alpha, 1, 1), "elu_cpu"), **_HIDDEN,
           input="elu_backward(grad, input, alpha, 1, 1)")  # fmt: skip
def elu(input: Array, alpha: float = 1) -> Array:
    """The positive elements, and ``alpha * (exp(input) - 1)`` of the others."""


def _celu(input: Array, alpha: float) -> Array:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return kernels.elu(input, alpha, 1, 1 / alpha)


@operation(kernel=floating(_celu, "elu_cpu"), method=False, out=False, node="CeluBackward0",
           input="elu_backward(grad, input, alpha, 1, 1 / alpha)")  # fmt: skip
def celu(input: Array, alpha: float = 1.0) -> Array:
    """The positive elements, and ``alpha * (exp(input / alpha) - 1)`` of the others."""


@operation(
    kernel=floating(lambda input: kernels.elu(input, _SELU_ALPHA, _SELU_SCALE, 1), "elu_cpu"), method=False, out=False,
    node="EluBackward0", aten="elu",
    input=f"elu_backward(grad, input, {_SELU_ALPHA}, {_SELU_SCALE}, 1)",
)  # fmt: skip
def selu(input: Array) -> Array:
    """`elu` scaled by the constants that keep mean 0 and variance 1."""


def _glu_again(grad: Any, input: Any, dim: int) -> Any:
    from .. import cat

    half = input.shape[dim] // 2
    a, s = input.narrow(dim, 0, half), input.narrow(dim, half, half).sigmoid()
    return cat([grad * s, grad * a * s * (1 - s)], dim)


in_formulas(kernels.glu_backward, _glu_again, "glu_backward")


@operation(kernel=floating(kernels.glu, "glu_cpu"), name="_glu", node="GluBackward0", **_HIDDEN,
           input="glu_backward(grad, input, dim)")  # fmt: skip
def _glu_of_even(input: Array, dim: int) -> Array:
    """`glu` of checked arguments."""


@composite(method=False, function=False)
def glu(input: Any, dim: int = -1) -> Any:
    """``a * sigmoid(b)`` of the halves a and b of the input along `dim`.

    Raises:
        RuntimeError: the size along `dim` is odd.
    """
    axis = axis_of(dim, input.ndim)
    if input._shape[axis] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {input._shape[axis]}")
    return _glu_of_even(input, axis)


# ---------------------------------------------------------------------------------------------- in place
def _in_place(name: str, public: bool = False, operation: str = "") -> Callable[..., Any]:
    """The in-place form of an operation as a function."""

    def change(input: Any, *args: Any, **kwargs: Any) -> Any:
        return apply_inplace(REGISTRY[operation or name], input, args, kwargs)

    change.__name__ = change.__qualname__ = f"{name}_"
    change.__doc__ = f"The in-place form of `{name}`: the result takes the place of the tensor's elements."
    return composite(method=False, function=public)(change)


def _elu_from_result(grad: Any, result: Any, alpha: float, scale: float, input_scale: float) -> Any:
    positive = constant_mask(result > 0, grad)
    return grad * (positive * scale + (1 - positive) * (result + alpha * scale) * input_scale)


in_formulas(
    lambda grad, result, alpha, scale, input_scale: kernels.elu_backward(grad, result, alpha, scale, input_scale, True),
    _elu_from_result,
    "elu_backward_from_result",
)


# In place the gradients of these come from the result, as what they were computed from is gone.
@operation(kernel=REGISTRY["elu"].forward, node="EluBackward1", **_HIDDEN,
           input="elu_backward_from_result(grad, result, alpha, 1, 1)")  # fmt: skip
def _elu_in_place(input: Array, alpha: float = 1) -> Array:
    """`elu`."""


@operation(kernel=REGISTRY["celu"].forward, node="CeluBackward1", **_HIDDEN,
           input="elu_backward_from_result(grad, result, alpha, 1, 1 / alpha)")  # fmt: skip
def _celu_in_place(input: Array, alpha: float = 1.0) -> Array:
    """`celu`."""


@operation(kernel=REGISTRY["selu"].forward, node="EluBackward1", **_HIDDEN,
           input=f"elu_backward_from_result(grad, result, {_SELU_ALPHA}, {_SELU_SCALE}, 1)")  # fmt: skip
def _selu_in_place(input: Array) -> Array:
    """`selu`."""


@operation(kernel=REGISTRY["leaky_relu"].forward, node="LeakyReluBackward1", **_HIDDEN,
           input="leaky_relu_backward(grad, result, negative_slope)")  # fmt: skip
def _leaky_relu_in_place(input: Array, negative_slope: float = 0.01) -> Array:
    """`leaky_relu`."""


relu_ = _in_place("relu", True)
celu_ = _in_place("celu", True, "_celu_in_place")
selu_ = _in_place("selu", True, "_selu_in_place")
threshold_ = _in_place("threshold", True)
elu_ = _in_place("elu", False, "_elu_in_place")
hardsigmoid_ = _in_place("hardsigmoid")
hardswish_ = _in_place("hardswish")
hardtanh_ = _in_place("hardtanh")
leaky_relu_ = _in_place("leaky_relu", False, "_leaky_relu_in_place")
mish_ = _in_place("mish")
relu6_ = _in_place("relu6")
silu_ = _in_place("silu")
