"""A table of all entries and checks: ``python -m tests.conformance.report [--failures] [--check C] [NAME ...]``."""

import argparse
import os
import sys
import time
from collections import defaultdict
from fnmatch import fnmatchcase


def main(argv=None):
    """Prints the table; the exit status is 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of entries, with shell wildcards; all if none")
    parser.add_argument("--failures", action="store_true", help="print only what differs")
    parser.add_argument("--all", action="store_true", help="print every sample that differs, not the first of a check")
    parser.add_argument("--check", action="append", help="run only this check (may be given several times)")
    parser.add_argument("--thin", action="store_true", help="run only the samples that CI runs")
    parser.add_argument("--trace", action="store_true", help="print the traceback of our exceptions")
    parser.add_argument("--part", help="i/n: the i-th of n parts of the list, for running it in pieces")
    options = parser.parse_args(argv)
    if options.trace:
        os.environ["RUSHLIGHT_CONFORMANCE_TRACE"] = "1"
    from . import checks
    from .entries import entries

    chosen = [e for e in entries() if not options.names or any(_matches(e, n) for n in options.names)]
    if options.part:
        part, parts = map(int, options.part.split("/"))
        chosen = chosen[part - 1 :: parts]
    totals = defaultdict(lambda: [0, 0])
    for entry in chosen:
        began, marks, lines, whole = time.time(), [], [], True
        for name, check in checks.applicable(entry).items():
            if options.check and name not in options.check:
                continue
            ran, wrong = _run(checks, entry, check, options)
            totals[name][0] += not wrong
            totals[name][1] += 1
            marks.append(f"{name} {ran - len(wrong)}/{ran}" if wrong else name)
            lines += [f"    {name}: {label}: {text}" for label, text in (wrong if options.all else wrong[:1])]
            whole &= not wrong
        totals["all checks"][0] += whole
        totals["all checks"][1] += 1
        if lines or not options.failures:
            print(f"{'ok  ' if whole else 'FAIL'} {entry.name} ({time.time() - began:.1f} s): {', '.join(marks)}")
            print(*lines, sep="\n", end="\n" if lines else "")
            sys.stdout.flush()
    print("\ncheck            agree     of")
    for name in (*checks.CHECKS, "all checks"):
        if name in totals:
            good, of = totals[name]
            print(f"{name:15} {good:6} {of:6}  {100 * good / of:6.2f} %")
    return 0 if totals["all checks"][0] == totals["all checks"][1] else 1


def _matches(entry, pattern):
    return fnmatchcase(entry.name, pattern) or fnmatchcase(entry.info.name, pattern)


def _run(checks, entry, check, options):
    ran, wrong = 0, []
    try:
        for label, text in checks.failures(entry, check, full=not options.thin):
            ran += 1
            if text is not None:
                wrong.append((label, text))
    except Exception as error:
        ran += 1
        wrong.append(("the suite itself", f"{type(error).__name__}: {error}"[:300]))
    return ran, wrong


if __name__ == "__main__":
    sys.exit(main())
