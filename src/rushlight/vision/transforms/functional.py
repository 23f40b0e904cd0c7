"""The functions behind the transforms, on PIL images and on tensors `(..., C, H, W)`."""

from enum import Enum
from typing import Any

import numpy as np

from ...tensor import Tensor

_MISSING = 'This needs Pillow; install it with: pip install "rushlight[vision]"'


class InterpolationMode(Enum):
    """How pixels between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


def pillow() -> Any:
    """Pillow's `Image` module.

    Raises:
        ImportError: it is not installed; the text says how to.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(_MISSING) from None
    return Image


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    return [img.shape[-1], img.shape[-2]] if isinstance(img, Tensor) else list(img.size)


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    if isinstance(img, Tensor):
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def _image_array(pic: Any) -> np.ndarray:
    """A PIL image as `(C, H, W)`."""
    kinds: dict[str, Any] = {"1": np.bool_, "I": np.int32, "I;16": np.int16, "F": np.float32}
    array: np.ndarray = np.array(pic, kinds.get(pic.mode, np.uint8), copy=True)
    return np.ascontiguousarray(array.reshape(pic.size[1], pic.size[0], len(pic.getbands())).transpose(2, 0, 1))


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor `(C, H, W)` of its own dtype.

    Raises:
        TypeError: it is not a PIL image.
    """
    from ... import from_numpy

    if not isinstance(pic, pillow().Image):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return from_numpy(_image_array(pic))


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array `(H, W, C)` as a tensor `(C, H, W)`; bytes become numbers from 0 to 1.

    Raises:
        TypeError: it is neither.
        ValueError: the array has not two or three dimensions.
    """
    from ... import from_numpy, get_default_dtype

    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic[:, :, None] if pic.ndim == 2 else pic
        array = np.ascontiguousarray(array.transpose(2, 0, 1))
    elif hasattr(pic, "getbands"):
        array = _image_array(pic)
        array = array.astype(np.uint8) * 255 if pic.mode == "1" else array
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    tensor = from_numpy(array)
    return tensor.to(get_default_dtype()).div(255) if array.dtype == np.uint8 else tensor


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor `(C, H, W)` or an array `(H, W, C)` as a PIL image; floating numbers are taken to be from 0 to 1.

    Raises:
        TypeError: it is neither.
        ValueError: it has too many dimensions or channels.
    """
    if isinstance(pic, Tensor):
        array = pic.detach().numpy()
        array = array[None] if array.ndim == 2 else array
        if array.dtype.kind == "f" and mode != "F":
            array = (array * 255).astype(np.uint8)
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(pic, np.ndarray):
        array = pic[:, :, None] if pic.ndim == 2 else pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim != 3:
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    if array.shape[2] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {array.shape[2]} channels.")
    array = array[:, :, 0] if array.shape[2] == 1 else array
    image = pillow().fromarray(np.ascontiguousarray(array))
    return image if mode is None or mode == image.mode else image.convert(mode)


def convert_image_dtype(image: Any, dtype: Any = None) -> Tensor:
    """The image in another dtype, its values mapped from the range of one to that of the other (0 to 1 for floats).

    Raises:
        RuntimeError: the image's floats cannot tell the new dtype's integers apart.
    """
    import rushlight as torch

    dtype = torch.float32 if dtype is None else dtype
    old = image.dtype
    if old == dtype:
        return image
    if old.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        if dtype is torch.int64 or (dtype is torch.int32 and old is torch.float32):
            # The floats have too few digits to tell the integers apart.
            raise RuntimeError(f"The cast from {old} to {dtype} cannot be performed safely.")
        return image.mul(torch.iinfo(dtype).max + 1.0 - 1e-3).to(dtype)
    top = torch.iinfo(old).max
    if dtype.is_floating_point:
        return image.to(dtype) / top
    new = torch.iinfo(dtype).max
    if top > new:
        return torch.div(image, (top + 1) // (new + 1), rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((new + 1) // (top + 1))


def normalize(tensor: Tensor, mean: list[float], std: list[float], inplace: bool = False) -> Tensor:
    """`(tensor - mean) / std` for each channel of `(..., C, H, W)`.

    Raises:
        TypeError: it is not a tensor of floating-point numbers.
        ValueError: it has too few dimensions, or a `std` is zero.
    """
    from ... import as_tensor

    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.size()}"
        )
    means, deviations = (as_tensor(v, dtype=tensor.dtype, device=tensor.device) for v in (mean, std))
    if (deviations == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    if means.ndim == 1:
        means = means.view(-1, 1, 1)
    if deviations.ndim == 1:
        deviations = deviations.view(-1, 1, 1)
    result = tensor if inplace else tensor.clone()
    return result.sub_(means).div_(deviations)


def resize(
    img: Any,
    size: int | list[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """The image in another size; with one number, that is the smaller edge's and the shape stays.

    Args:
        img: a PIL image, or a tensor `(..., C, H, W)` (which is resized by Pillow, channel by channel).
        size: `(height, width)` or the smaller edge.
        interpolation: how pixels between pixels are found.
        max_size: the larger edge is at most this long.
        antialias: whether pixels are averaged where the image becomes smaller; always so for PIL images.

    Raises:
        ValueError: `max_size` does not go with `size`.
        NotImplementedError: a tensor without antialiasing.
    """
    width, height = get_image_size(img)
    sizes = [size] if isinstance(size, int) else list(size)
    if max_size is not None and len(sizes) != 1:
        raise ValueError(
            "max_size should only be passed if size specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    if len(sizes) == 1:
        short, long = sorted((width, height))
        new_short, new_long = sizes[0], int(sizes[0] * long / short)
        if max_size is not None:
            if max_size <= sizes[0]:
                raise ValueError(
                    f"max_size = {max_size} must be strictly greater than the requested "
                    f"size for the smaller edge size = {size}"
                )
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
        sizes = [new_long, new_short] if width <= height else [new_short, new_long]
    if [height, width] == sizes:
        return img
    image = pillow()
    method = getattr(image.Resampling, interpolation.name.partition("_")[0])
    if not isinstance(img, Tensor):
        return img.resize((sizes[1], sizes[0]), method)
    smooth = interpolation not in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT)
    if smooth and not antialias:
        raise NotImplementedError("resize of a tensor without antialiasing: use torch.nn.functional.interpolate")
    from ... import from_numpy

    planes = img.detach().numpy()
    wide = planes.reshape(-1, height, width).astype(np.float32)
    done = np.stack([np.asarray(image.fromarray(p).resize((sizes[1], sizes[0]), method)) for p in wide])
    if planes.dtype.kind in "iu":
        done = np.clip(np.rint(done), np.iinfo(planes.dtype).min, np.iinfo(planes.dtype).max)
    return from_numpy(done.astype(planes.dtype).reshape(*planes.shape[:-2], *sizes))


def pad(img: Any, padding: int | list[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """The image with a border: `padding` is one width, `[left/right, top/bottom]` or `[left, top, right, bottom]`.

    Args:
        img: a PIL image or a tensor `(..., C, H, W)`.
        padding: widths.
        fill: the border's value.
        padding_mode: "constant", "edge", "reflect" or "symmetric".
    """
    widths = [padding] if isinstance(padding, int) else list(padding)
    left, top, right, bottom = {1: widths * 4, 2: widths * 2, 4: widths}[len(widths)]
    if not isinstance(img, Tensor):
        if padding_mode == "constant":
            pillow()
            from PIL import ImageOps

            bands = len(img.getbands())
            fill = (fill,) * bands if isinstance(fill, (int, float)) and bands > 1 else fill

            return ImageOps.expand(img, border=(left, top, right, bottom), fill=fill)
        array = np.asarray(img)
        around = [(top, bottom), (left, right), *[(0, 0)] * (array.ndim - 2)]
        return pillow().fromarray(np.pad(array, around, padding_mode))  # type: ignore[call-overload]
    from ... import from_numpy

    array = img.detach().numpy()
    around = [*[(0, 0)] * (array.ndim - 2), (top, bottom), (left, right)]
    options = {"constant_values": fill} if padding_mode == "constant" else {}
    return from_numpy(np.pad(array, around, padding_mode, **options))  # type: ignore[call-overload]


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of the image; what lies outside of it is zero."""
    if not isinstance(img, Tensor):
        return img.crop((left, top, left + width, top + height))
    h, w = img.shape[-2:]
    if left < 0 or top < 0 or left + width > w or top + height > h:
        borders = [max(-left, 0), max(-top, 0), max(left + width - w, 0), max(top + height - h, 0)]
        inside = img[..., max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
        return pad(inside, borders)
    return img[..., top : top + height, left : left + width]


def center_crop(img: Any, output_size: int | list[int]) -> Any:
    """The middle of the image, with zeros around it where the image is smaller."""
    sizes = [output_size] if isinstance(output_size, int) else list(output_size)
    height, width = sizes * 2 if len(sizes) == 1 else sizes
    w, h = get_image_size(img)
    if width > w or height > h:
        dx, dy = max(width - w, 0), max(height - h, 0)
        img = pad(img, [dx // 2, dy // 2, (dx + 1) // 2, (dy + 1) // 2])
        w, h = get_image_size(img)
        if (width, height) == (w, h):
            return img
    return crop(img, round((h - height) / 2), round((w - width) / 2), height, width)


def hflip(img: Any) -> Any:
    """The image with left and right exchanged."""
    if isinstance(img, Tensor):
        return img.flip(-1)
    return img.transpose(pillow().Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Any:
    """The image with top and bottom exchanged."""
    if isinstance(img, Tensor):
        return img.flip(-2)
    return img.transpose(pillow().Transpose.FLIP_TOP_BOTTOM)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: list[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A part of the image in another size."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)
