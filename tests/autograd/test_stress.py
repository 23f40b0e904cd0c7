"""Random graphs in threads, with hooks, checkpoints, changes in place and errors: their gradients are PyTorch's.

Each graph is built twice, by PyTorch in peace and by Rushlight under pressure; errors are thrown in its hooks and
functions. Afterwards nothing may be left in force.
"""

import gc
import random
import threading

import numpy as np

from rushlight.autograd import hooks, mode, tasks

THREADS, GRAPHS = 4, 60


class Injected(Exception):
    pass


def product(t, chaos):
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            chaos()
            a, b = ctx.saved_tensors
            return g * b, g * a

    return Product.apply


def build(t, seed, leaves, chaos, reentrant):
    """A scalar made of `leaves` by operations that the seed chooses."""
    r = random.Random(seed)
    values = list(leaves)
    for _ in range(r.randint(3, 10)):
        a, b = r.choice(values), r.choice(values)
        kind = r.randint(0, 9)
        if kind == 0:
            v = a * b
        elif kind == 1:
            v = a + b * 0.5
        elif kind == 2:
            v = (a * 0.3).exp().tanh()
        elif kind == 3:
            v = a.clone()
            v.mul_(0.5).add_(b)
        elif kind == 4:
            v = a.clone()
            v[:1].mul_(b[1:2])
            v = v + 0
        elif kind == 5:
            v = t.stack(list(a.unbind(0))) * b
        elif kind == 6:
            v = t.cat([a[:1], b[1:]])
        elif kind == 7:
            v = product(t, chaos)(a, b)
        elif kind == 8:
            again = r.random() < 0.5 and reentrant
            v = t.utils.checkpoint.checkpoint(lambda p, q: (p * q).sin(), a, b, use_reentrant=again)
        else:
            v = a * 0.7
            v.register_hook(lambda g: chaos())
        values.append(v)
    return sum((v * (i + 1)).sum() for i, v in enumerate(values[-3:]))


def under_pressure(t, how, seed, numbers):
    """The gradients of the graph, or None where an error was thrown."""
    r = random.Random(seed + 1)

    def chaos():
        if r.random() < 0.05:
            raise Injected
        if r.random() < 0.1:
            with t.enable_grad():
                w = t.ones(3, requires_grad=True)
                (w * w).sum().backward()
                assert w.grad.tolist() == [2.0, 2.0, 2.0]

    leaves = [t.tensor(n, requires_grad=True, dtype=t.float64) for n in numbers]
    try:
        if how == "saved tensors hooks":
            with t.autograd.graph.saved_tensors_hooks(lambda v: (v.detach().clone(),), lambda packed: packed[0]):
                out = build(t, seed, leaves, chaos, True)
            out.backward()
        elif how == "grad":
            return list(t.autograd.grad(build(t, seed, leaves, chaos, False), leaves, allow_unused=True))
        elif how == "twice":
            out = build(t, seed, leaves, chaos, True)
            out.backward(retain_graph=True)
            for x in leaves:
                x.grad = None
            out.backward()
        else:
            for x in leaves:
                x.register_hook(lambda g: None)
                x.register_post_accumulate_grad_hook(lambda p: None)
            with t.autograd.graph.allow_mutation_on_saved_tensors():
                build(t, seed, leaves, chaos, True).backward()
    except Injected:
        return None
    return [x.grad for x in leaves]


def test_threads():
    import torch.utils.checkpoint

    import rushlight.utils.checkpoint

    before = mode.special.count, hooks.LeafHooks.alive, threading.active_count()
    shared = rushlight.ones(3, requires_grad=True)
    found = {}

    def work(number):
        r = random.Random(number)
        for i in range(GRAPHS):
            seed = r.randrange(10**9)
            numbers = [[r.uniform(-1, 1) for _ in range(3)] for _ in range(3)]
            how = r.choice(["saved tensors hooks", "grad", "twice", "leaf hooks"])
            found[number, i] = seed, numbers, how, under_pressure(rushlight, how, seed, numbers)
            (shared * 1).sum().backward()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == THREADS * GRAPHS
    assert shared.grad.tolist() == [THREADS * GRAPHS] * 3
    thrown = 0
    for seed, numbers, how, ours in found.values():
        if ours is None:
            thrown += 1
            continue
        leaves = [torch.tensor(n, requires_grad=True, dtype=torch.float64) for n in numbers]
        build(torch, seed, leaves, lambda: None, True).backward()
        for x, g in zip(leaves, ours, strict=True):
            assert (x.grad is None) == (g is None), how
            if g is not None:
                np.testing.assert_allclose(g.numpy(), x.grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=how)
    assert 0 < thrown < len(found)
    found.clear()
    gc.collect()
    assert (mode.special.count, hooks.LeafHooks.alive, threading.active_count()) == before
    assert not tasks.tasks.stack
