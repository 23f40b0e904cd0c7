"""Long graphs: run and freed without recursion, within a bounded memory a node, in a time linear in the length."""

import sys
import tracemalloc

import pytest

import rushlight as torch

MILLION = 1_000_000


@pytest.fixture
def shallow_stack():
    """Leave a hundred frames: whatever calls itself once a node does not fit."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 100)
    yield
    sys.setrecursionlimit(limit)


def chain(x, length):
    y = x
    for _ in range(length):
        y = y + 1
    return y


def saving_chain(x, length):
    y = x
    for _ in range(length):
        y = y.tanh()
    return y


def ladder(x, length):
    """Two paths that cross at every rung."""
    a, b = x, x * 1
    for _ in range(length):
        a, b = b * 0.5, a + b
    return a + b


class Twice(torch.autograd.Function):
    """x + x, which keeps its input for the backward pass although it does not need it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x + x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        assert x.shape == gradient.shape
        return gradient + gradient


class Difference(torch.autograd.Function):
    """a - b, with two inputs and hence two edges a node."""

    @staticmethod
    def forward(ctx, a, b):
        return a - b

    @staticmethod
    def backward(ctx, gradient):
        return gradient, -gradient


def test_million_nodes_run_and_are_freed(shallow_stack):
    x = torch.ones(10, requires_grad=True)
    y = chain(x, MILLION)
    assert y[0].item() == MILLION + 1
    y.sum().backward()
    assert torch.equal(x.grad, torch.ones(10))
    del y


def test_million_nodes_are_freed_without_backward(shallow_stack):
    x = torch.ones(1, requires_grad=True)
    y = chain(x, MILLION)
    assert y.grad_fn is not None
    del y
    assert x.grad is None


@pytest.mark.parametrize("grow", [chain, saving_chain])
def test_a_node_takes_at_most_400_bytes(grow):
    """With what it saves of tensors of ten elements. Counted by the allocator, and the same at every length."""
    x = torch.ones(10, requires_grad=True)
    grow(x, 100).sum().backward()  # whatever is made once
    length = 100_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        y = grow(x, length)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert y.grad_fn is not None
    assert (after - before) / length <= 400


def events(function, *arguments):
    """Count the lines and the calls, of Python and of C, that running the function takes."""
    counted = 0

    def trace(frame, event, argument):
        nonlocal counted
        counted += 1
        return trace

    def profile(frame, event, argument):
        nonlocal counted
        counted += event == "c_call"

    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        function(*arguments)
    finally:
        sys.settrace(tracer)
        sys.setprofile(profiler)
    return counted


@pytest.mark.parametrize("grow", [chain, saving_chain, ladder])
def test_work_is_linear_in_the_length(grow):
    def forward_and_backward(length):
        x = torch.ones(2, requires_grad=True)
        grow(x, length).sum().backward()

    forward_and_backward(10)
    short, middle, long = (events(forward_and_backward, length) for length in (500, 1000, 2000))
    # Twice the additional nodes take twice the additional work, up to a few events that do not depend on the length.
    assert long - middle == pytest.approx(2 * (middle - short), rel=0.01)


def test_custom_functions_nest_100_000_deep(shallow_stack):
    x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    y = x
    for i in range(100_000):
        y = Twice.apply(y) if i % 2 else y * 0.5
    y.backward(torch.ones(2, dtype=torch.float64))
    assert torch.equal(y, x)
    assert torch.equal(x.grad, torch.ones(2, dtype=torch.float64))
    del y


def test_custom_functions_are_freed_without_backward(shallow_stack):
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = Difference.apply(y, y.detach())
    assert y.grad_fn is not None
    del y


def test_custom_functions_of_two_inputs(shallow_stack):
    x = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    a, b = x, x * 0
    for _ in range(50_000):
        a, b = Difference.apply(a, b), b
    a.backward()
    # a = x - 50_000 * b, and b does not change with x.
    assert x.grad.item() == 1.0


def test_wide_join():
    """One node that 100,000 others feed, and one leaf that all of them lead to."""
    x = torch.ones(1, requires_grad=True)
    torch.cat([x * 2 for _ in range(100_000)]).sum().backward()
    assert x.grad.item() == 200_000


def test_deep_second_order(shallow_stack):
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    (first,) = torch.autograd.grad(y * y, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert first.item() == 1.0
    assert second.item() == 2.0


def test_history_of_in_place_changes(shallow_stack):
    """Every change through a view rewrites the base's history: the rewritten nodes form a chain as well."""
    x = torch.ones(4, requires_grad=True)
    y = x * 1
    for _ in range(20_000):
        y[:2].mul_(1)
    y.sum().backward()
    assert torch.equal(x.grad, torch.ones(4))


class Countdown(torch.autograd.Function):
    """x - 1, whose backward pass runs a Countdown from there on, backward pass included, until zero is reached."""

    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            ctx.next = x.detach().requires_grad_() - 1
        return ctx.next.detach()

    @staticmethod
    def backward(ctx, gradient):
        reached.append(ctx.next.item())
        if ctx.next.item() < 0:
            raise ValueError("below zero")
        if ctx.next.item() > 0:
            with torch.enable_grad():
                Countdown.apply(ctx.next).backward()
        return gradient


reached = []


def test_backward_within_backward():
    """2,000 levels, as many as PyTorch's own tests ask for."""
    reached.clear()
    x = torch.tensor(2000.0, requires_grad=True)
    Countdown.apply(x).backward()
    assert reached == list(range(1999, -1, -1))
    assert x.grad.item() == 1.0


def test_error_deep_within_backward():
    reached.clear()
    with pytest.raises(ValueError, match="below zero"):
        Countdown.apply(torch.tensor(200.5, requires_grad=True)).backward()
    assert len(reached) == 201
    # Nothing is left behind that would disturb the next backward pass.
    x = torch.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    assert torch.equal(x.grad, torch.tensor([3.0, 3.0]))


def test_deep_backward_keeps_the_modes():
    """A backward pass so deep that it has a thread of its own still runs under the modes of the one that called it."""
    modes = []

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, level):
            ctx.level = level
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            modes.append((torch.is_grad_enabled(), torch.is_inference_mode_enabled()))
            if ctx.level:
                with torch.enable_grad():
                    y = Look.apply(torch.ones(1, requires_grad=True), ctx.level - 1)
                y.backward()
            return gradient, None

    Look.apply(torch.ones(1, requires_grad=True), 100).backward()
    assert modes == [(False, False)] * 101
