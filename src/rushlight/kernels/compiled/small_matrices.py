"""Factorizations of many small matrices, for which calling LAPACK takes longer than its arithmetic.

A piece of work is a matrix. The algorithms are the plain ones of Golub and Van Loan, Matrix Computations, chapter 3.
"""

from typing import Any

from numba import njit, types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer, sqrt

_numbers = array_reader(types.int64)


def triangular(real: Real) -> Any:
    """The solutions of lower triangular systems, in the place of their right sides.

    Arguments: a, x; rows, columns of x, whether the diagonal counts as ones; in elements, where the first element of a
    lies in a matrix, from matrix to matrix, row to row, column to column; likewise of x.
    """
    read = real.read

    @kernel
    def triangular(args, begin, end, thread):
        rows, columns, unit = integer(args, 2), integer(args, 3), integer(args, 4) != 0
        a_row, a_column, x_row, x_column = integer(args, 7), integer(args, 8), integer(args, 11), integer(args, 12)
        for piece in range(begin, end):
            a = ahead(read(args, 0), piece * integer(args, 6) + integer(args, 5))
            x = ahead(read(args, 1), piece * integer(args, 10) + integer(args, 9))
            for i in range(rows):
                target = ahead(x, i * x_row)
                for k in range(i):
                    factor, source = a[i * a_row + k * a_column], ahead(x, k * x_row)
                    if x_column == 1:
                        for j in range(columns):
                            target[j] -= factor * source[j]
                    else:
                        for j in range(columns):
                            target[j * x_column] -= factor * source[j * x_column]
                if not unit:
                    pivot = a[i * (a_row + a_column)]
                    for j in range(columns):
                        target[j * x_column] /= pivot

    return triangular


def _pivoting(real: Real) -> Any:
    """``step(a, k, rows, columns)``: the row of step k's pivot, which is exchanged with row k; -1 if all are zero."""

    @njit
    def step(a, k, rows, columns):
        best, most = k, abs(a[k * columns + k])
        for i in range(k + 1, rows):
            size = abs(a[i * columns + k])
            if size > most:
                best, most = i, size
        if most == 0:
            return -1
        if best != k:
            here, there = ahead(a, k * columns), ahead(a, best * columns)
            for j in range(columns):
                here[j], there[j] = there[j], here[j]
        return best

    return step


def lu(real: Real) -> Any:
    """The factors L and U in one matrix, in its place, with exchanges of rows.

    Arguments: a; for each step the row that was exchanged, counted from 1; for each matrix the first step whose pivot
    is zero, or 0; rows, columns.
    """
    read, kind, pivoting = real.read, real.type, _pivoting(real)

    @kernel
    def lu(args, begin, end, thread):
        rows, columns = integer(args, 3), integer(args, 4)
        steps = min(rows, columns)
        for piece in range(begin, end):
            a, pivots, failed = ahead(read(args, 0), piece * rows * columns), ahead(_numbers(args, 1), piece * steps), 0
            for k in range(steps):
                best = pivoting(a, k, rows, columns)
                if best < 0:
                    pivots[k] = k + 1
                    if failed == 0:
                        failed = k + 1
                    continue
                pivots[k] = best + 1
                here = ahead(a, k * columns)
                share = kind(1) / here[k]
                for i in range(k + 1, rows):
                    row = ahead(a, i * columns)
                    factor = row[k] * share
                    row[k] = factor
                    for j in range(k + 1, columns):
                        row[j] -= factor * here[j]
            _numbers(args, 2)[piece] = failed

    return lu


def pivots(real: Real) -> Any:
    """The pivots of square matrices; their product is the determinant, for each exchange of rows turns a sign.

    Arguments: a, which is lost; the pivots, all first ones first; rows, matrices.
    """
    read, kind, pivoting = real.read, real.type, _pivoting(real)

    @kernel
    def pivots(args, begin, end, thread):
        n, count = integer(args, 2), integer(args, 3)
        for piece in range(begin, end):
            a, out = ahead(read(args, 0), piece * n * n), ahead(read(args, 1), piece)
            for k in range(n):
                best = pivoting(a, k, n, n)
                here = ahead(a, k * n)
                out[k * count] = here[k] if best == k or best < 0 else -here[k]
                if best < 0:
                    continue
                share = kind(1) / here[k]
                for i in range(k + 1, n):
                    row = ahead(a, i * n)
                    factor = row[k] * share
                    for j in range(k + 1, n):
                        row[j] -= factor * here[j]

    return pivots


def solve(real: Real) -> Any:
    """The solutions of linear systems, in the place of their right sides.

    Arguments: a, which is lost; x; for each matrix whether it is singular; rows of a, columns of x.
    """
    read, kind, pivoting = real.read, real.type, _pivoting(real)

    @kernel
    def solve(args, begin, end, thread):
        n, columns = integer(args, 3), integer(args, 4)
        for piece in range(begin, end):
            a, x = ahead(read(args, 0), piece * n * n), ahead(read(args, 1), piece * n * columns)
            _numbers(args, 2)[piece] = 0
            for k in range(n):
                best = pivoting(a, k, n, n)
                if best < 0:
                    _numbers(args, 2)[piece] = 1
                    break
                here, known = ahead(a, k * n), ahead(x, k * columns)
                if best != k:
                    other = ahead(x, best * columns)
                    for j in range(columns):
                        known[j], other[j] = other[j], known[j]
                share = kind(1) / here[k]
                for i in range(k + 1, n):
                    row, target = ahead(a, i * n), ahead(x, i * columns)
                    factor = row[k] * share
                    for j in range(k + 1, n):
                        row[j] -= factor * here[j]
                    for j in range(columns):
                        target[j] -= factor * known[j]
            else:
                for k in range(n - 1, -1, -1):
                    known, pivot = ahead(x, k * columns), a[k * n + k]
                    for j in range(columns):
                        known[j] /= pivot
                    for i in range(k):
                        target, factor = ahead(x, i * columns), a[i * n + k]
                        for j in range(columns):
                            target[j] -= factor * known[j]

    return solve


def cholesky(real: Real) -> Any:
    """The upper triangular factors of symmetric matrices, of which the upper triangle is read, in their place.

    Arguments: a; for each matrix whether it is not positive definite; rows; whether the transposed factor is wanted.
    """
    read, zero = real.read, real.type(0)

    @kernel
    def cholesky(args, begin, end, thread):
        n, turned = integer(args, 2), integer(args, 3) != 0
        for piece in range(begin, end):
            a = ahead(read(args, 0), piece * n * n)
            _numbers(args, 1)[piece] = 0
            for k in range(n):
                here = ahead(a, k * n)
                if not here[k] > zero:
                    _numbers(args, 1)[piece] = 1
                    break
                pivot = sqrt(here[k])
                here[k] = pivot
                for j in range(k + 1, n):
                    here[j] /= pivot
                for i in range(k + 1, n):
                    row, factor = ahead(a, i * n), here[i]
                    for j in range(i, n):
                        row[j] -= factor * here[j]
            for i in range(n):
                row = ahead(a, i * n)
                for j in range(i):
                    if turned:
                        row[j] = a[j * n + i]
                        a[j * n + i] = zero
                    else:
                        row[j] = zero

    return cholesky
