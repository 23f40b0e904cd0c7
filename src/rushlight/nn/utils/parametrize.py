"""Parameters that are computed from others (`torch.nn.utils.parametrize`).

A parametrized tensor of a module becomes a property: reading it runs the parametrizations on what they start from,
which is in ``module.parametrizations[name]`` and what the optimiser sees. The module gets a class of its own, because
properties belong to classes.
"""

import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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

# What was computed within the outermost `cached`, by module and name; None outside.
_computed: dict[tuple[int, str], Any] | None = None


@contextmanager
def cached() -> Iterator[None]:
    """Within it, each parametrized tensor is computed at its first use only."""
    global _computed
    outer = _computed
    _computed = {} if outer is None else outer
    try:
        yield
    finally:
        _computed = outer


def _register(module: Module, name: str, tensor: Tensor | None) -> None:
    """Make `tensor` a parameter or, if it is not one, a buffer of the module."""
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_tensor(result: Any) -> None:
    if not isinstance(result, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}.")


def _check_kept(what: str, old: tuple[str, Any], new: tuple[str, Any]) -> None:
    """Refuses a change of dtype or shape: `old` and `new` are what is compared, each with its name in the message.

    Raises:
        ValueError: there is one.
    """
    for trait in ("dtype", "shape"):
        before, after = getattr(old[1], trait), getattr(new[1], trait)
        if before != after:
            raise ValueError(
                what.format(trait=trait) + " flag is enabled.\n"
                f"{old[0].format(trait=trait)}: {before}\n{new[0].format(trait=trait)}: {after}"
            )


# The message on a change, up to how the flag is called.
_CHANGED = "Registering a parametrization may not change the {trait} of the tensor, unless "


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
        before = original.detach()
        start = self._start(original)
        self.is_tensor = isinstance(start, Tensor)
        self.ntensors = 1 if self.is_tensor else len(start)
        if self.is_tensor:
            with no_grad():
                original.set_(start)
            _register(self, "original", original)
        else:
            for name, part in zip(self._names(), start, strict=True):
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                _register(self, name, part.requires_grad_(original.requires_grad))
        if not unsafe:
            result = self()
            _check_tensor(result)
            _check_kept(_CHANGED + "`unsafe`", ("unparametrized {trait}", before), ("parametrized {trait}", result))

    def _names(self) -> list[str]:
        """The names of the originals."""
        return ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]

    @no_grad()
    def _start(self, original: Tensor) -> Any:
        """The tensor, or the sequence of them, from which the parametrizations make `original`.

        Raises:
            ValueError: a `right_inverse` gives something else, or a tensor of another dtype.
        """
        start: Any = original
        for module in reversed(self):  # type: ignore[call-overload]
            # One without inverse can be read, not set: it starts from what it is asked for.
            with suppress(NotImplementedError):
                start = module.right_inverse(start) if hasattr(module, "right_inverse") else start
        wanted = "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
        if isinstance(start, Tensor):
            if start.dtype != original.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {start.dtype}"
                )
        elif isinstance(start, Sequence):
            for i, part in enumerate(start):
                if not isinstance(part, Tensor):
                    raise ValueError(f"{wanted}element {i} of the sequence with type {type(part).__name__}.")
        else:
            raise ValueError(wanted + type(start).__name__)
        return start

    @no_grad()
    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the parametrized tensor becomes `value`.

        Raises:
            RuntimeError: a parametrization has no `right_inverse`.
            ValueError: one gives something else than the originals.
        """
        for module in reversed(self):  # type: ignore[call-overload]
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
            value = module.right_inverse(value)
        originals = [getattr(self, name) for name in self._names()]
        self._check_inverse(value, originals)
        for original, part in zip(originals, [value] if self.is_tensor else value, strict=True):
            original.set_(part)

    def _check_inverse(self, value: Any, originals: list[Any]) -> None:
        """Refuses what cannot take the place of the originals.

        Raises:
            ValueError: it cannot.
        """
        kind = type(value).__name__
        if self.is_tensor:
            if not isinstance(value, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {kind}")
            if value.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {value.dtype} "
                    f"while `original` has dtype {self.original.dtype}"
                )
            return
        wanted = "'right_inverse' must return a sequence of tensors"
        if not isinstance(value, Sequence):
            raise ValueError(f"{wanted}. Got {kind}.")
        if len(value) != self.ntensors:
            raise ValueError(f"{wanted} of length {self.ntensors}. Got a sequence of length {len(value)}.")
        for i, (original, part) in enumerate(zip(originals, value, strict=True)):
            if not isinstance(part, Tensor):
                raise ValueError(f"{wanted} or reference-type opaques. Got element {i} of type {type(part).__name__}.")
            if part.dtype != original.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {part.dtype} "
                    f"while `original{i}` has dtype {original.dtype}"
                )

    def forward(self) -> Any:
        """The parametrized tensor."""
        first, *others = self
        x = first(*(getattr(self, name) for name in self._names()))
        for module in others:
            x = module(x)
        return x


def _deep_copied(module: Any, memo: dict[int, Any]) -> Any:
    """A deep copy that does without `__getstate__`, which parametrized modules refuse."""
    cls = type(module)
    copied = memo[id(module)] = cls.__new__(cls)  # type: ignore[call-overload]
    copied.__dict__.update(deepcopy(vars(module), memo))
    for slot in copyreg._slotnames(cls):  # type: ignore[attr-defined]
        if hasattr(module, slot):
            setattr(copied, slot, deepcopy(getattr(module, slot), memo))
    return copied


def _refuse_pickling(module: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _give_own_class(module: Module) -> None:
    """Make the module the only object of a class, derived from its own, that can have properties."""
    cls = type(module)
    deep = getattr(cls, "__deepcopy__", _deep_copied)
    members = {"__getstate__": _refuse_pickling, "__deepcopy__": deep}
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _give_property(module: Module, tensor_name: str) -> None:
    """Let reading the attribute run the parametrizations, and setting it their inverses."""
    key = id(module), tensor_name

    def read(self: Any) -> Any:
        compute = self.parametrizations[tensor_name]
        if _computed is None:
            return compute()
        if key not in _computed:
            _computed[key] = compute()
        return _computed[key]

    def write(self: Any, value: Any) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    setattr(type(module), tensor_name, property(read, write))


def _check_another(module: Any, tensor_name: str, parametrization: Any) -> None:
    """Refuses a further parametrization that does not give a tensor like the one that it is given.

    Raises:
        ValueError: it does not, or its inverse does not.
    """
    given = getattr(module, tensor_name)
    result = parametrization(given)
    _check_tensor(result)
    name = f"module.{tensor_name}"
    _check_kept(
        _CHANGED + "the `unsafe`",
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
        "The tensor returned by parametrization.right_inverse must have the same {trait} as "
        + name
        + ", unless the `unsafe`",
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
        for key in kept._names():
            setattr(given, key, getattr(kept, key))
    return to_module
