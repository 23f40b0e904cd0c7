"""Files are loaded onto the device that is asked for."""

import io
import pickle
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import torch
from saving import OLD, TWO, ours, outcome, repacked, theirs

from rushlight import devices, serialization
from rushlight.storage import UntypedStorage


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
