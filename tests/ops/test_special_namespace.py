"""`torch.special` beside PyTorch: every function at its edges, in every dtype, with numbers, gradients and errors."""

import numpy as np
import pytest
import torch
from beside import check

POLYNOMIALS = sorted(n for n in dir(torch.special) if "polynomial" in n)
TWO = ["xlog1py", "xlogy", "zeta", "gammainc", "gammaincc"]
NOT_PLAIN = {"log_softmax", "softmax", "logsumexp", "multigammaln", "polygamma", "common_args", "multi_dim_common"}
ONE = sorted(
    n
    for n in dir(torch.special)
    if not n.startswith("_") and n[0].islower() and n not in {*POLYNOMIALS, *TWO, *NOT_PLAIN, "torch"}
)
DIFFERENTIABLE = [n for n in ONE if not any(part in n for part in ("bessel", "airy", "round"))]
DTYPES = ["float64", "float32", "float16", "int64", "bool", "complex64"]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.5, 30.0, -40.0, 120.0, np.inf, -np.inf, np.nan]
ROUGH = {"bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"}  # PyTorch's own are precise to 1e-5 beyond 5.


def call(m, name, *args, **kwargs):
    return getattr(m.special, name)(*args, **kwargs)


@pytest.mark.parametrize("name", ONE)
def test_one_argument(name):
    for dtype in DTYPES:
        values = EDGES if "float" in dtype else [0, 1, 1]
        rtol = {"float16": 2e-3, "float64": 2e-5 if name in ROUGH else 1e-7}.get(dtype, 4e-5)
        check(lambda m: call(m, name, m.tensor(values).to(getattr(m, dtype))),  # noqa: B023
              rtol=rtol, atol=1e-4 if dtype == "float16" else 1e-7)  # fmt: skip


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    degrees = [-np.inf, -3.0, -0.5, 0.0, 1.0, 2.0, 3.7, 7.0, 9.0, 12.0, 140.0, 600.0, np.inf, np.nan, 1e30]
    where = [0.0, -0.0, 1.0, -1.0, 0.3, -0.8, 0.9999, 1.5, -7.0, np.inf, -np.inf, np.nan]
    for dtype in ("float64", "float32"):
        # Beyond 1 high degrees are ill-conditioned: single precision then tells little.
        n = degrees if dtype == "float64" else degrees[:10]
        check(
            lambda m: call(
                m, name, m.tensor(where, dtype=getattr(m, dtype))[:, None], m.tensor(n, dtype=getattr(m, dtype))  # noqa: B023
            ),
            rtol=1e-7 if dtype == "float64" else 2e-4,
            atol=1e-9 if dtype == "float64" else 1e-5,
        )  # fmt: skip
    check(lambda m: [call(m, name, m.tensor([0, 1, 2]), 3), call(m, name, 2, m.tensor([0, 1, 5]))])
    check(lambda m: call(m, name, m.ones(2).half(), 3))
    check(lambda m: call(m, name, m.ones(2, requires_grad=True), 3))


# Where PyTorch's loops end early whatever the degree, and where they take as many steps.
ENDING = {
    "legendre_polynomial_p": [1.0, -1.0, 2.0, -3.0, 1e30, np.inf],
    "laguerre_polynomial_l": [0.0, -2.0, 1e5, -1e30],
}


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_of_huge_degree(name):
    where = ENDING.get(name, [0.0, 1.0, -1.0, 2.0, -2.0, 1e30, -np.inf])
    degrees = [2.0**31, 2.0**31 + 1, 1e15, -1e15, 1e18]
    check(lambda m: call(m, name, m.tensor(where, dtype=m.float64)[:, None], m.tensor(degrees, dtype=m.float64)),
          rtol=1e-3, atol=1e-3)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ENDING)
def test_polynomials_of_high_degree(name, dtype):
    where = [0.0, 1.0, -1.0, 0.5, 0.01, -0.9, 1.5, -20.0, 300.0, 4000.0]
    # Single precision tells little beyond.
    degrees = [1000.0, 1001.0, 1500.0, 20000.0, 200001.0][: 5 if dtype == "float64" else 3]
    check(lambda m: call(m, name, *(m.tensor(v, dtype=getattr(m, dtype)) for v in np.meshgrid(where, degrees))),
          rtol=1e-7 if dtype == "float64" else 2e-2, atol=1e-9 if dtype == "float64" else 1e-4)  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_arguments(name):
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, -1.5, -2.0, 3.0, 10.5, np.inf, np.nan]
    for dtype in DTYPES[:3]:
        check(
            lambda m: call(m, name, *(m.tensor(v, dtype=getattr(m, dtype)) for v in np.meshgrid(edges, edges))),  # noqa: B023
            rtol=2e-3 if dtype == "float16" else 2e-5 if dtype == "float32" else 1e-7,
        )
    for dtype in DTYPES[3:]:
        check(lambda m: call(m, name, *[m.tensor([1, 1, 0]).to(getattr(m, dtype))] * 2))  # noqa: B023


@pytest.mark.parametrize("name", TWO[:3])
def test_numbers_on_either_side(name):
    def scenario(m):
        x = m.tensor([0.5, 2.0, 3.0], requires_grad=True)
        right, left = call(m, name, 2, x), call(m, name, x, 1.5)
        found = [right, left, m.autograd.grad(right.sum(), x)]
        return found if name == "zeta" else [*found, m.autograd.grad(left.sum(), x)]

    check(scenario)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives(name):
    def scenario(m):
        x = m.tensor([0.3, 0.71, 0.05, 0.99], dtype=m.float64, requires_grad=True)
        (first,) = m.autograd.grad(call(m, name, x).sum(), x, create_graph=True)
        (second,) = m.autograd.grad(first.square().sum(), x)
        tangent = m.autograd.functional.jvp(lambda t: call(m, name, t), x.detach(), m.ones_like(x))[1]
        return call(m, name, x).grad_fn.name(), first.detach(), second, tangent

    check(scenario)


def xlog1py_where_it_is_not_smooth(t):
    x = t.tensor([0.0, 0.0, 0.0, 1.0], requires_grad=True)
    y = t.tensor([-1.0, -2.0, 1.0, -1.0], requires_grad=True)
    return t.autograd.grad(t.special.xlog1py(x, y).sum(), (x, y))


def i1e_at_zero_and_nan(t):
    x = t.tensor([0.0, -0.0, 1e-8, float("nan"), float("inf")], requires_grad=True)
    return [t.autograd.grad(f(x).sum(), x) for f in (t.special.i0e, t.special.i1, t.special.i1e)]


def multivariate_gamma(t):
    x = t.tensor([2.5, 3.0, 7.25], dtype=t.float64, requires_grad=True)
    y = t.special.multigammaln(x, 3)
    return y, t.autograd.grad(y.sum(), x), t.mvlgamma(t.tensor([3, 4]), 2), x.detach().clone().mvlgamma_(2)


def in_place(t):
    x = t.tensor([0.3, 0.6])
    return x.clone().logit_(), x.clone().logit_(0.4), x.clone().polygamma_(1), x.polygamma(2)


def out(t):
    found = t.empty(0)
    return t.special.ndtr(t.ones(2), out=found), t.special.i0e(t.ones(3), out=found), found


@pytest.mark.parametrize(
    "scenario", [xlog1py_where_it_is_not_smooth, i1e_at_zero_and_nan, multivariate_gamma, in_place, out]
)
def test_cases(scenario):
    check(scenario)


@pytest.mark.parametrize(
    "line",
    [
        "s.xlog1py(1, 2)", "s.zeta(x)", "s.zeta('a', x)", "s.i0e(1)", "s.i0e()", "s.chebyshev_polynomial_t(1, 2)",
        "s.airy_ai(3)", "s.polygamma(2.5, x)", "s.polygamma(x, 2)", "s.polygamma(-2, x)", "s.expit(2)", "s.gammaln(2)",
        "s.multigammaln(x, -1)", "s.multigammaln(x > 0, 2)", "s.ndtr(2)", "t.xlogy('a', x)", "x.polygamma_(-1)",
        "(x > 0).polygamma_(1)", "x.int().logit_()", "x.int().mvlgamma_(1)", "x.bool().mvlgamma_(1)",
        "s.zeta(x.clone().requires_grad_(), 2).sum().backward()", "s.i0e(x.clone().requires_grad_(), out=x)",
    ],
)  # fmt: skip
def test_errors(line):
    check(lambda t: eval(line, {"t": t, "s": t.special, "x": t.ones(2)}))


def test_names():
    import rushlight

    assert {n for n in dir(torch.special) if n[0].islower()} - {"torch", "common_args", "multi_dim_common"} <= set(
        dir(rushlight.special)
    )
