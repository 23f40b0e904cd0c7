"""Compiled convolution kernels, and the choice between them and NumPy's, against torch."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernels.reference import agree, array, few, gradients, seeds
from rushlight.kernels import conv, conv_deep, conv_taps, dispatch, numpy_conv, winograd
from rushlight.kernels.numpy_conv import conv_output_shape

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")

many = settings(max_examples=40, deadline=None)
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
# Inexact to the rounding of sums of some thousand products, in another order.
CLOSE = {torch.float32: (1e-4, 2e-4), torch.float64: (1e-9, 1e-10)}


@pytest.fixture(autouse=True, scope="module")
def compiled() -> Any:
    """Every call that can be computed by compiled kernels is, and waits for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(conv, "SMALLEST", 0)
        patch.setattr(conv, "SMALLEST_VOLUMES", 0)
        patch.setattr(winograd, "FILTER_COST", -1000)
        yield


@st.composite
def cases(draw):
    dims = draw(st.sampled_from([1, 2, 2, 2, 3]))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(dims))  # noqa: E731
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    if draw(st.integers(0, 3)):
        sizes = st.sampled_from([1, 2, 3, 9, 16, 17, 40, 64, 70])
        channels, outs = groups * draw(sizes), groups * draw(sizes)
    else:
        groups = channels = draw(st.sampled_from([1, 3, 16, 20]))
        outs = channels * draw(st.integers(1, 2))
    stride = numbers(1, 3) if draw(st.booleans()) else (1,) * dims
    kernel, padding, dilation = numbers(1, 4), numbers(0, 3), numbers(1, 2)
    if draw(st.booleans()):
        kernel, stride, dilation = (3,) * dims, (1,) * dims, (1,) * dims
    spatial = numbers(1, 14) if dims == 3 or draw(st.booleans()) else (*numbers(1, 7)[1:], draw(st.integers(1, 420)))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    return draw(st.integers(1, 3)), channels, outs, groups, spatial, kernel, stride, padding, dilation, extra


def laid_out(t: torch.Tensor, last: bool) -> torch.Tensor:
    """The same tensor with its channels last in memory, if wanted and possible."""
    return t.detach().to(memory_format=torch.channels_last if last and t.ndim == 4 else torch.contiguous_format)


@many
@given(cases(), seeds, st.sampled_from([torch.float32, torch.float64]), *[st.booleans()] * 3)
def test_convolution_and_its_gradients(case, seed, dtype, biased, x_last, g_last):
    n, channels, outs, groups, spatial, kernel, stride, padding, dilation, extra = case
    assume(min(conv_output_shape(spatial, kernel, stride, padding, dilation)) > 0)
    torch.manual_seed(seed)
    x = torch.randn(n, channels, *spatial, dtype=dtype, requires_grad=True)
    w = torch.randn(outs, channels // groups, *kernel, dtype=dtype, requires_grad=True)
    b = torch.randn(outs, dtype=dtype, requires_grad=True)
    y = CONV[len(spatial)](x, w, b if biased else None, stride, padding, dilation, groups)
    g = laid_out(torch.randn_like(y), g_last)
    gx, gw = gradients(y, [x, w], g)
    how = stride, padding, dilation, groups
    given_x, close = array(laid_out(x, x_last)), CLOSE[dtype]
    got = conv.conv_forward(given_x, array(w), array(b) if biased else None, *how)
    agree(got, y, *close)
    agree(conv.conv_grad_input(array(g), array(w), tuple(x.shape), *how), gx, *close)
    found = conv.conv_grad_weight(array(g), given_x, tuple(w.shape), *how)
    # A gradient of the weight sums over all images and pixels.
    terms = y[0, 0].numel() ** 0.5
    agree(found / terms, gw / terms, *close)
    assert found.flags.c_contiguous
    agree(conv.conv_grad_bias(array(g)), g.sum((0, *range(2, g.ndim))), *close)
    reach = [
        st * (m - 1) - 2 * p + d * (k - 1) + e
        for st, m, p, d, k, e in zip(stride, y.shape[2:], padding, dilation, kernel, extra)
    ]
    if min(reach) >= 0:
        transposed = TRANSPOSE[len(spatial)](g, w, None, stride, padding, extra, groups, dilation)
        agree(conv.conv_grad_input(array(g), array(w), tuple(transposed.shape), *how), transposed, *close)


@few
@given(
    st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.tuples(st.integers(3, 20), st.integers(3, 20)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)), st.sampled_from([torch.float32, torch.float64]), st.booleans(),
    st.booleans(), seeds,
)  # fmt: skip
def test_filters_of_3x3_with_stride_1(n, channels, outs, spatial, padding, dtype, wide, biased, seed):
    torch.manual_seed(seed)
    x = torch.randn(n, 16 * channels, *spatial, dtype=dtype, requires_grad=True)
    w = torch.randn(16 * outs, 16 * channels, 3, 3, dtype=dtype, requires_grad=True)
    b = torch.randn(16 * outs, dtype=dtype) if biased else None
    y = F.conv2d(x, w, b, 1, padding)
    g = torch.randn_like(y)
    gx, gw = gradients(y, [x, w], g)
    how, close = ((1, 1), padding, (1, 1), 1), CLOSE[dtype]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "WIDE", 1 if wide else 1 << 30)
        if not wide:
            patch.setattr(winograd, "_CACHE", 1 << 16)
        agree(conv.conv_forward(array(x), array(w), array(b), *how), y, *close)
        agree(conv.conv_grad_input(array(g), array(w), tuple(x.shape), *how), gx, *close)
        found, terms = conv.conv_grad_weight(array(g), array(x), tuple(w.shape), *how), y[0, 0].numel() ** 0.5
        agree(found / terms, gw / terms, *close)


sides = [st.tuples(*[st.integers(*ends)] * 2) for ends in ((1, 9), (1, 5), (1, 3), (0, 4), (1, 2))]


@few
@given(
    st.sampled_from([1, 2, 7, 32]), *[st.sampled_from([16, 48, 80, 96, 128])] * 2, *sides,
    st.sampled_from([torch.float32, torch.float64]), st.booleans(), st.booleans(), seeds,
)  # fmt: skip
def test_small_images_with_large_filters(
    n, channels, outs, spatial, kernel, stride, padding, dilation, dtype, biased, last, seed
):
    assume(min(conv_output_shape(spatial, kernel, stride, padding, dilation)) > 0)
    torch.manual_seed(seed)
    x = torch.randn(n, channels, *spatial, dtype=dtype, requires_grad=True)
    w, b = torch.randn(outs, channels, *kernel, dtype=dtype), torch.randn(outs, dtype=dtype) if biased else None
    y = F.conv2d(x, w, b, stride, padding, dilation)
    g = torch.randn_like(y)
    how, close = (stride, padding, dilation, 1), CLOSE[dtype]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv_deep, "SMALLEST_FILTERS", 0)
        patch.setattr(winograd, "suits", lambda *_: False)
        agree(conv.conv_forward(array(laid_out(x, last)), array(w), b if b is None else array(b), *how), y, *close)
        got = conv.conv_grad_input(array(laid_out(g, last)), array(w), tuple(x.shape), *how)
        agree(got, gradients(y, [x], g)[0], *close)


@few
@given(
    st.sampled_from([1, 3, 40, 150]), st.sampled_from([1, 5, 16, 50, 130]), st.sampled_from([16, 48, 80]), *sides,
    st.sampled_from([torch.float32, torch.float64]), st.booleans(), st.booleans(), st.booleans(), seeds,
)  # fmt: skip
def test_gradients_of_large_filters(
    n, channels, outs, spatial, kernel, stride, padding, dilation, dtype, single, little, last, seed
):
    if single:
        kernel, stride, padding, dilation = (1, 1), (1, 1), (0, 0), (1, 1)
    assume(min(conv_output_shape(spatial, kernel, stride, padding, dilation)) > 0)
    torch.manual_seed(seed)
    x = torch.randn(n, channels, *spatial, dtype=dtype)
    w = torch.randn(outs, channels, *kernel, dtype=dtype, requires_grad=True)
    y = F.conv2d(x, w, None, stride, padding, dilation)
    g = torch.randn_like(y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv_taps, "SMALLEST_FILTERS", 0)
        patch.setattr(conv_taps, "FEWEST_IMAGES", 1)
        if little:
            patch.setattr(conv_taps, "_PIXELS", 8)
            patch.setattr(conv_taps, "_CACHE", 1 << 14)
        found = conv_taps.weight_gradient(
            array(laid_out(g, last)), array(laid_out(x, last)), tuple(w.shape), stride, padding, dilation
        )
    terms = max(1, y[:, 0].numel()) ** 0.5
    agree(found / terms, gradients(y, [w], g)[0] / terms, *CLOSE[dtype])


def test_taps_that_meet_no_pixel_have_no_gradient():
    x, w = torch.full((8, 64, 1, 1), float("nan")), torch.ones(512, 64, 3, 3, requires_grad=True)
    y = F.conv2d(x, w, None, 1, 1)
    g = torch.ones_like(y)
    found = conv.conv_grad_weight(array(g), array(x), tuple(w.shape), (1, 1), (1, 1), (1, 1), 1)
    np.testing.assert_array_equal(found, gradients(y, [w], g)[0])


def test_signals_with_large_filters():
    torch.manual_seed(0)
    x, w = torch.randn(8, 64, 5), torch.randn(512, 64, 9, requires_grad=True)
    y = F.conv1d(x, w, None, 2, 4)
    g = torch.randn_like(y)
    found = conv.conv_grad_weight(array(g), array(x), tuple(w.shape), (2,), (4,), (1,), 1)
    agree(found, gradients(y, [w], g)[0], *CLOSE[torch.float32])


def test_float32_is_as_accurate_as_torch():
    torch.manual_seed(0)
    for shape, filters, stride in [((4, 64, 21, 21), (96, 64, 3, 3), 2), ((2, 3, 60, 60), (64, 3, 7, 7), 2)]:
        x, w = torch.randn(shape, requires_grad=True), torch.randn(filters, requires_grad=True)
        y, exact = F.conv2d(x, w, None, stride, 1), F.conv2d(x.double(), w.double(), None, stride, 1)
        g = torch.randn_like(y)
        theirs, wanted = [y, *gradients(y, [x, w], g)], [exact, *gradients(exact, [x, w], g.double())]
        how = (stride, stride), (1, 1), (1, 1), 1
        ours = [
            conv.conv_forward(array(x), array(w), None, *how),
            conv.conv_grad_input(array(g), array(w), shape, *how),
            conv.conv_grad_weight(array(g), array(x), filters, *how),
        ]
        for mine, their, right in zip(ours, theirs, wanted):
            right = array(right)
            assert np.linalg.norm(mine - right) <= 2 * np.linalg.norm(array(their) - right)


OTHER = {torch.contiguous_format: torch.channels_last, torch.channels_last: torch.contiguous_format}


@pytest.mark.parametrize("layout", OTHER)
@pytest.mark.parametrize(("channels", "size"), [(32, 24), (64, 24), (128, 28), (256, 14), (64, 100)])
def test_winograd_is_as_accurate_as_torch(channels, size, layout):
    torch.manual_seed(0)
    how = (1, 1), (1, 1), (1, 1), 1
    x = torch.randn(2, channels, size, size).to(memory_format=layout).requires_grad_()
    w = torch.randn(64, channels, 3, 3).to(memory_format=layout).requires_grad_()
    y, exact = F.conv2d(x, w, None, 1, 1), F.conv2d(x.double(), w.double(), None, 1, 1)
    g = torch.randn_like(y)
    ours = [
        conv.conv_forward(array(x), array(w), None, *how),
        conv.conv_grad_input(array(g), array(w), tuple(x.shape), *how),
        conv.conv_grad_weight(array(g), array(x), tuple(w.shape), *how),
    ]
    theirs, wanted = [y, *gradients(y, [x, w], g)], [exact, *gradients(exact, [x, w], g.double())]
    errors = [np.linalg.norm(array(their) - array(right)) for their, right in zip(theirs, wanted, strict=True)]
    # Without AVX-512, PyTorch sums up the gradient of contiguous images more accurately than that of others (1.6e-7 and
    # 4.3e-7, relatively); the same sums are as accurate as they should be where it is content with them in one layout.
    other = x.detach().contiguous(memory_format=OTHER[layout]).requires_grad_()
    turned = w.detach().contiguous(memory_format=OTHER[layout])
    (again,) = gradients(F.conv2d(other, turned, None, 1, 1), [other], g.contiguous(memory_format=OTHER[layout]))
    errors[1] = max(errors[1], np.linalg.norm(array(again) - array(wanted[1])))
    for mine, error, right in zip(ours, errors, wanted, strict=True):
        assert np.linalg.norm(mine - array(right)) <= 2 * error


@pytest.mark.parametrize("channels", [2, 16, 40, 64])
@pytest.mark.parametrize("groups", [1, 2])
def test_nan_and_infinity_reach_only_the_windows_that_hold_them(channels, groups):
    torch.manual_seed(0)
    x, w = torch.randn(2, channels, 17, 15), torch.randn(32, channels // groups, 3, 3)
    x[0, 1, 2, 2] = float("nan")
    x[1, 0, 16, 14] = float("inf")
    # Exact sums are compared with: those of float32 differ from each other by more than either from these.
    exact = x.double().requires_grad_()
    y = F.conv2d(exact, w.double(), None, 1, 1, 1, groups)
    how = (1, 1), (1, 1), (1, 1), groups
    agree(conv.conv_forward(array(x), array(w), None, *how), y.float(), 1e-4, 2e-5)
    g = torch.randn(y.shape)
    g[0, 1, 3, 4] = float("nan")
    g[1, 31, 0, 0] = float("-inf")
    (wanted,) = gradients(y, [exact], g.double())
    agree(conv.conv_grad_input(array(g), array(w), tuple(x.shape), *how), wanted.float(), 1e-4, 2e-5)


def test_nan_reaches_only_its_own_filter():
    torch.manual_seed(0)
    x, w = torch.randn(2, 16, 12, 12), torch.randn(48, 16, 3, 3, requires_grad=True)
    y = F.conv2d(x, w, None, 1, 1)
    g = torch.randn_like(y)
    g[0, 3, 5, 5] = float("nan")
    got = conv.conv_grad_weight(array(g), array(x), tuple(w.shape), (1, 1), (1, 1), (1, 1), 1)
    agree(got, gradients(y, [w], g)[0], 1e-4, 2e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("channels", "size"), [(64, 4), (128, 8), (256, 2)])
def test_large_filters_are_packed_within_their_memory(monkeypatch, channels, size, dtype):
    """What a thread packs beyond its own memory would change the filters of the next one."""
    behind = []

    def guarded(*wanted):
        *areas, last = carve(*wanted, (4096, np.uint8))
        last.fill(77)
        behind.append(last)
        return areas

    carve = conv_deep.carve
    monkeypatch.setattr(conv_deep, "carve", guarded)
    monkeypatch.setattr(conv_deep, "get_threads", lambda: 1)
    threads = dispatch.get_threads()
    dispatch.set_threads(1)
    try:
        x, w = np.ones((1, channels, size, size), dtype), np.ones((2 * channels, channels, 3, 3), dtype)
        how = (2, 2), (1, 1), (1, 1)
        y = conv_deep.convolve(x, w, None, (size // 2, size // 2), *how, False)
        assert (behind.pop() == 77).all()
        assert conv_deep.convolve(y, w, None, (size, size), *how, True) is not None
        assert (behind.pop() == 77).all()
    finally:
        dispatch.set_threads(threads)


def test_results_do_not_depend_on_the_number_of_threads():
    torch.manual_seed(0)
    x, w, g = torch.randn(3, 32, 30, 30), torch.randn(80, 32, 3, 3), torch.randn(3, 80, 30, 30)

    def results() -> list[np.ndarray]:
        found = []
        for how in [((1, 1), (1, 1), (1, 1), 1), ((1, 1), (1, 1), (1, 1), 2)]:
            weight = array(w)[:, : 32 // how[-1]]
            found.append(conv.conv_forward(array(x), weight, None, *how))
            found.append(conv.conv_grad_input(array(g), weight, tuple(x.shape), *how))
            found.append(conv.conv_grad_weight(array(g), array(x), weight.shape, *how))
        return found

    threads = dispatch.get_threads()
    try:
        dispatch.set_threads(1)
        alone = results()
        dispatch.set_threads(3)
        for got, wanted in zip(results(), alone):
            np.testing.assert_array_equal(got, wanted)
    finally:
        dispatch.set_threads(threads)


def test_small_work_is_left_to_numpy(monkeypatch):
    def fail(*_: Any) -> Any:
        raise AssertionError("a compiled kernel was asked for")

    monkeypatch.setattr(dispatch.Kernel, "get", fail)
    monkeypatch.setattr(conv, "SMALLEST", 1 << 15)
    monkeypatch.setattr(conv, "SMALLEST_VOLUMES", 1 << 14)
    for dims in (1, 2, 3):
        x, w = np.ones((1, 8, *(3,) * dims), np.float32), np.ones((8, 8, *(2,) * dims), np.float32)
        how = (1,) * dims, (1,) * dims, (1,) * dims, 1
        np.testing.assert_array_equal(conv.conv_forward(x, w, None, *how), numpy_conv.conv_forward(x, w, None, *how))


def test_empty_batches_and_empty_channels():
    how = (1, 1), (1, 1), (1, 1), 1
    x, w = torch.randn(0, 8, 5, 5), torch.randn(4, 8, 3, 3)
    agree(conv.conv_forward(array(x), array(w), None, *how), F.conv2d(x, w, None, 1, 1))
    assert not conv.conv_grad_weight(np.zeros((0, 4, 5, 5), np.float32), array(x), (4, 8, 3, 3), *how).any()


def test_numpy_computes_until_a_kernel_is_ready(monkeypatch):
    monkeypatch.setattr(dispatch.Kernel, "get", lambda self, dtype: None)
    torch.manual_seed(0)
    x, w = torch.randn(2, 16, 12, 12), torch.randn(40, 16, 3, 3)
    how = (1, 1), (1, 1), (1, 1), 1
    got = conv.conv_forward(array(x), array(w), None, *how)
    np.testing.assert_array_equal(got, numpy_conv.conv_forward(array(x), array(w), None, *how))
