"""Compiled sampling at arbitrary places beside PyTorch's: modes, paddings, alignments, places far outside, NaN."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import dispatch, grid

from .fast import as_accurate, compiled_always, dtypes, laid_out, layouts, needs_numba

pytestmark = needs_numba
always = compiled_always(grid)


def results(library: Any, x: np.ndarray, places: np.ndarray, how: dict[str, Any], kind: Any) -> list[np.ndarray]:
    """The samples and the gradients by the image and the places."""
    image = library.from_numpy(x.astype(kind)).requires_grad_()
    at = library.from_numpy(places.astype(kind)).requires_grad_()
    y = library.nn.functional.grid_sample(image, at, **how)
    y.backward(library.from_numpy(np.random.default_rng(1).standard_normal(y.shape).astype(kind)))
    return [t.detach().numpy() for t in (y, image.grad, at.grad)]


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_grid_sample(data: st.DataObject) -> None:
    dims = data.draw(st.integers(2, 3))
    sizes, outs = (data.draw(st.lists(st.integers(1, most), min_size=dims, max_size=dims)) for most in (9, 14))
    n, c = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    how = {
        "mode": data.draw(st.sampled_from(["bilinear", "nearest", *(["bicubic"] if dims == 2 else [])])),
        "padding_mode": data.draw(st.sampled_from(["zeros", "border", "reflection"])),
        "align_corners": data.draw(st.booleans()),
    }
    rng, dtype = np.random.default_rng(data.draw(st.integers(0, 1000))), data.draw(dtypes)
    x = laid_out(rng.standard_normal((n, c, *sizes)).astype(dtype), data.draw(layouts))
    reach = data.draw(st.sampled_from([0.9, 1.3, 9.0]))
    places = ((rng.random((n, *outs, dims)) * 2 - 1) * reach).astype(dtype)
    # In float64 a place may fall on the other side of an entry: so the exact places are those of the narrower type.
    theirs, ours = (results(library, x, places, how, dtype) for library in (torch, rushlight))
    exact = results(torch, x, places, how, np.float64)
    for name, one, other, right in zip(("samples", "image", "places"), ours, theirs, exact, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        if dtype == np.float32 and np.abs(other - right).max() > 1e-2:
            # Here PyTorch's own place fell on the other side.
            np.testing.assert_allclose(one, other, 1e-3, 1e-3 * max(1, np.abs(other).max()), err_msg=name)
        else:
            as_accurate(one, other, right, name, terms=8 * max(sizes) * reach)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_what_is_not_finite(mode: str, padding: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 2, 6, 7)).astype(np.float32)
    x[0, 0, 0, 0], x[0, 1, 3, 3] = np.nan, np.inf
    places = (rng.random((1, 12, 13, 2)) * 3 - 1.5).astype(np.float32)
    how = {"mode": mode, "padding_mode": padding, "align_corners": False}
    theirs, ours = (results(library, x, places, how, np.float32) for library in (torch, rushlight))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, 1e-4, 1e-4)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, 5, 9, 9), (2, 5, 20, 20)))
    places = (rng.random((2, 20, 20, 2)) * 2 - 1).astype(np.float32)
    before, found = dispatch.get_threads(), []
    try:
        for threads in (1, 2, 3):
            dispatch.set_threads(threads)
            how = (grid.BILINEAR, 0, False)
            found.append(
                [
                    grid.grid_sample(x, places, *how),
                    grid.grid_spread(g, places, x.shape, *how),
                    grid.grid_slopes(g, x, places, *how),
                ]
            )
    finally:
        dispatch.set_threads(before)
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
