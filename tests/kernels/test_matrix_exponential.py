"""Exponentials of matrices, beside PyTorch's and SciPy's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels.matrix_exponential import DOUBLE, SINGLE, matrix_exponential

from .fast import as_accurate


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([(), (1,), (3,), (40,), (2, 3)]), st.integers(1, 12),
       st.sampled_from(["float32", "float64", "complex64", "complex128"]), st.sampled_from([1e-4, 0.1, 1.0, 5.0]),
       st.booleans(), st.integers(0, 999))  # fmt: skip
def test_exponentials(batch: Any, n: int, dtype: str, scale: float, turned: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((*batch, n, n)) * rng.uniform(0, scale, (*batch, 1, 1)) / n**0.5
    if dtype.startswith("complex"):
        a = a + 1j * rng.standard_normal(a.shape) * scale / n**0.5
    wide = "complex128" if dtype.startswith("complex") else "float64"
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, wide)):
        x = library.from_numpy(a.astype(dtype).astype(kind)).requires_grad_()
        found = library.linalg.matrix_exp(x.mT if turned else x)
        found.backward(library.ones_like(found))
        results.append([t.detach().numpy() for t in (found, x.grad)])
    for one, theirs, exact in zip(results[1], results[0], results[2], strict=True):
        assert one.shape == theirs.shape and one.dtype == theirs.dtype
        for part in (np.real, np.imag):
            as_accurate(part(one), part(theirs), part(exact), terms=float(np.abs(exact).max()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_polynomials_serve_up_to_their_limits(dtype: str) -> None:
    a = np.random.default_rng(0).standard_normal((5, 5))
    a /= np.abs(a).sum(0).max()
    for limit in DOUBLE if dtype == "float64" else SINGLE:
        x = (a * limit * 0.999).astype(dtype)
        exact = scipy.linalg.expm(x.astype(np.float64))
        np.testing.assert_allclose(matrix_exponential(x), exact, 0, 2 * np.finfo(dtype).eps * np.abs(exact).max())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [1, 3])
def test_matrices_that_are_not_finite(value: float, n: int) -> None:
    a = np.full((4, n, n), 0.5, np.float32)
    a[2, 0, -1] = value
    ours, theirs = (library.linalg.matrix_exp(library.from_numpy(a)).numpy() for library in (rushlight, torch))
    np.testing.assert_allclose(ours, theirs, 1e-5)
