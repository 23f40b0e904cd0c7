"""Many small matrices: LU factorizations and triangular systems by compiled kernels, beside PyTorch's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import small_matrices

from .fast import as_accurate, compiled_always, dtypes, needs_numba

pytestmark = needs_numba
always = compiled_always(small_matrices)

batches = st.sampled_from([(1,), (3,), (2, 2)])


@settings(deadline=None, max_examples=60)
@given(batches, batches, st.integers(1, 20), st.integers(1, 20), st.booleans(), st.booleans(), st.booleans(), dtypes,
       st.booleans(), st.integers(0, 999))  # fmt: skip
def test_triangular_systems(
    batch: Any, other: Any, n: int, m: int, upper: bool, left: bool, unit: bool, dtype: Any, turned: bool, seed: int
) -> None:
    if len(batch) != len(other) or (1 not in (batch[0], other[0]) and batch != other):
        other = batch
    rng = np.random.default_rng(seed)
    a = (rng.standard_normal((*batch, n, n)) / n + 2 * np.eye(n)).astype(dtype)
    b = rng.standard_normal((*other, *((n, m) if left else (m, n)))).astype(dtype)
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x, y = (library.from_numpy(v.astype(kind)).requires_grad_() for v in (a, b))
        matrices = x.mT if turned else x
        found = library.linalg.solve_triangular(matrices, y, upper=upper, left=left, unitriangular=unit)
        found.backward(library.ones_like(found))
        results.append([t.detach().numpy() for t in (found, x.grad, y.grad)])
    for one, theirs, exact in zip(results[1], results[0], results[2], strict=True):
        assert one.shape == theirs.shape
        as_accurate(one, theirs, exact, terms=float(np.abs(exact).max()) * n)


@settings(deadline=None, max_examples=60)
@given(batches, st.integers(1, 20), st.integers(1, 20), dtypes, st.booleans(), st.integers(0, 999))
def test_lu(batch: Any, rows: int, columns: int, dtype: Any, singular: bool, seed: int) -> None:
    a = np.random.default_rng(seed).standard_normal((*batch, rows, columns)).astype(dtype)
    if singular:
        a[..., columns // 2] = 0
    ours, theirs = (library.linalg.lu_factor_ex(library.from_numpy(a)) for library in (rushlight, torch))
    np.testing.assert_array_equal(ours[1].numpy(), theirs[1].numpy())
    np.testing.assert_array_equal(ours[2].numpy(), theirs[2].numpy())
    assert ours[1].dtype == rushlight.int32 and ours[2].dtype == rushlight.int32
    exact = torch.linalg.lu_factor_ex(torch.from_numpy(a.astype(np.float64)))[0].numpy()
    as_accurate(ours[0].numpy(), theirs[0].numpy(), exact, terms=float(np.abs(exact).max()) * max(rows, columns))
    ours, theirs = (library.linalg.lu(library.from_numpy(a)) for library in (rushlight, torch))
    np.testing.assert_array_equal(ours[0].numpy(), theirs[0].numpy())


def test_permutations_of_many_matrices() -> None:
    a = np.random.default_rng(0).standard_normal((40, 5, 7))
    ours, theirs = (library.linalg.lu(library.from_numpy(a)) for library in (rushlight, torch))
    np.testing.assert_array_equal(ours[0].numpy(), theirs[0].numpy())


def test_what_is_not_finite_is_left_to_lapack() -> None:
    a = np.ones((9, 3, 3), np.float32)
    a[4, 1, 1] = np.nan
    assert small_matrices.lu(a) is None


FUNCTIONS = {
    "inv": lambda t, x, b: t.linalg.inv(x),
    "det": lambda t, x, b: t.linalg.det(x),
    "slogdet": lambda t, x, b: t.linalg.slogdet(x),
    "solve": lambda t, x, b: t.linalg.solve(x, b),
    "left solve": lambda t, x, b: t.linalg.solve(x, b.mT, left=False),
    "cholesky": lambda t, x, b: t.linalg.cholesky(x @ x.mT),
    "upper cholesky": lambda t, x, b: t.linalg.cholesky(x @ x.mT, upper=True),
}


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(FUNCTIONS)), batches, st.integers(1, 20), st.integers(1, 5), dtypes, st.booleans(),
       st.integers(0, 999))  # fmt: skip
def test_functions(name: str, batch: Any, n: int, m: int, dtype: Any, turned: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = (rng.standard_normal((*batch, n, n)) + 2 * np.eye(n)[rng.permutation(n)] * n**0.5).astype(dtype)
    b = rng.standard_normal((*batch, n, m)).astype(dtype)
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x, y = (library.from_numpy(v.astype(kind)).requires_grad_() for v in (a, b))
        found = FUNCTIONS[name](library, x.mT if turned else x, y)
        found = found if isinstance(found, tuple) else (found,)
        loss = found[-1] * library.from_numpy(
            np.linspace(1, 2, found[-1].numel()).reshape(found[-1].shape).astype(kind)
        )
        loss.sum().backward()
        results.append([t.detach().numpy() for t in (*found, x.grad, y.grad) if t is not None])
    condition = float(np.linalg.cond(a.astype(np.float64)).max())
    for one, theirs, exact in zip(results[1], results[0], results[2], strict=True):
        assert one.shape == theirs.shape and one.dtype == theirs.dtype
        as_accurate(one, theirs, exact, name, terms=float(np.abs(exact).max()) * condition)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if "cholesky" not in name])
def test_singular_matrices(name: str) -> None:
    a = np.random.default_rng(0).standard_normal((9, 4, 4)).astype(np.float32)
    a[5, :, 2] = 0
    b = np.ones((9, 4, 2), np.float32)
    found = []
    for library in (rushlight, torch):
        try:
            result = FUNCTIONS[name](library, library.from_numpy(a), library.from_numpy(b))
            found.append([t.numpy() for t in (result if isinstance(result, tuple) else (result,))])
        except RuntimeError as error:
            found.append(str(error))
    if isinstance(found[1], str):
        assert found[0] == found[1]
    else:
        for one, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(one, theirs, 1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["inv", "det", "solve"])
def test_matrices_that_are_not_finite(name: str, value: float) -> None:
    a = np.random.default_rng(0).standard_normal((9, 4, 4)).astype(np.float32)
    a[5, 1, 2] = value
    b = np.ones((9, 4, 2), np.float32)
    ours, theirs = (FUNCTIONS[name](t, t.from_numpy(a), t.from_numpy(b)).numpy() for t in (rushlight, torch))
    np.testing.assert_allclose(ours[np.arange(9) != 5], theirs[np.arange(9) != 5], 1e-4)
    if np.isnan(value):
        np.testing.assert_array_equal(np.isnan(ours[5]), np.isnan(theirs[5]))


@pytest.mark.parametrize("upper", [False, True])
def test_a_matrix_without_cholesky_factor(upper: bool) -> None:
    a = np.tile(np.eye(3, dtype=np.float32) * 4, (9, 1, 1))
    a[5, 1, 1] = -1
    errors = []
    for library in (rushlight, torch):
        with pytest.raises(RuntimeError) as error:
            library.linalg.cholesky(library.from_numpy(a), upper=upper)
        errors.append(str(error.value))
    assert errors[0] == errors[1]
    one_triangle = np.triu(np.full((9, 3, 3), 9.0)) if upper else np.tril(np.full((9, 3, 3), 9.0))
    one_triangle += 9 * np.eye(3)
    ours, theirs = (t.linalg.cholesky(t.from_numpy(one_triangle), upper=upper).numpy() for t in (rushlight, torch))
    np.testing.assert_allclose(ours, theirs, 1e-12)
