"""Modes that see every function (`torch.overrides.TorchFunctionMode`), beside PyTorch."""

import pytest
from beside import check, raised, scenarios

import rushlight


def overrides(t):
    return t.overrides if t.__name__ == "torch" else __import__(f"{t.__name__}.overrides").overrides


def names_seen(t):
    seen = []

    class Note(overrides(t).TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append(func.__name__)
            return func(*args, **(kwargs or {}))

    f = t.nn.functional
    with Note():
        a = t.ones(2)
        b = a + 1
        b.sum()
        t.add(a, b, alpha=2)
        f.relu(a)
        f.mse_loss(a, b)
        a.add_(1)
        t.zeros_like(a)
        t.matmul(a, a)
        f.linear(a, a)
        t.tensor([1.0])
        a.view(1, 2)
    t.ones(2)
    return seen


def results_replaced(t):
    class Doubles(overrides(t).TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            found = func(*args, **(kwargs or {}))
            return found * 2 if func is t.ones else found

    x = t.ones(2)
    with Doubles():
        y = t.ones(2)
    return [x, y, t.ones(2)]


def nested(t):
    order = []
    o = overrides(t)

    def named(name):
        class Named(o.TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                order.append(name)
                return func(*args, **(kwargs or {}))

        return Named()

    with named("outer"), named("inner"):
        t.ones(2)
        with o._pop_mode_temporarily():
            t.ones(2)
        with t._C.DisableTorchFunction():
            t.ones(2)
        order.append(len(o._get_current_function_mode_stack()))
    return [order, o._get_current_function_mode()]


def with_derived_classes(t):
    seen = []

    class Mine(t.Tensor):
        pass

    class Note(overrides(t).TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append([func.__name__, len(types)])
            return func(*args, **(kwargs or {}))

    x = t.ones(2).as_subclass(Mine)
    with Note():
        y = t.exp(x)
    return [seen, type(y).__name__]


def errors(t):
    class Refuses(overrides(t).TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return NotImplemented

    class Fails(overrides(t).TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            raise ValueError("from the mode")

    def call(kind):
        with kind():
            t.exp(t.ones(2) if kind is None else x)

    x = t.ones(2)
    return [raised(lambda: call(Refuses)).split("<")[0], raised(lambda: call(Fails)), t.exp(x)]


def test_costs_nothing_afterwards():
    before = rushlight.ones, rushlight.Tensor.detach, rushlight.Tensor.__add__, rushlight.nn.functional.relu
    with overrides(rushlight).BaseTorchFunctionMode():
        rushlight.ones(2)
    assert (
        rushlight.ones, rushlight.Tensor.detach, rushlight.Tensor.__add__, rushlight.nn.functional.relu
    ) == before  # fmt: skip


@pytest.mark.parametrize("scenario", [s for s in scenarios(globals(), __name__) if s is not overrides])
def test_like_pytorch(scenario):
    check(scenario)
