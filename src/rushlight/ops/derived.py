"""Functions made of other operations: differences, integrals, covariances and combinations."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import UNTOUCHED, bump, wrap
from ..kernels import numpy_views as kernels_of_views
from ..kernels.numpy_polynomials import powers
from ..kernels.pointwise import LARGE
from ..kernels.reduction import sum_over
from ..memory_format import contiguous_format
from .arguments import explained
from .comparison import logical_xor
from .creation import zeros_like
from .declare import FUNCTIONS, REGISTRY, composite
from .dimensions import wrap_dim
from .elementwise_large import compute
from .history import Geometry, copy_slices
from .joining import cat, in_rows, stack
from .loss import _by_number, _times_number
from .numbers import must_fit, number_for
from .out import finish_out
from .overwrite import copy_
from .pointwise import _add as _add  # whose declarations are looked up below
from .pointwise import _sub as _sub
from .reduction import _sum_all
from .reduction import sum as sum_
from .running import cumprod
from .shape import meshgrid
from .steps import Part, hidden, operand, passing, recorded
from .view_parts import _slice

_as_strided_op = REGISTRY["_as_strided"]
_clone_op, _expand_op, _stack_op = REGISTRY["_clone"], REGISTRY["_expand"], REGISTRY["_stack"]
_copy_op, _cumprod_op, _flip_op = REGISTRY["_copy"], REGISTRY["_cumprod"], REGISTRY["_flip"]
_add_op, _sub_op, _sum_op = REGISTRY["_add"], REGISTRY["_sub"], REGISTRY["_sum_dims"]
_select_op, _slice_op, _times_op = REGISTRY["_select"], REGISTRY["_slice"], REGISTRY["_times_number"]
_unsafe_view_op, _unsqueeze_op, _view_op = REGISTRY["_unsafe_view"], REGISTRY["unsqueeze"], REGISTRY["_view"]


# All entries of a dimension, all but the first, all but the last.
_WHOLE, _LATER, _EARLIER = slice(None), slice(1, None), slice(None, -1)


# ---------------------------------------------------------------------------------------------- along a dimension
@composite()
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None, *, out: Any = None) -> Any:
    """The differences of neighbours along a dimension, taken `n` times.

    Args:
        input: a tensor of at least one dimension.
        n: how often.
        dim: the dimension.
        prepend, append: tensors joined to the input's beginning and end first.
        out: the tensor to write to.

    Raises:
        RuntimeError: the input has no dimension, or `n` is negative.
    """
    if not input._shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return finish_out(out, copy_(zeros_like(input), input), "diff", apart=(input,))
    at = wrap_dim(dim, len(input._shape))
    found = input
    if prepend is not None or append is not None:
        found = cat([t for t in (prepend, input, append) if t is not None], at)
    for _ in range(min(n, found._shape[at])):
        end = found._shape[at]
        if found._dtype.plain and hidden(found):
            found = _differences(found, at, end)
            continue
        later, earlier = _range(found, at, 1, end), _range(found, at, 0, end - 1)
        found = logical_xor(later, earlier) if found._dtype is dtypes.bool_ else later - earlier
    return found if out is None else finish_out(out, found, "diff", converts=True, apart=(input,))


def _differences(t: Any, dim: int, end: int) -> Any:
    """What each entry of a dimension is more than the one before, with the nodes of the steps."""
    a, before, node, shape = t._data, (_WHOLE,) * dim, t._node, t._shape
    later, earlier = a[(*before, _LATER)], a[(*before, _EARLIER)]
    array = later - earlier if a.size < LARGE else compute(_sub_op, (later, earlier))
    if node is not None:
        node = _sub_op.join(
            _slice_op.link(node, shape, dim, 1, end, 1), _slice_op.link(node, shape, dim, 0, end - 1, 1)
        )
    return wrap(array, node)


def _range(t: Any, dim: int, start: int, end: int) -> Any:
    return passing(_slice_op, kernels_of_views.slice_, t, dim, start, end, 1)


def _widths(y: Any, x: Any, dim: int) -> Any:
    """The distances of neighbouring points, shaped to multiply the pairs of `y`.

    Raises:
        RuntimeError: there is not one point for each value.
    """
    if len(x._shape) == 1:
        if x._shape[0] != y._shape[dim]:
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        x = x.view([-1 if d == dim else 1 for d in range(len(y._shape))])
    return diff(x, dim=dim)


def _pairs(y: Any, dim: int) -> Any:
    return _range(y, dim, 1, y._shape[dim]) + _range(y, dim, 0, y._shape[dim] - 1)


def _no_truth_values(function: str, y: Any, x: Any) -> None:
    if dtypes.bool_ in (y._dtype, None if x is None else x._dtype):
        names = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{function}: received a bool input for {names}, but bool is not supported")


def _has_kernel(t: Any) -> bool:
    """Whether the kernel of products with a number gives the dtype of a tensor."""
    return t._dtype.category >= dtypes.FLOATING and t._dtype is not dtypes.complex32


def _halved(t: Any) -> Any:
    return _by_number(t, 2.0) if t._dtype.category >= dtypes.FLOATING else t / 2.0


@composite(method=False)
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """The integral of samples along a dimension by the trapezoidal rule.

    Args:
        y: the values.
        x: the points they belong to; `dx` apart (1 by default) without it.
        dx: the distance of the points.
        dim: the dimension.

    Raises:
        RuntimeError: these are truth values, or there is not one point for each value.
    """
    at = wrap_dim(dim, len(y._shape))
    if not y._shape[at]:
        return y.new_zeros([n for d, n in enumerate(y._shape) if d != at])
    if x is not None or y._dtype is dtypes.bool_:
        _no_truth_values("trapezoid", y, x)
    if x is None:
        width = 1.0 if dx is None else dx
        if (type(width) is float or type(width) is int) and y._data.size < LARGE and y._dtype.plain and hidden(y):
            return _even_trapezoid(y, at, width)
        first, last = (passing(_select_op, kernels_of_views.select, y, at, i) for i in (0, -1))
        total, ends = sum_(y, at), first + last
        if _has_kernel(total):
            return _times_number(total - _times_number(ends, 0.5), width)
        return (total - ends * 0.5) * width
    return _halved((_pairs(y, at) * _widths(y, x, at)).sum(at))


def _even_trapezoid(y: Any, dim: int, width: float) -> Any:
    """The trapezoidal rule for floating-point samples at equal distances, with the nodes of its steps."""
    a, node, before = y._data, y._node, (_WHOLE,) * dim
    ends = a[(*before, 0, ...)] + a[(*before, -1, ...)]
    array = in_rows(sum_over(a, (dim,))) - ends * 0.5
    if width != 1:
        array = array * width
    if node is not None:
        shape = y._shape
        rest = shape[:dim] + shape[dim + 1 :]
        both = _add_op.join(_select_op.link(node, shape, dim, 0), _select_op.link(node, shape, dim, -1))
        node = _sub_op.join(_sum_op.link(node, shape, (dim,), False, None, None), _times_op.link(both, rest, 0.5))
        node = _times_op.link(node, rest, width)
    return wrap(array, node)


composite(name="trapz", method=False)(trapezoid)


@composite(method=False)
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """The running integral of samples along a dimension; the arguments are those of `trapezoid`."""
    _no_truth_values("cumulative_trapezoid", y, x)
    at = wrap_dim(dim, len(y._shape))
    if x is None:
        pairs, half = _pairs(y, at), (1.0 if dx is None else dx) / 2
        return (_times_number(pairs, half) if _has_kernel(pairs) else pairs * half).cumsum(at)
    return _halved((_pairs(y, at) * _widths(y, x, at)).cumsum(at))


# ---------------------------------------------------------------------------------------------- covariances
@composite()
@explained
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariance matrix of variables (rows) over observations (columns).

    Args:
        input: at most two dimensions; a vector is one variable.
        correction: what is subtracted from the number of observations in the divisor.
        fweights: how often each observation counts, integers.
        aweights: the weight of each observation.

    Raises:
        RuntimeError: there are more than two dimensions, the weights do not fit the observations, are of another kind
            or negative, or their sum is zero.
    """
    if len(input._shape) > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{len(input._shape)} dimensions"
        )
    x = input.view(1, -1) if len(input._shape) < 2 else input
    count = x._shape[1]
    _check_weights("fweights", "integral", fweights, count)
    _check_weights("aweights", "floating point", aweights, count)
    weights = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total: Any = count if weights is None else _in_their_order(weights)
    if weights is not None and not total._data:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = (x if weights is None else x * weights).sum(1) / total
    norm = total
    if weights is not None and aweights is not None and correction:
        norm = total - _times_number(_in_their_order(weights * aweights), correction) / total
    elif correction:
        norm = total - correction
    if norm <= 0:
        from ..warn import warn

        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        norm = 0 if weights is None else norm.zero_()
    centred = x - mean.unsqueeze(1)
    weighted = centred if weights is None else centred * weights
    return ((centred @ weighted.t().conj()) / norm).squeeze()


def _in_their_order(weights: Any) -> Any:
    """The sum of weights, a few of which are added from the first to the last as PyTorch does."""
    return _sum_all(
        weights, dtypes.int64 if weights._dtype.category == dtypes.INTEGRAL else weights._dtype, weights._dtype
    )


def _check_weights(name: str, kind: str, weights: Any, count: int) -> None:
    if weights is None:
        return
    if len(weights._shape) > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
            f"{len(weights._shape)} dimensions"
        )
    if weights._dtype.category != (dtypes.INTEGRAL if kind == "integral" else dtypes.FLOATING):
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with {weights._dtype.scalar_name} dtype"
        )
    if weights._data.size != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights._data.size} != {count}"
        )
    if (weights._data < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")


@composite()
@explained
def corrcoef(input: Any) -> Any:
    """The correlation coefficients of variables (rows) over observations (columns).

    Raises:
        RuntimeError: the input has more than two dimensions.
    """
    if len(input._shape) > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{len(input._shape)} dimensions"
        )
    c = cov(input)
    if not c._shape:
        return c / c
    spread = c.diag().sqrt()
    found = c / spread.unsqueeze(1) / spread.unsqueeze(0)
    if found._dtype.is_complex:
        from .complex_parts import complex

        return complex(found.real.clip(-1, 1), found.imag.clip(-1, 1))
    return found.clip(-1, 1)


# ---------------------------------------------------------------------------------------------- combinations
@composite(method=False)
@explained
def cartesian_prod(*tensors: Any) -> Any:
    """All ways to take one element of each vector, in the order of ``itertools.product``.

    Raises:
        RuntimeError: a tensor is no vector.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    for t in tensors:
        if len(t._shape) != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(t._shape)}")
    if len(tensors) == 1:
        return tensors[0]
    if (hidden(*tensors) or mode.unseen(*tensors)) and all([t._dtype is tensors[0]._dtype for t in tensors]):
        records = recorded(*tensors)
        sizes = tuple([t._shape[0] for t in tensors])
        if not records or (1 not in sizes and 0 not in sizes) or set(sizes) == {1}:
            found = wrap(kernels_of_views.all_combinations([t._data for t in tensors]))
            if records:
                found._node = _combination_node(tensors, sizes, found._shape[:1])
            return found
    return stack([grid.flatten() for grid in meshgrid(*tensors, indexing="ij")], dim=1)


def _combination_node(vectors: Any, sizes: tuple[int, ...], count: tuple[int, ...]) -> Any:
    """The node of all combinations of the elements of vectors, each of which runs along one dimension of a grid."""
    grids = []
    for dim, t in enumerate(vectors):
        placed = tuple([n if d == dim else 1 for d, n in enumerate(sizes)])
        node = _expand_op.link(_view_op.link(t._node, t._shape, placed), placed, sizes)
        if count == (1,):  # which lies in rows as it is
            node = _view_op.link(node, sizes, count)
        else:
            node = _unsafe_view_op.link(_clone_op.link(node, sizes, contiguous_format), sizes, count)
        grids.append(Part(node, count))
    return _stack_op.recorder(1)(grids, 1, None, UNTOUCHED)


@composite(method=False)
@explained
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All ways to take `r` elements of a vector, in the order of `itertools`.

    Args:
        input: the vector.
        r: how many elements each row has.
        with_replacement: whether an element may be taken more than once.

    Raises:
        RuntimeError: the input is no vector, or `r` negative.
    """
    if len(input._shape) != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return input.new_empty(0)
    grids = meshgrid(*[input] * r, indexing="ij")
    places = np.indices((input._shape[0],) * r)
    rising = np.less_equal if with_replacement else np.less
    mask = wrap(rising(places[:-1], places[1:]).all(0))
    return stack([grid.masked_select(mask) for grid in grids], 1)


@composite(method=False)
def unravel_index(indices: Any, shape: Any) -> Any:
    """The coordinates of places in a tensor of a shape that are counted row by row: one tensor for each dimension.

    Raises:
        TypeError: the indices are no integers.
    """
    size = (shape,) if isinstance(shape, int) else tuple(shape)
    if indices._dtype.category != dtypes.INTEGRAL:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices._dtype}")
    sizes = np.array(size, np.int64)
    steps = np.append(np.cumprod(sizes[:0:-1])[::-1], 1)
    places = indices.unsqueeze(-1).div(wrap(steps), rounding_mode="floor").remainder(wrap(sizes))
    return places.unbind(-1)


@composite(method=False)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The matrix whose columns are the powers of a vector, each the one before times the vector.

    Args:
        x: a vector.
        N: the number of columns; the vector's length by default.
        increasing: whether the powers rise from left to right.

    Raises:
        RuntimeError: `x` is no vector, or `N` is negative.
    """
    if len(x._shape) != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x._shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    if mode.unseen(x) and x._dtype.plain:
        return wrap(powers(x._data, n, increasing))
    if n > 1 and x._dtype.plain and hidden(x):
        return _vander_steps(x, n, increasing)
    found = wrap(np.ones((x._shape[0], n), np.int64 if x._dtype.category < dtypes.FLOATING else x._data.dtype))
    if n:
        bump(found)  # filled with ones
    if n > 1:
        copy_(_slice(found, 1, 1, n, 1), x.unsqueeze(-1))
        copy_(_slice(found, 1, 1, n, 1), cumprod(_slice(found, 1, 1, n, 1), 1))
    return found if increasing else found.flip(1)


def _vander_steps(x: Any, n: int, increasing: bool) -> Any:
    """The powers with PyTorch's graph: twice all columns but the first are changed, first to `x`, then to products.

    The products keep what they were made of, and what is overwritten by them: PyTorch refuses every backward.
    """
    found = wrap(powers(x._data, n, True))
    part, dtype, shape = found._data[:, 1:], x._dtype, found._shape
    place = Geometry(part, found._data, part.itemsize)
    column = Part(_unsqueeze_op.link(x._node, x._shape, -1), (shape[0], 1))
    first = copy_slices(None, place, _copy_op.recorder(2)(None, column, dtype, None, None), None)
    found._node, found._versions = first, [2]  # after it was filled with ones
    before = operand(part, found, _slice_op.link(first, shape, 1, 1, n, 1))
    products = Part(_cumprod_op.recorder(1)(before, 1, None, None, part, [0]), before._shape)
    # So the view is named once its base has changed.
    before._node = _as_strided_op.link(first, shape, before._shape, (n, 1), 1, (shape, (n, 1), 0), 1)
    changed = Part(_slice_op.link(first, shape, 1, 1, n, 1), before._shape)
    second = copy_slices(first, place, _copy_op.recorder(3)(changed, products, dtype, None, None), 0)
    found._node, found._versions[0] = second, 3
    return found if increasing else wrap(found._data[:, ::-1].copy(), _flip_op.link(second, shape, (1,)))


@composite(function=False, inplace=True)
def fill_diagonal_(input: Any, fill_value: float, wrap: bool = False) -> Any:
    """Sets the elements whose coordinates are all equal to a number.

    Args:
        input: at least two dimensions, all of one size if there are more.
        fill_value: the number.
        wrap: whether the diagonal of a tall matrix goes on from the top after its end.

    Raises:
        RuntimeError: the shape is not such.
    """
    shape, strides = input._shape, input.stride()
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(strides)
    if min(shape) != 1:  # a single element is not asked whether the number fits it
        number_for(fill_value, input._dtype, must_fit(input._dtype, min(shape)))
    input.as_strided((min(shape),), (step,)).fill_(fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        # One row is left out after each square.
        start, count = shape[1] * (shape[1] + 1), shape[0] * shape[1]
        input.as_strided((-(-(count - start) // (shape[1] + 1)),), (step,), input.storage_offset() + start).fill_(
            fill_value
        )
    return input


# ---------------------------------------------------------------------------------------------- functions of methods
# What PyTorch has as functions too, among the methods that change a tensor in place.
_IN_PLACE = """
    abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil clamp
    clamp_max clamp_min clip conj_physical cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd
    i0 index_put lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal resize_as round
    rsqrt sigmoid sin sinc sinh sqrt square tan tanh trunc xlogy zero
"""


def _function_of(name: str) -> Any:
    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(input, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`Tensor.{name}` as a function."
    return function


for _name in (*(f"{name}_" for name in _IN_PLACE.split()), "detach"):
    FUNCTIONS[_name] = _function_of(_name)
