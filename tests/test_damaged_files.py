"""Files that are damaged, or whose parts contradict each other, are refused as PyTorch refuses them."""

import collections
import contextlib
import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from saving import OLD, TWO, Attack, ours, outcome, repacked, theirs


@pytest.mark.parametrize("length", [4, 10, 21, 22, 100, 500, len(TWO) - 200, len(TWO) - 30, len(TWO) - 1])
def test_truncated_archives(length):
    assert outcome(lambda: ours(TWO[:length])) == outcome(lambda: theirs(TWO[:length]))


@pytest.mark.parametrize("length", [4, 20, 50, 100, 200, len(OLD) - 100, len(OLD) - 1])
def test_truncated_legacy_files(length):
    assert outcome(lambda: ours(OLD[:length])) == outcome(lambda: theirs(OLD[:length]))


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
