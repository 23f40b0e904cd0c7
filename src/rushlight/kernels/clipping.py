"""Gradients of many parameters scaled, limited or measured by one compiled loop."""

from typing import Any

import numpy as np

from .pointwise import LARGE
from .reduction import squares_of_all
from .sweep import Sweep, pieces

Array = np.ndarray

_SCALE = Sweep("scale", ("grad",), {"grad": "grad * factor"})
_LIMIT = Sweep("limit", ("grad",), {"grad": "select(grad < -limit, -limit, select(grad > limit, limit, grad))"})


def _alike(arrays: list[Array]) -> bool:
    """Whether a loop can and should take the arrays together: many elements of one type, each array row by row."""
    return sum([a.size for a in arrays]) >= LARGE and all(
        [type(a) is np.ndarray and a.flags.c_contiguous and a.dtype == arrays[0].dtype for a in arrays]
    )


def norm(arrays: list[Array]) -> Array | None:
    """The Euclidean norm of all elements together, or None where it is better computed array by array."""
    if not _alike(arrays):
        return None
    total = squares_of_all(arrays)
    # Squares of very large or small float32 numbers are no longer what they were.
    if total is None or not 1e-20 < total < 1e30:
        return None
    return np.asarray(np.sqrt(total), arrays[0].dtype)


def scale(arrays: list[Array], factor: float) -> bool:
    """Multiplies all elements by a factor, in place; False if nothing was done."""
    return _swept(_SCALE, arrays, {"factor": factor})


def limit(arrays: list[Array], most: float) -> bool:
    """Limits all elements to the range from ``-most`` to `most`, in place; False if nothing was done."""
    return _swept(_LIMIT, arrays, {"limit": most})


def _swept(sweep: Sweep, arrays: list[Array], numbers: dict[str, Any]) -> bool:
    update = sweep.get(arrays[0].dtype) if _alike(arrays) else None
    if update is None:
        return False
    update(np.array([[id(a)] for a in arrays], np.int64), pieces([a.size for a in arrays]), numbers)
    return True
