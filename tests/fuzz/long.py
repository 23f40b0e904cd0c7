"""The long run: programs of many seeds in other processes, so that one which does not end is reported and left."""

import faulthandler
import multiprocessing
import multiprocessing.connection
import os
import tempfile
import time
import traceback

import torch

import rushlight

from .compare import Difference, Tally, run
from .shrinking import shrink


def checked(seed):
    """Runs the program of a seed. Returns what was compared, and the difference in words or None."""
    tally = Tally()
    try:
        run(seed, tally)
    except Difference as difference:
        return tally, str(shrink(difference))
    except Exception:
        return tally, f"the fuzzer itself failed\n{traceback.format_exc()}"
    return tally, None


def _work(pipe, check, seeds, calls, seconds, trace):
    """Checks seeds until so many calls are made; sends each seed before its check and what was found after it.

    A check that takes more than `seconds` ends the process, wherever it is: its stack, in which lines of programs stand
    as names of files, is what `trace` then holds.
    """
    torch.set_num_threads(1)
    rushlight.set_num_threads(1)
    with open(trace, "w") as file:
        for seed in seeds:
            pipe.send(seed)
            faulthandler.dump_traceback_later(seconds, exit=True, file=file)
            tally, difference = check(seed)
            faulthandler.cancel_dump_traceback_later()
            pipe.send((tally, difference))
            calls -= tally.calls
            if calls <= 0:
                return


class _Worker:
    """A process that checks every so many seeds, and is started again behind one whose check did not end."""

    context = multiprocessing.get_context("spawn")

    def __init__(self, check, first, step, calls, seconds, trace):
        self.check, self.first, self.step, self.calls = check, first, step, calls
        self.seconds, self.trace = seconds, trace
        self.seed = None
        self.start()

    def start(self):
        self.pipe, end = self.context.Pipe(duplex=False)
        seeds = range(self.first, self.first + self.step * 10**9, self.step)
        arguments = end, self.check, seeds, self.calls, self.seconds, self.trace
        self.process = self.context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        end.close()

    def received(self):
        """The tally and the difference of a seed that was checked, if there are any; None when all is done."""
        try:
            message = self.pipe.recv()
        except EOFError:
            self.process.join()
            if self.process.exitcode == 0:
                return None
            with open(self.trace) as file:
                difference = f"did not end, within {self.seconds} s or at all\n{file.read()}"
            self.first = self.first if self.seed is None else self.seed + self.step
            if self.seed is None:
                raise RuntimeError("a process of the long run does not start") from None
            self.seed = None
            self.start()
            return Tally(programs=1), difference
        if isinstance(message, int):
            self.seed = message
            return Tally(), None
        self.calls -= message[0].calls
        return message


def long_run(check, seed, calls, most, processes, seconds, report=print):
    """Checks programs of consecutive seeds; reports each difference, and at the end what was compared.

    Args:
        check: a function of a seed, which a module holds; `checked`.
        seed: the first seed; each process takes every `processes`-th.
        calls: how many calls to make in all.
        most: after how many differences to stop.
        processes: how many processes make them.
        seconds: how long a program may take.
        report: what to do with each text.

    Returns:
        How many differences there were.
    """
    total, found, start = Tally(), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        share = -(-calls // processes)
        traces = [os.path.join(folder, str(i)) for i in range(processes)]
        workers = [_Worker(check, seed + i, processes, share, seconds, t) for i, t in enumerate(traces)]
        last = seed
        while workers and found < most:
            ready = multiprocessing.connection.wait([w.pipe for w in workers])
            for worker in [w for w in workers if w.pipe in ready]:
                at = worker.seed
                message = worker.received()
                if message is None:
                    workers.remove(worker)
                    continue
                total.add(message[0], at)
                last = max(last, worker.seed or 0)
                if message[1] is not None:
                    found += 1
                    report(f"---- seed {at}: {message[1]}\n")
        for worker in workers:
            worker.process.kill()
    report(f"{total}\n{found} differences; seeds {seed} to {last}; {time.monotonic() - start:.0f} s")
    return found
