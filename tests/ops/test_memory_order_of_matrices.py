"""How factors of matrices and products of tensors lie in memory, and through which nodes they come, beside PyTorch."""

import itertools
import math

import pytest

from .test_memory_order import BOTH, same_order

# By columns, as LAPACK leaves them, whatever the order of the input.
FACTORS = {
    "cholesky": lambda t, a: t.linalg.cholesky(a @ a.mT + t.eye(3, dtype=a.dtype)),
    "cholesky upper": lambda t, a: t.linalg.cholesky(a @ a.mT + t.eye(3, dtype=a.dtype), upper=True),
    "cholesky_inverse": lambda t, a: t.cholesky_inverse(a @ a.mT + t.eye(3, dtype=a.dtype)),
    "cholesky_solve": lambda t, a: t.cholesky_solve(a, a @ a.mT + t.eye(3, dtype=a.dtype)),
    "q": lambda t, a: t.linalg.qr(a)[0],
    "r": lambda t, a: t.linalg.qr(a)[1],
    "r alone": lambda t, a: t.linalg.qr(a[..., :2], "r")[1],
    "r of a wide matrix": lambda t, a: t.linalg.qr(a[..., :2, :])[1],
    "u": lambda t, a: t.linalg.svd(a[..., :2], full_matrices=False)[0],
    "vh": lambda t, a: t.linalg.svd(a[..., :2], full_matrices=False)[2],
    "v": lambda t, a: t.svd(a)[2],
    "eigenvectors": lambda t, a: t.linalg.eig(a)[1],
    "eigenvectors of symmetric matrices": lambda t, a: t.linalg.eigh(a)[1],
    "eigvalsh": lambda t, a: t.linalg.eigvalsh(a),
    "det": lambda t, a: t.linalg.det(a),
    "logabsdet": lambda t, a: t.slogdet(a)[1],
    "lu_factor": lambda t, a: t.linalg.lu_factor(a)[0],
    "lu_solve": lambda t, a: t.linalg.lu_solve(*t.linalg.lu_factor(a), a),
    "lu_solve from the right": lambda t, a: t.linalg.lu_solve(*t.linalg.lu_factor(a), a, left=False),
    "ldl_factor": lambda t, a: t.linalg.ldl_factor(a)[0],
    "solve_triangular": lambda t, a: t.linalg.solve_triangular(a, a, upper=True),
    "coefficients of triangular_solve": lambda t, a: t.triangular_solve(a, a)[1],
    "lstsq": lambda t, a: t.linalg.lstsq(a[..., :2], a)[0],
    "matrix_power 0": lambda t, a: t.matrix_power(a, 0),
    "matrix_power 1": lambda t, a: t.matrix_power(a, 1),
    "matmul": lambda t, a: t.matmul(a, a),
    "cross": lambda t, a: t.cross(a, a, dim=-1),
    "vecdot": lambda t, a: t.linalg.vecdot(a, a),
}
BATCHES = {
    "one": lambda a: a[0, 0],
    "several": lambda a: a[0],
    "of two dimensions": lambda a: a,
    "transposed": lambda a: a.mT,
    "of exchanged dimensions": lambda a: a.transpose(0, 1),
}


def matrices(t):
    values = [math.cos(7 * i * i + 1) + 3 * (i % 9 // 3 == i % 3) for i in range(81)]
    return t.tensor(values, dtype=t.float64).reshape(3, 3, 3, 3)[:2]


@pytest.mark.filterwarnings("ignore:torch")
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", FACTORS)
def test_factors_lie_as_in_pytorch(name, batch):
    same_order(lambda t: FACTORS[name](t, BATCHES[batch](matrices(t))) * 0)


def test_the_first_power_is_a_copy():
    for t in BOTH:
        a = t.eye(2)
        assert t.matrix_power(a, 1) is not a
        assert t.matrix_power(a, 1).data_ptr() != a.data_ptr()


# ---------------------------------------------------------------------------------------------- products
def walk(node):
    """The names of a node and of all behind it."""
    return None if node is None else (node.name(), *(walk(n) for n, _ in node.next_functions))


def permuted(t, sizes, order, requires_grad=False):
    """Numbers of a shape, whose dimensions lie in memory in an order."""
    flat = t.arange(float(math.prod(sizes))).requires_grad_(requires_grad)
    return flat.reshape([sizes[d] for d in order]).permute([order.index(d) for d in range(len(order))])


def form(function, *arguments):
    """What a result shows: strides that count, elements, whether it is a view, its nodes; or how it is refused."""
    try:
        made = function(*arguments)
    except RuntimeError as error:
        return str(error)
    strides = [s for s, n in zip(made.stride(), made.shape, strict=True) if n > 1]
    return strides, made.tolist(), made._is_view(), walk(made.grad_fn)


def orders(*shapes):
    return itertools.product(*(itertools.permutations(range(len(s))) for s in shapes))


@pytest.mark.parametrize("first", [(2, 3), (1, 3), (2,), (2, 1, 3)])
@pytest.mark.parametrize("second", [(2, 2), (1, 2), (3,), (2, 2, 3)])
def test_kronecker_products_lie_as_in_pytorch(first, second):
    for p, q in orders(first, second):
        theirs, ours = (form(t.kron, permuted(t, first, p), permuted(t, second, q)) for t in BOTH)
        assert ours == theirs


def test_kronecker_products_of_nothing_are_no_views():
    def scenario(t):
        a = t.ones(2, 0, 5, 1)
        return form(t.kron, t.nn.functional.relu(a), a), form(t.kron, t.ones(0, 1).t().roll(1, 0), t.ones(1, 0))

    theirs, ours = map(scenario, BOTH)
    assert ours == theirs


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize(
    ("equation", "first", "second"),
    [
        ("ij,jk->ik", (3, 2), (2, 4)), ("ij,jk->ik", (3, 1), (2, 4)), ("ij,jk->ik", (3, 1), (1, 4)),
        ("ij,kl->ikjl", (2, 3), (3, 2)), ("bij,bjk->kib", (2, 3, 2), (2, 2, 3)), ("i,j->ji", (2,), (3,)),
        ("ij,ij->ji", (2, 3), (2, 3)), ("ijk,jl->kli", (2, 3, 4), (3, 2)), ("...ij,...jk->...ik", (2, 3, 2), (2, 4)),
    ],
)  # fmt: skip
def test_einsum_lies_and_is_recorded_as_in_pytorch(equation, first, second, requires_grad):
    for p, q in orders(first, second):
        theirs, ours = (
            form(t.einsum, equation, permuted(t, first, p, requires_grad), permuted(t, second, q)) for t in BOTH
        )
        assert ours == theirs


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("p", [None, 2, -2])
def test_condition_numbers_are_views(p, requires_grad):
    def scenario(t):
        x = t.tensor([[[1.0, 2.0], [3.0, 4.0]]], requires_grad=requires_grad)
        return [t.linalg.cond(a, p)._is_view() for a in (x, x[0])]

    assert scenario(BOTH[1]) == scenario(BOTH[0]) == [True, True]


@pytest.mark.parametrize("needs", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1, 5, 3), (5, 3, 2)), ((1, 3, 2), (1, 2, 4)), ((5, 3, 2), (1, 2, 4)), ((1, 0, 3), (5, 3, 2)),
        ((1, 5, 0), (5, 0, 2)), ((0, 5, 3), (1, 3, 2)), ((1, 4, 5, 3), (1, 5, 3, 2)), ((1, 5, 3), (2, 2, 3, 2)),
    ],
)  # fmt: skip
def test_one_matrix_beside_several_is_multiplied_as_in_pytorch(first, second, needs):
    def scenario(t):
        a, b = t.ones(first, requires_grad=needs[0]), t.ones(second, requires_grad=needs[1])
        return form(t.matmul, a, b)

    theirs, ours = map(scenario, BOTH)
    assert ours == theirs


IMAGES = {
    "by rows": lambda t: t.arange(120.0).reshape(2, 3, 4, 5),
    "transposed": lambda t: t.arange(120.0).reshape(2, 5, 4, 3).transpose(1, 3),
    "channels last": lambda t: t.arange(120.0).reshape(2, 4, 5, 3).permute(0, 3, 1, 2),
    "three-dimensional channels last": lambda t: t.arange(240.0).reshape(2, 2, 4, 5, 3).permute(0, 4, 1, 2, 3),
    "a column": lambda t: t.arange(6.0).reshape(1, 3, 2).transpose(0, 2)[..., :1],
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", IMAGES)
def test_rms_norm_lies_and_is_recorded_as_in_pytorch(name, weighted):
    def scenario(t):
        x = IMAGES[name](t).requires_grad_()
        shape = x.shape[-1:]
        found = t.nn.functional.rms_norm(x, shape, t.ones(shape) if weighted else None)
        return [s for s, n in zip(found.stride(), found.shape, strict=True) if n > 1], found.grad_fn.name()

    theirs, ours = map(scenario, BOTH)
    assert ours == theirs


@pytest.mark.filterwarnings("ignore:torch")
@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 0), (0,), (0, 2, 3)])
@pytest.mark.parametrize("requires_grad", [False, True])
def test_older_cholesky_factors_of_nothing_are_recorded_as_in_pytorch(shape, requires_grad):
    theirs, ours = (form(t.cholesky, t.ones(shape, requires_grad=requires_grad)) for t in BOTH)
    assert ours == theirs
