"""Arrays that look at the memory of others, with the strides PyTorch gives them, and copies that rearrange elements."""

from typing import Any

import numpy as np

from .embedding import sums_of_rows

Array = np.ndarray
Shape = tuple[int, ...]


def strided(a: Array, shape: Any, strides: Any, offset: int = 0) -> Array:
    """The array of a shape and strides (in bytes) that begins `offset` bytes after the first element of `a`."""
    if a.flags.c_contiguous and a.dtype.kind in "biufc":
        try:
            return np.ndarray(shape, a.dtype, a, offset, strides)
        except (ValueError, TypeError):
            pass  # It reaches outside `a`, or NumPy counts no bytes in an empty array.
    return np.asarray(_Memory(a, tuple(shape), tuple(strides), offset)).view(a.dtype)


class _Memory:
    """A place in memory as NumPy's array interface describes it; keeps the array that owns the memory alive."""

    def __init__(self, owner: Array, shape: Shape, strides: Shape, offset: int):
        self.base = owner
        interface = owner.__array_interface__
        kind = interface["typestr"] if owner.dtype.kind in "biufc" else f"<u{owner.itemsize}"
        address, read_only = interface["data"]
        self.__array_interface__ = {
            "data": (address + offset, read_only), "shape": shape, "strides": strides, "typestr": kind, "version": 3,
        }  # fmt: skip


def contiguous_strides(shape: Any, itemsize: int) -> Shape:
    """The strides, in bytes, of a row-major array."""
    strides = []
    for n in reversed(shape):
        strides.append(itemsize)
        itemsize *= max(n, 1)
    return tuple(reversed(strides))


def view_strides(shape: Shape, strides: Shape, itemsize: int, new: Shape) -> Shape | None:
    """The strides with which an array can be seen in a new shape of as many elements; None if only a copy can.

    Dimensions are taken together from the last to the first, as long as they lie one after the other in memory.
    """
    if 0 in shape:
        return strides if shape == new else contiguous_strides(new, itemsize)
    if not shape:
        return (itemsize,) * len(new)
    found = [0] * len(new)
    at = len(new) - 1
    step, run, taken = strides[-1], 1, 1
    for d in reversed(range(len(shape))):
        run *= shape[d]
        if d == 0 or (shape[d - 1] != 1 and strides[d - 1] != run * step):
            while at >= 0 and (taken < run or new[at] == 1):
                found[at] = taken * step
                taken *= new[at]
                at -= 1
            if taken != run:
                return None
            if d:
                step, run, taken = strides[d - 1], 1, 1
    return tuple(found) if at == -1 else None


def view(a: Array, shape: Shape) -> Array | None:
    """The array in a new shape on the same memory; None if its strides forbid it."""
    if a.flags.c_contiguous:
        return a.reshape(shape)
    strides = view_strides(a.shape, a.strides, a.itemsize, shape)
    return None if strides is None else strided(a, shape, strides)


def expand(a: Array, shape: Shape) -> Array:
    """The array repeated to a shape without using memory: repeated dimensions have stride 0."""
    own = a.shape
    if own == shape:
        return a[...]
    lead = len(shape) - a.ndim
    strides = (0,) * lead + tuple([s if n == m else 0 for n, m, s in zip(own, shape[lead:], a.strides)])
    return strided(a, shape, strides)


def all_combinations(vectors: list[Array]) -> Array:
    """All ways to take one element of each vector, a row for each, those of the last vector changing fastest."""
    n = len(vectors)
    found = np.empty((*[v.size for v in vectors], n), vectors[0].dtype)
    for i, v in enumerate(vectors):
        found[..., i] = v.reshape(-1, *(1,) * (n - 1 - i))
    return found.reshape(-1, n)


def unsqueeze(a: Array, dim: int) -> Array:
    """The array with a dimension of size 1 put in at `dim`."""
    shape = a.shape
    if 1 not in shape if a.size != 1 else a.strides == (a.itemsize,) * len(shape):
        if not dim:  # a view, whatever the strides are
            return a.reshape((1, *shape))
        if a.flags.c_contiguous:
            return a.reshape((*shape, 1) if dim == len(shape) else (*shape[:dim], 1, *shape[dim:]))
    if dim < len(shape):
        step = shape[dim] * a.strides[dim]
    else:
        step = a.itemsize
    strides = a.strides
    return strided(a, shape[:dim] + (1,) + shape[dim:], strides[:dim] + (step,) + strides[dim:])


def select(a: Array, dim: int, index: int) -> Array:
    """The part of the array at one index of a dimension."""
    if dim == 0:
        return a[index, ...]
    return a[(slice(None),) * dim + (index, ...)]


def slice_(a: Array, dim: int, start: Any, end: Any, step: Any) -> Array:
    """Every `step`-th part of the array from `start` to before `end` in a dimension."""
    part = slice(start, end, step)
    found = a[part] if dim == 0 else a[(slice(None),) * dim + (part,)]
    if found.shape[dim]:
        return found
    # NumPy lets slices of nothing begin where the array does.
    return strided(a, found.shape, found.strides, part.indices(a.shape[dim])[0] * a.strides[dim])


def diagonal(a: Array, offset: int, dim1: int, dim2: int) -> Array:
    """The diagonals of the matrices in two dimensions, as the last dimension."""
    found = a.diagonal(offset, dim1, dim2)
    if found.size and a.flags.writeable:
        found.flags.writeable = True
        return found
    # NumPy has its own idea of where a diagonal of nothing begins.
    rows, columns = a.shape[dim1], a.shape[dim2]
    down, right = a.strides[dim1], a.strides[dim2]
    size = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    start = 0 if not size else offset * right if offset >= 0 else -offset * down
    if a.ndim == 2:
        return strided(a, (size,), (down + right,), start)
    kept = [d for d in range(a.ndim) if d not in (dim1, dim2)]
    shape = [a.shape[d] for d in kept] + [size]
    return strided(a, shape, [a.strides[d] for d in kept] + [down + right], start)


def unfold(a: Array, dim: int, size: int, step: int) -> Array:
    """All pieces of `size` elements that begin every `step` elements of a dimension, as a new last dimension."""
    if not a.ndim:
        return strided(a, (size,), (a.itemsize,))
    shape, strides = list(a.shape), list(a.strides)
    shape[dim] = (shape[dim] - size) // step + 1
    inner = strides[dim]
    strides[dim] *= step
    return strided(a, [*shape, size], [*strides, inner])


def root(a: Any) -> Any:
    """The array that owns the memory which `a` looks at."""
    while True:
        base = a.base
        if not isinstance(base, np.ndarray):
            # A description of memory may stand between an array and the one it looks at.
            base = getattr(base, "base", None)
            if not isinstance(base, np.ndarray):
                return a
        a = base


def offset_in(a: Array, owner: Array) -> int:
    """How many bytes after the first element of `owner` the first element of `a` lies."""
    return a.__array_interface__["data"][0] - owner.__array_interface__["data"][0]


def overlaps_itself(a: Array) -> bool:
    """Whether two indices surely mean the same element: some dimension of several entries has stride 0."""
    return 0 in a.strides and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape)) and a.size > 0


def _is_dense(a: Array) -> bool:
    """Whether the elements lie side by side, in some order of the dimensions."""
    expected = a.itemsize
    for stride, size in sorted((s, n) for s, n in zip(a.strides, a.shape) if n != 1):
        if stride != expected:
            return False
        expected *= size
    return True


def overlaps_partly(a: Array, b: Array) -> bool:
    """Whether two dense arrays share memory but not element by element; of others PyTorch does not ask."""
    if not a.size or not b.size or not _is_dense(a) or not _is_dense(b):
        return False
    p, q = a.__array_interface__["data"][0], b.__array_interface__["data"][0]
    if p == q and a.nbytes == b.nbytes:
        return a.strides != b.strides
    return p < q + b.nbytes and q < p + a.nbytes


# ---------------------------------------------------------------------------------------------- gradients of views


def select_backward(grad: Array, shape: Shape, dim: int, index: int) -> Array:
    """Zeros with `grad` at one index of a dimension."""
    whole = np.zeros(shape, grad.dtype)
    select(whole, dim, index)[...] = grad
    return whole


def slice_backward(grad: Array, shape: Shape, dim: int, start: Any, end: Any, step: Any) -> Array:
    """Zeros with `grad` in a slice of a dimension."""
    whole = np.zeros(shape, grad.dtype)
    slice_(whole, dim, start, end, step)[...] = grad
    return whole


def diagonal_backward(grad: Array, shape: Shape, offset: int, dim1: int, dim2: int) -> Array:
    """Zeros with `grad` on the diagonals."""
    whole = np.zeros(shape, grad.dtype)
    diagonal(whole, offset, dim1, dim2)[...] = grad
    return whole


def unfold_backward(grad: Array, shape: Shape, dim: int, size: int, step: int) -> Array:
    """The sum of all pieces that `unfold` made, each at its place."""
    whole = np.zeros(shape, grad.dtype)
    if not shape:
        whole[...] = grad.sum()
        return whole
    count = grad.shape[dim]
    # One addition for each place within a piece: the pieces' k-th elements never coincide.
    for k in range(size):
        slice_(whole, dim, k, k + (count - 1) * step + 1, step)[...] += grad[..., k]
    return whole


def as_strided_backward(grad: Array, geometry: tuple[Shape, Shape, int], size: Any, stride: Any, offset: int) -> Array:
    """The gradient of an array from that of a strided look at its memory.

    Args:
        grad: the gradient of the look.
        geometry: shape, strides and offset of the array itself, in elements.
        size, stride, offset: those of the look.
    """
    shape, strides, start = geometry
    if 0 in shape:
        return np.zeros(shape, grad.dtype)
    low = min(start, offset)
    reach = max(
        start + sum((n - 1) * s for n, s in zip(shape, strides)),
        offset + sum((n - 1) * s for n, s in zip(size, stride)),
    )
    memory = np.zeros(reach - low + 1, grad.dtype)
    item = grad.itemsize
    if grad.size:
        look = strided(memory, size, [s * item for s in stride], (offset - low) * item)
        if may_overlap(size, stride):
            places = strided(np.arange(memory.size), size, [s * 8 for s in stride], (offset - low) * 8)
            add_at(memory, places.reshape(-1), grad.reshape(-1))
        else:
            look[...] = grad
    whole = strided(memory, shape, [s * item for s in strides], (start - low) * item)
    if may_overlap(shape, strides):
        # Several indices of the array are one element: they share its gradient equally.
        counts = np.zeros(memory.size)
        places = strided(np.arange(memory.size), shape, [s * 8 for s in strides], (start - low) * 8)
        np.add.at(counts, places.reshape(-1), 1)
        return (whole / counts[places]).astype(grad.dtype)
    return np.ascontiguousarray(whole).reshape(shape)


def may_overlap(shape: Any, strides: Any) -> bool:
    """Whether elements at different indices may be the same in memory."""
    reach = 1
    for s, n in sorted((s, n) for s, n in zip(strides, shape) if n > 1):
        if s < reach:
            return True
        reach = s * (n - 1) + reach
    return False


# ---------------------------------------------------------------------------------------------- sums by index
def add_at(target: Array, places: Array, values: Array) -> None:
    """Adds values to a one-dimensional array at places that may repeat."""
    if target.dtype.kind == "f" and target.dtype.itemsize > 2 and target.size <= 8 * places.size + 1024:
        target += np.bincount(places, values, target.size).astype(target.dtype, copy=False)
    else:
        np.add.at(target, places, values)


def add_rows(target: Array, rows: Array, values: Array) -> None:
    """Adds rows of values to the rows of a matrix at indices that may repeat.

    Args:
        target: shape (K, M); changed in place.
        rows: shape (n,), each in 0..K-1.
        values: shape (n, M).
    """
    if target.shape[1] == 1:
        add_at(target.reshape(-1), rows, values.reshape(-1))
        return
    n, columns = values.shape
    if n < 2:
        target[rows] += values
    elif values.size < _MANY or target.dtype.char not in "fd":
        places = (rows[:, None] * columns + np.arange(columns)).reshape(-1)
        flat = target.reshape(-1)
        np.add.at(flat, places, values.reshape(-1))
        if not target.flags.c_contiguous:
            target[...] = flat.reshape(target.shape)
    elif (sums := sums_of_rows(values, rows, len(target))) is not None:
        target += sums
    else:
        # A sparse matrix with a one for each row to add does it in compiled code.
        from scipy.sparse import csr_array

        ones = csr_array((np.ones(n, target.dtype), rows, np.arange(n + 1)), shape=(n, target.shape[0]))
        target += ones.T @ values


# From how many values on it is worth while to import scipy.sparse.
_MANY = 1 << 17
