"""The libraries that are measured, and the environment in which each runs."""

import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
THREADS = 2
NOT_PASSED_ON = ("PYTHONDONTWRITEBYTECODE", "RUSHLIGHT_FAST")


class Skipped(Exception):
    """Says why a library takes no part."""


@dataclass(frozen=True, eq=False)
class Library:
    """A library as it is measured.

    Attributes:
        name: as it is printed.
        module: what a program written for PyTorch imports; None for the peers, which have programs of their own.
        channels_last: whether images are laid out channels-last.
        environment: variables that make the library what `name` says.
        programs: the module with the peer's programs.
        packages: what pip installs for a peer.
        programs_of_modules: programs that the peer calls, where the machine has none: for each name, what Python runs.
    """

    name: str
    module: str | None = None
    channels_last: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    programs: str | None = None
    packages: tuple[str, ...] = ()
    programs_of_modules: Mapping[str, str] = field(default_factory=dict)


PYTORCH = Library("PyTorch", "torch")
PYTORCH_CHANNELS_LAST = Library("PyTorch channels-last", "torch", channels_last=True)
RUSHLIGHT = Library("Rushlight", "rushlight")
WITHOUT_FAST = Library("Rushlight without fast", "rushlight", environment={"RUSHLIGHT_FAST": "0"})
OWN = (PYTORCH, RUSHLIGHT, WITHOUT_FAST)
PEERS = (
    Library("JAX", programs="bench.peers.jax_programs", packages=("jax",), environment={"JAX_PLATFORMS": "cpu"}),
    Library("autograd", programs="bench.peers.autograd_programs", packages=("autograd",)),
    Library("MyGrad", programs="bench.peers.mygrad_programs", packages=("mygrad",)),
    Library(
        "tinygrad",
        programs="bench.peers.tinygrad_programs",
        packages=("tinygrad", "numpy", "ziglang"),
        environment={"DEV": "CPU"},
        programs_of_modules={"clang": "ziglang clang"},  # which compiles what it has written for a CPU
    ),
    Library("candle", programs="bench.peers.candle_programs", packages=("candle-nn", "numpy")),
)
BY_NAME = {library.name: library for library in (*OWN, PYTORCH_CHANNELS_LAST, *PEERS)}


def environment(library: Library) -> dict[str, str]:
    """Return the variables of a process in which this library runs: this checkout's sources, two threads."""
    variables = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    for pool in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        variables[f"{pool}_NUM_THREADS"] = str(THREADS)
    paths = [str(ROOT)]
    if library.module is not None:
        paths += [str(ROOT / "src"), *filter(None, [variables.get("PYTHONPATH")])]
    if library.programs_of_modules:
        variables["PATH"] = os.pathsep.join([*filter(None, [variables.get("PATH")]), str(_folder(library) / "bin")])
    return variables | {"PYTHONPATH": os.pathsep.join(paths)} | dict(library.environment)


def bind_to_two_processors() -> None:
    """Keep this process and those that it starts on as many processors as there are threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def cache_folder() -> Path:
    """Return where the peers' environments are kept: in the user's cache unless RUSHLIGHT_BENCH_CACHE says where."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rushlight-bench"
    return Path(os.environ.get("RUSHLIGHT_BENCH_CACHE") or default)


def _folder(library: Library) -> Path:
    return cache_folder() / f"{library.name}-{sys.version_info.major}.{sys.version_info.minor}"


def interpreter(library: Library, install: bool = True) -> str:
    """Return the Python that has the library, after making the environment of a peer that has none yet.

    Raises:
        Skipped: the peer does not install, or is not installed and `install` is False.
    """
    if not library.packages:
        return sys.executable
    folder, wanted = _folder(library), " ".join(library.packages)
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists() and complete.read_text() == wanted:
        return str(python)
    if not install:
        raise Skipped("not installed")
    print(f"installing {', '.join(library.packages)} into {folder}", file=sys.stderr, flush=True)
    try:
        venv.create(folder, with_pip=True, clear=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *library.packages]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        for name, what in library.programs_of_modules.items():
            program = folder / "bin" / name
            program.write_text(f'#!/bin/sh\nexec "{python}" -m {what} "$@"\n')
            program.chmod(0o755)
    except (OSError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise Skipped(f"does not install: {lines[-1] if lines else error}") from error
    complete.write_text(wanted)
    return str(python)
