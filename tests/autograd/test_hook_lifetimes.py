"""The removal of hooks, and what keeps them alive."""

import gc
import weakref

import pytest
from beside import check, leaf, message, scenarios

import rushlight


def noting(seen, name, result=None):
    return lambda *args: (seen.append(name), result)[1]


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


def registered_while_gradients_run(t):
    results = []
    for create_graph in (False, True):
        seen = []
        a, b = leaf(t), leaf(t)
        y = a * b

        def register(g, a=a, seen=seen):
            a.register_hook(lambda g: (seen.append(g.detach()), g * 10)[1])

        y.register_hook(register)
        results += [*t.autograd.grad(y.sum(), [b, a], create_graph=create_graph), *seen]
    return results


def handles_as_contexts(t):
    x = leaf(t)
    y = x * 2
    with y.register_hook(lambda g: g * 2), y.grad_fn.register_prehook(lambda g: (g[0] * 5,)):
        y.sum().backward(retain_graph=True)
    first = x.grad.clone()
    y.sum().backward()
    return first, x.grad


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
