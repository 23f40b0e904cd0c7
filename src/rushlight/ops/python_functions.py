"""Methods that call a Python function for each element of a tensor, and change it in place."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import TensorBase, settle
from .arguments import type_name
from .declare import Array, composite


def _change(name: str, tensor: Any, others: tuple[Any, ...], function: Callable[..., Any]) -> Any:
    """Puts ``function(element, *elements of the others)`` in the place of each element, without being recorded.

    Raises:
        RuntimeError: a tensor requires a gradient, or another one does not expand to the shape.
        TypeError: another one is no tensor or of another dtype, or the function returns no number.
    """
    for i, t in enumerate(others):
        if not isinstance(t, TensorBase):
            where = "other" if len(others) == 1 else "xy"[i]
            raise TypeError(f"{name}(): argument '{where}' (position {i + 1}) must be Tensor, not {type_name(t)}")
    if any(t._node is not None for t in (tensor, *others)):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    dtype = tensor._dtype
    for t in others:
        if t._dtype is not dtype:
            raise TypeError(f"{name}: expected torch.{dtype.legacy} for 'other' (got torch.{t._dtype.legacy})")
    elements: Array = settle(tensor)
    columns = [t.expand(tensor._shape)._data for t in others]
    for place in np.ndindex(elements.shape):
        found = function(elements[place].item(), *[c[place].item() for c in columns])
        if not isinstance(found, (bool, int, float, complex)):
            raise TypeError(f"must be real number, not {type(found).__name__}")
        elements[place] = found
    return tensor


@composite(function=False)
def apply_(input: Any, callable: Callable[[Any], Any]) -> Any:
    """Puts what a function makes of each element in its place; slow, and not recorded."""
    return _change("apply_", input, (), callable)


@composite(function=False)
def map_(input: Any, other: Any, callable: Callable[[Any, Any], Any]) -> Any:
    """Puts ``callable(element, element of other)`` in the place of each element; slow, and not recorded."""
    return _change("map_", input, (other,), callable)


@composite(function=False)
def map2_(input: Any, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Any:
    """Puts ``callable(element, element of x, element of y)`` in the place of each element; slow, and not recorded."""
    return _change("map2_", input, (x, y), callable)
