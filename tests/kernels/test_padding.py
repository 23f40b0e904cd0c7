"""Compiled padding, beside PyTorch's."""

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import padding

from .fast import compiled_always, laid_out, needs_numba

pytestmark = needs_numba
always = compiled_always(padding)


@settings(deadline=None, max_examples=150)
@given(st.data(), st.integers(1, 3), st.sampled_from(["constant", "reflect", "replicate", "circular"]),
       st.sampled_from(["float32", "float64", "int32", "int64"]), st.sampled_from(["contiguous", "strided"]),
       st.integers(0, 999))  # fmt: skip
def test_padding(data: st.DataObject, dims: int, mode: str, dtype: str, layout: str, seed: int) -> None:
    sizes = data.draw(st.lists(st.integers(3, 9), min_size=dims, max_size=dims))
    least = -1 if mode != "reflect" else 0
    pads = data.draw(st.lists(st.integers(least, 2), min_size=2 * dims, max_size=2 * dims))
    x = laid_out(np.random.default_rng(seed).integers(-99, 99, (2, 3, *sizes)).astype(dtype), layout)
    if dtype.startswith("float"):
        x.flat[:3] = np.nan, np.inf, -0.0
    value = {"value": data.draw(st.sampled_from([0, -3, 5]))} if mode == "constant" else {}
    ours, theirs = (t.nn.functional.pad(t.from_numpy(x), pads, mode, **value) for t in (rushlight, torch))
    assert ours.stride() == theirs.stride()
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_array_equal(np.signbit(ours.numpy()), np.signbit(theirs.numpy()))


def test_gradients() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 6)).astype(np.float32)
    for mode in ("constant", "reflect", "replicate", "circular"):
        found = []
        for library in (rushlight, torch):
            leaf = library.from_numpy(x).requires_grad_()
            y = library.nn.functional.pad(leaf, (1, 2, 0, 3), mode)
            (y * library.arange(y.numel()).view(y.shape)).sum().backward()
            found.append(leaf.grad.numpy())
        np.testing.assert_allclose(*found, 1e-5)
