"""What the kinds of pooling share."""

import functools
from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels.layout import like
from ..memory_format import channels_last_3d
from .convert import is_laid_out
from .declare import Array

HIDDEN: dict[str, Any] = {"function": False, "method": False}
WITH_INDICES: dict[str, Any] = {
    "function": False,
    "method": False,
    "outputs": ("result0", "result1"),
    "differentiable": ("result0",),
}


class Filled(tuple[int, ...]):
    """A setting for each dimension, of which a program gave fewer.

    Attributes:
        given: what it gave.
    """

    given: tuple[int, ...]


@functools.lru_cache(256)
def filled(given: tuple[int, ...], whole: tuple[int, ...]) -> Filled:
    """The setting `whole` that `given` stands for."""
    made = Filled(whole)
    made.given = given
    return made


def batched(x: Array, dims: int) -> Array:
    """An array with its batch dimension, which unbatched input lacks."""
    return x if x.ndim == dims + 2 else x[None]


def check_tensor(function: str, input: Any) -> None:
    """Raises PyTorch's error for something that is no tensor.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")


def check_sequence(function: str, input: Any) -> None:
    """Raises PyTorch's error for something that is no sequences of channels.

    Raises:
        RuntimeError: it has neither two nor three dimensions.
    """
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while "
            f"checking "
            f"arguments for {function})"
        )


def as_input(result: Array, input: Array, dims: int, follows: bool = True) -> Array:
    """What pooling of images or volumes gave, with or without a batch, in the order of memory that PyTorch gives it.

    A batch of images lies as the input. Volumes in channels_last_3d stay so where the pooling `follows` them. All else
    lies row by row.
    """
    if dims == 2:
        return like(result, input)
    kept = follows and is_laid_out(batched(input, dims), channels_last_3d)
    return result if kept else np.ascontiguousarray(result)
