"""Connectionist temporal classification: compiled for larger batches, NumPy otherwise.

Functions and arguments are those of `numpy_ctc`.
"""

from typing import Any

import numpy as np

from . import numpy_ctc
from .dispatch import Kernel, get_threads, scratch

Array = np.ndarray

# From how many places of all steps on the compiled kernels are worth their call.
SMALLEST = 1024

_ALPHA, _SLOPES = (Kernel("ctc", name, common=False) for name in ("alpha", "slopes"))


def _room(places: int, dtype: np.dtype[Any]) -> tuple[int, Array]:
    """How many places a row has, made a multiple of a register's, and room for four rows for each thread."""
    width = -(-places // 16) * 16
    return width, scratch(get_threads() * 4 * (width + 4), dtype)


def ctc_loss(
    log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, blank: int
) -> tuple[Array, Array]:
    """See `numpy_ctc.ctc_loss`."""
    steps, n, classes = log_probs.shape
    most = int(target_lengths.max(initial=0))
    places = 2 * most + 1
    run = _ALPHA.get(log_probs.dtype) if steps * n * places >= SMALLEST else None
    if run is None:
        return numpy_ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank)
    extended, _, skips = numpy_ctc.extended(targets, target_lengths, most, blank)
    if extended.min() < 0 or extended.max() >= classes:  # which NumPy refuses
        return numpy_ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank)
    alpha = np.empty((n, steps, places), log_probs.dtype)
    run(n, 1, np.ascontiguousarray(log_probs), extended, skips, 2 * target_lengths + 1, alpha, steps, n, classes,
        places, *_room(places, log_probs.dtype))  # fmt: skip
    return numpy_ctc.losses(alpha, input_lengths, target_lengths), alpha


def ctc_loss_backward(
    g: Array, log_probs: Array, targets: Array, input_lengths: Array, target_lengths: Array, loss: Array, alpha: Array,
    blank: int, zero_infinity: bool,
) -> Array:  # fmt: skip
    """See `numpy_ctc.ctc_loss_backward`."""
    steps, n, classes = log_probs.shape
    run = _SLOPES.get(log_probs.dtype) if alpha.size >= SMALLEST else None
    if run is None:
        return numpy_ctc.ctc_loss_backward(
            g, log_probs, targets, input_lengths, target_lengths, loss, alpha, blank, zero_infinity
        )
    most = int(target_lengths.max(initial=0))
    extended, _, skips = numpy_ctc.extended(targets, target_lengths, most, blank)
    places = 2 * most + 1
    found = np.empty(log_probs.shape, log_probs.dtype)
    run(n, 1, np.ascontiguousarray(log_probs), extended, skips, 2 * target_lengths + 1, np.ascontiguousarray(alpha),
        steps, n, classes, places, *_room(places, log_probs.dtype), np.ascontiguousarray(input_lengths),
        np.ascontiguousarray(loss), np.ascontiguousarray(g), found)  # fmt: skip
    if zero_infinity:
        found[:, np.isinf(loss)] = 0
    return found
