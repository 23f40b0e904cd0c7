"""Functions made of other operations beside PyTorch."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight

CALLS = """
    torch.diff(x)
    x.diff(dim=0)
    x.diff(2)
    torch.diff(x, 9)
    torch.diff(torch.tensor([True, False, False]))
    torch.diff(torch.tensor([1, 4, 9]), prepend=torch.tensor([0]), append=torch.tensor([7]))
    torch.diff(torch.tensor(1))
    torch.diff(x, -1)
    torch.trapezoid(x)
    torch.trapz(x, dx=0.5, dim=0)
    torch.trapezoid(x, torch.arange(4.0))
    torch.trapezoid(x, x * 2)
    torch.cumulative_trapezoid(x)
    torch.cumulative_trapezoid(x, torch.arange(4.0))
    torch.cov(x)
    torch.cov(x[0])
    torch.cov(x, correction=0)
    torch.cov(x, fweights=torch.tensor([1, 2, 1, 1]), aweights=torch.tensor([0.5, 1.0, 1.0, 2.0]))
    torch.cov(x, fweights=torch.tensor([1, 2, 1, 1]))
    torch.cov(x, aweights=torch.tensor([0.5, 1.0, 1.0, 2.0], requires_grad=True))
    torch.cov(x, aweights=torch.tensor([0.5, 1.0, 1.0, 2.0], requires_grad=True)).grad_fn.next_functions[1][0].name()
    torch.cov(x, aweights=torch.zeros(4))
    torch.cov(x, fweights=torch.zeros(4, dtype=torch.int64))
    torch.cov(x, aweights=torch.tensor([1.0, 0, 0, 0]))
    torch.cov(x, fweights=torch.tensor([1, 2, 1, 1]), correction=5)
    torch.cov(torch.arange(12).reshape(3, 4), fweights=torch.tensor([1, 2, 1, 1]))
    torch.autograd.grad(torch.cov(x, fweights=torch.tensor([1, 0, 0, 0])).sum(), x)
    torch.cov(torch.ones(1, 1, 1))
    torch.cov(torch.ones(2, 1))
    x.corrcoef()
    torch.corrcoef(x[0])
    torch.cdist(x, y)
    torch.cdist(x, y, p=1)
    torch.cdist(x, y, p=3)
    torch.cdist(x, y, p=float("inf"))
    torch.cdist(x, y, p=0)
    torch.cdist(x, x)
    torch.cdist(torch.ones(2, 3, 4), torch.zeros(1, 2, 4))
    torch.cdist(x, torch.ones(2, 3))
    torch.cdist(x, torch.ones(2))
    torch.cdist(x, y, p=-1)
    torch.autograd.grad(torch.cdist(x, y).sum(), (x, y))
    torch.autograd.grad(torch.cdist(x, y, 1).sum(), (x, y))
    torch.autograd.grad(torch.cdist(x, y, 3).sum(), (x, y))
    torch.autograd.grad(torch.cdist(x, x).sum(), x)
    torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([4, 5, 6]))
    torch.cartesian_prod(torch.tensor([1, 2]))
    torch.cartesian_prod(x, x)
    torch.combinations(torch.tensor([1, 2, 3]))
    torch.combinations(x[0], 3).detach()
    torch.combinations(torch.tensor([1, 2]), with_replacement=True)
    torch.combinations(torch.tensor([1, 2]), 0)
    torch.combinations(x)
    torch.unravel_index(torch.tensor([5, 7]), (3, 4))
    torch.vander(torch.tensor([1, 2, 3]))
    torch.vander(torch.tensor([1.0, 2, 3]), N=2, increasing=True)
    torch.vander(torch.tensor([1.0, 2, 3]), N=0)
    torch.vander(torch.tensor([1.0, 2, 3]), N=-1)
    torch.vander(torch.tensor([True, False]), N=3)
    torch.vander(torch.tensor([1.5, -2, 3], dtype=torch.float64).requires_grad_(), 4, True)
    torch.vander(torch.tensor([1.5, -2, 3]).requires_grad_(), 4)
    torch.vander(x)
    torch.zeros(3, 3).fill_diagonal_(1)
    torch.zeros(5, 2).fill_diagonal_(1)
    torch.zeros(2, 5).fill_diagonal_(1)
    torch.zeros(8, 2).fill_diagonal_(1, wrap=True)
    torch.zeros(3, 2).fill_diagonal_(1, wrap=True)
    torch.zeros(2, 2, 2).fill_diagonal_(1)
    torch.zeros(3).fill_diagonal_(1)
    torch.zeros(2, 3, 2).fill_diagonal_(1)
    (x * 1).fill_diagonal_(2)
    torch.pdist(x.detach())
    torch.pdist(x.detach(), 1)
    torch.pdist(x[0])
    torch.sin_(torch.ones(2))
    torch.clamp_(torch.arange(3.0), 1, max=1.5)
    torch.zero_(torch.ones(2))
    torch.fill_(torch.ones(2), 3)
    torch.detach(x)
    torch.cosine_similarity(x, y[:1])
    torch.exp_(x)
"""


@pytest.mark.parametrize("line", [line.strip() for line in CALLS.strip().splitlines()])
def test_calls(line):
    def scenario(m):
        x = m.tensor([[0.5, -1.0, 2.0, 0.25], [1.5, 0.0, -0.5, 3.0], [-2.0, 1.0, 0.75, 0.5]], requires_grad=True)
        y = m.tensor([[1.0, 2.0, -1.0, 0.0], [0.5, 0.5, 0.5, 0.5]], requires_grad=True)
        return eval(line, {"torch": m, "x": x, "y": y})

    check(scenario, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["use_mm_for_euclid_dist_if_necessary", "donot_use_mm_for_euclid_dist"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distances_of_many_points(mode, dtype):
    values = [np.random.default_rng(i).standard_normal((2, n, 5)).astype(dtype) for i, n in enumerate((40, 30))]
    values[1][:, :20] = values[0][:, :20]
    found = []
    for library in (torch, rushlight):
        x, y = (library.tensor(v).requires_grad_() for v in values)
        distances = library.cdist(x, y + 1, compute_mode=mode)
        distances.backward(library.linspace(0, 1, 2400, dtype=distances.dtype).reshape(2, 40, 30))
        found.append([t.detach().numpy() for t in (distances, x.grad, y.grad)])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("mode", [
    "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", "another",
])  # fmt: skip
@pytest.mark.parametrize(("first", "second"), [
    ((26, 3), (2, 3)), ((3, 3), (2, 3)), ((2, 26, 3), (26, 3)), ((1, 3, 3), (3, 3)), ((2, 1, 26, 3), (3, 26, 3)),
    ((26, 0), (26, 0)), ((2, 0, 3), (26, 3)), ((2, 3, 3), (3, 3, 3)),
])  # fmt: skip
def test_graph_of_distances(first, second, mode):
    def nodes(node):
        return [node.name(), [nodes(n) for n, _ in node.next_functions]] if node is not None else None

    def scenario(t):
        x, y = t.ones(first, dtype=t.float64), t.zeros(second, dtype=t.float64)
        x, y = (x * t.arange(first[-1])).requires_grad_(), (y + t.arange(second[-2]).unsqueeze(1)).requires_grad_()
        found = t.cdist(x, y, compute_mode=mode)
        found.sum().backward()
        return found, found._is_view(), nodes(found.grad_fn), x.grad, y.grad

    check(scenario)
