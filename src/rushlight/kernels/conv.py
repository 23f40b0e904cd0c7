"""Convolution: the compiled kernels where they are ready and the work is large enough, else NumPy's.

The functions and their arguments are those of `numpy_conv`. The compiled path takes float32 and float64; inside, images
have their channels last, which costs a copy if they come in another layout. Signals are images of one row, and volumes
are images whose filters look at several (`conv_volumes`), or are taken plane by plane (`conv_planes`).
"""

from math import prod

import numpy as np

from . import conv_deep, conv_direct, conv_planes, conv_taps, conv_volumes, numpy_conv, winograd
from .conv_common import PACK, PLACE, Ints
from .dispatch import Kernel, Launch, ready
from .layout import is_channels_last, ordered

# From how many multiplications on the compiled path is taken.
SMALLEST = 1 << 15

# From how many elements on volumes are.
SMALLEST_VOLUMES = 1 << 14

_SUMS, _CONVOLVE = Kernel("layout", "channel_sums"), Kernel("conv", "convolve")
_WEIGHT, _UNPACK = Kernel("conv", "weight_gradient"), Kernel("conv", "unpack")
_DEPTHWISE, _DEPTHWISE_WEIGHT = Kernel("depthwise", "depthwise"), Kernel("depthwise", "depthwise_weight")


def conv_forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The cross-correlation of `x` with `weight`, plus `bias`; see `numpy_conv.conv_forward`."""
    dims = len(stride)
    if dims <= 2 and x.dtype is weight.dtype and (bias is None or bias.dtype is x.dtype):
        outs = numpy_conv.conv_output_shape(x.shape[2:], weight.shape[2:], stride, padding, dilation)
        if x.shape[0] * prod(outs) * weight.size > SMALLEST:
            depthwise = _is_depthwise(weight, groups)
            if runs := ready((PLACE, PACK, _DEPTHWISE if depthwise else _CONVOLVE), x.dtype):
                if dims == 1:
                    x, weight = x[:, :, None], weight[:, :, None]
                    stride, padding, dilation, outs = (1, *stride), (0, *padding), (1, *dilation), (1, *outs)
                y = _specially(x, weight, bias, outs, stride, padding, dilation, groups, False)
                if y is None:
                    how = conv_direct.forward_plan(x.shape[2:], weight.shape, outs, stride, padding, dilation)
                    shape = (x.shape[0], weight.shape[0], *outs)
                    compute = conv_direct.depthwise if depthwise else conv_direct.convolve
                    y = compute(runs, x, weight, bias, shape, how, groups)
                if dims == 1:
                    return y[:, :, 0]
                # Channels-last images or filters of the program's give results that are so to the program, too.
                shown = is_channels_last(x) or is_channels_last(weight)
                return y.view(np.ndarray) if shown else y
    elif dims == 3 and (runs := _for_volumes(x, weight, (PLACE, PACK), _is_depthwise(weight, groups))):
        outs = numpy_conv.conv_output_shape(x.shape[2:], weight.shape[2:], stride, padding, dilation)
        options = stride, padding, dilation, groups
        if _by_planes(x, weight.shape, outs, *options):
            return conv_planes.forward(conv_forward, runs[0], x, weight, bias, outs, *options)
        return conv_volumes.forward(runs, x, weight, bias, outs, *options)
    y = numpy_conv.conv_forward(x, weight, bias, stride, padding, dilation, groups)
    return ordered(y, True) if dims == 2 and (is_channels_last(x) or is_channels_last(weight)) else y


def conv_grad_input(
    g: np.ndarray, weight: np.ndarray, input_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its input; see `numpy_conv.conv_grad_input`."""
    dims = len(stride)
    if dims <= 2 and g.dtype is weight.dtype and g.shape[0] * prod(g.shape[2:]) * weight.size > SMALLEST:
        depthwise = _is_depthwise(weight, groups)
        if runs := ready((PLACE, PACK, _DEPTHWISE if depthwise else _CONVOLVE), g.dtype):
            if dims == 1:
                g, weight = g[:, :, None], weight[:, :, None]
                input_shape = (*input_shape[:2], 1, *input_shape[2:])
                stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
            y = _specially(g, weight, None, input_shape[2:], stride, padding, dilation, groups, True)
            if y is None:
                how = conv_direct.backward_plan(g.shape[2:], weight.shape, input_shape[2:], stride, padding, dilation)
                compute = conv_direct.depthwise if depthwise else conv_direct.convolve
                y = compute(runs, g, weight, None, input_shape, how, groups)
            return y[:, :, 0] if dims == 1 else y
    elif dims == 3 and (runs := _for_volumes(g, weight, (PLACE, PACK), _is_depthwise(weight, groups))):
        options = stride, padding, dilation, groups
        if _by_planes(g, weight.shape, input_shape[2:], *options):
            return conv_planes.grad_input(conv_grad_input, runs[0], g, weight, input_shape, *options)
        return conv_volumes.grad_input(runs, g, weight, input_shape, *options)
    return numpy_conv.conv_grad_input(g, weight, input_shape, stride, padding, dilation, groups)


def conv_grad_weight(
    g: np.ndarray, x: np.ndarray, weight_shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The gradient of a convolution with respect to its weight; see `numpy_conv.conv_grad_weight`."""
    dims = len(stride)
    if dims <= 2 and g.dtype is x.dtype and g.shape[0] * prod(g.shape[2:]) * prod(weight_shape) > SMALLEST:
        depthwise = groups == weight_shape[0] and weight_shape[1] == 1
        if runs := ready((PLACE, _DEPTHWISE_WEIGHT) if depthwise else (PLACE, _WEIGHT, _UNPACK), g.dtype):
            shape = weight_shape
            if dims == 1:
                g, x, shape = g[:, :, None], x[:, :, None], (*weight_shape[:2], 1, *weight_shape[2:])
                stride, padding, dilation = (1, *stride), (0, *padding), (1, *dilation)
            # Where the program's channels are last, PyTorch sums few pixels more accurately than Winograd's algorithm.
            long = g.shape[0] * prod(g.shape[2:]) >= winograd.ACCURATE
            quick = groups == 1 and (long or not is_channels_last(x))
            if quick and winograd.suits(
                g.shape[0], shape[:2], shape[2:], g.shape[2:], stride, padding, dilation, g.itemsize, weight=True
            ):
                found = winograd.weight_gradient(g, x, shape, padding)
                if found is not None:
                    return found
            if groups == 1 and (found := conv_taps.weight_gradient(g, x, shape, stride, padding, dilation)) is not None:
                return found.reshape(weight_shape)
            compute = conv_direct.depthwise_weight if depthwise else conv_direct.weight_gradient
            found = compute(runs, g, x, shape, stride, padding, dilation, groups)
            return found if found.shape == weight_shape else found.reshape(weight_shape)
    elif dims == 3 and g.dtype is x.dtype and g.size >= max(1, SMALLEST_VOLUMES) and x.size:
        depthwise = groups == weight_shape[0] and weight_shape[1] == 1
        options = stride, padding, dilation, groups
        if runs := ready((PLACE, _DEPTHWISE_WEIGHT) if depthwise else (PLACE, _WEIGHT, _UNPACK), g.dtype):
            if _by_planes(g, weight_shape, g.shape[2:], *options, weight=True):
                return conv_planes.grad_weight(conv_grad_weight, runs[0], g, x, weight_shape, *options)
            return conv_volumes.grad_weight(runs, g, x, weight_shape, *options)
    return numpy_conv.conv_grad_weight(g, x, weight_shape, stride, padding, dilation, groups)


def conv_grad_bias(g: np.ndarray) -> np.ndarray:
    """The gradient of a convolution by its bias: the sum of `g`, `(N, O, *out)`, over all but the channels."""
    last = np.asarray(g).transpose(0, *range(2, g.ndim), 1)
    if g.size > SMALLEST and last.flags.c_contiguous and (run := _SUMS.get(g.dtype)):
        columns = g.shape[1]
        rows = g.size // columns
        parts = -(-rows // 256)
        sums = np.empty((parts, columns), g.dtype)
        run(parts, 1, last, sums, rows, columns, 256)
        return np.add.reduce(sums, axis=0)
    return numpy_conv.conv_grad_bias(g)


def _for_volumes(
    a: np.ndarray, weight: np.ndarray, kernels: tuple[Kernel, ...], depthwise: bool
) -> list[Launch] | None:  # fmt: skip
    """The kernels for volumes `a`, if these are large enough."""
    if a.dtype is not weight.dtype or a.size < max(1, SMALLEST_VOLUMES) or not weight.size:
        return None
    return ready((*kernels, _DEPTHWISE if depthwise else _CONVOLVE), a.dtype)


def _by_planes(
    a: np.ndarray, filters: Ints, outs: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int,
    weight: bool = False,
) -> bool:  # fmt: skip
    """Whether planes of volumes are convolved more quickly one by one, which is so where Winograd's algorithm suits."""
    return groups == 1 and winograd.suits(
        a.shape[0] * outs[0], filters[:2], filters[3:], outs[1:], stride[1:], padding[1:], dilation[1:], a.itemsize,
        weight,
    )  # fmt: skip


def _specially(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, outs: Ints, stride: Ints, padding: Ints, dilation: Ints,
    groups: int, backward: bool,
) -> np.ndarray | None:  # fmt: skip
    """The forward or the gradient of the input by `winograd` or `conv_deep`, or None if neither suits."""
    if groups > 1:
        return None
    if winograd.suits(x.shape[0], weight.shape[:2], weight.shape[2:], outs, stride, padding, dilation, x.itemsize):
        around = (2 - padding[0], 2 - padding[1]) if backward else padding
        return winograd.convolve(x, weight, bias, outs, around, backward)
    return conv_deep.convolve(x, weight, bias, outs, stride, padding, dilation, backward)


def _is_depthwise(weight: np.ndarray, groups: int) -> bool:
    return groups == weight.shape[0] and weight.shape[1] == 1
