"""Losses on large arrays, compiled, beside torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from kernels.reference import agree, array, gradients
from rushlight.kernels import loss as kernels
from rushlight.ops.entropy import _logits_input

from .fast import compiled_always, needs_numba

pytestmark = needs_numba
always = compiled_always(kernels)

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
DISTANCES = {"mse_loss": {}, "smooth_l1_loss": {"beta": 0.4}, "huber_loss": {"delta": 0.4}}
SPECIAL = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 0.4, -0.4, 1e30]


def tensors(dtype):
    """Numbers, and targets, of which the first are all pairs of special ones."""
    torch.manual_seed(0)
    x, target = torch.randn(150, 150, dtype=dtype), torch.rand(150, 150, dtype=dtype)
    pairs = torch.tensor([(a, b) for a in SPECIAL for b in (0.0, 0.4, 1.0, float("nan"))], dtype=dtype)
    x.view(-1)[: len(pairs)], target.view(-1)[: len(pairs)] = pairs.T
    return x.requires_grad_(), target


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", DISTANCES)
def test_distances(name, reduction, dtype):
    x, target = tensors(dtype)
    numbers = REDUCTIONS[reduction], *DISTANCES[name].values()
    for first in (0, 1):  # from the second row on there are ordinary numbers only
        some, wanted = x[first:].detach().requires_grad_(), target[first:]
        y = getattr(F, name)(some, wanted, reduction=reduction, **DISTANCES[name])
        g = torch.randn_like(y)
        agree(getattr(kernels, name)(array(some), array(wanted), *numbers), y, 1e-5)
        got = getattr(kernels, f"{name}_backward")(array(g), array(some), array(wanted), *numbers)
        agree(got, gradients(y, [some], g)[0], 1e-5, 1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_of_logits(reduction, dtype):
    x, target = tensors(dtype)
    for first in (0, 1):
        some, wanted = x[first:].detach().requires_grad_(), target[first:]
        y = F.binary_cross_entropy_with_logits(some, wanted, reduction=reduction)
        g = torch.randn_like(y)
        number, none = REDUCTIONS[reduction], None
        agree(kernels.binary_cross_entropy_with_logits(array(some), array(wanted), none, none, number), y, 1e-5, 1e-7)
        got = _logits_input(array(g), array(some), array(wanted), none, none, number)
        agree(got, gradients(y, [some], g)[0], 1e-5, 1e-7)


def test_small_arrays_and_mixed_types_are_left_to_numpy():
    small = np.ones(8, np.float32)
    assert kernels._SQUARES.forward(small, small, 0) is None
    large = np.ones(1 << 15, np.float32)
    assert kernels._SQUARES.forward(large, large.astype(np.float64), 0) is None
    assert kernels.mse_loss(large.astype(np.float16), large.astype(np.float16), 1).dtype == np.float16
