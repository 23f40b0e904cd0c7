# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Losses of sequences of labels whose places are not known."""

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .loss import _Loss

__all__ = ["CTCLoss"]


class CTCLoss(_Loss):
    """The negative logarithm of the probability of target sequences under all their alignments with the input.

    Args:
        blank: the class that stands for no label.
        reduction: "mean" (of losses divided by the targets' lengths), "sum", or "none".
        zero_infinity: whether losses of targets that fit no alignment count as zero.

    Shape:
        log-probabilities ``(T, N, C)`` or ``(T, C)``, targets ``(N, S)`` or all behind each other, lengths ``(N,)``.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
