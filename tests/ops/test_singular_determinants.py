"""Determinants of matrices that have no inverse, beside PyTorch."""

import pytest
from beside import check


@pytest.mark.parametrize("singular", ["none", "all", "some", "rank one"])
def test_second_derivative_of_determinants(singular):
    def scenario(t):
        flat = t.arange(9, dtype=t.float64).reshape(3, 3) * 0.3 + 0.5
        steep = flat + t.eye(3) * 2
        x = {
            "none": steep, "all": t.stack([flat, flat * 2]), "some": t.stack([steep, flat, steep]).reshape(3, 1, 3, 3),
            "rank one": t.tensor([[1.0, 2], [2, 4]], dtype=t.float64),
        }[singular].requires_grad_()  # fmt: skip
        (g,) = t.autograd.grad(t.linalg.det(x).sum(), x, create_graph=True)
        return g.detach(), t.autograd.grad((g * g).sum(), x)

    check(scenario, strides=False, rtol=1e-8, atol=1e-8)
