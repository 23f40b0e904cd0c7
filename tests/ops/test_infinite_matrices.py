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


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("strange", [(NAN,), (INF, -INF)], ids=["nan", "inf"])
@pytest.mark.parametrize("kind", ["float64", "complex128"])
def test_cholesky_factors_end_at_the_first_minor_that_is_not_positive(kind, strange, upper):
    random = np.random.default_rng(0)
    for a, _ in matrices(kind, (1.0,)):
        a = a @ np.conjugate(a.mT) + np.eye(a.shape[-1])
        a.reshape(-1)[random.integers(a.size)] = strange[random.integers(len(strange))]
        ours, theirs = (
            outcome(t, lambda t, a, b: t.linalg.cholesky_ex(a, upper=upper), a, a) for t in (rushlight, torch)
        )
        np.testing.assert_array_equal(ours[1], theirs[1], err_msg=str(a))
        read = np.isnan(ours[0]) | np.isnan(theirs[0])  # of complex numbers, parts may be lost
        np.testing.assert_array_equal(np.isnan(ours[0]), np.isnan(theirs[0]), err_msg=str(a))
        np.testing.assert_allclose(ours[0][~read], theirs[0][~read], rtol=1e-9, err_msg=str(a))


@pytest.mark.parametrize("name", ["svdvals", "svd", "pinv", "matrix_rank", "eigh", "eigvalsh"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (2, 2, 5, 5)])
def test_errors_name_the_matrix_with_nan(name, shape):
    for place in range(0, np.prod(shape), 5):
        a = np.random.default_rng(place).standard_normal(shape)
        a = a @ a.mT
        a.reshape(-1)[place] = NAN
        a = np.where(np.isnan(a.mT), NAN, a)
        texts = []
        for t in (torch, rushlight):
            with pytest.raises(t.linalg.LinAlgError) as error:
                getattr(t.linalg, name)(t.from_numpy(a))
            texts.append(str(error.value).rstrip())
        assert texts[0] == texts[1]


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 3), (2, 3, 2)])
@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize("lost", [0, 1])
def test_least_squares_refuse_nan(shape, driver, lost):
    a, b = np.random.default_rng(0).standard_normal(shape), np.ones((*shape[:-1], 1))
    (a, b)[lost].reshape(-1)[-1] = NAN
    for t in (torch, rushlight):
        with pytest.raises(RuntimeError, match=r"Argument \d has illegal value") as error:
            t.linalg.lstsq(t.from_numpy(a), t.from_numpy(b), driver=driver)
        assert type(error.value) is RuntimeError
        assert ("(Batch element 1)" in str(error.value)) == (len(shape) > 2)


@pytest.mark.parametrize("p", ["fro", "nuc", 1, -1, INF, -INF])
def test_condition_numbers_that_are_undefined_are_infinite(p):
    for rows in (
        [[NAN, 1.0], [2.0, 3.0]],
        [[INF, 1.0], [2.0, 3.0]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[1.0, 2.0], [3.0, 5.0]],
    ):
        ours, theirs = (
            outcome(t, lambda t, a, b: t.linalg.cond(a, p), np.array(rows), np.ones(1)) for t in (rushlight, torch)
        )
        assert ours == theirs if isinstance(theirs, str) else np.allclose(ours, theirs, equal_nan=True)


@pytest.mark.parametrize("kind", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("strange", [(NAN,), (INF, -INF)], ids=["nan", "inf"])
def test_factorizations_come_to_an_end(kind, strange):
    for a, b in matrices(kind, strange):
        for call in (
            rushlight.linalg.qr, rushlight.linalg.eigh, rushlight.linalg.eigvalsh, rushlight.linalg.eig,
            rushlight.linalg.eigvals, rushlight.linalg.ldl_factor, rushlight.linalg.pinv, rushlight.matrix_exp,
            lambda x, b=b: rushlight.linalg.lstsq(x, rushlight.from_numpy(b)),
        ):  # fmt: skip
            try:
                found = call(rushlight.from_numpy(a))
            except RuntimeError:
                continue
            parts = found if isinstance(found, tuple) else (found,)
            assert all(isinstance(part, rushlight.Tensor) for part in parts)


@pytest.mark.parametrize("kind", ["float32", "float64", "complex128"])
def test_the_sign_of_a_zero_does_not_decide_that_of_a_factor(kind):
    for zero in (0.0, -0.0):
        a = np.array([[zero], [0.635], [2.26]]).astype(kind)
        for x in (a, np.stack([a, a])):
            for call in (lambda t, x: t.linalg.qr(x), lambda t, x: t.linalg.qr(x, "r"), lambda t, x: t.geqrf(x)):
                ours, theirs = (call(t, t.from_numpy(x)) for t in (rushlight, torch))
                for mine, other in zip(ours, theirs, strict=True):
                    np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("given", ["vectors", "values", "both"])
@pytest.mark.parametrize("rows", [[[2.0]], [[2.0, 0.0], [0.0, 3.0]], [[2.0, 1.0], [1.0, 3.0]]])
@pytest.mark.parametrize("place", [0, -1])
def test_infinite_gradients_of_eigenvalues_take_the_place_of_the_diagonal(rows, given, place):
    def gradient(t):
        x = t.tensor(rows, dtype=t.float64, requires_grad=True)
        values, vectors = t.linalg.eigh(x)
        by_values, by_vectors = t.ones_like(values), t.ones_like(vectors)
        by_values[place] = by_vectors[place, 0] = INF
        parts = {"values": [(values, by_values)], "vectors": [(vectors, by_vectors)]}
        parts["both"] = parts["values"] + parts["vectors"]
        t.autograd.backward(*zip(*parts[given], strict=True))
        return x.grad.numpy()

    np.testing.assert_allclose(gradient(rushlight), gradient(torch))


@pytest.mark.parametrize("shape", [(3, 3), (3,), (3, 1), (2, 3, 3)])
def test_solutions_for_strange_right_hand_sides_lie_as_others(shape):
    b = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    b.reshape(-1)[0] = NAN
    a = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
    ours, theirs = (t.linalg.solve(t.from_numpy(a), t.from_numpy(b)) for t in (rushlight, torch))
    assert ours.stride() == theirs.stride()
    np.testing.assert_allclose(ours.numpy(), theirs.numpy())
