"""Convolutions and transposed convolutions.

All of them are one operation, `convolution`. It is linear in the input and in the weight, and so are its gradients: the
three operations here are each other's derivatives.
"""

import functools
from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels import conv as kernels
from ..kernels.layout import is_channels_last, ordered
from ..warn import warn_once
from .attached import attached as attached
from .complex_conv import complex_convolution
from .declare import Array, composite, operation
from .dimensions import one_or_several


def _transposed_shape(
    input: Array, weight: Array, stride: Any, padding: Any, dilation: Any, output_padding: Any, groups: int
) -> tuple[int, ...]:
    sizes = [
        (n - 1) * s - 2 * p + d * (k - 1) + o + 1
        for n, s, p, d, k, o in zip(
            input.shape[2:], stride, padding, dilation, weight.shape[2:], output_padding, strict=True
        )
    ]
    return (input.shape[0], weight.shape[1] * groups, *sizes)


def _convolution(
    input: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    if not transposed:
        return kernels.conv_forward(input, weight, bias, stride, padding, dilation, groups)
    shape = _transposed_shape(input, weight, stride, padding, dilation, output_padding, groups)
    result = kernels.conv_grad_input(input, weight, shape, stride, padding, dilation, groups)
    if bias is not None:
        result += bias.reshape(-1, *(1,) * len(stride))
    if len(stride) == 2 and (is_channels_last(input) or is_channels_last(weight)):
        # Channels-last images or filters of the program's give results that are so to the program, too.
        return ordered(result, True)
    return result


@operation(
    kernel=_convolution, method=False, out=False, node="ConvolutionBackward0",
    input="attached(convolution_grad_input(grad, conj(weight), shape(input), stride, padding, dilation, transposed, "
    "output_padding, groups), input)",
    weight="attached(convolution_grad_weight(grad, conj(input), shape(weight), stride, padding, dilation, transposed, "
    "output_padding, groups), weight)",
    bias="attached(convolution_grad_bias(grad), weight)", keeps={"bias": "input"},
)  # fmt: skip
def convolution(
    input: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    """A convolution of any number of dimensions; every argument is given, checked by `conv2d` and its like.

    Args:
        input: ``(N, C, *spatial)``.
        weight: ``(O, C / groups, *kernel)``, or ``(C, O / groups, *kernel)`` if `transposed`.
        bias: ``(O,)`` or None.
        stride: step between windows, one integer a dimension.
        padding: zeros on both sides, one integer a dimension.
        dilation: step within windows, one integer a dimension.
        transposed: whether it is the transposed convolution.
        output_padding: how much larger its result is, one integer a dimension.
        groups: in how many groups channels are connected.
    """


def _grad_input(
    grad_output: Array, weight: Array, size: tuple[int, ...], stride: Any, padding: Any, dilation: Any, transposed:
    bool, output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    if transposed:
        found = kernels.conv_forward(grad_output, weight, None, stride, padding, dilation, groups)
        # Where the output padding is as large as the stride, there are windows that begin in it.
        return found[tuple(map(slice, size))]
    return kernels.conv_grad_input(grad_output, weight, tuple(size), stride, padding, dilation, groups)


@operation(
    kernel=_grad_input, function=False, method=False, node="ConvolutionBackwardBackward0",
    grad_output="convolution(grad, conj(weight), None, stride, padding, dilation, transposed, output_padding, groups)",
    weight="convolution_grad_weight(conj(grad_output), grad, shape(weight), stride, padding, dilation, transposed, "
    "output_padding, groups)",
)  # fmt: skip
def convolution_grad_input(
    grad_output: Array, weight: Array, size: tuple[int, ...], stride: Any, padding: Any, dilation: Any, transposed:
    bool, output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    """The gradient of `convolution` by its input of shape `size`."""


def _grad_weight(
    grad_output: Array, input: Array, size: tuple[int, ...], stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    if transposed:
        grad_output, input = input, grad_output
    return kernels.conv_grad_weight(grad_output, input, tuple(size), stride, padding, dilation, groups)


@operation(
    kernel=_grad_weight, function=False, method=False, node="ConvolutionBackwardBackward0",
    grad_output="convolution(conj(input), grad, None, stride, padding, dilation, transposed, output_padding, groups)",
    input="convolution_grad_input(conj(grad_output), grad, shape(input), stride, padding, dilation, transposed, "
    "output_padding, groups)",
)  # fmt: skip
def convolution_grad_weight(
    grad_output: Array, input: Array, size: tuple[int, ...], stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Array:  # fmt: skip
    """The gradient of `convolution` by its weight of shape `size`."""


@operation(
    kernel=kernels.conv_grad_bias, function=False, method=False, node="ConvolutionBackwardBackward0",
    grad_output="channels_to(grad, shape(grad_output))",
)  # fmt: skip
def convolution_grad_bias(grad_output: Array) -> Array:
    """The gradient of `convolution` by its bias: sums over all but the channels."""


@operation(function=False, method=False, input="convolution_grad_bias(grad)")
def channels_to(input: Array, size: tuple[int, ...]) -> Array:
    """One number a channel, repeated to the shape `size`."""
    result = np.empty(size, input.dtype)
    result[...] = input.reshape(-1, *(1,) * (len(size) - 2))
    return result


@composite(function=False, method=False)
def convolution_backward(
    grad_output: Any, input: Any, weight: Any, bias_sizes: Any, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, output_mask: Any,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """The gradients of `convolution` by input, weight and bias, those that `output_mask` asks for; None for others."""
    how = tuple(stride), tuple(padding), tuple(dilation), transposed, tuple(output_padding), groups
    by_input, by_weight, by_bias = output_mask
    return (
        convolution_grad_input(grad_output, weight, input._shape, *how) if by_input else None,
        convolution_grad_weight(grad_output, input, weight._shape, *how) if by_weight else None,
        convolution_grad_bias(grad_output) if by_bias else None,
    )


@operation(function=False, method=False, node="ConstantPadNdBackward0", input="cut_to(grad, shape(input))")
def enlarged_to(input: Array, size: tuple[int, ...]) -> Array:
    """The input with zeros behind it in every dimension, to the shape `size`."""
    result = np.zeros(size, input.dtype)
    result[tuple(map(slice, input.shape))] = input
    return result


@operation(function=False, method=False, input="enlarged_to(grad, shape(input))")
def cut_to(input: Array, size: tuple[int, ...]) -> Array:
    """The first elements of every dimension, as many as the shape `size` has."""
    return input[tuple(map(slice, size))].copy()


# ---------------------------------------------------------------------------------------------- what users call
def expanded(value: Any, name: str, dims: int) -> tuple[int, ...]:
    """An argument as one integer a dimension.

    Raises:
        RuntimeError: it has another number of entries.
    """
    value = value if isinstance(value, int) else one_or_several(value)
    if isinstance(value, int):
        return (value,) * dims
    if len(value) == dims:
        return value
    if len(value) == 1:
        return value * dims
    raise RuntimeError(
        f"expected {name} to be a single integer value or a list of {dims} values to match the convolution dimensions, "
        f"but got {name}={list(value)}"
    )


@functools.lru_cache(256)
def _check_shapes(
    shape: tuple[int, ...], filters: tuple[int, ...], bias: tuple[int, ...] | None, stride: tuple[int, ...],
    padding: tuple[int, ...], dilation: tuple[int, ...], transposed: bool, groups: int,
) -> None:  # fmt: skip
    """Raises PyTorch's errors for shapes (of input, weight and bias) and settings that do not go together."""
    dims = len(stride)
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) <= 0:
        shown = f", but got {list(dilation)}" if min(dilation) == 0 else ""
        raise RuntimeError(f"dilation should be greater than zero{shown}")
    if len(filters) != dims + 2:
        raise RuntimeError(
            f"Expected {dims + 2}-dimensional input for {dims + 2}-dimensional weight {list(filters)}, "
            f"but got {len(shape)}-dimensional input of size {list(shape)} instead"
            if len(filters) > dims + 2
            else "weight should have at least three dimensions"
        )
    if filters[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(filters)} instead"
        )
    if filters[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size "
            f"[{list(filters)}] instead"
        )
    if transposed:
        needed, outputs, given = filters[0], filters[1] * groups, "transposed=1"
    else:
        needed, outputs, given = filters[1] * groups, filters[0], f"groups={groups}"
    if shape[1] != needed:
        raise RuntimeError(
            f"Given {given}, weight of size {list(filters)}, expected input{list(shape)} to have {needed} channels, "
            f"but "
            f"got {shape[1]} channels instead"
        )
    if bias is not None and bias != (outputs,):
        start = "Given transposed=1, weight" if transposed else "Given weight"
        raise RuntimeError(
            f"{start} of size {list(filters)}, expected bias to be 1-dimensional with {outputs} elements, but got "
            f"bias of "
            f"size {list(bias)} instead"
        )
    if not transposed:
        padded = [s + 2 * p for s, p in zip(shape[2:], padding, strict=True)]
        reach = [d * (k - 1) + 1 for k, d in zip(filters[2:], dilation, strict=True)]
        if any(r > s for r, s in zip(reach, padded, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({_times(padded)}). Kernel size: ({_times(reach)}). Kernel "
                "size can't be greater than actual input size"
            )
    if shape[0] and shape[1] and 0 in shape[2:]:
        size = [*shape[:2], 1, shape[2]] if dims == 1 else list(shape)
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {size}")


def _check_dtypes(input: Any, weight: Any, bias: Any) -> None:
    if bias is not None and bias._dtype is not input._dtype:
        raise RuntimeError(
            f"Input type ({input._dtype.c_name}) and bias type ({bias._dtype.c_name}) should be the same"
        )
    if weight._dtype is not input._dtype:
        raise RuntimeError(f"expected scalar type {_scalar_type(input)} but found {_scalar_type(weight)}")


def _scalar_type(t: Any) -> str:
    return t._dtype.legacy.removesuffix("Tensor")


def _times(sizes: Any) -> str:
    return " x ".join(map(str, sizes))


def _convolve(
    name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed:
    bool, output_padding: Any, groups: int,
) -> Any:  # fmt: skip
    """Checks, adds the batch dimension where it is missing, and calls `convolution`.

    Raises:
        RuntimeError: the input has another number of dimensions.
        TypeError: an argument is no tensor.
    """
    for position, (argument, value) in enumerate((("input", input), ("weight", weight), ("bias", bias))):
        if not isinstance(value, TensorBase) and not (value is None and position == 2):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position + 1}) must be Tensor, not {type(value).__name__}"
            )
    single = input.ndim == dims + 1
    if not single and input.ndim != dims + 2:
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input._shape)}"
        )
    if single:
        input = input.unsqueeze(0)
    stride = expanded(stride, "stride", dims)
    dilation = expanded(dilation, "dilation", dims)
    output_padding = expanded(output_padding, "output_padding", dims)
    if isinstance(padding, str):
        input, padding = _padding_by_name(input, weight, padding, stride, dilation)
    padding = expanded(padding, "padding", dims)
    if input._dtype is not weight._dtype or (bias is not None and bias._dtype is not input._dtype):
        _check_dtypes(input, weight, bias)
    outs = None if bias is None else bias._shape
    _check_shapes(input._shape, weight._shape, outs, stride, padding, dilation, transposed, groups)
    if transposed:
        _check_transposed(input, weight, stride, padding, dilation, output_padding, groups)
    convolve = complex_convolution if input._dtype.is_complex else convolution
    result = convolve(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
    return result.squeeze(0) if single else result


def _check_transposed(
    input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, output_padding: Any, groups: int
) -> None:
    if any(o >= s and o >= d for o, s, d in zip(output_padding, stride, dilation, strict=True)):
        axes = ("depth", "height", "width")[-max(len(stride), 2) :]
        # PyTorch treats one dimension as an image of height 1.
        lead = () if len(stride) > 1 else (1,)
        parts = [("output_padding", (0, *output_padding) if lead else output_padding)]
        parts += [("stride", (*lead, *stride)), ("dilation", (*lead, *dilation))]
        shown = " ".join(f"{n}_{a}: {v}" for n, values in parts for a, v in zip(axes, values, strict=True))
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {shown}")
    sizes = _transposed_shape(input._data, weight._data, stride, padding, dilation, output_padding, groups)[2:]
    if min(sizes) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_times(input._shape[2:])}). Calculated output size per channel: "
            f"({_times(sizes)}). Output size is too small"
        )


def _padding_by_name(input: Any, weight: Any, padding: str, stride: Any, dilation: Any) -> tuple[Any, Any]:
    """The meaning of ``"valid"`` and ``"same"``; where one side needs more, the input is padded there first.

    Raises:
        RuntimeError: there is no such name, or it is ``same`` and the convolution takes strides.
    """
    if padding == "valid":
        return input, (0,) * len(stride)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    if len(weight._shape) != input.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight"
            f"{list(weight._shape)}, but got {input.ndim}-dimensional input of size {list(input._shape)} instead"
        )
    totals = [d * (k - 1) for k, d in zip(weight._shape[2:], dilation, strict=True)]
    if any(t % 2 for t in totals):
        warn_once(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
            "input be created"
        )
        input = enlarged_to(
            input, (*input._shape[:2], *(n + t % 2 for n, t in zip(input._shape[2:], totals, strict=True)))
        )
    return input, tuple(t // 2 for t in totals)


@composite(method=False)
def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The convolution (cross-correlation) of sequences; the arguments are as of `conv2d` with one spatial dimension."""
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, False, 0, groups)


@composite(method=False)
def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The convolution (cross-correlation) of images.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        weight: ``(O, C / groups, h, w)``.
        bias: ``(O,)`` or None.
        stride: step between windows, an integer or one a dimension.
        padding: zeros on both sides, likewise; or ``"valid"`` (none) or ``"same"`` (as many as keep the size).
        dilation: step within windows, likewise.
        groups: in how many groups channels are connected.

    Returns:
        ``(N, O, H', W')`` (without N if the input has none), of the input's dtype.

    Raises:
        RuntimeError: shapes, dtypes or settings do not go together.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, False, 0, groups)


@composite(method=False)
def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The convolution (cross-correlation) of volumes; the arguments are as of `conv2d`."""
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, False, 0, groups)


@composite(method=False)
def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transposed convolution of sequences; the arguments are as of `conv_transpose2d`."""
    return _convolve(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, dilation, True, output_padding, groups
    )


@composite(method=False)
def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transposed convolution of images: what `conv2d` with these settings does to a gradient.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        weight: ``(C, O / groups, h, w)``.
        bias: ``(O,)`` or None.
        stride: step between the windows that are written, an integer or one a dimension.
        padding: how much of the result's border is cut, likewise.
        output_padding: how much longer the result is at its end, likewise.
        groups: in how many groups channels are connected.
        dilation: step within windows.

    Raises:
        RuntimeError: shapes, dtypes or settings do not go together.
    """
    return _convolve(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, dilation, True, output_padding, groups
    )


@composite(method=False)
def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transposed convolution of volumes; the arguments are as of `conv_transpose2d`."""
    return _convolve(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, dilation, True, output_padding, groups
    )


@composite(method=False)
def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """A convolution over time of ``(time, batch, channels)``.

    Args:
        input: ``(T, B, C)``.
        weight: ``(kernel, C, O)``.
        bias: ``(O,)``.
        pad: how many zeros there are at both ends.

    Returns:
        ``(T + 2 * pad - kernel + 1, B, O)``.

    Raises:
        RuntimeError: the sizes do not go together.
    """
    if input.dim() != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if weight.dim() != 3:
        raise RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    if bias.dim() != 1:
        raise RuntimeError("Bias must be 1-D")
    if input.size(2) != weight.size(1):
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if weight.size(2) != bias.size(0):
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1).contiguous()
