"""Operands that share memory with what is changed in place, or are changed after they were used, beside PyTorch."""

# Scenarios try one thing after another, each seen at once.
# ruff: noqa: B023

import pytest
from beside import check, raised, scenarios


def operands_in_the_memory_that_is_written(t):
    i, found = t.tensor([0]), []
    for change in (
        lambda b: b.index_add_(0, i, b[1:2]), lambda b: b.index_copy_(0, i, b[1:2]),
        lambda b: b.scatter_(0, i[None], b), lambda b: b.scatter_add_(0, i[None], b),
        lambda b: b.scatter_reduce_(0, i[None], b, "sum"), lambda b: b.index_put_((i,), b[1]),
        lambda b: b.put_(i, b[0, :1]), lambda b: b.index_fill_(0, i, b[0, 0]),
        lambda b: b.index_add_(1, i, b[:, 1:2]), lambda b: b[0].scatter_(0, i, b[1]),
    ):  # fmt: skip
        for factor in (None, 1):
            b = t.arange(9.0).reshape(3, 3)
            b = b if factor is None else b.requires_grad_() * factor
            found.append((raised(lambda: change(b)), b))
    return found


def aliases_changed(t):
    x = t.ones(4, requires_grad=True)
    out = []

    def run(f):
        y = x * 2
        return raised(lambda: (f(y), y.sum().backward()))

    for f in (
        lambda y: y.mul_(y.detach()),
        lambda y: y[:2].mul_(y[2:]),
        lambda y: y.mul_(y.view(4)),
        lambda y: y.addcmul_(y.detach(), x),
        lambda y: y.add_(y.detach()),
        lambda y: y.div_(y.detach()),
        lambda y: y.copy_(y.detach()),
        lambda y: y.lerp_(x, y.detach()),
        lambda y: y.atan2_(y.detach()),
        lambda y: y.add_(x),
    ):
        out.append(run(f))
    return out


def operands_that_are_the_changed_tensor(t):
    out = []
    for name in ("mul_", "div_", "pow_", "hypot_", "fmod_", "remainder_", "atan2_", "xlogy_", "add_", "sub_"):
        x = t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True)
        y = x * 1
        getattr(y, name)(y)
        out += [raised(lambda: y.sum().backward()), x.grad]
    x = t.tensor([1.0, 2.0], requires_grad=True)
    for name in ("addcmul_", "addcdiv_"):
        for operands in ((0, 1), (1, 0), (0, 0)):
            y, z = x * 1, x * 3
            getattr(y, name)(*[(y, z)[i] for i in operands])
            out += [raised(lambda: y.sum().backward()), x.grad]
    return out


def promoted_operands_that_are_changed(t):
    out = []
    for f in (
        lambda x, n: t.addcmul(x, x, n, value=2),
        lambda x, n: t.addcdiv(x, x, n),
        lambda x, n: t.lerp(x, x, n),
        lambda x, n: t.clamp(x, n, x),
        lambda x, n: t.nn.functional.mse_loss(x, n.expand(2)),
    ):
        x = t.tensor([1.0, 2.0], requires_grad=True)
        n = t.tensor(0.5, dtype=t.float64)
        y = f(x * 1, n)
        n.mul_(2)
        out += [raised(lambda: y.sum().backward())[:60], x.grad]
    return out


def sizes_of_one_in_products(t):
    out = []
    for a, b, dims in (
        ((2, 1), (1, 4), ([1], [0])),
        ((2, 1), (3, 4), ([1], [0])),
        ((2, 2, 1), (2, 1, 2), ([0, 1], [2, 0])),
        ((1, 3), (3, 1), ([1], [0])),
        ((3,), (3,), ([0], [0])),
    ):
        x, y = t.ones(a, requires_grad=True), t.ones(b, requires_grad=True)
        z = x * 1
        product = t.tensordot(z, y, dims)
        z.fill_(2)
        out += [product.grad_fn.next_functions[0][0].name(), raised(lambda: product.sum().backward())]
    return out


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__))
def test_beside(scenario):
    check(scenario, strides=False)
