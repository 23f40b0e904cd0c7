"""QR factorizations, and products of Householder's reflections.

The derivatives are those of https://arxiv.org/abs/2009.10071.
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import wrap
from ..kernels import numpy_matrices
from ..kernels.batches import shared_out
from ..kernels.layout import columns
from ..warn import warn_once
from .arguments import explained
from .declare import Array, composite, operation
from .joining import cat
from .matmul import matmul
from .matrices import (
    finish,
    half_diagonal,
    lapack,
    need_matrices,
    over_batch,
    tensor_formula,
    total,
    widened,
)  # fmt: skip
from .operation import return_type
from .solving import solve_triangular

_Qr = return_type("qr", ("Q", "R"))


# ---------------------------------------------------------------------------------------------- QR
def _qr_array(x: Array, mode: str) -> tuple[Array, Array]:
    if mode == "r":
        r: Any = shared_out(lambda part: numpy_matrices.qr(part, "r")[1], 2, x)
        return np.zeros(0, x.dtype), columns(r)
    q, r = shared_out(lambda part: numpy_matrices.qr(part, mode), 2, x)
    return columns(q), columns(r)


@tensor_formula
def qr_backward(grad_q: Any, grad_r: Any, Q: Any, R: Any, mode: str) -> Any:
    """The gradient of a QR factorization.

    Raises:
        RuntimeError: there is none for this mode or shape.
    """
    m, n = Q._shape[-2], R._shape[-1]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols")
    inner = total(None if grad_r is None else matmul(grad_r, R.mH), None if grad_q is None else -matmul(Q.mH, grad_q))
    if m >= n:
        upper = inner.triu()
        upper = upper + upper.mH
        # Half of the diagonal's real part; its imaginary part is zero.
        found = matmul(Q, half_diagonal(upper))
        if grad_q is not None:
            found = found + grad_q
        return solve_triangular(R.mH, found, upper=False, left=False)
    lower = half_diagonal((inner - inner.mH).tril())
    found = solve_triangular(R.narrow(-1, 0, m).mH, -lower, upper=False, left=False)
    found = matmul(Q, widened(found, m, n))
    return found if grad_r is None else found + matmul(Q, grad_r)


@operation(name="_qr", node="LinalgQrBackward0", aten="linalg_qr", function=False, method=False, out=False,
           kernel=_qr_array, outputs=("Q", "R"),
           input="qr_backward(grads[0], grads[1], Q, R, mode)")  # fmt: skip
def _qr(input: Array, mode: str) -> Any:
    """The factors Q and R of matrices."""


def qr(A: Any, mode: str = "reduced", *, out: Any = None) -> Any:
    """``A = Q R`` with orthonormal columns in Q and an upper triangular R, as ``(Q, R)``.

    Args:
        A: the matrix or matrices.
        mode: ``"reduced"``, ``"complete"`` (Q is square), or ``"r"`` (Q is empty).
        out: the pair of tensors to write to.

    Raises:
        RuntimeError: there is no such mode, or the input is no matrix or batch of matrices.
    """
    need_matrices("linalg.qr", A, square=False, kernel="geqrf_cpu")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return finish(out, _qr(A, mode), "linalg_qr")


@composite(name="qr")
def _qr_old(input: Any, some: bool = True, *, out: Any = None) -> Any:
    """The QR factorization; see `torch.linalg.qr`."""
    warn_once(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\nThe "
        "boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\nshould "
        "be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')"
    )
    return finish(out, _Qr(qr(input, "reduced" if some else "complete")), "qr")


def _geqrf_array(x: Array) -> list[Array]:
    factor = lapack("geqrf", x)

    def each(m: Array) -> tuple[Any, Any]:
        return factor(m + 0)[:2] if m.size else (m, np.zeros(0, m.dtype))

    return over_batch(each, x)


@operation(name="_geqrf", node="GeqrfBackward0", aten="geqrf", function=False, method=False, out=False,
           kernel=_geqrf_array, outputs=("a", "tau"), input="no_derivative('geqrf')")  # fmt: skip
def _geqrf(input: Array) -> Any:
    """The QR factorization as LAPACK keeps it."""


@composite()
@explained
def geqrf(input: Any, *, out: Any = None) -> Any:
    """R and Householder's reflections whose product is Q in one matrix, and their factors, as ``(a, tau)``.

    Raises:
        RuntimeError: the input is no matrix or batch of matrices.
    """
    if len(input._shape) < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    need_matrices("torch.geqrf", input, square=False, argument="input", kernel="geqrf_cpu", integers=True)
    return finish(out, _geqrf(input), "geqrf")


# ---------------------------------------------------------------------------------------------- reflections
def _householder_array(a: Array, tau: Array) -> Array:
    if not a.size:
        return a.copy()
    multiply = lapack("ungqr" if a.dtype.kind == "c" else "orgqr", a)
    n = a.shape[-1]

    def each(m: Array, t: Array) -> tuple[Any]:
        return (multiply(m, t[:, 0])[0] if t.size else np.eye(*m.shape, dtype=m.dtype),)

    return over_batch(each, a[..., :n], tau[..., None])[0]


def _ormqr_array(a: Array, tau: Array, other: Array, left: bool, transpose: bool) -> Array:
    if not other.size or not tau.shape[-1]:
        return other.copy()
    multiply = lapack("unmqr" if a.dtype.kind == "c" else "ormqr", a)
    trans = ("C" if a.dtype.kind == "c" else "T") if transpose else "N"
    k = tau.shape[-1]

    def each(m: Array, t: Array, c: Array) -> tuple[Any]:
        return (multiply("L" if left else "R", trans, m, t[:, 0], c, 64 * max(c.shape))[0],)

    return over_batch(each, a[..., :k], tau[..., None], other)[0]


def _reflection_gradients(middle: Any, a: Any, tau: Any) -> Any:
    """The gradients of reflections, given ``Q G^H`` for their product Q and its gradient G.

    With ``H_i = I - tau_i v_i v_i^H``, the gradient of ``H_i`` is the adjoint of
    ``K_i = H_(i+1) ... H_k G^H H_1 ... H_(i-1)``, which follows from the one before it by a reflection on either side.
    """
    if not a._data.size or not tau._data.size:
        return None, None
    m = a._shape[-2]
    columns, factors = [], []
    for i in range(tau._shape[-1]):
        t = tau.narrow(-1, i, 1).unsqueeze(-1)
        below = a.narrow(-1, i, 1).narrow(-2, i + 1, m - i - 1)
        shape = (*below._shape[:-2], i + 1, 1)
        top = wrap(np.broadcast_to(np.eye(i + 1, dtype=a._data.dtype)[:, -1:], shape).copy())
        v = cat([top, below], -2)
        inverse = t / (t * matmul(v.mH, v) - 1)
        middle = middle - inverse * matmul(v, matmul(v.mH, middle))
        kv = matmul(middle, v)
        column = -t.conj() * matmul(middle.mH, v) - t * kv
        columns.append(cat([wrap(np.zeros(shape, a._data.dtype)), column.narrow(-2, i + 1, m - i - 1)], -2))
        factors.append(-matmul(v.mH, kv).conj().squeeze(-1))
        middle = middle - t * matmul(matmul(middle, v), v.mH)
    rest = a._shape[-1] - len(columns)
    if rest:
        columns.append(wrap(np.zeros((*a._shape[:-1], rest), a._data.dtype)))
    return cat(columns, -1), cat(factors, -1)


@tensor_formula
def householder_backward(grad: Any, result: Any, a: Any, tau: Any) -> Any:
    """The gradients of a product of reflections."""
    return _reflection_gradients(matmul(result, grad.mH), a, tau)


@tensor_formula
def ormqr_backward(
    grad: Any, result: Any, a: Any, tau: Any, other: Any, left: bool, transpose: bool, needs: Any
) -> tuple[Any, Any, Any]:
    """The gradients of the multiplication by a product of reflections."""
    by_other = _ormqr(a, tau, grad, left, not transpose)
    if not (needs[0] or needs[1]):
        return None, None, by_other
    if left:
        middle = matmul(by_other, other.mH) if transpose else matmul(result, grad.mH)
    else:
        middle = matmul(result.mH, grad) if transpose else matmul(by_other.mH, other)
    return *_reflection_gradients(middle, a, tau), by_other


@operation(name="_householder_product", node="LinalgHouseholderProductBackward0", aten="linalg_householder_product",
           function=False, method=False, out=False, kernel=_householder_array,
           joint=("input, tau", "householder_backward(grad, result, input, tau)"))  # fmt: skip
def _householder_product(input: Array, tau: Array) -> Array:
    """The first columns of a product of reflections."""


@operation(name="_ormqr", node="OrmqrBackward0", aten="ormqr", function=False, method=False, out=False,
           kernel=_ormqr_array,
           joint=("input, tau, other", "ormqr_backward(grad, result, input, tau, other, left, transpose, needs)"),
           )  # fmt: skip
def _ormqr(input: Array, tau: Array, other: Array, left: bool, transpose: bool) -> Array:
    """The product of reflections times matrices."""


def _need_lapack(kernel: str, x: Any) -> None:
    """Refuses integers and half precision, for which PyTorch's `kernel` has no code.

    Raises:
        NotImplementedError: LAPACK has no routine for the dtype.
    """
    if x._dtype.category < dtypes.FLOATING or x._dtype.in_halves:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{x._dtype.scalar_name}'")


@explained
def householder_product(input: Any, tau: Any, *, out: Any = None) -> Any:
    """The first columns of the product of ``I - tau_i v_i v_i^H``, as `torch.geqrf` gives them.

    Args:
        input: matrices whose column i holds ``v_i`` below the diagonal.
        tau: the factors.
        out: the tensor to write to.

    Raises:
        NotImplementedError: the numbers are integers or of half precision.
        RuntimeError: the shapes or dtypes do not fit.
    """
    name = "torch.linalg.householder_product"
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if input._shape[-2] < input._shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if input._shape[-1] < tau._shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if len(input._shape) - len(tau._shape) != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to "
            f"{len(tau._shape)} and input.ndim is equal to {len(input._shape)}"
        )
    if input._shape[:-2] != tau._shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau._shape[:-1])}"
        )
    if input._dtype is not tau._dtype:
        raise RuntimeError(
            f"{name}: tau dtype {tau._dtype.scalar_name} does not match input dtype {input._dtype.scalar_name}"
        )
    _need_lapack("orgqr_cpu", input)
    return finish(out, _householder_product(input, tau), "linalg_householder_product")


@composite()
def orgqr(input: Any, tau: Any, *, out: Any = None) -> Any:
    """The product of reflections; see `torch.linalg.householder_product`."""
    return householder_product(input, tau, out=out)


@composite()
@explained
def ormqr(input: Any, tau: Any, other: Any, left: bool = True, transpose: bool = False, *, out: Any = None) -> Any:
    """``Q other``, or ``other Q`` if not `left`, for the product Q of reflections, or its adjoint if `transpose`.

    Args:
        input: the reflections' vectors, in the columns below the diagonal, as `geqrf` gives them.
        tau: the reflections' factors.
        other: what is multiplied.
        left: whether Q stands on the left.
        transpose: whether Q's adjoint is meant.
        out: the tensor to write to.

    Raises:
        NotImplementedError: the numbers are integers or of half precision.
        RuntimeError: shapes or dtypes do not fit.
    """
    name = "torch.ormqr"
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if len(other._shape) < 2:
        raise RuntimeError(f"{name}: other must have at least 2 dimensions.")
    side = -2 if left else -1
    if other._shape[side] < tau._shape[-1]:
        raise RuntimeError(f"{name}: other.shape[{side}] must be greater than or equal to tau.shape[-1]")
    if other._shape[side] != input._shape[-2]:
        raise RuntimeError(f"{name}: other.shape[{side}] must be equal to input.shape[-2]")
    if tau._shape[-1] > input._shape[-1]:
        raise RuntimeError(f"{name}: tau.shape[-1] must be equal to min(other.shape[-2], input.shape[-1])")
    for what, t, less in (("tau", tau, 1), ("other", other, 0)):
        if len(input._shape) - len(t._shape) != less:
            dims = "one dimension less than" if less else "same number of dimensions as"
            raise RuntimeError(
                f"{name}: Expected {what} to have {dims} input, but got {what}.ndim equal to {len(t._shape)} and "
                f"input.ndim is equal to {len(input._shape)}"
            )
        batch = t._shape[: len(t._shape) - 2 + less]
        if batch != input._shape[:-2]:
            raise RuntimeError(
                f"{name}: Expected batch dimensions of {what} to be equal to input.shape[:-2], but got {list(batch)}"
            )
        if t._dtype is not input._dtype:
            raise RuntimeError(
                f"{name}: Expected input and {what} to have the same dtype, but input has dtype "
                f"{input._dtype.scalar_name} and {what} has dtype {t._dtype.scalar_name}"
            )
    _need_lapack("ormqr_cpu", input)
    return finish(out, _ormqr(input, tau, other, bool(left), bool(transpose)), "ormqr")
