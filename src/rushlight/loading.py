"""The reading half of `serialization`: what files may refer to, and how storages come out of them.

This module is imported when a file is loaded.
"""

import sys
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pickle import UnpicklingError
from types import FunctionType
from typing import IO, Any

import numpy as np

from . import _utils, base, devices, dtypes
from . import serialization as face
from .archive import ArchiveReader, fill
from .pickling import torch_path
from .storage import STORAGE_NAMES, StorageType, TypedStorage, UntypedStorage
from .unpickling import Policy, Unpickler, as_text

Restore = Callable[[Any, str], Any]

# What PyTorch's reader accepts and we do not have, by full name.
_MISSING = {
    "torch._utils._rebuild_qtensor": "quantized tensors",
    "torch._utils._rebuild_sparse_tensor": "sparse tensors",
    "torch._utils._rebuild_nested_tensor": "nested tensors",
    "torch._utils._rebuild_meta_tensor_no_storage": "tensors on the meta device",
    "torch._utils._rebuild_wrapper_subclass": "wrapper subclasses",
    "torch._utils._rebuild_device_tensor_from_numpy": "tensors of other devices, saved by an old version",
}


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """`_codecs.encode`, as which protocol 2 writes bytes; other encodings would import modules.

    Raises:
        UnpicklingError: it is another.
    """
    if encoding not in ("latin1", "latin-1"):
        raise UnpicklingError(f"bytes in a pickle are written as latin1, not {encoding}")
    return text.encode("latin-1")


def _bytearray(data: Any = b"", encoding: str = "latin1") -> bytearray:
    """`bytearray` of text or bytes; a bare size would allocate whatever the file asks for.

    Raises:
        UnpicklingError: it is a size.
    """
    if isinstance(data, str):
        return bytearray(_encode(data, encoding))
    if not isinstance(data, bytes):
        raise UnpicklingError(f"a bytearray in a pickle is made of bytes, not {type(data)}")
    return bytearray(data)


@cache
def _weights_names() -> dict[str, Any]:
    tensor, parameter = base.namespace["Tensor"], base.namespace["Parameter"]
    rebuild = (
        _utils._rebuild_tensor,
        _utils._rebuild_tensor_v2,
        _utils._rebuild_tensor_v3,
        _utils._rebuild_parameter,
        _utils._rebuild_parameter_with_state,
        _utils._rebuild_device_tensor_from_cpu_tensor,
    )

    def from_type(function: Any, new_type: Any, args: tuple[Any, ...], state: Any) -> Any:
        if function not in rebuild or not (isinstance(new_type, type) and issubclass(new_type, tensor)):
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        return _utils._rebuild_from_type_v2(function, new_type, args, state)

    return {
        "collections.OrderedDict": OrderedDict,
        "collections.Counter": Counter,
        "torch.nn.parameter.Parameter": parameter,
        "torch.Tensor": tensor,
        "torch.Size": base.Size,
        "torch.device": devices.device,
        "_codecs.encode": _encode,
        "builtins.bytearray": _bytearray,
        "builtins.set": set,
        "builtins.complex": complex,
        "torch._tensor._rebuild_from_type_v2": from_type,
        "torch.storage.UntypedStorage": StorageType("UntypedStorage"),
        **{f"torch.{name}": StorageType(name) for name in STORAGE_NAMES.values()},
        **{str(dtype): dtype for dtype in dtypes.ALL},
        **{f"torch._utils.{function.__name__}": function for function in rebuild},
    }


def _added_names() -> dict[str, Any]:
    """What the user allowed, by the full name that files use.

    Raises:
        TypeError: a name is no string.
        ValueError: a tuple is no pair.
    """
    names = {}
    for found in face.get_safe_globals():
        if isinstance(found, tuple):
            if len(found) != 2:
                raise ValueError(
                    "Expected tuple of length 2 (global, str of callable full path), but got tuple of length: "
                    f"{len(found)}"
                )
            if type(found[1]) is not str:
                raise TypeError(
                    f"Expected second item in tuple to be str of callable full path, but got: {type(found[1])}"
                )
            names[found[1]] = found[0]
        else:
            names[".".join(torch_path(found) or (found.__module__, found.__qualname__))] = found
    return names


class _WeightsPolicy(Policy):
    """Tensors and plain containers, as PyTorch's ``weights_only=True``."""

    def missing(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if path in _MISSING:
            raise UnpicklingError(f"the file holds what Rushlight does not have: {_MISSING[path]}")
        return super().missing(module, name)

    def create(self, kind: Any, args: tuple[Any, ...]) -> Any:
        if kind is base.namespace["Parameter"]:
            return kind(*args)
        self._refuse_old(kind)
        return super().create(kind, args)

    def build(self, target: Any, state: Any) -> None:
        self._refuse_old(type(target))
        super().build(target, state)

    def _refuse_old(self, kind: Any) -> None:
        if kind in (base.namespace["Tensor"], base.namespace["Parameter"]):
            raise UnpicklingError("the tensors in this file are written as PyTorch did before version 0.4")


def weights_policy() -> Policy:
    """What a file may refer to where only weights are loaded."""
    return _WeightsPolicy(_weights_names(), _added_names())


def _plain_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """NumPy's `_reconstruct`: an empty array, which gets its state next.

    Raises:
        UnpicklingError: the class is another.
    """
    if kind is not np.ndarray:
        raise UnpicklingError(f"arrays in a pickle are of class numpy.ndarray, not {kind}")
    return np.empty((0,), np.int8)


def _plain_dtype(name: Any, align: bool = False, copy: bool = True) -> np.dtype[Any]:
    if not isinstance(name, str) or name.lstrip("<>=|")[:1] not in tuple("biufcSU"):
        raise UnpicklingError(f"arrays in a pickle hold numbers or strings, not {name}")
    return np.dtype(name)


def _plain_scalar(dtype: Any, data: Any) -> Any:
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, bytes) or len(data) < dtype.itemsize:
        raise UnpicklingError("a NumPy number in a pickle is made of bytes")
    return np.frombuffer(data, dtype, 1)[0]


def _plain_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, (bytes, bytearray)):
        raise UnpicklingError("a NumPy array in a pickle is made of bytes")
    return np.frombuffer(data, dtype).reshape(shape, order=order)


@cache
def _data_names() -> dict[str, Any]:
    """Classes and functions that only make data."""
    from argparse import Namespace
    from collections import defaultdict, deque
    from datetime import date, datetime, time, timedelta, timezone
    from decimal import Decimal
    from fractions import Fraction
    from pathlib import PosixPath, PurePosixPath, PureWindowsPath
    from types import SimpleNamespace

    plain = (
        slice, range, frozenset, list, dict, tuple, int, float, str, bool, bytes, Namespace, defaultdict, deque, date,
        datetime, time, timedelta, timezone, Decimal, Fraction, PosixPath, PurePosixPath, PureWindowsPath,
        SimpleNamespace,
    )  # fmt: skip
    names: dict[str, Any] = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in plain}
    for core in ("numpy.core", "numpy._core"):
        names[f"{core}.multiarray._reconstruct"] = _plain_array
        names[f"{core}.multiarray.scalar"] = _plain_scalar
        names[f"{core}.numeric._frombuffer"] = _plain_buffer
    return names | {"numpy.ndarray": np.ndarray, "numpy.dtype": _plain_dtype}


class _DataPolicy(_WeightsPolicy):
    """Besides weights: NumPy's arrays, plain data, and modules of classes that are already imported."""

    def missing(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if path in _MISSING:
            return super().missing(module, name)
        found = _imported(module, name)
        if found is None:
            raise UnpicklingError(
                f"Rushlight runs no code from a file, with weights_only=False neither: {path} is neither plain data "
                "nor the class of a Module that this program has imported. If you trust it, allow it by "
                f"`torch.serialization.add_safe_globals([{path}])`."
            )
        return found

    def create(self, kind: Any, args: tuple[Any, ...]) -> Any:
        if _is_module(kind) and not args:
            return object.__new__(kind)
        return super().create(kind, args)

    def build(self, target: Any, state: Any) -> None:
        if isinstance(target, np.ndarray):
            version, shape, dtype, fortran, data = state
            if dtype.hasobject:
                raise UnpicklingError("arrays in a pickle hold numbers or strings, not objects")
            target.__setstate__((version, shape, dtype, fortran, data))
        elif isinstance(target, np.dtype):
            # Only the byte order of a plain dtype is state worth reading, and 'U' and 'S' say theirs by themselves.
            if state[1] == ">":
                raise UnpicklingError("arrays in a pickle have the byte order of this machine")
        elif _is_module(type(target)) and isinstance(state, dict):
            restore = getattr(target, "__setstate__", None)
            (restore or target.__dict__.update)(state)
        else:
            super().build(target, state)


def _is_module(kind: Any) -> bool:
    module = sys.modules.get("rushlight.nn.modules.module")
    return isinstance(kind, type) and module is not None and issubclass(kind, module.Module)


def _imported(module: str, name: str) -> Any:
    """A class of modules, or a function of nn.functional, by the name in a file; None if it is not imported."""
    root, dot, rest = module.partition(".")
    ours = {"torch": "rushlight", "torchvision": "rushlight.vision"}.get(root)
    home = sys.modules.get(ours + dot + rest if ours else module)
    if ours == "rushlight" and rest.startswith("nn.modules.") and not hasattr(home, name):
        home = sys.modules.get("rushlight.nn")
    found = getattr(home, name.partition(".")[0], None)
    if isinstance(found, FunctionType):
        return found if ours == "rushlight" and rest == "nn.functional" and found.__name__ == name else None
    for part in name.split(".")[1:]:
        # Only from class to class: a module's attributes lead everywhere.
        found = vars(found).get(part) if isinstance(found, type) else None
    return found if _is_module(found) else None


def _policy(weights_only: bool) -> Policy:
    if weights_only:
        return weights_policy()
    return _DataPolicy({**_data_names(), **_weights_names()}, _added_names())


def _storage_arguments(identity: Any) -> tuple[Any, ...]:
    kind, key, location, count, *view = identity[1:]
    if not isinstance(kind, StorageType) or type(count) is not int or count < 0:
        raise UnpicklingError(f"the reference to a storage is damaged: {identity!r}")
    return kind.dtype, key, as_text(location), count, *view


def load_archive(file: IO[bytes], restore: Restore, weights_only: bool, mapped: bool, encoding: str) -> Any:
    """Loads the object in a zip archive.

    Raises:
        RuntimeError: the file is damaged, or is a TorchScript archive.
        ValueError: its order of bytes is unknown.
    """
    reader = ArchiveReader(file)
    if "constants.pkl" in reader:
        warnings.warn(
            "'torch.load' received a zip file that looks like a TorchScript archive dispatching to 'torch.jit.load' "
            "(call 'torch.jit.load' directly to silence this warning)",
            UserWarning,
            stacklevel=3,
        )
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. "
            + face.UNSAFE_MESSAGE
            if weights_only
            else "TorchScript archives hold programs, which Rushlight does not run"
        )
    order = reader.read("byteorder") if "byteorder" in reader else b"little"
    if order not in (b"little", b"big"):
        raise ValueError(f"Unknown endianness type: {order.decode()}")
    whole = _map(file) if mapped else None
    loaded: dict[str, TypedStorage] = {}

    def persistent_load(identity: Any) -> TypedStorage:
        dtype, key, location, count = _storage_arguments(identity)
        if key in loaded:
            return loaded[key]
        name, size = f"data/{key}", count * dtype.itemsize
        if reader.size(name) != size:
            raise RuntimeError(
                f"record size ({reader.size(name)} bytes) does not match expected size ({size} bytes = {size} elements "
                "* 1 bytes/element) for dtype Byte"
            )
        begin = reader.offset(name) if whole is not None and size else None
        if whole is None or begin is None or begin % dtype.itemsize:
            memory = np.empty(size, np.uint8)
            reader.read_into(name, memory)
        else:
            memory = np.frombuffer(whole, np.uint8, size, begin)
        storage = UntypedStorage(memory)
        if order.decode() != sys.byteorder:
            storage.byteswap(dtype)
        typed = TypedStorage(wrap_storage=restore(storage, location), dtype=dtype)
        if size:
            loaded[key] = typed
        return typed

    pickled = BytesIO(reader.read("data.pkl"))
    return Unpickler(pickled, _policy(weights_only), persistent_load, encoding, not weights_only).load()


def _map(file: IO[bytes]) -> Any:
    """The file in memory; what a program writes there stays its own."""
    from mmap import ACCESS_COPY, mmap

    return mmap(file.fileno(), 0, access=ACCESS_COPY)


def load_legacy(file: IO[bytes], restore: Restore, weights_only: bool, encoding: str) -> Any:
    """Loads the object in a file of the kind that PyTorch wrote before version 1.6.

    Raises:
        RuntimeError: the file is damaged, or is a tar file.
        AssertionError: a storage is missing.
    """
    begin = file.tell()
    file.seek(0, 2)
    end = file.tell()
    file.seek(begin)
    if file.read(262)[257:] == b"ustar":
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with files saved in the legacy .tar format. " + face.UNSAFE_MESSAGE
            if weights_only
            else "Rushlight does not read the .tar files of PyTorch before version 0.2"
        )
    file.seek(begin)
    policy = _policy(weights_only)
    loaded: dict[Any, TypedStorage] = {}

    def persistent_load(identity: Any) -> Any:
        if as_text(identity[0]) == "module":
            # A class, which the policy has passed, and its source, which we do not compare.
            return identity[1]
        dtype, key, location, count, view = _storage_arguments(identity)
        if key not in loaded:
            size = count * dtype.itemsize
            if size > end - begin:
                raise RuntimeError(f"unexpected EOF, expected {size} more bytes. The file might be corrupted.")
            storage = restore(UntypedStorage(size), location)
            loaded[key] = TypedStorage(wrap_storage=storage, dtype=dtype)
        if view is None:
            return loaded[key]
        view_key, offset, count = view
        if view_key not in loaded:
            first, last = offset * dtype.itemsize, (offset + count) * dtype.itemsize
            part = loaded[key]._untyped_storage[first:last]
            loaded[view_key] = TypedStorage(wrap_storage=part, dtype=dtype)
        return loaded[view_key]

    def unpickle(references: Any = None) -> Any:
        return Unpickler(file, policy, references, encoding, not weights_only).load()

    if unpickle() != face.MAGIC_NUMBER:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = unpickle()
    if version != face.PROTOCOL_VERSION:
        raise RuntimeError(f"Invalid protocol version: {version}")
    system = unpickle()
    begin = file.tell()
    unpickle(persistent_load)
    for key in unpickle():
        if key not in loaded:
            raise AssertionError(f"storage key {key!r} not found in deserialized_objects")
        _fill_storage(file, loaded[key], system)
    # The elements come after the object, and some tensors are computed from them: now it can be built for good.
    end = file.tell()
    file.seek(begin)
    result = unpickle(persistent_load)
    file.seek(end)
    return result


def _fill_storage(file: IO[bytes], storage: TypedStorage, system: Any) -> None:
    little = not isinstance(system, dict) or system.get("little_endian", True)
    head = file.read(8)
    if len(head) < 8:
        raise RuntimeError(f"unexpected EOF, expected {8 - len(head)} more bytes. The file might be corrupted.")
    size = int.from_bytes(head, "little" if little else "big") * storage.dtype.itemsize
    if size != storage.nbytes():
        raise RuntimeError(f"storage has wrong byte size: expected %ld got %ld{size}{storage.nbytes()}")
    memory = storage._untyped_storage.bytes
    begin = file.tell()
    if not fill(file, memory):
        rest = size - (file.tell() - begin)
        raise RuntimeError(f"unexpected EOF, expected {rest} more bytes. The file might be corrupted.")
    if little != (sys.byteorder == "little"):
        storage._untyped_storage.byteswap(storage.dtype)
