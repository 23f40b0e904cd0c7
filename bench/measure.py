"""What a measurement is, and how two libraries are compared in one process.

Clocks, caches and neighbours change from one minute to the next, and a ratio of two times taken minutes apart says
little. So each round times every library, one right after the other and in changing order, and the ratio is formed
round by round. `compare` does so in one process, for work of microseconds; `alternate.py` gives each library a process
of its own.
"""

import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

# For how long a library's threads look for work after a call, in seconds, and a little more.
_REST = 0.01


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
    """The median values of PyTorch and of another library, and the median and quartiles of their ratio over the rounds.

    `target` is the highest ratio that is good enough or, where `absolute`, the highest value. `flops` and `bytes` are
    what the work cannot do without and `floor` the seconds that this machine takes for them at least; `error` is the
    relative distance of what the two libraries computed.
    """

    name: str
    reference: float
    candidate: float
    ratio: float
    ratio_low: float
    ratio_high: float
    target: float | None = None
    absolute: bool = False
    library: str = "Rushlight"
    unit: str = "s"
    flops: float | None = None
    bytes: float | None = None
    floor: float | None = None
    error: float | None = None
    disagrees: bool = False

    @property
    def missed(self) -> bool:
        """Whether there is a target and the result, to the two digits that are printed, is above it."""
        return self.target is not None and round(self.candidate if self.absolute else self.ratio, 2) > self.target


def compare(workload: Workload, rounds: int, slice_seconds: float = 0.004) -> Result:
    """Time a workload in alternating slices of about `slice_seconds` each."""
    reference, candidate = (
        [seconds / workload.inner for seconds in times]
        for times in in_turns([workload.reference, workload.candidate], rounds, slice_seconds)
    )
    return result(workload.name, reference, candidate, workload.target)


def in_turns(
    calls: list[Callable[[], object]], rounds: int, slice_seconds: float = 0.004, rest: float = _REST
) -> list[list[float]]:
    """Return the seconds that each call took in each round, timed in slices one after the other.

    Before a slice the threads of the other library come to rest for some seconds: PyTorch's go on looking for work for
    some milliseconds after a call, on the processors that ours need.
    """
    times: dict[Callable, list[float]] = {run: [] for run in calls}
    repeats = {}
    for run in calls:
        run()
        run()
        start = time.perf_counter()
        run()
        repeats[run] = max(1, int(slice_seconds / (time.perf_counter() - start)))
    order = list(calls)
    for _ in range(rounds):
        for run in order:
            repeat = repeats[run]
            time.sleep(rest)
            for _ in range(-(-repeat // 2)):
                run()  # brings caches and threads back to this library
            start = time.perf_counter()
            for _ in range(repeat):
                run()
            times[run].append((time.perf_counter() - start) / repeat)
        order.reverse()
    return list(times.values())


def result(name: str, reference: list[float], candidate: list[float], target: float | None = None, **more) -> Result:
    """Summarise the values of both, taken round by round; `more` are further fields of the result."""
    ratios = [b / a for a, b in zip(reference, candidate)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Result(
        name, statistics.median(reference), statistics.median(candidate), middle, low, high, target=target, **more
    )


def mean(name: str, results: Iterable[Result], target: float | None) -> Result:
    """Return the arithmetic mean of several ratios as a result of its own, with the quartiles of the ratios."""
    ratios = [r.ratio for r in results]
    low, _, high = statistics.quantiles(ratios, n=4)
    value = statistics.fmean(ratios)
    return Result(name, 1.0, value, value, low, high, target=target, unit="ratio")


def readable(value: float, unit: str = "s") -> str:
    """Return a value in ten characters."""
    if unit == "s":
        scaled, unit = next(((value * s, u) for s, u in ((1e6, "us"), (1e3, "ms")) if value * s < 1000), (value, "s "))
        return f"{scaled:7.2f} {unit}"
    if unit == "bytes":
        return f"{value / 2**20:6.1f} MiB"
    return f"{value:10.2e}" if unit == "error" else f"{value:10.2f}"


def quiet() -> None:
    """Collect now and keep what exists out of later collections, so that none falls into a measurement by chance."""
    gc.collect()
    gc.freeze()


def line(r: Result) -> str:
    """Return a result as a line of the printed table, without its name."""
    unit = " s" if r.absolute and r.unit == "s" else ""
    goal = "" if r.target is None else f"{r.target:5.2f}{unit}" + ("  missed" if r.missed else "")
    spread = "" if r.absolute else f"{r.ratio:5.2f} ({r.ratio_low:.2f} to {r.ratio_high:.2f})"
    text = f"{readable(r.reference, r.unit)} {readable(r.candidate, r.unit)}   {spread:22} {goal}"
    return f"{text}  DISAGREES by {r.error:.1e}" if r.disagrees else text


def report(results: Iterable[Result], json_path: str | None = None) -> list[Result]:
    """Print each result as it comes, write all as JSON when asked, and return them."""
    print(f"{'':46} {'PyTorch':>10} {'Rushlight':>10}   {'ratio (quartiles)':22} target")
    done = []
    for r in results:
        print(f"{r.name:46} {line(r)}", flush=True)
        done.append(r)
    if json_path is not None:
        with open(json_path, "w") as file:
            json.dump(where() | {"results": list(map(asdict, done))}, file, indent=1)
    return done


def where() -> dict[str, str]:
    """Return what a result depends on besides the program."""
    processor = platform.processor()
    try:
        with open("/proc/cpuinfo") as file:
            processor = next(text.split(":")[1].strip() for text in file if text.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"python": sys.version.split()[0], "machine": platform.platform(), "processor": processor}
