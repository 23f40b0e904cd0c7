"""What the tests of the kernels share: torch's results, compared with arrays."""

from typing import Any

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st

# Shapes vary enough within few examples; every example runs PyTorch as well.
few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def array(t: Any) -> Any:
    """A tensor's elements; None stays None."""
    return None if t is None else t.detach().numpy()


def agree(actual: Any, expected: torch.Tensor, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """Same dtype, shape and values, NaN included."""
    actual, wanted = np.asarray(actual), array(expected)
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    np.testing.assert_allclose(actual, wanted, rtol=rtol, atol=atol)


def gradients(y: torch.Tensor, inputs: list[torch.Tensor | None], g: torch.Tensor) -> list[torch.Tensor | None]:
    """torch's gradients, None for an input that is None."""
    found = iter(torch.autograd.grad(y, [i for i in inputs if i is not None], g))
    return [None if i is None else next(found) for i in inputs]


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Normal random numbers that require a gradient."""
    return torch.randn(shape, dtype=dtype, requires_grad=True)
