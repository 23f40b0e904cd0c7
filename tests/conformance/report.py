"""A table of all entries and checks: ``python -m tests.conformance.report [--failures] [--check C] [NAME ...]``.

Each entry runs in a process of its own, so that one that hangs or dies is a line of the table and not its end.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path


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
    parser.add_argument("--workers", type=int, default=1, help="how many entries run at once")
    parser.add_argument("--limit", type=float, default=1500, help="after how many seconds an entry is ended")
    parser.add_argument("--keep", type=Path, help="a folder for the results: entries that have theirs there do not run")
    options = parser.parse_args(argv)
    if options.trace:
        os.environ["RUSHLIGHT_CONFORMANCE_TRACE"] = "1"
    from .entries import entries

    chosen = [e for e in entries() if not options.names or any(_matches(e, n) for n in options.names)]
    if options.part:
        part, parts = map(int, options.part.split("/"))
        chosen = chosen[part - 1 :: parts]
    if len(chosen) > len(_WARMING):
        _warm()
    totals = defaultdict(lambda: [0, 0])
    for entry, found in _results(chosen, options):
        marks, lines, whole = [], [], True
        for name, (ran, wrong) in found["checks"].items():
            totals[name][0] += not wrong
            totals[name][1] += 1
            marks.append(f"{name} {ran - len(wrong)}/{ran}" if wrong else name)
            lines += [f"    {name}: {label}: {text}" for label, text in (wrong if options.all else wrong[:1])]
            whole &= not wrong
        totals["all checks"][0] += whole
        totals["all checks"][1] += 1
        if lines or not options.failures:
            print(f"{'ok  ' if whole else 'FAIL'} {entry.name} ({found['seconds']:.1f} s): {', '.join(marks)}")
            print(*lines, sep="\n", end="\n" if lines else "")
            sys.stdout.flush()
    from .checks import CHECKS

    print("\ncheck            agree     of")
    for name in (*CHECKS, "all checks"):
        if name in totals:
            good, of = totals[name]
            print(f"{name:15} {good:6} {of:6}  {100 * good / of:6.2f} %")
    return 0 if totals["all checks"][0] == totals["all checks"][1] else 1


_WARMING = ("add", "fft.rfft", "linalg.solve", "erfinv")


def _warm():
    """Runs some entries here, so that what is imported on first use is imported once and not in every fork.

    PyTorch keeps to one thread: a fork has none of the threads of OpenMP's pool, and would wait for them for ever.
    """
    import torch

    from .checks import applicable, failures
    from .entries import entries

    torch.set_num_threads(1)
    for entry in entries():
        if entry.name in _WARMING:
            for check in applicable(entry).values():
                for _ in failures(entry, check, full=False):
                    pass


def _matches(entry, pattern):
    return fnmatchcase(entry.name, pattern) or fnmatchcase(entry.info.name, pattern)


def _results(chosen, options):
    """Runs each entry in a fork, some at once; yields it with what was found, as it is done."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        waiting, running = list(reversed(chosen)), {}
        while waiting or running:
            while waiting and len(running) < options.workers:
                entry = waiting.pop()
                file = folder / f"{entry.name}.json"
                if file.exists():
                    yield entry, json.loads(file.read_text())
                    continue
                pid = os.fork()
                if not pid:
                    _run(entry, options, file)
                running[pid] = entry, file, time.time()
            time.sleep(0.02)
            for pid, (entry, file, began) in list(running.items()):
                ended, status = os.waitpid(pid, os.WNOHANG)
                took = time.time() - began
                if not ended and took > options.limit:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                elif not ended:
                    continue
                del running[pid]
                if not file.exists():
                    why = f"died with status {status}" if ended else f"took more than {options.limit:.0f} s"
                    _write(file, {check: (1, [("the process", why)]) for check in _names(entry, options)}, took)
                yield entry, json.loads(file.read_text())


def _names(entry, options):
    from .checks import applicable

    return [name for name in applicable(entry) if not options.check or name in options.check]


def _run(entry, options, file):
    """Runs the checks of an entry and writes what they found; the end of a forked process."""
    from . import checks

    began, found = time.time(), {}
    for name in _names(entry, options):
        ran, wrong = 0, []
        try:
            for label, text in checks.failures(entry, checks.applicable(entry)[name], full=not options.thin):
                ran += 1
                if text is not None:
                    wrong.append((label, text))
        except Exception as error:
            ran += 1
            wrong.append(("the suite itself", f"{type(error).__name__}: {error}"[:300]))
        found[name] = ran, wrong
    _write(file, found, time.time() - began)
    os._exit(0)


def _write(file, found, seconds):
    part = file.with_suffix(".part")
    part.write_text(json.dumps({"checks": found, "seconds": seconds}))
    part.rename(file)


if __name__ == "__main__":
    sys.exit(main())
