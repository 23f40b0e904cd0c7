"""Optimiser steps by one compiled loop over all parameters: PyTorch's, for all settings and in all turns of events."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import rushlight
from rushlight.kernels import dispatch
from rushlight.optim import _arrays
from rushlight.optim._sweep import Swept

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(_arrays, "LARGE", 1)
        yield


OPTIMIZERS = [
    "SGD(p, 0.05)", "SGD(p, 0.05, momentum=0.9)", "SGD(p, 0.05, momentum=0.9, weight_decay=0.1, nesterov=True)",
    "SGD(p, 0.05, momentum=0.8, dampening=0.3, maximize=True)", "Adam(p, 0.01)", "Adam(p, 0.01, amsgrad=True)",
    "Adam(p, 0.01, betas=(0.3, 0.9), weight_decay=0.1, maximize=True)", "AdamW(p, 0.01)",
    "AdamW(p, 0.01, weight_decay=0.3, amsgrad=True)", "RMSprop(p, 0.01)",
    "RMSprop(p, 0.01, momentum=0.9, centered=True, weight_decay=0.1)",
    "Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.1)",
]  # fmt: skip


def trained(t: Any, text: str, dtype: str, between: Any = None) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = [(3, 5), (7,), (), (40, 30)]
    parameters = [t.nn.Parameter(t.tensor(rng.standard_normal(s), dtype=getattr(t, dtype))) for s in shapes]
    optimizer = eval(f"optim.{text}", {"optim": t.optim, "p": parameters})
    for step in range(6):
        optimizer.zero_grad()
        loss = sum((q * q * q).sum() * (i + 1) for i, q in enumerate(parameters) if step != 2 or i != 1)
        loss.backward()
        if between is not None and step == 3:
            between(t, optimizer, parameters)
        optimizer.step()
    if t is rushlight and between is None:
        plans = optimizer._plans.values()
        assert all(isinstance(b, Swept) for plan in plans for b in plan.bundles)
    return [q.detach().numpy() for q in parameters]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", OPTIMIZERS)
def test_steps(text: str, dtype: str) -> None:
    for ours, theirs in zip(trained(rushlight, text, dtype), trained(torch, text, dtype), strict=True):
        np.testing.assert_allclose(
            ours, theirs, {"float32": 2e-5, "float64": 1e-12}[dtype], 1e-6 if dtype[-1] == "2" else 0
        )


def _other_rate(t: Any, optimizer: Any, parameters: Any) -> None:
    optimizer.param_groups[0].update(lr=0.001, weight_decay=0.2)


def _other_memory(t: Any, optimizer: Any, parameters: Any) -> None:
    parameters[0].data = parameters[0].data + 1


def _loaded(t: Any, optimizer: Any, parameters: Any) -> None:
    optimizer.load_state_dict(optimizer.state_dict())


def _permuted_gradient(t: Any, optimizer: Any, parameters: Any) -> None:
    parameters[3].grad = t.ones(30, 40, dtype=parameters[3].dtype).t()


def _no_gradient(t: Any, optimizer: Any, parameters: Any) -> None:
    parameters[0].grad = None


@pytest.mark.parametrize("between", [_other_rate, _other_memory, _loaded, _permuted_gradient, _no_gradient])
@pytest.mark.parametrize("text", ["SGD(p, 0.05, momentum=0.9)", "Adam(p, 0.01)"])
def test_what_happens_between_steps(text: str, between: Any) -> None:
    for ours, theirs in zip(*(trained(t, text, "float64", between) for t in (rushlight, torch)), strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-12)


def test_numpy_steps_as_long_as_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = trained(torch, "Adam(p, 0.01)", "float64")
    ready = dispatch.Kernel.get
    asked = []

    def slow(kernel: dispatch.Kernel, dtype: Any) -> Any:
        asked.append(kernel)
        return ready(kernel, dtype) if len(asked) > 4 else None

    monkeypatch.setattr(dispatch.Kernel, "get", slow)
    for ours, theirs in zip(trained(rushlight, "Adam(p, 0.01)", "float64"), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-12)
