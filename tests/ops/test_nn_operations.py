"""Losses by margins, unpooling, fractional pooling, sampling at places and antialiasing, beside PyTorch."""

import math

import numpy as np
import pytest
from beside import check


def made(t, *shape, seed=0, grad=True):
    values = np.random.default_rng(seed).standard_normal(shape)
    return t.from_numpy(values).requires_grad_(grad)


def derived(t, result, *inputs):
    """A result with its gradients and the gradients of these."""
    first = t.autograd.grad((result * result).sum(), inputs, create_graph=True)
    second = t.autograd.grad(sum((g * g).sum() for g in first), inputs, allow_unused=True)
    return result, [g.detach() for g in first], second


# ---------------------------------------------------------------------------------------------- margins
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_multi_margin_loss(p, reduction):
    def scenario(t):
        x, weight = made(t, 4, 5), made(t, 5, seed=1, grad=False).abs()
        y = t.tensor([0, 4, 2, 2])
        found = []
        for options in ({}, {"weight": weight, "margin": 0.3}):
            loss = t.nn.functional.multi_margin_loss(x, y, p=p, reduction=reduction, **options)
            found += [loss, t.autograd.grad(loss.sum(), x)]
        one = t.nn.functional.multi_margin_loss(x[0], y[0], p=p, reduction=reduction)
        return found, one

    check(scenario)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_multilabel_losses(reduction):
    def scenario(t):
        f = t.nn.functional
        x, y = made(t, 3, 4), t.tensor([[3, 0, -1, 1], [-1, 2, 0, 0], [1, 1, 2, -1]])
        margin = f.multilabel_margin_loss(x, y, reduction=reduction)
        soft = f.multilabel_soft_margin_loss(x, (y > 0).double(), reduction=reduction)
        single = f.multilabel_margin_loss(x[0], y[0], reduction=reduction)
        return margin, t.autograd.grad(margin.sum(), x), soft, t.autograd.grad(soft.sum(), x), single

    check(scenario)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 0), t.tensor([0, 0])),
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 3), t.tensor([0, 0, 1])),
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 3), t.tensor([0, 5])),
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1]), weight=t.ones(2)),
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1]), p=3),
        lambda t: t.nn.functional.multi_margin_loss(t.ones(2, 3).long(), t.tensor([0, 1])),
        lambda t: t.nn.functional.multilabel_margin_loss(t.ones(3), t.tensor([0, 4, 1])),
        lambda t: t.nn.functional.multilabel_margin_loss(t.ones(3), t.tensor([0.0, 0, 1])),
        lambda t: t.nn.functional.multilabel_margin_loss(t.ones(2, 3), t.tensor([0, 0, 1])),
        lambda t: t.nn.functional.triplet_margin_with_distance_loss(t.ones(2), t.ones(2), t.ones(2), margin=-1),
        lambda t: t.nn.functional.max_unpool2d(t.ones(1, 1, 2, 2), t.full((1, 1, 2, 2), 100), 2),
        lambda t: t.nn.functional.max_unpool2d(t.ones(1, 1, 2, 2), t.zeros(1, 1, 2, 3, dtype=t.int64), 2),
        lambda t: t.nn.functional.max_unpool3d(t.ones(1, 2, 2), t.zeros(1, 2, 2, dtype=t.int64), 2),
        lambda t: t.nn.functional.max_unpool1d(t.ones(1, 2), t.zeros(1, 2, dtype=t.int64), 2, output_size=(9,)),
        lambda t: t.nn.functional.fractional_max_pool2d(t.ones(1, 1, 2, 2), 3, output_size=2),
        lambda t: t.nn.functional.fractional_max_pool2d(t.ones(1, 1, 2, 2), 3),
        lambda t: t.nn.functional.fractional_max_pool3d(t.ones(1, 0, 4, 4, 4), 2, output_size=2),
        lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 3, 3), t.ones(2, 2, 2, 2)),
        lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 3, 3), t.ones(1, 2, 2, 3), align_corners=True),
        lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 3, 3), t.ones(1, 2, 2, 2), mode="cubic"),
        lambda t: t.nn.functional.affine_grid(t.ones(1, 2, 2), (1, 1, 2, 2), align_corners=True),
        lambda t: t.nn.functional.interpolate(t.ones(1, 1, 2), 3, mode="linear", antialias=True),
        lambda t: t.nn.functional.linear_cross_entropy(t.ones(1, 2), t.ones(3, 3), t.ones(1).long()),
    ],
)
def test_wrong_arguments(call):
    check(lambda t: call(t))


def test_linear_cross_entropy():
    def scenario(t):
        x, w, b = made(t, 3, 4), made(t, 5, 2, 4, seed=1), made(t, 5, 2, seed=2)
        y = t.tensor([[0, 1], [4, -100], [2, 3]])
        loss = t.nn.functional.linear_cross_entropy(x, w, y, linear_bias=b, label_smoothing=0.1)
        return derived(t, loss, x, w, b)

    check(scenario)


# ---------------------------------------------------------------------------------------------- pooling
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_takes_back_pooling(dims):
    def scenario(t):
        f = t.nn.functional
        x = made(t, 2, 3, *(5, 6, 4)[:dims])
        values, indices = getattr(f, f"max_pool{dims}d")(x, 2, return_indices=True)
        back = getattr(f, f"max_unpool{dims}d")(values, indices, 2, output_size=x.shape)
        (first,) = t.autograd.grad((back * back * back).sum(), x, create_graph=True)
        return back, first.detach(), t.autograd.grad((first * first).sum(), x)

    check(scenario, strides=False)


@pytest.mark.parametrize("dims", [2, 3])
def test_fractional_pooling_takes_the_same_windows(dims):
    def scenario(t):
        t.manual_seed(1)
        x = made(t, 2, 3, *(7, 9, 8)[:dims])
        pool = getattr(t.nn.functional, f"fractional_max_pool{dims}d")
        values, indices = pool(x, 2, output_ratio=(0.5, 0.6, 0.7)[:dims], return_indices=True)
        return values, indices, t.autograd.grad((values * values).sum(), x)

    check(scenario, strides=False)


@pytest.mark.parametrize("power", [1.5, 2, float("inf")])
def test_power_pooling(power):
    def scenario(t):
        x = t.from_numpy(np.random.default_rng(0).uniform(0.5, 2, (2, 3, 6, 7))).requires_grad_()
        pooled = t.nn.functional.lp_pool2d(x, power, (2, 3), stride=2)
        return pooled, t.autograd.grad((pooled * pooled).sum(), x)

    check(scenario, strides=False)


# ---------------------------------------------------------------------------------------------- places
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("align", [True, False])
def test_samples_of_images(mode, padding, align):
    def scenario(t):
        x, grid = made(t, 2, 3, 5, 4), made(t, 2, 3, 6, 2, seed=1)
        sample = t.nn.functional.grid_sample(x, grid, mode, padding, align)
        return derived(t, sample, x, grid)

    check(scenario, strides=False, atol=1e-9)


@pytest.mark.parametrize("padding", ["zeros", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_samples_of_volumes(mode, padding):
    def scenario(t):
        x, theta = made(t, 2, 1, 4, 5, 3), made(t, 2, 3, 4, seed=1)
        grid = t.nn.functional.affine_grid(theta, (2, 1, 3, 2, 4), align_corners=False)
        sample = t.nn.functional.grid_sample(x, grid, mode, padding, align_corners=False)
        return grid, sample, t.autograd.grad((sample * sample).sum(), (x, theta))

    check(scenario, strides=False, atol=1e-9)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [{"size": (4, 3)}, {"size": (9, 12)}, {"scale_factor": (0.4, 1.7)}])
def test_antialiasing(mode, size):
    def scenario(t):
        x = made(t, 2, 3, 7, 8)
        found = t.nn.functional.interpolate(x, mode=mode, antialias=True, **size)
        return found, t.autograd.grad((found * found).sum(), x)

    check(scenario, strides=False)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_channels_last_images_stay_so_when_resampled(mode):
    def scenario(t):
        x = made(t, 2, 3, 4, 5, grad=False).to(memory_format=t.channels_last)
        return t.nn.functional.interpolate(x, scale_factor=2.0, mode=mode)

    check(scenario)


# ---------------------------------------------------------------------------------------------- derivatives
@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float("inf")])
def test_distances_where_points_meet(p):
    def scenario(t):
        values = np.array([[0.0, 1, 2], [0, 1, 2], [0, 2, 1], [3, 1, 2]])
        x, y = t.from_numpy(values).requires_grad_(), t.from_numpy(values[1:] + [0, 0, 1]).requires_grad_()
        pairs, apart = t.nn.functional.pdist(x, p), t.cdist(x, y, p)
        return pairs, apart, t.autograd.grad(pairs.sum(), x), t.autograd.grad(apart.sum(), (x, y))

    check(scenario, strides=False)


def test_pdist_of_one_row():
    def scenario(t):
        x = t.tensor([[1.0, math.inf]], requires_grad=True)
        t.nn.functional.pdist(x).sum().backward()
        return x.grad

    check(scenario)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("transposed", ["", "_transpose"])
def test_complex_convolutions(dims, transposed):
    def scenario(t):
        def numbers(*shape, seed):
            return t.complex(made(t, *shape, seed=seed), made(t, *shape, seed=seed + 9)).detach().requires_grad_()

        size = (5, 4)[:dims]
        x, w, b = numbers(2, 4, *size, seed=0), numbers(4, 2, *(3, 2)[:dims], seed=1), numbers(4, seed=2)
        convolve = getattr(t.nn.functional, f"conv{transposed}{dims}d")
        found = convolve(x, w, b, padding=1, groups=2)
        first = t.autograd.grad((found * found).real.sum(), (x, w, b), create_graph=True)
        second = t.autograd.grad(sum((g * g).real.sum() for g in first), (x, w, b))
        return found.detach(), [g.detach() for g in first], second

    check(scenario, strides=False)


def test_first_derivatives_of_one_node_are_recorded_together():
    def scenario(t):
        x, w, b = made(t, 2, 3, 5), made(t, 4, 3, 2, seed=1), made(t, 4, seed=2)
        f = t.nn.functional
        calls = [
            (f.conv1d(x, w, b), (x, w, b)),
            (f.conv1d(x, w.detach()), (x,)),
            (f.layer_norm(x, (5,), w[0, 0, :1].expand(5), b[:1].expand(5)), (x, w, b)),
            (f.batch_norm(x, t.zeros(3).double(), t.ones(3).double()), (x,)),
            (f.prelu(x, b[:1]), (x, b)),
        ]
        return [[g.requires_grad for g in t.autograd.grad(o.sum(), i, create_graph=True)] for o, i in calls]

    check(scenario)


@pytest.mark.parametrize("gradient", [1.0, float("nan"), float("inf")])
@pytest.mark.parametrize(
    "name", ["relu", "relu6", "hardswish", "hardsigmoid", "hardtanh", "elu", "selu", "celu", "softshrink", "hardshrink"]
)
def test_gradients_of_special_inputs(name, gradient):
    def scenario(t):
        inputs = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 3.0, -3.0, 1e30, -1e30]
        # So many that PyTorch computes all with vectors, however wide: its code for the rest has another rule for NaN.
        x = t.tensor(inputs, dtype=t.float64).repeat(64).requires_grad_()
        found = getattr(t.nn.functional, name)(x)
        gradients = t.full(x.shape, gradient, dtype=t.float64)
        both = [t.autograd.grad(found, x, gradients, create_graph=recorded)[0] for recorded in (True, False)]
        return found.detach(), [g.detach() for g in both]

    check(scenario)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_bilinear_in_half_precision(dtype):
    def scenario(t):
        a, b, w = (t.arange(n).reshape(s).to(getattr(t, dtype)) for n, s in ((6, (2, 3)), (8, (2, 4)), (12, (1, 3, 4))))
        return t.nn.functional.bilinear(a, b, w).float()

    check(scenario)


@pytest.mark.parametrize("samples", [None, False, True])
@pytest.mark.parametrize("trained", [False, True])
def test_bags_keep_what_their_gradients_need(trained, samples):
    def scenario(m):
        w, s = m.arange(12.0).reshape(4, 3).requires_grad_(trained), None
        if samples is not None:
            s = m.ones(2, 2).requires_grad_(samples)
        given = [x for x in (w, s) if x is not None and x.requires_grad]
        table = w * 1
        y = m.nn.functional.embedding_bag(m.tensor([[0, 1], [2, 2]]), table, mode="sum", per_sample_weights=s)
        if not given:
            return y
        kept = {k: getattr(y.grad_fn, k) for k in dir(y.grad_fn) if k.startswith("_saved")}
        first = m.autograd.grad((y * y).sum(), given, create_graph=True)
        seen = [kept, [g.grad_fn.name() for g in first]]
        for change in (lambda: None, lambda: table.data.add_(1), lambda: table.mul_(2)):
            try:
                change()
                y.sum().backward(retain_graph=True)
                m.autograd.grad([g.sum() for g in first], given)
            except (RuntimeError, NotImplementedError) as error:
                seen.append((type(error).__name__, str(error)))
        return seen

    check(scenario, strides=False)


@pytest.mark.parametrize("name", ["multi_margin_loss", "multilabel_margin_loss"])
def test_margins_have_no_second_derivative(name):
    def scenario(m):
        x = m.ones(2, 3).requires_grad_()
        target = m.tensor([0, 1]) if name == "multi_margin_loss" else m.tensor([[0, 1, -1], [1, -1, 0]])
        (first,) = m.autograd.grad(getattr(m.nn.functional, name)(x, target), x, create_graph=True)
        first.sum().backward()

    check(scenario)
