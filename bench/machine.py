"""What this machine can do at best, from which a workload's floor follows; and how much of it others use meanwhile."""

import os
import resource
import time
from collections.abc import Callable

from bench import programs
from bench.alternate import Session, workers
from bench.libraries import PYTORCH, RUSHLIGHT

TRIALS = 15


def rates(session: Session) -> tuple[float, float]:
    """Return float32 operations and bytes a second: the best of both libraries' products and copies."""
    matrix, elements = (1024, 2**22) if session.quick else (2048, 2**26)
    with workers((PYTORCH, RUSHLIGHT), session) as handles:

        def best(program: Callable, arguments: dict[str, int]) -> float:
            """Return how many FLOPs, or bytes where there are none, were done a second."""
            seconds = []
            for handle in handles:
                handle.prepare(program, arguments)
                ((flops, moved),) = handle.ask("cost")["cost"]
                seconds += [handle.ask("repeat", 1, True)["seconds"] for _ in range(TRIALS)]
            return (flops or moved) / min(seconds)

        return best(programs.matmul, {"size": matrix}), best(programs.copy, {"elements": elements})


class Others:
    """The share of the processors that programs besides this one and its children use from now on."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), _busy(), _own()

    def share(self) -> float | None:
        """Return the share until now, once all children have ended; None where the system does not tell."""
        begin, busy, own = self._begin
        if (now := _busy()) is None or busy is None:
            return None
        seconds = (time.perf_counter() - begin) * (os.cpu_count() or 1)
        return max(0.0, now - busy - (_own() - own)) / seconds


def _own() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))


def _busy() -> float | None:
    """Return the seconds that all processors have worked since the system started."""
    try:
        with open("/proc/stat") as file:
            user, nice, system = map(int, file.readline().split()[1:4])
    except OSError:
        return None
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")
