"""Forward mode: tangents that travel with the values.

Inside a `dual_level`, `make_dual` pairs a tensor with a tangent, and every operation on it computes the tangent of its
result, by the rule that follows from its declaration (see ops/tangents.py). Tangents end with their level.

Source: https://docs.pytorch.org/docs/stable/autograd.html#forward-mode-automatic-differentiation
"""

import functools
from typing import Any, NamedTuple

from ..base import TensorBase, tensor_names
from . import mode
from .dual_level import Level, Without, computes, tangent_of
from .steps import node_watchers


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, which is None if it has none."""

    primal: Any
    tangent: Any


# The number of the open level, as programs read it; -1 where none is.
_current_level = -1


def enter_dual_level() -> int:
    """Opens a level, in which tensors can have tangents; returns its number.

    Raises:
        RuntimeError: a level is open already.
    """
    global _current_level
    if mode.local.dual is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    mode.local.dual = Level()
    mode.watch(mode.local.dual)
    node_watchers.append(mode.local.dual)
    _current_level = 0
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Closes the level; all tangents are gone.

    Raises:
        RuntimeError: no level is open, or not this one.
    """
    global _current_level
    opened = mode.local.dual
    if opened is None and level is None:
        raise RuntimeError("Dual level must be a positive number.")
    if opened is None or level not in (None, 0):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    mode.unwatch(opened)
    node_watchers.remove(opened)
    mode.local.dual = None
    _current_level = -1
    opened.close()


class dual_level:
    """A ``with`` block in which tensors can have tangents."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: Any) -> None:
        exit_dual_level()

    def __call__(self, function: Any) -> Any:
        """The function with such a block around each call."""

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return called


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """A view of `tensor` that has `tangent`.

    Args:
        tensor: the tensor, of floating-point or complex numbers.
        tangent: the tangent, of the same shape; it is copied where it lies in memory in another way than the tensor.
        level: the number of the open level.

    Raises:
        RuntimeError: no level is open, the shapes differ, or one of the two has a tangent already.
        ValueError: the tensor or the tangent holds integers.
    """
    opened = mode.local.dual
    if opened is None and level is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for name, t in (("primal", tensor), ("tangent", tangent)):
        if not (t.is_floating_point() or t.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {t.dtype}")
    if level not in (None, 0):
        raise RuntimeError("Invalid level given to _make_dual")
    if opened is None:
        raise RuntimeError(
            "Trying to access a forward AD level with an invalid index. This index was either not created or is "
            "already deleted."
        )
    if tangent_of(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not "
            "supported."
        )
    with Without(opened):
        dual = tensor_names["_make_dual"](tensor)
    dual._forward_base = None
    if computes():
        opened.attach(dual, tangent)
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor without its tangent, and the tangent (None outside a level or where there is none).

    Raises:
        RuntimeError: `level` is not the open one.
        TypeError: `tensor` is not a tensor.
    """
    opened = mode.local.dual
    if opened is None:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, TensorBase):
        raise TypeError(f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {type(tensor).__name__}")
    if level not in (None, 0):
        raise RuntimeError("Invalid level given to _fw_primal")
    tangent = tangent_of(tensor) if computes() else None
    with Without(opened):
        primal = tensor_names["_fw_primal"](tensor)
    primal._forward_base = None  # type: ignore[attr-defined]
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


def _is_fwd_grad_enabled() -> bool:
    return mode.local.forward_grad


def _set_forward_grad(on: bool) -> None:
    mode.local.forward_grad = on
