"""What the tests of saving and loading share: files of both libraries, and the comparison of what they hold."""

import io
import pickle
import zipfile

import numpy as np
import torch

from rushlight import base, serialization
from rushlight.storage import storage_of
from rushlight.tensor import Tensor

FORMATS = [{}, {"_use_new_zipfile_serialization": False}]


def written(save, value, **options) -> bytes:
    file = io.BytesIO()
    save(value, file, **options)
    return file.getvalue()


def ours(data: bytes, **options):
    return serialization.load(io.BytesIO(data), **options)


def theirs(data: bytes, **options):
    return torch.load(io.BytesIO(data), **options)


def bits(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def torch_bits(tensor: torch.Tensor) -> bytes:
    tensor = tensor.detach().contiguous()
    return (
        tensor.view(torch.uint8).numpy().tobytes()
        if tensor.dim()
        else tensor.reshape(1).view(torch.uint8).numpy().tobytes()
    )


def same(mine, other) -> None:
    """Asserts that a value of ours and one of PyTorch's are alike in every respect that a file keeps."""
    if isinstance(other, torch.Tensor):
        assert isinstance(mine, Tensor)
        assert repr(mine.dtype) == repr(other.dtype)
        assert tuple(mine.shape) == tuple(other.shape)
        assert bits(mine._data) == torch_bits(other)
        assert mine.requires_grad == other.requires_grad
        assert mine.is_leaf
        storage, offset, strides = storage_of(mine._data)
        if other.numel():
            assert storage.nbytes() == other.untyped_storage().nbytes()
            assert offset == other.storage_offset()
            assert strides == other.stride()
    elif isinstance(other, torch.Size):
        assert type(mine) is base.Size
        assert tuple(mine) == tuple(other)
    elif isinstance(other, (torch.dtype, torch.device)):
        assert repr(mine) == repr(other)
    elif isinstance(other, dict):
        assert type(mine) is type(other)
        assert list(mine) == list(other)
        for key in other:
            same(mine[key], other[key])
        if getattr(other, "__dict__", None):
            assert mine.__dict__ == other.__dict__
    elif isinstance(other, (list, tuple)):
        assert type(mine) is type(other)
        assert len(mine) == len(other)
        for left, right in zip(mine, other, strict=True):
            same(left, right)
    else:
        assert type(mine) is type(other)
        assert mine == other


def outcome(action) -> str:
    """What an action returns or raises, as text."""
    try:
        return repr(action())
    except Exception as error:
        return f"{type(error).__module__}.{type(error).__name__}: {error}".replace("_pickle.", "pickle.")


def pickled(*values) -> bytes:
    return b"".join(pickle.dumps(value, 2) for value in values)


TWO = written(torch.save, {"a": torch.arange(100.0), "b": torch.ones(3)})


OLD = written(torch.save, {"a": torch.arange(100.0), "b": torch.ones(3)}, _use_new_zipfile_serialization=False)


def repacked(drop: str = "", method: int = zipfile.ZIP_STORED, **replaced: bytes) -> bytes:
    """The archive TWO with some records replaced or left out."""
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(TWO)) as archive, zipfile.ZipFile(data, "w", method) as new:
        for name in archive.namelist():
            short = name.partition("/")[2]
            if short != drop:
                new.writestr(name, replaced.get(short.replace(".", "_").replace("/", "_"), archive.read(name)))
        if "extra" in replaced:
            new.writestr("archive/constants.pkl", replaced["extra"])
        if "elsewhere" in replaced:
            new.writestr("other/record", replaced["elsewhere"])
    return data.getvalue()


class Attack:
    """Pickles as a call that would leave a file behind."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call
