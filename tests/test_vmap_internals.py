"""Batches by looping, beside PyTorch's `_vmap`."""

import importlib
import warnings

import pytest
from beside import check


def batched(t):
    return importlib.import_module(t.__name__ + "._vmap_internals")._vmap


def numbers(t, *shape):
    return t.arange(float(t.ones(shape).numel())).reshape(shape)


CASES = {
    "one": lambda t: batched(t)(lambda x: x.sin())(numbers(t, 3, 2)),
    "several results": lambda t: batched(t)(lambda x: (x * 2, x.sum()))(numbers(t, 3, 2)),
    "another dimension": lambda t: batched(t)(lambda x: x * 2, 1, 1)(numbers(t, 3, 2)),
    "one argument for all": lambda t: batched(t)(lambda x, y: x * y, (0, None))(numbers(t, 3, 2), numbers(t, 2)),
    "gradients": lambda t: batched(t)(lambda v: _gradient(t, v))(numbers(t, 2, 3)),
}


def _gradient(t, v):
    x = numbers(t, 3).requires_grad_()
    return t.autograd.grad((x * x), x, v)[0]


@pytest.mark.parametrize("case", CASES)
def test_batches(case):
    def scenario(t):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = CASES[case](t)
        return [f.contiguous() for f in found] if isinstance(found, tuple) else found.contiguous()

    check(scenario, rtol=1e-6)
