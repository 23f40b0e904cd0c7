# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Dropout of elements and of whole channels."""

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    """What the kinds of dropout share."""

    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, sets elements to zero with probability `p` and scales the others by ``1 / (1 - p)``.

    Args:
        p: the probability of being set to zero.
        inplace: whether to change the input itself.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """`Dropout` of whole channels of ``(N, C, L)`` or ``(C, L)``.

    Args:
        p: the probability of a channel being set to zero.
        inplace: whether to change the input itself.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """`Dropout` of whole channels of ``(N, C, H, W)``.

    Args:
        p: the probability of a channel being set to zero.
        inplace: whether to change the input itself.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """`Dropout` of whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Args:
        p: the probability of a channel being set to zero.
        inplace: whether to change the input itself.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for use with `SELU`.

    Args:
        p: the probability of an element being dropped.
        inplace: accepted; the input is not changed.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """`AlphaDropout` of whole channels.

    Args:
        p: the probability of a channel being dropped.
        inplace: accepted; the input is not changed.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
