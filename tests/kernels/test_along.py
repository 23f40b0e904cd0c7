"""Compiled scans and reductions along dimensions: for all shapes, orders in memory and special values as PyTorch."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import along, dispatch

from .fast import as_accurate, compiled_always, dtypes, needs_numba

pytestmark = needs_numba
always = compiled_always(along)


@pytest.fixture(autouse=True, scope="module")
def small_blocks(always: None) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(along, "_BLOCK", 37)
        patch.setattr(along, "_STRIPE", 20)
        yield


# What is computed of the library, an array and a dimension.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "cumsum": lambda torch, x, d: x.cumsum(d),
    "cumprod": lambda torch, x, d: x.cumprod(d),
    "cummax": lambda torch, x, d: x.cummax(d),
    "cummin": lambda torch, x, d: x.cummin(d),
    "logcumsumexp": lambda torch, x, d: x.logcumsumexp(d),
    "prod": lambda torch, x, d: x.prod(d),
    "prod of all": lambda torch, x, d: x.prod(),
    "amax": lambda torch, x, d: x.amax(d),
    "amin": lambda torch, x, d: x.amin(d, keepdim=True),
    "amax of all": lambda torch, x, d: x.amax(),
    "max": lambda torch, x, d: x.max(d),
    "min": lambda torch, x, d: x.min(d, keepdim=True),
    "norm": lambda torch, x, d: x.norm(dim=d),
    "var": lambda torch, x, d: x.var(d, correction=0),
    "std": lambda torch, x, d: x.std(d, correction=0, keepdim=True),
    "var of all": lambda torch, x, d: x.var(correction=0),
    "norm of all": lambda torch, x, d: x.norm(),
    "norm of several": lambda torch, x, d: torch.linalg.vector_norm(x, 2, tuple(range(d, x.ndim))),
    "norm 1": lambda torch, x, d: torch.linalg.vector_norm(x, 1, d, keepdim=True),
    "norm inf": lambda torch, x, d: torch.linalg.vector_norm(x, float("inf"), d),
}  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(OPERATIONS)), st.data())
def test_results_and_gradients_are_as_accurate_as_those_of_pytorch(name: str, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 7, 40, 150]), min_size=1, max_size=3)))
    if np.prod(shape) > 50_000:
        shape = shape[:2]
    dim, dtype = data.draw(st.integers(0, len(shape) - 1)), data.draw(dtypes)
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    a = rng.standard_normal(shape).astype(dtype)
    if name in ("cumprod", "prod", "prod of all"):
        a = (1 + a / 16).astype(dtype)
    special = data.draw(st.sampled_from([None, np.nan, np.inf, -np.inf, 0.0, -0.0, "many", "equal"]))
    if special == "equal":
        a = np.round(a)
    elif special == "many":
        a[rng.random(shape) < 0.2] = np.nan
    elif special is not None:
        a.flat[rng.integers(a.size)] = special
    order = data.draw(st.permutations(range(len(shape))))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x = library.tensor(a.astype(kind).transpose(order).copy()).permute(*np.argsort(order).tolist())
        x.requires_grad_()
        found = OPERATIONS[name](library, x, dim)
        values, *places = found if isinstance(found, tuple) else (found,)
        values.backward(library.tensor(np.linspace(1, 2, values.numel(), dtype=kind)).reshape(values.shape))
        results.append([t.detach().numpy() for t in (values, x.grad, *places)])
    theirs, ours, exact = results
    for mine, other, right in zip(ours, theirs, exact, strict=True):
        assert mine.shape == other.shape
        assert mine.dtype == other.dtype
        finite = np.isfinite(other)
        np.testing.assert_array_equal(mine[~finite], other[~finite], err_msg=name)
        if mine.dtype == np.int64:
            np.testing.assert_array_equal(mine, other, err_msg=name)
        else:
            finite &= np.isfinite(right)
            # A product rounds once for each factor, in any order; of one or two PyTorch's may be near by chance.
            factors = (a.size if name == "prod of all" else shape[dim]) if "prod" in name else 1
            terms = np.sqrt(factors) * np.abs(right[finite]).max(initial=0)
            as_accurate(mine[finite], other[finite], right[finite], name, terms)


@pytest.mark.parametrize("name", ["cumsum", "prod", "norm", "max", "cummin"])
def test_results_do_not_depend_on_the_number_of_threads(name: str) -> None:
    a = np.random.default_rng(0).standard_normal((30, 20, 50)).astype(np.float32)
    before = dispatch.get_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            dispatch.set_threads(threads)
            results = [OPERATIONS[name](rushlight, rushlight.tensor(a), d) for d in range(3)]
            found.append([r[0].numpy() if isinstance(r, tuple) else r.numpy() for r in results])
    finally:
        dispatch.set_threads(before)
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["cumsum", "norm", "norm 1", "prod"])
def test_errors_are_at_most_twice_those_of_pytorch(name: str, dim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(along, "_BLOCK", 16384)
    a = np.random.default_rng(0).random((1000, 1000), np.float32)
    if name == "prod":
        a = (1 + a / 1000).astype(np.float32)
    ours, theirs = (OPERATIONS[name](library, library.tensor(a), dim).numpy() for library in (rushlight, torch))
    exact = OPERATIONS[name](torch, torch.tensor(a.astype(np.float64)), dim).numpy()
    allowed = 2 * np.linalg.norm(theirs - exact) + np.linalg.norm(exact) * 2**-24
    assert np.linalg.norm(ours - exact) <= allowed


def test_gradients_of_products_of_one_factor_do_not_depend_on_it() -> None:
    for library in (torch, rushlight):
        x = library.tensor([[np.nan, 2.0, 0.5]], requires_grad=True)
        x.cumprod(0).sum().backward()
        assert x.grad.tolist() == [[1.0, 1.0, 1.0]]
