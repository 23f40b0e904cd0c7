"""Loops on operands that lie in many ways: rows that repeat themselves, or are parts of larger arrays."""

from typing import Any

import numpy as np
import pytest
import torch

import rushlight
from rushlight.kernels import pointwise
from rushlight.kernels.arrangement import arrange

from .fast import needs_numba

pytestmark = needs_numba

DIFFERENCE = pointwise.Loop("difference", ("x", "y"), ("x - y",))
CHOICE = pointwise.Loop("choice", ("x", "chosen"), ("select(chosen, x, 0)",))


@pytest.fixture(autouse=True)
def wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHLIGHT_FAST", "wait")


def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


# The kinds of the operands, and what makes these: all that lie in rows of at least 16 elements.
CASES: dict[str, tuple[str, Any]] = {
    "each image's own plane": ("aw", lambda n: (n(3, 4, 5, 6), n(3, 1, 5, 6))),
    "each column of images": ("aw", lambda n: (n(3, 4, 5, 16), n(3, 1, 1, 16))),
    "each row of images": ("ak", lambda n: (n(3, 4, 5, 16), n(3, 1, 5, 1))),
    "all pairs": ("ww", lambda n: (n(7, 1, 17), n(1, 9, 17))),
    "blocks": ("kw", lambda n: (n(3, 1, 4, 1), n(1, 5, 1, 16))),
    "a part of an array": ("aw", lambda n: (n(4, 5, 33), n(4, 9, 40)[:, 2:7, 3:36])),
    "the first is the smaller": ("wa", lambda n: (n(3, 1, 5, 6), n(3, 4, 5, 6))),
    "one number": ("pw", lambda n: (n(1, 1, 1), n(8, 3, 40)[:, ::2, :32])),
    "turned": ("aw", lambda n: (n(4, 5, 20).transpose(0, 2, 1), n(4, 20, 1))),
    "turned around": ("aw", lambda n: (n(6, 4, 20), n(6, 8, 20)[::-1, ::2])),
    "one row": ("ar", lambda n: (n(6, 4, 20), n(20))),
    "one for each row": ("ac", lambda n: (n(6, 4, 20), n(4, 1))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kinds", "make"), CASES.values(), ids=CASES)
def test_operands_that_broadcast(kinds: str, make: Any, dtype: Any) -> None:
    x, y = make(lambda *shape: numbers(*shape, dtype=dtype))
    found = arrange((x, y))
    assert found is not None
    assert found.kinds == kinds
    np.testing.assert_array_equal(DIFFERENCE(x, y), x - y)


@pytest.mark.parametrize("shape", [(3, 1, 1, 16), (3, 1, 5, 1), (1, 4, 5, 16), (3, 4, 5, 16), (16,)])
def test_conditions_that_broadcast(shape: tuple[int, ...]) -> None:
    x, chosen = numbers(3, 4, 5, 16), numbers(*shape) > 0
    x[0, 0, 0, :4] = np.nan, np.inf, -np.inf, -0.0
    np.testing.assert_array_equal(CHOICE(x, chosen), np.where(chosen, x, np.float32(0)))


@pytest.mark.parametrize(
    "shapes", [((6, 2, 3, 4, 2, 16), (1, 2, 1, 4, 1, 16)), ((5, 7, 8), (5, 1, 8)), ((0, 3, 16), (1, 3, 16))]
)
def test_what_lies_otherwise_is_left_to_numpy(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    assert arrange(tuple([numbers(*s) for s in shapes])) is None


@pytest.mark.parametrize(
    ("one", "other"), [((40, 1, 32), (1, 50, 32)), ((8, 1, 32, 32), (8, 3, 32, 32)), ((4, 8, 64, 64), (4, 1, 64, 1))]
)
def test_large_products_and_their_gradients(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    results = []
    for library in (torch, rushlight):
        x, y = (library.tensor(numbers(*s)).requires_grad_() for s in (one, other))
        z = x * y
        (z * z).sum().backward()
        results.append([z, x.grad, y.grad])
    for theirs, ours in zip(*results, strict=True):
        assert ours.stride() == theirs.stride()
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), 1e-4, 1e-3)
