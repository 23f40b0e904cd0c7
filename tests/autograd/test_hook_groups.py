"""Hooks on the gradients of several tensors, beside PyTorch."""

import pytest
from beside import check, leaf, message, scenarios


# ---------------------------------------------------------------------------------------------- groups
def groups(t):
    seen = []
    a, b = leaf(t), leaf(t, 3.0, 4.0)
    c, d = a * b, a * b
    register = t.autograd.graph.register_multi_grad_hook
    handle = register((a, b, c, d), lambda g: seen.append([None if v is None else v.tolist() for v in g]))
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    d.sum().backward(inputs=(b, c), retain_graph=True)
    (c + d).sum().backward(retain_graph=True)
    t.autograd.grad(c.sum(), c, retain_graph=True)
    handle.remove()
    c.sum().backward(retain_graph=True)
    return seen


def groups_any(t):
    seen = []
    a, b = leaf(t), leaf(t, 3.0, 4.0)
    c, d = a * b, a * b
    register = t.autograd.graph.register_multi_grad_hook
    handle = register((a, b, c, d, t.ones(1)), lambda g: seen.append(g.tolist()), mode="any")
    c.sum().backward(retain_graph=True)
    (c * 2).sum().backward(inputs=(a, b), retain_graph=True)
    (c + d).sum().backward(retain_graph=True)
    t.autograd.grad((c * 3).sum(), c, retain_graph=True)
    handle.remove()
    c.sum().backward(retain_graph=True)
    return seen


def groups_wrongly(t):
    a = leaf(t)
    register = t.autograd.graph.register_multi_grad_hook

    def fails(g):
        raise ValueError("from the hook")

    def run(**how):
        x = leaf(t)
        y = x * 2
        register((x, y), fails, **how)
        y.sum().backward()

    return [
        message(lambda: register((a,), fails, mode="some")),
        message(lambda: register((a, t.ones(2)), fails)),
        message(lambda: run()),
        message(lambda: run(mode="any")),
    ]


def groups_of_edges(t):
    seen = []
    a = leaf(t)
    b = a * 2
    edge = t.autograd.graph.get_gradient_edge(b)
    return message(lambda: t.autograd.graph.register_multi_grad_hook((a, edge), seen.append))[0]


def groups_after_an_error(t):
    seen = []
    x = leaf(t)
    y = x * 2
    z = y * 3

    def fails(g):
        raise ValueError("once")

    t.autograd.graph.register_multi_grad_hook((x, y), lambda g: seen.append([v.tolist() for v in g]))
    handle = y.register_hook(fails)
    first = message(lambda: z.sum().backward(retain_graph=True))
    handle.remove()
    z.sum().backward()
    return first, seen


def groups_of_parts_of_one_node(t):
    seen = []
    x = leaf(t)
    a, b = (x * 2).unbind(0)
    t.autograd.graph.register_multi_grad_hook((a, b), lambda g: seen.append([v is None for v in g]))
    (a * b).backward(retain_graph=True)
    return seen


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
