"""Calls of special functions and decompositions, which a `Writer` writes for the tensors at hand.

Factors of matrices are not unique: eigenvectors may be turned, and singular vectors. What they make together is.
"""

import torch

from .families import matrix

ONE = """
airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0
modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0 digamma psi gammaln erfcx
log_ndtr ndtri i0 i0e i1 i1e logit expit exp2 expm1 log1p round sinc entr erf erfc erfinv ndtr
""".split()
TWO = "xlogy xlog1py zeta gammainc gammaincc".split()
POLYNOMIALS = """
chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h
hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p shifted_chebyshev_polynomial_t
shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w
""".split()


def special(w):
    """A line with one of them."""
    a = w.tensor()
    t = w.values[a]
    b = w.tensor(lambda o: o.shape == t.shape)
    if t.dim() > 1 and t.dtype in (torch.float32, torch.float64, torch.complex128) and t.numel() and w.chance(0.6):
        return w.result(w.one_of(_decompositions(w, a, t)))
    return w.result(w.one_of([
        *[f"torch.special.{w.one_of(ONE)}({a})"] * 5, *[f"torch.special.{w.one_of(TWO)}({a}, {b})"] * 2,
        f"torch.special.{w.one_of(TWO)}({a}, {w.number()})", f"torch.special.{w.one_of(TWO)}({w.number()}, {a})",
        f"torch.special.{w.one_of(POLYNOMIALS)}({a}, {_degrees(w, b)})",
        f"torch.special.{w.one_of(POLYNOMIALS)}({a}, {w.below(9)})",
        f"torch.special.{w.one_of(POLYNOMIALS)}({w.number()}, {_degrees(w, a)})",
        f"torch.special.polygamma({w.below(4)}, {a})", f"torch.special.multigammaln({a}.abs() + 1, 2)",
        f"torch.special.logsumexp({a}, {w.dim(t)})", f"torch.special.softmax({a}, {w.dim(t)})",
        f"torch.special.log_softmax({a}, {w.dim(t)})",
    ]))  # fmt: skip


def _degrees(w, n):
    """Degrees up to some hundred thousand: PyTorch takes as many steps for some polynomials."""
    t = w.values[n]
    low = t.dtype.is_complex or not t.numel() or not bool((t.double() > 300_000).any())
    return n if low else f"{n}.clamp(max=9999)"


def _decompositions(w, a, t):
    """Products of the factors of matrices, of which those of symmetric matrices have different eigenvalues."""
    n, x = t.shape[-2], a if t.is_complex() else matrix(w, a)
    apart = f"torch.diag(torch.arange({n}.0, dtype={t.dtype}))"
    symmetric, square = f"({x} @ {x}.mH + {apart})", f"({x} @ {x}.mH @ {apart} + {apart})"
    full = w.chance(0.5)
    k = min(t.shape[-2:])
    return [
        f"(lambda f: f[1] * f[0].unsqueeze(-2) @ f[1].mH)(torch.linalg.eigh({symmetric}))",
        f"(lambda f: f[1] * f[0].unsqueeze(-2) @ torch.linalg.inv(f[1]))(torch.linalg.eig({square}))",
        f"(lambda f: f[0][..., :{k}] * f[1].unsqueeze(-2) @ f[2][..., :{k}, :])(torch.linalg.svd({x}, {full}))",
        f"(lambda f: f[0] @ f[1])(torch.linalg.qr({x}, {w.one_of(['complete', 'reduced'])!r}))",
        f"torch.linalg.eigh({symmetric})[0]", f"torch.linalg.svd({x}, {full})[1]", f"torch.linalg.lu({x})",
        f"(lambda f: f[0] @ f[1] @ f[2])(torch.linalg.lu({symmetric}))",
        f"torch.lu_unpack(*torch.linalg.lu_factor({x}))[2]",
        f"torch.cholesky_inverse(torch.linalg.cholesky({x} @ {x}.mH + torch.eye({n}, dtype={t.dtype})))",
        f"torch.matrix_exp({x}.clamp(-2, 2) @ {x}.clamp(-2, 2).mT)" if not t.is_complex() else f"{x}.mH.clone()",
        f"torch.linalg.tensorinv({symmetric}, 1)", f"torch.linalg.matrix_power({symmetric}, {w.below(5) - 2})",
        f"torch.linalg.ldl_factor({symmetric})[0].diagonal(0, -2, -1)",
    ]  # fmt: skip
