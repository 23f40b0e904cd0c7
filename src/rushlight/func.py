"""Modules as functions of their parameters (`torch.func`).

The transforms of functions (`vmap`, `grad`, `jacrev`, ...) are not there; `torch.autograd.functional` has derivatives.
"""

from collections.abc import Sequence
from typing import Any

from .nn.modules.module import Module
from .nn.utils.stateless import call
from .ops.joining import stack

__all__ = ["functional_call", "stack_module_state"]


def __getattr__(name: str) -> Any:
    from .torch_alias import missing

    raise AttributeError(missing("torch.func", name))


def functional_call(
    module: Module, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """What a module computes with other parameters and buffers than its own.

    Args:
        module: the module, which is as before afterwards.
        parameter_and_buffer_dicts: the tensors by their names in the module, in one dictionary or several.
        args: the argument, or a tuple of them.
        kwargs: further arguments by name.
        tie_weights: whether a tensor that the module has under several names is replaced under all of them.
        strict: whether all names must be given, and no others.

    Raises:
        ValueError: these are no dictionaries, a name is in several, or different tensors are given for one tensor.
        RuntimeError: names are missing, or unknown, when `strict`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html
    """
    given = parameter_and_buffer_dicts
    if not isinstance(given, dict):
        if not isinstance(given, Sequence):
            raise ValueError(
                f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(given)}"
            )
        if not all(isinstance(part, dict) for part in given):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        names = [name for part in given for name in part]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if repeated:
            raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        given = {name: value for part in given for name, value in part.items()}
    return call(module, given, args, kwargs, tie_weights=tie_weights, strict=strict)


def _stacked(tensors: list[Any], name: str) -> Any:
    wanted = [t.requires_grad for t in tensors]
    if any(wanted) and not all(wanted):
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    joined = stack(tensors)
    return joined.detach().requires_grad_() if all(wanted) else joined


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several modules of one class, those of one name stacked.

    Raises:
        RuntimeError: there are none, or they differ in class, mode, or in what requires gradients.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.func.stack_module_state.html
    """
    if len(models) == 0:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({bool(m.training) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    found = []
    for kind in ("named_parameters", "named_buffers"):
        states = [dict(getattr(m, kind)()) for m in models]
        found.append({name: _stacked([state[name] for state in states], name) for name in states[0]})
    return found[0], found[1]
