"""A writer of pickles in which everything of ours goes by PyTorch's name, so that PyTorch can read them.

This module is imported when something is saved.
"""

import pickle
from types import BuiltinFunctionType, FunctionType
from typing import IO, Any, ClassVar

from . import dtypes
from .storage import STORAGE_NAMES, StorageType, TypedStorage, UntypedStorage

# PyTorch's modules of the names that live elsewhere here.
_HOMES = {
    **dict.fromkeys(("Tensor", "Size", "device"), "torch"),
    "Parameter": "torch.nn.parameter",
    "_rebuild_parameter": "torch._utils",
    "_rebuild_from_type_v2": "torch._tensor",
}


def torch_path(value: Any) -> tuple[str, str] | None:
    """PyTorch's module and name of a class or function of ours; None for what is not ours."""
    module, name = getattr(value, "__module__", None) or "", value.__qualname__
    root, dot, rest = module.partition(".")
    if root not in ("rushlight", "torch", "torchvision"):
        return None
    if name in _HOMES:
        return _HOMES[name], name
    if root == "rushlight":
        if rest == "vision" or rest.startswith("vision."):
            return "torchvision" + rest[len("vision") :], name
        root = "torch"
        if rest.startswith("nn.functional."):
            rest = "nn.functional"
    return root + dot + rest, name


class Storages:
    """The storages that a pickle refers to, by the keys that stand for them."""

    def __init__(self, keys: Any = str):
        self._keys = keys
        self._numbers: dict[tuple[int, int], str] = {}
        self._dtypes: dict[int, dtypes.dtype] = {}
        self.found: dict[str, tuple[UntypedStorage, dtypes.dtype]] = {}

    def add(self, storage: TypedStorage | UntypedStorage) -> tuple[Any, ...]:
        """The persistent id of a storage.

        Raises:
            RuntimeError: the same memory was added with another type of elements.
        """
        if isinstance(storage, TypedStorage):
            untyped, dtype, name = storage._untyped_storage, storage.dtype, STORAGE_NAMES.get(storage.dtype)
        else:
            untyped, dtype, name = storage, dtypes.uint8, None
        address = untyped.data_ptr()
        if address and self._dtypes.setdefault(address, dtype) is not dtype:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        # Holding on to the storage keeps its address, or without bytes its identity, from being used again.
        identity = (address or id(untyped), untyped.nbytes())
        key = self._numbers.setdefault(identity, self._keys(len(self._numbers)))
        self.found.setdefault(key, (untyped, dtype))
        kind = StorageType(name or "UntypedStorage")
        return "storage", kind, key, str(untyped.device), untyped.nbytes() // (dtype.itemsize if name else 1)


_PurePickler: Any = pickle._Pickler


class Pickler(_PurePickler):
    """Python's pickler with PyTorch's names; storages are left out and referred to by a key.

    Args:
        file: where to write.
        protocol: of the pickle.
        storages: collects the storages.
        legacy: whether to refer to them as files before PyTorch 1.6 do.
    """

    dispatch: ClassVar[dict[Any, Any]] = dict(_PurePickler.dispatch)

    def __init__(self, file: IO[bytes], protocol: int, storages: Storages, legacy: bool = False):
        super().__init__(file, protocol)
        self._storages = storages
        self._legacy = legacy

    def persistent_id(self, value: Any) -> tuple[Any, ...] | None:
        """The reference to a storage; None for everything else."""
        if not isinstance(value, (TypedStorage, UntypedStorage)):
            return None
        identity = self._storages.add(value)
        return (*identity, None) if self._legacy else identity

    def _name(self, value: Any, module: str, name: str) -> None:
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(value)

    def save_global(self, value: Any, name: str | None = None) -> None:
        """Writes a class or function by its name."""
        path = torch_path(value)
        if path is None:
            super().save_global(value, name)
        else:
            self._name(value, *path)

    def _save_dtype(self, value: dtypes.dtype) -> None:
        self._name(value, "torch", value._name)

    def _save_storage_type(self, value: StorageType) -> None:
        self._name(value, "torch.storage" if value.name == "UntypedStorage" else "torch", value.name)

    dispatch[FunctionType] = save_global
    dispatch[BuiltinFunctionType] = save_global
    dispatch[dtypes.dtype] = _save_dtype
    dispatch[type(dtypes.bfloat16)] = _save_dtype
    dispatch[StorageType] = _save_storage_type
