"""Every view takes any graph: unusual dtypes, several outputs, views changed in place, second derivatives, layers."""

import contextlib

import pytest

import rushlight as torch
from rushlight import lens, nn
from rushlight.nn import functional as F


def leaf(*shape, **options):
    return torch.randn(*shape, requires_grad=True, **options)


def changed_views():
    y = leaf(4, 5) * 1
    part = y[1:]
    part.mul_(2)
    part[0] = 0
    return y.sum()


def second_derivative():
    x = leaf(4)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    return g.pow(2).sum()


def ctc():
    logs = leaf(10, 2, 5).log_softmax(2)
    lengths = torch.tensor([10, 10]), torch.tensor([3, 3])
    return F.ctc_loss(logs, torch.ones(2, 3, dtype=torch.long), *lengths)


GRAPHS = {
    "complex": lambda: torch.view_as_complex(leaf(3, 2)).exp().abs().sum(),
    "complex leaf": lambda: leaf(3, dtype=torch.complex64) * 2j,
    "bfloat16": lambda: (leaf(3, 4, dtype=torch.bfloat16).exp() * 2).sum(),
    "float16": lambda: (leaf(3, 4).half() * 2).sum(),
    "empty": lambda: leaf(0, 3).exp().sum(),
    "svd": lambda: torch.linalg.svd(leaf(4, 5))[1].sum(),
    "qr": lambda: sum(t.sum() for t in torch.linalg.qr(leaf(5, 4))),
    "topk": lambda: leaf(4, 5).topk(2)[0].sum(),
    "index": lambda: leaf(4, 5)[[0, 2], 1:].sum(),
    "gather": lambda: leaf(4, 5).gather(1, torch.zeros(4, 1, dtype=torch.long)).sum(),
    "scatter": lambda: torch.zeros(4, 5).scatter(1, torch.zeros(4, 5, dtype=torch.long), leaf(4, 5)).sum(),
    "einsum": lambda: torch.einsum("ij,kj->ik", leaf(4, 5), leaf(4, 5)).sum(),
    "unbind": lambda: leaf(4, 5).unbind(0)[1].exp().sum(),
    "several": lambda: [t * 2 for t in leaf(4, 5).split(2)],
    "dropout": lambda: F.dropout(leaf(4, 5), 0.5).sum(),
    "changed views": changed_views,
    "second derivative": second_derivative,
    "statistics": lambda: (lambda x: x.norm() + x.std() + x.var())(leaf(4, 5)),
    "cumprod": lambda: leaf(4, 5).cumprod(0).logsumexp(1).sum(),
    "interpolate": lambda: F.interpolate(leaf(1, 1, 4, 4), scale_factor=2, mode="bilinear").sum(),
    "embedding": lambda: nn.Embedding(5, 3)(torch.tensor([0, 1, 1])).sum(),
    "fft": lambda: torch.fft.rfft(leaf(4, 5)).abs().sum(),
    "ctc": ctc,
    "lstm": lambda: nn.LSTM(3, 4)(torch.randn(5, 2, 3))[0].sum(),
    "attention": lambda: nn.MultiheadAttention(8, 2)(*[torch.randn(3, 2, 8)] * 3)[0].sum(),
}


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_views(name, recorded):
    torch.manual_seed(0)
    with lens.record() if recorded else contextlib.nullcontext():
        output = GRAPHS[name]()
    outputs = output if isinstance(output, list) else [output]
    graph = lens.collect(output)
    assert lens.draw(output).dot().startswith("digraph") and str(lens.draw(output))
    assert len(lens.trace(output)) == len(graph)
    assert len([str(stop) for stop in lens.step(output)]) == len(graph)
    assert str(lens.memory(output)) and str(lens.explain(outputs[0]))
    if recorded:
        assert all(n.line is not None and v.shape is not None for n in graph if not n.is_leaf for v in n.outputs[:1])
    written = lens.source(output).run()
    leaves = graph.leaves
    seeds = [torch.ones_like(t) for t in outputs]
    wanted = torch.autograd.grad(outputs, [n.node.variable for n in leaves], seeds, allow_unused=True)
    for n, g in zip(leaves, wanted, strict=True):
        assert (g is None) == (n.parameter not in written)
        if g is not None:
            assert written[n.parameter].tobytes() == g.detach()._data.tobytes()
