"""Linear algebra: inverses, determinants, factorizations, solutions of linear systems, norms of matrices."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from .contraction import linalg_cross, multi_dot
from .data import type_name
from .declare import Array, composite, formula, in_formulas, operation, return_type
from .matmul import matmul
from .out import finish_out
from .reduction import amax, amin, wrap_dim
from .statistics import vector_norm

cross = linalg_cross

__all__ = [
    "LinAlgError", "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "vecdot",
    "vector_norm",
]  # fmt: skip


class LinAlgError(RuntimeError):
    """A matrix has no inverse, factorization or solution of the kind asked for."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"


# ---------------------------------------------------------------------------------------------- arguments
def _matrices(function: str, x: Any, square: bool = True, argument: str = "A") -> None:
    if not isinstance(x, TensorBase):
        name = function.replace(".", "_")
        raise TypeError(f"{name}(): argument '{argument}' (position 1) must be Tensor, not {type_name(x)}")
    if len(x._shape) < 2:
        raise RuntimeError(f"{function}: The input tensor {argument} must have at least 2 dimensions.")
    if square and x._shape[-1] != x._shape[-2]:
        raise RuntimeError(
            f"{function}: {argument} must be batches of square matrices, but they are {x._shape[-2]} by {x._shape[-1]} "
            "matrices"
        )
    if x._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{function}: Expected a floating point or complex tensor as input. Got {x._dtype.scalar_name}"
        )
    if x._dtype.itemsize == 2:
        raise RuntimeError(f"{function}: Low precision dtypes not supported. Got {x._dtype.scalar_name}")


def _batch(x: Array, singular: Any) -> str:
    """How a message names the matrix of a batch at which something failed; `singular` tells whether one does."""
    if x.ndim == 2:
        return ""
    for i, m in enumerate(x.reshape(-1, *x.shape[-2:])):
        if singular(m):
            return f"(Batch element {i}): "
    return ""


def _adjoint(x: Array) -> Array:
    return np.conjugate(x.mT) if x.dtype.kind == "c" else x.mT


in_formulas(_adjoint, lambda x: x.mH, "mH", aliasing=True)


# ---------------------------------------------------------------------------------------------- inverses
def _zero_pivot(m: Array) -> int:
    """The place, counted from 1, of the first zero on the diagonal after elimination; 0 if there is none."""
    from scipy.linalg import lapack

    (factor,) = lapack.get_lapack_funcs(("getrf",), (m,))
    return int(factor(m)[2])


def _inverse(x: Array) -> Array:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        for i, m in enumerate(x.reshape(-1, *x.shape[-2:])):
            place = _zero_pivot(m)
            if place:
                where = "" if x.ndim == 2 else f"(Batch element {i}): "
                raise LinAlgError(
                    f"linalg.inv: {where}The diagonal element {place} is zero, the inversion could not be completed "
                    "because the input matrix is singular."
                ) from None
        raise


@operation(name="_inv", node="LinalgInvExBackward0", aten="linalg_inv", function=False, method=False, out=False,
           kernel=_inverse, input="-matmul(mH(result), matmul(grad, mH(result)))",
           tangent="-matmul(result, matmul(input_t, result))")  # fmt: skip
def _inv(input: Array) -> Array:
    """The inverses of matrices."""


in_formulas(_inverse, lambda x: _inv(x), "inverse_of")


def inv(A: Any, *, out: Any = None) -> Any:
    """The inverse of a matrix, or of each of a batch.

    Raises:
        LinAlgError: a matrix is singular.
        RuntimeError: the matrices are not square, or not of a floating-point or complex dtype.
    """
    _matrices("linalg.inv", A)
    return finish_out(out, _inv(A), "linalg_inv")


@composite()
def inverse(input: Any, *, out: Any = None) -> Any:
    """The inverse of a matrix; see `torch.linalg.inv`."""
    return inv(input, out=out)


# ---------------------------------------------------------------------------------------------- determinants
def _cofactors(x: Array) -> Array:
    """The conjugated cofactors of matrices: the derivative of the determinant, also of singular ones."""
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.ones_like(s)
    for i in range(n):
        others[..., i] = np.prod(np.delete(s, i, -1), -1)
    sign = np.conjugate(np.linalg.det(u) * np.linalg.det(vh))
    return np.conjugate(sign)[..., None, None] * np.matmul(u * others[..., None, :], vh)


def _cofactors_tensor(x: Any) -> Any:
    return _det(x).conj().unsqueeze(-1).unsqueeze(-1) * _inv(x).mH


in_formulas(_cofactors, _cofactors_tensor, "cofactors")
in_formulas(lambda x: x[..., None, None], lambda x: x.unsqueeze(-1).unsqueeze(-1), "as_matrix", aliasing=True)


@operation(name="_det", node="LinalgDetBackward0", aten="linalg_det", function=False, method=False, out=False,
           kernel=np.linalg.det, input="as_matrix(grad) * cofactors(input)")  # fmt: skip
def _det(input: Array) -> Array:
    """The determinants of matrices."""


def det(A: Any, *, out: Any = None) -> Any:
    """The determinant of a square matrix, or of each of a batch."""
    _matrices("linalg.det", A)
    return finish_out(out, _det(A), "linalg_det")


composite()(det)


@operation(name="_slogdet", node="LinalgSlogdetBackward0", aten="linalg_slogdet", function=False, method=False,
           out=False, outputs=("sign", "logabsdet"),
           input="zeros_like(input) if grads[1] is None else as_matrix(grads[1]) * mH(inverse_of(input))")  # fmt: skip
def _slogdet(input: Array) -> Any:
    """The signs of determinants and the logarithms of their absolute values."""
    return tuple(np.linalg.slogdet(input))


def slogdet(A: Any, *, out: Any = None) -> Any:
    """The sign of the determinant and the logarithm of its absolute value, as ``(sign, logabsdet)``."""
    _matrices("linalg.slogdet", A)
    return _slogdet(A)


composite()(slogdet)


@composite()
def logdet(input: Any) -> Any:
    """The logarithm of the determinant; NaN where that is negative."""
    _matrices("logdet", input, argument="input")
    from .comparison import where

    sign, logabsdet = _slogdet(input)
    return where(sign == -1, math.nan, logabsdet)


# ---------------------------------------------------------------------------------------------- linear systems
def _solve_array(a: Array, b: Array) -> Array:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        where = _batch(a, _zero_pivot)
        raise LinAlgError(
            f"torch.linalg.solve: {where}The solver failed because the input matrix is singular."
        ) from None


@operation(name="_solve", node="LinalgSolveExBackward0", aten="linalg_solve", function=False, method=False, out=False,
           kernel=_solve_array,
           input="fit_like(-matmul(solve_matrices(mH(input), grad), mH(result)), shape(input))",
           other="fit_like(solve_matrices(mH(input), grad), shape(other))")  # fmt: skip
def _solve(input: Array, other: Array) -> Array:
    """The solutions of linear systems, as columns."""


in_formulas(_solve_array, lambda a, b: _solve(a, b), "solve_matrices")


def solve(A: Any, B: Any, *, left: bool = True, out: Any = None) -> Any:
    """The solution X of ``A X = B``, or of ``X A = B`` if not `left`.

    Args:
        A: square matrices.
        B: matrices of as many rows, or vectors.
        left: on which side A stands.
        out: the tensor to write to.

    Raises:
        LinAlgError: a matrix is singular.
        RuntimeError: the shapes or dtypes do not fit.
    """
    _matrices("linalg.solve", A)
    if A._dtype is not B._dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A._dtype.scalar_name} and B "
            f"of type {B._dtype.scalar_name} instead"
        )
    vector = len(B._shape) == 1 or B._shape == A._shape[:-1]
    if vector:
        B = B.unsqueeze(-1)
    found = _solve(A, B) if left or vector else _solve(A.mT, B.mT).mT
    return finish_out(out, found.squeeze(-1) if vector else found, "linalg_solve")


def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The solution of least squares of ``A X = B``, as ``(solution, residuals, rank, singular_values)``.

    The solution has a derivative; the other results have none.
    """
    _matrices("torch.linalg.lstsq", A, square=False)
    vector = len(B._shape) == len(A._shape) - 1
    right = B.unsqueeze(-1) if vector else B
    solution = pinv(A, rtol=rcond) @ right
    m, n = A._shape[-2:]
    rank = matrix_rank(A, rtol=rcond)
    residuals = A.new_empty((0,))
    if m > n and bool((rank == n).all()):
        residuals = (A @ solution - right).abs().pow(2).sum(-2).detach()
    values = svdvals(A.detach()) if driver in ("gelsd", "gelss") else A.new_empty((0,))
    solution = solution.squeeze(-1) if vector else solution
    return _Lstsq((solution, residuals, rank, values))


_Lstsq = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))


# ---------------------------------------------------------------------------------------------- factorizations
def _half_lower(n: int, dtype: Any) -> Array:
    mask = np.tril(np.ones((n, n), dtype))
    mask[np.arange(n), np.arange(n)] = 0.5
    return mask


in_formulas(
    lambda x: x * _half_lower(x.shape[-1], x.dtype), lambda x: x * wrap(_half_lower(x._shape[-1], x._data.dtype)), "phi"
)
in_formulas(
    lambda x: np.tril(x, -1), lambda x: x * wrap(np.tril(np.ones(x._shape[-2:], x._data.dtype), -1)), "strictly_lower"
)
in_formulas(np.tril, lambda x: x * wrap(np.tril(np.ones(x._shape[-2:], x._data.dtype))), "lower")


def _cholesky_array(x: Array, upper: bool) -> Array:
    try:
        found = np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        for i, m in enumerate(x.reshape(-1, *x.shape[-2:])):
            for order in range(1, m.shape[0] + 1):
                if np.linalg.det(m[:order, :order]).real <= 0:
                    where = "" if x.ndim == 2 else f"(Batch element {i}): "
                    raise LinAlgError(
                        f"linalg.cholesky: {where}The factorization could not be completed because the input is not "
                        f"positive-definite (the leading minor of order {order} is not positive-definite)."
                    ) from None
        raise
    return _adjoint(found).copy() if upper else found


@formula
def cholesky_backward(grad: Any, result: Any, upper: bool) -> Any:
    """The gradient of a Cholesky factor."""
    if upper:
        grad, result = mH(grad), mH(result)  # type: ignore[name-defined]  # noqa: F821
    inner = phi(matmul(mH(result), grad))  # type: ignore[name-defined]  # noqa: F821
    inverse = inverse_of(result)  # type: ignore[name-defined]  # noqa: F821
    found = matmul(mH(inverse), matmul(inner, inverse))  # type: ignore[name-defined]  # noqa: F821
    return (found + mH(found)) * 0.5  # type: ignore[name-defined]  # noqa: F821


@operation(name="_cholesky", node="LinalgCholeskyExBackward0", aten="linalg_cholesky", function=False, method=False,
           out=False, kernel=_cholesky_array, input="cholesky_backward(grad, result, upper)")  # fmt: skip
def _cholesky(input: Array, upper: bool) -> Array:
    """The Cholesky factors of matrices."""


def cholesky(A: Any, *, upper: bool = False, out: Any = None) -> Any:
    """The lower triangular L with ``A = L L^H``, or the upper one; A is Hermitian and positive-definite.

    Raises:
        LinAlgError: a matrix is not positive-definite.
    """
    _matrices("linalg.cholesky", A)
    return finish_out(out, _cholesky(A, upper), "linalg_cholesky")


@composite(name="cholesky")
def _cholesky_old(input: Any, upper: bool = False, *, out: Any = None) -> Any:
    """The Cholesky factor; see `torch.linalg.cholesky`."""
    return finish_out(out, cholesky(input, upper=upper), "cholesky")


@formula
def qr_backward(grad_q: Any, grad_r: Any, Q: Any, R: Any) -> Any:
    """The gradient of a QR factorization with as many rows as columns, or more."""
    middle = 0
    if grad_r is not None:
        middle = matmul(R, mH(grad_r))  # type: ignore[name-defined]  # noqa: F821
    if grad_q is not None:
        middle = middle - matmul(mH(grad_q), Q)  # type: ignore[name-defined]  # noqa: F821
    found = matmul(Q, lower(middle) + mH(strictly_lower(middle)))  # type: ignore[name-defined]  # noqa: F821
    if grad_q is not None:
        found = found + grad_q
    return mH(solve_matrices(R, mH(found)))  # type: ignore[name-defined]  # noqa: F821


@operation(name="_qr", node="LinalgQrBackward0", aten="linalg_qr", function=False, method=False, out=False,
           outputs=("Q", "R"), shows=("mode",), input="qr_backward(grads[0], grads[1], Q, R)")  # fmt: skip
def _qr(input: Array, mode: str) -> Any:
    """The factors Q and R of matrices."""
    return tuple(np.linalg.qr(input, mode))


def qr(A: Any, mode: str = "reduced", *, out: Any = None) -> Any:
    """``A = Q R`` with orthonormal columns in Q and an upper triangular R, as ``(Q, R)``.

    Args:
        A: the matrix or matrices.
        mode: ``"reduced"`` or ``"complete"``.
        out: the pair of tensors to write to.
    """
    _matrices("linalg.qr", A, square=False)
    if mode not in ("reduced", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return _qr(A, mode)


@composite(name="qr")
def _qr_old(input: Any, some: bool = True) -> Any:
    """The QR factorization; see `torch.linalg.qr`."""
    return qr(input, "reduced" if some else "complete")


def _gaps(values: Array) -> Array:
    """One over the differences of values, by column and row; 0 on the diagonal."""
    apart = values[..., None, :] - values[..., :, None]
    n = values.shape[-1]
    apart[..., np.arange(n), np.arange(n)] = np.inf
    return 1 / apart


def _gaps_tensor(values: Any) -> Any:
    n = values._shape[-1]
    diagonal = np.zeros((n, n), values._data.dtype)
    diagonal[np.arange(n), np.arange(n)] = np.inf
    return 1 / (values.unsqueeze(-2) - values.unsqueeze(-1) + wrap(diagonal))


in_formulas(_gaps, _gaps_tensor, "gaps")
in_formulas(lambda x: x[..., None, :], lambda x: x.unsqueeze(-2), "as_row", aliasing=True)
in_formulas(lambda x: x[..., :, None], lambda x: x.unsqueeze(-1), "as_column", aliasing=True)
in_formulas(
    lambda x: x[..., None] * np.eye(x.shape[-1], dtype=x.dtype),
    lambda x: x.unsqueeze(-1) * wrap(np.eye(x._shape[-1], dtype=x._data.dtype)),
    "diagonal_matrix",
)


@formula
def eigh_backward(grad_values: Any, grad_vectors: Any, values: Any, vectors: Any) -> Any:
    """The gradient of the eigenvalues and eigenvectors of Hermitian matrices."""
    inner = 0
    if grad_values is not None:
        inner = diagonal_matrix(grad_values)  # type: ignore[name-defined]  # noqa: F821
    if grad_vectors is not None:
        inner = inner + matmul(mH(vectors), grad_vectors) * gaps(values)  # type: ignore[name-defined]  # noqa: F821
    return matmul(vectors, matmul(inner, mH(vectors)))  # type: ignore[name-defined]  # noqa: F821


@operation(name="_eigh", node="LinalgEighBackward0", aten="linalg_eigh", function=False, method=False, out=False,
           outputs=("eigenvalues", "eigenvectors"),
           input="eigh_backward(grads[0], grads[1], eigenvalues, eigenvectors)")  # fmt: skip
def _eigh(input: Array, UPLO: str) -> Any:
    """The eigenvalues and eigenvectors of Hermitian matrices."""
    return tuple(np.linalg.eigh(input, UPLO))  # type: ignore[call-overload]


def eigh(A: Any, UPLO: str = "L", *, out: Any = None) -> Any:
    """The eigenvalues, ascending, and eigenvectors of a Hermitian matrix, as ``(eigenvalues, eigenvectors)``.

    Args:
        A: the matrix or matrices; only one triangle is read.
        UPLO: which triangle, ``"L"`` or ``"U"``.
        out: the pair of tensors to write to.
    """
    _matrices("linalg.eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return _eigh(A, UPLO.upper())


def eigvalsh(A: Any, UPLO: str = "L", *, out: Any = None) -> Any:
    """The eigenvalues of a Hermitian matrix, ascending; see `eigh`."""
    return finish_out(out, eigh(A, UPLO)[0], "linalg_eigvalsh")


@formula
def svd_backward(grad_u: Any, grad_s: Any, grad_vh: Any, U: Any, S: Any, Vh: Any) -> Any:
    """The gradient of a reduced singular value decomposition of real matrices."""
    inner = 0
    if grad_s is not None:
        inner = diagonal_matrix(grad_s)  # type: ignore[name-defined]  # noqa: F821
    more = 0
    if grad_u is not None or grad_vh is not None:
        between = gaps(S * S)  # type: ignore[name-defined]  # noqa: F821
    if grad_u is not None:
        turned = matmul(mH(U), grad_u)  # type: ignore[name-defined]  # noqa: F821
        inner = inner + (turned - mH(turned)) * between * as_row(S)  # type: ignore[name-defined]  # noqa: F821
        if U.shape[-2] > U.shape[-1]:
            more = more + matmul((grad_u - matmul(U, turned)) / as_row(S), Vh)  # type: ignore[name-defined]  # noqa: F821
    if grad_vh is not None:
        turned = matmul(Vh, mH(grad_vh))  # type: ignore[name-defined]  # noqa: F821
        inner = inner + as_column(S) * ((turned - mH(turned)) * between)  # type: ignore[name-defined]  # noqa: F821
        if Vh.shape[-1] > Vh.shape[-2]:
            rest = grad_vh - matmul(mH(turned), Vh)  # type: ignore[name-defined]  # noqa: F821
            more = more + matmul(U, rest / as_column(S))  # type: ignore[name-defined]  # noqa: F821
    return matmul(U, matmul(inner, Vh)) + more  # type: ignore[name-defined]


@operation(name="_svd", node="LinalgSvdBackward0", aten="linalg_svd", function=False, method=False, out=False,
           outputs=("U", "S", "Vh"), input="svd_backward(grads[0], grads[1], grads[2], U, S, Vh)")  # fmt: skip
def _svd(input: Array) -> Any:
    """The reduced singular value decompositions of matrices."""
    return tuple(np.linalg.svd(input, full_matrices=False))


@operation(name="_svd_full", node="LinalgSvdBackward0", aten="linalg_svd", function=False, method=False, out=False,
           outputs=("U", "S", "Vh"))  # fmt: skip
def _svd_full(input: Array) -> Any:
    """The full singular value decompositions of matrices."""
    return tuple(np.linalg.svd(input))


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """``A = U diag(S) Vh`` with orthonormal U and Vh and descending S, as ``(U, S, Vh)``.

    Args:
        A: the matrix or matrices.
        full_matrices: whether U and Vh are square; then they have derivatives only if A is square.
        driver: accepted; it names an algorithm of GPUs.
        out: the three tensors to write to.
    """
    _matrices("linalg.svd", A, square=False)
    return _svd_full(A) if full_matrices and A._shape[-1] != A._shape[-2] else _svd(A)


_Svd = return_type("svd", ("U", "S", "V"))


@composite(name="svd")
def _svd_old(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition with V instead of its adjoint; see `torch.linalg.svd`."""
    u, s, vh = svd(input, not some)
    return _Svd((u, s, vh.mH))


def svdvals(A: Any, *, driver: str | None = None, out: Any = None) -> Any:
    """The singular values of a matrix, descending."""
    _matrices("linalg.svdvals", A, square=False)
    return finish_out(out, _svd(A)[1], "linalg_svdvals")


# ---------------------------------------------------------------------------------------------- made of these
def _cutoff(A: Any, values: Any, atol: Any, rtol: Any) -> Any:
    """Below which size singular values count as zero."""
    if rtol is None:
        rtol = 0.0 if atol else max(A._shape[-2:]) * float(np.finfo(A._data.real.dtype).eps)
    return np.maximum(float(atol or 0), float(rtol) * values._data.max(-1, keepdims=True, initial=0))


def pinv(
    A: Any, rcond: float | None = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None
) -> Any:
    """The pseudoinverse of a matrix; singular values up to ``max(atol, rtol * largest)`` count as zero."""
    _matrices("linalg.pinv", A, square=hermitian)
    u, s, vh = _svd(A)
    keep = s._data > _cutoff(A, s, atol, rcond if rtol is None else rtol)
    from .comparison import where

    inverse_values = where(wrap(keep), 1 / where(wrap(keep), s, 1.0), 0.0).to(s._dtype)
    return finish_out(out, matmul(vh.mH * inverse_values.unsqueeze(-2).to(A._dtype), u.mH), "linalg_pinv")


@composite()
def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """The pseudoinverse of a matrix; see `torch.linalg.pinv`."""
    return pinv(input, rtol=rcond)


def matrix_rank(
    A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None
) -> Any:
    """How many singular values of a matrix are above ``max(atol, rtol * largest)``."""
    _matrices("linalg.matrix_rank", A, square=hermitian)
    s = svdvals(A.detach())
    limit = _cutoff(A, s, tol if atol is None else atol, 0.0 if tol is not None else rtol)
    return wrap((s._data > limit).sum(-1))


def matrix_power(A: Any, n: int, *, out: Any = None) -> Any:
    """A square matrix to a whole power, negative ones of its inverse."""
    _matrices("linalg.matrix_power", A)
    if n == 0:
        eye = np.broadcast_to(np.eye(A._shape[-1], dtype=A._data.dtype), A._shape)
        return finish_out(out, wrap(eye.copy()), "linalg_matrix_power")
    base = A if n > 0 else inv(A)
    n, result = abs(n), None
    while n:
        if n & 1:
            result = base if result is None else matmul(result, base)
        n >>= 1
        if n:
            base = matmul(base, base)
    return finish_out(out, result, "linalg_matrix_power")


composite(name="matrix_power")(matrix_power)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of matrices."""
    return A.diagonal(offset, dim1, dim2)


def vecdot(x: Any, y: Any, *, dim: int = -1, out: Any = None) -> Any:
    """The dot products of vectors along a dimension; the first vector's elements are conjugated."""
    return finish_out(out, ((x.conj() if x._dtype.is_complex else x) * y).sum(dim), "linalg_vecdot")


def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    """The norm of matrices in two dimensions.

    Args:
        A: the tensor.
        ord: ``"fro"`` (Euclidean), ``"nuc"`` (the sum of the singular values), 2 or -2 (the largest or least singular
            value), 1 or -1 (the largest or smallest sum of a column), inf or -inf (of a row).
        dim: the two dimensions of the matrices.
        keepdim: whether the dimensions stay, with length 1.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the norm is unknown, or `dim` is no pair.
    """
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if not isinstance(ord, str) and abs(ord) not in (1, 2, math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord:g} not supported.")
    if isinstance(dim, int):
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    if len(A._shape) < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    if ord == "fro":
        return vector_norm(A, 2, tuple(dim), keepdim, dtype=dtype, out=out)
    if dtype is not None:
        A = A.to(dtype)
    first, second = (wrap_dim(d, len(A._shape)) for d in dim)
    if first == second:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "nuc" or abs(ord) == 2:
        values = svdvals(A.movedim((first, second), (-2, -1)))
        found = values.sum(-1, keepdim=keepdim) if ord == "nuc" else (amax if ord > 0 else amin)(values, -1, keepdim)
        if keepdim:
            found = found.unsqueeze(-1).movedim((-2, -1), (first, second))
        return finish_out(out, found, "linalg_matrix_norm")
    added, chosen = (first, second) if abs(ord) == 1 else (second, first)
    sums = vector_norm(A, 1, added, keepdim)
    at = chosen - 1 if not keepdim and added < chosen else chosen
    return finish_out(out, (amax if ord > 0 else amin)(sums, at, keepdim), "linalg_matrix_norm")


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, out: Any = None, dtype: Any = None) -> Any:
    """The norm of a vector or a matrix, by the number of dimensions or of `dim`; see `vector_norm` and `matrix_norm`.

    Raises:
        RuntimeError: `ord` is given without `dim` for more than two dimensions.
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    dims = len(A._shape)
    if dim is None and dims not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {dims}D.")
    pair = dims == 2 if dim is None else not isinstance(dim, int) and len(dim) == 2
    if pair or isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype, out=out)
