"""`backward` and `grad`: arguments, results, accumulation, errors and warnings, beside PyTorch."""

import pytest
from beside import check, scenarios


def leaf(t, *values):
    return t.tensor(list(values or (1.0, 2.0, 3.0)), requires_grad=True)


def scalar_backward(t):
    x = leaf(t)
    (x * x * 3).sum().backward()
    return x.grad


def seed_given(t):
    x = leaf(t)
    (x * x).backward(t.tensor([1.0, 0.5, 0.0]))
    return x.grad


def accumulates(t):
    x = leaf(t)
    (x * x).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    return first, x.grad is first


def several_outputs(t):
    x, y = leaf(t), leaf(t, 4.0, 5.0, 6.0)
    t.autograd.backward([(x * y).sum(), x.sin()], [None, t.ones(3)])
    return x.grad, y.grad


def root_given_twice(t):
    x = leaf(t)
    y = (x * x).sum()
    t.autograd.backward([y, y])
    return x.grad


def leaf_as_root(t):
    x = leaf(t, 2.0)
    x.backward()
    return x.grad


def inputs_limit(t):
    x, y = leaf(t), leaf(t)
    (x * y).sum().backward(inputs=[x])
    return x.grad, y.grad


def inputs_non_leaf(t):
    x = leaf(t)
    y = x * 2
    (y * y).sum().backward(inputs=[y])
    return y.grad, x.grad


def inputs_prune_what_runs(t):
    ran = []

    class Spy(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            ran.append(1)
            return g

    x, y = leaf(t), leaf(t)
    (Spy.apply(x) * y).sum().backward(inputs=[y])
    return ran, y.grad


def inputs_empty(t):
    (leaf(t) * 2).sum().backward(inputs=[])


def retained(t):
    x = leaf(t)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def twice(t):
    y = (leaf(t) * leaf(t)).sum()
    y.backward()
    y.backward()


def twice_without_saved(t):
    x = leaf(t)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def not_scalar(t):
    (leaf(t) * 2).backward()


def not_requiring(t):
    t.ones(1).backward()


def wrong_seed_shape(t):
    (leaf(t) * 2).backward(t.ones(2))


def wrong_seed_type(t):
    (leaf(t) * 2).backward(3)


def complex_without_seed(t):
    (leaf(t)[0] * 1j).backward()


def wrong_number_of_seeds(t):
    t.autograd.backward([leaf(t).sum()], [t.ones(()), t.ones(())])


def seed_of_other_dtype(t):
    x = leaf(t)
    (x * 2).backward(t.ones(3, dtype=t.float64))
    return x.grad


def grad_of(t):
    x, y = leaf(t), leaf(t)
    return t.autograd.grad((x * y * y).sum(), [x, y])


def grad_leaves_alone(t):
    x = leaf(t)
    t.autograd.grad((x * x).sum(), x)
    return x.grad


def grad_non_leaf(t):
    x = leaf(t)
    y = x * 2
    return t.autograd.grad((y * y).sum(), [y, x])


def grad_of_itself(t):
    x = leaf(t, 3.0)
    return t.autograd.grad(x, x)


def grad_unused(t):
    t.autograd.grad(leaf(t).sum(), leaf(t))


def grad_unused_allowed(t):
    x, y = leaf(t), leaf(t)
    return t.autograd.grad((x * 2).sum(), [x, y], allow_unused=True)


def grad_materialized(t):
    x, y = leaf(t), leaf(t)
    return t.autograd.grad((x * 2).sum(), [x, y], materialize_grads=True)


def grad_contradiction(t):
    t.autograd.grad(leaf(t).sum(), leaf(t), allow_unused=False, materialize_grads=True)


def grad_of_constant(t):
    t.autograd.grad(t.ones(()), leaf(t))


def grad_by_constant(t):
    t.autograd.grad(leaf(t).sum(), t.ones(3))


def grad_no_inputs(t):
    t.autograd.grad(leaf(t).sum(), [])


def grad_only_inputs(t):
    x = leaf(t)
    return t.autograd.grad((x * 2).sum(), x, only_inputs=False)


def grad_batched(t):
    x = leaf(t)
    return t.autograd.grad(x * x, x, t.eye(3), is_grads_batched=True)


def second_order(t):
    x = leaf(t)
    (g,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = t.autograd.grad(g.sum(), x)
    return g, h


def hessian_vector(t):
    x = leaf(t)
    (g,) = t.autograd.grad((x.exp() * x.sin()).sum(), x, create_graph=True)
    (g * t.tensor([1.0, -1.0, 2.0])).sum().backward()
    return x.grad


def third_order(t):
    x = leaf(t, 0.5)
    g = x.sin() * x**4
    for _ in range(3):
        (g,) = t.autograd.grad(g, x, t.ones(1), create_graph=True)
    return g


def create_graph_in_backward(t):
    x = leaf(t)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    return g, t.autograd.grad(g.sum(), x)


def create_graph_without_grad_mode(t):
    x = leaf(t)
    y = (x**3).sum()
    with t.no_grad():
        (g,) = t.autograd.grad(y, x, create_graph=True)
    return g


def diamond(t):
    x = leaf(t)
    a = x.sin()
    b = a * a
    c = a + b
    (c * b).sum().backward()
    return x.grad


def broadcast(t):
    a, b = t.ones(3, 1, requires_grad=True), t.arange(4.0).requires_grad_()
    ((a + b) * b).sum().backward()
    return a.grad, b.grad


def promotion(t):
    a = leaf(t)
    b = t.ones(3, dtype=t.float64, requires_grad=True)
    ((a * b) + a).sum().backward()
    return a.grad, b.grad


def complex_gradient(t):
    z = t.tensor([1 + 2j, -1j], requires_grad=True)
    (z * z.conj()).real.sum().backward()
    return z.grad


def real_into_complex(t):
    x = leaf(t)
    (x * t.tensor([1j, 1.0, 2 + 1j])).abs().sum().backward()
    return x.grad


def edge_as_root_and_input(t):
    x = leaf(t)
    y = x * 2
    z = y * y
    of = t.autograd.graph.get_gradient_edge(z)
    by = t.autograd.graph.get_gradient_edge(y)
    return t.autograd.grad(of, by, t.ones(3))


def edge_of_constant(t):
    t.autograd.graph.get_gradient_edge(t.ones(2))


def zero_elements(t):
    x = t.ones(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    return x.grad


def grad_assigned(t):
    x = leaf(t)
    x.grad = t.ones(3)
    (x * 2).sum().backward()
    return x.grad


def grad_of_wrong_shape(t):
    leaf(t).grad = t.ones(2)


def grad_of_wrong_dtype(t):
    leaf(t).grad = t.ones(3, dtype=t.float64)


def grad_of_wrong_type(t):
    leaf(t).grad = 3


def grad_deleted(t):
    x = leaf(t)
    x.sum().backward()
    del x.grad
    return x.grad


def grad_of_non_leaf_read(t):
    y = leaf(t) * 2
    return y.grad


def stolen_gradient_is_its_own(t):
    x, y = leaf(t), leaf(t)
    (x + y).sum().backward()
    x.grad.add_(1)
    return x.grad, y.grad


def next_functions(t):
    x, y = leaf(t), leaf(t)
    z = (x * 2 + y).sin().sum()
    seen = []
    node = z.grad_fn
    while node is not None:
        seen.append((node.name(), [(f.name() if f else None, i) for f, i in node.next_functions]))
        node = node.next_functions[0][0] if node.next_functions else None
    return seen


def accumulate_variable(t):
    x = leaf(t)
    node = (x * 2).grad_fn.next_functions[0][0]
    return node.name(), node.variable is x, node.next_functions


def saved_values(t):
    x, y = leaf(t), leaf(t)
    node = (x * y).grad_fn
    result = x.exp()
    return node._saved_self, node._saved_other, result.grad_fn._saved_result


def saved_values_freed(t):
    y = leaf(t).exp()
    y.sum().backward()
    y.grad_fn._saved_result


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda f: f.__name__)
def test_as_pytorch(scenario):
    check(scenario)
