"""Putting maxima back where they were found, and maxima of windows of random places, on NumPy arrays."""

from math import prod

import numpy as np

from .layout import like

Array = np.ndarray


def max_unpool(x: Array, indices: Array, sizes: tuple[int, ...]) -> Array:
    """Planes of zeros but for the elements of `x` at `indices`; where several have one place, the last one.

    Args:
        x: ``(*, *spatial)`` with as many spatial dimensions as `sizes`.
        indices: positions in the flattened planes of the result, like `x`.
        sizes: the result's spatial dimensions.

    Raises:
        RuntimeError: a position is outside.
    """
    lead = x.shape[: -len(sizes)]
    places = prod(sizes)
    outside = (indices < 0) | (indices >= places)
    if outside.any():
        raise RuntimeError(
            f"Found an invalid max index: {int(indices[outside][0])} (output volumes are of size "
            f"{'x'.join(map(str, sizes))})"
        )
    planes = prod(lead)
    found = np.zeros((planes, places), x.dtype)
    count = prod(x.shape[-len(sizes) :])
    found[np.arange(planes)[:, None], indices.reshape(planes, count)] = x.reshape(planes, count)
    return like(found.reshape(*lead, *sizes), x)


def _starts(samples: Array, size: int, out: int, window: int) -> Array:
    """Where the windows begin along one dimension, for each plane: pseudo-random, but in order, to the far border.

    Source: B. Graham, Fractional max-pooling, 2014.
    """
    starts = np.full((samples.size, out), size - window, np.int64)
    if out > 1:
        step = np.asarray((size - window) / (out - 1), samples.dtype)
        places = np.arange(out - 1).astype(samples.dtype)
        starts[:, :-1] = ((places + samples[:, None]) * step).astype(np.int64)
        starts[:, :-1] -= (samples[:, None] * step).astype(np.int64)
    return starts


def fractional_max_pool(
    x: Array, window: tuple[int, ...], outs: tuple[int, ...], samples: Array
) -> tuple[Array, Array]:
    """The maxima of windows at random places, NaN where one holds NaN, and where they were found.

    Args:
        x: ``(N, C, *spatial)``.
        window: the windows' size.
        outs: how many windows there are along each dimension.
        samples: for each plane numbers between 0 and 1, ``(N, C, dims)``; the first is for the last dimension in two
            dimensions, for the first in three.
    """
    dims = len(outs)
    lead, sizes = x.shape[:-dims], x.shape[-dims:]
    planes = prod(lead)
    draws = samples.reshape(planes, dims)
    places = np.zeros((planes, *(1,) * (2 * dims)), np.int64)
    for d, (size, out, k) in enumerate(zip(sizes, outs, window, strict=True)):
        draw = draws[:, 1 - d if dims == 2 else d]
        along = _starts(draw, size, out, k)[:, :, None] + np.arange(k)
        shape = [planes, *(1,) * (2 * dims)]
        shape[1 + d], shape[1 + dims + d] = out, k
        places = places * size + along.reshape(shape)
    places = places.reshape(planes, prod(outs), prod(window))
    windows = x.reshape(planes, prod(sizes))[np.arange(planes)[:, None, None], places]
    best = windows.argmax(-1)[..., None]
    values, indices = (np.take_along_axis(a, best, -1).reshape(*lead, *outs) for a in (windows, places))
    return values, indices
