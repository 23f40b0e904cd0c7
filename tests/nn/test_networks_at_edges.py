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


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario)
