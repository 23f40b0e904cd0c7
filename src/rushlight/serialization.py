"""`save` and `load`: objects that hold tensors, in files that PyTorch reads and writes too.

A file is a zip archive with a pickle of the object and one record for each storage; files of the kind that PyTorch
wrote before version 1.6 are read and, on request, written as well. Loading never runs code from a file: see `load`.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from . import devices
from .files import replacing

__all__ = [
    "save",
    "load",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "safe_globals",
    "register_package",
    "default_restore_location",
    "location_tag",
]

DEFAULT_PROTOCOL = 2
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
UNSAFE_MESSAGE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to "
    "`True`. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in "
    "arbitrary code execution. Do it only if you got the file from a trusted source."
)

_safe_globals: list[Any] = []
_packages: list[tuple[int, Callable[[Any], str | None], Callable[[Any, str], Any]]] = []


# What may be loaded
def add_safe_globals(safe_globals: list[Any]) -> None:
    """Lets `load` use more classes and functions than it does by itself.

    Args:
        safe_globals: classes and functions, or pairs of one and the full name by which files refer to it.
    """
    _safe_globals.extend(found for found in safe_globals if found not in _safe_globals)


def get_safe_globals() -> list[Any]:
    """Returns what was added by `add_safe_globals`."""
    return list(_safe_globals)


def clear_safe_globals() -> None:
    """Takes back all that was added by `add_safe_globals`."""
    _safe_globals.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Adds classes and functions as `add_safe_globals` does, inside a `with` block."""
    before = get_safe_globals()
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe_globals[:] = before


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """Lists the names in a file that `load` would refuse; nothing is loaded.

    Args:
        f: a path, or a file open for reading.

    Raises:
        ValueError: the file is not an archive written by `save`.
    """
    from io import BytesIO

    from .archive import ArchiveReader
    from .loading import weights_policy
    from .unpickling import names_in

    with _reading(f) as file:
        if not _is_zip(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        reader = ArchiveReader(file)
        if "constants.pkl" in reader:
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript checkpoint"
            )
        return list(names_in(BytesIO(reader.read("data.pkl"))) - weights_policy().names.keys())


# Where storages go
def register_package(
    priority: int, tagger: Callable[[Any], str | None], deserializer: Callable[[Any, str], Any]
) -> None:
    """Registers how the storages of one kind of device are tagged in files and brought back.

    Args:
        priority: lower ones are asked first.
        tagger: from a storage to its tag, or None.
        deserializer: from a storage and a tag to the storage on its device, or None.
    """
    _packages.append((priority, tagger, deserializer))
    _packages.sort(key=lambda entry: entry[0])


def location_tag(storage: Any) -> str:
    """The tag under which the device of a storage is written into files."""
    return next((tag for tag in (tagger(storage) for _, tagger, _ in _packages) if tag), str(storage.device))


def default_restore_location(storage: Any, location: str) -> Any:
    """Brings a storage to the device whose tag is in the file.

    Raises:
        RuntimeError: there is no such device here.
    """
    for _, _, deserializer in _packages:
        found = deserializer(storage, location)
        if found is not None:
            return found
    if location == "cpu":
        return storage
    kind, colon, _ = location.partition(":")
    advice = (
        "If you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map "
        "your storages to the CPU."
    )
    if kind in ("cuda", "xpu") and (colon or kind == location):
        devices.device(location)
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}.is_available() is False. "
            + advice
        )
    if kind in ("hpu", "privateuseone") and (colon or kind == location):
        raise RuntimeError(f"The {kind.upper()} device module is not registered. {advice}")
    raise RuntimeError(
        f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})"
    )


# Saving
def save(
    obj: object,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Saves an object to a file.

    A file named by a path appears, or replaces an older one, only when it is complete. Tensors that share memory share
    it again after loading; each storage is written whole, however small the tensor's part of it is.

    Args:
        obj: tensors, and anything that can be pickled around them.
        f: a path, or an object with `write`.
        pickle_module: only Python's own pickle is used, whatever is given.
        pickle_protocol: of the pickle inside; PyTorch's weights_only reader knows 2.

    Raises:
        AttributeError: `f` is neither a path nor a file.
        RuntimeError: the folder does not exist, or tensors look at the same memory as different types.
    """
    from .pickling import Storages

    if isinstance(f, (str, os.PathLike)):
        path = os.fspath(f)
        _check_target(path)
        with replacing(path) as file:
            name = os.path.basename(path).rpartition(".")[0] or os.path.basename(path)
            folder = name if name.isascii() else "archive"
            if _use_new_zipfile_serialization:
                _write_archive(obj, file, folder, pickle_protocol, not _disable_byteorder_record)
            else:
                _write_legacy(obj, file, pickle_protocol, Storages())
        return
    if not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    if not callable(f.write):
        raise TypeError(f"Buffer of {str(type(f)).strip('<>')} has no callable attribute 'write'")
    if _use_new_zipfile_serialization:
        _write_archive(obj, f, "archive", pickle_protocol, not _disable_byteorder_record)
    else:
        _write_legacy(obj, f, pickle_protocol, Storages())
    if hasattr(f, "flush"):
        f.flush()


def _check_target(path: str) -> None:
    """Refuses, in PyTorch's words, a path at which no file can be.

    Raises:
        RuntimeError: there can be none.
    """
    target = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(target)):
        raise RuntimeError(f"Parent directory {os.path.dirname(path)} does not exist.")
    if os.path.isdir(target):
        raise RuntimeError("[enforce fail at inline_container.cc:747] . open file failed with strerror: Is a directory")


def _write_archive(obj: object, file: IO[bytes], folder: str, protocol: int, byte_order: bool) -> None:
    from io import BytesIO

    from .archive import ALIGNMENT, ArchiveWriter
    from .pickling import Pickler, Storages

    storages = Storages()
    pickled = BytesIO()
    Pickler(pickled, protocol, storages).dump(obj)
    archive = ArchiveWriter(file, folder)
    archive.write("data.pkl", pickled.getvalue())
    archive.write(".format_version", b"1")
    archive.write(".storage_alignment", b"%d" % ALIGNMENT)
    if byte_order:
        archive.write("byteorder", sys.byteorder.encode())
    for key, (storage, _) in storages.found.items():
        archive.write(f"data/{key}", storage.bytes.data)
    archive.close()


def _write_legacy(obj: object, file: IO[bytes], protocol: int, storages: Any) -> None:
    import pickle

    from .pickling import Pickler

    system = {
        "protocol_version": PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for head in (MAGIC_NUMBER, PROTOCOL_VERSION, system):
        pickle.dump(head, file, protocol)
    Pickler(file, protocol, storages, legacy=True).dump(obj)
    keys = sorted(storages.found)
    pickle.dump(keys, file, protocol)
    for key in keys:
        storage, dtype = storages.found[key]
        file.write((storage.nbytes() // dtype.itemsize).to_bytes(8, sys.byteorder))
        file.write(storage.bytes.data)


# Loading
@contextmanager
def _reading(f: Any) -> Iterator[IO[bytes]]:
    """The file to read from, opened if it is given by a path."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    try:
        f.seek(f.tell())
    except (OSError, AttributeError) as error:
        if "seek" in str(error) or "tell" in str(error):
            raise type(error)(
                f"{error}. You can only torch.load from a file that is seekable. Please pre-load the data into a "
                "buffer like io.BytesIO and try to load from it instead."
            ) from None
        raise
    yield f


def _is_zip(file: IO[bytes]) -> bool:
    begin = file.tell()
    start = file.read(4)
    file.seek(begin)
    return start == b"PK\x03\x04"


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Loads an object that `save`, here or in PyTorch, wrote to a file.

    No code from the file is run, and nothing is imported on its behalf. By default a file may hold tensors, parameters,
    numbers, strings and containers, and what `add_safe_globals` allows. With ``weights_only=False`` it may also hold
    NumPy arrays, further plain data of the standard library, and modules whose classes this program has imported. What
    PyTorch would load by calling anything else is refused with an UnpicklingError.

    Args:
        f: a path, or a file open for reading that can seek.
        map_location: where storages go: a device, its name, a dict from tags in the file to tags, or a function of a
            storage and its tag.
        pickle_module: must be None where `weights_only` is true; otherwise has no effect.
        weights_only: True by default.
        mmap: whether to map the storages into memory, to be read when they are used; needs a path.
        **pickle_load_args: `encoding` of strings written by Python 2, where `weights_only` is false.

    Raises:
        UnpicklingError: the file asks for what is not allowed.
        RuntimeError: the file is damaged, or refers to a device that is not here.
        EOFError: the pickle in the file ends too early.
    """
    from pickle import UnpicklingError

    from .loading import load_archive, load_legacy

    weights_only = _weights_only(weights_only, pickle_module)
    if pickle_load_args and weights_only:
        warnings.warn("pickle_load_args only works if `weights_only=False`.")
    encoding = pickle_load_args.get("encoding", "utf-8")
    if isinstance(f, (str, os.PathLike)) and os.fspath(f).endswith(".safetensors"):
        raise RuntimeError(
            "Attempting to load a safetensors file but safetensors is not installed. Please install safetensors with: "
            "pip install safetensors"
        )
    with _reading(f) as file:
        try:
            if _is_zip(file):
                if mmap and not isinstance(f, (str, os.PathLike)):
                    raise ValueError("f must be a file path in order to use the mmap argument")
                return load_archive(file, _restorer(map_location), weights_only, bool(mmap), encoding)
            if mmap:
                name = f"{f}, " if isinstance(f, str) else ""
                raise RuntimeError(
                    f"mmap can only be used with files saved with `torch.save({name}_use_new_zipfile_serialization="
                    "True), please torch.save your checkpoint with this option in order to use mmap."
                )
            return load_legacy(file, _restorer(map_location), weights_only, encoding)
        except UnpicklingError as error:
            raise UnpicklingError(_explain(str(error)) if weights_only else str(error)) from None


def _weights_only(given: bool | None, pickle_module: Any) -> bool:
    """Whether to load weights only, by the argument, the environment and the default.

    Raises:
        RuntimeError: the settings contradict each other.
    """
    true = ("1", "y", "yes", "true")
    force = os.getenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0").lower() in true
    force_not = os.getenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "0").lower() in true
    weights_only = pickle_module is None if given is None else bool(given)
    if force and force_not:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` should be set, but both "
            "were set."
        )
    if force:
        weights_only = True
    elif force_not and given is None:
        warnings.warn(
            "Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected, since the`weights_only` argument was not "
            "explicitly passed to `torch.load`, forcing weights_only=False.",
            UserWarning,
            stacklevel=3,
        )
        weights_only = False
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    return weights_only


def _explain(message: str) -> str:
    """PyTorch's advice around the reason why a file was refused."""
    if "was not an allowed global by default." in message:
        text = (
            "Weights only load failed. This file can still be loaded, to do so you have two options, \033[1mdo those "
            f"steps only if you trust the source of the checkpoint\033[0m. \n\t(1) {UNSAFE_MESSAGE}\n\t(2) "
            "Alternatively, to load with `weights_only=True` please check the recommended steps in the following error "
            f"message.\n\tWeightsUnpickler error: {message}"
        )
    else:
        text = f"Weights only load failed. {UNSAFE_MESSAGE}\n"
        if "is blocked" not in message:
            text += (
                "Please file an issue with the following so that we can make `weights_only=True` compatible with your "
                "use case: WeightsUnpickler error: "
            )
        text += "\n\n" + message
    return (
        f"{text}\n\nCheck the documentation of torch.load to learn more about types accepted by default with "
        "weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
    )


def _restorer(map_location: Any) -> Callable[[Any, str], Any]:
    """The function of a storage and its tag that `map_location` stands for."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(storage, map_location.get(location, location))
    if isinstance(map_location, (str, devices.device)):
        return lambda storage, location: default_restore_location(storage, str(map_location))

    def restore(storage: Any, location: str) -> Any:
        found = map_location(storage, location)
        return default_restore_location(storage, location) if found is None else found

    return restore
