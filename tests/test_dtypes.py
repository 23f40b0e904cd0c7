"""dtypes, finfo and iinfo, Size and device against PyTorch's: values, texts and errors."""

import copy
import pickle

import numpy as np
import pytest
import torch

from rushlight import base, devices, dtypes

NAMES = [d._name for d in dtypes.ALL]


def outcome(make) -> str:
    """The text of a value, or the type and message of the exception in its place."""
    try:
        return repr(make())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def both(expression: str, ours: dict, theirs: dict) -> None:
    """Evaluates an expression in two namespaces and compares what comes out."""
    common = {"pickle": pickle, "copy": copy, "np": np}
    expected = outcome(lambda: eval(expression, common | theirs))
    assert outcome(lambda: eval(expression, common | ours)) == expected


def pair(name: str) -> tuple[dict, dict]:
    functions = ("promote_types", "can_cast", "finfo", "iinfo", "set_default_dtype", "get_default_dtype")
    ours = {"d": getattr(dtypes, name + "_" * (name == "bool"))} | {f: getattr(dtypes, f) for f in functions}
    theirs = {"d": getattr(torch, name)} | {f: getattr(torch, f) for f in functions}
    return ours, theirs


@pytest.fixture(autouse=True)
def default_dtype():
    yield
    torch.set_default_dtype(torch.float32)
    dtypes.set_default_dtype(dtypes.float32)


DTYPE_EXPRESSIONS = [
    "d",
    "str(d)",
    "f'{d}'",
    "d.is_floating_point",
    "d.is_complex",
    "d.is_signed",
    "d.itemsize",
    "d.to_real()",
    "pickle.loads(pickle.dumps(d)) is d",
    "copy.copy(d) is d",
    "copy.deepcopy(d) is d",
    "{d: 1}[d]",
    "d == d, d != d, d == 'float32'",
    "finfo(d)",
    "iinfo(d)",
    *[f"finfo(d).{name}" for name in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")],
    *[f"iinfo(d).{name}" for name in ("bits", "max", "min", "dtype")],
    "set_default_dtype(d), get_default_dtype(), finfo()",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("expression", DTYPE_EXPRESSIONS)
def test_a_dtype(name, expression):
    both(expression, *pair(name))


@pytest.mark.parametrize("name", NAMES)
def test_to_complex(name):
    both("d.to_complex()", *pair(name))


@pytest.mark.parametrize("name", NAMES)
def test_promotion(name):
    ours, theirs = pair(name)
    for other in NAMES:
        also_ours, also_theirs = pair(other)
        for expression in ("promote_types(d, e)", "can_cast(d, e)"):
            both(expression, ours | {"e": also_ours["d"]}, theirs | {"e": also_theirs["d"]})


@pytest.mark.parametrize(
    "expression",
    [
        "finfo(3)",
        "finfo('float32')",
        "finfo(None)",
        "finfo(float)",
        "finfo(complex)",
        "finfo(int)",
        "finfo(type=d)",
        "iinfo()",
        "iinfo(3)",
        "iinfo(int)",
        "iinfo(bool)",
        "iinfo(float)",
        "finfo(d) == finfo(d), finfo(d) != finfo(d), finfo(d) == 3",
        "setattr(finfo(d), 'eps', 1)",
        "setattr(finfo(d), 'other', 1)",
        "finfo(d).other",
        "hash(finfo(d))",
        "pickle.dumps(finfo(d))",
        "promote_types(3, d)",
        "promote_types(d, 'float32')",
        "promote_types(float, d), promote_types(d, int)",
        "can_cast(3, d)",
        "can_cast(d, None)",
        "set_default_dtype(3)",
        "set_default_dtype('float64')",
    ],
)
def test_arguments(expression):
    both(expression, *pair("float32"))


def test_finfo_of_a_complex_type_is_that_of_its_real_type():
    both("finfo(d) == finfo(float)", *pair("complex128"))
    both("finfo(d) == finfo(float)", *pair("complex64"))


DEVICES = [
    *["'cpu'", "'cuda'", "'cuda:0'", "'cuda:1'", "'cuda:01'", "'cuda:'", "'cuda:x'", "'cuda:-1'", "'cuda', 1"],
    *[
        "'cuda:1', 1",
        "'cpu', 0",
        "'cpu', -1",
        "'cpu:0'",
        "'CPU'",
        "''",
        "':'",
        "'cpu:1:2'",
        "'foo'",
        "'foo:1'",
        "'fo o'",
    ],
    *[
        "'meta'",
        "'mps'",
        "'xpu:3'",
        "'xla'",
        "'mtia'",
        "'hpu'",
        "'privateuseone:1'",
        "'cuda: 1'",
        "'cuda:1 '",
        "' cpu'",
    ],
    *["'cuda:+1'", "'cuda1'", "0", "1", "-1", "True", "1.5", "None", "", "'cpu', '0'", "'cpu', None", "'cpu', 1.0"],
    *["'cuda', True", "b'cpu'", "'cuda:99999999999999999999'", "['cpu']", "('cpu',)", "'cpu', 0, 1"],
    *["type='cuda', index=2", "device='cuda:3'", "index=2", "'cuda', index=2", "foo=2"],
    *["device('cuda:1')", "device('cuda:1'), 0"],
]


@pytest.mark.parametrize("arguments", DEVICES)
def test_device(arguments):
    ours, theirs = {"device": devices.device}, {"device": torch.device}
    both(f"device({arguments})", ours, theirs)
    both(f"(lambda d: (str(d), d.type, d.index))(device({arguments}))", ours, theirs)


@pytest.mark.parametrize(
    "expression",
    [
        "[(device(a) == device(b), device(a) != device(b)) for a in names for b in names]",
        "[[names.index(str(d)) for d in sorted({device(a) for a in names + names}, key=str)]]",
        "[device(a) == a for a in names]",
        "[pickle.loads(pickle.dumps(device(a))) for a in names]",
        "[copy.deepcopy(device(a)) for a in names]",
        "f'{device(names[1])} {device(names[1])!r}'",
        "device('cpu') < device('cuda')",
        "setattr(device('cpu'), 'type', 'cuda')",
        "setattr(device('cpu'), 'index', 1)",
        "setattr(device('cpu'), 'other', 1)",
    ],
)
def test_devices_as_values(expression):
    names = ["cpu", "cpu:0", "cuda", "cuda:0", "cuda:1"]
    both(expression, {"device": devices.device, "names": names}, {"device": torch.device, "names": names})


def test_default_device():
    assert devices.get_default_device() == devices.device("cpu")
    with devices.device("cuda:1") as chosen:
        assert chosen.index == 1
        with pytest.raises(AssertionError) as ours:
            devices.get_default_device()
        with devices.device("cpu"):
            assert devices.get_default_device() == devices.device("cpu")
        with pytest.raises(AssertionError):
            devices.check(None)
    assert devices.check(None) is devices.cpu
    with pytest.raises(AssertionError) as theirs:
        torch.zeros(1, device="cuda:1")
    assert str(ours.value) == str(theirs.value)
    devices.set_default_device("cpu")
    devices.set_default_device(None)
    assert devices.get_default_device() == devices.device("cpu")


@pytest.mark.parametrize(
    "expression",
    [
        *["S()", "S([2, 3])", "S((2, 3))", "S([2, 3.0])", "S(['a'])", "S(3)", "S(None)", "S([True, 2])", "S('ab')"],
        *["S({1: 2})", "S(range(3))", "S(S([1, 2]))", "S([-1])", "S([np.int64(2)])", "S([np.float32(2)])"],
        *["S([2, 3]) + S([4])", "S([2, 3]) + (4,)", "(4,) + S([2, 3])", "S([2]) + [4]", "S([2]) + (1.5,)"],
        *["(1.5,) + S([2])", "S([1, 2]) + None", "sum((S([1]), S([2])), S())", "S([2, 3]) * 2", "2 * S([2, 3])"],
        *["S([2, 3]) * 2.0", "S([2, 3]) * S([2])", "S([2, 3])[0]", "S([2, 3])[-1]", "S([2, 3])[5]", "S([2, 3])[:1]"],
        *["S([2, 3])[::-1]", "S([2, 3])['a']", "S([2, 3]) == (2, 3)", "S([2, 3]) == [2, 3]", "(2, 3) == S([2, 3])"],
        *["S([2, 3]) < (3,)", "hash(S([2, 3])) == hash((2, 3))", "S([2, 3]).numel()", "S([]).numel()"],
        *["S([0, 3]).numel()", "S([2, 3]).count(2)", "S([2, 3]).index(3)", "S([2, 3]).index(9)", "len(S([2, 3]))"],
        *["list(S([2, 3]))", "tuple(S([2, 3]))", "str(S([2, 3]))", "f'{S([2, 3])}'", "'%s' % (S([2, 3]),)"],
        *["2 in S([2, 3])", "bool(S())", "max(S([2, 3]))", "copy.copy(S([2, 3]))", "copy.deepcopy(S([2, 3]))"],
        *["pickle.loads(pickle.dumps(S([2, 3])))", "isinstance(S([2]), tuple)", "(lambda *a: a)(*S([2, 3]))"],
        "[type(x) is S for x in (S([2])[:1], S([2]) + (1,), (1,) + S([2]), S([2]) * 2, 2 * S([2]), copy.copy(S()))]",
    ],
)
def test_size(expression):
    both(expression, {"S": base.Size}, {"S": torch.Size})
