"""Softmax and its logarithm."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import softmax as kernels
from .declare import Array, composite, in_formulas, operation
from .out import finish_out

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


def axis_of(dim: int, ndim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: there is no such dimension.
    """
    reach = max(ndim, 1)
    if not -reach <= dim < reach:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got {dim})")
    return dim % reach


def _along(kernel: Callable[..., Any], name: str) -> Callable[..., Any]:
    def run(input: Array, dim: int) -> Array:
        if input.dtype.kind in "iubc" and input.size:
            where = "_lastdim_kernel_impl" if dim == max(input.ndim, 1) - 1 else "_kernel_impl"
            kind = dtypes.from_numpy(input.dtype).legacy.removesuffix("Tensor")
            raise NotImplementedError(f"\"{name}{where}\" not implemented for '{kind}'")
        return kernel(input, dim) if input.ndim else kernel(input.reshape(1), 0).reshape(())

    return run


def _along_backward(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def run(grad: Array, result: Array, dim: int) -> Array:
        if not grad.ndim:
            return kernel(grad.reshape(1), result.reshape(1), 0).reshape(())
        return kernel(grad, result, dim)

    return run


_forward = _along(kernels.softmax, "softmax")


@operation(kernel=_forward, node="SoftmaxBackward0", aten="_softmax", rows=True, **_HIDDEN,
           input="softmax_backward(grad, result, dim)",
           tangent="softmax_backward(input_t, result, dim)")  # fmt: skip
def _softmax(input: Array, dim: int) -> Array:
    """Softmax along one dimension."""


@operation(node="SafeSoftmaxBackward0", aten="_safe_softmax", rows=True, **_HIDDEN,
           input="softmax_backward(grad, result, dim)",
           tangent="softmax_backward(input_t, result, dim)")  # fmt: skip
def _safe_softmax(input: Array, dim: int) -> Array:
    """Softmax along one dimension, of which minus infinities alone make zeros."""
    found = _forward(input, dim)
    if found.size and np.isnan(found.take(0, dim)).any():
        found[np.broadcast_to((input == -np.inf).all(dim, keepdims=True), found.shape)] = 0
    return found


@operation(kernel=_along(kernels.log_softmax, "log_softmax"), node="LogSoftmaxBackward0", aten="_log_softmax",
           rows=True, **_HIDDEN, input="log_softmax_backward(grad, result, dim)")  # fmt: skip
def _log_softmax(input: Array, dim: int) -> Array:
    """The logarithm of softmax along one dimension."""


in_formulas(
    _along_backward(kernels.softmax_backward),
    lambda grad, result, dim: result * (grad - (grad * result).sum(dim, keepdim=True)),
    "softmax_backward",
)
in_formulas(
    _along_backward(kernels.log_softmax_backward),
    lambda grad, result, dim: grad - result.exp() * grad.sum(dim, keepdim=True),
    "log_softmax_backward",
)


def _softmax_input(name: str, input: Any, dim: Any, dtype: Any) -> tuple[Any, int]:
    if dtype is None and type(dim) is int and isinstance(input, TensorBase) and -len(input._shape) <= dim < 0:
        return input, dim + len(input._shape)  # the usual call
    if not hasattr(input, "_node"):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if dtype is not None and dtype is not input._dtype:
        input = input.to(dtype)
    return input, axis_of(dim, len(input._shape))


@composite()
def softmax(input: Any, dim: Any, dtype: Any = None, *, out: Any = None) -> Any:
    """``exp(input)`` divided by its sum along `dim`.

    Args:
        input: floating-point numbers.
        dim: the dimension along which the result sums up to one.
        dtype: what the input is converted to first.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.softmax.html
    """
    result = _softmax(*_softmax_input("softmax", input, dim, dtype))
    return finish_out(out, result, "softmax")


@composite()
def log_softmax(input: Any, dim: Any, dtype: Any = None, *, out: Any = None) -> Any:
    """The logarithm of `softmax`, computed without overflow; the arguments are the same."""
    result = _log_softmax(*_softmax_input("log_softmax", input, dim, dtype))
    return finish_out(out, result, "log_softmax")


def _widened(*tensors: Any) -> list[Any]:
    """The tensors, those of half precision as float32."""
    return [t.float() if t._dtype.itemsize == 2 else t for t in tensors]


@composite(method=False)
def _softmax_backward_data(grad_output: Any, output: Any, dim: int, input_dtype: Any) -> Any:
    """The gradient of the input of `softmax`, in `input_dtype`."""
    grad, y = _widened(grad_output, output)
    return (y * (grad - (grad * y).sum(dim, keepdim=True))).to(input_dtype)


@composite(method=False)
def _log_softmax_backward_data(grad_output: Any, output: Any, dim: int, input_dtype: Any) -> Any:
    """The gradient of the input of `log_softmax`, in `input_dtype`."""
    grad, y = _widened(grad_output, output)
    return (grad - y.exp() * grad.sum(dim, keepdim=True)).to(input_dtype)
