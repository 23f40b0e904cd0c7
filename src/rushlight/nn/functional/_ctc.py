"""Connectionist temporal classification."""

from typing import Any

from ...ops import ctc as ops
from ...ops.arguments import explained
from ...tensor import Tensor
from .. import _reduction as _Reduction

__all__ = ["ctc_loss"]


@explained
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log probability of target sequences under all their alignments with the input, reduced.

    Args:
        log_probs: ``(T, N, C)`` or ``(T, C)``.
        targets: ``(N, S)``, or all sequences behind each other.
        input_lengths: how many steps each sequence has.
        target_lengths: how many labels each target has.
        blank: the class that is no label.
        reduction: "mean" (of losses divided by the targets' lengths), "sum" or "none".
        zero_infinity: whether losses of targets that fit no alignment count as zero.

    Raises:
        RuntimeError: shapes, dtypes or lengths do not go together.
    """
    number = _Reduction.get_enum(reduction)
    return ops.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, number, zero_infinity)
