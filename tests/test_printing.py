"""The text of tensors against PyTorch's own, on arrays of every dtype and under every printing option."""

import math

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rushlight import base, dtypes, printing
from rushlight.tensor import Tensor

DTYPES = [
    np.bool_,
    np.uint8,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.float16,
    ml_dtypes.bfloat16,
    np.float32,
    np.float64,
    np.complex64,
    np.complex128,
]

OPTIONS = [
    {},
    {"precision": 2},
    {"precision": 0},
    {"precision": 10, "linewidth": 60},
    {"threshold": 5},
    {"threshold": 0},
    {"threshold": 5, "edgeitems": 1},
    {"threshold": 5, "edgeitems": 2, "linewidth": 30},
    {"threshold": 5, "edgeitems": 0},
    {"linewidth": 20},
    {"linewidth": 1},
    {"linewidth": 200},
    {"sci_mode": True},
    {"sci_mode": False},
    {"sci_mode": True, "precision": 1},
    {"profile": "short"},
    {"profile": "full"},
    {"profile": "default"},
    {"profile": "short", "threshold": 8, "precision": 3},
    {"profile": "unknown"},
]


@pytest.fixture(autouse=True)
def default_options():
    torch.set_printoptions(profile="default")
    printing.set_printoptions(profile="default")
    yield
    torch.set_printoptions(profile="default")
    printing.set_printoptions(profile="default")


def to_torch(array: np.ndarray) -> torch.Tensor:
    array = np.array(array, order="C")
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def expected(array: np.ndarray, indent: int = 7) -> str:
    """PyTorch's text between "tensor(" and the suffixes; for an empty tensor just the brackets."""
    return torch._tensor_str._tensor_str(to_torch(array), indent)


def set_both(options: dict) -> None:
    torch.set_printoptions(**options)
    printing.set_printoptions(**options)


def same(array: np.ndarray, indent: int = 7) -> None:
    assert printing.format_array(array, indent) == expected(array, indent)


def sample(dtype, shape, seed: int) -> np.ndarray:
    """Values of many magnitudes, some of them special, in the given dtype."""
    rng = np.random.default_rng(seed)
    kind = seed % 6

    def real() -> np.ndarray:
        normal = rng.standard_normal(shape)
        if kind == 0:
            return normal
        if kind == 1:
            return np.round(normal * 10)
        if kind == 2:
            return normal * 10.0 ** rng.integers(-9, 9, shape)
        if kind == 3:
            special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.5])
            return special[rng.integers(0, len(special), shape)]
        if kind == 4:
            return np.round(normal * 1e6)
        return np.where(rng.random(shape) < 0.3, np.nan, np.round(normal * 3))

    dtype = np.dtype(dtype)
    with np.errstate(all="ignore"):
        if dtype.kind == "b":
            return np.asarray(rng.random(shape) < 0.5)
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            low, high = [(-5, 5), (info.min, info.max), (-1000, 1000)][seed % 3]
            low, high = max(low, info.min), min(high, info.max)
            return np.asarray(rng.integers(low, high, shape, dtype=dtype, endpoint=True))
        if dtype.kind == "c":
            return np.asarray(real() + 1j * rng.standard_normal(shape) * 10.0 ** (seed % 4)).astype(dtype)
        return np.asarray(real()).astype(dtype)


SHAPES = [
    (),
    (1,),
    (7,),
    (30,),
    (1, 1),
    (3, 4),
    (2, 30),
    (2, 3, 4),
    (7, 1, 9),
    (1, 2, 1, 3),
    (2, 2, 2, 2, 2),
    (1, 1, 1, 25),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
def test_every_dtype_and_shape(dtype):
    for seed, shape in enumerate(SHAPES * 6):
        same(sample(dtype, shape, seed))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options):
    set_both({"precision": 5, "sci_mode": True})
    set_both(options)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    for seed, shape in enumerate([*SHAPES, (9, 9), (4, 7, 8), (20, 1, 3)]):
        for dtype in (np.bool_, np.int64, np.float16, np.float32, np.float64, np.complex128):
            same(sample(dtype, shape, seed), indent=seed)


@pytest.mark.parametrize(
    "shape", [(1001,), (1000,), (40, 40), (3, 400), (400, 3), (12, 13, 14), (2, 3, 500), (6, 7, 7, 7)], ids=str
)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: np.dtype(dtype).name)
def test_summaries(dtype, shape):
    for seed in range(3):
        same(sample(dtype, shape, seed))


def test_only_what_is_shown_decides_the_style():
    array = np.ones((2000,))
    array[1000] = 1e-9
    same(array)
    array[1999] = 0.5
    same(array)


HAND_PICKED = [
    [1e8, 1.0],
    [1e8 + 1, 1e8],
    [100000000.0],
    [100000001.0],
    [1e-4, 0.01],
    [0.99e-4, 0.01],
    [1000.0, 1.0],
    [1001.0, 1.0],
    [1000.5, 1.0],
    [0.1, 100.0],
    [0.1, 100.1],
    [5e-324, 1.0],
    [5e-324],
    [1.7976931348623157e308, 5e-324],
    [1e-310, 2e-310],
    [0.0, -0.0],
    [-0.0],
    [-0.0, 1.0],
    [math.nan],
    [math.nan, 1.0],
    [math.nan, -1.5, math.inf],
    [-math.inf, math.inf, 123456.0],
    [-math.inf, 0.5, -0.0],
    [math.inf, 1e20],
    [0.00005, math.inf],
    [0.5, 1.5, 2.5, 0.125],
    [0.00005, 0.000049],
    [9.99995, 99.99995],
    [16777217.0, 3.0],
    [12345.678, 1.0],
    [1e300, math.nan],
]


@pytest.mark.parametrize("values", HAND_PICKED, ids=str)
def test_hand_picked_floats(values):
    for options in ({}, {"sci_mode": True}, {"sci_mode": False}, {"precision": 1}):
        set_both(options)
        for dtype in (np.float64, np.float32, np.float16, ml_dtypes.bfloat16):
            with np.errstate(all="ignore"):
                array = np.array(values).astype(dtype)
                same(array)
                same(array.reshape(-1, 1))
                same(array[0].reshape(()))


@pytest.mark.parametrize("values", HAND_PICKED, ids=str)
def test_hand_picked_complex(values):
    array = np.empty((len(values), 2), np.complex128)
    array.real = np.array(values)[:, None]
    array.imag = [1.0, -2.5]
    same(array)
    array.real, array.imag = array.imag, array.real.copy()
    same(array)
    same(array[0, 0].reshape(()))
    with np.errstate(all="ignore"):
        same(array.astype(np.complex64))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)], ids=str)
def test_no_elements(shape):
    for dtype in DTYPES:
        same(np.zeros(shape, dtype))


def test_strided_views():
    array = np.arange(60.0).reshape(3, 4, 5) / 7
    for view in (array.T, array[::-1, ::2], array[:, 1], np.broadcast_to(array[0], (2, 4, 5))):
        same(view)


def test_a_large_tensor_is_not_formatted_whole(monkeypatch):
    seen = []
    original = printing._float_texts
    monkeypatch.setattr(printing, "_float_texts", lambda values: seen.append(values.size) or original(values))
    same(np.random.default_rng(0).random((300, 400, 50)))
    assert seen == [6**3]


def test_printoptions_restores():
    set_both({"precision": 7, "edgeitems": 1})
    array = np.random.default_rng(0).random((2, 2000))
    with printing.printoptions(precision=2, threshold=10), torch._tensor_str.printoptions(precision=2, threshold=10):
        same(array)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    same(array)
    with pytest.raises(TypeError), printing.printoptions(wrong=1):
        pass
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()


@settings(max_examples=300, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(
            [np.float64, np.float32, np.float16, np.complex64, np.complex128, np.int64, np.uint8, np.bool_]
        ),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    ),
    st.sampled_from(OPTIONS),
    st.integers(0, 30),
)
def test_any_array(array, options, indent):
    set_both({"profile": "default"})
    set_both(options)
    same(array, indent)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["grad_fn=<MulBackward0>", "requires_grad=True", "dtype=torch.float64", "device='cuda:0'"]),
        max_size=4,
    ),
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.sampled_from([10, 40, 80]),
)
def test_suffixes(suffixes, lengths, linewidth):
    set_both({"linewidth": linewidth})
    text = "\n".join("x" * length for length in lengths)
    assert printing.join_suffixes(text, suffixes, 7) == torch._tensor_str._add_suffixes(text, suffixes, 7, False)


def tensors(array: np.ndarray, requires_grad: bool = False) -> tuple[Tensor, torch.Tensor]:
    mine, theirs = base.wrap(np.array(array)), to_torch(array)
    return mine.requires_grad_(requires_grad), theirs.requires_grad_(requires_grad)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("default", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("options", [{}, {"edgeitems": 0, "threshold": 5}, {"linewidth": 40}], ids=str)
def test_repr_of_tensors(default, options):
    set_both(options)
    torch.set_default_dtype(getattr(torch, default))
    dtypes.set_default_dtype(getattr(dtypes, default))
    try:
        for dtype in DTYPES:
            for seed, shape in enumerate([(), (3,), (30,), (0,), (2, 0), (3, 7), (2, 1, 8)]):
                mine, theirs = tensors(sample(dtype, shape, seed))
                assert repr(mine) == repr(theirs)
                assert str(mine) == str(theirs)
                if theirs.dtype.is_floating_point or theirs.dtype.is_complex:
                    mine, theirs = mine.requires_grad_(), theirs.requires_grad_()
                    assert repr(mine) == repr(theirs)
                    assert repr(mine * 2) == repr(theirs * 2)
    finally:
        torch.set_default_dtype(torch.float32)
        dtypes.set_default_dtype(dtypes.float32)


def test_suffixes_of_long_rows():
    for size in range(1, 40):
        mine, theirs = tensors(np.arange(float(size), dtype=np.float64), True)
        assert repr(mine) == repr(theirs)
        assert repr(mine * mine) == repr(theirs * theirs)


def test_subclasses():
    mine_type = type("MyTensor", (Tensor,), {})
    their_type = type("MyTensor", (torch.Tensor,), {})

    for shape in ((2,), (0,), (3, 40)):
        array = sample(np.float32, shape, 2)
        mine = base.wrap(np.array(array))
        mine.__class__ = mine_type
        assert repr(mine) == repr(to_torch(array).as_subclass(their_type))


def test_contents_may_be_given():
    mine, theirs = tensors(np.ones(3), True)
    assert mine.__repr__(tensor_contents="<...>") == theirs.__repr__(tensor_contents="<...>")


@pytest.mark.parametrize("spec", ["", ".3f", "8.2e", "d", ">10", "x", "j"])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex64, np.float16], ids=lambda d: d.__name__)
def test_format(dtype, spec):
    for shape in ((), (1,), (2, 2)):
        outcomes = []
        for tensor in tensors(np.ones(shape, dtype) * 3):
            try:
                outcomes.append(format(tensor, spec))
            except (TypeError, ValueError) as error:
                outcomes.append(f"{type(error).__name__}: {error}")
        assert outcomes[0] == outcomes[1]


def test_format_of_tensors_that_require_grad():
    mine, theirs = tensors(np.array(1.5), True)
    assert f"{mine:.2f} {mine * 2} {mine!r}" == f"{theirs:.2f} {theirs * 2} {theirs!r}"
