"""The largest and smallest elements, and where they are."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import along
from .arguments import explained, type_name
from .declare import Array, composite, operation, tensor_names
from .dimensions import axes_of, bool_argument, int_dim, need_tensor, nonempty, reduced_axes
from .out import finish_out, several_out
from .reduction_formulas import length
from .supported import refuse


@operation(name="_max", node="MaxBackward1", aten="max", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _max(input: Array) -> Array:
    """The largest element."""
    return np.maximum.reduce(input, None, None, np.empty((), input.dtype))


@operation(name="_min", node="MinBackward1", aten="min", function=False, method=False, out=False,
           input="shared_evenly(grad, input, result)")  # fmt: skip
def _min(input: Array) -> Array:
    """The smallest element."""
    return np.minimum.reduce(input, None, None, np.empty((), input.dtype))


@operation(name="_max_dim", node="MaxBackward0", aten="max", function=False, method=False, kernel=along.max_along,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",),
           input="put_back(grad, indices, dim, keepdim, shape(input))", out=False)  # fmt: skip
def _max_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The largest elements along a dimension, and where they are."""


@operation(name="_min_dim", node="MinBackward0", aten="min", function=False, method=False, kernel=along.min_along,
           rows=True,
           outputs=("values", "indices"), differentiable=("values",),
           input="put_back(grad, indices, dim, keepdim, shape(input))", out=False)  # fmt: skip
def _min_dim(input: Array, dim: int, keepdim: bool) -> Any:
    """The smallest elements along a dimension, and where they are."""


def _extreme(
    function: str, whole: Any, along: Any, pairwise: str, input: Any, dim: Any, keepdim: bool, other: Any, out: Any
) -> Any:
    if other is not None:
        if dim is not None:
            raise TypeError(f"{function}(): argument 'dim' (position 1) must be int, not {type_name(dim)}")
        dim = other
    if isinstance(dim, TensorBase):
        return tensor_names[pairwise](input, dim, out=out)
    need_tensor(function, input)
    if dim is None:
        if not input._data.size:
            raise RuntimeError(
                f"{function}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        if input._dtype.is_complex:
            raise NotImplementedError(f"\"{function}_all\" not implemented for '{input._dtype.scalar_name}'")
        return finish_out(out, whole(input), function, converts=True)
    if type(dim) is not int and not hasattr(dim, "__index__"):
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got (Tensor, {type_name(dim)}), but "
            "expected one of:\n * (Tensor input, *, Tensor out = None)\n * (Tensor input, Tensor other, *, Tensor "
            "out = None)\n * (Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
        )
    dim = int_dim(function, input, dim)
    nonempty(function, input, (dim,))
    if input._dtype.is_complex:
        raise RuntimeError(f"{function}(): does not support complex input")
    found = along(input, dim, bool_argument(function, keepdim))
    return found if out is None else several_out(out, found, function)


@composite(raw=lambda x: np.maximum.reduce(x, None))
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None) -> Any:
    """The largest element; or the largest elements along a dimension and their places; or of two tensors.

    Args:
        input: a tensor of real numbers.
        dim: None for the largest of all elements, a dimension for the named tuple ``(values, indices)``, or a second
            tensor
            for the larger of corresponding elements.
        keepdim: whether the dimension stays, with length 1.
        other: the second tensor by name.
        out: the tensor, or pair of tensors, to write to.

    Raises:
        RuntimeError: there are no elements, or they are complex.
        IndexError: there is no such dimension, or it has no elements.
    """
    if dim is None and other is None and out is None and isinstance(input, TensorBase):
        if input._dtype.plain and input._data.size:
            return _max(input)
    return _extreme("max", _max, _max_dim, "maximum", input, dim, keepdim, other, out)


@composite(raw=lambda x: np.minimum.reduce(x, None))
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None) -> Any:
    """The smallest element; or the smallest elements along a dimension and their places; or of two tensors.

    The arguments and errors are those of `max`.

    Args:
        input: the tensor.
        dim: the dimension.
        keepdim: whether it stays, with length 1.
        other: a second tensor, in the place of `dim`.
        out: the tensor, or the pair, to write to.
    """
    if dim is None and other is None and out is None and isinstance(input, TensorBase):
        if input._dtype.plain and input._data.size:
            return _min(input)
    return _extreme("min", _min, _min_dim, "minimum", input, dim, keepdim, other, out)


@operation(name="_amax", rows=True, node="AmaxBackward0", aten="amax", function=False, method=False, out=False,
           kernel=along.amax, input="shared_over(grad, input, result, dim, keepdim)")  # fmt: skip
def _amax(input: Array, dim: Any, keepdim: bool) -> Array:
    """The largest elements over some dimensions."""


@operation(name="_amin", rows=True, node="AminBackward0", aten="amin", function=False, method=False, out=False,
           kernel=along.amin, input="shared_over(grad, input, result, dim, keepdim)")  # fmt: skip
def _amin(input: Array, dim: Any, keepdim: bool) -> Array:
    """The smallest elements over some dimensions."""


def _extreme_over(function: str, name: str, operation: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    if out is None and isinstance(input, TensorBase) and input._dtype.plain and input._data.size:
        return operation(input, reduced_axes(function, input, dim), bool_argument(function, keepdim))
    need_tensor(function, input)
    if not input._data.size:
        if dim is None or dim in ((), []):
            raise RuntimeError(
                f"{function}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                "dim with the 'dim' argument."
            )
        nonempty(function, input, tuple(dim) if isinstance(dim, (tuple, list)) else (dim,))
    axes = reduced_axes(function, input, dim)
    if input._dtype.is_complex and input._data.size:
        raise NotImplementedError(f"\"{name}_values_cpu\" not implemented for '{input._dtype.scalar_name}'")
    result = operation(input, axes, bool_argument(function, keepdim))
    return result if out is None else finish_out(out, result, function)


@composite()
def amax(input: Any, dim: Any = (), keepdim: bool = False, *, out: Any = None) -> Any:
    """The largest elements over some dimensions, or of all; a gradient is shared evenly among equal ones.

    Args:
        input: the tensor.
        dim: the dimension or dimensions; all unless given.
        keepdim: whether they stay, with length 1.
        out: the tensor to write to.

    Raises:
        RuntimeError: there are no elements.
        IndexError: there is no such dimension, or it has no elements.
    """
    return _extreme_over("amax", "max", _amax, input, dim, keepdim, out)


@composite()
def amin(input: Any, dim: Any = (), keepdim: bool = False, *, out: Any = None) -> Any:
    """The smallest elements over some dimensions, or of all; see `amax`."""
    return _extreme_over("amin", "min", _amin, input, dim, keepdim, out)


@operation(name="_aminmax", rows=True, node="AminmaxBackward0", aten="aminmax", function=False, method=False, out=False,
           outputs=("min", "max"),
           input="sum_of_two(None if grads[0] is None else shared_over(grads[0], input, min, dim, keepdim), "
                 "None if grads[1] is None else shared_over(grads[1], input, max, dim, keepdim))")  # fmt: skip
def _aminmax(input: Array, dim: Any, keepdim: bool) -> Any:
    """The smallest and the largest elements over some dimensions."""
    return along.amin(input, dim, keepdim), along.amax(input, dim, keepdim)


@composite()
@explained
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """The smallest and the largest elements, of all or along a dimension, as the named tuple ``(min, max)``.

    Args:
        input: the tensor.
        dim: the dimension; all unless given.
        keepdim: whether it stays, with length 1.
        out: the pair of tensors to write to.

    Raises:
        RuntimeError: there are no elements.
        IndexError: there is no such dimension.
    """
    need_tensor("aminmax", input)
    axes = axes_of(dim, len(input._shape))
    if dim is not None and input._shape and not input._shape[dim]:
        raise IndexError(f"aminmax: Expected reduction dim {dim % len(input._shape)} to have non-zero size.")
    if not input._data.size and not length(input._shape, axes):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if dim is not None and not input._shape and input._dtype.is_complex:
        raise RuntimeError(f"aminmax not implemented for {input._dtype.scalar_name}")
    refuse("aminmax_cpu", input, dtypes.COMPLEX)
    return several_out(out, _aminmax(input, axes, keepdim), "aminmax")


@operation(name="_argmax", aten="argmax", function=False, method=False, out=False)
def _argmax(input: Array, dim: Any, keepdim: bool) -> Array:
    """Where the largest elements are."""
    return input.argmax(dim, keepdims=keepdim) if input.ndim else np.zeros((), np.int64)


@operation(name="_argmin", aten="argmin", function=False, method=False, out=False)
def _argmin(input: Array, dim: Any, keepdim: bool) -> Array:
    """Where the smallest elements are."""
    return input.argmin(dim, keepdims=keepdim) if input.ndim else np.zeros((), np.int64)


def _arg_extreme(function: str, operation: Any, input: Any, dim: Any, keepdim: bool, out: Any) -> Any:
    if out is None and isinstance(input, TensorBase) and input._dtype.plain and input._data.size:
        if dim is not None:
            dim = int_dim(function, input, dim)
        return operation(input, dim, bool_argument(function, keepdim))
    need_tensor(function, input)
    if input._dtype.category in (dtypes.BOOL, dtypes.COMPLEX):
        raise RuntimeError(
            f"{function}(): does not support {'bool' if input._dtype is dtypes.bool_ else 'complex'} input"
        )
    if dim is not None:
        dim = int_dim(function, input, dim)
        nonempty(function, input, (dim,))
    elif not input._data.size:
        raise IndexError(f"{function}(): Expected reduction dim to be specified for input.numel() == 0.")
    return finish_out(out, operation(input, dim, bool_argument(function, keepdim)), function)


@composite()
def argmax(input: Any, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Where the largest element is: its place among all, or along a dimension; the first of equal ones.

    Args:
        input: the tensor.
        dim: the dimension; of all elements in a row unless given.
        keepdim: whether it stays, with length 1.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension, or there are no elements.
        RuntimeError: the elements are booleans or complex numbers.
    """
    return _arg_extreme("argmax", _argmax, input, dim, keepdim, out)


@composite()
def argmin(input: Any, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """Where the smallest element is: its place among all, or along a dimension; the first of equal ones.

    Args:
        input: the tensor.
        dim: the dimension; of all elements in a row unless given.
        keepdim: whether it stays, with length 1.
        out: the tensor to write to.
    """
    return _arg_extreme("argmin", _argmin, input, dim, keepdim, out)
