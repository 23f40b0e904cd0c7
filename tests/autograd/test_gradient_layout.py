"""The layout in memory of a leaf's gradient, beside PyTorch: that of the leaf."""

import pytest
from beside import check, scenarios


def transposed_gradient(t):
    x = t.arange(6.0).reshape(2, 3).requires_grad_()
    (x.t() * t.arange(6.0).reshape(3, 2)).sum().backward()
    return x.grad


def transposed_leaf(t):
    x = t.arange(6.0).reshape(2, 3).t().requires_grad_()
    (x * 2).sum().backward()
    return x.grad


def transposed_leaf_and_contiguous_gradient(t):
    x = t.arange(6.0).reshape(2, 3).t().requires_grad_()
    (x * t.arange(6.0).reshape(3, 2)).sum().backward()
    return x.grad


def product(t):
    x, w = t.rand(4, 3).requires_grad_(), t.rand(3, 5).requires_grad_()
    (x @ w.t().t()).sum().backward()
    return x.grad.stride(), w.grad.stride()


def linear_weight(t):
    w = t.nn.Parameter(t.rand(5, 3))
    t.nn.functional.linear(t.ones(2, 3), w).sum().backward()
    return w.grad


def of_recorded_gradients(t):
    found = []
    for shape in ((2, 3), (2, 3, 4, 5)):
        for leaf in (t.ones(shape), t.ones(shape[::-1]).permute(*range(len(shape))[::-1]), t.ones(*shape, 2)[..., 0]):
            for grad in (t.ones(shape), t.ones(shape[::-1]).permute(*range(len(shape))[::-1]), t.ones(1).expand(shape)):
                x = leaf.detach()
                x.requires_grad_()
                (x * 1).backward(grad, create_graph=True)
                found.append(x.grad.stride())
    return found


def of_retained_gradients(t):
    y = t.ones(2, requires_grad=True) * 2
    y.retain_grad()
    (y * y).sum().backward(create_graph=True)
    return y.grad


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda f: f.__name__)
def test_as_pytorch(scenario):
    check(scenario)


LAYOUTS = [
    ((2, 3), (1, 2)),
    ((2, 3), (1, 0)),
    ((2, 3), (1, 4)),
    ((2, 3), (6, 2)),
    ((2, 2, 2), (1, 4, 2)),
    ((2, 2, 2), (16, 2, 4)),
    ((2, 3, 4), (4, 0, 1)),
]


@pytest.mark.parametrize(("shape", "strides"), LAYOUTS)
def test_a_gradient_follows_its_leaf_where_that_has_no_gaps(shape, strides):
    def scenario(t):
        x = (
            t.empty_strided(shape, strides).fill_(1).requires_grad_()
            if 0 not in strides
            else t.ones([1 if s == 0 else n for n, s in zip(shape, strides, strict=True)])
            .as_strided(shape, strides)
            .requires_grad_()
        )
        (x * 2).sum().backward()
        once = x.grad.stride()
        (x * 2).sum().backward()
        return once, x.grad.stride()

    check(scenario)
