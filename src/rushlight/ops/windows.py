"""Windows for spectral analysis: `torch.hann_window` and its relatives; see signal/windows.py for `torch.signal`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import numpy_windows as kernels
from .creation_arguments import chosen
from .data import finish
from .declare import Array, composite
from .signatures import Mismatch, fitted, forms

_OPTIONS = (
    "*, torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, "
    "bool requires_grad = False"
)
_LENGTH = ("int window_length", "int window_length, bool periodic")


def _forms(*more: str) -> tuple[str, ...]:
    """The forms of a window's function: its length, whether it is periodic, then its shape."""
    return tuple([f"{form}, {_OPTIONS}" for form in (*_LENGTH, *(f"{_LENGTH[1]}, {m}" for m in more))])


def _window(
    name: str, options: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any],
    kernel: Callable[..., Array], **shape: float,
) -> Any:  # fmt: skip
    """The tensor of a window, of arguments that are checked first.

    Args:
        name: the function's name.
        options: its forms.
        args, kwargs: what it was given.
        kernel: computes the window of a number of points and a period.
        shape: the defaults of the further parameters.

    Raises:
        Mismatch: the arguments are of another form.
        RuntimeError: the length is negative, or the dtype not of floating-point numbers.
    """
    if len(args) > 1 and not isinstance(args[1], bool):
        raise Mismatch
    if len(args) == 1 and type(args[0]) is int and not kwargs:
        ordered, named = [args[0]], kwargs
    else:
        ordered, named = fitted(options, args, kwargs)
    length, periodic = ordered[0], ordered[1] if len(ordered) > 1 else True
    if named:
        dtype = chosen(name, named.get("dtype"), named.get("device"), named.get("pin_memory", False), dtypes._default)
    else:
        dtype = chosen(name, None, None, False, dtypes._default)
    if dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={dtype.c_name}, device=cpu, "
            "layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if dtype.category == dtypes.COMPLEX:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtype.scalar_name}'")
    if len(ordered) > 2:
        shape |= zip(shape, ordered[2:])
    values = np.ones(length) if length <= 1 else kernel(length, length if periodic else length - 1, **shape)
    return finish(values.astype(dtype.numpy), dtype, named.get("requires_grad", False))


def _cosines(count: int, period: int, alpha: float, beta: float) -> Array:
    return kernels.cosines(count, period, (alpha, beta))


_HANN, _HAMMING, _KAISER = _forms(), _forms("float alpha", "float alpha, float beta"), _forms("float beta")


@composite(method=False)
@forms(*_HANN)
def hann_window(*args: Any, **kwargs: Any) -> Any:
    """The Hann window, ``sin(pi k / n) ** 2``.

    Args:
        args: the number of points, and whether the window is periodic (True unless given) or symmetric.
        kwargs: the same by name (``window_length``, ``periodic``); ``dtype``, ``layout``, ``device``, ``pin_memory``
            and ``requires_grad``.

    Raises:
        RuntimeError: the number is negative, or the dtype not floating.
    """
    return _window("hann_window", _HANN, args, kwargs, _cosines, alpha=0.5, beta=0.5)


@composite(method=False)
@forms(*_HAMMING)
def hamming_window(*args: Any, **kwargs: Any) -> Any:
    """The Hamming window, ``alpha - beta * cos(2 pi k / n)``, by default with 0.54 and 0.46; see `hann_window`."""
    return _window("hamming_window", _HAMMING, args, kwargs, _cosines, alpha=0.54, beta=0.46)


@composite(method=False)
@forms(*_HANN)
def bartlett_window(*args: Any, **kwargs: Any) -> Any:
    """The Bartlett window, a triangle; see `hann_window`."""
    return _window("bartlett_window", _HANN, args, kwargs, kernels.bartlett)


@composite(method=False)
@forms(*_HANN)
def blackman_window(*args: Any, **kwargs: Any) -> Any:
    """The Blackman window, ``0.42 - 0.5 cos(2 pi k / n) + 0.08 cos(4 pi k / n)``; see `hann_window`."""
    return _window("blackman_window", _HANN, args, kwargs,
                   lambda count, period: kernels.cosines(count, period, (0.42, 0.5, 0.08)))  # fmt: skip


@composite(method=False)
@forms(*_KAISER)
def kaiser_window(*args: Any, **kwargs: Any) -> Any:
    """The Kaiser window of shape ``beta``, by default 12; see `hann_window`."""
    return _window("kaiser_window", _KAISER, args, kwargs, kernels.kaiser, beta=12.0)
