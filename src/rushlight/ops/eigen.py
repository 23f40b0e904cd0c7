"""Eigenvalues and singular values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, wrap
from ..kernels import numpy_matrices
from ..kernels.batches import shared_out
from ..kernels.elimination import all_finite
from ..kernels.layout import columns
from ..kernels.numpy_common import widen
from .arguments import explained
from .declare import Array, composite, operation
from .matmul import matmul
from .matrices import (
    LinAlgError,
    diagonal_matrices,
    finish,
    need_matrices,
    of_nothing,
    real,
    tensor_formula,
    total,
    with_diagonal,
    without_code,
    without_diagonal,
)  # fmt: skip
from .operation import return_type
from .solving import _solve_ex


def _ones_for_zeros(n: int, dtype: Any) -> Any:
    return wrap(np.eye(n, dtype=dtype))


def _differences(values: Any) -> Any:
    """The differences of values by column and row, with ones on the diagonal."""
    return values.unsqueeze(-2) - values.unsqueeze(-1) + _ones_for_zeros(values._shape[-1], values._data.dtype)


def _refuse_phase(name: str, diagonal: Any, vectors: str, quantity: str) -> None:
    """Refuses a loss that depends on the phase of complex vectors, which nothing determines.

    Raises:
        RuntimeError: the loss does.
    """
    # Where forward mode derives tangents from this formula, the gradient is only there to be differentiated by.
    if mode.local.dual is None and not np.allclose(diagonal._data.imag, 0, rtol=1e-2, atol=1e-2):
        raise RuntimeError(
            f"{name}: The {vectors} in the complex case are specified up to multiplication by e^{{i phi}}. The "
            f"specified loss function depends on this {quantity}"
        )


# ---------------------------------------------------------------------------------------------- eigenvalues
def _without_end(name: str, x: Array, function: Callable[[Array], Any], code: int) -> LinAlgError:
    """The error that says for which matrix of a batch, the first that a function refuses, LAPACK finds no end.

    Args:
        name: of the function that the program called.
        x: the matrices.
        function: what raises for some of them.
        code: LAPACK's.
    """
    where = ""
    if x.ndim > 2:
        for i, matrix in enumerate(x.reshape(-1, *x.shape[-2:])):
            try:
                function(matrix)
            except np.linalg.LinAlgError:
                where = f"(Batch element {i}): "
                break
    quantity = "singular values" if name == "linalg.svd" else "eigenvalues"
    return LinAlgError(
        f"{name}: {where}The algorithm failed to converge because the input matrix is ill-conditioned or has too many "
        f"repeated {quantity} (error code: {code})."
    )


def eigh_array(x: Array, UPLO: str) -> tuple[Array, Array]:
    """The eigenvalues of Hermitian matrices, of which one triangle is read, and their eigenvectors.

    Raises:
        LinAlgError: LAPACK does not converge.
    """
    try:
        values, vectors = shared_out(lambda part: numpy_matrices.eigh(part, UPLO), 8, x)
    except np.linalg.LinAlgError:
        raise _without_end("linalg.eigh", x, lambda m: numpy_matrices.eigh(m, UPLO), x.shape[-1] - 1) from None
    return np.ascontiguousarray(values), columns(vectors)


@tensor_formula
def eigh_backward(grad_values: Any, grad_vectors: Any, values: Any, vectors: Any) -> Any:
    """The gradient of the eigenvalues and eigenvectors of Hermitian matrices."""
    if grad_vectors is None:
        return matmul(vectors * grad_values.unsqueeze(-2), vectors.mH)
    turned = matmul(vectors.mH, grad_vectors)
    if turned._dtype.is_complex:
        _refuse_phase(
            "linalg_eigh_backward", turned.diagonal(0, -2, -1), "eigenvectors", "quantity, so it is ill-defined."
        )
    inner = with_diagonal((turned - turned.mH) / (2 * _differences(values)), grad_values)
    return matmul(vectors, matmul(inner, vectors.mH))


@operation(name="_eigh", node="LinalgEighBackward0", aten="linalg_eigh", function=False, method=False, out=False,
           kernel=eigh_array, outputs=("eigenvalues", "eigenvectors"),
           input="eigh_backward(grads[0], grads[1], eigenvalues, eigenvectors)")  # fmt: skip
def _eigh(input: Array, UPLO: str) -> Any:
    """The eigenvalues and eigenvectors of Hermitian matrices."""


def _triangle_name(UPLO: str) -> str:
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


@explained("linalg_eigh")
def eigh(input: Any, UPLO: str = "L", *, out: Any = None) -> Any:
    """The eigenvalues, ascending, and eigenvectors of a Hermitian matrix, as ``(eigenvalues, eigenvectors)``.

    Args:
        input: the matrix or matrices; only one triangle is read.
        UPLO: which triangle, ``"L"`` or ``"U"``.
        out: the pair of tensors to write to.
    """
    need_matrices("linalg.eigh", input, kernel="linalg_eigh_cpu", integers=True)
    if without_code(input):
        return finish(out, of_nothing(lambda x: _eigh(x, _triangle_name(UPLO)), input), "linalg_eigh")
    return finish(out, _eigh(input, _triangle_name(UPLO)), "linalg_eigh")


@operation(name="_eigvalsh_plain", aten="linalg_eigh", function=False, method=False, out=False)
def _eigvalsh_plain(input: Array, UPLO: str) -> Array:
    """The eigenvalues of Hermitian matrices that need no gradient, for which vectors would be wanted."""
    try:
        return np.ascontiguousarray(shared_out(lambda part: numpy_matrices.eigvalsh(part, UPLO), 4, input))
    except np.linalg.LinAlgError:
        if np.isnan(input).any():  # LAPACK's routine for eigenvalues alone ends with another code
            code = input.shape[-1] - 2
            raise _without_end("linalg.eigh", input, lambda m: numpy_matrices.eigvalsh(m, UPLO), code) from None
        return eigh_array(input, UPLO)[0]


@explained("linalg_eigvalsh")
def eigvalsh(input: Any, UPLO: str = "L", *, out: Any = None) -> Any:
    """The eigenvalues of a Hermitian matrix, ascending; see `eigh`."""
    need_matrices("linalg.eigh", input, kernel="linalg_eigh_cpu", integers=True)
    triangle = _triangle_name(UPLO)
    if without_code(input):
        return finish(out, of_nothing(lambda x: _eigvalsh_plain(x, triangle), input), "linalg_eigvalsh")
    if input._node is None and mode.local.dual is None:
        return finish(out, _eigvalsh_plain(input, triangle), "linalg_eigvalsh")
    return finish(out, _eigh(input, triangle)[0], "linalg_eigvalsh")


def _need_complex(x: Any) -> None:
    """Refuses integers and booleans, which no complex type belongs to.

    Raises:
        RuntimeError: it is a tensor of such.
    """
    if isinstance(x, TensorBase) and len(x._shape) > 1 and x._dtype.category < dtypes.FLOATING:
        raise RuntimeError(f"Unknown Complex ScalarType for {x._dtype.scalar_name}")


def _need_finite(x: Array) -> None:
    if not np.isfinite(x).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")


def _eig_array(x: Array, kind: Any) -> tuple[Array, Array]:
    _need_finite(x)
    values, vectors = numpy_matrices.eig(x)
    return np.ascontiguousarray(values), columns(vectors)


@tensor_formula
def eig_backward(grad_values: Any, grad_vectors: Any, values: Any, vectors: Any, dtype: Any) -> Any:
    """The gradient of the eigenvalues and eigenvectors of matrices."""
    adjoint = vectors.mH
    if grad_vectors is None:
        inner = grad_values.unsqueeze(-1) * adjoint
    else:
        turned = matmul(adjoint, grad_vectors)
        diagonal = turned.diagonal(0, -2, -1)
        _refuse_phase("linalg_eig_backward", diagonal, "eigenvectors", "quantity, so it is ill-defined.")
        inner = turned - matmul(adjoint, vectors * real(diagonal).to(vectors._dtype).unsqueeze(-2))
        inner = with_diagonal(inner / _differences(values.conj()), grad_values)
        inner = matmul(inner, adjoint)
    found = _solve_ex(adjoint, inner, True, False)[0]
    return found if np.dtype(dtype).kind == "c" else found.real


@operation(name="_eig", node="LinalgEigBackward0", aten="linalg_eig", function=False, method=False, out=False,
           kernel=_eig_array, outputs=("eigenvalues", "eigenvectors"),
           input="eig_backward(grads[0], grads[1], eigenvalues, eigenvectors, kind)")  # fmt: skip
def _eig(input: Array, kind: Any) -> Any:
    """The eigenvalues and eigenvectors of matrices, which are complex; `kind` is the dtype of the matrices."""


def eig(input: Any, *, out: Any = None) -> Any:
    """The eigenvalues and eigenvectors of a square matrix, always complex, as ``(eigenvalues, eigenvectors)``."""
    _need_complex(input)
    need_matrices("linalg.eig", input, kernel="linalg_eig_out_cpu")
    return finish(out, _eig(input, input._data.dtype), "linalg_eig")


@operation(name="_eigvals_plain", aten="linalg_eig", function=False, method=False, out=False)
def _eigvals_plain(input: Array) -> Array:
    """The eigenvalues of matrices that need no gradient, for which vectors would be wanted."""
    _need_finite(input)
    return np.ascontiguousarray(numpy_matrices.eigvals(input))


def eigvals(input: Any, *, out: Any = None) -> Any:
    """The eigenvalues of a square matrix, always complex."""
    _need_complex(input)
    need_matrices("linalg.eigvals", input, kernel="linalg_eig_out_cpu")
    if input._node is None and mode.local.dual is None:
        return finish(out, _eigvals_plain(input), "linalg_eigvals")
    return finish(out, _eig(input, input._data.dtype)[0], "linalg_eigvals")


# ---------------------------------------------------------------------------------------------- singular values
def _of_finite(function: Callable[..., tuple[Array, ...]], x: Array) -> tuple[Array, ...]:
    """What a function makes of matrices; NaN for those with infinite elements, for which LAPACK may never end.

    Raises:
        LinAlgError: an element is NaN.
    """
    lost = np.isnan(x).any((-2, -1))
    if lost.any():
        where = f"(Batch element {int(lost.argmax())}): " if x.ndim > 2 else ""
        raise LinAlgError(
            f"linalg.svd: {where}The algorithm failed to converge because the input matrix contained non-finite values."
        )
    strange = np.isinf(x).any((-2, -1))
    found = function(np.where(strange[..., None, None], x.dtype.type(0), x))
    for part in found:
        if part.ndim < x.ndim or x.shape[-2:] != (1, 1):  # the vectors of one number are ones
            part[strange] = np.nan
    return found


def svd_array(x: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """The factors of singular value decompositions, full or reduced.

    Raises:
        LinAlgError: LAPACK does not converge.
    """
    if x.dtype.itemsize == 2:  # of no elements, or it would be refused: LAPACK has no half precision
        u, s, vh = np.linalg.svd(widen(x), full_matrices)
        return columns(u.astype(x.dtype)), s.astype(x.dtype), columns(vh.astype(x.dtype))
    if not all_finite(x):
        return _of_finite(lambda part: svd_array(part, full_matrices), x)  # type: ignore[return-value]
    try:
        u, s, vh = shared_out(lambda part: numpy_matrices.svd(part, full_matrices), 8, np.ascontiguousarray(x))
    except np.linalg.LinAlgError:
        code = min(x.shape[-2:]) - 1
        raise _without_end("linalg.svd", x, lambda m: numpy_matrices.svd(m, full_matrices), code) from None
    return columns(u), s, columns(vh)


@tensor_formula
def svd_backward(grad_u: Any, grad_s: Any, grad_vh: Any, U: Any, S: Any, Vh: Any) -> Any:
    """The gradient of a singular value decomposition."""
    m, n, k = U._shape[-2], Vh._shape[-1], S._shape[-1]
    U, Vh = U.narrow(-1, 0, k), Vh.narrow(-2, 0, k)
    if grad_u is None and grad_vh is None:
        return matmul(U * grad_s.unsqueeze(-2), Vh)
    by_u = by_v = None
    squares = S * S
    if grad_u is not None:
        grad_u = grad_u.narrow(-1, 0, k)
        by_u = matmul(U.mH, grad_u)
        by_u = by_u - by_u.mH
    if grad_vh is not None:
        grad_vh = grad_vh.narrow(-2, 0, k)
        by_v = matmul(Vh, grad_vh.mH)
        by_v = by_v - by_v.mH
    if U._dtype.is_complex:
        diagonal = total(by_u, by_v).diagonal(0, -2, -1)
        _refuse_phase("svd_backward", diagonal, "singular vectors", "phase term, making it ill-defined.")
    inner = total(None if by_u is None else by_u * S.unsqueeze(-2), None if by_v is None else S.unsqueeze(-1) * by_v)
    inner = without_diagonal(inner / _differences(squares))
    if grad_s is not None:
        inner = inner + diagonal_matrices(grad_s)
    if U._dtype.is_complex and by_u is not None and by_v is not None:
        inner = inner + diagonal_matrices(by_u.diagonal(0, -2, -1) / (2 * S))
    if m > k and grad_u is not None:
        scaled = grad_u / S.unsqueeze(-2)
        return matmul(matmul(U, inner) + scaled - matmul(U, matmul(U.mH, scaled)), Vh) + _right_part(
            U, S, Vh, grad_vh if n > k else None
        )
    found = matmul(U, matmul(inner, Vh))
    return found + _right_part(U, S, Vh, grad_vh if n > k else None)


def _right_part(U: Any, S: Any, Vh: Any, grad_vh: Any) -> Any:
    """What the right vectors' gradient outside of their own space adds."""
    if grad_vh is None:
        return 0
    scaled = grad_vh / S.unsqueeze(-1)
    return matmul(U, scaled - matmul(matmul(scaled, Vh.mH), Vh))


@operation(name="_svd", shows=("full_matrices",), node="LinalgSvdBackward0", aten="linalg_svd", function=False,
           method=False, out=False, kernel=svd_array, outputs=("U", "S", "Vh"),
           A="svd_backward(grads[0], grads[1], grads[2], U, S, Vh)")  # fmt: skip
def _svd(A: Array, full_matrices: bool) -> Any:
    """The singular value decompositions of matrices."""


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """``A = U diag(S) Vh`` with orthonormal U and Vh and descending S, as ``(U, S, Vh)``.

    Args:
        A: the matrix or matrices.
        full_matrices: whether U and Vh are square; the gradients of the added vectors are left out.
        driver: an algorithm of GPUs; None here.
        out: the three tensors to write to.
    """
    need_matrices("linalg.svd", A, square=False, kernel="linalg_svd_cpu")
    _no_driver("torch.linalg.svd", driver)
    if A._dtype is dtypes.complex32:
        return finish(out, of_nothing(lambda x: _svd(x, bool(full_matrices)), A), "linalg_svd")
    return finish(out, _svd(A, bool(full_matrices)), "linalg_svd")


def _no_driver(name: str, driver: str | None) -> None:
    if driver is not None:
        raise RuntimeError(
            f"{name}: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


_Svd = return_type("svd", ("U", "S", "V"))


@composite(name="svd")
@explained("svd")
def _svd_old(input: Any, some: bool = True, compute_uv: bool = True, *, out: Any = None) -> Any:
    """The singular value decomposition with V instead of its adjoint; see `torch.linalg.svd`."""
    need_matrices("linalg.svd", input, square=False, kernel="linalg_svd_cpu")
    if compute_uv:
        u, s, vh = _svd(input, not some)
        return finish(out, _Svd((u, s, vh.mH)), "svd")
    s = svdvals(input)
    m, n = input._shape[-2:]
    u, v = (wrap(np.zeros((*input._shape[:-2], k, k), input._data.dtype)) for k in (m, n))
    return finish(out, _Svd((u, s, v)), "svd")


def singular_values(x: Array) -> Array:
    """The singular values of matrices, descending."""
    if x.dtype.itemsize == 2:
        return svd_array(x, False)[1]
    if not all_finite(x):
        return _of_finite(lambda part: (singular_values(part),), x)[0]
    try:
        return shared_out(numpy_matrices.svdvals, 4, np.ascontiguousarray(x))  # type: ignore[no-any-return]
    except np.linalg.LinAlgError:
        return svd_array(x, False)[1]


@operation(name="_svdvals_plain", aten="linalg_svd", function=False, method=False, out=False, kernel=singular_values)
def _svdvals_plain(A: Array) -> Array:
    """The singular values of matrices that need no gradient, for which vectors would be wanted."""


def svdvals(A: Any, *, driver: str | None = None, out: Any = None) -> Any:
    """The singular values of a matrix, descending.

    Args:
        A: the matrix or matrices.
        driver: for CUDA only.
        out: the tensor to write to.
    """
    need_matrices("linalg.svd", A, square=False, kernel="linalg_svd_cpu")
    _no_driver("torch.linalg.svdvals", driver)
    if A._dtype is dtypes.complex32:
        return finish(out, of_nothing(lambda x: _svd(x, False)[1], A), "linalg_svdvals")
    if A._node is None and mode.local.dual is None:
        return finish(out, _svdvals_plain(A), "linalg_svdvals")
    return finish(out, _svd(A, False)[1], "linalg_svdvals")
