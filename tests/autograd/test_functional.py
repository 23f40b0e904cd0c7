"""Jacobians, Hessians and their products beside PyTorch."""

import pytest
from beside import check

CALLS = """
    f.jacobian(lambda x: x.exp().sum(dim=1), X)
    f.jacobian(lambda x: x.exp().sum(), x)
    f.jacobian(lambda x: (x * x, x.sum()), x)
    f.jacobian(lambda x, y: x * y.sum(), (x, y))
    f.jacobian(lambda x, y: (x * y, x.sum()), (x, y))
    f.jacobian(lambda x: x.pow(2), x, create_graph=True)
    f.jacobian(lambda x: x.pow(2), x, vectorize=True)
    f.jacobian(lambda x, y: x * 2, (x, y))
    f.jacobian(lambda x, y: x * 2, (x, y), strict=True)
    f.jacobian(lambda x: t.ones(2), x, strict=True)
    f.jacobian(lambda x: t.ones(2), x)
    f.jacobian(lambda x: x * 2, x, strict=True, vectorize=True)
    f.jacobian(lambda x: x * 2, x, strict=True, create_graph=True)
    f.jacobian(lambda x: x * 2, 3)
    f.jacobian(lambda x: x * 2, (x, 3))
    f.jacobian(lambda x: 3, x)
    f.jacobian(lambda x: x * 2, x, strategy="other")
    f.jacobian(lambda x: x * 2, x, create_graph=True, strategy="forward-mode")
    f.hessian(lambda x: x.pow(3).sum(), x)
    f.hessian(lambda x: x.pow(3).sum(0, keepdim=True), x)
    f.hessian(lambda x, y: (x.pow(2) * y).sum(), (x, y))
    f.hessian(lambda x, y: (x.pow(2)).sum(), (x, y))
    f.hessian(lambda x: x.sum(), x)
    f.hessian(lambda x: x.pow(3).sum(), x, create_graph=True).sum()
    f.hessian(lambda x: x.pow(2), x)
    f.hessian(lambda x: (x.sum(), x.sum()), x)
    f.vjp(lambda x: x.exp().sum(dim=1), X, t.ones(2))
    f.vjp(lambda x: x.exp().sum(), x)
    f.vjp(lambda x: x.exp(), x)
    f.vjp(lambda x: x.exp(), x, t.ones(2))
    f.vjp(lambda x: (x, x * 2), x, (t.ones(3), t.ones(3)))
    f.vjp(lambda x: (x, x * 2), x, t.ones(3))
    f.vjp(lambda x, y: x * 2, (x, y), t.ones(3))
    f.vjp(lambda x, y: x * 2, (x, y), t.ones(3), strict=True)
    f.vjp(lambda x: x.pow(2), z, t.ones(3), create_graph=True)
    f.jvp(lambda x: x.exp().sum(dim=1), X, t.ones(2, 2))
    f.jvp(lambda x, y: (x * y, x.sum()), (x, y), (t.ones(3), x))
    f.jvp(lambda x: x.exp(), x)
    f.jvp(lambda x: x.exp(), x, 3)
    f.jvp(lambda x: t.ones(2), x, x)
    f.jvp(lambda x, y: x * 2, (x, y), (x, y), strict=True)
    f.jvp(lambda x: x.pow(3), z, t.ones(3), create_graph=True)
    f.vhp(lambda x: x.pow(3).sum(), x, y)
    f.vhp(lambda x: x.pow(3), x, y)
    f.vhp(lambda x, y: (x * x * y).sum(), (x, y), (y, x))
    f.vhp(lambda x: x.sum(), x, y, strict=True)
    f.hvp(lambda x: x.pow(3).sum(), x, y)
    f.hvp(lambda x: (x.sum(), x), x, y)
    f.hvp(lambda x, y: (x * x * y).sum(), (x, y), (y, x))
    f.hvp(lambda x, y: (x * x).sum(), (x, y), (y, x))
    f.hvp(lambda x: x.pow(3).sum(), t.ones(1))
"""


@pytest.mark.parametrize("line", [line.strip() for line in CALLS.strip().splitlines()])
def test_calls(line):
    def scenario(m):
        names = {"f": m.autograd.functional, "t": m, "X": m.tensor([[0.5, -1.0], [2.0, 0.25]])}
        names["x"], names["y"] = m.tensor([0.5, -1.0, 2.0]), m.tensor([1.5, 0.25, -0.5])
        names["z"] = m.tensor([0.5, -1.0, 2.0], requires_grad=True)
        return eval(line, names)

    check(scenario)
