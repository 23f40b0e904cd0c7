"""What this machine can do at best: the two rates from which a workload's floor follows."""

from collections.abc import Callable

from bench import programs
from bench.alternate import Session, workers
from bench.libraries import PYTORCH, RUSHLIGHT

TRIALS = 5


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
