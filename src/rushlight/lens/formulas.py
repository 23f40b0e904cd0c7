"""What the programs that `rushlight.lens.source` writes import: the functions that derivative formulas name, on arrays.

``from rushlight.lens.formulas import mm, spread`` gives the same functions that backward calls. The functions below
stand
for what the engine does besides.
"""

import base64
import functools
import pickle
from typing import Any

import numpy as np

from .. import base, dtypes
from ..autograd import mode
from ..base import raw_names
from ..kernels import pointwise
from ..kernels.layout import inner
from ..ops.formulas import define
from ..ops.history import Geometry


def __getattr__(name: str) -> Any:
    try:
        return raw_names[name]
    except KeyError:
        raise AttributeError(f"no derivative formula uses the name {name!r}") from None


def fit(grad: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """A gradient summed to an input's shape, where that was broadcast, and cast to its dtype."""
    return raw_names["fit"](grad, (shape, dtypes.from_numpy(np.dtype(dtype))))


def fit_or_none(grads: tuple[Any, ...], i: int, shape: tuple[int, ...], dtype: str) -> Any:
    """One of the gradients that a custom Function returned, fitted to its input; None if there is none."""
    found = grads[i] if i < len(grads) else None
    return (
        None if found is None else found if found.shape == shape and found.dtype == dtype else fit(found, shape, dtype)
    )


def add(a: Any, b: Any) -> Any:
    """The sum of two gradients of one tensor."""
    return pointwise.sum_of(a, b)


def fused(*formulas: str, **names: Any) -> Any:
    """The values of elementwise formulas of large arrays, computed in one loop where there is one.

    Args:
        formulas: the formulas.
        names: the arrays and numbers that stand in them.
    """
    return _fused(formulas, tuple(names))(*names.values())


@functools.cache
def _fused(formulas: tuple[str, ...], names: tuple[str, ...]) -> Any:
    source = f"def computed({', '.join(names)}):\n    return {', '.join(formulas)}\n"
    plain = define("a written program on NumPy", source, raw_names, "computed")
    loop = pointwise.backward("written", names, formulas)
    return plain if loop is None else pointwise.Fused(loop, plain)


def inside_out(array: Any, *order: int) -> Any:
    """An array with its dimensions in another order, as kernels keep images (see kernels/layout.py)."""
    return inner(array.transpose(order))


def unpickled(text: str) -> Any:
    """An argument that has no literal in Python."""
    return pickle.loads(base64.b85decode(text))


class Place:
    """Where a view lies in the memory of its base: see `Geometry` in ops/history.py."""

    def __init__(self, **slots: Any) -> None:
        self.geometry = Geometry.__new__(Geometry)
        for name, value in slots.items():
            setattr(self.geometry, name, np.dtype(value) if name.endswith("dtype") else value)

    def lay_out(self, grad: Any) -> tuple[Any, Any]:
        """A copy of the base's gradient, and the view's part of its memory."""
        return self.geometry.lay_out(grad)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.geometry, name)


def dense(whole: Any) -> Any:
    """An array row by row."""
    return whole if whole.flags.c_contiguous else whole.copy("C")


class Context:
    """Stands for the ``ctx`` of a custom Function in its backward."""

    def __init__(self, saved: tuple[Any, ...], needs_input_grad: tuple[bool, ...], attributes: dict[str, Any]):
        self.saved_tensors = tuple([None if a is None else base.wrap(a) for a in saved])
        self.needs_input_grad = needs_input_grad
        for name, value in attributes.items():
            setattr(self, name, base.wrap(value) if isinstance(value, np.ndarray) else value)


def run_backward(
    function: Any,
    grads: list[Any],
    saved: tuple[Any, ...] = (),
    needs_input_grad: tuple[bool, ...] = (),
    **attributes: Any,
) -> tuple[Any, ...]:
    """The gradients that a custom Function's ``backward`` computes, as arrays.

    Args:
        function: the class.
        grads: the gradients of its outputs, or None.
        saved: what ``ctx.save_for_backward`` kept.
        needs_input_grad: which inputs need a gradient.
        attributes: what else forward put on ``ctx``.
    """
    context = Context(saved, needs_input_grad, attributes)
    backward = getattr(function, "backward", None)
    if backward is None or "vjp" in vars(function):
        backward = function.vjp
    before, mode.local.grad = mode.local.grad, False
    mode.enter()
    try:
        found = backward(context, *[None if g is None else base.wrap(g) for g in grads])
    finally:
        mode.local.grad = before
        mode.leave()
    return tuple([None if g is None else g._data for g in (found if isinstance(found, tuple) else (found,))])
