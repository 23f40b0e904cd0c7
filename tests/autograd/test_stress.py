"""Random graphs with hooks, checkpoints, changes in place and errors, in several threads at once.

Every thread has to find the gradients that the graph has alone, and nothing may be left in force when all is done. The
number of graphs comes from the environment variable STRESS_GRAPHS.
"""

import os
import random
import threading

import numpy as np

import rushlight as t
from rushlight.autograd import mode, tasks
from rushlight.utils.checkpoint import checkpoint

GRAPHS = int(os.environ.get("STRESS_GRAPHS", "30"))
THREADS = 8


class Square(t.autograd.Function):
    """The square, whose backward fails if asked to."""

    @staticmethod
    def forward(ctx, x, fails):
        ctx.fails = fails
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        if ctx.fails:
            raise ValueError("asked to")
        (x,) = ctx.saved_tensors
        return 2 * x * grad, None


def gradients(seed):
    """The gradients of the random graph of that number, or how it failed."""
    draw = random.Random(seed)
    x = t.arange(1.0, 7.0, dtype=t.float64, requires_grad=True)
    w = t.full((6,), 0.5, dtype=t.float64, requires_grad=True)
    fails, hook_fails = draw.random() < 0.3, draw.random() < 0.2

    def hook(grad):
        if hook_fails:
            raise KeyError("asked to")
        return grad * 1.0

    def inner(a):
        return checkpoint(lambda b: (b * 0.5).tanh(), a, use_reentrant=False) * w

    h = x * 1
    for _ in range(draw.randint(2, 8)):
        step = draw.randint(0, 6)
        if step == 0:
            h = checkpoint(lambda a: (a * w).sin(), h, use_reentrant=False)
        elif step == 1:
            h = checkpoint(lambda a: (a * w).cos(), h, use_reentrant=True)
        elif step == 2:
            h = h.clone()
            h[draw.randint(0, 3) : 5].mul_(1.5)
            h.add_(x)
        elif step == 3:
            h = Square.apply(h, fails) * 0.1
        elif step == 4:
            h = h * w
            h.register_hook(hook)
        elif step == 5:
            h = checkpoint(inner, h, use_reentrant=False)
        else:
            a, b = h.split(3)
            h = t.cat([b, a]) + h
    try:
        h.sum().backward()
    except (ValueError, KeyError) as error:
        return type(error).__name__
    return [None if v.grad is None else v.grad.tolist() for v in (x, w)]


def same(found, expected):
    """Whether two outcomes agree; several gradients of one tensor may be added in another order."""
    if isinstance(found, str) or isinstance(expected, str):
        return found == expected
    return all(
        a is b if a is None or b is None else np.allclose(a, b, rtol=1e-12, atol=1e-14)
        for a, b in zip(found, expected, strict=True)
    )


def test_random_graphs_in_threads():
    alone = [gradients(seed) for seed in range(GRAPHS)]
    wrong = []

    def work(number):
        for i in range(GRAPHS):
            seed = (i * 7 + number * 13) % GRAPHS
            if not same(gradients(seed), alone[seed]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert {"ValueError", "KeyError"} <= {found for found in alone if isinstance(found, str)}
    assert not tasks.tasks.stack
    assert not mode.local.saving
    assert mode.local.grad
