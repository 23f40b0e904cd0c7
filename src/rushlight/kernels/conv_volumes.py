"""Convolutions of volumes ``(N, C, D, H, W)`` as convolutions of images whose filters look at several images.

Volumes are kept plane by plane in memory, ``(D, N, H, W, C)``, with planes of zeros before and behind them. So each
plane of the result is an image, and a filter's plane looks at the same pixels some images further on: for the kernels
of `conv_direct`, it is but more taps. Where filters step over planes, those a step apart lie behind each other.
"""

from typing import Any

import numpy as np

from .conv_common import Ints, copy_last
from .conv_direct import Plan, backward_plan, convolve, depthwise, depthwise_weight, forward_plan, looking_further
from .conv_direct import weight_gradient as images_weight_gradient
from .dispatch import Launch
from .layout import inner

Array = np.ndarray


def _images(planes: Array) -> Array:
    """Planes ``(..., H, W, C)`` as images ``(N, C, H, W)``."""
    return planes.reshape(-1, *planes.shape[-3:]).transpose(0, 3, 1, 2)


def _volumes(images: Array, n: int) -> Array:
    """Images ``(D * N, C, H, W)``, channels last in memory, as volumes ``(N, C, D, H, W)``."""
    last = images.view(Array).transpose(0, 2, 3, 1)
    found = last.reshape(-1, n, *last.shape[1:]).transpose(1, 4, 0, 2, 3)
    # (Dimensions of one element may have any stride; the program sees the usual ones.)
    return found.reshape(-1).reshape(found.shape) if found.flags.c_contiguous else inner(found)


def _planes(place: Launch, x: Array) -> Array:
    """Volumes plane by plane, ``(D, N, H, W, C)``."""
    found = np.asarray(x).transpose(2, 0, 3, 4, 1)
    if not found.flags.c_contiguous:
        found = np.empty(found.shape, x.dtype)
        copy_last(place, x, found)
    return found


def _padded(
    place: Launch, x: Array, count: int, taps: int, stride: int, padding: Ints, dilation: int
) -> tuple[Array, Ints]:
    """The planes of x, with zeros around, that `count` planes of a result see through filters of `taps` planes.

    Returns:
        images, and how many images further on each plane of the filters looks.
    """
    n, c, depth, height, width = x.shape
    places = [t * dilation for t in range(taps)]
    each = -(-((count - 1) * stride + places[-1] + 1) // stride)
    if stride == 1 and padding == (0, 0, 0) and each == depth:
        return _images(_planes(place, x)), tuple([p * n for p in places])
    phases = sorted({p % stride for p in places})
    found = np.empty((len(phases), each, n, height + 2 * padding[1], width + 2 * padding[2], c), x.dtype)
    for i, phase in enumerate(phases):
        first = min(each, max(0, -((phase - padding[0]) // stride)))
        last = max(first, min(each, (depth - 1 + padding[0] - phase) // stride + 1))
        found[i, :first] = 0
        found[i, last:] = 0
        if first < last:
            start = phase + first * stride - padding[0]
            some = x[:, :, start : start + (last - first - 1) * stride + 1 : stride]
            copy_last(place, some, found[i, first:last], padding[1:])
    return _images(found), tuple([(phases.index(p % stride) * each + p // stride) * n for p in places])


def forward(
    runs: list[Launch], x: Array, weight: Array, bias: Array | None, outs: Ints, stride: Ints, padding: Ints,
    dilation: Ints, groups: int,
) -> Array:  # fmt: skip
    """The cross-correlation of volumes with filters ``(K, C / groups, T, R, S)``, plus `bias`."""
    x, weight = np.asarray(x), np.ascontiguousarray(weight)
    n, (k, depth, taps, rows, columns) = len(x), weight.shape
    images, further = _padded(runs[0], x, outs[0], taps, stride[0], padding, dilation[0])
    plan = forward_plan(images.shape[2:], (k, depth, rows, columns), outs[1:], stride[1:], (0, 0), dilation[1:])
    filters = weight.reshape(k, depth, taps * rows, columns)
    compute = depthwise if groups == k and depth == 1 else convolve
    shape = (outs[0] * n, k, *outs[1:])
    return _volumes(compute(runs, images, filters, bias, shape, looking_further(plan, further), groups), n)


def grad_input(
    runs: list[Launch], g: Array, weight: Array, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of `forward` with respect to its input of `shape`."""
    g = np.asarray(g)
    (n, c, depth, *extent), (k, channels, taps, rows, columns) = shape, weight.shape
    # For each phase of the input's planes: its number of planes, the taps that meet them, and where these look.
    phases = []
    for first in range(min(stride[0], depth)):
        places = [first + padding[0] - t * dilation[0] for t in range(taps)]
        live = {t: p // stride[0] for t, p in enumerate(places) if p % stride[0] == 0}
        phases.append(((depth - first + stride[0] - 1) // stride[0], live))
    before = max([0, *[-p for _, live in phases for p in live.values()]])
    many = max([1, *[count + max(live.values()) + before for count, live in phases if live]])
    planes = np.empty((many, n, *g.shape[3:], k), g.dtype)
    some = g[:, :, : max(0, many - before)]
    planes[:before] = 0
    planes[before + some.shape[2] :] = 0
    if some.size:
        copy_last(runs[0], some, planes[before : before + some.shape[2]])
    images = _images(planes)
    across = backward_plan(
        g.shape[3:], (k, channels, rows, columns), tuple(extent), stride[1:], padding[1:], dilation[1:]
    )
    compute = depthwise if groups == k and channels == 1 else convolve
    found = np.zeros((depth, n, *extent, c), g.dtype) if stride[0] > 1 else None
    for first, (count, live) in enumerate(phases):
        if not live:
            continue
        filters = np.ascontiguousarray(weight[:, :, list(live)]).reshape(k, channels, -1, columns)
        plan = _through(across, [(p + before) * n for p in live.values()], rows * columns)
        part = compute(runs, images, filters, None, (count * n, c, *extent), plan, groups)
        if found is None:
            return _volumes(part, n)
        found[first :: stride[0]] = part.view(Array).transpose(0, 2, 3, 1).reshape(count, n, *extent, c)
    return _volumes(_images(found if found is not None else np.zeros((depth, n, *extent, c), g.dtype)), n)


def _through(plan: Plan, further: list[int], each: int) -> Plan:
    """The plan of several filters of `each` taps; for every phase, their taps follow each other."""
    shifts: list[Ints] = []
    order: list[int] = []
    looks: list[int] = []
    phases = []
    for phase in plan.phases:
        start = len(shifts)
        for i, images in enumerate(further):
            shifts += plan.shifts[phase.taps]
            order += [i * each + place for place in plan.order[phase.taps]]
            looks += [images] * (phase.taps.stop - phase.taps.start)
        phases.append(phase._replace(taps=slice(start, len(shifts))))
    return plan._replace(shifts=shifts, order=order, phases=phases, further=tuple(looks))


def grad_weight(
    runs: list[Launch], g: Array, x: Array, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of `forward` with respect to its filters of `shape`."""
    (k, channels, taps, rows, columns), compute = shape, images_weight_gradient
    images, further = _padded(runs[0], np.asarray(x), g.shape[2], taps, stride[0], padding, dilation[0])
    if groups == k and channels == 1:
        compute = depthwise_weight
    found: Any = compute(
        runs, _images(_planes(runs[0], g)), images, (k, channels, taps * rows, columns), stride[1:], (0, 0),
        dilation[1:], groups, further,
    )  # fmt: skip
    return found.reshape(shape)  # type: ignore[no-any-return]
