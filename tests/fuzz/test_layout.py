"""The fuzzer's knowledge of how PyTorch lays results in memory."""

import itertools

import torch

from .layout import lies_as_operands, strides


def laid(order):
    sizes = (2, 3, 4)
    return torch.zeros([sizes[d] for d in order]).permute([order.index(d) for d in range(3)])


def test_pytorch_lays_results_as_their_operands():
    for first, second in itertools.product(itertools.permutations(range(3)), repeat=2):
        a, b = laid(first), laid(second)
        values = {"v1": a, "v2": b, "v3": a + b, "v4": b[:, :1].expand(2, 3, 4) * a, "v5": torch.where(a > 0, b, a)}
        assert lies_as_operands("v3 = v1 + v2", values, "v3")
        assert strides(values["v3"]) == strides(a)
        values["v8"] = torch.rsub(a, b)
        assert lies_as_operands("v8 = torch.rsub(v1, v2)", values, "v8")
        assert strides(values["v8"]) == strides(b)
        values["v6"] = b[:, :1]
        values["v7"] = values["v6"] * a
        assert lies_as_operands("v7 = v6 * v1", values, "v7")


def test_one_operand_explains_no_other_order():
    a = laid((2, 1, 0))
    values = {"v1": a, "v2": a.contiguous()}
    assert not lies_as_operands("v2 = torch.exp(v1)", values, "v2")
    assert not lies_as_operands("v2 = v1 + 1", values, "v2")


def test_an_order_that_operands_do_not_give_is_not_explained():
    a, b = laid((2, 1, 0)), laid((0, 1, 2))
    values = {"v1": a, "v2": b, "v3": (a + b).contiguous()}
    assert not lies_as_operands("v3 = v1 + v2", values, "v3")
