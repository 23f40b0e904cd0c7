"""What is measured as whole processes: the digits example, the first step, memory, overhead; and what is installed."""

import importlib.metadata
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.alternate import Session, distance
from bench.libraries import OWN, PYTORCH, PYTORCH_CHANNELS_LAST, ROOT, RUSHLIGHT, WITHOUT_FAST, Library, environment
from bench.measure import Result, result


def _process(library: Library, words: list[object], variables: dict[str, str] | None = None) -> str:
    """Run `python -m ...` in the environment of a library and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        env=environment(library) | (variables or {}),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{library.name}: {' '.join(map(str, words))}\n{done.stderr}")
    for notice in re.findall("^rushlight: .*", done.stderr, re.MULTILINE):
        print(f"    ({notice})", flush=True)
    return done.stdout


def _in_turns(libraries: tuple[Library, ...], rounds: int, run: Callable[[Library], float]) -> dict[Library, list]:
    taken: dict[Library, list] = {library: [] for library in libraries}
    order = list(libraries)
    for _ in range(rounds):
        for library in order:
            taken[library].append(run(library))
        order.reverse()
    return taken


def overhead(session: Session) -> Iterator[Result]:
    """The rows of `bench/overhead.py`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "overhead.json")
        _process(RUSHLIGHT, ["bench.overhead", "--rounds", 8 if session.quick else 40, "--json", file])
        for row in json.loads(file.read_text())["results"]:
            yield Result(**row)


def digits(session: Session) -> Iterator[Result]:
    """The digits example as a whole process, from start to end."""
    epochs, rounds = (2, 1) if session.quick else (12, 3)
    printed = {}

    def run(library):
        start = time.perf_counter()
        printed[library] = _process(library, ["bench.child", "digits", library.module, epochs])
        return time.perf_counter() - start

    def losses(library):
        return [np.array([float(x) for x in re.findall(r"loss ([\d.]+)", printed[library])])]

    taken = _in_turns(OWN, rounds, run)
    for library, target in ((RUSHLIGHT, 0.5), (WITHOUT_FAST, None)):
        error = distance(losses(library), losses(PYTORCH))
        yield result(
            f"digits example, {epochs} epochs",
            taken[PYTORCH],
            taken[library],
            target,
            library=library.name,
            error=error,
            disagrees=not error <= 0.05,
        )


def memory(session: Session) -> Iterator[Result]:
    """The memory of a ResNet-18 step: the most that was resident less what the import took."""
    batch, size = (2, 64) if session.quick else (8, 224)

    def run(library):
        words = ["bench.child", "memory", library.module, library.channels_last, batch, size]
        return float(_process(library, words).split()[-1])

    taken = _in_turns((*OWN, PYTORCH_CHANNELS_LAST), 1 if session.quick else 2, run)
    best = min(PYTORCH, PYTORCH_CHANNELS_LAST, key=lambda library: np.median(taken[library]))
    name = f"peak memory, ResNet-18 step, N={batch}, {size} x {size}"
    for library, target in ((RUSHLIGHT, 1.0), (WITHOUT_FAST, None)):
        yield result(name, taken[best], taken[library], target, library=library.name, unit="bytes")


def first_step(session: Session) -> Iterator[Result]:
    """A ResNet-18 step in a process that finds no compiled kernels, and in later processes, which find them."""
    batch, size = (2, 64) if session.quick else (8, 224)
    with tempfile.TemporaryDirectory() as folder:
        cache = {"RUSHLIGHT_CACHE": folder}

        def run(library):
            words = ["bench.child", "step", library.module, library.channels_last, batch, size]
            start = time.time()
            return float(_process(library, words, cache).split()[-1]) - start

        pytorch = run(PYTORCH)
        first = run(RUSHLIGHT)
        name = f"first ResNet-18 step, N={batch}, {size} x {size}"
        yield result(f"{name}, nothing cached", [pytorch], [first], 30.0, absolute=True)
        if not session.quick:
            warm_up(RUSHLIGHT, cache)
        taken = _in_turns((PYTORCH, RUSHLIGHT), 1 if session.quick else 5, run)
        yield result(f"{name}, in a second process", taken[PYTORCH], taken[RUSHLIGHT], 1.5)


def compiling(session: Session) -> Iterator[Result]:
    """The processor seconds that `rushlight warmup` takes for the common kernels."""
    if session.quick:
        return
    with tempfile.TemporaryDirectory() as folder:
        seconds = warm_up(RUSHLIGHT, {"RUSHLIGHT_CACHE": folder})
    yield result("compiling the common kernels, CPU time", [seconds], [seconds], 40.0, absolute=True)


def warm_up(library: Library, variables: dict[str, str] | None = None) -> float:
    """Compile the common kernels into the cache and return the processor seconds that it took."""

    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    _process(library, ["rushlight", "warmup"], variables)
    return used() - before


def installed_size(session: Session) -> Iterator[Result]:
    """What PyTorch and Rushlight with `fast` take on the disk, each with all that it needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["fast"]
    own = sum(file.stat().st_size for file in (ROOT / "src").rglob("*") if _counts(file))
    ours = own + sum(_size(name) for name in _closure(needed))
    theirs = sum(_size(name) for name in _closure(["torch"]))
    yield result("installed size", [float(theirs)], [float(ours)], 0.5, unit="bytes")


def _closure(requirements: list[str]) -> set[str]:
    """Return the names of the distributions that these requirements need, all that those need included."""
    from packaging.requirements import Requirement

    names: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name not in names:
            names.add(name)
            waiting += [Requirement(text) for text in importlib.metadata.requires(name) or []]
    return names


def _size(distribution: str) -> int:
    files = importlib.metadata.files(distribution) or []
    paths = [Path(file.locate()) for file in files]
    return sum(path.stat().st_size for path in paths if _counts(path))


def _counts(path: Path) -> bool:
    # Bytecode is written by some installers and not by others.
    return path.is_file() and "__pycache__" not in path.parts
