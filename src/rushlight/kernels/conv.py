"""Convolution: the compiled kernels where they are ready and the work is large enough, else NumPy's.

The functions and their arguments are those of `numpy_conv`. The compiled path takes float32 and float64 with one or two
spatial dimensions; inside, images have their channels last, which costs a copy if they come in another layout.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import numpy_conv
from .dispatch import Kernel, Launch, get_threads, scratch

Ints = tuple[int, ...]

# Whether results stay channels last in memory, or are copied to be contiguous.
CHANNELS_LAST_RESULTS = False

# From how many multiplications on the compiled path is taken.
SMALLEST = 1 << 15

# Up to how many input channels a filter's rows, not its elements, are the taps (see `_convolve_rows`).
_FEW_CHANNELS = 8

_PLACE, _SUMS = Kernel("layout", "place"), Kernel("layout", "channel_sums")
_PACK, _CONVOLVE = Kernel("conv", "pack"), Kernel("conv", "convolve")
_WEIGHT, _UNPACK = Kernel("conv", "weight_gradient"), Kernel("conv", "unpack")
_DEPTHWISE, _DEPTHWISE_WEIGHT = Kernel("depthwise", "depthwise"), Kernel("depthwise", "depthwise_weight")

# Pixels that a kernel computes at once, and bytes of its widest panel of columns.
_ROWS = 6
_LINE = 64


def conv_forward(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> np.ndarray:
    """The cross-correlation of `x` with `weight`, plus `bias`; see `numpy_conv.conv_forward`."""
    dims = len(stride)
    if dims <= 2 and x.dtype is weight.dtype and (bias is None or bias.dtype is x.dtype):
        outs = numpy_conv.conv_output_shape(x.shape[2:], weight.shape[2:], stride, padding, dilation)
        if x.shape[0] * prod(outs) * weight.size > SMALLEST:
            depthwise = _is_depthwise(weight, groups)
            if runs := _ready(x.dtype, _PLACE, _PACK, _DEPTHWISE if depthwise else _CONVOLVE):
                if dims == 1:
                    x, weight = x[:, :, None], weight[:, :, None]
                    stride, padding, dilation, outs = (1, *stride), (0, *padding), (1, *dilation), (1, *outs)
                how = _forward_plan(x.shape[2:], weight.shape, outs, stride, padding, dilation)
                shape = (x.shape[0], weight.shape[0], *outs)
                y = (_depthwise if depthwise else _convolve)(runs, x, weight, bias, shape, how, groups)
                return y[:, :, 0] if dims == 1 else y
    return numpy_conv.conv_forward(x, weight, bias, stride, padding, dilation, groups)
