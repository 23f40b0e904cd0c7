"""Classes derived from Tensor, beside PyTorch.

Each library runs in a process of its own: from the first such class on, Rushlight's functions look for more of them,
which should not hold for the other tests.
"""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"

PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
t = __import__(sys.argv[1])

class S(t.Tensor):
    pass

def kind(value):
    if isinstance(value, (tuple, list)):
        return [kind(v) for v in value]
    return type(value).__name__

def raised(action):
    try:
        return kind(action())
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("rushlight", "torch")

s = t.ones(3).as_subclass(S)
m = t.ones(2, 2).as_subclass(S)
print([kind(v) for v in (
    s, s * 2, 2 * s, s + t.ones(3), t.ones(3) + s, t.add(s, 1), s.sum(), s[0], t.stack([s, t.ones(3)]), s.view(3),
    t.nn.functional.relu(s), s.detach(), s.data, s.clone(), s.max(0), s.add_(1), t.zeros_like(s), s.numpy(), s.tolist(),
    s.to(t.float64), m.T, m.real, s.unbind(), s.split(1), t.nn.Linear(3, 2)(s), S([1.0, 2.0]), S(2, 3), s > 0, -s,
    abs(s), s @ s, s / 2, 2 - s, s ** 2, m.mT, s.float(), s.contiguous(), t.cat([s, s]), t.where(s > 0, s, s),
    s.size(), s.shape)])
print(s, m, raised(lambda: t.ones(2).as_subclass(int)), raised(lambda: t.ones(2).as_subclass(3)))
p = t.nn.Parameter(s.detach())
print(kind(p), isinstance(p, t.nn.Parameter), p.requires_grad, isinstance(s, t.nn.Parameter))
w = t.ones(3, requires_grad=True).as_subclass(S)
y = w * 2
print(w.requires_grad, w.is_leaf, type(w.grad_fn).__name__, type(y.grad_fn).__name__, y, y.sum())
leaf = t.Tensor._make_subclass(S, t.ones(2), True)
(leaf * 3).sum().backward()
print(kind(leaf), leaf.is_leaf, leaf.grad.tolist())

log = []
class Logged(t.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        log.append((func.__name__, [c.__name__ for c in types], len(args), kwargs))
        return super().__torch_function__(func, types, args, kwargs or {})
v = t.ones(2).as_subclass(Logged)
r = (t.add(v, 1) * 2).sum()
v.view(2), t.cat([v, v]), t.sum(v, dim=0), 3 * v, v + t.ones(2), v.mul_(2)
print(log, kind(r))

class Refusing(t.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return 7 if func is t.add or func is t.Tensor.sum else NotImplemented
n = t.ones(2).as_subclass(Refusing)
print(t.add(n, 1), n.sum(), raised(lambda: t.mean(n)), raised(lambda: n.exp()), raised(lambda: n * 2),
      raised(lambda: n - n))

class A(S):
    pass
a = t.ones(3).as_subclass(A)
print(kind(s + a), kind(a + s), raised(lambda: a + v[:1]), t.overrides.has_torch_function((a,)),
      t.overrides.has_torch_function((t.ones(1),)))

class Plain(t.Tensor):
    __torch_function__ = t._C._disabled_torch_function_impl
q = t.ones(2).as_subclass(Plain)
print(kind(q * 2), t.overrides.has_torch_function((q,)), t.overrides.is_tensor_like(q), t.overrides.is_tensor_like(3))
with t._C.DisableTorchFunctionSubclass():
    print(kind(s * 2))

class Wrapper(t.Tensor):
    def __init__(self, data):
        super().__init__()
        self.inner = data
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        out = func(*[x.inner if isinstance(x, cls) else x for x in args], **(kwargs or {}))
        return cls(out) if isinstance(out, t.Tensor) else out
class Same(t.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x
    @staticmethod
    def backward(ctx, g):
        return g
class Double(Same):
    @staticmethod
    def forward(ctx, x):
        return x * 2
print(kind(Same.apply(Wrapper(t.ones(2)))), kind(Double.apply(Wrapper(t.ones(2)))), kind(Same.apply(s)),
      kind(Double.apply(w)))
"""


def output(library):
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, library], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_derived_classes():
    ours, theirs = output("rushlight"), output("torch")
    for mine, true in zip(ours, theirs, strict=True):
        assert mine == true
