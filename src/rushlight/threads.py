"""How many threads compute, and settings that trade precision or speed for sameness.

There are two groups of threads, which one number governs: those of the compiled kernels (`kernels.pool`) and those of
the BLAS library that NumPy's matrix products run on (`kernels.blas`).
"""

from typing import Any

from .kernels import blas, dispatch

_deterministic = False
_warn_only = False
_matmul_precision = "highest"


def get_num_threads() -> int:
    """The number of threads that operations use."""
    return dispatch.get_threads()


def set_num_threads(num_threads: int) -> None:
    """Sets the number of threads that operations use.

    Raises:
        RuntimeError: it is not a positive integer.
    """
    _check(num_threads, "set_num_threads")
    dispatch.set_threads(num_threads)
    blas.set_threads(num_threads)


def get_num_interop_threads() -> int:
    """The number of operations that run at the same time: one."""
    return 1


def set_num_interop_threads(num_threads: int) -> None:
    """Accepts the number of operations that may run at the same time; here it is always one."""
    _check(num_threads, "set_num_interop_threads")


def _check(value: Any, function: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RuntimeError(f"{function} expects an int, but got {type(value).__name__}")
    if value <= 0:
        raise RuntimeError(f"{function} expects a positive integer")


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Asks for results that are the same in every run, which they are here in any case.

    Args:
        mode: whether that is asked for.
        warn_only: whether PyTorch would warn instead of raising.
    """
    global _deterministic, _warn_only
    _deterministic, _warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The `warn_only` that `use_deterministic_algorithms` was told."""
    return _deterministic and _warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """Allows matrix products of lower precision; on the CPU they always have float32's."""
    global _matmul_precision
    if precision in ("highest", "high", "medium"):
        _matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return _matmul_precision


_DEBUG_MODES = ("default", "warn", "error")


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by number or name: 0, "default"; 1, "warn"; 2, "error".

    Raises:
        TypeError: it is neither.
        RuntimeError: there is no such mode.
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG_MODES:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = _DEBUG_MODES.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """The number of the mode that `set_deterministic_debug_mode` was told."""
    if not are_deterministic_algorithms_enabled():
        return 0
    return 1 if is_deterministic_algorithms_warn_only_enabled() else 2


def set_flush_denormal(mode: bool) -> bool:
    """Whether the processor was told to take denormal numbers for zeros: it never is, since NumPy cannot."""
    return False
