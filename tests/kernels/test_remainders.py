"""Compiled remainders of division: exact for all numbers, with the signs of PyTorch's."""

from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import remainders

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(remainders, "SMALLEST", 1)
        yield


def numbers(rng: np.random.Generator, dtype: type, many: int) -> np.ndarray:
    """Numbers of all sizes, whole ones, and the special ones of the type."""
    kind = np.finfo(dtype)
    x = rng.standard_normal(many) * 2.0 ** rng.integers(-30, 30, many)
    x = np.where(rng.random(many) < 0.3, np.rint(x), x).astype(dtype)
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, kind.tiny, kind.tiny / 8, kind.max, 1, -3, 0.1, 6], dtype)
    return np.where(rng.random(many) < 0.2, rng.choice(special, many), x).astype(dtype)


def exactly(mine: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_array_equal(mine, theirs)
    number = theirs == theirs
    np.testing.assert_array_equal(np.signbit(mine[number]), np.signbit(theirs[number]))


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["fmod", "remainder"]), st.sampled_from([np.float32, np.float64]), st.integers(1, 600),
    st.integers(0, 10000), st.sampled_from(["any", "multiples", "number", "turned"]),
)  # fmt: skip
def test_remainders_are_exact(name: str, dtype: type, many: int, seed: int, what: str) -> None:
    rng = np.random.default_rng(seed)
    x, y = numbers(rng, dtype, many), numbers(rng, dtype, many)
    if what == "multiples":
        with np.errstate(all="ignore"):
            x = (rng.integers(-9, 9, many) * y).astype(dtype)
    x, y = x.reshape(1, -1), y.reshape(1, -1)
    if what == "turned":
        x, y = x.T, y.T
    divisor = y[0, 0] if what == "number" else y
    mine = getattr(rushlight, name)(rushlight.tensor(x), float(divisor) if what == "number" else rushlight.tensor(y))
    # One by one, because PyTorch's vector code makes NaN of quotients that are too large for a number.
    pairs = zip(x.reshape(-1), np.broadcast_to(divisor, x.shape).reshape(-1), strict=True)
    theirs = [getattr(torch, name)(torch.tensor(a), torch.tensor(b)).numpy() for a, b in pairs]
    exactly(mine.numpy().reshape(-1), np.array(theirs))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients(dtype: str) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 40, 50)).astype(dtype)
    for name in ("fmod", "remainder"):
        found = []
        for library in (rushlight, torch):
            x, y = (library.tensor(v, requires_grad=True) for v in (a, b))
            getattr(library, name)(x, y).backward(library.tensor(b))
            found.append([x.grad.numpy(), y.grad.numpy()])
        for mine, theirs in zip(*found, strict=True):
            np.testing.assert_array_equal(mine, theirs)
