"""Convolution or linear layer and batch norm in one, for evaluation (`torch.nn.utils.fusion`)."""

from copy import deepcopy
from typing import Any, TypeVar

from ...ops.creation import ones_like, zeros_like
from ...tensor import Tensor
from ..modules.batchnorm import _BatchNorm
from ..modules.module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

M = TypeVar("M", bound=Module)


def _check_ready(layer: Module, bn: Any, what: str) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if what:
        raise AssertionError(what)
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv: M, bn: _BatchNorm, transpose: bool = False) -> M:
    """A convolution that computes what `conv` and then `bn` compute in evaluation mode.

    Args:
        conv: the convolution.
        bn: the batch norm of its outputs.
        transpose: whether it is a transposed convolution.

    Raises:
        AssertionError: one is in training mode, or the batch norm has no running statistics.
    """
    _check_ready(conv, bn, "")
    fused: Any = deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused  # type: ignore[no-any-return]


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any, transpose: bool = False
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the convolution of `fuse_conv_bn_eval`.

    Args:
        conv_w, conv_b: those of the convolution.
        bn_rm, bn_rv: the running mean and variance.
        bn_eps: what is added to the variance.
        bn_w, bn_b: weight and bias of the batch norm.
        transpose: whether it is a transposed convolution.
    """
    dtype, bias_dtype = conv_w.dtype, conv_w.dtype if conv_b is None else conv_b.dtype
    conv_b = zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = zeros_like(bn_rm) if bn_b is None else bn_b
    inverse = (bn_rv + bn_eps).rsqrt()
    shape = [1, -1] if transpose else [-1, 1]
    weight = (conv_w * (bn_w * inverse).reshape(shape + [1] * (conv_w.ndim - 2))).to(dtype)
    bias = ((conv_b - bn_rm) * inverse * bn_w + bn_b).to(bias_dtype)
    return Parameter(weight, conv_w.requires_grad), Parameter(bias, conv_b.requires_grad)


def fuse_linear_bn_eval(linear: M, bn: _BatchNorm) -> M:
    """A linear layer that computes what `linear` and then `bn` compute in evaluation mode.

    Raises:
        AssertionError: one is in training mode, their sizes do not fit, or there are no running statistics.
    """
    layer: Any = linear
    fits = layer.out_features == bn.num_features or bn.num_features == 1
    sizes = (
        "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
        f"linear.out_features={layer.out_features} and bn.num_features={bn.num_features}"
    )
    _check_ready(linear, bn, "" if fits else sizes)
    fused: Any = deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused  # type: ignore[no-any-return]


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Parameter, Parameter]:
    """Weight and bias of the layer of `fuse_linear_bn_eval`; the arguments are those of `fuse_conv_bn_weights`."""
    dtype, bias_dtype = linear_w.dtype, linear_w.dtype if linear_b is None else linear_b.dtype
    linear_b = zeros_like(bn_rm) if linear_b is None else linear_b
    scale: Tensor = bn_w * (bn_rv + bn_eps).rsqrt()
    weight = linear_w * scale.unsqueeze(-1).to(dtype)
    bias = ((linear_b - bn_rm) * scale + bn_b).to(bias_dtype)
    return Parameter(weight, linear_w.requires_grad), Parameter(bias, linear_b.requires_grad)
