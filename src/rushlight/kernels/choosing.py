"""Choosing elements by conditions and limits: compiled loops on large arrays, NumPy's functions otherwise.

Functions and arguments are those of `numpy_pointwise` and `numpy_masks`, and `numpy.where`.
"""

from typing import Any

import numpy as np

from . import numpy_masks, numpy_pointwise
from .dispatch import Kernel
from .pointwise import LARGE, Loop, either

Array = np.ndarray

# From how many elements on selecting by a mask is worth its calls, and how many are a piece of work.
SMALLEST, _BLOCK = 16384, 16384

_COUNT, _COMPRESS, _EXPAND, _PLACES = (
    Kernel("masks", name, common=False) for name in ("count", "compress", "expand", "places")
)

_CHOOSE = Loop("where", ("x", "y", "condition"), ("select(condition, x, y)",))
_REJECT = Loop("where_not", ("y", "x", "condition"), ("select(condition, x, y)",))
_FILL = Loop("masked_fill", ("x", "mask", "value"), ("select(mask, value, x)",))


# ---------------------------------------------------------------------------------------------- conditions
def where(condition: Any, x: Any, y: Any) -> Any:
    """Elements of `x` where the condition holds, of `y` elsewhere."""
    for loop, first, second in (_CHOOSE, x, y), (_REJECT, y, x):
        if isinstance(first, Array) and first.size >= LARGE and first.dtype.char in "fd":
            if not _covers(first, condition) or (isinstance(second, Array) and not _covers(first, second)):
                continue
            if condition.dtype.char == "?" and (made := loop(first, second, condition)) is not None:
                return made
            break
    # Beside a number, types that are not NumPy's own become float64.
    if type(y) is float and type(x) is not float:
        y = np.asarray(y, x.dtype)
    elif type(x) is float and type(y) is not float:
        x = np.asarray(x, y.dtype)
    return np.where(condition, x, y)


def _covers(a: Array, part: Any) -> bool:
    """Whether an array has the shape that it and another one broadcast to."""
    if a.shape == part.shape:
        return True
    lead = a.ndim - part.ndim
    return lead >= 0 and all([n in (1, m) for n, m in zip(part.shape, a.shape[lead:], strict=True)])


def masked_fill(x: Array, mask: Array, value: Any) -> Array:
    """See `numpy_masks.masked_fill`; the result lies row by row, as in PyTorch."""
    if type(x) is np.ndarray and not x.flags.c_contiguous:
        x = np.ascontiguousarray(x)
    made = _filled(x, mask, value, None)
    return numpy_masks.masked_fill(x, mask, value) if made is None else made


def fill_where(x: Array, mask: Array, value: Any) -> None:
    """Puts one value where the mask is true, in place."""
    if x.size < LARGE or _filled(x, mask, value, x) is None:
        np.copyto(x, value, "unsafe", where=mask)


def _filled(x: Array, mask: Array, value: Any, out: Array | None) -> Any:
    if x.size < LARGE or x.dtype.char not in "fd" or np.ndim(value) or np.iscomplexobj(value) or not _covers(x, mask):
        return None
    return _FILL(x, mask, float(value), out=out)


without_nan = either(lambda x: np.where(x != x, x.dtype.type(0), x), "x: select(x != x, 0, x)", "without_nan")


# ---------------------------------------------------------------------------------------------- selecting
def masked_select(x: Array, mask: Array) -> Array:
    """See `numpy_masks.masked_select`."""
    cut = _cut(mask, x.dtype) if x.size >= SMALLEST and x.shape == mask.shape else None
    if cut is None or (run := _COMPRESS.get(np.dtype(cut[0]))) is None:
        return numpy_masks.masked_select(x, mask)
    code, mask, starts = cut
    found = np.empty(int(starts[-1]), x.dtype)
    run(len(starts) - 1, 1, np.ascontiguousarray(x).view(code), mask, starts, found.view(code), _BLOCK)
    return found


def masked_select_backward(grad: Array, shape: Any, mask: Array) -> Array:
    """See `numpy_masks.masked_select_backward`."""
    cut = _cut(mask, grad.dtype) if mask.shape == tuple(shape) else None
    if cut is None or (run := _EXPAND.get(np.dtype(cut[0]))) is None:
        return numpy_masks.masked_select_backward(grad, shape, mask)
    code, mask, starts = cut
    found = np.empty(shape, grad.dtype)
    grad = np.ascontiguousarray(grad)
    run(len(starts) - 1, 1, grad.view(code), mask, starts, found.view(code), mask.size, _BLOCK)
    return found


def nonzero(x: Array) -> Array:
    """The places of all elements that are not zero, a row of numbers for each dimension."""
    if x.size >= SMALLEST and x.ndim:
        mask = x if x.dtype.kind == "b" else x != 0
        cut = _cut(mask, np.dtype(np.int64))
        run = None if cut is None else _PLACES.get(np.dtype("f"))
        if cut is not None and run is not None:
            _, mask, starts = cut
            columns, many = x.shape[-1], int(starts[-1])
            found = np.empty((2, many), np.int64)
            run(len(starts) - 1, 1, mask, starts, found, many, columns, _BLOCK)
            if x.ndim == 2:
                return found
            outer = np.unravel_index(found[0], x.shape[:-1]) if x.ndim > 2 else ()
            return np.array([*outer, found[1]])
    return np.array(x.nonzero() if x.ndim else np.nonzero(x))


def _cut(mask: Array, dtype: np.dtype[Any]) -> tuple[str, Array, Array] | None:
    """A letter of a type of as many bytes, the mask row by row, and how many are true before each block of it.

    None where NumPy has to select.
    """
    code = {4: "f", 8: "d"}.get(dtype.itemsize)
    if code is None or mask.size < SMALLEST or dtype.kind == "O" or (run := _COUNT.get(np.dtype("f"))) is None:
        return None
    blocks = -(-mask.size // _BLOCK)
    mask, starts = np.ascontiguousarray(mask), np.zeros(blocks + 1, np.int64)
    run(blocks, 1, mask, counts := starts[1:], mask.size, _BLOCK)
    np.add.accumulate(counts, out=counts)
    return code, mask, starts


# ---------------------------------------------------------------------------------------------- limits
_CLAMP = Loop("clamp", ("x", "low", "high"), ("minimum(high, maximum(low, x))",))
_CLAMP_MIN = Loop("clamp_min", ("x", "low"), ("maximum(low, x)",))
_CLAMP_MAX = Loop("clamp_max", ("x", "high"), ("minimum(high, x)",))
_INSIDE = Loop("inside", ("g", "x", "low", "high"), ("select((x >= low) & (x <= high), g, 0)",))
_ABOVE = Loop("above", ("g", "x", "low"), ("select(x >= low, g, 0)",))
_BELOW = Loop("below", ("g", "x", "high"), ("select(x <= high, g, 0)",))


def _limited(both: Loop, above: Loop, below: Loop, arrays: tuple[Array, ...], low: Any, high: Any) -> Any:
    """What the loop for the limits that there are computes, or None where NumPy has to."""
    x = arrays[-1]
    if x.size < LARGE or x.dtype.char not in "fd":
        return None
    limits = [v for v in (low, high) if v is not None]
    loop = both if len(limits) == 2 else above if high is None else below
    return loop(*arrays, *limits)


def clamp(x: Array, low: Any, high: Any = None) -> Any:
    """See `numpy_pointwise.clamp`."""
    made = None if x.size < LARGE else _limited(_CLAMP, _CLAMP_MIN, _CLAMP_MAX, (x,), low, high)
    return numpy_pointwise.clamp(x, low, high) if made is None else made


def clamp_max(x: Array, high: Any) -> Any:
    """See `numpy_pointwise.clamp_max`."""
    return clamp(x, None, high)


def clamp_backward(g: Array, x: Array, low: Any, high: Any) -> Any:
    """The gradient of `clamp` by its first argument: zero outside of the limits."""
    made = _limited(_INSIDE, _ABOVE, _BELOW, (g, x), low, high)
    return np.where(numpy_pointwise.inside(x, low, high), g, np.zeros((), g.dtype)) if made is None else made


# ---------------------------------------------------------------------------------------------- triangles
_LOWER = Loop("tril", ("x", "column", "last"), ("select(column <= last, x, 0)",))
_UPPER = Loop("triu", ("x", "column", "first"), ("select(column >= first, x, 0)",))


def _triangle(loop: Loop, x: Array, diagonal: int) -> Any:
    """What a loop that compares columns with the diagonal's computes, or None where NumPy has to."""
    if x.size < LARGE or x.dtype.char not in "fd":
        return None
    rows, columns = x.shape[-2:]
    diagonal = max(-rows, min(diagonal, columns))
    return loop(x, np.arange(columns, dtype=x.dtype), np.arange(diagonal, rows + diagonal, dtype=x.dtype)[:, None])


def tril(x: Array, diagonal: int) -> Any:
    """`numpy.tril`, in an array that lies row by row."""
    made = _triangle(_LOWER, x, diagonal)
    return np.ascontiguousarray(np.tril(x, diagonal) if made is None else made)


def triu(x: Array, diagonal: int) -> Any:
    """`numpy.triu`, in an array that lies row by row."""
    made = _triangle(_UPPER, x, diagonal)
    return np.ascontiguousarray(np.triu(x, diagonal) if made is None else made)
