"""Layers whose functions are computed in one pass over memory, where nobody can tell.

What can tell is: a hook on one of the layers, a layer of a derived class or with a ``forward`` of its own, a function
that somebody has replaced, a tensor of a derived class, and a mode that looks at operations (see `ops.fused`).
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from ...ops import fused
from ...overrides import count_modes
from ...tensor import Tensor
from .. import functional as F
from ..functional._normalization import batch_norm_relu
from ..parameter import Parameter
from ._hooks import global_hooks
from .activation import ReLU
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .module import Module

NORMS = {BatchNorm1d, BatchNorm2d, BatchNorm3d}
_TENSORS = Tensor, Parameter


def _functions(norm: Any) -> tuple[Any, ...]:
    """The functions that run when a batch norm of the class `norm` and a relu are called."""
    return Module.__call__, norm.forward, norm._check_input_dim, ReLU.forward, F.batch_norm, F.relu


_OWN = {norm: _functions(norm) for norm in NORMS}


def _unchanged(kind: Any, tensors: Iterable[Any] = ()) -> bool:
    """Whether `_functions` are the library's own, or stand behind what asks modes and derived tensors, and none is."""
    found, own = _functions(kind), _OWN[kind]
    return found == own or (
        all(f is o or (hasattr(f, "public") and f.__wrapped__ is o) for f, o in zip(found, own, strict=True))
        and not count_modes()
        and all(t is None or type(t) in _TENSORS for t in tensors)
    )


def _bare(module: Any) -> bool:
    """Whether calling a module comes to calling its class's ``forward``."""
    state = module.__dict__
    try:
        return not (
            "forward" in state
            or state["_forward_hooks"]
            or state["_forward_pre_hooks"]
            or state["_backward_hooks"]
            or state["_backward_pre_hooks"]
            or global_hooks.active
        )
    except KeyError:  # `__init__` has not run
        return False


def normalized(norm: Any, after: Any, input: Any) -> Any:
    """``after(norm(input))``, in one pass if `norm` is a batch norm and `after` a relu.

    Args:
        norm: a module.
        after: the module that follows; None if there is none.
        input: what `norm` is given.
    """
    kind = type(norm)
    if (
        type(after) is ReLU
        and kind in NORMS
        and type(input) in _TENSORS
        and fused.one_pass()
        and _bare(norm)
        and _bare(after)
        and _unchanged(kind, chain(norm._parameters.values(), norm._buffers.values()))
    ):
        arguments: Any = (*norm._arguments(input), after.inplace)
        return batch_norm_relu(*arguments)
    input = norm(input)
    return input if after is None else after(input)


def summed(result: Any, other: Any, after: Any) -> Any:
    """``after(result.add_(other))``, in one pass if `after` is a relu in place.

    Args:
        result: a tensor that nobody else needs, such as what a residual block has computed.
        other: what is added to it, such as the block's input.
        after: the module that follows.
    """
    if (
        type(after) is ReLU
        and after.inplace
        and type(result) is type(other) is Tensor
        and fused.one_pass()
        and _bare(after)
        and _unchanged(BatchNorm2d)
        and fused.add_relu_(result, other)
    ):
        return result
    result += other
    return after(result)
