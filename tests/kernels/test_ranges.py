"""Compiled ranges, and the identity: PyTorch's numbers."""

from collections.abc import Iterator

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

import rushlight
from rushlight.kernels import ranges

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(ranges, "LARGE", 1)
        yield


@given(st.integers(-(2**62), 2**62), st.integers(0, 300), st.integers(-(2**54), 2**54).filter(bool))
def test_whole_numbers(start: int, count: int, step: int) -> None:
    theirs, ours = (library.arange(start, start + count * step, step) for library in (torch, rushlight))
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@given(st.floats(-1e6, 1e6), st.integers(0, 300), st.floats(1e-3, 1e3), st.booleans(),
       st.sampled_from(["float32", "float64"]))  # fmt: skip
def test_floating_point_numbers(start: float, count: int, step: float, back: bool, dtype: str) -> None:
    step = -step if back else step
    end = start + (count + 0.5) * step
    theirs, ours = (
        library.arange(start, end, step, dtype=getattr(library, dtype)).numpy() for library in (torch, rushlight)
    )
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("shape", [(3,), (0,), (3, 5), (5, 3), (4, 0)])
@pytest.mark.parametrize("dtype", ["float32", "bool", "int8", "complex64", "bfloat16"])
def test_identity(shape: tuple[int, ...], dtype: str) -> None:
    theirs, ours = (library.eye(*shape, dtype=getattr(library, dtype)) for library in (torch, rushlight))
    assert ours.shape == theirs.shape
    assert ours.tolist() == theirs.tolist()
