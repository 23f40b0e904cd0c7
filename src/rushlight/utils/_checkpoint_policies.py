"""Selective checkpoints: a policy says of each operation whether its result is kept or computed again.

The first run is under a mode that keeps results, the second under one that hands them out again in their order.
"""

import enum
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ..base import TensorBase
from ..ops.overloads import OpOverload, OpOverloadPacket, aten
from ._python_dispatch import TorchDispatchMode
from ._pytree import tree_map

__all__ = ["CheckpointPolicy", "SelectiveCheckpointContext", "create_selective_checkpoint_contexts"]


class CheckpointPolicy(enum.Enum):
    """What becomes of an operation's result between forward and backward: kept, computed again, or kept elsewhere.

    What is preferred and what must be are the same here; compilers may make a difference.
    """

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


class SelectiveCheckpointContext:
    """What a policy is told besides the operation.

    Attributes:
        is_recompute: whether the function runs for the second time.
        op_output: the operation's result.
    """

    def __init__(self, *, is_recompute: bool, op_output: Any = None):
        self.is_recompute = is_recompute
        self.op_output = op_output


# Checkpoints detach different tensors in both runs.
SAC_IGNORED_OPS = {aten.detach.default}
_KEPT = (CheckpointPolicy.MUST_SAVE, CheckpointPolicy.PREFER_SAVE)
_AGAIN: Any = object()
_CONSUMED: Any = object()


class _Kept:
    """A result, which must not be changed in place."""

    def __init__(self, value: Any):
        if isinstance(value, TensorBase):
            value = value.detach()  # type: ignore[attr-defined]
        self.value = value
        self.version = value._versions[0] if isinstance(value, TensorBase) else None

    def get(self, allow_mutation: bool) -> Any:
        """The result.

        Raises:
            RuntimeError: it was changed in place.
        """
        if self.version is not None and not allow_mutation and self.value._versions[0] != self.version:
            raise RuntimeError("Tensor cached during selective activation checkpoint has been mutated")
        return self.value


class _CachingTorchDispatchMode(TorchDispatchMode):
    """Keeps the results that a policy wants kept, each operation's in the order of its calls."""

    def __init__(self, policy_fn: Callable[..., Any], storage: dict[Any, dict[int, Any]]):
        super().__init__()
        self.policy_fn = policy_fn
        self.storage = storage
        self.func_counter: dict[Any, int] = defaultdict(int)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of an operation."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func in SAC_IGNORED_OPS:
            return out
        at = self.func_counter[func]
        self.func_counter[func] += 1
        policy = self.policy_fn(SelectiveCheckpointContext(is_recompute=False, op_output=out), func, *args, **kwargs)
        if isinstance(policy, bool):
            policy = CheckpointPolicy.MUST_SAVE if policy else CheckpointPolicy.PREFER_RECOMPUTE
        self.storage[func][at] = tree_map(_Kept, out) if policy in _KEPT else _AGAIN
        return out


_MISMATCH = (
    "This can happen if the operations in the checkpointed region are nondeterministic or depend on global state that "
    "changed between forward and backward."
)


class _CachedTorchDispatchMode(TorchDispatchMode):
    """Hands out the results that were kept, and lets the others be computed."""

    def __init__(self, policy_fn: Any, storage: dict[Any, dict[int, Any]], allow_cache_entry_mutation: bool = False):
        super().__init__()
        self.storage = storage
        self.allow_cache_entry_mutation = allow_cache_entry_mutation
        self.func_counter: dict[Any, int] = defaultdict(int)

    def __enter__(self) -> Any:
        self.func_counter.clear()  # so that a further run finds what was consumed
        return super().__enter__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of an operation.

        Raises:
            RuntimeError: the first run had no such call, or the result was handed out already.
        """
        if func in SAC_IGNORED_OPS:
            return func(*args, **(kwargs or {}))
        at = self.func_counter[func]
        self.func_counter[func] += 1
        entries = self.storage.get(func)
        if entries is None:
            raise RuntimeError(f"{func} encountered during backward but not found in storage. {_MISMATCH}")
        entry = entries.get(at)
        if entry is None:
            raise RuntimeError(
                f"{func} invocation index {at} encountered during backward but not found in storage. {_MISMATCH}"
            )
        if entry is _CONSUMED:
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under "
                "selective activation checkpoint."
            )
        if entry is _AGAIN:
            return func(*args, **(kwargs or {}))
        entries[at] = _CONSUMED
        return tree_map(lambda kept: kept.get(self.allow_cache_entry_mutation), entry)


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False
) -> tuple[TorchDispatchMode, TorchDispatchMode]:
    """Two contexts for `checkpoint`'s ``context_fn`` that keep the results of chosen operations.

    Args:
        policy_fn_or_list: a function that is given a `SelectiveCheckpointContext`, an operation (such as
            ``torch.ops.aten.mm.default``) and its arguments, and returns a `CheckpointPolicy`; or a list of the
            operations to keep.
        allow_cache_entry_mutation: whether results that are kept may be changed in place.

    Raises:
        TypeError: neither is given.
        ValueError: the list has something else than operations with their overload.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.create_selective_checkpoint_contexts
    """
    if isinstance(policy_fn_or_list, list):
        for op in policy_fn_or_list:
            if not isinstance(op, OpOverload):
                advice = (
                    "Please update the OpOverloadPacket to a specific OpOverload.For example, if you have "
                    "`torch.ops.aten.mm`, change it to `torch.ops.aten.mm.default`."
                )
                raise ValueError(
                    f"Expected op in `op_list` to be an OpOverload but got: {op} of type {type(op)}. "
                    f"{advice if isinstance(op, OpOverloadPacket) else ''}"
                )

        def policy(ctx: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
            return CheckpointPolicy.MUST_SAVE if op in policy_fn_or_list else CheckpointPolicy.PREFER_RECOMPUTE
    elif callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
    storage: dict[Any, dict[int, Any]] = defaultdict(dict)
    return (
        _CachingTorchDispatchMode(policy, storage),
        _CachedTorchDispatchMode(None, storage, allow_cache_entry_mutation),
    )
