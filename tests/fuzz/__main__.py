"""``python -m tests.fuzz``: the long run."""

import argparse
import time
import traceback

import torch

import rushlight

from .compare import Difference, Tally, run
from .shrinking import shrink


def main():
    parser = argparse.ArgumentParser(description="Runs random programs in PyTorch and Rushlight and compares.")
    parser.add_argument("--calls", type=int, default=100_000, help="how many calls to make")
    parser.add_argument("--seed", type=int, default=0, help="the first program's seed; the next ones follow")
    parser.add_argument("--most", type=int, default=20, help="stop after so many differences")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rushlight.set_num_threads(1)
    tally, found, seed, start = Tally(), 0, options.seed, time.monotonic()
    while tally.calls < options.calls and found < options.most:
        try:
            run(seed, tally)
        except Difference as difference:
            found += 1
            print(f"---- seed {seed}: {shrink(difference)}\n", flush=True)
        except Exception:
            found += 1
            print(f"---- seed {seed}: the fuzzer itself failed\n{traceback.format_exc()}", flush=True)
        seed += 1
    print(f"{tally}; {found} differences; seeds {options.seed} to {seed - 1}; {time.monotonic() - start:.0f} s")
    raise SystemExit(found > 0)


main()
