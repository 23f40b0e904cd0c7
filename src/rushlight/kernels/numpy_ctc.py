"""Connectionist temporal classification on NumPy arrays, with its gradient.

Source: A. Graves et al., Connectionist Temporal Classification, ICML 2006. The target of a sequence is extended by a
blank before, between and after its labels; `alpha[t, s]` is the logarithm of the probability of all alignments of the
first ``s + 1`` of these with the first ``t + 1`` steps, `beta` the same from the end.
"""

import numpy as np

Array = np.ndarray


def extended(targets: Array, lengths: Array, most: int, blank: int) -> tuple[Array, Array, Array]:
    """The targets with blanks, ``(N, 2 most + 1)``, which places exist, and to which one may come from two before."""
    n = len(lengths)
    labels = np.full((n, 2 * most + 1), blank, np.int64)
    if targets.ndim == 2:
        labels[:, 1::2] = np.where(np.arange(most) < lengths[:, None], targets[:, :most], blank)
    else:
        starts = np.cumsum(lengths) - lengths
        for i in range(n):
            labels[i, 1 : 2 * lengths[i] : 2] = targets[starts[i] : starts[i] + lengths[i]]
    skips = np.zeros(labels.shape, np.bool_)
    skips[:, 3::2] = labels[:, 3::2] != labels[:, 1:-2:2]
    return labels, np.arange(2 * most + 1) < 2 * lengths[:, None] + 1, skips


def _shifted(row: Array, by: int) -> Array:
    """A row of logarithms moved `by` places to the right (left if negative), with log(0) moving in."""
    moved = np.full_like(row, -np.inf)
    if by > 0:
        moved[:, by:] = row[:, :-by]
    else:
        moved[:, :by] = row[:, -by:]
    return moved


def _step(row: Array, skips: Array, way: int) -> Array:
    """The logarithm of the sum of what comes from the same place, the one before and, where allowed, two before."""
    if row.shape[1] == 1:
        return row
    found = np.logaddexp(row, _shifted(row, way))
    if row.shape[1] > 2:
        found = np.logaddexp(found, np.where(skips, _shifted(row, 2 * way), -np.inf))
    return found


def ctc_loss(
    log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int
) -> tuple[Array, Array]:
    """The negative log probability of each target sequence, ``(N,)``, and alpha, ``(N, T, 2 S + 1)``.

    Args:
        log_probs: ``(T, N, C)``.
        targets: ``(N, S)``, or all sequences behind each other.
        input_lengths: how many steps each sequence has, ``(N,)``.
        target_lengths: how many labels each target has, ``(N,)``.
        blank: the class that is no label.
    """
    steps, n, _ = log_probs.shape
    most = int(target_lengths.max(initial=0))
    labels, exists, skips = extended(targets, target_lengths, most, blank)
    emitted = np.take_along_axis(log_probs.swapaxes(0, 1), labels[:, None, :], 2)
    emitted = np.where(exists[:, None, :], emitted, -np.inf).astype(log_probs.dtype)
    alpha = np.full((n, steps, 2 * most + 1), -np.inf, log_probs.dtype)
    alpha[:, 0, :2] = emitted[:, 0, :2]
    for t in range(1, steps):
        alpha[:, t] = _step(alpha[:, t - 1], skips, 1) + emitted[:, t]
    return losses(alpha, input_lengths, target_lengths), alpha


def losses(alpha: Array, input_lengths: Array, target_lengths: Array) -> Array:
    """The negative log probabilities of the targets, from `alpha`."""
    rows = np.arange(len(alpha))
    last = alpha[rows, np.maximum(input_lengths, 1) - 1]
    end = last[rows, 2 * target_lengths]
    before = np.where(target_lengths > 0, last[rows, np.maximum(2 * target_lengths - 1, 0)], -np.inf)
    total = np.logaddexp(end, before)
    empty = np.where(target_lengths == 0, 0.0, -np.inf)
    return -np.where(input_lengths == 0, empty, total).astype(alpha.dtype)  # type: ignore[no-any-return]


def ctc_loss_backward(
    g: Array, log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, loss: Array, alpha: Array,
    blank: int, zero_infinity: bool,
) -> Array:  # fmt: skip
    """The gradient of `ctc_loss` by the scores whose log-softmax `log_probs` is, which PyTorch gives for them.

    Losses that are infinite have the gradient 0 with `zero_infinity`.
    """
    steps, n, classes = log_probs.shape
    most = int(target_lengths.max(initial=0))
    labels, exists, skips = extended(targets, target_lengths, most, blank)
    by_batch = log_probs.swapaxes(0, 1)
    # From the end, one may go two places on where the place two on allowed to come from here.
    onward = np.zeros_like(skips)
    onward[:, :-2] = skips[:, 2:]
    places = np.arange(2 * most + 1)
    ends = exists & (places >= 2 * target_lengths[:, None] - 1)
    found = np.zeros((n, steps, classes), log_probs.dtype)
    beta = np.full((n, 2 * most + 1), -np.inf, log_probs.dtype)
    rows = np.broadcast_to(np.arange(n)[:, None], labels.shape)
    for t in range(steps - 1, -1, -1):
        emitted = np.where(exists, np.take_along_axis(by_batch[:, t], labels, 1), -np.inf)
        last, inside = (input_lengths == t + 1)[:, None], (input_lengths > t)[:, None]
        beta = np.where(last, np.where(ends, emitted, -np.inf), _step(beta, onward, -1) + emitted)
        beta = np.where(inside, beta, -np.inf).astype(log_probs.dtype)
        sums = np.full((n, classes), -np.inf, log_probs.dtype)
        np.logaddexp.at(sums, (rows, labels), alpha[:, t] + beta)
        lp = by_batch[:, t]
        found[:, t] = np.where(inside, (np.exp(lp) - np.exp(sums + loss[:, None] - lp)) * g[:, None], 0)
    if zero_infinity:
        found[np.isinf(loss)] = 0
    return found.swapaxes(0, 1).copy()
