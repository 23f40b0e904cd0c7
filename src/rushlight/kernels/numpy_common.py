"""What the NumPy kernels of networks share."""

import numpy as np

# So many elements are few: calls cost more than arithmetic.
FEW = 1024


def widen(x: np.ndarray) -> np.ndarray:
    """`x` as float32 when it is a floating type of two bytes or less (float16, bfloat16), else `x` itself."""
    dtype = x.dtype
    if dtype.itemsize <= 2 and dtype.kind in "fV":
        return x.astype(np.float32)
    return x


def narrow(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`x` in `dtype`, without a copy when it has that dtype already."""
    return x if x.dtype == dtype else x.astype(dtype)
