"""What the graphs of PyTorch's operators show: ``python -m tests.conformance.nodes [--samples N] [NAME ...]``.

For the first samples of every entry, in float64 and complex128, the node of each result is compared with PyTorch's:
its name, the names that its ``next_functions`` lead to, and every ``_saved_*`` attribute that PyTorch's has. Printed
are how many there are and how many differ, and the differences by node and attribute, the most frequent first.
"""

import argparse
import itertools
import re
import warnings
from collections import Counter
from fnmatch import fnmatchcase

import torch
from torch.testing._internal.common_utils import set_rng_seed

from .cases import SEED, Side
from .checks import _leaf
from .compare import difference
from .entries import entries
from .translate import Missing

# What differs, a node and what of it as `differences` names them, and why.
REASONS = {
    r"MulBackward1\.next_functions": "ndtr is computed at once",
    r"Native(Group|Batch)Norm\w+\d(\._saved_result| is )": "statistics that are returned are computed apart",
    r"CopySlices\.next_functions": "circular padding is one copy",
    r"(UnsafeMaskedIndex\w*|SoftmaxBackwardData)Backward0 is": "private functions are made of public ones",
    r"SqueezeBackward4\.next_functions": "one quantile is found without a dimension of its own",
    r"is NllLossBackward0": "linear_cross_entropy is computed at once",
}

# What PyTorch itself does not fix: signs and phases of vectors that LAPACK finds, and memory that is not written.
FREE_SIGNS = re.compile(
    r"LinalgSvdBackward0\._saved_(U|Vh)|MmBackward0\._saved_mat2|Linalg(Eigh?|Qr)Backward0\._saved_\w+"
)
UNWRITTEN = re.compile(r"RreluWithNoiseBackward0\._saved_noise|CtcLossBackward0\._saved_result1")


def free(what, mine, other):
    """Whether tensors differ in what PyTorch does not fix alone."""
    if not isinstance(other, torch.Tensor) or getattr(mine, "shape", None) != other.shape:
        return False
    if UNWRITTEN.search(what):
        return True
    return bool(FREE_SIGNS.search(what)) and difference(mine.abs(), other.abs()) is None


def reason(what):
    """Why a node differs in something, or None."""
    return next((why for pattern, why in REASONS.items() if re.search(pattern, what)), None)


def results(entry, sample):
    """The results of a sample that have nodes, ours and PyTorch's in pairs; none where one of both refuses it."""
    found = []
    for theirs in (False, True):
        side = Side(entry, sample, theirs)
        side.torch.manual_seed(SEED)
        try:
            made = side.operator(side.input, *side.args, **side.kwargs)
        except Missing:
            raise
        except Exception:
            return []
        found.append([t for t in side.tensors([made]) if t.requires_grad])
    return list(zip(*found)) if len(found[0]) == len(found[1]) else []


def names_of_next(node):
    """The names of the nodes that a node's edges lead to, and which of their outputs."""
    return [(None if n is None else n.name(), index) for n, index in node.next_functions]


def attribute(node, name):
    """What a node shows under a name; of an attribute that it lacks or refuses, in words."""
    try:
        return getattr(node, name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def from_the_end(ours, theirs):
    """Whether dimensions that PyTorch shows as unsigned numbers, since they were negative, are counted from 0 here."""
    if isinstance(theirs, tuple):
        if not isinstance(ours, tuple) or len(ours) != len(theirs):
            return False
        others = [(a, b) for a, b in zip(ours, theirs) if type(a) is not type(b) or not isinstance(b, int) or a != b]
        return bool(others) and all(from_the_end(a, b) for a, b in others)
    return isinstance(theirs, int) and theirs >= 2**63 and isinstance(ours, int) and ours < 2**63


class Count:
    """What was compared.

    Attributes:
        numbers: how many nodes, edges and attributes there were, and how many differ.
        differences: by node and what of it, where and how.
    """

    def __init__(self):
        self.numbers = Counter()
        self.differences = {}

    def __str__(self):
        n = self.numbers
        return (
            f"{n['nodes']} nodes: {n['names']} names differ, {n['next']} next_functions; {n['attributes']} saved "
            f"attributes: {n['saved']} differ; {n['from the end']} more are dimensions that were counted from the end, "
            f"{n['free']} differ where PyTorch itself fixes nothing"
        )

    def differs(self, kind, what, where):
        self.numbers[kind] += 1
        self.differences.setdefault(what, []).append(where)

    def compare(self, ours, theirs, where):
        """Compares what two results show of their nodes."""
        a, b = ours.grad_fn, theirs.grad_fn
        if b is None:
            return
        self.numbers["nodes"] += 1
        if a is None or a.name() != b.name():
            self.differs("names", f"{b.name()} is {None if a is None else a.name()}", where)
            return
        mine, others = names_of_next(a), names_of_next(b)
        if mine != others:
            self.differs("next", f"{b.name()}.next_functions", f"{where}: {mine} instead of {others}")
        for name in dir(b):
            if name.startswith("_saved_"):
                self.compare_saved(attribute(a, name), attribute(b, name), f"{b.name()}.{name}", where)

    def compare_saved(self, mine, other, what, where):
        """Compares an attribute of two nodes."""
        self.numbers["attributes"] += 1
        if isinstance(other, str) and other.startswith("RuntimeError"):
            return  # PyTorch itself cannot show it
        if from_the_end(mine, other):
            self.numbers["from the end"] += 1
            return
        found = difference(mine, other)
        if found is None and isinstance(other, torch.Tensor) and mine.requires_grad != other.requires_grad:
            found = f"requires_grad {mine.requires_grad}"
        if found is not None and free(what, mine, other):
            self.numbers["free"] += 1
        elif found is not None:
            self.differs("saved", what, f"{where}: {found}")


def counted(names=(), samples=4):
    """The count over the first samples of all entries, or of those whose names match a pattern.

    Args:
        names: patterns with shell wildcards; all entries if there are none.
        samples: how many of each dtype.
    """
    count = Count()
    for entry in entries():
        if (names and not any(fnmatchcase(entry.name, n) for n in names)) or not entry.info.supports_autograd:
            continue
        for dtype in entry.dtypes(("float64", "complex128"), backward=True):
            set_rng_seed(SEED)
            made = entry.info.sample_inputs_func(entry.info, "cpu", dtype, True)
            # All of them before the first is run, which sets the seed anew.
            for i, sample in enumerate(list(itertools.islice(made, samples))):
                where = f"{entry.name} {str(dtype).removeprefix('torch.')} {i}"
                try:
                    pairs = results(entry, sample.transform(_leaf))
                except Missing:
                    break
                for ours, theirs in pairs:
                    count.compare(ours, theirs, where)
    return count


def main():
    """Prints the count and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of entries, with shell wildcards; all if none")
    parser.add_argument("--samples", type=int, default=4, help="how many samples of each dtype")
    parser.add_argument("--each", type=int, default=1, help="how many examples of each difference to print")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    count = counted(options.names, options.samples)
    for what, found in sorted(count.differences.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):5} {what}: {reason(what) or 'no reason'}")
        print(*(f"          {text}" for text in found[: options.each]), sep="\n")
    print(count)


if __name__ == "__main__":
    main()
