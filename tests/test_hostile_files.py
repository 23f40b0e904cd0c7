"""Files that want more than weights do no harm, and are refused in PyTorch's words."""

import collections
import io
import os
import pickle
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from saving import OLD, Attack, ours, outcome, pickled, repacked, theirs, written

from rushlight import serialization

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
