"""NumPy's integers, and integer tensors of no dimensions, in the place of Python's."""

import numpy as np
import pytest
from beside import check

F = "t.nn.functional."
CALLS = [
    *[F + c for c in (
        "max_pool2d(im, N(2))", "max_pool2d(im, 2, stride=N(1))", "max_pool2d(im, 3, padding=N(1))",
        "max_pool1d(im[0], N(2))", "max_pool3d(im[None], N(1))", "avg_pool1d(im[0], N(2))", "avg_pool2d(im, N(2))",
        "avg_pool3d(im[None], N(1))", "adaptive_avg_pool1d(im[0], N(2))", "adaptive_avg_pool2d(im, N(2))",
        "adaptive_max_pool1d(im[0], N(2))", "conv1d(im[0], w[0], padding=N(1))", "conv2d(im, w, stride=N(1))",
        "conv2d(im, w, padding=N(1))", "conv2d(im, w, dilation=N(1))", "pad(im, (N(1), N(1)))",
        "conv_transpose2d(im, w, stride=N(2), output_padding=N(1))", "cross_entropy(x, i, ignore_index=N(1))",
        "softmax(x, N(1))", "one_hot(i, N(3))",
    )],
    "x.roll(N(1))", "x.roll(N(1), N(0))", "x.roll((N(1),), (N(0),))", "x[None].squeeze(N(0))", "x.prod(N(0))",
    "x.any(N(0))", "x.all(N(0))", "x.sum(N(0))", "x.movedim(N(0), N(1))", "t.tensor_split(x, N(2))",
    "t.fft.fftshift(x, N(0))", "x.topk(N(2))", "x.view(N(12))", "x.reshape((N(3), -1))",
    "t.zeros(N(2), N(3))", "t.nn.MaxPool2d(N(2))(im)", "t.histogram(x)",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["numpy", "tensor"])
@pytest.mark.parametrize("call", CALLS)
def test_as_pythons(call, kind):
    def scenario(t):
        names = {
            "t": t, "N": np.int64 if kind == "numpy" else t.tensor, "x": t.arange(12.0).reshape(3, 4),
            "i": t.tensor([0, 1, 2]), "im": t.arange(16.0).reshape(1, 1, 4, 4), "w": t.ones(1, 1, 3, 3),
        }  # fmt: skip
        return eval(call, names)

    check(scenario)


@pytest.mark.parametrize("call", [
    "x.repeat_interleave(N(2))", "x.repeat_interleave(N(2), dim=N(0))", F + "unfold(im, N(2))",
    F + "fold(t.ones(1, 4, 9), N(4), N(2))",
])  # fmt: skip
def test_as_pythons_where_pytorch_takes_numpys_alone(call):
    def scenario(t):
        names = {"t": t, "N": np.int64, "x": t.arange(12.0).reshape(3, 4), "im": t.arange(16.0).reshape(1, 1, 4, 4)}
        return eval(call, names)

    check(scenario)


@pytest.mark.parametrize("call", [
    "t.add(2.5, t.ones(2), alpha=2)", "t.sub(3, t.ones(2), alpha=0.5)", "t.add(2.5, t.ones(2, dtype=t.int64), alpha=2)",
    "t.add(2, t.ones(2, requires_grad=True), alpha=3)", "t.scalar_tensor(t.tensor(2.0))",
    "t.scalar_tensor(t.tensor(3))",
    "t.histc(t.ones(3), 4, min=t.tensor(0.0), max=t.tensor(2))", "t.add(True, t.ones(2, dtype=t.bool), alpha=True)",
])  # fmt: skip
def test_numbers_where_pytorch_takes_them(call):
    check(lambda t: eval(call, {"t": t}))
