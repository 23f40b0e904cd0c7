"""Loss functions and embeddings on NumPy arrays, with their gradients.

`reduction` is a number as inside PyTorch: 0 returns every element's loss, 1 their mean, 2 their sum.
"""

import functools
import math
import operator
from collections.abc import Callable

import numpy as np

from rushlight.kernels.numpy_common import narrow, out_of_range, widen
from rushlight.kernels.numpy_reduction import sum_all

Array = np.ndarray

NONE, MEAN, SUM = 0, 1, 2


# Classification -------------------------------------------------------------------------------------------------------


def pick(x: Array, target: Array) -> Array:
    """The entries of target classes, `(N, *positions)` of `(N, C, *positions)`."""
    if x.ndim == 1:
        return x[target]
    if x.ndim == 2:
        return x[np.arange(x.shape[0]), target]
    return np.take_along_axis(x, target[:, None], axis=1)[:, 0]


def place(shape: tuple[int, ...], target: Array, value: Array) -> Array:
    """Zeros of a shape, and values at target classes."""
    x = np.zeros(shape, value.dtype)
    if x.ndim == 1:
        x[target] = value
    elif x.ndim == 2:
        x[np.arange(x.shape[0]), target] = value
    else:
        np.put_along_axis(x, target[:, None], value[:, None] if value.ndim else value, axis=1)
    return x


def nll_loss(
    x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int,
    pick: Callable[[Array, Array], Array] = pick,
) -> tuple[Array, Array]:  # fmt: skip
    """The negative log likelihood `-weight[t] x[t]` of target classes.

    Args:
        x: log-probabilities, `(N, C, *positions)` or `(C,)`.
        target: integers, `(N, *positions)` or `()`.
        weight: one factor a class, `(C,)`, or None.
        reduction: 0, 1 (mean weighted by `weight`) or 2.
        ignore_index: a target that does not count.
        pick: what takes the entries of target classes.

    Returns:
        The loss (0-dimensional, or of target's shape) and the total weight of the counted targets (0-dimensional).

    Raises:
        IndexError: a target that is no class.
    """
    dtype, x = x.dtype, widen(x)
    safe, counted = _classes(target, x.shape[1 if x.ndim > 1 else 0], ignore_index)
    picked = -pick(x, safe)
    factor = None if weight is None else widen(weight)[safe]
    if factor is not None:
        picked = picked * factor
    if dtype.itemsize == 2 and reduction != NONE:
        return _nll_in_steps(dtype, picked, factor, counted, reduction)
    if counted is not None:
        picked = np.where(counted, picked, np.zeros((), x.dtype))
    if reduction == NONE:
        return narrow(np.asarray(picked), dtype), np.zeros((), dtype)
    if factor is None:
        total = np.array(target.size if counted is None else np.count_nonzero(counted), x.dtype)
    else:
        total = np.asarray(np.add.reduce(factor if counted is None else factor * counted, axis=None), x.dtype)
    loss = sum_all(picked)
    if reduction == MEAN:
        loss = loss / total
    return narrow(np.asarray(loss, x.dtype), dtype), narrow(total, dtype)


def _nll_in_steps(
    dtype: np.dtype, picked: Array, factor: Array | None, counted: Array | None, reduction: int
) -> tuple[Array, Array]:
    """The sum or mean of losses in half precision, and their total weight, rounded where PyTorch rounds them."""
    loss = _added_in_levels(_rounded(picked, dtype), counted, dtype)
    if factor is None:
        total = _rounded(np.array(picked.size if counted is None else np.count_nonzero(counted), np.float32), dtype)
    else:
        total = _added_in_levels(factor, counted, dtype)
    if reduction == MEAN:
        loss = loss / total
    return narrow(np.asarray(loss), dtype), narrow(np.asarray(total), dtype)


def _added_in_levels(values: Array, counted: Array | None, dtype: np.dtype, levels: int = 8) -> Array:
    """The sum of `values`, each addition rounded: a level's sum is passed on to the next after some power of two.

    Args:
        values: numbers of half precision, in a wider type.
        counted: which of them count; all if None.
        dtype: their type.
        levels: how many levels there are.
    """
    numbers = narrow(values, dtype).ravel()
    counts = np.ones(numbers.size, bool) if counted is None else np.ravel(counted)
    power = max(4, math.ceil(math.log2(max(numbers.size, 1))) // levels)
    sums = [dtype.type(0)] * levels
    for i, (number, counts_here) in enumerate(zip(numbers, counts, strict=True)):
        if not counts_here:
            continue
        sums[0] = sums[0] + number
        for level in range(levels - 1):
            if i >> level * power & (1 << power) - 1:
                break
            sums[level + 1], sums[level] = sums[level + 1] + sums[level], dtype.type(0)
    return widen(np.asarray(functools.reduce(operator.add, sums, dtype.type(0)), dtype))


def nll_loss_backward(
    g: Array,
    target: Array,
    weight: Array | None,
    reduction: int,
    ignore_index: int,
    total_weight: Array,
    shape: tuple[int, ...],
    place: Callable[[tuple[int, ...], Array, Array], Array] = place,
) -> Array:
    """The gradient of `nll_loss` by its input of shape `shape`: zeros, but `place` fills in the target classes."""
    dtype, g = g.dtype, widen(g)
    if not target.size:
        return narrow(np.zeros(shape, g.dtype), dtype)
    safe, counted = _classes(target, shape[1 if len(shape) > 1 else 0], ignore_index)
    value = -g
    if reduction == MEAN:
        value = value / widen(total_weight)
    if weight is not None:
        value = value * widen(weight)[safe]
    if counted is not None:
        value = np.where(counted, value, np.zeros((), g.dtype))
    return narrow(place(shape, safe, value), dtype)


def nll_loss_total(
    x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array
) -> Array:
    """`nll_loss` with the total weight given; so it is the derivative of `nll_loss_backward` by its `g` too."""
    loss, _ = nll_loss(x, target, weight, SUM if reduction == MEAN else reduction, ignore_index)
    return np.asarray(loss / total_weight, x.dtype) if reduction == MEAN else loss


# Regression and probabilities -----------------------------------------------------------------------------------------


def mse_loss(x: Array, target: Array, reduction: int) -> Array:
    """`(x - target)^2`."""
    d = widen(x) - widen(target)
    if x.dtype.itemsize == 2:  # PyTorch rounds each step
        return reduced(_rounded(_rounded(d, x.dtype) ** 2, x.dtype), reduction, x.dtype)
    if reduction != NONE and d.ndim:
        flat = d.reshape(-1)
        total = flat.dot(flat)
        return np.asarray(total / flat.size if reduction == MEAN else total).astype(x.dtype)
    return reduced(d * d, reduction, x.dtype)


def mse_loss_backward(g: Array, x: Array, target: Array, reduction: int) -> Array:
    """The gradient of `mse_loss` by `x`."""
    d = np.asarray(widen(x) - widen(target))
    if x.dtype.itemsize == 2:
        slope = _rounded(2 * d, x.dtype) if reduction != MEAN else _shared(_rounded(d, x.dtype), 2, x.dtype)
        return narrow(np.asarray(slope * widen(g)), x.dtype)
    d *= 2 / d.size if reduction == MEAN and d.size else 2
    return narrow(np.asarray(d * widen(g)), x.dtype)


def smooth_l1_loss(x: Array, target: Array, reduction: int, beta: float) -> Array:
    """`d^2 / (2 beta)` where the distance d is below `beta`, else `d - beta / 2`."""
    if x.dtype.char == "e" and beta:
        return reduced(_smooth_in_steps(x, target, beta), reduction, x.dtype)
    d = np.abs(widen(x) - widen(target))
    loss = (
        d
        if beta == 0
        else np.where(d < beta, d * d * np.asarray(0.5 / beta, d.dtype), d - np.asarray(beta / 2, d.dtype))
    )
    return reduced(loss, reduction, x.dtype)


def _smooth_in_steps(x: Array, target: Array, beta: float) -> Array:
    """`smooth_l1_loss` of each float16 number, of which PyTorch rounds each step."""
    d = np.abs(x - target)
    kind = d.dtype.type
    return widen(np.where(d < kind(beta), kind(0.5) * d * d / kind(beta), d - kind(0.5) * kind(beta)))


def smooth_l1_loss_backward(g: Array, x: Array, target: Array, reduction: int, beta: float) -> Array:
    """The gradient of `smooth_l1_loss` by `x`."""
    d = widen(x) - widen(target)
    slope = np.sign(d) if beta == 0 else np.where(np.abs(d) < beta, d / np.asarray(beta, d.dtype), np.sign(d))
    return spread(g, slope, reduction, x.dtype)


def huber_loss(x: Array, target: Array, reduction: int, delta: float) -> Array:
    """`d^2 / 2` where the distance d is up to `delta`, else `delta (d - delta / 2)`."""
    if x.dtype.kind == "V":  # PyTorch rounds each step of bfloat16
        d, half = np.abs(x - target), x.dtype.type(0.5)
        delta_ = x.dtype.type(delta)
        return reduced(widen(np.where(d <= delta_, half * d * d, delta_ * (d - half * delta_))), reduction, x.dtype)
    d = np.abs(widen(x) - widen(target))
    delta_ = np.asarray(delta, d.dtype)
    return reduced(
        np.where(d < delta_, d * d * np.asarray(0.5, d.dtype), delta_ * (d - delta_ / 2)), reduction, x.dtype
    )


def huber_loss_backward(g: Array, x: Array, target: Array, reduction: int, delta: float) -> Array:
    """The gradient of `huber_loss` by `x`."""
    d = widen(x) - widen(target)
    if x.dtype.itemsize > 2:
        return spread(g, np.clip(d, -delta, delta), reduction, x.dtype)
    bound = _rounded(np.asarray(delta, d.dtype), x.dtype)
    slope = np.clip(_rounded(d, x.dtype), -bound, bound)
    if reduction == MEAN:
        slope = _shared(slope, 1, x.dtype)
    return narrow(np.asarray(slope * widen(g)), x.dtype)


def _shared(slope: Array, factor: int, dtype: np.dtype) -> Array:
    """Slopes times a factor, over their number; in half precision, to which the quotient and the slopes are rounded."""
    share = _rounded(np.asarray(factor / max(slope.size, 1), slope.dtype), dtype)
    return _rounded(np.asarray(slope * share), dtype)


def soft_margin_loss(x: Array, target: Array, reduction: int) -> Array:
    """`log(1 + exp(-target x))`; in half precision each step is rounded, and large exponentials are infinite."""
    z = np.exp(_rounded(-widen(target) * widen(x), x.dtype))
    return reduced(_rounded(np.log1p(_rounded(z, x.dtype)), x.dtype), reduction, x.dtype)


def _rounded(x: Array, dtype: np.dtype) -> Array:
    """Numbers computed in a wider type as `dtype` holds them, in the wider type."""
    return widen(narrow(x, dtype))


def soft_margin_loss_backward(g: Array, x: Array, target: Array, reduction: int) -> Array:
    """The gradient of `soft_margin_loss` by `x`, in half precision rounded after each step."""
    dtype, target = x.dtype, widen(target)
    z = _rounded(np.exp(_rounded(-target * widen(x), dtype)), dtype)
    slope = _rounded(-target * z, dtype) / _rounded(1 + z, dtype)
    return spread(g, _rounded(slope, dtype), reduction, dtype)


def binary_cross_entropy(x: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """`-weight (t log(x) + (1 - t) log(1 - x))` of probabilities, the logarithms not below -100.

    Raises:
        RuntimeError: an element of `x` or of the target is not between 0 and 1.
    """
    p, t = widen(x), widen(target)
    for name, x_ in (("input", p), ("target", t)):
        if p.size and not (np.minimum.reduce(x_, axis=None) >= 0 and np.maximum.reduce(x_, axis=None) <= 1):
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    low = np.asarray(-100, p.dtype)
    if x.dtype.itemsize == 2:
        other, own = (np.maximum(_rounded(np.asarray(a), x.dtype), low) for a in (np.log1p(-p), np.log(p)))
        first = _rounded(np.asarray(_rounded(np.asarray(t - 1), x.dtype) * other), x.dtype)
        loss = _rounded(np.asarray(first - _rounded(np.asarray(t * own), x.dtype)), x.dtype)
    else:
        loss = (t - 1) * np.maximum(np.log1p(-p), low) - t * np.maximum(np.log(p), low)
    if weight is not None:
        loss = loss * widen(weight)
    return reduced(loss, reduction, x.dtype)


def binary_cross_entropy_backward(g: Array, x: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """The gradient of `binary_cross_entropy` by `x`: `weight (x - t) / max(x (1 - x), 1e-12)`, 1e-12 in float32."""
    p, t = widen(x), widen(target)
    least = np.asarray(np.float32(1e-12), p.dtype)
    if x.dtype.itemsize == 2:
        return _bce_backward_in_steps(g, p, t, weight, reduction, _rounded(least, x.dtype))
    slope = (p - t) / np.maximum((1 - p) * p, least)
    if weight is not None:
        slope = slope * widen(weight)
    return spread(g, slope, reduction, x.dtype)


def _bce_backward_in_steps(g: Array, p: Array, t: Array, weight: Array | None, reduction: int, least: Array) -> Array:
    """The same in half precision, to which PyTorch rounds after each step."""

    def rounded(a: Array) -> Array:
        return _rounded(np.asarray(a), g.dtype)

    found = rounded(rounded(widen(g) * rounded(p - t)) / np.maximum(rounded(rounded(1 - p) * p), least))
    if weight is not None:
        found = rounded(found * widen(weight))
    return narrow(found / found.dtype.type(max(p.size, 1)) if reduction == MEAN else found, g.dtype)


def binary_cross_entropy_with_logits(
    x: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The binary cross entropy of `sigmoid(x)`, without overflow; `pos_weight` is a factor of positive targets."""
    z, t = widen(x), widen(target)
    softplus = np.log1p(np.exp(-np.abs(z))) + np.maximum(-z, 0)  # log(1 + exp(-z))
    if x.dtype.itemsize == 2:
        return _logits_in_steps(x.dtype, z, t, softplus, weight, pos_weight, reduction)
    loss = (1 - t) * z + (softplus if pos_weight is None else ((pos_weight - 1) * t + 1) * softplus)
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction, x.dtype)


def _logits_in_steps(
    dtype: np.dtype, z: Array, t: Array, softplus: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The same in half precision, to which PyTorch rounds after each step."""
    if pos_weight is not None:
        factor = _rounded(_rounded(_rounded(widen(pos_weight) - 1, dtype) * t, dtype) + 1, dtype)
        softplus = factor * _rounded(softplus, dtype)
    loss = _rounded(_rounded(_rounded(1 - t, dtype) * z, dtype) + _rounded(softplus, dtype), dtype)
    if weight is not None:
        loss = _rounded(loss * widen(weight), dtype)
    return reduced(loss, reduction, dtype)


def logits_backward_in_steps(
    g: Array, x: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The gradient of `binary_cross_entropy_with_logits` by `x` in half precision, rounded after each step."""
    z, t, dtype = widen(x), widen(target), x.dtype
    with np.errstate(over="ignore"):
        probability = _rounded(1 / (1 + np.exp(-z)), dtype)
    if pos_weight is None:
        slope = probability - t
    else:
        positive = _rounded(widen(pos_weight) * t, dtype)
        slope = _rounded(_rounded(_rounded(positive + 1, dtype) - t, dtype) * probability, dtype) - positive
    return _shared_in_steps(g, slope, weight, reduction, dtype)


def logits_target_backward_in_steps(
    g: Array, x: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The gradient by the target in half precision, rounded after each step."""
    z, dtype = widen(x), x.dtype
    slope = -z
    if pos_weight is not None:
        positive = _rounded(_rounded(np.logaddexp(0, -z), dtype) * widen(pos_weight), dtype)
        slope = positive - _rounded(np.logaddexp(0, z), dtype)
    return _shared_in_steps(g, slope, weight, reduction, dtype)


def _shared_in_steps(g: Array, slope: Array, weight: Array | None, reduction: int, dtype: np.dtype) -> Array:
    found = _rounded(_rounded(slope, dtype) * widen(g), dtype)
    if weight is not None:
        found = _rounded(found * widen(weight), dtype)
    if reduction == MEAN and slope.size:
        found = found / np.float32(slope.size)
    return narrow(np.asarray(found), dtype)


def _classes(target: Array, classes: int, ignore_index: int) -> tuple[Array, Array | None]:
    """Targets with the ignored ones set to 0, and which ones count (None when all do).

    Raises:
        IndexError: a target is no class.
    """
    if not target.size:
        return target, None
    if target.dtype == np.int64 and not 0 <= ignore_index < classes:
        # Without a sign, negative numbers are large.
        if np.maximum.reduce(target.view(np.uint64), None) < classes:
            return target, None
    low, high = int(np.minimum.reduce(target, axis=None)), int(np.maximum.reduce(target, axis=None))
    safe, counted = target, None
    if low <= ignore_index <= high:
        counted = target != ignore_index
        safe = np.where(counted, target, 0)
        low, high = int(np.minimum.reduce(safe, axis=None)), int(np.maximum.reduce(safe, axis=None))
    if low < 0 or high >= classes:
        raise IndexError(f"Target {low if low < 0 else high} is out of bounds.")
    return safe, counted


def reduced(loss: Array, reduction: int, dtype: np.dtype) -> Array:
    """The mean or the sum of losses, or the losses themselves, in a dtype."""
    loss = np.asarray(loss)
    if reduction == MEAN:
        loss = np.asarray(np.add.reduce(loss, axis=None) / np.asarray(loss.size, loss.dtype))
    elif reduction == SUM:
        loss = np.asarray(np.add.reduce(loss, axis=None))
    return narrow(loss, dtype)


def spread(g: Array, slope: Array, reduction: int, dtype: np.dtype) -> Array:
    """The gradient through `reduced` and a function with the derivative `slope`."""
    g, slope = widen(g), np.asarray(slope)
    if reduction == MEAN and slope.size:
        g = g / np.asarray(slope.size, g.dtype)
    return narrow(np.asarray(slope * g), dtype)


# Embedding ------------------------------------------------------------------------------------------------------------


def embedding(weight: Array, indices: Array) -> Array:
    """The rows of `weight`, `(rows, D)`, that `indices` name: `(*indices, D)`.

    Raises:
        IndexError: an index is outside of the table.
        RuntimeError: that is so, and the table has no elements.
    """
    if indices.size and not (indices.min() >= 0 and indices.max() < weight.shape[0]):
        raise out_of_range(weight, 0, indices)
    return weight[indices]


def embedding_backward(g: Array, indices: Array, rows: int, padding_idx: int, scale_grad_by_freq: bool) -> Array:
    """The gradient of `embedding` by the table: `g`, `(*indices, D)`, summed into `(rows, D)`.

    Args:
        g: gradient of the result.
        indices: the indices looked up.
        rows: the table's number of rows.
        padding_idx: a row that gets no gradient; negative for none.
        scale_grad_by_freq: whether to divide each row's gradient by how often it was looked up.
    """
    dtype, g = g.dtype, widen(g)
    width = g.shape[-1]
    flat, g = indices.reshape(-1), g.reshape(math.prod(indices.shape), width)
    gw = np.zeros((rows, width), g.dtype)
    if padding_idx >= 0:
        kept = flat != padding_idx
        if not kept.all():
            flat, g = flat[kept], g[kept]
    if scale_grad_by_freq and flat.size:
        g = g / np.bincount(flat, minlength=rows)[flat][:, None].astype(g.dtype)
    # Equal rows are brought together and added by runs: add.at is slow on rows.
    if flat.size:
        order = np.argsort(flat, kind="stable")
        ordered = flat[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        gw[ordered[starts]] = np.add.reduceat(g[order], starts, axis=0)
    return narrow(gw, dtype)


def one_hot(indices: Array, classes: int) -> Array:
    """An int64 array `(*indices, classes)` that is 1 where the last position is the index, else 0.

    With `classes` of -1 it has as many classes as the largest index needs.
    """
    if classes == -1:
        classes = int(indices.max()) + 1
    out = np.zeros((indices.size, classes), np.int64)
    out[np.arange(indices.size), indices.reshape(-1)] = 1
    return out.reshape(*indices.shape, classes)
