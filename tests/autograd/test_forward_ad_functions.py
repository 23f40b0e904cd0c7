"""Custom functions in forward mode, beside PyTorch."""

import pytest
from beside import check
from duals import both, dual, forward, numbers


# ---------------------------------------------------------------------------------------------- custom functions
def returned_as_it_is(ctx, x):
    return x


def viewed(ctx, x):
    return x.view_as(x)


def doubled(ctx, x):
    return x * 2


def two(ctx, x):
    return x * 1, x * 2


def changed(ctx, x):
    x.mul_(2)
    ctx.mark_dirty(x)
    return x


def one_of_two_differentiable(ctx, x):
    y, z = x * 2, x * 3
    ctx.mark_non_differentiable(z)
    return y, z


def with_saved(ctx, x):
    ctx.save_for_forward(x)
    return x * x


FUNCTIONS = {
    "a view": (viewed, lambda ctx, g: g.view_as(g)),
    "a view without view": (viewed, lambda ctx, g: g * 1),
    "the input": (returned_as_it_is, lambda ctx, g: g.view_as(g)),
    "the input, its tangent": (returned_as_it_is, lambda ctx, g: g),
    "the input, a copy": (returned_as_it_is, lambda ctx, g: g.clone()),
    "another view": (lambda ctx, x: x[:2], lambda ctx, g: g),
    "the tangent itself": (lambda ctx, x: x.clone(), lambda ctx, g: g),
    "in place": (changed, lambda ctx, g: g.mul_(2)),
    "not in place": (changed, lambda ctx, g: g * 2),
    "nothing for in place": (changed, lambda ctx, g: None),
    "too few": (two, lambda ctx, g: g),
    "too many": (doubled, lambda ctx, g: (g, g)),
    "no tensor": (doubled, lambda ctx, g: 3),
    "another shape": (doubled, lambda ctx, g: g[:2]),
    "another dtype": (doubled, lambda ctx, g: g.double()),
    "not differentiable": (one_of_two_differentiable, lambda ctx, g: (g * 2, None)),
    "not differentiable, given": (one_of_two_differentiable, lambda ctx, g: (g * 2, g * 3)),
    "integers": (lambda ctx, x: (x * 2, x.argmax()), lambda ctx, g: (g * 2, None)),
    "not only tensors": (lambda ctx, x: (x * 2, 3), lambda ctx, g: (g * 2, None)),
    "saved": (with_saved, lambda ctx, g: 2 * ctx.saved_tensors[0] * g),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_custom_function(name):
    def scenario(t):
        run, jvp = FUNCTIONS[name]
        own = type("Own", (t.autograd.Function,), {"forward": staticmethod(run), "jvp": staticmethod(jvp)})
        with forward(t).dual_level():
            x = dual(t)
            found = own.apply(x)
            outputs = found if isinstance(found, tuple) else (found,)
            return [o if isinstance(o, int) else both(t, o) for o in outputs], both(t, x)

    check(scenario)


@pytest.mark.parametrize("materialize", [True, False])
def test_custom_function_of_several_inputs(materialize):
    def scenario(t):
        seen = []

        class Own(t.autograd.Function):
            @staticmethod
            def forward(ctx, factor, x, y, z):
                ctx.set_materialize_grads(materialize)
                return x * factor + y * z

            @staticmethod
            def jvp(ctx, factor, x, y, z):
                seen.append([factor, x, y, z])
                return x * 2

        with forward(t).dual_level():
            return both(t, Own.apply(2, dual(t), t.ones(3), t.ones(3, dtype=t.int64))), seen

    check(scenario)


@pytest.mark.parametrize("base", [True, False])
def test_custom_function_that_changes_what_has_no_tangent(base):
    class Changes:
        @staticmethod
        def forward(ctx, x, y):
            x.add_(y)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def jvp(ctx, x, y):
            return x.add_(y)

    def scenario(t):
        own = type("Own", (Changes, t.autograd.Function), {})
        with forward(t).dual_level():
            whole = numbers(t, 4)
            own.apply(whole[1:] if base else whole, dual(t) if base else dual(t, numbers(t, 4)))
            return both(t, whole)

    check(scenario)


def test_custom_function_over_reverse():
    class Exponential:
        @staticmethod
        def forward(x):
            return x.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_forward(*inputs)
            ctx.save_for_backward(*inputs)

        @staticmethod
        def jvp(ctx, tangent):
            return ctx.saved_tensors[0].exp() * tangent

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0].exp()

    def scenario(t):
        own = type("Own", (Exponential, t.autograd.Function), {})
        x = numbers(t, 3).requires_grad_()
        with forward(t).dual_level():
            d = dual(t, x)
            y = own.apply(d)
            tangent = both(t, y)[1]
            first = t.autograd.grad(tangent.sum(), x, retain_graph=True)
            over = t.autograd.grad(y.sum(), d)
            return tangent.detach(), first, [both(t, g) for g in over]

    check(scenario, rtol=1e-5)
