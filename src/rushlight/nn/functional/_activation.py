"""Activations and softmax, with PyTorch's arguments and checks."""

import warnings
from typing import Any

from ... import dtypes
from ...autograd.mode import is_grad_enabled
from ...memory_format import contiguous_format
from ...ops import activation as ops
from ...ops.arguments import explained, no_tensor
from ...ops.creation import empty_like, zeros_like
from ...ops.elementary import relu as _relu
from ...ops.numbers import number_for
from ...tensor import Tensor

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]

gelu = ops.gelu
hardshrink = ops.hardshrink
logsigmoid = ops.log_sigmoid
prelu = ops.prelu
softplus = ops.softplus
softshrink = ops.softshrink
celu_ = ops.celu_
elu_ = ops.elu_
leaky_relu_ = ops.leaky_relu_
relu_ = ops.relu_
rrelu_ = ops.rrelu_
selu_ = ops.selu_
threshold_ = ops.threshold_


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``max(input, 0)``, elementwise; with `inplace` the input itself, changed."""
    return relu_(input) if inplace else _relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``min(max(input, 0), 6)``, elementwise; with `inplace` the input itself, changed."""
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("relu6", input) from None
    if not dtype.is_floating_point:
        _check_limits(input, 0, 6)
    return ops.relu6_(input) if inplace else ops.relu6(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return the elements greater than `threshold`, and `value` in the place of the others.

    Raises:
        NotImplementedError: the elements are booleans or complex.
    """
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("threshold", input) from None
    if dtype in (dtypes.bool_, dtypes.complex64, dtypes.complex128):
        raise NotImplementedError(f"\"threshold_cpu\" not implemented for '{dtype.scalar_name}'")
    return threshold_(input, threshold, value) if inplace else ops.threshold(input, threshold, value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Return ``a * sigmoid(b)`` for the halves a and b of the input along `dim`.

    Raises:
        RuntimeError: the input is 0-dim, or its size along `dim` is odd.
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    return ops.glu(input, dim)


def _check_limits(input: Tensor, low: float, high: float) -> None:
    """Refuses what `hardtanh` cannot limit.

    Raises:
        NotImplementedError: the elements are complex.
        RuntimeError: they are booleans, or unsigned while a limit is negative, or of a type that cannot hold a limit.
    """
    if input._dtype.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")
    if input._dtype is dtypes.bool_:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if not input._dtype.is_signed and low < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    for limit in (low, high):
        if not input._dtype.is_floating_point:
            limit = number_for(limit, dtypes.int64).item()
        number_for(limit, input._dtype)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Limit the elements to an interval in place; see `hardtanh`.

    Raises:
        NotImplementedError: the elements are complex.
        RuntimeError: they cannot hold the limits, or PyTorch forbids the change in place.
    """
    _check_limits(input, min_val, max_val)
    return ops.hardtanh_(input, min_val, max_val)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return the input limited to the range from `min_val` to `max_val`.

    Raises:
        ValueError: `min_val` is greater than `max_val`.
        RuntimeError: the elements are booleans, or of a type that cannot hold a limit.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("hardtanh", input) from None
    if not dtype.is_floating_point or dtype.itemsize == 2:
        _check_limits(input, min_val, max_val)
    return hardtanh_(input, min_val, max_val) if inplace else ops.hardtanh(input, min_val, max_val)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return the input where positive and ``alpha * (exp(input) - 1)`` elsewhere."""
    return elu_(input, alpha) if inplace else ops.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``scale * elu(input, alpha)`` with the constants that keep mean 0 and variance 1."""
    return selu_(input) if inplace else ops.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``max(0, input) + min(0, alpha * (exp(input / alpha) - 1))``."""
    return celu_(input, alpha) if inplace else ops.celu(input, alpha)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return the input where positive and ``negative_slope * input`` elsewhere."""
    return leaky_relu_(input, negative_slope) if inplace else ops.leaky_relu(input, negative_slope)


@explained
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Return `leaky_relu` with a slope drawn for each element in training, and the middle of the range otherwise.

    Args:
        input: the tensor.
        lower, upper: the range of the slopes.
        training: whether slopes are drawn.
        inplace: whether the input is changed.
    """
    return rrelu_(input, lower, upper, training) if inplace else ops.rrelu(input, lower, upper, training)


def tanhshrink(input: Tensor) -> Tensor:
    """Return ``input - tanh(input)``."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """Return ``input / (1 + abs(input))``."""
    return input / (input.abs() + 1)


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element."""
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """Return ``1 / (1 + exp(-input))``."""
    return input.sigmoid()


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input / 6 + 1/2`` limited to the range from 0 to 1."""
    return ops.hardsigmoid_(input) if inplace else ops.hardsigmoid(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input * sigmoid(input)``; of complex numbers it has no derivative.

    Raises:
        RuntimeError: a complex input wants a gradient.
    """
    try:
        dtype = input._dtype
    except AttributeError:
        raise no_tensor("silu", input) from None
    if dtype.is_complex and input._node is not None and is_grad_enabled():
        raise RuntimeError("silu does not support automatic differentiation for outputs with complex dtype.")
    return ops.silu_(input) if inplace else ops.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input * tanh(softplus(input))``."""
    return ops.mish_(input) if inplace else ops.mish(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input * min(max(input + 3, 0), 6) / 6``."""
    return ops.hardswish_(input) if inplace else ops.hardswish(input)


def _get_softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return ``softmax(-input)`` along `dim`, computed in `dtype` where given."""
    if dim is None:
        dim = _get_softmax_dim("softmin", input.dim(), _stacklevel)
    return (-input).softmax(dim) if dtype is None else (-input).softmax(dim, dtype=dtype)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return ``exp(input)`` divided by its sum along `dim`, computed in `dtype` where given."""
    if dim is None:
        dim = _get_softmax_dim("softmax", input.dim(), _stacklevel)
    return input.softmax(dim) if dtype is None else input.softmax(dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return the logarithm of `softmax` along `dim`, computed in `dtype` where given."""
    if dim is None:
        dim = _get_softmax_dim("log_softmax", input.dim(), _stacklevel)
    return input.log_softmax(dim) if dtype is None else input.log_softmax(dim, dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from the Gumbel-softmax distribution (Jang et al. 2016).

    Args:
        logits: log-probabilities, not necessarily normalised.
        tau: the temperature; positive.
        hard: return one-hot vectors, differentiated as if they were the soft ones.
        eps: without effect.
        dim: the dimension along which the results sum to 1.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -empty_like(logits, memory_format=contiguous_format).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = zeros_like(logits, memory_format=contiguous_format).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
