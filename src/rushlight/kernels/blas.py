"""The threads of NumPy's BLAS beside ours.

OpenBLAS has threads of its own. After each product they go on looking for work for tens of milliseconds, on the
processors that the compiled kernels need (`pool`): a ResNet-18 step takes a sixth longer. So once there are compiled
kernels, BLAS computes on the calling thread, but for products so large that its threads pay.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

# Multiplications from which a product uses BLAS's threads in any case.
LARGE = 1 << 26

_limited = 0  # the number of threads for large products; 0 as long as BLAS is left alone


@cache
def library() -> ctypes.CDLL | None:
    """NumPy's library of matrix functions, or None where it cannot be had."""
    from numpy.linalg import _umath_linalg

    try:
        return ctypes.CDLL(_umath_linalg.__file__)
    except OSError:
        return None


@cache
def _functions() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How to ask and how to tell NumPy's OpenBLAS the number of its threads; None where NumPy uses another library."""
    for prefix, suffix in (("scipy_openblas", "64_"), ("scipy_openblas", ""), ("openblas", "64_"), ("openblas", "")):
        try:
            return (
                getattr(library(), f"{prefix}_get_num_threads{suffix}"),
                getattr(library(), f"{prefix}_set_num_threads{suffix}"),
            )
        except AttributeError:
            continue
    return None


def set_threads(threads: int) -> None:
    """Sets how many threads products may use."""
    global _limited
    if _limited:
        _limited = threads
    elif (functions := _functions()) is not None:
        functions[1](threads)


def make_room() -> None:
    """Leaves the processors to the compiled kernels: from now on only large products use BLAS's threads."""
    global _limited
    functions = _functions()
    if functions is not None and not _limited:
        _limited = functions[0]()
        functions[1](1)


@contextmanager
def all_threads() -> Iterator[None]:
    """While it is entered, BLAS computes by as many threads as may be used."""
    functions = _functions()
    if not _limited or functions is None:
        yield
        return
    functions[1](_limited)
    try:
        yield
    finally:
        functions[1](1)


def large_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a.dot(b)`` by as many threads as may be used."""
    if not _limited or a.size * b.shape[-1] < LARGE:
        return a.dot(b)
    with all_threads():
        return a.dot(b)
