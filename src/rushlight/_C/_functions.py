"""Nodes of PyTorch's graphs that no operation of its makes."""

from ..autograd.function import Error as DelayedError

__all__ = ["DelayedError"]
