"""Forward mode: tangents that travel with the values.

Inside a `dual_level`, `make_dual` pairs a tensor with a tangent, and every operation on it computes the tangent of its
result, by the rule that follows from its declaration (see ops/tangents.py). Tangents end with their level.

Source: https://docs.pytorch.org/docs/stable/autograd.html#forward-mode-automatic-differentiation
"""

import weakref
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..base import TensorBase, tensor_names, wrap
from . import mode


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, which is None if it has none."""

    primal: Any
    tangent: Any


class Level:
    """An open dual level: takes part in every operation of its thread.

    Attributes:
        duals: weak references to the tensors that have a tangent, which lose it at the end of the level.
    """

    def __init__(self) -> None:
        self.duals: list[Any] = []

    def attach(self, t: Any, tangent: Any) -> None:
        """Gives a tensor its tangent."""
        t._tangent = tangent
        self.duals.append(weakref.ref(t))

    def close(self) -> None:
        """Takes all tangents away."""
        for reference in self.duals:
            t = reference()
            if t is not None:
                t.__dict__.pop("_tangent", None)

    def around(self, operation: Any, run: Any) -> Any:
        """Takes part in an operation; see mode.py."""

        def dual(*args: Any, **kwargs: Any) -> Any:
            result = run(*args, **kwargs)
            if mode.local.forward_grad:
                bound = {**dict(zip(operation.parameters, args, strict=False)), **kwargs}
                tangents = self.tangents(operation, bound, result)
                if tangents is not None:
                    results = result if isinstance(result, tuple) else (result,)
                    for t, tangent in zip(results, tangents, strict=True):
                        if tangent is not None:
                            self.attach(t, tangent)
            return result

        return dual

    def tangents(self, operation: Any, bound: dict[str, Any], result: Any) -> tuple[Any, ...] | None:
        """The tangents of an operation's results, or None if no input has one.

        Args:
            operation: what was run.
            bound: its arguments by name.
            result: what it returned.

        Raises:
            NotImplementedError: the operation declares no tangent.
        """
        given = {n: _tangent_of(bound.get(n)) for n in operation.inputs}
        if all(g is None for g in given.values()):
            return None
        rule = operation.tangent_rule(tuple(n for n, g in given.items() if g is not None))
        if rule is None:
            raise NotImplementedError(
                f"Trying to use forward AD with {operation.aten} that does not support it because it has not been "
                "implemented yet.\nPlease file an issue to PyTorch at "
                "https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that we can prioritize "
                "its implementation or submit a PR adding the implementation to derivatives.yaml\n"
                "Note that forward AD support for some operators require PyTorch to be built with TorchScript and for "
                "JIT to be enabled. If the environment var PYTORCH_JIT=0 is set or if the library is not built with "
                "TorchScript, some operators may no longer be used with forward AD."
            )
        before = mode.local.watchers
        mode.local.watchers = tuple([w for w in before if w is not self])
        try:
            return rule(bound, given, result)
        finally:
            mode.local.watchers = before

    def inplace_tangent(self, operation: Any, bound: dict[str, Any]) -> Any:
        """The tangent that the first input will have after an in-place operation, or None."""
        if not mode.local.forward_grad or all(_tangent_of(bound.get(n)) is None for n in operation.inputs):
            return None
        before = mode.local.watchers
        mode.local.watchers = tuple([w for w in before if w is not self])
        try:
            result = operation.recording(**bound)
        finally:
            mode.local.watchers = before
        found = self.tangents(operation, bound, result)
        return None if found is None else found[0]

    def replace(self, t: Any, tangent: Any) -> None:
        """Stores the tangent of a tensor that was changed in place; views of the former tangent see it."""
        have = t._tangent
        if have is None:
            self.attach(t, tangent)
        elif have._node is None and tangent._node is None:
            have._data[...] = tangent._data
        else:
            t._tangent = tangent


def _tangent_of(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return getattr(x, "_tangent", None)
    if isinstance(x, (list, tuple)) and any(getattr(t, "_tangent", None) is not None for t in x):
        return [tensor_names["zeros_like"](t) if getattr(t, "_tangent", None) is None else t._tangent for t in x]
    return None


def enter_dual_level() -> int:
    """Opens a level, in which tensors can have tangents; returns its number.

    Raises:
        RuntimeError: a level is open already.
    """
    if mode.local.dual is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    mode.local.dual = Level()
    mode.watch(mode.local.dual)
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Closes the level; all tangents are gone.

    Raises:
        RuntimeError: no level is open, or not this one.
    """
    opened = mode.local.dual
    if opened is None:
        raise RuntimeError("Dual level must be a positive number." if level is None else
                           "Trying to exit a forward AD level that was not the last one that was created. This is not "
                           "supported.")  # fmt: skip
    if level not in (None, 0):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    mode.unwatch(opened)
    mode.local.dual = None
    opened.close()


class dual_level:
    """A ``with`` block in which tensors can have tangents."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: Any) -> None:
        exit_dual_level(level=0)


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """A view of `tensor` that has `tangent`.

    Raises:
        RuntimeError: no level is open, the shapes differ, or the tangent has a tangent itself.
        ValueError: the tensor or the tangent holds integers.
    """
    opened = mode.local.dual
    if opened is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, t in (("primal", tensor), ("tangent", tangent)):
        if not (t.is_floating_point() or t.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {t.dtype}")
    if tensor._shape != tangent._shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._shape)} while the given forward gradient is of size "
            f"{list(tangent._shape)}."
        )
    if getattr(tangent, "_tangent", None) is not None:
        raise RuntimeError(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
        )
    dual = tensor_names["alias"](tensor)
    dual.__dict__.pop("_tangent", None)
    opened.attach(dual, tangent)
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor without its tangent, and the tangent (None outside a level or where there is none)."""
    tangent = getattr(tensor, "_tangent", None)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    before, mode.local.forward_grad = mode.local.forward_grad, False
    try:
        primal = tensor_names["alias"](tensor)
    finally:
        mode.local.forward_grad = before
    return UnpackedDualTensor(primal, tangent)


class _set_fwd_grad_enabled:
    """Turns the computing of tangents on or off, at once or for a ``with`` block."""

    def __init__(self, mode_: bool):
        self.before = mode.local.forward_grad
        mode.local.forward_grad = mode_

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        mode.local.forward_grad = self.before


def run_jvp(cls: Any, ctx: Any, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
    """Gives the outputs of a custom function the tangents that its ``jvp`` computes, if any input has one."""
    opened = mode.local.dual
    tangents = [getattr(a, "_tangent", None) if isinstance(a, TensorBase) else None for a in args]
    if opened is None or not mode.local.forward_grad or all(t is None for t in tangents):
        return
    if ctx.materialize_grads:
        tangents = [
            wrap(np.zeros(a._shape, a._data.dtype))
            if t is None and isinstance(a, TensorBase) and a._dtype.category >= dtypes.FLOATING
            else t
            for a, t in zip(args, tangents, strict=True)
        ]
    before, mode.local.forward_grad = mode.local.forward_grad, False
    try:
        found = cls.jvp(ctx, *tangents)
    finally:
        mode.local.forward_grad = before
    found = found if isinstance(found, tuple) else (found,)
    for o, tangent in zip(outputs, found, strict=False):
        if isinstance(o, TensorBase) and tangent is not None:
            if any(o is a for a in args):
                opened.replace(o, tangent)
            else:
                opened.attach(o, tangent)
