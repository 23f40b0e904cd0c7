# ruff: noqa: D102 - the docstring of a layer says what its forward computes
"""Images as columns of sliding blocks, and back."""

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    """Takes the sliding blocks of images as columns.

    Args:
        kernel_size: the blocks' size.
        dilation: the distance of a block's entries.
        padding: zeros around the images.
        stride: the distance of blocks.

    Shape:
        ``(N, C, H, W)`` to ``(N, C * entries of a block, blocks)``.
    """

    kernel_size: Any
    dilation: Any
    padding: Any
    stride: Any

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Unfold):
    """Adds up sliding blocks, given as columns, to images.

    Args:
        output_size: the images' height and width.
        kernel_size: the blocks' size.
        dilation: the distance of a block's entries.
        padding: zeros around the images.
        stride: the distance of blocks.

    Shape:
        ``(N, C * entries of a block, blocks)`` to ``(N, C, H, W)``.
    """

    output_size: Any

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
