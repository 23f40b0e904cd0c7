"""Graphs drawn at random, built by the same program on PyTorch and on Rushlight: all gradients must agree.

Every step of a program takes tensors of shape (3, 3) from a pool and puts a new one into it. Views, changes in place,
hooks, retained gradients and constants are among the steps, so that what they do to each other's history is covered.
"""

import random

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")


def fresh(t, a):
    """Return a copy in the usual layout, which may be viewed in any shape."""
    return t.cat([a])


def changed_in_place(t, a, b, i, j):
    r = a.clone()
    return r.add_(b)


def changed_row(t, a, b, i, j):
    r = a * 1.0
    r[i].mul_(b[j])
    return r


def changed_element(t, a, b, i, j):
    r = a * 1.0
    r[i, j] = b.sum() * 0.1
    return r


def changed_through_views(t, a, b, i, j):
    r = fresh(t, a)
    part = r.view(9)[i : i + 4]
    part.mul_(0.5)
    r.t()[j].add_(b[i])
    part.sin_()
    return r


def copied_column(t, a, b, i, j):
    r = a.clone()
    r[:, i].copy_(b[j])
    return r


def swapped_rows(t, a, b, i, j):
    r = a.clone()
    r[0], r[1] = b[1] * 2, b[0] * 1
    return r


def rows_apart(t, a, b, i, j):
    x, y, z = a.unbind(0)
    return t.stack([z, x, y * b[i]])


def split_apart(t, a, b, i, j):
    head, tail = a.split([1, 2])
    return t.cat([head * 2, tail.sin()])


def constant_factor(t, a, b, i, j):
    with t.no_grad():
        c = a * 2
    return b + c * 0.1


def hooked(t, a, b, i, j):
    r = a * 1.1
    r.register_hook(lambda gradient: gradient * (i + 0.5))
    return r


def retained(t, a, b, i, j):
    r = a * 0.9
    r.retain_grad()
    return r


STEPS = [
    changed_in_place,
    changed_row,
    changed_element,
    changed_through_views,
    copied_column,
    swapped_rows,
    rows_apart,
    split_apart,
    constant_factor,
    hooked,
    retained,
    lambda t, a, b, i, j: a + b,
    lambda t, a, b, i, j: a * b,
    lambda t, a, b, i, j: a - b,
    lambda t, a, b, i, j: a / (b * b + 1),
    lambda t, a, b, i, j: 2 - a,
    lambda t, a, b, i, j: a * 1.5 + 0.5,
    lambda t, a, b, i, j: a.sin(),
    lambda t, a, b, i, j: a.tanh(),
    lambda t, a, b, i, j: (a * 0.1).exp(),
    lambda t, a, b, i, j: (a * a + 0.5) ** 1.5,
    lambda t, a, b, i, j: (a * a + 1).log() + b,
    lambda t, a, b, i, j: (a * 1).relu_() + b * 0.2,
    lambda t, a, b, i, j: t.maximum(a, b * 0.9 + 0.01),
    lambda t, a, b, i, j: t.where(a > b, a, b * 0.5),
    lambda t, a, b, i, j: a.masked_fill(b > 0, 0.25),
    lambda t, a, b, i, j: a.detach() * b,
    lambda t, a, b, i, j: a.clone(),
    lambda t, a, b, i, j: a.t() * b,
    lambda t, a, b, i, j: a.flip(0) * b,
    lambda t, a, b, i, j: (a @ b) * 0.3,
    lambda t, a, b, i, j: a[i:].sum(0).expand(3, 3) * 1,
    lambda t, a, b, i, j: a[:, i : i + 1].expand(3, 3) + b,
    lambda t, a, b, i, j: a.sum(j % 2, keepdim=True) + b * 0.1,
    lambda t, a, b, i, j: a * a.var() + b.mean(),
    lambda t, a, b, i, j: a / (b.norm() + 1),
    lambda t, a, b, i, j: a.softmax(j % 2) + b * 0.1,
    lambda t, a, b, i, j: a.cumsum(j % 2) * 0.3,
    lambda t, a, b, i, j: t.cat([a[:1], b[1:]]),
    lambda t, a, b, i, j: t.stack([a[0], b[1], a[i]], 1),
    lambda t, a, b, i, j: a[t.tensor([0, i, j])] * 0.7,
    lambda t, a, b, i, j: a.gather(1, t.tensor([[0, i, j], [j, 1, i], [2, 2, i]])),
]


def build(t, seed):
    """Return (leaves, pool of results, scalar output) of the program that the seed stands for."""
    draw = random.Random(seed)
    data = np.random.default_rng(seed).standard_normal((3, 3, 3)).tolist()
    leaves = [t.tensor(rows, dtype=t.float64, requires_grad=True) for rows in data]
    pool = list(leaves)
    for _ in range(draw.randrange(3, 25)):
        step = draw.choice(STEPS)
        pool.append(step(t, draw.choice(pool), draw.choice(pool), draw.randrange(3), draw.randrange(3)))
        if len(pool) > 8:
            pool.pop(draw.randrange(3, len(pool)))
    return leaves, pool, sum(x.sum() * (0.1 * (k + 1)) for k, x in enumerate(pool[-4:]))


def backward(t, leaves, pool, output):
    output.backward()
    return [x.grad for x in leaves] + [x.grad for x in pool if x.retains_grad]


def backward_twice(t, leaves, pool, output):
    output.backward(retain_graph=True)
    output.backward()
    return [x.grad for x in leaves]


def backward_to_some(t, leaves, pool, output):
    output.backward(inputs=leaves[:2])
    return [x.grad for x in leaves]


def grad_of_all(t, leaves, pool, output):
    inputs = leaves + [x for x in pool[-3:] if x.requires_grad]
    return list(t.autograd.grad(output, inputs, allow_unused=True))


def second_order(t, leaves, pool, output):
    first = t.autograd.grad(output, leaves, allow_unused=True, create_graph=True)
    squares = [(g * g).sum() for g in first if g is not None and g.requires_grad]
    return list(t.autograd.grad(sum(squares), leaves, allow_unused=True)) if squares else []


@pytest.mark.parametrize("ask", [backward, backward_twice, backward_to_some, grad_of_all, second_order])
@pytest.mark.parametrize("block", range(5))
def test_same_gradients(ask, block):
    for seed in range(60 * block, 60 * block + 60):
        results = []
        for t in (torch, rushlight):
            leaves, pool, output = build(t, seed)
            gradients = ask(t, leaves, pool, output) if output.requires_grad else []
            results.append((output.item(), [None if g is None else g.tolist() for g in gradients]))
        (expected_value, expected), (value, got) = results
        assert value == pytest.approx(expected_value, rel=1e-12, abs=1e-12)
        assert [g is None for g in got] == [g is None for g in expected], seed
        for theirs, ours in zip(expected, got):
            if theirs is not None:
                np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11, err_msg=f"seed {seed}")
