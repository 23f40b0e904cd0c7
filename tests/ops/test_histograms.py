"""Histograms, finite differences, parts of numbers and the like beside PyTorch."""

import pytest
import torch
from beside import check

import rushlight

CALLS = """
histogram(x, 4)
histogram(x, 4, range=(0.0, 2.0), density=True)
histogram(x, t.tensor([0.0, 1.0, 2.0]), weight=x)
histogram(x[0, :1], 2)
histogram(x[:0], 2)
histogram(x.int(), 4)
histogram(x, 0)
histogram(x, 4, range=(2.0, 1.0))
histogram(x, 4, range=(1.0, float('nan')))
histogram(x, t.ones(2, 2))
histogram(x, t.ones(2).double())
histogram(x, 2, weight=t.ones(2))
histogramdd(x, [2, 2, 2])
histogramdd(x, 2, weight=t.tensor([2.0, 3.0]))
histogramdd(x, [2, 3, 1], range=[0.0, 2.0, 0.0, 9.0, -1.0, 3.0], density=True)
histogramdd(x, [t.tensor([-5.0, 0.0, 5.0])] * 3)
histogramdd(x, [2, 2])
histogramdd(x.sum(), [2, 2])
gradient(x)
gradient(x, spacing=2.0, dim=1, edge_order=2)
gradient(x, spacing=(t.tensor([0.0, 2.0]), t.tensor([0.0, 1.0, 5.0])))
gradient(x, spacing=t.tensor([0.0, 1.0, 5.0])[None].unbind(), dim=1, edge_order=2)
gradient(x, spacing=[1.0])
gradient(x, edge_order=3)
gradient(x, dim=(0, 0))
gradient(x, dim=5)
gradient(x[:1])
gradient(x.byte())
gradient(1)
frexp(x)
frexp(x.half())
frexp(t.tensor([float('inf'), float('nan'), 0.0, -0.0]))
frexp(x.int())
nonzero_static(x, size=3)
nonzero_static(x, size=10, fill_value=7)
nonzero_static(x, size=-1)
nonzero_static(x.sum(), size=2)
empty_permuted((2, 3, 4), (0, 2, 1)).stride()
empty_permuted((2, 3, 4), (0, 1))
empty_permuted((2, 3, 4), (0, 1, 1))
empty_permuted((2, 3, 4), (0, 1, 3))
empty_permuted((2, -3, 4), (0, 1, 2))
""".strip().splitlines()


@pytest.mark.parametrize("line", CALLS)
def test_calls(line):
    check(lambda t: eval(f"t.{line}", {"t": t, "x": t.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, 0.3]])}))


def test_derivatives():
    def scenario(t):
        x = t.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, 0.3]], dtype=t.float64, requires_grad=True)
        found = [*t.gradient(x, spacing=0.5), x.frexp().mantissa]
        return [t.autograd.grad((y * y).sum(), x) for y in found], found[-1].grad_fn.name()

    check(scenario, strides=False)


def test_edges_that_were_given_come_back():
    for t in (torch, rushlight):
        edges = [t.tensor([0.0, 1.0, 2.0]), t.tensor([0.0, 3.0])]
        found = t.histogramdd(t.ones(4, 2), edges).bin_edges
        assert all(a is b for a, b in zip(found, edges))
        found = t.histogram(t.ones(4), edges[0]).bin_edges
        assert found.data_ptr() != edges[0].data_ptr()
