"""Conversions between types, arithmetic on 16 bits and on slices, as compiled loops: to the bit as PyTorch's."""

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import conversion, pointwise
from rushlight.ops import elementwise_large

from .fast import needs_numba

pytestmark = needs_numba


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setattr(pointwise, "LARGE", 1)
        patch.setitem(elementwise_large.namespace, "LARGE", 1)
        yield


FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("bool", "uint8", "int32", "int64")
CONVERTED = [(a, b) for a in FLOATS for b in (*FLOATS, "bool", "int64") if a != b]
CONVERTED += [(a, b) for a in INTEGERS for b in FLOATS]

# Numbers at which types overflow, or where rounding to 16 bits is a tie.
SPECIAL = [
    0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, 65504.0, 65519.996, 65520.0, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24, 2.0**-126,
    2.0**-149, 3.3895e38, 1.00390625, 1.01171875, 1.00048828125, 1.00146484375, 255.0, 256.5,
]  # fmt: skip


def numbers(source: str, target: str, shape: tuple[int, ...], seed: int) -> Any:
    """A tensor of PyTorch's that can be converted without leaving the target's range, if that has one."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape) * 10.0 ** rng.integers(-8, 6, shape)
    special = rng.random(shape) < 0.3
    x[special] = rng.choice(SPECIAL, shape)[special] * rng.choice([1.0, -1.0], shape)[special]
    if source in INTEGERS:
        x = np.nan_to_num(x, posinf=0, neginf=0)
        x = np.clip(np.abs(x), 0, 255) if source == "uint8" else np.clip(x, -(2.0**31), 2.0**31 - 1)
    elif target == "int64":
        x = np.clip(np.nan_to_num(x, posinf=0, neginf=0), -60000, 60000)
    return torch.tensor(x).to(getattr(torch, source))


def ours(x: Any) -> Any:
    """The same tensor here."""
    if x.dtype == torch.bfloat16:
        return rushlight.tensor(x.float().numpy()).to(rushlight.bfloat16)
    return rushlight.tensor(x.numpy())


def bits(x: Any) -> np.ndarray:
    """What a tensor holds, to the bit but for the kinds of NaN."""
    if "float16" in str(x.dtype):
        x = x.float()
    found: np.ndarray = x.numpy()
    return np.where(found != found, 1, np.signbit(found)) if found.dtype.kind == "f" else found


def same(mine: Any, theirs: Any) -> None:
    assert str(mine.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    np.testing.assert_array_equal(bits(mine), bits(theirs))
    a, b = (t.float().numpy() if "float16" in str(t.dtype) else t.numpy() for t in (mine, theirs))
    np.testing.assert_array_equal(a, b)


SHAPES = st.lists(st.sampled_from([1, 2, 5, 17, 40]), min_size=1, max_size=3).map(tuple)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(CONVERTED), SHAPES, st.integers(0, 1000), st.booleans())
def test_conversions_are_those_of_pytorch(
    pair: tuple[str, str], shape: tuple[int, ...], seed: int, turned: bool
) -> None:
    source, target = pair
    theirs = numbers(source, target, shape, seed)
    mine = ours(theirs)
    if turned:
        mine, theirs = mine.transpose(0, -1), theirs.transpose(0, -1)
    converted = mine.to(getattr(rushlight, target))
    same(converted, theirs.to(getattr(torch, target)))
    if 1 not in shape:
        assert converted.stride() == theirs.to(getattr(torch, target)).stride()


def test_the_pairs_above_are_those_with_kernels() -> None:
    types = [*FLOATS, *INTEGERS, "int16", "complex64"]
    found = {
        (a, b)
        for a in types
        for b in types
        if a != b and conversion._kernel(getattr(rushlight, a).numpy, getattr(rushlight, b).numpy) is not None
    }
    assert found == set(CONVERTED)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(["float16", "bfloat16"]), st.sampled_from(["add", "mul", "sub", "div"]), SHAPES,
       st.integers(0, 1000))  # fmt: skip
def test_arithmetic_on_16_bits_is_rounded_once(kind: str, name: str, shape: tuple[int, ...], seed: int) -> None:
    a, b = (numbers("float32", kind, shape, seed + i).to(getattr(torch, kind)) for i in range(2))
    same(getattr(rushlight, name)(ours(a), ours(b)), getattr(torch, name)(a, b))
    same(getattr(rushlight, name)(ours(a), ours(b[..., :1])), getattr(torch, name)(a, b[..., :1]))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["float16", "bfloat16"]), st.sampled_from(["neg", "abs", "relu", "sqrt", "floor", "square"]),
       SHAPES, st.integers(0, 1000))  # fmt: skip
def test_functions_on_16_bits(kind: str, name: str, shape: tuple[int, ...], seed: int) -> None:
    a = numbers("float32", kind, shape, seed).to(getattr(torch, kind))
    same(getattr(rushlight, name)(ours(a)), getattr(torch, name)(a))


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_slices_are_computed_where_they_lie(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=4)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))

    def operand() -> np.ndarray:
        larger = rng.standard_normal([n + 3 for n in shape]).astype(dtype)
        cut = [data.draw(st.sampled_from([slice(0, n), slice(1, n + 1), slice(3, n + 3)])) for n in shape]
        if data.draw(st.booleans()):
            cut[0] = slice(0, shape[0])
        part = larger[tuple(cut)]
        kept = data.draw(st.sampled_from(["slice", "copy", "row", "column"]))
        if kept == "row":
            return part[:1]
        return part.copy() if kept == "copy" else part[..., :1] if kept == "column" else part

    a, b = operand(), operand()
    loop = pointwise.Loop("test_slices", ("a", "b"), ("a - b * 2",))
    made = loop(a, b)
    wanted = a - b * 2
    if made is not None:
        np.testing.assert_allclose(made, wanted, rtol=1e-6 if dtype is np.float32 else 1e-14, atol=1e-6)
    if a.ndim > 1 and a.shape == b.shape == shape and a.strides == b.strides and min(shape[-2:]) > 1:
        if all(a.strides[i] == a.strides[i + 1] * shape[i + 1] for i in range(a.ndim - 2)) and a.size > 1:
            assert made is not None
