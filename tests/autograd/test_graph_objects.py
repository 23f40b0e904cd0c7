"""Nodes, edges and tensors that carry them as Python objects, beside PyTorch."""

import copy
import pickle

import pytest
from beside import check, leaf, message, scenarios


def called_by_hand(t):
    x, w = leaf(t), leaf(t)
    n = (x * w).grad_fn
    several = (x * 1).unbind(0)[0].grad_fn
    g = t.ones(2)
    return [
        n(g), message(lambda: n()), message(lambda: n(g, g)), message(lambda: n(3)), message(lambda: n(None)),
        several(t.tensor(1.0), t.tensor(2.0)), several(t.tensor(1.0), None), several(None, None),
        message(lambda: several(g)), message(lambda: several(g, 3)),
    ]  # fmt: skip


def called_by_hand_records(t):
    x, w = leaf(t), leaf(t)
    n = (x * w).grad_fn
    g = t.ones(2, requires_grad=True)
    a, _ = n(g)
    with t.no_grad():
        c, _ = n(g)
    return a.requires_grad, a.grad_fn.name(), t.autograd.grad(a.sum(), [g, w]), c.requires_grad


def custom_called_by_hand(t):
    class Twice(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    n = Twice.apply(leaf(t)).grad_fn
    return n(t.ones(2)), n.name(), type(n).__name__, message(lambda: n(t.ones(2), t.ones(2)))[0]


def kinds_of_nodes(t):
    x = leaf(t)
    n = (x * x).grad_fn
    end = n.next_functions[0][0]
    node = t.autograd.graph.Node
    functions = t._C._functions

    class Mine(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    mine = Mine.apply(x).grad_fn
    return [
        isinstance(n, node), isinstance(end, node), isinstance(mine, node), isinstance(x, node), isinstance(3, node),
        issubclass(type(n), node), issubclass(type(mine), node), issubclass(int, node),
        isinstance(n, functions.MulBackward0), isinstance(n, functions.AddBackward0),
        isinstance(end, functions.AccumulateGrad), type(end) is functions.AccumulateGrad, end.variable is x,
        functions.MulBackward0.__name__, message(lambda: functions.NoSuchBackward0)[0],
        message(lambda: functions.MulBackward0())[0],
    ]  # fmt: skip


def attributes_are_fixed(t):
    n = (leaf(t) * 2).grad_fn
    return message(lambda: n.nothing), message(lambda: setattr(n, "nothing", 3))[0], n.metadata, n.requires_grad


def listed(t):
    n = (leaf(t) * leaf(t)).grad_fn
    names = ["_saved_self", "_saved_other", "_raw_saved_self", "_raw_saved_other", "metadata", "name", "next_functions",
             "register_hook", "register_prehook", "requires_grad", "_input_metadata", "_sequence_nr"]  # fmt: skip
    return [name in dir(n) for name in names], [hasattr(n, name) for name in names]


def pickled(t):
    x = leaf(t)
    y = x * 2
    return [
        message(lambda: pickle.dumps(y.grad_fn)), message(lambda: copy.copy(y.grad_fn)),
        message(lambda: copy.deepcopy(y.grad_fn)), message(lambda: copy.deepcopy(y)),
        copy.deepcopy(x), copy.copy(x).requires_grad, message(lambda: pickle.loads(pickle.dumps(x))),
    ]  # fmt: skip


def printed(t):
    x = leaf(t)
    y = x * 2
    (a, b) = y.unbind(0)
    return str(y), repr(a), repr(x), repr(y.detach()), str((x * 2).sum()), repr(b.grad_fn).split(" at ")[0]


def metadata_of_outputs(t):
    x = leaf(t)
    z = x * x
    one = z.grad_fn._input_metadata
    b = t.rand(3, 4, requires_grad=True, dtype=t.float64)
    var, _ = t.var_mean(b, dim=0)
    two = var.grad_fn._input_metadata
    end = z.grad_fn.next_functions[0][0]._input_metadata

    class Two(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum(), x.double()

        @staticmethod
        def backward(ctx, g, h):
            return h

    three = Two.apply(x)[0].grad_fn._input_metadata
    kind = one[0]
    return [[(m.shape, str(m.dtype), str(m.device)) for m in group] for group in (one, two, end, three)], (
        kind.is_nested_tensor, kind.is_cpp_nested_tensor, type(kind).__name__)  # fmt: skip


def walked(t):
    x, w = leaf(t), leaf(t)
    out = ((x * w).sin() + x.expand(3, 2).sum(0) * 2).mean()
    lines = []

    def walk(node, depth):
        lines.append("  " * depth + ("None" if node is None else node.name()))
        for n, i in () if node is None else node.next_functions:
            lines.append("  " * depth + str(i))
            walk(n, depth + 1)

    walk(out.grad_fn, 0)
    return "\n".join(lines)


def edges_of_constants(t):
    x, c = leaf(t), t.ones(2)
    return [
        [(n is None, i) for n, i in v.grad_fn.next_functions]
        for v in (x * c, c * x, x + c, t.where(c > 0, x, c), t.addmm(c, x[None], t.ones(2, 2)), t.cat([c, x]), x - 3)
    ]


def same_node_again(t):
    x = leaf(t)
    y = x * 2
    n = y.grad_fn
    first = id(n)
    del n
    return y.grad_fn is y.grad_fn, id(y.grad_fn) == first, y.grad_fn == y.grad_fn, hash(y.grad_fn) == hash(y.grad_fn)


def node_outlives_tensor(t):
    x = leaf(t)
    n = (x * 2).exp().grad_fn
    return n(t.ones(2)), n.next_functions[0][0].name()


def nodes_of_views_made_without_recording(t):
    base = leaf(t) * 1
    with t.no_grad():
        view = base[:1]
    first = view.requires_grad, view.grad_fn is None
    with t.no_grad():
        base.mul_(2)
    return first, view.is_leaf


def metadata_is_kept(t):
    y = leaf(t) * 2
    y.grad_fn.metadata["note"] = [1]
    end = y.grad_fn.next_functions[0][0]
    end.metadata["leaf"] = 2
    return y.grad_fn.metadata, y.grad_fn.next_functions[0][0].metadata, (y * 2).grad_fn.metadata


def accumulators(t):
    x = leaf(t)
    end = t.autograd.graph.get_gradient_edge(x).node
    again = t.autograd.graph.get_gradient_edge(x).node
    y = x.view_as(x)
    return (
        end is again, y.grad_fn.next_functions[0][0] is end, end.variable is x, end.name(), end.next_functions,
        end._sequence_nr(), x.grad_fn,
    )  # fmt: skip


def edges_are_tuples(t):
    x = leaf(t)
    edge = t.autograd.graph.get_gradient_edge(x * 2)
    node, number, *_ = edge
    return type(edge).__name__, edge._fields, node.name(), number, isinstance(edge, tuple), edge == edge


def saved_sizes(t):
    x = t.ones(2, 3, requires_grad=True)
    return x.sum(0).grad_fn._saved_self_sym_sizes, type(x.sum(0).grad_fn._saved_self_sym_sizes).__name__


def errors_put_off(t):
    x, w = leaf(t), leaf(t)
    later = t._C._functions.DelayedError("not now", 1)(w)
    a, b = t._C._functions.DelayedError("never", 2)(x, w)

    def change(x, y):
        out = x.clone().view(-1)
        double = out * 2
        out += y
        return (out + double).sum()

    return [
        message(lambda: change(x, later).backward()), message(lambda: t.autograd.grad(change(x, later), w)),
        t.autograd.grad(change(x, later), x), t.autograd.grad(change(x, later), later), later,
        message(lambda: (a * b).sum().backward()), t.autograd.grad((a * b).sum(), [a, b]),
        t._C._functions.DelayedError("never", 1)(t.ones(2)).requires_grad,
    ]  # fmt: skip


def gradients_undefined(t):
    x = leaf(t)
    y = t._C._functions.UndefinedGrad()(x)
    y.sum().backward()
    return y.grad_fn.name(), y.grad_fn.next_functions[0][0].name(), x.grad


def leaf_with_other_memory(t):
    x = leaf(t)
    edge = t.autograd.graph.get_gradient_edge(x)
    out = x.clone()
    x.grad = t.ones(2)
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    with t.no_grad():
        x.set_(t.tensor([3.0, 4.0]))
    now = t.autograd.graph.get_gradient_edge(x)
    found = (
        edge.node is now.node, x.grad, edge.node.variable is x, now.node.variable is x,
        message(lambda: t.autograd.grad(out.sum(), x, retain_graph=True)),
        t.autograd.grad((out * 1).sum(), edge, retain_graph=True),
    )  # fmt: skip
    out.sum().backward()
    first = x.grad.clone()
    (x * 2).sum().backward()
    return found, first, x.grad, seen


def inner_functions(t):
    x = leaf(t)
    out = t.ones(10, 5, requires_grad=True)
    return (
        t.autograd._calculate_shape(out, t.ones(5, 10), False),
        t.autograd._calculate_shape(out, t.ones(3, 10, 5), True),
        t.autograd._make_grads([x.sum()], [None], False), message(lambda: t.autograd._make_grads([x], [None], False)),
        t.autograd.graph._engine_run_backward(
            ((x * x).sum(),), (t.ones(()),), False, False, (x,), allow_unreachable=True, accumulate_grad=False
        ),
    )  # fmt: skip


def weak_references(t):
    y = leaf(t) * 2
    ref = t._C._WeakTensorRef(y)
    first = ref.expired()
    y.retain_grad()
    z = y / 2
    del y
    return first, ref.expired(), z.sum().backward()


def what_a_node_is(t):
    kind = t.autograd.graph.Node
    x = leaf(t)
    function = type("F", (t.autograd.Function,), {"forward": lambda ctx, x: x.clone(), "backward": lambda ctx, g: g})
    nodes = [
        (x * 2).grad_fn,
        (x * 2).grad_fn.next_functions[0][0],
        function.apply(x).grad_fn,
        (x * 1)[:1].mul_(2).grad_fn,
    ]
    return (
        message(kind), type(kind).__name__, kind.__name__, sorted(n for n in dir(kind) if not n.startswith("__")),
        [isinstance(n, kind) for n in (*nodes, None, 3, x)], [issubclass(k, kind) for k in (type(nodes[0]), int)],
    )  # fmt: skip


def what_is_listed_can_be_read(t):
    def made(i, n, function):
        given = [t.ones(3, 3, requires_grad=i == k) for k in range(n)]
        node = function(*given).grad_fn
        return [getattr(node, name) is not None for name in dir(node) if name == "_saved_mat2"], [
            name for name in dir(node) if name.startswith("_saved") and not hasattr(node, name)]  # fmt: skip

    index = t.tensor([0, 1, 2])
    return [made(i, n, function) for n, function in (
        (2, t.mm), (3, t.addmm), (2, t.nn.functional.linear), (3, lambda x, w, b: t.nn.functional.linear(x, w, b[0])),
        (2, lambda x, y: x.index_add(0, index, y)), (2, lambda x, y: x.index_copy(0, index, y)),
    ) for i in range(n)], type((t.ones(3, requires_grad=True) * 2).grad_fn._input_metadata[0].shape)  # fmt: skip


def metadata_of_pieces(t):
    x = t.ones(3, 4, requires_grad=True)
    pieces = (x.unbind(1), x.split(2), x.split([1, 2], 1), x.chunk(2, 1), x.tensor_split(2))
    return [[(tuple(m.shape), str(m.dtype)) for m in p[-1].grad_fn._input_metadata] for p in pieces]


def called_by_hand_without_some_gradients(t):
    x, g = leaf(t), t.ones(2)
    found = [
        y.grad_fn(g) for y in (x * 2, x + 1, 2 - x, x / 2, x * g, g - x, x**2, t.where(x > 0, x, g), x.to(t.float64))
    ]
    pick = t.stack([x, x]).max(0)[0].grad_fn
    return (
        found,
        pick(g),
        message(lambda: pick(g, None)),
        message(lambda: (x * 2).grad_fn(grad=g)),
        len(pick._input_metadata),
    )


def attributes_that_are_only_read(t):
    names = (
        "grad_fn is_leaf shape dtype device layout ndim nbytes itemsize is_sparse _version output_nr retains_grad "
        "_base name volatile"
    ).split()
    x, found = leaf(t), [message(t._C._functions.AccumulateGrad)]
    for name in names:
        found += [message(lambda: setattr(x, name, None)), message(lambda: delattr(x, name))]  # noqa: B023
    return found


def edges_are_equal(t):
    edge = t.autograd.graph.get_gradient_edge
    x = leaf(t)
    u = x.unbind()
    return edge(x) == edge(x), hash(edge(x)) == hash(edge(x)), repr(edge(x)), edge(u[1]) == edge(u[1]), edge(x)._fields


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
