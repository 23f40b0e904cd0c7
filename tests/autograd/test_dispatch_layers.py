"""Layers of tensors that only have ``__torch_dispatch__``, beside PyTorch: no operation may look at elements itself."""

import pytest
from beside import check
from wrappers import unwrapped, wrapper_class


def F(t):
    return t.nn.functional


def place(t):
    return t.tensor([[0, 0]])


CASES = {
    "batch norm": ((3, 2), lambda t, w: F(t).batch_norm(w, None, None, training=True)),
    "batch norm with statistics": ((3, 2), lambda t, w: F(t).batch_norm(w, t.zeros(2), t.ones(2), t.ones(2))),
    "batch norm that moves statistics": ((3, 2), lambda t, w: F(t).batch_norm(w, t.zeros(2), t.ones(2), training=True)),
    "layer norm": ((3, 2), lambda t, w: F(t).layer_norm(w, (2,), t.ones(2), t.zeros(2))),
    "group norm": ((3, 4, 2), lambda t, w: F(t).group_norm(w, 2)),
    "instance norm": ((3, 2, 2), lambda t, w: F(t).instance_norm(w)),
    "max pool of lines": ((1, 1, 4), lambda t, w: F(t).max_pool1d(w, 2)),
    "max pool of images": ((1, 1, 4, 4), lambda t, w: F(t).max_pool2d(w, 2)),
    "max pool with positions": ((1, 1, 4, 4), lambda t, w: F(t).max_pool2d(w, 2, return_indices=True)[0]),
    "clamp": ((3,), lambda t, w: w.clamp(1.5, 2.5)),
    "clamp by tensors": ((3,), lambda t, w: w.clamp(t.ones(3), t.full((3,), 2.5))),
    "inverse": ((2, 2), lambda t, w: t.linalg.inv(w)),
    "scatter_reduce": ((3, 2), lambda t, w: w.scatter_reduce(0, place(t), t.ones(1, 2), "amax")),
    "scatter_reduce_": ((3, 2), lambda t, w: w.clone().scatter_reduce_(0, place(t), t.ones(1, 2), "sum")),
    "a sequence": ((2, 1, 4, 4), lambda t, w: t.nn.Sequential(
        t.nn.BatchNorm2d(1), t.nn.ReLU(), t.nn.MaxPool2d(2), t.nn.Flatten(), t.nn.LayerNorm(4)).double()(w)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_layers(case):
    shape, run = CASES[case]

    def scenario(t):
        x = (
            t.arange(1.0, 1.0 + t.ones(shape).numel())
            .reshape(shape)
            .sin()
            .to(t.float64 if case == "a sequence" else t.float32)
        )
        w = wrapper_class(t)(x, requires_grad=True)
        y = run(t, w)
        (y * y).sum().backward()
        return unwrapped(y), y.grad_fn.name(), unwrapped(w.grad)

    check(scenario, strides=False, rtol=1e-4, atol=1e-5)
