"""Losses of classes or examples that should be ahead of others by a margin."""

from collections.abc import Callable
from typing import Any

from ...ops import margin_loss as ops
from ...tensor import Tensor
from .. import _reduction as _Reduction
from ._distance import pairwise_distance
from ._loss import _number, _reduced

__all__ = [
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "triplet_margin_with_distance_loss",
]


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of ``max(0, margin - input[target] + input) ** p`` without the target's, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: classes ``(N,)`` or ``()``.
        p: 1 or 2.
        margin: by how much the target should be ahead.
        weight: one factor a class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: `p` is another, or the weight is no vector.
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    number = _number(size_average, reduce, reduction)
    if p != 1 and p != 2:
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return ops.multi_margin_loss(input, target, p, margin, weight, number)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """The sum over target classes t and other classes of ``max(0, 1 - input[t] + input)``, by their number, reduced.

    Args:
        input: scores ``(N, C)`` or ``(C,)``.
        target: like `input`: for each example its classes, then -1 if there are fewer than C.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        RuntimeError: shapes or dtypes do not go together, or a target is no class.
    """
    return ops.multilabel_margin_loss(input, target, _number(size_average, reduce, reduction))


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the cross entropy of ``sigmoid(input)`` with the targets, reduced.

    Args:
        input: scores ``(*, C)``.
        target: zeros and ones, like `input`.
        weight: one factor a class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: there is no such reduction.
    """
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    return ops.multilabel_soft_margin_loss(input, target, weight, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, distance(anchor, positive) - distance(anchor, negative) + margin)``, reduced.

    Args:
        anchor: any number of examples.
        positive: what should be near the anchor.
        negative: what should be far from it.
        distance_function: the Euclidean distance along the last dimension unless given.
        margin: positive.
        swap: use the distance of the negative from the positive where that is smaller.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the margin is not positive, or the reduction is another.
        RuntimeError: the tensors differ in their number of dimensions.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    a, p, n = anchor.dim(), positive.dim(), negative.dim()
    if not a == p == n:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {p}D, and negative {n}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return _reduced((margin + near - far).clamp_min(0), reduction)
