"""What hooks and debugging tools ask of the running engine, beside PyTorch."""

import threading
import weakref

import pytest
from beside import check, leaf, message, scenarios


def identity(t, when_backward, x):
    class Identity(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            when_backward(ctx)
            return g

    return Identity.apply(x)


# ---------------------------------------------------------------------------------------------- which node
def current_node(t):
    seen = []
    current = t._C._current_autograd_node
    x = leaf(t)
    y = x * 2
    z = identity(t, lambda ctx: seen.append(("function", current() is z.grad_fn, current() is ctx)), y)
    out = z.sum()
    y.register_hook(lambda g: seen.append(("y", current() is y.grad_fn)))
    out.grad_fn.register_prehook(lambda g: seen.append(("pre", current().name())))
    out.grad_fn.register_hook(lambda i, o: seen.append(("post", current().name())))
    x.register_hook(lambda g: seen.append(("x", current().name())))
    x.register_post_accumulate_grad_hook(lambda p: seen.append(("accumulated", current().name())))
    seen.append(current())
    out.backward(retain_graph=True)
    seen.append(current())
    t.autograd.grad(out, x, retain_graph=True)
    t.autograd.grad(out, y, retain_graph=True)
    t.autograd.grad(out, x, create_graph=True)
    return seen


def current_node_of_several_outputs(t):
    seen = []
    x = leaf(t)
    a, b = (x * 1).unbind(0)
    a.register_hook(lambda g: seen.append(t._C._current_autograd_node() is a.grad_fn))
    b.register_hook(lambda g: seen.append(t._C._current_autograd_node() is a.grad_fn))
    (a * b).backward()
    return seen


def current_node_in_nested_calls(t):
    seen = []
    x, w = leaf(t), leaf(t)

    def inner(ctx):
        seen.append(t._C._current_autograd_node() is ctx)
        with t.enable_grad():
            y = w * 2
            y.register_hook(lambda g: seen.append(t._C._current_autograd_node().name()))
            y.sum().backward()
        seen.append(t._C._current_autograd_node() is ctx)

    identity(t, inner, x).sum().backward()
    return seen, t._C._current_autograd_node()


def task_ids(t):
    seen = []
    current = t._C._current_graph_task_id
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(current()))
    x.register_hook(lambda g: seen.append(current()))

    def inner(ctx):
        seen.append(current())
        with t.enable_grad():
            w = leaf(t)
            w.register_hook(lambda g: seen.append(current()))
            (w * 2).sum().backward()
        seen.append(current())

    out = identity(t, inner, y).sum()
    seen.append(current())
    out.backward(retain_graph=True)
    out.backward()
    seen.append(current())
    first = next(i for i in seen if i != -1)
    return [i if i == -1 else i - first for i in seen]


def keep_graph(t):
    seen = []
    keep = t._C._autograd._get_current_graph_task_keep_graph
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: seen.append(keep()))
    y.sum().backward(retain_graph=True)
    t.autograd.grad(y.sum(), x, create_graph=True)
    t.autograd.grad(y.sum(), x)
    return seen, keep()


def execution_order(t):
    seen = []
    x, w = leaf(t), leaf(t)
    a, b = (x * w).unbind(0)
    c = a.sin() * b
    d = (c + x.sum() * a) * w

    def look(grads):
        nodes = t._C._current_graph_task_execution_order()
        seen.append([n.name() for n in nodes])

    out = d.sum()
    out.grad_fn.register_prehook(look)
    with t.autograd.set_multithreading_enabled(False):
        out.backward(retain_graph=True)
        t.autograd.grad(out, x, retain_graph=True)
        t.autograd.grad(out, [a], retain_graph=True)
        out.backward(inputs=[w], retain_graph=True)
    return seen, message(lambda: out.backward(retain_graph=True)), message(t._C._current_graph_task_execution_order)


def execution_order_is_what_runs(t):
    seen, ran = [], []
    x, w = leaf(t), leaf(t)
    y = (x * w).sin()
    out = (y * x + y.exp()).sum()

    def note(node):
        node.register_hook(lambda i, o: ran.append(node.name()))
        for n, _ in node.next_functions:
            if n is not None and n not in known:
                known.add(n)
                note(n)

    known = {out.grad_fn}
    note(out.grad_fn)
    out.grad_fn.register_prehook(lambda g: seen.extend(n.name() for n in t._C._current_graph_task_execution_order()))
    with t.autograd.set_multithreading_enabled(False):
        out.backward()
    return seen == ran, seen


def will_execute(t):
    seen = []
    will = t._C._will_engine_execute_node
    x, w = leaf(t), leaf(t)
    a = x * 2
    b = w * 3
    c = a * b
    out = c.sum()
    other = x.sin()
    leaf_x = t.autograd.graph.get_gradient_edge(x).node
    leaf_w = t.autograd.graph.get_gradient_edge(w).node
    nodes = {"a": a.grad_fn, "b": b.grad_fn, "c": c.grad_fn, "other": other.grad_fn, "x": leaf_x, "w": leaf_w}

    def look(grad):
        seen.append({name: message(lambda node=node: will(node)) for name, node in nodes.items()})

    c.register_hook(look)
    out.backward(retain_graph=True)
    out.backward(inputs=[x], retain_graph=True)
    out.backward(inputs=[a], retain_graph=True)
    t.autograd.grad(out, x, retain_graph=True)
    t.autograd.grad(out, a, retain_graph=True)
    t.autograd.grad(out, [b, x], retain_graph=True)
    return seen, message(lambda: will(a.grad_fn)), message(lambda: will(3)), message(lambda: will(x))


# ---------------------------------------------------------------------------------------------- callbacks
def queue(t, callback):
    t.autograd.Variable._execution_engine.queue_callback(callback)


def callbacks(t):
    seen = []
    x = leaf(t)

    def hook(ctx):
        queue(t, lambda: seen.append(("first", x.grad.tolist(), t._C._current_graph_task_id() != -1)))
        queue(t, lambda: queue(t, lambda: seen.append("from a callback")))
        queue(t, lambda: seen.append(("last", t._C._current_autograd_node())))
        seen.append("backward")

    identity(t, hook, x * 2).sum().backward()
    seen.append("done")
    return seen


def callbacks_under_grad(t):
    seen = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: queue(t, lambda: seen.append(x.grad)))
    found = t.autograd.grad(y.sum(), x)
    return found, seen


def callbacks_of_nested_calls(t):
    seen = []
    x, w = leaf(t), leaf(t)

    def inner(ctx):
        seen.append("inner")
        queue(t, lambda: seen.append("callback of inner"))

    def outer(ctx):
        queue(t, lambda: seen.append("callback of outer"))
        with t.enable_grad():
            identity(t, inner, w).sum().backward()
        seen.append("outer")

    identity(t, outer, x).sum().backward()
    return seen


def callbacks_that_fail(t):
    x = leaf(t)

    def fails():
        raise ValueError("from a callback")

    y = x * 2
    y.register_hook(lambda g: queue(t, fails))
    first = message(lambda: y.sum().backward())
    return first, x.grad, t._C._current_graph_task_id(), message(lambda: queue(t, fails))


def callbacks_after_an_error(t):
    seen = []
    x = leaf(t)

    def fails(ctx):
        queue(t, lambda: seen.append("called"))
        raise ValueError("from backward")

    return message(lambda: identity(t, fails, x).sum().backward()), seen


def callback_runs_backward(t):
    seen = []
    x, w = leaf(t), leaf(t)

    def more():
        (w * 3).sum().backward()
        seen.append(w.grad.tolist())

    y = x * 2
    y.register_hook(lambda g: queue(t, more))
    y.sum().backward()
    return seen, x.grad


# ---------------------------------------------------------------------------------------------- threads and stash
def multithreading_enabled(t):
    seen = [t.autograd.is_multithreading_enabled()]
    with t.autograd.set_multithreading_enabled(False):
        seen.append(t.autograd.is_multithreading_enabled())
        with t.autograd.set_multithreading_enabled(True):
            seen.append(t.autograd.is_multithreading_enabled())
        seen.append(t.autograd.is_multithreading_enabled())
    t.autograd.set_multithreading_enabled(False)
    seen.append(t.autograd.is_multithreading_enabled())
    t.autograd.set_multithreading_enabled(True)

    @t.autograd.set_multithreading_enabled(False)
    def inside():
        return t.autograd.is_multithreading_enabled()

    seen += [
        inside(),
        t.autograd.is_multithreading_enabled(),
        message(lambda: t.autograd.set_multithreading_enabled(3)),
    ]
    return seen


def hooks_in_the_calling_thread(t):
    seen = []
    x = leaf(t)
    x.register_hook(lambda g: seen.append(threading.current_thread() is threading.main_thread()))
    with t.autograd.set_multithreading_enabled(False):
        (x * 2).sum().backward()
    return seen


def stash(t):
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)
    t._C._stash_obj_in_tls("rushlight test", held)
    there = t._C._is_key_in_tls("rushlight test"), t._C._get_obj_in_tls("rushlight test") is held
    seen = []
    thread = threading.Thread(target=lambda: seen.append(t._C._is_key_in_tls("rushlight test")))
    thread.start()
    thread.join()
    t._C._stash_obj_in_tls("rushlight test", None)
    del held
    return there, seen, gone() is None, message(lambda: t._C._get_obj_in_tls("nothing"))


def cached_tensors(t):
    x, private = t.ones(2), t._C
    seen = [private._is_cached_tensor(x), message(lambda: private._add_cached_tensor(x))[0]]
    private._set_cached_tensors_enabled(True)
    private._add_cached_tensor(x)
    seen += [private._is_cached_tensor(x), private._is_cached_tensor(t.ones(2)), private._is_cached_tensor(x.view(2))]
    private._remove_cached_tensor(x)
    seen.append(private._is_cached_tensor(x))
    private._set_cached_tensors_enabled(False)
    return seen


def sequence_numbers(t):
    x = leaf(t)
    next_ = t._C._autograd._get_sequence_nr()
    y = x * 2
    z = y.sin()
    first = y.grad_fn._sequence_nr() - next_
    return (
        first,
        z.grad_fn._sequence_nr() - next_,
        t._C._autograd._get_sequence_nr() - next_,
        t.autograd.graph.get_gradient_edge(x).node._sequence_nr(),
    )


def sequence_numbers_set(t):
    order = []
    x, y, z = leaf(t), leaf(t), leaf(t)
    a = x + y
    b = y + z
    c = a + b
    for name, v, number in (("a", a, 100), ("b", b, 99), ("c", c, 98)):
        v.grad_fn._set_sequence_nr(number)
        v.register_hook(lambda g, name=name: order.append(name))
    c.sum().backward()
    return order, x.grad, y.grad, z.grad, a.grad_fn._sequence_nr()


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
