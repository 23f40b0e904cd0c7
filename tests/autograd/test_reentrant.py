"""Backward within backward, many levels deep, with hooks and errors on the way, beside PyTorch."""

import sys
import threading
import weakref

import pytest
from beside import check, leaf, message, scenarios


def calling(t, inside, x):
    """The identity, whose backward calls a function with recording on."""

    class Calling(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            with t.enable_grad():
                found = inside(g)
            return g if found is None else found

    return Calling.apply(x)


def nested_once(t):
    x, w = leaf(t), leaf(t)

    def inside(g):
        (w * w).sum().backward()

    y = calling(t, inside, x)
    (y * y).sum().backward()
    return x.grad, w.grad


def nested_on_the_same_leaf(t):
    x = leaf(t)

    def inside(g):
        (x * 3).sum().backward()

    y = calling(t, inside, x * 2)
    y.sum().backward()
    return x.grad


def nested_result_is_used(t):
    x = leaf(t)

    def inside(g):
        w = leaf(t)
        (found,) = t.autograd.grad((w**3).sum(), w)
        return g * found

    calling(t, inside, x).sum().backward()
    return x.grad


def nested_under_create_graph(t):
    x = leaf(t)

    def inside(g):
        w = leaf(t)
        (found,) = t.autograd.grad((w**3).sum(), w, create_graph=True)
        return g * found.detach()

    (g,) = t.autograd.grad((calling(t, inside, x) * x).sum(), x, create_graph=True)
    return g.detach(), t.autograd.grad(g.sum(), x)


def recursive(t, depth, hooked=False):
    seen = []

    class Deep(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with t.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.x = ctx.x - 1
            return ctx.x.detach()

        @staticmethod
        def backward(ctx, g):
            if ctx.x < 0:
                return g
            with t.enable_grad():
                y = Deep.apply(ctx.x)
                if hooked:
                    y.register_hook(lambda g: seen.append(1))
                y.sum().backward()
            return g

    x = t.tensor(float(depth), requires_grad=True)
    Deep.apply(x).sum().backward()
    return len(seen), x.grad


def deep(t):
    return recursive(t, 300)


def deep_with_hooks(t):
    return recursive(t, 200, True)


def deep_by_hooks(t):
    """Each hook starts the next backward."""
    count = [0]

    def go_on(g):
        if count[0] < 300:
            count[0] += 1
            with t.enable_grad():
                w = leaf(t)
                (w if count[0] % 2 else w * 1).register_hook(go_on)
                y = w * 2
                y.register_hook(go_on)
                y.sum().backward()

    x = leaf(t)
    x.register_hook(go_on)
    (x * 2).sum().backward()
    return count, x.grad


def priority(t):
    order = []

    def noting(name, x):
        class Noted(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.clone()

            @staticmethod
            def backward(ctx, g):
                order.append(name)
                return g

        return Noted.apply(x)

    def inside(g):
        order.append("re-entrant")
        w = t.ones((), requires_grad=True)
        noting("inner", w).backward()

    a = calling(t, inside, noting("first", t.ones((), requires_grad=True)))
    b = noting("second", t.ones((), requires_grad=True))
    (a * b).backward()
    return order


def callbacks_at_each_depth(t):
    seen = []

    def run(depth):
        w = t.ones((), requires_grad=True)

        def inside(g):
            t.autograd.Variable._execution_engine.queue_callback(lambda: seen.append(depth))
            if depth:
                run(depth - 1)

        calling(t, inside, w).backward()

    run(3)
    return seen


def modes_inside(t):
    seen = []
    x = leaf(t)

    def inside(g):
        seen.append(t.is_grad_enabled())
        w = leaf(t)
        y = w * 1
        y.register_hook(lambda g: seen.append(t.is_grad_enabled()))
        y.sum().backward()
        seen.append(t.is_grad_enabled())
        with t.no_grad():
            pass

    y = calling(t, inside, x)
    y.register_hook(lambda g: seen.append(t.is_grad_enabled()))
    y.sum().backward()
    seen.append(t.is_grad_enabled())
    with t.no_grad():
        z = leaf(t)
    with t.set_grad_enabled(True):
        calling(t, inside, z).sum().backward()
    return seen


# ---------------------------------------------------------------------------------------------- errors
def errors_come_through(t):
    x, w = leaf(t), leaf(t)

    def fails(g):
        raise ValueError("inner")

    def inside(g):
        calling(t, fails, w).sum().backward()

    y = calling(t, inside, x)
    return message(lambda: y.sum().backward()), x.grad, w.grad, t.is_grad_enabled(), t._C._current_graph_task_id()


def errors_caught_inside(t):
    x, w = leaf(t), leaf(t)

    def fails(g):
        raise ValueError("inner")

    def inside(g):
        found.append(message(lambda: calling(t, fails, w * 2).sum().backward()))

    found = []
    calling(t, inside, x * 2).sum().backward()
    return found, x.grad, w.grad


def custom_errors(t):
    class Mine(Exception):
        pass

    def fails(g):
        raise Mine("mine")

    x = leaf(t)
    return message(lambda: calling(t, fails, x).sum().backward())


def tracebacks_name_the_line(t):
    import traceback

    def fails(g):
        raise ValueError("here")

    try:
        calling(t, fails, leaf(t)).sum().backward()
    except ValueError as error:
        return "fails" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def backward_again_after_an_error(t):
    fail = [True]
    x = leaf(t)

    def sometimes(g):
        if fail[0]:
            raise ValueError("once")

    a = x.exp()
    b = calling(t, sometimes, a * x)
    out = (b + a).sum()
    first = message(lambda: out.backward(retain_graph=True))
    fail[0] = False
    x.grad = None
    out.backward(retain_graph=True)
    return first, x.grad, t.autograd.grad(out, a)


def errors_in_every_place(t):
    found = []

    def fails(*args):
        raise ValueError("from a hook")

    for place in ("tensor", "leaf", "pre", "post", "accumulated", "end pre", "end post"):
        x = leaf(t)
        y = x.exp()
        z = (y * y + y).sum()
        n, end = y.grad_fn, t.autograd.graph.get_gradient_edge(x).node
        handle = {
            "tensor": lambda y=y: y.register_hook(fails),
            "leaf": lambda x=x: x.register_hook(fails),
            "pre": lambda n=n: n.register_prehook(fails),
            "post": lambda n=n: n.register_hook(fails),
            "accumulated": lambda x=x: x.register_post_accumulate_grad_hook(fails),
            "end pre": lambda end=end: end.register_prehook(fails),
            "end post": lambda end=end: end.register_hook(fails),
        }[place]()
        first = message(lambda z=z: z.backward(retain_graph=True))
        handle.remove()
        x.grad = None
        z.backward()
        found.append((place, first, x.grad))
    return found


def freed_after_an_error(t):
    gone = []

    def make():
        x = leaf(t)

        def fails(g):
            raise ValueError("fails")

        y = calling(t, fails, x * 2)
        gone.extend((weakref.ref(x), weakref.ref(y)))
        message(lambda: y.sum().backward())

    import gc

    make()
    gc.collect()
    return [r() is None for r in gone]


def keyboard_interrupt(t):
    def stop(g):
        raise KeyboardInterrupt

    x = leaf(t)
    out = calling(t, stop, x * 2).sum()
    try:
        out.backward()
    except BaseException as error:
        found = type(error).__name__
    (x * 3).sum().backward()
    return found, x.grad, t._C._current_graph_task_id()


# ---------------------------------------------------------------------------------------------- in threads
def nested_in_threads(t):
    found = {}

    def work(i):
        x = leaf(t)

        def inside(g):
            w = leaf(t)
            calling(t, lambda g: (w.detach().requires_grad_() * 2).sum().backward(), w * i).sum().backward()

        calling(t, inside, x * i).sum().backward()
        found[i] = x.grad.tolist()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def recursion_limit_is_kept(t):
    before = sys.getrecursionlimit()
    recursive(t, 100)
    return sys.getrecursionlimit() == before


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
