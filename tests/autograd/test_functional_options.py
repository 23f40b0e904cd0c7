"""`autograd.functional` with every option on functions of every kind, beside PyTorch: results, errors, words."""

import importlib
import itertools

import pytest
import torch
from beside import assert_same, outcome

import rushlight


def functional(t):
    return importlib.import_module(t.__name__ + ".autograd.functional")


# The function and its inputs.
FUNCTIONS = {
    "several outputs": lambda t: (lambda x, y: (x * y, (x + y).sum()), (t.arange(3.0), t.ones(3) * 2)),
    "one number": lambda t: (lambda x: (x**3).sum(), t.arange(4.0)),
    "of two": lambda t: (lambda x, y: (x * x * y).sum(), (t.arange(3.0), t.ones(3) * 2)),
    "rows": lambda t: (lambda x: x.exp().sum(dim=1), t.ones(2, 3) * 0.3),
    "no dimensions": lambda t: (lambda x: x.clone() ** 2, t.tensor(2.0)),
    "detached": lambda t: (lambda x: x.detach().sum(), t.ones(3)),
    "independent of an input": lambda t: (lambda x, y: x.sum(), (t.ones(3), t.ones(2))),
    "a constant beside": lambda t: (lambda x: (x.sum(), t.ones(2)), t.ones(3)),
    "of something else": lambda t: (lambda x: t.ones((), requires_grad=True) * 2, t.ones(2)),
    "linear": lambda t: (lambda x: 3 * x.sum(), t.ones(3)),
    "bilinear": lambda t: (lambda x, y: (x * y).sum() + y.sum(), (t.ones(3), t.ones(3))),
    "two dtypes": lambda t: (
        lambda x, y: (x.double() ** 2).sum() + y.sum() ** 2, (t.ones(2), t.ones(2, dtype=t.float64)),
    ),
    "complex": lambda t: (lambda x: (x * x).sum(), t.tensor([1 + 2j, 3 - 1j])),
    "requiring gradients": lambda t: (lambda x: (x**2).sum(), t.ones(3, requires_grad=True)),
    "with history": lambda t: (lambda x: (x**2).sum(), t.ones(3, requires_grad=True) * 2),
    "no tensor comes out": lambda t: (lambda x: 3, t.ones(3)),
    "not only tensors come out": lambda t: (lambda x: (x, 3), t.ones(3)),
    "a list comes out": lambda t: (lambda x: [x.sum()], t.ones(3)),
    "no tensor goes in": lambda t: (lambda x: x, 3),
    "not only tensors go in": lambda t: (lambda x, y: x, (t.ones(2), 3)),
    "a list goes in": lambda t: (lambda x, y: x, [t.ones(2), t.ones(2)]),
    "integers go in": lambda t: (lambda x: x.sum(), t.ones(3, dtype=t.int64)),
    "the function fails": lambda t: (lambda x: x @ t.ones(7), t.ones(2)),
}  # fmt: skip


def without(result, names):
    if isinstance(result, dict):
        return {k: without(v, names) for k, v in result.items() if k not in names}
    if isinstance(result, (list, tuple)):
        return [without(r, names) for r in result]
    return result


def compare(scenario, where, *but):
    """Compares all but the strides, and how a derivative of a derivative was recorded, which are not promised."""
    ours, theirs = (without(outcome(scenario, t), ("stride", "grad_fn", *but)) for t in (rushlight, torch))
    assert_same(ours, theirs, where, rtol=1e-5, atol=1e-6)


VECTORS = {
    "none": lambda t, like: None,
    "ones": lambda t, like: tuple(map(t.ones_like, like)) if isinstance(like, tuple) else t.ones_like(like),
    "of a wrong size": lambda t, like: t.ones(7),
    "of a wrong length": lambda t, like: (t.ones(3), t.ones(3)),
    "no tensor": lambda t, like: 3,
    "not only tensors": lambda t, like: (t.ones(3), 3),
}


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_products(name, case, vector):
    for create_graph, strict, grad in itertools.product((False, True), repeat=3):

        def scenario(t, create_graph=create_graph, strict=strict, grad=grad):
            function, inputs = FUNCTIONS[case](t)
            like = inputs
            if name == "vjp" and vector == "ones" and "out" not in case and "in" not in case.split()[-1]:
                like = function(*inputs) if isinstance(inputs, tuple) else function(inputs)
            try:
                v = VECTORS[vector](t, like)
            except TypeError:
                v = None
            with t.set_grad_enabled(grad):
                return getattr(functional(t), name)(function, inputs, v, create_graph=create_graph, strict=strict)

        compare(scenario, f"create_graph={create_graph} strict={strict} grad={grad}")


@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.parametrize("name", ["jacobian", "hessian"])
def test_whole_derivatives(name, case):
    keyword = "strategy" if name == "jacobian" else "outer_jacobian_strategy"
    for strategy in ("reverse-mode", "forward-mode", "neither"):
        for create_graph, strict, vectorize in itertools.product((False, True), repeat=3):
            options = {"create_graph": create_graph, "strict": strict, "vectorize": vectorize, keyword: strategy}

            def scenario(t, options=options):
                function, inputs = FUNCTIONS[case](t)
                return getattr(functional(t), name)(function, inputs, **options)

            # PyTorch's Hessian in forward mode may require a gradient, of nothing that a program could reach.
            compare(scenario, str(options), *(("requires_grad", "is_leaf") if strategy == "forward-mode" else ()))


def test_the_basis():
    def scenario(t):
        tensors = t.ones(2), t.ones(1, dtype=t.float64), t.ones(0)
        return functional(t)._construct_standard_basis_for(tensors, (2, 1, 0))

    compare(scenario, "basis")


def test_without_warnings(recwarn):
    for strategy in ("reverse-mode", "forward-mode"):
        functional(rushlight).jacobian(lambda x: x * 2, rushlight.ones(2), vectorize=True, strategy=strategy)
    assert not recwarn.list
