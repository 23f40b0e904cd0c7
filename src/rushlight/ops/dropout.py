"""Dropout, of elements and of whole channels.

The draws are those of PyTorch's CPU: a tensor of Bernoulli numbers like the input (or with size 1 in the spatial
dimensions), divided by the probability of 1.
"""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import wrap
from ..kernels import numpy_random
from ..kernels.layout import empty_as
from ..random import source_of
from .creation import empty_like, ones_like, zeros
from .declare import Array, composite, in_formulas, operation
from .dimensions import need_tensor
from .memory_layout import laid_as_operands, product_in_order

# -scale * alpha of SELU: what an element is set to when it is dropped.
_ALPHA = 1.7580993408473766


def drop(input: Any, p: float, train: bool, inplace: bool, channels: bool = False, alpha: bool = False) -> Any:
    """Drops elements, or whole channels (dimension 1), and scales the others so that their mean is kept.

    Args:
        input: the tensor.
        p: the probability of dropping.
        train: whether to do anything.
        inplace: whether the result takes the input's place.
        channels: whether whole channels are dropped.
        alpha: whether dropped elements become such that mean 0 and variance 1 are kept.

    Raises:
        RuntimeError: channels are to be dropped of fewer than two dimensions, or the probability is none.
    """
    if train is not True and train is not False:
        name = f"{'feature_' * channels}{'alpha_' * alpha}dropout{'_' * inplace}"
        raise TypeError(f"{name}(): argument 'train' (position 3) must be bool, not {type(train).__name__}")
    if p == 0 or not train or not hasattr(input, "_data") or input._data.size == 0:
        if not hasattr(input, "_data"):
            need_tensor(f"{'feature_' * channels}{'alpha_' * alpha}dropout{'_' * inplace}", input)
        return input
    if p == 1:
        nothing = zeros((), dtype=input.dtype)
        return input.mul_(nothing) if inplace else input.mul(nothing)
    if channels:
        if input.dim() < 2:
            raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
        array = np.empty((*input.shape[:2], *[1] * (input.dim() - 2)), input.dtype.numpy)
    else:
        array = empty_as(input._data, input._data.dtype)
    if not input._dtype.is_floating_point:
        # Made by operations, which refuse what cannot be.
        wrap(array).bernoulli_(1 - p).div_(1 - p)
    numpy_random.bernoulli(source_of(None), array, 1 - p)
    if not alpha:
        array /= 1 - p
        noise = wrap(array)
        return input.mul_(noise) if inplace else product_in_order(input, noise)
    noise = wrap(array)
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = noise.add(-1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    noise.mul_(a)
    if inplace:
        return input.mul_(noise).add_(shift)
    scaled = product_in_order(input, noise)
    return laid_as_operands(scaled.add(shift), scaled, shift)


def _check(p: float) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")


def _declared(name: str, channels: bool, alpha: bool) -> tuple[Any, Any]:
    """The function of this name, and its in-place form."""

    def dropped(input: Any, p: float, train: bool) -> Any:
        _check(p)
        return drop(input, p, train, False, channels, alpha)

    def dropped_(input: Any, p: float, train: bool) -> Any:
        _check(p)
        return drop(input, p, train, True, channels, alpha)

    what = "channels" if channels else "elements"
    for function, form in ((dropped, name), (dropped_, f"{name}_")):
        function.__name__ = function.__qualname__ = form
        function.__doc__ = f"Drops {what} with probability `p` if `train`; see `torch.nn.functional.{name}`."
        composite(method=False)(function)
    return dropped, dropped_


dropout, dropout_ = _declared("dropout", False, False)
alpha_dropout, alpha_dropout_ = _declared("alpha_dropout", False, True)
feature_dropout, feature_dropout_ = _declared("feature_dropout", True, False)
feature_alpha_dropout, feature_alpha_dropout_ = _declared("feature_alpha_dropout", True, True)


def _where_kept(x: Array, mask: Array, scale: float) -> Array:
    return np.asarray(x * mask * np.asarray(scale, x.dtype)).astype(x.dtype, copy=False)


in_formulas(_where_kept, lambda grad, mask, scale: grad * (mask * scale), "where_kept")


@operation(node="NativeDropoutBackward0", aten="native_dropout", function=False, method=False, out=False,
           input="where_kept(grad, mask, scale)", tangent="input_t * (mask * scale)")  # fmt: skip
def _native_dropout(input: Array, mask: Array, scale: float) -> Array:
    """The elements where `mask` is true, scaled."""
    return _where_kept(input, mask, scale)


@composite(method=False)
def native_dropout(input: Any, p: float, train: bool | None) -> Any:
    """Drops elements with probability `p`, unless `train` is False; also returns which are kept.

    Raises:
        RuntimeError: `p` is no probability, or the numbers are whole.
    """
    if not input.numel():
        mask = empty_like(input.detach())
        return (input if input._node is None else _native_dropout(input, mask, 1)), mask
    if train is False:
        mask = ones_like(input, dtype=dtypes.bool)
        return (input.clone() if input._node is None else _native_dropout(input, mask, 1)), mask
    mask = empty_like(input, dtype=dtypes.bool).bernoulli_(1 - p)
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError(f"result type Float can't be cast to the desired output type {input._dtype.scalar_name}")
    return _native_dropout(input, mask, 0.0 if p == 1 else 1 / (1 - p)), mask
