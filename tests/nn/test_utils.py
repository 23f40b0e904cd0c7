"""Clipping of gradients, and parameters as one vector."""

import math

import numpy as np
import pytest

from .reference import assert_close, assert_same, rushlight, torch


def with_gradients(t, scale=1.0):
    rng = np.random.default_rng(0)
    params = [t.nn.Parameter(t.from_numpy(rng.standard_normal(s).astype(np.float32))) for s in ((3, 2), (4,), ())]
    for p in params[:2]:
        p.grad = t.from_numpy((scale * rng.standard_normal(tuple(p.shape))).astype(np.float32))
    return params


@pytest.mark.parametrize("norm_type", [2, 1, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 100])
def test_clip_grad_norm(norm_type, max_norm):
    results = []
    for t in (rushlight, torch):
        params = with_gradients(t)
        total = t.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
        results.append([total, params[0].grad, params[1].grad])
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs)


def test_clip_grad_value():
    results = []
    for t in (rushlight, torch):
        params = with_gradients(t)
        t.nn.utils.clip_grad_value_(params, 0.3)
        results.append([p.grad for p in params[:2]])
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, rtol=0, atol=0)


def clipped_infinite(t):
    params = with_gradients(t, scale=math.inf)
    t.nn.utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)


def vectors(t):
    layer = t.nn.Linear(2, 2)
    vector = t.arange(6.0)
    t.nn.utils.vector_to_parameters(vector, layer.parameters())
    return [layer.weight, layer.bias, t.nn.utils.parameters_to_vector(layer.parameters())]


CASES = {
    "no_gradients": lambda t: t.nn.utils.clip_grad_norm_([t.nn.Parameter(t.ones(2))], 1.0),
    "one_tensor": lambda t: t.nn.utils.clip_grad_norm_(with_gradients(t)[1], 1e6).shape,
    "empty_generator": lambda t: t.nn.utils.clip_grad_norm_((p for p in []), 1.0),
    "infinite": clipped_infinite,
    "old_name": lambda t: t.nn.utils.clip_grad_norm(with_gradients(t), 1e6).shape,
    "total_norm": lambda t: t.nn.utils.get_total_norm([t.tensor([3.0]), t.tensor([4.0])]),
    "total_norm_of_nothing": lambda t: t.nn.utils.get_total_norm([]),
    "vectors": vectors,
    "vector_type": lambda t: t.nn.utils.vector_to_parameters([1.0], [t.nn.Parameter(t.ones(1))]),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])
