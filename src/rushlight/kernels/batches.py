"""Batches of matrices shared out between threads.

LAPACK, through NumPy, computes one matrix of a batch after the other on one thread, without Python's lock.
"""

import contextvars
import os
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .dispatch import get_threads

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Array = np.ndarray

# From how many multiplications on other threads are asked.
LEAST = 1_500_000

_executor: "ThreadPoolExecutor | None" = None
_owner = 0  # the process whose threads they are; a fork has none of them


def _asked(function: Callable[..., Any], arrays: list[Array]) -> "Future[Any]":
    """The function's result on another thread."""
    global _executor, _owner
    if _executor is None or _owner != os.getpid():
        from concurrent.futures import ThreadPoolExecutor

        _executor, _owner = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "rushlight"), os.getpid()
    return _executor.submit(contextvars.copy_context().run, function, *arrays)


def batch_of(a: Array, b: Array) -> tuple[int, ...]:
    """The leading dimensions of two batches of matrices, which broadcast."""
    return () if a.ndim == b.ndim == 2 else np.broadcast_shapes(a.shape[:-2], b.shape[:-2])


def shared_out(function: Callable[..., Any], cost: int, *arrays: Array) -> Any:
    """``function(*arrays)`` of batches of matrices, whose results are batches as well.

    Args:
        function: an array or a tuple of arrays, by batches of matrices.
        cost: how many times the cube of a matrix's shorter side it takes, roughly.
        arrays: the batches; unless all have the same leading dimensions, one thread computes.
    """
    lead = arrays[0].shape[:-2]
    if not lead:
        return function(*arrays)
    count = prod(lead)
    threads, side = min(get_threads(), count), min(arrays[0].shape[-2:])
    # Calling LAPACK takes as long as some hundred multiplications.
    if threads < 2 or count * cost * (side**3 + 300) < LEAST or any(a.shape[:-2] != lead for a in arrays):
        return function(*arrays)
    flat = [a.reshape(count, *a.shape[-2:]) for a in arrays]
    cuts = [count * i // threads for i in range(threads + 1)]
    parts = [[a[first:last] for a in flat] for first, last in zip(cuts, cuts[1:], strict=False)]
    others = [_asked(function, part) for part in parts[1:]]
    found = [function(*parts[0]), *[other.result() for other in others]]
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(each).reshape(*lead, *each[0].shape[1:]) for each in zip(*found, strict=True))
    return np.concatenate(found).reshape(*lead, *found[0].shape[1:])
