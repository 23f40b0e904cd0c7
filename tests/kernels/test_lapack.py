"""Inverses, solutions, determinants and Cholesky factors by LAPACK called directly, beside PyTorch's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import blas, lapack

from .fast import as_accurate
from .test_small_matrices import FUNCTIONS

pytestmark = pytest.mark.skipif(lapack._routine("getrf", "f") is None, reason="NumPy has another LAPACK")


@pytest.fixture(autouse=True, scope="module")
def always() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "0")
        patch.setattr(lapack, "SMALLEST", 0)
        yield


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(FUNCTIONS)), st.sampled_from([(), (1,), (2, 3)]), st.integers(2, 30),
       st.sampled_from(["float32", "float64", "complex64"]), st.booleans(), st.integers(0, 999))  # fmt: skip
def test_functions(name: str, batch: Any, n: int, dtype: str, turned: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((*batch, n, n)) + 3 * np.eye(n)[rng.permutation(n)] * n**0.5
    b = rng.standard_normal((*batch, n, 3))
    if dtype == "complex64":
        a, b = a + 1j * rng.standard_normal(a.shape), b + 1j * rng.standard_normal(b.shape)
        if "cholesky" in name:
            a = a.real
    results, strides = [], []
    wide = "complex128" if dtype == "complex64" else "float64"
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, wide)):
        x, y = (library.from_numpy(v.astype(dtype).astype(kind)) for v in (a, b))
        found = FUNCTIONS[name](library, x.mT if turned else x, y)
        found = found if isinstance(found, tuple) else (found,)
        strides.append([t.stride() for t in found])
        results.append([t.resolve_conj().numpy() for t in found])
    condition = float(np.linalg.cond(a).max())
    assert strides[0] == strides[1]
    for one, theirs, exact in zip(results[1], results[0], results[2], strict=True):
        assert one.dtype == theirs.dtype
        for part in (np.real, np.imag):
            terms = float(np.abs(exact).max()) * condition
            as_accurate(part(one), part(theirs), part(exact), name, terms=terms)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "cholesky" not in name])
def test_singular_matrices(name: str) -> None:
    a = np.random.default_rng(0).standard_normal((6, 6)).astype(np.float32)
    a[:, 2] = 0
    found = []
    for library in (rushlight, torch):
        try:
            result = FUNCTIONS[name](library, library.from_numpy(a), library.ones(6, 2))
            found.append([t.numpy() for t in (result if isinstance(result, tuple) else (result,))])
        except RuntimeError as error:
            found.append(str(error))
    if isinstance(found[1], str):
        assert found[0] == found[1]
    else:
        for one, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(one, theirs, 1e-4)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_reads_one_triangle(upper: bool) -> None:
    a = (np.triu if upper else np.tril)(np.full((5, 5), 2.0)) + 9 * np.eye(5)
    ours, theirs = (t.linalg.cholesky(t.from_numpy(a), upper=upper).numpy() for t in (rushlight, torch))
    np.testing.assert_allclose(ours, theirs, 1e-12)
    a[3, 3] = -1
    ours, theirs = (t.linalg.cholesky_ex(t.from_numpy(a), upper=upper)[1].item() for t in (rushlight, torch))
    assert ours == theirs


@pytest.mark.parametrize("name", ["inv", "det", "solve"])
def test_nan_is_carried_on(name: str) -> None:
    a = np.random.default_rng(0).standard_normal((5, 5)).astype(np.float32)
    a[1, 2] = np.nan
    ours, theirs = (FUNCTIONS[name](t, t.from_numpy(a), t.ones(5, 2)).numpy() for t in (rushlight, torch))
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))


def test_threads_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = blas._functions()
    assert functions is not None
    before, inside = functions[0](), []
    monkeypatch.setattr(blas, "_limited", 2)
    with blas.all_threads():
        inside.append(functions[0]())
    assert inside == [2] and functions[0]() == 1
    functions[1](before)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 4), st.sampled_from(["float32", "float64"]),
       st.sampled_from([None, "gels", "gelsy"]), st.integers(0, 999))  # fmt: skip
def test_least_squares(m: int, n: int, sides: int, dtype: str, driver: str | None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.standard_normal((m, k)).astype(dtype) for k in (n, sides))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, "float64")):
        x, y = (library.from_numpy(v.astype(kind)) for v in (a, b))
        results.append(library.linalg.lstsq(x, y, driver=driver))
    # See G. Golub and C. Van Loan, Matrix Computations (4th ed. 2013), theorem 5.3.1: what is left of B counts as well.
    condition = float(np.linalg.cond(a)) ** 2
    left = float(np.linalg.norm(b) / np.linalg.norm(a))
    for theirs, one, exact in zip(*results, strict=True):
        assert tuple(one.shape) == tuple(theirs.shape)
        if one.is_floating_point() and one.numel():
            terms = (float(exact.abs().max()) + left) * condition
            as_accurate(one.numpy(), theirs.numpy(), exact.numpy(), str(driver), terms=terms)
        else:
            assert one.tolist() == theirs.tolist()


def test_the_rank_of_least_squares() -> None:
    a = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    a[:, 2] = a[:, 0] - a[:, 1]
    solution, _, rank, _ = rushlight.linalg.lstsq(rushlight.from_numpy(a), rushlight.ones(9, 1))
    assert rank.item() == 3
    exact = np.linalg.lstsq(a.astype(np.float64), np.ones((9, 1)), rcond=1e-6)[0]
    np.testing.assert_allclose(solution.numpy(), exact, 1e-4, 1e-5)
