"""Convolution on NumPy arrays: forward, gradient of the input, gradient of the weight.

Every function works for any number of spatial dimensions. Arrays are laid out as PyTorch's: input `(N, C, *spatial)`,
weight `(O, C / groups, *kernel)`, output `(N, O, *out)`; `stride`, `padding` and `dilation` are tuples with one entry
a spatial dimension. A transposed convolution is `conv_grad_input` with the roles of input and output exchanged.

The work is done by BLAS products over gathered windows ("im2col"). Three gathers are used: channels in front, in
blocks of images small enough for the cache, which needs no transposition of the result, for large planes; channels
last, which copies in long runs and folds the batch into one product, for small planes with many channels; and windows
as columns, which leaves the weight as it lies, where the weight is larger than all windows together.
"""

from itertools import product
from math import prod
from typing import Any

import numpy as np

from rushlight.kernels.numpy_common import narrow, widen

Ints = tuple[int, ...]

# A block of gathered windows has about this many elements: it should stay in the second-level cache while BLAS reads
# it.
_BLOCK = 1 << 18
_FOLD_BLOCK = 1 << 22
# Planes of at most this many output positions, with at least so many channels, are folded over the batch.
_FOLD_PLANE = 256
_FOLD_CHANNELS = 8


def conv_output_shape(spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    """The spatial shape of a convolution's output: `(s + 2 p - d (k - 1) - 1) // stride + 1` in each dimension."""
    return tuple(
        (s + 2 * p - d * (k - 1) - 1) // st + 1
        for s, k, st, p, d in zip(spatial, kernel, stride, padding, dilation, strict=True)
    )


def conv_forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The cross-correlation of `x` with `weight`, plus `bias`.

    Args:
        x: input, `(N, C, *spatial)`.
        weight: filters, `(O, C / groups, *kernel)`.
        bias: `(O,)` or None.
        stride: step between windows, one integer a spatial dimension.
        padding: zeros on both sides, one integer a spatial dimension.
        dilation: step between the elements of a window, one integer a spatial dimension.
        groups: in how many groups channels are connected.

    Returns:
        A new C-contiguous array `(N, O, *out)` of x's dtype, see `conv_output_shape`.
    """
    dtype = x.dtype
    x, weight = widen(x), widen(weight)
    out = _correlate(x, weight, stride, [(p, p) for p in padding], dilation, groups)
    if bias is not None:
        out += widen(bias).reshape(-1, *(1,) * len(stride))
    return narrow(out, dtype)


def conv_grad_input(
    g: np.ndarray, weight: np.ndarray, input_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its input; also the forward of a transposed convolution.

    Args:
        g: gradient of the output, `(N, O, *out)`.
        weight: the filters of the convolution, `(O, C / groups, *kernel)`.
        input_shape: `(N, C, *spatial)`, the shape of the result.
        stride: that of the convolution.
        padding: that of the convolution.
        dilation: that of the convolution.
        groups: that of the convolution.

    Returns:
        A new C-contiguous array of shape `input_shape` and g's dtype.
    """
    dtype = g.dtype
    g, weight = widen(g), widen(weight)
    heavy = _is_heavy(groups, weight.shape[0], g.shape[0] * prod(g.shape[2:]))
    if all(s == 1 for s in stride) and not heavy:
        gx = _grad_input_unit_stride(g, weight, input_shape[2:], padding, dilation, groups)
    else:
        gx = _grad_input_scatter(g, weight, input_shape, stride, padding, dilation, groups)
    return narrow(gx, dtype)


def conv_grad_weight(
    g: np.ndarray, x: np.ndarray, weight_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its weight.

    Args:
        g: gradient of the output, `(N, O, *out)`.
        x: the input, `(N, C, *spatial)`.
        weight_shape: `(O, C / groups, *kernel)`, the shape of the result.
        stride: that of the convolution.
        padding: that of the convolution.
        dilation: that of the convolution.
        groups: that of the convolution.

    Returns:
        A new C-contiguous array of shape `weight_shape` and g's dtype.
    """
    dtype = g.dtype
    g, x = widen(g), widen(x)
    if 0 in g.shape or 0 in weight_shape:
        return np.zeros(weight_shape, dtype)
    pad = [(p, p) for p in padding]
    n, outs, kernel = g.shape[0], g.shape[2:], weight_shape[2:]
    o, k, plane = weight_shape[0], prod(weight_shape[1:]), prod(outs)
    if _is_heavy(groups, o, n * plane):
        columns = _gather_columns(x, pad, kernel, outs, stride, dilation)
        return narrow((g.swapaxes(0, 1).reshape(o, -1) @ columns.T).reshape(weight_shape), dtype)
    if _folds(groups, x.shape[1], plane):
        gw = np.zeros((o, k), g.dtype)
        for start, stop, cols in _gather_last(_pad_last(x, pad), kernel, outs, stride, dilation):
            rows = np.moveaxis(g[start:stop], 1, -1).reshape(-1, o)
            gw += rows.T @ cols
        gw = np.moveaxis(gw.reshape(o, *kernel, x.shape[1]), -1, 1)
        return narrow(np.ascontiguousarray(gw), dtype)
    g4 = np.ascontiguousarray(g).reshape(n, groups, o // groups, plane)
    gw = np.zeros((groups, o // groups, k), g.dtype)
    for start, stop, cols in _gather_first(x, pad, kernel, outs, stride, dilation, groups, o * k):
        partial = np.matmul(g4[start:stop], cols.swapaxes(-1, -2))
        gw += partial[0] if stop - start == 1 else np.add.reduce(partial, axis=0)
    return narrow(gw.reshape(weight_shape), dtype)


def conv_grad_bias(g: np.ndarray) -> np.ndarray:
    """The gradient of a convolution by its bias: the sum of `g`, `(N, O, *out)`, over all but the channels."""
    planes = widen(g).reshape(*g.shape[:2], prod(g.shape[2:]))
    return narrow(np.add.reduce(np.add.reduce(planes, axis=2), axis=0), g.dtype)


def _is_heavy(groups: int, outputs: int, positions: int) -> bool:
    """Whether the weight outweighs the windows, so that it must not be copied into another order."""
    return groups == 1 and positions <= 2 * outputs


def _folds(groups: int, channels: int, plane: int) -> bool:
    """Whether the batch should be folded into one product with channels last (see the module's docstring)."""
    return groups == 1 and plane <= _FOLD_PLANE and channels >= _FOLD_CHANNELS


def _correlate(
    x: np.ndarray, weight: np.ndarray, stride: Ints, pad: list[tuple[int, int]], dilation: Ints, groups: int
) -> np.ndarray:
    """Cross-correlation with separate padding (may be negative: cropping) at the two ends of each dimension."""
    kernel, o, n = weight.shape[2:], weight.shape[0], x.shape[0]
    outs = tuple(
        (s + lo + hi - d * (k - 1) - 1) // st + 1
        for s, k, st, (lo, hi), d in zip(x.shape[2:], kernel, stride, pad, dilation, strict=True)
    )
    dtype = np.result_type(x, weight)
    plane, k = prod(outs), prod(weight.shape[1:])
    if 0 in (n, o, plane, k):
        return np.zeros((n, o, *outs), dtype)
    if _is_heavy(groups, o, n * plane):
        columns = _gather_columns(x, pad, kernel, outs, stride, dilation)
        return np.ascontiguousarray((weight.reshape(o, k) @ columns).reshape(o, n, *outs).swapaxes(0, 1))
    out = np.empty((n, o, plane), dtype)
    if _folds(groups, x.shape[1], plane):
        matrix = weight.transpose(*range(2, x.ndim), 1, 0).reshape(k, o)
        for start, stop, cols in _gather_last(_pad_last(x, pad), kernel, outs, stride, dilation):
            out[start:stop] = (cols @ matrix).reshape(stop - start, plane, o).transpose(0, 2, 1)
    else:
        matrices = weight.reshape(groups, o // groups, k)
        out4 = out.reshape(n, groups, o // groups, plane)
        for start, stop, cols in _gather_first(x, pad, kernel, outs, stride, dilation, groups, 0):
            np.matmul(matrices, cols, out=out4[start:stop])
    return out.reshape(n, o, *outs)


def _grad_input_unit_stride(
    g: np.ndarray, weight: np.ndarray, spatial: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """With stride 1 the gradient of the input is a correlation of `g` with the turned and exchanged filters."""
    o, per_group, *kernel = weight.shape
    turned = weight.reshape(groups, o // groups, per_group, *kernel).swapaxes(1, 2)
    mirror: Any = (..., *(slice(None, None, -1),) * len(kernel))
    turned = turned[mirror].reshape(groups * per_group, o // groups, *kernel)
    pad = []
    for size, out, k, p, d in zip(spatial, g.shape[2:], kernel, padding, dilation, strict=True):
        low = d * (k - 1) - p
        pad.append((low, size - out + d * (k - 1) - low))
    return _correlate(g, turned, (1,) * len(kernel), pad, dilation, groups)


def _grad_input_scatter(
    g: np.ndarray, weight: np.ndarray, input_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """For any stride: the products with every filter element, each added where the windows took it from ("col2im")."""
    n, c, *spatial = input_shape
    o, per_group, *kernel = weight.shape
    outs = g.shape[2:]
    dtype = np.result_type(g, weight)
    # Large enough also for the last window of a transposed convolution, whose output may be cropped below what was
    # read.
    reach = [
        max(s + 2 * p, st * (m - 1) + d * (k - 1) + 1)
        for s, p, st, m, d, k in zip(spatial, padding, stride, outs, dilation, kernel, strict=True)
    ]
    crop = tuple(slice(p, p + s) for p, s in zip(padding, spatial, strict=True))
    plane, k = prod(outs), per_group * prod(kernel)
    if 0 in (n, c, o, plane, k):
        return np.zeros(input_shape, dtype)
    places = [
        tuple(
            slice(d * i, d * i + st * (m - 1) + 1, st) for i, d, st, m in zip(at, dilation, stride, outs, strict=True)
        )
        for at in product(*map(range, kernel))
    ]
    if _is_heavy(groups, o, n * plane):
        gx = np.zeros((c, n, *reach), dtype)
        cols = weight.reshape(o, k).T @ g.swapaxes(0, 1).reshape(o, n * plane)
        cols = cols.reshape(c, len(places), n, *outs)
        for i, place in enumerate(places):
            gx[(slice(None), slice(None), *place)] += cols[:, i]
        return np.ascontiguousarray(gx[(slice(None), slice(None), *crop)].swapaxes(0, 1))
    if _folds(groups, o, plane):
        matrix = np.moveaxis(weight, 1, -1).reshape(o, k)
        gx = np.zeros((n, *reach, c), dtype)
        images = max(1, _FOLD_BLOCK // (plane * k))
        for start in range(0, n, images):
            part = np.moveaxis(g[start : start + images], 1, -1)
            cols = (part.reshape(-1, o) @ matrix).reshape(*part.shape[:-1], len(places), c)
            target = gx[start : start + images]
            for i, place in enumerate(places):
                target[(slice(None), *place)] += cols[..., i, :]
        return np.ascontiguousarray(np.moveaxis(gx[(slice(None), *crop)], -1, 1))
    gx = np.zeros((n, c, *reach), dtype)
    g4 = np.ascontiguousarray(g).reshape(n, groups, o // groups, plane)
    matrices = weight.reshape(groups, o // groups, k).swapaxes(1, 2)
    images = max(1, _BLOCK // (groups * k * plane))
    buffer = np.empty((min(images, n), groups, k, plane), dtype)
    for start in range(0, n, images):
        part = g4[start : start + images]
        cols = np.matmul(matrices, part, out=buffer[: len(part)]).reshape(len(part), c, len(places), *outs)
        target = gx[start : start + images]
        for i, place in enumerate(places):
            target[(slice(None), slice(None), *place)] += cols[:, :, i]
    return np.ascontiguousarray(gx[(slice(None), slice(None), *crop)])


def _pad_first(x: np.ndarray, pad: list[tuple[int, int]]) -> np.ndarray:
    """`x` as a contiguous array with zeros around its spatial dimensions (or with its borders cut, where negative)."""
    if not any(lo or hi for lo, hi in pad):
        return np.ascontiguousarray(x)
    inner, outer = _placement(x.shape[2:], pad)
    shape = [s + lo + hi for s, (lo, hi) in zip(x.shape[2:], pad, strict=True)]
    padded = np.zeros((*x.shape[:2], *shape), x.dtype)
    padded[(slice(None), slice(None), *outer)] = x[(slice(None), slice(None), *inner)]
    return padded


def _pad_last(x: np.ndarray, pad: list[tuple[int, int]]) -> np.ndarray:
    """As `_pad_first`, with the channels moved to the end."""
    inner, outer = _placement(x.shape[2:], pad)
    shape = [s + lo + hi for s, (lo, hi) in zip(x.shape[2:], pad, strict=True)]
    x = np.moveaxis(x, 1, -1)
    padded = np.zeros((x.shape[0], *shape, x.shape[-1]), x.dtype)
    padded[(slice(None), *outer)] = x[(slice(None), *inner)]
    return padded


def _placement(spatial: Ints, pad: list[tuple[int, int]]) -> tuple[list[slice], list[slice]]:
    """Which part of an array is kept, and where it lies in the padded one."""
    inner = [slice(max(0, -lo), s - max(0, -hi)) for s, (lo, hi) in zip(spatial, pad, strict=True)]
    outer = [slice(max(0, lo), max(0, lo) + i.stop - i.start) for i, (lo, _) in zip(inner, pad, strict=True)]
    return inner, outer


def _gather_first(x, pad, kernel, outs, stride, dilation, groups, extra):  # type: ignore[no-untyped-def]
    """Yields `(start, stop, cols)`: windows of images `start:stop`, `(images, groups, C/groups * kernel, plane)`.

    `extra` is how many elements the caller makes of each image; it counts in the size of a block. The array is reused.
    """
    n, c = x.shape[:2]
    plane, k = prod(outs), c * prod(kernel)
    images = min(n, max(1, _BLOCK // max(k * plane, extra)))
    if prod(kernel) == 1 and all(s == 1 for s in stride):
        planes = _pad_first(x, pad).reshape(n, groups, c // groups, plane)
        yield from ((i, min(i + images, n), planes[i : i + images]) for i in range(0, n, images))
        return
    windows = _windows(_pad_first(x, pad), kernel, outs, stride, dilation)
    cols = np.empty((images, *windows.shape[1:]), x.dtype)
    flat = cols.reshape(images, groups, k // groups, plane)
    for start in range(0, n, images):
        stop = min(start + images, n)
        cols[: stop - start] = windows[start:stop]
        yield start, stop, flat[: stop - start]


def _gather_columns(
    x: np.ndarray, pad: list[tuple[int, int]], kernel: Ints, outs: Ints, stride: Ints, dilation: Ints
) -> np.ndarray:
    """The windows of all images as columns: `(C * kernel, N * plane)`."""
    windows = _windows(_pad_first(x, pad), kernel, outs, stride, dilation)
    dims = len(kernel)
    windows = windows.transpose(1, *range(2, 2 + dims), 0, *range(2 + dims, 2 + 2 * dims))
    return windows.reshape(x.shape[1] * prod(kernel), -1)


def _windows(padded: np.ndarray, kernel: Ints, outs: Ints, stride: Ints, dilation: Ints) -> np.ndarray:
    """A view of the windows in a contiguous array: `(N, C, *kernel, *outs)`."""
    first, second, *steps = padded.strides
    strides = (
        first,
        second,
        *(s * d for s, d in zip(steps, dilation, strict=True)),
        *(s * t for s, t in zip(steps, stride, strict=True)),
    )
    return np.ndarray((*padded.shape[:2], *kernel, *outs), padded.dtype, padded, strides=strides)


def _gather_last(padded, kernel, outs, stride, dilation):  # type: ignore[no-untyped-def]
    """Yields `(start, stop, cols)` with the windows of images `start:stop` as rows: `(images * plane, kernel * C)`."""
    n, c = padded.shape[0], padded.shape[-1]
    plane, k = prod(outs), c * prod(kernel)
    images = min(n, max(1, _FOLD_BLOCK // (k * plane)))
    if prod(kernel) == 1 and padded.shape[1:-1] == outs:
        rows = padded.reshape(n, plane, c)
        yield from ((i, min(i + images, n), rows[i : i + images].reshape(-1, c)) for i in range(0, n, images))
        return
    first, *steps, last = padded.strides
    windows = np.ndarray(
        (n, *outs, *kernel, c),
        padded.dtype,
        padded,
        strides=(
            first,
            *(s * t for s, t in zip(steps, stride, strict=True)),
            *(s * d for s, d in zip(steps, dilation, strict=True)),
            last,
        ),
    )
    cols = np.empty((images, *windows.shape[1:]), padded.dtype)
    flat = cols.reshape(images, plane, k)
    for start in range(0, n, images):
        stop = min(start + images, n)
        cols[: stop - start] = windows[start:stop]
        yield start, stop, flat[: stop - start].reshape(-1, k)
