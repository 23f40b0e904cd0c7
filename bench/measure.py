"""Measuring two libraries in one alternating run.

Clocks, caches and neighbours change from one minute to the next, and a ratio of two times taken minutes apart says
little. So each round times both libraries, one right after the other and in changing order, and the ratio is formed
round by round.
"""

import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Workload:
    """The same work twice: `reference` on PyTorch and `candidate` on Rushlight, each call doing it `inner` times."""

    name: str
    reference: Callable[[], object]
    candidate: Callable[[], object]
    inner: int = 1
    target: float | None = None


@dataclass(frozen=True)
class Result:
    """Median times in microseconds, and the median and quartiles of the ratio over the rounds."""

    name: str
    reference_us: float
    candidate_us: float
    ratio: float
    ratio_low: float
    ratio_high: float
    target: float | None

    @property
    def missed(self) -> bool:
        """Whether there is a target and the ratio is above it."""
        return self.target is not None and self.ratio > self.target


def compare(workload: Workload, rounds: int, slice_seconds: float = 0.004) -> Result:
    """Time a workload in alternating slices of about `slice_seconds` each."""
    times: dict[Callable, list[float]] = {workload.reference: [], workload.candidate: []}
    repeats = {}
    for run in times:
        run()
        run()
        start = time.perf_counter()
        run()
        repeats[run] = max(1, int(slice_seconds / (time.perf_counter() - start)))
    order = list(times)
    for _ in range(rounds):
        for run in order:
            repeat = repeats[run]
            run()  # brings the caches back to this library
            start = time.perf_counter()
            for _ in range(repeat):
                run()
            times[run].append((time.perf_counter() - start) / (repeat * workload.inner) * 1e6)
        order.reverse()
    return result(workload.name, times[workload.reference], times[workload.candidate], workload.target)


def result(name: str, reference_us: list[float], candidate_us: list[float], target: float | None) -> Result:
    """Summarise the times of both, taken round by round."""
    ratios = [b / a for a, b in zip(reference_us, candidate_us)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Result(name, statistics.median(reference_us), statistics.median(candidate_us), middle, low, high, target)


def readable(us: float) -> str:
    """Return a time of so many microseconds in ten characters."""
    return f"{us:7.2f} us" if us < 1000 else f"{us / 1000:7.2f} ms"


def quiet() -> None:
    """Collect now and keep what exists out of later collections, so that none falls into a measurement by chance."""
    gc.collect()
    gc.freeze()


def report(results: Iterable[Result], json_path: str | None = None) -> list[Result]:
    """Print each result as it comes, write all as JSON when asked, and return them."""
    print(f"{'':46} {'PyTorch':>10} {'Rushlight':>10}   {'ratio (quartiles)':22} target")
    done = []
    for r in results:
        goal = "" if r.target is None else f"{r.target:5.2f}" + ("  missed" if r.missed else "")
        spread = f"{r.ratio:5.2f} ({r.ratio_low:.2f} to {r.ratio_high:.2f})"
        print(f"{r.name:46} {readable(r.reference_us)} {readable(r.candidate_us)}   {spread:22} {goal}", flush=True)
        done.append(r)
    if json_path is not None:
        with open(json_path, "w") as file:
            json.dump(
                {"python": sys.version, "machine": platform.platform(), "results": list(map(asdict, done))},
                file,
                indent=1,
            )
    return done
