"""Losses that are a function of corresponding elements: one compiled loop each on large arrays, else NumPy's functions.

Functions and arguments are those of `numpy_loss`; the texts are what the loops compute (see `pointwise`). PyTorch's own
formulas, so that what is not a number stays so.
"""

import numpy as np

from . import lookup
from . import numpy_loss as on_numpy
from .numpy_loss import MEAN, NONE
from .pointwise import LARGE, Loop
from .reduction import mean_all, sum_all

Array = np.ndarray


class _Loss:
    """The loops of one loss and of its derivative by the input.

    Args:
        label: a name for those who look at the folder of kernels.
        number: the name of the loss's number in the formulas, if it has one.
        loss: what one element's loss is of `x` and `target`.
        slope: its derivative by `x`.
    """

    def __init__(self, label: str, number: str, loss: str, slope: str):
        names = ("x", "target", number) if number else ("x", "target")
        self._loss = Loop(label, names, (loss,))
        self._slope = Loop(f"{label}_backward", (*names, "g", "share"), (f"({slope}) * (g * share)",))

    def forward(self, x: Array, target: Array, reduction: int, *numbers: float) -> Array | None:
        """The loss, reduced; None where NumPy has to compute it."""
        if x.size < LARGE or x.dtype is not target.dtype:
            return None
        found = self._loss(x, target, *map(float, numbers))
        if found is None or reduction == NONE:
            return found  # type: ignore[no-any-return]
        return np.asarray(mean_all(found) if reduction == MEAN else sum_all(found))

    def backward(self, g: Array, x: Array, target: Array, reduction: int, *numbers: float) -> Array | None:
        """The gradient by `x`, of a gradient `g` of the reduced loss; None where NumPy has to compute it."""
        if x.size < LARGE or x.dtype is not target.dtype or g.dtype is not x.dtype:
            return None
        share = 1 / x.size if reduction == MEAN else 1.0
        return self._slope(x, target, *map(float, numbers), g, share)  # type: ignore[no-any-return]


_SMOOTH = _Loss(
    "smooth_l1", "beta",
    "select(abs(x - target) < beta, (x - target) * (x - target) * 0.5 / beta, abs(x - target) - 0.5 * beta)",
    "select(x - target <= -beta, -1, select(x - target >= beta, 1, (x - target) / beta))",
)  # fmt: skip
_HUBER = _Loss(
    "huber", "delta",
    "select(abs(x - target) <= delta, (x - target) * (x - target) * 0.5, (abs(x - target) - 0.5 * delta) * delta)",
    "select(x - target <= -delta, -delta, select(x - target >= delta, delta, x - target))",
)  # fmt: skip
_SQUARES = _Loss("mse", "", "(x - target) * (x - target)", "(x - target) * 2")
_LOGITS = _Loss(
    "bce_with_logits", "",
    "(1 - target) * x + log1p(exp(-abs(x))) + select(x < 0, -x, 0)",
    "sigmoid(x) - target",
)  # fmt: skip


def mse_loss(x: Array, target: Array, reduction: int) -> Array:
    """See `numpy_loss.mse_loss`."""
    found = _SQUARES.forward(x, target, reduction)
    return on_numpy.mse_loss(x, target, reduction) if found is None else found


def mse_loss_backward(g: Array, x: Array, target: Array, reduction: int) -> Array:
    """See `numpy_loss.mse_loss_backward`."""
    found = _SQUARES.backward(g, x, target, reduction)
    return on_numpy.mse_loss_backward(g, x, target, reduction) if found is None else found


def smooth_l1_loss(x: Array, target: Array, reduction: int, beta: float) -> Array:
    """See `numpy_loss.smooth_l1_loss`."""
    found = _SMOOTH.forward(x, target, reduction, beta) if beta else None
    return on_numpy.smooth_l1_loss(x, target, reduction, beta) if found is None else found


def smooth_l1_loss_backward(g: Array, x: Array, target: Array, reduction: int, beta: float) -> Array:
    """See `numpy_loss.smooth_l1_loss_backward`."""
    found = _SMOOTH.backward(g, x, target, reduction, beta) if beta else None
    return on_numpy.smooth_l1_loss_backward(g, x, target, reduction, beta) if found is None else found


def huber_loss(x: Array, target: Array, reduction: int, delta: float) -> Array:
    """See `numpy_loss.huber_loss`."""
    found = _HUBER.forward(x, target, reduction, delta)
    return on_numpy.huber_loss(x, target, reduction, delta) if found is None else found


def huber_loss_backward(g: Array, x: Array, target: Array, reduction: int, delta: float) -> Array:
    """See `numpy_loss.huber_loss_backward`."""
    found = _HUBER.backward(g, x, target, reduction, delta)
    return on_numpy.huber_loss_backward(g, x, target, reduction, delta) if found is None else found


def binary_cross_entropy_with_logits(
    x: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """See `numpy_loss.binary_cross_entropy_with_logits`."""
    found = _LOGITS.forward(x, target, reduction) if weight is None and pos_weight is None else None
    if found is not None:
        return found
    return on_numpy.binary_cross_entropy_with_logits(x, target, weight, pos_weight, reduction)


def binary_cross_entropy_with_logits_backward(g: Array, x: Array, target: Array, reduction: int) -> Array | None:
    """The gradient by `x` where there are no weights; None where NumPy has to compute it."""
    return _LOGITS.backward(g, x, target, reduction)


# ---------------------------------------------------------------------------------------------- classes
# From how many rows on the kernel for places is quicker than NumPy's indexing.
_MANY = 4096


def _pick(x: Array, target: Array) -> Array:
    """See `numpy_loss.pick`; many classes are looked up by the kernel for places along a dimension."""
    return on_numpy.pick(x, target) if _are_few(x.ndim, target) else lookup.take_along(x, _places(target), 1)[:, 0]


def _are_few(dims: int, target: Array) -> bool:
    return dims < 2 or (dims == 2 and target.size < _MANY)


def _places(target: Array) -> Array:
    return target[:, None].astype(np.int64, copy=False)


def _place(shape: tuple[int, ...], target: Array, value: Array) -> Array:
    """See `numpy_loss.place`."""
    if _are_few(len(shape), target):
        return on_numpy.place(shape, target, value)
    return lookup.put_one(np.broadcast_to(value, target.shape)[:, None], _places(target), 1, shape)


def nll_loss(x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> tuple[Array, Array]:
    """See `numpy_loss.nll_loss`."""
    return on_numpy.nll_loss(x, target, weight, reduction, ignore_index, _pick)


def nll_loss_backward(
    g: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array,
    shape: tuple[int, ...],
) -> Array:  # fmt: skip
    """See `numpy_loss.nll_loss_backward`."""
    return on_numpy.nll_loss_backward(g, target, weight, reduction, ignore_index, total_weight, shape, _place)
