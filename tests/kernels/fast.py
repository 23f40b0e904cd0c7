"""What tests of compiled kernels share."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from rushlight.kernels import dispatch

needs_numba = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


def compiled_always(module: ModuleType) -> Any:
    """A fixture under which a choosing module takes the compiled kernels at any size, and waits for them."""

    @pytest.fixture(autouse=True, scope="module")
    def always() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RUSHLIGHT_FAST", "wait")
            for name in vars(module):
                if name.startswith("SMALLEST"):
                    patch.setattr(module, name, 0)
            yield

    return always


layouts = st.sampled_from(["contiguous", "channels_last", "strided"])
dtypes = st.sampled_from([np.float32, np.float64])


def laid_out(x: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers, in another order in memory."""
    if layout == "channels_last" and x.ndim == 4:
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    if layout == "strided":
        wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return np.ascontiguousarray(x)


def as_accurate(found: np.ndarray, theirs: Any, exact: Any, what: str = "", terms: float = 0) -> None:
    """Checks that errors against float64 are at most twice PyTorch's, but for a rounding or two of the largest number.

    What is float64 itself is compared with PyTorch's result. Sums may cancel, so what they round is their `terms`.
    """
    exact, theirs = np.asarray(exact, np.float64), np.asarray(theirs, np.float64)
    if not exact.size:
        assert found.shape == exact.shape
        return
    if found.dtype == np.float64:
        np.testing.assert_allclose(found, theirs, 1e-9, 1e-10 * max(1, np.abs(theirs).max()), err_msg=what)
        return
    rounding = np.finfo(found.dtype).eps * max(1e-30, np.abs(exact).max(), terms)
    ours, allowed = np.abs(found - exact).max(), 2 * np.abs(theirs - exact).max() + 2 * rounding
    assert ours <= allowed, f"{what}: error {ours}, allowed {allowed}"
