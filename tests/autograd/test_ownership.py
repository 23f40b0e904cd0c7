"""A leaf's gradient is its own: it shares memory with the seed, or with another leaf's, only where PyTorch lets it.

Otherwise the next backward pass, which adds to it in place, would change what belongs to others.
"""

import itertools

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")

# name: (the shapes of the leaves, the operation)
CASES = {
    "add": ([(2,), (2,)], lambda t, a, b: a + b),
    "add of one tensor": ([(2,)], lambda t, a: a + a),
    "clone": ([(2, 3)], lambda t, a: a.clone()),
    "contiguous": ([(2, 3)], lambda t, a: a.contiguous()),
    "to the same dtype": ([(2, 3)], lambda t, a: a.to(a.dtype)),
    "whole slice": ([(2, 3)], lambda t, a: a[:]),
    "t": ([(2, 3)], lambda t, a: a.t()),
    "t of a column": ([(3, 1)], lambda t, a: a.t()),
    "permute of a column": ([(3, 1)], lambda t, a: a.permute(1, 0)),
    "view": ([(2, 3)], lambda t, a: a.view(3, 2)),
    "squeeze": ([(1, 3)], lambda t, a: a.squeeze(0)),
    "pad": ([(2, 3)], lambda t, a: t.nn.functional.pad(a, (1, 1))),
    "expand to the same size": ([(2, 3)], lambda t, a: a.expand(2, 3)),
    "sum over one": ([(1, 3)], lambda t, a: a.sum(0)),
    "where": ([(2,), (2,)], lambda t, a, b: t.where(a > 2, a, b)),
    "maximum": ([(2,), (2,)], lambda t, a, b: t.maximum(a, b)),
    "cat": ([(2,), (2,), (2,)], lambda t, *xs: t.cat(xs)),
    "stack": ([(2,), (2,), (2,)], lambda t, *xs: t.stack(xs)),
    "addcmul": ([(2,), (2,), (2,)], lambda t, a, b, c: t.addcmul(a, b, c)),
    "lerp": ([(2,), (2,), (2,)], lambda t, a, b, c: t.lerp(a, b, c)),
    "addmm": ([(2, 4), (2, 3), (3, 4)], lambda t, a, b, c: t.addmm(a, b, c)),
    "baddbmm": ([(1, 2, 4), (1, 2, 3), (1, 3, 4)], lambda t, a, b, c: t.baddbmm(a, b, c)),
    "linear of one row": ([(1, 3), (2, 3), (2,)], lambda t, x, w, b: t.nn.functional.linear(x, w, b)),
    "linear of a vector": ([(3,), (2, 3), (2,)], lambda t, x, w, b: t.nn.functional.linear(x, w, b)),
    "convolution of one pixel": (
        [(1, 1, 1, 1), (1, 1, 1, 1), (1,)],
        lambda t, x, w, b: t.nn.functional.conv2d(x, w, b),
    ),
    "layer_norm of one row": ([(3,), (3,), (3,)], lambda t, x, w, b: t.nn.functional.layer_norm(x, (3,), w, b)),
    "batch_norm": (
        [(4, 3), (3,), (3,)],
        lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, training=True),
    ),
}


def shared(t, shapes, operation):
    """Return, for each leaf's gradient and the seed, and for each two of the gradients, whether they share memory."""
    t.manual_seed(0)
    leaves = [t.rand(shape).requires_grad_() for shape in shapes]
    result = operation(t, *leaves)
    seed = t.ones(result.shape)
    result.backward(seed)
    arrays = [seed.numpy(), *(leaf.grad.detach().numpy() for leaf in leaves)]
    return [np.shares_memory(a, b) for a, b in itertools.combinations(arrays, 2)]


@pytest.mark.parametrize("name", CASES)
def test_gradients_share_no_more_than_in_pytorch(name):
    shapes, operation = CASES[name]
    for ours, theirs in zip(shared(rushlight, shapes, operation), shared(torch, shapes, operation)):
        assert theirs or not ours


@pytest.mark.parametrize("name", CASES)
def test_two_backward_passes_add_up(name):
    shapes, operation = CASES[name]
    sums = []
    for t in (torch, rushlight):
        t.manual_seed(0)
        leaves = [t.rand(shape, dtype=t.float64).requires_grad_() for shape in shapes]
        for _ in range(2):
            result = operation(t, *leaves)
            result.backward(t.ones(result.shape, dtype=t.float64))
        sums.append([leaf.grad.tolist() for leaf in leaves])
    for theirs, ours in zip(*sums):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
