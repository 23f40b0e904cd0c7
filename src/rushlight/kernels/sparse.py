"""Sparse arrays in coordinate format: where the elements are that are not zero, and what they are.

A `SparseArray` stands where tensors otherwise hold an `np.ndarray`. It takes part in NumPy's protocols, so that
elementwise operations that keep zeros work on it as they are declared; whatever has no meaning for it raises PyTorch's
error about the missing backend.

Source: https://docs.pytorch.org/docs/stable/sparse.html
"""

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

Array = np.ndarray


def unsupported(name: str) -> NotImplementedError:
    """The error for an operation that sparse tensors do not have."""
    return NotImplementedError(
        f"Could not run 'aten::{name}' with arguments from the 'SparseCPU' backend. This could be because the operator "
        "doesn't exist for this backend, or was omitted during the selective/custom build process (if using custom "
        "build)."
    )


class _Flags:
    c_contiguous = f_contiguous = False
    writeable = owndata = True


class SparseArray(NDArrayOperatorsMixin):
    """An array most of whose elements are zero.

    Attributes:
        indices: int64, ``(sparse_dim, nnz)``: the leading coordinates of each entry; one place may occur several times,
            and then has the sum.
        values: ``(nnz, *dense_shape)``: the entries.
        shape: of the whole array.
        coalesced: whether every place occurs once, in rising order.
    """

    __slots__ = ("__weakref__", "coalesced", "indices", "shape", "values")
    # No other array's memory is part of it, as far as the engine asks.
    base = None
    flags = _Flags()

    def __init__(self, indices: Array, values: Array, shape: tuple[int, ...], coalesced: bool = False):
        self.indices = indices
        self.values = values
        self.shape = tuple(shape)
        self.coalesced = coalesced or values.shape[0] < 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements, zeros included."""
        count = 1
        for n in self.shape:
            count *= n
        return count

    @property
    def strides(self) -> tuple[int, ...]:
        """Those of a dense array: no element lies where another does."""
        steps, step = [], self.dtype.itemsize
        for n in reversed(self.shape):
            steps.append(step)
            step *= max(n, 1)
        return tuple(reversed(steps))

    @property
    def itemsize(self) -> int:
        """Refused: who asks wants to look at the memory of the elements.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Cannot access storage of SparseTensorImpl")

    @property
    def nbytes(self) -> int:
        """The bytes of indices and entries."""
        return self.indices.nbytes + self.values.nbytes

    @property
    def nnz(self) -> int:
        """The number of entries."""
        return self.values.shape[0]

    @property
    def sparse_dim(self) -> int:
        """How many dimensions have indices; the others are dense."""
        return self.indices.shape[0]

    def with_values(self, values: Array, coalesced: bool | None = None) -> "SparseArray":
        """Other entries in the same places."""
        return SparseArray(self.indices, values, self.shape, self.coalesced if coalesced is None else coalesced)

    def assign(self, other: "SparseArray") -> None:
        """Becomes what another one is."""
        self.indices, self.values, self.coalesced = other.indices, other.values, other.coalesced

    def copy(self, order: str = "K") -> "SparseArray":
        """A copy."""
        return SparseArray(self.indices.copy(), self.values.copy(), self.shape, self.coalesced)

    def astype(self, dtype: Any, copy: bool = True, **kwargs: Any) -> "SparseArray":
        """The entries in another type."""
        return self.with_values(self.values.astype(dtype, copy=copy))

    def keys(self) -> Array:
        """The places as numbers, in the order of the elements."""
        keys = np.zeros(self.nnz, np.int64)
        for row, n in zip(self.indices, self.shape, strict=False):
            keys = keys * n + row
        return keys

    def coalesce(self) -> "SparseArray":
        """The same array with every place once, in rising order."""
        if self.coalesced:
            return self
        if self.nnz < 2:
            return SparseArray(self.indices, self.values, self.shape, True)
        keys = self.keys()
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        values = self.values[order]
        summed = np.logical_or.reduceat(values, first) if values.dtype == bool else np.add.reduceat(values, first)
        return SparseArray(self.indices[:, order[first]], summed.astype(values.dtype, copy=False), self.shape, True)

    def dense(self) -> Array:
        """The array with all its zeros."""
        found = np.zeros(self.shape, self.dtype)
        add_to(found, self)
        return found

    @property
    def T(self) -> "SparseArray":
        """The transpose of a matrix."""
        if self.ndim - self.sparse_dim:
            raise RuntimeError(
                f"t() expects a tensor with <= 2 sparse and 0 dense dimensions, but got {self.sparse_dim} sparse and "
                f"{self.ndim - self.sparse_dim} dense dimensions"
            )
        return self.swapaxes(0, 1) if self.ndim > 1 else self

    def tolist(self) -> Any:
        """Refused, as there is no memory with all elements.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def dot(self, other: Any) -> Any:
        """The product with a matrix or a vector."""
        return product(self, other)

    def transpose(self, order: Any) -> "SparseArray":
        """The array with its dimensions in another order, sparse ones among themselves."""
        k, order = self.sparse_dim, [int(d) for d in order]
        if any(d >= k for d in order[:k]):
            raise RuntimeError("permute: sparse and dense dimensions cannot be exchanged")
        values = self.values.transpose([0, *(d - k + 1 for d in order[k:])])
        shape = tuple(self.shape[d] for d in order)
        return SparseArray(self.indices[order[:k]], values, shape, self.coalesced and order == sorted(order))

    def fill(self, value: Any) -> None:
        """Takes all entries away, for zero.

        Raises:
            NotImplementedError: `value` is another number.
        """
        if value != 0:
            raise unsupported("fill_.Scalar")
        self.assign(empty(self.shape, self.sparse_dim, self.dtype))

    def __getitem__(self, key: Any) -> Any:
        found: Any = self
        for i in key if isinstance(key, tuple) else (key,):
            if i is Ellipsis:
                continue
            if not isinstance(i, (int, np.integer)):
                raise unsupported("as_strided")
            found = found.row(int(i)) if isinstance(found, SparseArray) else found[i]
        return found

    def row(self, i: int) -> Any:
        """The part of the array at one place of its first dimension."""
        n = self.shape[0]
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for dimension 0 with size {n}")
        if not self.sparse_dim:
            return SparseArray(self.indices, self.values[:, i], self.shape[1:], self.coalesced)
        kept = self.indices[0] == i % n
        if self.sparse_dim == 1:
            return self.values[kept].sum(0, dtype=self.dtype)
        return SparseArray(self.indices[1:, kept], self.values[kept], self.shape[1:], self.coalesced)

    def take(self, places: Any, axis: int = 0, **kwargs: Any) -> "SparseArray":
        """The parts at some places of a dimension that has indices."""
        at, which = np.nonzero(np.asarray(places)[:, None] == self.indices[axis][None])
        rows = self.indices[:, which]
        rows[axis] = at
        shape = (*self.shape[:axis], len(places), *self.shape[axis + 1 :])
        return SparseArray(rows, self.values[which], shape)

    def swapaxes(self, a: int, b: int) -> "SparseArray":
        """The array with two of its dimensions exchanged: two with indices, or two dense ones."""
        shape = list(self.shape)
        shape[a], shape[b] = shape[b], shape[a]
        k = self.sparse_dim
        if a >= k and b >= k:
            return SparseArray(self.indices, self.values.swapaxes(a - k + 1, b - k + 1), tuple(shape), self.coalesced)
        if a >= k or b >= k:
            raise RuntimeError(
                f"transpose_: can't transpose sparse dim {min(a, b)} and dense dim {max(a, b)}: dimensions of one kind "
                "only"
            )
        rows = self.indices.copy()
        rows[[a, b]] = rows[[b, a]]
        return SparseArray(rows, self.values, tuple(shape), a == b and self.coalesced)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise unsupported(name)

    # ------------------------------------------------------------------------------------------ NumPy's protocols
    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("a sparse array has no memory with all elements")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.copyto and isinstance(args[0], SparseArray):
            return args[0].assign(args[1])
        if function is np.concatenate:
            return joined(args[0], args[1] if len(args) > 1 else kwargs.get("axis", 0))
        if function in (np.zeros_like, np.empty_like):
            return empty(self.shape, self.sparse_dim, (args[1:] or [kwargs.get("dtype")])[0] or self.dtype)
        if function is np.dot:
            return product(*args[:2])
        if function is np.sum:
            return total(self, kwargs.get("axis"), kwargs.get("keepdims", False))
        raise unsupported(function.__name__)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if method == "reduce" and ufunc is np.add:
            found: Any = total(inputs[0], inputs[1] if len(inputs) > 1 else kwargs.get("axis"), kwargs.get("keepdims"))
        elif method != "__call__":
            raise unsupported(ufunc.__name__)
        elif ufunc in _LINEAR:
            found = self.with_values(ufunc(self.values))
        elif ufunc in _ZERO_KEEPING:
            whole = self.coalesce()
            found = whole.with_values(ufunc(whole.values))
        elif ufunc in _BINARY:
            found = _BINARY[ufunc](*inputs[:2])
        else:
            raise unsupported(_ATEN.get(ufunc.__name__, ufunc.__name__))
        if out is None:
            return found
        target = out[0]
        if isinstance(target, SparseArray):
            target.assign(found)
        else:
            target[...] = found
        return target

    def __add__(self, other: Any) -> Any:
        # The engine adds gradients in whatever order they come; `np.add`, which users' additions are, is strict.
        return other + self if isinstance(other, np.ndarray) else np.add(self, other)


def joined(parts: Any, axis: int) -> SparseArray:
    """Arrays one behind the other along a dimension."""
    if not all(isinstance(a, SparseArray) for a in parts):
        raise RuntimeError("Concatenating sparse tensors, but a dense tensor was found.")
    first, axis = parts[0], axis % parts[0].ndim
    starts = np.cumsum([0, *(a.shape[axis] for a in parts)])
    shape = (*first.shape[:axis], int(starts[-1]), *first.shape[axis + 1 :])
    rows = [a.indices.copy() for a in parts]
    for r, start in zip(rows, starts, strict=False):
        r[axis] += start
    return SparseArray(np.hstack(rows), np.concatenate([a.values for a in parts]), shape)


def empty(shape: tuple[int, ...], sparse_dim: int, dtype: Any) -> SparseArray:
    """An array of zeros."""
    return SparseArray(
        np.empty((sparse_dim, 0), np.int64), np.empty((0, *shape[sparse_dim:]), dtype), tuple(shape), True
    )


# ---------------------------------------------------------------------------------------------- arithmetic
def add_to(total: Array, a: SparseArray, factor: Any = None) -> None:
    """Adds a sparse array, or a multiple of it, to another array in its place."""
    values = a.values if factor is None else a.values * factor
    if not a.sparse_dim:
        total += values.sum(0, dtype=values.dtype)
    elif a.coalesced:
        total[tuple(a.indices)] += values
    elif total.dtype == bool:
        np.logical_or.at(total, tuple(a.indices), values)
    else:
        np.add.at(total, tuple(a.indices), values)


def _added(a: Any, b: Any, sign: int = 1) -> Any:
    if isinstance(a, SparseArray):
        if not isinstance(b, SparseArray):
            raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
        return merged(a, -b if sign < 0 else b)
    common = np.result_type(a.dtype, b.dtype)
    found = np.array(np.broadcast_to(a, b.shape), common)
    add_to(found, b, None if sign > 0 else -1)
    return found


def _subtracted(a: Any, b: Any) -> Any:
    return _added(a, b, -1)


def merged(a: SparseArray, b: SparseArray) -> SparseArray:
    """The sum of two sparse arrays.

    As in PyTorch, two lists of contiguous entries are merged like sorted ones, whether they are sorted or not, so that
    equal neighbours are added; others are put one behind the other, and coalesced if there are more entries than
    elements.

    Raises:
        RuntimeError: the shapes or the numbers of dimensions with indices differ.
    """
    if a.shape != b.shape:
        raise RuntimeError(
            f"add: expected sizes of 'self' and 'other' to match, but {list(a.shape)} != {list(b.shape)}"
        )
    if not a.nnz or not b.nnz:
        return b.copy() if not a.nnz else a.copy()
    if a.sparse_dim != b.sparse_dim:
        raise RuntimeError(
            "add: expected 'self' and 'other' to have same number of sparse dimensions, but "
            f"{a.sparse_dim} != {b.sparse_dim}"
        )
    both = a.coalesced and b.coalesced
    if not (a.values.flags.c_contiguous and b.values.flags.c_contiguous):
        joined = SparseArray(np.hstack([a.indices, b.indices]), np.concatenate([a.values, b.values]), a.shape)
        return joined.coalesce() if joined.nnz > joined.size else joined
    left, right = a.keys(), b.keys()
    if np.array_equal(left, right):
        return SparseArray(a.indices, a.values + b.values, a.shape, both)
    into_a, into_b, count = _merge(left.tolist(), right.tolist())
    values = np.zeros((count, *a.values.shape[1:]), np.result_type(a.dtype, b.dtype))
    indices = np.empty((a.sparse_dim, count), np.int64)
    for x, places in ((a, into_a), (b, into_b)):
        values[places] += x.values
        indices[:, places] = x.indices
    return SparseArray(indices, values, a.shape, both)


def _merge(left: list[int], right: list[int]) -> tuple[list[int], list[int], int]:
    """Where the members of two lists go when they are merged from the front, equal ones to one place."""
    into_left, into_right, i, j, count = [], [], 0, 0, 0
    while i < len(left) and j < len(right):
        x, y = left[i], right[j]
        if x <= y:
            into_left.append(count)
            i += 1
        if y <= x:
            into_right.append(count)
            j += 1
        count += 1
    rest = len(left) - i + len(right) - j
    into_left += range(count, count + len(left) - i)
    into_right += range(count, count + len(right) - j)
    return into_left, into_right, count + rest


def _multiplied(a: Any, b: Any) -> Any:
    if not isinstance(a, SparseArray):
        return _multiplied(b, a)
    if isinstance(b, SparseArray):
        if b.ndim == 0:
            return a.with_values(a.values * b.dense())
        return _intersection(a, b)
    if np.ndim(b) == 0:
        return a.with_values(a.values * b)
    return a.with_values(a.values * np.broadcast_to(b, a.shape)[tuple(a.indices)])


def _intersection(a: SparseArray, b: SparseArray) -> SparseArray:
    """The product of two sparse arrays, which has entries where both have some."""
    if not b.coalesced and not a.coalesced:
        b = b.coalesce()
    elif not b.coalesced:
        a, b = b, a
    places, found = lookup(a.keys(), b)
    return SparseArray(a.indices[:, found], a.values[found] * b.values[places[found]], a.shape, a.coalesced)


def lookup(keys: Array, b: SparseArray) -> tuple[Array, Array]:
    """Where places stand in a coalesced array, and whether they do."""
    have = b.keys()
    places = np.searchsorted(have, keys)
    found = places < len(have)
    found[found] = have[places[found]] == keys[found]
    return np.where(found, places, 0), found


def _divided(a: Any, b: Any) -> Any:
    if not isinstance(a, SparseArray) or b.ndim:
        raise RuntimeError(
            "Sparse division requires a scalar or zero-dim dense tensor divisor (got shape "
            f"{list(b.shape)} for divisor)"
        )
    return a.with_values(np.true_divide(a.values, b))


def _power(a: Any, b: Any) -> Any:
    if not isinstance(a, SparseArray) or isinstance(b, SparseArray) or np.ndim(b):
        raise unsupported("pow.Tensor_Tensor")
    a = a.coalesce()
    return a.with_values(np.power(a.values, b))


def _rectified(a: Any, b: Any) -> Any:
    if not isinstance(a, SparseArray) or isinstance(b, SparseArray) or np.ndim(b) or b != 0:
        raise unsupported("maximum")
    a = a.coalesce()
    return a.with_values(np.maximum(a.values, b))


_LINEAR = {np.negative, np.positive, np.conjugate}
_ZERO_KEEPING = {
    np.sin, np.tan, np.sinh, np.tanh, np.arcsin, np.arctan, np.arcsinh, np.arctanh, np.sqrt, np.expm1, np.log1p,
    np.floor, np.ceil, np.trunc, np.rint, np.sign, np.absolute, np.square, np.isnan, np.deg2rad, np.rad2deg,
}  # fmt: skip
_BINARY = {
    np.add: _added, np.subtract: _subtracted, np.multiply: _multiplied, np.true_divide: _divided, np.power: _power,
    np.maximum: lambda a, b: _rectified(a, b), np.matmul: lambda a, b: product(a, b),
}  # fmt: skip
_ATEN = {"equal": "eq.Tensor", "not_equal": "ne.Tensor", "less": "lt.Tensor", "greater": "gt.Tensor"}


# ---------------------------------------------------------------------------------------------- other operations
def total(a: SparseArray, axis: Any = None, keepdims: Any = False) -> Any:
    """The sum over all dimensions, a number in an array; over some, a sparse array."""
    axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = sorted({d % max(a.ndim, 1) for d in axes})
    k = a.sparse_dim
    kind = np.int64 if a.dtype.kind in "biu" else a.dtype
    if len(axes) == a.ndim and not keepdims:
        return np.asarray(a.values.sum(dtype=kind))
    values = a.values.sum(tuple(d - k + 1 for d in axes if d >= k), dtype=kind, keepdims=bool(keepdims))
    if keepdims:
        kept = [np.zeros_like(row) if i in axes else row for i, row in enumerate(a.indices)]
        shape = tuple(1 if d in axes else n for d, n in enumerate(a.shape))
    else:
        kept = [row for i, row in enumerate(a.indices) if i not in axes]
        shape = tuple(n for d, n in enumerate(a.shape) if d not in axes)
    if not kept:
        return values.sum(0)
    return SparseArray(np.stack(kept), values, shape).coalesce()


def product(a: Any, b: Any) -> Any:
    """The matrix product where one factor or both are sparse; sparse if both are."""
    if isinstance(a, SparseArray) and isinstance(b, SparseArray):
        return from_matrix(_matrix(a) @ _matrix(b))
    found = _matrix(a) @ b if isinstance(a, SparseArray) else (_matrix(b).T @ a.T).T
    return np.ascontiguousarray(found)


def _matrix(a: SparseArray) -> Any:
    from scipy import sparse

    if a.ndim != 2 or a.sparse_dim != 2:
        raise RuntimeError(
            f"mm: Expected two-dimensional sparse matrices, but got {a.sparse_dim} sparse and "
            f"{a.ndim - a.sparse_dim} dense dimensions"
        )
    return sparse.csr_matrix((a.values, (a.indices[0], a.indices[1])), shape=a.shape)


def from_matrix(matrix: Any) -> SparseArray:
    """SciPy's sparse matrix as one of ours."""
    found = matrix.tocoo()
    indices = np.stack([found.row, found.col]).astype(np.int64)
    return SparseArray(indices, found.data, found.shape).coalesce()
