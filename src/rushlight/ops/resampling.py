"""Enlarging and shrinking images, and moving entries between channels and places."""

from typing import Any

import numpy as np

from .. import dtypes
from ..kernels import resampling as kernels
from ..kernels.copying import in_rows
from ..kernels.layout import like
from .arguments import explained
from .declare import Array, composite, in_formulas, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False, "out": False}

# Mode -> (number of dimensions -> PyTorch's name of the operation), the kind of its matrices.
_MODES = {
    "nearest": ({1: "UpsampleNearest1D", 2: "UpsampleNearest2D", 3: "UpsampleNearest3D"}, "nearest"),
    "nearest-exact": (
        {1: "UpsampleNearestExact1D", 2: "UpsampleNearestExact2D", 3: "UpsampleNearestExact3D"},
        "nearest-exact",
    ),
    "linear": ({1: "UpsampleLinear1D"}, "linear"),
    "bilinear": ({2: "UpsampleBilinear2D"}, "linear"),
    "trilinear": ({3: "UpsampleTrilinear3D"}, "linear"),
    "bicubic": ({2: "UpsampleBicubic2D"}, "cubic"),
    "bilinear-aa": ({2: "UpsampleBilinear2DAa"}, "linear-aa"),
    "bicubic-aa": ({2: "UpsampleBicubic2DAa"}, "cubic-aa"),
    "lanczos-aa": ({2: "UpsampleLanczos2DAa"}, "lanczos-aa"),
}


def _transposed(matrices: Any) -> Any:
    return tuple(m.T for m in matrices)


in_formulas(_transposed, _transposed, "transposed_matrices")


def _declared(name: str) -> Any:
    aten = "".join(f"_{c.lower()}" if c.isupper() and c != "D" else c.lower() for c in name).lstrip("_")

    @operation(name=f"_{aten}", aten=aten, node=f"{name}Backward0", **_HIDDEN, shows=("asked",),
               input=f"_{aten}(grad, transposed_matrices(matrices))", tangent="linear")  # fmt: skip
    def resample(input: Array, matrices: Any, asked: Any = None) -> Array:
        """Each of the last axes multiplied by its matrix; `asked` are the shape, new sizes, factors and alignment."""
        return like(kernels.resample(input, matrices), input)

    return resample


_OPERATIONS = {name: _declared(name) for names, _ in _MODES.values() for name in names.values()}


def resample(input: Any, mode: str, sizes: list[int], scales: list[float] | None, align: bool) -> Any:
    """The input with its last dimensions resampled.

    Args:
        input: ``(N, C, ...)``.
        mode: one of PyTorch's modes for as many dimensions, with ``-aa`` behind it for antialiasing.
        sizes: the new sizes.
        scales: the factors, where they and not the sizes say how far apart the entries lie.
        align: whether corners lie over each other.

    Raises:
        RuntimeError: a size is not positive.
        NotImplementedError: PyTorch has no such resampling of this dtype.
    """
    names, kind = _MODES[mode]
    old = input._shape[2:]
    if min((*sizes, *old)) <= 0:
        labels = {1: "W", 2: "HW", 3: "DHW"}[len(old)]
        shown = [", ".join(f"{a}: {n}" for a, n in zip(labels, s, strict=True)) for s in (old, sizes)]
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({shown[0]}) output ({shown[1]})"
        )
    steps = [o / n for o, n in zip(old, sizes, strict=True)] if scales is None else [1 / s for s in scales]
    wanted = input._dtype
    if mode.endswith("-aa") and tuple(sizes) != old and wanted.category >= dtypes.FLOATING and wanted.itemsize == 2:
        raise NotImplementedError(f"\"compute_index_ranges_weights\" not implemented for '{wanted.scalar_name}'")
    if wanted.category < dtypes.FLOATING and kind != "nearest" and kind != "nearest-exact":
        if wanted is not dtypes.uint8 or len(old) != 2:
            kernel = "compute_indices_weights_" + ("cubic" if kind == "cubic" else "linear")
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{wanted.scalar_name}'")
        work: np.dtype[Any] = np.dtype(np.float64)
    else:
        work = np.dtype(np.float32) if wanted in (dtypes.float16, dtypes.bfloat16) else wanted.numpy
    matrices = tuple(
        kernels.matrix(kind, n, o, step, align, work) for n, o, step in zip(sizes, old, steps, strict=True)
    )
    return _OPERATIONS[names[len(old)]](input, matrices, (input.shape, tuple(sizes), scales, align))


# ---------------------------------------------------------------------------------------------- channels and places
def _shuffled(x: Array, r: int) -> Array:
    *lead, c, h, w = x.shape
    parts = x.reshape(*lead, c // (r * r), r, r, h, w)
    n = len(lead)
    spread = parts.transpose(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return in_rows(spread).reshape(*lead, c // (r * r), h * r, w * r)


def _unshuffled(x: Array, r: int) -> Array:
    *lead, c, h, w = x.shape
    parts = x.reshape(*lead, c, h // r, r, w // r, r)
    n = len(lead)
    gathered = parts.transpose(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return like(in_rows(gathered).reshape(*lead, c * r * r, h // r, w // r), x)


def _dealt(x: Array, groups: int) -> Array:
    n, c, *rest = x.shape
    return like(in_rows(x.reshape(n, groups, c // groups, *rest).swapaxes(1, 2)).reshape(x.shape), x)


@operation(name="_pixel_shuffle", aten="pixel_shuffle", node="PixelShuffleBackward0", kernel=_shuffled, **_HIDDEN,
           input="_pixel_unshuffle(grad, factor)", tangent="linear")  # fmt: skip
def _pixel_shuffle(input: Array, factor: int) -> Array:
    """Channels spread over places."""


@operation(name="_pixel_unshuffle", aten="pixel_unshuffle", node="PixelUnshuffleBackward0", kernel=_unshuffled,
           **_HIDDEN, input="_pixel_shuffle(grad, factor)", tangent="linear")  # fmt: skip
def _pixel_unshuffle(input: Array, factor: int) -> Array:
    """Places gathered into channels."""


@operation(name="_channel_shuffle", aten="channel_shuffle", node="ChannelShuffleBackward0", kernel=_dealt, **_HIDDEN,
           input="_channel_shuffle(grad, channels_in_group(shape(input), groups))", tangent="linear")  # fmt: skip
def _channel_shuffle(input: Array, groups: int) -> Array:
    """The channels of all groups in turn."""


in_formulas(lambda shape, groups: shape[1] // groups, lambda shape, groups: shape[1] // groups, "channels_in_group")


def _need_three(name: str, input: Any) -> None:
    if len(input._shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(input._shape)} dimension(s)"
        )


@composite(method=False)
@explained
def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Spreads groups of channels over places: ``(*, C r r, H, W)`` becomes ``(*, C, H r, W r)``.

    Raises:
        RuntimeError: there are less than three dimensions, or the number of channels does not fit.
    """
    _need_three("pixel_shuffle", input)
    if upscale_factor <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    channels = input._shape[-3]
    if channels % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {upscale_factor**2}"
        )
    return _pixel_shuffle(input, upscale_factor)


@composite(method=False)
@explained
def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of `pixel_shuffle`: ``(*, C, H r, W r)`` becomes ``(*, C r r, H, W)``.

    Raises:
        RuntimeError: there are less than three dimensions, or the height or width does not fit.
    """
    _need_three("pixel_unshuffle", input)
    if downscale_factor <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}")
    for side, at in (("height", -2), ("width", -1)):
        if input._shape[at] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {side} to be divisible by downscale_factor, but input.size({at})="
                f"{input._shape[at]} is not divisible by {downscale_factor}"
            )
    return _pixel_unshuffle(input, downscale_factor)


@composite(method=False)
@explained
def channel_shuffle(input: Any, groups: int) -> Any:
    """Takes the channels of ``(N, C, *)`` from all groups in turn.

    Raises:
        RuntimeError: there are less than three dimensions, or the number of channels does not fit.
    """
    if len(input._shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input._shape)}"
        )
    channels = input._shape[1]
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    return _channel_shuffle(input, groups)


def _antialiased(mode: str) -> Any:
    def upsample(input: Any, output_size: Any, align_corners: bool, scales_h: Any = None, scales_w: Any = None) -> Any:
        if isinstance(scales_h, (list, tuple)):
            scales_h, scales_w = scales_h
        old = input._shape[2:]
        scales = [scales_h, scales_w]
        if output_size is None:
            output_size = [int(n * s) for n, s in zip(old, scales, strict=True)]
        sizes = list(output_size)
        given = [n / o if s is None else s for n, o, s in zip(sizes, old, scales, strict=True)]
        return resample(input, f"{mode}-aa", sizes, None if scales_h is scales_w is None else given, align_corners)

    upsample.__name__ = upsample.__qualname__ = f"_upsample_{mode}2d_aa"
    upsample.__doc__ = f"`torch.nn.functional.interpolate` of images, {mode} with antialiasing, by its inner name."
    return composite(method=False)(upsample)


_upsample_bilinear2d_aa = _antialiased("bilinear")
_upsample_bicubic2d_aa = _antialiased("bicubic")
_upsample_lanczos2d_aa = _antialiased("lanczos")


@composite(method=False)
def native_channel_shuffle(input: Any, groups: int) -> Any:
    """`channel_shuffle`, under the name of PyTorch's kernel."""
    return channel_shuffle(input, groups)
