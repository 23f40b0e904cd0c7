"""Padding."""

from ...ops import conv as ops

__all__ = ["pad"]

pad = ops.pad
