"""The LSTM that runs a whole direction as one operation, beside PyTorch's."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import recurrent

from .fast import as_accurate, compiled_always, needs_numba

always = compiled_always(recurrent)


def run(library: Any, options: dict[str, Any], sizes: tuple[int, int, int, int], wide: bool) -> Any:
    """The results and gradients of a network with PyTorch's weights."""
    steps, batch, width, size = sizes
    library.manual_seed(0)
    network = library.nn.LSTM(width, size, **options)
    rng = np.random.default_rng(0)
    shape = (batch, steps, width) if options.get("batch_first") else (steps, batch, width)
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    arrays = [rng.standard_normal(s) for s in (shape, (count, batch, size), (count, batch, size))]
    kind = library.float64 if wide else library.float32
    network = network.to(kind)
    x, h, c = (library.tensor(a).to(kind).requires_grad_() for a in arrays)
    output, (hy, cy) = network(x, (h, c))
    loss = sum((t * library.linspace(-1, 1, t.numel(), dtype=kind).reshape(t.shape)).sum() for t in (output, hy, cy))
    loss.backward()
    return [t.detach().numpy() for t in (output, hy, cy, *(t.grad for t in (x, h, c, *network.parameters())))]


@needs_numba
@settings(deadline=None, max_examples=25)
@given(st.tuples(*[st.integers(1, 20)] * 4), st.booleans(), st.booleans(), st.integers(1, 2), st.booleans())
def test_values_and_gradients(sizes: Any, both: bool, bias: bool, layers: int, first: bool) -> None:
    options = {"bidirectional": both, "bias": bias, "num_layers": layers, "batch_first": first}
    theirs, ours = (run(library, options, sizes, False) for library in (torch, rushlight))
    exact = run(torch, options, sizes, True)
    for mine, other, right in zip(ours, theirs, exact, strict=True):
        as_accurate(mine, other, right, str(options), terms=4 * (sizes[0] * sizes[1]) ** 0.5)


def test_numpy_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrent, "SMALLEST", 1 << 60)
    theirs, ours = (run(library, {"bidirectional": True}, (5, 3, 4, 6), False) for library in (torch, rushlight))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("both", [False, True])
def test_the_graph_is_that_of_pytorch(both: bool) -> None:
    names = []
    for library in (torch, rushlight):
        network = library.nn.LSTM(3, 4, bidirectional=both)
        output, (h, _) = network(library.ones(2, 5, 3))
        nodes = [output.grad_fn, h.grad_fn, *[n for n, _ in output.grad_fn.next_functions]]
        names.append([n and n.name() for n in nodes])
    assert names[0] == names[1]


def test_second_derivatives() -> None:
    found = []
    for library in (torch, rushlight):
        library.manual_seed(0)
        network = library.nn.LSTM(3, 4)
        x = library.tensor(np.random.default_rng(0).standard_normal((3, 2, 3)).astype(np.float32)).requires_grad_()
        output, (h, c) = network(x)
        (slope,) = library.autograd.grad((output * output).sum() + (h * c).sum(), x, create_graph=True)
        (slope * slope).sum().backward()
        found.append([slope.detach().numpy(), x.grad.numpy(), *[p.grad.numpy() for p in network.parameters()]])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
