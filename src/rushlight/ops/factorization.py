"""Factorizations of matrices: Cholesky, LU, LDL.

LAPACK does the work, through NumPy where it has batches and SciPy elsewhere. The derivatives are those of
https://people.maths.ox.ac.uk/gilesm/files/NA-08-01.pdf and https://arxiv.org/abs/2009.10071.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import elimination, numpy_matrices, small_matrices
from ..kernels import lapack as lapack_routines
from ..kernels.batches import shared_out
from ..kernels.layout import columns
from ..warn import warn_once
from .arguments import explained
from .declare import Array, composite, operation
from .matmul import matmul
from .matrices import (
    COMPUTED,
    LinAlgError,
    finish,
    first_failure,
    lapack,
    need_matrices,
    need_square,
    of_nothing,
    over_batch,
    tensor_formula,
    total,
    widened,
    without_code,
)  # fmt: skip
from .operation import return_type
from .solving import solve_triangular

_LuFactor = return_type("linalg_lu_factor", ("LU", "pivots"))
_LdlFactor = return_type("linalg_ldl_factor", ("LD", "pivots"))
_LuWithInfo = return_type("_lu_with_info", ("LU", "pivots", "info"))


# ---------------------------------------------------------------------------------------------- Cholesky
def _cholesky_array(x: Array, upper: bool) -> tuple[Array, Array]:
    if not x.size:
        return columns(x.copy()), np.zeros(x.shape[:-2], np.int32)
    if x.ndim == 2 and len(x) < lapack_routines.SMALLEST:
        one = numpy_matrices.cholesky_of_one(x, upper)
        return _by_potrf(x, upper) if one is None else (one, np.zeros((), np.int32))
    quick = small_matrices.cholesky(x, upper) if x.ndim > 2 else None
    if quick is None:
        quick = lapack_routines.cholesky(x, upper)
    if quick is not None and elimination.all_finite(quick):
        return columns(quick), np.zeros(x.shape[:-2], np.int32)
    try:
        # The other factor of the transposed matrix is this one, transposed: it lies column by column, as LAPACK's does.
        other = shared_out(lambda part: numpy_matrices.cholesky(part, not upper), 1, x.swapaxes(-1, -2))
        if elimination.all_finite(other):
            return columns(other.swapaxes(-1, -2)), np.zeros(x.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        pass
    return _by_potrf(x, upper)


def _by_potrf(x: Array, upper: bool) -> tuple[Array, Array]:
    """The factors of matrices of which some may have none, and LAPACK's codes."""
    if not elimination.all_finite(x):
        found, info = elimination.cholesky(x, upper)
        return columns(found), info
    factor = lapack("potrf", x)

    def each(m: Array) -> tuple[Any, Any]:
        result, code = factor(m, lower=0 if upper else 1, clean=1)
        return result, np.int32(code)

    found, info = over_batch(each, x)
    return columns(found), info


@tensor_formula
def cholesky_backward(grad: Any, L: Any, upper: bool) -> Any:
    """The gradient of a Cholesky factor."""
    if upper:
        grad, L = grad.mH, L.mH
    inner = matmul(L.mH, grad).tril()
    inner = (inner + inner.tril(-1).mH) * 0.5
    left = solve_triangular(L.mH, inner, upper=True)
    return solve_triangular(L, left, upper=False, left=False)


@operation(name="_cholesky_ex", node="LinalgCholeskyExBackward0", aten="linalg_cholesky_ex", function=False,
           method=False, out=False, kernel=_cholesky_array, outputs=("L", "info"), differentiable=("L",),
           input="cholesky_backward(grad, L, upper)")  # fmt: skip
def _cholesky_ex(input: Array, upper: bool) -> Any:
    """The Cholesky factors of matrices, and LAPACK's codes."""


def _check_cholesky(name: str, info: Any) -> None:
    where, code = first_failure(info)
    if code:
        raise LinAlgError(
            f"{name}: {where}The factorization could not be completed because the input is not positive-definite "
            f"(the leading minor of order {code} is not positive-definite)."
        )


@explained
def cholesky_ex(input: Any, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """The Cholesky factor and LAPACK's code, which is not 0 where there is no factor, as ``(L, info)``.

    Args:
        input: Hermitian positive-definite matrices; one triangle is read.
        upper: whether the factor is upper triangular, and which triangle is read.
        check_errors: whether a failure raises.
        out: the pair of tensors to write to.

    Raises:
        LinAlgError: a matrix is not positive-definite, and `check_errors` is set.
    """
    need_matrices("linalg.cholesky", input, kernel="cholesky_cpu")
    if without_code(input):
        return finish(out, of_nothing(lambda x: _cholesky_ex(x, upper), input), "linalg_cholesky_ex")
    found = _cholesky_ex(input, upper)
    if check_errors:
        _check_cholesky("linalg.cholesky_ex", found[1])
    return finish(out, found, "linalg_cholesky_ex")


def cholesky(input: Any, *, upper: bool = False, out: Any = None) -> Any:
    """The lower triangular L with ``A = L L^H``, or the upper one; A is Hermitian and positive-definite.

    Raises:
        LinAlgError: a matrix is not positive-definite.
    """
    if type(upper) is bool and isinstance(input, TensorBase) and input._dtype in COMPUTED:
        need_square("linalg.cholesky", input)
        factor, info = _cholesky_ex(input, upper)
    else:
        factor, info = cholesky_ex(input, upper=upper)
    _check_cholesky("linalg.cholesky", info)
    return finish(out, factor, "linalg_cholesky")


@composite(name="cholesky")
@explained("cholesky")
def _cholesky_old(input: Any, upper: bool = False, *, out: Any = None) -> Any:
    """The Cholesky factor; see `torch.linalg.cholesky`."""
    warn_once(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch "
        "release.\nL = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\nU = "
        "torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\nThis transform will "
        "produce equivalent results for all valid (symmetric positive definite) inputs."
    )
    if input._data.size:
        need_matrices("cholesky", input, kernel="cholesky_cpu", integers=True)
    elif input._node is None:  # then anything without elements is let through
        return finish(out, input.clone(), "cholesky")
    factor, info = _cholesky_old_op(input, upper)
    _check_cholesky("cholesky", info)
    return finish(out, factor, "cholesky")


@operation(name="_cholesky_old", node="CholeskyBackward0", aten="cholesky", function=False, method=False, out=False,
           kernel=_cholesky_array, outputs=("L", "info"), differentiable=("L",),
           input="cholesky_backward(grad, L, upper)")  # fmt: skip
def _cholesky_old_op(input: Array, upper: bool) -> Any:
    """The Cholesky factors of matrices, and LAPACK's codes."""


# ---------------------------------------------------------------------------------------------- LU
def _lu_factor_array(x: Array, pivot: bool) -> Sequence[Array]:
    if x.size and not elimination.all_finite(x):
        lu, exchanges, codes = elimination.factors(x)
        return columns(lu), exchanges, codes
    if x.ndim > 2 and (found := small_matrices.lu(x)) is not None:
        return columns(found[0]), *found[1:]
    factor = lapack("getrf", x)
    k = min(x.shape[-2:])

    def each(m: Array) -> tuple[Any, Any, Any]:
        if not k:
            return m, np.zeros(0, np.int32), np.int32(0)
        lu, pivots, info = factor(m)
        return lu, (pivots + 1).astype(np.int32, copy=False), np.array(max(info, 0), np.int32)

    return each(x) if x.ndim == 2 and k else over_batch(each, x)


def _permutations(pivots: Array, m: int, dtype: Any) -> Array:
    """The permutation matrices that LAPACK's exchanges of rows mean, ``A = P L U``."""
    if pivots.ndim == 1:
        rows = list(range(m))
        for j, other in enumerate(pivots.tolist()):
            rows[j], rows[other - 1] = rows[other - 1], rows[j]
        return _identity(m, m, dtype).take(rows, 1)
    count, steps = math.prod(pivots.shape[:-1]), pivots.shape[-1]
    flat, found = pivots.reshape(count, steps) - 1, np.zeros((count, m, m), dtype)
    if count < 32:
        for matrix, exchanges in zip(found, flat.tolist(), strict=True):
            rows = list(range(m))
            for j, other in enumerate(exchanges):
                rows[j], rows[other] = rows[other], rows[j]
            matrix.reshape(-1)[[row * m + j for j, row in enumerate(rows)]] = 1
        return found.reshape(*pivots.shape[:-1], m, m)
    each = np.arange(count)
    order = np.tile(np.arange(m), (count, 1))
    for j in range(steps):
        other = flat[:, j]
        order[each, j], order[each, other] = order[each, other], order[:, j].copy()
    found[each[:, None], order, np.arange(m)] = 1
    return found.reshape(*pivots.shape[:-1], m, m)


def _unpacked(lu: Array) -> tuple[Array, Array]:
    m, n = lu.shape[-2:]
    k = min(m, n)
    left, upper = (lu, lu) if m == n else (lu[..., :k], lu[..., :k, :])
    lower = np.where(_below(m, k), left, _identity(m, k, lu.dtype))
    return lower, np.where(_below(k, n), np.zeros((), lu.dtype), upper)


@lru_cache(maxsize=64)
def _below(rows: int, columns: int) -> Array:
    """Whether an element of a matrix lies below the diagonal."""
    return np.tri(rows, columns, -1, bool)


@lru_cache(maxsize=64)
def _identity(rows: int, columns: int, dtype: Any) -> Array:
    return np.eye(rows, columns, dtype=dtype)


def _lu_array(x: Array, pivot: bool) -> tuple[Array, ...]:
    lu, pivots, _ = _lu_factor_array(x, pivot)
    return _permutations(pivots, x.shape[-2], x.dtype), *_unpacked(lu)


def _lu_unpack_array(lu: Array, pivots: Array, unpack_data: bool, unpack_pivots: bool) -> tuple[Array, ...]:
    nothing = np.zeros(0, lu.dtype)
    if unpack_pivots and pivots.size and not 1 <= pivots.min() <= pivots.max() <= lu.shape[-2]:
        raise RuntimeError(
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
            "Did you properly pass the result of lu_factor?"
        )
    p = _permutations(pivots, lu.shape[-2], lu.dtype) if unpack_pivots else nothing
    return (p, *_unpacked(lu)) if unpack_data else (p, nothing, nothing.copy())


@tensor_formula
def lu_backward(grad_l: Any, grad_u: Any, P: Any, L: Any, U: Any) -> Any:
    """The gradient of the factors L and U."""
    m, n = L._shape[-2], U._shape[-1]
    k = min(m, n)
    by_l = None if grad_l is None else matmul(L.mH, grad_l.tril(-1))
    by_u = None if grad_u is None else matmul(grad_u.triu(), U.mH)
    if m == n:
        inner = total(None if by_l is None else by_l.tril(-1), None if by_u is None else by_u.triu())
        inner = solve_triangular(U.mH, inner, upper=False, left=False)
        return matmul(P, solve_triangular(L.mH, inner, upper=True, unitriangular=True))
    if m < n:
        inner = total(by_l, None if by_u is None else -by_u).tril(-1)
        inner = solve_triangular(U.narrow(-1, 0, k).mH, inner, upper=False, left=False)
        inner = widened(inner, k, n)
        if grad_u is not None:
            inner = inner + grad_u.triu()
        return matmul(P, solve_triangular(L.mH, inner, upper=True, unitriangular=True))
    inner = total(by_u, None if by_l is None else -by_l).triu()
    inner = solve_triangular(L.narrow(-2, 0, k).mH, inner, upper=True, unitriangular=True)
    inner = widened(inner, m, k)
    if grad_l is not None:
        inner = inner + grad_l.tril(-1)
    return matmul(P, solve_triangular(U.mH, inner, upper=False, left=False))


@tensor_formula
def lu_factor_backward(grad: Any, LU: Any, pivots: Any) -> Any:
    """The gradient of L and U in one matrix."""
    p, lower, upper = lu_unpack(LU, pivots)
    k = min(LU._shape[-2:])
    return lu_backward(grad.narrow(-1, 0, k), grad.narrow(-2, 0, k), p, lower, upper)


@operation(name="_lu_factor_ex", shows=("pivot",), node="LinalgLuFactorExBackward0", aten="linalg_lu_factor_ex",
           function=False, method=False, out=False, kernel=_lu_factor_array, outputs=("LU", "pivots", "info"),
           differentiable=("LU",), A="lu_factor_backward(grad, LU, pivots)")  # fmt: skip
def _lu_factor_ex(A: Array, pivot: bool) -> Any:
    """L and U in one matrix, the exchanges of rows, and LAPACK's codes."""


@explained
def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """L and U in one matrix, LAPACK's exchanges of rows and its code, as ``(LU, pivots, info)``.

    Args:
        A: matrices.
        pivot: whether rows may be exchanged; the CPU always does.
        check_errors: whether a zero on the diagonal of U raises.
        out: the three tensors to write to.

    Raises:
        RuntimeError: `pivot` is False, or U has a zero on its diagonal and `check_errors` is set.
    """
    _need_two_dimensions("torch.lu_factor", A)
    need_matrices("torch.linalg.lu_factor_ex", A, square=False, kernel="lu_cpu", integers=True)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    found = of_nothing(lambda x: _lu_factor_ex(x, True), A) if without_code(A) else _lu_factor_ex(A, True)
    if check_errors:
        _check_lu("torch.linalg.lu_factor_ex", found[2])
    return finish(out, found, "linalg_lu_factor_ex")


def _need_two_dimensions(function: str, x: Any) -> None:
    if len(x._shape) < 2:
        raise RuntimeError(f"{function}: Expected tensor with 2 or more dimensions. Got size: {list(x._shape)} instead")


def _check_lu(name: str, info: Any) -> None:
    where, code = first_failure(info)
    if code:
        raise RuntimeError(
            f"{name}: {where}U[{code},{code}] is zero and using it on lu_solve would result in a division by zero. If "
            "you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )


@explained
def lu_factor(A: Any, *, pivot: bool = True, out: Any = None) -> Any:
    """L and U in one matrix and LAPACK's exchanges of rows, as ``(LU, pivots)``; see `lu_factor_ex`."""
    lu_, pivots, info = lu_factor_ex(A, pivot=pivot)
    _check_lu("torch.linalg.lu_factor", info)
    return finish(out, _LuFactor((lu_, pivots)), "linalg_lu_factor")


@operation(name="_lu", shows=("pivot",), node="LinalgLuBackward0", aten="linalg_lu", function=False, method=False,
           out=False, kernel=_lu_array, outputs=("P", "L", "U"), differentiable=("L", "U"),
           A="lu_backward(grads[1], grads[2], P, L, U)")  # fmt: skip
def _lu(A: Array, pivot: bool) -> Any:
    """The permutations and the two factors."""


@explained
def lu(A: Any, *, pivot: bool = True, out: Any = None) -> Any:
    """``A = P L U`` with a permutation P, L lower triangular with ones on its diagonal, and U upper triangular.

    Args:
        A: ``(*, m, n)``.
        pivot: whether rows are exchanged; it must be true.
        out: the three tensors to write to.

    Raises:
        RuntimeError: it is to do without pivoting, which PyTorch does on GPUs only.
    """
    _need_two_dimensions("linalg.lu", A)
    need_matrices("linalg.lu", A, square=False, kernel="lu_cpu", integers=True)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    return finish(out, of_nothing(lambda x: _lu(x, True), A) if without_code(A) else _lu(A, True), "linalg_lu")


@tensor_formula
def lu_unpack_backward(grad_l: Any, grad_u: Any, shape: Any) -> Any:
    """The gradient of taking L and U out of one matrix."""
    m, n = shape[-2:]
    return total(
        None if grad_l is None else widened(grad_l.tril(-1), m, n),
        None if grad_u is None else widened(grad_u.triu(), m, n),
    )


@operation(name="_lu_unpack", node="LuUnpackBackward0", aten="lu_unpack", function=False, method=False, out=False,
           rows=True,
           kernel=_lu_unpack_array, outputs=("P", "L", "U"), differentiable=("L", "U"),
           LU_data="lu_unpack_backward(grads[1], grads[2], shape(LU_data))")  # fmt: skip
def _lu_unpack(LU_data: Array, LU_pivots: Array, unpack_data: bool, unpack_pivots: bool) -> Any:
    """The permutations and the two factors, from LAPACK's form."""


@composite(method=False)
@explained
def lu_unpack(
    LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True, *, out: Any = None
) -> Any:
    """``(P, L, U)`` of what `torch.linalg.lu_factor` returns.

    Args:
        LU_data, LU_pivots: the factorization.
        unpack_data: whether L and U are wanted; empty otherwise.
        unpack_pivots: whether P is wanted.
        out: the three tensors to write to.

    Raises:
        RuntimeError: the pivots are not int32, or of another shape.
    """
    if unpack_pivots and LU_pivots._dtype is not dtypes.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    return finish(out, _lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots), "lu_unpack")


@composite(name="lu")
@explained("lu")
def _lu_old(A: Any, pivot: bool = True, get_infos: Any = False, out: Any = None) -> Any:
    """The LU factorization in LAPACK's form, as ``(LU, pivots)`` and with `get_infos` the codes."""
    warn_once(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in "
        "a future PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
        "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
        "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
        "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)"
    )
    found = lu_factor_ex(A, pivot=pivot)
    result = _LuWithInfo(found) if get_infos else tuple(found[:2])
    if out is None:
        return result
    for given, part in zip(out, result, strict=True):
        given.resize_(part._shape).copy_(part)
    return out


# ---------------------------------------------------------------------------------------------- LDL
def _ldl_factor_array(x: Array, hermitian: bool) -> list[Array]:
    factor = lapack("hetrf" if hermitian and x.dtype.kind == "c" else "sytrf", x)

    def each(m: Array) -> tuple[Any, Any, Any]:
        if not m.size:
            return m, np.zeros(0, np.int32), np.int32(0)
        ld, pivots, info = factor(m, lower=1)
        return np.tril(ld), pivots.astype(np.int32), np.int32(info)

    return over_batch(each, x)


@operation(name="_ldl_factor_ex", node="torch::autograd::NotImplemented", aten="linalg_ldl_factor_ex", function=False,
           method=False, out=False, kernel=_ldl_factor_array, outputs=("LD", "pivots", "info"), differentiable=("LD",),
           input="not_implemented(grad, 'linalg_ldl_factor_ex')")  # fmt: skip
def _ldl_factor_ex(input: Array, hermitian: bool) -> Any:
    """L and D in one matrix, LAPACK's exchanges and codes."""


@explained
def ldl_factor_ex(input: Any, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """``A = L D L^T`` (``L^H`` if `hermitian`) in LAPACK's form, as ``(LD, pivots, info)``.

    Args:
        input: symmetric or Hermitian matrices; the lower triangle is read.
        hermitian: whether complex matrices are Hermitian and not symmetric.
        check_errors: whether a zero on D's diagonal raises.
        out: the three tensors to write to.
    """
    need_matrices("torch.linalg.ldl_factor_ex", input, kernel="ldl_factor_kernel_cpu")
    if without_code(input):
        found = of_nothing(lambda x: _ldl_factor_ex(x, hermitian), input)
    else:
        found = _ldl_factor_ex(input, hermitian)
    if check_errors:
        _check_ldl("torch.linalg.ldl_factor_ex", found[2])
    return finish(out, found, "linalg_ldl_factor_ex")


def _check_ldl(name: str, info: Any) -> None:
    where, code = first_failure(info)
    if code:
        raise LinAlgError(f"{name}: {where}The factorization could not be completed because D[{code},{code}] is zero ")


@explained
def ldl_factor(input: Any, *, hermitian: bool = False, out: Any = None) -> Any:
    """``A = L D L^T`` in LAPACK's form, as ``(LD, pivots)``; see `ldl_factor_ex`."""
    ld, pivots, info = ldl_factor_ex(input, hermitian=hermitian)
    _check_ldl("torch.linalg.ldl_factor", info)
    return finish(out, _LdlFactor((ld, pivots)), "linalg_ldl_factor")
