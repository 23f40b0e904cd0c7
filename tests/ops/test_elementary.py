"""Elementary functions against torch: values, nodes, dtypes, first and second derivatives, at kinks and beyond."""

import numpy as np
import pytest
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

from .elementwise import COMPLEX, DIFFERENTIABLE, DTYPES, EXTREME, KINKS, ORDINARY, derivatives, tensor

UNARY = [
    "neg", "negative", "positive", "reciprocal", "square", "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log2",
    "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "sigmoid", "erf", "erfc", "relu", "abs", "absolute",
    "sgn", "sign", "conj_physical", "angle", "floor", "ceil", "trunc", "fix", "frac", "round", "resolve_conj",
    "resolve_neg", "logical_not", "bitwise_not", "isnan", "isinf", "isfinite", "signbit",
]  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DIFFERENTIABLE)
@pytest.mark.parametrize("points", [ORDINARY, KINKS], ids=["ordinary", "kinks"])
def test_derivatives(name, dtype, points):
    values = COMPLEX if dtype == "complex128" and points is ORDINARY else points
    if "tanh" in name and name != "tanh" and dtype == "complex128" and points is KINKS:
        pytest.skip("1 / 0 of complex numbers is infinite in PyTorch, NaN in NumPy")

    def scenario(m):
        return derivatives(m, getattr(m, name), tensor(m, values, dtype))

    check(scenario, rtol=2e-5 if dtype == "float32" else 1e-9, atol=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("name", UNARY)
def test_beyond_all_bounds(name):
    check(lambda m: derivatives(m, getattr(m, name), tensor(m, EXTREME, "float64")), rtol=1e-9)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(name, dtype):
    rtol = {"bfloat16": 1e-2, "float16": 1e-3}.get(dtype, 1e-5)
    for values in ([[0, 1, 2], [3, 5, 7]], [[0.25, -0.5], [0.0, -0.0]]):
        check(lambda m, values=values: getattr(m, name)(m.tensor(values).to(getattr(m, dtype))), rtol=rtol)


IN_PLACE = [n + "_" for n in UNARY if not n.startswith(("is", "signbit", "angle", "resolve", "positive"))]
# PyTorch has no derivative of these in place.
NOT_DERIVED = {"asinh_", "acosh_", "atanh_", "arcsinh_", "arccosh_", "arctanh_", "bitwise_not_"}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_place(name, dtype):
    def scenario(m):
        x = m.tensor([[0, 1], [1, 0]]).to(getattr(m, dtype))
        y = getattr(x, name)()
        return y is x, x, x._version

    check(scenario, rtol=1e-2 if dtype in ("float16", "bfloat16") else 1e-5)


@pytest.mark.parametrize("name", [n for n in IN_PLACE if n not in NOT_DERIVED])
def test_in_place_is_recorded(name):
    def scenario(m):
        x = tensor(m, [0.2, 0.5, 0.9], "float64").requires_grad_()
        y = x * 1.1
        z = y.sin()
        getattr(y, name)()
        (grad,) = m.autograd.grad(y.sum(), x)
        try:
            z.sum().backward()
            end = "fine"
        except RuntimeError as error:
            end = str(error)
        return y, y._version, grad + 0, end

    check(scenario)


@pytest.mark.parametrize("decimals", [0, 1, 3, -1, -2])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex64"])
def test_round_to_decimals(decimals, dtype):
    def scenario(m):
        return m.tensor([12.3456, -0.55, 155.0, 0.5, 2.5]).to(getattr(m, dtype)).round(decimals=decimals)

    check(scenario)


def test_round_to_decimals_is_recorded():
    check(lambda m: derivatives(m, lambda x: m.round(x, decimals=2), tensor(m, ORDINARY, "float64")))


@pytest.mark.parametrize("name", ["sin", "exp", "abs", "floor", "relu", "neg", "sigmoid"])
def test_memory_layout_and_zero_sizes(name):
    def scenario(m):
        x = m.arange(24.0).reshape(2, 3, 4)
        f = getattr(m, name)
        shapes = [x.transpose(0, 2), x[:, ::2], x[0, 0, 0], x[:0], x.expand(2, 2, 3, 4), x.permute(2, 0, 1)]
        return [f(s) for s in shapes]

    check(scenario)


@pytest.mark.parametrize("name", ["sin", "floor", "abs", "logical_not", "angle"])
def test_out(name):
    def into(m, out, x=None):
        x = m.tensor([0.5, -1.5]) if x is None else x
        result = getattr(m, name)(x, out=out)
        return result is out, out, out._version

    check(lambda m: into(m, m.empty(2)))
    check(lambda m: into(m, m.empty(2, dtype=m.float64)))
    check(lambda m: into(m, m.empty(3)))
    check(lambda m: into(m, m.empty(0)))
    check(lambda m: into(m, m.empty(2, dtype=m.int64)))
    check(lambda m: into(m, m.empty(2, requires_grad=True)))
    check(lambda m: into(m, m.empty(2), m.ones(2, requires_grad=True)))
    check(lambda m: into(m, [1.0]))


WRONG = {
    "number": lambda m: m.sin(1.0),
    "list": lambda m: m.exp([1.0]),
    "array": lambda m: m.floor(np.ones(2)),
    "None": lambda m: m.abs(None),
    "nothing": lambda m: m.sqrt(),
    "string": lambda m: m.neg("a"),
    "invert": lambda m: ~m.ones(2),
    "abs_ of complex": lambda m: m.ones(2, dtype=m.complex64).abs_(),
    "sin_ of integers": lambda m: m.tensor([1, 2]).sin_(),
    "sin_ of a leaf": lambda m: m.ones(2, requires_grad=True).sin_(),
    "sin_ of an expanded tensor": lambda m: m.ones(1).expand(3).sin_(),
    "exp_ saved": lambda m: (lambda x: (lambda y: (y.exp(), y.add_(1))[0].sum().backward())(x * 2))(
        m.ones(2, requires_grad=True)
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_refusals(case):
    check(WRONG[case])


@settings(max_examples=30, deadline=None)
@given(shape=st.lists(st.integers(0, 4), max_size=4), name=st.sampled_from(["sin", "exp", "abs", "relu", "square"]))
def test_any_shape(shape, name):
    def scenario(m):
        x = (m.arange(float(np.prod(shape, dtype=int))) - 3.5).reshape(shape).to(m.float64)
        return derivatives(m, getattr(m, name), x)

    check(scenario)


@pytest.mark.parametrize(
    "dtype", ["int64", "uint8", "bool", "float32", "float64", "float16", "complex64", "complex128", None]
)
@pytest.mark.parametrize("kind", ["float32", "float64", "complex64", "complex128"])
def test_powers_grow_with_their_exponents(dtype, kind):
    def scenario(t, base):
        numbers = [1.25 + 0.25j, -1.25j, 1.5 + 0j, 0j, 2j, -1 + 0j] if "complex" in kind else [1.25, 0.0, -1.0, 2.0]
        exponent = t.tensor(numbers, dtype=getattr(t, kind), requires_grad=True)
        found = t.pow(base if dtype is None else t.tensor(base, dtype=getattr(t, dtype)), exponent)
        (slope,) = t.autograd.grad(found, exponent, t.ones_like(found), create_graph=True)
        return found, slope

    for base in (
        (0, 1, 2, 3) if dtype in ("uint8", "bool") else (0, 1, -1, 2, 2.5) if dtype != "int64" else (0, 1, -1, 2)
    ):
        exact = kind in ("float64", "complex128")
        check(lambda t, base=base: scenario(t, base), rtol=1e-12 if exact else 1e-5, atol=1e-12 if exact else 2e-6)
