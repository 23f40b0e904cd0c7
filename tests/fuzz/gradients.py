"""Why gradients differ: what rounding within a program explains, each by a check of the numbers.

Each check is given the program, whose last line is its backward, a leaf's name, both gradients as arrays, and the
coarsest dtype of the program.
"""

import re

import numpy as np
import torch

import rushlight

from . import rounding
from .execution import execute
from .values import array, near, stale, to_torch

# By how much more gradients in half precision may differ.
HALF_SLACK = 4

ROUNDED = "rounding was amplified"
ROUNDS_MORE = "PyTorch rounds more"
OVERFLOW = "the order of additions decides whether sums near the largest number overflow"
CANCELLED = (
    "of a normalization's derivative, terms that are infinite become NaN or stay by the order in which they meet"
)


def explained(lines, leaf, ours, theirs, coarsest):
    """The reason why a leaf's gradients differ, or None."""
    checks = (ROUNDED, _from_our_values), (ROUNDED, _shaky), (ROUNDS_MORE, _rounds_less), (OVERFLOW, _overflows)
    for reason, check in (*checks, (CANCELLED, _cancelled)):
        if check(lines, leaf, ours, theirs, coarsest):
            return reason
    return None


def _gradient(lines, leaf, module=torch):
    """A leaf's gradient by a program in one of both libraries, or None."""
    values = {}
    for line in lines:
        execute(line, module, values)
    return values[leaf].grad if leaf in values else None


def _agree(ours, theirs, coarsest):
    return ours.shape == theirs.shape and bool(near(ours, theirs, HALF_SLACK, coarsest).all())


def _from_our_values(lines, leaf, ours, theirs, coarsest):
    """Whether PyTorch's gradient is ours if all values of the program are, to the last digit and the signs of zeros."""
    mine, other = {}, {}
    for line in lines[:-1]:
        execute(line, rushlight, mine)
        execute(line, torch, other)
        for n, t in other.items():
            if isinstance(t, torch.Tensor) and not t.is_sparse and not stale(t):
                values = to_torch(mine.get(n))
                if isinstance(values, torch.Tensor) and values.shape == t.shape and 0 not in t.stride():
                    t.data.copy_(values.detach())
    execute(lines[-1], torch, other)
    found = other[leaf].grad if leaf in other else None
    return found is not None and _agree(ours, array(found), coarsest)


def _shaky(lines, leaf, ours, theirs, coarsest):
    """Whether PyTorch's own gradient changes by as much when its inputs do in their last digits."""
    moved = np.zeros(theirs.shape)
    lost = np.zeros(theirs.shape, bool)
    for trial in range(6):
        values = {}
        random = torch.Generator().manual_seed(trial)
        for line in lines:
            execute(line, torch, values)
            made = re.match(r"(v\d+) = torch\.tensor\(", line)
            if made and values[made[1]].is_floating_point():
                t = values[made[1]].detach()
                steps = torch.randint(-1 - trial, 2 + trial, t.shape, generator=random).double()
                t.copy_(t.double() * (1 + steps * torch.finfo(t.dtype).eps))
        after = values[leaf].grad if leaf in values else None
        if after is None:
            return False
        with np.errstate(all="ignore"):
            moved = np.fmax(moved, np.abs(array(after) - theirs))
            lost |= np.isfinite(array(after)) != np.isfinite(theirs)
    few = 4 if "16" in coarsest else 30  # roundings; a step of half precision is a large one
    with np.errstate(all="ignore"):
        other = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
        infinite = other & ~(np.isfinite(ours) & np.isfinite(theirs))
        difference = np.abs(ours - theirs)[other & ~infinite].max(initial=0.0)
    return bool(lost[infinite].all() and difference <= few * moved.max(initial=0.0))


def _rounds_less(lines, leaf, ours, theirs, coarsest):
    """Whether our gradient is at least as near as PyTorch's to that of the program in double precision."""
    if ours.dtype.kind == "c" or coarsest in ("float64", "complex128"):
        return False
    found = _gradient([rounding.in_double(line) for line in lines], leaf)
    return found is not None and rounding.nearer(
        ours, theirs, array(found), lambda a, b: near(a, b, HALF_SLACK, coarsest)
    )


def _overflows(lines, leaf, ours, theirs, coarsest):
    """Whether our gradient is PyTorch's of a small part of the results, but for sums that overflow."""
    found = _gradient([re.sub(r"^(sum\(.*\))(\.backward\(\))$", r"(\1 * 2.0**-8)\2", line) for line in lines], leaf)
    if found is None or found.is_complex():
        return False
    ours, theirs, exact = (a.astype(float) for a in (ours, theirs, array(found)))
    largest = torch.finfo(found.dtype).max
    return rounding.overflow(ours, theirs, exact * 2**8, largest, lambda a, b: near(a, b, HALF_SLACK, coarsest))


def _cancelled(lines, leaf, ours, theirs, coarsest):
    """Whether one is infinite and the other NaN where they differ, and both agree if infinity is but a large number."""
    other = ~near(ours, theirs, HALF_SLACK, coarsest)
    lost = ~np.isfinite(ours) & ~np.isfinite(theirs)
    if not lost[other].all() or not any(re.search(r"_norm\(|std\(|var\(", line) for line in lines):
        return False
    finite = [line.replace("float('inf')", "2.0**14") for line in lines]
    mine, found = (_gradient(finite, leaf, module) for module in (rushlight, torch))
    return mine is not None and found is not None and _agree(array(mine), array(found), coarsest)
