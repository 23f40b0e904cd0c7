"""What Numba lacks for fast kernels, as intrinsics that emit LLVM instructions from Python.

Only the builder imports this (it needs Numba). A compiled kernel has one signature, ``kernel(args, begin, end,
thread)`` (see `builder`): `args` is the address of a row of 8-byte words. The functions here read arrays, integers and
floats out of it, do pointer arithmetic and atomic operations.

The vectors are as wide as the machine's registers: 16 floats with AVX-512, 8 with AVX, 4 elsewhere, and half as many
doubles.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
VOID = types.void
INT = types.int64

# Where a NumPy array object keeps the address of its elements: right behind the object's header.
DATA_OFFSET = object.__basicsize__


def _register_bytes() -> int:
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512vl"):
        return 64
    return 32 if features.get("avx") and features.get("fma") else 16


REGISTER = int(os.environ.get("RUSHLIGHT_VECTOR_BYTES", 0)) or _register_bytes()


def word(value: int) -> ir.Constant:
    """A 64-bit integer constant."""
    return ir.Constant(I64, value)


def _words(builder: Any, args: Any, index: Any) -> Any:
    return builder.gep(builder.inttoptr(args, I64.as_pointer()), [index])


# ---------------------------------------------------------------------------------------------- reading arguments
@intrinsic
def integer(typing: Any, args: Any, index: Any) -> Any:
    """The integer argument number `index`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_words(builder, *values))

    return INT(types.int64, types.int64), emit


@intrinsic
def double(typing: Any, args: Any, index: Any) -> Any:
    """The float argument number `index`, as float64."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(builder.bitcast(_words(builder, *values), ir.DoubleType().as_pointer()))

    return types.float64(types.int64, types.int64), emit


def array_reader(element: Any) -> Any:
    """An intrinsic ``read(args, index)``: a pointer to the elements of the array argument number `index`."""

    @intrinsic
    def read(typing: Any, args: Any, index: Any) -> Any:
        pointer = types.CPointer(element)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            array = builder.load(_words(builder, *values))
            place = builder.inttoptr(builder.add(array, word(DATA_OFFSET)), I64.as_pointer())
            return builder.inttoptr(builder.load(place), context.get_value_type(pointer))

        return pointer(types.int64, types.int64), emit

    return read


@intrinsic
def address(typing: Any, pointer: Any) -> Any:
    """A pointer as an integer."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ptrtoint(values[0], I64)

    return INT(pointer), emit


@intrinsic
def ahead(typing: Any, pointer: Any, count: Any) -> Any:
    """The pointer `count` elements further on."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.gep(values[0], [values[1]])

    return pointer(pointer, types.int64), emit


# ---------------------------------------------------------------------------------------------- atomic operations
def _atomic(emit_one: Callable[[Any, Any, Any], Any], values: int, result: Any) -> Any:
    signature = result(*[types.int64] * (1 + values))

    def emit(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = builder.inttoptr(given[0], I64.as_pointer())
        made = emit_one(builder, place, given[1:])
        return context.get_dummy_value() if result is VOID else made

    return signature, emit


@intrinsic
def atomic_load(typing: Any, place: Any) -> Any:
    """The word at an address, read in one piece and in order."""
    return _atomic(lambda b, p, _: b.load_atomic(p, "seq_cst", 8), 0, INT)


@intrinsic
def atomic_store(typing: Any, place: Any, value: Any) -> Any:
    """Writes the word at an address, in one piece and in order."""
    return _atomic(lambda b, p, v: b.store_atomic(v[0], p, "seq_cst", 8), 1, VOID)


@intrinsic
def atomic_add(typing: Any, place: Any, value: Any) -> Any:
    """Adds to the word at an address; returns what it was."""
    return _atomic(lambda b, p, v: b.atomic_rmw("add", p, v[0], "seq_cst"), 1, INT)


@intrinsic
def atomic_swap(typing: Any, place: Any, value: Any) -> Any:
    """Puts a value in the word at an address; returns what it was."""
    return _atomic(lambda b, p, v: b.atomic_rmw("xchg", p, v[0], "seq_cst"), 1, INT)


@intrinsic
def pause(typing: Any) -> Any:
    """Tells the processor that this is a loop that waits."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        machine = llvm.get_default_triple().split("-")[0]
        if machine == "x86_64":
            hint = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, hint, "llvm.x86.sse2.pause"), [])
        elif machine in ("aarch64", "arm64"):
            hint = ir.FunctionType(ir.VoidType(), [I32])
            name = "llvm.aarch64.hint"
            builder.call(cgutils.get_or_insert_function(builder.module, hint, name), [ir.Constant(I32, 1)])
        return context.get_dummy_value()

    return VOID(), emit


@intrinsic
def call_kernel(typing: Any, function: Any, args: Any, begin: Any, end: Any, thread: Any) -> Any:
    """Calls the kernel at the address `function`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [I64] * 4)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return VOID(*[types.int64] * 5), emit


# ---------------------------------------------------------------------------------------------- small tables
@cache
def local_words(count: int) -> Any:
    """An intrinsic ``place()``: the address of `count` words of memory that last until the kernel returns."""

    @intrinsic
    def place(typing: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            words = cgutils.alloca_once(builder, ir.ArrayType(I64, count))
            words.align = 64
            return builder.ptrtoint(words, I64)

        return INT(), emit

    return place


@intrinsic
def word_at(typing: Any, table: Any, index: Any, value: Any) -> Any:
    """Writes word number `index` of the table at an address."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[2], _words(builder, values[0], values[1]))
        return context.get_dummy_value()

    return VOID(*[types.int64] * 3), emit
