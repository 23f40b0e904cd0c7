"""Inverses and solutions of linear systems, of whole matrices or of their factorizations."""

import math
from typing import Any

import numpy as np

from ..base import TensorBase, tensor_names
from ..kernels import elimination, numpy_matrices, small_matrices
from ..kernels import lapack as lapack_routines
from ..kernels.batches import batch_of, shared_out
from ..kernels.layout import columns
from ..warn import warn_once
from .arguments import explained
from .declare import Array, composite, operation
from .elementwise_general import broadcast_shapes
from .matmul import matmul
from .matrices import (
    COMPUTED,
    LinAlgError,
    finish,
    first_failure,
    lapack,
    need_code,
    need_floating,
    need_matrices,
    need_square,
    over_batch,
    tensor_formula,
)  # fmt: skip
from .operation import return_type


def check_same_dtype(function: str, a: Any, b: Any) -> None:
    """Refuses matrices of different dtypes.

    Raises:
        RuntimeError: they are.
    """
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"{function}: Expected A and B to have the same dtype, but found A of type {a._dtype.scalar_name} and B "
            f"of type {b._dtype.scalar_name} instead"
        )


def check_fit(function: str, a: tuple[int, ...], b: tuple[int, ...], left: bool = True) -> None:
    """Refuses shapes of right-hand sides that are no matrices, or not as long as those beside them have columns.

    Raises:
        RuntimeError: they are not.
    """
    if len(b) < 2:
        raise RuntimeError(f"{function}: The input tensor B must have at least 2 dimensions.")
    if (b[-2] if left else b[-1]) != a[-1]:
        raise RuntimeError(
            f"{function}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
        )


def check_older(function: str, b: Any, a: Any) -> None:
    """Refuses systems that older functions have no solution for, in their words.

    Args:
        function: the function's name; its kernel is called so, too.
        b: the right-hand sides.
        a: the matrices.

    Raises:
        NotImplementedError: the kernel has no code for the dtype.
        RuntimeError: shapes or dtypes do not fit.
    """
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {b._dtype.scalar_name} and A of type "
            f"{a._dtype.scalar_name} instead."
        )
    rows, columns_ = a._shape[-2:]
    if rows != columns_:
        raise RuntimeError(f"A must be batches of square matrices, but they are {rows} by {columns_} matrices")
    if b._shape[-2] != rows:
        raise RuntimeError(
            f"Incompatible matrix sizes for {function}: each A matrix is {rows} by {rows} but each b matrix is "
            f"{b._shape[-2]} by {b._shape[-1]}"
        )
    broadcast_shapes(b._shape[:-2], a._shape[:-2])
    need_code(function + "_cpu", a)


# ---------------------------------------------------------------------------------------------- inverses
def _lu_solve_each(a: Array, b: Array) -> tuple[Any, Any]:
    """The solution of one system, also of a singular one (then with infinities), and LAPACK's code."""
    factors, pivots, info = lapack("getrf", a)(a)
    return lapack("getrs", a)(factors, pivots, b)[0], np.int32(info)


def _solve_array(a: Array, b: Array, left: bool = True, vector: bool = False) -> tuple[Array, Array]:
    few = 0 < a.size < lapack_routines.SMALLEST**2 and b.size > 0
    if few and left and a.ndim == 2 >= b.ndim and elimination.all_finite(a):
        try:
            return numpy_matrices.solve(a, b), np.zeros((), np.int32)
        except np.linalg.LinAlgError:
            pass
    if vector:
        found, info = _solve_columns(a, b[..., np.newaxis])
        return columns(found[..., 0]), info
    if left:
        found, info = _solve_columns(a, b)
        return columns(found), info
    found, info = _solve_columns(a.swapaxes(-1, -2), b.swapaxes(-1, -2))
    return np.ascontiguousarray(found.swapaxes(-1, -2)), info


def _solve_columns(a: Array, b: Array) -> tuple[Array, Array]:
    batch = batch_of(a, b)
    if not a.size or not b.size:
        return np.zeros((*batch, *b.shape[-2:]), b.dtype), np.zeros(a.shape[:-2], np.int32)
    if not elimination.all_finite(a):
        lu, exchanges, codes = elimination.factors(a)
        lu, exchanges = (np.broadcast_to(t, batch + t.shape[a.ndim - 2 :]) for t in (lu, exchanges))
        return elimination.solutions(lu, exchanges, np.broadcast_to(b, batch + b.shape[-2:])), codes
    quick = small_matrices.solve(a, b) if batch else None
    if quick is None:
        quick = lapack_routines.solve(a, b)
    if quick is not None:
        return quick, np.zeros(a.shape[:-2], np.int32)
    try:
        return shared_out(numpy_matrices.solve, 2, a, b), np.zeros(a.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        found, info = over_batch(_lu_solve_each, a, b)
        if info.shape != a.shape[:-2]:
            info = over_batch(_lu_solve_each, a, np.zeros((*a.shape[:-1], 1), a.dtype))[1]
        return found, info


def inverses(x: Array) -> Array:
    """The inverses of matrices.

    Raises:
        numpy.linalg.LinAlgError: one has none.
    """
    if x.ndim > 2 and (found := small_matrices.solve(x, np.eye(x.shape[-1], dtype=x.dtype))) is not None:
        return found
    quick = lapack_routines.inverse(x)
    return shared_out(numpy_matrices.inv, 2, x) if quick is None else quick  # type: ignore[no-any-return]


def _inverse(x: Array) -> tuple[Array, Array]:
    if x.size and not elimination.all_finite(x):
        return _solve_array(x, np.eye(x.shape[-1], dtype=x.dtype))
    try:
        if x.ndim == 2 and len(x) < lapack_routines.SMALLEST:
            return columns(numpy_matrices.inv(x)), np.zeros((), np.int32)
        return columns(inverses(x)), np.zeros(x.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        return _solve_array(x, np.eye(x.shape[-1], dtype=x.dtype))


@operation(name="_inv_ex", node="LinalgInvExBackward0", aten="linalg_inv_ex", function=False, method=False, out=False,
           kernel=_inverse, outputs=("inverse", "info"), differentiable=("inverse",),
           A="-matmul(mH(inverse), matmul(grad, mH(inverse)))",
           tangent="-matmul(inverse, matmul(A_t, inverse))")  # fmt: skip
def _inv_ex(A: Array) -> Any:
    """The inverses of matrices, and LAPACK's codes."""


def _check_inverse(info: Any, name: str = "linalg.inv") -> None:
    where, code = first_failure(info)
    if code:
        raise LinAlgError(
            f"{name}: {where}The diagonal element {code} is zero, the inversion could not be completed because the "
            "input matrix is singular."
        )


def inv_ex(A: Any, *, check_errors: bool = False, out: Any = None) -> Any:
    """The inverse, and LAPACK's code, which is not 0 where there is none, as ``(inverse, info)``.

    Args:
        A: square matrices.
        check_errors: whether a singular matrix raises.
        out: the pair of tensors to write to.
    """
    need_matrices("linalg.inv", A)
    found = _inv_ex(A)
    if check_errors:
        _check_inverse(found[1], "linalg.inv_ex")
    return finish(out, found, "linalg_inv_ex")


def inv(A: Any, *, out: Any = None) -> Any:
    """The inverse of a matrix, or of each of a batch.

    Args:
        A: ``(*, n, n)``.
        out: the tensor to write to.

    Raises:
        LinAlgError: a matrix is singular.
        RuntimeError: the matrices are not square, or not of a floating-point or complex dtype.
    """
    need_matrices("linalg.inv", A)
    found, info = _inv_ex(A)
    _check_inverse(info)
    return finish(out, found, "linalg_inv")


@composite()
def inverse(input: Any, *, out: Any = None) -> Any:
    """The inverse of a matrix; see `torch.linalg.inv`."""
    return inv(input, out=out)


# ---------------------------------------------------------------------------------------------- systems
@tensor_formula
def solve_backward(
    grad: Any, A: Any, result: Any, left: bool, vector: bool, shape_a: Any, shape_b: Any, needs: Any
) -> tuple[Any, Any]:
    """The gradients of the solutions of linear systems."""
    fit = tensor_names["fit_like"]
    by_b = _solve_ex(A.mH, grad, left, vector)[0]
    by_a = None
    if needs[0]:
        by_sides, known = (by_b.unsqueeze(-1), result.unsqueeze(-1)) if vector else (by_b, result)
        by_a = fit(-matmul(by_sides, known.mH) if left else -matmul(known.mH, by_sides), shape_a)
    return by_a, fit(by_b, shape_b) if needs[1] else None


@operation(name="_solve_ex", node="LinalgSolveExBackward0", aten="linalg_solve_ex", function=False, method=False,
           out=False, kernel=_solve_array, outputs=("result", "info"), differentiable=("result",), keeps="result",
           joint=("A, B", "solve_backward(grad, A, result, left, vector, shape(A), shape(B), needs)"),
           )  # fmt: skip
def _solve_ex(A: Array, B: Array, left: bool, vector: bool) -> Any:
    """The solutions of linear systems and LAPACK's codes; `vector` says that each has one right-hand side."""


def _solved(function: str, A: Any, B: Any, left: bool) -> tuple[Any, Any]:
    if left and isinstance(A, TensorBase) and isinstance(B, TensorBase) and A._dtype is B._dtype in COMPUTED:
        shape, sides = A._shape, B._shape
        if len(shape) == 2 and 0 < len(sides) < 3 and shape[0] == shape[1] == sides[0]:
            quick: tuple[Any, Any] = _solve_ex(A, B, True, len(sides) == 1)
            return quick
    if isinstance(A, TensorBase):
        need_floating("linalg.solve", A)
        check_same_dtype("linalg.solve", A, B)
    need_matrices("linalg.solve", A, two_bytes=True)
    check_same_dtype("linalg.solve", A, B)
    vector = len(B._shape) == 1 or (len(A._shape) - 1 == len(B._shape) and B._shape == A._shape[:-1])
    check_fit("linalg.solve", A._shape, (*B._shape, 1) if vector else B._shape, left)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case "
            "linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    broadcast_shapes(B._shape[: -1 if vector else -2], A._shape[:-2])
    need_code("lu_cpu", A)
    found: tuple[Any, Any] = _solve_ex(A, B, left, vector)
    return found


def _check_solution(name: str, info: Any) -> None:
    where, code = first_failure(info)
    if code:
        raise LinAlgError(f"{name}: {where}The solver failed because the input matrix is singular.")


@explained
def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """The solution, and LAPACK's code, which is not 0 where there is none, as ``(result, info)``; see `solve`."""
    found, info = _solved("linalg.solve_ex", A, B, left)
    if check_errors:
        _check_solution("torch.linalg.solve_ex", info)
    return finish(out, _SolveEx((found, info)), "linalg_solve_ex")


_SolveEx = return_type("linalg_solve_ex", ("result", "info"))


@explained("linalg_solve")
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
    found, info = _solved("linalg.solve", A, B, left)
    _check_solution("torch.linalg.solve", info)
    return finish(out, found, "linalg_solve")


# ---------------------------------------------------------------------------------------------- triangular systems
def triangular_array(a: Array, b: Array, upper: bool, left: bool, unit: bool) -> Array:
    """The solutions of triangular systems, batch by batch."""
    batch = batch_of(a, b)
    if not b.size or not math.prod(batch):
        return np.zeros((*batch, *b.shape[-2:]), b.dtype)
    found = small_matrices.triangular(a, b, upper, left, unit)
    if found is not None:
        return columns(found)
    multiply = lapack("trsm", b)

    def each(m: Array, c: Array) -> tuple[Any]:
        return (multiply(1.0, m, c, side=0 if left else 1, lower=0 if upper else 1, diag=1 if unit else 0),)

    return over_batch(each, a, b)[0]


def _triangle(x: Any, upper: bool, unit: bool) -> Any:
    return x.triu(int(unit)) if upper else x.tril(-int(unit))


@tensor_formula
def triangular_backward(
    grad: Any, A: Any, result: Any, upper: bool, left: bool, unit: bool, shape_a: Any, shape_b: Any, needs: Any
) -> tuple[Any, Any]:
    """The gradients of the solution of triangular systems."""
    fit = tensor_names["fit_like"]
    by_b = _solve_triangular(A.mH, grad, not upper, left, unit)
    by_a = None
    if needs[0]:
        by_a = -matmul(by_b, result.mH) if left else -matmul(result.mH, by_b)
        by_a = _triangle(fit(by_a, shape_a), upper, unit)
    return by_a, fit(by_b, shape_b)


@operation(name="_solve_triangular", node="LinalgSolveTriangularBackward0", aten="linalg_solve_triangular",
           function=False, method=False, out=False, kernel=triangular_array,
           joint=("A, B", "triangular_backward(grad, A, result, upper, left, unit, shape(A), shape(B), needs)"),
           )  # fmt: skip
def _solve_triangular(A: Array, B: Array, upper: bool, left: bool, unit: bool) -> Array:
    """The solutions of triangular systems."""


@explained
def solve_triangular(
    input: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Any = None
) -> Any:
    """The solution X of ``A X = B``, or of ``X A = B`` if not `left`, for triangular A.

    Args:
        input: square matrices, of which one triangle is read.
        B: matrices, which take on the dtype of A.
        upper: which triangle.
        left: on which side A stands.
        unitriangular: whether the diagonal counts as ones and is not read.
        out: the tensor to write to.

    Raises:
        RuntimeError: A is not square, or shapes or dtypes do not fit.
    """
    need_square("linalg.solve_triangular", input)
    check_fit("linalg.solve_triangular", input._shape, B._shape, left)
    broadcast_shapes(B._shape[:-2], input._shape[:-2])
    need_code("triangular_solve_cpu", input)
    found = _solve_triangular(input, B.to(input._dtype), bool(upper), bool(left), bool(unitriangular))
    return finish(out, found, "linalg_solve_triangular")


def _triangular_old_array(b: Array, a: Array, upper: bool, transpose: bool, unit: bool) -> tuple[Array, Array]:
    batch = batch_of(a, b)
    matrix = a.mT if transpose else a
    found = triangular_array(matrix, b, upper != transpose, True, unit)
    return found, columns(np.broadcast_to(a, batch + a.shape[-2:]).copy())


@tensor_formula
def triangular_old_backward(
    grad: Any, grad_copy: Any, A: Any, X: Any, upper: bool, transpose: bool, unit: bool, shape_b: Any, needs: Any
) -> tuple[Any, Any]:
    """The gradients of the older function for triangular systems."""
    fit = tensor_names["fit_like"]
    by_a = by_b = None
    if grad is not None:
        matrix = A.conj() if transpose else A.mH
        by_b = _solve_triangular(matrix, grad, upper == transpose, True, unit)
        if needs[1]:
            by_a = -matmul(X.conj(), by_b.mT) if transpose else -matmul(by_b, X.mH)
            by_a = _triangle(fit(by_a, A._shape), upper, unit)
        by_b = fit(by_b, shape_b)
    if grad_copy is not None and needs[1]:
        copied = fit(grad_copy, A._shape)
        by_a = copied if by_a is None else by_a + copied
    return by_b, by_a


@operation(name="_triangular_solve", node="TriangularSolveBackward0", aten="triangular_solve", function=False,
           method=False, out=False, kernel=_triangular_old_array, keeps="b", outputs=("solution", "cloned_coefficient"),
           joint=("b, A", "triangular_old_backward(grads[0], grads[1], A, solution, upper, transpose, unit, shape(b), "
                          "needs)"))  # fmt: skip
def _triangular_solve(b: Array, A: Array, upper: bool, transpose: bool, unit: bool) -> Any:
    """The solutions of triangular systems, and a copy of their matrices."""


@composite()
@explained
def triangular_solve(
    input: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> Any:
    """The solution of triangular systems and the matrices; `torch.linalg.solve_triangular` is its successor.

    Args:
        input: the right-hand sides, as columns.
        A: triangular matrices.
        upper: which triangle of A is read.
        transpose: whether A's transpose is meant.
        unitriangular: whether the diagonal counts as ones.
        out: the pair of tensors to write to.

    Raises:
        RuntimeError: shapes do not fit.
    """
    for t, name in ((input, "b"), (A, "A")):
        if len(t._shape) < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has {len(t._shape)} "
                "dimensions instead"
            )
    check_older("triangular_solve", input, A)
    warn_once(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future "
        "PyTorch release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one "
        "of the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = "
        "torch.linalg.solve_triangular(A, B)."
    )
    return finish(out, _triangular_solve(input, A, upper, transpose, unitriangular), "triangular_solve")


# ---------------------------------------------------------------------------------------------- of tensors
@explained
def tensorinv(input: Any, ind: int = 2, *, out: Any = None) -> Any:
    """The inverse of a tensor as a map from its last dimensions to its first `ind` ones, for `tensordot`.

    Raises:
        RuntimeError: `ind` is not positive, or the two groups of dimensions have different sizes.
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    first, last = input._shape[:ind], input._shape[ind:]
    rows, columns = math.prod(first), math.prod(last)
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{columns} != {rows}"
        )
    matrix = input.reshape(rows, columns)
    need_matrices("linalg.inv", matrix)
    found, info = _inv_ex(matrix)
    _check_inverse(info, "inv")
    return finish(out, found.reshape(*last, *first), "linalg_tensorinv")


@explained
def tensorsolve(A: Any, B: Any, dims: Any = None, *, out: Any = None) -> Any:
    """The solution X of ``tensordot(A, X, X.ndim) = B``.

    Args:
        A: a tensor; with the dimensions in `dims` moved to the end, its first ones have B's shape.
        B: the right-hand side.
        dims: dimensions of A to move to the end first.
        out: the tensor to write to.

    Raises:
        RuntimeError: A, as a matrix, is not square.
    """
    if dims is not None:
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        A = A.movedim(dims, tuple(range(len(A._shape) - len(dims), len(A._shape))))
    shape = A._shape[len(B._shape) :]
    size, equations = math.prod(shape), math.prod(B._shape)
    if size != equations:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {size} != {equations}"
        )
    return finish(out, solve(A.reshape(size, size), B.reshape(-1)).reshape(shape), "linalg_tensorsolve")
