"""Max, average and adaptive pooling.

Pooling over one dimension is, as in PyTorch, pooling of images of height 1: its nodes are those of two dimensions
between an unsqueeze and a squeeze.
"""

import functools
from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels import numpy_pooling as kernels
from .declare import Array, composite, in_formulas, operation


def _batched(x: Array, dims: int) -> Array:
    """An array with its batch dimension, which unbatched input lacks."""
    return x if x.ndim == dims + 2 else x[None]


def _max_pool(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    x = _batched(input, len(kernel_size))
    values, indices = kernels.max_pool(x, kernel_size, stride, padding, dilation, ceil_mode)
    return (values, indices) if x is input else (values[0], indices[0])  # type: ignore[index]


def _max_pool_values(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    x = _batched(input, len(kernel_size))
    values, _ = kernels.max_pool(x, kernel_size, stride, padding, dilation, ceil_mode, indices=False)
    return values if x is input else values[0]


_WITH_INDICES: dict[str, Any] = {
    "function": False,
    "method": False,
    "outputs": ("result0", "result1"),
    "differentiable": ("result0",),
}


@operation(kernel=_max_pool, node="MaxPool2DWithIndicesBackward0", **_WITH_INDICES,
           input="max_pool_scatter(grad, result1, shape(input), 2)")  # fmt: skip
def _max_pool2d(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Array:
    """Maxima of windows of images, and where they were found."""


@operation(kernel=_max_pool, node="MaxPool3DWithIndicesBackward0", **_WITH_INDICES,
           input="max_pool_scatter(grad, result1, shape(input), 3)")  # fmt: skip
def _max_pool3d(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Array:
    """Maxima of windows of volumes, and where they were found."""


@operation(kernel=_max_pool_values, function=False, method=False)
def _max_pool_values_only(
    input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Array:
    """Maxima of windows, where no gradient is needed."""


def _scatter(grad_output: Array, indices: Array, size: tuple[int, ...], dims: int) -> Array:
    shape = (1, *size) if len(size) == dims + 1 else tuple(size)
    return kernels.max_pool_backward(grad_output, indices, shape).reshape(size)


@operation(kernel=_scatter, function=False, method=False, node="MaxPoolBackwardBackward0",
           grad_output="max_pool_gather(grad, indices, dims)")  # fmt: skip
def max_pool_scatter(grad_output: Array, indices: Array, size: tuple[int, ...], dims: int) -> Array:
    """The gradient of a max pooling over the last `dims` dimensions, by its input of shape `size`."""


def _gather(input: Array, indices: Array, dims: int) -> Array:
    lead = input.ndim - dims
    planes = (int(np.prod(input.shape[:lead])), 1)
    flat = input.reshape(*planes, -1) if input.size else input.reshape(*planes, 0)
    if not indices.size:
        return np.empty(indices.shape, input.dtype)
    return kernels.gather_planes(flat, indices.reshape(*planes, -1)).reshape(indices.shape)


@operation(kernel=_gather, function=False, method=False, input="max_pool_scatter(grad, indices, shape(input), dims)")
def max_pool_gather(input: Array, indices: Array, dims: int) -> Array:
    """The elements at positions in the last `dims` dimensions: the derivative of `max_pool_scatter`."""


def _avg_pool(
    input: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Array:
    x = _batched(input, len(kernel_size))
    result = kernels.avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)
    return result if x is input else result[0]


_AVG = "avg_pool_spread(grad, shape(input), kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)"
_HIDDEN: dict[str, Any] = {"function": False, "method": False}


@operation(kernel=_avg_pool, node="AvgPool2DBackward0", **_HIDDEN, input=_AVG)
def _avg_pool2d(
    input: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Array:
    """Means of windows of images."""


@operation(kernel=_avg_pool, node="AvgPool3DBackward0", **_HIDDEN, input=_AVG)
def _avg_pool3d(
    input: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Array:
    """Means of windows of volumes."""


def _avg_spread(
    grad_output: Array, size: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: Any,
) -> Array:  # fmt: skip
    g = _batched(grad_output, len(kernel_size))
    shape = tuple(size) if g is grad_output else (1, *size)
    gx = kernels.avg_pool_backward(g, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)
    return gx.reshape(size)


_AVG_AGAIN = "average(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)"


@operation(kernel=_avg_spread, node="AvgPoolBackwardBackward0", **_HIDDEN, grad_output=_AVG_AGAIN)
def avg_pool_spread(
    grad_output: Array, size: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: Any,
) -> Array:  # fmt: skip
    """The gradient of an average pooling by its input of shape `size`."""


def _average(input: Any, kernel_size: Any, *how: Any) -> Any:
    return (_avg_pool2d if len(kernel_size) == 2 else _avg_pool3d)(input, kernel_size, *how)


in_formulas(_avg_pool, _average, "average")


def _adaptive_avg(input: Array, output_size: Any) -> Array:
    x = _batched(input, len(output_size))
    result = kernels.adaptive_avg_pool(x, output_size)
    return result if x is input else result[0]


_ADAPTIVE = "adaptive_avg_spread(grad, shape(input), output_size)"


@operation(kernel=_adaptive_avg, node="AdaptiveAvgPool2DBackward0", **_HIDDEN, input=_ADAPTIVE)
def _adaptive_avg_pool2d(input: Array, output_size: Any) -> Array:
    """Means of windows that cover an image."""


@operation(kernel=_adaptive_avg, node="AdaptiveAvgPool3DBackward0", **_HIDDEN, input=_ADAPTIVE)
def _adaptive_avg_pool3d(input: Array, output_size: Any) -> Array:
    """Means of windows that cover a volume."""


def _adaptive_spread(grad_output: Array, size: tuple[int, ...], output_size: Any) -> Array:
    g = _batched(grad_output, len(output_size))
    shape = tuple(size) if g is grad_output else (1, *size)
    return kernels.adaptive_avg_pool_backward(g, shape).reshape(size)


@operation(kernel=_adaptive_spread, node="AdaptiveAvgPoolBackwardBackward0", **_HIDDEN,
           grad_output="adaptive_average(grad, output_size)")  # fmt: skip
def adaptive_avg_spread(grad_output: Array, size: tuple[int, ...], output_size: Any) -> Array:
    """The gradient of an adaptive average pooling by its input of shape `size`."""


def _adaptive_average(input: Any, output_size: Any) -> Any:
    return (_adaptive_avg_pool2d if len(output_size) == 2 else _adaptive_avg_pool3d)(input, output_size)


in_formulas(_adaptive_avg, _adaptive_average, "adaptive_average")


def _adaptive_max(input: Array, output_size: Any) -> tuple[Array, Array]:
    x = _batched(input, len(output_size))
    values, indices = kernels.adaptive_max_pool(x, output_size)
    return (values, indices) if x is input else (values[0], indices[0])


@operation(kernel=_adaptive_max, node="AdaptiveMaxPool2DBackward0", **_WITH_INDICES,
           input="max_pool_scatter(grad, result1, shape(input), 2)")  # fmt: skip
def _adaptive_max_pool2d(input: Array, output_size: Any) -> Array:
    """Maxima of windows that cover an image, and where they were found."""


@operation(kernel=_adaptive_max, node="AdaptiveMaxPool3DBackward0", **_WITH_INDICES,
           input="max_pool_scatter(grad, result1, shape(input), 3)")  # fmt: skip
def _adaptive_max_pool3d(input: Array, output_size: Any) -> Array:
    """Maxima of windows that cover a volume, and where they were found."""


# ---------------------------------------------------------------------------------------------- arguments
_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def _per_dimension(value: Any, name: str, function: str, dims: int, empty: Any = None) -> tuple[int, ...]:
    """An argument as one integer a dimension; an empty list stands for `empty`."""
    if isinstance(value, int):
        return (value,) * dims
    value = tuple(value)
    if not value and empty is not None:
        return empty
    if len(value) == dims:
        return value
    if len(value) == 1:
        return value * dims
    omitted = "be omitted, " if empty is not None else "be "
    raise RuntimeError(
        f"{function}: {name} must either {omitted}a single int, or a tuple of {_WORDS[dims]}"
        if dims > 1
        else f"{function}() {name} should contain one int"
    )


@functools.lru_cache(256)
def _check_windows(
    function: str,
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> None:
    """Raises PyTorch's errors for windows that do not fit an input of that shape."""
    dims = len(kernel)
    letters = ("T", "H", "W")[-dims:] if dims > 1 else ("W",)
    if any(k <= 0 for k in kernel):
        if dims == 2 and min(kernel) <= 0 and min(stride) > 0:
            raise RuntimeError(f"kernel size should be greater than zero, but got kH: {kernel[0]} kW: {kernel[1]}")
        raise RuntimeError("stride should not be zero")
    if min(stride) <= 0:
        raise RuntimeError("stride should not be zero" if 0 in stride else "stride must be greater than zero")
    if min(dilation) <= 0:
        shown = " ".join(f"dilation{a}: {d}" for a, d in zip(letters, dilation, strict=True))
        raise RuntimeError(f"dilation should be greater than zero, but got {shown}")
    batched = len(shape) == dims + 2
    if not (batched or len(shape) == dims + 1) or 0 in shape[1 if batched else 0 :]:
        if len(shape) in (dims + 1, dims + 2):
            raise RuntimeError(
                f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but "
                f"got:{list(shape)}"
            )
        raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                f"dilation={d}"
            )
    outs = kernels.pool_output_shape(shape[-dims:], kernel, stride, padding, dilation, ceil_mode)
    if min(outs) < 1:
        planes = shape[-dims - 1]
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, (planes, *shape[-dims:])))}). Calculated output size: "
            f"({'x'.join(map(str, (planes, *outs)))}). Output size is too small"
        )


def _check_tensor(function: str, input: Any) -> None:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def _check_number(function: str, input: Any) -> None:
    kind = input._dtype
    if kind.is_floating_point:
        return
    if kind.legacy == "BoolTensor" or kind.is_complex:
        name = kind.legacy.removesuffix("Tensor")
        raise NotImplementedError(f"\"{function}\" not implemented for '{name}'")


def _max(
    function: str, dims: int, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    indices: bool,
) -> Any:  # fmt: skip
    _check_tensor(function, input)
    kernel = _per_dimension(kernel_size, "kernel_size", function, dims)
    stride = kernel if stride is None else _per_dimension(stride, "stride", function, dims, kernel)
    padding = _per_dimension(padding, "padding", function, dims)
    dilation = _per_dimension(dilation, "dilation", function, dims)
    _check_windows(function, input._shape, kernel, stride, padding, dilation, ceil_mode)
    _check_number(f"max_pool{dims}d", input)
    if not indices and input._node is None:
        return _max_pool_values_only(input, kernel, stride, padding, dilation, ceil_mode)
    pooled = (_max_pool2d if dims == 2 else _max_pool3d)(input, kernel, stride, padding, dilation, ceil_mode)
    return tuple(pooled) if indices else pooled[0]


def _max_of_sequences(
    function: str,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    indices: bool,
) -> Any:
    _check_tensor(function, input)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(input._shape)}"
        )
    (kernel,) = _per_dimension(kernel_size, "kernel_size", function, 1)
    (step,) = (kernel,) if stride is None else _per_dimension(stride, "stride", function, 1, (kernel,))
    (border,) = _per_dimension(padding, "padding", function, 1)
    (gap,) = _per_dimension(dilation, "dilation", function, 1)
    image = input.unsqueeze(-2)
    found = _max(function, 2, image, (1, kernel), (1, step), (0, border), (1, gap), ceil_mode, indices)
    return tuple(f.squeeze(-2) for f in found) if indices else found.squeeze(-2)


# ---------------------------------------------------------------------------------------------- what users call
@composite(method=False)
def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """The maximum of every window of sequences ``(N, C, L)`` or ``(C, L)``; see `max_pool2d`."""
    return _max_of_sequences("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, False)


@composite(method=False)
def max_pool1d_with_indices(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """`max_pool1d`, and the positions of the maxima as int64."""
    return _max_of_sequences("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, True)


@composite(method=False)
def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """The maximum of every window of images; NaN where a window holds one.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the windows' size, an integer or one a dimension.
        stride: the step between them, likewise; their size unless given.
        padding: how far they reach over the border, at most half of their size.
        dilation: the step within a window.
        ceil_mode: whether windows may reach over the far border.

    Raises:
        RuntimeError: the windows do not fit the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
    """
    return _max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, False)


@composite(method=False, function=False)
def max_pool2d_with_indices(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """`max_pool2d`, and the positions of the maxima in each flattened image as int64."""
    return _max("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


@composite(method=False)
def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """The maximum of every window of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `max_pool2d`."""
    return _max("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, False)


@composite(method=False, function=False)
def max_pool3d_with_indices(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """`max_pool3d`, and the positions of the maxima in each flattened volume as int64."""
    return _max("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def _avg(
    function: str, dims: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Any:  # fmt: skip
    _check_tensor(function, input)
    kernel = _per_dimension(kernel_size, "kernel_size", function, dims)
    stride = kernel if stride is None else _per_dimension(stride, "stride", function, dims, kernel)
    padding = _per_dimension(padding, "padding", function, dims)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    _check_windows(function, input._shape, kernel, stride, padding, (1,) * dims, ceil_mode)
    _check_number(f"avg_pool{dims}d", input)
    pool = _avg_pool2d if dims == 2 else _avg_pool3d
    return pool(input, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composite(method=False)
def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of every window of sequences ``(N, C, L)`` or ``(C, L)``; see `avg_pool2d`."""
    _check_tensor("avg_pool1d", input)
    _check_sequence("avg_pool1d", input)
    (kernel,) = _per_dimension(kernel_size, "kernel_size", "avg_pool1d", 1)
    (step,) = (kernel,) if stride is None else _per_dimension(stride, "stride", "avg_pool1d", 1, (kernel,))
    (border,) = _per_dimension(padding, "padding", "avg_pool1d", 1)
    image = input.unsqueeze(-2)
    pooled = _avg("avg_pool1d", 2, image, (1, kernel), (1, step), (0, border), ceil_mode, count_include_pad, None)
    return pooled.squeeze(-2)


@composite(method=False, function=False)
def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of every window of images.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the windows' size, an integer or one a dimension.
        stride: the step between them, likewise; their size unless given.
        padding: zeros on both sides, at most half of the windows' size.
        ceil_mode: whether windows may reach over the far border.
        count_include_pad: whether the zeros count.
        divisor_override: by what sums are divided instead of the windows' sizes.

    Raises:
        RuntimeError: the windows do not fit the input.
    """
    return _avg("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composite(method=False, function=False)
def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of every window of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `avg_pool2d`."""
    return _avg("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _check_sequence(function: str, input: Any) -> None:
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while "
            f"checking "
            f"arguments for {function})"
        )


def _check_adaptive(function: str, input: Any, output_size: Any, dims: int) -> tuple[int, ...]:
    """The output size as one integer a dimension."""
    _check_tensor(function, input)
    sizes = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
    if len(sizes) == 1:
        sizes *= dims
    if len(sizes) != dims:
        raise RuntimeError(f"{function}: output_size must be {dims}")
    if any(s < 0 for s in sizes):
        raise RuntimeError(
            f"{function}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{', '.join(map(str, sizes))}}}"
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
    _check_tensor("adaptive_avg_pool1d", input)
    _check_sequence("adaptive_avg_pool1d", input)
    (size,) = _check_adaptive("adaptive_avg_pool1d", input, output_size, 1)
    image = input.unsqueeze(-2)
    _check_covered("adaptive_avg_pool1d", image, 2)
    return _adaptive_avg_pool2d(image, (1, size)).squeeze(-2)


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
    _check_tensor("adaptive_max_pool1d", input)
    _check_sequence("adaptive_max_pool1d", input)
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
