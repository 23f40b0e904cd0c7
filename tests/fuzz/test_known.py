"""Lines of known.py, and programs that meet them."""

import random

import pytest

from .compare import Comparison, Tally

LEAF = "v1 = torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64).requires_grad_()"
COMPLEX = "v1 = torch.tensor([1j, 2.0, 2.0]).requires_grad_()"
HALF = "v1 = torch.tensor([1.0, 2.0], dtype=torch.float16).requires_grad_()"
MASK = "v2 = torch.tensor([True, False, True])"
BACKWARD = "sum(v.double().sum() for v in [v9]).backward()"
REFUSED = "PyTorch's derivative refuses what its operation allowed"

# The reason, and a program whose last line differs for it.
PROGRAMS = [
    ("operands that look at the memory which is changed are read before the change", [
        "v1 = torch.arange(6.0).reshape((3, 2))", "v2 = v1[:2]", "v3 = v1[1:]", "v2[torch.tensor([0, 1])] = v3"]),
    ("PyTorch fails an assertion of its own", [
        "v1 = torch.arange(6.0).reshape((2, 3)).requires_grad_()", "v2 = (v1 * 1).T",
        "v9 = torch.as_strided_scatter(v2, torch.ones(2, 2), (2, 2), (2, 1))"]),
    (REFUSED, [LEAF, MASK, "v9 = torch.atan2(v2, v1)", BACKWARD]),
    (REFUSED, [LEAF, MASK, "v9 = torch.logaddexp(v1, v2)", BACKWARD]),
    (REFUSED, [LEAF, "v9 = torch.nn.functional.huber_loss(v1.float(), v1)", BACKWARD]),
    (REFUSED, [HALF, "v9 = torch.special.i1(v1)", BACKWARD]),
    (REFUSED, [HALF, "v9 = torch.special.i1e(v1)", BACKWARD]),
    (REFUSED, [
        HALF, "v9 = torch.nn.functional.interpolate(v1.reshape(1, 1, 1, -1), size=(1, 2), mode='bilinear', "
        "antialias=True)", BACKWARD]),
    ("a tensor that shares its versions with views is detached in place without their notice", [
        LEAF, "v2 = v1 * 2", "v3 = v2[:2]", "v9 = v3.sum() * v2", "v2.detach_()", BACKWARD]),
    ("PyTorch repeats the first row of an antialiased image of one column", [
        "v1 = torch.arange(15.0)", "v9 = torch.nn.functional.interpolate(v1.reshape(1, 1, 5, 3), size=(3, 1), "
        "mode='bilinear', antialias=True)"]),
    ("PyTorch has no derivative of inverse hyperbolic functions in place", [
        HALF, "v9 = v1 * 0.25", "v9.atanh_()", BACKWARD]),
    ("PyTorch has few kernels for unsigned integers of 64 bits", [
        "v1 = torch.tensor([3, 0], dtype=torch.uint64)", "v9 = v1 // v1"]),
    ("PyTorch has few kernels for complex numbers of half precision", [
        "v1 = torch.tensor([1j, 2.0], dtype=torch.complex32)", "v9 = torch.trace(v1)"]),
    ("of two errors PyTorch names first that such a tensor is not changed in place", [
        COMPLEX, "v2 = (v1 * 1).unbind()", "v2 = v2[0]", "v2.mvlgamma_(1)"]),
    ("of two errors PyTorch names first that such a tensor is not changed in place", [
        COMPLEX, "v2 = v1.expand(2, 3)", "v2.round_(decimals=1)"]),
    ("PyTorch refuses exponentials of batches of matrices that lie in some orders of memory", [
        "v1 = torch.arange(160, dtype=torch.float16).reshape((5, 2, 4, 4)).mul(0.01).transpose(0, 3).contiguous()",
        "v2 = v1.transpose(0, -1)", "v9 = torch.matrix_exp(v2)"]),
    (REFUSED, [LEAF, "v9 = torch.clamp(v1, torch.zeros(3), torch.ones(2, 3))", BACKWARD]),
    (REFUSED, [LEAF, "v9 = torch.scatter(torch.zeros(3, dtype=torch.float64), 0, torch.tensor([0, 1]), v1)", BACKWARD]),
    ("PyTorch has no derivative of complex numbers where Rushlight has one", [
        COMPLEX, "v9 = torch.slice_scatter(v1, v1, 0)"]),
    ("PyTorch has no derivative of complex numbers where Rushlight has one", [
        COMPLEX, "v9 = torch.select_copy(v1, 0, 0)"]),
    ("PyTorch records changes in place of integers", [LEAF, "v2 = torch.tensor([1, 2, 3])", "v2.eq_(v1)"]),
    ("PyTorch lacks the derivative of 2 % x", [LEAF, "v9 = 2 % v1"]),
    ("PyTorch lacks the derivative of 2 % x", [LEAF, "v2 = 2 % v1", "v9 = v2 * 2", BACKWARD]),
    ("PyTorch's words for an index of nothing", [
        "v1 = torch.zeros(0, 3)", "v9 = v1.index_fill(0, torch.tensor([0]), -1)"]),
    ("PyTorch's library refuses transforms of nothing", ["v1 = torch.zeros(0, 3)", "v9 = torch.fft.fft(v1, dim=1)"]),
    ("PyTorch looks for elements of tensors in some orders of memory only", [
        "v1 = torch.tensor([2, 3, 1])", "v2 = v1.unfold(-1, 2, 1)", "v9 = torch.isin(v2, v2)"]),
    ("PyTorch has few kernels for complex numbers of half precision", [
        "v1 = torch.tensor([1j, 2.0], dtype=torch.complex32)", "v9 = torch.addcdiv(v1, v1, v1)"]),
    ("PyTorch writes the mean or sum of losses into the memory of the losses", [
        "v1 = torch.tensor([1.0, 2.0])", "v2 = torch.nn.functional.mse_loss(v1, v1)",
        "v9 = v2.as_strided((2,), (1,))"]),
    ("special.ndtr is one operation, whose derivative reads its operand", [
        LEAF, "v2 = v1 * 1", "v9 = torch.special.ndtr(v2)", "v2.mul_(2)", BACKWARD]),
    ("special.ndtr is one operation, whose derivative reads its operand", [
        LEAF, "v2 = v1 * 1", "v9 = torch.special.ndtr(v2)", "v3 = v2[::1]", "v3.mul_(2)", BACKWARD]),
    ("a tensor that was made so that it overlaps itself is written as others are", [
        "v1 = torch.ones(2)", "v9 = v1.new_empty_strided((3, 2), (1, 0)).zero_()", "v9[::1] = True"]),
    ("which frequencies a NaN among the numbers reaches depends on how a Fourier transform is computed", [
        "v1 = torch.tensor([2.01, 1.26, 0.26]).requires_grad_()",
        "v2 = torch.view_as_real(torch.stft(v1, 3, 3, center=False, normalized=True, return_complex=True)).clone()",
        "v9 = torch.rsqrt(v2)", BACKWARD]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "lines"), PROGRAMS)
@pytest.mark.filterwarnings("ignore")
def test_a_program_meets_the_line(reason, lines):
    tally = Tally()
    Comparison(random.Random(0), tally).replay(lines)
    assert reason in tally.allowed, tally.allowed
