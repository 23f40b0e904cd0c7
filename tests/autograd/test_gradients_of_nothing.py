"""Gradients that are absent beside such as are there, in one backward."""

import pytest
from beside import check, scenarios


def a_leaf_reached_before_and_after_an_absent_gradient(t):
    x = t.tensor([[1.0], [2.0]], dtype=t.float64, requires_grad=True)
    y = t.tensor([3.0, 4.0], dtype=t.float64, requires_grad=True)
    doubled, absent, other = (y * 2 - y).abs(), t.norm(x.unsqueeze(-1), 0, 0), t.lgamma(y)
    (doubled.sum() + absent.sum() + other.sum()).backward()
    return x.grad, y.grad


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario)
