"""Gaussian elimination of matrices that hold infinities or NaN, step by step as textbooks have it.

What LAPACK finds of such matrices depends on the library: some leave out products by zero and quotients by NaN, so that
a NaN may be lost. Here no step is left out, which gives what PyTorch gives. Other matrices are LAPACK's.
"""

import math

import numpy as np

Array = np.ndarray


def all_finite(x: Array) -> bool:
    """Whether all elements of an array of floating-point or complex numbers are finite."""
    # The sum of the squares is quickly found, and finite unless an element is not, or very large.
    flat = x.ravel()
    return math.isfinite(flat.dot(flat).real) or bool(np.isfinite(x).all())


def factors(x: Array) -> tuple[Array, Array, Array]:
    """L and U in one matrix, exchanges of rows counted from 1, and LAPACK's codes, of matrices ``(*batch, m, n)``."""
    m, n = x.shape[-2:]
    lu = np.array(x, order="C").reshape(-1, m, n)
    each = np.arange(len(lu))
    exchanges, codes = np.empty((len(lu), min(m, n)), np.int32), np.zeros(len(lu), np.int32)
    for j in range(min(m, n)):
        row = j + _largest(lu[:, j:, j])
        exchanges[:, j] = row + 1
        lu[each, j], lu[each, row] = lu[each, row], lu[each, j]
        pivot = lu[:, j, j, None]
        codes[(pivot[:, 0] == 0) & (codes == 0)] = j + 1
        lu[:, j + 1 :, j] /= _divisor(np.where(pivot == 0, np.ones_like(pivot), pivot))
        lu[:, j + 1 :, j + 1 :] -= lu[:, j + 1 :, j, None] * lu[:, j, None, j + 1 :]
    batch = x.shape[:-2]
    return lu.reshape(x.shape), exchanges.reshape(*batch, -1), codes.reshape(batch)


def _divisor(pivot: Array) -> Array:
    """Numbers to divide by: of infinite complex numbers LAPACK forms the inverse first, which is NaN."""
    return np.where(np.isinf(pivot), np.nan, pivot) if pivot.dtype.kind == "c" else pivot


def _largest(columns: Array) -> Array:
    """Where the largest number of each row is; a NaN is passed over, unless it is the first, which then stays."""
    sizes = np.abs(columns.real) + np.abs(columns.imag) if columns.dtype.kind == "c" else np.abs(columns)
    found = np.where(np.isnan(sizes), -1, sizes).argmax(-1)
    found[np.isnan(sizes[:, 0])] = 0
    return found


def solutions(lu: Array, exchanges: Array, b: Array) -> Array:
    """The solutions of systems from `factors`, for right-hand sides ``(*batch, n, k)`` of the same batch."""
    n = lu.shape[-1]
    a, x = lu.reshape(-1, n, n), np.array(b, order="C").reshape(-1, *b.shape[-2:])
    each = np.arange(len(a))
    for j, row in enumerate(exchanges.reshape(-1, n).T - 1):
        x[each, j], x[each, row] = x[each, row], x[each, j]
    for j in range(n):
        x[:, j + 1 :] -= a[:, j + 1 :, j, None] * x[:, j, None]
    for j in reversed(range(n)):
        x[:, j] /= a[:, j, j, None]
        x[:, :j] -= a[:, :j, j, None] * x[:, j, None]
    return x.reshape(b.shape)


def _turned(x: Array) -> tuple[Array, bool]:
    """The matrices that PyTorch factorizes for determinants, which lie column by column, and whether transposed."""
    turned = x.dtype.kind != "c" and x.flags.c_contiguous
    return (x.mT if turned else x), turned


def pivots(x: Array) -> tuple[Array, Array]:
    """The pivots of matrices, ``(n, *batch)``, and 1 or -1 for each, with which their product is the determinant."""
    lu, exchanges, _ = factors(_turned(x)[0])
    moved = np.count_nonzero(exchanges != np.arange(1, x.shape[-1] + 1), -1)
    return np.moveaxis(lu.diagonal(0, -2, -1), -1, 0), np.asarray(1 - 2 * (moved % 2)).astype(x.dtype)


def cofactors(x: Array, determinant: Array) -> Array:
    """The conjugated cofactors of matrices of more than one row, from their factors as in PyTorch."""
    matrices, turned = _turned(x)
    lu, exchanges, _ = factors(matrices)
    places = np.arange(x.shape[-1])
    diagonal = lu[..., places, places]
    lu[..., places, places] = np.where(diagonal == 0, np.finfo(x.dtype).eps, diagonal)
    sides = np.zeros_like(lu)
    sides[..., places, places] = determinant[..., None]
    found = solutions(lu, exchanges, sides)
    return found if turned else np.conjugate(found.mT)


def cholesky(x: Array, upper: bool) -> tuple[Array, Array]:
    """The triangular factors of matrices, and LAPACK's codes: for each the first minor that is not positive, or 0.

    What stands behind that minor's diagonal element stays as it was.
    """
    n = x.shape[-1]
    lower = np.tril(np.conjugate(x.mT) if upper else x).reshape(-1, n, n)
    codes = np.zeros(len(lower), np.int32)
    for i, m in enumerate(lower):
        for j in range(n):
            row = np.conjugate(m[j, :j])
            m[j, j] = m[j, j].real - (row * m[j, :j]).real.sum()
            if not m[j, j].real > 0:
                codes[i] = j + 1
                break
            m[j, j] = np.sqrt(m[j, j].real)
            m[j + 1 :, j] = (m[j + 1 :, j] - m[j + 1 :, :j] @ row) / m[j, j].real
    lower = lower.reshape(x.shape)
    return np.conjugate(lower.mT) if upper else lower, codes.reshape(x.shape[:-2])
