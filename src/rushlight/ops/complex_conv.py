"""Convolutions of complex numbers, as PyTorch makes them of real ones."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import tensor_names
from ..kernels.numpy_common import narrow
from .declare import Array, operation


@operation(function=False, method=False, node="MulBackward1", aten="mul",
           input="real_part(grad * number.conjugate())", tangent="_times_unit(input_t, number)")  # fmt: skip
def _times_unit(input: Array, number: complex) -> Array:
    """Real numbers as multiples of the imaginary unit."""
    kind = dtypes.from_numpy(input.dtype).to_complex().numpy
    return narrow(np.asarray(input * np.asarray(number, kind)), kind)


def complex_convolution(input: Any, weight: Any, bias: Any, *settings: Any) -> Any:
    """A convolution of complex numbers by three of real ones.

    With real and imaginary parts ``x, y`` of the input and ``u, v`` of the weight, the third is
    ``(x + y)(u + v) = xu + yv + (xv + yu)``, of which the first two are known.

    Args:
        input, weight, bias, settings: those of `convolution`.
    """
    convolution = tensor_names["convolution"]
    x, y = _parts(input)
    u, v = _parts(weight)
    p = both = None
    if bias is not None:
        p, q = _parts(bias)
        both = p + q
    first = convolution(x, u, p, *settings)
    second = convolution(y, v, None, *settings)
    third = convolution(x + y, u + v, both, *settings)
    return (first - second) + _times_unit(third - first - second, 1j)


def _parts(t: Any) -> tuple[Any, Any]:
    pairs = tensor_names["view_as_real"](t)
    return pairs.select(-1, 0), pairs.select(-1, 1)
