"""Values of both libraries side by side: whether they are equal up to rounding, and recorded and laid out alike."""

import numpy as np
import torch

import rushlight

from .layout import strides

# By dtype: how far results may be apart, relative to their largest element.
CLOSE = {
    "float64": 1e-9, "complex128": 1e-9, "float32": 2e-5, "complex64": 2e-5, "float16": 4e-3, "complex32": 4e-3,
    "bfloat16": 3e-2,
}  # fmt: skip


def array(t):
    """The elements of a tensor of either library, as NumPy has them; bfloat16 as float32, complex32 as complex64."""
    t = t.detach()
    if str(t.dtype) == "torch.bfloat16":
        t = t.float()
    if str(t.dtype) == "torch.complex32":
        t = t.cfloat()
    return np.asarray(t.resolve_conj().resolve_neg().numpy(force=True))


def near(ours, theirs, slack=1.0, dtype=None):
    """Which elements of two arrays are equal up to the rounding of their type."""
    if ours.dtype.kind == "c" and theirs.dtype.kind == "c" and not np.isfinite(ours + theirs).all():
        kind = dtype or str(theirs.dtype)
        parts = near(ours.real, theirs.real, slack, kind) & near(ours.imag, theirs.imag, slack, kind)
        return parts | np.isnan(ours) & np.isnan(theirs)
    tolerance = CLOSE.get(dtype or str(theirs.dtype), 0.0) * slack
    with np.errstate(all="ignore"):
        finite = np.isfinite(theirs) & np.isfinite(ours)
        largest = np.abs(theirs[finite]).max(initial=0.0)
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        if not tolerance or ours.dtype.kind not in "fc":
            return same
        return same | finite & (np.abs(ours - theirs) <= tolerance * (np.abs(theirs) + 0.1 * largest + 1e-3))


def close(ours, theirs, slack=1.0, dtype=None):
    """Whether two arrays are equal up to the rounding of their type."""
    return ours.shape == theirs.shape and bool(np.all(near(ours, theirs, slack, dtype)))


def differs(ours, theirs, slack=1.0, coarsest=None, form=True):
    """What differs between two values, or None.

    Args:
        ours, theirs: the values.
        slack: how much further apart than `CLOSE` they may be.
        coarsest: the dtype that rounded them, if another than theirs.
        form: whether they must also be recorded alike, views alike, of nodes of one name, and lie in memory alike.
    """
    if isinstance(theirs, torch.Tensor):
        if not isinstance(ours, rushlight.Tensor):
            return f"{type(ours).__name__} instead of a tensor"
        for name in ("dtype", "shape", *(("requires_grad", "is_leaf") if form else ())):
            mine, other = getattr(ours, name), getattr(theirs, name)
            if str(mine) != str(other):
                return f"{name} {mine} instead of {other} ({theirs.dtype})"
        for part, of in FORM.items() if form else ():
            if of(ours) != of(theirs):
                return f"{part} {of(ours)} instead of {of(theirs)}"
        kind = str(theirs.dtype).removeprefix("torch.")
        if not close(array(ours), array(theirs), slack, (coarsest or kind) if kind in CLOSE else kind):
            return f"values {array(ours).tolist()} instead of {array(theirs).tolist()}"
        return None
    if isinstance(theirs, list) and kinds(theirs) in NUMBERS:
        same = kinds(ours) == kinds(theirs) and close(np.array(ours), np.array(theirs), slack, coarsest)
        return None if same else f"values {ours} instead of {theirs}"
    if isinstance(theirs, (tuple, list)):
        if not isinstance(ours, (tuple, list)) or len(ours) != len(theirs):
            return f"{ours} instead of {theirs}"
        found = (differs(a, b, slack, coarsest, form) for a, b in zip(ours, theirs, strict=True))
        return next((d for d in found if d), None)
    if isinstance(theirs, (float, complex)):
        same = isinstance(ours, type(theirs)) and close(np.array(ours), np.array(theirs), slack, coarsest)
        return None if same else f"values {ours} instead of {theirs}"
    return None if type(ours) is type(theirs) and ours == theirs else f"{ours} instead of {theirs}"


NUMBERS = {float}, {complex}


def kinds(value):
    """The types of the numbers in nested lists."""
    return set().union(*map(kinds, value)) if isinstance(value, list) else {type(value)}


def node_name(t):
    """The name of a tensor's node, or None."""
    return None if t.grad_fn is None else t.grad_fn.name()


FORM = {"view": lambda t: t._is_view(), "node": node_name, "strides": strides}


def stale(t):
    """Why a tensor cannot even be looked at, a view that could not be told of a change in place; else None."""
    if isinstance(t, (torch.Tensor, rushlight.Tensor)):
        try:
            t.is_leaf, t.requires_grad, t.grad_fn
        except RuntimeError as error:
            return str(error) or "refused"
    return None


def to_torch(t):
    """A tensor of PyTorch's with the elements and strides of one of ours, and no history."""
    if not isinstance(t, rushlight.Tensor):
        return t
    if stale(t):
        return None
    dtype = getattr(torch, str(t.dtype).removeprefix("torch."))
    made = torch.empty_strided(tuple(t.shape), tuple(t.stride()), dtype=dtype)
    if 0 in t.stride():
        made = torch.empty(tuple(t.shape), dtype=dtype)
    made.copy_(torch.from_numpy(np.array(array(t))))
    return made.requires_grad_() if t.requires_grad and not t.is_leaf else made
