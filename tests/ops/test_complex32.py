"""complex32, complex numbers of two halves, beside PyTorch: what it stores, converts, moves and computes of them."""

import io
import subprocess
import sys
import warnings

import pytest
import torch
from beside import check, text

import rushlight

with warnings.catch_warnings():
    # Both warn of the first conversion to real numbers in a process, and not in the same test.
    warnings.simplefilter("ignore")
    for library in torch, rushlight:
        library.zeros(1, dtype=library.complex32).half()

CALLS = """
    torch.complex32
    torch.chalf
    (torch.complex32.is_complex, torch.complex32.itemsize, torch.complex32.to_real(), torch.complex32.is_signed)
    (torch.float16.to_complex(), torch.bfloat16.to_complex())
    [torch.promote_types(torch.complex32, d) for d in DTYPES]
    [torch.can_cast(torch.complex32, d) for d in DTYPES]
    torch.result_type(torch.ones(2).half(), 1j)
    torch.result_type(torch.ones(2).bfloat16(), 1j)
    torch.result_type(torch.tensor(1j), torch.ones(2).half())
    torch.finfo(torch.complex32)
    torch.zeros(2, dtype=torch.complex32)
    torch.full((2,), 1j, dtype=torch.chalf)
    torch.tensor([1 + 2j, 3.0001 + 1e6j], dtype=torch.complex32)
    str(torch.tensor([1 + 2j, 3.0001 + 1e6j], dtype=torch.complex32))
    torch.tensor([1, 2]).to(torch.complex32)
    (z.half(), z.bool(), z.int(), z.double(), z.cfloat(), z.cdouble(), z.bfloat16())
    z.numpy()
    z.tolist()
    (z[1].item(), bool(z[1]), complex(z[1]))
    float(z[1])
    (z.type(), z.float().type("torch.ComplexHalfTensor"), z.element_size(), z.nbytes)
    torch.complex(h, h * 2)
    torch.view_as_complex(h.reshape(1, 2))
    torch.view_as_real(z)
    torch.view_as_real(z[::2])
    (z.real, z.imag)
    (z.view(torch.float16), z.view(torch.int32), h.view(torch.complex32))
    (z + 1, z * 2j, 1 - z, z - z, z * z, -z, abs(z), z.sgn(), z.conj_physical())
    (z + z.cfloat(), z * torch.ones(3, dtype=torch.float64), z * torch.ones(3).half(), z + torch.tensor(2.5), h * 1j)
    (z == z, z != z[0], z.isnan(), z.isinf(), z.isfinite(), z.isreal(), z.isclose(z * 1.001))
    z.isneginf()
    (torch.isin(z[:0], z[:0]), torch.isin(z[:0], z), torch.isin(z[:0], z.cfloat()[:0].real))
    torch.isin(z, z[:0])
    torch.isin(z, h)
    z[:0].isposinf()
    torch.nn.functional.elu(z)
    (z.any(), z.all(), torch.count_nonzero(z), z.nonzero(), z.any(0, keepdim=True))
    (z.norm(), z.norm(1), z.var(), z.std(), torch.var_mean(z))
    (torch.cat([z, z]), torch.stack([z, z]), z.repeat(2), z.roll(1), z.expand(2, 3).t().contiguous())
    (z[[0, 2]], z.index_select(0, torch.tensor([2])), z.masked_fill(z == 0, 5j), z.masked_select(z != 0))
    torch.where(z == 0, z, h[0])
    torch.nn.functional.pad(z, (1, 1))
    torch.nn.functional.conv1d(z.reshape(1, 1, 3), z[:2].reshape(1, 1, 2))
    set_item(z.clone(), 5j)
    z.clone().copy_(torch.tensor([1 + 2j, 2.0, 3j]))
    z.clone().add_(1j).mul_(2).neg_()
    torch.randn(3, dtype=torch.complex32)
    torch.rand(3, dtype=torch.chalf)
    torch.empty(3, dtype=torch.chalf).normal_(1, 2)
    z / z
    z.sin()
    z.exp2()
    z.pow(z)
    z < z
    z.sum()
    z.mean()
    z.prod()
    z.cumsum(0)
    z.logsumexp(0)
    torch.linalg.inv(z[:1].reshape(1, 1))
    torch.linalg.svd(z.reshape(1, 3))
    torch.fft.fft(z)
    torch.fft.fft(h)
    torch.view_as_complex(torch.ones(1, 2).bfloat16())
    torch.autograd.grad((x * x * 2j).abs().float().sum(), x)
    torch.autograd.grad(torch.view_as_real(x).float().sum(), x)
    torch.autograd.grad(torch.complex(r, r * 2).abs().float().sum(), r)
    torch.autograd.grad(torch.view_as_complex(r.reshape(1, 2)).abs().float().sum(), r)
    torch.autograd.grad((x + x.cfloat()).abs().sum(), x)
    torch.autograd.grad((r * 1j).abs().float().sum(), r)[0].clone()
    torch.testing.assert_close(z, z * 1.0005)
    torch.testing.assert_close(z, z * 1.5)
    saved(z)
"""


def set_item(t, value):
    t[0] = value
    t.imag[1] = 7
    t.real.mul_(2)
    return t


@pytest.mark.parametrize("call", [line.strip() for line in CALLS.strip().splitlines()])
def test_call(call):
    def scenario(m):
        def saved(t):
            file = io.BytesIO()
            m.save(t, file)
            file.seek(0)
            return m.load(file)

        m.manual_seed(0)
        z = m.tensor([1 + 2j, 0, 3j], dtype=m.complex64).to(m.complex32)
        h = m.tensor([1.5, 2.0], dtype=m.float16)
        names = {
            "torch": m, "z": z, "h": h, "x": z[::2].detach().requires_grad_(), "r": h.clone().requires_grad_(),
            "DTYPES": [m.bool, m.uint8, m.int64, m.float16, m.bfloat16, m.float32, m.float64, m.complex32,
                       m.complex64, m.complex128],
            "set_item": set_item, "saved": saved,
        }  # fmt: skip
        return eval(call, names)

    check(scenario, rtol=1e-3)


def test_warning_at_the_first_tensor():
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.zeros(2, dtype=torch.complex32)
    finally:
        torch.set_warn_always(False)
    program = """
import warnings
import rushlight as torch
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.complex32.to_real(), torch.promote_types(torch.complex32, torch.half)
    print(len(caught))
    torch.zeros(2, dtype=torch.complex32), torch.zeros(2, dtype=torch.complex32)
    print(*[w.message for w in caught], sep="|")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines() == ["0", text(str(caught[0].message))]


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "cumsum", "cumprod"])
@pytest.mark.parametrize(("shape", "dim"), [((0, 3), 0), ((0, 3), 1), ((3, 0), 0), ((0,), -1), ((), 0), ((2, 1), 1)])
def test_sums_and_products_of_nothing_and_of_one(name, shape, dim):
    check(lambda m: getattr(m, name)(m.ones(shape, dtype=m.complex32), dim).to(m.complex64))
    if not name.startswith("cum"):
        check(lambda m: getattr(m, name)(m.ones(shape, dtype=m.complex32)).to(m.complex64))


@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 2, 1), (2, 3)])
def test_integrals_of_nothing(name, shape):
    check(lambda m: getattr(m, name)(m.ones(shape, dtype=m.complex32)).to(m.complex64))
    check(lambda m: getattr(m, name)(m.ones(shape, dtype=m.complex32)).dtype)
