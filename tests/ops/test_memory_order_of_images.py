"""How results of networks' functions lie in memory for images in every order, beside PyTorch."""

import itertools

import pytest
import torch

import rushlight

from .test_memory_order import laid, same_order


def F(t):
    return t.nn.functional


FUNCTIONS = {
    "max_pool2d": lambda t, x: F(t).max_pool2d(x, 2, 1, 1),
    "positions of max_pool2d": lambda t, x: F(t).max_pool2d(x, 2, 1, 1, return_indices=True)[1],
    "max_pool1d": lambda t, x: F(t).max_pool1d(x[0], 2, 1, 1),
    "avg_pool2d": lambda t, x: F(t).avg_pool2d(x, 2, 1, 1),
    "avg_pool3d": lambda t, x: F(t).avg_pool3d(x, 2, 1, 1),
    "conv2d": lambda t, x: F(t).conv2d(x, t.ones(2, 3, 2, 2, dtype=x.dtype), padding=1),
    "group_norm": lambda t, x: F(t).group_norm(x, 1) * 0,
    "batch_norm": lambda t, x: F(t).batch_norm(x, None, None, training=True) * 0,
    "rms_norm": lambda t, x: F(t).rms_norm(x, (6,)) * 0,
    "local_response_norm": lambda t, x: F(t).local_response_norm(x, 2) * 0,
    "normalize": lambda t, x: F(t).normalize(x) * 0,
    "channel_shuffle": lambda t, x: F(t).channel_shuffle(x, 3),
    "channel_shuffle of one group": lambda t, x: F(t).channel_shuffle(x, 1),
    "pixel_unshuffle": lambda t, x: F(t).pixel_unshuffle(x, 2),
    "pad": lambda t, x: F(t).pad(x, (1, 1)),
    "pad with edges": lambda t, x: F(t).pad(x, (1, 1, 1, 1), "replicate"),
    "pad around": lambda t, x: F(t).pad(x, (1, 1, 0, 0), "circular"),
    "roll": lambda t, x: x.roll(1, 1),
    "dropout2d": lambda t, x: F(t).dropout2d(x, 0.5),
    "bernoulli": lambda t, x: t.bernoulli(x / 144),
    "mvlgamma": lambda t, x: t.mvlgamma(x + 5, 2) * 0,
    "complex": lambda t, x: t.complex(x, x),
    "complex of a row": lambda t, x: t.complex(x, x[0, 0, 0]),
    "polar": lambda t, x: t.polar(x, x) * 0,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_lie_as_in_pytorch(name):
    def scenario(t, order):
        t.manual_seed(0)
        return FUNCTIONS[name](t, laid(t, order, sizes=(2, 3, 4, 6)))

    for order in itertools.permutations(range(4)):
        same_order(lambda t, order=order: scenario(t, order))


def test_strides_along_size_1_tell_that_images_lie_by_rows():
    def scenario(t):
        return F(t).group_norm(t.arange(20.0).reshape(5, 4, 1, 1).transpose(0, -1), 1) * 0

    same_order(scenario)


def test_windows_larger_than_volumes_are_refused():
    said = []
    for t in (torch, rushlight):
        with pytest.raises(RuntimeError) as caught:
            F(t).avg_pool3d(t.ones(2, 1, 4, 4), 2, 1, 1)
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("function", ["avg_pool2d", "max_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_an_image_without_a_batch_is_pooled_into_rows(function, order):
    def scenario(t):
        sizes = (3, 4, 6)
        x = t.arange(72.0).reshape([sizes[d] for d in order]).permute([order.index(d) for d in range(3)])
        return getattr(t.nn.functional, function)(x, 2)

    same_order(scenario)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 2, 3, 0)])
@pytest.mark.parametrize("function", ["avg_pool3d", "max_pool3d", "adaptive_avg_pool3d", "adaptive_max_pool3d"])
def test_a_volume_without_a_batch_is_pooled(function, order):
    def scenario(t):
        sizes = (3, 4, 6, 4)
        x = t.arange(288.0).reshape([sizes[d] for d in order]).permute([order.index(d) for d in range(4)])
        return getattr(t.nn.functional, function)(x, 2)

    same_order(scenario)
