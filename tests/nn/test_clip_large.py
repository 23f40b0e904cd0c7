"""Clipping the gradients of many parameters by one compiled loop gives what PyTorch gives."""

from typing import Any

import numpy as np
import pytest
import torch

import rushlight
from rushlight.kernels import clipping, dispatch

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHLIGHT_FAST", "wait")
    monkeypatch.setattr(clipping, "LARGE", 1)


def clipped(t: Any, call: Any, dtype: str, factor: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    parameters = [t.nn.Parameter(t.zeros(s, dtype=getattr(t, dtype))) for s in ((3, 5), (70000,), (), (40, 30))]
    for p in parameters:
        p.grad = t.tensor(rng.standard_normal(p.shape) * factor, dtype=p.dtype)
    before = [p.grad._version for p in parameters]
    result = call(t.nn.utils, parameters)
    assert [p.grad._version > v for p, v in zip(parameters, before, strict=True)] == [True] * 4
    return [np.asarray(0 if result is None else result.numpy()), *(p.grad.numpy() for p in parameters)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", [1.0, 1e-30, 1e25, np.inf, np.nan, 1e-3])
@pytest.mark.parametrize("call", [
    lambda u, p: u.clip_grad_norm_(p, 1.5), lambda u, p: u.clip_grad_norm_(iter(p), 1e9),
    lambda u, p: u.clip_grad_value_(p, 0.25),
])  # fmt: skip
def test_clipping(call: Any, factor: float, dtype: str) -> None:
    for ours, theirs in zip(*(clipped(t, call, dtype, factor) for t in (rushlight, torch)), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, {"float32": 2e-6, "float64": 1e-12}[dtype])
