"""Whether what a node saved was changed in place since, and what is said then."""

import re
from typing import Any

from .. import base
from . import mode
from .node import FREED, Node, function_of


def versions(tensors: Any) -> int:
    """The sum of the versions of a list of tensors."""
    if len(tensors) == 1:
        return tensors[0]._versions[0]  # type: ignore[no-any-return]
    return sum([t._versions[0] for t in tensors])


def pass_by(node: Node, keep: bool) -> None:
    """Does to what a node saved what its rule would do, where no gradient reaches it.

    Args:
        node: the node.
        keep: whether to keep what it saved.

    Raises:
        RuntimeError: that was freed, or changed in place since.
    """
    for slot in node.saved:
        if getattr(node, slot, None) is FREED:
            bool(FREED)
    if node.saved and hasattr(node, "version") and modification(node) is not None:
        raise modified(node)
    if not keep:
        node.release()


def modified(node: Node) -> RuntimeError:
    """The error for a saved tensor that was changed in place after it was saved."""
    versions_, array, maker, expected = modification(node)
    return modification_error(array, maker, versions_[0], expected)


def modification(node: Node) -> Any:
    """Which of its saved tensors was changed since a node saved it.

    Returns:
        The tensor's versions, array and node, and the version it had; None if nothing was changed.
    """
    now: list[tuple[list[Any], Any, Any]] = []
    for name, how in node.saved.items():
        value = getattr(node, name, None)
        if how == "result":
            if value is not None and hasattr(node, name + "_version"):
                array = value._data if isinstance(value, base.TensorBase) else value
                now.append((getattr(node, name + "_version"), array, node))
        elif value is not None:
            for t in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(t, base.TensorBase):
                    now.append((t._versions, t._data, t._node))
    if not now or sum(entry[0][0] for entry in now) == node.version:
        return None
    # One number holds the sum of all saved versions, so the tensor that moved most is the one to name; it may stand
    # there several times, as in ``x * x``. Where others moved as well, what it was is a guess.
    versions_, array, maker = max(now, key=lambda entry: entry[0][0])
    times = sum(entry[0] is versions_ for entry in now)
    others = sum(entry[0][0] for entry in now if entry[0] is not versions_)
    return versions_, array, maker, max((node.version - others) // times, 0)


def modification_error(array: Any, maker: Any, found: int, expected: int) -> RuntimeError:
    """The error for a saved array, made by the node `maker`, whose version is not the expected one."""
    if found >= base.DETACHED > expected:
        return RuntimeError(
            "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, "
            "please use out-of-place `.detach()` instead"
        )
    function, index = function_of(maker)
    what = f"{base.dtypes.from_numpy(array.dtype).type_name} {list(array.shape)}"
    made = function is not None and function.seq  # a leaf was made by no operation
    origin = "" if not made else f", which is output {index} of {forward_name(function)},"
    hint = (
        "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
        "was changed in there or anywhere later. Good luck!"
        if mode.special.anomaly
        else "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{what}]{origin} is at version {found}; expected version {expected} instead. Hint: {hint}"
    )


def forward_name(node: Node) -> str:
    """The name of the operation that made a node, as messages write it: without ``Backward0``."""
    return re.sub(r"Backward0?(\d*)$", r"\1", node.name())
