"""Shapes of gradients: back to those of inputs that were broadcast."""

from typing import Any


def maybe_view(tensor: Any, size: Any, check_same_size: bool = True) -> Any:
    """The tensor in another shape; itself if it has that shape."""
    return tensor if check_same_size and tensor.size() == size else tensor.contiguous().view(size)


def maybe_unexpand(tensor: Any, old_size: Any, check_same_size: bool = True) -> Any:
    """The sum of a tensor over the dimensions along which one of `old_size` was expanded to its shape."""
    if check_same_size and tensor.size() == old_size:
        return tensor
    added = tensor.dim() - len(old_size)
    sums = [*range(added), *(added + i for i, n in enumerate(old_size) if n == 1 and tensor.size(added + i) != 1)]
    for dim in reversed(sums):
        tensor = tensor.sum(dim, keepdim=dim >= added)
    return tensor
