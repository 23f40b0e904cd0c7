"""Averages of parameters, batch norms computed anew, and the schedule that ends at a fixed learning rate."""

import importlib
import warnings

import pytest
from nn.reference import assert_same


def swa(t):
    return importlib.import_module(t.__name__ + ".optim.swa_utils")


def network(t):
    layer = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.BatchNorm1d(3))
    with t.no_grad():
        for i, p in enumerate(layer.parameters()):
            p.copy_(t.arange(float(p.numel())).view(p.shape) * 0.1 + i)
    return layer


def averaged(t, options=lambda s: {}, steps=3):
    model = network(t)
    average = swa(t).AveragedModel(model, **options(swa(t)))
    for k in range(steps):
        with t.no_grad():
            for p in model.parameters():
                p.add_(p * 0.1 * (k + 1))
        model(t.arange(8.0).view(4, 2) * (k + 1))
        average.update_parameters(model)
    names = [name for name, _ in average.named_parameters()]
    return [names, average.state_dict(), average.eval()(t.ones(1, 2)), repr(average)]


OPTIONS = {
    "mean": lambda s: {},
    "ema": lambda s: {"avg_fn": s.get_ema_avg_fn(0.5)},
    "multi_ema": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.5)},
    "multi_mean": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    "buffers": lambda s: {"use_buffers": True},
    "buffers_ema": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.5), "use_buffers": True},
    "buffers_mean": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn(), "use_buffers": True},
    "own": lambda s: {"avg_fn": lambda average, param, n: average + 0.1 * param},
    "both": lambda s: {"avg_fn": s.get_swa_avg_fn(), "multi_avg_fn": s.get_swa_multi_avg_fn()},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_averaged_model(name):
    assert_same(lambda t: averaged(t, OPTIONS[name]), digits=6)


@pytest.mark.parametrize("decay", [-0.5, 1.5])
def test_the_decay_is_checked(decay):
    assert_same(lambda t: swa(t).get_ema_avg_fn(decay))
    assert_same(lambda t: swa(t).get_ema_multi_avg_fn(decay))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("norms", [False, True])
def test_update_bn(paired, norms):
    def scenario(t):
        model = (network(t) if norms else t.nn.Linear(2, 3)).eval()
        batches = [t.arange(8.0).view(4, 2) * k for k in (1, 2, 4)]
        swa(t).update_bn([(b, 0) for b in batches] if paired else batches, model)
        return [dict(model.named_buffers()), model.training, norms and model[1].momentum]

    assert_same(scenario, digits=6)


def schedule(t, steps=6, **options):
    params = [t.nn.Parameter(t.ones(1)) for _ in range(2)]
    o = t.optim.SGD([{"params": params[:1], "lr": 0.5}, {"params": params[1:]}], lr=0.1)
    s = swa(t).SWALR(o, **options)
    log = [s.get_last_lr()]
    for i in range(steps):
        o.step()
        s.step()
        log.append(s.get_last_lr())
        if i == 2:
            state = s.state_dict()
            s = swa(t).SWALR(o, swa_lr=options["swa_lr"])
            s.load_state_dict(state)
    return [log, sorted(s.state_dict()), o.param_groups[0]["swa_lr"]]


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.05, "anneal_epochs": 4},
        {"swa_lr": [0.05, 0.2], "anneal_epochs": 3, "anneal_strategy": "linear"},
        {"swa_lr": 0.05, "anneal_epochs": 0},
        {"swa_lr": [0.05]},
        {"swa_lr": 0.05, "anneal_strategy": "none"},
        {"swa_lr": 0.05, "anneal_epochs": -1},
        {"swa_lr": 0.05, "anneal_epochs": 1.5},
    ],
)
def test_swalr(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(lambda t: schedule(t, **options), digits=7)
