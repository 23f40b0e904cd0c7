"""Transforms as objects: made with their settings, called with an image (of PIL, or a tensor `(..., C, H, W)`)."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ...tensor import Tensor
from . import functional as F
from .functional import InterpolationMode


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]):
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """The transformed image."""
        for t in self.transforms:
            img = t(img)
        return img

    def __repr__(self) -> str:
        return "\n".join(["Compose(", *(f"    {t}" for t in self.transforms), ")"])


class ToTensor:
    """`functional.to_tensor`."""

    def __call__(self, pic: Any) -> Tensor:
        """The image as a tensor."""
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return "ToTensor()"


class PILToTensor:
    """`functional.pil_to_tensor`."""

    def __call__(self, pic: Any) -> Tensor:
        """The image as a tensor."""
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return "PILToTensor()"


class ToPILImage:
    """`functional.to_pil_image`."""

    def __init__(self, mode: str | None = None):
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        """The tensor as an image."""
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return "ToPILImage()" if self.mode is None else f"ToPILImage(mode={self.mode})"


class ConvertImageDtype(nn.Module):
    """`functional.convert_image_dtype`."""

    def __init__(self, dtype: Any):
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """The image in that dtype."""
        return F.convert_image_dtype(image, self.dtype)


class Lambda:
    """Any function.

    Raises:
        TypeError: it cannot be called.
    """

    def __init__(self, lambd: Callable[[Any], Any]):
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        """The function's result."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return "Lambda()"


class Normalize(nn.Module):
    """`functional.normalize` with fixed means and deviations."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False):
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """The normalized image."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Resize(nn.Module):
    """`functional.resize` to a fixed size."""

    def __init__(
        self,
        size: Any,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ):
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size: Any = size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        """The resized image."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"Resize(size={self.size}, interpolation={self.interpolation.value}, max_size={self.max_size}, "
            f"antialias={self.antialias})"
        )


def _size_pair(size: Any) -> tuple[int, int]:
    """`(height, width)` from one number or two.

    Raises:
        ValueError: there are not two sizes.
    """
    if isinstance(size, int):
        return size, size
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size[0], size[1]


class CenterCrop(nn.Module):
    """`functional.center_crop` to a fixed size."""

    def __init__(self, size: Any):
        super().__init__()
        self.size = _size_pair(size)

    def forward(self, img: Any) -> Any:
        """The middle of the image."""
        return F.center_crop(img, list(self.size))

    def __repr__(self) -> str:
        return f"CenterCrop(size={self.size})"


class Pad(nn.Module):
    """`functional.pad` with fixed widths."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant"):
        super().__init__()
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        """The image with its border."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"Pad(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


def _randint(count: int) -> int:
    import rushlight as torch

    return int(torch.randint(0, count, size=(1,)).item())


class RandomCrop(nn.Module):
    """A part of the image at a random place.

    Args:
        size: one edge or `(height, width)`.
        padding: a border put around the image first, as in `Pad`.
        pad_if_needed: whether a smaller image gets a border.
        fill: the border's value.
        padding_mode: as in `functional.pad`.
    """

    def __init__(
        self, size: Any, padding: Any = None, pad_if_needed: bool = False, fill: Any = 0, padding_mode: str = "constant"
    ):
        super().__init__()
        self.size = _size_pair(size)
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draws the place: top, left, height, width.

        Raises:
            ValueError: the image is too small.
        """
        _, h, w = F.get_dimensions(img)
        th, tw = output_size
        if h < th or w < tw:
            raise ValueError(f"Required crop size {(th, tw)} is larger than input image size {(h, w)}")
        if w == tw and h == th:
            return 0, 0, h, w
        top = _randint(h - th + 1)
        return top, _randint(w - tw + 1), th, tw

    def forward(self, img: Any) -> Any:
        """A part of the image."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"RandomCrop(size={self.size}, padding={self.padding})"


class _RandomFlip(nn.Module):
    def __init__(self, p: float = 0.5):
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, flipped or not."""
        import rushlight as torch

        return self._flip(img) if torch.rand(1) < self.p else img

    def _flip(self, img: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_RandomFlip):
    """Exchanges left and right with probability `p`."""

    def _flip(self, img: Any) -> Any:
        return F.hflip(img)


class RandomVerticalFlip(_RandomFlip):
    """Exchanges top and bottom with probability `p`."""

    def _flip(self, img: Any) -> Any:
        return F.vflip(img)


class RandomResizedCrop(nn.Module):
    """A part of the image of random size, shape and place, brought to a fixed size.

    Args:
        size: one edge or `(height, width)` of the result.
        scale: bounds of the part's share of the area.
        ratio: bounds of its width divided by its height.
        interpolation: how pixels between pixels are found.
        antialias: whether to average where the image becomes smaller.
    """

    def __init__(
        self,
        size: Any,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ):
        super().__init__()
        self.size = _size_pair(size)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)")
        self.interpolation = interpolation
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Draws the part: top, left, height, width."""
        import rushlight as torch

        _, height, width = F.get_dimensions(img)
        bounds = torch.log(torch.tensor(ratio))
        for _ in range(10):
            area = height * width * torch.empty(1).uniform_(scale[0], scale[1]).item()
            aspect = torch.exp(torch.empty(1).uniform_(bounds[0].item(), bounds[1].item())).item()
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                top = _randint(height - h + 1)
                return top, _randint(width - w + 1), h, w
        # No luck ten times: the largest part in the middle whose shape is within bounds.
        w, h = width, height
        if width / height < min(ratio):
            h = round(w / min(ratio))
        elif width / height > max(ratio):
            w = round(h * max(ratio))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        """A part of the image in the fixed size."""
        place = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *place, list(self.size), self.interpolation, self.antialias)

    def __repr__(self) -> str:
        return (
            f"RandomResizedCrop(size={self.size}, scale={tuple(round(s, 4) for s in self.scale)}, "
            f"ratio={tuple(round(r, 4) for r in self.ratio)}, interpolation={self.interpolation.value}, "
            f"antialias={self.antialias})"
        )
