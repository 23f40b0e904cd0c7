"""Functions of elements at infinity, NaN, zero and the ends of what a type holds, beside PyTorch."""

import numpy as np
import pytest
from beside import check

import rushlight

INF, NAN = float("inf"), float("nan")
PARTS = [0.0, -0.0, 1.0, -1.5, 2.0, INF, -INF, NAN]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [5, 12])
def test_gamma_of_the_smallest_numbers(dtype, size):
    x = [5e-324, -1e-310, 1e-45, -1e-40, 1e-300, 0.0, -0.0, 2.5, INF, -INF, NAN, -3.0][:size]
    check(lambda m: m.lgamma(m.tensor(x, dtype=getattr(m, dtype))), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_airy_far_from_zero(dtype):
    x = [150.0, 1e5, 1e7, 1e30, INF, -INF, NAN, 0.5, *([-1e7, -1e30] if dtype == "float64" else [])]
    check(lambda m: m.special.airy_ai(m.tensor(x, dtype=getattr(m, dtype))), rtol=1e-5, atol=1e-12)


def test_powers_of_complex_numbers_without_size():
    numbers = np.array([complex(a, b) for a in PARTS for b in PARTS])
    bases, exponents = (v.ravel() for v in np.meshgrid(numbers, numbers))
    check(lambda m: m.pow(m.tensor(bases), m.tensor(exponents)), rtol=1e-9, atol=1e-9)
    check(lambda m: m.pow(m.tensor(bases[::7].real.copy()), m.tensor(exponents[::7])), rtol=1e-9, atol=1e-9)
    for number in (0, 1, 2.0, 0j, 1j, INF, NAN):
        check(lambda m: m.pow(number, m.tensor(numbers)), rtol=1e-9, atol=1e-9)  # noqa: B023


@pytest.mark.parametrize("exponent", [0, 1, 4, 0.5, -1, 1j, 0j, INF, NAN])
def test_powers_by_a_number_of_complex_numbers_without_size(exponent):
    numbers = np.array([complex(a, b) for a in PARTS for b in PARTS])
    check(lambda m: m.tensor(numbers) ** exponent, rtol=1e-9, atol=1e-9)


BIG = [2**63, 2**63 - 1, -(2**63), 2**64, -(2**63) - 1, 2**31, 1e30, True, -1]
TAKING = {
    "float_power": lambda m, x, n: m.float_power(x, n), "clamp": lambda m, x, n: m.clamp(x, max=n),
    "clamp_": lambda m, x, n: x.clamp_(0, n), "clamp_min": lambda m, x, n: m.clamp_min(x, n),
    "hardtanh": lambda m, x, n: m.nn.functional.hardtanh(x, 0, n), "fill_": lambda m, x, n: x.fill_(n),
    "masked_fill": lambda m, x, n: x.masked_fill(x == 0, n), "full_like": lambda m, x, n: m.full_like(x, n),
    "index_fill": lambda m, x, n: x.index_fill(0, m.tensor([0]), n), "new_full": lambda m, x, n: x.new_full((2,), n),
    "pad": lambda m, x, n: m.nn.functional.pad(x, (1, 1), value=n), "remainder": lambda m, x, n: m.remainder(x, n),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", TAKING)
def test_numbers_at_the_ends_of_types(name, dtype):
    for number in BIG:
        if type(number) is int and abs(number) > 2**63 and name == "hardtanh":
            continue  # refused by both, in other words
        check(lambda m: TAKING[name](m, m.tensor([0, 1, 3]).to(getattr(m, dtype)), number), rtol=1e-6)  # noqa: B023


@pytest.mark.parametrize("dtype", ["int64", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("eps", [None, 0.25, 0.75, True, NAN, -1.0, 1e30])
def test_limits_of_logits_that_cross(eps, dtype):
    check(lambda m: m.logit(m.tensor([0.0, 1.0, 0.5, -0.5, NAN, INF]).to(getattr(m, dtype)), eps), rtol=1e-3)


def test_half_precision_refuses_bounds_it_cannot_hold():
    check(lambda m: m.nn.functional.hardshrink(m.tensor([1.0, 2.0]).half(), 1e30))


@pytest.mark.parametrize("number", [True, 1j, 0.1, 1.0, NAN])
@pytest.mark.parametrize("dtype", ["bool", "int64", "float16", "float64"])
def test_numbers_among_elements(dtype, number):
    check(lambda m: m.isin(m.tensor([0.0, 0.1, 1.0, 2.0]).to(getattr(m, dtype)), number))


def test_elements_are_compared_in_their_common_type():
    def scenario(m):
        return m.isin(m.tensor([2**24 + 1, 3]), m.tensor([2.0**24])), m.isin(m.tensor([0.1]).half(), m.tensor([0.1]))

    check(scenario)


@pytest.mark.parametrize("first", [complex(-INF, 0), complex(INF, 1), complex(0, INF), complex(NAN, 1), 1j])
def test_running_products_of_complex_numbers_without_size(first):
    check(lambda m: m.cumprod(m.tensor([[first, 1j, 2], [1j, first, 1]], dtype=m.complex128), 0))
    check(lambda m: m.cumprod(m.tensor([[first, 1j, 2], [1j, first, 1]], dtype=m.complex64), 1))


def test_powers_of_complex_numbers_without_size_lie_as_their_bases():
    check(lambda m: m.pow(m.tensor([[1j, 0j, 2.0], [1.0, 2j, 3j]]).t(), NAN).stride())


def test_zeta_is_zero_where_its_terms_are():
    # In PyTorch these are NaN: see docs/differences.md.
    x = rushlight.tensor([1e30, 1e30, 1e18, 3.0, 1e30], dtype=rushlight.float64)
    q = rushlight.tensor([2.0, 1e30, 10.0, 2.0, INF], dtype=rushlight.float64)
    found = rushlight.special.zeta(x, q)
    np.testing.assert_allclose(found.numpy(), [0, 0, 0, 0.2020569031595942, NAN])
