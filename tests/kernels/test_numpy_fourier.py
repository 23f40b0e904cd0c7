"""Fourier transforms by SciPy's library and by its public functions, which stand in where the library is missing."""

import numpy as np
import pytest

from rushlight.kernels import numpy_fourier as fourier


@pytest.fixture(params=["library", "public"])
def transforms(request, monkeypatch):
    if request.param == "public":
        monkeypatch.setattr(fourier, "_library", fourier._Public)
    else:
        assert not isinstance(fourier._library(), fourier._Public)
    return fourier


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("axes", [(0,), (2,), (0, 2), (2, 1), (0, 1, 2)])
@pytest.mark.parametrize("scaling", [fourier.NONE, fourier.ROOT, fourier.COUNT])
def test_transforms_are_numpys(transforms, kind, axes, scaling):
    generator = np.random.default_rng(0)
    x = generator.standard_normal((4, 5, 6)).astype(kind)
    z = (x + 1j * generator.standard_normal(x.shape)).astype(np.result_type(kind, np.complex64))
    forward = ("backward", "ortho", "forward")[scaling]
    backward = ("forward", "ortho", "backward")[scaling]

    def same(found, expected, dtype):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 if kind == np.float32 else 1e-12)

    same(transforms.c2c(z, axes, scaling, True), np.fft.fftn(z, axes=axes, norm=forward), z.dtype)
    same(transforms.c2c(z, axes, scaling, False), np.fft.ifftn(z, axes=axes, norm=backward), z.dtype)
    same(transforms.r2c(x, axes, scaling, False), np.fft.fftn(x, axes=axes, norm=forward), z.dtype)
    half = np.fft.rfftn(x, axes=axes, norm=forward).astype(z.dtype)
    same(transforms.r2c(x, axes, scaling, True), half, z.dtype)
    lengths = [x.shape[a] for a in axes]
    expected = np.fft.irfftn(half, lengths, axes, norm=backward)
    same(transforms.c2r(half, axes, scaling, lengths[-1]), expected, x.dtype)
    same(transforms.c2r(half.conj(), axes, scaling, lengths[-1], True), expected, x.dtype)
