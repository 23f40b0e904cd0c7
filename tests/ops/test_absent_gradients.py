"""Inputs that have no gradient at all, inputs that have one although nothing of them is used, and tangents at kinks."""

import importlib

import pytest
from beside import check, raised


def functional(t):
    return importlib.import_module(t.__name__ + ".nn.functional")


def vector(t, *values):
    return t.tensor(values, dtype=t.float64, requires_grad=True)


COUNTS = {
    "alone": lambda t, x: t.linalg.vector_norm(x, 0),
    "after a product": lambda t, x: t.linalg.vector_norm(x * 2, 0),
    "after two branches": lambda t, x: t.linalg.vector_norm(x.sin() + x, 0),
    "beside a sum": lambda t, x: t.linalg.vector_norm(x * 2, 0) + x.square().sum(),
    "of converted numbers": lambda t, x: t.linalg.vector_norm(x.float(), 0, dtype=t.float64),
    "norm": lambda t, x: t.norm(x, 0, dim=0, keepdim=True).sum(),
}


@pytest.mark.parametrize("function", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_number_of_nonzero_elements_has_no_gradient(function, create_graph):
    def scenario(t):
        x = vector(t, 1, 2, 0)
        (grad,) = t.autograd.grad(function(t, x), x, create_graph=create_graph, allow_unused=True)
        y = vector(t, 1, 2, 0)
        function(t, y).backward()
        return grad, y.grad, t.linalg.vector_norm(x, 0).grad_fn.name()

    check(scenario)


@pytest.mark.parametrize("place", ["input", "result"])
def test_the_number_of_nonzero_elements_is_guarded_like_other_norms(place):
    def scenario(t):
        x = vector(t, 1, 2, 0)
        y = t.linalg.vector_norm(x, 0)
        {"input": x, "result": y}[place].detach().mul_(2)
        return raised(lambda: t.autograd.grad(y, x, allow_unused=True)).partition(" [")[0]

    check(scenario)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3.5, float("inf"), float("-inf")])
@pytest.mark.parametrize("values", [(0, 0, 0), (0, -2, 3), (2, -2, 2)])
def test_tangents_of_norms(p, values):
    def scenario(t):
        forward = t.autograd.forward_ad
        with forward.dual_level():
            x = forward.make_dual(vector(t, *values).detach(), t.tensor([1.0, 2.0, -3.0], dtype=t.float64))
            return forward.unpack_dual(t.linalg.vector_norm(x, p)).tangent

    check(scenario)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_an_empty_vector_among_joined_matrices_has_an_empty_gradient(dim):
    def scenario(t):
        empty, x = vector(t), t.ones(2, 3, dtype=t.float64, requires_grad=True)
        joined = t.cat([empty, x, x * 2], dim)
        return joined, t.autograd.grad(joined.square().sum(), [empty, x])

    check(scenario)


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("last", [2.0, float("nan")])
def test_quantiles_have_a_gradient_by_their_fractions(name, interpolation, last):
    def scenario(t):
        x, q = vector(t, 3, -1, 7, last), vector(t, 0.1, 0.6)
        found = getattr(t, name)(x, q, interpolation=interpolation)
        grads = t.autograd.grad(found.square().sum(), [x, q], create_graph=True, allow_unused=True)
        again = t.autograd.grad(grads[0].sum(), [x, q], allow_unused=True) if grads[0].requires_grad else None
        return found.detach(), [None if g is None else g.detach() for g in grads], again

    check(scenario)


@pytest.mark.parametrize("name", ["det", "cumprod"])
def test_functions_of_one_element_have_no_second_derivative(name):
    def scenario(t):
        x = t.full((1, 1), 1.5, dtype=t.float64, requires_grad=True)
        result = t.linalg.det(x) if name == "det" else x.cumprod(0)
        w = t.ones_like(result, requires_grad=True)
        (grad,) = t.autograd.grad(result, x, w, create_graph=True)
        return t.autograd.grad(grad.square().sum(), [x, w], allow_unused=True)

    check(scenario)


def test_the_mean_of_sequences_is_a_mean():
    def scenario(t):
        x = t.ones(1, 2, 3, dtype=t.float64, requires_grad=True)
        pooled = functional(t).adaptive_avg_pool1d(x, 1)
        w = t.ones_like(pooled, requires_grad=True)
        (grad,) = t.autograd.grad(pooled, x, w, create_graph=True)
        return pooled, pooled.grad_fn.next_functions[0][0].name(), t.autograd.grad(grad.sum(), x, allow_unused=True)

    check(scenario)


def test_second_derivatives_of_empty_running_products():
    def scenario(t):
        x = t.ones(0, 3, dtype=t.float64, requires_grad=True)
        w = t.ones(0, 3, dtype=t.float64, requires_grad=True)
        (grad,) = t.autograd.grad(x.cumprod(0), x, w, create_graph=True)
        return t.autograd.grad(grad.square().sum(), [x, w], allow_unused=True)

    check(scenario)


def test_groups_of_nothing_are_normalized():
    def scenario(t):
        return [tuple(r.shape) for r in t.native_group_norm(t.ones(0, 2), None, None, 0, 2, 1, 1, 1e-5)]

    check(scenario)


def test_second_derivatives_of_bilinear_without_rows():
    def scenario(t):
        a, b = (t.zeros(0, n, dtype=t.float64, requires_grad=True) for n in (3, 4))
        weight = t.ones(5, 3, 4, dtype=t.float64, requires_grad=True)
        grads = t.autograd.grad(functional(t).bilinear(a, b, weight).sum(), [a, b, weight], create_graph=True)
        again = t.autograd.grad(sum(g.sum() for g in grads), [a, b, weight], allow_unused=True)
        return [g if g is None else (tuple(g.shape), g.sum().item()) for g in again]

    check(scenario)


def test_silu_of_complex_numbers_has_no_derivative():
    def scenario(t):
        x = t.tensor([1 + 2j, -0.5 + 0.25j], dtype=t.complex128)
        found = functional(t).silu(x), functional(t).silu(x.clone(), inplace=True)
        with t.no_grad():
            functional(t).silu(x.clone().requires_grad_())
        try:
            functional(t).silu(x.requires_grad_())
        except RuntimeError as error:
            return found, str(error)
        return found

    check(scenario)


@pytest.mark.parametrize("name", ["geqrf", "ldl_factor", "ldl_solve", "ldl_solve's matrix", "bincount", "pdist twice"])
def test_what_has_no_derivative(name):
    def scenario(t):
        x = t.arange(9.0).reshape(3, 3) + t.eye(3) * 9
        factors, pivots = t.linalg.ldl_factor(x)
        x.requires_grad_()
        y = {
            "geqrf": lambda: t.geqrf(x)[0],
            "ldl_factor": lambda: t.linalg.ldl_factor(x)[0],
            "ldl_solve": lambda: t.linalg.ldl_solve(factors, pivots, x),
            "ldl_solve's matrix": lambda: t.linalg.ldl_solve(factors.requires_grad_(), pivots, t.ones(3, 1)),
            "bincount": lambda: t.bincount(t.tensor([0, 2, 2]), weights=x[0]),
            "pdist twice": lambda: t.autograd.grad(t.pdist(x).sum(), x, create_graph=True)[0],
        }[name]()
        return y.requires_grad, y.grad_fn.name(), raised(lambda: y.sum().backward())

    check(scenario)


CONSTANT = {
    "prod of a number": lambda t: (t.prod, t.tensor(3.0)),
    "prod of zero": lambda t: (t.prod, t.tensor([0.0])),
    "prod along a dimension of one": lambda t: (lambda x: t.prod(x, 1), t.tensor([[0.0], [2.0]])),
    "prod of one element that is not zero": lambda t: (lambda x: t.prod(x, 0), t.tensor([2.0])),
    "prod of two zeros": lambda t: (t.prod, t.tensor([0.0, 3.0, 0.0])),
    "det of no elements": lambda t: (t.linalg.det, t.ones(2, 0, 0)),
    "det of no matrices": lambda t: (t.linalg.det, t.ones(0, 2, 2)),
}


@pytest.mark.parametrize("case", CONSTANT.values(), ids=CONSTANT)
def test_gradients_that_depend_on_no_element(case):
    def scenario(t):
        function, x = case(t)
        x = x.double().requires_grad_()
        y = function(x)
        cotangent = t.full_like(y, 1.5).requires_grad_()
        (first,) = t.autograd.grad(y, x, cotangent, create_graph=True)
        if not first.requires_grad:
            return first, None
        return first.detach(), t.autograd.grad(first, (x, cotangent), t.ones_like(first), allow_unused=True)

    check(scenario, strides=False)
