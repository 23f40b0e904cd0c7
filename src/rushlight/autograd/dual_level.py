"""An open level of forward mode: which tensors have tangents, and those of operations' results."""

import weakref
from typing import Any

import numpy as np

from .. import dtypes
from ..base import TensorBase, base_of, tensor_names
from ..kernels.layout import Absent
from . import mode
from .reverse_tangents import by_reverse, zero_tangent


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
            with Without(self):
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
            with Without(self):
                tangent = tangent.clone()
            self.attach(copy, tangent)

    def own(self, tangent: Any, dtype: dtypes.dtype, given: dict[str, Any]) -> Any:
        """A result's tangent, of the result's dtype at least, and in memory of its own."""
        with Without(self):
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
            with Without(self):
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
            if not computes():
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
            with Without(self):
                return by_reverse(operation, run, bound, given)
        result = run(**bound)
        if operation.tangent == "zero":
            results = result if isinstance(result, tuple) else (result,)
            return result, tuple([zero_tangent(t) if t._dtype.category >= dtypes.FLOATING else None for t in results])
        rule = operation.tangent_rule(tuple([n for n, g in given.items() if g is not None]))
        with Without(self):
            return result, rule(bound, given, result)

    # ---- as a watcher of nodes; see anomaly_mode.py: while there is one, the engine takes its general loop
    def before(self, node: Any, grad: Any) -> None:
        """Nothing to do before a node runs."""

    def after(self, node: Any, results: Any) -> None:
        """Nor after it."""

    def failed(self, node: Any) -> None:
        """Nor when it fails."""

    # ---- in-place operations; see ops/inplace.py
    def inplace_tangent(self, operation: Any, bound: dict[str, Any]) -> Any:
        """The tangent that the first input will have after an in-place operation, or None."""
        if not computes():
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
        with Without(self):
            tangent = self.with_tangents(operation, _flavour(operation), bound, given)[1][0]
            return tangent.clone() if have is None and _shares_memory(tangent, given) else tangent

    def tangent(self, t: Any) -> Any:
        """The tangent of a tensor, or None."""
        return tangent_of(t)

    def replace(self, t: Any, tangent: Any) -> None:
        """Stores the tangent of a tensor that was changed in place; views of the former tangent see it."""
        have = tangent_of(t)
        if have is None:
            self.attach_changed(t, tangent)
        else:
            with Without(self):
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


class Without:
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
            with Without(mode.local.dual):
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


def computes() -> bool:
    """Whether tangents are computed: not in inference mode, nor where that was turned off."""
    return mode.local.forward_grad and not mode.local.inference
