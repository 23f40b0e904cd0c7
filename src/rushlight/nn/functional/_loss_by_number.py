"""Losses as functions of `torch` itself, whose reduction is a number: 0, none; 1, the mean; 2, the sum.

Unless given it is 0, although PyTorch's schema says 1: that is what its functions do.
"""

from typing import Any

from . import _loss, _margin_loss

_WORDS = ("none", "mean", "sum")


def poisson_nll_loss(input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int) -> Any:
    """`torch.nn.functional.poisson_nll_loss`."""
    return _loss.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=_WORDS[reduction])


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: int = 0) -> Any:
    """`torch.nn.functional.hinge_embedding_loss`."""
    return _margin_loss.hinge_embedding_loss(input, target, margin, reduction=_WORDS[reduction])


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0) -> Any:
    """`torch.nn.functional.margin_ranking_loss`."""
    return _margin_loss.margin_ranking_loss(input1, input2, target, margin, reduction=_WORDS[reduction])


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0) -> Any:
    """`torch.nn.functional.cosine_embedding_loss`."""
    return _margin_loss.cosine_embedding_loss(input1, input2, target, margin, reduction=_WORDS[reduction])


def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: int = 0,
) -> Any:  # fmt: skip
    """`torch.nn.functional.triplet_margin_loss`."""
    return _margin_loss.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_WORDS[reduction]
    )
