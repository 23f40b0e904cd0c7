"""Factorizations of many small matrices by compiled kernels; LAPACK computes single and large ones faster."""

from math import prod

import numpy as np

from .batches import batch_of
from .dispatch import Kernel, share

Array = np.ndarray

# How many matrices make it worth it, and of how many rows they may be.
SMALLEST, LARGEST = 8, 128

_TRIANGULAR = Kernel("small_matrices", "triangular", common=False)
_LU = Kernel("small_matrices", "lu", common=False)
_PIVOTS = Kernel("small_matrices", "pivots", common=False)
_SOLVE = Kernel("small_matrices", "solve", common=False)
_CHOLESKY = Kernel("small_matrices", "cholesky", common=False)


def _suits(dtype: np.dtype, batch: tuple[int, ...], side: int) -> bool:
    return dtype.char in "fd" and prod(batch) >= SMALLEST and 0 < side <= LARGEST


def triangular(a: Array, b: Array, upper: bool, left: bool, unit: bool) -> Array | None:
    """The solutions of triangular systems ``A X = B``, or ``X A = B``; None where LAPACK has to find them.

    Args:
        a: matrices ``(*batch, n, n)``, of which one triangle is read.
        b: right sides ``(*batch, n, m)``, or ``(*batch, m, n)``; the leading dimensions broadcast.
        upper: which triangle.
        left: on which side the matrices stand.
        unit: whether the diagonals count as ones.
    """
    batch, n = batch_of(a, b), a.shape[-1]
    suits = a.dtype == b.dtype and b.size > 0 and _suits(a.dtype, batch, n)
    if not suits or (run := _TRIANGULAR.get(a.dtype)) is None:
        return None
    a = np.ascontiguousarray(np.broadcast_to(a, (*batch, n, n)))
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])), order="C")
    high, wide = x.shape[-2:]
    # ``X A = B`` is ``A^T X^T = B^T``; and an upper triangle is a lower one, read from its end.
    steps, x_steps, columns = ((n, 1), (wide, 1), wide) if left else ((1, n), (1, wide), high)
    start = x_start = 0
    if upper == left:
        start, x_start = (n - 1) * (n + 1), (n - 1) * x_steps[0]
        steps, x_steps = (-steps[0], -steps[1]), (-x_steps[0], x_steps[1])
    count = prod(batch)
    run(
        count, share(count, n * n * columns), a, x, n, columns, unit, start, n * n, *steps, x_start, high * wide,
        *x_steps,
    )  # fmt: skip
    return x


def lu(x: Array) -> tuple[Array, Array, Array] | None:
    """L and U in one matrix, the exchanges of rows and LAPACK's codes; None where LAPACK has to find them."""
    batch, (rows, columns) = x.shape[:-2], x.shape[-2:]
    steps = min(rows, columns)
    if not _suits(x.dtype, batch, max(rows, columns)) or not steps or not np.isfinite(x).all():
        return None
    if (run := _LU.get(x.dtype)) is None:
        return None
    factors, count = np.array(x, order="C"), prod(batch)
    pivots, info = np.empty((*batch, steps), np.int64), np.empty(batch, np.int64)
    run(count, share(count, steps * rows * columns), factors, pivots, info, rows, columns)
    return factors, pivots.astype(np.int32), info.astype(np.int32)


def pivots(x: Array) -> Array | None:
    """Numbers for each matrix whose product is its determinant, ``(n, *batch)``; None where LAPACK has to find it."""
    batch, n = x.shape[:-2], x.shape[-1]
    if not _suits(x.dtype, batch, n) or not np.isfinite(x).all() or (run := _PIVOTS.get(x.dtype)) is None:
        return None
    count, found = prod(batch), np.empty((n, *batch), x.dtype)
    run(count, share(count, n * n * n), np.array(x, order="C"), found, n, count)
    return found


def solve(a: Array, b: Array) -> Array | None:
    """The solutions of ``A X = B``; None where LAPACK has to find them, or that there are none.

    Args:
        a: matrices ``(*batch, n, n)``.
        b: right sides ``(*batch, n, m)``; the leading dimensions broadcast.
    """
    batch, n, columns = batch_of(a, b), a.shape[-1], b.shape[-1]
    if a.dtype != b.dtype or not _suits(a.dtype, batch, n) or not np.isfinite(a).all() or not np.isfinite(b).all():
        return None
    if not columns or (run := _SOLVE.get(a.dtype)) is None:
        return None
    matrices = np.array(np.broadcast_to(a, (*batch, n, n)), order="C")
    x = np.array(np.broadcast_to(b, (*batch, n, columns)), order="C")
    count, singular = prod(batch), np.empty(batch, np.int64)
    run(count, share(count, n * n * (n + columns)), matrices, x, singular, n, columns)
    return None if singular.any() else x


def cholesky(x: Array, upper: bool) -> Array | None:
    """The triangular factors of positive definite matrices; None where LAPACK has to find them, or that one is not."""
    batch, n = x.shape[:-2], x.shape[-1]
    if not _suits(x.dtype, batch, n) or not np.isfinite(x).all() or (run := _CHOLESKY.get(x.dtype)) is None:
        return None
    found, count, failed = np.array(x if upper else x.mT, order="C"), prod(batch), np.empty(batch, np.int64)
    run(count, share(count, n * n * n // 3), found, failed, n, upper)
    return None if failed.any() else found.mT  # it lies column by column
