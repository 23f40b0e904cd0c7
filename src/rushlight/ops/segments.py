"""Reductions of consecutive segments of a dimension."""

from typing import Any

import numpy as np

from ..kernels.numpy_common import narrow, widen
from .arguments import explained
from .declare import Array, composite, in_formulas, operation
from .dimensions import wrap_dim

_FIRST = {"max": -np.inf, "min": np.inf, "sum": 0.0, "mean": 0.0, "prod": 1.0}
_NAMES = {"amax": "max", "amin": "min"}


def _segments(offsets: Array, axis: int) -> Any:
    """For each segment: the index of its elements in the data, that of its result, and how many elements it has."""
    for lead in np.ndindex(offsets.shape[:axis]):
        row = offsets[lead]
        for i in range(len(row) - 1):
            yield (*lead, slice(int(row[i]), int(row[i + 1]))), (*lead, i), int(row[i + 1] - row[i])


def _reduced(part: Array, reduce: str, initial: float) -> Array:
    """The elements of one segment, along the first dimension, reduced from an initial value on."""
    if reduce in ("max", "min"):
        ufunc = np.maximum if reduce == "max" else np.minimum
        return ufunc.reduce(part, axis=0, initial=initial)
    if reduce == "prod":
        return np.multiply.reduce(part, axis=0, initial=initial)
    return np.add.reduce(part, axis=0, initial=initial)


@operation(
    name="_segment_reduce_within", aten="segment_reduce", node="SegmentReduceBackward0", function=False, method=False,
    out=False, tangent="refused",
    data="segment_reduce_backward(grad, result, data, reduce, lengths, offsets, axis, initial)",
)  # fmt: skip
def _segment_reduce_within(
    data: Array, reduce: str, lengths: Array | None, offsets: Array | None, axis: int, initial: float | None
) -> Array:
    """The reductions of segments along `axis`, given by their lengths or by where they begin and end."""
    offsets = _boundaries(lengths, offsets)
    wide = widen(data)
    result = np.empty((*offsets.shape[:axis], offsets.shape[axis] - 1, *data.shape[axis + 1 :]), wide.dtype)
    first = _FIRST[reduce] if initial is None else initial
    for source, target, count in _segments(offsets, axis):
        found = _reduced(wide[source], reduce, first)
        if reduce == "mean" and (count or initial is None):
            # Nothing is an average of nothing.
            found = found / count if count else np.full_like(found, np.nan)
        result[target] = found
    return narrow(result, data.dtype)


def _boundaries(lengths: Array | None, offsets: Array | None) -> Array:
    """Where segments begin, and where the last ends."""
    if lengths is None:
        assert offsets is not None
        return offsets
    ends = np.cumsum(lengths, -1)
    return np.concatenate([np.zeros((*ends.shape[:-1], 1), ends.dtype), ends], -1)


def _segment_gradient(
    grad: Array, result: Array, data: Array, reduce: str, lengths: Array | None, offsets: Array | None, axis: int,
    initial: float | None,
) -> Array:  # fmt: skip
    offsets = _boundaries(lengths, offsets)
    made = np.zeros(data.shape, data.dtype)
    for source, target, count in _segments(offsets, axis):
        g, x, y = grad[target], data[source], result[target]
        if reduce in ("max", "min"):
            chosen = (x == y) | (x != x)
            share = np.where(chosen, g, 0)
            # Shared among equals where it is positive, as PyTorch does.
            several = np.maximum(chosen.sum(0), 1)
            made[source] = np.where(share > 0, share / several, share)
        elif reduce == "prod":
            first = 1.0 if initial is None else initial
            made[source] = g * _products_of_others(x, y, first)
        else:
            made[source] = g / count if reduce == "mean" and count else g
    return made


def _products_of_others(x: Array, product: Array, first: float) -> Array:
    """For each element, the product of the others along the first dimension."""
    found = product / np.where(x == 0, 1, x)
    for i in np.unique(np.argwhere((x == 0) | (x != x))[:, 0]):
        rest = np.multiply.reduce(np.delete(x, i, 0), axis=0, initial=first)
        found[i] = np.where((x[i] == 0) | (x[i] != x[i]), rest, found[i])
    return found


@operation(name="_segment_reduce_backward", node="NotImplemented", function=False, method=False, out=False,
           kernel=_segment_gradient)  # fmt: skip
def _segment_reduce_backward(
    grad: Array, result: Array, data: Array, reduce: str, lengths: Array | None, offsets: Array | None, axis: int,
    initial: Any,
) -> Array:  # fmt: skip
    """The gradient of the data, which has none itself."""


in_formulas(_segment_gradient, _segment_reduce_backward, "segment_reduce_backward")


@composite(method=False)
@explained
def segment_reduce(
    data: Any, reduce: str, *, lengths: Any = None, indices: Any = None, offsets: Any = None, axis: int = 0,
    unsafe: bool = False, initial: Any = None,
) -> Any:  # fmt: skip
    """Reduces consecutive segments of a dimension.

    Args:
        data: floating-point numbers.
        reduce: ``"sum"``, ``"mean"``, ``"max"``, ``"min"`` or ``"prod"``.
        lengths: the lengths of the segments; those of other rows of `data` may differ, in the dimensions before `axis`.
        indices: not supported.
        offsets: where the segments begin, and where the last ends, instead of the lengths.
        axis: the dimension of the segments, the last of `lengths`.
        unsafe: leave out the checks of the lengths.
        initial: what a reduction begins with; else 0, 1 or an infinity, and an empty mean is NaN.

    Raises:
        RuntimeError: neither lengths nor offsets are given, or they do not fit.
        IndexError: there is no such dimension.
        NotImplementedError: `data` is not floating.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.segment_reduce.html
    """
    axis = wrap_dim(axis, data.dim())
    reduce = _NAMES.get(reduce, reduce)
    if reduce not in _FIRST:
        raise RuntimeError(f"unsupported reduction given! {reduce}")
    if data.numel() < 0 or (lengths is None and offsets is None and indices is None):
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    given = lengths if offsets is None else offsets
    if data.dim() < given.dim():
        name = "lengths_value" if offsets is None else "offsets_value"
        raise RuntimeError(
            f"Expected data.dim() >= {name}.dim() to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    if axis != given.dim() - 1:
        kind = "lengths" if offsets is None else "offsets"
        raise RuntimeError(f"segment_reduce(): Expected axis to be the last dimension of {kind} but got {axis}.")
    if given._dtype.is_floating_point or given._dtype.is_complex:
        kind = "lengths" if offsets is None else "offsets"
        raise NotImplementedError(
            f"\"_segment_reduce_{kind}_cpu_kernel1\" not implemented for '{given._dtype.scalar_name}'"
        )
    if offsets is None:
        if not unsafe:
            if (lengths._data < 0).any():
                raise RuntimeError("lengths contains negative value!")
            if (lengths._data.sum(-1) != data.size(axis)).any():
                raise RuntimeError(
                    "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) "
                    "when !unsafe."
                )
    if not data._dtype.is_floating_point:
        raise NotImplementedError(f"\"_segment_reduce_cpu\" not implemented for '{data._dtype.scalar_name}'")
    return _segment_reduce_within(data, reduce, lengths if offsets is None else None, offsets, axis, initial)
