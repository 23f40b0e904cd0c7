"""Copies and pickles of tensors and storages."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from saving import ours, written

from rushlight import _utils, base, dtypes, serialization
from rushlight.storage import StorageType, TypedStorage, UntypedStorage, is_storage
from rushlight.tensor import Tensor


# Copies
def leaf(array, requires_grad: bool = True) -> Tensor:
    return base.wrap(array).requires_grad_(requires_grad)


def test_deepcopy():
    whole = base.wrap(np.arange(6.0).reshape(2, 3))
    pieces = [
        whole,
        base.wrap(whole._data[1]),
        base.wrap(whole._data.T),
        base.wrap(np.zeros((0, 2))),
        base.wrap(np.array(1.0)),
    ]
    copies = copy.deepcopy(pieces)
    copies[0]._data[1, 0] = 50.0
    assert whole._data[1, 0] == 3.0
    assert copies[1]._data[0] == 50.0
    assert copies[2]._data[0, 1] == 50.0
    assert [x.stride() for x in copies] == [x.stride() for x in pieces]
    assert [tuple(x.shape) for x in copies] == [tuple(x.shape) for x in pieces]
    again = copy.deepcopy([whole, whole])
    assert again[0] is again[1]


def test_deepcopy_keeps_what_pytorch_keeps():
    mine = leaf(np.arange(3.0))
    mine.grad = base.wrap(np.ones(3))
    mine.note = [1]
    other = copy.deepcopy(mine)
    assert other.requires_grad
    assert other.is_leaf
    assert other.grad is not mine.grad
    assert other.grad.tolist() == [1.0, 1.0, 1.0]
    assert other.note == [1]
    assert other.note is not mine.note
    with pytest.raises(RuntimeError) as error:
        copy.deepcopy(mine * 2)
    with pytest.raises(RuntimeError) as expected:
        copy.deepcopy(torch.ones(1, requires_grad=True) * 2)
    assert str(error.value) == str(expected.value)


def test_copy_shares_memory():
    mine, other = leaf(np.arange(3.0)), torch.arange(3.0, requires_grad=True)
    for value in (mine, other):
        shallow = copy.copy(value)
        assert shallow is not value
        assert shallow.data_ptr() == value.data_ptr()
        assert shallow.requires_grad
        assert copy.copy(value * 2).is_leaf


@pytest.mark.parametrize("protocol", range(6))
def test_pickle(protocol):
    array = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    mine = leaf(array.T)
    found = pickle.loads(pickle.dumps([mine, mine, base.wrap(np.arange(3))], protocol))
    assert found[0] is found[1]
    assert found[0].requires_grad
    assert found[0].stride() == (1, 3)
    assert found[0].tolist() == mine.tolist()
    assert found[2].dtype is dtypes.int64


def test_subclasses():
    class Mine(Tensor):
        pass

    original = _utils._leaf(Mine, np.arange(3.0))
    original.note = "x"
    other = copy.deepcopy(original)
    assert type(other) is Mine
    assert (other.note, other.tolist()) == ("x", [0.0, 1.0, 2.0])
    Named = globals()["Named"]
    named = _utils._leaf(Named, np.arange(3.0))
    data = written(serialization.save, named)
    with pytest.raises(pickle.UnpicklingError):
        ours(data)
    with serialization.safe_globals([Named]):
        assert type(ours(data)) is Named
    assert type(pickle.loads(pickle.dumps(named))) is Named


class Named(Tensor):
    """A subclass that can be found by its name."""


def test_hooks_are_not_saved():
    mine, other = leaf(np.ones(2)), torch.ones(2, requires_grad=True)
    texts = []
    for value, save in ((mine, serialization.save), (other, torch.save)):
        value.register_hook(print)
        with pytest.warns(UserWarning, match="backward hook") as warned:
            save(value, io.BytesIO())
        texts.append(str(warned[0].message))
    assert texts[0] == texts[1]


def test_storage_objects():
    storage = UntypedStorage(np.arange(8, dtype=np.uint8))
    other = torch.arange(8, dtype=torch.uint8).untyped_storage()
    assert storage.nbytes() == other.nbytes() == storage.size() == other.size() == len(storage) == len(other)
    assert storage.tolist() == other.tolist()
    assert storage[3] == other[3]
    assert storage[2:5].tolist() == other[2:5].tolist()
    assert storage.element_size() == other.element_size()
    assert repr(storage) == repr(other)
    assert storage.clone().data_ptr() != storage.data_ptr()
    assert storage.cpu() is storage
    with pytest.raises(AssertionError):
        storage.cuda()
    typed = pickle.loads(pickle.dumps(TypedStorage(wrap_storage=storage, dtype=dtypes.int32)))
    assert (typed.size(), typed.nbytes(), typed.dtype, len(typed)) == (2, 8, dtypes.int32, 2)
    assert (
        typed.tolist() == other.tolist()
        or typed.tolist() == torch.arange(8, dtype=torch.uint8).view(torch.int32).tolist()
    )
    assert is_storage(storage)
    assert is_storage(typed)
    assert not is_storage(storage.bytes)
    assert StorageType("FloatStorage") is StorageType("FloatStorage")
    with pytest.raises(KeyError):
        StorageType("OtherStorage")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.complex64, np.complex128, np.uint8, np.bool_])
def test_byteswap(dtype):
    array = np.arange(4).astype(dtype)
    mine = UntypedStorage(np.frombuffer(array.tobytes(), np.uint8).copy())
    other = torch.from_numpy(array.copy())
    mine.byteswap(dtypes.from_numpy(array.dtype))
    other.untyped_storage().byteswap(other.dtype)
    assert mine.tolist() == other.untyped_storage().tolist()
