"""Batch, layer, group and root-mean-square normalization on NumPy arrays.

Variances are found in two passes (the mean, then the squares of what is left), so that they do not cancel where the
mean is far from zero. Statistics of float16 and bfloat16 arrays are computed and returned in float32.
"""

from math import prod

import numpy as np

from rushlight.kernels.numpy_common import column_sums, constant, narrow, row_sums, widen

Ints = tuple[int, ...]
Array = np.ndarray


def batch_norm_train(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    momentum: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """Normalizes each channel of `x` by its own mean and variance.

    Args:
        x: `(N, C, *spatial)`.
        weight: scale, `(C,)`, or None.
        bias: shift, `(C,)`, or None.
        running_mean: `(C,)`, moved in place by `momentum` towards the batch's mean; or None.
        running_var: `(C,)`, moved in place by `momentum` towards the batch's unbiased variance; or None.
        momentum: the weight of the new statistics.
        eps: added to the variance.

    Returns:
        The result, the means and the inverse standard deviations `1 / sqrt(var + eps)`, the latter two `(C,)`.
    """
    dtype, x = x.dtype, widen(x)
    rows = x.reshape(x.shape[0], x.shape[1], prod(x.shape[2:]))
    count = rows.shape[0] * rows.shape[2]
    kind = rows.dtype
    mean = _sum(rows)
    mean /= constant(count, kind)
    out = rows - mean[:, None]
    var = _dot(out, out)
    var /= constant(count, kind)
    inverse = _inverse_deviation(var, eps)
    if not np.logical_and.reduce(inverse) and kind.itemsize < 8:
        out, mean, var = _in_double(rows)
        inverse = _inverse_deviation(var, eps)
    if running_mean is not None:
        _move(running_mean, mean, momentum, momentum)
    if running_var is not None:
        _move(running_var, var, momentum, momentum * count / max(count - 1, 1))
    out *= (inverse if weight is None else inverse * narrow(weight, kind))[:, None]
    if bias is not None:
        out += narrow(bias, kind)[:, None]
    return narrow(out.reshape(x.shape), dtype), mean, inverse


def _in_double(rows: Array) -> tuple[Array, Array, Array]:
    """What is left of `(N, C, P)` around the channels' means, which are summed up without overflow; means, variances.

    What is left is in double precision, since it may be twice as large as the largest number.
    """
    wide, count = rows.astype(np.float64), max(rows.shape[0] * rows.shape[2], 1)
    mean = _sum(wide) / count
    wide -= mean[:, None]
    return wide, narrow(mean, rows.dtype), narrow(_dot(wide, wide) / count, rows.dtype)


def _move(running: Array, found: Array, momentum: float, share: float) -> None:
    """Moves a running statistic, in place, towards the one that was found."""
    running *= constant(1 - momentum, running.dtype)
    running += narrow(found * constant(share, found.dtype), running.dtype)


def given_statistics(mean: Array, var: Array, eps: float) -> tuple[Array, Array]:
    """Running means, copied, and the inverse standard deviations that belong to running variances."""
    return widen(mean).copy(), _inverse_deviation(widen(var), eps)


def batch_norm_eval(x: Array, weight: Array | None, bias: Array | None, mean: Array, inverse: Array) -> Array:
    """Normalizes each channel of `x`, `(N, C, *spatial)`, by what `given_statistics` found, `(C,)`."""
    dtype, x = x.dtype, widen(x)
    kind, column = x.dtype, (-1, *(1,) * (x.ndim - 2))
    scale = inverse if weight is None else inverse * widen(weight)
    out = x - narrow(mean, kind).reshape(column)
    out *= narrow(scale, kind).reshape(column)
    if bias is not None:
        out += narrow(bias, kind).reshape(column)
    return narrow(out, dtype)


def batch_norm_backward(
    g: Array, x: Array, weight: Array | None, mean: Array, inverse: Array, train: bool, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of batch normalization with respect to `x`, `weight` and `bias`.

    Args:
        g: gradient of the result, `(N, C, *spatial)`.
        x: the input.
        weight: the scale `(C,)` or None.
        mean: the means that were used, `(C,)`.
        inverse: the inverse standard deviations that were used, `(C,)`.
        train: whether they depend on `x` (as from `batch_norm_train`) or are constants.
        needs: which of the three are wanted.
    """
    dtype, shape = x.dtype, x.shape
    kind = dtype if weight is None else weight.dtype
    x, g = widen(x), widen(g)
    flat = (shape[0], shape[1], prod(shape[2:]))
    g = np.ascontiguousarray(g).reshape(flat)
    scale = inverse if weight is None else inverse * narrow(weight, inverse.dtype)
    total = _sum(g) if needs[2] or (train and needs[0]) else None
    gx = dot = None
    if needs[1] or (train and needs[0]):
        gx = x.reshape(flat) - mean[:, None]
        dot = _dot(g, gx)
        dot *= inverse
    if needs[0]:
        if train:
            # scale * (g - mean(g) - normal * mean(g * normal))
            count = constant(-flat[0] * flat[2], g.dtype)
            along = dot * inverse
            along /= count
            gx *= along[:, None]
            gx += g
            gx += (total / count)[:, None]
            gx *= scale[:, None]
        else:
            gx = g * scale[:, None]
    return (
        narrow(gx.reshape(shape), dtype) if needs[0] and gx is not None else None,
        narrow(dot, kind) if needs[1] and dot is not None else None,
        narrow(total, kind) if needs[2] and total is not None else None,
    )


def layer_norm(x: Array, dims: int, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, Array, Array]:
    """Normalizes over the last `dims` dimensions of `x`, then scales and shifts by `weight` and `bias` of their shape.

    Returns:
        The result, and the means and inverse standard deviations with those dimensions kept as 1.
    """
    dtype, shape = x.dtype, x.shape
    lead = shape[: len(shape) - dims]
    rows = widen(x)
    if len(shape) != 2 or dims != 1:
        rows = rows.reshape(prod(lead), prod(shape[len(lead) :]))
    out, mean, inverse = _normalize_rows(rows, eps, dtype)
    if weight is not None:
        out *= _row(weight)
    if bias is not None:
        out += _row(bias)
    if out.shape != shape:
        out = out.reshape(shape)
    kept = (*lead, *(1,) * dims)
    return narrow(out, dtype), mean.reshape(kept), inverse.reshape(kept)


def _row(parameter: Array) -> Array:
    """A parameter of a layer norm as a vector."""
    return widen(parameter if parameter.ndim == 1 else parameter.reshape(-1))


def layer_norm_backward(
    g: Array, x: Array, dims: int, mean: Array, inverse: Array, weight: Array | None, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of `layer_norm` with respect to `x`, `weight` and `bias` (those that `needs` asks for)."""
    dtype, shape = x.dtype, x.shape
    kind = dtype if weight is None else weight.dtype
    x, g, inverse = widen(x), widen(g), inverse.reshape(-1)
    if len(shape) != 2 or dims != 1:
        rows = (inverse.size, prod(shape[len(shape) - dims :]))
        g, x, mean = np.ascontiguousarray(g).reshape(rows), x.reshape(rows), mean.reshape(-1, 1)
    gx = np.subtract(x, mean, order="C")
    product = g * gx
    gw = inverse.dot(product) if needs[1] else None
    gb = column_sums(g) if needs[2] else None
    if needs[0]:
        # inverse * (scaled - mean(scaled) - normal * mean(scaled * normal)), where scaled = weight * g
        if weight is None:
            scaled, total, dot = g, row_sums(g), row_sums(product)
        else:
            row = _row(weight)
            scaled, total, dot = g * row, g.dot(row), product.dot(row)
        count = constant(-max(g.shape[1], 1), g.dtype)
        dot *= inverse
        dot *= inverse
        dot /= count
        total /= count
        gx *= dot[:, None]
        gx += scaled
        gx += total[:, None]
        gx *= inverse[:, None]
    if dims != 1:
        gw, gb = (None if p is None else p.reshape(shape[len(shape) - dims :]) for p in (gw, gb))
    return (
        narrow(gx if gx.shape == shape else gx.reshape(shape), dtype) if needs[0] else None,
        None if gw is None else narrow(gw, kind),
        None if gb is None else narrow(gb, kind),
    )


def group_norm(
    x: Array, groups: int, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Array, Array]:
    """Normalizes groups of channels of `x`, `(N, C, *spatial)`, then scales and shifts by `weight` and `bias`, `(C,)`.

    Returns:
        The result, and the means and inverse standard deviations, `(N, groups)`.
    """
    dtype, x = x.dtype, widen(x)
    n, c = x.shape[:2]
    out, mean, inverse = _normalize_rows(x.reshape(n * groups, prod(x.shape[1:]) // groups), eps, dtype)
    out = out.reshape(n, c, prod(x.shape[2:]))
    if weight is not None:
        out *= widen(weight)[:, None]
    if bias is not None:
        out += widen(bias)[:, None]
    return narrow(out.reshape(x.shape), dtype), mean.reshape(n, groups), inverse.reshape(n, groups)


def group_norm_backward(
    g: Array, x: Array, groups: int, mean: Array, inverse: Array, weight: Array | None, needs: tuple[bool, bool, bool]
) -> tuple[Array | None, Array | None, Array | None]:
    """The gradients of `group_norm` with respect to `x`, `weight` and `bias` (those that `needs` asks for)."""
    dtype, shape = x.dtype, x.shape
    n, c, plane = shape[0], shape[1], prod(shape[2:])
    x, g = widen(x), widen(g)
    g3 = np.ascontiguousarray(g).reshape(n, c, plane)
    rows = (n * groups, c // groups * plane)
    normal = x.reshape(rows) - mean.reshape(-1, 1)
    normal *= inverse.reshape(-1, 1)
    gw = _dot(g3, normal.reshape(n, c, plane)) if needs[1] else None
    gb = _sum(g3) if needs[2] else None
    gx = None
    if needs[0]:
        scaled = g3 if weight is None else g3 * widen(weight)[:, None]
        gx = _row_gradient(scaled.reshape(rows), normal, inverse.reshape(-1, 1))
        gx = narrow(gx.reshape(shape), dtype)
    return (
        gx,
        None if gw is None else narrow(gw, g.dtype if weight is None else weight.dtype),
        None if gb is None else narrow(gb, g.dtype if weight is None else weight.dtype),
    )


def _sum(rows: Array) -> Array:
    """Sums of `(N, C, P)` for each channel."""
    return column_sums(rows[:, :, 0] if rows.shape[2] == 1 else row_sums(rows))


def _dot(a: Array, b: Array) -> Array:
    """Sums of products of `(N, C, P)` arrays for each channel."""
    return column_sums(a[:, :, 0] * b[:, :, 0] if a.shape[2] == 1 else np.vecdot(a, b))


def _inverse_deviation(var: Array, eps: float) -> Array:
    """`1 / sqrt(var + eps)`."""
    result = var + constant(eps, var.dtype)
    np.sqrt(result, out=result)
    return np.reciprocal(result, out=result)


def _normalize_rows(rows: Array, eps: float, dtype: np.dtype) -> tuple[Array, Array, Array]:
    """Rows with their mean taken away and divided by their deviation, the means, and the inverse deviations.

    Args:
        rows: the numbers, in single or double precision.
        eps: added to the variances.
        dtype: in which they were given.
    """
    size = constant(max(rows.shape[1], 1), rows.dtype)
    mean = row_sums(rows)
    mean /= size
    out = rows - mean[:, None]
    var = np.vecdot(out, out)
    var /= size
    inverse = _inverse_deviation(var, eps)
    if not np.logical_and.reduce(inverse) and rows.size:
        mean = narrow(rows.mean(1, dtype=np.float64), rows.dtype)
        out = rows - mean[:, None]
        inverse[(inverse == 0) & _meets_nothing(rows, dtype)] = np.nan
    out *= inverse[:, None]
    return out, mean, inverse


def _meets_nothing(rows: Array, dtype: np.dtype) -> Array:
    """Of rows whose variance overflows, those of which PyTorch makes NaN.

    PyTorch finds moments of the lanes of a register and of what is left after whole registers, and unites them. The
    square of the difference of two means, which may be infinite, times the counts behind them is NaN if one is zero: if
    there are no whole registers, or nothing is left when the first lane comes.
    """
    lanes = 32 // rows.dtype.itemsize
    register, count = lanes * (rows.dtype.itemsize // dtype.itemsize if dtype.itemsize < 4 else 1), rows.shape[1]
    if count >= register:
        if count % register:
            return np.zeros(len(rows), bool)
        rows = rows[:, ::lanes]
    return ~np.isfinite(np.square(narrow(rows.mean(1, dtype=np.float64), rows.dtype)))


def _row_gradient(g: Array, normal: Array, inverse: Array) -> Array:
    """Through `_normalize_rows`: `inverse * (g - mean(g) - normal * mean(g * normal))`; `normal` is overwritten."""
    size = max(g.shape[1], 1)
    gx = np.multiply(normal, (np.vecdot(g, normal) / -size)[:, None], out=normal)
    gx += g
    gx -= (np.add.reduce(g, axis=1) / size)[:, None]
    gx *= inverse
    return gx
