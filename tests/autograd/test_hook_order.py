"""Hooks of all kinds together: their order, what they replace, and what they may not return."""

import pytest
from beside import check, leaf, message, scenarios


def noting(seen, name, result=None):
    return lambda *args: (seen.append(name), result)[1]


# ---------------------------------------------------------------------------------------------- order
def order_on_a_node(t):
    seen = []
    x = leaf(t)
    y = x * 2
    n = y.grad_fn
    n.register_hook(noting(seen, "post 1"))
    n.register_prehook(noting(seen, "pre 1"))
    y.register_hook(noting(seen, "tensor 1"))
    y.retain_grad()
    y.register_hook(noting(seen, "tensor 2"))
    n.register_prehook(noting(seen, "pre 2"))
    n.register_hook(noting(seen, "post 2"))
    y.sum().backward(retain_graph=True)
    t.autograd.grad(y.sum(), y)
    return seen


def order_on_a_leaf(t):
    seen = []
    x = leaf(t)
    n = t.autograd.graph.get_gradient_edge(x).node
    n.register_hook(noting(seen, "post"))
    x.register_post_accumulate_grad_hook(noting(seen, "accumulated"))
    n.register_prehook(noting(seen, "pre"))
    x.register_hook(noting(seen, "tensor"))
    out = (x * 2).sum()
    out.backward(retain_graph=True)
    seen.append("-")
    t.autograd.grad(out, x, retain_graph=True)
    seen.append("-")
    out.backward(inputs=[x], retain_graph=True)
    return seen


def order_along_a_graph(t):
    seen = []
    x, w = leaf(t), leaf(t)
    h = x * w
    z = h.sin() + h
    for name, v in (("x", x), ("w", w), ("h", h), ("z", z)):
        v.register_hook(noting(seen, name))
    x.register_post_accumulate_grad_hook(noting(seen, "x accumulated"))
    w.register_post_accumulate_grad_hook(noting(seen, "w accumulated"))
    z.sum().backward()
    return seen


def retained_sees_what_hooks_made(t):
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    y.register_hook(lambda g: g + 1)
    y.sum().backward()
    return y.grad, x.grad


def prehooks_replace(t):
    x = leaf(t)
    y = x * 2
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    y.register_hook(lambda g: g + 1)
    y.retain_grad()
    y.sum().backward()
    return x.grad, y.grad


def posthooks_replace(t):
    x, w = leaf(t), leaf(t)
    y = x * w
    seen = []
    y.grad_fn.register_hook(lambda i, o: (i[0] * 2, i[1]))
    y.grad_fn.register_hook(lambda i, o: seen.append([v.tolist() for v in (*i, *o)]))
    y.grad_fn.register_hook(lambda i, o: (i[0], i[1] * 100))
    y.sum().backward()
    return x.grad, w.grad, seen


def posthooks_see_none(t):
    seen = []
    x = leaf(t)
    y = x * t.ones(2)
    y.grad_fn.register_hook(lambda i, o: seen.append([v is None for v in i]))
    y.sum().backward()
    a, b = (x * 3).unbind(0)
    a.grad_fn.register_prehook(lambda g: seen.append([v is None for v in g]))
    a.grad_fn.register_hook(lambda i, o: seen.append(([v is None for v in i], [v is None for v in o])))
    b.backward()
    return seen, x.grad


def leaf_nodes_replace(t):
    x = leaf(t)
    n = t.autograd.graph.get_gradient_edge(x).node
    n.register_prehook(lambda g: (g[0] * 3,))
    x.register_hook(lambda g: g + 1)
    seen = []
    n.register_hook(lambda i, o: seen.append((i, [v.tolist() for v in o])))
    out = (x * 2).sum()
    out.backward(retain_graph=True)
    return x.grad, t.autograd.grad(out, x), seen


def accumulated_hooks(t):
    seen = []
    x = leaf(t)
    x.register_post_accumulate_grad_hook(lambda p: seen.append((p is x, p.grad.tolist())))
    x.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(10))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return seen, x.grad


def accumulated_hooks_clear(t):
    x, w = leaf(t), leaf(t)
    optimizer = {v: t.optim.SGD([v], lr=0.5) for v in (x, w)}

    def step(p):
        optimizer[p].step()
        optimizer[p].zero_grad()

    handles = [v.register_post_accumulate_grad_hook(step) for v in (x, w)]
    for _ in range(3):
        (x * w).sin().sum().backward()
    for handle in handles:
        handle.remove()
    (x * w).sum().backward()
    return x, w, x.grad, w.grad


def accumulated_hook_under_create_graph(t):
    seen = []
    x = leaf(t)
    x.register_post_accumulate_grad_hook(lambda p: seen.append((p.grad.requires_grad, t.is_grad_enabled())))
    (x * x).sum().backward(create_graph=True)
    return seen


# ---------------------------------------------------------------------------------------------- wrong results
def wrong_results_of_tensor_hooks(t):
    found = []

    class Callable:
        def __call__(self, g):
            return t.ones(3)

    def named(g):
        return t.ones(3)

    for hook in (named, Callable(), lambda g: g.double(), lambda g: 3, lambda g: (g,), lambda g: t.ones(1, 2)):
        x = leaf(t)
        y = x * 2
        handles = x.register_hook(hook), y.register_hook(hook)
        handles[1].remove()
        found.append(message(lambda y=y: y.sum().backward()))
        z = x.detach().requires_grad_() * 2
        z.register_hook(hook)
        found.append(message(lambda z=z: z.sum().backward()))
    return found


def wrong_results_of_node_hooks(t):
    found = []
    one = t.ones(2)
    for result in ((t.ones(3),), one, (one, one), 3, (3,), [one], (None,), (), (one.double(),)):
        x = leaf(t)
        y = x * 2
        handle = y.grad_fn.register_prehook(lambda g, result=result: result)
        found.append(message(lambda y=y: y.sum().backward(retain_graph=True)))
        handle.remove()
        handle = y.grad_fn.register_hook(lambda i, o, result=result: result)
        found.append(message(lambda y=y: y.sum().backward(retain_graph=True)))
        handle.remove()
        n = t.autograd.graph.get_gradient_edge(x).node
        handle = n.register_prehook(lambda g, result=result: result)
        found.append(message(lambda y=y: y.sum().backward(retain_graph=True)))
        handle.remove()
        handle = n.register_hook(lambda i, o, result=result: result)
        found.append(message(lambda y=y: y.sum().backward(retain_graph=True)))
    return found


def wrong_results_of_accumulated_hooks(t):
    found = []
    for hook in (lambda p: p, lambda p: p.grad, lambda p: t.ones(2), lambda p: 3, lambda p: t.ones(3), lambda p: None):
        x = leaf(t)
        x.register_post_accumulate_grad_hook(hook)
        found.append((message(lambda x=x: (x * 2).sum().backward()), x.grad))
    return found


def where_hooks_are_refused(t):
    x = leaf(t)
    y = x * 2
    plain = t.ones(2)
    return [
        message(lambda: plain.register_hook(print)),
        message(lambda: plain.register_post_accumulate_grad_hook(print)),
        message(lambda: y.register_post_accumulate_grad_hook(print)),
        message(lambda: plain.retain_grad()),
        message(lambda: x.retain_grad()),
        message(lambda: plain.retains_grad),
        message(lambda: x.retains_grad),
        message(lambda: y.retains_grad),
    ]


# ---------------------------------------------------------------------------------------------- in-place changes
def hooks_before_and_after_a_change(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(("before", g.tolist())))
    y.retain_grad()
    y.mul_(3)
    y.register_hook(lambda g: seen.append(("after", g.tolist())))
    (y * 5).sum().backward()
    return seen, y.grad, x.grad


def hooks_on_views_and_bases(t):
    seen = []
    x = leaf(t)
    y = x * 2
    v = y[:1]
    y.register_hook(lambda g: seen.append(("base before", g.tolist())))
    v.register_hook(lambda g: seen.append(("view before", g.tolist())))
    v.mul_(3)
    y.register_hook(lambda g: seen.append(("base after", g.tolist())))
    v.register_hook(lambda g: seen.append(("view after", g.tolist())))
    ((y * 5).sum() + v.sum()).backward()
    return seen, x.grad


def retained_after_a_change_of_a_view(t):
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    v = y[:1]
    v.retain_grad()
    v.mul_(3)
    (y * 5).sum().backward()
    return y.grad, v.grad, x.grad


def hooks_on_several_outputs(t):
    seen = []
    x = leaf(t)
    a, b = (x * 2).unbind(0)
    b.register_hook(lambda g: seen.append(("b first", g is None)))
    a.register_hook(lambda g: (seen.append(("a", g is None)), g * 10)[1])
    b.register_hook(lambda g: (seen.append(("b", g is None)), None if g is None else g * 100)[1])
    a.retain_grad()
    (a * 2).backward(retain_graph=True)
    first = x.grad.clone()
    (a + b).backward()
    return seen, first, x.grad, a.grad


# ---------------------------------------------------------------------------------------------- undefined gradients
def undefined(t):
    seen = []

    class Nothing(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return None

    x, w = leaf(t), leaf(t)
    y = x * w
    for name, v in (("x", x), ("w", w), ("y", y)):
        v.register_hook(lambda g, name=name: seen.append((name, g is None)))
    y.grad_fn.register_prehook(lambda g: seen.append(("pre", g[0] is None)))
    y.grad_fn.register_hook(lambda i, o: seen.append(("post", [v is None for v in i], o[0] is None)))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(("accumulated", p.grad is None)))
    end = t.autograd.graph.get_gradient_edge(x).node
    end.register_hook(lambda i, o: seen.append(("end", o[0] is None)))
    y.retain_grad()
    Nothing.apply(y).sum().backward(retain_graph=True)
    found = t.autograd.grad(Nothing.apply(y).sum(), [x, y], allow_unused=True)
    return seen, x.grad, y.grad, found


@pytest.mark.usefixtures("warn_always")
@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
