"""Functions of networks on inputs of nothing, with infinite elements, and in other orders of memory."""

import pytest
from beside import check, raised, scenarios


def convolutions_of_nothing(t):
    f = t.nn.functional
    out = []
    for shape in ((1, 1, 0), (0, 1, 3), (2, 0, 3)):
        x, weight = t.zeros(shape), t.zeros(1, shape[1], 2)
        out += [raised(lambda: f.conv1d(x, weight, padding=1)), raised(lambda: f.conv1d(x, weight))]  # noqa: B023
    out.append(raised(lambda: f.conv_transpose1d(t.zeros(1, 1, 0), t.zeros(1, 1, 2))))
    out.append(raised(lambda: f.conv2d(t.zeros(1, 1, 3, 0), t.zeros(1, 1, 1, 2), padding=1)))
    out.append(raised(lambda: f.conv3d(t.zeros(1, 1, 0, 3, 3), t.zeros(1, 1, 1, 1, 2), padding=1)))
    return out


def pooled_sequences_are_new(t):
    x = t.arange(6.0).reshape(1, 1, 6)
    pool = t.nn.functional.max_pool1d
    return [pool(x, 2)._is_view(), pool(x.clone().requires_grad_(), 2)._is_view(), pool(x, 2)]


def infinite_elements_stay_where_they_are(t):
    x = t.tensor([[[1.0, float("inf"), 2.0, float("nan"), 3.0]]])
    out = [t.nn.functional.interpolate(x, scale_factor=2), t.nn.functional.interpolate(x, size=3, mode="nearest-exact")]
    return [*out, t.nn.functional.interpolate(x.unsqueeze(2), scale_factor=(1, 2))]


def weights_of_nothing_meet_infinite_elements(t):
    f, found = t.nn.functional, []
    for size, corners in (((4, 8), False), ((8, 4), False), ((8, 8), False), ((7, 7), True), ((4, 7), True),
                          ((100, 100), False)):  # fmt: skip
        for mode in ("bilinear", "bicubic"):
            x = t.arange(16.0).reshape(1, 1, 4, 4)
            x[0, 0, 1, 1] = float("inf")
            y = f.interpolate(x.requires_grad_(), size, mode=mode, align_corners=corners)
            g = t.ones(1, 1, *size)
            g[0, 0, 0, 0] = float("inf")
            y.backward(g)
            found += [y.isnan(), x.grad.isnan(), y.isinf(), x.grad.isinf()]
    x = t.arange(4.0).reshape(1, 1, 4)
    x[0, 0, 1] = float("nan")
    return [*found, f.interpolate(x, size=4, mode="linear"), f.interpolate(x, size=8, mode="linear")]


def weights_of_nothing_after_many_other_sizes(t):
    def resized():
        x = t.tensor([[[[1.0, float("inf")]]]], requires_grad=True)
        y = t.nn.functional.interpolate(x, (1, 4), mode="bilinear")
        return x, y

    x, y = resized()
    for size in range(5, 205):
        t.nn.functional.interpolate(t.tensor([[[1.0, float("inf")]]]), size, mode="linear")
    y.backward(t.tensor([[[[float("inf"), 1.0, 1.0, 1.0]]]]))
    return resized()[1], y, x.grad


def thresholds_of_half_precision_are_not_rounded(t):
    f, found = t.nn.functional, []
    for dtype in (t.float16, t.bfloat16):
        x = t.tensor([1.0, float("inf"), 0.1], dtype=dtype, requires_grad=True)
        for bound in (1e30, 0.1, 0.10005, float("inf")):
            y = f.threshold(x, bound, 5.0)
            (g,) = t.autograd.grad(y.sum(), x)
            found += [y, g]
        found.append(raised(lambda: f.threshold(x, 1e39, 1.0)))  # noqa: B023
    return found


def one_group_of_channels_is_a_copy(t):
    x = t.arange(6.0).reshape(1, 3, 1, 2)
    y = t.nn.functional.channel_shuffle(x, 1)
    y.zero_()
    return x, y._is_view()


def classes_of_the_shape_of_the_input(t):
    f = t.nn.functional.cross_entropy
    classes = [t.zeros(shape, dtype=t.int64) for shape in ((), (0,), (2, 3))]
    return [raised(lambda c=c: f(c.float(), c)) for c in classes]


def results_row_by_row(t):
    f = t.nn.functional
    x = t.arange(24.0).reshape(4, 3, 2).permute(2, 1, 0)
    images = t.arange(48.0).reshape(4, 3, 2, 2).permute(3, 2, 1, 0)
    last = t.arange(48.0).reshape(2, 2, 3, 4).contiguous(memory_format=t.channels_last)
    found = [f.batch_norm(x, None, None, training=True), f.layer_norm(x, (4,)), f.group_norm(x, 1), f.rms_norm(x, (4,))]
    for y in (images, last):
        found += [f.batch_norm(y, t.zeros(2), t.ones(2)), f.avg_pool2d(y, 2), f.interpolate(y, scale_factor=2)]
    return [y.stride() for y in found]


def normalized_numbers_whose_squares_overflow(t):
    f, found = t.nn.functional, []
    for dtype, huge in ((t.float32, 1e30), (t.float64, 1e300), (t.bfloat16, 1e30), (t.float32, 3e38)):
        for count in (2, 7, 8, 9, 16, 17, 64):
            for place in (0, 3, 9):
                x = t.zeros(2, count, dtype=dtype)
                x[0, place % count] = huge
                x[1] = t.arange(count) / 4
                found += [f.layer_norm(x, (count,)), f.group_norm(x, 1)]
    for huge in (1e30, 3.4e38):
        x = t.tensor([[[huge, huge, 1.0]], [[huge, huge, huge]]])
        mean, var = t.zeros(1), t.ones(1)
        found += [f.batch_norm(x, None, None, training=True), f.batch_norm(x, mean, var, training=True), mean, var]
    x = t.zeros(40, 40)
    x[0, 0] = x[3, 1] = x[1, 3] = 1e30
    return [*found, f.layer_norm(x, (40,)), f.group_norm(x, 2), f.batch_norm(x, None, None, training=True)]


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario)
