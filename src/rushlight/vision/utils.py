"""Showing images: `torchvision.utils`' grids and files."""

from typing import Any

from ..tensor import Tensor
from .transforms import functional as F

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Any:
    """Many images in one, in rows.

    Args:
        tensor: images ``(N, C, H, W)``, one image, or a list of images of one size.
        nrow: how many images make a row.
        padding: pixels between images and around them.
        normalize: whether values are moved to the range from 0 to 1.
        value_range: which values become 0 and 1; the least and the greatest there are unless given.
        scale_each: whether those are looked for in each image alone.
        pad_value: the value between images.

    Returns:
        One image ``(C, H', W')``; grey images become coloured ones.

    Raises:
        TypeError: `tensor` holds something else, or `value_range` is not a tuple.
    """
    import rushlight as torch

    if isinstance(tensor, list):
        for t in tensor:
            if not isinstance(t, Tensor):
                raise TypeError(f"tensor or list of tensors expected, got a list containing {type(t)}")
        images: Any = torch.stack(tensor, 0)
    elif isinstance(tensor, Tensor):
        images = tensor
    else:
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    while images.ndim < 4:
        images = images.unsqueeze(0)
    if images.shape[1] == 1:
        images = torch.cat([images] * 3, 1)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
        images = images.clone()
        for part in images if scale_each else [images]:
            low, high = value_range or (float(part.min()), float(part.max()))
            part.clamp_(min=low, max=high).sub_(low).div_(max(high - low, 1e-5))
    count, channels, height, width = images.shape
    if count == 1:
        return images.squeeze(0)
    columns = min(nrow, count)
    rows = -(-count // columns)
    height, width = height + padding, width + padding
    grid = images.new_full((channels, rows * height + padding, columns * width + padding), pad_value)
    for i in range(count):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = images[i]
    return grid


def save_image(tensor: Any, fp: Any, format: str | None = None, **options: Any) -> None:
    """Writes images, as `make_grid` arranges them, to a file.

    Args:
        tensor: one image or several, of values from 0 to 1.
        fp: a path or an open file.
        format: the file's format where its name does not say it.
        **options: go to `make_grid`.

    Raises:
        ImportError: Pillow is not installed; the text says how to.
    """
    import rushlight as torch

    grid = make_grid(tensor, **options)
    pixels = grid.mul(255).add(0.5).clamp(0, 255).permute(1, 2, 0).to(torch.uint8).numpy()
    F.pillow().fromarray(pixels).save(fp, format=format)
