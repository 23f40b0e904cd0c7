"""Compiled group normalization against torch."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.reference import agree, array, gradients, seeds
from rushlight.kernels import group_norm as kernels
from rushlight.kernels import layer_norm

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def always():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(kernels, "SMALLEST", 1)
        patch.setattr(layer_norm, "SMALLEST", 1)
        patch.setattr(layer_norm, "SMALLEST_BACKWARD", 1)
        yield


@pytest.mark.parametrize("least", [1, 1 << 30])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.lists(st.integers(2, 40), min_size=1, max_size=2),
    st.booleans(), st.booleans(), st.sampled_from([torch.float32, torch.float64]),
    st.sampled_from([0.0, float("nan"), float("inf")]), seeds,
)  # fmt: skip
def test_group_norm(monkeypatch, least, n, groups, each, spatial, scaled, shifted, dtype, special, seed):
    monkeypatch.setattr(kernels, "_LEAST", least)
    torch.manual_seed(seed)
    c = groups * each
    x, w, b = (torch.randn(*s, dtype=dtype, requires_grad=True) for s in ((n, c, *spatial), (c,), (c,)))
    with torch.no_grad():
        x.view(-1)[0] = special
    shifted = shifted and scaled  # PyTorch's gradient refuses a bias without a weight
    w, b = w if scaled else None, b if shifted else None
    y = F.group_norm(x, groups, w, b, 1e-3)
    g = torch.randn_like(y)
    wanted = gradients(y, [t for t in (x, w, b) if t is not None], g)
    given_w, given_b = (None if t is None else array(t) for t in (w, b))
    close = (1e-4, 1e-4) if dtype is torch.float32 else (1e-9, 1e-9)
    got, mean, inverse = kernels.group_norm(array(x), groups, given_w, given_b, 1e-3)
    agree(got, y, *close)
    back = kernels.group_norm_backward(array(g), array(x), groups, mean, inverse, given_w, (True, scaled, shifted))
    terms = float(n * y[0, 0].numel()) ** 0.5
    for mine, theirs in zip([p for p in back if p is not None], wanted, strict=True):
        agree(mine / terms, theirs / terms, *close)
