"""Small matrices by NumPy's private functions, and by its public ones where a version has others."""

import importlib.util
import types

import numpy as np
import pytest

from rushlight.kernels import numpy_matrices

CALLS = {
    "inv": (), "det": (), "slogdet": (), "eigh": ("L",), "eigvalsh": ("U",), "svd": (False,), "svdvals": (), "eig": (),
    "eigvals": (), "qr": ("reduced",), "cholesky": (True,),
}  # fmt: skip


@pytest.fixture
def by_public_functions(monkeypatch):
    """The module as it is where NumPy has none of the private functions."""
    monkeypatch.setattr(np.linalg, "_umath_linalg", types.SimpleNamespace())
    spec = importlib.util.spec_from_file_location("rushlight.kernels.public_matrices", numpy_matrices.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["f", "d", "F", "D"])
@pytest.mark.parametrize("name", CALLS)
def test_both_ways_give_the_same(by_public_functions, monkeypatch, name, kind):
    monkeypatch.undo()
    assert numpy_matrices._COMPUTED
    assert not by_public_functions._COMPUTED
    generator = np.random.default_rng(0)
    x = generator.standard_normal((4, 4)) + (1j * generator.standard_normal((4, 4)) if kind in "FD" else 0)
    x = (x @ x.conj().T + np.eye(4)).astype(kind)
    found, wanted = (getattr(m, name)(x, *CALLS[name]) for m in (numpy_matrices, by_public_functions))
    for a, b in zip(*[r if isinstance(r, tuple) else (r,) for r in (found, wanted)], strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, 1e-5 if kind in "fF" else 1e-12, 1e-6 if kind in "fF" else 1e-13)
