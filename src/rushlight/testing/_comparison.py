"""`assert_close`: whether two values are close, and if not, where and by how much they differ.

Source: https://docs.pytorch.org/docs/stable/testing.html
"""

import cmath
import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, tensor_names

Message = str | Callable[[str], str] | None
Place = tuple[Any, ...]

# Relative and absolute tolerance by dtype; others must be equal.
_TOLERANCES = {
    dtypes.float16: (0.001, 1e-5),
    dtypes.bfloat16: (0.016, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex32: (1e-3, 1e-5),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.complex128: (1e-7, 1e-7),
}
_NUMBERS = {int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


@dataclass
class _Options:
    """What `assert_close` was asked for; see there."""

    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool
    msg: Message

    def tolerances(self, *kinds: dtypes.dtype, place: Place) -> tuple[float, float]:
        """The tolerances given, or the largest of those for some dtypes.

        Raises:
            ValueError: only one of them is given.
        """
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise ValueError(
                _at(place, f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
            )
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        return _largest(_TOLERANCES, kinds)

    def difference(self, text: str, place: Place) -> AssertionError:
        """The error about two values that differ."""
        text = _at(place, text)
        return AssertionError(self.msg(text) if callable(self.msg) else text if self.msg is None else self.msg)


def _largest(known: dict[Any, tuple[float, float]], kinds: Sequence[Any]) -> tuple[float, float]:
    found = [known.get(kind, (0.0, 0.0)) for kind in kinds]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)


def _at(place: Place, text: str) -> str:
    return f"{text}\n\nThe failure occurred for item {''.join(str([item]) for item in place)}" if place else text


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Asserts that two values are close: ``|actual - expected| <= atol + rtol * |expected|``, element by element.

    Args:
        actual: a tensor, a number, anything of which a tensor can be made, or a sequence or mapping of them.
        expected: the same.
        allow_subclasses: whether the types may differ where one is a subclass of the other.
        rtol: how far the values may be apart, relative to the expected one; by the dtype if neither this nor `atol` is
            given.
        atol: and absolutely.
        equal_nan: whether NaN equals NaN.
        check_device, check_dtype, check_layout, check_stride: whether these must be the same.
        msg: the message of the error, or a function from the usual message to another.

    Raises:
        AssertionError: the values are not close, or of other shapes, dtypes, lengths or keys.
        TypeError: there is no way to compare values of these types.
        ValueError: only one of the tolerances is given.
    """
    options = _Options(
        allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride, msg
    )
    pairs = list(_pairs(actual, expected, (), options))
    for compare, one, other, place in pairs:
        text = compare(one, other, place, options)
        if text is not None:
            raise options.difference(text, place)


def _pairs(actual: Any, expected: Any, place: Place, options: _Options) -> Any:
    """The single comparisons that two values amount to: a function, the two parts, and their place.

    Raises:
        AssertionError: lengths or keys differ.
        TypeError: values of such kinds cannot be compared.
    """
    if all(isinstance(x, Sequence) and not isinstance(x, str) for x in (actual, expected)):
        if len(actual) != len(expected):
            raise options.difference(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", place)
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            yield from _pairs(one, other, (*place, i), options)
        return
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        keys, others = set(actual), set(expected)
        if keys != others:
            raise options.difference(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(others - keys)}\n"
                f"Additional keys in the actual mapping: {sorted(keys - others)}",
                place,
            )
        order: Any = keys
        with contextlib.suppress(Exception):
            order = sorted(keys)
        for key in order:
            yield from _pairs(actual[key], expected[key], (*place, key), options)
        return
    both = actual, expected
    if actual is None or expected is None:
        yield _compare_none, *both, place
    elif all(isinstance(x, (bool, np.bool_)) for x in both):
        yield _compare_bools, bool(actual), bool(expected), place
    elif all(isinstance(x, (int, float, complex, np.number)) for x in both):
        numbers = [x.item() if isinstance(x, np.number) else x for x in both]
        options.tolerances(*[_NUMBERS[type(x)] for x in numbers], place=place)
        yield _compare_numbers, *numbers, place
    else:
        tensors = _as_tensors(actual, expected, options)
        if tensors is None:
            kinds = f"{type(actual)} and {type(expected)}"
            raise TypeError(_at(place, f"No comparison pair was able to handle inputs of type {kinds}."))
        options.tolerances(*[t._dtype for t in tensors], place=place)
        yield _compare_tensors, *tensors, place


def _as_tensors(actual: Any, expected: Any, options: _Options) -> list[Any] | None:
    """Both values as tensors; None where that cannot be, or they are not of related types."""
    if not (isinstance(actual, type(expected)) or isinstance(expected, type(actual))):
        return None
    if not options.allow_subclasses and type(actual) is not type(expected):
        return None
    try:
        return [x if isinstance(x, TensorBase) else tensor_names["as_tensor"](x) for x in (actual, expected)]
    except Exception:
        return None


# ---------------------------------------------------------------------------------------------- what differs
def _compare_none(actual: Any, expected: Any, place: Place, options: _Options) -> str | None:
    return None if actual is None and expected is None else f"None mismatch: {actual} is not {expected}"


def _compare_bools(actual: bool, expected: bool, place: Place, options: _Options) -> str | None:
    return None if actual is expected else f"Booleans mismatch: {actual} is not {expected}"


def _compare_numbers(actual: Any, expected: Any, place: Place, options: _Options) -> str | None:
    if options.check_dtype and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    if actual == expected or (options.equal_nan and cmath.isnan(actual) and cmath.isnan(expected)):
        return None
    rtol, atol = options.tolerances(*[_NUMBERS[type(x)] for x in (actual, expected)], place=place)
    apart = abs(actual - expected)
    if cmath.isfinite(apart) and apart <= atol + rtol * abs(expected):
        return None
    return _scalars_differ(actual, expected, rtol, atol)


def _compare_tensors(actual: Any, expected: Any, place: Place, options: _Options) -> str | None:
    for name, checked in (("shape", True), ("layout", options.check_layout), ("stride()", options.check_stride),
                          ("device", options.check_device), ("dtype", options.check_dtype)):  # fmt: skip
        one, other = (getattr(t, name.removesuffix("()")) for t in (actual, expected))
        if name == "stride()":
            one, other = one(), other()
        if checked and one != other:
            return f"The values for attribute '{name}' do not match: {one} != {other}."
    rtol, atol = options.tolerances(actual._dtype, expected._dtype, place=place)
    common = dtypes.promote_types(actual._dtype, expected._dtype)
    actual, expected = actual.detach().to(common), expected.detach().to(common)
    close = tensor_names["isclose"](actual, expected, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if bool(close.all()):
        return None
    if not actual._shape:
        return _scalars_differ(actual.item(), expected.item(), rtol, atol)
    return _tensors_differ(actual.flatten(), expected.flatten(), close, rtol, atol)


def _scalars_differ(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    apart = abs(actual - expected)
    relative = float("inf") if expected == 0 else apart / abs(expected)
    return (
        f"Scalars are not {_word(rtol, atol)}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {apart}{_allowed(atol, rtol, atol)}\n"
        f"Relative difference: {relative}{_allowed(rtol, rtol, atol)}"
    )


def _tensors_differ(actual: Any, expected: Any, close: Any, rtol: float, atol: float) -> str:
    total = close.numel()
    wrong = total - int(close.sum())
    if actual._dtype.category < dtypes.FLOATING:
        actual, expected = actual.to(dtypes.int64), expected.to(dtypes.int64)
    matches = close.flatten()
    apart = (actual - expected).abs()
    apart[matches] = 0
    relative = apart / expected.abs()
    relative[matches] = 0

    def greatest(kind: str, difference: Any, tolerance: float) -> str:
        value, index = difference.max(0)
        at = tuple([int(i) for i in np.unravel_index(int(index), close._shape)])
        return f"Greatest {kind} difference: {value.item()} at index {at}{_allowed(tolerance, rtol, atol)}"

    return (
        f"Tensor-likes are not {_word(rtol, atol)}!\n\nMismatched elements: {wrong} / {total} ({wrong / total:.1%})\n"
        f"{greatest('absolute', apart, atol)}\n{greatest('relative', relative, rtol)}"
    )


def _word(rtol: float, atol: float) -> str:
    return "equal" if rtol == 0 and atol == 0 else "close"


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == 0 and atol == 0 else f" (up to {tolerance} allowed)"


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
    msg: str = "",
) -> None:  # fmt: skip
    """Deprecated in favour of `assert_close`, which also compares the dtypes.

    Args:
        actual, expected: what is compared.
        rtol, atol: the differences allowed, as a part of the expected number and absolutely.
        equal_nan: whether NaN equals NaN.
        msg: the error's text.
    """
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please "
        "use `torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
        "https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
        stacklevel=2,
    )
    tensor = tensor_names["tensor"]
    actual = actual if isinstance(actual, TensorBase) else tensor(actual)
    expected = expected if isinstance(expected, TensorBase) else tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        known = {dtypes.float16: (1e-3, 1e-3), dtypes.float32: (1e-4, 1e-5), dtypes.float64: (1e-5, 1e-8)}
        rtol, atol = _largest(known, (actual.dtype, expected.dtype))
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)
