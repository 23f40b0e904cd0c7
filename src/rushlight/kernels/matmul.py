"""Products of matrices: the compiled kernels for those of middle size, BLAS through NumPy for the others.

The compiled kernels read both factors where they are, and share their threads with all other compiled kernels
(`pool`); BLAS copies the factors first, which pays for large ones, and has threads of its own (see `blas`).
"""

from typing import Any

import numpy as np

from . import numpy_matmul
from .blas import LARGE
from .cache import panel_widths, register_bytes
from .dispatch import Kernel, get_threads, scratch
from .numpy_matmul import column_sums as column_sums
from .numpy_matmul import cross as cross
from .numpy_matmul import dot as dot
from .numpy_matmul import outer as outer
from .pointwise import LARGE as MANY
from .pointwise import Loop

Array = np.ndarray

_PACK, _MATMUL = Kernel("matmul", "pack"), Kernel("matmul", "matmul")
_TRANSPOSED = Kernel("matmul", "matmul_transposed")
_BMM = Kernel("batched", "bmm", common=False)

# Multiplications from which the compiled kernels are used.
LEAST = 1 << 20

# The same for many matrices at once; and how many elements a factor may have whose products are one piece of work.
LEAST_BATCHED, _LARGEST = 1 << 17, 1 << 18

# Depth from which rows are multiplied by rows; each of those products ends in a sum over a register.
DEEP = 128

_ADD_OUTER = Loop("add_outer", ("x", "column", "row", "beta", "alpha"), ("beta * x + alpha * column * row",))

# Up to how many elements the left factor leaves a product to NumPy in any case.
FEW = 2048


def mm(a: Array, b: Array) -> Array:
    """The product of two matrices (or a matrix and a vector) of one dtype."""
    if a.size > FEW and (found := _product(a, b, None)) is not None:
        return found
    return numpy_matmul.mm(a, b)


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """``x @ weight.T + bias`` for a matrix `x`."""
    if x.size > FEW and (found := _product(x, weight.T, bias)) is not None:
        return found
    return numpy_matmul.linear(x, weight, bias)


def bmm(a: Array, b: Array) -> Array:
    """The products of corresponding matrices of one dtype; one matrix corresponds to all of several others."""
    if a.size > FEW:
        if b.ndim == 2 < a.ndim:
            # All rows of the left factors at once: NumPy would multiply matrix by matrix.
            return mm(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
        if (found := _products(a, b)) is not None:
            return found
    return numpy_matmul.bmm(a, b)


def add_outer(x: Array, a: Array, b: Array, beta: Any, alpha: Any) -> Array | None:
    """``beta * x + alpha * outer(a, b)`` for a large matrix `x`, or None where NumPy has to compute it."""
    if x.size < MANY or x.shape != (len(a), len(b)) or not x.dtype == a.dtype == b.dtype or not beta:
        return None
    return _ADD_OUTER(x, a[:, None], b, beta, alpha)  # type: ignore[no-any-return]


def _products(a: Array, b: Array) -> Array | None:
    """``a @ b`` for several matrices by a compiled kernel; None where NumPy has to do it (or to refuse it)."""
    shape = (*a.shape[:-1], b.shape[-1])
    if a.ndim < 3 or a.shape[:-2] != b.shape[:-2] or a.dtype is not b.dtype or a.shape[-1] != b.shape[-2]:
        return None
    if a.ndim > 3:
        a, b = a.reshape(-1, *a.shape[-2:]), b.reshape(-1, *b.shape[-2:])
    (count, rows, depth), columns = a.shape, b.shape[2]
    if count < 2 or min(count * rows * columns, depth) < 2 or count * rows * depth * columns < LEAST_BATCHED:
        return None
    if depth * columns > _LARGEST or (run := _BMM.get(a.dtype)) is None or min(*a.strides, *b.strides) < 0:
        return None
    room = depth * (columns + 4 * register_bytes() // a.itemsize)
    c, memory = np.empty((count, rows, columns), a.dtype), scratch(room * get_threads(), a.dtype)
    run(count, 1, a, b, c, memory, room, rows, depth, columns, *a.strides, *b.strides)
    return c.reshape(shape)


def _product(a: Array, b: Array, bias: Array | None) -> Array | None:
    """``a @ b (+ bias)`` by a compiled kernel; None where NumPy has to do it (or to refuse it)."""
    if b.ndim != 2 or a.ndim != 2 or a.shape[1] != b.shape[0] or a.dtype is not b.dtype:
        return None
    (rows, depth), columns, dtype = a.shape, b.shape[1], a.dtype
    if not LEAST <= rows * depth * columns < LARGE:
        return None
    if bias is not None and (bias.shape != (columns,) or bias.dtype is not dtype or not bias.flags.c_contiguous):
        return None
    size = a.itemsize
    if min(*a.strides, *b.strides) < size:
        return None
    if b.strides[1] == size:
        run, pack = _MATMUL.get(dtype), _PACK.get(dtype)
        return None if run is None or pack is None else _by_rows(run, pack, a, b, bias)
    if depth < DEEP or b.strides[0] != size or a.strides[1] != size or (run := _TRANSPOSED.get(dtype)) is None:
        return None
    c = np.empty((rows, columns), dtype)
    high, broad = _block(rows, columns, 4, 6)
    run(
        -(-rows // high) * -(-columns // broad), 1, a, b, c, 0 if bias is None else bias, rows, columns, depth,
        a.strides[0], b.strides[1], columns * size, high, broad,
    )  # fmt: skip
    return c


def _by_rows(run: Any, pack: Any, a: Array, b: Array, bias: Array | None) -> Array:
    (rows, depth), columns, size = a.shape, b.shape[1], a.itemsize
    lanes = register_bytes() // size
    widest = lanes * panel_widths()[0]
    whole = columns // widest * widest
    rest = -(-(columns - whole) // lanes) * lanes * depth
    memory = scratch(rest + columns + lanes, a.dtype)
    if rest:
        pack(1, 1, b[:, whole:], memory, depth, columns - whole, *b.strides)
    shift: Any = 0
    if bias is not None:
        shift = memory[rest:]
        shift[:columns] = bias
    c = np.empty((rows, columns), a.dtype)
    high, broad = _block(rows, columns, 6, widest)
    run(
        -(-rows // high) * -(-columns // broad), 1, a, b, memory, c, shift, rows, depth, columns, *a.strides,
        b.strides[0], columns * size, high, broad,
    )  # fmt: skip
    return c


def _block(rows: int, columns: int, high: int, wide: int) -> tuple[int, int]:
    """Rows and columns of the blocks that the threads share out, some for each thread, in whole tiles."""
    wanted = 4 * get_threads()
    across = min(-(-columns // wide), wanted)
    down = min(-(-rows // high), -(-wanted // across))
    return -(-rows // (down * high)) * high, -(-columns // (across * wide)) * wide
