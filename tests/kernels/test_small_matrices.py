"""Many small matrices: LU factorizations and triangular systems by compiled kernels, beside PyTorch's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
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
