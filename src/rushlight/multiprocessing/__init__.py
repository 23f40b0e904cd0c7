"""``torch.multiprocessing``: Python's own `multiprocessing`.

Tensors travel between processes as copies. Forked processes (Linux's usual ones) share the memory of those that
`Tensor.share_memory_` or `Module.share_memory` has moved to where it is shared.
"""

import multiprocessing as _multiprocessing
from multiprocessing import *
from typing import Any

__all__ = [
    *_multiprocessing.__all__,  # type: ignore[attr-defined]
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
]


def get_all_sharing_strategies() -> set[str]:
    """The ways in which PyTorch's processes share memory."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """PyTorch's usual one; it makes no difference."""
    return _Sharing.strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Keeps the name of a strategy, which makes no difference.

    Raises:
        AssertionError: there is no such strategy.
    """
    assert new_strategy in get_all_sharing_strategies()
    _Sharing.strategy = new_strategy


class _Sharing:
    strategy = "file_descriptor"


def spawn(fn: Any, args: Any = (), nprocs: int = 1, join: bool = True, daemon: bool = False) -> Any:
    """Runs ``fn(i, *args)`` in `nprocs` new processes, `i` counting them.

    Raises:
        RuntimeError: a process ended with an error.
    """
    context = _multiprocessing.get_context("spawn")
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for i, process in enumerate(processes):
        process.join()
        if process.exitcode:
            raise RuntimeError(f"process {i} terminated with exit code {process.exitcode}")
    return None
