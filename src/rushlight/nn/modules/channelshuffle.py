# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Mixing the channels of groups."""

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """Takes channels from all groups in turn.

    Args:
        groups: the number of groups.

    Shape:
        ``(N, C, *)`` to the same.
    """

    groups: int

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
