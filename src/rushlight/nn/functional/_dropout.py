"""Dropout, of elements and of whole channels.

What is drawn and how is in `ops.dropout`.
"""

import warnings

from ...ops.arguments import explained
from ...ops.dropout import drop
from ...tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p != p:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero with probability `p` and scale the others by ``1 / (1 - p)``; nothing unless `training`.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return drop(input, p, training, inplace)  # type: ignore[no-any-return]


@explained
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop elements with probability `p` such that mean 0 and variance 1 are kept.

    Args:
        input: the tensor.
        p: the probability to drop.
        training: false leaves the input as it is.
        inplace: whether to change the input.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return drop(input, p, training, inplace, alpha=True)  # type: ignore[no-any-return]


@explained
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Drop whole channels (dimension 1) as `alpha_dropout` does elements.

    Args:
        input: the tensor.
        p: the probability to drop.
        training: false leaves the input as it is.
        inplace: whether to change the input.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    return drop(input, p, training, inplace, channels=True, alpha=True)  # type: ignore[no-any-return]


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    if not batched:
        input = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result: Tensor = drop(input, p, training, inplace, channels=True)
    if not batched:
        result = result.squeeze_(0) if inplace else result.squeeze(0)
    return result


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of ``(N, C, L)`` or ``(C, L)``.

    Args:
        input: the tensor.
        p: the probability to drop.
        training: false leaves the input as it is.
        inplace: whether to change the input.

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

    Args:
        input: the tensor.
        p: the probability to drop.
        training: false leaves the input as it is.
        inplace: whether to change the input.

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
    return drop(input, p, training, inplace, channels=True)  # type: ignore[no-any-return]


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Drop whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Args:
        input: the tensor.
        p: the probability to drop.
        training: false leaves the input as it is.
        inplace: whether to change the input.

    Raises:
        ValueError: `p` is not between 0 and 1.
    """
    _check(p)
    ndim = input.dim()
    if ndim not in (4, 5):
        _warn_dimensions(3, ndim)
    return _drop_channels(input, p, training, inplace, batched=ndim == 5)
