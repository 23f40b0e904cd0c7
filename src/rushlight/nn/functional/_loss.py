"""Losses, with PyTorch's arguments and checks; the reduction is a word here and a number in the operations."""

import math
import warnings
from operator import index
from typing import Any

from ...autograd.grad_mode import no_grad
from ...ops import loss as ops
from ...ops.arguments import explained
from ...ops.broadcasting import broadcast_tensors
from ...tensor import Tensor
from .. import _reduction as _Reduction

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
]


def _number(size_average: Any, reduce: Any, reduction: str) -> int:
    if size_average is not None or reduce is not None:
        return _Reduction.legacy_get_enum(size_average, reduce)
    return _Reduction.get_enum(reduction)


def _word(size_average: Any, reduce: Any, reduction: str) -> str:
    if size_average is not None or reduce is not None:
        return _Reduction.legacy_get_string(size_average, reduce)
    return reduction


def _together(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both tensors at one shape, with a warning where that takes broadcasting."""
    try:
        if target._shape == input._shape:
            return input, target
    except AttributeError:
        # What PyTorch asks, so that the error about something that is not a tensor is its own.
        target.size() == input.size()  # noqa: B015
        raise
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
        "This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    together: tuple[Tensor, Tensor] = broadcast_tensors(input, target)
    return together


def _weighted(loss: Tensor, weight: Tensor, input: Tensor, reduction: str, divide: bool) -> Tensor:
    """Reduce a loss of elements times their weights; the mean is over the weights when `divide`.

    Raises:
        ValueError: the shapes differ, or there is no such reduction.
    """
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    loss = loss * weight
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.sum() / weight.sum() if divide else loss.mean()
    raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``(input - target) ** 2``, reduced; with a `weight` for each element where given.

    Args:
        input, target: tensors of the same shape.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element.
    """
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    a, b = _together(input, target)
    if weight is not None:
        return _weighted((a - b).pow(2), weight, input, reduction, divide=True)
    return ops.mse_loss(a, b, _Reduction.get_enum(reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``abs(input - target)``, reduced; with a `weight` for each element where given.

    Args:
        input, target: tensors of the same shape.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element.
    """
    a, b = _together(input, target)
    reduction = _word(size_average, reduce, reduction)
    if weight is not None:
        return _weighted((a - b).abs(), weight, input, reduction, divide=True)
    return ops.l1_loss(a, b, _Reduction.get_enum(reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``d ** 2 / (2 * beta)`` where ``d = abs(input - target)`` is below `beta` and ``d - beta / 2`` elsewhere.

    Args:
        input, target: tensors of the same shape.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: where the parabola ends; 0 makes it `l1_loss`.
    """
    a, b = _together(input, target)
    number = _number(size_average, reduce, reduction)
    return ops.l1_loss(a, b, number) if beta == 0.0 else ops.smooth_l1_loss(a, b, number, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """``d ** 2 / 2`` where ``d = abs(input - target)`` is below `delta`, ``delta * (d - delta / 2)`` elsewhere.

    Raises:
        ValueError: the weights have another shape than the input, or there is no such reduction.
    """
    a, b = _together(input, target)
    if weight is not None:
        if weight.shape != input.shape:
            raise ValueError("Weights and input must have the same size.")
        return _weighted(ops.huber_loss(a, b, 0, delta), weight, input, reduction, divide=False)
    return ops.huber_loss(a, b, _Reduction.get_enum(reduction), delta)


@explained("nll_loss_nd")
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-weight[target] * input[target]`` along dimension 1, reduced.

    Args:
        input: log-probabilities ``(N, C, *)`` or ``(C,)``.
        target: classes ``(N, *)`` or ``()``.
        weight: ``(C,)``.
        size_average: use `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: use `reduction`.
        reduction: "mean" (weighted), "sum" or "none".
    """
    return ops.nll_loss_nd(input, target, weight, _number(size_average, reduce, reduction), index(ignore_index))


@explained("cross_entropy_loss")
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`nll_loss` of the log-softmax of the input, or the like for targets that are probabilities.

    Args:
        input: ``(N, C, *)`` or ``(C,)``.
        target: classes ``(N, *)`` or ``()``, or probabilities of the shape of the input.
        weight: ``(C,)``.
        size_average: use `reduction`.
        ignore_index: a class that counts for nothing as target.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".
        label_smoothing: how much of every target is spread evenly over all classes.
    """
    number = _number(size_average, reduce, reduction)
    return ops.cross_entropy_loss(input, target, weight, number, index(ignore_index), label_smoothing)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``-weight * (target * log(input) + (1 - target) * log(1 - input))``, reduced.

    Args:
        input, target: tensors of the same shape.
        weight: a factor for each element.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: input and target differ in shape.
        RuntimeError: an element of the input is not between 0 and 1.
    """
    number = _number(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is "
            "deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = broadcast_tensors(target, weight)[1]
    return ops.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of the sigmoid of the input; `pos_weight` multiplies the part of positive targets.

    Args:
        input, target: tensors of the same shape.
        weight: a factor for each element.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for the part of positive targets.

    Raises:
        ValueError: input and target differ in shape.
    """
    number = _number(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, number)


@explained
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """``target * (log(target) - input)``, reduced; "batchmean" is the sum over the size of the first dimension.

    Args:
        input: log-probabilities.
        target: probabilities, or their logarithms when `log_target`.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "batchmean", "sum" or "none".
        log_target: see `target`.
    """
    if size_average is not None or reduce is not None:
        number = _Reduction.legacy_get_enum(size_average, reduce)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support size."
                "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
                "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
                stacklevel=2,
            )
        number = _Reduction.get_enum("sum" if reduction == "batchmean" else reduction)
    loss = ops.kl_div(input, target, number, log_target=log_target)
    if reduction == "batchmean" and input.dim() != 0:
        loss = loss / input.size(0)
    return loss


@explained
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """``exp(input) - target * input``, or ``input - target * log(input + eps)`` unless `log_input`, reduced.

    With `full`, Stirling's approximation of ``log(target!)`` is added where the target is above 1.

    Raises:
        ValueError: there is no such reduction.
    """
    reduction = _word(size_average, reduce, reduction)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduced(loss, reduction)


@explained
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: Any = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """``(log(var) + (input - target) ** 2 / var) / 2``, reduced, with the variance at least `eps`.

    Args:
        input: the mean.
        target: a sample.
        var: the variance: a number, a tensor like the input, or one with size 1 in (or without) the last dimension.
        full: add ``log(2 * pi) / 2``.
        eps: the least variance.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: a variance is negative or of the wrong shape.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.detach().clone().fill_(var)
    elif bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.size() != input.size():
        differing = [b for a, b in zip(input.size(), var.size(), strict=False) if a != b]
        if input.size()[:-1] == var.size():
            var = var.unsqueeze(-1)
        elif not (input.dim() == var.dim() and sum(differing) == 1):
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    var = var.clone()
    # The limit is not differentiated.
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduced(loss, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """``log(1 + exp(-target * input))``, reduced.

    Args:
        input, target: tensors of the same shape.
        size_average, reduce: older words for `reduction` (deprecated).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    return ops.soft_margin_loss(input, target, _number(size_average, reduce, reduction))
