"""Saving and loading: files go both ways between PyTorch and us, and files that are damaged or hostile do no harm."""

import collections
import contextlib
import copy
import gc
import io
import os
import pickle
import struct
import zipfile
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rushlight import _utils, base, devices, dtypes, nn, serialization
from rushlight.storage import StorageType, TypedStorage, UntypedStorage, is_storage, storage_of
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


def optimizer_state() -> dict:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.25}


def storages_shared() -> list:
    whole = torch.arange(24.0).reshape(4, 6)
    return [whole, whole.t(), whole[1:3, ::2], whole.reshape(-1)[5:], whole[2, 3], whole.expand(2, 4, 6)]


NAMES = [dtype._name for dtype in dtypes.ALL if not dtype._name.startswith("uint")]


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


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
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


def outcome(action) -> str:
    """What an action returns or raises, as text."""
    try:
        return repr(action())
    except Exception as error:
        return f"{type(error).__module__}.{type(error).__name__}: {error}".replace("_pickle.", "pickle.")


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


def pickled(*values) -> bytes:
    return b"".join(pickle.dumps(value, 2) for value in values)


def tar_file() -> bytes:
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return data.getvalue()


TWO = written(torch.save, {"a": torch.arange(100.0), "b": torch.ones(3)})
OLD = written(torch.save, {"a": torch.arange(100.0), "b": torch.ones(3)}, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("length", [4, 10, 21, 22, 100, 500, len(TWO) - 200, len(TWO) - 30, len(TWO) - 1])
def test_truncated_archives(length):
    assert outcome(lambda: ours(TWO[:length])) == outcome(lambda: theirs(TWO[:length]))


@pytest.mark.parametrize("length", [4, 20, 50, 100, 200, len(OLD) - 100, len(OLD) - 1])
def test_truncated_legacy_files(length):
    assert outcome(lambda: ours(OLD[:length])) == outcome(lambda: theirs(OLD[:length]))


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


@pytest.mark.parametrize("name", zipfile.ZipFile(io.BytesIO(TWO)).namelist())
def test_missing_records(name):
    data = repacked(drop=name.partition("/")[2])
    assert outcome(lambda: ours(data)) == outcome(lambda: theirs(data))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "changed",
    [
        {"data_0": b"1234"},
        {"data_0": b"1" * 4000},
        {"byteorder": b"middle"},
        {"byteorder": b"big"},
        {"version": b"99\n"},
        {"version": b"0\n"},
        {"version": b"x\n"},
        {"data_pkl": b""},
        {"data_pkl": b"\x80\x02."},
        {"data_pkl": b"\x80\x02h\x05."},
        {"data_pkl": pickle.dumps({"a": 1}, 4)},
        {"data_pkl": zipfile.ZipFile(io.BytesIO(TWO)).read("archive/data.pkl")[:50]},
        {"extra": b""},
        {"elsewhere": b""},
        {"method": zipfile.ZIP_DEFLATED},
    ],
    ids=str,
)
def test_changed_records(changed):
    data = repacked(**changed)
    assert outcome(lambda: ours(data)) == outcome(lambda: theirs(data))


def test_a_zip_that_is_no_archive():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("version", "3")
    assert outcome(lambda: ours(data.getvalue())) == outcome(lambda: theirs(data.getvalue()))


@pytest.mark.parametrize("change", [(0, 50), (1, 1)])
def test_legacy_storage_of_another_size(change):
    place = OLD.index(np.arange(100.0, dtype=np.float32).tobytes()) - 8
    data = bytearray(OLD)
    data[place + change[0]] = change[1]
    assert outcome(lambda: ours(bytes(data))) == outcome(lambda: theirs(bytes(data)))


PICKLES = {
    "reduce of a number": b"\x80\x02K\x05)R.",
    "reduce of a list": b"\x80\x02](K\x01e)R.",
    "build of a number": b"\x80\x02K\x05}b.",
    "new object of a number": b"\x80\x02K\x05)\x81.",
    "append to a dict": b"\x80\x02}K\x01a.",
    "appends to a dict": b"\x80\x02}(K\x01e.",
    "set item of a list": b"\x80\x02]K\x01K\x02s.",
    "set items of a list": b"\x80\x02](K\x01K\x02u.",
    "persistent id of text": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "persistent id of another kind": b"\x80\x02X\x01\x00\x00\x00a\x85Q.",
    "text instruction": b"\x80\x02I5\n.",
    "old persistent id": b"\x80\x02P.",
    "system": b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    "os.system": b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    "sys": b"\x80\x02csys\nexit\n)R.",
    "eval": b"\x80\x02c__builtin__\neval\nX\x03\x00\x00\x001+1\x85R.",
    "builtins.exec": b"\x80\x02cbuiltins\nexec\nX\x03\x00\x00\x001+1\x85R.",
    "getattr": b"\x80\x02cbuiltins\ngetattr\n.",
    "subprocess": b"\x80\x02csubprocess\nPopen\nX\x02\x00\x00\x00ls\x85R.",
    "Fraction": pickle.dumps(Fraction(1, 2), 2),
    "slice": pickle.dumps(slice(1), 2),
    "torch.nn": b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81.",
    "torch.load": b"\x80\x02ctorch.serialization\nload\nX\x01\x00\x00\x00a\x85R.",
    "from type": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n.",
    "unbalanced": b"\x80\x02(K\x01t0.",
    "mark missing": b"\x80\x02t.",
    "memo missing": b"\x80\x02j\x01\x00\x00\x00.",
    "number cut off": b"\x80\x02J\x01.",
    "text cut off": b"\x80\x02X\xff\xff\xff\xffabc.",
    "text not utf-8": b"\x80\x02X\x01\x00\x00\x00\xff.",
    "unhashable key": b"\x80\x02}]K\x01s.",
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_are_refused_in_the_same_words(name):
    data = repacked(data_pkl=PICKLES[name])
    expected = outcome(lambda: theirs(data))
    if name == "from type":
        expected = expected.split("<function")[0]
    assert outcome(lambda: ours(data)).startswith(expected)


class Attack:
    """Pickles as a call that would leave a file behind."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


class Stateful:
    """Pickles as an object with a state; its class belongs to the test, not to what may be loaded."""

    def __setstate__(self, state):
        Path(state["path"]).touch()


def attacks(path: Path) -> list:
    command = f"touch {path}"
    stateful = Stateful()
    stateful.path = str(path)
    return [
        Attack(os.system, command),
        Attack(eval, f"open({str(path)!r}, 'w')"),
        Attack(exec, f"open({str(path)!r}, 'w')"),
        Attack(open, str(path), "w"),
        Attack(Path.touch, path),
        Attack(getattr, path, "touch"),
        Attack(__import__, "antigravity"),
        Attack(np.memmap, str(path), "u1", "w+", 0, (3,)),
        Attack(io.FileIO, str(path), "w"),
        Attack(torch.save, 1, str(path)),
        Attack(serialization.save, 1, str(path)),
        Attack(serialization.load, str(path)),
        Attack(type, "T", (), {}),
        Attack(collections.defaultdict, Attack(eval, "print")),
        Attack(collections.namedtuple, "a", "b"),
        stateful,
        np.array([Attack(os.system, command)], dtype=object),
        {"nested": [(Attack(os.system, command),)]},
    ]


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("index", range(len(attacks(Path("x")))))
def test_no_file_runs_code(index, weights_only, tmp_path):
    target = tmp_path / "proof"
    for protocol in (2, 4):
        attack = pickle.dumps({"a": 1, "b": attacks(target)[index]}, protocol)
        archive = repacked(data_pkl=attack)
        legacy = pickled(serialization.MAGIC_NUMBER, 1001, {}) + attack
        for data in (archive, legacy, attack):
            with pytest.raises(pickle.UnpicklingError):
                ours(data, weights_only=weights_only)
            assert not target.exists()


def test_what_is_refused_is_named():
    with pytest.raises(pickle.UnpicklingError, match=r"runs no code from a file.*subprocess\.Popen"):
        ours(repacked(data_pkl=PICKLES["subprocess"]), weights_only=False)


def test_plain_data_is_loaded_where_more_than_weights_is_wanted():
    import datetime
    import decimal

    value = [
        np.arange(6, dtype=np.float32).reshape(2, 3), np.array(["a", "bc"]), np.float64(2.5), np.int8(-1), np.zeros(0),
        np.asfortranarray(np.ones((2, 3))), np.bool_(True), slice(1, 2, 3), range(4), frozenset({1, 2}), {1, 2},
        Fraction(1, 2), decimal.Decimal("1.5"), datetime.datetime(2020, 1, 2, 3, 4), datetime.timedelta(1), Path("a"),
        collections.deque([1, 2], 5), collections.defaultdict(list, a=[1]), b"abc", bytearray(b"x"), 10**100, -5,
        "text" * 100, {3: {4}}, True, None, 2.5, collections.Counter("ab"),
    ]  # fmt: skip
    for protocol in range(6):
        found = ours(repacked(data_pkl=pickle.dumps(value, protocol)), weights_only=False)
        expected = pickle.loads(pickle.dumps(value, protocol))
        assert [type(x) for x in found] == [type(x) for x in expected]
        assert [repr(x) for x in found] == [repr(x) for x in expected]


def test_self_reference():
    value: list = [1, {"a": 2}]
    value.append(value)
    found = ours(written(torch.save, value))
    assert found[2] is found


def test_safe_globals(tmp_path):
    data = repacked(data_pkl=pickle.dumps([Fraction(1, 2)], 2))
    for options in ({}, {"weights_only": True}):
        with serialization.safe_globals([Fraction]):
            assert ours(data, **options) == [Fraction(1, 2)]
            assert serialization.get_safe_globals() == [Fraction]
        with pytest.raises(pickle.UnpicklingError):
            ours(data, **options)
    serialization.add_safe_globals([(Fraction, "other.name"), Stateful])
    renamed = repacked(data_pkl=b"\x80\x02cother\nname\nK\x03\x85R.")
    assert ours(renamed) == Fraction(3)
    stateful = Stateful()
    stateful.path = str(tmp_path / "proof")
    assert isinstance(ours(repacked(data_pkl=pickle.dumps(stateful, 2))), Stateful)
    assert (tmp_path / "proof").exists()
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []
    # What PyTorch blocks stays blocked, whoever allows it.
    with serialization.safe_globals([os.system]), torch.serialization.safe_globals([os.system]):
        system = repacked(data_pkl=PICKLES["system"])
        assert outcome(lambda: ours(system)) == outcome(lambda: theirs(system))


def test_names_in_a_file():
    data = repacked(data_pkl=pickle.dumps([Fraction(1, 2), slice(1), collections.OrderedDict()], 2))
    expected = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)))
    assert sorted(serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data))) == expected
    for wrong in (OLD, repacked(extra=b"")):
        mine, other = (
            outcome(partial(library.get_unsafe_globals_in_checkpoint, io.BytesIO(wrong)))
            for library in (serialization, torch.serialization)
        )
        assert mine == other


def crafted(offset, size, stride) -> bytes:
    """An archive whose tensor claims a layout of its own."""
    storage = ("storage", torch.FloatStorage, "1", "cpu", 3)

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            return storage if isinstance(value, Path) else None

    data = io.BytesIO()
    rebuild = Attack(torch._utils._rebuild_tensor_v2, Path(), offset, size, stride, False, collections.OrderedDict())
    Pickler(data, 2).dump(rebuild)
    return repacked(data_pkl=data.getvalue())


@pytest.mark.parametrize(
    "layout", [(-1, (2,), (1,)), (0, (2,), (1, 1)), (0, (2,), (-1,)), (0, (-2,), (1,)), (0, (2**62, 2**62), (0, 0))]
)
def test_layouts_that_make_no_sense(layout):
    assert outcome(lambda: ours(crafted(*layout))) == outcome(lambda: theirs(crafted(*layout)))


@pytest.mark.parametrize(
    "layout", [(0, (4,), (1,)), (3, (1,), (1,)), (0, (2, 2), (2, 1)), (0, (2,), (2**40,)), (2**50, (), ())]
)
def test_layouts_that_reach_outside_the_storage(layout):
    # PyTorch enlarges the storage, with whatever lies in memory.
    with pytest.raises(RuntimeError, match="out of bounds for storage of size 12"):
        ours(crafted(*layout))


@pytest.mark.parametrize(
    "layout", [("a", (2,), (1,)), (0, 2, 1), (0, (2.5,), (1,)), (0, ("x",), (1,)), (0, (True,), (1,))]
)
def test_layouts_of_wrong_types(layout):
    with pytest.raises(TypeError):
        ours(crafted(*layout))


@pytest.mark.parametrize(
    "layout", [(0, (3,), (1,)), (1, (2,), (1,)), (2, (), ()), (0, (2, 2), (1, 1)), (0, (5, 3), (0, 1)), (7, (0,), (1,))]
)
def test_layouts_that_fit(layout):
    found = ours(crafted(*layout))
    assert found.tolist() == theirs(crafted(*layout)).tolist()
    assert tuple(found.shape) == layout[1]


def test_references_to_storages_that_are_damaged():
    for count in (-1, 2.0, None):
        data = io.BytesIO()

        class Pickler(pickle._Pickler):
            def persistent_id(self, value, count=count):
                return ("storage", torch.FloatStorage, "1", "cpu", count) if isinstance(value, Path) else None

        Pickler(data, 2).dump([Path()])
        with pytest.raises(pickle.UnpicklingError, match="damaged"):
            ours(repacked(data_pkl=data.getvalue()))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(st.sampled_from([TWO, OLD]), st.integers(0), st.integers(0, 255), st.sampled_from([True, False]))
def test_damage_anywhere_is_survived(data, place, value, weights_only):
    damaged = bytearray(data)
    damaged[place % len(damaged)] = value
    allowed = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError, AssertionError)
    with contextlib.suppress(*allowed, pickle.UnpicklingError, struct.error):
        ours(bytes(damaged), weights_only=weights_only)


@pytest.mark.parametrize(
    "location",
    [
        "cpu",
        "cuda",
        "cuda:3",
        "cuda:x",
        "xx",
        "cpu:0",
        "xpu",
        "hpu",
        "privateuseone",
        "xla",
        5,
        {"cpu": "cuda:0"},
        {"cuda": "cpu"},
    ],
    ids=str,
)
def test_map_location(location):
    def shown(library, data):
        return library.load(io.BytesIO(data), map_location=location)["b"]

    assert outcome(lambda: shown(serialization, TWO)) == outcome(lambda: shown(torch, TWO))
    if isinstance(location, str):
        assert outcome(lambda: ours(OLD, map_location=devices.device("cpu"))["b"]) == outcome(lambda: theirs(OLD)["b"])


def test_map_location_function():
    seen: list = []
    ours(TWO, map_location=lambda storage, location: seen.append((type(storage), storage.nbytes(), location)))
    assert seen == [(UntypedStorage, 400, "cpu"), (UntypedStorage, 12, "cpu")]
    mine = ours(TWO, map_location=lambda storage, location: UntypedStorage(np.zeros(storage.nbytes(), np.uint8)))
    assert not mine["a"]._data.any()
    assert ours(TWO, map_location=lambda storage, location: storage)["b"].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(TypeError) as error:
        ours(TWO, map_location=lambda storage, location: 5)
    with pytest.raises(TypeError) as expected:
        theirs(TWO, map_location=lambda storage, location: 5)
    assert str(error.value) in str(expected.value)


def test_files_saved_on_a_device_that_is_not_here():
    data = repacked(
        data_pkl=zipfile.ZipFile(io.BytesIO(TWO))
        .read("archive/data.pkl")
        .replace(b"\x03\x00\x00\x00cpu", b"\x06\x00\x00\x00cuda:0")
    )
    assert outcome(lambda: ours(data)) == outcome(lambda: theirs(data))
    assert ours(data, map_location="cpu")["b"].tolist() == [1.0, 1.0, 1.0]


def test_register_package():
    calls: list = []

    def restore(storage, location):
        calls.append(location)
        return storage if location == "mine" else None

    serialization.register_package(5, lambda storage: None, restore)
    try:
        assert ours(TWO, map_location="mine")["b"].tolist() == [1.0, 1.0, 1.0]
        assert calls == ["mine", "mine"]
    finally:
        serialization._packages.clear()


def test_environment(monkeypatch):
    data = repacked(data_pkl=pickle.dumps([Fraction(1, 2)], 2))
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.warns(UserWarning, match="TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"):
        assert ours(data) == [Fraction(1, 2)]
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    assert outcome(lambda: ours(data)) == outcome(lambda: theirs(data))
    monkeypatch.delenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    with pytest.raises(pickle.UnpicklingError):
        ours(data, weights_only=False)


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
