"""Calls with several things wrong are refused for the one that PyTorch meets first."""

import itertools

import pytest
from beside import check

from ops.refusals import differing, made

KINDS = ("float32", "complex64", "bool", "int64")
WAYS = ("plain", "leaf", "node", "expanded")


def operands(second):
    """Descriptions of an operation's first operand, and of its second if there is one."""
    others = itertools.product(KINDS[:3], ("plain", "leaf"), ((4,), (5, 2, 3))) if second else [None]
    for kind, way, other in itertools.product(KINDS, WAYS, others):
        found = [(kind, (2, 3), way)]
        if other is not None:
            found.append((other[0], other[2], other[1]))
        if all(k in ("float32", "complex64") or w in ("plain", "expanded") for k, _, w in found):
            yield found


ONE = ("erf", "floor", "sign", "neg")
TWO = ("mul", "atan2", "floor_divide", "bitwise_and", "maximum", "lt", "xlogy")


@pytest.mark.parametrize(
    "name", ["erf", "floor", "trunc", "sign", "abs", "neg", "mul", "atan2", "floor_divide", "lt", "eq"]
)
def test_in_place(name):
    def call(given):
        return lambda t: getattr(made(t, *given[0]), name + "_")(*[made(t, *x) for x in given[1:]])

    assert not differing((given, call(given)) for given in operands(name in (*TWO, "eq")))


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
@pytest.mark.parametrize("name", ONE + TWO)
def test_out(name):
    outs = [
        (kind, shape, way)
        for kind, way, shape in itertools.product(("float32", "int64"), WAYS, ((2, 3), (4,)))
        if (kind == "float32" or way in ("plain", "expanded")) and (way != "expanded" or shape == (2, 3))
    ]

    def call(given, out):
        return lambda t: getattr(t, name)(*[made(t, *x) for x in given], out=made(t, *out))

    assert not differing(((given, out), call(given, out)) for given in operands(name in TWO) for out in outs)


def recorded_as_never_differentiable(t):
    x, seen = t.tensor([1.0, 2.0]).requires_grad_(), []
    for function in (t.floor_divide, t.heaviside):
        out = t.zeros(2)
        function(x, x, out=out)
        node = out.grad_fn
        seen.append((node.name(), len(node.next_functions), out.tolist(), out._version, node._sequence_nr()))
        part = t.zeros(3)[:2]
        function(x, x, out=part)
        seen.append((part.grad_fn.name(), part._base.grad_fn.name()))
    return seen


def missing_derivatives_come_first(t):
    seen = []
    for first in (True, False):
        x = t.tensor([1.0, 2.0]).requires_grad_()
        y = x // 2 if first else t.igamma(x, x)
        z = t.igamma(x, x) if first else x // 2
        try:
            (y.sum() + z.sum()).backward()
        except (RuntimeError, NotImplementedError) as error:
            seen.append((type(error).__name__, str(error)))
    return seen


@pytest.mark.parametrize("scenario", [recorded_as_never_differentiable, missing_derivatives_come_first])
def test_missing_derivatives(scenario):
    check(scenario)


def distances_of_two_dtypes(t):
    seen = []
    for place in (0, 1):
        a, b = t.tensor([1.0, 2.0], requires_grad=True), t.tensor([4.0, 1.0, 0.5], dtype=t.float64).reshape(3, 1)
        b.requires_grad_()
        d = t.dist(a, b)
        seen.append(t.autograd.grad(d, (a, b), retain_graph=True))
        with t.no_grad():
            (a, b)[place].mul_(2)
        try:
            d.backward()
        except RuntimeError as error:
            seen.append(str(error).partition("]")[2])
    return seen


def test_operands_of_two_dtypes_that_were_changed():
    check(distances_of_two_dtypes, strides=False)


# ---------------------------------------------------------------------------------------------- linear algebra
MATRICES = ((), (3,), (2, 2), (0, 0), (2, 3), (3, 2, 2), (2, 0, 0))
SIDES = ((), (2,), (2, 2), (3, 2), (3, 2, 2), (0, 2), (2, 2, 3))
PAIRS = (("float32", "float32"), ("float32", "float64"), ("int64", "float32"), ("bool", "bool"), ("float16", "float16"))
SYSTEMS = {
    "solve": lambda t, a, b: t.linalg.solve(a, b),
    "solve from the right": lambda t, a, b: t.linalg.solve(a, b, left=False),
    "solve_ex": lambda t, a, b: t.linalg.solve_ex(a, b),
    "solve_triangular": lambda t, a, b: t.linalg.solve_triangular(a, b, upper=True),
    "triangular_solve": lambda t, a, b: t.triangular_solve(b, a),
    "cholesky_solve": lambda t, a, b: t.cholesky_solve(b, a),
    "vecdot": lambda t, a, b: t.linalg.vecdot(a, b),
    "cross": lambda t, a, b: t.linalg.cross(a, b),
}


@pytest.mark.filterwarnings("ignore:torch.triangular_solve is deprecated")
@pytest.mark.parametrize("name", SYSTEMS)
def test_systems(name):
    def call(a, b, kinds):
        return lambda t: SYSTEMS[name](t, made(t, kinds[0], a), made(t, kinds[1], b))

    assert not differing(
        ((a, b, kinds), call(a, b, kinds)) for a, b, kinds in itertools.product(MATRICES, SIDES, PAIRS)
    )


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 2), (0, 0), (2, 3), (3,)])
@pytest.mark.parametrize("name", [
    "inv_ex", "cholesky", "cholesky_ex", "eigh", "eigvalsh", "svdvals", "qr", "matrix_rank", "lu", "lu_factor_ex",
    "cond", "matrix_norm",
])  # fmt: skip
def test_matrices_of_other_dtypes(name, shape):
    kinds = ("int64", "bool", "float16")
    assert not differing((kind, lambda t, k=kind: getattr(t.linalg, name)(made(t, k, shape))) for kind in kinds)


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated", "ignore:torch.cholesky is deprecated")
@pytest.mark.parametrize("name", ["cholesky", "cholesky_inverse", "geqrf", "lu"])
def test_older_functions_of_matrices(name):
    calls = itertools.product(("float32", "int64", "bool", "float16"), ((2, 2), (0, 0), (2, 3, 0), (2, 3)))
    assert not differing((given, lambda t, g=given: getattr(t, name)(made(t, *g).triu())) for given in calls)
    assert not differing([("zeros", lambda t: getattr(t, name)(t.zeros(3, 2, 2)))])


def test_products_of_nothing_that_have_no_gradient():
    def call(kind):
        return lambda t: t.matmul(t.ones(2, 1, 3).requires_grad_(), t.ones((3, 0, 2, 3, 3), dtype=getattr(t, kind)))

    assert not differing((kind, call(kind)) for kind in ("int32", "bool", "float64"))


def test_equations_of_tensors():
    shapes = itertools.product(((3, 2, 6), (2, 3, 0), (4, 4), ()), ((3, 2), (0, 2), (4,), ()))
    assert not differing(
        (given, lambda t, g=given: t.linalg.tensorsolve(made(t, "float32", g[0]), made(t, "float32", g[1])))
        for given in shapes
        if len(given[0]) >= len(given[1])
    )


# ---------------------------------------------------------------------------------------------- what is not refused
@pytest.mark.parametrize("shape", [(), (1,), (2,), (0,)])
def test_one_element_is_filled_with_what_does_not_fit(shape):
    for name in ("full", "full_like", "new_full"):
        calls = {
            "full": lambda t: t.full(shape, 1e30, dtype=t.float16),
            "full_like": lambda t: t.full_like(t.zeros(shape, dtype=t.float16), 1e30),
            "new_full": lambda t: t.zeros(shape, dtype=t.float16).new_full(shape, 1e30),
        }
        assert not differing([(name, calls[name])])


def absolute_values_in_complex_tensors(t):
    x = t.tensor([3 + 4j, -1j])
    return t.abs(x, out=t.zeros(2, dtype=t.complex64)), t.abs(x, out=t.zeros(2)), t.abs(x, out=x)


def groups_of_transposed_signals(t):
    x = t.arange(24.0).reshape(3, 4, 2).requires_grad_()
    y = x * 1
    z = t.nn.functional.group_norm(y.mT, 1)
    y.sqrt_()
    z.square().sum().backward()
    return z, x.grad


@pytest.mark.parametrize("scenario", [absolute_values_in_complex_tensors, groups_of_transposed_signals])
def test_what_is_allowed(scenario):
    check(scenario, strides=False, atol=1e-5)


def zeros(t, *shape, kind="float32"):
    return t.zeros(shape, dtype=getattr(t, kind))


def at(t, places, kind="int64"):
    return t.tensor(places, dtype=getattr(t, kind))


PUTS = [
    lambda t, x: x.put(at(t, [3, 2]), zeros(t, 10, kind="int64")),
    lambda t, x: x.put_(at(t, [3, 2], "float32"), zeros(t, 10, kind="int64")),
    lambda t, x: x.put(at(t, [3, 200]), zeros(t, 2)),
    lambda t, x: x.put_(at(t, []), zeros(t, 0)),
    *[
        lambda t, x, p=places, n=count, k=kind: x.index_put(tuple(at(t, q) for q in p), zeros(t, n, kind=k))
        for places in ([[0, 0]], [[0, 5]], [[0, 1], [0]], [[0, 1], [0, 0, 0]], [[0], [0], [0]])
        for count in (5, 2)
        for kind in ("float32", "float64")
    ],
    lambda t, x: x.index_put_((t.tensor([True, False]),), zeros(t, 2, kind="float64")),
    lambda t, x: x.index_fill(2, at(t, [0, 0]), 1j),
    lambda t, x: x.index_fill(2, at(t, [0, 0], "float32"), 1j),
    lambda t, x: x.index_fill_(0, at(t, [[0, 0]]), 1),
    lambda t, x: x.index_fill(2, at(t, [0, 0]), zeros(t, 2)),
    lambda t, x: t.stack([x, zeros(t, 1, 6)], -5),
    lambda t, x: t.stack([x, zeros(t, 1, 6)], 0),
]  # fmt: skip


@pytest.mark.parametrize("shape", [(2, 4), (3,), (0,), ()])
@pytest.mark.parametrize("call", PUTS)
def test_places_to_write_to(call, shape):
    check(lambda t: call(t, zeros(t, *shape)))


@pytest.mark.parametrize("shapes", [
    ((0, 1), (0, 1, 1), (0,)), ((3, 3), (3,), (3,)), ((3,), (3, 2), ()), ((3,), (3,), (3,)), ((3, 2), (3, 2), ()),
    ((), (), ()), ((3,), (2,), ()), ((3, 2), (3, 2), (3, 1)), ((3, 2), (4, 2), (3,)),
])  # fmt: skip
def test_vectors_whose_angle_is_a_loss(shapes):
    check(lambda t: t.nn.functional.cosine_embedding_loss(*[zeros(t, *s) for s in shapes]))


@pytest.mark.parametrize("name", ["clamp", "clamp_min", "clamp_max", "clamp_", "clamp_min_", "clamp_max_"])
@pytest.mark.parametrize("kind", ["float32", "complex64", "int64", "bool"])
def test_limits(name, kind):
    def scenario(t):
        found = []
        given = [zeros(t, n, kind=k) for n in (2, 0) for k in ("float32", "complex64")] + [zeros(t, 3, 2), 3, 3j, 2**63]
        for limits in itertools.product(given, given if name in ("clamp", "clamp_") else [None]):
            if limits[1] is not None and isinstance(limits[0], t.Tensor) != isinstance(limits[1], t.Tensor):
                continue
            try:
                x = zeros(t, 2, kind=kind)
                found.append(getattr(x, name)(*limits[: 1 if limits[1] is None else 2]).tolist())
            except (RuntimeError, NotImplementedError, TypeError) as error:
                found.append((type(error).__name__, str(error).partition("\n")[0]))
        return found

    check(scenario)


NUMBERS = (1e300, 1e30, -1e300, 2**63, -(2**63) - 1, 1j)


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16", "complex64", "uint8", "int64", "bool"])
@pytest.mark.parametrize("index", [..., 0, slice(0, 0), [0], (None, 1), 7])
def test_numbers_that_are_written(index, kind):
    def scenario(t):
        found = []
        for number in NUMBERS:
            x = zeros(t, 3, kind=kind)
            try:
                x[index] = number
                found.append(x.tolist())
            except (RuntimeError, ValueError, IndexError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


@pytest.mark.parametrize("call", [
    lambda t: t.linspace(0, 1e300, 3), lambda t: t.linspace(1e300, 0, 2), lambda t: t.linspace(0, 1e300, 1),
    lambda t: t.linspace(0, 1e30, 2, dtype=t.float16), lambda t: t.logspace(0, 1e300, 3),
    lambda t: t.nan_to_num(t.tensor([1]), 1j), lambda t: t.nan_to_num(t.tensor([1.0]), posinf=1j),
    lambda t: t.nan_to_num(t.tensor([1.0]), "a"),
    lambda t: t.searchsorted(zeros(t, 3), zeros(t, 2) > 1), lambda t: t.searchsorted(zeros(t, 3) > 1, zeros(t, 2)),
    lambda t: t.searchsorted(zeros(t, 3) > 1, zeros(t, 2) > 1), lambda t: t.searchsorted(zeros(t, 3) * 1j, zeros(t, 2)),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_numbers_out_of_reach(call):
    check(call)
