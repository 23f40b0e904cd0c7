"""The wrappers that functions have: what is given by position, by name, by NumPy's name and not at all arrives."""

import inspect

import pytest
from beside import check

import rushlight
from rushlight.ops import forwarding

CALLS = {
    "by position": lambda t, x: t.std(x, 1, False, True),
    "by name": lambda t, x: t.std(x, keepdim=True, dim=0, correction=0),
    "by NumPy's names": lambda t, x: (t.cumsum(x, axis=1), t.amax(x, axis=0, keepdims=True), t.argmax(a=x, axis=1)),
    "as a method": lambda t, x: (x.cumsum(axis=0), x.topk(2, -1, False), x.amax(1, keepdim=True)),
    "numbers as others": lambda t, x: t.topk(x, k=t.tensor(2), dim=0),
    "none": lambda t, x: t.cumsum(),
    "too few": lambda t, x: t.cumsum(x),
    "too many": lambda t, x: t.topk(x, 1, 0, True, True, None),
    "an unknown name": lambda t, x: t.topk(x, 1, dimension=1),
    "twice": lambda t, x: t.argmax(x, 1, dim=1),
    "two names": lambda t, x: t.cumsum(x, dim=1, axis=0),
    "no tensor": lambda t, x: t.topk([1.0, 2.0], 1),
    "a wrong type": lambda t, x: t.topk(x, "2"),
    "a wrong type by name": lambda t, x: t.topk(x, 2, largest="no"),
    "no flag": lambda t, x: t.amax(x, 0, keepdim=1),
    "no method's": lambda t, x: x.cumsum(0, out=x),
}


@pytest.mark.parametrize("call", CALLS)
def test_arguments_arrive(call):
    def scenario(t):
        return CALLS[call](t, t.tensor([[3.0, 1.0, 2.0], [5.0, 7.0, -1.0]]))

    scenario(rushlight) if call in ("by position", "by name") else None  # and once more, when the wrapper is written
    check(scenario)


def test_a_wrapper_is_written_on_its_first_call():
    def function(input, dim=0, *, out=None):
        """What it does."""
        return input, dim, out

    def careful(*args, **kwargs):
        return "careful", args, kwargs

    wrapper = forwarding.forwarding(function, careful, lambda *problem: None, (("dim", int),), True)
    assert wrapper.__doc__ == function.__doc__ and inspect.signature(wrapper) == inspect.signature(function)
    for _ in range(2):
        assert wrapper(1, axis=2) == (1, 2, None) == wrapper(input=1, dim=2)
        with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
            wrapper(1, 2, axis=3)
        assert wrapper(1, "2", out=4) == ("careful", (1, "2"), {"out": 4})
        assert wrapper(dim=1) == ("careful", (), {"dim": 1})
        assert wrapper(1, 2, 3, x=4) == ("careful", (1, 2, 3), {"x": 4})
    forwarding.intercepted(function, True)
    assert wrapper(1, dim=2) == ("careful", (1,), {"dim": 2})
    forwarding.intercepted(function, False)
    assert wrapper(1, dim=2) == (1, 2, None)


def test_errors_are_explained():
    def function(input):
        return input.shape

    def explain(error, args, kwargs):
        return TypeError(f"{args} {kwargs}: {error}") if args == [1] else None

    wrapper = forwarding.forwarding(function, function, explain, (), False)
    with pytest.raises(TypeError, match=r"^\[1\] \{\}: 'int' object"):
        wrapper(1)
    with pytest.raises(AttributeError, match="'float' object"):
        wrapper(2.0)
