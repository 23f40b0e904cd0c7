"""Matrices that hold infinities or NaN: what PyTorch makes of them, whatever the LAPACK at hand does."""

import numpy as np
import pytest
import torch

import rushlight

INF, NAN = float("inf"), float("nan")


def matrices(kind, strange, count=50):
    """Square matrices of few rows, some elements of which are zero and some strange, and right-hand sides."""
    random = np.random.default_rng(0)
    for _ in range(count):
        n, batch = random.integers(1, 6), random.integers(0, 3)
        shape = (*[2] * (batch // 2), n, n)
        parts = [np.where(random.random(shape) < 0.15, 0, random.standard_normal(shape)) for _ in "12"]
        a = parts[0] + 1j * parts[1] if kind == "complex128" else parts[0]
        for _ in range(random.integers(1, 4)):
            a.reshape(-1)[random.integers(a.size)] = strange[random.integers(len(strange))]
        yield a.astype(kind), random.standard_normal((*shape[:-1], 2)).astype(kind)


def derivative(name):
    def gradient(t, a, b):
        a = a.requires_grad_()
        getattr(t, name)(a).real.sum().backward()
        return a.grad

    return gradient


CALLS = {
    "det": lambda t, a, b: t.det(a),
    "slogdet": lambda t, a, b: t.linalg.slogdet(a),
    "logdet": lambda t, a, b: t.logdet(a),
    "inv": lambda t, a, b: t.linalg.inv(a),
    "inv_ex": lambda t, a, b: t.linalg.inv_ex(a),
    "solve": lambda t, a, b: t.linalg.solve(a, b),
    "derivative of det": derivative("det"),
    "derivative of logdet": derivative("logdet"),
}


def outcome(t, call, a, b):
    try:
        found = call(t, t.from_numpy(a.copy()), t.from_numpy(b.copy()))
    except RuntimeError as error:
        return type(error).__name__
    return [np.asarray(f.detach().numpy()) for f in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("strange", [(NAN,), (INF, -INF), (INF, -INF, NAN)], ids=["nan", "inf", "both"])
@pytest.mark.parametrize("kind", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("name", CALLS)
def test_elimination(name, kind, strange):
    for a, b in matrices(kind, strange):
        ours, theirs = (outcome(t, CALLS[name], a, b) for t in (rushlight, torch))
        assert isinstance(ours, str) == isinstance(theirs, str), a
        if isinstance(theirs, str):
            assert ours == theirs
            continue
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5, err_msg=str(a))


@pytest.mark.parametrize("strange", [(NAN,), (INF, -INF)], ids=["nan", "inf"])
def test_factors(strange):
    for a, b in matrices("float64", strange):
        ours, theirs = (outcome(t, lambda t, a, b: t.linalg.lu_factor_ex(a), a, b) for t in (rushlight, torch))
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-6, err_msg=str(a))


def test_no_gradient_comes_from_a_sign():
    def gradient(t):
        a = t.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True)
        t.linalg.slogdet(a)[0].backward()
        return a.grad

    assert gradient(rushlight) is gradient(torch) is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 4), (4, 3), (2, 3, 3)])
@pytest.mark.parametrize("place", range(9))
def test_singular_values_of_infinite_matrices(shape, place):
    """PyTorch's are NaN, or it raises; some LAPACKs never end."""
    a = np.random.default_rng(place).standard_normal(shape).astype(np.float32)
    a.reshape(-1)[place % a.size] = INF
    ours = rushlight.linalg.svdvals(rushlight.from_numpy(a)).numpy()
    try:
        np.testing.assert_allclose(ours, torch.linalg.svdvals(torch.from_numpy(a)).numpy(), rtol=1e-4)
    except torch.linalg.LinAlgError:
        assert np.isnan(ours[(0,) * (ours.ndim - 1)]).all()


@pytest.mark.parametrize("name", ["svdvals", "svd", "pinv", "cond", "matrix_rank"])
def test_singular_values_of_nan_raise(name):
    for rows in ([[NAN, 1.0], [2.0, 3.0]], [[INF, NAN], [2.0, 3.0]], [[NAN]]):
        for t in (torch, rushlight):
            with pytest.raises(RuntimeError, match="contained non-finite values"):
                getattr(t.linalg, name)(t.tensor(rows))


def test_the_one_singular_value_of_infinity():
    def results(t):
        a = t.tensor([[INF]], requires_grad=True)
        t.linalg.svdvals(a).sum().backward()
        return a.grad.tolist(), t.linalg.pinv(a.detach()).tolist()

    assert results(rushlight) == results(torch)
