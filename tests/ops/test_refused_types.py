"""Types and shapes that functions of several families refuse, with PyTorch's words."""

import pytest
from beside import check, raised

DTYPES = ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "complex64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_types(dtype):
    def scenario(t):
        f, kind = t.nn.functional, getattr(t, dtype)
        x, v = t.ones(2, 2).to(kind), t.ones(3).to(kind)
        classes = t.zeros(2, 2, dtype=t.int64)
        return [raised(action) for action in (
            lambda: f.avg_pool3d(x.reshape(1, 1, 2, 2), (1, 1, 2)), lambda: f.multilabel_margin_loss(x, classes),
            lambda: f.multi_margin_loss(x, classes[0]), lambda: f.pdist(x), lambda: t.isin(x, x),
            lambda: t.isin(v, t.ones(3)), lambda: t.linalg.vecdot(x, x), lambda: t.cross(v, v, 0),
            lambda: t.trapz(x, x), lambda: t.trapezoid(x), lambda: t.cumulative_trapezoid(x, x),
            lambda: t.trapz(x[:, :0], x[:, :0]), lambda: t.unravel_index(x.long() * 0, (2,)),
        )]  # fmt: skip

    check(scenario)


def test_values_where_nothing_is_integrated():
    def scenario(t):
        x = t.ones(2, 0, dtype=t.int16)
        return (
            t.trapz(x, x),
            t.trapezoid(x),
            t.unsafe_chunk(t.ones(0, 3), 3),
            t.linalg.vecdot(t.ones(2), t.ones(2), dim=9),
        )

    check(scenario)


@pytest.mark.parametrize("number", [1.5, -0.5, float("nan")])
def test_probabilities(number):
    def scenario(t):
        f, x, y = t.nn.functional.binary_cross_entropy, t.tensor([0.5, number]), t.tensor([0.5, 0.25])
        return raised(lambda: f(x, y)), raised(lambda: f(y, x)), raised(lambda: f(x, x))

    check(scenario)


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_reductions_by_index(dtype):
    def scenario(t):
        x = t.ones(2).to(getattr(t, dtype))
        return raised(lambda: x.index_reduce(0, t.arange(2), x, "prod"))

    check(scenario)


def test_what_is_real_lies_as_it_did():
    check(lambda t: t.isreal(t.arange(6).reshape(2, 3).T))


def test_indices_of_no_integers():
    check(lambda t: raised(lambda: t.unravel_index(t.ones(2), (2, 2))))


def test_tensors_without_dimensions():
    def scenario(t):
        x = t.tensor(1.0)
        return [raised(a) for a in (
            lambda: t.fft.fftshift(x), lambda: t.unsafe_chunk(x, 2), lambda: t.unsafe_split(x, 2),
            lambda: t.nn.functional.nll_loss(t.ones(3), t.zeros(1, dtype=t.int64), reduction="none").shape,
        )]  # fmt: skip

    check(scenario)


@pytest.mark.parametrize("first", [(), (2,), (2, 2), (2, 2, 2)])
@pytest.mark.parametrize("second", [(), (2,), (2, 2), (2, 2, 2)])
def test_factors_of_sums_with_products(first, second):
    def scenario(t):
        a, b = t.ones(first), t.ones(second)
        return [raised(lambda f=f: f(a, a, b)) for f in (t.baddbmm, t.addbmm, t.addmv)]

    check(scenario)
