"""Which kernel runs: compiled ones where they are ready, NumPy's otherwise.

NumPy's kernels (``numpy_*.py``) always work. With the extra ``fast`` (Numba), a family of operations may also have
compiled kernels (``compiled/``) that win from some size on. The functions in ``kernels/<family>.py`` choose between the
two; operations call those and do not know which ran:

    SOFTMAX = Kernel("softmax", "softmax")      # compiled/softmax.py, function softmax

    def softmax(x, axis):
        if x.size >= 4096 and (run := SOFTMAX.get(x.dtype)):
            y = np.empty_like(x)
            run(rows, 16, x, y, length)         # rows 0 .. rows, 16 at a time, shared between the threads
            return y
        return numpy_activation.softmax(x, axis)

A compiled kernel is never waited for. The first call that would use it asks a process in the background to compile it
(`compiled.builder`) and takes NumPy's path meanwhile; from the moment its file is there, calls use it. The file stays
on disk (`cache`), so the next program finds it at once.

``RUSHLIGHT_FAST=0`` leaves everything to NumPy; ``RUSHLIGHT_FAST=wait`` waits for each kernel to be compiled.
"""

import atexit
import contextlib
import importlib.util
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from . import blas
from . import cache as disk
from .pool import LINE, Pool, default_threads

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

Launch = Callable[..., None]

# How long to wait between two looks for a file that is being compiled, in seconds.
_PATIENCE = 0.05

# After how many seconds of compiling a notice is printed.
_NOTICE_AFTER = 2.0


@cache
def enabled() -> bool:
    """Whether compiled kernels can be had: Numba is installed and ``RUSHLIGHT_FAST`` is not 0."""
    wanted = os.environ.get("RUSHLIGHT_FAST", "1") != "0"
    return wanted and all(importlib.util.find_spec(name) is not None for name in ("numba", "llvmlite"))


class Kernel:
    """A handle to one compiled kernel, for all its element types.

    Args:
        family: its module in ``compiled/``.
        name: the function in that module which makes it.
        types: letters of the NumPy types it exists for.
        text: what it is made from by the function `make` of its module, where there is no function for it alone; the
            name must then say which text it is.
        common: whether ``rushlight warmup`` compiles it; others are compiled when they are asked for.
    """

    __slots__ = ("_looked", "_ready", "common", "family", "name", "text", "types")

    def __init__(self, family: str, name: str, types: str = "fd", text: str = "", common: bool = True):
        self.family, self.name, self.types, self.text, self.common = family, name, types, text, common
        self._ready: dict[str, Launch] = {}
        self._looked: dict[str, float] = {}
        KERNELS.append(self)

    def get(self, dtype: np.dtype[Any]) -> Launch | None:
        """The function that runs the kernel for a type, or None as long as there is none.

        Its arguments are `total` and `grain` (the pieces of work, and how many a thread takes at a time) and then
        the kernel's own: arrays (the caller sees to type, layout and size), integers and floats.
        """
        return self._ready.get(dtype.char) or self._look(dtype.char)

    def _look(self, code: str) -> Launch | None:
        if code not in self.types or not enabled():
            return None
        with workshop.lock:
            now = time.monotonic()
            if code in self._ready or now - self._looked.get(code, -1.0) < _PATIENCE:
                return self._ready.get(code)
            self._looked[code] = now
            pool = workshop.pool()
            found = workshop.code(self.family, self.name, code, self.text)
            if found is None or pool is None:
                return None
            launch = self._ready[code] = launcher(pool, load(found, disk.symbol(self.family, self.name, code)))
            return launch


# Every kernel there is; ``rushlight warmup`` compiles the common ones.
KERNELS: list[Kernel] = []


def ready(kernels: tuple[Kernel, ...], dtype: np.dtype[Any]) -> list[Launch] | None:
    """The functions that run several kernels which work together, or None as long as one is missing."""
    runs = [kernel.get(dtype) for kernel in kernels]
    return None if None in runs else runs  # type: ignore[return-value]


_PACKED = {np.ndarray: "q", int: "q", float: "d", bool: "q"}


def launcher(pool: Pool, function: int) -> Launch:
    """A Python function that runs the kernel at the address `function` on the pool's threads."""
    packers: dict[tuple[type, ...], Callable[..., bytes]] = {}
    local = _local

    def run(total: int, grain: int, *args: Any) -> None:
        kinds = tuple(map(type, args))
        pack = packers.get(kinds)
        if pack is None:
            pack = packers[kinds] = _packer(kinds)
        pool.launch(function, pack(*args), total, grain, local.threads)

    return run


@cache
def _packer(kinds: tuple[type, ...]) -> Callable[..., bytes]:
    """What makes the words that a kernel reads of arguments of these types."""
    # An array is passed as the address of its object; the kernel reads the address of the elements there.
    names = [f"x{i}" for i in range(len(kinds))]
    words = [f"id({n})" if kind is np.ndarray else n for n, kind in zip(names, kinds, strict=True)]
    pack = struct.Struct("@" + "".join(_PACKED[kind] for kind in kinds)).pack
    return eval(f"lambda {', '.join(names)}: pack({', '.join(words)})", {"pack": pack})  # type: ignore[no-any-return]


def share(total: int, size: int) -> int:
    """How many of `total` pieces of `size` elements each a thread should take at a time.

    Handing out takes as long as some hundred additions, and what lies side by side is best computed by one thread; so
    there are no more portions than it takes for the threads to end together, and no small ones.
    """
    return max(-(-total // (4 * get_threads())), -(-_SMALL // max(size, 1)))


class _Local(threading.local):
    """What each thread of the program has for itself: its scratch memory, and how many threads compute for it."""

    memory: np.ndarray | None = None
    threads = 1 << 30


_local = _Local()

# Elements that one thread computes about as fast as another one begins to.
_SMALL = 8192

_engine: Any = None


def load(code: bytes, name: str) -> int:
    """Loads an object file's contents; returns the address of the function `name` in it."""
    global _engine
    import llvmlite.binding as llvm

    if _engine is None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine()
        _engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    _engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    _engine.finalize_object()
    return int(_engine.get_function_address(name))


_threads = 0


def get_threads() -> int:
    """How many threads compute.

    Another thread of the program may raise the number between this call and a launch, for which memory was shared out
    by it. So no launch has more threads than the launching one last heard of.
    """
    _local.threads = found = _threads or default_threads()
    return found


def set_threads(threads: int) -> None:
    """Sets how many threads compute."""
    global _threads
    _threads = _local.threads = threads
    if (pool := workshop.existing) is not None:
        pool.set_threads(threads)


def scratch(count: int, dtype: Any) -> np.ndarray:
    """An array of `count` elements with undefined contents, for use within one call of a kernel.

    It begins at a cache line. Each thread has one memory for this, which the next call gets again: memory that was
    used before is quicker than new memory.
    """
    size = count * np.dtype(dtype).itemsize
    held = _local.memory
    if held is None or held.size < size:
        memory = np.empty(size + size // 4 + LINE, np.uint8)
        start = -memory.ctypes.data % LINE
        held = _local.memory = memory[start:]
    return held[:size].view(dtype)


class Workshop:
    """The process in the background that compiles what is asked for, one kernel after the other."""

    def __init__(self) -> None:
        self.existing: Pool | None = None
        self.closed = False  # whether nothing is compiled or found
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self._told = False
        self._begin()
        atexit.register(self._let_go)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        # A forked child asks a builder of its own; and whoever held the lock is not there to give it back.
        self.lock = threading.RLock()
        self._asked: set[Path] = set()
        self._let_go()

    def _let_go(self) -> None:
        """Tells the builder that nothing more will be asked; it finishes what was, after this program if need be."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # type: ignore[union-attr]
            self._process.returncode = 0  # or Python would warn that it is still running
            self._process = None

    def code(self, family: str, name: str, code: str, text: str = "") -> bytes | None:
        """The machine code of a kernel, or None as long as it is not there; then it is asked for."""
        if self.closed:
            return None
        path = disk.folder() / disk.file_name(family, name, code)
        found = disk.fetch(path)
        if found is not None:
            return found
        if path not in self._asked:
            self._ask(path, f"{family} {name} {code} {text}\n".encode())
        if os.environ.get("RUSHLIGHT_FAST") == "wait":
            return self._wait(path)
        self._tell()
        return None

    def _ask(self, path: "Path", line: bytes) -> None:
        if not self._asked:
            self._since = time.monotonic()
        self._asked.add(path)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)  # it may have been cleaned away
            path.with_suffix(".error").unlink(missing_ok=True)
        for _ in range(2):
            if self._process is None:
                self._process = start_builder(noisy=False)
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(line)
                self._process.stdin.flush()
                return
            except OSError:  # it is gone: once more with a new one
                self._let_go()

    def _wait(self, path: "Path") -> bytes:
        failure = path.with_suffix(".error")
        while True:
            gone = self._process is None or self._process.poll() is not None
            if (found := disk.fetch(path)) is not None:
                return found
            if failure.exists():
                raise RuntimeError(f"compiling a kernel failed:\n{failure.read_text()}")
            if gone:
                raise RuntimeError("compiling a kernel failed: the builder is gone")
            time.sleep(0.01)

    def _tell(self) -> None:
        """Prints one notice when compiling takes long."""
        if self._told or time.monotonic() - self._since < _NOTICE_AFTER:
            return
        missing = sum(not path.exists() for path in self._asked)
        if missing:
            self._told = True
            print(
                f"rushlight: compiling kernels in the background, once for this machine ({missing} of "
                f"{len(self._asked)} to go); NumPy computes meanwhile. `rushlight warmup` compiles them beforehand.",
                file=sys.stderr,
            )

    def pool(self) -> Pool | None:
        """The threads, as soon as their own code is compiled."""
        if self.existing is None:
            launch, work = (self.code("pool", name, "q") for name in ("launch", "work"))
            if launch is not None and work is not None:
                addresses = [load(c, disk.symbol("pool", n, "q")) for c, n in ((launch, "launch"), (work, "work"))]
                blas.make_room()
                self.existing = Pool(addresses[0], addresses[1], get_threads())
        return self.existing


workshop = Workshop()


def start_builder(noisy: bool) -> "subprocess.Popen[bytes]":
    """Starts a process that compiles what it reads (`compiled.builder`); if `noisy`, its errors are shown."""
    import subprocess

    command = [sys.executable, "-m", f"{__package__}.compiled.builder", str(disk.folder())]
    source = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 2))
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=quiet,
        stderr=None if noisy else quiet,
        env=environment,
        # Ctrl-C is for the program.
        process_group=0 if os.name == "posix" and not noisy else None,
    )


def warm_up(codes: str = "f") -> Iterator[tuple[str, int, int]]:
    """Compiles all kernels, on all processors; yields what is ready, how many are, and of how many.

    Args:
        codes: letters of the NumPy types to compile for; ``"f"`` is float32, ``"d"`` float64.

    Raises:
        RuntimeError: Numba is missing, or a kernel failed to compile.
    """
    if not enabled():
        raise RuntimeError('compiled kernels need Numba: pip install "rushlight[fast]"')
    wanted = [("pool", "launch", "q", ""), ("pool", "work", "q", "")]
    wanted += [(k.family, k.name, code, k.text) for k in KERNELS if k.common for code in k.types if code in codes]
    paths = {disk.folder() / disk.file_name(*w[:3]): w for w in wanted}
    missing = [path for path in paths if disk.fetch(path) is None]
    builders = [start_builder(noisy=True) for _ in range(min(get_threads(), len(missing)))]
    # What lies side by side shares functions, which a builder compiles once. So two builders take a share from both
    # ends, passing over what is there, until they meet.
    shares = -(-len(builders) // 2)
    for i, builder in enumerate(builders):
        assert builder.stdin is not None
        mine = missing[i // 2 * len(missing) // shares : (i // 2 + 1) * len(missing) // shares]
        builder.stdin.write("".join(f"{' '.join(paths[p])}\n" for p in (mine[::-1] if i % 2 else mine)).encode())
        builder.stdin.close()
    done = len(paths) - len(missing)
    while missing:
        running = any(builder.poll() is None for builder in builders)
        for path in [p for p in missing if disk.fetch(p) is not None]:
            missing.remove(path)
            done += 1
            yield ".".join(paths[path][:3]), done, len(paths)
        if missing and not running and not any(disk.fetch(p) for p in missing):
            failed = ", ".join(".".join(paths[p][:3]) for p in missing)
            raise RuntimeError(f"these kernels failed to compile: {failed}")
        time.sleep(0.02)
    for builder in builders:
        builder.wait()
