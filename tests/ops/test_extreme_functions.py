"""Functions of elements at infinity, NaN, zero and the ends of what a type holds, beside PyTorch."""

import numpy as np
import pytest
from beside import check

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
