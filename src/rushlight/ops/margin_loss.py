"""Losses of classes that should be ahead of the others by a margin. PyTorch has no second derivatives of them."""

from typing import Any

from .. import dtypes
from ..kernels import numpy_margin_loss as kernels
from .activation import floating, log_sigmoid
from .arguments import explained
from .declare import Array, composite, operation
from .loss_parts import HIDDEN, MEAN, no_gradient


@operation(kernel=floating(kernels.multi_margin_loss, "multi_margin_loss_cpu_kernel"), name="_multi_margin_loss",
           node="MultiMarginLossBackward0", aten="multi_margin_loss", tangent="refused", **HIDDEN,
           input="multi_margin_loss_backward(grad, input, target, p, margin, weight, reduction)")  # fmt: skip
def _multi_margin_loss(
    input: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int
) -> Array:
    """How much classes come too near to the target."""


_NOT_TWICE = {
    name: f"not_implemented(grad, '{name}')"
    for name in ("multi_margin_loss_backward", "multilabel_margin_loss_backward")
}


@operation(kernel=kernels.multi_margin_loss_backward, node="torch::autograd::NotImplemented", **HIDDEN,
           grad_output=_NOT_TWICE["multi_margin_loss_backward"],
           input=_NOT_TWICE["multi_margin_loss_backward"])  # fmt: skip
def multi_margin_loss_backward(
    grad_output: Array, input: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int
) -> Array:
    """The gradient of `multi_margin_loss` by its input."""


@operation(kernel=floating(kernels.multilabel_margin_loss, "multilabel_margin_loss_forward_out_frame"),
           name="_multilabel_margin_loss", node="MultilabelMarginLossBackward0", aten="multilabel_margin_loss_forward",
           tangent="refused", outputs=("result", "is_target"), differentiable=("result",), **HIDDEN,
           input="multilabel_margin_loss_backward(grad, input, target, is_target, reduction)")  # fmt: skip
def _multilabel_margin_loss(input: Array, target: Array, reduction: int) -> Array:
    """How much other classes come too near to the target classes."""


@operation(kernel=kernels.multilabel_margin_loss_backward, node="torch::autograd::NotImplemented", **HIDDEN,
           grad_output=_NOT_TWICE["multilabel_margin_loss_backward"],
           input=_NOT_TWICE["multilabel_margin_loss_backward"])  # fmt: skip
def multilabel_margin_loss_backward(
    grad_output: Array, input: Array, target: Array, is_target: Array, reduction: int
) -> Array:
    """The gradient of `multilabel_margin_loss` by its input."""


def _not_half(kernel: str, input: Any) -> None:
    if input._dtype.itemsize == 2 and input._dtype.is_floating_point and input._data.size:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input._dtype.scalar_name}'")


def _check_scores(input: Any) -> None:
    shape = input._shape
    if len(shape) > 2 or (shape and not shape[-1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )


def _check_long(target: Any) -> None:
    if target._dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {target._dtype.legacy.removesuffix('Tensor')}")


@composite(method=False, function=False)
@explained
def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1, weight: Any = None, reduction: int = MEAN
) -> Any:
    """The mean over classes of ``max(0, margin - input[target] + input) ** p`` without the target's, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: classes ``(N,)`` or ``()``, int64.
        p: 1 or 2.
        margin: by how much the target should be ahead.
        weight: one factor a class, or None.
        reduction: 0, 1 or 2.

    Raises:
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    no_gradient("multi_margin_loss", weight=weight)
    if p not in (1, 2):
        raise RuntimeError("only p == 1 and p == 2 supported")
    _check_scores(input)
    shape = input._shape
    examples, classes = shape if len(shape) == 2 else (1, shape[0] if shape else 1)
    if target.ndim > 1 or target.numel() != examples:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{examples}], but got {list(target._shape)}. Input has shape {list(shape)}."
        )
    if weight is not None and (weight.ndim > 1 or weight.numel() != classes):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight._shape)}")
    _check_long(target)
    _not_half("multi_margin_loss_cpu_kernel", input)
    return _multi_margin_loss(input, target, p, margin, weight, reduction)


@composite(method=False, function=False)
@explained
def multilabel_margin_loss(input: Any, target: Any, reduction: int = MEAN) -> Any:
    """The sum over target classes t and other classes of ``max(0, 1 - input[t] + input)``, by their number, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: like `input`, int64: for each example its classes, then -1 if there are fewer than C.
        reduction: 0, 1 or 2.

    Raises:
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    _check_scores(input)
    if target._shape != input._shape and not (input.ndim <= 1 and target.ndim <= 1 and target.numel() == input.numel()):
        raise RuntimeError(f"inconsistent target size: {list(target._shape)} for input of size: {list(input._shape)}")
    _check_long(target)
    _not_half("multilabel_margin_loss_forward_out_frame", input)
    return _multilabel_margin_loss(input, target, reduction)[0]


@composite(method=False, function=False)
@explained
def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """The mean over classes of the cross entropy of ``sigmoid(input)`` with the targets, reduced.

    Args:
        input: scores ``(*, C)``.
        target: zeros and ones, like `input`.
        weight: a factor for each class, or None.
        reduction: ``"none"``, ``"mean"`` or ``"sum"``.
    """
    loss = -(target * log_sigmoid(input) + (1 - target) * log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    loss = loss.sum(-1) / input.size(-1)
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss
