"""Draws whose distribution tensors describe: `normal`, `bernoulli`, `poisson`, `multinomial`."""

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..autograd.mode import unseen
from ..base import TensorBase, wrap
from ..kernels import numpy_counts, numpy_random
from ..memory_format import contiguous_format
from ..random import source_of
from .creation import empty_like
from .data import finish, store
from .declare import REGISTRY, Array, composite, operation, tensor_names
from .elementwise_general import result_type
from .inplace import castable
from .out import warn_resized
from .random_creation import NEW, check_options, draw_into, draw_new, given_shape
from .random_inplace import check_generator, check_probabilities, check_std, integer, number, unsupported, write_normal
from .signatures import Mismatch, forms, is_float
from .steps import hidden


@composite(method=False)
@forms(
    "Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None",
    "Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None",
    "float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None",
    f"float mean, float std, tuple of ints size, *, torch.Generator generator = None, {NEW}",
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
        shape = given_shape("normal", (size,))
        check_options(generator, out, dtype, requires_grad)
        check_std(s)

        def write(source: Any, array: Array, dtype: dtypes.dtype) -> None:
            write_normal(source, array, dtype, m, s)

        return draw_new(
            "normal", shape, write, dtypes._default, generator, out, dtype, device, pin_memory, requires_grad
        )
    if size is not None or dtype is not None or layout is not None or device is not None or pin_memory or requires_grad:
        raise Mismatch
    std = 1 if std is None else std
    if not all(isinstance(x, TensorBase) or is_float(x) for x in (mean, std)):
        raise Mismatch
    check_options(generator, out, None, False)
    if isinstance(std, TensorBase):
        if std._dtype.category == dtypes.COMPLEX:
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not (std._data >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    else:
        check_std(float(std))
    source = source_of(generator)
    kind = tensors[0]._dtype
    shape = tensors[0]._shape if len(tensors) == 1 else _broadcast(mean._shape, std._shape)
    if len(tensors) == 2 and out is None and 0 in shape:
        castable(result_type(*tensors), kind)

    def fill(array: Array, mean: Any, std: Any) -> None:
        if isinstance(std, float):
            write_normal(source, array, kind, 0.0, std)
        else:
            write_normal(source, array, kind, 0.0, 1.0)
            array *= std.astype(array.dtype)
        np.add(array, mean, out=array, casting="same_kind" if array.size else "unsafe")

    def draw(mean: Any, std: Any) -> Array:
        array = np.empty(shape, kind.numpy)
        fill(array, mean, std)
        return array

    if out is not None:
        raw = [t._data if isinstance(t, TensorBase) else float(t) for t in (mean, std)]
        kind = out._dtype
        if not isinstance(std, TensorBase):
            shape = _broadcast(shape, out._shape)
        if out._shape != shape:
            warn_resized(out, shape)
        return draw_into("normal", out, shape, lambda array: fill(array, *raw), tensors)
    if len(tensors) == 2:
        return tensor_names["_normal_both"](mean, std, std._dtype, draw)
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


@operation(node="torch::autograd::NotImplemented", aten="bernoulli", function=False, method=False, out=False,
           tangent="zero", input="not_implemented(grad, 'bernoulli')")  # fmt: skip
def _bernoulli_by_number(input: Array, drawn: Any) -> Array:
    """What was drawn for the shape of `input`, which PyTorch has no derivative of."""
    return drawn  # type: ignore[no-any-return]


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
    if generator is not None or out is not None:
        check_options(generator, out, None, False)
    source = source_of(generator)
    if p is not None:
        drawn = empty_like(wrap(input._data), memory_format=contiguous_format).bernoulli_(p, generator=generator)
        return drawn if input._node is None else _bernoulli_by_number(input, drawn._data)

    def draw(probabilities: Array) -> Array:
        if input._dtype is dtypes.float32:
            drawn = numpy_random.bernoulli_of(source, probabilities)
            if drawn is not None:
                return drawn
        check_probabilities(probabilities, input._dtype)
        result = np.empty(probabilities.shape, probabilities.dtype)
        if result.size:
            numpy_random.bernoulli_each(source, result, probabilities)
        return result

    if out is None and (unseen(input) or hidden(input)):
        made = finish(draw(input._data), input._dtype)
        if input._node is not None and not mode.special.count:
            made._node = REGISTRY["_bernoulli_of"].link(input._node, input._shape, None)
        return made
    if out is None:
        return tensor_names["_bernoulli_of"](input, draw)
    if out._dtype.is_complex and input._data.size:
        raise unsupported("bernoulli_tensor_cpu_self_", out._dtype)
    check_probabilities(input._data, input._dtype)
    return draw_into(
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


@composite(method=False)
@forms("Tensor count, Tensor prob, torch.Generator generator = None")
def binomial(count: Any, prob: Any, generator: Any = None) -> Any:
    """Counts of successes in `count` trials of probability `prob`, in their dtype; the two broadcast.

    Args:
        count: the numbers of trials.
        prob: the probabilities of a success.
        generator: the source of the numbers; the default one if None.

    Raises:
        ValueError: the dtypes are not floating.
        RuntimeError: they differ.
        NotImplementedError: they are float16 or bfloat16.
    """
    if not isinstance(count, TensorBase) or not isinstance(prob, TensorBase):
        raise Mismatch
    check_generator(generator)
    for name, given in (("count", count), ("prob", prob)):
        if given._dtype.category != dtypes.FLOATING:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {given._dtype.scalar_name}"
            )
    if count._dtype is not prob._dtype:
        raise RuntimeError(f"Found dtype {prob._dtype.scalar_name} but expected {count._dtype.scalar_name}")
    if count._dtype.itemsize == 2:
        raise unsupported("binomial_cpu", count._dtype)
    trials, p = np.broadcast_arrays(count._data, prob._data)
    if trials.shape != count._shape:
        warn_resized(count, trials.shape)
    return wrap(numpy_counts.binomial(source_of(generator), trials, p).astype(trials.dtype))


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
    check_options(generator, out, None, False)
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
    rows = shape[0] if len(shape) == 2 else 1
    weights = input._data.reshape(rows, shape[-1])
    if not weights.size:
        if rows and replacement:
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        drawn = np.empty((len(weights), count), np.int64)
    else:
        _check_weights(weights, not replacement or count == 1)
        drawn = numpy_random.multinomial(source_of(generator), weights, count, replacement)
    drawn = drawn.reshape(*shape[:-1], count)
    if out is None:
        return finish(drawn, dtypes.int64)
    return store(out, drawn)


def _check_weights(weights: Array, races: bool) -> None:
    """Refuses rows that are no distributions; the words depend on the way of drawing.

    Raises:
        RuntimeError: one is none.
    """
    wrong = ~(weights >= 0) | (weights == np.inf)
    if wrong.any():
        if races:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        first = weights[wrong][0]
        what = "= infinity or NaN" if first == np.inf else "< 0"
        raise RuntimeError(f"invalid multinomial distribution (encountering probability entry {what})")
    if (weights.sum(-1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
