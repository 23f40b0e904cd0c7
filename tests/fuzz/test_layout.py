"""The fuzzer's knowledge of how PyTorch lays results in memory."""

import itertools
import random

import pytest
import torch

from .compare import Comparison, Tally
from .layout import ALONG_ONE, ORDERS, lies_as_operands, strides


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
        values["v9"] = torch.nn.functional.kl_div(a, b, log_target=True, reduction="none")
        assert lies_as_operands("v9 = torch.nn.functional.kl_div(v1, v2, log_target=True)", values, "v9")
        assert strides(values["v9"]) == strides(b)
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


@pytest.mark.parametrize(("reason", "lines"), [
    (ALONG_ONE, [
        "v1 = torch.tensor([1, 4], dtype=torch.int32).reshape((1, 2, 1, 1)).transpose(0, -1)", "v2 = v1.reshape(1, -1)",
        "v3 = torch.deg2rad(v1)", "v4 = torch.kron(v2, v3)"]),
    (ALONG_ONE, [
        "v1 = torch.arange(8.0).reshape((1, 4, 2)).transpose(0, -1)", "v2 = torch.argmax(v1, dim=2) + 1.0",
        "v3 = torch.igamma(v1, v1)", "v4 = torch.kron(v2, v3)"]),
    (ALONG_ONE, [
        "v1 = torch.arange(4.0).reshape((2, 2)).transpose(0, 1)", "v2 = torch.prod(v1, 1, keepdim=True)",
        "v4 = torch.einsum('ij,jk->ik', v2, v1)"]),
    (ALONG_ONE, [
        "v1 = torch.arange(20).reshape((2, 2, 1, 5)).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)",
        "v2 = v1.float()[-1:, ::1]", "v3 = torch.fft.ifftshift(torch.nan_to_num(v2, 1).clamp(-9, 9), 1)"]),
    (ORDERS, [
        "v1 = torch.arange(15.0).reshape(5, 3).mT", "v2 = torch.nn.functional.softsign(v1)", "v3 = v1.contiguous()",
        "v4 = torch.nn.functional.hinge_embedding_loss(v3, v2.detach().sign(), reduction='none')"]),
])  # fmt: skip
def test_why_results_lie_otherwise_is_found(reason, lines):
    tally = Tally()
    Comparison(random.Random(0), tally).replay(lines)
    assert list(tally.allowed) == [reason]
