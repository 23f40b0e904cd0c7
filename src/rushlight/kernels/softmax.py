"""Softmax and its logarithm: the compiled kernels for the last axis from some size on, else NumPy's.

The arguments and results are those of the functions of the same names in `numpy_activation`.
"""

from collections.abc import Callable

import numpy as np

from . import numpy_activation
from .dispatch import Kernel, share

Array = np.ndarray

# From how many elements on the compiled kernels are quicker.
SMALLEST, SMALLEST_BACKWARD = 512, 4096

_SOFTMAX, _LOG_SOFTMAX = Kernel("softmax", "softmax"), Kernel("softmax", "log_softmax")
_SOFTMAX_BACK, _LOG_SOFTMAX_BACK = Kernel("softmax", "softmax_back"), Kernel("softmax", "log_softmax_back")


def _forward(kernel: Kernel, otherwise: Callable[[Array, int], Array], x: Array, axis: int) -> Array:
    if x.size < SMALLEST or axis != x.ndim - 1 or (run := kernel.get(x.dtype)) is None:
        return otherwise(x, axis)
    x = np.ascontiguousarray(x)
    y, count = np.empty(x.shape, x.dtype), x.shape[-1]
    rows = x.size // count
    run(rows, share(rows, count), x, y, count)
    return y


def _backward(kernel: Kernel, otherwise: Callable[[Array, Array, int], Array], g: Array, y: Array, axis: int) -> Array:
    if y.size < SMALLEST_BACKWARD or axis != y.ndim - 1 or g.dtype != y.dtype or (run := kernel.get(y.dtype)) is None:
        return otherwise(g, y, axis)
    g, y = np.ascontiguousarray(g), np.ascontiguousarray(y)
    gx, count = np.empty(y.shape, y.dtype), y.shape[-1]
    rows = y.size // count
    run(rows, share(rows, count), g, y, gx, count)
    return gx


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
