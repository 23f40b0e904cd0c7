"""How many threads kernels may use: ``torch.get_num_threads`` and ``torch.set_num_threads``."""

import os
from typing import Any

_count = 0


def get_num_threads() -> int:
    """The number of threads; at first that of the processors this process may use, or ``OMP_NUM_THREADS``."""
    global _count
    if not _count:
        wish = os.environ.get("OMP_NUM_THREADS", "")
        _count = int(wish) if wish.isdigit() and int(wish) else (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return _count


def set_num_threads(count: Any) -> None:
    """Sets the number of threads.

    Raises:
        RuntimeError: `count` is not a positive integer.
    """
    global _count
    if isinstance(count, bool) or not isinstance(count, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(count).__name__}")
    if count <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _count = count
