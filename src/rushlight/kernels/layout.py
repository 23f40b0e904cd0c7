"""Arrays whose order in memory is the kernels' affair.

Convolutions and what goes with them are fastest when the channels of a pixel lie side by side in memory. A program that
never asked for ``channels_last`` must not notice: to it, the result of a convolution lies row by row, and
``x.view(n, -1)`` works. Such a result is an `Inner` array: NumPy carries the class through elementwise functions by
itself, kernels go on in the same order, and whoever looks at strides or takes a view gets it row by row first
(`base.settle`). An array of the ordinary class says the truth about its order, and so does a tensor made of it.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from .sparse import SparseArray

Array = np.ndarray

# From how many elements on orders of memory are changed by a compiled kernel.
_LARGE = 1 << 16


class Inner(np.ndarray):
    """An array in an order that suits the kernels; to the program it lies row by row."""


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")


class Absent(np.ndarray):
    """An array that has a shape and strides but no elements: those of tensors that only their class knows."""

    __array_ufunc__ = __array_function__ = __getitem__ = __setitem__ = _refuse  # type: ignore[assignment]
    astype = copy = item = tolist = fill = _refuse  # type: ignore[assignment]


def inner(a: Array) -> Array:
    """The same array, its order hidden unless it is row by row anyway."""
    return a.view(np.ndarray) if a.flags.c_contiguous else a.view(Inner)


def plain(a: Any) -> Any:
    """An ordinary array of the same elements in the order the program sees; numbers become 0-dim arrays."""
    if type(a) is Inner:
        if a.size < _LARGE or a.flags.c_contiguous:
            return np.ascontiguousarray(a)
        from .copying import in_rows

        return in_rows(a.view(np.ndarray))
    return a if type(a) is SparseArray or type(a) is Absent else np.asarray(a)


def result_array(found: Any) -> Any:
    """What a kernel gave, as an array that a tensor can hold: NumPy's scalars become arrays, hidden orders stay."""
    return inner(found) if type(found) is Inner else found if type(found) is SparseArray else np.asarray(found)


def follow(found: Any) -> Any:
    """The result of an operation on a hidden order, which some of NumPy's functions keep but do not tell."""
    if type(found) is tuple:
        return tuple([follow(f) for f in found])
    return inner(found) if isinstance(found, np.ndarray) and not found.flags.c_contiguous else found


def is_channels_last(a: Array) -> bool:
    """Whether images ``(N, C, H, W)`` are, to the program, channels-last: a pixel's channels lie side by side."""
    return type(a) is not Inner and lies_channels_last(a) and (1 not in a.shape or channels_step_least(a))


def channels_step_least(a: Array) -> bool:
    """Whether strides grow from channels to columns, rows (planes) and images, also along what has size 1.

    Args:
        a: images ``(N, C, H, W)`` or volumes ``(N, C, D, H, W)``, with or without gaps.
    """
    if not a.strides[1] or 0 in a.shape:
        return False
    least = 0
    for d in (1, *range(a.ndim - 1, 1, -1), 0):
        if a.strides[d] < least or (d == 0 and a.strides[1] == least):
            return False
        least = a.strides[d] * max(a.shape[d], 1)
    return True


def lies_channels_last(a: Array) -> bool:
    """Whether an array has the channels of each pixel of images ``(N, C, H, W)`` side by side, hidden or not."""
    return a.ndim == 4 and not a.flags.c_contiguous and a.transpose(0, 2, 3, 1).flags.c_contiguous


def ordered(x: Array, last: bool) -> Array:
    """`x` in an ordinary array that lies channels last (`last`) or row by row; no copy if it does already."""
    if last:
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(x)


def like(result: Array, x: Array) -> Array:
    """A result in channels-last order if, to the program, images `x` are, else row by row; no copy if it lies so."""
    if is_channels_last(x):
        return ordered(result, True)
    hidden = type(x) is Inner or type(result) is Inner
    return result if hidden or result.flags.c_contiguous else np.ascontiguousarray(result)


# ---------------------------------------------------------------------------------------------- PyTorch's order
def memory_order(shape: tuple[int, ...], *strides: tuple[int, ...]) -> list[int]:
    """The dimensions of a result from the slowest to the fastest in memory, as PyTorch finds them from its operands.

    Of two dimensions, the one is slower along which the first operand that steps along both steps further, or equally
    far but more often. Where no operand tells, they lie row by row.

    Args:
        shape: the shape of the result.
        strides: the strides of each operand, 0 where it is broadcast.
    """
    order = list(range(len(shape)))[::-1]
    for i in range(1, len(order)):
        at = i
        for j in reversed(range(i)):
            found = _steps_further(shape, strides, order[j], order[at])
            if found < 0:
                break
            if found > 0:
                order[j], order[at] = order[at], order[j]
                at = j
    return order[::-1]


def _steps_further(shape: tuple[int, ...], strides: tuple[tuple[int, ...], ...], d: int, e: int) -> int:
    """1 if dimension `d` is slower than `e`, -1 if it is faster, 0 if no operand tells."""
    for s in strides:
        if s[d] and s[e]:
            if s[d] != s[e]:
                return 1 if s[d] > s[e] else -1
            if shape[d] > shape[e]:
                return 1
    return 0


@lru_cache(maxsize=1024)
def row_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides of an array that lies row by row."""
    strides = [itemsize]
    for n in shape[:0:-1]:
        strides.append(strides[-1] * n)
    return tuple(strides[::-1])


def lies_in_rows(a: Array) -> bool:
    """Whether an array of some dimensions lies row by row, and the strides of those of size 1 say so, too."""
    return a.flags.c_contiguous and (1 not in a.shape or a.strides == row_strides(a.shape, a.itemsize))


def in_order(a: Array, order: list[int]) -> Array:
    """An array whose dimensions lie in memory in an order, from the slowest to the fastest; no copy if they do."""
    back = sorted(range(len(order)), key=order.__getitem__)
    rows = np.ascontiguousarray(a.transpose(order))
    return (rows if lies_in_rows(rows) else rows.reshape(-1).reshape(rows.shape)).transpose(back)


def laid_by(found: Array, *operands: Array) -> Array:
    """The result of an elementwise operation in the order of memory that PyTorch gives it by its operands' strides."""
    if type(found) is Inner:
        return found
    for x in operands:
        if not x.flags.c_contiguous or (1 in x.shape and not lies_in_rows(x)):
            break
    else:
        return found
    steps = []
    for x in operands:
        lead = found.ndim - x.ndim
        own = [0 if n == 1 != m else s for s, n, m in zip(x.strides, x.shape, found.shape[lead:], strict=True)]
        steps.append((*[0] * lead, *own))
    return in_order(found, memory_order(found.shape, *steps))


def laid_as(a: Array, other: Array) -> Array:
    """An array in the order of memory that PyTorch gives to a new one like `other`, of the same shape."""
    if other.flags.c_contiguous:
        return np.ascontiguousarray(a) if a.ndim else a
    return in_order(a, memory_order(other.shape, other.strides))


def empty_as(a: Array, dtype: np.dtype[Any]) -> Array:
    """A new array in the order of memory that PyTorch gives to one like `a`, which need not lie row by row."""
    if type(a) is not np.ndarray:
        return np.empty_like(a, dtype)
    order = memory_order(a.shape, a.strides)
    back = sorted(range(a.ndim), key=order.__getitem__)
    return np.empty([a.shape[d] for d in order], dtype).transpose(back)


def copied(a: Array) -> Array:
    """A copy that keeps the order of memory, as PyTorch keeps it."""
    if a.flags.c_contiguous:
        return a.copy()
    return in_order(a, memory_order(a.shape, a.strides)).copy("K")


def dense(a: Array) -> Array:
    """The array itself unless it is broadcast; else a copy in the order of memory that PyTorch gives it."""
    return in_order(a, memory_order(a.shape, a.strides)) if 0 in a.strides and a.size else a


def columns(a: Array) -> Array:
    """Matrices that lie column by column, as LAPACK leaves them."""
    if a.ndim < 2 or (a.ndim == 2 and a.strides == (a.itemsize, a.itemsize * a.shape[0])):
        return a
    return np.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any], last: bool) -> Array:
    """A new array that lies channels last (`last`) or row by row."""
    if last:
        return np.empty((shape[0], shape[2], shape[3], shape[1]), dtype).transpose(0, 3, 1, 2)
    return np.empty(shape, dtype)
