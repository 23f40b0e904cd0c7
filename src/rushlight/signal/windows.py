"""`torch.signal.windows`: windows for spectral analysis, made of operations.

Each takes the number of points, ``sym`` (whether the window is symmetric, or periodic with one point left out at its
end) and the options of every function that makes a tensor. The largest value is 1, which appears only if a point lies
in the middle.
"""

import math
from collections.abc import Iterable
from typing import Any

from .. import dtypes
from ..base import tensor_names as _operations
from ..layouts import strided

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


class _Points:
    """The points of a window: their number, and how the tensors of a window are made."""

    def __init__(self, name: str, count: int, sym: bool, options: dict[str, Any]):
        dtype, layout = options["dtype"] or dtypes.get_default_dtype(), options["layout"]
        if count < 0:
            raise ValueError(f"{name} requires non-negative window length, got M={count}")
        if layout is not strided:
            raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
        if dtype not in (dtypes.float32, dtypes.float64):
            raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
        self.count, self.options = count, {**options, "dtype": dtype}
        # The distance after which the window repeats, and the middle.
        self.period = count - 1 if sym else count
        self.center = (count if not sym and count > 1 else count - 1) / 2

    def line(self, start: float, step: float) -> Any:
        """One number for each point, at equal distances."""
        return _operations["linspace"](start, start + (self.count - 1) * step, self.count, **self.options)

    def trivial(self) -> Any:
        """The window of one point or none."""
        return _operations["ones"](self.count, **self.options)


def _options(dtype: Any, layout: Any, device: Any, requires_grad: bool) -> dict[str, Any]:
    return {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: Any = None,
    layout: Any = strided, device: Any = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """``exp(-|n - center| / tau)``.

    Args:
        M: the number of points.
        center: where the largest value is, in a periodic window; the middle unless given.
        tau: how slowly the values decay.
        sym: whether the window is symmetric.
        dtype: float32 or float64; the default dtype unless given.
        layout, device, requires_grad: as everywhere.

    Raises:
        ValueError: an argument is out of its range, or `center` is given for a symmetric window.
    """
    points = _Points("exponential", M, sym, _options(dtype, layout, device, requires_grad))
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if M == 0:
        return points.trivial()
    middle = points.center if center is None else center
    return (-points.line(-middle / tau, 1 / tau).abs()).exp()


def cosine(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """Half a sine wave, ``sin(pi (n + 1/2) / M)``; see `exponential` for the arguments."""
    points = _Points("cosine", M, sym, _options(dtype, layout, device, requires_grad))
    if M == 0:
        return points.trivial()
    step = math.pi / (M + 1 if not sym and M > 1 else M)
    return points.line(step / 2, step).sin()


def gaussian(
    M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A Gaussian bell, ``exp(-((n - center) / std) ** 2 / 2)``; see `exponential` for the arguments.

    Raises:
        ValueError: the standard deviation is not positive.
    """
    points = _Points("gaussian", M, sym, _options(dtype, layout, device, requires_grad))
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    if M == 0:
        return points.trivial()
    step = 1 / (std * math.sqrt(2))
    return (-(points.line(-points.center * step, step) ** 2)).exp()


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The Kaiser window of shape `beta`; see `exponential` for the arguments.

    Raises:
        ValueError: `beta` is negative.
    """
    points = _Points("kaiser", M, sym, _options(dtype, layout, device, requires_grad))
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    if M <= 1:
        return points.trivial()
    top = _operations["tensor"](beta, dtype=points.options["dtype"], device=device).i0()
    # Rounding must not lead beyond the ends, where the root is not real.
    place = points.line(-1, 2 / points.period).clamp(-1, 1)
    return (beta * (1 - place * place).sqrt()).i0() / top


def bartlett(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A triangle from 0 up to 1 and back; see `exponential` for the arguments."""
    points = _Points("bartlett", M, sym, _options(dtype, layout, device, requires_grad))
    if M <= 1:
        return points.trivial()
    return 1 - points.line(-1, 2 / points.period).abs()


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A sum of cosines of 0, 1, 2, ... turns with weights `a` of alternating signs; see `exponential`.

    Raises:
        TypeError: `a` is no sequence.
        ValueError: `a` is empty.
    """
    points = _Points("general_cosine", M, sym, _options(dtype, layout, device, requires_grad))
    if M <= 1:
        return points.trivial()
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    angle = points.line(0, 2 * math.pi / points.period)
    kind = {"dtype": points.options["dtype"], "device": device, "requires_grad": requires_grad}
    weights = _operations["tensor"]([-w if i % 2 else w for i, w in enumerate(a)], **kind)
    waves = _operations["arange"](len(weights), **kind).outer(angle).cos()
    return (waves * weights.reshape(-1, 1)).sum(0)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """``alpha - (1 - alpha) cos(2 pi n / (M - 1))``; see `exponential` for the arguments."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, **_options(dtype, layout, device, requires_grad))


def hamming(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The Hamming window: `general_hamming` with 0.54.

    Args:
        M: how many values.
        sym: whether the window is symmetric, for filters; otherwise periodic, for spectra.
    """
    return general_hamming(M, sym=sym, **_options(dtype, layout, device, requires_grad))


def hann(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The Hann window: `general_hamming` with 0.5.

    Args:
        M: how many values.
        sym: whether the window is symmetric, for filters; otherwise periodic, for spectra.
    """
    return general_hamming(M, alpha=0.5, sym=sym, **_options(dtype, layout, device, requires_grad))


def blackman(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The Blackman window: `general_cosine` with 0.42, 0.5 and 0.08.

    Args:
        M: how many values.
        sym: whether the window is symmetric, for filters; otherwise periodic, for spectra.
    """
    _Points("blackman", M, sym, _options(dtype, layout, device, requires_grad))
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, **_options(dtype, layout, device, requires_grad))


def nuttall(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The Nuttall window with minimal side lobes: `general_cosine` of four terms.

    Args:
        M: how many values.
        sym: whether the window is symmetric, for filters; otherwise periodic, for spectra.
    """
    return general_cosine(
        M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, **_options(dtype, layout, device, requires_grad)
    )
