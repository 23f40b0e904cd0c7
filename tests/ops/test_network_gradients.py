"""The derivatives of network operations against finite differences, of first and second order."""

import pytest

import rushlight as torch

from .derivatives import numbers

F = torch.nn.functional


def leaf(*shape, seed=0, kind="normal"):
    return torch.from_numpy(numbers(shape, seed, kind)).requires_grad_()


X, W, B = leaf(2, 2, 4, 4), leaf(2, 2, 3, 3, seed=1), leaf(2, seed=2)
CALLS = {
    "conv": (lambda x, w, b: F.conv2d(x, w, b, 2, 1), (X, W, B)),
    "conv_transpose": (lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1), (leaf(1, 2, 2, 2), W, B)),
    "conv_groups": (lambda x, w: F.conv2d(x, w, groups=2, dilation=2), (leaf(1, 2, 5, 5), leaf(2, 1, 2, 2))),
    "max_pool": (lambda x: F.max_pool2d(x, 2), (X,)),
    "avg_pool": (lambda x: F.avg_pool2d(x, 3, 2, 1), (X,)),
    "adaptive": (lambda x: F.adaptive_avg_pool2d(x, (3, 2)), (X,)),
    "batch_norm": (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), (leaf(3, 2, 2), leaf(2), B)),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (4,), w, b), (leaf(3, 4), leaf(4), leaf(4))),
    "group_norm": (lambda x, w, b: F.group_norm(x, 1, w, b), (leaf(2, 2, 3), leaf(2), B)),
    "softmax": (lambda x: F.softmax(x, 1), (leaf(3, 4),)),
    "cross_entropy": (lambda x: F.cross_entropy(x, torch.tensor([0, 3, 1])), (leaf(3, 4),)),
    "gelu": (F.gelu, (leaf(3, 4),)),
    "silu": (F.silu, (leaf(3, 4),)),
    "glu": (F.glu, (leaf(3, 4),)),
    "prelu": (F.prelu, (leaf(3, 4), leaf(4))),
    "mse": (F.mse_loss, (leaf(3, 4), leaf(3, 4, seed=1))),
    "bce": (F.binary_cross_entropy, (leaf(3, 4, kind="unit"), leaf(3, 4, seed=1, kind="unit"))),
    "embedding": (lambda w: F.embedding(torch.tensor([0, 2, 2]), w), (leaf(3, 2),)),
}


@pytest.mark.parametrize("name", CALLS)
def test_finite_differences(name):
    call, inputs = CALLS[name]
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs)
