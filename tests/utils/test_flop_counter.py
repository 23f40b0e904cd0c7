"""Counting floating-point operations, beside PyTorch."""

import functools
from importlib import import_module

import pytest
from beside import check, scenarios


def module(t, name="flop_counter"):
    return import_module(f"{t.__name__}.utils.{name}")


def counted(t, action):
    with module(t).FlopCounterMode(display=False) as mode:
        action()
    return [mode.get_total_flops(), {str(op): n for op, n in mode.get_flop_counts().get("Global", {}).items()}]


def products(t):
    a, b, v = t.rand(3, 4), t.rand(4, 5), t.rand(2, 3, 4)
    linear = t.nn.Linear(4, 2)
    return [
        counted(t, f)
        for f in (
            lambda: a @ b, lambda: linear(a), lambda: v @ v.mT, lambda: v @ b, lambda: a + a,
            lambda: t.addmm(t.zeros(5), a, b), lambda: t.einsum("ij,jk->ik", a, b),
        )
    ]  # fmt: skip


def backward(t):
    m = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Linear(8, 2))
    x = t.rand(3, 4, requires_grad=True)
    v = t.rand(2, 3, 4, requires_grad=True)
    return [counted(t, lambda: m(x).sum().backward()), counted(t, lambda: (v @ v.mT).sum().backward())]


def convolutions(t):
    x = t.rand(2, 4, 7, 7, requires_grad=True)
    out = []
    for layer in (
        t.nn.Conv2d(4, 6, 3), t.nn.Conv2d(4, 6, 3, stride=2, padding=1), t.nn.Conv2d(4, 4, 3, groups=2),
        t.nn.ConvTranspose2d(4, 3, 2, stride=2),
    ):  # fmt: skip
        out += [counted(t, lambda: layer(x)), counted(t, lambda: layer(x).sum().backward())]  # noqa: B023
    return out


def custom(t):
    counts = {t.ops.aten.sin: lambda x, out_shape=None: x[0] * 5}
    with module(t).FlopCounterMode(display=False, custom_mapping=counts) as mode:
        t.rand(3).sin()
    return mode.get_total_flops()


def selective_checkpoints(t):
    """What is kept is not computed again."""
    m = module(t, "checkpoint")
    out = []
    for ops in ([], [t.ops.aten.mm.default]):
        x, y = t.rand(8, 8, requires_grad=True), t.rand(8, 8, requires_grad=True)
        context_fn = functools.partial(m.create_selective_checkpoint_contexts, ops)
        z = m.checkpoint(
            lambda x, y: t.sigmoid(t.matmul(t.matmul(x, y), y)) * y, x, y, use_reentrant=False, context_fn=context_fn
        )
        out.append(counted(t, lambda: z.sum().backward())[0])  # noqa: B023
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_like_pytorch(scenario):
    check(scenario)
