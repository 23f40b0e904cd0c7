"""What the graphs of PyTorch's operators show: ``python -m tests.conformance.nodes [--samples N] [NAME ...]``.

For the first samples of every entry, in float64 and complex128, it compares the node of each result with PyTorch's: its
name, the names that its ``next_functions`` lead to, and every ``_saved_*`` attribute that PyTorch's has. It prints how
many there are and how many differ, and the differences by node and attribute, the most frequent first.
"""

import argparse
import itertools
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

DTYPES = torch.float64, torch.complex128


def results(entry, sample):
    """The results of a sample that have nodes, ours and PyTorch's in pairs; none where one of both refuses it."""
    found = []
    for theirs in (False, True):
        side = Side(entry, sample, theirs)
        side.torch.manual_seed(SEED)
        try:
            made = side.operator(side.input, *side.args, **side.kwargs)
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


def compare_saved(ours, theirs, counts, families, where):
    """Counts the attributes of a node that differ."""
    for name in dir(theirs):
        if not name.startswith("_saved_"):
            continue
        counts["saved"] += 1
        mine, other = attribute(ours, name), attribute(theirs, name)
        if isinstance(other, str) and other.startswith("RuntimeError"):
            continue  # PyTorch itself cannot show it
        what = difference(mine, other)
        if what is None and isinstance(other, torch.Tensor) and mine.requires_grad != other.requires_grad:
            what = f"requires_grad {mine.requires_grad}"
        if what is not None:
            counts["saved differ"] += 1
            families.setdefault(f"{theirs.name()}.{name}", []).append(f"{where}: {what}")


def compare(ours, theirs, counts, families, where):
    """Counts what two results show of their nodes, and what of it differs."""
    a, b = ours.grad_fn, theirs.grad_fn
    if b is None:
        return
    counts["nodes"] += 1
    if a is None or a.name() != b.name():
        counts["nodes differ"] += 1
        mine = None if a is None else a.name()
        families.setdefault(f"{b.name()} is {mine}", []).append(where)
        return
    if names_of_next(a) != names_of_next(b):
        counts["next differ"] += 1
        families.setdefault(f"{b.name()}.next_functions", []).append(
            f"{where}: {names_of_next(a)} instead of {names_of_next(b)}"
        )
    compare_saved(a, b, counts, families, where)


def main():
    """Prints the counts and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of entries, with shell wildcards; all if none")
    parser.add_argument("--samples", type=int, default=4, help="how many samples of each dtype")
    parser.add_argument("--each", type=int, default=1, help="how many examples of each difference to print")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    counts, families = Counter(), {}
    for entry in entries():
        if options.names and not any(fnmatchcase(entry.name, n) for n in options.names):
            continue
        for dtype in entry.dtypes(("float64", "complex128"), backward=True) if entry.info.supports_autograd else ():
            set_rng_seed(SEED)
            samples = entry.info.sample_inputs_func(entry.info, "cpu", dtype, True)
            for i, sample in enumerate(itertools.islice(samples, options.samples)):
                where = f"{entry.name} {str(dtype).removeprefix('torch.')} {i}"
                try:
                    pairs = results(entry, sample.transform(_leaf))
                except Missing:
                    break
                for ours, theirs in pairs:
                    compare(ours, theirs, counts, families, where)
    for what, found in sorted(families.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):5} {what}")
        print(*(f"          {text}" for text in found[: options.each]), sep="\n")
    print(
        f"{counts['nodes']} nodes: {counts['nodes differ']} names differ, {counts['next differ']} next_functions; "
        f"{counts['saved']} saved attributes: {counts['saved differ']} differ"
    )


if __name__ == "__main__":
    main()
