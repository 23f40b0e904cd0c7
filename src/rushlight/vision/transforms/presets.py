"""How images were prepared when a model was trained."""

from typing import Any

from ... import nn
from . import functional as F
from .functional import InterpolationMode


class ImageClassification(nn.Module):
    """Resizes, takes the middle, and normalizes: what classifiers trained on ImageNet expect.

    Args:
        crop_size: the edge of the result.
        resize_size: the smaller edge of the resized image.
        mean: of each channel.
        std: the standard deviation of each channel.
        interpolation: how pixels between pixels are found.
        antialias: whether to average where the image becomes smaller.
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        """A PIL image or a tensor `(..., 3, H, W)` as a normalized tensor."""
        img = F.resize(img, self.resize_size, self.interpolation, antialias=self.antialias)
        img = F.center_crop(img, self.crop_size)
        if not isinstance(img, F.Tensor):
            img = F.pil_to_tensor(img)
        return F.normalize(F.convert_image_dtype(img), self.mean, self.std)

    def __repr__(self) -> str:
        shown = ("crop_size", "resize_size", "mean", "std", "interpolation")
        return "\n".join(["ImageClassification(", *(f"    {n}={getattr(self, n)}" for n in shown), ")"])
