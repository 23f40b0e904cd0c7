"""Operations by the names that PyTorch has inside, such as ``torch.ops.aten.add.Tensor``: `OpOverload` objects."""

import builtins
import inspect
from collections.abc import Callable
from typing import Any

from ..base import TensorBase, tensor_names

__all__ = ["OpOverload", "OpOverloadPacket"]


class Argument:
    """One argument of a `Schema`."""

    def __init__(self, name: str, kwarg_only: bool, is_write: bool):
        self.name = name
        self.kwarg_only = kwarg_only
        self.is_write = is_write

    @property
    def alias_info(self) -> Any:
        """This, where the operation changes the argument; else None."""
        return self if self.is_write else None


class Schema:
    """What an overload is called with, as far as it is known.

    Attributes:
        name, overload_name: its name, such as ``aten::add``, and overload.
        arguments: its arguments.
        is_mutable: whether it changes one of them.
    """

    def __init__(self, name: str, overload_name: str, parameters: list[tuple[str, bool]], is_mutable: bool):
        self.name = name
        self.overload_name = overload_name
        self.is_mutable = is_mutable
        self.arguments = [Argument(n, k, (not i and is_mutable) or n == "out") for i, (n, k) in enumerate(parameters)]
        self.returns = [Argument("", False, is_mutable)]

    def __str__(self) -> str:
        overload = f".{self.overload_name}" if self.overload_name else ""
        parts: list[str] = []
        for a in self.arguments:
            if a.kwarg_only and "*" not in parts:
                parts.append("*")
            parts.append(a.name)
        return f"{self.name}{overload}({', '.join(parts)})"

    __repr__ = __str__


class OpOverload:
    """One overload of an operation; calling it runs the operation.

    Args:
        packet: the operation.
        overload: the name of the overload, ``"default"`` for the one without.
    """

    def __init__(self, packet: "OpOverloadPacket", overload: str):
        self.overloadpacket = packet
        self.namespace = packet.namespace
        self._opname = packet.__name__
        self._overloadname = overload
        self._function = packet._function
        self.__name__ = f"{packet.__name__}.{overload}"
        self.__qualname__ = self._name = f"{packet.namespace}::{packet.__name__}" + (
            "" if overload == "default" else f".{overload}"
        )
        self.__module__ = f"torch._ops.{packet.namespace}"
        self.tags: list[Any] = []
        mutable = (packet.__name__.endswith("_") and not packet.__name__.endswith("__")) or "out" in overload
        named = "" if overload == "default" else overload
        self._schema = Schema(f"{packet.namespace}::{packet.__name__}", named, _parameters(packet), mutable)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Runs the operation."""
        return self._function(*args, **kwargs)

    def name(self) -> str:
        """The name with that of its namespace, such as ``"aten::add.Tensor"``."""
        return self._name

    @property
    def is_view(self) -> bool:
        """Whether results may share the memory of the first argument."""
        from .declare import REGISTRY

        return any(o.view for o in REGISTRY.values() if o.aten == self._opname) or self._opname == "detach"

    def has_kernel_for_dispatch_key(self, key: Any) -> bool:
        """True: there is one kernel for all."""
        return True

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __deepcopy__(self, memo: Any = None) -> "OpOverload":
        return self

    def __reduce__(self) -> Any:
        return _found, (self.namespace, self._opname, self._overloadname)

    def __str__(self) -> str:
        return f"{self.namespace}.{self._opname}.{self._overloadname}"

    def __repr__(self) -> str:
        return f"<OpOverload(op='{self.namespace}.{self._opname}', overload='{self._overloadname}')>"


class OpOverloadPacket:
    """An operation with its overloads, which are its attributes.

    Args:
        namespace: ``"aten"``.
        name: the operation's name.
        function: what it does.
    """

    def __init__(self, namespace: str, name: str, function: Any):
        self.__name__ = name
        self.namespace = namespace
        self._function = function
        self._qualified_op_name = f"{namespace}::{name}"
        self.__module__ = f"torch._ops.{namespace}"
        self._made: dict[str, OpOverload] = {}

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Runs the operation."""
        return self._function(*args, **kwargs)

    def __getattr__(self, overload: str) -> OpOverload:
        if overload.startswith("__"):
            raise AttributeError(
                f"'{self}' can't have an overload name beginning with '__' and the underlying op {self._function} has "
                f"no attribute {overload} either."
            )
        if overload.startswith("_") or not overload.isidentifier():
            raise AttributeError(f"The underlying op of '{self}' has no overload name '{overload}'")
        found = self._made[overload] = OpOverload(self, overload)
        setattr(self, overload, found)
        return found

    def overloads(self) -> list[str]:
        """The names of the overloads that were used."""
        return list(self._made)

    def __iter__(self) -> Any:
        return iter(self._made)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self.namespace}.{self.__name__}')>"

    def __str__(self) -> str:
        return f"{self.namespace}.{self.__name__}"


class OpNamespace:
    """Looks operations up when they are first asked for."""

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, name: str) -> OpOverloadPacket:
        function = None if name.startswith("__") else _function(name)
        if function is None:
            raise AttributeError(f"'_OpNamespace' '{self.name}' object has no attribute '{name}'")
        found = OpOverloadPacket(self.name, name, function)
        setattr(self, name, found)
        return found

    def __repr__(self) -> str:
        return f"<_OpNamespace '{self.name}'>"


aten = OpNamespace("aten")


def _found(namespace: str, name: str, overload: str) -> OpOverload:
    return getattr(getattr(aten, name), overload)  # type: ignore[no-any-return]


def _parameters(packet: OpOverloadPacket) -> list[tuple[str, bool]]:
    try:
        parameters = inspect.signature(packet._function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [("self" if p.name == "input" else p.name, p.kind is p.KEYWORD_ONLY) for p in parameters]


# ---------------------------------------------------------------------------------------------- what they do
# Names that are not those of functions or methods, and what they mean.
INNER: dict[str, Callable[..., Any]] = {}


def _function(name: str) -> Any:
    found = INNER.get(name)
    if found is None and name in _METHODS:
        found = getattr(TensorBase, name, None)
    return found or tensor_names.get(name) or getattr(TensorBase, name, None) or _linalg(name)


# Those which are called as methods: the function of that name takes other arguments, or there is none.
_METHODS = {"view", "expand", "permute", "repeat", "unfold", "squeeze"}


def _linalg(name: str) -> Any:
    if name.startswith("linalg_"):
        from .. import linalg

        return getattr(linalg, name[7:], None)
    return None


def inner(function: Any) -> Any:
    """Declares what an inner name means."""
    INNER[function.__name__] = function
    return function


@inner
def _softmax(input: Any, dim: int, half_to_float: bool = False) -> Any:
    return input.softmax(dim)


@inner
def _log_softmax(input: Any, dim: int, half_to_float: bool = False) -> Any:
    return input.log_softmax(dim)


@inner
def _to_copy(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: Any = None,
    non_blocking: bool = False, memory_format: Any = None,
) -> Any:  # fmt: skip
    layout = {} if memory_format is None else {"memory_format": memory_format}
    return input.to(dtype or input.dtype, copy=True, **layout)


@inner
def slice(input: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    return tensor_names["slice"](input, dim, start, end, step)


@inner
def index(input: Any, indices: list[Any]) -> Any:
    return input[tuple([_ALL if i is None else i for i in indices])]


@inner
def index_put_(input: Any, indices: list[Any], values: Any, accumulate: bool = False) -> Any:
    if not accumulate:
        input[tuple([_ALL if i is None else i for i in indices])] = values
        return input
    return tensor_names["index_put_"](input, tuple(indices), values, True)


@inner
def index_put(input: Any, indices: list[Any], values: Any, accumulate: bool = False) -> Any:
    return index_put_(input.clone(), indices, values, accumulate)


@inner
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    return tensor_names["sum"](input, dim, keepdim, dtype=dtype, out=out)


@inner
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None) -> Any:
    return tensor_names["mean"](input, dim, keepdim, dtype=dtype, out=out)


@inner
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return input.prod(dtype=dtype) if dim is None else input.prod(dim, keepdim, dtype=dtype)


@inner
def detach(input: Any) -> Any:
    return input.detach()


@inner
def _local_scalar_dense(input: Any) -> Any:
    return input.item()


_ALL = builtins.slice(None)
