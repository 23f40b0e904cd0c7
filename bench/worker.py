"""The process in which one library does its share: `python -m bench.worker NAME` obeys lines of JSON.

A request is a list: the name of a method of `Worker`, then its arguments. The answer is what the method returned, or
an object with the `error`.
"""

import gc
import importlib
import json
import os
import statistics
import sys
import time
import traceback

import numpy as np

from bench.libraries import BY_NAME, THREADS, Library
from bench.measure import quiet


class Worker:
    """Prepares work and does it, one piece of work at a time."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.work = None
        self.torch = None
        if library.module is not None:
            self.torch = importlib.import_module(library.module)
            self.torch.set_num_threads(THREADS)

    def prepare(self, program: str, arguments: dict, layouts: bool, file: str | None) -> dict:
        """Build the work, do it once, save what it computed in `file`; return False if the peer has no such program."""
        self.work = None
        gc.unfreeze()
        gc.collect()
        module, name = program.split(":")
        if self.torch is not None:
            if layouts:
                arguments = arguments | {"channels_last": self.library.channels_last}
            self.work = getattr(importlib.import_module(module), name)(self.torch, **arguments)
            run = self.work.run
        else:
            run = getattr(importlib.import_module(self.library.programs), name, None)
            if run is None:
                return {"absent": True}
            run = run(**arguments)
        self.run = run
        outcome = [array(value) for value in run()]
        if file is not None:
            np.savez(file, *outcome)
        return {}

    def time(self) -> dict:
        """Return about how many seconds the work takes once it has been done before."""
        quiet()
        return self.repeat(1, warm=True)

    def cost(self) -> dict:
        """Return the pairs of FLOPs and bytes that the work cannot do without."""
        return {"cost": self.work.cost()}

    def repeat(self, times: int, warm: bool) -> dict:
        """Do the work so many times and return the median of their seconds; with `warm`, once more before.

        The median, because a thread that has to wait while another program has its processor makes a time of
        microseconds one of milliseconds.
        """
        run, clock, taken = self.run, time.perf_counter, []
        if warm:
            run()
        for _ in range(times):
            start = clock()
            run()
            taken.append(clock() - start)
        return {"seconds": statistics.median(taken)}


def array(value) -> np.ndarray:
    """Return a tensor of any of the libraries, or a number, as an array."""
    if hasattr(value, "detach"):
        value = value.detach()
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def main() -> None:
    """Answer requests until there are no more."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    worker = None
    for request in sys.stdin:
        try:
            worker = worker or Worker(BY_NAME[sys.argv[1]])
            method, *arguments = json.loads(request)
            answer = getattr(worker, method)(*arguments)
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=replies, flush=True)


if __name__ == "__main__":
    main()
