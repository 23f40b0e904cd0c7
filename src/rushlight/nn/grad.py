"""The gradients of convolutions on their own (`torch.nn.grad`)."""

from typing import Any

from ..ops.conv import convolution_grad_input, convolution_grad_weight, expanded
from ..tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _settings(dims: int, stride: Any, padding: Any, dilation: Any, groups: int) -> tuple[Any, ...]:
    names = ("stride", "padding", "dilation")
    found = [expanded(v, n, dims) for n, v in zip(names, (stride, padding, dilation), strict=True)]
    return *found, False, (0,) * dims, groups


def conv1d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` by its input; the arguments are those of `conv2d_input`."""
    return _by_input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv1d` by its weight; the arguments are those of `conv2d_weight`."""
    return _by_weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` by its input.

    Args:
        input_size: the shape of the input.
        weight: the weight.
        grad_output: the gradient of the result.
        stride, padding, dilation, groups: those of the convolution.

    Source: https://docs.pytorch.org/docs/stable/nn.functional.html#convolution-functions
    """
    return _by_input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv2d` by its weight.

    Args:
        input: the input.
        weight_size: the shape of the weight.
        grad_output: the gradient of the result.
        stride, padding, dilation, groups: those of the convolution.
    """
    return _by_weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` by its input; the arguments are those of `conv2d_input`."""
    return _by_input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of `conv3d` by its weight; the arguments are those of `conv2d_weight`."""
    return _by_weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)


def _by_input(dims: int, size: Any, weight: Tensor, grad: Tensor, *settings: Any) -> Any:
    return convolution_grad_input(grad, weight, tuple(size), *_settings(dims, *settings))


def _by_weight(dims: int, input: Tensor, size: Any, grad: Tensor, *settings: Any) -> Any:
    return convolution_grad_weight(grad, input, tuple(size), *_settings(dims, *settings))
