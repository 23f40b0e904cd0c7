"""Pooling over windows that are chosen so that the result has a given size."""

from typing import Any

from ..kernels import pooling as kernels
from ..kernels.layout import like
from .declare import Array, composite, in_formulas, operation
from .dimensions import one_or_several
from .pooling_parts import HIDDEN, WITH_INDICES, batched, check_sequence, check_tensor


def _adaptive_avg(input: Array, output_size: Any) -> Array:
    x = batched(input, len(output_size))
    result = like(kernels.adaptive_avg_pool(x, output_size), x)
    return result if x is input else result[0]


_ADAPTIVE = "attached(adaptive_avg_spread(grad, shape(input), output_size), input)"


@operation(kernel=_adaptive_avg, node="AdaptiveAvgPool2DBackward0", **HIDDEN, input=_ADAPTIVE)
def _adaptive_avg_pool2d(input: Array, output_size: Any) -> Array:
    """Means of windows that cover an image."""


@operation(kernel=_adaptive_avg, node="AdaptiveAvgPool3DBackward0", **HIDDEN, input=_ADAPTIVE)
def _adaptive_avg_pool3d(input: Array, output_size: Any) -> Array:
    """Means of windows that cover a volume."""


def _adaptive_spread(grad_output: Array, size: tuple[int, ...], output_size: Any) -> Array:
    g = batched(grad_output, len(output_size))
    shape = tuple(size) if g is grad_output else (1, *size)
    return kernels.adaptive_avg_pool_backward(g, shape).reshape(size)


@operation(kernel=_adaptive_spread, node="AdaptiveAvgPoolBackwardBackward0", **HIDDEN,
           grad_output="adaptive_average(grad, output_size)")  # fmt: skip
def adaptive_avg_spread(grad_output: Array, size: tuple[int, ...], output_size: Any) -> Array:
    """The gradient of an adaptive average pooling by its input of shape `size`."""


def _adaptive_average(input: Any, output_size: Any) -> Any:
    return (_adaptive_avg_pool2d if len(output_size) == 2 else _adaptive_avg_pool3d)(input, output_size)


in_formulas(_adaptive_avg, _adaptive_average, "adaptive_average")


def _adaptive_max(input: Array, output_size: Any) -> tuple[Array, Array]:
    x = batched(input, len(output_size))
    values, indices = (like(r, x) for r in kernels.adaptive_max_pool(x, output_size))
    return (values, indices) if x is input else (values[0], indices[0])


@operation(kernel=_adaptive_max, node="AdaptiveMaxPool2DBackward0", **WITH_INDICES,
           input="attached(max_pool_scatter(grad, result1, shape(input), 2), input)")  # fmt: skip
def _adaptive_max_pool2d(input: Array, output_size: Any) -> Array:
    """Maxima of windows that cover an image, and where they were found."""


@operation(kernel=_adaptive_max, node="AdaptiveMaxPool3DBackward0", **WITH_INDICES,
           input="attached(max_pool_scatter(grad, result1, shape(input), 3), input)")  # fmt: skip
def _adaptive_max_pool3d(input: Array, output_size: Any) -> Array:
    """Maxima of windows that cover a volume, and where they were found."""


def _check_adaptive(function: str, input: Any, output_size: Any, dims: int) -> tuple[int, ...]:
    """The output size as one integer a dimension.

    Raises:
        RuntimeError: there is not one for each dimension, or one is negative.
    """
    check_tensor(function, input)
    sizes = output_size if isinstance(output_size, int) else one_or_several(output_size)
    if isinstance(sizes, int):
        sizes = (sizes,) * dims
    if dims == 1 and len(sizes) != 1:
        raise RuntimeError(f"{function}() argument 'output_size' should contain one int (got {len(sizes)})")
    if len(sizes) == 1:
        sizes *= dims
    greatest = "max" in function
    if len(sizes) != dims:
        raise RuntimeError(
            f"{function}(): internal error: output_size.size() must be {dims}"
            if greatest
            else f"{function}: output_size must be {dims}"
        )
    if min(sizes) < 0:
        # One dimension is, inside, the last of two.
        shown = (1, *sizes) if dims == 1 else sizes
        if greatest:
            least = next(s for s in shown if s < 0)
            shape = [*input._shape[: input.ndim - dims], *shown]
            raise RuntimeError(f"Trying to create tensor with negative dimension {least}: {shape}")
        listed = ", ".join(map(str, shown[:2])) + "".join(f",{s}" for s in shown[2:])
        raise RuntimeError(
            f"{function.replace('1d', '2d')}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{listed}}}"
        )
    return sizes


def _check_covered(function: str, input: Any, dims: int, colon: str = "") -> None:
    shape = input._shape
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{function}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{colon} {list(shape)}")
    for i in range(-dims, 0):
        if shape[i] == 0:
            raise RuntimeError(
                f"{function}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(shape)} with dimension {len(shape) + i} being empty"
            )


@composite(method=False)
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over `output_size` windows that cover sequences ``(N, C, L)`` or ``(C, L)``."""
    check_tensor("adaptive_avg_pool1d", input)
    check_sequence("adaptive_avg_pool1d", input)
    (size,) = _check_adaptive("adaptive_avg_pool1d", input, output_size, 1)
    image = input.unsqueeze(-2)
    _check_covered("adaptive_avg_pool1d", image, 2)
    pooled = image.mean((-1, -2), keepdim=True) if size == 1 else _adaptive_avg_pool2d(image, (1, size))
    return pooled.squeeze(-2)


@composite(method=False, function=False)
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over windows that cover images ``(N, C, H, W)`` or ``(C, H, W)``, as many as `output_size` says.

    Raises:
        RuntimeError: the input has other dimensions or an empty one.
    """
    sizes = _check_adaptive("adaptive_avg_pool2d", input, output_size, 2)
    if sizes == (1, 1) and input.ndim >= 2:
        return input.mean((-1, -2), keepdim=True)
    _check_covered("adaptive_avg_pool2d", input, 2)
    return _adaptive_avg_pool2d(input, sizes)


@composite(method=False, function=False)
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Means over windows that cover volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `adaptive_avg_pool2d`."""
    sizes = _check_adaptive("adaptive_avg_pool3d", input, output_size, 3)
    if sizes == (1, 1, 1) and input.ndim >= 3:
        return input.mean((-1, -2, -3), keepdim=True)
    _check_covered("adaptive_avg_pool3d", input, 3)
    return _adaptive_avg_pool3d(input, sizes)


@composite(method=False)
def adaptive_max_pool1d(input: Any, output_size: Any) -> Any:
    """Maxima over `output_size` windows that cover sequences, and their positions as int64."""
    check_tensor("adaptive_max_pool1d", input)
    check_sequence("adaptive_max_pool1d", input)
    (size,) = _check_adaptive("adaptive_max_pool1d", input, output_size, 1)
    image = input.unsqueeze(-2)
    _check_covered("adaptive_max_pool1d", image, 2, ":")
    values, indices = _adaptive_max_pool2d(image, (1, size))
    return values.squeeze(-2), indices.squeeze(-2)


@composite(method=False, function=False)
def adaptive_max_pool2d(input: Any, output_size: Any) -> Any:
    """Maxima over windows that cover images, as many as `output_size` says, and their positions as int64."""
    sizes = _check_adaptive("adaptive_max_pool2d", input, output_size, 2)
    _check_covered("adaptive_max_pool2d", input, 2, ":")
    return tuple(_adaptive_max_pool2d(input, sizes))


@composite(method=False, function=False)
def adaptive_max_pool3d(input: Any, output_size: Any) -> Any:
    """Maxima over windows that cover volumes, as many as `output_size` says, and their positions as int64."""
    sizes = _check_adaptive("adaptive_max_pool3d", input, output_size, 3)
    _check_covered("adaptive_max_pool3d", input, 3, ":")
    return tuple(_adaptive_max_pool3d(input, sizes))
