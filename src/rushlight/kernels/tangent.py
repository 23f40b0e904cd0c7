"""The tangent: a compiled loop on large arrays, NumPy's function otherwise."""

from typing import Any

import numpy as np

from . import pointwise

Array = np.ndarray

# Up to where the loop finds how many right angles are in a number.
_FAR = 2.0**50

_TAN = pointwise.Loop("tangent", ("x",), ("near_tan(x)",))


def tan(x: Array) -> Any:
    """The tangent of each element (radians)."""
    if x.size >= pointwise.LARGE and x.dtype.char == "f" and -_FAR < x.min() and x.max() < _FAR:
        if (made := _TAN(x)) is not None:
            return made
    return np.tan(x)
