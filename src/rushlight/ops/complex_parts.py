"""Complex numbers made from their parts, or from absolute values and angles."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import complex_halves
from ..kernels.layout import laid_by
from .arguments import type_name
from .declare import Array, composite, in_formulas, operation
from .out import finish_out


def _complex_array(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    if real.dtype == np.float16:
        array = np.empty(np.broadcast_shapes(real.shape, imag.shape), dtypes.complex32.numpy)
        complex_halves.real(array)[...] = real
        complex_halves.imag(array)[...] = imag
        return laid_by(array, real, imag)
    kind = np.complex128 if real.dtype == np.float64 else np.complex64
    same = real.shape == imag.shape
    array = np.empty(real.shape if same else np.broadcast_shapes(real.shape, imag.shape), kind)
    array.real = real
    array.imag = imag
    if same and real.flags.c_contiguous and imag.flags.c_contiguous and 1 not in real.shape:
        return array
    return laid_by(array, real, imag)


@operation(name="_complex", node="ComplexBackward0", aten="complex", function=False, method=False,
           kernel=_complex_array,
           real="fit_like(part(grad, 0), shape(real))", imag="fit_like(part(grad, 1), shape(imag))",
           keeps={"real": "real", "imag": "imag"}, tangent="linear")  # fmt: skip
def _complex_of(real: Array, imag: Array) -> Array:
    """Complex numbers from their real and imaginary parts."""


@operation(name="_polar", node="PolarBackward0", aten="polar", function=False, method=False,
           abs="fit_like(part(grad * conj(sgn(result)), 0), shape(abs))",
           angle="fit_like(part(grad * conj(result * 1j), 0), shape(angle))")  # fmt: skip
def _polar_of(abs: Array, angle: Array) -> Array:
    """Complex numbers from their absolute values and angles."""
    if abs.shape == angle.shape and abs.dtype.char in "fd" and abs.flags.c_contiguous and angle.flags.c_contiguous:
        found = np.empty(abs.shape, np.complex64 if abs.dtype.char == "f" else np.complex128)
        np.multiply(abs, np.cos(angle), out=found.real)
        np.multiply(abs, np.sin(angle), out=found.imag)
        return laid_by(found, abs, angle)
    return _complex_array(abs * np.cos(angle), abs * np.sin(angle))


in_formulas(
    lambda x, i: (complex_halves.imag(x) if i else complex_halves.real(x)).copy(),
    lambda x, i: x.imag if i else x.real,
    "part",
    aliasing=True,
)


def _check_parts(function: str, names: tuple[str, str], a: Any, b: Any) -> None:
    if isinstance(a, TensorBase) and isinstance(b, TensorBase) and a._dtype is b._dtype and a._dtype.plain:
        return
    for i, (name, x) in enumerate(zip(names, (a, b), strict=True)):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}(): argument '{name}' (position {i + 1}) must be Tensor, not {type_name(x)}")
    kinds = dtypes.float16, dtypes.float32, dtypes.float64
    if a._dtype not in kinds or b._dtype not in kinds:
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{a._dtype.scalar_name} and {b._dtype.scalar_name}"
        )
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"Expected object of scalar type {a._dtype.scalar_name} but got scalar type {b._dtype.scalar_name} for "
            "second argument"
        )


@composite(method=False)
def complex(real: Any, imag: Any, *, out: Any = None) -> Any:
    """Complex numbers from their real and imaginary parts, which broadcast and are of one floating-point dtype."""
    _check_parts("complex", ("real", "imag"), real, imag)
    return finish_out(out, _complex_of(real, imag), "complex")


@composite(method=False)
def polar(abs: Any, angle: Any, *, out: Any = None) -> Any:
    """Complex numbers from their absolute values and angles, which broadcast and are of one floating-point dtype.

    Args:
        abs: the absolute values.
        angle: the angles, in radians.
        out: the tensor to write to.

    Raises:
        RuntimeError: the dtypes differ, or are not those of real floating-point numbers.
    """
    _check_parts("polar", ("abs", "angle"), abs, angle)
    if abs._dtype is dtypes.float16:
        raise NotImplementedError("\"polar_cpu\" not implemented for 'Half'")
    return finish_out(out, _polar_of(abs, angle), "polar")
