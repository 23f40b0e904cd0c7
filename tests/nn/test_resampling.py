"""Resampling, shuffling, attention and padded sequences beside PyTorch: values, gradients, errors."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight
from rushlight.nn.functional import interpolate

SIZES = """
    scale_factor=2
    size=5
    size=(2, 7)
    scale_factor=1.7
    scale_factor=(0.5, 2)
    scale_factor=1.5, mode="nearest-exact"
    scale_factor=2, mode="bilinear"
    size=(5, 3), mode="bilinear", align_corners=True
    scale_factor=1.7, mode="bilinear"
    scale_factor=1.7, mode="bilinear", recompute_scale_factor=True
    size=(1, 1), mode="bilinear", align_corners=True
    size=7, mode="bicubic"
    size=7, mode="bicubic", align_corners=True
    size=2, mode="area"
    scale_factor=0.7, mode="area"
"""


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("arguments", lines(SIZES))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images(arguments, dtype):
    def scenario(m):
        x = m.sin(m.arange(24.0)).to(getattr(m, dtype)).view(1, 2, 3, 4).requires_grad_()
        y = eval(f"f(x, {arguments})", {"f": m.nn.functional.interpolate, "x": x})
        return y, m.autograd.grad((y * y).sum(), x)

    check(scenario, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("arguments", lines(SIZES))
def test_second_order(arguments):
    x = rushlight.sin(rushlight.arange(24.0)).double().view(1, 2, 3, 4).requires_grad_()
    assert rushlight.autograd.gradgradcheck(lambda x: eval(f"f(x, {arguments})", {"f": interpolate, "x": x}) ** 2, (x,))


CALLS = """
    F.interpolate(x[0], size=3, mode="linear")
    F.interpolate(x[None], size=3, mode="trilinear")
    F.interpolate(x[0], scale_factor=2)
    F.interpolate(x[None], scale_factor=2)
    F.interpolate(x)
    F.interpolate(x, size=2, scale_factor=2)
    F.interpolate(x, size=2, mode="linear")
    F.interpolate(x, size=2, mode="foo")
    F.interpolate(x, size=2, align_corners=True)
    F.interpolate(x, size=(2,))
    F.interpolate(x, scale_factor=(2,))
    F.interpolate(x[0, 0], size=2)
    F.interpolate(x, size=0)
    F.interpolate(x, size=2, recompute_scale_factor=True)
    F.interpolate(x, size=2, mode="trilinear")
    F.interpolate(x[0], size=2, mode="bilinear")
    F.interpolate(x[0], size=2, mode="bicubic")
    F.upsample(x, scale_factor=2)
    F.pixel_shuffle(y, 2)
    F.pixel_shuffle(y[0], 4)
    F.pixel_shuffle(y, 3)
    F.pixel_shuffle(y, 0)
    F.pixel_shuffle(x[0, 0], 1)
    F.pixel_unshuffle(y, 2)
    F.pixel_unshuffle(y, 3)
    F.pixel_unshuffle(y, 0)
    F.channel_shuffle(y, 4)
    F.channel_shuffle(y, 3)
    F.channel_shuffle(y, 0)
    F.channel_shuffle(x[0, 0], 1)
    grad((F.pixel_shuffle(y, 2) * y.detach().view(1, 4, 4, 4)).sum(), y)
    grad((F.pixel_unshuffle(y, 2) * y.detach().view(1, 64, 1, 1)).sum(), y)
    grad((F.channel_shuffle(y, 2) * y.detach()).sum(), y)
    F.unfold(x, 2)
    F.unfold(x[0], (2, 3))
    F.unfold(x[0, 0], 2)
    F.unfold(x, 5)
    F.fold(x.view(1, 8, 3), (2, 4), 2)
    F.fold(x.view(8, 3), (2, 4), 2)
    F.fold(x.view(1, 8, 3), (4, 4), 2)
    F.fold(x.view(1, 6, 4), (2, 4), 4)
    pad([t.arange(3), t.ones(1, dtype=t.int64)])
    pad([t.arange(3), t.ones(1, dtype=t.int64)], batch_first=True, padding_value=9)
    pad([x[0, 0], x[0, 1, :1]], padding_side="left")
    grad(pad([x[0, 0], x[0, 1, :1]]).sum(), x)
    pad([])
    pad(3)
    pad([x], padding_side="up")
"""


@pytest.mark.parametrize("line", lines(CALLS))
def test_calls(line):
    def scenario(m):
        names = {"F": m.nn.functional, "t": m, "grad": m.autograd.grad, "pad": m.nn.utils.rnn.pad_sequence}
        x = m.sin(m.arange(24.0)).view(1, 2, 3, 4).requires_grad_()
        y = m.arange(64.0).view(1, 16, 2, 2).requires_grad_()
        return eval(line, {**names, "x": x, "y": y})

    check(scenario)


def test_sequences_come_back():
    def scenario(m):
        given = [m.arange(3), m.arange(1)]
        padded = m.nn.utils.rnn.pad_sequence(given)
        return [s.tolist() for s in m.nn.utils.rnn.unpad_sequence(padded, m.tensor([3, 1]))]

    check(scenario)


@pytest.mark.parametrize("arguments", lines("""
    scale=None
    is_causal=True
    attn_mask=t.ones(4, 4).tril().bool()
    attn_mask=t.sin(t.arange(16.0)).view(4, 4)
    scale=0.3
    dropout_p=0.5
    enable_gqa=True
"""))  # fmt: skip
def test_attention(arguments):
    def scenario(m):
        m.manual_seed(0)
        q, k, v = (m.randn(2, 2, 4, 3, requires_grad=True) for _ in range(3))
        attention = m.nn.functional.scaled_dot_product_attention
        found = eval(f"f(q, k, v, {arguments})", {"f": attention, "q": q, "k": k, "v": v, "t": m})
        # In PyTorch a fused kernel: its node has another name, and its gradients may lie otherwise in memory.
        return [t.detach().contiguous() for t in (found, *m.autograd.grad((found * found).sum(), (q, k, v)))]

    check(scenario, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(4, 7), (3, 2), (8, 8)])
@pytest.mark.parametrize("options", [{}, {"align_corners": True}, {"antialias": True}])
def test_images_of_bytes(mode, size, options):
    if mode == "nearest" and options:
        pytest.skip("nearest has no such options")
    image = np.random.default_rng(5).integers(0, 256, (2, 3, 6, 5)).astype(np.uint8)
    theirs = torch.nn.functional.interpolate(torch.from_numpy(image), size, mode=mode, **options)
    ours = interpolate(rushlight.from_numpy(image), size, mode=mode, **options)
    assert str(ours.dtype) == "torch.uint8" and ours.tolist() == theirs.tolist()


@pytest.mark.parametrize(("mode", "dims"), [("linear", 1), ("trilinear", 3), ("bicubic", 2)])
def test_images_of_other_integers_are_refused(mode, dims):
    for t in (torch, rushlight):
        with pytest.raises(NotImplementedError, match=r"compute_indices_weights_.* not implemented for 'Short'"):
            t.nn.functional.interpolate(t.ones(1, 1, *[3] * dims).to(t.int16), scale_factor=2, mode=mode)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(5, 5), (2, 5), (6, 3)])
@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_smoothed_images_that_are_not_finite(mode, size, number):
    def scenario(m):
        x = m.arange(6.0).reshape(1, 1, 2, 3)
        x[0, 0, 0, 1] = number
        return m.nn.functional.interpolate(x, size, mode=mode, antialias=True)

    check(scenario, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("factor", [1.2, (1.2, 2.0), (1.5, 1.1)])
def test_smoothing_leaves_axes_alone_that_keep_their_size(factor):
    def scenario(m):
        x = m.arange(9.0).reshape(1, 1, 3, 3)
        return m.nn.functional.interpolate(x, scale_factor=factor, mode="bilinear", antialias=True)

    check(scenario, rtol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("shape", [(1, 2, 4), (1, 1, 3, 4), (1, 1, 2, 3, 4), (1, 1, 80, 80)])
def test_nearest_pixels_keep_the_signs_of_zeros(mode, shape):
    check(lambda m: m.signbit(m.nn.functional.interpolate(m.full(shape, -0.0), scale_factor=1.5, mode=mode)))
