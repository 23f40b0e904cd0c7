"""Reading and writing arrays at indices, and the gradients of both, with PyTorch's errors."""

from typing import Any

import numpy as np

from .layout import in_order, lies_in_rows, memory_order
from .numpy_common import out_of_range
from .numpy_gather import all_within, check_range
from .numpy_views import add_at, add_rows, view_strides

Array = np.ndarray


# ---------------------------------------------------------------------------------------------- several index arrays
def full_index(indices: list[Array], dims: Any) -> tuple[Any, ...]:
    """The NumPy index that puts each index array at its dimension; a mask takes as many dimensions as it has."""
    found: list[Any] = []
    at = 0
    for array, dim in zip(indices, dims):
        found.extend([slice(None)] * (dim - at))
        found.append(array)
        at = dim + (array.ndim if array.dtype.kind == "b" else 1)
    return tuple(found)


# The first dimensions, for so many indices as stand there most often. (No mask before the last one has two dimensions.)
_LEADING = {2: (0, 1), 3: (0, 1, 2)}


def index(a: Array, indices: list[Array], dims: Any) -> Array:
    """The elements of `a` at index arrays, each standing at its dimension in `dims`.

    Raises:
        IndexError: an index is out of range, a mask has the wrong shape, or the arrays do not broadcast.
    """
    if not a.size:
        indices = _within_nothing(a.shape, indices, dims)
    one = indices[0]
    try:
        if len(indices) == 1 and one.dtype.char != "?":
            found = a.take(one, dims[0])
            if one.ndim == 1 and lies_in_rows(a):
                return found
        else:
            found = a[one if dims == (0,) else tuple(indices) if dims == _LEADING.get(len(indices)) else
                      full_index(indices, dims)]  # fmt: skip
    except IndexError:
        raise explain(a.shape, indices, dims) from None
    if found.ndim < 2:
        return found
    if lies_in_rows(a) and _alike(indices):
        return found if lies_in_rows(found) else found.reshape(-1).reshape(found.shape)
    return _ordered(found, a, indices, dims)


def _alike(indices: list[Array]) -> bool:
    """Whether index arrays are of one shape and lie row by row, so that what an array that does has there does, too."""
    shape = None
    for array in indices:
        mask = array.dtype.char == "?"
        if not mask and array.ndim > 1 and not lies_in_rows(array):
            return False
        if shape is not None and shape != (() if mask else array.shape):
            return False
        shape = () if mask else array.shape
    return True


def _ordered(found: Array, a: Array, indices: list[Array], dims: Any) -> Array:
    """What was found at indices in PyTorch's order of memory: that of the array, then of the indices."""
    taken: list[int] = []
    for array, dim in zip(indices, dims):
        taken += range(dim, dim + (array.ndim if array.dtype.kind == "b" else 1))
    shapes = [array.shape if array.dtype.kind != "b" else (1,) for array in indices]
    inner = max(map(len, shapes))
    lead = taken[0] if taken[-1] - taken[0] == len(taken) - 1 else 0
    steps = [s for d, s in enumerate(a.strides) if d not in taken]
    own = (*steps[:lead], *(0,) * inner, *steps[lead:])
    shape = found.shape
    wide = shape[lead : lead + inner]
    # PyTorch views each index in the shape of the result, with sizes of 1 where there are other dimensions.
    view = (1,) * lead + wide + (1,) * (len(shape) - lead - inner)
    others = []
    for array in indices:
        places = np.empty(1 if inner > 1 else wide) if array.dtype.kind == "b" else array
        strides = np.broadcast_to(places, wide).strides if places.shape != wide else places.strides
        seen = view_strides(wide, strides, places.itemsize, view) or ()
        others.append(tuple([0 if n == 1 != m else s for s, n, m in zip(seen, view, shape)]))
    return in_order(found, memory_order(shape, own, *others))


def _within_nothing(shape: Any, indices: list[Array], dims: Any) -> list[Array]:
    """The indices for an array without elements, where only a dimension of size 0 makes one wrong."""
    found = []
    for array, dim in zip(indices, dims):
        if array.dtype.kind != "b" and array.size:
            if not shape[dim]:
                raise _mismatch(shape, indices, dims) or IndexError("index is out of bounds for dimension with size 0")
            array = array % shape[dim]
        found.append(array)
    return found


def _mismatch(shape: Any, indices: list[Array], dims: Any) -> IndexError | None:
    """PyTorch's error for a mask of another shape than the tensor's, or indices that do not broadcast, or None."""
    position = 0
    for array, dim in zip(indices, dims):
        if array.dtype.kind == "b":
            for d, n in enumerate(array.shape):
                if dim + d >= len(shape) or shape[dim + d] != n:
                    return IndexError(
                        f"The shape of the mask {list(array.shape)} at index {d} does not match the shape of the "
                        f"indexed tensor {list(shape)} at index {dim + d}"
                    )
            position += array.ndim
    position = 0
    sizes = []
    for array, dim in zip(indices, dims):
        if array.dtype.kind == "b":
            position += array.ndim
            sizes += [[int(array.sum())]] * array.ndim
            continue
        sizes.append(list(array.shape))
        position += 1
    try:
        np.broadcast_shapes(*[tuple(s) for s in sizes])
    except ValueError:
        return IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(s) for s in sizes)
        )
    return None


def explain(shape: Any, indices: list[Array], dims: Any) -> IndexError:
    """PyTorch's error for indices that do not fit a tensor of a shape."""
    mismatch = _mismatch(shape, indices, dims)
    if mismatch is not None:
        return mismatch
    position = 0
    for array, dim in zip(indices, dims):
        if array.dtype.kind == "b":
            position += array.ndim
            continue
        n = shape[dim]
        outside = array[(array < -n) | (array >= n)]
        if outside.size:
            return IndexError(
                f"index {int(outside.reshape(-1)[0])} is out of bounds for dimension {position} with size {n}"
            )
        position += 1
    return IndexError("index out of range")


def _as_integers(indices: list[Array], dims: Any) -> tuple[list[Array], list[int]]:
    """Index arrays with masks turned into the indices where they are true."""
    arrays: list[Array] = []
    at: list[int] = []
    for array, dim in zip(indices, dims):
        if array.dtype.kind == "b":
            arrays += np.nonzero(array) if array.ndim else [np.zeros(int(array), np.int64)]
            at += range(dim, dim + array.ndim)
        else:
            arrays.append(array)
            at.append(dim)
    return arrays, at


def add_at_index(whole: Array, values: Array, indices: list[Array], dims: Any) -> None:
    """Adds values to the elements at index arrays; indices may repeat.

    Args:
        whole: the array to add to, in place.
        values: of the shape that `index` would give.
        indices, dims: as in `index`.
    """
    if len(indices) == 1 and indices[0].dtype.kind == "b":
        whole[full_index(indices, dims)] += values
        return
    arrays, at = _as_integers(indices, dims)
    shape = whole.shape
    together = np.broadcast_arrays(*arrays) if len(arrays) > 1 else arrays
    inner = together[0].shape
    rows: Any = 0
    for array, d in zip(together, at):
        rows = rows * shape[d] + (np.where(array < 0, array + shape[d], array) if array.size else array)
    rows = np.asarray(rows, np.int64).reshape(-1)
    rest = [d for d in range(len(shape)) if d not in at]
    # Where the index dimensions stand in the values: in place if they are neighbours, else in front.
    adjacent = all(b - a == 1 for a, b in zip(at, at[1:]))
    first = at[0] if adjacent else 0
    columns = 1
    for d in rest:
        columns *= shape[d]
    if first:
        values = np.moveaxis(values, range(first, first + len(inner)), range(len(inner)))
    values = values.reshape(rows.size, columns)
    order = at + rest
    straight = order == list(range(len(shape))) and whole.flags.c_contiguous
    moved = whole.transpose(order)
    count = whole.size // columns if columns else 0
    # Half precision is rounded with each addition, so it begins from what is there.
    rounded = whole.dtype.itemsize == 2
    flat = moved.reshape(count, columns) if straight or rounded else np.zeros((count, columns), whole.dtype)
    if flat.size:
        add_rows(flat, rows, values)
    if rounded and not straight:
        moved[...] = flat.reshape(moved.shape)
    elif not straight:
        moved += flat.reshape(moved.shape)


def index_backward(grad: Array, shape: Any, indices: list[Array], dims: Any) -> Array:
    """Zeros of a shape to which the gradient of `index` has been added where its elements came from."""
    whole = np.zeros(shape, grad.dtype)
    add_at_index(whole, grad, indices, dims)
    return whole


def put(a: Array, indices: list[Array], values: Array, dims: Any, accumulate: bool) -> None:
    """Writes values to the elements of `a` at index arrays, or adds them.

    Raises:
        IndexError: as for `index`.
        RuntimeError: the values do not broadcast to what `index` would give.
    """
    if not a.size:
        indices = _within_nothing(a.shape, indices, dims)
    place = full_index(indices, dims)
    try:
        if accumulate:
            shape = a[place].shape
            add_at_index(a, _broadcast(values, shape), indices, dims)
        elif not (a.size and values.size):  # NumPy writes nothing without a look at the values' shape
            _broadcast(values, a[place].shape)
        else:
            a[place] = values
    except (IndexError, TypeError, ValueError):
        # What the result's shape would be if all indices were in range: that is asked before.
        wrong = _mismatch(a.shape, indices, dims)
        if wrong is None:
            start = full_index([i if i.dtype.kind == "b" else np.zeros_like(i) for i in indices], dims)
            sizes = [1 if d in dims and not n else n for d, n in enumerate(a.shape)]
            shape = np.broadcast_to(np.empty((), a.dtype), sizes)[start].shape
            if not _broadcasts(values.shape, shape):
                raise RuntimeError(
                    f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing "
                    f"result of shape {list(shape)}"
                ) from None
        raise explain(a.shape, indices, dims) from None


def _broadcasts(shape: Any, target: Any) -> bool:
    """Whether an array of a shape broadcasts to another shape."""
    return len(shape) <= len(target) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(target)))


def _broadcast(values: Array, shape: Any) -> Array:
    return values if values.shape == shape else np.broadcast_to(values, shape)


# ---------------------------------------------------------------------------------------------- one dimension
def index_select(a: Array, dim: int, index: Array) -> Array:
    """The entries of a dimension at the indices of a vector.

    Raises:
        IndexError: an index is outside 0..size-1.
        RuntimeError: that is so, and the array has no elements.
    """
    if not a.ndim:
        if index.size != 1:
            raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
        if index[0]:
            raise IndexError("index out of range in self")
        return a.copy()
    count = index.size
    if not (a.size and count) or index.dtype.char not in "li":
        if not all_within(index, a.shape[dim]):
            raise out_of_range(a, dim, index)
        return a.take(index, dim)
    try:  # NumPy refuses what is too large itself, but counts from the end what is negative
        if index.item(index.argmin() if count > 1 else 0) >= 0:
            return a.take(index, dim)
    except IndexError:
        pass
    raise out_of_range(a, dim, index)


def index_add(a: Array, dim: int, index: Array, source: Array, alpha: Any) -> None:
    """Adds the entries of `source` to those of a dimension at the indices of a vector, in place.

    Raises:
        IndexError: an index is out of range, of a vector.
        RuntimeError: that is so of more dimensions; not where there are no elements.
    """
    if a.ndim == 1 and not all_within(index, len(a)):
        raise IndexError("index out of range in self")
    if a.ndim > 1 and not a.size:
        return
    values = source if alpha == 1 else source * np.asarray(alpha).astype(source.dtype)
    if a.dtype.kind == "b":
        rows = a.reshape(1) if not a.ndim else np.moveaxis(a, dim, 0)
        check_range(index, len(rows), dim)
        np.logical_or.at(rows, index, values.reshape(-1) if not a.ndim else np.moveaxis(values, dim, 0))
        return
    if not a.ndim:
        a += values.sum()
        return
    check_range(index, a.shape[dim], dim)
    add_at_index(a, values, [index], (dim,))


def index_copy(a: Array, dim: int, index: Array, source: Array) -> None:
    """Copies the entries of `source` to those of a dimension at the indices of a vector, in place."""
    if not a.ndim:
        a[...] = source.reshape(-1)[-1]
        return
    a[(slice(None),) * dim + (index,)] = source


def index_fill(a: Array, dim: int, index: Array, value: Any) -> None:
    """Sets the entries of a dimension at the indices of a vector to one value, in place.

    Raises:
        IndexError: an index is out of range.
    """
    if not a.ndim:
        if index.size and not -1 <= index[0] < 1:
            raise IndexError(f"index {int(index[0])} is out of bounds for dimension 0 with size 1")
        a[...] = value
        return
    n = a.shape[dim]
    if 0 in a.shape[:dim] or 0 in a.shape[dim + 1 :]:
        return
    bad = index[(index < -n) | (index >= n)]
    if bad.size:
        raise IndexError(f"index {int(bad[0])} is out of bounds for dimension {dim} with size {n}")
    a[(slice(None),) * dim + (index,)] = value


# ---------------------------------------------------------------------------------------------- flat indices
def _flat(index: Array, count: int) -> Array:
    bad = index[(index < -count) | (index >= count)] if index.size else index
    if bad.size:
        raise IndexError(
            f"out of range: tried to access index {int(bad.reshape(-1)[0])} on a tensor of {count} elements."
        )
    return np.where(index < 0, index + count, index)


def take(a: Array, index: Array) -> Array:
    """The elements at indices into the flattened array."""
    try:
        return np.take(a, index)
    except IndexError:
        _flat(index, a.size)  # says it in PyTorch's words
        raise


def take_backward(grad: Array, shape: Any, index: Array) -> Array:
    """Zeros of a shape with the gradient of `take` added at the indices."""
    whole = np.zeros(shape, grad.dtype)
    add_at(whole.reshape(-1), _flat(index, whole.size).reshape(-1), grad.reshape(-1))
    return whole


def put_flat(a: Array, index: Array, source: Array, accumulate: bool) -> None:
    """Writes (or adds) values at indices into the flattened array, in place."""
    places = _flat(index, a.size).reshape(-1)
    flat = a.reshape(-1)
    if accumulate:
        np.add.at(flat, places, source.reshape(-1))
    else:
        flat[places] = source.reshape(-1)
    if not a.flags.c_contiguous:
        a[...] = flat.reshape(a.shape)
