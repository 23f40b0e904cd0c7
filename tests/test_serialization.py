"""Saving and loading: files go both ways between PyTorch and us."""

import collections
import gc
import io
import os
import pickle
import zipfile
from functools import partial

import numpy as np
import pytest
import torch
from saving import FORMATS, OLD, TWO, bits, ours, outcome, pickled, repacked, same, theirs, torch_bits, written

from rushlight import base, dtypes, nn, serialization


def optimizer_state() -> dict:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.25}


def storages_shared() -> list:
    whole = torch.arange(24.0).reshape(4, 6)
    return [whole, whole.t(), whole[1:3, ::2], whole.reshape(-1)[5:], whole[2, 3], whole.expand(2, 4, 6)]


LATER = ("uint16", "uint32", "uint64", "complex32")
NAMES = [dtype._name for dtype in dtypes.ALL if dtype._name not in (*LATER, "uint8")]


def values() -> dict:
    torch.manual_seed(0)
    deep: list = [torch.ones(1)]
    for _ in range(50):
        deep = [deep, {"k": 1}]
    return {
        **{name: (torch.randn(3, 5) * 50).to(getattr(torch, name)) for name in NAMES},
        "uint8": torch.arange(7, dtype=torch.uint8),
        "0-dim": torch.tensor(3.5),
        "0-dim bool": torch.tensor(True),
        "empty": torch.zeros(0, 3),
        "empty int": torch.zeros(2, 0, 4, dtype=torch.int64),
        "special": torch.tensor([float("nan"), float("inf"), -0.0, 5e-324], dtype=torch.float64),
        "requires_grad": torch.ones(2, 2, requires_grad=True),
        "non-leaf": torch.ones(2, requires_grad=True) * 2,
        "shared": storages_shared(),
        "transposed": torch.randn(3, 4).t(),
        "channels_last": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
        "conjugate": torch.randn(3, dtype=torch.complex64).conj(),
        "negative": torch.randn(3, dtype=torch.complex64).conj().imag,
        "same tensor twice": (lambda x: [x, x])(torch.ones(3)),
        "plain": [1, -1, 2**40, 2**70, -(2**70), 0.1, True, None, "é\n", "", b"bytes\xff", bytearray(b"ab"), 1 + 2j],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "containers": {"a": [1, [2, (3, {"b": {4, 5}})]], 7: collections.OrderedDict(y=torch.ones(1)), (1, 2): "tuple"},
        "counter": collections.Counter("abca"),
        "torch objects": [torch.Size([2, 3]), torch.device("cpu"), torch.device("cuda", 1), torch.float16, torch.bool],
        "state": optimizer_state(),
        "deep": deep,
        "long list": list(range(3000)),
        "many keys": {str(i): i for i in range(1999)},
    }  # fmt: skip


VALUES = values()


@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
@pytest.mark.parametrize("name", VALUES)
def test_both_directions(name, options):
    value = VALUES[name]
    mine = ours(written(torch.save, value, **options))
    expected = theirs(written(torch.save, value, **options))
    if name in ("conjugate", "negative"):
        expected = expected.resolve_conj().resolve_neg().clone()
    same(mine, expected)
    mine_again = ours(written(serialization.save, mine, **options))
    same(mine_again, expected)
    same(mine, theirs(written(serialization.save, mine, **options)))


@pytest.mark.parametrize("dtype", LATER)
def test_later_dtypes(dtype):
    # PyTorch cannot read these from its own legacy files.
    value = [torch.arange(5).to(getattr(torch, dtype)), torch.zeros(0, dtype=getattr(torch, dtype))]
    mine = ours(written(torch.save, value))
    same(mine, value)
    same(mine, theirs(written(serialization.save, mine)))


# Conjugated tensors are written as what they stand for, and the order of a set is Python's affair.
@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("conjugate", "negative", "containers")])
def test_the_pickle_is_the_one_that_pytorch_writes(name):
    value = theirs(written(torch.save, VALUES[name]))
    mine = ours(written(torch.save, value))
    with (
        zipfile.ZipFile(io.BytesIO(written(serialization.save, mine))) as left,
        zipfile.ZipFile(io.BytesIO(written(torch.save, value))) as right,
    ):
        opened = [list_instructions(archive.read("archive/data.pkl")) for archive in (left, right)]
        assert opened[0] == opened[1]
        names = [entry for entry in right.namelist() if entry != "archive/.data/serialization_id"]
        assert left.namelist() == names
        for entry in names[1:]:
            assert left.read(entry) == right.read(entry)


def list_instructions(data: bytes) -> list:
    """The instructions of a pickle, apart from those that number and repeat objects."""
    import pickletools

    memo, shown, last, count = {}, [], None, 0
    for instruction, argument, _ in pickletools.genops(data):
        if "PUT" in instruction.name:
            memo[argument] = (count, last)
            continue
        if "GET" in instruction.name:
            _, (name, argument) = memo[argument]
        else:
            name = instruction.name
        last = (name, argument)
        shown.append(last)
        count += 1
    return shown


def test_parameters():
    parameter = torch.nn.Parameter(torch.randn(2, 3))
    frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    mine = ours(written(torch.save, [parameter, frozen]))
    assert all(isinstance(found, nn.Parameter) for found in mine)
    assert [found.requires_grad for found in mine] == [True, False]
    assert bits(mine[0]._data) == torch_bits(parameter)
    back = theirs(written(serialization.save, [nn.Parameter(base.wrap(np.ones(2, np.float32)))]))
    assert isinstance(back[0], torch.nn.Parameter)
    assert torch.equal(back[0], torch.ones(2))


class Block(nn.Module):
    """A module class of the program's own."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        self.activation = nn.functional.relu
        self.register_buffer("mask", base.wrap(np.ones(3)))


def network(layers):
    return layers.Sequential(
        layers.Conv2d(1, 2, 3),
        layers.BatchNorm2d(2),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dropout(),
        layers.Linear(8, 3),
    )


@pytest.mark.filterwarnings("ignore:Couldn't retrieve source code")
@pytest.mark.parametrize("options", FORMATS, ids=["zip", "legacy"])
def test_whole_modules(options):
    data = written(torch.save, network(torch.nn).eval(), **options)
    assert outcome(lambda: ours(data)) == outcome(lambda: theirs(data))
    other, mine = theirs(data, weights_only=False), ours(data, weights_only=False)
    assert repr(mine) == repr(other)
    assert not mine[1].training
    same(mine.state_dict(), other.state_dict())
    again = theirs(written(serialization.save, mine, **options), weights_only=False)
    assert repr(again) == repr(other)
    same(mine.state_dict(), again.state_dict())
    assert torch.nn.functional.relu in theirs(written(serialization.save, [nn.functional.relu]), weights_only=False)
    block = ours(written(serialization.save, Block(), **options), weights_only=False)
    assert type(block) is Block
    assert block.activation is nn.functional.relu
    assert list(block.state_dict()) == ["mask", "inner.0.weight", "inner.0.bias"]


def test_attributes_of_tensors():
    tensor = torch.ones(2)
    tensor.note = {"a": 1}
    mine = ours(written(torch.save, tensor))
    assert mine.note == {"a": 1}
    assert theirs(written(serialization.save, mine)).note == {"a": 1}


def test_storages_stay_shared():
    mine = ours(written(torch.save, storages_shared()))
    mine[0]._data[2, 3] = 99.0
    assert [99.0 in found._data for found in mine] == [True, True, False, True, True, True]
    back = theirs(written(serialization.save, mine))
    assert len({found.untyped_storage().data_ptr() for found in back}) == 1


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_storages_themselves():
    storage = torch.arange(3.0).untyped_storage()
    mine = ours(written(torch.save, [storage, torch.arange(3.0)]))
    assert mine[0].tolist() == list(storage)
    assert mine[0].dtype is dtypes.uint8
    back = theirs(written(serialization.save, [mine[0].untyped(), mine[1]]))
    assert back[0].untyped().tolist() == list(storage)


LAYOUTS = {
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "reversed": np.arange(12.0).reshape(3, 4)[::-1, ::-2],
    "broadcast": np.broadcast_to(np.arange(3.0), (4, 3)),
    "as_strided": np.lib.stride_tricks.as_strided(np.arange(12.0)[2:], (3, 3), (8, 16)),
    "part of a record": np.zeros(4, [("a", "f8"), ("b", "f4")])["a"],
    "out of step": np.zeros(4, [("a", "f8"), ("b", "f4")])["b"],
    "from bytes": np.frombuffer(np.arange(6.0).tobytes(), np.float64)[1:4],
    "real part": np.arange(4.0).astype(np.complex128).real,
    "transposed columns": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)[1:, :, ::2],
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_any_array_is_saved(name):
    array = LAYOUTS[name]
    data = written(serialization.save, base.wrap(array))
    assert torch.equal(theirs(data), torch.from_numpy(np.array(array)))
    assert np.array_equal(ours(data)._data, array)


def test_records_are_aligned(tmp_path):
    data = written(serialization.save, [base.wrap(np.ones(n, np.uint8)) for n in (1, 63, 64, 65, 1000)])
    reader = torch._C.PyTorchFileReader(io.BytesIO(data))
    assert [reader.get_record_offset(f"data/{i}") % 64 for i in range(5)] == [0] * 5
    path = tmp_path / "some.thing.pt"
    serialization.save([base.wrap(np.arange(5.0))], path)
    assert {entry.partition("/")[0] for entry in zipfile.ZipFile(path).namelist()} == {"some.thing"}
    for library in (torch, serialization):
        mapped = library.load(path, mmap=True)
        assert mapped[0].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
        mapped[0] += 1 if library is torch else 0
    before = path.read_bytes()
    mapped[0]._data[0] = 7.0
    assert path.read_bytes() == before


def test_paths_and_files(tmp_path):
    value = {"x": base.wrap(np.arange(4.0))}
    for path in (str(tmp_path / "a.pt"), tmp_path / "b", tmp_path / "ü.pt"):
        serialization.save(value, path)
        assert torch.load(path)["x"].tolist() == [0.0, 1.0, 2.0, 3.0]
        assert serialization.load(path)["x"].tolist() == [0.0, 1.0, 2.0, 3.0]
    with open(tmp_path / "c", "wb") as file:
        file.write(b"in front")
        serialization.save(value, file)
    with open(tmp_path / "c", "rb") as file:
        file.seek(8)
        assert serialization.load(file)["x"].tolist() == [0.0, 1.0, 2.0, 3.0]

    class Sink:
        data = b""

        def write(self, data):
            self.data += bytes(data)
            return len(data)

        def flush(self):
            pass

    sink = Sink()
    serialization.save(value, sink)
    assert theirs(sink.data)["x"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_file_is_replaced_only_when_the_new_one_is_complete(tmp_path):
    path = tmp_path / "model.pt"
    serialization.save([1, 2], path)
    os.chmod(path, 0o640)
    with pytest.raises(TypeError):
        serialization.save([base.wrap(np.ones(3)), (i for i in ())], path)
    assert serialization.load(path) == [1, 2]
    assert os.listdir(tmp_path) == ["model.pt"]
    link = tmp_path / "link.pt"
    link.symlink_to(path)
    serialization.save([3], link)
    assert link.is_symlink()
    assert serialization.load(path) == [3]
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.pt", "model.pt"]


class NoWrite:
    write = 3


class NoSeek:
    def read(self, count):
        return b""


@pytest.mark.parametrize(
    "call",
    [
        lambda library, folder: library.save(1, folder / "none" / "x.pt"),
        lambda library, folder: library.save(1, str(folder)),
        lambda library, folder: library.save(1, 5),
        lambda library, folder: library.save(1, NoWrite()),
        lambda library, folder: library.save((i for i in ()), io.BytesIO()),
        lambda library, folder: library.load(folder / "none"),
        lambda library, folder: library.load(folder),
        lambda library, folder: library.load(5),
        lambda library, folder: library.load(NoSeek()),
        lambda library, folder: library.load(io.BytesIO(b"")),
        lambda library, folder: library.load(io.BytesIO(b""), weights_only=False),
        lambda library, folder: library.load(io.BytesIO(b"hello world, this is text")),
        lambda library, folder: library.load(io.BytesIO(pickle.dumps({"a": 1}, 2))),
        lambda library, folder: library.load(io.BytesIO(pickled(serialization.MAGIC_NUMBER, 5))),
        lambda library, folder: library.load(io.BytesIO(TWO), mmap=True),
        lambda library, folder: library.load(io.BytesIO(TWO), pickle_module=pickle, weights_only=True),
        lambda library, folder: library.load(folder / "x.safetensors"),
        lambda library, folder: ((folder / "old").write_bytes(OLD), library.load(str(folder / "old"), mmap=True)),
        lambda library, folder: ((folder / "tar").write_bytes(tar_file()), library.load(folder / "tar")),
    ],
)  # fmt: skip
def test_wrong_calls(call, tmp_path):
    assert outcome(lambda: call(serialization, tmp_path)) == outcome(lambda: call(torch, tmp_path))


def tar_file() -> bytes:
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return data.getvalue()


def test_texts_of_python_2():
    data = repacked(data_pkl=b"\x80\x02U\x02\xc3\xa9.")
    for encoding in ("latin1", "utf-8", "bytes", "ascii"):
        options = {"weights_only": False, "encoding": encoding}
        assert outcome(partial(ours, data, **options)) == outcome(partial(theirs, data, **options))


def test_types_that_disagree_about_memory():
    array = np.ones(4, np.float32)
    with pytest.raises(RuntimeError) as mine:
        serialization.save([base.wrap(array), base.wrap(array.view(np.int32))], io.BytesIO())
    tensor = torch.ones(4)
    with pytest.raises(RuntimeError) as expected:
        torch.save([tensor, tensor.view(torch.int32)], io.BytesIO())
    assert str(mine.value) == str(expected.value)


def test_addresses_that_are_used_again_are_not_mixed_up():
    values = [base.wrap(np.arange(64.0)[::-1]) for _ in range(30)]
    gc.collect()
    found = ours(written(serialization.save, values))
    found[0]._data[0] = -1.0
    assert [x._data[0] for x in found] == [-1.0] + [63.0] * 29
