"""Running sums, products and extremes along a dimension."""

from typing import Any

from .. import dtypes
from ..base import TensorBase
from ..kernels import along
from .data import cast, given_dtype
from .declare import Array, composite, in_formulas, operation
from .dimensions import int_dim
from .inplace import check
from .out import finish_out, refuse_dtype, several_out
from .overwrite import replace
from .reduction import sum_dtype
from .supported import refuse


@operation(name="_cumsum", rows=True, node="CumsumBackward0", aten="cumsum", function=False, method=False, out=False,
           input="cast_to(reverse_cumsum(grad, dim), source)", tangent="linear")  # fmt: skip
def _cumsum(input: Array, dim: int, dtype: Any, source: Any) -> Array:
    """Running sums, converted first unless `dtype` is None."""
    return along.cumsum(input if dtype is None else cast(input, dtype, False), dim)


@operation(name="_cumsum_reversed", node="FlipBackward0", aten="flip", function=False, method=False, out=False,
           input="cumsum_along(grad, dim)", tangent="linear")  # fmt: skip
def _cumsum_reversed(input: Array, dim: int) -> Array:
    """Running sums from the end."""
    return along.cumsum_reversed(input, dim)


in_formulas(along.cumsum_reversed, lambda x, dim: _cumsum_reversed(x, dim), "reverse_cumsum")
in_formulas(along.cumsum, lambda x, dim: _cumsum(x, dim, None, None), "cumsum_along")


def _running(name: str, operation: Any, input: Any, dim: int, dtype: Any, out: Any) -> Any:
    if dtype is out is None and type(dim) is int and isinstance(input, TensorBase) and input._dtype.plain:
        n = len(input._shape)
        if -n <= dim < n:
            return operation(input, dim + n if dim < 0 else dim, None, None)
    dim = int_dim(name, input, dim)
    kind = sum_dtype(name, input, dtype, out)
    if (kind or input._dtype) is dtypes.bool_ and input._shape and input._data.size:
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    found = operation(input, dim, kind, kind and input._dtype)
    return found if out is None else finish_out(out, found, name, apart=(input,))


def _running_in_place(name: str, input: Any, dim: int, dtype: Any) -> Any:
    dim = int_dim(name, input, dim)
    if dtype is not None:
        refuse_dtype(name, input._dtype, given_dtype(name, dtype))
    kind = sum_dtype(name, input, None)
    if input._dtype is dtypes.bool_ and input._shape and input._data.size:
        check(input, False)
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    return replace(f"_{name}", input, dim, kind, kind and input._dtype)


@composite()
def cumsum(input: Any, dim: int, *, dtype: Any = None, out: Any = None) -> Any:
    """The running sums along a dimension; integers and booleans are added as int64.

    Args:
        input: the tensor.
        dim: the dimension.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension.
    """
    return _running("cumsum", _cumsum, input, dim, dtype, out)


@composite(inplace=True)
def cumsum_(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The in-place form of `cumsum`."""
    return _running_in_place("cumsum", input, dim, dtype)


@operation(name="_cumprod", rows=True, node="CumprodBackward0", aten="cumprod", function=False, method=False, out=False,
           input="cast_to(cumprod_backward(grad, cast_to(input, dtype), result, dim), source)")  # fmt: skip
def _cumprod(input: Array, dim: int, dtype: Any, source: Any) -> Array:
    """Running products, converted first unless `dtype` is None."""
    return along.cumprod(input if dtype is None else cast(input, dtype, False), dim)


def _cumprod_backward_tensor(grad: Any, input: Any, result: Any, dim: int) -> Any:
    """The gradient of running products; with zeros among the elements, element by element."""
    if input._data.size <= 1 or input._shape[dim] == 1:
        return grad
    x = input.conj() if input._dtype.is_complex else input
    products = result.conj() if input._dtype.is_complex else result
    if not bool((input._data == 0).any()):
        return _cumsum_reversed(grad * products, dim) / x
    from .joining import cat

    n = input._shape[dim]
    parts = []
    for k in range(n):
        rest = x.narrow(dim, k, n - k)
        one = rest.narrow(dim, 0, 1).detach() * 0 + 1
        without = cat([one, rest.narrow(dim, 1, n - k - 1)], dim).cumprod(dim)
        total = (grad.narrow(dim, k, n - k) * without).sum(dim, keepdim=True)
        if k:
            total = total * x.narrow(dim, 0, k).prod(dim, keepdim=True)
        parts.append(total)
    return cat(parts, dim)


in_formulas(along.cumprod_backward, _cumprod_backward_tensor, "cumprod_backward")


@composite()
def cumprod(input: Any, dim: int, *, dtype: Any = None, out: Any = None) -> Any:
    """The running products along a dimension; integers and booleans are multiplied as int64.

    Args:
        input: the tensor.
        dim: the dimension.
        dtype: the element type to convert to first.
        out: the tensor to write to.

    Raises:
        IndexError: there is no such dimension.
    """
    return _running("cumprod", _cumprod, input, dim, dtype, out)


@composite(inplace=True)
def cumprod_(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The in-place form of `cumprod`."""
    return _running_in_place("cumprod", input, dim, dtype)


# PyTorch keeps the input, of which only the shape is read.
_RUNNING = "_put_along(grad, indices, dim, input.shape)"


@operation(name="_cummax", rows=True, node="CummaxBackward0", aten="cummax", function=False, method=False, out=False,
           kernel=along.cummax, outputs=("values", "indices"), differentiable=("values",),
           input=_RUNNING)  # fmt: skip
def _cummax(input: Array, dim: int) -> Any:
    """The largest elements so far and their places."""


@operation(name="_cummin", rows=True, node="CumminBackward0", aten="cummin", function=False, method=False, out=False,
           kernel=along.cummin, outputs=("values", "indices"), differentiable=("values",),
           input=_RUNNING)  # fmt: skip
def _cummin(input: Array, dim: int) -> Any:
    """The smallest elements so far and their places."""


def _running_dim(function: str, input: Any, dim: int) -> int:
    """The dimension of a running extreme, which PyTorch does not look at where there is nothing to run over."""
    if not input._data.size:
        return 0
    dim = int_dim(function, input, dim)
    if not input._dtype.plain and input._shape:
        refuse(f"{function}_cpu", input, dtypes.COMPLEX)
    return dim


@composite()
def cummax(input: Any, dim: int, *, out: Any = None) -> Any:
    """The largest elements so far along a dimension, and where they are, as ``(values, indices)``."""
    found = _cummax(input, _running_dim("cummax", input, dim))
    return found if out is None else several_out(out, found, "cummax")


@composite()
def cummin(input: Any, dim: int, *, out: Any = None) -> Any:
    """The smallest elements so far along a dimension, and where they are, as ``(values, indices)``."""
    found = _cummin(input, _running_dim("cummin", input, dim))
    return found if out is None else several_out(out, found, "cummin")
