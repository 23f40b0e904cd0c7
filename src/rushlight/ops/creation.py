"""Making tensors by rule: filled ones, sequences of numbers, triangles, complex numbers from their parts."""

import builtins
import math
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..base import TensorBase
from .data import (
    TYPED_TENSORS,
    cast,
    finish,
    fits,
    given_dtype,
    legacy_tensor,
    no_pinning,
    overflow,
    store,
    type_name,
)
from .declare import Array, composite, in_formulas, operation
from .out import finish_out

__all__ = ["TYPED_TENSORS", "finish", "legacy_tensor"]
_complex, _int, _float = builtins.complex, builtins.int, builtins.float


# ---------------------------------------------------------------------------------------------- arguments
def sizes(function: str, args: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that a function was given, as numbers one by one or as a sequence of them.

    Raises:
        TypeError: something is no integer, or there are arguments too many.
        RuntimeError: a size is negative.
    """
    if size is not None:
        args = (size, *args)
    for n in args:
        if type(n) is not _int or n < 0:
            break
    else:
        if args:
            return args
    if not args:
        raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
    first = args[0]
    if isinstance(first, (tuple, list)):
        if len(args) > 1:
            raise TypeError(f"{function}() takes 1 positional argument but {len(args)} were given")
        args = first  # type: ignore[assignment]
    elif not hasattr(first, "__index__") or isinstance(first, bool):
        raise TypeError(f"{function}(): argument 'size' (position 1) must be tuple of ints, not {type_name(first)}")
    for n in args:
        if type(n) is not _int:
            args = tuple([_size(function, m, i) for i, m in enumerate(args)])
            break
    for n in args:
        if n < 0:
            raise RuntimeError(f"{function}: Dimension size must be non-negative.")
    return tuple(args)


def _size(function: str, n: Any, i: int) -> int:
    if not hasattr(n, "__index__"):
        raise TypeError(
            f"{function}(): argument 'size' failed to unpack the object at pos {i + 1} with error \"type must be "
            "tuple of "
            f'ints,but got {type_name(n)}"'
        )
    return n.__index__()  # type: ignore[no-any-return]


def chosen(function: str, dtype: Any, device: Any, pin_memory: Any, otherwise: dtypes.dtype) -> dtypes.dtype:
    """The dtype to make a tensor of, after a look at the other options."""
    if device is not None or devices._default is not devices.cpu:
        devices.check(device)
    if pin_memory:
        no_pinning(pin_memory)
    if dtype is None:
        return otherwise
    return dtype if type(dtype) is dtypes.dtype else given_dtype(function, dtype)


def _done(array: np.ndarray, dtype: dtypes.dtype, requires_grad: bool, out: Any, given: Any) -> Any:
    if out is None:
        return finish(array, dtype, requires_grad)
    if given is not None and given is not out._dtype:
        raise RuntimeError(
            f"dtype {dtype.scalar_name} does not match dtype of out parameter ({out._dtype.scalar_name})"
        )
    return store(out, array)


def _order(memory_format: Any, dims: int) -> tuple[int, ...] | None:
    """The dimensions from the slowest to the fastest, where a memory format asks for another order than the usual."""
    name = str(memory_format)
    if not name.startswith("torch.channels_last"):
        return None
    rank = 5 if name.endswith("3d") else 4
    if dims != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {name.removeprefix('torch.')} format")
    return (0, *range(2, rank), 1)


def laid_out(make: Any, shape: tuple[int, ...], numpy: Any, memory_format: Any) -> np.ndarray:
    """An array made by ``make(shape, dtype)``, in a memory format."""
    order = None if memory_format is None else _order(memory_format, len(shape))
    if order is None:
        return make(shape, numpy)  # type: ignore[no-any-return]
    array = make(tuple([shape[i] for i in order]), numpy)
    return array.transpose(np.argsort(order))  # type: ignore[no-any-return]


def fill_number(function: str, value: Any, dtype: dtypes.dtype | None, position: int = 2) -> tuple[Any, dtypes.dtype]:
    """A fill value as a number that fits the dtype, which is found from the value if not given.

    Raises:
        TypeError: the value is no number.
        RuntimeError: the dtype cannot hold it.
    """
    if isinstance(value, TensorBase) and not value._shape and value._node is None:
        value = value._data.item()
    elif isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (_int, _float, _complex)):
        raise TypeError(
            f"{function}(): argument 'fill_value' (position {position}) must be Number, not {type_name(value)}"
        )
    return fitting(value, dtypes.of_number(value) if dtype is None else dtype)


def fitting(value: Any, dtype: dtypes.dtype) -> tuple[Any, dtypes.dtype]:
    """A number for a dtype, and the dtype; fractions are dropped for integers.

    Raises:
        RuntimeError: the dtype cannot hold the number.
    """
    if isinstance(value, _complex) and not dtype.is_complex:
        if value.imag:
            raise overflow(dtype)
        value = value.real
    if dtype.category == dtypes.INTEGRAL:
        if isinstance(value, _float) and not math.isfinite(value):
            raise overflow(dtype, "_t")
        if not fits(_int(value), dtype):
            raise overflow(dtype, "_t")
        value = _int(value) % 2 ** (8 * dtype.itemsize) if not dtype.is_signed else _int(value)
    return value, dtype


def _full_array(shape: tuple[int, ...], value: Any, dtype: dtypes.dtype, memory_format: Any = None) -> np.ndarray:
    array = laid_out(np.empty, shape, dtype.numpy, memory_format)
    if dtype.category >= dtypes.FLOATING and abs(value) > 1e4:
        with np.errstate(over="ignore"):
            array.fill(np.asarray(value).astype(dtype.numpy))
    else:
        array.fill(value)
    return array


# ---------------------------------------------------------------------------------------------- filled
@composite(method=False)
def empty(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, memory_format: Any = None, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of some shape whose elements are whatever was in memory.

    Args:
        size: the shape, as numbers or a sequence.
        out: the tensor to write to.
        dtype: the element type, the default dtype unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.
        memory_format: the order of the dimensions in memory.
        other: `size` by name.

    Raises:
        TypeError: a size is no integer.
        RuntimeError: a size is negative.
    """
    shape = sizes("empty", size, _named_size("empty", other))
    d = chosen("empty", dtype, device, pin_memory, dtypes._default)
    return _done(laid_out(np.empty, shape, d.numpy, memory_format), d, requires_grad, out, dtype)


def _named_size(function: str, other: dict[str, Any]) -> Any:
    if not other:
        return None
    size = other.pop("size", None)
    for name in other:
        raise TypeError(f"{function}() got an unexpected keyword argument '{name}'")
    return size


@composite(method=False)
def zeros(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of zeros; the arguments are those of `empty`."""
    shape = sizes("zeros", size, _named_size("zeros", other) if other else None)
    d = chosen("zeros", dtype, device, pin_memory, dtypes._default)
    return _done(np.zeros(shape, d.numpy), d, requires_grad, out, dtype)


@composite(method=False)
def ones(
    *size: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **other: Any,
) -> Any:  # fmt: skip
    """A tensor of ones; the arguments are those of `empty`."""
    shape = sizes("ones", size, _named_size("ones", other) if other else None)
    d = chosen("ones", dtype, device, pin_memory, dtypes._default)
    return _done(_full_array(shape, 1, d), d, requires_grad, out, dtype)


@composite(method=False)
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor with all elements equal to a number, whose kind decides the dtype unless one is given.

    Raises:
        TypeError: `size` is no sequence of integers, or `fill_value` no number.
        RuntimeError: the dtype cannot hold the number.
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type_name(size)}")
    given = None if dtype is None else given_dtype("full", dtype)
    value, d = fill_number("full", fill_value, given if out is None else given or out._dtype)
    chosen("full", d, device, pin_memory, d)
    return _done(_full_array(sizes("full", (size,)), value, d), d, requires_grad, out, given)


@composite(method=False)
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor with the given strides, in elements, whose elements are whatever was in memory."""
    d = chosen("empty_strided", dtype, device, pin_memory, dtypes._default)
    return finish(strided_array(tuple(size), tuple(stride), d), d, requires_grad)


def strided_array(size: tuple[int, ...], stride: tuple[int, ...], dtype: dtypes.dtype) -> np.ndarray:
    """A new array with the given strides, in elements."""
    count = 0 if 0 in size else 1 + sum([(n - 1) * s for n, s in zip(size, stride, strict=True)])
    memory = np.empty(count, dtype.numpy)
    return np.lib.stride_tricks.as_strided(memory, size, [s * dtype.itemsize for s in stride])


def _like(
    make: Any, function: str, input: Any, dtype: Any, device: Any, requires_grad: bool, memory_format: Any
) -> Any:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{function}(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")
    d = chosen(function, dtype, device, False, input._dtype)
    data = input._data
    if memory_format is not None and "preserve" not in str(memory_format):
        array = laid_out(np.empty, data.shape, d.numpy, memory_format)
    elif data.flags.c_contiguous:
        array = np.empty(data.shape, d.numpy)
    else:
        array = np.empty_like(data, d.numpy)
    return finish(make(array), d, requires_grad)


def _filled(value: Any) -> Any:
    def fill(array: np.ndarray) -> np.ndarray:
        array.fill(value)
        return array

    return fill


_with_zeros, _with_ones = _filled(0), _filled(1)


def _raw_like(value: Any) -> Any:
    def like(x: Any) -> np.ndarray:
        array = np.empty(x.shape, x.dtype)
        array.fill(value)
        return array

    return like


@composite(method=False, raw=_raw_like(0))
def zeros_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of zeros with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(_with_zeros, "zeros_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False, raw=_raw_like(1))
def ones_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of ones with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(_with_ones, "ones_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False, raw=lambda x: np.empty(x.shape, x.dtype))
def empty_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """An uninitialised tensor with the shape, the dtype and the order in memory of another, unless others are given."""
    return _like(lambda array: array, "empty_like", input, dtype, device, requires_grad, memory_format)


@composite(method=False)
def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor like another with all elements equal to a number, which is converted to the dtype."""
    wanted = getattr(input, "_dtype", None) if dtype is None else given_dtype("full_like", dtype)
    value, wanted = fill_number("full_like", fill_value, wanted)
    return _like(_filled(value), "full_like", input, wanted, device, requires_grad, memory_format)


def _new_filled(function: str, make: Any) -> Any:
    def method(
        self: Any, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None,
        pin_memory: bool = False, **other: Any,
    ) -> Any:  # fmt: skip
        shape = sizes(function, size, _named_size(function, other) if other else None)
        d = chosen(function, dtype, device, pin_memory, self._dtype)
        return finish(make(shape, d), d, requires_grad)

    method.__name__ = method.__qualname__ = function
    kind = function.removeprefix("new_")
    method.__doc__ = f"A tensor as `{kind}` makes it, of this tensor's dtype unless another is given."
    return composite(function=False, name=function)(method)


new_zeros = _new_filled("new_zeros", lambda shape, d: np.zeros(shape, d.numpy))
new_ones = _new_filled("new_ones", lambda shape, d: _full_array(shape, 1, d))
new_empty = _new_filled("new_empty", lambda shape, d: np.empty(shape, d.numpy))


@composite(function=False)
def new_full(
    self: Any, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Any:  # fmt: skip
    """A tensor of a shape with all elements equal to a number, of this tensor's dtype unless another is given."""
    d = chosen("new_full", dtype, device, pin_memory, self._dtype)
    value, d = fill_number("new_full", fill_value, d)
    return finish(_full_array(sizes("new_full", (size,)), value, d), d, requires_grad)


@composite(function=False)
def new_empty_strided(
    self: Any, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """An uninitialised tensor with the given strides, of this tensor's dtype unless another is given."""
    return empty_strided(
        size, stride, dtype=dtype or self._dtype, device=device, requires_grad=requires_grad, pin_memory=pin_memory
    )


@composite(method=False)
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A number as a 0-dim tensor of the default dtype, unless another is given."""
    if not isinstance(s, (_int, _float, _complex)):
        raise TypeError(f"scalar_tensor(): argument 's' (position 1) must be Number, not {type_name(s)}")
    d = chosen("scalar_tensor", dtype, device, pin_memory, dtypes._default)
    value, d = fitting(s, d)
    return finish(_full_array((), value, d), d, requires_grad)


# ---------------------------------------------------------------------------------------------- sequences of numbers
_ARANGE = (
    "arange() received an invalid combination of arguments - got ({}), but expected one of:\n * (Number end, *, "
    "Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool "
    "pin_memory = False, bool requires_grad = False)\n * (Number start, Number end, *, torch.dtype dtype = None, "
    "torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False)\n "
    "* (Number start, Number end, Number step = 1, *, Tensor out = None, torch.dtype dtype = None, torch.layout "
    "layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False)\n"
)


def _number(function: str, name: str, position: int, value: Any) -> Any:
    if isinstance(value, TensorBase) and not value._shape:
        return value._data.item()
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, (_int, _float, _complex)):
        raise TypeError(f"{function}(): argument '{name}' (position {position}) must be Number, not {type_name(value)}")
    return value


@composite(method=False)
def arange(
    *bounds: Any, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False, **named: Any,
) -> Any:  # fmt: skip
    """The numbers from a start (0) up to, and without, an end, by a step (1).

    Args:
        bounds: the end; or the start and the end; or the start, the end and the step.
        out: the tensor to write to.
        dtype: the element type: int64 unless given if all three are integers, else the default dtype.
        layout, device, pin_memory, requires_grad: as for `zeros`.
        named: `start`, `end` and `step` by name.

    Raises:
        RuntimeError: the step is zero or leads away from the end, or a bound is not finite.
        TypeError: a bound is no number.
    """
    if len(bounds) == 1 and type(bounds[0]) is _int and bounds[0] >= 0 and out is None and dtype is None and not named:
        chosen("arange", None, device, pin_memory, dtypes.int64)
        return finish(np.arange(bounds[0]), dtypes.int64, requires_grad)
    names = ("end",) if len(bounds) == 1 and "end" not in named else ("start", "end", "step")
    values = {**dict(zip(names, bounds)), **named}
    if len(bounds) > 3 or "end" not in values or not values.keys() <= {"start", "end", "step"}:
        got = [type_name(b) for b in bounds] + [f"{k}={type_name(v)}" for k, v in named.items()]
        raise TypeError(_ARANGE.format(", ".join(got)))
    numbers = {k: _number("arange", k, i + 1, v) for i, (k, v) in enumerate(values.items())}
    start, end, step = numbers.get("start", 0), numbers["end"], numbers.get("step", 1)
    if any([isinstance(n, _complex) for n in (start, end, step)]):
        raise overflow(dtypes.float64) if dtype is None else NotImplementedError("complex bounds")
    whole = all([isinstance(n, _int) for n in (start, end, step)])
    d = chosen(
        "arange", dtype, device, pin_memory, (dtypes.int64 if whole else dtypes._default) if out is None else out._dtype
    )
    if d.category in (dtypes.BOOL, dtypes.COMPLEX):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{d.scalar_name}'")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {_plain(start)} -> {_plain(end)}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if whole:
        array = np.arange(start, end, step, np.int64)
        return _done(array if d is dtypes.int64 else cast(array, d), d, requires_grad, out, dtype)
    if d.category == dtypes.INTEGRAL:
        if _int(step) == 0:
            raise ValueError("step must be nonzero")
        array = np.arange(_int(start), _int(end), _int(step)).astype(d.numpy)
    else:
        # Products with the step and not sums of steps, in float64, so that only the result is rounded.
        array = (start + step * np.arange(math.ceil((end - start) / step), dtype=np.float64)).astype(d.numpy)
    return _done(array, d, requires_grad, out, dtype)


def _plain(x: Any) -> Any:
    return _int(x) if isinstance(x, _float) and math.isfinite(x) and x == _int(x) else x


@composite(method=False)
def linspace(
    start: Any, end: Any, steps: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, at equal distances.

    Raises:
        RuntimeError: the number of steps is negative.
    """
    array, d = _spaced(
        "linspace", start, end, steps, chosen("linspace", dtype, device, pin_memory, _spaced_dtype(start, end, out))
    )
    return _done(_shaped(array, out), d, requires_grad, out, dtype)


def _shaped(array: np.ndarray, out: Any) -> np.ndarray:
    """The numbers in the shape of ``out=``, which is kept if there are as many."""
    return array if out is None or out._data.size != array.size else array.reshape(out._shape)


def _spaced_dtype(start: Any, end: Any, out: Any) -> dtypes.dtype:
    if out is not None:
        return out._dtype  # type: ignore[no-any-return]
    both = (start._data if isinstance(start, TensorBase) else start, end._data if isinstance(end, TensorBase) else end)
    return dtypes.default_complex() if np.iscomplexobj(both[0]) or np.iscomplexobj(both[1]) else dtypes._default


def _spaced(function: str, start: Any, end: Any, steps: Any, d: dtypes.dtype) -> tuple[np.ndarray, dtypes.dtype]:
    for name, x in (("start", start), ("end", end)):
        if isinstance(x, TensorBase) and x._shape:
            raise RuntimeError(
                f"{function} only supports 0-dimensional start and end tensors, but got {name} with {len(x._shape)} "
                "dimension(s)."
            )
    start, end = _number(function, "start", 1, start), _number(function, "end", 2, end)
    if not hasattr(steps, "__index__"):
        raise TypeError(f"{function}(): argument 'steps' (position 3) must be int, not {type_name(steps)}")
    n = steps.__index__()
    if n < 0:
        raise RuntimeError("number of steps must be non-negative")
    # The first half is counted from the start and the second from the end, so that both ends are exact.
    kind = d.numpy.type if d.category >= dtypes.FLOATING else np.float64
    index = np.arange(n)
    if n <= 1:
        return cast(np.full(n, start), d), d
    step = (kind(end) - kind(start)) / kind(n - 1)
    array = np.where(
        index < n // 2, kind(start) + step * index.astype(kind), kind(end) - step * (n - 1 - index).astype(kind)
    )
    return cast(array.astype(kind), d), d


@composite(method=False)
def logspace(
    start: Any, end: Any, steps: Any, base: Any = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """`base` to the power of `steps` numbers from `start` to `end`, both included, at equal distances.

    Raises:
        RuntimeError: the number of steps is negative.
    """
    d = chosen("logspace", dtype, device, pin_memory, _spaced_dtype(start, end, out))
    wide = d if d.category >= dtypes.FLOATING and d.itemsize > 2 else dtypes.float64
    exponents, _ = _spaced("logspace", start, end, steps, wide)
    powers = np.power(np.asarray(base, exponents.dtype), exponents)
    return _done(_shaped(cast(powers, d), out), d, requires_grad, out, dtype)


# ---------------------------------------------------------------------------------------------- matrices
@composite(method=False)
def eye(
    n: Any, m: Any = None, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The matrix of `n` rows and `m` columns (`n` unless given) with ones on its diagonal.

    Raises:
        RuntimeError: a size is negative.
        TypeError: a size is no integer.
    """
    for i, (name, x) in enumerate((("n", n), ("m", n if m is None else m))):
        if not hasattr(x, "__index__"):
            raise TypeError(f"eye(): argument '{name}' (position {i + 1}) must be int, not {type_name(x)}")
        if x.__index__() < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {x}")
    d = chosen("eye", dtype, device, pin_memory, dtypes._default if out is None else out._dtype)
    return _done(np.eye(n, n if m is None else m, dtype=d.numpy), d, requires_grad, out, dtype)


def _indices(function: str, find: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Any:
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name} must be non-negative, got{n}")
    d = chosen(function, dtype, device, False, dtypes.int64)
    if d.category != dtypes.INTEGRAL:
        raise NotImplementedError(f"\"{function}\" not implemented for '{d.scalar_name}'")
    return finish(np.stack(find(row, offset, col)).astype(d.numpy), d)


@composite(method=False)
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """The row and column numbers of a matrix's lower triangle, as a tensor of two rows."""
    return _indices("tril_indices", np.tril_indices, row, col, offset, dtype, device)


@composite(method=False)
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None,
    pin_memory: bool = False,
) -> Any:  # fmt: skip
    """The row and column numbers of a matrix's upper triangle, as a tensor of two rows."""
    return _indices("triu_indices", np.triu_indices, row, col, offset, dtype, device)


# ---------------------------------------------------------------------------------------------- complex numbers
def _complex_array(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    kind = np.complex128 if real.dtype == np.float64 else np.complex64
    array = np.empty(np.broadcast_shapes(real.shape, imag.shape), kind)
    array.real = real
    array.imag = imag
    return array


@operation(name="_complex", node="ComplexBackward0", aten="complex", function=False, method=False,
           kernel=_complex_array,
           real="fit_like(part(grad, 0), shape(real))", imag="fit_like(part(grad, 1), shape(imag))",
           tangent="linear")  # fmt: skip
def _complex_of(real: Array, imag: Array) -> Array:
    """Complex numbers from their real and imaginary parts."""


@operation(name="_polar", node="PolarBackward0", aten="polar", function=False, method=False,
           abs="fit_like(part(grad * conj(sgn(result)), 0), shape(abs))",
           angle="fit_like(part(grad * conj(result * 1j), 0), shape(angle))")  # fmt: skip
def _polar_of(abs: Array, angle: Array) -> Array:
    """Complex numbers from their absolute values and angles."""
    return _complex_array(abs * np.cos(angle), abs * np.sin(angle))


in_formulas(lambda x, i: (x.imag if i else x.real).copy(), lambda x, i: x.imag if i else x.real, "part", aliasing=True)


def _check_parts(function: str, names: tuple[str, str], a: Any, b: Any) -> None:
    for i, (name, x) in enumerate(zip(names, (a, b), strict=True)):
        if not isinstance(x, TensorBase):
            raise TypeError(f"{function}(): argument '{name}' (position {i + 1}) must be Tensor, not {type_name(x)}")
    if not (a._dtype.is_floating_point and b._dtype.is_floating_point):
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{a._dtype.scalar_name} and {b._dtype.scalar_name}"
        )
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"Expected object of scalar type {a._dtype.scalar_name} but got scalar type {b._dtype.scalar_name} for "
            "second argument"
        )


@composite(method=False)
def complex(real: Any, imag: Any, *, out: Any = None) -> Any:
    """Complex numbers from their real and imaginary parts, which broadcast and are of one floating-point dtype."""
    _check_parts("complex", ("real", "imag"), real, imag)
    return finish_out(out, _complex_of(real, imag), "complex")


@composite(method=False)
def polar(abs: Any, angle: Any, *, out: Any = None) -> Any:
    """Complex numbers from their absolute values and angles, which broadcast and are of one floating-point dtype."""
    _check_parts("polar", ("abs", "angle"), abs, angle)
    return finish_out(out, _polar_of(abs, angle), "polar")
