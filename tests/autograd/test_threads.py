"""Backward in several threads, and backward within backward, beside PyTorch."""

import threading

import pytest
from beside import check, scenarios
from together import run


def separate_graphs(t):
    found = [None] * 8

    def job(i):
        x = t.arange(5.0).requires_grad_()
        for _ in range(20):
            x.grad = None
            ((x * (i + 1)).sin() * x).sum().backward()
        found[i] = x.grad

    return run([lambda i=i: job(i) for i in range(8)]), found


def one_leaf_of_many_graphs(t):
    x = t.ones(4, requires_grad=True)

    def job(i):
        for _ in range(25):
            (x * float(i)).sum().backward()

    return run([lambda i=i: job(i) for i in range(6)]), x.grad


def one_graph_kept(t):
    x = t.ones(4, requires_grad=True)
    y = (x.exp() * x).sum()
    return run([lambda: y.backward(retain_graph=True)] * 5), x.grad


def one_graph_by_grad(t):
    x = t.arange(4.0).requires_grad_()
    y = (x.sin() * x).sum()
    found = []
    errors = run([lambda: found.append(t.autograd.grad(y, x, retain_graph=True)[0].tolist())] * 5)
    return errors, found


def graphs_with_a_common_part(t):
    x = t.arange(4.0).requires_grad_()
    common = x * x
    ends = [(common * float(i)).sum() for i in range(6)]
    return run([lambda e=e: e.backward(retain_graph=True) for e in ends]), x.grad


def errors_reach_their_thread(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("from a thread")

    x = t.ones(2, requires_grad=True)
    fine = t.ones(2, requires_grad=True)
    errors = run([lambda: Fails.apply(x).sum().backward(), lambda: (fine * 2).sum().backward()])
    return errors, fine.grad, x.grad


def hooks_run_in_the_thread_of_backward(t):
    x = t.ones(2, requires_grad=True)
    seen = []
    y = x * 2
    y.register_hook(lambda g: seen.append(threading.current_thread().name))
    thread = threading.Thread(target=lambda: y.sum().backward(), name="of our own")
    thread.start()
    thread.join()
    return seen


def recorded_here_differentiated_there(t):
    x = t.ones(2, requires_grad=True)
    y = (x * 3).sum()
    return run([y.backward]), x.grad


def no_grad_is_of_one_thread(t):
    seen = {}
    inside = threading.Event()
    done = threading.Event()

    def other():
        inside.wait(5)
        seen["other"] = t.is_grad_enabled(), (t.ones(1, requires_grad=True) * 2).requires_grad
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with t.no_grad():
        inside.set()
        done.wait(5)
        seen["here"] = t.is_grad_enabled(), (t.ones(1, requires_grad=True) * 2).requires_grad
    thread.join()
    return seen


def inference_mode_is_of_one_thread(t):
    seen = []
    with t.inference_mode():
        run([lambda: seen.append((t.is_inference_mode_enabled(), t.ones(1).is_inference()))])
        seen.append((t.is_inference_mode_enabled(), t.ones(1).is_inference()))
    return seen


def modes_do_not_pass_to_new_threads(t):
    seen = []
    t.set_grad_enabled(False)
    try:
        run([lambda: seen.append(t.is_grad_enabled())])
    finally:
        t.set_grad_enabled(True)
    return seen


def recording_stops_in_backward(t):
    seen = []
    x = t.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: seen.append(t.is_grad_enabled()))
    run([lambda: y.sum().backward()])
    z = x * 2
    z.register_hook(lambda g: seen.append(t.is_grad_enabled()))
    run([lambda: z.sum().backward(create_graph=True)])
    return seen


# ---------------------------------------------------------------------------------------------- within backward
def backward_within_a_hook(t):
    x, w = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)

    def hook(g):
        with t.enable_grad():
            (w * g.detach()).sum().backward()

    y = x * 3
    y.register_hook(hook)
    (y * y).sum().backward()
    return x.grad, w.grad


def grad_within_a_function(t):
    class Checkpoint(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin() * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with t.enable_grad():
                again = x.detach().requires_grad_()
                (found,) = t.autograd.grad(again.sin() * again, again, g)
            return found

    x = t.arange(3.0).requires_grad_()
    Checkpoint.apply(Checkpoint.apply(x)).sum().backward()
    return x.grad


def accumulated_into_the_same_leaf(t):
    x = t.ones(2, requires_grad=True)

    def hook(g):
        with t.enable_grad():
            (x * 5).sum().backward()

    y = x * 3
    y.register_hook(hook)
    y.sum().backward()
    return x.grad


def an_error_within(t):
    x, w = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True)
    inner = (w * w).sum()
    inner.backward()

    def hook(g):
        inner.backward()

    y = x * 3
    y.register_hook(hook)
    try:
        y.sum().backward()
    except RuntimeError as error:
        said = str(error)
    (x * 2).sum().backward()
    return said, x.grad


def deep(t, depth):
    """A Function whose backward runs a backward, and so on, `depth` times."""
    reached = []

    class Deep(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            reached.append(1)
            if len(reached) < depth:
                with t.enable_grad():
                    x = t.ones(1, requires_grad=True)
                    Deep.apply(x).sum().backward()
            return g * 2

    x = t.ones(1, requires_grad=True)
    Deep.apply(x).sum().backward()
    return len(reached), x.grad


def nested_some_deep(t):
    return deep(t, 400)


def nested_in_threads(t):
    found = []
    errors = run([lambda: found.append(deep(t, 40)[0])] * 3)
    return errors, found


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test_beside_torch(scenario):
    check(scenario)
