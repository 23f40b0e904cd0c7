"""Compiled sorting, gathering and scattering: PyTorch's results, for special values and all orders in memory."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import lookup
from rushlight.kernels import sorting as kernels

from .fast import compiled_always, dtypes, needs_numba

pytestmark = needs_numba
sorting_always, lookup_always = compiled_always(kernels), compiled_always(lookup)

few = settings(deadline=None, max_examples=60)


@st.composite
def inputs(draw: st.DrawFn) -> tuple[np.ndarray, int, list[int]]:
    """An array with equal numbers and special ones, one of its dimensions, and an order of all."""
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 5, 40, 300]), min_size=1, max_size=3)))
    if np.prod(shape) > 20_000:
        shape = shape[:2]
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    a = rng.standard_normal(shape) * draw(st.sampled_from([1.0, 3.0, 1e30, 1e-42]))
    if draw(st.booleans()):
        a = np.round(a)
    for special in (np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0):
        if draw(st.booleans()):
            a[rng.random(shape) < 0.1] = special
    return a.astype(draw(dtypes)), draw(st.integers(0, len(shape) - 1)), draw(st.permutations(range(len(shape))))


def tensors(a: np.ndarray, order: list[int]) -> list[Any]:
    back = np.argsort(order).tolist()
    return [t.tensor(a.transpose(order).copy()).permute(*back).requires_grad_() for t in (torch, rushlight)]


def same(ours: Any, theirs: Any) -> None:
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


@few
@given(inputs(), st.booleans())
def test_sort(given: Any, descending: bool) -> None:
    a, dim, order = given
    x, y = tensors(a, order)
    theirs, ours = (t.sort(dim=dim, descending=descending, stable=True) for t in (x, y))
    for one, other in zip(ours, theirs, strict=True):
        same(one, other)
    weights = np.arange(a.size, dtype=a.dtype).reshape(a.shape)
    theirs[0].backward(torch.tensor(weights))
    ours[0].backward(rushlight.tensor(weights))
    same(y.grad, x.grad)


@few
@given(inputs(), st.booleans(), st.data())
def test_topk(given: Any, largest: bool, data: st.DataObject) -> None:
    a, dim, order = given
    k = data.draw(st.integers(1, a.shape[dim]))
    x, y = tensors(a, order)
    theirs, ours = x.topk(k, dim, largest), y.topk(k, dim, largest)
    same(ours.values, theirs.values)
    # Which of equal numbers are taken is nobody's promise; here, the first ones.
    same(y.gather(dim, ours.indices), ours.values)
    stable = np.argsort((a if largest else -a) * -1, dim, kind="stable")
    if not np.isnan(a).any():
        np.testing.assert_array_equal(ours.indices.numpy(), np.take(stable, range(k), dim))


@few
@given(inputs(), st.data())
def test_median_and_kth(given: Any, data: st.DataObject) -> None:
    a, dim, order = given
    x, y = tensors(a, order)
    k = data.draw(st.integers(1, a.shape[dim]))
    for theirs, ours in ((x.median(dim), y.median(dim)), (x.kthvalue(k, dim), y.kthvalue(k, dim)),
                         (x.nanmedian(dim), y.nanmedian(dim))):  # fmt: skip
        same(ours.values, theirs.values)
    same(y.median(), x.median())


@few
@given(inputs(), st.integers(1, 50), st.data())
def test_gather_and_scatter_add(given: Any, m: int, data: st.DataObject) -> None:
    a, dim, order = given
    a = np.nan_to_num(a, posinf=1, neginf=1)
    shape = [m if i == dim else n for i, n in enumerate(a.shape)]
    index = np.random.default_rng(0).integers(0, a.shape[dim], shape)
    x, y = tensors(a, order)
    theirs, ours = x.gather(dim, torch.tensor(index)), y.gather(dim, rushlight.tensor(index))
    same(ours, theirs)
    # Whole numbers, whose sums do not depend on the order.
    weights = np.random.default_rng(1).integers(-9, 9, shape).astype(a.dtype)
    theirs.backward(torch.tensor(weights))
    ours.backward(rushlight.tensor(weights))
    same(y.grad, x.grad)
    whole = np.round(np.clip(a, -9, 9))
    added = [
        t.tensor(whole).scatter_add(dim, t.tensor(index), t.tensor(weights)) for t in (rushlight, torch)
    ]  # fmt: skip
    same(*added)


@pytest.mark.parametrize("dtype", ["int64", "int32", "float16", "bool", "complex64", "uint8"])
def test_other_types_are_gathered_and_sorted(dtype: str) -> None:
    a = np.random.default_rng(0).integers(0, 50, (30, 200))
    index = np.random.default_rng(1).integers(0, 200, (30, 100))
    results = []
    for library in (torch, rushlight):
        x = library.tensor(a).to(getattr(library, dtype))
        results.append([x.gather(1, library.tensor(index))])
        if dtype != "complex64":
            results[-1] += list(x.sort(dim=1, stable=True))
    for theirs, ours in zip(*results, strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("index", [-1, 7])
@pytest.mark.parametrize("dim", [0, 1])
def test_places_out_of_range_are_refused(index: int, dim: int) -> None:
    messages = []
    for library in (torch, rushlight):
        places = library.zeros(7, 7, dtype=library.int64)
        places[3, 4] = index
        for call in ("gather", "scatter_add"):
            arguments = (library.ones(7, 7),) if call == "scatter_add" else ()
            with pytest.raises(RuntimeError) as error:
                getattr(library.ones(7, 7), call)(dim, places, *arguments)
            messages.append(str(error.value))
    assert messages[:2] == messages[2:]


@few
@given(inputs(), st.booleans())
def test_mode(given: Any, keepdim: bool) -> None:
    a, dim, order = given
    a = np.where(np.isnan(a), a.dtype.type(7), a)  # PyTorch sorts NaN where it happens to stand
    x, y = tensors(a, order)
    theirs, ours = x.mode(dim, keepdim), y.mode(dim, keepdim)
    same(ours.values, theirs.values)
    assert ours.values.stride() == theirs.values.stride()
    # Which of equal numbers is told is nobody's promise.
    places = ours.indices if keepdim else ours.indices.unsqueeze(dim)
    same(y.gather(dim, places), ours.values if keepdim else ours.values.unsqueeze(dim))


@few
@given(inputs(), st.booleans(), st.booleans(), st.integers(0, 100))
def test_search(given: Any, right: bool, in_rows: bool, seed: int) -> None:
    a, _, order = given
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(a.reshape(-1), (*a.shape[:-1], int(rng.integers(1, 90)))), -1)
    x, y = tensors(a, order)
    rows = rows if in_rows else rows.reshape(-1, rows.shape[-1])[0]
    same(rushlight.searchsorted(rushlight.tensor(rows), y, right=right),
         torch.searchsorted(torch.tensor(rows), x.contiguous(), right=right))  # fmt: skip


@few
@given(st.data(), st.booleans())
def test_integers_are_sorted(data: st.DataObject, descending: bool) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 5, 40, 300]), min_size=1, max_size=2)))
    dim, dtype = data.draw(st.integers(0, len(shape) - 1)), data.draw(st.sampled_from([np.int64, np.int32]))
    most = data.draw(st.sampled_from([3, 5000, np.iinfo(dtype).max]))
    a = np.random.default_rng(data.draw(st.integers(0, 100))).integers(-most - (most > 5000), most, shape, dtype)
    for one, other in zip(*[t.tensor(a).sort(dim=dim, descending=descending, stable=True) for t in (torch, rushlight)],
                          strict=True):  # fmt: skip
        same(other, one)


@few
@given(st.integers(1, 60), st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(0, 1), st.integers(0, 100),
       st.sampled_from(["linear", "lower", "higher", "midpoint", "nearest"]), dtypes)  # fmt: skip
def test_quantiles(n: int, q: list[float], missing: float, seed: int, interpolation: str, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    a = np.round(rng.standard_normal(n), 1).astype(dtype)
    a[rng.random(n) < missing * rng.integers(2)] = np.nan
    for name in ("quantile", "nanquantile"):
        for dim in (None, 0):
            theirs, ours = (
                getattr(t, name)(t.tensor(a), t.tensor(np.array(q, dtype)), dim, interpolation=interpolation).numpy()
                for t in (torch, rushlight)
            )
            np.testing.assert_allclose(ours, theirs, 1e-6, 1e-6)


def test_products_with_powers_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHLIGHT_FAST", "wait")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 100)).astype(np.float32)
    for exponent in (
        rng.integers(-148, 126, x.shape).astype(np.int32),
        rng.standard_normal(x.shape).astype(np.float32),
    ):
        theirs, ours = (t.ldexp(t.tensor(x), t.tensor(exponent)).numpy() for t in (torch, rushlight))
        np.testing.assert_allclose(ours, theirs, 4e-7, 1e-45)
