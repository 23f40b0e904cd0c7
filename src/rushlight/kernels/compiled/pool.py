"""The threads' side of `pool`: sharing out the pieces of one job, and waiting for the next.

A job is a kernel, its arguments, and a range ``0 .. total``, of which each thread has a part of its own. It takes
`grain` at a time from that, and then from the parts of others, so a job gets done however late some of them wake up.
The launching thread works too. Whoever computed a piece computes the same one of the next job, if all are in time: what
the one job wrote and the other reads is then in the cache of that thread's processor.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ..pool import (
    ACTIVE,
    ARGS,
    ASLEEP,
    BUSY,
    CONDITION,
    FUNCTION,
    GETAFFINITY,
    GETCPU,
    GRAIN,
    JOBS,
    LIMIT,
    LINE,
    LOCK,
    MOST,
    MOST_PARTS,
    MUTEX,
    OPEN,
    PART,
    PARTS,
    PROCESSOR,
    SETAFFINITY,
    UNLOCK,
    WAIT,
    WAKE,
    YIELD,
)  # fmt: skip
from .builder import entry
from .simd import atomic_add, atomic_load, atomic_store, atomic_swap, call_kernel, call_system, local_words, pause

# Words of a set of processors, as the system's functions take it; before it one word more.
_SET = 16
_room = local_words(1 + _SET)


@intrinsic
def _call_affinity(typing: Any, function: Any, processors: Any) -> Any:
    """Calls one of the two functions that get and set where this thread may run."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        word, number = ir.IntType(64), ir.IntType(32)
        kind = ir.FunctionType(number, [number, word, word])
        size = ir.Constant(word, 8 * _SET)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), [ir.Constant(number, 0), size, values[1]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), emit


@njit
def _move_over(pool):
    """Leaves the processor of the launching thread, if this one was put there too.

    They would run in turns of milliseconds, even with another processor free: the system takes a thread that mostly
    waits for one that needs none.
    """
    if atomic_load(pool + GETCPU) == 0:
        return
    here = _room()
    atomic_store(here, 0)
    call_system(atomic_load(pool + GETCPU), here, 0)
    processor = atomic_load(here)
    if processor != atomic_load(pool + PROCESSOR) or processor >= 64 * _SET:
        return
    processors = here + 8
    _call_affinity(atomic_load(pool + GETAFFINITY), processors)
    place = processors + processor // 64 * 8
    allowed = atomic_load(place)
    atomic_store(place, allowed & ~(1 << processor % 64))
    _call_affinity(atomic_load(pool + SETAFFINITY), processors)
    atomic_store(place, allowed)
    _call_affinity(atomic_load(pool + SETAFFINITY), processors)


@njit
def _share(pool, thread):
    """Takes pieces of the open job until none is left."""
    function = atomic_load(pool + FUNCTION)
    args = atomic_load(pool + ARGS)
    grain = atomic_load(pool + GRAIN)
    parts = atomic_load(pool + PARTS)
    for i in range(thread, thread + parts):
        part = pool + PART + i % parts * LINE
        end = atomic_load(part + 8)
        while atomic_load(part) < end:
            begin = atomic_add(part, grain)
            if begin < end:
                call_kernel(function, args, begin, min(begin + grain, end), thread)


@entry(6)
def launch(pool, function, args, total, grain, most):
    """Runs a job on at most `most` threads, or on this one alone if it is small or another thread's job is running."""
    parts = min(most, atomic_load(pool + LIMIT), MOST_PARTS)
    if total <= grain or parts < 2 or atomic_swap(pool + BUSY, 1) != 0:
        call_kernel(function, args, 0, total, 0)
        return
    atomic_store(pool + FUNCTION, function)
    atomic_store(pool + ARGS, args)
    atomic_store(pool + GRAIN, grain)
    atomic_store(pool + MOST, most)
    atomic_store(pool + PARTS, parts)
    pieces = (total + grain - 1) // grain
    for i in range(parts):
        atomic_store(pool + PART + i * LINE, min(pieces * i // parts * grain, total))
        atomic_store(pool + PART + i * LINE + 8, min(pieces * (i + 1) // parts * grain, total))
    if atomic_load(pool + GETCPU) != 0:
        call_system(atomic_load(pool + GETCPU), pool + PROCESSOR, 0)
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
                _move_over(pool)
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
            _move_over(pool)
            idle = 0
