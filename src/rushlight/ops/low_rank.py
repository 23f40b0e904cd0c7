"""Approximations of matrices by ones of low rank, from products with random matrices.

Source: Halko, Martinsson and Tropp, https://arxiv.org/abs/0909.4061
"""

from typing import Any

from .declare import composite
from .eigen import svd
from .matmul import matmul
from .qr import qr
from .random_creation import randn


def _basis(A: Any, q: int, niter: int, M: Any) -> Any:
    """Orthonormal columns whose span is close to that of ``A - M`` (algorithm 4.4)."""

    def product(x: Any, adjoint: bool = False) -> Any:
        found = matmul(A.mH if adjoint else A, x)
        return found if M is None else found - matmul(M.mH if adjoint else M, x)

    basis = qr(product(randn(A._shape[-1], q, dtype=A._dtype)))[0]
    for _ in range(niter):
        basis = qr(product(basis, adjoint=True))[0]
        basis = qr(product(basis))[0]
    return basis


@composite(method=False)
def svd_lowrank(A: Any, q: int | None = 6, niter: int | None = 2, M: Any = None) -> tuple[Any, Any, Any]:
    """The largest singular values and their vectors, approximately, as ``(U, S, V)``.

    Args:
        A: matrices.
        q: how many values; a few more than the rank that is looked for.
        niter: how often the guess is improved.
        M: what is subtracted from A first; it broadcasts.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.svd_lowrank.html
    """
    q = 6 if q is None else q
    niter = 2 if niter is None else niter
    wide = A._shape[-2] < A._shape[-1]
    if M is not None:
        M = M.broadcast_to(A._shape)
    if wide:
        A, M = A.mH, None if M is None else M.mH
    basis = _basis(A, q, niter, M)
    small = matmul(basis.mH, A)
    if M is not None:
        small = small - matmul(basis.mH, M)
    u, s, vh = svd(small, full_matrices=False)
    left, right = matmul(basis, u), vh.mH
    return (right, s, left) if wide else (left, s, right)


@composite(method=False)
def pca_lowrank(A: Any, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Any, Any, Any]:
    """The principal components of rows of data, approximately, as ``(U, S, V)``; see `svd_lowrank`.

    Args:
        A: data, one point a row.
        q: how many components; six or fewer by default.
        center: whether the mean of the rows is subtracted first.
        niter: how often the guess is improved.

    Raises:
        ValueError: `q` or `niter` is negative, or `q` too large.
    """
    m, n = A._shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(dim=(-2,), keepdim=True) if center else A, q, niter)
