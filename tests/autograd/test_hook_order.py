"""Hooks of all kinds together: their order, what they replace, their removal, and what keeps them alive."""

import gc
import weakref

import pytest
from beside import check, leaf, message, scenarios

import rushlight


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


# ---------------------------------------------------------------------------------------------- removal
def removal(t):
    seen = []
    x = leaf(t)
    y = x * 2
    n, end = y.grad_fn, t.autograd.graph.get_gradient_edge(x).node
    handles = [
        y.register_hook(noting(seen, "tensor")), x.register_hook(noting(seen, "leaf")),
        n.register_hook(noting(seen, "post")), n.register_prehook(noting(seen, "pre")),
        end.register_hook(noting(seen, "end post")), end.register_prehook(noting(seen, "end pre")),
        x.register_post_accumulate_grad_hook(noting(seen, "accumulated")),
    ]  # fmt: skip
    for handle in handles:
        y.sum().backward(retain_graph=True)
        seen.append("-")
        handle.remove()
        handle.remove()
    y.sum().backward(retain_graph=True)
    return seen


def removed_while_running(t):
    seen = []
    x = leaf(t)
    y = x * 2

    def once(g):
        seen.append("once")
        handle.remove()

    handle = y.register_hook(once)
    y.register_hook(noting(seen, "always"))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return seen


def registered_while_running(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: (seen.append("y"), x.register_hook(noting(seen, "x")))[0])
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return seen


def handles_as_contexts(t):
    x = leaf(t)
    y = x * 2
    with y.register_hook(lambda g: g * 2), y.grad_fn.register_prehook(lambda g: (g[0] * 5,)):
        y.sum().backward(retain_graph=True)
    first = x.grad.clone()
    y.sum().backward()
    return first, x.grad


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


# ---------------------------------------------------------------------------------------------- lifetimes
def hooks_die_with_the_tensor(t):
    class Hook:
        def __call__(self, *args):
            pass

    gone = []
    for on in ("leaf", "tensor", "node", "accumulated", "end"):
        hook = Hook()
        gone.append(weakref.ref(hook))
        x = leaf(t)
        y = x * 2
        if on == "leaf":
            x.register_hook(hook)
        elif on == "tensor":
            y.register_hook(hook)
        elif on == "node":
            y.grad_fn.register_hook(hook)
        elif on == "accumulated":
            x.register_post_accumulate_grad_hook(hook)
        else:
            t.autograd.graph.get_gradient_edge(x).node.register_prehook(hook)
        y.sum().backward()
        del x, y, hook
    gc.collect()
    return [r() is None for r in gone]


def a_leaf_dropped_before_backward(t):
    seen = []

    def make():
        x = leaf(t)
        x.register_hook(lambda g: seen.append(g.tolist()))
        x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
        return (x * 2).sum()

    make().backward()
    return seen


def hooks_that_take_gradients_away(t):
    found = []
    for make in (lambda x: x * 2, lambda x: x * x, lambda x: x.exp(), lambda x: x.unbind()[0]):
        for where in ("register_prehook", "register_hook"):
            x, seen = leaf(t), []
            y = make(x)
            count = len(y.grad_fn._input_metadata if where == "register_prehook" else y.grad_fn.next_functions)
            getattr(y.grad_fn, where)(lambda *grads: (None,) * count)  # noqa: B023
            y.grad_fn.register_hook(lambda ins, outs: seen.append([[g is None for g in gs] for gs in (ins, outs)]))  # noqa: B023
            y.sum().backward()
            found.append((x.grad, seen))
    x = leaf(t)
    end = x.view_as(x).grad_fn.next_functions[0][0]
    end.register_prehook(lambda grads: (None,))
    (x * 2).sum().backward()
    return found, x.grad


def hooks_that_change_the_kind(t):
    x = leaf(t)
    x.register_hook(lambda g: g.to(t.complex64))
    return message(lambda: (x * 2).sum().backward())


def hooks_of_a_leaf_that_was_frozen(t):
    x, seen = leaf(t), []
    x.register_hook(lambda g: g * 3)
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    x.requires_grad = False
    x.requires_grad = True
    (x * 2).sum().backward()
    return x.grad, seen


def hooks_set_as_a_dictionary(t):
    from collections import OrderedDict

    x, y = leaf(t), leaf(t) * 1
    x._backward_hooks = OrderedDict({1: lambda g: g * 7})
    y._backward_hooks = OrderedDict({1: lambda g: g * 5})
    z = leaf(t)
    z.register_hook(lambda g: g * 2)
    kind = type(z._backward_hooks).__name__
    z._backward_hooks = None
    z.register_hook(lambda g: g * 3)
    (x + y * x + z).sum().backward()
    plain = t.ones(2)
    plain._backward_hooks = None
    return x.grad, z.grad, kind, plain._backward_hooks


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)


# PyTorch itself loses some of these: its collector does not see through C++.
def test_hooks_that_hold_their_tensor():
    t, gone = rushlight, []

    def make():
        x = leaf(t)
        y = x * 2
        x.register_hook(lambda g: x)
        y.register_hook(lambda g: y)
        y.grad_fn.register_hook(lambda i, o: i if y is None else None)
        x.register_post_accumulate_grad_hook(lambda p: p if x is None else None)
        gone.extend((weakref.ref(x), weakref.ref(y)))

    make()
    gc.collect()
    assert [r() is None for r in gone] == [True, True]


def test_gradients_that_lead_back():
    t, gone = rushlight, []

    def make():
        x = leaf(t)
        (x * x).sum().backward(create_graph=True)
        gone.append(weakref.ref(x))
        y = leaf(t) * 2
        y.retain_grad()
        (y * y).sum().backward(create_graph=True)
        gone.append(weakref.ref(y))

    make()
    gc.collect()
    assert [r() is None for r in gone] == [True, True]


def test_metadata_that_leads_back():
    t, gone = rushlight, []

    def make():
        x = leaf(t)
        y = x * 2
        y.grad_fn.metadata["y"] = y
        end = t.autograd.graph.get_gradient_edge(x).node
        end.metadata["x"] = x
        gone.extend((weakref.ref(x), weakref.ref(y)))

    make()
    gc.collect()
    assert [r() is None for r in gone] == [True, True]
