"""Lazy layers, adaptive softmax and the cross entropy of a linear layer, beside PyTorch."""

import numpy as np
import pytest
from beside import check


def made(t, *shape, seed=0, grad=True):
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return t.from_numpy(values).requires_grad_(grad)


LAYERS = {
    "linear": (lambda t: t.nn.LazyLinear(3), (2, 5)),
    "no bias": (lambda t: t.nn.LazyLinear(3, bias=False), (2, 5)),
    "conv": (lambda t: t.nn.LazyConv1d(4, 3, 2, padding=1), (2, 5, 7)),
    "groups": (lambda t: t.nn.LazyConv2d(4, 3, groups=2, bias=False), (2, 6, 5, 5)),
    "transposed": (lambda t: t.nn.LazyConvTranspose2d(4, 3, 2), (2, 5, 4, 4)),
    "volume": (lambda t: t.nn.LazyConv3d(2, 2), (1, 3, 4, 4, 4)),
    "transposed row": (lambda t: t.nn.LazyConvTranspose1d(4, 3), (2, 5, 6)),
    "transposed volume": (lambda t: t.nn.LazyConvTranspose3d(2, 2), (1, 3, 3, 3, 3)),
    "batch norm": (lambda t: t.nn.LazyBatchNorm2d(), (2, 5, 3, 3)),
    "batch norm of rows": (lambda t: t.nn.LazyBatchNorm1d(), (4, 5)),
    "batch norm of volumes": (lambda t: t.nn.LazyBatchNorm3d(), (2, 3, 2, 2, 2)),
    "instance norm of images": (lambda t: t.nn.LazyInstanceNorm2d(affine=True), (2, 3, 4, 4)),
    "instance norm of volumes": (lambda t: t.nn.LazyInstanceNorm3d(affine=True), (2, 3, 2, 2, 2)),
    "instance norm": (lambda t: t.nn.LazyInstanceNorm1d(affine=True), (2, 5, 6)),
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_first_input_decides(name):
    make, shape = LAYERS[name]

    def scenario(t):
        t.manual_seed(0)
        layer = make(t)
        before = type(layer).__name__, repr(layer), layer.has_uninitialized_params()
        found = layer(made(t, *shape))
        state = {k: tuple(v.shape) for k, v in layer.state_dict().items()}
        return before, type(layer).__name__, repr(layer), found, state, [p.requires_grad for p in layer.parameters()]

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)


def test_loading_gives_shapes():
    def scenario(t):
        t.manual_seed(0)
        lazy = t.nn.LazyLinear(3)
        lazy.load_state_dict(t.nn.Linear(5, 3).state_dict())
        found = lazy(made(t, 2, 5))
        return found, repr(lazy), repr(t.nn.parameter.UninitializedParameter())

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.nn.LazyConv2d(4, 3)(t.ones(2, 2)),
        lambda t: t.nn.LazyConv2d(4, 3, groups=2)(t.ones(1, 3, 4, 4)),
        lambda t: t.nn.parameter.UninitializedParameter().shape,
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, []),
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [3, 2]),
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.tensor([0, 7])),
        lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(t.ones(2, 4), t.tensor([0])),
        lambda t: t.nn.LinearCrossEntropyOptions(acc_policy="quick"),
        lambda t: t.nn.LinearCrossEntropyOptions(chunking_method="rows"),
        lambda t: t.nn.LinearCrossEntropyLoss(4, 3, label_smoothing=2.0),
    ],
)
def test_wrong_arguments(call):
    check(lambda t: call(t))


def test_adaptive_softmax():
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=True)
        x, y = made(t, 5, 8), t.tensor([0, 4, 11, 2, 6])
        output, loss = layer(x, y)
        one = layer(x[0], y[0])
        grads = t.autograd.grad(loss, (x, *layer.parameters()))
        return output.detach(), loss, tuple(one)[1], grads, layer.log_prob(x).detach(), layer.predict(x), repr(layer)

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)


def test_linear_cross_entropy():
    def scenario(t):
        t.manual_seed(0)
        layer = t.nn.LinearCrossEntropyLoss(4, 3, out_features=(2,), bias=True, label_smoothing=0.1)
        loss = layer(made(t, 2, 4), t.tensor([[0, 1], [2, 2]]))
        return loss, t.autograd.grad(loss, list(layer.parameters())), list(layer.state_dict())

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)
