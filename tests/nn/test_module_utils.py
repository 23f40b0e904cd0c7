"""Layers fused with batch norm, modules called with other parameters, modules without initial values."""

import pytest

from .reference import assert_same


def batch_norm(t, kind, n, affine=True, track=True):
    norm = getattr(t.nn, kind)(n, affine=affine, track_running_stats=track)
    with t.no_grad():
        for i, kept in enumerate((*norm.parameters(), *norm.buffers())):
            if kept.is_floating_point():
                kept.add_(t.arange(float(kept.numel())) * 0.3 + i * 0.1)
    return norm.eval()


def fused(t, make, kind, n=4, transpose=False, train=False, **options):
    t.manual_seed(0)
    layer, norm = make(t).train(train), batch_norm(t, kind, n, **options)
    x = t.randn(2, 3, *[5] * (layer.weight.ndim - 2))
    if isinstance(layer, t.nn.Linear):
        both = t.nn.utils.fuse_linear_bn_eval(layer, norm)
    else:
        both = t.nn.utils.fuse_conv_bn_eval(layer, norm, transpose)
    return [repr(both), both.state_dict(), both(x), type(both.weight).__name__, both.bias.requires_grad]


FUSED = {
    "conv": lambda t: fused(t, lambda t: t.nn.Conv2d(3, 4, 3), "BatchNorm2d"),
    "conv_without_bias": lambda t: fused(t, lambda t: t.nn.Conv1d(3, 4, 3, bias=False), "BatchNorm1d"),
    "not_affine": lambda t: fused(t, lambda t: t.nn.Conv1d(3, 4, 3), "BatchNorm1d", affine=False),
    "transposed": lambda t: fused(t, lambda t: t.nn.ConvTranspose2d(3, 4, 3), "BatchNorm2d", transpose=True),
    "linear": lambda t: fused(t, lambda t: t.nn.Linear(3, 4), "BatchNorm1d"),
    "linear_without_bias": lambda t: fused(t, lambda t: t.nn.Linear(3, 4, bias=False), "BatchNorm1d"),
    "linear_one": lambda t: fused(t, lambda t: t.nn.Linear(3, 4), "BatchNorm1d", 1),
    "linear_sizes": lambda t: fused(t, lambda t: t.nn.Linear(3, 4), "BatchNorm1d", 3),
    "training": lambda t: fused(t, lambda t: t.nn.Conv2d(3, 4, 3), "BatchNorm2d", train=True),
    "linear_training": lambda t: fused(t, lambda t: t.nn.Linear(3, 4), "BatchNorm1d", train=True),
    "no_statistics": lambda t: fused(t, lambda t: t.nn.Conv2d(3, 4, 3), "BatchNorm2d", track=False),
}


@pytest.mark.parametrize("case", FUSED)
def test_fusion(case):
    assert_same(FUSED[case], digits=5)


def converted(t, kind, format):
    net = t.nn.Sequential(getattr(t.nn, kind)(2, 3, 2), t.nn.Sequential(getattr(t.nn, kind)(3, 2, 2)))
    convert = t.nn.utils.convert_conv2d_weight_memory_format if "2d" in kind else None
    convert = convert or t.nn.utils.convert_conv3d_weight_memory_format
    assert convert(net, getattr(t, format)) is net
    return [p.stride() for p in net.parameters()]


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d", "Conv3d", "ConvTranspose3d", "Conv1d"])
def test_memory_format_of_weights(kind):
    format = "channels_last_3d" if kind.endswith(("3d", "1d")) else "channels_last"
    assert_same(lambda t: converted(t, kind, format))


def tied(t):
    net = t.nn.Sequential(t.nn.Linear(2, 2), t.nn.Linear(2, 2), t.nn.BatchNorm1d(2))
    net[1].weight = net[0].weight
    with t.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(t.arange(float(p.numel())).view(p.shape) + i)
    return net


def called(t, names, args=None, kwargs=None, **options):
    net = tied(t)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    given = {name: t.full(shape, 0.5, requires_grad=True) for name, shape in names.items()}
    given = {k: v.detach() if "running" in k else v for k, v in given.items()}
    mine = given.get("2.running_mean")
    y = t.nn.utils.stateless.functional_call(net, given, t.eye(3, 2) if args is None else args(t), kwargs, **options)
    y.sum().backward()
    after = net.state_dict()
    unchanged = [k for k in before if t.equal(before[k], after[k])]
    return [y, [v.grad for v in given.values()], unchanged, list(given), mine, given.get("2.running_mean") is mine]


CALLS = {
    "one": lambda t: called(t, {"0.bias": (2,)}),
    "tied": lambda t: called(t, {"0.weight": (2, 2)}),
    "not_tied": lambda t: called(t, {"0.weight": (2, 2)}, tie_weights=False),
    "tied_twice": lambda t: called(t, {"0.weight": (2, 2), "1.weight": (2, 2)}),
    "not_tied_twice": lambda t: called(t, {"0.weight": (2, 2), "1.weight": (2, 2)}, tie_weights=False),
    "buffer": lambda t: called(t, {"2.running_mean": (2,)}),
    "strict": lambda t: called(t, {"0.bias": (2,)}, strict=True),
    "strict_unknown": lambda t: called(t, {"0.bias": (2,), "3.bias": (2,)}, strict=True),
    "keyword": lambda t: called(t, {"0.bias": (2,)}, lambda t: (), {"input": t.eye(3, 2)}),
}


@pytest.mark.parametrize("case", CALLS)
def test_functional_call(case):
    assert_same(CALLS[case], digits=5)


def skipped(t):
    t.manual_seed(0)
    layer = t.nn.utils.skip_init(t.nn.Linear, 3, 4, bias=False)
    return [repr(layer), layer.weight.shape, layer.weight.requires_grad, t.rand(1)]


def test_skip_init():
    assert_same(skipped)
    assert_same(lambda t: t.nn.utils.skip_init(int))
    assert_same(lambda t: t.nn.utils.skip_init(t.nn.ReLU))
