"""Inverses, determinants, factorizations, linear systems and norms of matrices."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight
from ops.tables import calls, check_line

CALLS = """
    torch.linalg.inv(A).detach().contiguous()
    torch.inverse(A).detach().contiguous()
    A.inverse().detach().contiguous()
    torch.linalg.inv(S)
    torch.linalg.inv(R)
    torch.linalg.inv(B).detach().contiguous()
    torch.linalg.inv(torch.stack([A, S.double()]))
    torch.linalg.inv(torch.ones(2, 2, dtype=torch.int64))
    torch.linalg.inv(torch.ones(2, 2, dtype=torch.float16))
    torch.linalg.det(A)
    torch.det(A)
    torch.linalg.det(S)
    torch.linalg.det(R)
    torch.linalg.det(B)
    torch.linalg.slogdet(A)
    A.logdet()
    torch.linalg.solve(A, A).detach().contiguous()
    torch.linalg.solve(A, b).detach()
    torch.linalg.solve(S, S)
    torch.linalg.solve(A, b.float())
    torch.linalg.solve(A, A, left=False).detach().contiguous()
    torch.linalg.cholesky(A).detach().contiguous()
    torch.linalg.cholesky(A, upper=True).detach().contiguous()
    torch.linalg.cholesky(-A)
    torch.linalg.svdvals(A)
    torch.linalg.svdvals(R)
    torch.linalg.eigvalsh(A)
    torch.linalg.pinv(A).detach().contiguous()
    torch.linalg.pinv(R).detach().contiguous()
    torch.pinverse(R).detach().contiguous()
    torch.linalg.matrix_power(A, 3)
    torch.linalg.matrix_power(A, 0).detach()
    torch.linalg.matrix_power(A, -2)
    torch.matrix_power(A, 2)
    torch.linalg.lstsq(R.t(), torch.ones(3, 1)).solution.reshape(-1)
    torch.linalg.matrix_rank(A)
    torch.linalg.matrix_rank(R)
    torch.linalg.matrix_norm(A)
    torch.linalg.matrix_norm(A, 'nuc')
    torch.linalg.matrix_norm(A, 2)
    torch.linalg.matrix_norm(A, -2)
    torch.linalg.matrix_norm(A, 1)
    torch.linalg.matrix_norm(A, -1, keepdim=True)
    torch.linalg.matrix_norm(A, float('inf'))
    torch.linalg.matrix_norm(B, 2, (0, 2), True)
    torch.linalg.matrix_norm(B, 1, (2, 0))
    torch.linalg.matrix_norm(B, 'nuc', (1, 2))
    torch.linalg.matrix_norm(A, 3)
    torch.linalg.matrix_norm(A, 'a')
    torch.linalg.matrix_norm(b)
    torch.linalg.norm(A, 'a')
    torch.linalg.norm(b, 'fro')
    torch.linalg.norm(A, 'fro', 0)
    torch.linalg.norm(b, 3)
    torch.linalg.norm(torch.ones(2, 2, 2), 2)
    torch.linalg.vecdot(A, A)
    torch.linalg.diagonal(A)
    torch.linalg.multi_dot([A, A, A])
    torch.linalg.matmul(A, A)
    torch.linalg.cross(R, R + 1)
"""


def tensors(m):
    return {
        "A": m.tensor([[2.0, 1], [1, 3]], dtype=m.float64, requires_grad=True),
        "S": m.zeros(2, 2),
        "R": m.ones(2, 3) + m.arange(6.0).reshape(2, 3) ** 2,
        "B": m.ones(4, 2, 2) + m.eye(2),
        "b": m.tensor([1.0, 2.0], dtype=m.float64),
    }


@calls(CALLS)
def test_calls(line):
    check_line(line, tensors, rtol=1e-4, atol=1e-5)


FUNCTIONS = {
    "inv": ("m.linalg.inv(A)", (3, 3)),
    "inv of a batch": ("m.linalg.inv(A)", (2, 3, 3)),
    "det": ("m.linalg.det(A)", (3, 3)),
    "det of a batch": ("m.linalg.det(A)", (2, 3, 3)),
    "slogdet": ("m.linalg.slogdet(A)[1]", (3, 3)),
    "solve": ("m.linalg.solve(A, A[:, :2].detach() * 2)", (3, 3)),
    "solve for the right side": ("m.linalg.solve(A.detach() + m.eye(3, dtype=A.dtype), A)", (3, 3)),
    "cholesky": ("m.linalg.cholesky(A @ A.mT + m.eye(3, dtype=A.dtype))", (3, 3)),
    "upper cholesky": ("m.linalg.cholesky(A @ A.mT + m.eye(3, dtype=A.dtype), upper=True)", (3, 3)),
    "qr": ("(lambda q, r: (q * q).sum(0) + (r * r).sum(0) + q.abs().sum(0))(*m.linalg.qr(A))", (4, 3)),
    "eigenvalues": ("m.linalg.eigvalsh(A + A.mT)", (3, 3)),
    "eigenvectors": ("m.linalg.eigh(A + A.mT)[1] ** 2", (3, 3)),
    "singular values": ("m.linalg.svdvals(A)", (4, 3)),
    "singular vectors": ("(lambda u, s, v: (u ** 2) @ m.diag(s) @ (v ** 2))(*m.linalg.svd(A, False))", (4, 3)),
    "singular vectors of rows": ("(lambda u, s, v: (u ** 2) @ m.diag(s) @ (v ** 2))(*m.linalg.svd(A, False))", (2, 3)),
    "pinv": ("m.linalg.pinv(A)", (4, 3)),
    "matrix_power": ("m.linalg.matrix_power(A, 5)", (3, 3)),
    "nuclear norm": ("m.linalg.matrix_norm(A, 'nuc')", (3, 2)),
    "spectral norm": ("m.linalg.matrix_norm(A, 2)", (3, 2)),
    "norm of columns": ("m.linalg.matrix_norm(A, 1)", (3, 2)),
    "vecdot": ("m.linalg.vecdot(A, A * A)", (3, 2)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name):
    text, shape = FUNCTIONS[name]

    def scenario(m):
        rng = np.random.default_rng(3)

        def made(shape):
            return m.from_numpy(np.asarray(rng.standard_normal(shape))).requires_grad_()

        A = made(shape)
        y = eval(text, {"m": m, "A": A})
        weights = made(tuple(y.shape))
        (first,) = m.autograd.grad(y, A, weights, create_graph=True)
        second = m.autograd.grad((first * made(shape).detach()).sum(), (A, weights), allow_unused=True)
        second = [m.zeros_like(t) if s is None else s.detach() + m.zeros_like(t) for t, s in zip((A, weights), second)]
        (fast,) = m.autograd.grad(eval(text, {"m": m, "A": A}), A, weights.detach())
        return [[tuple(t.shape), t.detach().reshape(-1)] for t in (y, first, *second, fast)]

    check(scenario, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("rows", [[[1.0, 2], [2, 4]], [[1.0, 2, 3], [4, 5, 6], [7, 8, 9]], [[0.0, 0], [0, 0]]])
def test_det_of_singular_matrices_has_the_gradient_of_finite_differences(rows):
    # PyTorch's is zero there, though its documentation promises the derivative.
    A = rushlight.tensor(rows, dtype=rushlight.float64, requires_grad=True)
    assert rushlight.autograd.gradcheck(rushlight.linalg.det, (A,))


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (2, 4)])
def test_factors_multiply_to_the_matrix(shape):
    A = rushlight.from_numpy(np.random.default_rng(0).standard_normal(shape))
    q, r = rushlight.linalg.qr(A)
    assert rushlight.allclose(q @ r, A)
    for full in (True, False):
        u, s, vh = rushlight.linalg.svd(A, full)
        k = len(s)
        assert rushlight.allclose(u[:, :k] * s @ vh[:k], A)
    if shape[0] == shape[1]:
        values, vectors = rushlight.linalg.eigh(A + A.mT)
        assert rushlight.allclose(vectors * values @ vectors.mT, A + A.mT)
        product = A @ A.mT
        factor = rushlight.linalg.cholesky(product)
        assert rushlight.allclose(factor @ factor.mT, product)


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky", "qr", "eigh", "eigvalsh", "svdvals"])
def test_large_batches_are_shared_out_between_threads(name, monkeypatch):
    from rushlight.kernels import batches

    monkeypatch.setattr(batches, "LEAST", 0)
    monkeypatch.setattr(batches, "get_threads", lambda: 3)
    a = np.random.default_rng(0).standard_normal((5, 2, 4, 4))
    a = a @ a.swapaxes(-1, -2) + np.eye(4)
    ours, theirs = (getattr(library.linalg, name)(library.from_numpy(a)) for library in (rushlight, torch))
    pairs = [(ours, theirs)] if name in ("inv", "det", "cholesky", "eigvalsh", "svdvals") else zip(ours, theirs)
    for one, other in list(pairs)[: 1 if name == "eigh" else None]:  # eigenvectors have no certain sign
        np.testing.assert_allclose(one.numpy(), other.numpy(), 1e-9, 1e-9)


def test_a_singular_matrix_in_a_batch_that_is_shared_out(monkeypatch):
    from rushlight.kernels import batches

    monkeypatch.setattr(batches, "LEAST", 0)
    monkeypatch.setattr(batches, "get_threads", lambda: 2)
    a = np.tile(np.eye(3), (6, 1, 1))
    a[4, 1, 1] = 0
    messages = []
    for library in (torch, rushlight):
        with pytest.raises(RuntimeError) as caught:
            library.linalg.inv(library.from_numpy(a))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("p", [None, 2, -2, 1, "fro"])
@pytest.mark.parametrize("wants", [False, True])
def test_which_condition_numbers_are_views(p, wants):
    found = [m.linalg.cond((m.eye(2) * 2).requires_grad_(wants), p)._is_view() for m in (torch, rushlight)]
    assert found[0] == found[1]
