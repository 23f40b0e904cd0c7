"""How the operands of a compiled loop lie in memory, in terms of the letters of `compiled.pointwise`."""

from math import prod
from typing import Any, NamedTuple

import numpy as np

from .layout import lies_channels_last

Array = np.ndarray

# The kinds of operands of which a kernel needs to know a number.
_NUMBERED = "cv"

# How long rows are, at least, whose places are computed one by one.
_SHORTEST = 16

# How many arrangements are kept.
_MOST_KNOWN = 1024


def laid_alike(values: tuple[Any, ...], least: int) -> tuple[Any, ...]:
    """The operands, with copies of those of `least` elements that lie in another order than the first one does."""
    from .copying import in_rows

    first = values[0]
    if type(first) is not np.ndarray or not first.ndim:
        return values
    order = sorted(range(first.ndim), key=lambda i: -first.strides[i])
    back = sorted(range(first.ndim), key=order.__getitem__)
    return tuple(
        in_rows(v.transpose(order)).transpose(back)
        if type(v) is np.ndarray and v.shape == first.shape and v.size >= least and v.strides != first.strides
        else v
        for v in values
    )


def transposed(a: Array, order: list[int] | None) -> Array:
    """The array with its dimensions in an order (None for its own)."""
    if type(a) is not np.ndarray:
        a = a.view(np.ndarray)
    return a if order is None else a.transpose(order)


class Arrangement(NamedTuple):
    """How the operands of a loop lie.

    Attributes:
        kinds: the letters of `compiled.pointwise`.
        shape: that of the result, in the order in which it lies in memory.
        order: that order of its dimensions, None for the usual one; back: from it to the usual one.
        rows: how many there are of them, or of elements if rows make no difference.
        columns: elements a row, 0 if rows make no difference.
        numbers: the periods of the operands of kind ``c`` and how far apart the rows of those of kind ``v`` lie; where
            there are operands of other kinds that lie in rows, the geometry of `compiled.pointwise`.
        dtype: the element type.
    """

    kinds: str
    shape: tuple[int, ...]
    order: list[int] | None
    back: list[int] | None
    rows: int
    columns: int
    numbers: list[Any]
    dtype: np.dtype[Any]


# What was found for the shapes, strides and types of operands.
_KNOWN: dict[tuple[Any, ...], Arrangement | None] = {}


def arrange(values: tuple[Any, ...]) -> Arrangement | None:
    """How the operands of a loop lie, or None where they lie too differently."""
    key = tuple([(v.shape, v.strides, v.dtype) if isinstance(v, np.ndarray) else type(v) for v in values])
    if key in _KNOWN:
        return _KNOWN[key]
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    found = _KNOWN[key] = _arranged(values)
    return found


def _arranged(values: tuple[Any, ...]) -> Arrangement | None:
    if lies_channels_last(values[0]) and (found := _alike(values)) is not None:
        return found
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    if not arrays:  # sparse ones only
        return None
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    dtype, n = arrays[0].dtype, len(shape)
    if 0 in shape or any(a.dtype != dtype and a.dtype.char != "?" for a in arrays):
        return None
    whole = next((a for a in arrays if a.shape == shape and 0 not in a.strides), None)
    order = back = None
    if whole is not None and not whole.flags.c_contiguous:
        order = sorted(range(n), key=lambda i: -whole.strides[i])
        back = sorted(range(n), key=order.__getitem__)
        shape = tuple([shape[i] for i in order])
    dims = [i for i in range(n) if shape[i] != 1]
    operands: list[Any] = []
    for v in values:
        if isinstance(v, np.ndarray):
            operands.append(transposed(v if v.ndim == n else v[(None,) * (n - v.ndim)], order))
        elif type(v) in (int, float):
            operands.append(float(v))
        else:
            return None
    letters = _in_rows(operands, shape, dims, dtype) or _in_blocks(operands, shape, dims, dtype)
    if letters is None:
        return None
    kinds, columns, numbers = letters
    size = prod(shape)
    return Arrangement(kinds, shape, order, back, size // columns if columns else size, columns, numbers, dtype)


def _in_rows(operands: list[Any], shape: tuple[int, ...], dims: list[int], dtype: Any) -> Any:
    """The letters, the number of columns and the numbers of operands whose rows lie equally far apart."""
    kinds, numbers, widths = "", [], set()
    for a in operands:
        if type(a) is float:
            kinds += "s"
            continue
        kind, width, number = _lies(a, shape, dims)
        if a.dtype != dtype:
            kind = "b" if kind == "a" else ""
        if not kind:
            return None
        kinds += kind
        if width:
            widths.add(width)
        if kind in _NUMBERED:
            numbers.append(number)
    return (kinds, widths.pop() if widths else 0, numbers) if len(widths) < 2 else None


def _in_blocks(operands: list[Any], shape: tuple[int, ...], dims: list[int], dtype: Any) -> Any:
    """The same for operands whose rows lie as far apart as up to three dimensions say."""
    arrays = [a for a in operands if type(a) is not float and a.size > 1]
    own = [_step(a, dims[-1]) != 0 for a in arrays]
    columns, inside = 1, 0
    for i in reversed(dims):
        wanted = [columns * a.itemsize if o else 0 for a, o in zip(arrays, own, strict=True)]
        if any(_step(a, i) != step for a, step in zip(arrays, wanted, strict=True)):
            break
        columns *= shape[i]
        inside += 1
    sizes: list[int] = []
    steps: list[list[int]] = []
    for i in dims[: len(dims) - inside]:
        here = [_step(a, i) for a in arrays]
        if steps and steps[-1] == [s * shape[i] for s in here]:
            sizes[-1] *= shape[i]
            steps[-1] = here
        else:
            sizes.append(shape[i])
            steps.append(here)
    if columns < _SHORTEST or not 1 <= len(sizes) <= 3 or any(s % a.itemsize for r in steps for s, a in zip(r, arrays)):
        return None
    fill = 3 - len(sizes)
    geometry, kinds, place = [*[1] * fill, *sizes][1:], "", 0
    for a in operands:
        if type(a) is float:
            kinds += "s"
        elif a.size == 1:
            if a.dtype != dtype:
                return None
            kinds += "p"
        else:
            mine = [row[place] // a.itemsize for row in steps]
            place += 1
            if a.dtype == dtype and a.shape == shape and a.flags.c_contiguous:
                kinds += "a"
                continue
            kind = "w" if _step(a, dims[-1]) else "k"
            kinds += kind if a.dtype == dtype else kind.upper()
            geometry += [0] * fill + mine
    return kinds, columns, [np.array(geometry, np.int64)]


def _step(a: Array, dim: int) -> int:
    """How many bytes an operand's elements lie apart, which repeat themselves along a dimension of size 1."""
    return a.strides[dim] if a.shape[dim] > 1 else 0


def _alike(values: tuple[Any, ...]) -> Arrangement | None:
    """The arrangement of images that all lie channels last; None if the operands are not such."""
    first = values[0]
    shape, strides, dtype = first.shape, first.strides, first.dtype
    for v in values:
        if not isinstance(v, np.ndarray) or v.shape != shape or v.strides != strides or v.dtype != dtype:
            return None
    if not first.size:
        return None
    n, c, h, w = shape
    return Arrangement("a" * len(values), (n, h, w, c), [0, 2, 3, 1], [0, 3, 1, 2], first.size, 0, [], dtype)


def _lies(a: Array, shape: tuple[int, ...], dims: list[int]) -> tuple[str, int, int]:
    """The letter of an operand, the number of columns it asks for (or 0), and a number of its own.

    That is, for the letter ``c``, how many elements it has itself, and for ``v`` how many lie from row to row.
    """
    # From the innermost dimension outwards: first those along which the operand repeats, then its own, then the rest.
    own, inside, step, state = 1, 1, a.itemsize, 0
    for place, i in enumerate(reversed(dims)):
        if a.shape[i] == 1 or a.strides[i] == 0:
            if state == 0:
                inside *= shape[i]
            else:
                state = 2
        else:
            if state == 2 or a.strides[i] != step:
                if state == 1 and inside == 1 and (rows := _row_step(a, dims[: len(dims) - place])):
                    return "v", own, rows // a.itemsize
                return "", 0, 0
            state = 1
            own *= shape[i]
            step *= shape[i]
    if own == 1:
        return "p", 0, 1
    if inside > 1:
        return "c", inside, own
    return ("r", own, own) if state == 2 else ("a", 0, own)


def _row_step(a: Array, outer: list[int]) -> int:
    """How many bytes the rows of an array lie apart, along the dimensions `outer`; 0 if not always as many."""
    step = a.strides[outer[-1]]
    if step % a.itemsize:
        return 0
    expected = step
    for i in reversed(outer):
        if a.strides[i] != expected or a.shape[i] == 1:
            return 0
        expected *= a.shape[i]
    return step
