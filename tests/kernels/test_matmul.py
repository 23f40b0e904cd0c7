"""Compiled matrix products beside float64's, for every order of the factors in memory, size and type."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import rushlight
from rushlight.kernels import dispatch, matmul

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")

sides = st.integers(1, 140)


@pytest.fixture(autouse=True)
def _at_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHLIGHT_FAST", "wait")
    monkeypatch.setattr(matmul, "LEAST", 0)
    monkeypatch.setattr(matmul, "DEEP", 0)


def factor(rng: Any, rows: int, columns: int, turned: bool, dtype: Any) -> np.ndarray:
    if turned:
        return rng.standard_normal((columns, rows)).astype(dtype).T
    return rng.standard_normal((rows, columns)).astype(dtype)


@given(sides, st.integers(1, 700), sides, st.booleans(), st.booleans(), st.booleans(),
       st.sampled_from([np.float32, np.float64]), st.integers(0, 99))  # fmt: skip
def test_products(rows: int, depth: int, columns: int, left: bool, right: bool, biased: bool, dtype: Any, seed: int):
    rng = np.random.default_rng(seed)
    a, b = factor(rng, rows, depth, left, dtype), factor(rng, depth, columns, right, dtype)
    bias = rng.standard_normal(columns).astype(dtype) if biased else None
    found = matmul._product(a, b, bias)
    if found is None:  # both turned, or so thin that the strides are ambiguous: left to NumPy
        assert (left and right) or 1 in (rows, depth, columns)
        return
    exact = a.astype(np.float64) @ b.astype(np.float64) + (0 if bias is None else bias)
    assert found.dtype == dtype and found.flags.c_contiguous
    np.testing.assert_allclose(found, exact, rtol=0, atol=np.finfo(dtype).eps * 8 * np.sqrt(depth) * 6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_not_finite_stays_in_its_row(value: float, turned: bool) -> None:
    rng = np.random.default_rng(0)
    a, b = factor(rng, 13, 70, False, np.float32), factor(rng, 70, 9, turned, np.float32)
    a[4, 3] = value
    found = matmul._product(a, b, None)
    assert found is not None
    wrong = ~np.isfinite(found)
    assert wrong[4].all() and not wrong[np.arange(13) != 4].any()


def test_shapes_that_do_not_fit_are_left_to_numpy() -> None:
    a = np.ones((40, 30), np.float32)
    assert matmul._product(a, np.ones((31, 40), np.float32), None) is None
    assert matmul._product(a, np.ones((30, 40), np.float64), None) is None
    assert matmul._product(a, np.ones((30, 40), np.float32), np.ones(39, np.float32)) is None


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("beta", "alpha"), [(1, 1), (0.5, -3), (0, 2), (2, 0)])
@pytest.mark.parametrize(("dtype", "sides"), [("float32", (300, 200)), ("float64", (300, 200)), ("float32", (4, 3))])
def test_outer_products_added_to_a_matrix(
    dtype: str, sides: tuple[int, int], beta: float, alpha: float, turned: bool
) -> None:
    results = []
    for library in (torch, rushlight):
        library.manual_seed(0)
        x, a, b = (library.randn(*s, dtype=getattr(library, dtype)) for s in (sides, sides[1:], sides[:1]))
        x[0, :3] = library.tensor([np.nan, np.inf, -np.inf])
        x = (x.T if turned else x.T.contiguous()).requires_grad_()
        found = library.addr(x, a.requires_grad_(), b.requires_grad_(), beta=beta, alpha=alpha)
        found.nan_to_num(0, 0, 0).backward(x.detach().nan_to_num(0, 0, 0))
        results.append([found.detach(), x.grad, a.grad, b.grad])
    for theirs, ours in zip(*results, strict=True):
        assert ours.stride() == theirs.stride()
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-5, 1e-4)
