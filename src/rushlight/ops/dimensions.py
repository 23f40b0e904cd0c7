"""Dimensions as programs name them: checked, and counted from the front."""

import functools
import operator
from typing import Any

from ..base import TensorBase
from .arguments import type_name

Axes = tuple[int, ...]


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front.

    Raises:
        IndexError: there is no such dimension; a tensor without dimensions is treated as having one.
    """
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
    return dim + n if dim < 0 else dim


def one_or_several(value: Any) -> int | tuple[Any, ...]:
    """An integer, which may be NumPy's or a tensor of no dimensions, as Python's; a sequence as a tuple."""
    if hasattr(value, "__index__") and not getattr(value, "shape", ()):
        return operator.index(value)
    return tuple(value)


def distinct(dims: list[int]) -> list[int]:
    """The dimensions, of which none may be there twice.

    Raises:
        RuntimeError: one is.
    """
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


class Unnamed(tuple[int, ...]):
    """All dimensions of a tensor, because the program named none."""

    __slots__ = ()


class Emptied(tuple[int, ...]):
    """All dimensions of a tensor, because the program gave an empty sequence."""

    __slots__ = ()


class Unstated(int):
    """A number that a function takes because the program gave none."""

    __slots__ = ()


# By the number of dimensions, of which there are at most as many as in NumPy.
ALL, _UNNAMED, _EMPTIED = ([kind(range(ndim)) for ndim in range(65)] for kind in (tuple, Unnamed, Emptied))


def axes_of(dim: Any, ndim: int) -> Axes:
    """The dimensions to reduce, counted from the front: one, several, or for None and an empty sequence all.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: one is given twice.
        TypeError: it is no integer.
    """
    if dim is None:
        return _UNNAMED[ndim]
    found: tuple[int, ...]
    if type(dim) is int:
        found = (wrap_dim(dim, ndim),)
    elif isinstance(dim, (tuple, list)):
        if not dim:
            return _EMPTIED[ndim]
        found = _several(tuple([int(d) for d in dim]), ndim)
    elif hasattr(dim, "__index__") and not isinstance(dim, bool):
        found = (wrap_dim(int(dim), ndim),)
    else:
        raise TypeError(type_name(dim))
    return found if ndim else ()


@functools.lru_cache(1024)
def _several(dims: Axes, ndim: int) -> Axes:
    return tuple(distinct([wrap_dim(d, ndim) for d in dims]))


_SUM_FORMS = (
    "(Tensor input, *, torch.dtype dtype = None)\n * (Tensor input, tuple of ints dim, bool keepdim = False, *, "
    "torch.dtype dtype = None, Tensor out = None)\n"
)


def need_tensor(function: str, input: Any) -> None:
    """Refuses what is no tensor.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")


def reduced_axes(function: str, input: Any, dim: Any, forms: str = _SUM_FORMS) -> Axes:
    """The dimensions over which a function reduces, counted from the front; see `axes_of`.

    Args:
        function: its name, for messages.
        input: what it reduces.
        dim: one dimension, several, or None for all.
        forms: its signatures, for the message about a `dim` that is no integer.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: one is given twice.
        TypeError: `input` is no tensor, or `dim` no integers.
    """
    if isinstance(input, TensorBase):
        ndim = len(input._shape)
        if dim is None:
            return _UNNAMED[ndim]
        if type(dim) is tuple and not dim:
            return _EMPTIED[ndim]
        if type(dim) is int and -ndim <= dim < ndim:
            return (dim + ndim if dim < 0 else dim,)
    need_tensor(function, input)
    try:
        return axes_of(dim, len(input._shape))
    except TypeError:
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but "
            f"expected one of:\n * {forms}"
        ) from None


def int_dim(function: str, input: Any, dim: Any) -> int:
    """One dimension counted from the front.

    Raises:
        TypeError: it is no integer, or `input` no tensor.
        IndexError: there is no such dimension.
    """
    if type(dim) is int and isinstance(input, TensorBase) and -len(input._shape) <= dim < len(input._shape):
        return dim + len(input._shape) if dim < 0 else dim
    need_tensor(function, input)
    if type(dim) is not int:
        if not hasattr(dim, "__index__") or isinstance(dim, bool):
            raise TypeError(f"{function}(): argument 'dim' (position 1) must be int, not {type_name(dim)}")
        dim = dim.__index__()
    return wrap_dim(dim, len(input._shape))


def nonempty(function: str, input: Any, dims: Axes) -> None:
    """Refuses to find an extreme among no elements.

    Raises:
        IndexError: a dimension to reduce has no elements.
    """
    shape = input._shape
    for d in dims:
        if shape and not shape[wrap_dim(d, len(shape))]:
            raise IndexError(f"{function}(): Expected reduction dim {d} to have non-zero size.")


# ---------------------------------------------------------------------------------------------- sum
def bool_argument(function: str, value: Any, name: str = "keepdim") -> bool:
    """An argument that must be True or False.

    Raises:
        TypeError: it is neither.
    """
    if value is True or value is False:
        return value
    raise TypeError(f"{function}(): argument '{name}' must be bool, not {type_name(value)}")
