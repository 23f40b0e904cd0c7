"""``torch.ops``: operations by the names that PyTorch has inside, such as ``torch.ops.aten.add.Tensor``."""

from types import SimpleNamespace
from typing import Any

from ..base import TensorBase, tensor_names


class Packet:
    """An operation with its overloads, which all are the same function here.

    Args:
        namespace: ``"aten"``.
        name: the operation's name.
        function: what it does.
    """

    def __init__(self, namespace: str, name: str, function: Any):
        self.__name__ = name
        self.namespace = namespace
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the operation."""
        return self._function(*args, **kwargs)

    def __getattr__(self, overload: str) -> "Packet":
        if overload.startswith("_"):
            raise AttributeError(overload)
        found = Packet(self.namespace, f"{self.__name__}.{overload}", self._function)
        setattr(self, overload, found)
        return found

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self.namespace}.{self.__name__}')>"

    def __str__(self) -> str:
        return f"{self.namespace}.{self.__name__}"


class Namespace:
    """Looks operations up when they are first asked for."""

    def __init__(self, name: str):
        self.name = name

    def __getattr__(self, name: str) -> Packet:
        function = tensor_names.get(name) or getattr(TensorBase, name, None)
        if function is None or not callable(function):
            raise AttributeError(f"'_OpNamespace' '{self.name}' object has no attribute '{name}'")
        found = Packet(self.name, name, function)
        setattr(self, name, found)
        return found


def _record_function_enter(name: str, args: str | None = None) -> Any:
    """Begins a named block of the profile; see `torch.autograd.profiler.record_function`."""
    from ..autograd.profiler import record_function

    return record_function(name, args).__enter__()


def _record_function_exit(block: Any) -> None:
    """Ends what `_record_function_enter` began."""
    block.__exit__(None, None, None)


aten = Namespace("aten")
profiler = SimpleNamespace(
    _record_function_enter=_record_function_enter,
    _record_function_enter_new=_record_function_enter,
    _record_function_exit=_record_function_exit,
)
