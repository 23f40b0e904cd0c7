"""Parameters, their gradients and their state as arrays."""

import math
from typing import Any, TypeAlias

import numpy as np

from ..autograd.leaf import AccumulateGrad

Array: TypeAlias = np.ndarray


def aligned(size: int, dtype: np.dtype) -> Array:
    """An uninitialised vector that begins with a cache line, over which NumPy's loops run up to twice as fast."""
    room = np.empty(size * dtype.itemsize + 63, np.uint8)
    start = -room.__array_interface__["data"][0] % 64
    return room[start : start + size * dtype.itemsize].view(dtype)


def parts(flat: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    """Consecutive parts of a vector, each of which counts as memory of its own where a tensor over it is saved."""
    # Over the memoryview, because the storage of an array ends where a base is no array.
    memory, found, start = flat.view(np.uint8).data, [], 0
    for shape in shapes:
        size = math.prod(shape) * flat.itemsize
        found.append(np.frombuffer(memory, np.uint8, size, start).view(flat.dtype).reshape(shape))
        start += size
    return found


def gradient(param: Any) -> Array | None:
    """The gradient of `param` as an array, or None."""
    node = param._node
    grad = node.total if type(node) is AccumulateGrad else param.grad
    return grad if grad is None or type(grad) is np.ndarray else grad._data


def join_steps(entries: list[Any]) -> Array:
    """The counts of steps in entries of the state as one array, of which the tensors there become views."""
    flat = np.array([entry["step"]._data for entry in entries])
    for part, entry in zip(parts(flat, [()] * len(flat)), entries, strict=True):
        entry["step"]._data = part
    return flat


def remember(params: list[Any], entries: list[Any], names: tuple[str, ...]) -> list[Any]:
    """For each parameter: itself, its entry in `Optimizer.state`, and the tensors there with their arrays."""
    return [
        (p, entry, [(name, entry[name], entry[name]._data) for name in names])
        for p, entry in zip(params, entries, strict=False)
    ]


def recalls(found: list[Any], state: Any) -> bool:
    """Whether nobody has put another dictionary, tensor or array into the state since `remember`."""
    return all(
        state.get(param) is entry
        and all(entry.get(name) is tensor and tensor._data is array for name, tensor, array in tensors)
        for param, entry, tensors in found
    )
