"""Discrete Fourier transforms, computed by ``scipy.fft``.

All of `torch.fft` rests on three linear operations, each over several dimensions: complex to complex, real to complex
(all frequencies or half of them), and half of the frequencies to real numbers. Each is, up to a factor, the adjoint of
another one, and so are the derivatives.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.mode import unseen
from ..base import TensorBase, wrap
from ..kernels import fourier as kernels
from ..kernels.fourier import COUNT, NONE, ROOT
from .arguments import need_ints, type_name
from .declare import Array, in_formulas, operation
from .elementary import conj_physical
from .out import finish_out
from .padding import constant_pad_nd
from .supported import refuse_transform

__all__ = [
    "fft", "fft2", "fftn", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ihfft", "ihfft2", "ihfftn", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip


# ---------------------------------------------------------------------------------------------- the three operations
@operation(name="_fft_c2c", node="FftC2CBackward0", function=False, method=False, out=False, kernel=kernels.c2c,
           tangent="linear", input="_fft_c2c(grad, dim, normalization, not forward)")  # fmt: skip
def _fft_c2c(input: Array, dim: tuple[int, ...], normalization: int, forward: bool) -> Array:
    """The transform of complex numbers along dimensions."""


@operation(name="_fft_r2c", node="FftR2CBackward0", function=False, method=False, out=False, kernel=kernels.r2c,
           tangent="linear", keeps="input",
           input="real_spectrum_backward(grad, dim, normalization, onesided, shape(input))")  # fmt: skip
def _fft_r2c(input: Array, dim: tuple[int, ...], normalization: int, onesided: bool) -> Array:
    """The transform of real numbers along dimensions; the last with half of the frequencies if `onesided`."""


@operation(name="_fft_c2r", node="FftC2RBackward0", function=False, method=False, out=False, kernel=kernels.c2r,
           tangent="linear",
           input="twice_inner(_fft_r2c(grad, dim, normalization, True), dim[-1], last_dim_size)")  # fmt: skip
def _fft_c2r(input: Array, dim: tuple[int, ...], normalization: int, last_dim_size: int) -> Array:
    """The real numbers that have these frequencies, of which the last dimension has half."""


def _r2c_backward(grad: Array, dim: tuple[int, ...], normalization: int, onesided: bool, shape: Any) -> Array:
    if onesided:
        # The real part of a sum over half of the frequencies; `c2r` takes each that has a negative twice.
        return kernels.c2r(_scaled_inner(grad.copy(), dim[-1], shape[dim[-1]], 0.5), dim, normalization, shape[dim[-1]])
    return np.ascontiguousarray(kernels.c2c(grad, dim, normalization, False).real)


def _r2c_backward_tensor(grad: Any, dim: tuple[int, ...], normalization: int, onesided: bool, shape: Any) -> Any:
    if onesided:
        grad = _resized(grad, dim[-1:], (shape[dim[-1]],))
    return _fft_c2c(grad, dim, normalization, False).real


in_formulas(_r2c_backward, _r2c_backward_tensor, "real_spectrum_backward")


def _real_out(name: str, out: Any) -> None:
    if isinstance(out, TensorBase) and out._dtype.is_complex:
        raise RuntimeError(f"{name} expects a floating point output tensor, but got {out._dtype.scalar_name}")


def _scaled_inner(x: Array, dim: int, length: int, factor: float) -> Array:
    """Half a spectrum whose frequencies that have a negative are multiplied, in place, by a factor."""
    n = x.shape[dim]
    x[(slice(None),) * dim + (slice(1, length - n + 1),)] *= x.real.dtype.type(factor)
    return x


def _inner(n: int, ndim: int, dim: int, length: int, dtype: Any) -> Array:
    """2 for each frequency whose negative is not stored, 1 for the others, shaped to multiply a half spectrum."""
    factors = np.ones(n, dtype)
    factors[1 : length - n + 1] = 2
    return factors.reshape([n if d == dim else 1 for d in range(ndim)])


in_formulas(
    lambda x, dim, length: _scaled_inner(x, dim, length, 2),
    lambda x, dim, length: x * wrap(_inner(x._shape[dim], len(x._shape), dim, length, x._data.real.dtype)),
    "twice_inner",
)


# ---------------------------------------------------------------------------------------------- arguments
def _checked(name: str, input: Any) -> Any:
    if not isinstance(input, TensorBase):
        raise TypeError(f"fft_{name}(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")
    return input


def _promoted(input: Any, to_complex: bool = False) -> Any:
    """The input as floating-point numbers, or as complex ones.

    Raises:
        RuntimeError: there is no transform of the dtype.
    """
    dtype = input._dtype
    if dtype.is_complex and dtype.itemsize > 4:
        return input
    if not dtype.is_floating_point and not dtype.is_complex:
        dtype = dtypes.get_default_dtype()
    refuse_transform(dtype)
    if to_complex:
        dtype = dtypes.complex128 if dtype is dtypes.float64 else dtypes.complex64
    return input if dtype is input._dtype else input.to(dtype)


def _scaling(norm: str | None, forward: bool) -> int:
    if norm is None or norm == "backward":
        return NONE if forward else COUNT
    if norm == "forward":
        return COUNT if forward else NONE
    if norm == "ortho":
        return ROOT
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _dim(dim: int, ndim: int) -> int:
    if not ndim:
        raise IndexError("Dimension specified as " + str(dim) + " but tensor has no dimensions")
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim % ndim


def _points(n: int) -> int:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


def _resized(x: Any, dims: tuple[int, ...], lengths: Any) -> Any:
    """The input cut or padded with zeros to these lengths."""
    if not any([x._shape[d] != n for d, n in zip(dims, lengths, strict=True)]):
        return x
    pad = [0] * (2 * len(x._shape))
    for d, n in zip(dims, lengths, strict=True):
        if x._shape[d] > n:
            x = x.narrow(d, 0, n)
        pad[-2 * d - 1] = n - x._shape[d]
    return constant_pad_nd(x, pad) if any(pad) else x


def _shape_and_dims(input: Any, s: Any, dim: Any) -> tuple[list[int], tuple[int, ...]]:
    """The lengths and dimensions of a transform over several dimensions, all of them by default.

    Raises:
        RuntimeError: lengths and dimensions do not go together.
    """
    ndim = len(input._shape)
    if s is dim is None and 0 not in input._shape:
        return list(input._shape), tuple(range(ndim))
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    dims = None if dim is None else tuple([_dim(d, ndim) for d in dim])
    if dims is not None and len(set(dims)) < len(dims):
        raise RuntimeError("FFT dims must be unique")
    if s is None:
        dims = tuple(range(ndim)) if dims is None else dims
        lengths = [input._shape[d] for d in dims]
    else:
        if dims is not None and len(dims) != len(s):
            need_ints("fft_fftn", "s", s)
            need_ints("fft_fftn", "dim", dim)
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {ndim} dimensions.")
        dims = tuple(range(ndim - len(s), ndim)) if dims is None else dims
        lengths = [input._shape[d] if n == -1 else n for n, d in zip(s, dims, strict=True)]
    for n in lengths:
        _points(n)
    return lengths, dims


def _half_shape_and_dims(name: str, input: Any, s: Any, dim: Any) -> tuple[list[int], tuple[int, ...], int]:
    """The lengths and dimensions of half a spectrum, and how many real numbers the last dimension shall have.

    Raises:
        RuntimeError: there is no dimension to transform.
    """
    lengths, dims = _shape_and_dims(input, s, dim)
    if not lengths:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = s if isinstance(s, int) or s is None else s[-1]
    size = _points(2 * (input._shape[dims[-1]] - 1) if last is None or last == -1 else lengths[-1])
    lengths[-1] = size // 2 + 1
    return lengths, dims, size


# ---------------------------------------------------------------------------------------------- one dimension
def _real_input(name: str, input: Any, n: int | None, dim: int, norm: Any, forward: bool, onesided: bool) -> Any:
    if input._dtype.is_complex:
        raise RuntimeError(f"{name} expects a real input tensor, but got {input._dtype.scalar_name}")
    input = _promoted(input)
    dim = _dim(dim, len(input._shape))
    length = _points(input._shape[dim] if n is None else n)
    if n is not None:
        input = _resized(input, (dim,), (length,))
    found = _fft_r2c(input, (dim,), _scaling(norm, forward), onesided)
    return found if forward else found.conj()


def _complex_input(input: Any, n: int | None, dim: int, norm: Any, forward: bool) -> Any:
    input = _promoted(input)
    dim = _dim(dim, len(input._shape))
    length = _points(input._shape[dim] if n is None else n)
    if n is not None:
        input = _resized(input, (dim,), (length,))
    return _fft_c2c(input, (dim,), _scaling(norm, forward), forward)


def _real_output(input: Any, n: int | None, dim: int, norm: Any, forward: bool) -> Any:
    input = _promoted(input, True)
    dim = _dim(dim, len(input._shape))
    length = _points(2 * (input._shape[dim] - 1) if n is None else n)
    if n is not None:
        input = _resized(input, (dim,), (length // 2 + 1,))
    if forward and unseen(input):
        return wrap(kernels.c2r(input._data, (dim,), _scaling(norm, True), length, True))
    if forward:
        input = input.conj()
    return _fft_c2r(input, (dim,), _scaling(norm, forward), length)


def fft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The discrete Fourier transform along a dimension.

    Args:
        input: real or complex numbers.
        n: the length to which the input is cut or padded with zeros first.
        dim: the dimension.
        norm: ``"backward"`` (the default: no factor), ``"ortho"`` (one over the root of `n`), ``"forward"`` (one over
            `n`); inverse transforms have the factor that makes the pair of them the identity.
        out: the tensor to write to.

    Returns:
        Complex numbers, of the input's shape but for `n`.

    Raises:
        RuntimeError: the length is less than 1, or `norm` is unknown.
    """
    input = _checked("fft", input)
    if input._dtype.is_complex:
        found = _complex_input(input, n, dim, norm, True)
    else:
        found = _real_input("fft", input, n, dim, norm, True, False)
    return finish_out(out, found, "fft_fft")


def ifft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `fft`."""
    input = _checked("ifft", input)
    if input._dtype.is_complex:
        found = _complex_input(input, n, dim, norm, False)
    else:
        found = _real_input("ifft", input, n, dim, norm, False, False)
    return finish_out(out, found, "fft_ifft")


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The transform of real numbers: the ``n // 2 + 1`` frequencies that are not negative; see `fft`."""
    return finish_out(out, _real_input("rfft", _checked("rfft", input), n, dim, norm, True, True), "fft_rfft")


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `rfft`: `n` real numbers, or an even number of them."""
    _real_out("irfft", out)
    return finish_out(out, _real_output(_checked("irfft", input), n, dim, norm, False), "fft_irfft")


def hfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The transform of a signal of which half is given because it is Hermitian: `n` real frequencies; see `fft`."""
    _real_out("hfft", out)
    return finish_out(out, _real_output(_checked("hfft", input), n, dim, norm, True), "fft_hfft")


def ihfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `hfft`."""
    return finish_out(out, _real_input("ihfft", _checked("ihfft", input), n, dim, norm, False, True), "fft_ihfft")


# ---------------------------------------------------------------------------------------------- several dimensions
def _over_dims(name: str, input: Any, s: Any, dim: Any, norm: Any, forward: bool) -> Any:
    input = _promoted(_checked(name, input), True)
    lengths, dims = _shape_and_dims(input, s, dim)
    if s is not None:
        input = _resized(input, dims, lengths)
    return _fft_c2c(input, dims, _scaling(norm, forward), forward)


def fftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The transform along several dimensions, all by default.

    Args:
        input: real or complex numbers.
        s: the lengths to which the dimensions are cut or padded first; -1 for the length there is.
        dim: the dimensions; the last ones, as many as `s` has, by default.
        norm: the factor; see `fft`.
        out: the tensor to write to.
    """
    return finish_out(out, _over_dims("fftn", input, s, dim, norm, True), "fft_fftn")


def ifftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `fftn`."""
    return finish_out(out, _over_dims("ifftn", input, s, dim, norm, False), "fft_ifftn")


def rfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The transform of real numbers along several dimensions, with half of the last one's frequencies; see `fftn`.

    Raises:
        RuntimeError: the input is complex, or there is no dimension to transform.
    """
    _checked("rfftn", input)
    if input._dtype.is_complex:
        raise RuntimeError(f"rfftn expects a real-valued input tensor, but got {input._dtype.scalar_name}")
    input = _promoted(input)
    lengths, dims = _shape_and_dims(input, s, dim)
    if not dims:
        raise RuntimeError("rfftn must transform at least one axis")
    if s is not None:
        input = _resized(input, dims, lengths)
    return finish_out(out, _fft_r2c(input, dims, _scaling(norm, True), True), "fft_rfftn")


def irfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `rfftn`."""
    _checked("irfftn", input)
    _real_out("irfftn", out)
    lengths, dims, size = _half_shape_and_dims("irfftn", input, s, dim)
    x = _resized(_promoted(input, True), dims, lengths)
    return finish_out(out, _fft_c2r(x, dims, _scaling(norm, False), size), "fft_irfftn")


def hfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The transform along several dimensions of a signal that is Hermitian in the last; see `hfft`."""
    _checked("hfftn", input)
    _real_out("hfftn", out)
    lengths, dims, size = _half_shape_and_dims("hfftn", input, s, dim)
    x = _resized(_promoted(input, True), dims, lengths)
    scaling = _scaling(norm, True)
    if len(dims) > 1:
        x = _fft_c2c(x, dims[:-1], scaling, True)
    return finish_out(out, _fft_c2r(x.conj(), dims[-1:], scaling, size), "fft_hfftn")


def ihfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `hfftn`.

    Raises:
        RuntimeError: the input is complex, or there is no dimension to transform.
    """
    _checked("ihfftn", input)
    if input._dtype.is_complex:
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {input._dtype.scalar_name}")
    input = _promoted(input)
    lengths, dims = _shape_and_dims(input, s, dim)
    if not dims:
        raise RuntimeError("ihfftn must transform at least one axis")
    scaling = _scaling(norm, False)
    found = _fft_r2c(_resized(input, dims, lengths), dims[-1:], scaling, True)
    if len(dims) == 1:
        return finish_out(out, found.conj(), "fft_ihfftn")
    found = _fft_c2c(conj_physical(found), dims[:-1], scaling, False)
    return finish_out(out, found, "fft_ihfftn")


def fft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The transform along two dimensions; see `fftn`."""
    return fftn(input, s, dim, norm, out=out)


def ifft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `fft2`."""
    return ifftn(input, s, dim, norm, out=out)


def rfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The transform of real numbers along two dimensions; see `rfftn`."""
    return rfftn(input, s, dim, norm, out=out)


def irfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `rfft2`."""
    return irfftn(input, s, dim, norm, out=out)


def hfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The transform along two dimensions of a signal that is Hermitian in the last; see `hfftn`."""
    return hfftn(input, s, dim, norm, out=out)


def ihfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None) -> Any:
    """The inverse of `hfft2`."""
    return ihfftn(input, s, dim, norm, out=out)
