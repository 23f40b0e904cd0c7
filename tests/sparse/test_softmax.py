"""Softmax of sparse tensors, beside PyTorch."""

import warnings

import numpy as np
import pytest
import torch
from beside import check

import rushlight

INDICES = [[0, 0, 1, 2, 0], [0, 2, 1, 1, 2]]


def sparse(t, kind, dtype="float64"):
    dtype = getattr(t, dtype)
    if kind == "blocks":
        values = t.arange(6.0).view(3, 2).to(dtype).requires_grad_()
        return values, t.sparse_coo_tensor([[0, 2, 0]], values, (4, 2))
    if kind == "empty":
        values = t.zeros(0, dtype=dtype).requires_grad_()
        return values, t.sparse_coo_tensor(t.zeros((2, 0), dtype=t.int64), values, (4, 3))
    values = t.tensor([1.0, 2.0, 3.0, 4.0, 0.5], dtype=dtype).requires_grad_()
    made = t.sparse_coo_tensor(INDICES, values, (4, 3))
    return values, made.coalesce() if kind == "coalesced" else made


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("kind", ["coalesced", "uncoalesced", "blocks", "empty"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_values_and_gradients(name, kind, dim):
    def scenario(t):
        values, x = sparse(t, kind)
        y = getattr(t.sparse, name)(x, dim)
        (y.to_dense() ** 2).sum().backward()
        return y.detach(), y.grad_fn.name(), values.grad, getattr(t.sparse, name)(x.detach(), dim, dtype=t.float32)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(scenario, strides=False, rtol=1e-6)


WRONG = {
    "dimension": lambda t, x: t.sparse.softmax(x, 5),
    "integers": lambda t, x: t.sparse.log_softmax(x.detach().int(), 1),
    "no tensor": lambda t, x: t.sparse.softmax("x", 1),
    "sum of a wrong dimension": lambda t, x: t.sparse.sum(x, 7),
    "array": lambda t, x: x.numpy(),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_calls(case):
    check(lambda t: WRONG[case](t, sparse(t, "coalesced")[1]))


def test_no_second_derivative():
    def scenario(t):
        values, x = sparse(t, "coalesced")
        (g,) = t.autograd.grad(t.sparse.softmax(x, 1).to_dense().square().sum(), values, create_graph=True)
        g.sum().backward()

    check(scenario)


def test_a_dimension_counted_from_the_end():
    """PyTorch's gradient is that of another function."""

    def scenario(t, dim):
        values, x = sparse(t, "coalesced")
        y = t.sparse.softmax(x, dim).to_dense()
        return y.detach(), t.autograd.grad((y * y).sum(), values)[0]

    found, expected = scenario(rushlight, -1), scenario(torch, 1)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
