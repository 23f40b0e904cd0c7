"""Nothing is left behind: when the last name is gone the memory is, without the cycle collector's help.

Each scenario runs with the collector switched off. Whatever Tensor or graph node is then still alive hangs in a
reference cycle.
"""

import gc
import tracemalloc
import weakref

import pytest

import rushlight as torch
from rushlight.autograd.node import Node


def alive():
    return sum(issubclass(type(o), (torch.Tensor, Node)) for o in gc.get_objects())


def left_over(scenario):
    """Run a scenario twice, the second time counted, and return how many tensors and nodes it left alive."""
    scenario()  # what is made once and kept on purpose
    gc.collect()
    gc.disable()
    try:
        before = alive()
        scenario()
        return alive() - before
    finally:
        gc.enable()
        gc.collect()


def leaf(*shape):
    return torch.ones(*(shape or (3,)), requires_grad=True)


def plain_backward():
    x = leaf()
    (x * x).exp().sum().backward()
    assert x.grad is not None


def graph_without_backward():
    x = leaf()
    y = (x * x).sin()
    assert y.requires_grad


def retained_graph():
    x = leaf()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()


def network(optimizer):
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    step = optimizer(model.parameters())
    x, y = torch.ones(5, 4), torch.tensor([0, 1, 2, 0, 1])
    for _ in range(3):
        step.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        step.step()


def mlp_with_sgd():
    network(lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9))


def mlp_with_adam():
    network(lambda parameters: torch.optim.Adam(parameters))


def convolutional_network():
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(8, 3),
    )
    nn.functional.cross_entropy(model(torch.rand(2, 1, 4, 4)), torch.tensor([0, 1])).backward()
    restored = nn.Sequential(nn.Linear(2, 2))
    restored.load_state_dict({"0.weight": torch.ones(2, 2), "0.bias": torch.zeros(2)})


def tensor_hooks():
    x = leaf()
    y = x * 2
    y.register_hook(lambda gradient: gradient * 2)
    handle = x.register_hook(lambda gradient: None)
    x.register_post_accumulate_grad_hook(lambda tensor: None)
    y.sum().backward()
    handle.remove()


def retained_gradients():
    x = leaf()
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad is not None


def module_hooks():
    model = torch.nn.Linear(3, 2)
    model.register_forward_pre_hook(lambda module, inputs: None)
    model.register_forward_hook(lambda module, inputs, output: None)
    model.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    model(leaf(1, 3)).sum().backward()


def views():
    x = leaf(4, 3)
    y = x * 1
    parts = [y[0], y[1:], y.t(), y.view(12), y.reshape(3, 4), *y.unbind(), *y.split(2), y.detach()]
    sum(part.sum() for part in parts).backward()


def in_place():
    x = leaf()
    y = x * 1
    y.add_(1).mul_(2)
    y.sum().backward()


def in_place_on_views():
    x = leaf(4)
    y = x * 1
    view = y[1:]
    view.mul_(3)
    y[0] = 5.0
    y[torch.tensor([1, 2])] = torch.zeros(2)
    view.add_(1)
    (y * y).sum().backward()
    assert view.grad_fn is not None


def views_of_a_leaf():
    x = leaf(4)
    view = x[1:]
    with torch.no_grad():
        view.mul_(2)
        x.add_(1)
    view.sum().backward()


def joining():
    x = leaf()
    torch.cat([x, x * 2, torch.stack([x, x]).sum(0)]).sum().backward()


def second_order():
    x = leaf()
    (gradient,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)
    assert second is not None


def second_order_dropped():
    x = leaf()
    (gradient,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    assert gradient.requires_grad


def created_graph_reset():
    x = leaf()
    (x**3).sum().backward(create_graph=True)
    x.grad = None


def custom_function():
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            result = a * b
            ctx.save_for_backward(a, b, result)
            return result

        @staticmethod
        def backward(ctx, gradient):
            a, b, result = ctx.saved_tensors
            assert result.shape == a.shape
            return gradient * b, gradient * a

    run_own(Product)


def custom_function_without_backward():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            result = a * b
            ctx.save_for_backward(a, result)
            ctx.factor = 2
            return result

        @staticmethod
        def backward(ctx, gradient):
            return gradient, None

    y = Square.apply(leaf(), torch.ones(3))
    assert y.requires_grad


def run_own(function):
    function.apply(leaf(), leaf()).sum().backward()


def failed_backward():
    y = (leaf() ** 2).sum()
    y.backward()
    with pytest.raises(RuntimeError):
        y.backward()


def failed_forward():
    with pytest.raises(RuntimeError):
        (leaf() * 2) @ torch.ones(5)


def failing_hook():
    x = leaf()
    y = x * 2
    y.register_hook(lambda gradient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()


def without_gradients():
    x = leaf()
    with torch.no_grad():
        y = x * 2
    with torch.inference_mode():
        z = x * 2
    assert not y.requires_grad
    assert not z.requires_grad


def attributes():
    """Tensors can carry anything the user hangs on them."""
    x = leaf()
    y = x * 2
    y.note = "a note"
    y.other = x
    y.sum().backward()


SCENARIOS = [
    plain_backward,
    graph_without_backward,
    retained_graph,
    mlp_with_sgd,
    mlp_with_adam,
    convolutional_network,
    tensor_hooks,
    retained_gradients,
    module_hooks,
    views,
    in_place,
    in_place_on_views,
    views_of_a_leaf,
    joining,
    second_order,
    second_order_dropped,
    created_graph_reset,
    custom_function,
    custom_function_without_backward,
    failed_backward,
    failed_forward,
    failing_hook,
    without_gradients,
    attributes,
]


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_nothing_left_for_the_collector(scenario):
    assert left_over(scenario) == 0


@pytest.mark.filterwarnings("ignore:Using backward")
def test_cycle_of_a_created_graph_is_collectable():
    """backward(create_graph=True) makes a cycle, of which it warns; here the collector finds it."""

    def scenario():
        (leaf() ** 3).sum().backward(create_graph=True)

    scenario()
    gc.collect()
    before = alive()
    scenario()
    gc.collect()
    assert alive() == before


def test_cycle_through_a_hook_is_collectable():
    def scenario():
        x = leaf()
        y = x * 2
        y.register_hook(lambda gradient: y.shape and None)
        return weakref.ref(y)

    reference = scenario()
    gc.collect()
    assert reference() is None


def test_a_saved_result_does_not_keep_its_tensor():
    """exp saves its result: as an array, for a tensor would lead back to the node."""
    x = leaf()
    inner = x.exp()
    result = inner.exp().sum()
    reference = weakref.ref(inner)
    del inner
    assert reference() is None
    result.backward()
    assert x.grad is not None


def test_the_graph_does_not_keep_what_no_derivative_needs():
    size = 1_000_000
    x = torch.ones(size, requires_grad=True)
    (x + 1) * 3 - 2  # what is compiled is loaded before the memory is watched
    tracemalloc.start()
    try:
        y = (x + 1) * 3  # neither derivative needs a value
        y = y - 2
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert y.requires_grad
    assert kept < 1.5 * 4 * size  # y itself


def test_backward_frees_what_was_saved():
    size = 1_000_000
    x = torch.ones(size, requires_grad=True)
    tracemalloc.start()
    try:
        y = x.exp().tanh().sum()
        saved, _ = tracemalloc.get_traced_memory()
        y.backward()
        x.grad = None
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert saved > 1.5 * 4 * size  # exp and tanh keep their results
    assert after < 0.1 * 4 * size
    assert y.requires_grad
