"""Lengths of slices, and weights made of lengths and directions."""

import pytest
import torch
from beside import check

import rushlight
from ops.derivatives import check_derivatives, numbers

SHAPES = [((3, 4), 0), ((3, 4), 1), ((3, 4), -1), ((3, 2, 4), 1), ((3, 2, 4), 2), ((2, 3, 2, 2), 0), ((3,), 0)]


def norms_shape(shape, dim):
    return () if dim == -1 else tuple(n if d == dim else 1 for d, n in enumerate(shape))


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_weight_norm(shape, dim):
    g = numbers(norms_shape(shape, dim), 1, "positive")
    second = dim not in (0, len(shape) - 1)
    check_derivatives(lambda F, m, v, g: m._weight_norm(v, g, dim), {"v": numbers(shape, 0), "g": g}, second)


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
@pytest.mark.parametrize("pow", [1, 2, 3])
def test_norm_except_dim(shape, dim, pow):
    check_derivatives(lambda F, m, v: m.norm_except_dim(v, pow, dim).reshape(-1) * 1, {"v": numbers(shape, 0)})


CALLS = {
    "default": lambda m: m.norm_except_dim(m.arange(6.0).view(2, 3)),
    "negative": lambda m: m.norm_except_dim(m.arange(6.0).view(2, 3), 2, -2),
    "dim": lambda m: m.norm_except_dim(m.ones(2, 3), 2, 5),
    "weight_dim": lambda m: m._weight_norm(m.ones(2, 3), m.ones(2, 1), 5),
    "dtypes": lambda m: m._weight_norm(m.ones(2, 3), m.ones(2, 1, dtype=m.float64)),
    "zero": lambda m: m._weight_norm(m.zeros(2, 3), m.ones(2, 1)),
    "half": lambda m: m._weight_norm(m.arange(6.0).view(2, 3).bfloat16(), m.ones(2, 1).bfloat16()),
    "both": lambda m: m._weight_norm_interface(m.arange(1.0, 7).view(2, 3), m.ones(1, 3), 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    check(CALLS[name])


@pytest.mark.parametrize("m", [torch, rushlight])
def test_there_is_no_tangent(m):
    fw = m.autograd.forward_ad
    v = m.arange(1.0, 7).view(2, 3)
    with fw.dual_level(), pytest.raises(NotImplementedError, match="with _weight_norm_interface that does not support"):
        m._weight_norm(fw.make_dual(v, v.cos()), m.ones(2, 1))


@pytest.mark.parametrize("dim", [0, 2])
def test_second_derivatives_are_those_of_the_first(dim):
    """PyTorch's take the norms for constants there: docs/differences.md."""
    v = rushlight.from_numpy(numbers((2, 3, 4), 0)).requires_grad_()
    g = rushlight.from_numpy(numbers(norms_shape((2, 3, 4), dim), 1)).requires_grad_()
    assert rushlight.autograd.gradgradcheck(lambda v, g: rushlight._weight_norm(v, g, dim), (v, g))
