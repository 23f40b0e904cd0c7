"""Layers that few programs use: normalization across channels, across processes, and a loss under an older name."""

import pytest

from .reference import assert_same


def lrn(t, channels, *options, shape=None):
    t.manual_seed(0)
    layer = t.nn.CrossMapLRN2d(*options)
    x = t.randn(*(shape or (2, channels, 3, 2)), dtype=t.float64, requires_grad=True)
    y = layer(x)
    y.backward(t.randn(*y.shape, dtype=t.float64))
    return [repr(layer), y, type(y.grad_fn).__name__, x.grad]


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("options", [(3,), (5, 0.5, 0.6, 2.0), (2, 0.1), (4, 0.1), (1, 0.3)])
def test_cross_map_lrn(channels, options):
    assert_same(lambda t: lrn(t, channels, *options), digits=9)


def test_cross_map_lrn_wants_images():
    assert_same(lambda t: lrn(t, 2, 3, shape=(2, 3, 4)))


def synchronized(t, shape, train=True, **options):
    t.manual_seed(0)
    layer = t.nn.SyncBatchNorm(3, **options).train(train)
    y = layer(t.randn(*shape))
    return [repr(layer), y, layer.state_dict(), type(y.grad_fn).__name__]


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2), (2, 3, 2, 2), (2, 3, 2, 2, 2), (3,), (2, 0, 3)])
def test_sync_batch_norm_in_one_process(shape):
    assert_same(lambda t: synchronized(t, shape), digits=5)
    assert_same(lambda t: synchronized(t, shape, train=False, affine=False), digits=5)


def converted(t, module, group=None):
    new = t.nn.SyncBatchNorm.convert_sync_batchnorm(module, group)
    return [repr(new), new is module, new.state_dict(), [n for n, _ in new.named_parameters()], new.training]


def test_batch_norms_become_synchronized_ones():
    def net(t):
        return t.nn.Sequential(t.nn.BatchNorm2d(2), t.nn.Sequential(t.nn.BatchNorm1d(2, affine=False), t.nn.ReLU()))

    assert_same(lambda t: converted(t, net(t)))
    assert_same(lambda t: converted(t, t.nn.BatchNorm3d(2, track_running_stats=False).eval(), "group"))
    assert_same(lambda t: converted(t, t.nn.Identity()))


def test_loss_under_its_older_name():
    def scenario(t):
        loss = t.nn.NLLLoss2d(reduction="sum")
        x = t.arange(12.0).view(1, 3, 2, 2).log_softmax(1)
        return [repr(loss), loss(x, t.tensor([[[0, 2], [1, 1]]]))]

    assert_same(scenario, digits=6)
