"""The methods that fill a tensor with random numbers in place.

The numbers come from `rushlight.random`; the draws are PyTorch's, so the same seed gives the same tensor. Filling a
tensor that takes part in a graph cuts it off from what it was: the gradient of its former value is zero.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode
from ..base import TensorBase, bump
from ..kernels import numpy_normal, numpy_random
from ..kernels.numpy_common import count_nonzero
from ..random import Generator, source_of
from .declare import REGISTRY, Array, composite, operation, tensor_names
from .inplace import apply_inplace, check, new_tangent, refresh
from .signatures import Mismatch, forms, is_float, is_int


# ---------------------------------------------------------------------------------------------- arguments
def check_generator(generator: Any) -> None:
    """Refuses a ``generator=`` that is none.

    Raises:
        Mismatch: it is none.
    """
    if generator is not None and not isinstance(generator, Generator):
        raise Mismatch


def integer(value: Any) -> int:
    """An argument that must be an int of 64 bits.

    Raises:
        Mismatch: it is none.
        ValueError: it does not fit into 64 bits.
    """
    if not is_int(value):
        raise Mismatch
    number = int(value)
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError("Overflow when unpacking long long")
    return number


def number(value: Any) -> float:
    """An argument that must be a float.

    Raises:
        Mismatch: it is none.
    """
    if not is_float(value):
        raise Mismatch
    return float(value)


def unsupported(kernel: str, dtype: dtypes.dtype) -> NotImplementedError:
    """The error for a dtype that PyTorch's function lacks."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.scalar_name}'")


def floats(array: Array, dtype: dtypes.dtype) -> Array:
    """The array itself, or real and imaginary parts of a complex one as the last axis of a view."""
    if dtype.category != dtypes.COMPLEX:
        return array
    return array[..., None].view(dtype.to_real().numpy)


# ---------------------------------------------------------------------------------------------- filling
def _drawing(name: str, node: str) -> Any:
    """Declares what a draw is in a graph: an operation on which its input has no influence, so of gradient zero."""

    @operation(name=name, node=node, function=False, method=False, out=False, tangent="zero",
               input="zeros_like(grad)")  # fmt: skip
    def drawn(input: Array, draw: Any) -> Array:
        return draw(input)  # type: ignore[no-any-return]

    return REGISTRY[name]


_UNIFORM = _drawing("_uniform", "UniformBackward0")
_NORMAL = _drawing("_normal", "NormalBackward0")
RANDOM_FROM = _drawing("_random_from", "RandomBackward0")
RANDOM_TO = _drawing("_random_to", "RandomBackward1")
RANDOM = _drawing("_random", "RandomBackward2")
_BERNOULLI = _drawing("_bernoulli", "BernoulliBackward2")
_EXPONENTIAL = _drawing("_exponential", "ExponentialBackward0")
_GEOMETRIC = _drawing("_geometric", "GeometricBackward0")
_CAUCHY = _drawing("_cauchy", "CauchyBackward0")
_LOG_NORMAL = _drawing("_log_normal", "LogNormalBackward0")
_drawing("_bernoulli_of", "BernoulliBackward0")
_drawing("_poisson", "PoissonBackward0")


@operation(
    name="_bernoulli_each", node="BernoulliBackward1", function=False, method=False, out=False, tangent="zero",
    input="zeros_like(grad)", p="zeros_like(p)",
)  # fmt: skip
def _bernoulli_each(input: Array, p: Array, draw: Any) -> Array:
    return draw(input, p)  # type: ignore[no-any-return]


@operation(name="_normal_mean", node="NormalBackward1", function=False, method=False, out=False, tangent="zero",
           mean="zeros_of(grad, shape(mean))")  # fmt: skip
def _normal_mean(mean: Array, draw: Any) -> Array:
    return draw(mean)  # type: ignore[no-any-return]


@operation(name="_normal_std", node="NormalBackward2", function=False, method=False, out=False, tangent="zero",
           std="zeros_of(grad, shape(std))")  # fmt: skip
def _normal_std(std: Array, draw: Any) -> Array:
    return draw(std)  # type: ignore[no-any-return]


@operation(
    name="_normal_both", node="NormalBackward3", function=False, method=False, out=False, tangent="zero",
    mean="zeros_of(grad, shape(mean))", std="fit(zeros_of(grad, shape(std)), (shape(std), kind))",
)  # fmt: skip
def _normal_both(mean: Array, std: Array, kind: Any, draw: Any) -> Array:
    return draw(mean, std)  # type: ignore[no-any-return]


def writable(t: Any, records: bool) -> None:
    """Refuses to fill a tensor that may not be changed, or of which several elements share one place.

    Raises:
        RuntimeError: the tensor may not, or has such elements.
    """
    check(t, records)
    data = t._data
    if 0 in data.strides and data.size and any(n > 1 and not step for n, step in zip(data.shape, data.strides)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def refused(t: Any, error: Exception) -> Exception:
    """The error for a tensor's dtype, unless the tensor may not be filled whatever its dtype, which is said first.

    Raises:
        RuntimeError: the tensor may not.
    """
    writable(t, mode.local.grad and t._node is not None)
    return error


def misused(t: Any, error: Exception) -> Exception:
    """The error for a parameter of the distribution, unless the tensor may not be changed, which is said first.

    Raises:
        RuntimeError: the tensor may not.
    """
    check(t, mode.local.grad and t._node is not None)
    return error


def fill(t: Any, operation: Any, write: Callable[[Array], None]) -> Any:
    """Lets `write` fill the elements of `t`, within the rules of in-place changes."""
    records = mode.local.grad and t._node is not None
    writable(t, records)
    if not records:
        tangent = new_tangent(operation, ("input",), (t,)) if mode.local.dual is not None else None
        write(t._data)
        bump(t)
        refresh(t)
        if tangent is not None:
            mode.local.dual.replace(t, tangent)
        return t

    def filled(array: Array) -> Array:
        write(array)
        return array

    return apply_inplace(operation, t, (filled,), {})


def check_bounds(low: float, high: float, dtype: dtypes.dtype) -> None:
    """Refuses bounds of uniform numbers that are out of order, or that the dtype cannot hold.

    Raises:
        RuntimeError: they are.
    """
    if dtype.category < dtypes.FLOATING:
        raise unsupported("check_uniform_bounds", dtype)
    real = dtype.to_real()
    largest = dtypes.finfo(real).max
    for name, bound in (("from", low), ("to", high)):
        if not -largest <= bound <= largest:
            raise RuntimeError(f"{name} is out of bounds for {real.c_name}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > largest:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtype.scalar_name}>::max(), but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )


# In the forms of `from`, Python's keyword stands for the parameter that can only be given by name in a dictionary.
@composite(function=False)
@forms("float from = 0, float to = 1, *, torch.Generator generator = None", method=True)
def uniform_(self: Any, from_: float = 0, to: float = 1, *, generator: Any = None, **named: Any) -> Any:
    """Fills the tensor with numbers of the uniform distribution on ``[from, to)``.

    Args:
        self: floating or complex.
        from_: the lower bound, named ``from`` in PyTorch.
        to: the upper bound.
        generator: the source of the numbers; the default generator unless given.
        named: the lower bound by its name.

    Raises:
        NotImplementedError: the tensor holds integers or booleans.
        RuntimeError: the bounds are out of order or out of the dtype's range; or as for every in-place change.
    """
    low, high = number(_named_from(from_, named)), number(to)
    check_generator(generator)
    dtype = self._dtype
    if self._data.size or dtype.category != dtypes.COMPLEX:
        try:
            check_bounds(low, high, dtype)
        except RuntimeError as error:
            raise misused(self, error) from None
    source = source_of(generator)
    return fill(self, _UNIFORM, lambda out: numpy_random.uniform(source, floats(out, dtype), low, high))


def _named_from(value: Any, named: dict[str, Any]) -> Any:
    """The argument called ``from``, which Python cannot name in a signature.

    Raises:
        Mismatch: the arguments are of another form.
    """
    if not named:
        return value
    if named.keys() != {"from"}:
        raise Mismatch
    return named["from"]


def check_std(std: float) -> None:
    """Refuses a negative standard deviation.

    Raises:
        RuntimeError: it is.
    """
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def write_normal(source: Any, out: Array, dtype: dtypes.dtype, mean: float, std: float) -> None:
    """Fills an array with normal numbers; in complex ones real and imaginary parts have half of the variance each.

    Raises:
        NotImplementedError: the dtype is of integers.
    """
    if dtype.category < dtypes.FLOATING and out.size:
        raise unsupported("normal_kernel_cpu", dtype)
    if dtype.category == dtypes.COMPLEX:
        std /= math.sqrt(2.0)
    numpy_normal.normal(source, floats(out, dtype), mean, std)


@composite(function=False)
@forms("float mean = 0, float std = 1, *, torch.Generator generator = None", method=True)
def normal_(self: Any, mean: float = 0, std: float = 1, *, generator: Any = None) -> Any:
    """Fills the tensor with numbers of the normal distribution.

    Args:
        self: floating or complex; in complex tensors the variance is shared by the real and imaginary parts.
        mean: the centre of the distribution.
        std: its standard deviation.
        generator: the source of the numbers; the default generator unless given.

    Raises:
        NotImplementedError: the tensor holds integers or booleans.
        RuntimeError: `std` is negative; or as for every in-place change.
    """
    mean, std = number(mean), number(std)
    check_generator(generator)
    try:
        check_std(std)
    except RuntimeError as error:
        raise misused(self, error) from None
    if self._dtype.category < dtypes.FLOATING and self._data.size:
        raise unsupported("normal_kernel_cpu", self._dtype)
    source = source_of(generator)
    return fill(self, _NORMAL, lambda out: write_normal(source, out, self._dtype, mean, std))


# ---------------------------------------------------------------------------------------------- other distributions
@functools.cache
def _bounds(dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """0 and 1 as arrays without dimensions, with which NumPy compares in half the time."""
    return np.zeros((), dtype), np.ones((), dtype)


def check_probabilities(p: Array, dtype: dtypes.dtype) -> None:
    """Refuses probabilities that are none.

    Raises:
        RuntimeError: one is none.
    """
    if not p.size:
        return
    if dtype.category != dtypes.FLOATING:
        raise unsupported("bernoulli_tensor_cpu_p_", dtype)
    zero, one = _bounds(p.dtype)
    if count_nonzero((p >= zero) & (p <= one)) != p.size:
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If "
            "so, please report an enhancement request to PyTorch.)"
        )


@composite(function=False)
@forms(
    "Tensor p, *, torch.Generator generator = None", "float p = 0.5, *, torch.Generator generator = None", method=True
)
def bernoulli_(self: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    """Fills the tensor with ones and zeros.

    Args:
        self: any real dtype.
        p: the probability of a one; or a floating tensor of probabilities, broadcast to this tensor.
        generator: the source of the numbers; the default generator unless given.

    Raises:
        RuntimeError: a probability is not between 0 and 1; or as for every in-place change.
        NotImplementedError: the tensor is complex, or the probabilities are whole numbers.
    """
    check_generator(generator)
    source = source_of(generator)
    if isinstance(p, TensorBase):
        records = mode.local.grad and (self._node is not None or p._node is not None)
        writable(self, records)
        if not self._data.size and not records:
            bump(self)
            return self
        if self._dtype.category == dtypes.COMPLEX and self._data.size:
            raise unsupported("bernoulli_tensor_cpu_self_", self._dtype)
        expand = p if p._shape == self._shape or not self._data.size else tensor_names["expand"](p, self._shape)
        if self._data.size:
            check_probabilities(p._data, p._dtype)

        def write(out: Array, each: Array) -> Array:
            if out.size:
                numpy_random.bernoulli_each(source, out, each)
            return out

        if records:
            return apply_inplace(REGISTRY["_bernoulli_each"], self, (expand, write), {})
        write(self._data, expand._data)
        bump(self)
        return self
    probability = number(p)
    if not 0 <= probability <= 1:
        raise misused(self, RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={probability:g}"))
    if self._dtype.category == dtypes.COMPLEX and self._data.size:
        raise refused(self, unsupported("bernoulli_scalar_cpu_", self._dtype))
    return fill(self, _BERNOULLI, lambda out: numpy_random.bernoulli(source, out, probability))


@composite(function=False)
@forms("float lambd = 1, *, torch.Generator generator = None", method=True)
def exponential_(self: Any, lambd: float = 1, *, generator: Any = None) -> Any:
    """Fills the floating tensor with numbers of the exponential distribution, of density ``lambd * exp(-lambd * x)``.

    Raises:
        RuntimeError: `lambd` is not positive, or the tensor not floating; or as for every in-place change.
    """
    rate = number(lambd)
    check_generator(generator)
    if not rate > 0:
        raise misused(self, RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}"))
    if self._dtype.category != dtypes.FLOATING and self._data.size:
        error = RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {self._dtype.scalar_name}"
        )
        raise refused(self, error)
    source = source_of(generator)
    return fill(self, _EXPONENTIAL, lambda out: numpy_random.exponential(source, out, rate) if out.size else None)


@composite(function=False)
@forms("float p, *, torch.Generator generator = None", method=True)
def geometric_(self: Any, p: float, *, generator: Any = None) -> Any:
    """Fills the tensor with the numbers of trials until the first success, where each succeeds with probability `p`.

    Raises:
        RuntimeError: `p` is not between 0 and 1; or as for every in-place change.
        NotImplementedError: the tensor is boolean or complex.
    """
    probability = number(p)
    check_generator(generator)
    if not 0 < probability < 1:
        raise misused(self, RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={probability:g}"))
    if self._dtype.category in (dtypes.BOOL, dtypes.COMPLEX) and self._data.size:
        raise refused(self, unsupported("geometric_cpu", self._dtype))
    source = source_of(generator)
    return fill(self, _GEOMETRIC, lambda out: numpy_random.geometric(source, out, probability) if out.size else None)


@composite(function=False)
@forms("float median = 0, float sigma = 1, *, torch.Generator generator = None", method=True)
def cauchy_(self: Any, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Any:
    """Fills the floating tensor with numbers of the Cauchy distribution.

    Args:
        self: the tensor.
        median: the place of the distribution's peak.
        sigma: the half of its width at half its height.
        generator: the source of random numbers; the default generator unless given.

    Raises:
        RuntimeError: `sigma` is not positive, or the tensor not floating; or as for every in-place change.
    """
    median, sigma = number(median), number(sigma)
    check_generator(generator)
    if not sigma > 0:
        raise misused(self, RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}"))
    if self._dtype.category != dtypes.FLOATING:
        check(self, mode.local.grad and self._node is not None)
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {self._dtype.c_name}"
        )
    source = source_of(generator)
    return fill(self, _CAUCHY, lambda out: numpy_random.cauchy(source, out, median, sigma) if out.size else None)


@composite(function=False)
@forms("float mean = 1, float std = 2, *, torch.Generator generator = None", method=True)
def log_normal_(self: Any, mean: float = 1, std: float = 2, *, generator: Any = None) -> Any:
    """Fills the floating tensor with exponentials of normal numbers of the given mean and standard deviation.

    Raises:
        RuntimeError: `std` is not positive; or as for every in-place change.
        NotImplementedError: the tensor is not floating.
    """
    mean, std = number(mean), number(std)
    check_generator(generator)
    if not std > 0:
        raise misused(self, RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}"))
    if self._dtype.category != dtypes.FLOATING and self._data.size:
        raise refused(self, unsupported("log_normal_cpu", self._dtype))
    source = source_of(generator)
    return fill(self, _LOG_NORMAL, lambda out: numpy_normal.log_normal(source, out, mean, std) if out.size else None)


def fill_truncated_normal(t: Any, mean: float, std: float, low: float, high: float, generator: Any) -> Any:
    """Fills a floating tensor with normal numbers between two bounds; what `nn.init.trunc_normal_` does.

    Args:
        t: the tensor.
        mean, std: of the numbers before they are bounded.
        low, high: the bounds.
        generator: where the random numbers come from.

    Raises:
        NotImplementedError: the dtype is of integers.
    """

    def below(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    redraw = below(high) - below(low) > 0.3
    if not redraw:
        check_bounds(low, high, t._dtype)
    elif t._dtype.category < dtypes.FLOATING:
        raise unsupported("normal_kernel_cpu", t._dtype)
    source = source_of(generator)
    return fill(t, _NORMAL, lambda out: numpy_normal.truncated_normal(source, out, mean, std, low, high, redraw))


def fill_sparse(t: Any, zeros: int, std: float, generator: Any) -> Any:
    """Fills a matrix with normal numbers and sets as many in each column, chosen at random, to zero.

    Args:
        t: the matrix.
        zeros: how many zeros each column gets.
        std: the deviation of the numbers.
        generator: where the random numbers come from.
    """
    source, shuffling = source_of(generator), source_of(None)

    def write(out: Array) -> None:
        write_normal(source, out, t._dtype, 0.0, std)
        for column in out.T:
            column[numpy_random.permutation(shuffling, len(column))[:zeros]] = 0

    return fill(t, _NORMAL, write)
