"""Max and average pooling; adaptive pooling is in `adaptive_pooling`.

Pooling over one dimension is, as in PyTorch, pooling of images of height 1: its nodes are those of two dimensions
between an unsqueeze and a squeeze.
"""

import functools
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import wrap
from ..kernels import numpy_pooling as kernels
from ..kernels import pooling
from .adaptive_pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from .adaptive_pooling import adaptive_avg_pool2d as adaptive_avg_pool2d
from .adaptive_pooling import adaptive_avg_pool3d as adaptive_avg_pool3d
from .adaptive_pooling import adaptive_max_pool1d as adaptive_max_pool1d
from .adaptive_pooling import adaptive_max_pool2d as adaptive_max_pool2d
from .adaptive_pooling import adaptive_max_pool3d as adaptive_max_pool3d
from .arguments import explained
from .declare import Array, composite, in_formulas, operation
from .dimensions import one_or_several
from .out import finish_out
from .pooling_parts import HIDDEN, WITH_INDICES, as_input, batched, check_sequence, check_tensor, filled


def _max_pool(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    x = batched(input, len(kernel_size))
    values, numbers = pooling.max_pool(x, kernel_size, stride, padding, dilation, ceil_mode)
    if x is not input:
        values, numbers = values[0], numbers[0]
    return as_input(values, input, len(kernel_size)), numbers


def _max_pool_positions(
    input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    values, numbers = _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode)
    how = kernel_size, stride, padding, dilation
    places = kernels.positions(numbers, input.shape[-len(kernel_size) :], *how)
    return values, as_input(places, input, 2) if len(kernel_size) == 2 else places


def _max_pool_values(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    x = batched(input, len(kernel_size))
    values = pooling.max_pool_values(x, kernel_size, stride, padding, dilation, ceil_mode)
    if x is input and x.shape[-2] == kernel_size[0] == 1:
        return values  # what pools sequences makes rows of them
    return as_input(values if x is input else values[0], input, len(kernel_size))


# What nodes of pooling show.
_WINDOWS = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
_SPREAD = "max_pool_spread(grad, numbers, shape(input), kernel_size, stride, padding, dilation)"


@operation(kernel=_max_pool, node="MaxPool2DWithIndicesBackward0", saves=("numbers",), shows=("ceil_mode",), **HIDDEN,
           input=f"attached({_SPREAD}, input)")  # fmt: skip
def _max_pool2d_alone(
    input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Array:
    """Maxima of windows of images."""


def _spread(
    grad: Array, numbers: Array, size: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> Array:
    if len(size) == 4:
        return pooling.max_pool_backward(grad, numbers, size, kernel_size, stride, padding, dilation)
    how = kernel_size, stride, padding, dilation
    return pooling.max_pool_backward(grad[None], numbers[None], (1, *size), *how)[0]


def _spread_again(
    grad: Any, numbers: Any, size: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    places = kernels.positions(numbers._data, tuple(size[-2:]), kernel_size, stride, padding, dilation)
    return max_pool_scatter(grad, wrap(places), size, 2)


in_formulas(_spread, _spread_again, "max_pool_spread")


@operation(kernel=_max_pool_positions, node="MaxPool2DWithIndicesBackward0", **WITH_INDICES, shows=_WINDOWS,
           input="attached(max_pool_scatter(grad, result1, shape(input), 2), input)")  # fmt: skip
def _max_pool2d(input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Array:
    """Maxima of windows of images, and where they were found."""


@operation(kernel=_max_pool_positions, node="MaxPool3DWithIndicesBackward0", **WITH_INDICES, shows=_WINDOWS,
           input="attached(max_pool_scatter(grad, result1, shape(input), 3), input)")  # fmt: skip
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
    if len(kernel_size) == 3 and any([k > n for k, n in zip(kernel_size, input.shape[-3:], strict=True)]):
        sides, sizes = "T: {} H: {} W: {}".format(*input.shape[-3:]), "kT: {} kH: {} kW: {}".format(*kernel_size)
        raise RuntimeError(f"input image ({sides}) smaller than kernel size ({sizes})")
    x = batched(input, len(kernel_size))
    result = pooling.avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)
    return as_input(result if x is input else result[0], input, len(kernel_size), follows=False)


_AVG = (
    "attached(avg_pool_spread(grad, shape(input), kernel_size, stride, padding, ceil_mode, count_include_pad, "
    "divisor), input)"
)


@operation(kernel=_avg_pool, node="AvgPool2DBackward0", **HIDDEN, input=_AVG)
def _avg_pool2d(
    input: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Array:
    """Means of windows of images."""


@operation(kernel=_avg_pool, node="AvgPool3DBackward0", **HIDDEN, input=_AVG)
def _avg_pool3d(
    input: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any
) -> Array:
    """Means of windows of volumes."""


def _avg_spread(
    grad_output: Array, size: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: Any,
) -> Array:  # fmt: skip
    g = batched(grad_output, len(kernel_size))
    shape = tuple(size) if g is grad_output else (1, *size)
    gx = pooling.avg_pool_backward(g, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)
    return gx.reshape(size)


_AVG_AGAIN = "average(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)"


@operation(kernel=_avg_spread, node="AvgPoolBackwardBackward0", **HIDDEN, grad_output=_AVG_AGAIN)
def avg_pool_spread(
    grad_output: Array, size: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: Any,
) -> Array:  # fmt: skip
    """The gradient of an average pooling by its input of shape `size`."""


def _average(input: Any, kernel_size: Any, *how: Any) -> Any:
    return (_avg_pool2d if len(kernel_size) == 2 else _avg_pool3d)(input, kernel_size, *how)


in_formulas(_avg_pool, _average, "average")


# ---------------------------------------------------------------------------------------------- arguments
_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def _per_dimension(value: Any, name: str, function: str, dims: int, empty: Any = None) -> tuple[int, ...]:
    """An argument as one integer a dimension; an empty list stands for `empty`.

    Raises:
        RuntimeError: there are neither one nor as many.
    """
    value = value if isinstance(value, int) else one_or_several(value)
    if isinstance(value, int):
        return (value,) * dims
    if len(value) == dims:
        return value
    if not value and empty is not None:
        return filled(value, empty)
    if len(value) == 1:
        return filled(value, value * dims)
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
    _check_padding(kernel, padding, dilation)
    batched = len(shape) == dims + 2
    if not (batched or len(shape) == dims + 1) or 0 in shape[1 if batched else 0 :]:
        if len(shape) in (dims + 1, dims + 2):
            if function == "max_pool3d":
                empty = next(i for i, n in enumerate(shape) if not n and (i or not batched))
                raise RuntimeError(
                    "max_pool3d_with_indices_out_cpu_template(): Expected input's non-batch dimensions to have "
                    f"positive length, but input has a shape of {list(shape)} and non-batch dimension "
                    f"{empty - batched} has length zero!"
                )
            raise RuntimeError(
                f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but "
                f"got:{list(shape)}"
            )
        raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
    outs = kernels.pool_output_shape(shape[-dims:], kernel, stride, padding, dilation, ceil_mode)
    if min(outs) < 1:
        planes = shape[-dims - 1]
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, (planes, *shape[-dims:])))}). Calculated output size: "
            f"({'x'.join(map(str, (planes, *outs)))}). Output size is too small"
        )


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
    check_tensor(function, input)
    kernel = _per_dimension(kernel_size, "kernel_size", function, dims)
    stride = _per_dimension(() if stride is None else stride, "stride", function, dims, kernel)
    padding = _per_dimension(padding, "padding", function, dims)
    dilation = _per_dimension(dilation, "dilation", function, dims)
    _check_windows(function, input._shape, kernel, stride, padding, dilation, ceil_mode)
    _check_number(f"max_pool{dims}d", input)
    if not indices and input._node is None and mode.local.dual is None:
        return _max_pool_values_only(input, kernel, stride, padding, dilation, ceil_mode)
    if not indices and dims == 2:
        return _max_pool2d_alone(input, kernel, stride, padding, dilation, ceil_mode)
    pooled = (_max_pool2d if dims == 2 else _max_pool3d)(input, kernel, stride, padding, dilation, ceil_mode)
    return tuple(pooled) if indices else pooled[0]


def _check_padding(kernel: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                f"dilation={d}"
            )


def _check_sequences(shape: tuple[int, ...], kernel: int, step: int, border: int, gap: int, ceil_mode: bool) -> None:
    """Raises PyTorch's errors for windows that do not fit sequences of that shape."""
    if len(shape) not in (2, 3) or 0 in shape[len(shape) - 2 :]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(shape)}"
        )
    for name, value in (("kernel_size", kernel), ("stride", step)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
    if gap <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {gap}")
    _check_padding((kernel,), (border,), (gap,))
    (out,) = kernels.pool_output_shape(shape[-1:], (kernel,), (step,), (border,), (gap,), ceil_mode)
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")


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
    check_tensor(function, input)
    (kernel,) = _per_dimension(kernel_size, "kernel_size", function, 1)
    (step,) = (kernel,) if stride is None else _per_dimension(stride, "stride", function, 1, (kernel,))
    (border,) = _per_dimension(padding, "padding", function, 1)
    (gap,) = _per_dimension(dilation, "dilation", function, 1)
    _check_sequences(input._shape, kernel, step, border, gap, ceil_mode)
    image = input.unsqueeze(-2)
    found = _max(function, 2, image, (1, kernel), (1, step), (0, border), (1, gap), ceil_mode, indices)
    if not indices and found._node is None and mode.local.dual is None:
        # PyTorch has a kernel for sequences where nothing is recorded.
        return wrap(found._data.squeeze(-2))
    return tuple(f.squeeze(-2) for f in found) if indices else found.squeeze(-2)


# ---------------------------------------------------------------------------------------------- what users call
@composite(method=False)
def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """The maximum of every window of sequences ``(N, C, L)`` or ``(C, L)``; see `max_pool2d`."""
    return _max_of_sequences("max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode, False)


@composite(method=False)
@explained
def max_pool1d_with_indices(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """`max_pool1d`, and the positions of the maxima as int64.

    Args:
        input: the signals, images or volumes.
        kernel_size: the sizes of the windows.
        stride: the steps between windows; `kernel_size` unless given.
        padding: how many minus infinities are put around.
        dilation: the steps between a window's elements.
        ceil_mode: whether windows may begin inside and end outside.
    """
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
@explained
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
@explained
def max_pool3d_with_indices(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """`max_pool3d`, and the positions of the maxima in each flattened volume as int64."""
    return _max("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def _avg(
    function: str, dims: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Any:  # fmt: skip
    check_tensor(function, input)
    kernel = _per_dimension(kernel_size, "kernel_size", function, dims)
    stride = _per_dimension(() if stride is None else stride, "stride", function, dims, kernel)
    padding = _per_dimension(padding, "padding", function, dims)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    _check_windows(function, input._shape, kernel, stride, padding, (1,) * dims, ceil_mode)
    _check_number(f"avg_pool{dims}d", input)
    pool = _avg_pool2d if dims == 2 else _avg_pool3d
    return pool(input, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composite(method=False)
@explained
def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of every window of sequences ``(N, C, L)`` or ``(C, L)``; see `avg_pool2d`."""
    check_tensor("avg_pool1d", input)
    check_sequence("avg_pool1d", input)
    (kernel,) = _per_dimension(kernel_size, "kernel_size", "avg_pool1d", 1)
    (step,) = (kernel,) if stride is None else _per_dimension(stride, "stride", "avg_pool1d", 1, (kernel,))
    (border,) = _per_dimension(padding, "padding", "avg_pool1d", 1)
    image = input.unsqueeze(-2)
    pooled = _avg("avg_pool1d", 2, image, (1, kernel), (1, step), (0, border), ceil_mode, count_include_pad, None)
    return pooled.squeeze(-2)


@composite(method=False, function=False)
@explained
def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, *, out: Any = None,
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
        out: the tensor to write to.

    Raises:
        RuntimeError: the windows do not fit the input.
    """
    found = _avg("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return found if out is None else finish_out(out, found, "avg_pool2d")


@composite(method=False, function=False)
@explained
def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, *, out: Any = None,
) -> Any:  # fmt: skip
    """The mean of every window of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``; see `avg_pool2d`.

    Raises:
        NotImplementedError: these are neither float32, float64 nor int64.
    """
    refused = input._dtype not in (dtypes.float32, dtypes.float64, dtypes.int64)
    x = input.new_zeros(input._shape, dtype=dtypes.float32) if refused else input  # shapes are refused before types
    found = _avg("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    if refused:
        raise NotImplementedError(f"\"avg_pool3d_out_frame\" not implemented for '{input._dtype.scalar_name}'")
    return found if out is None else finish_out(out, found, "avg_pool3d")
