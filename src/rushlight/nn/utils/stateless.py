"""Calling a module with other parameters than its own (`torch.nn.utils.stateless`)."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...tensor import Tensor
from ..modules.module import Module
from ..parallel import DataParallel

__all__ = ["functional_call"]


def _tied(module: Module, given: dict[str, Any]) -> dict[str, Any]:
    """What is given, under all names of each tensor that the module has under several.

    Raises:
        ValueError: tied names are given different tensors.
    """
    names: dict[int, list[str]] = {}
    for kind in (module.named_parameters, module.named_buffers):
        for name, tensor in kind(remove_duplicate=False):
            names.setdefault(id(tensor), []).append(name)
    found = dict(given)
    for shared in names.values():
        here = [name for name in shared if name in given]
        if len(shared) < 2 or not here:
            continue
        if len({id(given[name]) for name in here}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(shared)}, which are tied. "
                "Consider using tie_weights=False"
            )
        found.update(dict.fromkeys(shared, given[here[0]]))
    return found


def _swap(module: Module, name: str, value: Any) -> Any:
    """Put `value` in the place of a parameter, buffer or attribute, and return what was there."""
    path, _, last = name.rpartition(".")
    holder = module.get_submodule(path) if path else module
    for kept in (holder._parameters, holder._buffers):
        if last in kept:
            old, kept[last] = kept[last], value
            return old
    old = getattr(holder, last)
    setattr(holder, last, value)
    return old


@contextmanager
def _with(module: Module, given: dict[str, Any], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Within it, the module has the tensors that are given.

    Raises:
        RuntimeError: names are missing or not the module's, and that matters.
    """
    wanted = _tied(module, given) if tie_weights else given
    own = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    own |= {name for name, _ in module.named_buffers(remove_duplicate=False)}
    if strict:
        unexpected, missing = [n for n in wanted if n not in own], [n for n in sorted(own) if n not in wanted]
        texts = [
            f"{kind} key(s): {', '.join(map(repr, names))}."
            for kind, names in (("Unexpected", unexpected), ("Missing", missing))
            if names
        ]
        if texts:
            raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(texts))
    before: dict[str, Any] = {}
    try:
        for name, value in wanted.items():
            before[name] = _swap(module, name, value)
        yield
    finally:
        after = {name: _swap(module, name, value) for name, value in before.items()}
        # What the call put in the place of a tensor, the caller finds in the place of the one given.
        given.update({name: after[name] for name in given if name in after})


def call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None, kwargs: dict[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """What the module computes with other tensors in the place of its own.

    Args:
        module: the module, which is as before afterwards.
        parameters_and_buffers: the tensors, by their names in the module.
        args: the argument, or a tuple of them.
        kwargs: further arguments by name.
        tie_weights: whether a tensor that the module has under several names is replaced under all of them.
        strict: whether all names must be given, and no others.

    Raises:
        ValueError: different tensors are given for names of one tensor.
        RuntimeError: names are missing, or unknown, when `strict`; or the module is of a kind that does not allow it.
    """
    if isinstance(module, DataParallel):
        raise RuntimeError("The stateless API can't be used with nn.DataParallel module")
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _with(module, parameters_and_buffers, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None, kwargs: dict[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`call` under its older name (deprecated)."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
