"""Filling tensors with random whole numbers: `random_`, and what `randint` draws."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import numpy_random
from ..random import source_of
from .declare import Array, composite
from .random_inplace import RANDOM, RANDOM_FROM, RANDOM_TO, check_generator, fill, integer, refused, unsupported
from .signatures import Mismatch, forms

_DIGITS = {dtypes.float16: 11, dtypes.bfloat16: 8, dtypes.float32: 24, dtypes.float64: 53}


def _rounded(number: int, dtype: dtypes.dtype) -> int:
    """A whole number as the dtype can hold it; the smallest of 64 bits for infinity, as the processor has it."""
    with np.errstate(over="ignore"):
        value = float(np.array(number, np.float64 if dtype is dtypes.float64 else np.float32).astype(dtype.numpy))
    return int(value) if math.isfinite(value) else -(1 << 63)


def _first_held(low: int, dtype: dtypes.dtype) -> int:
    """`low`, or the next number above it that a floating dtype can hold."""
    after = _rounded(low + 1, dtype)
    return after + (1 << (abs(low + 1).bit_length() - _DIGITS[dtype])) if after < low else low


def _end_held(high: int, dtype: dtypes.dtype) -> int:
    """`high`, or an end below it such that no number before it is rounded up to it in a floating dtype."""
    before = _rounded(high - 1, dtype)
    return before - (1 << (abs(high - 1).bit_length() - _DIGITS[dtype])) if before >= high else high


def _check_range(low: int, last: int, dtype: dtypes.dtype) -> None:
    """Refuses whole numbers that the dtype cannot hold, and warns of those that it holds with gaps.

    Raises:
        RuntimeError: it cannot hold one.
    """
    if dtype.category == dtypes.COMPLEX:
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    if dtype.category == dtypes.FLOATING:
        largest = int(dtypes.finfo(dtype).max)
        smallest = -largest
    elif dtype is dtypes.bool_:
        smallest, largest = 0, 1
    else:
        largest = (1 << (8 * dtype.itemsize - dtype.is_signed)) - 1
        smallest = -largest - 1 if dtype.is_signed else 0
    for name, bound in (("from", low), ("to - 1", last)):
        if not smallest <= bound <= largest:
            raise RuntimeError(f"{name} is out of bounds for {dtype.c_name}")
        if dtype in _DIGITS and abs(bound) > 1 << _DIGITS[dtype]:
            digits = _DIGITS[dtype]
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {dtype.c_name} "
                "can support discrete uniform distribution only within this range. This warning will become an error "
                "in version 1.7 release, please fix the code in advance",
                UserWarning,
                stacklevel=5,
            )


def write_integers(source: Any, dtype: dtypes.dtype, low: int, high: int | None) -> Callable[[Array], None]:
    """What fills an array with whole numbers of ``[low, high)``, or from `low` to the largest of the dtype.

    Raises:
        RuntimeError: there are no such numbers, or none that the dtype holds.
    """
    if high is None and low == -(1 << 63):
        return lambda out: numpy_random.integers_64(source, out)
    if high is not None:
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if dtype in _DIGITS:
            low, high = _first_held(low, dtype), _end_held(high, dtype)
            if low >= high:
                raise RuntimeError(
                    "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got "
                    f"from={low} >= to={high}"
                )
    elif dtype in _DIGITS:
        last = 1 << _DIGITS[dtype]
        low = _first_held(low, dtype)
        if low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got "
                f"from={low} > to_inc={last}"
            )
        high = last + 1
    elif dtype.category == dtypes.COMPLEX:
        raise RuntimeError("random_from_to_impl handles only integral, floating-point and boolean types")
    else:
        high = 2 if dtype is dtypes.bool_ else 1 << (8 * dtype.itemsize - dtype.is_signed)
    _check_range(low, high - 1, dtype)
    return lambda out: numpy_random.integers(source, out, low, high)


@composite(function=False)
@forms(
    "*, torch.Generator generator = None",
    "int from, int to, *, torch.Generator generator = None",
    "int to, *, torch.Generator generator = None",
    method=True,
)
def random_(self: Any, *bounds: Any, generator: Any = None, **named: Any) -> Any:
    """Fills the tensor with whole numbers, all equally likely: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    Args:
        self: any real dtype.
        bounds: the smallest number, 0 unless given, and the end, which is not drawn. With None for the end, and without
            bounds, the numbers go to the largest of the dtype (in a floating dtype, as far as it has no gaps).
        generator: the source of the numbers; the default generator unless given.
        named: the bounds by their names, ``from`` and ``to``.

    Raises:
        RuntimeError: there is no number between the bounds, or the dtype cannot hold them; or as for every in-place
            change.
    """
    check_generator(generator)
    given = dict(zip(("from", "to") if len(bounds) == 2 else ("to",), bounds))
    if len(bounds) > 2 or named.keys() - {"from", "to"} or named.keys() & given.keys():
        raise Mismatch
    given |= named
    source, dtype = source_of(generator), self._dtype
    if not given:
        if dtype.category == dtypes.COMPLEX and self._data.size:
            raise refused(self, unsupported("random_kernel_cpu", dtype))
        return fill(self, RANDOM, lambda out: numpy_random.integers_of_dtype(source, out) if out.size else None)
    if "to" not in given:
        raise Mismatch
    end = None if given["to"] is None and "from" in given else integer(given["to"])
    low = integer(given["from"]) if "from" in given else 0
    try:
        write = write_integers(source, dtype, low, end)
    except RuntimeError as error:
        raise refused(self, error) from None
    return fill(self, RANDOM_FROM if "from" in given else RANDOM_TO, write)
