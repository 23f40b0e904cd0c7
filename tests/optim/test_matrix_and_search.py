"""Optimisers with a way of their own: Muon on matrices, L-BFGS with a closure, and states exchanged with PyTorch."""

import io

import numpy as np
import pytest
from nn.reference import assert_same, rushlight, torch

MUON = [
    "Muon(p)",
    "Muon(p, lr=0.05, weight_decay=0.3, momentum=0.5, nesterov=False)",
    "Muon(p, lr=t.tensor(0.05), adjust_lr_fn='match_rms_adamw', ns_steps=3)",
]


def made(t, text, params):
    return eval("t.optim." + text, {"t": t, "p": params})


def matrices(t, text, steps=20):
    rng = np.random.default_rng(1)
    params = [t.nn.Parameter(t.from_numpy(rng.standard_normal(s).astype(np.float32))) for s in ((4, 3), (3, 5), (1, 1))]
    o = made(t, text, params)
    for _ in range(steps):
        o.zero_grad()
        sum(((p.sin() - 0.3) ** 2).sum() for p in params).backward()
        o.step()
    return params


@pytest.mark.parametrize("text", MUON)
def test_muon(text):
    ours, theirs = matrices(rushlight, text), matrices(torch, text)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "Muon([t.ones(3)])",
        "Muon([t.ones(2, 2)], lr=-1.0)",
        "Muon([t.ones(2, 2)], momentum=-1.0)",
        "Muon([t.ones(2, 2)], weight_decay=-1.0)",
        "Muon([t.ones(2, 2)], adjust_lr_fn='none')",
        "Muon([t.ones(2, 2)], lr=t.ones(2))",
        "Adafactor([t.ones(2)], d=0.5)",
        "Adafactor([t.ones(2)], beta2_decay=0.5)",
        "Adafactor([t.ones(2)], eps=(-1.0, 1.0))",
        "Adafactor([t.ones(2)], eps=(1.0, -1.0))",
        "Adadelta([t.ones(2)], rho=2.0)",
        "Adadelta([t.ones(2)], eps=-1.0)",
        "Adamax([t.ones(2)], betas=(1.0, 0.5))",
        "Adamax([t.ones(2)], eps=-1.0)",
        "NAdam([t.ones(2)], momentum_decay=-1.0)",
        "RAdam([t.ones(2)], betas=(0.5, 1.0))",
        "Rprop([t.ones(2)], etas=(1.5, 2.0))",
        "ASGD([t.ones(2)], weight_decay=-1.0)",
        "LBFGS([{'params': t.ones(2)}, {'params': t.ones(3)}])",
        "LBFGS([t.ones(2)], lr=-1.0)",
        "LBFGS([t.ones(2)])",
        "Muon([t.ones(2, 2)])",
    ],
)
def test_settings_are_checked_and_printed(text):
    assert_same(lambda t: repr(made(t, text, None)))


def refused(t, text, dtype="float32", sparse=False):
    p = t.nn.Parameter(t.ones(2, 2, dtype=getattr(t, dtype)))
    o = made(t, text, [p])
    p.grad = t.ones(2, 2, dtype=p.dtype).to_sparse() if sparse else t.ones(2, 2, dtype=p.dtype)
    try:
        o.step()
    finally:
        assert p.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", ["ASGD", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop"])
def test_capturable_and_sparse_are_refused(name):
    assert_same(lambda t: refused(t, f"{name}(p, capturable=True)"))
    assert_same(lambda t: refused(t, f"{name}(p)", sparse=True))


@pytest.mark.parametrize("name", ["Adafactor", "Muon"])
def test_complex_and_sparse_are_refused(name):
    assert_same(lambda t: refused(t, f"{name}(p)", "complex64"))
    assert_same(lambda t: refused(t, f"{name}(p)", sparse=True))


SEARCHES = [
    # Twenty steps in all: a later one jumps to 1e12 and back, by which the last digits of float64 become the sixth.
    "LBFGS(p, max_iter=10)",
    "LBFGS(p, lr=0.1, max_iter=4)",
    "LBFGS(p, lr=t.tensor(0.5, dtype=t.float64), history_size=2)",
    "LBFGS(p, line_search_fn='strong_wolfe')",
    "LBFGS(p, lr=5.0, line_search_fn='strong_wolfe', max_iter=7)",
    "LBFGS(p, line_search_fn='strong_wolfe', max_eval=3)",
    "LBFGS(p, line_search_fn='none')",
]


def valley(t, text, steps=2, dtype="float64"):
    """Rosenbrock's valley, with a part that does not matter and one that is complex."""
    x = t.nn.Parameter(t.tensor([-1.2, 1.0], dtype=getattr(t, dtype)))
    y = t.nn.Parameter(t.tensor([[0.5]], dtype=x.dtype))
    unused = t.nn.Parameter(t.ones(2, dtype=x.dtype))
    z = t.nn.Parameter(t.tensor([1 + 2j], dtype=t.complex128 if dtype == "float64" else t.complex64))
    o, log = made(t, text, [x, y, unused, z]), []

    def closure():
        o.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2 + (y**4).sum() + (z * z.conj()).real.sum()
        loss.backward()
        log.append(loss.item())
        return loss

    returned = [o.step(closure).item() for _ in range(steps)]
    state = o.state_dict()["state"][0]
    counts = [state["func_evals"], state["n_iter"], len(state.get("old_dirs") or ()), sorted(state)]
    return [returned, log, x, y, unused, t.view_as_real(z), counts]


@pytest.mark.parametrize("text", SEARCHES)
def test_lbfgs_evaluates_where_pytorch_does(text):
    assert_same(lambda t: valley(t, text), digits=6)


def test_lbfgs_takes_no_step_at_a_minimum():
    def scenario(t):
        p = t.nn.Parameter(t.zeros(2))
        o = t.optim.LBFGS([p])
        return [o.step(lambda: (p**2).sum()), o.state_dict()]

    assert_same(scenario)


EXCHANGED = [
    "ASGD(p, t0=1)",
    "Adadelta(p)",
    "Adafactor(p)",
    "Adamax(p)",
    "LBFGS(p, max_iter=3)",
    "Muon(p)",
    "NAdam(p)",
    "RAdam(p)",
    "Rprop(p)",
]


def begun(t, text, steps):
    params = [t.nn.Parameter(t.tensor([[1.0, 2.0], [3.0, 5.0]]))]
    o = made(t, text, params)
    go_on(params, o, steps)
    return params, o


def go_on(params, o, steps):
    def closure():
        o.zero_grad()
        loss = sum((p**4).sum() for p in params)
        loss.backward()
        return loss

    for _ in range(steps):
        o.step(closure)


@pytest.mark.parametrize("text", EXCHANGED)
@pytest.mark.parametrize("way", [(torch, rushlight), (rushlight, torch)], ids=["here", "there"])
def test_a_saved_state_goes_on_in_the_other_library(text, way):
    source, target = way
    params, o = begun(source, text, 3)
    file = io.BytesIO()
    source.save({"params": [p.detach() for p in params], "optimizer": o.state_dict()}, file)
    file.seek(0)
    loaded = target.load(file, weights_only=True)
    twins = [target.nn.Parameter(p) for p in loaded["params"]]
    twin = made(target, text, twins)
    twin.load_state_dict(loaded["optimizer"])
    go_on(params, o, 3)
    go_on(twins, twin, 3)
    for a, b in zip(params, twins, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-5)
