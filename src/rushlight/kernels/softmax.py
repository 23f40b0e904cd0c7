"""Softmax and its logarithm: the compiled kernels from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_activation`.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from . import numpy_activation
from .cache import register_bytes
from .dispatch import Kernel, share

Array = np.ndarray

# From how many elements on the compiled kernels are quicker.
SMALLEST, SMALLEST_BACKWARD = 512, 4096

# Columns that a piece of work along an inner dimension has (see `compiled.softmax_across`), and from how many it pays.
_BLOCK, _COLUMNS = 128, 8

# Numbers that a short row has at most (see `compiled.softmax_short`), and from how many rows on its kernel is used.
_SHORT, _ROWS = 32, 1024


class _Kernels:
    """The kernels of one function: along the last dimension, the same for short rows, and along others."""

    def __init__(self, name: str):
        self.short = Kernel("softmax_short", name, common=False)
        self.last, self.across = Kernel("softmax", name), Kernel("softmax_across", name, common=False)

    def run(self, result: Array, arrays: tuple[Array, ...], axis: int) -> bool:
        """Runs them on arrays row by row, if there is one for the axis."""
        count, inner = result.shape[axis], prod(result.shape[axis + 1 :])
        if axis == result.ndim - 1:
            rows = result.size // count
            if count <= _SHORT and rows >= _ROWS and (launch := self.short.get(result.dtype)) is not None:
                lanes = register_bytes() // result.itemsize
                pieces = -(-rows // lanes)
                launch(pieces, share(pieces, lanes * count), *arrays, result, count, rows)
                return True
            if (launch := self.last.get(result.dtype)) is None:
                return False
            launch(rows, share(rows, count), *arrays, result, count)
            return True
        if inner < _COLUMNS or (launch := self.across.get(result.dtype)) is None:
            return False
        blocks = -(-inner // _BLOCK)
        pieces = result.size // (count * inner) * blocks
        launch(pieces, share(pieces, result.size // pieces), *arrays, result, count, inner, blocks)
        return True


_SOFTMAX, _LOG_SOFTMAX = _Kernels("softmax"), _Kernels("log_softmax")
_SOFTMAX_BACK, _LOG_SOFTMAX_BACK = _Kernels("softmax_back"), _Kernels("log_softmax_back")


def _forward(kernels: _Kernels, otherwise: Callable[[Array, int], Array], x: Array, axis: int) -> Array:
    if x.size >= SMALLEST and x.dtype.char in "fd":
        rows, y = np.ascontiguousarray(x), np.empty(x.shape, x.dtype)
        if kernels.run(y, (rows,), axis):
            return y
    return otherwise(x, axis)


def _backward(
    kernels: _Kernels, otherwise: Callable[[Array, Array, int], Array], g: Array, y: Array, axis: int
) -> Array:
    if y.size >= SMALLEST_BACKWARD and g.dtype == y.dtype and y.dtype.char in "fd":
        gx = np.empty(y.shape, y.dtype)
        if kernels.run(gx, (np.ascontiguousarray(g), np.ascontiguousarray(y)), axis):
            return gx
    return otherwise(g, y, axis)


def softmax(x: Array, axis: int) -> Array:
    """`exp(x) / sum(exp(x))` along `axis`."""
    return _forward(_SOFTMAX, numpy_activation.softmax, x, axis)


def softmax_backward(g: Array, y: Array, axis: int) -> Array:
    """The gradient of `softmax` from its result `y`."""
    return _backward(_SOFTMAX_BACK, numpy_activation.softmax_backward, g, y, axis)


def log_softmax(x: Array, axis: int) -> Array:
    """`x - log(sum(exp(x)))` along `axis`."""
    return _forward(_LOG_SOFTMAX, numpy_activation.log_softmax, x, axis)


def log_softmax_backward(g: Array, y: Array, axis: int) -> Array:
    """The gradient of `log_softmax` from its result `y`."""
    return _backward(_LOG_SOFTMAX_BACK, numpy_activation.log_softmax_backward, g, y, axis)
