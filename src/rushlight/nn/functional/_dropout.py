"""Dropout, of elements and of whole channels.

The draws are those of PyTorch's CPU: a tensor of Bernoulli numbers like the input (or with size 1 in the spatial
dimensions), divided by the probability of 1.
"""

import math
import warnings
from typing import Any

import numpy as np

from ...base import wrap
from ...kernels import numpy_random
from ...ops.creation import zeros
from ...random import source_of
from ...tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

# -scale * alpha of SELU: what an element is set to when it is dropped.
_ALPHA = 1.7580993408473766


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _drop(input: Any, p: float, train: bool, inplace: bool, channels: bool = False, alpha: bool = False) -> Any:
    if p == 0 or not train or input.numel() == 0:
        return input
    if p == 1:
        nothing = zeros((), dtype=input.dtype)
        return input.mul_(nothing) if inplace else input.mul(nothing)
    if channels:
        if input.dim() < 2:
            raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
        array = np.empty((*input.shape[:2], *[1] * (input.dim() - 2)), input.dtype.numpy)
    else:
        array = np.empty_like(input._data)
    if not input._dtype.is_floating_point:
        # Made by operations, which refuse what cannot be.
        wrap(array).bernoulli_(1 - p).div_(1 - p)
    numpy_random.bernoulli(source_of(None), array, 1 - p)
    if not alpha:
        array /= 1 - p
        noise = wrap(array)
        return input.mul_(noise) if inplace else input * noise
    noise = wrap(array)
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = noise.add(-1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    noise.mul_(a)
    return input.mul_(noise).add_(shift) if inplace else (input * noise).add(shift)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero with probability `p` and scale the others by ``1 / (1 - p)``; nothing unless `training`.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return _drop(input, p, training, inplace)  # type: ignore[no-any-return]


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop elements with probability `p` such that mean 0 and variance 1 are kept.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return _drop(input, p, training, inplace, alpha=True)  # type: ignore[no-any-return]


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop whole channels (dimension 1) as `alpha_dropout` does elements.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return _drop(input, p, training, inplace, channels=True, alpha=True)  # type: ignore[no-any-return]


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    if not batched:
        input = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result: Tensor = _drop(input, p, training, inplace, channels=True)
    if not batched:
        result = result.squeeze_(0) if inplace else result.squeeze(0)
    return result


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of ``(N, C, L)`` or ``(C, L)``.

    Raises:
        ValueError: `p` is not between 0 and 1.
        RuntimeError: the input has another number of dimensions.
    """
    _check(p)
    ndim = input.dim()
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. "
            "Note that dropout1d exists to provide channel-wise dropout on inputs with 1 "
            "spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    return _drop_channels(input, p, training, inplace, batched=ndim == 3)


def _warn_dimensions(n: int, ndim: int) -> None:
    warnings.warn(
        f"dropout{n}d: Received a {ndim}-D input to dropout{n}d, which is deprecated "
        "and will result in an error in a future release. To retain the behavior "
        "and silence this warning, please use dropout instead. Note that "
        f"dropout{n}d exists to provide channel-wise dropout on inputs with {n} spatial "
        f"dimensions, a channel dimension, and an optional batch dimension (i.e. {n + 1}D or {n + 2}D inputs).",
        stacklevel=3,
    )


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels (dimension 1) of ``(N, C, H, W)``.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    ndim = input.dim()
    if ndim not in (3, 4):
        _warn_dimensions(2, ndim)
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise "
            "1D dropout behavior is desired - input is interpreted as shape (N, C, L), where C "
            "is the channel dim. This behavior will change in a future release to interpret the "
            "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _drop(input, p, training, inplace, channels=True)  # type: ignore[no-any-return]


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    ndim = input.dim()
    if ndim not in (4, 5):
        _warn_dimensions(3, ndim)
    return _drop_channels(input, p, training, inplace, batched=ndim == 5)
