"""Small networks on compiled kernels, beside PyTorch: values, gradients, statistics, strides."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

from rushlight import base
from rushlight.kernels import conv, normalization, pointwise, pooling, winograd

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def always() -> Iterator[None]:
    """Compiled kernels at any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        for module in (conv, winograd, normalization, pooling):
            for name in [n for n in vars(module) if n.startswith("SMALLEST")]:
                patch.setattr(module, name, 1)
        patch.setattr(pointwise, "LARGE", 2)
        patch.setitem(base.namespace, "LARGE", 2)
        yield


class Network:
    """A random program: the same random numbers give the same program in either library."""

    def __init__(self, t: Any, seed: int):
        self.t, self.f, self.r = t, t.nn.functional, random.Random(seed)
        self.dtype = self.r.choice([np.float32, np.float64, np.float64])
        self.parameters: list[Any] = []
        self.seen: list[Any] = []
        self.ordinary = True

    def tensor(self, *shape: int) -> Any:
        values = np.random.default_rng(self.r.randrange(1 << 30)).standard_normal(shape)
        return self.t.from_numpy(values.astype(self.dtype))

    def parameter(self, *shape: int) -> Any:
        old = [p for p in self.parameters if tuple(p.shape) == shape]
        if old and self.r.random() < 0.5:  # shared
            return self.r.choice(old)
        made = (self.tensor(*shape) / max(1, int(np.prod(shape[1:]))) ** 0.5).requires_grad_()
        self.parameters.append(made)
        return made

    def convolve(self, x: Any) -> Any:
        r, channels = self.r, x.shape[1]
        k = [min(r.choice([1, 2, 3, 3, 3]), n) for n in x.shape[2:]]
        if r.random() < 0.2:
            return self.f.conv_transpose2d(x, self.parameter(channels, 4, *k), self.parameter(4), r.choice([1, 2]))
        groups = r.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
        outs = groups * r.choice([1, 2, 4, 16]) if groups < 4 else groups
        bias = self.parameter(outs) if r.random() < 0.6 else None
        weight = self.parameter(outs, channels // groups, *k)
        return self.f.conv2d(x, weight, bias, r.choice([1, 1, 2]), r.choice([0, 1, 1]), 1, groups)

    def normalize(self, x: Any) -> Any:
        channels = x.shape[1]
        if not self.ordinary:
            # PyTorch's gradient is wrong for some strides that are and are not channels-last: (16, 1, 720, 16) for
            # (1, 16, 1, 45).
            x = x.contiguous()
        mean, var = self.tensor(channels), self.tensor(channels).abs() + 0.5
        weight, bias = self.parameter(channels), self.parameter(channels)
        made = self.f.batch_norm(x, mean, var, weight, bias, self.r.random() < 0.6, 0.1, 1e-3)
        self.seen += [mean, var]
        return made

    def activate(self, x: Any) -> Any:
        return self.r.choice([self.t.relu, self.t.relu_, self.f.gelu, self.t.tanh])(x)

    def pool(self, x: Any) -> Any:
        if min(x.shape[2:]) < 2:
            return self.f.adaptive_max_pool2d(x, (2, 1))
        step, border = self.r.choice([1, 2]), self.r.choice([0, 1])
        return self.r.choice([
            lambda: self.f.max_pool2d(x, 2, step, border),
            lambda: self.f.avg_pool2d(x, 2, step, border),
            lambda: self.f.adaptive_avg_pool2d(x, (2, 3)),
        ])()  # fmt: skip

    def join(self, x: Any) -> Any:
        return self.r.choice([
            lambda: x + x.relu(),
            lambda: self.t.cat([x, x * 2], 1) if x.shape[1] < 20 else x,
            lambda: x * self.parameter(x.shape[1], 1, 1),
            lambda: x * x.mean((2, 3), keepdim=True),
        ])()  # fmt: skip

    def look(self, x: Any) -> Any:
        if self.r.random() < 0.4:
            return self.r.choice([
                lambda: x.view(x.shape[0], -1).view(x.shape) if x.is_contiguous() else x,
                lambda: x.flatten(2).unsqueeze(2),
            ])()  # fmt: skip
        self.ordinary = False
        return self.r.choice([
            lambda: x.transpose(2, 3),
            lambda: x[:, :, 1:] if x.shape[2] > 1 else x,
            lambda: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
            lambda: x.contiguous(memory_format=self.t.channels_last),
        ])()  # fmt: skip

    def change(self, x: Any) -> Any:
        y = x * 1
        self.r.choice([
            lambda: y[..., :1].mul_(2),
            lambda: y.detach().add_(1),
            lambda: y.data.mul_(2),
            # (Of images with one channel, PyTorch's strides also remember whether it came from channels-last ones.)
            lambda: y.reshape(-1)[::3].mul_(0.5) if self.ordinary and y.is_contiguous() else y.mul_(2),
            lambda: y.__setitem__((slice(None), 0), 1),
        ])()  # fmt: skip
        return y

    def strides(self, x: Any) -> Any:
        """The strides of dimensions that have any, in programs that leave the order in memory alone."""
        return [s for n, s in zip(x.shape, x.stride(), strict=True) if n > 1] if self.ordinary else x.sum().item()

    def run(self) -> Any:
        r = self.r
        x = self.tensor(r.randint(1, 3), r.choice([1, 3, 4, 16]), r.randint(2, 8), r.randint(2, 8))
        if r.random() < 0.2:
            self.ordinary = False
            x = x.contiguous(memory_format=self.t.channels_last)
        leaf = x.requires_grad_()
        x = x * 1
        steps = (
            [self.convolve] * 4 + [self.normalize, self.activate] * 2 + [self.pool, self.join, self.look, self.change]
        )
        for _ in range(r.randint(2, 6)):
            x = r.choice(steps)(x)
            if r.random() < 0.3:
                self.seen.append(self.strides(x))
        flat = x.flatten(1)
        out = self.f.linear(flat, self.parameter(3, flat.shape[1]))
        leaves = [leaf, *self.parameters]
        loss = (out * self.tensor(*out.shape)).sum()
        for _ in range(r.choice([1, 2])):
            loss.backward(retain_graph=True)
        return [out.detach(), x.detach().clone(), self.strides(x), self.seen, [p.grad for p in leaves]]


@settings(max_examples=40)
@given(st.integers(0, 1 << 30))
def test_a_network_computes_what_it_does_in_pytorch(seed: int) -> None:
    def scenario(t: Any) -> Any:
        return Network(t, seed).run()

    double = Network(torch, seed).dtype is np.float64
    check(scenario, strides=False, rtol=1e-7 if double else 5e-3, atol=1e-9 if double else 5e-3)
