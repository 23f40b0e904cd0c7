"""Solutions of linear systems, and inverses, from factorizations: Cholesky, LU, LDL."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import tensor_names, wrap
from ..warn import warn_once
from .arguments import explained
from .declare import Array, composite, operation
from .matmul import matmul
from .matrices import (
    LinAlgError,
    adjoint,
    finish,
    first_failure,
    lapack,
    need_matrices,
    over_batch,
    tensor_formula,
)  # fmt: skip
from .solving import check_fit, check_older, check_same_dtype, triangular_array


def _cholesky_solve_array(b: Array, factor: Array, upper: bool) -> Array:
    lower = adjoint(factor) if upper else factor
    half = triangular_array(lower, b, False, True, False)
    return triangular_array(adjoint(lower), half, True, True, False)


@tensor_formula
def cholesky_solve_backward(
    grad: Any, factor: Any, result: Any, upper: bool, shape_b: Any, needs: Any
) -> tuple[Any, Any]:
    """The gradients of systems solved by Cholesky factors."""
    fit = tensor_names["fit_like"]
    by_b = _cholesky_solve(grad, factor, upper)
    by_factor = None
    if needs[1]:
        middle = matmul(by_b, result.mH)
        middle = middle + middle.mH
        by_factor = fit(-matmul(factor, middle) if upper else -matmul(middle, factor), factor._shape)
    return fit(by_b, shape_b), by_factor


@operation(name="_cholesky_solve", node="CholeskySolveBackward0", aten="cholesky_solve", function=False, method=False,
           out=False, kernel=_cholesky_solve_array, keeps="B",
           joint=("B, L", "cholesky_solve_backward(grad, L, result, upper, shape(B), needs)"))  # fmt: skip
def _cholesky_solve(B: Array, L: Array, upper: bool) -> Array:
    """The solutions of systems whose matrices are given by their Cholesky factors."""


@composite()
@explained
def cholesky_solve(input: Any, L: Any, upper: bool = False, *, out: Any = None) -> Any:
    """The solution X of ``L L^H X = B``, or ``L^H L X = B`` if `upper`, for the Cholesky factor L and B the input.

    Raises:
        RuntimeError: an argument is no matrix or batch of matrices, or shapes or dtypes do not fit.
    """
    for t, name in ((input, "b"), (L, "u")):
        if len(t._shape) < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {len(t._shape)} dimensions instead")
    check_older("cholesky_solve", input, L)
    return finish(out, _cholesky_solve(input, L, bool(upper)), "cholesky_solve")


def _cholesky_inverse_array(factor: Array, upper: bool) -> Array:
    return _cholesky_solve_array(np.broadcast_to(np.eye(factor.shape[-1], dtype=factor.dtype), factor.shape), factor,
                                 upper)  # fmt: skip


@tensor_formula
def cholesky_inverse_backward(grad: Any, factor: Any, inverse: Any, upper: bool) -> Any:
    """The gradient of an inverse computed from a Cholesky factor."""
    middle = matmul(inverse, matmul(grad + grad.mH, inverse))
    return -matmul(factor, middle) if upper else -matmul(middle, factor)


@tensor_formula
def cholesky_inverse_tangent(tangent: Any, factor: Any, inverse: Any, upper: bool) -> Any:
    """The tangent of an inverse computed from a Cholesky factor."""
    middle = matmul(tangent.mH, factor) if upper else matmul(tangent, factor.mH)
    return -matmul(inverse, matmul(middle + middle.mH, inverse))


@operation(name="_cholesky_inverse", node="CholeskyInverseBackward0", aten="cholesky_inverse", function=False,
           method=False, out=False, kernel=_cholesky_inverse_array,
           L="cholesky_inverse_backward(grad, L, result, upper)",
           tangent="cholesky_inverse_tangent(L_t, L, result, upper)")  # fmt: skip
def _cholesky_inverse(L: Array, upper: bool) -> Array:
    """The inverses of matrices given by their Cholesky factors."""


@composite()
@explained
def cholesky_inverse(L: Any, upper: bool = False, *, out: Any = None) -> Any:
    """The inverse of ``L L^H``, or of ``L^H L`` if `upper`.

    Raises:
        LinAlgError: there is a zero on the diagonal of L.
        NotImplementedError: L is of integers or of a two-byte type.
        RuntimeError: L is no square matrix or batch of such.
    """
    need_matrices("cholesky_inverse", L, kernel="cholesky_inverse_out_cpu", integers=True)
    zeros = L._data.diagonal(0, -2, -1) == 0
    if zeros.any():
        where, code = first_failure(wrap(np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0)))
        raise LinAlgError(
            f"cholesky_inverse: {where}The diagonal element {code} is zero, the inversion could not be completed "
            "because the input matrix is singular."
        )
    return finish(out, _cholesky_inverse(L, bool(upper)), "cholesky_inverse")


def _lu_solve_array(lu: Array, pivots: Array, b: Array, left: bool, adjoint_: bool) -> Array:
    batch = np.broadcast_shapes(lu.shape[:-2], b.shape[:-2])
    if not b.size or not math.prod(batch):
        return np.zeros((*batch, *b.shape[-2:]), b.dtype)
    multiply = lapack("getrs", lu)

    # X A = B is A^H X^H = B^H.
    trans = 2 if adjoint_ == left else 0

    def each(m: Array, p: Array, c: Array) -> tuple[Any]:
        return (multiply(m, p[:, 0] - 1, c, trans=trans)[0],)

    found = over_batch(each, lu, pivots[..., None], b if left else adjoint(b))[0]
    return found if left else adjoint(found)


@tensor_formula
def lu_solve_backward(
    grad: Any, LU: Any, pivots: Any, X: Any, left: bool, adjoint_: bool, shape_b: Any, needs: Any
) -> tuple[Any, Any]:
    """The gradients of systems solved by LU factorizations."""
    fit = tensor_names["fit_like"]
    by_b = _lu_solve(LU, pivots, grad, left, not adjoint_)
    by_lu = None
    if needs[0]:
        p, lower, upper = tensor_names["lu_unpack"](LU, pivots)
        if left:
            by_a = -matmul(X, by_b.mH) if adjoint_ else -matmul(by_b, X.mH)
        else:
            by_a = -matmul(by_b.mH, X) if adjoint_ else -matmul(X.mH, by_b)
        middle = matmul(p.mT, by_a)
        by_lu = fit(matmul(middle, upper.mH).tril(-1) + matmul(lower.mH, middle).triu(), LU._shape)
    return by_lu, fit(by_b, shape_b)


@operation(name="_lu_solve", node="LinalgLuSolveBackward0", aten="linalg_lu_solve", function=False, method=False,
           out=False, kernel=_lu_solve_array,
           joint=("LU, B", "lu_solve_backward(grad, LU, pivots, result, left, adjoint_, shape(B), needs)"),
           )  # fmt: skip
def _lu_solve(LU: Array, pivots: Array, B: Array, left: bool, adjoint_: bool) -> Array:
    """The solutions of systems whose matrices are given by their LU factorizations."""


@explained
def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False, out: Any = None) -> Any:
    """The solution X of ``A X = B``, or of ``X A = B`` if not `left`, given what `torch.linalg.lu_factor` returns.

    Args:
        LU, pivots: the factorization of A.
        B: the right-hand sides.
        left: on which side A stands.
        adjoint: whether A's adjoint is meant.
        out: the tensor to write to.

    Raises:
        RuntimeError: the pivots are no int32, or shapes or dtypes do not fit.
    """
    if pivots._dtype is not dtypes.int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    need_matrices("torch.linalg.lu_solve", LU)
    check_same_dtype("linalg.lu_solve", LU, B)
    check_fit("linalg.lu_solve", LU._shape, B._shape, left)
    if pivots._shape[-1:] != LU._shape[-1:]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if pivots._shape[:-1] != LU._shape[:-2]:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._shape)} instead"
        )
    return finish(out, _lu_solve(LU, pivots, B, bool(left), bool(adjoint)), "linalg_lu_solve")


@composite(name="lu_solve")
@explained("lu_solve")
def _lu_solve_old(b: Any, LU_data: Any, LU_pivots: Any, *, out: Any = None) -> Any:
    """The solution of linear systems by an LU factorization; see `torch.linalg.lu_solve`."""
    warn_once(
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release."
        "\nNote that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\nshould be "
        "replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)"
    )
    return lu_solve(LU_data, LU_pivots, b, out=out)


def _ldl_solve_array(ld: Array, pivots: Array, b: Array, hermitian: bool) -> Array:
    batch = np.broadcast_shapes(ld.shape[:-2], b.shape[:-2])
    if not b.size or not math.prod(batch):
        return np.zeros((*batch, *b.shape[-2:]), b.dtype)
    multiply = lapack("hetrs" if hermitian and ld.dtype.kind == "c" else "sytrs", ld)

    def each(m: Array, p: Array, c: Array) -> tuple[Any]:
        return (multiply(m, p[:, 0], c, lower=1)[0],)

    return over_batch(each, ld, pivots[..., None], b)[0]


@operation(name="_ldl_solve", node="torch::autograd::NotImplemented", aten="linalg_ldl_solve", function=False,
           method=False, out=False, kernel=_ldl_solve_array, LD="not_implemented(grad, 'linalg_ldl_solve')",
           B="not_implemented(grad, 'linalg_ldl_solve')")  # fmt: skip
def _ldl_solve(LD: Array, pivots: Array, B: Array, hermitian: bool) -> Array:
    """The solutions of systems whose matrices are given by their LDL factorizations."""


@explained
def ldl_solve(LD: Any, pivots: Any, B: Any, *, hermitian: bool = False, out: Any = None) -> Any:
    """The solution of linear systems, given what `torch.linalg.ldl_factor` returns.

    Args:
        LD, pivots: the factorization.
        B: the right-hand sides, as columns.
        hermitian: whether complex matrices are Hermitian and not symmetric.
        out: the tensor to write to.

    Raises:
        RuntimeError: the pivots are no integers, or shapes or dtypes do not fit.
    """
    name = "torch.linalg.ldl_solve"
    need_matrices(name, LD)
    if len(B._shape) < 2:
        raise RuntimeError(
            f"{name}: Expected B to have at least 2 dimensions, but it has {len(B._shape)} dimensions instead"
        )
    check_fit(name, LD._shape, B._shape)
    if pivots._shape != LD._shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._shape)} instead"
        )
    if pivots._dtype.category > 1:
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {pivots._dtype.scalar_name}")
    if LD._dtype is not B._dtype:
        raise RuntimeError(f"{name}: LD dtype{LD._dtype.scalar_name}does not match b dtype{B._dtype.scalar_name}")
    return finish(out, _ldl_solve(LD, pivots, B, bool(hermitian)), "linalg_ldl_solve")
