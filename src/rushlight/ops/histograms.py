"""`torch.histogram` and `torch.histogramdd`: how many points lie in each cell of a grid."""

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from .arguments import explained
from .declare import Array, composite
from .operation import return_type
from .out import several_out

_RESULT = return_type("histogram", ("hist", "bin_edges"))
_RESULT_DD = return_type("histogramdd", ("hist", "bin_edges"))


def _spread(points: Array, bins: list[int], range: Any) -> list[Array]:
    """Edges at equal distances between the least and the greatest coordinate, or over the ranges given.

    Raises:
        RuntimeError: the range is not finite or out of order, or there are no bins.
    """
    edges = []
    for d, count in enumerate(bins):
        if count <= 0:
            raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {count} for dimension {d}")
        column = points[:, d]
        if range is not None:
            low, high = float(range[2 * d]), float(range[2 * d + 1])
        else:
            low, high = (float(column.min()), float(column.max())) if column.size else (0.0, 1.0)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(f"torch.histogramdd: dimension {d}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {d}"
            )
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges.append(np.linspace(low, high, count + 1).astype(points.dtype))
    return edges


def _given(input: Any, bins: Any) -> list[Array]:
    """The edges given as tensors, checked.

    Raises:
        RuntimeError: they are no vectors, or of another dtype.
    """
    for d, b in enumerate(bins):
        if b._dtype is not input._dtype:
            names = [t._dtype.c_name for t in (input, b)]
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                f"{names[0]} and bins for dimension {d} with dtype {names[1]}"
            )
        if len(b._shape) != 1:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {len(b._shape)} dimensions in the "
                f"bins tensor for dimension {d}"
            )
    return [b._data for b in bins]


def _counted(points: Array, edges: list[Array], weight: Array | None, density: bool) -> Array:
    """The weights of the points in each cell; a cell has its left edge, and the last one its right edge too."""
    shape = [len(e) - 1 for e in edges]
    inside = np.ones(len(points), bool)
    cells = []
    for d, e in enumerate(edges):
        column = points[:, d]
        inside &= (column >= e[0]) & (column <= e[-1])
        cells.append(np.minimum(np.searchsorted(e, column, side="right") - 1, len(e) - 2)[:, None])
    found = np.zeros(shape, points.dtype)
    where = np.concatenate(cells, 1)[inside]
    np.add.at(found, tuple(where.T), 1 if weight is None else weight[inside])
    if density:
        found = found / found.sum()
        for d, e in enumerate(edges):
            found = found / np.diff(e).reshape([-1 if i == d else 1 for i in range(len(edges))])
    return found.astype(points.dtype, copy=False)


def _histogram(input: Any, bins: Any, range: Any, weight: Any, density: bool) -> tuple[Any, list[Any]]:
    """The histogram of the rows of a matrix of points, and its edges.

    Raises:
        NotImplementedError: the dtype is not floating point.
        RuntimeError: the weights do not fit the points.
    """
    if input._dtype.category != dtypes.FLOATING or (input._dtype.itemsize < 4 and input.numel()):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{input._dtype.scalar_name}'")
    if weight is not None:
        if weight._shape != input._shape[:-1]:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
                f"excluding its innermost dimension, but got input with shape {list(input._shape)} and weight with "
                f"shape {list(weight._shape)}"
            )
        if weight._dtype is not input._dtype:
            names = [t._dtype.c_name for t in (input, weight)]
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same "
                f"dtype, but got input(dtype={names[0]}), and weight(dtype={names[1]})"
            )
    points = input._data.reshape(-1, input._shape[-1])
    tensors = bool(bins) and isinstance(bins[0], TensorBase)
    edges = _given(input, bins) if tensors else _spread(points, list(bins), range)
    found = _counted(points, edges, None if weight is None else weight._data.reshape(-1), density)
    return wrap(found), list(bins) if tensors else [wrap(e) for e in edges]


@composite()
@explained
def histogram(
    input: Any, bins: Any = 100, *, range: Any = None, weight: Any = None, density: bool = False, out: Any = None
) -> Any:
    """How many elements lie in each of some bins.

    Args:
        input: floating.
        bins: their number, or a tensor of their edges in increasing order.
        range: the first and the last edge, where `bins` is a number; the least and the greatest element unless given.
        weight: what each element counts; 1 unless given.
        density: whether to divide by the total and the widths, so that the integral is 1.
        out: the two tensors to write to.

    Returns:
        the named tuple ``(hist, bin_edges)``.

    Raises:
        RuntimeError: an argument does not fit the input.
        NotImplementedError: the dtype is not float32 or float64.
    """
    weights = None if weight is None else weight.reshape(-1)
    hist, edges = _histogram(input.reshape(-1, 1), [bins], range, weights, density)
    edge = edges[0].clone() if edges[0] is bins else edges[0]
    return _RESULT(several_out(out, (hist, edge), "histogram"))


@composite(method=False)
@explained
def histogramdd(input: Any, bins: Any, range: Any = None, weight: Any = None, density: bool = False) -> Any:
    """How many points lie in each cell of a grid, of points whose coordinates are the last dimension of `input`.

    Args:
        input: floating, with at least two dimensions.
        bins: the number of cells in each direction, one or as many as there are coordinates; or tensors of edges.
        range: the first and the last edge of each direction, one after the other.
        weight: what each point counts; 1 unless given.
        density: whether to divide by the total and the sizes of the cells.

    Returns:
        the named tuple ``(hist, bin_edges)``.

    Raises:
        RuntimeError: an argument does not fit the input.
        NotImplementedError: the dtype is not float32 or float64.
    """
    if len(input._shape) < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    count = input._shape[-1]
    given = [bins] * count if isinstance(bins, int) else list(bins)
    if len(given) != count:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    hist, edges = _histogram(input, given, range, weight, density)
    return _RESULT_DD((hist, tuple(edges)))
