"""Forward mode: tangents that travel with the values.

Inside a `dual_level`, `make_dual` pairs a tensor with a tangent, and every operation on it computes the tangent of its
result, by the rule that follows from its declaration (see ops/tangents.py). Tangents end with their level.

Source: https://docs.pytorch.org/docs/stable/autograd.html#forward-mode-automatic-differentiation
"""

import functools
import weakref
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..base import TensorBase, base_of, tensor_names, wrap
from ..kernels.layout import Absent
from . import mode
from .steps import node_watchers


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, which is None if it has none."""

    primal: Any
    tangent: Any


class Level:
    """An open dual level: takes part in every operation of its thread, and in every node of a backward.

    Attributes:
        duals: weak references to the tensors that have a tangent, which lose it at the end of the level.
        saved: by the identity of an array, a weak reference to it and the tangent of the tensor around it, for
            nodes that save their results as arrays.
    """

    def __init__(self) -> None:
        self.duals: list[Any] = []
        self.saved: dict[int, tuple[Any, Any]] = {}

    def attach(self, t: Any, tangent: Any) -> None:
        """Gives a tensor its tangent, laid out in memory as the tensor is.

        Raises:
            RuntimeError: the tangent has a tangent, or another shape than the tensor.
        """
        if getattr(tangent, "_tangent", None) is not None:
            raise RuntimeError(
                "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
            )
        if tangent._shape != t._shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is "
                f"not supported. Tensor is of size {list(t._shape)} while the given forward gradient is of size "
                f"{list(tangent._shape)}."
            )
        if not tensor_names["same_layout"](t, tangent):
            with _Without(self):
                tangent = tensor_names["zeros_laid_out"](t).copy_(tangent)
        t._tangent = tangent
        self.duals.append(weakref.ref(t))
        self.remember(t, tangent)

    def remember(self, t: Any, tangent: Any) -> None:
        """Keeps the tangent for a node that may have saved the tensor's array."""
        if t._node is not None:
            key = id(t._data)
            self.saved[key] = weakref.ref(t._data, lambda _: self.saved.pop(key, None)), tangent

    def copy(self, t: Any, copy: Any) -> None:
        """Gives a copy of a tensor a copy of its tangent."""
        tangent = tangent_of(t)
        if tangent is not None:
            with _Without(self):
                tangent = tangent.clone()
            self.attach(copy, tangent)

    def own(self, tangent: Any, dtype: dtypes.dtype, given: dict[str, Any]) -> Any:
        """A result's tangent, of the result's dtype at least, and in memory of its own."""
        with _Without(self):
            if tangent._dtype is not dtype:
                tangent = tangent.to(dtypes.promote_types(tangent._dtype, dtype))
            return tangent.clone() if _shares_memory(tangent, given) else tangent

    def attach_saved(self, t: Any) -> None:
        """Gives a tensor around a saved array the tangent that belongs to it."""
        found = self.saved.get(id(t._data))
        if found is not None:
            t._tangent = found[1]
            self.duals.append(weakref.ref(t))

    def attach_changed(self, t: Any, tangent: Any) -> None:
        """Gives a tensor that was changed in place its first tangent; what it is a view of gets one as well."""
        base = forward_base(t)
        if base is not None:
            with _Without(self):
                whole = tensor_names["zeros_laid_out"](base)
                part = _part(whole, t).copy_(tangent)
            self.attach(base, whole)
            tangent = part
        self.attach(t, tangent)

    def close(self) -> None:
        """Takes all tangents away."""
        for reference in self.duals:
            t = reference()
            if t is not None:
                t.__dict__.pop("_tangent", None)
        self.saved.clear()

    # ---- as a watcher of operations; see mode.py
    def around(self, operation: Any, run: Any) -> Any:
        """Takes part in an operation."""

        def dual(*args: Any, **kwargs: Any) -> Any:
            if not _computes():
                return run(*args, **kwargs)
            bound = {**dict(zip(operation.parameters, args, strict=False)), **kwargs}
            given = {n: _tangent_of(bound.get(n)) for n in operation.inputs}
            out = kwargs.get("out")
            if out is not None:
                refuse_out(operation, given, out)
            if all([g is None for g in given.values()]):
                result = run(*args, **kwargs)
            else:
                result, tangents = self.with_tangents(operation, run, bound, given)
                results = result if isinstance(result, tuple) else (result,)
                for t, tangent in zip(results, tangents, strict=True):
                    if tangent is not None:
                        if not operation.view:
                            tangent = self.own(tangent, t._dtype, given)
                        self.attach(t, tangent)
            if operation.view:
                _pass_on_base(args[0] if args else bound[operation.parameters[0]], result)
            return result

        return dual

    def with_tangents(
        self, operation: Any, run: Any, bound: dict[str, Any], given: dict[str, Any]
    ) -> tuple[Any, tuple[Any, ...]]:
        """The result of an operation, and the tangents of its outputs.

        Args:
            operation: what to run.
            run: what runs it.
            bound: its arguments by name.
            given: the inputs' tangents by name.

        Raises:
            NotImplementedError: PyTorch has no tangent for the operation.
        """
        if operation.tangent == "refused" or operation.node_name == "NotImplemented":
            raise NotImplementedError(_refusal(operation))
        if operation.tangent is None:
            with _Without(self):
                return by_reverse(operation, run, bound, given)
        result = run(**bound)
        if operation.tangent == "zero":
            results = result if isinstance(result, tuple) else (result,)
            return result, tuple([_zeros(t) if t._dtype.category >= dtypes.FLOATING else None for t in results])
        rule = operation.tangent_rule(tuple([n for n, g in given.items() if g is not None]))
        with _Without(self):
            return result, rule(bound, given, result)

    # ---- as a watcher of nodes; see anomaly.py: while there is one, the engine takes its general loop
    def before(self, node: Any, grad: Any) -> None:
        """Nothing to do before a node runs."""

    def after(self, node: Any, results: Any) -> None:
        """Nor after it."""

    def failed(self, node: Any) -> None:
        """Nor when it fails."""

    # ---- in-place operations; see ops/inplace.py
    def inplace_tangent(self, operation: Any, bound: dict[str, Any]) -> Any:
        """The tangent that the first input will have after an in-place operation, or None."""
        if not _computes():
            return None
        changed = bound[operation.parameters[0]]
        if changed._dtype.category < dtypes.FLOATING:
            return None
        have = tangent_of(changed)
        given = {n: _tangent_of(bound.get(n)) for n in operation.inputs}
        if all([g is None for g in given.values()]):
            given = {}
        if operation.tangent == "zero" or not given:
            return None if have is None else tensor_names["zeros_like"](have.detach())
        with _Without(self):
            return self.with_tangents(operation, _flavour(operation), bound, given)[1][0]

    def tangent(self, t: Any) -> Any:
        """The tangent of a tensor, or None."""
        return tangent_of(t)

    def replace(self, t: Any, tangent: Any) -> None:
        """Stores the tangent of a tensor that was changed in place; views of the former tangent see it."""
        have = tangent_of(t)
        if have is None:
            self.attach_changed(t, tangent)
        else:
            with _Without(self):
                have.copy_(tangent)
            self.remember(t, have)


def _refusal(operation: Any) -> str:
    """Why an operation has no tangent."""
    if operation.node_name == "NotImplemented":
        return f"Trying to use forward AD with aten::{operation.aten} that does not support it."
    return (
        f"Trying to use forward AD with {operation.aten} that does not support it because it has not been implemented "
        "yet.\nPlease file an issue to PyTorch at https://github.com/pytorch/pytorch/issues/new?"
        "template=feature-request.yml so that we can prioritize its implementation or submit a PR adding the "
        "implementation to derivatives.yaml"
    )


def _zeros(t: Any) -> Any:
    return tensor_names["zeros_like"](t.detach())


class _Without:
    """A block in which a level takes no part in operations."""

    __slots__ = ("before", "level")

    def __init__(self, level: Level):
        self.level = level

    def __enter__(self) -> None:
        self.before = mode.local.watchers
        mode.local.watchers = tuple([w for w in self.before if w is not self.level])

    def __exit__(self, *exc: Any) -> None:
        mode.local.watchers = self.before


# ---------------------------------------------------------------------------------------------- tangents of tensors
def tangent_of(t: Any) -> Any:
    """The tangent of a tensor, or None; a view may have got one by a change of what it is a view of."""
    found = t.__dict__.get("_tangent")
    if found is None and t._view is not None and mode.local.dual is not None:
        base = forward_base(t)
        whole = None if base is None else base.__dict__.get("_tangent")
        if whole is not None:
            with _Without(mode.local.dual):
                found = _part(whole, t)
            mode.local.dual.attach(t, found)
    return found


def _tangent_of(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return tangent_of(x)
    if isinstance(x, (list, tuple)):
        found = [tangent_of(t) if isinstance(t, TensorBase) else None for t in x]
        if any([g is not None for g in found]):
            return found
    return None


def forward_base(t: Any) -> Any:
    """The tensor of which `t` is a view as far as tangents go: dual tensors are views of none."""
    return t.__dict__["_forward_base"] if "_forward_base" in t.__dict__ else base_of(t)


def _pass_on_base(viewed: Any, result: Any) -> None:
    """Views of a tensor that begins anew as far as tangents go are views of that one."""
    if isinstance(viewed, TensorBase) and "_forward_base" in viewed.__dict__:
        base = viewed.__dict__["_forward_base"]
        for t in result if isinstance(result, tuple) else (result,):
            t._forward_base = viewed if base is None else base


def _part(whole: Any, like: Any) -> Any:
    """The part of a base's tangent that belongs to a view."""
    if like._dtype.is_complex != whole._dtype.is_complex:
        names = tensor_names
        whole = names["view_as_real"](whole) if whole._dtype.is_complex else names["view_as_complex"](whole)
    return whole.as_strided(like._shape, like.stride(), like.storage_offset())


def _shares_memory(tangent: Any, given: dict[str, Any]) -> bool:
    if type(tangent._data) is Absent:
        return False
    for g in given.values():
        for t in g if isinstance(g, list) else (g,):
            if t is not None and type(t._data) is not Absent and np.may_share_memory(t._data, tangent._data):
                return True
    return False


def _flavour(operation: Any) -> Any:
    return operation.recording if mode.local.grad else operation.plain


def refuse_out(operation: Any, given: dict[str, Any], out: Any) -> None:
    """Refuses ``out=`` where tangents take part.

    Raises:
        NotImplementedError: an operand or an `out` has a tangent.
    """
    if any([g is not None for g in (*given.values(), _tangent_of(out))]):
        raise NotImplementedError(
            f"Trying to use forward AD with {operation.aten}_out that does not support it because it is an out= "
            "function"
        )


# ---------------------------------------------------------------------------------------------- the derived tangent
def by_reverse(operation: Any, run: Any, bound: dict[str, Any], given: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """An operation's result, and its tangents from the formulas of its gradients.

    The gradient of the inputs is linear in the gradient ``u`` of the results: it is the transposed derivative applied
    to `u`. So its own derivative by `u` is the derivative itself, which is applied to the tangents.

    Args:
        operation: the operation.
        run: what runs it.
        bound: its arguments by name.
        given: the inputs' tangents by name; lists of them, with None for those that have none, for lists of tensors.
    """
    from .api import grad

    local = mode.local
    before = local.grad
    inputs: list[Any] = []
    tangents: list[Any] = []
    known = False

    def followed(t: Any, tangent: Any) -> Any:
        nonlocal known
        if not isinstance(t, TensorBase):
            return t
        known = known or t._node is not None
        if tangent is None:
            return t
        t = tensor_names["alias"](t) if before and t._node is not None else wrap(t._data)
        if t._node is None:
            t.requires_grad = True
        inputs.append(t)
        tangents.append(tangent)
        return t

    local.grad = True
    try:
        arguments = dict(bound)
        for n in operation.inputs:
            if n not in bound:
                continue
            if n in operation.lists:
                of = given[n] or [None] * len(bound[n])
                arguments[n] = [followed(t, g) for t, g in zip(bound[n], of, strict=True)]
            else:
                arguments[n] = followed(bound[n], given[n])
        result = (run if before else operation.recording)(**arguments)
        results = result if isinstance(result, tuple) else (result,)
        reached = [t for t in results if t._node is not None]
        # Their values do not matter, but where a formula takes logarithms of gradients, zeros would be in the way.
        weights = [tensor_names["ones_like"](t.detach()).requires_grad_() for t in reached]
        back = grad(reached, inputs, weights, create_graph=True, allow_unused=True) if reached else ()
        pairs = [(g, t) for g, t in zip(back, tangents, strict=bool(reached)) if g is not None and g._node is not None]
        found: Any = (None,) * len(weights)
        if pairs:
            gs, ts = zip(*pairs, strict=True)
            linked = before and (known or any([t._node is not None for t in tangents]))
            found = grad(gs, weights, ts, create_graph=linked, allow_unused=True)
    finally:
        local.grad = before
    of_reached = dict(zip(map(id, reached), found, strict=True))
    made = []
    for t in results:
        tangent = of_reached.get(id(t))
        made.append(_zeros(t) if tangent is None and id(t) in of_reached else tangent)
    if before and known:
        # The node has saved these in place of the inputs.
        for t, tangent in zip(inputs, tangents, strict=True):
            local.dual.attach(t, tangent)
    else:
        for t in reached:
            t._node = None
    return result, tuple(made)


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
    with _Without(opened):
        dual = tensor_names["_make_dual"](tensor)
    dual._forward_base = None
    if _computes():
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
    tangent = tangent_of(tensor) if _computes() else None
    with _Without(opened):
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


def _computes() -> bool:
    """Whether tangents are computed: not in inference mode, nor where that was turned off."""
    return mode.local.forward_grad and not mode.local.inference
