"""Hooks on tensors, leaves and nodes, and retained gradients, beside PyTorch."""

import pytest
from beside import check, scenarios


def leaf(t, *values):
    return t.tensor(list(values or (1.0, 2.0, 3.0)), requires_grad=True)


def hook_sees_gradient(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(g.clone()))
    (y * y).sum().backward()
    return seen, x.grad


def hook_replaces(t):
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    return x.grad


def hooks_in_order(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: (seen.append(("a", g.sum().item())), g * 2)[1])
    y.register_hook(lambda g: seen.append(("b", g.sum().item())))
    y.sum().backward()
    return seen, x.grad


def hook_removed(t):
    x = leaf(t)
    y = x * 2
    handle = y.register_hook(lambda g: g * 10)
    handle.remove()
    handle.remove()
    y.sum().backward()
    return x.grad


def hook_as_context(t):
    x = leaf(t)
    with x.register_hook(lambda g: g * 10):
        x.sum().backward()
    x.sum().backward()
    return x.grad


def hook_on_leaf(t):
    seen = []
    x = leaf(t)
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * x + x.sin()).sum().backward()
    return seen, x.grad


def hook_on_leaf_replaces(t):
    x = leaf(t)
    x.register_hook(lambda g: g * 0 + 7)
    (x * x + x.sin()).sum().backward()
    return x.grad


def order_of_leaves(t):
    seen = []
    w1, w2, w3 = leaf(t), leaf(t), leaf(t)
    for name, w in (("w1", w1), ("w2", w2), ("w3", w3)):
        w.register_hook(lambda g, name=name: seen.append(name))
    h = w1 * 2
    h.register_hook(lambda g: seen.append("h"))
    h2 = (h * w2).sin()
    h2.register_hook(lambda g: seen.append("h2"))
    (h2 * w3).sum().backward()
    return seen


def hook_returns_wrong_type(t):
    y = leaf(t) * 2
    y.register_hook(lambda g: 3)
    y.sum().backward()


def hook_raises(t):
    def hook(g):
        raise ValueError("from the hook")

    y = leaf(t) * 2
    y.register_hook(hook)
    y.sum().backward()


def state_clean_after_error(t):
    def hook(g):
        raise ValueError("from the hook")

    x = leaf(t)
    y = x * 2
    handle = y.register_hook(hook)
    z = (y * y).sum()
    try:
        z.backward(retain_graph=True)
    except ValueError:
        handle.remove()
    z.backward()
    return x.grad


def hook_on_constant(t):
    t.ones(3).register_hook(print)


def hook_in_grad(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(1))
    return t.autograd.grad((y * y).sum(), y), seen


def hook_under_create_graph(t):
    x = leaf(t)
    y = x * x
    y.register_hook(lambda g: g * 3)
    (g,) = t.autograd.grad((y * y).sum(), x, create_graph=True)
    return g.detach(), t.autograd.grad(g.sum(), x)


def grad_mode_in_hook(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append((t.is_grad_enabled(), g.requires_grad)))
    y.sum().backward(retain_graph=True)
    t.autograd.grad((y * y).sum(), x, create_graph=True)
    return seen


def retained(t):
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad, y.retains_grad, x.grad


def retained_sees_hooks(t):
    y = leaf(t) * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 5)
    y.sum().backward()
    return y.grad


def retained_twice(t):
    y = leaf(t) * 2
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    (y * 3).sum().backward()
    return y.grad


def retain_on_leaf(t):
    x = leaf(t)
    x.retain_grad()
    x.sum().backward()
    return x.grad, x.retains_grad


def retain_on_constant(t):
    t.ones(2).retain_grad()


def node_hooks(t):
    seen = []
    x = leaf(t)
    y = x * 2
    node = y.grad_fn
    node.register_prehook(lambda grads: (seen.append(("pre", grads)), (grads[0] * 2,))[1])
    node.register_hook(lambda inputs, outputs: seen.append(("post", inputs, outputs)))
    (y * y).sum().backward()
    return seen, x.grad


def node_hook_replaces(t):
    x = leaf(t)
    y = x * 2
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 100, None))
    y.sum().backward()
    return x.grad


def accumulate_node_hooks(t):
    seen = []
    x = leaf(t)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda grads: seen.append(("pre", grads)))
    node.register_hook(lambda inputs, outputs: seen.append(("post", inputs, outputs, x.grad.clone())))
    y.sum().backward()
    return seen


def post_accumulate(t):
    seen = []
    x = leaf(t)
    x.register_post_accumulate_grad_hook(lambda p: seen.append((p is x, p.grad.clone())))
    (x * x).sum().backward()
    (x * x).sum().backward()
    return seen


def post_accumulate_returns(t):
    x = leaf(t)
    x.register_post_accumulate_grad_hook(lambda p: p)
    x.sum().backward()


def post_accumulate_on_non_leaf(t):
    (leaf(t) * 2).register_post_accumulate_grad_hook(print)


def optimizer_in_backward(t):
    x = leaf(t)

    def step(p):
        with t.no_grad():
            p -= 0.1 * p.grad
        p.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (x * x).sum().backward()
    return x, x.grad


def multi_grad_all(t):
    seen = []
    x, y, z = leaf(t), leaf(t), leaf(t)
    t.autograd.graph.register_multi_grad_hook((x, y, z), lambda grads: seen.append([g is not None for g in grads]))
    (x * y).sum().backward()
    (x * y * z).sum().backward()
    return seen


def multi_grad_any(t):
    seen = []
    x, y = leaf(t), leaf(t)
    handle = t.autograd.graph.register_multi_grad_hook((x, y), lambda grad: seen.append(grad), mode="any")
    (x * y).sum().backward()
    handle.remove()
    (x * y).sum().backward()
    return seen


def multi_grad_unknown_mode(t):
    t.autograd.graph.register_multi_grad_hook((leaf(t),), print, mode="some")


def hook_stays_with_old_node(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(g.clone()))
    y.mul_(3)
    y.sum().backward()
    return seen, x.grad


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda f: f.__name__)
def test_as_pytorch(scenario):
    check(scenario)
