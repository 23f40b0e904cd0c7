"""What the derivatives of reductions are written with.

Gradients are spread over what was reduced, or put back where it was chosen.
"""

import math
from typing import Any

from ..base import wrap
from ..kernels import lookup, shares
from ..kernels import numpy_reduction as kernels
from .data import cast
from .declare import Array, formula, in_formulas, operation
from .dimensions import Axes
from .formulas import ALIASING

in_formulas(
    lambda x, d: x if d is None or x.dtype == d.numpy else cast(x, d),
    lambda x, d: x if d is None or x._dtype is d else x.to(d),
    "cast_to",
    aliasing=True,
)


@operation(name="spread", node="ExpandBackward0", aten="expand", function=False, method=False, out=False,
           kernel=kernels.spread, tangent="linear", input="sum_to_size(grad, shape(input))")  # fmt: skip
def spread(input: Array, size: Any) -> Array:
    """`input` broadcast to `size`: the gradient of a sum. Unlike `expand`, it is no view for in-place changes."""


ALIASING.add("spread")


def _spread_over(grad: Any, shape: Axes, axes: Axes, keepdims: bool) -> Any:
    if not keepdims and len(axes) != len(shape):
        grad = grad.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return grad.expand(shape)


in_formulas(kernels.spread_over, _spread_over, "spread_over", aliasing=True)
in_formulas(shares.share, lambda grad, shape: grad.expand(shape) / math.prod(shape), "share", aliasing=True)
in_formulas(
    shares.share_over,
    lambda grad, shape, axes, keepdim: _spread_over(grad, shape, axes, keepdim) / length(shape, axes),
    "share_over",
    aliasing=True,
)
in_formulas(kernels.equal_places, lambda x, chosen: wrap(kernels.equal_places(x._data, chosen._data)), "equal_places")
in_formulas(
    lambda x, chosen: (x == chosen).astype(x.dtype),
    lambda x, chosen: wrap((x._data == chosen._data).astype(x._data.dtype)),
    "same_places",
)
in_formulas(
    lambda x, axes, shape: x.reshape([1 if i in axes else n for i, n in enumerate(shape)]),
    lambda x, axes, shape: x.reshape([1 if i in axes else n for i, n in enumerate(shape)]),
    "with_dims",
    aliasing=True,
)


def length(shape: Axes, axes: Axes) -> int:
    """How many elements a reduction over `axes` takes together."""
    n = 1
    for a in axes:
        n *= shape[a]
    return n


in_formulas(length, length, "length")


@operation(name="_take_along", node="GatherBackward0", aten="gather", function=False, method=False,
           kernel=lookup.take_along, input="_put_along(grad, indices, dim, shape(input))", keeps="input",
           tangent="linear")  # fmt: skip
def _take_along(input: Array, indices: Array, dim: int) -> Array:
    """The elements at `indices` along a dimension."""


@operation(name="_put_along", node="ScatterAddBackward0", aten="scatter_add", function=False, method=False,
           kernel=lookup.put_along, input="_take_along(grad, indices, dim)", tangent="linear")  # fmt: skip
def _put_along(input: Array, indices: Array, dim: int, size: Any) -> Array:
    """Zeros of a size with elements added at `indices` along a dimension."""


@operation(name="_put_one", node="ScatterBackward0", aten="scatter", function=False, method=False,
           kernel=lookup.put_one, input="_take_along(grad, indices, dim)", tangent="linear")  # fmt: skip
def _put_one(input: Array, indices: Array, dim: int, size: Any) -> Array:
    """Zeros of a size with elements put at different `indices` along a dimension."""


@formula
def put_back(grad: Any, indices: Any, dim: int, keepdim: bool, shape: Axes) -> Any:
    """The gradient of having chosen one element along a dimension."""
    if not keepdim and shape:
        grad = with_dims(grad, (dim,), shape)  # type: ignore[name-defined]  # noqa: F821
        indices = with_dims(indices, (dim,), shape)  # type: ignore[name-defined]  # noqa: F821
    return _put_one(grad, indices, dim, shape)


@formula
def shared_evenly(grad: Any, input: Any, result: Any) -> Any:
    """A gradient divided evenly among all elements that equal the result."""
    places = equal_places(input, result)  # type: ignore[name-defined]  # noqa: F821
    return where(places != 0, grad / places.sum(), 0.0)  # type: ignore[name-defined]  # noqa: F821


@formula
def shared_over(grad: Any, input: Any, result: Any, axes: Any, keepdims: Any) -> Any:
    """Gradients divided evenly among the elements along some dimensions that equal the result."""
    if not keepdims:
        shape = input.shape
        grad = with_dims(grad, axes, shape)  # type: ignore[name-defined]  # noqa: F821
        result = with_dims(result, axes, shape)  # type: ignore[name-defined]  # noqa: F821
    places = same_places(input, result)  # type: ignore[name-defined]  # noqa: F821
    return places * (grad / sum_over(places, axes, True))  # type: ignore[name-defined]  # noqa: F821


@formula(aliasing=True)
def sum_of_two(first: Any, second: Any) -> Any:
    """The sum of two gradients, either of which may be None."""
    if first is None:
        return second
    return first if second is None else first + second
