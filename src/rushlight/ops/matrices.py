"""What the families of linear algebra share: checks of arguments, batches of matrices, formulas on Tensors."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, tensor_names, wrap
from ..kernels.layout import Absent, columns
from .arguments import type_name
from .declare import Array, in_formulas
from .out import finish_out, several_out


class LinAlgError(RuntimeError):
    """A matrix has no inverse, factorization or solution of the kind asked for."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"


# ---------------------------------------------------------------------------------------------- arguments
# PyTorch's kernels that refuse matrices without elements, too, where they have no code for their dtype.
_REFUSES_NOTHING = {
    "geqrf_cpu", "linalg_eig_out_cpu", "cholesky_inverse_out_cpu", "cholesky_solve_cpu", "triangular_solve_cpu",
}  # fmt: skip


def need_code(kernel: str, x: Any) -> None:
    """Refuses matrices of a dtype that LAPACK has no routines for, as PyTorch's kernels do.

    Raises:
        NotImplementedError: they are, and there are any elements.
    """
    if without_code(x) and (x._data.size or kernel in _REFUSES_NOTHING):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{x._dtype.scalar_name}'")


def without_code(x: Any) -> bool:
    """Whether LAPACK has no routines for the dtype of a tensor."""
    return x._dtype not in COMPUTED and (x._dtype.category < dtypes.FLOATING or x._dtype.in_halves)


def of_nothing(function: Callable[[Any], Any], x: Any) -> Any:
    """What comes of matrices without elements of a dtype that LAPACK has no routines for.

    Args:
        function: computes one or several tensors.
        x: the matrices.
    """
    dtype = x._dtype
    kinds = {dtypes.float64: dtype.to_real() if dtype.is_complex else dtype, dtypes.complex128: dtype}
    found = function(x.to(dtypes.complex128 if dtype.is_complex else dtypes.float64))
    if not isinstance(found, tuple):
        return found.to(kinds[found._dtype])
    return type(found)([r.to(kinds.get(r._dtype, r._dtype)) for r in found])


def need_square(function: str, x: Any, square: bool = True, argument: str = "A") -> None:
    """Refuses what is no matrix, or batch of matrices, which have to be square ones if `square`.

    Raises:
        RuntimeError: in the words of `function`.
    """
    if len(x._shape) < 2:
        raise RuntimeError(f"{function}: The input tensor {argument} must have at least 2 dimensions.")
    if square and x._shape[-1] != x._shape[-2]:
        raise RuntimeError(
            f"{function}: {argument} must be batches of square matrices, but they are {x._shape[-2]} by {x._shape[-1]} "
            "matrices"
        )


def need_floating(function: str, x: Any) -> None:
    """Refuses integers and booleans.

    Raises:
        RuntimeError: in the words of `function`.
    """
    if x._dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{function}: Expected a floating point or complex tensor as input. Got {x._dtype.scalar_name}"
        )


def need_epsilon(x: Any) -> None:
    """Refuses dtypes of which PyTorch asks for no smallest difference.

    Raises:
        RuntimeError: the dtype is not of single or double precision.
    """
    if without_code(x):
        raise RuntimeError("This function doesn't handle types other than float and double")


def need_matrices(
    function: str, x: Any, square: bool = True, argument: str = "A", kernel: str | None = None, integers: bool = False,
    two_bytes: bool = False,
) -> None:  # fmt: skip
    """Refuses what is no tensor of matrices of floating-point or complex numbers.

    Args:
        function: the function's name, for messages.
        x: the tensor.
        square: whether the matrices must be square.
        argument: the name of the tensor, for messages.
        kernel: PyTorch's name of the kernel, where that, and not the function, refuses two-byte types.
        integers: whether that refuses integers and booleans, too.
        two_bytes: whether two-byte types are let through.

    Raises:
        NotImplementedError: it is of a dtype that `kernel` has no code for.
        RuntimeError: it has fewer than two dimensions, or another dtype.
        TypeError: it is no tensor.
    """
    if isinstance(x, TensorBase) and x._dtype in COMPUTED:
        shape = x._shape
        if len(shape) > 1 and (not square or shape[-1] == shape[-2]):
            return
    if not isinstance(x, TensorBase):
        name = function.replace(".", "_")
        raise TypeError(f"{name}(): argument '{argument}' (position 1) must be Tensor, not {type_name(x)}")
    need_square(function, x, square, argument)
    if not integers:
        need_floating(function, x)
    if kernel is not None:
        need_code(kernel, x)
    elif x._dtype.in_halves and not two_bytes:
        raise RuntimeError(f"{function}: Low precision dtypes not supported. Got {x._dtype.scalar_name}")


# The dtypes that LAPACK has routines for.
COMPUTED = frozenset((dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128))


def finish(out: Any, result: Any, name: str) -> Any:
    """The result, or several, stored in what was given as ``out=`` if anything was."""
    if out is None:
        return result
    return several_out(out, result, name) if isinstance(result, tuple) else finish_out(out, result, name)


# ---------------------------------------------------------------------------------------------- batches
def over_batch(function: Callable[..., tuple[Any, ...]], *arrays: Array) -> list[Array]:
    """Applies a function of matrices to each of a batch, and stacks each of its results; matrices lie by columns.

    Args:
        function: takes one matrix for each array, and returns a tuple of arrays or numbers.
        arrays: batches of matrices; the batch dimensions broadcast.
    """
    if all([a.ndim == 2 for a in arrays]):
        return [columns(np.asarray(r)) for r in function(*arrays)]
    batch = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    arrays = tuple([np.broadcast_to(a, batch + a.shape[-2:]) for a in arrays])
    each = [function(*[a[i] for a in arrays]) for i in np.ndindex(batch)]
    if not each:
        # What comes of a batch of none has the shapes and dtypes of what comes of some matrix.
        some = [np.eye(*a.shape[-2:], dtype=a.dtype) if a.dtype.kind in "fc" else np.ones_like(a, shape=a.shape[-2:])
                for a in arrays]  # fmt: skip
        return [np.empty((*batch, *np.shape(r)), np.asarray(r).dtype) for r in function(*some)]
    stacked = [np.stack(r).reshape(*batch, *np.shape(r[0])) for r in zip(*each, strict=True)]
    return [columns(s) if np.ndim(one) > 1 else s for s, one in zip(stacked, each[0], strict=True)]


def lapack(name: str, x: Array) -> Any:
    """A function of LAPACK, or of BLAS, for the dtype of an array."""
    return _routine(name, x.dtype)


@cache
def _routine(name: str, dtype: np.dtype[Any]) -> Any:
    from scipy.linalg import blas
    from scipy.linalg import lapack as functions

    try:
        return functions.get_lapack_funcs((name,), dtype=dtype)[0]
    except ValueError:
        return blas.get_blas_funcs((name,), dtype=dtype)[0]


def first_failure(info: Any) -> tuple[str, int]:
    """How messages name the first matrix of a batch whose LAPACK code is not 0, and that code; 0 if there is none."""
    codes = info._data
    if type(codes) is Absent:
        return "", 0
    if not codes.ndim:
        return "", int(codes.item())
    if not np.count_nonzero(codes):
        return "", 0
    place = int(np.flatnonzero(codes)[0])
    return f"(Batch element {place}): ", int(codes.flat[place])


# ---------------------------------------------------------------------------------------------- formulas
def tensor_formula(function: Any) -> Any:
    """Declares a helper for formulas that is written with Tensors; on arrays it wraps them."""

    def on_arrays(*arguments: Any) -> Any:
        found = function(*[wrap(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in arguments])
        if isinstance(found, tuple):
            return tuple([None if t is None else t._data for t in found])
        return None if found is None else found._data

    in_formulas(on_arrays, function, function.__name__)
    return function


def adjoint(x: Array) -> Array:
    """The conjugated transposes of matrices."""
    return np.conjugate(x.mT) if x.dtype.kind in "cW" else x.mT


in_formulas(adjoint, lambda x: x.mH, "mH", aliasing=True)
in_formulas(lambda x: x[..., None, None], lambda x: x.unsqueeze(-1).unsqueeze(-1), "as_matrix", aliasing=True)


def real(x: Any) -> Any:
    """The real part; real numbers are returned as they are."""
    return x.real if x._dtype.is_complex else x


def diagonal_matrices(x: Any) -> Any:
    """Matrices with these diagonals."""
    return x.unsqueeze(-1) * wrap(np.eye(x._shape[-1], dtype=x._data.dtype))


def without_diagonal(x: Any) -> Any:
    """Square matrices with zeros on the diagonal."""
    return x * wrap(1 - np.eye(x._shape[-1], dtype=x._data.real.dtype))


def with_diagonal(x: Any, values: Any) -> Any:
    """Square matrices with these diagonals in place of their own; with zeros, but where there is NaN, if None."""
    if values is None:
        return without_diagonal(x)
    return tensor_names["where"](wrap(np.eye(x._shape[-1], dtype=bool)), values.to(x._dtype).unsqueeze(-1), x)


def half_diagonal(x: Any) -> Any:
    """Square matrices with half of their diagonals."""
    return x * wrap(1 - np.eye(x._shape[-1], dtype=x._data.real.dtype) / 2)


def widened(x: Any, rows: int, columns: int) -> Any:
    """Matrices with zeros added below and on the right."""
    from .padding import constant_pad_nd

    if x._shape[-2:] == (rows, columns):
        return x
    return constant_pad_nd(x, (0, columns - x._shape[-1], 0, rows - x._shape[-2]))


def total(*terms: Any) -> Any:
    """The sum of the terms that are not None."""
    found = None
    for t in terms:
        if t is not None:
            found = t if found is None else found + t
    return found
