"""Padding: a compiled kernel for large arrays, NumPy's way otherwise.

Functions and arguments are those of `numpy_padding`.
"""

from math import prod
from typing import Any

import numpy as np

from . import numpy_padding as on_numpy
from .dispatch import Kernel, share
from .numpy_padding import by_axis as by_axis
from .numpy_padding import edge_fold as edge_fold
from .numpy_padding import source_index

Array = np.ndarray
Ints = tuple[int, ...]

# From how many elements of the result on the compiled kernel is worth its call.
SMALLEST = 1 << 13

_PAD = Kernel("padding", "pad", common=False)

# Letters of the types that the bytes of elements are moved as.
_MOVED = {4: "f", 8: "d"}


def constant_pad(x: Array, padding: Ints, value: Any = 0) -> Array:
    """See `numpy_padding.constant_pad`."""
    made = _padded(x, padding, "constant", value)
    return on_numpy.constant_pad(x, padding, value) if made is None else made


def edge_pad(x: Array, padding: Ints, mode: str) -> Array:
    """See `numpy_padding.edge_pad`."""
    made = _padded(x, padding, mode, 0)
    return on_numpy.edge_pad(x, padding, mode) if made is None else made


def _places(n: int, before: int, after: int, mode: str) -> Array:
    """Which element of a dimension stands at each place of the padded one; -1 is the constant."""
    if mode != "constant":
        return source_index(n, before, after, mode)
    place = np.arange(-before, n + after)
    place[place >= n] = -1
    return np.maximum(place, -1)


def _padded(x: Array, padding: Ints, mode: str, value: Any) -> Array | None:
    """What the compiled kernel makes, or None where NumPy has to."""
    dims = len(padding) // 2
    code = _MOVED.get(x.itemsize) if x.dtype.kind in "fiu" and type(x) is np.ndarray else None
    if code is None or not 1 <= dims <= x.ndim or x.size < SMALLEST // 2 or not x.flags.c_contiguous:
        return None
    sizes = [n + before + after for n, before, after in zip(x.shape[::-1], padding[::2], padding[1::2], strict=False)]
    shape = (*x.shape[: x.ndim - dims], *sizes[::-1])
    if prod(shape) < max(SMALLEST, 1) or (run := _PAD.get(np.dtype(code))) is None:
        return None
    (width, before, after), *others = [(x.shape[axis], b, a) for axis, b, a in by_axis(padding, x.ndim)]
    columns, rows, height = _places(width, before, after, mode), np.zeros(1, np.int64), 1
    for n, low, high in others:
        places = _places(n, low, high, mode)[:, None]
        rows = np.where((places < 0) | (rows < 0), -1, places * height + rows).reshape(-1)
        height *= n
    first = max(before, 0)
    last = first + width - max(-before, 0) - max(-after, 0)
    constant = np.asarray(value).astype(x.dtype).reshape(1).view(code)
    found = np.empty(shape, x.dtype)
    total = found.size // len(columns)
    run(
        total, share(total, len(columns)), x.view(code), found.view(code), constant, rows, columns,
        height, width, len(rows), len(columns), first, max(last, first),
    )  # fmt: skip
    return found
