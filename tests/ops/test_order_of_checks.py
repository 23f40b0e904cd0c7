"""Calls with several things wrong are refused for the one that PyTorch meets first."""

import itertools

import pytest
import torch
from beside import check

import rushlight

KINDS = ("float32", "complex64", "bool", "int64")
WAYS = ("plain", "leaf", "node", "expanded")


def made(t, kind, shape, way):
    """A tensor of small numbers that is a leaf, has a history or is expanded."""
    dtype = getattr(t, kind)
    if way == "expanded":
        return t.arange(shape[-1]).to(dtype).expand(shape)
    x = t.ones(shape).to(dtype)
    if way != "plain":
        x.requires_grad_()
    return x * 1 if way == "node" else x


def operands(second):
    """Descriptions of an operation's first operand, and of its second if there is one."""
    others = itertools.product(KINDS[:3], ("plain", "leaf"), ((4,), (5, 2, 3))) if second else [None]
    for kind, way, other in itertools.product(KINDS, WAYS, others):
        found = [(kind, (2, 3), way)]
        if other is not None:
            found.append((other[0], other[2], other[1]))
        if all(k in ("float32", "complex64") or w in ("plain", "expanded") for k, _, w in found):
            yield found


def outcome(call):
    """The first line of what both libraries raise, with the type; otherwise the dtype and shape of the results."""

    def run(t):
        try:
            result = call(t)
        except Exception as error:
            return type(error).__name__, str(error).partition("\n")[0]
        return str(result.dtype).partition(".")[2], tuple(result.shape)

    return run(rushlight), run(torch)


def wrong(calls):
    """The calls whose outcomes differ, as descriptions."""
    return [(about, *both_) for about, call in calls for both_ in [outcome(call)] if both_[0] != both_[1]]


ONE = ("erf", "floor", "sign", "neg")
TWO = ("mul", "atan2", "floor_divide", "bitwise_and", "maximum", "lt", "xlogy")


@pytest.mark.parametrize(
    "name", ["erf", "floor", "trunc", "sign", "abs", "neg", "mul", "atan2", "floor_divide", "lt", "eq"]
)
def test_in_place(name):
    def call(given):
        return lambda t: getattr(made(t, *given[0]), name + "_")(*[made(t, *x) for x in given[1:]])

    assert not wrong((given, call(given)) for given in operands(name in (*TWO, "eq")))


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
@pytest.mark.parametrize("name", ONE + TWO)
def test_out(name):
    outs = [
        (kind, shape, way)
        for kind, way, shape in itertools.product(("float32", "int64"), WAYS, ((2, 3), (4,)))
        if (kind == "float32" or way in ("plain", "expanded")) and (way != "expanded" or shape == (2, 3))
    ]

    def call(given, out):
        return lambda t: getattr(t, name)(*[made(t, *x) for x in given], out=made(t, *out))

    assert not wrong(((given, out), call(given, out)) for given in operands(name in TWO) for out in outs)


def recorded_as_never_differentiable(t):
    x, seen = t.tensor([1.0, 2.0]).requires_grad_(), []
    for function in (t.floor_divide, t.heaviside):
        out = t.zeros(2)
        function(x, x, out=out)
        node = out.grad_fn
        seen.append((node.name(), len(node.next_functions), out.tolist(), out._version, node._sequence_nr()))
        part = t.zeros(3)[:2]
        function(x, x, out=part)
        seen.append((part.grad_fn.name(), part._base.grad_fn.name()))
    return seen


def missing_derivatives_come_first(t):
    seen = []
    for first in (True, False):
        x = t.tensor([1.0, 2.0]).requires_grad_()
        y = x // 2 if first else t.igamma(x, x)
        z = t.igamma(x, x) if first else x // 2
        try:
            (y.sum() + z.sum()).backward()
        except (RuntimeError, NotImplementedError) as error:
            seen.append((type(error).__name__, str(error)))
    return seen


@pytest.mark.parametrize("scenario", [recorded_as_never_differentiable, missing_derivatives_come_first])
def test_missing_derivatives(scenario):
    check(scenario)
