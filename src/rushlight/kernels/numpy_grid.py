"""Sampling images and volumes at arbitrary places, and regular grids of places, on NumPy arrays.

A mode of interpolation is, along each dimension, a few *taps*: entries of the input near the place, each with a weight
that depends on the place. The sample is the sum over all combinations of taps of the entry times its weights. Its
derivatives by the places have the same form, with derivatives of the weights: how often to derive by each coordinate
is an `order`, one integer a spatial dimension.
"""

from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from .numpy_common import narrow, widen

Array = np.ndarray

BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2


class _Tap(NamedTuple):
    """One entry along a dimension for each place: its index, whether it exists, its weight and that's derivatives."""

    at: Array
    inside: Array
    weights: list[Array]


# ---------------------------------------------------------------------------------------------- along one dimension
def _unnormalized(at: Array, size: int, align: bool) -> tuple[Array, float]:
    """Places from -1 .. 1 as places among `size` entries, and the derivative."""
    if align:
        return (at + 1) / 2 * (size - 1), (size - 1) / 2
    return ((at + 1) * size - 1) / 2, size / 2


def _reflected(at: Array, size: int, align: bool) -> tuple[Array, Array]:
    """Places mirrored at the borders until they are inside, and the derivative, 1 or -1."""
    low, high = (0.0, size - 1.0) if align else (-0.5, size - 0.5)
    if low == high:
        return np.zeros_like(at), np.zeros_like(at)
    away = at - low
    span = np.asarray(high - low, at.dtype)
    distance = np.abs(away)
    extra, odd = np.fmod(distance, span), np.floor(distance / span) % 2 != 0
    sign = np.where((away < 0) != odd, -1, 1).astype(at.dtype)
    return np.where(odd, span - extra, extra) + np.asarray(low, at.dtype), sign


def _padded(at: Array, size: int, padding: int, align: bool) -> tuple[Array, Array | float]:
    """Places moved inside as the padding says, and the derivative."""
    if padding == ZEROS:
        return at, 1.0
    slope: Array | float = 1.0
    if padding == REFLECTION:
        at, slope = _reflected(at, size, align)
    last = np.asarray(size - 1, at.dtype)
    within = (at > 0) & (at < last)
    return np.fmin(np.fmax(at, 0), last), slope * within.astype(at.dtype)


def _indices(at: Array, size: int) -> tuple[Array, Array]:
    """Whole places as indices, and which of them exist; those that do not get the index 0."""
    inside = (at >= 0) & (at < size)
    return np.where(inside, at, 0).astype(np.int64), inside


def _cubic(t: Array, most: int) -> list[list[Array]]:
    """The weights of the neighbours at distances 1 + t, t, 1 - t, 2 - t, and their derivatives by t (a = -0.75)."""
    a = -0.75
    outer, inner = np.polynomial.Polynomial([-4 * a, 8 * a, -5 * a, a]), np.polynomial.Polynomial([1, 0, -a - 3, a + 2])
    found = []
    for i, x in enumerate((t + 1, t, 1 - t, 2 - t)):
        kernel, sign = inner if i in (1, 2) else outer, 1 if i < 2 else -1
        found.append([(sign**k * kernel.deriv(k)(x)).astype(t.dtype) for k in range(most + 1)])
    return found


def _taps(at: Array, size: int, mode: int, padding: int, align: bool, most: int) -> list[_Tap]:
    """The taps for places `at` between -1 and 1, with derivatives by those up to the order `most`."""
    place, scale = _unnormalized(at, size, align)
    unit = np.asarray(scale, at.dtype)
    if mode == BICUBIC:
        first = np.floor(place)
        found = []
        for i, weights in enumerate(_cubic(place - first, most)):
            index, inside = _indices(np.trunc(_padded(first + (i - 1), size, padding, align)[0]), size)
            found.append(_Tap(index, inside, [w * unit**k for k, w in enumerate(weights)]))
        return found
    place, slope = _padded(place, size, padding, align)
    flat = [np.zeros_like(place)] * most
    if mode == NEAREST:
        return [_Tap(*_indices(np.rint(place), size), [np.ones_like(place), *flat])]
    first = np.floor(place)
    steep = np.broadcast_to(slope * unit, place.shape)
    return [
        _Tap(*_indices(first, size), [first + 1 - place, -steep, *flat]),
        _Tap(*_indices(first + 1, size), [place - first, steep, *flat]),
    ]


class _Samples:
    """The taps of a grid of places on an image, for derivatives up to the order `most` in each coordinate."""

    def __init__(self, grid: Array, sizes: tuple[int, ...], how: tuple[int, int, bool], most: int = 0):
        places = grid.reshape(grid.shape[0], prod(grid.shape[1:-1]), grid.shape[-1])
        # The grid's last coordinate is for the first spatial dimension.
        by_dimension = [
            _taps(places[:, :, len(sizes) - 1 - d], size, *how, most) for d, size in enumerate(sizes)
        ]  # fmt: skip
        self.sizes = sizes
        self.combinations = list(product(*by_dimension))

    def entries(self, taps: tuple[_Tap, ...]) -> tuple[Array, Array]:
        """The flat index of a combination of taps, and whether all exist."""
        index, inside = taps[0].at, taps[0].inside
        for tap, size in zip(taps[1:], self.sizes[1:], strict=True):
            index, inside = index * size + tap.at, inside & tap.inside
        return index, inside

    def weight(self, taps: tuple[_Tap, ...], order: tuple[int, ...]) -> Array:
        """The product of the taps' weights, derived as `order` says."""
        return prod((tap.weights[k] for tap, k in zip(taps[1:], order[1:])), start=taps[0].weights[order[0]])


# ---------------------------------------------------------------------------------------------- samples
def grid_sample(
    x: Array, grid: Array, mode: int, padding: int, align: bool, order: tuple[int, ...] | None = None
) -> Array:
    """The values of images or volumes at places, or their derivatives by the places.

    Args:
        x: ``(N, C, *sizes)`` of two or three sizes.
        grid: places ``(N, *out, dims)``, from -1 to 1 inside of the image; the last dimension's coordinate first.
        mode: 0 bilinear, 1 nearest, 2 bicubic.
        padding: what lies outside: 0 zeros, 1 the border, 2 reflections.
        align: whether -1 and 1 are the centres of the corner entries, or their outer edges.
        order: how often to derive by each spatial dimension's coordinate; not at all unless given.

    Returns:
        ``(N, C, *out)``.
    """
    n, c, *sizes = x.shape
    order = order or (0,) * len(sizes)
    shape = (n, c, *grid.shape[1:-1])
    flat = x.reshape(n, c, prod(sizes))
    out = np.zeros((n, c, prod(shape[2:])), x.dtype)
    samples = _Samples(grid, tuple(sizes), (mode, padding, align), max(order))
    for taps in samples.combinations:
        index, inside = samples.entries(taps)
        entries = np.where(inside[:, None, :], np.take_along_axis(flat, index[:, None, :], 2), 0)
        out += entries * samples.weight(taps, order)[:, None, :]
    return out.reshape(shape)


def grid_spread(
    g: Array, grid: Array, size: tuple[int, ...], mode: int, padding: int, align: bool,
    order: tuple[int, ...] | None = None,
) -> Array:  # fmt: skip
    """The gradient of `grid_sample` by its image of shape `size`."""
    n, c, *sizes = size
    entries = prod(sizes)
    order = order or (0,) * len(sizes)
    g = g.reshape(n, c, prod(grid.shape[1:-1]))
    found = np.zeros(n * c * entries, np.float64)
    rows = (np.arange(n * c) * entries).reshape(n, c, 1)
    samples = _Samples(grid, tuple(sizes), (mode, padding, align), max(order))
    for taps in samples.combinations if g.size else ():
        index, inside = samples.entries(taps)
        share = np.where(inside[:, None, :], g * samples.weight(taps, order)[:, None, :], 0)
        found += np.bincount((rows + index[:, None, :]).ravel(), share.ravel(), n * c * entries)
    return found.reshape(size).astype(g.dtype)


def grid_slopes(g: Array, x: Array, grid: Array, mode: int, padding: int, align: bool) -> Array:
    """The gradient of `grid_sample` by its places."""
    n, c, *sizes = x.shape
    dims = len(sizes)
    g = g.reshape(n, c, prod(grid.shape[1:-1]))
    flat = x.reshape(n, c, prod(sizes))
    found = np.zeros((n, g.shape[2], dims), grid.dtype)
    samples = _Samples(grid, tuple(sizes), (mode, padding, align), 1)
    for taps in samples.combinations if mode != NEAREST else ():
        index, inside = samples.entries(taps)
        value = np.where(inside, np.add.reduce(np.take_along_axis(flat, index[:, None, :], 2) * g, axis=1), 0)
        for d in range(dims):
            order = tuple(int(i == d) for i in range(dims))
            found[:, :, dims - 1 - d] += value * samples.weight(taps, order)
    return found.reshape(grid.shape)


# ---------------------------------------------------------------------------------------------- grids
def _base(sizes: tuple[int, ...], align: bool, dtype: np.dtype) -> Array:
    """The places of all entries with a 1 behind: ``(prod(sizes), dims + 1)``."""
    base = np.ones((*sizes, len(sizes) + 1), dtype)
    for d, n in enumerate(sizes):
        line = np.linspace(-1, 1, n).astype(dtype) if n > 1 else np.zeros(n, dtype)
        if not align:
            line = line * np.asarray((n - 1) / n, dtype)
        shape = [1] * len(sizes)
        shape[d] = n
        base[..., len(sizes) - 1 - d] = line.reshape(shape)
    return base.reshape(-1, len(sizes) + 1)


def affine_grid(theta: Array, size: tuple[int, ...], align: bool) -> Array:
    """The places of the entries of an image of a size under affine maps.

    Args:
        theta: the maps' matrices, ``(N, dims, dims + 1)``.
        size: ``(N, C, *sizes)``.
        align: whether -1 and 1 are the centres of the corner entries, or their outer edges.

    Returns:
        ``(N, *sizes, dims)``.
    """
    sizes = tuple(size[2:])
    found = widen(_base(sizes, align, theta.dtype)) @ widen(theta).swapaxes(1, 2)
    return narrow(found, theta.dtype).reshape(theta.shape[0], *sizes, len(sizes))


def affine_grid_backward(g: Array, size: tuple[int, ...], align: bool) -> Array:
    """The gradient of `affine_grid` by the matrices."""
    sizes = tuple(size[2:])
    found = widen(g).reshape(g.shape[0], -1, len(sizes)).swapaxes(1, 2) @ widen(_base(sizes, align, g.dtype))
    return narrow(found, g.dtype)
