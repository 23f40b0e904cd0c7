"""Compiles kernels to object files: the one place that runs Numba's compiler.

A kernel is made by a function of a module of this package, the kernel's family, that takes a `Real` (the element type
to specialise for) and returns an entry: a plain Python function ``(args, begin, end, thread)`` decorated
with `kernel`, which computes the pieces ``begin .. end`` of the work. Numba turns it into machine code that needs
neither Python nor Numba's runtime, so the program that uses it loads the object file with llvmlite alone (see
`dispatch`).

Run as ``python -m rushlight.kernels.compiled.builder FOLDER``, it reads lines ``family name type`` from its
standard input and writes one file for each into the folder. Behind the type may stand what the kernel is made from;
then the family's function `make` makes it.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
from numba import types
from numba.core import compiler, config
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.registry import cpu_target

from ..cache import fetch, file_name, store, symbol
from . import simd

if simd.REGISTER == 64:
    # LLVM would use half the width, to spare early AVX-512 processors a lower clock.
    config.CPU_FEATURES = f"{llvm.get_host_cpu_features().flatten()},-prefer-256-bit"


class _Library(JITCodeLibrary):
    """LLVM's assembly of a function and of what it calls, which is neither optimised nor made machine code.

    Numba does both for each function, and again for each that calls it. Here nothing is run, so it is done once, in the
    end, for a whole kernel.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 1  # which is never called

    def optimised(self, module: Any) -> Any:
        """`module`, optimised as Numba does with a library's own."""
        self._final_module = module
        super()._optimize_final_module()
        return self._final_module


class _Codegen(JITCPUCodegen):
    _library_class = _Library

    def set_env(self, env_name: str, env: Any) -> None:
        pass  # a function's environment is for Python


class Real(NamedTuple):
    """An element type that kernels are specialised for.

    Attributes:
        code: NumPy's letter, ``"f"`` or ``"d"``.
        type: the type in Numba; calling it converts a number.
        size: bytes an element.
        lanes: elements a vector register holds.
        read: ``read(args, index)`` gives a pointer to an array argument's elements.
    """

    code: str
    type: Any
    size: int
    lanes: int
    read: Any


REALS = {
    "f": Real("f", types.float32, 4, simd.REGISTER // 4, simd.array_reader(types.float32)),
    "d": Real("d", types.float64, 8, simd.REGISTER // 8, simd.array_reader(types.float64)),
}


context = cpu_target.target_context
context._internal_codegen = _Codegen("rushlight")
# Nor are functions called from Python or C.
context.create_cpython_wrapper = context.create_cfunc_wrapper = lambda *_, **__: None


def entry(words: int) -> Callable[[Any], Any]:
    """Marks a function of `words` 64-bit integers that machine code or `dispatch` can call by its address."""

    def mark(function: Any) -> Any:
        function.words = words
        return function

    return mark


kernel = entry(4)


def compiled(family: str, name: str, code: str, text: str = "") -> bytes:
    """The machine code of a kernel.

    Args:
        family: the module in this package.
        name: the function in it that makes the kernel (or is the entry, if `code` is ``"q"``).
        code: the element type's letter, or ``"q"`` for an entry that has none.
        text: for kernels that are made from text, that text.

    Returns:
        an object file that defines the kernel as a C function of the name `cache.symbol`.
    """
    module = importlib.import_module(f".{family}", __package__)
    made = module.make(text) if text else getattr(module, name)
    if code in REALS:
        made = made(REALS[code])
    flags = compiler.Flags()
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.error_model = "numpy"
    words = [types.int64] * made.words
    result = compiler.compile_extra(cpu_target.typing_context, context, made, words, types.void, flags, {})
    module = llvm.parse_assembly(result.library.get_llvm_str())
    visible = symbol(family, name, code)
    module.link_in(llvm.parse_assembly(_caller(visible, result.fndesc.llvm_func_name, made.words)))
    # Numba's names of inner functions occur again in other files, which the loader would take for the same functions.
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name != visible:
            value.linkage = llvm.Linkage.internal
    return context.codegen()._tm.emit_object(result.library.optimised(module))


def _caller(name: str, native: str, words: int) -> str:
    """LLVM assembly of a C function `name` that calls Numba's, which also takes places for a result and an error."""
    arguments = ", ".join(f"i64 %{i}" for i in range(words))
    return f"""
    declare i32 @"{native}"(ptr, ptr, {", ".join(["i64"] * words)})
    define void @{name}({arguments}) {{
        %result = alloca ptr
        %error = alloca ptr
        call i32 @"{native}"(ptr %result, ptr %error, {arguments})
        ret void
    }}"""


def build(folder: Path, family: str, name: str, code: str, text: str = "") -> None:
    """Compiles a kernel into its file in `folder`, unless it is there."""
    path = folder / file_name(family, name, code)
    if fetch(path) is None:
        store(path, compiled(family, name, code, text))
        path.with_suffix(".error").unlink(missing_ok=True)


def main() -> None:
    """Compiles what standard input asks for, until it ends; what fails is told in a file of the suffix ``.error``."""
    folder = Path(sys.argv[1])
    if hasattr(os, "nice"):
        os.nice(5)
    for line in sys.stdin:
        if not folder.is_dir():  # a temporary one, whose program has ended
            return
        family, name, code, *text = line.split(maxsplit=3)
        try:
            build(folder, family, name, code, *text)
        except Exception:
            traceback.print_exc()
            error = (folder / file_name(family, name, code)).with_suffix(".error")
            error.write_text(traceback.format_exc())


if __name__ == "__main__":
    main()
