"""Matrices without elements, of dtypes that LAPACK has no routines for: PyTorch computes some of them."""

import warnings

import pytest
import torch

import rushlight

CALLS = {
    "det": lambda t, x: t.det(x), "slogdet": lambda t, x: t.linalg.slogdet(x), "logdet": lambda t, x: t.logdet(x),
    "inv": lambda t, x: t.linalg.inv(x), "tensorinv": lambda t, x: t.linalg.tensorinv(x, 1),
    "tensorinv of 4": lambda t, x: t.linalg.tensorinv(x.reshape(0, 3, 0, 3)),
    "svd": lambda t, x: t.linalg.svd(x), "reduced svd": lambda t, x: t.linalg.svd(x, False),
    "svdvals": lambda t, x: t.linalg.svdvals(x), "eigh": lambda t, x: t.linalg.eigh(x),
    "eigvalsh": lambda t, x: t.linalg.eigvalsh(x), "eig": lambda t, x: t.linalg.eig(x),
    "eigvals": lambda t, x: t.linalg.eigvals(x), "qr": lambda t, x: t.linalg.qr(x), "lu": lambda t, x: t.linalg.lu(x),
    "lu_factor": lambda t, x: t.linalg.lu_factor(x), "cholesky": lambda t, x: t.linalg.cholesky(x),
    "ldl_factor": lambda t, x: t.linalg.ldl_factor(x), "pinv": lambda t, x: t.linalg.pinv(x),
    "matrix_rank": lambda t, x: t.linalg.matrix_rank(x), "lstsq": lambda t, x: t.linalg.lstsq(x, x),
    "solve": lambda t, x: t.linalg.solve(x, x), "matrix_exp": lambda t, x: t.matrix_exp(x if 0 in x.shape else x[:0]),
    "vander": lambda t, x: t.linalg.vander(x),
    "cross": lambda t, x: t.linalg.cross(x, x), "matrix_norm": lambda t, x: t.linalg.matrix_norm(x),
    **{f"cond {p}": lambda t, x, p=p: t.linalg.cond(x, p) for p in (None, -2, "fro", "nuc", 1, float("inf"))},
}  # fmt: skip


def outcome(t, call, shape, dtype):
    try:
        found = call(t, t.zeros(shape, dtype=getattr(t, dtype)))
    except Exception as error:
        return type(error).__name__, str(error)
    return [(str(f.dtype), tuple(f.shape)) for f in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("dtype", ["complex32", "float16", "bfloat16", "int64", "bool"])
@pytest.mark.parametrize("name", CALLS)
def test_results_and_refusals(name, dtype):
    for shape in ((0, 0), (2, 0, 0), (0, 3, 3), (0, 3, 2), (2, 2), (2, 3)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours, theirs = (outcome(t, CALLS[name], shape, dtype) for t in (rushlight, torch))
        assert ours == theirs, shape


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["det", "svd", "svdvals"])
def test_results_are_recorded(name, dtype):
    def scenario(t):
        x = t.zeros(2, 0, 0, dtype=getattr(t, dtype), requires_grad=True)
        found = CALLS[name](t, x)
        parts = found if isinstance(found, tuple) else (found,)
        sum(f.double().sum() for f in parts).backward()
        return [f.grad_fn.name() for f in parts], x.grad.shape, str(x.grad.dtype)

    assert scenario(rushlight) == scenario(torch)
