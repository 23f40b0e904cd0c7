"""The same work in several libraries, each in a process of its own, in turns.

Processes of their own, so that no library's threads wait actively beside another's; in turns, because a machine is
not as fast now as in a minute.
"""

import json
import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.libraries import (
    OWN,
    PEERS,
    PYTORCH,
    PYTORCH_CHANNELS_LAST,
    ROOT,
    RUSHLIGHT,
    Library,
    Skipped,
    environment,
    interpreter,
)
from bench.measure import Result, mean, result

FEW_ROUNDS = 3
SLICE_SECONDS = 0.1
REST_SECONDS = 0.03  # threads that wait actively for more work give up in that time


@dataclass(frozen=True)
class Case:
    """A program with its arguments, as all libraries run it.

    Attributes:
        name: as it is printed, after that of the workload.
        program: a function of the module `torch` and `arguments` that returns a `Work`. A peer's program is the
            function of that name in the peer's module.
        target: the highest ratio to PyTorch that is good enough.
        without_fast: the same for Rushlight without compiled kernels.
        layouts: whether PyTorch is to be measured channels-last too (the better of the two counts).
        peers: whether there are programs for peers.
        quick: arguments that replace those of the same name in a quick run.
        tolerance: the highest relative distance of the results from PyTorch's.
        share: how long it is measured, relative to others.
    """

    name: str
    program: Callable
    arguments: dict[str, Any]
    target: float | None = None
    without_fast: float | None = None
    layouts: bool = False
    peers: bool = False
    quick: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-4
    share: float = 1.0


@dataclass
class Session:
    """How this run measures (`only` is a text in the names of the chosen cases), and what the machine can do."""

    quick: bool = False
    peers: bool = True
    only: str = ""
    flops_a_second: float = math.inf
    bytes_a_second: float = math.inf

    @property
    def seconds(self) -> float:
        """How long one case is measured, besides its preparation."""
        return 0.4 if self.quick else 15.0

    def floor(self, cost: list[tuple[float, float]]) -> float:
        """Return the least seconds for layers that need so many FLOPs and bytes each."""
        return sum(max(flops / self.flops_a_second, moved / self.bytes_a_second) for flops, moved in cost)


class WorkerError(Exception):
    """A library could not do what it was asked to do."""


class Handle:
    """The parent's end of a worker."""

    def __init__(self, library: Library, session: Session) -> None:
        self.library = library
        # No kernel that is still being compiled falls into a measurement; a quick run installs and compiles nothing.
        wait = {} if session.quick else {"RUSHLIGHT_FAST": "wait"}
        self.process = subprocess.Popen(
            [interpreter(library, install=not session.quick), "-m", "bench.worker", library.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=wait | environment(library),
        )

    def ask(self, method: str, *arguments: object) -> dict[str, Any]:
        """Return the worker's answer.

        Raises:
            WorkerError: it failed.
        """
        assert self.process.stdin and self.process.stdout
        try:
            print(json.dumps([method, *arguments]), file=self.process.stdin, flush=True)
            answer = json.loads(self.process.stdout.readline() or '{"error": "the process ended"}')
        except BrokenPipeError:
            answer = {"error": "the process ended"}
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def prepare(self, program: Callable, arguments: dict, layouts: bool = False) -> list[np.ndarray]:
        """Have the worker build the work and do it once, and return what that computed.

        Raises:
            WorkerError: it failed.
            Skipped: the library has no such program.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "outcome.npz")
            name = f"{program.__module__}:{program.__qualname__}"
            if self.ask("prepare", name, arguments, layouts, str(file)).get("absent"):
                raise Skipped(f"has no program {program.__qualname__}")
            with np.load(file) as arrays:
                return [arrays[key] for key in arrays.files]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


@contextmanager
def workers(libraries: tuple[Library, ...], session: Session) -> Iterator[list[Handle]]:
    """Start a worker for each library that can be had, and say why one cannot."""
    with ExitStack() as stack:
        started = []
        for library in libraries:
            try:
                started.append(Handle(library, session))
                stack.callback(started[-1].close)
            except Skipped as reason:
                print(f"    {library.name} skipped: {reason}", flush=True)
        yield started


def distance(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """Return the L2 norm of the difference of all numbers together, relative to that of `theirs`."""
    if [a.shape for a in ours] != [a.shape for a in theirs]:
        return math.inf
    difference = sum(float(np.sum((a.astype(np.float64) - b) ** 2)) for a, b in zip(ours, theirs))
    size = sum(float(np.sum(b.astype(np.float64) ** 2)) for b in theirs)
    return math.sqrt(difference / size) if size else math.sqrt(difference)


def rounds(handles: list[Handle], seconds: float, most: int = 40) -> dict[Library, list[float]]:
    """Time what the workers have prepared, in turns, for about so many seconds.

    A library that takes more than three times as long as the first takes part in a few rounds only.
    """
    once = {handle: handle.ask("time")["seconds"] for handle in handles}
    times: dict[Library, list[float]] = {handle.library: [] for handle in handles}
    quick = [handle for handle in handles if once[handle] <= 3 * once[handles[0]]]
    end = time.perf_counter() + seconds
    order = list(handles)
    done = 0
    while done < FEW_ROUNDS or (done < most and time.perf_counter() < end):
        if done == FEW_ROUNDS:
            order = [handle for handle in order if handle in quick]
        for handle in order:
            time.sleep(REST_SECONDS)
            repeat = max(1, int(min(SLICE_SECONDS, seconds / 20) / once[handle]))
            answer = handle.ask("repeat", repeat, once[handle] < 1.0)
            times[handle.library].append(answer["seconds"])
        order.reverse()
        done += 1
    return times


def measure(case: Case, handles: list[Handle], session: Session) -> list[Result]:
    """Return the result of each library but the better PyTorch."""
    arguments = case.arguments | (case.quick if session.quick else {})
    name = case.name + (" (quick)" if session.quick and case.quick else "")
    outcomes, taking_part = {}, []
    for handle in handles:
        try:
            outcomes[handle.library] = handle.prepare(case.program, arguments, case.layouts)
            taking_part.append(handle)
        except (Skipped, WorkerError) as reason:
            if handle.library is PYTORCH:
                raise
            print(f"    {case.name}: {handle.library.name} skipped: {str(reason).strip().splitlines()[-1]}", flush=True)
    cost = next(handle for handle in taking_part if handle.library is PYTORCH).ask("cost")["cost"]
    times = rounds(taking_part, session.seconds * case.share)
    references = [library for library in (PYTORCH, PYTORCH_CHANNELS_LAST) if library in times]
    best = min(references, key=lambda library: statistics.median(times[library]))
    targets = {"Rushlight": case.target, "Rushlight without fast": case.without_fast}
    results = []
    for library, taken in times.items():
        if library is best:
            continue
        error = distance(outcomes[library], outcomes[PYTORCH])
        label = "PyTorch contiguous" if library is PYTORCH else library.name
        results.append(
            result(
                name,
                times[best],
                taken,
                targets.get(library.name),
                library=label,
                flops=sum(flops for flops, _ in cost),
                bytes=sum(moved for _, moved in cost),
                floor=session.floor(cost),
                error=error,
                disagrees=not error <= case.tolerance,
            )
        )
    return results


def timed(*cases: Case) -> Callable[[Session], Iterator[Result]]:
    """Return a workload of these cases, measured one after the other by the same workers."""

    def run(session: Session) -> Iterator[Result]:
        chosen = [case for case in cases if session.only in case.name]
        layouts = (PYTORCH_CHANNELS_LAST,) if any(case.layouts for case in chosen) else ()
        peers = PEERS if session.peers and any(case.peers for case in chosen) else ()
        with workers((*OWN, *layouts, *peers), session) as handles:
            for case in chosen:
                yield from measure(case, [h for h in handles if takes_part(h.library, case)], session)

    return run


def takes_part(library: Library, case: Case) -> bool:
    """Return whether a library measures this case."""
    if library is PYTORCH_CHANNELS_LAST:
        return case.layouts
    return library in OWN or case.peers


def averaged(target: float, *cases: Case) -> Callable[[Session], Iterator[Result]]:
    """Return a workload like `timed`'s with one more result: the mean of Rushlight's ratios."""
    each = timed(*cases)

    def run(session: Session) -> Iterator[Result]:
        done = []
        for r in each(session):
            yield r
            if r.library == RUSHLIGHT.name:
                done.append(r)
        if len(done) > 1:
            yield mean("mean of these ratios", done, target)

    return run
