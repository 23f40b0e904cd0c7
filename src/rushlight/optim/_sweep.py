"""Optimiser steps as one compiled loop over all parameters (`kernels.sweep.Sweep`)."""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd.leaf import AccumulateGrad
from ..base import own_version
from ..kernels.sweep import Sweep, pieces
from ._parts import Array, gradient, join_steps, recalls, remember

if TYPE_CHECKING:
    from ._arrays import ArrayOptimizer


@functools.cache
def _sweep(label: str, arrays: tuple[str, ...], formulas: tuple[tuple[str, str], ...]) -> Sweep:
    return Sweep(label, arrays, dict(formulas))


def sweep(optimizer: "ArrayOptimizer", group: dict[str, Any], names: tuple[str, ...], fresh: bool) -> Sweep:
    """The loop that updates the parameters of a group.

    Args:
        optimizer: says how.
        group: the settings.
        names: what is kept for each parameter.
        fresh: whether it is the first step for them.
    """
    arrays = ("param", "grad", *(n for n in names if n != "step"))
    return _sweep(type(optimizer).__name__.lower(), arrays, tuple(optimizer._formulas(group, fresh).items()))


class Swept:
    """Parameters of one dtype, at the same number of steps, that a compiled loop updates where they are.

    Attributes:
        params: the parameters. fresh: whether the optimiser has not updated them before.
    """

    def __init__(self, optimizer: "ArrayOptimizer", params: list[Any], names: tuple[str, ...], fresh: bool):
        self.params, self.fresh, self._names = params, fresh, names
        for p in params:
            own_version(p)
        entries = [optimizer._state[p] for p in params] if names else []
        self._steps = join_steps(entries) if "step" in names else None
        kept = [n for n in names if n != "step"]
        for entry in entries:
            for n in kept:
                if not entry[n]._data.flags.c_contiguous:
                    entry[n]._data = np.ascontiguousarray(entry[n]._data)
        self._found = remember(params, entries, names)
        self._arrays = [p._data for p in params]
        rows = [
            [id(p._data), 0, *(id(entry[n]._data) for n in kept)]
            for p, entry in zip(params, entries or [{}] * len(params), strict=True)
        ]
        self._table = np.array(rows, np.int64)
        self._pieces = pieces([a.size for a in self._arrays])

    @staticmethod
    def takes(param: Any) -> bool:
        """Whether the loop can update a parameter: it and its gradient lie row by row in memory."""
        array, grad = param._data, gradient(param)
        return param._dtype.plain and _alike(array, array.dtype) and _alike(grad, array.dtype)

    def run(self, optimizer: "ArrayOptimizer", group: dict[str, Any]) -> bool:
        """Update the parameters; False, with nothing changed, if they or their state are not what they were."""
        if optimizer._state_is_shown and not recalls(self._found, optimizer._state):
            return False
        dtype = self._arrays[0].dtype
        grads: list[Array] = []
        for param, array in zip(self.params, self._arrays, strict=True):
            node = param._node
            grad = node.total if type(node) is AccumulateGrad else param.grad
            # Assigning to `.data` and converting put another array in the place.
            if grad is None or param._data is not array:
                return False
            if type(grad) is not np.ndarray:
                grad = grad._data
            if not _alike(grad, dtype):
                return False
            grads.append(grad)
        update = sweep(optimizer, group, self._names, self.fresh).get(dtype)
        if update is None:
            return False
        step = 0.0
        if self._steps is not None:
            self._steps += 1
            step = float(self._steps[0])
        self._table[:, 1] = [id(g) for g in grads]
        update(self._table, self._pieces, optimizer._numbers(group, step))
        for param in self.params:
            param._versions[0] += 1
        self.fresh = False
        return True


def _alike(array: Any, dtype: np.dtype[Any]) -> bool:
    return type(array) is np.ndarray and array.flags.c_contiguous and array.dtype == dtype
