"""Compiled interpolation and adaptive pooling: as PyTorch, for all sizes, and infinite numbers stay where they are."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import lookup, pooling, resampling

from .fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba

pytestmark = needs_numba
always, lookup_always = compiled_always(resampling), compiled_always(lookup)


@pytest.fixture(autouse=True, scope="module")
def unequal_always() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "SMALLEST_UNEQUAL", 0)
        patch.setattr(pooling, "_WIDE", 4)
        yield


def results(run: Any, a: np.ndarray, layout: str) -> list[list[np.ndarray]]:
    """Value and gradient of a function of the library and a tensor: PyTorch's, ours, and PyTorch's in float64."""
    found = []
    for library, kind in ((torch, a.dtype), (rushlight, a.dtype), (torch, np.float64)):
        x = library.from_numpy(laid_out(a.astype(kind), layout)).requires_grad_()
        y = run(library, x)
        y.backward(library.tensor(np.random.default_rng(1).standard_normal(y.shape).astype(kind)))
        found.append([y.detach().numpy(), x.grad.numpy()])
    return found


MODES = {3: ("nearest", "nearest-exact", "linear"), 4: ("nearest", "bilinear", "bicubic"), 5: ("nearest", "trilinear")}


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_interpolate(data: st.DataObject) -> None:
    dims = data.draw(st.integers(1, 3))
    sizes = [data.draw(st.lists(st.integers(1, 20), min_size=dims, max_size=dims)) for _ in range(2)]
    mode = data.draw(st.sampled_from(MODES[dims + 2]))
    align = data.draw(st.booleans()) if mode in ("linear", "bilinear", "trilinear", "bicubic") else None
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    a = rng.standard_normal((2, 3, *sizes[0])).astype(data.draw(dtypes))
    theirs, ours, exact = results(
        lambda t, x: t.nn.functional.interpolate(x, sizes[1], mode=mode, align_corners=align),
        a, data.draw(layouts),
    )  # fmt: skip
    for one, other, right in zip(ours, theirs, exact, strict=True):
        as_accurate(one, other, right, mode)


def test_an_infinite_pixel_does_not_reach_others() -> None:
    a = np.ones((1, 1, 30, 30), np.float32)
    a[0, 0, 10, 10] = np.inf
    found = rushlight.nn.functional.interpolate(rushlight.tensor(a), scale_factor=2, mode="nearest").numpy()
    assert np.isinf(found).sum() == 4
    assert not np.isnan(found).any()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_adaptive_pools(data: st.DataObject) -> None:
    dims = data.draw(st.integers(2, 3))
    sizes = [data.draw(st.integers(1, 30 if dims == 2 else 12)) for _ in range(dims)]
    outs = tuple(data.draw(st.integers(1, 12 if dims == 2 else 6)) for _ in range(dims))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    a = rng.standard_normal((2, 3, *sizes)).astype(data.draw(dtypes))
    kind = data.draw(st.sampled_from(["avg", "max"]))
    if kind == "max":
        a = np.round(a)
        a[rng.random(a.shape) < data.draw(st.sampled_from([0, 0.1, 0.9]))] = data.draw(
            st.sampled_from([np.nan, -np.inf, np.inf])
        )
    theirs, ours, exact = results(
        lambda t, x: getattr(t.nn.functional, f"adaptive_{kind}_pool{dims}d")(x, outs), a, data.draw(layouts)
    )
    for one, other, right in zip(ours, theirs, exact, strict=True):
        finite = np.isfinite(other)
        np.testing.assert_array_equal(one[~finite], other[~finite])
        as_accurate(one[finite], other[finite], right[finite], kind)
    if kind == "max":
        pair = [
            getattr(t.nn.functional, f"adaptive_max_pool{dims}d")(t.tensor(a), outs, return_indices=True)[1].numpy()
            for t in (torch, rushlight)
        ]
        np.testing.assert_array_equal(*pair)
