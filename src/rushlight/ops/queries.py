"""Questions about tensors and dtypes, and comparisons of whole tensors."""

from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, wrap
from ..kernels.layout import copied
from ..kernels.numpy_common import count_nonzero
from ..warn import warn_once
from .arguments import explained, type_name
from .declare import Array, composite, in_formulas, operation
from .elementwise_general import broadcast_shapes
from .elementwise_general import result_type as _result_type
from .typed_tensors import TYPED_TENSORS


def _tensor(function: str, x: Any, name: str = "input", position: int = 1) -> Any:
    if not isinstance(x, TensorBase):
        raise TypeError(f"{function}(): argument '{name}' (position {position}) must be Tensor, not {type_name(x)}")
    return x


# ---------------------------------------------------------------------------------------------- what a tensor is
@composite(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, TensorBase)


@composite(method=False)
def is_storage(obj: Any) -> bool:
    """Whether an object is the storage of a tensor."""
    from ..storage import TypedStorage, UntypedStorage

    return isinstance(obj, (TypedStorage, UntypedStorage))


@composite(method=False)
def numel(input: Any) -> int:
    """The number of elements."""
    return _tensor("numel", input)._data.size


@composite(method=False)
def get_device(input: Any) -> int:
    """The number of a tensor's device: -1 for the CPU."""
    return _tensor("get_device", input).get_device()  # type: ignore[no-any-return]


@composite(method=False)
def is_distributed(input: Any) -> bool:
    """False: nothing is distributed."""
    _tensor("is_distributed", input)
    return False


@composite(method=False)
def is_vulkan_available() -> bool:
    """False: there is no Vulkan."""
    return False


@composite(method=False)
def is_floating_point(input: Any) -> bool:
    """Whether the elements are real floating-point numbers."""
    return _tensor("is_floating_point", input)._dtype.is_floating_point


@composite(method=False)
def is_complex(input: Any) -> bool:
    """Whether the elements are complex numbers."""
    return _tensor("is_complex", input)._dtype.is_complex


@composite(method=False)
def is_signed(input: Any) -> bool:
    """Whether the elements have a sign."""
    return _tensor("is_signed", input)._dtype.is_signed


@composite(method=False)
def is_inference(input: Any) -> bool:
    """Whether the tensor was made in inference mode."""
    return _tensor("is_inference", input).is_inference()


@composite()
def is_conj(input: Any) -> bool:
    """False: conjugates are computed at once, not marked."""
    _tensor("is_conj", input)
    return False


@composite()
def is_neg(input: Any) -> bool:
    """False: negatives are computed at once, not marked."""
    _tensor("is_neg", input)
    return False


@composite()
def is_nonzero(input: Any) -> bool:
    """Whether the only element is not zero.

    Raises:
        RuntimeError: there is not exactly one element.
    """
    return bool(_tensor("is_nonzero", input))


@composite()
def is_same_size(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape."""
    return _tensor("is_same_size", input)._shape == _tensor("is_same_size", other, "other", 2)._shape


# ---------------------------------------------------------------------------------------------- dtypes
@composite(method=False)
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of an arithmetic operation on two tensors or numbers.

    Args:
        tensor1, tensor2: tensors or numbers.
    """
    return _result_type(tensor1, tensor2)


def _dtype(function: str, x: Any, name: str, position: int) -> dtypes.dtype:
    if not isinstance(x, dtypes.dtype):
        raise TypeError(
            f"{function}(): argument '{name}' (position {position}) must be torch.dtype, not {type_name(x)}"
        )
    return x


@composite(method=False)
def can_cast(from_: Any, to: Any) -> bool:
    """Whether a result of dtype `from_` may be stored in a tensor of dtype `to`."""
    return dtypes.can_cast(_dtype("can_cast", from_, "from_", 1), _dtype("can_cast", to, "to", 2))


@composite(method=False)
def promote_types(type1: Any, type2: Any) -> dtypes.dtype:
    """The smallest dtype to which both can be converted.

    Args:
        type1, type2: the dtypes.
    """
    return dtypes.promote_types(_dtype("promote_types", type1, "type1", 1), _dtype("promote_types", type2, "type2", 2))


composite(method=False)(dtypes.get_default_dtype)
composite(method=False)(dtypes.set_default_dtype)


@composite(method=False)
def set_default_tensor_type(t: Any) -> None:
    """Sets the default dtype by an old-style tensor class or its name; deprecated.

    Raises:
        TypeError: it is no such class of floating-point elements.
    """
    warn_once(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives."
    )
    if isinstance(t, str):
        t = TYPED_TENSORS.get(t.removeprefix("torch."), t)
    if not hasattr(t, "dtype"):
        raise TypeError("invalid type object")
    dtypes.set_default_dtype(t.dtype)


# ---------------------------------------------------------------------------------------------- comparisons
def _close(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    close = a == b
    if equal_nan and a.dtype.kind not in "iub":
        close |= (a != a) & (b != b)
    if (rtol or atol) and count_nonzero(close) != close.size:
        if a.dtype.kind in "iub":
            a, b = a.astype(np.float64), b.astype(np.float64)
        close |= _near(a, b, rtol, atol)
    return close  # type: ignore[no-any-return]


@np.errstate(all="ignore")
def _near(a: Array, b: Array, rtol: float, atol: float) -> Array:
    error = np.abs(a - b)
    allowed = np.abs(rtol * b)
    allowed += atol
    near = error <= allowed
    near &= np.isfinite(error)
    return near  # type: ignore[no-any-return]


def _comparable(function: str, input: Any, other: Any, rtol: float, atol: float) -> tuple[Any, Any]:
    a, b = _tensor(function, input), _tensor(function, other, "other", 2)
    if a._dtype is not b._dtype:
        raise RuntimeError(f"{a._dtype.scalar_name} did not match {b._dtype.scalar_name}")
    for name, x in (("rtol", rtol), ("atol", atol)):
        if not x >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {x:g}")
    broadcast_shapes(a._shape, b._shape)
    return a, b


@operation(name="_isclose", aten="isclose", function=False, method=False, out=False)
def _isclose(input: Array, other: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    """Whether corresponding elements are close."""
    return np.asarray(_close(input, other, rtol, atol, equal_nan))


@composite()
def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether corresponding elements are equal, or differ by no more than ``atol + rtol * |other|``.

    Args:
        input, other: tensors of the same dtype, which broadcast.
        rtol, atol: the tolerances; not negative.
        equal_nan: whether two NaN are equal.

    Raises:
        RuntimeError: the dtypes differ, the shapes do not broadcast, or a tolerance is negative.
    """
    return _isclose(*_comparable("isclose", input, other, rtol, atol), rtol, atol, equal_nan)


@composite()
def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all corresponding elements are close; see `isclose`.

    Args:
        input, other, rtol, atol, equal_nan: as of `isclose`.
    """
    a, b = _comparable("allclose", input, other, rtol, atol)
    close = np.asarray(_close(a._data, b._data, rtol, atol, equal_nan))
    return bool(count_nonzero(close) == close.size)


@composite()
def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and elements; NaN equals nothing."""
    a, b = _tensor("equal", input), _tensor("equal", other, "other", 2)
    return a._shape == b._shape and bool(count_nonzero(a._data == b._data) == a._data.size)


@composite()
@explained
def isreal(input: Any) -> Any:
    """Whether each element has no imaginary part."""
    return input.imag == 0 if input._dtype.is_complex else _always(input)


@operation(name="_always", aten="isreal", function=False, method=False, out=False)
def _always(input: Array) -> Array:
    """True for each element."""
    return np.ones_like(input, bool)


def _real(name: str, input: Array) -> None:
    if dtypes.from_numpy(input.dtype).is_complex:
        raise RuntimeError(f"{name} does not support complex inputs.")


@operation()
def isposinf(input: Array) -> Array:
    """Whether each element is positive infinity.

    Raises:
        RuntimeError: the elements are complex.
    """
    _real("isposinf", input)
    return input == np.inf


@operation()
def isneginf(input: Array) -> Array:
    """Whether each element is negative infinity.

    Raises:
        RuntimeError: the elements are complex.
    """
    _real("isneginf", input)
    return input == -np.inf if input.dtype.kind not in "b" else np.zeros_like(input)


# ---------------------------------------------------------------------------------------------- replacing
@operation(name="nan_to_num", inplace=True, input="grad * finite_places(input)")
def nan_to_num(
    input: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """NaN, positive and negative infinity replaced: by 0, the largest and the least number unless others are given.

    Args:
        input: the tensor.
        nan, posinf, neginf: what stands in the places of NaN and the infinities.

    Raises:
        TypeError: one of these is complex or text.
    """
    for name, given in (("nan' (position 2)", nan), ("posinf'", posinf), ("neginf'", neginf)):
        if isinstance(given, (complex, str)):
            raise TypeError(f"nan_to_num(): argument '{name} must be float, not {type(given).__name__}")
    if input.dtype.kind in "iub":
        return copied(input)
    limits = np.finfo(input.real.dtype) if input.dtype.kind in "fc" else dtypes.finfo(dtypes.bfloat16)
    parts = [input.real.copy(), input.imag.copy()] if input.dtype.kind == "c" else [copied(input)]
    for x in parts:
        missing, high, low = x != x, x == np.inf, x == -np.inf
        x[missing] = 0 if nan is None else nan
        x[high] = limits.max if posinf is None else posinf
        x[low] = limits.min if neginf is None else neginf
    if len(parts) == 1:
        return parts[0]
    result = copied(input)
    result.real, result.imag = parts
    return result


def _finite_places(x: Array) -> Array:
    return np.isfinite(x).astype(x.dtype)


in_formulas(_finite_places, lambda x: wrap(_finite_places(x._data)), "finite_places")


def is_alias_of(input: Any, other: Any) -> bool:
    """Whether two tensors look at the same memory, be it at different parts of it."""
    return _owner(input._data) is _owner(other._data)


def _owner(array: Array) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
