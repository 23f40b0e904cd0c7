"""Functions for compiled kernels: as precise as PyTorch's, and right at the edges."""

import importlib.util
from typing import Any

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba (extra 'fast')")

# A function of PyTorch's, and the interval from which half of the numbers are drawn.
FUNCTIONS = {
    "exp": (-104, 88), "expm1": (-20, 88), "sigmoid": (-80, 40), "tanh": (-10, 10), "log": (0, 3), "log1p": (-1, 3),
    "erf": (-5, 5), "erfc": (-4, 10), "exp2": (-149, 127),
    "log2": (0, 3), "log10": (0, 3), "cosh": (-88, 88), "sinh": (-88, 88), "atan": (-20, 20), "asin": (-1, 1),
    "acos": (-1, 1), "tan": (-1000, 1000),
}  # fmt: skip


@pytest.fixture(params=FUNCTIONS, scope="module")
def function(request: pytest.FixtureRequest) -> tuple[str, Any]:
    from numba import njit

    from rushlight.kernels.compiled import functions, more_functions

    f = getattr(functions if hasattr(functions, request.param) else more_functions, request.param)

    @njit(error_model="numpy")
    def loop(x, y):  # type: ignore[no-untyped-def]
        for i in range(x.size):
            y[i] = f(x[i])

    return request.param, loop


def computed(loop: Any, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    loop(x, y)
    return y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_are_at_most_twice_those_of_pytorch(function: tuple[str, Any], dtype: type) -> None:
    name, loop = function
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(*FUNCTIONS[name], 40000), rng.standard_normal(20000), rng.normal(0, 1e-3, 20000)])
    x = x.astype(dtype)
    x = (
        x[x > (-1 if name == "log1p" else 0)]
        if name.startswith("log")
        else x[np.abs(x) <= 1]
        if name in ("asin", "acos")
        else x
    )
    y, theirs = computed(loop, x), getattr(torch, name)(torch.from_numpy(x)).numpy()
    if dtype is np.float32:
        exact = getattr(torch, name)(torch.from_numpy(x.astype(np.float64))).numpy()
    elif name in ("sigmoid", "erf", "erfc"):
        exact = theirs
    else:
        exact = getattr(np, name)(x.astype(np.longdouble))
    unit = np.maximum(np.abs(np.spacing(exact.astype(dtype))), np.finfo(dtype).tiny)
    error, their_error = ((a - exact) / unit for a in (y, theirs))
    if exact is theirs:
        assert np.abs(error).max() <= 4
    else:
        assert np.sqrt(np.mean(error**2)) <= 2 * np.sqrt(np.mean(their_error**2))
        assert np.abs(error).max() <= 2.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_edges_are_those_of_pytorch(function: tuple[str, Any], dtype: type) -> None:
    name, loop = function
    limits = np.finfo(dtype)
    positive = [0, limits.smallest_subnormal, limits.tiny / 8, limits.tiny, 1e-30, 1, 88.8, 710, limits.max, np.inf]
    x = np.array([*positive, *(-v for v in positive), np.nan], dtype)
    x = x[(np.abs(x) < 2**50) | ~np.isfinite(x)] if name == "tan" else x  # it is for no others
    y, theirs = computed(loop, x), getattr(torch, name)(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(np.isnan(y), np.isnan(theirs))
    if name in ("cosh", "sinh"):  # PyTorch's are infinite from half of the greatest number on
        with np.errstate(over="ignore"):
            exact = getattr(np, name)(x.astype(np.longdouble)).astype(dtype)
        theirs = np.where(np.isinf(theirs), exact, theirs)
    # Of numbers that are too small to be normal, PyTorch loses the sign now and then.
    signed = (y == 0) & (x == 0) | (np.abs(y) >= limits.tiny)
    np.testing.assert_array_equal(np.signbit(y[signed]), np.signbit(theirs[signed]))
    np.testing.assert_allclose(y, theirs, rtol=4 * limits.eps, atol=limits.tiny)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["angle", "power"])
def test_functions_of_two_numbers_are_those_of_pytorch(name: str, dtype: type) -> None:
    from numba import njit

    from rushlight.kernels.compiled import more_functions

    f, theirs = getattr(more_functions, name), {"angle": torch.atan2, "power": torch.pow}[name]

    @njit(error_model="numpy")
    def loop(x, y, z):  # type: ignore[no-untyped-def]
        for i in range(x.size):
            z[i] = f(x[i], y[i])

    rng = np.random.default_rng(0)
    edges = np.array([0, 0.25, 0.5, 1, 1.5, 2, 3, 1e-40, 1e30, np.finfo(dtype).max, np.inf])
    edges = np.concatenate([edges, -edges, [np.nan]])
    x, y = np.meshgrid(edges, edges)
    x = np.concatenate([x.ravel(), rng.standard_normal(20000), rng.uniform(0, 3, 20000)]).astype(dtype)
    y = np.concatenate([y.ravel(), rng.standard_normal(20000), rng.uniform(-20, 20, 20000)]).astype(dtype)
    found = np.empty_like(x)
    loop(x, y, found)
    expected = theirs(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)
    large = np.abs(expected) >= np.finfo(dtype).tiny
    np.testing.assert_array_equal(np.signbit(found[large]), np.signbit(expected[large]))


def test_loops_become_vector_code(function: tuple[str, Any]) -> None:
    from numba import float32, types

    from rushlight.kernels.compiled import simd

    _, loop = function
    array = types.Array(float32, 1, "C")
    loop.compile((array, array))
    text = loop.inspect_llvm((array, array))
    if simd.REGISTER == 16:
        pytest.skip("vectors of the narrowest kind are not told from other code here")
    assert "x float> @llvm.fma" in text or "x double> @llvm.fma" in text
