"""What the NumPy kernels of networks share."""

import functools
import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

# What two of NumPy's functions call, which first ask for an axis or look for a better order of products. It is not
# public: where a version of NumPy lacks it, these functions have to serve.
_core: Any = getattr(getattr(np, "_core", None), "multiarray", np)
count_nonzero: Any = getattr(_core, "count_nonzero", np.count_nonzero)
c_einsum: Any = getattr(_core, "c_einsum", np.einsum)

_F = TypeVar("_F", bound=Callable[..., Any])

# The thread that imports Rushlight, in which NumPy does not warn (see `rushlight/__init__.py`).
_SILENT_THREAD = threading.get_ident()


def without_warnings(function: _F) -> _F:
    """The function of positional arguments without NumPy's warnings, which only other threads have to be told of.

    Entering `numpy.errstate` takes a microsecond.
    """
    elsewhere = np.errstate(all="ignore")(function)

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        return function(*args) if threading.get_ident() == _SILENT_THREAD else elsewhere(*args)

    return run  # type: ignore[return-value]


# So many elements are few: calls cost more than arithmetic.
FEW = 1024


def widen(x: np.ndarray) -> np.ndarray:
    """`x` as float32 when it is a floating type of two bytes or less (float16, bfloat16), else `x` itself."""
    dtype = x.dtype
    if dtype.itemsize <= 2 and dtype.kind in "fV":
        return x.astype(np.float32)
    return x


def narrow(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`x` in `dtype`, without a copy when it has that dtype already."""
    return x if x.dtype is dtype or x.dtype == dtype else x.astype(dtype)


def tame(x: np.ndarray) -> bool:
    """Whether all of some real numbers are finite, told by the sum of their squares; False also where that is not."""
    if x.size == 1:
        return math.isfinite(x.item())
    flat = x.reshape(-1)
    return math.isfinite(flat.dot(flat))


def ones(count: int, dtype: np.dtype) -> np.ndarray | None:
    """So many ones, if they are few and of a type of which NumPy leaves products to BLAS: their dot product sums."""
    kept = ONES.get(dtype)
    if kept is None or count > FEW:
        return None
    found = kept.get((count,))
    if found is None:
        found = kept[count,] = np.ones(count, dtype)
    return found


@functools.lru_cache(256)
def ones_of(count: int, dtype: np.dtype, matrix: bool) -> tuple[np.ndarray, np.ndarray]:
    """So many ones as what the columns and what the rows of a matrix are multiplied by: vectors, or matrices."""
    row = np.ones(count, dtype)
    return (row.reshape(1, count), row.reshape(count, 1)) if matrix else (row, row)


# By dtype and shape: made once, because the dot product with ones is the quickest sum of few numbers.
ONES: dict[np.dtype, dict[tuple[int, ...], np.ndarray]] = {np.dtype(kind): {} for kind in "fd"}


def row_sums(rows: np.ndarray) -> np.ndarray:
    """The sums over the last axis."""
    row = ones(rows.shape[-1], rows.dtype)
    return np.add.reduce(rows, axis=-1) if row is None else rows.dot(row)


def column_sums(rows: np.ndarray) -> np.ndarray:
    """The sums over the rows of a matrix."""
    column = ones(len(rows), rows.dtype)
    return np.add.reduce(rows, axis=0) if column is None else column.dot(rows)


def constant(value: float | np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A number, or an array of no dimensions, as a 0-dim array: NumPy computes with these in half the time."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    key = value, dtype
    found = _constants.get(key)
    if found is None:
        # Of integers, bfloat16 takes those of 64 bits only.
        found = np.asarray(value if dtype.kind != "V" else float(value), dtype)
        # 0.0 and -0.0 are equal as keys but not as numbers, so zeros are not kept.
        if value and len(_constants) < 4096:
            _constants[key] = found
    return found


# The number one by the letter of its type, for functions of which every tenth of a microsecond is felt.
ONE = {letter: np.asarray(1, letter) for letter in "fd"}

_constants: dict[tuple[float, np.dtype], np.ndarray] = {}


def grid(shape: tuple[int, ...]) -> list[np.ndarray]:
    """The coordinates along each dimension of a shape, which broadcast to it; NumPy's `ogrid` takes its time."""
    n = len(shape)
    return [np.arange(size).reshape((size,) + (1,) * (n - 1 - d)) for d, size in enumerate(shape)]


def out_of_range(a: np.ndarray, dim: int, index: np.ndarray) -> Exception:
    """What PyTorch says of indices of which some are outside of a dimension."""
    length = a.shape[dim]
    if a.ndim < 2 or (a.size and not dim):
        return IndexError("index out of range in self")
    if not length:
        return RuntimeError("index_select(): self indexing axis dim should be positive")
    wrong = index[(index < 0) | (index >= length)]
    return RuntimeError(f"INDICES element is out of DATA bounds, id={wrong[0]} axis_dim={length}")
