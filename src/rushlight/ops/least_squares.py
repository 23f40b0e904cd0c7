"""Pseudoinverses, ranks, and solutions of least squares."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, tensor_names, wrap
from ..kernels import lapack
from ..kernels.layout import columns
from .arguments import explained
from .declare import Array, composite, operation
from .eigen import eigh_array, eigvalsh, singular_values, svd_array
from .elementwise_general import broadcast_shapes
from .matmul import matmul
from .matrices import LinAlgError, finish, need_epsilon, need_matrices, need_square, tensor_formula, total
from .operation import return_type


# ---------------------------------------------------------------------------------------------- pseudoinverses
def _part(value: Any) -> Any:
    """A tolerance as an array that broadcasts with singular values."""
    return value._data[..., None] if isinstance(value, TensorBase) else np.asarray(float(value))


def _cutoff(shape: Any, values: Array, atol: Any, rtol: Any) -> Array:
    """Below which size singular values count as zero."""
    default = max(shape[-2:]) * float(np.finfo(values.dtype).eps)
    if atol is None and rtol is None:
        return np.float64(default) * values.max(-1, keepdims=True, initial=0)  # type: ignore[no-any-return]
    absolute = np.asarray(0.0) if atol is None else _part(atol)
    # Without a relative tolerance, the usual one holds unless there is an absolute one.
    relative = np.where(absolute > 0, 0.0, default) if rtol is None else _part(rtol)
    return np.maximum(absolute, relative * values.max(-1, keepdims=True, initial=0))


def _pinv_array(x: Array, atol: Any, rtol: Any, hermitian: bool) -> Array:
    if not x.size:
        return np.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        values, vectors = eigh_array(x, "L")
        sizes = np.abs(values)
        keep = sizes > _cutoff(x.shape, sizes, atol, rtol)
        inverses = np.where(keep, 1 / np.where(keep, values, 1), 0)
        return np.matmul(vectors * inverses[..., None, :], np.conjugate(vectors.mT))
    u, s, vh = svd_array(x, False)
    return _inverted(u, s, vh, _cutoff(x.shape, s, atol, rtol))


def _inverted(u: Array, s: Array, vh: Array, cutoff: Any) -> Array:
    """The pseudoinverses of matrices from their singular value decompositions."""
    keep = s > cutoff
    inverses = np.where(keep, 1 / np.where(keep, s, 1), 0)
    return np.matmul(np.conjugate(vh.mT) * inverses[..., None, :], np.conjugate(u.mT))


@tensor_formula
def pinv_backward(grad: Any, P: Any, A: Any) -> Any:
    """The gradient of the pseudoinverse P of A, which has the same rank nearby.

    Source: Golub and Pereyra, https://doi.org/10.1137/0710036
    """
    m, n = A._shape[-2:]
    adjoint, grad = P.mH, grad.mH
    if m <= n:
        k = matmul(grad, P)
        kp = matmul(k, adjoint)
        return (
            -matmul(P, k).mH + kp - matmul(matmul(A, P), kp)
            + matmul(matmul(adjoint, P), grad - matmul(k, A))
        )  # fmt: skip
    k = matmul(P, grad)
    pk = matmul(adjoint, k)
    return -matmul(k, P).mH + matmul(matmul(grad - matmul(A, k), P), adjoint) + pk - matmul(matmul(pk, P), A)


@operation(name="_pinv", node="LinalgPinvBackward0", aten="linalg_pinv", function=False, method=False, out=False,
           kernel=_pinv_array, A="pinv_backward(grad, result, A)")  # fmt: skip
def _pinv(A: Array, atol: Any, rtol: Any, hermitian: bool) -> Array:
    """The pseudoinverses of matrices."""


@explained
def pinv(
    input: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None
) -> Any:
    """The pseudoinverse of a matrix; singular values up to ``max(atol, rtol * largest)`` count as zero.

    Args:
        input: the matrix or matrices.
        rcond: `rtol` by its older name.
        hermitian: whether A is Hermitian; then its eigenvalues serve.
        atol, rtol: numbers, or tensors of the batch's shape.
        out: the tensor to write to.

    Raises:
        RuntimeError: the input is no matrix or batch of matrices, of floating-point or complex numbers.
    """
    if len(input._shape) < 2 or input._dtype.category < dtypes.FLOATING or input._dtype.in_halves:
        raise RuntimeError(
            f"linalg.pinv({input._dtype.scalar_name}{{{list(input._shape)}}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    need_matrices("linalg.pinv", input, square=hermitian)
    found = _pinv(input, atol, rcond if rtol is None else rtol, bool(hermitian))
    return finish(out, found, "linalg_pinv")


@composite()
@explained
def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """The pseudoinverse of a matrix; see `torch.linalg.pinv`."""
    return pinv(input, rtol=rcond)


@explained
def matrix_rank(
    input: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None
) -> Any:
    """How many singular values of a matrix are above ``max(atol, rtol * largest)``.

    Args:
        input: the matrix or matrices.
        tol: the former name of `atol`.
        atol, rtol: below what, absolutely or as a part of the largest, a singular value counts as zero.
        hermitian: whether the matrices are Hermitian; absolute eigenvalues count then.
        out: the tensor to write to.
    """
    need_square("torch.linalg.matrix_rank", input, hermitian, "input")
    need_epsilon(input)
    if tol is not None:
        atol, rtol = tol, 0.0
    x = input._data
    if hermitian:
        sizes = np.abs(eigvalsh(input.detach())._data)
    elif x.size:
        sizes = singular_values(x)
    else:
        sizes = np.zeros((*x.shape[:-2], 0), x.real.dtype)
    return finish(out, wrap((sizes > _cutoff(x.shape, sizes, atol, rtol)).sum(-1)), "linalg_matrix_rank")


# ---------------------------------------------------------------------------------------------- least squares
def _refuse_nan(a: Array, b: Array) -> None:
    """Refuses matrices and right-hand sides that hold NaN, in the words of PyTorch's LAPACK.

    Raises:
        RuntimeError: one does.
    """
    lost = [np.isnan(x).any((-2, -1)) for x in (a, b)]
    either = np.logical_or(*lost)
    if either.any():
        first = int(either.argmax())
        where = f"(Batch element {first}): " if either.ndim else ""
        argument = 4 if np.broadcast_to(lost[0], either.shape).flat[first] else 6
        raise RuntimeError(f"torch.linalg.lstsq: {where}Argument {argument} has illegal value: it holds NaN.")


def _refuse_dependent(a: Array, dependent: Array) -> None:
    """Refuses matrices of which some column (of wide ones, row) is exactly a sum of those before it.

    Raises:
        LinAlgError: always.
    """
    first = int(dependent.argmax())
    where = f"(Batch element {first}): " if dependent.ndim else ""
    one = a.reshape(-1, *a.shape[-2:])[first]
    one = one if len(one) >= len(one.T) else one.T
    code = next(k for k in range(1, len(one.T) + 1) if k == len(one.T) or np.linalg.matrix_rank(one[:, :k]) < k)
    raise LinAlgError(
        f"torch.linalg.lstsq: {where}The least squares solution could not be computed because the input matrix does "
        f"not have full rank (error code: {code})."
    )


def _lstsq_array(a: Array, b: Array, rcond: float, driver: str) -> tuple[Array, ...]:
    m, n = a.shape[-2:]
    quick = None
    if a.ndim == b.ndim == 2 and driver in ("gels", "gelsy"):
        quick = lapack.least_squares(a, b, 0.0 if driver == "gels" else rcond)
    if quick is None:
        _refuse_nan(a, b)
        solution, rank, values = _by_singular_values(a, b, rcond, driver)
    else:
        (solution, rank), values = quick, np.zeros(0, a.dtype)
    if driver == "gels":
        dependent = (0 < rank) & (rank < min(m, n)) if quick is None else ~np.isfinite(solution).all()
        if dependent.any():
            _refuse_dependent(a, dependent)
    residuals = np.zeros(0, values.dtype)
    if m > n and driver != "gelsy" and (driver == "gels" or (rank == n).all()):
        residuals = np.square(np.abs(np.matmul(a, solution) - b)).sum(-2)
    if driver not in ("gelsd", "gelss"):
        values = np.zeros(0, values.dtype)
    return solution, residuals, np.zeros(0, np.int64) if driver == "gels" else rank, values


def _by_singular_values(a: Array, b: Array, rcond: float, driver: str) -> tuple[Array, Array, Array]:
    """The solutions of least squares, the ranks and the singular values."""
    m, n = a.shape[-2:]
    if a.size:
        u, values, vh = svd_array(a, False)
        inverse = _inverted(u, values, vh, _cutoff(a.shape, values, None, 0.0 if driver == "gels" else rcond))
    else:
        values = np.zeros((*a.shape[:-2], 0), a.real.dtype)
        inverse = np.zeros((*a.shape[:-2], n, m), a.dtype)
    solution = np.matmul(inverse, b)
    rank = (values > rcond * values.max(-1, keepdims=True, initial=0)).sum(-1)
    # LAPACK leaves the solution in the first rows of what held the right-hand sides, column by column.
    room = columns(np.zeros((*solution.shape[:-2], max(m, n), solution.shape[-1]), solution.dtype))[..., :n, :]
    room[...] = solution
    return room, rank, values


@tensor_formula
def lstsq_backward(grad: Any, grad_residuals: Any, A: Any, B: Any, X: Any, needs: Any) -> tuple[Any, Any]:
    """The gradients of solutions of least squares, and of the squares that are left."""
    by_a = by_b = None
    if grad is not None:
        inverse = _pinv(A, None, None, False)
        by_b = matmul(inverse.mH, grad)
        if needs[0]:
            by_a = pinv_backward(matmul(grad, B.mH), inverse, A)
    if grad_residuals is not None and grad_residuals._data.size:
        rest = (matmul(A, X) - B) * (2 * grad_residuals).unsqueeze(-2)
        by_a = total(by_a, matmul(rest, X.mH))
        by_b = total(by_b, -rest)
    fit = tensor_names["fit_like"]
    return None if by_a is None else fit(by_a, A._shape), None if by_b is None else fit(by_b, B._shape)


@operation(name="_lstsq", node="LinalgLstsqBackward0", aten="linalg_lstsq", function=False, method=False, out=False,
           kernel=_lstsq_array, outputs=("solution", "residuals", "rank", "singular_values"),
           differentiable=("solution", "residuals"),
           joint=("A, B", "lstsq_backward(grads[0], grads[1], A, B, solution, needs)"))  # fmt: skip
def _lstsq(A: Array, B: Array, rcond: float, driver: str) -> Any:
    """The solutions of least squares, and what is known of them."""


_EPSILON = {d: float(np.finfo(d.numpy).eps) for d in (dtypes.float32, dtypes.float64)}


@explained
def lstsq(input: Any, b: Any, rcond: float | None = None, *, driver: str | None = None, out: Any = None) -> Any:
    """The solution of least squares of ``A X = B``, as ``(solution, residuals, rank, singular_values)``.

    Args:
        input: matrices.
        b: the right-hand sides, as columns, or vectors.
        rcond: below which part of the largest singular value others count as zero.
        driver: LAPACK's routine: ``"gels"`` (for matrices of full rank), ``"gelsy"`` (the default), ``"gelsd"`` or
            ``"gelss"``; the rank and the singular values are returned by those which compute them.
        out: the four tensors to write to.

    Raises:
        RuntimeError: shapes or dtypes do not fit, or there is no such `driver`.
    """
    name = "torch.linalg.lstsq"
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if not b._shape:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if input._dtype is not b._dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype "
            f"{input._dtype.scalar_name} and other's dtype {b._dtype.scalar_name}"
        )
    if not 0 <= len(input._shape) - len(b._shape) <= 1:
        raise RuntimeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    driver = driver or "gelsy"
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    vector = len(b._shape) == 1 or input._shape[:-1] == b._shape
    right = b.unsqueeze(-1) if vector else b
    if input._shape[-2] != right._shape[-2]:
        raise RuntimeError(f"{name}: input.size(-2) should match {'other.size(-1)' if vector else 'other.size(-2)'}")
    if len(input._shape) > 2:
        broadcast_shapes(input._shape[:-2], b._shape[: len(input._shape) - 2])
    need_epsilon(input)
    if rcond is None:
        rcond = max(input._shape[-2:]) * _EPSILON[input._dtype.to_real()]
    solution, residuals, rank, values = _lstsq(input, right, rcond, driver)
    found = _Lstsq((solution.squeeze(-1) if vector else solution, residuals, rank, values))
    return finish(out, found, "linalg_lstsq")


_Lstsq = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))
