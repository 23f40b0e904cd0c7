"""Complex numbers of two halves, for which ml_dtypes has a NumPy type that knows arithmetic but not its parts."""

import numpy as np

# The kind that the type says it is of.
KIND = "W"

_PARTS = np.dtype([("real", np.float16), ("imag", np.float16)])


def real(x: np.ndarray) -> np.ndarray:
    """The real parts of an array, as a view; a real array itself."""
    return x.view(_PARTS)["real"] if x.dtype.kind == KIND else x.real


def imag(x: np.ndarray) -> np.ndarray:
    """The imaginary parts of a complex array, as a view."""
    return x.view(_PARTS)["imag"] if x.dtype.kind == KIND else x.imag
