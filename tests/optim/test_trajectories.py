"""Training runs: the parameters stay with PyTorch's, step by step, whatever the settings, sizes and dtypes."""

import numpy as np
import pytest
from nn.reference import rushlight, torch

SETTINGS = [
    "SGD(p, lr=0.1)",
    "SGD(p, lr=0.1, weight_decay=0.05)",
    "SGD(p, lr=0.05, momentum=0.9)",
    "SGD(p, lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.01)",
    "SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)",
    "SGD(p, lr=0.001, momentum=0.5, maximize=True, weight_decay=0.1)",
    "SGD(p, lr=0.05, momentum=0.9, foreach=True)",
    "SGD(p, lr=t.tensor(0.05), momentum=0.9)",
    "Adam(p, lr=0.01)",
    "Adam(p, lr=0.01, betas=(0.4, 0.6), eps=1e-2, weight_decay=0.1)",
    "Adam(p, lr=0.01, amsgrad=True)",
    "Adam(p, lr=0.01, maximize=True, weight_decay=0.1)",
    "Adam(p, lr=t.tensor(0.01))",
    "AdamW(p, lr=0.01)",
    "AdamW(p, lr=0.01, weight_decay=0.3, amsgrad=True)",
    "Adagrad(p, lr=0.1)",
    "Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.05, initial_accumulator_value=0.2, maximize=True)",
    "RMSprop(p, lr=0.01)",
    "RMSprop(p, lr=0.01, alpha=0.8, momentum=0.7, weight_decay=0.05)",
    "RMSprop(p, lr=0.01, centered=True, eps=1e-4)",
    "RMSprop(p, lr=0.001, eps=1e-3, centered=True, momentum=0.7, alpha=0.95, maximize=True)",
    "ASGD(p, lr=0.1)",
    "ASGD(p, lr=0.1, lambd=0.1, alpha=0.5, t0=5, weight_decay=0.05)",
    "Adadelta(p)",
    "Adadelta(p, lr=0.5, rho=0.7, eps=1e-3, weight_decay=0.1, maximize=True)",
    "Adafactor(p, lr=0.02)",
    "Adafactor(p, lr=0.01, beta2_decay=-0.5, eps=(1e-3, 1e-2), d=1.5, weight_decay=0.1)",
    "Adamax(p, lr=0.01)",
    "Adamax(p, lr=0.01, betas=(0.4, 0.6), eps=1e-2, weight_decay=0.1, maximize=True)",
    "NAdam(p, lr=0.01)",
    "NAdam(p, lr=0.01, betas=(0.4, 0.6), eps=1e-2, weight_decay=0.1, momentum_decay=0.1, maximize=True)",
    "NAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True)",
    "RAdam(p, lr=0.01)",
    "RAdam(p, lr=0.01, betas=(0.4, 0.95), eps=1e-2, weight_decay=0.1, maximize=True)",
    "RAdam(p, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True)",
    "Rprop(p, lr=0.01)",
    "Rprop(p, lr=0.01, etas=(0.3, 1.5), step_sizes=(1e-3, 0.02), maximize=True)",
]


def made(t, text, params):
    return eval("t.optim." + text, {"t": t, "p": params})


def run(t, text, arrays, steps, targets):
    """Minimise the mean square distance of the parameters, taken through a function, from targets."""
    params = [t.nn.Parameter(t.from_numpy(a.copy())) for a in arrays]
    o = made(t, text, params)
    log = []
    for _ in range(steps):
        o.zero_grad()
        loss = sum(((p.sin() - t.from_numpy(a)) ** 2).mean() for p, a in zip(params, targets, strict=True))
        loss.backward()
        o.step()
        log.append(float(loss.detach()))
    return log, [p.detach().numpy() for p in params]


def compare(text, arrays, steps, rtol, atol):
    rng = np.random.default_rng(9)
    targets = [rng.uniform(-1, 1, a.shape).astype(a.dtype) for a in arrays]
    theirs, ours = (run(t, text, arrays, steps, targets) for t in (torch, rushlight))
    np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=atol)
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize("text", SETTINGS)
def test_fifty_steps(text):
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in ((4, 3), (5,), (), (2, 2, 2), (1, 0))]
    compare(text, [a for a in arrays if a.size], 50, 1e-5, 2e-6)


# A float32 tensor as learning rate has PyTorch compute the size of a step in float32.
@pytest.mark.parametrize("text", [s for s in SETTINGS if "tensor" not in s])
def test_in_double_precision(text):
    rng = np.random.default_rng(2)
    compare(text, [rng.standard_normal((3, 4)), rng.standard_normal(6)], 50, 1e-11, 1e-12)


@pytest.mark.parametrize("text", [s for s in SETTINGS if "tensor" not in s])
def test_large_parameters_go_block_by_block(text):
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal((210, 211)), rng.standard_normal(40000), rng.standard_normal(3)]
    compare(text, arrays, 4, 1e-11, 1e-12)


def test_many_parameters_of_both_dtypes():
    rng = np.random.default_rng(4)
    arrays = [rng.standard_normal(rng.integers(1, 5000)) for _ in range(30)]
    arrays = [a.astype(np.float32) if i % 3 else a for i, a in enumerate(arrays)]
    compare("Adam(p, lr=0.01)", arrays, 10, 1e-5, 1e-6)


@pytest.mark.parametrize("text", ["SGD(p, lr=0.05, momentum=0.9)", "Adam(p, lr=0.01)", "RMSprop(p, lr=0.01)"])
def test_parameters_that_are_not_contiguous(text):
    base = np.random.default_rng(5).standard_normal((300, 200))
    results = []
    for t in (torch, rushlight):
        p = t.nn.Parameter(t.from_numpy(base.copy()).t())
        q = t.nn.Parameter(t.from_numpy(base[:4, :6].copy()).t())
        o = made(t, text, [p, q])
        for _ in range(3):
            o.zero_grad()
            ((p**3).sum() + (q**3).sum()).backward()
            o.step()
        results.append([p.detach().numpy(), q.detach().numpy()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-11)


COMPLEX = ["SGD(p, lr=0.05, momentum=0.9)", "Adam(p, lr=0.01)", "Adagrad(p)", "RMSprop(p)", "ASGD(p, weight_decay=0.1)"]
COMPLEX += ["Adadelta(p)", "Adamax(p)", "NAdam(p)", "RAdam(p)", "Rprop(p)"]


@pytest.mark.parametrize("text", COMPLEX)
def test_complex_parameters(text):
    rng = np.random.default_rng(6)
    start = rng.standard_normal(5) + 1j * rng.standard_normal(5)
    results = []
    for t in (torch, rushlight):
        p = t.nn.Parameter(t.from_numpy(start.copy()))
        o = made(t, text, [p])
        for _ in range(5):
            o.zero_grad()
            (p * p.conj()).real.sum().backward()
            o.step()
        results.append(p.detach().numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-11)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("text", ["SGD(p, lr=0.0625, momentum=0.5)", "Adam(p, lr=0.01)"])
def test_half_precision_stays_within_its_rounding(text, dtype):
    results = []
    for t in (torch, rushlight):
        p = t.nn.Parameter(t.linspace(-2, 2, 8).to(getattr(t, dtype)))
        o = made(t, text, [p])
        for _ in range(5):
            p.grad = p.detach() * 0.5
            o.step()
        assert str(p.dtype) == f"torch.{dtype}"
        results.append(p.detach().float().numpy())
    # A few units in the last place of the type, which PyTorch rounds to after every operation.
    unit = 2.0**-10 if dtype == "float16" else 2.0**-7
    np.testing.assert_allclose(results[1], results[0], rtol=0, atol=6 * unit)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_network_follows_pytorchs_loss(name):
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((32, 6)).astype(np.float32), rng.integers(0, 3, 32)
    logs = []
    for t in (torch, rushlight):
        t.manual_seed(0)
        model = t.nn.Sequential(t.nn.Linear(6, 16), t.nn.ReLU(), t.nn.Linear(16, 16), t.nn.Tanh(), t.nn.Linear(16, 3))
        options = {"lr": 0.1, "momentum": 0.9} if name == "SGD" else {"lr": 0.01}
        o = getattr(t.optim, name)(model.parameters(), **options)
        log = []
        for _ in range(50):
            o.zero_grad()
            loss = t.nn.functional.cross_entropy(model(t.from_numpy(x)), t.from_numpy(y))
            loss.backward()
            o.step()
            log.append(loss.item())
        logs.append(log)
    np.testing.assert_allclose(logs[1], logs[0], rtol=1e-4, atol=1e-6)
    assert logs[0][-1] < 0.5 * logs[0][0]


# A setting, the number of steps through which PyTorch itself can go back, and how exactly. Adam's steps are counted
# in float32, with which it computes there.
DIFFERENTIABLE = [
    ("SGD([q], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1, differentiable=True)", 2, 1e-10),
    ("SGD([q], lr=0.1, maximize=True, differentiable=True)", 2, 1e-10),
    ("Adam([q], lr=0.1, weight_decay=0.1, amsgrad=True, differentiable=True)", 1, 1e-5),
    ("AdamW([q], lr=0.1, differentiable=True, maximize=True)", 2, 1e-5),
    ("Adagrad([q], lr=0.1, differentiable=True)", 1, 1e-10),
    ("RMSprop([q], lr=0.1, momentum=0.5, differentiable=True)", 1, 1e-10),
    ("RMSprop([q], lr=0.1, centered=True, differentiable=True)", 1, 1e-10),
    ("ASGD([q], lr=0.1, differentiable=True, weight_decay=0.1)", 1, 1e-10),
    ("Adadelta([q], differentiable=True)", 1, 1e-10),
    ("Adamax([q], lr=0.1, differentiable=True)", 1, 1e-10),
    ("NAdam([q], lr=0.1, differentiable=True)", 1, 1e-5),
    ("RAdam([q], lr=0.1, differentiable=True)", 1, 1e-10),
    ("Rprop([q], lr=0.1, differentiable=True)", 1, 1e-10),
]


@pytest.mark.parametrize(("text", "steps", "rtol"), DIFFERENTIABLE)
def test_gradients_go_through_a_differentiable_step(text, steps, rtol):
    results = []
    for t in (torch, rushlight):
        p = t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True)
        q = p.clone()
        o = eval("t.optim." + text, {"t": t, "q": q})
        for _ in range(steps):
            q.grad = (q * q).clone().detach() + p * 0.5
            o.step()
        (g,) = t.autograd.grad(q.sum(), p)
        results.append([q.detach().numpy(), g.numpy()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=rtol, atol=1e-15)


def test_a_tensor_as_learning_rate_takes_gradients():
    results = []
    for t in (torch, rushlight):
        rate = t.tensor(0.1, dtype=t.float64, requires_grad=True)
        p = t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True)
        q = p.clone()
        o = t.optim.SGD([q], lr=rate, differentiable=True)
        q.grad = t.tensor([3.0, 4.0], dtype=t.float64)
        o.step()
        (g,) = t.autograd.grad(q.sum(), rate)
        results.append(g.numpy())
    np.testing.assert_allclose(results[1], results[0])
