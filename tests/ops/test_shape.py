"""Joining, copying, rearranging and converting beside PyTorch."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight

from .derivatives import check_derivatives, numbers

COPIES = {
    "cat": lambda m, x, y: m.cat([x, y, x]),
    "cat along": lambda m, x, y: m.cat((x, y), -1),
    "cat by axis": lambda m, x, y: m.cat([x, y], axis=1),
    "cat with nothing": lambda m, x, y: m.cat([m.zeros(0, dtype=x.dtype), x, y]),
    "cat of transposes": lambda m, x, y: m.cat([x.transpose(0, 2), y.transpose(0, 2)]),
    "stack": lambda m, x, y: m.stack([x, y], 1),
    "stack at the end": lambda m, x, y: m.stack((x, y), dim=-1),
    "hstack": lambda m, x, y: m.hstack([x, y]),
    "hstack of vectors": lambda m, x, y: m.hstack([x[0, 0], y[0, 0]]),
    "vstack": lambda m, x, y: m.vstack([x[0, 0], y[0, 0]]),
    "dstack": lambda m, x, y: m.dstack([x[0], y[0]]),
    "column_stack": lambda m, x, y: m.column_stack([x[0, 0], y[0, 0]]),
    "block_diag": lambda m, x, y: m.block_diag(x[0], y[0, 0], y[1, 0, 0]),
    "clone": lambda m, x, y: x.transpose(0, 2).clone(),
    "clone of what is expanded": lambda m, x, y: x[0, 0].expand(3, 4).clone(),
    "clone in order": lambda m, x, y: x.transpose(0, 1).clone(memory_format=m.contiguous_format),
    "contiguous": lambda m, x, y: x.transpose(0, 1).contiguous(),
    "repeat": lambda m, x, y: x.repeat(2, 1, 1, 3),
    "repeat none": lambda m, x, y: x.repeat(1, 0, 1),
    "tile": lambda m, x, y: x.tile(2, 1),
    "repeat_interleave": lambda m, x, y: x.repeat_interleave(2),
    "repeat_interleave by one tensor": lambda m, x, y: x.repeat_interleave(m.tensor([2]), 1, output_size=2 * x.size(1)),
    "repeat_interleave along": lambda m, x, y: x.repeat_interleave(3, 1),
    "repeat_interleave each": lambda m, x, y: x.repeat_interleave(m.tensor([2, 0, 1]), 1),
    "flip": lambda m, x, y: x.flip(0, 2),
    "fliplr": lambda m, x, y: x.fliplr(),
    "flipud": lambda m, x, y: x.flipud(),
    "roll": lambda m, x, y: x.roll(5),
    "roll along": lambda m, x, y: x.roll((1, -1), (0, 2)),
    "rot90": lambda m, x, y: x.rot90(1, (1, 2)),
    "rot90 thrice": lambda m, x, y: x.rot90(3),
    "rot90 twice": lambda m, x, y: x.rot90(2),
    "sum_to_size": lambda m, x, y: x.sum_to_size(3, 1),
    "tril": lambda m, x, y: x.tril(1),
    "triu": lambda m, x, y: x.triu(-1),
    "diag of a vector": lambda m, x, y: x[0, 0].diag(1),
    "diag of a matrix": lambda m, x, y: x[0].diag(-1),
    "diag_embed": lambda m, x, y: x.diag_embed(1, 0, 2),
    "diagflat": lambda m, x, y: x[0].diagflat(),
    "atleast_3d": lambda m, x, y: m.atleast_3d(x[0, 0], y[0]),
    "atleast_2d": lambda m, x, y: m.atleast_2d(x[0, 0]),
    "meshgrid": lambda m, x, y: m.meshgrid(x[0, 0], y[0, 0], indexing="ij"),
    "meshgrid xy": lambda m, x, y: m.meshgrid(x[0, 0], y[0, 0, :2], indexing="xy"),
    "broadcast_tensors": lambda m, x, y: m.broadcast_tensors(x[:1], y[0, 0]),
}


@pytest.mark.parametrize("name", COPIES)
def test_values_strides_nodes_and_derivatives(name):
    call = COPIES[name]
    check_derivatives(lambda F, m, x, y: call(m, x, y), {"x": numbers((2, 3, 4), 0), "y": numbers((2, 3, 4), 1)})


def test_unsafe_splits():
    def scenario(m):
        x = m.arange(6.0).requires_grad_()
        parts = (*x.unsafe_split(4), *x.unsafe_chunk(2), *x.unsafe_split_with_sizes([1, 5]))
        parts[0].mul_(2)
        return parts, m.autograd.grad(parts[0].sum() + parts[2].sum(), x)

    check(scenario)


CONVERSIONS = {
    "to": lambda m, x: x.to(m.float32),
    "to itself": lambda m, x: x.to(m.float64) is x,
    "to a copy": lambda m, x: x.to(m.float64, copy=True),
    "to another's": lambda m, x: x.to(m.zeros(1, dtype=m.int32)),
    "to a device": lambda m, x: x.to("cpu", m.float32),
    "to by keywords": lambda m, x: x.to(device=m.device("cpu"), dtype=m.float32, non_blocking=True),
    "to cuda": lambda m, x: x.to("cuda"),
    "cuda": lambda m, x: x.cuda(),
    "to nowhere": lambda m, x: x.to("foo"),
    "cpu": lambda m, x: x.cpu() is x,
    "transposed": lambda m, x: x.transpose(0, 2).to(m.float32),
    "every other": lambda m, x: x[:, :, ::2].to(m.float32),
    "float": lambda m, x: x.float(),
    "half": lambda m, x: x.half(),
    "bfloat16": lambda m, x: x.bfloat16().float(),
    "long": lambda m, x: (x * 3).long(),
    "int": lambda m, x: x.int(),
    "bool": lambda m, x: x.bool(),
    "cfloat": lambda m, x: x.cfloat(),
    "type_as": lambda m, x: x.type_as(m.zeros(1)),
    "type": lambda m, x: x.type(),
    "type of a name": lambda m, x: x.type("torch.FloatTensor"),
    "type of no name": lambda m, x: x.type("torch.FooTensor"),
    "type of a class": lambda m, x: x.type(float),
    "type of a number": lambda m, x: x.type(5),
    "channels last": lambda m, x: x.view(2, 3, 2, 2).contiguous(memory_format=m.channels_last),
    "to channels last": lambda m, x: x.view(2, 3, 2, 2).to(m.float32, memory_format=m.channels_last),
    "channels last kept": lambda m, x: x.view(2, 3, 2, 2).to(memory_format=m.channels_last).clone(),
    "channels last of a matrix": lambda m, x: x.contiguous(memory_format=m.channels_last),
    "is it": lambda m, x: [x.transpose(0, 1).is_contiguous(), x.is_contiguous(memory_format=m.contiguous_format)],
    "formats": lambda m, x: [m.channels_last, m.preserve_format, m.contiguous_format, m.channels_last_3d],
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions(name):
    check(lambda m: CONVERSIONS[name](m, m.from_numpy(numbers((2, 3, 4), 0)).requires_grad_()))


def test_gradients_of_conversions():
    def scenario(m):
        x = m.from_numpy(numbers((3,), 0)).requires_grad_()
        y = x.float().to(m.complex64).to(m.float64)
        return m.autograd.grad(y.sum(), x)

    check(lambda m: scenario(m))


WRONG = {
    "cat of shapes": lambda m, x, v: m.cat([x, v]),
    "cat of sizes": lambda m, x, v: m.cat([x, x[:, :2]]),
    "cat of numbers": lambda m, x, v: m.cat([m.tensor(1.0), m.tensor(2.0)]),
    "cat of nothing": lambda m, x, v: m.cat([]),
    "cat of a tensor": lambda m, x, v: m.cat(x),
    "cat with a number": lambda m, x, v: m.cat([x, 1]),
    "cat where there is no dimension": lambda m, x, v: m.cat([x, x], 5),
    "stack of shapes": lambda m, x, v: m.stack([x, v]),
    "stack of nothing": lambda m, x, v: m.stack([]),
    "repeat": lambda m, x, v: x.repeat(2),
    "repeat_interleave": lambda m, x, v: x.repeat_interleave(-1),
    "repeat_interleave each": lambda m, x, v: x.repeat_interleave(m.tensor([1, 2, 3]), 0),
    "repeat_interleave less than nothing": lambda m, x, v: v.repeat_interleave(m.tensor([-1])),
    "repeat_interleave of fractions": lambda m, x, v: v.repeat_interleave(m.tensor([1.0])),
    "repeat_interleave by a matrix": lambda m, x, v: v.repeat_interleave(m.tensor([[1, 2]])),
    "repeat_interleave to another size": lambda m, x, v: v.repeat_interleave(m.tensor([2]), output_size=1),
    "repeat_interleave by a number to another size": lambda m, x, v: v.repeat_interleave(2, output_size=1),
    "repeat_interleave of a matrix": lambda m, x, v: m.repeat_interleave(m.tensor([[1, 2]])),
    "flip": lambda m, x, v: x.flip(0, 0),
    "fliplr": lambda m, x, v: v.fliplr(),
    "roll": lambda m, x, v: x.roll((1, 2), (0,)),
    "roll without dimensions": lambda m, x, v: x.roll((1, 2)),
    "rot90": lambda m, x, v: x.rot90(1, (0,)),
    "rot90 in no plane": lambda m, x, v: x.rot90(1, (0, 0)),
    "rot90 outside": lambda m, x, v: x.rot90(1, (0, 5)),
    "diag": lambda m, x, v: x.diag(),
    "tril": lambda m, x, v: v.tril(),
    "meshgrid": lambda m, x, v: m.meshgrid(v, v, indexing="a"),
    "sum_to_size": lambda m, x, v: x.sum_to_size(5),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    check(lambda m: WRONG[name](m, m.arange(24.0).view(2, 3, 4), m.arange(5.0)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rows", [5, 400, 40000])
def test_sums_of_half_precision_to_a_shape_round_once(dtype, rows):
    numbers = np.random.default_rng(0).uniform(-9, 9, (rows, 2)).astype(np.float32)
    found = []
    for t in (rushlight, torch):
        x = t.from_numpy(numbers).to(getattr(t, dtype))
        scale = t.ones(2, dtype=x.dtype, requires_grad=True)
        (scale * x).sum().backward()
        found.append((x.sum_to_size(1, 2)[0].tolist(), scale.grad.tolist()))
    np.testing.assert_allclose(*found, rtol=2 * torch.finfo(getattr(torch, dtype)).eps)


@pytest.mark.parametrize("shape", [(3,), (), (0, 2)])
@pytest.mark.parametrize(("function", "arguments"), [
    ("split", (0,)), ("split", (-1,)), ("split", (-1, 5)), ("unsafe_split", (0,)), ("unsafe_split", (-1,)),
    ("unsafe_split", (-1, 5)), ("unsafe_split", (2, 5)), ("chunk", (0, 5)), ("chunk", (7,)), ("unsafe_chunk", (0,)),
    ("unsafe_chunk", (-2,)), ("unsafe_chunk", (7,)), ("unsafe_chunk", (2, 5)), ("split_with_sizes", ([1, 1],)),
    ("unsafe_split_with_sizes", ([1, 1],)), ("unsafe_split_with_sizes", ([-1, 4],)),
    ("unsafe_split_with_sizes", ([3], 5)),
])  # fmt: skip
def test_pieces_that_cannot_be_cut_are_refused(function, arguments, shape):
    check(lambda t: [p.shape for p in getattr(t, function)(t.ones(shape), *arguments)])
