"""Gradients of means: every element has the same share.

In PyTorch such a gradient has memory of its own, and that of a sum is expanded. Here a large one has none either, until
a program is given it: what stands for an array of its own is writeable, and what is only expanded is not.
"""

import math
from typing import Any

import numpy as np

from .layout import dense
from .numpy_common import FEW
from .numpy_reduction import Axes, spread_over
from .numpy_views import strided


def share(grad: Any, shape: Axes) -> Any:
    """The gradient of the mean of all elements of an array of a shape, from that of the mean."""
    count = math.prod(shape)
    part = grad / count
    if count <= FEW:
        filled = np.empty(shape, part.dtype)
        filled[...] = part
        return filled
    return np.ndarray(shape, part.dtype, np.asarray(part), 0, (0,) * len(shape))


def share_over(grad: Any, shape: Axes, axes: Axes, keepdims: bool) -> Any:
    """The gradient of means over some axes, from that of the means."""
    part = np.asarray(grad / math.prod([shape[a] for a in axes]))
    seen = spread_over(part, shape, axes, keepdims)
    return seen if seen.flags.writeable else strided(part, shape, seen.strides)


def settled(a: Any) -> Any:
    """A gradient as a program is given it: with memory of its own if it stands for such an array."""
    return dense(a) if type(a) is np.ndarray and 0 in a.strides and a.flags.writeable else a
