"""The threads that compiled kernels run on.

One pool serves the whole process. Its workers are Python threads that spend their lives inside a compiled function
(`compiled.pool.work`), without the interpreter's lock: they look for the next job for a fraction of a millisecond, join
it if one comes, and otherwise return to Python to sleep on a lock. A launching thread never waits for a sleeper: it
starts the job itself, and whoever is awake in time helps.

Several Python threads may launch at once; the first gets the workers, the others compute alone. A forked child starts
with no workers and makes its own.
"""

import ctypes
import os
import threading
from functools import cache
from typing import Any

import numpy as np

# The words that the threads share, as offsets in bytes; most have a cache line of their own so that threads do not
# fight over lines.
LINE = 64
OPEN = 0 * LINE  # the number of the job that can be joined, 0 for none
NEXT = 1 * LINE  # where the next piece begins
ACTIVE = 2 * LINE  # how many workers are in the job
BUSY = 3 * LINE  # 1 while a thread launches
JOBS = 4 * LINE  # how many jobs there were
LIMIT = 5 * LINE  # how many threads may work, the launching one included
FUNCTION, ARGS, TOTAL, GRAIN = 6 * LINE, 6 * LINE + 8, 6 * LINE + 16, 6 * LINE + 24
SIZE = 7 * LINE

# How often a worker looks for a job before it goes to sleep: some 0.4 ms, more than Python takes between two kernels.
_PATIENCE = 16000


@cache
def default_threads() -> int:
    """The number of threads unless told otherwise: ``OMP_NUM_THREADS``, else the processors this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """Threads that share out jobs.

    Args:
        launch: the address of `compiled.pool.launch`.
        work: the address of `compiled.pool.work`.
        threads: how many threads compute, the launching one included.
    """

    def __init__(self, launch: int, work: int, threads: int):
        words = ctypes.c_int64
        self._launch = ctypes.CFUNCTYPE(None, words, words, ctypes.c_char_p, words, words)(launch)
        self._work = ctypes.CFUNCTYPE(None, words, words, words)(work)
        self._start(threads)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: self._start(self.threads))

    def _start(self, threads: int) -> None:
        self._words = np.zeros(SIZE + LINE, np.uint8)
        address = self._words.ctypes.data
        self._address = address + -address % LINE
        self._limit = ctypes.c_int64.from_address(self._address + LIMIT)
        self._workers = 0
        self._asleep: list[Any] = []
        self.set_threads(threads)

    def set_threads(self, threads: int) -> None:
        """Sets how many threads compute."""
        self.threads = threads
        self._limit.value = threads

    def launch(self, function: int, args: bytes, total: int, grain: int) -> None:
        """Runs a compiled kernel over ``0 .. total``, `grain` pieces at a time, and returns when all is done."""
        if total > grain:
            if self._asleep:
                self._wake()
            elif self._workers < self.threads - 1:
                self._hire()
        self._launch(self._address, function, args, total, grain)

    def _wake(self) -> None:
        while self._asleep:
            try:
                self._asleep.pop().release()
            except IndexError:  # another thread woke it
                return

    def _hire(self) -> None:
        while self._workers < self.threads - 1:
            self._workers += 1
            arguments = (self._words, self._address, self._workers, self._asleep)
            threading.Thread(target=self._live, args=arguments, name="rushlight", daemon=True).start()

    def _live(self, words: Any, address: int, number: int, asleep: list[Any]) -> None:
        """A worker's life: work while there is something to do, sleep until woken; `words` keeps the memory alive."""
        bed = threading.Lock()
        bed.acquire()
        while True:
            self._work(address, number, _PATIENCE)
            asleep.append(bed)
            # A job may have begun while this thread waited for the interpreter, too early to be woken for it.
            self._work(address, number, 100)
            bed.acquire()
