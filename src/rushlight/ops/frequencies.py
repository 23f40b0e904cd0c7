"""The frequencies of discrete Fourier transforms: which they are, and in what order.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import wrap
from ..kernels.numpy_common import constant
from .dimensions import one_or_several
from .fft import _checked, _dim
from .out import finish_out
from .ranges import arange
from .rolling import _roll

__all__ = ["fftfreq", "fftshift", "ifftshift", "rfftfreq"]


def _roll_by(input: Any, dim: Any, up: int) -> Any:
    given = range(len(input._shape)) if dim is None else one_or_several(dim)
    dims = [_dim(d, len(input._shape)) for d in ((given,) if isinstance(given, int) else given)]
    if not input._shape and dim is None:
        raise RuntimeError("`shifts` required")
    return _roll(input, tuple([(input._shape[d] + up) // 2 for d in dims]), tuple(dims)) if dims else input.clone()


def fftshift(input: Any, dim: Any = None) -> Any:
    """Moves the frequency 0 from the beginning to the middle, along some dimensions or all."""
    return _roll_by(_checked("fftshift", input), dim, 0)


def ifftshift(input: Any, dim: Any = None) -> Any:
    """The inverse of `fftshift`."""
    return _roll_by(_checked("ifftshift", input), dim, 1)


def _frequencies(
    name: str, n: int, count: int, negative: int, d: float, out: Any, dtype: Any, device: Any, requires_grad: bool
) -> Any:
    """The first `count` of `n` frequencies, of which those from the place `negative` on are below zero."""
    dtype = dtype or (None if out is None else out._dtype) or dtypes.get_default_dtype()
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    factor = 1.0 / (n * d) if n * d else float("inf")
    if dtype.plain and device is None and type(count) is int and count >= 0:
        array = np.arange(count, dtype=dtype.numpy)
        if negative < count:
            array[negative:] -= n
        array *= constant(factor, dtype.numpy)
        found = wrap(array)
    else:
        found = arange(count, dtype=dtype, device=device)
        if negative < count:
            found._data[negative:] -= n
        found.mul_(factor)
    if out is not None:
        found = finish_out(out, found, f"fft_{name}")
    return found.requires_grad_() if requires_grad else found


def fftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The frequencies that `fft` gives for `n` points `d` apart: 0 and the positive ones first, then the negative.

    Args:
        n: the number of points.
        d: their distance.
        out: the tensor to write to.
        dtype, layout, device, requires_grad: as for `zeros`.

    Raises:
        RuntimeError: the dtype is not one of floating-point or complex numbers.
    """
    return _frequencies("fftfreq", n, n, (n + 1) // 2, d, out, dtype, device, requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The frequencies that `rfft` gives for `n` points `d` apart.

    Args:
        n: the number of points.
        d: their distance.
        out: the tensor to write to.
        dtype, layout, device, requires_grad: as for `zeros`.

    Raises:
        RuntimeError: the dtype is not one of floating-point or complex numbers.
    """
    count = n // 2 + 1
    return _frequencies("rfftfreq", n, count, count, d, out, dtype, device, requires_grad)
