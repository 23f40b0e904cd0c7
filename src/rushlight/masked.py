"""`torch.masked`: reductions and normalisations of the elements that a mask lets through.

Elements where the mask is false count as the neutral element of the operation: zero for a sum, infinity for a minimum.
The mask broadcasts to the input; without one all elements count. Everything is made of other operations, so gradients
and tangents follow. Tensors that carry their mask (``MaskedTensor``) are not there.

Source: https://docs.pytorch.org/docs/stable/masked.html
"""

import math
from typing import Any

from . import dtypes
from .base import tensor_names as _operations
from .nn.functional import softmin as _softmin
from .ops.dimensions import wrap_dim as _wrap_dim

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


# ---------------------------------------------------------------------------------------------- masks
def _neutral(name: str, dtype: dtypes.dtype, ord: float = 2.0) -> Any:
    """The number that changes nothing in an operation on numbers of `dtype`.

    Raises:
        NotImplementedError: the operation has none in the dtype.
        AssertionError: the dtype is not floating point.
    """
    smallest = name in ("amax", "argmax", "logaddexp", "logsumexp")
    if smallest or name in ("amin", "argmin"):
        if dtype.is_floating_point or (name == "logsumexp" and dtype.is_complex):
            return -math.inf if smallest else math.inf
        if dtype.category == dtypes.INTEGRAL:
            info = dtypes.iinfo(dtype)
            return info.min if smallest else info.max
        raise NotImplementedError(f"identity of {name} on {dtype} input")
    if name == "norm":
        if ord == -math.inf:
            if not dtype.is_floating_point:
                raise AssertionError(f"input must be floating point, got {dtype}")
            return math.inf
        return 0
    return {"sum": 0, "prod": 1, "median": math.nan}[name]


def _mask_of(input: Any, mask: Any) -> Any:
    """The mask as booleans of the input's shape.

    Raises:
        IndexError: it has more dimensions than the input.
    """
    if mask.shape != input.shape:
        if mask.ndim > input.ndim:
            raise IndexError(
                "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)"
            )
        mask = _operations["broadcast_to"](mask.clone(), input.shape)
    return mask.to(dtype=dtypes.bool_)


def _input_mask(input: Any, *args: Any, **kwargs: Any) -> Any:
    """The mask that a masked operation takes from the arguments it is called with.

    Raises:
        ValueError: there is none.
    """
    if kwargs.get("mask") is None:
        raise ValueError("_input_mask requires explicit mask")
    return _mask_of(input, kwargs["mask"])


def _output_mask(op: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
    """Which elements of a masked operation's result are made of some element that its mask lets through.

    Args:
        op: the operation.
        input: its input.
        args, kwargs: its further arguments.

    Raises:
        ValueError: `op` is no masked operation, or there is no mask.
    """
    if not callable(op):
        raise ValueError(f"_output_mask expected masked operation (got {type(op).__name__} object)")
    if op.__name__ in ("softmax", "log_softmax", "softmin", "normalize", "cumsum", "cumprod"):
        return _input_mask(input, **kwargs)
    if op.__name__ not in __all__ or op.__name__ == "logaddexp":
        raise ValueError(f"_output_mask expected masked operation (got callable {op.__module__}.{op.__name__})")
    before = args[1:] if op.__name__ == "norm" else args
    dims = _dims(before[0] if before else kwargs.get("dim"), input.ndim)
    found = _input_mask(input, **kwargs)
    for d in reversed(dims):
        found = found.any(dim=d, keepdim=bool(kwargs.get("keepdim", False)))
    return found


def _filled(name: str, input: Any, mask: Any, ord: float = 2.0) -> Any:
    """The input with the neutral element of an operation where the mask is false."""
    if mask is None:
        return input
    chosen = _mask_of(input, mask)
    neutral = _operations["tensor"](_neutral(name, input.dtype, ord), dtype=input.dtype)
    return _operations["where"](chosen, input, neutral)


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions meant, counted from the front and in order; all of them for None and ``()``.

    Raises:
        IndexError: one does not exist.
        RuntimeError: one appears twice.
    """
    if dim is None or dim == ():
        return tuple(range(ndim))
    front: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if d in front:  # as PyTorch has it, a dimension counted from the end may come again unnoticed
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        front.append(_wrap_dim(d, ndim))
    return tuple(sorted(front))


def _total_type(input: Any, dtype: Any) -> Any:
    """The dtype of a sum or product: that asked for, int64 for smaller integers and booleans, else the input's."""
    if dtype is not None:
        return dtype
    small = (dtypes.uint8, dtypes.bool_, dtypes.int8, dtypes.int16, dtypes.int32)
    return dtypes.int64 if input.dtype in small else input.dtype


# ---------------------------------------------------------------------------------------------- reductions
def sum(input: Any, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Any:
    """The sum over some dimensions of the elements that the mask lets through.

    Args:
        input: the tensor.
        dim: the dimensions, one or several; all unless given.
        keepdim: whether the dimensions stay, with size 1.
        dtype: the dtype to compute in; int64 for smaller integers unless given.
        mask: booleans that broadcast to the input.
    """
    dtype = _total_type(input, dtype)
    dims = _dims(dim, input.ndim)
    return _operations["sum"](_filled("sum", input, mask), dims, bool(keepdim), dtype=dtype)


def prod(input: Any, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Any:
    """The product over some dimensions of the elements that the mask lets through; see `sum`."""
    dtype = _total_type(input, dtype)
    result = _filled("prod", input, mask).to(dtype=dtype)
    for d in reversed(_dims(dim, input.ndim)):
        result = result.prod(dim=d, keepdim=bool(keepdim))
    return result


def amax(input: Any, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Any:
    """The largest of the elements that the mask lets through, over some dimensions; see `sum`."""
    filled = _filled("amax", input, mask)
    return filled.amax(_dims(dim, input.ndim), bool(keepdim)).to(dtype=dtype or input.dtype)


def amin(input: Any, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Any:
    """The smallest of the elements that the mask lets through, over some dimensions; see `sum`."""
    filled = _filled("amin", input, mask)
    return filled.amin(_dims(dim, input.ndim), bool(keepdim)).to(dtype=dtype or input.dtype)


def argmax(
    input: Any, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Where the largest of the elements is that the mask lets through, in the input's dtype unless another is given.

    Args:
        input: the tensor.
        dim: the dimension.
        keepdim: whether it stays, with length 1.
    """
    return _filled("argmax", input, mask).argmax(dim, bool(keepdim)).to(dtype=dtype or input.dtype)


def argmin(
    input: Any, dim: int | None = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Where the smallest of the elements is that the mask lets through; see `argmax`."""
    return _filled("argmin", input, mask).argmin(dim, bool(keepdim)).to(dtype=dtype or input.dtype)


def _counted(input: Any, dim: Any, keepdim: bool, dtype: Any, mask: Any) -> tuple[Any, Any, Any]:
    """The sum of the elements that count, their number, and the mask in the input's shape."""
    if mask is None:
        every = _operations["ones"](input.shape, dtype=dtypes.int64)
        return sum(input, dim, keepdim=keepdim, dtype=dtype), sum(every, dim, keepdim=keepdim), None
    chosen = _mask_of(input, mask)
    total = sum(input, dim, keepdim=keepdim, dtype=dtype, mask=chosen)
    return total, _operations["sum"](chosen, dim, keepdim), chosen


def mean(input: Any, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None, mask: Any = None) -> Any:
    """The mean over some dimensions of the elements that the mask lets through; NaN where there are none; see `sum`.

    Raises:
        ValueError: the dtype is not floating or complex.
    """
    source = "Input" if dtype is None else "Optional"
    dtype = dtype or input.dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. "
            f"Got: {dtype}"
        )
    total, count, _ = _counted(input, dim, bool(keepdim), dtype, mask)
    return total / count


def median(input: Any, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The median along a dimension of the elements that the mask lets through; NaN where there are none; see `sum`.

    Raises:
        ValueError: the input is not floating, and the mask leaves nothing of a row.
    """
    at = _dims(dim, input.ndim)[0]
    if input.is_floating_point():
        return _operations["nanmedian"](_filled("median", input, mask), at, keepdim).values
    found = _operations["nanmedian"](_filled("median", input.to(dtypes.float32), mask), at, keepdim).values
    if found.isnan().any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return found.to(dtype=dtype or input.dtype)


def norm(
    input: Any, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool | None = False, dtype: Any = None,
    mask: Any = None,
) -> Any:  # fmt: skip
    """The norm over some dimensions of the elements that the mask lets through; see `torch.linalg.vector_norm`."""
    from .linalg import vector_norm

    filled = _filled("norm", input, mask, 2.0 if ord is None else ord)
    return vector_norm(filled, ord, _dims(dim, input.ndim), bool(keepdim), dtype=dtype or input.dtype)


def logsumexp(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The logarithm of the sum of exponentials of the elements that the mask lets through; see `sum`."""
    filled = _filled("logsumexp", input, mask)
    return filled.logsumexp(_dims(dim, input.ndim), keepdim=keepdim).to(dtype=dtype or input.dtype)


def logaddexp(input: Any, other: Any, *, dtype: Any = None, input_mask: Any = None, other_mask: Any = None) -> Any:
    """``log(exp(input) + exp(other))`` of the elements that the masks let through.

    Args:
        input, other: the tensors.
        input_mask, other_mask: which of their elements count; all unless given.
    """
    first, second = _filled("logaddexp", input, input_mask), _filled("logaddexp", other, other_mask)
    return first.logaddexp(second).to(dtype=dtype or input.dtype)


def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool | None = False, dtype: Any = None, mask: Any = None,
) -> Any:  # fmt: skip
    """The variance over some dimensions of the elements that the mask lets through; see `sum`.

    Args:
        input, dim, keepdim, dtype, mask: as in `sum`.
        unbiased: whether to divide by one less than the number of elements.
        correction: how much less to divide by; 1 unless given.

    Raises:
        AssertionError: both `unbiased` and `correction` are given.
    """
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = float(correction) if correction is not None else 1.0 if unbiased in (None, True) else 0.0
    numeric = input.dtype if input.dtype.category >= dtypes.FLOATING else dtypes.float32
    dtype = dtype or numeric
    compute = dtype if dtype.category >= dtypes.FLOATING else dtypes.float32
    total, count, chosen = _counted(input, dim, True, dtype, mask)
    distance = input - total / count
    squares = sum(distance * distance.conj(), dim, keepdim=keepdim, dtype=compute, mask=chosen)
    freedom = count.reshape(squares.shape)
    if less:
        freedom = (freedom.to(compute.to_real()) - less).clamp_min(0)
    return (squares / freedom).to(dtype=dtype)


def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool | None = False, dtype: Any = None, mask: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation over some dimensions of the elements that the mask lets through; see `var`."""
    return var(input, dim, unbiased, correction=correction, keepdim=keepdim, dtype=dtype, mask=mask).sqrt()


# ---------------------------------------------------------------------------------------------- of the input's shape
def cumsum(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """The running sum along a dimension of the elements that the mask lets through."""
    dtype, at = dtype or input.dtype, _dims(dim, input.ndim)[0]
    return _filled("sum", input, mask).cumsum(at, dtype=dtype).to(dtype=dtype)


def cumprod(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """The running product along a dimension of the elements that the mask lets through."""
    dtype, at = dtype or input.dtype, _dims(dim, input.ndim)[0]
    return _filled("prod", input, mask).cumprod(at, dtype=dtype).to(dtype=dtype)


def softmax(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Softmax along a dimension of the elements that the mask lets through; zero elsewhere."""
    at = _dims(dim, input.ndim)[0]
    return _filled("amax", input, mask).softmax(at, dtype=dtype or input.dtype)


def log_softmax(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """The logarithm of `softmax`.

    Args:
        input: the tensor.
        dim: the dimension.
        mask: which elements count; all unless given.
    """
    at = _dims(dim, input.ndim)[0]
    return _filled("amax", input, mask).log_softmax(at, dtype=dtype or input.dtype)


def softmin(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Softmax of the negative input; see `softmax`."""
    at = _dims(dim, input.ndim)[0]
    return _softmin(_filled("amin", input, mask), at, dtype=dtype or input.dtype)


def normalize(
    input: Any, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Any = None
) -> Any:  # fmt: skip
    """The input divided by its norm along a dimension, or by `eps` where that is larger; see `norm`."""
    filled = _filled("sum", input, mask)
    length = norm(input, ord, dim, keepdim=True, dtype=dtype or input.dtype, mask=mask)
    return filled / _operations["maximum"](length, length.new_full((), eps))
