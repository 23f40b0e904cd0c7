"""Losses of classes that should be ahead of the others by a margin, on NumPy arrays, with their gradients.

`reduction` is a number, as in `numpy_loss`: 0 returns every example's loss, 1 their mean, 2 their sum.
"""

import numpy as np

from rushlight.kernels.numpy_common import narrow, widen

Array = np.ndarray

NONE, MEAN, SUM = 0, 1, 2


def _rows(x: Array) -> Array:
    """Scores as a matrix ``(examples, classes)``, also those of a single example."""
    return x.reshape(1, -1) if x.ndim < 2 else x


def _reduced(loss: Array, reduction: int, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """The examples' losses in the target's shape, their mean or their sum."""
    if reduction == NONE:
        return narrow(loss.reshape(shape), dtype)
    total = np.asarray(np.add.reduce(loss))
    return narrow(total / np.asarray(loss.size, total.dtype) if reduction == MEAN else total, dtype)


def _share(g: Array, reduction: int, examples: int) -> Array:
    """The gradient of each example's loss, as a column."""
    g = widen(g).reshape(-1, 1)
    return g / examples if reduction == MEAN and examples else g


def _violations(x: Array, target: Array, margin: float) -> tuple[Array, Array, Array]:
    """How much each class comes too near to the target, the rows' numbers, and the targets.

    Raises:
        RuntimeError: a target is no class.
    """
    rows, wanted = np.arange(x.shape[0]), target.reshape(-1)
    if wanted.size and not (wanted.min() >= 0 and wanted.max() < x.shape[1]):
        raise RuntimeError("target out of range")
    z = np.fmax(margin - x[rows, wanted][:, None] + x, 0)
    z[rows, wanted] = 0
    return z, rows, wanted


def multi_margin_loss(x: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int) -> Array:
    """The mean over classes of ``max(0, margin - x[target] + x) ** p``, without that of the target.

    Args:
        x: scores ``(N, C)`` or ``(C,)``.
        target: classes ``(N,)`` or ``()``.
        p: 1 or 2.
        margin: by how much the target should be ahead.
        weight: one factor a class, or None.
        reduction: 0, 1 or 2.

    Raises:
        RuntimeError: a target is no class.
    """
    scores = _rows(widen(x))
    z, _, wanted = _violations(scores, target, margin)
    loss = np.add.reduce(z if p == 1 else z * z, axis=1) / np.asarray(scores.shape[1], z.dtype)
    if weight is not None:
        loss = loss * widen(weight)[wanted]
    return _reduced(loss, reduction, target.shape, x.dtype)


def multi_margin_loss_backward(
    g: Array, x: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int
) -> Array:
    """The gradient of `multi_margin_loss` by `x`."""
    scores = _rows(widen(x))
    z, rows, wanted = _violations(scores, target, margin)
    slope = (z > 0).astype(z.dtype) if p == 1 else 2 * z
    if weight is not None:
        slope *= widen(weight)[wanted][:, None]
    slope /= np.asarray(scores.shape[1], z.dtype)
    slope[rows, wanted] = -np.add.reduce(slope, axis=1)
    return narrow((slope * _share(g, reduction, len(rows))).reshape(x.shape), x.dtype)


def _listed(target: Array) -> tuple[Array, Array]:
    """For each row and each place of `target` whether a class stands there, and which one."""
    listed = np.logical_and.accumulate(target >= 0, axis=1)
    return listed, np.where(listed, target, 0)


def _ahead(x: Array, listed: Array, wanted: Array, is_target: Array) -> Array:
    """``1 - x[target] + x`` where that is positive, for each place of the targets and each class that is none."""
    z = 1 - np.take_along_axis(x, wanted, 1)[:, :, None] + x[:, None, :]
    return np.where(listed[:, :, None] & ~is_target[:, None, :], np.fmax(z, 0), 0)


def multilabel_margin_loss(x: Array, target: Array, reduction: int) -> tuple[Array, Array]:
    """The sum over target classes and other classes of ``max(0, 1 - x[target] + x[other])``, by the number of classes.

    Args:
        x: scores ``(N, C)`` or ``(C,)``.
        target: for each example its classes, then -1 if there are fewer than C; like `x`.
        reduction: 0, 1 or 2.

    Returns:
        The loss, and 1 in the place of each class that is a target, else 0, in the dtype of `x`.

    Raises:
        RuntimeError: a target is no class.
    """
    scores, targets = _rows(widen(x)), _rows(target)
    if target.size and not (target.min() >= -1 and target.max() < scores.shape[1]):
        raise RuntimeError("argument #2 'target' is out of range")
    is_target = np.zeros(scores.shape, np.bool_)
    listed, wanted = _listed(targets)
    rows = np.broadcast_to(np.arange(len(scores))[:, None], wanted.shape)
    is_target[rows[listed], wanted[listed]] = True
    z = _ahead(scores, listed, wanted, is_target)
    loss = np.add.reduce(z, axis=(1, 2)) / np.asarray(max(scores.shape[1], 1), z.dtype)
    return _reduced(loss, reduction, target.shape[:-1], x.dtype), is_target.astype(x.dtype).reshape(target.shape)


def multilabel_margin_loss_backward(g: Array, x: Array, target: Array, is_target: Array, reduction: int) -> Array:
    """The gradient of `multilabel_margin_loss` by `x`."""
    scores, among = _rows(widen(x)), _rows(is_target) > 0
    listed, wanted = _listed(_rows(target))
    ahead = (_ahead(scores, listed, wanted, among) > 0).astype(scores.dtype)
    slope = np.add.reduce(ahead, axis=1)
    rows = np.broadcast_to(np.arange(len(scores))[:, None], wanted.shape)
    np.add.at(slope, (rows[listed], wanted[listed]), -np.add.reduce(ahead, axis=2)[listed])
    slope /= np.asarray(max(scores.shape[1], 1), slope.dtype)
    return narrow((slope * _share(g, reduction, len(scores))).reshape(x.shape), x.dtype)
