"""Runs a program line by line in both libraries and compares after each line, and its gradients at the end."""

import random as random_module
import re
from dataclasses import dataclass

import numpy as np
import torch

import rushlight
from rushlight.kernels.numpy_views import root

from . import algebra, gradients, refusals, rounding
from .execution import execute as execute
from .gradients import HALF_SLACK
from .known import known
from .layout import (
    ALONG_ONE,
    ASKED,
    NOWHERE,
    ORDERS,
    dense,
    lies_as_operands,
    of_nothing,
    recorded_along_one,
    steps_along_one,
    strides,
    writes_twice,
)
from .mended import mended
from .programs import Writer
from .tally import Tally as Tally
from .values import CLOSE, array, differs, near, stale, to_torch
from .views import BLIND, BLIND_WORDS, of_blind_views

# Gradients pass through many operations; by how much more they may differ, unless in half precision.
GRADIENT_SLACK = 50


# What gives a tensor's dimensions another order.
PERMUTES = r"permute|transpose|swap|movedim|rot90|adjoint|einsum|unfold|diag|\.m?[TH]\b|\bt_?\("

OVERLAP = "PyTorch reads memory that it has changed already, so that its order of evaluation matters"


@dataclass
class Difference(Exception):
    """Where the libraries differ.

    Attributes:
        lines: the program up to there.
        what: what differs.
    """

    lines: list[str]
    what: str

    def __str__(self):
        program = "\n".join(["import torch  # or: import rushlight as torch", *self.lines])
        return f"{self.what}\n{program}"


_BITS = {rushlight.bfloat16: rushlight.int16, rushlight.complex32: rushlight.int32}


def _numbers(t):
    """An array in the memory of one of our tensors."""
    return t.detach().view(_BITS.get(t.dtype, t.dtype)).numpy()


class Comparison:
    """One program in both libraries.

    Args:
        random: the source of choices.
        tally: where to count.
    """

    def __init__(self, random, tally):
        self.tally = tally
        self.ours, self.theirs = {}, {}
        self.lines = []
        self.writer = Writer(random, self.theirs)

    def replay(self, lines):
        """Runs the lines of a program that was written before.

        Raises:
            Difference: the libraries differ.
        """
        for line in lines:
            if line.endswith(".backward()"):
                self.backward()
            elif "torch.autograd.grad(" in line:  # a part of `backward`
                continue
            elif not line.startswith("#") and not self.step(line):
                return

    def run(self, calls):
        """Runs a random program of `calls` calls.

        Raises:
            Difference: the libraries differ.
        """
        self.tally.programs += 1
        for _ in range(1 + self.writer.below(3)):
            if not self.step(self.writer.leaf()):
                return
        for _ in range(calls):
            if not self.step(self.writer.line()):
                return
        self.backward()

    def step(self, line):
        """Runs one line in both. Returns whether the program can go on.

        Raises:
            Difference: the libraries differ.
        """
        self.lines.append(line)
        self.tally.calls += 1
        named = re.findall(r"\bv\d+\b", line)
        before = {name: to_torch(t) for name, t in self.ours.items() if name in named}
        mine, error = execute(line, rushlight, self.ours)
        theirs, their_error = execute(line, torch, self.theirs)
        if mine != theirs:
            return self.refused(line, error, their_error, before)
        if theirs is not None:
            self.tally.refused += 1
            self.lines[-1] = f"# {line}  # {theirs}"
            self.forget_broken(line)
            return True
        name = line.partition(" = ")[0] if re.match(r"v\d+ = ", line) else None
        for n in [name] if name else list(self.theirs):
            shut = stale(self.ours[n]), stale(self.theirs[n])
            if any(shut):
                what = None if all(shut) else f"{shut[0] or 'open to look at'} instead of RuntimeError ({shut[1]})"
            else:
                coarsest = self.coarsest(line) if n in named else self.coarsest_of_all()
                what = differs(self.ours[n], self.theirs[n], 1.0, coarsest) or self.lies_elsewhere(n, named)
            if what is not None:
                return self.difference(line, f"{n}: {what}", before)
        if name:
            self.keep(name)
        else:
            self.forget_stale()
        return True

    def lies_elsewhere(self, name, operands):
        """Which operand's memory only one of both results looks at, or None."""
        ours, theirs = self.ours[name], self.theirs[name]
        if not isinstance(theirs, torch.Tensor) or not theirs.numel() or theirs.is_sparse:
            return None
        for n in operands:
            if n != name and n in self.theirs and self.theirs[n].numel():
                mine, other = root(ours._data) is root(self.ours[n]._data), _shares(theirs, self.theirs[n])
                if mine != other:
                    return f"memory {'is' if mine else 'is not'} that of {n}"
        return None

    def coarsest(self, line):
        """The operand's dtype that rounds a line's result most, as a float32 number does beside a float64 one."""
        operands = [self.theirs[n] for n in re.findall(r"\bv\d+\b", line) if n in self.theirs]
        kinds = {str(t.dtype).removeprefix("torch.") for t in operands if isinstance(t, torch.Tensor)} & CLOSE.keys()
        return max(kinds, key=CLOSE.__getitem__, default=None)

    def coarsest_of_all(self):
        """The coarsest dtype of the program's tensors."""
        kinds = {str(t.dtype).removeprefix("torch.") for t in self.theirs.values()} & CLOSE.keys()
        return max(kinds, key=CLOSE.__getitem__, default=None)

    def forget_broken(self, line):
        """Takes a tensor out of the program that PyTorch had begun to change before it refused to."""
        changed = re.match(r"v\d+(?=\.\w+_\(|\[.*\] = )", line) or re.search(r"(?<=out=)v\d+", line)
        if not changed or changed[0] not in self.theirs:
            return
        n = changed[0]
        if stale(self.theirs[n]) or stale(self.ours[n]) or differs(self.ours[n], self.theirs[n], form=False):
            views = [k for k, t in self.theirs.items() if _shares(t, self.theirs[n])]
            for k in views:
                del self.ours[k], self.theirs[k]

    def forget_stale(self):
        """Takes views that could not be told of a change in place out of the program."""
        for n in [n for n, t in self.theirs.items() if stale(t) or stale(self.ours[n])]:
            del self.ours[n], self.theirs[n]

    def keep(self, name):
        """Takes results that are no tensors or too large out of the program; of several results, keeps the first."""
        ours, theirs = self.ours[name], self.theirs[name]
        if isinstance(theirs, (tuple, list)) and theirs and all(isinstance(t, torch.Tensor) for t in theirs):
            line = f"{name} = {name}[0]"
            self.lines.append(line)
            execute(line, rushlight, self.ours)
            execute(line, torch, self.theirs)
            theirs = self.theirs[name]
        if not isinstance(theirs, torch.Tensor) or theirs.numel() > 2000 or theirs.is_sparse:
            del self.ours[name], self.theirs[name], ours

    def refused(self, line, error, their_error, before):
        """Raises a `Difference` of exceptions, unless it is explained; both are, if each is where it stands alone."""
        ours, theirs = (type(e).__name__ if e else None for e in (error, their_error))
        what = f"{ours or 'no exception'} ({error}) instead of {theirs} ({their_error})"
        if ours and theirs and known(self.lines, what) is None:
            ours_alone = f"{ours} ({error}) instead of None (None)"
            theirs_alone = f"no exception (None) instead of {theirs} ({their_error})"
            if (known(self.lines, ours_alone) or refusals.says(execute, self.lines, torch, self.theirs, error)) and (
                known(self.lines, theirs_alone) or refusals.says(execute, self.lines, rushlight, self.ours, their_error)
            ):
                self.tally.explain(refusals.REASON)
                return False
        return self.difference(line, what, before)

    def difference(self, line, what, before):
        """Raises, unless the difference is known or made by rounding: then PyTorch, given our operands, agrees."""
        reasons = []
        reason = known(self.lines, what)
        if reason is not None:
            self.tally.explain(reason)
            return False
        if ": strides" in what and lies_as_operands(line, self.theirs, what.partition(":")[0]):
            self.tally.explain(ORDERS)
            return False
        name = what.partition(":")[0]
        if (": strides" in what and steps_along_one(execute, line, before, self.ours, name)) or (
            ": node" in what and recorded_along_one(execute, line, before, self.ours, name)
        ):
            self.tally.explain(ALONG_ONE)
            return False
        if re.search(BLIND_WORDS, what) and of_blind_views(line, self.theirs, name):
            self.tally.explain(BLIND)
            return False
        if (": values" in what or "ZeroDivisionError" in what) and self.overlaps(line):
            self.tally.explain(OVERLAP)
            return False
        if "instead of RuntimeError (Tensor must have a storage_offset" in what and of_nothing(before):
            self.tally.explain(NOWHERE)
            return False
        if (": values" in what or ": shape" in what) and before and all(t is not None for t in before.values()):
            operands = {n: t.detach().clone() if isinstance(t, torch.Tensor) else t for n, t in before.items()}
            with torch.no_grad():
                execute(line, torch, before)
            follows = name in before or any(_shares(self.theirs[name], self.theirs[n]) for n in before)
            if follows and self.computes_the_same(before, self.coarsest(line)):
                self.tally.abandoned += 1
                return False
            if ": values" in what and name in before:
                ours, theirs = _as_torch(self.ours[name]), before[name]
                reasons = [
                    rounding.explained(line, operands, ours, theirs, self.near(line))
                    or algebra.factors(line, operands, ours, theirs, self.near(line))
                    or algebra.strange(line, operands, ours, theirs)
                ]
        elif re.search(algebra.REFUSALS, what):
            if self.refused_alike(line, what, before):
                self.tally.abandoned += 1
                return False
            made = re.match(r"(v\d+) = ", line)
            found = _as_torch(self.ours[made[1]]) if made and what.startswith("no exception") else what
            reasons = [algebra.refused(line, before, what) or algebra.strange(line, before, found, what)]
        reasons = [r for r in reasons if r] or self.faults(name, line)
        for reason in reasons:
            self.tally.explain(reason)
        if reasons:
            return False
        raise Difference(self.lines, what)

    def refused_alike(self, line, what, before):
        """Whether PyTorch refuses our operands if we did, and does not if we did not: rounding made the difference."""
        values = {n: t.detach().clone() if isinstance(t, torch.Tensor) else t for n, t in before.items()}
        return (execute(line, torch, values)[0] is None) == what.startswith("no exception")

    def computes_the_same(self, found, coarsest):
        """Whether what PyTorch computed from our operands is what we computed, so that only operands differed."""
        return not any(
            differs(self.ours[n], theirs, 1.0, None if isinstance(theirs, torch.Tensor) else coarsest, form=False)
            for n, theirs in found.items()
        )

    def near(self, line):
        """The function that says which elements of a line's results agree."""
        kind = self.coarsest(line)
        return lambda ours, theirs: near(ours, theirs, 1.0, kind)

    def faults(self, name, line):
        """The faults of PyTorch's, mended in `mended.py`, without which it agrees; none if it does not."""
        theirs = {}
        with mended() as reasons:
            for each in self.lines:
                execute(each, torch, theirs)
        try:
            if name.startswith("gradient of"):
                agrees = not any(self.gradient_differs(n, theirs[n].grad) for n in self.leaves())
            else:
                agrees = name in theirs and not differs(
                    self.ours[name], theirs[name], 1.0, self.coarsest(line), form=False
                )
        except Exception:
            agrees = False
        return sorted(reasons) if agrees else []

    def leaves(self):
        """The names of the leaves that require gradients."""
        return [n for n, t in self.theirs.items() if t.requires_grad and t.is_leaf]

    def gradient_differs(self, leaf, theirs):
        """What differs between a leaf's gradient and PyTorch's, or None."""
        ours = self.ours[leaf].grad
        if (ours is None) != (theirs is None):
            return f"{'no gradient' if ours is None else 'a gradient'} instead of {theirs}"
        if theirs is None:
            return None
        coarsest = self.coarsest_of_all()
        slack = HALF_SLACK if "16" in coarsest else GRADIENT_SLACK
        what = differs(ours, theirs, slack, coarsest, form=False)
        if what is None and not theirs.is_sparse and strides(ours) != strides(theirs):
            return f"steps {strides(ours)} instead of {strides(theirs)}"
        return what

    def overlaps(self, line):
        """Whether a line changes a tensor in place whose memory it reads in another order, or writes twice."""
        changed = re.match(r"(v\d+)(\.\w+_\(|\[.*\] = )", line) or re.search(r"out=(v\d+)()", line)
        if not changed:
            return False
        target = _numbers(self.ours[changed[1]])
        read = re.findall(r"\bv\d+\b", line.partition(" = ")[2] or line)
        # What stands on both sides of an assignment is read while its parts are written.
        others = [_numbers(self.ours[n]) for n in read if n != changed[1] or "[" in changed[2]]
        # So are matrices to which their own products are added.
        if re.match(r"(v\d+)\.(addmm|baddbmm|addbmm|addmv|masked_scatter)_\(.*\b\1\b", line):
            others.append(target)
        return writes_twice(target) or any(np.shares_memory(target, a) for a in others)

    def backward(self):
        """Runs backward from the sum of all that is differentiable, and compares the leaves' gradients."""
        names = [n for n, t in self.theirs.items() if t.requires_grad and not t.is_leaf and not t.is_complex()]
        leaves = [n for n, t in self.theirs.items() if t.requires_grad and t.is_leaf]
        if not names or not leaves:
            return
        self.asked(names, leaves)
        line = f"sum(v.double().sum() for v in [{', '.join(names)}]).backward()"
        self.lines.append(line)
        mine, error = execute(line, rushlight, self.ours)
        theirs, their_error = execute(line, torch, self.theirs)
        if mine != theirs:
            self.refused(line, error, their_error, {})
            return
        if theirs is not None:
            self.tally.refused += 1
            return
        self.tally.gradients += 1
        for n in leaves:
            what = self.gradient_differs(n, self.theirs[n].grad)
            if what is None:
                continue
            if "values" in what and not self.faults(f"gradient of {n}", line):
                if self.lies_in_factors():
                    self.tally.explain(algebra.DERIVATIVE)
                    continue
                both = array(self.ours[n].grad), array(self.theirs[n].grad)
                reason = gradients.explained(self.lines, n, *both, self.coarsest_of_all())
                if reason == gradients.ROUNDED:
                    self.tally.abandoned += 1
                    continue
                if reason is not None:
                    self.tally.explain(reason)
                    continue
            self.difference(line, f"gradient of {n}: {what}", {})
            return

    def lies_in_factors(self):
        """Whether gradients agree if none goes through factors of matrices that have no derivative."""
        lines = algebra.without_derivatives(self.lines[:-1], execute)
        try:
            if lines:
                Comparison(random_module.Random(0), Tally()).replay([*lines, self.lines[-1]])
        except Difference:
            return False
        return bool(lines)

    def asked(self, names, leaves):
        """Asks for the leaves' gradients, and compares how they lie in memory.

        Raises:
            Difference: PyTorch's lies row by row, and ours neither so nor as its leaf; or PyTorch's lies without gaps
                in another order, or the program permutes dimensions or adds several gradients, and ours is expanded.
        """
        line = (
            f"gs = torch.autograd.grad([{', '.join(names)}], [{', '.join(leaves)}], "
            f"[torch.ones_like(v) for v in [{', '.join(names)}]], retain_graph=True, allow_unused=True)"
        )
        refused = [
            execute(line, module, values)[0] for module, values in ((rushlight, self.ours), (torch, self.theirs))
        ]
        ours, theirs = (values.pop("gs", ()) for values in (self.ours, self.theirs))
        if any(refused):
            return
        for n, mine, other in zip(leaves, ours, theirs, strict=True):
            if mine is None or other is None or other.is_sparse or strides(mine) == strides(other):
                continue
            permuted = any(re.search(PERMUTES, line.partition("torch.tensor(")[0]) for line in self.lines)
            operands = [v for text in self.lines for v in re.findall(r"\bv\d+\b", text.partition(" = ")[2])]
            summed = len(names) > 1 or len(operands) > len(set(operands))
            rows = strides(other) == strides(other.contiguous()) and not permuted and not summed
            as_asked = strides(mine) in (strides(mine.contiguous()), strides(self.ours[n])) if rows else dense(mine)
            if dense(other) and not as_asked:
                what = f"gradient asked for of {n}: steps {strides(mine)} instead of {strides(other)}"
                raise Difference([*self.lines, line], what)
            self.tally.explain(ASKED)


def _shares(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _as_torch(t):
    """The elements of one of our results as PyTorch's tensors."""
    if isinstance(t, (tuple, list)):
        return tuple(map(_as_torch, t))
    kind = getattr(torch, str(t.dtype).removeprefix("torch."))
    return torch.from_numpy(np.array(array(t))).to(kind)


def run(seed, tally):
    """Runs the program of one seed.

    Raises:
        Difference: the libraries differ.
    """
    random = random_module.Random(seed)
    Comparison(random, tally).run(1 + int(random.random() * 20))
