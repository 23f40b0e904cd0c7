"""Fourier transforms of short pieces of a signal, and the signal that has given ones."""

import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..base import wrap
from .arguments import explained
from .declare import Array, composite, in_formulas, operation
from .fft import NONE, ROOT, _fft_c2c, _fft_c2r, _fft_r2c
from .padding import constant_pad_nd
from .padding import pad as padded
from .supported import refuse_complex_halves, refuse_transform


def _pieces(x: Array, size: int, step: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, size, -1)[..., ::step, :].copy()


in_formulas(_pieces, lambda x, size, step: x.unfold(-1, size, step), "pieces_of")


@operation(name="_overlap_add", node="UnfoldBackwardBackward0", aten="unfold_backward", function=False, method=False,
           out=False, tangent="linear", input="pieces_of(grad, input.shape[-1], step)")  # fmt: skip
def _overlap_add(input: Array, step: int) -> Array:
    """The sum of pieces, the rows of the input, each of which begins `step` elements after the one before."""
    count, size = input.shape[-2:]
    found = np.zeros((*input.shape[:-2], size + step * (count - 1)), input.dtype)
    for i in range(count):
        found[..., i * step : i * step + size] += input[..., i, :]
    return found


def _flag(value: bool | None) -> str:
    return "None" if value is None else str(int(value))


def _window_text(window: Any) -> str:
    if window is None:
        return "None"
    return f"torch.{window._dtype.scalar_name}Tensor{{[{', '.join(map(str, window._shape))}]}}"


def _centred(window: Any, win_length: int, n_fft: int, dtype: Any) -> Any:
    """The window, of ones if None, with zeros on either side up to `n_fft` elements; None where it changes nothing."""
    if window is None and win_length == n_fft:
        return None
    if window is None:
        window = wrap(np.ones(win_length, dtype))
    left = (n_fft - win_length) // 2
    return window if win_length == n_fft else constant_pad_nd(window, (left, n_fft - win_length - left))


@composite()
@explained
def stft(
    input: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: Any = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
    return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Any:  # fmt: skip
    """The Fourier transforms of overlapping pieces of signals.

    Args:
        input: a signal, or a batch of them.
        n_fft: the length of the pieces that are transformed.
        hop_length: how far apart they begin; a quarter of `n_fft` by default.
        win_length: the length of the window, which stands in the middle of each piece; `n_fft` by default.
        window: what each piece is multiplied by; ones by default.
        center: whether the signal is padded so that the pieces' middles, and not beginnings, are `hop_length` apart.
        pad_mode: how it is padded.
        normalized: whether the transforms are divided by the root of `n_fft`.
        onesided: whether only frequencies that are not negative are returned; so for real signals by default.
        return_complex: False for a last dimension of real and imaginary parts.
        align_to_window: without `center`, whether the windows and not the pieces begin where the signal does.

    Returns:
        Complex numbers by frequency and piece, after the batch's dimension.

    Raises:
        RuntimeError: the arguments do not fit.
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if center:
        dims = len(input._shape)
        pad = n_fft // 2
        widened = input.view([1] * (3 - dims) + list(input._shape))
        input = padded(widened, [pad, pad], pad_mode)
        input = input.view(input._shape[-dims:])
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied,which is known to cause spectral leakage. "
            "Other windows such as torch.hann_window or torch.hamming_window are recommended to reduce spectral "
            "leakage.To suppress this warning and use a rectangular window, explicitly set "
            "`window=torch.ones(n_fft, device=<device>)`.",
            UserWarning,
            stacklevel=2,
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    called = (
        f"stft(torch.{input._dtype.scalar_name}Tensor{list(input._shape)}, n_fft={n_fft}, hop_length={hop}, "
        f"win_length={length}, window={_window_text(window)}, normalized={int(normalized)}, "
        f"onesided={_flag(onesided)}, return_complex={_flag(return_complex)}, "
        f"align_to_window={_flag(align_to_window)}) "
    )
    has_complex = input._dtype.is_complex or (window is not None and window._dtype.is_complex)
    if return_complex is None and not has_complex:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    if return_complex is False:
        warnings.warn(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex "
            "tensors for all inputs, and return_complex=False will raise an error.\nNote: you can still call "
            "torch.view_as_real on the complex output to recover the old return format.",
            UserWarning,
            stacklevel=2,
        )
    if input._dtype.category < dtypes.FLOATING:
        raise RuntimeError(f"{called}: expected a tensor of floating point or complex values")
    refuse_complex_halves("reflection_pad1d", input)
    if len(input._shape) not in (1, 2):
        raise RuntimeError(f"{called}: expected a 1D or 2D tensor")
    signals = input.unsqueeze(0) if len(input._shape) == 1 else input
    points = signals._shape[1]
    if not 0 < n_fft <= points:
        raise RuntimeError(f"{called}: expected 0 < n_fft < {points}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{called}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"{called}: expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and window._shape != (length,):
        raise RuntimeError(
            f"{called}: expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window._shape)}"
        )
    if has_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not center and align_to_window:
        signals = constant_pad_nd(signals, ((n_fft - length) // 2, (n_fft - length) // 2))
    pieces = signals.unfold(-1, n_fft, hop)
    factors = _centred(window, length, n_fft, input._data.dtype)
    if factors is not None:
        pieces = pieces * factors
    scaling = ROOT if normalized else NONE
    onesided = not has_complex if onesided is None else onesided
    if has_complex:
        found = _fft_c2c(pieces, (2,), scaling, True)
    else:
        found = _fft_r2c(pieces, (2,), scaling, bool(onesided))
    found.transpose_(1, 2)
    if len(input._shape) == 1:
        found.squeeze_(0)
    return found if return_complex or return_complex is None else found.view_as_real()


@composite()
def istft(
    input: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
    return_complex: bool = False,
) -> Any:  # fmt: skip
    """The signal whose overlapping pieces have these Fourier transforms, in the least squares; the inverse of `stft`.

    Args:
        input: what `stft` returned.
        n_fft, hop_length, win_length, window, center, normalized, onesided: as for `stft`.
        length: how many points the signal shall have.
        return_complex: whether the signal is complex.

    Raises:
        RuntimeError: the arguments do not fit, or the windows leave points that no piece covers.

    Source: Griffin and Lim, https://doi.org/10.1109/TASSP.1984.1164317
    """
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied.Please provide the same window used by "
            "stft to make the inversion lossless.To suppress this warning and use a rectangular window, explicitly set "
            "`window=torch.ones(n_fft, device=<device>)`.",
            UserWarning,
            stacklevel=2,
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    called = (
        f"istft(CPU{input._dtype.scalar_name}Type{list(input._shape)}, n_fft={n_fft}, hop_length={hop}, "
        f"win_length={width}, window={_window_text(window)}, center={int(center)}, normalized={int(normalized)}, "
        f"onesided={_flag(onesided)}, length={length}, return_complex={int(return_complex)}) "
    )
    if not input._dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    refuse_transform(input._dtype)
    if not input._data.size:
        raise RuntimeError(f"{called}: input tensor cannot be empty.")
    dims = len(input._shape)
    if dims not in (2, 3):
        raise RuntimeError(f"{called}: expected a tensor with 3 or 4 dimensions, but got {dims + 1}")
    frequencies, count = input._shape[-2:]
    onesided = frequencies != n_fft if onesided is None else onesided
    expected = n_fft // 2 + 1 if onesided else n_fft
    if frequencies != expected:
        size = "n_fft / 2 + 1" if onesided else "n_fft"
        raise RuntimeError(
            f"{called}: expected the frequency dimension (3rd to the last) of the input tensor to match {size} when "
            f"onesided={onesided}, but got {frequencies}"
        )
    if not 0 < hop <= width:
        raise RuntimeError(f"{called}: expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise RuntimeError(f"{called}: expected 0 < win_length <= n_fft")
    if window is not None and window._shape != (width,):
        raise RuntimeError(f"{called}: Invalid window shape. window has to be 1D and length of `win_length`")
    if return_complex and onesided:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if not return_complex and window is not None and window._dtype.is_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    factors = _centred(window, width, n_fft, input._data.real.dtype)
    if factors is None:
        factors = wrap(np.ones(n_fft, input._data.real.dtype))
    spectra = (input.unsqueeze(0) if dims == 2 else input).transpose(1, 2)
    scaling = ROOT if normalized else 2
    if return_complex:
        pieces = _fft_c2c(spectra, (2,), scaling, False)
    else:
        half = spectra if onesided else spectra.narrow(2, 0, n_fft // 2 + 1)
        pieces = _fft_c2r(half, (2,), scaling, n_fft)
    signal = _overlap_add(pieces * factors, hop)
    weight = _overlap_add(factors.square().expand(1, count, n_fft), hop)
    points = n_fft + hop * (count - 1)
    begin = n_fft // 2 if center else 0
    end = begin + length if length is not None else points - begin
    taken = max(min(end, points) - begin, 0)
    signal, weight = signal.narrow(1, begin, taken), weight.narrow(1, begin, taken)
    least = weight.detach().abs().min()
    if not float(least) > 1e-11:
        raise RuntimeError(f"{called}window overlap add min: 1\n[ CPUBoolType{{}} ]")
    signal = signal / weight
    if dims == 2:
        signal = signal.squeeze(0)
    if end > points:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.",
            UserWarning,
            stacklevel=2,
        )
        signal = constant_pad_nd(signal, (0, end - points))
    return signal
