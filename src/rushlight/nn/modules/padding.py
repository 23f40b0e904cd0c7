"""Padding by a constant, by reflection, by replication, and around a circle."""

from typing import Any

from ...tensor import Tensor
from .. import functional as F
from .._sizes import _ntuple
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """Pads the last `spatial` dimensions; a single number counts for all sides."""

    spatial: int
    mode: str
    padding: tuple[int, ...]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = _ntuple(2 * self.spatial)(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    mode = "circular"

    def _check_input_dim(self, input: Tensor) -> None:
        low = self.spatial + 1
        if input.dim() not in (low, low + 1):
            raise ValueError(f"expected {low}D or {low + 1}D input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        return super().forward(input)


class _ConstantPadNd(_PadNd):
    mode = "constant"
    value: float

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ReflectionPadNd(_PadNd):
    mode = "reflect"


class _ReplicationPadNd(_PadNd):
    mode = "replicate"


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class CircularPad1d(_CircularPadNd):
    """Continues the input from its opposite side, as on a circle.

    Args:
        padding: one number for all sides, or (left, right); negative ones cut off.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with longer last dimension.
    """

    spatial = 1


class CircularPad2d(_CircularPadNd):
    """Continues the input from its opposite side, as on a circle.

    Args:
        padding: one number for all sides, or (left, right, top, bottom); negative ones cut off.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with longer last dimensions.
    """

    spatial = 2


class CircularPad3d(_CircularPadNd):
    """Continues the input from its opposite side, as on a circle.

    Args:
        padding: one number for all sides, or (left, right, top, bottom, front, back); negative ones cut off.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with longer last dimensions.
    """

    spatial = 3


class ConstantPad1d(_ConstantPadNd):
    """Puts a constant around the input.

    Args:
        padding: one number for all sides, or (left, right); negative ones cut off.
        value: the constant.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with longer last dimension.
    """

    spatial = 1


class ConstantPad2d(_ConstantPadNd):
    """Puts a constant around the input.

    Args:
        padding: one number for all sides, or (left, right, top, bottom); negative ones cut off.
        value: the constant.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with longer last dimensions.
    """

    spatial = 2


class ConstantPad3d(_ConstantPadNd):
    """Puts a constant around the input.

    Args:
        padding: one number for all sides, or (left, right, top, bottom, front, back); negative ones cut off.
        value: the constant.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with longer last dimensions.
    """

    spatial = 3


class ReflectionPad1d(_ReflectionPadNd):
    """Continues the input by its mirror image; the border itself is not repeated.

    Args:
        padding: one number for all sides, or (left, right); negative ones cut off.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with longer last dimension.
    """

    spatial = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Continues the input by its mirror image; the border itself is not repeated.

    Args:
        padding: one number for all sides, or (left, right, top, bottom); negative ones cut off.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with longer last dimensions.
    """

    spatial = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Continues the input by its mirror image; the border itself is not repeated.

    Args:
        padding: one number for all sides, or (left, right, top, bottom, front, back); negative ones cut off.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with longer last dimensions.
    """

    spatial = 3


class ReplicationPad1d(_ReplicationPadNd):
    """Continues the input by its border.

    Args:
        padding: one number for all sides, or (left, right); negative ones cut off.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with longer last dimension.
    """

    spatial = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Continues the input by its border.

    Args:
        padding: one number for all sides, or (left, right, top, bottom); negative ones cut off.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with longer last dimensions.
    """

    spatial = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Continues the input by its border.

    Args:
        padding: one number for all sides, or (left, right, top, bottom, front, back); negative ones cut off.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with longer last dimensions.
    """

    spatial = 3


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """Puts zeros around the input.

    Args:
        padding: one number for all sides, or (left, right); negative ones cut off.

    Shape:
        ``(N, C, L)`` or ``(C, L)`` to the same with longer last dimension.
    """

    spatial = 1


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """Puts zeros around the input.

    Args:
        padding: one number for all sides, or (left, right, top, bottom); negative ones cut off.

    Shape:
        ``(N, C, H, W)`` or ``(C, H, W)`` to the same with longer last dimensions.
    """

    spatial = 2


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """Puts zeros around the input.

    Args:
        padding: one number for all sides, or (left, right, top, bottom, front, back); negative ones cut off.

    Shape:
        ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to the same with longer last dimensions.
    """

    spatial = 3
