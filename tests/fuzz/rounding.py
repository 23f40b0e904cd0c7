"""Why numbers differ: what rounding, PyTorch's rounding or a free choice explains, each by a check of the numbers.

Each check is given a line, PyTorch's tensors by name as they were before it, and both results; PyTorch computed its own
from the same operands as Rushlight.
"""

import itertools
import re

import numpy as np
import scipy.special
import torch

from .algebra import as_array, cross, solutions

HALVES = (torch.float16, torch.bfloat16)
# How often operands are moved to see how far a result moves, and so many times further a difference may be.
TRIALS, FEW = 8, 4


def explained(line, operands, ours, theirs, near, index=None):
    """The reason why two results differ, or None.

    Args:
        line: the line that made them.
        operands: PyTorch's tensors by name, before the line.
        ours, theirs: tensors of PyTorch's, `ours` with the elements of Rushlight's result.
        near: a function of two arrays that says which elements agree up to rounding.
        index: which of several results they are.
    """
    if isinstance(theirs, (tuple, list)):
        reasons = [
            explained(line, operands, a, b, near, i) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
            if not _same(a, b, near)
        ]  # fmt: skip
        return reasons[0] if reasons and None not in reasons else None
    if not isinstance(theirs, torch.Tensor) or ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return None
    for check in (solutions, cross, _chosen, _drawn, _free, unwritten, _approximated, _nearer_to_double, _shaken):
        reason = check(line, operands, ours, theirs, near, index)
        if reason is not None:
            return reason
    return None


def _same(ours, theirs, near):
    return (
        isinstance(theirs, torch.Tensor) and ours.shape == theirs.shape and near(as_array(ours), as_array(theirs)).all()
    )


# ------------------------------------------------------------------------------------------ rounding
def nearer(ours, theirs, exact, near):
    """Whether each of our elements agrees with the exact ones or is at least as near to them as PyTorch's."""
    with np.errstate(all="ignore"):
        far, further = np.abs(ours - exact), np.abs(theirs - exact)
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        return bool(np.all(same | near(ours, exact) | (far <= further) & np.isfinite(theirs)))


def overflow(ours, theirs, exact, largest, near):
    """Whether one is not finite where they differ, and the exact ones are near the largest number of their type.

    The order of additions decides there whether a partial sum overflows.
    """
    with np.errstate(all="ignore"):
        other = ~(near(ours, theirs) | (np.isnan(ours) & np.isnan(theirs)))
        one = np.isfinite(ours) != np.isfinite(theirs)
        right = near(np.where(np.isfinite(ours), ours, theirs), exact)
        return bool((one & right & (np.abs(exact) >= largest / 16))[other].all())


def in_double(line):
    """A line that makes tensors of double precision where it makes others of less."""
    line = re.sub(r"torch\.(float16|bfloat16|float32)", "torch.float64", line)
    return re.sub(r"\.(half|bfloat16|float)\(\)", ".double()", line)


def _nearer_to_double(line, operands, ours, theirs, near, index):
    """PyTorch rounds more than Rushlight: the same line in double precision tells."""
    if not (theirs.is_floating_point() or theirs.is_complex()) or theirs.dtype in (torch.float64, torch.complex128):
        return None
    wide = {n: t.double() if t.is_floating_point() else t for n, t in operands.items()}
    wide = {n: t.to(torch.complex128) if t.is_complex() else t for n, t in wide.items()}
    name = re.match(r"v\d+", line)[0]
    torch.set_default_dtype(torch.float64)  # for what is computed from integers
    try:
        with torch.no_grad():
            exec(in_double(line), {"torch": torch, "float": float}, wide)
    except Exception:
        return None
    finally:
        torch.set_default_dtype(torch.float32)
    exact = wide[name] if index is None else wide[name][index]
    if (
        not isinstance(exact, torch.Tensor)
        or exact.shape != theirs.shape
        or exact.dtype.is_complex != ours.is_complex()
    ):
        return None
    largest = torch.finfo(theirs.dtype).max
    exact = as_array(exact.to(theirs.dtype) if theirs.dtype in HALVES else exact)
    if exact.dtype.kind == "f":
        exact = np.where(np.abs(exact) > largest, np.copysign(np.inf, exact), exact)
    return "PyTorch rounds more" if nearer(as_array(ours), as_array(theirs), exact, near) else None


def shaken(t, trial):
    """A floating-point tensor whose elements are moved by one rounding up or down, or not."""
    steps = torch.randint(-1, 2, t.shape, generator=torch.Generator().manual_seed(trial)).double()
    return (t.double() * (1 + steps * torch.finfo(t.dtype).eps)).to(t.dtype)


def _shaken(line, operands, ours, theirs, near, index):
    """PyTorch's own result moves as far when its operands move by a rounding: the difference is one of rounding."""
    if not theirs.is_floating_point():
        return None
    a, b = as_array(ours), as_array(theirs)
    other = ~(near(a, b) | (np.isnan(a) & np.isnan(b)))
    if not np.isfinite(a[other]).all() or not np.isfinite(b[other]).all():
        return None
    moved, name = np.zeros(b.shape), re.match(r"v\d+", line)[0]
    for trial in range(TRIALS):
        values = {n: shaken(t, trial) if t.is_floating_point() else t.clone() for n, t in operands.items()}
        try:
            with torch.no_grad():
                exec(line, {"torch": torch, "float": float}, values)
        except Exception:
            return None
        found = values[name] if index is None else values[name][index]
        if found.shape != theirs.shape:
            return None
        with np.errstate(all="ignore"):
            moved = np.fmax(moved, np.abs(as_array(found) - b))
    with np.errstate(all="ignore"):
        same = np.abs(a - b)[other] <= FEW * moved[other]
    return "PyTorch's own result moves as far when its operands are rounded once" if same.all() else None


# Functions whose polynomials in PyTorch have six digits, and by how much it is off at most.
SIX_DIGITS = {
    "airy_ai": (lambda x: scipy.special.airy(x)[0], 3.1e-6), "bessel_j0": (scipy.special.j0, 4e-7),
    "bessel_j1": (scipy.special.j1, 5e-7), "bessel_y0": (scipy.special.y0, 3e-7), "bessel_y1": (scipy.special.y1, 9e-7),
}  # fmt: skip


def _approximated(line, operands, ours, theirs, near, index):
    """PyTorch approximates Airy's and Bessel's functions to six digits, where ours are those of double precision."""
    call = re.search(r"torch\.special\.(\w+)\((v\d+)\)", line)
    if not call or call[1] not in SIX_DIGITS:
        return None
    function, most = SIX_DIGITS[call[1]]
    a, b, exact = as_array(ours), as_array(theirs), function(as_array(operands[call[2]]))
    with np.errstate(all="ignore"):
        same = near(a, b) | near(a, exact) & (np.abs(b - exact) <= most)
    return "PyTorch approximates Airy's and Bessel's functions to six digits" if same.all() else None


# ------------------------------------------------------------------------------------------ free choices
def _free(line, operands, ours, theirs, near, index):
    a, b = as_array(ours), as_array(theirs)
    with np.errstate(all="ignore"):
        other = np.asarray(~((a == b) | (np.isnan(a) & np.isnan(b)) | near(a, b)))
    call = re.search(r"_polynomial_\w\((v\d+|float\('nan'\)), (v?\d+)(?:\.clamp\(max=(\d+)\))?\)", line)
    if call:
        degree = operands[call[2]] if call[2] in operands else torch.tensor(int(call[2]))
        x, degree = torch.broadcast_tensors(operands.get(call[1], torch.tensor(torch.nan)), degree)
        if bool((torch.isnan(x) & (degree >= 2))[torch.from_numpy(other)].all()) and np.isnan(a[other]).all():
            return "PyTorch returns a variable that it never wrote, for polynomials of NaN of degree 2 and above"
    if "scaled_dot_product_attention(" in line and np.isnan(a[other]).all() and (b[other] == 0).all():
        if any(bool(torch.isnan(t).any()) for t in operands.values() if t.is_floating_point()):
            return "PyTorch's attention takes NaN for what is masked where nothing else is seen"
    call = re.search(r"torch\.(signbit|copysign|logcumsumexp)\((v\d+)(?:, (v\d+|[^)]*))?", line)
    if call and call[1] in ("signbit", "copysign"):
        source = operands.get(call[3] if call[1] == "copysign" else call[2])
        if isinstance(source, torch.Tensor) and bool(
            torch.isnan(source.expand(ours.shape))[torch.from_numpy(other)].all()
        ):
            return "the sign of a NaN"
    if call and call[1] == "logcumsumexp" and a.dtype.kind == "c":
        turns = (a - b).imag / (2 * np.pi)
        if np.all(~other | (np.abs((a - b).real) <= 1e-6) & (np.abs(turns - np.rint(turns)) <= 1e-6)):
            return "the sign of a zero decides between pi and -pi in PyTorch's logarithm"
    return None


def unwritten(line, operands, ours, theirs, near, index):
    """PyTorch's elements are memory that it never wrote: they become NaN if all memory begins as NaN."""
    if not (theirs.is_floating_point() or theirs.is_complex()):
        return None
    values = {n: t.clone() if isinstance(t, torch.Tensor) else t for n, t in operands.items()}
    torch.use_deterministic_algorithms(True)  # fills memory: see torch.utils.deterministic
    try:
        with torch.no_grad():
            exec(line, {"torch": torch, "float": float}, values)
    except Exception:
        return None
    finally:
        torch.use_deterministic_algorithms(False)
    name = re.match(r"v\d+", line)[0]
    filled = values[name] if index is None else values[name][index]
    if filled.shape != theirs.shape:
        return None
    a, b = as_array(ours), as_array(theirs)
    other = np.asarray(~(near(a, b) | (np.isnan(a) & np.isnan(b))))
    lost = np.isnan(as_array(filled)) & ~np.isnan(b)
    return "PyTorch returns memory that it never wrote" if lost[other].all() else None


def _modes(x):
    """For each row the smallest of its most frequent elements; NaN if there are no others."""
    found = torch.full(x.shape[:-1], torch.nan, dtype=x.dtype)
    for place in itertools.product(*map(range, x.shape[:-1])):
        row = x[place][~torch.isnan(x[place])]
        counts = (row.unsqueeze(0) == row.unsqueeze(1)).sum(0)
        if len(row):
            found[place] = row[counts == counts.max()].min()
    return found


def _chosen(line, operands, ours, theirs, near, index):
    """Of equal elements PyTorch promises none; and no order has NaN, by which it sorts to find modes."""
    names = "topk|kthvalue|mode|median|nanmedian|sort|argsort"
    call = re.search(rf"torch\.({names})\((v\d+), (?:\d+, )?(?:dim=)?(-?\d+)(, keepdim=True)?", line)
    if not call or (index is None) != (call[1] == "argsort") or not operands[call[2]].dim():
        return None
    x, dim = operands[call[2]], int(call[3])
    whole = call[1] in ("topk", "sort", "argsort") or call[4] is not None
    x = x.movedim(dim, -1)
    a, b = (t.movedim(dim, -1) if whole else t.unsqueeze(-1) for t in (ours, theirs))
    if index != 0:
        if not bool(((a >= 0) & (a < x.shape[-1])).all()):
            return None
        a, b = x.gather(-1, a), x.gather(-1, b)
        distinct = call[1] not in ("topk", "sort", "argsort") or bool((ours.sort(dim)[0].diff(dim=dim) != 0).all())
        if distinct and bool(((a == b) | ((a != a) & (b != b))).all()):
            return "which of equal elements is found is not said by PyTorch"
    if call[1] == "mode" and x.is_floating_point():
        same = (a == b) | ((a != a) & (b != b))
        right = torch.isnan(x).any(-1, keepdim=True) & (a == _modes(x).unsqueeze(-1))
        return "NaN is in no order, by which PyTorch sorts to find modes" if bool((same | right).all()) else None
    return None


def _drawn(line, operands, ours, theirs, near, index):
    """Of equal quotients of weights and random numbers, the largest of which are drawn, PyTorch promises none."""
    call = re.search(
        r"torch\.multinomial\((.*), \d+, False, generator=(torch\.Generator\(\)\.manual_seed\(\d+\))\)", line
    )
    if not call:
        return None
    weights, generator = (eval(text, {"torch": torch}, dict(operands)) for text in call.groups())
    quotients = weights / torch.empty_like(weights).exponential_(1, generator=generator)
    distinct = bool((ours.sort(-1)[0].diff(dim=-1) != 0).all())
    same = distinct and torch.equal(quotients.gather(-1, ours), quotients.gather(-1, theirs))
    return "which of equal elements is found is not said by PyTorch" if same else None
