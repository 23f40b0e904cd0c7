"""The arguments of `backward` and `grad` and their combinations, beside PyTorch."""

import pytest
from beside import check, message, scenarios


def leaves(t):
    return t.tensor([0.5, 1.5], requires_grad=True), t.tensor([2.0, -1.0], requires_grad=True)


def counting(t, seen, name):
    """The identity, which notes each of its backwards."""

    class Noted(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            seen.append(name)
            return g

    return Noted.apply


# ---------------------------------------------------------------------------------------------- inputs=
def inputs_as_one_tensor(t):
    x, y = leaves(t)
    (x * y).sum().backward(inputs=x)
    return x.grad, y.grad


def inputs_as_a_list(t):
    x, y = leaves(t)
    (x * y).sum().backward(inputs=[x, y])
    (x * y).sum().backward(inputs=(y,))
    return x.grad, y.grad


def inputs_inside_the_graph(t):
    x, y = leaves(t)
    a = x * 1
    out = a**2 + y * a + y**2
    out.backward(t.ones(2), create_graph=True, inputs=[x, y, a])
    first = x.grad.detach().clone(), y.grad.detach().clone(), a.grad.detach().clone()
    out.backward(t.ones(2), create_graph=True, inputs=[a])
    return first, a.grad.detach(), x.grad.detach()


def inputs_not_in_the_graph(t):
    x, y = leaves(t)
    z = t.ones(2, requires_grad=True)
    (x * y).sum().backward(inputs=[z])
    return z.grad, x.grad


def inputs_empty(t):
    x, y = leaves(t)
    return [
        message(lambda: (x * y).sum().backward(inputs=[])),
        message(lambda: (x * y).sum().backward(inputs=())),
        message(lambda: t.autograd.backward([], inputs=[])),
        message(lambda: t.autograd.grad((x * y).sum(), [])),
        message(lambda: t.autograd.grad([], [x])),
        message(lambda: t.autograd.backward([])),
        message(lambda: t.autograd.grad([], [])),
    ]


def inputs_that_need_no_gradient(t):
    x, y = leaves(t)
    return [
        message(lambda: (x * y).sum().backward(inputs=[t.ones(2)])),
        message(lambda: (x * y).sum().backward(inputs=[x, t.ones(2)])),
        message(lambda: t.autograd.grad((x * y).sum(), [t.ones(2)])),
        message(lambda: t.autograd.grad((x * y).sum(), [x, t.ones(2)])),
        message(lambda: t.autograd.grad((x * y).sum(), [None])),
        message(lambda: t.autograd.grad((x * y).sum(), x.grad_fn)),
        message(lambda: t.autograd.grad((x * y).sum(), 3)),
        message(lambda: (x * y).sum().backward(inputs=3)),
        message(lambda: (x * y).sum().backward(inputs=[3])),
        message(lambda: t.autograd.grad((x * y).sum(), [3])),
        message(lambda: t.autograd.backward(3)),
        message(lambda: t.autograd.backward([3])),
        message(lambda: t.autograd.grad([3], [x])),
    ]


def nothing_off_the_path_runs(t):
    seen = []
    x, y = leaves(t)
    a = counting(t, seen, "a")(x)
    b = counting(t, seen, "b")(y)
    c = counting(t, seen, "c")(a * b)
    t.autograd.grad(c.sum(), x, retain_graph=True)
    seen.append("-")
    t.autograd.grad(c.sum(), a, retain_graph=True)
    seen.append("-")
    c.sum().backward(inputs=[y], retain_graph=True)
    seen.append("-")
    c.sum().backward(inputs=[b], retain_graph=True)
    seen.append("-")
    t.autograd.grad(c.sum(), [a, y], retain_graph=True)
    seen.append("-")
    t.autograd.grad(c.sum(), [c], retain_graph=True)
    return seen


def a_path_that_fails_is_not_taken(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("ran")

    x, y = leaves(t)
    out = (x * 2).sum() + Fails.apply(y).sum()
    return (
        t.autograd.grad(out, x, retain_graph=True),
        message(lambda: t.autograd.grad(out, y, retain_graph=True)),
        message(out.backward),
    )


def input_and_what_comes_after_it(t):
    x, _ = leaves(t)
    a = x * 2
    b = a.sin()
    c = b * a
    out = (c * 1).sum()
    return t.autograd.grad(out, [b, a, x, c], retain_graph=True), t.autograd.grad(out, [c, x])


def inputs_twice(t):
    x, _ = leaves(t)
    a = x * 2
    (a * a).sum().backward(inputs=[x, x])
    b = x * 2
    return x.grad, t.autograd.grad((b * b).sum(), [b, b, x, x])


def root_as_input(t):
    x, _ = leaves(t)
    out = (x * 2).sum()
    found = t.autograd.grad(out, out)
    leaf = t.autograd.grad(x, x, t.ones(2))
    return found, leaf, t.autograd.grad([x, x], x, [t.ones(2), t.ones(2) * 3])


def backward_of_a_leaf(t):
    x, _ = leaves(t)
    x.backward(t.ones(2))
    x.backward(t.ones(2))
    y = t.tensor(2.0, requires_grad=True)
    y.backward()
    y.backward(inputs=[y])
    return x.grad, y.grad


# ---------------------------------------------------------------------------------------------- roots and seeds
def several_roots(t):
    x, y = leaves(t)
    a, b = x * y, x + y
    t.autograd.backward([a, b, a], [t.ones(2), t.tensor([1.0, 2.0]), t.ones(2) * 3])
    return x.grad, y.grad


def root_behind_a_root(t):
    x, _ = leaves(t)
    a = x * x
    b = a * 3
    t.autograd.backward([a, b], [t.ones(2), t.ones(2)])
    return x.grad


def scalar_roots_without_seeds(t):
    x, y = leaves(t)
    t.autograd.backward([x.sum(), (y * x).sum()])
    t.autograd.backward([x.sum(), (y * x).sum()], [None, t.tensor(2.0)])
    return x.grad, y.grad


def seeds(t):
    x, y = leaves(t)
    out = x * y
    return [
        message(lambda: out.backward()),
        message(lambda: out.backward(t.ones(3))),
        message(lambda: out.backward(t.ones(2, 1))),
        message(lambda: out.backward(t.ones(()))),
        message(lambda: out.backward(3.0)),
        message(lambda: out.backward([1.0, 2.0])),
        message(lambda: out.backward("x")),
        message(lambda: t.autograd.backward([out, out], [t.ones(2)])),
        message(lambda: t.autograd.backward(out, [t.ones(2), t.ones(2)])),
        message(lambda: t.autograd.backward([out], t.ones(2))),
        message(lambda: t.autograd.backward([out, out], t.ones(2, 2))),
        message(lambda: t.autograd.backward([out.detach()], [t.ones(2)])),
        message(lambda: t.autograd.backward([out.sum(), out.detach().sum()])),
        message(lambda: t.autograd.grad([out, out], [x], [t.ones(2)])),
        message(lambda: t.autograd.grad(out, [x], [t.ones(2, dtype=t.complex64)])),
        message(lambda: t.autograd.grad(out.sum().detach(), [x])),
        message(lambda: t.autograd.grad(out, [x])),
        message(lambda: t.ones(2).backward()),
        message(lambda: t.tensor(1.0).backward()),
        message(lambda: t.tensor(1).backward()),
        message(lambda: (out * 1j).sum().backward()),
        message(lambda: (out * 1j).backward(t.ones(2))),
    ]


def seed_of_another_dtype(t):
    x, y = leaves(t)
    (x * y).backward(t.ones(2, dtype=t.float64))
    (x * y).backward(t.ones(2, dtype=t.int64), inputs=[x])
    (g,) = t.autograd.grad(x * y, y, t.ones(2, dtype=t.float16))
    return x.grad, y.grad, g


def seed_with_a_graph(t):
    x, y = leaves(t)
    s = t.tensor([1.0, 2.0], requires_grad=True)
    (g,) = t.autograd.grad(x * y, x, s, create_graph=True)
    return g.requires_grad, t.autograd.grad(g.sum(), [s, y])


def grad_variables(t):
    x, y = leaves(t)
    t.autograd.backward(x * y, grad_variables=t.ones(2))
    return x.grad, message(lambda: t.autograd.backward(x * y, t.ones(2), grad_variables=t.ones(2)))


def only_inputs(t):
    x, y = leaves(t)
    return t.autograd.grad((x * y).sum(), x, only_inputs=False)


def outputs_none_seed_in_a_list(t):
    x, y = leaves(t)
    a, b = (x * y).sum(), x * y
    return t.autograd.grad([a, b], [x], [None, t.ones(2)]), message(lambda: t.autograd.grad([b], [x], [None]))


# ---------------------------------------------------------------------------------------------- unused inputs
def unused(t):
    x, y = leaves(t)
    z = t.ones(2, 3, requires_grad=True)

    def out():
        return (x * 2).sum()

    return [
        message(lambda: t.autograd.grad(out(), [x, z])),
        message(lambda: t.autograd.grad(out(), [z, y])),
        t.autograd.grad(out(), [x, z], allow_unused=True),
        t.autograd.grad(out(), [x, z], materialize_grads=True),
        t.autograd.grad(out(), [x, z], materialize_grads=True, allow_unused=True),
        message(lambda: t.autograd.grad(out(), [x, z], materialize_grads=True, allow_unused=False)),
        message(lambda: t.autograd.grad(out(), [x, z], allow_unused=False)),
    ]


def materialized_for_views_and_complex(t):
    x = t.ones(2, requires_grad=True)
    z = t.ones(2, 3, requires_grad=True, dtype=t.complex64)
    found = t.autograd.grad((x * 2).sum(), [z, z.T], materialize_grads=True)
    created = t.autograd.grad((x * 2).sum(), [x, z], materialize_grads=True, create_graph=True)
    return found, created


def undefined_gradients(t):
    class Nothing(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 1 + y

        @staticmethod
        def backward(ctx, g):
            return None, g

    x, y = leaves(t)
    a = x * 2
    out = (Nothing.apply(a, y) * 1).sum()
    return (
        t.autograd.grad(out, [x, y], allow_unused=True, retain_graph=True),
        t.autograd.grad(out, [a, x, y], materialize_grads=True, retain_graph=True),
        message(lambda: t.autograd.grad(out, [x, y], retain_graph=True)),
        out.backward(), x.grad, y.grad,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- retain_graph
def second_backward(t):
    x, y = leaves(t)
    out = (x * y).sum()
    out.backward()
    a = (x + y).sum()
    a.backward()
    a.backward()
    b = (x.exp() * 2).sum()
    t.autograd.grad(b, x)
    return message(out.backward), x.grad, message(b.backward), message(lambda: t.autograd.grad(out, x))


def retain_graph(t):
    x, y = leaves(t)
    out = (x * y).exp().sum()
    out.backward(retain_graph=True)
    out.backward(retain_graph=True)
    out.backward(retain_graph=False)
    return x.grad, message(out.backward)


def create_graph_keeps(t):
    x, y = leaves(t)
    out = (x * y).exp().sum()
    t.autograd.grad(out, x, create_graph=True)
    t.autograd.grad(out, x, create_graph=True, retain_graph=False)
    return message(lambda: t.autograd.grad(out, x))


def create_graph_warns(t):
    x, y = leaves(t)
    (x * y).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    return g.requires_grad, g.grad_fn is not None


def part_of_a_freed_graph(t):
    x, y = leaves(t)
    a = x.exp()
    (a * y).sum().backward()
    return message(lambda: a.sum().backward()), message(lambda: (a * 2).sum().backward())


def hessian_vector_product(t):
    x, y = [v.detach().double().requires_grad_() for v in leaves(t)]
    out = (x**3 * y.sin() + x * y).sum()
    gx, gy = t.autograd.grad(out, [x, y], create_graph=True)
    v = t.tensor([1.0, -2.0], dtype=t.float64)
    hv = t.autograd.grad([gx, gy], [x, y], [v, v], create_graph=True)
    third = t.autograd.grad(hv[0].sum(), [x, y])
    return [h.detach() for h in hv], third


def grad_under_no_grad(t):
    x, y = leaves(t)
    out = (x * y).sum()
    with t.no_grad():
        (g,) = t.autograd.grad(out, x, create_graph=True)
        out.backward(retain_graph=True)
    return g.requires_grad, x.grad


# ---------------------------------------------------------------------------------------------- batched
def batched(t):
    x, y = leaves(t)
    out = x * y
    seed = t.eye(2)
    return (
        t.autograd.grad(out, [x, y], seed, is_grads_batched=True, retain_graph=True),
        t.autograd.grad(out, x, (seed,), is_grads_batched=True, retain_graph=True),
        t.autograd.grad([out, out.sum()], x, [seed, t.ones(2)], is_grads_batched=True, retain_graph=True),
    )


def batched_wrongly(t):
    x, y = leaves(t)
    out = x * y
    return [
        message(lambda: t.autograd.grad(out, x, t.ones(2), is_grads_batched=True)),
        message(lambda: t.autograd.grad(out, x, t.ones(3, 3), is_grads_batched=True)),
        message(lambda: t.autograd.grad(out.sum(), x, t.ones(3, 1), is_grads_batched=True)),
        message(lambda: t.autograd.grad(out, x, is_grads_batched=True)),
        message(lambda: t.autograd.grad(out.sum(), x, is_grads_batched=True)),
        message(lambda: t.autograd.grad(out, x, t.tensor(1.0), is_grads_batched=True)),
        message(lambda: t.autograd.grad((out, out), x, (t.ones(3, 2), t.ones(2, 2)), is_grads_batched=True)),
    ]


def batched_unused(t):
    x, y = leaves(t)
    return t.autograd.grad(x * 2, [x, y], t.eye(2), is_grads_batched=True, allow_unused=True)


def batched_with_a_graph(t):
    x, _ = leaves(t)
    (g,) = t.autograd.grad(x**3, x, t.eye(2), is_grads_batched=True, create_graph=True)
    return g.detach(), t.autograd.grad(g.sum(), x)


# ---------------------------------------------------------------------------------------------- edges
def edges_as_roots(t):
    x, y = leaves(t)
    a = x * y
    edge = t.autograd.graph.get_gradient_edge(a)
    t.autograd.backward([edge], [t.ones(2)], retain_graph=True)
    found = t.autograd.grad([edge], [x], [t.ones(2)], retain_graph=True)
    both = t.autograd.grad([edge, a.sum()], [x, y], [t.ones(2), None])
    return found, both, x.grad


def edges_as_inputs(t):
    x, y = leaves(t)
    a = x * y
    b = (a * a).sum()
    edge, leaf = t.autograd.graph.get_gradient_edge(a), t.autograd.graph.get_gradient_edge(x)
    found = t.autograd.grad(b, [edge], retain_graph=True)
    found += t.autograd.grad(b, (leaf, edge, y), retain_graph=True)
    found += t.autograd.grad(b, edge, retain_graph=True)
    b.backward(inputs=leaf, retain_graph=True)
    t.autograd.backward(b, inputs=[leaf], retain_graph=True)
    return found, x.grad, y.grad, message(lambda: b.backward(inputs=[edge]))


def edges_and_wrong_seeds(t):
    x, y = leaves(t)
    a = x * y
    edge = t.autograd.graph.get_gradient_edge(a)
    leaf = t.autograd.graph.get_gradient_edge(x)
    return [
        message(lambda: t.autograd.backward(edge)),
        message(lambda: t.autograd.backward(edge, t.ones(3))),
        message(lambda: t.autograd.grad(edge, x)),
        message(lambda: t.autograd.grad(edge, x, t.ones(2, dtype=t.complex64))),
        message(lambda: t.autograd.grad(edge, x, t.ones(2, 2))),
        message(lambda: t.autograd.grad(leaf, x, t.ones(2, 2))),
        message(lambda: t.autograd.grad(edge, x, t.ones(3, 2), is_grads_batched=True)),
        message(lambda: t.autograd.graph.get_gradient_edge(t.ones(2))),
        message(lambda: t.autograd.graph.get_gradient_edge(a.detach())),
    ]


def edge_of_a_scalar(t):
    x, y = leaves(t)
    edge = t.autograd.graph.get_gradient_edge((x * y).sum())
    return message(lambda: t.autograd.grad(edge, x)), message(lambda: t.autograd.backward(edge))


def edges_of_a_node_with_several_outputs(t):
    x, _ = leaves(t)
    a, b = (x * 1).unbind(0)
    first, second = t.autograd.graph.get_gradient_edge(a), t.autograd.graph.get_gradient_edge(b)
    out = a * 3 + b * 5
    names = [first.node.name(), first.output_nr, second.output_nr, first.node is second.node]
    return (
        names,
        t.autograd.grad(out, [first, second], retain_graph=True),
        t.autograd.grad([first, second], [x], [t.tensor(1.0), t.tensor(7.0)]),
    )


def edges_made_by_hand(t):
    x, _ = leaves(t)
    a, b = (x * 1).unbind(0)
    out = a * 3 + b * 5
    edge = t.autograd.graph.GradientEdge(b.grad_fn, 1)
    return t.autograd.grad(out, edge, retain_graph=True), t.autograd.grad(edge, x, t.tensor(2.0)), edge.output_nr


def edges_after_changes_in_place(t):
    x, y = leaves(t)
    a = x * y
    edge = t.autograd.graph.get_gradient_edge(a)
    b = a.clone()
    edge_b = t.autograd.graph.get_gradient_edge(b)
    b.mul_(3)
    out = (b * 1).sum()
    return t.autograd.grad(out, [edge, edge_b, b], retain_graph=True), t.autograd.grad([edge_b], [x], [t.ones(2)])


def edge_keeps_the_leaf(t):
    x = t.ones(2, requires_grad=True)
    out = (x * 3).sum()
    edge = t.autograd.graph.get_gradient_edge(x)
    del x
    return t.autograd.grad(out, edge), edge.node.variable


def several_things_wrong(t):
    y = t.ones(1)
    one = t.ones(1, requires_grad=True)
    z = one * 2
    return [
        message(lambda: t.autograd.grad(y, one)), message(lambda: t.autograd.grad(y, y)),
        message(lambda: t.autograd.grad((z, z), one, t.ones(1))),
        message(lambda: t.autograd.backward((z, z), t.ones(1))),
    ]  # fmt: skip


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
