"""New random tensors; the methods that fill a tensor in place are in `random_inplace`.

The numbers come from `rushlight.random`; the draws are PyTorch's, so the same seed gives the same tensor.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..autograd import mode
from ..base import TensorBase, bump
from ..kernels import numpy_normal, numpy_random
from ..random import default_generator, source_of
from .arguments import type_name
from .creation import empty_like
from .creation_arguments import chosen
from .data import finish
from .declare import Array, composite
from .numbers import overflow
from .overlap import refuse_partly_shared
from .random_inplace import check_generator, floats, integer, unsupported, writable, write_normal
from .random_integers import write_integers
from .signatures import Mismatch, forms, is_int

_MAKING = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool "
    "requires_grad = False"
)
NEW = f"Tensor out = None, {_MAKING}"
_LIKE = f"torch.memory_format memory_format = None, {_MAKING}"

Write = Callable[[Any, Array, dtypes.dtype], None]


def _both(arguments: str, rest: str) -> tuple[str, str]:
    """A form in which a generator must be given, and one without."""
    return f"{arguments}, *, torch.Generator generator, {rest}", f"{arguments}, *, {rest}"


# ---------------------------------------------------------------------------------------------- what they share
def given_shape(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that was given as one sequence or number by number.

    Raises:
        Mismatch: it is no shape.
        TypeError: a later size is no integer.
        RuntimeError: a size is negative.
    """
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    elif not size:
        raise Mismatch
    for n in size:
        if type(n) is not int or n < 0:
            break
    else:
        return size
    if size and not is_int(size[0]):
        raise Mismatch
    for place, n in enumerate(size):
        if not is_int(n):
            raise TypeError(
                f"{function}(): argument 'size' failed to unpack the object at pos {place + 1} with error \"type must "
                f'be tuple of ints,but got {type_name(n)}"'
            )
    shape = tuple([int(n) for n in size])
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def check_options(generator: Any, out: Any, dtype: Any, requires_grad: Any) -> None:
    """Refuses what cannot be an option of a function that makes random tensors.

    Raises:
        Mismatch: one is of the wrong type, so that another form may be meant.
    """
    check_generator(generator)
    if dtype is not None and not isinstance(dtype, dtypes.dtype) and dtype not in (int, float, bool, complex):
        raise Mismatch
    if (out is not None and not isinstance(out, TensorBase)) or not isinstance(requires_grad, (bool, type(None))):
        raise Mismatch


def draw_into(function: str, out: Any, shape: tuple[int, ...], write: Callable[[Array], None], others: Any = ()) -> Any:
    """Fills the tensor given as ``out=``, which takes on the shape.

    Raises:
        RuntimeError: `out` wants a gradient.
    """
    if mode.local.grad and (out._node is not None or any(t._node is not None for t in others)):
        raise RuntimeError(
            f"{function}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if out._shape != shape:
        out._data = np.empty(shape, out._data.dtype)
        out._shape = shape
    writable(out, False)
    refuse_partly_shared(out, others)
    write(out._data)
    bump(out)
    return out


def draw_new(
    function: str, shape: tuple[int, ...], write: Write, usual: dtypes.dtype, generator: Any, out: Any, dtype: Any,
    device: Any, pin_memory: Any, requires_grad: Any,
) -> Any:  # fmt: skip
    """A new tensor that `write` has filled, or the one given as ``out=``.

    Args:
        function: the public name, for messages.
        shape: the shape of the tensor.
        write: fills an array of a dtype with numbers made of the words of a source.
        usual: the dtype if none is given.
        generator, out, dtype, device, pin_memory, requires_grad: as the user gave them.

    Raises:
        RuntimeError: `out` has another dtype than was asked for.
    """
    if (
        (generator is out is dtype is device is None) and pin_memory is False and type(requires_grad) is bool
        and devices._default is devices.cpu
    ):  # fmt: skip
        array = np.empty(shape, usual.numpy)
        write(default_generator.source, array, usual)
        return finish(array, usual, requires_grad)
    check_options(generator, out, dtype, requires_grad)
    kind = chosen(function, dtype, device, pin_memory, usual if out is None else out._dtype)
    source = source_of(generator)
    if out is None:
        array = np.empty(shape, kind.numpy)
        write(source, array, kind)
        return finish(array, kind, requires_grad)
    if kind is not out._dtype:
        raise RuntimeError(f"dtype {kind.scalar_name} does not match dtype of out parameter ({out._dtype.scalar_name})")
    return draw_into(f"aten::{function}", out, shape, lambda array: write(source, array, kind))


def _made_like(
    function: str, input: Any, write: Write, generator: Any, dtype: Any, device: Any, memory_format: Any,
    requires_grad: Any,
) -> Any:  # fmt: skip
    """A new tensor of the shape, and unless told otherwise of the dtype and order in memory, of another.

    Raises:
        Mismatch: the arguments are of another form.
    """
    if not isinstance(input, TensorBase):
        raise Mismatch
    check_options(generator, None, dtype, requires_grad)
    made = empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
    write(source_of(generator), made._data, made._dtype)
    return finish(made._data, made._dtype, requires_grad)


def _write_uniform(source: Any, out: Array, dtype: dtypes.dtype) -> None:
    if dtype is dtypes.float32 and numpy_random.standard_uniform(source, out):
        return
    if dtype.category < dtypes.FLOATING:
        raise unsupported("check_uniform_bounds", dtype)
    numpy_random.uniform(source, out if dtype.plain else floats(out, dtype))


def _write_standard_normal(source: Any, out: Array, dtype: dtypes.dtype) -> None:
    if dtype.plain:
        numpy_normal.normal(source, out)
    else:
        write_normal(source, out, dtype, 0.0, 1.0)


def _bounded(low: int, high: int) -> Write:
    def write(source: Any, out: Array, dtype: dtypes.dtype) -> None:
        if dtype is dtypes.int64 and -_FAR < low < high < _FAR:
            numpy_random.integers(source, out, low, high)
        else:
            write_integers(source, dtype, low, high)(out)

    return write


_FAR = 1 << 63  # within which int64 holds all numbers


# ---------------------------------------------------------------------------------------------- new tensors
@composite(method=False)
@forms(*_both("tuple of ints size", NEW), sizes=True)
def rand(
    *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor of numbers of the uniform distribution on ``[0, 1)``.

    Args:
        size: the shape, as numbers or a sequence.
        generator: the source of the numbers; the default generator unless given.
        out: the tensor to write to.
        dtype: floating or complex; the default dtype unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.

    Raises:
        TypeError: a size is no integer.
        RuntimeError: a size is negative.
        NotImplementedError: the dtype is not floating or complex.
    """
    shape = given_shape("rand", size)
    return draw_new(
        "rand", shape, _write_uniform, dtypes._default, generator, out, dtype, device, pin_memory, requires_grad
    )


@composite(method=False)
@forms(*_both("tuple of ints size", NEW), sizes=True)
def randn(
    *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor of numbers of the normal distribution with mean 0 and variance 1; the arguments are those of `rand`."""
    shape = given_shape("randn", size)
    return draw_new(
        "randn",
        shape,
        _write_standard_normal,
        dtypes._default,
        generator,
        out,
        dtype,
        device,
        pin_memory,
        requires_grad,
    )


@composite(method=False)
@forms(
    *_both("int high, tuple of ints size", NEW),
    *_both("int low, int high, tuple of ints size", NEW),
)
def randint(
    *bounds_and_size: Any, low: Any = None, high: Any = None, size: Any = None, generator: Any = None, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor of whole numbers, all equally likely: ``randint(high, size)`` or ``randint(low, high, size)``.

    Args:
        bounds_and_size: `high` and `size`, or `low`, `high` and `size`, as far as they are not given by name.
        low: the smallest number, 0 unless given.
        high: the end, which is not drawn.
        size: the shape, a sequence.
        generator: the source of the numbers; the default generator unless given.
        out: the tensor to write to.
        dtype: any real dtype, int64 unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.

    Raises:
        TypeError: a bound is no integer, or the size no sequence of integers.
        RuntimeError: there is no number between the bounds, or the dtype cannot hold them.
    """
    if len(bounds_and_size) == 3 and low is None and high is None and size is None:
        first, end, size = bounds_and_size
        if type(first) is int and type(end) is int and isinstance(size, (tuple, list)):
            shape = given_shape("randint", (size,))
            return draw_new(
                "randint", shape, _bounded(first, end), dtypes.int64, generator, out, dtype, device, pin_memory,
                requires_grad,
            )  # fmt: skip
        size = None
    given = {"low": low, "high": high, "size": size}
    free = [name for name, value in given.items() if value is None]
    if len(bounds_and_size) == len(free) - 1 and low is None:
        free.remove("low")
    if len(bounds_and_size) != len(free):
        raise Mismatch
    given |= zip(free, bounds_and_size)
    if not isinstance(given["size"], (tuple, list)) or (given["size"] and not is_int(given["size"][0])):
        raise Mismatch
    first, end = integer(0 if given["low"] is None else given["low"]), integer(given["high"])
    shape = given_shape("randint", (given["size"],))
    return draw_new(
        "randint", shape, _bounded(first, end), dtypes.int64, generator, out, dtype, device, pin_memory, requires_grad
    )


_LIMITS = {
    dtypes.float16: ("2049", 2**11 + 1),
    dtypes.float32: ("2^24+1", 2**24 + 1),
    dtypes.float64: ("2^53+1", 2**53 + 1),
}


@composite(method=False)
@forms(*_both("int n", NEW))
def randperm(
    n: Any, *, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The numbers from 0 to ``n - 1`` in a random order.

    Args:
        n: how many.
        generator: the source of random numbers; the default generator unless given.
        out: the tensor to write to.
        dtype: any real dtype but bool, int64 unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.

    Raises:
        RuntimeError: `n` is negative, or the dtype cannot hold the numbers.
        NotImplementedError: the dtype is bool or complex.
    """
    count = n if type(n) is int and 0 <= n < _FAR else integer(n)

    def write(source: Any, array: Array, dtype: dtypes.dtype) -> None:
        if dtype is not dtypes.int64:
            if dtype.category == dtypes.INTEGRAL and count - 1 > np.iinfo(dtype.numpy).max:
                raise overflow(dtype)
            if dtype in _LIMITS and count > _LIMITS[dtype][1]:
                raise RuntimeError(f"n cannot be greater than {_LIMITS[dtype][0]} for {dtype.scalar_name} type.")
            if dtype.category in (dtypes.BOOL, dtypes.COMPLEX):
                raise unsupported("randperm", dtype)
        array[...] = numpy_random.permutation(source, count)

    shape = given_shape("randperm", (count,))
    return draw_new("randperm", shape, write, dtypes.int64, generator, out, dtype, device, pin_memory, requires_grad)


# ---------------------------------------------------------------------------------------------- like another
@composite(method=False)
@forms(*_both("Tensor input", _LIKE))
def rand_like(
    input: Any, *, generator: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """A tensor of the shape of `input` with numbers of the uniform distribution on ``[0, 1)``; see `rand`."""
    return _made_like("rand_like", input, _write_uniform, generator, dtype, device, memory_format, requires_grad)


@composite(method=False)
@forms(*_both("Tensor input", _LIKE))
def randn_like(
    input: Any, *, generator: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    """A tensor of the shape of `input` with numbers of the normal distribution; see `randn`."""
    return _made_like(
        "randn_like", input, _write_standard_normal, generator, dtype, device, memory_format, requires_grad
    )


@composite(method=False)
@forms(
    *_both("Tensor input, int low, int high", _LIKE),
    *_both("Tensor input, Tensor high", _LIKE),
    *_both("Tensor input, int high", _LIKE),
)
def randint_like(
    input: Any, *bounds: Any, low: Any = None, high: Any = None, generator: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
    memory_format: Any = None,
) -> Any:  # fmt: skip
    """A tensor of the shape and dtype of `input` with whole numbers: ``(input, high)`` or ``(input, low, high)``.

    See `randint`.

    Raises:
        Mismatch: the bounds are not one or two integers.
    """
    given = {"low": low, "high": high}
    free = [name for name, value in given.items() if value is None]
    if len(bounds) == len(free) - 1 and low is None:
        free.remove("low")
    if len(bounds) != len(free):
        raise Mismatch
    given |= zip(free, bounds)
    write = _bounded(integer(0 if given["low"] is None else given["low"]), integer(given["high"]))
    return _made_like("randint_like", input, write, generator, dtype, device, memory_format, requires_grad)
