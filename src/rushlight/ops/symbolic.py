"""Arithmetic of sizes (`torch.sym_max` and its like): sizes are Python numbers here."""

import builtins
import math
from typing import Any


class SymInt:
    """PyTorch's integers that are known only later; nothing is an instance."""


class SymFloat:
    """PyTorch's floating-point numbers that are known only later; nothing is an instance."""


class SymBool:
    """PyTorch's booleans that are known only later; nothing is an instance."""


for _kind in (SymInt, SymFloat, SymBool):
    _kind.__module__ = "torch"


def sym_not(a: Any) -> bool:
    """``not a``."""
    return not a


def sym_float(a: Any) -> float:
    """`a` as a float."""
    return float(a)


def sym_int(a: Any) -> int:
    """`a` as an integer, towards zero."""
    return int(a)


def sym_max(a: Any, b: Any) -> Any:
    """The greater one, as a float if one is a float."""
    greater = builtins.max(a, b)
    return float(greater) if isinstance(a, float) or isinstance(b, float) else greater


def sym_min(a: Any, b: Any) -> Any:
    """The lesser one, as a float if one is a float."""
    lesser = builtins.min(a, b)
    return float(lesser) if isinstance(a, float) or isinstance(b, float) else lesser


def sym_sum(args: Any) -> Any:
    """The sum of numbers."""
    return builtins.sum(args)


def sym_sqrt(a: Any) -> float:
    """The square root."""
    return math.sqrt(a)


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t` if `b`, else `f`."""
    return t if b else f
