"""The threads' side of `pool`: sharing out the pieces of one job, and waiting for the next.

A job is a kernel, its arguments, and a range ``0 .. total`` that is handed out `grain` at a time to whoever asks
next. The launching thread works too, so a job gets done however late the others wake up.
"""

from numba import njit

from ..pool import (
    ACTIVE,
    ARGS,
    ASLEEP,
    BUSY,
    CONDITION,
    FUNCTION,
    GRAIN,
    JOBS,
    LIMIT,
    LOCK,
    MOST,
    MUTEX,
    NEXT,
    OPEN,
    TOTAL,
    UNLOCK,
    WAIT,
    WAKE,
    YIELD,
)  # fmt: skip
from .builder import entry
from .simd import atomic_add, atomic_load, atomic_store, atomic_swap, call_kernel, call_system, pause


@njit
def _share(pool, thread):
    """Takes pieces of the open job until none is left."""
    function = atomic_load(pool + FUNCTION)
    args = atomic_load(pool + ARGS)
    total = atomic_load(pool + TOTAL)
    grain = atomic_load(pool + GRAIN)
    while True:
        begin = atomic_add(pool + NEXT, grain)
        if begin >= total:
            return
        call_kernel(function, args, begin, min(begin + grain, total), thread)


@entry(6)
def launch(pool, function, args, total, grain, most):
    """Runs a job on at most `most` threads, or on this one alone if it is small or another thread's job is running."""
    if total <= grain or min(most, atomic_load(pool + LIMIT)) < 2 or atomic_swap(pool + BUSY, 1) != 0:
        call_kernel(function, args, 0, total, 0)
        return
    atomic_store(pool + FUNCTION, function)
    atomic_store(pool + ARGS, args)
    atomic_store(pool + TOTAL, total)
    atomic_store(pool + GRAIN, grain)
    atomic_store(pool + MOST, most)
    atomic_store(pool + NEXT, 0)
    job = atomic_add(pool + JOBS, 1) + 1
    atomic_store(pool + OPEN, job)
    if atomic_load(pool + ASLEEP) != 0:
        call_system(atomic_load(pool + LOCK), pool + MUTEX, 0)
        call_system(atomic_load(pool + WAKE), pool + CONDITION, 0)
        call_system(atomic_load(pool + UNLOCK), pool + MUTEX, 0)
    _share(pool, 0)
    # Whoever joins from now on sees that the job is closed; whoever joined before is counted.
    atomic_store(pool + OPEN, 0)
    while atomic_load(pool + ACTIVE) != 0:
        pause()
    atomic_store(pool + BUSY, 0)


@njit
def _sleep(pool, jobs):
    """Sleeps until there were more than so many jobs."""
    call_system(atomic_load(pool + LOCK), pool + MUTEX, 0)
    atomic_add(pool + ASLEEP, 1)
    # A launch counts its job first and looks for sleepers then, so one of the two sees the other.
    while atomic_load(pool + JOBS) == jobs:
        call_system(atomic_load(pool + WAIT), pool + CONDITION, pool + MUTEX)
    atomic_add(pool + ASLEEP, -1)
    call_system(atomic_load(pool + UNLOCK), pool + MUTEX, 0)


@entry(3)
def work(pool, thread, patience):
    """Joins jobs, for ever; sleeps when none came for `patience` looks."""
    seen = 0
    idle = 0
    while True:
        jobs = atomic_load(pool + JOBS)
        job = atomic_load(pool + OPEN)
        if job != 0 and job != seen and thread < atomic_load(pool + LIMIT):
            atomic_add(pool + ACTIVE, 1)
            if atomic_load(pool + OPEN) == job and thread < atomic_load(pool + MOST):
                _share(pool, thread)
            atomic_add(pool + ACTIVE, -1)
            seen = job
            idle = 0
        elif idle < patience:
            pause()
            idle += 1
            # After a while, others may have something to do here: BLAS has threads, too.
            if idle > 4000 and idle % 64 == 0:
                call_system(atomic_load(pool + YIELD), 0, 0)
        else:
            _sleep(pool, jobs)
            idle = 0
