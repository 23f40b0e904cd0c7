"""Changing saved tensors in place where that is allowed, beside PyTorch."""

import pytest
from beside import check, message, scenarios


def leaf(t):
    return t.arange(1.0, 7.0).reshape(2, 3).requires_grad_()


def books(context):
    return len(list(context.cloned.items())), len(list(context.tid_to_weakhandle.items()))


def allowed(module):
    return module.autograd.graph.allow_mutation_on_saved_tensors()


def basic(t):
    x = leaf(t)

    def run():
        b = x.clone()
        out = (b**2).sum()
        b.sin_()
        out.backward()
        return x.grad

    refused = message(run)
    x.grad = None
    with allowed(t) as context:
        found = run()
        inside = books(context)
    return refused, found, inside, books(context)


def saved_result(t):
    x = leaf(t)
    with allowed(t) as context:
        y = x.exp()
        z = y.sum()
        y.zero_()
        count = books(context)
        z.backward()
        return x.grad, count, books(context)


def same_tensor_many_times(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        out = b * b * b
        out2 = b.sin()
        first = books(context)
        b.mul_(2)
        second = books(context)
        (out.sum() + out2.sum()).backward()
        return x.grad, first, second, books(context)


def several_versions(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        one = b.sin()
        b.mul_(2)
        two = b.cos()
        b.add_(1)
        three = b**2
        b.zero_()
        count = books(context)[0]
        (one + two + three).sum().backward()
        return x.grad, count, books(context)


def base_saved_view_changed(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        c = b[:1]
        out = b**2
        c *= 10
        out.sum().backward()
        return x.grad, books(context)


def view_saved_base_changed(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        c = b[:]
        out = (c**2).sum()
        b *= 2
        out.backward()
        return x.grad, books(context)


def views_of_views(t):
    x = leaf(t)
    with allowed(t):
        b = x.clone()
        c, d = b[:1], b.T
        out = (c**2).sum() + (d**3).sum()
        d.add_(1)
        c.zero_()
        out.backward()
        return x.grad


def complex_views(t):
    x = t.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    with allowed(t):
        b = x.clone()
        c = b.conj()
        out = (b.abs() ** 2).sum() + (c * c).real.sum()
        b.mul_(2)
        out.backward()
        return x.grad


def result_saved_again(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        out = b.sin()
        out.backward(t.ones(2, 3))
        before = books(context)
        b.sin_()
        return x.grad, before, books(context)


def double_backward(t):
    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        out = (b**3).sum()
        b.sin_()
        (g,) = t.autograd.grad(out, x, create_graph=True)
        (h,) = t.autograd.grad(g.sum(), x)
        return g.detach(), h, books(context)


def with_out(t):
    x = leaf(t)
    with allowed(t):
        a = x.detach()
        b = a.clone()
        out = (x * b).sum()
        t.sin(a, out=b)
        out.backward()
        return x.grad, b


def by_index(t):
    x = leaf(t)
    with allowed(t):
        b = x.clone()
        out = (b**2).sum()
        b[0] = 7.0
        b[t.tensor([True, False])] = 1.0
        b.fill_(3)
        b.copy_(t.zeros(2, 3))
        b.t_()
        out.backward()
        return x.grad


def custom_functions(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, v):
            ctx.save_for_backward(v)
            return v * v

        @staticmethod
        def backward(ctx, g):
            (v,) = ctx.saved_tensors
            return 2 * v * g

    x = leaf(t)
    with allowed(t) as context:
        b = x.clone()
        out = Square.apply(b).sum()
        b.zero_()
        count = books(context)
        out.backward()
        return x.grad, count


def nested(t):
    def run():
        with allowed(t), allowed(t):
            pass

    def after():
        with allowed(t):
            return "entered"

    return message(run), message(after)


def backward_outside(t):
    x = leaf(t)
    with allowed(t):
        b = x.clone()
        out = (b**2).sum()
        b.sin_()
    first = message(out.backward)
    with allowed(t):
        second = message(out.backward)
    return first, second


def hooks_inside(t):
    x = leaf(t)
    with allowed(t), t.autograd.graph.saved_tensors_hooks(lambda v: v.detach().clone(), lambda v: v):
        b = x.clone()
        out = (b**2).sum()
        b.sin_()
        out.backward()
        return x.grad


def after_an_error(t):
    x = leaf(t)
    try:
        with allowed(t):
            raise ValueError
    except ValueError:
        pass
    b = x.clone()
    out = (b**2).sum()
    b.sin_()
    return message(out.backward)


def changed_by_its_data(t):
    x = leaf(t)
    with allowed(t):
        b = x.clone()
        y = (b * b).sum()
        b.data.mul_(4)
        y.backward()
        c = x.clone()
        z = (c * c).sum()
        c.detach()[0] = 9
        z.backward()
    return x.grad


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
