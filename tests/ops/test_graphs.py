"""The graphs of functions that are made of several operations, beside PyTorch: a program may walk them."""

import warnings

import pytest
from beside import check


def vector(t, *shape):
    return ((t.arange(1.0, 1 + t.ones(shape).numel(), dtype=t.float64) * 0.37) % 1.0).reshape(shape).requires_grad_()


def matrices(t, *shapes):
    return [vector(t, *shape) for shape in shapes]


def norm(t, x):
    c = x.shape[1]
    return t._native_batch_norm_legit(x, t.ones(c).double(), t.ones(c).double(), True, 0.1, 1e-5)[0]


GRAPHS = {
    "combinations": lambda t: t.combinations(vector(t, 5), 3),
    "combinations with replacement": lambda t: t.combinations(vector(t, 4), 2, True),
    "combinations of one": lambda t: t.combinations(vector(t, 4), 1),
    "combinations of nothing": lambda t: t.combinations(vector(t, 0)),
    "trapezoid": lambda t: t.trapezoid(vector(t, 3, 4)),
    "trapezoid of widths": lambda t: t.trapezoid(vector(t, 3, 4), dx=0.25, dim=0),
    "trapezoid of points": lambda t: t.trapezoid(vector(t, 3, 4), vector(t, 4)),
    "trapezoid of complex numbers": lambda t: t.trapezoid(vector(t, 3, 4) * 1j, vector(t, 4)),
    "cumulative_trapezoid of points": lambda t: t.cumulative_trapezoid(vector(t, 4), vector(t, 4)),
    "product of three matrices": lambda t: t.linalg.multi_dot(matrices(t, (2, 2), (2, 2), (2, 2))),
    "product of three matrices, the last first": lambda t: t.linalg.multi_dot(matrices(t, (9, 8), (8, 2), (2, 1))),
    "product of four matrices": lambda t: t.linalg.multi_dot(matrices(t, (2, 2), (2, 2), (2, 2), (2, 2))),
    "ihfft2": lambda t: t.fft.ihfft2(vector(t, 3, 4)),
    "ihfftn of one dimension": lambda t: t.fft.ihfftn(vector(t, 3, 4), dim=1),
    "hinge_embedding_loss": lambda t: t.nn.functional.hinge_embedding_loss(
        vector(t, 4), t.tensor([1.0, -1.0, 1.0, 3.0]), 0.6, reduction="none"),
    "batch norm": lambda t: norm(t, vector(t, 3, 2)),
}  # fmt: skip


def walked(node, depth=8):
    return None if node is None or not depth else (
        node.name(), *[(walked(n, depth - 1), i) for n, i in node.next_functions]
    )  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_graph(name):
    def scenario(t):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = GRAPHS[name](t)
        return result.detach(), walked(result.grad_fn)

    check(scenario, strides=False)
