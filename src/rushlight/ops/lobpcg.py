"""A few extreme eigenvalues and their eigenvectors."""

from typing import Any

from .declare import composite
from .eigen import eigh
from .factorization import cholesky
from .solving import solve


@composite(method=False)
def lobpcg(
    A: Any,
    k: int | None = None,
    B: Any = None,
    X: Any = None,
    n: int | None = None,
    iK: Any = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
) -> tuple[Any, Any]:
    """The largest or smallest eigenvalues of symmetric positive definite matrices, and their eigenvectors.

    The eigenvalue problem is solved whole, as for `linalg.eigh`, so nothing depends on where an iteration would begin.

    Args:
        A: symmetric matrices ``(..., m, m)``.
        k: how many eigenvalues; as many as `X` has columns, or one.
        B: symmetric positive definite matrices, for ``A x = lambda B x``; the identity unless given.
        X: where an iteration would begin; only its number of columns counts.
        n: how many vectors an iteration would use.
        largest: whether the largest eigenvalues are meant (the default), in descending order; else the smallest, in
            ascending order.
        iK, niter, tol, method, tracker, ortho_iparams, ortho_fparams, ortho_bparams: settings of PyTorch's iteration,
            without effect.

    Returns:
        The eigenvalues ``(..., k)`` and the eigenvectors ``(..., m, k)``, as columns.

    Raises:
        AssertionError: the matrices are not square, or of different shapes.
        ValueError: there are fewer than three rows for each eigenvalue.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.lobpcg.html
    """
    if A.shape[-2] != A.shape[-1]:
        raise AssertionError(f"A must be square, got shape {A.shape}")
    if B is not None and A.shape != B.shape:
        raise AssertionError(f"A and B must have same shape, got {A.shape} vs {B.shape}")
    if k is None:
        k = 1 if X is None else X.shape[-1]
    if X is not None:
        n = X.shape[-1]
    n = k if n is None else n
    rows = A.shape[-1]
    if rows < 3 * n:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={rows}) is smaller than 3 x the number of "
            f"requested eigenpairs (={n})"
        )
    if B is not None:
        # With B = L L^T, the problem is that of L^-1 A L^-T, whose eigenvectors are L^T x.
        root = cholesky(B)
        half = solve(root, A)
        A = solve(root, half.mT)
    values, vectors = eigh((A + A.mT.conj()) / 2)
    if largest is None or largest:
        values, vectors = values.flip(-1), vectors.flip(-1)
    values, vectors = values[..., :k], vectors[..., :k]
    if B is not None:
        vectors = solve(root.mT, vectors)
    return values, vectors
