"""Custom functions, beside PyTorch."""

import pytest
from beside import check, scenarios


def leaf(t, *values):
    return t.tensor(list(values or (1.0, 2.0, 3.0)), requires_grad=True)


def make(t, forward, backward=None, **more):
    members = {"forward": staticmethod(forward)}
    if backward is not None:
        members["backward"] = staticmethod(backward)
    members.update({k: staticmethod(v) for k, v in more.items()})
    return type("Own", (t.autograd.Function,), members)


def square(t):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g

    return make(t, forward, backward)


def first_order(t):
    x = leaf(t)
    y = square(t).apply(x)
    y.sum().backward()
    return y, x.grad


def second_order(t):
    x = leaf(t)
    (g,) = t.autograd.grad(square(t).apply(x).sum(), x, create_graph=True)
    g.sum().backward()
    return g, x.grad


def node_is_ctx(t):
    x = leaf(t)
    node = square(t).apply(x).grad_fn
    return node.name(), type(node).__name__, node.saved_tensors, node.needs_input_grad, [
        (f.name(), i) for f, i in node.next_functions
    ]  # fmt: skip


def setup_context_split(t):
    def setup(ctx, inputs, output):
        ctx.save_for_backward(output)
        ctx.factor = inputs[1]

    own = make(t, lambda x, factor: (x * factor).exp(), lambda ctx, g: (g * ctx.saved_tensors[0] * ctx.factor, None),
               setup_context=setup)  # fmt: skip
    x = leaf(t)
    own.apply(x, 0.5).sum().backward()
    return x.grad


def several_outputs(t):
    own = make(t, lambda ctx, x, y: (x * 2, y * 3), lambda ctx, g, h: (g * 2, h * 3))
    x, y = leaf(t), leaf(t)
    a, b = own.apply(x, y)
    (a * b).sum().backward()
    return x.grad, y.grad, a.grad_fn is b.grad_fn, a.output_nr, b.output_nr


def one_of_several_used(t):
    seen = []

    def backward(ctx, g, h):
        seen.append((g is None, h is None, h))
        return g * 2 + h * 3

    own = make(t, lambda ctx, x: (x * 2, x * 3), backward)
    x = leaf(t)
    own.apply(x)[0].sum().backward()
    return x.grad, seen


def undefined_gradients(t):
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx, g, h):
        seen.append((g is None, h is None))
        return None if g is None else g * 2

    x = leaf(t)
    make(t, forward, backward).apply(x)[1].sum().backward()
    return x.grad, seen


def needs_input_grad(t):
    seen = []

    def backward(ctx, g):
        seen.append(ctx.needs_input_grad)
        return g, None, None

    own = make(t, lambda ctx, x, y, n: x + y, backward)
    own.apply(leaf(t), t.ones(3), 3).sum().backward()
    return seen


def non_differentiable(t):
    def forward(ctx, x):
        a, b = x * 2, x > 1.5
        ctx.mark_non_differentiable(b)
        return a, b

    a, b = make(t, forward, lambda ctx, g, h: g * 2).apply(leaf(t))
    return a, b


def non_differentiable_float(t):
    def forward(ctx, x):
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    return make(t, forward, lambda ctx, g, h: g * 2).apply(leaf(t))


def dirty(t):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    x = leaf(t)
    y = x * 1
    z = make(t, forward, lambda ctx, g: g * 2).apply(y)
    z.sum().backward()
    return z is y, y.grad_fn.name(), y._version, x.grad


def dirty_view(t):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    x = leaf(t)
    base = x * 1
    make(t, forward, lambda ctx, g: g * 2).apply(base[1:])
    base.sum().backward()
    return base, x.grad


def dirty_leaf(t):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x

    make(t, forward, lambda ctx, g: g).apply(leaf(t))


def dirty_not_returned(t):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x * 2

    make(t, forward, lambda ctx, g: g).apply(leaf(t) * 1)


def returns_input(t):
    x = leaf(t)
    y = make(t, lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
    y.sum().backward()
    return y, y is x, x.grad


def returns_view(t):
    x = leaf(t)
    y = make(t, lambda ctx, x: x.view(3, 1), lambda ctx, g: g.view(3) * 2).apply(x * 1)
    y.sum().backward()
    return y, x.grad


def view_changed(t):
    make(t, lambda ctx, x: x.view(3, 1), lambda ctx, g: g.view(3)).apply(leaf(t) * 1).add_(1)


def same_output_twice(t):
    def forward(ctx, x):
        y = x * 2
        return y, y

    x = leaf(t)
    a, b = make(t, forward, lambda ctx, g, h: g * 2 + h * 2).apply(x)
    (a + b).sum().backward()
    return x.grad


def saves_output(t):
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y, None)
        return y

    def backward(ctx, g):
        y, nothing = ctx.saved_tensors
        return g * y if nothing is None else None

    own = make(t, forward, backward)
    x = leaf(t)
    (g,) = t.autograd.grad(own.apply(x).sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


def saved_changed(t):
    x = leaf(t) * 1
    y = square(t).apply(x)
    x.add_(1)
    y.sum().backward()


def saved_freed(t):
    y = square(t).apply(leaf(t))
    y.sum().backward()
    y.grad_fn.saved_tensors


def backward_twice(t):
    y = square(t).apply(leaf(t)).sum()
    y.backward()
    y.backward()


def saved_not_tensor(t):
    make(t, lambda ctx, x: (ctx.save_for_backward(3), x)[1], lambda ctx, g: g).apply(leaf(t))


def wrong_count(t):
    make(t, lambda ctx, x, y: x * y, lambda ctx, g: g).apply(leaf(t), leaf(t)).sum().backward()


def too_many_nones(t):
    x = leaf(t)
    make(t, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    return x.grad


def gradient_for_number(t):
    make(t, lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(leaf(t), 2.0).sum().backward()


def wrong_shape(t):
    make(t, lambda ctx, x: x * 2, lambda ctx, g: g[:2]).apply(leaf(t)).sum().backward()


def complex_gradient_of_a_real_input(t):
    make(t, lambda ctx, x: x * 2, lambda ctx, g: g.to(t.complex64)).apply(leaf(t)).sum().backward()


def expandable_shape(t):
    x = leaf(t)
    make(t, lambda ctx, x: x * 2, lambda ctx, g: g.expand(4, 3)).apply(x).sum().backward()
    return x.grad


def not_a_gradient(t):
    make(t, lambda ctx, x: x * 2, lambda ctx, g: 3).apply(leaf(t)).sum().backward()


def other_dtype(t):
    x = leaf(t)
    make(t, lambda ctx, x: x * 2, lambda ctx, g: g.double()).apply(x).sum().backward()
    return x.grad


def no_forward(t):
    type("Own", (t.autograd.Function,), {}).apply(leaf(t))


def no_backward(t):
    make(t, lambda ctx, x: x * 2).apply(leaf(t)).sum().backward()


def vjp_instead(t):
    x = leaf(t)
    make(t, lambda ctx, x: x * 2, vjp=lambda ctx, g: g * 7).apply(x).sum().backward()
    return x.grad


def both_backward_and_vjp(t):
    make(t, lambda ctx, x: x * 2, lambda ctx, g: g, vjp=lambda ctx, g: g).apply(leaf(t)).sum().backward()


def instance_called(t):
    square(t)()(leaf(t))


def nothing_requires(t):
    return square(t).apply(t.ones(3))


def no_tensors(t):
    return make(t, lambda ctx, n: n + 1, lambda ctx, g: None).apply(3)


def inside_no_grad(t):
    with t.no_grad():
        return square(t).apply(leaf(t))


def other_outputs_pass(t):
    a, b, c = make(t, lambda ctx, x: (x * 2, "b", None), lambda ctx, g, h, i: g * 2).apply(leaf(t))
    return a, b, c


def grad_mode_in_forward_and_backward(t):
    seen = []

    def forward(ctx, x):
        seen.append(t.is_grad_enabled())
        return x * 2

    def backward(ctx, g):
        seen.append(t.is_grad_enabled())
        return g * 2

    x = leaf(t)
    own = make(t, forward, backward)
    own.apply(x).sum().backward()
    t.autograd.grad(own.apply(x).sum(), x, create_graph=True)
    return seen


def error_passes(t):
    def backward(ctx, g):
        raise ValueError("from backward")

    make(t, lambda ctx, x: x * 2, backward).apply(leaf(t)).sum().backward()


def once(t):
    own = make(t, lambda ctx, x: x * 2, t.autograd.function.once_differentiable(lambda ctx, g: g * 2))
    x = leaf(t)
    (g,) = t.autograd.grad((own.apply(x) ** 2).sum(), x, create_graph=True)
    return g


def once_differentiated_twice(t):
    own = make(t, lambda ctx, x: x * 2, t.autograd.function.once_differentiable(lambda ctx, g: g * 2))
    x = leaf(t)
    (g,) = t.autograd.grad((own.apply(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()


def backward_within_backward(t):
    def forward(ctx, x):
        with t.enable_grad():
            inner = x.detach().requires_grad_()
            ctx.inner, ctx.result = inner, (inner**2).sum()
        return ctx.result.detach()

    def backward(ctx, g):
        ctx.result.backward()
        return ctx.inner.grad * g

    x = leaf(t)
    (make(t, forward, backward).apply(x) * 2).backward()
    return x.grad


def checked_by_gradcheck(t):
    x = t.tensor([0.3, -1.2, 2.0], dtype=t.float64, requires_grad=True)
    return t.autograd.gradcheck(square(t).apply, (x,)), t.autograd.gradgradcheck(square(t).apply, (x,))


@pytest.mark.parametrize(
    "scenario", [f for f in scenarios(globals(), __name__) if f is not square], ids=lambda f: f.__name__
)
def test_as_pytorch(scenario):
    check(scenario)
