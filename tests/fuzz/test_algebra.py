"""What explains differences of linear algebra explains those, and nothing that is wrong beside them."""

import random

import numpy as np
import pytest
import torch

import rushlight

from . import algebra
from .compare import Comparison, Difference, Tally
from .values import near

INF, NAN = float("inf"), float("nan")
FLAT = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0 + 1e-15], [1.0, 0.5, 2.0]], dtype=torch.float64)
STEEP = FLAT + torch.eye(3, dtype=torch.float64)


@pytest.mark.parametrize(("line", "what", "operand", "explained"), [
    ("v9 = torch.lu_unpack(*torch.linalg.lu_factor(v1))[2]", "U[3,3] is zero", FLAT, True),
    ("v9 = torch.linalg.lu_factor(torch.nan_to_num(v1, 1).clamp(-9, 9))", "U[3,3] is zero", FLAT, True),
    ("v9 = torch.linalg.lu_factor(v1)", "U[2,2] is zero", FLAT, False),
    ("v9 = torch.linalg.lu_factor(v1)", "U[3,3] is zero", STEEP, False),
    ("v9 = torch.linalg.inv(v1)", "The diagonal element 3 is zero", FLAT, True),
    ("v9 = torch.linalg.inv(v1)", "The diagonal element 3 is zero", STEEP, False),
    ("v9 = torch.linalg.tensorinv(v1, 1)", "The diagonal element 3 is zero", FLAT, True),
    ("v9 = torch.linalg.solve(v1, v1)", "the input matrix is singular", FLAT, True),
    ("v9 = torch.linalg.solve(v1, v1)", "the input matrix is singular", STEEP, False),
    ("v9 = torch.linalg.matrix_power((v1 + 0), -2)", "The diagonal element 3 is zero", FLAT, True),
    ("v9 = torch.linalg.matrix_power(v1, -2)", "The diagonal element 3 is zero", STEEP, False),
    ("v9 = torch.linalg.cholesky(v1)", "not positive-definite", FLAT, False),
])  # fmt: skip
def test_only_pivots_of_the_size_of_roundings_are_zero_in_one_library(line, what, operand, explained):
    assert (algebra.refused(line, {"v1": operand}, what) is not None) == explained


@pytest.mark.parametrize("last", [0.0, 3e-16])
def test_factors_of_singular_matrices_must_make_the_matrix(last):
    p, lower, upper = torch.linalg.lu(FLAT)
    upper[2, 2] = last
    line = "v9 = torch.linalg.lu((v1 + 0))"
    assert algebra.factors(line, {"v1": FLAT}, (p, lower, upper), None, near)
    assert algebra.factors(line, {"v1": FLAT}, (p, lower, upper * 1.01), None, near) is None
    assert algebra.factors(line, {"v1": STEEP}, torch.linalg.lu(STEEP), None, near) is None
    line = "v9 = torch.lu_unpack(*torch.linalg.lu_factor(v1))[2]"
    assert algebra.factors(line, {"v1": FLAT}, upper, None, near)
    assert algebra.factors(line, {"v1": FLAT}, upper * 1.01, None, near) is None


@pytest.mark.parametrize(("last", "explained"), [(-1.4 + 0.6j, True), (-1.3 + 0.6j, False)])
def test_which_of_two_equal_pivots_is_taken_is_free(last, explained):
    a = torch.tensor([[4.0, 1.0], [0.0, 2.0], [0.0, last]], dtype=torch.complex128)
    order = torch.eye(3, dtype=a.dtype)[[0, 2, 1]]
    line, lower, upper = "v9 = torch.linalg.lu(v1)", torch.eye(3, 2, dtype=a.dtype), (order @ a)[:2].clone()
    lower[2, 1] = 2 / last
    reason = algebra.factors(line, {"v1": a}, (order, lower, upper), None, near)
    assert (reason is not None) == explained
    assert algebra.factors(line, {"v1": a}, (order, lower * 1.01, upper), None, near) is None


def test_products_by_q_of_singular_matrices_are_as_long():
    line, turned = "v9 = torch.ormqr(*torch.geqrf(v1), v1)", FLAT[[2, 0, 1]]
    assert algebra.factors(line, {"v1": FLAT}, turned, FLAT, near)
    assert algebra.factors(line, {"v1": FLAT}, turned * 1.01, FLAT, near) is None
    assert algebra.factors(line, {"v1": STEEP}, turned, FLAT, near) is None


def test_rows_go_anywhere_in_matrices_with_nan_alone():
    a = torch.tensor([[[NAN, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, 4.0]]])
    p, lower, upper = torch.linalg.lu(a)
    line, turned = "v9 = torch.linalg.lu(v1)", torch.stack([p[0].flip(0), p[1]])
    assert algebra.strange(line, {"v1": a}, (turned, lower, upper), (p, lower, upper))
    assert algebra.strange(line, {"v1": a}, (p.flip(-1), lower, upper), (p, lower, upper)) is None


def test_r_of_singular_matrices_must_make_their_squares():
    line, r = "v9 = torch.linalg.qr((v1 + 0))[1]", torch.linalg.qr(FLAT)[1]
    turned = r * torch.tensor([[1.0], [1.0], [-1.0]])
    assert algebra.factors(line, {"v1": FLAT}, turned, None, near)
    for wrong in (r * 1.01, r.mT, r + torch.eye(3, dtype=r.dtype) * 1e-3):
        assert algebra.factors(line, {"v1": FLAT}, wrong, None, near) is None
    r = torch.linalg.qr(STEEP)[1]
    assert algebra.factors(line, {"v1": STEEP}, r, None, near) is None


@pytest.mark.parametrize("line", [
    "v9 = torch.linalg.tensorinv((v1 + 0), 1)", "v9 = torch.linalg.inv_ex(v1)[0]",
    "v9 = torch.linalg.matrix_power(v1, -1)", "v9 = torch.linalg.solve_ex(v1, torch.eye(3, dtype=v1.dtype))[0]",
])  # fmt: skip
def test_nearly_singular_matrices_must_still_be_inverted(line):
    nearly = FLAT + 1e-14 * torch.eye(3, dtype=torch.float64)
    found = torch.linalg.inv(nearly)
    assert algebra.solutions(line, {"v1": nearly}, found, found, near, None)
    wrong = found.flip(0)
    assert algebra.solutions(line, {"v1": nearly}, wrong, found, near, None) is None


LOST = torch.tensor([[[INF, 1.0], [1.0, 2.0]], [[3.0, 1.0], [1.0, 2.0]]])


@pytest.mark.parametrize(("function", "ours", "theirs", "explained"), [
    ("svdvals", [[NAN, NAN], [3.6, 1.4]], "failed to converge", True),
    ("svdvals", [[1.0, NAN], [3.6, 1.4]], "failed to converge", False),
    ("svdvals", [[NAN, NAN], [3.6, 1.4]], [[INF, NAN], [3.6, 1.4]], True),
    ("svdvals", [[NAN, NAN], [3.6, 1.4]], [[INF, NAN], [3.6, 1.5]], False),
    ("svdvals", [[2.0, NAN], [3.6, 1.4]], [[1.0, NAN], [3.6, 1.4]], False),
    ("eigvalsh", "failed to converge", [[INF, NAN], [3.6, 1.4]], True),
    ("eigvalsh", "must have at least", [[INF, NAN], [3.6, 1.4]], False),
    ("sin", [[NAN, NAN], [3.6, 1.4]], [[INF, NAN], [3.6, 1.4]], False),
])  # fmt: skip
def test_only_matrices_that_are_not_finite_may_lose_numbers(function, ours, theirs, explained):
    ours, theirs = (t if isinstance(t, str) else torch.tensor(t) for t in (ours, theirs))
    reason = algebra.strange(f"v9 = torch.linalg.{function}(v1)", {"v1": LOST}, ours, theirs)
    assert (reason is not None) == explained


@pytest.mark.parametrize(("rows", "ours", "explained"), [
    ([[INF, 1.0], [1.0, 2.0]], [NAN, NAN], True), ([[INF, 1.0], [1.0, 2.0]], [NAN, 0.5], False),
    ([[3.0, 1.0], [1.0, 2.0]], [NAN, NAN], False),
])  # fmt: skip
def test_where_pytorch_refuses_a_matrix_there_are_no_numbers(rows, ours, explained):
    text = "_LinAlgError (linalg.svd: The algorithm failed to converge"
    reason = algebra.strange("v9 = torch.linalg.svdvals(v1)", {"v1": torch.tensor(rows)}, torch.tensor(ours), text)
    assert (reason is not None) == explained


def test_arguments_are_what_a_line_gives():
    x = torch.ones(2, 2)
    line = "v9 = (lambda f: f[0])(torch.linalg.svd(torch.cat([v1, v1], 1), full_matrices=False))"
    name, given = algebra.arguments(line, "qr|svd", {"v1": x})
    assert name == "svd" and len(given) == 1 and np.array_equal(given[0], torch.cat([x, x], 1))
    assert algebra.arguments(line, "qr", {"v1": x}) is None


# In some of the matrices, numbers are equal because they are clamped, so that R has a zero on its diagonal.
EQUAL_ROWS = [
    "v1 = torch.tensor([1.385, -2.365, -2.24, 1.385, -0.115], dtype=torch.float32).requires_grad_()",
    "v2 = torch.tensor([3, 5, 0, 4, 1, 1, 2, 0, 5, 0, 3, 4], dtype=torch.uint8).reshape((4, 3, 1))",
    "v3 = torch.rsub(v2, v1).clamp(min=-1)",
    "v4 = (lambda f: f[0] @ f[1])(torch.linalg.qr(v3, 'complete'))",
    "v5 = torch.tanh(v1)",
    "sum(v.double().sum() for v in [v3, v4, v5]).backward()",
]


def test_factors_without_a_derivative_explain_a_gradient():
    comparison = Comparison(random.Random(0), Tally())
    comparison.replay(EQUAL_ROWS)  # whether gradients differ is decided by roundings
    assert comparison.lies_in_factors()


def test_other_gradients_must_agree_beside_such_factors(monkeypatch):
    original = rushlight.tanh

    def wrong(x):
        found = original(x)
        found.register_hook(lambda grad: grad * 1.3)
        return found

    monkeypatch.setattr(rushlight, "tanh", wrong)
    with pytest.raises(Difference, match="gradient of v1"):
        Comparison(random.Random(0), Tally()).replay(EQUAL_ROWS)


@pytest.mark.parametrize(("rows", "function", "without"), [
    ([[1.0, 2.0], [2.0, 4.0]], "qr", True), ([[1.0, 2.0], [2.0, 3.0]], "qr", False),
    ([[2.0, 0.0], [0.0, 2.0]], "svd", True), ([[2.0, 0.0], [0.0, 2.0]], "qr", False),
    ([[1.0, 2.0], [2.0, 3.0]], "svd", False), ([[1.0, INF], [2.0, 3.0]], "slogdet", True),
    ([[1.0, 2.0], [2.0, 4.0]], "det", True),
    ([[1.0, 2.0], [2.0, 3.0]], "det", False), ([[1.0, 2.0], [2.0, 4.0]], "cholesky", False),
])  # fmt: skip
def test_where_factors_have_no_derivative(rows, function, without):
    assert algebra.degenerate(f"v2 = torch.linalg.{function}(v1)", {"v1": torch.tensor(rows)}) == without


@pytest.mark.parametrize(("columns", "move", "explained"), [
    (2, 0, True), (2, 1e-3, False), (3, 0, True), (3, 1e-3, False), (4, 0, False),
])  # fmt: skip
def test_least_squares_that_leave_no_more_than_roundings(columns, move, explained):
    a = torch.tensor([[1.0, 2, 3, 1], [2, 4, 6.01, 0], [1, 0.5, 2, 3]])[:, :columns]
    b = torch.ones(3, 1)
    found = torch.linalg.lstsq(a, b)[0]
    moved = found + move * found.abs().max()
    reason = algebra.solutions("v9 = torch.linalg.lstsq((v1 + 0), v2)[0]", {"v1": a, "v2": b}, moved, found, near, None)
    assert (reason is not None) == explained


@pytest.mark.parametrize(("x", "ours", "theirs", "explained"), [
    ([1e3, 2e3, 3e3], [0.0, 0.0, 0.0], [1e-10, -2e-10, 0.0], True),
    ([1e3, 2e3, 3e3], [0.0, 0.0, 0.0], [1e-8, -2e-10, 0.0], False),
    ([1e200, 2e200, 3.0], [NAN, 0.0, NAN], [NAN, 0.0, -INF], True),
    ([1e100, 2e100, 3.0], [0.0, 0.0, NAN], [0.0, 0.0, -INF], False),
])  # fmt: skip
def test_cross_products_differ_by_roundings_of_their_terms(x, ours, theirs, explained):
    x, ours, theirs = (torch.tensor(t, dtype=torch.float64) for t in (x, ours, theirs))
    for line in ("v9 = torch.cross(v1, v1, -1)", "v9 = torch.linalg.cross(v1, v1, dim=0)"):
        reason = algebra.cross(line, {"v1": x}, ours, theirs, near, None)
        assert (reason is not None) == explained


@pytest.mark.parametrize(("last", "factor", "explained"), [(1.0, 1.0, True), (1.0, 1.1, False), (2.0, 1.0, False)])
def test_columns_of_orthogonal_factors_beyond_the_rank_are_free(last, factor, explained):
    matrix = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, last]])
    found = torch.linalg.householder_product(*torch.geqrf(matrix))
    turned = torch.stack([found[:, 0], torch.linalg.cross(found[:, 0], found[:, 1]) * factor], 1)
    line = "v9 = torch.linalg.householder_product(*torch.geqrf(v1))"
    assert (algebra.factors(line, {"v1": matrix}, turned, found, near) is not None) == explained


@pytest.mark.parametrize(("last", "explained"), [(1 + 2**-50, True), (1.5, False)])
def test_systems_that_are_nearly_singular_and_factorized_beforehand(last, explained):
    a, b = torch.tensor([[1.0, 1.0], [1.0, last]], dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
    found = torch.linalg.solve(a, b)
    moved = found + torch.tensor([[0.1], [-0.1]])
    line = "v9 = torch.linalg.lu_solve(*torch.linalg.lu_factor((v1 + 0)), v2)"
    assert (algebra.solutions(line, {"v1": a, "v2": b}, moved, found, near, None) is not None) == explained
