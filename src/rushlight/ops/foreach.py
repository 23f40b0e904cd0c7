"""Operations on lists of tensors at once (``torch._foreach_add`` and its like): those on each tensor, in a loop.

PyTorch has them for its optimisers, which save calls by them on a GPU. `function` makes them when they are asked for.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..base import TensorBase, wrap

_UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round "
    "rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
).split()
_BINARY = "add sub mul div pow maximum minimum clamp_min clamp_max".split()
_TERNARY = "addcmul addcdiv lerp".split()
_ONCE = "clone norm max mm".split()
_IN_PLACE_ONLY = "zero copy".split()
# Comparisons with numbers are PyTorch's only operations of this kind that have nodes of their own names.
_BOUNDS = ("maximum", "minimum")


def names() -> list[str]:
    """The names of all these functions."""
    both = [f"_foreach_{name}{end}" for name in (*_UNARY, *_BINARY, *_TERNARY) for end in ("", "_")]
    return sorted([*both, *(f"_foreach_{n}" for n in _ONCE), *(f"_foreach_{n}_" for n in _IN_PLACE_ONLY)])


def function(name: str) -> Callable[..., Any]:
    """The function of that name, such as ``"_foreach_add_"``.

    Raises:
        AttributeError: there is none.
    """
    if name not in names():
        raise AttributeError(name)
    changing = name.endswith("_")
    short = name.removeprefix("_foreach_").removesuffix("_")
    if short in _BINARY:
        made = _binary(short, changing)
    elif short in _TERNARY:
        made = _ternary(short, changing)
    else:
        made = _each(short, changing)
    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"``{short}{'_' if changing else ''}`` of each tensor of a list."
    return made


def _list(tensors: Any) -> list[Any]:
    given = tensors if isinstance(tensors, list) else list(tensors)
    if not given:
        raise RuntimeError("Tensor list must have at least one tensor.")
    return given


def _beside(tensors: list[Any], others: Any) -> list[Any]:
    """One value for each tensor: from a list, or the same for all.

    Raises:
        RuntimeError: the list has another length.
    """
    if not isinstance(others, (list, tuple)):
        return [others] * len(tensors)
    if len(others) == len(tensors):
        return list(others)
    if all(isinstance(t, TensorBase) for t in others):
        raise RuntimeError(f"Tensor lists must have the same number of tensors, got {len(tensors)} and {len(others)}")
    raise RuntimeError("Tensor list must have same number of elements as scalar list.")


def _result(tensors: list[Any], found: list[Any], changing: bool) -> Any:
    return tensors if changing else tuple(found)


def _method(short: str, changing: bool) -> Callable[..., Any]:
    if changing and short in _BOUNDS:
        return lambda tensor, other: tensor.copy_(getattr(tensor, short)(other))
    name = f"{short}_" if changing else short
    return lambda tensor, *args, **named: getattr(tensor, name)(*args, **named)


def _each(short: str, changing: bool) -> Callable[..., Any]:
    apply = _vector_norm if short == "norm" else _method(short, changing)

    def run(self: Sequence[Any], *others: Any, **named: Any) -> Any:
        tensors = _list(self)
        more = [_beside(tensors, other) for other in others]
        return _result(tensors, [apply(t, *args, **named) for t, *args in zip(tensors, *more, strict=True)], changing)

    return run


def _vector_norm(tensor: Any, ord: float = 2, dtype: Any = None) -> Any:
    return tensor.norm(ord, dtype=dtype)


def _binary(short: str, changing: bool) -> Callable[..., Any]:
    apply = _method(short, changing)

    def run(self: Any, other: Any, **named: Any) -> Any:
        if short == "pow" and not isinstance(self, (list, tuple)):  # a number to the power of each tensor
            return tuple([self**t for t in _list(other)])
        tensors = _list(self)
        others = _beside(tensors, other)
        if short in _BOUNDS and not isinstance(others[0], TensorBase):
            if changing:
                return _result(tensors, [t.copy_(_bound(short, t, o)) for t, o in zip(tensors, others)], True)
            return _bounding(short, isinstance(other, (list, tuple))).apply(tuple(others), *tensors)
        return _result(tensors, [apply(t, o, **named) for t, o in zip(tensors, others, strict=True)], changing)

    return run


def _ternary(short: str, changing: bool) -> Callable[..., Any]:
    apply = _method(short, changing)

    def run(self: Any, tensor1: Any, tensor2: Any, scalars: Any = None, *, value: Any = None) -> Any:
        tensors = _list(self)
        scale = scalars if value is None else value
        if isinstance(scale, TensorBase):
            scale = scale.tolist()  # type: ignore[attr-defined]
        columns = [_beside(tensors, column) for column in (tensor1, tensor2)]
        scales = [{}] * len(tensors) if scale is None else [{"value": v} for v in _beside(tensors, scale)]
        found = [apply(t, a, b, **s) for t, a, b, s in zip(tensors, *columns, scales, strict=True)]
        return _result(tensors, found, changing)

    return run


# ---------------------------------------------------------------------------------------------- bounds
@functools.cache
def _bounding(short: str, listed: bool) -> Any:
    """The function of maxima or minima of tensors and numbers: `listed` if there is one number for each tensor."""
    from ..autograd.function import Function

    class Bounding(Function):
        @staticmethod
        def forward(ctx: Any, numbers: Any, *tensors: Any) -> Any:
            """Each tensor's elements, or the number where that is larger or smaller."""
            ctx.save_for_backward(*tensors)
            setattr(ctx, "_saved_scalars" if listed else "_saved_scalar", numbers if listed else numbers[0])
            ctx.numbers = numbers
            return tuple([_bound(short, t, n) for t, n in zip(tensors, numbers, strict=True)])

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            """The gradient where the element was taken; half of it where both were equal."""
            found = []
            for grad, t, n in zip(grads, ctx.saved_tensors, ctx.numbers, strict=True):
                taken = (t.detach() > n if short == "maximum" else t.detach() < n).to(t.dtype)
                found.append(grad * (taken + (t.detach() == n).to(t.dtype) / 2))
            return (None, *found)

    Bounding._backward_cls.__name__ = f"Foreach{short.capitalize()}Backward{int(listed)}"
    return Bounding


def _bound(short: str, tensor: Any, number: Any) -> Any:
    return getattr(tensor, short)(wrap(tensor._data.dtype.type(number)))
