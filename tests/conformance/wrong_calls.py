"""Wrong calls: ``python -m tests.conformance.wrong_calls [--samples N] [--list] [NAME ...]``.

For the first samples of every entry one argument at a time is spoiled: a boolean becomes an integer, a number text, a
tensor a list. Where PyTorch refuses the call, so should we, with the same type of exception; where it accepts it, so
should we. Printed are how many calls differ, by the operator and by what was made of which kind of argument.
"""

import argparse
import itertools
import warnings
from collections import Counter
from fnmatch import fnmatchcase

import torch
from torch.testing._internal.common_utils import set_rng_seed

from .cases import SEED, Side
from .entries import entries
from .translate import Missing

# What an argument of a kind is replaced by.
SPOILED = {
    "bool": (1, None, "a", 1.5, [True]),
    "int": (None, "a", 1.5, [1], 30, -30, True),
    "float": (None, "a", [1.0], 1j),
    "complex": (None, "a", [1.0]),
    "str": (None, 1, "nothing"),
    "NoneType": ("a", 1.5, 30, [1.5]),
    "dtype": (None, "a", 1),
    "tuple": (None, "a", 1.5, (), ("a",), (1.5,), 30),
    "list": (None, "a", 1.5, [], ["a"], [1.5], 30),
    "Tensor": (None, "a", 1, 1.5, [1.0], torch.float64, torch.zeros(7, 0, 3), torch.zeros(2, 3, dtype=torch.complex64)),
}


def kind(value):
    """The kind of an argument, one of `SPOILED`; None for others."""
    found = "Tensor" if isinstance(value, torch.Tensor) else type(value).__name__
    return found if found in SPOILED else None


def shown(value):
    """A replaced argument in words."""
    return f"Tensor {list(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)


def spoiled(sample):
    """Yields samples with one argument spoiled, and what was done in words."""
    places = [("input", sample.input), *enumerate(sample.args), *sample.kwargs.items()]
    for place, value in places:
        for instead in SPOILED.get(kind(value), ()):
            if isinstance(value, (bool, int, float, str)) and type(instead) is type(value) and instead == value:
                continue
            input, args, kwargs = sample.input, list(sample.args), dict(sample.kwargs)
            if place == "input":
                input = instead
            elif isinstance(place, int):
                args[place] = instead
            else:
                kwargs[place] = instead
            words = f"{place}: {kind(value)} -> {shown(instead)}"
            yield words, type(sample)(input, args=tuple(args), kwargs=kwargs)


def outcome(entry, sample, theirs):
    """The type of the exception that a call raises (or ``"accepted"``), and its first line."""
    side = Side(entry, sample, theirs)
    side.torch.manual_seed(SEED)
    try:
        side.operator(side.input, *side.args, **side.kwargs)
    except Missing:
        raise
    except Exception as error:
        return type(error).__name__, str(error).partition("\n")[0]
    return "accepted", ""


def differences(entry, count):
    """Yields, for each wrong call of an entry, the words and both outcomes (None where they agree)."""
    dtypes = entry.dtypes(("float64", "int64", "bool"))[:1]
    for dtype in dtypes:
        set_rng_seed(SEED)
        for sample in list(itertools.islice(entry.info.sample_inputs_func(entry.info, "cpu", dtype, False), count)):
            for words, wrong in spoiled(sample):
                theirs, ours = outcome(entry, wrong, True), outcome(entry, wrong, False)
                yield words, None if ours[0] == theirs[0] else (ours, theirs)


def main(argv=None):
    """Prints what differs; the exit status is 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of entries, with shell wildcards; all if none")
    parser.add_argument("--samples", type=int, default=3, help="how many samples of each entry")
    parser.add_argument("--list", action="store_true", help="print every call that differs")
    options = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    calls, by_entry, by_class = 0, Counter(), Counter()
    for entry in entries():
        if options.names and not any(fnmatchcase(entry.name, n) for n in options.names):
            continue
        try:
            for words, found in differences(entry, options.samples):
                calls += 1
                if found is None:
                    continue
                (ours, text), (theirs, their_text) = found
                by_entry[entry.name] += 1
                by_class[f"{words.partition(': ')[2]}: {ours} instead of {theirs}"] += 1
                if options.list:
                    print(f"{entry.name}: {words}: {ours} ({text}) instead of {theirs} ({their_text})", flush=True)
        except Missing:
            continue
    for what, count in by_class.most_common(40):
        print(f"{count:6} {what}")
    for name, count in by_entry.most_common(60):
        print(f"{count:6} {name}")
    print(f"{calls} wrong calls, {by_class.total()} with another type of exception")
    return int(bool(by_class))


if __name__ == "__main__":
    raise SystemExit(main())
