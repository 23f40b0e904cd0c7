"""Windows for spectral analysis as arrays.

`period` is the distance, in points, after which a window would repeat: their number for a periodic window, one less for
a symmetric one.

Source: Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.
"""

from collections.abc import Sequence

import numpy as np

from . import ranges

Array = np.ndarray

_DOUBLE, _TURN = np.dtype(np.float64), np.array(2 * np.pi)


def _turns(count: int, period: int) -> Array:
    """The points' places, from 0 at the beginning to 1 after a period."""
    return ranges.counting(count, _DOUBLE) / period


def cosines(count: int, period: int, weights: Sequence[float]) -> Array:
    """A sum of cosines of 0, 1, 2, ... turns, of alternating signs: Hann, Hamming, Blackman, Nuttall."""
    angle = _turns(count, period)
    angle *= _TURN
    found = np.cos(angle)
    found *= -weights[1]
    found += weights[0]
    for k, w in enumerate(weights[2:], 2):
        found += np.cos(k * angle) * (w if k % 2 == 0 else -w)
    return found  # type: ignore[no-any-return]


def bartlett(count: int, period: int) -> Array:
    """A triangle from 0 up to 1 and back."""
    return 1 - np.abs(2 * _turns(count, period) - 1)


def kaiser(count: int, period: int, beta: float) -> Array:
    """The Kaiser window of shape `beta`: a Bessel function of a half circle."""
    import scipy.special

    across = 2 * _turns(count, period) - 1
    return scipy.special.i0(beta * np.sqrt(np.maximum(1 - across * across, 0))) / scipy.special.i0(beta)  # type: ignore[no-any-return]
