"""`source`: the program it writes gives the gradients of backward, bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight as torch
from rushlight import lens, nn
from rushlight.nn import functional as F

EXAMPLES = Path(__file__).parents[2] / "examples"


def same_bits(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def check(output, leaves, gradient=None):
    """Compares the written program, run by itself, with backward."""
    program = lens.source(output, gradient, names=leaves)
    found = program.run()
    outputs = output if isinstance(output, list) else [output]
    for t in leaves.values():
        t.grad = None
    torch.autograd.backward(outputs, gradient if gradient is not None else [torch.ones_like(t) for t in outputs])
    for name, t in leaves.items():
        if t.grad is None:
            assert name not in found
        else:
            assert same_bits(found[name], t.grad.numpy()), f"{name}\n{program}"
    return program


UNARY = [
    torch.exp, torch.sin, torch.tanh, torch.sigmoid, torch.relu, torch.neg, torch.square, torch.abs,
    lambda t: (t * t + 1).log(), lambda t: t * 0.5, lambda t: 2 / (t.exp() + 1), lambda t: t.clamp(-1, 1),
    lambda t: t.softmax(-1), lambda t: t.cumsum(0), lambda t: t - t.mean(), lambda t: F.gelu(t), lambda t: t.flip(0),
    lambda t: torch.where(t > 0, t, t * 0.1), lambda t: t.reshape(-1).reshape(t.shape), lambda t: t.t().clone().t(),
    lambda t: F.layer_norm(t, t.shape[-1:]), lambda t: t.clone(), lambda t: F.silu(t), lambda t: t.sort(-1)[0],
]  # fmt: skip
BINARY = [
    torch.add, torch.mul, torch.sub, torch.maximum, lambda a, b: a / (b * b + 1), lambda a, b: a @ b.t() @ b,
    lambda a, b: torch.cat([a, b])[: len(a)], lambda a, b: torch.stack([a, b]).sum(0), lambda a, b: a * b[0],
    lambda a, b: a + b[:, :1], lambda a, b: torch.addmm(a, a @ b.t(), b), lambda a, b: torch.lerp(a, b, 0.3),
]  # fmt: skip


def change_in_place(rng, t):
    t = t.clone()
    which = rng.integers(4)
    if which == 0:
        t.mul_(1.5)
    elif which == 1:
        t[0] = t[1] * 2
    elif which == 2:
        t[:, 1:].add_(1)
    else:
        t.view(-1)[2:5].copy_(torch.ones(3))
    return t


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs(seed):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    dtype = torch.float64 if seed % 3 == 0 else torch.float32
    shape = int(rng.integers(2, 5)), int(rng.integers(3, 6))
    leaves = {f"x{i}": torch.randn(*shape, dtype=dtype, requires_grad=True) for i in range(int(rng.integers(1, 4)))}
    values = list(leaves.values())
    for _ in range(int(rng.integers(3, 12))):
        a, b = (values[rng.integers(len(values))] for _ in range(2))
        kind = rng.random()
        if kind < 0.5:
            values.append(UNARY[rng.integers(len(UNARY))](a))
        elif kind < 0.9:
            values.append(BINARY[rng.integers(len(BINARY))](a, b))
        elif a.grad_fn is not None:
            values.append(change_in_place(rng, a))
    last = [v for v in values[-2:] if v.grad_fn is not None] or [values[0] * 2]
    if rng.random() < 0.7:
        check(sum(v.sum() for v in last), leaves)
    else:
        check(last, leaves, [torch.randn(*v.shape, dtype=dtype) for v in last])


def test_program_run_by_itself(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 40), nn.ReLU(), nn.Linear(40, 2))
    loss = F.cross_entropy(model(torch.randn(5, 3)), torch.tensor([0, 1, 0, 1, 1]))
    program = lens.source(loss, model=model)
    program.save(tmp_path / "backward.py")
    code = "import backward; [print(n, g.tobytes().hex()) for n, g in backward.gradients.items()]"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    found = dict(line.split() for line in out.splitlines())
    loss.backward()
    assert found == {n: p.grad.numpy().tobytes().hex() for n, p in model.named_parameters()}


def test_large_arrays_lie_beside_the_program(tmp_path):
    x = torch.randn(200, 200, requires_grad=True)
    program = lens.source((x * x.exp()).sum(), names={"x": x})
    program.save(tmp_path / "b.py")
    assert (tmp_path / "b.npz").exists() and 'np.load("b.npz")' in (tmp_path / "b.py").read_text()
    (x * x.exp()).sum().backward()
    assert same_bits(program.run()["x"], x.grad.numpy())


def test_text():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    text = str(lens.source((x * w).sum(), names={"x": x, "w": w}))
    assert "grad_x = grad_mul_1 * w" in text
    assert "grad_w = grad_mul_1 * x" in text
    assert "x = np.array([1.0, 2.0], np.float32)" in text


def test_nothing_is_changed():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    lens.source(y).run()
    assert x.grad is None
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="a second time"):
        lens.source(y)


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        ctx.save_for_backward(x)
        return x * x * factor

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad * ctx.factor, None


def test_custom_functions():
    x = torch.randn(3, 2, requires_grad=True)
    program = check(Scale.apply(x, 3.0).sum(), {"x": x})
    assert "class Scale" in str(program)


def test_hooks_that_change_gradients():
    x = torch.randn(3, 2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g.clamp(max=0.5))
    x.register_hook(lambda g: g * 10)
    check((y * y).sum(), {"x": x})


def test_saved_tensors_kept_by_hooks():
    x = torch.randn(3, 2, requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        y = (x.exp() * x).sum()
    check(y, {"x": x})


def test_checkpoints():
    from rushlight.utils.checkpoint import checkpoint

    x = torch.randn(3, 2, requires_grad=True)
    check(checkpoint(lambda t: t.exp().sin(), x, use_reentrant=False).sum(), {"x": x})


def test_convolutions_and_normalisation():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Conv2d(8, 4, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten())  # fmt: skip
    check(model(torch.randn(2, 3, 16, 16)).sum(), dict(model.named_parameters()))


# The programs in examples/ are run with a backward that compares first; of many alike, the first few.
RUNNER = """
import sys, runpy
import numpy as np
import rushlight
from rushlight.torch_alias import install_as_torch
install_as_torch()
from rushlight import lens
from rushlight.autograd import api
from rushlight.tensor import Tensor

checked = []
limit = int(sys.argv[2])


def compare(outputs, gradient):
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    graph = lens.collect(outputs)
    leaves = [n for n in graph.leaves]
    before = [n.node.total for n in leaves]
    program = lens.source(outputs, gradient)
    found = program.run()
    variables = [n.node.variable for n in leaves]
    seeds = [gradient] if gradient is not None else None
    want = rushlight.autograd.grad(outputs, variables, seeds, retain_graph=True, allow_unused=True)
    for n, w in zip(leaves, want):
        got = found.get(n.parameter)
        w = None if w is None else w.detach().numpy()
        assert (w is None) == (got is None), n.parameter
        if w is not None and np.ascontiguousarray(w).tobytes() != np.ascontiguousarray(got).tobytes():
            raise SystemExit(f"{n.parameter} differs\\n{w}\\n{got}\\n{program}")
    checked.append(len(graph))


original = Tensor.backward


def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    if len(checked) < limit:
        compare(self, gradient)
    return original(self, gradient, retain_graph, create_graph, inputs)


Tensor.backward = backward
former = rushlight.autograd.grad


def grad(outputs, inputs, grad_outputs=None, *args, **kwargs):
    rushlight.autograd.grad = former
    if len(checked) < limit:
        compare(outputs, grad_outputs[0] if isinstance(grad_outputs, (list, tuple)) else grad_outputs)
    rushlight.autograd.grad = grad
    return former(outputs, inputs, grad_outputs, *args, **kwargs)


rushlight.autograd.grad = grad
path = sys.argv[1]
sys.argv = [path, *sys.argv[3:]]
try:
    runpy.run_path(path, run_name="__main__")
except KeyboardInterrupt:
    pass
print("CHECKED", len(checked), file=sys.stderr)
"""


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.py")))
def test_examples(name, tmp_path):
    limit = "2" if name in ("digits.py", "resnet18_step.py", "resnet18_finetune.py") else "40"
    settings = {**os.environ, "RUSHLIGHT_FAST": "0"}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(EXAMPLES / name), limit], cwd=tmp_path, env=settings, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    count = int(done.stderr.rsplit("CHECKED", 1)[1])
    assert count > 0
