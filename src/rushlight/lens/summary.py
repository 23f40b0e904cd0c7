"""What is said of an array in a few numbers: its norm, its range, what is missing in it, and a histogram."""

from typing import Any, NamedTuple

import numpy as np

BINS = 24
# Of larger arrays the histogram counts a regular sample of about so many elements.
SAMPLE = 100_000
# Arrays of at most so many elements are shown whole.
WHOLE = 8


class Measures(NamedTuple):
    """What can be said of any array in a few numbers.

    Attributes:
        norm: the Euclidean norm.
        low, high: the least and the greatest element that is not NaN; of nothing, zero, and of NaN alone, NaN.
        zeros, nans, infs: how many of these there are.
    """

    norm: float = 0.0
    low: float = 0.0
    high: float = 0.0
    zeros: int = 0
    nans: int = 0
    infs: int = 0


def as_reals(array: Any) -> Any:
    """The elements of an array in one row, as real numbers of at least float32; of complex ones the absolute values."""
    array = np.asarray(array)
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    if numbers.dtype.kind != "f" or numbers.dtype.itemsize < 4:
        numbers = numbers.astype(np.float64)
    return numbers.reshape(-1)


def measures(numbers: Any) -> Measures:
    """Measures a row of real numbers, such as `as_reals` makes."""
    if not numbers.size:
        return Measures()
    zeros = numbers.size - int(np.count_nonzero(numbers))
    low, high = float(numbers.min()), float(numbers.max())
    norm = float(np.sqrt(np.dot(numbers, numbers)))
    if np.isfinite(low) and np.isfinite(high):
        if not np.isfinite(norm):  # the squares are too large
            largest = max(-low, high)
            scaled = numbers.astype(np.float64) / largest
            norm = largest * float(np.sqrt(np.dot(scaled, scaled)))
        return Measures(norm, low, high, zeros)
    nans, infs = int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum())
    if nans:
        kept = numbers[~np.isnan(numbers)]
        low, high = (float(kept.min()), float(kept.max())) if kept.size else (float("nan"), float("nan"))
    return Measures(norm, low, high, zeros, nans, infs)


def summary(array: Any) -> dict[str, Any]:
    """Describes the elements of an array.

    Args:
        array: an array of numbers or booleans; complex ones are described by their absolute values.

    Returns:
        A dictionary: ``shape`` and ``dtype`` as text; ``norm`` (the Euclidean norm); ``min``, ``max``, ``mean`` and
        ``std`` of the finite elements (None where there are none); ``zeros``, the share of zeros; ``nans`` and
        ``infs``, how many there are; ``hist``, the counts of finite elements in `BINS` equal parts between ``min`` and
        ``max``; and ``values``, the elements themselves if they are few.
    """
    array = np.asarray(array)
    numbers = as_reals(array)
    norm, low, high, zeros, nans, infs = measures(numbers)
    said: dict[str, Any] = {
        "shape": "×".join(map(str, array.shape)) or "scalar",
        "dtype": str(array.dtype),
        "norm": norm,
        "zeros": zeros / numbers.size if numbers.size else 0.0,
        "nans": nans,
        "infs": infs,
    }
    kept = numbers[np.isfinite(numbers)] if nans or infs else numbers
    count = kept.size
    if not count:
        return {**said, "min": None, "max": None, "mean": None, "std": None, "hist": []}
    said["min"], said["max"] = (float(kept.min()), float(kept.max())) if infs else (low, high)
    said["mean"] = float(kept.mean(dtype=np.float64))
    said["std"] = float(kept.std(dtype=np.float64))
    sample = kept[:: max(1, count // SAMPLE)].astype(np.float64)
    spread = said["max"] > said["min"] and np.isfinite(said["max"] - said["min"])
    said["hist"] = np.histogram(sample, BINS, (said["min"], said["max"]))[0].tolist() if spread else []
    if array.size <= WHOLE:
        flat = array.reshape(-1)
        said["values"] = [str(v) for v in flat] if array.dtype.kind == "c" else [v.item() for v in flat.astype(float)]
    return said
