"""``torch.sparse``: functions of sparse tensors; `torch.sparse_coo_tensor` makes them.

Source: https://docs.pytorch.org/docs/stable/sparse.html
"""

import functools
from typing import Any

from .base import TensorBase, tensor_names
from .kernels.sparse import SparseArray, unsupported
from .ops.dimensions import axes_of, wrap_dim
from .ops.sparse_tensors import (
    Invariants,
    _sparse_addmm,
    _sparse_log_softmax,
    _sparse_softmax,
    _sparse_sparse_mm,
    _sparse_sum,
)

__all__ = ["addmm", "check_sparse_tensor_invariants", "log_softmax", "mm", "softmax", "sum"]


class check_sparse_tensor_invariants:
    """Says whether `torch.sparse_coo_tensor` checks that places lie within the size.

    It is a context and a decorator; `enable` and `disable` hold from there on.

    Args:
        enable: whether to check inside the context.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sparse.check_sparse_tensor_invariants.html
    """

    def __init__(self, enable: bool = True) -> None:
        self._wanted = enable
        self._before: bool | None = None

    @staticmethod
    def is_enabled() -> bool:
        """Whether places are checked."""
        return Invariants.checked

    @staticmethod
    def enable() -> None:
        """Has places checked."""
        Invariants.checked = Invariants.decided = True

    @staticmethod
    def disable() -> None:
        """Has places not checked."""
        Invariants.checked, Invariants.decided = False, True

    def __enter__(self) -> None:
        if self._before is not None:
            raise RuntimeError("This context manager is already activated. Use a different context manager instance.")
        self._before = Invariants.checked
        Invariants.checked, Invariants.decided = self._wanted, True

    def __exit__(self, *exc: object) -> None:
        Invariants.checked, self._before = bool(self._before), None

    def __call__(self, function: Any) -> Any:
        """The function with the context around every call."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self._wanted):
                return function(*args, **kwargs)

        return inside


def mm(mat1: Any, mat2: Any) -> Any:
    """The product of two matrices, one of them sparse, or both; its gradients have the places of the sparse ones.

    Args:
        mat1: ``(n, m)``.
        mat2: ``(m, p)``.

    Returns:
        ``(n, p)``; sparse if both are.
    """
    if type(mat1._data) is not SparseArray:
        if type(mat2._data) is not SparseArray:
            return tensor_names["mm"](mat1, mat2)
        return mm(mat2.t(), mat1.t()).t()
    if type(mat2._data) is SparseArray:
        return _sparse_sparse_mm(mat1, mat2)
    return addmm(tensor_names["zeros"](mat1.shape[0], mat2.shape[1], dtype=mat2.dtype), mat1, mat2, beta=0)


def addmm(mat: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * mat + alpha * (mat1 @ mat2)``, `mat1` being sparse; its gradient has its places.

    Raises:
        RuntimeError: the shapes do not fit.
    """
    n, p = mat1.shape[0], mat2.shape[1]
    if mat1.shape[1] != mat2.shape[0]:
        raise RuntimeError(f"mm: Argument #3 (dense): Expected dim 0 size {mat1.shape[1]}, got {mat2.shape[0]}")
    return _sparse_addmm(mat if mat.shape == (n, p) else mat.expand(n, p), mat1, mat2, beta, alpha)


def sum(input: Any, dim: Any = None, dtype: Any = None) -> Any:
    """The sum of a sparse tensor, whose gradient has its places.

    Args:
        input: the tensor.
        dim: a dimension or several; all if None.
        dtype: the type to convert to first.

    Returns:
        A dense tensor for all dimensions, else a sparse one.
    """
    if dtype is not None:
        input = input.to(dtype)
    if dim is None:
        return input.coalesce().values().sum()
    return _sparse_sum(input, axes_of(dim, input.ndim))


def softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The softmax of the entries of a sparse tensor along a dimension, as if all others were minus infinity.

    Args:
        input: the tensor.
        dim: the dimension along which the entries add up to 1.
        dtype: the type to convert to first.

    Raises:
        NotImplementedError: the tensor is not sparse, or holds integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sparse.softmax.html
    """
    return _sparse_softmax(*_of_softmax("_sparse_softmax", "softmax", input, dim, dtype))


def log_softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The logarithm of `softmax`.

    Args:
        input: the tensor.
        dim: the dimension.
        dtype: the type to convert to first.

    Raises:
        NotImplementedError: the tensor is not sparse, or holds integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sparse.log_softmax.html
    """
    return _sparse_log_softmax(*_of_softmax("_sparse_log_softmax", "log_softmax", input, dim, dtype))


def _of_softmax(inner: str, name: str, input: Any, dim: int, dtype: Any) -> tuple[Any, int]:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{inner}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if dtype is not None:
        input = input.to(dtype)  # type: ignore[attr-defined]
    if type(input._data) is not SparseArray:
        raise NotImplementedError(str(unsupported(inner)).replace("SparseCPU", "CPU"))
    dim = wrap_dim(dim, input.ndim)
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input._dtype.legacy.removesuffix('Tensor')}'")
    return input, dim
