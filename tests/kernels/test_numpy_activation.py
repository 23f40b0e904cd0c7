"""Activation kernels against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, normal, seeds
from rushlight.kernels import activation
from rushlight.kernels import numpy_activation as kernels

SELU = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0
# Each: torch's function, the kernel, the kernel of the derivative, further arguments of both, torch's where they
# differ.
CASES = {
    "gelu": (F.gelu, kernels.gelu, kernels.gelu_backward, ("none",), {}),
    "gelu_tanh": (F.gelu, kernels.gelu, kernels.gelu_backward, ("tanh",), {"approximate": "tanh"}),
    "silu": (F.silu, kernels.silu, kernels.silu_backward, (), {}),
    "mish": (F.mish, kernels.mish, kernels.mish_backward, (), {}),
    "log_sigmoid": (F.logsigmoid, kernels.log_sigmoid, kernels.log_sigmoid_backward, (), {}),
    "softplus": (F.softplus, kernels.softplus, kernels.softplus_backward, (2.0, 3.0), {"beta": 2, "threshold": 3}),
    "hardswish": (F.hardswish, kernels.hardswish, kernels.hardswish_backward, (), {}),
    "hardsigmoid": (F.hardsigmoid, kernels.hardsigmoid, kernels.hardsigmoid_backward, (), {}),
    "elu": (F.elu, kernels.elu, kernels.elu_backward, (0.7, 1.0, 1.0), {"alpha": 0.7}),
    "celu": (F.celu, kernels.elu, kernels.elu_backward, (0.5, 1.0, 2.0), {"alpha": 0.5}),
    "selu": (F.selu, kernels.elu, kernels.elu_backward, SELU, {}),
    "leaky_relu": (F.leaky_relu, kernels.leaky_relu, kernels.leaky_relu_backward, (0.1,), {"negative_slope": 0.1}),
    "hardtanh": (
        F.hardtanh,
        kernels.hardtanh,
        kernels.hardtanh_backward,
        (-0.5, 0.7),
        {"min_val": -0.5, "max_val": 0.7},
    ),
    "hardshrink": (F.hardshrink, kernels.hardshrink, kernels.hardshrink_backward, (0.5,), {"lambd": 0.5}),
    "softshrink": (F.softshrink, kernels.softshrink, kernels.hardshrink_backward, (0.5,), {"lambd": 0.5}),
}
EDGES = [0.0, -0.0, 3.0, -3.0, 0.5, -0.5, 0.1, 0.7, 1e3, -1e3, 30.0, -30.0]


def inputs(dtype):
    torch.manual_seed(0)
    x = torch.cat([torch.randn(103, dtype=dtype) * 3, torch.tensor(EDGES, dtype=dtype)])
    return [x, x[0], x[:0], x.reshape(5, 23).t()]


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [(torch.float64, 1e-9, 1e-11), (torch.float32, 3e-6, 4e-6)])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_values_and_derivatives(name, dtype, rtol, atol):
    reference, kernel, backward, args, options = CASES[name]
    for x in inputs(dtype):
        x = x.clone().requires_grad_()
        y = reference(x, **options)
        g = torch.randn_like(y)
        more = (False,) if kernel is kernels.elu else ()
        agree(kernel(array(x), *args), y, rtol, atol)
        agree(backward(array(g), array(x), *args, *more), gradients(y, [x], g)[0], rtol, atol)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_infinities_and_nan(name):
    # (PyTorch's derivatives at NaN depend on whether the element falls into a vector, so only values are compared.)
    reference, kernel, _, args, options = CASES[name]
    x = torch.tensor([torch.inf, -torch.inf, torch.nan], dtype=torch.float64)
    agree(kernel(array(x), *args), reference(x, **options))


def test_elu_from_its_result():
    for x in inputs(torch.float64):
        x = x.clone().requires_grad_()
        y = F.elu(x.clone(), 0.7, inplace=True)
        g = torch.randn_like(y)
        agree(kernels.elu_backward(array(g), array(y), 0.7, 1.0, 1.0, True), gradients(y, [x], g)[0])


def test_threshold():
    x = torch.tensor([-1.0, 0.1, 0.2, torch.nan, torch.inf], requires_grad=True)
    y = F.threshold(x, 0.1, 5.0)
    agree(kernels.threshold(array(x), np.float32(0.1), 5.0), y)
    g = torch.ones_like(y)
    agree(kernels.threshold_backward(array(g), array(x), np.float32(0.1))[:3], gradients(y, [x], g)[0][:3])


def test_prelu():
    torch.manual_seed(0)
    x, w = normal(2, 3, 4), normal(3)
    y = F.prelu(x, w)
    g = torch.randn_like(y)
    wide = array(w)[:, None]
    gx, gw = activation.prelu_grad_input(array(g), array(x), wide), activation.prelu_grad_weight(array(g), array(x))
    agree(kernels.prelu(array(x), wide), y)
    for a, e in zip((gx, gw.sum((0, 2))), gradients(y, [x, w], g)):
        agree(a, e)


@few
@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.data(), seeds)
def test_softmax(shape, data, seed):
    axis = data.draw(st.integers(0, len(shape) - 1))
    torch.manual_seed(seed)
    x = (torch.randn(shape, dtype=torch.float64) * 100).requires_grad_()
    g = torch.randn_like(x)
    for reference, kernel, backward in [
        (F.softmax, kernels.softmax, kernels.softmax_backward),
        (F.log_softmax, kernels.log_softmax, kernels.log_softmax_backward),
    ]:
        y = reference(x, axis)
        agree(kernel(array(x), axis), y)
        agree(backward(array(g), array(y), axis), gradients(y, [x], g)[0])


@pytest.mark.filterwarnings("error")
def test_softmax_of_infinities():
    inf, nan = torch.inf, torch.nan
    x = torch.tensor([[0.0, -inf, 1.0], [-inf, -inf, -inf], [nan, 0.0, 1.0], [inf, 0.0, 1.0]])
    agree(kernels.softmax(array(x), 1), F.softmax(x, 1), 1e-6, 0)
    agree(kernels.log_softmax(array(x), 1), F.log_softmax(x, 1), 1e-6, 0)
