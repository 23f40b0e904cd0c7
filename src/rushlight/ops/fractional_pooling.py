"""Max pooling over windows of random places, whose number need not divide the input's size."""

from typing import Any

from .. import dtypes
from ..kernels import numpy_unpooling as kernels
from .declare import Array, composite, operation
from .dimensions import one_or_several
from .pooling_parts import WITH_INDICES, batched


def _pool(input: Array, kernel_size: Any, output_size: Any, samples: Array) -> tuple[Array, Array]:
    if input.dtype.kind in "iub":
        kind = dtypes.from_numpy(input.dtype).legacy.removesuffix("Tensor")
        raise NotImplementedError(f"\"fractional_max_pool{len(output_size)}d_out_frame\" not implemented for '{kind}'")
    x = batched(input, len(output_size))
    values, indices = kernels.fractional_max_pool(x, kernel_size, output_size, samples)
    return (values, indices) if x is input else (values[0], indices[0])


@operation(kernel=_pool, node="FractionalMaxPool2DBackward0", aten="fractional_max_pool2d", **WITH_INDICES,
           shows=("kernel_size", "output_size"),
           input="attached(max_pool_scatter(grad, result1, shape(input), 2), input)")  # fmt: skip
def _fractional_max_pool2d(input: Array, kernel_size: Any, output_size: Any, samples: Array) -> Array:
    """Maxima of windows of images, and where they were found."""


@operation(kernel=_pool, node="FractionalMaxPool3DBackward0", aten="fractional_max_pool3d", **WITH_INDICES,
           shows=("kernel_size", "output_size"),
           input="attached(max_pool_scatter(grad, result1, shape(input), 3), input)")  # fmt: skip
def _fractional_max_pool3d(input: Array, kernel_size: Any, output_size: Any, samples: Array) -> Array:
    """Maxima of windows of volumes, and where they were found."""


def _sizes(value: Any, name: str, dims: int) -> tuple[int, ...]:
    sizes = one_or_several(value)
    if isinstance(sizes, int):
        sizes = (sizes,) * dims
    if len(sizes) == 1:
        sizes *= dims
    if len(sizes) != dims:
        words = "Ints" if dims == 2 else "three Ints"
        raise RuntimeError(f"fractional_max_pool{dims}d: {name} must either be a single Int or tuple of {words}")
    return sizes


def _check_samples(input: Any, samples: Any, dims: int) -> None:
    if samples._dtype is not input._dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    n, c, d = samples._shape
    batch = input._shape[0] if input.ndim == dims + 2 else 1
    if n < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if c != input._shape[-dims - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if d != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {d}.")


def _fractional(input: Any, kernel_size: Any, output_size: Any, samples: Any, dims: int) -> tuple[Any, Any]:
    window, outs = _sizes(kernel_size, "kernel_size", dims), _sizes(output_size, "output_size", dims)
    name = "fractional_max_pool2d()" if dims == 2 else "fractional_max_pool3d_out()"
    shape = input._shape
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(shape)}")
    for i in range(len(shape) - dims - 1, len(shape)):
        if not shape[i]:
            raise RuntimeError(
                f"{name}: Expected input to have non-zero size for non-batch dimensions, but got{list(shape)} with "
                f"dimension {i} being empty."
            )
    for label, size, out, k in zip(("time", "height", "width")[-dims:], shape[-dims:], outs, window, strict=True):
        if out + k - 1 > size - (dims == 3):  # PyTorch has every volume larger than that
            raise RuntimeError(f"{name}: pool {label} {k} too large relative to input {label} {size}")
    _check_samples(input, samples, dims)
    pool = _fractional_max_pool2d if dims == 2 else _fractional_max_pool3d
    values, indices = pool(input, window, outs, samples)
    return values, indices


@composite(method=False, function=False)
def fractional_max_pool2d(input: Any, kernel_size: Any, output_size: Any, random_samples: Any) -> Any:
    """Maxima of windows of random places in images, and their positions as int64.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the windows' size, an integer or one a dimension.
        output_size: the result's height and width, likewise.
        random_samples: numbers between 0 and 1, ``(N, C, 2)``, in the input's dtype.

    Raises:
        RuntimeError: the windows or the numbers do not fit the input.
    """
    return _fractional(input, kernel_size, output_size, random_samples, 2)


@composite(method=False, function=False)
def fractional_max_pool3d(input: Any, kernel_size: Any, output_size: Any, random_samples: Any) -> Any:
    """Maxima of windows of random places in volumes, and their positions; see `fractional_max_pool2d`."""
    return _fractional(input, kernel_size, output_size, random_samples, 3)
