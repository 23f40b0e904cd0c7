"""Elementwise functions of all numbers of half precision: values and gradients are rounded where PyTorch rounds them.

Of the 65,536 numbers of each type, all results are compared. Where a function needs another library's exponentials or
logarithms, a few of them lie so near the middle of two numbers that their last digits decide.
"""

import itertools

import numpy as np
import pytest
import torch
from beside import check

import rushlight

BITS = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
# So many results may be one step away, of functions that are computed from exponentials or logarithms.
FEW = 40


def nn(name, *args, **kwargs):
    return lambda t, x: getattr(t.nn.functional, name)(x, *args, **kwargs)


EXACT = {
    "multiplied": lambda t, x: x * 0.3,
    "added": lambda t, x: t.add(x, x, alpha=0.3),
    "a number added": lambda t, x: t.add(x, 1.7, alpha=0.3),
    "subtracted": lambda t, x: t.sub(x, x, alpha=0.3),
    "divided": lambda t, x: x / 0.3,
    "divisor": lambda t, x: 0.3 / x,
    "square": lambda t, x: x**2,
    "cube": lambda t, x: x**3,
    "inverse": lambda t, x: x**-1,
    "inverse square": lambda t, x: x**-2,
    "sqrt": lambda t, x: x.sqrt(),
    "rsqrt": lambda t, x: x.detach().rsqrt(),
    "lerp": lambda t, x: t.lerp(x, x * 2, 0.3),
    "addcmul": lambda t, x: t.addcmul(x, x, x, value=0.3),
    "addcdiv": lambda t, x: t.addcdiv(x.detach(), x.detach(), x.detach(), value=0.3),
    "hypot": lambda t, x: t.hypot(x, x),
    "deg2rad": lambda t, x: t.deg2rad(x),
    "rad2deg": lambda t, x: t.rad2deg(x),
    "round": lambda t, x: t.round(x, decimals=1),
    "mse_loss": lambda t, x: t.nn.functional.mse_loss(x, x * 0.3, reduction="none"),
    "hardswish": nn("hardswish"),
    "hardsigmoid": nn("hardsigmoid"),
    "leaky_relu": nn("leaky_relu", 0.3),
    "softshrink": nn("softshrink", 0.3),
    "hardshrink": nn("hardshrink", 0.3),
    "threshold": nn("threshold", 0.3, 0.7),
    "smooth_l1_loss": lambda t, x: t.nn.functional.smooth_l1_loss(x, x * 0.5, reduction="none", beta=0.3),
    "huber_loss": lambda t, x: t.nn.functional.huber_loss(x, x * 0.5, reduction="none", delta=0.3),
}
NEARLY = {
    **{name: lambda t, x, name=name: getattr(t, name)(x) for name in (
        "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh sigmoid asinh acosh atanh erfc "
        "lgamma erfinv").split()},
    **{name: nn(name) for name in "silu softplus mish logsigmoid".split()},
    "sinc": lambda t, x: t.sinc(x.detach()),
    "entr": lambda t, x: t.special.entr(x),
    "xlogy": lambda t, x: t.xlogy(x, x),
    "xlog1py": lambda t, x: t.special.xlog1py(x, x),
    "power": lambda t, x: x**1.5,
    "power of a number": lambda t, x: 2.5**x,
    "tanhshrink": nn("tanhshrink"),
    "ldexp": lambda t, x: t.ldexp(x * 0.3, x),
    "glu": lambda t, x: t.nn.functional.glu(x.reshape(-1, 2)),
    "binary_cross_entropy": lambda t, x: t.nn.functional.binary_cross_entropy(
        x.nan_to_num(0).clamp(0, 1), (x.nan_to_num(0) * 0.3).clamp(0, 1).detach(), reduction="none"
    ),
    "kl_div": lambda t, x: t.nn.functional.kl_div(x, x.abs() * 0.3, reduction="none"),
    "var": lambda t, x: t.var(x.nan_to_num(1).clamp(-99, 99).reshape(-1, 4), 1),
    "std": lambda t, x: t.std(x.nan_to_num(1).clamp(-99, 99).reshape(-1, 4), 1),
    "mvlgamma": lambda t, x: t.mvlgamma(x.abs() + 2, 2),
    "soft_margin_loss": lambda t, x: t.nn.functional.soft_margin_loss(x, t.ones_like(x), reduction="none"),
}  # fmt: skip


def in_both(function, kind):
    """Values, and gradients or None, of all numbers of a type in both libraries, as float64."""
    x = torch.from_numpy(BITS).view(getattr(torch, kind)).clone().requires_grad_()
    result = function(torch, x)
    if result.requires_grad:
        result.backward(torch.full_like(result, 1.3))
    theirs = [t if t is None else t.detach().double().numpy() for t in (result, x.grad)]
    values, gradients = [], []
    for part in np.split(x.detach().float().numpy(), 8):  # few enough for NumPy's functions
        y = rushlight.tensor(part).to(getattr(rushlight, kind)).requires_grad_()
        result = function(rushlight, y)
        values.append(result.detach().double().numpy())
        if result.requires_grad:
            result.backward(rushlight.full_like(result, 1.3))
            gradients.append(y.grad.double().numpy())
    return zip((np.concatenate(values), np.concatenate(gradients) if gradients else None), theirs, strict=True)


def apart(ours, theirs, kind):
    """How many results differ, and the largest difference of finite ones in steps of the type."""
    with np.errstate(all="ignore"):
        other = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
        info = torch.finfo(getattr(torch, kind))
        step = np.exp2(np.floor(np.log2(np.maximum(np.abs(theirs), info.tiny)))) * info.eps
        steps = np.abs(ours - theirs)[other] / step[other]
    return int(other.sum()), float(steps[np.isfinite(steps)].max(initial=0))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", EXACT)
def test_every_number(name, kind):
    for ours, theirs in in_both(EXACT[name], kind):
        assert theirs is None or apart(ours, theirs, kind)[0] == 0


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", NEARLY)
def test_nearly_every_number(name, kind):
    for ours, theirs in in_both(NEARLY[name], kind):
        count, steps = (0, 0) if theirs is None else apart(ours, theirs, kind)
        assert count <= FEW
        assert steps <= 2


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_signs_of_zeros_have_none(kind):
    def scenario(t):
        x = t.tensor([-0.0, 0.0, float("nan"), -3.0, 2.0], dtype=getattr(t, kind))
        return [1 / f(part) for f in (t.sgn, t.sign) for part in (x, x[0], x[::2])]

    check(scenario)


def test_derivative_by_a_wider_number():
    def gradient(t):
        x = t.tensor([-1.865, -1.74, -1.24], dtype=t.float16)
        y = t.tensor(-0.615, requires_grad=True)
        t.addcdiv(x, y, y).sum().backward()
        return y.grad.item()

    assert gradient(rushlight) == gradient(torch)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["mse_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy"])
def test_gradients_of_mean_losses(name, kind):
    numbers = np.random.default_rng(0).random((2, 100))

    def gradients(t):
        x, y = (t.tensor(part.tolist()).to(getattr(t, kind)) for part in numbers)
        x.requires_grad_()
        (getattr(t.nn.functional, name)(x, y) * 1.7).backward()
        return x.grad.tolist()

    assert gradients(rushlight) == gradients(torch)


@pytest.mark.parametrize("name", ["addcmul", "addcdiv"])
@pytest.mark.parametrize("shapes", list(itertools.product([(), (3,)], repeat=3)))
def test_derivatives_of_several_types(name, shapes):
    numbers = np.random.default_rng(0).random((3, 3)) * 4 - 2

    def gradients(t, kinds):
        parts = [n if shape else n[0] for n, shape in zip(numbers, shapes, strict=True)]
        leaves = [t.tensor(p.tolist()).to(getattr(t, kind)).detach() for p, kind in zip(parts, kinds, strict=True)]
        result = getattr(t, name)(*[leaf.requires_grad_() for leaf in leaves], value=0.7)
        (result * 1.3).sum().backward()
        return [result.grad_fn.next_functions[i][0].name() for i in range(3)], [leaf.grad.tolist() for leaf in leaves]

    for kinds in itertools.product(["float16", "bfloat16", "float32"], repeat=3):
        assert gradients(rushlight, kinds) == gradients(torch, kinds), kinds


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_middle_slopes_are_not_rounded(dtype):
    def scenario(m):
        x = m.arange(-300.0, 5.0).to(getattr(m, dtype)).requires_grad_()
        y = m.nn.functional.rrelu(x)
        (grad,) = m.autograd.grad(y, x, m.arange(305.0).to(x.dtype))
        return y.detach().float(), grad.float(), str(grad.dtype)[-8:]

    check(scenario, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_through_smoothed_labels_have_the_type_of_what_they_belong_to(dtype):
    def scenario(m):
        x = m.arange(12.0).reshape(3, 4).sin().to(getattr(m, dtype)).requires_grad_()
        found = []
        for reduction in ("none", "mean", "sum"):
            y = m.nn.functional.cross_entropy(x, m.tensor([1, 2, 3]), reduction=reduction, label_smoothing=0.3)
            (grad,) = m.autograd.grad(y, x, m.ones_like(y))
            found.append((str(grad.dtype)[-8:], grad.float()))
        return found

    check(scenario, rtol=2e-2, atol=2e-2)
