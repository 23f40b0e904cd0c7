"""Sequences of numbers: `arange`, `linspace`, `logspace`."""

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase
from ..kernels import ranges as kernels
from .arguments import type_name
from .creation_arguments import chosen, done
from .data import cast, finish
from .declare import composite
from .numbers import number_for, overflow
from .signatures import Mismatch, forms

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
    if not isinstance(value, (int, float, complex)):
        if function != "arange":
            raise Mismatch
        raise TypeError(f"{function}(): argument '{name}' (position {position}) must be Number, not {type_name(value)}")
    return value


def _check_steps(start: Any, end: Any, step: Any) -> None:
    """Refuses steps that do not lead from start to end.

    Raises:
        RuntimeError: they do not.
    """
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {_plain(start)} -> {_plain(end)}")
    if (end - start) * (1 if step > 0 else -1) < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


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
    if len(bounds) == 1 and type(bounds[0]) is int and bounds[0] >= 0 and out is None and not named:
        if dtype is None or (type(dtype) is dtypes.dtype and dtype.plain):
            d = chosen("arange", dtype, device, pin_memory, dtypes.int64, requires_grad)
            return finish(kernels.first(bounds[0], d.numpy), d, requires_grad)
    if len(bounds) == 3 and type(bounds[2]) is float and out is None and dtype is None and not named:
        start, end, step = bounds
        if (type(start) is int or type(start) is float) and (type(end) is int or type(end) is float) and step > 0:
            d = chosen("arange", None, device, pin_memory, dtypes._default)
            if d.plain and start <= end < math.inf and start > -math.inf:
                return finish(kernels.steps(start, step, math.ceil((end - start) / step), d.numpy), d, requires_grad)
    start, end, step = _bounds(bounds, named)
    if isinstance(start, complex) or isinstance(end, complex) or isinstance(step, complex):
        raise overflow(dtypes.float64) if dtype is None else NotImplementedError("complex bounds")
    whole = isinstance(start, int) and isinstance(end, int) and isinstance(step, int)
    d = chosen(
        "arange", dtype, device, pin_memory, (dtypes.int64 if whole else dtypes._default) if out is None else out._dtype
    )
    if d.category in (dtypes.BOOL, dtypes.COMPLEX):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{d.scalar_name}'")
    _check_steps(start, end, step)
    if whole and d.category == dtypes.INTEGRAL:
        array = kernels.whole(start, end, step)
        return done(_shaped(array if d is dtypes.int64 else cast(array, d), out), d, requires_grad, out, dtype)
    if d.category == dtypes.INTEGRAL:
        if int(step) == 0:
            raise ValueError("step must be nonzero")
        # How many numbers there are is counted in whole steps for int64 alone.
        count = len(range(int(start), int(end), int(step))) if d is dtypes.int64 else math.ceil((end - start) / step)
        array = (int(start) + int(step) * np.arange(count)).astype(d.numpy)
    else:
        count = len(range(start, end, step)) if whole else math.ceil((end - start) / step)
        array = kernels.steps(start, step, count, d.numpy)
    return done(_shaped(array, out), d, requires_grad, out, dtype)


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The start, the end and the step of `arange`, given in order or by name.

    Raises:
        TypeError: they are not numbers, or too many.
    """
    if not named and 2 <= len(bounds) <= 3 and all([type(b) is int or type(b) is float for b in bounds]):
        return bounds if len(bounds) == 3 else (*bounds, 1)  # type: ignore[return-value]
    names = ("end",) if len(bounds) == 1 and "end" not in named else ("start", "end", "step")
    values = {**dict(zip(names, bounds)), **named}
    if len(bounds) > 3 or "end" not in values or not values.keys() <= {"start", "end", "step"}:
        got = [type_name(b) for b in bounds] + [f"{k}={type_name(v)}" for k, v in named.items()]
        raise TypeError(_ARANGE.format(", ".join(got)))
    numbers = {k: _number("arange", k, i + 1, v) for i, (k, v) in enumerate(values.items())}
    return numbers.get("start", 0), numbers["end"], numbers.get("step", 1)


def _plain(x: Any) -> Any:
    return int(x) if isinstance(x, float) and math.isfinite(x) and x == int(x) else x


_SPACED = [
    f"{start} start, {end} end, int steps{{}}, *, Tensor out = None, torch.dtype dtype = None, torch.layout layout = "
    "None, torch.device device = None, bool pin_memory = False, bool requires_grad = False"
    for start, end in (("Tensor", "Tensor"), ("Number", "Tensor"), ("Tensor", "Number"), ("Number", "Number"))
]


@composite(method=False)
@forms(*[form.format("") for form in _SPACED])
def linspace(
    start: Any, end: Any, steps: Any, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, at equal distances.

    Args:
        start, end: numbers, or tensors of one element.
        steps: how many.
        out: the tensor to write to.
        dtype, layout, device, pin_memory, requires_grad: as for `zeros`.

    Raises:
        RuntimeError: the number of steps is negative.
    """
    array, d = _spaced(
        "linspace",
        start,
        end,
        steps,
        chosen("linspace", dtype, device, pin_memory, _spaced_dtype(start, end, out), requires_grad),
    )
    return done(_shaped(array, out), d, requires_grad, out, dtype)


def _shaped(array: np.ndarray, out: Any) -> np.ndarray:
    """The numbers in the shape of ``out=``, which is kept if there are as many."""
    return array if out is None or out._data.size != array.size else array.reshape(out._shape)


def _spaced_dtype(start: Any, end: Any, out: Any) -> dtypes.dtype:
    if out is not None:
        return out._dtype  # type: ignore[no-any-return]
    if (type(start) is int or type(start) is float) and (type(end) is int or type(end) is float):
        return dtypes._default
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
        raise Mismatch
    n = steps.__index__()
    if n < 0:
        raise RuntimeError("number of steps must be non-negative")
    real = not isinstance(start, complex) and not isinstance(end, complex)
    usual = d.plain and real and -60000 <= start <= 60000 and -60000 <= end <= 60000
    if not usual and (d.category == dtypes.INTEGRAL or n > 1):
        ends = [number_for(x, d) for x in (start, end)]
        if d.category == dtypes.INTEGRAL:
            start, end = [x.item() for x in ends]
    if n <= 1:
        return cast(np.full(n, start), d, False), d
    kind = d.numpy if d.category >= dtypes.FLOATING else kernels.DOUBLE
    return cast(kernels.between(start, end, n, kind, function == "linspace"), d, False), d


@composite(method=False)
@forms(*[form.format(", float base = 10.0") for form in _SPACED])
def logspace(
    start: Any, end: Any, steps: Any, base: Any = 10.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """`base` to the power of `steps` numbers from `start` to `end`, both included, at equal distances.

    Raises:
        RuntimeError: the number of steps is negative.
    """
    d = chosen("logspace", dtype, device, pin_memory, _spaced_dtype(start, end, out), requires_grad)
    wide = d if d.category >= dtypes.FLOATING and d.itemsize > 2 else dtypes.float64
    if d.category == dtypes.INTEGRAL:
        start, end = [
            x if isinstance(x, TensorBase) and x._shape else number_for(_number("logspace", name, 1, x), d).item()
            for name, x in (("start", start), ("end", end))
        ]
    exponents, _ = _spaced("logspace", start, end, steps, wide)
    powers = np.power(np.asarray(base, exponents.dtype), exponents)
    return done(_shaped(cast(powers, d, False), out), d, requires_grad, out, dtype)


# No `composite`: in formulas, `range` is Python's.
def range_(
    start: Any, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The numbers from `start` up to, and with, `end`, by `step` (deprecated: use `arange`, which leaves out the end).

    Raises:
        RuntimeError: the step is zero or leads away from the end, or a bound is not finite.
    """
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    start, end = (0, start) if end is None else (start, end)
    d = chosen("range", dtype, device, pin_memory, dtypes._default if out is None else out._dtype, requires_grad)
    _check_steps(start, end, step)
    values = (start + np.arange(math.floor((end - start) / step) + 1) * step).astype(d.numpy)
    return done(_shaped(values, out), d, requires_grad, out, dtype)
