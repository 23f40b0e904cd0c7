"""Tensors with tangents, for the tests of forward mode."""

import importlib
import math


def forward(t):
    return importlib.import_module(t.__name__ + ".autograd.forward_ad")


def numbers(t, *shape):
    return t.arange(1.0, 1 + math.prod(shape)).reshape(shape)


def dual(t, values=None, tangent=None):
    values = numbers(t, 3) if values is None else values
    return forward(t).make_dual(values, t.ones_like(values) * 2 if tangent is None else tangent)


def both(t, x):
    found = forward(t).unpack_dual(x)
    return found.primal, found.tangent
