"""Initial values of parameters: each function fills a tensor in place, unrecorded, and returns it.

With the same seed the values are PyTorch's.
"""

import functools
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..autograd.grad_mode import no_grad
from ..base import wrap
from ..ops.creation import empty
from ..ops.random_inplace import fill_sparse, fill_truncated_normal
from ..random import Generator

if TYPE_CHECKING:
    from ..tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "calculate_gain",
    "uniform_",
    "normal_",
    "trunc_normal_",
    "constant_",
    "ones_",
    "zeros_",
    "eye_",
    "dirac_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "sparse_",
    # the names before PyTorch 0.4
    "uniform",
    "normal",
    "constant",
    "eye",
    "dirac",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
    "sparse",
]

_LINEAR = {"linear", "sigmoid"} | {f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before a nonlinearity are scaled to keep the variance of activations.

    Args:
        nonlinearity: its name in `nn.functional`: 1 for linear layers, convolutions and ``"sigmoid"``, 5/3 for
            ``"tanh"``, sqrt(2) for ``"relu"``, ``sqrt(2 / (1 + slope**2))`` for ``"leaky_relu"``, 3/4 for ``"selu"``.
        param: the slope of ``"leaky_relu"`` for negative numbers, 0.01 unless given.

    Raises:
        ValueError: there is no such nonlinearity, or `param` is not a number.
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _unrecorded(tensor: Any, method: str, *args: Any, **options: Any) -> Any:
    """Calls an in-place method of a tensor, outside of any graph."""
    with no_grad():
        return getattr(tensor, method)(*args, **options)


# ---------------------------------------------------------------------------------------------- one distribution
def uniform_(tensor: "Tensor", a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> "Tensor":
    """Fills a tensor with numbers of the uniform distribution on ``[a, b)``.

    Args:
        tensor: the tensor.
        a, b: the ends of the interval.
        generator: the source of the numbers; the default one if None.
    """
    return _unrecorded(tensor, "uniform_", a, b, generator=generator)  # type: ignore[no-any-return]


def normal_(tensor: "Tensor", mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> "Tensor":
    """Fills a tensor with numbers of the normal distribution of a mean and standard deviation.

    Args:
        tensor: the tensor.
        mean, std: of the distribution.
        generator: the source of the numbers; the default one if None.
    """
    return _unrecorded(tensor, "normal_", mean, std, generator=generator)  # type: ignore[no-any-return]


def trunc_normal_(
    tensor: "Tensor",
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> "Tensor":
    """Fills a tensor with numbers of the normal distribution that lie between `a` and `b`.

    Args:
        tensor: floating.
        mean, std: of the distribution before it is cut off.
        a, b: the bounds.
        generator: the source of the numbers; the default generator unless given.

    Warns:
        UserWarning: the mean is far from the bounds, where the distribution may come out wrong.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    with no_grad():
        return fill_truncated_normal(tensor, mean, std, a, b, generator)  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------------------- no distribution
def constant_(tensor: "Tensor", val: float) -> "Tensor":
    """Fills a tensor with one number.

    Args:
        tensor: the tensor.
        val: the number.
    """
    return _unrecorded(tensor, "fill_", val)  # type: ignore[no-any-return]


def ones_(tensor: "Tensor") -> "Tensor":
    """Fills a tensor with ones."""
    return _unrecorded(tensor, "fill_", 1.0)  # type: ignore[no-any-return]


def zeros_(tensor: "Tensor") -> "Tensor":
    """Fills a tensor with zeros."""
    return _unrecorded(tensor, "zero_")  # type: ignore[no-any-return]


def _replaced(tensor: "Tensor", values: np.ndarray) -> "Tensor":
    return _unrecorded(tensor, "copy_", wrap(values.astype(tensor._data.dtype)))  # type: ignore[no-any-return]


def eye_(tensor: "Tensor") -> "Tensor":
    """Makes a matrix the identity, as far as its shape allows.

    Raises:
        ValueError: the tensor does not have two dimensions.
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _replaced(tensor, np.eye(*tensor.shape))


def dirac_(tensor: "Tensor", groups: int = 1) -> "Tensor":
    """Makes the weight of a convolution hand its input on: in each group, channel i of the result is channel i.

    Args:
        tensor: of 3, 4 or 5 dimensions, the weight of a convolution over 1, 2 or 3.
        groups: the convolution's groups.

    Raises:
        ValueError: the number of dimensions is another, or the channels do not divide into the groups.
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *spatial = tensor.shape
    if outputs % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    size = outputs // groups
    values = np.zeros(tensor.shape)
    centre = tuple([n // 2 for n in spatial])
    for group in range(groups):
        for channel in range(min(size, inputs)):
            values[group * size + channel, channel, *centre] = 1
    return _replaced(tensor, values)


# ---------------------------------------------------------------------------------------------- by the layer's size
def _calculate_fan_in_and_fan_out(tensor: "Tensor") -> tuple[int, int]:
    """How many inputs an output of a layer with this weight has, and how many outputs an input reaches.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *spatial = tensor.shape
    return inputs * math.prod(spatial), outputs * math.prod(spatial)


def _draw_affine(weight: "Tensor", bias: "Tensor | None") -> None:
    """Draws the parameters of a linear map or convolution from ``U(-b, b)``, ``b = 1 / sqrt(fan_in)``."""
    kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        inputs = _calculate_fan_in_and_fan_out(weight)[0]
        bound = 1 / math.sqrt(inputs) if inputs else 0.0
        uniform_(bias, -bound, bound)


def _calculate_correct_fan(tensor: "Tensor", mode: str) -> int:
    mode = mode.lower()
    modes = ["fan_in", "fan_out"]
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode)]


def xavier_uniform_(tensor: "Tensor", gain: float = 1.0, generator: Generator | None = None) -> "Tensor":
    """Fills a weight from ``U(-a, a)`` with ``a = gain * sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010).

    Args:
        tensor: of at least two dimensions, outputs first.
        gain: a factor for the nonlinearity, see `calculate_gain`.
        generator: the source of the numbers; the default generator unless given.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    a = math.sqrt(3.0) * (gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor)))))
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor: "Tensor", gain: float = 1.0, generator: Generator | None = None) -> "Tensor":
    """Fills a weight from ``N(0, std**2)``, ``std = gain * sqrt(2 / (fan_in + fan_out))`` (Glorot and Bengio, 2010).

    The arguments are those of `xavier_uniform_`.
    """
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: "Tensor", a: float, mode: str, nonlinearity: str) -> float | None:
    """The standard deviation, or None and a warning for a tensor without elements."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: "Tensor",
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> "Tensor":
    """Fills a weight from ``U(-b, b)`` with ``b = gain * sqrt(3 / fan)`` (He and others, 2015).

    Args:
        tensor: of at least two dimensions, outputs first.
        a: the slope for negative numbers of the ``"leaky_relu"`` that follows.
        mode: ``"fan_in"`` keeps the variance in the forward pass, ``"fan_out"`` in the backward pass.
        nonlinearity: what follows the layer, see `calculate_gain`.
        generator: the source of the numbers; the default generator unless given.

    Raises:
        ValueError: the tensor has fewer than two dimensions, or `mode` or `nonlinearity` is unknown.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: "Tensor",
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> "Tensor":
    """Fills a weight from ``N(0, std**2)`` with ``std = gain / sqrt(fan)`` (He and others, 2015).

    The arguments are those of `kaiming_uniform_`.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


# ---------------------------------------------------------------------------------------------- matrices
def orthogonal_(tensor: "Tensor", gain: float = 1, generator: Generator | None = None) -> "Tensor":
    """Makes a tensor, seen as a matrix, orthogonal: its rows or its columns, whichever are fewer, are orthonormal.

    The matrix is the Q of the QR decomposition of a normal one, with signs chosen so that all orthogonal matrices are
    equally likely (Saxe and others, 2014; Mezzadri, 2007).

    Args:
        tensor: of at least two dimensions; all but the first are taken together.
        gain: a factor for the result.
        generator: the source of the numbers; the default generator unless given.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    drawn = empty(rows, columns, dtype=tensor.dtype).normal_(0, 1, generator=generator)._data
    if drawn.dtype.itemsize == 2:
        raise NotImplementedError(f"\"geqrf_cpu\" not implemented for '{tensor.dtype.scalar_name}'")
    q, r = np.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * np.sign(np.diagonal(r))
    _unrecorded(tensor, "copy_", wrap((q.T if rows < columns else q).reshape(tensor._shape)))
    return _unrecorded(tensor, "mul_", gain)  # type: ignore[no-any-return]


def sparse_(tensor: "Tensor", sparsity: float, std: float = 0.01, generator: Generator | None = None) -> "Tensor":
    """Fills a matrix with normal numbers of mean 0, and a part of each column with zeros (Martens, 2010).

    Args:
        tensor: of two dimensions.
        sparsity: the part of each column, chosen at random, that is zero.
        std: the standard deviation of the other elements.
        generator: the source of the numbers; the places of the zeros come from the default generator.

    Raises:
        ValueError: the tensor does not have two dimensions.
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return fill_sparse(tensor, math.ceil(sparsity * tensor.shape[0]), std, generator)  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------------------- former names
def _former(function: F) -> F:
    """The function under its former name, without the underscore, which warns."""
    name = function.__name__[:-1]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The former name of `{name}_`."
    return call  # type: ignore[return-value]


uniform = _former(uniform_)
normal = _former(normal_)
constant = _former(constant_)
eye = _former(eye_)
dirac = _former(dirac_)
xavier_uniform = _former(xavier_uniform_)
xavier_normal = _former(xavier_normal_)
kaiming_uniform = _former(kaiming_uniform_)
kaiming_normal = _former(kaiming_normal_)
orthogonal = _former(orthogonal_)
sparse = _former(sparse_)
