"""What is said of an array in a few numbers: its norm, its range, what is missing in it, and a histogram."""

from typing import Any

import numpy as np

BINS = 24
# Of larger arrays the histogram counts a regular sample of about so many elements.
SAMPLE = 100_000
# Arrays of at most so many elements are shown whole.
WHOLE = 8


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
    said: dict[str, Any] = {"shape": "×".join(map(str, array.shape)) or "scalar", "dtype": str(array.dtype)}
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    if numbers.dtype.kind not in "f" or numbers.dtype.itemsize < 4:
        numbers = numbers.astype(np.float64)
    numbers = numbers.reshape(-1)
    finite = np.isfinite(numbers)
    count = int(finite.sum())
    whole = count == numbers.size
    nans = 0 if whole else int(np.isnan(numbers).sum())
    kept = numbers if whole else numbers[finite]
    said["norm"] = float(np.sqrt(np.dot(numbers, numbers)))
    if not np.isfinite(said["norm"]) and whole and count:
        largest = float(np.abs(kept).max())
        scaled = kept.astype(np.float64) / largest
        said["norm"] = largest * float(np.sqrt(np.dot(scaled, scaled)))
    said["zeros"] = float(np.count_nonzero(numbers == 0) / numbers.size) if numbers.size else 0.0
    said["nans"], said["infs"] = nans, numbers.size - count - nans
    if not count:
        return {**said, "min": None, "max": None, "mean": None, "std": None, "hist": []}
    said["min"], said["max"] = float(kept.min()), float(kept.max())
    said["mean"] = float(kept.mean(dtype=np.float64))
    said["std"] = float(kept.std(dtype=np.float64))
    sample = kept[:: max(1, count // SAMPLE)].astype(np.float64)
    spread = said["max"] > said["min"] and np.isfinite(said["max"] - said["min"])
    said["hist"] = np.histogram(sample, BINS, (said["min"], said["max"]))[0].tolist() if spread else []
    if array.size <= WHOLE:
        flat = array.reshape(-1)
        said["values"] = [str(v) for v in flat] if array.dtype.kind == "c" else [v.item() for v in flat.astype(float)]
    return said
