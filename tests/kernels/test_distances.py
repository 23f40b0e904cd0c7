"""Compiled distances between points and their gradients, beside PyTorch's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import distances

from .fast import as_accurate, compiled_always, dtypes, laid_out, needs_numba

pytestmark = needs_numba
always = compiled_always(distances)

norms = st.sampled_from([0.0, 1.0, 2.0, 3.0, float("inf")])


def both(library: Any, arrays: list[np.ndarray], p: float, kind: Any) -> list[np.ndarray]:
    tensors = [library.from_numpy(a.astype(kind)).requires_grad_() for a in arrays]
    if len(tensors) == 1:
        found = library.pdist(*tensors, p)
    else:
        found = library.cdist(*tensors, p, compute_mode="donot_use_mm_for_euclid_dist")
    found.backward(library.from_numpy(np.linspace(-1, 2, found.numel()).reshape(tuple(found.shape)).astype(kind)))
    return [found.detach().numpy(), *[t.grad.numpy() for t in tensors]]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([(), (3,), (2, 2)]), st.integers(1, 30), st.integers(1, 40), st.integers(1, 20), norms, dtypes,
       st.sampled_from(["contiguous", "strided"]), st.integers(0, 999))  # fmt: skip
def test_distances(batch: Any, rows: int, others: int, dims: int, p: float, dtype: Any, layout: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = (laid_out(rng.integers(-9, 9, (*batch, n, dims)).astype(dtype) / 7, layout) for n in (rows, others))
    x.flat[0] = y.flat[0]
    ours, theirs = (both(library, [x, y], p, dtype) for library in (rushlight, torch))
    for one, other, exact in zip(ours, theirs, both(torch, [x, y], p, np.float64), strict=True):
        as_accurate(one, other, exact, terms=float(np.abs(exact).max()) * others**0.5)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(1, 20), norms, dtypes, st.booleans(), st.integers(0, 999))
def test_pairs(rows: int, dims: int, p: float, dtype: Any, same: bool, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((rows, dims)).astype(dtype)
    if same:
        x[1] = x[0]
    ours, theirs = (both(library, [x], p, dtype) for library in (rushlight, torch))
    for one, other, exact in zip(ours, theirs, both(torch, [x], p, np.float64), strict=True):
        as_accurate(one, other, exact, terms=float(np.abs(exact).max()) * rows**0.5)


@settings(deadline=None, max_examples=20)
@given(norms, st.sampled_from([np.nan, np.inf, -np.inf, -0.0]), st.integers(0, 11), st.booleans())
def test_what_is_not_finite(p: float, value: float, place: int, pairs: bool) -> None:
    x, y = np.arange(12, dtype=np.float32).reshape(4, 3), np.ones((5, 3), np.float32)
    x.flat[place] = value
    arrays = [x] if pairs else [x, y]
    for one, other in zip(*(both(library, arrays, p, np.float32) for library in (rushlight, torch)), strict=True):
        np.testing.assert_allclose(one, other, 1e-5)


def test_many_coordinates() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((3, 2000)).astype(np.float32) for _ in range(2))
    for p in (1.0, 2.0):
        ours, theirs = (both(library, [x, y], p, np.float32)[0] for library in (rushlight, torch))
        as_accurate(ours, theirs, both(torch, [x, y], p, np.float64)[0])
