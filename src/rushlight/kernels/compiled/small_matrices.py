"""Factorizations of many small matrices, for which calling LAPACK takes longer than its arithmetic.

A piece of work is a matrix. The algorithms are the plain ones of Golub and Van Loan, Matrix Computations, chapter 3.
"""

from typing import Any

from numba import types

from .builder import Real, kernel
from .simd import ahead, array_reader, integer

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


def lu(real: Real) -> Any:
    """The factors L and U in one matrix, in its place, with exchanges of rows.

    Arguments: a; for each step the row that was exchanged, counted from 1; for each matrix the first step whose pivot
    is zero, or 0; rows, columns.
    """
    read, kind = real.read, real.type

    @kernel
    def lu(args, begin, end, thread):
        rows, columns = integer(args, 3), integer(args, 4)
        steps = min(rows, columns)
        for piece in range(begin, end):
            a, pivots, failed = ahead(read(args, 0), piece * rows * columns), ahead(_numbers(args, 1), piece * steps), 0
            for k in range(steps):
                best, most = k, abs(a[k * columns + k])
                for i in range(k + 1, rows):
                    size = abs(a[i * columns + k])
                    if size > most:
                        best, most = i, size
                pivots[k] = best + 1
                if most == 0:
                    if failed == 0:
                        failed = k + 1
                    continue
                here, there = ahead(a, k * columns), ahead(a, best * columns)
                if best != k:
                    for j in range(columns):
                        here[j], there[j] = there[j], here[j]
                share = kind(1) / here[k]
                for i in range(k + 1, rows):
                    row = ahead(a, i * columns)
                    factor = row[k] * share
                    row[k] = factor
                    for j in range(k + 1, columns):
                        row[j] -= factor * here[j]
            _numbers(args, 2)[piece] = failed

    return lu
