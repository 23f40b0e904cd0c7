"""The recorded graph as users see it, beside PyTorch: edges, what nodes saved, metadata, gradient edges."""

import pytest
from beside import check

SAVED = {
    "add": lambda t, x, y: x + y,
    "sub": lambda t, x, y: x - y,
    "mul": lambda t, x, y: x * y,
    "mul by a number": lambda t, x, y: x * 3.0,
    "div": lambda t, x, y: x / y,
    "pow": lambda t, x, y: x**3,
    "pow of tensors": lambda t, x, y: t.pow(x, y),
    "exp": lambda t, x, y: x.exp(),
    "log": lambda t, x, y: x.log(),
    "sin": lambda t, x, y: x.sin(),
    "tanh": lambda t, x, y: x.tanh(),
    "sigmoid": lambda t, x, y: x.sigmoid(),
    "relu": lambda t, x, y: x.relu(),
    "sqrt": lambda t, x, y: x.sqrt(),
    "abs": lambda t, x, y: x.abs(),
    "neg": lambda t, x, y: -x,
    "reciprocal": lambda t, x, y: x.reciprocal(),
    "maximum": lambda t, x, y: t.maximum(x, y),
    "clamp": lambda t, x, y: x.clamp(0.5, 2.0),
    "where": lambda t, x, y: t.where(x.detach() > 1, x, y),
    "sum": lambda t, x, y: x.sum(),
    "sum of a dimension": lambda t, x, y: x.sum(0),
    "mean": lambda t, x, y: x.mean(),
    "prod": lambda t, x, y: x.prod(),
    "max": lambda t, x, y: x.max(),
    "reshape": lambda t, x, y: x.reshape(3, 1),
    "transpose": lambda t, x, y: x.reshape(3, 1).transpose(0, 1),
    "expand": lambda t, x, y: x.expand(2, 3),
    "unsqueeze": lambda t, x, y: x.unsqueeze(0),
    "clone": lambda t, x, y: x.clone(),
    "dot": lambda t, x, y: x.dot(y),
    "outer": lambda t, x, y: x.reshape(3, 1) @ y.reshape(1, 3),
    "atan2": lambda t, x, y: t.atan2(x, y),
    "lerp": lambda t, x, y: t.lerp(x, y, 0.5),
    "addcmul": lambda t, x, y: t.addcmul(x, x, y),
    "cat": lambda t, x, y: t.cat([x, y]),
    "stack": lambda t, x, y: t.stack([x, y]),
    "index": lambda t, x, y: x[0],
    "slice": lambda t, x, y: x[1:],
}


def graph(node, depth=3):
    """A node's name and those of the nodes behind it."""
    if node is None or depth == 0:
        return None
    return [node.name(), [(graph(n, depth - 1), i) for n, i in node.next_functions]]


def leaves(t):
    return t.tensor([0.5, 1.5, 2.5], requires_grad=True), t.tensor([1.0, 2.0, 3.0], requires_grad=True)


@pytest.mark.parametrize("case", SAVED)
def test_edges(case):
    def scenario(t):
        x, y = leaves(t)
        return graph((SAVED[case](t, x, y)).grad_fn), graph(SAVED[case](t, x * 2, y).grad_fn)

    check(scenario)


@pytest.mark.parametrize("case", SAVED)
def test_edges_where_one_input_needs_no_gradient(case):
    def scenario(t):
        x, y = leaves(t)
        return graph(SAVED[case](t, x, y.detach()).grad_fn)

    check(scenario)


VALUES = [
    ("mul", ["self", "other"]), ("div", ["self", "other"]), ("exp", ["result"]), ("log", ["self"]), ("sin", ["self"]),
    ("tanh", ["result"]), ("sigmoid", ["result"]), ("relu", ["result"]), ("sqrt", ["result"]), ("abs", ["self"]),
    ("pow", ["self", "exponent"]), ("reciprocal", ["result"]), ("maximum", ["self", "other"]),
    ("atan2", ["self", "other"]),
    ("clamp", ["self", "min", "max"]), ("addcmul", ["tensor1", "tensor2", "value"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "names"), VALUES)
def test_saved_values(case, names):
    def scenario(t):
        x, y = leaves(t)
        node = SAVED[case](t, x, y).grad_fn
        return [getattr(node, "_saved_" + name) for name in names]

    check(scenario)


def test_saved_values_are_freed():
    def scenario(t):
        x, y = leaves(t)
        z = x * y
        z.sum().backward()
        return z.grad_fn._saved_self

    def unknown(t):
        x, y = leaves(t)
        return (x * y).grad_fn._saved_nonsense

    check(scenario)
    check(unknown)


def test_saved_tensors_keep_their_place_in_the_graph():
    def scenario(t):
        x, y = leaves(t)
        a = x * 2
        node = (a * y).grad_fn
        result = a.exp()
        return (node._saved_self.grad_fn is a.grad_fn, node._saved_other is y, node._saved_other.is_leaf,
                result.grad_fn._saved_result.grad_fn is result.grad_fn)  # fmt: skip

    check(scenario)


def test_raw_saved_tensors():
    def scenario(t):
        x, y = leaves(t)
        raw = (x * y).grad_fn._raw_saved_self
        return type(raw).__name__, type(raw)()

    check(scenario)


def test_nodes():
    def scenario(t):
        x, y = leaves(t)
        z = (x * y).sum()
        node = z.grad_fn
        node.metadata["note"] = 1
        leaf = node.next_functions[0][0].next_functions[0][0]
        return (
            isinstance(node, t.autograd.graph.Node), isinstance(leaf, t.autograd.graph.Node), leaf.variable is x,
            repr(node), str(node), repr(leaf), node.name(), leaf.name(), type(node).__name__, type(leaf).__name__,
            z.grad_fn is node, z.grad_fn.metadata, leaf.metadata, leaf.next_functions,
            isinstance(x, t.autograd.graph.Node),
            node == z.grad_fn, len({node, z.grad_fn}),
        )  # fmt: skip

    check(scenario)


def test_the_leaf_has_one_node():
    def scenario(t):
        x, _ = leaves(t)
        a, b = x * 2, x.sin()
        return a.grad_fn.next_functions[0][0] is b.grad_fn.next_functions[0][0]

    check(scenario)


def test_a_node_applied_by_hand():
    def scenario(t):
        x, y = leaves(t)
        return (x * y).grad_fn(t.tensor([1.0, 0.5, 2.0])), x.sum().grad_fn(t.tensor(2.0)) + 0

    check(scenario)


def test_sequence_numbers_grow():
    def scenario(t):
        x, y = leaves(t)
        a = x * y
        b = a.sin()
        return b.grad_fn._sequence_nr() - a.grad_fn._sequence_nr()

    check(scenario)


def test_outputs_by_number():
    def scenario(t):
        x, _ = leaves(t)
        parts = (x * 1).split(1)
        z = parts[2] * parts[0]
        return graph(z.grad_fn), [p.output_nr for p in parts]

    check(scenario)


def test_gradient_edges():
    def scenario(t):
        x, y = leaves(t)
        a = x * y
        edge, leaf = t.autograd.graph.get_gradient_edge(a), t.autograd.graph.get_gradient_edge(x)
        z = (a * a).sum()
        by_edges = t.autograd.grad(z, [edge, leaf], retain_graph=True)
        t.autograd.backward(edge, t.ones(3))
        named = edge.node is a.grad_fn, edge.output_nr, leaf.node.name(), type(edge).__name__
        return by_edges, x.grad, named

    def without(t):
        return t.autograd.graph.get_gradient_edge(t.ones(2))

    def materialized(t):
        x, _ = leaves(t)
        edge = t.autograd.graph.get_gradient_edge(x)
        return t.autograd.grad((x * 2).sum(), [edge], materialize_grads=True)

    def not_materialized(t):
        x, y = leaves(t)
        edge = t.autograd.graph.get_gradient_edge(y)
        return t.autograd.grad((x * 2).sum(), [edge], materialize_grads=True)

    check(scenario)
    check(without)
    check(materialized)
    check(not_materialized)


def test_increment_version():
    def scenario(t):
        x, y = leaves(t)
        a = x * 2
        z = a.sin()
        t.autograd.graph.increment_version(a)
        versions = a._version
        t.autograd.graph.increment_version([a, y.detach()])
        try:
            z.sum().backward()
        except RuntimeError as error:
            return versions, a._version, str(error)
        return versions, a._version

    check(scenario)


def test_multi_grad_hooks():
    def scenario(t, mode):
        seen = []
        x, y = leaves(t)
        handle = t.autograd.graph.register_multi_grad_hook(
            (x, y, t.ones(1, requires_grad=True)),
            lambda g: seen.append([None if v is None else v.tolist() for v in g] if mode == "all" else g.tolist()),
            mode=mode,
        )
        (x * y).sum().backward()
        handle.remove()
        (x * y).sum().backward()
        return seen if mode == "all" else len(seen)

    check(lambda t: scenario(t, "all"))
    check(lambda t: scenario(t, "any"))
    check(lambda t: scenario(t, "other"))
