"""Padding, resampling of images, and moving entries between channels and places."""

import warnings
from typing import Any

from ...ops import padding, resampling, sliding
from ...tensor import Tensor
from ._pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = [
    "channel_shuffle",
    "fold",
    "interpolate",
    "pad",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

pad = padding.pad
fold = sliding.fold
unfold = sliding.unfold
pixel_shuffle = resampling.pixel_shuffle
pixel_unshuffle = resampling.pixel_unshuffle
channel_shuffle = resampling.channel_shuffle

_DIMENSIONS = {"linear": 3, "bilinear": 4, "trilinear": 5}
_POOLS = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Enlarge or shrink images to a size, or by a factor.

    Args:
        input: ``(N, C, *)`` with one to three dimensions to resample.
        size: the new size of each of them, or of all.
        scale_factor: the factor for each of them, or for all, instead of the size.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"bicubic"``, ``"trilinear"`` or
            ``"area"``.
        align_corners: in the linear and cubic modes, whether corner entries keep their place and value.
        recompute_scale_factor: whether the factor is worked out anew from the rounded size.
        antialias: whether filters widen where the image shrinks; for bilinear and bicubic. The mode ``"lanczos"``
            needs it.

    Raises:
        ValueError: not exactly one of `size` and `scale_factor` is given, or they or the mode do not fit the input.
        NotImplementedError: the mode is not for so many dimensions.
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: "
                "linear | bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False
    spatial = list(input.shape[2:])
    sizes, scales = _targets(spatial, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if scales is not None:
        sizes = [int(n * s) for n, s in zip(spatial, scales, strict=True)]
        if mode == "area" or recompute_scale_factor:
            scales = None
    assert sizes is not None
    if antialias:
        if not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
            raise ValueError(
                "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as "
                "input"
            )
        if mode == "lanczos" and align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        return resampling.resample(input, f"{mode}-aa", sizes, scales, bool(align_corners))
    if mode == "lanczos" and input.ndim == 4:
        refused = "does not support align_corners=True" if align_corners else "requires antialias=True"
        raise ValueError(f"Lanczos mode {refused}")
    if mode == "area" and 3 <= input.ndim <= 5:
        return _POOLS[input.ndim - 3](input, sizes)
    known = resampling._MODES.get(mode)
    if known is None or len(spatial) not in known[0]:
        wanted = _DIMENSIONS.get(mode)
        if wanted is not None and 3 <= input.ndim <= 5:
            raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {wanted}D input")
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported"
            f" (got {input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | "
            f"nearest-exact (got {mode})"
        )
    return resampling.resample(input, mode, sizes, scales, bool(align_corners))


def _targets(spatial: list[int], size: Any, scale_factor: Any) -> tuple[list[int] | None, list[float] | None]:
    """The sizes or the factors, one for each dimension.

    Raises:
        ValueError: both or none are given, or not one for each dimension.
    """
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if not isinstance(size, (list, tuple)):
            return [int(size)] * len(spatial), None
        if len(size) != len(spatial):
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {spatial} and output size of {size}. Please provide input tensor in (N, C, d1, d2, "
                "...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        return [int(n) for n in size], None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not isinstance(scale_factor, (list, tuple)):
        return None, [float(scale_factor)] * len(spatial)
    if len(scale_factor) != len(spatial):
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {spatial} and scale_factor of shape {scale_factor}. Please provide input tensor in (N, C, "
            "d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return None, [float(s) for s in scale_factor]


def _warn_deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", UserWarning, stacklevel=3
    )


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """`interpolate` by its older name.

    Args:
        input, size, scale_factor, mode, align_corners: as of `interpolate`.
    """
    _warn_deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with the nearest entries."""
    _warn_deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` of images with ``align_corners=True``."""
    _warn_deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
