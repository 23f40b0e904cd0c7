"""Factorizations, eigenvalues and solutions of linear systems where PyTorch's sample inputs do not go."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight
from ops.tables import calls, check_line

CALLS = """
    torch.linalg.eigh(N)
    torch.linalg.eig(N)
    torch.linalg.svd(N)
    torch.linalg.svdvals(N)
    torch.linalg.matrix_rank(N)
    torch.linalg.cholesky(N)
    torch.linalg.cholesky(-E)
    torch.linalg.cholesky(ZB)
    torch.linalg.cholesky_ex(A @ A.mT + E).info
    torch.linalg.cholesky_ex(ZB)
    torch.linalg.cholesky_ex(-E, check_errors=True)
    torch.linalg.inv(Z)
    torch.linalg.inv(ZB)
    torch.linalg.inv_ex(E)
    torch.linalg.inv_ex(Z).info
    torch.linalg.inv_ex(Z, check_errors=True)
    torch.linalg.solve(ZB, ZB)
    torch.linalg.solve(A, A[:2])
    torch.linalg.solve_ex(Z, Z).info
    torch.linalg.solve_ex(Z, Z, check_errors=True)
    torch.linalg.solve_triangular(A, A[0], upper=True)
    torch.linalg.solve_triangular(A, E, upper=False, left=False, unitriangular=True)
    torch.linalg.lu_factor(Z)
    torch.linalg.lu_factor(A)
    torch.linalg.lu_factor(A, pivot=False)
    torch.linalg.lu_factor_ex(Z, check_errors=True)
    torch.linalg.lu(A)
    torch.linalg.lu(A[:2])
    torch.linalg.lu(A, pivot=False)
    torch.linalg.lu_solve(A, A, A)
    torch.lu_unpack(*torch.linalg.lu_factor(A), unpack_pivots=False)
    torch.lu_unpack(A, A)
    torch.linalg.qr(A, 'r')
    torch.linalg.qr(A, 'all')
    torch.linalg.ldl_factor(A + A.mT)
    torch.linalg.ldl_solve(*torch.linalg.ldl_factor(A + A.mT), E)
    torch.linalg.ldl_solve(A, A, A)
    torch.linalg.householder_product(A, A)
    torch.linalg.householder_product(*torch.geqrf(A))
    torch.ormqr(*torch.geqrf(A), E, left=False, transpose=True)
    torch.geqrf(A[0])
    torch.cholesky_solve(A[0], A)
    torch.cholesky_inverse(A[0])
    torch.triangular_solve(A[0], A)
    torch.linalg.cond(A)
    torch.linalg.cond(A, -2)
    torch.linalg.cond(A, 'nuc')
    torch.linalg.cond(Z, 1)
    torch.linalg.cond(A, 3)
    torch.linalg.pinv(A[0])
    torch.linalg.pinv(A, atol=torch.tensor(0.5))
    torch.linalg.pinv(A + A.mT, hermitian=True)
    torch.linalg.lstsq(A, A[:2])
    torch.linalg.lstsq(A[:, :2], b=E, driver='gelsd')
    torch.linalg.lstsq(A[:, :2], E, driver='gelsy').residuals
    torch.linalg.lstsq(A, E, driver='svd')
    torch.linalg.lstsq(A * 0, E, driver='gels')
    torch.linalg.lstsq(A.index_fill(1, torch.tensor(1), 0), E, driver='gels')
    torch.linalg.lstsq(A.index_fill(0, torch.tensor(1), 0)[:2], E[:2], driver='gels')
    torch.linalg.lstsq(torch.stack([A, A * 0]), torch.stack([E, E]), driver='gels')
    torch.linalg.svd(A, driver='gesvd')
    torch.linalg.eigh(input=A, UPLO='X')
    torch.linalg.vander(A[0])
    torch.linalg.vander(torch.arange(3), N=4)
    torch.linalg.vander(A[0], N=1)
    torch.linalg.vander(A[0, 0], N=3)
    torch.linalg.vander(A[0, 0])
    torch.linalg.matrix_power(A.clone().requires_grad_(), 0)
    torch.linalg.tensorinv(A)
    torch.linalg.tensorinv(torch.eye(6).view(2, 3, 6), 2)
    torch.linalg.tensorsolve(torch.eye(6).view(2, 3, 6), A[:2])
    torch.linalg.tensorsolve(A, A)
    torch.linalg.matrix_exp(A)
    torch.matrix_exp(A[0])
    torch.logdet(A.to(torch.complex64))
    torch.logdet(A[:2])
"""


def tensors(m):
    """The tensors that the calls mention: a matrix, the identity, zeros, a batch with a singular matrix, and NaN."""
    a = m.tensor([[2.0, -1.0, 0.5], [0.25, 1.5, -0.75], [1.0, 0.5, -2.0]])
    e, z = m.eye(3), m.zeros(3, 3)
    return {"A": a, "E": e, "Z": z, "ZB": m.stack([e, z]), "N": m.full((3, 3), float("nan"))}


@calls(CALLS)
def test_calls(line):
    check_line(line, tensors, strides=False, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", ["lu(A)", "eig(E)", "cholesky_ex(E)", "inv_ex(E)", "lu_factor(E)", "svd(E)"])
def test_named_results_print_as_in_pytorch(text):
    check(lambda m: str(eval(f"m.linalg.{text}", {"m": m, **tensors(m)})))


def symmetric(m, x):
    """A positive-definite matrix made of any."""
    return x @ x.mH + m.eye(x.shape[-1], dtype=x.dtype)


def triangle(m, x):
    """A triangular matrix far from singular made of any."""
    return x.tril() + 4 * m.eye(x.shape[-1], dtype=x.dtype)


# Functions of matrices whose results nothing leaves free, so that finite differences can judge the derivatives.
DIFFERENTIABLE = {
    "det": lambda m, x: m.linalg.det(x),
    "slogdet": lambda m, x: m.linalg.slogdet(x),
    "inv": lambda m, x: m.linalg.inv(x),
    "solve": lambda m, x: m.linalg.solve(x, x.mH),
    "solve_triangular": lambda m, x: m.linalg.solve_triangular(triangle(m, x), x, upper=False),
    "cholesky": lambda m, x: m.linalg.cholesky(symmetric(m, x)),
    "cholesky_upper": lambda m, x: m.linalg.cholesky(symmetric(m, x), upper=True),
    "cholesky_solve": lambda m, x: m.cholesky_solve(x, triangle(m, x)),
    "cholesky_inverse": lambda m, x: m.cholesky_inverse(triangle(m, x)),
    "lu": lambda m, x: m.linalg.lu(x)[1:],
    "lu_solve": lambda m, x: m.linalg.lu_solve(*m.linalg.lu_factor(x), x, left=False, adjoint=True),
    "eigvalsh": lambda m, x: m.linalg.eigvalsh(symmetric(m, x)),
    "svdvals": lambda m, x: m.linalg.svdvals(x),
    "pinv": lambda m, x: m.linalg.pinv(x[..., :2]),
    "lstsq": lambda m, x: m.linalg.lstsq(x[..., :2], x).solution,
    "matrix_exp": lambda m, x: m.linalg.matrix_exp(x),
    "householder_product": lambda m, x: m.linalg.householder_product(x, x[..., 0, :]),
    "ormqr": lambda m, x: m.ormqr(x, x[..., 0, :], x, left=False),
    "cond": lambda m, x: m.linalg.cond(x, "fro"),
}


@pytest.mark.parametrize("dtype", [rushlight.float64, rushlight.complex128])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_agree_with_finite_differences(name, dtype):
    rushlight.manual_seed(0)
    x = rushlight.randn(2, 3, 3, dtype=dtype).requires_grad_()

    def function(x):
        return DIFFERENTIABLE[name](rushlight, x)

    assert rushlight.autograd.gradcheck(function, (x,), check_forward_ad=True)
    assert rushlight.autograd.gradgradcheck(function, (x,), atol=1e-4)


@pytest.mark.parametrize("name", ["eig", "eigh", "svd"])
def test_a_loss_that_depends_on_the_phase_of_vectors_is_refused(name):
    def scenario(m):
        x = m.tensor([[2.0, 1 + 1j], [1 - 1j, 5.0]], requires_grad=True)
        vectors = getattr(m.linalg, name)(x)[0 if name == "svd" else 1]
        (vectors * m.tensor([[1.0 + 2j, 3j], [2.0, -4j]])).real.sum().backward()

    check(scenario)


@pytest.mark.parametrize("name", ["stft", "istft"])
def test_stft_and_its_inverse(name):
    def scenario(m):
        x = m.arange(40.0).sin().requires_grad_()
        window = m.hann_window(8).requires_grad_()
        spectrum = m.stft(x, 8, 2, 8, window, return_complex=True)
        found = spectrum if name == "stft" else m.istft(spectrum, 8, 2, 8, window, length=38)
        found.abs().square().sum().backward()
        return found, x.grad, window.grad

    check(scenario, strides=False, rtol=1e-4, atol=1e-4)


@calls(
    """
    torch.stft(x, 4)
    torch.stft(x, 0, return_complex=True)
    torch.stft(x, 4, 0, return_complex=True)
    torch.stft(x, 4, win_length=5, return_complex=True)
    torch.stft(x, 4, window=torch.ones(3), return_complex=True)
    torch.stft(x.to(torch.complex64), 4, onesided=True, return_complex=True)
    torch.stft(x, 4, return_complex=True, align_to_window=True)
    torch.stft(x, 4, win_length=2, return_complex=True, center=False, align_to_window=True)
    torch.istft(x, 4)
    torch.istft(y, 4, 0)
    torch.istft(y, 4, window=torch.ones(3))
    torch.istft(y, 4, window=torch.zeros(4))
    torch.istft(y, 4, onesided=False)
    torch.istft(y, 4, window=torch.ones(4), length=30)
    """
)
def test_arguments_of_stft(line):
    def setup(m):
        x = m.arange(20.0)
        return {"x": x, "y": m.fft.rfft(x.view(5, 4)).mT}

    check_line(line, setup, strides=False, rtol=1e-4, atol=1e-4)


def test_gradients_of_exponentials_keep_the_digits_of_matrices_beside_large_gradients():
    def scenario(m, factor):
        x = m.tensor([[7.65, 1.28, -0.12], [1.28, 8.45, 3.44], [-0.12, 3.44, 16.48]], dtype=m.float64)
        x.requires_grad_()
        (found,) = m.autograd.grad(m.matrix_exp(x), x, factor * m.arange(1.0, 10.0, dtype=m.float64).reshape(3, 3))
        return (found / factor).numpy()

    np.testing.assert_allclose(scenario(rushlight, 2.0**50), scenario(torch, 1.0), 1e-10)
