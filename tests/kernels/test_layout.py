"""Results that lie in memory as the kernels like it: no program may notice."""

import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rushlight as torch
from rushlight.base import wrap
from rushlight.kernels.layout import Inner, inner


def twins(requires_grad: bool = False) -> tuple[Any, Any]:
    """Two tensors of the same elements: one row by row, one channels-last with its order hidden."""
    a = np.random.default_rng(0).standard_normal((2, 3, 4, 5), dtype=np.float32)
    hidden = inner(np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2))
    assert type(hidden) is Inner
    made = [wrap(a.copy()), wrap(hidden)]
    if requires_grad:
        for t in made:
            t.requires_grad_()
    return made[0], made[1]


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "view": lambda t: t.view(2, -1),
    "view of a view": lambda t: t.view(2, 60).view(-1),
    "reshape": lambda t: t.reshape(6, 20),
    "flatten": lambda t: t.flatten(1),
    "index": lambda t: t[0],
    "slices": lambda t: t[:, 1:, ::2],
    "tuple": lambda t: t[0, ..., 1],
    "mask": lambda t: t[t > 0],
    "list": lambda t: t[:, [0, 2]],
    "permute": lambda t: t.permute(0, 2, 3, 1),
    "transpose": lambda t: t.transpose(1, 3),
    "unsqueeze": lambda t: t.unsqueeze(0),
    "expand": lambda t: t[:, :1].expand(2, 7, 4, 5),
    "as_strided": lambda t: t.as_strided((3, 4), (4, 1), 2),
    "split": lambda t: t.split(2, 1)[0],
    "unbind": lambda t: t.unbind(1)[2],
    "unfold": lambda t: t.unfold(2, 2, 1),
    "detach": lambda t: t.detach(),
    "data": lambda t: t.data,
    "contiguous": lambda t: t.contiguous(),
    "channels_last": lambda t: t.contiguous(memory_format=torch.channels_last),
    "clone": lambda t: t.clone(),
    "clone channels_last": lambda t: t.clone(memory_format=torch.channels_last),
    "to channels_last": lambda t: t.to(memory_format=torch.channels_last),
    "deepcopy": lambda t: copy.deepcopy(t),
    "empty_like": lambda t: torch.zeros_like(t),
    "double": lambda t: t.double(),
    "half": lambda t: t.half(),
    "add": lambda t: t + 1,
    "add tensors": lambda t: t + t,
    "broadcast": lambda t: t * torch.ones(3, 1, 1),
    "compare": lambda t: t > 0,
    "where": lambda t: torch.where(t > 0, t, 0.0),
    "relu": lambda t: torch.relu(t),
    "in place": lambda t: t.clone().mul_(2).relu_(),
    "neg": lambda t: -t,
    "pow": lambda t: t**2,
    "sum": lambda t: t.sum(),
    "sum over a dimension": lambda t: t.sum(1),
    "mean": lambda t: t.mean((2, 3)),
    "max": lambda t: t.max(1).values,
    "argmax": lambda t: t.argmax(1),
    "cumsum": lambda t: t.cumsum(2),
    "softmax": lambda t: t.softmax(1),
    "cat": lambda t: torch.cat([t, t], 1),
    "stack": lambda t: torch.stack([t, t]),
    "pad": lambda t: torch.nn.functional.pad(t, (1, 1)),
    "max_pool2d": lambda t: torch.nn.functional.max_pool2d(t, 2),
    "avg_pool2d": lambda t: torch.nn.functional.avg_pool2d(t, 2),
    "adaptive": lambda t: torch.nn.functional.adaptive_avg_pool2d(t, 1),
    "batch_norm": lambda t: torch.nn.functional.batch_norm(t, None, None, training=True),
    "group_norm": lambda t: torch.nn.functional.group_norm(t, 3),
    "interpolate": lambda t: torch.nn.functional.interpolate(t, scale_factor=2),
    "conv": lambda t: torch.nn.functional.conv2d(t, torch.ones(2, 3, 2, 2)),
    "matmul": lambda t: t @ torch.ones(5, 2),
    "einsum": lambda t: torch.einsum("nchw,c->nhw", t, torch.ones(3)),
    "sort": lambda t: t.sort(1).values,
    "flip": lambda t: t.flip(3),
    "repeat": lambda t: t.repeat(1, 2, 1, 1),
    "gather": lambda t: t.gather(1, torch.zeros(2, 1, 4, 5, dtype=torch.int64)),
    "masked_fill": lambda t: t.masked_fill(t > 0, 1.0),
    "clamp": lambda t: t.clamp(0, 1),
    "linear": lambda t: torch.nn.functional.linear(t, torch.ones(2, 5)),
    "tril": lambda t: t.tril(),
    "roll": lambda t: t.roll(1, 2),
    "unsqueeze_": lambda t: t.clone().unsqueeze_(1),
    "transpose_": lambda t: t.clone().transpose_(0, 1),
    "dropout": lambda t: torch.nn.functional.dropout(t, 0.5, training=False),
    "numpy": lambda t: torch.from_numpy(t.detach().numpy()),
    "dlpack": lambda t: torch.from_dlpack(t.detach()),
    "array": lambda t: torch.from_numpy(np.asarray(t.detach())),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_gives_the_same_elements_and_strides(name: str) -> None:
    ordinary, hidden = twins()
    expected, found = OPERATIONS[name](ordinary), OPERATIONS[name](hidden)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-6, atol=1e-6)
    again = OPERATIONS[name](twins()[1])
    assert again.stride() == expected.stride()
    assert again.is_contiguous() == expected.is_contiguous()
    assert again.dtype is expected.dtype and again.shape == expected.shape


NOT_DIFFERENTIABLE = ("data", "detach", "numpy", "dlpack", "array", "deepcopy", "compare", "argmax", "empty_like")


@pytest.mark.parametrize("name", [n for n in OPERATIONS if n not in NOT_DIFFERENTIABLE])
def test_gradients_are_the_same(name: str) -> None:
    ordinary, hidden = twins(requires_grad=True)
    for t in (ordinary, hidden):
        result = OPERATIONS[name](t * 1.5)
        (result.float() * torch.arange(result.numel()).reshape(result.shape)).sum().backward()
    np.testing.assert_allclose(hidden.grad.numpy(), ordinary.grad.numpy(), rtol=1e-5, atol=1e-5)
    assert hidden.grad.stride() == ordinary.grad.stride()


def test_a_view_shares_the_memory() -> None:
    _, t = twins()
    flat = t.view(-1)
    flat[0] = 7
    assert t[0, 0, 0, 0] == 7
    t[0, 0, 0, 1] = 8
    assert flat[1] == 8


def test_memory_is_shared_with_numpy_and_detached_tensors() -> None:
    _, t = twins()
    array, detached, data = t.numpy(), t.detach(), t.data
    t.fill_(3)
    assert (array == 3).all() and (detached == 3).all() and (data == 3).all()


def test_saving_and_loading() -> None:
    ordinary, hidden = twins()
    file = io.BytesIO()
    torch.save(hidden, file)
    file.seek(0)
    loaded = torch.load(file)
    assert torch.equal(loaded, ordinary) and loaded.stride() == ordinary.stride()


def test_storage_is_row_by_row() -> None:
    ordinary, hidden = twins()
    assert hidden.untyped_storage().tolist() == ordinary.untyped_storage().tolist()


def test_elementwise_functions_keep_the_order_they_are_given() -> None:
    _, t = twins()
    assert type(torch.relu(t * 2 + 1)._data) is Inner
