"""Derivatives of derivatives beside PyTorch, where the first ones are constant: there they are zeros, or absent."""

import importlib

import pytest
from beside import check


def functional(t):
    return importlib.import_module(t.__name__ + ".nn.functional")


def numbers(t, *shape):
    return ((t.arange(1.0, 1 + t.ones(shape).numel(), dtype=t.float64) * 0.37) % 1.0).reshape(shape).requires_grad_()


# The function and the shapes of its inputs.
CASES = {
    **{f"{kind}_pool{n}d": (lambda f, t, x, n=f"{kind}_pool{n}d": getattr(f, n)(x, 2), [(1, 2, *(4,) * n)])
       for kind in ("max", "avg", "adaptive_max", "adaptive_avg") for n in (1, 2, 3)},
    **{f"pad {mode}": (lambda f, t, x, mode=mode: f.pad(x, (1, 1, 1, 1), mode=mode), [(1, 2, 3, 3)])
       for mode in ("reflect", "replicate", "circular", "constant")},
    **{f"interpolate {mode}": (lambda f, t, x, mode=mode: f.interpolate(x, scale_factor=2, mode=mode), [(1, 2, 3, 3)])
       for mode in ("nearest", "bilinear", "area")},
    "nll_loss": (lambda f, t, x: f.nll_loss(x, t.tensor([1, 0])), [(2, 3)]),
    "nll_loss of images": (lambda f, t, x: f.nll_loss(x, t.zeros(2, 4, 4, dtype=t.int64)), [(2, 3, 4, 4)]),
    "cross_entropy": (lambda f, t, x: f.cross_entropy(x, t.tensor([1, 0])), [(2, 3)]),
    **{name: (lambda f, t, x, name=name: getattr(f, name)(x), [(4,)])
       for name in ("relu", "leaky_relu", "hardtanh", "relu6", "hardshrink", "softshrink", "hardswish", "rrelu")},
    **{name: (lambda f, t, x, name=name: getattr(t, name)(x), [(4,)])
       for name in ("abs", "sign", "round", "i0", "max", "median", "amax", "prod", "sort", "square", "sinc")},
    "clamp": (lambda f, t, x: x.clamp(0.2, 0.5), [(4,)]),
    "maximum": (lambda f, t, x, y: t.maximum(x, y), [(3,), (3,)]),
    "where": (lambda f, t, x, y: t.where(x > 0.5, x, y), [(3,), (3,)]),
    "mse_loss": (lambda f, t, x, y: f.mse_loss(x, y * 2), [(3,), (3,)]),
    "l1_loss": (lambda f, t, x, y: f.l1_loss(x, y * 2), [(3,), (3,)]),
    "unfold": (lambda f, t, x: f.unfold(x, 2), [(1, 2, 4, 4)]),
    "unfold of nothing": (lambda f, t, x: f.unfold(x, 2), [(0, 2, 4, 4)]),
    "gather": (lambda f, t, x: x.gather(0, t.tensor([0, 1])), [(3,)]),
    "index": (lambda f, t, x: x[[0, 1]], [(3,)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_second_derivative(name):
    def scenario(t):
        function, shapes = CASES[name]
        inputs = [numbers(t, *shape) for shape in shapes]
        y = function(functional(t), t, *inputs)
        y = y if isinstance(y, t.Tensor) else y[0]
        first = t.autograd.grad((y * 1.5).sum(), inputs, create_graph=True)
        follow = [g for g in first if g.requires_grad]
        second = t.autograd.grad([g.sum() for g in follow], inputs, allow_unused=True) if follow else None
        return [g.requires_grad for g in first], [g.detach() * 1 for g in first], second and [
            None if h is None else t.ones_like(h) + h for h in second
        ]  # fmt: skip

    check(scenario, rtol=1e-9, atol=1e-12)


def test_output_padding_as_large_as_the_stride():
    def scenario(t):
        x, w = numbers(t, 2, 2, 4, 4), numbers(t, 2, 2, 2, 3)
        options = {"stride": (3, 2), "padding": (1, 2), "output_padding": (2, 3), "dilation": (4, 4)}
        y = functional(t).conv_transpose2d(x, w, **options)
        first = t.autograd.grad((y * y).sum(), (x, w), create_graph=True)
        return [*first, *t.autograd.grad([g.sum() for g in first], (x, w))]

    def values(t):
        return [g.detach().contiguous() for g in scenario(t)]

    check(values, rtol=1e-9)


@pytest.mark.parametrize("name", ["addmm", "addr", "index_add"])
def test_complex_factors(name):
    def scenario(t):
        def made(*shape):
            x = numbers(t, *shape).detach()
            return t.complex(x, 1 - x).requires_grad_()

        if name == "addmm":
            inputs = made(2, 3), made(2, 2), made(2, 3)
            y = t.addmm(*inputs, alpha=2 + 3j, beta=1 - 2j)
        elif name == "addr":
            inputs = made(2, 3), made(2), made(3)
            y = t.addr(*inputs, alpha=2 + 3j, beta=1 - 2j)
        else:
            inputs = made(3, 2), made(2, 2)
            y = inputs[0].index_add(0, t.tensor([0, 2]), inputs[1], alpha=2 + 3j)
        return [g.resolve_conj() for g in t.autograd.grad(y.abs().sum(), inputs)]

    check(scenario, rtol=1e-9)


def test_complex_functions():
    def scenario(t):
        z = t.tensor([[0.3 + 0.4j, -0.2 + 1j], [1.5 - 0.5j, 0.1j]], dtype=t.complex128, requires_grad=True)
        functions = (t.sinc, lambda z: t.ldexp(z, z), lambda z: t.logsumexp(z, 1))
        return [t.autograd.grad(f(z).abs().sum(), z)[0].resolve_conj() for f in functions]

    check(scenario, rtol=1e-9)


def test_repeated_indices_fill_once():
    def scenario(t):
        x, value = numbers(t, 3, 2), t.tensor(2.0, dtype=t.float64, requires_grad=True)
        y = x.index_fill(0, t.tensor([0, 2, 0]), value)
        return t.autograd.grad((y * y).sum(), (x, value))

    check(scenario)


def test_similarity_of_broadcast_vectors():
    check(lambda t: functional(t).cosine_similarity(numbers(t, 1, 2, 3).detach(), numbers(t, 2, 1, 3).detach(), dim=-2))


def test_no_differences():
    check(lambda t: t.diff(numbers(t, 3).detach(), 0, prepend=numbers(t, 2).detach()))


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("dual", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("inplace", [False, True])
def test_tangents_of_quotients_round_as_in_pytorch(dual, inplace, dtype):
    def scenario(m):
        numbers = ((m.arange(400.0) * 37 % 101 - 50.5) / 8).reshape(4, 100).to(getattr(m, dtype))
        forward = m.autograd.forward_ad
        with forward.dual_level():
            x, y = (forward.make_dual(numbers[i], numbers[i + 2]) if dual[i] else numbers[i] for i in (0, 1))
            found = [(x * 1).div_(y)] if inplace else [x / y, m.div(x, y, rounding_mode=None)]
            if dual[1]:
                found.append(2.5 / y)
            return [forward.unpack_dual(t).tangent for t in found]

    check(scenario, rtol=0, atol=0)
