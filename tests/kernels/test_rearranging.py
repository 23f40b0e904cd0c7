"""Copies that repeat, pad and cut, gated activations and special functions on large arrays: as PyTorch's."""

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import activation, along, choosing, copying, lookup, numpy_views, pointwise

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        for module in (activation, choosing, pointwise):
            patch.setattr(module, "LARGE", 1)
        patch.setattr(copying, "SMALLEST", 1)
        patch.setattr(along, "SMALLEST", 1)
        patch.setattr(numpy_views, "_MANY", 1)
        patch.setattr(lookup, "SMALLEST_ADD", 1)
        yield


def pad(mode: str, *padding: int) -> Callable[..., Any]:
    return lambda torch, x: torch.nn.functional.pad(x, padding, mode)


# Of a tensor of three dimensions, the last of which has an even size.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "tril": lambda torch, x: torch.tril(x),
    "tril below": lambda torch, x: x.tril(-2),
    "tril far": lambda torch, x: x.tril(100),
    "triu": lambda torch, x: torch.triu(x, 1),
    "triu of a transposed one": lambda torch, x: x.transpose(1, 2).triu(-1),
    "repeat": lambda torch, x: x.repeat(2, 1, 3),
    "repeat more": lambda torch, x: x.repeat(2, 1, 3, 2),
    "repeat a transposed one": lambda torch, x: x.transpose(0, 2).repeat(1, 2, 2),
    "repeat never": lambda torch, x: x.repeat(2, 0, 1),
    "repeat rows": lambda torch, x: x.repeat(1, 3, 1),
    "repeat all": lambda torch, x: x.repeat(3, 1, 1, 1),
    "repeat columns": lambda torch, x: x.repeat(1, 1, 2),
    "expand rows": lambda torch, x: x[:, :1].expand(-1, 5, -1).contiguous(),
    "expand columns": lambda torch, x: x[..., :1].expand(-1, -1, 7).contiguous(),
    "expand all": lambda torch, x: x[:1, :1, :1].expand(3, 4, 5).contiguous(),
    "clone": lambda torch, x: x.clone(),
    "outer": lambda torch, x: torch.outer(x[0, 0], x[:, 0, 0]),
    "glu": lambda torch, x: torch.nn.functional.glu(x),
    "glu of channels": lambda torch, x: torch.nn.functional.glu(torch.cat([x, x * 2], 1), 1),
    "prelu": lambda torch, x: torch.nn.functional.prelu(x, x[0, :, 0]),
    "prelu of one": lambda torch, x: torch.nn.functional.prelu(x, x[0, 0, :1]),
    "reflect": pad("reflect", 1, 1),
    "reflect one side": pad("reflect", 0, 1),
    "replicate": pad("replicate", 3, 2),
    "circular": pad("circular", 1, 2),
    "circular, cut": pad("circular", -1, 1),
    "replicate, cut": pad("replicate", 2, -1),
    "atan2": lambda torch, x: torch.atan2(x, x.flip(0) + 0.1),
    "logsumexp": lambda torch, x: torch.logsumexp(x, -1),
    "logsumexp of several": lambda torch, x: torch.logsumexp(x * 30, (0, 1), True),
    "add a transposed one": lambda torch, x: x + x.transpose(0, 2).contiguous().transpose(0, 2),
    "index_add": lambda torch, x: x.index_add(0, torch.tensor([0, len(x) - 1, 0]), x[:1].expand(3, -1, -1)),
    "index_select": lambda torch, x: x.index_select(1, torch.tensor([0, 0, x.shape[1] - 1])),
    "rows": lambda torch, x: x[torch.tensor([0, -1, 0, 0])],
    "scatter_add": lambda torch, x: torch.zeros_like(x).scatter_add(2, (x > 0).long(), x),
    "fmod": lambda torch, x: torch.fmod(x, 0.3),
}


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(OPERATIONS)), st.data())
def test_results_and_gradients_are_those_of_pytorch(name: str, data: st.DataObject) -> None:
    shape = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9)), 2 * data.draw(st.integers(1, 20)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    values, found = rng.standard_normal(shape).astype(dtype), []
    for library in (rushlight, torch):
        x = library.tensor(values, requires_grad=True)
        y = OPERATIONS[name](library, x)
        grad = np.random.default_rng(0).standard_normal(tuple(y.shape)).astype(dtype)
        y.backward(library.tensor(grad))
        found.append((y.detach().numpy(), x.grad.numpy(), y.stride()))
    assert found[0][2] == found[1][2] or 1 in found[1][0].shape or not found[1][0].size
    for mine, theirs in zip(found[0][:2], found[1][:2], strict=True):
        tolerance = 1e-5 if dtype is np.float32 else 1e-12
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_borders_of_images_and_volumes(mode: str) -> None:
    rng = np.random.default_rng(0)
    for padding, shape in (((3, 2, 1, 4), (2, 3, 9, 8)), ((1, 2, 0, 3, 2, 1), (2, 1, 4, 5, 6)), ((5, 5), (2, 3, 6))):
        values, found = rng.standard_normal(shape), []
        for library in (rushlight, torch):
            x = library.tensor(values, requires_grad=True)
            y = library.nn.functional.pad(x, padding, mode)
            y.backward(library.tensor(np.random.default_rng(1).standard_normal(tuple(y.shape))))
            found.append((y.detach().numpy(), x.grad.numpy()))
        np.testing.assert_array_equal(found[0][0], found[1][0])
        np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12, atol=1e-12)


FUNCTIONS = {
    "lgamma": scipy.special.gammaln,
    "digamma": scipy.special.digamma,
    "trigamma": lambda x: scipy.special.polygamma(1, x),
}


def computed(library: Any, name: str, x: np.ndarray) -> np.ndarray:
    made: np.ndarray = (
        library.polygamma(1, library.tensor(x)) if name == "trigamma" else getattr(library, name)(library.tensor(x))
    ).numpy()
    return made


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("centre", [0.0, 1.0, 1.4616321, 2.0, 300.0])
def test_the_gamma_functions_err_no_more_than_pytorch(name: str, centre: float) -> None:
    rng = np.random.default_rng(0)
    x = np.abs(centre + rng.standard_normal(4000) * rng.choice([1e-3, 0.1, 3], 4000)).astype(np.float32)
    exact = FUNCTIONS[name](x.astype(np.float64))
    mine, theirs = (np.abs(computed(library, name, x) - exact) / np.abs(exact) for library in (rushlight, torch))
    assert mine.max() <= max(2 * theirs.max(), 2.0**-23)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gamma_functions_of_special_numbers(name: str) -> None:
    few = [0.0, -0.0, np.inf, np.nan, -0.5, -1.25, 1.0, 2.0, 1e-30, 1e-38, 3e37, 5.0]
    x = np.array(few * 3 + [7.5] * 60, np.float32)
    np.testing.assert_allclose(computed(rushlight, name, x), computed(torch, name, x), rtol=1e-5, atol=1e-6)


def test_the_slope_of_logit() -> None:
    values, found = np.array([0.2, 0.9, 0.0, -0.0, 1.0, 1.5, -2.0, np.nan, 1e-30], np.float32), []
    for library in (rushlight, torch):
        x = library.tensor(values, requires_grad=True)
        library.logit(x).backward(library.tensor(np.array([2, -1, 1, -1, 3, 1, 1, 1, 1], np.float32)))
        found.append(x.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(["int8", "uint8", "int16", "int32", "int64"]), st.integers(1, 2000), st.integers(0, 100),
    st.sampled_from([0, 100, 2**40]),
)  # fmt: skip
def test_distinct_whole_numbers(kind: str, many: int, seed: int, far: int) -> None:
    limits, rng = np.iinfo(kind), np.random.default_rng(seed)
    low = max(limits.min, -far)
    x = rng.integers(low, min(limits.max, low + far + rng.integers(1, 300)), many, endpoint=True).astype(kind)
    mine = rushlight.unique(rushlight.tensor(x), return_inverse=True, return_counts=True)
    theirs = torch.unique(torch.tensor(x), return_inverse=True, return_counts=True)
    for a, b in zip(mine, theirs, strict=True):
        assert str(a.dtype) == str(b.dtype)
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_truth_values_are_counted() -> None:
    x = np.random.default_rng(0).random((40, 50)) < 0.3
    for library in (rushlight, torch):
        assert library.tensor(x).sum().dtype is library.int64
    assert rushlight.tensor(x).sum().item() == torch.tensor(x).sum().item()
    assert rushlight.tensor(x.T).sum().item() == torch.tensor(x.T).sum().item()
