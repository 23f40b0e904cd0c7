"""Parameters that are computed from others (`torch.nn.utils.parametrize`).

A parametrized tensor of a module becomes a property: reading it runs the parametrizations on what they start from,
which is in ``module.parametrizations[name]`` and what the optimiser sees. The module gets a class of its own, because
properties belong to classes.
"""

import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from ...autograd.grad_mode import no_grad
from ...tensor import Tensor
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache_enabled = 0
_cache: dict[tuple[int, str], Any] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within it, each parametrized tensor is computed at its first use only."""
    global _cache, _cache_enabled
    _cache_enabled += 1
    try:
        yield
    finally:
        _cache_enabled -= 1
        if not _cache_enabled:
            _cache = {}


def _register(module: Module, name: str, tensor: Tensor | None) -> None:
    """Make `tensor` a parameter or, if it is not one, a buffer of the module."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_kept(what: str, of: str, old: tuple[str, Any], new: tuple[str, Any]) -> None:
    """Refuses a change of dtype or shape: `old` and `new` are what is compared, each with its name in the message."""
    for trait in ("dtype", "shape"):
        before, after = getattr(old[1], trait), getattr(new[1], trait)
        if before != after:
            raise ValueError(
                what.format(trait=trait) + f", unless {of}`unsafe` flag is enabled.\n"
                f"{old[0].format(trait=trait)}: {before}\n{new[0].format(trait=trait)}: {after}"
            )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and what they start from.

    Args:
        modules: the parametrizations, in the order in which they are applied.
        original: the tensor.
        unsafe: whether the result may differ from it in shape and dtype.

    Attributes:
        original: what the first parametrization is given; ``original0``, ``original1``, ... if its `right_inverse`
            gives several tensors.
        is_tensor: whether it is one tensor, and ntensors: how many there are.

    Raises:
        ValueError: there is no parametrization, or one does not give a tensor like the original.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        dtype, shape = original.dtype, original.shape
        with no_grad():
            start: Any = original
            for module in reversed(self):  # type: ignore[call-overload]
                if hasattr(module, "right_inverse"):
                    try:
                        start = module.right_inverse(start)
                    except NotImplementedError:
                        # It can be read, not set: then the tensor itself is where it starts.
                        pass
        if not isinstance(start, Tensor) and not isinstance(start, Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(start).__name__}"
            )
        self.is_tensor = isinstance(start, Tensor)
        self.ntensors = 1 if isinstance(start, Tensor) else len(start)
        if isinstance(start, Tensor):
            if original.dtype != start.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {start.dtype}"
                )
            with no_grad():
                original.set_(start)
            _register(self, "original", original)
        else:
            for i, part in enumerate(start):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                part.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", part)
        if self.unsafe:
            return
        result = self()
        if not isinstance(result, Tensor):
            raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}.")
        for trait, before in (("dtype", dtype), ("shape", shape)):
            after = getattr(result, trait)
            if after != before:
                raise ValueError(
                    f"Registering a parametrization may not change the {trait} of the tensor, unless `unsafe` flag is "
                    f"enabled.\nunparametrized {trait}: {before}\nparametrized {trait}: {after}"
                )

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the parametrized tensor becomes `value`.

        Raises:
            RuntimeError: a parametrization has no `right_inverse`.
            ValueError: one gives something else than the originals.
        """
        with no_grad():
            for module in reversed(self):  # type: ignore[call-overload]
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                if value.dtype != self.original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {value.dtype} "
                        f"while `original` has dtype {self.original.dtype}"
                    )
                self.original.set_(value)
                return
            if not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
            if len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                    f"Got a sequence of length {len(value)}."
                )
            for i, part in enumerate(value):
                original = getattr(self, f"original{i}")
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a sequence of tensors or reference-type opaques. "
                        f"Got element {i} of type {type(part).__name__}."
                    )
                if original.dtype != part.dtype:
                    raise ValueError(
                        f"Tensor {i} returned by `right_inverse` has dtype {part.dtype} "
                        f"while `original{i}` has dtype {original.dtype}"
                    )
                original.set_(part)

    def forward(self) -> Any:
        """The parametrized tensor."""
        first, *others = self
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*(getattr(self, f"original{i}") for i in range(self.ntensors)))
        for module in others:
            x = module(x)
        return x


def _give_own_class(module: Module) -> None:
    """Make the module the only object of a class, derived from its own, that can have properties."""
    cls = type(module)

    def default_deepcopy(self: Any, memo: dict[int, Any]) -> Any:
        found = memo.get(id(self))
        if found is not None:
            return found
        replica = self.__new__(type(self))
        memo[id(self)] = replica
        replica.__dict__ = deepcopy(self.__dict__, memo)
        for slot in copyreg._slotnames(type(self)):  # type: ignore[attr-defined]
            if hasattr(self, slot):
                setattr(replica, slot, deepcopy(getattr(self, slot), memo))
        return replica

    def getstate(self: Any) -> Any:
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(). See:\n"
            "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
            "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
        )

    members: dict[str, Any] = {"__getstate__": getstate}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = default_deepcopy
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _give_property(module: Module, tensor_name: str) -> None:
    """Let reading the attribute run the parametrizations, and setting it their inverses."""

    def get_parametrized(self: Any) -> Any:
        parametrization = self.parametrizations[tensor_name]
        if not _cache_enabled:
            return parametrization()
        key = id(module), tensor_name
        if _cache.get(key) is None:
            _cache[key] = parametrization()
        return _cache[key]

    def set_original(self: Any, value: Any) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    setattr(type(module), tensor_name, property(get_parametrized, set_original))


def _check_another(module: Any, tensor_name: str, parametrization: Any) -> None:
    """Refuses a further parametrization that does not give a tensor like the one that it is given."""
    given = getattr(module, tensor_name)
    result = parametrization(given)
    if not isinstance(result, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}.")
    name = f"module.{tensor_name}"
    _check_kept(
        "Registering a parametrization may not change the {trait} of the tensor",
        "the ",
        (name + ".{trait}", given),
        (f"parametrization({name})" + ".{trait}", result),
    )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        inverse = parametrization.right_inverse(result)
    except NotImplementedError:
        return
    if not isinstance(inverse, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(inverse).__name__}")
    _check_kept(
        "The tensor returned by parametrization.right_inverse must have the same {trait} as " + name,
        "the ",
        (name + ".{trait}", given),
        ("returned {trait}", inverse),
    )


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a parameter or buffer of a module be what `parametrization` makes of it.

    If the parametrization has a method `right_inverse`, what that makes of the tensor is what it starts from; it may be
    several tensors. A further parametrization of the same tensor is applied to the result of those before.

    Args:
        module: the module, which is changed.
        tensor_name: the name of the parameter or buffer.
        parametrization: computes the tensor.
        unsafe: whether the result may differ from the tensor in shape and dtype.

    Returns:
        The module.

    Raises:
        ValueError: there is no such parameter, or the parametrization does not give a tensor like it.
    """
    parametrization.train(module.training)
    holder: Any = module
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(module, tensor_name, parametrization)
        holder.parametrizations[tensor_name].append(parametrization)
        holder.parametrizations[tensor_name].unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            holder.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        holder.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name is parametrized, or any tensor if there is no name."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor a parameter or buffer again.

    Args:
        module: the module, which is changed.
        tensor_name: the name of the tensor.
        leave_parametrized: whether it keeps the value that was computed; otherwise it becomes what that started from.

    Returns:
        The module.

    Raises:
        ValueError: it is not parametrized, or it started from several tensors, of which none can take its place.
    """
    holder: Any = module
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations = holder.parametrizations[tensor_name]
    original: Any
    if parametrizations.is_tensor:
        original = parametrizations.original
        if leave_parametrized:
            with no_grad():
                original.set_(getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del holder.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had before a tensor of it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrize another module in the same way, with the same parametrizations and originals.

    Args:
        from_module: the parametrized module.
        to_module: the other, which is changed.
        tensor_name: the tensor to do this for; all if not given.

    Returns:
        The other module.
    """
    if not is_parametrized(from_module):
        return to_module
    source: Any = from_module
    target: Any = to_module
    for name in source.parametrizations if tensor_name is None else [tensor_name]:
        if not hasattr(target, name):
            setattr(target, name, Parameter(getattr(source, name)))
        for parametrization in source.parametrizations[name]:
            register_parametrization(target, name, parametrization)
        kept, given = source.parametrizations[name], target.parametrizations[name]
        for key in ["original"] if kept.is_tensor else [f"original{i}" for i in range(kept.ntensors)]:
            setattr(given, key, getattr(kept, key))
    return to_module
