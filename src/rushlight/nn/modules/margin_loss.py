# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Losses of classes or examples that should be ahead of others by a margin."""

from collections.abc import Callable
from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss

__all__ = ["MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "TripletMarginWithDistanceLoss"]


class MultiLabelMarginLoss(_Loss):
    """The sum over target classes t and other classes of ``max(0, 1 - input[t] + input)``, by their number.

    Args:
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum", or "none" for the loss of each example.

    Shape:
        ``(N, C)`` or ``(C,)``; the target's entries are classes, then -1 if there are fewer than C.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of the cross entropy of ``sigmoid(input)`` with zeros and ones.

    Args:
        weight: one for each class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum", or "none" for the loss of each example.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """The mean over classes of ``max(0, margin - input[target] + input) ** p`` without the target's.

    Args:
        p: 1 or 2.
        margin: by how much the target should be ahead.
        weight: one for each class.
        size_average: use `reduction`.
        reduce: use `reduction`.
        reduction: "mean", "sum", or "none" for the loss of each example.

    Raises:
        ValueError: `p` is another, or the weight is no vector.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p != 1 and p != 2:
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(_Loss):
    """``max(0, distance(anchor, positive) - distance(anchor, negative) + margin)``.

    Args:
        distance_function: the Euclidean distance unless given.
        margin: positive.
        swap: use the distance of the negative from the positive where that is smaller.
        reduction: "mean", "sum", or "none" for the loss of each example.

    Raises:
        ValueError: the margin is not positive.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average=None, reduce=None, reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = distance_function if distance_function is not None else PairwiseDistance()
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
