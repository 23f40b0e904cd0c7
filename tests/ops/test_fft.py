"""Fourier transforms where PyTorch's sample inputs do not go: frequencies, dtypes, wrong arguments, norms that undo."""

import numpy as np
import pytest
import torch
from beside import check

import rushlight
from ops.tables import calls, check_line

CALLS = """
    torch.fft.fftfreq(5)
    torch.fft.fftfreq(8, 0.25)
    torch.fft.fftfreq(0)
    torch.fft.fftfreq(4, dtype=torch.float64)
    torch.fft.fftfreq(4, dtype=torch.complex64)
    torch.fft.fftfreq(4, dtype=torch.int64)
    torch.fft.fftfreq(3, requires_grad=True)
    torch.fft.fftfreq(3, out=torch.empty(3, dtype=torch.float64))
    torch.fft.rfftfreq(5)
    torch.fft.rfftfreq(8, d=2.0)
    torch.fft.rfftfreq(4, dtype=torch.int64)
    torch.fft.fft(torch.arange(5))
    torch.fft.fft(torch.tensor([True, False]))
    torch.fft.fft(torch.ones(2, dtype=torch.float16))
    torch.fft.fft(torch.tensor(1.0))
    torch.fft.fft(x, n=0)
    torch.fft.fft(x, norm='forward')
    torch.fft.fft(x, norm='whole')
    torch.fft.fft(x, dim=2)
    torch.fft.rfft(x.to(torch.complex64))
    torch.fft.ihfft(x.to(torch.complex64))
    torch.fft.ifft(x)
    torch.fft.irfft(x, n=0)
    torch.fft.irfft(x, 5, 0, 'ortho')
    torch.fft.hfft(x, 4)
    torch.fft.fft2(x, norm='ortho')
    torch.fft.fftn(x, dim=(0, 0))
    torch.fft.fftn(x, s=(2,), dim=(0, 1))
    torch.fft.fftn(x, s=(1, 2, 3))
    torch.fft.fftn(x, s=(-1, 2))
    torch.fft.fftn(x, s=(0, 2))
    torch.fft.rfftn(x, dim=())
    torch.fft.rfftn(x.to(torch.complex64))
    torch.fft.irfftn(x, dim=())
    torch.fft.irfftn(x, s=(3, -1))
    torch.fft.hfftn(x, s=(3, 5))
    torch.fft.ihfftn(x, dim=())
    torch.fft.ihfftn(x.to(torch.complex64))
    torch.fft.fftshift(x)
    torch.fft.fftshift(x, 1)
    torch.fft.ifftshift(x, (0, 1))
    torch.fft.fftshift(x, 2)
    torch.fft.fft([1.0])
"""


@calls(CALLS)
def test_calls(line):
    check_line(line, lambda m: {"x": m.arange(6.0).view(2, 3)}, strides=False)


@pytest.mark.parametrize("norm", [None, "backward", "forward", "ortho"])
def test_inverses_undo_transforms(norm):
    rushlight.manual_seed(0)
    x = rushlight.randn(3, 4, 5, dtype=rushlight.float64)
    z = rushlight.complex(x, x.flip(0))
    f = rushlight.fft
    rushlight.testing.assert_close(f.ifft(f.fft(z, norm=norm), norm=norm), z)
    rushlight.testing.assert_close(f.ifftn(f.fftn(z, norm=norm), norm=norm), z)
    rushlight.testing.assert_close(f.irfftn(f.rfftn(x, norm=norm), s=x.shape, norm=norm), x)
    rushlight.testing.assert_close(f.hfft(f.ihfft(x, norm=norm), 5, norm=norm), x)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("n", [None, 3, 6])
def test_gradients_agree_with_finite_differences(name, n):
    rushlight.manual_seed(0)
    real = name in ("rfft", "ihfft")
    x = rushlight.randn(2, 5, dtype=rushlight.float64 if real else rushlight.complex128, requires_grad=True)

    def transform(x):
        return getattr(rushlight.fft, name)(x, n)

    assert rushlight.autograd.gradcheck(transform, (x,), check_forward_ad=True)
    assert rushlight.autograd.gradgradcheck(transform, (x,))


def test_a_spectrum_can_be_trained():
    def scenario(t):
        x = t.arange(8.0, requires_grad=True)
        loss = (t.fft.rfft(x).abs() ** 2).sum() + t.fft.fft2(x.view(2, 4)).real.sum()
        loss.backward()
        return x.grad

    check(scenario, rtol=1e-5)


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize(
    ("shape", "dims"), [((600, 301), (1,)), ((301, 600), (0,)), ((300, 500), (0, 1)), ((150_000,), (0,))]
)
def test_many_elements_by_several_threads(shape, dims, norm):
    results = []
    for library in (torch, rushlight):
        library.manual_seed(0)
        x = library.randn(*shape).requires_grad_()
        half = library.fft.rfftn(x, dim=dims, norm=norm)
        given = (half.detach() * (1 + 2j)).requires_grad_()
        real = library.fft.irfftn(given, dim=dims, norm=norm, s=[shape[d] for d in dims])
        whole = library.fft.fftn(library.complex(x, x.flip(0)), dim=dims, norm=norm)
        half.backward(half.detach() * (2 - 1j))
        real.backward(x.detach())
        results.append([half, real, whole, x.grad, given.grad])
    for theirs, ours in zip(*results, strict=True):
        a, b = ours.detach().numpy(), theirs.detach().numpy()
        assert np.abs(a - b).max() <= 2e-6 * np.abs(b).max()
