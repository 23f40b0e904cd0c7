"""LAPACK in NumPy's own library, called without NumPy's copies.

`numpy.linalg` copies each matrix by steps of a whole row, and inverts by solving for the identity: from some dozen rows
on that takes as long as LAPACK's work. Here matrices are turned first, at once, and lie column by column afterwards, as
PyTorch's do. Where NumPy was built with another library, there are no routines, and `numpy.linalg` has to serve. While
LAPACK works, other threads of Python run (see `batches`).
"""

import ctypes
import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from . import blas
from .batches import shared_out

Array = np.ndarray

# Of how many rows matrices are worth the calls; and from how many on BLAS's threads are.
SMALLEST, _MANY = 64, 800

_LETTERS = {"f": "s", "d": "d", "F": "c", "D": "z"}

# Columns that LAPACK works on together.
_BLOCK = 64


@cache
def _routine(name: str, code: str) -> Any:
    """A routine for a NumPy type, or None."""
    library = blas.library()
    return None if library is None else getattr(library, f"scipy_{_LETTERS[code]}{name}_64_", None)


def _found(name: str, *arrays: Array) -> Any:
    """The routine for square matrices of one type, or None where there is none or it does not pay."""
    if arrays[0].shape[-1] < SMALLEST:
        return None
    code = arrays[0].dtype.char
    if code not in _LETTERS or any(a.dtype.char != code or not a.size for a in arrays):
        return None
    return _routine(name, code)


def _call(routine: Any, *arguments: Any) -> int:
    """Calls a routine, which takes all by address and ends with its code; returns that."""
    code = ctypes.c_int64(0)
    routine(*[_place(a) for a in arguments], ctypes.byref(code))
    return code.value


def _place(argument: Any) -> Any:
    """What stands for an argument: the address of elements, which is the first thing that NumPy's objects hold."""
    if type(argument) is int:
        return _numbers.get(argument) or _number(argument)
    return ctypes.c_char_p(argument) if type(argument) is bytes else _address(id(argument) + _DATA)


_address, _DATA = ctypes.c_void_p.from_address, object.__basicsize__
_numbers: dict[int, Any] = {}


def _number(value: int) -> Any:
    """The address of a number, which is kept: LAPACK writes to none."""
    found = ctypes.byref(ctypes.c_int64(value))
    if len(_numbers) < 4096:
        _numbers[value] = found
    return found


def _turned(x: Array) -> Array:
    """A copy of matrices, in which each column is one piece: ``(count, columns, rows)``."""
    return np.array(x.mT, order="C").reshape(-1, x.shape[-1], x.shape[-2])


def _work_on(function: Callable[..., int], cost: int, *batches: Array) -> Array:
    """Calls a function on the matrices of each place in several batches; returns its codes.

    Args:
        function: by one array of each batch, which it changes; it returns LAPACK's code.
        cost: see `shared_out`.
        batches: arrays ``(count, rows, columns)`` that lie row by row.
    """

    def each(*parts: Array) -> Array:
        return np.array([function(*matrices) for matrices in zip(*parts, strict=True)])

    if batches[0].shape[-1] < _MANY:
        return np.asarray(shared_out(each, cost, *batches))
    with blas.all_threads():
        return each(*batches)


def inverse(x: Array) -> Array | None:
    """The inverses of matrices ``(*batch, n, n)``; None where NumPy has to find them, or that one has none."""
    factor, invert, n = _found("getrf", x), _found("getri", x), x.shape[-1]
    if factor is None or invert is None:
        return None

    def each(a: Array) -> int:
        pivots, room = np.empty(n, np.int64), np.empty(n * _BLOCK, x.dtype)
        return _call(factor, n, n, a, n, pivots) or _call(invert, n, a, n, pivots, room, room.size)

    found = _turned(x)
    return None if _work_on(each, 2, found).any() else found.mT.reshape(x.shape)


def solve(a: Array, b: Array) -> Array | None:
    """The solutions of ``A X = B`` for as many A as B; None where NumPy has to find them, or that there is none."""
    if a.shape[:-2] != b.shape[:-2] or (routine := _found("gesv", a, b)) is None:
        return None
    n, columns = a.shape[-1], b.shape[-1]

    def each(matrix: Array, sides: Array) -> int:
        return _call(routine, n, columns, matrix, n, np.empty(n, np.int64), sides, n)

    matrices, found = _turned(a), _turned(b)
    return None if _work_on(each, 2, matrices, found).any() else found.mT.reshape(b.shape)


def pivots(x: Array) -> Array | None:
    """Numbers for each matrix whose product is its determinant, ``(n, *batch)``; None where NumPy has to find it."""
    if (factor := _found("getrf", x)) is None:
        return None
    n = x.shape[-1]
    found, expected = np.empty((x.size // n // n, 1, n), x.dtype), np.arange(1, n + 1)

    def each(a: Array, out: Array) -> int:
        exchanged = np.empty(n, np.int64)
        _call(factor, n, n, a, n, exchanged)
        out[0] = np.where(exchanged == expected, a.diagonal(), -a.diagonal())
        return 0

    # The determinant of the transposed matrices is the same one.
    _work_on(each, 1, np.array(x, order="C").reshape(-1, n, n), found)
    return np.moveaxis(found.reshape(*x.shape[:-2], n), -1, 0)


def cholesky(x: Array, upper: bool) -> Array | None:
    """The Cholesky factors of matrices; None where NumPy has to find them, or that one has none."""
    if (routine := _found("potrf", x)) is None:
        return None
    n = x.shape[-1]
    triangle = b"U" if upper else b"L"

    def each(a: Array) -> int:
        return _call(routine, triangle, n, a, n)

    turned = _turned(x)
    if _work_on(each, 1, turned).any():
        return None
    return np.where(_triangle(n, upper), turned, np.zeros((), x.dtype)).mT.reshape(x.shape)


@lru_cache(8)
def _triangle(n: int, lower: bool) -> Array:
    """Where one triangle of a matrix is, with the diagonal."""
    return np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T


def _finite(x: Array) -> bool:
    """Whether all elements are finite, and their squares together are, or a closer look says so."""
    flat = x.reshape(-1)
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(x).all())


def _in_columns(x: Array) -> Array:
    """A copy of a matrix of which each column is one piece, ``(columns, rows)``."""
    return x.T.copy()


def least_squares(a: Array, b: Array, rcond: float) -> tuple[Array, Array] | None:
    """The solution of least squares of ``A X = B`` and A's rank, by a QR factorization with exchanges of columns.

    Args:
        a: one matrix ``(m, n)`` of real numbers.
        b: one matrix ``(m, k)``.
        rcond: below which part of the largest one columns' remainders count as zero.

    Returns:
        None where NumPy has to find them. The solution lies in the first rows of what held the right-hand sides.
    """
    code = a.dtype.char
    plain = code in "fd" and b.dtype.char == code and a.size > 0 and b.size > 0
    if not plain or not (_finite(a) and _finite(b)) or (routine := _routine("gelsy", code)) is None:
        return None
    (m, n), columns = a.shape, b.shape[-1]
    if m >= n:
        sides = _in_columns(b)
    else:
        sides = np.zeros((columns, n), a.dtype)
        sides[:, :m] = b.T
    rank, order = np.zeros(1, np.int64), np.zeros(n, np.int64)
    room = np.empty(2 * min(m, n) + 2 * n + 1 + _BLOCK * (n + 1 + columns), a.dtype)
    limit = np.array([rcond], a.dtype)
    failed = _call(routine, m, n, columns, _in_columns(a), m, sides, max(m, n), order, limit, rank, room, room.size)
    return None if failed else (sides.T[:n], rank.reshape(()))
