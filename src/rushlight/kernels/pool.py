"""The threads that compiled kernels run on.

One pool serves the whole process. Its workers are Python threads that spend their lives inside a compiled function
(`compiled.pool.work`), without the interpreter's lock: they look for the next job for a fraction of a millisecond, join
it if one comes, and otherwise sleep until the next launch. A launching thread never waits for a sleeper: it starts the
job itself, and whoever is awake in time helps.

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
PARTS = 1 * LINE  # how many parts the job has
ACTIVE = 2 * LINE  # how many workers are in the job
BUSY = 3 * LINE  # 1 while a thread launches
JOBS = 4 * LINE  # how many jobs there were
LIMIT = 5 * LINE  # how many threads may work, the launching one included
FUNCTION, ARGS, GRAIN, MOST = 6 * LINE, 6 * LINE + 8, 6 * LINE + 16, 6 * LINE + 24
PROCESSOR = 6 * LINE + 32  # which one the launching thread is on
ASLEEP = 7 * LINE  # how many workers sleep
# Addresses of the system's functions.
LOCK, UNLOCK, WAIT, WAKE, YIELD = 8 * LINE, 8 * LINE + 8, 8 * LINE + 16, 8 * LINE + 24, 8 * LINE + 32
GETCPU, GETAFFINITY, SETAFFINITY = 8 * LINE + 40, 8 * LINE + 48, 8 * LINE + 56  # Linux's; all 0 elsewhere
MUTEX, CONDITION = 9 * LINE, 11 * LINE  # what these work on
PART = 13 * LINE  # for each part, where its next piece begins and where it ends
MOST_PARTS = 256
SIZE = PART + MOST_PARTS * LINE

# How often a worker looks for a job before it goes to sleep: some 0.3 ms, which bridges the Python between two kernels.
_PATIENCE = 12000


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
        self._launch = ctypes.CFUNCTYPE(None, words, words, ctypes.c_char_p, words, words, words)(launch)
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
        self._can_sleep = _set_up_sleep(self._address)
        self.set_threads(threads)

    def set_threads(self, threads: int) -> None:
        """Sets how many threads compute."""
        self.threads = threads if self._can_sleep else 1
        self._limit.value = self.threads

    def launch(self, function: int, args: bytes, total: int, grain: int, most: int) -> None:
        """Runs a compiled kernel over ``0 .. total``, `grain` pieces at a time, and returns when all is done.

        At most `most` threads take part, whatever `set_threads` says meanwhile.
        """
        if total > grain and self._workers < self.threads - 1:
            self._hire()
        self._launch(self._address, function, args, total, grain, most)

    def _hire(self) -> None:
        while self._workers < self.threads - 1:
            self._workers += 1
            # The memory is among the arguments so that it lives as long as the worker.
            arguments = (self._work, self._words, self._address, self._workers)
            try:
                threading.Thread(target=_live, args=arguments, name="rushlight", daemon=True).start()
            except RuntimeError:  # the system gives no more threads, or the program is ending: those there are compute
                self._workers = self.threads


def _live(work: Any, words: Any, address: int, number: int) -> None:
    work(address, number, _PATIENCE)


# What moves a thread to another processor.
_PLACING = ("getcpu", "sched_getaffinity", "sched_setaffinity")


def _store_addresses(system: ctypes.CDLL, names: tuple[str, ...], place: int) -> None:
    for i, name in enumerate(names):
        function = ctypes.cast(getattr(system, name), ctypes.c_void_p).value
        ctypes.c_void_p.from_address(place + 8 * i).value = function


def _set_up_sleep(address: int) -> bool:
    """Prepares what threads sleep on (a mutex and a condition of POSIX); False where the system has none."""
    system = ctypes.CDLL(None) if os.name == "posix" else None
    names = ("pthread_mutex_lock", "pthread_mutex_unlock", "pthread_cond_wait", "pthread_cond_broadcast", "sched_yield")
    if system is None or not all(hasattr(system, name) for name in names):
        return False
    _store_addresses(system, names, address + LOCK)
    if all(hasattr(system, name) for name in _PLACING):
        _store_addresses(system, _PLACING, address + GETCPU)
    system.pthread_mutex_init(ctypes.c_void_p(address + MUTEX), None)
    system.pthread_cond_init(ctypes.c_void_p(address + CONDITION), None)
    return True
