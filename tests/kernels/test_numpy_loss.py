"""Loss and embedding kernels against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, seeds
from rushlight.kernels import numpy_loss as kernels

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
REGRESSION = {
    "mse_loss": (kernels.mse_loss, kernels.mse_loss_backward, {}),
    "smooth_l1_loss": (kernels.smooth_l1_loss, kernels.smooth_l1_loss_backward, {"beta": 0.4}),
    "huber_loss": (kernels.huber_loss, kernels.huber_loss_backward, {"delta": 0.4}),
    "soft_margin_loss": (kernels.soft_margin_loss, kernels.soft_margin_loss_backward, {}),
}
shapes = st.lists(st.integers(0, 5), max_size=3)
reductions = st.sampled_from(sorted(REDUCTIONS))


@pytest.mark.parametrize("name", REGRESSION)
@few
@given(shape=shapes, reduction=reductions, seed=seeds)
def test_regression(name, shape, reduction, seed):
    kernel, backward, options = REGRESSION[name]
    torch.manual_seed(seed)
    x, t = torch.rand(shape, dtype=torch.float64).requires_grad_(), torch.rand(shape, dtype=torch.float64)
    y = getattr(F, name)(x, t, reduction=reduction, **options)
    g = torch.randn_like(y)
    more = REDUCTIONS[reduction], *options.values()
    agree(kernel(array(x), array(t), *more), y)
    agree(backward(array(g), array(x), array(t), *more), gradients(y, [x], g)[0])


@few
@given(shapes, reductions, st.booleans(), seeds)
def test_binary_cross_entropy(shape, reduction, weighted, seed):
    torch.manual_seed(seed)
    x, t = torch.rand(shape, dtype=torch.float64).round(decimals=1).requires_grad_(), torch.rand(shape).double()
    w = torch.rand(shape, dtype=torch.float64) if weighted else None
    how = REDUCTIONS[reduction]
    y = F.binary_cross_entropy(x, t, w, reduction=reduction)
    g = torch.randn_like(y)
    agree(kernels.binary_cross_entropy(array(x), array(t), array(w), how), y)
    agree(kernels.binary_cross_entropy_backward(array(g), array(x), array(t), array(w), how), gradients(y, [x], g)[0])
    z = (torch.randn(shape) * 50).double()
    y = F.binary_cross_entropy_with_logits(z, t, w, reduction=reduction, pos_weight=w)
    agree(kernels.binary_cross_entropy_with_logits(array(z), array(t), array(w), array(w), how), y)


@few
@given(st.integers(0, 5), st.integers(1, 4), st.sampled_from([(), (2,), (2, 3)]), reductions, st.data(), seeds)
def test_nll_loss(n, classes, spatial, reduction, data, seed):
    torch.manual_seed(seed)
    x, t = torch.randn(n, classes, *spatial, dtype=torch.float64), torch.randint(0, classes, (n, *spatial))
    if data.draw(st.integers(0, 5)) == 0:
        x, t = torch.randn(classes, dtype=torch.float64), torch.tensor(0)
    x.requires_grad_()
    w = torch.rand(classes, dtype=torch.float64) if data.draw(st.booleans()) else None
    ignored = data.draw(st.sampled_from([-100, 0, 1]))
    how = REDUCTIONS[reduction], ignored
    y = F.nll_loss(x, t, w, reduction=reduction, ignore_index=ignored)
    g = torch.randn_like(y)
    loss, total = kernels.nll_loss(array(x), array(t), array(w), *how)
    agree(loss, y)
    agree(kernels.nll_loss_backward(array(g), array(t), array(w), *how, total, tuple(x.shape)), gradients(y, [x], g)[0])
    agree(kernels.nll_loss_total(array(x), array(t), array(w), *how, total), y)


@pytest.mark.parametrize("wrong", [-1, 4])
def test_targets_that_are_no_classes(wrong):
    x, t = torch.zeros(2, 4), torch.tensor([0, wrong])
    with pytest.raises(IndexError) as expected:
        F.nll_loss(x, t)
    with pytest.raises(IndexError) as found:
        kernels.nll_loss(array(x), array(t), None, 1, -100)
    assert str(found.value) == str(expected.value)


def test_probabilities_outside_of_the_unit_interval():
    x = torch.tensor([0.5, 1.5])
    with pytest.raises(RuntimeError) as expected:
        F.binary_cross_entropy(x, x)
    with pytest.raises(RuntimeError) as found:
        kernels.binary_cross_entropy(array(x), array(x), None, 1)
    assert str(found.value) == str(expected.value)


@few
@given(st.lists(st.integers(0, 4), max_size=3), st.sampled_from([None, 2]), st.booleans(), seeds)
def test_embedding(shape, padding, by_frequency, seed):
    torch.manual_seed(seed)
    w = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    t = torch.randint(0, 7, shape)
    y = F.embedding(t, w, padding, scale_grad_by_freq=by_frequency)
    g = torch.randn_like(y)
    agree(kernels.embedding(array(w), array(t)), y)
    got = kernels.embedding_backward(array(g), array(t), 7, -1 if padding is None else padding, by_frequency)
    agree(got, gradients(y, [w], g)[0])
    agree(kernels.one_hot(array(t), 9), F.one_hot(t, 9))
    if t.numel():
        agree(kernels.one_hot(array(t), -1), F.one_hot(t))


def test_embedding_outside_of_the_table():
    with pytest.raises(IndexError) as expected:
        F.embedding(torch.tensor([7]), torch.zeros(7, 2))
    with pytest.raises(IndexError) as found:
        kernels.embedding(np.zeros((7, 2)), np.array([7]))
    assert str(found.value) == str(expected.value)
