"""Masks, limits and ternary operations as compiled loops: for all shapes, layouts and special values as PyTorch."""

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import choosing, pointwise

from .fast import as_accurate, needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        for module, name, value in (
            (choosing, "LARGE", 1), (choosing, "SMALLEST", 1), (choosing, "_BLOCK", 7), (pointwise, "LARGE", 1),
        ):  # fmt: skip
            patch.setattr(module, name, value)
        yield


# What is computed of the library, two arrays x and y, and a mask.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "where": lambda torch, x, y, m: torch.where(m, x, y),
    "where number": lambda torch, x, y, m: torch.where(m, x, 0.5),
    "where number first": lambda torch, x, y, m: torch.where(m, -0.0, y),
    "where broadcast": lambda torch, x, y, m: torch.where(m, x[..., :1], y),
    "masked_fill": lambda torch, x, y, m: x.masked_fill(m, 2),
    "masked_fill_": lambda torch, x, y, m: (x * 1).masked_fill_(m, float("inf")),
    "masked_select": lambda torch, x, y, m: x.masked_select(m),
    "x[mask]": lambda torch, x, y, m: x[m],
    "clamp": lambda torch, x, y, m: x.clamp(-0.5, 1),
    "clamp crossed": lambda torch, x, y, m: x.clamp(1, -0.5),
    "clamp_min": lambda torch, x, y, m: x.clamp(min=0),
    "clamp_max": lambda torch, x, y, m: x.clamp_max(0.25),
    "clamp tensors": lambda torch, x, y, m: torch.clamp(x, y, y + 1),
    "nansum": lambda torch, x, y, m: (x * 8).nansum(-1),
    "lerp": lambda torch, x, y, m: torch.lerp(x, y, 0.3),
    "lerp far": lambda torch, x, y, m: torch.lerp(x, y, x),
    "addcmul": lambda torch, x, y, m: torch.addcmul(x, y, y, value=0.5),
    "addcdiv": lambda torch, x, y, m: torch.addcdiv(x, y, x + 3, value=-2),
}


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(["bool", "float32", "int64"]))
def test_places_are_those_of_pytorch(data: st.DataObject, dtype: str) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 8, 33]), min_size=1, max_size=4)))
    a = np.random.default_rng(data.draw(st.integers(0, 100))).random(shape) < data.draw(st.floats(0, 1))
    order = data.draw(st.permutations(range(len(shape))))
    theirs, ours = (
        library.tensor(a.transpose(order).copy()).to(getattr(library, dtype)).permute(*np.argsort(order).tolist())
        for library in (torch, rushlight)
    )
    assert ours.nonzero().stride() == theirs.nonzero().stride() or min(theirs.nonzero().shape) < 2
    for one, other in zip(
        (ours.nonzero(), *ours.nonzero(as_tuple=True)), (theirs.nonzero(), *theirs.nonzero(as_tuple=True)), strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(OPERATIONS)), st.data())
def test_results_and_gradients_are_those_of_pytorch(name: str, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 8, 33]), min_size=1, max_size=3)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    arrays = [rng.standard_normal(shape).astype(dtype) for _ in range(2)]
    for a in arrays:
        if data.draw(st.booleans()):
            a.flat[rng.integers(a.size)] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, -0.0]))
    mask = rng.random(shape) < data.draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    order = data.draw(st.permutations(range(len(shape))))
    results = []
    for library, kind in ((torch, dtype), (rushlight, dtype), (torch, np.float64)):
        back = np.argsort(order).tolist()
        x, y = (library.tensor(a.astype(kind).transpose(order).copy()).permute(*back).requires_grad_() for a in arrays)
        m = library.tensor(mask.transpose(order).copy()).permute(*back)
        result = OPERATIONS[name](library, x, y, m)
        result.backward(library.tensor(np.linspace(-1, 2, result.numel(), dtype=kind)).reshape(result.shape))
        results.append([result.detach(), x.grad, y.grad])
    for theirs, ours, exact in zip(*results, strict=True):
        if theirs is None:
            assert ours is None
            continue
        assert ours.shape == theirs.shape
        if name == "nansum":
            # Terms that cancel leave the roundings of partial sums, which are about as large as `terms`.
            finite = np.isfinite(theirs.numpy())
            np.testing.assert_array_equal(ours.numpy()[~finite], theirs.numpy()[~finite])
            terms = 8 * shape[-1] ** 0.5
            as_accurate(ours.numpy()[finite], theirs.numpy()[finite], exact.numpy()[finite], name, terms)
            continue
        rounding = 1e-6 if dtype is np.float32 else 1e-14
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 4 * rounding, 4 * rounding, err_msg=name)
        if name.startswith(("where", "masked", "x[")):
            np.testing.assert_array_equal(np.signbit(ours.numpy()), np.signbit(theirs.numpy()))


@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "bool", "complex64", "float16"])
def test_other_types(dtype: str) -> None:
    a = np.arange(60).reshape(4, 15) % 7
    results = []
    for library in (torch, rushlight):
        x = library.tensor(a).to(getattr(library, dtype))
        mask = x.real > 3 if dtype == "complex64" else x > 3
        results.append([x[mask], x.masked_fill(mask, 1), library.where(mask, x, x[:1]), x.masked_select(mask[0])])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        assert ours.numpy().dtype == theirs.numpy().dtype


MASKED: dict[str, Callable[..., Any]] = {
    "where": lambda torch, x, m: torch.where(m, x, 0.0),
    "where number first": lambda torch, x, m: torch.where(m, 2.0, x),
    "where of a row": lambda torch, x, m: torch.where(m, x, x[0, 0, 0]),
    "masked_fill": lambda torch, x, m: x.masked_fill(m, float("-inf")),
    "masked_fill_": lambda torch, x, m: x.clone().masked_fill_(m, 3),
}


@pytest.mark.parametrize("shape", [(2, 1, 9, 20), (9, 20), (2, 1, 1, 20), (2, 3, 9, 1), (1,), (), (9, 1), (20,)])
@pytest.mark.parametrize("name", MASKED)
def test_masks_that_broadcast(name: str, shape: tuple[int, ...]) -> None:
    values, chosen = np.random.default_rng(0).standard_normal((2, 3, 9, 20)), np.random.default_rng(1).random(shape)
    results = []
    for library in (torch, rushlight):
        x = library.tensor(values.astype(np.float32)).requires_grad_()
        found = MASKED[name](library, x, library.tensor(chosen) > 0.5)
        found.nan_to_num(neginf=0).backward(library.ones_like(found))
        results.append([found.detach(), x.grad])
    for theirs, ours in zip(*results, strict=True):
        assert ours.stride() == theirs.stride()
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
