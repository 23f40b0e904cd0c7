"""Module hooks through backward: what they see and replace, under create_graph, again and again, beside PyTorch."""

import gc
import weakref

import pytest
from beside import check, message, scenarios

import rushlight


def linear(t, inputs=3, outputs=2):
    layer = t.nn.Linear(inputs, outputs)
    with t.no_grad():
        layer.weight.copy_(t.arange(float(inputs * outputs)).reshape(outputs, inputs) / 3)
        layer.bias.fill_(0.5)
    return layer


def tolist(grads):
    return [None if g is None else g.tolist() for g in grads]


def order_of_all_kinds(t):
    seen = []
    outer = t.nn.Sequential(linear(t), t.nn.Tanh())
    for name, module in (("outer", outer), ("linear", outer[0]), ("tanh", outer[1])):
        module.register_forward_pre_hook(lambda m, i, name=name: seen.append(f"{name} forward pre"))
        module.register_forward_hook(lambda m, i, o, name=name: seen.append(f"{name} forward"))
        module.register_full_backward_pre_hook(lambda m, g, name=name: seen.append(f"{name} backward pre"))
        module.register_full_backward_hook(lambda m, i, o, name=name: seen.append(f"{name} backward"))
    x = t.ones(1, 3, requires_grad=True)
    outer(x).sum().backward()
    return seen, x.grad


def gradients_are_replaced(t):
    layer = linear(t)
    layer.register_full_backward_pre_hook(lambda m, g: (g[0] * 2,))
    layer.register_full_backward_hook(lambda m, i, o: (i[0] * 10,))
    x = t.ones(1, 3, requires_grad=True)
    layer(x).sum().backward()
    return x.grad, layer.weight.grad


def under_create_graph(t):
    seen = []
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: seen.append((i[0].requires_grad, o[0].requires_grad)))
    x = t.ones(1, 3, requires_grad=True)
    out = (layer(x) ** 3).sum()
    (g,) = t.autograd.grad(out, x, create_graph=True)
    seen.append("-")
    (g**2).sum().backward()
    return seen, x.grad, layer.weight.grad


def replaced_under_create_graph(t):
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: (i[0] * 2,))
    x = t.ones(1, 3, requires_grad=True)
    (g,) = t.autograd.grad((layer(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()
    return g.detach(), x.grad


def twice_through_one_graph(t):
    seen = []
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: seen.append(tolist(o)))
    x = t.ones(1, 3, requires_grad=True)
    out = layer(x).sum()
    out.backward(retain_graph=True)
    out.backward()
    return seen, x.grad


def module_called_twice(t):
    seen = []
    layer = linear(t, 2, 2)
    layer.register_full_backward_hook(lambda m, i, o: seen.append((tolist(i), tolist(o))))
    x = t.ones(1, 2, requires_grad=True)
    layer(layer(x) * 2).sum().backward()
    return seen, x.grad


def only_some_inputs(t):
    class Two(t.nn.Module):
        def forward(self, a, b, c=None):
            return a * b, (a + b).sum()

    seen = []
    module = Two()
    module.register_full_backward_hook(lambda m, i, o: seen.append((tolist(i), tolist(o))))
    module.register_full_backward_pre_hook(lambda m, o: seen.append(tolist(o)))
    x, y = t.ones(2, requires_grad=True), t.ones(2)
    first, second = module(x, y)
    first.sum().backward(retain_graph=True)
    second.backward()
    first, second = module(x, y, c=3)
    (first.sum() + second).backward()
    return seen, x.grad


def grad_limited_to_parameters(t):
    seen = []
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: seen.append("ran"))
    layer.register_full_backward_pre_hook(lambda m, o: seen.append("pre"))
    x = t.ones(1, 3, requires_grad=True)
    out = layer(x).sum()
    found = t.autograd.grad(out, layer.weight, retain_graph=True)
    seen.append("-")
    t.autograd.grad(out, x, retain_graph=True)
    return seen, found


def in_place_after_the_module(t):
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: None)
    x = t.ones(1, 3, requires_grad=True)
    out = layer(x)
    return message(lambda: out.mul_(2))


def in_place_before_the_module(t):
    class Change(t.nn.Module):
        def forward(self, x):
            return x.mul_(2)

    module = Change()
    module.register_full_backward_hook(lambda m, i, o: None)
    x = t.ones(2, requires_grad=True) * 1
    return message(lambda: module(x))


def detached_output(t):
    class Cut(t.nn.Module):
        def forward(self, x):
            return x.detach()

    seen = []
    module = Cut()
    module.register_full_backward_hook(lambda m, i, o: seen.append("ran"))
    x = t.ones(2, requires_grad=True)
    return module(x).requires_grad, seen


def errors(t):
    layer = linear(t)

    def fails(*args):
        raise ValueError("from a hook")

    x = t.ones(1, 3, requires_grad=True)
    found = []
    for register in (
        layer.register_forward_pre_hook, layer.register_forward_hook, layer.register_full_backward_pre_hook,
        layer.register_full_backward_hook,
    ):  # fmt: skip
        handle = register(fails)
        found.append(message(lambda: layer(x).sum().backward()))
        handle.remove()
    for result in ((None, None), (3,), 3, (t.ones(1),)):
        handle = layer.register_full_backward_hook(lambda m, i, o, result=result: result)
        found.append(message(lambda: layer(x).sum().backward()))
        handle.remove()
    layer(x).sum().backward()
    return found


def post_accumulate_as_optimizer(t):
    model = t.nn.Sequential(linear(t), t.nn.Tanh(), linear(t, 2, 1))
    optimizers = {p: t.optim.SGD([p], lr=0.1, momentum=0.9) for p in model.parameters()}

    def step(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in model.parameters():
        p.register_post_accumulate_grad_hook(step)
    losses = []
    for _ in range(4):
        loss = (model(t.ones(2, 3)) - 1).square().mean()
        loss.backward()
        losses.append(loss.item())
    return losses, [p.grad for p in model.parameters()], [p.detach() for p in model.parameters()]


def data_parallel_with_saved_tensors_hooks(t):
    packed = []

    class Square(t.nn.Module):
        def forward(self, x):
            return x * x

    model = t.nn.DataParallel(Square())
    x = t.ones(2, requires_grad=True)
    with t.autograd.graph.saved_tensors_hooks(lambda v: (packed.append(1), v)[1], lambda v: v):
        out = model(x)
    out.sum().backward()
    wrapped = t.nn.DataParallel(linear(t))
    return packed, x.grad, list(wrapped.state_dict()), repr(wrapped)


def hooks_with_saved_tensors_hooks(t):
    layer = linear(t)
    layer.register_full_backward_hook(lambda m, i, o: (i[0] * 2,))
    x = t.ones(1, 3, requires_grad=True)
    with t.autograd.graph.save_on_cpu():
        out = (layer(x) ** 2).sum()
    out.backward()
    return x.grad, layer.weight.grad


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)


def test_cycles_are_collected():
    t = rushlight
    gone = []

    def make():
        layer = linear(t)
        layer.register_full_backward_hook(lambda m, i, o: None if layer.training else i)
        layer.register_forward_hook(lambda m, i, o: None if layer.training else o)
        x = t.ones(1, 3, requires_grad=True)
        out = layer(x)
        out.register_hook(lambda g: g if out.requires_grad else None)
        out.sum().backward()
        gone.extend((weakref.ref(layer), weakref.ref(x), weakref.ref(out)))

    make()
    gc.collect()
    assert [r() for r in gone] == [None] * 3
