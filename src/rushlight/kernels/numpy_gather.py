"""Gathering and scattering along a dimension, with PyTorch's errors."""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from .numpy_common import FEW, grid, widen
from .numpy_views import add_at

Array = np.ndarray


def along(a: Array, dim: int, index: Array) -> tuple[Array, ...]:
    """The NumPy index of the elements that `gather` reads."""
    found = grid(index.shape)
    found[dim] = index
    return tuple(found)


def check_range(index: Array, size: int, dim: int) -> None:
    """Refuses indices outside 0..size-1, as gather and scatter do.

    Raises:
        RuntimeError: an index is out of range.
    """
    if not all_within(index, size):
        bad = index[(index < 0) | (index >= size)].reshape(-1)[0]
        raise RuntimeError(f"index {int(bad)} is out of bounds for dimension {dim} with size {size}")


_largest = np.maximum.reduce

# Of up to so many numbers NumPy finds the places of both ends sooner than it begins a reduction.
_FEW = 512


def all_within(index: Array, size: int) -> bool:
    """Whether all indices lie in 0..size-1."""
    count = index.size
    if count == 1:
        return 0 <= index.item() < size
    unsigned = _UNSIGNED.get(index.dtype.char)
    if not count:
        return True
    if unsigned is None:
        return bool(index.min() >= 0 and index.max() < size)
    if count <= _FEW:
        return index.item(index.argmin()) >= 0 and index.item(index.argmax()) < size
    return _largest(index.view(unsigned), None) < size  # type: ignore[no-any-return]


# As such, negative integers are larger than any size.
_UNSIGNED = {np.dtype(signed).char: np.dtype(unsigned) for signed, unsigned in (("i4", "u4"), ("i8", "u8"))}


def gather(a: Array, dim: int, index: Array) -> Array:
    """The elements of `a` whose place in dimension `dim` the index tells, all else being equal."""
    if not index.size:
        return np.empty(index.shape, a.dtype)
    if not a.ndim:
        return np.broadcast_to(a, index.shape).copy()
    if not index.ndim:
        return a[(index,)].copy() if a.ndim == 1 else a[index]
    if not all_within(index, a.shape[dim]):
        check_range(index, a.shape[dim], dim)
    if a.flags.c_contiguous and index.dtype.char == "l":
        return a.reshape(-1).take(flat_places(a.shape, dim, index))
    return a[along(a, dim, index)]


def scatter(a: Array, dim: int, index: Array, source: Any) -> None:
    """Writes values to the elements that `gather` would read."""
    if not a.ndim:
        if index.size:
            a[...] = source if np.ndim(source) == 0 else source.reshape(-1)[-1]
        return
    check_range(index, a.shape[dim], dim)
    if not index.size:
        return
    part = source[tuple([slice(n) for n in index.shape])] if np.ndim(source) else source
    if a.flags.c_contiguous and index.dtype.char == "l":
        a.reshape(-1)[flat_places(a.shape, dim, index)] = part
    else:
        a[along(a, dim, index)] = part


def flat_places(shape: tuple[int, ...], dim: int, index: Array) -> Array:
    """For each element of the index, the place of the element meant in a row-major array of a shape."""
    step = prod(shape[dim + 1 :])
    places = index if step == 1 else index * step
    if len(shape) == 1:
        return places
    sizes = index.shape[:dim] + (1,) + index.shape[dim + 1 :]
    return places + (_places_beside if prod(sizes) <= FEW else _places_beside.__wrapped__)(shape, dim, sizes)


@lru_cache(maxsize=256)
def _places_beside(shape: tuple[int, ...], dim: int, sizes: tuple[int, ...]) -> Array:
    """What the coordinates in dimensions other than `dim` add to the places of an index's elements."""
    found = np.zeros(sizes, np.int64)
    for d, place in enumerate(grid(sizes)):
        if d != dim:
            found += place * prod(shape[d + 1 :])
    found.flags.writeable = False
    return found


def scatter_add(a: Array, dim: int, index: Array, source: Array) -> None:
    """Adds values to the elements that `gather` would read; indices may repeat."""
    if not a.ndim:
        a += source.sum() if source.ndim else source
        return
    check_range(index, a.shape[dim], dim)
    if not index.size:
        return
    part = source[tuple([slice(n) for n in index.shape])].reshape(-1)
    places = flat_places(a.shape, dim, index).reshape(-1)
    wide = widen(a)
    if wide is not a:  # half precision is rounded once
        sums = np.array(wide).reshape(-1)
        add_at(sums, places, widen(part))
        a[...] = sums.reshape(a.shape)
    elif a.flags.c_contiguous:
        add_at(a.reshape(-1), places, part)
    else:
        sums = np.zeros(a.size, a.dtype)
        add_at(sums, places, part)
        a += sums.reshape(a.shape)


_REDUCERS = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}
_NEUTRAL = {"prod": 1, "amax": -np.inf, "amin": np.inf}


def neutral(reduce: str, dtype: np.dtype) -> Any:
    """The value that a reduction leaves as the other operand is."""
    if reduce in ("sum", "mean"):
        return dtype.type(0)
    if reduce == "prod":
        return dtype.type(1)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return dtype.type(info.min if reduce == "amax" else info.max)
    if dtype.kind == "b":
        return dtype.type(reduce == "amin")
    return dtype.type(_NEUTRAL[reduce])


def scatter_reduce(a: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool) -> Array:
    """A copy of `a` in which values are reduced into the elements that `gather` would read.

    Args:
        a: the array.
        dim: the dimension that the index is about.
        index: indices; may repeat.
        source: the values.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the elements' former values take part.
    """
    shape = a.shape
    flat = np.array(widen(a)).reshape(-1)
    source = widen(source)
    check_range(index, shape[dim] if shape else 1, dim)
    if not index.size:
        return a.copy()
    places = flat_places(shape, dim, index).reshape(-1) if shape else np.zeros(index.size, np.int64)
    values = (source[tuple([slice(n) for n in index.shape])] if source.ndim else source).reshape(-1)
    if not include_self:
        flat[places] = neutral(reduce, flat.dtype)
    if reduce in ("sum", "mean"):
        np.add.at(flat, places, values)
    else:
        _REDUCERS[reduce].at(flat, places, values)
    if reduce == "mean":
        counts = np.full(flat.size, 1 if include_self else 0)
        np.add.at(counts, places, 1)
        counts[counts == 0] = 1
        flat = np.floor_divide(flat, counts) if flat.dtype.kind in "iu" else flat / counts.astype(flat.dtype)
    return flat.astype(a.dtype, copy=False).reshape(shape)


def scatter_by(a: Array, dim: int, index: Array, source: Any, reduce: str) -> None:
    """Adds or multiplies values into the elements that `gather` would read, in place.

    Args:
        a: the array.
        dim: the dimension that the index is about.
        index: indices; may repeat.
        source: the values, or one number.
        reduce: ``"add"`` or ``"multiply"``.
    """
    check_range(index, a.shape[dim] if a.ndim else 1, dim)
    if np.ndim(source):
        source = source[tuple([slice(n) for n in index.shape])]
    place = along(a, dim, index) if a.ndim else ()
    (np.add if reduce == "add" else np.multiply).at(a, place, source)
