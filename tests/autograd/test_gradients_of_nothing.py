"""Gradients that are absent beside such as are there, in one backward."""

import pytest
from beside import check, raised, scenarios


def a_leaf_reached_before_and_after_an_absent_gradient(t):
    x = t.tensor([[1.0], [2.0]], dtype=t.float64, requires_grad=True)
    y = t.tensor([3.0, 4.0], dtype=t.float64, requires_grad=True)
    doubled, absent, other = (y * 2 - y).abs(), t.norm(x.unsqueeze(-1), 0, 0), t.lgamma(y)
    (doubled.sum() + absent.sum() + other.sum()).backward()
    return x.grad, y.grad


def products_of_nothing_of_two_dtypes(t):
    x = t.zeros(3, 0, dtype=t.bfloat16, requires_grad=True)
    y = t.zeros(0, 4, dtype=t.float64, requires_grad=True)
    t.einsum("ij,jk->ik", x, y).sum().backward()
    return x.grad, y.grad


def derivatives_that_are_missing_are_met_first(t):
    x = t.tensor([1.5, 2.5], requires_grad=True)
    y = x * 1
    divided, other = y // x, t.special.zeta(y, y)
    changed = x * 2
    changed.floor_divide_(x)
    behind, single = changed.asin(), t.unique_consecutive(x * 3)
    sums = [(y, divided, other), (other, divided // x), (changed, behind, single), (other, divided.sin())]
    errors = [raised(lambda s=s: sum(v.double().sum() for v in s).backward(retain_graph=True)) for s in sums]
    return [e.partition(":")[0] for e in errors], divided.grad_fn._sequence_nr()


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario)
