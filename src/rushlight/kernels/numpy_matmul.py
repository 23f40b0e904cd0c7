"""Products of arrays. Float32, float64 and complex products are BLAS; narrow floating types are computed in float32."""

from typing import Any

import numpy as np

from .blas import large_product
from .numpy_common import narrow, ones, widen

Array = np.ndarray
_add = np.add

# Elements from which a factor may belong to a large product.
_MANY = 1 << 15


def mm(a: Array, b: Array) -> Array:
    """The product of two matrices (or a matrix and a vector) of one dtype."""
    if a.dtype.char in "fdFD":
        if a.size == 1 or b.size == 1:
            # With a factor of one element, 0, NumPy's `dot` does not look at the other one, which may be NaN.
            return np.matmul(a, b)
        return a.dot(b) if a.size < _MANY else large_product(a, b)
    product = np.matmul if a.size == 1 or b.size == 1 else np.dot
    return narrow(product(widen(a), widen(b)), a.dtype)


def bmm(a: Array, b: Array) -> Array:
    """The products of corresponding matrices of one dtype."""
    if a.dtype.char in "fdFD":
        return np.matmul(a, b, order="C")
    return narrow(np.matmul(widen(a), widen(b), order="C"), a.dtype)


def dot(a: Array, b: Array) -> Any:
    """The sum of the products of corresponding elements of two vectors."""
    if a.dtype.char in "fdFD":
        return a.dot(b)
    return narrow(np.asarray(widen(a).dot(widen(b))), a.dtype)


def outer(a: Array, b: Array) -> Array:
    """The products of all elements of one vector with all of another."""
    return a[:, None] * b


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """``x @ weight.T + bias`` for a matrix `x`."""
    if x.dtype.char in "fdFD":
        if weight.size == 1 or x.size == 1:
            return np.matmul(x, weight.T) + bias
        result = x.dot(weight.T) if x.size < _MANY else large_product(x, weight.T)
        return _add(result, bias, result)  # type: ignore[no-any-return]
    product = np.matmul if weight.size == 1 or x.size == 1 else np.dot
    return narrow(product(widen(x), widen(weight).T) + widen(bias), x.dtype)


def column_sums(grad: Array) -> Array:
    """The sum over the rows of a matrix; for few rows as a product, which is quicker than a reduction."""
    column = ones(len(grad), grad.dtype)
    if column is not None:
        return column.dot(grad)  # type: ignore[no-any-return]
    from .numpy_reduction import sum_over

    return sum_over(grad, (0,))  # type: ignore[no-any-return]


def cross(a: Array, b: Array, axis: int) -> Array:
    """The vector product of arrays whose `axis` has length 3."""
    a1, a2, a3 = np.moveaxis(a, axis, 0)
    b1, b2, b3 = np.moveaxis(b, axis, 0)
    found = np.stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], axis)
    return np.ascontiguousarray(found)
