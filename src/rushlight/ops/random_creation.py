"""New random tensors; the methods that fill a tensor in place are in `random_inplace`.

The numbers come from `rushlight.random`; the draws are PyTorch's, so the same seed gives the same tensor.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, bump
from ..kernels import numpy_counts, numpy_random
from ..random import source_of
from .creation import empty_like
from .creation_arguments import chosen
from .data import finish, store, type_name
from .declare import Array, composite, tensor_names
from .random_inplace import (
    check_generator,
    check_probabilities,
    check_std,
    floats,
    integer,
    number,
    unsupported,
    writable,
    write_integers,
    write_normal,
)
from .signatures import Mismatch, forms, is_float, is_int

_MAKING = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool "
    "requires_grad = False"
)
_NEW = f"Tensor out = None, {_MAKING}"
_LIKE = f"torch.memory_format memory_format = None, {_MAKING}"

Write = Callable[[Any, Array, dtypes.dtype], None]


def _both(arguments: str, rest: str) -> tuple[str, str]:
    """A form in which a generator must be given, and one without."""
    return f"{arguments}, *, torch.Generator generator, {rest}", f"{arguments}, *, {rest}"


# ---------------------------------------------------------------------------------------------- what they share
def _shape(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that was given as one sequence or number by number."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    elif not size:
        raise Mismatch
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


def _check_options(generator: Any, out: Any, dtype: Any, requires_grad: Any) -> None:
    check_generator(generator)
    if dtype is not None and not isinstance(dtype, dtypes.dtype) and dtype not in (int, float, bool, complex):
        raise Mismatch
    if (out is not None and not isinstance(out, TensorBase)) or not isinstance(requires_grad, bool):
        raise Mismatch


def _into(function: str, out: Any, shape: tuple[int, ...], write: Callable[[Array], None], others: Any = ()) -> Any:
    """Fills the tensor given as ``out=``, which takes on the shape."""
    if mode.local.grad and (out._node is not None or any(t._node is not None for t in others)):
        raise RuntimeError(
            f"{function}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if out._shape != shape:
        out._data = np.empty(shape, out._data.dtype)
        out._shape = shape
    writable(out, False)
    write(out._data)
    bump(out)
    return out


def _made(
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
    """
    _check_options(generator, out, dtype, requires_grad)
    kind = chosen(function, dtype, device, pin_memory, usual if out is None else out._dtype)
    source = source_of(generator)
    if out is None:
        array = np.empty(shape, kind.numpy)
        write(source, array, kind)
        return finish(array, kind, requires_grad)
    if kind is not out._dtype:
        raise RuntimeError(f"dtype {kind.scalar_name} does not match dtype of out parameter ({out._dtype.scalar_name})")
    return _into(f"aten::{function}", out, shape, lambda array: write(source, array, kind))


def _made_like(
    function: str, input: Any, write: Write, generator: Any, dtype: Any, device: Any, memory_format: Any,
    requires_grad: Any,
) -> Any:  # fmt: skip
    """A new tensor of the shape, and unless told otherwise of the dtype and order in memory, of another."""
    if not isinstance(input, TensorBase):
        raise Mismatch
    _check_options(generator, None, dtype, requires_grad)
    made = empty_like(input, dtype=dtype, device=device, memory_format=memory_format)
    write(source_of(generator), made._data, made._dtype)
    return finish(made._data, made._dtype, requires_grad)


def _write_uniform(source: Any, out: Array, dtype: dtypes.dtype) -> None:
    if dtype.category < dtypes.FLOATING:
        raise unsupported("check_uniform_bounds", dtype)
    numpy_random.uniform(source, floats(out, dtype))


def _write_standard_normal(source: Any, out: Array, dtype: dtypes.dtype) -> None:
    write_normal(source, out, dtype, 0.0, 1.0)


def _bounded(low: int, high: int) -> Write:
    return lambda source, out, dtype: write_integers(source, dtype, low, high)(out)


# ---------------------------------------------------------------------------------------------- new tensors
@composite(method=False)
@forms(*_both("tuple of ints size", _NEW), sizes=True)
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
    shape = _shape("rand", size)
    return _made(
        "rand", shape, _write_uniform, dtypes._default, generator, out, dtype, device, pin_memory, requires_grad
    )


@composite(method=False)
@forms(*_both("tuple of ints size", _NEW), sizes=True)
def randn(
    *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor of numbers of the normal distribution with mean 0 and variance 1; the arguments are those of `rand`."""
    shape = _shape("randn", size)
    return _made(
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
    *_both("int high, tuple of ints size", _NEW),
    *_both("int low, int high, tuple of ints size", _NEW),
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
    shape = _shape("randint", (given["size"],))
    return _made(
        "randint", shape, _bounded(first, end), dtypes.int64, generator, out, dtype, device, pin_memory, requires_grad
    )


_LIMITS = {
    dtypes.float16: ("2049", 2**11 + 1),
    dtypes.float32: ("2^24+1", 2**24 + 1),
    dtypes.float64: ("2^53+1", 2**53 + 1),
}


@composite(method=False)
@forms(*_both("int n", _NEW))
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
    count = integer(n)

    def write(source: Any, array: Array, dtype: dtypes.dtype) -> None:
        if dtype.category == dtypes.INTEGRAL and count - 1 > np.iinfo(dtype.numpy).max:
            raise RuntimeError(f"value cannot be converted to type {dtype.numpy.name}_t without overflow")
        if dtype in _LIMITS and count > _LIMITS[dtype][1]:
            raise RuntimeError(f"n cannot be greater than {_LIMITS[dtype][0]} for {dtype.scalar_name} type.")
        if dtype.category in (dtypes.BOOL, dtypes.COMPLEX):
            raise unsupported("randperm", dtype)
        array[...] = numpy_random.permutation(source, count)

    shape = _shape("randperm", (count,))
    return _made("randperm", shape, write, dtypes.int64, generator, out, dtype, device, pin_memory, requires_grad)


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


# ---------------------------------------------------------------------------------------------- distributions
@composite(method=False)
@forms(
    "Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None",
    "Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None",
    "float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None",
    f"float mean, float std, tuple of ints size, *, torch.Generator generator = None, {_NEW}",
)
def normal(
    mean: Any, std: Any = None, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """A tensor of numbers of normal distributions.

    Args:
        mean: the centre; a floating or complex tensor of them, or a number.
        std: the standard deviation, a tensor of them, or a number, 1 unless given. Tensors broadcast.
        size: the shape, only where `mean` and `std` are numbers; the options after `out` are likewise for this case.
        generator: the source of the numbers; the default generator unless given.
        out: the tensor to write to.
        dtype: floating or complex; the default dtype unless given.
        layout, device, pin_memory: as everywhere; only what the CPU has.
        requires_grad: whether gradients are wanted.

    Raises:
        RuntimeError: a standard deviation is negative or complex.
        NotImplementedError: the dtype is not floating or complex.
    """
    tensors = [t for t in (mean, std) if isinstance(t, TensorBase)]
    if not tensors or (std is not None and size is not None):
        if tensors or not isinstance(size, (tuple, list)):
            raise Mismatch
        m, s = number(mean), number(std)
        shape = _shape("normal", (size,))
        _check_options(generator, out, dtype, requires_grad)
        check_std(s)

        def write(source: Any, array: Array, dtype: dtypes.dtype) -> None:
            write_normal(source, array, dtype, m, s)

        return _made("normal", shape, write, dtypes._default, generator, out, dtype, device, pin_memory, requires_grad)
    if size is not None or dtype is not None or layout is not None or device is not None or pin_memory or requires_grad:
        raise Mismatch
    std = 1 if std is None else std
    if not all(isinstance(x, TensorBase) or is_float(x) for x in (mean, std)):
        raise Mismatch
    _check_options(generator, out, None, False)
    if isinstance(std, TensorBase):
        if std._dtype.category == dtypes.COMPLEX:
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if (std._data < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    else:
        check_std(float(std))
    source = source_of(generator)
    kind = tensors[0]._dtype
    shape = tensors[0]._shape if len(tensors) == 1 else _broadcast(mean._shape, std._shape)

    def fill(array: Array, mean: Any, std: Any) -> None:
        if isinstance(std, float):
            write_normal(source, array, kind, 0.0, std)
        else:
            write_normal(source, array, kind, 0.0, 1.0)
            array *= std.astype(array.dtype)
        np.add(array, mean, out=array, casting="same_kind")

    def draw(mean: Any, std: Any) -> Array:
        array = np.empty(shape, kind.numpy)
        fill(array, mean, std)
        return array

    if out is not None:
        raw = [t._data if isinstance(t, TensorBase) else float(t) for t in (mean, std)]
        kind = out._dtype
        return _into("normal", out, shape, lambda array: fill(array, *raw), tensors)
    if len(tensors) == 2:
        return tensor_names["_normal_both"](mean, std, draw)
    if isinstance(mean, TensorBase):
        return tensor_names["_normal_mean"](mean, lambda m: draw(m, float(std)))
    return tensor_names["_normal_std"](std, lambda s: draw(float(mean), s))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        length = max(len(a), len(b))
        full_a, full_b = (1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b
        place = next(i for i in reversed(range(length)) if full_a[i] != full_b[i] and 1 not in (full_a[i], full_b[i]))
        raise RuntimeError(
            f"The size of tensor a ({full_a[place]}) must match the size of tensor b ({full_b[place]}) at "
            f"non-singleton dimension {place}"
        ) from None


@composite()
@forms(
    "Tensor input, *, torch.Generator generator = None, Tensor out = None",
    "Tensor input, float p, *, torch.Generator generator = None",
)
def bernoulli(input: Any, p: Any = None, *, generator: Any = None, out: Any = None) -> Any:
    """Ones and zeros, where the elements of `input` are the probabilities of a one.

    Args:
        input: floating, with elements between 0 and 1.
        p: one probability for all elements, in which case only shape and dtype of `input` matter.
        generator: the source of random numbers; the default generator unless given.
        out: the tensor to write to, of any real dtype.

    Raises:
        RuntimeError: a probability is not between 0 and 1.
        NotImplementedError: the probabilities are whole numbers.
    """
    if not isinstance(input, TensorBase):
        raise Mismatch
    _check_options(generator, out, None, False)
    source = source_of(generator)
    if p is not None:
        return empty_like(input).bernoulli_(p, generator=generator)

    def draw(probabilities: Array) -> Array:
        check_probabilities(probabilities, input._dtype)
        result = np.empty_like(probabilities)
        numpy_random.bernoulli_each(source, result, probabilities)
        return result

    if out is None:
        return tensor_names["_bernoulli_of"](input, draw)
    check_probabilities(input._data, input._dtype)
    return _into(
        "bernoulli", out, input._shape, lambda array: numpy_random.bernoulli_each(source, array, input._data), (input,)
    )


@composite(method=False)
@forms("Tensor input, torch.Generator generator = None")
def poisson(input: Any, generator: Any = None) -> Any:
    """Counts of Poisson distributions, in the dtype of `input`, whose elements are the rates.

    Raises:
        NotImplementedError: `input` is not floating.
        RuntimeError: a rate is negative.
    """
    if not isinstance(input, TensorBase):
        raise Mismatch
    check_generator(generator)
    if input._dtype.category != dtypes.FLOATING:
        raise unsupported("poisson_cpu", input._dtype)
    if not (input._data >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    source = source_of(generator)
    return tensor_names["_poisson"](input, lambda rates: numpy_counts.poisson(source, rates).astype(rates.dtype))


@composite()
@forms(
    "Tensor input, int num_samples, bool replacement = False, *, torch.Generator generator = None, Tensor out = None"
)
def multinomial(
    input: Any, num_samples: Any, replacement: bool = False, *, generator: Any = None, out: Any = None
) -> Any:
    """Indices drawn from each row of `input`, with probabilities proportional to the elements.

    Args:
        input: floating, of one dimension or of two, with finite elements that are not negative.
        num_samples: how many indices to draw from a row.
        replacement: whether an index can be drawn more than once.
        generator: the source of random numbers; the default generator unless given.
        out: the int64 tensor to write to.

    Returns:
        int64, of shape ``(num_samples,)`` or ``(rows, num_samples)``.

    Raises:
        RuntimeError: the input is no distribution, or has too few elements to draw without replacement.
    """
    if not isinstance(input, TensorBase) or not isinstance(replacement, bool):
        raise Mismatch
    count = integer(num_samples)
    _check_options(generator, out, None, False)
    shape = input._shape
    if out is not None and out._dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out._dtype.scalar_name}")
    if len(shape) not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if input._dtype.category != dtypes.FLOATING:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {input._dtype.scalar_name}"
        )
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if shape[-1] > 1 << 24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    weights = input._data.reshape(-1, shape[-1])
    if not weights.size:
        drawn = np.empty((len(weights), count), np.int64)
    else:
        _check_weights(weights, not replacement or count == 1)
        drawn = numpy_random.multinomial(source_of(generator), weights, count, replacement)
    drawn = drawn.reshape(*shape[:-1], count)
    if out is None:
        return finish(drawn, dtypes.int64)
    return store(out, drawn)


def _check_weights(weights: Array, races: bool) -> None:
    """Refuses rows that are no distributions; the words depend on the way of drawing."""
    wrong = ~(weights >= 0) | (weights == np.inf)
    if wrong.any():
        if races:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        first = weights[wrong][0]
        what = "= infinity or NaN" if first == np.inf else "< 0"
        raise RuntimeError(f"invalid multinomial distribution (encountering probability entry {what})")
    if (weights.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
