"""`lobpcg` beside PyTorch: eigenvalues, eigenvectors up to their signs, gradients, and refusals."""

import pytest
from beside import check


def symmetric(t, *shape, shift=0.0):
    a = t.sin(t.arange(float(t.ones(shape).numel()), dtype=t.float64).reshape(shape) * 1.7 + shift)
    # Eigenvalues far apart from each other, so that PyTorch's iteration finds them precisely.
    return (a + a.mT) / 20 + t.diag(t.arange(1.0, 1 + shape[-1], dtype=t.float64) ** 2)


def solved(t, a, k, largest=True, b=None):
    values, vectors = t.lobpcg(a, k, B=b, X=t.eye(a.shape[-1], k, dtype=a.dtype).expand(*a.shape[:-1], k),
                               largest=largest)  # fmt: skip
    place = vectors.abs().max(-2, keepdim=True)[1]
    return values, vectors * vectors.gather(-2, place).sign()


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("shape", [(6, 6), (2, 9, 9)], ids=str)
@pytest.mark.parametrize("k", [1, 2])
def test_values_and_gradients(k, shape, largest):
    def scenario(t):
        a = symmetric(t, *shape).requires_grad_()
        values, vectors = solved(t, a, k, largest)
        (g,) = t.autograd.grad(values.sum() + (vectors**3).sum(), a)
        return values.detach().contiguous(), vectors.detach().contiguous(), g.contiguous()

    check(scenario, rtol=1e-5, atol=1e-6)


def test_generalised():
    def scenario(t):
        b = symmetric(t, 6, 6, shift=1.0) / 10 + 2 * t.eye(6, dtype=t.float64)
        return [x.contiguous() for x in solved(t, symmetric(t, 6, 6), 1, True, b)]

    check(scenario, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shapes", [((3, 4), None), ((6, 6), (7, 7)), ((5, 5), None)], ids=str)
def test_refused(shapes):
    check(lambda t: t.lobpcg(t.ones(shapes[0]), 2, None if shapes[1] is None else t.ones(shapes[1])))
