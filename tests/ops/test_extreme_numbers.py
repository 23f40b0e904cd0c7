"""Infinity, NaN, numbers too large for a type, and types of which there are no elements, beside PyTorch."""

import warnings

import pytest
from beside import check

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("number", [1e30, -1e39, 10**6, INF, 0.5])
def test_where_takes_numbers_that_are_too_large(dtype, number):
    def scenario(m):
        mask, x = m.tensor([True, False]), m.tensor([1.0, 2.0], dtype=getattr(m, dtype))
        return m.where(mask, x, number), m.where(mask, number, x), x.where(mask, number), m.where(mask, x[0], number)

    check(scenario)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 0, 3)])
def test_singular_values_of_nothing(shape, dtype):
    def scenario(m):
        x = m.zeros(shape, dtype=getattr(m, dtype))
        whole, reduced = m.linalg.svd(x), m.linalg.svd(x, full_matrices=False)
        found = m.linalg.svdvals(x), *whole, *reduced, m.linalg.svdvals(x.requires_grad_())
        return [(str(t.dtype), tuple(t.shape), t.tolist()) for t in found]

    check(scenario)


@pytest.mark.parametrize("dim", [None, 0])
@pytest.mark.parametrize("elements", [[0, 0, INF], [0, 0, NAN], [0, INF, 2], [0, 3, 2], [INF, 2, 3]])
def test_gradient_of_products_with_zeros(elements, dim):
    def scenario(m):
        x = m.tensor(elements, dtype=m.float32, requires_grad=True)
        result = x.prod() if dim is None else x.prod(dim)
        result.backward()
        return result, x.grad

    check(scenario)


@pytest.mark.parametrize(
    "elements", [[1, 2, INF], [INF, 2, 3], [INF, 1, INF], [1, -INF, 2], [NAN, 1, INF], [1e30, 2, 3]]
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_means_beside_variances(elements, dtype):
    def scenario(m):
        x = m.tensor([elements, [1.0, 2.0, 3.0]], dtype=getattr(m, dtype))
        return m.var_mean(x, 1), m.std_mean(x, 1, keepdim=True), m.var_mean(x.T.contiguous(), 0), m.std_mean(x[:1])

    check(scenario)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("elements", [[1 + 1j, 1 - 2j], [1 + 1j, 1 + 1j], [2 + 1j, 1 - 2j], [3j]])
def test_variances_without_freedom_are_those_of_the_parts(elements, dtype):
    def scenario(m):
        x = m.tensor([elements], dtype=getattr(m, dtype))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's are one for each part
            return m.std(x, 1, correction=2), m.var(x, correction=3), m.var_mean(x, 1, correction=2)

    check(scenario)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_margins_of_no_number(reduction):
    def scenario(m):
        x = m.tensor([[NAN, 1.0, 2.0], [0.5, 1.0, 0.0]])
        classes, f = m.tensor([1, 0]), m.nn.functional
        return f.multi_margin_loss(x, classes, reduction=reduction), f.multilabel_margin_loss(
            x, m.tensor([[1, -1, 0], [0, 2, -1]]), reduction=reduction
        )

    check(scenario)


def test_looks_at_tensors_that_do_not_begin_their_memory():
    def scenario(m):
        found = []
        for row in (0, 1):
            source = m.ones(2, requires_grad=True)
            y = m.as_strided_scatter(m.arange(8.0).reshape(2, 4)[row], source, (2,), (1,))
            (y * m.arange(1.0, 5.0)).sum().backward()
            found += [y.detach(), source.grad]
        return found

    check(scenario)


def test_a_mask_without_dimensions():
    def scenario(m):
        x = m.tensor(1.5, dtype=m.float64, requires_grad=True)
        y = x * 1
        y.masked_scatter(y > 0, y * 2).min(0)[0].backward()
        return x.grad

    check(scenario)


def test_polygamma_of_infinity():
    check(lambda m: [m.polygamma(n, m.tensor([INF, 0.0, 3.0], dtype=m.float64)) for n in (1, 2, 3)])


def test_own_logarithms_of_zero():
    def scenario(m):
        x = m.tensor([0.0, 1.0, 0.5], requires_grad=True)
        m.nn.functional.kl_div(m.zeros(3), x, reduction="sum").backward()
        return x.grad

    check(scenario)


@pytest.mark.parametrize("number", [INF, -INF, NAN, complex(0, INF), complex(NAN, 0)])
@pytest.mark.parametrize("batch", [False, True])
def test_exponentials_of_triangular_matrices_that_are_not_finite(number, batch):
    def scenario(m):
        x = m.tensor([[number, 0.0], [0.0, 1.0]])
        return m.matrix_exp(m.stack([x, m.ones_like(x)]) if batch else x), m.matrix_exp(x[:1, :1] * 0 + 1)

    check(scenario)


@pytest.mark.parametrize("count", [1, 7, 16, 64, 20000])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zeros_that_equal_a_limit_keep_their_sign(zero, dtype, count):
    def scenario(m):
        x = m.full((count,), zero, dtype=getattr(m, dtype))
        limits = [(0.0, 6.0), (-0.0, 6.0), (-1.0, 0.0), (-1.0, -0.0), (0.0, None), (None, -0.0), (0.0, -0.0)]
        clamped = [f(low, high) for low, high in limits for f in (x.clamp, x.clone().clamp_)]
        bounded = [m.nn.functional.hardtanh(x, -zero, 2.0), m.nn.functional.relu6(x)]
        return [m.signbit(t).sum().item() for t in clamped + bounded]

    check(scenario)


@pytest.mark.parametrize("kinds", [("bfloat16", "float64"), ("float64", "float16"), ("float32", "float64")])
@pytest.mark.parametrize("shapes", [((0, 2, 3), (0, 3, 2)), ((2, 0, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 0))])
def test_gradients_of_products_of_nothing_have_the_factors_dtypes(shapes, kinds):
    def scenario(m):
        x, y = (m.zeros(s, dtype=getattr(m, k), requires_grad=True) for s, k in zip(shapes, kinds, strict=True))
        found = x @ y
        found.double().sum().backward()
        parts = found, x.grad, y.grad
        return [(str(t.dtype), tuple(t.shape), t.tolist()) for t in parts], found.grad_fn.name()

    check(scenario)


@pytest.mark.parametrize("count", [9, 200])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_logistic_function_of_half_precision_is_rounded_once(dtype, count):
    check(lambda m: m.linspace(-9.0, 9.0, count).to(getattr(m, dtype)).sigmoid())
