"""Threads that use operations, leaves and views for the first time at once.

Python's lock makes such meetings rare; without it (a free-threaded build) they happen in every run.
"""

import subprocess
import sys
import textwrap
from functools import partial

import numpy as np
from together import run

import rushlight as t
from rushlight.autograd import mode
from rushlight.autograd.hooks import LeafHooks

THREADS = 8


def together(job):
    """Calls ``job(number)`` in several threads at once; the errors raised."""
    return run([partial(job, number) for number in range(THREADS)])


def test_operations():
    program = """
    import sys, threading
    import rushlight as t
    sys.setswitchinterval(1e-5)
    F = t.nn.functional
    functions = [
        lambda x: x.sin() * x, lambda x: x.exp() / x, lambda x: x.softmax(0), F.gelu, lambda x: x @ x,
        lambda x: x.var(),
        lambda x: F.layer_norm(x, (4,)), lambda x: t.where(x > 0, x, -x), lambda x: x.clone().mul_(x),
        lambda x: x[1:] + x[:-1], lambda x: t.cat([x, x]), lambda x: x.view(2, 2).t() @ x.view(2, 2), lambda x: x.max(),
        lambda x: F.conv1d(x.view(1, 1, 4), x[:2].view(1, 1, 2)), lambda x: t.einsum("i,j->ij", x, x),
        lambda x: x.logcumsumexp(0),
    ]
    start, errors = threading.Barrier(8), []

    def work():
        start.wait()
        for f in functions:
            try:
                x = t.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
                (g,) = t.autograd.grad(f(x).sum(), x, create_graph=True)
                f(x).sum().backward()
                assert t.allclose(g, x.grad)
            except Exception as error:
                errors.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(errors)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_leaves():
    x = t.zeros(16, dtype=t.float64, requires_grad=True)
    assert not together(lambda k: [(x * float(k + 1)).sum().backward() for _ in range(50)])
    np.testing.assert_array_equal(x.grad.numpy(), 50.0 * sum(range(1, THREADS + 1)))


def test_views():
    base = t.zeros(64, dtype=t.float64)
    base[:1].add_(0)

    def work(k):
        for _ in range(50):
            base[k * 8 : (k + 1) * 8].add_(1.0)
            base.view(8, 8)[k].add_(1.0)

    assert not together(work)
    np.testing.assert_array_equal(base.numpy(), 100.0)


def test_hooks_and_modes_are_counted():
    before = len(LeafHooks.alive), mode.special.count, mode.special.more

    def work(k):
        for _ in range(50):
            x = t.ones(2, requires_grad=True)
            x.register_hook(lambda grad: grad)
            with t.no_grad(), t.autograd.graph.saved_tensors_hooks(lambda s: s, lambda s: s):
                assert not (x * x).requires_grad
            (x * x).sum().backward()

    assert not together(work)
    assert (len(LeafHooks.alive), mode.special.count, mode.special.more) == before
