"""Optimisers whose update is a formula on arrays, and how many small parameters are updated at the price of one.

Small parameters of one dtype are gathered into one flat array, updated there by a few NumPy calls, and put back; what
the optimiser keeps for them lives in flat arrays all the time, of which the tensors in `Optimizer.state` are views.
Large parameters are updated where they are, in blocks that stay in the processor's cache meanwhile.
"""

from collections.abc import Callable
from operator import is_
from typing import Any, TypeAlias

import numpy as np

from .. import dtypes
from ..autograd.grad_mode import enable_grad
from ..autograd.leaf import AccumulateGrad
from ..base import own_version, wrap
from ..kernels import dispatch
from ..kernels.pointwise import LARGE
from ..kernels.sparse import SparseArray
from ..tensor import Tensor
from ._parts import Array, aligned, gradient, join_steps, parts, recalls, remember
from ._sweep import Swept, sweep
from .optimizer import Optimizer, evaluated

# Elements that are updated at a time: four arrays of this length in float32 fill half a megabyte.
BLOCK = 1 << 15

Scalar: TypeAlias = Callable[[float], Array]
_HALF = (dtypes.float16, dtypes.bfloat16)


def scalar_maker(dtype: np.dtype) -> Scalar:
    """A function that makes 0-dim arrays of `dtype`, quicker for NumPy than Python numbers, and remembers them."""
    known: dict[float, Array] = {}

    def scalar(value: float) -> Array:
        found = known.get(value)
        if found is None:
            # A schedule makes new numbers in every step.
            if len(known) > 64:
                known.clear()
            found = known[value] = np.array(value, dtype)
        return found

    return scalar


_scalars: dict[np.dtype, Scalar] = {}


def scalars(dtype: np.dtype) -> Scalar:
    """The function that makes scalars of `dtype`."""
    if dtype not in _scalars:
        _scalars[dtype] = scalar_maker(dtype)
    return _scalars[dtype]


def lerp(mean: Array, new: Array, weight: float, scalar: Scalar, scratch: Array) -> None:
    """Move `mean` towards `new` by the share `weight`, in place, from whichever end is nearer."""
    np.subtract(new, mean, scratch)
    if weight < 0.5:
        np.add(mean, np.multiply(scratch, scalar(weight), scratch), mean)
    else:
        np.subtract(new, np.multiply(scratch, scalar(1 - weight), scratch), mean)


def _real(array: Array) -> Array:
    """A complex array as one of twice as many real numbers, in the same memory."""
    return array.view(array.real.dtype) if array.dtype.kind == "c" else array


class Bundle:
    """Parameters of one dtype, at the same number of steps, that are updated together.

    Attributes:
        params: the parameters. fresh: whether the optimiser has not updated them before.
        large: whether there is only one, which is updated where it is, a block at a time.
        steps: their counts of steps, or None. kept: flat arrays of what is kept for them.
        param, grad: where they and their gradients are gathered (nowhere when `large`).
        members: for each parameter: itself, its array, and its parts of `param` and `grad`.
        found: for each parameter: itself, its entry in `Optimizer.state`, and the tensors there with their arrays.
    """

    def __init__(self, optimizer: "ArrayOptimizer", params: list[Any], names: tuple[str, ...], fresh: bool):
        self.params = params
        for p in params:
            own_version(p)
        self.dtype = params[0]._dtype
        self.fresh = fresh
        stored = self.dtype.numpy
        work = np.dtype(np.float32) if self.dtype in _HALF else stored
        self.converts = work != stored
        self.scalar = scalars(_real(np.empty(0, work)).dtype)
        self.entries: list[Any] = [optimizer._state[p] for p in params] if names else []
        self.steps = join_steps(self.entries) if "step" in names else None
        size = sum(p._data.size for p in params)
        self.kept = [self._join(name, size, stored) for name in names if name != "step"]
        self.large = size > BLOCK and len(params) == 1 and params[0]._data.flags.c_contiguous and not self.converts
        self.param, self.grad = (aligned(0 if self.large else size, work) for _ in range(2))
        self.scratch = tuple(_real(aligned(BLOCK if self.large else size, work)) for _ in range(2))
        views = ([None], [None]) if self.large else (self._views(self.param), self._views(self.grad))
        self.members: list[tuple[Any, ...]] = list(zip(params, [p._data for p in params], *views, strict=True))
        self.found = remember(params, self.entries, names)

    def _views(self, flat: Array) -> list[Any]:
        views, start = [], 0
        for p in self.params:
            views.append(flat[start : start + p._data.size].reshape(p._data.shape))
            start += p._data.size
        return views

    def _join(self, name: str, size: int, dtype: np.dtype) -> Array:
        """Move what is kept under `name` into one flat array, of which the tensors become views."""
        flat = aligned(size, dtype)
        for view, entry in zip(parts(flat, [p._data.shape for p in self.params]), self.entries, strict=True):
            tensor = entry[name]
            view[...] = tensor._data
            tensor._data = view
        return flat

    def run(self, optimizer: "ArrayOptimizer", group: dict[str, Any]) -> bool:
        """Update the parameters; False, with nothing changed, if they or their state are not what they were."""
        if optimizer._state_is_shown and not recalls(self.found, optimizer._state):
            return False
        large = self.large
        reads = self.converts or optimizer._reads_params(group)
        for param, data, param_part, grad_part in self.members:
            node = param._node
            grad = node.total if type(node) is AccumulateGrad else param.grad
            # Assigning to `.data` and converting put another array in the place.
            if grad is None or param._data is not data:
                return False
            if type(grad) is not np.ndarray:
                grad = grad._data
                if type(grad) is SparseArray:
                    return False
            if large:
                break
            grad_part[...] = grad
            if reads:
                param_part[...] = data

        step = 0.0
        if self.steps is not None:
            self.steps += 1
            step = float(self.steps[0])
        if large:
            self._run_blocks(optimizer, group, data.reshape(-1), grad.reshape(-1), step)
            param._versions[0] += 1
        elif reads:
            kept = [flat.astype(self.param.dtype) for flat in self.kept] if self.converts else self.kept
            self._call(optimizer, group, self.param, self.grad, kept, self.scratch, step)
            if self.converts:
                for flat, new in zip(self.kept, kept, strict=True):
                    flat[...] = new
            for param, data, param_part, _ in self.members:
                data[...] = param_part
                param._versions[0] += 1
        else:
            scratch = (self.scratch[0], _real(self.param))
            self._call(optimizer, group, None, self.grad, self.kept, scratch, step)
            for param, data, param_part, _ in self.members:
                np.subtract(data, param_part, data)
                param._versions[0] += 1
        self.fresh = False
        return True

    def _run_blocks(
        self, optimizer: "ArrayOptimizer", group: dict[str, Any], param: Array, grad: Array, step: float
    ) -> None:
        for start in range(0, param.size, BLOCK):
            block = slice(start, start + BLOCK)
            part = param[block]
            scratch = self.scratch if part.size == BLOCK else tuple(s[: _real(part).size] for s in self.scratch)
            self._call(optimizer, group, part, grad[block], [k[block] for k in self.kept], scratch, step)

    def _call(
        self,
        optimizer: "ArrayOptimizer",
        group: dict[str, Any],
        param: Array | None,
        grad: Array,
        kept: list[Array],
        scratch: tuple[Array, ...],
        step: float,
    ) -> None:
        if self.dtype.is_complex:
            param = None if param is None else _real(param)
            grad, kept = _real(grad), [_real(k) for k in kept]
        optimizer._update(group, self.scalar, param, grad, kept, scratch, step, self.fresh)


class WithSparse:
    """A parameter whose gradient is sparse.

    Attributes:
        params: the parameter.
    """

    def __init__(self, param: Any):
        self.params = [param]

    def run(self, optimizer: "ArrayOptimizer", group: dict[str, Any]) -> bool:
        """Update the parameter; False if its gradient is not sparse any more."""
        (param,) = self.params
        if not isinstance(gradient(param), SparseArray):
            return False
        optimizer._update_sparse(group, param, param.grad)
        return True


class Plan:
    """How the parameters of one group are bundled.

    Attributes:
        group: the group, `params`: its parameters, and `names`: what is kept for them.
        idle: the parameters that had no gradient. bundles: those that had one.
        awaited: the loops, with the types, that would update some of them if they were compiled.
    """

    def __init__(self, optimizer: "ArrayOptimizer", group: dict[str, Any], names: tuple[str, ...], params: list[Any]):
        self.group = group
        self.params = tuple(params)
        self.names = names
        self.idle = [p for p in params if gradient(p) is None]
        self.bundles: list[Any] = []
        kinds: dict[Any, list[Any]] = {}
        for p in params:
            if gradient(p) is None:
                continue
            if isinstance(gradient(p), SparseArray):
                self.bundles.append(WithSparse(p))
                continue
            fresh = step = None
            if names:
                entry = optimizer._state[p]
                fresh = optimizer._is_fresh(entry)
                if fresh:
                    optimizer._begin(group, p, entry, names)
                step = float(entry["step"]._data) if "step" in entry else None
            kinds.setdefault((p._dtype, step, bool(fresh)), []).append(p)
        self.awaited: list[Any] = []
        for (dtype, _, fresh), found in kinds.items():
            alike = [p for p in found if Swept.takes(p)]
            if alike and dispatch.enabled() and sum(p._data.size for p in alike) >= LARGE:
                if sweep(optimizer, group, names, fresh).get(dtype.numpy) is not None:
                    self.bundles.append(Swept(optimizer, alike, names, fresh))
                    found = [p for p in found if not Swept.takes(p)]
                else:
                    self.awaited.append((sweep(optimizer, group, names, False), dtype.numpy))
            self._bundle(optimizer, found, names, fresh)

    def _bundle(self, optimizer: "ArrayOptimizer", params: list[Any], names: tuple[str, ...], fresh: bool) -> None:
        """Make bundles no larger than a block, or of a single parameter."""
        bundles: list[list[Any]] = []
        room = -1
        for p in params:
            if p._data.size > room:
                bundles.append([])
                room = BLOCK
            bundles[-1].append(p)
            room -= p._data.size
        self.bundles += [Bundle(optimizer, found, names, fresh) for found in bundles]

    def fits(self, group: dict[str, Any], names: tuple[str, ...]) -> bool:
        """Whether this is still a plan for the group."""
        params = group["params"]
        return (
            self.group is group
            and self.names == names
            and len(self.params) == len(params)
            and all(map(is_, self.params, params))
            and not any(loop.get(dtype) is not None for loop, dtype in self.awaited)
        )


class ArrayOptimizer(Optimizer):
    """An optimiser that is a formula: `_update` on arrays, `_update_tensors` on tensors when it is differentiable."""

    _plans: dict[int, Plan]
    # Whether somebody outside may hold a part of the state, and change it; until then nothing needs to be compared.
    _state_is_shown = False

    @property
    def state(self) -> Any:  # type: ignore[override]
        """What is kept for each parameter."""
        self._state_is_shown = True
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        self.__dict__["state"] = state

    @property
    def _state(self) -> Any:
        return self.__dict__["state"]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.pop("_plans", None)
        self._state_is_shown = True
        # Older files count steps by numbers.
        for entry in self._state.values():
            if "step" in entry and not isinstance(entry["step"], Tensor):
                count = step_count()
                count._data[...] = entry["step"]
                entry["step"] = count

    def _names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The names of what is kept for each parameter of the group.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _is_fresh(self, entry: dict[str, Any]) -> bool:
        """Whether nothing is kept yet in the state of a parameter."""
        return not entry

    def _begin(self, group: dict[str, Any], param: Any, entry: dict[str, Any], names: tuple[str, ...]) -> None:
        """Make what is kept for a parameter: zeros, unless a subclass wants otherwise."""
        for name in names:
            entry[name] = step_count() if name == "step" else wrap(np.zeros_like(param._data))

    def _begin_tensors(self, group: dict[str, Any], param: Any, entry: dict[str, Any], names: tuple[str, ...]) -> None:
        """Make what is kept for a parameter that is updated by `_update_tensors`."""
        self._begin(group, param, entry, names)

    def _check_fused(self) -> None:
        if self.defaults["fused"]:
            if self.defaults["differentiable"]:
                raise RuntimeError("`fused` does not support `differentiable`")
            if self.defaults["foreach"]:
                raise RuntimeError("`fused` and `foreach` cannot be `True` together.")

    def _reads_params(self, group: dict[str, Any]) -> bool:
        """Whether `_update` must see the parameters to tell what to subtract from them."""
        return True

    def _update(
        self,
        group: dict[str, Any],
        scalar: Scalar,
        param: Any,
        grad: Array,
        kept: list[Array],
        scratch: tuple[Array, ...],
        step: float,
        fresh: bool,
    ) -> None:
        """Update `param` and `kept` in place; `grad` stays as it is.

        Args:
            group: the settings.
            scalar: makes scalars of the right dtype.
            param: elements of the parameters, real numbers; or None, where `_reads_params` says so, and then what is to
                be subtracted from the parameters is left in the second of `scratch`.
            grad: their gradients.
            kept: what is kept for them, in the order of `_names` but for "step".
            scratch: two arrays of the same length, to be used freely.
            step: the number of this step, from 1, if steps are counted.
            fresh: whether it is the first for these parameters.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _formulas(self, group: dict[str, Any], fresh: bool) -> dict[str, str]:
        """The update as formulas of the new values, for `kernels.sweep.Sweep`.

        In them stand ``param``, ``grad``, what is kept under its name, and the `_numbers`.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _numbers(self, group: dict[str, Any], step: float) -> dict[str, float]:
        """The numbers in the formulas, by name.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _update_tensors(self, group: dict[str, Any], param: Any, grad: Any, entry: dict[str, Any]) -> None:
        """Update one parameter by operations on tensors, which are recorded.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _update_sparse(self, group: dict[str, Any], param: Any, grad: Any) -> None:
        """Update one parameter by a sparse gradient.

        Raises:
            RuntimeError: the optimiser cannot do that.
        """
        raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew, and its gradients, and returns it.

        Returns:
            What the closure returned, or None.
        """
        loss = None if closure is None else evaluated(closure)
        for group in self.param_groups:
            if group.get("differentiable"):
                self._step_tensors(group)
            else:
                self._step_arrays(group)
        return loss

    def _step_arrays(self, group: dict[str, Any]) -> None:
        plans = self.__dict__.setdefault("_plans", {})
        names = self._names(group)
        plan = plans.get(id(group))
        if plan is not None and plan.fits(group, names):
            pending = [p for p in plan.idle if gradient(p) is not None]
            for bundle in plan.bundles:
                if not bundle.run(self, group):
                    pending += bundle.params
            if not pending:
                return
            # What changed is updated in bundles of its own, and everything is bundled anew in the next step.
            del plans[id(group)]
            plan = Plan(self, group, names, pending)
        else:
            params = group["params"]
            if len(set(params)) != len(params):
                # A parameter that occurs twice is updated twice.
                for p in params:
                    for bundle in Plan(self, group, names, [p]).bundles:
                        bundle.run(self, group)
                return
            plan = plans[id(group)] = Plan(self, group, names, params)
        for bundle in plan.bundles:
            bundle.run(self, group)

    def _step_tensors(self, group: dict[str, Any]) -> None:
        names = self._names(group)
        with enable_grad():
            for param in group["params"]:
                grad = param.grad
                if grad is None:
                    continue
                entry = self._state[param]
                if names and self._is_fresh(entry):
                    self._begin_tensors(group, param, entry, names)
                self._update_tensors(group, param, grad, entry)


def step_count() -> Tensor:
    """A count of steps, at zero, as the state keeps it."""
    return wrap(np.zeros((), np.float64 if dtypes.get_default_dtype() is dtypes.float64 else np.float32))
