"""``torch.ops``: operations by the names that PyTorch has inside, such as ``torch.ops.aten.add.Tensor``."""

from types import SimpleNamespace
from typing import Any

from .overloads import aten as aten


def _record_function_enter(name: str, args: str | None = None) -> Any:
    """Begins a named block of the profile; see `torch.autograd.profiler.record_function`."""
    from ..autograd.profiler import record_function

    return record_function(name, args).__enter__()


def _record_function_exit(block: Any) -> None:
    """Ends what `_record_function_enter` began."""
    block.__exit__(None, None, None)


profiler = SimpleNamespace(
    _record_function_enter=_record_function_enter,
    _record_function_enter_new=_record_function_enter,
    _record_function_exit=_record_function_exit,
)
