"""Convolutions against torch."""

import numpy as np
import pytest
from beside import check

from .derivatives import check_derivatives, numbers

CASES = {
    "conv1d": ("conv1d", (2, 4, 9), (6, 4, 3), {}),
    "conv1d_strided": ("conv1d", (2, 4, 9), (6, 2, 3), {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}),
    "conv2d": ("conv2d", (2, 3, 6, 7), (4, 3, 3, 2), {}),
    "conv2d_padded": ("conv2d", (2, 3, 6, 7), (4, 3, 3, 3), {"padding": 1}),
    "conv2d_one_by_one": ("conv2d", (2, 3, 4, 5), (4, 3, 1, 1), {}),
    "conv2d_many_channels": ("conv2d", (2, 9, 5, 5), (10, 9, 3, 3), {"stride": (2, 1), "padding": (1, 0)}),
    "conv2d_groups": ("conv2d", (2, 4, 6, 6), (6, 2, 3, 3), {"stride": 2, "padding": 2, "dilation": 2, "groups": 2}),
    "conv2d_depthwise": ("conv2d", (2, 4, 6, 6), (4, 1, 3, 3), {"groups": 4}),
    "conv2d_same": ("conv2d", (2, 3, 5, 5), (4, 3, 3, 3), {"padding": "same"}),
    "conv2d_same_uneven": ("conv2d", (2, 3, 5, 5), (4, 3, 2, 4), {"padding": "same"}),
    "conv2d_valid": ("conv2d", (2, 3, 5, 5), (4, 3, 3, 3), {"padding": "valid"}),
    "conv2d_single": ("conv2d", (3, 5, 5), (4, 3, 3, 3), {}),
    "conv3d": ("conv3d", (2, 2, 4, 5, 4), (3, 2, 2, 3, 2), {"padding": 1, "stride": (1, 2, 1)}),
    "transpose1d": ("conv_transpose1d", (2, 4, 5), (4, 3, 3), {"stride": 2, "output_padding": 1}),
    "transpose2d": ("conv_transpose2d", (2, 4, 4, 3), (4, 3, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "transpose2d_plain": ("conv_transpose2d", (2, 4, 4, 3), (4, 3, 3, 3), {}),
    "transpose2d_groups": ("conv_transpose2d", (2, 4, 4, 3), (4, 2, 2, 3), {"groups": 2, "dilation": 2}),
    "transpose3d": ("conv_transpose3d", (1, 2, 2, 3, 2), (2, 2, 2, 2, 2), {"stride": 2}),
}


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name, bias):
    function, x, w, options = CASES[name]
    tensors = {"x": numbers(x, 0), "w": numbers(w, 1)}
    if bias:
        outs = w[1] * options.get("groups", 1) if "transpose" in function else w[0]
        tensors["b"] = numbers((outs,), 2)
    check_derivatives(lambda F, m, x, w, b=None: getattr(F, function)(x, w, b, **options), tensors)


def test_no_images():
    check_derivatives(lambda F, m, x, w: F.conv2d(x, w), {"x": np.zeros((0, 3, 5, 5)), "w": numbers((4, 3, 3, 3), 1)})


def test_only_what_needs_a_gradient_is_in_the_graph():
    def scenario(m):
        x, w, b = m.ones(1, 2, 3, 3), m.ones(2, 2, 2, 2, requires_grad=True), m.ones(2)
        y = m.nn.functional.conv2d(x, w, b)
        y.sum().backward()
        return y.grad_fn.name(), len(y.grad_fn.next_functions), [n is None for n, _ in y.grad_fn.next_functions], w.grad

    check(scenario)


X, W = (1, 3, 5, 5), (4, 3, 3, 3)
WRONG = [
    ("conv2d", (1, 2, 5, 5), W, {}),
    ("conv2d", (5, 5), W, {}),
    ("conv2d", (1, 3, 2, 2), W, {}),
    ("conv2d", (1, 3, 2, 2), W, {"dilation": 2}),
    ("conv2d", X, W, {"padding": -1}),
    ("conv2d", X, W, {"stride": 0}),
    ("conv2d", X, W, {"dilation": 0}),
    ("conv2d", X, W, {"bias": (3,)}),
    ("conv2d", (1, 4, 5, 5), (4, 2, 3, 3), {"groups": 3}),
    ("conv2d", (1, 4, 5, 5), (1, 2, 3, 3), {"groups": 2}),
    ("conv2d", X, W, {"groups": 0}),
    ("conv2d", X, W, {"stride": (1, 2, 3)}),
    ("conv2d", X, W, {"padding": (1, 2, 3)}),
    ("conv2d", X, W, {"dilation": (1, 2, 3)}),
    ("conv2d", X, W, {"padding": "other"}),
    ("conv2d", X, W, {"padding": "same", "stride": 2}),
    ("conv1d", (5,), (4, 3, 3), {}),
    ("conv1d", (1, 2, 5), (4, 3, 3), {}),
    ("conv3d", (1, 3, 5), (4, 3, 3, 3, 3), {}),
    ("conv_transpose2d", (1, 3, 5, 5), W, {}),
    ("conv_transpose2d", (1, 4, 5, 5), W, {"output_padding": 1}),
    ("conv_transpose1d", (1, 4, 5), (4, 3, 3), {"output_padding": 1}),
    ("conv_transpose3d", (1, 4, 5, 5, 5), (4, 3, 3, 3, 3), {"output_padding": 1}),
    ("conv_transpose2d", (1, 4, 5, 5), W, {"padding": 4}),
    ("conv_transpose2d", (1, 4, 5, 5), W, {"bias": (4,)}),
    ("conv_transpose2d", (5, 5), W, {}),
]


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_wrong_shapes_and_settings(case):
    function, x, w, options = case

    def scenario(m):
        given = {k: m.zeros(v) if k == "bias" else v for k, v in options.items()}
        return getattr(m.nn.functional, function)(m.zeros(x), m.zeros(w), **given)

    check(scenario)


@pytest.mark.parametrize("kinds", [("float64", "float32", None), ("float32", "float64", None),
                                   ("float32", "float32", "float64"), ("int64", "float32", None)])  # fmt: skip
def test_mixed_dtypes(kinds):
    def scenario(m):
        x, w = m.zeros(1, 3, 5, 5, dtype=getattr(m, kinds[0])), m.zeros(4, 3, 3, 3, dtype=getattr(m, kinds[1]))
        return m.nn.functional.conv2d(x, w, None if kinds[2] is None else m.zeros(4, dtype=getattr(m, kinds[2])))

    check(scenario)
