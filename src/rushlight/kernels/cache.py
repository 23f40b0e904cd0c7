"""Where compiled kernels lie on disk, and under what names.

A kernel's file name contains a hash of everything its machine code depends on: its source, the compiler's version,
the processor. A changed source or another machine therefore finds no file and compiles anew.

A file that is not whole (a disk was full, a copy was cut off) counts as none: behind the machine code stands a seal.

The folder is ``$RUSHLIGHT_CACHE``, else ``rushlight`` in the user's cache folder. Where it cannot be written, a
temporary folder serves this process.
"""

import os
import re
import struct
import sys
import zlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SHARED = ("builder", "functions", "microkernel", "simd", "vector")


@cache
def folder() -> "Path":
    """The folder of compiled kernels, made if need be."""
    import tempfile
    from pathlib import Path

    given = os.environ.get("RUSHLIGHT_CACHE")
    if given:
        path = Path(given)
    elif sys.platform == "win32":
        path = Path(os.environ.get("LOCALAPPDATA", Path.home())) / "rushlight"
    elif sys.platform == "darwin":
        path = Path.home() / "Library" / "Caches" / "rushlight"
    else:
        path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rushlight"
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError:
        pass
    import atexit
    import shutil

    scratch = tempfile.mkdtemp(prefix="rushlight-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return Path(scratch)


@cache
def register_bytes() -> int:
    """The width of this machine's vector registers that kernels use; ``$RUSHLIGHT_VECTOR_BYTES`` overrides it."""
    import llvmlite.binding as llvm

    if given := os.environ.get("RUSHLIGHT_VECTOR_BYTES"):
        return int(given)
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512vl"):
        return 64
    return 32 if features.get("avx") and features.get("fma") else 16


@cache
def panel_widths() -> tuple[int, ...]:
    """Widths of the panels of columns in matrix products, in registers, from wide to narrow."""
    return (4, 2, 1) if register_bytes() == 64 else (2, 1)  # AVX-512 has 32 registers, the others 16


@cache
def _family_hash(family: str) -> str:
    import hashlib
    import importlib.metadata
    from pathlib import Path

    import llvmlite.binding as llvm

    sources = Path(__file__).parent / "compiled"
    digest = hashlib.sha256()
    modules = [*_SHARED, family]
    for module in modules:
        source = (sources / f"{module}.py").read_bytes()
        digest.update(source)
        imported = re.findall(rb"^from \.(\w+) import", source, re.MULTILINE)
        for line in re.findall(rb"^from \. import (.*)$", source, re.MULTILINE):
            imported += line.split(b", ")
        modules += [name.decode() for name in imported if name.decode() not in modules]
    features = llvm.get_host_cpu_features().flatten()
    about = (importlib.metadata.version("numba"), llvm.get_host_cpu_name(), features, sys.platform)
    digest.update("\n".join((*about, os.environ.get("RUSHLIGHT_VECTOR_BYTES", ""))).encode())
    return digest.hexdigest()[:16]


def file_name(family: str, name: str, code: str) -> str:
    """The name of a kernel's file."""
    return f"{family}-{name}-{code}-{_family_hash(family)}.o"


def symbol(family: str, name: str, code: str) -> str:
    """The name of a kernel's function in its object file."""
    return f"rushlight_{family}_{name}_{code}"


_SEAL = struct.Struct("<8sQI")


def _seal(code: bytes) -> bytes:
    return _SEAL.pack(b"\nsealed\n", len(code), zlib.crc32(code))


def store(path: "Path", code: bytes) -> None:
    """Writes machine code into a file, which is there whole or not at all."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_bytes(code + _seal(code))
    scratch.replace(path)


def fetch(path: "Path") -> bytes | None:
    """The machine code in a file; None if there is no such file or it is damaged."""
    try:
        held = path.read_bytes()
    except OSError:
        return None
    code = held[: -_SEAL.size]
    return code if held[-_SEAL.size :] == _seal(code) else None
