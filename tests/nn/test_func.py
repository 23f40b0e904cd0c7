"""Modules as functions of their parameters, and the choice of kernels for attention."""

import importlib

import pytest

from .reference import assert_same


def func(t):
    return importlib.import_module(t.__name__ + ".func")


def layer(t):
    made = t.nn.BatchNorm1d(2)
    made.running_mean.add_(0.5)
    return made.eval()


def called(t, *given, **options):
    module = layer(t)
    given = [{name: t.full((2,), value, requires_grad=True) for name, value in part.items()} for part in given]
    y = func(t).functional_call(module, given[0] if len(given) == 1 else tuple(given), t.eye(3, 2), **options)
    y.sum().backward()
    return [y, [v.grad for part in given for v in part.values()], module.state_dict()]


CALLS = {
    "one": lambda t: called(t, {"weight": 2.0}),
    "several": lambda t: called(t, {"weight": 2.0}, {"bias": 3.0}),
    "twice": lambda t: called(t, {"weight": 2.0}, {"bias": 3.0, "weight": 1.0}),
    "strict": lambda t: called(t, {"weight": 2.0, "none": 1.0}, strict=True),
    "list": lambda t: func(t).functional_call(layer(t), [3], t.eye(3, 2)),
    "number": lambda t: func(t).functional_call(layer(t), 3, t.eye(3, 2)),
}


@pytest.mark.parametrize("name", CALLS)
def test_functional_call(name):
    assert_same(CALLS[name], digits=5)


def stacked(t, change=None, count=2):
    models = [layer(t) for _ in range(count)]
    if change is not None:
        change(t, models)
    params, buffers = func(t).stack_module_state(models)
    return [params, buffers, [p.requires_grad for p in params.values()], [p.is_leaf for p in params.values()]]


CHANGES = {
    "nothing": None,
    "frozen": lambda t, models: [m.requires_grad_(False) for m in models],
    "one_frozen": lambda t, models: models[0].requires_grad_(False),
    "modes": lambda t, models: models[0].train(),
    "classes": lambda t, models: models.append(t.nn.Linear(1, 1).eval()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_stack_module_state(name):
    assert_same(lambda t: stacked(t, CHANGES[name]))


def test_stack_of_no_modules():
    assert_same(lambda t: stacked(t, count=0))


def attended(t, choose, **options):
    a = importlib.import_module(t.__name__ + ".nn.attention")
    q = t.arange(8.0).view(1, 1, 2, 4)
    with a.sdpa_kernel(choose(a.SDPBackend), **options):
        inside = [b.name for b in a._cur_sdpa_kernel_backends(with_priority=bool(options))]
        y = t.nn.functional.scaled_dot_product_attention(q, q, q)
    return [y, inside, sorted(b.name for b in a._cur_sdpa_kernel_backends())]


@pytest.mark.parametrize(
    ("choose", "options"),
    [
        (lambda b: b.MATH, {}),
        (lambda b: [b.MATH, b.FLASH_ATTENTION], {}),
        (lambda b: [b.MATH, b.FLASH_ATTENTION, b.MATH], {"set_priority": True}),
        (lambda b: 3, {}),
    ],
)
def test_kernels_of_attention(choose, options):
    assert_same(lambda t: attended(t, choose, **options), digits=5)
