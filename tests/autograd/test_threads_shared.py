"""Backward in several threads on graphs they share, with hooks and errors, beside PyTorch."""

import threading

import pytest
from beside import check, leaf, scenarios
from together import run


def same_inputs(t):
    x = leaf(t)

    def job():
        y = (x + 3) * (x + 4) * 0.5
        t.autograd.grad(y.sum(), x)
        y = (x + 3) * (x + 4) * 0.5
        y.sum().backward()

    return run([job] * 6), x.grad


def shared_part_kept(t):
    x = leaf(t)
    y = x.exp() * x
    return run([lambda: (y * 2).sum().backward(retain_graph=True)] * 6), x.grad


def shared_part_freed(t):
    x = leaf(t)
    y = x.exp() * x
    errors = run([lambda: (y * 2).sum().backward()] * 4)
    return bool(errors), sorted({kind for kind, _ in errors.values()})


def tensor_hooks(t):
    lock, seen = threading.Lock(), []

    def hook(g):
        with lock:
            seen.append(g.tolist())

    x = leaf(t)
    x.register_hook(hook)
    y = x * 2
    y.register_hook(hook)
    errors = run([lambda: (y * 3).sum().backward(retain_graph=True)] * 5)
    return errors, sorted(seen), x.grad


def group_hooks(t):
    lock, seen = threading.Lock(), []

    def hook(g):
        with lock:
            seen.append([None if v is None else v.tolist() for v in g])

    a, b = leaf(t), leaf(t, 3.0, 4.0)
    c = a * b
    t.autograd.graph.register_multi_grad_hook((a, b, c), hook)
    errors = run([lambda: c.sum().backward(retain_graph=True)] * 5)
    return errors, seen


def group_hooks_any(t):
    lock, seen = threading.Lock(), []

    def hook(g):
        with lock:
            seen.append(g.tolist())

    a, b = leaf(t), leaf(t, 3.0, 4.0)
    c = a * b
    t.autograd.graph.register_multi_grad_hook((a, b, c), hook, mode="any")
    return run([lambda: c.sum().backward(retain_graph=True)] * 5), seen


def accumulated_hooks(t):
    lock, count = threading.Lock(), [0]

    def hook(p):
        with lock:
            count[0] += 1

    x = leaf(t)
    x.register_post_accumulate_grad_hook(hook)
    errors = run([lambda: [(x * 2).sum().backward() for _ in range(20)]] * 4)
    return errors, count, x.grad


def errors_of_some(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, fail):
            ctx.fail = fail
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if ctx.fail:
                raise ValueError("mine")
            return g, None

    x = leaf(t)
    jobs = [lambda fail=i % 2: Fails.apply(x * 2, fail).sum().backward() for i in range(6)]
    return run(jobs), x.grad


def saved_tensors_hooks(t):
    lock, seen = threading.Lock(), []
    x = leaf(t)

    def unpack(v):
        with lock:
            seen.append(1)
        return v

    with t.autograd.graph.saved_tensors_hooks(lambda v: v.detach().clone(), unpack):
        y = (x.exp() * x).sum()
    errors = run([lambda: y.backward(retain_graph=True)] * 5)
    return errors, len(seen), x.grad


def custom_functions(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = leaf(t)
    y = Square.apply(x * 2)
    return run([lambda: y.sum().backward(retain_graph=True)] * 5), x.grad


def create_graph(t):
    x = leaf(t)
    y = (x**3).sum()
    found = []

    def job():
        (g,) = t.autograd.grad(y, x, create_graph=True)
        (h,) = t.autograd.grad(g.sum(), x)
        found.append(h.tolist())

    return run([job] * 4), found


def fork_and_join(t):
    x = leaf(t)
    parts = [None] * 3

    def job(i):
        parts[i] = (x * (i + 1)).exp()

    errors = run([lambda i=i: job(i) for i in range(3)])
    sum(parts).sum().backward()
    return errors, x.grad


def modes_of_the_caller(t):
    x = leaf(t)
    found = []

    def job():
        with t.autograd.set_multithreading_enabled(False), t.no_grad():
            found.append((t.autograd.is_multithreading_enabled(), t.is_grad_enabled()))
        (x * 2).sum().backward()
        found.append((t.autograd.is_multithreading_enabled(), t.is_grad_enabled()))

    return run([job] * 2), sorted(map(str, found)), t.autograd.is_multithreading_enabled()


def callbacks(t):
    lock, seen = threading.Lock(), []

    def job():
        w = leaf(t)
        y = w * 2
        name = threading.current_thread().name

        def done():
            with lock:
                seen.append((threading.current_thread().name == name, w.grad.tolist()))

        y.register_hook(lambda g: t.autograd.Variable._execution_engine.queue_callback(done))
        y.sum().backward()

    return run([job] * 4), seen


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
