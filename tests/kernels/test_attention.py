"""Compiled attention and products of many matrices beside PyTorch's, as accurate as those."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import attention, dispatch, matmul

from .fast import as_accurate, compiled_always, dtypes, needs_numba

pytestmark = needs_numba
always = compiled_always(attention)


@pytest.fixture(autouse=True)
def many_matrices_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matmul, "LEAST_BATCHED", 0)
    monkeypatch.setattr(matmul, "FEW", 0)


def made(rng: Any, shape: tuple[int, ...], layout: str) -> np.ndarray:
    """Numbers in the order of memory of heads side by side, of transposed matrices, or of none such."""
    order = {"heads": (0, 2, 1, 3), "turned": (0, 1, 3, 2)}.get(layout, (0, 1, 2, 3))
    back = np.argsort(order)
    return rng.standard_normal([shape[i] for i in order]).transpose(back)


MASKS = ("none", "causal", "bool", "bool of keys", "added", "blind", "added and causal")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_attention(data: st.DataObject) -> None:
    n, heads, width = (data.draw(st.integers(1, most)) for most in (2, 3, 70))
    length, keys = (data.draw(st.integers(1, 130)) for _ in range(2))
    rng, dtype = np.random.default_rng(data.draw(st.integers(0, 100))), data.draw(dtypes)
    kind = data.draw(st.sampled_from(MASKS))
    # PyTorch takes a mask together with causality only where the elements of a row lie side by side, which it
    # cannot see of a single element.
    side_by_side = ["rows", "heads"] if width > 1 else ["rows"]
    layouts = st.sampled_from(side_by_side if kind == "added and causal" else ["rows", "heads", "turned"])
    arrays = [made(rng, (n, heads, m, width), data.draw(layouts)) for m in (length, keys, keys, length)]
    mask: Any = None
    if kind.startswith("bool"):
        mask = rng.random((n, 1, 1, keys) if kind == "bool of keys" else (length, keys)) < 0.7
    elif kind.startswith("added"):
        mask = rng.standard_normal((n, heads, length, keys))
    elif kind == "blind":
        mask = np.zeros((length, keys), bool)
        mask[: length // 2] = True
    results = []
    for library, precision in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        q, k, v, g = (library.from_numpy(np.array(a, precision)) for a in arrays)
        for x in (q, k, v):
            x.requires_grad_()
        added = None if mask is None else library.from_numpy(mask if mask.dtype == bool else mask.astype(precision))
        y = library.nn.functional.scaled_dot_product_attention(q, k, v, added, is_causal="causal" in kind)
        y.backward(g)
        results.append([t.detach().numpy() for t in (y, q.grad, k.grad, v.grad)])
    theirs, ours, exact = results
    for mine, other, right in zip(ours, theirs, exact, strict=True):
        assert mine.shape == other.shape
        as_accurate(mine, other, right, kind, terms=4 * width**0.5)


def test_nan_in_a_key_reaches_all_queries_of_its_head() -> None:
    q, k, v = (rushlight.ones(1, 2, 60, 8) for _ in range(3))
    k[0, 1, 3, 2] = float("nan")
    found = rushlight.nn.functional.scaled_dot_product_attention(q, k, v)
    assert bool(found[0, 1].isnan().all())
    assert not bool(found[0, 0].isnan().any())


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    q, k, v, g = (rng.standard_normal((2, 2, 200, 16)).astype(np.float32) for _ in range(4))
    before, found = dispatch.get_threads(), []
    try:
        for threads in (1, 2, 3):
            dispatch.set_threads(threads)
            y, sums = attention.attention(q, k, v, None, False, 0.25)
            back = attention.attention_backward(g, q, k, v, None, False, 0.25, y, sums, (True, True, True))
            found.append([y, *back])
    finally:
        dispatch.set_threads(before)
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 70), st.integers(1, 600),
       st.integers(1, 130), st.booleans(), st.booleans(), dtypes, st.integers(0, 99))  # fmt: skip
def test_products_of_many_matrices(
    lead: list[int], rows: int, depth: int, columns: int, left: bool, right: bool, dtype: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)

    def factor(high: int, wide: int, turned: bool) -> np.ndarray:
        if turned:
            return rng.standard_normal((*lead, wide, high)).astype(dtype).swapaxes(-1, -2)
        return rng.standard_normal((*lead, high, wide)).astype(dtype)

    a, b = factor(rows, depth, left), factor(depth, columns, right)
    found = matmul.bmm(a, b)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, exact, rtol=0, atol=np.finfo(dtype).eps * 8 * np.sqrt(depth) * 6)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 40), st.integers(1, 60), st.booleans(),
       st.booleans(), dtypes, st.integers(0, 99))  # fmt: skip
def test_one_matrix_behind_many(
    lead: list[int], rows: int, depth: int, turned: bool, swapped: bool, dtype: Any, seed: int
) -> None:
    """A layer on sequences whose first two dimensions are exchanged, as in attention without gradients."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((*lead, depth, 30)).astype(dtype)
    a = a.swapaxes(0, -2) if swapped else a
    b = rng.standard_normal((rows, 30)).astype(dtype).T if turned else rng.standard_normal((30, rows)).astype(dtype)
    found = (rushlight.from_numpy(a) @ rushlight.from_numpy(b)).numpy()
    theirs = (torch.from_numpy(a) @ torch.from_numpy(b)).numpy()
    assert found.shape == theirs.shape
    as_accurate(found, theirs, a.astype(np.float64) @ b.astype(np.float64), terms=30**0.5)
