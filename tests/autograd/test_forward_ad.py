"""Forward mode: dual tensors, tangents of operations, in-place changes and custom functions, beside PyTorch."""

import importlib

import numpy as np
import pytest
import torch
from beside import assert_same, check, described, scenarios

import rushlight


def forward(t):
    return importlib.import_module(t.__name__ + ".autograd.forward_ad")


def x_and_v(t):
    return t.tensor([0.3, 0.7, 1.4]), t.tensor([1.0, 0.5, -2.0])


def dual_printed(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        inside = str(d), str((d.requires_grad_() * 2).sum())
    return inside, str(x)


def tangent_ends_with_the_level(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        y = forward(t).make_dual(x, v).sin()
        first = forward(t).unpack_dual(y)
    return first.primal, first.tangent, forward(t).unpack_dual(y).tangent


def chain_of_operations(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        y = ((d.exp() * x + d**3) / (1 + d)).sum()
        return tuple(forward(t).unpack_dual(y))


def broadcast(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        # An expanded tangent may or may not have memory of its own.
        return tuple(forward(t).unpack_dual((t.ones(2, 1) + d) * 1)), tuple(forward(t).unpack_dual(t.ones(2, 3) * d))


def both_operands(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d, e = forward(t).make_dual(x, v), forward(t).make_dual(v, x)
        return [tuple(forward(t).unpack_dual(y)) for y in (d * e, d - e, d / e, t.maximum(d, e), t.atan2(d, e))]


def views(t):
    x, v = t.arange(6.0).reshape(2, 3), t.ones(2, 3)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        found = (d[0], d.t(), d.reshape(3, 2), d.expand(2, 2, 3), d[:, 1:], d.unsqueeze(0), *d.unbind(0))
        return [tuple(forward(t).unpack_dual(y)) for y in found]


def products(t):
    x, v = t.arange(6.0).reshape(2, 3), t.ones(2, 3)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        return [tuple(forward(t).unpack_dual(y)) for y in (d @ x.t(), d.mv(x[0]), t.dot(d[0], d[1]))]


def joined(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        return [tuple(forward(t).unpack_dual(y)) for y in (t.cat([d, x]), t.stack([x, d]))]


def reductions(t):
    x, v = t.arange(6.0).reshape(2, 3), t.ones(2, 3)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        return [tuple(forward(t).unpack_dual(y)) for y in (d.sum(), d.sum(1), d.mean(), d.mean(0), d.softmax(1))]


def in_place(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x.clone(), v.clone())
        d.mul_(2)
        d.sin_()
        d.add_(d)
        return tuple(forward(t).unpack_dual(d))


def over_reverse(t):
    x, v = x_and_v(t)
    x.requires_grad_()
    with forward(t).dual_level():
        y = (forward(t).make_dual(x, v) ** 3).sum()
        return t.autograd.grad(forward(t).unpack_dual(y).tangent, x)


def complex_numbers(t):
    x, v = t.tensor([1 + 2j, -1j]), t.tensor([0.5j, 1.0])
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        return [tuple(forward(t).unpack_dual(y)) for y in (d * d, d.exp(), d.abs() * 1, d.conj(), d / x)]


def disabled(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        d = forward(t).make_dual(x, v)
        with forward(t)._set_fwd_grad_enabled(False):
            y = d * 2
        return forward(t).unpack_dual(y).tangent


def custom_function(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_forward(x)
            return x * x

        @staticmethod
        def jvp(ctx, tangent):
            (x,) = ctx.saved_tensors
            return 2 * x * tangent

    x, v = x_and_v(t)
    with forward(t).dual_level():
        return tuple(forward(t).unpack_dual(Square.apply(forward(t).make_dual(x, v))))


def custom_function_without_jvp(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

    x, v = x_and_v(t)
    with forward(t).dual_level():
        Square.apply(forward(t).make_dual(x, v))


def no_level(t):
    forward(t).make_dual(*x_and_v(t))


def nested_levels(t):
    with forward(t).dual_level(), forward(t).dual_level():
        pass


def wrong_size(t):
    with forward(t).dual_level():
        forward(t).make_dual(t.ones(2), t.ones(3))


def of_integers(t):
    with forward(t).dual_level():
        forward(t).make_dual(t.ones(2, dtype=t.int64), t.ones(2))


def tangent_with_tangent(t):
    x, v = x_and_v(t)
    with forward(t).dual_level():
        forward(t).make_dual(x, forward(t).make_dual(v, x))


@pytest.mark.parametrize(
    "scenario", [f for f in scenarios(globals(), __name__) if f not in (forward, x_and_v)], ids=lambda f: f.__name__
)
def test_as_pytorch(scenario):
    check(scenario, rtol=1e-5, atol=1e-6)


UNARY = [
    "neg", "reciprocal", "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "atanh", "sigmoid", "erf", "erfc", "relu", "abs", "sign",
    "floor", "frac", "square", "clone",
]  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_tangent_of_each_elementary_function(name):
    """The tangents derived from the gradients' formulas are PyTorch's."""
    found = []
    for t in (rushlight, torch):
        fw = forward(t)
        with fw.dual_level():
            d = fw.make_dual(t.tensor([0.2, 0.5, 0.9], dtype=t.float64), t.tensor([1.0, -2.0, 0.5], dtype=t.float64))
            found.append(described(tuple(fw.unpack_dual(getattr(d, name)()))))
    assert_same(*found, name, rtol=1e-12, atol=1e-13)


def test_no_rule_is_an_error():
    fw = forward(rushlight)
    with fw.dual_level():
        d = fw.make_dual(rushlight.ones(2, 2), rushlight.ones(2, 2))
        with pytest.raises(NotImplementedError, match="Trying to use forward AD with"):
            rushlight.igamma(d, d)


def test_tangents_cost_nothing_afterwards():
    from rushlight.autograd import mode

    chain_of_operations(rushlight)
    assert mode.special.count == 0
    assert np.all([mode.local.dual is None, mode.local.watchers == ()])
