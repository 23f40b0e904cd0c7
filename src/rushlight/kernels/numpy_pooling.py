"""Max, average and adaptive pooling on NumPy arrays `(N, C, *spatial)`, for any number of spatial dimensions.

Windows are visited offset by offset: each step is one ufunc over a strided slice as large as the output. `kernel`,
`stride`, `padding` and `dilation` are tuples with one entry a spatial dimension.
"""

from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from rushlight.kernels.numpy_common import FEW, narrow, widen

Ints = tuple[int, ...]


@lru_cache(256)
def pool_output_shape(
    spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Ints:
    """The spatial shape of a pooling's output.

    It is `(s + 2 p - d (k - 1) - 1) / stride + 1`, rounded down, or up with `ceil_mode`; a window that would start in
    the padding on the far side is left out.
    """
    shape = []
    for s, k, st, p, d in zip(spatial, kernel, stride, padding, dilation, strict=True):
        room = s + 2 * p - d * (k - 1) - 1
        out = (room + (st - 1 if ceil_mode else 0)) // st + 1
        if ceil_mode and (out - 1) * st >= s + p:
            out -= 1
        shape.append(out)
    return tuple(shape)


def max_pool(
    x: np.ndarray, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of every window, and the number of its element in the window, counted row by row.

    A NaN in a window is its maximum. Among equal values the first, among NaNs the last one counts, as in PyTorch.

    Args:
        x: `(N, C, *spatial)`.
        kernel: the windows' size.
        stride: the step between them.
        padding: how far they reach over the near border; what is outside of `x` never wins.
        dilation: the step between the elements of a window.
        ceil_mode: whether windows may reach over the far border.

    Returns:
        The values `(N, C, *out)`, and numbers for `positions`, in the smallest type that holds them.
    """
    outs = pool_output_shape(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    if x.dtype.kind == "V":
        wide, numbers = max_pool(widen(x), kernel, stride, padding, dilation, ceil_mode)
        return narrow(wide, x.dtype), numbers
    padded = _pad(x, _lowest(x.dtype), kernel, stride, padding, dilation, outs)
    slices = _slices(kernel, stride, dilation, outs)
    best = padded[slices[0]].copy()
    numbers = np.zeros(best.shape, np.uint8 if len(slices) <= 256 else np.int64)
    nans = x.dtype.kind == "f" and _has_nan(x)
    few = best.size <= FEW
    candidate, better, scratch = np.empty_like(best), np.empty(best.shape, bool), np.empty_like(numbers)
    for number, at in enumerate(slices[1:], 1):
        if few:
            candidate = padded[at]
        else:
            np.copyto(candidate, padded[at])
        np.greater(candidate, best, out=better)
        if nans:
            better |= np.isnan(candidate)
        np.maximum(best, candidate, out=best)
        if few:
            np.putmask(numbers, better, number)
        else:
            # As later offsets have larger numbers, "take the new number where it is better" is a maximum of products,
            # which is far faster than a masked copy.
            np.multiply(better.view(np.uint8), numbers.dtype.type(number), out=scratch)
            np.maximum(numbers, scratch, out=numbers)
    if any(padding):
        # Offset 0 lies outside of the array where nothing beat the padding: then the first element inside counts.
        tables = _position_tables(x.shape[2:], outs, kernel, stride, padding, dilation)
        np.copyto(numbers, tables[3], where=numbers == 0, casting="unsafe")
    return best, numbers


def max_pool_values(
    x: np.ndarray, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> np.ndarray:
    """The first result of `max_pool` alone."""
    if x.dtype.kind == "V":
        return narrow(max_pool_values(widen(x), kernel, stride, padding, dilation, ceil_mode), x.dtype)
    outs = pool_output_shape(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    best = _pad(x, _lowest(x.dtype), kernel, stride, padding, dilation, outs)
    for first, second, *rest in _lines(kernel, stride, dilation, outs):
        # (The maximum of one array with itself is a copy.)
        line = np.maximum(best[first], best[second])
        for at in rest:
            np.maximum(line, best[at], out=line)
        best = line
    return best


def max_pool_backward(g: np.ndarray, indices: np.ndarray, input_shape: Ints) -> np.ndarray:
    """The gradient of a max pooling (adaptive or not): every element of `g` goes where its maximum was found.

    Args:
        g: gradient of the values, `(N, C, *out)`.
        indices: positions in the flattened spatial dimensions (see `positions`), of g's shape.
        input_shape: `(N, C, *spatial)`, the shape of the result.
    """
    gx = np.zeros(prod(input_shape), widen(g[:0]).dtype)
    if g.size:
        planes, plane = prod(input_shape[:2]), prod(input_shape[2:])
        flat = indices.reshape(planes, -1) + np.arange(0, planes * plane, plane)[:, None]
        np.add.at(gx, flat.reshape(-1), widen(g).reshape(-1))
    return narrow(gx.reshape(input_shape), g.dtype)


def gather_planes(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The elements of `x`, `(N, C, *spatial)`, at positions in its planes: the derivative of `max_pool_backward`."""
    planes = prod(x.shape[:2])
    if not indices.size:
        return np.empty(indices.shape, x.dtype)
    taken = np.take_along_axis(x.reshape(planes, -1), indices.reshape(planes, -1), axis=1)
    return taken.reshape(indices.shape)


def avg_pool(
    x: np.ndarray,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """The mean of every window.

    Args:
        x: `(N, C, *spatial)`.
        kernel: the windows' size.
        stride: the step between them.
        padding: the zeros around `x`.
        ceil_mode: whether windows may reach over the far border; what lies beyond the padding is never counted.
        count_include_pad: whether the padding counts in the divisor.
        divisor_override: a divisor for all windows in place of their sizes.

    Returns:
        The means, `(N, C, *out)`.
    """
    dtype, x = x.dtype, widen(x)
    ones = (1,) * len(kernel)
    outs = pool_output_shape(x.shape[2:], kernel, stride, padding, ones, ceil_mode)
    sums = _pad(x, 0, kernel, stride, padding, ones, outs)
    for axis, (k, st, m) in enumerate(zip(kernel, stride, outs, strict=True), 2):
        sums = _sum_windows(sums, axis, k, st, m)
    sums = sums / _divisors(x.shape[2:], outs, kernel, stride, padding, count_include_pad, divisor_override, sums.dtype)
    return narrow(sums, dtype)


def avg_pool_backward(
    g: np.ndarray,
    input_shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """The gradient of `avg_pool`: `g`, `(N, C, *out)`, spread evenly over its windows, in shape `input_shape`."""
    dtype, g = g.dtype, widen(g)
    spatial, outs = input_shape[2:], g.shape[2:]
    gx = g / _divisors(spatial, outs, kernel, stride, padding, count_include_pad, divisor_override, g.dtype)
    if kernel == stride and not any(padding) and all(m * k == s for m, k, s in zip(outs, kernel, spatial)):
        # The windows lie side by side.
        whole = np.empty((*g.shape[:2], *(n for pair in zip(outs, kernel) for n in pair)), gx.dtype)
        whole[...] = gx.reshape(*g.shape[:2], *(n for m in outs for n in (m, 1)))
        return narrow(whole.reshape(input_shape), dtype)
    for axis, (s, k, st, p, m) in enumerate(zip(spatial, kernel, stride, padding, outs, strict=True), 2):
        shape = list(gx.shape)
        shape[axis] = max(p + s, (m - 1) * st + k)
        spread = np.zeros(shape, gx.dtype)
        before: Any = (slice(None),) * axis
        for i in range(k):
            spread[(*before, slice(i, i + (m - 1) * st + 1, st))] += gx
        gx = spread[(*before, slice(p, p + s))]
    return narrow(np.ascontiguousarray(gx), dtype)


def adaptive_avg_pool(x: np.ndarray, outs: Ints) -> np.ndarray:
    """Means over windows chosen so that the result has the spatial shape `outs`.

    Output `i` of a dimension of `s` elements covers `floor(i s / out)` to `ceil((i + 1) s / out)`.

    Args:
        x: `(N, C, *spatial)`.
        outs: one size a spatial dimension.
    """
    dtype, x = x.dtype, widen(x)
    spatial = x.shape[2:]
    if all(m == 1 for m in outs):
        sums = np.add.reduce(x.reshape(*x.shape[:2], prod(spatial)), axis=2).reshape(*x.shape[:2], *outs)
        return narrow(sums / np.asarray(prod(spatial), sums.dtype), dtype)
    means = x
    for axis, (s, m) in enumerate(zip(spatial, outs, strict=True), 2):
        if s == m:
            continue
        shape = list(means.shape)
        shape[axis] = m
        result = np.empty(shape, means.dtype)
        before: Any = (slice(None),) * axis
        for i, (start, stop) in enumerate(bounds(s, m)):
            np.add.reduce(means[(*before, slice(start, stop))], axis=axis, out=result[(*before, i)])
            result[(*before, i)] /= stop - start
        means = result
    return narrow(means.copy() if means is x else means, dtype)


def adaptive_avg_pool_backward(g: np.ndarray, input_shape: Ints) -> np.ndarray:
    """The gradient of `adaptive_avg_pool`: `g`, `(N, C, *out)`, spread over its windows, in shape `input_shape`."""
    dtype, g = g.dtype, widen(g)
    spatial, outs = input_shape[2:], g.shape[2:]
    if all(m == 1 for m in outs):
        gx = np.empty(input_shape, g.dtype)
        gx[...] = g / np.asarray(max(1, prod(spatial)), g.dtype)
        return narrow(gx, dtype)
    gx = g
    for axis, (s, m) in enumerate(zip(spatial, outs, strict=True), 2):
        shape = list(gx.shape)
        shape[axis] = s
        spread = np.zeros(shape, gx.dtype)
        before: Any = (slice(None),) * axis
        for i, (start, stop) in enumerate(bounds(s, m)):
            spread[(*before, slice(start, stop))] += gx[(*before, slice(i, i + 1))] / np.asarray(stop - start, gx.dtype)
        gx = spread
    return narrow(gx, dtype)


def adaptive_max_pool(x: np.ndarray, outs: Ints) -> tuple[np.ndarray, np.ndarray]:
    """Maxima over the windows of `adaptive_avg_pool`, with their positions in the flattened spatial dimensions."""
    if x.dtype.kind == "V":
        values, places = adaptive_max_pool(widen(x), outs)
        return narrow(values, x.dtype), places
    spatial = x.shape[2:]
    values = np.empty((*x.shape[:2], *outs), x.dtype)
    places = np.empty(values.shape, np.int64)
    if not values.size:
        return values, places
    for cell in product(*(list(enumerate(bounds(s, m))) for s, m in zip(spatial, outs, strict=True))):
        at: Any = tuple(i for i, _ in cell)
        limits = [b for _, b in cell]
        window = x[(slice(None), slice(None), *(slice(*b) for b in limits))]
        flat = window.reshape(*x.shape[:2], -1)
        winner = flat.argmax(axis=2)
        if x.dtype.kind == "f" and _has_nan(flat):
            last = flat.shape[2] - 1 - np.isnan(flat)[..., ::-1].argmax(axis=2)
            winner = np.where(np.isnan(flat).any(axis=2), last, winner)
        values[(..., *at)] = np.take_along_axis(flat, winner[..., None], axis=2)[..., 0]
        inside: Any = np.unravel_index(winner, window.shape[2:])
        inside = tuple(i + b[0] for i, b in zip(inside, limits, strict=True))
        places[(..., *at)] = np.ravel_multi_index(inside, spatial)
    return values, places


def _lowest(dtype: np.dtype) -> float | int:
    """What loses against every value of `dtype`."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min if dtype.kind in "iu" else 0


def _has_nan(x: np.ndarray) -> bool:
    """Whether `x` holds a NaN: a sum of squares is one then, and only then."""
    if x.dtype.itemsize < 4:
        return bool(np.isnan(x).any())
    flat = x.reshape(-1)
    total = flat.dot(flat)
    return bool(total != total)


def _pad(
    x: np.ndarray, value: float, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, outs: Ints
) -> np.ndarray:
    """`x` surrounded by `value` as far as windows reach; `x` itself where nothing is missing."""
    spatial = x.shape[2:]
    reach = _reach(spatial, kernel, stride, padding, dilation, outs)
    if reach is None:
        return x
    padded = np.full((*x.shape[:2], *reach), value, x.dtype)
    inside: Any = (..., *(slice(p, p + s) for p, s in zip(padding, spatial, strict=True)))
    padded[inside] = x
    return padded


@lru_cache(64)
def _reach(
    spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, outs: Ints
) -> tuple[int, ...] | None:
    """How far padding and windows reach together; None where no window leaves the array."""
    if not any(padding):
        # Windows that begin inside end outside only when sizes were rounded up.
        last = [(m - 1) * st + d * (k - 1) for k, st, d, m in zip(kernel, stride, dilation, outs, strict=True)]
        if all(e < s for e, s in zip(last, spatial, strict=True)):
            return None
    return tuple([
        max(p + s, (m - 1) * st + d * (k - 1) + 1)
        for s, k, st, p, d, m in zip(spatial, kernel, stride, padding, dilation, outs, strict=True)
    ])  # fmt: skip


@lru_cache(64)
def _slices(kernel: Ints, stride: Ints, dilation: Ints, outs: Ints) -> list[Any]:
    """For every offset in a window, in row-major order, the slice that holds that element of all windows."""
    return [
        (
            ...,
            *(
                slice(d * i, d * i + st * (m - 1) + 1, st)
                for i, d, st, m in zip(at, dilation, stride, outs, strict=True)
            ),
        )
        for at in product(*map(range, kernel))
    ]


@lru_cache(64)
def _lines(kernel: Ints, stride: Ints, dilation: Ints, outs: Ints) -> list[list[Any]]:
    """For every spatial dimension, from the last to the first, the slices that hold one element of all windows' lines.

    The maximum of a window is that of its lines' maxima; so dimension after dimension is left with one element.
    """
    found = []
    for i in reversed(range(len(kernel))):
        k, st, d, m = kernel[i], stride[i], dilation[i], outs[i]
        rest = (slice(None),) * (len(kernel) - 1 - i)
        line = [(..., slice(d * j, d * j + st * (m - 1) + 1, st), *rest) for j in range(k)]
        found.append(line if k > 1 else line * 2)
    return found


@lru_cache(64)
def _position_tables(
    spatial: Ints, outs: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Positions in the flattened spatial dimensions: of each offset, of each window, of each window's first element.

    And the number of that element in the window; 0 for a window that holds nothing.
    """
    dims = len(spatial)
    base, first = np.zeros((1,) * dims, np.int64), np.zeros((1,) * dims, np.int64)
    offset, number = np.zeros((1,) * dims, np.int64), np.zeros((1,) * dims, np.int64)
    for axis, (s, m, k, st, p, d) in enumerate(zip(spatial, outs, kernel, stride, padding, dilation, strict=True)):
        shape = [1] * dims
        shape[axis] = -1
        start = np.arange(m) * st - p
        # (No further than the border: where a window holds nothing at all, PyTorch's position lies outside of the
        # array.)
        skipped = np.maximum(-start + d - 1, 0) // d
        inside = np.minimum(start + d * skipped, s - 1)
        base = base * s + start.reshape(shape)
        first = first * s + inside.reshape(shape)
        number = number * k + np.where(skipped < k, skipped, 0).reshape(shape)
        offset = offset * s + (np.arange(k) * d).reshape(shape)
    return offset.reshape(-1), base, first, number


def positions(
    numbers: np.ndarray, spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints
) -> np.ndarray:
    """Numbers from `max_pool` as positions in the flattened spatial dimensions of its input, int64."""
    offset, base, first, _ = _position_tables(
        spatial, numbers.shape[-len(spatial) :], kernel, stride, padding, dilation
    )
    places = offset[numbers]
    places += base
    if any(padding):
        # (A window that holds nothing has the number 0 too, and PyTorch a position for it.)
        np.copyto(places, first, where=numbers == 0)
    return places


def _sum_windows(x: np.ndarray, axis: int, k: int, stride: int, out: int) -> np.ndarray:
    """Sums of windows of `k` elements along one axis."""
    before: Any = (slice(None),) * axis
    span = (out - 1) * stride + 1
    sums = x[(*before, slice(0, span, stride))]
    if k == 1:
        return sums
    sums = sums + x[(*before, slice(1, 1 + span, stride))]
    for i in range(2, k):
        sums += x[(*before, slice(i, i + span, stride))]
    return sums


@lru_cache(64)
def _divisors(
    spatial: Ints,
    outs: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    count_include_pad: bool,
    divisor_override: int | None,
    dtype: np.dtype,
) -> np.ndarray:
    """By what the sum of each window is divided, broadcastable to `outs`."""
    if divisor_override is not None:
        return np.asarray(divisor_override, dtype)
    counts = np.ones((1,) * len(outs), dtype)
    for axis, (s, m, k, st, p) in enumerate(zip(spatial, outs, kernel, stride, padding, strict=True)):
        start = np.arange(m) * st - p
        stop = np.minimum(start + k, s + p)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, s)
        shape = [1] * len(outs)
        shape[axis] = m
        counts = counts * (stop - start).astype(dtype).reshape(shape)
    return counts.max() if counts.size and counts.min() == counts.max() else counts  # type: ignore[no-any-return]


def bounds(size: int, out: int) -> list[tuple[int, int]]:
    """Start and end of each window of an adaptive pooling along one dimension."""
    return [(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]
