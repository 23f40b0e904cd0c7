"""Operations that PyTorch does not define for every dtype: the functions for ``check=`` that refuse the others."""

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..dtypes import BOOL, COMPLEX, FLOATING, INTEGRAL
from .elementwise_general import broadcast_shapes

Check = Callable[..., None]


def missing(kernel: str, *categories: int) -> Check:
    """Refuses dtypes of some categories as PyTorch does where a kernel has no code for them.

    Args:
        kernel: PyTorch's name of the kernel.
        categories: the categories without code.
    """

    def check(common: dtypes.dtype, *operands: Any) -> None:
        if common.category in categories:
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{common.scalar_name}'")

    return check


def refuse(kernel: str, input: Any, *categories: int) -> None:
    """Refuses a tensor whose dtype is of one of some categories, as PyTorch does where a kernel has no code for it.

    Raises:
        NotImplementedError: it is.
    """
    if input._dtype.category in categories:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input._dtype.scalar_name}'")


def refuse_complex_halves(kernel: str, input: Any) -> None:
    """Refuses complex32, as PyTorch does where a kernel has no code for it.

    Raises:
        NotImplementedError: the tensor is of that dtype.
    """
    if input._dtype is dtypes.complex32:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'ComplexHalf'")


def refuse_transform(dtype: dtypes.dtype) -> None:
    """Refuses numbers in half precision, of which PyTorch has no Fourier transforms on the CPU.

    Raises:
        RuntimeError: they are.
    """
    if dtype is dtypes.complex32:
        raise RuntimeError("MKL FFT doesn't support tensors of type: Half")
    if dtype.itemsize < 4:
        raise RuntimeError(f"Unsupported dtype {dtype.scalar_name}")


def full_precision(kernel: str) -> Check:
    """Refuses dtypes other than float32 and float64 where a kernel has code for no others."""

    def check(common: dtypes.dtype, *operands: Any) -> None:
        if common.category > FLOATING or (common.category == FLOATING and common.itemsize < 4):
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{common.scalar_name}'")

    return check


def refused(text: str, category: int, error: type[Exception] = NotImplementedError) -> Check:
    """Refuses dtypes of one category with a text."""

    def check(common: dtypes.dtype, *operands: Any) -> None:
        if common.category == category:
            raise error(text)

    return check


def both(first: Check, second: Check) -> Check:
    """Two checks, one after the other."""

    def check(common: dtypes.dtype, *operands: Any) -> None:
        first(common, *operands)
        second(common, *operands)

    return check


def integers_only(kernel: str, function: Any, *also: int) -> dict[str, Any]:
    """The ``kernel=`` and ``check=`` of an operation on integers, whose shortest path meets floating-point numbers.

    Args:
        kernel: PyTorch's name of the kernel.
        function: the function of arrays, which raises TypeError for floating-point numbers.
        also: further categories without code.
    """
    check = missing(kernel, FLOATING, COMPLEX, *also)

    def run(*arrays: Any) -> Any:
        try:
            return function(*arrays)
        except TypeError:
            if len(arrays) == 2:
                broadcast_shapes(arrays[0].shape, arrays[1].shape)
            check(dtypes.from_numpy(arrays[0].dtype))
            raise

    return {"kernel": run, "check": check}


NO_BOOL, NO_INTEGERS, NO_COMPLEX = BOOL, INTEGRAL, COMPLEX
