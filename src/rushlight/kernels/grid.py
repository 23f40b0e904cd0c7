"""Images and volumes at arbitrary places: compiled kernels from some size on, else NumPy's functions.

Functions and arguments are those of `numpy_grid`.
"""

from math import prod
from typing import Any

import numpy as np

from . import numpy_grid
from .dispatch import Kernel, get_threads, scratch, share
from .numpy_grid import BICUBIC as BICUBIC
from .numpy_grid import BILINEAR as BILINEAR
from .numpy_grid import NEAREST as NEAREST
from .numpy_grid import affine_grid as affine_grid
from .numpy_grid import affine_grid_backward as affine_grid_backward

Array = np.ndarray

# From how many samples on the compiled kernels are worth their calls.
SMALLEST = 512

_SAMPLE, _SPREAD = Kernel("grid", "sample", common=False), Kernel("grid", "spread", common=False)
_SLOPES = Kernel("grid", "slopes", common=False)

# Places a block, and the elements of tables that a thread needs: 16 rows of entries, 4 taps on each of 3 axes, among
# numbers also these taps' slopes and 17 rows of sums (see `compiled.grid`).
_BLOCK = 128
_POSITIONS, _NUMBERS = 28 * _BLOCK, 57 * _BLOCK


def _usable(x: Array, grid: Array, order: tuple[int, ...] | None) -> bool:
    many = x.shape[1] * prod(grid.shape[:-1])
    known = x.dtype == grid.dtype and x.dtype.char in "fd" and prod(x.shape[2:]) < 1 << 31
    return many >= SMALLEST and known and not (order and any(order))


def _shared(grid: Array, sizes: tuple[int, ...], how: tuple[int, int, bool]) -> list[Any]:
    """The arguments that all kernels take."""
    threads = get_threads()
    memory = scratch(threads * (_POSITIONS + _NUMBERS), grid.dtype)
    positions = memory[: threads * _POSITIONS].view(f"i{grid.itemsize}")
    axes = (1,) * (3 - len(sizes)) + tuple(sizes)
    room = positions, memory[threads * _POSITIONS :], _POSITIONS, _NUMBERS
    return [*room, prod(grid.shape[1:-1]), grid.shape[-1], *axes, *how]


def grid_sample(
    x: Array, grid: Array, mode: int, padding: int, align: bool, order: tuple[int, ...] | None = None
) -> Array:
    """See `numpy_grid.grid_sample`."""
    if not _usable(x, grid, order) or (run := _SAMPLE.get(x.dtype)) is None:
        return numpy_grid.grid_sample(x, grid, mode, padding, align, order)
    (n, c), places = x.shape[:2], prod(grid.shape[1:-1])
    x, grid = np.ascontiguousarray(x), np.ascontiguousarray(grid)
    y = np.empty((n, c, *grid.shape[1:-1]), x.dtype)
    pieces = n * -(-places // _BLOCK)
    run(pieces, share(pieces, c * _BLOCK), x, grid, y, c, *_shared(grid, x.shape[2:], (mode, padding, align)))
    return y


def grid_spread(
    g: Array, grid: Array, size: tuple[int, ...], mode: int, padding: int, align: bool,
    order: tuple[int, ...] | None = None,
) -> Array:  # fmt: skip
    """See `numpy_grid.grid_spread`."""
    if not g.size or not _usable(g, grid, order) or (run := _SPREAD.get(g.dtype)) is None:
        return numpy_grid.grid_spread(g, grid, size, mode, padding, align, order)
    n, c, *sizes = size
    g, grid = np.ascontiguousarray(g), np.ascontiguousarray(grid)
    found = np.empty(size, g.dtype)
    groups = max(1, min(c, -(-2 * get_threads() // n)))
    each = -(-c // groups)
    run(n * -(-c // each), 1, g, grid, found, c, *_shared(grid, tuple(sizes), (mode, padding, align)), each)
    return found


def grid_slopes(g: Array, x: Array, grid: Array, mode: int, padding: int, align: bool) -> Array:
    """See `numpy_grid.grid_slopes`."""
    usable = mode != NEAREST and g.dtype == x.dtype and _usable(x, grid, None)
    if not usable or (run := _SLOPES.get(x.dtype)) is None:
        return numpy_grid.grid_slopes(g, x, grid, mode, padding, align)
    (n, c), places = x.shape[:2], prod(grid.shape[1:-1])
    g, x, grid = np.ascontiguousarray(g), np.ascontiguousarray(x), np.ascontiguousarray(grid)
    found = np.empty(grid.shape, grid.dtype)
    pieces = n * -(-places // _BLOCK)
    how = _shared(grid, x.shape[2:], (mode, padding, align))
    run(pieces, share(pieces, c * _BLOCK), x, grid, found, c, *how, g)
    return found
