"""Whether two results are the same: containers, kinds, dtypes, shapes and numbers."""

import numpy as np
import torch

import rushlight

from .translate import numbers

# Relative and absolute: what rounding in another order may change. The same as torch.testing.assert_close's, whose
# documentation explains them; half-precision results may be one unit in the last place away.
TOLERANCES = {
    "float64": (1e-7, 1e-7), "complex128": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5), "complex64": (1.3e-6, 1e-5),
    "float16": (1e-3, 1e-5), "complex32": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "imprecise": (1e-5, 1e-6),
}  # fmt: skip

_HALVES = {"float16": np.float32, "bfloat16": np.float32, "complex32": np.complex64}


def difference(ours, theirs, where="result", numeric=True, precision="float64", alone=False):
    """The first difference between two results in words, or None.

    Args:
        ours, theirs: the results.
        where: what they are called in the words.
        numeric: whether to compare numbers, too, not only their types and shapes.
        precision: the dtype in which the numbers were computed, where the results may be of a finer one; or
            ``"imprecise"``.
        alone: whether each element is computed from one element of each input, and so no sum of others.
    """
    if isinstance(theirs, torch.Tensor):
        if not isinstance(ours, rushlight.Tensor):
            return f"{where}: {type(ours).__name__} {ours!r:.60} where PyTorch has a tensor"
        return _tensor_difference(ours, theirs, where, numeric, precision, alone)
    if isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple)):
            return f"{where}: {type(ours).__name__} where PyTorch has {type(theirs).__name__}"
        if isinstance(ours, list) is not isinstance(theirs, list):
            return f"{where}: {type(ours).__name__} where PyTorch has {type(theirs).__name__}"
        if len(ours) != len(theirs):
            return f"{where}: {len(ours)} items where PyTorch has {len(theirs)}"
        pairs = enumerate(zip(ours, theirs))
        found = (difference(a, b, f"{where}[{i}]", numeric, precision, alone) for i, (a, b) in pairs)
        return next((f for f in found if f), None)
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or ours.keys() != theirs.keys():
            return f"{where}: other keys"
        found = (difference(ours[k], theirs[k], f"{where}.{k}", numeric, precision, alone) for k in theirs)
        return next((f for f in found if f), None)
    if isinstance(theirs, (bool, int, float, complex)):
        if type(ours) is not type(theirs):
            return f"{where}: {ours!r} where PyTorch has {theirs!r}"
        same = not numeric or np.allclose(ours, theirs, rtol=1e-5, atol=1e-7, equal_nan=True)
        return None if same else f"{where}: {ours!r} where PyTorch has {theirs!r}"
    if str(ours).replace("rushlight", "torch") != str(theirs):
        return f"{where}: {ours!r:.60} where PyTorch has {theirs!r:.60}"
    return None


def _tensor_difference(ours, theirs, where, numeric, precision, alone):
    dtype = str(theirs.dtype).removeprefix("torch.")
    if dtype != str(ours.dtype).removeprefix("torch."):
        return f"{where}: {ours.dtype} where PyTorch has {theirs.dtype}"
    if tuple(ours.shape) != tuple(theirs.shape):
        return f"{where}: shape {tuple(ours.shape)} where PyTorch has {tuple(theirs.shape)}"
    if not numeric or not theirs.numel():
        return None
    a, b = np.asarray(ours.detach()._data), numbers(theirs)
    floor = 0
    if dtype in _HALVES:
        a, b = (x.astype(_HALVES[dtype]) for x in (a, b))
    if dtype in _HALVES and not alone:
        # A sum is as exact as the largest of what is summed, and its order is nobody's promise.
        floor = TOLERANCES[dtype][0] * np.max(np.abs(b), initial=0, where=np.isfinite(b))
    if a.shape != b.shape:
        return f"{where}: array of shape {a.shape} in a tensor of shape {b.shape}"
    if dtype not in TOLERANCES:
        wrong = a != b
    else:
        rtol, atol = max(TOLERANCES[dtype], TOLERANCES.get(precision, (0, 0)))
        wrong = ~np.isclose(a, b, rtol=rtol, atol=max(atol, floor), equal_nan=True)
        if wrong.any() and a.dtype.kind == "c":
            # PyTorch and NumPy disagree on which part of a complex infinity or NaN is which; so do their own backends.
            wrong &= np.isfinite(a) | np.isfinite(b)
    if not wrong.any():
        return None
    i = tuple(int(k[0]) for k in np.nonzero(wrong)) if wrong.ndim else ()
    return (
        f"{where}{list(i) if i else ''}: {a[i]!s} where PyTorch has {b[i]!s}"
        f" ({int(wrong.sum())} of {wrong.size} elements, {dtype})"
    )
