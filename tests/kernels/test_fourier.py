"""Compiled Fourier transforms: PyTorch's results, as accurate as its own, for all lengths and orders in memory."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.fft
import torch
from hypothesis import given, settings

import rushlight
from rushlight.kernels import fourier

from .fast import as_accurate, compiled_always, needs_numba

pytestmark = needs_numba
always = compiled_always(fourier)

# With prime factors up to 31, odd and even, and some that none of the kernels transforms.
POINTS = [1, 2, 4, 6, 7, 8, 9, 12, 15, 16, 20, 22, 25, 27, 36, 50, 37, 62, 64, 74, 77, 90, 128]
NORMS = st.sampled_from(["backward", "ortho", "forward"])
FUNCTIONS = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft of reals", "ifft of reals"]


def check(name: str, a: np.ndarray, *args: Any, **kwargs: Any) -> None:
    """Compares a function of both libraries; errors in single precision with those of PyTorch."""
    double = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
    ours = getattr(rushlight.fft, name)(rushlight.from_numpy(a), *args, **kwargs).resolve_conj().numpy()
    theirs, exact = (
        getattr(torch.fft, name)(torch.from_numpy(x), *args, **kwargs).resolve_conj().numpy() for x in (a, double)
    )
    assert ours.dtype == theirs.dtype
    terms = np.abs(exact).max() * np.log2(max(exact.size, 2))
    if ours.dtype.kind == "c":
        ours, theirs, exact = (np.stack([x.real, x.imag]) for x in (ours, theirs, exact))
    as_accurate(ours, theirs, exact, name, terms)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_transforms_along_one_dimension(data: st.DataObject) -> None:
    function, _, of = data.draw(st.sampled_from(FUNCTIONS)).partition(" ")
    shape = [data.draw(st.sampled_from([1, 2, 3, 16, 19, 33])) for _ in range(data.draw(st.integers(0, 2)))]
    dim = data.draw(st.integers(0, len(shape)))
    shape.insert(dim, data.draw(st.sampled_from(POINTS)))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    a: Any = rng.standard_normal(shape)
    if not of and function in ("fft", "ifft", "irfft", "hfft"):
        a = a + 1j * rng.standard_normal(shape)
    a = a.astype(data.draw(st.sampled_from([np.float32, np.float64])) if a.dtype.kind == "f" else np.complex64)
    if data.draw(st.booleans()):
        a = np.repeat(a, 2, -1)[..., ::2]
    n = data.draw(st.sampled_from([None, None, 12, 31, 40]))
    if function in ("irfft", "hfft") and n is None and shape[dim] == 1:
        n = 16
    check(function, a, n, dim, data.draw(NORMS))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_transforms_along_several_dimensions(data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(["fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn"]))
    shape = [data.draw(st.sampled_from([2, 3, 8, 15, 24])) for _ in range(data.draw(st.integers(2, 3)))]
    dims = data.draw(st.permutations(range(len(shape))))[: data.draw(st.integers(1, 3))]
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    a: Any = rng.standard_normal(shape)
    if function in ("fftn", "ifftn", "irfftn", "hfftn"):
        a = a + 1j * rng.standard_normal(shape)
    a = a.astype(np.float32 if a.dtype.kind == "f" else np.complex64)
    check(function, a, None, dims, data.draw(NORMS))


@pytest.mark.parametrize("n", [256, 360, 400, 1000])
@pytest.mark.parametrize("lines", [(), (1,), (3,), (20,)])
def test_long_lines_are_taken_for_matrices(n: int, lines: tuple[int, ...], monkeypatch: Any) -> None:
    monkeypatch.setattr(fourier, "MOST", 40)
    rng = np.random.default_rng(n)
    for kind, tolerance in ((np.complex64, 1e-6), (np.complex128, 1e-14)):
        a = (rng.standard_normal((*lines, n)) + 1j * rng.standard_normal((*lines, n))).astype(kind)
        for name in ("fft", "ifft"):
            found = getattr(rushlight.fft, name)(rushlight.from_numpy(a)).numpy()
            wanted = getattr(scipy.fft, name)(a.astype(complex))
            np.testing.assert_allclose(found, wanted, 0, tolerance * np.abs(wanted).max())
        real = a.real.copy()
        for name in ("rfft", "fft"):
            found = getattr(rushlight.fft, name)(rushlight.from_numpy(real)).numpy()
            wanted = getattr(scipy.fft, name)(real.astype(float))
            np.testing.assert_allclose(found, wanted, 0, tolerance * np.abs(wanted).max())
        half = a[..., : n // 2 + 1].copy()
        wanted = scipy.fft.irfft(half.astype(complex), n)
        found = rushlight.fft.irfft(rushlight.from_numpy(half), n).numpy()
        np.testing.assert_allclose(found, wanted, 0, tolerance * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["fft", "rfft", "irfft"])
def test_what_is_not_finite_stays_in_its_line(name: str) -> None:
    a: Any = np.random.default_rng(0).standard_normal((40, 33 if name == "irfft" else 64)).astype(np.float32)
    if name == "irfft":
        a = a.astype(np.complex64)
    a[3, 5], a[7, 2] = np.nan, np.inf
    found = getattr(rushlight.fft, name)(rushlight.from_numpy(a)).numpy()
    others = [i for i in range(40) if i not in (3, 7)]
    assert np.isnan(found[3]).all()
    assert not np.isfinite(found[7]).any()
    assert np.isfinite(found[others]).all()


@pytest.mark.parametrize("shape", [(24, 40), (3, 16, 20), (480,)])
def test_gradients(shape: tuple[int, ...]) -> None:
    a = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    found = []
    for library in (rushlight, torch):
        x = library.from_numpy(a.copy()).requires_grad_()
        y = library.fft.fftn(x)
        z = library.fft.irfft(library.fft.rfft(x) * (2 + 1j)) + library.fft.ifft(y, dim=0).real
        ((y.abs() ** 2).mean() + (z**3).sum() + library.fft.rfftn(x).real.sum()).backward()
        found.append(x.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], 2e-5, 2e-5 * np.abs(found[1]).max())
