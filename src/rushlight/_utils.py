"""Tensors taken apart and put together again: what pickling, saving and copying them is made of.

The functions that rebuild tensors have the names and arguments of those that PyTorch's files mention.
"""

import weakref
from collections import OrderedDict
from copy import deepcopy
from typing import Any

from . import base
from .storage import STORAGE_NAMES, TypedStorage, UntypedStorage, array_from, storage_of


def _rebuild_tensor(storage: TypedStorage, storage_offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Any:
    """A tensor of the given layout, in elements, over a storage."""
    return base.wrap(array_from(storage._untyped_storage, storage.dtype, storage_offset, size, stride))


def _rebuild_tensor_v2(
    storage: TypedStorage,
    storage_offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Any:
    """As `_rebuild_tensor`, a leaf; `metadata` says whether the elements are to be conjugated or negated."""
    tensor = _rebuild_tensor(storage, storage_offset, size, stride)
    if metadata:
        array = tensor._data
        array = array.conj() if metadata.get("conj") else array
        tensor = base.wrap(-array if metadata.get("neg") else array)
    if requires_grad:
        tensor.requires_grad_(True)
    return tensor


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Any:
    """As `_rebuild_tensor_v2`, for the element types that have no storage class of their own."""
    untyped = storage if isinstance(storage, UntypedStorage) else storage._untyped_storage
    typed = TypedStorage(wrap_storage=untyped, dtype=dtype)
    return _rebuild_tensor_v2(typed, storage_offset, size, stride, requires_grad, backward_hooks, metadata)


def _rebuild_parameter(data: Any, requires_grad: bool, backward_hooks: Any) -> Any:
    """A Parameter around a tensor."""
    return base.namespace["Parameter"](data, requires_grad)


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, backward_hooks: Any, state: Any) -> Any:
    """A Parameter around a tensor, with the attributes that a program had set on it."""
    return _with_attributes(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(function: Any, new_type: Any, args: tuple[Any, ...], state: Any) -> Any:
    """A tensor, by one of the functions above, turned into a subclass and given its attributes."""
    tensor = function(*args)
    if type(tensor) is not new_type:
        requires_grad = tensor.requires_grad
        tensor = _leaf(new_type, tensor._data)
        if requires_grad:
            tensor.requires_grad_(True)
    return _with_attributes(tensor, state)


def _rebuild_device_tensor_from_cpu_tensor(data: Any, dtype: Any, device: Any, requires_grad: bool) -> Any:
    """A tensor that was on a device without storages of its own."""
    return data.to(dtype).requires_grad_(requires_grad)


# What a tensor keeps in its dictionary for itself, beside what programs put there.
_OWN = ("_kept_grad", "_retains", "_tangent", "_forward_base")


def attributes_of(tensor: Any) -> dict[str, Any]:
    """The attributes that a program has set on a tensor."""
    return {name: value for name, value in getattr(tensor, "__dict__", {}).items() if name not in _OWN}


def _with_attributes(tensor: Any, state: Any) -> Any:
    attributes = state[0] if isinstance(state, tuple) else state
    # Written past the descriptors of the class, so that a file cannot reach the tensor's own state.
    for name, value in (attributes or {}).items():
        if name not in _OWN:
            tensor.__dict__[name] = value
    return tensor


def _leaf(kind: type, array: Any) -> Any:
    """A tensor of any class around an array."""
    plain = base.wrap(array)
    if kind is type(plain):
        return plain
    tensor: Any = object.__new__(kind)
    for slot in ("_data", "_shape", "_dtype", "_node", "_versions", "_view"):
        setattr(tensor, slot, getattr(plain, slot))
    return tensor


def reduce_tensor(tensor: Any, protocol: Any = 2) -> tuple[Any, ...]:
    """`Tensor.__reduce_ex__`: a function and its arguments that rebuild the tensor as a leaf over its storage.

    The storage goes along whole, and tensors that share one still do afterwards. Hooks and history are left out.
    """
    from .utils.hooks import warn_if_has_hooks

    warn_if_has_hooks(tensor)
    if tensor.is_sparse:
        parts = tensor._indices(), tensor._values(), tensor.shape, tensor.is_coalesced()
        return _rebuild_sparse_tensor, (tensor.layout, parts)
    untyped, offset, strides = storage_of(base.settle(tensor))
    layout: tuple[Any, ...] = (offset, tuple(tensor._shape), strides, tensor.requires_grad, OrderedDict())
    function: Any
    args: tuple[Any, ...]
    dtype = tensor._dtype
    if dtype in STORAGE_NAMES:
        function, args = _rebuild_tensor_v2, (TypedStorage(wrap_storage=untyped, dtype=dtype), *layout)
    else:
        function, args = _rebuild_tensor_v3, (untyped, *layout, dtype)
    attributes = attributes_of(tensor)
    kind = type(tensor)
    if kind is base.namespace["Tensor"] and not attributes:
        return function, args
    return _rebuild_from_type_v2, (function, kind, args, attributes)


def _rebuild_sparse_tensor(layout: Any, data: tuple[Any, ...]) -> Any:
    """A sparse tensor of its parts, as `reduce_tensor` took it apart."""
    indices, values, size, *coalesced = data
    made = base.tensor_names["sparse_coo_tensor"](indices, values, size)
    return made._coalesced_(bool(coalesced and coalesced[0]))


def deepcopy_tensor(tensor: Any, memo: dict[Any, Any]) -> Any:
    """`Tensor.__deepcopy__`: a leaf over a copy of the storage; tensors that share a storage share its copy.

    Raises:
        RuntimeError: the tensor is not a leaf.
    """
    if not tensor.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
            "see https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(tensor) in memo:
        return memo[id(tensor)]
    if tensor.is_sparse:
        copy = memo[id(tensor)] = tensor.detach().clone()
        return copy.requires_grad_(tensor.requires_grad)
    storage, offset, strides = storage_of(base.settle(tensor))
    # The originals are kept beside their copies: an address must not be used again while it stands for one of them.
    copies = memo.setdefault("rushlight.storages", {})
    key = (storage.data_ptr() or id(tensor), storage.nbytes())
    if key not in copies:
        copies[key] = (storage, storage.clone())
    copy = _leaf(type(tensor), array_from(copies[key][1], tensor._dtype, offset, tensor._shape, strides))
    memo[id(tensor)] = copy
    if tensor.requires_grad:
        copy.requires_grad_(True)
        if tensor.grad is not None:
            copy.grad = deepcopy(tensor.grad, memo)
    copy.__dict__.update(deepcopy(attributes_of(tensor), memo))
    return copy


class WeakTensorRef:
    """Knows whether a tensor is still there, without keeping it."""

    def __init__(self, tensor: Any):
        self._of = weakref.ref(tensor)

    def expired(self) -> bool:
        """Whether the tensor is gone."""
        return self._of() is None
