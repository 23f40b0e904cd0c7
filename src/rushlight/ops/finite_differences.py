"""`torch.gradient`: derivatives of sampled functions by central differences."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, TensorBase, raw_names, tensor_names, wrap
from .declare import REGISTRY, composite, formula, in_formulas
from .dimensions import wrap_dim
from .loss import _by_number
from .steps import Part, hidden
from .view_parts import _slice

_by_number_op, _cat_op = REGISTRY["_by_number"], REGISTRY["_cat"]
_slice_op, _sub_op = REGISTRY["_slice"], REGISTRY["_sub"]
_FIRST, _SECOND, _INNER, _LAST = slice(0, 1), slice(1, 2), slice(1, -1), slice(-1, None)
subtract, divide = np.subtract, np.divide


@formula(aliasing=True)
def part_of(t: Any, dim: Any, start: Any, end: Any) -> Any:
    """The entries of a dimension from `start` to before `end`."""
    return _slice(t, dim, start, end, 1)


in_formulas(
    lambda x, step: x / step,
    lambda x, step: _by_number(x, step) if x._dtype.category >= dtypes.FLOATING else x / step,
    "quotient_by_step",
)


@formula
def by_step(x: Any, step: Any) -> Any:
    """A difference divided by a number, as PyTorch's own functions do it."""
    return quotient_by_step(x, step)  # type: ignore[name-defined]  # noqa: F821


@formula
def central_differences(f: Any, dim: Any, step: Any, edge_order: Any) -> Any:
    """The derivative along a dimension of values at equal distances."""
    n = f.shape[dim]
    inner = by_step(by_step(part_of(f, dim, 2, n) - part_of(f, dim, 0, -2), step), 2)
    if edge_order == 1:
        first = by_step(part_of(f, dim, 1, 2) - part_of(f, dim, 0, 1), step)
        last = by_step(part_of(f, dim, -1, n) - part_of(f, dim, -2, -1), step)
    else:
        a, b, c = part_of(f, dim, 0, 1), part_of(f, dim, 1, 2), part_of(f, dim, 2, 3)
        first = by_step(-1.5 * a + 2 * b - 0.5 * c, step)
        c, b, a = part_of(f, dim, -3, -2), part_of(f, dim, -2, -1), part_of(f, dim, -1, n)
        last = by_step(1.5 * a - 2 * b + 0.5 * c, step)
    return cat([first, inner, last], dim)  # type: ignore[name-defined]  # noqa: F821


def _differences_inside(f: np.ndarray, dim: int, step: float) -> np.ndarray:
    """What `central_differences` with `edge_order` 1 computes of floating-point numbers, in as few calls."""
    found = np.empty(f.shape, f.dtype)
    before = (slice(None),) * dim
    first, inner, last = found[(*before, _FIRST)], found[(*before, _INNER)], found[(*before, _LAST)]
    subtract(f[(*before, _SECOND)], f[(*before, _FIRST)], out=first)
    subtract(f[(*before, slice(2, None))], f[(*before, slice(None, -2))], out=inner)
    subtract(f[(*before, _LAST)], f[(*before, slice(-2, -1))], out=last)
    if step != 1:
        divide(found, step, out=found)
    divide(inner, 2, out=inner)
    return found


def _difference_node(f: Any, dim: int, step: float, array: Any) -> Any:
    """The node of `central_differences` with `edge_order` 1, whose result is an array, and those before it."""
    node, shape = f._node, f._shape
    n = shape[dim]
    parts = []
    for later, earlier, size in (((1, 2), (0, 1), 1), ((2, n), (0, -2), n - 2), ((-1, n), (-2, -1), 1)):
        made = _sub_op.join(
            _slice_op.link(node, shape, dim, *later, 1), _slice_op.link(node, shape, dim, *earlier, 1)
        )  # fmt: skip
        own = (*shape[:dim], size, *shape[dim + 1 :])
        made = _by_number_op.link(made, own, step)
        if later[0] == 2:
            made = _by_number_op.link(made, own, 2)
        parts.append(Part(made, own))
    return _cat_op.recorder(1)(parts, dim, array, UNTOUCHED)


def _placed(f: Any, dim: int, x: Any, edge_order: int) -> Any:
    """The derivative along a dimension of values at the places `x`, of the parabola through each three."""
    shape = [1] * f.dim()
    shape[dim] = -1
    steps = (x[1:] - x[:-1]).reshape(shape)
    left, right = _part(steps, dim, 0, -1), _part(steps, dim, 1, None)
    both = left + right
    inner = (
        -right / (left * both) * _part(f, dim, 0, -2)
        + (right - left) / (left * right) * _part(f, dim, 1, -1)
        + left / (right * both) * _part(f, dim, 2, None)
    )
    if edge_order == 1:
        first = (_part(f, dim, 1, 2) - _part(f, dim, 0, 1)) / _part(steps, dim, 0, 1)
        last = (_part(f, dim, -1, None) - _part(f, dim, -2, -1)) / _part(steps, dim, -1, None)
    else:
        a, b = _part(steps, dim, 0, 1), _part(steps, dim, 1, 2)
        first = (
            -(2 * a + b) / (a * (a + b)) * _part(f, dim, 0, 1)
            + (a + b) / (a * b) * _part(f, dim, 1, 2)
            - a / (b * (a + b)) * _part(f, dim, 2, 3)
        )
        a, b = _part(steps, dim, -2, -1), _part(steps, dim, -1, None)
        last = (
            b / (a * (a + b)) * _part(f, dim, -3, -2)
            - (a + b) / (a * b) * _part(f, dim, -2, -1)
            + (2 * b + a) / (b * (a + b)) * _part(f, dim, -1, None)
        )
    return tensor_names["cat"]([first, inner, last], dim)


def _part(t: Any, dim: int, start: int, end: int | None) -> Any:
    return part_of(t, dim, start, t._shape[dim] if end is None else end)


@composite(method=False)
def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Any, ...]:
    """The derivative of a function, of which `input` has the values, along each of some dimensions.

    Args:
        input: the values.
        spacing: the distance of neighbours (1 if None), one for all dimensions or one for each; or a vector of places
            for each.
        dim: the dimensions; all unless given.
        edge_order: 1 or 2: how many neighbours the values at the ends take into account.

    Raises:
        RuntimeError: an argument does not fit the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gradient.html
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"gradient(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    n = len(input._shape)
    dims = list(range(n)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    several = isinstance(spacing, (list, tuple))
    if several and len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
            f"'self.dim() = {n}', since dim argument was not given, but got a list of length {len(spacing)}"
            if dim is None
            else "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to "
            f"have the same length, but got a spacing argument of length {len(spacing)} and a dim argument of length "
            f"{len(dims)}."
        )
    if input._dtype is dtypes.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    seen = []
    for d in dims:
        at = wrap_dim(d, n)
        if at in seen:
            raise RuntimeError(f"dim {at} appears multiple times in the list of dims")
        seen.append(at)
        if input._shape[at] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    found = []
    inside = edge_order == 1 and (n != 4 or input._data.flags.c_contiguous)  # `cat` knows orders of images
    for i, at in enumerate(seen):
        step = spacing[i] if several else 1 if spacing is None else spacing
        if isinstance(step, TensorBase) and step._shape:
            if len(step._shape) != 1:
                raise RuntimeError(
                    "torch.gradient expected each element of spacing to have one dimension, but got an element with "
                    f"{len(step._shape)} dimensions!"
                )
            found.append(_placed(input, at, step, edge_order))
        elif mode.unseen(input) and input._dtype.plain and type(step) in (int, float):
            if inside:
                found.append(wrap(_differences_inside(input._data, at, step)))
            else:
                found.append(wrap(raw_names["central_differences"](input._data, at, step, edge_order)))
        elif inside and hidden(input) and input._dtype.plain and type(step) in (int, float):
            array = _differences_inside(input._data, at, step)
            found.append(wrap(array, _difference_node(input, at, step, array)))
        else:
            number = step.item() if isinstance(step, TensorBase) else step  # type: ignore[attr-defined]
            found.append(central_differences(input, at, number, edge_order))
    return tuple(found)
