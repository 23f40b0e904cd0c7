"""Convolutions of volumes ``(N, C, D, H, W)`` as sums of convolutions of their planes.

To one plane of the result, each plane of a filter adds the convolution of one plane of the input. So for each plane of
the filters, all pairs of planes that go together are one convolution of many images. Volumes are kept plane by plane in
memory, ``(D, N, H, W, C)``: then the images of neighbouring planes follow each other.

The convolution of images is the first argument of these functions, the others are those of `numpy_conv`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .conv_common import Ints, copy_last
from .dispatch import Launch
from .layout import inner
from .pointwise import add_into

Array = np.ndarray
Convolution = Callable[..., Any]


def _planes(place: Launch, x: Array) -> Array:
    """Volumes plane by plane, ``(D, N, H, W, C)``."""
    x = np.asarray(x)
    found = x.transpose(2, 0, 3, 4, 1)
    if not found.flags.c_contiguous:
        found = np.empty(found.shape, x.dtype)
        for d in range(x.shape[2]):
            copy_last(place, x[:, :, d], found[d].reshape(-1))
    return found


def _volumes(planes: Array) -> Array:
    """Planes ``(D, N, H, W, C)`` as volumes ``(N, C, D, H, W)``."""
    found = planes.transpose(1, 4, 0, 2, 3)
    # (Dimensions of one element may have any stride; the program sees the usual ones.)
    return found.reshape(-1).reshape(found.shape) if found.flags.c_contiguous else inner(found)


def _images(planes: Array) -> Array:
    """Planes of volumes as images ``(N, C, H, W)``, channels last in memory."""
    planes = np.ascontiguousarray(planes)
    return planes.reshape(-1, *planes.shape[2:]).transpose(0, 3, 1, 2)


def _add(total: Array, images: Array) -> None:
    """Adds images to planes of volumes."""
    add_into(total, images.transpose(0, 2, 3, 1).view(Array).reshape(total.shape))


def _pairs(
    depth: int, outs: int, taps: int, stride: int, padding: int, dilation: int
) -> Iterator[tuple[int, slice, slice]]:
    """For each plane of the filters: its number, the planes of the input, and those of the result it connects."""
    for tap in range(taps):
        shift = tap * dilation - padding
        first, last = max(0, -(shift // stride)), min(outs, (depth - 1 - shift) // stride + 1)
        if first < last:
            start = first * stride + shift
            yield tap, slice(start, start + (last - first - 1) * stride + 1, stride), slice(first, last)


def forward(
    convolve: Convolution, place: Launch, x: Array, weight: Array, bias: Array | None, outs: Ints, stride: Ints,
    padding: Ints, dilation: Ints, groups: int,
) -> Array:  # fmt: skip
    """The cross-correlation of volumes with filters ``(K, C / groups, T, R, S)``, plus `bias`."""
    planes, how = _planes(place, x), (stride[1:], padding[1:], dilation[1:], groups)
    y = np.empty((outs[0], x.shape[0], *outs[1:], weight.shape[0]), x.dtype)
    y[...] = 0 if bias is None else bias
    for tap, source, target in _pairs(len(planes), outs[0], weight.shape[2], stride[0], padding[0], dilation[0]):
        _add(y[target], convolve(_images(planes[source]), weight[:, :, tap], None, *how))
    return _volumes(y)


def grad_input(
    convolve: Convolution, place: Launch, g: Array, weight: Array, shape: Ints, stride: Ints, padding: Ints,
    dilation: Ints, groups: int,
) -> Array:  # fmt: skip
    """The gradient of `forward` with respect to its input of `shape`."""
    planes, how = _planes(place, g), (stride[1:], padding[1:], dilation[1:], groups)
    n, c, depth, *extent = shape
    gx = np.zeros((depth, n, *extent, c), g.dtype)
    for tap, target, source in _pairs(depth, len(planes), weight.shape[2], stride[0], padding[0], dilation[0]):
        images = _images(planes[source])
        _add(gx[target], convolve(images, weight[:, :, tap], (len(images), c, *extent), *how))
    return _volumes(gx)


def grad_weight(
    convolve: Convolution, place: Launch, g: Array, x: Array, shape: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int,
) -> Array:  # fmt: skip
    """The gradient of `forward` with respect to its filters of `shape`."""
    ours, theirs, how = _planes(place, g), _planes(place, x), (stride[1:], padding[1:], dilation[1:], groups)
    found = np.zeros(shape, g.dtype)
    for tap, source, target in _pairs(len(theirs), len(ours), shape[2], stride[0], padding[0], dilation[0]):
        filters = (*shape[:2], *shape[3:])
        found[:, :, tap] = convolve(_images(ours[target]), _images(theirs[source]), filters, *how)
    return found
