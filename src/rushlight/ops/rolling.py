"""Moving the entries of dimensions, what leaves at the end coming back at the start."""

from itertools import product
from typing import Any

import numpy as np

from ..kernels.layout import like
from .arguments import explained
from .declare import Array, composite, formula, operation
from .dimensions import one_or_several, wrap_dim
from .joining import in_rows


def _rolled(a: Array, shifts: Any, dims: Any) -> Array:
    """The entries of some dimensions of an array moved, by the pieces that trade places."""
    pieces: list[Any] = [_STAYING] * a.ndim
    for shift, dim in zip(shifts, dims, strict=True):
        n = a.shape[dim]
        shift %= n
        if shift:
            pieces[dim] = (slice(shift, None), slice(n - shift)), (slice(shift), slice(n - shift, None))
    found = np.empty(a.shape, a.dtype)
    for moves in product(*pieces):
        to, origin = zip(*moves)
        found[to] = a[origin]
    return found


_STAYING = ((slice(None), slice(None)),)


@operation(name="_roll", aten="roll", node="RollBackward0", function=False, method=False, tangent="linear",
           input="_roll(grad, roll_back(shifts), dims)")  # fmt: skip
def _roll(input: Array, shifts: Any, dims: Any) -> Array:
    """With entries moved along dimensions, those that leave at the end coming back at the start."""
    if not input.size:
        return input.copy()
    if input.flags.c_contiguous and type(input) is np.ndarray:
        if not dims:
            return _rolled(input.reshape(-1), shifts[:1], (0,)).reshape(input.shape)
        if len({d % input.ndim for d in dims}) == len(dims):
            return _rolled(input, shifts, dims)
    found = in_rows(np.roll(input, shifts, dims) if dims else np.roll(input, shifts[0]))
    return like(found, input) if len(dims) == 1 else found


@formula
def roll_back(shifts: Any) -> Any:
    """The shifts that undo others."""
    return tuple([-s for s in shifts])


@composite()
@explained
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """A copy with entries moved along dimensions (or in the flattened tensor); what leaves at the end comes back.

    Args:
        input: the tensor.
        shifts: by how many places, one number for each of `dims`; negative ones move towards the start.
        dims: a dimension or several; the flattened tensor by default.

    Raises:
        RuntimeError: the numbers of shifts and dimensions differ.
    """
    if type(shifts) is int and type(dims) is int and -len(input._shape) <= dims < len(input._shape):
        return _roll(input, (shifts,), (dims,))
    moved = one_or_several(shifts)
    along = () if dims is None else one_or_several(dims)
    moved, along = [(d,) if isinstance(d, int) else d for d in (moved, along)]
    if not moved:
        raise RuntimeError("`shifts` required")
    if (along and len(along) != len(moved)) or (not along and len(moved) != 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(moved)}, dims:{len(along)}")
    n = len(input._shape)
    if along and not n:
        raise IndexError(f"Dimension specified as {along[0]} but tensor has no dimensions")
    for d in along if input._data.size else ():
        wrap_dim(d, n)
    return _roll(input, moved, along)
