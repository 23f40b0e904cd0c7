"""Compiled copies: every element arrives, whatever the shapes and orders in memory."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import copying

from .fast import compiled_always, needs_numba

pytestmark = needs_numba
always = compiled_always(copying)


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array of a shape that lies in memory in some order, with gaps, backwards or broadcast."""
    order = draw(st.permutations(range(len(shape))))
    gaps = [draw(st.sampled_from([1, 1, 2, -1])) for _ in shape]
    wide = np.zeros([shape[i] * abs(gaps[i]) for i in order], dtype)
    a = wide.transpose(np.argsort(order))[tuple(slice(None, None, g) for g in gaps)]
    a[...] = np.arange(a.size).reshape(shape) % 97
    return a


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_copies(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 20, 37, 70]), min_size=1, max_size=6)))
    while np.prod(shape) > 50_000:
        shape = shape[:-1]
    dtype = data.draw(st.sampled_from(["f4", "f8", "i8", "i4", "c8", "i2", "?", "c16"]))
    source, target = data.draw(arrays(shape, dtype)), data.draw(arrays(shape, dtype))
    if data.draw(st.booleans()):
        source = np.broadcast_to(source[:1], shape)
    wanted = source.copy()
    target[...] = 1
    copying.copy_into(target, source)
    np.testing.assert_array_equal(target, wanted)


def test_what_is_not_a_number_keeps_its_bits() -> None:
    bits = np.array([0x7FC00001, 0xFFC12345, 0x7F800001, 0x80000000] * 50, np.uint32).reshape(2, 100)
    found = copying.in_rows(bits.view(np.float32).T)
    np.testing.assert_array_equal(found.view(np.uint32), bits.T)


OPERATIONS: dict[str, Any] = {
    "cat": lambda x: rushlight.cat([x, x.flip(0), x[:1]], 0),
    "cat(1)": lambda x: rushlight.cat([x, x * 2], 1),
    "stack": lambda x: rushlight.stack([x, x * 2], -1),
    "flip": lambda x: x.flip(0, -1),
    "contiguous": lambda x: x.transpose(0, 2).contiguous(),
    "clone": lambda x: x.permute(2, 0, 1).clone(),
    "pixel_shuffle": lambda x: rushlight.nn.functional.pixel_shuffle(x.reshape(1, 4, -1, 5), 2),
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operations_give_what_they_give_on_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = rushlight.arange(4.0 * 30 * 5).reshape(4, 30, 5)
    for t in (x, x.transpose(0, 1).contiguous().transpose(0, 1)):
        found = OPERATIONS[name](t)
        with monkeypatch.context() as patch:
            patch.setattr(copying, "SMALLEST", 1 << 60)
            wanted = OPERATIONS[name](t)
        assert found.stride() == wanted.stride()
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "bool", "complex64", "float16"])
@pytest.mark.parametrize("value", [0, -0.0, 3, float("nan"), float("inf")])
def test_filling(dtype: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "SMALLEST_FILLED", 1)
    if dtype in ("int32", "int64", "bool") and not np.isfinite(value):
        value = 1
    found = []
    for library in (torch, rushlight):
        kind = getattr(library, dtype)
        x = library.ones(5, 7, dtype=kind)
        part = library.ones(4, 6, dtype=kind)
        part[:, ::2].fill_(value)
        part.t()[1:].zero_()
        found.append([
            library.full((3, 70), value, dtype=kind), library.full_like(x, value), x.clone().fill_(value), part,
            library.zeros_like(x), library.ones_like(x.t()), x.zero_(), library.full((0,), value, dtype=kind),
        ])  # fmt: skip
    for theirs, ours in zip(*found, strict=True):
        assert ours.stride() == theirs.stride()
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        if dtype == "float32":
            np.testing.assert_array_equal(np.signbit(ours.numpy()), np.signbit(theirs.numpy()))
