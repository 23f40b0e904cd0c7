"""Discrete Fourier transforms of arrays, by the library in ``scipy.fft``.

SciPy's functions around it choose a backend and look at each argument, which takes longer than transforms of few
numbers. What they would ask is known here, so the library is called itself; it is not public, and where a version of
SciPy lacks it, its functions have to serve.
"""

from functools import cache
from typing import Any

import numpy as np

from .dispatch import get_threads

Array = np.ndarray
Axes = tuple[int, ...]

# How a transform is scaled: not at all, by one over the root of the number of points, or by one over the number.
NONE, ROOT, COUNT = 0, 1, 2

# From how many elements on several transforms are shared out between threads, which costs about as long as 10**4 take.
_MANY = 1 << 17


@cache
def _library() -> Any:
    try:
        from scipy.fft._pocketfft import pypocketfft
    except ImportError:
        return _Public()
    return pypocketfft


# How SciPy calls the three ways of scaling, of forward transforms and of others.
_NORMS = {True: ("backward", "ortho", "forward"), False: ("forward", "ortho", "backward")}


class _Public:
    """The library's functions by the public ones of ``scipy.fft``."""

    def c2c(self, x: Array, axes: Axes, forward: bool, scaling: int, out: None, workers: int) -> Any:
        from scipy import fft

        function = fft.fftn if forward else fft.ifftn
        return function(x, None, axes, _NORMS[forward][scaling], False, workers)

    def r2c(self, x: Array, axes: Axes, forward: bool, scaling: int, out: None, workers: int) -> Any:
        from scipy import fft

        return fft.rfftn(x, None, axes, _NORMS[forward][scaling], False, workers)

    def c2r(self, x: Array, axes: Axes, length: int, forward: bool, scaling: int, out: None, workers: int) -> Any:
        from scipy import fft

        x, lengths = np.conjugate(x) if forward else x, [x.shape[d] for d in axes[:-1]]
        return fft.irfftn(x, [*lengths, length], axes, _NORMS[False][scaling], False, workers)


def _workers(x: Array, axes: Axes) -> int:
    """How many threads transform an array."""
    return get_threads() if x.size >= _MANY and (len(axes) > 1 or x.size > 8 * x.shape[axes[0]]) else 1


def c2c(x: Array, axes: Axes, scaling: int, forward: bool) -> Array:
    """The transform of complex numbers along some axes."""
    if not x.size or not axes:
        return x.copy()
    return _library().c2c(x, axes, forward, scaling, None, _workers(x, axes))  # type: ignore[no-any-return]


def r2c(x: Array, axes: Axes, scaling: int, onesided: bool) -> Array:
    """The transform of real numbers along some axes; the last with half of the frequencies if `onesided`."""
    if not x.size:
        shape = list(x.shape)
        if onesided:
            shape[axes[-1]] = shape[axes[-1]] // 2 + 1
        return np.zeros(shape, np.result_type(x.dtype, np.complex64))
    function = _library().r2c if onesided else _library().c2c
    return function(x, axes, True, scaling, None, _workers(x, axes))  # type: ignore[no-any-return]


def c2r(x: Array, axes: Axes, scaling: int, length: int, forward: bool = False) -> Array:
    """The real numbers that have these frequencies, or their conjugates if `forward`; the last axis has half of them.

    Args:
        x: the frequencies, ``length // 2 + 1`` along the last of the axes.
        axes: the axes.
        scaling: see `NONE`.
        length: how many numbers there shall be along the last axis.
        forward: whether the transform is one in the other direction.
    """
    if not x.size:
        shape = list(x.shape)
        shape[axes[-1]] = length
        return np.zeros(shape, x.real.dtype)
    return _library().c2r(x, axes, length, forward, scaling, None, _workers(x, axes))  # type: ignore[no-any-return]
