"""How gradients get into ``.grad``: whose memory they are, their layout, and what may be assigned, beside PyTorch."""

import pytest
from beside import check, leaf, message, scenarios


def returning(t, make):
    """The identity, whose backward returns what ``make(grad)`` makes."""

    class Returning(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return make(g)

    return Returning.apply


def the_object_stays(t):
    x = leaf(t)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    return first is x.grad, first, x.grad is x.grad


def replaced_under_create_graph(t):
    x = leaf(t)
    (x * x).sum().backward(create_graph=True)
    first = x.grad
    kept = first.detach().clone()
    (x * x).sum().backward(create_graph=True)
    return first is x.grad, first.detach().equal(kept), x.grad.detach()


def seed_is_not_the_gradient(t):
    x = leaf(t)
    seed = t.ones(2)
    x.backward(seed)
    first = x.grad.data_ptr() == seed.data_ptr()
    x.backward(seed)
    return first, seed, x.grad


def shared_by_two_leaves(t):
    x, w = leaf(t), leaf(t)
    (x + w).backward(t.ones(2))
    x.grad.mul_(5)
    return x.grad, w.grad, x.grad.data_ptr() == w.grad.data_ptr()


def returned_gradient_kept_by_the_function(t):
    held = t.ones(2)
    x = leaf(t)
    returning(t, lambda g: held)(x).sum().backward()
    x.grad.add_(1)
    return held, x.grad


def expanded_gradient(t):
    x = leaf(t)
    returning(t, lambda g: t.ones(1).expand(2))(x).sum().backward()
    x.grad.add_(t.tensor([1.0, 2.0]))
    return x.grad


def view_of_a_larger_gradient(t):
    x = leaf(t)
    whole = t.arange(6.0)
    returning(t, lambda g: whole[2:4])(x).sum().backward()
    return whole, x.grad


def layout_of_the_leaf(t):
    x = t.ones(2, 3).t().requires_grad_()
    (x * t.arange(6.0).reshape(3, 2)).sum().backward()
    first = x.grad.stride()
    y = t.ones(2, 3, requires_grad=True)
    (y * t.arange(6.0).reshape(3, 2).t()).sum().backward()
    z = t.ones(1, 2, 2, 2).to(memory_format=t.channels_last).requires_grad_()
    (z * z).sum().backward()
    return first, y.grad.stride(), z.grad.stride(), z.grad.is_contiguous(memory_format=t.channels_last)


def no_elements(t):
    x = t.ones(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return x.grad


def scalar_leaf(t):
    x = t.tensor(2.0, requires_grad=True)
    (x * x).backward()
    x.grad.zero_()
    (x * x * x).backward()
    return x.grad


def other_dtype(t):
    x = t.ones(2, dtype=t.float64, requires_grad=True)
    (x.float() * 2).sum().backward()
    h = t.ones(2, dtype=t.float16, requires_grad=True)
    (h.float() * 2).sum().backward()
    return x.grad, h.grad


def undefined_then_defined(t):
    x = leaf(t)
    returning(t, lambda g: None)(x).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    returning(t, lambda g: None)(x).sum().backward()
    return first, x.grad


def assigned(t):
    x = leaf(t)
    return [
        message(lambda: setattr(x, "grad", 3)),
        message(lambda: setattr(x, "grad", t.ones(3))),
        message(lambda: setattr(x, "grad", t.ones(2, dtype=t.float64))),
        [message(lambda d=d: setattr(x, "grad", t.ones(2, dtype=d))) for d in (t.int64, t.int32, t.int16, t.int8)],
        [message(lambda d=d: setattr(x, "grad", t.ones(2, dtype=d))) for d in (t.uint8, t.bool, t.float16)],
        [message(lambda d=d: setattr(x, "grad", t.ones(2, dtype=d))) for d in (t.bfloat16, t.complex64)],
        message(lambda: setattr(x, "grad", x)),
        message(lambda: setattr(x, "grad", [1.0, 2.0])),
        message(lambda: setattr(x, "grad", t.ones(1, 2))),
        x.grad,
        message(lambda: setattr(x, "grad", t.ones(2))),
        x.grad,
        message(lambda: delattr(x, "grad")),
        x.grad,
        message(lambda: setattr(x, "grad", None)),
        message(lambda: setattr(t.ones(2), "grad", t.ones(2))),
        message(lambda: setattr(t.ones(2, dtype=t.int64), "grad", t.ones(2))),
    ]


def deleted(t):
    x = leaf(t)
    names = ("grad", "data", "requires_grad", "_grad_fn", "_backward_hooks", "_post_accumulate_grad_hooks")
    return [(name, message(lambda name=name: delattr(x, name))) for name in names], x.grad, x.requires_grad


def stolen_where_nobody_holds_it(t):
    class Add(t.autograd.Function):
        place = None

        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            Add.place = g.data_ptr()
            return g, g

    a, b = t.ones(3, 4, requires_grad=True), t.ones(3, 4, requires_grad=True)
    Add.apply(a, b)[1][0].backward()
    both = a.grad.data_ptr(), b.grad.data_ptr()
    first = both[0] != both[1], Add.place in both
    a.grad = b.grad = None
    returning(t, lambda g: t.ones(()).expand(3, 4))(Add.apply(a, b)).sum().backward()
    return first, Add.place in (a.grad.data_ptr(), b.grad.data_ptr())


def one_leaf_as_both_inputs(t):
    class Add(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, g

    x = leaf(t)
    for _ in range(2):
        Add.apply(x, x).sum().backward()
    return x.grad


def stolen_gradients_and_hooks(t):
    x = leaf(t)
    kept, seen = [], []
    x.register_post_accumulate_grad_hook(lambda p: p.grad.add_(0.5))
    end = t.autograd.graph.get_gradient_edge(x).node
    end.register_hook(lambda i, o: seen.append(o[0].tolist()))
    x.sum().backward()
    w = leaf(t)
    w.register_hook(kept.append)
    w.register_post_accumulate_grad_hook(lambda p: p.grad.add_(0.5))
    (w * 2).sum().backward()
    return seen, x.grad, kept, w.grad


def assigned_is_added_to(t):
    x = leaf(t)
    mine = t.ones(2)
    x.grad = mine
    (x * 2).sum().backward()
    return mine, x.grad is mine


def assigned_with_a_graph(t):
    x = leaf(t)
    x.grad = leaf(t) * 2
    (x * 2).sum().backward()
    return x.grad.requires_grad, x.grad.detach()


def of_a_non_leaf(t):
    x = leaf(t)
    y = x * 2
    first = y.grad
    y.retain_grad()
    second = y.grad
    (y * 3).sum().backward()
    return first, second, y.grad, y.requires_grad, y.retains_grad


def of_a_detached_leaf(t):
    x = leaf(t)
    (x * 2).sum().backward()
    x.requires_grad_(False)
    first = x.grad
    x.requires_grad_()
    (x * 2).sum().backward()
    return first, x.grad, x.detach().grad


def changed_data(t):
    x = leaf(t)
    y = (x * x).sum()
    x.data = t.tensor([3.0, 4.0])
    y.backward()
    w = leaf(t)
    w.data = t.ones(3)
    (w * 2).sum().backward()
    return x.grad, w.grad


def gradient_of_an_accumulator(t):
    x = leaf(t)
    end = t.autograd.graph.get_gradient_edge(x).node
    first = end(t.ones(2))
    end(t.ones(2))
    return first, x.grad, message(lambda: end(3)), message(lambda: end())


def several_contributions(t):
    x = leaf(t)
    y = x * 1
    total = sum(y * i for i in range(5))
    (total + y[0] + y.sum()).sum().backward()
    return x.grad


def zeroed(t):
    x = leaf(t)
    (x * 2).sum().backward()
    optimizer = t.optim.SGD([x], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    zeros = x.grad.clone()
    optimizer.zero_grad()
    return zeros, x.grad


def without_recording(t):
    x = leaf(t)
    y = (x * 2).sum()
    with t.no_grad():
        y.backward()
        x.grad.mul_(2)
    with t.inference_mode():
        found = message(lambda: x.grad.add_(1))
    return x.grad, found


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
