"""``python -m tests.fuzz``: the long run."""

import argparse
import functools

from .long import checked, long_run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs random programs in PyTorch and Rushlight and compares.")
    parser.add_argument("--calls", type=int, default=100_000, help="how many calls to make")
    parser.add_argument("--seed", type=int, default=0, help="the first program's seed; the next ones follow")
    parser.add_argument("--most", type=int, default=20, help="stop after so many differences")
    parser.add_argument("--processes", type=int, default=1, help="how many processes share the seeds")
    parser.add_argument("--seconds", type=int, default=60, help="how long a program may take")
    options = parser.parse_args()
    raise SystemExit(long_run(checked, **vars(options), report=functools.partial(print, flush=True)) > 0)
