"""Padding."""

from ...ops import padding as ops

__all__ = ["pad"]

pad = ops.pad
