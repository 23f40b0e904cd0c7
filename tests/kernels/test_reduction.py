"""Compiled sums: right for all shapes, axes, orders in memory and special values, and as precise as PyTorch's."""

from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import dispatch, reduction

from .fast import as_accurate

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(reduction, "LARGE", 1)
        patch.setattr(reduction, "_PIECE", 64)
        patch.setattr(reduction, "_ROWS", 5)
        patch.setattr(reduction, "_STRIPE", 70)
        yield


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_sums_and_means_over_any_axes(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 7, 40, 150]), min_size=1, max_size=4)))
    if np.prod(shape) > 100_000:
        shape = shape[:2]
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    axes = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True)))
    keepdim, mean = data.draw(st.booleans()), data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    a = rng.standard_normal(shape).astype(dtype)
    if data.draw(st.booleans()):
        a.flat[rng.integers(a.size)] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 0]))
    order = data.draw(st.permutations(range(len(shape))))
    results = []
    for library in (torch, rushlight):
        x = library.tensor(a.transpose(order).copy()).permute(*np.argsort(order).tolist()).requires_grad_()
        function = library.mean if mean else library.sum
        y = function(x, axes, keepdim) if axes else function(x)
        y.backward(library.tensor(np.linspace(1, 2, y.numel(), dtype=dtype)).reshape(y.shape))
        results.append([y.detach(), x.grad])
    for theirs, ours in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == getattr(rushlight, str(theirs.dtype).removeprefix("torch."))
        scale = {np.float32: 1e-6, np.float64: 1e-14}[dtype] * max(1, a.size**0.5)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-5 if dtype is np.float32 else 1e-12, scale)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (0, 2, 3), (3,)])
def test_results_do_not_depend_on_the_number_of_threads(axes: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal((4, 6, 30, 50)).astype(np.float32)
    threads = dispatch.get_threads()
    try:
        found = []
        for count in (1, 2, 3):
            dispatch.set_threads(count)
            found.append(reduction.sum_over(x, axes))
    finally:
        dispatch.set_threads(threads)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_errors_are_at_most_twice_those_of_pytorch(axes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_PIECE", 16384), ("_ROWS", 128), ("_STRIPE", 1024)):
        monkeypatch.setattr(reduction, name, value)
    x = np.random.default_rng(0).random((2000, 2000), np.float32)
    exact = x.astype(np.float64).sum(axes)
    ours, theirs = reduction.sum_over(x, axes), torch.from_numpy(x).sum(axes).numpy()
    assert np.linalg.norm(ours - exact) <= 2 * np.linalg.norm(theirs - exact) + np.linalg.norm(exact) * 2**-24


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_sums_of_what_is_expanded(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.sampled_from([1, 2, 5, 40]), min_size=1, max_size=4))
    alone = [1 if data.draw(st.booleans()) else n for n in shape]
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    a = np.random.default_rng(data.draw(st.integers(0, 100))).standard_normal(alone).astype(dtype)
    a.flat[-1] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 0.3]))
    axes = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True)))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x = library.tensor(a.astype(kind)).requires_grad_()
        y = x.expand(shape)
        sums = y.sum(axes, keepdim=data.draw(st.shared(st.booleans(), key="keep"))) if axes else y.sum()
        (sums * sums).sum().backward()
        results.append([sums.detach().numpy(), x.grad.numpy()])
    for theirs, ours, exact in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        finite = np.isfinite(theirs)
        np.testing.assert_array_equal(ours[~finite], theirs[~finite])
        as_accurate(ours[finite], theirs[finite], exact[finite], terms=float(np.prod(shape)) ** 0.5)
        np.testing.assert_array_equal(np.signbit(ours[ours == 0]), np.signbit(theirs[ours == 0]))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_sums_of_parts_of_arrays(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.sampled_from([1, 2, 5, 9, 40]), min_size=1, max_size=4))
    steps = [data.draw(st.sampled_from([1, 1, 2, 3])) for _ in shape]
    starts = [data.draw(st.integers(0, 2)) for _ in shape]
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    whole = [start + step * n for start, step, n in zip(starts, steps, shape, strict=True)]
    a = np.random.default_rng(data.draw(st.integers(0, 100))).standard_normal(whole).astype(dtype)
    a.flat[-1] = data.draw(st.sampled_from([np.nan, np.inf, -0.0, 0.3]))
    order = data.draw(st.permutations(range(len(shape))))
    windows = data.draw(st.booleans()) and whole[-1] >= 3
    axes = tuple(data.draw(st.lists(st.integers(0, len(shape) - 1 + windows), unique=True)))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        x = library.tensor(a.astype(kind)).permute(order)
        x = x[tuple([slice(starts[d], None, steps[d]) for d in order])]
        if windows and x.shape[-1] >= 3:
            x = x.unfold(-1, 3, 2)
        found = [x.sum(axes), x.mean(axes, keepdim=True)] if axes and max(axes) < x.ndim else [x.sum(), x.mean()]
        results.append([r.numpy() for r in found])
    for theirs, ours, exact in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        finite = np.isfinite(theirs)
        np.testing.assert_array_equal(ours[~finite], theirs[~finite])
        as_accurate(ours[finite], theirs[finite], exact[finite], terms=float(np.prod(whole)) ** 0.5)


@pytest.mark.parametrize("rows", [20, 100, 1000, 10_000])
def test_gradients_of_broadcasts(rows: int) -> None:
    values = np.random.default_rng(0).random((rows, 3))
    results = []
    for library, kind in ((torch, np.float32), (rushlight, np.float32), (torch, np.float64)):
        bias = library.from_numpy(np.zeros(3, kind)).requires_grad_()
        ((bias + library.from_numpy(values.astype(np.float32).astype(kind))) ** 2).sum().backward()
        results.append(bias.grad.numpy())
    theirs, ours, exact = results
    as_accurate(ours, theirs, exact)


@pytest.mark.parametrize("size", [120_000, 1_000_000])
def test_roundings_of_equal_numbers_do_not_add_up(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "_PIECE", 16384)
    numbers = np.full(size, 2 / size, np.float32)
    np.testing.assert_allclose(rushlight.tensor(numbers).sum().item(), numbers.sum(dtype=np.float64), rtol=5e-7)
